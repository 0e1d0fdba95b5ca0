/* attention.c: the first half of a layer: keys and values into the cache, queries over it, in one pass with
 * a running softmax.
 *
 * Latent attention (arXiv:2405.04434) is computed in the absorbed form of its appendix C: the cache holds one
 * latent vector a token, a head's query is taken to the latent space by the matrix that would make its keys,
 * and what it attended to is taken back by the one that would make its values. So all heads share one head of
 * keys, and keys and values are the same numbers. */
#include <math.h>
#include <string.h>

#include "graph.h"

#define BLOCKS_AHEAD 2   /* that are fetched while one is read; of rows that share none, one each */
#define MOST_TOGETHER 64 /* queries of one call of attend() */

void graph_enter_layer(struct forward *f, const struct layer *y, size_t i)
{
    size_t n_embd = f->m->shape.n_embd;

    graph_norm(f, f->x + i * n_embd, y->attn_norm, y->attn_norm_bias, n_embd, f->normed.f + i * n_embd);
    if (reads_quantised(&y->q) || reads_quantised(&y->k) || reads_quantised(&y->v) ||
        reads_quantised(&y->latent.q_down) || reads_quantised(&y->latent.kv_down))
        graph_quantise(f, &f->normed, i, 0, n_embd,
                       reads_shared(&y->q) || reads_shared(&y->k) || reads_shared(&y->v) ||
                           reads_shared(&y->latent.q_down) || reads_shared(&y->latent.kv_down));
}

/* A product of every row of x. */
static void all_rows(struct forward *f, const struct weight *w, enum lora_part part, const struct acts *x, float *y)
{
    graph_product(f, (struct product){.w = w, .part = part, .x = x, .pick = f->identity, .n = f->n, .y = y, .stride = w->n_out});
}

/* ---- heads of their own keys and values ---------------------------------------------------------------- */

static uint32_t block_of(const struct row *r)
{
    return r->blocks[r->position / KV_BLOCK];
}

static const float *of_head(const float *bias, size_t h, size_t head)
{
    return bias ? bias + h * head : NULL;
}

/* Head h of a row of queries or keys, from the product to what attention reads. */
static void turn_head(const struct forward *f, size_t i, float *x, size_t h, const float *bias, const float *gain)
{
    const struct shape *s = &f->m->shape;

    if (f->m->arch->qk_norm != QK_NORM_ROW) {
        graph_add(x, of_head(bias, h, s->n_head), s->n_head);
        if (gain) f->k->rms_norm(x, gain, s->n_head, s->norm_eps, x);
    }
    rope_turn(f->m->arch->rope, x, s->n_rope, f->turns + i * s->n_rope);
}

/* Key and value of head `h` of row i into the cache, and the queries that look at them. */
static void place_head(const struct forward *f, size_t i, size_t h)
{
    const struct layer *y = f->layer;
    size_t head = f->m->shape.n_head, place = f->rows[i].position % KV_BLOCK;
    uint32_t block = block_of(&f->rows[i]);
    float *key = f->key + i * f->n_kv + h * head, *value = f->value + i * f->n_kv + h * head;

    turn_head(f, i, key, h, y->k_bias, y->k_norm);
    graph_add(value, of_head(y->v_bias, h, head), head);
    kv_write(f->kv, f->k, key, head, true, place, kv_keys(f->kv, block, f->layer_index, h));
    kv_write(f->kv, f->k, value, head, false, place, kv_values(f->kv, block, f->layer_index, h));
    for (size_t k = h * f->span; k < (h + 1) * f->span; k++) {
        float *q = f->q + i * f->n_q + k * head;

        turn_head(f, i, q, k, y->q_bias, y->q_norm);
        for (size_t d = 0; d < head; d++)
            q[d] *= f->m->shape.attention_scale;
    }
}

static void norm_row(const struct forward *f, float *x, const float *bias, const float *gain, size_t n)
{
    graph_add(x, bias, n);
    if (gain) f->k->rms_norm(x, gain, n, f->m->shape.norm_eps, x);
}

