/* adapt_pass.h: the loss of one sample and its derivatives, written once (adapt_pass_body.h) and compiled for float on
 * each instruction set, and for double, in which derivatives can be compared with differences of the loss. */
#ifndef INFERENCE_ADAPT_PASS_H
#define INFERENCE_ADAPT_PASS_H

#include "adapt_plan.h"
#include "pool.h"

struct adapt_pass;

/* "real": float or double, as the struct says. */
struct adapt_arithmetic {
    size_t real_bytes;
    /* Room for samples of up to max_tokens tokens; all is borrowed. RC_NOMEM. */
    enum rc (*open)(const struct adapt_plan *plan, struct pool *pool, size_t max_tokens, struct adapt_pass **out,
                    struct err *e);
    void (*close)(struct adapt_pass *p);
    size_t (*bytes)(const struct adapt_plan *plan, int threads, size_t max_tokens); /* that open() takes */
    /* Sum of -log p of the answer's tokens. hits, if not NULL: how many are the likeliest.
     *   params real [n_params]     hold: experts as in the pass before, which was of the same sample */
    double (*loss)(struct adapt_pass *p, const void *params, const struct adapt_sample *s, bool hold, size_t *hits);
    /* The same; adds `weight` times its derivatives by the parameters to grad, real [n_params]. */
    double (*gradient)(struct adapt_pass *p, const void *params, const struct adapt_sample *s, bool hold,
                       double weight, void *grad);
    /* Logits [n_vocab] after each of the n tokens, for comparison with the engine's: on_row(ctx, position, logits). */
    void (*logits)(struct adapt_pass *p, const void *params, const int32_t *ids, size_t n,
                   void (*on_row)(void *ctx, size_t position, const double *logits), void *ctx);
};

extern const struct adapt_arithmetic adapt_float, adapt_double;
/* The fastest that a model's kernels allow; NULL in builds for other processors. */
const struct adapt_arithmetic *adapt_avx2(void);
const struct adapt_arithmetic *adapt_avx512(void);

#endif
