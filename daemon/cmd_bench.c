/* cmd_bench.c: `briefctl bench`: tokens a second of one model on this machine, measured through the
 * engine. */
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <time.h>
#include "../base/str.h"
#include "../inference/inference.h"
#include "cli.h"
#include "cmd_model.h"

#define MAX_RUNS      1000
#define MAX_SEQUENCES 1024

struct bench {
    const char *path;
    size_t threads, prefill, decode, sequences, shared_prefix, runs;
};

static void print_help(void)
{
    printf("Usage: briefctl bench -m GGUF [options]\n\n"
           "Prints one JSON object: {\"prefill_tps\": {\"min\", \"median\", \"max\"}, \"decode_tps\": {...}, "
           "\"rss_mib\", "
           "\"threads\"}.\n"
           "Token ids are random; with several sequences the figures are sums over them.\n\n"
           "  --threads N        default: all processors\n"
           "  --prefill N        tokens of the prompt (default 512; 0: not measured)\n"
           "  --decode N         tokens written (default 128; 0: not measured)\n"
           "  --sequences N      at the same time (default 1)\n"
           "  --shared-prefix N  first tokens that all prompts share (default 0)\n"
           "  --runs N           default 5, after one that does not count\n");
}

static double now_s(void)
{
    struct timespec t;

    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec + 1e-9 * (double)t.tv_nsec;
}

/* ---- one round ----------------------------------------------------------------------------------------- */

struct sequence { /* written by the engine's thread, read after request_close() */
    double first, last;
    size_t n;
};

static void on_token(void *ctx, int32_t id, const char *bytes, size_t n)
{
    struct sequence *s = ctx;

    (void)id;
    (void)bytes;
    (void)n;
    s->last = now_s();
    if (s->n++ == 0) s->first = s->last;
}

/* Prompts of n_prompt tokens, n_new new tokens each, all at once. Times: from the start to everybody's
 * first token, and from there to the last token; *after: tokens written in that second part. */
static enum rc round_of(struct engine *g, const struct bench *b, const int32_t *ids, size_t n_prompt,
                        size_t n_new, double *to_first, double *to_last, size_t *after, struct err *e)
{
    struct sequence *s = calloc(b->sequences, sizeof(*s));
    struct request **r = calloc(b->sequences, sizeof(*r));
    double begin = now_s(), first = begin, last = begin;
    enum rc rc = s && r ? RC_OK : err_set(e, RC_NOMEM, "bench: out of memory");

    for (size_t i = 0; i < b->sequences && rc == RC_OK; i++) {
        struct submission sub = {.ids = ids + i * n_prompt,
                                 .n_ids = n_prompt,
                                 .max_tokens = n_new,
                                 .ignore_end = true,
                                 .on_token = on_token,
                                 .ctx = &s[i]};

        rc = engine_submit(g, &sub, &r[i], e);
    }
    *after = 0;
    for (size_t i = 0; r && i < b->sequences; i++)
        request_close(r[i]);
    for (size_t i = 0; rc == RC_OK && i < b->sequences; i++) {
        if (s[i].n != n_new) rc = err_set(e, RC_BAD, "bench: %zu tokens of %zu were written", s[i].n, n_new);
        first = s[i].first > first ? s[i].first : first;
        last = s[i].last > last ? s[i].last : last;
        *after += s[i].n - 1;
    }
    *to_first = first - begin;
    *to_last = last - first;
    free(s);
    free(r);
    return rc;
}

/* ---- all rounds ---------------------------------------------------------------------------------------- */

static int by_value(const void *pa, const void *pb)
{
    double a = *(const double *)pa, b = *(const double *)pb;

    return (a > b) - (a < b);
}

static void print_figure(const char *name, double *tps, size_t n)
{
    qsort(tps, n, sizeof(*tps), by_value);
    printf("\"%s\": {\"min\": %.2f, \"median\": %.2f, \"max\": %.2f}, ", name, tps[0],
           n % 2 ? tps[n / 2] : (tps[n / 2 - 1] + tps[n / 2]) / 2, tps[n - 1]);
}

/* Prompts for all sequences, the first shared_prefix tokens the same; the same in every call. */
static void random_prompts(const struct bench *b, uint32_t n_vocab, int32_t *ids, size_t n_prompt)
{
    uint64_t state = 1;

    for (size_t i = 0; i < b->sequences * n_prompt; i++) {
        state = state * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407); /* Knuth, MMIX */
        ids[i] = i >= n_prompt && i % n_prompt < b->shared_prefix ? ids[i % n_prompt]
                                                                  : (int32_t)((state >> 33) % n_vocab);
    }
}

