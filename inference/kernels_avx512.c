/* kernels_avx512.c: AVX-512 with VNNI (Intel from Ice Lake on, AMD from Zen 4 on); its products are in
 * matmul_avx512.c. */
#include "kernels.h"

#if defined(__AVX512F__) && defined(__AVX512BW__) && defined(__AVX512VL__) && defined(__AVX512DQ__) &&       \
    defined(__AVX512VNNI__) && defined(__F16C__)

#include <math.h>
#include <string.h>
#include "lanes.h"
#include "matmul.h"

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

/* The scale that brings the largest of n values, whole blocks, to `top`; 0 if that is nothing or no number. */
INLINE __m512 scale_of(const float *x, size_t n, float top, float *d)
{
    __m512 most16 = _mm512_setzero_ps();
    float most;

    for (size_t i = 0; i < n; i += LANES)
        most16 = _mm512_max_ps(_mm512_abs_ps(_mm512_loadu_ps(x + i)), most16);
    most = _mm512_reduce_max_ps(most16);
    if (!(most < INFINITY)) most = 0; /* a broken model */
    *d = most / top;
    return _mm512_set1_ps(most > 1e-30F ? top / most : 0);
}

/* 16 values to integers; what is no number or infinite becomes 0. */
INLINE __m512i scaled(__m512 v, __m512 scale)
{
    __mmask16 finite = _mm512_cmp_ps_mask(_mm512_abs_ps(v), _mm512_set1_ps(INFINITY), _CMP_LT_OQ);

    return _mm512_cvtps_epi32(_mm512_maskz_mul_ps(finite, v, scale));
}

INLINE void quantise_any(bool wide, const float *x, size_t n, size_t blocks, struct act_block *out, int8_t *low)
{
    __m512 scale = _mm512_setzero_ps();
    float d = 0;

    for (size_t b = 0; b < n / ACT_BLOCK; b++, x += ACT_BLOCK, out++) {
        if (b % blocks == 0) scale = scale_of(x, blocks * ACT_BLOCK, wide ? ACT_MOST_WIDE : 127, &d);
        out->d = d;
        UNROLL
        for (size_t k = 0; k < 2; k++) {
            __m512i q = scaled(_mm512_loadu_ps(x + k * LANES), scale), high = q;

            if (wide) {
                high = _mm512_cvtps_epi32(_mm512_mul_ps(_mm512_cvtepi32_ps(q), _mm512_set1_ps(1.0F / 254)));
                __m512i rest = _mm512_sub_epi32(q, _mm512_mullo_epi32(high, _mm512_set1_epi32(254)));

                _mm_storeu_si128((__m128i *)(low + b * ACT_BLOCK + k * LANES), _mm512_cvtsepi32_epi8(rest));
            }
            _mm_storeu_si128((__m128i *)(out->q + k * LANES), _mm512_cvtsepi32_epi8(high));
            out->minus_half[k] = -_mm512_reduce_add_epi32(q);
        }
        out->minus_sum = out->minus_half[0] + out->minus_half[1];
        out->sum = -out->d * (float)out->minus_sum;
    }
}

static void quantise(const float *x, size_t n, size_t blocks, struct act_block *out, int8_t *low)
{
    quantise_any(false, x, n, blocks, out, low);
}

