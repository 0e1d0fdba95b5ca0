/* kv.h: the cache of keys and values, in blocks of KV_BLOCK positions that any sequence may hold in any
 * order. A sequence's block table says where its positions lie: position p is place p % KV_BLOCK of block
 * table[p / KV_BLOCK]. After Kwon et al. 2023, arXiv:2309.06180. Keys lie turned, [head value][position],
 * values [position][head value], as kernels.attend reads them. Of a model with latent attention only the
 * latent vector and the turned part of the keys are kept, [position][n_latent + n_rope], as
 * kernels.attend_latent reads them. All are half floats, or bytes with scales. Taking and giving blocks is for one thread. */
#ifndef INFERENCE_KV_H
#define INFERENCE_KV_H

#include "kernels.h"
#include "shape.h"

struct kv;

/* Blocks that n tokens take. */
size_t kv_blocks(size_t n_tokens);
/* Bytes of one block over all layers. */
size_t kv_block_bytes(const struct shape *s, enum kv_type type);

/* A cache of n blocks. RC_LIMIT with the sum if the system has not that much memory. */
MUST_USE enum rc kv_open(const struct shape *s, enum kv_type type, size_t n_blocks, struct kv **out, struct err *e);
void kv_close(struct kv *kv);

size_t kv_free_blocks(const struct kv *kv);
void kv_take(struct kv *kv, uint32_t *table, size_t n); /* n <= kv_free_blocks() */
void kv_give(struct kv *kv, const uint32_t *table, size_t n);

enum kv_type kv_type(const struct kv *kv);
/* Bytes that KV_BLOCK rows of n values take. */
size_t kv_rows_bytes(enum kv_type type, size_t n);
uint8_t *kv_keys(const struct kv *kv, uint32_t block, size_t layer, size_t head);
uint8_t *kv_values(const struct kv *kv, uint32_t block, size_t layer, size_t head);
uint8_t *kv_latents(const struct kv *kv, uint32_t block, size_t layer);
/* Row `place` of a block's rows of n values, that begin at `to`; turned: value by value, not row by row. */
void kv_write(const struct kv *kv, const struct kernels *k, const float *x, size_t n, bool turned, size_t place, uint8_t *to);
/* Bytes of a layer's part of a block, which begins with the keys of head 0, or the latent vectors. */
size_t kv_layer_bytes(const struct kv *kv);

#endif
