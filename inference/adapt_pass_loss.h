/* adapt_pass_loss.h: from tokens to the loss, and the way back. */

static const struct weight *output_of(const struct model *m)
{
    return m->output.format ? &m->output : &m->embedding;
}

static void embed(struct adapt_pass *p, const int32_t *ids)
{
    const struct shape *s = &p->m->shape;
    size_t half = s->n_rope / 2;
    float *row = p->workers[0].row;

    for (size_t i = 0; i < p->n; i++) {
        p->m->embedding.format->row(&p->m->embedding, 0, (size_t)ids[i], row);
        for (size_t k = 0; k < s->n_embd; k++)
            p->entry[i * s->n_embd + k] = (real)row[k] * (real)s->embedding_scale;
        for (size_t k = 0; k < half; k++) {
            p->turns[i * s->n_rope + k] = (real)(cos((double)i * p->frequencies[k]) * (double)s->rope_magnitude);
            p->turns[i * s->n_rope + half + k] = (real)(sin((double)i * p->frequencies[k]) * (double)s->rope_magnitude);
        }
    }
}

static void all_layers(struct adapt_pass *p, const real *params, const int32_t *ids, size_t n)
{
    p->params = params;
    p->n = n;
    embed(p, ids);
    for (size_t i = 0; i < p->m->shape.n_layers; i++)
        layer_forward(p, i);
}

static real *last_entry(const struct adapt_pass *p)
{
    return p->entry + (size_t)p->m->shape.n_layers * p->max * p->m->shape.n_embd;
}

/* Logits [n][n_vocab] of positions `first` and following, to s->logits. */
static void make_logits(const struct adapt_pass *p, size_t first, size_t n, struct worker *s)
{
    size_t e = p->m->shape.n_embd, vocab = p->m->n_vocab;

    for (size_t i = 0; i < n; i++)
        norm(p, last_entry(p) + (first + i) * e, p->m->output_norm, p->m->output_norm_bias, e, s->last + i * e);
    multiply_frozen(output_of(p->m), 0, n, s->last, s->logits, s);
    for (size_t i = 0; i < n; i++) {
        add_bias(s->logits + i * vocab, p->m->output_bias, vocab);
        for (size_t k = 0; k < vocab; k++)
            s->logits[i * vocab + k] /= (real)p->m->shape.logit_divisor;
    }
}

/* The loss at a position whose next token is `next`; logits become its derivatives by them. */
static double cross_entropy(const struct adapt_pass *p, real *logits, int32_t next, uint8_t *hit)
{
    size_t vocab = p->m->n_vocab, best = 0;
    double sum = 0;
    real most, of_next = logits[next];

    for (size_t k = 1; k < vocab; k++)
        best = logits[k] > logits[best] ? k : best;
    most = logits[best];
    for (size_t k = 0; k < vocab; k++)
        sum += (double)(logits[k] = exp(logits[k] - most));
    for (size_t k = 0; k < vocab; k++)
        logits[k] /= (real)sum;
    logits[next] -= 1;
    *hit = best == (size_t)next;
    return log(sum) - (double)(of_next - most);
}

/* Piece of the answer: losses, and with p->grad the derivatives by what leaves the last layer, to p->dx. */
static void loss_piece(void *ctx, size_t piece, size_t worker)
{
    struct adapt_pass *p = ctx;
    struct worker *s = &p->workers[worker];
    size_t first = p->sample->n_prompt - 1 + piece * ANSWERS, e = p->m->shape.n_embd, vocab = p->m->n_vocab;
    size_t n = p->n - 1 - first < ANSWERS ? p->n - 1 - first : ANSWERS;

    make_logits(p, first, n, s);
    for (size_t i = 0; i < n; i++)
        p->losses[first + i] =
            cross_entropy(p, s->logits + i * vocab, p->sample->ids[first + i + 1], &p->hits[first + i]);
    if (!p->grad) return;
    for (size_t k = 0; k < n * vocab; k++)
        s->logits[k] *= (real)p->weight / (real)p->m->shape.logit_divisor;
    memset(s->d_last, 0, n * e * sizeof(*s->d_last));
    multiply_frozen_back(output_of(p->m), 0, n, s->logits, s->d_last, s);
    for (size_t i = 0; i < n; i++)
        norm_back(p, last_entry(p) + (first + i) * e, p->m->output_norm, e, s->d_last + i * e,
                  p->dx + (first + i) * e);
}

static double run(struct adapt_pass *p, const void *params, const struct adapt_sample *s, bool hold, size_t *hits)
{
    double total = 0;

    p->sample = s;
    p->hold = hold;
    all_layers(p, params, s->ids, s->n);
    memset(p->dx, 0, s->n * p->m->shape.n_embd * sizeof(*p->dx));
    pool_run(p->pool, loss_piece, p, (s->n - s->n_prompt + ANSWERS - 1) / ANSWERS);
    if (hits) *hits = 0;
    for (size_t i = s->n_prompt - 1; i + 1 < s->n; i++) {
        total += p->losses[i];
        if (hits) *hits += p->hits[i];
    }
    return total;
}

static double pass_loss(struct adapt_pass *p, const void *params, const struct adapt_sample *s, bool hold,
                        size_t *hits)
{
    p->grad = NULL;
    return run(p, params, s, hold, hits);
}

static double pass_gradient(struct adapt_pass *p, const void *params, const struct adapt_sample *s, bool hold,
                            double weight, void *grad)
{
    double loss;

    p->grad = grad;
    p->weight = weight;
    loss = run(p, params, s, hold, NULL);
    p->hold = true; /* layers are run again below, and are to choose the same */
    for (size_t i = p->m->shape.n_layers; i-- > 0;) {
        if (i + 1 < p->m->shape.n_layers) layer_forward(p, i);
        layer_backward(p);
    }
    return loss;
}

static void pass_logits(struct adapt_pass *p, const void *params, const int32_t *ids, size_t n,
                        void (*on_row)(void *ctx, size_t position, const double *logits), void *ctx)
{
    size_t vocab = p->m->n_vocab;
    double *out = malloc(vocab * sizeof(*out));

    p->hold = false;
    if (out) all_layers(p, params, ids, n);
    for (size_t i = 0; out && i < n; i++) {
        make_logits(p, i, 1, &p->workers[0]);
        for (size_t k = 0; k < vocab; k++)
            out[k] = (double)p->workers[0].logits[k];
        on_row(ctx, i, out);
    }
    free(out);
}
