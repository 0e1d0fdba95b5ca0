/* sync.h: what changed in a source, into the queue. Every mapped object that a job reads, itself or as a parent or
 * child, is pulled since its watermark; a changed record is queued for the kinds of its jobs, a changed parent or child
 * queues the records that it belongs to. Watermarks move with the rows, in one transaction.
 *
 * Of objects that hold people (fields with entity PERSON or STAFF) the names of new and changed records are read as well
 * and kept as keyed hashes, so that policy finds them in other records' texts. */
#ifndef DAEMON_SYNC_H
#define DAEMON_SYNC_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include "../connectors/connector.h"
#include "app.h"
#include "store.h"

struct sync_result {
    size_t rows;        /* read */
    size_t changed;     /* new, changed or deleted */
    size_t gone;        /* found deleted by a reconcile */
    size_t quarantined;
};
struct sync_options {
    bool reconcile; /* also compare (id, stamp) of every object: finds late commits and deletions */
    void (*on_progress)(void *ctx, const char *object, size_t rows);
    void *ctx;
};
/* hash_key: KEY_SIZE bytes, keyring_hash_key(). RC_REFUSED the source belongs to another organisation than before ('briefctl sources rebind'); RC_RETRY it is down. */
MUST_USE enum rc sync_source(struct store *s, const uint8_t *hash_key, struct connector *c, const struct config_view *v,
                             const struct sync_options *opt, struct sync_result *out, struct err *e);

#endif
