/* engine.c: one thread that owns the KV cache and runs everything that is in flight in common steps.
 *
 * A step has one row for each sequence that writes, and up to `chunk` rows of prompts. A request is
 * admitted when the KV cache has room for all it may ever need, so nothing that runs is ever thrown out
 * for memory. */
#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include "../base/clock.h"
#include "choose.h"
#include "forward.h"

#define MAX_WAITING       1024
#define DEFAULT_SEQUENCES 8
#define MAX_SEQUENCES     1024
#define DEFAULT_CHUNK     256
#define MAX_CHUNK         4096
#define DEFAULT_CONTEXT   4096

struct request {
    struct submission s; /* ids is our copy */
    int32_t *ids;
    size_t limit;    /* most tokens of output */
    uint64_t number; /* order of submission */
    atomic_bool cancelled;
    pthread_mutex_t lock; /* for finished */
    pthread_cond_t changed;
    bool finished;
    /* of the engine's thread: */
    uint32_t *table; /* blocks, while it runs */
    size_t n_blocks; /* that it needs */
    size_t n_cached; /* positions in the cache */
    size_t n_out;
    int32_t next;   /* the token to feed after the prompt */
    struct constraint_state state; /* of the constraint */
    int64_t submitted_ms, admitted_ms, first_ms;
};

struct engine {
    const struct model *m;
    uint32_t context, sequences, chunk;
    struct pool *pool;
    struct kv *kv;
    struct forward *forward;
    struct sampler *sampler;
    uint8_t *allowed;
    struct row *rows;
    struct request **asking; /* whose rows want logits, in order */
    pthread_t thread;
    bool started;

    struct request **running; /* of the engine's thread */
    size_t n_running;

    pthread_mutex_t lock; /* all below */
    pthread_cond_t wake;
    struct request *waiting[MAX_WAITING];
    size_t n_waiting;
    uint64_t n_submitted;
    bool closing;
    struct engine_stats stats;
};

/* ---- ends ---------------------------------------------------------------------------------------------- */

/* The request may be gone when this returns. */
static void finish(struct engine *g, struct request *r, enum finish_reason reason, const char *message)
{
    int64_t now = clock_mono_ms();
    struct finish f = {
        .reason = reason, .prompt_tokens = r->s.n_ids, .output_tokens = r->n_out, .message = message};

    if (r->admitted_ms) {
        f.queue_ms = r->admitted_ms - r->submitted_ms;
        f.prefill_ms = (r->first_ms ? r->first_ms : now) - r->admitted_ms;
        f.decode_ms = r->first_ms ? now - r->first_ms : 0;
        kv_give(g->kv, r->table, r->n_blocks);
    } else {
        f.queue_ms = now - r->submitted_ms;
    }
    pthread_mutex_lock(&g->lock);
    g->stats.requests++; /* before anybody is told, so that who is told finds it counted */
    g->stats.output_tokens += r->n_out;
    pthread_mutex_unlock(&g->lock);
    if (r->s.on_finish) r->s.on_finish(r->s.ctx, &f);
    pthread_mutex_lock(&r->lock);
    r->finished = true;
    pthread_cond_broadcast(&r->changed);
    pthread_mutex_unlock(&r->lock);
}

/* Whether a request has to end before the next step. */
static bool is_over(const struct request *r, int64_t now, enum finish_reason *reason)
{
    *reason = atomic_load(&r->cancelled) ? FINISH_CANCELLED : FINISH_DEADLINE;
    return atomic_load(&r->cancelled) || (r->s.deadline_ms && now >= r->s.deadline_ms);
}

static void drop_running(struct engine *g)
{
    int64_t now = clock_mono_ms();
    enum finish_reason reason;
    size_t kept = 0, n = g->n_running;

    for (size_t i = 0; i < n; i++) {
        struct request *r = g->running[i];

        if (is_over(r, now, &reason))
            finish(g, r, reason, NULL);
        else
            g->running[kept++] = r;
    }
    g->n_running = kept;
}

/* ---- the queue ----------------------------------------------------------------------------------------- */

/* Take request i out of the queue; the lock is held. */
static struct request *take_waiting(struct engine *g, size_t i)
{
    struct request *r = g->waiting[i];

    g->waiting[i] = g->waiting[--g->n_waiting];
    g->stats.waiting = (uint32_t)g->n_waiting;
    return r;
}

/* The next request that is over, or NULL. */
static struct request *next_over(struct engine *g, enum finish_reason *reason)
{
    struct request *r = NULL;
    int64_t now = clock_mono_ms();

    pthread_mutex_lock(&g->lock);
    for (size_t i = 0; i < g->n_waiting && !r; i++)
        if (is_over(g->waiting[i], now, reason)) r = take_waiting(g, i);
    pthread_mutex_unlock(&g->lock);
    return r;
}

