/* cmd_model.c: tokenize, logits, generate, model. bench is in cmd_bench.c. */
#include "cmd_model.h"

#include <errno.h>
#include <getopt.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "../base/str.h"
#include "../inference/inference.h"
#include "cli.h"

#define MAX_INPUT  ((size_t)1 << 30)
#define MAX_TOKENS (1 << 24)

/* ---- shared -------------------------------------------------------------------------------------------- */

static void print_ids(const int32_t *ids, size_t n)
{
    putchar('[');
    for (size_t i = 0; i < n; i++)
        printf("%s%d", i ? ", " : "", (int)ids[i]);
    putchar(']');
}

/* "1,2,3" to ids (free); false if it is anything else. */
static bool parse_ids(const char *text, int32_t **ids, size_t *n)
{
    size_t count = 1;
    int32_t *list;

    for (const char *s = text; *s; s++)
        count += *s == ',';
    list = malloc(count * sizeof(*list));
    *n = 0;
    for (const char *s = text; list && *n < count; s++) {
        char word[16];
        size_t len = strcspn(s, ",");
        int64_t value;

        if (len >= sizeof(word)) break;
        memcpy(word, s, len);
        word[len] = '\0';
        if (!str_int64(word, 0, INT32_MAX, &value)) break;
        list[(*n)++] = (int32_t)value;
        s += len;
    }
    if (!list || *n < count) {
        free(list);
        return false;
    }
    *ids = list;
    return true;
}

static bool parse_count(const char *text, int64_t lo, int64_t hi, size_t *out)
{
    int64_t value;

    if (!str_int64(text, lo, hi, &value)) return false;
    *out = (size_t)value;
    return true;
}

bool cmd_draft_option(const char *text, int *out)
{
    int64_t n;

    if (strcmp(text, "auto") == 0)
        *out = 0;
    else if (strcmp(text, "off") == 0)
        *out = DRAFT_OFF;
    else if (str_int64(text, 1, DRAFT_MOST, &n))
        *out = (int)n;
    else
        return false;
    return true;
}

bool cmd_kv_option(const char *text, enum kv_type *out)
{
    *out = strcmp(text, "q8") == 0 ? KV_Q8 : KV_F16;
    return *out == KV_Q8 || strcmp(text, "f16") == 0;
}

/* All of stdin. */
static enum rc read_stdin(struct buf *b, struct err *e)
{
    char bytes[65536];
    size_t n;

    while ((n = fread(bytes, 1, sizeof(bytes), stdin)) > 0)
        buf_add(b, bytes, n);
    if (ferror(stdin)) return err_sys(e, RC_BAD, errno, "standard input");
    return buf_check(b, "standard input", e);
}

/* Whether all of stdout was written; a full disk must not look like success. */
static int end_output(void)
{
    struct err e;

    if (fflush(stdout) == 0 && !ferror(stdout)) return EXIT_DONE;
    return cli_fail(err_sys(&e, RC_BAD, errno, "standard output"), &e);
}

/* ---- tokenize ------------------------------------------------------------------------------------------ */

static void help_tokenize(void)
{
    printf("Usage: briefctl tokenize -m GGUF [--literal] < TEXT\n\n"
           "Prints {\"ids\": [...]} for all bytes of standard input; no begin-of-text token is added.\n\n"
           "  -m, --model FILE  the model\n"
           "  --literal         user-defined tokens in the text are plain text too\n");
}

