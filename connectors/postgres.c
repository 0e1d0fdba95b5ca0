/* postgres.c: the driver for PostgreSQL on libpq.
 *
 * Values travel as text (ISO dates, UTC) and row by row, so that one large row is all that is in memory. Messages of
 * the server may quote data ("Failing row contains ..."): only those about names, rights and connections are
 * repeated, of any other error just the SQLSTATE. */
#include <errno.h>
#include <libpq-fe.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "../base/str.h"
#include "backoff.h"
#include "sql.h"
#include "types.h"

#define ANSWER_GRACE_MS 5000 /* beyond statement_timeout, which the server itself keeps */

struct postgres {
    struct sql_connector sql;
    PGconn *conn; /* NULL while there is none */
};

/* ---- errors -------------------------------------------------------------------------------------------------- */

static bool state_is(const char *state, const char *const *prefixes, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        if (str_starts(state, prefixes[i])) return true;
    }
    return false;
}

/* SQLSTATE (PostgreSQL manual, appendix A) to what the caller can do. */
static enum rc rc_of(const char *state)
{
    /* connection, resources, shutdown and start, serialization, deadlock, lock not available */
    static const char *const transient[] = {"08", "53", "57P", "40001", "40P01", "55P03"};

    if (state_is(state, transient, COUNT_OF(transient))) return RC_RETRY;
    return str_eq(state, "57014") ? RC_LIMIT : RC_BAD; /* canceled: the statement timeout */
}

static enum rc result_failure(struct postgres *c, const PGresult *r, struct err *e)
{
    static const char *const about_names[] = {"08", "28", "3D", "3F", "42"};
    const char *source = c->sql.base.cfg->name;
    const char *state = PQresultErrorField(r, PG_DIAG_SQLSTATE);
    const char *text = PQresultErrorField(r, PG_DIAG_MESSAGE_PRIMARY);

    if (!state) return err_set(e, RC_RETRY, "source %s: the connection to the database was lost", source);
    if (str_eq(state, "57014"))
        return err_set(e, RC_LIMIT, "source %s: a statement ran longer than %lld ms (timeout)", source,
                       (long long)c->sql.base.cfg->timeout_ms);
    if (text && state_is(state, about_names, COUNT_OF(about_names)))
        return err_set(e, rc_of(state), "source %s: %s (SQLSTATE %s)", source, text, state);
    return err_set(e, rc_of(state), "source %s: the database refused a statement (SQLSTATE %s)", source, state);
}

/* The last line of libpq's message, which for a failed connection tells host, user and database but no password. */
static enum rc connect_failure(struct postgres *c, const PGconn *conn, struct err *e)
{
    static const char *const permanent[] = {"authentication failed", "does not exist", "no password supplied",
                                            "no pg_hba.conf entry",  "permission denied for database"};
    char text[256];
    size_t n;
    enum rc rc = RC_RETRY;

    snprintf(text, sizeof(text), "%s", PQerrorMessage(conn));
    n = strcspn(text, "\n");
    text[n] = '\0';
    /* libpq keeps no SQLSTATE for a connection that never was. In another language than English all of these are
     * taken for transient, which costs only the retries. */
    for (size_t i = 0; i < COUNT_OF(permanent); i++) {
        if (strstr(text, permanent[i])) rc = RC_BAD;
    }
    return err_set(e, rc, "source %s: %s", c->sql.base.cfg->name, text[0] ? text : "no connection to the database");
}

/* ---- connection ---------------------------------------------------------------------------------------------- */

static void disconnect(struct postgres *c)
{
    PQfinish(c->conn);
    c->conn = NULL;
}

/* Wait until the socket is ready or the deadline has passed: > 0, 0, or < 0 with errno. */
static int wait_socket(const PGconn *conn, short events, int64_t deadline_ms)
{
    struct pollfd p = {.fd = PQsocket(conn), .events = events};
    int64_t left = deadline_ms - clock_mono_ms();

    return poll(&p, 1, left < 0 ? 0 : left > INT32_MAX ? INT32_MAX : (int)left);
}

static enum rc finish_connecting(struct postgres *c, PGconn *conn, struct err *e)
{
    int64_t deadline = clock_mono_ms() + c->sql.base.cfg->timeout_ms;
    PostgresPollingStatusType state = PGRES_POLLING_WRITING;

