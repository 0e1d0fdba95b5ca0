/* sql_write.c: approved text back into the CRM, one transaction a batch. An item is an UPDATE that holds only if the
 * record still has the version that the text was made from; results are told after the commit. */
#include <stdlib.h>
#include <string.h>

#include "../base/str.h"
#include "sql.h"

struct result {
    enum write_outcome outcome;
    const char *version; /* in the arena; "" if unknown */
    struct err why; /* of WRITE_FAILED */
};

struct write {
    struct sql_connector *c;
    const struct map_object *o;
    const struct write_item *items;
    size_t n;
    struct arena arena;
    struct result results[CONNECTOR_MAX_BATCH];
};

static enum rc command(struct write *w, const char *sql, struct err *e)
{
    return w->c->run(w->c, sql, NULL, 0, NULL, NULL, NULL, e);
}

static const char *version_column(const struct map_object *o)
{
    return o->version ? o->version : o->modified;
}

static enum rc update(struct write *w, const struct write_item *item, size_t *changed, struct err *e)
{
    const char *version = version_column(w->o);
    struct sql s;
    enum rc rc;

    sql_init(&s, w->c, &w->arena);
    sql_text(&s, "UPDATE ");
    sql_from(&s, w->o);
    sql_text(&s, " SET ");
    sql_identifier(&s, item->column);
    sql_text(&s, " = ");
    sql_value(&s, item->text, strlen(item->text));
    sql_text(&s, " WHERE ");
    sql_column(&s, w->o->key);
    sql_text(&s, " = ");
    sql_value(&s, item->id, strlen(item->id));
    if (version && *item->version) {
        sql_text(&s, " AND ");
        sql_column(&s, version);
        sql_text(&s, " = ");
        sql_value(&s, item->version, strlen(item->version));
    }
    rc = sql_run(w->c, &s, NULL, NULL, changed, e);
    sql_clear(&s);
    return rc;
}

/* In a savepoint, so that a value which the table refuses (too long, a constraint) costs only its own item. */
static enum rc write_item(struct write *w, size_t i, struct err *e)
{
    struct result *r = &w->results[i];
    size_t changed = 0;
    enum rc rc = command(w, "SAVEPOINT item", e);

    if (rc != RC_OK) return rc;
    rc = update(w, &w->items[i], &changed, &r->why);
    if (rc == RC_BAD) {
        r->outcome = WRITE_FAILED;
        return command(w, "ROLLBACK TO SAVEPOINT item", e);
    }
    if (rc != RC_OK) return err_set(e, rc, "%s", r->why.msg);
    r->outcome = changed ? WRITE_DONE : WRITE_GONE; /* whether gone or in conflict is read below */
    return command(w, "RELEASE SAVEPOINT item", e);
}

static enum rc version_row(void *ctx, const struct sql_cell *cells, size_t n, struct err *e)
{
    struct write *w = ctx;

    for (size_t i = 0; i < w->n && cells[0].text; i++) {
        struct result *r = &w->results[i];

        if (!str_eq(w->items[i].id, cells[0].text)) continue;
        if (r->outcome == WRITE_GONE) r->outcome = WRITE_CONFLICT;
        r->version = arena_dup(&w->arena, n > 1 && cells[1].text ? cells[1].text : "");
        if (!r->version) return err_set(e, RC_NOMEM, "out of memory");
    }
    return RC_OK;
}

/* New versions, read in the same transaction since triggers may set them after the UPDATE. */
static enum rc read_versions(struct write *w, struct err *e)
{
    const char *ids[CONNECTOR_MAX_BATCH];
    const char *version = version_column(w->o);
    struct sql s;
    enum rc rc;

    for (size_t i = 0; i < w->n; i++)
        ids[i] = w->items[i].id;
    sql_init(&s, w->c, &w->arena);
    sql_text(&s, "SELECT ");
    sql_column(&s, w->o->key);
    if (version) {
        sql_text(&s, ", ");
        sql_column(&s, version);
    }
    sql_text(&s, " FROM ");
    sql_from(&s, w->o);
    sql_text(&s, " WHERE ");
    sql_in(&s, w->o->key, ids, w->n);
    rc = sql_run(w->c, &s, version_row, w, NULL, e);
    sql_clear(&s);
    return rc;
}

static const char *reason_of(const struct result *r)
{
    if (r->outcome == WRITE_FAILED) return r->why.msg;
    if (r->outcome == WRITE_CONFLICT) return "the record has changed since";
    return r->outcome == WRITE_GONE ? "the record is gone" : "";
}

enum rc sql_write_back(struct connector *c, const struct map_object *o, const struct write_item *items, size_t n,
                       write_fn on_result, void *ctx, struct err *e)
{
    struct write *w = calloc(1, sizeof(*w));
    enum rc rc;

    if (!w) return err_set(e, RC_NOMEM, "source %s: out of memory", c->cfg->name);
    w->c = (struct sql_connector *)c;
    w->o = o;
    w->items = items;
    w->n = n;
    arena_init(&w->arena, (size_t)16 << 20);
    rc = command(w, w->c->dialect == SQL_SQLITE ? "BEGIN IMMEDIATE" : "BEGIN", e);
    if (rc != RC_OK) goto out;
    for (size_t i = 0; i < n && rc == RC_OK; i++) {
        w->results[i].version = "";
        rc = write_item(w, i, e);
    }
    if (rc == RC_OK) rc = read_versions(w, e);
    if (rc == RC_OK) rc = command(w, "COMMIT", e);
    if (rc != RC_OK) {
        enum rc ignored = command(w, "ROLLBACK", NULL); /* the first failure is the one to tell */

        (void)ignored;
        goto out;
    }
    for (size_t i = 0; i < n; i++)
        on_result(ctx, i, w->results[i].outcome, w->results[i].version, reason_of(&w->results[i]));
out:
    arena_wipe(&w->arena);
    free(w);
    return rc;
}
