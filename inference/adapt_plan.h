/* adapt_plan.h: which matrices of a model get an adapter, and where its values lie among all of them. */
#ifndef INFERENCE_ADAPT_PLAN_H
#define INFERENCE_ADAPT_PLAN_H

#include "adapt.h"
#include "lora.h"

struct adapt_target { /* a matrix, or one an expert */
    const struct weight *w;
    size_t a; /* of the first value of A [n_mats][rank][n_in] */
    size_t b; /* of B [n_mats][n_out][rank] */
    char name[LORA_NAME_BYTES]; /* of the model's tensor */
};

struct adapt_ffn {
    const struct adapt_target *gate, *up, *down; /* NULL: frozen, here and below */
};

struct adapt_layer {
    const struct adapt_target *q, *k, *v, *out;
    struct adapt_ffn plain, experts;
};

struct adapt_plan {
    const struct model *m;
    uint32_t rank;
    float alpha;
    struct adapt_target *targets;
    size_t n_targets, n_params;
    struct adapt_layer *layers; /* [n_layers] */
};

/* The model and targets must have passed adapt_check(). RC_NOMEM; adapt_plan_clear(). */
MUST_USE enum rc adapt_plan_make(const struct model *m, uint32_t rank, float alpha, unsigned targets,
                                 struct adapt_plan *out, struct err *e);
void adapt_plan_clear(struct adapt_plan *p);

#endif
