/* moe.h: which experts a token goes to, and which tokens an expert gets. */
#ifndef INFERENCE_MOE_H
#define INFERENCE_MOE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Choose the experts of one token.
 *   logits  [n_experts]      ids [k] out: largest first, ties to the lower index
 *   weights [k] out: softmax over the k chosen if sum_to_one (Jiang et al. 2024, arXiv:2401.04088, 2.1), else
 *   their part of the softmax over all (Muennighoff et al. 2024, arXiv:2409.02060)
 * Requires 1 <= k <= n_experts. */
void moe_route(const float *logits, size_t n_experts, size_t k, bool sum_to_one, uint32_t *ids,
               float *weights);

/* Give every (token, choice) a slot, the slots of an expert next to each other, in the order of tokens.
 *   ids [n_tokens][k]
 *   begin [n_experts + 1] out: slots of expert e are begin[e] to begin[e + 1] - 1
 *   slot_of [n_tokens][k] out      token_of [n_tokens * k] out: the inverse */
void moe_group(const uint32_t *ids, size_t n_tokens, size_t k, size_t n_experts, uint32_t *begin,
               uint32_t *slot_of, uint32_t *token_of);

#endif
