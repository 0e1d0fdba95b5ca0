/* kernels_avx512.c: AVX-512 with VNNI (Intel from Ice Lake on, AMD from Zen 4 on).
 *
 * Q8_0 is packed 16 rows together, so that a register holds four weights of each of 16 outputs and no sum
 * goes across lanes: first the weights, [block][4 values of 8][row][value of 4], each plus 128 because
 * VPDPBUSD multiplies unsigned by signed bytes; then the scales, [block][row]. 128 times the sum of the
 * activations is taken off again. A block of activations is 32 high bytes, then 32 low ones. */
#include "kernels.h"

#if defined(__AVX512F__) && defined(__AVX512BW__) && defined(__AVX512VL__) && defined(__AVX512DQ__) &&       \
    defined(__AVX512VNNI__) && defined(__F16C__)

#include <immintrin.h>
#include <math.h>
#include <string.h>
#include "weights.h"

#define LANES  16
#define GROUP  16 /* rows packed together */
#define STEPS  (Q8_0_VALUES / 4)
#define AHEAD  4096 /* bytes of weights asked for in advance, where each is used only once */
#define UNROLL _Pragma("GCC unroll 16")
#define INLINE static inline __attribute__((always_inline))

INLINE __mmask16 first_lanes(size_t n)
{
    return n >= LANES ? 0xFFFF : (__mmask16)((1U << n) - 1);
}

/* e^x within 2 units in the last place for x >= -87; smaller ones give something next to 0. Range
 * reduction by multiples of ln 2 in two parts, then Taylor's polynomial on [-0.35, 0.35] (Cody and Waite
 * 1980, chapter 6). */
INLINE __m512 exp_lanes(__m512 x)
{
    __m512 n, r, p;

    x = _mm512_max_ps(x, _mm512_set1_ps(-104));
    n = _mm512_roundscale_ps(_mm512_mul_ps(x, _mm512_set1_ps(1.44269504F)),
                             _MM_FROUND_TO_NEAREST_INT | _MM_FROUND_NO_EXC);
    r = _mm512_fnmadd_ps(n, _mm512_set1_ps(0.693145752F), x);
    r = _mm512_fnmadd_ps(n, _mm512_set1_ps(1.42860677e-6F), r);
    p = _mm512_set1_ps(1.0F / 5040);
    p = _mm512_fmadd_ps(p, r, _mm512_set1_ps(1.0F / 720));
    p = _mm512_fmadd_ps(p, r, _mm512_set1_ps(1.0F / 120));
    p = _mm512_fmadd_ps(p, r, _mm512_set1_ps(1.0F / 24));
    p = _mm512_fmadd_ps(p, r, _mm512_set1_ps(1.0F / 6));
    p = _mm512_fmadd_ps(p, r, _mm512_set1_ps(0.5F));
    p = _mm512_fmadd_ps(p, r, _mm512_set1_ps(1));
    p = _mm512_fmadd_ps(p, r, _mm512_set1_ps(1));
    return _mm512_scalef_ps(p, n);
}

/* ---- rows ---------------------------------------------------------------------------------------------- */

/* 16 values to 254 * high + low; returns the values. */
INLINE __m512i split(__m512 x, __m512 scale, int8_t *high, int8_t *low)
{
    /* within bounds also where a broken model gives NaN */
    __m512 bounded = _mm512_max_ps(_mm512_mul_ps(x, scale), _mm512_set1_ps(-ACT_MOST));
    __m512i q = _mm512_cvtps_epi32(_mm512_min_ps(bounded, _mm512_set1_ps(ACT_MOST)));
    __m512i h = _mm512_cvtps_epi32(_mm512_mul_ps(_mm512_cvtepi32_ps(q), _mm512_set1_ps(1.0F / 254)));

    _mm_storeu_si128((__m128i *)high, _mm512_cvtepi32_epi8(h));
    _mm_storeu_si128((__m128i *)low, _mm512_cvtepi32_epi8(
                                         _mm512_sub_epi32(q, _mm512_mullo_epi32(h, _mm512_set1_epi32(254)))));
    return q;
}

