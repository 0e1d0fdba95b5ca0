/* Keys of subjects: under each a person's (or a record's) values are sealed; each is wrapped by the keyring. Erasing a
 * person destroys the key, and the row stays to say so. */
#include <string.h>
#include "store_db.h"

#define WRAPPED_SIZE (KEY_SIZE + GCM_OVERHEAD)

enum rc key_load(struct store *s, const char *subject, bool create, uint8_t key[KEY_SIZE], struct err *e)
{
    uint8_t wrapped[WRAPPED_SIZE];
    struct rows *r = NULL;
    bool more = false;
    size_t n = 0;
    enum rc rc = db_query(s, &r, e, "SELECT wrapped FROM subject_key WHERE subject = $1", WITH(p_text(subject)));
    if (rc == RC_OK)
        rc = rows_next(r, &more, e);
    if (rc == RC_OK && more) {
        const void *bytes = rows_blob(r, 0, &n);
        if (!bytes)
            rc = err_set(e, RC_REFUSED, "key: this subject was erased");
        else if (n != WRAPPED_SIZE)
            rc = err_set(e, RC_BAD, "key: a wrapped key of the wrong size");
        else
            rc = gcm_open(keyring_wrap_key(s->opt.keys), bytes, n, subject, strlen(subject), key, e);
    }
    rows_done(r);
    if (rc != RC_OK || more)
        return rc;
    if (!create)
        return err_set(e, RC_REFUSED, "key: there is none for this subject");
    rc = random_bytes(key, KEY_SIZE, e);
    if (rc == RC_OK)
        rc = gcm_seal(keyring_wrap_key(s->opt.keys), key, KEY_SIZE, subject, strlen(subject), wrapped, e);
    if (rc == RC_OK)
        rc = db_run(s, e, "INSERT INTO subject_key(subject, wrapped, made_us) VALUES ($1, $2, $3)",
                    WITH(p_text(subject), p_blob(wrapped, sizeof(wrapped)), p_int(store_now_us(s))));
    return rc;
}

enum rc store_subject_key(struct store *s, const char *subject, bool create, uint8_t key[KEY_SIZE], struct err *e)
{
    int64_t there = 0;
    enum rc rc = db_int(s, 0, &there, e, "SELECT 1 FROM subject_key WHERE subject = $1", WITH(p_text(subject)));
    if (rc != RC_OK)
        return rc;
    if (there || !create) /* keys are read far more often than made: no write lock for that */
        return key_load(s, subject, false, key, e);
    rc = tx_begin(s, e);
    if (rc == RC_OK)
        rc = key_load(s, subject, true, key, e);
    rc = tx_end(s, rc, e);
    if (rc != RC_OK)
        crypto_wipe(key, KEY_SIZE);
    return rc;
}

static enum rc subject_key(void *ctx, const char *subject, bool create, uint8_t key[KEY_SIZE], struct err *e)
{
    return store_subject_key(ctx, subject, create, key, e);
}

void store_policy_keys(struct store *s, struct policy_keys *out)
{
    *out = (struct policy_keys){.subject_key = subject_key, .ctx = s, .hash_key = keyring_hash_key(s->opt.keys)};
}

enum rc store_subject_erase(struct store *s, const char *subject, const struct audit_event *ev, struct err *e)
{
    enum rc rc = tx_begin(s, e);
    if (rc == RC_OK)
        rc = db_run(s, e,
                    "INSERT INTO subject_key(subject, wrapped, made_us, erased_us) VALUES ($1, NULL, $2, $2)"
                    " ON CONFLICT(subject) DO UPDATE SET wrapped = NULL, erased_us = excluded.erased_us",
                    WITH(p_text(subject), p_int(store_now_us(s))));
    if (rc == RC_OK)
        rc = db_run(s, e, "DELETE FROM brief_value WHERE subject = $1", WITH(p_text(subject)));
    if (rc == RC_OK)
        rc = db_run(s, e, "UPDATE write_back SET previous = NULL WHERE subject = $1", WITH(p_text(subject)));
    if (rc == RC_OK)
        rc = audit_append(s, ev, subject, e);
    rc = tx_end(s, rc, e);
    return rc == RC_OK ? s->backend->forget(s, e) : rc;
}

enum rc store_subjects_of(struct store *s, const uint8_t hash[SHA256_SIZE], subject_fn on_subject, void *ctx,
                          struct err *e)
{
    struct rows *r = NULL;
    bool more = true;
    enum rc rc = db_query(s, &r, e, "SELECT DISTINCT subject FROM brief_value WHERE hash = $1 ORDER BY subject",
                          WITH(p_blob(hash, SHA256_SIZE)));
    while (rc == RC_OK && (rc = rows_next(r, &more, e)) == RC_OK && more)
        rc = on_subject(ctx, rows_text(r, 0), e);
    rows_done(r);
    return rc;
}
