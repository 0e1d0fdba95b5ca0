/* validate.h: check digits and other tests that decide whether a candidate is what its shape says.
 * A table by name, so that a detector's row or a policy file can say `validator: luhn`. */
#ifndef POLICY_VALIDATE_H
#define POLICY_VALIDATE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum verdict {
    VERDICT_NO,      /* certainly not: drop the match */
    VERDICT_UNKNOWN, /* nothing to say: the pattern's score stands */
    VERDICT_YES      /* confirmed: score 1.0 */
};

/* s[n]: the match as it stands in the text, separators included. Pure; never reads beyond n. */
typedef enum verdict validate_fn(const char *s, size_t n);

/* The same for what depends on the day: days since 1970-01-01, or 0 when it is not known. */
typedef enum verdict validate_dated_fn(const char *s, size_t n, int32_t today);

/* s[n]: the text from the beginning of a possible match on, of any of detectors[] that has this validator. False: it says
 * no to whatever they match there. Pure; far cheaper than a match. */
typedef bool validate_ahead_fn(const char *s, size_t n);

/* NULL if there is no validator of that name, or it is of the other kind. */
validate_fn *validate_find(const char *name);
validate_dated_fn *validate_find_dated(const char *name);
validate_ahead_fn *validate_find_ahead(const char *name);
/* The i-th name, for messages and tests; NULL behind the last. */
const char *validate_name(size_t i);

#endif
