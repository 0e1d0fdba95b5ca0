#include "decimal.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>

/* Digits s[n] with `point` of them before the point (it may be outside 0..n) into d. */
static bool place(const char *s, long n, long point, struct decimal *d)
{
    while (n > 0 && s[0] == '0') {
        s++;
        n--;
        point--;
    }
    while (n > 0 && s[n - 1] == '0') n--;
    if (n == 0) {
        d->negative = false;
        return true;
    }
    long before = point > 0 ? point : 0, behind = n > point ? n - point : 0;

    if (before + behind > DECIMAL_MAX_DIGITS) return false;
    d->n_int = (uint8_t)before;
    d->n_frac = (uint8_t)behind;
    for (long i = 0; i < n; i++) d->digit[before - point + i] = (uint8_t)(s[i] - '0');
    return true;
}

bool decimal_parse(const char *s, struct decimal *out)
{
    char digits[256];
    long n = 0, point = 0, exponent = 0;
    bool behind = false;
    struct decimal d = {0};

    if (*s == '-') {
        d.negative = true;
        s++;
    }
    for (; isdigit((unsigned char)*s) || *s == '.'; s++) {
        if (*s == '.') {
            behind = true;
        } else {
            if (n == (long)sizeof(digits)) return false;
            digits[n++] = *s;
            point += !behind;
        }
    }
    if (*s == 'e' || *s == 'E') exponent = strtol(s + 1, NULL, 10);
    if (exponent > 1000 || exponent < -1000) exponent = exponent > 0 ? 1000 : -1000; /* too many, whatever the digits */
    if (!place(digits, n, point + exponent, &d)) return false;
    *out = d;
    return true;
}

unsigned decimal_frac(const struct decimal *d, size_t i)
{
    return i < d->n_frac ? d->digit[d->n_int + i] : 0;
}

static int compare_magnitude(const struct decimal *a, const struct decimal *b)
{
    if (a->n_int != b->n_int) return a->n_int < b->n_int ? -1 : 1;
    for (size_t i = 0; i < a->n_int; i++)
        if (a->digit[i] != b->digit[i]) return a->digit[i] < b->digit[i] ? -1 : 1;
    for (size_t i = 0; i < a->n_frac || i < b->n_frac; i++)
        if (decimal_frac(a, i) != decimal_frac(b, i)) return decimal_frac(a, i) < decimal_frac(b, i) ? -1 : 1;
    return 0;
}

int decimal_compare(const struct decimal *a, const struct decimal *b)
{
    if (a->negative != b->negative) return a->negative ? -1 : 1;
    return a->negative ? compare_magnitude(b, a) : compare_magnitude(a, b);
}
