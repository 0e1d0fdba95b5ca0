/* words.h: a text as folded words, for name matching: letters without case and accents, ß as ss, and ae, oe, ue as
 * a, o, u, so that Müller, Mueller and MULLER are one. */
#ifndef POLICY_WORDS_H
#define POLICY_WORDS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include "../base/err.h"

struct word {
    uint32_t start, end; /* bytes of the text */
    const char *fold;    /* n_fold bytes, NUL-terminated */
    uint64_t hash;       /* word_hash() of them */
    uint32_t n_fold;
    uint32_t tags; /* for the caller (gazetteer.h); words_split() leaves 0 */
    bool capital;  /* begins with an upper-case letter */
    bool upper;    /* all its letters are upper-case */
    bool letters;  /* no digit in it */
};

struct words {
    struct word *items;
    size_t n, cap;
    char *folds;
    size_t n_folds, cap_folds; /* bytes */
};

#define WORDS_MAX_TEXT ((size_t)1 << 31)

/* text[n] valid UTF-8. RC_LIMIT above WORDS_MAX_TEXT, RC_NOMEM. words_clear() zeroes what it frees. */
MUST_USE enum rc words_split(const char *text, size_t n, struct words *out, struct err *e);
/* The same into the memory of *out, which is all zero or holds an older text's words. */
MUST_USE enum rc words_split_again(const char *text, size_t n, struct words *out, struct err *e);
void words_forget(struct words *w); /* zeroes and empties, keeps the memory */
void words_clear(struct words *w);

/* Hash of a folded word. At least 7 bytes behind fold[n] must be readable: those that words_split() makes have them. */
uint64_t word_hash(const char *fold, size_t n);

bool word_is(const struct word *w, const char *fold);
/* Is it in `list`, a string of folded words with a space before and behind each? */
bool word_in(const struct word *w, const char *list);

#endif
