#include "run.h"

#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>
#include "../base/log.h"
#include "../base/str.h"
#include "pipeline.h"
#include "rank.h"
#include "sync.h"

#define MAX_WORKERS 64
#define SPARE_WORKERS 2     /* beyond the sequences in flight: those that wait for the source */
#define MAX_CLAIM 32        /* looks of one batch, so that the last workers are not left with long lists */
#define WINDOW 200          /* last briefs that decide about a pause */
#define RETRY_WAIT_US INT64_C(120000000) /* wait_for_retries: what is due later is another run's business */
#define TICK_MS 200

/* ---- stopping --------------------------------------------------------------------------------------------------- */

struct run_stop {
    atomic_bool asked;
};

enum rc run_stop_open(struct run_stop **out, struct err *e)
{
    struct run_stop *s = calloc(1, sizeof(*s));
    if (!s)
        return err_set(e, RC_NOMEM, "run: out of memory");
    atomic_init(&s->asked, false);
    *out = s;
    return RC_OK;
}

void run_stop_close(struct run_stop *s)
{
    free(s);
}

void run_stop_ask(struct run_stop *s)
{
    atomic_store(&s->asked, true);
}

bool run_stop_asked(const struct run_stop *s)
{
    return s && atomic_load(&s->asked);
}

/* ---- a run ------------------------------------------------------------------------------------------------------ */

struct run {
    struct app *app;
    struct rules *rules;
    const struct job_config *job;
    const struct run_options *opt;
    size_t n_workers;
    int64_t deadline_ms;       /* clock_mono_ms(); 0: none */
    atomic_bool cancel;        /* the drain limit passed: give up what waits for the model */
    pthread_mutex_t lock;      /* of everything below */
    pthread_cond_t changed;
    struct run_result result;
    int64_t budget;            /* records that may still be made; INT64_MAX: no limit */
    size_t working, running;   /* workers that hold jobs; that live */
    bool failed_recently[WINDOW];
    size_t n_outcomes;         /* ever; its place in the window is modulo */
    enum rc rc;                /* first failure that ends the run */
    struct err why;
};

struct worker {
    struct run *run;
    unsigned number;
    pthread_t thread;
    char name[48];
    struct store *store;
    struct connector *connector;
    struct pipeline pipeline;
    struct store_jobs jobs;    /* claimed */
    struct record **records;   /* [jobs.n], NULL where none came */
    bool *bad;                 /* [jobs.n], quarantined */
};

static bool window_is_bad(const struct run *r)
{
    size_t bad = 0;
    if (r->n_outcomes < WINDOW)
        return false;
    for (size_t i = 0; i < WINDOW; i++)
        bad += r->failed_recently[i];
    return bad * 100 > WINDOW * (size_t)rules_config(r->rules)->settings->pause_percent;
}

/* Count one settled look; refused and quarantined ones speak for a pause. Under no lock. */
static void settle(struct run *r, size_t *counter, bool failed)
{
    pthread_mutex_lock(&r->lock);
    ++*counter;
    if (counter != &r->result.made && r->budget != INT64_MAX)
        r->budget++; /* the budget counts what the model wrote */
    r->failed_recently[r->n_outcomes++ % WINDOW] = failed;
    if (!r->result.paused && window_is_bad(r)) {
        r->result.paused = true;
        log_event(LOG_ERROR, "run paused: too many of the last briefs were refused or quarantined", "job", r->job->name, NULL);
    }
    pthread_mutex_unlock(&r->lock);
}

static void fail_run(struct run *r, enum rc rc, const struct err *e)
{
    pthread_mutex_lock(&r->lock);
    if (r->rc == RC_OK) {
        r->rc = rc;
        r->why = *e;
    }
    pthread_mutex_unlock(&r->lock);
}

static bool over(struct run *r)
{
    pthread_mutex_lock(&r->lock);
    bool end = r->rc != RC_OK || r->result.paused || run_stop_asked(r->opt->stop) ||
               (r->deadline_ms && clock_mono_ms() >= r->deadline_ms);
    pthread_mutex_unlock(&r->lock);
    return end;
}

/* ---- one batch of a worker -------------------------------------------------------------------------------------- */

static size_t job_of(const struct worker *w, const char *id)
{
    for (size_t i = 0; i < w->jobs.n; i++)
        if (strcmp(w->jobs.jobs[i].record_id, id) == 0)
            return i;
    return w->jobs.n;
}