int cmd_tokenize(const char *config, int argc, char **argv)
{
    static const struct option options[] = {{"model", required_argument, NULL, 'm'},
                                            {"literal", no_argument, NULL, 'l'},
                                            {"help", no_argument, NULL, 'h'},
                                            {0}};
    const struct model_options opt = {.vocab_only = true};
    enum token_parse parse = TOKENS_USER_DEFINED;
    const char *path = NULL;
    struct model *m = NULL;
    struct buf text;
    struct err e;
    int32_t *ids = NULL;
    size_t n;
    enum rc rc;

    (void)config;
    for (int c; (c = getopt_long(argc, argv, "m:h", options, NULL)) != -1;) {
        switch (c) {
        case 'm':
            path = optarg;
            break;
        case 'l':
            parse = TOKENS_LITERAL;
            break;
        case 'h':
            help_tokenize();
            return EXIT_DONE;
        default:
            return cli_usage(argv[0], "wrong option");
        }
    }
    if (!path || optind != argc) return cli_usage(argv[0], "-m GGUF and nothing else is needed");
    buf_init(&text, MAX_INPUT);
    rc = model_open(path, &opt, &m, &e);
    if (rc == RC_OK) rc = read_stdin(&text, &e);
    if (rc == RC_OK) rc = model_tokenize(m, text.data, text.len, parse, &ids, &n, &e);
    if (rc == RC_OK) {
        printf("{\"ids\": ");
        print_ids(ids, n);
        printf("}\n");
    }
    free(ids);
    buf_clear(&text);
    model_close(m);
    return rc == RC_OK ? end_output() : cli_fail(rc, &e);
}

/* ---- logits -------------------------------------------------------------------------------------------- */

static void help_logits(void)
{
    printf("Usage: briefctl logits -m GGUF --tokens 1,2,3 [--top N | --next] [--adapter GGUF] [--threads N]\n\n"
           "Prints {\"tokens\": [...], \"top\": [{\"pos\", \"ids\", \"logprobs\"}]}: after each token the N "
           "most\n"
           "probable next ones (default 32; more than the vocabulary is all), natural logarithms.\n"
           "--next: {\"tokens\": [...], \"next\": [...]}: only how probable each given token after the first "
           "is.\n"
           "--adapter: with a LoRA adapter of llama.cpp's form beside the weights.\n");
}

/* The model, and the adapter if there is a path of one: which then must be the model's, file for file. */
static enum rc open_both(const char *path, const char *adapter, struct model **m, struct lora **lora, struct err *e)
{
    enum rc rc = model_open(path, &(struct model_options){.want_hash = adapter != NULL}, m, e);

    return rc == RC_OK && adapter ? lora_open(*m, adapter, lora, e) : rc;
}

struct top {
    const int32_t *tokens;
    size_t n_tokens, n_vocab, n;
    int32_t *order;
    const float *logprobs;
};

static int by_logprob(const void *pa, const void *pb, void *ctx)
{
    const float *logprobs = ((const struct top *)ctx)->logprobs;
    int32_t a = *(const int32_t *)pa, b = *(const int32_t *)pb;

    if (logprobs[a] != logprobs[b]) return logprobs[a] > logprobs[b] ? -1 : 1;
    return (a > b) - (a < b);
}

static void print_top(void *ctx, size_t pos, const float *logprobs)
{
    struct top *t = ctx;

    t->logprobs = logprobs;
    for (size_t i = 0; i < t->n_vocab; i++)
        t->order[i] = (int32_t)i;
    qsort_r(t->order, t->n_vocab, sizeof(*t->order), by_logprob, t);
    if (pos == 0) { /* only now is it known that the input is good */
        printf("{\"tokens\": ");
        print_ids(t->tokens, t->n_tokens);
        printf(", \"top\": [");
    }
    printf("%s{\"pos\": %zu, \"ids\": ", pos ? ", " : "", pos);
    print_ids(t->order, t->n);
    printf(", \"logprobs\": [");
    for (size_t i = 0; i < t->n; i++) {
        float value = logprobs[t->order[i]];

        if (isfinite(value))
            printf("%s%.6f", i ? ", " : "", (double)value);
        else
            printf("%snull", i ? ", " : "");
    }
    printf("]}");
}

static void print_next(void *ctx, size_t pos, const float *logprobs)
{
    const struct top *t = ctx;

    if (pos == 0) {
        printf("{\"tokens\": ");
        print_ids(t->tokens, t->n_tokens);
        printf(", \"next\": [");
    }
    if (pos + 1 == t->n_tokens) return;
    if (isfinite(logprobs[t->tokens[pos + 1]]))
        printf("%s%.6f", pos ? ", " : "", (double)logprobs[t->tokens[pos + 1]]);
    else
        printf("%snull", pos ? ", " : "");
}

