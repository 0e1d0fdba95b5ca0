/* adapt_pass_double.c: exact enough for derivatives to be compared with differences. */
#define ADAPT_REAL double
#define ADAPT_VECTOR 16
#include "adapt_pass_body.h"

const struct adapt_arithmetic adapt_double = ADAPT_ARITHMETIC;
