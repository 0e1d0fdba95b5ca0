#include "string_index.h"

#include <stdlib.h>
#include <string.h>

#include "tokens.h"

#define FIRST_SIZE 64 /* a power of two */

/* Where the key is or would be; there is always a free place. */
static struct string_at *place_of(const struct string_index *x, const char *key, size_t n)
{
    size_t i = token_hash(key, n) & (x->size - 1);

    while (x->at[i].key && !(x->at[i].n == n && memcmp(x->at[i].key, key, n) == 0)) i = (i + 1) & (x->size - 1);
    return &x->at[i];
}

static enum rc grow(struct string_index *x, struct err *e)
{
    struct string_index bigger = {.size = x->size ? 2 * x->size : FIRST_SIZE, .used = x->used};

    bigger.at = calloc(bigger.size, sizeof(*bigger.at));
    if (!bigger.at) return err_set(e, RC_NOMEM, "policy: out of memory");
    for (size_t i = 0; i < x->size; i++)
        if (x->at[i].key) *place_of(&bigger, x->at[i].key, x->at[i].n) = x->at[i];
    free(x->at);
    *x = bigger;
    return RC_OK;
}

enum rc string_index_put(struct string_index *x, const char *key, size_t n, size_t value, struct err *e)
{
    struct string_at *place;
    enum rc rc = 2 * (x->used + 1) > x->size ? grow(x, e) : RC_OK;

    if (rc != RC_OK) return rc;
    place = place_of(x, key, n);
    x->used += !place->key;
    *place = (struct string_at){key, n, value};
    return RC_OK;
}

bool string_index_get(const struct string_index *x, const char *key, size_t n, size_t *value)
{
    const struct string_at *place = x->size ? place_of(x, key, n) : NULL;

    if (!place || !place->key) return false;
    *value = place->value;
    return true;
}

void string_index_clear(struct string_index *x)
{
    free(x->at);
    *x = (struct string_index){0};
}
