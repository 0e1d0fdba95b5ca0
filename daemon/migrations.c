/* The schema of the SQLite store, as numbered steps. A step that was released is never changed: add another one.
 * Times are microseconds since 1970 UTC. No column holds a record's text or a clear value. */
#include "store_db.h"

static const char first[] =
    "CREATE TABLE fact(name TEXT PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID;"

    "CREATE TABLE source(name TEXT PRIMARY KEY, identity TEXT NOT NULL, bound_us INTEGER NOT NULL) WITHOUT ROWID;"
    "CREATE TABLE watermark(source TEXT NOT NULL, object TEXT NOT NULL, text TEXT NOT NULL,"
    " PRIMARY KEY(source, object)) WITHOUT ROWID;"
    "CREATE TABLE seen(source TEXT NOT NULL, object TEXT NOT NULL, id TEXT NOT NULL, version TEXT NOT NULL,"
    " modified_us INTEGER NOT NULL, deleted INTEGER NOT NULL, checked_us INTEGER NOT NULL,"
    " PRIMARY KEY(source, object, id)) WITHOUT ROWID;"
    "CREATE TABLE quarantine(source TEXT NOT NULL, object TEXT NOT NULL, id TEXT NOT NULL, reason TEXT NOT NULL,"
    " at_us INTEGER NOT NULL, PRIMARY KEY(source, object, id)) WITHOUT ROWID;"
    "CREATE TABLE hash_seen(what TEXT NOT NULL, hash TEXT NOT NULL, name TEXT NOT NULL, first_us INTEGER NOT NULL,"
    " PRIMARY KEY(what, hash)) WITHOUT ROWID;"

    /* One waiting, one running and one dead job at most of a record and kind: no two workers ever have the same. */
    "CREATE TABLE job(id INTEGER PRIMARY KEY AUTOINCREMENT, source TEXT NOT NULL, object TEXT NOT NULL,"
    " record_id TEXT NOT NULL, kind TEXT NOT NULL, state TEXT NOT NULL DEFAULT 'waiting',"
    " priority INTEGER NOT NULL, not_before_us INTEGER NOT NULL, attempts INTEGER NOT NULL DEFAULT 0,"
    " crashes INTEGER NOT NULL DEFAULT 0, worker TEXT, lease_until_us INTEGER NOT NULL DEFAULT 0,"
    " intent TEXT, tone TEXT, language TEXT, to_contact TEXT, reason TEXT);"
    "CREATE UNIQUE INDEX job_one ON job(source, object, record_id, kind, state);"
    "CREATE INDEX job_next ON job(state, priority DESC, not_before_us, id);"
    "CREATE INDEX job_worker ON job(worker) WHERE worker IS NOT NULL;"

    "CREATE TABLE brief(id TEXT PRIMARY KEY, source TEXT NOT NULL, object TEXT NOT NULL, record_id TEXT NOT NULL,"
    " record_version TEXT, kind TEXT NOT NULL, intent TEXT, tone TEXT, to_contact TEXT, language TEXT NOT NULL,"
    " state TEXT NOT NULL, by_person INTEGER NOT NULL DEFAULT 0, as_of INTEGER NOT NULL,"
    " valid_until_us INTEGER NOT NULL, owner TEXT, team TEXT, policy_hash TEXT NOT NULL, template_hash TEXT NOT NULL,"
    " model_hash TEXT NOT NULL, input_hash TEXT NOT NULL, subject TEXT, body TEXT NOT NULL, to_slot TEXT,"
    " created_by TEXT NOT NULL, prompt_tokens INTEGER NOT NULL, output_tokens INTEGER NOT NULL, ms INTEGER NOT NULL,"
    " made_us INTEGER NOT NULL, changed_us INTEGER NOT NULL);"
    "CREATE UNIQUE INDEX brief_same ON brief(source, object, record_id, kind, input_hash, policy_hash, template_hash,"
    " model_hash) WHERE state NOT IN ('superseded', 'expired');"
    "CREATE INDEX brief_record ON brief(source, object, record_id, kind);"
    "CREATE INDEX brief_state ON brief(state, made_us);"
    "CREATE TABLE brief_sentence(brief TEXT NOT NULL REFERENCES brief(id) ON DELETE CASCADE, n INTEGER NOT NULL,"
    " text TEXT NOT NULL, by_code INTEGER NOT NULL, PRIMARY KEY(brief, n)) WITHOUT ROWID;"
    "CREATE TABLE brief_rest(brief TEXT NOT NULL REFERENCES brief(id) ON DELETE CASCADE, sentence INTEGER NOT NULL,"
    " n INTEGER NOT NULL, path TEXT NOT NULL, PRIMARY KEY(brief, sentence, n)) WITHOUT ROWID;"
    "CREATE TABLE brief_bullet(brief TEXT NOT NULL REFERENCES brief(id) ON DELETE CASCADE, n INTEGER NOT NULL,"
    " text TEXT NOT NULL, PRIMARY KEY(brief, n)) WITHOUT ROWID;"
    "CREATE TABLE brief_flag(brief TEXT NOT NULL REFERENCES brief(id) ON DELETE CASCADE, n INTEGER NOT NULL,"
    " flag TEXT NOT NULL, PRIMARY KEY(brief, n)) WITHOUT ROWID;"
    "CREATE TABLE brief_value(brief TEXT NOT NULL REFERENCES brief(id) ON DELETE CASCADE, n INTEGER NOT NULL,"
    " slot TEXT NOT NULL, subject TEXT NOT NULL, hash BLOB NOT NULL, sealed BLOB NOT NULL,"
    " PRIMARY KEY(brief, n)) WITHOUT ROWID;"
    "CREATE INDEX brief_value_hash ON brief_value(hash);"
    "CREATE INDEX brief_value_subject ON brief_value(subject);"
    "CREATE TABLE write_back(n INTEGER PRIMARY KEY AUTOINCREMENT,"
    " brief TEXT NOT NULL REFERENCES brief(id) ON DELETE CASCADE, field TEXT NOT NULL, version TEXT,"
    " new_version TEXT, subject TEXT NOT NULL, previous BLOB, begun_us INTEGER NOT NULL, ended_us INTEGER);"
    "CREATE INDEX write_back_brief ON write_back(brief);"

    /* wrapped is NULL once the subject was erased: the row stays, so that no new key is made. */
    "CREATE TABLE subject_key(subject TEXT PRIMARY KEY, wrapped BLOB, made_us INTEGER NOT NULL,"
    " erased_us INTEGER) WITHOUT ROWID;"

    "CREATE TABLE audit(seq INTEGER PRIMARY KEY, at_us INTEGER NOT NULL, actor TEXT NOT NULL, event TEXT NOT NULL,"
    " object TEXT NOT NULL, outcome TEXT NOT NULL, detail TEXT NOT NULL, hash BLOB NOT NULL, mac BLOB NOT NULL);";

