/* choose.h: the next token of a request that is held to a constraint. */
#ifndef INFERENCE_CHOOSE_H
#define INFERENCE_CHOOSE_H

#include "constraint.h"
#include "sampler.h"

/* The token that sampler_pick() takes with the mask of `state`, with `left` tokens after it; -1 if none fits. The mask is
 * made only where few tokens fit, or where the most probable ones don't decide. `allowed` is room for one. */
int32_t choose_token(struct sampler *s, const struct tokenizer *t, const struct constraint *c,
                     const struct constraint_state *state, size_t left, const float *logits, const struct sampling *p,
                     uint64_t position, uint8_t *allowed);

#endif
