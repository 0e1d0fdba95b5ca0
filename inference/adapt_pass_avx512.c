/* adapt_pass_avx512.c: compiled for the processors that kernels_avx512.c is for. */
#include "adapt_pass.h"

#if defined(__AVX512F__) && defined(__FMA__)

#define ADAPT_REAL float
#define ADAPT_VECTOR 64
#include "adapt_pass_body.h"

static const struct adapt_arithmetic table = ADAPT_ARITHMETIC;

const struct adapt_arithmetic *adapt_avx512(void)
{
    return &table;
}

#else

const struct adapt_arithmetic *adapt_avx512(void)
{
    return NULL;
}

#endif
