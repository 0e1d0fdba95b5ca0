/* Lists of patterns through lexicon.h: matches by hand, and those of a search with PCRE2 alone. */
#define PCRE2_CODE_UNIT_WIDTH 8
#include <pcre2.h>

#include "suite.h"

#include "../../base/str.h"
#include "../../policy/lexicon.h"

static const char *const patterns[] = {"\\b(?:ill|sick)\\b",
                                       "(?<=\\bso )ill",
                                       "\\bis (?:[a-z]{1,14} ){0,3}ill\\b",
                                       "(?:\\b|(?=['’]))(?:['’]s|is) sick",
                                       "\\p{L}{0,5}ness\\b",
                                       "(?-i:MS|ALS)",
                                       "krank(?!enkasse)",
                                       "ü\\b"};

static struct lexicon *open_all(void)
{
    struct lexicon *l = NULL;
    struct err e;

    ck_assert_msg(lexicon_open(patterns, COUNT_OF(patterns), &l, &e) == RC_OK, "%s", e.msg);
    return l;
}

/* "pattern:start-end " of all matches. */
static void list_matches(struct lexicon *l, const char *text, size_t n, char *out)
{
    struct lexicon_match m;
    size_t last = 0;
    bool found;
    struct err e;

    *out = '\0';
    ck_assert_int_eq(lexicon_begin(l, text, n, &e), RC_OK);
    for (;;) {
        ck_assert_int_eq(lexicon_next(l, &m, &found, &e), RC_OK);
        if (!found) break;
        ck_assert_uint_ge(m.start, last);
        last = m.start;
        out += sprintf(out, "%zu:%zu-%zu ", m.pattern, m.start, m.end);
    }
}

START_TEST(by_hand)
{
    struct lexicon *l = open_all();
    struct lexicon_match m;
    char got[200];
    bool found;
    struct err e;

    list_matches(l, "She is ill. Illness! krankenkasse, krank", 40, got);
    ck_assert_str_eq(got, "2:4-10 0:7-10 4:12-19 6:35-40 ");
    list_matches(l, "so ill", 6, got); /* of one place in any order */
    ck_assert(strstr(got, "0:3-6 ") && strstr(got, "1:3-6 ") && strlen(got) == 12);
    list_matches(l, "", 0, got);
    ck_assert_str_eq(got, "");
    ck_assert_int_eq(lexicon_begin(l, "ill, ill, ill", 13, &e), RC_OK);
    ck_assert_int_eq(lexicon_next(l, &m, &found, &e), RC_OK);
    lexicon_skip(l, m.pattern, 6);
    ck_assert_int_eq(lexicon_next(l, &m, &found, &e), RC_OK);
    ck_assert(found && m.start == 10);
    lexicon_close(l);
    lexicon_close(NULL);
}
END_TEST

static size_t search_alone(pcre2_code *code, const char *text, size_t n, bool *at, size_t count)
{
    pcre2_match_data *data = pcre2_match_data_create(1, NULL);
    const PCRE2_SIZE *span = pcre2_get_ovector_pointer(data);
    size_t matches = 0;

    for (size_t from = 0; pcre2_match(code, (PCRE2_SPTR)text, n, from, PCRE2_NO_UTF_CHECK, data, NULL) >= 0;
         from = span[1], matches++)
        at[span[0] * count] = true;
    pcre2_match_data_free(data);
    return matches;
}

/* Random texts of what the patterns are made of, long ones too: they are read in blocks. */
START_TEST(same_as_alone)
{
    static const char *const pieces[] = {"ill",  "sick", " ", "is ", "so ",      "'s ",   "’s ",
                                         "ness", "Ü",    "ü", "MS",  "ALS ",     "krank", "enkasse",
                                         ".",    "x",    "_", "1",   "e\xcc\x81"};
    uint64_t state = suite_seed("lexicon");
    struct lexicon *l = open_all();
    pcre2_code *codes[COUNT_OF(patterns)];
    size_t total = 0;
    int error;
    PCRE2_SIZE offset;
    struct err e;

    for (size_t i = 0; i < COUNT_OF(patterns); i++)
        codes[i] = pcre2_compile((PCRE2_SPTR)patterns[i], PCRE2_ZERO_TERMINATED,
                                 PCRE2_UTF | PCRE2_UCP | PCRE2_CASELESS, &error, &offset, NULL);
    for (size_t k = 0; k < 400; k++) {
        size_t n = 0, cap = k % 100 ? 400 : 200000, matches = 0, got = 0;
        char *text = malloc(cap + 16);
        bool *at = calloc((cap + 16) * COUNT_OF(patterns), sizeof(*at)), found = true;
        struct lexicon_match m;

        while (n < cap)
            n += (size_t)sprintf(text + n, "%s", pieces[suite_random(&state) % COUNT_OF(pieces)]);
        for (size_t i = 0; i < COUNT_OF(patterns); i++)
            matches += search_alone(codes[i], text, n, at + i, COUNT_OF(patterns));
        ck_assert_int_eq(lexicon_begin(l, text, n, &e), RC_OK);
        while (lexicon_next(l, &m, &found, &e) == RC_OK && found) {
            ck_assert_msg(at[m.start * COUNT_OF(patterns) + m.pattern], "pattern %zu at %zu of \"%.100s\"",
                          m.pattern, m.start, text);
            got++;
        }
        ck_assert_uint_eq(got, matches);
        total += got;
        free(text);
        free(at);
    }
    ck_assert_uint_gt(total, 10000);
    for (size_t i = 0; i < COUNT_OF(patterns); i++)
        pcre2_code_free(codes[i]);
    lexicon_close(l);
}
END_TEST

START_TEST(bad_patterns)
{
    static const char *const bad[] = {"a+", "(", "\\Ka"};
    struct lexicon *l = NULL;
    struct err e;

    for (size_t i = 0; i < COUNT_OF(bad); i++)
        ck_assert_int_eq(lexicon_open(&bad[i], 1, &l, &e), RC_INTERNAL);
    ck_assert_ptr_null(l);
}
END_TEST

SUITE_MAIN("lexicon", by_hand, same_as_alone, bad_patterns)
