/* cmd_bench.c: `briefctl bench`: tokens a second of one model on this machine, measured through the
 * engine. */
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <time.h>
#include "../base/str.h"
#include "../inference/inference.h"
#include "cli.h"
#include "cmd_model.h"

#define MAX_RUNS      1000
#define MAX_SEQUENCES 1024
#define MAX_RECORDS   1024 /* that the engine's queue takes at once */

struct bench {
    const char *path;
    size_t threads, prefill, decode, sequences, shared_prefix, runs, depth, records;
    int draft;
    enum kv_type kv_type;
};

static void print_help(void)
{
    printf("Usage: briefctl bench -m GGUF [options]\n\n"
           "Prints one JSON object: {\"prefill_tps\": {\"min\", \"median\", \"max\"}, \"decode_tps\": {...}, "
           "\"first_token_ms\": {...},\n"
           "\"load_ms\", \"rss_mib\", \"threads\", ...}. Token ids are random and new in each run; with several "
           "sequences the\n"
           "figures are sums over them. first_token_ms: from the submission of the prompts to each one's first token.\n\n"
           "  --threads N        default: all processors\n"
           "  --prefill N        tokens of the prompt (default 512; 0: not measured)\n"
           "  --decode N         tokens written (default 128; 0: not measured)\n"
           "  --depth N          tokens before those written (default 1)\n"
           "  --sequences N      at the same time (default 1)\n"
           "  --shared-prefix N  first tokens that all prompts share (default 0)\n"
           "  --records N        measure a job instead: N records, --sequences of them at the same time; each has a "
           "prompt of\n"
           "                     --shared-prefix and --prefill tokens of its own, and writes --decode tokens. Prints\n"
           "                     \"job_s\" and \"job_tps\", tokens written a second\n"
           "  --draft auto|off|N tokens guessed from the text so far and judged in one step: as many as pay, none\n"
           "                     (default: random text does not stand for any real one), always N\n"
           "  --kv-type f16|q8   numbers that the KV cache holds (default f16)\n"
           "  --runs N           default 5, after one that does not count\n");
}

static double now_s(void)
{
    struct timespec t;

    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec + 1e-9 * (double)t.tv_nsec;
}

/* ---- one round ----------------------------------------------------------------------------------------- */

struct round { /* times in seconds; written by the engine's thread, read when all requests are closed */
    size_t n, n_begun; /* sequences, and those that have their first token */
    size_t n_late;     /* tokens after everybody's first */
    double first, last;
};

struct sequence {
    struct round *round;
    double first;
    size_t n;
};

static void on_token(void *ctx, int32_t id, const char *bytes, size_t n)
{
    struct sequence *s = ctx;

    (void)id;
    (void)bytes;
    (void)n;
    s->round->last = now_s();
    s->round->n_late += s->round->n_begun == s->round->n;
    if (s->n++ > 0) return;
    s->first = s->round->first = s->round->last;
    s->round->n_begun++;
}

/* n prompts of n_prompt tokens, n_new new tokens each, all submitted at once. *r: times from the submission on;
 * waits[n], if not NULL: of each one's first token. */
static enum rc run_round(struct engine *g, const int32_t *ids, size_t n, size_t n_prompt, size_t n_new,
                         struct round *r, double *waits, struct err *e)
{
    struct sequence *s = calloc(n, sizeof(*s));
    struct request **requests = calloc(n, sizeof(struct request *));
    double begin = now_s();
    enum rc rc = s && requests ? RC_OK : err_set(e, RC_NOMEM, "bench: out of memory");

    *r = (struct round){.n = n, .first = begin, .last = begin};
    for (size_t i = 0; i < n && rc == RC_OK; i++) {
        struct submission sub = {.ids = ids + i * n_prompt,
                                 .n_ids = n_prompt,
                                 .max_tokens = n_new,
                                 .ignore_end = true,
                                 .on_token = on_token,
                                 .ctx = &s[i]};

        s[i].round = r;
        rc = engine_submit(g, &sub, &requests[i], e);
    }
    for (size_t i = 0; requests && i < n; i++)
        request_close(requests[i]);
    for (size_t i = 0; i < n && rc == RC_OK; i++) {
        if (s[i].n != n_new) rc = err_set(e, RC_BAD, "bench: %zu tokens of %zu were written", s[i].n, n_new);
        if (waits) waits[i] = s[i].first - begin;
    }
    r->first -= begin;
    r->last -= begin;
    free(s);
    free(requests);
    return rc;
}

