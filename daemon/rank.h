/* rank.h: a job's `order:`: when its budget does not reach all that waits, the queue is brought into the order of fields
 * that only the source has. */
#ifndef DAEMON_RANK_H
#define DAEMON_RANK_H

#include "../connectors/connector.h"
#include "config.h"
#include "store.h"

#define RANK_MAX_LOOKS 100000 /* that are compared; what waits beyond them comes after */

/* Fetch the job's waiting records with the fields of its order only, and rank their looks. Nothing without an order. */
MUST_USE enum rc rank_looks(struct store *s, struct connector *c, const struct job_config *j, struct err *e);

#endif
