/* The postgres connector against a real server: a private cluster of this program. Expected rows are worked by hand
 * from the statements. */
#include "../suite.h"
#include <libpq-fe.h>
#include <malloc.h>

#include "fixture.h"
#include "pg_cluster.h"

#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
#define SANITIZED 1 /* their allocators count otherwise */
#else
#define SANITIZED 0
#endif

static struct cluster cluster;
static PGconn *db; /* of the test itself */
static struct source s;
static struct connector *c;
static struct got *g;
static struct err e;

static void sql_on(PGconn *conn, const char *text)
{
    PGresult *r = PQexec(conn, text);

    ck_assert_msg(PQresultStatus(r) == PGRES_COMMAND_OK || PQresultStatus(r) == PGRES_TUPLES_OK, "%s",
                  PQerrorMessage(conn));
    PQclear(r);
}

static void sql(const char *text)
{
    sql_on(db, text);
}

static const char *value_of(const char *text, char out[128])
{
    PGresult *r = PQexec(db, text);

    ck_assert_int_eq(PQntuples(r), 1);
    snprintf(out, 128, "%s", PQgetisnull(r, 0, 0) ? "(null)" : PQgetvalue(r, 0, 0));
    PQclear(r);
    return out;
}

static PGconn *login(void)
{
    PGconn *conn = PQconnectdb(cluster.dsn);

    ck_assert_msg(PQstatus(conn) == CONNECTION_OK, "%s", PQerrorMessage(conn));
    PQsetNoticeProcessor(conn, NULL, NULL);
    sql_on(conn, "SET client_min_messages = error; SET TimeZone = 'America/New_York'");
    return conn;
}

static const char mapping[] =
    "sources:\n"
    "  crm:\n"
    "    type: postgres\n"
    "    dsn: '%s'\n"
    "    write_back: %s\n"
    "    overlap: 10m\n"
    "    listen: crm_changed\n"
    "    max_attempts: 2\n"
    "%s"
    "    objects:\n"
    "      opportunity:\n"
    "        from: sales.opportunity\n"
    "        key: id\n"
    "        modified: updated_at\n"
    "        deleted: deleted_at\n"
    "        owner: Owner Id\n"
    "        fields:\n"
    "          name: {column: name, type: text}\n"
    "          amount: {column: amount, type: money, currency: {fixed: EUR}}\n"
    "          close_date: {column: close_date, type: date}\n"
    "          won: {column: won, type: bool}\n"
    "        parents:\n"
    "          account: {object: account, column: account_id}\n"
    "        children:\n"
    "          activities: {object: activity, match: {what_id: id}, where: {kind: [call, mail]}, newest: 3}\n"
    "        write_back: {summary: {column: ai_summary}}\n"
    "      account: {from: account, key: id, modified: updated_at, fields: {name: {type: text, entity: ORG}}}\n"
    "      activity: {from: (SELECT * FROM activity WHERE NOT private), key: id, modified: at, fields: {body: {type: text}}}\n";

static void setup(void)
{
    db = login();
    sql("DROP SCHEMA IF EXISTS sales CASCADE; DROP TABLE IF EXISTS account, activity CASCADE;"
        "CREATE SCHEMA sales;"
        "CREATE TABLE account (id uuid PRIMARY KEY, name text, updated_at timestamptz NOT NULL DEFAULT now());"
        "CREATE TABLE sales.opportunity (id bigint PRIMARY KEY, name text, amount numeric(12, 2), close_date date, won boolean,"
        " account_id uuid, \"Owner Id\" varchar(20), updated_at timestamptz, deleted_at timestamptz, ai_summary varchar(50));"
        "CREATE INDEX ON sales.opportunity (updated_at, id);"
        "CREATE TABLE activity (id bigint PRIMARY KEY, what_id bigint, kind text, at timestamp, body text,"
        " private boolean NOT NULL DEFAULT false);"
        "INSERT INTO account (id, name) VALUES ('11111111-1111-1111-1111-111111111111', 'Nordwind GmbH');"
        "INSERT INTO sales.opportunity VALUES"
        " (1, 'Line 3', 48000.50, '2026-04-30', false, '11111111-1111-1111-1111-111111111111', 'dana',"
        "  '2026-03-01 10:00:00.123456+00', NULL, NULL),"
        " (2, 'Press', 1200, NULL, NULL, NULL, NULL, '2026-03-01 10:30:00+00', NULL, NULL),"
        " (10, 'Spares', NULL, NULL, true, NULL, NULL, '2026-03-01 10:30:00+00', NULL, NULL);"
        "INSERT INTO activity SELECT i, 1 + i % 2, CASE WHEN i % 5 = 0 THEN 'note' ELSE 'call' END,"
        " timestamp '2026-02-01 00:00:00' + i * interval '1 hour', 'text ' || i, i = 37 FROM generate_series(1, 40) AS i");
    c = NULL;
    g = got_new();
}

