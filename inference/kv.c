#include "kv.h"

#include <stdlib.h>
#include <unistd.h>
#include "kernels.h"

struct kv {
    size_t head_values, layer_values,
        block_values; /* halves of one head's keys, of one layer, of one block */
    uint16_t *data;
    uint32_t *free_list;
    size_t n_free;
};

size_t kv_blocks(size_t n_tokens)
{
    return n_tokens / KV_BLOCK + (n_tokens % KV_BLOCK != 0);
}

/* Halves of one position in one layer. */
static size_t position_values(const struct shape *s)
{
    return s->n_latent ? (size_t)s->n_latent + s->n_rope : (size_t)s->n_heads_kv * (s->n_head + s->n_value);
}

size_t kv_block_bytes(const struct shape *s)
{
    return s->n_layers * position_values(s) * KV_BLOCK * sizeof(uint16_t); /* < 2^37 by shape.h */
}

/* Whether the machine has so much memory at all. */
static bool could_hold(double bytes)
{
    return bytes <= (double)sysconf(_SC_PHYS_PAGES) * (double)sysconf(_SC_PAGESIZE);
}

enum rc kv_open(const struct shape *s, size_t n_blocks, struct kv **out, struct err *e)
{
    struct kv *kv = calloc(1, sizeof(*kv));

    if (!kv) return err_set(e, RC_NOMEM, "KV cache: out of memory");
    kv->head_values = (size_t)s->n_head * KV_BLOCK;
    kv->layer_values = position_values(s) * KV_BLOCK;
    kv->block_values = s->n_layers * kv->layer_values;
    if (n_blocks <= UINT32_MAX && could_hold((double)n_blocks * (double)kv_block_bytes(s))) {
        kv->data =
            calloc(n_blocks, kv->block_values * sizeof(uint16_t)); /* pages come when they are written */
        kv->free_list = calloc(n_blocks, sizeof(*kv->free_list));
    }
    if (!kv->data || !kv->free_list) {
        kv_close(kv);
        return err_set(e, RC_LIMIT,
                       "KV cache: %zu blocks of %d tokens, %zu bytes each = %.0f MiB, do not fit in memory: "
                       "fewer sequences or a shorter context",
                       n_blocks, KV_BLOCK, kv_block_bytes(s), (double)n_blocks * (double)kv_block_bytes(s) / (1 << 20));
    }
    for (; kv->n_free < n_blocks; kv->n_free++)
        kv->free_list[kv->n_free] = (uint32_t)(n_blocks - 1 - kv->n_free);
    *out = kv;
    return RC_OK;
}

void kv_close(struct kv *kv)
{
    if (!kv) return;
    free(kv->data);
    free(kv->free_list);
    free(kv);
}

size_t kv_free_blocks(const struct kv *kv)
{
    return kv->n_free;
}

void kv_take(struct kv *kv, uint32_t *table, size_t n)
{
    for (size_t i = 0; i < n; i++)
        table[i] = kv->free_list[--kv->n_free];
}

void kv_give(struct kv *kv, const uint32_t *table, size_t n)
{
    for (size_t i = n; i-- > 0;)
        kv->free_list[kv->n_free++] = table[i];
}

uint16_t *kv_keys(const struct kv *kv, uint32_t block, size_t layer, size_t head)
{
    return kv->data + block * kv->block_values + layer * kv->layer_values + head * kv->head_values;
}

uint16_t *kv_values(const struct kv *kv, uint32_t block, size_t layer, size_t head)
{
    return kv_keys(kv, block, layer, head) + kv->layer_values / 2;
}

uint16_t *kv_latents(const struct kv *kv, uint32_t block, size_t layer)
{
    return kv->data + block * kv->block_values + layer * kv->layer_values;
}

size_t kv_layer_bytes(const struct kv *kv)
{
    return kv->layer_values * sizeof(uint16_t);
}
