/* forward.c: the graph of a pass: layer after layer, attention (attention.c) and the inner layer. */
#include "forward.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>
#include "graph.h"
#include "moe.h"

/* Outputs of a matrix that a thread takes at a time, whole blocks of activations: many, so that it reads long
 * stretches of memory, unless the stage has too few for all threads. */
#define MOST_PIECE  256
#define LEAST_PIECE 64
#define PIECES      4 /* wanted for each thread */

#define ROUTED 4 /* rows whose experts are chosen together, where there are enough for all threads */
#define LOGITS 8192 /* that a thread finishes at a time */
#define LATENT_SPAN 8 /* of the heads that share a latent vector, those of one task */

/* ---- products ------------------------------------------------------------------------------------------ */

void graph_quantise(const struct forward *f, struct acts *a, size_t row, size_t first, size_t n, bool shared)
{
    f->k->quantise(a->f + row * a->width + first, n, quantised_together(shared) / ACT_BLOCK,
                   a->q + row * (a->width / ACT_BLOCK) + first / ACT_BLOCK, a->low + row * a->width + first);
}

void graph_norm(const struct forward *f, const float *x, const float *gain, const float *bias, size_t n,
                float *out)
{
    f->k->rms_norm(x, gain, n, f->m->shape.norm_eps, out);
    graph_add(out, bias, n);
}

void graph_add(float *x, const float *y, size_t n)
{
    for (size_t i = 0; y && i < n; i++)
        x[i] += y[i];
}

void graph_for_rows(struct forward *f, void (*work)(void *ctx, size_t i, size_t worker), size_t n)
{
    pool_run(f->pool, work, f, n);
}

void graph_product(struct forward *f, struct product p)
{
    if (p.n == 0) return;
    f->products[f->n_products++] = p;
}

/* Whether each piece of the stage quantises what it made for the matrix that goes down. */
static bool pieces_quantise(const struct forward *f, const struct weight *down)
{
    return reads_quantised(down) && f->piece % quantised_together(reads_shared(down)) == 0;
}

/* What adapters add to outputs first to last - 1 of a product; rows that follow each other and have the same go together. */
static void adapt_piece(const struct forward *f, const struct product *p, enum lora_part part, size_t mat, size_t first,
                        size_t last, float *y)
{
    const uint32_t *rows = p->rows ? p->rows : p->pick;

    for (size_t i = 0, next; f->adapted && part != LORA_NONE && i < p->n; i = next) {
        const struct lora *lora = f->rows[rows[i]].lora;

        for (next = i + 1; next < p->n && f->rows[rows[next]].lora == lora;)
            next++;
        if (lora) lora_add(lora, f->layer_index, part, mat, first, last, p->x, p->pick + i, next - i, y + i * p->stride, p->stride);
    }
}

/* Outputs first to last of `up`, and of what goes down. */
static void activate(const struct forward *f, const struct product *p, size_t first, size_t last)
{
    const struct ffn *n = p->ffn;
    const struct weight *up = n->fused ? &n->gate : &n->up;
    size_t expert = n->fused ? p->mat / 2 : p->mat, width = p->out->width;

    up->format->matmul(up, n->fused ? p->mat + 1 : p->mat, first, last, p->x, p->pick, p->n,
                       p->up + p->slot * width, width);
    if (!n->fused) adapt_piece(f, p, p->part + 1, expert, first, last, p->up + p->slot * width);
    for (size_t i = p->slot; i < p->slot + p->n; i++) {
        float *gate = p->out->f + i * width + first, *other = p->up + i * width + first;

        graph_add(gate, n->gate_bias ? n->gate_bias + expert * width + first : NULL, last - first);
        graph_add(other, n->up_bias ? n->up_bias + expert * width + first : NULL, last - first);
        if (f->m->arch->activation == ACTIVATION_SWIGLU)
            f->k->silu_mul(gate, other, last - first);
        else
            f->k->swiglu_clamped(gate, other, last - first);
        if (pieces_quantise(f, &n->down)) graph_quantise(f, p->out, i, first, last - first, reads_shared(&n->down));
    }
}

