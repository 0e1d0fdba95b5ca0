/* forward.c: the graph. It alternates two kinds of stages, each shared among the threads: something for
 * each row (norm, rope, route, add), and products of rows with matrices, cut into pieces of outputs. */
#include "forward.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>
#include "moe.h"

#define PIECE 64 /* outputs of a matrix that a thread takes at a time */
#define TILE  8  /* rows of an attention task: they share the blocks of their sequence */

struct product { /* rows pick[0..n) of x times a matrix */
    const struct weight *w;
    size_t mat;
    const struct acts *x;
    const uint32_t *pick;
    size_t n;
    float *y;
    size_t stride;
    size_t first_piece; /* pieces are numbered through all products of a stage */
};

struct forward {
    const struct model *m;
    const struct kernels *k;
    const struct kv *kv;
    struct pool *pool;
    size_t n_q, n_kv,
        n_plain; /* widths: all query heads, all KV heads, the inner width that every row goes through */

    const struct row *rows; /* of the pass */
    size_t n;
    const struct layer *layer;
    size_t layer_index;

    uint32_t *identity;     /* 0, 1, 2, ... */
    float *x;               /* [rows][n_embd]: the residual stream */
    struct acts normed;     /* of x */
    float *q, *key, *value; /* q is scaled for attention */
    float *turns;           /* [rows][n_rope]: cosines, then sines */
    struct acts attended;
    float *scratch_max, *scratch_sum; /* [threads][TILE * heads of a group] */
    float *out;                       /* [rows][n_embd]: of attention, then of the plain inner layer */
    struct acts plain;
    float *plain_up;
    float *logits_of_experts, *expert_weights;
    uint32_t *experts, *slot_of, *token_of, *begin;
    struct acts inner; /* [slots]: gate of the experts, then what goes down */
    float *inner_up, *expert_out;
    struct product *products;
    size_t n_products, n_pieces;
    uint32_t *wanted; /* rows that want logits */
    size_t n_wanted, max_wanted;
    struct acts last;
    float *logits;
};

/* ---- products ------------------------------------------------------------------------------------------ */

static void add_product(struct forward *f, const struct weight *w, size_t mat, const struct acts *x,
                        const uint32_t *pick, size_t n, float *y)
{
    if (n == 0) return;
    f->products[f->n_products++] = (struct product){w, mat, x, pick, n, y, w->n_out, f->n_pieces};
    f->n_pieces += (w->n_out + PIECE - 1) / PIECE;
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
    first = (piece - p->first_piece) * PIECE;
    last = first + PIECE < p->w->n_out ? first + PIECE : p->w->n_out;
    p->w->format->matmul(p->w, p->mat, first, last, p->x, p->pick, p->n, p->y, p->stride);
}

static void multiply(struct forward *f)
{
    pool_run(f->pool, multiply_piece, f, f->n_pieces);
    f->n_products = 0;
    f->n_pieces = 0;
}

static void for_rows(struct forward *f, void (*work)(void *ctx, size_t row, size_t worker), size_t n)
{
    pool_run(f->pool, work, f, n);
}

static bool reads_quantised(const struct weight *w)
{
    return w->format && w->format->packed;
}

static void quantise(const struct forward *f, struct acts *a, size_t row)
{
    f->k->quantise(a->f + row * a->width, a->width, a->q + row * (a->width / ACT_BLOCK));
}

/* ---- attention ----------------------------------------------------------------------------------------- */

static void embed_row(void *ctx, size_t i, size_t worker)
{
    const struct forward *f = ctx;
    const struct shape *s = &f->m->shape;
    float *x = f->x + i * s->n_embd, *turns = f->turns + i * s->n_rope;

    (void)worker;
    f->m->embedding.format->row(&f->m->embedding, 0, (size_t)f->rows[i].token, x);
    for (size_t k = 0; k < s->n_embd; k++)
        x[k] *= s->embedding_scale;
    for (size_t k = 0; k < s->n_rope / 2; k++) {
        double turn = f->rows[i].position / (double)s->rope_scale *
                      pow((double)s->rope_base, -2.0 * (double)k / (double)s->n_rope);

        if (f->m->rope_factors) turn /= (double)f->m->rope_factors[k];
        turns[k] = (float)cos(turn);
        turns[s->n_rope / 2 + k] = (float)sin(turn);
    }
}

