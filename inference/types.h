/* types.h: how weights lie in a GGUF file: blocks of values, one layout a type.
 * Source: ggml's ggml-common.h and the GGUF specification; MXFP4: OCP Microscaling Formats (MX) 1.0, 5.3.3 and 5.4. */
#ifndef INFERENCE_TYPES_H
#define INFERENCE_TYPES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum weight_type { /* the numbers that files use */
    TYPE_F32 = 0,
    TYPE_F16 = 1,
    TYPE_Q4_0 = 2,
    TYPE_Q4_1 = 3,
    TYPE_Q5_0 = 6,
    TYPE_Q5_1 = 7,
    TYPE_Q8_0 = 8,
    TYPE_Q4_K = 12,
    TYPE_Q5_K = 13,
    TYPE_Q6_K = 14,
    TYPE_BF16 = 30,
    TYPE_MXFP4 = 39
};

struct type_info {
    const char *name;
    uint32_t values; /* of one block; rows are whole blocks; 1: no quantised type */
    uint32_t bytes;  /* of one block */
};

/* The layout of a type, or NULL if it is not known. */
const struct type_info *type_find(uint32_t type);

/* A quantised value is scale * q + min: q an integer of `bits` bits, scale and min common to a few neighbours.
 * Taking 32 values at a time fits every type. */
#define PART_VALUES 32
struct part {
    uint8_t q[PART_VALUES];
    /* Of the first 16 values, and of the second; the same where a type has one scale for 32.
     *   Q8_0, Q4_0, Q5_0, MXFP4, Q6_K: scale, and min = -zero point * scale
     *   Q4_1, Q5_1: both are stated    Q4_K, Q5_K: d * code, and -dmin * code */
    float scale[2], min[2];
    /* What scale and min are made of, for those who store that: */
    uint16_t d, dmin;               /* halves; 0 where there are none */
    uint8_t code[2], min_code;      /* K types: the integers (Q6_K: signed); MXFP4: the exponent in code[0] */
};

/* Part `i` (values 32 i to 32 i + 31) of a row of a quantised type. */
void type_part(enum weight_type type, const uint8_t *row, size_t i, struct part *out);
/* The first n values of a row of any type as floats; n is a multiple of the block. */
void type_to_floats(enum weight_type type, const uint8_t *row, size_t n, float *out);

/* Half, bfloat16 and E8M0 halved (MXFP4's scale for integers that are twice the value) to float, exactly; float to
 * half, rounded to nearest even. */
float half_to_float(uint16_t h);
uint16_t float_to_half(float f);
float bfloat_to_float(uint16_t b);
float half_exponent_to_float(uint8_t e);

/* Twice the 16 values of MXFP4, plus MXFP4_ZERO so that none is below 0. */
#define MXFP4_ZERO_BITS 4
#define MXFP4_ZERO (1 << MXFP4_ZERO_BITS)
extern const uint8_t mxfp4_values[16];

#endif
