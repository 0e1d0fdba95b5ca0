/* store.h: what outlives a restart: how far each source was read, the queue, the briefs, sealed values, keys of
 * subjects, quarantine, and the audit chain. Never a record's text: briefs are kept in slots ([PERSON_1]), the values
 * behind the slots sealed.
 *
 * Every function here is one transaction: it happened as a whole or not at all, also after kill -9. What must be
 * audited takes a struct audit_event and appends it in that same transaction.
 *
 * Threads: a handle belongs to one thread; open one for each. Handles of several threads and processes may work on one
 * store. Callbacks borrow what they get until they return, and don't call the store.
 *
 * Errors: RC_BAD a wrong DSN, key or file; RC_RETRY the store is busy, locked or out of disk space: nothing was
 * changed; RC_REFUSED a state or a key does not allow it; RC_LIMIT more than a stated bound; RC_NOMEM. */
#ifndef DAEMON_STORE_H
#define DAEMON_STORE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include "../base/buf.h"
#include "../base/err.h"
#include "../connectors/connector.h"
#include "../policy/policy.h"
#include "keyring.h"

/* ---- opening ---------------------------------------------------------------------------------------------------- */

struct store_options {
    const struct keyring *keys;      /* outlives the handle */
    bool exclusive;                  /* take the lock of the one process that runs jobs (PATH.lock) */
    unsigned max_attempts;           /* of a job before it is a dead letter; 0: 5 */
    int64_t (*now_us)(void *ctx);    /* for leases, backoff and audit; NULL: the system's clock. Not `--as-of`. */
    void *now_ctx;
};
struct store;

/* dsn: sqlite:///path, sqlite:path. Makes the file (mode 0600) and brings the schema up to date.
 * RC_OK *out is the caller's; store_close() it. RC_BAD a schema newer than this program, another master key, a file
 * that is no store. RC_RETRY another process holds the lock. */
MUST_USE enum rc store_open(const char *dsn, const struct store_options *opt, struct store **out, struct err *e);
void store_close(struct store *s); /* NULL is a no-op */
/* Keys at rest, for policy_release() and policy_rehydrate(); valid as long as s. */
void store_policy_keys(struct store *s, struct policy_keys *out);

/* ---- audit ------------------------------------------------------------------------------------------------------ */

struct audit_event { /* as struct audit_entry, less what the store adds (seq, time) */
    const char *actor;   /* "system", a person's or key's name; the chain holds a pseudonym (governance.h) */
    const char *event;   /* "brief.made", "brief.refused", ... */
    const char *object;  /* "crm/opportunity/O-023"; NULL: the brief that the call is about */
    const char *outcome; /* NULL: "ok" */
    const char *detail;  /* NULL: ""; hashes and codes as k=v words, never content. reason= is the last, up to the end: which
                            rule refused */
    const struct audit_content *content; /* kept sealed beside the entry (policy: audit: content: yes); NULL: none */
};
/* Sealed (AES-256-GCM) under a key made of the keys of all its subjects: once one of them is destroyed nobody reads it. The
 * entry's detail has the hash of the sealed bytes, so the chain covers them and goes on verifying. */
struct audit_content {
    const char *text;
    const char *const *subjects; /* as seal_subject() names them; at least one */
    size_t n_subjects;
};
MUST_USE enum rc store_audit_add(struct store *s, const struct audit_event *ev, struct err *e);
/* Every entry in order. */
typedef enum rc (*audit_fn)(void *ctx, const struct audit_entry *entry, struct err *e);
MUST_USE enum rc store_audit_walk(struct store *s, audit_fn on_entry, void *ctx, struct err *e);
/* The same from entry `from` on, with hash and the checkpoints that stand behind entries; checkpoint NULL: none there. */
typedef enum rc (*audit_sealed_fn)(void *ctx, const struct audit_entry *entry, const uint8_t hash[AUDIT_HASH_SIZE],
                                   const struct audit_checkpoint *checkpoint, struct err *e);
MUST_USE enum rc store_audit_export(struct store *s, int64_t from, audit_sealed_fn on_entry, void *ctx, struct err *e);
/* Check the whole chain, its checkpoints, the content that it vouches for, the documents in force, and its head beside
 * the key. RC_OK *entries is the number of the last one. RC_BAD says which entry was changed, removed, reordered or cut.
 * Entries younger than the head are what a crash leaves: sealed one by one. */
MUST_USE enum rc store_audit_verify(struct store *s, int64_t *entries, struct err *e);