static void before_attention(void *ctx, size_t i, size_t worker)
{
    struct forward *f = ctx;
    const struct layer *y = f->layer;
    size_t n_embd = f->m->shape.n_embd;

    (void)worker;
    f->k->rms_norm(f->x + i * n_embd, y->attn_norm, n_embd, f->m->shape.norm_eps, f->normed.f + i * n_embd);
    if (reads_quantised(&y->q) || reads_quantised(&y->k) || reads_quantised(&y->v))
        quantise(f, &f->normed, i);
}

static void norm_heads(const struct forward *f, float *x, const float *gain, size_t n)
{
    size_t one = f->m->arch->qk_norm == QK_NORM_HEAD ? f->m->shape.n_head : n;

    if (!gain) return;
    for (size_t at = 0; at < n; at += one)
        f->k->rms_norm(x + at, gain, one, f->m->shape.norm_eps, x + at);
}

static void turn_heads(const struct forward *f, float *x, size_t n, const float *turns)
{
    size_t half = f->m->shape.n_rope / 2;
    bool neighbours = f->m->arch->rope == ROPE_NEIGHBOURS;

    for (size_t at = 0; at < n; at += f->m->shape.n_head) {
        for (size_t k = 0; k < half; k++) {
            float *a = x + at + (neighbours ? 2 * k : k), *b = neighbours ? a + 1 : a + half;
            float cosine = turns[k], sine = turns[half + k], was = *a;

            *a = was * cosine - *b * sine;
            *b = was * sine + *b * cosine;
        }
    }
}

static void add_bias(float *x, const float *bias, size_t n)
{
    for (size_t i = 0; bias && i < n; i++)
        x[i] += bias[i];
}

static void store_in_cache(const struct forward *f, size_t i)
{
    size_t head = f->m->shape.n_head, place = f->rows[i].position % KV_BLOCK;
    uint32_t block = f->rows[i].blocks[f->rows[i].position / KV_BLOCK];
    uint16_t halves[MODEL_MAX_HEAD];

    for (size_t h = 0; h < f->m->shape.n_heads_kv; h++) {
        uint16_t *keys = kv_keys(f->kv, block, f->layer_index, h);

        f->k->to_half(f->key + i * f->n_kv + h * head, head, halves);
        for (size_t d = 0; d < head; d++)
            keys[d * KV_BLOCK + place] = halves[d];
        f->k->to_half(f->value + i * f->n_kv + h * head, head,
                      kv_values(f->kv, block, f->layer_index, h) + place * head);
    }
}

static void place_row(void *ctx, size_t i, size_t worker)
{
    const struct forward *f = ctx;
    const struct layer *y = f->layer;
    const float *turns = f->turns + i * f->m->shape.n_rope;
    float *q = f->q + i * f->n_q, *key = f->key + i * f->n_kv;

    (void)worker;
    add_bias(q, y->q_bias, f->n_q);
    add_bias(key, y->k_bias, f->n_kv);
    add_bias(f->value + i * f->n_kv, y->v_bias, f->n_kv);
    norm_heads(f, q, y->q_norm, f->n_q);
    norm_heads(f, key, y->k_norm, f->n_kv);
    turn_heads(f, q, f->n_q, turns);
    turn_heads(f, key, f->n_kv, turns);
    for (size_t k = 0; k < f->n_q; k++)
        q[k] *= f->m->shape.attention_scale;
    store_in_cache(f, i);
}

/* One KV head for a tile of rows, block after block, so that rows of a sequence find the block in the
 * caches. */
