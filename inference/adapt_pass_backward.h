/* adapt_pass_backward.h: a layer backward. p->dx holds derivatives by what leaves the layer and, in the end, by what
 * enters it; the layer's own values are there from layer_forward(). */

/* From derivatives by act, at row i, to those by gate and up. */
static void activate_back(const struct ffn *f, const struct inner *in, size_t i)
{
    size_t width = f->down.n_in;
    const real *gate = in->gate + i * width, *up = in->up + i * width, *d = in->d_act + i * width;
    real *d_gate = in->d_gate + i * width, *d_up = in->d_up + i * width;

    for (size_t k = 0; k < width; k++) {
        real share = sigmoid(gate[k]);

        d_up[k] = d[k] * gate[k] * share;
        d_gate[k] = d[k] * up[k] * share * (1 + gate[k] * (1 - share));
    }
}

static void activate_slot_back(void *ctx, size_t u, size_t worker)
{
    struct adapt_pass *p = ctx;

    (void)worker;
    activate_back(&p->layer->experts, &p->experts, u);
}

static void activate_row_back(void *ctx, size_t i, size_t worker)
{
    struct adapt_pass *p = ctx;

    (void)worker;
    activate_back(plain_ffn(p->layer), &p->plain, i);
}

static real dot(const real *a, const real *b, size_t n)
{
    real sum = 0;

    for (size_t i = 0; i < n; i++)
        sum += a[i] * b[i];
    return sum;
}

/* Derivatives by the router's logits from those by the chosen experts' weights, room [n_used]. The softmax's sum
 * runs over the chosen, or over all, of which those not chosen only take. */
static void weigh_experts_back(struct adapt_pass *p, size_t i, const real *d_weights)
{
    const struct shape *s = &p->m->shape;
    const uint32_t *ids = chosen_of(p, i);
    const real *weights = p->choice_weights + i * s->n_used, *logits = p->choice_logits + i * s->n_experts;
    real *d = p->d_choice + i * s->n_experts, mean = dot(weights, d_weights, s->n_used);

    for (size_t e = 0; e < s->n_experts; e++) /* any chosen one tells what a weight is to its logit */
        d[e] = s->gating == GATING_SOFTMAX ? -mean * weights[0] * exp(logits[e] - logits[ids[0]]) : 0;
    for (size_t u = 0; u < s->n_used; u++)
        d[ids[u]] = weights[u] * (d_weights[u] - mean);
}

/* Row i: what its experts and its plain layer get. */
static void leave_layer_back(void *ctx, size_t i, size_t worker)
{
    struct adapt_pass *p = ctx;
    const struct shape *s = &p->m->shape;
    const struct layer *y = p->layer;
    size_t e = s->n_embd;
    const real *dx = p->dx + i * e;
    real d_weights[MODEL_MAX_USED], scale = (real)s->residual_scale, share = 1;

    (void)worker;
    for (size_t u = 0; y->router.format && u < s->n_used; u++) {
        size_t slot = p->slot_of[i * s->n_used + u];

        d_weights[u] = scale * dot(dx, p->experts.out + slot * e, e);
        for (size_t k = 0; k < e; k++)
            p->d_slot[slot * e + k] = scale * p->choice_weights[i * s->n_used + u] * dx[k];
    }
    if (y->router.format) weigh_experts_back(p, i, d_weights);
    if (y->shared_gate.format) {
        share = sigmoid(p->shared_logit[i]);
        p->d_share_logit[i] = scale * share * (1 - share) * dot(dx, p->plain.out + i * e, e);
    }
    for (size_t k = 0; k < e; k++)
        p->d_mid[i * e + k] = scale * share * dx[k];
}

/* A part of all inner layers; to_in: rows of what goes into gate and up, or of act. */
static void inner_products_back(struct adapt_pass *p, enum inner_part part)
{
    size_t e = p->m->shape.n_embd, rank = p->plan->rank;

    if (p->layer->router.format) {
        for (size_t i = 0; i < p->m->shape.n_experts; i++) {
            size_t first = p->begin[i];
            struct product d = inner_product(p, part, true, i, first, p->begin[i + 1] - first, true);

            d.dx = part == PART_DOWN ? p->experts.d_act + first * d.w->n_in : p->d_gathered + first * e;
            d.d_h = p->d_h + first * rank;
            add_product(p, d);
        }
        multiply_all_back(p);
    }
    if (plain_ffn(p->layer))
        multiply_one_back(p, inner_product(p, part, false, 0, 0, p->n, true),
                          part == PART_DOWN ? p->plain.d_act : p->d_normed);
}

