/* phrase.h: phrases of folded words, for the output checks: promises, attribution, forbidden ones. */
#ifndef POLICY_PHRASE_H
#define POLICY_PHRASE_H

#include <stdbool.h>
#include <stddef.h>
#include "tokens.h"

/* A phrase is words with a space between: "free of charge", "we|i ~ guarantee*". "a|b": either; "x*": begins with x;
 * "~": up to four words of any kind. */
bool phrase_at(const char *phrase, const struct tokens *t, size_t at);
bool phrase_in(const char *phrase, const struct tokens *t);

/* In a draft: a commitment of ours, such as a discount, a guarantee, a legal or delivery commitment. */
bool phrase_promise(const struct tokens *t);
/* In a text about a customer: that we made such a commitment. What a customer asks for or commits to is none. */
bool phrase_commitment(const struct tokens *t);
/* It says that somebody else said so: "you wrote", "laut", "the customer reports". */
bool phrase_attributed(const struct tokens *t);
/* A phrase of a policy file: its words in any case, the last one with any ending of up to three letters. */
bool phrase_forbidden(const char *phrase, const struct tokens *t);

#endif