/* A checkpoint is made with the first entry, then with every AUDIT_CHECKPOINT_EVERY-th after the last or, if that is
 * sooner, with the first entry a day after it. */
#define AUDIT_CHECKPOINT_EVERY 1000
/* Sign the chain as it stands, if its last entry has no checkpoint. RC_REFUSED the chain is empty; RC_BAD what came after
 * the last checkpoint does not hold, and is not signed. */
MUST_USE enum rc store_audit_checkpoint(struct store *s, struct audit_checkpoint *out, struct err *e);
struct store_audit_facts {
    int64_t first, last;        /* entries that are there; 0: none */
    int64_t checkpoints;
    struct audit_checkpoint newest; /* seq 0: none */
    struct audit_checkpoint base;   /* seq 0: nothing was removed yet */
    int64_t contents, documents;
};
MUST_USE enum rc store_audit_facts(struct store *s, struct store_audit_facts *out, struct err *e);
/* Retention: remove every entry up to the newest checkpoint that is older than before_us and that the head knows, with
 * its content. The checkpoint stays, signed as the chain's new base, and ev is appended. *removed: entries; 0: no such
 * checkpoint, nothing was done. dry_run: only count. RC_BAD the chain does not hold: evidence is not removed. */
MUST_USE enum rc store_audit_prune(struct store *s, int64_t before_us, bool dry_run, const struct audit_event *ev,
                                   int64_t *removed, struct err *e);
/* The content of an entry, in clear: buf_wipe() it. RC_REFUSED it has none, or a key of its subjects was destroyed. */
MUST_USE enum rc store_audit_content(struct store *s, int64_t seq, struct buf *out, struct err *e);

/* ---- sources and sync ------------------------------------------------------------------------------------------- */

/* Bind a source to its organisation at first contact. RC_REFUSED it is bound to another one and not `rebind`. */
MUST_USE enum rc store_source_bind(struct store *s, const char *source, const char *identity, bool rebind,
                                   struct err *e);
MUST_USE enum rc store_watermark(struct store *s, const char *source, const char *object, char out[WATERMARK_SIZE],
                                 struct err *e); /* "" if never pulled */

/* Which of the rows are new or changed (version, stamp or deletion differ from what was seen)? For finding the parents
 * of changed children before store_sync_batch(). changed has n places. */
MUST_USE enum rc store_sync_changed(struct store *s, const char *source, const char *object, const struct pulled *rows,
                                    size_t n, bool *changed, struct err *e);

struct store_look { /* a record to look at: a parent of a changed child */
    const char *source, *object, *id;
    const bool *kinds; /* [N_PURPOSES] */
};
struct store_batch {
    const char *source, *object;
    const struct pulled *rows;
    size_t n;
    const char *watermark;          /* holds once the batch is stored; NULL: stays as it is */
    const bool *kinds;              /* [N_PURPOSES] to look at for each changed row; NULL: none */
    const struct store_look *looks; /* queued as well */
    size_t n_looks;
};
/* Store a batch of a pull: changed rows are remembered, taken out of quarantine and queued; briefs of deleted records
 * expire, their texts and values go, and so do their looks; the watermark moves: all in one transaction. *n_changed (may be NULL): new, changed and
 * deleted rows. */
MUST_USE enum rc store_sync_batch(struct store *s, const struct store_batch *b, size_t *n_changed, struct err *e);

/* Reconcile: take the time with store_now_us() first, give every row of the source's full list to
 * store_sync_batch() (watermark NULL), then call this: what no batch confirmed since then is gone from the source. */
int64_t store_now_us(const struct store *s);
MUST_USE enum rc store_sync_gone(struct store *s, const char *source, const char *object, int64_t since_us,
                                 size_t *n_gone, struct err *e);

/* ---- the queue -------------------------------------------------------------------------------------------------- */

#define STORE_MAX_BATCH CONNECTOR_MAX_BATCH
#define STORE_PRIORITY_BATCH 0
#define STORE_PRIORITY_PERSON 10 /* somebody waits for it; larger comes first */

struct store_ask { /* one look at one record for one kind */
    const char *source, *object, *record_id;
    enum purpose kind;
    int priority;
    int64_t not_before_us;             /* 0: now */
    const char *intent, *tone, *language, *to_contact; /* e-mail; NULL: defaults. A hint is text and is not queued. */
};
/* Queue a look. One that waits already is kept: its priority and time only get better, its wishes become the new. */
MUST_USE enum rc store_queue_add(struct store *s, const struct store_ask *ask, struct err *e);

