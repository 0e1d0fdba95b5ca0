/* matmul.h: the tables of weight formats of the vector kernels, each in a file of its own. */
#ifndef INFERENCE_MATMUL_H
#define INFERENCE_MATMUL_H

#include "kernels.h"

#define MATMUL_FORMATS 12 /* all of types.h */

/* For activations of 8 bits and of 16. */
extern const struct weight_format matmul_avx2[MATMUL_FORMATS], matmul_avx2_wide[MATMUL_FORMATS];
extern const struct weight_format matmul_avx512[MATMUL_FORMATS], matmul_avx512_wide[MATMUL_FORMATS];

#endif
