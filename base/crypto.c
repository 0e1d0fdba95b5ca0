#include "crypto.h"

#include <stdlib.h>
#include <string.h>
#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <openssl/rand.h>

#define NONCE_SIZE 12
#define TAG_SIZE 16
_Static_assert(NONCE_SIZE + TAG_SIZE == GCM_OVERHEAD, "a sealed value is nonce, ciphertext, tag");

struct sha256 {
    EVP_MD_CTX *ctx;
};

enum rc sha256_open(struct sha256 **out, struct err *e)
{
    struct sha256 *h = calloc(1, sizeof(*h));
    if (h)
        h->ctx = EVP_MD_CTX_new();
    if (!h || !h->ctx || EVP_DigestInit_ex(h->ctx, EVP_sha256(), NULL) != 1) {
        sha256_close(h, NULL);
        return err_set(e, RC_NOMEM, "sha256: out of memory");
    }
    *out = h;
    return RC_OK;
}

void sha256_add(struct sha256 *h, const void *bytes, size_t n)
{
    EVP_DigestUpdate(h->ctx, bytes, n);
}

void sha256_add_field(struct sha256 *h, const void *bytes, size_t n)
{
    uint8_t length[8];
    for (int i = 0; i < 8; i++)
        length[i] = (uint8_t)((uint64_t)n >> (8 * i));
    sha256_add(h, length, sizeof(length));
    if (n)
        sha256_add(h, bytes, n);
}

void sha256_close(struct sha256 *h, uint8_t out[SHA256_SIZE])
{
    if (!h)
        return;
    if (out && h->ctx)
        EVP_DigestFinal_ex(h->ctx, out, NULL);
    EVP_MD_CTX_free(h->ctx);
    free(h);
}

void sha256(const void *bytes, size_t n, uint8_t out[SHA256_SIZE])
{
    EVP_Digest(bytes, n, out, NULL, EVP_sha256(), NULL);
}

void hmac_sha256(const uint8_t key[KEY_SIZE], const void *bytes, size_t n, uint8_t out[SHA256_SIZE])
{
    HMAC(EVP_sha256(), key, KEY_SIZE, bytes, n, out, NULL);
}

enum rc random_bytes(void *out, size_t n, struct err *e)
{
    if (n > INT32_MAX || RAND_bytes(out, (int)n) != 1)
        return err_set(e, RC_INTERNAL, "no random numbers from the system");
    return RC_OK;
}

enum rc gcm_seal(const uint8_t key[KEY_SIZE], const void *plain, size_t n, const void *aad, size_t aad_len, uint8_t *out,
                 struct err *e)
{
    int len;
    if (n > INT32_MAX || aad_len > INT32_MAX)
        return err_set(e, RC_LIMIT, "seal: value over 2 GiB");
    enum rc rc = random_bytes(out, NONCE_SIZE, e);
    if (rc != RC_OK)
        return rc;
    EVP_CIPHER_CTX *ctx = EVP_CIPHER_CTX_new();
    bool ok = ctx && EVP_EncryptInit_ex(ctx, EVP_aes_256_gcm(), NULL, key, out) == 1 &&
              (aad_len == 0 || EVP_EncryptUpdate(ctx, NULL, &len, aad, (int)aad_len) == 1) &&
              (n == 0 || EVP_EncryptUpdate(ctx, out + NONCE_SIZE, &len, plain, (int)n) == 1) &&
              EVP_EncryptFinal_ex(ctx, out + NONCE_SIZE + n, &len) == 1 &&
              EVP_CIPHER_CTX_ctrl(ctx, EVP_CTRL_GCM_GET_TAG, TAG_SIZE, out + NONCE_SIZE + n) == 1;
    EVP_CIPHER_CTX_free(ctx);
    return ok ? RC_OK : err_set(e, RC_NOMEM, "seal: encryption failed");
}

enum rc gcm_open(const uint8_t key[KEY_SIZE], const uint8_t *sealed, size_t n, const void *aad, size_t aad_len,
                 uint8_t *out, struct err *e)
{
    int len;
    uint8_t tag[TAG_SIZE], last[TAG_SIZE];
    if (n < GCM_OVERHEAD || n > INT32_MAX || aad_len > INT32_MAX)
        return err_set(e, RC_BAD, "sealed value: wrong length");
    size_t plain = n - GCM_OVERHEAD;
    memcpy(tag, sealed + n - TAG_SIZE, TAG_SIZE);
    EVP_CIPHER_CTX *ctx = EVP_CIPHER_CTX_new();
    bool ok = ctx && EVP_DecryptInit_ex(ctx, EVP_aes_256_gcm(), NULL, key, sealed) == 1 &&
              (aad_len == 0 || EVP_DecryptUpdate(ctx, NULL, &len, aad, (int)aad_len) == 1) &&
              (plain == 0 || EVP_DecryptUpdate(ctx, out, &len, sealed + NONCE_SIZE, (int)plain) == 1) &&
              EVP_CIPHER_CTX_ctrl(ctx, EVP_CTRL_GCM_SET_TAG, TAG_SIZE, tag) == 1 &&
              EVP_DecryptFinal_ex(ctx, last, &len) == 1;
    EVP_CIPHER_CTX_free(ctx);
    if (!ok) {
        crypto_wipe(out, plain); /* unauthenticated bytes are nobody's */
        return err_set(e, RC_BAD, "sealed value: wrong key or changed bytes");
    }
    return RC_OK;
}

bool crypto_equal(const void *a, const void *b, size_t n)
{
    return CRYPTO_memcmp(a, b, n) == 0;
}

void crypto_wipe(void *p, size_t n)
{
    OPENSSL_cleanse(p, n);
}
