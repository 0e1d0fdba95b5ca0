/* peer.c: llama.cpp for comparison, through its public C interface. Built by llama.py, never part of the product.
 *
 *   peer speed MODEL KEY=N ...     tokens a second: prefill, decode (after depth), sequences at once
 *   peer job MODEL KEY=N ...       records with a shared prefix kept in its KV cache, `parallel` in flight
 *   peer perplexity MODEL KEY=N    token ids on stdin; natural logarithm of the probability of each after the first,
 *                                  in windows of `context` tokens that do not see each other
 *
 * Keys and defaults: threads=1 flash=1 repack=1 unified=0 prefill=0 decode=0 depth=1 sequences=1 runs=3,
 * records=64 shared=384 own=128 output=96 parallel=8, context=512. Token ids are random but in perplexity; nothing is
 * sampled, so its time is that of the model alone. One JSON object on stdout. */
#include <ggml-backend.h>
#include <llama.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <time.h>

enum { THREADS, FLASH, REPACK, UNIFIED, PREFILL, DECODE, DEPTH, SEQUENCES, RUNS, RECORDS, SHARED, OWN, OUTPUT, PARALLEL, CONTEXT, N_KEYS };
static const char *const names[N_KEYS] = {"threads", "flash", "repack", "unified", "prefill", "decode", "depth", "sequences",
                                          "runs", "records", "shared", "own", "output", "parallel", "context"};
static int set[N_KEYS] = {1, 1, 1, 0, 0, 0, 1, 1, 3, 64, 384, 128, 96, 8, 512};

static const char *adapter; /* adapter=PATH: a LoRA adapter beside the model; or NULL */
static struct llama_model *model;
static int n_vocab;

static void fail(const char *why)
{
    fprintf(stderr, "peer: %s\n", why);
    exit(1);
}

static void errors_only(enum ggml_log_level level, const char *text, void *ctx)
{
    (void)ctx;
    if (level == GGML_LOG_LEVEL_ERROR) fputs(text, stderr);
}

static double now(void)
{
    struct timespec t;

    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec + 1e-9 * (double)t.tv_nsec;
}

static double cpu(void)
{
    struct rusage u;

    getrusage(RUSAGE_SELF, &u);
    return (double)(u.ru_utime.tv_sec + u.ru_stime.tv_sec) + 1e-6 * (double)(u.ru_utime.tv_usec + u.ru_stime.tv_usec);
}

static int random_id(void)
{
    static unsigned long long state = 1;

    state = state * 6364136223846793005ULL + 1442695040888963407ULL;
    return (int)((state >> 33) % (unsigned)n_vocab);
}

static void set_adapter(struct llama_context *c)
{
    struct llama_adapter_lora *a = llama_adapter_lora_init(model, adapter);
    float scale = 1;

    if (!a || llama_set_adapters_lora(c, &a, 1, &scale) != 0) fail("the adapter does not load");
}

static struct llama_context *context(int tokens, int batch, int sequences)
{
    struct llama_context_params p = llama_context_default_params();
    struct llama_context *c;

    p.n_ctx = (uint32_t)tokens;
    p.n_batch = (uint32_t)batch;
    p.n_ubatch = batch < 512 ? (uint32_t)batch : 512;
    p.n_seq_max = (uint32_t)sequences;
    p.n_threads = p.n_threads_batch = set[THREADS];
    p.flash_attn_type = set[FLASH] ? LLAMA_FLASH_ATTN_TYPE_ENABLED : LLAMA_FLASH_ATTN_TYPE_DISABLED;
    p.kv_unified = set[UNIFIED];
    p.no_perf = true;
    c = llama_init_from_model(model, p);
    if (!c) fail("no context");
    if (adapter) set_adapter(c);
    return c;
}

static void add(struct llama_batch *b, int id, int pos, int seq, int wanted)
{
    int i = b->n_tokens++;

    b->token[i] = id;
    b->pos[i] = pos;
    b->n_seq_id[i] = 1;
    b->seq_id[i][0] = seq;
    b->logits[i] = (int8_t)wanted;
}

static void run(struct llama_context *c, struct llama_batch *b)
{
    if (b->n_tokens > 0 && llama_decode(c, *b) != 0) fail("decoding failed");
    llama_synchronize(c);
    b->n_tokens = 0;
}

