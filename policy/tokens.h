/* tokens.h: a text as folded words and slots, and sets of their hashes: what the output checks and provenance compare. */
#ifndef POLICY_TOKENS_H
#define POLICY_TOKENS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include "../base/err.h"

struct token {
    size_t start, end; /* bytes of the text */
    const char *fold;  /* the word case-folded; of a slot its form without ":first": "[PERSON_1]" */
    uint64_t hash;     /* of fold */
    bool slot;
    bool capital; /* begins with an upper-case letter */
    bool digit;   /* has a digit of any script; never for slots */
};

struct tokens {
    struct token *items;
    size_t n;
    char *folds;
};
/* RC_NOMEM. tokens_clear() zeroes what it frees. */
MUST_USE enum rc tokens_split(const char *text, size_t n, struct tokens *out, struct err *e);
void tokens_clear(struct tokens *t);

uint64_t token_hash(const char *fold, size_t n);
/* Hash of the n tokens from `at` on. */
uint64_t tokens_run(const struct tokens *t, size_t at, size_t n);

struct hash_set { /* all zero: empty */
    uint64_t *slots;
    size_t size, n;
};
MUST_USE enum rc hash_set_add(struct hash_set *s, uint64_t h, struct err *e); /* RC_NOMEM */
bool hash_set_has(const struct hash_set *s, uint64_t h);
void hash_set_clear(struct hash_set *s);
/* Add every run of n tokens. */
MUST_USE enum rc hash_set_add_runs(struct hash_set *s, const struct tokens *t, size_t n, struct err *e);

#endif
