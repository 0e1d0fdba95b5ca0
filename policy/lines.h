/* lines.h: whole sentences about a record that code writes, in the brief's language: what changed, where a note and a field
 * disagree, what is out of date. All values are texts in slots. Appended to `out`. */
#ifndef POLICY_LINES_H
#define POLICY_LINES_H

#include "policy.h"

struct line_note { /* "a call of [DATE_1]"; line_note_clear() */
    const char *kind, *direction; /* as the record says, "" if unknown: borrowed */
    size_t n_kind, n_direction;
    struct buf date, who; /* empty: unknown */
    bool outside, quoted; /* quoted: of an earlier message that stands in it */
};
/* item: of a list, with kind, direction, date and who; or NULL: the record's own text. */
struct line_note line_note_of(const struct policy_node *item, bool outside);
void line_note_clear(struct line_note *n);

/* "[PERSON_1] wrote on [DATE_1]:", in front of what a note says. written_in: its language if that is known, or NULL; told if it
 * is not the brief's. */
void line_lead(const char *language, const struct line_note *from, const char *written_in, struct buf *out);
/* "According to an incoming call: ", before a sentence that only it says. */
void line_attribution(const char *language, const struct line_note *from, struct buf *out);
/* "The amount field says A, but a call of D says B." field: its name in the record. */
void line_conflict(const char *language, const char *field, const char *value, const struct line_note *from, const char *said, size_t n_said,
                   struct buf *out);
/* "Out of date: demo on A, now B (call of D)." */
void line_replaced(const char *language, const char *topic, bool money, const char *was, size_t n_was, const char *now, size_t n_now,
                   const struct line_note *from, struct buf *out);
/* "The amount went up from A to B." direction: "higher", "lower", "later", "earlier", or "". was, now: "" is an empty field. */
void line_change(const char *language, const char *field, const char *was, const char *now, const char *direction, struct buf *out);

#endif
