/* engine.c: one thread that owns the KV cache and runs everything that is in flight in common steps (step.c).
 *
 * A request is admitted when the KV cache has room for all it may ever need, so nothing that runs is ever thrown
 * out for memory. What it shares with others needs no room of its own. */
#include "engine.h"

#include <stdlib.h>
#include <string.h>
#include "../base/clock.h"
#include "constraint.h"
#include "lora.h"
#include "memory.h"

#define DEFAULT_SEQUENCES 8
#define MAX_SEQUENCES     1024
#define DEFAULT_CHUNK     256
#define MAX_CHUNK         4096
#define DEFAULT_CONTEXT   4096

/* What of the KV cache a request may share. */
static uint64_t space_of(const struct request *r)
{
    return r->s.lora ? lora_serial(r->s.lora) : 0;
}

/* ---- ends ---------------------------------------------------------------------------------------------- */

void engine_finish(struct engine *g, struct request *r, enum finish_reason reason, const char *message)
{
    int64_t now = clock_mono_ms();
    struct finish f = {.reason = reason,
                       .prompt_tokens = r->s.n_ids,
                       .output_tokens = r->n_out,
                       .cached_tokens = r->n_saved,
                       .message = message};

    if (r->admitted_ms) {
        f.queue_ms = r->admitted_ms - r->submitted_ms;
        f.prefill_ms = (r->first_ms ? r->first_ms : now) - r->admitted_ms;
        f.decode_ms = r->first_ms ? now - r->first_ms : 0;
        prefix_release(g->prefix, space_of(r), r->ids, r->n_cached, r->table, r->n_blocks);
    } else {
        f.queue_ms = now - r->submitted_ms;
    }
    pthread_mutex_lock(&g->lock);
    g->stats.requests++; /* before anybody is told, so that who is told finds it counted */
    g->stats.output_tokens += r->n_out;
    g->stats.cached_tokens += r->n_saved;
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
            engine_finish(g, r, reason, NULL);
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

/* The next request to run, with its blocks: highest priority, then first come; NULL if there is none or no room for
 * it. A smaller one does not overtake, or a large one might wait for ever. */
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
    if (g->n_waiting > 0) r = g->waiting[best];
    if (r && prefix_admit(g->prefix, space_of(r), r->ids, r->s.n_ids, r->table, r->n_blocks))
        take_waiting(g, best);
    else
        r = NULL;
    pthread_mutex_unlock(&g->lock);
    return r;
}

static void add_running(struct engine *g, struct request *r)
{
    size_t at = g->n_running++;

    for (; at > 0 && g->running[at - 1]->s.priority < r->s.priority; at--)
        g->running[at] = g->running[at - 1];
    g->running[at] = r;
}

static void admit(struct engine *g)
{
    enum finish_reason reason;
    struct request *r;

    while ((r = next_over(g, &reason)))
        engine_finish(g, r, reason, NULL);
    while (g->n_running < g->sequences && (r = next_admitted(g))) {
        r->admitted_ms = clock_mono_ms();
        if (r->limit == 0)
            engine_finish(g, r, FINISH_LENGTH, NULL);
        else
            add_running(g, r);
    }
}

/* ---- the thread ----------------------------------------------------------------------------------------- */

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
        if (g->n_running > 0) engine_step(g);
    } while (open);
    return NULL;
}

/* ---- handle -------------------------------------------------------------------------------------------- */

static enum rc open_cache(struct engine *g, const struct engine_options *opt, struct err *e)
{
    size_t one = kv_blocks(g->context), block = kv_block_bytes(&g->m->shape, opt->kv_type), n = one * g->sequences;
    size_t most = opt->kv_bytes ? opt->kv_bytes : memory_available();
    enum rc rc;

    if (most / block < one)
        return err_set(e, RC_LIMIT,
                       "KV cache: one sequence of %lu tokens needs %zu blocks of %zu bytes = %zu MiB; %s %zu MiB: "
                       "a shorter context or more memory",
                       (unsigned long)g->context, one, block, (one * block) >> 20,
                       opt->kv_bytes ? "allowed are" : "the system has left", most >> 20);
    if (n > most / block) n = most / block;
    rc = kv_open(&g->m->shape, opt->kv_type, n, &g->kv, e);
    return rc == RC_OK ? prefix_open(g->kv, n, &g->prefix, e) : rc;
}

static enum rc open_samplers(struct engine *g, struct err *e)
{
    size_t n = (size_t)pool_threads(g->pool);
    enum rc rc = RC_OK;

    g->samplers = calloc(n, sizeof(struct sampler *));
    g->allowed = calloc(n, sizeof(uint8_t *));
    if (!g->samplers || !g->allowed) return err_set(e, RC_NOMEM, "engine: out of memory");
    for (size_t i = 0; i < n && rc == RC_OK; i++) {
        rc = sampler_open(g->m->n_vocab, &g->samplers[i], e);
        g->allowed[i] = malloc(tokenizer_size(g->m->tok));
        if (rc == RC_OK && !g->allowed[i]) rc = err_set(e, RC_NOMEM, "engine: out of memory");
    }
    return rc;
}

