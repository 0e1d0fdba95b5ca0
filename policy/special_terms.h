/* special_terms.h: terms of the special categories, and business phrases that only look like them, found in the words
 * of a text. special.c decides whether somebody is meant. */
#ifndef POLICY_SPECIAL_TERMS_H
#define POLICY_SPECIAL_TERMS_H

#include <stdbool.h>
#include <stddef.h>
#include "special.h"
#include "words.h"

/* When a term's words count. */
enum special_needs {
    SPECIAL_NOTHING, /* clear by themselves */
    SPECIAL_PERSON,  /* somebody stands in the sentence */
    SPECIAL_ACTOR, /* somebody acts in the sentence before the words, or it leaves them out: "Had a stroke." */
    SPECIAL_SUBJECT, /* somebody is what the clause speaks of: the nearest noun or pronoun before the words */
    SPECIAL_LOOK_ALIKE /* business: nothing of this category that is found in these words counts */
};

/* Terms as people write them, with ";" between: words with a space between, "/" between words that may stand in the
 * same place, "*" behind the beginning of a word (three letters at least), "$" before a class of special_class, "?"
 * behind a place that may be empty, ".." for up to three words. The first place is neither empty nor "..". A word
 * with a capital wants one in the text, one of capitals wants capitals; German nouns stand here without. Letters fold as
 * in words.h; hyphens and apostrophes part words there. */
struct special_row {
    enum special_category category;
    enum special_needs needs;
    const char *terms;
};
extern const struct special_row special_rows[];
extern const size_t n_special_rows;

/* Words that may stand in one place; a class holds no class. */
struct special_class {
    const char *name, *words;
};
extern const struct special_class special_classes[];
extern const size_t n_special_classes;

#define SPECIAL_MAX_TERM 40 /* words of a term, gaps filled */

struct special_terms;
/* RC_INTERNAL: a row is malformed. RC_NOMEM. */
MUST_USE enum rc special_terms_open(struct special_terms **out, struct err *e);
void special_terms_close(struct special_terms *t);

/* The next term that begins at word i, words [i, *upto); *next counts its candidates, from 0. False when there is none. */
bool special_terms_at(const struct special_terms *t, const struct words *w, size_t i, size_t *next,
                      const struct special_row **row, size_t *upto);

/* Does a word next to words [from, upto), in the clause of bytes [clause, clause_upto), make a trade of them: "cancer
 * drugs", "fraud detection", "sells hearing aids"? */
bool special_terms_trade(const struct special_terms *t, const struct words *w, size_t from, size_t upto,
                         size_t clause, size_t clause_upto);

#endif
