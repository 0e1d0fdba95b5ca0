/* prefix.h: whose blocks of the KV cache are whose, and which hold which tokens: sequences that begin with the same
 * tokens share those blocks.
 *
 * What a block holds follows from its tokens, all tokens before them and the weights that made it: sequences of one
 * `space` share, those of different ones (0: the model alone; an adapter's serial number) never do. A known block is therefore found by the
 * block before it and its own KV_BLOCK tokens, and these are compared, not their hash only. Blocks are shared whole
 * and never change once they are filled: the block with a prompt's last token, whose logits are wanted, is always the
 * sequence's own. Prompts' blocks are known from admission on, before they are computed: whoever comes to a position
 * that nobody has computed does it for all. What no sequence uses any more is kept until its room is needed, the
 * longest unused first, ends before beginnings. One thread; nothing is allocated after prefix_open(). */
#ifndef INFERENCE_PREFIX_H
#define INFERENCE_PREFIX_H

#include <stdbool.h>
#include <stdint.h>
#include "kv.h"

struct prefix;

/* All n_blocks blocks of kv, which is borrowed; nobody else takes any. RC_NOMEM. */
MUST_USE enum rc prefix_open(struct kv *kv, size_t n_blocks, struct prefix **out, struct err *e);
void prefix_close(struct prefix *p); /* NULL is a no-op */

/* Blocks for a sequence of a space (below 2^63) that begins with ids[n_ids], n_blocks in all, the first of them shared as far as they
 * are known. False, and nothing but table changes, if there is no room. Requires n_blocks >= kv_blocks(n_ids). */
bool prefix_admit(struct prefix *p, uint64_t space, const int32_t *ids, size_t n_ids, uint32_t *table, size_t n_blocks);
/* The sequence is over; ids[n_ids] are the tokens whose keys and values lie in its blocks. Its whole blocks stay
 * known. */
void prefix_release(struct prefix *p, uint64_t space, const int32_t *ids, size_t n_ids, const uint32_t *table,
                    size_t n_blocks);

/* How many blocks of a prompt can be shared; while it runs, these are known. */
size_t prefix_blocks(size_t n_ids);
/* Positions of such a block that are computed, or will be by rows of this step that are chosen already. */
size_t prefix_filled(const struct prefix *p, uint32_t block);
void prefix_fill(struct prefix *p, uint32_t block, size_t n);

/* Blocks that a sequence could take now: free, or kept for nobody. */
size_t prefix_room(const struct prefix *p);

#endif
