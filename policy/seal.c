/* seal.c: see seal.h. */
#include "seal.h"

#include <stdlib.h>
#include <string.h>

#include "../base/str.h"
#include "admit.h"

#define MAX_BYTES ((size_t)64 << 10)

/* HMAC over "what\0text": two uses of one key never meet. */
static enum rc keyed(const uint8_t hash_key[KEY_SIZE], const char *what, const char *text, uint8_t out[SHA256_SIZE],
                     struct err *e)
{
    struct buf b;
    enum rc rc;

    buf_init(&b, MAX_BYTES);
    buf_add(&b, what, strlen(what) + 1);
    buf_str(&b, text);
    rc = buf_check(&b, "a value", e);
    if (rc == RC_OK) hmac_sha256(hash_key, b.data, b.len, out);
    buf_wipe(&b);
    return rc;
}

enum rc seal_subject(const uint8_t hash_key[KEY_SIZE], const char *identity, char out[SHA256_HEX_SIZE],
                     struct err *e)
{
    uint8_t mac[SHA256_SIZE];
    enum rc rc = keyed(hash_key, "subject", identity, mac, e);

    if (rc == RC_OK) str_hex(mac, sizeof(mac), out);
    return rc;
}

enum rc seal_hash(const uint8_t hash_key[KEY_SIZE], const char *key, uint8_t out[SHA256_SIZE], struct err *e)
{
    return keyed(hash_key, "value", key, out, e);
}

/* What the ciphertext is bound to. */
static enum rc place(const struct policy_value *v, struct buf *aad, struct err *e)
{
    buf_init(aad, MAX_BYTES);
    buf_add(aad, v->slot, strlen(v->slot) + 1);
    buf_add(aad, v->subject, strlen(v->subject) + 1);
    buf_add(aad, v->hash, sizeof(v->hash));
    return buf_check(aad, "a value", e);
}

enum rc seal_value(const struct policy_keys *keys, const struct seal_input *in, struct arena *arena,
                   struct policy_value *out, struct err *e)
{
    size_t n = strlen(in->stored);
    char subject[SHA256_HEX_SIZE];
    struct policy_value v = {.slot = arena_dup(arena, in->slot), .n_sealed = n + GCM_OVERHEAD};
    uint8_t key[KEY_SIZE] = {0}, *sealed = arena_alloc(arena, v.n_sealed);
    struct buf aad;
    enum rc rc;

    buf_init(&aad, MAX_BYTES);
    rc = in->subject ? RC_OK : seal_subject(keys->hash_key, in->identity, subject, e);
    if (rc == RC_OK) rc = seal_hash(keys->hash_key, in->key, v.hash, e);
    v.subject = rc == RC_OK ? arena_dup(arena, in->subject ? in->subject : subject) : NULL;
    v.sealed = sealed;
    if (rc == RC_OK && (!v.slot || !v.subject || !sealed)) rc = err_set(e, RC_NOMEM, "policy: out of memory");
    if (rc == RC_OK) rc = keys->subject_key(keys->ctx, v.subject, true, key, e);
    if (rc == RC_OK) rc = place(&v, &aad, e);
    if (rc == RC_OK) rc = gcm_seal(key, in->stored, n, aad.data, aad.len, sealed, e);
    if (rc == RC_OK) *out = v;
    crypto_wipe(key, sizeof(key));
    buf_clear(&aad);
    return rc;
}

enum rc seal_open(const uint8_t key[KEY_SIZE], const struct policy_value *v, struct buf *out, struct err *e)
{
    uint8_t plain[MAX_BYTES];
    size_t n = v->n_sealed - GCM_OVERHEAD;
    struct buf aad;
    enum rc rc;

    if (v->n_sealed < GCM_OVERHEAD || n > sizeof(plain))
        return err_set(e, RC_BAD, "policy: a sealed value of a wrong size");
    rc = place(v, &aad, e);
    if (rc == RC_OK) rc = gcm_open(key, v->sealed, v->n_sealed, aad.data, aad.len, plain, e);
    if (rc == RC_OK && memchr(plain, 0, n)) rc = err_set(e, RC_BAD, "policy: a sealed value is no text");
    if (rc == RC_OK) buf_add(out, plain, n);
    crypto_wipe(plain, n);
    buf_clear(&aad);
    return rc == RC_OK ? buf_check(out, "a value", e) : rc;
}

enum rc policy_subject(const uint8_t hash_key[KEY_SIZE], const char *identity, char out[SHA256_HEX_SIZE],
                       struct err *e)
{
    return seal_subject(hash_key, identity, out, e);
}

enum rc policy_subject_named(const uint8_t hash_key[KEY_SIZE], const char *name, char out[SHA256_HEX_SIZE],
                             struct err *e)
{
    char *folded = names_fold(name, strlen(name));
    struct buf identity;
    enum rc rc;

    if (!folded) return err_set(e, RC_NOMEM, "policy: out of memory");
    buf_init(&identity, VAULT_MAX_VALUE_BYTES);
    buf_printf(&identity, "person:name:%s", folded);
    rc = buf_check(&identity, "a name", e);
    if (rc == RC_OK) rc = seal_subject(hash_key, identity.data, out, e);
    buf_wipe(&identity);
    free(folded);
    return rc;
}

enum rc policy_record_subject(const uint8_t hash_key[KEY_SIZE], const char *source, const char *object,
                              const char *record_id, char out[SHA256_HEX_SIZE], struct err *e)
{
    struct buf identity;
    enum rc rc;

    buf_init(&identity, MAX_BYTES);
    buf_printf(&identity, "record:%s/%s/%s", source, object, record_id);
    rc = buf_check(&identity, "an identity", e);
    if (rc == RC_OK) rc = seal_subject(hash_key, identity.data, out, e);
    buf_clear(&identity);
    return rc;
}

enum rc policy_value_hashes(const uint8_t hash_key[KEY_SIZE], const char *value,
                            uint8_t out[POLICY_VALUE_HASHES][SHA256_SIZE], struct err *e)
{
    static const char *const as[POLICY_VALUE_HASHES] = {"PERSON", "EMAIL_ADDRESS", "PHONE_NUMBER", ""};
    enum rc rc = RC_OK;

    for (size_t i = 0; rc == RC_OK && i < POLICY_VALUE_HASHES; i++) {
        struct buf key;
        buf_init(&key, VAULT_MAX_VALUE_BYTES);
        slot_key(as[i], value, strlen(value), &key);
        rc = buf_check(&key, "a value", e);
        if (rc == RC_OK) rc = seal_hash(hash_key, key.data, out[i], e);
        buf_wipe(&key);
    }
    return rc;
}
