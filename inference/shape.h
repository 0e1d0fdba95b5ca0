/* shape.h: the sizes and constants of a model, as its file's metadata states them. */
#ifndef INFERENCE_SHAPE_H
#define INFERENCE_SHAPE_H

#include <stdbool.h>
#include <stdint.h>
#include "../base/err.h"
#include "arch.h"
#include "gguf.h"

/* What is believed of a file before its tensors are compared with it. */
#define MODEL_MAX_LAYERS 512
#define MODEL_MAX_EXPERTS 1024
#define MODEL_MAX_USED 64         /* experts of one token */
#define MODEL_MAX_HEADS 1024
#define MODEL_MAX_HEAD 1024       /* values of one head */
#define MODEL_MAX_EMBD 65536
#define MODEL_MAX_FF (1U << 20)
#define MODEL_MAX_CONTEXT (1U << 24)

enum rope_scaling { /* for contexts beyond the one a model was first trained on */
    ROPE_PLAIN, /* positions divided by a factor, most often 1; also LongRoPE, whose factors are tensors */
    ROPE_YARN   /* slow turns divided, fast ones kept: Peng et al. 2023, arXiv:2309.00071 */
};

struct shape {
    uint32_t n_layers, n_embd, n_heads, n_heads_kv;
    uint32_t n_head, n_value, n_rope;             /* of one head: queries and keys, values, what is turned */
    uint32_t n_latent, n_q_latent;                /* what keys and values, and queries, are made from; or 0 */
    bool split_latent;                            /* the file has attn_k_b and attn_v_b, not attn_kv_b */
    uint32_t n_dense_layers;                      /* layers before the first one with experts */
    uint32_t n_ff, n_ff_expert, n_ff_shared;      /* inner widths; 0 where there is none */
    uint32_t n_experts, n_used, n_groups, n_groups_used;
    enum gating gating;
    bool weights_sum_to_one;
    float weights_scale;
    uint32_t n_context, n_context_first;          /* the latter: before rope scaling */
    uint32_t window;                              /* positions that a layer sees where `slides` */
    bool slides[MODEL_MAX_LAYERS];
    float norm_eps, rope_base;
    enum rope_scaling rope_scaling;
    float rope_scale;                             /* positions are divided by it */
    float rope_magnitude;                         /* of what is turned */
    float embedding_scale, residual_scale, attention_scale;
    float logit_divisor;
};

/* Read and bound every field. RC_BAD names the key. */
MUST_USE enum rc shape_read(const struct gguf *g, const struct arch *a, struct shape *s, struct err *e);

#endif