static void connect_with(const char *write_back, const char *more)
{
    char text[4096];

    snprintf(text, sizeof(text), mapping, cluster.dsn, write_back, more);
    source_open(&s, text);
    ck_assert_msg(connector_open(s.cfg, &s.clock, &c, &e) == RC_OK, "%s", e.msg);
}

static void teardown(void)
{
    if (c) {
        connector_close(c);
        source_close(&s);
    }
    got_free(g);
    PQfinish(db);
}

static void pull(const char *since)
{
    char from[WATERMARK_SIZE];

    snprintf(from, sizeof(from), "%s", since);
    g->rows = g->batches = g->largest = g->n_bad = 0;
    ck_assert_msg(connector_pull(c, "opportunity", from, got_rows, got_bad, g, &e) == RC_OK, "%s", e.msg);
}

static void fetch(const char *object, const char *const *ids, size_t n)
{
    ck_assert_msg(connector_fetch(c, object, ids, n, got_record, got_bad, g, &e) == RC_OK, "%s", e.msg);
}

/* ---- reading --------------------------------------------------------------------------------------------------- */

START_TEST(rows_in_order)
{
    connect_with("off", "");
    pull("");
    ck_assert_uint_eq(g->rows, 3);
    ck_assert_str_eq(g->ids[0], "1");
    ck_assert_str_eq(g->ids[1], "2");
    ck_assert_str_eq(g->ids[2], "10"); /* as a number, after 2 */
    ck_assert_str_eq(g->versions[0], "2026-03-01 10:00:00.123456+00");
    ck_assert(g->modified_us[0] == INT64_C(1772359200123456)); /* date -u -d '2026-03-01 10:00' +%s is 1772359200 */
    ck_assert_str_eq(g->watermark, "2026-03-01 10:30:00+00|10");
    pull(g->watermark);
    ck_assert_uint_eq(g->rows, 2);
}
END_TEST

START_TEST(a_writer_that_stays_open_over_two_pulls)
{
    PGconn *writer = login();

    connect_with("off", "");
    sql_on(writer, "BEGIN; INSERT INTO sales.opportunity (id, name, updated_at) VALUES (5, 'late', '2026-03-01 11:55:00+00')");
    sql("INSERT INTO sales.opportunity (id, name, updated_at) VALUES (6, 'on time', '2026-03-01 12:00:00+00')");
    pull("");
    ck_assert_uint_eq(g->rows, 4);
    pull(g->watermark);
    ck_assert(!got_pulled(g, "5"));
    ck_assert_str_eq(g->watermark, "2026-03-01 12:00:00+00|6"); /* already beyond the late row's stamp */
    sql_on(writer, "COMMIT");
    pull(g->watermark);
    ck_assert_uint_eq(g->rows, 2);
    ck_assert_str_eq(g->ids[0], "5");
    ck_assert_str_eq(g->watermark, "2026-03-01 12:00:00+00|6");
    PQfinish(writer);
}
END_TEST

