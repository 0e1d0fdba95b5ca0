/* mask.c: tokens against a byte automaton. */
#include "constraint.h"

#include <string.h>

uint64_t constraint_advance(const struct constraint *c, const struct tokenizer *t, uint64_t state, int32_t id)
{
    size_t n;
    const char *bytes = tokenizer_bytes(t, id, &n);

    if (tokenizer_is_end(t, id)) return constraint_accepts(c, state) ? state : CONSTRAINT_DEAD;
    if (n == 0) return CONSTRAINT_DEAD;
    for (size_t i = 0; i < n && state != CONSTRAINT_DEAD; i++) state = constraint_step(c, state, (uint8_t)bytes[i]);
    return state;
}

void constraint_mask(const struct constraint *c, const struct tokenizer *t, uint64_t state, uint8_t *allowed)
{
    const struct byte_order *order = tokenizer_order(t);
    uint64_t after[TOKEN_MAX_BYTES + 1]; /* after[d]: the state after the first d bytes of the current token */
    size_t alive = 0;                    /* how many of those bytes, at most, led on */

    memset(allowed, 0, tokenizer_size(t));
    if (state == CONSTRAINT_DEAD) return;
    after[0] = state;
    for (size_t i = 0; i < order->n; i++) {
        size_t n, d = order->shared[i];
        const char *bytes;

        if (d > alive) continue; /* begins with bytes that were refused in the token before */
        bytes = tokenizer_bytes(t, order->ids[i], &n);
        for (; d < n; d++) {
            after[d + 1] = c->kind->step(c, after[d], (uint8_t)bytes[d]);
            if (after[d + 1] == CONSTRAINT_DEAD) break;
        }
        alive = d;
        allowed[order->ids[i]] = d == n;
    }
    for (size_t i = 0; i < tokenizer_size(t); i++)
        if (tokenizer_is_end(t, (int32_t)i)) allowed[i] = c->kind->accepts(c, state);
}
