/* known.h: names in a text that its record does not hold but some source does: a colleague, another customer's contact.
 * The sources' names are known by keyed hashes of their parts only (policy_name_hashes()), so that no list of people
 * lies anywhere. */
#ifndef POLICY_KNOWN_H
#define POLICY_KNOWN_H

#include "admit.h"

/* A name that was found: bytes [start, end) of the text; first, last: which part it is; both for a full name. */
typedef enum rc (*known_fn)(struct admit *a, const char *s, size_t n, bool first, bool last, struct err *e);

/* Find them. Words that are ordinary ones as well count only beside the other part of a name. Nothing when the request
 * knows no names. RC_NOMEM and what on_name returns. */
MUST_USE enum rc known_scan(struct admit *a, const char *text, size_t n, known_fn on_name, struct err *e);

#endif