/* n tokens of one sequence from `pos` on, in whole batches. */
static void feed(struct llama_context *c, struct llama_batch *b, int most, int seq, int pos, int n)
{
    for (int i = 0; i < n; i++) {
        add(b, random_id(), pos + i, seq, i == n - 1);
        if (b->n_tokens == most) run(c, b);
    }
}

static void print_list(const char *name, const double *v, int n)
{
    printf("\"%s\": [", name);
    for (int i = 0; i < n; i++)
        printf("%s%.6g", i ? ", " : "", v[i]);
    printf("]");
}

/* ---- speed --------------------------------------------------------------------------------------------- */

static void speed(double load_s)
{
    int n = set[SEQUENCES], length = set[PREFILL] > set[DEPTH] + set[DECODE] ? set[PREFILL] : set[DEPTH] + set[DECODE];
    int most = set[PREFILL] > 512 ? set[PREFILL] : 512;
    struct llama_context *c = context(n * (length + 64), most, n);
    struct llama_batch b = llama_batch_init(most, 0, 1);
    double *prefill = calloc((size_t)set[RUNS], sizeof(double)), *decode = calloc((size_t)set[RUNS], sizeof(double)), first = 0;

    for (int r = -1; r < set[RUNS]; r++) { /* run -1 warms up */
        double begin;

        if (set[PREFILL]) {
            llama_memory_clear(llama_get_memory(c), true);
            begin = now();
            feed(c, &b, most, 0, 0, set[PREFILL]);
            run(c, &b);
            begin = now() - begin;
            if (r < 0) first = begin;
            else prefill[r] = set[PREFILL] / begin;
        }
        if (!set[DECODE]) continue;
        llama_memory_clear(llama_get_memory(c), true);
        for (int s = 0; s < n; s++)
            feed(c, &b, most, s, 0, set[DEPTH]);
        run(c, &b);
        begin = now();
        for (int i = 0; i < set[DECODE]; i++) {
            for (int s = 0; s < n; s++)
                add(&b, random_id(), set[DEPTH] + i, s, 1);
            run(c, &b);
        }
        if (r >= 0) decode[r] = n * set[DECODE] / (now() - begin);
    }
    printf("{\"load_s\": %.3f, \"first_token_s\": %.3f, ", load_s, load_s + first);
    print_list("prefill_tps", prefill, set[PREFILL] ? set[RUNS] : 0);
    printf(", ");
    print_list("decode_tps", decode, set[DECODE] ? set[RUNS] : 0);
    printf("}\n");
    free(prefill);
    free(decode);
    llama_batch_free(b);
    llama_free(c);
}

/* ---- a job --------------------------------------------------------------------------------------------- */

/* All records, `parallel` at a time: they are equally long, so that a new group begins when the last has ended, as
 * continuous batching would have it. The shared prefix is computed once, as sequence 0, and copied; returns the seconds that
 * it took. */
static double one_job(struct llama_context *c, struct llama_batch *b, int most)
{
    llama_memory_t memory = llama_get_memory(c);
    double begin = now(), shared;

    llama_memory_clear(memory, true);
    feed(c, b, most, 0, 0, set[SHARED]);
    run(c, b);
    shared = now() - begin;
    for (int done = 0; done < set[RECORDS]; done += set[PARALLEL]) {
        int n = set[RECORDS] - done < set[PARALLEL] ? set[RECORDS] - done : set[PARALLEL];

        for (int s = 1; s <= n; s++) {
            llama_memory_seq_rm(memory, s, -1, -1);
            if (set[SHARED]) llama_memory_seq_cp(memory, 0, s, -1, -1);
        }
        for (int s = 1; s <= n; s++)
            feed(c, b, most, s, set[SHARED], set[OWN]);
        run(c, b);
        for (int i = 0; i + 1 < set[OUTPUT]; i++) { /* the prompt's last token gave the first */
            for (int s = 1; s <= n; s++)
                add(b, random_id(), set[SHARED] + set[OWN] + i, s, 1);
            run(c, b);
        }
    }
    return shared;
}

