/* matmul_avx512.c: products of packed weights (packed.h) with VNNI.
 *
 * VPDPBUSD multiplies unsigned bytes, the weights' integers, by signed ones, the activations, and adds four products
 * to each lane, which begins at minus the sum of activations times the integer that stands for 0. The rest is in floats,
 * part after part: total += scale * d * dot, and where a type has mins: total += min * sum. K types with activations of
 * 8 bits do it record after record: their activations share one d, so that a part costs total += code * dot only, and
 * mins are summed as integers. A tile is G groups of outputs times R rows; whatever its size, each output value is made
 * by these same operations. */
#include "matmul.h"

#if defined(__AVX512F__) && defined(__AVX512BW__) && defined(__AVX512VL__) && defined(__AVX512DQ__) &&       \
    defined(__AVX512VNNI__) && defined(__F16C__)

#include <string.h>
#include "lanes.h"

/* Of a tile: with 2 groups, 12 sums and 12 totals leave 8 registers for the rest; wide ones have two sums. */
#define MOST_ROWS 6
#define MOST_ROWS_WIDE 3
#define MATMUL_SHARED(type) ((type) == TYPE_Q4_K || (type) == TYPE_Q5_K || (type) == TYPE_Q6_K)
#ifdef KERNELS_SMALL
#define LEFT(v, n) _mm512_sll_epi16(v, _mm_cvtsi32_si128((int)(n)))
#define RIGHT(v, n) _mm512_srl_epi16(v, _mm_cvtsi32_si128((int)(n)))
#else
#define LEFT(v, n) _mm512_slli_epi16(v, (n) & 15)
#define RIGHT(v, n) _mm512_srli_epi16(v, (n) & 15)
#endif

/* ---- packed weights ------------------------------------------------------------------------------------ */

/* Step s of a part: four integers of each of 16 outputs. */
INLINE __m512i integers(enum weight_type type, const uint8_t *part, size_t s)
{
    const __m512i low = _mm512_set1_epi8(15);
    __m512i v, high;

    if (type == TYPE_Q8_0) return _mm512_loadu_si512(part + s * PACKED_REGISTER);
    v = _mm512_loadu_si512(part + s % 4 * PACKED_REGISTER);
    v = _mm512_and_si512(s < 4 ? v : _mm512_srli_epi16(v, 4), low);
    if (type == TYPE_MXFP4)
        return _mm512_shuffle_epi8(_mm512_broadcast_i32x4(_mm_loadu_si128((const __m128i *)mxfp4_values)), v);
    if (packed_bits(type) == 5) {
        high = _mm512_loadu_si512(part + 4 * PACKED_REGISTER);
        high = s < 4 ? LEFT(high, (unsigned)(4 - s)) : RIGHT(high, (unsigned)(s - 4));
        return _mm512_ternarylogic_epi64(v, high, _mm512_set1_epi8(16), 0xF8); /* v | (high & 16) */
    }
    if (packed_bits(type) == 6) {
        high = _mm512_loadu_si512(part + (4 + s / 4) * PACKED_REGISTER);
        high = s % 4 < 2 ? LEFT(high, (unsigned)(4 - 2 * (s % 4)))
                         : RIGHT(high, (unsigned)(2 * (s % 4) - 4));
        return _mm512_ternarylogic_epi64(v, high, _mm512_set1_epi8(48), 0xF8);
    }
    return v;
}

INLINE __m512 halves_at(const uint8_t *at)
{
    return _mm512_cvtph_ps(_mm256_loadu_si256((const __m256i *)at));
}

INLINE __m512 bytes_at(const uint8_t *at)
{
    return _mm512_cvtepi32_ps(_mm512_cvtepu8_epi32(_mm_loadu_si128((const __m128i *)at)));
}

INLINE __m512 signed_bytes_at(const uint8_t *at)
{
    return _mm512_cvtepi32_ps(_mm512_cvtepi8_epi32(_mm_loadu_si128((const __m128i *)at)));
}

