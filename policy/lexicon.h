/* lexicon.h: a list of compiled patterns for rules on words, as special.c and suspicious.c need them. One automaton over all
 * of them (automaton.h) names the places where one may match; only there PCRE2 is asked. */
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

struct lexicon_match {
    size_t pattern, start, end;
};
/* Begin to read text[n], valid UTF-8, which must stay until the last match is taken. RC_NOMEM. */
MUST_USE enum rc lexicon_begin(struct lexicon *l, const char *text, size_t n, struct err *e);
/* The next match by start; those of one pattern don't overlap. *found is false behind the last one.
 * RC_LIMIT: too costly. RC_NOMEM. */
MUST_USE enum rc lexicon_next(struct lexicon *l, struct lexicon_match *out, bool *found, struct err *e);
/* Matches of this pattern that begin before `from` are passed over from now on. */
void lexicon_skip(struct lexicon *l, size_t pattern, size_t from);

#endif