static void job(void)
{
    int length = set[SHARED] + set[OWN] + set[OUTPUT], n = set[PARALLEL], most = 2048;
    int cells = set[UNIFIED] ? set[SHARED] + n * (set[OWN] + set[OUTPUT]) : (n + 1) * ((length + 255) / 256 * 256);
    struct llama_context *c = context(cells + 256, most, n + 1);
    struct llama_batch b = llama_batch_init(most, 0, 1);
    double *wall = calloc((size_t)set[RUNS], sizeof(double)), *used = calloc((size_t)set[RUNS], sizeof(double));
    double *shared = calloc((size_t)set[RUNS], sizeof(double));

    feed(c, &b, most, 0, 0, 32); /* warm up */
    run(c, &b);
    for (int r = 0; r < set[RUNS]; r++) {
        double w = now(), u = cpu();

        shared[r] = one_job(c, &b, most);
        wall[r] = now() - w;
        used[r] = cpu() - u;
    }
    printf("{");
    print_list("seconds", wall, set[RUNS]);
    printf(", ");
    print_list("shared_seconds", shared, set[RUNS]);
    printf(", ");
    print_list("cpu_seconds", used, set[RUNS]);
    printf("}\n");
    free(wall);
    free(shared);
    free(used);
    llama_batch_free(b);
    llama_free(c);
}

/* ---- perplexity ---------------------------------------------------------------------------------------- */

static double logprob(const float *logits, int id)
{
    double most = logits[0], sum = 0;

    for (int i = 1; i < n_vocab; i++)
        most = logits[i] > most ? logits[i] : most;
    for (int i = 0; i < n_vocab; i++)
        sum += exp(logits[i] - most);
    return logits[id] - most - log(sum);
}

static void perplexity(void)
{
    int n = 0, cap = 1 << 20, *ids = malloc((size_t)cap * sizeof(int)), window = set[CONTEXT];
    struct llama_context *c = context(window + 64, window, 1);
    struct llama_batch b = llama_batch_init(window, 0, 1);
    double sum = 0;
    long count = 0;

    while (n < cap && scanf("%d%*[, \n]", &ids[n]) == 1)
        n++;
    for (int at = 0; at < n; at += window) {
        int m = n - at < window ? n - at : window;

        llama_memory_clear(llama_get_memory(c), true);
        for (int i = 0; i < m; i++)
            add(&b, ids[at + i], i, 0, 1);
        run(c, &b);
        for (int i = 0; i + 1 < m; i++, count++)
            sum += logprob(llama_get_logits_ith(c, i), ids[at + i + 1]);
    }
    printf("{\"sum\": %.9g, \"n\": %ld}\n", sum, count);
    free(ids);
    llama_batch_free(b);
    llama_free(c);
}

static void parse(const char *arg)
{
    if (strncmp(arg, "adapter=", 8) == 0) {
        adapter = arg + 8;
        return;
    }
    for (int i = 0; i < N_KEYS; i++) {
        size_t n = strlen(names[i]);

        if (strncmp(arg, names[i], n) == 0 && arg[n] == '=') {
            set[i] = atoi(arg + n + 1);
            return;
        }
    }
    fail("unknown key");
}

int main(int argc, char **argv)
{
    struct llama_model_params p;
    double begin = now();

    if (argc < 3) fail("speed|job|perplexity MODEL KEY=N ...");
    for (int i = 3; i < argc; i++)
        parse(argv[i]);
    llama_log_set(errors_only, NULL);
    if (getenv("PEER_LIBRARIES")) ggml_backend_load_all_from_path(getenv("PEER_LIBRARIES"));
    else ggml_backend_load_all();
    llama_backend_init();
    p = llama_model_default_params();
    p.n_gpu_layers = 0;
    p.use_extra_bufts = set[REPACK];
    p.load_mode = LLAMA_LOAD_MODE_NONE; /* with a mapping, the file would count as memory beside the repacked weights */
    model = llama_model_load_from_file(argv[2], p);
    if (!model) fail("the model does not load");
    n_vocab = llama_vocab_n_tokens(llama_model_get_vocab(model));
    if (strcmp(argv[1], "speed") == 0) speed(now() - begin);
    else if (strcmp(argv[1], "job") == 0) job();
    else if (strcmp(argv[1], "perplexity") == 0) perplexity();
    else fail("unknown command");
    llama_model_free(model);
    return 0;
}
