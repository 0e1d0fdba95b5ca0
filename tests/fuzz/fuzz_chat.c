/* Chat templates from any bytes, and conversations of any kind in every family: what a message holds stays data, in order. */
#include <stdlib.h>
#include <string.h>
#include "../../inference/chat.h"

static void check(const struct chat_family *f, const struct chat_message *m, size_t n, const struct chat_options *opt)
{
    struct segment *out;
    size_t n_out;
    struct err e;

    if (chat_render(f, NULL, m, n, opt, &out, &n_out, &e) != RC_OK) return;
    for (size_t i = 0; i < n_out; i++)
        if (out[i].kind > SEGMENT_DATA || (out[i].n > 0 && !out[i].bytes)) abort();
    segments_free(out);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const char *const names[] = {
        "harmony", "granite-3.1", "granite", "llama-3.1", "llama-3", "deepseek-r1", "deepseek-v3.1", "deepseek-r1-0528",
        "deepseek-v3", "deepseek-v2", "phi-4", "qwen3", "qwen3-thinking", "qwen2.5", "chatml", "phi-3.5", "phi-4-mini",
        "phi-3", "tulu", "mistral-v1", "mistral-v0", "mistral-v3-tekken", "mistral-v3"};
    struct segment parts[32];
    struct chat_message m[32];
    struct chat_options opt = {0};
    char *text = malloc(size + 1);
    size_t n = 0, at = 1, n_parts = 0;

    if (!text) return 0;
    if (size > 0) memcpy(text, data, size);
    text[size] = 0;
    chat_family_find(text);
    opt.no_thinking = size > 0 && data[0] & 1;
    opt.date = size > 0 && data[0] & 2 ? text : size > 0 && data[0] & 4 ? "2025-01-15" : NULL;
    while (at + 1 < size && n_parts < 31 && n < 31) { /* a byte of role and number of parts, then parts: a length and bytes */
        size_t count = 1 + (data[at] >> 2) % 3;

        m[n] = (struct chat_message){data[at] % 3, parts + n_parts, 0};
        at++;
        for (; count > 0 && at < size && n_parts < 31; count--) {
            size_t len = data[at++];

            if (len > size - at) len = size - at;
            parts[n_parts++] = (struct segment){SEGMENT_DATA, text + at, len};
            m[n].n_segments++;
            at += len;
        }
        n++;
    }
    for (size_t i = 0; i < COUNT_OF(names); i++) {
        if (!chat_family_find(names[i])) abort();
        check(chat_family_find(names[i]), m, n, &opt);
    }
    free(text);
    return 0;
}
