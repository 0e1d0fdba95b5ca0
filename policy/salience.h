/* salience.h: which sentences of long texts a prompt shows (policy.h tells the rules; policy_salient_open() is here). */
#ifndef POLICY_SALIENCE_H
#define POLICY_SALIENCE_H

#include <stdbool.h>
#include "notes.h"

/* What a sales person looks for in a long note: decisions, objections, offers, terms, next steps, risks. folded. */
bool salience_word(const char *word);
/* What a sentence of a note weighs by its sums, dates, numbers and words. */
int salience_weight(const struct note *x, size_t sentence);

#endif
