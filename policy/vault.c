#include "vault.h"

#include <errno.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/resource.h>

#include "../base/crypto.h"

#define BLOCK_BYTES ((size_t)64 << 10)      /* first block; each next one doubles ... */
#define BLOCK_MAX_BYTES ((size_t)1 << 20)   /* ... up to this, since RLIMIT_MEMLOCK is often 8 MiB in all */
#define MAX_KINDS 256

struct block { /* stands at the start of its own mapping */
    struct block *next;
    size_t size, used;
};

struct kind_count {
    const char *kind;
    unsigned count;
};

struct vault {
    bool best_effort, unlocked;
    struct block *blocks;
    struct vault_value *values; /* pointers into the blocks, no values themselves */
    size_t n_values, cap_values;
    uint32_t *by_key, *by_name; /* open addressing; 0 is empty, else index + 1 */
    size_t table;               /* size of both, a power of two */
    struct kind_count kinds[MAX_KINDS];
    size_t n_kinds;
};

enum rc vault_open(bool best_effort, struct vault **out, struct err *e)
{
    struct vault *v = calloc(1, sizeof(*v));

    if (!v) return err_set(e, RC_NOMEM, "vault: out of memory");
    v->best_effort = best_effort;
    *out = v;
    return RC_OK;
}

void vault_close(struct vault *v)
{
    if (!v) return;
    while (v->blocks) {
        struct block *b = v->blocks;
        size_t size = b->size;

        v->blocks = b->next;
        crypto_wipe(b, size);
        munmap(b, size); /* unlocks as well */
    }
    free(v->values);
    free(v->by_key);
    free(v->by_name);
    free(v);
}

/* ---- locked memory -------------------------------------------------------------------------------------------- */

static enum rc add_block(struct vault *v, size_t need, struct err *e)
{
    size_t size = v->blocks ? v->blocks->size * 2 : BLOCK_BYTES;
    struct rlimit limit = {0};
    struct block *b;

    if (size > BLOCK_MAX_BYTES) size = BLOCK_MAX_BYTES;
    while (size < need + sizeof(*b)) size *= 2; /* need is at most a few VAULT_MAX_VALUE_BYTES */
    b = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (b == MAP_FAILED) return err_set(e, RC_NOMEM, "vault: out of memory");
    if (mlock(b, size) != 0) {
        if (!v->best_effort) {
            int failed = errno;
            munmap(b, size);
            (void)getrlimit(RLIMIT_MEMLOCK, &limit);
            return err_sys(e, RC_LIMIT, failed,
                           "vault: locked memory refused (RLIMIT_MEMLOCK is %llu KiB; raise LimitMEMLOCK=, or set "
                           "vault_lock: best_effort)",
                           (unsigned long long)limit.rlim_cur >> 10);
        }
        v->unlocked = true;
    }
    (void)madvise(b, size, MADV_DONTDUMP);
    b->next = v->blocks;
    b->size = size;
    b->used = sizeof(*b);
    v->blocks = b;
    return RC_OK;
}

/* Room for all strings of one value, so that copying them below cannot fail. */
static enum rc reserve(struct vault *v, size_t n, struct err *e)
{
    if (v->blocks && v->blocks->size - v->blocks->used >= n) return RC_OK;
    return add_block(v, n, e);
}

static const char *copy(struct vault *v, const char *s)
{
    size_t n = strlen(s) + 1;
    char *at = (char *)v->blocks + v->blocks->used;

    memcpy(at, s, n);
    v->blocks->used += n;
    return at;
}

/* ---- look-up -------------------------------------------------------------------------------------------------- */

static uint64_t fnv(uint64_t h, const void *bytes, size_t n) /* Fowler-Noll-Vo 1a, 64 bits */
{
    const unsigned char *p = bytes;

    for (size_t i = 0; i < n; i++) h = (h ^ p[i]) * UINT64_C(0x100000001b3);
    return h;
}

#define FNV_START UINT64_C(0xcbf29ce484222325)

static uint64_t hash_key(const char *kind, const char *key)
{
    return fnv(fnv(FNV_START, kind, strlen(kind) + 1), key, strlen(key));
}

/* "PERSON_1" of "[PERSON_1]" */
static size_t name_length(const struct vault_value *x)
{
    return strlen(x->slot) - 2;
}

static void insert(uint32_t *table, size_t size, uint64_t hash, size_t index)
{
    size_t at = hash & (size - 1);

    while (table[at]) at = (at + 1) & (size - 1);
    table[at] = (uint32_t)index + 1;
}

