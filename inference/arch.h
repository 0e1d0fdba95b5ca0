/* arch.h: how the architectures differ, one row each. The graph reads this table and asks for no
 * architecture's name. To add one: a row here; a value of an enum below only for arithmetic that none has
 * yet. */
#ifndef INFERENCE_ARCH_H
#define INFERENCE_ARCH_H

#include <stdbool.h>

enum rope_kind { /* which two values of a head are turned together; Su et al. 2021, arXiv:2104.09864 */
    ROPE_NEIGHBOURS, /* 2i and 2i + 1 */
    ROPE_HALVES      /* i and i + n/2 */
};

enum qk_norm {
    QK_NORM_NONE,
    QK_NORM_HEAD, /* over each head */
    QK_NORM_ROW   /* over all heads of a token */
};

struct arch {
    const char *name;           /* general.architecture, and the prefix of the keys */
    enum rope_kind rope;
    enum qk_norm qk_norm;
    bool qkv_bias;
    bool scales;                /* keys embedding_scale, residual_scale, attention.scale, logit_scale */
    bool dense, experts;        /* what its layers may be */
    bool shared_expert;         /* beside the experts, if the file has one */
    bool weights_sum_to_one;    /* experts' weights are a softmax over the chosen ones, not over all */
};

/* NULL if unknown. */
const struct arch *arch_find(const char *name, unsigned long n);
/* The names, separated by spaces, for messages. */
const char *arch_names(void);

#endif
