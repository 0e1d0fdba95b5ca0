/* Opening a store, transactions, and the small tables; the rest is in store_sync.c, store_queue.c, store_briefs.c,
 * store_audit.c and store_keys.c. */
#include "store.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include "../base/str.h"
#include "store_db.h"

static const struct store_backend *const backends[] = {&store_sqlite};

/* ---- statements and transactions -------------------------------------------------------------------------------- */

static enum rc begin(struct store *s, bool write, struct err *e)
{
    enum rc rc = s->backend->begin(s, write, e);
    s->in_transaction = rc == RC_OK;
    s->audited = false;
    return rc;
}

enum rc tx_begin(struct store *s, struct err *e)
{
    return begin(s, true, e);
}

enum rc tx_begin_read(struct store *s, struct err *e)
{
    return begin(s, false, e);
}

enum rc tx_end(struct store *s, enum rc rc, struct err *e)
{
    if (!s->in_transaction)
        return rc;
    s->in_transaction = false;
    if (rc == RC_OK)
        rc = s->backend->commit(s, e);
    if (rc != RC_OK)
        s->backend->rollback(s);
    else if (s->audited)
        audit_head_follow(s);
    return rc;
}

enum rc db_query(struct store *s, struct rows **out, struct err *e, const char *sql, const struct param *p, size_t n)
{
    return s->backend->query(s, sql, p, n, out, e);
}

enum rc db_run(struct store *s, struct err *e, const char *sql, const struct param *p, size_t n)
{
    struct rows *r = NULL;
    bool more;
    enum rc rc = db_query(s, &r, e, sql, p, n);
    if (rc == RC_OK)
        rc = rows_next(r, &more, e);
    rows_done(r);
    return rc;
}

enum rc db_int(struct store *s, int64_t absent, int64_t *out, struct err *e, const char *sql, const struct param *p,
               size_t n)
{
    struct rows *r = NULL;
    bool more = false;
    enum rc rc = db_query(s, &r, e, sql, p, n);
    if (rc == RC_OK)
        rc = rows_next(r, &more, e);
    if (rc == RC_OK)
        *out = more ? rows_int(r, 0) : absent;
    rows_done(r);
    return rc;
}

size_t db_changed(struct store *s)
{
    return s->backend->changed(s);
}

enum rc rows_next(struct rows *r, bool *more, struct err *e)
{
    return r->store->backend->next(r, more, e);
}

int64_t rows_int(struct rows *r, int column)
{
    return r->store->backend->integer(r, column);
}

const char *rows_text(struct rows *r, int column)
{
    return r->store->backend->text(r, column);
}

const void *rows_blob(struct rows *r, int column, size_t *n)
{
    return r->store->backend->blob(r, column, n);
}

void rows_done(struct rows *r)
{
    if (r)
        r->store->backend->done(r);
}

const char *kinds_text(const bool *kinds, char out[KINDS_SIZE])
{
    if (!kinds)
        return NULL;
    size_t n = (size_t)snprintf(out, KINDS_SIZE, " ");
    for (int k = 0; k < N_PURPOSES; k++)
        if (kinds[k])
            n += (size_t)snprintf(out + n, KINDS_SIZE - n, "%s ", purpose_name((enum purpose)k));
    return out;
}

/* ---- opening ---------------------------------------------------------------------------------------------------- */

int64_t store_now_us(const struct store *s)
{
    if (s->opt.now_us)
        return s->opt.now_us(s->opt.now_ctx);
    struct timespec t;
    clock_gettime(CLOCK_REALTIME, &t);
    return (int64_t)t.tv_sec * 1000000 + t.tv_nsec / 1000;
}

static enum rc migrate(struct store *s, struct err *e)
{
    const struct store_backend *b = s->backend;
    int newest = (int)*b->n_migrations, version = 0;
    enum rc rc = b->version(s, &version, e);

    while (rc == RC_OK && version < newest) {
        rc = tx_begin(s, e);
        if (rc == RC_OK)
            rc = b->version(s, &version, e); /* another process may have been quicker */
        if (rc == RC_OK && version < newest)
            rc = b->migrate(s, &b->migrations[version], e);
        rc = tx_end(s, rc, e);
        if (rc == RC_OK)
            rc = b->version(s, &version, e);
    }
    if (rc == RC_OK && version > newest)
        return err_set(e, RC_BAD, "store: its schema %d is newer than this program (%d): upgrade briefd", version, newest);
    return rc;
}

/* A store belongs to one master key: with another one every seal and the audit chain would only seem damaged. */
static enum rc check_key(struct store *s, struct err *e)
{
    struct rows *r = NULL;
    bool more = false;
    enum rc rc = db_query(s, &r, e, "SELECT value FROM fact WHERE name = 'master key'", WITH_NOTHING);
    if (rc == RC_OK)
        rc = rows_next(r, &more, e);
    if (rc == RC_OK && more && !str_eq(rows_text(r, 0), keyring_id(s->opt.keys)))
        rc = err_set(e, RC_BAD, "store: it was made with another master key: put that key file back (master_key)");
    rows_done(r);
    if (rc == RC_OK && !more)
        rc = db_run(s, e, "INSERT INTO fact(name, value) VALUES ('master key', $1) ON CONFLICT DO NOTHING",
                    WITH(p_text(keyring_id(s->opt.keys))));
    return rc;
}

