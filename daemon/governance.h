/* governance.h: what the store keeps for governance: who may sign in, who approved, who acted, who was erased, what was
 * learned from whom, and how long things live. Threads, transactions and errors as store.h says. */
#ifndef DAEMON_GOVERNANCE_H
#define DAEMON_GOVERNANCE_H

#include "store.h"

/* ---- people who sign in ------------------------------------------------------------------------------------------- */

#define ACCESS_SECRET_SIZE 64 /* "bk_" and 40 characters of base32 (200 random bits), NUL */

struct access_key { /* borrowed; texts "" or NULL where nothing is said */
    const char *name;       /* sign-in name, unique */
    const char *role;       /* of the policy file */
    const char *identities; /* who they are in the CRM: "U-07", or "crm=U-07 erp=77" by source */
    const char *team;       /* or NULL */
    const char *sources;    /* only these, separated by spaces; "": every one */
    int64_t made_us, expires_us; /* expires 0: never */
    int64_t revoked_us;     /* 0: not */
};
/* Make a key. secret is told once; the store keeps a keyed hash. RC_REFUSED there is a valid one of this name. */
MUST_USE enum rc store_access_add(struct store *s, const struct access_key *k, const struct audit_event *ev,
                                  char secret[ACCESS_SECRET_SIZE], struct err *e);
/* RC_REFUSED there is no valid key of this name. */
MUST_USE enum rc store_access_revoke(struct store *s, const char *name, const struct audit_event *ev, struct err *e);
typedef enum rc (*access_fn)(void *ctx, const struct access_key *k, struct err *e);
MUST_USE enum rc store_access_list(struct store *s, access_fn on_key, void *ctx, struct err *e);
/* Sign in. RC_REFUSED, in the same words: no such name, a wrong secret, an expired or revoked key. on_key gets the key. */
MUST_USE enum rc store_access_check(struct store *s, const char *name, const char *secret, access_fn on_key, void *ctx,
                                    struct err *e);

/* ---- approval by several people ------------------------------------------------------------------------------------ */

/* One person approves; *left is how many more are needed, and at 0 the brief is approved. RC_REFUSED the state does not
 * allow it, or this person approved it before and another one is needed. */
MUST_USE enum rc store_brief_approve(struct store *s, const char *id, const struct audit_event *ev, unsigned *left,
                                     struct err *e);

/* A record has another owner or team than before: so have all its briefs. Nothing if they are the same. */
MUST_USE enum rc store_record_owner(struct store *s, const struct record *r, struct err *e);

/* ---- actors -------------------------------------------------------------------------------------------------------- */

#define PSEUDONYM_SIZE 24

/* Who acted stands in the audit chain under a pseudonym. The name behind it is sealed for two custodians, so that only
 * both together resolve it. Until there are custodians it is sealed under the keyring. Names sealed before are sealed
 * anew for the custodians. RC_REFUSED there are custodians already. */
MUST_USE enum rc store_custodians_set(struct store *s, const char *const roles[2], const uint8_t public_keys[2][KEY_SIZE],
                                      const struct audit_event *ev, struct err *e);
/* The two roles; *set is false if there are no custodians. */
MUST_USE enum rc store_custodians(struct store *s, char roles[2][64], bool *set, struct err *e);
/* The name behind a pseudonym, audited. private_keys: both custodians', in any order; NULL: before there are custodians.
 * RC_REFUSED no such pseudonym, or keys are needed. RC_BAD they are not the custodians'. */
MUST_USE enum rc store_actor_resolve(struct store *s, const char *pseudonym, const uint8_t private_keys[2][KEY_SIZE],
                                     const struct audit_event *ev, char name[128], struct err *e);
/* The pseudonym of a name, "" if that person never acted. */
MUST_USE enum rc store_actor_of(struct store *s, const char *name, char pseudonym[PSEUDONYM_SIZE], struct err *e);

/* ---- erasing ------------------------------------------------------------------------------------------------------- */

struct erase_record { /* a record that is the person's own */
    const char *source, *object, *id;
};
struct erasure { /* of one person, in one transaction */
    const char *const *subjects; /* keyed hashes: their keys go, and all sealed under them */
    size_t n_subjects;
    const struct erase_record *records;
    size_t n_records;
    const uint8_t (*values)[SHA256_SIZE]; /* keyed hashes of addresses and numbers, which nobody else has */
    size_t n_values;
    const char *const *texts; /* in clear: a brief whose text in slots holds one all the same is removed */
    size_t n_texts;
};
struct erase_counts {
    size_t keys, values, briefs, jobs, quarantined, seen, previous, mentions, adapters;
};
MUST_USE enum rc store_erase(struct store *s, const struct erasure *x, const struct audit_event *ev,
                             struct erase_counts *out, struct err *e);

