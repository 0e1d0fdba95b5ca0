/* box.c: box.h on OpenSSL's EVP. */
#include "box.h"

#include <openssl/evp.h>
#include <string.h>

static enum rc failed(struct err *e)
{
    return err_set(e, RC_BAD, "box: a key that gives no shared secret");
}

static enum rc agree(const uint8_t private_key[BOX_KEY_SIZE], const uint8_t public_key[BOX_KEY_SIZE],
                     uint8_t out[BOX_KEY_SIZE], struct err *e)
{
    size_t n = BOX_KEY_SIZE;
    EVP_PKEY *mine = EVP_PKEY_new_raw_private_key(EVP_PKEY_X25519, NULL, private_key, BOX_KEY_SIZE);
    EVP_PKEY *theirs = EVP_PKEY_new_raw_public_key(EVP_PKEY_X25519, NULL, public_key, BOX_KEY_SIZE);
    EVP_PKEY_CTX *ctx = mine ? EVP_PKEY_CTX_new(mine, NULL) : NULL;
    /* OpenSSL refuses an all-zero secret, which is what a public key of small order gives. */
    bool ok = ctx && theirs && EVP_PKEY_derive_init(ctx) == 1 && EVP_PKEY_derive_set_peer(ctx, theirs) == 1 &&
              EVP_PKEY_derive(ctx, out, &n) == 1 && n == BOX_KEY_SIZE;
    EVP_PKEY_CTX_free(ctx);
    EVP_PKEY_free(theirs);
    EVP_PKEY_free(mine);
    return ok ? RC_OK : failed(e);
}

enum rc box_from_private(const uint8_t private_key[BOX_KEY_SIZE], struct box_key *out, struct err *e)
{
    size_t n = BOX_KEY_SIZE;
    EVP_PKEY *key = EVP_PKEY_new_raw_private_key(EVP_PKEY_X25519, NULL, private_key, BOX_KEY_SIZE);
    bool ok = key && EVP_PKEY_get_raw_public_key(key, out->public_key, &n) == 1 && n == BOX_KEY_SIZE;
    EVP_PKEY_free(key);
    memcpy(out->private_key, private_key, BOX_KEY_SIZE);
    return ok ? RC_OK : failed(e);
}

enum rc box_make(struct box_key *out, struct err *e)
{
    uint8_t seed[BOX_KEY_SIZE];
    enum rc rc = random_bytes(seed, sizeof(seed), e);
    if (rc == RC_OK)
        rc = box_from_private(seed, out, e);
    crypto_wipe(seed, sizeof(seed));
    return rc;
}

/* One hash over everything that the key depends on, so that no part can be exchanged. */
static enum rc key_of(const uint8_t *sender, const uint8_t *a, const uint8_t *b, const uint8_t *with_a,
                      const uint8_t *with_b, uint8_t key[KEY_SIZE], struct err *e)
{
    static const char label[] = "briefd box of two";
    struct sha256 *h = NULL;
    enum rc rc = sha256_open(&h, e);
    if (rc != RC_OK)
        return rc;
    sha256_add_field(h, label, strlen(label));
    sha256_add_field(h, sender, BOX_KEY_SIZE);
    sha256_add_field(h, a, BOX_KEY_SIZE);
    sha256_add_field(h, b, BOX_KEY_SIZE);
    sha256_add_field(h, with_a, BOX_KEY_SIZE);
    sha256_add_field(h, with_b, BOX_KEY_SIZE);
    sha256_close(h, key);
    return RC_OK;
}

enum rc box_seal(const uint8_t a[BOX_KEY_SIZE], const uint8_t b[BOX_KEY_SIZE], const void *plain, size_t n,
                 const void *aad, size_t aad_len, uint8_t *out, struct err *e)
{
    struct box_key once;
    uint8_t with_a[BOX_KEY_SIZE], with_b[BOX_KEY_SIZE], key[KEY_SIZE];
    enum rc rc = box_make(&once, e);
    if (rc == RC_OK)
        rc = agree(once.private_key, a, with_a, e);
    if (rc == RC_OK)
        rc = agree(once.private_key, b, with_b, e);
    if (rc == RC_OK)
        rc = key_of(once.public_key, a, b, with_a, with_b, key, e);
    if (rc == RC_OK)
        rc = gcm_seal(key, plain, n, aad, aad_len, out + BOX_KEY_SIZE, e);
    if (rc == RC_OK)
        memcpy(out, once.public_key, BOX_KEY_SIZE);
    crypto_wipe(&once, sizeof(once));
    crypto_wipe(with_a, sizeof(with_a));
    crypto_wipe(with_b, sizeof(with_b));
    crypto_wipe(key, sizeof(key));
    return rc;
}

enum rc box_open(const struct box_key *a, const struct box_key *b, const uint8_t *sealed, size_t n, const void *aad,
                 size_t aad_len, uint8_t *out, struct err *e)
{
    uint8_t with_a[BOX_KEY_SIZE], with_b[BOX_KEY_SIZE], key[KEY_SIZE];
    if (n < BOX_OVERHEAD)
        return err_set(e, RC_BAD, "box: too short");
    enum rc rc = agree(a->private_key, sealed, with_a, e);
    if (rc == RC_OK)
        rc = agree(b->private_key, sealed, with_b, e);
    if (rc == RC_OK)
        rc = key_of(sealed, a->public_key, b->public_key, with_a, with_b, key, e);
    if (rc == RC_OK)
        rc = gcm_open(key, sealed + BOX_KEY_SIZE, n - BOX_KEY_SIZE, aad, aad_len, out, e);
    crypto_wipe(with_a, sizeof(with_a));
    crypto_wipe(with_b, sizeof(with_b));
    crypto_wipe(key, sizeof(key));
    return rc;
}
