/* types.c: the table of weight types, their values, and the small float formats. */
#include "types.h"

#include <string.h>

struct block_q8_0 { /* value i: d * q[i] */
    uint16_t d;
    int8_t q[32];
};
/* Four bits: the first 16 values in the low halves of the bytes, the second in the high ones. */
struct block_q4_0 { /* d * (q - 8) */
    uint16_t d;
    uint8_t q[16];
};
struct block_q4_1 { /* d * q + m */
    uint16_t d, m;
    uint8_t q[16];
};
struct block_q5_0 { /* d * (q - 16); bit i of `high` is the fifth of value i */
    uint16_t d;
    uint8_t high[4], q[16];
};
struct block_q5_1 { /* d * q + m */
    uint16_t d, m;
    uint8_t high[4], q[16];
};
struct block_q4_k { /* eight parts of 32: d * scale * q - dmin * min; of each 32 bytes of q, low halves, then high */
    uint16_t d, dmin;
    uint8_t scales[12], q[128];
};
struct block_q5_k { /* the same; bit p of high[i] is the fifth of value i of part p */
    uint16_t d, dmin;
    uint8_t scales[12], high[32], q[128];
};
struct block_q6_k { /* sixteen scales of 16 values: d * scale * (q - 32) */
    uint8_t low[128], high[64];
    int8_t scales[16];
    uint16_t d;
};
struct block_mxfp4 {
    uint8_t e, q[16];
};
_Static_assert(sizeof(struct block_q8_0) == 2 + 32, "q8_0 has no padding");
_Static_assert(sizeof(struct block_q4_0) == 2 + 32 / 2, "q4_0 has no padding");
_Static_assert(sizeof(struct block_q4_1) == 4 + 32 / 2, "q4_1 has no padding");
_Static_assert(sizeof(struct block_q5_0) == 2 + 32 / 8 + 32 / 2, "q5_0 has no padding");
_Static_assert(sizeof(struct block_q5_1) == 4 + 32 / 8 + 32 / 2, "q5_1 has no padding");
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
    {TYPE_Q8_0, {"q8_0", 32, sizeof(struct block_q8_0)}},
    {TYPE_Q4_0, {"q4_0", 32, sizeof(struct block_q4_0)}},
    {TYPE_Q4_1, {"q4_1", 32, sizeof(struct block_q4_1)}},
    {TYPE_Q5_0, {"q5_0", 32, sizeof(struct block_q5_0)}},
    {TYPE_Q5_1, {"q5_1", 32, sizeof(struct block_q5_1)}},
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

/* 0, 0.5, 1, 1.5, 2, 3, 4, 6 and their negatives. */
const uint8_t mxfp4_values[16] = {16, 17, 18, 19, 20, 22, 24, 28, 16, 15, 14, 13, 12, 10, 8, 4};

/* ---- parts --------------------------------------------------------------------------------------------- */

static void halves_of_bytes(const uint8_t *from, uint8_t *q)
{
    for (size_t i = 0; i < PART_VALUES / 2; i++) {
        q[i] = from[i] & 15;
        q[i + PART_VALUES / 2] = from[i] >> 4;
    }
}

static void add_fifth_bits(const uint8_t *high, uint8_t *q)
{
    for (size_t i = 0; i < PART_VALUES; i++)
        q[i] |= (uint8_t)((high[i / 8] >> i % 8 & 1) << 4);
}

static void one_scale(struct part *p, float scale, float min)
{
    p->scale[0] = p->scale[1] = scale;
    p->min[0] = p->min[1] = min;
}

/* The six-bit scale and min of part `i` of 8: four of each in whole bytes, the others in what is left. */
static void k_codes(const uint8_t *scales, size_t i, struct part *p)
{
    if (i < 4) {
        p->code[0] = scales[i] & 63;
        p->min_code = scales[i + 4] & 63;
    } else {
        p->code[0] = (uint8_t)((scales[i + 4] & 15) | (scales[i - 4] >> 6) << 4);
        p->min_code = (uint8_t)(scales[i + 4] >> 4 | (scales[i] >> 6) << 4);
    }
    p->code[1] = p->code[0];
    one_scale(p, half_to_float(p->d) * p->code[0], -(half_to_float(p->dmin) * p->min_code));
}

static void part_q8_0(const uint8_t *row, size_t i, struct part *p)
{
    struct block_q8_0 b;

    memcpy(&b, row + i * sizeof(b), sizeof(b));
    for (size_t k = 0; k < PART_VALUES; k++)
        p->q[k] = (uint8_t)(b.q[k] + 128);
    p->d = b.d;
    one_scale(p, half_to_float(b.d), -128 * half_to_float(b.d));
}

static void part_q4_0(const uint8_t *row, size_t i, struct part *p)
{
    struct block_q4_0 b;

    memcpy(&b, row + i * sizeof(b), sizeof(b));
    halves_of_bytes(b.q, p->q);
    p->d = b.d;
    one_scale(p, half_to_float(b.d), -8 * half_to_float(b.d));
}

static void part_q4_1(const uint8_t *row, size_t i, struct part *p)
{
    struct block_q4_1 b;

    memcpy(&b, row + i * sizeof(b), sizeof(b));
    halves_of_bytes(b.q, p->q);
    p->d = b.d;
    p->dmin = b.m;
    one_scale(p, half_to_float(b.d), half_to_float(b.m));
}

