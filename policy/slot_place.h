/* slot_place.h: is a slot where it belongs? A model that copies may put a slot of the right kind in another one's place
 * ("was [MONEY_1]" where the note says "was [MONEY_2]"), which no list of allowed slots can see. */
#ifndef POLICY_SLOT_PLACE_H
#define POLICY_SLOT_PLACE_H

#include "tokens.h"

/* A slot of the sentence stands beside words beside which the prompt has only other slots of its kind; or a count of days
 * is called overdue that the prompt does not call so. Both with slots as "[KIND_n]" tokens. */
bool slot_place_fault(const struct tokens *sentence, const struct tokens *prompt);

#endif
