/* contradict.h: does a sentence say something else than the record's fields: another stage or status, won or lost, the deal's
 * amount or close date, or that somebody did what no activity shows. A sentence that says whose words it gives contradicts
 * nothing. Values are compared by slot, so with `facts: checked`, where sums and dates have none, amounts and dates are left
 * to the check of digits. English and German. */
#ifndef POLICY_CONTRADICT_H
#define POLICY_CONTRADICT_H

#include <stdbool.h>
#include "evidence.h"

bool contradict_fault(const struct policy_admitted *a, const struct evidence *ev, const struct tokens *sentence);

#endif
