/* Batch invariance: the logits of a row are the same bits alone, beside up to 32 others, in any chunks, on one thread
 * and on two; on every instruction set of this machine. */
#include "suite.h"
#include "files.h"
#include <math.h>
#include "../../inference/forward.h"

#define N_TOKENS 36 /* more than one block of the cache */
#define MAX_ROWS 96
#define N_OTHERS 32
/* Kullback-Leibler divergence of predictions with a cache in bytes from those with halves, in nats, mean of positions. Random
 * weights choose other experts for next to nothing, so that is much for them; a trained model shows what it costs. */
#define BYTES_DISTANCE         0.1
#define BYTES_DISTANCE_TRAINED 0.02
#define TRAINED                "../../../etc/models/briefd-moe"

struct bench {
    struct model *m;
    struct pool *pool;
    struct kv *kv;
    struct forward *f;
    size_t blocks;
};

static bool bench_open(struct bench *b, const char *name, enum cpu_path cpu, enum kv_type type, int threads)
{
    struct err e;
    const struct model_options opt = {.cpu = cpu};
    enum rc rc = model_open(file_of(name), &opt, &b->m, &e);
    if (rc == RC_BAD && strstr(e.msg, "cannot run")) {
        printf("skipped: %s\n", e.msg);
        return false;
    }
    ck_assert_msg(rc == RC_OK, "%s", e.msg);
    b->blocks = kv_blocks(N_TOKENS);
    ck_assert_msg(pool_open(threads, &b->pool, &e) == RC_OK, "%s", e.msg);
    ck_assert_msg(kv_open(&b->m->shape, type, b->blocks * (N_OTHERS + 1), &b->kv, &e) == RC_OK, "%s", e.msg);
    ck_assert_msg(forward_open(b->m, b->kv, b->pool, MAX_ROWS, MAX_ROWS, N_TOKENS, &b->f, &e) == RC_OK, "%s", e.msg);
    return true;
}

static void bench_close(struct bench *b)
{
    forward_close(b->f);
    kv_close(b->kv);
    pool_close(b->pool);
    model_close(b->m);
}

static int32_t token_at(const struct bench *b, size_t sequence, size_t position)
{
    return (int32_t)((sequence * 7919 + position * 104729 + 13) % b->m->n_vocab);
}

/* One sequence in chunks of `chunk` tokens; logits of every position to out[N_TOKENS][n_vocab]. */
static void run_alone(const struct bench *b, size_t chunk, float *out)
{
    struct row rows[MAX_ROWS];
    uint32_t table[8];
    kv_take(b->kv, table, b->blocks);
    for (size_t at = 0; at < N_TOKENS; at += chunk) {
        size_t n = N_TOKENS - at < chunk ? N_TOKENS - at : chunk;
        for (size_t i = 0; i < n; i++)
            rows[i] = (struct row){token_at(b, 0, at + i), (uint32_t)(at + i), table, true, NULL};
        forward_run(b->f, rows, n);
        for (size_t i = 0; i < n; i++)
            memcpy(out + (at + i) * b->m->n_vocab, forward_logits(b->f, i), b->m->n_vocab * sizeof(float));
    }
    kv_give(b->kv, table, b->blocks);
}

/* The same sequence one token at a time beside `others` sequences that are at other positions. */
static void run_beside(const struct bench *b, size_t others, float *out)
{
    struct row rows[MAX_ROWS];
    uint32_t tables[N_OTHERS + 1][8];
    size_t place = others / 2; /* of our row among the others */
    for (size_t s = 0; s <= others; s++)
        kv_take(b->kv, tables[s], b->blocks);
    for (size_t at = 0; at < N_TOKENS; at++) {
        for (size_t s = 0; s <= others; s++) {
            size_t position = s == place ? at : at % (N_TOKENS - s);
            rows[s] = (struct row){token_at(b, s == place ? 0 : s + 1, position), (uint32_t)position, tables[s], s == place, NULL};
        }
        forward_run(b->f, rows, others + 1);
        memcpy(out + at * b->m->n_vocab, forward_logits(b->f, 0), b->m->n_vocab * sizeof(float));
    }
    for (size_t s = 0; s <= others; s++)
        kv_give(b->kv, tables[s], b->blocks);
}

