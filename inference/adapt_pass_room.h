/* adapt_pass_room.h: the room of a pass. The values inside one layer are kept for that layer only: its backward pass
 * makes them again from what went into it, so memory grows with tokens * layers by one row of the model's width. */

#define CHUNK 96       /* most rows that a thread takes at a time */
#define TILE 64        /* outputs of a matrix whose weights are made floats at a time */
#define QUERIES 64     /* of a head, whose attention is computed together */
#define ANSWERS 16     /* positions whose logits are made together */

struct inner { /* of an inner layer, by row: of the plain one, or by slot of the experts */
    real *gate, *up, *act, *out;
    real *d_gate, *d_up, *d_act;
    real *h_gate, *h_up, *h_down; /* [rows][rank]: what A makes of a row, times the adapter's scale */
};

struct worker { /* scratch of a thread */
    float *row;            /* of a matrix */
    real *tile, *low;      /* [widest][TILE]; [widest][rank] */
    real *share, *d_share; /* of attention: [QUERIES][max] */
    real *turned;          /* [2][n_head][max]: keys and values, position last */
    real *last, *d_last;   /* [ANSWERS][n_embd] */
    real *logits;          /* [ANSWERS][n_vocab] */
};

struct product { /* y [n][n_out] = x [n][n_in] * matrix `mat`, and of its adapter `adapter` */
    const struct weight *w;
    size_t mat, adapter;
    const struct adapt_target *t; /* NULL: none */
    size_t n;
    const real *x;
    real *y, *h;          /* h [n][rank]: scale * A x */
    real *dx;             /* backward: added to; dy lies in y */
    real *d_h;            /* [n][rank] */
    size_t first_piece, rows; /* of a piece */
};

struct adapt_pass {
    const struct adapt_plan *plan;
    const struct model *m;
    struct pool *pool;
    size_t max, n_q, n_kv, plain_width;
    real scale; /* alpha / rank */
    struct worker *workers;
    size_t n_workers;
    double *frequencies;

    const real *params;
    real *grad;
    bool hold;
    const struct adapt_sample *sample;
    size_t n; /* tokens */
    double weight;

    /* a layer at a time */
    const struct layer *layer;
    const struct adapt_layer *adapted;
    size_t index;
    real *x; /* what goes in */

    real *entry; /* [n_layers + 1][max][n_embd]: what goes into a layer; at last, out of the last one */
    real *turns; /* [max][n_rope]: cosines, then sines */
    real *normed, *raw_q, *raw_k, *q, *k, *v, *attended, *attn_out, *mid, *normed_mid;
    real *h_q, *h_k, *h_v, *h_out;
    real *choice_logits, *choice_weights, *shared_logit;
    real *gathered; /* [slots][n_embd]: rows of normed_mid */
    struct inner plain, experts;
    uint32_t *chosen; /* [n_layers][max][n_used] */
    uint32_t *begin, *slot_of, *token_of;
    float *router_room; /* [2 * n_experts + n_used] */

    real *dx, *d_mid, *d_normed, *d_q, *d_k, *d_v, *d_attended, *d_choice, *d_share_logit, *d_gathered, *d_slot;
    real *d_h; /* [slots][rank] */
    double *losses; /* [max] */
    uint8_t *hits;
    struct product *products;
    size_t n_products;
};

struct room {
    void *at; /* of the pointer */
    size_t n, size;
};

#define MOST_ROOMS 80
#define ROOM(pointer, count) (*n)++, rooms[*n - 1] = (struct room){&(pointer), (count), sizeof(*(pointer))}

static void inner_rooms(struct inner *i, size_t rows, size_t width, size_t n_embd, size_t rank, struct room *rooms,
                        size_t *n)
{
    ROOM(i->gate, rows * width);
    ROOM(i->up, rows * width);
    ROOM(i->act, rows * width);
    ROOM(i->out, rows * n_embd);
    ROOM(i->d_gate, rows * width);
    ROOM(i->d_up, rows * width);
    ROOM(i->d_act, rows * width);
    ROOM(i->h_gate, rows * rank);
    ROOM(i->h_up, rows * rank);
    ROOM(i->h_down, rows * rank);
}

