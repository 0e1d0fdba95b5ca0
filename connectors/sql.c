/* sql.c: statements from a mapping. */
#include "sql.h"

#include <stdlib.h>
#include <string.h>

#include "../base/str.h"
#include "value.h"

#define STATEMENT_MAX_BYTES ((size_t)256 << 10)
#define LIST_MAX_BYTES ((size_t)32 << 20)

void sql_init(struct sql *s, const struct sql_connector *c, struct arena *a)
{
    *s = (struct sql){.dialect = c->dialect, .arena = a};
    buf_init(&s->text, STATEMENT_MAX_BYTES);
}

void sql_clear(struct sql *s)
{
    buf_clear(&s->text);
}

void sql_text(struct sql *s, const char *text)
{
    buf_str(&s->text, text);
}

void sql_identifier(struct sql *s, const char *name)
{
    buf_char(&s->text, '"');
    for (; *name; name++) {
        if (*name == '"') buf_char(&s->text, '"');
        buf_char(&s->text, *name);
    }
    buf_char(&s->text, '"');
}

/* With the alias, since SQLite takes a lone "nonexistent" for a string. */
void sql_column(struct sql *s, const char *name)
{
    sql_text(s, "t.");
    sql_identifier(s, name);
}

/* schema.table is two identifiers. */
static void table_name(struct sql *s, const char *from)
{
    const char *dot = strchr(from, '.');

    if (dot) {
        char *schema = arena_ndup(s->arena, from, (size_t)(dot - from));

        if (!schema) {
            s->failed = true;
            return;
        }
        sql_identifier(s, schema);
        buf_char(&s->text, '.');
        from = dot + 1;
    }
    sql_identifier(s, from);
}

void sql_from(struct sql *s, const struct map_object *o)
{
    if (o->from[0] == '(') sql_text(s, o->from);
    else table_name(s, o->from);
    sql_text(s, " AS t");
}

void sql_value(struct sql *s, const char *text, size_t n)
{
    if (s->n_params == SQL_MAX_PARAMS) { /* conditions are limited by MAP_MAX_CONDITIONS: a bug */
        s->failed = true;
        return;
    }
    s->params[s->n_params++] = (struct sql_param){text, n};
    buf_printf(&s->text, "%c%zu", s->dialect == SQL_POSTGRES ? '$' : '?', s->n_params);
}

/* An array literal: {"a","b"}; PostgreSQL manual, section 8.15.2. */
static void postgres_list(struct buf *b, const char *const *values, size_t n)
{
    buf_char(b, '{');
    for (size_t i = 0; i < n; i++) {
        buf_str(b, i ? ",\"" : "\"");
        for (const char *s = values[i]; *s; s++) {
            if (*s == '"' || *s == '\\') buf_char(b, '\\');
            buf_char(b, *s);
        }
        buf_char(b, '"');
    }
    buf_char(b, '}');
}

bool sql_is_integer(const char *s, size_t n, int64_t *v)
{
    if (n == 0 || n > 20 || strlen(s) != n || !str_int64(s, INT64_MIN, INT64_MAX, v)) return false;
    if (*s == '-') return s[1] != '0';
    return *s != '+' && (*s != '0' || n == 1);
}

/* A JSON array for json_each(). A column without a type compares an integer with text as different, so what looks
 * like one is given as one; a column of type TEXT turns it back (SQLite, "Datatypes", section 4.2). */
static void sqlite_list(struct buf *b, const char *const *values, size_t n)
{
    int64_t v;

    buf_char(b, '[');
    for (size_t i = 0; i < n; i++) {
        if (i) buf_char(b, ',');
        if (sql_is_integer(values[i], strlen(values[i]), &v)) buf_str(b, values[i]);
        else buf_json(b, values[i], strlen(values[i]));
    }
    buf_char(b, ']');
}

void sql_in(struct sql *s, const char *column, const char *const *values, size_t n)
{
    struct buf list;
    char *copy = NULL;

    buf_init(&list, LIST_MAX_BYTES);
    if (s->dialect == SQL_POSTGRES) postgres_list(&list, values, n);
    else sqlite_list(&list, values, n);
    if (buf_check(&list, "list", NULL) == RC_OK) copy = arena_ndup(s->arena, list.data, list.len);
    if (!copy) s->failed = true;
    sql_column(s, column);
    sql_text(s, s->dialect == SQL_POSTGRES ? " = ANY(" : " IN (SELECT value FROM json_each(");
    sql_value(s, copy, list.len);
    sql_text(s, s->dialect == SQL_POSTGRES ? ")" : "))");
    buf_clear(&list);
}

void sql_where(struct sql *s, const struct map_condition *where)
{
    for (; where; where = where->next) {
        sql_text(s, " AND ");
        if (where->n_values > 1) {
            sql_in(s, where->column, where->values, where->n_values);
            continue;
        }
        sql_column(s, where->column);
        sql_text(s, " = ");
        sql_value(s, where->values[0], strlen(where->values[0]));
    }
}

enum rc sql_run(struct sql_connector *c, struct sql *s, sql_row_fn on_row, void *ctx, size_t *changed, struct err *e)
{
    enum rc rc = buf_check(&s->text, "SQL statement", e);

    if (rc != RC_OK) return rc;
    if (s->failed) return err_set(e, RC_NOMEM, "source %s: no memory for a statement", c->base.cfg->name);
    return c->run(c, s->text.data, s->params, s->n_params, on_row, ctx, changed, e);
}

/* ---- columns ------------------------------------------------------------------------------------------------- */