static void attend_tile(void *ctx, size_t task, size_t worker)
{
    const struct forward *f = ctx;
    const struct shape *s = &f->m->shape;
    size_t h = task % s->n_heads_kv, group = s->n_heads / s->n_heads_kv, begin = task / s->n_heads_kv * TILE;
    size_t n = f->n - begin < TILE ? f->n - begin : TILE, head = s->n_head, n_blocks = 0;
    float *max = f->scratch_max + worker * TILE * group, *sum = f->scratch_sum + worker * TILE * group;

    for (size_t r = 0; r < n; r++) {
        float *acc = f->attended.f + (begin + r) * f->n_q + h * group * head;

        if (kv_blocks((size_t)f->rows[begin + r].position + 1) > n_blocks)
            n_blocks = kv_blocks((size_t)f->rows[begin + r].position + 1);
        memset(acc, 0, group * head * sizeof(*acc));
    }
    for (size_t i = 0; i < n * group; i++)
        max[i] = -INFINITY;
    memset(sum, 0, n * group * sizeof(*sum));
    for (size_t b = 0; b < n_blocks; b++) {
        for (size_t r = 0; r < n; r++) {
            const struct row *row = &f->rows[begin + r];
            size_t seen = (size_t)row->position + 1;

            if (seen <= b * KV_BLOCK) continue;
            f->k->attend(head, group, f->q + (begin + r) * f->n_q + h * group * head,
                         kv_keys(f->kv, row->blocks[b], f->layer_index, h),
                         kv_values(f->kv, row->blocks[b], f->layer_index, h),
                         seen - b * KV_BLOCK < KV_BLOCK ? seen - b * KV_BLOCK : KV_BLOCK, max + r * group,
                         sum + r * group, f->attended.f + (begin + r) * f->n_q + h * group * head);
        }
    }
    for (size_t i = 0; i < n * group; i++) {
        float *acc = f->attended.f + (begin + i / group) * f->n_q + (h * group + i % group) * head;

        for (size_t d = 0; d < head; d++)
            acc[d] /= sum[i];
    }
}

static void quantise_attended(void *ctx, size_t i, size_t worker)
{
    struct forward *f = ctx;

    (void)worker;
    quantise(f, &f->attended, i);
}

