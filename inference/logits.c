/* logits.c: model_logits(): log-probabilities at every position of a given text. */
#include <math.h>
#include <stdlib.h>

#include "forward.h"
#include "lora.h"

#define CHUNK 64 /* positions of one pass */

static void log_softmax(float *x, size_t n)
{
    float most = -INFINITY;
    double total = 0;

    for (size_t i = 0; i < n; i++)
        most = fmaxf(most, x[i]);
    for (size_t i = 0; i < n; i++)
        total += exp((double)x[i] - (double)most);
    for (size_t i = 0; i < n; i++)
        x[i] = (float)((double)x[i] - (double)most - log(total));
}

static enum rc check_ids(const struct model *m, const int32_t *ids, size_t n, struct err *e)
{
    if (!m->arch) return err_set(e, RC_BAD, "%s: opened for its vocabulary only", m->path);
    if (n > m->shape.n_context)
        return err_set(e, RC_LIMIT, "%zu tokens are more than the model's context of %lu", n,
                       (unsigned long)m->shape.n_context);
    for (size_t i = 0; i < n; i++)
        if (ids[i] < 0 || (uint32_t)ids[i] >= m->n_vocab)
            return err_set(e, RC_BAD, "token %zu is %ld; the vocabulary has %lu", i, (long)ids[i],
                           (unsigned long)m->n_vocab);
    return RC_OK;
}

static void run_chunk(const struct model *m, const struct lora *lora, struct forward *f, const int32_t *ids, const uint32_t *table,
                      size_t at, size_t n, void (*on_row)(void *ctx, size_t pos, const float *logprobs),
                      void *ctx)
{
    struct row rows[CHUNK] = {0};

    for (size_t i = 0; i < n; i++)
        rows[i] = (struct row){ids[at + i], (uint32_t)(at + i), table, true, lora};
    forward_run(f, rows, n);
    for (size_t i = 0; i < n; i++) {
        log_softmax(forward_logits(f, i), m->n_vocab);
        on_row(ctx, at + i, forward_logits(f, i));
    }
}

enum rc model_logits(const struct model *m, const struct lora *lora, const int32_t *ids, size_t n, int threads,
                     void (*on_row)(void *ctx, size_t pos, const float *logprobs), void *ctx, struct err *e)
{
    size_t chunk = n < CHUNK ? n : CHUNK, n_blocks = kv_blocks(n);
    struct pool *pool = NULL;
    struct kv *kv = NULL;
    struct forward *f = NULL;
    uint32_t *table = NULL;
    enum rc rc = check_ids(m, ids, n, e);

    if (rc == RC_OK && lora && lora_model(lora) != m) rc = err_set(e, RC_BAD, "the adapter was opened for another model");
    if (rc != RC_OK || n == 0) return rc;
    rc = pool_open(threads, &pool, e);
    if (rc == RC_OK) rc = kv_open(&m->shape, KV_F16, n_blocks, &kv, e);
    if (rc == RC_OK) rc = forward_open(m, kv, pool, chunk, chunk, n, &f, e);
    if (rc == RC_OK && !(table = calloc(n_blocks, sizeof(*table))))
        rc = err_set(e, RC_NOMEM, "logits: out of memory");
    if (rc == RC_OK) kv_take(kv, table, n_blocks);
    for (size_t at = 0; at < n && rc == RC_OK; at += chunk)
        run_chunk(m, lora, f, ids, table, at, n - at < chunk ? n - at : chunk, on_row, ctx);
    free(table);
    forward_close(f);
    kv_close(kv);
    pool_close(pool);
    return rc;
}
