/* store_db.h: between the store's logic (store*.c) and a data base. A back end is one const struct of functions that
 * runs SQL; the SQL itself is written once, in the dialect that SQLite and PostgreSQL share ($1 parameters, ON
 * CONFLICT, RETURNING). What differs, the schema, is in the back end's migrations. */
#ifndef DAEMON_STORE_DB_H
#define DAEMON_STORE_DB_H

#include "governance.h"
#include "store.h"

/* In `seen`: briefd wrote the record itself, so its next stamp is no change if the version is the one that it got. */
#define SEEN_ANY_STAMP INT64_C(-1)

struct param { /* a value for $1, $2, ... */
    enum { PARAM_NULL, PARAM_INT, PARAM_TEXT, PARAM_BLOB } kind;
    int64_t integer;
    const void *bytes;
    size_t n;
};
static inline struct param p_int(int64_t x)
{
    return (struct param){.kind = PARAM_INT, .integer = x};
}
static inline struct param p_text(const char *s) /* NULL: SQL's NULL */
{
    return (struct param){.kind = s ? PARAM_TEXT : PARAM_NULL, .bytes = s};
}
static inline struct param p_blob(const void *bytes, size_t n)
{
    return (struct param){.kind = bytes ? PARAM_BLOB : PARAM_NULL, .bytes = bytes, .n = n};
}
/* The parameters of one statement, as the last arguments of db_*(). */
#define WITH(...) (const struct param[]){__VA_ARGS__}, COUNT_OF(((const struct param[]){__VA_ARGS__}))
#define WITH_NOTHING NULL, 0

struct migration {
    int number;      /* from 1, without gaps */
    const char *sql;
};
extern const char migration_audit[]; /* migrations_audit.c */
extern const char migration_governance[]; /* migrations_governance.c */
extern const struct migration sqlite_migrations[];
extern const size_t n_sqlite_migrations;

struct rows; /* a running statement */

#define STORE_SCAN_OVERLAP 1024
typedef enum rc (*stored_fn)(void *ctx, const char *where, const void *bytes, size_t n, struct err *e);

struct store_backend {
    const char *scheme; /* of its DSN */
    const struct migration *migrations;
    const size_t *n_migrations;
    enum rc (*open)(const char *location, const struct store_options *opt, struct store **out, struct err *e);
    void (*close)(struct store *s);
    /* write: no other write transaction runs at the same time. */
    enum rc (*begin)(struct store *s, bool write, struct err *e);
    enum rc (*commit)(struct store *s, struct err *e);
    void (*rollback)(struct store *s);
    /* Applied migrations; and run one inside the transaction, noting its number. */
    enum rc (*version)(struct store *s, int *out, struct err *e);
    enum rc (*migrate)(struct store *s, const struct migration *m, struct err *e);
    /* Start a statement. sql is a literal: its address names it in the cache of prepared ones. */
    enum rc (*query)(struct store *s, const char *sql, const struct param *p, size_t n, struct rows **out,
                     struct err *e);
    enum rc (*next)(struct rows *r, bool *more, struct err *e);
    /* Of the present row, columns from 0; borrowed until next() or done(). NULL text for SQL's NULL. */
    int64_t (*integer)(struct rows *r, int column);
    const char *(*text)(struct rows *r, int column);
    const void *(*blob)(struct rows *r, int column, size_t *n);
    void (*done)(struct rows *r); /* NULL is a no-op */
    size_t (*changed)(struct store *s); /* rows by the last INSERT, UPDATE or DELETE */
    /* After an erase: make sure that no old page keeps what was overwritten. */
    enum rc (*forget)(struct store *s, struct err *e);
    /* Every text and blob of every table ("brief.body"), and the files' bytes in stretches that overlap by
     * STORE_SCAN_OVERLAP ("file", "file -wal"). */
    enum rc (*each_value)(struct store *s, stored_fn on_value, void *ctx, struct err *e);
};

struct store { /* every handle begins with this */
    const struct store_backend *backend;
    struct store_options opt;
    bool in_transaction;
    bool audited;       /* the running transaction appended to the chain */
    bool chain_broken;  /* a checkpoint was due and the chain did not hold: this handle signs no more */
};

/* ---- for store*.c ------------------------------------------------------------------------------------------------ */

MUST_USE enum rc tx_begin(struct store *s, struct err *e);
MUST_USE enum rc tx_begin_read(struct store *s, struct err *e);
/* Commit if rc is RC_OK, else roll back; nothing if the transaction never began. The result is rc, or the commit's. */
MUST_USE enum rc tx_end(struct store *s, enum rc rc, struct err *e);

