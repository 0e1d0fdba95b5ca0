/* Normalisation through normalise.h: texts and the way back to input bytes, by hand. */
#include <check.h>
#include <stdlib.h>
#include <string.h>

#include "../../policy/normalise.h"

#define LIMIT 100000

static const struct {
    const char *in, *out;
} texts[] = {
    {"plain ASCII, untouched (at noon).", "plain ASCII, untouched (at noon)."},
    {"\xef\xbc\x94\xef\xbc\x98 \xef\xbc\xa1", "48 A"}, /* full width */
    {"\xd9\xa4\xd8\xa8", "4\xd8\xa8"},                 /* Arabic-Indic digit; a letter stays */
    {"a\xe2\x80\x8b"
     "b\xc2\xad"
     "c\xef\xbb\xbf",
     "abc"}, /* zero width, soft hyphen, BOM */
    {"a\xc2\xa0"
     "b\tc\nd",
     "a b c\nd"},         /* spaces, but lines stay */
    {"1–2 −3", "1-2 -3"}, /* dashes */
    {"it’s", "it's"},
    {"\xd0\xb0nna", "anna"},                                  /* Cyrillic a in a Latin word */
    {"\xd0\xbc\xd0\xb8\xd1\x80", "\xd0\xbc\xd0\xb8\xd1\x80"}, /* a Cyrillic word */
    {"paypa\xd0\x86.com", "paypaI.com"},
    {"Müller", "Müller"}, /* accents are no look-alikes */
    {"anna [at] acme [dot] de", "anna@acme.de"},
    {"anna(at)acme(punkt)de", "anna@acme.de"},
    {"anna at acme dot com", "anna@acme.com"},
    {"anna [at] mail dot acme dot com", "anna@mail.acme.com"},
    {"anna \t(at) acme (dot) de", "anna@acme.de"},
    {"meet at noon or at ten", "meet at noon or at ten"},
    {"see you at acme (dot)", "see you at acme (dot)"},
    {"anna @ acme.de", "anna@acme.de"},
    {"5 @ 3.50 each", "5 @ 3.50 each"},
    {"anna&#64;acme&#x2e;de &amp; M&uuml;ller", "anna@acme.de & Müller"},
    {"anna&commat;acme&period;de", "anna@acme.de"},
    {"A&B; R&D; &#; &#x; &#99999999; &nosuch; &", "A&B; R&D; &#; &#x; &#99999999; &nosuch; &"},
    {"49&nbsp;30&shy;12", "49 3012"},
    {"anna=40acme=2Ede", "anna@acme=2Ede"}, /* the dot alone is not known to be quoted */
    {"M=C3=BCller, anna=40acme=2Ede", "Müller, anna@acme.de"},
    {"anna.web=\ner@acme.de, 1=3D1", "anna.weber@acme.de, 1=1"},
    {"x=40 y=2E z=AB a=C3 b=\"1\"", "x=40 y=2E z=AB a=C3 b=\"1\""},
    {"mailto:anna%40acme.de 100%40", "mailto:anna@acme.de 100%40"},
    {"call 0 1 7 1 2 3 4 5 6 7 8 now", "call 01712345678 now"},
    {"lotto 1 2 3 4 5 6", "lotto 1 2 3 4 5 6"},
    {"a1 2 3 4 5 6 7 8", "a1 2345678"},
    {"\xe2\x91\xa0 \xef\xac\x81 \xf0\x9f\x98\x80 \xe4\xb8\xad", "1 fi \xf0\x9f\x98\x80 \xe4\xb8\xad"},
    {"a\xff"
     "b",
     "a\xef\xbf\xbd"
     "b"},
    {"", ""},
};