/* ---- all rounds ---------------------------------------------------------------------------------------- */

static int by_value(const void *pa, const void *pb)
{
    double a = *(const double *)pa, b = *(const double *)pb;

    return (a > b) - (a < b);
}

static void print_figure(const char *name, double *values, size_t n)
{
    if (n == 0) return;
    qsort(values, n, sizeof(*values), by_value);
    printf("\"%s\": {\"min\": %.3f, \"median\": %.3f, \"max\": %.3f}, ", name, values[0],
           n % 2 ? values[n / 2] : (values[n / 2 - 1] + values[n / 2]) / 2, values[n - 1]);
}

/* n prompts, the first tokens the same in all; others in each run, so that nothing is in the cache already. */
static void random_prompts(size_t run, uint32_t n_vocab, size_t shared, int32_t *ids, size_t n, size_t n_prompt)
{
    uint64_t state = run + 1;

    for (size_t i = 0; i < n * n_prompt; i++) {
        state = state * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407); /* Knuth, MMIX */
        ids[i] = i >= n_prompt && i % n_prompt < shared ? ids[i % n_prompt] : (int32_t)((state >> 33) % n_vocab);
    }
}

struct figures { /* [runs], first_ms [runs * prompts] */
    double *prefill, *decode, *job_s, *job_tps, *first_ms;
    size_t n_prefill, n_decode, n_job, n_first;
};

static size_t n_prompts(const struct bench *b)
{
    return b->records ? b->records : b->sequences;
}

/* One of the rounds of a run. The figures of run 0, which warms up, are not kept. */
static enum rc one_round(const struct bench *b, struct engine *g, uint32_t n_vocab, size_t run, bool prefill,
                         int32_t *ids, struct figures *f, struct err *e)
{
    size_t n = n_prompts(b), depth = b->depth ? b->depth : 1;
    size_t n_prompt = b->records ? b->shared_prefix + b->prefill : prefill ? b->prefill : depth;
    struct round r;
    double *waits = f->first_ms + f->n_first;
    enum rc rc;

    random_prompts(run * 2 + prefill, n_vocab, b->shared_prefix, ids, n, n_prompt);
    rc = run_round(g, ids, n, n_prompt, b->records ? b->decode : prefill ? 1 : b->decode + 1, &r,
                   prefill || b->records ? waits : NULL, e);
    if (rc != RC_OK || run == 0) return rc;
    if (b->records) {
        f->job_s[f->n_job] = r.last;
        f->job_tps[f->n_job++] = (double)(n * b->decode) / r.last;
    } else if (prefill) {
        f->prefill[f->n_prefill++] = (double)(n * n_prompt) / r.first;
    } else {
        f->decode[f->n_decode++] = (double)r.n_late / (r.last - r.first);
    }
    for (size_t i = 0; i < n && (prefill || b->records); i++)
        waits[i] *= 1e3;
    if (prefill || b->records) f->n_first += n;
    return RC_OK;
}

static void print_figures(struct figures *f)
{
    putchar('{');
    print_figure("prefill_tps", f->prefill, f->n_prefill);
    print_figure("decode_tps", f->decode, f->n_decode);
    print_figure("job_s", f->job_s, f->n_job);
    print_figure("job_tps", f->job_tps, f->n_job);
    print_figure("first_token_ms", f->first_ms, f->n_first);
}

static enum rc measure(const struct model *m, const struct bench *b, struct engine *g, struct err *e)
{
    struct model_info info;
    size_t longest = b->shared_prefix + b->prefill + b->depth + 1;
    int32_t *ids = calloc(n_prompts(b) * longest, sizeof(*ids));
    double *values = calloc(b->runs * 4 + (b->runs + 1) * n_prompts(b), sizeof(double));
    struct figures f = {.prefill = values};
    enum rc rc = ids && values ? RC_OK : err_set(e, RC_NOMEM, "bench: out of memory");

    if (rc == RC_OK) {
        f.decode = values + b->runs;
        f.job_s = f.decode + b->runs;
        f.job_tps = f.job_s + b->runs;
        f.first_ms = f.job_tps + b->runs;
    }
    model_info(m, &info);
    for (size_t run = 0; run <= b->runs && rc == RC_OK; run++) {
        if (b->records || b->prefill > 0) rc = one_round(b, g, info.n_vocab, run, true, ids, &f, e);
        if (rc == RC_OK && !b->records && b->decode > 0) rc = one_round(b, g, info.n_vocab, run, false, ids, &f, e);
        cli_progress("bench", run, b->runs, "");
    }
    if (rc == RC_OK) print_figures(&f);
    free(ids);
    free(values);
    return rc;
}