/* top 0: only the given tokens. */
static enum rc run_logits(const struct model *m, const struct lora *lora, const int32_t *ids, size_t n, size_t top, int threads,
                          struct err *e)
{
    struct model_info info;
    struct top t;
    enum rc rc;

    model_info(m, &info);
    t = (struct top){.tokens = ids,
                     .n_tokens = n,
                     .n_vocab = info.n_vocab,
                     .n = top < info.n_vocab ? top : info.n_vocab,
                     .order = malloc((info.n_vocab + 1) * sizeof(*t.order))};
    if (!t.order) return err_set(e, RC_NOMEM, "logits: out of memory");
    rc = model_logits(m, lora, ids, n, threads, top ? print_top : print_next, &t, e);
    if (rc == RC_OK) printf("]}\n");
    free(t.order);
    return rc;
}

int cmd_logits(const char *config, int argc, char **argv)
{
    static const struct option options[] = {{"model", required_argument, NULL, 'm'},
                                            {"tokens", required_argument, NULL, 'k'},
                                            {"top", required_argument, NULL, 't'},
                                            {"next", no_argument, NULL, 'n'},
                                            {"adapter", required_argument, NULL, 'A'},
                                            {"threads", required_argument, NULL, 'j'},
                                            {"help", no_argument, NULL, 'h'},
                                            {0}};
    const char *path = NULL, *tokens = NULL, *adapter = NULL;
    size_t top = 32, threads = 0, n = 0;
    struct model *m = NULL;
    struct lora *lora = NULL;
    int32_t *ids = NULL;
    struct err e;
    enum rc rc;

    (void)config;
    for (int c; (c = getopt_long(argc, argv, "m:h", options, NULL)) != -1;) {
        bool good = true;

        switch (c) {
        case 'm':
            path = optarg;
            break;
        case 'k':
            tokens = optarg;
            break;
        case 't':
            good = parse_count(optarg, 1, INT32_MAX, &top);
            break;
        case 'n':
            top = 0;
            break;
        case 'A':
            adapter = optarg;
            break;
        case 'j':
            good = parse_count(optarg, 1, 1024, &threads);
            break;
        case 'h':
            help_logits();
            return EXIT_DONE;
        default:
            return cli_usage(argv[0], "wrong option");
        }
        if (!good) return cli_usage(argv[0], "'%.40s' is not a number in range", optarg);
    }
    if (!path || !tokens || optind != argc) return cli_usage(argv[0], "-m GGUF and --tokens are needed");
    if (!parse_ids(tokens, &ids, &n)) return cli_usage(argv[0], "--tokens is a list such as 1,2,3");
    rc = open_both(path, adapter, &m, &lora, &e);
    if (rc == RC_OK) rc = run_logits(m, lora, ids, n, top, (int)threads, &e);
    free(ids);
    lora_close(lora);
    model_close(m);
    return rc == RC_OK ? end_output() : cli_fail(rc, &e);
}

/* ---- generate ------------------------------------------------------------------------------------------ */

static void help_generate(void)
{
    printf("Usage: briefctl generate -m GGUF (-p TEXT | --tokens 1,2,3) [-n N] [options]\n\n"
           "Streams the text that the model writes.\n\n"
           "  -p, --prompt TEXT  the prompt; a begin-of-text token is added as the file says\n"
           "  --tokens LIST      the prompt as token ids, taken as it is\n"
           "  --chat             the prompt is what a user says: put it into the model's chat template\n"
           "  -n N               most new tokens (default 128)\n"
           "  --temp T           temperature (default 0: always the most probable token)\n"
           "  --top-k K          by chance among the K most probable only (default 0: all)\n"
           "  --top-p P          ... among the fewest that have the share P of the probability (default 1: all)\n"
           "  --min-p P          ... among those with at least P times the probability of the first (default 0: all)\n"
           "  --seed S           of chance: the same seed gives the same text (default 0)\n"
           "  --repeat-penalty R make tokens that occurred less probable: their logits are divided by R if positive,\n"
           "                     else multiplied (default 1: off)\n"
           "  --repeat-window N  ... among the last N of prompt and output (default 64)\n"
           "  --draft auto|off|N tokens guessed from the text so far and judged in one step; what is written does not\n"
           "                     depend on it (default auto: as many as pay)\n"
           "  --kv-type f16|q8   numbers that the KV cache holds: halves (default) or bytes with scales, in half the memory\n"
           "  --adapter GGUF     a LoRA adapter of llama.cpp's form beside the weights ('briefctl train' makes them)\n"
           "  --ids              instead of text, {\"ids\": [...]} of the new tokens at the end\n"
           "  --threads N        default: all processors\n");
}

