/* stored.h: the value behind a slot as bytes: what the vault holds, what is sealed, what is written out again.
 *   "t" text as it stood    "v" an amount, date or number    "d" a count of days    "p" a person in parts */
#ifndef POLICY_STORED_H
#define POLICY_STORED_H

#include "../base/buf.h"
#include "values.h"

struct stored_person { /* NULL or "" where unknown */
    const char *first, *last, *full, *title;
};
void stored_text(struct buf *b, const char *s, size_t n);
void stored_value(struct buf *b, const struct value *v);
void stored_days(struct buf *b, int64_t days);
void stored_name(struct buf *b, const struct stored_person *p);

bool stored_is_person(const char *s);
/* Read "v" back; false if it is something else. */
bool stored_read_value(const char *s, struct value *out);
bool stored_read_days(const char *s, int64_t *out);
/* The part of a person: "first", "last", "title", "full" (made of first and last if need be); false if unknown. */
bool stored_part(const char *s, const char *part, struct buf *out);
/* Write it for people: form "" (full), "first", "last", "formal", "greeting"; `dative` for German days. A form that the
 * value does not have is written in full. */
void stored_format(const char *s, const char *form, const char *language, bool dative, struct buf *out);

#endif