static void norm_whole_row(void *ctx, size_t i, size_t worker)
{
    const struct forward *f = ctx;

    (void)worker;
    norm_row(f, f->q + i * f->n_q, f->layer->q_bias, f->layer->q_norm, f->n_q);
    norm_row(f, f->key + i * f->n_kv, f->layer->k_bias, f->layer->k_norm, f->n_kv);
}

static void place_heads(void *ctx, size_t i, size_t worker)
{
    const struct forward *f = ctx;

    (void)worker;
    for (size_t h = 0; h < f->m->shape.n_heads_kv; h++)
        place_head(f, i, h);
}

static void queries_of_heads(struct forward *f)
{
    all_rows(f, &f->layer->q, LORA_Q, &f->normed, f->q);
    all_rows(f, &f->layer->k, LORA_K, &f->normed, f->key);
    all_rows(f, &f->layer->v, LORA_V, &f->normed, f->value);
    graph_multiply(f);
    if (f->m->arch->qk_norm == QK_NORM_ROW) graph_for_rows(f, norm_whole_row, f->n);
    if (!f->places) graph_for_rows(f, place_heads, f->n);
}

/* ---- a latent vector ----------------------------------------------------------------------------------- */

static void between_query_steps(void *ctx, size_t i, size_t worker)
{
    struct forward *f = ctx;
    size_t n = f->q_latent.width;

    (void)worker;
    graph_norm(f, f->q_latent.f + i * n, f->layer->latent.q_norm, NULL, n, f->q_latent.f + i * n);
    if (reads_quantised(&f->layer->q)) graph_quantise(f, &f->q_latent, i, 0, n, reads_shared(&f->layer->q));
}

static void place_latent(void *ctx, size_t i, size_t worker)
{
    struct forward *f = ctx;
    const struct shape *s = &f->m->shape;
    const struct row *row = &f->rows[i];
    size_t n_key = (size_t)s->n_latent + s->n_rope, n_plain = s->n_head - s->n_rope;
    const float *turns = f->turns + i * s->n_rope;
    float *latent = f->key + i * n_key;

    (void)worker;
    graph_norm(f, latent, f->layer->latent.kv_norm, NULL, s->n_latent, latent);
    rope_turn(f->m->arch->rope, latent + s->n_latent, s->n_rope, turns);
    kv_write(f->kv, f->k, latent, n_key, false, row->position % KV_BLOCK, kv_latents(f->kv, block_of(row), f->layer_index));
    for (size_t h = 0; h < s->n_heads; h++) {
        const float *q = f->q + i * f->n_q + h * s->n_head;
        float *plain = f->q_plain.f + (i * s->n_heads + h) * n_plain;
        float *turned = f->q_absorbed + (i * s->n_heads + h) * n_key + s->n_latent;

        for (size_t k = 0; k < n_plain; k++)
            plain[k] = q[k] * s->attention_scale;
        for (size_t k = 0; k < s->n_rope; k++)
            turned[k] = q[n_plain + k] * s->attention_scale;
        rope_turn(f->m->arch->rope, turned, s->n_rope, turns);
        if (reads_quantised(&f->layer->latent.key_up))
            graph_quantise(f, &f->q_plain, i * s->n_heads + h, 0, n_plain, reads_shared(&f->layer->latent.key_up));
    }
}

/* Each head's rows of x times the head's matrix; a row of y has n_out values a head, `step` apart. */
static void each_head(struct forward *f, const struct weight *w, const struct acts *x, float *y, size_t step)
{
    for (size_t h = 0; h < w->n_mats; h++)
        graph_product(f, (struct product){.w = w,
                                          .mat = h,
                                          .x = x,
                                          .pick = f->rows_of_head + h * f->max_rows,
                                          .n = f->n,
                                          .y = y + h * step,
                                          .stride = w->n_mats * step});
    graph_multiply(f);
}

