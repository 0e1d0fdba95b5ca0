/* A tokenizer from any metadata: what opens, encodes any text, and its ids are of its vocabulary. Half of the inputs are
 * whole files; from the others a file is made whose tokens, types, scores and merges they choose. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include "../../base/buf.h"
#include "../../inference/gguf.h"
#include "../../inference/tokenizer.h"

static void put(struct buf *b, uint64_t v, size_t n) /* little-endian */
{
    for (size_t i = 0; i < n; i++) buf_char(b, (char)(v >> (8 * i)));
}

static void put_text(struct buf *b, const char *s, size_t n)
{
    put(b, n, 8);
    buf_add(b, s, n);
}

static void put_key(struct buf *b, const char *key, uint32_t type, uint32_t of, size_t n)
{
    put_text(b, key, strlen(key));
    put(b, type, 4);
    if (type != 9) return;
    put(b, of, 4);
    put(b, n, 8);
}

#define MOST 64

/* Tokens of one or two letters and of what the input says; merges of any two tokens. Source of the format: GGUF v3. */
static void make_file(const uint8_t *d, size_t size, struct buf *b)
{
    static const char *const pre[] = {"gpt-2", "llama-bpe", "gpt-4o", "deepseek-llm", "qwen2"};
    const char *token[MOST];
    size_t len[MOST], n = 0, n_merges = size / 4 < MOST ? size / 4 : MOST;
    bool pieces = d[0] & 1;

    for (size_t at = 1; at + 1 < size && n < MOST; at += len[n++] + 1) {
        len[n] = d[at] % 8;
        if (len[n] > size - at - 1) len[n] = size - at - 1;
        token[n] = (const char *)d + at + 1;
    }
    buf_add(b, "GGUF", 4);
    put(b, 3, 4);
    put(b, 0, 8);
    put(b, 6, 8);
    put_key(b, "tokenizer.ggml.model", 8, 0, 0);
    put_text(b, pieces ? "llama" : "gpt2", pieces ? 5 : 4);
    put_key(b, "tokenizer.ggml.pre", 8, 0, 0);
    put_text(b, pre[d[0] / 2 % 5], strlen(pre[d[0] / 2 % 5]));
    put_key(b, "tokenizer.ggml.tokens", 9, 8, n);
    for (size_t i = 0; i < n; i++) put_text(b, token[i], len[i]);
    put_key(b, "tokenizer.ggml.token_type", 9, 5, n);
    for (size_t i = 0; i < n; i++) put(b, d[i] % 16 < 12 ? 1 : d[i] % 16 - 9, 4);
    put_key(b, "tokenizer.ggml.scores", 9, 6, n);
    for (size_t i = 0; i < n; i++) put(b, 0xC0000000U + ((uint32_t)d[i] << 16), 4);
    put_key(b, "tokenizer.ggml.merges", 9, 8, n ? n_merges : 0);
    for (size_t i = 0; n > 0 && i < n_merges; i++) {
        size_t x = d[2 * i] % n, y = d[2 * i + 1] % n;

        put(b, len[x] + 1 + len[y], 8);
        buf_add(b, token[x], len[x]);
        buf_char(b, ' ');
        buf_add(b, token[y], len[y]);
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    char path[] = "/tmp/fuzz_tokenizer.XXXXXX";
    int fd = mkstemp(path);
    struct gguf *g = NULL;
    struct tokenizer *t = NULL;
    struct buf file;
    struct err e;

    buf_init(&file, 1 << 20);
    if (size > 4 && size % 2) make_file(data, size, &file);
    else buf_add(&file, data, size);
    if (fd < 0 || write(fd, file.data, file.len) != (ssize_t)file.len) abort();
    buf_clear(&file);
    if (gguf_open(path, &g, &e) == RC_OK && tokenizer_open(g, &t, &e) == RC_OK) {
        struct segment all = {size % 4 == 3 ? SEGMENT_TEMPLATE : SEGMENT_DATA, (const char *)data, size};
        int32_t *ids;
        size_t n;
        if (tokenizer_encode(t, &all, 1, TOKENS_SPECIAL, true, &ids, &n, &e) == RC_OK) {
            for (size_t i = 0; i < n; i++)
                if (ids[i] < 0 || (size_t)ids[i] >= tokenizer_size(t)) abort();
            free(ids);
        }
    }
    tokenizer_close(t);
    gguf_close(g);
    unlink(path);
    close(fd);
    return 0;
}
