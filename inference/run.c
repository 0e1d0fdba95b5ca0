/* run.c: submit a request and wait for it. */
#include <stdlib.h>
#include <string.h>
#include "engine.h"

struct collected {
    struct buf *text;
    int32_t *ids;
    size_t n, cap;
    struct finish f;
    char message[128];
};

static void collect_token(void *ctx, int32_t id, const char *bytes, size_t n)
{
    struct collected *c = ctx;

    if (c->text) buf_add(c->text, bytes, n);
    if (c->n < c->cap) c->ids[c->n++] = id;
}

static void collect_finish(void *ctx, const struct finish *f)
{
    struct collected *c = ctx;

    c->f = *f;
    c->f.message = NULL;
    if (f->message) strncat(c->message, f->message, sizeof(c->message) - 1);
}

static enum rc result_of(const struct collected *c, struct err *e)
{
    switch (c->f.reason) {
    case FINISH_CANCELLED:
        return err_set(e, RC_RETRY, "the request was cancelled");
    case FINISH_DEADLINE:
        return err_set(e, RC_RETRY, "the deadline passed after %zu tokens", c->f.output_tokens);
    case FINISH_ERROR:
        return err_set(e, RC_BAD, "generation failed: %s", c->message);
    default:
        return c->text ? buf_check(c->text, "output", e) : RC_OK;
    }
}

enum rc engine_run(struct engine *g, const struct submission *s, struct buf *text, int32_t **ids,
                   size_t *n_ids, struct finish *f, struct err *e)
{
    struct submission own = *s;
    struct collected c = {.text = text};
    struct request *r = NULL;
    enum rc rc = RC_OK;

    c.cap = ids ? (s->max_tokens < g->context ? s->max_tokens : g->context) : 0;
    c.ids = ids ? malloc((c.cap + 1) * sizeof(*c.ids)) : NULL;
    if (ids && !c.ids) return err_set(e, RC_NOMEM, "engine: out of memory");
    own.ctx = &c;
    own.on_token = collect_token;
    own.on_finish = collect_finish;
    rc = engine_submit(g, &own, &r, e);
    request_close(r);
    if (rc == RC_OK && f) *f = c.f;
    if (rc == RC_OK) rc = result_of(&c, e);
    if (rc == RC_OK && ids) {
        *ids = c.ids;
        *n_ids = c.n;
        c.ids = NULL;
    }
    free(c.ids);
    return rc;
}
