/* err.h: the one error convention of the project.
 *
 * A fallible function returns enum rc and takes struct err *e last. The code says what the caller can do,
 * e->msg says what happened, for a person: it names the thing and the way out, and never holds CRM text
 * or a secret. e may be NULL where the caller does not care. */
#ifndef BASE_ERR_H
#define BASE_ERR_H

#include <stddef.h>

#define MUST_USE __attribute__((warn_unused_result))
#define PRINTF_LIKE(fmt, args) __attribute__((format(printf, fmt, args)))
#define COUNT_OF(a) (sizeof(a) / sizeof((a)[0]))

enum rc {
    RC_OK,
    RC_BAD,     /* input is wrong: do not retry */
    RC_RETRY,   /* transient: retry with backoff */
    RC_REFUSED, /* policy said no: record it, move on */
    RC_LIMIT,   /* a stated bound was reached */
    RC_NOMEM,
    RC_INTERNAL
};

struct err {
    char msg[256]; /* NUL-terminated; a longer message is cut at a UTF-8 boundary */
};

/* Write the message and return `rc`, so that a failure is one statement: return err_set(e, RC_BAD, ...). */
enum rc err_set(struct err *e, enum rc rc, const char *fmt, ...) PRINTF_LIKE(3, 4);

/* The same with ": <text of errno value `errnum`>" behind it. */
enum rc err_sys(struct err *e, enum rc rc, int errnum, const char *fmt, ...) PRINTF_LIKE(4, 5);

/* Put "context: " before the message that e already holds, and return `rc`. */
enum rc err_wrap(struct err *e, enum rc rc, const char *fmt, ...) PRINTF_LIKE(3, 4);

/* "ok", "bad input", "transient", ... for logs. Never NULL. */
const char *rc_name(enum rc rc);

#endif