static void quantise(const float *x, size_t n, int16_t *q, float *d, int32_t *sum)
{
    for (size_t b = 0; b < n / ACT_BLOCK; b++) {
        __m512 lo = _mm512_loadu_ps(x + b * ACT_BLOCK), hi = _mm512_loadu_ps(x + b * ACT_BLOCK + LANES),
               scale;
        float most = _mm512_reduce_max_ps(_mm512_max_ps(_mm512_abs_ps(lo), _mm512_abs_ps(hi)));
        int8_t *bytes = (int8_t *)(q + b * ACT_BLOCK);
        __m512i total;

        d[b] = most / ACT_MOST;
        scale = _mm512_set1_ps(most > 1e-30F ? ACT_MOST / most : 0);
        total = split(lo, scale, bytes, bytes + ACT_BLOCK);
        total = _mm512_add_epi32(total, split(hi, scale, bytes + LANES, bytes + ACT_BLOCK + LANES));
        sum[b] = _mm512_reduce_add_epi32(total);
    }
}

static void rms_norm(const float *x, const float *gain, size_t n, float eps, float *out)
{
    __m512 squares = _mm512_setzero_ps(), scale;

    for (size_t i = 0; i < n; i += LANES) {
        __m512 v = _mm512_maskz_loadu_ps(first_lanes(n - i), x + i);

        squares = _mm512_fmadd_ps(v, v, squares);
    }
    scale = _mm512_set1_ps(1 / sqrtf(_mm512_reduce_add_ps(squares) / (float)n + eps));
    for (size_t i = 0; i < n; i += LANES) {
        __mmask16 some = first_lanes(n - i);
        __m512 v = _mm512_mul_ps(_mm512_maskz_loadu_ps(some, x + i), scale);

        _mm512_mask_storeu_ps(out + i, some, _mm512_mul_ps(v, _mm512_maskz_loadu_ps(some, gain + i)));
    }
}

static void silu_mul(float *gate, const float *up, size_t n)
{
    const __m512 one = _mm512_set1_ps(1);

    for (size_t i = 0; i < n; i += LANES) {
        __mmask16 some = first_lanes(n - i);
        __m512 g = _mm512_maskz_loadu_ps(some, gate + i), u = _mm512_maskz_loadu_ps(some, up + i);
        __m512 below = _mm512_add_ps(one, exp_lanes(_mm512_sub_ps(_mm512_setzero_ps(), g)));

        _mm512_mask_storeu_ps(gate + i, some, _mm512_mul_ps(_mm512_div_ps(g, below), u));
    }
}

static void swiglu_clamped(float *gate, const float *up, size_t n)
{
    const __m512 one = _mm512_set1_ps(1), limit = _mm512_set1_ps(7), alpha = _mm512_set1_ps(-1.702F);

    for (size_t i = 0; i < n; i += LANES) {
        __mmask16 some = first_lanes(n - i);
        __m512 g = _mm512_min_ps(_mm512_maskz_loadu_ps(some, gate + i), limit);
        __m512 u = _mm512_min_ps(_mm512_maskz_loadu_ps(some, up + i), limit);
        __m512 below = _mm512_add_ps(one, exp_lanes(_mm512_mul_ps(alpha, g)));

        u = _mm512_add_ps(_mm512_max_ps(u, _mm512_set1_ps(-7)), one);
        _mm512_mask_storeu_ps(gate + i, some, _mm512_mul_ps(_mm512_div_ps(g, below), u));
    }
}

static void add_scaled(float *x, const float *y, size_t n, float scale)
{
    for (size_t i = 0; i < n; i += LANES) {
        __mmask16 some = first_lanes(n - i);
        __m512 v = _mm512_fmadd_ps(_mm512_maskz_loadu_ps(some, y + i), _mm512_set1_ps(scale),
                                   _mm512_maskz_loadu_ps(some, x + i));

        _mm512_mask_storeu_ps(x + i, some, v);
    }
}

