/* Detection through detect.h: all vectors of tests/data/pii (Presidio's cases), own patterns, hostile input. */
#include "../suite.h"
#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "../../base/buf.h"
#include "../../base/json.h"
#include "../../policy/detect.h"

static struct detect_set *open_set(const struct detect_options *opt)
{
    struct detect_set *s = NULL;
    struct err e;

    if (detect_open(opt, &s, &e) != RC_OK) ck_abort_msg("%s", e.msg);
    return s;
}

static size_t scan(struct detect_set *s, const char *text, struct found **f)
{
    size_t n = 0;
    struct err e;

    if (detect_scan(s, text, strlen(text), f, &n, &e) != RC_OK) ck_abort_msg("%s", e.msg);
    return n;
}

/* ---- vectors --------------------------------------------------------------------------------------------------- */

struct tally {
    char entity[64];
    size_t cases, agree, wanted, hit, found, scores, scores_ok;
};

static size_t number(const cJSON *item)
{
    return (size_t)item->valuedouble;
}

static bool runs_here(const cJSON *c)
{
    const cJSON *config = cJSON_GetObjectItemCaseSensitive(c, "config");
    const cJSON *leniency = cJSON_GetObjectItemCaseSensitive(config, "leniency");

    if (cJSON_IsTrue(cJSON_GetObjectItemCaseSensitive(config, "strict_checksum"))) return false;
    return !leniency || leniency->valuedouble == 1;
}

static void one_case(struct detect_set *s, const cJSON *c, struct tally *t)
{
    const char *entity = json_str(c, "entity"), *text = json_str(c, "text");
    const cJSON *spans = cJSON_GetObjectItemCaseSensitive(c, "byte_spans");
    const cJSON *scores = cJSON_GetObjectItemCaseSensitive(c, "scores");
    size_t want = number(cJSON_GetObjectItemCaseSensitive(c, "count")), got = 0, hit = 0, n;
    struct found *f = NULL;

    snprintf(t->entity, sizeof(t->entity), "%s", entity);
    n = scan(s, text, &f);
    for (size_t i = 0; i < n; i++) {
        int place = 0;
        const cJSON *span;

        if (strcmp(f[i].entity, entity) != 0) continue;
        got++;
        cJSON_ArrayForEach(span, spans)
        {
            if (number(span->child) == f[i].start && number(span->child->next) == f[i].end) {
                const cJSON *bounds = cJSON_GetArrayItem(scores, place);

                hit++;
                if (bounds) {
                    bool ok = f[i].score >= bounds->child->valuedouble &&
                              f[i].score <= bounds->child->next->valuedouble;

                    t->scores++;
                    t->scores_ok += ok;
                    if (!ok) printf("  score: %s: \"%.100s\": %.2f\n", entity, text, f[i].score);
                }
            }
            place++;
        }
    }
    if (!cJSON_IsArray(spans)) hit = got < want ? got : want;
    t->cases++;
    t->wanted += want;
    t->hit += hit;
    t->found += got;
    if (hit == want && got == want)
        t->agree++;
    else
        printf("  differs: %s: \"%.100s\": wanted %zu, found %zu, at the place %zu\n", entity, text, want,
               got, hit);
    free(f);
}

static void each_line(const char *path, void (*fn)(const cJSON *, void *), void *ctx)
{
    FILE *f = fopen(path, "rb");
    char *line = NULL;
    size_t cap = 0;
    ssize_t len;

    if (!f) ck_abort_msg("cannot open %s", path);
    while ((len = getline(&line, &cap, f)) > 0) {
        cJSON *c = NULL;
        struct err e;

        if (json_parse(line, (size_t)len, JSON_NUMBERS_DOUBLE, &c, &e) != RC_OK)
            ck_abort_msg("%s: %s", path, e.msg);
        fn(c, ctx);
        cJSON_Delete(c);
    }
    free(line);
    fclose(f);
}

struct vector_run {
    struct detect_set *set;
    struct tally tally;
};

static void vector_line(const cJSON *c, void *ctx)
{
    struct vector_run *r = ctx;

    if (runs_here(c)) one_case(r->set, c, &r->tally);
}

static const char *data_path(char out[512], const char *name)
{
    const char *root = getenv("BRIEFD_TEST_SOURCE");

    snprintf(out, 512, "%s/tests/data/pii/%s", root ? root : ".", name);
    return out;
}

