/* kernels_avx2.c: AVX2, FMA and F16C (Intel from Haswell on, AMD from Zen on); its products are in matmul_avx2.c. */
#include "kernels.h"

#if defined(__AVX2__) && defined(__FMA__) && defined(__F16C__)

#include <math.h>
#include <string.h>
#include "lanes.h"
#include "matmul.h"

INLINE float max_lanes(__m256 v)
{
    __m128 s = _mm_max_ps(_mm256_castps256_ps128(v), _mm256_extractf128_ps(v, 1));

    s = _mm_max_ps(s, _mm_movehl_ps(s, s));
    return _mm_cvtss_f32(_mm_max_ss(s, _mm_shuffle_ps(s, s, 1)));
}

INLINE __m256 abs_lanes(__m256 v)
{
    return _mm256_andnot_ps(_mm256_set1_ps(-0.0F), v);
}

/* As in kernels_avx512.c; 2^n by way of the exponent bits, n from -126 to 127. */
INLINE __m256 exp_lanes(__m256 x)
{
    __m256 n, r, p;

    x = _mm256_min_ps(_mm256_max_ps(x, _mm256_set1_ps(-87)), _mm256_set1_ps(88));
    n = _mm256_round_ps(_mm256_mul_ps(x, _mm256_set1_ps(1.44269504F)),
                        _MM_FROUND_TO_NEAREST_INT | _MM_FROUND_NO_EXC);
    r = _mm256_fnmadd_ps(n, _mm256_set1_ps(0.693145752F), x);
    r = _mm256_fnmadd_ps(n, _mm256_set1_ps(1.42860677e-6F), r);
    p = _mm256_set1_ps(1.0F / 5040);
    p = _mm256_fmadd_ps(p, r, _mm256_set1_ps(1.0F / 720));
    p = _mm256_fmadd_ps(p, r, _mm256_set1_ps(1.0F / 120));
    p = _mm256_fmadd_ps(p, r, _mm256_set1_ps(1.0F / 24));
    p = _mm256_fmadd_ps(p, r, _mm256_set1_ps(1.0F / 6));
    p = _mm256_fmadd_ps(p, r, _mm256_set1_ps(0.5F));
    p = _mm256_fmadd_ps(p, r, _mm256_set1_ps(1));
    p = _mm256_fmadd_ps(p, r, _mm256_set1_ps(1));
    return _mm256_mul_ps(p, _mm256_castsi256_ps(_mm256_slli_epi32(
                                _mm256_add_epi32(_mm256_cvtps_epi32(n), _mm256_set1_epi32(127)), 23)));
}

/* ---- rows ---------------------------------------------------------------------------------------------- */

/* The scale that brings the largest of n values, whole blocks, to `top`; 0 if that is nothing or no number. */
INLINE __m256 scale_of(const float *x, size_t n, float top, float *d)
{
    __m256 most8 = _mm256_setzero_ps();
    float most;

    for (size_t i = 0; i < n; i += LANES)
        most8 = _mm256_max_ps(abs_lanes(_mm256_loadu_ps(x + i)), most8);
    most = max_lanes(most8);
    if (!(most < INFINITY)) most = 0; /* a broken model */
    *d = most / top;
    return _mm256_set1_ps(most > 1e-30F ? top / most : 0);
}

/* 32 values to integers; what is no number or infinite becomes 0. */
INLINE void scaled(const float *x, __m256 scale, __m256i q[4])
{
    UNROLL
    for (size_t k = 0; k < 4; k++) {
        __m256 v = _mm256_loadu_ps(x + k * LANES);

        v = _mm256_and_ps(v, _mm256_cmp_ps(abs_lanes(v), _mm256_set1_ps(INFINITY), _CMP_LT_OQ));
        q[k] = _mm256_cvtps_epi32(_mm256_mul_ps(v, scale));
    }
}

/* 32 small integers to bytes. */
INLINE void store_bytes(int8_t *to, const __m256i q[4])
{
    UNROLL
    for (size_t k = 0; k < 2; k++) {
        __m256i words = _mm256_packs_epi32(q[2 * k], q[2 * k + 1]);

        words = _mm256_permute4x64_epi64(words, 0xD8); /* packing works within halves: undo their order */
        _mm_storeu_si128((__m128i *)(to + k * 16),
                         _mm_packs_epi16(_mm256_castsi256_si128(words), _mm256_extracti128_si256(words, 1)));
    }
}

INLINE void store_sums(struct act_block *out, const __m256i q[4])
{
    UNROLL
    for (size_t k = 0; k < 2; k++)
        out->minus_half[k] = -(int32_t)add_lanes(_mm256_cvtepi32_ps(_mm256_add_epi32(q[2 * k], q[2 * k + 1])));
    out->minus_sum = out->minus_half[0] + out->minus_half[1];
    out->sum = -out->d * (float)out->minus_sum;
}

