/* store_moves.h: moving a brief from state to state inside a running transaction, for the store's own files. */
#ifndef DAEMON_STORE_MOVES_H
#define DAEMON_STORE_MOVES_H

#include "store.h"

/* RC_REFUSED there is no such brief, or its state does not lead to `to`. */
MUST_USE enum rc brief_may_move(struct store *s, const char *id, enum brief_state to, struct err *e);
/* The same, and does it, audited. */
MUST_USE enum rc brief_move(struct store *s, const char *id, enum brief_state to, const struct audit_event *ev,
                            struct err *e);

#endif
