/* sheet.h: what the fields of a record say, in whole sentences by code: the fact sheet of a brief (sheet.c), the forms of its
 * sentences (sheet_forms.c) and the usual words of picklists in other languages (picklist.c).
 *
 * A form is text with values in braces: "{stage}". A part in angle brackets is left out if one of its values is missing; of
 * "<A|B|C>" the first whose values are all there stands. A sentence without any value is left out; the first letter of each is
 * made a capital, and what a missing part leaves of commas at its beginning goes. */
#ifndef POLICY_SHEET_H
#define POLICY_SHEET_H

#include "admit.h"

/* Append the map `sheet` (state, next; for e-mails subject, contact, purpose, request) and the lists `questions` and `message` to the tree.
 * Comes last of all: it says what other nodes say. RC_LIMIT, RC_NOMEM. */
MUST_USE enum rc sheet_put(struct admit *a, struct err *e);

/* ---- sheet_forms.c ---------------------------------------------------------------------------------------------- */

enum sheet_when { SHEET_ANY, SHEET_OPEN, SHEET_DONE }; /* whether the deal or case is closed */

struct sheet_form { /* one sentence; of a record those that fit, in their order */
    const char *object; /* NULL: of any */
    enum sheet_when when;
    const char *text[2]; /* by language: en, de */
};
extern const struct sheet_form sheet_state[], sheet_next[];
extern const size_t sheet_n_state, sheet_n_next;

struct sheet_draft { /* one sentence of an e-mail: the first that fits, of several alike one by the record */
    const char *key;    /* intent, or kind of the last contact; NULL: any */
    const char *object; /* NULL: of any */
    enum sheet_when when;
    const char *tone; /* NULL: any */
    const char *text[2]; /* German: "{Sie|du}" as formality says */
};
extern const struct sheet_draft sheet_contact[], sheet_purpose[], sheet_request[], sheet_subject[];
extern const size_t sheet_n_contact, sheet_n_purpose, sheet_n_request, sheet_n_subject;
extern const char *const sheet_you_write[2]; /* before a sentence of the customer's */
/* The answer to a question ({text}): {answer}, {answer_day} of the mail or talk, {answer_name} of the field. By enum answer_kind. */
extern const char *const sheet_answer[][2];
/* Behind a customer's question that nobody has answered; {text} is the question. By turns. */
extern const char *const sheet_open_question[2][3];

/* ---- picklist.c ------------------------------------------------------------------------------------------------- */

/* A value of a CRM's standard picklists in this language; the value itself where none is known. Borrowed. */
const char *picklist_word(const char *value, const char *language);

#endif
