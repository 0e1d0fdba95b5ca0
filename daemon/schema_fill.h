/* schema_fill.h: a schema of enrichment whose fields are the record's own words.
 *
 * In an enum, "$sentences", "$steps", "$risks", "$words" and "$names" stand for what the record offers (policy_choices_open()). Filled in, the
 * schema is what the model may write; an enum that stays empty allows null, of an array's items it makes the array empty. As a
 * form, such an enum is any string (or null, where the enum has it): the strings are the record's, so they are judged. */
#ifndef DAEMON_SCHEMA_FILL_H
#define DAEMON_SCHEMA_FILL_H

#include "../base/buf.h"
#include "../inference/inference.h"
#include "../policy/policy.h"

bool schema_has_marks(const char *schema);
/* Filled in, appended to out. RC_BAD no JSON; RC_LIMIT, RC_NOMEM. */
MUST_USE enum rc schema_fill(const char *schema, const struct policy_choices *choices, struct buf *out, struct err *e);
/* The form, ready: what a document must fit. constraint_close(). */
MUST_USE enum rc schema_form(const char *schema, struct constraint **out, struct err *e);

#endif
