/* What a constraint costs a token at a vocabulary of a given size: documents of a schema are written from logits drawn at
 * random, each token's choice is timed against the same choice without a constraint. One JSON line on stdout.
 *   bench_constraint VOCABULARY.gguf STEP_MS    STEP_MS: a decode step of a model of such a vocabulary, to compare with */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include "../../inference/choose.h"
#include "../../inference/gguf.h"

#define N_LOGITS 16
#define DOCUMENTS 40
#define MAX_TOKENS 120

static const char schema[] =
    "{\"type\":\"object\",\"properties\":{\"next_step\":{\"type\":\"string\",\"minLength\":40,\"maxLength\":160},\"sentiment\":{\"enum\":["
    "\"positive\",\"neutral\",\"negative\"]},\"risk\":{\"type\":\"object\",\"properties\":{\"level\":{\"enum\":[\"low\",\"medium\",\"high\"]},"
    "\"reason\":{\"type\":\"string\",\"minLength\":40,\"maxLength\":160}},\"required\":[\"level\",\"reason\"]},\"topics\":{\"type\":\"array\","
    "\"items\":{\"type\":\"string\",\"minLength\":10,\"maxLength\":40},\"minItems\":1,\"maxItems\":5},\"score\":{\"type\":\"number\",\"minimum\":0,"
    "\"maximum\":1}},\"required\":[\"next_step\",\"sentiment\",\"risk\",\"topics\",\"score\"]}";

struct cost {
    double sum_us, worst_us;
    size_t n;
};

static double now_us(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec * 1e6 + (double)t.tv_nsec / 1e3;
}

static double uniform(uint64_t *seed)
{
    *seed = *seed * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
    return (double)(*seed >> 11) * 0x1p-53;
}

/* Few likely tokens and a long tail, as a trained model has them. */
static float *make_logits(size_t n, uint64_t *seed)
{
    float *l = malloc(n * sizeof(*l));

    for (size_t i = 0; l && i < n; i++)
        l[i] = (float)(3 * sqrt(-2 * log(uniform(seed) + 1e-300)) * cos(6.283185307 * uniform(seed)));
    for (size_t i = 0; l && i < 60; i++) l[(size_t)(uniform(seed) * (double)n)] += (float)(15 * uniform(seed));
    return l;
}

static void add(struct cost *c, double us)
{
    c->sum_us += us;
    c->n++;
    if (us > c->worst_us) c->worst_us = us;
}

static void run(const struct tokenizer *t, const struct constraint *c, struct sampler *s, float *const *logits, uint8_t *allowed,
                const struct sampling *p, struct cost *inside, struct cost *narrow, struct cost *plain)
{
    for (size_t d = 0; d < DOCUMENTS; d++) {
        struct constraint_state state;

        constraint_start(c, &state);
        for (size_t n = 0; n < MAX_TOKENS; n++) {
            const float *l = logits[(d * 7 + n) % N_LOGITS];
            double a = now_us(), b;
            int32_t id = choose_token(s, t, c, &state, MAX_TOKENS + 400 - n, l, p, n, allowed);

            b = now_us();
            add(constraint_is_narrow(c, &state) ? narrow : inside, b - a);
            a = now_us();
            (void)sampler_pick(s, l, NULL, 0, p, n);
            add(plain, now_us() - a);
            if (id < 0 || tokenizer_is_end(t, id) || !constraint_advance(c, t, &state, id, MAX_TOKENS + 400 - n)) break;
        }
    }
}

static double mean(const struct cost *c)
{
    return c->n ? c->sum_us / (double)c->n : 0;
}

static int bench(const struct tokenizer *t, const struct constraint *c, double step_ms)
{
    static const struct {
        const char *name;
        struct sampling p;
    } ways[] = {{"greedy", {.temperature = 0, .top_p = 1}},
                {"top_p", {.temperature = 0.7F, .top_p = 0.9F, .seed = 1}},
                {"top_k", {.temperature = 0.7F, .top_k = 40, .top_p = 0.9F, .seed = 1}},
                {"temperature", {.temperature = 0.7F, .top_p = 1, .seed = 1}}};
    size_t n = tokenizer_size(t);
    uint8_t *allowed = malloc(n);
    float *logits[N_LOGITS] = {NULL};
    struct sampler *s = NULL;
    struct err e = {""};
    uint64_t seed = 7;
    bool ok = allowed && sampler_open(n, &s, &e) == RC_OK;

    for (size_t i = 0; i < N_LOGITS; i++) ok = (logits[i] = make_logits(n, &seed)) && ok;
    if (ok) printf("{\"bench\": \"constraint\", \"vocabulary\": %zu, \"step_ms\": %.1f", n, step_ms);
    for (size_t w = 0; ok && w < sizeof(ways) / sizeof(ways[0]); w++) {
        struct cost inside = {0}, narrow = {0}, plain = {0}, both;

        run(t, c, s, logits, allowed, &ways[w].p, &inside, &narrow, &plain);
        both = (struct cost){inside.sum_us + narrow.sum_us, 0, inside.n + narrow.n};
        printf(", \"%s\": {\"extra_us\": %.1f, \"share_of_step\": %.4f, \"without_us\": %.1f, \"in_strings_us\": %.1f, "
               "\"elsewhere_us\": %.1f, \"worst_us\": %.0f, \"tokens\": %zu}",
               ways[w].name, mean(&both) - mean(&plain), (mean(&both) - mean(&plain)) / step_ms / 1000, mean(&plain), mean(&inside),
               mean(&narrow), inside.worst_us > narrow.worst_us ? inside.worst_us : narrow.worst_us, both.n);
    }
    if (ok) puts("}");
    for (size_t i = 0; i < N_LOGITS; i++) free(logits[i]);
    sampler_close(s);
    free(allowed);
    return ok ? EXIT_SUCCESS : EXIT_FAILURE;
}

int main(int argc, char **argv)
{
    struct gguf *g = NULL;
    struct tokenizer *t = NULL;
    struct constraint *c = NULL;
    struct err e = {""};
    int code = EXIT_FAILURE;

    if (argc != 3) return fputs("usage: bench_constraint VOCABULARY.gguf STEP_MS\n", stderr), 2;
    if (gguf_open(argv[1], &g, &e) == RC_OK && tokenizer_open(g, &t, &e) == RC_OK &&
        constraint_json_schema(schema, sizeof(schema) - 1, NULL, &c, &e) == RC_OK)
        code = bench(t, c, atof(argv[2]));
    else
        fprintf(stderr, "bench_constraint: %s\n", e.msg);
    constraint_close(c);
    tokenizer_close(t);
    gguf_close(g);
    return code;
}
