/* diff.h: two texts compared line by line, as `diff -u` shows it. */
#ifndef DAEMON_DIFF_H
#define DAEMON_DIFF_H

#include <stddef.h>
#include "../base/buf.h"
#include "../base/err.h"

/* Append a unified diff with three lines of context to out: a shortest one while the parts that differ have at most
 * DIFF_MAX_CELLS lines multiplied, else one block for another. Nothing if the texts are the same. RC_NOMEM, RC_LIMIT. */
#define DIFF_MAX_CELLS ((size_t)16 << 20)
struct diff_side {
    const char *name, *text;
    size_t n;
};
MUST_USE enum rc diff_unified(const struct diff_side *a, const struct diff_side *b, struct buf *out, struct err *e);

#endif
