/* kernels_avx512.c: none on this machine's architecture. */
#include "kernels.h"

const struct kernels *kernels_avx512(void)
{
    return NULL;
}
