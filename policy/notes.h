/* notes.h: the free texts of an admitted record as notes with a day, and what code can tell about them exactly: where a note
 * and a field say different things, and which date or offer of an earlier note a later one replaces.
 *
 * A note is the text of an item of a list (activities.body), or a longer text of the record itself (notes). Each is taken
 * apart into sentences, each with the sums and dates that it names (mention.h). Nothing is guessed: a conflict needs a
 * value of the field's kind beside a word that settles it ("agreed on 52,000"), and none that makes it another value
 * ("per month", "budget"); a replacement needs the same topic ("demo", "offer") and a word of replacing ("moved to", "new
 * offer"), or the old value beside the new one. English and German. */
#ifndef POLICY_NOTES_H
#define POLICY_NOTES_H

#include "admit.h"
#include "mention.h"
#include "text.h"
#include "tokens.h"

struct note_sentence { /* or a part of a very long one */
    size_t start, end;      /* bytes of the note's text */
    size_t first_mention, n_mentions;
    bool stale;             /* a later note replaces a date or offer in it */
    struct tokens words;    /* of the sentence, from its start on */
};
struct note {
    const struct policy_node *item; /* of a list, or NULL: the record's own text */
    const struct policy_node *node; /* the text */
    struct buf text;                /* in slots */
    bool dated;
    int32_t day;                    /* if dated */
    struct note_sentence *sentences;
    size_t n, cap;
    struct mentions mentions;
};
struct notes { /* newest first, undated ones last; notes_close() */
    struct note *items;
    size_t n, cap;
};
/* d: finds values in clear; NULL: slots only. RC_NOMEM, RC_LIMIT. */
MUST_USE enum rc notes_open(const struct policy_admitted *o, struct detect_set *d, struct notes *out, struct err *e);
/* Just one text. */
MUST_USE enum rc notes_open_text(const struct policy_admitted *o, const struct policy_node *text, struct notes *out, struct err *e);
void notes_close(struct notes *n);

/* Append the lists `conflicts` and `superseded` to the tree (policy.h) and remember the stale sentences in a->out. */
MUST_USE enum rc notes_compare(struct admit *a, struct err *e);

/* A node's text whole. RC_LIMIT, RC_NOMEM are buf's. */
void notes_text(const struct policy_node *node, struct buf *out);
/* The item of one of the root's lists that has the node as a member; NULL: none. */
const struct policy_node *notes_item_of(const struct policy_node *root, const struct policy_node *node);
const struct policy_node *notes_member(const struct policy_node *map, const char *name); /* NULL if it has none */

#endif
