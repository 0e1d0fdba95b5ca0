/* pool.c: a round is a word that the caller publishes and everybody takes pieces from: its number above, the
 * pieces that nobody has taken below. It is over when all pieces are done, not when all workers have been there:
 * one that sleeps or has lost its processor holds up nobody unless it holds a piece.
 *
 * Idle workers look at that word for some microseconds (the steps of a layer follow each other at that distance),
 * then sleep. Who might sleep says so before the last look, and who publishes looks for sleepers after (both
 * sequentially consistent, so one of the two sees the other): the lock is taken only where somebody sleeps. */
#include "pool.h"

#include <pthread.h>
#include <sched.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>

#define SPINS 4000 /* pauses before a thread sleeps: 50 to 150 microseconds */
#define LINE  64   /* of the processor's cache: what different threads write lies on different ones */
#define AHEAD_BYTES (16 * (size_t)LINE) /* fetched between two looks at the round */

struct worker {
    struct pool *pool;
    size_t index;
    pthread_t thread;
};

struct ahead { /* two words that need not fit each other: a wrong address is only not worth fetching */
    atomic_uintptr_t end;
    atomic_size_t left; /* bytes before it that nobody has fetched */
};

struct pool {
    _Alignas(LINE) atomic_uint_least64_t round; /* number << 32 | pieces left */
    void (*work)(void *ctx, size_t i, size_t worker); /* these three are read by who has taken a piece: the round
                                                         cannot end, nor they change, until that piece is done */
    void *ctx;
    uint32_t n;
    _Alignas(LINE) atomic_uint_least32_t done; /* pieces of this round */
    _Alignas(LINE) atomic_uint sleepers;      /* workers that are, or are about to be */
    atomic_bool caller_sleeps;
    _Alignas(LINE) struct ahead ahead[POOL_MOST_AHEAD];
    atomic_size_t n_ahead;
    _Alignas(LINE) atomic_bool closing;
    pthread_mutex_t lock; /* for going to sleep only */
    pthread_cond_t wake, finished;
    struct worker *workers; /* all but the caller, who is worker 0 */
    size_t n_workers;
};

static uint32_t pieces_left(uint64_t round)
{
    return (uint32_t)round;
}

static void relax(void)
{
#if defined(__x86_64__) || defined(__i386__)
    __builtin_ia32_pause();
#else
    sched_yield();
#endif
}

/* Fetch a few lines of what will be read, or wait for a moment. */
static void look_ahead(struct pool *p)
{
    size_t n = atomic_load_explicit(&p->n_ahead, memory_order_relaxed);

    for (size_t i = 0; i < n; i++) {
        struct ahead *a = &p->ahead[i];
        size_t left = atomic_load_explicit(&a->left, memory_order_relaxed);
        size_t take = left < AHEAD_BYTES ? left : AHEAD_BYTES;
        const char *at = (const char *)atomic_load_explicit(&a->end, memory_order_relaxed) - left;

        if (left == 0) continue;
        if (atomic_compare_exchange_weak_explicit(&a->left, &left, left - take, memory_order_relaxed,
                                                  memory_order_relaxed))
            for (size_t k = 0; k < take; k += LINE)
                __builtin_prefetch(at + k, 0, 2);
        return;
    }
    relax();
}

/* Do pieces while there are some; returns how many. */
static uint32_t take_pieces(struct pool *p, size_t worker)
{
    uint32_t n = 0;
    uint64_t now = atomic_load(&p->round);

    while (pieces_left(now) > 0) {
        if (!atomic_compare_exchange_weak(&p->round, &now, now - 1)) continue;
        p->work(p->ctx, p->n - pieces_left(now), worker);
        n++;
        now = atomic_load(&p->round);
    }
    return n;
}

static bool idle(struct pool *p)
{
    return pieces_left(atomic_load(&p->round)) == 0 && !atomic_load(&p->closing);
}

/* Wait for pieces, or for the end. */
static void wait_for_pieces(struct pool *p)
{
    uint64_t seen = atomic_load(&p->round);

    for (int i = 0; i < SPINS; i++) {
        uint64_t now = atomic_load_explicit(&p->round, memory_order_relaxed);

        if (pieces_left(now) > 0 || atomic_load_explicit(&p->closing, memory_order_relaxed)) return;
        if (now != seen) i = 0; /* a round went by: the next is not far */
        seen = now;
        look_ahead(p);
    }
    pthread_mutex_lock(&p->lock);
    atomic_fetch_add(&p->sleepers, 1);
    while (idle(p))
        pthread_cond_wait(&p->wake, &p->lock);
    atomic_fetch_sub(&p->sleepers, 1);
    pthread_mutex_unlock(&p->lock);
}

