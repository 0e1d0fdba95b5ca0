/* sql_fetch.c: whole records for a batch of ids: one statement for the object, one for each kind of parent, one
 * for each list of children and one for each kind of parent that those children have. */
#include <stdlib.h>
#include <string.h>

#include "../base/str.h"
#include "links.h"
#include "sql.h"

#define SCRATCH_MAX_BYTES ((size_t)64 << 20)

/* One record that was asked for. A bad value anywhere in it quarantines it as a whole. */
struct root {
    struct record *record; /* NULL once it was quarantined */
    const char *id;
};

/* A record whose relations are to be loaded. */
struct node {
    struct root *root;
    struct record *record;
    const char **links; /* of its object: ids of parents, then values that children match; NULL where there is none */
    struct node *next;
};

struct nodes {
    struct node *first, **tail;
    size_t n;
};

struct fetch {
    struct sql_connector *c;
    const struct map_object *o;
    bad_fn on_bad;
    void *ctx;
    struct arena scratch; /* ids and links */
    struct root roots[CONNECTOR_MAX_BATCH];
    size_t n_roots;
    struct nodes nodes;   /* of the roots */
};

static enum rc no_memory(const struct fetch *f, struct err *e)
{
    return err_set(e, RC_NOMEM, "source %s: no memory for a batch of %s", f->c->base.cfg->name, f->o->name);
}

/* Give up on one record and go on with the others; any other failure than a bad value is passed on. */
static enum rc quarantine(struct fetch *f, struct root *root, enum rc rc, const struct err *why)
{
    struct bad_record bad = {.object = f->o->name, .id = root->id, .reason = why->msg};

    if (rc != RC_BAD && rc != RC_LIMIT) return rc;
    record_close(root->record);
    root->record = NULL;
    f->on_bad(f->ctx, &bad);
    return RC_OK;
}

/* ---- from a row to a record -------------------------------------------------------------------------------------- */

static enum rc set_text(struct record *r, const char **out, const struct sql_cell *cell, const char *what,
                        struct err *e)
{
    if (!cell->text) return RC_OK;
    if (utf8_valid_prefix(cell->text, cell->n) != cell->n || memchr(cell->text, 0, cell->n))
        return err_set(e, RC_BAD, "%s %s %s: %s: invalid UTF-8", r->source, r->object, r->id, what);
    if (cell->n > SQL_MAX_KEY_BYTES)
        return err_set(e, RC_LIMIT, "%s %s %s: %s: longer than %d bytes", r->source, r->object, r->id, what,
                       SQL_MAX_KEY_BYTES);
    *out = arena_ndup(r->arena, cell->text, cell->n);
    return *out ? RC_OK : err_set(e, RC_LIMIT, "%s %s %s: the record is too large", r->source, r->object, r->id);
}

static enum field_origin origin_of(const struct map_field *f, const struct sql_cell *cell)
{
    if (!f->origin_column) return f->spec.origin;
    for (size_t i = 0; cell->text && i < f->n_origin_outside; i++) {
        if (str_eq_nocase(cell->text, f->origin_outside[i])) return ORIGIN_OUTSIDE;
    }
    return ORIGIN_INSIDE;
}

static enum rc add_field(struct record *r, const struct map_field *f, const struct sql_columns *columns,
                         const struct sql_cell *cells, struct err *e)
{
    const struct sql_cell *value = sql_cell(columns, cells, f->column);
    const struct sql_cell *currency = sql_cell(columns, cells, f->currency_column);
    struct field_spec spec = f->spec;
    char iso[TIMESTAMP_TEXT_SIZE];
    int64_t us;

    spec.origin = origin_of(f, sql_cell(columns, cells, f->origin_column));
    if (value->integer && (spec.type == FIELD_DATE || spec.type == FIELD_TIMESTAMP) && sql_stamp(value, &us)) {
        timestamp_format(us, iso);
        return record_add(r, &spec, iso, strlen(iso), NULL, e);
    }
    return record_add(r, &spec, value->text, value->n, f->currency_column ? currency->text : f->currency, e);
}

static enum rc fill(struct record *r, const struct map_object *o, const struct sql_columns *columns,
                    const struct sql_cell *cells, struct err *e)
{
    const struct sql_cell *stamp = sql_cell(columns, cells, o->modified);
    enum rc rc = set_text(r, &r->version, o->version ? sql_cell(columns, cells, o->version) : stamp, "version", e);

    if (rc != RC_OK) return rc;
    r->deleted = sql_deleted(sql_cell(columns, cells, o->deleted));
    if (r->deleted) return RC_OK;
    if (stamp->text && !sql_stamp(stamp, &r->modified_us))
        return err_set(e, RC_BAD, "%s %s %s: the modified column holds no time", r->source, r->object, r->id);
    rc = set_text(r, &r->owner, sql_cell(columns, cells, o->owner), "owner", e);
    if (rc == RC_OK) rc = set_text(r, &r->team, sql_cell(columns, cells, o->team), "team", e);
    for (const struct map_field *f = o->fields; f && rc == RC_OK; f = f->next)
        rc = add_field(r, f, columns, cells, e);
    return rc;
}

