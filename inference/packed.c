#include "packed.h"

#include <string.h>
#include "weights.h"

#define STEP_VALUES 4

size_t packed_group_bytes(enum weight_type type, size_t n_in)
{
    size_t parts = n_in / PART_VALUES, of_record = packed_record_parts(type);

    return (parts + of_record - 1) / of_record * packed_record_bytes(type);
}

static uint8_t mxfp4_code(uint8_t value)
{
    uint8_t code = 0;

    while (mxfp4_values[code] != value)
        code++;
    return code;
}

/* The bytes of a part where value i of row r lies: the low four (or all eight) bits, and the upper ones. */
static size_t low_at(unsigned bits, size_t r, size_t i)
{
    size_t step = i / STEP_VALUES, k = bits == 8 ? step : step % 4;

    return (k * PACKED_GROUP + r) * STEP_VALUES + i % STEP_VALUES;
}

static size_t high_at(unsigned bits, size_t r, size_t i)
{
    size_t k = bits == 6 ? i / STEP_VALUES / 4 : 0;

    return 4 * PACKED_REGISTER + (k * PACKED_GROUP + r) * STEP_VALUES + i % STEP_VALUES;
}

static unsigned low_shift(unsigned bits, size_t i)
{
    return bits == 8 ? 0 : (unsigned)(i / STEP_VALUES / 4 * 4);
}

static unsigned high_shift(unsigned bits, size_t i)
{
    return (unsigned)(bits == 6 ? i / STEP_VALUES % 4 * 2 : i / STEP_VALUES);
}

static uint32_t step_of(const uint8_t *q, size_t step)
{
    uint32_t four;

    memcpy(&four, q + step * STEP_VALUES, sizeof(four));
    return four;
}

static void put_step(uint8_t *to, size_t k, size_t r, uint32_t four)
{
    memcpy(to + (k * PACKED_GROUP + r) * STEP_VALUES, &four, sizeof(four));
}

/* Four values, a byte each, at a time. */
static void put_integers(enum weight_type type, const struct part *p, size_t r, uint8_t *to)
{
    const uint32_t low = 0x0F0F0F0F, high = packed_bits(type) == 6 ? 0x03030303 : 0x01010101;
    const unsigned bits = packed_bits(type), width = bits - 4; /* the latter: bits beside the low four */
    uint8_t q[PART_VALUES];

    for (size_t i = 0; i < PART_VALUES; i++)
        q[i] = type == TYPE_MXFP4 ? mxfp4_code(p->q[i]) : p->q[i];
    for (size_t k = 0; k < PACKED_STEPS && bits == 8; k++)
        put_step(to, k, r, step_of(q, k));
    for (size_t k = 0; k < 4 && bits < 8; k++)
        put_step(to, k, r, (step_of(q, k) & low) | (step_of(q, k + 4) & low) << 4);
    for (size_t k = 0, steps = 8 / (width ? width : 8); k < width && bits < 8; k++) {
        uint32_t all = 0;

        for (size_t s = 0; s < steps; s++)
            all |= (step_of(q, k * steps + s) >> 4 & high) << s * width;
        put_step(to, 4 + k, r, all);
    }
}

static uint8_t get_integer(enum weight_type type, const uint8_t *from, size_t r, size_t i)
{
    unsigned bits = packed_bits(type);
    unsigned q = from[low_at(bits, r, i)] >> low_shift(bits, i);

    if (bits == 8) return (uint8_t)q;
    q &= 15;
    if (bits > 4) q |= (from[high_at(bits, r, i)] >> high_shift(bits, i) & (bits == 6 ? 3U : 1U)) << 4;
    return type == TYPE_MXFP4 ? mxfp4_values[q] : (uint8_t)q;
}

static void put_half(uint8_t *to, size_t r, uint16_t half)
{
    memcpy(to + r * sizeof(half), &half, sizeof(half));
}

static float get_half(const uint8_t *from, size_t r)
{
    uint16_t half;

    memcpy(&half, from + r * sizeof(half), sizeof(half));
    return half_to_float(half);
}

/* The code of 6 bits of part i of a record, for row r, where 0 was. */
static void put_code(uint8_t *record, bool mins, size_t i, size_t r, uint8_t code)
{
    uint8_t *at = record + packed_codes_at(mins, i / 4) + r;

    if (i % 4 < 3) at[i % 4 * PACKED_GROUP] |= code & PACKED_CODE_LOW;
    for (size_t k = 0; k < 3 && i % 4 == 3; k++)
        at[k * PACKED_GROUP] |= (uint8_t)(code >> 2 * k << 6);
}

