/* brief_text.h: the texts of a stored brief, in clear or in slots, and how a terminal shows them. */
#ifndef DAEMON_BRIEF_TEXT_H
#define DAEMON_BRIEF_TEXT_H

#include <stdbool.h>
#include "../base/arena.h"
#include "store.h"

struct brief_text { /* clear with brief_text_clear(), which wipes */
    struct arena arena;
    const char *subject, *to, *body; /* subject and to NULL where the brief has none */
    const char **bullets;            /* as many as the brief has */
    const char **sentences;          /* likewise */
    bool erased;                     /* a person was erased: their slots stay */
};
/* keys NULL: as stored, in slots. With keys the values are put back: audit that as a reveal first. RC_BAD a sealed value
 * that does not open; RC_NOMEM. */
MUST_USE enum rc brief_text_open(const struct store_brief *b, const struct policy_keys *keys, struct brief_text *out,
                                 struct err *e);
void brief_text_clear(struct brief_text *t);

/* Subject, recipient, body and bullets to stdout; why: each sentence with the fields that it rests on, flags, hashes. */
void brief_text_print(const struct store_brief *b, const struct brief_text *t, bool why);

#endif
