/* mention.h: the sums and dates that a text names, as values, whether they stand in it as slots or in clear: what a text
 * says of the amount can then be compared with what a field says, with `facts: slots` and with `facts: checked`. */
#ifndef POLICY_MENTION_H
#define POLICY_MENTION_H

#include "detect.h"
#include "values.h"
#include "vault.h"

struct mention {
    size_t start, end; /* bytes of the text */
    bool money;        /* a sum; else a day, month or quarter */
    struct value value;
};
struct mentions { /* all zero: none; in the text's order */
    struct mention *items;
    size_t n, cap;
};
void mentions_clear(struct mentions *m);

/* Appends those of text[n], spans moved by `at`. Slots are looked up in the vault. Values in clear are what `found`
 * (detect_scan(), all matches) has in it; one whose spelling is unclear (1.500) comes once in each reading of the locales.
 * found NULL: slots only. RC_NOMEM. */
MUST_USE enum rc mentions_add(struct mentions *m, const struct vault *vault, const char *text, size_t n, size_t at,
                              const struct found *found, size_t n_found, const struct value_locale *locales, size_t n_locales,
                              struct err *e);
/* Do they say the same: equal, sums also where one names no currency, days also within a month or quarter? */
bool mention_agrees(const struct value *a, const struct value *b);
/* Of one slot ("[MONEY_1]"); false if it stands for neither sum nor date. */
bool mention_of_slot(const struct vault *vault, const char *slot, size_t n, struct mention *out);

#endif
