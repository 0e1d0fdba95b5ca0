/* Pre-tokenisers on any bytes: the pieces are the text, in order. NFC of it is NFC. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include "../../inference/nfc.h"
#include "../../inference/pretokenize.h"

struct seen {
    const char *next;
};

static enum rc on_piece(void *ctx, const char *begin, size_t n, struct err *e)
{
    struct seen *s = ctx;

    (void)e;
    if (begin != s->next || n == 0) abort();
    s->next = begin + n;
    return RC_OK;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const char *const names[] = {"gpt-2", "smollm", "llama-bpe", "qwen2", "gpt-4o", "deepseek-v3", "deepseek-llm",
                                        "deepseek-coder", "tekken", "default"};
    const char *text = (const char *)data;
    char *once = NULL, *twice = NULL;
    size_t n, n_twice;

    for (size_t i = 0; i < COUNT_OF(names); i++) {
        struct seen s = {text};
        if (pretokenize(pretokenizer_find(names[i]), text, size, on_piece, &s, NULL) != RC_OK) continue;
        if (s.next != text + size) abort();
    }
    if (nfc(text, size, &once, &n, NULL) == RC_OK && once) {
        if (nfc(once, n, &twice, &n_twice, NULL) == RC_OK && twice) {
            if (n_twice != n || memcmp(once, twice, n) != 0) abort();
            free(twice);
        }
        free(once);
    }
    return 0;
}