static void multiply_piece(void *ctx, size_t piece, size_t worker)
{
    const struct forward *f = ctx;
    size_t lo = 0, hi = f->n_products, first, last;
    const struct product *p;

    (void)worker;
    while (hi - lo > 1) {
        size_t mid = lo + (hi - lo) / 2;

        if (f->products[mid].first_piece <= piece)
            lo = mid;
        else
            hi = mid;
    }
    p = &f->products[lo];
    first = (piece - p->first_piece) * f->piece;
    last = first + f->piece < p->w->n_out ? first + f->piece : p->w->n_out;
    p->w->format->matmul(p->w, p->mat, first, last, p->x, p->pick, p->n, p->y, p->stride);
    adapt_piece(f, p, p->part, p->mat, first, last, p->y);
    if (p->ffn) activate(f, p, first, last);
}

/* Number the pieces of all products; returns how many there are. */
static size_t cut(struct forward *f, size_t piece)
{
    size_t n = 0;

    f->piece = piece;
    for (size_t i = 0; i < f->n_products; i++) {
        f->products[i].first_piece = n;
        n += (f->products[i].w->n_out + piece - 1) / piece;
    }
    return n;
}

void graph_multiply(struct forward *f)
{
    size_t piece = MOST_PIECE, n = cut(f, piece);

    while (piece > LEAST_PIECE && n < PIECES * (size_t)pool_threads(f->pool))
        n = cut(f, piece /= 2);
    pool_run(f->pool, multiply_piece, f, n);
    f->n_products = 0;
}

void graph_ahead(struct forward *f, const struct weight *const *next, size_t n)
{
    struct pool_stretch all[POOL_MOST_AHEAD];
    size_t n_all = 0;

    for (size_t i = 0; i < n && n_all < POOL_MOST_AHEAD; i++)
        if (next[i]->format) all[n_all++] = (struct pool_stretch){next[i]->data, next[i]->mat_bytes};
    pool_ahead(f->pool, all, n_all);
}

/* ---- inner layer --------------------------------------------------------------------------------------- */

/* What every row goes through: the dense layer, or the shared expert; NULL if there is neither. */
static const struct ffn *plain_ffn(const struct forward *f)
{
    return f->layer->dense.gate.format    ? &f->layer->dense
           : f->layer->shared.gate.format ? &f->layer->shared
                                          : NULL;
}

static bool ffn_reads_quantised(const struct ffn *n)
{
    return n && (reads_quantised(&n->gate) || reads_quantised(&n->up));
}

static bool ffn_reads_shared(const struct ffn *n)
{
    return n && (reads_shared(&n->gate) || reads_shared(&n->up));
}

/* Experts of a row, whose logits are there, and their weights. */
static void choose_experts(struct forward *f, size_t i)
{
    const struct shape *s = &f->m->shape;
    const struct layer *y = f->layer;
    const struct router r = {.n_experts = s->n_experts,
                             .n_used = s->n_used,
                             .n_groups = s->n_groups,
                             .n_groups_used = s->n_groups_used,
                             .gating = s->gating,
                             .bias = y->choice_bias,
                             .sum_to_one = s->weights_sum_to_one,
                             .scale = s->weights_scale};
    float *logits = f->logits_of_experts + i * 2 * s->n_experts;

    graph_add(logits, y->router_bias, s->n_experts);
    moe_route(&r, logits, f->experts + i * s->n_used, f->expert_weights + i * s->n_used);
    if (y->shared_gate.format) f->plain_share[i] = 1 / (1 + expf(-f->plain_share[i]));
}

/* Logits of experts e to last - 1, for n rows from `first` on. */
static void multiply_router(struct forward *f, size_t e, size_t last, size_t first, size_t n)
{
    const struct weight *router = &f->layer->router;
    size_t stride = 2 * (size_t)f->m->shape.n_experts;

    router->format->matmul(router, 0, e, last, &f->normed, f->identity + first, n, f->logits_of_experts + first * stride, stride);
}

