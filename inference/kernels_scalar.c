/* kernels_scalar.c: the reference: plain C, in the order in which one would write the formulas. */
#include "kernels.h"

#include <math.h>
#include <string.h>
#include "weights.h"

/* No weight of these kernels reads it: it is what the others' are tested against. */
static void quantise(const float *x, size_t n, size_t blocks, struct act_block *out, int8_t *low)
{
    float most = 0;

    (void)low;
    for (size_t b = 0; b < n / ACT_BLOCK; b++, x += ACT_BLOCK, out++) {
        int sums[2] = {0};
        float scale;

        if (b % blocks == 0) most = 0;
        for (size_t i = 0; b % blocks == 0 && i < blocks * ACT_BLOCK; i++)
            most = fmaxf(most, fabsf(x[i]));
        if (!(most < INFINITY)) most = 0; /* a broken model: no conversion of an infinite value below */
        out->d = most / 127;
        scale = most > 1e-30F ? 127 / most : 0;
        for (size_t i = 0; i < ACT_BLOCK; i++) {
            out->q[i] = scale > 0 && x[i] == x[i] ? (int8_t)lrintf(x[i] * scale) : 0;
            sums[i / 16] += out->q[i];
        }
        out->minus_half[0] = -sums[0];
        out->minus_half[1] = -sums[1];
        out->minus_sum = -(sums[0] + sums[1]);
        out->sum = out->d * (float)(sums[0] + sums[1]);
    }
}

/* A piece of a row as floats, then every row of activations with it. */
static void matmul(const struct weight *w, size_t mat, size_t first, size_t last, const struct acts *x,
                         const uint32_t *pick, size_t n, float *y, size_t stride)
{
    enum { PIECE = 256 };
    float values[PIECE];
    const struct type_info *info = type_find(w->format->type);

    for (size_t o = first; o < last; o++) {
        const uint8_t *row = weight_plain_at(w, mat, o);

        for (size_t i = 0; i < n; i++)
            y[i * stride + o] = 0;
        for (size_t at = 0; at < w->n_in; at += PIECE) {
            size_t len = w->n_in - at < PIECE ? w->n_in - at : PIECE;

            type_to_floats(w->format->type, row + at / info->values * info->bytes, len, values);
            for (size_t i = 0; i < n; i++) {
                const float *from = x->f + pick[i] * x->width + at;
                float total = y[i * stride + o];

                for (size_t k = 0; k < len; k++)
                    total += values[k] * from[k];
                y[i * stride + o] = total;
            }
        }
    }
}

static void rms_norm(const float *x, const float *gain, size_t n, float eps, float *out)
{
    double squares = 0;
    float scale;

    for (size_t i = 0; i < n; i++)
        squares += (double)x[i] * x[i];
    scale = 1 / sqrtf((float)(squares / (double)n) + eps);
    for (size_t i = 0; i < n; i++)
        out[i] = x[i] * scale * gain[i];
}

static void silu_mul(float *gate, const float *up, size_t n)
{
    for (size_t i = 0; i < n; i++)
        gate[i] = gate[i] / (1 + expf(-gate[i])) * up[i];
}

static void swiglu_clamped(float *gate, const float *up, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        float g = fminf(gate[i], 7), u = fmaxf(fminf(up[i], 7), -7);

        gate[i] = g / (1 + expf(-1.702F * g)) * (u + 1);
    }
}

static void add_scaled(float *x, const float *y, size_t n, float scale)
{
    for (size_t i = 0; i < n; i++)
        x[i] += scale * y[i];
}

static void to_half(const float *x, size_t n, uint16_t *out)
{
    for (size_t i = 0; i < n; i++)
        out[i] = float_to_half(x[i]);
}