static enum rc on_record(void *ctx, struct record *take, struct err *e)
{
    struct worker *w = ctx;
    size_t i = job_of(w, take->id);
    (void)e;
    if (i < w->jobs.n && !w->records[i])
        w->records[i] = take;
    else
        record_close(take);
    return RC_OK;
}

static void on_bad(void *ctx, const struct bad_record *bad)
{
    struct worker *w = ctx;
    struct err e;
    size_t i = job_of(w, bad->id);
    if (i < w->jobs.n)
        w->bad[i] = true;
    log_event(LOG_WARN, "record quarantined", "source", w->run->job->source, "object", bad->object, "id", bad->id, "reason",
              bad->reason, NULL);
    if (*bad->id &&
        store_quarantine_add(w->store, w->run->job->source, bad->object, bad->id, bad->reason, &e) != RC_OK)
        log_event(LOG_ERROR, "quarantine not stored", "error", e.msg, NULL);
}

/* The look is done and made nothing; `event` (or NULL) goes into the audit with it, and why. */
static enum rc done(struct worker *w, const struct store_job *j, const char *event, const char *reason, struct err *e)
{
    char object[512], detail[512];
    snprintf(detail, sizeof(detail), "kind=%s%s%s", purpose_name(j->kind), reason ? " reason=" : "", reason ? reason : "");
    snprintf(object, sizeof(object), "%s/%s/%s", j->source, j->object, j->record_id);
    struct audit_event ev = {.actor = w->run->opt->actor, .event = event, .object = object, .outcome = "refused",
                             .detail = detail};
    return store_queue_done(w->store, w->name, &j->id, 1, event ? &ev : NULL, e);
}

static enum rc give_up(struct worker *w, const struct store_job *j, enum rc why, const struct err *reason, struct err *e)
{
    struct run *r = w->run;
    bool retry = why == RC_RETRY || why == RC_NOMEM;
    unsigned most = (unsigned)rules_config(r->rules)->settings->max_attempts;
    enum rc rc = store_queue_fail(w->store, w->name, &j->id, 1, retry, reason->msg, e);
    log_event(LOG_WARN, retry ? "brief failed, will be tried again" : "brief failed", "source", j->source, "object", j->object,
              "id", j->record_id, "kind", purpose_name(j->kind), "reason", reason->msg, NULL);
    if (retry && j->attempts < most) {
        pthread_mutex_lock(&r->lock);
        r->result.retried++;
        pthread_mutex_unlock(&r->lock);
    } else {
        settle(r, &r->result.dead, true);
    }
    return rc;
}

/* What policy approved by itself goes back at once where the source takes it; a failure there costs no brief. */
static void write_back(struct worker *w, const char *brief_id)
{
    struct run *r = w->run;
    struct store_brief *b = NULL;
    enum brief_state state = BRIEF_WAITING;
    struct err e;
    if (w->connector->cfg->write_back == WRITE_BACK_OFF || store_brief_get(w->store, brief_id, &b, &e) != RC_OK)
        return;
    bool approved = b->meta.state == BRIEF_APPROVED;
    store_brief_close(b);
    if (!approved)
        return;
    enum rc rc = pipeline_write_back_one(&w->pipeline, w->connector, brief_id, &state, &e);
    if (rc != RC_OK)
        log_event(LOG_WARN, "write-back failed", "brief", brief_id, "reason", e.msg, NULL);
    pthread_mutex_lock(&r->lock);
    r->result.written += rc == RC_OK && state == BRIEF_WRITTEN;
    r->result.conflicts += rc == RC_OK && state == BRIEF_CONFLICT;
    pthread_mutex_unlock(&r->lock);
}

