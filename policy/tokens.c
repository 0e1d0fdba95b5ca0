/* tokens.c: see tokens.h. */
#include "tokens.h"

#include <stdlib.h>
#include <string.h>

#include "../base/crypto.h"
#include "../base/str.h"
#include "slot_text.h"
#include "text.h"

#define FNV_START UINT64_C(0xcbf29ce484222325)
#define FNV_PRIME UINT64_C(0x100000001b3)

uint64_t token_hash(const char *fold, size_t n) /* Fowler-Noll-Vo 1a, 64 bits */
{
    uint64_t h = FNV_START;

    for (size_t i = 0; i < n; i++) h = (h ^ (unsigned char)fold[i]) * FNV_PRIME;
    return h;
}

uint64_t tokens_run(const struct tokens *t, size_t at, size_t n)
{
    uint64_t h = FNV_START;

    for (size_t i = at; i < at + n; i++) h = (h ^ t->items[i].hash) * FNV_PRIME ^ (h >> 32);
    return h;
}

/* Fill in one token; returns where its folded form ends. */
static char *fold_token(const char *text, struct token *x, char *at)
{
    const char *s = text + x->start;
    size_t n = x->end - x->start, pos = 0, len;
    struct slot_ref slot;
    unsigned cp = 0;

    x->fold = at;
    if (*s == '[' && slot_find(s, n, &pos, &slot) && slot.start == 0 && slot.end == n) {
        x->slot = true;
        len = slot_stem(s, &slot, at);
    } else {
        if (*s == '[') { /* brackets around what is no slot */
            s++;
            n -= 2;
        }
        if (n) utf8_decode(s, n, &cp);
        x->capital = text_is_upper(cp);
        x->digit = text_has_digit(s, n);
        len = text_fold(s, n, at, 2 * n + 1);
    }
    x->hash = token_hash(at, len);
    return at + len + 1;
}

enum rc tokens_split(const char *text, size_t n, struct tokens *out, struct err *e)
{
    size_t pos = 0, count = 0, bytes = 0;
    struct stretch w;
    char *at;

    memset(out, 0, sizeof(*out));
    while (text_word(text, n, &pos, &w)) {
        count++;
        bytes += 2 * (w.end - w.start) + 1; /* folding makes few letters longer, none twice as long */
    }
    out->items = calloc(count + 1, sizeof(*out->items));
    out->folds = calloc(bytes + 1, 1);
    if (!out->items || !out->folds) {
        tokens_clear(out);
        return err_set(e, RC_NOMEM, "text: out of memory");
    }
    at = out->folds;
    for (pos = 0; text_word(text, n, &pos, &w);) {
        struct token *x = &out->items[out->n++];
        x->start = w.start;
        x->end = w.end;
        at = fold_token(text, x, at);
    }
    return RC_OK;
}

void tokens_clear(struct tokens *t)
{
    if (t->folds && t->n) {
        const char *last = t->items[t->n - 1].fold;
        crypto_wipe(t->folds, (size_t)(last - t->folds) + strlen(last));
    }
    free(t->items);
    free(t->folds);
    memset(t, 0, sizeof(*t));
}

/* ---- sets ------------------------------------------------------------------------------------------------------- */

static void put(struct hash_set *s, uint64_t h)
{
    size_t at = h & (s->size - 1);

    while (s->slots[at] && s->slots[at] != h) at = (at + 1) & (s->size - 1);
    if (s->slots[at]) return;
    s->slots[at] = h;
    s->n++;
}

enum rc hash_set_add(struct hash_set *s, uint64_t h, struct err *e)
{
    if (2 * (s->n + 1) > s->size) {
        struct hash_set bigger = {.size = s->size ? 2 * s->size : 256};

        bigger.slots = calloc(bigger.size, sizeof(*bigger.slots));
        if (!bigger.slots) return err_set(e, RC_NOMEM, "text: out of memory");
        for (size_t i = 0; i < s->size; i++)
            if (s->slots[i]) put(&bigger, s->slots[i]);
        free(s->slots);
        *s = bigger;
    }
    put(s, h ? h : 1); /* 0 is an empty place */
    return RC_OK;
}

bool hash_set_has(const struct hash_set *s, uint64_t h)
{
    if (!s->size) return false;
    if (!h) h = 1;
    for (size_t at = h & (s->size - 1); s->slots[at]; at = (at + 1) & (s->size - 1))
        if (s->slots[at] == h) return true;
    return false;
}

void hash_set_clear(struct hash_set *s)
{
    free(s->slots);
    memset(s, 0, sizeof(*s));
}

enum rc hash_set_add_runs(struct hash_set *s, const struct tokens *t, size_t n, struct err *e)
{
    enum rc rc = RC_OK;

    for (size_t i = 0; rc == RC_OK && i + n <= t->n; i++)
        rc = hash_set_add(s, n == 1 ? t->items[i].hash : tokens_run(t, i, n), e);
    return rc;
}
