/* What a request writes depends on the request only: not on neighbours, their adapters, chunks, threads, drafts, or what
 * was in the cache already. On the tiny models of tests/data/gguf, and on the default model. */
#include "suite.h"
#include <unistd.h>
#include "../../inference/inference.h"
#include "lora_make.h"

#define COUNT_OF_ARRAY(a) (sizeof(a) / sizeof((a)[0]))
#define N_REQUESTS 13
#define MOST_NEW   48

struct job {
    int32_t prompt[160];
    size_t n;
    struct sampling sampling;
    const struct constraint *constraint;
    const struct lora *lora;
    int32_t *want, *got; /* [MOST_NEW] */
    size_t n_want, n_got;
};

struct way {
    uint32_t sequences, chunk;
    int threads, draft;
    enum kv_type kv_type;
};

static const char *path_of(const char *name)
{
    static char path[4096];
    const char *source = getenv("BRIEFD_TEST_SOURCE");
    snprintf(path, sizeof(path), "%s/%s", source ? source : ".", name);
    return path;
}

static struct model *open_model(const char *name)
{
    struct model *m = NULL;
    struct err e;
    ck_assert_msg(model_open(path_of(name), NULL, &m, &e) == RC_OK, "%s", e.msg);
    return m;
}

static struct engine *open_engine(const struct model *m, const struct way *w)
{
    struct engine *g = NULL;
    struct err e;
    const struct engine_options opt = {.context = 256, .sequences = w->sequences, .chunk = w->chunk,
                                       .threads = w->threads, .draft = w->draft, .kv_type = w->kv_type};
    ck_assert_msg(engine_open(m, &opt, &g, &e) == RC_OK, "%s", e.msg);
    return g;
}

static struct constraint *make_constraint(void)
{
    static const char *const slots[] = {"[PERSON_1]", "[DATE_1]", "[MONEY_2]"}, *const words[] = {"Order", "We"};
    const struct fact_lock lock = {.slots = slots, .n_slots = 3, .words = words, .n_words = 2, .max_sentences = 4,
                                   .allow_newlines = true};
    struct constraint *c = NULL;
    struct err e;
    ck_assert_msg(constraint_fact_lock(&lock, &c, &e) == RC_OK, "%s", e.msg);
    return c;
}

/* Prompts of 1 to 151 tokens; most begin with the same 70; some repeat few tokens in ever new orders, so that there is
 * always something to guess and mostly wrong. */
static void make_jobs(struct job *jobs, size_t n_vocab, const struct constraint *c, struct lora *const *loras)
{
    uint64_t random = 5;
    for (size_t i = 0; i < N_REQUESTS; i++) {
        struct job *j = &jobs[i];
        *j = (struct job){.n = 1 + (i * 50) % 152, .constraint = i % 4 == 3 ? c : NULL,
                          .lora = i % 3 ? loras[i % 3 - 1] : NULL,
                          .want = calloc(MOST_NEW, sizeof(int32_t)), .got = calloc(MOST_NEW, sizeof(int32_t))};
        ck_assert(j->want && j->got);
        for (size_t k = 0; k < j->n; k++) {
            uint64_t of_few = 20 + suite_random(&random) % 5;
            j->prompt[k] = (int32_t)(k < 70 && i % 5 ? 10 + k * 37 % 200 : i % 2 ? of_few : (i * 131 + k * 17) % (n_vocab - 1));
        }
        if (i % 3)
            j->sampling = (struct sampling){.temperature = 0.8F, .top_p = i % 2 ? 0.9F : 1, .top_k = i % 5 ? 0 : 30, .seed = i};
        if (i % 4 > 1) {
            j->sampling.repeat_penalty = 1.3F;
            j->sampling.repeat_window = i % 2 ? 0 : 20;
        }
    }
}

static void free_jobs(struct job *jobs)
{
    for (size_t i = 0; i < N_REQUESTS; i++) {
        free(jobs[i].want);
        free(jobs[i].got);
    }
}

