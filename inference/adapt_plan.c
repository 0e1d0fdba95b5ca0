#include "adapt_plan.h"

#include <stdlib.h>

#define MOST_TARGETS 10 /* of a layer */

static bool any_ffn_fused(const struct model *m, bool experts)
{
    for (size_t i = 0; i < m->shape.n_layers; i++) {
        const struct layer *y = &m->layers[i];

        if (experts ? y->experts.fused : y->dense.fused || y->shared.fused) return true;
    }
    return false;
}

static bool any_qkv_fused(const struct model *m)
{
    for (size_t i = 0; i < m->shape.n_layers; i++)
        if (m->layers[i].qkv_fused) return true;
    return false;
}

/* What of the model has no derivative here, or NULL. */
static const char *no_derivative(const struct arch *a)
{
    return a->latent                                ? "keys and values made from a latent vector"
           : a->sinks                               ? "attention sinks"
           : a->window_period > 0                   ? "sliding windows"
           : a->activation != ACTIVATION_SWIGLU     ? "an activation other than SwiGLU"
           : a->router_keys                         ? "a router with groups or sigmoids"
                                                    : NULL;
}

enum rc adapt_check(const struct model *m, unsigned targets, struct err *e)
{
    const char *what;

    if (!m->arch) return err_set(e, RC_BAD, "%s: opened for its vocabulary only", m->path);
    what = no_derivative(m->arch);
    if (what) return err_set(e, RC_BAD, "%s: %s cannot be trained: it has %s", m->path, m->arch->name, what);
    if (targets == 0 || targets > (ADAPT_ATTENTION | ADAPT_FEED_FORWARD | ADAPT_EXPERTS))
        return err_set(e, RC_BAD, "training: no such set of matrices: %u", targets);
    if (targets & ADAPT_ATTENTION && any_qkv_fused(m))
        return err_set(e, RC_BAD, "%s: attention of %s cannot be trained: queries, keys and values lie in one tensor",
                       m->path, m->arch->name);
    if ((targets & ADAPT_FEED_FORWARD && any_ffn_fused(m, false)) || (targets & ADAPT_EXPERTS && any_ffn_fused(m, true)))
        return err_set(e, RC_BAD, "%s: feed-forward layers of %s cannot be trained: gate and up lie in one tensor",
                       m->path, m->arch->name);
    return RC_OK;
}

static const struct adapt_target *add(struct adapt_plan *p, size_t layer, enum lora_part part)
{
    const struct layer *y = &p->m->layers[layer];
    const struct weight *w = lora_weight(y, part);
    struct adapt_target *t = &p->targets[p->n_targets];

    if (!w) return NULL;
    t->w = w;
    t->a = p->n_params;
    t->b = t->a + w->n_mats * w->n_in * p->rank;
    p->n_params = t->b + w->n_mats * w->n_out * p->rank;
    lora_name(y, layer, part, t->name);
    p->n_targets++;
    return t;
}

static void add_layer(struct adapt_plan *p, size_t i, unsigned targets)
{
    struct adapt_layer *out = &p->layers[i];

    if (targets & ADAPT_ATTENTION) {
        out->q = add(p, i, LORA_Q);
        out->k = add(p, i, LORA_K);
        out->v = add(p, i, LORA_V);
        out->out = add(p, i, LORA_OUT);
    }
    if (targets & ADAPT_FEED_FORWARD) {
        out->plain.gate = add(p, i, LORA_GATE);
        out->plain.up = add(p, i, LORA_UP);
        out->plain.down = add(p, i, LORA_DOWN);
    }
    if (targets & ADAPT_EXPERTS) {
        out->experts.gate = add(p, i, LORA_GATE_EXPERTS);
        out->experts.up = add(p, i, LORA_UP_EXPERTS);
        out->experts.down = add(p, i, LORA_DOWN_EXPERTS);
    }
}

enum rc adapt_plan_make(const struct model *m, uint32_t rank, float alpha, unsigned targets, struct adapt_plan *out,
                        struct err *e)
{
    struct adapt_plan p = {.m = m, .rank = rank, .alpha = alpha};

    p.targets = calloc((size_t)m->shape.n_layers * MOST_TARGETS, sizeof(*p.targets));
    p.layers = calloc(m->shape.n_layers, sizeof(*p.layers));
    if (!p.targets || !p.layers) {
        adapt_plan_clear(&p);
        return err_set(e, RC_NOMEM, "training: out of memory");
    }
    for (size_t i = 0; i < m->shape.n_layers; i++)
        add_layer(&p, i, targets);
    if (p.n_targets == 0) {
        adapt_plan_clear(&p);
        return err_set(e, RC_BAD, "%s: the model has none of the matrices that were chosen for training", m->path);
    }
    *out = p;
    return RC_OK;
}

void adapt_plan_clear(struct adapt_plan *p)
{
    free(p->targets);
    free(p->layers);
    *p = (struct adapt_plan){0};
}
