/* kernels_avx2.c: none on this machine's architecture. */
#include "kernels.h"

const struct kernels *kernels_avx2(void)
{
    return NULL;
}
