/* The sqlite connector on databases that the test makes. Expected rows are worked by hand from the statements. */
#include <sqlite3.h>
#include <unistd.h>

#include "fixture.h"

static char dir[64], path[96];
static sqlite3 *db;
static struct source s;
static struct connector *c;
static struct got *g;
static struct err e;

static void sql(const char *text)
{
    char *why = NULL;

    ck_assert_msg(sqlite3_exec(db, text, NULL, NULL, &why) == SQLITE_OK, "%s", why);
}

static const char mapping[] =
    "sources:\n"
    "  crm:\n"
    "    type: sqlite\n"
    "    dsn: %s\n"
    "    write_back: %s\n"
    "    overlap: %s\n"
    "    objects:\n"
    "      opportunity:\n"
    "        from: opportunity\n"
    "        key: id\n"
    "        modified: updated_at\n"
    "        version: version\n"
    "        deleted: is_deleted\n"
    "        owner: owner_id\n"
    "        fields:\n"
    "          name: {column: name, type: text}\n"
    "          amount: {column: amount, type: money, currency: currency}\n"
    "          close_date: {column: close_date, type: date}\n"
    "          notes: {column: notes, type: text}\n"
    "        parents:\n"
    "          account: {object: account, column: account_id}\n"
    "        children:\n"
    "          activities: {object: activity, match: {what_id: id}, where: {what_type: opportunity}, newest: 3}\n"
    "        write_back: {summary: {column: ai_summary}}\n"
    "      account: {from: account, key: id, modified: updated_at, fields: {name: {type: text, entity: ORG}}}\n"
    "      contact: {from: contact, key: id, fields: {name: {type: text}}}\n"
    "      activity:\n"
    "        from: activity\n"
    "        key: id\n"
    "        modified: at\n"
    "        deleted: gone\n"
    "        fields:\n"
    "          body: {type: text, origin: {column: direction, outside: [inbound]}}\n"
    "          at: {type: timestamp}\n"
    "        parents: {contact: {object: contact, column: contact_id}}\n";

static void setup(void)
{
    strcpy(dir, "/tmp/briefd-test-XXXXXX");
    ck_assert_ptr_nonnull(mkdtemp(dir));
    snprintf(path, sizeof(path), "%s/crm.db", dir);
    ck_assert_int_eq(sqlite3_open(path, &db), SQLITE_OK);
    sql("CREATE TABLE opportunity (id INTEGER PRIMARY KEY, name TEXT, amount NUMERIC, currency TEXT, close_date TEXT,"
        " notes, account_id INTEGER, owner_id TEXT, updated_at TEXT, version INTEGER DEFAULT 1, is_deleted INTEGER,"
        " ai_summary TEXT CHECK (length(ai_summary) < 100));"
        "CREATE TABLE account (id INTEGER PRIMARY KEY, name TEXT, updated_at TEXT);"
        "CREATE TABLE contact (id TEXT PRIMARY KEY, name TEXT);"
        "CREATE TABLE activity (id INTEGER PRIMARY KEY, what_type TEXT, what_id INTEGER, at INTEGER, body TEXT,"
        " direction TEXT, contact_id TEXT, gone INTEGER);"
        "INSERT INTO account VALUES (1, 'Nordwind GmbH', '2026-01-01 00:00:00'), (2, 'Vale Ltd', '2026-01-02 00:00:00');"
        "INSERT INTO contact VALUES ('c1', 'Anna Berg'), ('c2', 'Tom Hale');"
        "INSERT INTO opportunity (id, name, amount, currency, close_date, notes, account_id, owner_id, updated_at) VALUES"
        " (1, 'Line 3', '48000.50', 'EUR', '2026-04-30', 'call back', 1, 'dana', '2026-03-01 10:00:00'),"
        " (2, 'Press', 1200, 'USD', NULL, 'wants a quote', 2, 'dana', '2026-03-01 10:00:00'),"
        " (3, 'Spares', NULL, 'USD', NULL, '', 1, NULL, '2026-03-02 10:00:00');"
        /* 1772359200 = 2026-03-01T10:00:00Z (date -u -d @1772359200) */
        "INSERT INTO activity (id, what_type, what_id, at, body, direction, contact_id) VALUES"
        " (1, 'opportunity', 1, 1772359200, 'first', 'outbound', 'c1'),"
        " (2, 'opportunity', 1, 1772359300, 'second', 'inbound', 'c1'),"
        " (3, 'opportunity', 1, 1772359400, 'third', 'outbound', 'c2'),"
        " (4, 'opportunity', 1, 1772359500, 'fourth', 'outbound', NULL),"
        " (5, 'case',        1, 1772359600, 'of a case', 'outbound', NULL),"
        " (6, 'opportunity', 2, 1772359100, 'other', 'inbound', 'c2');"
        "INSERT INTO activity (id, what_type, what_id, at, body, gone) VALUES"
        " (7, 'opportunity', 1, 1772369999, 'withdrawn', 1);");
    c = NULL;
    g = got_new();
}

