/* notes.c: see notes.h. The texts taken apart; compare.c compares them. */
#include "notes.h"

#include <stdlib.h>
#include <string.h>

#include "../base/str.h"

#define NOTE_MAX_BYTES ((size_t)1 << 20)
#define PART_MAX_BYTES 300
#define TEXT_MIN_BYTES 60 /* a value of the record itself that is longer and has words is a text */

const struct policy_node *notes_member(const struct policy_node *map, const char *name)
{
    for (const struct policy_node *m = map && map->kind == ADMITTED_MAP ? map->first : NULL; m; m = m->next)
        if (str_eq(m->name, name)) return m;
    return NULL;
}

const struct policy_node *notes_item_of(const struct policy_node *root, const struct policy_node *node)
{
    for (const struct policy_node *list = root ? root->first : NULL; list; list = list->next)
        for (const struct policy_node *item = list->kind == ADMITTED_LIST ? list->first : NULL; item; item = item->next)
            for (const struct policy_node *m = item->kind == ADMITTED_MAP ? item->first : NULL; m; m = m->next)
                if (m == node) return item;
    return NULL;
}

void notes_text(const struct policy_node *node, struct buf *out)
{
    for (size_t i = 0; i < node->n_pieces; i++) buf_add(out, node->pieces[i].bytes, node->pieces[i].n);
}

/* ---- one note --------------------------------------------------------------------------------------------------- */

static enum rc add_sentence(struct note *x, const struct stretch *s, struct err *e)
{
    struct note_sentence *n;
    enum rc rc;

    if (x->n == x->cap) {
        size_t cap = x->cap ? 2 * x->cap : 16;
        struct note_sentence *bigger = realloc(x->sentences, cap * sizeof(*bigger));
        if (!bigger) return err_set(e, RC_NOMEM, "policy: out of memory");
        x->sentences = bigger;
        x->cap = cap;
    }
    n = &x->sentences[x->n];
    *n = (struct note_sentence){.start = s->start, .end = s->end};
    rc = tokens_split(x->text.data + s->start, s->end - s->start, &n->words, e);
    x->n += rc == RC_OK;
    return rc;
}

/* A very long sentence in parts, so that it can be shown at all: at spaces, which no slot has. */
static enum rc add_parts(struct note *x, struct stretch s, struct err *e)
{
    enum rc rc = RC_OK;

    while (rc == RC_OK && s.end - s.start > PART_MAX_BYTES) {
        size_t cut = s.start + PART_MAX_BYTES;
        struct stretch part = {s.start, cut};
        while (cut > s.start && x->text.data[cut] != ' ') cut--;
        if (cut > s.start) part.end = cut;
        while (part.end < s.end && ((unsigned char)x->text.data[part.end] & 0xC0) == 0x80) part.end++;
        rc = add_sentence(x, &part, e);
        s.start = part.end;
        while (s.start < s.end && x->text.data[s.start] == ' ') s.start++;
    }
    return rc == RC_OK && s.end > s.start ? add_sentence(x, &s, e) : rc;
}

/* Both are in the text's order. */
static void share_mentions(struct note *x)
{
    size_t at = 0;

    for (size_t i = 0; i < x->n; i++) {
        struct note_sentence *s = &x->sentences[i];
        while (at < x->mentions.n && x->mentions.items[at].start < s->start) at++;
        s->first_mention = at;
        while (at < x->mentions.n && x->mentions.items[at].start < s->end) at++;
        s->n_mentions = at - s->first_mention;
    }
}

static bool has_clear_digit(const struct policy_node *node)
{
    for (size_t i = 0; i < node->n_pieces; i++)
        if (!node->pieces[i].slot && text_has_digit(node->pieces[i].bytes, node->pieces[i].n)) return true;
    return false;
}

static enum rc take_apart(struct note *x, const struct policy_admitted *o, struct detect_set *d, struct err *e)
{
    struct value_locale locale;
    struct found *found = NULL;
    size_t n = 0;
    struct stretch s;
    enum rc rc = RC_OK;

    value_locale_init(&locale, o->language);
    locale.today = o->today;
    if (d && has_clear_digit(x->node)) rc = detect_scan(d, x->text.data, x->text.len, &found, &n, e);
    if (rc == RC_OK) rc = mentions_add(&x->mentions, o->vault, x->text.data, x->text.len, 0, found, n, &locale, 1, e);
    for (size_t pos = 0; rc == RC_OK && text_sentence(x->text.data, x->text.len, NULL, 0, &pos, &s);) rc = add_parts(x, s, e);
    free(found);
    share_mentions(x);
    return rc;
}

