/* Adapters beside the weights: the engine computes what training computed, those who ask for none notice nothing, and a
 * file that is not what it should be is refused by name. */
#include "suite.h"
#include "files.h"
#include <math.h>
#include <unistd.h>
#include "../../inference/adapt.h"
#include "../../inference/inference.h"
#include "lora_make.h"

#define COUNT_OF_ARRAY(a) (sizeof(a) / sizeof((a)[0]))
#define N_TOKENS 40
#define DATA "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef"

struct lab {
    struct model *m;
    struct model_info info;
    int32_t ids[N_TOKENS];
    char path[64]; /* of an adapter's file */
    const char *model;
};

static void lab_open(struct lab *l, const char *name, enum cpu_path cpu)
{
    struct err e;
    const struct model_options mo = {.cpu = cpu, .want_hash = true};
    *l = (struct lab){.path = "/tmp/briefd-lora-XXXXXX", .model = name};
    ck_assert_msg(model_open(file_of(name), &mo, &l->m, &e) == RC_OK, "%s", e.msg);
    model_info(l->m, &l->info);
    for (size_t i = 0; i < N_TOKENS; i++)
        l->ids[i] = (int32_t)((i * 104729 + 31) % l->info.n_vocab);
    int fd = mkstemp(l->path);
    ck_assert_int_ge(fd, 0);
    close(fd);
}

static void lab_close(struct lab *l)
{
    unlink(l->path);
    model_close(l->m);
}

static struct lora *open_it(const struct lab *l)
{
    struct lora *a = NULL;
    struct err e;
    ck_assert_msg(lora_open(l->m, l->path, &a, &e) == RC_OK, "%s: %s", l->model, e.msg);
    return a;
}

static struct lora *make_it(const struct lab *l, const char *parts, float alpha, uint64_t seed)
{
    lora_make(file_of(l->model), parts, 6, alpha, seed, l->path);
    return open_it(l);
}

struct answer { /* sums of -log p of the tokens after the prompt */
    const struct lab *l;
    size_t n_prompt;
    double sum;
};

static void add_token(void *ctx, size_t position, const float *logprobs)
{
    struct answer *a = ctx;
    if (position + 1 >= a->n_prompt && position + 1 < N_TOKENS) a->sum -= (double)logprobs[a->l->ids[position + 1]];
}

static double loss_of(const struct lab *l, const struct lora *a, size_t n_prompt)
{
    struct answer answer = {l, n_prompt, 0};
    struct err e;
    ck_assert_msg(model_logits(l->m, a, l->ids, N_TOKENS, 1, add_token, &answer, &e) == RC_OK, "%s", e.msg);
    return answer.sum;
}

/* ---- what training computed ----------------------------------------------------------------------------------------- */

static const struct { const char *name; enum cpu_path cpu; unsigned targets; } trained[] = {
    {"granitemoe-f32", CPU_SCALAR, 7 & ~ADAPT_FEED_FORWARD}, {"granitemoe-shexp", CPU_SCALAR, 7}, {"granitemoe-shexp", CPU_AUTO, 7},
    {"granitemoe-shexp", CPU_AUTO, ADAPT_EXPERTS}, {"granitemoe-shexp", CPU_AUTO, ADAPT_FEED_FORWARD},
    {"llama", CPU_AUTO, 3}, {"llama", CPU_SCALAR, ADAPT_ATTENTION}, {"qwen2", CPU_AUTO, 3},
    {"olmoe", CPU_AUTO, 7 & ~ADAPT_FEED_FORWARD}, {"reference/qwen2moe", CPU_AUTO, 7},
};

