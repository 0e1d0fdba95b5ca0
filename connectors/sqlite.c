/* sqlite.c: the driver for SQLite files: the embedded sample CRM and small installations. */
#include <errno.h>
#include <limits.h>
#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "../base/crypto.h"
#include "../base/str.h"
#include "sql.h"
#include "types.h"

#define PROGRESS_STEPS 10000 /* virtual machine steps between two looks at the clock */

struct sqlite {
    struct sql_connector sql;
    sqlite3 *db;
    int64_t deadline_ms; /* of the statement that runs */
};

/* dsn: a path, or sqlite:PATH, sqlite:///PATH */
static const char *path_of(const struct source_config *cfg)
{
    const char *dsn = cfg->dsn;

    if (!str_starts(dsn, "sqlite:")) return dsn;
    dsn += strlen("sqlite:");
    return str_starts(dsn, "//") ? dsn + 2 : dsn;
}

/* SQLite's own message tells which table or column is missing; while a statement runs it might tell values (a
 * constraint's), so then only the code's name is used. */
static enum rc failure(struct sqlite *c, int code, bool preparing, struct err *e)
{
    const char *source = c->sql.base.cfg->name;
    const char *what = preparing ? sqlite3_errmsg(c->db) : sqlite3_errstr(code);

    switch (code & 0xff) {
    case SQLITE_BUSY:
    case SQLITE_LOCKED:
        return err_set(e, RC_RETRY, "source %s: the database is locked by another program", source);
    case SQLITE_NOMEM:
        return err_set(e, RC_NOMEM, "source %s: out of memory", source);
    case SQLITE_INTERRUPT:
        return err_set(e, RC_LIMIT, "source %s: a statement ran longer than %lld ms (timeout)", source,
                       (long long)c->sql.base.cfg->timeout_ms);
    case SQLITE_NOTADB:
        return err_set(e, RC_BAD, "source %s: %s is not an SQLite database", source, path_of(c->sql.base.cfg));
    case SQLITE_CANTOPEN:
        return err_set(e, RC_BAD, "source %s: cannot open %s", source, path_of(c->sql.base.cfg));
    default:
        return err_set(e, RC_BAD, "source %s: %s", source, what);
    }
}

/* ---- one statement ---------------------------------------------------------------------------------------------- */

static int out_of_time(void *ctx)
{
    const struct sqlite *c = ctx;

    return clock_mono_ms() > c->deadline_ms;
}

static int bind(sqlite3_stmt *st, int at, const struct sql_param *p)
{
    int64_t v;

    if (!p->text) return sqlite3_bind_null(st, at);
    /* See sqlite_list() in sql.c: what looks like an integer is compared as one. */
    if (sql_is_integer(p->text, p->n, &v)) return sqlite3_bind_int64(st, at, v);
    return sqlite3_bind_text64(st, at, p->text, p->n, SQLITE_STATIC, SQLITE_UTF8);
}

static void read_cell(sqlite3_stmt *st, int i, struct sql_cell *cell)
{
    int type = sqlite3_column_type(st, i);

    *cell = (struct sql_cell){0};
    if (type == SQLITE_NULL) return;
    /* A blob keeps its bytes as text, which record_add() then checks; the text form ends in a NUL. */
    cell->text = (const char *)sqlite3_column_text(st, i);
    cell->n = (size_t)sqlite3_column_bytes(st, i);
    cell->integer = type == SQLITE_INTEGER;
}

static enum rc step_all(struct sqlite *c, sqlite3_stmt *st, sql_row_fn on_row, void *ctx, struct err *e)
{
    int n = sqlite3_column_count(st), code = SQLITE_ROW;
    struct sql_cell *cells = calloc((size_t)n + 1, sizeof(*cells));
    enum rc rc = RC_OK;

    if (!cells) return err_set(e, RC_NOMEM, "source %s: out of memory", c->sql.base.cfg->name);
    while (rc == RC_OK && (code = sqlite3_step(st)) == SQLITE_ROW) {
        for (int i = 0; i < n; i++) {
            read_cell(st, i, &cells[i]);
            if (!cells[i].text && sqlite3_column_type(st, i) != SQLITE_NULL)
                rc = err_set(e, RC_NOMEM, "source %s: out of memory", c->sql.base.cfg->name);
        }
        if (rc == RC_OK && on_row) rc = on_row(ctx, cells, (size_t)n, e);
    }
    if (rc == RC_OK && code != SQLITE_DONE) rc = failure(c, code, false, e);
    free(cells);
    return rc;
}

static enum rc run(struct sql_connector *base, const char *sql, const struct sql_param *params, size_t n,
                   sql_row_fn on_row, void *ctx, size_t *changed, struct err *e)
{
    struct sqlite *c = (struct sqlite *)base;
    sqlite3_stmt *st = NULL;
    int code;
    enum rc rc;

    c->deadline_ms = clock_mono_ms() + base->base.cfg->timeout_ms;
    code = sqlite3_prepare_v2(c->db, sql, -1, &st, NULL);
    for (size_t i = 0; code == SQLITE_OK && i < n; i++)
        code = bind(st, (int)i + 1, &params[i]);
    if (code != SQLITE_OK) rc = failure(c, code, true, e);
    else rc = step_all(c, st, on_row, ctx, e);
    if (rc == RC_OK && changed) *changed = (size_t)sqlite3_changes(c->db);
    sqlite3_finalize(st);
    return rc;
}

