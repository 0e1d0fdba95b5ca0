/* model.h: what a model is once it is open: its shape, its tokenizer, its prepared weights. Read-only after
 * model_open(); the public functions on it are in inference.h. */
#ifndef INFERENCE_MODEL_H
#define INFERENCE_MODEL_H

#include "arch.h"
#include "inference.h"
#include "kernels.h"
#include "weights.h"

struct tokenizer;
struct gguf;

#define MODEL_MAX_LAYERS 512
#define MODEL_MAX_EXPERTS 1024
#define MODEL_MAX_EXPERTS_USED 64
#define MODEL_MAX_HEADS 1024
#define MODEL_MAX_HEAD 1024     /* values of one head */
#define MODEL_MAX_EMBD 65536
#define MODEL_MAX_FF (1U << 20)
#define MODEL_MAX_CONTEXT (1U << 24)

struct shape { /* sizes and constants that the file states, checked against each other and its tensors */
    uint32_t n_layers, n_embd, n_heads, n_heads_kv, n_head, n_rope; /* n_head: values of one head; n_rope: of them turned */
    uint32_t n_ff, n_experts, n_used, n_ff_expert, n_ff_shared;     /* n_ff: dense; 0 where there is none */
    uint32_t n_vocab, n_context;
    float norm_eps, rope_base, rope_scale;                          /* rope_scale: positions are divided by it */
    float embedding_scale, residual_scale, attention_scale, logit_divisor;
};

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
    char *path, *name, *licence, *chat_template; /* chat_template: the file's text, or NULL */
    const struct arch *arch;                     /* NULL: vocabulary only */
    const struct kernels *kernels;
    struct tokenizer *tok;
    struct shape shape;
    struct weight embedding, output;             /* output is empty where it is tied to the embedding */
    float *output_norm;
    float *rope_factors;                         /* [n_rope / 2] divisors of the frequencies, or NULL */
    struct layer *layers;
    uint64_t file_bytes, n_params, n_active_params;
    const char *weight_type;                     /* of most parameters */
    char sha256[65];
};

#endif