static size_t count_parents(const struct map_object *o)
{
    size_t n = 0;

    for (const struct map_parent *p = o->parents; p; p = p->next)
        n++;
    return n;
}

static size_t count_children(const struct map_object *o)
{
    size_t n = 0;

    for (const struct map_children *c = o->children; c; c = c->next)
        n++;
    return n;
}

/* The value of a link, or NULL: a malformed id can match nothing. */
static const char *link_of(struct fetch *f, const struct sql_cell *cell, bool *failed)
{
    const char *copy;

    if (!sql_key_ok(cell)) return NULL;
    copy = arena_ndup(&f->scratch, cell->text, cell->n);
    if (!copy) *failed = true;
    return copy;
}

static enum rc add_node(struct fetch *f, struct nodes *nodes, struct root *root, struct record *r,
                        const struct map_object *o, const struct sql_columns *columns, const struct sql_cell *cells,
                        struct err *e)
{
    struct node *n = arena_alloc(&f->scratch, sizeof(*n));
    size_t i = 0;
    bool failed = false;

    if (!n) return no_memory(f, e);
    n->root = root;
    n->record = r;
    n->links = arena_array(&f->scratch, count_parents(o) + count_children(o) + 1, sizeof(*n->links));
    if (!n->links) return no_memory(f, e);
    for (const struct map_parent *p = o->parents; p; p = p->next)
        n->links[i++] = link_of(f, sql_cell(columns, cells, p->column), &failed);
    for (const struct map_children *c = o->children; c; c = c->next)
        n->links[i++] = link_of(f, sql_cell(columns, cells, c->parent_column), &failed);
    if (failed) return no_memory(f, e);
    *nodes->tail = n;
    nodes->tail = &n->next;
    nodes->n++;
    return RC_OK;
}

/* ---- links: which records wait for a row with a certain value ------------------------------------------------------ */

struct links {
    struct link *items; /* sorted by value */
    size_t n;
    const char **values; /* each value once */
    size_t n_values;
};

static enum rc collect(struct fetch *f, const struct nodes *nodes, size_t which, struct links *out, struct err *e)
{
    *out = (struct links){0};
    out->items = arena_array(&f->scratch, nodes->n + 1, sizeof(*out->items));
    out->values = arena_array(&f->scratch, nodes->n + 1, sizeof(*out->values));
    if (!out->items || !out->values) return no_memory(f, e);
    for (struct node *n = nodes->first; n; n = n->next) {
        if (n->root->record && n->links[which]) out->items[out->n++] = (struct link){n->links[which], n};
    }
    out->n_values = links_sort(out->items, out->n, out->values);
    return RC_OK;
}

/* ---- parents and children ---------------------------------------------------------------------------------------- */

struct relation {
    struct fetch *f;
    const struct map_object *o;    /* of the rows */
    const char *name;
    bool children;
    const char *match;             /* column of the rows that equals the link */
    struct sql_columns columns;
    struct links links;
    struct nodes *made;            /* children: their nodes; NULL for parents */
};

static enum rc attach(struct relation *rel, struct node *node, const char *id, const struct sql_cell *cells,
                      struct err *e)
{
    struct record *r = NULL;
    enum rc rc = record_open_in(node->root->record, rel->f->c->base.cfg->name, rel->o->name, id, &r, e);

    if (rc == RC_OK) rc = fill(r, rel->o, &rel->columns, cells, e);
    if (rc != RC_OK || r->deleted) return rc;
    if (!rel->children) return record_add_parent(node->record, rel->name, r, e);
    rc = record_add_child(node->record, rel->name, r, e);
    if (rc != RC_OK) return rc;
    return add_node(rel->f, rel->made, node->root, r, rel->o, &rel->columns, cells, e);
}

static enum rc relation_row(void *ctx, const struct sql_cell *cells, size_t n, struct err *e)
{
    struct relation *rel = ctx;
    const struct links *l = &rel->links;
    const struct sql_cell *key = sql_cell(&rel->columns, cells, rel->o->key);
    const struct sql_cell *match = sql_cell(&rel->columns, cells, rel->match);
    const char *id = sql_key_ok(key) ? key->text : NULL;
    struct err why;
    enum rc rc = RC_OK;

