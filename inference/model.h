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

struct ffn { /* gate and up to the inner width, down back; one matrix of each, or one an expert */
    struct weight gate, up, down;
    bool fused; /* gate has the matrices of gate and up in turn, and up is empty */
    float *gate_bias, *up_bias, *down_bias; /* [experts][width] */
};

struct latent { /* attention through one latent vector a token: arXiv:2405.04434, section 2.1 and appendix C */
    struct weight q_down, kv_down;   /* q_down is empty where layer.q reads the token itself */
    float *q_norm, *kv_norm;
    struct weight key_up, value_up;  /* a matrix a head: queries to the latent space, what was attended to
                                        back from it */
};

struct layer { /* vectors are NULL and weights empty where the model has none */
    float *attn_norm, *attn_norm_bias, *ffn_norm, *ffn_norm_bias;
    float *q_bias, *k_bias, *v_bias, *attn_out_bias;
    float *q_norm, *k_norm;
    float *sinks;                    /* [heads] */
    struct weight q, k, v, attn_out;
    bool qkv_fused;                  /* q, k and v are pieces of one tensor of the file */
    struct latent latent;
    struct weight router, shared_gate;
    float *router_bias, *choice_bias; /* the latter counts for the choice of experts only */
    struct ffn dense, experts, shared;
};

struct loaded { /* a tensor, or a piece of one, that was loaded: one of the two */
    float *vector;
    struct weight *weight;
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
    float *output_norm, *output_norm_bias, *output_bias;
    float *rope_factors;                         /* [n_rope / 2] divisors of the frequencies, or NULL */
    float *rope_factors_long;                    /* the same where a sequence may pass n_context_first, or NULL */
    struct layer *layers;
    struct loaded *loaded; /* all of the above, to be freed */
    size_t n_loaded;
    uint64_t file_bytes, n_params, n_active_params;
    uint32_t n_files;
    const char *weight_type;                     /* of most parameters */
    char sha256[65];
};

#endif