static void to_half(const float *x, size_t n, uint16_t *out)
{
    for (size_t i = 0; i < n; i += LANES) {
        __mmask16 some = first_lanes(n - i);

        _mm256_mask_storeu_epi16(out + i, some,
                                 _mm512_cvtps_ph(_mm512_maskz_loadu_ps(some, x + i),
                                                 _MM_FROUND_TO_NEAREST_INT | _MM_FROUND_NO_EXC));
    }
}

/* ---- Q8_0 ---------------------------------------------------------------------------------------------- */

static void pack_q8_0(const uint8_t *rows, size_t n_in, uint8_t *out)
{
    size_t blocks = n_in / Q8_0_VALUES;
    uint8_t *scales = out + n_in * GROUP;

    for (size_t r = 0; r < GROUP; r++) {
        for (size_t b = 0; b < blocks; b++) {
            struct block_q8_0 block;

            memcpy(&block, rows + (r * blocks + b) * sizeof(block), sizeof(block));
            for (size_t i = 0; i < Q8_0_VALUES; i++)
                out[b * Q8_0_VALUES * GROUP + (i / 4 * GROUP + r) * 4 + i % 4] = (uint8_t)(block.q[i] + 128);
            memcpy(scales + (b * GROUP + r) * sizeof(block.d), &block.d, sizeof(block.d));
        }
    }
}

static void row_q8_0(const struct weight *w, size_t mat, size_t row, float *out)
{
    const uint8_t *group = weight_plain_at(w, mat, row / GROUP * GROUP);
    size_t r = row % GROUP;

    for (size_t i = 0; i < w->n_in; i++) {
        size_t b = i / Q8_0_VALUES, k = i % Q8_0_VALUES;
        uint16_t d;

        memcpy(&d, group + w->n_in * GROUP + (b * GROUP + r) * sizeof(d), sizeof(d));
        out[i] = half_to_float(d) *
                 (float)(group[b * Q8_0_VALUES * GROUP + (k / 4 * GROUP + r) * 4 + k % 4] - 128);
    }
}

INLINE __m512i four_bytes(const int8_t *from)
{
    int32_t four;

    memcpy(&four, from, sizeof(four));
    return _mm512_set1_epi32(four);
}

/* G groups of 16 outputs for R rows, G * R at most 8. No sum exceeds 2 * 255 * 32 * ACT_MOST < 2^31. */
INLINE void tile_q8_0(const uint8_t *group, size_t group_bytes, size_t G, size_t n_in, const struct acts *x,
                      const uint32_t *pick, size_t R, float *y, size_t stride, __mmask16 outputs)
{
    const int8_t *q[8];
    const float *d[8];
    const int32_t *sum[8];
    __m512 total[8];

    UNROLL
    for (size_t r = 0; r < R; r++) {
        q[r] = (const int8_t *)(x->q + pick[r] * x->width);
        d[r] = x->d + pick[r] * (x->width / ACT_BLOCK);
        sum[r] = x->sum + pick[r] * (x->width / ACT_BLOCK);
    }
    UNROLL
    for (size_t t = 0; t < G * R; t++)
        total[t] = _mm512_setzero_ps();
    for (size_t b = 0; b < n_in / Q8_0_VALUES; b++) {
        __m512i high[8], low[8];

        UNROLL
        for (size_t t = 0; t < G * R; t++) {
            high[t] = _mm512_setzero_si512();
            low[t] = _mm512_set1_epi32(-128 * sum[t / G][b]);
        }
        UNROLL
        for (size_t k = 0; k < STEPS; k++) {
            UNROLL
            for (size_t t = 0; t < G * R; t++) {
                const uint8_t *at = group + t % G * group_bytes + (b * STEPS + k) * 64;
                const int8_t *from = q[t / G] + b * 2 * ACT_BLOCK + 4 * k;
                __m512i w = _mm512_loadu_si512(at);

                if (R == 1) _mm_prefetch(at + AHEAD, _MM_HINT_T0);
                high[t] = _mm512_dpbusd_epi32(high[t], w, four_bytes(from));
                low[t] = _mm512_dpbusd_epi32(low[t], w, four_bytes(from + ACT_BLOCK));
            }
        }
        UNROLL
        for (size_t t = 0; t < G * R; t++) {
            const uint8_t *scales = group + t % G * group_bytes + n_in * GROUP;
            __m512 scale = _mm512_cvtph_ps(_mm256_loadu_si256((const __m256i *)(scales + b * GROUP * 2)));
            __m512i dot = _mm512_add_epi32(low[t], _mm512_mullo_epi32(high[t], _mm512_set1_epi32(254)));

            total[t] = _mm512_fmadd_ps(_mm512_cvtepi32_ps(dot),
                                       _mm512_mul_ps(scale, _mm512_set1_ps(d[t / G][b])), total[t]);
        }
    }
    UNROLL
    for (size_t t = 0; t < G * R; t++)
        _mm512_mask_storeu_ps(y + t / G * stride + t % G * GROUP, t % G + 1 < G ? 0xFFFF : outputs, total[t]);
}

