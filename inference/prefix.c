/* prefix.c: known blocks are in a hash table by (block before, tokens). The block before is named by a serial number
 * that is never used again, so that a chain whose beginning was given up cannot be taken for another. */
#include "prefix.h"

#include <stdlib.h>
#include <string.h>
#include "kernels.h"

#define NONE UINT32_MAX

struct block {
    uint64_t serial; /* 0: not known */
    uint64_t before; /* serial of the block before; at the start of a text start_of() its space */
    uint32_t refs;   /* sequences that use it */
    uint32_t filled;
    uint32_t next;          /* in the hash chain */
    uint32_t newer, older;  /* in the list of what is kept for nobody */
    int32_t ids[KV_BLOCK];
};

struct prefix {
    struct kv *kv;
    struct block *blocks;
    uint32_t *heads; /* of hash chains */
    size_t n_heads;  /* a power of two */
    uint64_t n_serials;
    uint32_t newest, oldest;
    size_t n_kept;
};

enum rc prefix_open(struct kv *kv, size_t n_blocks, struct prefix **out, struct err *e)
{
    struct prefix *p = calloc(1, sizeof(*p));

    if (!p) return err_set(e, RC_NOMEM, "KV cache: out of memory");
    p->kv = kv;
    p->newest = p->oldest = NONE;
    p->n_heads = 64;
    while (p->n_heads < n_blocks)
        p->n_heads *= 2;
    p->blocks = calloc(n_blocks, sizeof(*p->blocks));
    p->heads = malloc(p->n_heads * sizeof(*p->heads));
    if (!p->blocks || !p->heads) {
        prefix_close(p);
        return err_set(e, RC_NOMEM, "KV cache: out of memory for %zu blocks", n_blocks);
    }
    for (size_t i = 0; i < p->n_heads; i++)
        p->heads[i] = NONE;
    *out = p;
    return RC_OK;
}

void prefix_close(struct prefix *p)
{
    if (!p) return;
    free(p->blocks);
    free(p->heads);
    free(p);
}

/* ---- what is known ------------------------------------------------------------------------------------- */

/* FNV-1a over whole tokens, then folded (Fowler, Noll, Vo). Only speed depends on it. */
static uint32_t *head_of(const struct prefix *p, uint64_t before, const int32_t *ids)
{
    uint64_t h = UINT64_C(0xCBF29CE484222325) ^ before;

    for (size_t i = 0; i < KV_BLOCK; i++)
        h = (h ^ (uint32_t)ids[i]) * UINT64_C(0x100000001B3);
    return &p->heads[(h ^ h >> 32) & (p->n_heads - 1)];
}

static uint32_t find(const struct prefix *p, uint64_t before, const int32_t *ids)
{
    uint32_t i = *head_of(p, before, ids);

    while (i != NONE && (p->blocks[i].before != before || memcmp(p->blocks[i].ids, ids, sizeof(p->blocks[i].ids)) != 0))
        i = p->blocks[i].next;
    return i;
}

/* Returns the serial number. */
static uint64_t learn(struct prefix *p, uint32_t i, uint64_t before, const int32_t *ids, uint32_t filled)
{
    struct block *b = &p->blocks[i];
    uint32_t *head = head_of(p, before, ids);

    b->serial = ++p->n_serials;
    b->before = before;
    b->filled = filled;
    memcpy(b->ids, ids, sizeof(b->ids));
    b->next = *head;
    *head = i;
    return b->serial;
}

static void forget(struct prefix *p, uint32_t i)
{
    uint32_t *at = head_of(p, p->blocks[i].before, p->blocks[i].ids);

    while (*at != i)
        at = &p->blocks[*at].next;
    *at = p->blocks[i].next;
    p->blocks[i].serial = 0;
}

/* ---- what is kept for nobody --------------------------------------------------------------------------- */

static void keep(struct prefix *p, uint32_t i)
{
    p->blocks[i].newer = NONE;
    p->blocks[i].older = p->newest;
    if (p->newest != NONE)
        p->blocks[p->newest].newer = i;
    else
        p->oldest = i;
    p->newest = i;
    p->n_kept++;
}

static void unkeep(struct prefix *p, uint32_t i)
{
    const struct block *b = &p->blocks[i];

    if (b->newer != NONE)
        p->blocks[b->newer].older = b->older;
    else
        p->newest = b->older;
    if (b->older != NONE)
        p->blocks[b->older].newer = b->newer;
    else
        p->oldest = b->newer;
    p->n_kept--;
}

/* ---- taking and giving back ---------------------------------------------------------------------------- */

size_t prefix_room(const struct prefix *p)
{
    return kv_free_blocks(p->kv) + p->n_kept;
}

static void use(struct prefix *p, uint32_t i)
{
    if (p->blocks[i].refs++ == 0) unkeep(p, i);
}

static uint32_t take_fresh(struct prefix *p)
{
    uint32_t i;

    if (kv_free_blocks(p->kv) == 0) {
        i = p->oldest;
        unkeep(p, i);
        forget(p, i);
        kv_give(p->kv, &i, 1);
    }
    kv_take(p->kv, &i, 1);
    p->blocks[i].refs = 1;
    return i;
}

static void give_back(struct prefix *p, uint32_t i)
{
    struct block *b = &p->blocks[i];

    if (--b->refs > 0) return;
    if (b->serial && b->filled == KV_BLOCK) {
        keep(p, i);
        return;
    }
    if (b->serial) forget(p, i);
    kv_give(p->kv, &i, 1);
}

size_t prefix_blocks(size_t n_ids)
{
    return n_ids > 0 ? (n_ids - 1) / KV_BLOCK : 0;
}

/* What stands for the block before the first one; no serial number comes so far. */
static uint64_t start_of(uint64_t space)
{
    return space > 0 ? UINT64_C(1) << 63 | space : 0;
}

bool prefix_admit(struct prefix *p, uint64_t space, const int32_t *ids, size_t n_ids, uint32_t *table, size_t n_blocks)
{
    size_t whole = prefix_blocks(n_ids), known = 0, idle = 0;
    uint64_t before = start_of(space);

    for (; known < whole; known++) {
        uint32_t i = find(p, before, ids + known * KV_BLOCK);

        if (i == NONE) break;
        table[known] = i;
        idle += p->blocks[i].refs == 0;
        before = p->blocks[i].serial;
    }
    if (n_blocks - known > prefix_room(p) - idle) return false;
    for (size_t k = 0; k < known; k++)
        use(p, table[k]);
    for (size_t k = known; k < n_blocks; k++) {
        table[k] = take_fresh(p);
        if (k < whole) before = learn(p, table[k], before, ids + k * KV_BLOCK, 0);
    }
    return true;
}

void prefix_release(struct prefix *p, uint64_t space, const int32_t *ids, size_t n_ids, const uint32_t *table,
                    size_t n_blocks)
{
    uint64_t before = start_of(space);

    for (size_t k = 0; k < n_ids / KV_BLOCK; k++) {
        uint32_t i = find(p, before, ids + k * KV_BLOCK);

        before = i != NONE ? p->blocks[i].serial : learn(p, table[k], before, ids + k * KV_BLOCK, KV_BLOCK);
    }
    for (size_t k = n_blocks; k-- > 0;) /* ends first: they are given up before what they hang on */
        give_back(p, table[k]);
}

/* ---- computing ----------------------------------------------------------------------------------------- */

size_t prefix_filled(const struct prefix *p, uint32_t block)
{
    return p->blocks[block].filled;
}

void prefix_fill(struct prefix *p, uint32_t block, size_t n)
{
    p->blocks[block].filled = (uint32_t)n;
}