    (void)n;
    if (!match->text) return RC_OK;
    for (size_t i = links_find(l->items, l->n, match->text); links_has(l->items, l->n, i, match->text) && rc == RC_OK; i++) {
        struct node *node = l->items[i].node;

        if (!node->root->record) continue;
        if (!id) rc = err_set(&why, RC_BAD, "%s: the key of a %s is malformed", rel->name, rel->o->name);
        else rc = attach(rel, node, id, cells, &why);
        if (rc != RC_OK) rc = quarantine(rel->f, node->root, rc, &why);
        if (rc != RC_OK) err_set(e, rc, "%s", why.msg);
    }
    return rc;
}

static enum rc load_parent(struct fetch *f, const struct nodes *nodes, const struct map_parent *p, size_t which,
                           struct err *e)
{
    struct relation rel = {.f = f, .o = source_object(f->c->base.cfg, p->object), .name = p->name};
    struct sql s;
    enum rc rc = collect(f, nodes, which, &rel.links, e);

    if (rc != RC_OK || rel.links.n == 0) return rc;
    rel.match = rel.o->key;
    rc = sql_columns_of(&rel.columns, &f->scratch, rel.o, e);
    if (rc != RC_OK) return rc;
    sql_init(&s, f->c, &f->scratch);
    sql_text(&s, "SELECT ");
    sql_columns_list(&s, &rel.columns);
    sql_text(&s, " FROM ");
    sql_from(&s, rel.o);
    sql_text(&s, " WHERE ");
    sql_in(&s, rel.match, rel.links.values, rel.links.n_values);
    sql_where(&s, rel.o->where);
    rc = sql_run(f->c, &s, relation_row, &rel, NULL, e);
    sql_clear(&s);
    return rc;
}

static enum rc load_parents(struct fetch *f, const struct nodes *nodes, const struct map_object *o, struct err *e)
{
    enum rc rc = RC_OK;
    size_t which = 0;

    for (const struct map_parent *p = o->parents; p && rc == RC_OK; p = p->next)
        rc = load_parent(f, nodes, p, which++, e);
    return rc;
}

/* t."col" DESC, t."key" DESC, with NULLs last in both dialects. */
static void newest_first(struct sql *s, const struct map_object *o, const char *order)
{
    if (order) {
        sql_column(s, order);
        sql_text(s, " DESC NULLS LAST, ");
    }
    sql_column(s, o->key);
    sql_text(s, " DESC");
}

/* The newest of each parent, so that a customer with a million activities costs no more than one with twenty. */
static void children_statement(struct sql *s, const struct relation *rel, const struct map_children *m)
{
    const char *order = m->order ? m->order : rel->o->modified;

    sql_text(s, "SELECT ");
    sql_columns_list(s, &rel->columns);
    sql_text(s, " FROM (SELECT ");
    sql_columns_list(s, &rel->columns);
    sql_text(s, ", row_number() OVER (PARTITION BY ");
    sql_column(s, m->child_column);
    sql_text(s, " ORDER BY ");
    newest_first(s, rel->o, order);
    sql_text(s, ") AS briefd_rank FROM ");
    sql_from(s, rel->o);
    sql_text(s, " WHERE ");
    sql_in(s, m->child_column, rel->links.values, rel->links.n_values);
    sql_where(s, m->where);
    sql_where(s, rel->o->where);
    if (rel->o->deleted) { /* as sql_deleted() sees it; here, so that tombstones take no place among the newest */
        sql_text(s, " AND (");
        sql_column(s, rel->o->deleted);
        sql_text(s, " IS NULL OR lower(CAST(");
        sql_column(s, rel->o->deleted);
        sql_text(s, " AS TEXT)) IN ('', '0', 'f', 'false', 'n', 'no', 'off'))");
    }
    buf_printf(&s->text, ") AS t WHERE t.briefd_rank <= %zu ORDER BY t.briefd_rank", m->newest);
}

static enum rc load_children(struct fetch *f, const struct nodes *nodes, const struct map_children *m, size_t which,
                             struct err *e)
{
    struct nodes made = {.tail = &made.first};
    struct relation rel = {.f = f, .o = source_object(f->c->base.cfg, m->object), .name = m->name,
                           .children = true, .match = m->child_column, .made = &made};
    struct sql s;
    enum rc rc = collect(f, nodes, which, &rel.links, e);

    for (struct node *n = nodes->first; n && rc == RC_OK; n = n->next) { /* a list without items is a list too */
        struct err why;

        if (!n->root->record) continue;
        rc = record_add_child(n->record, m->name, NULL, &why);
        if (rc != RC_OK) rc = quarantine(f, n->root, rc, &why);
    }
    if (rc != RC_OK || rel.links.n == 0) return rc;
    rc = sql_columns_of(&rel.columns, &f->scratch, rel.o, e);
    if (rc == RC_OK) rc = sql_columns_add(&rel.columns, &f->scratch, m->child_column, e);
    if (rc == RC_OK) rc = sql_columns_add(&rel.columns, &f->scratch, m->order, e);
    if (rc != RC_OK) return rc;
    sql_init(&s, f->c, &f->scratch);
    children_statement(&s, &rel, m);
    rc = sql_run(f->c, &s, relation_row, &rel, NULL, e);
    sql_clear(&s);
    return rc == RC_OK ? load_parents(f, &made, rel.o, e) : rc;
}

