/* Derivatives of training: compared in double with differences of the loss, for every matrix that can have an adapter,
 * on tiny models of each architecture that can be trained; and the pass forward, compared with the engine's. */
#include "suite.h"
#include "files.h"
#include <cjson/cJSON.h>
#include <math.h>
#include "../../inference/adapt_pass.h"

#define N_TOKENS 19 /* more than a block of rows, no multiple of one */
#define N_PROMPT 7
#define RANK     3
#define PROBES   6 /* values of each A and each B */

struct lab {
    struct model *m;
    struct pool *pool;
    struct adapt_plan plan;
    struct adapt_pass *pass;
    const struct adapt_arithmetic *arithmetic;
    int32_t ids[N_TOKENS];
    struct adapt_sample sample;
    uint64_t seed;
};

static double random_value(struct lab *l)
{
    return (double)(suite_random(&l->seed) >> 11) / 4503599627370496.0 - 1;
}

static void lab_open(struct lab *l, const char *name, unsigned targets, const struct adapt_arithmetic *arithmetic,
                     int threads)
{
    struct err e;
    *l = (struct lab){.arithmetic = arithmetic, .seed = 11};
    ck_assert_msg(model_open(file_of(name), &(struct model_options){.cpu = CPU_SCALAR}, &l->m, &e) == RC_OK, "%s", e.msg);
    ck_assert_msg(adapt_check(l->m, targets, &e) == RC_OK, "%s", e.msg);
    ck_assert_msg(pool_open(threads, &l->pool, &e) == RC_OK, "%s", e.msg);
    ck_assert_msg(adapt_plan_make(l->m, RANK, 5, targets, &l->plan, &e) == RC_OK, "%s", e.msg);
    ck_assert_msg(arithmetic->open(&l->plan, l->pool, N_TOKENS, &l->pass, &e) == RC_OK, "%s", e.msg);
    for (size_t i = 0; i < N_TOKENS; i++)
        l->ids[i] = (int32_t)((i * 104729 + 13) % l->m->n_vocab);
    l->sample = (struct adapt_sample){l->ids, N_TOKENS, N_PROMPT};
}

static void lab_close(struct lab *l)
{
    l->arithmetic->close(l->pass);
    adapt_plan_clear(&l->plan);
    pool_close(l->pool);
    model_close(l->m);
}

/* ---- derivatives -------------------------------------------------------------------------------------------------- */

struct trained {
    const char *name;
    unsigned targets;
};
static const struct trained models[] = {
    {"granitemoe-f32", ADAPT_ATTENTION | ADAPT_FEED_FORWARD | ADAPT_EXPERTS},
    {"granitemoe-shexp", ADAPT_ATTENTION | ADAPT_FEED_FORWARD | ADAPT_EXPERTS},
    {"granitemoe-q4_k_m", ADAPT_ATTENTION | ADAPT_EXPERTS},
    {"llama", ADAPT_ATTENTION | ADAPT_FEED_FORWARD},
    {"llama-ropefreqs", ADAPT_ATTENTION},
    {"mixtral", ADAPT_ATTENTION | ADAPT_EXPERTS},
    {"olmoe", ADAPT_ATTENTION | ADAPT_EXPERTS},
    {"phimoe", ADAPT_ATTENTION | ADAPT_EXPERTS},
    {"qwen2", ADAPT_ATTENTION | ADAPT_FEED_FORWARD},
    {"qwen3moe", ADAPT_ATTENTION | ADAPT_EXPERTS},
    {"reference/qwen3", ADAPT_ATTENTION | ADAPT_FEED_FORWARD},
    {"reference/qwen2moe", ADAPT_ATTENTION | ADAPT_FEED_FORWARD | ADAPT_EXPERTS},
    {"reference/granite", ADAPT_ATTENTION | ADAPT_FEED_FORWARD},
    {"reference/granite-no-rope", ADAPT_ATTENTION | ADAPT_FEED_FORWARD},
};

static double difference(const struct lab *l, double *params, size_t i, double h)
{
    double was = params[i], up, down;
    params[i] = was + h;
    up = l->arithmetic->loss(l->pass, params, &l->sample, true, NULL);
    params[i] = was - h;
    down = l->arithmetic->loss(l->pass, params, &l->sample, true, NULL);
    params[i] = was;
    return (up - down) / (2 * h);
}