enum job_state { JOB_WAITING, JOB_RUNNING, JOB_DEAD, N_JOB_STATES };
const char *job_state_name(enum job_state st);

struct store_job {
    int64_t id;
    const char *source, *object, *record_id;
    enum purpose kind;
    enum job_state state;
    int priority;
    unsigned attempts;                 /* this one included */
    int64_t not_before_us, lease_until_us;
    const char *intent, *tone, *language, *to_contact; /* NULL: defaults */
    const char *reason;                /* of the last failure, or NULL */
};
struct store_claim {
    const char *worker;                /* unique to the thread: "PID-THREAD" */
    int64_t lease_us;                  /* without a heartbeat others take over after that */
    size_t max;                        /* 1 to STORE_MAX_BATCH */
    const char *source, *object;       /* only these; NULL: any */
    const bool *kinds;                 /* only these; NULL: any */
};
struct store_jobs { /* clear with store_jobs_clear() */
    struct arena arena;
    struct store_job *jobs;
    size_t n;
};
/* Claim due looks of one source, object and kind: the most urgent one decides which. Expired leases count as failed
 * attempts and are due again. n is 0 if nothing is due. No job is ever held by two workers. */
MUST_USE enum rc store_queue_claim(struct store *s, const struct store_claim *c, struct store_jobs *out, struct err *e);
void store_jobs_clear(struct store_jobs *j);
/* Extend the leases of `worker`'s jobs; *held (may be NULL): how many of them it still holds. */
MUST_USE enum rc store_queue_heartbeat(struct store *s, const char *worker, int64_t lease_us, size_t *held,
                                       struct err *e);
/* These jobs are done without a new brief (unchanged, refused, gone). evs: n events (object not NULL), or NULL. Jobs that the
 * worker no longer holds are left alone. */
MUST_USE enum rc store_queue_done(struct store *s, const char *worker, const int64_t *ids, size_t n,
                                  const struct audit_event *evs, struct err *e);
/* These jobs failed. retry: again after 5 s, 10 s, 20 s ... at most an hour, until max_attempts; else, and then, they
 * become dead letters with the reason (codes and ids, never content). */
MUST_USE enum rc store_queue_fail(struct store *s, const char *worker, const int64_t *ids, size_t n, bool retry,
                                  const char *reason, struct err *e);
/* Give claimed jobs back untouched, attempts included: for SIGTERM. */
MUST_USE enum rc store_queue_release(struct store *s, const char *worker, struct err *e);
/* Drop waiting looks (what is over a job's budget and not carried over), or revive dead letters. NULL: any. */
MUST_USE enum rc store_queue_drop(struct store *s, const char *source, const char *object, const bool *kinds,
                                  size_t *n, struct err *e);
MUST_USE enum rc store_queue_revive(struct store *s, const char *source, const char *object, size_t *n, struct err *e);
/* Bring waiting looks that were never tried into this order, before all others of their priority. ids[n]. */
MUST_USE enum rc store_queue_rank(struct store *s, const int64_t *ids, size_t n, struct err *e);
/* counts[N_JOB_STATES]; due: waiting and not_before has passed. source, object, kinds NULL: any. */
struct store_counts { size_t by_state[N_JOB_STATES], due; int64_t next_us; /* of a waiting one; 0: none */ };
MUST_USE enum rc store_queue_counts(struct store *s, const char *source, const char *object, const bool *kinds,
                                    struct store_counts *out, struct err *e);
typedef enum rc (*job_fn)(void *ctx, const struct store_job *job, struct err *e);
MUST_USE enum rc store_queue_list(struct store *s, enum job_state state, size_t limit, job_fn on_job, void *ctx,
                                  struct err *e);

/* ---- briefs ----------------------------------------------------------------------------------------------------- */

enum brief_state {
    BRIEF_MADE, BRIEF_WAITING, BRIEF_APPROVED, BRIEF_EDITED, BRIEF_REJECTED, BRIEF_WRITE_PENDING, BRIEF_WRITTEN,
    BRIEF_CONFLICT, BRIEF_SUPERSEDED, BRIEF_EXPIRED, N_BRIEF_STATES
};
const char *brief_state_name(enum brief_state st); /* "made", "waiting", ..., "write_pending", ... */
bool brief_state_parse(const char *name, enum brief_state *out);
bool brief_state_may(enum brief_state from, enum brief_state to); /* the table of allowed transitions */

#define BRIEF_ID_SIZE 22 /* "b", 20 characters of base32 (100 random bits), NUL */