START_TEST(agrees_with_training)
{
    struct lab l;
    struct err e;
    struct adapt_options opt;
    struct adapt_progress p;
    char hex[ADAPT_HASH_HEX];
    const size_t n_prompt = 20;
    lab_open(&l, trained[_i].name, trained[_i].cpu);
    adapt_defaults(&opt);
    opt.targets = trained[_i].targets;
    opt.threads = 1;
    opt.max_tokens = N_TOKENS;
    opt.learning_rate = 2e-2F;
    opt.epochs = 25;
    opt.batch = 1;
    struct adapt_sample s = {l.ids, N_TOKENS, n_prompt};
    struct adapt *a = NULL;
    ck_assert_msg(adapt_open(l.m, &opt, &a, &e) == RC_OK, "%s", e.msg);
    for (size_t i = 0; i < 25; i++)
        ck_assert_msg(adapt_step(a, &s, 1, NULL, &p, &e) == RC_OK, "%s", e.msg);
    double after;
    ck_assert_msg(adapt_loss(a, &s, &after, NULL, &e) == RC_OK, "%s", e.msg);
    const struct adapt_facts facts = {"test", DATA, 1};
    ck_assert_msg(adapt_write(a, l.path, &facts, hex, &e) == RC_OK, "%s", e.msg);
    adapt_close(a);
    struct lora *lora = open_it(&l);
    struct lora_info info;
    lora_info(lora, &info);
    ck_assert_str_eq(info.sha256, hex);
    ck_assert_str_eq(info.name, "test");
    ck_assert_str_eq(info.base_sha256, l.info.sha256);
    ck_assert_str_eq(info.data_hash, DATA);
    ck_assert_uint_eq(info.n_briefs, 1);
    ck_assert_uint_eq(info.rank, 8);
    double without = loss_of(&l, NULL, n_prompt), with = loss_of(&l, lora, n_prompt);
    printf("%-20s %-7s targets %u: -log p of 20 tokens %.3f, with the adapter %.4f, in training %.4f\n", l.model, l.info.cpu,
           opt.targets, without, with, after);
    ck_assert_double_lt(after, without * 0.8); /* else the agreement says little */
    ck_assert_double_lt(fabs(with - after), 0.02 * without); /* activations of 16 bits, keys and values of 11 */
    lora_close(lora);
    lab_close(&l);
}
END_TEST

/* ---- those who ask for none ----------------------------------------------------------------------------------------- */

struct rows {
    float *values;
    size_t n_vocab;
};

static void keep_row(void *ctx, size_t position, const float *logprobs)
{
    struct rows *r = ctx;
    memcpy(r->values + position * r->n_vocab, logprobs, r->n_vocab * sizeof(float));
}

static struct rows rows_of(const struct lab *l, const struct lora *a)
{
    struct rows r = {calloc((size_t)N_TOKENS * l->info.n_vocab, sizeof(float)), l->info.n_vocab};
    struct err e;
    ck_assert_msg(model_logits(l->m, a, l->ids, N_TOKENS, 2, keep_row, &r, &e) == RC_OK, "%s", e.msg);
    return r;
}

START_TEST(zeros_change_nothing_and_others_do)
{
    struct lab l;
    struct err e;
    struct adapt_options opt;
    struct adapt *new = NULL;
    char hex[ADAPT_HASH_HEX];
    lab_open(&l, "granitemoe-shexp", CPU_AUTO);
    adapt_defaults(&opt);
    opt.max_tokens = 64;
    ck_assert_msg(adapt_open(l.m, &opt, &new, &e) == RC_OK, "%s", e.msg);
    const struct adapt_facts facts = {"new", DATA, 1};
    ck_assert_msg(adapt_write(new, l.path, &facts, hex, &e) == RC_OK, "%s", e.msg);
    adapt_close(new);
    struct lora *zero = open_it(&l), *other = make_it(&l, "attn_v", 0.5F, 3);
    struct rows plain = rows_of(&l, NULL), same = rows_of(&l, zero), differs = rows_of(&l, other);
    size_t bytes = (size_t)N_TOKENS * l.info.n_vocab * sizeof(float);
    ck_assert(memcmp(plain.values, same.values, bytes) == 0);
    ck_assert(memcmp(plain.values, differs.values, bytes) != 0);
    free(plain.values);
    free(same.values);
    free(differs.values);
    lora_close(zero);
    lora_close(other);
    lab_close(&l);
}
END_TEST

static size_t cached(struct engine *g, const struct lab *l, const struct lora *a)
{
    struct finish f = {0};
    struct err e;
    struct buf text;
    const struct submission s = {.ids = l->ids, .n_ids = N_TOKENS, .max_tokens = 2, .ignore_end = true, .lora = a};
    buf_init(&text, 4096);
    ck_assert_msg(engine_run(g, &s, &text, NULL, NULL, &f, &e) == RC_OK, "%s", e.msg);
    buf_clear(&text);
    return f.cached_tokens;
}

