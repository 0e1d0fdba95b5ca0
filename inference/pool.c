/* pool.c: workers wait for a new round, spinning for some microseconds (the steps of a layer follow each
 * other at that distance), then asleep. */
#include "pool.h"

#include <pthread.h>
#include <sched.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdlib.h>

#define SPINS 4000 /* pauses before a thread sleeps: 50 to 150 microseconds */

struct worker {
    struct pool *pool;
    size_t index;
    pthread_t thread;
};

struct pool {
    struct worker *workers; /* all but the caller, who is worker 0 */
    size_t n_workers;
    void (*work)(void *ctx, size_t i, size_t worker);
    void *ctx;
    size_t n;
    atomic_size_t next;    /* first piece that nobody has taken */
    atomic_size_t working; /* workers that have not finished this round */
    atomic_uint round;     /* changes when there is work, and at the end */
    atomic_bool closing;
    pthread_mutex_t lock; /* for going to sleep only */
    pthread_cond_t wake, done;
};

static void relax(void)
{
#if defined(__x86_64__) || defined(__i386__)
    __builtin_ia32_pause();
#else
    sched_yield();
#endif
}

static void take_pieces(struct pool *p, size_t worker)
{
    for (size_t i; (i = atomic_fetch_add(&p->next, 1)) < p->n;)
        p->work(p->ctx, i, worker);
}

/* Wait until the round is not `seen`; returns the new one. */
static unsigned wait_round(struct pool *p, unsigned seen)
{
    for (int i = 0; i < SPINS; i++) {
        unsigned now = atomic_load(&p->round);

        if (now != seen) return now;
        relax();
    }
    pthread_mutex_lock(&p->lock);
    while (atomic_load(&p->round) == seen)
        pthread_cond_wait(&p->wake, &p->lock);
    pthread_mutex_unlock(&p->lock);
    return atomic_load(&p->round);
}

static void *worker_main(void *arg)
{
    struct worker *w = arg;
    struct pool *p = w->pool;

    for (unsigned seen = 0;;) {
        seen = wait_round(p, seen);
        if (atomic_load(&p->closing)) return NULL;
        take_pieces(p, w->index);
        if (atomic_fetch_sub(&p->working, 1) == 1) {
            pthread_mutex_lock(&p->lock); /* the caller may be about to sleep */
            pthread_cond_signal(&p->done);
            pthread_mutex_unlock(&p->lock);
        }
    }
}

static void new_round(struct pool *p)
{
    pthread_mutex_lock(&p->lock);
    atomic_fetch_add(&p->round, 1);
    pthread_cond_broadcast(&p->wake);
    pthread_mutex_unlock(&p->lock);
}

void pool_run(struct pool *p, void (*work)(void *ctx, size_t i, size_t worker), void *ctx, size_t n)
{
    if (p->n_workers == 0 || n <= 1) {
        for (size_t i = 0; i < n; i++)
            work(ctx, i, 0);
        return;
    }
    p->work = work;
    p->ctx = ctx;
    p->n = n;
    atomic_store(&p->next, 0);
    atomic_store(&p->working, p->n_workers);
    new_round(p);
    take_pieces(p, 0);
    for (int i = 0; i < SPINS && atomic_load(&p->working) > 0; i++)
        relax();
    if (atomic_load(&p->working) == 0) return;
    pthread_mutex_lock(&p->lock);
    while (atomic_load(&p->working) > 0)
        pthread_cond_wait(&p->done, &p->lock);
    pthread_mutex_unlock(&p->lock);
}

static size_t processors(void)
{
    cpu_set_t set;

    return sched_getaffinity(0, sizeof(set), &set) == 0 ? (size_t)CPU_COUNT(&set) : 1;
}

enum rc pool_open(int threads, struct pool **out, struct err *e)
{
    struct pool *p = calloc(1, sizeof(*p));
    size_t n = processors();

    if (!p) return err_set(e, RC_NOMEM, "threads: out of memory");
    if (n > POOL_MAX_THREADS) n = POOL_MAX_THREADS;
    if (threads > 0 && (size_t)threads < n) n = (size_t)threads;
    pthread_mutex_init(&p->lock, NULL);
    pthread_cond_init(&p->wake, NULL);
    pthread_cond_init(&p->done, NULL);
    p->workers = calloc(n, sizeof(*p->workers));
    if (!p->workers) {
        pool_close(p);
        return err_set(e, RC_NOMEM, "threads: out of memory");
    }
    for (; p->n_workers + 1 < n; p->n_workers++) {
        struct worker *w = &p->workers[p->n_workers];
        int failed;

        *w = (struct worker){.pool = p, .index = p->n_workers + 1};
        failed = pthread_create(&w->thread, NULL, worker_main, w);
        if (failed) {
            pool_close(p);
            return err_sys(e, RC_LIMIT, failed, "threads: cannot start %zu", n);
        }
    }
    *out = p;
    return RC_OK;
}

void pool_close(struct pool *p)
{
    if (!p) return;
    atomic_store(&p->closing, true);
    new_round(p);
    for (size_t i = 0; i < p->n_workers; i++)
        pthread_join(p->workers[i].thread, NULL);
    pthread_cond_destroy(&p->wake);
    pthread_cond_destroy(&p->done);
    pthread_mutex_destroy(&p->lock);
    free(p->workers);
    free(p);
}

int pool_threads(const struct pool *p)
{
    return (int)p->n_workers + 1;
}
