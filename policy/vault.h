/* vault.h: which slot stands for which value, in memory that is locked, left out of core dumps and zeroed at the end.
 *
 * Equal values (the same kind and key) share one slot. One vault serves one admitted record and one thread; nothing of
 * it outlives vault_close(). */
#ifndef POLICY_VAULT_H
#define POLICY_VAULT_H

#include <stdbool.h>
#include <stddef.h>
#include "../base/err.h"

#define VAULT_MAX_SLOTS 100000
#define VAULT_MAX_VALUE_BYTES 8192

struct vault_value {
    const char *kind;    /* "PERSON" */
    unsigned number;     /* from 1, by kind */
    const char *slot;    /* "[PERSON_1]" */
    const char *key;     /* what makes two values equal */
    const char *value;   /* stored form, as values.h writes it */
    const char *subject; /* whom it concerns: "person:crm/contact/C-1", or "" for the record */
};

struct vault;
/* RC_NOMEM. Memory is locked when the first value comes. best_effort: go on when the lock is refused. */
MUST_USE enum rc vault_open(bool best_effort, struct vault **out, struct err *e);
void vault_close(struct vault *v); /* zeroes; NULL is a no-op */

/* The slot of a value, made at first; strings are copied. RC_LIMIT more than VAULT_MAX_SLOTS, a value over
 * VAULT_MAX_VALUE_BYTES, or locked memory refused (the message names vault_lock: best_effort). RC_NOMEM.
 * *out is good until the next vault_put(); the strings in it until vault_close(). */
MUST_USE enum rc vault_put(struct vault *v, const char *kind, const char *key, const char *value, const char *subject,
                           const struct vault_value **out, struct err *e);
/* By its text without brackets and form: "PERSON_1". NULL if there is none. */
const struct vault_value *vault_find(const struct vault *v, const char *name, size_t n);
size_t vault_count(const struct vault *v);
const struct vault_value *vault_at(const struct vault *v, size_t i); /* i < vault_count() */
bool vault_locked(const struct vault *v); /* every byte so far is locked */

#endif