static void connect_with(const char *write_back, const char *overlap)
{
    char text[4096];

    snprintf(text, sizeof(text), mapping, path, write_back, overlap);
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
    sqlite3_close(db);
    unlink(path);
    rmdir(dir);
}

static void pull(const char *since)
{
    g->rows = g->batches = g->largest = g->n_bad = 0;
    ck_assert_msg(connector_pull(c, "opportunity", since, got_rows, got_bad, g, &e) == RC_OK, "%s", e.msg);
}

static void fetch(const char *object, const char *const *ids, size_t n)
{
    ck_assert_msg(connector_fetch(c, object, ids, n, got_record, got_bad, g, &e) == RC_OK, "%s", e.msg);
}

/* ---- pull ---------------------------------------------------------------------------------------------------- */

START_TEST(pull_is_ordered_and_overlaps)
{
    char since[WATERMARK_SIZE];

    connect_with("off", "10m");
    pull("");
    ck_assert_uint_eq(g->rows, 3);
    ck_assert_str_eq(g->ids[0], "1");
    ck_assert_str_eq(g->ids[2], "3");
    ck_assert_str_eq(g->versions[0], "1");
    ck_assert(g->modified_us[0] == INT64_C(1772359200000000));
    ck_assert_str_eq(g->watermark, "2026-03-02 10:00:00|3");
    strcpy(since, g->watermark);
    /* A row that was committed late, with a stamp five minutes before the watermark. */
    sql("INSERT INTO opportunity (id, name, updated_at) VALUES (4, 'late', '2026-03-02 09:55:00'),"
        " (5, 'too late', '2026-03-02 09:45:00')");
    pull(since);
    ck_assert_uint_eq(g->rows, 2);
    ck_assert_str_eq(g->ids[0], "4");
    ck_assert_str_eq(g->ids[1], "3");
    /* The reconcile finds the one that came even later. */
    g->rows = 0;
    ck_assert_int_eq(connector_list(c, "opportunity", got_rows, g, &e), RC_OK);
    ck_assert_uint_eq(g->rows, 5);
    ck_assert(got_pulled(g, "5"));
}
END_TEST

START_TEST(without_overlap_the_key_decides)
{
    connect_with("off", "0s");
    pull("2026-03-01 10:00:00|1");
    ck_assert_uint_eq(g->rows, 2);
    ck_assert_str_eq(g->ids[0], "2");
    pull("2026-03-02 10:00:00|3");
    ck_assert_uint_eq(g->rows, 0);
}
END_TEST

START_TEST(pull_has_batches_and_pages)
{
    connect_with("off", "10m");
    sql("WITH RECURSIVE n(i) AS (SELECT 100 UNION ALL SELECT i + 1 FROM n WHERE i < 12099)"
        " INSERT INTO opportunity (id, name, updated_at) SELECT i, 'x', '2026-03-05 10:00:00' FROM n");
    pull(""); /* three pages of 5,000 rows at most, all of one stamp */
    ck_assert_uint_eq(g->rows, 12003);
    ck_assert_uint_eq(g->largest, CONNECTOR_MAX_BATCH);
    ck_assert_str_eq(g->watermark, "2026-03-05 10:00:00|12099");
}
END_TEST

START_TEST(the_watermark_stays_where_the_rows_were_stored)
{
    connect_with("off", "0s");
    sql("WITH RECURSIVE n(i) AS (SELECT 100 UNION ALL SELECT i + 1 FROM n WHERE i < 1099)"
        " INSERT INTO opportunity (id, name, updated_at) SELECT i, 'x', '2026-03-05 10:00:00' FROM n");
    g->stop_after = 600;
    ck_assert_int_eq(connector_pull(c, "opportunity", "", got_rows, got_bad, g, &e), RC_INTERNAL);
    ck_assert_uint_eq(g->rows, 600);
    g->stop_after = 0;
    pull(g->watermark); /* of the second batch: the third was not stored */
    ck_assert_uint_eq(g->rows, 1003 - 400);
}
END_TEST

