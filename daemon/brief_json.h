/* brief_json.h: a brief as JSON, the form that scripts rely on: id, source, object, record_id, kind, intent, language,
 * state, as_of, valid_until, subject, to, body, bullets, fields, sentences [{text, rests_on}], flags, hashes {policy,
 * template, model, input}; and prompt, slotted_text, prompt_tokens, output_tokens, ms, reason, model_share, dropped
 * (sentences that the output checks took out). What is not known is null; no key is ever left out. */
#ifndef DAEMON_BRIEF_JSON_H
#define DAEMON_BRIEF_JSON_H

#include "../base/buf.h"
#include "brief_text.h"
#include "pipeline.h"
#include "store.h"

/* made: how it came about just now, or NULL. */
void brief_json(struct buf *out, const struct store_brief *b, const struct brief_text *t,
                const struct pipeline_result *made);

struct brief_none { /* no brief came of it; NULL where not known */
    const char *source, *object, *record_id, *kind, *intent, *language;
    const char *state;  /* "refused", "quarantined" */
    const char *as_of;
    const char *reason;
};
void brief_json_none(struct buf *out, const struct brief_none *n);

/* One line of a list: what the store tells without opening the brief. */
void brief_json_row(struct buf *out, const struct store_brief *b);

#endif