START_TEST(deleted_rows)
{
    const char *ids[] = {"1", "2"};

    connect_with("off", "");
    sql("UPDATE sales.opportunity SET deleted_at = now(), updated_at = '2026-03-02 00:00:00+00' WHERE id = 1;"
        "DELETE FROM sales.opportunity WHERE id = 2");
    pull("");
    ck_assert(g->deleted[1]);
    g->rows = 0;
    ck_assert_int_eq(connector_list(c, "opportunity", got_rows, g, &e), RC_OK);
    ck_assert_uint_eq(g->rows, 2);
    ck_assert(!got_pulled(g, "2"));
    fetch("opportunity", ids, 2);
    ck_assert_uint_eq(g->n_records, 1);
    ck_assert(g->records[0]->deleted);
}
END_TEST

START_TEST(whole_records)
{
    const char *ids[] = {"1", "2", "77"};
    const struct record *r;

    connect_with("off", "");
    fetch("opportunity", ids, 3);
    ck_assert_uint_eq(g->n_records, 2);
    r = got_id(g, "1");
    ck_assert_str_eq(text_of(r, "amount"), "48000.50");
    ck_assert_str_eq(record_field(r, "amount")->currency, "EUR");
    ck_assert_str_eq(text_of(r, "close_date"), "2026-04-30");
    ck_assert_str_eq(text_of(r, "won"), "false");
    ck_assert_str_eq(r->owner, "dana");
    ck_assert_str_eq(text_of(record_parent_named(r, "account"), "name"), "Nordwind GmbH");
    /* of 1: the even ones, less the notes (multiples of five): 38, 36, 34 */
    ck_assert_uint_eq(record_list_named(r, "activities")->count, 3);
    ck_assert_str_eq(record_list_named(r, "activities")->items[0]->id, "38");
    ck_assert_str_eq(record_list_named(r, "activities")->items[1]->id, "36");
    ck_assert_str_eq(record_list_named(r, "activities")->items[2]->id, "34");
    /* of 2: 39, then 33 and 31, since 35 is a note and 37 private */
    r = got_id(g, "2");
    ck_assert_str_eq(record_list_named(r, "activities")->items[0]->id, "39");
    ck_assert_str_eq(record_list_named(r, "activities")->items[1]->id, "33");
    ck_assert_str_eq(record_list_named(r, "activities")->items[2]->id, "31");
}
END_TEST

START_TEST(statements_do_not_grow_with_the_batch)
{
    char text[CONNECTOR_MAX_BATCH][8];
    const char *ids[CONNECTOR_MAX_BATCH];
    long before, one, many;

    connect_with("off", "");
    sql("INSERT INTO sales.opportunity (id, name, account_id, updated_at) SELECT i, 'x',"
        " '11111111-1111-1111-1111-111111111111', now() FROM generate_series(1000, 1199) AS i");
    for (size_t i = 0; i < CONNECTOR_MAX_BATCH; i++) {
        snprintf(text[i], sizeof(text[i]), "%zu", 1000 + i);
        ids[i] = text[i];
    }
    before = cluster_statements(&cluster);
    fetch("opportunity", ids, 1);
    one = cluster_statements(&cluster) - before;
    fetch("opportunity", ids, CONNECTOR_MAX_BATCH);
    many = cluster_statements(&cluster) - before - one;
    ck_assert_uint_eq(g->n_records, 1 + CONNECTOR_MAX_BATCH);
    ck_assert_int_eq(one, 3); /* opportunities, accounts, activities */
    ck_assert_int_eq(many, one);
}
END_TEST