/* Cases that may differ, by file; every other file agrees wholly. */
static size_t allowed(const char *file)
{
    static const struct {
        const char *file;
        size_t n;
    } known[] = {
        {"uk_nino.jsonl", 1}, /* upstream's span begins with the space before the number */
    };

    for (size_t i = 0; i < COUNT_OF(known); i++)
        if (strcmp(known[i].file, file) == 0) return known[i].n;
    return 0;
}

START_TEST(vectors)
{
    struct detect_options opt = {.locales = true, .no_context = true};
    struct detect_set *set = open_set(&opt);
    char path[512];
    struct dirent **names;
    size_t cases = 0, agree = 0, wanted = 0, hit = 0, found = 0, scores = 0, scores_ok = 0, bad = 0;
    int n = scandir(data_path(path, ""), &names, NULL, alphasort);

    ck_assert_int_gt(n, 70);
    printf("%-28s %5s %6s %7s %9s\n", "entity", "cases", "agree", "recall", "precision");
    for (int i = 0; i < n; i++) {
        struct vector_run r = {.set = set};
        const struct tally *t = &r.tally;

        if (strstr(names[i]->d_name, ".jsonl")) {
            each_line(data_path(path, names[i]->d_name), vector_line, &r);
            printf("%-28s %5zu %6zu %7.3f %9.3f\n", t->entity, t->cases, t->agree,
                   t->wanted ? (double)t->hit / (double)t->wanted : 1,
                   t->found ? (double)t->hit / (double)t->found : 1);
            if (t->cases - t->agree > allowed(names[i]->d_name)) bad++;
            cases += t->cases, agree += t->agree, wanted += t->wanted, hit += t->hit, found += t->found;
            scores += t->scores, scores_ok += t->scores_ok;
        }
        free(names[i]);
    }
    free(names);
    detect_close(set);
    printf("all: %zu of %zu cases agree; recall %.4f, precision %.4f; scores in bounds %zu of %zu\n", agree,
           cases, (double)hit / (double)wanted, (double)hit / (double)found, scores_ok, scores);
    ck_assert_uint_eq(bad, 0);
    ck_assert_uint_eq(scores_ok, scores);
}
END_TEST

/* ---- texts as people write them -------------------------------------------------------------------------------- */

/* The winners, as "ENTITY=text|ENTITY=text". */
static void winners(struct detect_set *s, const char *text, struct buf *out)
{
    struct found *f = NULL;
    size_t n = scan(s, text, &f);
    struct err e;

    buf_init(out, 4096);
    ck_assert_int_eq(detect_resolve(f, &n, &e), RC_OK);
    for (size_t i = 0; i < n; i++)
        buf_printf(out, "%s%s=%.*s", i ? "|" : "", detect_slot_word(f[i].entity),
                   (int)(f[i].end - f[i].start), text + f[i].start);
    free(f);
}

