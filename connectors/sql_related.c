/* sql_related.c: which records a changed parent or child belongs to, and what a write_back column holds: small
 * questions with one or two statements a relation, whatever the number of ids. */
#include <string.h>

#include "../base/str.h"
#include "sql.h"

#define SCRATCH_MAX_BYTES ((size_t)16 << 20)

/* ---- related ----------------------------------------------------------------------------------------------------- */

struct related {
    struct sql_connector *c;
    const struct map_object *o;
    id_fn on_id;
    void *ctx;
    struct arena scratch;
    const char **values; /* links that the children hold */
    size_t n_values, room;
};

static enum rc id_row(void *ctx, const struct sql_cell *cells, size_t n, struct err *e)
{
    struct related *r = ctx;

    (void)n;
    return sql_key_ok(&cells[0]) ? r->on_id(r->ctx, cells[0].text, e) : RC_OK;
}

static enum rc value_row(void *ctx, const struct sql_cell *cells, size_t n, struct err *e)
{
    struct related *r = ctx;

    (void)n;
    if (!sql_key_ok(&cells[0]) || r->n_values == r->room) return RC_OK;
    r->values[r->n_values] = arena_ndup(&r->scratch, cells[0].text, cells[0].n);
    return r->values[r->n_values++] ? RC_OK : err_set(e, RC_NOMEM, "out of memory");
}

/* SELECT DISTINCT what FROM object WHERE column IN (values) AND where. */
static enum rc select_in(struct related *r, const struct map_object *from, const char *what, const char *column,
                         const char *const *values, size_t n, const struct map_condition *where, sql_row_fn on_row,
                         struct err *e)
{
    struct sql s;
    enum rc rc;

    sql_init(&s, r->c, &r->scratch);
    sql_text(&s, "SELECT DISTINCT ");
    sql_column(&s, what);
    sql_text(&s, " FROM ");
    sql_from(&s, from);
    sql_text(&s, " WHERE ");
    sql_in(&s, column, values, n);
    sql_where(&s, where);
    if (from == r->o) sql_where(&s, r->o->where);
    rc = sql_run(r->c, &s, on_row, r, NULL, e);
    sql_clear(&s);
    return rc;
}

/* A changed child: the values of its match column, then the records that have them. */
static enum rc by_child(struct related *r, const struct map_object *child, const struct map_children *list,
                        const char *const *ids, size_t n, struct err *e)
{
    enum rc rc;

    r->values = arena_array(&r->scratch, n, sizeof(*r->values));
    if (!r->values) return err_set(e, RC_NOMEM, "out of memory");
    r->room = n; /* one row a child, since ids are keys */
    r->n_values = 0;
    rc = select_in(r, child, list->child_column, child->key, ids, n, list->where, value_row, e);
    if (rc != RC_OK || r->n_values == 0) return rc;
    return select_in(r, r->o, r->o->key, list->parent_column, r->values, r->n_values, NULL, id_row, e);
}

enum rc sql_related(struct connector *c, const struct map_object *o, const struct map_object *other,
                    const char *const *ids, size_t n, id_fn on_id, void *ctx, struct err *e)
{
    struct related r = {.c = (struct sql_connector *)c, .o = o, .on_id = on_id, .ctx = ctx};
    enum rc rc = RC_OK;

    arena_init(&r.scratch, SCRATCH_MAX_BYTES);
    for (const struct map_children *l = o->children; l && rc == RC_OK; l = l->next)
        if (str_eq(l->object, other->name) && !l->source) rc = by_child(&r, other, l, ids, n, e);
    for (const struct map_parent *p = o->parents; p && rc == RC_OK; p = p->next)
        if (str_eq(p->object, other->name)) rc = select_in(&r, o, o->key, p->column, ids, n, NULL, id_row, e);
    arena_clear(&r.scratch);
    return rc;
}

/* ---- targets ----------------------------------------------------------------------------------------------------- */

struct targets {
    target_fn on_target;
    void *ctx;
    bool has_version;
};

static enum rc target_row(void *ctx, const struct sql_cell *cells, size_t n, struct err *e)
{
    struct targets *t = ctx;
    struct target now = {.id = cells[0].text, .text = cells[1].text, .version = ""};

    (void)n;
    if (!sql_key_ok(&cells[0])) return RC_OK;
    if (t->has_version && cells[2].text) now.version = cells[2].text;
    return t->on_target(t->ctx, &now, e);
}

enum rc sql_targets(struct connector *c, const struct map_object *o, const char *column, const char *const *ids, size_t n,
                    target_fn on_target, void *ctx, struct err *e)
{
    const char *version = o->version ? o->version : o->modified;
    struct targets t = {.on_target = on_target, .ctx = ctx, .has_version = version != NULL};
    struct arena scratch;
    struct sql s;
    enum rc rc;

    arena_init(&scratch, SCRATCH_MAX_BYTES);
    sql_init(&s, (struct sql_connector *)c, &scratch);
    sql_text(&s, "SELECT ");
    sql_column(&s, o->key);
    sql_text(&s, ", ");
    sql_column(&s, column);
    if (version) {
        sql_text(&s, ", ");
        sql_column(&s, version);
    }
    sql_text(&s, " FROM ");
    sql_from(&s, o);
    sql_text(&s, " WHERE ");
    sql_in(&s, o->key, ids, n);
    rc = sql_run((struct sql_connector *)c, &s, target_row, &t, NULL, e);
    sql_clear(&s);
    arena_wipe(&scratch); /* it may hold text of a record */
    return rc;
}