    if (PQstatus(conn) == CONNECTION_BAD) return connect_failure(c, conn, e);
    while (state != PGRES_POLLING_OK) {
        int ready = wait_socket(conn, state == PGRES_POLLING_READING ? POLLIN : POLLOUT, deadline);

        if (ready < 0 && errno == EINTR) continue;
        if (ready <= 0)
            return err_set(e, RC_RETRY, "source %s: the database did not answer within %lld ms", c->sql.base.cfg->name,
                           (long long)c->sql.base.cfg->timeout_ms);
        state = PQconnectPoll(conn);
        if (state == PGRES_POLLING_FAILED) return connect_failure(c, conn, e);
    }
    return RC_OK;
}

static enum rc execute(struct postgres *c, PGconn *conn, const char *sql, struct err *e)
{
    PGresult *r = PQexec(conn, sql);
    ExecStatusType status = PQresultStatus(r);
    enum rc rc = RC_OK;

    if (status != PGRES_COMMAND_OK && status != PGRES_TUPLES_OK) rc = result_failure(c, r, e);
    PQclear(r);
    return rc;
}

/* The session: text forms that base/clock.h parses, the server's own time limit, no writing unless it was allowed. */
static enum rc set_up(struct postgres *c, PGconn *conn, struct err *e)
{
    const struct source_config *cfg = c->sql.base.cfg;
    const char *encoding = PQparameterStatus(conn, "server_encoding");
    char *channel;
    char text[512];
    enum rc rc;

    snprintf(text, sizeof(text),
             "SET DateStyle = 'ISO, MDY'; SET TimeZone = 'UTC'; SET bytea_output = 'hex'; SET statement_timeout = %lld;"
             " SET default_transaction_read_only = %s",
             (long long)cfg->timeout_ms, cfg->write_back == WRITE_BACK_ON ? "off" : "on");
    rc = execute(c, conn, text, e);
    /* A database without an encoding may hold any bytes; asked for UTF-8 its server would fail the whole statement
     * where we can quarantine one record. */
    if (rc == RC_OK && !str_eq(encoding, "SQL_ASCII") && PQsetClientEncoding(conn, "UTF8") != 0)
        rc = err_set(e, RC_BAD, "source %s: the database cannot give UTF-8", cfg->name);
    if (rc != RC_OK || !cfg->listen) return rc;
    channel = PQescapeIdentifier(conn, cfg->listen, strlen(cfg->listen));
    if (!channel) return err_set(e, RC_BAD, "source %s: the name in 'listen' is malformed", cfg->name);
    snprintf(text, sizeof(text), "LISTEN %.200s", channel);
    PQfreemem(channel);
    return execute(c, conn, text, e);
}

static void ignore_notice(void *ctx, const char *message) /* it may quote data, and goes to stderr by default */
{
    (void)ctx;
    (void)message;
}

static enum rc connect_once(struct postgres *c, struct err *e)
{
    const char *const keywords[] = {"dbname", "fallback_application_name", NULL};
    const char *const values[] = {c->sql.base.cfg->dsn, "briefd", NULL};
    PGconn *conn = PQconnectStartParams(keywords, values, 1);
    enum rc rc;

    if (!conn) return err_set(e, RC_NOMEM, "source %s: out of memory", c->sql.base.cfg->name);
    PQsetNoticeProcessor(conn, ignore_notice, NULL);
    rc = finish_connecting(c, conn, e);
    if (rc == RC_OK) rc = set_up(c, conn, e);
    if (rc == RC_OK) c->conn = conn;
    else PQfinish(conn);
    return rc;
}

static enum rc connect_source(struct postgres *c, struct err *e)
{
    enum rc rc = RC_OK;

    for (int attempt = 1; !c->conn && attempt <= c->sql.base.cfg->max_attempts; attempt++) {
        if (attempt > 1) backoff_sleep(backoff_ms(attempt, 0));
        rc = connect_once(c, e);
        if (rc != RC_RETRY) break;
    }
    return rc;
}

/* ---- one statement ---------------------------------------------------------------------------------------------- */

