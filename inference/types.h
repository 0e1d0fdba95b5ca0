/* types.h: how weights lie in a GGUF file: blocks of values, one layout a type.
 * Source: ggml's ggml-common.h and the GGUF specification. Scales `d` are IEEE half floats. */
#ifndef INFERENCE_TYPES_H
#define INFERENCE_TYPES_H

#include <stddef.h>
#include <stdint.h>

enum weight_type { /* the numbers that files use */
    TYPE_F32 = 0,
    TYPE_F16 = 1,
    TYPE_Q4_0 = 2,
    TYPE_Q8_0 = 8,
    TYPE_Q4_K = 12,
    TYPE_Q5_K = 13,
    TYPE_Q6_K = 14,
    TYPE_BF16 = 30,
    TYPE_MXFP4 = 39
};

#define Q8_0_VALUES 32
struct block_q8_0 { /* value i: d * q[i] */
    uint16_t d;
    int8_t q[Q8_0_VALUES];
};
_Static_assert(sizeof(struct block_q8_0) == sizeof(uint16_t) + Q8_0_VALUES, "q8_0 has no padding");

struct type_info {
    const char *name;
    uint32_t values; /* of one block; rows are whole blocks */
    uint32_t bytes;  /* of one block */
};

/* The layout of a type, or NULL if it is not known. Known is not yet supported: that is for the kernels to
 * say. */
const struct type_info *type_find(uint32_t type);

/* n blocks of Q4_0 as n of Q8_0, exactly: both are a scale and 32 integers. */
void q4_0_to_q8_0(const uint8_t *from, size_t n, uint8_t *to);

/* Half and bfloat16 to float, exactly; float to half, rounded to nearest even. */
float half_to_float(uint16_t h);
uint16_t float_to_half(float f);
float bfloat_to_float(uint16_t b);

#endif
