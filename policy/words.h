/* words.h: a text as folded words, for name matching: letters without case and accents, ß as ss, and ae, oe, ue as
 * a, o, u, so that Müller, Mueller and MULLER are one. */
#ifndef POLICY_WORDS_H
#define POLICY_WORDS_H

#include <stdbool.h>
#include <stddef.h>
#include "../base/err.h"

struct word {
    size_t start, end; /* bytes of the text */
    const char *fold;  /* n_fold bytes, NUL-terminated */
    size_t n_fold;
    bool capital; /* begins with an upper-case letter */
    bool upper;   /* all its letters are upper-case */
    bool letters; /* no digit in it */
};

struct words {
    struct word *items;
    size_t n;
    char *folds;
    size_t n_folds;
};

/* text[n] valid UTF-8. RC_NOMEM. words_clear() zeroes what it frees. */
MUST_USE enum rc words_split(const char *text, size_t n, struct words *out, struct err *e);
void words_clear(struct words *w);

bool word_is(const struct word *w, const char *fold);
/* Is it in `list`, a string of folded words with a space before and behind each? */
bool word_in(const struct word *w, const char *list);

#endif