static void *worker_main(void *arg)
{
    struct worker *w = arg;
    struct pool *p = w->pool;

    while (!atomic_load(&p->closing)) {
        uint32_t n = take_pieces(p, w->index);

        if (n > 0) {
            atomic_fetch_add(&p->done, n);
            if (atomic_load(&p->caller_sleeps)) {
                pthread_mutex_lock(&p->lock);
                pthread_cond_signal(&p->finished);
                pthread_mutex_unlock(&p->lock);
            }
        }
        wait_for_pieces(p);
    }
    return NULL;
}

static void wake_sleepers(struct pool *p)
{
    if (atomic_load(&p->sleepers) == 0) return;
    pthread_mutex_lock(&p->lock);
    pthread_cond_broadcast(&p->wake);
    pthread_mutex_unlock(&p->lock);
}

static void wait_until_done(struct pool *p)
{
    for (int i = 0; i < SPINS && atomic_load(&p->done) < p->n; i++)
        look_ahead(p);
    if (atomic_load(&p->done) == p->n) return;
    pthread_mutex_lock(&p->lock);
    atomic_store(&p->caller_sleeps, true);
    while (atomic_load(&p->done) < p->n)
        pthread_cond_wait(&p->finished, &p->lock);
    atomic_store(&p->caller_sleeps, false);
    pthread_mutex_unlock(&p->lock);
}

void pool_run(struct pool *p, void (*work)(void *ctx, size_t i, size_t worker), void *ctx, size_t n)
{
    uint32_t mine;

    if (p->n_workers == 0 || n <= 1) {
        for (size_t i = 0; i < n; i++)
            work(ctx, i, 0);
        return;
    }
    p->work = work;
    p->ctx = ctx;
    p->n = (uint32_t)n;
    atomic_store(&p->done, 0);
    atomic_store(&p->round, ((atomic_load(&p->round) >> 32) + 1) << 32 | p->n);
    wake_sleepers(p);
    mine = take_pieces(p, 0);
    if (mine < p->n && atomic_fetch_add(&p->done, mine) + mine < p->n) wait_until_done(p);
}

void pool_ahead(struct pool *p, const struct pool_stretch *next, size_t n)
{
    n = n < POOL_MOST_AHEAD ? n : POOL_MOST_AHEAD;
    atomic_store_explicit(&p->n_ahead, 0, memory_order_relaxed);
    for (size_t i = 0; i < n; i++) {
        atomic_store_explicit(&p->ahead[i].end, (uintptr_t)next[i].at + next[i].n, memory_order_relaxed);
        atomic_store_explicit(&p->ahead[i].left, next[i].n, memory_order_relaxed);
    }
    atomic_store_explicit(&p->n_ahead, n, memory_order_relaxed);
}

size_t pool_processors(void)
{
    cpu_set_t set;

    return sched_getaffinity(0, sizeof(set), &set) == 0 ? (size_t)CPU_COUNT(&set) : 1;
}

enum rc pool_open(int threads, struct pool **out, struct err *e)
{
    struct pool *p = aligned_alloc(LINE, sizeof(*p)); /* a multiple of LINE by its members */
    size_t n = pool_processors();

    if (p) *p = (struct pool){0};
    if (!p) return err_set(e, RC_NOMEM, "threads: out of memory");
    if (n > POOL_MAX_THREADS) n = POOL_MAX_THREADS;
    if (threads > 0 && (size_t)threads < n) n = (size_t)threads;
    pthread_mutex_init(&p->lock, NULL);
    pthread_cond_init(&p->wake, NULL);
    pthread_cond_init(&p->finished, NULL);
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
    wake_sleepers(p);
    for (size_t i = 0; i < p->n_workers; i++)
        pthread_join(p->workers[i].thread, NULL);
    pthread_cond_destroy(&p->wake);
    pthread_cond_destroy(&p->finished);
    pthread_mutex_destroy(&p->lock);
    free(p->workers);
    free(p);
}

int pool_threads(const struct pool *p)
{
    return (int)p->n_workers + 1;
}
