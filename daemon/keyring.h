/* keyring.h: the master key and what is derived from it. It lives outside the store, so that the store alone opens
 * nothing: seals, erase and the audit chain all rest on it.
 *
 * The file holds 32 random bytes as 64 hexadecimal digits and a line feed, mode 0600. Beside it, in PATH.audit-head,
 * stands the head of the audit chain. Keys are derived as HMAC-SHA-256(master, "briefd " label): "wrap" wraps the keys of
 * subjects, "hash" makes the keyed hashes, "audit" seals the chain's entries, "sign" is the seed of the Ed25519 key that signs
 * checkpoints and certificates; each signed text begins by saying what it is.
 *
 * Threads: read-only once open; share it between threads. */
#ifndef DAEMON_KEYRING_H
#define DAEMON_KEYRING_H

#include <stdint.h>
#include "../base/crypto.h"
#include "../base/err.h"

struct keyring;

/* Open `spec` ("file:PATH" or PATH); made at first use, its folder too (mode 0700; the folder above must exist).
 * RC_OK *out is the caller's; close with keyring_close(). RC_BAD another spec, a file that others may read (the message
 * says what to do) or that holds no key; RC_NOMEM; RC_INTERNAL no random bytes. */
MUST_USE enum rc keyring_open(const char *spec, struct keyring **out, struct err *e);
void keyring_close(struct keyring *k); /* wipes the keys; NULL is a no-op */

/* Borrowed, KEY_SIZE bytes each. */
const uint8_t *keyring_wrap_key(const struct keyring *k);
const uint8_t *keyring_hash_key(const struct keyring *k);  /* for struct policy_request and policy_keys */
const uint8_t *keyring_audit_key(const struct keyring *k);

const struct ed25519_key *keyring_signing_key(const struct keyring *k);

/* Tells one master key from another without giving it away: the store remembers with which it was made. Hex. */
const char *keyring_id(const struct keyring *k);
const char *keyring_head_path(const struct keyring *k); /* PATH.audit-head */
/* PATH.erased: keyed hashes of who was erased, so that an older backup of the store does not bring them back. */
const char *keyring_erased_path(const struct keyring *k);

#endif
