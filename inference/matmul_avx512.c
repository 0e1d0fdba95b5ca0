/* matmul_avx512.c: products of packed weights (packed.h) with VNNI.
 *
 * VPDPBUSD multiplies unsigned bytes, the weights' integers, by signed ones, the activations, and adds four products
 * to each lane, which begins at minus the sum of activations times the integer that stands for 0. The rest is in floats,
 * part after part: total += scale * d * dot, and where a type has mins: total += min * sum. K types with activations of
 * 8 bits do it record after record: their activations share one d, so that a part costs total += code * dot only, and
 * mins are summed as integers. A tile is one group of outputs times R rows; whatever its size, each output value is made
 * by these same operations. One group, not two, although two would share the loads of activations: with two streams of
 * weights the processor fetches neither in time, and weights that come from memory took up to twice as long. */
#include "matmul.h"

#if defined(__AVX512F__) && defined(__AVX512BW__) && defined(__AVX512VL__) && defined(__AVX512DQ__) &&       \
    defined(__AVX512VNNI__) && defined(__F16C__)

#include <string.h>
#include "lanes.h"

/* Of a tile: 8 sums and 8 totals leave 16 registers for the rest; wide ones have two sums. More rows are not faster. */
#define MOST_ROWS 8
#define MOST_ROWS_WIDE 4
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

/* Codes of a K type's record, [part][scale, min][row] or [part][half][row]; `room` is for those that lie packed. */
INLINE const uint8_t *codes_of(enum weight_type type, const uint8_t *record, uint8_t *room)
{
    if (type == TYPE_Q6_K) return record + PACKED_REGISTER;
    unpack_codes(record, room);
    return room;
}

/* What the parts of a record have in common: K types' d, -dmin and codes. */
struct common {
    __m512 d, dmin;
    const uint8_t *codes;
};

INLINE struct common common_of(enum weight_type type, const uint8_t *record, uint8_t *room)
{
    struct common c = {_mm512_setzero_ps(), _mm512_setzero_ps(), NULL};

    if (packed_record_parts(type) != 8) return c;
    c.codes = codes_of(type, record, room);
    c.d = halves_at(record);
    if (type != TYPE_Q6_K) c.dmin = _mm512_sub_ps(c.dmin, halves_at(record + PACKED_HALVES));
    return c;
}

