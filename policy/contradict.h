/* contradict.h: does a sentence say something else than the record's fields: another stage or status, won or lost, the deal's
 * amount or close date, a date or offer that a later note replaces, or that somebody did what no activity shows. A sentence that says whose words it gives contradicts
 * nothing. Sums and dates are compared as values (mention.h), people by slot or by name, so that all of it holds with
 * `facts: checked` and for what the policy keeps as well. English and German. */
#ifndef POLICY_CONTRADICT_H
#define POLICY_CONTRADICT_H

#include <stdbool.h>
#include "evidence.h"
#include "mention.h"

/* Does it tell how it ended, as "the deal was won", not "if it is won": "won", "lost" or "closed" in the language, and the
 * words of a stage or status that bear it out (phrase.h); NULL: it does not. */
const char *contradict_outcome(const struct tokens *t, const char *language, const char **field_words);

struct contradict;
/* What the record says. Borrows all but d, which is used only here. RC_NOMEM, RC_LIMIT. */
MUST_USE enum rc contradict_open(const struct policy_admitted *a, const struct evidence *ev, struct detect_set *d,
                                 struct contradict **out, struct err *e);
void contradict_close(struct contradict *c); /* NULL is a no-op */

/* text: the sentence; t: its tokens; found: what detect_scan() finds in it beside its slots. RC_NOMEM. */
MUST_USE enum rc contradict_find(const struct contradict *c, const char *text, const struct tokens *t,
                                 const struct found_list *found, bool *fault, struct err *e);

#endif