START_TEST(bad_rows_of_a_database_without_encoding)
{
    const char *ids[] = {"1", "2"};
    char text[1024];
    PGconn *other;

    sql("DROP DATABASE IF EXISTS bytes");
    sql("CREATE DATABASE bytes ENCODING 'SQL_ASCII' LOCALE 'C' TEMPLATE template0");
    snprintf(text, sizeof(text), "host=%s dbname=bytes user=briefd", cluster.dir);
    other = PQconnectdb(text);
    sql_on(other, "CREATE TABLE note (id int, at timestamptz, body text);"
                  "INSERT INTO note VALUES (1, '2026-03-01', 'Gr\xc3\xbc\xc3\x9f' || 'e'), (2, '2026-03-01', E'caf\\xe9')");
    PQfinish(other);
    snprintf(text, sizeof(text),
             "sources: {crm: {type: postgres, dsn: 'host=%s dbname=bytes user=briefd', objects: {opportunity:"
             " {from: note, key: id, modified: at, fields: {body: {type: text}}}}}}", cluster.dir);
    source_open(&s, text);
    ck_assert_msg(connector_open(s.cfg, &s.clock, &c, &e) == RC_OK, "%s", e.msg);
    fetch("opportunity", ids, 2);
    ck_assert_uint_eq(g->n_records, 1);
    ck_assert_str_eq(text_of(g->records[0], "body"), "Gr\xc3\xbc\xc3\x9f" "e");
    ck_assert_uint_eq(g->n_bad, 1);
    ck_assert_str_eq(g->bad_reasons[0], "crm opportunity 2: field body: invalid UTF-8 at byte 3");
}
END_TEST

START_TEST(rows_without_a_stamp_and_infinite_ones)
{
    connect_with("off", "");
    sql("INSERT INTO sales.opportunity (id, updated_at) VALUES (20, NULL), (21, 'infinity'), (22, '2999-01-01')");
    pull("");
    ck_assert_uint_eq(g->rows, 4);
    ck_assert_uint_eq(g->n_bad, 2);
    ck_assert_str_eq(g->bad_ids[0], "21");
    ck_assert_str_eq(g->bad_ids[1], "20");
    ck_assert_str_eq(g->watermark, "2026-03-01 10:30:00+00|10");
}
END_TEST

static struct {
    size_t rows, most_bytes, largest;
} load;

static enum rc count_rows(void *ctx, const struct pulled *rows, size_t n, const char *watermark, struct err *why)
{
    size_t bytes = mallinfo2().uordblks;

    (void)ctx;
    (void)rows;
    (void)watermark;
    (void)why;
    load.rows += n;
    if (n > load.largest) load.largest = n;
    if (bytes > load.most_bytes) load.most_bytes = bytes;
    return RC_OK;
}

START_TEST(many_rows_need_constant_memory)
{
    long n = (long)suite_count(50000, 1000000), before;
    size_t bytes = mallinfo2().uordblks;
    char text[256];

    connect_with("off", "    timeout: 5m\n");
    snprintf(text, sizeof(text), "INSERT INTO sales.opportunity (id, name, updated_at) SELECT i, 'x',"
             " timestamptz '2026-01-01' + i * interval '1 millisecond' FROM generate_series(1000, %ld) AS i", n + 999);
    sql(text);
    sql("ANALYZE sales.opportunity");
    memset(&load, 0, sizeof(load));
    before = cluster_statements(&cluster);
    ck_assert_msg(connector_pull(c, "opportunity", "", count_rows, got_bad, NULL, &e) == RC_OK, "%s", e.msg);
    ck_assert_uint_eq(load.rows, (size_t)n + 3);
    ck_assert_uint_eq(load.largest, CONNECTOR_MAX_BATCH);
    ck_assert_int_eq(cluster_statements(&cluster) - before, n / 5000 + 2); /* pages of 5,000, and the NULLs */
    if (!SANITIZED) ck_assert_uint_lt(load.most_bytes - bytes, (size_t)8 << 20);
}
END_TEST

/* ---- write-back ------------------------------------------------------------------------------------------------ */

