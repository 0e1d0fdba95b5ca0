/* shape.h: the sizes and constants of a model, as its file's metadata states them. */
#ifndef INFERENCE_SHAPE_H
#define INFERENCE_SHAPE_H

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

struct shape {
    uint32_t n_layers, n_embd, n_heads, n_heads_kv;
    uint32_t n_head, n_rope;                      /* values of one head, and how many of them are turned */
    uint32_t n_ff, n_ff_expert, n_ff_shared;      /* inner widths; 0 where there is none */
    uint32_t n_experts, n_used;
    uint32_t n_context;
    float norm_eps, rope_base, rope_scale;        /* positions are divided by rope_scale */
    float embedding_scale, residual_scale, attention_scale;
    float logit_divisor;
};

/* Read and bound every field. RC_BAD names the key. */
MUST_USE enum rc shape_read(const struct gguf *g, const struct arch *a, struct shape *s, struct err *e);

#endif
