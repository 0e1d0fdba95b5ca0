/* special.h: clauses about special categories of personal data (GDPR articles 9 and 10) in English, German and
 * French: health, belief, union membership, politics, origin, orientation, offences, and family crises.
 * Lexicon and rules: words of the category where somebody acts in the clause or is its subject, or a phrase clear by
 * itself; business look-alikes ("the project is ill-defined", "union nut") are left alone. */
#ifndef POLICY_SPECIAL_H
#define POLICY_SPECIAL_H

#include <stddef.h>
#include "../base/err.h"

enum special_category {
    SPECIAL_HEALTH,
    SPECIAL_BELIEF,
    SPECIAL_UNION,
    SPECIAL_POLITICS,
    SPECIAL_ORIGIN,
    SPECIAL_ORIENTATION,
    SPECIAL_OFFENCE,
    SPECIAL_FAMILY
};
const char *special_name(enum special_category c); /* "health", "belief", ... */

struct special_found {
    size_t start, end; /* the clause, with its closing punctuation and the space behind it: cut it and the
                                   rest still reads */
    size_t word_start, word_end; /* what gave it away */
    enum special_category category;
};

struct special;
MUST_USE enum rc special_open(struct special **out, struct err *e);
void special_close(struct special *s);
/* Sorted, not overlapping. *out is the caller's (free()); NULL when *n_out is 0. RC_LIMIT, RC_NOMEM. */
MUST_USE enum rc special_scan(struct special *s, const char *text, size_t n, struct special_found **out,
                              size_t *n_out, struct err *e);

#endif
