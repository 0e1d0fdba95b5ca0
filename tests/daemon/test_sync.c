/* From a source's changes to looks in the queue: daemon/sync.h on a SQLite source and store. */
#include "../suite.h"
#include <sqlite3.h>
#include <unistd.h>
#include "../../daemon/config.h"
#include "../../daemon/store.h"
#include "../../daemon/sync.h"

static const char configuration[] =
    "clock: 2026-03-20\n"
    "sources:\n"
    "  crm:\n"
    "    type: sqlite\n"
    "    dsn: %s/crm.db\n"
    "    objects:\n"
    "      opportunity:\n"
    "        from: opportunity\n"
    "        key: id\n"
    "        modified: updated_at\n"
    "        fields: {name: {type: text}}\n"
    "        parents: {account: {object: account, column: account_id}}\n"
    "        children: {activities: {object: activity, match: {what_id: id}, where: {what_type: opportunity}}}\n"
    "      account: {from: account, key: id, modified: updated_at, fields: {name: {type: text}}}\n"
    "      activity: {from: activity, key: id, modified: at, fields: {body: {type: text}}}\n"
    "      person: {from: person, key: id, modified: at, fields: {first: {type: text, entity: PERSON, part: first},"
    " last: {type: text, entity: PERSON, part: last}}}\n"
    "      note: {from: note, key: id, modified: at, fields: {body: {type: text}}}\n"
    "jobs:\n"
    "  a: {source: crm, object: opportunity, kinds: [summary, email]}\n";

static struct {
    char folder[64], dsn[96], crm[96], file[96];
    sqlite3 *db;
    struct keyring *keys;
    struct store *store;
    struct config *config;
    struct connector *connector;
} p;
static struct err e;

#define OK(call) ck_assert_msg((call) == RC_OK, "%s: %s", #call, e.msg)

static void sql(const char *text)
{
    char *why = NULL;
    ck_assert_msg(sqlite3_exec(p.db, text, NULL, NULL, &why) == SQLITE_OK, "%s: %s", text, why);
}

static void setup(void)
{
    char key[96];
    strcpy(p.folder, "/tmp/briefd-sync-XXXXXX");
    ck_assert_ptr_nonnull(mkdtemp(p.folder));
    snprintf(p.dsn, sizeof(p.dsn), "sqlite://%s/b.db", p.folder);
    snprintf(p.crm, sizeof(p.crm), "%s/crm.db", p.folder);
    snprintf(p.file, sizeof(p.file), "%s/briefd.yaml", p.folder);
    snprintf(key, sizeof(key), "%s/master.key", p.folder);
    ck_assert_int_eq(sqlite3_open(p.crm, &p.db), SQLITE_OK);
    sql("CREATE TABLE account(id TEXT PRIMARY KEY, name TEXT, updated_at TEXT);"
        "CREATE TABLE opportunity(id TEXT PRIMARY KEY, name TEXT, account_id TEXT, updated_at TEXT);"
        "CREATE TABLE activity(id TEXT PRIMARY KEY, what_type TEXT, what_id TEXT, body TEXT, at TEXT);"
        "CREATE TABLE person(id TEXT PRIMARY KEY, first TEXT, last TEXT, at TEXT);"
        "CREATE TABLE note(id TEXT PRIMARY KEY, body TEXT, at TEXT);"
        "INSERT INTO account VALUES('A1', 'Nord', '2026-01-01 08:00:00'), ('A2', 'Vale', '2026-01-01 08:00:00');"
        "INSERT INTO opportunity VALUES('O1', 'Press', 'A1', '2026-03-01 08:00:00'), ('O2', 'Line', 'A1', '2026-03-02 08:00:00'),"
        " ('O3', 'Saw', 'A2', '2026-03-03 08:00:00');"
        "INSERT INTO activity VALUES('C1', 'opportunity', 'O1', 'x', '2026-03-04 08:00:00');");
    FILE *f = fopen(p.file, "w");
    fprintf(f, configuration, p.folder);
    fclose(f);
    OK(keyring_open(key, &p.keys, &e));
    OK(store_open(p.dsn, &(struct store_options){.keys = p.keys}, &p.store, &e));
    OK(config_open(p.file, &(struct config_options){.resolve_secrets = true}, &p.config, &e));
    OK(connector_open(config_get(p.config)->sources, &config_get(p.config)->clock, &p.connector, &e));
}