static void part_q5_0(const uint8_t *row, size_t i, struct part *p)
{
    struct block_q5_0 b;

    memcpy(&b, row + i * sizeof(b), sizeof(b));
    halves_of_bytes(b.q, p->q);
    add_fifth_bits(b.high, p->q);
    p->d = b.d;
    one_scale(p, half_to_float(b.d), -16 * half_to_float(b.d));
}

static void part_q5_1(const uint8_t *row, size_t i, struct part *p)
{
    struct block_q5_1 b;

    memcpy(&b, row + i * sizeof(b), sizeof(b));
    halves_of_bytes(b.q, p->q);
    add_fifth_bits(b.high, p->q);
    p->d = b.d;
    p->dmin = b.m;
    one_scale(p, half_to_float(b.d), half_to_float(b.m));
}

static void part_q4_k(const uint8_t *row, size_t i, struct part *p)
{
    struct block_q4_k b;

    memcpy(&b, row + i / 8 * sizeof(b), sizeof(b));
    for (size_t k = 0; k < PART_VALUES; k++)
        p->q[k] = b.q[i % 8 / 2 * 32 + k] >> i % 2 * 4 & 15;
    p->d = b.d;
    p->dmin = b.dmin;
    k_codes(b.scales, i % 8, p);
}

static void part_q5_k(const uint8_t *row, size_t i, struct part *p)
{
    struct block_q5_k b;

    memcpy(&b, row + i / 8 * sizeof(b), sizeof(b));
    for (size_t k = 0; k < PART_VALUES; k++)
        p->q[k] = (uint8_t)((b.q[i % 8 / 2 * 32 + k] >> i % 2 * 4 & 15) | (b.high[k] >> i % 8 & 1) << 4);
    p->d = b.d;
    p->dmin = b.dmin;
    k_codes(b.scales, i % 8, p);
}

/* Of each 128 values: 64 bytes hold the low four bits of 32 values each of parts 0 and 2, 1 and 3; 32 bytes the high
 * two bits of the four parts. */
static void part_q6_k(const uint8_t *row, size_t i, struct part *p)
{
    struct block_q6_k b;
    size_t half = i % 8 / 4, quarter = i % 4;

    memcpy(&b, row + i / 8 * sizeof(b), sizeof(b));
    for (size_t k = 0; k < PART_VALUES; k++)
        p->q[k] = (uint8_t)((b.low[half * 64 + quarter % 2 * 32 + k] >> quarter / 2 * 4 & 15) |
                            (b.high[half * 32 + k] >> quarter * 2 & 3) << 4);
    p->d = b.d;
    for (size_t k = 0; k < 2; k++) {
        p->code[k] = (uint8_t)b.scales[i % 8 * 2 + k];
        p->scale[k] = half_to_float(b.d) * b.scales[i % 8 * 2 + k];
        p->min[k] = -32 * p->scale[k];
    }
}

static void part_mxfp4(const uint8_t *row, size_t i, struct part *p)
{
    struct block_mxfp4 b;

    memcpy(&b, row + i * sizeof(b), sizeof(b));
    halves_of_bytes(b.q, p->q);
    for (size_t k = 0; k < PART_VALUES; k++)
        p->q[k] = mxfp4_values[p->q[k]];
    p->code[0] = p->code[1] = b.e;
    one_scale(p, half_exponent_to_float(b.e), -MXFP4_ZERO * half_exponent_to_float(b.e));
}

void type_part(enum weight_type type, const uint8_t *row, size_t i, struct part *out)
{
    *out = (struct part){0};
    switch (type) {
    case TYPE_Q8_0: part_q8_0(row, i, out); break;
    case TYPE_Q4_0: part_q4_0(row, i, out); break;
    case TYPE_Q4_1: part_q4_1(row, i, out); break;
    case TYPE_Q5_0: part_q5_0(row, i, out); break;
    case TYPE_Q5_1: part_q5_1(row, i, out); break;
    case TYPE_Q4_K: part_q4_k(row, i, out); break;
    case TYPE_Q5_K: part_q5_k(row, i, out); break;
    case TYPE_Q6_K: part_q6_k(row, i, out); break;
    case TYPE_MXFP4: part_mxfp4(row, i, out); break;
    case TYPE_F32:
    case TYPE_F16:
    case TYPE_BF16: break; /* have no parts */
    }
}

void type_to_floats(enum weight_type type, const uint8_t *row, size_t n, float *out)
{
    uint16_t half;
    struct part p;

    switch (type) {
    case TYPE_F32: memcpy(out, row, n * sizeof(*out)); return;
    case TYPE_F16:
        for (size_t i = 0; i < n; i++) {
            memcpy(&half, row + i * sizeof(half), sizeof(half));
            out[i] = half_to_float(half);
        }
        return;
    case TYPE_BF16:
        for (size_t i = 0; i < n; i++) {
            memcpy(&half, row + i * sizeof(half), sizeof(half));
            out[i] = bfloat_to_float(half);
        }
        return;
    default:
        for (size_t i = 0; i < n; i++) {
            size_t k = i % PART_VALUES;

            if (k == 0) type_part(type, row, i / PART_VALUES, &p);
            out[i] = p.scale[k / 16] * p.q[k] + p.min[k / 16];
        }
    }
}

/* ---- small floats -------------------------------------------------------------------------------------- */

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

float half_exponent_to_float(uint8_t e)
{
    return from_bits(e < 2 ? UINT32_C(0x00200000) << e : (uint32_t)(e - 1) << 23);
}
