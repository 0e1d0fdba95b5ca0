#include "service.h"

#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include "../base/clock.h"
#include "../base/log.h"
#include "../base/str.h"
#include "cron.h"
#include "in_force.h"
#include "retention.h"
#include "sync.h"
#ifdef HAVE_SYSTEMD
#include <systemd/sd-daemon.h>
#endif

#define TICK_MS 500
#define RETENTION_EVERY_MS INT64_C(3600000)
#define MAX_JOBS 256
#define BACKOFF_FIRST_US INT64_C(60000000) /* of a job whose source is down */
#define BACKOFF_MOST_US INT64_C(3600000000)
#define ONCE_BACKOFF_FIRST_MS 500

void service_block_signals(void)
{
    sigset_t set;
    signal(SIGPIPE, SIG_IGN);
    sigemptyset(&set);
    sigaddset(&set, SIGHUP);
    sigaddset(&set, SIGTERM);
    sigaddset(&set, SIGINT);
    pthread_sigmask(SIG_BLOCK, &set, NULL);
}

/* The next of the blocked signals, or 0 after `ms`. */
static int next_signal(int64_t ms)
{
    sigset_t set;
    struct timespec t = {.tv_sec = ms / 1000, .tv_nsec = ms % 1000 * 1000000};
    sigemptyset(&set);
    sigaddset(&set, SIGHUP);
    sigaddset(&set, SIGTERM);
    sigaddset(&set, SIGINT);
    int sig = sigtimedwait(&set, NULL, &t);
    return sig > 0 ? sig : 0;
}

static void tell_manager(const char *state)
{
#ifdef HAVE_SYSTEMD
    sd_notify(0, state);
#else
    (void)state;
#endif
}

static int64_t now_us(void)
{
    struct clock system;
    clock_system(&system);
    return clock_now_us(&system); /* schedules follow real time, whatever `clock:` says */
}

static void log_result(const char *job, const struct run_result *r)
{
    char made[24], unchanged[24], refused[24], failed[24], left[24], ms[24];
    snprintf(made, sizeof(made), "%zu", r->made);
    snprintf(unchanged, sizeof(unchanged), "%zu", r->unchanged);
    snprintf(refused, sizeof(refused), "%zu", r->refused + r->quarantined);
    snprintf(failed, sizeof(failed), "%zu", r->dead);
    snprintf(left, sizeof(left), "%zu", r->left);
    snprintf(ms, sizeof(ms), "%lld", (long long)r->ms);
    log_event(LOG_INFO, "job done", "job", job, "made", made, "unchanged", unchanged, "refused", refused, "failed", failed,
              "left", left, "ms", ms, NULL);
}

/* ---- jobs by the clock ------------------------------------------------------------------------------------------ */

struct timer { /* one job of the configuration */
    char *job;
    int64_t due_us;    /* INT64_MAX: only when asked for */
    unsigned failures; /* in a row, of its source */
};

struct service {
    struct app *app;
    struct run_stop *stop;
    pthread_mutex_t lock; /* of timers and woken */
    pthread_cond_t changed;
    struct timer timers[MAX_JOBS];
    size_t n_timers;
    int64_t signed_seq; /* of the checkpoint told last; the runner's */
};

struct watcher {
    struct service *service;
    char *source;
    pthread_t thread;
};

/* Was a time missed while nobody ran? Then a job with catch_up: once is due now. */
static int64_t first_due(struct store *s, const struct job_config *j, const struct cron *c, int64_t now, struct err *e)
{
    char name[STORE_NOTE_SIZE], started[STORE_NOTE_SIZE];
    int64_t next = INT64_MAX, before, missed;
    if (cron_next(c, j->time_zone, now, &next, e) != RC_OK)
        return INT64_MAX;
    snprintf(name, sizeof(name), "job.%.100s.started", j->name);
    if (j->catch_up == CATCH_UP_ONCE && store_note_get(s, name, started, e) == RC_OK && str_int64(started, 0, INT64_MAX, &before) &&
        cron_next(c, j->time_zone, before, &missed, e) == RC_OK && missed <= now)
        return now;
    return next;
}

