#include "err.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

/* Cut a message that filled the buffer back to a whole UTF-8 sequence. */
static void trim_partial_utf8(char *s, size_t len)
{
    size_t i = len;
    while (i > 0 && ((unsigned char)s[i - 1] & 0xC0) == 0x80)
        i--;
    if (i == 0)
        return;
    unsigned char lead = (unsigned char)s[i - 1];
    size_t want = lead >= 0xF0 ? 4 : lead >= 0xE0 ? 3 : lead >= 0xC0 ? 2 : 1;
    if (len - (i - 1) < want)
        s[i - 1] = '\0';
}

static void format(struct err *e, const char *fmt, va_list ap)
{
    int n = vsnprintf(e->msg, sizeof(e->msg), fmt, ap);
    if (n < 0)
        e->msg[0] = '\0';
    else if ((size_t)n >= sizeof(e->msg))
        trim_partial_utf8(e->msg, sizeof(e->msg) - 1);
}

enum rc err_set(struct err *e, enum rc rc, const char *fmt, ...)
{
    if (e) {
        va_list ap;
        va_start(ap, fmt);
        format(e, fmt, ap);
        va_end(ap);
    }
    return rc;
}

static void append(struct err *e, const char *tail)
{
    size_t len = strlen(e->msg);
    int n = snprintf(e->msg + len, sizeof(e->msg) - len, ": %s", tail);
    if (n > 0 && (size_t)n >= sizeof(e->msg) - len)
        trim_partial_utf8(e->msg, sizeof(e->msg) - 1);
}

enum rc err_sys(struct err *e, enum rc rc, int errnum, const char *fmt, ...)
{
    if (e) {
        char text[96];
        va_list ap;
        va_start(ap, fmt);
        format(e, fmt, ap);
        va_end(ap);
        append(e, strerror_r(errnum, text, sizeof(text)));
    }
    return rc;
}

enum rc err_wrap(struct err *e, enum rc rc, const char *fmt, ...)
{
    if (e) {
        struct err inner = *e;
        va_list ap;
        va_start(ap, fmt);
        format(e, fmt, ap);
        va_end(ap);
        append(e, inner.msg);
    }
    return rc;
}

const char *rc_name(enum rc rc)
{
    static const char *const names[] = {
        [RC_OK] = "ok",         [RC_BAD] = "bad input",       [RC_RETRY] = "transient",    [RC_REFUSED] = "refused",
        [RC_LIMIT] = "limit",   [RC_NOMEM] = "out of memory", [RC_INTERNAL] = "internal error",
    };
    return (size_t)rc < COUNT_OF(names) ? names[rc] : "unknown";
}
