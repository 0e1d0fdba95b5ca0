#include "stored.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "../base/str.h"

#define SEPARATOR '\x1f' /* unit separator: record text never holds control characters in a name */

static const char *const parts[] = {"first", "last", "full", "title"}; /* in the order they are stored in */

void stored_text(struct buf *b, const char *s, size_t n)
{
    buf_char(b, 't');
    buf_add(b, s, n);
}

void stored_value(struct buf *b, const struct value *v)
{
    buf_printf(b, "v%d %" PRId64 " %u %" PRId32 " %s", (int)v->kind, v->digits, v->scale, v->days, v->currency);
}

void stored_days(struct buf *b, int64_t days)
{
    buf_printf(b, "d%" PRId64, days);
}

/* A part without the separator, whatever a source may deliver. */
static void put_part(struct buf *b, const char *s)
{
    for (; s && *s; s++) buf_char(b, *s == SEPARATOR ? ' ' : *s);
    buf_char(b, SEPARATOR);
}

void stored_name(struct buf *b, const struct stored_person *p)
{
    buf_char(b, 'p');
    put_part(b, p->first);
    put_part(b, p->last);
    put_part(b, p->full);
    put_part(b, p->title);
}

bool stored_is_person(const char *s)
{
    return *s == 'p';
}

bool stored_read_value(const char *s, struct value *out)
{
    struct value v = {0};
    int kind;

    if (sscanf(s, "v%d %" SCNd64 " %u %" SCNd32 " %3s", &kind, &v.digits, &v.scale, &v.days, v.currency) < 4)
        return false;
    if (kind < VALUE_TEXT || kind > VALUE_PERCENT) return false;
    v.kind = (enum value_kind)kind;
    *out = v;
    return true;
}

bool stored_read_days(const char *s, int64_t *out)
{
    return *s == 'd' && str_int64(s + 1, INT64_MIN, INT64_MAX, out);
}

/* The i-th part of a person: bytes and length. */
static const char *part_at(const char *s, size_t i, size_t *n)
{
    for (s++; i > 0 && strchr(s, SEPARATOR); i--) s = strchr(s, SEPARATOR) + 1;
    *n = strcspn(s, "\x1f");
    return s;
}

static bool put_stored_part(const char *s, size_t i, struct buf *out)
{
    size_t n;
    const char *part = part_at(s, i, &n);

    buf_add(out, part, n);
    return n > 0;
}

static bool has_part(const char *s, size_t i)
{
    size_t n;

    part_at(s, i, &n);
    return n > 0;
}

static bool put_full(const char *s, struct buf *out)
{
    if (put_stored_part(s, 2, out)) return true;
    if (put_stored_part(s, 0, out) && has_part(s, 1)) buf_char(out, ' ');
    return put_stored_part(s, 1, out) || has_part(s, 0);
}

bool stored_part(const char *s, const char *part, struct buf *out)
{
    if (!stored_is_person(s)) return false;
    if (str_eq(part, "full")) return put_full(s, out);
    for (size_t i = 0; i < COUNT_OF(parts); i++)
        if (str_eq(part, parts[i])) return put_stored_part(s, i, out);
    return false;
}

static void format_person(const char *s, const char *form, struct buf *out)
{
    if (str_eq(form, "first") && stored_part(s, "first", out)) return;
    if (str_eq(form, "last") && stored_part(s, "last", out)) return;
    if ((str_eq(form, "formal") || str_eq(form, "greeting")) && has_part(s, 1)) {
        if (put_stored_part(s, 3, out)) buf_char(out, ' ');
        put_stored_part(s, 1, out);
        return;
    }
    stored_part(s, "full", out);
}

void stored_format(const char *s, const char *form, const char *language, bool dative, struct buf *out)
{
    struct value v;
    int64_t days;

    if (stored_is_person(s))
        format_person(s, form, out);
    else if (stored_read_value(s, &v))
        value_format(&v, language, out);
    else if (stored_read_days(s, &days))
        value_format_days(days, language, dative ? VALUE_DATIVE : VALUE_NOMINATIVE, out);
    else
        buf_str(out, s + (*s == 't'));
}
