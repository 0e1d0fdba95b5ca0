/* vocab.h: the tokens of a GGUF file: their bytes, types and roles, and finding one by its bytes.
 * No field of the file is trusted; every message names the key. Source: GGUF specification, tokenizer.ggml.*. */
#ifndef INFERENCE_VOCAB_H
#define INFERENCE_VOCAB_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include "../base/err.h"

struct gguf;

#define TOKEN_MAX_BYTES 1024     /* of one token; the longest known ones are runs of 256 spaces */
#define VOCAB_MAX_TOKENS (1 << 22)

enum token_type { /* as in tokenizer.ggml.token_type */
    TOKEN_NORMAL = 1,
    TOKEN_UNKNOWN,
    TOKEN_CONTROL,
    TOKEN_USER_DEFINED,
    TOKEN_UNUSED,
    TOKEN_BYTE
};

#define TOKEN_HOLDS_CONTROL 255 /* a byte below 0x20 is in it */

struct byte_order { /* tokens that have bytes, sorted by them */
    int32_t *ids;
    uint16_t *shared; /* shared[i]: leading bytes that token i shares with token i - 1; 0 for the first */
    uint32_t *skip;   /* skip[i]: the next token that shares no more than token i does, or n: where to go on when what
                         token i adds is refused */
    uint8_t *plain;   /* by id: characters of a token of whole ones, none of them a control character, quote or backslash;
                         TOKEN_HOLDS_CONTROL; 0: neither */
    size_t n;
    int32_t *ends;    /* end tokens, with bytes or without */
    size_t n_ends;
};

struct vocab_place { /* of the hash table */
    uint32_t tag; /* more of the hash, so that texts are compared only where they are most likely the same */
    uint32_t id;  /* + 1; 0: empty */
};

struct vocab {
    size_t n;
    char *text;       /* all tokens' bytes; a control token's are its name, as templates write it */
    uint32_t *at;     /* n + 1: token i is text[at[i]..at[i + 1]) */
    uint8_t *type;    /* n: enum token_type */
    uint8_t *is_end;  /* n */
    struct vocab_place *index; /* of normal tokens */
    size_t index_mask;
    struct byte_order order;
    int32_t *special; /* control and user-defined tokens, sorted by bytes */
    size_t n_special;
    bool begins_special[256];
    int32_t byte_id[256];          /* the token of one byte, or -1 */
    int32_t bos, eos, eot, unknown; /* -1: none */
};

/* Read the vocabulary. byte_level: texts are in GPT-2's alphabet of printable characters, one per byte; otherwise
 * U+2581 stands for the space. *v is the caller's storage, vocab_clear() also after a failure. RC_BAD, RC_NOMEM. */
MUST_USE enum rc vocab_init(struct vocab *v, const struct gguf *g, bool byte_level, struct err *e);
void vocab_clear(struct vocab *v);

const char *vocab_text(const struct vocab *v, int32_t id, size_t *n);
/* The normal token of exactly these bytes, or -1. */
int32_t vocab_find(const struct vocab *v, const char *bytes, size_t n);
/* The longest special token at the start of s[n], of the kinds asked for; -1 if none. *len is its length. */
int32_t vocab_special(const struct vocab *v, const char *s, size_t n, bool control, size_t *len);
/* The special token of exactly these bytes, or -1. */
int32_t vocab_special_exact(const struct vocab *v, const char *s, size_t n);

/* Undo GPT-2's alphabet: s[n] to bytes in out[n]. A character outside the alphabet stays as it is. Returns the length.
 * Source: Radford et al. 2019, encoder.py, bytes_to_unicode(). */
size_t vocab_undo_alphabet(const char *s, size_t n, char *out);
/* Undo SentencePiece's: U+2581 to a space. */
size_t vocab_undo_space(const char *s, size_t n, char *out);

uint64_t vocab_hash(const char *s, size_t n);

#endif
