/* The SQLite back end: one connection a handle, WAL, synchronous=FULL. */
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <unistd.h>
#include "../base/str.h"
#include "store_db.h"

#define BUSY_TIMEOUT_MS 20000
#define MAX_STATEMENTS 256

struct sqlite_store;
struct sqlite_rows {
    struct rows base;
    const char *sql; /* a literal */
    sqlite3_stmt *statement;
    bool used;
};
struct sqlite_store {
    struct store base;
    sqlite3 *db;
    int lock_fd;
    struct sqlite_rows statements[MAX_STATEMENTS];
    size_t n_statements;
};

static struct sqlite_store *sqlite_of(struct store *s)
{
    return (struct sqlite_store *)s;
}

/* What the caller can do about it. SQLite's text names tables and columns, never values. */
static enum rc failed(struct sqlite_store *s, int code, struct err *e)
{
    const char *text = s->db ? sqlite3_errmsg(s->db) : sqlite3_errstr(code);
    switch (code & 0xff) {
    case SQLITE_BUSY:
    case SQLITE_LOCKED: return err_set(e, RC_RETRY, "store: busy: %s", text);
    case SQLITE_FULL: return err_set(e, RC_RETRY, "store: the disk is full; nothing was changed: make room and try again");
    case SQLITE_IOERR: return err_set(e, RC_RETRY, "store: input or output failed: %s", text);
    case SQLITE_NOMEM: return err_set(e, RC_NOMEM, "store: out of memory");
    case SQLITE_CORRUPT:
    case SQLITE_NOTADB: return err_set(e, RC_BAD, "store: the file is damaged or no store: %s", text);
    case SQLITE_CANTOPEN:
    case SQLITE_PERM:
    case SQLITE_READONLY: return err_set(e, RC_BAD, "store: not writable: %s", text);
    default: return err_set(e, RC_INTERNAL, "store: %s", text);
    }
}

static enum rc script(struct sqlite_store *s, const char *sql, struct err *e)
{
    int code = sqlite3_exec(s->db, sql, NULL, NULL, NULL);
    return code == SQLITE_OK ? RC_OK : failed(s, code, e);
}

/* ---- opening ---------------------------------------------------------------------------------------------------- */

static enum rc take_lock(struct sqlite_store *s, const char *path, struct err *e)
{
    char name[PATH_MAX];
    if (snprintf(name, sizeof(name), "%s.lock", path) >= (int)sizeof(name))
        return err_set(e, RC_BAD, "store: the path is too long");
    s->lock_fd = open(name, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
    if (s->lock_fd < 0)
        return err_sys(e, RC_BAD, errno, "store: open %s", name);
    if (flock(s->lock_fd, LOCK_EX | LOCK_NB) == 0)
        return RC_OK;
    if (errno == EWOULDBLOCK)
        return err_set(e, RC_RETRY, "store: another briefd or briefctl runs jobs on it (it holds %s)", name);
    return err_sys(e, RC_RETRY, errno, "store: lock %s", name);
}

static void close_sqlite(struct store *base)
{
    struct sqlite_store *s = sqlite_of(base);
    for (size_t i = 0; i < s->n_statements; i++)
        sqlite3_finalize(s->statements[i].statement);
    sqlite3_close(s->db);
    if (s->lock_fd >= 0)
        close(s->lock_fd);
    free(s);
}

/* An empty file of mode 0600, if there is none: SQLite gives the WAL the mode of the file itself, so this is all that keeps
 * others out. A file that is there is not opened here: closing any descriptor of it would drop the locks of every other
 * handle of this process (fcntl(2)), and another process would take the WAL away from under them. */
static enum rc make_file(const char *path, struct err *e)
{
    char temporary[PATH_MAX];
    if (access(path, F_OK) == 0)
        return RC_OK;
    if (snprintf(temporary, sizeof(temporary), "%s.new-XXXXXX", path) >= (int)sizeof(temporary))
        return err_set(e, RC_BAD, "store: the path is too long");
    int fd = mkostemp(temporary, O_CLOEXEC); /* mode 0600 */
    if (fd < 0)
        return err_sys(e, RC_BAD, errno, "store: open %s", path);
    close(fd);
    bool made = link(temporary, path) == 0 || errno == EEXIST;
    enum rc rc = made ? RC_OK : err_sys(e, RC_BAD, errno, "store: make %s", path);
    unlink(temporary);
    return rc;
}

static enum rc open_sqlite(const char *location, const struct store_options *opt, struct store **out, struct err *e)
{
    enum rc rc = RC_OK;
    const char *path = str_starts(location, "//") ? location + 2 : location;
    int code;
    struct sqlite_store *s = calloc(1, sizeof(*s));

