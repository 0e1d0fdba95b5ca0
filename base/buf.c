#include "buf.h"

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static char empty[1]; /* never written: data points here while nothing is held */

void buf_init(struct buf *b, size_t max)
{
    *b = (struct buf){.data = empty, .max = max};
}

void buf_clear(struct buf *b)
{
    if (b->data != empty)
        free(b->data);
    buf_init(b, b->max);
}

void buf_reset(struct buf *b)
{
    b->len = 0;
    b->failed = RC_OK;
    if (b->data != empty)
        b->data[0] = '\0';
}

void buf_cut(struct buf *b, size_t len)
{
    if (len >= b->len)
        return;
    explicit_bzero(b->data + len, b->len - len);
    b->len = len;
}

void buf_wipe(struct buf *b)
{
    if (b->data != empty)
        explicit_bzero(b->data, b->cap);
    buf_clear(b);
}

/* Make room for n more bytes and the NUL; false if a failure stuck. Old memory is zeroed before it is given back,
 * since a buffer may hold PII. */
static bool reserve(struct buf *b, size_t n)
{
    if (b->failed != RC_OK)
        return false;
    if (n > b->max || b->len > b->max - n) {
        b->failed = RC_LIMIT;
        return false;
    }
    if (b->len + n < b->cap)
        return true;
    size_t want = b->cap ? b->cap : 64;
    while (want <= b->len + n)
        want += want / 2 + 1;
    char *bigger = malloc(want);
    if (!bigger) {
        b->failed = RC_NOMEM;
        return false;
    }
    memcpy(bigger, b->data, b->len);
    if (b->data != empty) {
        explicit_bzero(b->data, b->cap);
        free(b->data);
    }
    b->data = bigger;
    b->cap = want;
    return true;
}

void buf_add(struct buf *b, const void *bytes, size_t n)
{
    if (!reserve(b, n))
        return;
    if (n)
        memcpy(b->data + b->len, bytes, n);
    b->len += n;
    b->data[b->len] = '\0';
}

void buf_str(struct buf *b, const char *s)
{
    buf_add(b, s, strlen(s));
}

void buf_char(struct buf *b, char c)
{
    buf_add(b, &c, 1);
}

void buf_printf(struct buf *b, const char *fmt, ...)
{
    va_list ap, again;
    va_start(ap, fmt);
    va_copy(again, ap);
    int n = vsnprintf(NULL, 0, fmt, ap);
    va_end(ap);
    if (n >= 0 && reserve(b, (size_t)n)) {
        vsnprintf(b->data + b->len, (size_t)n + 1, fmt, again);
        b->len += (size_t)n;
    }
    va_end(again);
}

void buf_json(struct buf *b, const char *s, size_t n)
{
    buf_char(b, '"');
    for (size_t i = 0; i < n; i++) {
        unsigned char c = (unsigned char)s[i];
        switch (c) {
        case '"': buf_add(b, "\\\"", 2); break;
        case '\\': buf_add(b, "\\\\", 2); break;
        case '\n': buf_add(b, "\\n", 2); break;
        case '\r': buf_add(b, "\\r", 2); break;
        case '\t': buf_add(b, "\\t", 2); break;
        default:
            if (c < 0x20 || c == 0x7F)
                buf_printf(b, "\\u%04x", c);
            else
                buf_char(b, (char)c);
        }
    }
    buf_char(b, '"');
}

enum rc buf_check(const struct buf *b, const char *what, struct err *e)
{
    if (b->failed == RC_LIMIT)
        return err_set(e, RC_LIMIT, "%s: more than %zu bytes", what, b->max);
    if (b->failed != RC_OK)
        return err_set(e, b->failed, "%s: out of memory", what);
    return RC_OK;
}

char *buf_take(struct buf *b, size_t *len)
{
    char *bytes = NULL;
    if (reserve(b, 0)) { /* also turns the shared empty string into one of its own */
        bytes = b->data;
        bytes[b->len] = '\0';
        if (len)
            *len = b->len;
        b->data = empty;
    }
    buf_clear(b);
    return bytes;
}