struct brief_meta { /* all borrowed; texts NULL where absent */
    const char *source, *object, *record_id;
    const char *record_version;      /* the source's token, for write-back */
    enum purpose kind;
    const char *intent, *tone, *to_contact;
    enum brief_state state;          /* BRIEF_WAITING, or BRIEF_APPROVED by policy */
    int32_t as_of;                   /* days since 1970: the day it speaks of */
    int64_t made_us;                 /* 0: now */
    const char *owner, *team;        /* for visibility */
    const char *policy_hash, *template_hash, *model_hash, *input_hash; /* hex */
    const char *adapter_hash;        /* hex; NULL or "": no adapter stood beside the model */
    const char *created_by;          /* "system" or who asked; comes back as a pseudonym (governance.h) */
    int64_t prompt_tokens, output_tokens, ms;
    unsigned approvals;              /* by how many people (four eyes: 2); 0: 1 */
};

/* Is there a current brief with these source, object, record, kind and five hashes? Then it need not be made. */
MUST_USE enum rc store_brief_exists(struct store *s, const struct brief_meta *m, bool *exists, struct err *e);

struct store_done { /* the job that a brief completes */
    int64_t job;
    const char *worker;
};
struct store_put_result {
    char id[BRIEF_ID_SIZE]; /* of the brief that is there now */
    bool made;              /* false: the same brief was there already */
    size_t superseded;
    bool beside_edit;       /* a person's edited text stands, this one beside it */
};
/* Keep a brief. Older briefs of the same record and kind that nobody touched (waiting, or approved by policy and not
 * yet written) are superseded; what a person edited or approved stays. The job, if any, is done. */
MUST_USE enum rc store_put(struct store *s, const struct policy_released *rel, const struct brief_meta *m,
                           const struct audit_event *ev, const struct store_done *job, struct store_put_result *out,
                           struct err *e);

/* Another state. RC_REFUSED the table does not allow it, or there is no such brief. ev's actor other than "system"
 * makes it a person's decision. */
MUST_USE enum rc store_brief_transition(struct store *s, const char *id, enum brief_state to,
                                        const struct audit_event *ev, struct err *e);
/* A person's edit, passed out by policy again, takes the place of the text; the state becomes edited. */
MUST_USE enum rc store_brief_edit(struct store *s, const char *id, const struct policy_released *rel,
                                  const struct audit_event *ev, struct err *e);

struct store_brief { /* everything of a brief; texts in slots; close with store_brief_close() */
    char id[BRIEF_ID_SIZE];
    struct brief_meta meta;          /* state is the present one */
    bool by_person;                  /* a person decided on it */
    int64_t changed_us;
    const char *language, *subject, *body, *to; /* subject and to may be NULL */
    int64_t valid_until;             /* microseconds; 0: none */
    const char *const *bullets;
    size_t n_bullets;
    const struct policy_sentence *sentences;
    size_t n_sentences;
    const char *const *flags;
    size_t n_flags;
    const char *const *reasons;      /* why sentences are missing: "body 2: grounding" */
    size_t n_reasons;
    const struct policy_value *values; /* for policy_rehydrate() */
    size_t n_values;
    struct arena arena;
};
/* *out is the caller's. RC_REFUSED there is no such brief. */
MUST_USE enum rc store_brief_get(struct store *s, const char *id, struct store_brief **out, struct err *e);
void store_brief_close(struct store_brief *b); /* NULL is a no-op */

struct brief_filter { /* NULL or false: any */
    const char *source, *object, *record_id;
    bool by_kind;
    enum purpose kind;
    bool by_state;
    enum brief_state state;
    const char *owner, *team;        /* visibility: only briefs of this owner or (if both are given) this team */
    bool current;                    /* without superseded and expired ones */
    int64_t due_before_us;           /* only those whose valid_until has passed by then; 0: any */
    size_t limit;                    /* 0: no limit */
};
/* Newest first. The brief that the callback gets has id, meta, by_person, changed_us, language and valid_until only. */
typedef enum rc (*brief_fn)(void *ctx, const struct store_brief *b, struct err *e);
MUST_USE enum rc store_briefs_list(struct store *s, const struct brief_filter *f, brief_fn on_brief, void *ctx,
                                   struct err *e);
/* by_state[N_BRIEF_STATES]. */
MUST_USE enum rc store_briefs_count(struct store *s, size_t *by_state, struct err *e);

/* ---- write-back ------------------------------------------------------------------------------------------------- */

