/* pool.h: a few threads that share one piece of work at a time. The caller works too, so a pool of 1
 * starts none. One thread at a time may call pool_run(). */
#ifndef INFERENCE_POOL_H
#define INFERENCE_POOL_H

#include <stddef.h>
#include "../base/err.h"

#define POOL_MAX_THREADS 256

struct pool;

size_t pool_processors(void); /* that this process may use; at least 1 */

/* threads 0: as many as processors this process may use; more than those are never started. RC_NOMEM;
 * RC_LIMIT the system has no more threads. */
MUST_USE enum rc pool_open(int threads, struct pool **out, struct err *e);
void pool_close(struct pool *p); /* NULL is a no-op */
int pool_threads(const struct pool *p);

/* Call work(ctx, i, worker) once for each i < n < 2^32, on any thread and in any order; returns when all are
 * done. worker is below pool_threads(), and different for calls that run at the same time. */
void pool_run(struct pool *p, void (*work)(void *ctx, size_t i, size_t worker), void *ctx, size_t n);

/* Memory that the rounds after the next one read first: threads that have to wait meanwhile, for the last pieces of
 * others or for a round that has only one, bring it into the caches. At most POOL_MOST_AHEAD stretches; they replace
 * those of the last call. A hint: nothing is read, so memory that is gone does no harm. */
#define POOL_MOST_AHEAD 16
struct pool_stretch {
    const void *at;
    size_t n; /* bytes */
};
void pool_ahead(struct pool *p, const struct pool_stretch *next, size_t n);

#endif
