/* crypto.h: the few primitives that several folders need, on OpenSSL's libcrypto.
 * It stands in base because policy (seals, audit), inference (model hash) and daemon (keys) all use it. */
#ifndef BASE_CRYPTO_H
#define BASE_CRYPTO_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include "err.h"

#define SHA256_SIZE 32
#define SHA256_HEX_SIZE 65
#define KEY_SIZE 32        /* AES-256 and HMAC keys */
#define GCM_OVERHEAD 28    /* 12 bytes nonce before, 16 bytes tag behind the ciphertext */

struct sha256; /* streaming hash */
MUST_USE enum rc sha256_open(struct sha256 **out, struct err *e);
void sha256_add(struct sha256 *h, const void *bytes, size_t n);
/* Length-prefixed (8 bytes little-endian), so that ("ab","c") and ("a","bc") differ. */
void sha256_add_field(struct sha256 *h, const void *bytes, size_t n);
void sha256_close(struct sha256 *h, uint8_t out[SHA256_SIZE]); /* out may be NULL; NULL h is a no-op */
void sha256(const void *bytes, size_t n, uint8_t out[SHA256_SIZE]);

/* RFC 2104 with SHA-256. */
void hmac_sha256(const uint8_t key[KEY_SIZE], const void *bytes, size_t n, uint8_t out[SHA256_SIZE]);

MUST_USE enum rc random_bytes(void *out, size_t n, struct err *e);

/* AES-256-GCM (NIST SP 800-38D) with a random nonce. `aad` binds the ciphertext to its place (may be empty).
 * out has n + GCM_OVERHEAD bytes: nonce, ciphertext, tag. */
MUST_USE enum rc gcm_seal(const uint8_t key[KEY_SIZE], const void *plain, size_t n, const void *aad, size_t aad_len,
                          uint8_t *out, struct err *e);
/* out has n - GCM_OVERHEAD bytes. RC_BAD: wrong key, wrong place or changed bytes. */
MUST_USE enum rc gcm_open(const uint8_t key[KEY_SIZE], const uint8_t *sealed, size_t n, const void *aad,
                          size_t aad_len, uint8_t *out, struct err *e);

/* Compare without a time that depends on where they differ. */
bool crypto_equal(const void *a, const void *b, size_t n);
void crypto_wipe(void *p, size_t n);

#endif
