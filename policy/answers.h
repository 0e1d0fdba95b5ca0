/* answers.h: what the record answers to a customer's question, for the draft of a reply. No model, nothing is guessed: a question
 * stays open unless one of these says it and nothing newer says otherwise.
 *
 * What may be told, and nothing else:
 *   fields      a case's status and the day it was opened; the owner's name, where the question is who the contact is; days that are
 *               agreed with a customer by their nature: start_date, end_date, contract_end, delivery_date, installation_date,
 *               go_live_date, renewal_date, and close_date of a deal of the type Renewal
 *   our mails   a sentence of an e-mail that we sent to this same person: it is quoted with its day
 *   our talks   a sum or day in a sentence of a call or meeting with this same person that says "agreed" or "confirmed": only the value
 * Never: amount, stage, next step, tasks, competitor and forecasts (the customer may not know them), notes, what others wrote,
 * what passages.h calls private.
 *
 * A question is of one kind (when, how much, how many, how long, who, status, whether) and about its words of weight. All of
 * these must be met: a field's by its own words, those of the record's name and of everyday writing; a sentence's by the sentence, which
 * also has a value of the asked kind, few other words of weight, no other company or person, and no promise to find out. So the date of another
 * delivery, a competitor's price or somebody else's question is no answer. A day that has passed, an offer past its validity, two
 * sentences that both fit, and a newer text on the same topic with another value leave the question open. English and German. */
#ifndef POLICY_ANSWERS_H
#define POLICY_ANSWERS_H

#include "admit.h"

enum answer_kind { ANSWER_NONE, ANSWER_STATUS, ANSWER_CONTACT, ANSWER_DATE, ANSWER_MAIL, ANSWER_AGREED_DATE, ANSWER_AGREED_SUM, N_ANSWERS };

struct answer {
    enum answer_kind kind;
    struct buf value; /* in slots: the status, a name, a day, a sum, or our sentence */
    struct buf day;   /* of the mail or talk */
    size_t field;     /* ANSWER_DATE: which, for answer_field_name() */
};

/* The answer to one question (a sentence, in slots) of the list item `asked`. Sets *out, which answer_clear() frees, also on errors.
 * RC_LIMIT, RC_NOMEM. */
MUST_USE enum rc answer_find(const struct admit *a, const struct policy_node *asked, const char *question, struct answer *out, struct err *e);
void answer_clear(struct answer *x);
/* "the delivery date", "Der Liefertermin". language: index into policy_languages. */
const char *answer_field_name(size_t field, size_t language);

#endif