/* Rows first to first + n, whose logits are there. */
static void choose_of_rows(struct forward *f, size_t first, size_t n)
{
    const struct weight *gate = &f->layer->shared_gate;

    if (gate->format)
        gate->format->matmul(gate, 0, 0, 1, &f->normed, f->identity + first, n, f->plain_share + first, 1);
    for (size_t i = first; i < first + n; i++)
        choose_experts(f, i);
}

static void enter_inner(struct forward *f, size_t i)
{
    const struct shape *s = &f->m->shape;
    const struct layer *y = f->layer;
    float *x = f->x + i * s->n_embd;

    if (y->attn_out_bias) graph_add(f->out + i * s->n_embd, y->attn_out_bias, s->n_embd);
    f->k->add_scaled(x, f->out + i * s->n_embd, s->n_embd, s->residual_scale);
    graph_norm(f, x, y->ffn_norm, y->ffn_norm_bias, s->n_embd, f->normed.f + i * s->n_embd);
    if (ffn_reads_quantised(plain_ffn(f)) || ffn_reads_quantised(&y->experts) ||
        reads_quantised(&y->router) || reads_quantised(&y->shared_gate))
        graph_quantise(f, &f->normed, i, 0, s->n_embd,
                       ffn_reads_shared(plain_ffn(f)) || ffn_reads_shared(&y->experts) || reads_shared(&y->router) ||
                           reads_shared(&y->shared_gate));
}

/* Rows in groups of f->routed, so that the router's weights are read once for each. */
static void before_inner(void *ctx, size_t group, size_t worker)
{
    struct forward *f = ctx;
    size_t first = group * f->routed, n = f->n - first < f->routed ? f->n - first : f->routed;

    (void)worker;
    for (size_t i = first; i < first + n; i++)
        enter_inner(f, i);
    if (!f->layer->router.format) return;
    multiply_router(f, 0, f->m->shape.n_experts, first, n);
    choose_of_rows(f, first, n);
}

static void enter_row(void *ctx, size_t i, size_t worker)
{
    (void)worker;
    enter_inner(ctx, i);
}

/* The router for all rows, MATMUL_GROUP experts at a time. */
static void route_piece(void *ctx, size_t piece, size_t worker)
{
    struct forward *f = ctx;
    size_t e = piece * MATMUL_GROUP, last = e + MATMUL_GROUP;

    (void)worker;
    multiply_router(f, e, last < f->m->shape.n_experts ? last : f->m->shape.n_experts, 0, f->n);
}

/* All that comes before the matrices of the inner layer. Where rows are fewer than threads, these share the router. */
static void choose_all(struct forward *f)
{
    if (f->layer->router.format && f->n < (size_t)pool_threads(f->pool)) {
        graph_for_rows(f, enter_row, f->n);
        graph_for_rows(f, route_piece, (f->m->shape.n_experts + MATMUL_GROUP - 1) / MATMUL_GROUP);
        choose_of_rows(f, 0, f->n);
        return;
    }
    f->routed = f->n >= ROUTED * (size_t)pool_threads(f->pool) ? ROUTED : 1;
    graph_for_rows(f, before_inner, (f->n + f->routed - 1) / f->routed);
}

static void add_experts(const struct forward *f, float *x, size_t i)
{
    const struct shape *s = &f->m->shape;
    const float *bias = f->layer->experts.down_bias;

    for (size_t u = i * s->n_used; u < (i + 1) * s->n_used; u++) {
        float scale = s->residual_scale * f->expert_weights[u];

        f->k->add_scaled(x, f->expert_out + (size_t)f->slot_of[u] * s->n_embd, s->n_embd, scale);
        if (bias) f->k->add_scaled(x, bias + (size_t)f->experts[u] * s->n_embd, s->n_embd, scale);
    }
}

