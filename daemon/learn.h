/* learn.h: a brief that a person approved or edited, as lessons for an adapter.
 *
 * A lesson is one call of the engine: its prompt's tokens, and as its answer what stands in the brief in the place of that
 * step's words. The prompt is not kept with a brief, so it is made again: the record is admitted as of the brief's day. If
 * it has changed since, the brief teaches all the same as long as its slots stand for the same values and its sentences pass
 * the checks on the record as it is now. Everything is in slots: a lesson holds no name, address, sum or date.
 *
 * What can be learned follows from the template (template_step_part()): a part of the output that is one step's words alone,
 * or lines that each begin with the lead of a copy= step. Greeting and sign-off are code's. An answer that the step's own
 * constraint would not let through is none. */
#ifndef DAEMON_LEARN_H
#define DAEMON_LEARN_H

#include "../base/arena.h"
#include "pipeline.h"

struct lesson { /* ids lie in the arena of its lessons */
    const int32_t *ids;
    size_t n, n_prompt; /* the answer, its end token included, is ids[n_prompt] and what follows */
    size_t brief;       /* which, from 0 */
};

enum learned { /* what became of a brief */
    LEARNED,
    LEARNED_CHANGED,  /* the record says something else by now */
    LEARNED_NOTHING,  /* its template has no part that is one step's words */
    LEARNED_REFUSED,  /* the step could not write such an answer: words, slots or sentences that its rules do not let through */
    LEARNED_TOO_LONG, /* for the context */
    N_LEARNED
};

struct said { /* a sentence of the answers, which holds no slot and no digit; in the arena */
    const char *text;
    size_t n_briefs, last; /* in how many it stands; the last of them */
};

struct lessons { /* start zeroed, with an arena; lessons_clear() */
    struct arena arena;
    struct lesson *all;
    size_t n, room;
    struct said *said;
    size_t n_said, said_room;
    size_t max_tokens; /* of one */
};
void lessons_clear(struct lessons *l);

/* The lessons of brief number `index`; r is its record, borrowed. *fate LEARNED if there is at least one. RC_REFUSED policy
 * does not admit the record any more; RC_LIMIT, RC_NOMEM. */
MUST_USE enum rc learn_from(const struct pipeline *p, struct record *r, const struct store_brief *b, size_t index,
                            struct lessons *out, enum learned *fate, struct err *e);

#endif