static void check_model(const char *name, enum cpu_path cpu, enum kv_type type, float **want, size_t *size, int threads)
{
    static const size_t chunks[] = {2, 3, 5, 8, 13, 33, N_TOKENS};
    static const size_t others[] = {1, 2, 3, 4, 7, 8, 15, 32};
    struct bench b = {0};
    if (!bench_open(&b, name, cpu, type, threads))
        return;
    *size = (size_t)N_TOKENS * b.m->n_vocab * sizeof(float);
    float *got = malloc(*size);
    ck_assert_ptr_nonnull(got);
    if (!*want) {
        *want = malloc(*size);
        ck_assert_ptr_nonnull(*want);
        run_alone(&b, 1, *want);
    }
    for (size_t i = 0; i < sizeof(chunks) / sizeof(chunks[0]); i++) {
        run_alone(&b, chunks[i], got);
        ck_assert_msg(memcmp(got, *want, *size) == 0, "%s: chunks of %zu, %d threads", name, chunks[i], threads);
    }
    for (size_t i = 0; i < sizeof(others) / sizeof(others[0]); i++) {
        run_beside(&b, others[i], got);
        ck_assert_msg(memcmp(got, *want, *size) == 0, "%s: beside %zu others, %d threads", name, others[i], threads);
    }
    free(got);
    bench_close(&b);
}

/* ThreadSanitizer is after what threads share, and single threads share nothing. */
#ifdef __SANITIZE_THREAD__
#define FEWEST_THREADS 2
#else
#define FEWEST_THREADS 1
#endif

static const char *const names[] = {"deepseek2", "deepseek2-v3style", "granitemoe", "gpt-oss", "granitemoe-f16",
                                    "granitemoe-f32", "llama", "mixtral", "phi3-partial", "phimoe",
                                    "reference/deepseek2-groups", "reference/llama-fused", "reference/qwen2moe"};

static void check_threads(const char *name, enum cpu_path cpu, enum kv_type type)
{
    float *want = NULL;
    size_t size = 0;
    for (int threads = FEWEST_THREADS; threads <= 2; threads++)
        check_model(name, cpu, type, &want, &size, threads);
    free(want);
}

static void check_path(enum cpu_path cpu)
{
    for (size_t i = 0; i < COUNT_OF(names); i++)
        check_threads(names[i], cpu, KV_F16);
    for (size_t i = 0; i < COUNT_OF(names); i += 3) /* latent vectors, windows and sinks, plain heads */
        check_threads(names[i], cpu, KV_Q8);
}

START_TEST(scalar_is_batch_invariant) { check_path(CPU_SCALAR); } END_TEST
START_TEST(avx2_is_batch_invariant) { check_path(CPU_AVX2); } END_TEST
START_TEST(avx512_is_batch_invariant) { check_path(CPU_AVX512); } END_TEST

/* A cache in bytes beside one of halves. */
static void check_bytes(const char *name, enum cpu_path cpu, double most)
{
    struct bench halves = {0}, bytes = {0};
    double sum = 0;
    if (!bench_open(&halves, name, cpu, KV_F16, 2) || !bench_open(&bytes, name, cpu, KV_Q8, 2))
        return;
    size_t n_vocab = halves.m->n_vocab, size = N_TOKENS * n_vocab * sizeof(float);
    float *want = malloc(size), *got = malloc(size);
    ck_assert(want != NULL && got != NULL);
    run_alone(&halves, N_TOKENS, want);
    run_alone(&bytes, N_TOKENS, got);
    for (size_t p = 0; p < N_TOKENS; p++) {
        double total[2] = {0};
        for (size_t i = 0; i < n_vocab; i++) {
            total[0] += exp((double)want[p * n_vocab + i]);
            total[1] += exp((double)got[p * n_vocab + i]);
        }
        for (size_t i = 0; i < n_vocab; i++)
            sum += exp((double)want[p * n_vocab + i]) / total[0] *
                   ((double)(want[p * n_vocab + i] - got[p * n_vocab + i]) - log(total[0] / total[1]));
    }
    sum /= N_TOKENS;
    printf("%s, %s: divergence %.6f\n", name, halves.m->kernels->name, sum);
    ck_assert_msg(sum > 0 && sum < most, "%s: %g", name, sum);
    free(want);
    free(got);
    bench_close(&halves);
    bench_close(&bytes);
}

START_TEST(a_cache_in_bytes)
{
    for (enum cpu_path cpu = CPU_SCALAR; cpu <= CPU_AVX512; cpu++) {
        for (size_t i = 0; i < COUNT_OF(names); i++)
            check_bytes(names[i], cpu, BYTES_DISTANCE);
        check_bytes(TRAINED, cpu, BYTES_DISTANCE_TRAINED);
    }
}
END_TEST

SUITE_MAIN("forward", scalar_is_batch_invariant, avx2_is_batch_invariant, avx512_is_batch_invariant, a_cache_in_bytes)
