#include "audit_facts.h"

#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "../base/str.h"

#define MAX_BYTES ((size_t)1 << 30)

struct gathering {
    struct audit_facts *f;
    int64_t from_us, to_us;
    const char *brief;
    size_t room_made, room_loaded;
};

static enum rc no_memory(struct err *e)
{
    return err_set(e, RC_LIMIT, "audit: the report is too long for memory: take a shorter period");
}

const char *audit_word(struct arena *a, const char *detail, const char *key)
{
    size_t n = strlen(key);
    const char *at = detail;
    while (at && !(strncmp(at, key, n) == 0 && at[n] == '='))
        at = (at = strchr(at, ' ')) ? at + 1 : NULL;
    if (!at)
        return NULL;
    at += n + 1;
    size_t to = 0;
    char *out = arena_ndup(a, at, strcspn(at, " "));
    for (char *c = out; c && *c; c++) {
        unsigned byte;
        if (*c == '%' && isxdigit((unsigned char)c[1]) && isxdigit((unsigned char)c[2]) && sscanf(c + 1, "%2X", &byte) == 1) {
            out[to++] = (char)byte;
            c += 2;
        } else
            out[to++] = *c;
    }
    if (out)
        out[to] = '\0';
    return out;
}

static bool copy_entry(struct arena *a, const struct audit_entry *x, struct audit_entry *out)
{
    *out = (struct audit_entry){.seq = x->seq, .at_us = x->at_us, .actor = arena_dup(a, x->actor),
                                .event = arena_dup(a, x->event), .object = arena_dup(a, x->object),
                                .outcome = arena_dup(a, x->outcome), .detail = arena_dup(a, x->detail)};
    return out->actor && out->event && out->object && out->outcome && out->detail;
}

static enum rc append(struct arena *a, struct fact_list *l, const struct audit_entry *x, struct err *e)
{
    struct fact *f = arena_alloc(a, sizeof(*f));
    if (!f || !copy_entry(a, x, &f->entry))
        return no_memory(e);
    if (!l->first)
        l->tail = &l->first;
    *l->tail = f;
    l->tail = (struct fact **)&f->next;
    l->n++;
    return RC_OK;
}

/* ---- the first walk: what was made, loaded, refused --------------------------------------------------------------- */

static enum rc grow(void **all, size_t n, size_t *room, size_t size, struct err *e)
{
    if (n < *room)
        return RC_OK;
    size_t more = *room ? 2 * *room : 64;
    void *grown = realloc(*all, more * size);
    if (!grown)
        return no_memory(e);
    *all = grown;
    *room = more;
    return RC_OK;
}

static enum rc add_made(struct gathering *g, const struct audit_entry *x, struct err *e)
{
    struct audit_facts *f = g->f;
    enum rc rc = grow((void **)&f->made, f->n_made, &g->room_made, sizeof(*f->made), e);
    if (rc != RC_OK)
        return rc;
    struct fact_made *m = &f->made[f->n_made];
    memset(m, 0, sizeof(*m));
    if (!copy_entry(&f->arena, x, &m->made))
        return no_memory(e);
    m->id = m->made.object;
    f->n_made++;
    return RC_OK;
}

static bool is_loaded(const char *event)
{
    return str_ends(event, ".loaded");
}

/* The one that it takes the place of ends here; templates each have a place of their own. */
static void end_previous(struct audit_facts *f, const char *what, const char *name, int64_t at_us)
{
    for (size_t i = f->n_loaded; i-- > 0;) {
        struct fact_loaded *l = &f->loaded[i];
        if (str_eq(l->what, what) && l->until_us == 0 && (!str_eq(what, "template") || str_eq(l->name, name)))
            l->until_us = at_us;
    }
}

static enum rc add_loaded(struct gathering *g, const struct audit_entry *x, struct err *e)
{
    struct audit_facts *f = g->f;
    enum rc rc = grow((void **)&f->loaded, f->n_loaded, &g->room_loaded, sizeof(*f->loaded), e);
    if (rc != RC_OK)
        return rc;
    struct fact_loaded l = {.what = arena_ndup(&f->arena, x->event, strlen(x->event) - strlen(".loaded")),
                            .name = arena_dup(&f->arena, x->object),
                            .hash = audit_word(&f->arena, x->detail, "sha256"),
                            .at_us = x->at_us};
    if (!l.what || !l.name)
        return no_memory(e);
    l.hash = l.hash ? l.hash : "";
    end_previous(f, l.what, l.name, l.at_us);
    f->loaded[f->n_loaded++] = l;
    return RC_OK;
}

