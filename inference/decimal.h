/* decimal.h: decimal numbers as their digits, so that limits are compared exactly (a double would round them). */
#ifndef INFERENCE_DECIMAL_H
#define INFERENCE_DECIMAL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define DECIMAL_MAX_DIGITS 48

struct decimal { /* 0 has no digits and is not negative */
    bool negative;
    uint8_t n_int, n_frac;             /* digits before the point, without leading zeros; behind it, without trailing ones */
    uint8_t digit[DECIMAL_MAX_DIGITS]; /* 0 to 9, the most significant first */
};

/* A JSON number (RFC 8259 section 6), exponent included. False if it needs more digits than there is room for. */
bool decimal_parse(const char *s, struct decimal *out);
/* Below, above or 0 as a is less than, greater than or equal to b. */
int decimal_compare(const struct decimal *a, const struct decimal *b);
/* The digit i places behind the point (i >= 0), 0 where none is written. */
unsigned decimal_frac(const struct decimal *d, size_t i);

#endif
