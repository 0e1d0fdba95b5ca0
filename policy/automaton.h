/* automaton.h: where in a text may each of many patterns begin? One deterministic automaton over all of them answers, so
 * that the time to read a text does not grow with the number of patterns, and only at the places that it names a pattern
 * is tried by PCRE2, which alone decides.
 *
 * A pattern is read as a set of byte strings that has every match of it, and a little more: characters beyond ASCII are
 * any character beyond ASCII, a back reference is what its group may match, a long repeat is unbounded, a lookaround of
 * several characters is taken as met (a positive look ahead ends the test where it ends). Lookarounds of one character are
 * exact, so that nine digits within a longer number are no candidate for a pattern of nine. The automaton starts at each
 * character whose neighbour before it allows some pattern to begin, and reads on until every pattern has been named or
 * ruled out, at most AUTOMATON_RUN bytes. Its states are made when a text first leads to them (as in the "lazy" automata
 * of Thompson 1968 and RE2) ; when there is no more room, whatever might still match is named, until automaton_renew()
 * makes room. So no text costs more than a constant a byte here, or more memory than the limit.
 *
 * Threads: running makes states, so one automaton serves one thread at a time. */
#ifndef POLICY_AUTOMATON_H
#define POLICY_AUTOMATON_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include "../base/err.h"

#define AUTOMATON_RUN      160  /* bytes read from one start; patterns still open then are named */
#define AUTOMATON_STATES   8000 /* most states: 3 MB of transitions */
#define AUTOMATON_PATTERNS 4000

/* Patterns of the second group are asked for alone, where something else says that it is worth it. Words are in the first. */
enum automaton_group { AUTOMATON_FIRST, AUTOMATON_SECOND, AUTOMATON_GROUPS };

struct automaton;
MUST_USE enum rc automaton_open(struct automaton **out, struct err *e);
void automaton_close(struct automaton *a);

/* Patterns in the syntax that pattern_width() accepts and with the width that it gives, letter case ignored; words, which
 * begin at a word's beginning, stand there as given but for case. Ids are given back in hits; below
 * AUTOMATON_PATTERNS; one id may have several patterns. RC_NOMEM. */
MUST_USE enum rc automaton_add(struct automaton *a, const char *pattern, size_t width, enum automaton_group group,
                               uint16_t id, struct err *e);
MUST_USE enum rc automaton_add_word(struct automaton *a, const char *word, bool whole, uint16_t id, struct err *e);
/* Once, behind the last of them. RC_NOMEM. */
MUST_USE enum rc automaton_ready(struct automaton *a, struct err *e);

/* Between two texts: empties tables that are full, if enough has been read with them. Sets of hits are void then. RC_NOMEM. */
MUST_USE enum rc automaton_renew(struct automaton *a, struct err *e);

/* At byte `at` these ids may match; one place may have several hits, with different ids. */
struct automaton_hit {
    uint32_t at, set;
};
struct automaton_hits {
    struct automaton_hit *items; /* free() them */
    size_t n, cap;
};
/* Starts of the group in text[from, upto) of n bytes of UTF-8; hits are appended in ascending order. RC_NOMEM. */
MUST_USE enum rc automaton_run(struct automaton *a, enum automaton_group g, const char *text, size_t n, size_t from, size_t upto,
                               struct automaton_hits *hits, struct err *e);
/* The ids of a hit's set, ascending. Borrowed until the next run. */
const uint16_t *automaton_set(const struct automaton *a, uint32_t set, size_t *n);
size_t automaton_states(const struct automaton *a, size_t *n_sets); /* made so far: for tests */

#endif