struct generate {
    const char *path, *adapter, *prompt, *tokens;
    size_t n, threads;
    bool chat, ids;
    int draft;
    enum kv_type kv_type;
    struct sampling sampling;
};

static void print_bytes(void *ctx, int32_t id, const char *bytes, size_t n)
{
    (void)ctx;
    (void)id;
    fwrite(bytes, 1, n, stdout);
    fflush(stdout);
}

static void keep_finish(void *ctx, const struct finish *f)
{
    struct err *e = ctx;

    if (f->reason == FINISH_ERROR) err_set(e, RC_BAD, "generation failed: %s", f->message);
}

/* Stream to stdout. */
static enum rc stream(struct engine *engine, struct submission *s, struct err *e)
{
    struct err failed = {""};
    struct request *r = NULL;
    enum rc rc;

    s->on_token = print_bytes;
    s->on_finish = keep_finish;
    s->ctx = &failed;
    rc = engine_submit(engine, s, &r, e);
    request_close(r);
    if (rc == RC_OK && failed.msg[0]) rc = err_set(e, RC_BAD, "%s", failed.msg);
    if (rc == RC_OK) putchar('\n');
    return rc;
}

static enum rc print_new_ids(struct engine *engine, const struct submission *s, struct err *e)
{
    int32_t *ids = NULL;
    size_t n;
    enum rc rc = engine_run(engine, s, NULL, &ids, &n, NULL, e);

    if (rc != RC_OK) return rc;
    printf("{\"ids\": ");
    print_ids(ids, n);
    printf("}\n");
    free(ids);
    return RC_OK;
}

static enum rc prompt_ids(const struct model *m, const struct generate *g, int32_t **ids, size_t *n,
                          struct err *e)
{
    const struct segment plain = {g->chat ? SEGMENT_DATA : SEGMENT_TEMPLATE, g->prompt, strlen(g->prompt)};
    struct segment *chat = NULL;
    size_t n_chat = 0;
    enum rc rc;

    if (!g->chat) return model_tokenize_segments(m, &plain, 1, true, ids, n, e);
    rc = model_chat(m, NULL, 0, &plain, 1, &chat, &n_chat, e);
    if (rc == RC_OK) rc = model_tokenize_segments(m, chat, n_chat, true, ids, n, e);
    segments_free(chat);
    return rc;
}

static enum rc run_generate(const struct model *m, const struct lora *lora, const struct generate *g, const int32_t *ids,
                            size_t n, struct err *e)
{
    struct model_info info;
    struct engine_options opt = {.threads = (int)g->threads, .sequences = 1, .draft = g->draft, .kv_type = g->kv_type};
    struct submission s = {.ids = ids, .n_ids = n, .max_tokens = g->n, .sampling = g->sampling, .lora = lora};
    struct engine *engine = NULL;
    enum rc rc;

    model_info(m, &info);
    opt.context = n + g->n < info.n_context ? (uint32_t)(n + g->n) : info.n_context;
    rc = engine_open(m, &opt, &engine, e);
    if (rc == RC_OK) rc = g->ids ? print_new_ids(engine, &s, e) : stream(engine, &s, e);
    engine_close(engine);
    return rc;
}

