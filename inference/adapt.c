/* adapt.c: the handle of a training: values, their derivatives, AdamW, the order of samples. */
#include "adapt.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>
#include "adapt_train.h"
#include "memory.h"

#define MOST_GRADIENT 1.0F /* longer ones are shortened to this: Pascanu et al. 2013, arXiv:1211.5063 */
#define BETA1         0.9
#define BETA2         0.999
#define EPSILON       1e-8
#define LAST_RATE     0.1 /* of the top one, at the schedule's end */

void adapt_defaults(struct adapt_options *out)
{
    *out = (struct adapt_options){.rank = 8,
                                  .alpha = 16,
                                  .targets = ADAPT_ATTENTION | ADAPT_FEED_FORWARD,
                                  .seed = 1,
                                  .max_tokens = 1024,
                                  .learning_rate = 1e-3F,
                                  .weight_decay = 0.01F,
                                  .epochs = 8,
                                  .batch = 4,
                                  .warm_up = 0.1F};
}

/* ---- opening ------------------------------------------------------------------------------------------------------ */

static enum rc check_options(const struct model *m, const struct adapt_options *o, struct err *e)
{
    if (o->rank < 1 || o->rank > ADAPT_MAX_RANK)
        return err_set(e, RC_BAD, "training: rank %lu is not from 1 to %d", (unsigned long)o->rank, ADAPT_MAX_RANK);
    if (!(o->alpha > 0 && isfinite(o->alpha))) return err_set(e, RC_BAD, "training: alpha is to be over 0");
    if (!(o->learning_rate > 0 && o->learning_rate <= 1))
        return err_set(e, RC_BAD, "training: the learning rate is to be over 0 and at most 1");
    if (!(o->weight_decay >= 0 && o->weight_decay < 1))
        return err_set(e, RC_BAD, "training: the weight decay is to be from 0 to below 1");
    if (!(o->warm_up >= 0 && o->warm_up <= 1)) return err_set(e, RC_BAD, "training: the warm-up is a share, 0 to 1");
    if (o->epochs < 1 || o->batch < 1) return err_set(e, RC_BAD, "training: epochs and batch are at least 1");
    if (o->max_tokens < 2 || o->max_tokens > m->shape.n_context)
        return err_set(e, RC_BAD, "training: samples of up to %zu tokens; the model's context has %lu", o->max_tokens,
                       (unsigned long)m->shape.n_context);
    return RC_OK;
}

/* The arithmetic that goes with the model's kernels. */
static const struct adapt_arithmetic *arithmetic_of(const struct model *m)
{
    const struct adapt_arithmetic *a = NULL;

    if (strcmp(m->kernels->name, "avx512") == 0) a = adapt_avx512();
    if (strcmp(m->kernels->name, "avx2") == 0) a = adapt_avx2();
    return a ? a : &adapt_float;
}

/* Values, derivatives and both moments. */
static size_t bytes_of(const struct adapt_plan *plan, const struct adapt_arithmetic *arithmetic, int threads,
                       size_t max_tokens)
{
    return 4 * plan->n_params * sizeof(float) + arithmetic->bytes(plan, threads, max_tokens);
}

static int threads_of(const struct adapt_options *o)
{
    int all = (int)pool_processors();

    return o->threads > 0 && o->threads < all ? o->threads : all;
}

size_t adapt_bytes(const struct model *m, const struct adapt_options *o)
{
    struct adapt_plan plan = {0};
    struct err e;
    size_t n = 0;

    if (adapt_plan_make(m, o->rank, o->alpha, o->targets, &plan, &e) == RC_OK)
        n = bytes_of(&plan, arithmetic_of(m), threads_of(o), o->max_tokens);
    adapt_plan_clear(&plan);
    return n;
}

static enum rc check_memory(const struct adapt *a, struct err *e)
{
    size_t most = a->opt.max_bytes ? a->opt.max_bytes : memory_available();
    size_t needs = bytes_of(&a->plan, a->arithmetic, threads_of(&a->opt), a->opt.max_tokens);

    if (needs <= most) return RC_OK;
    return err_set(e, RC_LIMIT,
                   "training: %zu MiB are needed and %zu MiB are left: shorter samples, a lower rank or fewer targets "
                   "take less",
                   (needs >> 20) + 1, most >> 20);
}

/* SplitMix64: Steele, Lea and Flood 2014. */
static uint64_t mix(uint64_t *state)
{
    uint64_t z = (*state += UINT64_C(0x9E3779B97F4A7C15));

    z = (z ^ (z >> 30)) * UINT64_C(0xBF58476D1CE4E5B9);
    z = (z ^ (z >> 27)) * UINT64_C(0x94D049BB133111EB);
    return z ^ (z >> 31);
}