/* The day that the item's date field says. */
static bool day_of(const struct policy_admitted *o, const struct policy_node *item, struct detect_set *d, int32_t *out)
{
    static const char *const names[] = {"date", "occurred_at", "created_at", "created"};
    struct value_locale locale;
    struct mention m;
    struct buf text;

    value_locale_init(&locale, o->language);
    for (size_t i = 0; i < COUNT_OF(names); i++) {
        const struct policy_node *node = notes_member(item, names[i]);
        if (!node || node->kind != ADMITTED_VALUE || !node->n_pieces) continue;
        buf_init(&text, NOTE_MAX_BYTES);
        notes_text(node, &text);
        m = (struct mention){0};
        if (!mention_of_slot(o->vault, text.data, text.len, &m) && d) value_parse("DATE_TIME", text.data, text.len, &locale, &m.value);
        buf_wipe(&text);
        *out = m.value.days;
        if (m.value.kind == VALUE_DATE) return true;
    }
    return false;
}

static enum rc add_note(struct notes *l, const struct policy_admitted *o, struct detect_set *d, const struct policy_node *item,
                        const struct policy_node *node, struct err *e)
{
    struct note *x;
    enum rc rc;

    if (l->n == l->cap) {
        size_t cap = l->cap ? 2 * l->cap : 16;
        struct note *bigger = realloc(l->items, cap * sizeof(*bigger));
        if (!bigger) return err_set(e, RC_NOMEM, "policy: out of memory");
        l->items = bigger;
        l->cap = cap;
    }
    x = &l->items[l->n++];
    *x = (struct note){.item = item, .node = node};
    buf_init(&x->text, NOTE_MAX_BYTES);
    notes_text(node, &x->text);
    rc = buf_check(&x->text, "an admitted text", e);
    if (rc == RC_OK && item) x->dated = day_of(o, item, d, &x->day);
    return rc == RC_OK ? take_apart(x, o, d, e) : rc;
}

/* ---- all of them ------------------------------------------------------------------------------------------------ */

static size_t length_of(const struct policy_node *node)
{
    size_t n = 0;

    for (size_t i = 0; i < node->n_pieces; i++) n += node->pieces[i].n;
    return n;
}

static enum rc add_items(struct notes *l, const struct policy_admitted *o, struct detect_set *d, const struct policy_node *list,
                         struct err *e)
{
    static const char *const texts[] = {"body", "body_quoted", "notes", "notes_quoted", "description"};
    enum rc rc = RC_OK;

    for (const struct policy_node *item = list->first; rc == RC_OK && item; item = item->next)
        for (size_t i = 0; rc == RC_OK && i < COUNT_OF(texts); i++) {
            const struct policy_node *node = notes_member(item, texts[i]);
            if (node && node->kind == ADMITTED_VALUE && node->n_pieces) rc = add_note(l, o, d, item, node, e);
        }
    return rc;
}

/* Newest first; what has no day is nobody's past, so it comes last; else as the record has them. */
static int by_day(const void *a, const void *b)
{
    const struct note *x = a, *y = b;

    if (x->dated != y->dated) return x->dated ? -1 : 1;
    if (x->dated && x->day != y->day) return x->day > y->day ? -1 : 1;
    return 0;
}

/* Insertion, which keeps the order of equals; lists come newest first, so there is little to do. */
static void sort(struct notes *l)
{
    for (size_t i = 1; i < l->n; i++)
        for (size_t k = i; k > 0 && by_day(&l->items[k - 1], &l->items[k]) > 0; k--) {
            struct note x = l->items[k];
            l->items[k] = l->items[k - 1];
            l->items[k - 1] = x;
        }
}

enum rc notes_open(const struct policy_admitted *o, struct detect_set *d, struct notes *out, struct err *e)
{
    enum rc rc = RC_OK;

    memset(out, 0, sizeof(*out));
    for (const struct policy_node *m = o->root ? o->root->first : NULL; rc == RC_OK && m; m = m->next) {
        if (m->told) continue;
        if (m->kind == ADMITTED_LIST) rc = add_items(out, o, d, m, e);
        if (m->kind == ADMITTED_VALUE && length_of(m) >= TEXT_MIN_BYTES && !str_eq(m->name, "hint")) rc = add_note(out, o, d, NULL, m, e);
    }
    sort(out);
    if (rc != RC_OK) notes_close(out);
    return rc;
}

enum rc notes_open_text(const struct policy_admitted *o, const struct policy_node *text, struct notes *out, struct err *e)
{
    enum rc rc;

    memset(out, 0, sizeof(*out));
    rc = add_note(out, o, NULL, NULL, text, e);
    if (rc != RC_OK) notes_close(out);
    return rc;
}

void notes_close(struct notes *l)
{
    for (size_t i = 0; i < l->n; i++) {
        for (size_t k = 0; k < l->items[i].n; k++) tokens_clear(&l->items[i].sentences[k].words);
        free(l->items[i].sentences);
        mentions_clear(&l->items[i].mentions);
        buf_wipe(&l->items[i].text);
    }
    free(l->items);
    memset(l, 0, sizeof(*l));
}
