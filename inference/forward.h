/* forward.h: one pass of the model over any mix of rows: prompts and single tokens of any number of
 * sequences.
 *
 * A row is one token at one position of one sequence. Rows of a sequence come in the order of their
 * positions, and all positions before a row's are in the cache or in earlier rows of the same pass.
 * Nothing is allocated in a pass. A row's result does not depend on the other rows. One thread at a time. */
#ifndef INFERENCE_FORWARD_H
#define INFERENCE_FORWARD_H

#include <stdbool.h>
#include "kv.h"
#include "model.h"
#include "pool.h"

struct row {
    int32_t token;          /* below n_vocab */
    uint32_t position;
    const uint32_t *blocks; /* the sequence's block table, up to this position's block at least */
    bool wants_logits;
    const struct lora *lora; /* of the forward's model, applied to this row; NULL: none */
};

struct forward;

/* Room for max_rows rows of which max_wanted want logits, of sequences of up to `context` tokens: models with
 * two sets of rope factors take the far one where that is beyond their first context. All are borrowed and
 * must outlive it. RC_NOMEM. */
MUST_USE enum rc forward_open(const struct model *m, const struct kv *kv, struct pool *pool, size_t max_rows,
                              size_t max_wanted, size_t context, struct forward **out, struct err *e);
void forward_close(struct forward *f);

void forward_run(struct forward *f, const struct row *rows, size_t n);
/* Logits [n_vocab] of the i-th row that wanted them; overwritten by the next pass, the caller may change
 * them. */
float *forward_logits(const struct forward *f, size_t i);

#endif