START_TEST(what_one_computed_serves_no_other)
{
    struct lab l;
    struct engine *g = NULL;
    struct err e;
    lab_open(&l, "granitemoe-shexp", CPU_AUTO);
    struct lora *a = make_it(&l, LORA_MAKE_ALL, 0.3F, 1), *b = make_it(&l, LORA_MAKE_ALL, 0.3F, 2);
    ck_assert_msg(engine_open(l.m, NULL, &g, &e) == RC_OK, "%s", e.msg);
    ck_assert_uint_eq(cached(g, &l, NULL), 0);
    ck_assert_uint_gt(cached(g, &l, NULL), 0);
    ck_assert_uint_eq(cached(g, &l, a), 0);
    ck_assert_uint_eq(cached(g, &l, b), 0);
    ck_assert_uint_gt(cached(g, &l, a), 0);
    ck_assert_uint_gt(cached(g, &l, b), 0);
    engine_close(g);
    lora_close(a);
    lora_close(b);
    lab_close(&l);
}
END_TEST

START_TEST(an_adapter_of_another_model)
{
    struct lab l, other;
    struct engine *g = NULL;
    struct request *r = NULL;
    struct err e;
    lab_open(&l, "granitemoe-shexp", CPU_AUTO);
    lab_open(&other, "granitemoe-f32", CPU_AUTO);
    struct lora *a = make_it(&l, LORA_MAKE_ALL, 0.3F, 1);
    ck_assert_msg(engine_open(other.m, NULL, &g, &e) == RC_OK, "%s", e.msg);
    const struct submission s = {.ids = l.ids, .n_ids = 4, .max_tokens = 2, .lora = a};
    ck_assert_int_eq(engine_submit(g, &s, &r, &e), RC_BAD);
    ck_assert_msg(strstr(e.msg, "another model") != NULL, "%s", e.msg);
    ck_assert_int_eq(model_logits(other.m, a, l.ids, 4, 1, add_token, NULL, &e), RC_BAD);
    engine_close(g);
    lora_close(a);
    lab_close(&l);
    lab_close(&other);
}
END_TEST

/* ---- files ---------------------------------------------------------------------------------------------------------- */

struct wrong { /* a file of two tensors, and what is wrong with it */
    const char *type, *lora, *arch;
    float alpha;
    const char *base;
    const char *a, *b;
    uint64_t a_dims[3], b_dims[3];
    uint32_t tensor_type;
    uint8_t value; /* of all bytes */
    const char *says;
};
#define Q "blk.0.attn_q.weight"
#define GOOD "adapter", "lora", "granitemoe", 16, NULL
#define SHAPE {64, 4, 1}, {4, 64, 1}

static const struct wrong wrongs[] = {
    {GOOD, Q ".lora_a", Q ".lora_b", SHAPE, 0, 0, NULL},
    {GOOD, Q ".lora_a", Q ".lora_b", SHAPE, 1, 0, NULL}, /* halves */
    {"model", "lora", "granitemoe", 16, NULL, Q ".lora_a", Q ".lora_b", SHAPE, 0, 0, "is \"model\", not \"adapter\""},
    {"adapter", "ia3", "granitemoe", 16, NULL, Q ".lora_a", Q ".lora_b", SHAPE, 0, 0, "is \"ia3\", not \"lora\""},
    {"adapter", "lora", "llama", 16, NULL, Q ".lora_a", Q ".lora_b", SHAPE, 0, 0, "is \"llama\", not \"granitemoe\""},
    {"adapter", "lora", "granitemoe", -1, NULL, Q ".lora_a", Q ".lora_b", SHAPE, 0, 0, "below 0"},
    {"adapter", "lora", "granitemoe", 16, DATA, Q ".lora_a", Q ".lora_b", SHAPE, 0, 0, "trained beside another file"},
    {"adapter", "lora", "granitemoe", 16, "beef", Q ".lora_a", Q ".lora_b", SHAPE, 0, 0, "no SHA-256"},
    {GOOD, Q ".lora_a", "blk.0.attn_k.weight.lora_b", SHAPE, 0, 0, "has no partner"},
    {GOOD, Q ".lora_b", "blk.0.attn_k.weight.lora_b", SHAPE, 0, 0, "has no partner"},
    {GOOD, "output.weight.lora_a", "output.weight.lora_b", SHAPE, 0, 0, "no such matrix"},
    {GOOD, "blk.9.attn_q.weight.lora_a", "blk.9.attn_q.weight.lora_b", SHAPE, 0, 0, "no such matrix"},
    {GOOD, "blk.0.ffn_gate_inp.weight.lora_a", "blk.0.ffn_gate_inp.weight.lora_b", SHAPE, 0, 0, "no such matrix"},
    {GOOD, Q, Q ".lora_b", SHAPE, 0, 0, "has no partner"},
    {GOOD, Q ".lora_a", Q ".lora_b", {32, 4, 1}, {4, 64, 1}, 0, 0, "shape"},
    {GOOD, Q ".lora_a", Q ".lora_b", {64, 4, 1}, {5, 64, 1}, 0, 0, "shape"},
    {GOOD, Q ".lora_a", Q ".lora_b", {64, 4, 1}, {4, 32, 1}, 0, 0, "shape"},
    {GOOD, Q ".lora_a", Q ".lora_b", {64, 4, 2}, {4, 64, 2}, 0, 0, "shape"},
    {GOOD, Q ".lora_a", Q ".lora_b", {64, 257, 1}, {257, 64, 1}, 0, 0, "rank 257"},
    {GOOD, Q ".lora_a", Q ".lora_b", SHAPE, 0, 0xFF, "infinite or no number"},
    {GOOD, Q ".lora_a", Q ".lora_b", {64, 32, 1}, {32, 64, 1}, 8, 0, Q ".lora_a"}, /* Q8_0 is none of the types */
};