enum rc sql_columns_add(struct sql_columns *c, struct arena *a, const char *name, struct err *e)
{
    if (!name) return RC_OK;
    for (size_t i = 0; i < c->n; i++) {
        if (str_eq(c->names[i], name)) return RC_OK;
    }
    if (c->n == c->room) {
        size_t room = c->room ? 2 * c->room : 32;
        const char **names = arena_array(a, room, sizeof(*names));

        if (!names) return err_set(e, RC_NOMEM, "out of memory");
        if (c->n) memcpy(names, c->names, c->n * sizeof(*names));
        c->names = names;
        c->room = room;
    }
    c->names[c->n++] = name;
    return RC_OK;
}

enum rc sql_columns_of(struct sql_columns *c, struct arena *a, const struct map_object *o, struct err *e)
{
    const char *const own[] = {o->key, o->modified, o->version, o->owner, o->team, o->deleted};
    enum rc rc = RC_OK;

    for (size_t i = 0; i < COUNT_OF(own) && rc == RC_OK; i++)
        rc = sql_columns_add(c, a, own[i], e);
    for (const struct map_field *f = o->fields; f && rc == RC_OK; f = f->next) {
        rc = sql_columns_add(c, a, f->column, e);
        if (rc == RC_OK) rc = sql_columns_add(c, a, f->currency_column, e);
        if (rc == RC_OK) rc = sql_columns_add(c, a, f->origin_column, e);
    }
    for (const struct map_parent *p = o->parents; p && rc == RC_OK; p = p->next)
        rc = sql_columns_add(c, a, p->column, e);
    for (const struct map_children *m = o->children; m && rc == RC_OK; m = m->next)
        rc = sql_columns_add(c, a, m->parent_column, e);
    return rc;
}

void sql_columns_list(struct sql *s, const struct sql_columns *c)
{
    for (size_t i = 0; i < c->n; i++) {
        if (i) sql_text(s, ", ");
        sql_column(s, c->names[i]);
    }
}

const struct sql_cell *sql_cell(const struct sql_columns *c, const struct sql_cell *cells, const char *name)
{
    static const struct sql_cell null = {0};

    for (size_t i = 0; name && i < c->n; i++) {
        if (str_eq(c->names[i], name)) return &cells[i];
    }
    return &null;
}

/* ---- values -------------------------------------------------------------------------------------------------- */

bool sql_stamp(const struct sql_cell *cell, int64_t *us)
{
    int64_t seconds;

    if (!cell->text || strlen(cell->text) != cell->n) return false;
    if (cell->integer) {
        if (!str_int64(cell->text, INT64_MIN / 1000000, INT64_MAX / 1000000, &seconds)) return false;
        *us = seconds * 1000000;
        return true;
    }
    return value_stamp(cell->text, us);
}

bool sql_deleted(const struct sql_cell *cell)
{
    return value_deleted(cell->text);
}

bool sql_key_ok(const struct sql_cell *cell)
{
    return value_key_ok(cell->text, cell->n);
}

/* ---- configuration and health ------------------------------------------------------------------------------------ */

enum rc sql_check(const struct source_config *cfg, struct err *e)
{
    const struct yaml_node *objects = yaml_get(cfg->node, "objects");

    if (!cfg->dsn) return yaml_bad_key(cfg->yaml, cfg->node, e, "source '%s' needs a dsn", cfg->name);
    for (const struct map_object *o = cfg->objects; o; o = o->next) {
        if (o->write_back && o->from[0] == '(')
            return yaml_bad(cfg->yaml, yaml_get(yaml_get(objects, o->name), "write_back"), e,
                            "'%s' comes from a query: only a table can be written to", o->name);
    }
    return RC_OK;
}

/* Columns that relations of other objects need in `o`: what children are matched, filtered and sorted by. */
static enum rc related_columns(struct sql_columns *c, struct arena *a, const struct source_config *cfg,
                               const struct map_object *o, struct err *e)
{
    enum rc rc = RC_OK;

    for (const struct map_object *p = cfg->objects; p && rc == RC_OK; p = p->next) {
        for (const struct map_children *m = p->children; m && rc == RC_OK; m = m->next) {
            if (!str_eq(m->object, o->name)) continue;
            rc = sql_columns_add(c, a, m->child_column, e);
            if (rc == RC_OK) rc = sql_columns_add(c, a, m->order, e);
            for (const struct map_condition *w = m->where; w && rc == RC_OK; w = w->next)
                rc = sql_columns_add(c, a, w->column, e);
        }
    }
    for (const struct map_condition *w = o->where; w && rc == RC_OK; w = w->next)
        rc = sql_columns_add(c, a, w->column, e);
    for (const struct map_field *f = o->write_back; f && rc == RC_OK; f = f->next)
        rc = sql_columns_add(c, a, f->column, e);
    return rc;
}

enum rc sql_health(struct connector *base, struct err *e)
{
    struct sql_connector *c = (struct sql_connector *)base;
    struct arena a;
    enum rc rc = RC_OK;

    arena_init(&a, (size_t)1 << 20);
    for (const struct map_object *o = base->cfg->objects; o && rc == RC_OK; o = o->next) {
        struct sql_columns columns = {0};
        struct sql s;

        sql_init(&s, c, &a);
        rc = sql_columns_of(&columns, &a, o, e);
        if (rc == RC_OK) rc = related_columns(&columns, &a, base->cfg, o, e);
        if (rc == RC_OK) {
            sql_text(&s, "SELECT ");
            sql_columns_list(&s, &columns);
            sql_text(&s, " FROM ");
            sql_from(&s, o);
            sql_text(&s, " LIMIT 0");
            rc = sql_run(c, &s, NULL, NULL, NULL, e);
        }
        sql_clear(&s);
        if (rc != RC_OK) rc = err_wrap(e, rc, "object %s", o->name);
        arena_clear(&a);
        arena_init(&a, (size_t)1 << 20);
    }
    arena_clear(&a);
    return rc;
}
