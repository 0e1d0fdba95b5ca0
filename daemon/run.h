/* run.h: one run of one job: its source is synced, then worker threads claim looks in batches, fetch the records in one
 * go and make the briefs, until nothing is due or the budget is used up.
 *
 * A record that cannot be read is quarantined; what policy refuses is audited and done; what fails for a while is tried
 * again with backoff; what failed too often is a dead letter. Nothing of it ends the run. */
#ifndef DAEMON_RUN_H
#define DAEMON_RUN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include "app.h"

struct run_result {
    size_t made, unchanged, refused, filtered, gone, quarantined, retried, dead;
    size_t written, conflicts;       /* write-back of what was approved by policy */
    uint64_t prompt_tokens, output_tokens;
    int64_t ms;
    size_t left;                     /* still due: over the budget, or stopped */
    bool paused;                     /* too many of the last briefs were refused or quarantined */
};

/* Asked to stop, from any thread or a signal handler: what is in flight is finished within the drain limit. */
struct run_stop;
MUST_USE enum rc run_stop_open(struct run_stop **out, struct err *e);
void run_stop_close(struct run_stop *s);
void run_stop_ask(struct run_stop *s); /* async-signal-safe */
bool run_stop_asked(const struct run_stop *s);

struct run_options {
    bool sync, reconcile;
    bool wait_for_retries;           /* stay while something is due again within two minutes */
    const struct run_stop *stop;     /* or NULL */
    const char *actor;               /* for the audit */
    void (*on_progress)(void *ctx, const struct run_result *so_far, size_t total);
    void *ctx;
};
/* Run `job` (its name in the configuration). RC_RETRY the source is down: nothing was lost. */
MUST_USE enum rc run_job(struct app *a, const char *job, const struct run_options *opt, struct run_result *out,
                         struct err *e);

#endif
