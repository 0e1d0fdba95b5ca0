/* train.h: lessons to an adapter: held-back briefs are put aside and measured before and after, checkpoints are kept, an
 * adapter that made the held-back briefs worse is refused.
 *
 * Files in one folder: NAME.gguf, the adapter; NAME.training, while the training runs or was stopped. */
#ifndef DAEMON_TRAIN_H
#define DAEMON_TRAIN_H

#include "../inference/adapt.h"
#include "learn.h"

#define TRAIN_LEAST_BRIEFS 10 /* fewer teach chance */

struct train_wish {
    const char *name, *folder;
    struct adapt_options options;
    unsigned held_percent;        /* of the briefs, 5 to 50 */
    bool restart;                 /* a checkpoint that is there is not gone on with */
    const volatile bool *stop;
    void (*on_step)(void *ctx, const struct adapt_progress *p);
    void *ctx;
};

struct train_measure { /* per token of the held-back answers */
    double loss;      /* -log p */
    double agreement; /* share of tokens that are the likeliest ones */
};
struct train_result {
    size_t n_briefs, n_held;         /* learned from; held back */
    size_t n_lessons, n_held_lessons;
    size_t n_steps, resumed_at;      /* 0: from the beginning */
    struct train_measure before, after;
    bool better;                     /* after.loss < before.loss: the file is there */
    char sha256[ADAPT_HASH_HEX], data[ADAPT_HASH_HEX];
    char path[4096];                 /* of the adapter */
    int64_t ms;
};

/* ids[n_briefs]: the briefs' ids, which decide what is held back, so that it is the same next time. RC_LIMIT too few briefs,
 * too little memory; RC_RETRY stopped: a checkpoint was written, the same wish goes on from it; RC_BAD the model, an option, a
 * file (says which). RC_OK also when it was not better: then there is no new file, and an older one of the name stands. */
MUST_USE enum rc train_run(const struct model *m, const struct lessons *l, const char *const *ids, size_t n_briefs,
                           const struct train_wish *w, struct train_result *out, struct err *e);

/* Remove the checkpoints of all trainings in the folder: they hold what was learned from people, and one of them is being
 * erased. A folder that is not there is none. RC_BAD the path and the system's reason. */
MUST_USE enum rc train_forget(const char *folder, struct err *e);

#endif