/* Run a statement that gives no rows. */
MUST_USE enum rc db_run(struct store *s, struct err *e, const char *sql, const struct param *p, size_t n);
MUST_USE enum rc db_query(struct store *s, struct rows **out, struct err *e, const char *sql, const struct param *p,
                          size_t n);
/* The first column of the first row as a number; `absent` if there is no row. */
MUST_USE enum rc db_int(struct store *s, int64_t absent, int64_t *out, struct err *e, const char *sql,
                        const struct param *p, size_t n);
size_t db_changed(struct store *s);
enum rc rows_next(struct rows *r, bool *more, struct err *e);
int64_t rows_int(struct rows *r, int column);
const char *rows_text(struct rows *r, int column);
const void *rows_blob(struct rows *r, int column, size_t *n);
void rows_done(struct rows *r);
struct rows { /* every back end's rows begin with this */
    struct store *store;
};

/* " summary email " for kinds[N_PURPOSES], NULL for NULL: the filter ($n IS NULL OR $n LIKE '% ' || kind || ' %'). */
#define KINDS_SIZE 64
const char *kinds_text(const bool *kinds, char out[KINDS_SIZE]);

/* Inside a running transaction: */
MUST_USE enum rc audit_append(struct store *s, const struct audit_event *ev, const char *object, struct err *e);
MUST_USE enum rc queue_put(struct store *s, const struct store_ask *ask, struct err *e);
MUST_USE enum rc queue_finish(struct store *s, const char *worker, int64_t id, bool *held, struct err *e);
MUST_USE enum rc queue_recover(struct store *s, int64_t leases_until_us, struct err *e);
MUST_USE enum rc briefs_expire(struct store *s, const char *source, const char *object, const char *id, struct err *e);
/* "p-..." for a person's name, "system" as it is (store_actors.c). */
MUST_USE enum rc actor_pseudonym(struct store *s, const char *name, char out[PSEUDONYM_SIZE], struct err *e);
/* RC_REFUSED one of the values is an address or a number of somebody who was erased (store_erase.c). */
MUST_USE enum rc erased_check(struct store *s, const struct policy_value *values, size_t n, struct err *e);
/* Is the record that of a person who was erased? */
MUST_USE enum rc erased_record(struct store *s, const char *source, const char *object, const char *id, bool *erased,
                               struct err *e);
/* Erase again who was erased before the backup was made that this store comes from. */
MUST_USE enum rc erased_follow(struct store *s, struct err *e);
MUST_USE enum rc key_load(struct store *s, const char *subject, bool create, uint8_t key[KEY_SIZE], struct err *e);

/* store_checkpoint.c: sign the entry that w stands for, just appended, if a checkpoint is due and the chain holds. */
MUST_USE enum rc checkpoint_due(struct store *s, const struct audit_walk *w, int64_t at_us, struct err *e);
struct checkpoints { /* starts zeroed; free(all) */
    struct audit_checkpoint *all; /* in order of seq, a base before the checkpoint of the same entry */
    size_t n;
};
MUST_USE enum rc checkpoints_read(struct store *s, struct checkpoints *out, struct err *e);
/* Where the chain begins: the newest base, or zeros. RC_BAD a checkpoint that this store's key did not sign. */
MUST_USE enum rc checkpoints_begin(struct store *s, const struct checkpoints *c, struct audit_walk *w, struct err *e);

/* store_content.c: seal `content` for entry seq and store it; its hash, hex, or "none" if a subject was erased. */
MUST_USE enum rc content_put(struct store *s, int64_t seq, const struct audit_content *content,
                             char hash[SHA256_HEX_SIZE], struct err *e);
/* Is each stored content the one that its entry names? `named`: how many entries name one. */
MUST_USE enum rc contents_check(struct store *s, int64_t named, struct err *e);
bool content_named(const char *detail); /* "... content=HASH" */
/* store_documents.c: does each document have its hash? */
MUST_USE enum rc documents_check(struct store *s, struct err *e);

/* Bring the head beside the key up to the chain; never over a head that the chain contradicts. */
void audit_head_follow(struct store *s);
/* store_audit.c: from w, which is known to be right, to the chain's end: seals, order, and that the head is not contradicted. */
MUST_USE enum rc audit_check_from(struct store *s, struct audit_walk *w, struct err *e);
/* The whole chain with checkpoints, content and documents, without the head. */
MUST_USE enum rc audit_check_all(struct store *s, struct err *e);
/* The number that the head knows; -1 if it cannot be read. */
int64_t audit_head_seq(struct store *s);

extern const struct store_backend store_sqlite;

#endif
