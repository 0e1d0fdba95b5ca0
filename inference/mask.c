/* mask.c: tokens against a byte automaton. */
#include "constraint.h"
#include "vocab.h"

#include <string.h>

/* Can what is left to write be written with so many tokens? */
static bool in_time(const struct constraint *c, const struct constraint_state *s, size_t left)
{
    return left >= c->worst || constraint_least(c, s) <= left;
}

bool constraint_advance(const struct constraint *c, const struct tokenizer *t, struct constraint_state *state, int32_t id,
                        size_t left)
{
    size_t n;
    const char *bytes = tokenizer_bytes(t, id, &n);

    if (tokenizer_is_end(t, id)) return constraint_accepts(c, state);
    for (size_t i = 0; i < n; i++)
        if (!constraint_step(c, state, (uint8_t)bytes[i])) return false;
    return n > 0 && in_time(c, state, left);
}

bool constraint_allows(const struct constraint *c, const struct tokenizer *t, const struct constraint_state *state,
                       int32_t id, size_t left)
{
    struct constraint_state s;

    constraint_copy(&s, state);
    return constraint_advance(c, t, &s, id, left);
}

/* All tokens by their bytes, in byte order. */
static void mask_by_bytes(const struct constraint *c, const struct tokenizer *t, const struct constraint_state *state,
                          size_t left, uint8_t *allowed)
{
    const struct byte_order *order = tokenizer_order(t);
    struct constraint_state after[TOKEN_MAX_BYTES + 1]; /* after[d]: after the first d bytes of the current token */
    size_t next;

    constraint_copy(&after[0], state);
    for (size_t i = 0; i < order->n; i = next) {
        size_t n, d = order->shared[i];
        const char *bytes = tokenizer_bytes(t, order->ids[i], &n);

        for (; d < n; d++) {
            constraint_copy(&after[d + 1], &after[d]);
            if (!c->kind->step(c, &after[d + 1], (uint8_t)bytes[d])) break;
        }
        allowed[order->ids[i]] = d == n && in_time(c, &after[n], left);
        for (next = i + 1; next < order->n && order->shared[next] > d;) next = order->skip[next];
    }
}

/* Inside a string most tokens are told by their count of characters. */
static void mask_plain(const struct constraint *c, const struct tokenizer *t, const struct constraint_state *state,
                       size_t left, size_t room, uint8_t *allowed)
{
    const struct byte_order *order = tokenizer_order(t);
    bool closes = in_time(c, state, left); /* plain text owes no more than before */

    for (size_t i = 0; i < tokenizer_size(t); i++) {
        uint8_t plain = order->plain[i];

        if (plain == TOKEN_HOLDS_CONTROL) continue;
        if (plain == 0 || (plain <= room && !closes)) allowed[i] = constraint_allows(c, t, state, (int32_t)i, left);
        else allowed[i] = plain <= room;
    }
}

void constraint_mask(const struct constraint *c, const struct tokenizer *t, const struct constraint_state *state,
                     size_t left, uint8_t *allowed)
{
    const struct byte_order *order = tokenizer_order(t);
    size_t room;

    memset(allowed, 0, tokenizer_size(t));
    if (c->kind->plain && c->kind->plain(c, state, &room))
        mask_plain(c, t, state, left, room, allowed);
    else
        mask_by_bytes(c, t, state, left, allowed);
    for (size_t i = 0; i < order->n_ends; i++) allowed[order->ends[i]] = c->kind->accepts(c, state);
}

/* Bytes of valid UTF-8 that can stand in a document. */
static bool is_written(unsigned byte)
{
    return (byte >= ' ' && byte < 0x7F) || (byte >= 0x80 && byte < 0xC0) || (byte >= 0xC2 && byte < 0xF5);
}

enum rc constraint_check(const struct constraint *c, const struct tokenizer *t, size_t limit, struct err *e)
{
    const struct byte_order *order = tokenizer_order(t);
    struct constraint_state start;
    bool single[256] = {false};
    size_t least;

    if (!c->kind->least) return RC_OK;
    constraint_start(c, &start);
    least = constraint_least(c, &start);
    if (limit < least)
        return err_set(e, RC_LIMIT, "max_tokens is %zu; the shortest output that fits the constraint may need %zu", limit, least);
    for (size_t i = 0; i < order->n; i = order->skip[i]) { /* the first token of each first byte */
        size_t n;
        const char *bytes = tokenizer_bytes(t, order->ids[i], &n);

        if (n == 1) single[(uint8_t)bytes[0]] = true;
    }
    for (unsigned b = 0; b < 256; b++)
        if (is_written(b) && !single[b])
            return err_set(e, RC_BAD, "the vocabulary has no token for the byte 0x%02x: a constraint could not be closed", b);
    return RC_OK;
}