enum rc store_open(const char *dsn, const struct store_options *opt, struct store **out, struct err *e)
{
    const struct store_backend *backend = NULL;
    struct store *s = NULL;
    const char *colon = strchr(dsn, ':');

    for (size_t i = 0; colon && i < COUNT_OF(backends); i++)
        if (strlen(backends[i]->scheme) == (size_t)(colon - dsn) && str_starts(dsn, backends[i]->scheme))
            backend = backends[i];
    if (!backend)
        return err_set(e, RC_BAD, "store: this kind of store is not known: sqlite:///path is");
    enum rc rc = backend->open(colon + 1, opt, &s, e);
    if (rc != RC_OK)
        return rc;
    s->backend = backend;
    s->opt = *opt;
    if (s->opt.max_attempts == 0)
        s->opt.max_attempts = 5;
    rc = migrate(s, e);
    if (rc == RC_OK)
        rc = check_key(s, e);
    if (rc == RC_OK && opt->exclusive) { /* nobody else runs jobs: whoever held one is gone */
        rc = tx_begin(s, e);
        if (rc == RC_OK)
            rc = queue_recover(s, INT64_MAX, e);
        rc = tx_end(s, rc, e);
    }
    if (rc != RC_OK) {
        store_close(s);
        return rc;
    }
    audit_head_follow(s);
    rc = erased_follow(s, e);
    if (rc != RC_OK) {
        store_close(s);
        return rc;
    }
    *out = s;
    return RC_OK;
}

void store_close(struct store *s)
{
    if (s)
        s->backend->close(s);
}

/* ---- notes ------------------------------------------------------------------------------------------------------ */

#define NOTE_NAME_SIZE 256

enum rc store_note_get(struct store *s, const char *name, char out[STORE_NOTE_SIZE], struct err *e)
{
    char key[NOTE_NAME_SIZE];
    struct rows *r = NULL;
    bool more = false;
    snprintf(key, sizeof(key), "note %s", name);
    enum rc rc = db_query(s, &r, e, "SELECT value FROM fact WHERE name = $1", WITH(p_text(key)));
    if (rc == RC_OK)
        rc = rows_next(r, &more, e);
    if (rc == RC_OK)
        snprintf(out, STORE_NOTE_SIZE, "%s", more ? rows_text(r, 0) : "");
    rows_done(r);
    return rc;
}

enum rc store_note_set(struct store *s, const char *name, const char *value, struct err *e)
{
    char key[NOTE_NAME_SIZE];
    snprintf(key, sizeof(key), "note %s", name);
    enum rc rc = tx_begin(s, e);
    if (rc == RC_OK)
        rc = db_run(s, e,
                    "INSERT INTO fact(name, value) VALUES ($1, $2) ON CONFLICT(name) DO UPDATE SET value = excluded.value",
                    WITH(p_text(key), p_text(value)));
    return tx_end(s, rc, e);
}

/* ---- sources, quarantine ---------------------------------------------------------------------------------------- */

enum rc store_source_bind(struct store *s, const char *source, const char *identity, bool rebind, struct err *e)
{
    struct rows *r = NULL;
    bool more = false;
    enum rc rc = tx_begin(s, e);
    if (rc == RC_OK && !rebind)
        rc = db_query(s, &r, e, "SELECT identity FROM source WHERE name = $1", WITH(p_text(source)));
    if (rc == RC_OK && r)
        rc = rows_next(r, &more, e);
    if (rc == RC_OK && more && !str_eq(rows_text(r, 0), identity))
        rc = err_set(e, RC_REFUSED, "source %s: it is another organisation or data base than before: check the "
                     "configuration, or run `briefctl sources rebind %s`", source, source);
    rows_done(r);
    if (rc == RC_OK && !more)
        rc = db_run(s, e,
                    "INSERT INTO source(name, identity, bound_us) VALUES ($1, $2, $3)"
                    " ON CONFLICT(name) DO UPDATE SET identity = excluded.identity, bound_us = excluded.bound_us",
                    WITH(p_text(source), p_text(identity), p_int(store_now_us(s))));
    return tx_end(s, rc, e);
}

enum rc store_quarantine_add(struct store *s, const char *source, const char *object, const char *id,
                             const char *reason, struct err *e)
{
    enum rc rc = tx_begin(s, e);
    if (rc == RC_OK)
        rc = db_run(s, e,
                    "INSERT INTO quarantine(source, object, id, reason, at_us) VALUES ($1, $2, $3, $4, $5)"
                    " ON CONFLICT(source, object, id) DO UPDATE SET reason = excluded.reason, at_us = excluded.at_us",
                    WITH(p_text(source), p_text(object), p_text(id), p_text(reason), p_int(store_now_us(s))));
    return tx_end(s, rc, e);
}

enum rc store_quarantine_list(struct store *s, quarantine_fn on_row, void *ctx, struct err *e)
{
    struct rows *r = NULL;
    bool more = true;
    enum rc rc = db_query(s, &r, e, "SELECT source, object, id, reason, at_us FROM quarantine ORDER BY at_us, source,"
                          " object, id", WITH_NOTHING);
    while (rc == RC_OK && (rc = rows_next(r, &more, e)) == RC_OK && more) {
        struct store_quarantined q = {.source = rows_text(r, 0), .object = rows_text(r, 1), .id = rows_text(r, 2),
                                      .reason = rows_text(r, 3), .at_us = rows_int(r, 4)};
        rc = on_row(ctx, &q, e);
    }
    rows_done(r);
    return rc;
}
