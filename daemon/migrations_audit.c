#include "store_db.h"

/* Signed checkpoints of the audit chain, content that the policy lets it keep (sealed), and every document that was ever
 * in force, by its hash; in_force: the present one of each name. */
const char migration_audit[] =
    "CREATE TABLE audit_checkpoint(seq INTEGER NOT NULL, base INTEGER NOT NULL, at_us INTEGER NOT NULL,"
    " hash BLOB NOT NULL, signature BLOB NOT NULL, PRIMARY KEY(seq, base)) WITHOUT ROWID;"
    "CREATE TABLE audit_content(seq INTEGER PRIMARY KEY, sealed BLOB NOT NULL);"
    "CREATE TABLE audit_content_subject(seq INTEGER NOT NULL, subject TEXT NOT NULL, PRIMARY KEY(seq, subject))"
    " WITHOUT ROWID;"
    "CREATE TABLE document(what TEXT NOT NULL, hash TEXT NOT NULL, name TEXT NOT NULL, first_us INTEGER NOT NULL,"
    " bytes BLOB NOT NULL, PRIMARY KEY(what, hash));"
    "CREATE TABLE in_force(what TEXT NOT NULL, name TEXT NOT NULL, hash TEXT NOT NULL, PRIMARY KEY(what, name))"
    " WITHOUT ROWID;"
    "DROP TABLE hash_seen;";
