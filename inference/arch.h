/* arch.h: how the architectures differ, one row each. The graph reads this table and the file's metadata and
 * asks for no architecture's name.
 *
 * To add one:
 *  1. Read its converter to GGUF: general.architecture, the keys it writes, the tensors and their names. A
 *     key that shape.c does not read and that changes the result is a field of struct shape; a tensor that
 *     model.c does not load is a member of struct layer. A tensor that nothing loads is an error at open,
 *     so nothing can be forgotten in silence.
 *  2. Write its row in arch.c. Optional tensors (biases, fused matrices, an output matrix of its own, rope
 *     factors) need none: they are read where a file has them.
 *  3. Only for arithmetic that none has yet: a value of an enum below, and where the graph asks for it a
 *     function of a few lines (attention.c, forward.c, moe.c, rope.c).
 *  4. A vector: tests/data/gguf and a name in test_vectors.c, or a case in tests/inference/reference.py. */
#ifndef INFERENCE_ARCH_H
#define INFERENCE_ARCH_H

#include <stdbool.h>
#include "moe.h"

enum rope_kind { /* which two values of a head are turned together; Su et al. 2021, arXiv:2104.09864 */
    ROPE_NEIGHBOURS, /* 2i and 2i + 1 */
    ROPE_HALVES      /* i and i + n/2 */
};

enum qk_norm {
    QK_NORM_NONE,
    QK_NORM_HEAD, /* over each head */
    QK_NORM_ROW   /* over all heads of a token */
};

enum shared_expert { /* one that every token goes through, beside the chosen ones */
    SHARED_NONE,
    SHARED_ADDED,  /* of the width that a key gives, if it does */
    SHARED_GATED,  /* that times a sigmoid of its own router */
    SHARED_COUNTED /* as wide as the number of experts that a key gives */
};

enum activation {
    ACTIVATION_SWIGLU,        /* silu(gate) * up */
    ACTIVATION_SWIGLU_CLAMPED /* kernels.swiglu_clamped */
};

enum biases { /* that an architecture's files must have; others are added where they are there */
    BIAS_QKV = 1,
    BIAS_ATTN_OUT = 2,
    BIAS_NORMS = 4,
    BIAS_EXPERTS = 8, /* and the router */
    BIAS_OUTPUT = 16
};

struct arch {
    const char *name;             /* general.architecture, and the prefix of the keys */
    enum rope_kind rope;
    enum qk_norm qk_norm;
    bool latent;                  /* keys and values made from one small vector a token: DeepSeek-AI 2024,
                                     arXiv:2405.04434, section 2.1 */
    bool sinks;                   /* a logit a head that takes attention from all positions */
    unsigned window_period;       /* all layers but each window_period-th see a window only; 0: none does */
    unsigned biases;
    bool scales;                  /* keys embedding_scale, residual_scale, attention.scale, logit_scale */
    bool rope_can_be_off;         /* by the key rope.scaling.finetuned */
    bool dense, experts;          /* what its layers may be */
    bool up_holds_gate;           /* ffn_up has the rows of gate, then those of up */
    bool norm_after_attention;    /* the name of the norm before the inner layer: post_attention_norm */
    enum shared_expert shared;
    enum gating gating;
    bool router_keys;             /* keys expert_gating_func, expert_group_count, expert_weights_norm, ... */
    enum activation activation;
};

/* NULL if unknown. */
const struct arch *arch_find(const char *name, unsigned long n);
/* The names, separated by spaces, for messages. */
const char *arch_names(void);

#endif
