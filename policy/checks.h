/* checks.h: the output checks: what a sentence that a model wrote must pass before it may leave the house.
 *
 * Checked in about this order; the name is what flags ("dropped:grounding") and messages say:
 *   length         more than 4 KiB without an end
 *   slots          a slot that this prompt does not have, or one that can't be read
 *   forbidden      a phrase that the policy forbids
 *   markup         a sign of mark-up, code or a formula, a link or address, an encoded word, another script
 *   tone           an insult, a slur, a threat, pressure, a judgement on a person (tone.h)
 *   orders         it gives orders to a model (suspicious.h)
 *   leak           a value behind a slot in clear, spelled or turned in whatever way, other personal data, or the
 *                  instructions of the prompt (4 words; 8 of what else only the template says)
 *   digits         a digit outside slots; with `facts: checked` a number, date or amount that the prompt does not have
 *   number words   "zwei", "dozen", "tomorrow" that the prompt does not have
 *   names          a word with a capital that is neither in the prompt nor common
 *   grounding      words that what the model saw does not hold
 *   slot place     a slot where the prompt has another one of its kind; days called overdue that are not (slot_place.h)
 *   contradiction  another stage, outcome, amount or close date than the fields, a date or offer that a later note replaced, or
 *                  a deed that nothing shows (contradict.h)
 *   language       the model's own words are in the other language
 *   repetition     the same four words twice, one word three times, or twice in a row, a sentence that stood before
 *   syllables      "lalalala"
 *   syntax         a sentence that breaks off behind an article or the like; a string of fields that is a piece of a text, or
 *                  signs (enrichment; release.c)
 *   outside text   a link, address or bank details that no field of the record and none of its people have
 *   attribution    a statement that rests only on outside text and does not say so (drafts; in a summary release.c says so)
 *   promises       a commitment of ours, when the policy says `promises: drop` (drafts, enrichment; a summary tells what
 *                  was promised, and is flagged) */
#ifndef POLICY_CHECKS_H
#define POLICY_CHECKS_H

#include "admit.h"
#include "phrase.h"
#include "evidence.h"
#include "policy_internal.h"

struct checker;
/* prompt: what the model saw, or NULL: then all that was admitted. instructions: the part of it that tells the model what
 * to do, or NULL. Borrows everything. RC_LIMIT, RC_NOMEM. */
MUST_USE enum rc checker_open(const struct policy *p, const struct policy_admitted *a, const char *prompt,
                              const char *instructions, struct checker **out, struct err *e);
void checker_close(struct checker *c);

struct finding {
    const char *fault; /* name of the check, or NULL: it passed */
    bool promise;      /* a commitment of ours, to be flagged */
    bool outside;      /* rests only on outside text without saying so (summaries, enrichment) */
};
/* One sentence, its slots mended (slot_mend()). Faults of earlier sentences are not remembered. RC_LIMIT, RC_NOMEM. */
MUST_USE enum rc checker_sentence(struct checker *c, const char *s, size_t n, struct finding *out, struct err *e);
/* The same for one that code wrote: not its words, but what it may carry along is checked: slots, forbidden phrases, leaks,
 * outside text. */
MUST_USE enum rc checker_code_sentence(struct checker *c, const char *s, size_t n, struct finding *out, struct err *e);
/* Is it, word for word, an admitted text? */
bool checker_quotes(const struct checker *c, const char *s, size_t n);
/* What was admitted, for provenance; lives as long as the checker. */
const struct evidence *checker_evidence(const struct checker *c);
/* slot_known for slot_mend(): the slots of the record. ctx is the checker. */
bool checker_knows_slot(void *ctx, const char *name, size_t n);

/* ---- checks that need no prompt, for a person's text too -------------------------------------------------------- */

bool check_repeats(const struct tokens *t);
bool check_syllables(const struct tokens *t);
const char *check_forbidden(const struct policy *p, const struct tokens *t); /* the phrase, or NULL */
/* The text with each slot blanked, so that detectors see only what stands beside them. malloc(); NULL: no memory. */
char *check_blank_slots(const char *s, size_t n);

#endif
