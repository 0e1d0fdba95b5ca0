/* Differences by line: daemon/diff.h. The first expected text is what `diff -U3` (GNU diffutils 3.8) prints for the same
 * files; at random the difference is applied to the one text and must give the other. */
#include "../suite.h"
#include "../../daemon/diff.h"

static char *diff_of(const char *a, const char *b)
{
    struct buf out;
    struct err e = {""};
    const struct diff_side x = {"a", a, strlen(a)}, y = {"b", b, strlen(b)};
    buf_init(&out, 16 << 20);
    ck_assert_msg(diff_unified(&x, &y, &out, &e) == RC_OK, "%s", e.msg);
    return buf_take(&out, NULL);
}

START_TEST(as_diff_prints_it)
{
    static const char a[] = "1\n2\n3\n4\n5\n6\n7\n8\n9\n10\n11\n12\n13\n14\n15\n16\n17\n18\n";
    static const char b[] = "1\n2\nthree\n4\n5\n6\n7\n8\n9\n10\n11\n12\n13\n14\n15\n17\n18\nend";
    static const char want[] = "--- a\n+++ b\n@@ -1,6 +1,6 @@\n 1\n 2\n-3\n+three\n 4\n 5\n 6\n"
                               "@@ -13,6 +13,6 @@\n 13\n 14\n 15\n-16\n 17\n 18\n+end\n\\ No newline at end of file\n";
    char *got = diff_of(a, b);
    ck_assert_str_eq(got, want);
    free(got);
    got = diff_of(a, a);
    ck_assert_str_eq(got, "");
    free(got);
    got = diff_of("", "x\n");
    ck_assert_str_eq(got, "--- a\n+++ b\n@@ -0,0 +1,1 @@\n+x\n");
    free(got);
}
END_TEST

/* What a unified difference makes of `from`; its lines have one character. */
static void apply(const char *from, const char *diff, char *out)
{
    size_t i = 0, n = 0;
    for (const char *line = diff; *line; line = strchr(line, '\n') + 1) {
        size_t at;
        if (sscanf(line, "@@ -%zu,", &at) == 1) {
            unsigned long count = strtoul(strchr(line, ',') + 1, NULL, 10);
            for (; 2 * (at - (count > 0)) > i; i++)
                out[n++] = from[i];
        } else if (*line == ' ' || *line == '-') {
            ck_assert_int_eq(from[i], line[1]);
            if (*line == ' ') {
                out[n++] = line[1];
                out[n++] = '\n';
            }
            i += 2;
        } else if (*line == '+' && line[1] != '+') {
            out[n++] = line[1];
            out[n++] = '\n';
        }
    }
    for (; from[i]; i++)
        out[n++] = from[i];
    out[n] = '\0';
}

START_TEST(applied_it_gives_the_other_text)
{
    uint64_t seed = suite_seed("diff");
    for (unsigned long round = 0; round < suite_count(2000, 100000); round++) {
        char a[128], b[128], made[512];
        size_t n_a = suite_random(&seed) % 40, n_b = suite_random(&seed) % 40;
        for (size_t i = 0; i < n_a; i++) {
            a[2 * i] = (char)('a' + suite_random(&seed) % 4);
            a[2 * i + 1] = '\n';
        }
        for (size_t i = 0; i < n_b; i++) {
            bool same = i < n_a && suite_random(&seed) % 4;
            b[2 * i] = same ? a[2 * i] : (char)('a' + suite_random(&seed) % 4);
            b[2 * i + 1] = '\n';
        }
        a[2 * n_a] = b[2 * n_b] = '\0';
        char *diff = diff_of(a, b);
        apply(a, *diff ? strstr(diff, "@@") : "", made);
        ck_assert_msg(strcmp(made, b) == 0, "round %lu: %s", round, diff);
        free(diff);
    }
}
END_TEST

START_TEST(long_texts_are_replaced_in_one_block)
{
    enum { N = 9000 };
    struct buf a, b;
    buf_init(&a, 1 << 20);
    buf_init(&b, 1 << 20);
    for (int i = 0; i < N; i++) {
        buf_printf(&a, "a%04d\n", i);
        buf_printf(&b, "b%04d\n", i);
    }
    char *diff = diff_of(a.data, b.data);
    ck_assert(strncmp(diff, "--- a\n+++ b\n@@ -1,9000 +1,9000 @@\n-a0000\n", 40) == 0);
    free(diff);
    buf_clear(&a);
    buf_clear(&b);
}
END_TEST

SUITE_MAIN("diff", as_diff_prints_it, applied_it_gives_the_other_text, long_texts_are_replaced_in_one_block)
