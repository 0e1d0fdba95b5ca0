/* matmul_avx2.c: products of packed weights (packed.h) without VNNI; see matmul_avx512.c for the arithmetic.
 *
 * VPMADDUBSW adds two products in 16 bits and saturates: integers of up to six bits cannot reach that (2 * 63 * 127).
 * Those of eight bits are made signed again and change place with the activations, sign and magnitude. */
#include "matmul.h"

#if defined(__AVX2__) && defined(__FMA__) && defined(__F16C__)

#include <string.h>
#include "lanes.h"

#define MATMUL_SHARED(type) false
#define MOST_ROWS 4
#ifdef KERNELS_SMALL
#define LEFT(v, n) _mm256_sll_epi16(v, _mm_cvtsi32_si128((int)(n)))
#define RIGHT(v, n) _mm256_srl_epi16(v, _mm_cvtsi32_si128((int)(n)))
#else
#define LEFT(v, n) _mm256_slli_epi16(v, (n) & 15)
#define RIGHT(v, n) _mm256_srli_epi16(v, (n) & 15)
#endif

/* ---- packed weights: every pointer is already at the half of a group that is wanted --------------------------- */

INLINE __m256i load(const uint8_t *at)
{
    return _mm256_loadu_si256((const __m256i *)at);
}

/* Step s of a part: four integers of each of 8 outputs. */
INLINE __m256i integers(enum weight_type type, const uint8_t *part, size_t s)
{
    const __m256i low = _mm256_set1_epi8(15);
    __m256i v, high;

    if (type == TYPE_Q8_0) return load(part + s * PACKED_REGISTER);
    v = load(part + s % 4 * PACKED_REGISTER);
    v = _mm256_and_si256(s < 4 ? v : _mm256_srli_epi16(v, 4), low);
    if (type == TYPE_MXFP4)
        return _mm256_shuffle_epi8(_mm256_broadcastsi128_si256(_mm_loadu_si128((const __m128i *)mxfp4_values)), v);
    if (packed_bits(type) == 5) {
        high = load(part + 4 * PACKED_REGISTER);
        high = s < 4 ? LEFT(high, (int)(4 - s)) : RIGHT(high, (int)(s - 4));
        return _mm256_or_si256(v, _mm256_and_si256(high, _mm256_set1_epi8(16)));
    }
    if (packed_bits(type) == 6) {
        high = load(part + (4 + s / 4) * PACKED_REGISTER);
        high = s % 4 < 2 ? LEFT(high, (int)(4 - 2 * (s % 4)))
                         : RIGHT(high, (int)(2 * (s % 4) - 4));
        return _mm256_or_si256(v, _mm256_and_si256(high, _mm256_set1_epi8(48)));
    }
    return v;
}

INLINE __m256i dot_step(enum weight_type type, __m256i sum, __m256i q, __m256i v)
{
    const __m256i ones = _mm256_set1_epi16(1);

    if (type == TYPE_Q8_0) {
        q = _mm256_xor_si256(q, _mm256_set1_epi8(-128));
        v = _mm256_sign_epi8(v, q);
        q = _mm256_abs_epi8(q);
    }
    return _mm256_add_epi32(sum, _mm256_madd_epi16(_mm256_maddubs_epi16(q, v), ones));
}

INLINE __m256 halves_at(const uint8_t *at)
{
    return _mm256_cvtph_ps(_mm_loadu_si128((const __m128i *)at));
}

INLINE __m256 bytes_at(const uint8_t *at)
{
    return _mm256_cvtepi32_ps(_mm256_cvtepu8_epi32(_mm_loadl_epi64((const __m128i *)at)));
}

INLINE __m256 signed_bytes_at(const uint8_t *at)
{
    return _mm256_cvtepi32_ps(_mm256_cvtepi8_epi32(_mm_loadl_epi64((const __m128i *)at)));
}

INLINE __m256 exponents_at(const uint8_t *at)
{
    __m256i e = _mm256_cvtepu8_epi32(_mm_loadl_epi64((const __m128i *)at));
    __m256i bits = _mm256_slli_epi32(_mm256_sub_epi32(e, _mm256_set1_epi32(1)), 23);
    __m256i subnormal = _mm256_sllv_epi32(_mm256_set1_epi32(0x00200000), e);

    return _mm256_castsi256_ps(
        _mm256_blendv_epi8(bits, subnormal, _mm256_cmpgt_epi32(_mm256_set1_epi32(2), e)));
}

/* What the parts of a record have in common: K types' d, -dmin and codes, [part][scale, min][row] or [part][half][row]. */
struct common {
    __m256 d, dmin;
    const uint8_t *codes;
};