static void after_inner(void *ctx, size_t i, size_t worker)
{
    struct forward *f = ctx;
    const struct shape *s = &f->m->shape;
    const struct ffn *plain = plain_ffn(f);
    float *x = f->x + i * s->n_embd, *out = f->out + i * s->n_embd;

    (void)worker;
    if (f->layer->router.format) add_experts(f, x, i);
    if (plain) {
        graph_add(out, plain->down_bias, s->n_embd);
        f->k->add_scaled(x, out, s->n_embd,
                         f->layer->shared_gate.format ? s->residual_scale * f->plain_share[i]
                                                      : s->residual_scale);
    }
    if (f->layer_index + 1 < s->n_layers) graph_enter_layer(f, f->layer + 1, i);
}

static void quantise_inner(void *ctx, size_t i, size_t worker)
{
    struct forward *f = ctx;

    (void)worker;
    graph_quantise(f, &f->inner, i, 0, f->inner.width, true);
}

static void quantise_plain(void *ctx, size_t i, size_t worker)
{
    struct forward *f = ctx;

    (void)worker;
    graph_quantise(f, &f->plain, i, 0, f->plain.width, true);
}

/* What pieces have left that were smaller than the blocks that share a scale. */
static void quantise_rest(struct forward *f, const struct ffn *experts, const struct ffn *plain)
{
    if (reads_quantised(&experts->down) && !pieces_quantise(f, &experts->down))
        graph_for_rows(f, quantise_inner, f->n * f->m->shape.n_used);
    if (plain && reads_quantised(&plain->down) && !pieces_quantise(f, &plain->down))
        graph_for_rows(f, quantise_plain, f->n);
}

static const struct weight *output(const struct forward *f)
{
    return f->m->output.format ? &f->m->output : &f->m->embedding;
}

/* The down matrices of the experts that were chosen. */
static void experts_ahead(struct forward *f)
{
    const struct weight *down = &f->layer->experts.down;
    struct pool_stretch all[POOL_MOST_AHEAD];
    size_t n = 0;

    for (size_t e = 0; e < f->m->shape.n_experts && n < POOL_MOST_AHEAD; e++)
        if (f->begin[e + 1] > f->begin[e]) all[n++] = (struct pool_stretch){down->data + e * down->mat_bytes, down->mat_bytes};
    pool_ahead(f->pool, all, n);
}

/* What the next layer, or the end, reads first. */
static void next_layer_ahead(struct forward *f)
{
    const struct layer *y = f->layer + 1;

    if (f->layer_index + 1 < f->m->shape.n_layers)
        graph_ahead(f, (const struct weight *[]){&y->latent.q_down, &y->latent.kv_down, &y->q, &y->k, &y->v}, 5);
    else
        graph_ahead(f, (const struct weight *[]){output(f)}, 1);
}

/* Gate, up and activation of expert e for rows pick[0..n), to slots from `slot` on. */
static void up_product(struct forward *f, const struct ffn *n_ffn, enum lora_part part, size_t e, const uint32_t *pick,
                       size_t n, struct acts *out, float *up, size_t slot)
{
    graph_product(f, (struct product){.w = &n_ffn->gate,
                                      .part = part,
                                      .mat = n_ffn->fused ? 2 * e : e,
                                      .x = &f->normed,
                                      .pick = pick,
                                      .n = n,
                                      .y = out->f + slot * out->width,
                                      .stride = out->width,
                                      .ffn = n_ffn,
                                      .out = out,
                                      .up = up,
                                      .slot = slot});
}

/* Rows pick[0..n) of x, which belong to rows[0..n) of the pass. */
static void down_product(struct forward *f, const struct weight *w, enum lora_part part, size_t e, const struct acts *x,
                         const uint32_t *pick, const uint32_t *rows, size_t n, float *y)
{
    graph_product(f, (struct product){.w = w,
                                      .part = part,
                                      .mat = e,
                                      .x = x,
                                      .pick = pick,
                                      .rows = rows,
                                      .n = n,
                                      .y = y,
                                      .stride = w->n_out});
}