static enum rc make(struct worker *w, const struct store_job *j, struct record *record, struct err *e)
{
    struct run *r = w->run;
    struct pipeline_result result;
    struct err why = {""};
    struct store_done job = {.job = j->id, .worker = w->name};
    struct brief_wish wish = {.kind = j->kind, .intent = j->intent, .tone = j->tone, .language = j->language,
                              .to_contact = j->to_contact, .job = &job};
    enum rc rc = pipeline_run_one(&w->pipeline, record, &wish, &result, &why);
    if (rc == RC_REFUSED) {
        settle(r, &r->result.refused, false);
        return done(w, j, "brief.refused", why.msg, e);
    }
    if (rc == RC_RETRY && atomic_load(&r->cancel))
        return RC_OK; /* released with the rest */
    if (rc != RC_OK)
        return give_up(w, j, rc, &why, e);
    if (result.outcome == PIPELINE_UNCHANGED) {
        settle(r, &r->result.unchanged, false);
    } else {
        pthread_mutex_lock(&r->lock);
        r->result.prompt_tokens += result.prompt_tokens;
        r->result.output_tokens += result.output_tokens;
        pthread_mutex_unlock(&r->lock);
        settle(r, &r->result.made, false);
        write_back(w, result.id);
    }
    pipeline_result_clear(&result);
    return RC_OK;
}

static enum rc run_look(struct worker *w, size_t i, struct err *e)
{
    struct run *r = w->run;
    const struct store_job *j = &w->jobs.jobs[i];
    struct record *record = w->records[i];
    if (w->bad[i]) {
        settle(r, &r->result.quarantined, true);
        return done(w, j, "record.quarantined", NULL, e);
    }
    if (!record || record->deleted) {
        settle(r, &r->result.gone, false);
        return done(w, j, NULL, NULL, e);
    }
    if (!job_filter_passes(r->job->filter, record)) {
        settle(r, &r->result.filtered, false);
        return done(w, j, NULL, NULL, e);
    }
    return make(w, j, record, e);
}

static enum rc fetch(struct worker *w, struct err *e)
{
    const char *ids[MAX_CLAIM];
    struct err why = {""};
    enum rc rc, kept = RC_OK;
    for (size_t i = 0; i < w->jobs.n; i++)
        ids[i] = w->jobs.jobs[i].record_id;
    rc = connector_fetch(w->connector, w->run->job->object, ids, w->jobs.n, on_record, on_bad, w, &why);
    for (size_t i = 0; rc != RC_OK && kept == RC_OK && i < w->jobs.n; i++)
        kept = give_up(w, &w->jobs.jobs[i], rc, &why, e);
    if (rc != RC_OK)
        w->jobs.n = 0;
    return kept;
}

static enum rc run_batch(struct worker *w, struct err *e)
{
    struct record *records[MAX_CLAIM] = {NULL};
    bool bad[MAX_CLAIM] = {false};
    w->records = records;
    w->bad = bad;
    enum rc rc = fetch(w, e);
    size_t n = w->jobs.n;
    for (size_t i = 0; rc == RC_OK && i < n && !over(w->run); i++) {
        rc = run_look(w, i, e);
        record_close(records[i]);
        records[i] = NULL;
    }
    for (size_t i = 0; i < MAX_CLAIM; i++)
        record_close(records[i]);
    return rc;
}

/* ---- claiming --------------------------------------------------------------------------------------------------- */

/* Looks of the job that are due, shared out so that every worker gets some. */
static enum rc claim(struct worker *w, struct err *e)
{
    struct run *r = w->run;
    struct store_counts counts;
    enum rc rc = store_queue_counts(w->store, r->job->source, r->job->object, r->job->kinds, &counts, e);
    if (rc != RC_OK)
        return rc;
    pthread_mutex_lock(&r->lock);
    size_t share = (counts.due + r->n_workers - 1) / r->n_workers;
    size_t most = share < MAX_CLAIM ? share : MAX_CLAIM;
    if ((int64_t)most > r->budget)
        most = (size_t)r->budget;
    r->budget -= r->budget == INT64_MAX ? 0 : (int64_t)most;
    r->working += most > 0;
    pthread_mutex_unlock(&r->lock);
    w->jobs.n = 0;
    if (most == 0)
        return RC_OK;
    struct store_claim c = {.worker = w->name,
                            .lease_us = rules_config(r->rules)->settings->lease_us,
                            .max = most,
                            .source = r->job->source,
                            .object = r->job->object,
                            .kinds = r->job->kinds};
    rc = store_queue_claim(w->store, &c, &w->jobs, e);
    pthread_mutex_lock(&r->lock);
    if (r->budget != INT64_MAX)
        r->budget += (int64_t)(most - (rc == RC_OK ? w->jobs.n : 0));
    if (rc != RC_OK || w->jobs.n == 0)
        r->working--;
    pthread_mutex_unlock(&r->lock);
    return rc;
}