/* `room` [CODES] is for codes that lie packed. */
INLINE struct common common_of(enum weight_type type, const uint8_t *record, size_t lane, uint8_t *room)
{
    struct common c = {_mm256_setzero_ps(), _mm256_setzero_ps(), NULL};

    if (packed_record_parts(type) != 8) return c;
    c.codes = type == TYPE_Q6_K ? record + PACKED_REGISTER : room;
    if (type != TYPE_Q6_K) unpack_codes(record, room);
    c.d = halves_at(record + 2 * lane);
    if (type != TYPE_Q6_K) c.dmin = _mm256_sub_ps(c.dmin, halves_at(record + PACKED_HALVES + 2 * lane));
    return c;
}

/* Scale and min of outputs `lane` to lane + 7 of part i of a record; Q6_K: of the first (k = 0) or second half of it. */
INLINE void scales_at(enum weight_type type, const uint8_t *record, struct common c, size_t lane, size_t i, size_t k,
                      __m256 *scale, __m256 *min)
{
    const uint8_t *codes = c.codes ? c.codes + i * 2 * PACKED_GROUP + lane : NULL;

    switch (type) {
    case TYPE_MXFP4:
        *scale = exponents_at(record + i * PACKED_GROUP + lane);
        return;
    case TYPE_Q4_K:
    case TYPE_Q5_K:
        *scale = _mm256_mul_ps(c.d, bytes_at(codes));
        *min = _mm256_mul_ps(c.dmin, bytes_at(codes + PACKED_GROUP));
        return;
    case TYPE_Q6_K:
        *scale = _mm256_mul_ps(c.d, signed_bytes_at(codes + k * PACKED_GROUP));
        return;
    case TYPE_Q4_1:
    case TYPE_Q5_1:
        *scale = halves_at(record + 2 * lane);
        *min = halves_at(record + PACKED_HALVES + 2 * lane);
        return;
    default:
        *scale = halves_at(record + i * PACKED_HALVES + 2 * lane);
    }
}

INLINE __m256i four_values(const int8_t *from)
{
    int32_t four;

    memcpy(&four, from, sizeof(four));
    return _mm256_set1_epi32(four);
}

/* One part for R rows: i counts in the record, `at` in the activations. */
INLINE void tile_part(enum weight_type type, bool wide, const uint8_t *record, struct common common, size_t lane, size_t i,
                      const struct act_block *const *q, const int8_t *const *low, size_t at, size_t R,
                      __m256 *total)
{
    const size_t halves = type == TYPE_Q6_K ? 2 : 1, steps = PACKED_STEPS / halves;
    const uint8_t *part = record + packed_head_bytes(type) + i * packed_part_bytes(type) + lane * 4;

    UNROLL
    for (size_t k = 0; k < halves; k++) {
        __m256i dot[MOST_ROWS], dot_low[MOST_ROWS];
        __m256 scale, min = _mm256_setzero_ps();

        UNROLL
        for (size_t r = 0; r < R; r++) {
            const struct act_block *b = &q[r][at];

            dot_low[r] = _mm256_setzero_si256();
            if (packed_zero_bits(type) && type != TYPE_Q8_0) /* whose integers are signed here */
                dot_low[r] = _mm256_slli_epi32(_mm256_set1_epi32(halves == 2 ? b->minus_half[k] : b->minus_sum),
                                               (int)packed_zero_bits(type));
            dot[r] = wide ? _mm256_setzero_si256() : dot_low[r];
        }
        UNROLL
        for (size_t s = k * steps; s < (k + 1) * steps; s++) {
            __m256i w = integers(type, part, s);

            UNROLL
            for (size_t r = 0; r < R; r++) {
                dot[r] = dot_step(type, dot[r], w, four_values(q[r][at].q + 4 * s));
                if (wide) dot_low[r] = dot_step(type, dot_low[r], w, four_values(low[r] + at * ACT_BLOCK + 4 * s));
            }
        }
        scales_at(type, record, common, lane, i, k, &scale, &min);
        UNROLL
        for (size_t r = 0; r < R; r++) {
            const struct act_block *b = &q[r][at];
            __m256i all = dot[r];

            if (wide) all = _mm256_add_epi32(_mm256_mullo_epi32(all, _mm256_set1_epi32(254)), dot_low[r]);
            total[r] = _mm256_fmadd_ps(_mm256_cvtepi32_ps(all), _mm256_mul_ps(scale, _mm256_set1_ps(b->d)),
                                       total[r]);
            if (!packed_zero_bits(type)) total[r] = _mm256_fmadd_ps(min, _mm256_set1_ps(b->sum), total[r]);
        }
    }
}

