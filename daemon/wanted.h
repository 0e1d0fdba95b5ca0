/* wanted.h: what the sources are asked for: of all that they map only the fields that policy or a job needs. */
#ifndef DAEMON_WANTED_H
#define DAEMON_WANTED_H

#include "config.h"

/* Narrows the configuration's sources (config_narrow()): a field is kept if policy_wants_field() says so for one of the
 * paths on which records of its object are fetched (as themselves, as a parent, as a child, as a child's parent), or if a
 * job's filter or order names it. Columns of keys, stamps, owners, teams and relations are no fields and stay. RC_NOMEM. */
MUST_USE enum rc wanted_fields(struct config *c, const struct policy *p, struct err *e);

/* The paths of fields that are mapped and not asked for, as records of this object would bring them. Stops at the first
 * failure of on_path. */
typedef enum rc (*unasked_fn)(void *ctx, const char *path, struct err *e);
MUST_USE enum rc wanted_unasked(const struct config_view *v, const char *source, const char *object, unasked_fn on_path, void *ctx,
                                struct err *e);

#endif
