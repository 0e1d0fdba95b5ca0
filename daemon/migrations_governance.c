/* The tables of governance: who signs in, who approved, who acted, who was erased, what was learned from whom. */
#include "store_db.h"

const char migration_governance[] =
    /* hash: keyed hash of the secret. identities: "crm=U-07 erp=77", or one id for every source. */
    "CREATE TABLE access_key(name TEXT PRIMARY KEY, role TEXT NOT NULL, identities TEXT NOT NULL, team TEXT,"
    " sources TEXT NOT NULL, hash BLOB NOT NULL, made_us INTEGER NOT NULL, expires_us INTEGER NOT NULL,"
    " revoked_us INTEGER) WITHOUT ROWID;"

    "ALTER TABLE brief ADD COLUMN approvals INTEGER NOT NULL DEFAULT 1;"
    "CREATE TABLE approval(brief TEXT NOT NULL REFERENCES brief(id) ON DELETE CASCADE, actor TEXT NOT NULL,"
    " at_us INTEGER NOT NULL, PRIMARY KEY(brief, actor)) WITHOUT ROWID;"

    /* sealed: for both custodians' keys together; or, before there are custodians, under the keyring. */
    "CREATE TABLE actor(pseudonym TEXT PRIMARY KEY, sealed BLOB NOT NULL, custody INTEGER NOT NULL,"
    " made_us INTEGER NOT NULL) WITHOUT ROWID;"

    /* Keyed hashes of what must not come back: subjects, and addresses and numbers that are one person's. */
    "CREATE TABLE erased(hash TEXT PRIMARY KEY, what TEXT NOT NULL, at_us INTEGER NOT NULL) WITHOUT ROWID;"

    "CREATE TABLE adapter(name TEXT PRIMARY KEY, sha256 TEXT NOT NULL, base TEXT NOT NULL, made_us INTEGER NOT NULL,"
    " disabled_us INTEGER, reason TEXT) WITHOUT ROWID;"
    "CREATE TABLE adapter_subject(adapter TEXT NOT NULL REFERENCES adapter(name) ON DELETE CASCADE,"
    " subject TEXT NOT NULL, PRIMARY KEY(adapter, subject)) WITHOUT ROWID;"
    "CREATE INDEX adapter_subject_of ON adapter_subject(subject);";
