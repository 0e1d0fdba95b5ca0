/* The thread pool: every piece once, also while workers sleep, come late or are not there. */
#include "suite.h"
#include "../../inference/pool.h"

#include <pthread.h>
#include <stdatomic.h>
#include <time.h>

#define MOST 5000

struct counted {
    atomic_uint times[MOST];
    atomic_uint at_work[POOL_MAX_THREADS];
    atomic_bool clash;
    size_t n_threads;
    unsigned long rest; /* busy loops of one piece */
};

static struct pool *open_pool(int threads)
{
    struct pool *p = NULL;
    struct err e;
    ck_assert_msg(pool_open(threads, &p, &e) == RC_OK, "%s", e.msg);
    return p;
}

static void count(void *ctx, size_t i, size_t worker)
{
    struct counted *c = ctx;
    if (worker >= c->n_threads || atomic_fetch_add(&c->at_work[worker], 1) != 0)
        atomic_store(&c->clash, true);
    for (volatile unsigned long k = 0; k < c->rest; k++)
        ;
    atomic_fetch_add(&c->times[i], 1);
    if (worker < c->n_threads)
        atomic_fetch_sub(&c->at_work[worker], 1);
}

static void nothing(void *ctx, size_t i, size_t worker)
{
    (void)ctx;
    (void)i;
    (void)worker;
}

static double now_s(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec + 1e-9 * (double)t.tv_nsec;
}

/* Rounds of every size, directly after each other and with time between them in which workers fall asleep. */
static void check_rounds(int threads)
{
    struct counted *c = calloc(1, sizeof(*c));
    struct pool *p = open_pool(threads);
    uint64_t random = 1;
    ck_assert_ptr_nonnull(c);
    c->n_threads = (size_t)pool_threads(p);
    ck_assert_uint_le(c->n_threads, (size_t)threads);
    for (size_t round = 0; round < 3000; round++) {
        size_t n = round % 50 == 0 ? MOST : suite_random(&random) % 40;
        c->rest = suite_random(&random) % 8 ? 0 : 300;
        if (round % 100 == 99) /* longer than a worker spins */
            for (double end = now_s() + 0.001; now_s() < end;)
                ;
        pool_run(p, count, c, n);
        for (size_t i = 0; i < n; i++)
            if (atomic_exchange(&c->times[i], 0) != 1)
                ck_abort_msg("round %zu: piece %zu of %zu", round, i, n);
        ck_assert(n == MOST || atomic_load(&c->times[n]) == 0);
        ck_assert(!atomic_load(&c->clash));
    }
    pool_close(p);
    free(c);
}

START_TEST(every_piece_once) { check_rounds(1); check_rounds(2); check_rounds(16); } END_TEST

/* Two pools work at the same time, so that on few processors workers lose theirs in the middle of a round. */
static void *other_pool(void *arg)
{
    atomic_bool *stop = arg;
    struct pool *p = open_pool(2);
    while (!atomic_load(stop))
        pool_run(p, nothing, NULL, 20);
    pool_close(p);
    return NULL;
}

START_TEST(crowded)
{
    atomic_bool stop = false;
    pthread_t thread;
    ck_assert_int_eq(pthread_create(&thread, NULL, other_pool, &stop), 0);
    check_rounds(2);
    atomic_store(&stop, true);
    pthread_join(thread, NULL);
}
END_TEST

START_TEST(opens_and_closes)
{
    for (int i = 0; i < 50; i++) {
        struct pool *p = open_pool(i % 3);
        if (i % 2)
            pool_run(p, nothing, NULL, 3);
        pool_close(p);
    }
    pool_close(NULL);
}
END_TEST

/* A piece for each thread: none ends before all have begun. */
static void meet(void *ctx, size_t i, size_t worker)
{
    atomic_uint *there = ctx;
    (void)i;
    (void)worker;
    atomic_fetch_add(there, 1);
    while (atomic_load(there) % 2)
        ;
}

/* What a round costs where both threads take part. No bound is tested: it depends on the machine. */
START_TEST(cost_of_a_round)
{
    enum { ROUNDS = 20000 };
    struct pool *p = open_pool(2);
    atomic_uint there = 0;
    double best = 1;
    if (pool_threads(p) != 2) {
        printf("skipped: one processor\n");
        pool_close(p);
        return;
    }
    for (int run = 0; run < 5; run++) {
        double begin = now_s(), mean;
        for (int i = 0; i < ROUNDS; i++)
            pool_run(p, meet, &there, 2);
        mean = (now_s() - begin) / ROUNDS;
        best = mean < best ? mean : best;
    }
    printf("a round of one empty piece on each of 2 threads takes %.0f ns\n", best * 1e9);
    ck_assert(best > 0);
    pool_close(p);
}
END_TEST

SUITE_MAIN("pool", every_piece_once, crowded, opens_and_closes, cost_of_a_round)