INLINE __m512 exponents_at(const uint8_t *at)
{
    __m512i e = _mm512_cvtepu8_epi32(_mm_loadu_si128((const __m128i *)at));
    __mmask16 subnormal = _mm512_cmplt_epi32_mask(e, _mm512_set1_epi32(2));
    __m512i bits = _mm512_slli_epi32(_mm512_sub_epi32(e, _mm512_set1_epi32(1)), 23);

    return _mm512_castsi512_ps(_mm512_mask_sllv_epi32(bits, subnormal, _mm512_set1_epi32(0x00200000), e));
}

/* What the parts of a record have in common: K types' d and -dmin. */
struct common {
    __m512 d, dmin;
};

INLINE struct common common_of(enum weight_type type, const uint8_t *record)
{
    struct common c = {_mm512_setzero_ps(), _mm512_setzero_ps()};

    if (packed_record_parts(type) != 8) return c;
    c.d = halves_at(record);
    if (type != TYPE_Q6_K) c.dmin = _mm512_sub_ps(c.dmin, halves_at(record + PACKED_HALVES));
    return c;
}

/* Scale of part i of a record, and min if the type has one; Q6_K: of the first (k = 0) or second half of it. */
INLINE void scales_at(enum weight_type type, const uint8_t *record, struct common c, size_t i, size_t k,
                      __m512 *scale, __m512 *min)
{
    const uint8_t *codes = record + PACKED_REGISTER + i * 2 * PACKED_GROUP;

    switch (type) {
    case TYPE_MXFP4:
        *scale = exponents_at(record + i * PACKED_GROUP);
        return;
    case TYPE_Q4_K:
    case TYPE_Q5_K:
        *scale = _mm512_mul_ps(c.d, bytes_at(codes));
        *min = _mm512_mul_ps(c.dmin, bytes_at(codes + PACKED_GROUP));
        return;
    case TYPE_Q6_K:
        *scale = _mm512_mul_ps(c.d, signed_bytes_at(codes + k * PACKED_GROUP));
        return;
    case TYPE_Q4_1:
    case TYPE_Q5_1:
        *scale = halves_at(record);
        *min = halves_at(record + PACKED_HALVES);
        return;
    default:
        *scale = halves_at(record + i * PACKED_HALVES);
    }
}

INLINE __m512i four_values(const int8_t *from)
{
    int32_t four;

    memcpy(&four, from, sizeof(four));
    return _mm512_set1_epi32(four);
}

/* What products with a part's integers begin at, so that the integer that stands for 0 counts as 0. */
INLINE __m512i begin_at(enum weight_type type, const struct act_block *b, size_t k)
{
    if (!packed_zero_bits(type)) return _mm512_setzero_si512();
    return _mm512_slli_epi32(_mm512_set1_epi32(type == TYPE_Q6_K ? b->minus_half[k] : b->minus_sum),
                             packed_zero_bits(type));
}

/* Integer products of a part (Q6_K: of its half k) of G groups with part `at` of R rows; wide: of the upper bytes of
 * activations, and of the lower ones. */
INLINE void part_dots(enum weight_type type, bool wide, size_t group_bytes, size_t G, const uint8_t *part,
                      const struct act_block *const *q, const int8_t *const *low, size_t at, size_t k, size_t R,
                      __m512i *dot, __m512i *dot_low)
{
    const size_t steps = PACKED_STEPS / (type == TYPE_Q6_K ? 2 : 1);

    UNROLL
    for (size_t r = 0; r < R; r++) {
        __m512i begin = begin_at(type, &q[r][at], k);

        UNROLL
        for (size_t g = 0; g < G; g++) {
            dot[r * G + g] = wide ? _mm512_setzero_si512() : begin;
            dot_low[r * G + g] = begin;
        }
    }
    UNROLL
    for (size_t s = k * steps; s < (k + 1) * steps; s++) {
        __m512i w[2];

        UNROLL
        for (size_t g = 0; g < G; g++)
            w[g] = integers(type, part + g * group_bytes, s);
        UNROLL
        for (size_t r = 0; r < R; r++) {
            __m512i v = four_values(q[r][at].q + 4 * s);
            __m512i v_low = wide ? four_values(low[r] + at * ACT_BLOCK + 4 * s) : v;

            UNROLL
            for (size_t g = 0; g < G; g++) {
                dot[r * G + g] = _mm512_dpbusd_epi32(dot[r * G + g], w[g], v);
                if (wide) dot_low[r * G + g] = _mm512_dpbusd_epi32(dot_low[r * G + g], w[g], v_low);
            }
        }
    }
}