static const struct {
    const char *text, *want;
} notes[] = {
    {"spoke w/ anna.weber@acme.de, tel 0171 2345678", "EMAIL=anna.weber@acme.de|PHONE=0171 2345678"},
    {"write anna [at] acme dot de or a.b(at)acme(dot)com",
     "EMAIL=anna [at] acme dot de|EMAIL=a.b(at)acme(dot)com"},
    {"call +49 (0)30 1234567 or 030/1234567", "PHONE=+49 (0)30 1234567|PHONE=030/1234567"},
    {"ring me on 020 7946 0958 or (212) 555-0199", "PHONE=020 7946 0958|PHONE=(212) 555-0199"},
    {"Rappelez le 01 42 68 53 00", "PHONE=01 42 68 53 00"},
    {"see https://acme.example/a?b=1.", "URL=https://acme.example/a?b=1"},
    {"IBAN DE89 3704 0044 0532 0130 00, BIC COBADEFFXXX", "IBAN=DE89 3704 0044 0532 0130 00|BIC=COBADEFFXXX"},
    {"card 4111 1111 1111 1111 exp 04/27", "CREDIT_CARD=4111 1111 1111 1111|DATE=04/27"},
    {"SSN 219-09-9999", "US_SSN=219-09-9999"},
    {"Steuer-ID 86 095 742 719", "DE_TAX_ID=86 095 742 719"},
    {"offer 48.000,00 € until 12.03.2026", "MONEY=48.000,00 €|DATE=12.03.2026"},
    {"48k EUR, then $1.2m, GBP 5,000 and 3 Mio. Euro",
     "MONEY=48k EUR|MONEY=$1.2m|MONEY=GBP 5,000|MONEY=3 Mio. Euro"},
    {"12 March, March 12th, 12. März 2026, Q3 2026",
     "DATE=12 March|DATE=March 12th|DATE=12. März 2026|DATE=Q3 2026"},
    {"24/7 support for v2.3 with 10% off X-200 in Q3", "NUM=24/7|NUM=v2.3|NUM=10%|NUM=X-200|NUM=Q3"},
    {"moves 3/12/2026, close 2026-03-12", "DATE=3/12/2026|DATE=2026-03-12"},
    {"password: Tr0ub4dor&3, then PIN 4711", "PASSWORD=Tr0ub4dor&3|PASSWORD=4711"},
    {"key AKIAIOSFODNN7EXAMPLE leaked", "API_KEY=AKIAIOSFODNN7EXAMPLE"},
    {"server 10.0.0.1 at 52.520008, 13.404954", "IP_ADDRESS=10.0.0.1|GPS_COORDINATES=52.520008, 13.404954"},
    {"dauert 4 Sek, kostet 4 SEK", "NUM=4|MONEY=4 SEK"}, /* seconds, Swedish crowns */
    {"born 12.03.1980 in Bonn", "DATE_OF_BIRTH=12.03.1980"},
    {"\xef\xbc\x94\xef\xbc\x91\xef\xbc\x91\xef\xbc\x91 1111 1111 1111",
     "CREDIT_CARD=\xef\xbc\x94\xef\xbc\x91\xef\xbc\x91\xef\xbc\x91 1111 1111 1111"},
    {"anna\xe2\x80\x8b@ac\xc2\xadme.de", "EMAIL=anna\xe2\x80\x8b@ac\xc2\xadme.de"},
    {"\xd0\xb0nna@acme.de", "EMAIL=\xd0\xb0nna@acme.de"}, /* Cyrillic a */
    {"We meet at noon. The deal is on track.", ""},
    /* dates of birth: many languages, no day that is still ahead */
    {"D.O.B. 03/31/1980", "DATE_OF_BIRTH=03/31/1980"},
    {"geboren am 3. März 1980, née le 4 mai 1981", "DATE_OF_BIRTH=3. März 1980|DATE_OF_BIRTH=4 mai 1981"},
    {"fecha de nacimiento: 01/02/1990", "DATE_OF_BIRTH=01/02/1990"},
    {"Kunde Meier, * 12.03.1980", "DATE_OF_BIRTH=12.03.1980"},
    /* banks */
    {"SWIFT: DEUTDEFF500", "BIC=DEUTDEFF500"},
    {"BIC markdef1100", "BIC=markdef1100"},
    {"our CUSTOMER and the QUARTERS", ""},
    /* secrets */
    {"api_key=9f86d081884c7d659a2feaa0c55ad015", "API_KEY=9f86d081884c7d659a2feaa0c55ad015"},
    {"Authorization: Bearer q7Xk29vLm3TzPw84RbNc5Ya1", "API_KEY=q7Xk29vLm3TzPw84RbNc5Ya1"},
    {"token of our appreciation: aaaaaaaaaaaaaaaaaaaaaaaa", ""},
    {"the secret key is confidentiality", ""},
    {"Passwort lautet Hase7fuss", "PASSWORD=Hase7fuss"},
    {"pw: hunter2!", "PASSWORD=hunter2"},
    {"the password is wrong", ""},
    /* places and devices */
    {"52.5200° N, 13.4050° E", "GPS_COORDINATES=52.5200° N, 13.4050° E"},
    {"geo:52.52,13.4", "GPS_COORDINATES=geo:52.52,13.4"},
    {"52°31'12\"N 13°24'18\"E", "GPS_COORDINATES=52°31'12\"N 13°24'18\"E"},
    {"IMEI 49-015420-323751-8", "IMEI=49-015420-323751-8"},
    {"S/N: C02XL0GTJG5H", "DEVICE_ID=C02XL0GTJG5H"},
    {"UDID 00008030-001C2D8E3A12802E", "DEVICE_ID=00008030-001C2D8E3A12802E"},
    /* numbers as people write them */
    {"card 4111.1111.1111.1111", "CREDIT_CARD=4111.1111.1111.1111"},
    {"card 3782 822463 10005", "CREDIT_CARD=3782 822463 10005"},
    {"Steuer-ID: 86095742719-", "DE_TAX_ID=86095742719"},
    {"IBAN: de89370400440532013000", "IBAN=de89370400440532013000"},
    {"IBAN GB82-WEST-1234-5698-7654-32", "IBAN=GB82-WEST-1234-5698-7654-32"},
    /* split over two lines */
    {"IBAN DE89 3704 0044\n0532 0130 00 please", "IBAN=DE89 3704 0044\n0532 0130 00"},
    {"card 4111 1111\n> 1111 1111 exp", "CREDIT_CARD=4111 1111\n> 1111 1111"},
    {"write to anna.weber@\nacme.de or", "EMAIL=anna.weber@\nacme.de"},
    {"write to anna.\nweber@acme.de or", "EMAIL=anna.\nweber@acme.de"},
    {"call +49 30\n1234567 or", "PHONE=+49 30\n1234567"},
    {"1. first\n2. second\n3. third", "NUM=1|NUM=2|NUM=3"},
    /* written so that no machine finds it */
    {"write anna @ acme.de", "EMAIL=anna @ acme.de"},
    {"anna&#64;acme.de, anna=40acme.de", "EMAIL=anna&#64;acme.de|EMAIL=anna=40acme.de"},
    {"card 4 1 1 1 1 1 1 1 1 1 1 1 1 1 1 1", "CREDIT_CARD=4 1 1 1 1 1 1 1 1 1 1 1 1 1 1 1"},
};

