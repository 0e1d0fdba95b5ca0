/* moe.h: which experts a token goes to, and which tokens an expert gets. */
#ifndef INFERENCE_MOE_H
#define INFERENCE_MOE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define MOE_MAX_GROUPS 64

enum gating { /* what an expert's score and weight are; the numbers of the key expert_gating_func */
    GATING_SOFTMAX = 1, /* its part of the softmax over all: Muennighoff et al. 2024, arXiv:2409.02060 */
    GATING_SIGMOID = 2, /* of its logit: DeepSeek-AI 2024, arXiv:2412.19437, section 2.1.2 */
    GATING_CHOSEN = 3   /* its part of the softmax over the chosen: Jiang et al. 2024, arXiv:2401.04088, 2.1 */
};

struct router {
    size_t n_experts, n_used;
    size_t n_groups, n_groups_used; /* experts are taken from the best n_groups_used of n_groups; 0: from all.
                                       A group is as good as its best expert, with GATING_SIGMOID as the sum
                                       of its best two: arXiv:2405.04434, 2.2.2; arXiv:2412.19437, 2.1.2 */
    enum gating gating;
    const float *bias;              /* [n_experts] added to scores for the choice only, or NULL */
    bool sum_to_one;                /* weights are divided by their sum */
    float scale;                    /* of the weights, at last */
};

/* Choose the experts of one token.
 *   logits  [2 * n_experts]: n_experts of them; the rest is room; all are overwritten
 *   ids [n_used] out: largest first, ties to the lower index      weights [n_used] out
 * Requires 1 <= n_used <= n_experts; groups of equal size that hold n_used experts. */
void moe_route(const struct router *r, float *logits, uint32_t *ids, float *weights);

/* Give every (token, choice) a slot, the slots of an expert next to each other, in the order of tokens.
 *   ids [n_tokens][k]
 *   begin [n_experts + 1] out: slots of expert e are begin[e] to begin[e + 1] - 1
 *   slot_of [n_tokens][k] out      token_of [n_tokens * k] out: the inverse */
void moe_group(const uint32_t *ids, size_t n_tokens, size_t k, size_t n_experts, uint32_t *begin,
               uint32_t *slot_of, uint32_t *token_of);

#endif