static void inner(struct forward *f)
{
    const struct shape *s = &f->m->shape;
    const struct ffn *plain = plain_ffn(f), *experts = &f->layer->experts;
    size_t n_experts = f->layer->router.format ? s->n_experts : 0;

    choose_all(f);
    if (plain) graph_ahead(f, (const struct weight *[]){&plain->down}, 1);
    if (n_experts > 0) moe_group(f->experts, f->n, s->n_used, n_experts, f->begin, f->slot_of, f->token_of);
    for (size_t e = 0; e < n_experts; e++)
        up_product(f, experts, LORA_GATE_EXPERTS, e, f->token_of + f->begin[e], f->begin[e + 1] - f->begin[e], &f->inner,
                   f->inner_up, f->begin[e]);
    if (n_experts > 0) experts_ahead(f);
    if (plain) {
        f->plain.width = plain->down.n_in;
        up_product(f, plain, LORA_GATE, 0, f->identity, f->n, &f->plain, f->plain_up, 0);
    }
    graph_multiply(f);
    quantise_rest(f, experts, plain);
    for (size_t e = 0; e < n_experts; e++)
        down_product(f, &experts->down, LORA_DOWN_EXPERTS, e, &f->inner, f->identity + f->begin[e],
                     f->token_of + f->begin[e], f->begin[e + 1] - f->begin[e],
                     f->expert_out + (size_t)f->begin[e] * s->n_embd);
    if (plain) down_product(f, &plain->down, LORA_DOWN, 0, &f->plain, f->identity, f->identity, f->n, f->out);
    next_layer_ahead(f);
    graph_multiply(f);
    graph_for_rows(f, after_inner, f->n);
}

/* ---- pass ---------------------------------------------------------------------------------------------- */

static void embed_row(void *ctx, size_t i, size_t worker)
{
    struct forward *f = ctx;
    const struct shape *s = &f->m->shape;
    float *x = f->x + i * s->n_embd;

    (void)worker;
    f->m->embedding.format->row(&f->m->embedding, 0, (size_t)f->rows[i].token, x);
    for (size_t k = 0; k < s->n_embd; k++)
        x[k] *= s->embedding_scale;
    rope_turns(s, f->frequencies, f->rows[i].position, f->turns + i * s->n_rope);
    graph_enter_layer(f, f->m->layers, i);
}

static void before_output(void *ctx, size_t i, size_t worker)
{
    struct forward *f = ctx;
    size_t n_embd = f->m->shape.n_embd;

    (void)worker;
    graph_norm(f, f->x + f->wanted[i] * n_embd, f->m->output_norm, f->m->output_norm_bias, n_embd,
               f->last.f + i * n_embd);
    if (reads_quantised(output(f))) graph_quantise(f, &f->last, i, 0, n_embd, reads_shared(output(f)));
}

static size_t logit_pieces(const struct forward *f)
{
    return (f->m->n_vocab + LOGITS - 1) / LOGITS;
}

/* A piece of the logits of one row. */
static void finish_logits(void *ctx, size_t index, size_t worker)
{
    const struct forward *f = ctx;
    const float *bias = f->m->output_bias;
    size_t pieces = logit_pieces(f), first = index % pieces * LOGITS, left = f->m->n_vocab - first;
    size_t n = left < LOGITS ? left : LOGITS;
    float *logits = forward_logits(f, index / pieces) + first;

    (void)worker;
    graph_add(logits, bias ? bias + first : NULL, n);
    for (size_t k = 0; f->m->shape.logit_divisor != 1 && k < n; k++)
        logits[k] /= f->m->shape.logit_divisor;
}

