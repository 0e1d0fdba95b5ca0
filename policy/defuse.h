/* defuse.h: what a text of a record loses before anything else is done with it, because no brief needs it and an attack
 * does: mark-up, template tokens, formulas, links that no detector knows, text that is encoded or spelled apart, and orders
 * to the model. The rules look at the text's form, so that they hold for texts that nobody has seen. */
#ifndef POLICY_DEFUSE_H
#define POLICY_DEFUSE_H

#include <stdbool.h>
#include <stddef.h>
#include "../base/buf.h"
#include "../base/err.h"
#include "suspicious.h"

struct defused {
    bool orders;  /* a sentence gave orders, in clear or encoded: it and what follows it in the text are gone */
    bool encoded; /* a piece was gone that nobody can read as it stands */
};
/* text: n bytes of UTF-8, normalised (normalise.h); the rest is appended to out. RC_LIMIT, RC_NOMEM. */
MUST_USE enum rc defuse(struct suspicious *s, const char *text, size_t n, struct buf *out, struct defused *what, struct err *e);

/* Could a person or a company be called so? Not what is long, or has mark-up, a link, a sentence's signs or its small
 * words in it. */
bool defuse_is_name(const char *s, size_t n);

/* "drain.example/x", "a@b", "javascript:x", "10.0.0.1": a word that leads somewhere. */
bool defuse_is_link(const char *word, size_t n);
/* Base64, hexadecimal, percent codes and the like; not a long word. */
bool defuse_is_encoded(const char *word, size_t n);

#endif
