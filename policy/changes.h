/* changes.h: what changed in a record since its previous brief (changes.c). */
#ifndef POLICY_CHANGES_H
#define POLICY_CHANGES_H

#include "admit.h"
#include "seal.h"

/* Under what name the snapshot lies among a brief's values: no slot of any text is written so. */
#define SNAPSHOT_SLOT "=fields"

/* Append the list `changes` and the facts previous_brief and new_activities, if a->q->previous has a snapshot; then take the
 * snapshot of this record (a->out->snapshot). Comes behind the input hash: what was told of the past is no part of what
 * the brief rests on. RC_BAD a stored value does not open; RC_LIMIT, RC_NOMEM. */
MUST_USE enum rc changes_put(struct admit *a, struct err *e);

#endif
