/* sql.h: what the SQL connectors share. A driver (sqlite.c, postgres.c) can run one statement; everything above
 * it, statements from the mapping and the flows of pull, list, fetch and write_back, is the same for both.
 *
 * Identifiers come from the configuration and are always quoted; data is always a parameter. */
#ifndef CONNECTORS_SQL_H
#define CONNECTORS_SQL_H

#include "../base/buf.h"
#include "connector.h"
#include "value.h"

#define SQL_MAX_PARAMS 24
#define SQL_MAX_KEY_BYTES VALUE_MAX_KEY_BYTES
#define SQL_PAGE_ROWS 5000 /* of one statement of a pull: a million rows are 200 statements */

enum sql_dialect { SQL_SQLITE, SQL_POSTGRES };

struct sql_cell {     /* one value of a row; borrowed until the row callback returns */
    const char *text; /* n bytes and a NUL; NULL for SQL NULL */
    size_t n;
    bool integer;     /* stored as an integer (SQLite): a stamp is then Unix seconds */
};

struct sql_param {
    const char *text; /* n bytes and a NUL; NULL for SQL NULL */
    size_t n;
};

/* Called once a row; another code than RC_OK stops the statement and is returned. It must not run statements on
 * the same handle. */
typedef enum rc (*sql_row_fn)(void *ctx, const struct sql_cell *cells, size_t n, struct err *e);

/* Every SQL handle begins with this. */
struct sql_connector {
    struct connector base;
    enum sql_dialect dialect;
    /* Run one statement; on_row may be NULL. *changed (may be NULL) is how many rows an UPDATE changed.
     * RC_BAD      the statement or a value is wrong (no such column, constraint)
     * RC_RETRY    busy, or the connection was lost, after the driver's own attempts; inside a transaction that
     *             transaction is gone
     * RC_LIMIT    it ran longer than cfg->timeout_ms */
    enum rc (*run)(struct sql_connector *c, const char *sql, const struct sql_param *params, size_t n,
                   sql_row_fn on_row, void *ctx, size_t *changed, struct err *e);
};

/* ---- statements (sql.c) ---------------------------------------------------------------------------------------- */

struct sql {
    enum sql_dialect dialect;
    struct buf text;
    struct arena *arena; /* of list parameters */
    struct sql_param params[SQL_MAX_PARAMS];
    size_t n_params;
    bool failed;         /* a list did not fit into memory */
};

/* Columns that a statement selects, each once. */
struct sql_columns {
    const char **names;
    size_t n, room;
};

void sql_init(struct sql *s, const struct sql_connector *c, struct arena *a);
void sql_clear(struct sql *s);
void sql_text(struct sql *s, const char *text);
/* t."name" */
void sql_column(struct sql *s, const char *name);
/* "name" */
void sql_identifier(struct sql *s, const char *name);
/* Table, schema.table or (query) of the object, with the alias t. */
void sql_from(struct sql *s, const struct map_object *o);
/* A placeholder for a value. */
void sql_value(struct sql *s, const char *text, size_t n);
/* " AND t.column = value" for each condition. */
void sql_where(struct sql *s, const struct map_condition *where);
/* t."column" is one of values[n]: one parameter whatever n is, so that the statement stays the same. */
void sql_in(struct sql *s, const char *column, const char *const *values, size_t n);
MUST_USE enum rc sql_run(struct sql_connector *c, struct sql *s, sql_row_fn on_row, void *ctx, size_t *changed,
                         struct err *e);

/* RC_NOMEM. `name` NULL is left out. */
MUST_USE enum rc sql_columns_add(struct sql_columns *c, struct arena *a, const char *name, struct err *e);
/* All columns that the object's mapping names. */
MUST_USE enum rc sql_columns_of(struct sql_columns *c, struct arena *a, const struct map_object *o, struct err *e);
/* t."a", t."b", ... */
void sql_columns_list(struct sql *s, const struct sql_columns *c);
/* The cell of column `name` in a row that selected c; NULL for a NULL name. */
const struct sql_cell *sql_cell(const struct sql_columns *c, const struct sql_cell *cells, const char *name);

/* Whether s is an integer exactly as SQL would print it: "17", not "017". */
bool sql_is_integer(const char *s, size_t n, int64_t *v);
/* A modification stamp as text (ISO, or Unix seconds if integer) to microseconds UTC. */
bool sql_stamp(const struct sql_cell *cell, int64_t *us);
/* Whether a soft-delete column (boolean, number or stamp) says deleted. */
bool sql_deleted(const struct sql_cell *cell);
/* Whether a key may serve as an id: valid UTF-8 without control characters, 1 to SQL_MAX_KEY_BYTES bytes. */
bool sql_key_ok(const struct sql_cell *cell);

/* ---- flows: as the functions of struct connector_type ----------------------------------------------------------- */

enum rc sql_pull(struct connector *c, const struct map_object *o, const char *since, pull_fn on_rows, bad_fn on_bad,
                 void *ctx, struct err *e);
enum rc sql_list(struct connector *c, const struct map_object *o, pull_fn on_rows, void *ctx, struct err *e);
enum rc sql_fetch(struct connector *c, const struct map_object *o, const char *const *ids, size_t n,
                  record_fn on_record, bad_fn on_bad, void *ctx, struct err *e);
enum rc sql_related(struct connector *c, const struct map_object *o, const struct map_object *other,
                    const char *const *ids, size_t n, id_fn on_id, void *ctx, struct err *e);
enum rc sql_targets(struct connector *c, const struct map_object *o, const char *column, const char *const *ids, size_t n,
                    target_fn on_target, void *ctx, struct err *e);
enum rc sql_write_back(struct connector *c, const struct map_object *o, const struct write_item *items, size_t n,
                       write_fn on_result, void *ctx, struct err *e);
/* Select nothing from every mapped object, so that a missing table or column is named. */
enum rc sql_health(struct connector *c, struct err *e);
/* What both drivers check in their configuration. */
enum rc sql_check(const struct source_config *cfg, struct err *e);

#endif