START_TEST(write_back_checks_the_version)
{
    char out[128], longer[60];
    struct write_item items[] = {{"1", "2026-03-01 10:00:00.123456+00", "ai_summary", "It's \"good\""},
                                 {"2", "2026-03-01 10:29:00+00", "ai_summary", "old"},
                                 {"77", "2026-03-01 10:00:00+00", "ai_summary", "none"},
                                 {"10", "2026-03-01 10:30:00+00", "ai_summary", longer}};

    memset(longer, 'x', 59);
    longer[59] = '\0';
    sql("CREATE OR REPLACE FUNCTION stamp() RETURNS trigger LANGUAGE plpgsql AS"
        " $$BEGIN new.updated_at = '2026-03-05 00:00:00+00'; RETURN new; END$$;"
        "CREATE TRIGGER stamp BEFORE UPDATE ON sales.opportunity FOR EACH ROW EXECUTE FUNCTION stamp()");
    connect_with("on", "");
    ck_assert_msg(connector_write_back(c, "opportunity", items, 4, got_result, g, &e) == RC_OK, "%s", e.msg);
    ck_assert_uint_eq(g->n_results, 4);
    ck_assert_int_eq(g->outcomes[0], WRITE_DONE);
    ck_assert_str_eq(g->new_versions[0], "2026-03-05 00:00:00+00"); /* set by the trigger */
    ck_assert_int_eq(g->outcomes[1], WRITE_CONFLICT);
    ck_assert_str_eq(g->new_versions[1], "2026-03-01 10:30:00+00");
    ck_assert_int_eq(g->outcomes[2], WRITE_GONE);
    ck_assert_int_eq(g->outcomes[3], WRITE_FAILED);
    ck_assert_ptr_nonnull(strstr(g->reasons[3], "22001")); /* string_data_right_truncation */
    ck_assert_ptr_null(strstr(g->reasons[3], "xxx"));
    ck_assert_str_eq(value_of("SELECT ai_summary FROM sales.opportunity WHERE id = 1", out), "It's \"good\"");
    ck_assert_str_eq(value_of("SELECT ai_summary FROM sales.opportunity WHERE id = 2", out), "(null)");
}
END_TEST

START_TEST(relatives_and_targets)
{
    const char *const activities[] = {"1", "2", "5"}, *const notes[] = {"10"},
                      *const accounts[] = {"11111111-1111-1111-1111-111111111111"}, *const one[] = {"1"};
    char out[256], seen[128] = "";

    connect_with("on", "");
    ck_assert_str_eq(related_to(c, g, "opportunity", "activity", activities, 3, out), "1 2 ");
    ck_assert_str_eq(related_to(c, g, "opportunity", "activity", notes, 1, out), ""); /* a note: not in where: */
    ck_assert_str_eq(related_to(c, g, "opportunity", "account", accounts, 1, out), "1 ");
    ck_assert_int_eq(connector_targets(c, "opportunity", "ai_summary", one, 1, got_target, seen, NULL, &e), RC_OK);
    ck_assert_str_eq(seen, "1|2026-03-01 10:00:00.123456+00|(null)");
}
END_TEST

START_TEST(a_source_that_only_reads_cannot_write)
{
    struct write_item item = {"1", "", "ai_summary", "text"};
    char text[4096], *at;

    connect_with("off", "");
    ck_assert_int_eq(connector_write_back(c, "opportunity", &item, 1, got_result, g, &e), RC_REFUSED);
    connector_close(c);
    source_close(&s);
    c = NULL;
    /* Not even where the mapping itself tries. */
    snprintf(text, sizeof(text), mapping, cluster.dsn, "off", "");
    at = strstr(text, "(SELECT * FROM activity WHERE NOT private)");
    memcpy(at, "(SELECT nextval('pg_temp.none') AS id)    ", 42);
    source_open(&s, text);
    ck_assert_int_eq(connector_open(s.cfg, &s.clock, &c, &e), RC_OK);
    ck_assert_int_eq(connector_health(c, &e), RC_BAD);
}
END_TEST

/* ---- a server that comes and goes --------------------------------------------------------------------------------- */

static enum rc stop_server(void *ctx, const struct pulled *rows, size_t n, const char *watermark, struct err *why)
{
    struct got *got = ctx;

    if (got->batches == 0) ck_assert(cluster_halt(&cluster, "immediate"));
    return got_rows(ctx, rows, n, watermark, why);
}