/* Outputs `lane` to lane + 7 of a group for R rows. */
INLINE void tile_packed(enum weight_type type, bool wide, const struct weight *w, const uint8_t *group, size_t lane,
                        const struct acts *x, const uint32_t *pick, size_t R, float *y, size_t stride,
                        __m256i outputs)
{
    const size_t parts = w->n_in / PART_VALUES, of_record = packed_record_parts(type);
    const struct act_block *q[MOST_ROWS];
    const int8_t *low[MOST_ROWS];
    __m256 total[MOST_ROWS];

    UNROLL
    for (size_t r = 0; r < R; r++) {
        q[r] = x->q + pick[r] * (x->width / ACT_BLOCK);
        low[r] = wide ? x->low + pick[r] * x->width : NULL;
        total[r] = _mm256_setzero_ps();
    }
    for (size_t at = 0; at < parts; group += packed_record_bytes(type)) {
        uint8_t room[CODES];
        struct common common = common_of(type, group, lane, room);

        for (size_t i = 0; i < of_record && at < parts; i++, at++)
            tile_part(type, wide, group, common, lane, i, q, low, at, R, total);
    }
    UNROLL
    for (size_t r = 0; r < R; r++)
        _mm256_maskstore_ps(y + r * stride, outputs, total[r]);
}

INLINE void matmul_packed(enum weight_type type, bool wide, const struct weight *w, size_t mat, size_t first, size_t last,
                          const struct acts *x, const uint32_t *pick, size_t n, float *y, size_t stride)
{
    for (size_t o = first; o < last; o += LANES) {
        const uint8_t *group = weight_group(w, mat, o);
        size_t i = 0, lane = o % PACKED_GROUP;
        __m256i outputs = mask_of(last - o);

        for (; i + MOST_ROWS <= n; i += MOST_ROWS)
            tile_packed(type, wide, w, group, lane, x, pick + i, MOST_ROWS, y + i * stride + o, stride, outputs);
        for (; i + 2 <= n; i += 2)
            tile_packed(type, wide, w, group, lane, x, pick + i, 2, y + i * stride + o, stride, outputs);
        for (; i < n; i++)
            tile_packed(type, wide, w, group, lane, x, pick + i, 1, y + i * stride + o, stride, outputs);
    }
}

/* ---- F32, F16, BF16 ------------------------------------------------------------------------------------ */

INLINE __m256 load_weights(enum weight_type type, const uint8_t *row, size_t i, size_t n)
{
    __m128i half = _mm_setzero_si128();

    if (type == TYPE_F32) return _mm256_maskload_ps((const float *)(const void *)row + i, mask_of(n - i));
    if (n - i >= LANES)
        half = _mm_loadu_si128((const __m128i *)(row + i * 2));
    else
        memcpy(&half, row + i * 2, (n - i) * 2);
    if (type == TYPE_F16) return _mm256_cvtph_ps(half);
    return _mm256_castsi256_ps(_mm256_slli_epi32(_mm256_cvtepu16_epi32(half), 16));
}

/* One row of weights, R rows of activations. */
INLINE void tile_float(enum weight_type type, const uint8_t *row, size_t n_in, const struct acts *x,
                       const uint32_t *pick, size_t R, float *y, size_t stride)
{
    __m256 total[4];

    UNROLL
    for (size_t r = 0; r < R; r++)
        total[r] = _mm256_setzero_ps();
    for (size_t i = 0; i < n_in; i += LANES) {
        __m256 weights = load_weights(type, row, i, n_in);

        UNROLL
        for (size_t r = 0; r < R; r++)
            total[r] = _mm256_fmadd_ps(
                weights, _mm256_maskload_ps(x->f + pick[r] * x->width + i, mask_of(n_in - i)), total[r]);
    }
    UNROLL
    for (size_t r = 0; r < R; r++)
        y[r * stride] = add_lanes(total[r]);
}

INLINE void matmul_float(enum weight_type type, const struct weight *w, size_t mat, size_t first, size_t last,
                         const struct acts *x, const uint32_t *pick, size_t n, float *y, size_t stride)
{
    for (size_t o = first; o < last; o++) {
        const uint8_t *row = weight_plain_at(w, mat, o);
        size_t i = 0;

        for (; i + 4 <= n; i += 4)
            tile_float(type, row, w->n_in, x, pick + i, 4, y + i * stride + o, stride);
        for (; i < n; i++)
            tile_float(type, row, w->n_in, x, pick + i, 1, y + i * stride + o, stride);
    }
}

MATMUL_TABLES(avx2)

#endif