static void clear_timers(struct service *v)
{
    for (size_t i = 0; i < v->n_timers; i++)
        free(v->timers[i].job);
    v->n_timers = 0;
}

/* Set the timers anew from the present configuration. */
static enum rc set_timers(struct service *v, bool at_start, struct err *e)
{
    struct rules *r = app_rules(v->app);
    struct store *s = NULL;
    enum rc rc = app_store_open(v->app, false, &s, e);
    pthread_mutex_lock(&v->lock);
    clear_timers(v);
    for (const struct job_config *j = rules_config(r)->jobs; rc == RC_OK && j; j = j->next) {
        struct timer *t = &v->timers[v->n_timers];
        struct cron c;
        if (v->n_timers == MAX_JOBS) {
            rc = err_set(e, RC_LIMIT, "more than %d jobs", MAX_JOBS);
            break;
        }
        *t = (struct timer){.job = str_dup(j->name), .due_us = INT64_MAX};
        if (!t->job) {
            rc = err_set(e, RC_NOMEM, "service: out of memory");
            break;
        }
        v->n_timers++;
        if (j->schedule && (rc = cron_parse(j->schedule, &c, e)) == RC_OK) {
            if (at_start)
                t->due_us = first_due(s, j, &c, now_us(), e);
            else
                rc = cron_next(&c, j->time_zone, now_us(), &t->due_us, e);
        }
    }
    pthread_cond_broadcast(&v->changed);
    pthread_mutex_unlock(&v->lock);
    store_close(s);
    rules_release(r);
    return rc;
}

/* The job whose time has come first, or NULL; the caller frees it. Its next time is set. */
static char *take_due(struct service *v)
{
    struct rules *r = app_rules(v->app);
    struct timer *due = NULL;
    char *name = NULL;
    int64_t now = now_us();
    pthread_mutex_lock(&v->lock);
    for (size_t i = 0; i < v->n_timers; i++)
        if (v->timers[i].due_us <= now && (!due || v->timers[i].due_us < due->due_us))
            due = &v->timers[i];
    if (due) {
        name = str_dup(due->job);
        due->due_us = INT64_MAX;
        for (const struct job_config *j = rules_config(r)->jobs; j; j = j->next) {
            struct cron c;
            struct err e;
            if (strcmp(j->name, due->job) == 0 && j->schedule && cron_parse(j->schedule, &c, &e) == RC_OK &&
                cron_next(&c, j->time_zone, now, &due->due_us, &e) != RC_OK)
                log_event(LOG_ERROR, "job has no next time", "job", j->name, "reason", e.msg, NULL);
        }
    }
    pthread_mutex_unlock(&v->lock);
    rules_release(r);
    return name;
}

static void note_start(struct service *v, const char *job)
{
    char name[STORE_NOTE_SIZE], text[24];
    struct store *s = NULL;
    struct err e;
    snprintf(name, sizeof(name), "job.%.100s.started", job);
    snprintf(text, sizeof(text), "%lld", (long long)now_us());
    if (app_store_open(v->app, false, &s, &e) != RC_OK || store_note_set(s, name, text, &e) != RC_OK)
        log_event(LOG_WARN, "start of job not noted", "job", job, "reason", e.msg, NULL);
    store_close(s);
}

/* A source that is down is asked again soon, not only at the job's next time. */
static void retry_later(struct service *v, const char *job, bool failed)
{
    pthread_mutex_lock(&v->lock);
    for (size_t i = 0; i < v->n_timers; i++) {
        struct timer *t = &v->timers[i];
        if (strcmp(t->job, job) != 0)
            continue;
        t->failures = failed ? t->failures + 1 : 0;
        int64_t wait = BACKOFF_FIRST_US << (t->failures < 7 ? t->failures : 7);
        int64_t at = now_us() + (wait < BACKOFF_MOST_US ? wait : BACKOFF_MOST_US);
        if (failed && at < t->due_us)
            t->due_us = at;
    }
    pthread_mutex_unlock(&v->lock);
}