/* The next request to run: highest priority, then first come; NULL if there is none or no room for it. A
 * smaller one does not overtake, or a large one might wait for ever. */
static struct request *next_admitted(struct engine *g)
{
    struct request *r = NULL;
    size_t best = 0;

    pthread_mutex_lock(&g->lock);
    for (size_t i = 1; i < g->n_waiting; i++) {
        const struct request *a = g->waiting[i], *b = g->waiting[best];

        if (a->s.priority > b->s.priority || (a->s.priority == b->s.priority && a->number < b->number))
            best = i;
    }
    if (g->n_waiting > 0 && g->waiting[best]->n_blocks <= kv_free_blocks(g->kv)) r = take_waiting(g, best);
    pthread_mutex_unlock(&g->lock);
    return r;
}

static void admit(struct engine *g)
{
    enum finish_reason reason;
    struct request *r;

    while ((r = next_over(g, &reason)))
        finish(g, r, reason, NULL);
    while (g->n_running < g->sequences && (r = next_admitted(g))) {
        r->admitted_ms = clock_mono_ms();
        kv_take(g->kv, r->table, r->n_blocks);
        if (r->limit == 0)
            finish(g, r, FINISH_LENGTH, NULL);
        else
            g->running[g->n_running++] = r;
    }
}

/* ---- a step -------------------------------------------------------------------------------------------- */

/* Rows of one request, at most `most`; returns how many. */
static size_t add_rows(struct engine *g, struct request *r, size_t n, size_t most, size_t *n_asking)
{
    size_t total = r->s.n_ids + r->n_out, count = total - r->n_cached < most ? total - r->n_cached : most;

    for (size_t i = 0; i < count; i++) {
        size_t position = r->n_cached + i;

        g->rows[n + i] = (struct row){position < r->s.n_ids ? r->ids[position] : r->next, (uint32_t)position,
                                      r->table, position + 1 == total};
    }
    r->n_cached += count;
    if (count > 0 && r->n_cached == total) g->asking[(*n_asking)++] = r;
    return count;
}

/* Those that write first, then prompts in the order of admission. */
static size_t collect_rows(struct engine *g, size_t *n_asking)
{
    size_t n = 0, prompt = g->chunk;

    *n_asking = 0;
    for (size_t i = 0; i < g->n_running; i++)
        if (g->running[i]->n_out > 0) n += add_rows(g, g->running[i], n, 1, n_asking);
    for (size_t i = 0; i < g->n_running; i++) {
        if (g->running[i]->n_out > 0) continue;
        size_t count = add_rows(g, g->running[i], n, prompt, n_asking);
        prompt -= count;
        n += count;
    }
    return n;
}

static int32_t pick(struct engine *g, const struct request *r, const float *logits)
{
    const struct sampling *p = &r->s.sampling;
    uint64_t position = r->s.n_ids + r->n_out;

    if (!r->s.constraint) return sampler_pick(g->sampler, logits, NULL, 0, p, position);
    return choose_token(g->sampler, g->m->tok, r->s.constraint, &r->state, r->limit - r->n_out - 1, logits, p, position,
                        g->allowed);
}

/* One token of a request. True if it goes on. */
static bool write_token(struct engine *g, struct request *r, const float *logits)
{
    size_t n;
    const char *bytes;
    int32_t id = pick(g, r, logits);

    if (!r->first_ms) r->first_ms = clock_mono_ms();
    if (id < 0 && r->s.constraint && constraint_accepts(r->s.constraint, &r->state)) {
        finish(g, r, FINISH_END, NULL); /* nothing may follow, and the vocabulary has no end token */
        return false;
    }
    if (id < 0) {
        finish(g, r, FINISH_ERROR,
               r->s.constraint ? "no token fits the constraint" : "the logits are no numbers");
        return false;
    }
    if (r->s.constraint) /* it was chosen because it may come */
        (void)constraint_advance(r->s.constraint, g->m->tok, &r->state, id, r->limit - r->n_out - 1);
    r->next = id;
    r->n_out++;
    bytes = tokenizer_bytes(g->m->tok, id, &n);
    if (r->s.on_token) r->s.on_token(r->s.ctx, id, bytes, n);
    if (tokenizer_is_end(g->m->tok, id) && !r->s.ignore_end)
        finish(g, r, FINISH_END, NULL);
    else if (r->n_out == r->limit)
        finish(g, r, FINISH_LENGTH, NULL);
    else
        return true;
    return false;
}

static void forget(struct engine *g, const struct request *r)
{
    size_t i = 0;

    while (g->running[i] != r)
        i++;
    memmove(g->running + i, g->running + i + 1, (--g->n_running - i) * sizeof(*g->running));
}

