#include "kv.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include "kernels.h"

struct kv {
    enum kv_type type;
    size_t head_bytes, layer_bytes, block_bytes; /* of one head's keys, of one layer, of one block */
    uint8_t *data;
    uint32_t *free_list;
    size_t n_free;
};

size_t kv_blocks(size_t n_tokens)
{
    return n_tokens / KV_BLOCK + (n_tokens % KV_BLOCK != 0);
}

size_t kv_rows_bytes(enum kv_type type, size_t n)
{
    size_t scales = (n + KV_SCALED - 1) / KV_SCALED * sizeof(uint16_t);

    return KV_BLOCK * (type == KV_Q8 ? n + scales : n * sizeof(uint16_t));
}

/* Of one block in one layer. */
static size_t bytes_of_layer(const struct shape *s, enum kv_type type)
{
    if (s->n_latent) return kv_rows_bytes(type, (size_t)s->n_latent + s->n_rope);
    return s->n_heads_kv * (kv_rows_bytes(type, s->n_head) + kv_rows_bytes(type, s->n_value));
}

size_t kv_block_bytes(const struct shape *s, enum kv_type type)
{
    return s->n_layers * bytes_of_layer(s, type); /* < 2^37 by shape.h */
}

/* Whether the machine has so much memory at all. */
static bool could_hold(double bytes)
{
    return bytes <= (double)sysconf(_SC_PHYS_PAGES) * (double)sysconf(_SC_PAGESIZE);
}

enum rc kv_open(const struct shape *s, enum kv_type type, size_t n_blocks, struct kv **out, struct err *e)
{
    struct kv *kv = calloc(1, sizeof(*kv));

    if (!kv) return err_set(e, RC_NOMEM, "KV cache: out of memory");
    kv->type = type;
    kv->head_bytes = kv_rows_bytes(type, s->n_head);
    kv->layer_bytes = bytes_of_layer(s, type);
    kv->block_bytes = kv_block_bytes(s, type);
    if (n_blocks <= UINT32_MAX && could_hold((double)n_blocks * (double)kv->block_bytes)) {
        kv->data = calloc(n_blocks, kv->block_bytes); /* pages come when they are written */
        kv->free_list = calloc(n_blocks, sizeof(*kv->free_list));
    }
    if (!kv->data || !kv->free_list) {
        size_t block = kv->block_bytes;

        kv_close(kv);
        return err_set(e, RC_LIMIT,
                       "KV cache: %zu blocks of %d tokens, %zu bytes each = %.0f MiB, do not fit in memory: "
                       "fewer sequences or a shorter context",
                       n_blocks, KV_BLOCK, block, (double)n_blocks * (double)block / (1 << 20));
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

enum kv_type kv_type(const struct kv *kv)
{
    return kv->type;
}

uint8_t *kv_keys(const struct kv *kv, uint32_t block, size_t layer, size_t head)
{
    return kv->data + block * kv->block_bytes + layer * kv->layer_bytes + head * kv->head_bytes;
}

uint8_t *kv_values(const struct kv *kv, uint32_t block, size_t layer, size_t head)
{
    return kv_keys(kv, block, layer, head) + kv->layer_bytes / 2; /* a head's keys are as many as its values */
}

uint8_t *kv_latents(const struct kv *kv, uint32_t block, size_t layer)
{
    return kv->data + block * kv->block_bytes + layer * kv->layer_bytes;
}

size_t kv_layer_bytes(const struct kv *kv)
{
    return kv->layer_bytes;
}

static void write_halves(const struct kernels *k, const float *x, size_t n, bool turned, size_t place, uint16_t *to)
{
    uint16_t halves[MODEL_MAX_HEAD];

    if (!turned) {
        k->to_half(x, n, to + place * n);
        return;
    }
    k->to_half(x, n, halves);
    for (size_t d = 0; d < n; d++)
        to[d * KV_BLOCK + place] = halves[d];
}

static void write_bytes(const struct kernels *k, const float *x, size_t n, bool turned, size_t place, uint8_t *to)
{
    int8_t bytes[KV_SCALED];
    uint8_t *scale = to + KV_BLOCK * n + place * sizeof(uint16_t);

    for (size_t at = 0; at < n; at += KV_SCALED, scale += KV_BLOCK * sizeof(uint16_t)) {
        size_t some = n - at < KV_SCALED ? n - at : KV_SCALED;
        uint16_t half = k->to_bytes(x + at, some, bytes);

        memcpy(scale, &half, sizeof(half));
        for (size_t d = 0; d < some && turned; d++)
            to[(at + d) * KV_BLOCK + place] = (uint8_t)bytes[d];
        if (!turned) memcpy(to + place * n + at, bytes, some);
    }
}

void kv_write(const struct kv *kv, const struct kernels *k, const float *x, size_t n, bool turned, size_t place, uint8_t *to)
{
    if (kv->type == KV_Q8)
        write_bytes(k, x, n, turned, place, to);
    else
        write_halves(k, x, n, turned, place, (uint16_t *)(void *)to);
}
