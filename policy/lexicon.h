/* lexicon.h: a list of compiled patterns for rules on words, as special.c and suspicious.c need them. */
#ifndef POLICY_LEXICON_H
#define POLICY_LEXICON_H

#include <stdbool.h>
#include <stddef.h>
#include "../base/err.h"

struct lexicon;
/* Patterns are PCRE2, UTF-8, letter case ignored, of bounded width (pattern.h): they are ours, so a bad one is
 * RC_INTERNAL. RC_NOMEM. */
MUST_USE enum rc lexicon_open(const char *const *patterns, size_t n, struct lexicon **out, struct err *e);
void lexicon_close(struct lexicon *l);
/* First match of pattern i in text[from, n), valid UTF-8. RC_LIMIT: too costly. */
MUST_USE enum rc lexicon_find(struct lexicon *l, size_t i, const char *text, size_t n, size_t from,
                              bool *found, size_t *start, size_t *end, struct err *e);

#endif