static uint16_t to_bytes(const float *x, size_t n, int8_t *out)
{
    float most = 0, scale;
    uint16_t half;

    for (size_t i = 0; i < n; i++)
        if (fabsf(x[i]) < INFINITY) most = fmaxf(most, fabsf(x[i]));
    half = float_to_half(most / 127);
    scale = half_to_float(half);
    scale = scale > 0 ? 1 / scale : 0;
    for (size_t i = 0; i < n; i++)
        out[i] = fabsf(x[i]) < INFINITY ? (int8_t)lrintf(fmaxf(-127, fminf(127, x[i] * scale))) : 0;
    return half;
}

/* Value d of position j, which lies at `at`, in rows of n values. */
static float cached(enum kv_type type, const uint8_t *rows, size_t n, size_t at, size_t d, size_t j)
{
    if (type == KV_F16) return half_to_float(((const uint16_t *)(const void *)rows)[at]);
    return (float)(int8_t)rows[at] *
           half_to_float(((const uint16_t *)(const void *)(rows + KV_BLOCK * n))[d / KV_SCALED * KV_BLOCK + j]);
}

/* Scores of positions into the running softmax; a position's values are the first n_value of n. */
static void add_block(enum kv_type type, const float *scores, const uint8_t *v, size_t n_value, size_t n, const struct query *to)
{
    float most = *to->max, shrink;

    for (size_t j = to->first; j < to->last; j++)
        most = fmaxf(most, scores[j]);
    shrink = expf(*to->max - most);
    *to->sum *= shrink;
    for (size_t d = 0; d < n_value; d++)
        to->acc[d] *= shrink;
    for (size_t j = to->first; j < to->last; j++) {
        float p = expf(scores[j] - most);

        *to->sum += p;
        for (size_t d = 0; d < n_value; d++)
            to->acc[d] += p * cached(type, v, n, j * n + d, d, j);
    }
    *to->max = most;
}

static void attend(enum kv_type type, size_t head, const struct query *queries, size_t n, const uint8_t *k, const uint8_t *v)
{
    for (size_t i = 0; i < n; i++) {
        float scores[KV_BLOCK] = {0};

        for (size_t j = queries[i].first; j < queries[i].last; j++)
            for (size_t d = 0; d < head; d++)
                scores[j] += queries[i].q[d] * cached(type, k, head, d * KV_BLOCK + j, d, j);
        add_block(type, scores, v, head, head, &queries[i]);
    }
}

static void attend_latent(enum kv_type type, size_t n_key, size_t n_value, const struct query *queries, size_t n,
                          const uint8_t *k)
{
    for (size_t i = 0; i < n; i++) {
        float scores[KV_BLOCK] = {0};

        for (size_t j = queries[i].first; j < queries[i].last; j++)
            for (size_t d = 0; d < n_key; d++)
                scores[j] += queries[i].q[d] * cached(type, k, n_key, j * n_key + d, d, j);
        add_block(type, scores, k, n_value, n_key, &queries[i]);
    }
}

#define FORMAT(type) {type, false, false, weight_plain_row, matmul}
static const struct weight_format formats[] = {
    FORMAT(TYPE_F32),  FORMAT(TYPE_F16),  FORMAT(TYPE_BF16), FORMAT(TYPE_Q8_0), FORMAT(TYPE_Q4_0), FORMAT(TYPE_Q4_1),
    FORMAT(TYPE_Q5_0), FORMAT(TYPE_Q5_1), FORMAT(TYPE_Q4_K), FORMAT(TYPE_Q5_K), FORMAT(TYPE_Q6_K), FORMAT(TYPE_MXFP4),
};

const struct kernels kernels_scalar = {
    .name = "scalar",
    .formats = formats,
    .n_formats = sizeof(formats) / sizeof(formats[0]),
    .quantise = quantise,
    .rms_norm = rms_norm,
    .silu_mul = silu_mul,
    .swiglu_clamped = swiglu_clamped,
    .add_scaled = add_scaled,
    .to_half = to_half,
    .to_bytes = to_bytes,
    .attend = attend,
    .attend_latent = attend_latent,
};