/* Nothing is due: is anything to come, from other workers' failures or from backoff? Waits a moment if so. */
static enum rc more_to_come(struct worker *w, bool *more, struct err *e)
{
    struct run *r = w->run;
    struct store_counts counts;
    enum rc rc = store_queue_counts(w->store, r->job->source, r->job->object, r->job->kinds, &counts, e);
    if (rc != RC_OK)
        return rc;
    struct timespec until = clock_deadline(TICK_MS);
    pthread_mutex_lock(&r->lock);
    bool soon = r->opt->wait_for_retries && counts.next_us && counts.next_us <= store_now_us(w->store) + RETRY_WAIT_US;
    *more = r->budget > 0 && (r->working > 0 || counts.due > 0 || soon);
    if (*more)
        pthread_cond_timedwait(&r->changed, &r->lock, &until);
    pthread_mutex_unlock(&r->lock);
    return RC_OK;
}

static void end_batch(struct worker *w)
{
    struct run *r = w->run;
    store_jobs_clear(&w->jobs);
    pthread_mutex_lock(&r->lock);
    r->working--;
    pthread_cond_broadcast(&r->changed);
    pthread_mutex_unlock(&r->lock);
}

static enum rc work(struct worker *w, struct err *e)
{
    bool more = true;
    enum rc rc = RC_OK;
    while (rc == RC_OK && more && !over(w->run)) {
        rc = claim(w, e);
        if (rc == RC_RETRY) { /* the store is busy or the disk full: others may get on */
            log_event(LOG_WARN, "claim failed", "reason", e->msg, NULL);
            rc = RC_OK;
            w->jobs.n = 0;
        }
        if (rc != RC_OK)
            break;
        if (w->jobs.n == 0) {
            store_jobs_clear(&w->jobs);
            rc = more_to_come(w, &more, e);
            continue;
        }
        rc = run_batch(w, e);
        end_batch(w);
    }
    return rc;
}

static enum rc worker_open(struct worker *w, struct err *e)
{
    struct run *r = w->run;
    const struct config_view *v = rules_config(r->rules);
    snprintf(w->name, sizeof(w->name), "%ld-%u", (long)getpid(), w->number);
    enum rc rc = app_store_open(r->app, false, &w->store, e);
    if (rc == RC_OK)
        rc = connector_open(config_source(v, r->job->source), &v->clock, &w->connector, e);
    w->pipeline = (struct pipeline){.app = r->app, .rules = r->rules, .store = w->store, .actor = r->opt->actor,
                                    .priority = STORE_PRIORITY_BATCH, .cancel = &r->cancel};
    return rc;
}

static void *worker_main(void *ctx)
{
    struct worker *w = ctx;
    struct run *r = w->run;
    struct err e = {""}, ignored;
    enum rc rc = worker_open(w, &e);
    if (rc == RC_OK)
        rc = work(w, &e);
    if (w->store && store_queue_release(w->store, w->name, &ignored) != RC_OK)
        log_event(LOG_WARN, "jobs not given back; their lease will end", "worker", w->name, "reason", ignored.msg, NULL);
    if (rc != RC_OK)
        fail_run(r, rc, &e);
    connector_close(w->connector);
    store_close(w->store);
    pthread_mutex_lock(&r->lock);
    r->running--;
    pthread_cond_broadcast(&r->changed);
    pthread_mutex_unlock(&r->lock);
    return NULL;
}

/* ---- before and after the workers -------------------------------------------------------------------------------- */

struct due { /* briefs to be looked at */
    char (*ids)[BRIEF_ID_SIZE];
    size_t n, room;
};

static enum rc look_again(void *ctx, const struct store_brief *b, struct err *e)
{
    struct due *d = ctx;
    char (*more)[BRIEF_ID_SIZE];
    if (d->n == d->room) {
        size_t room = d->room ? 2 * d->room : 256;
        more = realloc(d->ids, room * sizeof(*more));
        if (!more)
            return err_set(e, RC_NOMEM, "run: out of memory");
        d->ids = more;
        d->room = room;
    }
    memcpy(d->ids[d->n++], b->id, BRIEF_ID_SIZE);
    return RC_OK;
}