static void quantise_wide(const float *x, size_t n, size_t blocks, struct act_block *out, int8_t *low)
{
    quantise_any(true, x, n, blocks, out, low);
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

static uint16_t to_bytes(const float *x, size_t n, int8_t *out)
{
    const __m512 infinite = _mm512_set1_ps(INFINITY);
    __m512 v[2], most = _mm512_setzero_ps(), d;
    uint16_t half;
    float scale;

    for (size_t k = 0; k < 2; k++) {
        v[k] = _mm512_maskz_loadu_ps(first_lanes(n < k * LANES ? 0 : n - k * LANES), x + k * LANES);
        v[k] = _mm512_maskz_mov_ps(_mm512_cmp_ps_mask(_mm512_abs_ps(v[k]), infinite, _CMP_LT_OQ), v[k]);
        most = _mm512_max_ps(most, _mm512_abs_ps(v[k]));
    }
    half = (uint16_t)_cvtss_sh(_mm512_reduce_max_ps(most) / 127, _MM_FROUND_TO_NEAREST_INT | _MM_FROUND_NO_EXC);
    scale = _cvtsh_ss(half);
    d = _mm512_set1_ps(scale > 0 ? 1 / scale : 0);
    for (size_t k = 0; k < 2; k++) {
        __m512 q = _mm512_min_ps(_mm512_max_ps(_mm512_mul_ps(v[k], d), _mm512_set1_ps(-127)), _mm512_set1_ps(127));

        _mm_mask_storeu_epi8(out + k * LANES, first_lanes(n < k * LANES ? 0 : n - k * LANES),
                             _mm512_cvtsepi32_epi8(_mm512_cvtps_epi32(q)));
    }
    return half;
}

/* ---- attention ----------------------------------------------------------------------------------------- */

/* Numbers `at` and following of a cache, without their scale. */
INLINE __m512 cached(enum kv_type type, const uint8_t *rows, size_t at, __mmask16 some)
{
    if (type == KV_F16) return _mm512_cvtph_ps(_mm256_maskz_loadu_epi16(some, rows + 2 * at));
    return _mm512_cvtepi32_ps(_mm512_cvtepi8_epi32(_mm_maskz_loadu_epi8(some, rows + at)));
}

/* Scales of positions j and following for value d of rows of n values. */
INLINE __m512 scales_of(const uint8_t *rows, size_t n, size_t d, size_t j)
{
    return _mm512_cvtph_ps(_mm256_loadu_si256(
        (const __m256i *)(rows + KV_BLOCK * n + (d / KV_SCALED * KV_BLOCK + j) * sizeof(uint16_t))));
}

#define MOST_QUERIES 8 /* taken at a time: 16 sums of scores, and 8 of values */

/* The lowest n bits, n up to KV_BLOCK. */
INLINE uint32_t first_bits(size_t n)
{
    return (uint32_t)((UINT64_C(1) << n) - 1);
}

#define MOST_TOGETHER 4 /* registers of values: so many sums in flight that none waits for itself */

/* Scores of N queries into the running softmax; a position's values are the first n_value of n. */
INLINE void add_block(enum kv_type type, size_t N, __m512 scores[][2], const uint8_t *v, size_t n_value, size_t n,
                      const struct query *to)
{
    const size_t D = N <= 2 && type == KV_F16 ? MOST_TOGETHER : KV_SCALED / LANES;
    const struct span all = queries_see(to, N);
    const __m512 never = _mm512_set1_ps(-INFINITY);
    __m512 shrink[MOST_QUERIES];
    float p[MOST_QUERIES][KV_BLOCK], scaled[MOST_QUERIES][KV_BLOCK];
    float (*weights)[KV_BLOCK] = type == KV_Q8 ? scaled : p;

    UNROLL
    for (size_t h = 0; h < N; h++) {
        uint32_t seen = first_bits(to[h].last) & ~first_bits(to[h].first);
        __mmask16 lo = (__mmask16)seen, hi = (__mmask16)(seen >> LANES);
        __m512 s0 = _mm512_mask_mov_ps(never, lo, scores[h][0]),
               s1 = _mm512_mask_mov_ps(never, hi, scores[h][1]);
        float most = fmaxf(*to[h].max, _mm512_reduce_max_ps(_mm512_max_ps(s0, s1)));

        shrink[h] = exp_lanes(_mm512_set1_ps(*to[h].max - most));
        s0 = _mm512_maskz_mov_ps(lo, exp_lanes(_mm512_sub_ps(s0, _mm512_set1_ps(most))));
        s1 = _mm512_maskz_mov_ps(hi, exp_lanes(_mm512_sub_ps(s1, _mm512_set1_ps(most))));
        *to[h].max = most;
        *to[h].sum = *to[h].sum * _mm512_cvtss_f32(shrink[h]) + _mm512_reduce_add_ps(_mm512_add_ps(s0, s1));
        _mm512_storeu_ps(p[h], s0);
        _mm512_storeu_ps(p[h] + LANES, s1);
    }
    for (size_t d = 0; d < n_value; d += D * LANES) {
        __m512 total[MOST_QUERIES][MOST_TOGETHER];
        __mmask16 some[MOST_TOGETHER];

        UNROLL
        for (size_t i = 0; i < D; i++) {
            some[i] = d + i * LANES < n_value ? first_lanes(n_value - d - i * LANES) : 0;
            UNROLL
            for (size_t h = 0; h < N; h++)
                total[h][i] = _mm512_mul_ps(_mm512_maskz_loadu_ps(some[i], to[h].acc + d + i * LANES), shrink[h]);
        }
        for (size_t h = 0; h < N && type == KV_Q8; h++)
            for (size_t j = 0; j < KV_BLOCK; j += LANES)
                _mm512_storeu_ps(scaled[h] + j, _mm512_mul_ps(_mm512_loadu_ps(p[h] + j), scales_of(v, n, d, j)));
        for (size_t j = all.first; j < all.last; j++) {
            __m512 values[MOST_TOGETHER];

            UNROLL
            for (size_t i = 0; i < D; i++)
                values[i] = cached(type, v, j * n + d + i * LANES, some[i]);
            UNROLL
            for (size_t h = 0; h < N; h++)
                UNROLL
            for (size_t i = 0; i < D; i++)
                total[h][i] = _mm512_fmadd_ps(_mm512_set1_ps(weights[h][j]), values[i], total[h][i]);
        }
        UNROLL
        for (size_t h = 0; h < N; h++)
            UNROLL
        for (size_t i = 0; i < D; i++)
            _mm512_mask_storeu_ps(to[h].acc + d + i * LANES, some[i], total[h][i]);
    }
}

/* N queries that share keys and values. */
INLINE void attend_heads(enum kv_type type, size_t head, const struct query *queries, size_t N, const uint8_t *k,
                         const uint8_t *v)
{
    __m512 scores[MOST_QUERIES][2], scale[2] = {_mm512_setzero_ps(), _mm512_setzero_ps()};

    UNROLL
    for (size_t h = 0; h < N; h++)
        scores[h][0] = scores[h][1] = _mm512_setzero_ps();
    for (size_t d = 0; d < head; d++) {
        __m512 k0 = cached(type, k, d * KV_BLOCK, 0xFFFF), k1 = cached(type, k, d * KV_BLOCK + LANES, 0xFFFF);

        if (type == KV_Q8) {
            if (d % KV_SCALED == 0) {
                scale[0] = scales_of(k, head, d, 0);
                scale[1] = scales_of(k, head, d, LANES);
            }
            k0 = _mm512_mul_ps(k0, scale[0]);
            k1 = _mm512_mul_ps(k1, scale[1]);
        }
        UNROLL
        for (size_t h = 0; h < N; h++) {
            __m512 one = _mm512_set1_ps(queries[h].q[d]);

            scores[h][0] = _mm512_fmadd_ps(one, k0, scores[h][0]);
            scores[h][1] = _mm512_fmadd_ps(one, k1, scores[h][1]);
        }
    }
    add_block(type, N, scores, v, head, head, queries);
}

INLINE void attend_any(enum kv_type type, size_t head, const struct query *queries, size_t n, const uint8_t *k,
                       const uint8_t *v)
{
    size_t i = 0;

    for (; i + MOST_QUERIES <= n; i += MOST_QUERIES)
        attend_heads(type, head, queries + i, MOST_QUERIES, k, v);
    for (; i + 4 <= n; i += 4)
        attend_heads(type, head, queries + i, 4, k, v);
    for (; i + 2 <= n; i += 2)
        attend_heads(type, head, queries + i, 2, k, v);
    for (; i < n; i++)
        attend_heads(type, head, queries + i, 1, k, v);
}

static void attend(enum kv_type type, size_t head, const struct query *queries, size_t n, const uint8_t *k, const uint8_t *v)
{
    if (type == KV_Q8)
        attend_any(KV_Q8, head, queries, n, k, v);
    else
        attend_any(KV_F16, head, queries, n, k, v);
}

/* Scale of position j for value d of rows of n values. */
INLINE __m512 scale_at(const uint8_t *rows, size_t n, size_t d, size_t j)
{
    uint16_t half;

    memcpy(&half, rows + KV_BLOCK * n + (d / KV_SCALED * KV_BLOCK + j) * sizeof(half), sizeof(half));
    return _mm512_set1_ps(_cvtsh_ss(half));
}

/* N heads times the keys of positions `first` and following, P of them, to p[head][position]. */
INLINE void score_latent(enum kv_type type, size_t n_key, const struct query *queries, size_t N, size_t first, size_t P,
                         const uint8_t *k, float *p)
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
        for (size_t j = 0; j < P; j++) {
            keys[j] = cached(type, k, (first + j) * n_key + d, some);
            if (type == KV_Q8) keys[j] = _mm512_mul_ps(keys[j], scale_at(k, n_key, d, first + j));
        }
        UNROLL
        for (size_t h = 0; h < N; h++) {
            __m512 query = _mm512_maskz_loadu_ps(some, queries[h].q + d);

            UNROLL
            for (size_t j = 0; j < P; j++)
                total[h][j] = _mm512_fmadd_ps(query, keys[j], total[h][j]);
        }
    }
    UNROLL
    for (size_t h = 0; h < N; h++)
        UNROLL
    for (size_t j = 0; j < P; j++)
        p[h * KV_BLOCK + first + j] = _mm512_reduce_add_ps(total[h][j]);
}