/* The most tokens of one sequence. */
static uint32_t context_of(const struct bench *b)
{
    size_t depth = b->depth ? b->depth : 1;

    if (b->records) return (uint32_t)(b->shared_prefix + b->prefill + b->decode);
    return (uint32_t)((b->prefill > depth + b->decode ? b->prefill : depth + b->decode) + 1);
}

static enum rc run_bench(const struct bench *b, struct err *e)
{
    struct model *m = NULL;
    struct engine *g = NULL;
    struct engine_options opt = {.threads = (int)b->threads,
                                 .sequences = (uint32_t)b->sequences,
                                 .context = context_of(b),
                                 .draft = b->draft,
                                 .kv_type = b->kv_type};
    struct engine_stats stats;
    struct model_info info;
    struct rusage usage;
    double begin = now_s(), load_s = 0;
    enum rc rc = model_open(b->path, NULL, &m, e);

    if (rc == RC_OK) rc = engine_open(m, &opt, &g, e);
    load_s = now_s() - begin;
    if (rc == RC_OK) rc = measure(m, b, g, e);
    if (rc == RC_OK) {
        engine_stats(g, &stats);
        getrusage(RUSAGE_SELF, &usage);
        model_info(m, &info);
        printf("\"load_ms\": %.1f, \"rss_mib\": %.1f, \"threads\": %u, \"sequences\": %zu, \"cpu\": \"%s\", "
               "\"prompt_tokens\": %llu, \"cached_tokens\": %llu, \"drafted_tokens\": %llu, "
               "\"accepted_tokens\": %llu}\n",
               load_s * 1e3, (double)usage.ru_maxrss / 1024, stats.threads, b->sequences, info.cpu,
               (unsigned long long)stats.prompt_tokens, (unsigned long long)stats.cached_tokens,
               (unsigned long long)stats.drafted_tokens, (unsigned long long)stats.accepted_tokens);
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
                                            {"depth", required_argument, NULL, 'D'},
                                            {"records", required_argument, NULL, 'R'},
                                            {"draft", required_argument, NULL, 'g'},
                                            {"kv-type", required_argument, NULL, 'v'},
                                            {"help", no_argument, NULL, 'h'},
                                            {0}};
    struct bench b = {.prefill = 512, .decode = 128, .sequences = 1, .runs = 5, .draft = DRAFT_OFF};
    struct err e;
    enum rc rc;

    (void)config;
    for (int c, at = 0; (c = getopt_long(argc, argv, "m:h", options, &at)) != -1;) {
        const struct {
            int c;
            int64_t lo, hi;
            size_t *to;
        } numbers[] = {{'j', 1, 1024, &b.threads},          {'p', 0, 1 << 20, &b.prefill},
                       {'d', 0, 1 << 20, &b.decode},        {'s', 1, MAX_SEQUENCES, &b.sequences},
                       {'x', 0, 1 << 20, &b.shared_prefix}, {'r', 1, MAX_RUNS, &b.runs},
                       {'D', 1, 1 << 20, &b.depth},         {'R', 1, MAX_RECORDS, &b.records}};
        int64_t value;

        if (c == '?') return cli_usage(argv[0], "wrong option");
        if (c == 'h') {
            print_help();
            return EXIT_DONE;
        }
        if (c == 'm') b.path = optarg;
        if (c == 'g' && !cmd_draft_option(optarg, &b.draft)) return cli_usage(argv[0], DRAFT_WRONG);
        if (c == 'v' && !cmd_kv_option(optarg, &b.kv_type)) return cli_usage(argv[0], KV_WRONG);
        for (size_t i = 0; i < COUNT_OF(numbers); i++) {
            if (numbers[i].c != c) continue;
            if (!str_int64(optarg, numbers[i].lo, numbers[i].hi, &value))
                return cli_usage(argv[0], "--%s: '%.40s' is out of range", options[at].name, optarg);
            *numbers[i].to = (size_t)value;
        }
    }
    if (!b.path || optind != argc) return cli_usage(argv[0], "-m GGUF is needed");
    if (b.records && (b.decode == 0 || b.prefill == 0))
        return cli_usage(argv[0], "--records needs --prefill and --decode above 0");
    rc = run_bench(&b, &e);
    return rc == RC_OK ? EXIT_DONE : cli_fail(rc, &e);
}
