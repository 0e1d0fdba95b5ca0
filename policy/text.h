/* text.h: sentences, words and the language of a text, for both directions of policy. Nothing here allocates. */
#ifndef POLICY_TEXT_H
#define POLICY_TEXT_H

#include <stdbool.h>
#include <stddef.h>
#include "../base/buf.h"

struct stretch { /* bytes [start, end) of a text */
    size_t start, end;
};

/* The next sentence at or behind *pos, without the white space around it; false at the end of the text. *pos moves
 * behind it. A sentence ends at . ! ? before white space, or at a line's end; not behind abbreviations ("Dr.",
 * "z. B."), initials and ordinal numbers, nor inside one of whole[n_whole] (sorted), such as a date. */
bool text_sentence(const char *text, size_t n, const struct stretch *whole, size_t n_whole, size_t *pos,
                   struct stretch *out);

/* The next word (letters, digits and what combines with them) at or behind *pos; a slot "[PERSON_1]" is one word. */
bool text_word(const char *text, size_t n, size_t *pos, struct stretch *out);

bool text_is_digit(unsigned cp); /* any script's digits, also superscripts, fractions and Roman numeral signs */
bool text_is_letter(unsigned cp);
bool text_is_upper(unsigned cp);
bool text_has_digit(const char *s, size_t n);

/* Simple case folding of one word into out (at most cap - 1 bytes and a NUL); returns its length. */
size_t text_fold(const char *s, size_t n, char *out, size_t cap);

/* The text with a capital at its beginning (ASCII and Latin-1) appended. */
void text_put_capital(const char *s, size_t n, struct buf *out);

/* Is it a word that says nothing by itself ("the", "und", "is")? folded. */
bool text_is_stop_word(const char *folded);

/* "en" or "de" by the small words that only one of them has; NULL when there are too few to say. */
const char *text_language(const char *text, size_t n);

#endif
