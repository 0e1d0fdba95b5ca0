/* rope.h: positions as turns of pairs of values. Su et al. 2021, arXiv:2104.09864. */
#ifndef INFERENCE_ROPE_H
#define INFERENCE_ROPE_H

#include "shape.h"

/* What a pair of values turns by from one position to the next.
 *   factors [n_rope / 2] divide it, or NULL (Llama 3; LongRoPE: Ding et al. 2024, arXiv:2402.13753)
 *   out [n_rope / 2] */
void rope_frequencies(const struct shape *s, const float *factors, double *out);

/* The turns of one position: turns [n_rope / 2] cosines, then [n_rope / 2] sines. */
void rope_turns(const struct shape *s, const double *frequencies, uint32_t position, float *turns);

/* Turn x [n_rope]. */
void rope_turn(enum rope_kind kind, float *x, size_t n_rope, const float *turns);

#endif
