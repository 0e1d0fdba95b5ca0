/* in_force.h: what the process works by, told to the store: each policy, configuration (secrets masked), template, model
 * and model card is kept by its hash, and the audit chain says when another one came into force. */
#ifndef DAEMON_IN_FORCE_H
#define DAEMON_IN_FORCE_H

#include "app.h"

/* The rules' policy and configuration, and the model if it is open. Costs reads only while nothing changes. */
MUST_USE enum rc in_force_note(struct app *a, const struct rules *r, struct store *s, const char *actor, struct err *e);
MUST_USE enum rc in_force_template(struct store *s, const struct template *t, const char *actor, struct err *e);

#endif
