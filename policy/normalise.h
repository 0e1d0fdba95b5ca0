/* normalise.h: the text as detection reads it, with a way back to the bytes that were given.
 *
 * Full-width letters and digits, other scripts' digits, and common look-alikes (Cyrillic or Greek letters within Latin
 * words) become plain ones; zero-width characters and soft hyphens vanish; every white space but a line feed becomes a space;
 * typographic dashes become '-'; "[at]" "(dot)" and their like between words become '@' and '.'. Bytes that are not
 * UTF-8 become U+FFFD. Nothing grows except for that, so the result is at most three times as long. */
#ifndef POLICY_NORMALISE_H
#define POLICY_NORMALISE_H

#include <stddef.h>
#include <stdint.h>
#include "../base/err.h"

struct normalised {
    char *text; /* n bytes of valid UTF-8 and a NUL */
    size_t n;
    uint32_t *
        from; /* [n + 1]: byte i came from the input character that starts at from[i]; from[n] = input length */
    uint32_t *upto; /* [n + 1]: and that character (or what it replaced) ends at upto[i] */
    int changed;    /* 0: text equals the input byte for byte */
};

/* RC_LIMIT above `max` bytes of input; RC_NOMEM. */
MUST_USE enum rc normalise(const char *s, size_t n, size_t max, struct normalised *out, struct err *e);
void normalise_clear(struct normalised *t); /* zeroes first: it is PII */
/* The input span of the normalised span [start, end), end > start. */
void normalise_span(const struct normalised *t, size_t start, size_t end, size_t *in_start, size_t *in_end);

#endif
