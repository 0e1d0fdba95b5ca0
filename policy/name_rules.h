/* name_rules.h: names that nobody told us, given away by what stands around them: salutations, greetings, signatures,
 * mail headers, and the legal forms of companies. */
#ifndef POLICY_NAME_RULES_H
#define POLICY_NAME_RULES_H

#include "../base/err.h"
#include "names.h"
#include "words.h"

/* Words that stand before a last name: Herr, Frau, Mr, Dr ... */
bool name_rule_salutation(const struct word *w);
/* Legal forms: GmbH, AG, Ltd, Inc ... */
bool name_rule_legal_form(const struct word *w);

/* If an unknown name begins or ends at word i, describe it in *out (spans of `text`) and return true. */
bool name_rule_at(const char *text, size_t n, const struct words *w, size_t i, struct name_found *out);

#endif