/* A new checkpoint goes into the log: where that is collected on another machine, not even root here can take back what
 * it signed. */
static void tell_checkpoint(struct service *v)
{
    struct store *s = NULL;
    struct store_audit_facts facts = {0};
    char line[AUDIT_CHECKPOINT_SIZE];
    struct err e;
    enum rc rc = app_store_open(v->app, false, &s, &e);
    if (rc == RC_OK)
        rc = store_audit_facts(s, &facts, &e);
    if (rc != RC_OK) {
        log_event(LOG_WARN, "checkpoints not read", "reason", e.msg, NULL);
    } else if (facts.newest.seq > v->signed_seq) {
        audit_checkpoint_format(&facts.newest, line);
        log_event(LOG_INFO, "audit checkpoint", "line", line, NULL);
        v->signed_seq = facts.newest.seq;
    }
    store_close(s);
}

static void run_due(struct service *v, const char *job)
{
    struct run_options opt = {.sync = true, .stop = v->stop, .actor = "system"};
    struct run_result result;
    struct err e = {""};
    log_event(LOG_INFO, "job begins", "job", job, NULL);
    note_start(v, job);
    enum rc rc = run_job(v->app, job, &opt, &result, &e);
    if (rc == RC_OK)
        log_result(job, &result);
    else
        log_event(LOG_ERROR, "job failed", "job", job, "reason", e.msg, "kind", rc_name(rc), NULL);
    retry_later(v, job, rc == RC_RETRY);
    tell_checkpoint(v);
}

static void *runner_main(void *ctx)
{
    struct service *v = ctx;
    int64_t kept_ms = 0; /* when retention was seen to last */
    while (!run_stop_asked(v->stop)) {
        if (!kept_ms || clock_mono_ms() - kept_ms >= RETENTION_EVERY_MS) {
            retention_by_itself(v->app);
            kept_ms = clock_mono_ms();
        }
        char *job = take_due(v);
        if (job) {
            run_due(v, job);
        } else {
            struct timespec t = clock_deadline(1000);
            pthread_mutex_lock(&v->lock);
            pthread_cond_timedwait(&v->changed, &v->lock, &t);
            pthread_mutex_unlock(&v->lock);
        }
        free(job);
    }
    return NULL;
}

/* ---- watching a source ------------------------------------------------------------------------------------------- */

/* One sync with handles of its own, so that a reload between two takes effect. */
static enum rc sync_once(struct watcher *w, struct rules *r, bool reconcile, struct connector **c, struct err *e)
{
    const struct config_view *v = rules_config(r);
    const struct source_config *cfg = config_source(v, w->source);
    struct sync_result result;
    struct store *s = NULL;
    if (!cfg)
        return err_set(e, RC_BAD, "source %s is no longer in the configuration", w->source);
    enum rc rc = *c ? RC_OK : connector_open(cfg, &v->clock, c, e);
    if (rc == RC_OK)
        rc = app_store_open(w->service->app, false, &s, e);
    if (rc == RC_OK)
        rc = sync_source(s, keyring_hash_key(app_keys(w->service->app)), *c, v, &(struct sync_options){.reconcile = reconcile}, &result, e);
    store_close(s);
    if (rc == RC_OK && result.changed + result.gone > 0) {
        char changed[24], gone[24];
        snprintf(changed, sizeof(changed), "%zu", result.changed);
        snprintf(gone, sizeof(gone), "%zu", result.gone);
        log_event(LOG_INFO, "source synced", "source", w->source, "changed", changed, "gone", gone, NULL);
    }
    return rc;
}