INLINE void attend_latent_heads(enum kv_type type, size_t n_key, size_t n_value, const struct query *queries, size_t N,
                                const uint8_t *k)
{
    const struct span all = queries_see(queries, N);
    float p[4][KV_BLOCK] = {{0}};
    __m512 scores[4][2];
    size_t j = all.first;

    for (; j + 4 <= all.last; j += 4)
        score_latent(type, n_key, queries, N, j, 4, k, p[0]);
    for (; j < all.last; j++)
        score_latent(type, n_key, queries, N, j, 1, k, p[0]);
    UNROLL
    for (size_t h = 0; h < N; h++) {
        scores[h][0] = _mm512_loadu_ps(p[h]);
        scores[h][1] = _mm512_loadu_ps(p[h] + LANES);
    }
    add_block(type, N, scores, k, n_value, n_key, queries);
}

INLINE void attend_latent_any(enum kv_type type, size_t n_key, size_t n_value, const struct query *queries, size_t n,
                              const uint8_t *k)
{
    size_t i = 0;

    for (; i + 4 <= n; i += 4)
        attend_latent_heads(type, n_key, n_value, queries + i, 4, k);
    for (; i < n; i++)
        attend_latent_heads(type, n_key, n_value, queries + i, 1, k);
}

static void attend_latent(enum kv_type type, size_t n_key, size_t n_value, const struct query *queries, size_t n,
                          const uint8_t *k)
{
    if (type == KV_Q8)
        attend_latent_any(KV_Q8, n_key, n_value, queries, n, k);
    else
        attend_latent_any(KV_F16, n_key, n_value, queries, n, k);
}

/* What the tables below have in common. */
#define COMMON                                                                                               \
    .n_formats = MATMUL_FORMATS, .rms_norm = rms_norm, .silu_mul = silu_mul,                                 \
    .swiglu_clamped = swiglu_clamped, .add_scaled = add_scaled, .to_half = to_half, .to_bytes = to_bytes,    \
    .attend = attend, .attend_latent = attend_latent

static const struct kernels wide = {.name = "avx512", .formats = matmul_avx512_wide, .quantise = quantise_wide, COMMON};
static const struct kernels table = {
    .name = "avx512", .wide = &wide, .formats = matmul_avx512, .quantise = quantise, COMMON};

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
