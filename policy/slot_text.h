/* slot_text.h: slots in a text: "[KIND_n]" or "[KIND_n:form]", found as they must be written, and mended where a model
 * wrote them a little differently ("**[person 1]**", "(PERSON-1)", "PERSON_1"). */
#ifndef POLICY_SLOT_TEXT_H
#define POLICY_SLOT_TEXT_H

#include <stdbool.h>
#include <stddef.h>
#include "../base/buf.h"

#define SLOT_MAX_NAME 96 /* "PERSON_1", without brackets and form */
#define SLOT_MAX_FORM 16

struct slot_ref { /* bytes of the text */
    size_t start, end;  /* brackets included */
    size_t name, n_name;
    size_t form, n_form; /* n_form 0: none */
};
/* The next well-formed slot at or behind *pos; false at the end. *pos moves behind it. Linear in the text. */
bool slot_find(const char *text, size_t n, size_t *pos, struct slot_ref *out);
/* "[PERSON_1]" of "[PERSON_1:first]" into out (SLOT_MAX_NAME + 3 bytes); returns its length. */
size_t slot_stem(const char *text, const struct slot_ref *r, char *out);
bool slot_form_known(const char *form, size_t n); /* "first", "last", "formal", "greeting", "full" */

/* A text in slots as pieces in the arena, copied; false: out of memory or over its limit. */
struct arena;
struct policy_piece;
bool slot_pieces(struct arena *a, const char *text, size_t n, const struct policy_piece **out, size_t *n_out);

/* Is there such a slot? name: "PERSON_1". */
typedef bool (*slot_known)(void *ctx, const char *name, size_t n);
/* Copy text to out, slots mended where what is meant is a known slot; the rest as it stands. True: something was mended. */
bool slot_mend(const char *text, size_t n, slot_known known, void *ctx, struct buf *out);

#endif
