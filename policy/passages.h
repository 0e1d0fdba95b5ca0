/* passages.h: a text's sentences, one by one, as a step may copy them (policy.h, policy_passages_open()). */
#ifndef POLICY_PASSAGES_H
#define POLICY_PASSAGES_H

#include <stdbool.h>
#include "tokens.h"

/* "Hi [PERSON_1],", "Best regards", "Danke und viele Grüße": nothing but the frame of a letter. */
bool passage_is_frame(const struct tokens *t);
/* "Between us, ...", "bitte nicht weitersagen": its writer wants it kept to themselves. */
bool passage_is_private(const struct tokens *t);

#endif
