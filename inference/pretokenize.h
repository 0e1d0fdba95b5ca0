/* pretokenize.h: cutting text into the pieces that byte-pair merging never crosses.
 *
 * A pre-tokeniser is data: a name, stages and rules over character classes (pretokenize.c). Published tokenizers
 * state theirs as regular expressions; a rule here is one alternative of such an expression. A stage cuts each piece
 * of the stage before it: what a rule matches is a piece, and so is what lies between two matches.
 *
 * To add one: write its alternatives as rules, its expressions as stages, and one line in the table. */
#ifndef INFERENCE_PRETOKENIZE_H
#define INFERENCE_PRETOKENIZE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include "../base/err.h"

struct stage;
struct pretokenizer {
    const char *name; /* tokenizer.ggml.pre */
    const struct stage *stages;
    size_t n_stages;
    uint8_t (*class_of)(uint32_t cp); /* class of a character over U+007F; NULL: by Unicode's categories */
    bool nfc;           /* text is normalised to NFC first, as the model's own tokenizer does */
    bool ignore_merges; /* a piece that is a token is that token, whatever the merges say */
    bool add_bos;       /* where the file does not say */
};

/* By the name in the file; NULL if unknown. */
const struct pretokenizer *pretokenizer_find(const char *name);

/* Call piece(ctx, begin, n) for each piece of text[n], in order; together they are the text. Any bytes are fine:
 * invalid UTF-8 is cut as characters of no category. Linear in n. The first failure of piece() ends it and is
 * returned. RC_NOMEM. */
MUST_USE enum rc pretokenize(const struct pretokenizer *p, const char *text, size_t n,
                             enum rc (*piece)(void *ctx, const char *begin, size_t n, struct err *e), void *ctx,
                             struct err *e);

#endif
