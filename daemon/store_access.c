/* Keys of people who sign in, and their approvals. */
#include <stdio.h>
#include <string.h>
#include "../base/str.h"
#include "store_db.h"
#include "store_moves.h"

#define SECRET_CHARACTERS 40

/* The secret has 200 random bits, so that a fast hash is enough; keyed, the store alone does not even tell a guess. */
static void hash_secret(const struct store *s, const char *secret, uint8_t out[SHA256_SIZE])
{
    char text[ACCESS_SECRET_SIZE + 16];
    snprintf(text, sizeof(text), "access %.63s", secret);
    hmac_sha256(keyring_hash_key(s->opt.keys), text, strlen(text), out);
    crypto_wipe(text, sizeof(text));
}

static enum rc audit_key_event(struct store *s, const char *name, const struct audit_event *ev, struct err *e)
{
    char pseudonym[PSEUDONYM_SIZE];
    enum rc rc = actor_pseudonym(s, name, pseudonym, e);
    return rc == RC_OK ? audit_append(s, ev, pseudonym, e) : rc;
}

static enum rc make_secret(char out[ACCESS_SECRET_SIZE], struct err *e)
{
    static const char digits[] = "abcdefghijklmnopqrstuvwxyz234567"; /* RFC 4648, lower case */
    uint8_t random[SECRET_CHARACTERS];
    enum rc rc = random_bytes(random, sizeof(random), e);
    if (rc != RC_OK)
        return rc;
    memcpy(out, "bk_", 3);
    for (size_t i = 0; i < sizeof(random); i++)
        out[3 + i] = digits[random[i] & 31];
    out[3 + SECRET_CHARACTERS] = '\0';
    crypto_wipe(random, sizeof(random));
    return RC_OK;
}

#define VALID "revoked_us IS NULL AND (expires_us = 0 OR expires_us > $2)"

enum rc store_access_add(struct store *s, const struct access_key *k, const struct audit_event *ev,
                         char secret[ACCESS_SECRET_SIZE], struct err *e)
{
    uint8_t hash[SHA256_SIZE];
    int64_t valid = 0, now = store_now_us(s);
    enum rc rc = make_secret(secret, e);
    if (rc == RC_OK)
        rc = tx_begin(s, e);
    if (rc == RC_OK)
        rc = db_int(s, 0, &valid, e, "SELECT count(*) FROM access_key WHERE name = $1 AND " VALID,
                    WITH(p_text(k->name), p_int(now)));
    if (rc == RC_OK && valid)
        rc = err_set(e, RC_REFUSED, "key: there is one for %.60s already: revoke it first", k->name);
    if (rc == RC_OK) {
        hash_secret(s, secret, hash);
        rc = db_run(s, e,
                    "INSERT INTO access_key(name, role, identities, team, sources, hash, made_us, expires_us)"
                    " VALUES ($1, $2, $3, $4, $5, $6, $7, $8) ON CONFLICT(name) DO UPDATE SET role = excluded.role,"
                    " identities = excluded.identities, team = excluded.team, sources = excluded.sources,"
                    " hash = excluded.hash, made_us = excluded.made_us, expires_us = excluded.expires_us,"
                    " revoked_us = NULL",
                    WITH(p_text(k->name), p_text(k->role), p_text(k->identities ? k->identities : ""), p_text(k->team),
                         p_text(k->sources ? k->sources : ""), p_blob(hash, sizeof(hash)), p_int(now),
                         p_int(k->expires_us)));
    }
    if (rc == RC_OK)
        rc = audit_key_event(s, k->name, ev, e);
    rc = tx_end(s, rc, e);
    if (rc != RC_OK)
        crypto_wipe(secret, ACCESS_SECRET_SIZE);
    return rc;
}

enum rc store_access_revoke(struct store *s, const char *name, const struct audit_event *ev, struct err *e)
{
    enum rc rc = tx_begin(s, e);
    if (rc == RC_OK)
        rc = db_run(s, e, "UPDATE access_key SET revoked_us = $2 WHERE name = $1 AND " VALID,
                    WITH(p_text(name), p_int(store_now_us(s))));
    if (rc == RC_OK && db_changed(s) == 0)
        rc = err_set(e, RC_REFUSED, "key: there is no valid one for %.60s", name);
    if (rc == RC_OK)
        rc = audit_key_event(s, name, ev, e);
    return tx_end(s, rc, e);
}

#define KEY_COLUMNS "name, role, identities, team, sources, made_us, expires_us, coalesce(revoked_us, 0)"

static struct access_key read_key(struct rows *r)
{
    return (struct access_key){.name = rows_text(r, 0), .role = rows_text(r, 1), .identities = rows_text(r, 2),
                               .team = rows_text(r, 3), .sources = rows_text(r, 4), .made_us = rows_int(r, 5),
                               .expires_us = rows_int(r, 6), .revoked_us = rows_int(r, 7)};
}

enum rc store_access_list(struct store *s, access_fn on_key, void *ctx, struct err *e)
{
    struct rows *r = NULL;
    bool more = true;
    enum rc rc = db_query(s, &r, e, "SELECT " KEY_COLUMNS " FROM access_key ORDER BY name", WITH_NOTHING);
    while (rc == RC_OK && (rc = rows_next(r, &more, e)) == RC_OK && more) {
        struct access_key k = read_key(r);
        rc = on_key(ctx, &k, e);
    }
    rows_done(r);
    return rc;
}