static void matmul_q8_0(const struct weight *w, size_t mat, size_t first, size_t last, const struct acts *x,
                        const uint32_t *pick, size_t n, float *y, size_t stride)
{
    size_t bytes = GROUP * w->row_bytes;

    for (size_t o = first, groups; o < last; o += groups * GROUP) {
        const uint8_t *group = weight_plain_at(w, mat, o);
        float *out = y + o;
        size_t i = 0;

        /* few rows: two streams of weights hide the memory's delay */
        groups = n < 4 && o + GROUP < last ? 2 : 1;
        __mmask16 outputs = first_lanes(last - o - (groups - 1) * GROUP);
        if (groups == 2) {
            for (; i < n; i++)
                tile_q8_0(group, bytes, 2, w->n_in, x, pick + i, 1, out + i * stride, stride, outputs);
            continue;
        }
        for (; i + 8 <= n; i += 8)
            tile_q8_0(group, bytes, 1, w->n_in, x, pick + i, 8, out + i * stride, stride, outputs);
        for (; i + 4 <= n; i += 4)
            tile_q8_0(group, bytes, 1, w->n_in, x, pick + i, 4, out + i * stride, stride, outputs);
        for (; i < n; i++)
            tile_q8_0(group, bytes, 1, w->n_in, x, pick + i, 1, out + i * stride, stride, outputs);
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

#define MATMUL(name, type)                                                                                   \
    static void name(const struct weight *w, size_t mat, size_t first, size_t last, const struct acts *x,    \
                     const uint32_t *pick, size_t n, float *y, size_t stride)                                \
    {                                                                                                        \
        matmul_float(type, w, mat, first, last, x, pick, n, y, stride);                                      \
    }
MATMUL(matmul_f32, TYPE_F32)
MATMUL(matmul_f16, TYPE_F16)
MATMUL(matmul_bf16, TYPE_BF16)

/* ---- attention ----------------------------------------------------------------------------------------- */

/* Scores of N heads into the running softmax; a position's values are `stride` apart. */
INLINE void add_block(size_t N, __m512 scores[][2], size_t first, size_t last, const uint16_t *v,
                      size_t n_value, size_t stride, float *max, float *sum, float *acc)
{
    const __m512 never = _mm512_set1_ps(-INFINITY);
    __mmask16 lo = first_lanes(last) & (__mmask16)~first_lanes(first), hi = 0;
    __m512 shrink[4];
    float p[4][KV_BLOCK];

    if (last > LANES)
        hi = first_lanes(last - LANES) & (__mmask16)~first_lanes(first > LANES ? first - LANES : 0);
    UNROLL
    for (size_t h = 0; h < N; h++) {
        __m512 s0 = _mm512_mask_mov_ps(never, lo, scores[h][0]),
               s1 = _mm512_mask_mov_ps(never, hi, scores[h][1]);
        float most = fmaxf(max[h], _mm512_reduce_max_ps(_mm512_max_ps(s0, s1)));

        shrink[h] = exp_lanes(_mm512_set1_ps(max[h] - most));
        s0 = _mm512_maskz_mov_ps(lo, exp_lanes(_mm512_sub_ps(s0, _mm512_set1_ps(most))));
        s1 = _mm512_maskz_mov_ps(hi, exp_lanes(_mm512_sub_ps(s1, _mm512_set1_ps(most))));
        max[h] = most;
        sum[h] = sum[h] * _mm512_cvtss_f32(shrink[h]) + _mm512_reduce_add_ps(_mm512_add_ps(s0, s1));
        _mm512_storeu_ps(p[h], s0);
        _mm512_storeu_ps(p[h] + LANES, s1);
    }
    for (size_t d = 0; d < n_value; d += LANES) {
        __mmask16 some = first_lanes(n_value - d);
        __m512 total[4];

        UNROLL
        for (size_t h = 0; h < N; h++)
            total[h] = _mm512_mul_ps(_mm512_maskz_loadu_ps(some, acc + h * n_value + d), shrink[h]);
        for (size_t j = first; j < last; j++) {
            __m512 values = _mm512_cvtph_ps(_mm256_maskz_loadu_epi16(some, v + j * stride + d));

            UNROLL
            for (size_t h = 0; h < N; h++)
                total[h] = _mm512_fmadd_ps(_mm512_set1_ps(p[h][j]), values, total[h]);
        }
        UNROLL
        for (size_t h = 0; h < N; h++)
            _mm512_mask_storeu_ps(acc + h * n_value + d, some, total[h]);
    }
}

/* N heads that share keys and values. */
INLINE void attend_heads(size_t head, size_t N, const float *q, const uint16_t *k, const uint16_t *v,
                         size_t first, size_t last, float *max, float *sum, float *acc)
{
    __m512 scores[4][2];

    UNROLL
    for (size_t h = 0; h < N; h++)
        scores[h][0] = scores[h][1] = _mm512_setzero_ps();
    for (size_t d = 0; d < head; d++) {
        __m512 k0 = _mm512_cvtph_ps(_mm256_loadu_si256((const __m256i *)(k + d * KV_BLOCK)));
        __m512 k1 = _mm512_cvtph_ps(_mm256_loadu_si256((const __m256i *)(k + d * KV_BLOCK + LANES)));

        UNROLL
        for (size_t h = 0; h < N; h++) {
            __m512 one = _mm512_set1_ps(q[h * head + d]);

            scores[h][0] = _mm512_fmadd_ps(one, k0, scores[h][0]);
            scores[h][1] = _mm512_fmadd_ps(one, k1, scores[h][1]);
        }
    }
    add_block(N, scores, first, last, v, head, head, max, sum, acc);
}

static void attend(size_t head, size_t n, const float *q, const uint16_t *k, const uint16_t *v, size_t first,
                   size_t last, float *max, float *sum, float *acc)
{
    size_t i = 0;

    for (; i + 4 <= n; i += 4)
        attend_heads(head, 4, q + i * head, k, v, first, last, max + i, sum + i, acc + i * head);
    for (; i + 2 <= n; i += 2)
        attend_heads(head, 2, q + i * head, k, v, first, last, max + i, sum + i, acc + i * head);
    for (; i < n; i++)
        attend_heads(head, 1, q + i * head, k, v, first, last, max + i, sum + i, acc + i * head);
}

/* N heads times the keys of P positions, to p[head][position]. */
INLINE void score_latent(size_t n_key, size_t N, size_t P, const float *q, const uint16_t *k, float *p)
{
    __m512 total[4][4];

    UNROLL
    for (size_t h = 0; h < N; h++)
        UNROLL
    for (size_t j = 0; j < P; j++)
        total[h][j] = _mm512_setzero_ps();
    for (size_t d = 0; d < n_key; d += LANES) {
        __mmask16 some = first_lanes(n_key - d);
        __m512 keys[4];

        UNROLL
        for (size_t j = 0; j < P; j++)
            keys[j] = _mm512_cvtph_ps(_mm256_maskz_loadu_epi16(some, k + j * n_key + d));
        UNROLL
        for (size_t h = 0; h < N; h++) {
            __m512 query = _mm512_maskz_loadu_ps(some, q + h * n_key + d);

            UNROLL
            for (size_t j = 0; j < P; j++)
                total[h][j] = _mm512_fmadd_ps(query, keys[j], total[h][j]);
        }
    }
    UNROLL
    for (size_t h = 0; h < N; h++)
        UNROLL
    for (size_t j = 0; j < P; j++)
        p[h * KV_BLOCK + j] = _mm512_reduce_add_ps(total[h][j]);
}

INLINE void attend_latent_heads(size_t n_key, size_t n_value, size_t N, const float *q, const uint16_t *k,
                                size_t first, size_t last, float *max, float *sum, float *acc)
{
    float p[4][KV_BLOCK] = {{0}};
    __m512 scores[4][2];
    size_t j = first;

    for (; j + 4 <= last; j += 4)
        score_latent(n_key, N, 4, q, k + j * n_key, &p[0][j]);
    for (; j < last; j++)
        score_latent(n_key, N, 1, q, k + j * n_key, &p[0][j]);
    UNROLL
    for (size_t h = 0; h < N; h++) {
        scores[h][0] = _mm512_loadu_ps(p[h]);
        scores[h][1] = _mm512_loadu_ps(p[h] + LANES);
    }
    add_block(N, scores, first, last, k, n_value, n_key, max, sum, acc);
}

static void attend_latent(size_t n_key, size_t n_value, size_t n, const float *q, const uint16_t *k,
                          size_t first, size_t last, float *max, float *sum, float *acc)
{
    size_t i = 0;

    for (; i + 4 <= n; i += 4)
        attend_latent_heads(n_key, n_value, 4, q + i * n_key, k, first, last, max + i, sum + i,
                            acc + i * n_value);
    for (; i < n; i++)
        attend_latent_heads(n_key, n_value, 1, q + i * n_key, k, first, last, max + i, sum + i,
                            acc + i * n_value);
}

static const struct weight_format formats[] = {
    {TYPE_F32, false, 1, NULL, weight_plain_row, matmul_f32},
    {TYPE_F16, false, 1, NULL, weight_plain_row, matmul_f16},
    {TYPE_BF16, false, 1, NULL, weight_plain_row, matmul_bf16},
    {TYPE_Q8_0, true, GROUP, pack_q8_0, row_q8_0, matmul_q8_0},
};

static const struct kernels table = {
    .name = "avx512",
    .formats = formats,
    .n_formats = sizeof(formats) / sizeof(formats[0]),
    .quantise = quantise,
    .rms_norm = rms_norm,
    .silu_mul = silu_mul,
    .swiglu_clamped = swiglu_clamped,
    .add_scaled = add_scaled,
    .to_half = to_half,
    .attend = attend,
    .attend_latent = attend_latent,
};

const struct kernels *kernels_avx512(void)
{
    bool have = __builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512bw") &&
                __builtin_cpu_supports("avx512vl") && __builtin_cpu_supports("avx512dq") &&
                __builtin_cpu_supports("avx512vnni") && __builtin_cpu_supports("fma");

    return have ? &table : NULL;
}

#else

const struct kernels *kernels_avx512(void)
{
    return NULL;
}

#endif