static void step(struct engine *g)
{
    int64_t begin = clock_mono_ms();
    size_t n_asking, n = collect_rows(g, &n_asking), n_new = 0;

    forward_run(g->forward, g->rows, n);
    for (size_t i = 0; i < n_asking; i++) {
        struct request *r = g->asking[i];

        n_new += r->n_out == 0;
        if (write_token(g, r, forward_logits(g->forward, i))) continue;
        forget(g, r);
    }
    pthread_mutex_lock(&g->lock);
    g->stats.steps++;
    g->stats.prompt_tokens += n - (n_asking - n_new);
    g->stats.busy_ms += clock_mono_ms() - begin;
    pthread_mutex_unlock(&g->lock);
}

/* Sleep until there is something to do; false at the end. */
static bool wait_for_work(struct engine *g)
{
    bool closing;

    pthread_mutex_lock(&g->lock);
    g->stats.in_flight = (uint32_t)g->n_running;
    while (g->n_running == 0 && g->n_waiting == 0 && !g->closing)
        pthread_cond_wait(&g->wake, &g->lock);
    closing = g->closing;
    for (size_t i = 0; i < g->n_waiting && closing; i++)
        atomic_store(&g->waiting[i]->cancelled, true);
    pthread_mutex_unlock(&g->lock);
    for (size_t i = 0; i < g->n_running && closing; i++)
        atomic_store(&g->running[i]->cancelled, true);
    return !closing;
}

static void *engine_main(void *arg)
{
    struct engine *g = arg;
    bool open;

    do {
        open = wait_for_work(g);
        drop_running(g);
        admit(g);
        if (g->n_running > 0) step(g);
    } while (open);
    return NULL;
}

/* ---- handle -------------------------------------------------------------------------------------------- */

static enum rc open_cache(struct engine *g, const struct engine_options *opt, struct err *e)
{
    size_t one = kv_blocks(g->context), block = kv_block_bytes(&g->m->shape), n = one * g->sequences;

    if (opt->kv_bytes) n = opt->kv_bytes / block;
    if (n < one)
        return err_set(e, RC_LIMIT,
                       "KV cache: one sequence of %lu tokens needs %zu blocks of %zu bytes = %zu MiB; "
                       "allowed are %zu MiB",
                       (unsigned long)g->context, one, block, (one * block) >> 20, opt->kv_bytes >> 20);
    if (n > one * g->sequences) n = one * g->sequences;
    return kv_open(&g->m->shape, n, &g->kv, e);
}

enum rc engine_open(const struct model *m, const struct engine_options *opt, struct engine **out,
                    struct err *e)
{
    static const struct engine_options defaults = {0};
    struct engine *g = NULL;
    size_t max_rows;
    int failed;
    enum rc rc;

    if (!m->arch) return err_set(e, RC_BAD, "%s: opened for its vocabulary only", m->path);
    if (!opt) opt = &defaults;
    if (opt->sequences > MAX_SEQUENCES || opt->chunk > MAX_CHUNK)
        return err_set(e, RC_LIMIT, "engine: at most %d sequences and %d tokens in one step", MAX_SEQUENCES,
                       MAX_CHUNK);
    g = calloc(1, sizeof(*g));
    if (!g) return err_set(e, RC_NOMEM, "engine: out of memory");
    g->m = m;
    g->context = opt->context ? opt->context : DEFAULT_CONTEXT;
    if (g->context > m->shape.n_context) g->context = m->shape.n_context;
    g->sequences = opt->sequences ? opt->sequences : DEFAULT_SEQUENCES;
    g->chunk = opt->chunk ? opt->chunk : DEFAULT_CHUNK;
    max_rows = (size_t)g->chunk + g->sequences;
    pthread_mutex_init(&g->lock, NULL);
    pthread_cond_init(&g->wake, NULL);
    g->allowed = malloc(tokenizer_size(m->tok));
    g->rows = calloc(max_rows, sizeof(*g->rows));
    g->asking = calloc(g->sequences, sizeof(*g->asking));
    g->running = calloc(g->sequences, sizeof(*g->running));
    rc = g->allowed && g->rows && g->asking && g->running ? RC_OK
                                                          : err_set(e, RC_NOMEM, "engine: out of memory");
    if (rc == RC_OK) rc = open_cache(g, opt, e);
    if (rc == RC_OK) rc = pool_open(opt->threads, &g->pool, e);
    if (rc == RC_OK) g->stats.threads = (uint32_t)pool_threads(g->pool);
    if (rc == RC_OK) rc = forward_open(m, g->kv, g->pool, max_rows, g->sequences, g->context, &g->forward, e);
    if (rc == RC_OK) rc = sampler_open(m->n_vocab, &g->sampler, e);
    failed = rc == RC_OK ? pthread_create(&g->thread, NULL, engine_main, g) : 0;
    if (failed) rc = err_sys(e, RC_LIMIT, failed, "engine: no thread");
    g->started = rc == RC_OK;
    if (rc == RC_OK)
        *out = g;
    else
        engine_close(g);
    return rc;
}