/* The largest |difference - derivative| of some of n values from `at` on, by their largest derivative. */
static double worst(struct lab *l, double *params, const double *grad, size_t at, size_t n)
{
    double most = 0, off = 0;
    for (size_t i = 0; i < n; i++)
        most = fmax(most, fabs(grad[at + i]));
    for (size_t k = 0; k < PROBES; k++) {
        size_t i = at + (k == 0 ? 0 : suite_random(&l->seed) % n);
        /* Richardson: the error of the plain central difference falls with h^2 */
        double wide = difference(l, params, i, 2e-4), close = difference(l, params, i, 1e-4);
        off = fmax(off, fabs((4 * close - wide) / 3 - grad[i]));
    }
    return most > 0 ? off / most : off;
}

static void check_gradient(const struct trained *t)
{
    struct lab l;
    lab_open(&l, t->name, t->targets, &adapt_double, 1);
    double *params = calloc(l.plan.n_params, sizeof(*params)), *grad = calloc(l.plan.n_params, sizeof(*grad));
    for (size_t i = 0; i < l.plan.n_params; i++)
        params[i] = 0.05 * random_value(&l);
    double loss = l.arithmetic->gradient(l.pass, params, &l.sample, false, 1, grad);
    ck_assert_msg(isfinite(loss) && loss > 0, "%s: loss %g", t->name, loss);
    double all = 0;
    for (size_t i = 0; i < l.plan.n_targets; i++) {
        const struct adapt_target *x = &l.plan.targets[i];
        double a = worst(&l, params, grad, x->a, x->b - x->a);
        double b = worst(&l, params, grad, x->b, x->w->n_mats * x->w->n_out * RANK);
        ck_assert_msg(a < 1e-6, "%s: %s: A differs by %g", t->name, x->name, a);
        ck_assert_msg(b < 1e-6, "%s: %s: B differs by %g", t->name, x->name, b);
        all = fmax(all, fmax(a, b));
    }
    printf("%-26s %3zu matrices, loss %.4f, worst relative difference %.1e\n", t->name, l.plan.n_targets, loss, all);
    free(params);
    free(grad);
    lab_close(&l);
}

START_TEST(derivatives_are_those_of_the_loss) { check_gradient(&models[_i]); } END_TEST

/* ---- threads and instruction sets ---------------------------------------------------------------------------------- */

static const struct adapt_arithmetic *floats(size_t i)
{
    return i == 0 ? &adapt_float : i == 1 ? adapt_avx2() : adapt_avx512();
}

static bool processor_has(size_t i)
{
#if defined(__x86_64__)
    if (i == 1) return __builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma");
    if (i == 2) return __builtin_cpu_supports("avx512f") && __builtin_cpu_supports("fma");
#endif
    return i == 0;
}

/* Derivatives of a model in an arithmetic, as double. */
static double *derive(const char *name, const struct adapt_arithmetic *arithmetic, int threads, size_t *n)
{
    struct lab l;
    lab_open(&l, name, ADAPT_ATTENTION | ADAPT_FEED_FORWARD | ADAPT_EXPERTS, arithmetic, threads);
    *n = l.plan.n_params;
    double *out = calloc(*n, sizeof(*out));
    float *params = calloc(*n, sizeof(*params)), *grad = calloc(*n, sizeof(*grad));
    for (size_t i = 0; i < *n; i++)
        out[i] = params[i] = (float)(0.05 * random_value(&l));
    if (arithmetic->real_bytes == sizeof(double)) {
        double *exact = calloc(*n, sizeof(*exact));
        (void)arithmetic->gradient(l.pass, out, &l.sample, false, 1, exact);
        memcpy(out, exact, *n * sizeof(*out));
        free(exact);
    } else {
        (void)arithmetic->gradient(l.pass, params, &l.sample, false, 1, grad);
        for (size_t i = 0; i < *n; i++)
            out[i] = grad[i];
    }
    free(params);
    free(grad);
    lab_close(&l);
    return out;
}

