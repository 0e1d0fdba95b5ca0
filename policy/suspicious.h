/* suspicious.h: text that talks to the model instead of about the deal: "ignore your instructions", fake system turns,
 * chat template tokens, requests to reveal contacts or the prompt (en, de, fr). A flag for people and for policy's
 * quarantine, not the defence: that is that data never becomes instructions (segments, slots, fact lock). */
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
