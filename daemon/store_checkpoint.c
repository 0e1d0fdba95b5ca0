/* Signed checkpoints of the audit chain, and retention, which moves the chain's beginning to one of them. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "../base/clock.h"
#include "../base/log.h"
#include "store_db.h"

#define CHECKPOINT_COLUMNS "seq, base, at_us, hash, signature"

/* ---- rows ------------------------------------------------------------------------------------------------------- */

static enum rc from_row(struct rows *r, struct audit_checkpoint *out, struct err *e)
{
    size_t n_hash = 0, n_signature = 0;
    const void *hash = rows_blob(r, 3, &n_hash), *signature;
    *out = (struct audit_checkpoint){.seq = rows_int(r, 0), .base = rows_int(r, 1) != 0, .at_us = rows_int(r, 2)};
    if (n_hash == sizeof(out->hash))
        memcpy(out->hash, hash, n_hash);
    signature = rows_blob(r, 4, &n_signature);
    if (n_signature == sizeof(out->signature))
        memcpy(out->signature, signature, n_signature);
    if (n_hash != sizeof(out->hash) || n_signature != sizeof(out->signature))
        return err_set(e, RC_BAD, "audit: the checkpoint of entry %lld has no hash or signature of the right size",
                       (long long)out->seq);
    return RC_OK;
}

static enum rc insert(struct store *s, const struct audit_checkpoint *c, struct err *e)
{
    return db_run(s, e,
                  "INSERT INTO audit_checkpoint(" CHECKPOINT_COLUMNS ") VALUES ($1, $2, $3, $4, $5)"
                  " ON CONFLICT(seq, base) DO NOTHING",
                  WITH(p_int(c->seq), p_int(c->base), p_int(c->at_us), p_blob(c->hash, sizeof(c->hash)),
                       p_blob(c->signature, sizeof(c->signature))));
}

/* The newest checkpoint; seq 0 if there is none. */
static enum rc newest(struct store *s, struct audit_checkpoint *out, struct err *e)
{
    struct rows *r = NULL;
    bool more = false;
    memset(out, 0, sizeof(*out));
    enum rc rc = db_query(s, &r, e, "SELECT " CHECKPOINT_COLUMNS " FROM audit_checkpoint ORDER BY seq DESC, base LIMIT 1",
                          WITH_NOTHING);
    if (rc == RC_OK)
        rc = rows_next(r, &more, e);
    if (rc == RC_OK && more)
        rc = from_row(r, out, e);
    rows_done(r);
    return rc;
}

/* ---- making ----------------------------------------------------------------------------------------------------- */

/* Only what this store's key sealed is signed, and nothing that the head contradicts: a signature must never stand under
 * entries that somebody without the key has put there. */
static enum rc sign(struct store *s, const struct audit_checkpoint *last, const struct audit_walk *w, int64_t at_us,
                    struct err *e)
{
    const struct ed25519_key *key = keyring_signing_key(s->opt.keys);
    struct audit_checkpoint c = {.seq = w->seq, .at_us = at_us};
    struct audit_walk from = {.seq = last->seq};
    memcpy(from.hash, last->hash, sizeof(from.hash));
    if (last->seq && !audit_checkpoint_valid(key->public_key, last))
        return err_set(e, RC_BAD, "audit: the checkpoint of entry %lld was changed, or signed by another key",
                       (long long)last->seq);
    enum rc rc = audit_check_from(s, &from, e);
    if (rc == RC_OK && (from.seq != w->seq || !crypto_equal(from.hash, w->hash, sizeof(w->hash))))
        rc = err_set(e, RC_INTERNAL, "audit: the chain does not end where it was appended to");
    memcpy(c.hash, w->hash, sizeof(c.hash));
    if (rc == RC_OK)
        rc = audit_checkpoint_sign(key, &c, e);
    return rc == RC_OK ? insert(s, &c, e) : rc;
}

enum rc checkpoint_due(struct store *s, const struct audit_walk *w, int64_t at_us, struct err *e)
{
    struct audit_checkpoint last;
    struct err why = {""};
    enum rc rc = newest(s, &last, e);
    bool due = w->seq - last.seq >= AUDIT_CHECKPOINT_EVERY || at_us - last.at_us >= CLOCK_DAY_US;
    if (rc != RC_OK || !due || s->chain_broken)
        return rc;
    rc = sign(s, &last, w, at_us, &why);
    if (rc != RC_BAD)
        return rc == RC_OK ? RC_OK : err_set(e, rc, "%s", why.msg);
    /* The entry is appended all the same: what it reports happened. Asking again with each one would take ever longer. */
    s->chain_broken = true;
    log_event(LOG_ERROR, "audit chain not signed", "why", why.msg, "hint", "run briefctl audit verify", NULL);
    return RC_OK;
}