START_TEST(floats_agree_with_doubles_on_each_instruction_set)
{
    size_t n;
    double *want = derive("granitemoe-shexp", &adapt_double, 1, &n), size = 0;
    for (size_t i = 0; i < n; i++)
        size += want[i] * want[i];
    for (size_t k = 0; k < 3; k++) {
        if (!floats(k) || !processor_has(k)) {
            printf("skipped: no instruction set %zu here\n", k);
            continue;
        }
        double *got = derive("granitemoe-shexp", floats(k), 1, &n), off = 0;
        for (size_t i = 0; i < n; i++)
            off += (got[i] - want[i]) * (got[i] - want[i]);
        ck_assert_msg(sqrt(off / size) < 1e-4, "instruction set %zu: %g", k, sqrt(off / size));
        free(got);
    }
    free(want);
}
END_TEST

START_TEST(threads_do_not_change_a_bit)
{
    size_t n;
    double *one = derive("granitemoe-shexp", &adapt_float, 1, &n), *two = derive("granitemoe-shexp", &adapt_float, 2, &n);
    ck_assert_int_eq(memcmp(one, two, n * sizeof(*one)), 0);
    free(one);
    free(two);
}
END_TEST

/* ---- the engine's logits -------------------------------------------------------------------------------------------- */

struct both {
    size_t n_vocab;
    double *mine, *engine; /* [N_TOKENS][n_vocab]: log-probabilities */
};

static void take_mine(void *ctx, size_t position, const double *logits)
{
    struct both *b = ctx;
    double most = logits[0], sum = 0;
    for (size_t k = 1; k < b->n_vocab; k++)
        most = fmax(most, logits[k]);
    for (size_t k = 0; k < b->n_vocab; k++)
        sum += exp(logits[k] - most);
    for (size_t k = 0; k < b->n_vocab; k++)
        b->mine[position * b->n_vocab + k] = logits[k] - most - log(sum);
}

static cJSON *read_json(const char *name)
{
    char path[4096], *text = calloc(1, 1 << 22);
    snprintf(path, sizeof(path), "%.*s.json", (int)(strlen(file_of(name)) - 5), file_of(name));
    FILE *f = fopen(path, "rb");
    ck_assert_msg(f != NULL, "%s", path);
    ck_assert_uint_gt(fread(text, 1, (1 << 22) - 1, f), 0);
    fclose(f);
    cJSON *j = cJSON_Parse(text);
    ck_assert_ptr_nonnull(j);
    free(text);
    return j;
}

static void take_engine(void *ctx, size_t position, const float *logprobs)
{
    struct both *b = ctx;
    for (size_t k = 0; k < b->n_vocab; k++)
        b->engine[position * b->n_vocab + k] = logprobs[k];
}

/* Keys and values are halves of 11 bits in the engine's cache, and activations integers where weights are quantised. */
#define OF_ENGINE 2e-3
static const char *const engines[] = {"granitemoe-f32", "granitemoe-shexp", "granitemoe-q4_k_m", "llama", "qwen2", "olmoe",
                                      "phimoe", "reference/qwen3", "reference/qwen2moe", "reference/granite",
                                      "reference/granite-no-rope"};

START_TEST(forward_agrees_with_the_engine)
{
    struct lab l;
    struct err e;
    lab_open(&l, engines[_i], ADAPT_ATTENTION, &adapt_float, 1);
    struct both b = {l.m->n_vocab, calloc(N_TOKENS * l.m->n_vocab, sizeof(double)),
                     calloc(N_TOKENS * l.m->n_vocab, sizeof(double))};
    float *params = calloc(l.plan.n_params, sizeof(*params)); /* 0: as without an adapter */
    l.arithmetic->logits(l.pass, params, l.ids, N_TOKENS, take_mine, &b);
    ck_assert_msg(model_logits(l.m, NULL, l.ids, N_TOKENS, 1, take_engine, &b, &e) == RC_OK, "%s", e.msg);
    double off = 0, mean = 0;
    for (size_t k = 0; k < N_TOKENS * b.n_vocab; k++) {
        off = fmax(off, fabs(b.mine[k] - b.engine[k]));
        mean += fabs(b.mine[k] - b.engine[k]) / (double)(N_TOKENS * b.n_vocab);
    }
    printf("%-26s log-probabilities: mean difference %.1e, largest %.1e\n", engines[_i], mean, off);
    ck_assert_msg(mean < OF_ENGINE, "%s: %g", engines[_i], mean);
    free(params);
    free(b.mine);
    free(b.engine);
    lab_close(&l);
}
END_TEST