static enum rc first_walk(void *ctx, const struct audit_entry *x, struct err *e)
{
    struct gathering *g = ctx;
    if (x->at_us >= g->to_us)
        return RC_OK;
    if (is_loaded(x->event))
        return add_loaded(g, x, e);
    if (x->at_us < g->from_us)
        return RC_OK;
    if (str_eq(x->event, "brief.made") && (!g->brief || str_eq(g->brief, x->object)))
        return add_made(g, x, e);
    if (!g->brief && str_eq(x->outcome, "refused"))
        return append(&g->f->arena, &g->f->refused, x, e);
    return RC_OK;
}

/* ---- the second: what became of it -------------------------------------------------------------------------------- */

static int by_id(const void *a, const void *b)
{
    return strcmp(((const struct fact_made *)a)->id, ((const struct fact_made *)b)->id);
}

static int by_seq(const void *a, const void *b)
{
    int64_t x = ((const struct fact_made *)a)->made.seq, y = ((const struct fact_made *)b)->made.seq;
    return (x > y) - (x < y);
}

static enum rc second_walk(void *ctx, const struct audit_entry *x, struct err *e)
{
    struct gathering *g = ctx;
    struct audit_facts *f = g->f;
    const struct fact_made like = {.id = x->object};
    if (x->at_us >= g->to_us || is_loaded(x->event) || str_eq(x->event, "brief.made"))
        return RC_OK;
    struct fact_made *m = f->n_made ? bsearch(&like, f->made, f->n_made, sizeof(*f->made), by_id) : NULL;
    if (m)
        return append(&f->arena, &m->events, x, e);
    if (g->brief || x->at_us < g->from_us || str_eq(x->outcome, "refused"))
        return RC_OK;
    return append(&f->arena, &f->other, x, e);
}

/* ---- what belongs to the question --------------------------------------------------------------------------------- */

/* The documents that one brief was made by: named by hash, or in force when it was made. */
static bool of_brief(struct audit_facts *f, const struct fact_loaded *l)
{
    const struct audit_entry *x = &f->made[0].made;
    const char *template = audit_word(&f->arena, x->detail, "template"), *policy = audit_word(&f->arena, x->detail, "policy");
    if (str_eq(l->what, "template"))
        return str_eq(l->hash, template);
    if (str_eq(l->what, "policy") && !str_eq(l->hash, policy))
        return false;
    return l->at_us <= x->at_us && (l->until_us == 0 || l->until_us > x->at_us);
}

static void keep_loaded(const struct gathering *g)
{
    struct audit_facts *f = g->f;
    size_t n = 0;
    for (size_t i = 0; i < f->n_loaded; i++) {
        const struct fact_loaded *l = &f->loaded[i];
        bool in = l->until_us == 0 || l->until_us > g->from_us;
        if (g->brief ? f->n_made && of_brief(f, l) : in)
            f->loaded[n++] = *l;
    }
    f->n_loaded = n;
}

enum rc audit_facts_gather(struct store *s, int64_t from_us, int64_t to_us, const char *brief, struct audit_facts *out,
                           struct err *e)
{
    struct gathering g = {.f = out, .from_us = from_us, .to_us = to_us, .brief = brief};
    memset(out, 0, sizeof(*out));
    arena_init(&out->arena, MAX_BYTES);
    enum rc rc = store_audit_walk(s, first_walk, &g, e);
    if (out->n_made)
        qsort(out->made, out->n_made, sizeof(*out->made), by_id);
    if (rc == RC_OK)
        rc = store_audit_walk(s, second_walk, &g, e);
    if (out->n_made)
        qsort(out->made, out->n_made, sizeof(*out->made), by_seq);
    if (rc == RC_OK)
        keep_loaded(&g);
    return rc;
}

void audit_facts_clear(struct audit_facts *f)
{
    free(f->made);
    free(f->loaded);
    arena_clear(&f->arena);
    memset(f, 0, sizeof(*f));
}