/* What steps need. */
static enum rc open_room(struct engine *g, const struct engine_options *opt, struct err *e)
{
    size_t max_rows = (size_t)g->chunk + g->sequences + DRAFT_MOST_ROWS;
    enum rc rc;

    g->rows = calloc(max_rows, sizeof(*g->rows));
    g->asking = calloc(g->sequences, sizeof(struct request *));
    g->running = calloc(g->sequences, sizeof(struct request *));
    g->drafting = calloc(g->sequences, sizeof(struct request *));
    g->drafts = calloc(g->sequences, sizeof(*g->drafts));
    g->speculation = speculation_open();
    if (!g->rows || !g->asking || !g->running || !g->drafting || !g->drafts || !g->speculation)
        return err_set(e, RC_NOMEM, "engine: out of memory");
    rc = open_cache(g, opt, e);
    if (rc == RC_OK) rc = pool_open(opt->threads, &g->pool, e);
    if (rc == RC_OK) g->stats.threads = (uint32_t)pool_threads(g->pool);
    if (rc == RC_OK) rc = open_samplers(g, e);
    if (rc == RC_OK)
        rc = forward_open(g->m, g->kv, g->pool, max_rows, (size_t)g->sequences + DRAFT_MOST_ROWS, g->context,
                          &g->forward, e);
    return rc;
}

enum rc engine_open(const struct model *m, const struct engine_options *opt, struct engine **out,
                    struct err *e)
{
    static const struct engine_options defaults = {0};
    struct engine *g = NULL;
    int failed;
    enum rc rc;

    if (!m->arch) return err_set(e, RC_BAD, "%s: opened for its vocabulary only", m->path);
    if (!opt) opt = &defaults;
    if (opt->sequences > MAX_SEQUENCES || opt->chunk > MAX_CHUNK)
        return err_set(e, RC_LIMIT, "engine: at most %d sequences and %d tokens in one step", MAX_SEQUENCES,
                       MAX_CHUNK);
    if (opt->draft < DRAFT_OFF || opt->draft > DRAFT_MOST)
        return err_set(e, RC_LIMIT, "engine: at most %d drafted tokens", DRAFT_MOST);
    g = calloc(1, sizeof(*g));
    if (!g) return err_set(e, RC_NOMEM, "engine: out of memory");
    g->m = m;
    g->context = opt->context ? opt->context : DEFAULT_CONTEXT;
    if (g->context > m->shape.n_context) g->context = m->shape.n_context;
    g->sequences = opt->sequences ? opt->sequences : DEFAULT_SEQUENCES;
    g->chunk = opt->chunk ? opt->chunk : DEFAULT_CHUNK;
    g->draft = opt->draft;
    pthread_mutex_init(&g->lock, NULL);
    pthread_cond_init(&g->wake, NULL);
    rc = open_room(g, opt, e);
    failed = rc == RC_OK ? pthread_create(&g->thread, NULL, engine_main, g) : 0;
    if (failed) rc = err_sys(e, RC_LIMIT, failed, "engine: no thread");
    g->started = rc == RC_OK;
    if (rc == RC_OK)
        *out = g;
    else
        engine_close(g);
    return rc;
}

static void close_samplers(struct engine *g)
{
    for (size_t i = 0; g->pool && i < (size_t)pool_threads(g->pool); i++) {
        if (g->samplers) sampler_close(g->samplers[i]);
        if (g->allowed) free(g->allowed[i]);
    }
    free(g->samplers);
    free(g->allowed);
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
    close_samplers(g);
    forward_close(g->forward);
    pool_close(g->pool);
    prefix_close(g->prefix);
    kv_close(g->kv);
    speculation_close(g->speculation);
    free(g->rows);
    free(g->asking);
    free(g->running);
    free(g->drafting);
    free(g->drafts);
    pthread_cond_destroy(&g->wake);
    pthread_mutex_destroy(&g->lock);
    free(g);
}

/* ---- requests ------------------------------------------------------------------------------------------ */

static enum rc check_submission(const struct engine *g, const struct submission *s, struct err *e)
{
    if (s->lora && lora_model(s->lora) != g->m) return err_set(e, RC_BAD, "the adapter was opened for another model");
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
    lookup_close(r->lookup);
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
    r->ids = malloc((s->n_ids + r->limit) * sizeof(*r->ids));
    r->table = calloc(r->n_blocks, sizeof(*r->table));
    if (g->draft != DRAFT_OFF) r->lookup = lookup_open(s->n_ids + r->limit);
    if (!r->ids || !r->table || (g->draft != DRAFT_OFF && !r->lookup)) {
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
    if (g->n_waiting == ENGINE_MAX_WAITING) {
        rc = err_set(e, RC_LIMIT, "engine: %d requests are waiting already", ENGINE_MAX_WAITING);
    } else {
        r->number = ++g->n_submitted;
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
    out->busy_ms = g->busy_us / 1000;
    pthread_mutex_unlock(&g->lock);
}