/* ---- the connector ---------------------------------------------------------------------------------------------- */

static void sqlite_close(struct connector *base)
{
    struct sqlite *c = (struct sqlite *)base;

    sqlite3_close(c->db);
    free(c);
}

/* A file that is no database is only seen at the first read. */
static enum rc look_inside(struct sqlite *c, struct err *e)
{
    return run(&c->sql, "SELECT count(*) FROM sqlite_master", NULL, 0, NULL, NULL, NULL, e);
}

static enum rc open_file(struct sqlite *c, struct err *e)
{
    const struct source_config *cfg = c->sql.base.cfg;
    int flags = cfg->write_back == WRITE_BACK_ON ? SQLITE_OPEN_READWRITE : SQLITE_OPEN_READONLY;
    int code;

    if (access(path_of(cfg), R_OK) != 0)
        return err_sys(e, RC_BAD, errno, "source %s: open %s", cfg->name, path_of(cfg));
    code = sqlite3_open_v2(path_of(cfg), &c->db, flags | SQLITE_OPEN_NOMUTEX, NULL);
    if (code != SQLITE_OK) return failure(c, code, false, e);
    sqlite3_busy_timeout(c->db, (int)cfg->timeout_ms);
    sqlite3_progress_handler(c->db, PROGRESS_STEPS, out_of_time, c);
    return look_inside(c, e);
}

static enum rc sqlite_open(const struct source_config *cfg, const struct clock *clock, struct connector **out,
                           struct err *e)
{
    struct sqlite *c = calloc(1, sizeof(*c));
    enum rc rc;

    if (!c) return err_set(e, RC_NOMEM, "source %s: out of memory", cfg->name);
    c->sql.base = (struct connector){.type = &connector_sqlite, .cfg = cfg, .clock = clock};
    c->sql.dialect = SQL_SQLITE;
    c->sql.run = run;
    rc = open_file(c, e);
    if (rc == RC_OK) *out = &c->sql.base;
    else sqlite_close(&c->sql.base);
    return rc;
}

static enum rc count_row(void *ctx, const struct sql_cell *cells, size_t n, struct err *e)
{
    (void)n;
    (void)e;
    *(bool *)ctx = !str_eq(cells[0].text, "0");
    return RC_OK;
}

static enum rc text_row(void *ctx, const struct sql_cell *cells, size_t n, struct err *e)
{
    char *out = ctx; /* 64 bytes */

    (void)n;
    (void)e;
    snprintf(out, 64, "%s", cells[0].text ? cells[0].text : "");
    return RC_OK;
}

/* A table briefd_identity(uuid) makes the identity follow the file; else it is the file's place. */
static enum rc sqlite_identity(struct connector *base, char out[128], struct err *e)
{
    struct sqlite *c = (struct sqlite *)base;
    bool has_table = false;
    char text[64] = "", where[PATH_MAX], hex[SHA256_HEX_SIZE];
    uint8_t hash[SHA256_SIZE];
    struct buf b;
    enum rc rc = run(&c->sql, "SELECT count(*) FROM sqlite_master WHERE name = 'briefd_identity'", NULL, 0, count_row,
                     &has_table, NULL, e);

    if (rc == RC_OK && has_table)
        rc = run(&c->sql, "SELECT t.uuid FROM briefd_identity AS t LIMIT 1", NULL, 0, text_row, text, NULL, e);
    if (rc != RC_OK) return rc;
    if (text[0]) {
        snprintf(out, 128, "sqlite:%s", text);
        return RC_OK;
    }
    rc = run(&c->sql, "PRAGMA application_id", NULL, 0, text_row, text, NULL, e);
    if (rc != RC_OK) return rc;
    if (!realpath(path_of(base->cfg), where))
        return err_sys(e, RC_BAD, errno, "source %s: %s", base->cfg->name, path_of(base->cfg));
    buf_init(&b, PATH_MAX + sizeof(text) + 1);
    buf_printf(&b, "%s|%s", text, where);
    sha256(b.data, b.len, hash);
    buf_clear(&b);
    str_hex(hash, sizeof(hash), hex);
    snprintf(out, 128, "sqlite:%.32s", hex);
    return RC_OK;
}

static const char *const no_keys[] = {NULL};

const struct connector_type connector_sqlite = {
    .name = "sqlite",
    .source_keys = no_keys,
    .object_keys = no_keys,
    .check = sql_check,
    .open = sqlite_open,
    .pull = sql_pull,
    .list = sql_list,
    .fetch = sql_fetch,
    .related = sql_related,
    .targets = sql_targets,
    .write_back = sql_write_back,
    .health = sql_health,
    .identity = sqlite_identity,
    .close = sqlite_close,
};
