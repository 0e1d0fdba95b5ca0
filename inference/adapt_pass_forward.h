/* adapt_pass_forward.h: a layer forward. What forward.c and attention.c do, in floats and with adapters. */

/* What every token goes through: the dense layer, or the shared expert; NULL if there is neither. */
static const struct ffn *plain_ffn(const struct layer *y)
{
    return y->dense.gate.format ? &y->dense : y->shared.gate.format ? &y->shared : NULL;
}

static const struct weight *up_of(const struct ffn *f)
{
    return f->fused ? &f->gate : &f->up;
}

static void enter_attention(void *ctx, size_t i, size_t worker)
{
    struct adapt_pass *p = ctx;
    size_t e = p->m->shape.n_embd;

    (void)worker;
    norm(p, p->x + i * e, p->layer->attn_norm, p->layer->attn_norm_bias, e, p->normed + i * e);
}

static void place_row(void *ctx, size_t i, size_t worker)
{
    struct adapt_pass *p = ctx;
    real *q = p->raw_q + i * p->n_q, *k = p->raw_k + i * p->n_kv;

    (void)worker;
    add_bias(q, p->layer->q_bias, p->n_q);
    add_bias(k, p->layer->k_bias, p->n_kv);
    add_bias(p->v + i * p->n_kv, p->layer->v_bias, p->n_kv);
    place(p, q, p->layer->q_norm, p->n_q, i, (real)p->m->shape.attention_scale, p->q + i * p->n_q);
    place(p, k, p->layer->k_norm, p->n_kv, i, 1, p->k + i * p->n_kv);
}

static void enter_inner(void *ctx, size_t i, size_t worker)
{
    struct adapt_pass *p = ctx;
    size_t e = p->m->shape.n_embd;
    real *mid = p->mid + i * e;

    (void)worker;
    add_bias(p->attn_out + i * e, p->layer->attn_out_bias, e);
    memcpy(mid, p->x + i * e, e * sizeof(*mid));
    add(mid, p->attn_out + i * e, e, (real)p->m->shape.residual_scale);
    norm(p, mid, p->layer->ffn_norm, p->layer->ffn_norm_bias, e, p->normed_mid + i * e);
}

static void attention_forward(struct adapt_pass *p)
{
    const struct layer *y = p->layer;
    const struct adapt_layer *a = p->adapted;

    pool_run(p->pool, enter_attention, p, p->n);
    add_product(p, product_of(&y->q, a->q, p->n, p->normed, p->raw_q, p->h_q));
    add_product(p, product_of(&y->k, a->k, p->n, p->normed, p->raw_k, p->h_k));
    add_product(p, product_of(&y->v, a->v, p->n, p->normed, p->v, p->h_v));
    multiply_all(p);
    pool_run(p->pool, place_row, p, p->n);
    pool_run(p->pool, attend_head, p, p->m->shape.n_heads);
    multiply_one(p, product_of(&y->attn_out, a->out, p->n, p->attended, p->attn_out, p->h_out));
    pool_run(p->pool, enter_inner, p, p->n);
}

/* ---- experts ------------------------------------------------------------------------------------------------------- */

static uint32_t *chosen_of(const struct adapt_pass *p, size_t i)
{
    return p->chosen + (p->index * p->max + i) * p->m->shape.n_used;
}

/* The engine's own choice, from the same logits. */
static void choose_experts(struct adapt_pass *p, size_t i)
{
    const struct shape *s = &p->m->shape;
    const struct router r = {
        .n_experts = s->n_experts, .n_used = s->n_used, .gating = s->gating, .scale = 1};
    const real *logits = p->choice_logits + i * s->n_experts;

    for (size_t e = 0; e < s->n_experts; e++)
        p->router_room[e] = (float)logits[e];
    moe_route(&r, p->router_room, chosen_of(p, i), p->router_room + 2 * (size_t)s->n_experts);
}

/* Weights of the chosen experts: their parts of a softmax over the chosen, or over all. */
static void weigh_experts(struct adapt_pass *p, size_t i)
{
    const struct shape *s = &p->m->shape;
    const real *logits = p->choice_logits + i * s->n_experts;
    const uint32_t *ids = chosen_of(p, i);
    real *weights = p->choice_weights + i * s->n_used, most = logits[ids[0]], sum = 0;

    for (size_t e = 0; s->gating == GATING_SOFTMAX && e < s->n_experts; e++)
        most = logits[e] > most ? logits[e] : most;
    for (size_t u = 0; u < s->n_used; u++) /* held choices need not be the largest any more */
        most = logits[ids[u]] > most ? logits[ids[u]] : most;
    for (size_t e = 0; s->gating == GATING_SOFTMAX && e < s->n_experts; e++)
        sum += exp(logits[e] - most);
    for (size_t u = 0; u < s->n_used; u++) {
        weights[u] = exp(logits[ids[u]] - most);
        if (s->gating == GATING_CHOSEN) sum += weights[u];
    }
    for (size_t u = 0; u < s->n_used; u++)
        weights[u] /= sum;
}

static void route(struct adapt_pass *p)
{
    const struct shape *s = &p->m->shape;
    const struct layer *y = p->layer;

    add_product(p, product_of(&y->router, NULL, p->n, p->normed_mid, p->choice_logits, NULL));
    if (y->shared_gate.format)
        add_product(p, product_of(&y->shared_gate, NULL, p->n, p->normed_mid, p->shared_logit, NULL));
    multiply_all(p);
    for (size_t i = 0; i < p->n; i++) {
        add_bias(p->choice_logits + i * s->n_experts, y->router_bias, s->n_experts);
        if (!p->hold) choose_experts(p, i);
        weigh_experts(p, i);
    }
    moe_group(chosen_of(p, 0), p->n, s->n_used, s->n_experts, p->begin, p->slot_of, p->token_of);
    for (size_t u = 0; u < p->n * s->n_used; u++)
        memcpy(p->gathered + u * s->n_embd, p->normed_mid + (size_t)p->token_of[u] * s->n_embd,
               s->n_embd * sizeof(*p->gathered));
}

