/* suspicious.h: text that talks to the model instead of about the deal: "ignore your instructions", fake system turns,
 * chat template tokens, requests to reveal contacts or the prompt, how to write (en, de, fr; forgetting in more). A flag for people and for policy's
 * quarantine; what gives orders is left out (defuse.h). Not the defence: that is that data never becomes instructions
 * (segments, slots, fact lock) and what the output checks let pass. */
#ifndef POLICY_SUSPICIOUS_H
#define POLICY_SUSPICIOUS_H

#include <stdbool.h>
#include <stddef.h>
#include "../base/err.h"

struct suspicious;
MUST_USE enum rc suspicious_open(struct suspicious **out, struct err *e);
void suspicious_close(struct suspicious *s);
/* First such stretch; *found tells whether there is one, the span may be NULL. RC_LIMIT, RC_NOMEM. */
MUST_USE enum rc suspicious_scan(struct suspicious *s, const char *text, size_t n, bool *found, size_t *start,
                                 size_t *end, struct err *e);

#endif
