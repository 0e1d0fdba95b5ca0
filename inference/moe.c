#include "moe.h"

#include <math.h>
#include <string.h>

void moe_route(const float *logits, size_t n_experts, size_t k, bool sum_to_one, uint32_t *ids,
               float *weights)
{
    float most, total = 0;

    for (size_t e = 0; e < n_experts; e++) { /* insert each into the k largest so far */
        size_t at = e < k ? e : k;

        while (at > 0 && logits[e] > logits[ids[at - 1]])
            at--;
        if (at == k) continue;
        memmove(ids + at + 1, ids + at, ((e < k ? e : k - 1) - at) * sizeof(*ids));
        ids[at] = (uint32_t)e;
    }
    most = logits[ids[0]];
    for (size_t i = 0; i < k; i++) {
        weights[i] = expf(logits[ids[i]] - most);
        total += weights[i];
    }
    if (!sum_to_one) {
        total = 0;
        for (size_t e = 0; e < n_experts; e++)
            total += expf(logits[e] - most);
    }
    for (size_t i = 0; i < k; i++)
        weights[i] /= total;
}

void moe_group(const uint32_t *ids, size_t n_tokens, size_t k, size_t n_experts, uint32_t *begin,
               uint32_t *slot_of, uint32_t *token_of)
{
    memset(begin, 0, (n_experts + 1) * sizeof(*begin));
    for (size_t i = 0; i < n_tokens * k; i++)
        begin[ids[i] + 1]++;
    for (size_t e = 0; e < n_experts; e++)
        begin[e + 1] += begin[e];
    for (size_t i = 0; i < n_tokens * k; i++) { /* begin[e] runs to the end of e's slots */
        slot_of[i] = begin[ids[i]]++;
        token_of[slot_of[i]] = (uint32_t)(i / k);
    }
    memmove(begin + 1, begin, n_experts * sizeof(*begin)); /* the end of e's is the begin of the next one's */
    begin[0] = 0;
}