static void attention_rooms(struct adapt_pass *p, struct room *rooms, size_t *n)
{
    size_t max = p->max, e = p->m->shape.n_embd, rank = p->plan->rank;

    ROOM(p->frequencies, p->m->shape.n_rope / 2 + 1);
    ROOM(p->entry, (p->m->shape.n_layers + (size_t)1) * max * e);
    ROOM(p->turns, max * p->m->shape.n_rope + 1);
    ROOM(p->normed, max * e);
    ROOM(p->raw_q, max * p->n_q);
    ROOM(p->raw_k, max * p->n_kv);
    ROOM(p->q, max * p->n_q);
    ROOM(p->k, max * p->n_kv);
    ROOM(p->v, max * p->n_kv);
    ROOM(p->attended, max * p->n_q);
    ROOM(p->attn_out, max * e);
    ROOM(p->mid, max * e);
    ROOM(p->normed_mid, max * e);
    ROOM(p->h_q, max * rank);
    ROOM(p->h_k, max * rank);
    ROOM(p->h_v, max * rank);
    ROOM(p->h_out, max * rank);
    ROOM(p->dx, max * e);
    ROOM(p->d_mid, max * e);
    ROOM(p->d_normed, max * e);
    ROOM(p->d_q, max * p->n_q);
    ROOM(p->d_k, max * p->n_kv);
    ROOM(p->d_v, max * p->n_kv);
    ROOM(p->d_attended, max * p->n_q);
    ROOM(p->losses, max);
    ROOM(p->hits, max);
}

static void ffn_rooms(struct adapt_pass *p, struct room *rooms, size_t *n)
{
    const struct shape *s = &p->m->shape;
    size_t max = p->max, slots = max * s->n_used, rank = p->plan->rank;

    ROOM(p->choice_logits, max * s->n_experts + 1);
    ROOM(p->choice_weights, slots + 1);
    ROOM(p->shared_logit, max);
    ROOM(p->gathered, slots * s->n_embd + 1);
    ROOM(p->chosen, s->n_layers * slots + 1);
    ROOM(p->begin, s->n_experts + (size_t)1);
    ROOM(p->slot_of, slots + 1);
    ROOM(p->token_of, slots + 1);
    ROOM(p->router_room, 2 * (size_t)s->n_experts + s->n_used + 1);
    ROOM(p->d_choice, max * s->n_experts + 1);
    ROOM(p->d_share_logit, max);
    ROOM(p->d_gathered, slots * s->n_embd + 1);
    ROOM(p->d_slot, slots * s->n_embd + 1);
    ROOM(p->d_h, (slots > max ? slots : max) * rank);
    ROOM(p->products, s->n_experts + (size_t)3);
    inner_rooms(&p->plain, max, p->plain_width + 1, s->n_embd, rank, rooms, n);
    inner_rooms(&p->experts, slots + 1, s->n_ff_expert + (size_t)1, s->n_embd, rank, rooms, n);
}

static void worker_rooms(const struct adapt_pass *p, struct worker *w, struct room *rooms, size_t *n)
{
    const struct shape *s = &p->m->shape;
    size_t widest = p->n_q;
    const size_t widths[] = {p->n_kv, p->plain_width, s->n_ff_expert, s->n_embd, s->n_experts};

    for (size_t i = 0; i < sizeof(widths) / sizeof(widths[0]); i++)
        widest = widths[i] > widest ? widths[i] : widest;
    ROOM(w->row, widest);
    ROOM(w->tile, widest * TILE);
    ROOM(w->low, widest * p->plan->rank);
    ROOM(w->share, QUERIES * p->max);
    ROOM(w->d_share, QUERIES * p->max);
    ROOM(w->turned, 2 * s->n_head * p->max);
    ROOM(w->last, ANSWERS * (size_t)s->n_embd);
    ROOM(w->d_last, ANSWERS * (size_t)s->n_embd);
    ROOM(w->logits, ANSWERS * (size_t)p->m->n_vocab);
}

