/* adapt_pass_float.c: for any processor. */
#define ADAPT_REAL float
#define ADAPT_VECTOR 16
#include "adapt_pass_body.h"

const struct adapt_arithmetic adapt_float = ADAPT_ARITHMETIC;