static void teardown(void)
{
    char command[96];
    connector_close(p.connector);
    config_close(p.config);
    store_close(p.store);
    keyring_close(p.keys);
    sqlite3_close(p.db);
    snprintf(command, sizeof(command), "rm -rf %s", p.folder);
    ck_assert_int_eq(system(command), 0);
}

static struct sync_result sync_now(bool reconcile)
{
    struct sync_result r;
    OK(sync_source(p.store, keyring_hash_key(p.keys), p.connector, config_get(p.config), &(struct sync_options){.reconcile = reconcile}, &r, &e));
    return r;
}

/* One claim (of one object and kind), as "object/id kind; " each; what was claimed is done. */
static const char *queued(void)
{
    static char out[1024];
    struct store_jobs jobs;
    struct store_claim c = {.worker = "test", .lease_us = 60000000, .max = 20};
    out[0] = '\0';
    OK(store_queue_claim(p.store, &c, &jobs, &e));
    for (size_t i = 0; i < jobs.n; i++) {
        size_t n = strlen(out);
        snprintf(out + n, sizeof(out) - n, "%s/%s %s; ", jobs.jobs[i].object, jobs.jobs[i].record_id,
                 purpose_name(jobs.jobs[i].kind));
        OK(store_queue_done(p.store, "test", &jobs.jobs[i].id, 1, NULL, &e));
    }
    store_jobs_clear(&jobs);
    return out;
}

static bool waits(const char *all, const char *look)
{
    return strstr(all, look) != NULL;
}

/* Everything that waits: claims until none is left. */
static void collect(char *out, size_t size)
{
    out[0] = '\0';
    for (const char *more = queued(); *more; more = queued())
        strncat(out, more, size - strlen(out) - 1);
}

START_TEST(changes_are_queued_for_the_kinds_of_their_jobs)
{
    char all[2048];
    setup();
    struct sync_result r = sync_now(false);
    ck_assert_uint_eq(r.rows, 6); /* three deals, two accounts, one activity; notes belong to no job */
    ck_assert_uint_eq(r.changed, 6);
    collect(all, sizeof(all));
    for (int i = 1; i <= 3; i++) {
        char look[48];
        snprintf(look, sizeof(look), "opportunity/O%d summary", i);
        ck_assert_msg(waits(all, look), "%s: %s", look, all);
        snprintf(look, sizeof(look), "opportunity/O%d email", i);
        ck_assert_msg(waits(all, look), "%s: %s", look, all);
    }
    ck_assert(!waits(all, "account/"));
    ck_assert(!waits(all, "activity/"));
    r = sync_now(false);
    ck_assert_uint_eq(r.changed, 0); /* the overlap shows rows again, but nothing is new */
    ck_assert_str_eq(queued(), "");
    sql("UPDATE opportunity SET updated_at = '2026-03-10 08:00:00' WHERE id = 'O2'");
    ck_assert_uint_eq(sync_now(false).changed, 1);
    collect(all, sizeof(all));
    ck_assert_msg(waits(all, "opportunity/O2 summary") && !waits(all, "O1"), "%s", all);
    teardown();
}
END_TEST

START_TEST(a_changed_child_or_parent_queues_whom_it_belongs_to)
{
    char all[2048];
    setup();
    sync_now(false);
    collect(all, sizeof(all));
    sql("INSERT INTO activity VALUES('C2', 'opportunity', 'O3', 'y', '2026-03-11 08:00:00'),"
        " ('C3', 'case', 'O2', 'z', '2026-03-11 09:00:00')");
    ck_assert_uint_eq(sync_now(false).changed, 2);
    collect(all, sizeof(all));
    ck_assert_msg(waits(all, "opportunity/O3 summary") && !waits(all, "O1") && !waits(all, "O2"), "%s", all);
    sql("UPDATE account SET updated_at = '2026-03-12 08:00:00' WHERE id = 'A1'");
    sync_now(false);
    collect(all, sizeof(all));
    ck_assert_msg(waits(all, "O1 summary") && waits(all, "O2 summary") && !waits(all, "O3"), "%s", all);
    teardown();
}
END_TEST