void engine_close(struct engine *g)
{
    if (!g) return;
    if (g->started) {
        pthread_mutex_lock(&g->lock);
        g->closing = true;
        pthread_cond_signal(&g->wake);
        pthread_mutex_unlock(&g->lock);
        pthread_join(g->thread, NULL);
    }
    sampler_close(g->sampler);
    forward_close(g->forward);
    pool_close(g->pool);
    kv_close(g->kv);
    free(g->allowed);
    free(g->rows);
    free(g->asking);
    free(g->running);
    pthread_cond_destroy(&g->wake);
    pthread_mutex_destroy(&g->lock);
    free(g);
}

/* ---- requests ------------------------------------------------------------------------------------------ */

static enum rc check_submission(const struct engine *g, const struct submission *s, struct err *e)
{
    if (s->n_ids == 0) return err_set(e, RC_BAD, "the prompt is empty");
    if (s->n_ids > g->context)
        return err_set(e, RC_LIMIT, "the prompt has %zu tokens, the context %lu", s->n_ids,
                       (unsigned long)g->context);
    for (size_t i = 0; i < s->n_ids; i++)
        if (s->ids[i] < 0 || (uint32_t)s->ids[i] >= g->m->n_vocab)
            return err_set(e, RC_BAD, "token %zu of the prompt is %ld; the vocabulary has %lu", i,
                           (long)s->ids[i], (unsigned long)g->m->n_vocab);
    return RC_OK;
}

static void request_free(struct request *r)
{
    if (!r) return;
    pthread_cond_destroy(&r->changed);
    pthread_mutex_destroy(&r->lock);
    free(r->ids);
    free(r->table);
    free(r);
}

static struct request *request_make(const struct engine *g, const struct submission *s)
{
    struct request *r = calloc(1, sizeof(*r));

    if (!r) return NULL;
    pthread_mutex_init(&r->lock, NULL);
    pthread_cond_init(&r->changed, NULL);
    r->s = *s;
    r->limit = s->max_tokens < g->context - s->n_ids ? s->max_tokens : g->context - s->n_ids;
    r->n_blocks = kv_blocks(s->n_ids + r->limit);
    r->ids = malloc(s->n_ids * sizeof(*r->ids));
    r->table = calloc(r->n_blocks, sizeof(*r->table));
    if (!r->ids || !r->table) {
        request_free(r);
        return NULL;
    }
    memcpy(r->ids, s->ids, s->n_ids * sizeof(*r->ids));
    r->s.ids = r->ids;
    if (s->constraint) constraint_start(s->constraint, &r->state);
    r->submitted_ms = clock_mono_ms();
    return r;
}

enum rc engine_submit(struct engine *g, const struct submission *s, struct request **out, struct err *e)
{
    struct request *r;
    enum rc rc = check_submission(g, s, e);

    if (rc != RC_OK) return rc;
    r = request_make(g, s);
    if (!r) return err_set(e, RC_NOMEM, "engine: out of memory");
    if (s->constraint) rc = constraint_check(s->constraint, g->m->tok, r->limit, e);
    if (rc != RC_OK) {
        request_free(r);
        return rc;
    }
    pthread_mutex_lock(&g->lock);
    if (g->n_waiting == MAX_WAITING) {
        rc = err_set(e, RC_LIMIT, "engine: %d requests are waiting already", MAX_WAITING);
    } else {
        r->number = g->n_submitted++;
        g->waiting[g->n_waiting++] = r;
        g->stats.waiting = (uint32_t)g->n_waiting;
        *out = r; /* before its callbacks can run */
        r = NULL;
        pthread_cond_signal(&g->wake);
    }
    pthread_mutex_unlock(&g->lock);
    request_free(r);
    return rc;
}

void engine_cancel(struct engine *g, struct request *r)
{
    (void)g; /* the engine is awake while it has requests, and looks before every step */
    atomic_store(&r->cancelled, true);
}

void request_close(struct request *r)
{
    if (!r) return;
    pthread_mutex_lock(&r->lock);
    while (!r->finished)
        pthread_cond_wait(&r->changed, &r->lock);
    pthread_mutex_unlock(&r->lock);
    request_free(r);
}

void engine_stats(struct engine *g, struct engine_stats *out)
{
    pthread_mutex_lock(&g->lock);
    *out = g->stats;
    pthread_mutex_unlock(&g->lock);
}

/* ---- submit and wait ----------------------------------------------------------------------------------- */

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
