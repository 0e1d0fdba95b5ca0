/* weights.h: prepared tensors, the only way to a file's weights. How they lie in memory is the format's
 * matter, so a packed layout is another preparation and not another graph. */
#ifndef INFERENCE_WEIGHTS_H
#define INFERENCE_WEIGHTS_H

#include "gguf.h"
#include "kernels.h"

struct weight { /* n_mats matrices of n_out rows of n_in values: one, or one an expert */
    const struct weight_format *format; /* NULL: empty */
    size_t n_in, n_out, n_mats;
    size_t row_bytes;   /* of a row in the file */
    size_t group_bytes; /* of what lies together: packed rows, or one row */
    size_t mat_bytes;   /* counts the rows that fill up the last group */
    uint8_t *data;      /* aligned to 64 bytes */
};

/* Read tensor `t` and prepare it for `k`. *w is the caller's storage; weight_clear(). RC_BAD unsupported type or a
 * file that became shorter; RC_NOMEM. */
MUST_USE enum rc weight_prepare(const struct gguf *g, const struct gguf_tensor *t, const struct kernels *k,
                                struct weight *w, struct err *e);
void weight_clear(struct weight *w);

/* The values of a tensor of F32, F16 or BF16 (norms, biases) as n floats; free(). RC_BAD another number or
 * type. */
MUST_USE enum rc weight_vector(const struct gguf *g, const struct gguf_tensor *t, size_t n, float **out,
                               struct err *e);

/* The same from n_mats * n_out rows of n_in floats, held as F32, F16 or BF16. RC_NOMEM. */
MUST_USE enum rc weight_make(const struct kernels *k, enum weight_type type, const float *values, size_t n_in,
                             size_t n_out, size_t n_mats, struct weight *w, struct err *e);

/* The packed group that holds a row. */
const uint8_t *weight_group(const struct weight *w, size_t mat, size_t row);

/* Rows of matrices as files have them, one after the other: for formats that do not pack. */
void weight_plain_row(const struct weight *w, size_t mat, size_t row, float *out);
const uint8_t *weight_plain_at(const struct weight *w, size_t mat, size_t row);

#endif