/* Keyed hashes of the parts of every name that the sources know, so that a name in a text is found in a record that does
 * not hold it. */
static const char second[] = "CREATE TABLE name_hash(hash BLOB PRIMARY KEY) WITHOUT ROWID;";

/* Why a sentence is missing: part, which of its sentences, the check. */
static const char reasons[] = "CREATE TABLE brief_reason(brief TEXT NOT NULL REFERENCES brief(id) ON DELETE CASCADE,"
                              " n INTEGER NOT NULL, reason TEXT NOT NULL, PRIMARY KEY(brief, n)) WITHOUT ROWID;";

/* The adapter that stood beside the model belongs to a brief's key. Losses are in millionths. */
static const char adapters[] =
    "ALTER TABLE brief ADD COLUMN adapter_hash TEXT NOT NULL DEFAULT '';"
    "DROP INDEX brief_same;"
    "CREATE UNIQUE INDEX brief_same ON brief(source, object, record_id, kind, input_hash, policy_hash, template_hash,"
    " model_hash, adapter_hash) WHERE state NOT IN ('superseded', 'expired');"
    "CREATE TABLE adapter_sentence(adapter TEXT NOT NULL REFERENCES adapter(name) ON DELETE CASCADE, n INTEGER NOT NULL,"
    " text TEXT NOT NULL, PRIMARY KEY(adapter, n)) WITHOUT ROWID;"
    "ALTER TABLE adapter ADD COLUMN briefs INTEGER NOT NULL DEFAULT 0;"
    "ALTER TABLE adapter ADD COLUMN loss_before INTEGER NOT NULL DEFAULT 0;"
    "ALTER TABLE adapter ADD COLUMN loss_after INTEGER NOT NULL DEFAULT 0;";

const struct migration sqlite_migrations[] = {{1, first}, {2, second}, {3, migration_audit}, {4, migration_governance}, {5, reasons},
                                              {6, adapters}};
const size_t n_sqlite_migrations = COUNT_OF(sqlite_migrations);