static uint8_t get_code(const uint8_t *record, bool mins, size_t i, size_t r)
{
    const uint8_t *at = record + packed_codes_at(mins, i / 4) + r;

    if (i % 4 < 3) return at[i % 4 * PACKED_GROUP] & PACKED_CODE_LOW;
    return (uint8_t)(at[0] >> 6 | at[PACKED_GROUP] >> 6 << 2 | at[2 * PACKED_GROUP] >> 6 << 4);
}

/* The scales of part `i` of a record with the head `to`, for row r. */
static void put_scales(enum weight_type type, const struct part *p, size_t i, size_t r, uint8_t *to)
{
    uint8_t *codes = to + PACKED_REGISTER + i * 2 * PACKED_GROUP;

    switch (type) {
    case TYPE_MXFP4:
        to[i * PACKED_GROUP + r] = p->code[0];
        return;
    case TYPE_Q6_K:
        put_half(to, r, p->d);
        codes[r] = p->code[0];
        codes[PACKED_GROUP + r] = p->code[1];
        return;
    case TYPE_Q4_K:
    case TYPE_Q5_K:
        put_code(to, false, i, r, p->code[0]);
        put_code(to, true, i, r, p->min_code);
        put_half(to, r, p->d);
        put_half(to + PACKED_HALVES, r, p->dmin);
        return;
    case TYPE_Q4_1:
    case TYPE_Q5_1:
        put_half(to, r, p->d);
        put_half(to + PACKED_HALVES, r, p->dmin);
        return;
    default:
        put_half(to + i * PACKED_HALVES, r, p->d);
    }
}

/* Scale and min of the first (k = 0) or second 16 values of part i of a record, for row r. */
static void get_scales(enum weight_type type, const uint8_t *from, size_t i, size_t r, size_t k, float *scale,
                       float *min)
{
    const uint8_t *codes = from + PACKED_REGISTER + i * 2 * PACKED_GROUP;

    switch (type) {
    case TYPE_MXFP4: *scale = half_exponent_to_float(from[i * PACKED_GROUP + r]); break;
    case TYPE_Q6_K: *scale = get_half(from, r) * (int8_t)codes[k * PACKED_GROUP + r]; break;
    case TYPE_Q4_K:
    case TYPE_Q5_K:
        *scale = get_half(from, r) * get_code(from, false, i, r);
        *min = -(get_half(from + PACKED_HALVES, r) * get_code(from, true, i, r));
        break;
    case TYPE_Q4_1:
    case TYPE_Q5_1:
        *scale = get_half(from, r);
        *min = get_half(from + PACKED_HALVES, r);
        break;
    default: *scale = get_half(from + i * PACKED_HALVES, r);
    }
    if (packed_zero_bits(type)) *min = -(float)(1U << packed_zero_bits(type)) * *scale;
}

void packed_pack(enum weight_type type, const uint8_t *rows, size_t row_bytes, size_t n_in, uint8_t *group)
{
    size_t of_record = packed_record_parts(type);

    memset(group, 0, packed_group_bytes(type, n_in));
    for (size_t i = 0; i < n_in / PART_VALUES; i++) {
        uint8_t *record = group + i / of_record * packed_record_bytes(type);
        uint8_t *integers = record + packed_head_bytes(type) + i % of_record * packed_part_bytes(type);

        for (size_t r = 0; r < PACKED_GROUP; r++) {
            struct part p;

            type_part(type, rows + r * row_bytes, i, &p);
            put_integers(type, &p, r, integers);
            put_scales(type, &p, i % of_record, r, record);
        }
    }
}

void packed_row(const struct weight *w, size_t mat, size_t row, float *out)
{
    enum weight_type type = w->format->type;
    const uint8_t *group = weight_group(w, mat, row);
    size_t of_record = packed_record_parts(type), r = row % PACKED_GROUP;

    for (size_t i = 0; i < w->n_in / PART_VALUES; i++) {
        const uint8_t *record = group + i / of_record * packed_record_bytes(type);
        const uint8_t *integers = record + packed_head_bytes(type) + i % of_record * packed_part_bytes(type);
        float scale[2], min[2];

        for (size_t k = 0; k < 2; k++)
            get_scales(type, record, i % of_record, r, k, &scale[k], &min[k]);
        for (size_t k = 0; k < PART_VALUES; k++)
            *out++ = scale[k / 16] * get_integer(type, integers, r, k) + min[k / 16];
    }
}