START_TEST(bad_rows_are_reported_and_passed)
{
    connect_with("off", "10m");
    sql("INSERT INTO opportunity (id, name, updated_at) VALUES (10, 'no stamp', NULL), (11, 'bad stamp', 'soon')");
    pull("");
    ck_assert_uint_eq(g->rows, 3);
    ck_assert_uint_eq(g->n_bad, 2);
    ck_assert_str_eq(g->bad_ids[0], "11");
    ck_assert_str_eq(g->bad_ids[1], "10");
    ck_assert_str_eq(g->watermark, "2026-03-02 10:00:00|3"); /* not "soon|11" */
}
END_TEST

START_TEST(a_stamp_in_the_future_does_not_move_the_watermark)
{
    connect_with("off", "10m");
    sql("INSERT INTO opportunity (id, name, updated_at) VALUES (10, 'typo', '2999-01-01 00:00:00')");
    pull("");
    ck_assert_uint_eq(g->rows, 4);
    ck_assert_str_eq(g->watermark, "2026-03-02 10:00:00|3");
}
END_TEST

START_TEST(deleted_rows)
{
    const char *ids[] = {"2", "3"};

    connect_with("off", "10m");
    sql("UPDATE opportunity SET is_deleted = 1, updated_at = '2026-03-03 00:00:00' WHERE id = 2;"
        "DELETE FROM opportunity WHERE id = 3");
    pull("");
    ck_assert_uint_eq(g->rows, 2);
    ck_assert(!g->deleted[0]);
    ck_assert(g->deleted[1]);
    g->rows = 0;
    ck_assert_int_eq(connector_list(c, "opportunity", got_rows, g, &e), RC_OK);
    ck_assert(!got_pulled(g, "3"));
    fetch("opportunity", ids, 2);
    ck_assert_uint_eq(g->n_records, 1); /* 3 is gone and not reported */
    ck_assert(g->records[0]->deleted);
    ck_assert_ptr_null(g->records[0]->fields);
}
END_TEST

START_TEST(a_damaged_watermark_is_an_error)
{
    connect_with("off", "10m");
    ck_assert_int_eq(connector_pull(c, "opportunity", "yesterday", got_rows, got_bad, g, &e), RC_BAD);
    ck_assert_int_eq(connector_pull(c, "opportunity", "yesterday|4", got_rows, got_bad, g, &e), RC_BAD);
}
END_TEST

START_TEST(unix_seconds_as_stamps)
{
    connect_with("off", "10m");
    ck_assert_int_eq(connector_pull(c, "activity", "", got_rows, got_bad, g, &e), RC_OK);
    ck_assert_uint_eq(g->rows, 7);
    ck_assert_str_eq(g->ids[0], "6");
    ck_assert(g->modified_us[1] == INT64_C(1772359200000000));
    ck_assert_str_eq(g->watermark, "1772369999|7");
    g->rows = 0;
    ck_assert_int_eq(connector_pull(c, "activity", "1772369999|7", got_rows, got_bad, g, &e), RC_OK);
    ck_assert_uint_eq(g->rows, 1); /* the others are more than ten minutes older */
}
END_TEST

START_TEST(an_object_without_stamps_is_read_whole)
{
    connect_with("off", "10m");
    ck_assert_int_eq(connector_pull(c, "contact", "", got_rows, got_bad, g, &e), RC_OK);
    ck_assert_uint_eq(g->rows, 2);
    ck_assert_str_eq(g->ids[0], "c1");
    ck_assert_str_eq(g->watermark, "");
}
END_TEST

/* ---- fetch --------------------------------------------------------------------------------------------------- */