START_TEST(note)
{
    struct detect_options opt = {.facts = true};
    struct detect_set *s = open_set(&opt);
    struct buf got;

    winners(s, notes[_i].text, &got);
    ck_assert_str_eq(got.data, notes[_i].want);
    buf_clear(&got);
    detect_close(s);
}
END_TEST

/* With facts on, no digit of a text is outside a match, whatever the text: the fact lock rests on that. */
START_TEST(every_digit)
{
    static const char *const texts[] = {"a1 b-2 3rd (4) 5% 6/7/8 1.2.3.4.5 x_9",
                                        "12:30-14:00, 1 000 000, 5€, €5, #12, 3x4, 2², ½",
                                        "12.3.2026.4 7,8,9 A1B2 'n 5", "1–2 \xd9\xa3\xd9\xa4 +5 -6 *7*"};
    struct detect_options opt = {.facts = true};
    struct detect_set *s = open_set(&opt);

    for (size_t i = 0; i < COUNT_OF(texts); i++) {
        struct found *f = NULL;
        size_t n = scan(s, texts[i], &f);

        for (const char *p = texts[i]; *p; p++) {
            bool covered = *p < '0' || *p > '9';

            for (size_t k = 0; k < n; k++)
                covered |= f[k].start <= (size_t)(p - texts[i]) && (size_t)(p - texts[i]) < f[k].end;
            ck_assert_msg(covered, "'%s': digit at %td is in no match", texts[i], p - texts[i]);
        }
        free(f);
    }
    detect_close(s);
}
END_TEST

/* ---- the automaton against PCRE2 alone ------------------------------------------------------------------------- */

struct both {
    struct detect_set *fast, *slow;
    size_t texts, matches;
};

static void both_open(struct both *b, struct detect_options opt)
{
    b->fast = open_set(&opt);
    opt.pcre2_alone = true;
    b->slow = open_set(&opt);
    b->texts = b->matches = 0;
}

static void both_close(struct both *b)
{
    detect_close(b->fast);
    detect_close(b->slow);
}

static void same_matches(struct both *b, const char *text, size_t len)
{
    struct found *f = NULL, *g = NULL;
    size_t n = 0, m = 0;
    struct err e;

    ck_assert_int_eq(detect_scan(b->fast, text, len, &f, &n, &e), RC_OK);
    ck_assert_int_eq(detect_scan(b->slow, text, len, &g, &m, &e), RC_OK);
    for (size_t i = 0; i < n && i < m; i++)
        ck_assert_msg(strcmp(f[i].entity, g[i].entity) == 0 && f[i].start == g[i].start && f[i].end == g[i].end &&
                          f[i].score == g[i].score,
                      "\"%.200s\": %s [%zu, %zu) with the automaton, %s [%zu, %zu) without", text, f[i].entity, f[i].start,
                      f[i].end, g[i].entity, g[i].start, g[i].end);
    ck_assert_msg(n == m, "\"%.200s\": %zu matches with the automaton, %zu without", text, n, m);
    b->texts++;
    b->matches += n;
    free(f);
    free(g);
}

