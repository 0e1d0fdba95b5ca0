/* Extract as an automaton. The checker here puts together every text that there may be; it shares no code with the automaton. */
#include "suite.h"
#include "../../inference/inference.h"

#include "../../base/str.h"

#define MOST 8

/* All texts of these passages: every choice that has those that must be there, and at least one. */
static size_t all_texts(const struct extract *x, char texts[1 << MOST][512])
{
    size_t n = 0;

    for (unsigned choice = 1; choice < 1U << x->n; choice++) {
        bool complete = true;
        char *text = texts[n];

        for (size_t i = 0; i < x->n; i++) complete = complete && (choice >> i & 1 || !x->passages[i].must);
        if (!complete) continue;
        snprintf(text, 512, "%s", x->lead ? x->lead : "");
        for (size_t i = 0; i < x->n; i++)
            if (choice >> i & 1) snprintf(text + strlen(text), 512 - strlen(text), "%s%s", *text ? " " : "", x->passages[i].text);
        n++;
    }
    return n;
}

static struct constraint *open_extract(const struct extract *x)
{
    struct constraint *c = NULL;
    struct err e = {0};

    ck_assert_msg(constraint_extract(x, &c, &e) == RC_OK, "%s", e.msg);
    return c;
}

static bool accepts(const struct constraint *c, const char *text)
{
    struct constraint_state s;

    constraint_start(c, &s);
    for (; *text; text++)
        if (!constraint_step(c, &s, (uint8_t)*text)) return false;
    return constraint_accepts(c, &s);
}

static bool listed(char texts[1 << MOST][512], size_t n, const char *text)
{
    for (size_t i = 0; i < n; i++)
        if (str_eq(texts[i], text)) return true;
    return false;
}

static const struct extract_passage alike[] = {{"It is late.", false}, {"It is late. It is cold.", false}, {"It is cold.", true},
                                               {"It is", false},       {"It is late.", false}};
static const struct extract_passage none_must[] = {{"a", false}, {"a a", false}, {"a", false}, {"b a", false}};
static const struct extract_passage one[] = {{"Nur das: [MONEY_1].", true}};
static const struct extract cases[] = {
    {NULL, alike, COUNT_OF(alike)}, {"E-mail from [PERSON_1]:", alike, COUNT_OF(alike)}, {NULL, none_must, COUNT_OF(none_must)},
    {"a", none_must, COUNT_OF(none_must)}, {"Notiz:", one, 1}, {NULL, one, 1},
};

START_TEST(accepts_every_choice_and_no_part_of_one)
{
    const struct extract *x = &cases[_i];
    char (*texts)[512] = calloc(1 << MOST, sizeof(*texts));
    struct constraint *c = open_extract(x);
    ck_assert_ptr_nonnull(texts);
    size_t n = all_texts(x, texts);

    ck_assert_uint_gt(n, 0);
    for (size_t i = 0; i < n; i++) {
        char part[512];

        ck_assert_msg(accepts(c, texts[i]), "refused: '%s'", texts[i]);
        for (size_t len = 0; len < strlen(texts[i]); len++) {
            snprintf(part, sizeof(part), "%.*s", (int)len, texts[i]);
            ck_assert_msg(accepts(c, part) == listed(texts, n, part), "'%s'", part);
        }
        snprintf(part, sizeof(part), "%.500s.", texts[i]);
        ck_assert_msg(accepts(c, part) == listed(texts, n, part), "'%s'", part);
    }
    constraint_close(c);
    free(texts);
}
END_TEST

