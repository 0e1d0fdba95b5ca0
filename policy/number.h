/* number.h: the NUMBER row of detectors.c by hand, since every token with a digit is a match of it. */
#ifndef POLICY_NUMBER_H
#define POLICY_NUMBER_H

#include <stdbool.h>
#include <stddef.h>

enum number_answer {
    NUMBER_NO,
    NUMBER_YES,
    NUMBER_ASK /* a character of which PCRE2's versions think differently: the pattern decides */
};

/* The leftmost match of the row's pattern in text[from, n), valid UTF-8 with no decimal digits beyond ASCII: [*start, *end).
 * NUMBER_ASK: if there is a match, it begins at one of the characters [*start, *end], or behind *end. fuzz_detect and
 * tests/policy/test_detect.c hold it against the pattern. */
enum number_answer number_find(const char *text, size_t n, size_t from, size_t *start, size_t *end);

#endif