/* Until something may have changed, the time has passed, or the service ends. */
static void wait_for_change(struct watcher *w, struct connector *c, int64_t until_ms)
{
    while (!run_stop_asked(w->service->stop) && clock_mono_ms() < until_ms) {
        bool woke = false;
        struct err e;
        int64_t began = clock_mono_ms(), ms = until_ms - began < TICK_MS ? until_ms - began : TICK_MS;
        if (c && connector_wait(c, ms, &woke, &e) == RC_OK && woke)
            return;
        int64_t rest = ms - (clock_mono_ms() - began);
        if (rest > 0) { /* this source gives no hints, or is down */
            struct timespec t = {.tv_sec = rest / 1000, .tv_nsec = rest % 1000 * 1000000};
            nanosleep(&t, NULL);
        }
    }
}

static void *watcher_main(void *ctx)
{
    struct watcher *w = ctx;
    struct rules *r = NULL;
    struct connector *c = NULL;
    int64_t reconciled_ms = 0;
    while (!run_stop_asked(w->service->stop)) {
        struct rules *now = app_rules(w->service->app);
        struct err e = {""};
        if (now != r) { /* a handle is bound to the configuration that it was opened with */
            connector_close(c);
            c = NULL;
            rules_release(r);
            r = now;
        } else {
            rules_release(now);
        }
        const struct settings *s = rules_config(r)->settings;
        bool reconcile = !reconciled_ms || clock_mono_ms() - reconciled_ms >= s->reconcile_every_us / 1000;
        enum rc rc = sync_once(w, r, reconcile, &c, &e);
        if (rc == RC_OK && reconcile)
            reconciled_ms = clock_mono_ms();
        if (rc != RC_OK) {
            log_event(LOG_WARN, "sync failed", "source", w->source, "reason", e.msg, NULL);
            connector_close(c);
            c = NULL;
        }
        wait_for_change(w, c, clock_mono_ms() + s->sync_every_us / 1000);
    }
    connector_close(c);
    rules_release(r);
    return NULL;
}

static bool has_jobs(const struct config_view *v, const char *source)
{
    for (const struct job_config *j = v->jobs; j; j = j->next)
        if (strcmp(j->source, source) == 0)
            return true;
    return false;
}

/* A watcher for every source that jobs read. *n of them were started. */
static enum rc start_watchers(struct service *v, struct watcher *watchers, size_t room, size_t *n, struct err *e)
{
    struct rules *r = app_rules(v->app);
    enum rc rc = RC_OK;
    for (const struct source_config *s = rules_config(r)->sources; rc == RC_OK && s && *n < room; s = s->next) {
        struct watcher *w = &watchers[*n];
        if (!has_jobs(rules_config(r), s->name))
            continue;
        *w = (struct watcher){.service = v, .source = str_dup(s->name)};
        if (!w->source)
            rc = err_set(e, RC_NOMEM, "service: out of memory");
        else if (pthread_create(&w->thread, NULL, watcher_main, w) != 0)
            rc = err_set(e, RC_RETRY, "service: no thread could be started");
        if (rc == RC_OK)
            ++*n;
        else
            free(w->source);
    }
    rules_release(r);
    return rc;
}

/* ---- staying ---------------------------------------------------------------------------------------------------- */

/* Kept and audited now, not only with the first brief that is made by it. */
static void note_rules(struct service *v, const char *refused)
{
    struct rules *r = app_rules(v->app);
    struct store *s = NULL;
    struct err e = {""};
    enum rc rc = app_store_open(v->app, false, &s, &e);
    if (rc == RC_OK && refused)
        rc = store_audit_add(s, &(struct audit_event){.actor = "system", .event = "reload.refused", .object = "",
                                                      .outcome = "refused", .detail = refused}, &e);
    else if (rc == RC_OK)
        rc = in_force_note(v->app, r, s, "system", &e);
    if (rc == RC_OK) /* for `briefctl status` */
        rc = store_note_set(s, "policy.in_force", policy_hash(rules_policy(r)), &e);
    if (rc == RC_OK)
        rc = store_note_set(s, "reload.refused", refused ? refused : "", &e);
    if (rc != RC_OK)
        log_event(LOG_ERROR, "what is in force could not be noted", "reason", e.msg, NULL);
    store_close(s);
    rules_release(r);
}