static void queries_of_latent(struct forward *f)
{
    const struct layer *y = f->layer;

    all_rows(f, &y->latent.kv_down, LORA_NONE, &f->normed, f->key);
    if (y->latent.q_down.format) {
        all_rows(f, &y->latent.q_down, LORA_NONE, &f->normed, f->q_latent.f);
        graph_multiply(f);
        graph_for_rows(f, between_query_steps, f->n);
        all_rows(f, &y->q, LORA_NONE, &f->q_latent, f->q);
    } else
        all_rows(f, &y->q, LORA_NONE, &f->normed, f->q);
    graph_multiply(f);
    graph_for_rows(f, place_latent, f->n);
    each_head(f, &y->latent.key_up, &f->q_plain, f->q_absorbed,
              (size_t)f->m->shape.n_latent + f->m->shape.n_rope);
}

static void values_of_latent(struct forward *f)
{
    each_head(f, &f->layer->latent.value_up, &f->seen, f->attended.f, f->m->shape.n_value);
}

/* ---- over the cache ------------------------------------------------------------------------------------ */

/* Query heads of one KV head, for a tile of rows. */
struct task {
    const float *q; /* of the first row; a row is q_row values */
    float *acc;
    size_t q_row, acc_row, n_key, n_value, head, n_heads, head_kv;
    size_t first_row, n_rows;
    float *max, *sum; /* [n_rows][n_heads] */
};

static struct task task_of(const struct forward *f, size_t index, size_t worker)
{
    const struct shape *s = &f->m->shape;
    size_t spans = (s->n_heads + f->span - 1) / f->span, rest;
    struct task t = {.n_key = s->n_latent ? s->n_latent + s->n_rope : s->n_head,
                     .n_value = s->n_latent ? s->n_latent : s->n_value,
                     .head = index % spans * f->span,
                     .first_row = index / spans * ATTENTION_TILE,
                     .max = f->scratch_max + worker * ATTENTION_TILE * f->span,
                     .sum = f->scratch_sum + worker * ATTENTION_TILE * f->span};

    t.q_row = s->n_heads * t.n_key;
    t.acc_row = s->n_heads * t.n_value;
    t.head_kv = t.head / (s->n_heads / s->n_heads_kv);
    rest = s->n_heads - t.head;
    t.n_heads = rest < f->span ? rest : f->span;
    rest = f->n - t.first_row;
    t.n_rows = rest < ATTENTION_TILE ? rest : ATTENTION_TILE;
    t.q = (s->n_latent ? f->q_absorbed : f->q) + t.first_row * t.q_row + t.head * t.n_key;
    t.acc = (s->n_latent ? f->seen.f : f->attended.f) + t.first_row * t.acc_row + t.head * t.n_value;
    return t;
}

/* A sink is a position with a logit of its own and values of 0: Xiao et al. 2023, arXiv:2309.17453; here
 * learned, as in arXiv:2508.10925, section 2.3. */
static void begin_softmax(const struct forward *f, const struct task *t)
{
    const float *sinks = f->layer->sinks;

    for (size_t r = 0; r < t->n_rows; r++) {
        for (size_t h = 0; h < t->n_heads; h++) {
            t->max[r * t->n_heads + h] = sinks ? sinks[t->head + h] : -INFINITY;
            t->sum[r * t->n_heads + h] = sinks ? 1 : 0;
        }
        memset(t->acc + r * t->acc_row, 0, t->n_heads * t->n_value * sizeof(float));
    }
}

/* What a row sees of block b. */
struct sight {
    uint32_t block;
    size_t first, last; /* positions; nothing if first >= last */
};

static struct sight sight_of(const struct forward *f, const struct task *t, size_t r, size_t b)
{
    const struct shape *s = &f->m->shape;
    const struct row *row = &f->rows[t->first_row + r];
    size_t begin = b * KV_BLOCK, end = (size_t)row->position + 1;
    struct sight see = {.last = KV_BLOCK};