static bool generate_option(struct generate *g, int c, const char *arg)
{
    int64_t seed;
    size_t k;
    double d;

    switch (c) {
    case 'm':
        g->path = arg;
        return true;
    case 'p':
        g->prompt = arg;
        return true;
    case 'k':
        g->tokens = arg;
        return true;
    case 'c':
        return g->chat = true;
    case 'i':
        return g->ids = true;
    case 'n':
        return parse_count(arg, 1, MAX_TOKENS, &g->n);
    case 'j':
        return parse_count(arg, 1, 1024, &g->threads);
    case 's':
        if (!str_int64(arg, 0, INT64_MAX, &seed)) return false;
        g->sampling.seed = (uint64_t)seed;
        return true;
    case 'K':
        if (!parse_count(arg, 0, INT32_MAX, &k)) return false;
        g->sampling.top_k = (uint32_t)k;
        return true;
    case 'T':
        if (!str_double(arg, 0, 100, &d)) return false;
        g->sampling.temperature = (float)d;
        return true;
    case 'P':
        if (!str_double(arg, 0, 1, &d)) return false;
        g->sampling.top_p = (float)d;
        return true;
    case 'R':
        if (!str_double(arg, 0.01, 100, &d)) return false;
        g->sampling.repeat_penalty = (float)d;
        return true;
    case 'W':
        if (!parse_count(arg, 1, INT32_MAX, &k)) return false;
        g->sampling.repeat_window = (uint32_t)k;
        return true;
    case 'g':
        return cmd_draft_option(arg, &g->draft);
    case 'v':
        return cmd_kv_option(arg, &g->kv_type);
    case 'A':
        g->adapter = arg;
        return true;
    default: /* 'M' */
        if (!str_double(arg, 0, 1, &d)) return false;
        g->sampling.min_p = (float)d;
        return true;
    }
}

int cmd_generate(const char *config, int argc, char **argv)
{
    static const struct option options[] = {
        {"model", required_argument, NULL, 'm'},   {"prompt", required_argument, NULL, 'p'},
        {"tokens", required_argument, NULL, 'k'},  {"chat", no_argument, NULL, 'c'},
        {"ids", no_argument, NULL, 'i'},           {"n", required_argument, NULL, 'n'},
        {"threads", required_argument, NULL, 'j'}, {"seed", required_argument, NULL, 's'},
        {"temp", required_argument, NULL, 'T'},    {"top-k", required_argument, NULL, 'K'},
        {"top-p", required_argument, NULL, 'P'},   {"min-p", required_argument, NULL, 'M'},
        {"repeat-penalty", required_argument, NULL, 'R'},
        {"repeat-window", required_argument, NULL, 'W'},
        {"draft", required_argument, NULL, 'g'},   {"kv-type", required_argument, NULL, 'v'},
        {"adapter", required_argument, NULL, 'A'},
        {"help", no_argument, NULL, 'h'},          {0}};
    struct generate g = {.n = 128, .sampling = {.top_p = 1}};
    struct model *m = NULL;
    struct lora *lora = NULL;
    int32_t *ids = NULL;
    size_t n = 0;
    struct err e;
    enum rc rc;

    (void)config;
    for (int c; (c = getopt_long(argc, argv, "m:p:n:h", options, NULL)) != -1;) {
        if (c == '?') return cli_usage(argv[0], "wrong option");
        if (c == 'h') {
            help_generate();
            return EXIT_DONE;
        }
        if (!generate_option(&g, c, optarg)) return cli_usage(argv[0], "'%.40s' is out of range", optarg);
    }
    if (!g.path || !g.prompt == !g.tokens || optind != argc)
        return cli_usage(argv[0], "-m GGUF and one of -p and --tokens are needed");
    if (g.chat && g.tokens) return cli_usage(argv[0], "--chat needs -p");
    if (g.tokens && !parse_ids(g.tokens, &ids, &n))
        return cli_usage(argv[0], "--tokens is a list such as 1,2,3");
    rc = open_both(g.path, g.adapter, &m, &lora, &e);
    if (rc == RC_OK && g.prompt) rc = prompt_ids(m, &g, &ids, &n, &e);
    if (rc == RC_OK) rc = run_generate(m, lora, &g, ids, n, &e);
    free(ids);
    lora_close(lora);
    model_close(m);
    return rc == RC_OK ? end_output() : cli_fail(rc, &e);
}

/* ---- model --------------------------------------------------------------------------------------------- */

static void help_model(void)
{
    printf("Usage: briefctl model info GGUF [--json]\n"
           "       briefctl model check GGUF\n\n"
           "info: what the file is. check: reads every weight; exit code 1 if one is not finite.\n");
}