/* ---- the batch --------------------------------------------------------------------------------------------------- */

struct root_rows {
    struct fetch *f;
    struct sql_columns columns;
};

static struct root *root_with_id(struct fetch *f, const char *id)
{
    for (size_t i = 0; i < f->n_roots; i++) {
        if (str_eq(f->roots[i].id, id)) return &f->roots[i];
    }
    return NULL;
}

static enum rc fill_root(struct root_rows *rows, struct root *root, const struct sql_cell *cells, struct err *e)
{
    struct fetch *f = rows->f;
    enum rc rc = record_open(f->c->base.cfg->name, f->o->name, root->id, &root->record, e);

    if (rc == RC_OK) rc = fill(root->record, f->o, &rows->columns, cells, e);
    if (rc != RC_OK || root->record->deleted) return rc;
    return add_node(f, &f->nodes, root, root->record, f->o, &rows->columns, cells, e);
}

static enum rc root_row(void *ctx, const struct sql_cell *cells, size_t n, struct err *e)
{
    struct root_rows *rows = ctx;
    struct fetch *f = rows->f;
    const struct sql_cell *key = sql_cell(&rows->columns, cells, f->o->key);
    struct root *root;
    struct err why;
    enum rc rc;

    (void)n;
    if (!sql_key_ok(key)) return RC_OK; /* the pull has reported it; nobody can have asked for it */
    root = root_with_id(f, key->text);
    if (root) {
        if (!root->record) return RC_OK;
        rc = err_set(&why, RC_BAD, "%s %s %s: the key is not unique", f->c->base.cfg->name, f->o->name, root->id);
        return quarantine(f, root, rc, &why);
    }
    if (f->n_roots == CONNECTOR_MAX_BATCH)
        return err_set(e, RC_BAD, "source %s: %s has other keys than were asked for", f->c->base.cfg->name, f->o->name);
    root = &f->roots[f->n_roots];
    root->id = arena_dup(&f->scratch, key->text);
    if (!root->id) return no_memory(f, e);
    f->n_roots++;
    rc = fill_root(rows, root, cells, &why);
    if (rc == RC_OK) return RC_OK;
    rc = quarantine(f, root, rc, &why);
    return rc == RC_OK ? RC_OK : err_set(e, rc, "%s", why.msg);
}

static enum rc load_roots(struct fetch *f, const char *const *ids, size_t n, struct err *e)
{
    struct root_rows rows = {.f = f};
    struct sql s;
    enum rc rc = sql_columns_of(&rows.columns, &f->scratch, f->o, e);

    if (rc != RC_OK) return rc;
    sql_init(&s, f->c, &f->scratch);
    sql_text(&s, "SELECT ");
    sql_columns_list(&s, &rows.columns);
    sql_text(&s, " FROM ");
    sql_from(&s, f->o);
    sql_text(&s, " WHERE ");
    sql_in(&s, f->o->key, ids, n);
    sql_where(&s, f->o->where);
    rc = sql_run(f->c, &s, root_row, &rows, NULL, e);
    sql_clear(&s);
    return rc;
}

static enum rc load_relations(struct fetch *f, struct err *e)
{
    size_t which = count_parents(f->o);
    enum rc rc = load_parents(f, &f->nodes, f->o, e);

    for (const struct map_children *m = f->o->children; m && rc == RC_OK; m = m->next)
        rc = load_children(f, &f->nodes, m, which++, e);
    return rc;
}

enum rc sql_fetch(struct connector *c, const struct map_object *o, const char *const *ids, size_t n,
                  record_fn on_record, bad_fn on_bad, void *ctx, struct err *e)
{
    struct fetch *f = calloc(1, sizeof(*f));
    enum rc rc;

    if (!f) return err_set(e, RC_NOMEM, "source %s: out of memory", c->cfg->name);
    f->c = (struct sql_connector *)c;
    f->o = o;
    f->on_bad = on_bad;
    f->ctx = ctx;
    f->nodes.tail = &f->nodes.first;
    arena_init(&f->scratch, SCRATCH_MAX_BYTES);
    rc = load_roots(f, ids, n, e);
    if (rc == RC_OK) rc = load_relations(f, e);
    for (size_t i = 0; i < f->n_roots && rc == RC_OK; i++) {
        struct record *taken = f->roots[i].record;

        f->roots[i].record = NULL;
        if (taken) rc = on_record(ctx, taken, e);
    }
    for (size_t i = 0; i < f->n_roots; i++)
        record_close(f->roots[i].record);
    arena_wipe(&f->scratch);
    free(f);
    return rc;
}