START_TEST(whole_records)
{
    const char *ids[] = {"2", "1", "99"};
    const struct record *r;
    const struct record_list *l;

    connect_with("off", "10m");
    fetch("opportunity", ids, 3);
    ck_assert_uint_eq(g->n_records, 2);
    ck_assert_uint_eq(g->n_bad, 0);
    r = got_id(g, "1");
    ck_assert_str_eq(r->source, "crm");
    ck_assert_str_eq(r->object, "opportunity");
    ck_assert_str_eq(r->version, "1");
    ck_assert_str_eq(r->owner, "dana");
    ck_assert_ptr_null(r->team);
    ck_assert_str_eq(text_of(r, "name"), "Line 3");
    ck_assert_str_eq(text_of(r, "amount"), "48000.5"); /* a NUMERIC column keeps no trailing zero */
    ck_assert_str_eq(record_field(r, "amount")->currency, "EUR");
    ck_assert_str_eq(text_of(r, "close_date"), "2026-04-30");
    ck_assert_str_eq(text_of(record_parent_named(r, "account"), "name"), "Nordwind GmbH");
    l = record_list_named(r, "activities");
    ck_assert_uint_eq(l->count, 3); /* the newest three of its own, without the withdrawn one and that of a case */
    ck_assert_str_eq(l->items[0]->id, "4");
    ck_assert_str_eq(l->items[1]->id, "3");
    ck_assert_str_eq(l->items[2]->id, "2");
    ck_assert_str_eq(text_of(l->items[2], "at"), "2026-03-01T10:01:40.000000Z");
    ck_assert_int_eq(record_field(l->items[2], "body")->origin, ORIGIN_OUTSIDE);
    ck_assert_int_eq(record_field(l->items[1], "body")->origin, ORIGIN_INSIDE);
    ck_assert_str_eq(text_of(record_parent_named(l->items[1], "contact"), "name"), "Tom Hale");
    ck_assert_ptr_null(record_parent_named(l->items[0], "contact"));
    r = got_id(g, "2");
    ck_assert_uint_eq(record_list_named(r, "activities")->count, 1);
    ck_assert_str_eq(text_of(record_parent_named(r, "account"), "name"), "Vale Ltd");
}
END_TEST

START_TEST(a_record_without_relations_has_empty_lists)
{
    const char *ids[] = {"3"};

    connect_with("off", "10m");
    fetch("opportunity", ids, 1);
    ck_assert_uint_eq(record_list_named(g->records[0], "activities")->count, 0);
    ck_assert_int_eq(record_field(g->records[0], "amount")->type, FIELD_NULL);
}
END_TEST

START_TEST(bad_records_are_quarantined_and_the_rest_goes_on)
{
    const char *ids[] = {"1", "2", "3"};

    connect_with("off", "10m");
    sql("UPDATE opportunity SET notes = CAST(x'63616c6cff' AS TEXT) WHERE id = 3;"
        "UPDATE activity SET body = CAST(x'fe' AS TEXT) WHERE id = 6");
    fetch("opportunity", ids, 3);
    ck_assert_uint_eq(g->n_records, 1);
    ck_assert_str_eq(g->records[0]->id, "1");
    ck_assert_uint_eq(g->n_bad, 2);
    ck_assert_str_eq(g->bad_ids[0], "3");
    ck_assert_str_eq(g->bad_reasons[0], "crm opportunity 3: field notes: invalid UTF-8 at byte 4");
    ck_assert_str_eq(g->bad_ids[1], "2"); /* the record that would hold the bad activity */
    ck_assert_str_eq(g->bad_reasons[1], "crm activity 6: field body: invalid UTF-8 at byte 0");
}
END_TEST

START_TEST(a_note_of_ten_megabytes_is_quarantined)
{
    const char *ids[] = {"1", "2"};

    connect_with("off", "10m");
    sql("UPDATE opportunity SET notes = replace(hex(zeroblob(5242880)), '0', 'x') WHERE id = 1");
    fetch("opportunity", ids, 2);
    ck_assert_uint_eq(g->n_records, 1);
    ck_assert_str_eq(g->records[0]->id, "2");
    ck_assert_uint_eq(g->n_bad, 1);
    ck_assert_str_eq(g->bad_reasons[0], "crm opportunity 1: field notes: 10485760 bytes, more than 1048576");
}
END_TEST