static void same_on_line(const cJSON *c, void *ctx)
{
    same_matches(ctx, json_str(c, "text"), strlen(json_str(c, "text")));
}

/* Pieces that patterns are made of, in any order: most shapes occur, and most near misses. */
static size_t random_text(unsigned *seed, char *out, size_t cap)
{
    static const char *const pieces[] = {
        "1",     "23",       "456",    "7890",   "12345678", "a",   "AB",      "xyz",  "DE",          "GB82",   "@",    ".",
        "-",     " ",        " ",      "/",      ":",        "+",   "(",       ")",    "http://",     "www",    "com",  ".de",
        "März",  "EUR",      "$",      "€",      "ü",        "\n",  "passport", "ssn ", "password: ", "sk-ant-", "PIN",  "#",
        "0x",    "12.03.19", "::",     "ff",     "%",        "'",   ",",       "_",    "T",           "Z",      "\xff", "😀",
        "pan ",  "tel ",     "2001:",  "4111",   "bc1q",     "HRB", "1234-5678", "Straße", " am ", "eyJ"};
    size_t n = 0, words = (size_t)rand_r(seed) % 40 + 1;

    for (size_t i = 0; i < words; i++) {
        const char *piece = pieces[(size_t)rand_r(seed) % COUNT_OF(pieces)];

        if (n + strlen(piece) >= cap) break;
        memcpy(out + n, piece, strlen(piece));
        n += strlen(piece);
    }
    out[n] = '\0';
    return n;
}

START_TEST(automaton_and_pcre2_agree)
{
    static const struct detect_options ways[] = {{.locales = true, .no_context = true, .facts = true}, {.facts = true}, {0}};
    struct both b;
    char path[512], text[2048];
    unsigned seed = 20261125;
    struct dirent **names;
    int n = scandir(data_path(path, ""), &names, NULL, alphasort);

    both_open(&b, ways[_i]);
    for (int i = 0; i < n; i++) {
        if (strstr(names[i]->d_name, ".jsonl")) each_line(data_path(path, names[i]->d_name), same_on_line, &b);
        free(names[i]);
    }
    free(names);
    for (size_t i = 0; i < suite_count(3000, 200000); i++)
        same_matches(&b, text, random_text(&seed, text, sizeof(text)));
    printf("automaton and PCRE2 alone: %zu texts, %zu matches, the same\n", b.texts, b.matches);
    ck_assert_uint_gt(b.matches, 1000);
    both_close(&b);
}
END_TEST

/* Numbers are found by hand: what their pattern has at its edges. */
START_TEST(numbers_and_pcre2_agree)
{
    static const char *const pieces[] = {"1", "23", "a", "_", "-", "--", "+", ".", ",", "'", "%", " %", " ", "ü", "½", "e\xcc\x81", "\xe2\x80\xbf",
                                         "日本", "x\xc2\xb2", "\xe2\x85\xa7"};
    char text[1200];
    struct both b;
    unsigned seed = 20261126;

    both_open(&b, (struct detect_options){.facts = true});
    for (size_t run = 116; run < 125; run++) /* of 120 characters is the most that it takes */
        for (size_t before = 0; before < COUNT_OF(pieces); before++)
            for (int digits = 0; digits < 2; digits++) {
                size_t n = (size_t)sprintf(text, "%s", pieces[before]);

                memset(text + n, digits ? '7' : 'q', run);
                strcpy(text + n + run, "1 2%");
                same_matches(&b, text, strlen(text));
            }
    for (size_t i = 0; i < suite_count(5000, 200000); i++) {
        size_t n = 0;

        for (int k = rand_r(&seed) % 20; k >= 0; k--)
            n += (size_t)sprintf(text + n, "%s", pieces[(size_t)rand_r(&seed) % COUNT_OF(pieces)]);
        same_matches(&b, text, n);
    }
    ck_assert_uint_gt(b.matches, 1000);
    both_close(&b);
}
END_TEST

