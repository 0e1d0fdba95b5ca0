/* service.h: the daemon itself: jobs at their times, sources watched for changes, signals.
 *
 * Threads: the caller's, which waits for signals and the clock; one runner, which runs jobs one after another (each with
 * workers of its own, see run.h); one watcher a source, which syncs it every queue.sync_every or when the source says
 * that something changed. SIGHUP reloads what is reloadable; SIGTERM and SIGINT drain and end. */
#ifndef DAEMON_SERVICE_H
#define DAEMON_SERVICE_H

#include "../base/err.h"
#include "app.h"
#include "run.h"

/* What `--once` did. */
struct service_summary {
    size_t jobs;      /* run to their end */
    size_t transient; /* given up since their source stayed down */
    size_t failed;    /* ended by an error */
    struct run_result total;
};

/* Block SIGHUP, SIGTERM, SIGINT for this and all later threads, ignore SIGPIPE. Call first, with one thread. */
void service_block_signals(void);

/* Stay until SIGTERM or SIGINT. RC_OK it ended as asked. */
MUST_USE enum rc service_run(struct app *a, struct err *e);

/* Sync, run every job of the configuration once, wait for what is retried soon, end. on_job, if not NULL, is told after
 * each job; on_progress within one. RC_BAD there is no job. SIGTERM ends it early, with RC_RETRY. */
struct service_once {
    void (*on_job)(void *ctx, const char *job, enum rc rc, const struct run_result *r, const struct err *why);
    void (*on_progress)(void *ctx, const char *job, const struct run_result *so_far, size_t total);
    void *ctx;
};
MUST_USE enum rc service_once(struct app *a, const struct service_once *opt, struct service_summary *out, struct err *e);

#endif
