#include "adapt_plan.h"

#include <stdio.h>
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

static const struct adapt_target *add(struct adapt_plan *p, const struct weight *w, size_t layer, const char *part)
{
    struct adapt_target *t = &p->targets[p->n_targets];

    if (!w->format) return NULL;
    t->w = w;
    t->a = p->n_params;
    t->b = t->a + w->n_mats * w->n_in * p->rank;
    p->n_params = t->b + w->n_mats * w->n_out * p->rank;
    snprintf(t->name, sizeof(t->name), "blk.%zu.%s.weight", layer, part);
    p->n_targets++;
    return t;
}

static void add_ffn(struct adapt_plan *p, const struct ffn *f, size_t layer, const char *kind, struct adapt_ffn *out)
{
    char part[32];

    snprintf(part, sizeof(part), "ffn_gate%s", kind);
    out->gate = add(p, &f->gate, layer, part);
    snprintf(part, sizeof(part), "ffn_up%s", kind);
    out->up = add(p, &f->up, layer, part);
    snprintf(part, sizeof(part), "ffn_down%s", kind);
    out->down = add(p, &f->down, layer, part);
}

static void add_layer(struct adapt_plan *p, size_t i, unsigned targets)
{
    const struct layer *y = &p->m->layers[i];
    struct adapt_layer *out = &p->layers[i];

    if (targets & ADAPT_ATTENTION) {
        out->q = add(p, &y->q, i, "attn_q");
        out->k = add(p, &y->k, i, "attn_k");
        out->v = add(p, &y->v, i, "attn_v");
        out->out = add(p, &y->attn_out, i, "attn_output");
    }
    if (targets & ADAPT_FEED_FORWARD) {
        if (y->dense.gate.format)
            add_ffn(p, &y->dense, i, "", &out->plain);
        else
            add_ffn(p, &y->shared, i, "_shexp", &out->plain);
    }
    if (targets & ADAPT_EXPERTS) add_ffn(p, &y->experts, i, "_exps", &out->experts);
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
