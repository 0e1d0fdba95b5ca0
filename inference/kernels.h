/* kernels.h: the arithmetic, one const struct of functions an instruction set.
 *
 * Every output value is made by the same operations in the same order whatever the number of rows, the
 * threads, the chunks or the neighbours (batch invariance); between instruction sets small differences are
 * allowed. No function allocates or fails. kernels_scalar.c is the reference that the others are tested
 * against. */
#ifndef INFERENCE_KERNELS_H
#define INFERENCE_KERNELS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include "inference.h"
#include "types.h"

#define KV_BLOCK 32        /* positions of one block of the KV cache */
#define KV_SCALED 32       /* values of a row of a KV cache in bytes that have one scale */
#define MATMUL_GROUP 16    /* outputs of a matrix are shared out in multiples of this */
#define ACT_BLOCK 32       /* activations with one scale */
#define ACT_SHARED 8       /* blocks that have the same one where a format wants that */

struct weight;

/* 32 activations in 8 or 16 bits, with what the products need beside them. 8 bits are what others use, and the fastest.
 * With 16 an expert whose logits are close to another's is chosen as in exact arithmetic: for small models, where it
 * costs little and each choice weighs more. */
#define ACT_MOST_WIDE (127 * 254) /* a wide integer is 254 * q + low, both -127 to 127 */
struct act_block {
    int8_t q[ACT_BLOCK];  /* round(f / d), -127 to 127; wide: the upper part of that */
    float d;              /* largest |f| of the block, or of those that share, / 127; wide: / ACT_MOST_WIDE */
    float sum;            /* d times the sum of the integers */
    int32_t minus_sum;    /* minus that sum */
    int32_t minus_half[2]; /* of the first 16 values, and of the second */
};

struct acts { /* activations, row by row */
    size_t width;           /* values of a row */
    float *f;               /* [rows][width] */
    struct act_block *q;    /* [rows][width / ACT_BLOCK]: filled by quantise() where a weight's format reads it */
    int8_t *low;            /* [rows][width]: of wide integers; else NULL */
};

/* One way to hold the weights of a type. */
struct weight_format {
    enum weight_type type;
    bool packed;  /* as packed.h says, and its products read acts.q; otherwise as in the file, and acts.f */
    bool shared;  /* acts.q has one scale for ACT_SHARED blocks; otherwise it may have, or one for each */
    /* Row `row` of matrix `mat` as floats. */
    void (*row)(const struct weight *w, size_t mat, size_t row, float *out);
    /* y[i * stride + o] = row o of matrix `mat` times row pick[i] of x, for i < n and first <= o < last.
     * `first` is a multiple of MATMUL_GROUP; `last` is too, or n_out. */
    void (*matmul)(const struct weight *w, size_t mat, size_t first, size_t last, const struct acts *x,
                   const uint32_t *pick, size_t n, float *y, size_t stride);
};

/* One head of one row, and the running softmax of what it has seen: max, sum and acc begin as -INFINITY, 0 and 0; the
 * result is acc / sum. */
struct query {
    const float *q;   /* scaled; as many values as a key */
    float *max, *sum;
    float *acc;       /* as many as a value */
    size_t first, last; /* positions of the block that it sees: first <= j < last */
};

struct span {
    size_t first, last;
};

/* Positions that one of n queries sees, or that lie between those. */
static inline struct span queries_see(const struct query *queries, size_t n)
{
    struct span all = {queries[0].first, queries[0].last};

    for (size_t i = 1; i < n; i++) {
        all.first = queries[i].first < all.first ? queries[i].first : all.first;
        all.last = queries[i].last > all.last ? queries[i].last : all.last;
    }
    return all;
}

struct kernels {
    const char *name;
    const struct kernels *wide; /* the same with activations of 16 bits; NULL if these are, or read floats */
    const struct weight_format *formats;
    size_t n_formats;
    /* One row; `blocks` of it, 1 or ACT_SHARED, have the same scale; n is a multiple of all their values. What is no
     * number becomes one. */
    void (*quantise)(const float *x, size_t n, size_t blocks, struct act_block *out, int8_t *low);
    /* out = x / sqrt(mean(x^2) + eps) * gain. out may be x. Zhang and Sennrich 2019, arXiv:1910.07467. */
    void (*rms_norm)(const float *x, const float *gain, size_t n, float eps, float *out);
    /* gate = gate / (1 + exp(-gate)) * up. Shazeer 2020, arXiv:2002.05202. */
    void (*silu_mul)(float *gate, const float *up, size_t n);
    /* x += scale * y */
    void (*add_scaled)(float *x, const float *y, size_t n, float scale);
    /* Rounded to nearest even; what a half cannot hold becomes infinite. */
    void (*to_half)(const float *x, size_t n, uint16_t *out);
    /* gate = gate / (1 + exp(-1.702 * gate)) * (up + 1), where gate is at most 7 and up from -7 to 7.
     * OpenAI 2025, arXiv:2508.10925, section 2.2, and its reference code. */
    void (*swiglu_clamped)(float *gate, const float *up, size_t n);
    /* n <= KV_SCALED values as integers of -127 to 127 times what is returned, a half: the largest |x| / 127, rounded. What
     * is no number or infinite becomes 0. */
    uint16_t (*to_bytes)(const float *x, size_t n, int8_t *out);
    /* Attention of n queries over one block of one KV head; each sees something, and all that queries_see() are numbers:
     *   KV_F16  k [head][KV_BLOCK] halves   v [KV_BLOCK][head] halves
     *   KV_Q8   the same as signed bytes, each followed by its scales: [(head + KV_SCALED - 1) / KV_SCALED][KV_BLOCK] halves
     * Source: Milakov and Gimelshein 2018, arXiv:1805.02867, over blocks. */
    void (*attend)(enum kv_type type, size_t head, const struct query *queries, size_t n, const uint8_t *k, const uint8_t *v);
    /* The same where values are the first n_value of the n_key values of keys: k [KV_BLOCK][n_key], scales as above. */
    void (*attend_latent)(enum kv_type type, size_t n_key, size_t n_value, const struct query *queries, size_t n,
                          const uint8_t *k);
};

extern const struct kernels kernels_scalar;
/* NULL where this build or this processor has them not. */
const struct kernels *kernels_avx2(void);
const struct kernels *kernels_avx512(void);

/* The kernels asked for; CPU_AUTO: those that BRIEFD_CPU names, else the best. RC_BAD if this machine has
 * them not. */
MUST_USE enum rc kernels_choose(enum cpu_path path, const struct kernels **out, struct err *e);

/* The format that holds weights of a type, or NULL. */
const struct weight_format *kernels_format(const struct kernels *k, uint32_t type);

#endif