/* ---- inner layers -------------------------------------------------------------------------------------------------- */

enum inner_part { PART_GATE, PART_UP, PART_DOWN };

/* The product of a part for the rows of expert `e` (0 of a plain layer), of which the first is `first`.
 * back: y holds derivatives by the outcome. */
static struct product inner_product(const struct adapt_pass *p, enum inner_part part, bool experts, size_t e,
                                    size_t first, size_t n, bool back)
{
    const struct ffn *f = experts ? &p->layer->experts : plain_ffn(p->layer);
    const struct adapt_ffn *t = experts ? &p->adapted->experts : &p->adapted->plain;
    const struct inner *i = experts ? &p->experts : &p->plain;
    size_t n_embd = p->m->shape.n_embd, width = f->down.n_in, rank = p->plan->rank;
    const real *x = (experts ? p->gathered : p->normed_mid) + first * n_embd;
    struct product d = {.n = n, .adapter = e, .mat = e};

    if (part == PART_DOWN) {
        d.w = &f->down;
        d.t = t->down;
        d.x = i->act + first * width;
        d.y = back ? (experts ? p->d_slot : p->d_mid) + first * n_embd : i->out + first * n_embd;
        d.h = i->h_down + first * rank;
        return d;
    }
    d.w = part == PART_GATE ? &f->gate : up_of(f);
    d.t = part == PART_GATE ? t->gate : t->up;
    d.mat = f->fused ? 2 * e + (part == PART_UP) : e;
    d.x = x;
    d.y = (part == PART_GATE ? (back ? i->d_gate : i->gate) : (back ? i->d_up : i->up)) + first * width;
    d.h = (part == PART_GATE ? i->h_gate : i->h_up) + first * rank;
    return d;
}

static void add_inner_products(struct adapt_pass *p, enum inner_part part)
{
    if (p->layer->router.format)
        for (size_t e = 0; e < p->m->shape.n_experts; e++)
            add_product(p, inner_product(p, part, true, e, p->begin[e], p->begin[e + 1] - p->begin[e], false));
    if (plain_ffn(p->layer)) add_product(p, inner_product(p, part, false, 0, 0, p->n, false));
}

/* Row i of an inner layer; `mat` is its expert. */
static void activate(const struct ffn *f, const struct inner *in, size_t i, size_t mat)
{
    size_t width = f->down.n_in;
    real *gate = in->gate + i * width, *up = in->up + i * width, *act = in->act + i * width;

    add_bias(gate, f->gate_bias ? f->gate_bias + mat * width : NULL, width);
    add_bias(up, f->up_bias ? f->up_bias + mat * width : NULL, width);
    for (size_t k = 0; k < width; k++)
        act[k] = gate[k] * sigmoid(gate[k]) * up[k];
}

static void activate_expert(void *ctx, size_t e, size_t worker)
{
    struct adapt_pass *p = ctx;

    (void)worker;
    for (size_t u = p->begin[e]; u < p->begin[e + 1]; u++)
        activate(&p->layer->experts, &p->experts, u, e);
}

static void activate_row(void *ctx, size_t i, size_t worker)
{
    struct adapt_pass *p = ctx;

    (void)worker;
    activate(plain_ffn(p->layer), &p->plain, i, 0);
}

static void leave_layer(void *ctx, size_t i, size_t worker)
{
    struct adapt_pass *p = ctx;
    const struct shape *s = &p->m->shape;
    const struct layer *y = p->layer;
    const struct ffn *plain = plain_ffn(y);
    size_t e = s->n_embd;
    real *out = p->x + p->max * e + i * e; /* the next layer's entry */

    (void)worker;
    memcpy(out, p->mid + i * e, e * sizeof(*out));
    for (size_t u = i * s->n_used; y->router.format && u < (i + 1) * s->n_used; u++) {
        real *from = p->experts.out + (size_t)p->slot_of[u] * e;

        if (y->experts.down_bias) add_bias(from, y->experts.down_bias + chosen_of(p, 0)[u] * e, e);
        add(out, from, e, (real)s->residual_scale * p->choice_weights[u]);
    }
    if (!plain) return;
    add_bias(p->plain.out + i * e, plain->down_bias, e);
    add(out, p->plain.out + i * e, e,
        (real)s->residual_scale * (y->shared_gate.format ? sigmoid(p->shared_logit[i]) : 1));
}

/* Layer `index` from p->entry, to the next one's. */
static void layer_forward(struct adapt_pass *p, size_t index)
{
    p->index = index;
    p->layer = &p->m->layers[index];
    p->adapted = &p->plan->layers[index];
    p->x = p->entry + index * p->max * p->m->shape.n_embd;
    attention_forward(p);
    if (p->layer->router.format) route(p);
    add_inner_products(p, PART_GATE);
    multiply_all(p);
    add_inner_products(p, PART_UP);
    multiply_all(p);
    if (p->layer->router.format) pool_run(p->pool, activate_expert, p, p->m->shape.n_experts);
    if (plain_ffn(p->layer)) pool_run(p->pool, activate_row, p, p->n);
    add_inner_products(p, PART_DOWN);
    multiply_all(p);
    pool_run(p->pool, leave_layer, p, p->n);
}
