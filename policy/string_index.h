/* string_index.h: which number belongs to a string: a hash table that grows. Keys are borrowed and may hold any bytes. */
#ifndef POLICY_STRING_INDEX_H
#define POLICY_STRING_INDEX_H

#include <stdbool.h>
#include <stddef.h>
#include "../base/err.h"

struct string_index { /* {0} is empty */
    struct string_at {
        const char *key; /* NULL: a free place */
        size_t n, value;
    } *at;
    size_t size, used;
};
/* A key that is there gets the new value. key must live as long as the index. RC_NOMEM. */
MUST_USE enum rc string_index_put(struct string_index *x, const char *key, size_t n, size_t value, struct err *e);
bool string_index_get(const struct string_index *x, const char *key, size_t n, size_t *value);
void string_index_clear(struct string_index *x);

#endif