    if (end <= begin) return (struct sight){0};
    if (end - begin < KV_BLOCK) see.last = end - begin;
    if (s->slides[f->layer_index] && end > begin + s->window) see.first = end - s->window - begin;
    see.block = row->blocks[b];
    return see;
}

static void fetch(const void *from, size_t n)
{
    for (size_t i = 0; i < n; i += 64) /* a line of the caches */
        __builtin_prefetch((const char *)from + i);
}

static void attend_queries(const struct forward *f, const struct task *t, const struct query *queries, size_t n,
                           uint32_t block)
{
    if (f->m->shape.n_latent)
        f->k->attend_latent(kv_type(f->kv), t->n_key, t->n_value, queries, n, kv_latents(f->kv, block, f->layer_index));
    else
        f->k->attend(kv_type(f->kv), t->n_key, queries, n, kv_keys(f->kv, block, f->layer_index, t->head_kv),
                     kv_values(f->kv, block, f->layer_index, t->head_kv));
}

/* Fetch what the task's rows see of block b: blocks lie far from each other, where no hardware expects the next one. */
static void fetch_block(const struct forward *f, const struct task *t, size_t b)
{
    size_t keys = kv_rows_bytes(kv_type(f->kv), t->n_key), values = kv_rows_bytes(kv_type(f->kv), t->n_value);
    uint32_t before = UINT32_MAX;

    for (size_t r = 0; r < t->n_rows; r++) {
        struct sight see = sight_of(f, t, r, b);

        if (see.first >= see.last || see.block == before) continue;
        before = see.block;
        if (f->m->shape.n_latent)
            fetch(kv_latents(f->kv, see.block, f->layer_index), keys);
        else {
            fetch(kv_keys(f->kv, see.block, f->layer_index, t->head_kv), keys);
            fetch(kv_values(f->kv, see.block, f->layer_index, t->head_kv), values);
        }
    }
}

/* Rows that see the same block, of one sequence or of several that share a prefix, go together. */
static void attend_block(const struct forward *f, const struct task *t, size_t b)
{
    struct query queries[MOST_TOGETHER];
    uint32_t block = 0;
    size_t n = 0;

    for (size_t r = 0; r < t->n_rows; r++) {
        struct sight see = sight_of(f, t, r, b);

        if (see.first >= see.last) continue;
        for (size_t h = 0; h < t->n_heads; h++) {
            if (n == MOST_TOGETHER || (n > 0 && see.block != block)) {
                attend_queries(f, t, queries, n, block);
                n = 0;
            }
            block = see.block;
            queries[n++] = (struct query){.q = t->q + r * t->q_row + h * t->n_key,
                                          .max = t->max + r * t->n_heads + h,
                                          .sum = t->sum + r * t->n_heads + h,
                                          .acc = t->acc + r * t->acc_row + h * t->n_value,
                                          .first = see.first,
                                          .last = see.last};
        }
    }
    if (n > 0) attend_queries(f, t, queries, n, block);
}

/* Whether a task's heads are whole scales of what the output matrix reads. */
static bool ends_on_blocks(const struct forward *f)
{
    return f->span * f->m->shape.n_value % quantised_together(reads_shared(&f->layer->attn_out)) == 0;
}

static void end_softmax(const struct forward *f, const struct task *t, size_t r)
{
    const struct layer *y = f->layer;
    struct acts attended = f->attended, seen = f->seen;
    size_t row = t->first_row + r;

    for (size_t h = 0; h < t->n_heads; h++) {
        float *acc = t->acc + r * t->acc_row + h * t->n_value, sum = t->sum[r * t->n_heads + h];

        for (size_t i = 0; i < t->n_value; i++)
            acc[i] /= sum;
    }
    for (size_t h = 0; h < t->n_heads && reads_quantised(&y->latent.value_up); h++)
        graph_quantise(f, &seen, row * f->m->shape.n_heads + t->head + h, 0, t->n_value, reads_shared(&y->latent.value_up));
    if (!y->latent.value_up.format && reads_quantised(&y->attn_out) && ends_on_blocks(f))
        graph_quantise(f, &attended, row, t->head * t->n_value, t->n_heads * t->n_value, reads_shared(&y->attn_out));
}

