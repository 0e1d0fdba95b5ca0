/* box.h: a small secret that only two private keys together open, on X25519 (RFC 7748).
 *
 * Sealing needs the two public keys only. Whoever holds one private key learns nothing: the key of the box is a hash over
 * both shared secrets. */
#ifndef BASE_BOX_H
#define BASE_BOX_H

#include <stdint.h>
#include "crypto.h"

#define BOX_KEY_SIZE 32
#define BOX_OVERHEAD (BOX_KEY_SIZE + GCM_OVERHEAD) /* the sender's public key of the day before the sealed bytes */

struct box_key { /* secret: crypto_wipe() it after use */
    uint8_t private_key[BOX_KEY_SIZE], public_key[BOX_KEY_SIZE];
};
MUST_USE enum rc box_make(struct box_key *out, struct err *e);
/* The public key of a private one. */
MUST_USE enum rc box_from_private(const uint8_t private_key[BOX_KEY_SIZE], struct box_key *out, struct err *e);
/* out has n + BOX_OVERHEAD bytes. `aad` binds the box to its place. RC_BAD a public key that gives no secret. */
MUST_USE enum rc box_seal(const uint8_t a[BOX_KEY_SIZE], const uint8_t b[BOX_KEY_SIZE], const void *plain, size_t n,
                          const void *aad, size_t aad_len, uint8_t *out, struct err *e);
/* out has n - BOX_OVERHEAD bytes; a and b in the order in which it was sealed. RC_BAD wrong keys or changed bytes. */
MUST_USE enum rc box_open(const struct box_key *a, const struct box_key *b, const uint8_t *sealed, size_t n,
                          const void *aad, size_t aad_len, uint8_t *out, struct err *e);

#endif