static void write_wrong(const struct wrong *w, const char *path)
{
    static struct gguf_make m;
    make_begin(&m, 2, w->base ? 5 : 4);
    make_key_text(&m, "general.type", w->type);
    make_key_text(&m, "adapter.type", w->lora);
    make_key_text(&m, "general.architecture", w->arch);
    make_key_f32(&m, "adapter.lora.alpha", w->alpha);
    if (w->base) make_key_text(&m, "briefd.base_sha256", w->base);
    make_tensor(&m, w->a, w->tensor_type, w->a_dims[2] > 1 ? 3 : 2, w->a_dims);
    make_tensor(&m, w->b, w->tensor_type, w->b_dims[2] > 1 ? 3 : 2, w->b_dims);
    size_t n = (m.n + 31) / 32 * 32 + m.n_values;
    memset(m.bytes + m.n, w->value, n - m.n);
    m.n = n;
    make_write(&m, path);
}

START_TEST(files_that_are_wrong)
{
    const struct wrong *w = &wrongs[_i];
    struct lab l;
    struct lora *a = NULL;
    struct err e = {0};
    lab_open(&l, "granitemoe-shexp", CPU_AUTO);
    write_wrong(w, l.path);
    enum rc rc = lora_open(l.m, l.path, &a, &e);
    if (w->says) {
        ck_assert_int_eq(rc, RC_BAD);
        ck_assert_msg(strstr(e.msg, w->says) != NULL, "%s", e.msg);
        ck_assert_msg(strstr(e.msg, l.path) != NULL, "%s", e.msg);
        ck_assert_ptr_null(a);
    } else
        ck_assert_msg(rc == RC_OK, "%s", e.msg);
    lora_close(a);
    lab_close(&l);
}
END_TEST

START_TEST(a_model_is_no_adapter)
{
    struct lab l;
    struct lora *a = NULL;
    struct err e;
    lab_open(&l, "granitemoe-shexp", CPU_AUTO);
    ck_assert_int_eq(lora_open(l.m, file_of("granitemoe-shexp"), &a, &e), RC_BAD);
    ck_assert_msg(strstr(e.msg, "general.type") != NULL, "%s", e.msg);
    ck_assert_int_eq(lora_open(l.m, "/no/such/file", &a, &e), RC_BAD);
    ck_assert_msg(strstr(e.msg, "/no/such/file") != NULL, "%s", e.msg);
    ck_assert_ptr_null(a);
    lab_close(&l);
}
END_TEST

SUITE_MAIN_TABLES("lora", SUITE_EACH(agrees_with_training, trained), SUITE_ONE(zeros_change_nothing_and_others_do),
                  SUITE_ONE(what_one_computed_serves_no_other), SUITE_ONE(an_adapter_of_another_model),
                  SUITE_EACH(files_that_are_wrong, wrongs), SUITE_ONE(a_model_is_no_adapter))