static void attention(struct forward *f)
{
    const struct layer *y = f->layer;
    size_t tiles = (f->n + TILE - 1) / TILE;

    for_rows(f, before_attention, f->n);
    add_product(f, &y->q, 0, &f->normed, f->identity, f->n, f->q);
    add_product(f, &y->k, 0, &f->normed, f->identity, f->n, f->key);
    add_product(f, &y->v, 0, &f->normed, f->identity, f->n, f->value);
    multiply(f);
    for_rows(f, place_row, f->n);
    for_rows(f, attend_tile, tiles * f->m->shape.n_heads_kv);
    if (reads_quantised(&y->attn_out)) for_rows(f, quantise_attended, f->n);
    add_product(f, &y->attn_out, 0, &f->attended, f->identity, f->n, f->out);
    multiply(f);
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

static void before_inner(void *ctx, size_t i, size_t worker)
{
    struct forward *f = ctx;
    const struct shape *s = &f->m->shape;
    const struct weight *router = &f->layer->router;
    float *logits = f->logits_of_experts + i * s->n_experts, *x = f->x + i * s->n_embd;

    (void)worker;
    f->k->add_scaled(x, f->out + i * s->n_embd, s->n_embd, s->residual_scale);
    f->k->rms_norm(x, f->layer->ffn_norm, s->n_embd, s->norm_eps, f->normed.f + i * s->n_embd);
    if (ffn_reads_quantised(plain_ffn(f)) || ffn_reads_quantised(&f->layer->experts) ||
        reads_quantised(router))
        quantise(f, &f->normed, i);
    if (s->n_experts == 0) return;
    router->format->matmul(router, 0, 0, s->n_experts, &f->normed, f->identity + i, 1, logits, s->n_experts);
    moe_route(logits, s->n_experts, s->n_used, f->m->arch->weights_sum_to_one, f->experts + i * s->n_used,
              f->expert_weights + i * s->n_used);
}

static void activate(struct forward *f, struct acts *gate, const float *up, size_t row,
                     const struct weight *down)
{
    f->k->silu_mul(gate->f + row * gate->width, up + row * gate->width, gate->width);
    if (reads_quantised(down)) quantise(f, gate, row);
}

/* Rows of the plain layer first, then the experts' slots. */
static void activate_row(void *ctx, size_t i, size_t worker)
{
    struct forward *f = ctx;
    const struct ffn *plain = plain_ffn(f);
    size_t n_plain = plain ? f->n : 0;

    (void)worker;
    if (i < n_plain)
        activate(f, &f->plain, f->plain_up, i, &plain->down);
    else
        activate(f, &f->inner, f->inner_up, i - n_plain, &f->layer->experts.down);
}

static void after_inner(void *ctx, size_t i, size_t worker)
{
    const struct forward *f = ctx;
    const struct shape *s = &f->m->shape;
    float *x = f->x + i * s->n_embd;

    (void)worker;
    for (size_t u = 0; u < s->n_used; u++)
        f->k->add_scaled(x, f->expert_out + (size_t)f->slot_of[i * s->n_used + u] * s->n_embd, s->n_embd,
                         s->residual_scale * f->expert_weights[i * s->n_used + u]);
    if (plain_ffn(f)) f->k->add_scaled(x, f->out + i * s->n_embd, s->n_embd, s->residual_scale);
}

static void inner(struct forward *f)
{
    const struct shape *s = &f->m->shape;
    const struct ffn *plain = plain_ffn(f), *experts = &f->layer->experts;
    size_t slots = f->n * s->n_used;

    for_rows(f, before_inner, f->n);
    if (s->n_experts > 0)
        moe_group(f->experts, f->n, s->n_used, s->n_experts, f->begin, f->slot_of, f->token_of);
    for (size_t e = 0; e < s->n_experts; e++) {
        size_t at = f->begin[e], n = f->begin[e + 1] - at;

        add_product(f, &experts->gate, e, &f->normed, f->token_of + at, n, f->inner.f + at * f->inner.width);
        add_product(f, &experts->up, e, &f->normed, f->token_of + at, n, f->inner_up + at * f->inner.width);
    }
    if (plain) {
        add_product(f, &plain->gate, 0, &f->normed, f->identity, f->n, f->plain.f);
        add_product(f, &plain->up, 0, &f->normed, f->identity, f->n, f->plain_up);
    }
    multiply(f);
    for_rows(f, activate_row, (plain ? f->n : 0) + slots);
    for (size_t e = 0; e < s->n_experts; e++)
        add_product(f, &experts->down, e, &f->inner, f->identity + f->begin[e], f->begin[e + 1] - f->begin[e],
                    f->expert_out + f->begin[e] * (size_t)s->n_embd);
    if (plain) add_product(f, &plain->down, 0, &f->plain, f->identity, f->n, f->out);
    multiply(f);
    for_rows(f, after_inner, f->n);
}

/* ---- logits -------------------------------------------------------------------------------------------- */

static const struct weight *output(const struct forward *f)
{
    return f->m->output.format ? &f->m->output : &f->m->embedding;
}

static void before_output(void *ctx, size_t i, size_t worker)
{
    struct forward *f = ctx;
    size_t n_embd = f->m->shape.n_embd;

    (void)worker;
    f->k->rms_norm(f->x + f->wanted[i] * n_embd, f->m->output_norm, n_embd, f->m->shape.norm_eps,
                   f->last.f + i * n_embd);
    if (reads_quantised(output(f))) quantise(f, &f->last, i);
}

static void scale_logits(void *ctx, size_t i, size_t worker)
{
    const struct forward *f = ctx;
    float *logits = forward_logits(f, i);

    (void)worker;
    for (size_t k = 0; k < f->m->n_vocab; k++)
        logits[k] /= f->m->shape.logit_divisor;
}

void forward_run(struct forward *f, const struct row *rows, size_t n)
{
    f->rows = rows;
    f->n = n;
    f->n_wanted = 0;
    for (size_t i = 0; i < n; i++)
        if (rows[i].wants_logits) f->wanted[f->n_wanted++] = (uint32_t)i;
    for_rows(f, embed_row, n);
    for (size_t i = 0; i < f->m->shape.n_layers; i++) {
        f->layer = &f->m->layers[i];
        f->layer_index = i;
        attention(f);
        inner(f);
    }
    for_rows(f, before_output, f->n_wanted);
    add_product(f, output(f), 0, &f->last, f->identity, f->n_wanted, f->logits);
    multiply(f);
    if (f->m->shape.logit_divisor != 1) for_rows(f, scale_logits, f->n_wanted);
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
                         .q = room(n, width / ACT_BLOCK + 1, sizeof(struct act_block), failed)};
}

