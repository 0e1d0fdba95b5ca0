/* seal.h: a slot's value at rest. The key is the subject's; the additional data bind slot, subject and hash, so that a
 * value moved to another row does not open. */
#ifndef POLICY_SEAL_H
#define POLICY_SEAL_H

#include "../base/arena.h"
#include "../base/buf.h"
#include "policy.h"

struct seal_input {
    const char *slot;     /* "[PERSON_1]" */
    const char *key;      /* what makes two values equal: its keyed hash is stored */
    const char *stored;   /* stored.h's form */
    const char *identity; /* "person:crm/contact/C-1", "record:crm/opportunity/O-23" */
};
/* Keyed hash of an identity, hex: what stands for a person in the store. */
MUST_USE enum rc seal_subject(const uint8_t hash_key[KEY_SIZE], const char *identity, char out[SHA256_HEX_SIZE], struct err *e)
   ;
/* Keyed hash of a normalised value. */
MUST_USE enum rc seal_hash(const uint8_t hash_key[KEY_SIZE], const char *key, uint8_t out[SHA256_SIZE], struct err *e);

/* Seals it under its subject's key, made if need be; all strings and bytes of *out lie in the arena.
 * RC_REFUSED the subject was erased; what subject_key returns; RC_NOMEM. */
MUST_USE enum rc seal_value(const struct policy_keys *keys, const struct seal_input *in, struct arena *arena,
                   struct policy_value *out, struct err *e);
/* The stored form appended. RC_BAD wrong key, wrong place or changed bytes; RC_NOMEM. */
MUST_USE enum rc seal_open(const uint8_t key[KEY_SIZE], const struct policy_value *v, struct buf *out, struct err *e);

#endif