START_TEST(values_of_a_wrong_kind)
{
    const char *ids[] = {"1", "2", "3"};

    connect_with("off", "10m");
    sql("UPDATE opportunity SET close_date = 'next spring' WHERE id = 1;"
        "UPDATE opportunity SET amount = 'a lot' WHERE id = 2;"
        "UPDATE opportunity SET notes = x'00ff' WHERE id = 3");
    fetch("opportunity", ids, 3);
    ck_assert_uint_eq(g->n_records, 0);
    ck_assert_uint_eq(g->n_bad, 3);
    for (size_t i = 0; i < 3; i++) {
        ck_assert_ptr_null(strstr(g->bad_reasons[i], "spring"));
        ck_assert_ptr_null(strstr(g->bad_reasons[i], "a lot"));
    }
}
END_TEST

START_TEST(a_full_batch)
{
    char text[CONNECTOR_MAX_BATCH][8];
    const char *ids[CONNECTOR_MAX_BATCH + 1];

    connect_with("off", "10m");
    sql("WITH RECURSIVE n(i) AS (SELECT 1000 UNION ALL SELECT i + 1 FROM n WHERE i < 1199)"
        " INSERT INTO opportunity (id, name, account_id, updated_at) SELECT i, 'x', 1, '2026-03-05 10:00:00' FROM n");
    for (size_t i = 0; i < CONNECTOR_MAX_BATCH; i++) {
        snprintf(text[i], sizeof(text[i]), "%zu", 1000 + i);
        ids[i] = text[i];
    }
    fetch("opportunity", ids, CONNECTOR_MAX_BATCH);
    ck_assert_uint_eq(g->n_records, CONNECTOR_MAX_BATCH);
    ck_assert_ptr_nonnull(record_parent_named(g->records[199], "account"));
    ids[CONNECTOR_MAX_BATCH] = "1";
    ck_assert_int_eq(connector_fetch(c, "opportunity", ids, CONNECTOR_MAX_BATCH + 1, got_record, got_bad, g, &e),
                     RC_LIMIT);
}
END_TEST

START_TEST(ids_are_data)
{
    const char *ids[] = {"1'; DROP TABLE opportunity; --", "\"]", "1) OR (1=1"};

    connect_with("off", "10m");
    fetch("opportunity", ids, 3);
    ck_assert_uint_eq(g->n_records, 0);
    pull("");
    ck_assert_uint_eq(g->rows, 3);
}
END_TEST

/* ---- write-back ------------------------------------------------------------------------------------------------ */

static int stored(void *ctx, int n, char **values, char **names)
{
    (void)n;
    (void)names;
    snprintf(ctx, 64, "%s", values[0] ? values[0] : "(null)");
    return 0;
}

static const char *summary_of(const char *id, char out[64])
{
    char text[128];

    snprintf(text, sizeof(text), "SELECT ai_summary FROM opportunity WHERE id = %s", id);
    ck_assert_int_eq(sqlite3_exec(db, text, stored, out, NULL), SQLITE_OK);
    return out;
}

START_TEST(write_back_checks_the_version)
{
    char out[64], longer[201];
    struct write_item items[] = {{"1", "1", "ai_summary", "It's \"good\""}, {"2", "1", "ai_summary", "two"},
                                 {"77", "1", "ai_summary", "none"},         {"3", "1", "ai_summary", longer}};

    memset(longer, 'x', 200);
    longer[200] = '\0';
    connect_with("on", "10m");
    sql("UPDATE opportunity SET version = 2 WHERE id = 2;"
        "CREATE TRIGGER bump AFTER UPDATE ON opportunity BEGIN UPDATE opportunity SET version = version + 1"
        " WHERE id = new.id; END");
    ck_assert_int_eq(connector_write_back(c, "opportunity", items, 4, got_result, g, &e), RC_OK);
    ck_assert_uint_eq(g->n_results, 4);
    ck_assert_int_eq(g->outcomes[0], WRITE_DONE);
    ck_assert_str_eq(g->new_versions[0], "2");
    ck_assert_str_eq(summary_of("1", out), "It's \"good\"");
    ck_assert_int_eq(g->outcomes[1], WRITE_CONFLICT);
    ck_assert_str_eq(g->new_versions[1], "2");
    ck_assert_str_eq(summary_of("2", out), "(null)");
    ck_assert_int_eq(g->outcomes[2], WRITE_GONE);
    ck_assert_int_eq(g->outcomes[3], WRITE_FAILED); /* the CHECK of the column */
    ck_assert_str_eq(summary_of("3", out), "(null)");
    ck_assert_ptr_null(strstr(g->reasons[3], "xxx"));
}
END_TEST