START_TEST(text)
{
    struct normalised t;
    struct err e;

    ck_assert_int_eq(normalise(texts[_i].in, strlen(texts[_i].in), LIMIT, &t, &e), RC_OK);
    ck_assert_str_eq(t.text, texts[_i].out);
    ck_assert_uint_eq(t.n, strlen(texts[_i].out));
    ck_assert_int_eq(t.changed, strcmp(texts[_i].in, texts[_i].out) != 0);
    if (t.n > 0) { /* the whole stands for the whole, but for what vanishes at its ends */
        size_t start, end;

        normalise_span(&t, 0, t.n, &start, &end);
        ck_assert(start < end && end <= strlen(texts[_i].in));
        if (!t.changed) ck_assert(start == 0 && end == t.n);
    }
    normalise_clear(&t);
}
END_TEST

/* The same wherever it stands: a text is read in blocks. */
START_TEST(anywhere)
{
    char in[1000], want[1000];
    struct normalised t;
    struct err e;

    for (size_t k = 0; k < 140; k++) {
        memset(in, 'x', k);
        in[k] = '\n';
        memcpy(want, in, k + 1);
        strcpy(in + k + 1, texts[_i].in);
        strcpy(want + k + 1, texts[_i].out);
        ck_assert_int_eq(normalise(in, strlen(in), LIMIT, &t, &e), RC_OK);
        ck_assert_msg(strcmp(t.text, want) == 0, "behind %zu bytes: \"%s\"", k, t.text);
        normalise_clear(&t);
    }
}
END_TEST

/* The normalised needle stands at these input bytes. */
START_TEST(back)
{
    static const struct {
        const char *in, *needle, *want;
    } cases[] = {
        {"x \xef\xbc\x94\xef\xbc\x98 y", "48", "\xef\xbc\x94\xef\xbc\x98"},
        {"to an\xe2\x80\x8bna!", "anna", "an\xe2\x80\x8bna"},
        {"to anna\xe2\x80\x8b!", "anna", "anna"},
        {"mail anna [at] acme dot de now", "anna@acme.de", "anna [at] acme dot de"},
        {"mail anna [at] acme dot de now", "@", " [at] "},
        {"\xc2\xa0"
         "b",
         "b", "b"},
        {"x 0 1 7 1 2 3 4 5 y", "01712345", "0 1 7 1 2 3 4 5"},
        {"M&uuml;ller &amp; anna&#64;acme.de!", "anna@acme.de", "anna&#64;acme.de"},
        {"=C3=BC anna=40acme=2E=\nde.", "anna@acme.de", "anna=40acme=2E=\nde"},
    };

    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        struct normalised t;
        size_t at, start, end;
        struct err e;

        ck_assert_int_eq(normalise(cases[i].in, strlen(cases[i].in), LIMIT, &t, &e), RC_OK);
        ck_assert_ptr_nonnull(strstr(t.text, cases[i].needle));
        at = (size_t)(strstr(t.text, cases[i].needle) - t.text);
        normalise_span(&t, at, at + strlen(cases[i].needle), &start, &end);
        ck_assert_uint_eq(end - start, strlen(cases[i].want));
        ck_assert_int_eq(memcmp(cases[i].in + start, cases[i].want, end - start), 0);
        normalise_clear(&t);
    }
}
END_TEST

START_TEST(limits)
{
    struct normalised t;
    struct err e;

    ck_assert_int_eq(normalise("abc", 3, 2, &t, &e), RC_LIMIT);
    ck_assert_int_eq(normalise("a\0b", 3, 3, &t, &e), RC_OK);
    ck_assert_uint_eq(t.n, 3);
    normalise_clear(&t);
    normalise_clear(&t); /* twice is fine */
}
END_TEST

int main(void)
{
    Suite *s = suite_create("normalise");
    TCase *t = tcase_create("normalise");
    SRunner *r;
    int failed;

    tcase_add_loop_test(t, text, 0, (int)COUNT_OF(texts));
    tcase_add_loop_test(t, anywhere, 0, (int)COUNT_OF(texts));
    tcase_add_test(t, back);
    tcase_add_test(t, limits);
    suite_add_tcase(s, t);
    r = srunner_create(s);
    srunner_run_all(r, CK_NORMAL);
    failed = srunner_ntests_failed(r);
    srunner_free(r);
    return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
