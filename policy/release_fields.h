/* release_fields.h: enrichment: the output checks over the strings of a JSON document. */
#ifndef POLICY_RELEASE_FIELDS_H
#define POLICY_RELEASE_FIELDS_H

#include "../base/json.h"
#include "policy.h"

/* Judges one string of the document: *kept tells whether it may stay; the text in slots that takes its place is appended
 * to `out`. cut: it is as long as the schema lets it be, so it may have been cut off there. */
typedef enum rc (*fields_judge_fn)(void *ctx, const char *text, bool cut, struct buf *out, bool *kept, struct err *e);

/* Parse and judge the document d->body; *text becomes what is left, compact (free()). RC_REFUSED a string that failed can
 * be neither null nor left out by the schema (the member is in the message), or nothing is left. */
MUST_USE enum rc fields_release(const struct draft *d, fields_judge_fn judge, void *ctx, char **text, struct err *e);
/* Only judge the strings of d->body; nothing is taken out. RC_BAD it is no JSON document. */
MUST_USE enum rc fields_judge(const struct draft *d, fields_judge_fn judge, void *ctx, struct err *e);
/* policy_fields_mend(). */
MUST_USE enum rc fields_mend(const struct draft *d, const char *again, fields_judge_fn judge, void *ctx, char **text, struct err *e);

#endif
