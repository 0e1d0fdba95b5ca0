/* merge.h: byte-pair merging of one piece of text, for both families of tokenizer.
 *
 * A piece starts as symbols (bytes or characters); the best adjacent pair is merged until none is left. Pairs wait in
 * a heap and symbols in a linked list, so a piece of n symbols takes n log n, whatever it holds. */
#ifndef INFERENCE_MERGE_H
#define INFERENCE_MERGE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include "../base/err.h"

struct symbol {
    uint32_t begin, n;   /* bytes of the piece */
    uint32_t prev, next; /* neighbours, MERGE_END at the ends */
    int32_t id;          /* token, or -1 */
};
#define MERGE_END UINT32_MAX

struct pair {
    uint64_t key; /* rank, then position: least first */
    uint32_t left, n_left, n_right;
    int32_t id; /* what they become */
};

/* Working memory, kept between pieces. All zeros is empty. */
struct merge {
    struct symbol *symbols;
    struct pair *heap;
    size_t n_symbols, cap_symbols, n_heap, cap_heap;
};
void merge_clear(struct merge *m);

/* Room for n symbols; the caller fills symbols[0..n) with begin, n and id. RC_NOMEM. */
MUST_USE enum rc merge_reserve(struct merge *m, size_t n, struct err *e);

/* Merge symbols[0..n_symbols) of `text`. look_up says whether two neighbours merge, into what, and how early (the
 * least rank first, of equal ones the leftmost). The result is the list from symbols[0] along next. */
typedef bool (*merge_look_up)(const void *ctx, const char *text, const struct symbol *left, const struct symbol *right,
                              uint32_t *rank, int32_t *id);
void merge_run(struct merge *m, const char *text, merge_look_up look_up, const void *ctx);

#endif