/* ---- reading ---------------------------------------------------------------------------------------------------- */

enum rc checkpoints_read(struct store *s, struct checkpoints *out, struct err *e)
{
    struct rows *r = NULL;
    bool more = true;
    size_t room = 0;
    enum rc rc = db_query(s, &r, e, "SELECT " CHECKPOINT_COLUMNS " FROM audit_checkpoint ORDER BY seq, base DESC",
                          WITH_NOTHING);
    while (rc == RC_OK && (rc = rows_next(r, &more, e)) == RC_OK && more) {
        if (out->n == room) {
            room = room ? 2 * room : 64;
            struct audit_checkpoint *grown = realloc(out->all, room * sizeof(*grown));
            if (!grown) {
                rc = err_set(e, RC_NOMEM, "audit: out of memory");
                break;
            }
            out->all = grown;
        }
        rc = from_row(r, &out->all[out->n], e);
        out->n += rc == RC_OK;
    }
    rows_done(r);
    return rc;
}

enum rc checkpoints_begin(struct store *s, const struct checkpoints *c, struct audit_walk *w, struct err *e)
{
    const uint8_t *key = keyring_signing_key(s->opt.keys)->public_key;
    memset(w, 0, sizeof(*w));
    for (size_t i = 0; i < c->n; i++) {
        if (!audit_checkpoint_valid(key, &c->all[i]))
            return err_set(e, RC_BAD, "audit: the checkpoint of entry %lld was changed, or signed by another key",
                           (long long)c->all[i].seq);
        if (c->all[i].base) {
            w->seq = c->all[i].seq;
            memcpy(w->hash, c->all[i].hash, sizeof(w->hash));
        }
    }
    return RC_OK;
}

static enum rc last_entry(struct store *s, struct audit_walk *w, bool *there, struct err *e)
{
    struct rows *r = NULL;
    size_t n = 0;
    enum rc rc = db_query(s, &r, e, "SELECT seq, hash FROM audit ORDER BY seq DESC LIMIT 1", WITH_NOTHING);
    if (rc == RC_OK)
        rc = rows_next(r, there, e);
    if (rc == RC_OK && *there) {
        const void *hash = rows_blob(r, 1, &n);
        w->seq = rows_int(r, 0);
        if (n == sizeof(w->hash))
            memcpy(w->hash, hash, n);
        else
            rc = err_set(e, RC_BAD, "audit: entry %lld has no hash of the right size", (long long)w->seq);
    }
    rows_done(r);
    return rc;
}

static enum rc checkpoint_of(struct store *s, int64_t seq, struct audit_checkpoint *out, struct err *e)
{
    struct rows *r = NULL;
    bool more = false;
    enum rc rc = db_query(s, &r, e,
                          "SELECT " CHECKPOINT_COLUMNS " FROM audit_checkpoint WHERE seq = $1 ORDER BY base LIMIT 1",
                          WITH(p_int(seq)));
    if (rc == RC_OK)
        rc = rows_next(r, &more, e);
    if (rc == RC_OK)
        rc = more ? from_row(r, out, e) : err_set(e, RC_INTERNAL, "audit: a checkpoint was lost");
    rows_done(r);
    return rc;
}

enum rc store_audit_checkpoint(struct store *s, struct audit_checkpoint *out, struct err *e)
{
    struct audit_walk w = {0};
    struct audit_checkpoint c = {0};
    bool there = false;
    enum rc rc = tx_begin(s, e);
    if (rc == RC_OK)
        rc = last_entry(s, &w, &there, e);
    if (rc == RC_OK && !there)
        rc = err_set(e, RC_REFUSED, "audit: the chain is empty");
    if (rc == RC_OK)
        rc = newest(s, &c, e);
    if (rc == RC_OK && c.seq != w.seq) {
        rc = sign(s, &c, &w, store_now_us(s), e);
        if (rc == RC_OK)
            rc = newest(s, &c, e);
    }
    rc = tx_end(s, rc, e);
    if (rc == RC_OK)
        *out = c;
    return rc;
}