/* Past the blocks in which a long text is read, and with a match across their border. */
START_TEST(automaton_reads_blocks)
{
    static const char mail[] = "write to anna.weber@acme.de or pay DE89 3704 0044 0532 0130 00 (passport C01X00T47), ";
    size_t len = 0, cap = (size_t)300 << 10;
    char *text = malloc(cap);
    struct both b;

    both_open(&b, (struct detect_options){.facts = true, .locales = true});
    while (len + sizeof(mail) < cap) {
        memcpy(text + len, mail, sizeof(mail) - 1);
        len += sizeof(mail) - 1;
        text[len] = (char)('a' + len % 7);
        len++;
    }
    same_matches(&b, text, len);
    ck_assert_uint_gt(b.matches, 3 * (cap / 100));
    both_close(&b);
    free(text);
}
END_TEST

/* What is left of a token that lost to a winner is found too. */
START_TEST(leftover_digits)
{
    static const char text[] = "x1 +49 30 1234567-12a, \xc2\xbd";
    struct found *f = malloc(sizeof(*f));
    size_t n = 1;
    struct err e;

    f[0] = (struct found){.entity = "PHONE_NUMBER", .start = 3, .end = 17, .score = 0.5};
    ck_assert_int_eq(detect_fill_digits(text, strlen(text), &f, &n, &e), RC_OK);
    ck_assert_uint_eq(n, 4);
    ck_assert_uint_eq(f[0].start, 0);
    ck_assert_uint_eq(f[0].end, 2);
    ck_assert_str_eq(f[1].entity, "PHONE_NUMBER");
    ck_assert_str_eq(f[2].entity, "NUMBER");
    ck_assert_uint_eq(f[2].start, 18);
    ck_assert_uint_eq(f[2].end, 21);
    ck_assert_uint_eq(f[3].end, strlen(text));
    free(f);
}
END_TEST

START_TEST(context_decides)
{
    struct detect_options opt = {0};
    struct detect_set *s = open_set(&opt);
    struct buf got;

    winners(s, "PESEL: 44051401458", &got);
    ck_assert_ptr_nonnull(strstr(got.data, "PL_PESEL=44051401458"));
    buf_clear(&got);
    winners(s, "order 44051401458", &got);
    ck_assert_ptr_null(strstr(got.data, "PL_PESEL"));
    buf_clear(&got);
    detect_close(s);
}
END_TEST

START_TEST(own_patterns)
{
    static const char *const words[] = {"contract", "Vertrag"};
    const struct detect_own own = {
        .entity = "CONTRACT_NO", .pattern = "VT-[0-9]{6}", .context = words, .n_context = 2};
    struct detect_options opt = {.own = &own, .n_own = 1};
    struct detect_set *s = open_set(&opt);
    struct found *f = NULL;
    size_t n = scan(s, "Vertrag VT-123456", &f);

    ck_assert_uint_eq(n, 1);
    ck_assert_str_eq(f[0].entity, "CONTRACT_NO");
    ck_assert_uint_eq(f[0].start, 8);
    ck_assert_uint_eq(f[0].end, 17);
    ck_assert_uint_eq(f[0].detector, n_detectors);
    ck_assert_double_ge(f[0].score, 0.9);
    free(f);
    detect_close(s);
}
END_TEST

START_TEST(own_refused)
{
    static const struct {
        const char *pattern, *validator, *why;
    } bad[] = {{"VT-[0-9]+", NULL, "greatest width"},
               {"VT.*", NULL, "greatest width"},
               {"a{3,}", NULL, "greatest width"},
               {"(a|b(", NULL, "pattern"},
               {"(", NULL, "character 2"}, /* what PCRE2 says of it */
               {"x{0,3}", NULL, "empty"},
               {"(?:a{900}){900}", NULL, "too wide"},
               {"(?R)a", NULL, "recursion"},
               {"(*NO_JIT)a", NULL, "verbs"},
               {"a\\K", NULL, "not allowed"},
               {"(?:a{1,30}){1,30}b", NULL, "explodes"},
               {"(?:[a-z]{0,20}[a-z0-9]{0,20}){1,20}!", NULL, "explodes"},
               {"abc", "no_such", "unknown validator"},
               {"(?:a{1000}){9}", NULL, "too wide"},
               {"", NULL, "empty"}};

    for (size_t i = 0; i < COUNT_OF(bad); i++) {
        const struct detect_own own = {
            .entity = "X", .pattern = bad[i].pattern, .validator = bad[i].validator};
        struct err e;

        ck_assert_msg(detect_check_own(&own, &e) == RC_BAD, "accepted: %s", bad[i].pattern);
        ck_assert_msg(strstr(e.msg, bad[i].why) != NULL, "%s: %s", bad[i].pattern, e.msg);
    }
    for (size_t i = 0; i < n_detectors; i++) { /* what the table has is good enough for a policy file */
        const struct detect_own own = {.entity = "X", .pattern = detectors[i].pattern};
        struct err e;

        ck_assert_msg(detect_check_own(&own, &e) == RC_OK, "%s: %s", detectors[i].entity, e.msg);
    }
}
END_TEST