void forward_run(struct forward *f, const struct row *rows, size_t n)
{
    f->rows = rows;
    f->n = n;
    f->n_wanted = 0;
    f->adapted = false;
    for (size_t i = 0; i < n; i++) {
        if (rows[i].wants_logits) f->wanted[f->n_wanted++] = (uint32_t)i;
        f->adapted = f->adapted || rows[i].lora;
    }
    graph_for_rows(f, embed_row, n);
    for (size_t i = 0; i < f->m->shape.n_layers; i++) {
        f->layer = &f->m->layers[i];
        f->layer_index = i;
        graph_attention(f);
        inner(f);
    }
    graph_for_rows(f, before_output, f->n_wanted);
    down_product(f, output(f), LORA_NONE, 0, &f->last, f->identity, f->wanted, f->n_wanted, f->logits);
    graph_multiply(f);
    if (f->m->output_bias || f->m->shape.logit_divisor != 1) graph_for_rows(f, finish_logits, f->n_wanted * logit_pieces(f));
}

float *forward_logits(const struct forward *f, size_t i)
{
    return f->logits + i * f->m->n_vocab;
}

/* ---- room ---------------------------------------------------------------------------------------------- */

/* n * width elements aligned for the widest registers; untouched pages take no memory. Sets *failed. */
static void *room(size_t n, size_t width, size_t size, bool *failed)
{
    size_t bytes;
    void *p = NULL;

    if (__builtin_mul_overflow(n, width, &bytes) || __builtin_mul_overflow(bytes, size, &bytes) ||
        bytes > SIZE_MAX / 2 || !(p = aligned_alloc(64, (bytes + 64) / 64 * 64)))
        *failed = true;
    return p;
}

static struct acts acts_room(size_t n, size_t width, bool *failed)
{
    return (struct acts){.width = width,
                         .f = room(n, width, sizeof(float), failed),
                         .q = room(n, width / ACT_BLOCK + 1, sizeof(struct act_block), failed),
                         .low = room(n, width, sizeof(int8_t), failed)};
}

static void acts_clear(struct acts *a)
{
    free(a->f);
    free(a->q);
    free(a->low);
}

static void make_attention_room(struct forward *f, size_t rows, bool *failed)
{
    const struct shape *s = &f->m->shape;
    size_t threads = (size_t)pool_threads(f->pool), heads = s->n_latent ? rows * s->n_heads : 0;

    f->q = room(rows, f->n_q, sizeof(float), failed);
    f->key = room(rows, f->n_kv, sizeof(float), failed);
    f->value = room(rows, s->n_latent ? 0 : f->n_kv, sizeof(float), failed);
    f->frequencies = room(s->n_rope / 2, 1, sizeof(double), failed);
    f->turns = room(rows, s->n_rope, sizeof(float), failed);
    f->attended = acts_room(rows, f->n_attended, failed);
    f->scratch_max = room(threads, ATTENTION_TILE * f->span, sizeof(float), failed);
    f->scratch_sum = room(threads, ATTENTION_TILE * f->span, sizeof(float), failed);
    f->q_latent = acts_room(rows, s->n_q_latent, failed);
    f->q_plain = acts_room(heads, s->n_head - s->n_rope, failed);
    f->q_absorbed = room(heads, (size_t)s->n_latent + s->n_rope, sizeof(float), failed);
    f->seen = acts_room(heads, s->n_latent, failed);
    f->rows_of_head = room(heads, 1, sizeof(uint32_t), failed);
    for (size_t i = 0; !*failed && i < heads; i++)
        f->rows_of_head[i] = (uint32_t)(i % rows * s->n_heads + i / rows);
}

static void make_inner_room(struct forward *f, size_t rows, bool *failed)
{
    const struct shape *s = &f->m->shape;
    size_t slots = rows * s->n_used, plain = s->n_ff > s->n_ff_shared ? s->n_ff : s->n_ff_shared;

    f->plain = acts_room(rows, plain, failed);
    f->plain_up = room(rows, plain, sizeof(float), failed);
    f->plain_share = room(rows, 1, sizeof(float), failed);
    f->logits_of_experts = room(rows, 2 * (size_t)s->n_experts, sizeof(float), failed);
    f->expert_weights = room(slots, 1, sizeof(float), failed);
    f->experts = room(slots, 1, sizeof(uint32_t), failed);
    f->slot_of = room(slots, 1, sizeof(uint32_t), failed);
    f->token_of = room(slots, 1, sizeof(uint32_t), failed);
    f->begin = room(s->n_experts + (size_t)1, 1, sizeof(uint32_t), failed);
    f->inner = acts_room(slots, s->n_ff_expert, failed);
    f->inner_up = room(slots, s->n_ff_expert, sizeof(float), failed);
    f->expert_out = room(slots, s->n_embd, sizeof(float), failed);
}