struct store_write {
    const char *column;
    const char *version;    /* that the record had when its previous value was read */
    const char *previous;   /* clear text: sealed under `subject` before it is stored */
    const char *subject;    /* whose key: the record's identity, keyed hash in hex */
};
/* The intent, before the call to the source: approved or edited becomes write_pending, the previous value is sealed. */
MUST_USE enum rc store_write_begin(struct store *s, const char *id, const struct store_write *w,
                                   const struct audit_event *ev, struct err *e);
/* What came of it: written, conflict, or approved again to be tried later. */
MUST_USE enum rc store_write_end(struct store *s, const char *id, enum brief_state to, const char *new_version,
                                 const struct audit_event *ev, struct err *e);
/* The latest previous value, in clear: buf_wipe() it. RC_REFUSED none, or its key was erased. */
MUST_USE enum rc store_write_previous(struct store *s, const char *id, struct buf *out, struct err *e);

/* ---- keys of subjects ------------------------------------------------------------------------------------------- */

/* The key under which a subject's values are sealed, made when `create`. RC_REFUSED it was erased, or there is none. */
MUST_USE enum rc store_subject_key(struct store *s, const char *subject, bool create, uint8_t key[KEY_SIZE],
                                   struct err *e);
/* Destroy a subject's key and everything sealed under it; no key is ever made for it again. */
MUST_USE enum rc store_subject_erase(struct store *s, const char *subject, const struct audit_event *ev, struct err *e);
/* Subjects with a value of this keyed hash: for `erase --subject`. */
typedef enum rc (*subject_fn)(void *ctx, const char *subject, struct err *e);
MUST_USE enum rc store_subjects_of(struct store *s, const uint8_t hash[SHA256_SIZE], subject_fn on_subject, void *ctx,
                                   struct err *e);

/* ---- names that the sources know ---------------------------------------------------------------------------------- */

#define STORE_NAME_HASH_SIZE 16 /* of a keyed hash: its first bytes */
/* n hashes of SHA256_SIZE bytes each, as policy_name_hashes() makes them; known ones are left alone. */
MUST_USE enum rc store_names_add(struct store *s, const uint8_t (*hashes)[SHA256_SIZE], size_t n, struct err *e);
MUST_USE enum rc store_name_known(struct store *s, const uint8_t hash[SHA256_SIZE], bool *known, struct err *e);

/* ---- quarantine, hashes ----------------------------------------------------------------------------------------- */

struct store_quarantined {
    const char *source, *object, *id, *reason; /* reason: names the field, never its value */
    int64_t at_us;
};
MUST_USE enum rc store_quarantine_add(struct store *s, const char *source, const char *object, const char *id,
                                      const char *reason, struct err *e);
typedef enum rc (*quarantine_fn)(void *ctx, const struct store_quarantined *q, struct err *e);
MUST_USE enum rc store_quarantine_list(struct store *s, quarantine_fn on_row, void *ctx, struct err *e);

/* A small text by name that outlives a restart ("job.nightly.started"): "" if it was never set. */
#define STORE_NOTE_SIZE 128
MUST_USE enum rc store_note_get(struct store *s, const char *name, char out[STORE_NOTE_SIZE], struct err *e);
MUST_USE enum rc store_note_set(struct store *s, const char *name, const char *value, struct err *e);

/* ---- documents that were in force --------------------------------------------------------------------------------- */

struct store_document {
    const char *what;  /* "policy", "template", "config", "model", "model-card" or "adapter" */
    const char *name;  /* of the file; a card's is its model's hash. In force is one template a name, one of all else */
    const char *hash;  /* SHA-256 of the bytes, hex */
    const void *bytes; /* NULL: only its hash is kept ("model", "adapter") */
    size_t n;
    int64_t first_us;  /* when it first came into force; not for store_document_put() */
};
/* Keep a document by its hash. If it was not the one in force, it is now, and an entry "WHAT.loaded" by
 * `actor` says so, in the same transaction: nothing is written while nothing changes. RC_LIMIT over STORE_MAX_DOCUMENT. */
#define STORE_MAX_DOCUMENT ((size_t)8 << 20)
MUST_USE enum rc store_document_put(struct store *s, const struct store_document *d, const char *actor, struct err *e);
/* Every one, oldest first. which: only those whose hash, or model's hash, begins so; NULL: all. */
typedef enum rc (*document_fn)(void *ctx, const struct store_document *d, struct err *e);
MUST_USE enum rc store_documents(struct store *s, const char *which, document_fn on_document, void *ctx, struct err *e);

#endif
