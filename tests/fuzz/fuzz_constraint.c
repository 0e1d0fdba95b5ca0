/* Fact lock: any entries, any output. A state never is a dead end, and what is accepted is valid UTF-8. */
#include <stdlib.h>
#include <string.h>
#include "../../base/str.h"
#include "../../inference/inference.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    char *text = malloc(size + 1);
    const char *entries[64];
    size_t n = 0, at = 1;
    struct constraint *c;
    struct err e;
    struct constraint_state state, next;

    if (!text) return 0;
    memcpy(text, data, size);
    text[size] = 0;
    while (n < 64 && at < size && text[at] != '\n') { /* lines of entries up to an empty one, then output */
        entries[n++] = text + at;
        while (at < size && text[at] != '\n') at++;
        if (at < size) text[at++] = 0;
    }
    at++;
    uint8_t how = size ? data[0] : 0;
    size_t slots = n ? how % 4 % (n + 1) : 0, words = (n - slots) / 2;
    struct fact_lock f = {entries, slots, entries + slots, words, entries + slots + words, n - slots - words,
                          how >> 6, how & 32};
    if (constraint_fact_lock(&f, &c, &e) != RC_OK) {
        free(text);
        return 0;
    }
    constraint_start(c, &state);
    for (size_t begin = at; at <= size; at++) {
        bool way = constraint_accepts(c, &state);
        if (way && utf8_valid_prefix(text + begin, at - begin) != at - begin) abort();
        for (int b = 0; b < 256 && !way; b++) {
            next = state;
            way = constraint_step(c, &next, (uint8_t)b);
        }
        if (!way) abort();
        if (at == size) break;
        if (!constraint_step(c, &state, (uint8_t)text[at])) break;
    }
    constraint_close(c);
    free(text);
    return 0;
}
