/* constraint.h: the inside of a constraint, and what the sampler asks of one.
 *
 * A constraint is a deterministic automaton over the output's bytes. Its states mean something to their own kind only.
 * Whatever state can be reached from the start, either it accepts or some byte leads on, so a vocabulary that holds all
 * 256 bytes can always finish. A kind with least() also says how soon: then only those tokens are allowed after which
 * the tokens that are left suffice, at worst one for each byte. */
#ifndef INFERENCE_CONSTRAINT_H
#define INFERENCE_CONSTRAINT_H

#include "inference.h"
#include "tokenizer.h"

struct constraint_kind {
    void (*start)(const struct constraint *c, struct constraint_state *out);
    bool (*step)(const struct constraint *c, struct constraint_state *s, uint8_t byte); /* false: no way on */
    bool (*accepts)(const struct constraint *c, const struct constraint_state *s);
    size_t (*least)(const struct constraint *c, const struct constraint_state *s); /* constraint_least(); or NULL */
    /* Does every state like this one refuse most of a vocabulary, so that a mask is soon made? NULL: none does. */
    bool (*narrow)(const struct constraint *c, const struct constraint_state *s);
    /* May any text of up to *room characters without control characters, quotes and backslashes come next, and no byte
     * below 0x20 at all? Then a mask needs to look at few tokens' bytes only. NULL: never. */
    bool (*plain)(const struct constraint *c, const struct constraint_state *s, size_t *room);
    void (*close)(struct constraint *c);
};

struct constraint { /* the first member of every kind's own struct */
    const struct constraint_kind *kind;
    size_t worst; /* no state that can be reached has a larger least() */
};

/* A copy of the words that have a meaning. */
static inline void constraint_copy(struct constraint_state *to, const struct constraint_state *from)
{
    to->n = from->n;
    for (uint32_t i = 0; i < from->n; i++) to->w[i] = from->w[i];
}

/* Can a request for `limit` tokens be closed in time? RC_LIMIT names both numbers; RC_BAD a byte that the vocabulary has
 * no token for. RC_OK for kinds that promise no end. */
MUST_USE enum rc constraint_check(const struct constraint *c, const struct tokenizer *t, size_t limit, struct err *e);

/* allowed[tokenizer_size(t)]: 1 where the token may come next, with `left` tokens after it, else 0. A token is judged by
 * all its bytes; an end token is allowed where the state accepts; other tokens without bytes (control, unknown) never
 * are. One walk over the vocabulary in byte order: the bytes that neighbours share are stepped once, and all that begins
 * with refused bytes is passed over at once. */
void constraint_mask(const struct constraint *c, const struct tokenizer *t, const struct constraint_state *state,
                     size_t left, uint8_t *allowed);

/* *state becomes that after token `id`; false, and *state is of no use, if it is not allowed with `left` tokens after it.
 * An end token leaves the state as it is. */
bool constraint_advance(const struct constraint *c, const struct tokenizer *t, struct constraint_state *state, int32_t id,
                        size_t left);
/* The same question, *state as it was. For a sampler that tries its candidates in order of probability this is cheaper
 * than a mask. */
bool constraint_allows(const struct constraint *c, const struct tokenizer *t, const struct constraint_state *state,
                       int32_t id, size_t left);
bool constraint_is_narrow(const struct constraint *c, const struct constraint_state *state);

#endif