INLINE void quantise_any(bool wide, const float *x, size_t n, size_t blocks, struct act_block *out, int8_t *low)
{
    __m256 scale = _mm256_setzero_ps();
    float d = 0;

    for (size_t b = 0; b < n / ACT_BLOCK; b++, x += ACT_BLOCK, out++) {
        __m256i q[4], high[4], rest[4];

        if (b % blocks == 0) scale = scale_of(x, blocks * ACT_BLOCK, wide ? ACT_MOST_WIDE : 127, &d);
        out->d = d;
        scaled(x, scale, q);
        UNROLL
        for (size_t k = 0; wide && k < 4; k++) {
            high[k] = _mm256_cvtps_epi32(_mm256_mul_ps(_mm256_cvtepi32_ps(q[k]), _mm256_set1_ps(1.0F / 254)));
            rest[k] = _mm256_sub_epi32(q[k], _mm256_mullo_epi32(high[k], _mm256_set1_epi32(254)));
        }
        store_bytes(out->q, wide ? high : q);
        if (wide) store_bytes(low + b * ACT_BLOCK, rest);
        store_sums(out, q);
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
    __m256 squares = _mm256_setzero_ps(), scale;

    for (size_t i = 0; i < n; i += LANES) {
        __m256 v = _mm256_maskload_ps(x + i, mask_of(n - i));

        squares = _mm256_fmadd_ps(v, v, squares);
    }
    scale = _mm256_set1_ps(1 / sqrtf(add_lanes(squares) / (float)n + eps));
    for (size_t i = 0; i < n; i += LANES) {
        __m256i some = mask_of(n - i);
        __m256 v = _mm256_mul_ps(_mm256_maskload_ps(x + i, some), scale);

        _mm256_maskstore_ps(out + i, some, _mm256_mul_ps(v, _mm256_maskload_ps(gain + i, some)));
    }
}

static void silu_mul(float *gate, const float *up, size_t n)
{
    for (size_t i = 0; i < n; i += LANES) {
        __m256i some = mask_of(n - i);
        __m256 g = _mm256_maskload_ps(gate + i, some), u = _mm256_maskload_ps(up + i, some);
        __m256 below = _mm256_add_ps(_mm256_set1_ps(1), exp_lanes(_mm256_sub_ps(_mm256_setzero_ps(), g)));

        _mm256_maskstore_ps(gate + i, some, _mm256_mul_ps(_mm256_div_ps(g, below), u));
    }
}

static void swiglu_clamped(float *gate, const float *up, size_t n)
{
    const __m256 one = _mm256_set1_ps(1), limit = _mm256_set1_ps(7), alpha = _mm256_set1_ps(-1.702F);

    for (size_t i = 0; i < n; i += LANES) {
        __m256i some = mask_of(n - i);
        __m256 g = _mm256_min_ps(_mm256_maskload_ps(gate + i, some), limit);
        __m256 u = _mm256_min_ps(_mm256_maskload_ps(up + i, some), limit);
        __m256 below = _mm256_add_ps(one, exp_lanes(_mm256_mul_ps(alpha, g)));

        u = _mm256_add_ps(_mm256_max_ps(u, _mm256_set1_ps(-7)), one);
        _mm256_maskstore_ps(gate + i, some, _mm256_mul_ps(_mm256_div_ps(g, below), u));
    }
}

static void add_scaled(float *x, const float *y, size_t n, float scale)
{
    for (size_t i = 0; i < n; i += LANES) {
        __m256i some = mask_of(n - i);
        __m256 v = _mm256_fmadd_ps(_mm256_maskload_ps(y + i, some), _mm256_set1_ps(scale),
                                   _mm256_maskload_ps(x + i, some));

        _mm256_maskstore_ps(x + i, some, v);
    }
}

static void to_half(const float *x, size_t n, uint16_t *out)
{
    for (size_t i = 0; i < n; i += LANES) {
        uint16_t halves[LANES];
        size_t len = n - i < LANES ? n - i : LANES;

        _mm_storeu_si128((__m128i *)halves, _mm256_cvtps_ph(_mm256_maskload_ps(x + i, mask_of(n - i)),
                                                            _MM_FROUND_TO_NEAREST_INT | _MM_FROUND_NO_EXC));
        memcpy(out + i, halves, len * sizeof(*halves));
    }
}

static uint16_t to_bytes(const float *x, size_t n, int8_t *out)
{
    const __m256 infinite = _mm256_set1_ps(INFINITY), sign = _mm256_set1_ps(-0.0F);
    __m256 v[KV_SCALED / LANES], most = _mm256_setzero_ps(), d;
    uint16_t half;
    float scale;

    for (size_t k = 0; k * LANES < n; k++) {
        v[k] = _mm256_maskload_ps(x + k * LANES, mask_of(n - k * LANES));
        v[k] = _mm256_and_ps(v[k], _mm256_cmp_ps(_mm256_andnot_ps(sign, v[k]), infinite, _CMP_LT_OQ));
        most = _mm256_max_ps(most, _mm256_andnot_ps(sign, v[k]));
    }
    half = (uint16_t)_cvtss_sh(max_lanes(most) / 127, _MM_FROUND_TO_NEAREST_INT | _MM_FROUND_NO_EXC);
    scale = _cvtsh_ss(half);
    d = _mm256_set1_ps(scale > 0 ? 1 / scale : 0);
    for (size_t k = 0; k * LANES < n; k++) {
        __m256 q = _mm256_min_ps(_mm256_max_ps(_mm256_mul_ps(v[k], d), _mm256_set1_ps(-127)), _mm256_set1_ps(127));
        __m256i wide = _mm256_cvtps_epi32(q);
        __m128i words = _mm_packs_epi32(_mm256_castsi256_si128(wide), _mm256_extracti128_si256(wide, 1));
        __m128i bytes = _mm_packs_epi16(words, words);

        memcpy(out + k * LANES, &bytes, n - k * LANES < LANES ? n - k * LANES : LANES);
    }
    return half;
}

/* ---- attention ----------------------------------------------------------------------------------------- */

/* Numbers `at` and following of a cache, without their scale: `some` of them, others 0. */
INLINE __m256 cached(enum kv_type type, const uint8_t *rows, size_t at, size_t some)
{
    const size_t size = type == KV_Q8 ? 1 : 2;
    __m128i bytes = _mm_setzero_si128();

    if (some < LANES)
        memcpy(&bytes, rows + at * size, some * size);
    else if (type == KV_Q8)
        bytes = _mm_loadl_epi64((const __m128i *)(rows + at));
    else
        bytes = _mm_loadu_si128((const __m128i *)(rows + at * 2));
    return type == KV_Q8 ? _mm256_cvtepi32_ps(_mm256_cvtepi8_epi32(bytes)) : _mm256_cvtph_ps(bytes);
}

/* Scales of positions j and following for value d of rows of n values. */
INLINE __m256 scales_of(const uint8_t *rows, size_t n, size_t d, size_t j)
{
    return _mm256_cvtph_ps(
        _mm_loadu_si128((const __m128i *)(rows + KV_BLOCK * n + (d / KV_SCALED * KV_BLOCK + j) * sizeof(uint16_t))));
}

#define REGISTERS (KV_BLOCK / LANES) /* that hold one value for each position of a block */

/* Lanes first <= j < last of register i. */
INLINE __m256i seen_of(size_t i, size_t first, size_t last)
{
    return _mm256_andnot_si256(mask_of(first > i * LANES ? first - i * LANES : 0),
                               mask_of(last > i * LANES ? last - i * LANES : 0));
}

/* Scores of a block into the running softmax; a position's values are the first n_value of n. */
INLINE void add_block(enum kv_type type, __m256 *scores, const uint8_t *v, size_t n_value, size_t n, const struct query *to)
{
    const __m256 never = _mm256_set1_ps(-INFINITY);
    __m256 most4 = never, total = _mm256_setzero_ps(), shrink;
    float p[KV_BLOCK], scaled[KV_BLOCK], most;
    const float *weights = type == KV_Q8 ? scaled : p;

    UNROLL
    for (size_t i = 0; i < REGISTERS; i++) {
        scores[i] = _mm256_blendv_ps(never, scores[i], _mm256_castsi256_ps(seen_of(i, to->first, to->last)));
        most4 = _mm256_max_ps(most4, scores[i]);
    }
    most = fmaxf(*to->max, max_lanes(most4));
    shrink = exp_lanes(_mm256_set1_ps(*to->max - most));
    UNROLL
    for (size_t i = 0; i < REGISTERS; i++) {
        __m256 e = _mm256_and_ps(exp_lanes(_mm256_sub_ps(scores[i], _mm256_set1_ps(most))),
                                 _mm256_castsi256_ps(seen_of(i, to->first, to->last)));

        total = _mm256_add_ps(total, e);
        _mm256_storeu_ps(p + i * LANES, e);
    }
    *to->max = most;
    *to->sum = *to->sum * _mm256_cvtss_f32(shrink) + add_lanes(total);
    for (size_t d = 0; d < n_value; d += LANES) {
        __m256i some = mask_of(n_value - d);
        __m256 out = _mm256_mul_ps(_mm256_maskload_ps(to->acc + d, some), shrink);

        for (size_t j = 0; j < KV_BLOCK && type == KV_Q8 && d % KV_SCALED == 0; j += LANES)
            _mm256_storeu_ps(scaled + j, _mm256_mul_ps(_mm256_loadu_ps(p + j), scales_of(v, n, d, j)));
        for (size_t j = to->first; j < to->last; j++)
            out = _mm256_fmadd_ps(_mm256_set1_ps(weights[j]), cached(type, v, j * n + d, n_value - d), out);
        _mm256_maskstore_ps(to->acc + d, some, out);
    }
}

INLINE void attend_any(enum kv_type type, size_t head, const struct query *queries, size_t n, const uint8_t *k,
                       const uint8_t *v)
{
    for (size_t h = 0; h < n; h++) {
        __m256 scores[REGISTERS];

        UNROLL
        for (size_t i = 0; i < REGISTERS; i++)
            scores[i] = _mm256_setzero_ps();
        for (size_t d = 0; d < head; d++)
            UNROLL
        for (size_t i = 0; i < REGISTERS; i++) {
            __m256 keys = cached(type, k, d * KV_BLOCK + i * LANES, LANES);

            if (type == KV_Q8) keys = _mm256_mul_ps(keys, scales_of(k, head, d, i * LANES));
            scores[i] = _mm256_fmadd_ps(_mm256_set1_ps(queries[h].q[d]), keys, scores[i]);
        }
        add_block(type, scores, v, head, head, &queries[h]);
    }
}

static void attend(enum kv_type type, size_t head, const struct query *queries, size_t n, const uint8_t *k, const uint8_t *v)
{
    if (type == KV_Q8)
        attend_any(KV_Q8, head, queries, n, k, v);
    else
        attend_any(KV_F16, head, queries, n, k, v);
}

/* N heads times the keys of position j, their products summed in two chains. */
INLINE void score_latent(enum kv_type type, size_t n_key, const struct query *queries, size_t N, size_t j, const uint8_t *k,
                         float *out)
{
    __m256 total[4][2];

    UNROLL
    for (size_t h = 0; h < N; h++)
        total[h][0] = total[h][1] = _mm256_setzero_ps();
    for (size_t d = 0; d < n_key; d += LANES) {
        __m256 keys = cached(type, k, j * n_key + d, n_key - d);
        __m256i some = mask_of(n_key - d);

        if (type == KV_Q8) {
            uint16_t half;

            memcpy(&half, k + KV_BLOCK * n_key + (d / KV_SCALED * KV_BLOCK + j) * sizeof(half), sizeof(half));
            keys = _mm256_mul_ps(keys, _mm256_set1_ps(_cvtsh_ss(half)));
        }
        UNROLL
        for (size_t h = 0; h < N; h++) {
            __m256 *t = &total[h][d / LANES % 2];

            *t = _mm256_fmadd_ps(_mm256_maskload_ps(queries[h].q + d, some), keys, *t);
        }
    }
    UNROLL
    for (size_t h = 0; h < N; h++)
        out[h * KV_BLOCK + j] = add_lanes(_mm256_add_ps(total[h][0], total[h][1]));
}

INLINE void attend_latent_any(enum kv_type type, size_t n_key, size_t n_value, const struct query *queries, size_t n,
                              const uint8_t *k)
{
    for (size_t h = 0, N; h < n; h += N) {
        float p[4][KV_BLOCK] = {{0}};
        struct span all;

        N = n - h >= 4 ? 4 : 1;
        all = queries_see(queries + h, N);
        for (size_t j = all.first; j < all.last; j++) {
            if (N == 4)
                score_latent(type, n_key, queries + h, 4, j, k, p[0]);
            else
                score_latent(type, n_key, queries + h, 1, j, k, p[0]);
        }
        for (size_t i = 0; i < N; i++) {
            __m256 scores[REGISTERS];

            UNROLL
            for (size_t r = 0; r < REGISTERS; r++)
                scores[r] = _mm256_loadu_ps(p[i] + r * LANES);
            add_block(type, scores, k, n_value, n_key, &queries[h + i]);
        }
    }
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

static const struct kernels wide = {.name = "avx2", .formats = matmul_avx2_wide, .quantise = quantise_wide, COMMON};
static const struct kernels table = {
    .name = "avx2", .wide = &wide, .formats = matmul_avx2, .quantise = quantise, COMMON};

const struct kernels *kernels_avx2(void)
{
    /* every processor with AVX2 has F16C, which not all compilers can ask for */
    return __builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma") ? &table : NULL;
}

#else

const struct kernels *kernels_avx2(void)
{
    return NULL;
}

#endif
