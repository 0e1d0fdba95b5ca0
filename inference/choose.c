#include "choose.h"

struct question {
    const struct constraint *c;
    const struct tokenizer *t;
    const struct constraint_state *state;
    size_t left;
};

static bool may(void *ctx, int32_t id)
{
    const struct question *q = ctx;

    return constraint_allows(q->c, q->t, q->state, id, q->left);
}

int32_t choose_token(struct sampler *s, const struct tokenizer *t, const struct constraint *c,
                     const struct constraint_state *state, size_t left, const float *logits, const struct sampling *p,
                     uint64_t position, uint8_t *allowed)
{
    struct question q = {c, t, state, left};
    int32_t id;

    if (!(p->temperature > 0)) { /* the most probable of all, which is soon found, is mostly allowed */
        id = sampler_pick(s, logits, NULL, 0, p, position);
        if (id >= 0 && may(&q, id)) return id;
    }
    if (!constraint_is_narrow(c, state) &&
        sampler_pick_asking(s, logits, tokenizer_size(t), may, &q, p, position, &id))
        return id;
    constraint_mask(c, t, state, left, allowed);
    return sampler_pick(s, logits, allowed, tokenizer_size(t), p, position);
}
