/* A tokenizer from any metadata: what opens, encodes any text, and its ids are of its vocabulary. */
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>
#include "../../inference/gguf.h"
#include "../../inference/tokenizer.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    char path[] = "/tmp/fuzz_tokenizer.XXXXXX";
    int fd = mkstemp(path);
    struct gguf *g = NULL;
    struct tokenizer *t = NULL;
    struct err e;

    if (fd < 0 || write(fd, data, size) != (ssize_t)size) abort();
    if (gguf_open(path, &g, &e) == RC_OK && tokenizer_open(g, &t, &e) == RC_OK) {
        struct segment all = {size % 2 ? SEGMENT_TEMPLATE : SEGMENT_DATA, (const char *)data, size};
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