START_TEST(a_server_that_stops_in_the_middle)
{
    char at[WATERMARK_SIZE];
    size_t rows;

    connect_with("off", "");
    sql("INSERT INTO sales.opportunity (id, name, updated_at) SELECT i, 'x',"
        " timestamptz '2025-01-01' + i * interval '1 hour' FROM generate_series(1000, 6499) AS i; CHECKPOINT");
    ck_assert_int_eq(connector_pull(c, "opportunity", "", stop_server, got_bad, g, &e), RC_RETRY);
    rows = g->rows;
    ck_assert_uint_eq(rows, 5000); /* the page that was already read */
    snprintf(at, sizeof(at), "%s", g->watermark);
    ck_assert_int_eq(connector_pull(c, "opportunity", at, got_rows, got_bad, g, &e), RC_RETRY);
    ck_assert(cluster_start(&cluster));
    g->rows = 0;
    ck_assert_msg(connector_pull(c, "opportunity", at, got_rows, got_bad, g, &e) == RC_OK, "%s", e.msg);
    ck_assert_uint_eq(rows + g->rows, 5503 + 1); /* stamps are hours apart: only the last row comes again */
}
END_TEST

START_TEST(a_cut_connection_is_made_again)
{
    connect_with("off", "");
    pull("");
    sql("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = 'briefd'");
    pull("");
    ck_assert_uint_eq(g->rows, 3);
}
END_TEST

START_TEST(a_notification_wakes)
{
    bool woke = true;

    connect_with("off", "");
    ck_assert_int_eq(connector_wait(c, 1, &woke, &e), RC_OK);
    ck_assert(!woke);
    sql("NOTIFY crm_changed");
    ck_assert_int_eq(connector_wait(c, 60000, &woke, &e), RC_OK);
    ck_assert(woke);
    sql("NOTIFY something_else");
    ck_assert_int_eq(connector_wait(c, 1, &woke, &e), RC_OK);
    ck_assert(!woke);
    /* After a cut something may have been missed. */
    sql("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = 'briefd'");
    ck_assert_msg(connector_wait(c, 60000, &woke, &e) == RC_OK, "%s", e.msg);
    ck_assert(woke);
    sql("NOTIFY crm_changed");
    ck_assert_int_eq(connector_wait(c, 60000, &woke, &e), RC_OK);
    ck_assert(woke);
}
END_TEST

START_TEST(a_slow_statement_is_stopped)
{
    const char *ids[] = {"1"};
    char text[1024];

    snprintf(text, sizeof(text),
             "sources: {crm: {type: postgres, dsn: '%s', timeout: 100ms, objects: {opportunity:"
             " {from: '(SELECT 1 AS id, pg_sleep(60)::text AS body)', key: id, fields: {body: {type: text}}}}}}",
             cluster.dsn);
    source_open(&s, text);
    ck_assert_int_eq(connector_open(s.cfg, &s.clock, &c, &e), RC_OK);
    ck_assert_int_eq(connector_fetch(c, "opportunity", ids, 1, got_record, got_bad, g, &e), RC_LIMIT);
    ck_assert_ptr_nonnull(strstr(e.msg, "100 ms"));
}
END_TEST

/* ---- errors -------------------------------------------------------------------------------------------------------- */

START_TEST(what_is_missing_is_named)
{
    connect_with("off", "");
    ck_assert_msg(connector_health(c, &e) == RC_OK, "%s", e.msg);
    sql("ALTER TABLE sales.opportunity DROP COLUMN won");
    ck_assert_int_eq(connector_health(c, &e), RC_BAD);
    ck_assert_ptr_nonnull(strstr(e.msg, "opportunity"));
    ck_assert_ptr_nonnull(strstr(e.msg, "won"));
    sql("DROP TABLE account");
    ck_assert_int_eq(connector_pull(c, "account", "", got_rows, got_bad, g, &e), RC_BAD);
    ck_assert_ptr_nonnull(strstr(e.msg, "account"));
}
END_TEST

START_TEST(missing_rights_are_permanent)
{
    char text[4096], dsn[160];

    sql("DROP ROLE IF EXISTS reader; CREATE ROLE reader LOGIN");
    snprintf(dsn, sizeof(dsn), "host=%s dbname=postgres user=reader", cluster.dir);
    snprintf(text, sizeof(text), mapping, dsn, "off", "");
    source_open(&s, text);
    ck_assert_msg(connector_open(s.cfg, &s.clock, &c, &e) == RC_OK, "%s", e.msg);
    ck_assert_int_eq(connector_pull(c, "account", "", got_rows, got_bad, g, &e), RC_BAD);
    ck_assert_ptr_nonnull(strstr(e.msg, "permission denied"));
}
END_TEST

