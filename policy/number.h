/* number.h: the NUMBER row of detectors.c by hand, since every digit of a text is one of its candidates. */
#ifndef POLICY_NUMBER_H
#define POLICY_NUMBER_H

#include <stdbool.h>
#include <stddef.h>

enum number_answer { NUMBER_NO, NUMBER_YES, NUMBER_ASK /* beyond ASCII: the pattern decides */ };

/* What the row's pattern, anchored, matches at text[at], at < n: [at, *end). tests/policy/test_detect.c and fuzzing hold the
 * two against each other. */
enum number_answer number_at(const char *text, size_t n, size_t at, size_t *end);

#endif
