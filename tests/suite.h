/* suite.h: what every Check suite here begins and ends with.
 *
 *   #include "suite.h"
 *   START_TEST(does_this) { ... } END_TEST
 *   SUITE_MAIN("name", does_this, does_that)
 * or, where a test runs once for each row of a table (_i is the row):
 *   SUITE_MAIN_TABLES("name", SUITE_ONE(does_this), SUITE_EACH(does_that, rows))
 *
 * CK_FORK=no in the environment runs the tests in one process, so that leaks are seen by the sanitizer. */
#ifndef TESTS_SUITE_H
#define TESTS_SUITE_H

#include <check.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Exit code of a suite that could not run, taken by ctest for a skip. Say why on stderr first. */
#define SUITE_SKIP 77

struct suite_test {
    const TTest *test;
    int rows; /* 0: a test without a table */
};
#define SUITE_ONE(test) {test, 0}
#define SUITE_EACH(test, table) {test, (int)(sizeof(table) / sizeof((table)[0]))}

static inline void suite_add(TCase *tc, const struct suite_test *x)
{
    tcase_add_loop_test(tc, x->test, 0, x->rows ? x->rows : 1);
}

/* tests/run --long */
static inline bool suite_is_long(void)
{
    const char *v = getenv("BRIEFD_TEST_LONG");

    return v && strcmp(v, "1") == 0;
}

static inline int suite_finish(const char *name, TCase *tc)
{
    Suite *s = suite_create(name);
    tcase_set_timeout(tc, suite_is_long() ? 14400 : 600);
    suite_add_tcase(s, tc);
    SRunner *r = srunner_create(s);
    srunner_run_all(r, CK_ENV);
    int failed = srunner_ntests_failed(r);
    srunner_free(r);
    return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}

static inline int suite_run(const char *name, const TTest *const *tests, size_t n)
{
    TCase *tc = tcase_create(name);
    for (size_t i = 0; i < n; i++)
        suite_add(tc, &(struct suite_test)SUITE_ONE(tests[i]));
    return suite_finish(name, tc);
}

static inline int suite_run_tables(const char *name, const struct suite_test *tests, size_t n)
{
    TCase *tc = tcase_create(name);
    for (size_t i = 0; i < n; i++)
        suite_add(tc, &tests[i]);
    return suite_finish(name, tc);
}

#define SUITE_MAIN(name, ...)                                                                                           \
    int main(void)                                                                                                      \
    {                                                                                                                   \
        const TTest *const tests[] = {__VA_ARGS__};                                                                     \
        return suite_run(name, tests, sizeof(tests) / sizeof(tests[0]));                                                \
    }

#define SUITE_MAIN_TABLES(name, ...)                                                                                    \
    int main(void)                                                                                                      \
    {                                                                                                                   \
        const struct suite_test tests[] = {__VA_ARGS__};                                                                \
        return suite_run_tables(name, tests, sizeof(tests) / sizeof(tests[0]));                                         \
    }

/* How often a randomised test runs: `few` by default, `many` under tests/run --long (BRIEFD_TEST_LONG=1). */
static inline unsigned long suite_count(unsigned long few, unsigned long many)
{
    return suite_is_long() ? many : few;
}

/* The seed of a randomised test, printed so that a failure can be repeated: BRIEFD_TEST_SEED, or a fixed default. */
static inline uint64_t suite_seed(const char *what)
{
    const char *v = getenv("BRIEFD_TEST_SEED");
    uint64_t seed = v ? strtoull(v, NULL, 10) : UINT64_C(20261120);
    printf("%s: seed %llu\n", what, (unsigned long long)seed);
    return seed;
}

/* SplitMix64 (Steele, Lea, Flood 2014): small, fast, the same everywhere. */
static inline uint64_t suite_random(uint64_t *state)
{
    uint64_t z = (*state += UINT64_C(0x9E3779B97F4A7C15));
    z = (z ^ (z >> 30)) * UINT64_C(0xBF58476D1CE4E5B9);
    z = (z ^ (z >> 27)) * UINT64_C(0x94D049BB133111EB);
    return z ^ (z >> 31);
}

#endif
