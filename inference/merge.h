/* merge.h: byte-pair merging of one piece of text, for both families of tokenizer.
 *
 * A piece starts as symbols (bytes or characters); the adjacent pair whose rule has the least rank is merged, the
 * leftmost of equal ones, until no pair has a rule. Source: Sennrich et al. 2016, section 3.2.
 * A short piece is scanned for each merge. In a long one pairs wait in a queue and symbols in a linked list, so n
 * symbols take n log n whatever they hold, and n where pairs of a kind come in a row, as in a run of one letter. */
#ifndef INFERENCE_MERGE_H
#define INFERENCE_MERGE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include "../base/err.h"

/* Which two symbols become which third, and how early: a hash table, read-only once filled. */
struct merge_rule {
    int32_t left, right; /* left is -1 in an empty place */
    uint32_t rank;
    int32_t id;
};
struct merge_rules {
    struct merge_rule *table;
    unsigned shift; /* 64 - log2 of its size */
};
#define MERGE_NO_RANK UINT32_MAX

/* Room for n rules. r is the caller's storage; merge_rules_clear() also after a failure. RC_NOMEM. */
MUST_USE enum rc merge_rules_init(struct merge_rules *r, size_t n, struct err *e);
void merge_rules_clear(struct merge_rules *r);
/* Symbols are numbers from 0 on; rank is below MERGE_NO_RANK. Of two rules for a pair the first counts. */
void merge_rules_add(struct merge_rules *r, int32_t left, int32_t right, uint32_t rank, int32_t id);

struct symbol {
    int32_t id;     /* -1: in no rule */
    uint32_t begin; /* its first byte in the piece; the next one's is its end */
    uint32_t rank;  /* of the rule for it and the next, or MERGE_NO_RANK */
    int32_t merged; /* and what that makes */
};

struct merge_run { /* a queue of keys that were pushed in ascending order */
    uint64_t *keys;
    size_t head, n, cap;
};
#define MERGE_RUNS 8

/* Working memory, kept between pieces. All zeros is empty. */
struct merge {
    struct symbol *symbols;
    uint32_t *prev, *next; /* of long pieces */
    struct merge_run runs[MERGE_RUNS], heap;
    size_t n_symbols, cap_symbols, cap_links;
};
void merge_clear(struct merge *m);

/* Room for n symbols; the caller fills symbols[0..n_symbols) with begin and id. RC_NOMEM. */
MUST_USE enum rc merge_reserve(struct merge *m, size_t n, struct err *e);
/* Merge symbols[0..n_symbols); what is left is in symbols[0..n_symbols) again. RC_NOMEM. */
MUST_USE enum rc merge_run(struct merge *m, const struct merge_rules *rules, struct err *e);

#endif