/* Briefs that speak of a day which has passed: their records are looked at again. */
static enum rc queue_stale(struct run *r, struct store *s, struct err *e)
{
    struct due d = {0};
    struct brief_filter f = {.source = r->job->source, .object = r->job->object, .current = true,
                             .due_before_us = clock_now_us(&rules_config(r->rules)->clock)};
    enum rc rc = store_briefs_list(s, &f, look_again, &d, e);
    for (size_t i = 0; rc == RC_OK && i < d.n; i++) {
        struct store_brief *b = NULL;
        rc = store_brief_get(s, d.ids[i], &b, e);
        if (rc == RC_OK && r->job->kinds[b->meta.kind]) {
            struct store_ask ask = {.source = b->meta.source, .object = b->meta.object, .record_id = b->meta.record_id,
                                    .kind = b->meta.kind, .intent = b->meta.intent, .tone = b->meta.tone,
                                    .to_contact = b->meta.to_contact};
            rc = store_queue_add(s, &ask, e);
        }
        store_brief_close(b);
    }
    free(d.ids);
    return rc;
}

/* Writes whose answer was lost: the record says whether they arrived. */
static enum rc settle_writes(struct run *r, struct store *s, struct connector *c, struct err *e)
{
    struct due d = {0};
    struct brief_filter f = {.source = r->job->source, .object = r->job->object, .by_state = true, .state = BRIEF_WRITE_PENDING};
    struct pipeline p = {.app = r->app, .rules = r->rules, .store = s, .actor = r->opt->actor};
    enum rc rc = store_briefs_list(s, &f, look_again, &d, e);
    for (size_t i = 0; rc == RC_OK && i < d.n; i++) {
        enum brief_state state;
        struct err why;
        enum rc one = pipeline_write_back_one(&p, c, d.ids[i], &state, &why);
        if (one != RC_OK)
            log_event(LOG_WARN, "write-back not settled", "brief", d.ids[i], "reason", why.msg, NULL);
    }
    free(d.ids);
    return rc;
}

static enum rc prepare(struct run *r, struct store *s, struct err *e)
{
    const struct config_view *v = rules_config(r->rules);
    struct connector *c = NULL;
    struct sync_result synced = {0};
    struct pipeline p = {.app = r->app, .rules = r->rules, .store = s, .actor = r->opt->actor};
    enum rc rc = pipeline_begin(&p, e);
    if (rc == RC_OK)
        rc = connector_open(config_source(v, r->job->source), &v->clock, &c, e);
    if (rc == RC_OK && r->opt->sync)
        rc = sync_source(s, keyring_hash_key(app_keys(r->app)), c, v, &(struct sync_options){.reconcile = r->opt->reconcile}, &synced, e);
    if (rc == RC_OK && c->cfg->write_back == WRITE_BACK_ON)
        rc = settle_writes(r, s, c, e);
    if (rc == RC_OK)
        rc = queue_stale(r, s, e);
    if (rc == RC_OK && r->job->budget_records + r->job->budget_minutes > 0)
        rc = rank_looks(s, c, r->job, e); /* without a budget all of them come anyway */
    connector_close(c);
    return rc;
}

/* Leases are extended for all workers from here, so that one long brief does not lose its job. */
static void heartbeat(const struct run *r, struct store *s, const struct worker *workers)
{
    struct err e;
    int64_t lease = rules_config(r->rules)->settings->lease_us;
    for (size_t i = 0; i < r->n_workers; i++)
        if (store_queue_heartbeat(s, workers[i].name, lease, NULL, &e) != RC_OK)
            log_event(LOG_WARN, "heartbeat failed", "reason", e.msg, NULL);
}

/* Until the workers are done: progress, heartbeats, and the limit of draining. */
static void watch(struct run *r, struct store *s, const struct worker *workers, size_t total)
{
    const struct settings *settings = rules_config(r->rules)->settings;
    int64_t beat_ms = clock_mono_ms(), stop_ms = 0;
    for (bool living = true; living;) {
        struct timespec until = clock_deadline(TICK_MS);
        struct run_result so_far;
        pthread_mutex_lock(&r->lock);
        if (r->running > 0)
            pthread_cond_timedwait(&r->changed, &r->lock, &until);
        living = r->running > 0;
        so_far = r->result;
        pthread_mutex_unlock(&r->lock);
        if (r->opt->on_progress)
            r->opt->on_progress(r->opt->ctx, &so_far, total);
        if (clock_mono_ms() - beat_ms > settings->lease_us / 3000) {
            heartbeat(r, s, workers);
            beat_ms = clock_mono_ms();
        }
        if (run_stop_asked(r->opt->stop) && !stop_ms)
            stop_ms = clock_mono_ms();
        if (stop_ms && clock_mono_ms() - stop_ms > settings->drain_us / 1000)
            atomic_store(&r->cancel, true);
    }
}

