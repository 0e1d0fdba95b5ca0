/* model.h: what a model is once it is open: its shape, its tokenizer, its prepared weights. Read-only after
 * model_open(); the public functions on it are in inference.h. */
#ifndef INFERENCE_MODEL_H
#define INFERENCE_MODEL_H

#include "arch.h"
#include "inference.h"
#include "kernels.h"
#include "shape.h"
#include "weights.h"

struct tokenizer;

struct ffn { /* gate and up to the inner width, down back */
    struct weight gate, up, down;
};

struct layer { /* vectors are NULL and weights empty where the architecture has none */
    float *attn_norm, *ffn_norm;
    float *q_bias, *k_bias, *v_bias;
    float *q_norm, *k_norm;
    struct weight q, k, v, attn_out;
    struct weight router;
    struct ffn dense, experts, shared;
};

struct model {
    char *path, *architecture, *name, *licence;
    char *chat_template;                         /* the option's or the file's text, or NULL */
    const struct arch *arch;                     /* NULL: vocabulary only, and no fields from kernels on */
    const struct kernels *kernels;
    struct tokenizer *tok;
    struct shape shape;
    uint32_t n_vocab;                            /* rows of the embedding */
    struct weight embedding, output;             /* output is empty where it is tied to the embedding */
    float *output_norm;
    float *rope_factors;                         /* [n_rope / 2] divisors of the frequencies, or NULL */
    struct layer *layers;
    uint64_t file_bytes, n_params, n_active_params;
    uint32_t n_files;
    const char *weight_type;                     /* of most parameters */
    char sha256[65];
};

#endif
