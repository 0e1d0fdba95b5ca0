/* Routing of one token, worked out by hand: which experts, in which order, with which weights. */
#include "suite.h"
#include "../../inference/moe.h"

#include <math.h>

#define E 8

struct want {
    uint32_t ids[4];
    double weights[4];
};

static void check(const struct router *r, const float *logits, const struct want *want)
{
    float room[2 * E], weights[4];
    uint32_t ids[4];
    memcpy(room, logits, E * sizeof(*logits));
    moe_route(r, room, ids, weights);
    for (size_t i = 0; i < r->n_used; i++) {
        ck_assert_uint_eq(ids[i], want->ids[i]);
        ck_assert_msg(fabs((double)weights[i] - want->weights[i]) < 1e-6, "weight %zu is %g, not %g", i, (double)weights[i],
                      want->weights[i]);
    }
}

/* e^0, e^1 and so on, so that a softmax over all is over 2 + e + e^2 + ... */
START_TEST(softmax_over_all_or_the_chosen)
{
    const float logits[E] = {0, 3, 1, 3, -INFINITY, 2, -INFINITY, -INFINITY};
    const double all = exp(0) + 2 * exp(3) + exp(1) + exp(2), chosen = 2 * exp(3) + exp(2);
    struct router r = {.n_experts = E, .n_used = 3, .gating = GATING_SOFTMAX, .scale = 1};
    check(&r, logits, &(struct want){{1, 3, 5}, {exp(3) / all, exp(3) / all, exp(2) / all}}); /* a tie: the lower first */
    r.gating = GATING_CHOSEN;
    check(&r, logits, &(struct want){{1, 3, 5}, {exp(3) / chosen, exp(3) / chosen, exp(2) / chosen}});
    r.gating = GATING_SOFTMAX;
    r.sum_to_one = true;
    r.scale = 2.5F;
    check(&r, logits, &(struct want){{1, 3, 5}, {2.5 * exp(3) / chosen, 2.5 * exp(3) / chosen, 2.5 * exp(2) / chosen}});
}
END_TEST

static double sigmoid(double x) { return 1 / (1 + exp(-x)); }

START_TEST(a_bias_counts_for_the_choice_only)
{
    const float logits[E] = {0, 1, 2, 3, -1, -2, -3, -4}, bias[E] = {0, 0, 0, -1, 0, 0, 0, 1};
    struct router r = {.n_experts = E, .n_used = 2, .gating = GATING_SIGMOID, .bias = bias, .scale = 1};
    /* sigmoid(-4) + 1 = 1.018 leads sigmoid(2) = 0.881 */
    check(&r, logits, &(struct want){{7, 2}, {sigmoid(-4), sigmoid(2)}});
    r.sum_to_one = true;
    r.scale = 2;
    check(&r, logits, &(struct want){{7, 2}, {2 * sigmoid(-4) / (sigmoid(-4) + sigmoid(2)), 2 * sigmoid(2) / (sigmoid(-4) + sigmoid(2))}});
}
END_TEST

/* Groups {0, 1}, {2, 3}, {4, 5}, {6, 7}. The best single experts are in the first and last, the best pairs in the middle. */
START_TEST(groups)
{
    const float logits[E] = {3, -9, 2, 2.5F, 2.25F, 2.75F, -9, 4};
    double all = 0;
    struct router r = {.n_experts = E, .n_used = 3, .n_groups = 4, .n_groups_used = 2, .gating = GATING_SOFTMAX, .scale = 1};
    for (size_t e = 0; e < E; e++)
        all += exp((double)logits[e]);
    check(&r, logits, &(struct want){{7, 0, 1}, {exp(4) / all, exp(3) / all, exp(-9) / all}});
    r.gating = GATING_SIGMOID;
    check(&r, logits, &(struct want){{5, 3, 4}, {sigmoid(2.75), sigmoid(2.5), sigmoid(2.25)}});
}
END_TEST

/* A broken model's logits still give experts that exist. */
START_TEST(no_numbers)
{
    float logits[2 * E], weights[4];
    uint32_t ids[4];
    for (int gating = GATING_SOFTMAX; gating <= GATING_CHOSEN; gating++) {
        struct router r = {.n_experts = E, .n_used = 4, .n_groups = 4, .n_groups_used = 2, .gating = (enum gating)gating, .scale = 1};
        for (size_t e = 0; e < E; e++)
            logits[e] = e % 2 ? NAN : -INFINITY;
        moe_route(&r, logits, ids, weights);
        for (size_t i = 0; i < 4; i++)
            ck_assert_uint_lt(ids[i], E);
    }
}
END_TEST

SUITE_MAIN("moe", softmax_over_all_or_the_chosen, a_bias_counts_for_the_choice_only, groups, no_numbers)
