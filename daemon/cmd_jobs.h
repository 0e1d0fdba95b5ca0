/* cmd_jobs.h: inside `briefctl jobs`: what its files share. */
#ifndef DAEMON_CMD_JOBS_H
#define DAEMON_CMD_JOBS_H

#include <stdbool.h>
#include <stddef.h>
#include "cmd_common.h"

struct jobs_options {
    const char *as_of;
    size_t limit;
    bool json, wait, reconcile;
};

/* Before anything is open: SIGINT and SIGTERM are blocked in all later threads, so that they reach this one. */
void jobs_block_signals(void);
/* One run of one job, here and now; SIGINT and SIGTERM end it once what is in flight is done. */
int jobs_run(struct cmd *c, const struct job_config *j, const struct jobs_options *o);

#endif