START_TEST(reconcile_finds_late_rows_and_deletions)
{
    char all[2048];
    setup();
    sync_now(true);
    collect(all, sizeof(all));
    /* A row that was committed late, with a stamp from long before the overlap. */
    sql("INSERT INTO opportunity VALUES('O9', 'Late', 'A2', '2025-01-01 08:00:00'); DELETE FROM opportunity WHERE id = 'O1'");
    struct sync_result r = sync_now(false);
    ck_assert_uint_eq(r.changed, 0);
    r = sync_now(true);
    ck_assert_uint_eq(r.changed, 1);
    ck_assert_uint_eq(r.gone, 1);
    collect(all, sizeof(all));
    ck_assert_msg(waits(all, "O9 summary") && !waits(all, "O1"), "%s", all);
    teardown();
}
END_TEST

START_TEST(another_organisation_is_refused)
{
    struct sync_result r;
    setup();
    sync_now(false);
    sql("CREATE TABLE briefd_identity(uuid TEXT); INSERT INTO briefd_identity VALUES('another')");
    ck_assert_int_eq(sync_source(p.store, keyring_hash_key(p.keys), p.connector, config_get(p.config), &(struct sync_options){0}, &r, &e), RC_REFUSED);
    ck_assert_ptr_nonnull(strstr(e.msg, "rebind"));
    teardown();
}
END_TEST

static enum rc take_hash(void *ctx, const uint8_t hash[SHA256_SIZE], struct err *why)
{
    (void)why;
    memcpy(ctx, hash, SHA256_SIZE);
    return RC_OK;
}

/* Is somebody of this last name known? */
static bool knows(const char *last)
{
    struct field_spec spec = {.name = "last", .type = FIELD_TEXT, .entity = "PERSON", .part = "last"};
    struct record *r;
    uint8_t hash[SHA256_SIZE];
    bool known;
    OK(record_open("any", "person", "1", &r, &e));
    OK(record_add(r, &spec, last, strlen(last), NULL, &e));
    OK(policy_name_hashes(keyring_hash_key(p.keys), r, take_hash, hash, &e));
    record_close(r);
    OK(store_name_known(p.store, hash, &known, &e));
    return known;
}

START_TEST(names_become_known_by_hashes_only)
{
    char path[96], command[192];
    setup();
    sql("INSERT INTO person VALUES('P1', 'Anna', 'Quistorp', '2026-03-05 08:00:00')");
    ck_assert(!knows("Quistorp"));
    sync_now(false);
    ck_assert(knows("Quistorp"));
    ck_assert(knows("QUISTORP"));
    ck_assert(!knows("Anna")); /* a first name is no last name */
    sql("INSERT INTO person VALUES('P2', 'Tom', 'Hallgrimsson', '2026-03-10 08:00:00')");
    sync_now(false);
    ck_assert(knows("Hallgrimsson"));
    snprintf(path, sizeof(path), "%s/b.db", p.folder);
    snprintf(command, sizeof(command), "! grep -aqi -e quistorp -e hallgrimsson %s*", path);
    ck_assert_int_eq(system(command), 0);
    teardown();
}
END_TEST

START_TEST(bad_rows_are_quarantined_and_the_rest_goes_on)
{
    setup();
    sql("UPDATE opportunity SET updated_at = 'soon' WHERE id = 'O2'");
    struct sync_result r = sync_now(false);
    ck_assert_uint_eq(r.quarantined, 1);
    ck_assert_uint_eq(r.rows, 5);
    teardown();
}
END_TEST

SUITE_MAIN("sync", changes_are_queued_for_the_kinds_of_their_jobs, a_changed_child_or_parent_queues_whom_it_belongs_to,
           reconcile_finds_late_rows_and_deletions, another_organisation_is_refused,
           names_become_known_by_hashes_only, bad_rows_are_quarantined_and_the_rest_goes_on)
