/* engine.h: the inside of an engine: what its queue (engine.c) and its steps (step.c) share.
 *
 * All fields but those below a lock belong to the engine's thread once it runs. */
#ifndef INFERENCE_ENGINE_H
#define INFERENCE_ENGINE_H

#include <pthread.h>
#include <stdatomic.h>
#include "forward.h"
#include "prefix.h"
#include "sampler.h"
#include "speculate.h"

#define ENGINE_MAX_WAITING 1024

struct request {
    struct submission s; /* ids is our copy */
    int32_t *ids;        /* the prompt, and what is written after it */
    size_t limit;        /* most tokens of output */
    uint64_t number;     /* order of submission, from 1 */
    atomic_bool cancelled;
    pthread_mutex_t lock; /* for finished */
    pthread_cond_t changed;
    bool finished;
    /* of the engine's thread: */
    uint32_t *table; /* blocks, while it runs */
    size_t n_blocks; /* that it needs */
    size_t n_cached; /* positions in the KV cache */
    size_t n_saved;  /* of the prompt, that others computed */
    size_t n_out;
    struct constraint_state state; /* of the constraint */
    struct lookup *lookup; /* NULL: never drafts */
    struct acceptance acceptance;
    int32_t draft[DRAFT_MOST];
    size_t n_draft; /* in this step */
    size_t match;
    size_t first_row; /* of its logits in this step; 1 + n_draft rows */
    size_t n_picked;  /* tokens of this step, in ids from n_ids + n_out on */
    bool stuck;       /* after these no token fits */
    int64_t submitted_ms, admitted_ms, first_ms;
};

struct engine {
    const struct model *m;
    uint32_t context, sequences, chunk;
    int draft;
    struct pool *pool;
    struct kv *kv;
    struct prefix *prefix;
    struct forward *forward;
    struct sampler **samplers; /* one a thread */
    uint8_t **allowed;         /* one a thread: of constraint_mask() */
    struct speculation *speculation;
    struct row *rows;
    struct request **asking; /* whose rows want logits, in order */
    struct request **drafting;
    struct draft *drafts;
    double us_of_prompt_row; /* what one more row of a prompt takes; 0: not known yet */
    pthread_t thread;
    bool started;

    struct request **running; /* highest priority first, then as admitted */
    size_t n_running;

    pthread_mutex_t lock; /* all below */
    pthread_cond_t wake;
    struct request *waiting[ENGINE_MAX_WAITING];
    size_t n_waiting;
    uint64_t n_submitted;
    bool closing;
    struct engine_stats stats;
    int64_t busy_us; /* stats.busy_ms of it */
};

/* End a request: it may be gone when this returns. */
void engine_finish(struct engine *g, struct request *r, enum finish_reason reason, const char *message);
/* One step of all that run: at least one does. */
void engine_step(struct engine *g);

#endif