/* The next result, or NULL at the end; *lost if the server went silent or away. */
static PGresult *next_result(struct postgres *c, bool *lost)
{
    int64_t deadline = clock_mono_ms() + c->sql.base.cfg->timeout_ms + ANSWER_GRACE_MS;

    while (PQisBusy(c->conn)) {
        int ready = wait_socket(c->conn, POLLIN, deadline);

        if (ready < 0 && errno == EINTR) continue;
        if (ready <= 0 || !PQconsumeInput(c->conn)) {
            *lost = true;
            return NULL;
        }
    }
    return PQgetResult(c->conn);
}

/* The caller wants no more rows: stop the statement and read what is still on its way. */
static void cancel(struct postgres *c)
{
    char why[256];
    PGcancel *cancel = PQgetCancel(c->conn);
    PGresult *r;
    bool lost = false;

    if (cancel) PQcancel(cancel, why, sizeof(why));
    PQfreeCancel(cancel);
    while ((r = next_result(c, &lost)))
        PQclear(r);
    if (lost) disconnect(c);
}

static enum rc give_row(const PGresult *r, sql_row_fn on_row, void *ctx, struct err *e)
{
    int n = PQnfields(r);
    struct sql_cell *cells;
    enum rc rc;

    if (!on_row) return RC_OK;
    cells = calloc((size_t)n + 1, sizeof(*cells));
    if (!cells) return err_set(e, RC_NOMEM, "postgres: out of memory");
    for (int i = 0; i < n; i++) {
        if (PQgetisnull(r, 0, i)) continue;
        cells[i].text = PQgetvalue(r, 0, i);
        cells[i].n = (size_t)PQgetlength(r, 0, i);
    }
    rc = on_row(ctx, cells, (size_t)n, e);
    free(cells);
    return rc;
}

struct statement {
    const char *sql;
    const struct sql_param *params;
    size_t n;
    sql_row_fn on_row;
    void *ctx;
    size_t rows; /* handed out */
};

static enum rc read_results(struct postgres *c, struct statement *s, size_t *changed, struct err *e)
{
    enum rc rc = RC_OK;
    bool lost = false;
    PGresult *r;

    while ((r = next_result(c, &lost))) {
        enum rc one = RC_OK;

        switch (PQresultStatus(r)) {
        case PGRES_SINGLE_TUPLE:
            s->rows++;
            one = give_row(r, s->on_row, s->ctx, e);
            if (one != RC_OK) {
                PQclear(r);
                cancel(c);
                return one;
            }
            break;
        case PGRES_TUPLES_OK:
            break;
        case PGRES_COMMAND_OK:
            if (changed) *changed = (size_t)strtoull(PQcmdTuples(r), NULL, 10);
            break;
        default:
            one = result_failure(c, r, e);
        }
        PQclear(r);
        if (rc == RC_OK) rc = one;
    }
    if (lost || PQstatus(c->conn) == CONNECTION_BAD) {
        disconnect(c);
        return err_set(e, RC_RETRY, "source %s: the connection to the database was lost", c->sql.base.cfg->name);
    }
    return rc;
}

static enum rc run_once(struct postgres *c, struct statement *s, size_t *changed, struct err *e)
{
    const char *values[SQL_MAX_PARAMS];

    for (size_t i = 0; i < s->n; i++)
        values[i] = s->params[i].text;
    if (!PQsendQueryParams(c->conn, s->sql, (int)s->n, NULL, values, NULL, NULL, 0)) {
        disconnect(c);
        return err_set(e, RC_RETRY, "source %s: the connection to the database was lost", c->sql.base.cfg->name);
    }
    PQsetSingleRowMode(c->conn);
    return read_results(c, s, changed, e);
}

/* A statement that was cut off is repeated once on a new connection, unless rows of it are already with the caller
 * or it stood in a transaction, which is gone with the connection. */
static enum rc run(struct sql_connector *base, const char *sql, const struct sql_param *params, size_t n,
                   sql_row_fn on_row, void *ctx, size_t *changed, struct err *e)
{
    struct postgres *c = (struct postgres *)base;
    struct statement s = {.sql = sql, .params = params, .n = n, .on_row = on_row, .ctx = ctx};
    bool in_transaction;
    enum rc rc = connect_source(c, e);

    if (rc != RC_OK) return rc;
    in_transaction = PQtransactionStatus(c->conn) != PQTRANS_IDLE;
    rc = run_once(c, &s, changed, e);
    if (rc != RC_RETRY || c->conn || in_transaction || s.rows > 0) return rc;
    rc = connect_source(c, e);
    return rc == RC_OK ? run_once(c, &s, changed, e) : rc;
}