/* ---- related and targets ------------------------------------------------------------------------------------------ */

START_TEST(a_changed_relative_tells_whose_it_is)
{
    const char *const activities[] = {"1", "4", "6"}, *const of_a_case[] = {"5", "99"}, *const accounts[] = {"1"};
    char out[256];

    connect_with("off", "10m");
    ck_assert_str_eq(related_to(c, g, "opportunity", "activity", activities, 3, out), "1 2 ");
    ck_assert_str_eq(related_to(c, g, "opportunity", "activity", of_a_case, 2, out), ""); /* the list's where: does not hold */
    ck_assert_str_eq(related_to(c, g, "opportunity", "account", accounts, 1, out), "1 3 ");
    ck_assert_str_eq(related_to(c, g, "account", "activity", activities, 3, out), "");    /* no relation in the mapping */
    ck_assert_str_eq(related_to(c, g, "opportunity", "activity", activities, 0, out), "");
    ck_assert_int_eq(connector_related(c, "nothing", "activity", activities, 1, got_related, g, &e), RC_BAD);
}
END_TEST

START_TEST(a_target_can_be_read_before_it_is_written)
{
    const char *const one[] = {"1"}, *const none[] = {"77"};
    char seen[128] = "";
    bool known = false;

    connect_with("on", "10m");
    ck_assert_int_eq(connector_targets(c, "opportunity", "ai_summary", one, 1, got_target, seen, &known, &e), RC_OK);
    ck_assert(known);
    ck_assert_str_eq(seen, "1|1|(null)");
    sql("UPDATE opportunity SET ai_summary = 'by hand', version = 4 WHERE id = 1");
    ck_assert_int_eq(connector_targets(c, "opportunity", "ai_summary", one, 1, got_target, seen, NULL, &e), RC_OK);
    ck_assert_str_eq(seen, "1|4|by hand");
    seen[0] = '\0';
    ck_assert_int_eq(connector_targets(c, "opportunity", "ai_summary", none, 1, got_target, seen, NULL, &e), RC_OK);
    ck_assert_str_eq(seen, "");
    ck_assert_int_eq(connector_targets(c, "opportunity", "name", one, 1, got_target, seen, NULL, &e), RC_BAD);
}
END_TEST

START_TEST(dry_run_and_off_write_nothing)
{
    char out[64];
    struct write_item item = {"1", "1", "ai_summary", "text"};

    connect_with("dry-run", "10m");
    ck_assert_int_eq(connector_write_back(c, "opportunity", &item, 1, got_result, g, &e), RC_OK);
    ck_assert_int_eq(g->outcomes[0], WRITE_DRY_RUN);
    ck_assert_str_eq(summary_of("1", out), "(null)");
    connector_close(c);
    source_close(&s);
    connect_with("off", "10m");
    ck_assert_int_eq(connector_write_back(c, "opportunity", &item, 1, got_result, g, &e), RC_REFUSED);
}
END_TEST

START_TEST(only_mapped_columns_are_written)
{
    struct write_item item = {"1", "1", "name", "text"};

    connect_with("on", "10m");
    ck_assert_int_eq(connector_write_back(c, "opportunity", &item, 1, got_result, g, &e), RC_BAD);
}
END_TEST

START_TEST(a_locked_database_is_transient)
{
    struct write_item item = {"1", "1", "ai_summary", "text"};
    char text[4096];

    snprintf(text, sizeof(text), mapping, path, "on", "10m\n    timeout: 50ms");
    source_open(&s, text);
    ck_assert_int_eq(connector_open(s.cfg, &s.clock, &c, &e), RC_OK);
    sql("BEGIN EXCLUSIVE");
    ck_assert_int_eq(connector_write_back(c, "opportunity", &item, 1, got_result, g, &e), RC_RETRY);
    ck_assert_uint_eq(g->n_results, 0);
    sql("COMMIT");
    ck_assert_int_eq(connector_write_back(c, "opportunity", &item, 1, got_result, g, &e), RC_OK);
    ck_assert_int_eq(g->outcomes[0], WRITE_DONE);
}
END_TEST

/* ---- the database as a whole ------------------------------------------------------------------------------------- */