enum rc store_access_check(struct store *s, const char *name, const char *secret, access_fn on_key, void *ctx, struct err *e)
{
    uint8_t hash[SHA256_SIZE];
    struct rows *r = NULL;
    bool more = false, right = false;
    size_t n = 0;
    hash_secret(s, secret, hash);
    enum rc rc = db_query(s, &r, e, "SELECT " KEY_COLUMNS ", hash FROM access_key WHERE name = $1 AND " VALID,
                          WITH(p_text(name), p_int(store_now_us(s))));
    if (rc == RC_OK)
        rc = rows_next(r, &more, e);
    if (rc == RC_OK && more) {
        const void *stored = rows_blob(r, 8, &n);
        right = strlen(secret) < ACCESS_SECRET_SIZE && n == sizeof(hash) && crypto_equal(stored, hash, n);
    }
    if (rc == RC_OK && !right)
        rc = err_set(e, RC_REFUSED, "sign-in refused: the name or its key is not right, or no longer");
    if (rc == RC_OK) {
        struct access_key k = read_key(r);
        rc = on_key(ctx, &k, e);
    }
    rows_done(r);
    crypto_wipe(hash, sizeof(hash));
    return rc;
}

/* ---- approval by several people ------------------------------------------------------------------------------------ */

static enum rc note_approval(struct store *s, const char *id, const char *pseudonym, int64_t *have, struct err *e)
{
    enum rc rc = db_run(s, e, "INSERT INTO approval(brief, actor, at_us) VALUES ($1, $2, $3) ON CONFLICT DO NOTHING",
                        WITH(p_text(id), p_text(pseudonym), p_int(store_now_us(s))));
    if (rc == RC_OK && db_changed(s) == 0)
        return err_set(e, RC_REFUSED, "brief %s: you approved it already; another person has to, too", id);
    return rc == RC_OK ? db_int(s, 0, have, e, "SELECT count(*) FROM approval WHERE brief = $1", WITH(p_text(id))) : rc;
}

enum rc store_brief_approve(struct store *s, const char *id, const struct audit_event *ev, unsigned *left, struct err *e)
{
    char pseudonym[PSEUDONYM_SIZE], detail[64];
    int64_t needed = 1, have = 0;
    enum rc rc = tx_begin(s, e);
    if (rc == RC_OK)
        rc = brief_may_move(s, id, BRIEF_APPROVED, e);
    if (rc == RC_OK)
        rc = db_int(s, 1, &needed, e, "SELECT approvals FROM brief WHERE id = $1", WITH(p_text(id)));
    if (rc == RC_OK)
        rc = actor_pseudonym(s, ev->actor, pseudonym, e);
    if (rc == RC_OK)
        rc = note_approval(s, id, pseudonym, &have, e);
    if (rc == RC_OK && have >= needed)
        rc = brief_move(s, id, BRIEF_APPROVED, ev, e);
    else if (rc == RC_OK) {
        snprintf(detail, sizeof(detail), "approval=%lld of=%lld", (long long)have, (long long)needed);
        rc = audit_append(s, &(struct audit_event){.actor = ev->actor, .event = "brief.approval", .detail = detail}, id, e);
    }
    rc = tx_end(s, rc, e);
    if (rc == RC_OK)
        *left = have >= needed ? 0 : (unsigned)(needed - have);
    return rc;
}

enum rc store_record_owner(struct store *s, const struct record *r, struct err *e)
{
    const struct param p[] = {p_text(r->source), p_text(r->object), p_text(r->id), p_text(r->owner ? r->owner : ""),
                              p_text(r->team ? r->team : "")};
    int64_t differs = 0;
    enum rc rc = db_int(s, 0, &differs, e,
                        "SELECT count(*) FROM brief WHERE source = $1 AND object = $2 AND record_id = $3"
                        " AND (coalesce(owner, '') <> $4 OR coalesce(team, '') <> $5)",
                        p, COUNT_OF(p));
    if (rc != RC_OK || !differs) /* most often: no write lock for that */
        return rc;
    rc = tx_begin(s, e);
    if (rc == RC_OK)
        rc = db_run(s, e,
                    "UPDATE brief SET owner = nullif($4, ''), team = nullif($5, '') WHERE source = $1 AND object = $2 AND record_id = $3",
                    p, COUNT_OF(p));
    return tx_end(s, rc, e);
}

/* ---- what is recorded about employees -------------------------------------------------------------------------------- */

enum rc store_staff(struct store *s, const char *name, const char *identity, struct staff_counts *out, struct err *e)
{
    char pseudonym[PSEUDONYM_SIZE] = "";
    struct staff_counts n = {0};
    enum rc rc = name ? store_actor_of(s, name, pseudonym, e) : RC_OK;
    bool all = !name && !identity;
    const struct {
        const char *sql, *what;
        int64_t *out;
    } counts[] = {
        {"SELECT count(*) FROM access_key WHERE $1 = 1 OR name = $2", name, &n.keys},
        {"SELECT count(*) FROM audit WHERE actor <> 'system' AND ($1 = 1 OR actor = $2)", pseudonym, &n.actions},
        {"SELECT count(*) FROM approval WHERE $1 = 1 OR actor = $2", pseudonym, &n.approvals},
        {"SELECT count(*) FROM brief WHERE created_by <> 'system' AND ($1 = 1 OR created_by = $2)", pseudonym, &n.made},
        {"SELECT count(*) FROM brief WHERE owner IS NOT NULL AND ($1 = 1 OR owner = $2)", identity, &n.owned},
        {"SELECT count(*) FROM audit WHERE actor <> 'system' AND event IN ('brief.approved', 'brief.rejected', 'brief.edited')"
         " AND ($1 = 1 OR actor = $2)", pseudonym, &n.decided},
    };
    for (size_t i = 0; rc == RC_OK && i < COUNT_OF(counts); i++)
        rc = db_int(s, 0, counts[i].out, e, counts[i].sql, WITH(p_int(all), p_text(counts[i].what ? counts[i].what : "")));
    if (rc == RC_OK)
        *out = n;
    return rc;
}