START_TEST(a_dsn_that_leads_nowhere)
{
    static const struct {
        const char *dsn;
        enum rc rc;
    } bad[] = {{"postgresql://u:hunter2@[", RC_BAD}, {"hunter2", RC_BAD}, {"host=/nowhere/hunter2x dbname=a", RC_RETRY}};
    char text[512], dsn[128];

    for (size_t i = 0; i < COUNT_OF(bad); i++) {
        snprintf(text, sizeof(text), "sources: {crm: {type: postgres, max_attempts: 1, dsn: '%s', objects: {}}}", bad[i].dsn);
        source_open(&s, text);
        ck_assert_int_eq(connector_open(s.cfg, &s.clock, &c, &e), bad[i].rc);
        ck_assert(bad[i].rc == RC_RETRY || !strstr(e.msg, "hunter2"));
        source_close(&s);
    }
    snprintf(dsn, sizeof(dsn), "host=%s dbname=nobody user=briefd", cluster.dir);
    snprintf(text, sizeof(text), "sources: {crm: {type: postgres, dsn: '%s', objects: {}}}", dsn);
    source_open(&s, text);
    ck_assert_int_eq(connector_open(s.cfg, &s.clock, &c, &e), RC_BAD);
    ck_assert_ptr_nonnull(strstr(e.msg, "does not exist"));
    source_close(&s);
}
END_TEST

START_TEST(malformed_ids_are_an_error_and_data)
{
    const char *ids[] = {"1'); DROP TABLE account; --"};

    connect_with("off", "");
    ck_assert_int_eq(connector_fetch(c, "opportunity", ids, 1, got_record, got_bad, g, &e), RC_BAD);
    ck_assert_ptr_nonnull(strstr(e.msg, "22P02"));
    ck_assert_ptr_null(strstr(e.msg, "DROP"));
    ck_assert_int_eq(connector_health(c, &e), RC_OK);
}
END_TEST

START_TEST(identity_is_the_cluster_and_database)
{
    char identity[128], system[128];

    connect_with("off", "");
    ck_assert_int_eq(connector_identity(c, identity, &e), RC_OK);
    value_of("SELECT system_identifier::text FROM pg_control_system()", system);
    ck_assert_ptr_nonnull(strstr(identity, system));
}
END_TEST

int main(void)
{
    TCase *tc = tcase_create("postgres");
    int status;

    if (!cluster_make(&cluster)) return 77;
    tcase_add_checked_fixture(tc, setup, teardown);
    tcase_add_test(tc, rows_in_order);
    tcase_add_test(tc, a_writer_that_stays_open_over_two_pulls);
    tcase_add_test(tc, deleted_rows);
    tcase_add_test(tc, whole_records);
    tcase_add_test(tc, statements_do_not_grow_with_the_batch);
    tcase_add_test(tc, bad_rows_of_a_database_without_encoding);
    tcase_add_test(tc, rows_without_a_stamp_and_infinite_ones);
    tcase_add_test(tc, many_rows_need_constant_memory);
    tcase_add_test(tc, write_back_checks_the_version);
    tcase_add_test(tc, relatives_and_targets);
    tcase_add_test(tc, a_source_that_only_reads_cannot_write);
    tcase_add_test(tc, a_server_that_stops_in_the_middle);
    tcase_add_test(tc, a_cut_connection_is_made_again);
    tcase_add_test(tc, a_notification_wakes);
    tcase_add_test(tc, a_slow_statement_is_stopped);
    tcase_add_test(tc, what_is_missing_is_named);
    tcase_add_test(tc, missing_rights_are_permanent);
    tcase_add_test(tc, a_dsn_that_leads_nowhere);
    tcase_add_test(tc, malformed_ids_are_an_error_and_data);
    tcase_add_test(tc, identity_is_the_cluster_and_database);
    status = run_suite("postgres", tc);
    cluster_stop(&cluster);
    return status;
}
