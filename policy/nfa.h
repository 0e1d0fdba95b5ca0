/* nfa.h: patterns as a nondeterministic automaton over bytes (Thompson 1968), the raw material of automaton.h. */
#ifndef POLICY_NFA_H
#define POLICY_NFA_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include "../base/err.h"

/* Two bytes that no UTF-8 has stand for a whole character beyond ASCII, where it is known what it is. */
#define NFA_OTHER 0xFE /* certainly not \w */
#define NFA_WORD  0xFF /* certainly \w */

struct byte_set {
    uint64_t bits[4];
};

enum nfa_kind {
    NFA_FAIL,   /* leads nowhere (yet) */
    NFA_BYTE,   /* reads a byte of the set, goes to out */
    NFA_SPLIT,  /* goes to out and other, without reading */
    NFA_GO,     /* goes to out, without reading */
    NFA_NEXT,   /* goes to out if the next byte is in the set, or at the end of the text if `edge` */
    NFA_BEFORE, /* goes to out if the byte before is in the set, or at the beginning of the text if `edge` */
    NFA_ACCEPT  /* the pattern of `id` may match */
};
struct nfa_node {
    uint8_t kind;
    bool edge;
    uint16_t set; /* index into sets */
    uint16_t id;  /* whose node it is */
    uint32_t out, other;
};

struct nfa {
    struct nfa_node *nodes;
    size_t n_nodes, cap;
    struct byte_set *sets;
    size_t n_sets, cap_sets;
    uint32_t *starts; /* one of each pattern or word */
    size_t n_starts, cap_starts;
    bool failed; /* out of memory: sticks */
};

void nfa_clear(struct nfa *a);
/* As automaton_add() and automaton_add_word(). */
MUST_USE enum rc nfa_add(struct nfa *a, const char *pattern, uint16_t id, struct err *e);
MUST_USE enum rc nfa_add_word(struct nfa *a, const char *word, bool whole, uint16_t id, struct err *e);

bool byte_set_has(const struct byte_set *s, unsigned char b);

#endif
