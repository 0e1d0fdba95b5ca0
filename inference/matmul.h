/* matmul.h: the tables of weight formats of the vector kernels. Each instruction set has a file with matmul_float() and
 * matmul_packed(), which take the type as a constant, and says in MATMUL_SHARED(type) which types want activations whose
 * blocks share scales; MATMUL_TABLES() makes a function of each type and the tables. */
#ifndef INFERENCE_MATMUL_H
#define INFERENCE_MATMUL_H

#include "packed.h"
#include "weights.h"

#define MATMUL_FORMATS 12 /* all of types.h */

/* For activations of 8 bits and of 16. */
extern const struct weight_format matmul_avx2[MATMUL_FORMATS], matmul_avx2_wide[MATMUL_FORMATS];
extern const struct weight_format matmul_avx512[MATMUL_FORMATS], matmul_avx512_wide[MATMUL_FORMATS];

#define MATMUL(name, call, ...)                                                                              \
    static void name(const struct weight *w, size_t mat, size_t first, size_t last, const struct acts *x,    \
                     const uint32_t *pick, size_t n, float *y, size_t stride)                                \
    {                                                                                                        \
        call(__VA_ARGS__, w, mat, first, last, x, pick, n, y, stride);                                       \
    }

/* NAME(lower, UPPER) for each quantised type. */
#define MATMUL_QUANTISED(NAME)                                                                               \
    NAME(q8_0, Q8_0) NAME(q4_0, Q4_0) NAME(q4_1, Q4_1) NAME(q5_0, Q5_0) NAME(q5_1, Q5_1) NAME(q4_k,          \
    Q4_K) NAME(q5_k, Q5_K) NAME(q6_k, Q6_K) NAME(mxfp4, MXFP4)

#define MATMUL_BOTH(lower, UPPER)                                                                            \
    MATMUL(matmul_##lower, matmul_packed, TYPE_##UPPER, false)                                               \
    MATMUL(matmul_##lower##_wide, matmul_packed, TYPE_##UPPER, true)
#define MATMUL_ROW(lower, UPPER) {TYPE_##UPPER, true, MATMUL_SHARED(TYPE_##UPPER), packed_row, matmul_##lower},
#define MATMUL_ROW_WIDE(lower, UPPER) {TYPE_##UPPER, true, false, packed_row, matmul_##lower##_wide},
#define MATMUL_FLOATS                                                                                        \
    {TYPE_F32, false, false, weight_plain_row, matmul_f32}, {TYPE_F16, false, false, weight_plain_row, matmul_f16}, \
        {TYPE_BF16, false, false, weight_plain_row, matmul_bf16},

#define MATMUL_TABLES(isa)                                                                                   \
    MATMUL(matmul_f32, matmul_float, TYPE_F32)                                                               \
    MATMUL(matmul_f16, matmul_float, TYPE_F16)                                                               \
    MATMUL(matmul_bf16, matmul_float, TYPE_BF16)                                                             \
    MATMUL_QUANTISED(MATMUL_BOTH)                                                                            \
    const struct weight_format matmul_##isa[MATMUL_FORMATS] = {MATMUL_FLOATS MATMUL_QUANTISED(MATMUL_ROW)};  \
    const struct weight_format matmul_##isa##_wide[MATMUL_FORMATS] = {                                       \
        MATMUL_FLOATS MATMUL_QUANTISED(MATMUL_ROW_WIDE)};

#endif