/* One part of G groups for R rows: i counts in the record, `at` in the row. */
INLINE void tile_part(enum weight_type type, bool wide, size_t group_bytes, size_t G, const uint8_t *record,
                      const struct common *common, size_t i, const struct act_block *const *q,
                      const int8_t *const *low, size_t at, size_t R, __m512 *total)
{
    const uint8_t *part = record + packed_head_bytes(type) + i * packed_part_bytes(type);
    const size_t halves = type == TYPE_Q6_K ? 2 : 1;

    UNROLL
    for (size_t k = 0; k < halves; k++) {
        __m512i dot[2 * MOST_ROWS], dot_low[2 * MOST_ROWS];

        part_dots(type, wide, group_bytes, G, part, q, low, at, k, R, dot, dot_low);
        UNROLL
        for (size_t g = 0; g < G; g++) {
            __m512 scale, min = _mm512_setzero_ps();

            scales_at(type, record + g * group_bytes, common[g], i, k, &scale, &min);
            UNROLL
            for (size_t r = 0; r < R; r++) {
                const struct act_block *b = &q[r][at];
                __m512 *sum = &total[r * G + g];
                __m512i all = dot[r * G + g];

                if (wide) /* below 255 * 32 * ACT_MOST_WIDE < 2^28 */
                    all = _mm512_add_epi32(_mm512_mullo_epi32(all, _mm512_set1_epi32(254)), dot_low[r * G + g]);
                *sum = _mm512_fmadd_ps(_mm512_cvtepi32_ps(all),
                                       _mm512_mul_ps(scale, _mm512_set1_ps(b->d)), *sum);
                if (!packed_zero_bits(type)) *sum = _mm512_fmadd_ps(min, _mm512_set1_ps(b->sum), *sum);
            }
        }
    }
}

INLINE __m512i codes_at(enum weight_type type, const uint8_t *at)
{
    __m128i bytes = _mm_loadu_si128((const __m128i *)at);

    return type == TYPE_Q6_K ? _mm512_cvtepi8_epi32(bytes) : _mm512_cvtepu8_epi32(bytes);
}

/* Minus the sum over a record's parts of min * sum of activations: two parts at a time, as halves of lanes. */
INLINE __m512i minus_mins(const uint8_t *record, const struct act_block *q)
{
    __m512i total = _mm512_setzero_si512();

    UNROLL
    for (size_t i = 0; i < ACT_SHARED; i += 2) {
        const uint8_t *codes = record + PACKED_REGISTER + i * 2 * PACKED_GROUP + PACKED_GROUP;
        __m512i mins = _mm512_or_si512(codes_at(TYPE_Q4_K, codes),
                                       _mm512_slli_epi32(codes_at(TYPE_Q4_K, codes + 2 * PACKED_GROUP), 16));
        uint32_t sums = (uint32_t)(q[i].minus_sum & 0xFFFF) | (uint32_t)q[i + 1].minus_sum << 16;

        total = _mm512_dpwssd_epi32(total, mins, _mm512_set1_epi32((int)sums));
    }
    return total;
}

/* The eight parts of a record of a K type, with activations that share a scale from its first to its last: the scales
 * are multiplied in at its end, once. */