static void acts_clear(struct acts *a)
{
    free(a->f);
    free(a->q);
}

static bool make_room(struct forward *f, size_t rows, size_t wanted)
{
    const struct shape *s = &f->m->shape;
    size_t slots = rows * s->n_used, group = s->n_heads / s->n_heads_kv * TILE,
           threads = (size_t)pool_threads(f->pool);
    size_t ids = slots > rows ? slots : rows;
    bool failed = false;

    f->identity = room(ids, 1, sizeof(uint32_t), &failed);
    f->x = room(rows, s->n_embd, sizeof(float), &failed);
    f->normed = acts_room(rows, s->n_embd, &failed);
    f->q = room(rows, f->n_q, sizeof(float), &failed);
    f->key = room(rows, f->n_kv, sizeof(float), &failed);
    f->value = room(rows, f->n_kv, sizeof(float), &failed);
    f->turns = room(rows, s->n_rope, sizeof(float), &failed);
    f->attended = acts_room(rows, f->n_q, &failed);
    f->scratch_max = room(threads, group, sizeof(float), &failed);
    f->scratch_sum = room(threads, group, sizeof(float), &failed);
    f->out = room(rows, s->n_embd, sizeof(float), &failed);
    f->plain = acts_room(rows, f->n_plain, &failed);
    f->plain_up = room(rows, f->n_plain, sizeof(float), &failed);
    f->logits_of_experts = room(rows, s->n_experts, sizeof(float), &failed);
    f->expert_weights = room(slots, 1, sizeof(float), &failed);
    f->experts = room(slots, 1, sizeof(uint32_t), &failed);
    f->slot_of = room(slots, 1, sizeof(uint32_t), &failed);
    f->token_of = room(slots, 1, sizeof(uint32_t), &failed);
    f->begin = room(s->n_experts + (size_t)1, 1, sizeof(uint32_t), &failed);
    f->inner = acts_room(slots, s->n_ff_expert, &failed);
    f->inner_up = room(slots, s->n_ff_expert, sizeof(float), &failed);
    f->expert_out = room(slots, s->n_embd, sizeof(float), &failed);
    f->products = room(2 * (size_t)s->n_experts + 3, 1, sizeof(*f->products), &failed);
    f->wanted = room(rows, 1, sizeof(uint32_t), &failed);
    f->last = acts_room(wanted, s->n_embd, &failed);
    f->logits = room(wanted, f->m->n_vocab, sizeof(float), &failed);
    for (size_t i = 0; !failed && i < ids; i++)
        f->identity[i] = (uint32_t)i;
    return !failed;
}

enum rc forward_open(const struct model *m, const struct kv *kv, struct pool *pool, size_t max_rows,
                     size_t max_wanted, struct forward **out, struct err *e)
{
    const struct shape *s = &m->shape;
    struct forward *f = calloc(1, sizeof(*f));

    if (!f) return err_set(e, RC_NOMEM, "%s: out of memory", m->path);
    f->m = m;
    f->k = m->kernels;
    f->kv = kv;
    f->pool = pool;
    f->n_q = (size_t)s->n_heads * s->n_head;
    f->n_kv = (size_t)s->n_heads_kv * s->n_head;
    f->n_plain = s->n_experts ? s->n_ff_shared : s->n_ff;
    if (!make_room(f, max_rows, max_wanted)) {
        forward_close(f);
        return err_set(e, RC_NOMEM, "%s: out of memory for a batch of %zu tokens", m->path, max_rows);
    }
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
                     f->turns,
                     f->scratch_max,
                     f->scratch_sum,
                     f->out,
                     f->plain_up,
                     f->logits_of_experts,
                     f->expert_weights,
                     f->experts,
                     f->slot_of,
                     f->token_of,
                     f->begin,
                     f->inner_up,
                     f->expert_out,
                     f->products,
                     f->wanted,
                     f->logits};

    for (size_t i = 0; i < COUNT_OF(rooms); i++)
        free(rooms[i]);
    acts_clear(&f->normed);
    acts_clear(&f->attended);
    acts_clear(&f->plain);
    acts_clear(&f->inner);
    acts_clear(&f->last);
    free(f);
}