/* Take parents and children of erased people out of a record. RC_REFUSED it is the record of one itself. */
MUST_USE enum rc store_prune_erased(struct store *s, struct record *r, struct err *e);

/* Ids of the briefs that hold a value sealed under the subject. */
MUST_USE enum rc store_briefs_of_subject(struct store *s, const char *subject, subject_fn on_brief, void *ctx, struct err *e);
/* Every record that the store knows of, some more than once: of briefs, the queue, quarantine, sync, and what sentences rest on. */
typedef enum rc (*record_key_fn)(void *ctx, const struct erase_record *r, struct err *e);
MUST_USE enum rc store_records_known(struct store *s, record_key_fn on_record, void *ctx, struct err *e);
/* Was the brief's text ever sent to its source, and where to? column is "" if not. */
MUST_USE enum rc store_written_column(struct store *s, const char *brief, char column[128], struct err *e);

/* Look for texts (at most STORE_SCAN_OVERLAP bytes) in everything that is stored, the case of ASCII letters aside: every column of every table and the files' bytes.
 * where: "brief.body", "audit.object", "file -wal". */
typedef enum rc (*scan_fn)(void *ctx, const char *where, size_t needle, struct err *e);
MUST_USE enum rc store_scan(struct store *s, const char *const *needles, size_t n, scan_fn on_hit, void *ctx,
                            size_t *columns, struct err *e);

/* ---- adapters: what was trained on briefs --------------------------------------------------------------------------- */

struct adapter {
    const char *name, *sha256, *base; /* base: SHA-256 of the model that it adapts */
    int64_t made_us, disabled_us;     /* 0: in use */
    const char *reason;               /* why it is disabled, or NULL */
    size_t n_briefs;                  /* that it was trained on */
    double loss_before, loss_after;   /* per token of the briefs that were held back, without it and with it */
};
/* A name of 1 to 60 letters, digits, '-', '_', that begins with a letter: it is also a file's. */
bool adapter_name_valid(const char *name);
/* Register a trained (or retrained) adapter with what it was trained on. Once it is disabled its sentences are gone. RC_REFUSED one of them is
 * erased: train without. */
struct adapter_origin {
    const char *const *subjects;  /* whose erasure disables it */
    size_t n_subjects;
    const char *const *sentences; /* in slots, without any: what people wrote in several of the briefs, word for word */
    size_t n_sentences;
};
MUST_USE enum rc store_adapter_put(struct store *s, const struct adapter *a, const struct adapter_origin *from,
                                   const struct audit_event *ev, struct err *e);
/* The sentences, a line each; *out is the caller's (free), NULL if there are none. */
MUST_USE enum rc store_adapter_sentences(struct store *s, const char *name, char **out, struct err *e);
enum adapter_state {
    ADAPTER_UNKNOWN,  /* nobody registered one of that name */
    ADAPTER_READY,
    ADAPTER_REPLACED, /* another file has the name by now */
    ADAPTER_DISABLED  /* somebody it was trained on was erased since */
};
/* May it be used? RC_REFUSED if it is not ready: says why. *state may be NULL. */
MUST_USE enum rc store_adapter_check(struct store *s, const char *name, const char *sha256, enum adapter_state *state,
                                     struct err *e);
typedef enum rc (*adapter_fn)(void *ctx, const struct adapter *a, struct err *e);
MUST_USE enum rc store_adapters(struct store *s, adapter_fn on_adapter, void *ctx, struct err *e);

/* ---- what is recorded about employees --------------------------------------------------------------------------------- */

struct staff_counts { /* of one person, or of all */
    int64_t keys, actions, approvals, made, owned, decided;
};
/* name: the sign-in name, identity: of the CRM; both NULL: everybody's. */
MUST_USE enum rc store_staff(struct store *s, const char *name, const char *identity, struct staff_counts *out, struct err *e);

/* ---- retention ------------------------------------------------------------------------------------------------------ */

struct retention { /* in microseconds; 0: for ever */
    int64_t briefs, sealed_values;
};
struct retention_counts {
    size_t briefs, values, previous, keys;
};
/* Remove what is older: briefs whole, sealed values and what stood in the CRM before a write-back; keys that seal nothing
 * any more. dry_run: only count. Audited when something went. */
MUST_USE enum rc store_retention(struct store *s, const struct retention *limits, bool dry_run,
                                 const struct audit_event *ev, struct retention_counts *out, struct err *e);

#endif