/* Scale of part i of a record, and min if the type has one; Q6_K: of the first (k = 0) or second half of it. */
INLINE void scales_at(enum weight_type type, const uint8_t *record, struct common c, size_t i, size_t k,
                      __m512 *scale, __m512 *min)
{
    const uint8_t *codes = c.codes ? c.codes + i * 2 * PACKED_GROUP : NULL;

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

/* Integer products of a part (Q6_K: of its half k) with part `at` of R rows; wide: of the upper bytes of activations,
 * and of the lower ones. */
INLINE void part_dots(enum weight_type type, bool wide, const uint8_t *part, const struct act_block *const *q,
                      const int8_t *const *low, size_t at, size_t k, size_t R, __m512i *dot, __m512i *dot_low)
{
    const size_t steps = PACKED_STEPS / (type == TYPE_Q6_K ? 2 : 1);

    UNROLL
    for (size_t r = 0; r < R; r++) {
        dot_low[r] = begin_at(type, &q[r][at], k);
        dot[r] = wide ? _mm512_setzero_si512() : dot_low[r];
    }
    UNROLL
    for (size_t s = k * steps; s < (k + 1) * steps; s++) {
        __m512i w = integers(type, part, s);

        UNROLL
        for (size_t r = 0; r < R; r++) {
            dot[r] = _mm512_dpbusd_epi32(dot[r], w, four_values(q[r][at].q + 4 * s));
            if (wide) dot_low[r] = _mm512_dpbusd_epi32(dot_low[r], w, four_values(low[r] + at * ACT_BLOCK + 4 * s));
        }
    }
}

/* One part for R rows: i counts in the record, `at` in the row. */
INLINE void tile_part(enum weight_type type, bool wide, const uint8_t *record, struct common common, size_t i,
                      const struct act_block *const *q, const int8_t *const *low, size_t at, size_t R, __m512 *total)
{
    const uint8_t *part = record + packed_head_bytes(type) + i * packed_part_bytes(type);
    const size_t halves = type == TYPE_Q6_K ? 2 : 1;

    UNROLL
    for (size_t k = 0; k < halves; k++) {
        __m512i dot[MOST_ROWS], dot_low[MOST_ROWS];
        __m512 scale, min = _mm512_setzero_ps();

        part_dots(type, wide, part, q, low, at, k, R, dot, dot_low);
        scales_at(type, record, common, i, k, &scale, &min);
        UNROLL
        for (size_t r = 0; r < R; r++) {
            const struct act_block *b = &q[r][at];
            __m512i all = dot[r];

            if (wide) /* below 255 * 32 * ACT_MOST_WIDE < 2^28 */
                all = _mm512_add_epi32(_mm512_mullo_epi32(all, _mm512_set1_epi32(254)), dot_low[r]);
            total[r] = _mm512_fmadd_ps(_mm512_cvtepi32_ps(all), _mm512_mul_ps(scale, _mm512_set1_ps(b->d)), total[r]);
            if (!packed_zero_bits(type)) total[r] = _mm512_fmadd_ps(min, _mm512_set1_ps(b->sum), total[r]);
        }
    }
}

INLINE __m512i codes_at(enum weight_type type, const uint8_t *at)
{
    __m128i bytes = _mm_loadu_si128((const __m128i *)at);

    return type == TYPE_Q6_K ? _mm512_cvtepi8_epi32(bytes) : _mm512_cvtepu8_epi32(bytes);
}

/* Minus the sum over a record's parts of min * sum of activations: two parts at a time, as halves of lanes. */
INLINE __m512i minus_mins(const uint8_t *codes, const struct act_block *q)
{
    __m512i total = _mm512_setzero_si512();

    UNROLL
    for (size_t i = 0; i < ACT_SHARED; i += 2) {
        const uint8_t *of_two = codes + (i * 2 + 1) * PACKED_GROUP;
        __m512i mins = _mm512_or_si512(codes_at(TYPE_Q4_K, of_two),
                                       _mm512_slli_epi32(codes_at(TYPE_Q4_K, of_two + 2 * PACKED_GROUP), 16));
        uint32_t sums = (uint32_t)(q[i].minus_sum & 0xFFFF) | (uint32_t)q[i + 1].minus_sum << 16;

        total = _mm512_dpwssd_epi32(total, mins, _mm512_set1_epi32((int)sums));
    }
    return total;
}

/* The eight parts of a record of a K type, with activations that share a scale from its first to its last: the scales
 * are multiplied in at its end, once. */
INLINE void tile_record(enum weight_type type, const uint8_t *record, const struct act_block *const *q, size_t at, size_t R,
                        __m512 *total)
{
    const size_t halves = type == TYPE_Q6_K ? 2 : 1;
    uint8_t room[CODES];
    const uint8_t *codes = codes_of(type, record, room);
    __m512 all[MOST_ROWS], d;

    UNROLL
    for (size_t r = 0; r < R; r++)
        all[r] = _mm512_setzero_ps();
    for (size_t i = 0; i < ACT_SHARED; i++) {
        const uint8_t *part = record + packed_head_bytes(type) + i * packed_part_bytes(type);

        UNROLL
        for (size_t k = 0; k < halves; k++) {
            __m512i dot[MOST_ROWS], unused[MOST_ROWS];
            __m512 code;

            part_dots(type, false, part, q, NULL, at + i, k, R, dot, unused);
            code = _mm512_cvtepi32_ps(codes_at(type, codes + (2 * i + k) * PACKED_GROUP));
            UNROLL
            for (size_t r = 0; r < R; r++)
                all[r] = _mm512_fmadd_ps(_mm512_cvtepi32_ps(dot[r]), code, all[r]);
        }
    }
    d = halves_at(record);
    UNROLL
    for (size_t r = 0; r < R; r++) {
        __m512 one = _mm512_mul_ps(all[r], d);

        if (!packed_zero_bits(type))
            one = _mm512_fmadd_ps(_mm512_cvtepi32_ps(minus_mins(codes, q[r] + at)), halves_at(record + PACKED_HALVES), one);
        total[r] = _mm512_fmadd_ps(one, _mm512_set1_ps(q[r][at].d), total[r]);
    }
}

/* Weights that the next tiles read, fetched a little with every record: `lines` of the caches from `at` on. */
struct ahead {
    const uint8_t *at;
    size_t lines;
    bool near; /* to the first cache: measured better where several tiles read the same weights, worse for a single one */
};

INLINE void fetch(struct ahead *next)
{
    for (size_t i = 0; i < next->lines; i++, next->at += PACKED_REGISTER) {
        if (next->near)
            _mm_prefetch((const char *)next->at, _MM_HINT_T0);
        else
            _mm_prefetch((const char *)next->at, _MM_HINT_T1);
    }
}

/* A group of 16 outputs for R rows. */
INLINE void tile_packed(enum weight_type type, bool wide, const struct weight *w, const uint8_t *group,
                        const struct acts *x, const uint32_t *pick, size_t R, float *y, size_t stride,
                        __mmask16 outputs, struct ahead next)
{
    const size_t parts = w->n_in / PART_VALUES, of_record = packed_record_parts(type);
    const struct act_block *q[MOST_ROWS];
    const int8_t *low[MOST_ROWS];
    __m512 total[MOST_ROWS];

    UNROLL
    for (size_t r = 0; r < R; r++) {
        q[r] = x->q + pick[r] * (x->width / ACT_BLOCK);
        low[r] = wide ? x->low + pick[r] * x->width : NULL;
        total[r] = _mm512_setzero_ps();
    }
    for (size_t at = 0; at < parts; group += packed_record_bytes(type)) {
        uint8_t room[CODES];
        struct common common;

        fetch(&next);
        if (MATMUL_SHARED(type) && !wide) {
            tile_record(type, group, q, at, R, total);
            at += ACT_SHARED;
            continue;
        }
        common = common_of(type, group, room);
        for (size_t i = 0; i < of_record && at < parts; i++, at++)
            tile_part(type, wide, group, common, i, q, low, at, R, total);
    }
    UNROLL
    for (size_t r = 0; r < R; r++)
        _mm512_mask_storeu_ps(y + r * stride, outputs, total[r]);
}

/* A tile of n rows. */
INLINE void rows_packed(enum weight_type type, bool wide, const struct weight *w, const uint8_t *group,
                        const struct acts *x, const uint32_t *pick, size_t n, float *y, size_t stride,
                        __mmask16 outputs, struct ahead next)
{
#define TILE(n_rows) tile_packed(type, wide, w, group, x, pick, n_rows, y, stride, outputs, next)
    const size_t most = wide ? MOST_ROWS_WIDE : MOST_ROWS;

    switch (n < most ? n : most) { /* constants that are too many for wide ones lead to the same code */
    case 1: TILE(1); break;
    case 2: TILE(2); break;
    case 3: TILE(3); break;
    case 4: TILE(4); break;
    case 5: TILE(wide ? most : 5); break;
    case 6: TILE(wide ? most : 6); break;
    case 7: TILE(wide ? most : 7); break;
    default: TILE(most); break;
    }
#undef TILE
}

/* What comes after a group, of which `left` outputs and those behind them are wanted, for `tiles` tiles of n rows. A few
 * rows are done so fast that the processor fetches it better without. */
INLINE struct ahead ahead_of(const struct weight *w, enum weight_type type, const uint8_t *group, size_t tiles, size_t n,
                             size_t left)
{
    const size_t records = w->group_bytes / packed_record_bytes(type) * tiles;

    return (struct ahead){group + w->group_bytes,
                          n > 3 && left > LANES ? (w->group_bytes / PACKED_REGISTER + records - 1) / records : 0, tiles > 1};
}

/* Tiles of about the same height: a last one of a single row would read the weights for little. */
INLINE void matmul_packed(enum weight_type type, bool wide, const struct weight *w, size_t mat, size_t first, size_t last,
                          const struct acts *x, const uint32_t *pick, size_t n, float *y, size_t stride)
{
    const size_t most = wide ? MOST_ROWS_WIDE : MOST_ROWS, tiles = (n + most - 1) / most;

    for (size_t o = first; o < last; o += LANES) {
        const uint8_t *group = weight_group(w, mat, o);
        struct ahead next = ahead_of(w, type, group, tiles, n, last - o);

        for (size_t t = 0; t < tiles; t++) {
            size_t i = n * t / tiles, rows = n * (t + 1) / tiles - i;

            rows_packed(type, wide, w, group, x, pick + i, rows, y + i * stride + o, stride, first_lanes(last - o), next);
            next.at += next.lines * PACKED_REGISTER * (w->group_bytes / packed_record_bytes(type));
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