static void keep_token(void *ctx, int32_t id, const char *bytes, size_t n)
{
    struct job *j = ctx;
    (void)bytes;
    (void)n;
    if (j->n_got < MOST_NEW)
        j->got[j->n_got] = id;
    j->n_got++;
}

static struct request *start(struct engine *g, struct job *j)
{
    struct request *r = NULL;
    struct err e;
    const struct submission s = {.ids = j->prompt, .n_ids = j->n, .max_tokens = MOST_NEW, .ignore_end = !j->constraint,
                                 .sampling = j->sampling, .constraint = j->constraint, .lora = j->lora, .on_token = keep_token, .ctx = j};
    j->n_got = 0;
    ck_assert_msg(engine_submit(g, &s, &r, &e) == RC_OK, "%s", e.msg);
    return r;
}

/* All at once, then once more with what the first round left in the cache. */
static void check_way(const struct model *m, const struct way *w, struct job *jobs, const char *name,
                      struct engine_stats *total)
{
    struct engine *g = open_engine(m, w);
    struct request *requests[N_REQUESTS];
    struct engine_stats stats;
    for (size_t round = 0; round < 2; round++) {
        for (size_t i = 0; i < N_REQUESTS; i++)
            requests[i] = start(g, &jobs[i]);
        for (size_t i = 0; i < N_REQUESTS; i++)
            request_close(requests[i]);
        for (size_t i = 0; i < N_REQUESTS; i++)
            ck_assert_msg(jobs[i].n_got == jobs[i].n_want &&
                              memcmp(jobs[i].got, jobs[i].want, jobs[i].n_want * sizeof(int32_t)) == 0,
                          "%s, %u sequences, chunks of %u, %d threads, draft %d: round %zu, request %zu", name,
                          w->sequences, w->chunk, w->threads, w->draft, round, i);
    }
    engine_stats(g, &stats);
    total->drafted_tokens += stats.drafted_tokens;
    total->accepted_tokens += stats.accepted_tokens;
    total->cached_tokens += stats.cached_tokens;
    engine_close(g);
}

/* Each alone in an engine of its own, in one piece, without drafts. */
static void run_plainly(const struct model *m, enum kv_type type, struct job *jobs)
{
    for (size_t i = 0; i < N_REQUESTS; i++) {
        struct engine *g = open_engine(m, &(struct way){.sequences = 1, .chunk = 256, .threads = 1, .draft = DRAFT_OFF, .kv_type = type});
        struct engine_stats stats;
        request_close(start(g, &jobs[i]));
        engine_stats(g, &stats);
        ck_assert_uint_eq(stats.cached_tokens + stats.drafted_tokens, 0);
        jobs[i].n_want = jobs[i].n_got;
        memcpy(jobs[i].want, jobs[i].got, MOST_NEW * sizeof(int32_t));
        ck_assert(jobs[i].n_want == MOST_NEW || jobs[i].constraint);
        engine_close(g);
    }
}

static struct lora *make_lora(const struct model *m, const char *name, uint64_t seed)
{
    char path[] = "/tmp/briefd-same-XXXXXX";
    bool pieces = strstr(name, "deepseek2") || strstr(name, "phi3"); /* of tensors that hold several matrices */
    struct lora *a = NULL;
    struct err e;
    int fd = mkstemp(path);
    ck_assert_int_ge(fd, 0);
    close(fd);
    lora_make(path_of(name), pieces ? LORA_MAKE_EVERYWHERE : LORA_MAKE_ALL, 5, 0.3F, seed, path);
    ck_assert_msg(lora_open(m, path, &a, &e) == RC_OK, "%s: %s", name, e.msg);
    unlink(path);
    return a;
}

/* Ways with the same kind of cache, of the tiny models with two adapters beside none. Adds to *total. */
static void check_model(const char *name, const struct way *ways, size_t n, struct engine_stats *total)
{
    struct model *m = open_model(name);
    struct constraint *c = make_constraint();
    struct model_info info;
    struct job jobs[N_REQUESTS];
    struct lora *loras[2] = {NULL, NULL};
    model_info(m, &info);
    for (size_t i = 0; i < 2 && strstr(name, "tests/data"); i++)
        loras[i] = make_lora(m, name, i);
    make_jobs(jobs, info.n_vocab, c, loras);
    run_plainly(m, ways[0].kv_type, jobs);
    for (size_t i = 0; i < n; i++)
        check_way(m, &ways[i], jobs, name, total);
    free_jobs(jobs);
    lora_close(loras[0]);
    lora_close(loras[1]);
    constraint_close(c);
    model_close(m);
}

