/* vocabulary.h: the words that a model saw, and whether another word rests on them: the same, inflected, or put
 * together from them as German does. */
#ifndef POLICY_VOCABULARY_H
#define POLICY_VOCABULARY_H

#include "tokens.h"

#define VOCABULARY_EVENTS 64

struct vocabulary {
    struct hash_set words;
    const char **sorted; /* distinct words, by bytes; borrowed from the tokens */
    size_t n_sorted;
    bool events[VOCABULARY_EVENTS]; /* plain_event() of some word */
};
/* The tokens must outlive it. RC_NOMEM. */
MUST_USE enum rc vocabulary_open(const struct tokens *t, struct vocabulary *out, struct err *e);
void vocabulary_close(struct vocabulary *v);

bool vocabulary_has(const struct vocabulary *v, const struct token *t); /* the same word */
/* Does the word rest on what was seen or is it plain (plain_words.h)? */
bool vocabulary_grounds(const struct vocabulary *v, const struct token *t, size_t language);

#endif