/* Row i of d_mid: what came past the inner layer, and through its norm. */
static void enter_inner_back(void *ctx, size_t i, size_t worker)
{
    struct adapt_pass *p = ctx;
    const struct shape *s = &p->m->shape;
    size_t e = s->n_embd;
    real *d_mid = p->d_mid + i * e;

    (void)worker;
    for (size_t u = i * s->n_used; p->layer->router.format && u < (i + 1) * s->n_used; u++)
        add(p->d_normed + i * e, p->d_gathered + (size_t)p->slot_of[u] * e, e, 1);
    memcpy(d_mid, p->dx + i * e, e * sizeof(*d_mid));
    norm_back(p, p->mid + i * e, p->layer->ffn_norm, e, p->d_normed + i * e, d_mid);
    for (size_t k = 0; k < e; k++) /* what attention's output gets */
        p->d_normed[i * e + k] = (real)s->residual_scale * d_mid[k];
}

static void clear(real *x, size_t n)
{
    memset(x, 0, n * sizeof(*x));
}

static void inner_back(struct adapt_pass *p)
{
    const struct shape *s = &p->m->shape;
    const struct ffn *plain = plain_ffn(p->layer);
    size_t slots = p->layer->router.format ? p->n * s->n_used : 0;

    pool_run(p->pool, leave_layer_back, p, p->n);
    clear(p->d_normed, p->n * s->n_embd);
    clear(p->d_gathered, slots * s->n_embd);
    clear(p->experts.d_act, slots * s->n_ff_expert);
    if (plain) clear(p->plain.d_act, p->n * plain->down.n_in);
    inner_products_back(p, PART_DOWN);
    if (slots > 0) pool_run(p->pool, activate_slot_back, p, slots);
    if (plain) pool_run(p->pool, activate_row_back, p, p->n);
    inner_products_back(p, PART_GATE);
    inner_products_back(p, PART_UP);
    if (p->layer->router.format)
        multiply_one_back(p, product_of(&p->layer->router, NULL, p->n, p->normed_mid, p->d_choice, NULL), p->d_normed);
    if (p->layer->shared_gate.format)
        multiply_one_back(p, product_of(&p->layer->shared_gate, NULL, p->n, p->normed_mid, p->d_share_logit, NULL),
                          p->d_normed);
    pool_run(p->pool, enter_inner_back, p, p->n);
}

/* Row i of queries and keys; what attention gave is not read any more and lends norms their room. */
static void place_row_back(void *ctx, size_t i, size_t worker)
{
    struct adapt_pass *p = ctx;
    real *room = p->attended + i * p->n_q;

    (void)worker;
    place_back(p, p->raw_q + i * p->n_q, p->layer->q_norm, p->n_q, i, (real)p->m->shape.attention_scale,
               p->d_q + i * p->n_q, room);
    place_back(p, p->raw_k + i * p->n_kv, p->layer->k_norm, p->n_kv, i, 1, p->d_k + i * p->n_kv, room);
}

static void enter_attention_back(void *ctx, size_t i, size_t worker)
{
    struct adapt_pass *p = ctx;
    size_t e = p->m->shape.n_embd;

    (void)worker;
    memcpy(p->dx + i * e, p->d_mid + i * e, e * sizeof(*p->dx));
    norm_back(p, p->x + i * e, p->layer->attn_norm, e, p->d_normed + i * e, p->dx + i * e);
}

static void attention_back(struct adapt_pass *p)
{
    const struct layer *y = p->layer;
    const struct adapt_layer *a = p->adapted;

    clear(p->d_attended, p->n * p->n_q);
    multiply_one_back(p, product_of(&y->attn_out, a->out, p->n, p->attended, p->d_normed, p->h_out), p->d_attended);
    clear(p->d_q, p->n * p->n_q);
    clear(p->d_k, p->n * p->n_kv);
    clear(p->d_v, p->n * p->n_kv);
    pool_run(p->pool, attend_group_back, p, p->m->shape.n_heads_kv);
    pool_run(p->pool, place_row_back, p, p->n);
    clear(p->d_normed, p->n * p->m->shape.n_embd);
    multiply_one_back(p, product_of(&y->q, a->q, p->n, p->normed, p->d_q, p->h_q), p->d_normed);
    multiply_one_back(p, product_of(&y->k, a->k, p->n, p->normed, p->d_k, p->h_k), p->d_normed);
    multiply_one_back(p, product_of(&y->v, a->v, p->n, p->normed, p->d_v, p->h_v), p->d_normed);
    pool_run(p->pool, enter_attention_back, p, p->n);
}

static void layer_backward(struct adapt_pass *p)
{
    inner_back(p);
    attention_back(p);
}