static bool make_room(struct forward *f, size_t rows, size_t wanted)
{
    const struct shape *s = &f->m->shape;
    size_t slots = rows * s->n_used, ids = slots > rows ? slots : rows;
    bool failed = false;

    f->identity = room(ids, 1, sizeof(uint32_t), &failed);
    f->x = room(rows, s->n_embd, sizeof(float), &failed);
    f->normed = acts_room(rows, s->n_embd, &failed);
    f->out = room(rows, s->n_embd, sizeof(float), &failed);
    make_attention_room(f, rows, &failed);
    make_inner_room(f, rows, &failed);
    f->products = room((size_t)s->n_experts + s->n_heads + 3, 1, sizeof(*f->products), &failed);
    f->wanted = room(rows, 1, sizeof(uint32_t), &failed);
    f->last = acts_room(wanted, s->n_embd, &failed);
    f->logits = room(wanted, f->m->n_vocab, sizeof(float), &failed);
    for (size_t i = 0; !failed && i < ids; i++)
        f->identity[i] = (uint32_t)i;
    return !failed;
}

enum rc forward_open(const struct model *m, const struct kv *kv, struct pool *pool, size_t max_rows,
                     size_t max_wanted, size_t context, struct forward **out, struct err *e)
{
    const struct shape *s = &m->shape;
    struct forward *f = calloc(1, sizeof(*f));

    if (!f) return err_set(e, RC_NOMEM, "%s: out of memory", m->path);
    f->m = m;
    f->k = m->kernels;
    f->kv = kv;
    f->pool = pool;
    f->max_rows = max_rows;
    f->n_q = (size_t)s->n_heads * s->n_head;
    f->n_kv = s->n_latent ? (size_t)s->n_latent + s->n_rope : (size_t)s->n_heads_kv * s->n_head;
    f->n_attended = (size_t)s->n_heads * s->n_value;
    f->span = s->n_latent ? LATENT_SPAN : s->n_heads / s->n_heads_kv;
    if (!make_room(f, max_rows, max_wanted)) {
        forward_close(f);
        return err_set(e, RC_NOMEM, "%s: out of memory for a batch of %zu tokens", m->path, max_rows);
    }
    rope_frequencies(
        s, context > s->n_context_first && m->rope_factors_long ? m->rope_factors_long : m->rope_factors,
        f->frequencies);
    *out = f;
    return RC_OK;
}

void forward_close(struct forward *f)
{
    if (!f) return;
    void *rooms[] = {f->identity,
                     f->x,
                     f->q,
                     f->key,
                     f->value,
                     f->frequencies,
                     f->turns,
                     f->scratch_max,
                     f->scratch_sum,
                     f->out,
                     f->q_absorbed,
                     f->rows_of_head,
                     f->plain_up,
                     f->plain_share,
                     f->expert_weights,
                     f->logits_of_experts,
                     f->experts,
                     f->slot_of,
                     f->token_of,
                     f->begin,
                     f->inner_up,
                     f->expert_out,
                     f->products,
                     f->wanted,
                     f->logits};
    struct acts *acts[] = {&f->normed, &f->attended, &f->q_latent, &f->q_plain,
                           &f->seen,   &f->plain,    &f->inner,    &f->last};

    for (size_t i = 0; i < COUNT_OF(rooms); i++)
        free(rooms[i]);
    for (size_t i = 0; i < COUNT_OF(acts); i++)
        acts_clear(acts[i]);
    free(f);
}
