/* While sequences write, the engine takes no memory: malloc and its like are counted between two tokens. */
#include "suite.h"
#include "../../inference/inference.h"

#include <stdatomic.h>

#if defined(__GLIBC__) && !defined(__SANITIZE_ADDRESS__) && !defined(__SANITIZE_THREAD__)

void *__libc_malloc(size_t n);
void *__libc_calloc(size_t n, size_t size);
void *__libc_realloc(void *p, size_t n);
void *__libc_memalign(size_t alignment, size_t n);

static atomic_ulong calls;

void *malloc(size_t n)
{
    atomic_fetch_add(&calls, 1);
    return __libc_malloc(n);
}

void *calloc(size_t n, size_t size)
{
    atomic_fetch_add(&calls, 1);
    return __libc_calloc(n, size);
}

void *realloc(void *p, size_t n)
{
    atomic_fetch_add(&calls, 1);
    return __libc_realloc(p, n);
}

void *aligned_alloc(size_t alignment, size_t n)
{
    atomic_fetch_add(&calls, 1);
    return __libc_memalign(alignment, n);
}

struct watch {
    size_t n;
    unsigned long early, late;
};

static void on_token(void *ctx, int32_t id, const char *bytes, size_t n)
{
    struct watch *w = ctx;
    (void)id;
    (void)bytes;
    (void)n;
    w->n++;
    if (w->n == 2)
        w->early = atomic_load(&calls);
    if (w->n == 100)
        w->late = atomic_load(&calls);
}

static struct constraint *make_constraint(void)
{
    static const char *const slots[] = {"[PERSON_1]"};
    const struct fact_lock lock = {.slots = slots, .n_slots = 1, .max_sentences = 100, .allow_newlines = true};
    struct constraint *c = NULL;
    struct err e;
    ck_assert_msg(constraint_fact_lock(&lock, &c, &e) == RC_OK, "%s", e.msg);
    return c;
}

START_TEST(none_while_writing)
{
    enum { N = 4 };
    const char *source = getenv("BRIEFD_TEST_SOURCE");
    char path[4096];
    struct model *m = NULL;
    struct engine *g = NULL;
    struct constraint *c = make_constraint();
    struct request *r[N];
    struct watch w[N] = {{0}};
    struct engine_stats stats;
    struct err e;
    int32_t prompt[60];
    const struct engine_options opt = {.context = 256, .sequences = N, .draft = 3};
    snprintf(path, sizeof(path), "%s/tests/data/gguf/granitemoe.gguf", source ? source : ".");
    ck_assert_msg(model_open(path, NULL, &m, &e) == RC_OK, "%s", e.msg);
    ck_assert_msg(engine_open(m, &opt, &g, &e) == RC_OK, "%s", e.msg);
    for (size_t i = 0; i < 60; i++)
        prompt[i] = (int32_t)(50 + i % 4);
    for (size_t i = 0; i < N; i++) {
        struct submission s = {.ids = prompt, .n_ids = 60, .max_tokens = 150, .ignore_end = true, .on_token = on_token,
                               .ctx = &w[i], .constraint = i == 3 ? c : NULL,
                               .sampling = {.temperature = i == 1 ? 0.7F : 0, .top_p = 0.9F, .top_k = 20,
                                            .repeat_penalty = i == 2 ? 1.1F : 0}};
        ck_assert_msg(engine_submit(g, &s, &r[i], &e) == RC_OK, "%s", e.msg);
    }
    for (size_t i = 0; i < N; i++)
        request_close(r[i]);
    for (size_t i = 0; i < N; i++) {
        ck_assert_uint_gt(w[i].early, 0);
        ck_assert_msg(w[i].n < 100 || w[i].early == w[i].late, "sequence %zu: %lu allocations", i, w[i].late - w[i].early);
    }
    ck_assert_uint_eq(w[0].n, 150);
    engine_stats(g, &stats);
    ck_assert_uint_gt(stats.drafted_tokens, 0);
    constraint_close(c);
    engine_close(g);
    model_close(m);
}
END_TEST

SUITE_MAIN("allocations", none_while_writing)

#else

int main(void)
{
    fprintf(stderr, "skipped: allocations cannot be counted beside this allocator\n");
    return SUITE_SKIP;
}

#endif