static void print_info_json(const struct model_info *i)
{
    const struct {
        const char *key, *value;
    } texts[] = {{"path", i->path},
                 {"architecture", i->architecture},
                 {"name", i->name},
                 {"licence", i->licence},
                 {"weight_type", i->weight_type},
                 {"chat_template", i->chat_template},
                 {"cpu", i->cpu},
                 {"sha256", i->sha256}};
    const struct {
        const char *key;
        uint64_t value;
    } numbers[] = {{"bytes", i->file_bytes},
                   {"files", i->n_files},
                   {"params", i->n_params},
                   {"active_params", i->n_active_params},
                   {"layers", i->n_layers},
                   {"embd", i->n_embd},
                   {"heads", i->n_heads},
                   {"heads_kv", i->n_heads_kv},
                   {"ff", i->n_ff},
                   {"experts", i->n_experts},
                   {"experts_used", i->n_experts_used},
                   {"vocab", i->n_vocab},
                   {"context", i->n_context}};
    struct buf b;

    buf_init(&b, MAX_INPUT);
    for (size_t k = 0; k < COUNT_OF(texts); k++) {
        buf_printf(&b, "%s\"%s\": ", k ? ", " : "{", texts[k].key);
        buf_json(&b, texts[k].value, strlen(texts[k].value));
    }
    for (size_t k = 0; k < COUNT_OF(numbers); k++)
        buf_printf(&b, ", \"%s\": %llu", numbers[k].key, (unsigned long long)numbers[k].value);
    buf_char(&b, '}');
    puts(b.data);
    buf_clear(&b);
}

static void print_info(const struct model_info *i)
{
    printf("%s\n", i->path);
    printf("  name          %s\n", i->name);
    printf("  licence       %s\n", i->licence);
    printf("  architecture  %s, %u layers, width %u, %u heads (%u of keys and values)\n", i->architecture,
           i->n_layers, i->n_embd, i->n_heads, i->n_heads_kv);
    if (i->n_experts)
        printf("  experts       %u of %u for each token, width %u\n", i->n_experts_used, i->n_experts,
               i->n_ff);
    else
        printf("  inner width   %u\n", i->n_ff);
    printf("  parameters    %.1f million, %.1f million active\n", (double)i->n_params / 1e6,
           (double)i->n_active_params / 1e6);
    printf("  weights       %s, %.1f MiB", i->weight_type, (double)i->file_bytes / 1048576);
    if (i->n_files > 1) printf(" in %u files", i->n_files);
    putchar('\n');
    printf("  vocabulary    %u, context %u, chat template %s\n", i->n_vocab, i->n_context,
           *i->chat_template ? i->chat_template : "unknown");
    printf("  kernels       %s\n", i->cpu);
    printf("  sha256        %s\n", i->sha256);
}

int cmd_model(const char *config, int argc, char **argv)
{
    static const struct option options[] = {
        {"json", no_argument, NULL, 'j'}, {"help", no_argument, NULL, 'h'}, {0}};
    struct model_options opt = {0};
    struct model *m = NULL;
    struct model_info info;
    bool json = false, check;
    struct err e;
    enum rc rc;

    (void)config;
    for (int c; (c = getopt_long(argc, argv, "h", options, NULL)) != -1;) {
        switch (c) {
        case 'j':
            json = true;
            break;
        case 'h':
            help_model();
            return EXIT_DONE;
        default:
            return cli_usage(argv[0], "wrong option");
        }
    }
    if (argc - optind != 2) return cli_usage(argv[0], "info or check, and a GGUF file");
    check = str_eq(argv[optind], "check");
    if (!check && !str_eq(argv[optind], "info"))
        return cli_usage(argv[0], "no '%.40s'; info or check", argv[optind]);
    opt.want_hash = !check;
    rc = model_open(argv[optind + 1], &opt, &m, &e);
    if (rc == RC_OK && check) rc = model_check(m, &e);
    if (rc == RC_OK) {
        model_info(m, &info);
        if (check)
            printf("%s: ok\n", info.path);
        else if (json)
            print_info_json(&info);
        else
            print_info(&info);
    }
    model_close(m);
    return rc == RC_OK ? end_output() : cli_fail(rc, &e);
}