static void reload(struct service *v)
{
    const char *restart = NULL;
    struct err e = {""};
    tell_manager("RELOADING=1");
    enum rc rc = app_reload(v->app, &restart, &e);
    note_rules(v, rc == RC_OK ? NULL : e.msg);
    if (rc == RC_OK)
        rc = set_timers(v, false, &e);
    if (rc != RC_OK)
        log_event(LOG_ERROR, "reload refused, the old configuration holds", "reason", e.msg, NULL);
    else
        log_event(LOG_INFO, "reloaded", "needs_restart", restart ? restart : "nothing", NULL);
    tell_manager(rc == RC_OK ? "READY=1\nSTATUS=" : "READY=1\nSTATUS=reload refused: the old configuration and policy hold");
}

enum rc service_run(struct app *a, struct err *e)
{
    enum { MAX_SOURCES = 64 };
    struct service v = {.app = a};
    struct watcher watchers[MAX_SOURCES];
    size_t n_watchers = 0;
    pthread_t runner;
    bool runs = false;
    pthread_mutex_init(&v.lock, NULL);
    pthread_cond_init(&v.changed, NULL);
    enum rc rc = run_stop_open(&v.stop, e);
    if (rc == RC_OK)
        rc = set_timers(&v, true, e);
    if (rc == RC_OK && pthread_create(&runner, NULL, runner_main, &v) != 0)
        rc = err_set(e, RC_RETRY, "service: no thread could be started");
    else
        runs = rc == RC_OK;
    if (rc == RC_OK)
        rc = start_watchers(&v, watchers, MAX_SOURCES, &n_watchers, e);
    if (rc == RC_OK) {
        note_rules(&v, NULL);
        log_event(LOG_INFO, "ready", "version", BRIEFD_VERSION, NULL);
        tell_manager("READY=1");
    }
    for (int sig = 0; rc == RC_OK && sig != SIGTERM && sig != SIGINT;) {
        sig = next_signal(TICK_MS);
        if (sig == SIGHUP)
            reload(&v);
    }
    log_event(LOG_INFO, "ending: what is in flight is finished first", NULL);
    tell_manager("STOPPING=1");
    if (v.stop)
        run_stop_ask(v.stop);
    for (size_t i = 0; i < n_watchers; i++) {
        pthread_join(watchers[i].thread, NULL);
        free(watchers[i].source);
    }
    if (runs)
        pthread_join(runner, NULL);
    clear_timers(&v);
    run_stop_close(v.stop);
    pthread_cond_destroy(&v.changed);
    pthread_mutex_destroy(&v.lock);
    return rc;
}

/* ---- once ------------------------------------------------------------------------------------------------------- */

struct once {
    struct app *app;
    const struct service_once *opt;
    struct run_stop *stop;
    struct service_summary *out;
    const char *job; /* in progress */
    atomic_bool done;
};

static void on_progress(void *ctx, const struct run_result *so_far, size_t total)
{
    struct once *o = ctx;
    if (o->opt->on_progress)
        o->opt->on_progress(o->opt->ctx, o->job, so_far, total);
}

static void add(struct run_result *to, const struct run_result *r)
{
    to->made += r->made;
    to->unchanged += r->unchanged;
    to->refused += r->refused;
    to->filtered += r->filtered;
    to->gone += r->gone;
    to->quarantined += r->quarantined;
    to->retried += r->retried;
    to->dead += r->dead;
    to->written += r->written;
    to->conflicts += r->conflicts;
    to->prompt_tokens += r->prompt_tokens;
    to->output_tokens += r->output_tokens;
    to->ms += r->ms;
    to->left += r->left;
    to->paused = to->paused || r->paused;
}

