/* evidence.h: what was admitted, by node: which words and slots each admitted text has. Provenance and the checks of
 * what rests on outside text ask it. */
#ifndef POLICY_EVIDENCE_H
#define POLICY_EVIDENCE_H

#include "admit.h"
#include "tokens.h"

struct source_text { /* one admitted value */
    const struct policy_node *node;
    struct tokens words; /* slots included */
    struct hash_set has; /* of their hashes */
};

struct evidence {
    struct source_text *items; /* in the tree's order */
    size_t n, cap;
    struct hash_set words, inside, outside; /* of all items; of those written inside or outside the company */
    struct hash_set derived;                /* slots of facts that code counted from dates: a node of their own */
    bool foreign;                           /* some text is in another language than the brief */
};
MUST_USE enum rc evidence_open(const struct policy_admitted *a, struct evidence *out, struct err *e);
void evidence_close(struct evidence *ev);

/* Does the word carry weight in a comparison: a slot, or a word that is not plain in the brief's language? */
bool evidence_weighs(const struct token *t, size_t language);

/* The nodes that a sentence rests on, the best ones first: for each of its slots the node that has it and most of the
 * sentence's words, then the node that has most of its other words. At most max; returns how many. */
size_t evidence_find(const struct evidence *ev, const struct tokens *sentence, size_t language,
                     const struct policy_node **out, size_t max);
/* A fact of it (sum, date, number), or most of its words, stand only in text from outside. */
bool evidence_only_outside(const struct evidence *ev, const struct tokens *sentence, size_t language);

#endif
