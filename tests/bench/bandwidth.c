/* bandwidth.c: how fast memory can be read: bandwidth THREADS MIB RUNS prints {"bytes_per_s": [...]}, one figure a run.
 * Every thread reads its own part with plain vector loads, from the same moment on; the slowest thread counts. */
#include <pthread.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <time.h>

typedef uint64_t vec __attribute__((vector_size(64)));

struct share {
    pthread_t thread;
    const vec *from;
    size_t n, runs;
    pthread_barrier_t *barrier;
    uint64_t sum;
};

static double now(void)
{
    struct timespec t;

    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec + 1e-9 * (double)t.tv_nsec;
}

static void *read_all(void *arg)
{
    struct share *s = arg;

    for (size_t r = 0; r < s->runs; r++) {
        vec a = {0}, b = {0}, c = {0}, d = {0};

        pthread_barrier_wait(s->barrier);
        for (size_t i = 0; i + 4 <= s->n; i += 4) {
            a += s->from[i];
            b += s->from[i + 1];
            c += s->from[i + 2];
            d += s->from[i + 3];
        }
        a += b + c + d;
        for (size_t i = 0; i < sizeof(a) / sizeof(a[0]); i++)
            s->sum += a[i];
        pthread_barrier_wait(s->barrier);
    }
    return NULL;
}

int main(int argc, char **argv)
{
    size_t threads, bytes, runs, n;
    struct share *shares;
    pthread_barrier_t barrier;
    uint64_t *memory, sum = 0;

    if (argc != 4) return 2;
    threads = strtoul(argv[1], NULL, 10);
    bytes = strtoul(argv[2], NULL, 10) << 20;
    runs = strtoul(argv[3], NULL, 10);
    memory = aligned_alloc((size_t)2 << 20, bytes);
    shares = calloc(threads, sizeof(*shares));
    if (!memory || !shares || threads == 0 || runs == 0) return 1;
    madvise(memory, bytes, MADV_HUGEPAGE);
    for (size_t i = 0; i < bytes / sizeof(*memory); i++)
        memory[i] = i;
    n = bytes / sizeof(vec) / threads;
    pthread_barrier_init(&barrier, NULL, (unsigned)threads + 1);
    for (size_t t = 0; t < threads; t++) {
        shares[t] = (struct share){.from = (const vec *)memory + t * n, .n = n, .runs = runs, .barrier = &barrier};
        if (pthread_create(&shares[t].thread, NULL, read_all, &shares[t]) != 0) return 1;
    }
    printf("{\"bytes_per_s\": [");
    for (size_t r = 0; r < runs; r++) {
        double begin;

        pthread_barrier_wait(&barrier);
        begin = now();
        pthread_barrier_wait(&barrier);
        printf("%s%.4g", r ? ", " : "", (double)(n * threads * sizeof(vec)) / (now() - begin));
    }
    for (size_t t = 0; t < threads; t++) {
        pthread_join(shares[t].thread, NULL);
        sum += shares[t].sum;
    }
    printf("], \"sum\": %llu}\n", (unsigned long long)sum); /* used, so that the reads stay */
    free(shares);
    free(memory);
    return 0;
}