START_TEST(resolve_order)
{
    struct found f[] = {{"A", 0, 10, 0.5, 0},
                        {"B", 5, 12, 0.9, 1},
                        {"C", 12, 20, 0.5, 2},
                        {"D", 12, 18, 0.5, 3},
                        {"E", 18, 22, 0.5, 4}};
    size_t n = COUNT_OF(f);
    struct err e;

    ck_assert_int_eq(detect_resolve(f, &n, &e), RC_OK);
    ck_assert_uint_eq(n, 2);
    ck_assert_str_eq(f[0].entity, "B");
    ck_assert_str_eq(f[1].entity, "C");
}
END_TEST

START_TEST(entity_names)
{
    ck_assert_str_eq(detect_entity("EMAIL"), "EMAIL_ADDRESS");
    ck_assert_str_eq(detect_entity("DATE"), "DATE_TIME");
    ck_assert_str_eq(detect_entity("US_SSN"), "US_SSN");
    ck_assert_str_eq(detect_slot_word("IBAN_CODE"), "IBAN");
    ck_assert_str_eq(detect_slot_word("MONEY"), "MONEY");
    ck_assert_ptr_null(detect_entity("NO_SUCH"));
}
END_TEST

/* A megabyte of what patterns like least costs seconds at most, also under sanitizers. */
START_TEST(hostile)
{
    static const char *const units[] = {"1",    "@",  "a.a.",      "a@", "1 ",   "4111-", "DE89 ",
                                        ":",    "0.", "password ", "a-", "+49 ", "12/",   "\xf0\x9f\x98\x80",
                                        "\xff", "A1"};
    size_t len = suite_count(1UL << 17, 1UL << 20);
    struct detect_options opt = {.facts = true, .locales = true, .no_context = true};
    struct detect_set *s = open_set(&opt);
    char *text = malloc(len + 16);
    struct timespec a, b;
    struct found *f = NULL;
    size_t n = 0, unit = strlen(units[_i]);
    struct err e;
    enum rc rc;

    for (size_t i = 0; i < len; i += unit)
        memcpy(text + i, units[_i], unit);
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &a);
    rc = detect_scan(s, text, len, &f, &n, &e);
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &b);
    ck_assert(rc == RC_OK || rc == RC_LIMIT);
    if (units[_i][0] == '1' && unit == 1) /* one token longer than any pattern is still covered to its end */
        ck_assert_uint_eq(f[n - 1].end, len);
    printf("hostile '%.10s': %zu KiB, %zu matches, %.2f s\n", units[_i], len >> 10, n,
           (double)(b.tv_sec - a.tv_sec) + (double)(b.tv_nsec - a.tv_nsec) / 1e9);
    free(f);
    free(text);
    detect_close(s);
}
END_TEST

int main(void)
{
    Suite *s = suite_create("detect");
    TCase *t = tcase_create("detect");
    SRunner *r;
    int failed;

    tcase_set_timeout(t, 120);
    tcase_add_test(t, vectors);
    tcase_add_loop_test(t, note, 0, (int)COUNT_OF(notes));
    tcase_add_test(t, every_digit);
    tcase_add_loop_test(t, automaton_and_pcre2_agree, 0, 3);
    tcase_add_test(t, automaton_reads_blocks);
    tcase_add_test(t, numbers_and_pcre2_agree);
    tcase_add_test(t, leftover_digits);
    tcase_add_test(t, context_decides);
    tcase_add_test(t, own_patterns);
    tcase_add_test(t, own_refused);
    tcase_add_test(t, resolve_order);
    tcase_add_test(t, entity_names);
    tcase_add_loop_test(t, hostile, 0, 16);
    suite_add_tcase(s, t);
    r = srunner_create(s);
    srunner_run_all(r, CK_NORMAL);
    failed = srunner_ntests_failed(r);
    srunner_free(r);
    return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
