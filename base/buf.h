/* buf.h: a growing byte string with a limit.
 *
 * Appending never returns an error: a failure (out of memory, over the limit) sticks, later appends do
 * nothing, and buf_check() reports it once at the end. data is always NUL-terminated after buf_init(). */
#ifndef BASE_BUF_H
#define BASE_BUF_H

#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include "err.h"

struct buf {
    char *data; /* len bytes and a NUL; points to "" while empty */
    size_t len;
    size_t cap;
    size_t max;     /* most bytes it may hold */
    enum rc failed; /* RC_OK, RC_NOMEM or RC_LIMIT */
};

void buf_init(struct buf *b, size_t max);
void buf_clear(struct buf *b); /* frees; b is as after buf_init() with the same limit */
void buf_reset(struct buf *b); /* empties and forgets a failure, keeps the memory */
void buf_wipe(struct buf *b);  /* overwrites with zeros, then buf_clear(): for secrets and PII */

void buf_cut(struct buf *b, size_t len); /* keep the first len bytes; the memory of the others is zeroed */

void buf_add(struct buf *b, const void *bytes, size_t n);
void buf_str(struct buf *b, const char *s);
void buf_char(struct buf *b, char c);
void buf_printf(struct buf *b, const char *fmt, ...) PRINTF_LIKE(2, 3);
/* Append `s` as a quoted JSON string (RFC 8259 section 7): control characters, quote and backslash escaped. */
void buf_json(struct buf *b, const char *s, size_t n);

/* RC_OK, or the failure that stuck: RC_NOMEM, RC_LIMIT ("what: more than N bytes"). */
MUST_USE enum rc buf_check(const struct buf *b, const char *what, struct err *e);

/* Hand the bytes over to the caller, who frees them with free(). NULL if a failure stuck. b is empty after. */
char *buf_take(struct buf *b, size_t *len);

#endif
