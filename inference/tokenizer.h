/* tokenizer.h: text to the ids that a model was trained with, and back.
 *
 * Two families: byte-level BPE (tokenizer.ggml.model "gpt2") and SentencePiece BPE with byte fallback ("llama").
 * The way of a text: segments -> special tokens cut out of template segments -> the stretches between them, whatever
 * segments they come from -> NFC where the family has it -> pieces (pretokenize.h) -> merges (merge.h) -> ids.
 * Text of data and slot segments never yields a control or user-defined token.
 *
 * To add a pre-tokeniser (a new value of tokenizer.ggml.pre): take the regular expressions from the model's own
 * tokenizer.json; in pretokenize.c write each alternative as a rule over the character classes, each expression as a
 * stage, and add a line to the table with the flags nfc, ignore_merges and add_bos; then compare with ids that the
 * model's own tokenizer gives. Only an expression with lookaround or literals of its own needs new code there.
 *
 * Read-only after tokenizer_open(): any number of threads may use one. */
#ifndef INFERENCE_TOKENIZER_H
#define INFERENCE_TOKENIZER_H

#include "inference.h"
#include "vocab.h"

struct tokenizer;

/* The tokenizer of a file. *out: close with tokenizer_close(). Nothing of `g` is kept. RC_BAD names file and key:
 * unknown family or pre-tokeniser, counts that disagree, a merge of unknown tokens, a token twice. RC_NOMEM. */
MUST_USE enum rc tokenizer_open(const struct gguf *g, struct tokenizer **out, struct err *e);
void tokenizer_close(struct tokenizer *t);

size_t tokenizer_size(const struct tokenizer *t);
/* Bytes of a token, borrowed; *n is 0 for control and unknown tokens and for ids out of range. */
const char *tokenizer_bytes(const struct tokenizer *t, int32_t id, size_t *n);
/* The text of any token, as templates write it; "" out of range. */
const char *tokenizer_name(const struct tokenizer *t, int32_t id, size_t *n);
enum token_type tokenizer_type(const struct tokenizer *t, int32_t id); /* TOKEN_UNKNOWN out of range */
bool tokenizer_is_end(const struct tokenizer *t, int32_t id);
int32_t tokenizer_bos(const struct tokenizer *t); /* -1: none */
int32_t tokenizer_eos(const struct tokenizer *t);
int32_t tokenizer_eot(const struct tokenizer *t);
bool tokenizer_add_bos(const struct tokenizer *t); /* whether a prompt begins with bos */
const struct byte_order *tokenizer_order(const struct tokenizer *t);

/* Ids of the segments (free). `parse` says what template segments may yield. add_bos: begin with bos if the file says
 * so and the template has not. RC_LIMIT over 2^31 - 1 bytes, RC_NOMEM. */
MUST_USE enum rc tokenizer_encode(const struct tokenizer *t, const struct segment *segments, size_t n,
                                  enum token_parse parse, bool add_bos, int32_t **ids, size_t *n_ids, struct err *e);

#endif