/* A source that is down for a moment is waited for, with backoff. */
static enum rc run_patiently(struct once *o, const struct run_options *opt, struct run_result *r, struct err *e)
{
    struct rules *rules = app_rules(o->app);
    int64_t attempts = rules_config(rules)->settings->max_attempts;
    enum rc rc = RC_OK;
    for (int64_t i = 0; i < attempts; i++) {
        rc = run_job(o->app, o->job, opt, r, e);
        if (rc != RC_RETRY || run_stop_asked(o->stop) || i + 1 == attempts)
            break;
        log_event(LOG_WARN, "job will be tried again", "job", o->job, "reason", e->msg, NULL);
        int64_t until = clock_mono_ms() + (ONCE_BACKOFF_FIRST_MS << (i < 6 ? i : 6));
        while (clock_mono_ms() < until && !run_stop_asked(o->stop))
            nanosleep(&(struct timespec){.tv_nsec = 50000000}, NULL);
    }
    rules_release(rules);
    return rc;
}

static void *once_main(void *ctx)
{
    struct once *o = ctx;
    struct rules *rules = app_rules(o->app);
    const char *reconciled[MAX_JOBS];
    size_t n = 0;
    for (const struct job_config *j = rules_config(rules)->jobs; j && !run_stop_asked(o->stop); j = j->next) {
        struct run_options opt = {.sync = true, .reconcile = true, .wait_for_retries = true, .stop = o->stop, .actor = "system",
                                  .on_progress = on_progress, .ctx = o};
        struct run_result r;
        struct err e = {""};
        for (size_t i = 0; i < n; i++)
            opt.reconcile = opt.reconcile && strcmp(reconciled[i], j->source) != 0;
        o->job = j->name;
        enum rc rc = run_patiently(o, &opt, &r, &e);
        if (rc == RC_OK && n < MAX_JOBS)
            reconciled[n++] = j->source;
        o->out->jobs += rc == RC_OK;
        o->out->transient += rc == RC_RETRY;
        o->out->failed += rc != RC_OK && rc != RC_RETRY;
        add(&o->out->total, &r);
        if (o->opt->on_job)
            o->opt->on_job(o->opt->ctx, j->name, rc, &r, &e);
    }
    rules_release(rules);
    retention_by_itself(o->app);
    atomic_store(&o->done, true);
    return NULL;
}

enum rc service_once(struct app *a, const struct service_once *opt, struct service_summary *out, struct err *e)
{
    struct once o = {.app = a, .opt = opt, .out = out};
    struct rules *rules = app_rules(a);
    bool none = rules_config(rules)->jobs == NULL, asked;
    pthread_t thread;
    memset(out, 0, sizeof(*out));
    rules_release(rules);
    atomic_init(&o.done, false);
    if (none)
        return err_set(e, RC_BAD, "nothing to do: the configuration has no jobs:");
    enum rc rc = run_stop_open(&o.stop, e);
    if (rc == RC_OK && pthread_create(&thread, NULL, once_main, &o) != 0)
        rc = err_set(e, RC_RETRY, "service: no thread could be started");
    if (rc != RC_OK) {
        run_stop_close(o.stop);
        return rc;
    }
    while (!atomic_load(&o.done)) {
        int sig = next_signal(50);
        if (sig == SIGTERM || sig == SIGINT)
            run_stop_ask(o.stop);
    }
    pthread_join(thread, NULL);
    asked = run_stop_asked(o.stop);
    run_stop_close(o.stop);
    return asked ? err_set(e, RC_RETRY, "stopped by a signal; the rest is still queued") : RC_OK;
}
