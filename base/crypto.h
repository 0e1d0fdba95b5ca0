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

/* ---- Ed25519 (RFC 8032) ------------------------------------------------------------------------------------------ */

#define ED25519_PUBLIC_SIZE 32
#define ED25519_SIGNATURE_SIZE 64
struct ed25519_key { /* secret: crypto_wipe() it after use */
    uint8_t seed[KEY_SIZE]; /* the private key of RFC 8032, section 5.1.5 */
    uint8_t public_key[ED25519_PUBLIC_SIZE];
};
MUST_USE enum rc ed25519_make(struct ed25519_key *out, struct err *e);
MUST_USE enum rc ed25519_from_seed(const uint8_t seed[KEY_SIZE], struct ed25519_key *out, struct err *e);
MUST_USE enum rc ed25519_sign(const struct ed25519_key *k, const void *bytes, size_t n,
                              uint8_t signature[ED25519_SIGNATURE_SIZE], struct err *e);
bool ed25519_verify(const uint8_t public_key[ED25519_PUBLIC_SIZE], const void *bytes, size_t n,
                    const uint8_t signature[ED25519_SIGNATURE_SIZE]);

/* Keys as PEM files, as `openssl genpkey -algorithm ed25519` (PKCS #8) and `openssl pkey -pubout` write them.
 * A private key's file is made with mode 0600 and appears whole or not at all; it never replaces one that is there.
 * RC_BAD the path, what is wrong with the file (for a private key also: others may read it); RC_REFUSED write: there is
 * a file already; RC_NOMEM. */
MUST_USE enum rc ed25519_key_write(const char *path, const struct ed25519_key *k, struct err *e);
MUST_USE enum rc ed25519_key_read(const char *path, struct ed25519_key *out, struct err *e);
/* Read it, made at first use: two that start at once agree on one key. */
MUST_USE enum rc ed25519_key_open(const char *path, struct ed25519_key *out, struct err *e);
MUST_USE enum rc ed25519_public_write(const char *path, const uint8_t public_key[ED25519_PUBLIC_SIZE], struct err *e);
MUST_USE enum rc ed25519_public_read(const char *path, uint8_t out[ED25519_PUBLIC_SIZE], struct err *e);
/* The PEM text of a public key, for documents that carry it: "-----BEGIN PUBLIC KEY-----\n...". */
#define ED25519_PEM_SIZE 256
MUST_USE enum rc ed25519_public_pem(const uint8_t public_key[ED25519_PUBLIC_SIZE], char out[ED25519_PEM_SIZE],
                                    struct err *e);

/* Compare without a time that depends on where they differ. */
bool crypto_equal(const void *a, const void *b, size_t n);
void crypto_wipe(void *p, size_t n);

#endif