/* Whatever is written, there is a way to an end; and what is accepted is one of the choices. */
START_TEST(random_walks_end_in_a_choice)
{
    const struct extract *x = &cases[_i];
    char (*texts)[512] = calloc(1 << MOST, sizeof(*texts));
    struct constraint *c = open_extract(x);
    uint64_t seed = suite_seed("random_walks_end_in_a_choice");
    ck_assert_ptr_nonnull(texts);
    size_t n = all_texts(x, texts);

    for (unsigned long i = suite_count(200, 10000); i > 0; i--) {
        struct constraint_state s;
        char text[512];
        size_t len = 0;

        for (constraint_start(c, &s);; len++) {
            uint8_t open[256];
            size_t n_open = 0;

            for (unsigned b = 0; b < 256; b++) {
                struct constraint_state next = s;
                if (constraint_step(c, &next, (uint8_t)b)) open[n_open++] = (uint8_t)b;
            }
            if (constraint_accepts(c, &s) && (!n_open || suite_random(&seed) % 3 == 0)) break;
            ck_assert_uint_gt(n_open, 0);
            ck_assert_uint_lt(len, sizeof(text) - 1);
            text[len] = (char)open[suite_random(&seed) % n_open];
            ck_assert(constraint_step(c, &s, (uint8_t)text[len]));
        }
        text[len] = '\0';
        ck_assert_msg(listed(texts, n, text), "'%s'", text);
    }
    constraint_close(c);
    free(texts);
}
END_TEST

/* As many places at once as a state can hold: 32 passages that begin alike. */
START_TEST(holds_as_many_places_as_passages)
{
    struct extract_passage many[32];
    char texts[32][40], last[96];

    for (size_t i = 0; i < 32; i++) {
        snprintf(texts[i], sizeof(texts[i]), "same beginning %zu", i + 10);
        many[i] = (struct extract_passage){texts[i], false};
    }
    struct constraint *c = open_extract(&(struct extract){NULL, many, 32});
    for (size_t i = 0; i < 32; i++) ck_assert_msg(accepts(c, texts[i]), "%zu", i);
    snprintf(last, sizeof(last), "%.39s %.39s", texts[0], texts[31]);
    ck_assert(accepts(c, last));
    snprintf(last, sizeof(last), "%.39s %.39s", texts[31], texts[0]);
    ck_assert(!accepts(c, last));
    constraint_close(c);
}
END_TEST

static const struct {
    struct extract x;
    enum rc rc;
    const char *says;
} bad[] = {
    {{NULL, NULL, 0}, RC_BAD, "no passages"},
    {{"Lead:", NULL, 0}, RC_BAD, "no passages"},
    {{NULL, (const struct extract_passage[]){{"", false}}, 1}, RC_BAD, "empty"},
    {{NULL, (const struct extract_passage[]){{"a ", false}}, 1}, RC_BAD, "space"},
    {{" a", one, 1}, RC_BAD, "space"},
    {{NULL, (const struct extract_passage[]){{"\xC3", false}}, 1}, RC_BAD, "UTF-8"},
};

START_TEST(bad_passages_are_refused)
{
    struct constraint *c = NULL;
    struct err e = {0};

    ck_assert_int_eq(constraint_extract(&bad[_i].x, &c, &e), bad[_i].rc);
    ck_assert_msg(strstr(e.msg, bad[_i].says), "%s", e.msg);
    ck_assert_ptr_null(c);
}
END_TEST

START_TEST(too_many_or_too_long_are_refused)
{
    struct extract_passage many[33];
    struct constraint *c = NULL;
    struct err e = {0};
    char *huge = malloc(5001);

    ck_assert_ptr_nonnull(huge);
    for (size_t i = 0; i < 33; i++) many[i] = (struct extract_passage){"word.", false};
    ck_assert_int_eq(constraint_extract(&(struct extract){NULL, many, 33}, &c, &e), RC_LIMIT);
    ck_assert_int_eq(constraint_extract(&(struct extract){"Lead:", many, 32}, &c, &e), RC_LIMIT);
    memset(huge, 'x', 5000);
    huge[5000] = '\0';
    ck_assert_int_eq(constraint_extract(&(struct extract){huge, one, 1}, &c, &e), RC_LIMIT);
    free(huge);
}
END_TEST

SUITE_MAIN_TABLES("extract", SUITE_EACH(accepts_every_choice_and_no_part_of_one, cases), SUITE_EACH(random_walks_end_in_a_choice, cases),
                  SUITE_ONE(holds_as_many_places_as_passages), SUITE_EACH(bad_passages_are_refused, bad),
                  SUITE_ONE(too_many_or_too_long_are_refused))
