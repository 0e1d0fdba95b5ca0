/* tone.h: what is not written to or about people, in any brief: insults, slurs, threats, pressure, and judgements on how a
 * person works; and what is no prose at all. English and German. Words are folded, so accents count, case does not. */
#ifndef POLICY_TONE_H
#define POLICY_TONE_H

#include <stdbool.h>
#include <stddef.h>
#include "tokens.h"

bool check_tone(const struct tokens *t);
/* Mark-up, code, a formula, a link or address that stands in the text itself, an encoded word, a letter of a script that
 * neither English nor German uses. text: its slots blanked (check_blank_slots()), a NUL at its end. */
bool check_markup(const char *text);

#endif
