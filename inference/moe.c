#include "moe.h"

#include <math.h>
#include <string.h>

/* The k largest of n, largest first, ties to the lower index. */
static void choose(const float *scores, size_t n, size_t k, uint32_t *ids)
{
    for (size_t e = 0; e < n; e++) { /* insert each into the k largest so far */
        size_t at = e < k ? e : k;

        while (at > 0 && scores[e] > scores[ids[at - 1]])
            at--;
        if (at == k) continue;
        memmove(ids + at + 1, ids + at, ((e < k ? e : k - 1) - at) * sizeof(*ids));
        ids[at] = (uint32_t)e;
    }
}

/* x to its softmax. */
static void softmax(float *x, size_t n)
{
    float most = x[0], total = 0;

    for (size_t i = 1; i < n; i++)
        most = fmaxf(most, x[i]);
    for (size_t i = 0; i < n; i++) {
        x[i] = expf(x[i] - most);
        total += x[i];
    }
    for (size_t i = 0; i < n; i++)
        x[i] /= total;
}

/* Scores outside the best groups to -INFINITY. */
static void keep_best_groups(const struct router *r, float *scores)
{
    size_t size = r->n_experts / r->n_groups;
    float of_group[MOE_MAX_GROUPS];
    uint32_t best[MOE_MAX_GROUPS];
    bool kept[MOE_MAX_GROUPS] = {false};

    for (size_t g = 0; g < r->n_groups; g++) {
        float first = -INFINITY, second = -INFINITY;

        for (size_t e = g * size; e < (g + 1) * size; e++) {
            second = fmaxf(second, fminf(first, scores[e]));
            first = fmaxf(first, scores[e]);
        }
        of_group[g] = r->gating == GATING_SIGMOID && size > 1 ? first + second : first;
    }
    choose(of_group, r->n_groups, r->n_groups_used, best);
    for (size_t i = 0; i < r->n_groups_used; i++)
        kept[best[i]] = true;
    for (size_t e = 0; e < r->n_experts; e++)
        if (!kept[e / size]) scores[e] = -INFINITY;
}

void moe_route(const struct router *r, float *logits, uint32_t *ids, float *weights)
{
    float *scores = logits, total = 0;

    if (r->gating == GATING_SOFTMAX) softmax(logits, r->n_experts);
    for (size_t e = 0; r->gating == GATING_SIGMOID && e < r->n_experts; e++)
        logits[e] = 1 / (1 + expf(-logits[e]));
    if (r->bias || r->n_groups > 1) {
        scores = logits + r->n_experts;
        for (size_t e = 0; e < r->n_experts; e++)
            scores[e] = logits[e] + (r->bias ? r->bias[e] : 0);
    }
    if (r->n_groups > 1) keep_best_groups(r, scores);
    choose(scores, r->n_experts, r->n_used, ids);
    for (size_t i = 0; i < r->n_used; i++)
        weights[i] = logits[ids[i]];
    if (r->gating == GATING_CHOSEN) softmax(weights, r->n_used);
    for (size_t i = 0; r->sum_to_one && i < r->n_used; i++)
        total += weights[i];
    if (r->sum_to_one && total < 6.1e-5F) total = 6.1e-5F; /* as llama.cpp: sigmoids may all be next to 0 */
    for (size_t i = 0; i < r->n_used; i++)
        weights[i] *= r->sum_to_one ? r->scale / total : r->scale;
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