/* Block after block, so that rows of a sequence find the block in the caches. */
static void attend_tile(void *ctx, size_t index, size_t worker)
{
    const struct forward *f = ctx;
    const struct task t = task_of(f, index, worker);
    size_t n_blocks = 0, ahead = t.n_rows > 1 ? 1 : BLOCKS_AHEAD;

    for (size_t r = 0; r < t.n_rows; r++) {
        size_t n = kv_blocks((size_t)f->rows[t.first_row + r].position + 1);

        n_blocks = n > n_blocks ? n : n_blocks;
    }
    begin_softmax(f, &t);
    for (size_t b = 0; b < n_blocks && b < ahead; b++)
        fetch_block(f, &t, b);
    for (size_t r = 0; r < t.n_rows && f->places; r++)
        place_head(f, t.first_row + r, t.head_kv);
    for (size_t b = 0; b < n_blocks; b++) {
        if (b + ahead < n_blocks) fetch_block(f, &t, b + ahead);
        attend_block(f, &t, b);
    }
    for (size_t r = 0; r < t.n_rows; r++)
        end_softmax(f, &t, r);
}

static void quantise_attended(void *ctx, size_t i, size_t worker)
{
    struct forward *f = ctx;

    (void)worker;
    graph_quantise(f, &f->attended, i, 0, f->n_attended, reads_shared(&f->layer->attn_out));
}

/* The blocks that the rows write to, then the matrices. */
static void attention_ahead(struct forward *f)
{
    const struct layer *y = f->layer;
    const struct weight *matrices[] = {&y->latent.key_up, &y->latent.value_up, &y->router, &y->attn_out};
    struct pool_stretch all[POOL_MOST_AHEAD];
    size_t n = 0;

    for (size_t i = 0; i < f->n && i < ATTENTION_TILE; i++)
        all[n++] = (struct pool_stretch){kv_latents(f->kv, block_of(&f->rows[i]), f->layer_index), kv_layer_bytes(f->kv)};
    for (size_t i = 0; i < COUNT_OF(matrices); i++)
        if (matrices[i]->format) all[n++] = (struct pool_stretch){matrices[i]->data, matrices[i]->mat_bytes};
    pool_ahead(f->pool, all, n);
}

/* What the inner layer reads whatever experts are chosen; while they are, there is time for the next layer's, too. */
static void inner_ahead(struct forward *f)
{
    const struct layer *y = f->layer, *next = f->layer_index + 1 < f->m->shape.n_layers ? y + 1 : y;

    graph_ahead(f, (const struct weight *[]){&y->router, &y->shared.gate, &y->shared.up, &y->dense.gate, &y->dense.up,
                                             &next->q, &next->k, &next->v, &next->latent.q_down, &next->latent.kv_down}, 10);
}

void graph_attention(struct forward *f)
{
    const struct shape *s = &f->m->shape;
    size_t tiles = (f->n + ATTENTION_TILE - 1) / ATTENTION_TILE;

    f->places = tiles == 1 && !s->n_latent; /* no task needs another's */
    attention_ahead(f);
    if (s->n_latent)
        queries_of_latent(f);
    else
        queries_of_heads(f);
    graph_for_rows(f, attend_tile, tiles * ((s->n_heads + f->span - 1) / f->span));
    if (s->n_latent) values_of_latent(f);
    if (reads_quantised(&f->layer->attn_out) && (s->n_latent || !ends_on_blocks(f)))
        graph_for_rows(f, quantise_attended, f->n);
    all_rows(f, &f->layer->attn_out, LORA_OUT, &f->attended, f->out);
    inner_ahead(f);
    graph_multiply(f);
}
