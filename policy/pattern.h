/* pattern.h: how wide a PCRE2 pattern can match. Hostile text costs at most (bytes x width), so a pattern without a
 * greatest width is refused before it is compiled. */
#ifndef POLICY_PATTERN_H
#define POLICY_PATTERN_H

#include <stdbool.h>
#include <stddef.h>

/* Greatest number of characters that `pattern` can match, lookarounds not counted, in *width. False: it has none (a
 * star, a plus, an open {n,}, recursion), is wider than `limit`, or uses syntax that is not allowed here (verbs,
 * conditions, \X, \C, \K, extended comments); *why says which. Syntax errors are left to PCRE2. */
bool pattern_width(const char *pattern, size_t limit, size_t *width, const char **why);

#endif