static enum rc run_workers(struct run *r, struct store *s, struct err *e)
{
    struct worker *workers = calloc(r->n_workers, sizeof(*workers));
    struct store_counts counts;
    enum rc rc = workers ? store_queue_counts(s, r->job->source, r->job->object, r->job->kinds, &counts, e)
                         : err_set(e, RC_NOMEM, "run: out of memory");
    size_t started = 0;
    for (; rc == RC_OK && started < r->n_workers; started++) {
        struct worker *w = &workers[started];
        *w = (struct worker){.run = r, .number = (unsigned)started};
        snprintf(w->name, sizeof(w->name), "%ld-%u", (long)getpid(), w->number);
        pthread_mutex_lock(&r->lock);
        r->running++;
        pthread_mutex_unlock(&r->lock);
        if (pthread_create(&w->thread, NULL, worker_main, w) != 0) {
            pthread_mutex_lock(&r->lock);
            r->running--;
            pthread_mutex_unlock(&r->lock);
            break;
        }
    }
    if (rc == RC_OK && started == 0)
        rc = err_set(e, RC_RETRY, "run: no thread could be started");
    pthread_mutex_lock(&r->lock);
    r->n_workers = started ? started : 1;
    pthread_mutex_unlock(&r->lock);
    if (started)
        watch(r, s, workers, counts.due);
    for (size_t i = 0; i < started; i++)
        pthread_join(workers[i].thread, NULL);
    free(workers);
    return rc;
}

static enum rc finish(struct run *r, struct store *s, struct err *e)
{
    struct store_counts counts;
    enum rc rc = store_queue_counts(s, r->job->source, r->job->object, r->job->kinds, &counts, e);
    if (rc == RC_OK)
        r->result.left = counts.due;
    /* What is over the budget, not what was interrupted. */
    if (rc == RC_OK && !r->job->carry_over && r->budget <= 0)
        rc = store_queue_drop(s, r->job->source, r->job->object, r->job->kinds, NULL, e);
    return rc;
}

static const struct job_config *job_named(const struct config_view *v, const char *name)
{
    const struct job_config *j = v->jobs;
    while (j && strcmp(j->name, name) != 0)
        j = j->next;
    return j;
}

enum rc run_job(struct app *a, const char *job, const struct run_options *opt, struct run_result *out, struct err *e)
{
    int64_t began_ms = clock_mono_ms();
    struct run r = {.app = a, .rules = app_rules(a), .opt = opt};
    struct store *s = NULL;
    enum rc rc = RC_OK;
    memset(out, 0, sizeof(*out));
    r.job = job_named(rules_config(r.rules), job);
    if (!r.job) {
        rc = err_set(e, RC_BAD, "there is no job '%s' in the configuration", job);
        rules_release(r.rules);
        return rc;
    }
    size_t workers = app_sequences(a) + SPARE_WORKERS;
    r.n_workers = workers < MAX_WORKERS ? workers : MAX_WORKERS;
    r.budget = r.job->budget_records ? r.job->budget_records : INT64_MAX;
    r.deadline_ms = r.job->budget_minutes ? began_ms + r.job->budget_minutes * 60000 : 0;
    atomic_init(&r.cancel, false);
    pthread_mutex_init(&r.lock, NULL);
    pthread_cond_init(&r.changed, NULL);
    rc = app_store_open(a, true, &s, e);
    if (rc == RC_OK)
        rc = prepare(&r, s, e);
    if (rc == RC_OK)
        rc = run_workers(&r, s, e);
    if (rc == RC_OK && r.rc != RC_OK)
        rc = err_set(e, r.rc, "%s", r.why.msg);
    if (rc == RC_OK)
        rc = finish(&r, s, e);
    r.result.ms = clock_mono_ms() - began_ms;
    *out = r.result;
    store_close(s);
    pthread_cond_destroy(&r.changed);
    pthread_mutex_destroy(&r.lock);
    rules_release(r.rules);
    return rc;
}