/* Log-probabilities of exact arithmetic stand beside the files, with 5 digits behind the point. */
static const char *const exact[] = {"granitemoe-f32", "reference/qwen3", "reference/qwen2moe", "reference/granite"};

START_TEST(forward_is_exact)
{
    struct lab l;
    lab_open(&l, exact[_i], ADAPT_ATTENTION, &adapt_float, 1);
    cJSON *j = read_json(exact[_i]), *at = cJSON_GetObjectItemCaseSensitive(j, "exact")->child;
    const cJSON *id = cJSON_GetObjectItemCaseSensitive(j, "tokens")->child;
    struct both b = {.n_vocab = l.m->n_vocab, .mine = calloc(N_TOKENS * l.m->n_vocab, sizeof(double))};
    float *params = calloc(l.plan.n_params, sizeof(*params));
    for (size_t i = 0; i < N_TOKENS; i++, id = id->next) {
        ck_assert_ptr_nonnull(id);
        l.ids[i] = id->valueint;
    }
    l.arithmetic->logits(l.pass, params, l.ids, N_TOKENS, take_mine, &b);
    size_t compared = 0;
    for (; at; at = at->next) {
        size_t position = (size_t)cJSON_GetObjectItemCaseSensitive(at, "pos")->valuedouble;
        const cJSON *k = cJSON_GetObjectItemCaseSensitive(at, "ids")->child;
        for (const cJSON *v = cJSON_GetObjectItemCaseSensitive(at, "logprobs")->child; v && position < N_TOKENS;
             v = v->next, k = k->next, compared++)
            ck_assert_msg(fabs(b.mine[position * b.n_vocab + (size_t)k->valueint] - v->valuedouble) < 1e-4,
                          "%s: position %zu, token %d", exact[_i], position, k->valueint);
    }
    ck_assert_uint_ge(compared, N_TOKENS);
    cJSON_Delete(j);
    free(params);
    free(b.mine);
    lab_close(&l);
}
END_TEST

/* ---- what cannot be trained ---------------------------------------------------------------------------------------- */

static const struct { const char *name; unsigned targets; const char *says; } refused[] = {
    {"deepseek2", ADAPT_ATTENTION, "deepseek2 cannot be trained: it has keys and values made from a latent vector"},
    {"gpt-oss", ADAPT_ATTENTION, "gpt-oss cannot be trained: it has attention sinks"},
    {"phi3", ADAPT_ATTENTION, "queries, keys and values lie in one tensor"},
    {"phi3", ADAPT_FEED_FORWARD, "gate and up lie in one tensor"},
    {"reference/llama-fused", ADAPT_ATTENTION, "queries, keys and values lie in one tensor"},
    {"llama", 0, "no such set of matrices"},
    {"llama", 8, "no such set of matrices"},
};

START_TEST(what_cannot_be_trained_is_named)
{
    struct model *m;
    struct err e;
    ck_assert_msg(model_open(file_of(refused[_i].name), &(struct model_options){.cpu = CPU_SCALAR}, &m, &e) == RC_OK, "%s", e.msg);
    ck_assert_int_eq(adapt_check(m, refused[_i].targets, &e), RC_BAD);
    ck_assert_msg(strstr(e.msg, refused[_i].says) != NULL, "%s", e.msg);
    model_close(m);
}
END_TEST

SUITE_MAIN_TABLES("adapt_gradient", SUITE_EACH(derivatives_are_those_of_the_loss, models),
                  SUITE_ONE(floats_agree_with_doubles_on_each_instruction_set), SUITE_ONE(threads_do_not_change_a_bit),
                  SUITE_EACH(forward_agrees_with_the_engine, engines),
                  SUITE_EACH(forward_is_exact, exact), SUITE_EACH(what_cannot_be_trained_is_named, refused))