START_TEST(health_names_what_is_missing)
{
    connect_with("off", "10m");
    ck_assert_msg(connector_health(c, &e) == RC_OK, "%s", e.msg);
    sql("ALTER TABLE activity DROP COLUMN direction");
    ck_assert_int_eq(connector_health(c, &e), RC_BAD);
    ck_assert_ptr_nonnull(strstr(e.msg, "activity"));
    ck_assert_ptr_nonnull(strstr(e.msg, "direction"));
}
END_TEST

START_TEST(what_is_no_database_is_refused)
{
    char text[4096];
    FILE *f;

    sqlite3_close(db);
    db = NULL;
    unlink(path);
    snprintf(text, sizeof(text), mapping, path, "off", "10m");
    source_open(&s, text);
    ck_assert_int_eq(connector_open(s.cfg, &s.clock, &c, &e), RC_BAD);
    ck_assert_ptr_nonnull(strstr(e.msg, "No such file"));
    f = fopen(path, "w");
    ck_assert_ptr_nonnull(f);
    for (int i = 0; i < 200; i++)
        fputs("this is a text file, not a database\n", f);
    fclose(f);
    ck_assert_int_eq(connector_open(s.cfg, &s.clock, &c, &e), RC_BAD);
    ck_assert_ptr_nonnull(strstr(e.msg, "not an SQLite database"));
    ck_assert_ptr_null(c);
    source_close(&s);
}
END_TEST

START_TEST(identity_follows_the_file)
{
    char first[128], again[128], own[128];
    bool woke = true;

    connect_with("off", "10m");
    ck_assert_int_eq(connector_identity(c, first, &e), RC_OK);
    ck_assert_int_eq(connector_identity(c, again, &e), RC_OK);
    ck_assert_str_eq(first, again);
    sql("CREATE TABLE briefd_identity (uuid TEXT); INSERT INTO briefd_identity VALUES ('8d1f')");
    ck_assert_int_eq(connector_identity(c, own, &e), RC_OK);
    ck_assert_str_eq(own, "sqlite:8d1f");
    ck_assert_int_eq(connector_wait(c, 1000, &woke, &e), RC_OK);
    ck_assert(!woke);
}
END_TEST

START_TEST(unmapped_objects_are_an_error)
{
    connect_with("off", "10m");
    ck_assert_int_eq(connector_pull(c, "lead", "", got_rows, got_bad, g, &e), RC_BAD);
    ck_assert_ptr_nonnull(strstr(e.msg, "lead"));
}
END_TEST

int main(void)
{
    TCase *tc = tcase_create("sqlite");

    tcase_add_checked_fixture(tc, setup, teardown);
    tcase_add_test(tc, pull_is_ordered_and_overlaps);
    tcase_add_test(tc, without_overlap_the_key_decides);
    tcase_add_test(tc, pull_has_batches_and_pages);
    tcase_add_test(tc, the_watermark_stays_where_the_rows_were_stored);
    tcase_add_test(tc, bad_rows_are_reported_and_passed);
    tcase_add_test(tc, a_stamp_in_the_future_does_not_move_the_watermark);
    tcase_add_test(tc, deleted_rows);
    tcase_add_test(tc, a_damaged_watermark_is_an_error);
    tcase_add_test(tc, unix_seconds_as_stamps);
    tcase_add_test(tc, an_object_without_stamps_is_read_whole);
    tcase_add_test(tc, whole_records);
    tcase_add_test(tc, a_record_without_relations_has_empty_lists);
    tcase_add_test(tc, bad_records_are_quarantined_and_the_rest_goes_on);
    tcase_add_test(tc, a_note_of_ten_megabytes_is_quarantined);
    tcase_add_test(tc, values_of_a_wrong_kind);
    tcase_add_test(tc, a_full_batch);
    tcase_add_test(tc, ids_are_data);
    tcase_add_test(tc, write_back_checks_the_version);
    tcase_add_test(tc, a_changed_relative_tells_whose_it_is);
    tcase_add_test(tc, a_target_can_be_read_before_it_is_written);
    tcase_add_test(tc, dry_run_and_off_write_nothing);
    tcase_add_test(tc, only_mapped_columns_are_written);
    tcase_add_test(tc, a_locked_database_is_transient);
    tcase_add_test(tc, health_names_what_is_missing);
    tcase_add_test(tc, what_is_no_database_is_refused);
    tcase_add_test(tc, identity_follows_the_file);
    tcase_add_test(tc, unmapped_objects_are_an_error);
    return run_suite("sqlite", tc);
}
