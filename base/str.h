/* str.h: small helpers on bytes and UTF-8 (RFC 3629) that libc lacks. None allocates unless it says so. */
#ifndef BASE_STR_H
#define BASE_STR_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Length of the valid UTF-8 prefix; equals n when all is valid. Overlong forms, surrogates and code points
 * over U+10FFFF are invalid. */
size_t utf8_valid_prefix(const char *s, size_t n);

/* Decode one code point at s (n > 0 bytes left); returns its length in bytes and writes *cp.
 * An invalid byte gives U+FFFD and length 1. */
size_t utf8_decode(const char *s, size_t n, uint32_t *cp);
/* Encode cp into out[4]; returns 1 to 4. */
size_t utf8_encode(uint32_t cp, char out[4]);

bool str_eq(const char *a, const char *b);            /* both may be NULL */
bool str_eq_nocase(const char *a, const char *b);     /* ASCII case */
bool str_starts(const char *s, const char *prefix);
bool str_ends(const char *s, const char *suffix);
char *str_dup(const char *s);                         /* malloc; NULL when out of memory or s is NULL */

/* The entry of names[n] nearest to `word` by edit distance, or NULL if none is within a third of its length
 * (at least 2): for "unknown key 'modle', did you mean 'model'?". */
const char *str_nearest(const char *word, const char *const *names, size_t n);

/* Hexadecimal, lower case. out has 2 * n + 1 bytes. str_unhex returns false on any other character or length. */
void str_hex(const uint8_t *bytes, size_t n, char *out);
bool str_unhex(const char *hex, uint8_t *out, size_t n);

/* Decimal integer over the whole of s, within [lo, hi]. */
bool str_int64(const char *s, int64_t lo, int64_t hi, int64_t *out);
bool str_double(const char *s, double lo, double hi, double *out); /* finite only; "." is the point in any locale */

#endif