/* A as He et al. 2015 (arXiv:1502.01852) for a linear layer; B stays 0. */
static void begin_values(struct adapt *a)
{
    uint64_t state = a->opt.seed;

    for (size_t i = 0; i < a->plan.n_targets; i++) {
        const struct adapt_target *t = &a->plan.targets[i];
        float bound = sqrtf(3 / (float)t->w->n_in);

        for (size_t k = t->a; k < t->b; k++)
            a->values[k] = bound * (float)((double)(mix(&state) >> 11) / 4503599627370496.0 - 1);
    }
}

enum rc adapt_open(const struct model *m, const struct adapt_options *opt, struct adapt **out, struct err *e)
{
    struct adapt *a = NULL;
    enum rc rc = adapt_check(m, opt->targets, e);

    if (rc == RC_OK) rc = check_options(m, opt, e);
    if (rc != RC_OK) return rc;
    a = calloc(1, sizeof(*a));
    if (!a) return err_set(e, RC_NOMEM, "training: out of memory");
    a->m = m;
    a->opt = *opt;
    a->arithmetic = arithmetic_of(m);
    rc = adapt_plan_make(m, opt->rank, opt->alpha, opt->targets, &a->plan, e);
    if (rc == RC_OK) rc = check_memory(a, e);
    if (rc == RC_OK) rc = pool_open(threads_of(opt), &a->pool, e);
    if (rc == RC_OK) rc = a->arithmetic->open(&a->plan, a->pool, opt->max_tokens, &a->pass, e);
    if (rc == RC_OK) {
        a->values = calloc(a->plan.n_params, sizeof(float));
        a->grad = calloc(a->plan.n_params, sizeof(float));
        a->mean = calloc(a->plan.n_params, sizeof(float));
        a->square = calloc(a->plan.n_params, sizeof(float));
        if (!a->values || !a->grad || !a->mean || !a->square)
            rc = err_set(e, RC_NOMEM, "training: out of memory for %zu values", a->plan.n_params);
    }
    if (rc == RC_OK) {
        begin_values(a);
        *out = a;
        a = NULL;
    }
    adapt_close(a);
    return rc;
}

void adapt_close(struct adapt *a)
{
    if (!a) return;
    if (a->pass) a->arithmetic->close(a->pass);
    pool_close(a->pool);
    adapt_plan_clear(&a->plan);
    free(a->values);
    free(a->grad);
    free(a->mean);
    free(a->square);
    free(a);
}

/* ---- measuring ---------------------------------------------------------------------------------------------------- */

static enum rc check_sample(const struct adapt *a, const struct adapt_sample *s, struct err *e)
{
    if (s->n > a->opt.max_tokens)
        return err_set(e, RC_LIMIT, "training: a sample of %zu tokens; at most %zu are allowed", s->n, a->opt.max_tokens);
    if (s->n_prompt < 1 || s->n_prompt >= s->n) return err_set(e, RC_BAD, "training: a sample without prompt or answer");
    for (size_t i = 0; i < s->n; i++)
        if (s->ids[i] < 0 || (uint32_t)s->ids[i] >= a->m->n_vocab)
            return err_set(e, RC_BAD, "training: token %zu of a sample is not in the vocabulary", i);
    return RC_OK;
}

size_t adapt_n_params(const struct adapt *a)
{
    return a->plan.n_params;
}

enum rc adapt_loss(struct adapt *a, const struct adapt_sample *s, double *sum, size_t *likeliest, struct err *e)
{
    enum rc rc = check_sample(a, s, e);

    if (rc == RC_OK) *sum = a->arithmetic->loss(a->pass, a->values, s, false, likeliest);
    return rc;
}

/* ---- steps -------------------------------------------------------------------------------------------------------- */

size_t adapt_n_steps(const struct adapt *a, size_t n)
{
    return (n + a->opt.batch - 1) / a->opt.batch * a->opt.epochs;
}

size_t adapt_steps_done(const struct adapt *a)
{
    return a->step;
}

/* The i-th sample of an epoch: an order of its own for each, which only seed, epoch and n decide, so that a training
 * that is taken up again needs to keep none. Fisher and Yates's shuffle, played again up to i. */
static enum rc order_of(const struct adapt *a, size_t n, size_t epoch, size_t **out, struct err *e)
{
    uint64_t state = a->opt.seed ^ (epoch + 1) * UINT64_C(0xD1B54A32D192ED03);
    size_t *order = malloc(n * sizeof(*order));

