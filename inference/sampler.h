/* sampler.h: from logits to a token.
 *
 * Order, after sampler_penalise(): what is allowed; the top_k most probable; of these the fewest whose probabilities sum to top_p;
 * of these the ones with at least min_p times the probability of the first; then one by chance at
 * `temperature`. Temperature 0 takes the most probable one. Ties go to the lower id. One thread at a time;
 * nothing is allocated after sampler_open(). */
#ifndef INFERENCE_SAMPLER_H
#define INFERENCE_SAMPLER_H

#include "inference.h"

struct sampler;

MUST_USE enum rc sampler_open(size_t n_vocab, struct sampler **out, struct err *e);
void sampler_close(struct sampler *s);

/* The token for `position`; allowed [n_allowed] is 1 where a token may be taken and NULL if all may, ids from
 * n_allowed on may not. -1 if none is left: nothing allowed, or logits that are no numbers. */
int32_t sampler_pick(struct sampler *s, const float *logits, const uint8_t *allowed, size_t n_allowed,
                     const struct sampling *p, uint64_t position);

/* Make the tokens of the last repeat_window of ids[n] less probable, each once however often it stands there: a
 * positive logit is divided by the penalty, another one multiplied. Keskar et al. 2019, arXiv:1909.05858, section 4.1,
 * as the Transformers library and llama.cpp have it. */
void sampler_penalise(struct sampler *s, float *logits, const int32_t *ids, size_t n, const struct sampling *p);

/* The same token as sampler_pick() with the mask of all ids below n_allowed that `may` takes, found by asking about the
 * most probable ones only, in their order. *id -1: the logits are no numbers. False: what decides lies beyond the 256
 * most probable ones (or, with temperature and no cut at all, anywhere); then it takes a mask. */
bool sampler_pick_asking(struct sampler *s, const float *logits, size_t n_allowed, bool (*may)(void *ctx, int32_t id),
                         void *ctx, const struct sampling *p, uint64_t position, int32_t *id);

/* The noise: a number from 0 (included) to 1 that depends on seed and position only. */
double sampler_noise(uint64_t seed, uint64_t position);

#endif
