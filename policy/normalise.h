/* normalise.h: the text as detection reads it, with a way back to the bytes that were given.
 *
 * Full-width letters and digits, other scripts' digits, and common look-alikes (Cyrillic or Greek letters within Latin
 * words) become plain ones; zero-width characters and soft hyphens vanish; every white space but a line feed becomes a space;
 * typographic dashes become '-'; "[at]" "(dot)" and their like between words become '@' and '.'; seven and more digits
 * that are spaced one by one close up; HTML's character references and what quoted-printable leaves behind ("=40", "=C3=BC",
 * soft line breaks) are decoded. Bytes that are not UTF-8 become U+FFFD.
 *
 * Most texts need none of that, so the text is copied in long runs and only the edits are kept. */
#ifndef POLICY_NORMALISE_H
#define POLICY_NORMALISE_H

#include <stddef.h>
#include <stdint.h>
#include "../base/err.h"

/* Bytes [out, out + n_out) of the normalised text stand for bytes [in, in + n_in) of the input. */
struct edit {
    uint32_t out, in;
    uint16_t n_out, n_in;
};
struct normalised {
    char *text; /* n bytes of valid UTF-8 and a NUL */
    size_t n, cap;
    struct edit *edits; /* in order; between them the bytes are the input's */
    size_t n_edits, cap_edits;
    int changed; /* 0: text equals the input byte for byte */
};

/* RC_LIMIT above `max` bytes of input; RC_NOMEM. */
MUST_USE enum rc normalise(const char *s, size_t n, size_t max, struct normalised *out, struct err *e);
/* The same into the memory of *out, which is all zero or holds an older text; for one text after another. */
MUST_USE enum rc normalise_again(const char *s, size_t n, size_t max, struct normalised *out, struct err *e);
void normalise_forget(struct normalised *t); /* zeroes and empties, keeps the memory */
void normalise_clear(struct normalised *t); /* zeroes first: it is PII */
/* The input span of the normalised span [start, end), end > start. */
void normalise_span(const struct normalised *t, size_t start, size_t end, size_t *in_start, size_t *in_end);

#endif
