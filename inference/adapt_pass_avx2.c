/* adapt_pass_avx2.c: compiled for the processors that kernels_avx2.c is for. */
#include "adapt_pass.h"

#if defined(__AVX2__) && defined(__FMA__)

#define ADAPT_REAL float
#define ADAPT_VECTOR 32
#include "adapt_pass_body.h"

static const struct adapt_arithmetic table = ADAPT_ARITHMETIC;

const struct adapt_arithmetic *adapt_avx2(void)
{
    return &table;
}

#else

const struct adapt_arithmetic *adapt_avx2(void)
{
    return NULL;
}

#endif
