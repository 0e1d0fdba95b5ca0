/* plain_words.h: words by what they say, for the output checks. All arguments are folded words (text_fold()). */
#ifndef POLICY_PLAIN_WORDS_H
#define POLICY_PLAIN_WORDS_H

#include <stdbool.h>
#include <stddef.h>

/* Words that a brief may use without their standing in the record, in any usual inflection: small words and the
 * vocabulary of writing to and about customers. They state no fact by themselves. */
bool plain_word(const char *word, size_t language);
/* Without its usual ending: "offers" -> "offer"; n_out gets the stem's length within word (at least 3). */
void plain_stems(const char *word, size_t language, size_t *lengths, size_t *n);

/* "two", "dreizehn", "hundreds": a number that would be digits otherwise. Not "one" and "ein". */
bool plain_number(const char *word, size_t language);

/* Words that state what happened ("signed", "abgelehnt", "discount") and so must rest on the record: the index of
 * what they say, the same in both languages, or -1. */
int plain_event(const char *word);

/* "tomorrow", "übermorgen": days that mean another one on every day. */
bool plain_relative_day(const char *word);

#endif
