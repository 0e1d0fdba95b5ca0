/* adapt_pass_attention.h: attention of every token to itself and those before it, a block of queries of a head at a
 * time: keys of one head serve several heads of queries (Ainslie et al. 2023, arXiv:2305.13245). Its backward pass
 * makes the shares of a block again (Dao et al. 2022, arXiv:2205.14135, appendix B). */

static size_t group_of_heads(const struct adapt_pass *p)
{
    return p->m->shape.n_heads / p->m->shape.n_heads_kv;
}

/* A head's values [n][head], position last. */
static void turn_head(const struct adapt_pass *p, const real *x, real *out)
{
    size_t head = p->m->shape.n_head;

    for (size_t j = 0; j < p->n; j++)
        for (size_t d = 0; d < head; d++)
            out[d * p->max + j] = x[j * p->n_kv + d];
}

/* Shares [n][max] of queries first to first + n in the positions that they see, from turned keys. */
static void shares(const struct adapt_pass *p, const real *q, const real *keys, size_t first, size_t n, real *out)
{
    size_t seen = first + n;

    for (size_t i = 0; i < n; i++)
        memset(out + i * p->max, 0, seen * sizeof(*out));
    gemm(out, p->max, q + first * p->n_q, p->n_q, 1, keys, p->max, n, p->m->shape.n_head, seen);
    for (size_t i = 0; i < n; i++) {
        real *row = out + i * p->max, most = row[0], sum = 0;
        size_t last = first + i;

        for (size_t j = 1; j <= last; j++)
            most = row[j] > most ? row[j] : most;
        for (size_t j = 0; j <= last; j++)
            sum += row[j] = exp(row[j] - most);
        for (size_t j = 0; j < seen; j++)
            row[j] = j <= last ? row[j] / sum : 0;
    }
}

static void attend_head(void *ctx, size_t h, size_t worker)
{
    struct adapt_pass *p = ctx;
    struct worker *s = &p->workers[worker];
    size_t head = p->m->shape.n_head, of = h / group_of_heads(p) * head;

    turn_head(p, p->k + of, s->turned);
    for (size_t first = 0; first < p->n; first += QUERIES) {
        size_t n = p->n - first < QUERIES ? p->n - first : QUERIES;
        real *out = p->attended + first * p->n_q + h * head;

        shares(p, p->q + h * head, s->turned, first, n, s->share);
        for (size_t i = 0; i < n; i++)
            memset(out + i * p->n_q, 0, head * sizeof(*out));
        gemm(out, p->n_q, s->share, p->max, 1, p->v + of, p->n_kv, n, first + n, head);
    }
}

/* d_share [n][max]: from derivatives by shares to those by their logits. */
static void shares_back(const struct adapt_pass *p, const real *share, size_t n, size_t seen, real *d_share)
{
    for (size_t i = 0; i < n; i++) {
        const real *row = share + i * p->max;
        real *d = d_share + i * p->max, dot = 0;

        for (size_t j = 0; j < seen; j++)
            dot += row[j] * d[j];
        for (size_t j = 0; j < seen; j++)
            d[j] = row[j] * (d[j] - dot);
    }
}

static void attend_block_back(struct adapt_pass *p, size_t h, size_t first, size_t n, struct worker *s)
{
    size_t head = p->m->shape.n_head, of = h / group_of_heads(p) * head, seen = first + n;
    const real *dy = p->d_attended + first * p->n_q + h * head;

    shares(p, p->q + h * head, s->turned, first, n, s->share);
    for (size_t i = 0; i < n; i++)
        memset(s->d_share + i * p->max, 0, seen * sizeof(*s->d_share));
    gemm(s->d_share, p->max, dy, p->n_q, 1, s->turned + head * p->max, p->max, n, head, seen);
    gemm(p->d_v + of, p->n_kv, s->share, 1, p->max, dy, p->n_q, seen, n, head);
    shares_back(p, s->share, n, seen, s->d_share);
    gemm(p->d_q + first * p->n_q + h * head, p->n_q, s->d_share, p->max, 1, p->k + of, p->n_kv, n, seen, head);
    gemm(p->d_k + of, p->n_kv, s->d_share, 1, p->max, p->q + first * p->n_q + h * head, p->n_q, seen, n, head);
}

/* All query heads of one head of keys, which add to the same derivatives. */
static void attend_group_back(void *ctx, size_t group, size_t worker)
{
    struct adapt_pass *p = ctx;
    struct worker *s = &p->workers[worker];
    size_t head = p->m->shape.n_head, heads = group_of_heads(p);

    turn_head(p, p->k + group * head, s->turned);
    turn_head(p, p->v + group * head, s->turned + head * p->max);
    for (size_t h = group * heads; h < (group + 1) * heads; h++)
        for (size_t first = 0; first < p->n; first += QUERIES)
            attend_block_back(p, h, first, p->n - first < QUERIES ? p->n - first : QUERIES, s);
}

/* ---- what a head's values go through before ------------------------------------------------------------------------ */

/* sign -1: back, which for a turn is the turn by the opposite angle. */
static void turn(const struct adapt_pass *p, real *x, size_t i, real sign)
{
    size_t n_rope = p->m->shape.n_rope, half = n_rope / 2;
    const real *turns = p->turns + i * n_rope;

    for (size_t k = 0; k < half; k++) {
        real *a = x + (p->m->arch->rope == ROPE_NEIGHBOURS ? 2 * k : k);
        real *b = p->m->arch->rope == ROPE_NEIGHBOURS ? a + 1 : a + half;
        real was = *a, sine = sign * turns[half + k];

        *a = was * turns[k] - *b * sine;
        *b = was * sine + *b * turns[k];
    }
}

/* Row i of queries or keys: norms, turns. */
static void place(const struct adapt_pass *p, const real *raw, const float *gain, size_t n, size_t i, real scale,
                  real *out)
{
    size_t head = p->m->shape.n_head, one = p->m->arch->qk_norm == QK_NORM_HEAD ? head : n;

    memcpy(out, raw, n * sizeof(*out));
    for (size_t at = 0; gain && at < n; at += one)
        norm(p, raw + at, gain, NULL, one, out + at);
    for (size_t at = 0; at < n; at += head)
        turn(p, out + at, i, 1);
    for (size_t k = 0; k < n; k++)
        out[k] *= scale;
}

/* d: derivatives by the outcome, replaced by those by raw; room: as wide. */
static void place_back(const struct adapt_pass *p, const real *raw, const float *gain, size_t n, size_t i, real scale,
                       real *d, real *room)
{
    size_t head = p->m->shape.n_head, one = p->m->arch->qk_norm == QK_NORM_HEAD ? head : n;

    for (size_t k = 0; k < n; k++)
        d[k] *= scale;
    for (size_t at = 0; at < n; at += head)
        turn(p, d + at, i, -1);
    if (!gain) return;
    memcpy(room, d, n * sizeof(*d));
    memset(d, 0, n * sizeof(*d));
    for (size_t at = 0; at < n; at += one)
        norm_back(p, raw + at, gain, one, room + at, d + at);
}