enum rc store_audit_facts(struct store *s, struct store_audit_facts *out, struct err *e)
{
    struct checkpoints c = {0};
    struct store_audit_facts f = {0};
    enum rc rc = checkpoints_read(s, &c, e);
    for (size_t i = 0; i < c.n; i++)
        *(c.all[i].base ? &f.base : &f.newest) = c.all[i];
    f.checkpoints = (int64_t)c.n;
    if (rc == RC_OK)
        rc = db_int(s, 0, &f.first, e, "SELECT coalesce(min(seq), 0) FROM audit", WITH_NOTHING);
    if (rc == RC_OK)
        rc = db_int(s, 0, &f.last, e, "SELECT coalesce(max(seq), 0) FROM audit", WITH_NOTHING);
    if (rc == RC_OK)
        rc = db_int(s, 0, &f.contents, e, "SELECT count(*) FROM audit_content", WITH_NOTHING);
    if (rc == RC_OK)
        rc = db_int(s, 0, &f.documents, e, "SELECT count(*) FROM document", WITH_NOTHING);
    free(c.all);
    if (rc == RC_OK)
        *out = f;
    return rc;
}

/* ---- retention -------------------------------------------------------------------------------------------------- */

/* The checkpoint becomes the base: signed as such, older ones are no longer needed. */
static enum rc rebase(struct store *s, struct audit_checkpoint c, int64_t now, struct err *e)
{
    c.base = true;
    c.at_us = now;
    enum rc rc = audit_checkpoint_sign(keyring_signing_key(s->opt.keys), &c, e);
    if (rc == RC_OK)
        rc = db_run(s, e, "DELETE FROM audit_content WHERE seq <= $1", WITH(p_int(c.seq)));
    if (rc == RC_OK)
        rc = db_run(s, e, "DELETE FROM audit_content_subject WHERE seq <= $1", WITH(p_int(c.seq)));
    if (rc == RC_OK)
        rc = db_run(s, e, "DELETE FROM audit WHERE seq <= $1", WITH(p_int(c.seq)));
    if (rc == RC_OK)
        rc = db_run(s, e, "DELETE FROM audit_checkpoint WHERE seq < $1", WITH(p_int(c.seq)));
    return rc == RC_OK ? insert(s, &c, e) : rc;
}

static enum rc append_pruned(struct store *s, const struct audit_event *ev, int64_t through, int64_t removed, struct err *e)
{
    char detail[96];
    struct audit_event told = *ev;
    snprintf(detail, sizeof(detail), "through=%lld entries=%lld", (long long)through, (long long)removed);
    told.detail = detail;
    return audit_append(s, &told, NULL, e);
}

enum rc store_audit_prune(struct store *s, int64_t before_us, bool dry_run, const struct audit_event *ev,
                          int64_t *removed, struct err *e)
{
    struct audit_checkpoint c = {0};
    int64_t seq = 0, n = 0;
    enum rc rc = tx_begin(s, e);
    /* Not beyond what the head knows: else a crash before it moves would look like a cut. */
    if (rc == RC_OK)
        rc = db_int(s, 0, &seq, e,
                    "SELECT coalesce(max(c.seq), 0) FROM audit_checkpoint c JOIN audit a ON a.seq = c.seq"
                    " WHERE c.base = 0 AND c.at_us < $1 AND c.seq <= $2",
                    WITH(p_int(before_us), p_int(audit_head_seq(s))));
    if (rc == RC_OK && seq > 0)
        rc = db_int(s, 0, &n, e, "SELECT count(*) FROM audit WHERE seq <= $1", WITH(p_int(seq)));
    if (rc == RC_OK && seq > 0 && !dry_run)
        rc = audit_check_all(s, e); /* what was tampered with is evidence: it is neither removed nor signed */
    if (rc == RC_OK && seq > 0 && !dry_run)
        rc = checkpoint_of(s, seq, &c, e);
    if (rc == RC_OK && seq > 0 && !dry_run)
        rc = rebase(s, c, store_now_us(s), e);
    if (rc == RC_OK && seq > 0 && !dry_run)
        rc = append_pruned(s, ev, seq, n, e);
    rc = tx_end(s, rc, e);
    if (rc == RC_OK)
        *removed = n;
    return rc == RC_OK && n && !dry_run ? s->backend->forget(s, e) : rc;
}
