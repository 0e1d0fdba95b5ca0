#include "rope.h"

#include <math.h>

/* The pair that makes n turns over the context that a model was first trained on. */
static double pair_of_turns(const struct shape *s, double n)
{
    return s->n_rope * log(s->n_context_first / (n * 2 * acos(-1))) / (2 * log((double)s->rope_base));
}

/* YaRN's share of the turn that is not divided by the factor, arXiv:2309.00071, section 3.2: all of it for
 * pairs that turn more than 32 times, none for those that turn less than once. */
static double kept(const struct shape *s, size_t pair)
{
    double low = fmax(0, floor(pair_of_turns(s, 32)));
    double high = fmin(s->n_rope - 1.0, ceil(pair_of_turns(s, 1)));

    return 1 - fmin(1, fmax(0, ((double)pair - low) / fmax(0.001, high - low)));
}

void rope_frequencies(const struct shape *s, const float *factors, double *out)
{
    for (size_t i = 0; i < s->n_rope / 2; i++) {
        double share = s->rope_scaling == ROPE_YARN ? kept(s, i) : 0;

        out[i] = pow((double)s->rope_base, -2.0 * (double)i / (double)s->n_rope);
        if (factors) out[i] /= (double)factors[i];
        out[i] *= share + (1 - share) / (double)s->rope_scale;
    }
}

void rope_turns(const struct shape *s, const double *frequencies, uint32_t position, float *turns)
{
    size_t n = s->n_rope / 2;

    for (size_t i = 0; i < n; i++) {
        turns[i] = (float)(cos(position * frequencies[i]) * (double)s->rope_magnitude);
        turns[n + i] = (float)(sin(position * frequencies[i]) * (double)s->rope_magnitude);
    }
}

void rope_turn(enum rope_kind kind, float *x, size_t n_rope, const float *turns)
{
    size_t half = n_rope / 2;

    for (size_t i = 0; i < half; i++) {
        float *a = x + (kind == ROPE_NEIGHBOURS ? 2 * i : i), *b = kind == ROPE_NEIGHBOURS ? a + 1 : a + half;
        float was = *a;

        *a = was * turns[i] - *b * turns[half + i];
        *b = was * turns[half + i] + *b * turns[i];
    }
}
