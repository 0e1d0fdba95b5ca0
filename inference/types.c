/* types.c: the table of weight types, and the small float formats. */
#include "types.h"

#include <string.h>

/* Layouts that the reader must know the size of; their arithmetic is in the kernels of those supported. */
struct block_q4_0 {
    uint16_t d;
    uint8_t q[16];
};
struct block_q4_k {
    uint16_t d, dmin;
    uint8_t scales[12], q[128];
};
struct block_q5_k {
    uint16_t d, dmin;
    uint8_t scales[12], high[32], q[128];
};
struct block_q6_k {
    uint8_t low[128], high[64];
    int8_t scales[16];
    uint16_t d;
};
struct block_mxfp4 {
    uint8_t e, q[16];
};
_Static_assert(sizeof(struct block_q4_0) == 2 + 32 / 2, "q4_0 has no padding");
_Static_assert(sizeof(struct block_q4_k) == 4 + 12 + 256 / 2, "q4_k has no padding");
_Static_assert(sizeof(struct block_q5_k) == 4 + 12 + 256 / 8 + 256 / 2, "q5_k has no padding");
_Static_assert(sizeof(struct block_q6_k) == 256 / 2 + 256 / 4 + 16 + 2, "q6_k has no padding");
_Static_assert(sizeof(struct block_mxfp4) == 1 + 32 / 2, "mxfp4 has no padding");

static const struct {
    uint32_t type;
    struct type_info info;
} types[] = {
    {TYPE_F32, {"f32", 1, 4}},
    {TYPE_F16, {"f16", 1, 2}},
    {TYPE_BF16, {"bf16", 1, 2}},
    {TYPE_Q8_0, {"q8_0", Q8_0_VALUES, sizeof(struct block_q8_0)}},
    {TYPE_Q4_0, {"q4_0", 32, sizeof(struct block_q4_0)}},
    {TYPE_Q4_K, {"q4_k", 256, sizeof(struct block_q4_k)}},
    {TYPE_Q5_K, {"q5_k", 256, sizeof(struct block_q5_k)}},
    {TYPE_Q6_K, {"q6_k", 256, sizeof(struct block_q6_k)}},
    {TYPE_MXFP4, {"mxfp4", 32, sizeof(struct block_mxfp4)}},
};

const struct type_info *type_find(uint32_t type)
{
    for (size_t i = 0; i < sizeof(types) / sizeof(types[0]); i++)
        if (types[i].type == type) return &types[i].info;
    return NULL;
}

void q4_0_to_q8_0(const uint8_t *from, size_t n, uint8_t *to)
{
    for (size_t b = 0; b < n; b++) {
        struct block_q4_0 in;
        struct block_q8_0 out;

        memcpy(&in, from + b * sizeof(in), sizeof(in));
        out.d = in.d;
        for (size_t i = 0; i < 16; i++) {
            out.q[i] = (int8_t)((in.q[i] & 15) - 8);
            out.q[i + 16] = (int8_t)((in.q[i] >> 4) - 8);
        }
        memcpy(to + b * sizeof(out), &out, sizeof(out));
    }
}

static float from_bits(uint32_t bits)
{
    float f;
    memcpy(&f, &bits, sizeof(f));
    return f;
}

static uint32_t to_bits(float f)
{
    uint32_t bits;
    memcpy(&bits, &f, sizeof(bits));
    return bits;
}

float half_to_float(uint16_t h)
{
    uint32_t sign = (uint32_t)(h & 0x8000) << 16, exponent = h >> 10 & 31, mantissa = h & 0x3FF;

    if (exponent == 31) return from_bits(sign | 0x7F800000 | mantissa << 13);
    if (exponent == 0)
        return (sign ? -1.0F : 1.0F) * (float)mantissa * 0x1p-24F; /* zero and subnormal: exact */
    return from_bits(sign | (exponent + 112) << 23 | mantissa << 13);
}

uint16_t float_to_half(float f)
{
    uint32_t bits = to_bits(f), sign = bits >> 16 & 0x8000, magnitude = bits & 0x7FFFFFFF;

    if (magnitude > 0x7F800000) return (uint16_t)(sign | 0x7E00);  /* NaN */
    if (magnitude >= 0x477FF000) return (uint16_t)(sign | 0x7C00); /* 65520 and more round to infinity */
    if (magnitude < 0x38800000) /* below the least normal half: adding 0.5 rounds at the last bit of a half */
        return (uint16_t)(sign | (to_bits(from_bits(magnitude) + 0.5F) & 0x7FF));
    magnitude += 0xFFF + (magnitude >> 13 & 1);
    return (uint16_t)(sign | (magnitude - 0x38000000) >> 13);
}

float bfloat_to_float(uint16_t b)
{
    return from_bits((uint32_t)b << 16);
}