INLINE void tile_record(enum weight_type type, size_t group_bytes, size_t G, const uint8_t *record,
                        const struct act_block *const *q, size_t at, size_t R, __m512 *total)
{
    const size_t halves = type == TYPE_Q6_K ? 2 : 1;
    __m512 all[2 * MOST_ROWS];

    UNROLL
    for (size_t t = 0; t < G * R; t++)
        all[t] = _mm512_setzero_ps();
    for (size_t i = 0; i < ACT_SHARED; i++) {
        const uint8_t *part = record + packed_head_bytes(type) + i * packed_part_bytes(type);
        const uint8_t *codes = record + PACKED_REGISTER + i * 2 * PACKED_GROUP;

        UNROLL
        for (size_t k = 0; k < halves; k++) {
            __m512i dot[2 * MOST_ROWS], unused[2 * MOST_ROWS];

            part_dots(type, false, group_bytes, G, part, q, NULL, at + i, k, R, dot, unused);
            UNROLL
            for (size_t g = 0; g < G; g++) {
                __m512 code = _mm512_cvtepi32_ps(codes_at(type, codes + g * group_bytes + k * PACKED_GROUP));

                UNROLL
                for (size_t r = 0; r < R; r++)
                    all[r * G + g] = _mm512_fmadd_ps(_mm512_cvtepi32_ps(dot[r * G + g]), code, all[r * G + g]);
            }
        }
    }
    UNROLL
    for (size_t g = 0; g < G; g++) {
        const uint8_t *head = record + g * group_bytes;
        __m512 d = halves_at(head);

        UNROLL
        for (size_t r = 0; r < R; r++) {
            __m512 *sum = &total[r * G + g], one = _mm512_mul_ps(all[r * G + g], d);

            if (!packed_zero_bits(type))
                one = _mm512_fmadd_ps(_mm512_cvtepi32_ps(minus_mins(head, q[r] + at)),
                                      halves_at(head + PACKED_HALVES), one);
            *sum = _mm512_fmadd_ps(one, _mm512_set1_ps(q[r][at].d), *sum);
        }
    }
}

/* G groups of 16 outputs for R rows. */
INLINE void tile_packed(enum weight_type type, bool wide, const struct weight *w, const uint8_t *group, size_t G,
                        const struct acts *x, const uint32_t *pick, size_t R, float *y, size_t stride,
                        __mmask16 outputs)
{
    const size_t parts = w->n_in / PART_VALUES, of_record = packed_record_parts(type), bytes = w->group_bytes;
    const struct act_block *q[MOST_ROWS];
    const int8_t *low[MOST_ROWS];
    __m512 total[2 * MOST_ROWS];

    UNROLL
    for (size_t r = 0; r < R; r++) {
        q[r] = x->q + pick[r] * (x->width / ACT_BLOCK);
        low[r] = wide ? x->low + pick[r] * x->width : NULL;
    }
    UNROLL
    for (size_t t = 0; t < G * R; t++)
        total[t] = _mm512_setzero_ps();
    for (size_t at = 0; at < parts; group += packed_record_bytes(type)) {
        struct common common[2];

        if (MATMUL_SHARED(type) && !wide) {
            tile_record(type, bytes, G, group, q, at, R, total);
            at += ACT_SHARED;
            continue;
        }
        UNROLL
        for (size_t g = 0; g < G; g++)
            common[g] = common_of(type, group + g * bytes);
        for (size_t i = 0; i < of_record && at < parts; i++, at++)
            tile_part(type, wide, bytes, G, group, common, i, q, low, at, R, total);
    }
    UNROLL
    for (size_t r = 0; r < R; r++)
        UNROLL
    for (size_t g = 0; g < G; g++)
        _mm512_mask_storeu_ps(y + r * stride + g * LANES, g + 1 < G ? 0xFFFF : outputs, total[r * G + g]);
}

INLINE void rows_packed(enum weight_type type, bool wide, const struct weight *w, const uint8_t *group, size_t G,
                        const struct acts *x, const uint32_t *pick, size_t n, float *y, size_t stride,
                        __mmask16 outputs)
{
    const size_t most = wide ? MOST_ROWS_WIDE : MOST_ROWS;

    switch (n < most ? n : most) {
    case 1: tile_packed(type, wide, w, group, G, x, pick, 1, y, stride, outputs); break;
    case 2: tile_packed(type, wide, w, group, G, x, pick, 2, y, stride, outputs); break;
    case 3: tile_packed(type, wide, w, group, G, x, pick, 3, y, stride, outputs); break;
    case 4: tile_packed(type, wide, w, group, G, x, pick, 4, y, stride, outputs); break;
    case 5: tile_packed(type, wide, w, group, G, x, pick, 5, y, stride, outputs); break;
    default: tile_packed(type, wide, w, group, G, x, pick, MOST_ROWS, y, stride, outputs); break;
    }
}