/* The tests are of something only if drafts were right and wrong, and the cache was of use. */
static void check_total(const struct engine_stats *total)
{
    printf("%llu drafted, %llu of them right, %llu of prompts from the cache\n", (unsigned long long)total->drafted_tokens,
           (unsigned long long)total->accepted_tokens, (unsigned long long)total->cached_tokens);
    ck_assert_uint_gt(total->accepted_tokens, 0);
    ck_assert_uint_gt(total->drafted_tokens, total->accepted_tokens);
    ck_assert_uint_gt(total->cached_tokens, 0);
}

static const struct way some_ways[] = {
    {1, 256, 1, DRAFT_OFF, KV_F16}, {8, 256, 2, 0, KV_F16}, {8, 7, 1, 4, KV_F16},
    {8, 1, 2, 15, KV_F16},          {1, 32, 2, 15, KV_F16}, {3, 32, 1, 1, KV_F16},
};

START_TEST(tiny_models)
{
    static const char *const names[] = {"deepseek2", "deepseek2-mha", "deepseek2-v3style", "gpt-oss", "granitemoe",
                                        "granitemoe-f16", "granitemoe-f32", "granitemoe-shexp", "llama",
                                        "llama-ropefreqs", "mixtral", "olmoe", "phi3", "phi3-partial", "phimoe",
                                        "qwen2", "qwen3moe"};
    struct engine_stats total = {0};
    for (size_t i = 0; i < COUNT_OF_ARRAY(names); i++) {
        char name[128];
        snprintf(name, sizeof(name), "tests/data/gguf/%s.gguf", names[i]);
        check_model(name, some_ways, COUNT_OF_ARRAY(some_ways), &total);
    }
    check_total(&total);
}
END_TEST

START_TEST(a_cache_in_bytes)
{
    static const char *const names[] = {"deepseek2", "gpt-oss", "granitemoe"};
    static const struct way ways[] = {{8, 256, 2, 0, KV_Q8}, {8, 7, 1, 4, KV_Q8}, {3, 32, 1, 15, KV_Q8}};
    struct engine_stats total = {0};
    for (size_t i = 0; i < COUNT_OF_ARRAY(names); i++) {
        char name[128];
        snprintf(name, sizeof(name), "tests/data/gguf/%s.gguf", names[i]);
        check_model(name, ways, COUNT_OF_ARRAY(ways), &total);
    }
    check_total(&total);
}
END_TEST

START_TEST(every_way)
{
    static const uint32_t sequences[] = {1, 8}, chunks[] = {1, 7, 32, 256};
    static const int drafts[] = {DRAFT_OFF, 0, 1, 4, 15};
    struct engine_stats total = {0};
    struct way ways[2 * 4 * 5 * 2];
    size_t n = 0;
    for (size_t s = 0; s < 2; s++)
        for (size_t c = 0; c < 4; c++)
            for (size_t d = 0; d < 5; d++)
                for (int threads = 1; threads <= 2; threads++)
                    ways[n++] = (struct way){sequences[s], chunks[c], threads, drafts[d], KV_F16};
#ifdef __SANITIZE_THREAD__ /* which takes its time */
    for (n = 0; n < 8; n++)
        ways[n] = ways[n * 9];
#endif
    check_model("tests/data/gguf/granitemoe.gguf", ways, n, &total);
    check_total(&total);
}
END_TEST

START_TEST(default_model)
{
    struct engine_stats total = {0};
    check_model("etc/models/briefd-moe.gguf", some_ways, suite_count(3, COUNT_OF_ARRAY(some_ways)), &total);
    check_total(&total);
}
END_TEST

SUITE_MAIN("same", tiny_models, a_cache_in_bytes, every_way, default_model)
