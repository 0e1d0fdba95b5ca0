/* keys.h: metadata of a GGUF file as the tokenizer wants it: by type, or false. */
#ifndef INFERENCE_KEYS_H
#define INFERENCE_KEYS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include "../base/err.h"

struct gguf;

bool keys_has(const struct gguf *g, const char *key);
/* A string of fewer than `cap` bytes without NUL, copied to name[cap]. */
bool keys_name(const struct gguf *g, const char *key, char *name, size_t cap);
bool keys_u32(const struct gguf *g, const char *key, uint32_t *value); /* any integer type within range */
bool keys_bool(const struct gguf *g, const char *key, bool *value);
/* An array of exactly n numbers. */
bool keys_i32s(const struct gguf *g, const char *key, int32_t *out, size_t n);
bool keys_f32s(const struct gguf *g, const char *key, float *out, size_t n);

struct key_strings { /* an array of strings, read from first to last */
    size_t n;
    size_t bytes; /* of all of them together */
    const uint8_t *next;
};
bool keys_strings(const struct gguf *g, const char *key, struct key_strings *it);
const char *keys_next(struct key_strings *it, size_t *n); /* borrowed from g, not NUL-terminated; n times at most */

/* RC_BAD "FILE: KEY: what is wrong". */
enum rc keys_bad(const struct gguf *g, struct err *e, const char *key, const char *fmt, ...) PRINTF_LIKE(4, 5);

#endif