static enum rc measure(const struct model *m, const struct bench *b, struct engine *g, struct err *e)
{
    struct model_info info;
    size_t longest = b->prefill ? b->prefill : 1, after;
    int32_t *ids = calloc(b->sequences * longest, sizeof(*ids));
    double *prefill = calloc(b->runs + 1, sizeof(double)), *decode = calloc(b->runs + 1, sizeof(double));
    double to_first, to_last;
    enum rc rc = ids && prefill && decode ? RC_OK : err_set(e, RC_NOMEM, "bench: out of memory");

    model_info(m, &info);
    for (size_t i = 0; i <= b->runs && rc == RC_OK; i++) { /* run 0 warms up and is overwritten */
        size_t at = i ? i - 1 : 0;

        if (b->prefill > 0) {
            random_prompts(b, info.n_vocab, ids, b->prefill);
            rc = round_of(g, b, ids, b->prefill, 1, &to_first, &to_last, &after, e);
            prefill[at] = (double)(b->sequences * b->prefill) / to_first;
        }
        if (b->decode > 0 && rc == RC_OK) {
            random_prompts(b, info.n_vocab, ids, 1);
            rc = round_of(g, b, ids, 1, b->decode + 1, &to_first, &to_last, &after, e);
            decode[at] = (double)after / to_last;
        }
        cli_progress("bench", i, b->runs, "");
    }
    if (rc == RC_OK) {
        putchar('{');
        if (b->prefill > 0) print_figure("prefill_tps", prefill, b->runs);
        if (b->decode > 0) print_figure("decode_tps", decode, b->runs);
    }
    free(ids);
    free(prefill);
    free(decode);
    return rc;
}

static enum rc run_bench(const struct bench *b, struct err *e)
{
    struct model *m = NULL;
    struct engine *g = NULL;
    struct engine_options opt = {.threads = (int)b->threads, .sequences = (uint32_t)b->sequences};
    struct engine_stats stats;
    struct model_info info;
    struct rusage usage;
    enum rc rc = model_open(b->path, NULL, &m, e);

    opt.context = (uint32_t)((b->prefill > b->decode ? b->prefill : b->decode) + 2);
    if (rc == RC_OK) rc = engine_open(m, &opt, &g, e);
    if (rc == RC_OK) rc = measure(m, b, g, e);
    if (rc == RC_OK) {
        engine_stats(g, &stats);
        getrusage(RUSAGE_SELF, &usage);
        model_info(m, &info);
        printf("\"rss_mib\": %.1f, \"threads\": %u, \"sequences\": %zu, \"cpu\": \"%s\"}\n",
               (double)usage.ru_maxrss / 1024, stats.threads, b->sequences, info.cpu);
    }
    engine_close(g);
    model_close(m);
    return rc;
}

int cmd_bench(const char *config, int argc, char **argv)
{
    static const struct option options[] = {{"model", required_argument, NULL, 'm'},
                                            {"threads", required_argument, NULL, 'j'},
                                            {"prefill", required_argument, NULL, 'p'},
                                            {"decode", required_argument, NULL, 'd'},
                                            {"sequences", required_argument, NULL, 's'},
                                            {"shared-prefix", required_argument, NULL, 'x'},
                                            {"runs", required_argument, NULL, 'r'},
                                            {"help", no_argument, NULL, 'h'},
                                            {0}};
    struct bench b = {.prefill = 512, .decode = 128, .sequences = 1, .runs = 5};
    struct err e;
    enum rc rc;

    (void)config;
    for (int c; (c = getopt_long(argc, argv, "m:h", options, NULL)) != -1;) {
        const struct {
            int c;
            int64_t lo, hi;
            size_t *to;
        } numbers[] = {{'j', 1, 1024, &b.threads},          {'p', 0, 1 << 20, &b.prefill},
                       {'d', 0, 1 << 20, &b.decode},        {'s', 1, MAX_SEQUENCES, &b.sequences},
                       {'x', 0, 1 << 20, &b.shared_prefix}, {'r', 1, MAX_RUNS, &b.runs}};
        int64_t value;

        if (c == '?') return cli_usage(argv[0], "wrong option");
        if (c == 'h') {
            print_help();
            return EXIT_DONE;
        }
        if (c == 'm') b.path = optarg;
        for (size_t i = 0; i < COUNT_OF(numbers); i++) {
            if (numbers[i].c != c) continue;
            if (!str_int64(optarg, numbers[i].lo, numbers[i].hi, &value))
                return cli_usage(argv[0], "'%.40s' is out of range", optarg);
            *numbers[i].to = (size_t)value;
        }
    }
    if (!b.path || optind != argc) return cli_usage(argv[0], "-m GGUF is needed");
    rc = run_bench(&b, &e);
    return rc == RC_OK ? EXIT_DONE : cli_fail(rc, &e);
}
