/* cmd_jobs_run.c: `briefctl jobs run`. */
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <time.h>
#include <unistd.h>
#include "cmd_jobs.h"
#include "run.h"
#include "sync.h"

static void ending_signals(sigset_t *set)
{
    sigemptyset(set);
    sigaddset(set, SIGINT);
    sigaddset(set, SIGTERM);
}

void jobs_block_signals(void)
{
    sigset_t set;
    signal(SIGPIPE, SIG_IGN);
    ending_signals(&set);
    pthread_sigmask(SIG_BLOCK, &set, NULL);
}

/* ---- the source first --------------------------------------------------------------------------------------------- */

static void show_rows(void *ctx, const char *object, size_t rows)
{
    (void)ctx;
    if (isatty(STDERR_FILENO))
        fprintf(stderr, "\rreading %s: %zu rows\033[K", object, rows);
}

/* A sync may be interrupted at any row: what it stored holds. So the signals end it in their usual way. */
static int sync_first(struct cmd *c, const struct job_config *j, const struct jobs_options *o)
{
    const struct sync_options opt = {.reconcile = o->reconcile, .on_progress = show_rows};
    struct sync_result result = {0};
    struct err e = {""};
    sigset_t set;
    int code = cmd_source(c, j->source);
    if (code != EXIT_DONE)
        return code;
    ending_signals(&set);
    pthread_sigmask(SIG_UNBLOCK, &set, NULL);
    enum rc rc = sync_source(c->store, keyring_hash_key(app_keys(c->app)), c->connector, c->config, &opt, &result, &e);
    pthread_sigmask(SIG_BLOCK, &set, NULL);
    if (isatty(STDERR_FILENO))
        fprintf(stderr, "\r\033[K");
    return rc == RC_OK ? EXIT_DONE : cli_fail(rc, &e);
}

/* ---- the run ------------------------------------------------------------------------------------------------------ */

struct watching {
    const char *job;
    struct run_stop *stop;
    bool ended; /* the bar is full */
};

/* run_job() calls this a few times a second from the thread that called it. */
static void on_progress(void *ctx, const struct run_result *r, size_t total)
{
    struct watching *w = ctx;
    char note[96];
    sigset_t set;
    ending_signals(&set);
    if (sigtimedwait(&set, NULL, &(struct timespec){0}) > 0)
        run_stop_ask(w->stop);
    size_t done = r->made + r->unchanged + r->refused + r->filtered + r->gone + r->quarantined + r->dead;
    if (w->ended || total == 0)
        return;
    snprintf(note, sizeof(note), "%zu made, %llu tokens%s", r->made, (unsigned long long)r->output_tokens,
             run_stop_asked(w->stop) ? ", ending" : "");
    cli_progress(w->job, done < total ? done : total, total, note);
    w->ended = done >= total;
}

static int tell(const char *job, const struct run_result *r, bool json)
{
    const struct {
        const char *key;
        uint64_t value;
    } counts[] = {{"made", r->made},
                  {"unchanged", r->unchanged},
                  {"refused", r->refused},
                  {"filtered", r->filtered},
                  {"gone", r->gone},
                  {"quarantined", r->quarantined},
                  {"retried", r->retried},
                  {"dead", r->dead},
                  {"written", r->written},
                  {"conflicts", r->conflicts},
                  {"left", r->left},
                  {"prompt_tokens", r->prompt_tokens},
                  {"output_tokens", r->output_tokens},
                  {"ms", (uint64_t)r->ms}};
    struct buf out;
    if (!json) {
        printf("%s: %zu made, %zu unchanged, %zu refused, %zu not in filter, %zu gone, %zu quarantined\n", job, r->made,
               r->unchanged, r->refused, r->filtered, r->gone, r->quarantined);
        if (r->retried + r->dead + r->left)
            printf("%s: %zu tried again, %zu given up, %zu left\n", job, r->retried, r->dead, r->left);
        if (r->written + r->conflicts)
            printf("%s: %zu written back, %zu in conflict\n", job, r->written, r->conflicts);
        return cmd_end_output();
    }
    buf_init(&out, CMD_MAX_OUTPUT);
    buf_char(&out, '{');
    json_member(&out, "job", job);
    for (size_t i = 0; i < COUNT_OF(counts); i++)
        json_member_int(&out, counts[i].key, (int64_t)counts[i].value);
    buf_printf(&out, ", \"paused\": %s}", r->paused ? "true" : "false");
    int code = cmd_put(&out);
    buf_clear(&out);
    return code;
}

/* The exit code that tells a script how the run ended. */
static int ended_well(const struct run_result *r, const struct run_stop *stop)
{
    struct err e;
    if (r->paused)
        return cli_fail(err_set(&e, RC_BAD, "paused: too many of the last briefs were refused or quarantined"), &e);
    if (run_stop_asked(stop))
        return cli_fail(err_set(&e, RC_RETRY, "stopped; %zu are still queued", r->left), &e);
    if (r->dead)
        return cli_fail(err_set(&e, RC_BAD, "%zu given up; see 'briefctl jobs dead'", r->dead), &e);
    return EXIT_DONE;
}

int jobs_run(struct cmd *c, const struct job_config *j, const struct jobs_options *o)
{
    struct watching w = {.job = j->name};
    struct run_result result = {0};
    struct err e = {""};
    int code = sync_first(c, j, o);
    if (code != EXIT_DONE)
        return code;
    enum rc rc = run_stop_open(&w.stop, &e);
    if (rc == RC_OK) {
        const struct run_options opt = {.wait_for_retries = o->wait,
                                        .stop = w.stop,
                                        .actor = c->actor,
                                        .on_progress = on_progress,
                                        .ctx = &w};
        rc = run_job(c->app, j->name, &opt, &result, &e);
    }
    if (isatty(STDERR_FILENO) && !w.ended)
        fputc('\n', stderr);
    code = rc == RC_OK ? tell(j->name, &result, o->json) : cli_fail(rc, &e);
    if (rc == RC_OK && code == EXIT_DONE)
        code = ended_well(&result, w.stop);
    run_stop_close(w.stop);
    return code;
}