/* All but the workers themselves. */
static size_t list_rooms(struct adapt_pass *p, struct room *rooms)
{
    size_t n = 0;

    attention_rooms(p, rooms, &n);
    ffn_rooms(p, rooms, &n);
    return n;
}

static void pass_sizes(struct adapt_pass *p, const struct adapt_plan *plan, size_t max_tokens)
{
    const struct shape *s = &plan->m->shape;

    p->plan = plan;
    p->m = plan->m;
    p->max = max_tokens;
    p->n_q = (size_t)s->n_heads * s->n_head;
    p->n_kv = (size_t)s->n_heads_kv * s->n_head;
    p->plain_width = s->n_ff > s->n_ff_shared ? s->n_ff : s->n_ff_shared;
    p->scale = (real)plan->alpha / (real)plan->rank;
}

static size_t pass_bytes(const struct adapt_plan *plan, int threads, size_t max_tokens)
{
    struct adapt_pass p = {0};
    struct worker w;
    struct room rooms[MOST_ROOMS];
    size_t n, total = 0, workers = 0;

    pass_sizes(&p, plan, max_tokens);
    n = list_rooms(&p, rooms);
    for (size_t i = 0; i < n; i++)
        total += rooms[i].n * rooms[i].size;
    n = 0;
    worker_rooms(&p, &w, rooms, &n);
    for (size_t i = 0; i < n; i++)
        workers += rooms[i].n * rooms[i].size;
    return total + workers * (size_t)threads;
}

static bool make_rooms(const struct room *rooms, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        void *made = calloc(rooms[i].n, rooms[i].size);

        memcpy(rooms[i].at, &made, sizeof(made)); /* all pointers to objects look alike here, but their types differ */
        if (!made) return false;
    }
    return true;
}

static void free_rooms(const struct room *rooms, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        void *made;

        memcpy(&made, rooms[i].at, sizeof(made));
        free(made);
    }
}

static void pass_close(struct adapt_pass *p)
{
    struct room rooms[MOST_ROOMS];
    size_t n;

    if (!p) return;
    for (size_t i = 0; p->workers && i < p->n_workers; i++) {
        n = 0;
        worker_rooms(p, &p->workers[i], rooms, &n);
        free_rooms(rooms, n);
    }
    n = list_rooms(p, rooms);
    free_rooms(rooms, n);
    free(p->workers);
    free(p);
}

static enum rc pass_open(const struct adapt_plan *plan, struct pool *pool, size_t max_tokens, struct adapt_pass **out,
                         struct err *e)
{
    struct adapt_pass *p = calloc(1, sizeof(*p));
    struct room rooms[MOST_ROOMS];
    bool made;
    size_t n;

    if (!p) return err_set(e, RC_NOMEM, "training: out of memory");
    pass_sizes(p, plan, max_tokens);
    p->pool = pool;
    p->n_workers = (size_t)pool_threads(pool);
    p->workers = calloc(p->n_workers, sizeof(*p->workers));
    n = list_rooms(p, rooms);
    made = p->workers && make_rooms(rooms, n);
    for (size_t i = 0; made && i < p->n_workers; i++) {
        n = 0;
        worker_rooms(p, &p->workers[i], rooms, &n);
        made = make_rooms(rooms, n);
    }
    if (!made) {
        pass_close(p);
        return err_set(e, RC_NOMEM, "training: out of memory for %zu tokens", max_tokens);
    }
    rope_frequencies(&p->m->shape, p->m->rope_factors, p->frequencies);
    *out = p;
    return RC_OK;
}