static void index_value(struct vault *v, size_t i)
{
    const struct vault_value *x = &v->values[i];

    insert(v->by_key, v->table, hash_key(x->kind, x->key), i);
    insert(v->by_name, v->table, fnv(FNV_START, x->slot + 1, name_length(x)), i);
}

static enum rc grow(struct vault *v, struct err *e)
{
    size_t cap = v->cap_values ? v->cap_values * 2 : 64;
    struct vault_value *values = realloc(v->values, cap * sizeof(*values));
    uint32_t *by_key, *by_name;

    if (!values) return err_set(e, RC_NOMEM, "vault: out of memory");
    v->values = values;
    by_key = calloc(cap * 2, sizeof(*by_key));
    by_name = calloc(cap * 2, sizeof(*by_name));
    if (!by_key || !by_name) {
        free(by_key);
        free(by_name);
        return err_set(e, RC_NOMEM, "vault: out of memory");
    }
    free(v->by_key);
    free(v->by_name);
    v->by_key = by_key;
    v->by_name = by_name;
    v->table = cap * 2;
    v->cap_values = cap;
    for (size_t i = 0; i < v->n_values; i++) index_value(v, i);
    return RC_OK;
}

static const struct vault_value *find_key(const struct vault *v, const char *kind, const char *key)
{
    if (!v->table) return NULL;
    for (size_t at = hash_key(kind, key) & (v->table - 1); v->by_key[at]; at = (at + 1) & (v->table - 1)) {
        const struct vault_value *x = &v->values[v->by_key[at] - 1];
        if (strcmp(x->kind, kind) == 0 && strcmp(x->key, key) == 0) return x;
    }
    return NULL;
}

const struct vault_value *vault_find(const struct vault *v, const char *name, size_t n)
{
    if (!v->table) return NULL;
    for (size_t at = fnv(FNV_START, name, n) & (v->table - 1); v->by_name[at]; at = (at + 1) & (v->table - 1)) {
        const struct vault_value *x = &v->values[v->by_name[at] - 1];
        if (name_length(x) == n && memcmp(x->slot + 1, name, n) == 0) return x;
    }
    return NULL;
}

static struct kind_count *count_of(struct vault *v, const char *kind)
{
    for (size_t i = 0; i < v->n_kinds; i++)
        if (strcmp(v->kinds[i].kind, kind) == 0) return &v->kinds[i];
    return v->n_kinds < MAX_KINDS ? &v->kinds[v->n_kinds] : NULL;
}

enum rc vault_put(struct vault *v, const char *kind, const char *key, const char *value, const char *subject,
                  const struct vault_value **out, struct err *e)
{
    const struct vault_value *found = find_key(v, kind, key);
    struct kind_count *count;
    struct vault_value *x;
    char slot[96];
    enum rc rc;

    if (found) {
        *out = found;
        return RC_OK;
    }
    count = count_of(v, kind);
    if (v->n_values == VAULT_MAX_SLOTS || !count || strlen(kind) > 64)
        return err_set(e, RC_LIMIT, "vault: more than %d slots in one record", VAULT_MAX_SLOTS);
    if (strlen(value) > VAULT_MAX_VALUE_BYTES || strlen(key) > VAULT_MAX_VALUE_BYTES ||
        strlen(subject) > VAULT_MAX_VALUE_BYTES)
        return err_set(e, RC_LIMIT, "vault: a value of more than %d bytes", VAULT_MAX_VALUE_BYTES);
    if (v->n_values == v->cap_values && (rc = grow(v, e)) != RC_OK) return rc;
    snprintf(slot, sizeof(slot), "[%s_%u]", kind, count->count + 1);
    rc = reserve(v, strlen(kind) + strlen(slot) + strlen(key) + strlen(value) + strlen(subject) + 5, e);
    if (rc != RC_OK) return rc;

    x = &v->values[v->n_values];
    if (!count->kind) {
        count->kind = copy(v, kind);
        v->n_kinds++;
    }
    *x = (struct vault_value){.kind = count->kind, .number = ++count->count, .slot = copy(v, slot),
                              .key = copy(v, key), .value = copy(v, value), .subject = copy(v, subject)};
    index_value(v, v->n_values++);
    *out = x;
    return RC_OK;
}

size_t vault_count(const struct vault *v)
{
    return v->n_values;
}

const struct vault_value *vault_at(const struct vault *v, size_t i)
{
    return &v->values[i];
}

bool vault_locked(const struct vault *v)
{
    return !v->unlocked;
}
