/* retention.h: what is older than the policy keeps it goes by itself: every hour of the daemon, after each `briefd --once`. */
#ifndef DAEMON_RETENTION_H
#define DAEMON_RETENTION_H

#include "app.h"
#include "governance.h"

struct retention retention_of(const struct policy *p);
/* By the present rules, as "system"; what went, or why nothing could, is logged. */
void retention_by_itself(struct app *a);

#endif
