/* adapt_train.h: the handle of a training, for those who keep it in files. */
#ifndef INFERENCE_ADAPT_TRAIN_H
#define INFERENCE_ADAPT_TRAIN_H

#include "../base/buf.h"
#include "adapt_pass.h"

struct adapt {
    const struct model *m;
    struct adapt_options opt;
    const struct adapt_arithmetic *arithmetic;
    struct adapt_plan plan;
    struct pool *pool;
    struct adapt_pass *pass;
    float *values, *grad, *mean, *square; /* [n_params]; the latter two: AdamW's moments */
    size_t step;                          /* done */
};

/* Write a file whole or not at all: beside it, flushed, renamed. RC_BAD the path and the system's reason. */
MUST_USE enum rc adapt_put_file(const char *path, const void *bytes, size_t n, struct err *e);

#endif
