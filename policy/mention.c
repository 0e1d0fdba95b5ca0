/* mention.c: see mention.h. */
#include "mention.h"

#include <stdlib.h>
#include <string.h>

#include "../base/clock.h"
#include "../base/str.h"
#include "slot_text.h"
#include "stored.h"

void mentions_clear(struct mentions *m)
{
    free(m->items);
    memset(m, 0, sizeof(*m));
}

static enum rc add(struct mentions *m, const struct mention *x, struct err *e)
{
    if (m->n == m->cap) {
        size_t cap = m->cap ? 2 * m->cap : 16;
        struct mention *bigger = realloc(m->items, cap * sizeof(*bigger));
        if (!bigger) return err_set(e, RC_NOMEM, "policy: out of memory");
        m->items = bigger;
        m->cap = cap;
    }
    m->items[m->n++] = *x;
    return RC_OK;
}

static bool is_day(const struct value *v)
{
    return v->kind == VALUE_DATE || v->kind == VALUE_MONTH || v->kind == VALUE_QUARTER;
}

bool mention_of_slot(const struct vault *vault, const char *slot, size_t n, struct mention *out)
{
    struct slot_ref r;
    const struct vault_value *v;
    size_t pos = 0;

    *out = (struct mention){.end = n};
    if (!slot_find(slot, n, &pos, &r)) return false;
    v = vault_find(vault, slot + r.name, r.n_name);
    out->start = r.start;
    out->end = r.end;
    if (!v || !stored_read_value(v->value, &out->value)) return false;
    out->money = out->value.kind == VALUE_MONEY;
    return out->money || is_day(&out->value);
}

#define MONTH_DAYS 31
#define QUARTER_DAYS 92

/* Is the day, or the beginning of the month, within this month or quarter? Its end is told by the calendar, not by a count. */
static bool within(const struct value *part, const struct value *whole)
{
    int32_t after = part->days - whole->days;
    int y1, m1, y2, m2, day;

    if (after < 0 || after >= (whole->kind == VALUE_MONTH ? MONTH_DAYS : QUARTER_DAYS)) return false;
    date_to_civil(whole->days, &y1, &m1, &day);
    date_to_civil(part->days, &y2, &m2, &day);
    return whole->kind == VALUE_QUARTER ? (m1 - 1) / 3 == (m2 - 1) / 3 : m1 == m2;
}

bool mention_agrees(const struct value *a, const struct value *b)
{
    if (a->kind == VALUE_MONEY && b->kind == VALUE_MONEY)
        return a->digits == b->digits && a->scale == b->scale &&
               (!*a->currency || !*b->currency || str_eq(a->currency, b->currency));
    if (a->kind == b->kind) return value_equal(a, b);
    if (!is_day(a) || !is_day(b)) return false;
    return a->kind > b->kind ? within(b, a) : within(a, b);
}

static enum rc add_slots(struct mentions *m, const struct vault *vault, const char *text, size_t n, size_t at, struct err *e)
{
    enum rc rc = RC_OK;
    struct slot_ref r;
    struct mention x;

    for (size_t pos = 0; rc == RC_OK && slot_find(text, n, &pos, &r);) {
        if (!mention_of_slot(vault, text + r.start, r.end - r.start, &x)) continue;
        x.start = at + r.start;
        x.end = at + r.end;
        rc = add(m, &x, e);
    }
    return rc;
}

/* A shorter match within another of its kind is a part of it: "48" of "EUR 48,000". */
static bool is_part(const struct found *f, size_t n, size_t i)
{
    for (size_t k = 0; k < n; k++)
        if (k != i && str_eq(f[k].entity, f[i].entity) && f[k].start <= f[i].start && f[k].end >= f[i].end &&
            f[k].end - f[k].start > f[i].end - f[i].start)
            return true;
    return false;
}

static enum rc add_clear(struct mentions *m, const char *text, size_t at, const struct found *f, const struct value_locale *locales,
                         size_t n_locales, struct err *e)
{
    bool money = str_eq(f->entity, "MONEY");
    size_t first = m->n;
    enum rc rc = RC_OK;

    for (size_t k = 0; rc == RC_OK && k < n_locales; k++) {
        struct mention x = {.start = at + f->start, .end = at + f->end, .money = money};
        bool same = false;

        value_parse(f->entity, text + f->start, f->end - f->start, &locales[k], &x.value);
        if (money ? x.value.kind != VALUE_MONEY : !is_day(&x.value)) continue;
        for (size_t i = first; i < m->n; i++) same = same || value_equal(&m->items[i].value, &x.value);
        if (!same) rc = add(m, &x, e);
    }
    return rc;
}

static int by_start(const void *a, const void *b)
{
    const struct mention *x = a, *y = b;

    return (x->start > y->start) - (x->start < y->start);
}

enum rc mentions_add(struct mentions *m, const struct vault *vault, const char *text, size_t n, size_t at, const struct found *found,
                     size_t n_found, const struct value_locale *locales, size_t n_locales, struct err *e)
{
    size_t first = m->n;
    enum rc rc = add_slots(m, vault, text, n, at, e);

    for (size_t i = 0; rc == RC_OK && i < n_found; i++)
        if ((str_eq(found[i].entity, "MONEY") || str_eq(found[i].entity, "DATE_TIME")) && !is_part(found, n_found, i))
            rc = add_clear(m, text, at, &found[i], locales, n_locales, e);
    if (rc == RC_OK && m->n - first > 1) qsort(m->items + first, m->n - first, sizeof(*m->items), by_start);
    return rc;
}