    if (!order) return err_set(e, RC_NOMEM, "training: out of memory for the order of samples");
    for (size_t i = 0; i < n; i++)
        order[i] = i;
    for (size_t i = n; i > 1; i--) {
        size_t k = mix(&state) % i, was = order[i - 1];

        order[i - 1] = order[k];
        order[k] = was;
    }
    *out = order;
    return RC_OK;
}

static double rate_at(const struct adapt *a, size_t n_steps)
{
    double warm = floor((double)a->opt.warm_up * (double)n_steps), step = (double)a->step;
    double left = (double)n_steps - warm;

    if (step < warm) return (double)a->opt.learning_rate * (step + 1) / warm;
    return (double)a->opt.learning_rate *
           (LAST_RATE + (1 - LAST_RATE) * 0.5 * (1 + cos(acos(-1) * (left > 0 ? (step - warm) / left : 1))));
}

/* The length of all derivatives; longer ones than MOST_GRADIENT are shortened. */
static double clip(struct adapt *a)
{
    double size = 0;

    for (size_t i = 0; i < a->plan.n_params; i++)
        size += (double)a->grad[i] * (double)a->grad[i];
    size = sqrt(size);
    for (size_t i = 0; size > (double)MOST_GRADIENT && i < a->plan.n_params; i++)
        a->grad[i] *= MOST_GRADIENT / (float)size;
    return size;
}

/* arXiv:1711.05101, algorithm 2. */
static void adamw(struct adapt *a, double rate)
{
    double n = (double)a->step + 1;
    float to_mean = (float)(1 / (1 - pow(BETA1, n))), to_square = (float)(1 / (1 - pow(BETA2, n)));
    float step = (float)rate, keep = 1 - step * a->opt.weight_decay;

    for (size_t i = 0; i < a->plan.n_params; i++) {
        float g = a->grad[i];

        a->mean[i] = (float)BETA1 * a->mean[i] + (float)(1 - BETA1) * g;
        a->square[i] = (float)BETA2 * a->square[i] + (float)(1 - BETA2) * g * g;
        a->values[i] = keep * a->values[i] -
                       step * a->mean[i] * to_mean / (sqrtf(a->square[i] * to_square) + (float)EPSILON);
    }
}

/* Derivatives of the mean loss over the answers' tokens of a batch. */
static enum rc derive(struct adapt *a, const struct adapt_sample *samples, const size_t *pick, size_t n,
                      const volatile bool *stop, double *loss, struct err *e)
{
    size_t tokens = 0;
    double sum = 0;

    for (size_t i = 0; i < n; i++)
        tokens += samples[pick[i]].n - samples[pick[i]].n_prompt;
    memset(a->grad, 0, a->plan.n_params * sizeof(*a->grad));
    for (size_t i = 0; i < n; i++) {
        if (stop && *stop) return err_set(e, RC_RETRY, "training: stopped");
        sum += a->arithmetic->gradient(a->pass, a->values, &samples[pick[i]], false, 1 / (double)tokens, a->grad);
    }
    *loss = sum / (double)tokens;
    if (!isfinite(*loss)) return err_set(e, RC_BAD, "training: the loss is no number; a lower learning rate may help");
    return RC_OK;
}

enum rc adapt_step(struct adapt *a, const struct adapt_sample *samples, size_t n, const volatile bool *stop,
                   struct adapt_progress *out, struct err *e)
{
    size_t per_epoch = (n + a->opt.batch - 1) / a->opt.batch, n_steps = adapt_n_steps(a, n), *order = NULL, first, taken;
    double loss = 0, size, rate;
    enum rc rc = RC_OK;

    if (n == 0) return err_set(e, RC_BAD, "training: no samples");
    if (a->step >= n_steps) return err_set(e, RC_BAD, "training: all %zu steps are done", n_steps);
    for (size_t i = 0; i < n && rc == RC_OK; i++)
        rc = check_sample(a, &samples[i], e);
    if (rc == RC_OK) rc = order_of(a, n, a->step / per_epoch, &order, e);
    if (rc != RC_OK) return rc;
    first = a->step % per_epoch * a->opt.batch;
    taken = n - first < a->opt.batch ? n - first : a->opt.batch;
    rc = derive(a, samples, order + first, taken, stop, &loss, e);
    free(order);
    if (rc != RC_OK) return rc;
    rate = rate_at(a, n_steps);
    size = clip(a);
    adamw(a, rate);
    a->step++;
    *out = (struct adapt_progress){.step = a->step,
                                   .n_steps = n_steps,
                                   .epoch = (double)a->step / (double)per_epoch,
                                   .loss = loss,
                                   .rate = (float)rate,
                                   .gradient = (float)size};
    return RC_OK;
}