/* Tiles of about the same height: a last one of a single row would read the weights for little. */
INLINE void matmul_packed(enum weight_type type, bool wide, const struct weight *w, size_t mat, size_t first, size_t last,
                          const struct acts *x, const uint32_t *pick, size_t n, float *y, size_t stride)
{
    const size_t most = wide ? MOST_ROWS_WIDE : MOST_ROWS, tiles = (n + most - 1) / most;

    for (size_t o = first, G; o < last; o += G * LANES) {
        const uint8_t *group = weight_group(w, mat, o);

        G = n > 3 && o + LANES < last ? 2 : 1;
        __mmask16 outputs = first_lanes(last - o - (G - 1) * LANES);
        for (size_t t = 0; t < tiles; t++) {
            size_t i = n * t / tiles, rows = n * (t + 1) / tiles - i;

            if (G == 2)
                rows_packed(type, wide, w, group, 2, x, pick + i, rows, y + i * stride + o, stride, outputs);
            else
                rows_packed(type, wide, w, group, 1, x, pick + i, rows, y + i * stride + o, stride, outputs);
        }
    }
}

/* ---- F32, F16, BF16 ------------------------------------------------------------------------------------ */

INLINE __m512 load_weights(enum weight_type type, const uint8_t *row, size_t i, __mmask16 some)
{
    if (type == TYPE_F32) return _mm512_maskz_loadu_ps(some, row + i * 4);
    __m256i half = _mm256_maskz_loadu_epi16(some, row + i * 2);
    if (type == TYPE_F16) return _mm512_cvtph_ps(half);
    return _mm512_castsi512_ps(_mm512_slli_epi32(_mm512_cvtepu16_epi32(half), 16));
}

/* W rows of weights, R rows of activations. */
INLINE void tile_float(enum weight_type type, const struct weight *w, size_t mat, size_t o, size_t W,
                       const struct acts *x, const uint32_t *pick, size_t R, float *y, size_t stride)
{
    __m512 total[4][4];

    UNROLL
    for (size_t r = 0; r < R; r++)
        UNROLL
    for (size_t k = 0; k < W; k++)
        total[r][k] = _mm512_setzero_ps();
    for (size_t i = 0; i < w->n_in; i += LANES) {
        __mmask16 some = first_lanes(w->n_in - i);
        __m512 weights[4];

        UNROLL
        for (size_t k = 0; k < W; k++)
            weights[k] = load_weights(type, weight_plain_at(w, mat, o + k), i, some);
        UNROLL
        for (size_t r = 0; r < R; r++) {
            __m512 v = _mm512_maskz_loadu_ps(some, x->f + pick[r] * x->width + i);

            UNROLL
            for (size_t k = 0; k < W; k++)
                total[r][k] = _mm512_fmadd_ps(weights[k], v, total[r][k]);
        }
    }
    UNROLL
    for (size_t r = 0; r < R; r++)
        UNROLL
    for (size_t k = 0; k < W; k++)
        y[r * stride + o + k] = _mm512_reduce_add_ps(total[r][k]);
}

INLINE void matmul_float(enum weight_type type, const struct weight *w, size_t mat, size_t first, size_t last,
                         const struct acts *x, const uint32_t *pick, size_t n, float *y, size_t stride)
{
    size_t o = first, i;

    for (; o + 4 <= last; o += 4) {
        for (i = 0; i + 4 <= n; i += 4)
            tile_float(type, w, mat, o, 4, x, pick + i, 4, y + i * stride, stride);
        for (; i < n; i++)
            tile_float(type, w, mat, o, 4, x, pick + i, 1, y + i * stride, stride);
    }
    for (; o < last; o++)
        for (i = 0; i < n; i++)
            tile_float(type, w, mat, o, 1, x, pick + i, 1, y + i * stride, stride);
}

MATMUL_TABLES(avx512)

#endif
