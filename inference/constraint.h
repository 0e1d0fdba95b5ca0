/* constraint.h: the inside of a constraint, and what the sampler asks of one.
 *
 * A constraint is a deterministic automaton over the output's bytes. Its states are numbers below CONSTRAINT_DEAD and
 * mean something to their own kind only. Whatever state can be reached from the start, either it accepts or some byte
 * leads on, so a vocabulary that holds all 256 bytes can always finish. */
#ifndef INFERENCE_CONSTRAINT_H
#define INFERENCE_CONSTRAINT_H

#include "inference.h"
#include "tokenizer.h"

struct constraint_kind {
    uint64_t (*start)(const struct constraint *c);
    uint64_t (*step)(const struct constraint *c, uint64_t state, uint8_t byte); /* CONSTRAINT_DEAD: no way on */
    bool (*accepts)(const struct constraint *c, uint64_t state);
    void (*close)(struct constraint *c);
};

struct constraint { /* the first member of every kind's own struct */
    const struct constraint_kind *kind;
};

/* allowed[tokenizer_size(t)]: 1 where the token may come next, else 0. A token is judged by all its bytes; an end
 * token is allowed where the state accepts; other tokens without bytes (control, unknown) never are.
 * One walk over the vocabulary in byte order: the bytes that neighbours share are stepped once. */
void constraint_mask(const struct constraint *c, const struct tokenizer *t, uint64_t state, uint8_t *allowed);

/* The state after token `id`, or CONSTRAINT_DEAD if it is not allowed. An end token leaves the state as it is. For a
 * sampler that tries its candidates in order of probability this is cheaper than a mask. */
uint64_t constraint_advance(const struct constraint *c, const struct tokenizer *t, uint64_t state, int32_t id);

#endif