    if (!s)
        return err_set(e, RC_NOMEM, "store: out of memory");
    s->lock_fd = -1;
    if (!*path || *path == ':' || (path != location && *path != '/')) {
        rc = err_set(e, RC_BAD, "store: sqlite:///path or sqlite:path is needed");
        goto out;
    }
    rc = make_file(path, e);
    if (rc != RC_OK)
        goto out;
    if (opt->exclusive)
        rc = take_lock(s, path, e);
    if (rc != RC_OK)
        goto out;
    code = sqlite3_open_v2(path, &s->db, SQLITE_OPEN_READWRITE | SQLITE_OPEN_NOMUTEX, NULL);
    if (code != SQLITE_OK) {
        rc = failed(s, code, e);
        goto out;
    }
    sqlite3_extended_result_codes(s->db, 1);
    sqlite3_busy_timeout(s->db, BUSY_TIMEOUT_MS);
    /* secure_delete: what was erased is overwritten, not only unlinked. */
    rc = script(s,
                "PRAGMA secure_delete=ON; PRAGMA journal_mode=WAL; PRAGMA synchronous=FULL; PRAGMA foreign_keys=ON;"
                "PRAGMA temp_store=MEMORY;",
                e);
    if (rc != RC_OK)
        goto out;
    *out = &s->base;
    s = NULL;
out:
    if (s)
        close_sqlite(&s->base);
    return rc;
}

/* ---- transactions and migrations -------------------------------------------------------------------------------- */

static enum rc begin(struct store *s, bool write, struct err *e)
{
    return script(sqlite_of(s), write ? "BEGIN IMMEDIATE" : "BEGIN", e);
}

static enum rc commit(struct store *s, struct err *e)
{
    return script(sqlite_of(s), "COMMIT", e);
}

static void rollback(struct store *s)
{
    /* After a full disk SQLite may have rolled back by itself. */
    if (!sqlite3_get_autocommit(sqlite_of(s)->db))
        sqlite3_exec(sqlite_of(s)->db, "ROLLBACK", NULL, NULL, NULL);
}

static int read_version(void *ctx, int n, char **values, char **names)
{
    (void)names;
    *(int *)ctx = n == 1 && values[0] ? atoi(values[0]) : 0;
    return 0;
}

static enum rc version(struct store *base, int *out, struct err *e)
{
    struct sqlite_store *s = sqlite_of(base);
    int code = sqlite3_exec(s->db, "PRAGMA user_version", read_version, out, NULL);
    return code == SQLITE_OK ? RC_OK : failed(s, code, e);
}

static enum rc migrate(struct store *s, const struct migration *m, struct err *e)
{
    char note[64];
    enum rc rc = script(sqlite_of(s), m->sql, e);
    snprintf(note, sizeof(note), "PRAGMA user_version=%d", m->number); /* takes no parameter */
    return rc == RC_OK ? script(sqlite_of(s), note, e) : rc;
}

static enum rc forget(struct store *s, struct err *e)
{
    /* The WAL keeps older pages until it is truncated. A reader can stop that: then a later checkpoint does it. */
    return script(sqlite_of(s), "PRAGMA wal_checkpoint(TRUNCATE)", e);
}

/* ---- statements ------------------------------------------------------------------------------------------------- */

static enum rc prepared(struct sqlite_store *s, const char *sql, struct sqlite_rows **out, struct err *e)
{
    for (size_t i = 0; i < s->n_statements; i++)
        if (s->statements[i].sql == sql && !s->statements[i].used) {
            *out = &s->statements[i];
            return RC_OK;
        }
    if (s->n_statements == MAX_STATEMENTS)
        return err_set(e, RC_LIMIT, "store: more than %d statements", MAX_STATEMENTS);
    struct sqlite_rows *r = &s->statements[s->n_statements];
    int code = sqlite3_prepare_v3(s->db, sql, -1, SQLITE_PREPARE_PERSISTENT, &r->statement, NULL);
    if (code != SQLITE_OK)
        return failed(s, code, e);
    r->base.store = &s->base;
    r->sql = sql;
    s->n_statements++;
    *out = r;
    return RC_OK;
}

static int bind(sqlite3_stmt *statement, int at, const struct param *p)
{
    switch (p->kind) {
    case PARAM_INT: return sqlite3_bind_int64(statement, at, p->integer);
    case PARAM_TEXT: return sqlite3_bind_text(statement, at, p->bytes, -1, SQLITE_STATIC);
    case PARAM_BLOB: return sqlite3_bind_blob64(statement, at, p->bytes, p->n, SQLITE_STATIC);
    default: return sqlite3_bind_null(statement, at);
    }
}

static void done(struct rows *base)
{
    struct sqlite_rows *r = (struct sqlite_rows *)base;
    if (!r)
        return;
    sqlite3_reset(r->statement);
    sqlite3_clear_bindings(r->statement);
    r->used = false;
}

/* Parameters are borrowed until done(). */
static enum rc query(struct store *base, const char *sql, const struct param *p, size_t n, struct rows **out,
                     struct err *e)
{
    struct sqlite_store *s = sqlite_of(base);
    struct sqlite_rows *r = NULL;
    enum rc rc = prepared(s, sql, &r, e);
    if (rc != RC_OK)
        return rc;
    r->used = true;
    for (size_t i = 0; i < n; i++) {
        char name[32];
        snprintf(name, sizeof(name), "$%zu", i + 1); /* to SQLite a name, not a position */
        int at = sqlite3_bind_parameter_index(r->statement, name);
        int code = at ? bind(r->statement, at, &p[i]) : SQLITE_RANGE;
        if (code != SQLITE_OK) {
            rc = failed(s, code, e);
            done(&r->base);
            return rc;
        }
    }
    *out = &r->base;
    return RC_OK;
}

static enum rc next(struct rows *base, bool *more, struct err *e)
{
    struct sqlite_rows *r = (struct sqlite_rows *)base;
    int code = sqlite3_step(r->statement);
    if (code != SQLITE_ROW && code != SQLITE_DONE)
        return failed(sqlite_of(base->store), code, e);
    *more = code == SQLITE_ROW;
    return RC_OK;
}

static int64_t integer(struct rows *r, int column)
{
    return sqlite3_column_int64(((struct sqlite_rows *)r)->statement, column);
}

static const char *text(struct rows *r, int column)
{
    return (const char *)sqlite3_column_text(((struct sqlite_rows *)r)->statement, column);
}

static const void *blob(struct rows *r, int column, size_t *n)
{
    const void *bytes = sqlite3_column_blob(((struct sqlite_rows *)r)->statement, column);
    *n = (size_t)sqlite3_column_bytes(((struct sqlite_rows *)r)->statement, column);
    return bytes;
}

static size_t changed(struct store *s)
{
    return (size_t)sqlite3_changes64(sqlite_of(s)->db);
}

/* ---- everything that is stored ----------------------------------------------------------------------------------- */

/* One column's values. Names of tables and columns come from the schema, not from data; they are quoted all the same. */
static enum rc each_of_column(struct sqlite_store *s, const char *table, const char *column, stored_fn on_value, void *ctx,
                              struct err *e)
{
    char where[256];
    sqlite3_stmt *st = NULL;
    char *sql = sqlite3_mprintf("SELECT \"%w\" FROM \"%w\"", column, table);
    int code = sql ? sqlite3_prepare_v2(s->db, sql, -1, &st, NULL) : SQLITE_NOMEM;
    enum rc rc = code == SQLITE_OK ? RC_OK : failed(s, code, e);
    snprintf(where, sizeof(where), "%s.%s", table, column);
    while (rc == RC_OK && (code = sqlite3_step(st)) == SQLITE_ROW) {
        const void *bytes = sqlite3_column_blob(st, 0);
        if (bytes)
            rc = on_value(ctx, where, bytes, (size_t)sqlite3_column_bytes(st, 0), e);
    }
    if (rc == RC_OK && code != SQLITE_DONE)
        rc = failed(s, code, e);
    sqlite3_finalize(st);
    sqlite3_free(sql);
    return rc;
}

/* By SQLite's own handle of the file: see make_file(). */
static enum rc each_of_file(struct sqlite_store *s, int which, const char *name, stored_fn on_value, void *ctx, struct err *e)
{
    enum { STRETCH = 1 << 20 };
    sqlite3_file *f = NULL;
    sqlite3_int64 size = 0, at = 0;
    enum rc rc = RC_OK;
    if (sqlite3_file_control(s->db, "main", which, &f) != SQLITE_OK || !f || !f->pMethods || f->pMethods->xFileSize(f, &size) != SQLITE_OK)
        return RC_OK; /* no WAL at the moment */
    char *bytes = malloc(STRETCH);
    if (!bytes)
        return err_set(e, RC_NOMEM, "store: out of memory");
    while (rc == RC_OK && at < size) {
        int n = size - at < STRETCH ? (int)(size - at) : STRETCH, code = f->pMethods->xRead(f, bytes, n, at);
        rc = code == SQLITE_OK || code == SQLITE_IOERR_SHORT_READ ? on_value(ctx, name, bytes, (size_t)n, e) : failed(s, code, e);
        at += n == STRETCH ? n - STORE_SCAN_OVERLAP : n;
    }
    free(bytes);
    return rc;
}

static enum rc each_value(struct store *base, stored_fn on_value, void *ctx, struct err *e)
{
    struct sqlite_store *s = sqlite_of(base);
    sqlite3_stmt *st = NULL;
    int code = sqlite3_prepare_v2(s->db,
                                  "SELECT m.name, c.name FROM sqlite_master m, pragma_table_info(m.name) c"
                                  " WHERE m.type = 'table' ORDER BY 1, 2",
                                  -1, &st, NULL);
    enum rc rc = code == SQLITE_OK ? RC_OK : failed(s, code, e);
    while (rc == RC_OK && (code = sqlite3_step(st)) == SQLITE_ROW)
        rc = each_of_column(s, (const char *)sqlite3_column_text(st, 0), (const char *)sqlite3_column_text(st, 1), on_value, ctx, e);
    if (rc == RC_OK && code != SQLITE_DONE)
        rc = failed(s, code, e);
    sqlite3_finalize(st);
    if (rc == RC_OK)
        rc = each_of_file(s, SQLITE_FCNTL_FILE_POINTER, "file", on_value, ctx, e);
    return rc == RC_OK ? each_of_file(s, SQLITE_FCNTL_JOURNAL_POINTER, "file -wal", on_value, ctx, e) : rc;
}

const struct store_backend store_sqlite = {
    .scheme = "sqlite",
    .migrations = sqlite_migrations,
    .n_migrations = &n_sqlite_migrations,
    .open = open_sqlite,
    .close = close_sqlite,
    .begin = begin,
    .commit = commit,
    .rollback = rollback,
    .version = version,
    .migrate = migrate,
    .query = query,
    .next = next,
    .integer = integer,
    .text = text,
    .blob = blob,
    .done = done,
    .changed = changed,
    .forget = forget,
    .each_value = each_value,
};