/* ---- the connector ---------------------------------------------------------------------------------------------- */

static void postgres_close(struct connector *base)
{
    struct postgres *c = (struct postgres *)base;

    disconnect(c);
    free(c);
}

/* A malformed dsn is not repeated in the message: it may hold a password. */
static enum rc check_dsn(const struct source_config *cfg, struct err *e)
{
    char *why = NULL;
    PQconninfoOption *options = PQconninfoParse(cfg->dsn, &why);
    enum rc rc = RC_OK;

    if (!options)
        rc = err_set(e, RC_BAD, "source %s: dsn is no PostgreSQL connection string, such as postgresql://user@host/db",
                     cfg->name);
    PQconninfoFree(options);
    PQfreemem(why);
    return rc;
}

static enum rc postgres_open(const struct source_config *cfg, const struct clock *clock, struct connector **out,
                             struct err *e)
{
    struct postgres *c;
    enum rc rc = check_dsn(cfg, e);

    if (rc != RC_OK) return rc;
    c = calloc(1, sizeof(*c));
    if (!c) return err_set(e, RC_NOMEM, "source %s: out of memory", cfg->name);
    c->sql.base = (struct connector){.type = &connector_postgres, .cfg = cfg, .clock = clock};
    c->sql.dialect = SQL_POSTGRES;
    c->sql.run = run;
    rc = connect_source(c, e);
    if (rc == RC_OK) *out = &c->sql.base;
    else postgres_close(&c->sql.base);
    return rc;
}

static bool take_notifications(struct postgres *c)
{
    PGnotify *n;
    bool any = false;

    while ((n = PQnotifies(c->conn))) {
        any = true;
        PQfreemem(n);
    }
    return any;
}

static enum rc postgres_wait(struct connector *base, int64_t timeout_ms, bool *woke, struct err *e)
{
    struct postgres *c = (struct postgres *)base;
    int64_t deadline = clock_mono_ms() + timeout_ms;
    enum rc rc;

    if (!base->cfg->listen) return RC_OK;
    *woke = !c->conn; /* what was told while there was no connection is lost: look */
    rc = connect_source(c, e);
    while (rc == RC_OK && !*woke) {
        int ready;

        *woke = take_notifications(c);
        if (*woke) break;
        ready = wait_socket(c->conn, POLLIN, deadline);
        if (ready <= 0) break; /* time is up, or a signal came: the program may be about to stop */
        if (PQconsumeInput(c->conn)) continue;
        disconnect(c);
        rc = connect_source(c, e);
        *woke = true;
    }
    return rc;
}

static enum rc identity_row(void *ctx, const struct sql_cell *cells, size_t n, struct err *e)
{
    (void)n;
    (void)e;
    snprintf(ctx, 128, "postgres:%s", cells[0].text ? cells[0].text : "");
    return RC_OK;
}

/* The cluster's system identifier where it may be read, and the database in it. */
static enum rc postgres_identity(struct connector *base, char out[128], struct err *e)
{
    struct sql_connector *c = (struct sql_connector *)base;
    enum rc rc = run(c,
                     "SELECT s.system_identifier::text || '/' || d.oid::text FROM pg_control_system() AS s, pg_database AS d"
                     " WHERE d.datname = current_database()",
                     NULL, 0, identity_row, out, NULL, e);

    if (rc != RC_BAD) return rc;
    return run(c, "SELECT current_database() || '/' || d.oid::text FROM pg_database AS d WHERE d.datname = current_database()",
               NULL, 0, identity_row, out, NULL, e);
}

static const char *const source_keys[] = {"listen", NULL};
static const char *const object_keys[] = {NULL};

const struct connector_type connector_postgres = {
    .name = "postgres",
    .source_keys = source_keys,
    .object_keys = object_keys,
    .check = sql_check,
    .open = postgres_open,
    .pull = sql_pull,
    .list = sql_list,
    .fetch = sql_fetch,
    .related = sql_related,
    .targets = sql_targets,
    .write_back = sql_write_back,
    .health = sql_health,
    .wait = postgres_wait,
    .identity = postgres_identity,
    .close = postgres_close,
};
