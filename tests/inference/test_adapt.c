/* Training of an adapter: it learns what it is shown, is taken up again bit for bit, its file holds what llama.cpp
 * reads, and what is wrong is said. */
#include "suite.h"
#include "files.h"
#include <math.h>
#include <sys/stat.h>
#include <unistd.h>
#include "../../inference/adapt.h"
#include "../../inference/gguf.h"
#include "../../inference/inference.h"

#define N_SAMPLES 5
#define N_TOKENS  24
#define DATA "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef"
#define OTHER "ffffffffffffffff0123456789abcdef0123456789abcdef0123456789abcdef"

static char folder[64], path_a[128], path_b[128];

struct lab {
    struct model *m;
    struct model_info info;
    struct adapt_options opt;
    int32_t ids[N_SAMPLES][N_TOKENS];
    struct adapt_sample samples[N_SAMPLES];
};

/* Answers that all end with the same four tokens, as letters with the same sign-off. */
static void lab_open(struct lab *l, const char *name)
{
    struct err e;
    const struct model_options mo = {.cpu = CPU_SCALAR, .want_hash = true};
    *l = (struct lab){0};
    ck_assert_msg(model_open(file_of(name), &mo, &l->m, &e) == RC_OK, "%s", e.msg);
    model_info(l->m, &l->info);
    adapt_defaults(&l->opt);
    l->opt.rank = 4;
    l->opt.threads = 1;
    l->opt.max_tokens = N_TOKENS;
    l->opt.learning_rate = 1e-2F;
    l->opt.batch = 2;
    l->opt.epochs = 6;
    for (size_t i = 0; i < N_SAMPLES; i++) {
        size_t n = N_TOKENS - i;
        for (size_t k = 0; k < n; k++)
            l->ids[i][k] = (int32_t)((k + 4 < n ? i * 7919 + k * 104729 : (k + 4 - n) * 31 + 17) % l->info.n_vocab);
        l->samples[i] = (struct adapt_sample){l->ids[i], n, n - 4};
    }
    strcpy(folder, "/tmp/briefd-adapt-XXXXXX");
    ck_assert_ptr_nonnull(mkdtemp(folder));
    snprintf(path_a, sizeof(path_a), "%s/a", folder);
    snprintf(path_b, sizeof(path_b), "%s/b", folder);
}

static void lab_close(struct lab *l)
{
    unlink(path_a);
    unlink(path_b);
    ck_assert_int_eq(rmdir(folder), 0); /* so no temporary file was left */
    model_close(l->m);
}

static struct adapt *begin(const struct lab *l)
{
    struct adapt *a = NULL;
    struct err e;
    ck_assert_msg(adapt_open(l->m, &l->opt, &a, &e) == RC_OK, "%s", e.msg);
    return a;
}

static struct adapt_progress steps(const struct lab *l, struct adapt *a, size_t n)
{
    struct adapt_progress p = {0};
    struct err e;
    for (size_t i = 0; i < n; i++)
        ck_assert_msg(adapt_step(a, l->samples, N_SAMPLES, NULL, &p, &e) == RC_OK, "%s", e.msg);
    return p;
}

static double loss(const struct lab *l, struct adapt *a)
{
    double all = 0, one = 0;
    struct err e;
    for (size_t i = 0; i < N_SAMPLES; i++) {
        ck_assert_msg(adapt_loss(a, &l->samples[i], &one, NULL, &e) == RC_OK, "%s", e.msg);
        all += one;
    }
    return all;
}

static const struct adapt_facts facts = {"house style", DATA, N_SAMPLES};

static const char *const learners[] = {"granitemoe-shexp", "llama", "qwen2", "reference/qwen2moe"};

START_TEST(learns_what_it_is_shown)
{
    struct lab l;
    size_t hits = 0;
    struct err e;
    lab_open(&l, learners[_i]);
    l.opt.targets = ADAPT_ATTENTION | ADAPT_FEED_FORWARD;
    l.opt.epochs = 20;
    struct adapt *a = begin(&l);
    double before = loss(&l, a), after;
    ck_assert_uint_eq(adapt_n_steps(a, N_SAMPLES), 60);
    struct adapt_progress p = steps(&l, a, 60);
    ck_assert_uint_eq(p.step, 60);
    ck_assert_uint_eq(p.n_steps, 60);
    ck_assert_double_eq_tol(p.epoch, 20, 1e-9);
    printf("%-20s loss %.3f, after 60 steps %.3f\n", learners[_i], before, loss(&l, a));
    ck_assert_double_lt(loss(&l, a), before / 10);
    ck_assert_msg(adapt_loss(a, &l.samples[0], &after, &hits, &e) == RC_OK, "%s", e.msg);
    ck_assert_uint_eq(hits, 4);
    ck_assert_int_eq(adapt_step(a, l.samples, N_SAMPLES, NULL, &p, &e), RC_BAD); /* nothing is left to do */
    adapt_close(a);
    lab_close(&l);
}
END_TEST

static char *write_it(struct adapt *a, const char *path, char hex[ADAPT_HASH_HEX])
{
    struct err e;
    ck_assert_msg(adapt_write(a, path, &facts, hex, &e) == RC_OK, "%s", e.msg);
    return hex;
}

START_TEST(goes_on_as_if_never_stopped)
{
    struct lab l;
    struct err e;
    char whole[ADAPT_HASH_HEX], broken[ADAPT_HASH_HEX];
    lab_open(&l, "granitemoe-shexp");
    struct adapt *a = begin(&l);
    steps(&l, a, 18);
    write_it(a, path_b, whole);
    adapt_close(a);
    a = begin(&l);
    steps(&l, a, 7); /* inside an epoch */
    ck_assert_msg(adapt_save(a, path_a, DATA, &e) == RC_OK, "%s", e.msg);
    adapt_close(a);
    a = begin(&l);
    ck_assert_msg(adapt_resume(a, path_a, DATA, &e) == RC_OK, "%s", e.msg);
    ck_assert_uint_eq(adapt_steps_done(a), 7);
    steps(&l, a, 11);
    ck_assert_str_eq(write_it(a, path_b, broken), whole);
    adapt_close(a);
    lab_close(&l);
}
END_TEST

START_TEST(seed_and_threads)
{
    struct lab l;
    char one[ADAPT_HASH_HEX], two[ADAPT_HASH_HEX], seed[ADAPT_HASH_HEX];
    lab_open(&l, "llama");
    struct adapt *a = begin(&l);
    steps(&l, a, 5);
    write_it(a, path_a, one);
    adapt_close(a);
    l.opt.threads = 2;
    a = begin(&l);
    steps(&l, a, 5);
    ck_assert_str_eq(write_it(a, path_a, two), one);
    adapt_close(a);
    l.opt.seed = 2;
    a = begin(&l);
    steps(&l, a, 5);
    ck_assert_str_ne(write_it(a, path_a, seed), one);
    adapt_close(a);
    lab_close(&l);
}
END_TEST

START_TEST(a_stop_changes_nothing)
{
    struct lab l;
    struct err e;
    struct adapt_progress p;
    const volatile bool stop = true;
    lab_open(&l, "llama");
    struct adapt *a = begin(&l);
    steps(&l, a, 2);
    double was = loss(&l, a);
    ck_assert_int_eq(adapt_step(a, l.samples, N_SAMPLES, &stop, &p, &e), RC_RETRY);
    ck_assert_uint_eq(adapt_steps_done(a), 2);
    ck_assert(loss(&l, a) == was);
    adapt_close(a);
    lab_close(&l);
}
END_TEST

/* ---- files -------------------------------------------------------------------------------------------------------- */

static void check_text(const struct gguf *g, const char *key, const char *want)
{
    const char *text;
    size_t n;
    struct err e;
    ck_assert_msg(gguf_string(g, key, &text, &n, &e) == RC_OK, "%s", e.msg);
    ck_assert_msg(n == strlen(want) && memcmp(text, want, n) == 0, "%s: %.*s", key, (int)n, text);
}

static void check_tensor(const struct gguf *g, const char *name, uint32_t n_dims, uint64_t d0, uint64_t d1, uint64_t d2)
{
    const struct gguf_tensor *t = gguf_tensor(g, name);
    ck_assert_msg(t != NULL, "%s", name);
    ck_assert_uint_eq(t->n_dims, n_dims);
    ck_assert_uint_eq(t->type, 0);
    ck_assert_uint_eq(t->dims[0], d0);
    ck_assert_uint_eq(t->dims[1], d1);
    ck_assert_uint_eq(t->dims[2], d2);
}

START_TEST(file_is_an_adapter)
{
    struct lab l;
    struct err e;
    struct gguf *g;
    char hex[ADAPT_HASH_HEX], of_file[65];
    float alpha, value;
    uint32_t n;
    lab_open(&l, "granitemoe-shexp");
    l.opt.targets = ADAPT_ATTENTION | ADAPT_FEED_FORWARD | ADAPT_EXPERTS;
    struct adapt *a = begin(&l);
    write_it(a, path_a, hex);
    ck_assert_msg(gguf_open(path_a, &g, &e) == RC_OK, "%s", e.msg);
    ck_assert_msg(gguf_check(g, &e) == RC_OK, "%s", e.msg);
    ck_assert_msg(gguf_hash(g, of_file, &e) == RC_OK, "%s", e.msg);
    ck_assert_str_eq(of_file, hex);
    check_text(g, "general.type", "adapter");
    check_text(g, "general.architecture", "granitemoe");
    check_text(g, "general.name", "house style");
    check_text(g, "adapter.type", "lora");
    check_text(g, "briefd.base_sha256", l.info.sha256);
    check_text(g, "briefd.data_hash", DATA);
    ck_assert(gguf_f32(g, "adapter.lora.alpha", &alpha, &e) == RC_OK && alpha == 16);
    ck_assert(gguf_u32(g, "briefd.briefs", &n, &e) == RC_OK && n == N_SAMPLES);
    ck_assert(gguf_u32(g, "briefd.seed", &n, &e) == RC_OK && n == 1);
    uint64_t embd = l.info.n_embd;
    check_tensor(g, "blk.0.attn_q.weight.lora_a", 2, embd, 4, 1);
    check_tensor(g, "blk.0.attn_output.weight.lora_b", 2, 4, embd, 1);
    check_tensor(g, "blk.1.ffn_down_exps.weight.lora_b", 3, 4, embd, l.info.n_experts);
    check_tensor(g, "blk.1.ffn_gate_exps.weight.lora_a", 3, embd, 4, l.info.n_experts);
    check_tensor(g, "blk.1.ffn_up_shexp.weight.lora_a", 2, embd, 4, 1);
    ck_assert_uint_eq(gguf_n_tensors(g), 2 * l.info.n_layers * 10);
    ck_assert_msg(gguf_read(g, gguf_tensor(g, "blk.0.attn_q.weight.lora_a"), 0, &value, 4, &e) == RC_OK, "%s", e.msg);
    ck_assert(value != 0 && fabsf(value) <= sqrtf(3 / (float)embd));
    ck_assert_msg(gguf_read(g, gguf_tensor(g, "blk.0.attn_q.weight.lora_b"), 0, &value, 4, &e) == RC_OK, "%s", e.msg);
    ck_assert(value == 0);
    gguf_close(g);
    adapt_close(a);
    lab_close(&l);
}
END_TEST

START_TEST(a_new_one_changes_nothing)
{
    struct lab l;
    lab_open(&l, "llama");
    struct adapt *a = begin(&l);
    l.opt.seed = 99;
    struct adapt *b = begin(&l);
    ck_assert(loss(&l, a) == loss(&l, b));
    adapt_close(a);
    adapt_close(b);
    lab_close(&l);
}
END_TEST

START_TEST(paths_that_cannot_be_written)
{
    static const char *const paths[] = {"/no-such-folder/adapter.gguf", "/proc/adapter.gguf"};
    struct lab l;
    struct err e;
    char hex[ADAPT_HASH_HEX];
    lab_open(&l, "llama");
    struct adapt *a = begin(&l);
    for (size_t i = 0; i < 2; i++) {
        ck_assert_int_eq(adapt_write(a, paths[i], &facts, hex, &e), RC_BAD);
        ck_assert_msg(strstr(e.msg, paths[i]) != NULL, "%s", e.msg);
        ck_assert_int_eq(adapt_save(a, paths[i], DATA, &e), RC_BAD);
        ck_assert_msg(strstr(e.msg, paths[i]) != NULL, "%s", e.msg);
    }
    ck_assert_int_eq(mkdir(path_a, 0700), 0); /* a folder is in the way: the temporary file must go again */
    ck_assert_int_eq(adapt_write(a, path_a, &facts, hex, &e), RC_BAD);
    ck_assert_int_eq(rmdir(path_a), 0);
    adapt_close(a);
    lab_close(&l);
}
END_TEST

static void expect_refusal(struct adapt *a, const char *data, const char *says)
{
    struct err e;
    double was = (double)adapt_steps_done(a);
    ck_assert_int_eq(adapt_resume(a, path_a, data, &e), RC_BAD);
    ck_assert_msg(strstr(e.msg, says) != NULL, "%s", e.msg);
    ck_assert((double)adapt_steps_done(a) == was);
}

START_TEST(checkpoints_that_do_not_fit)
{
    struct lab l, other;
    struct err e;
    lab_open(&l, "llama");
    struct adapt *a = begin(&l), *b;
    steps(&l, a, 1);
    expect_refusal(a, DATA, "No such file");
    ck_assert(adapt_save(a, path_a, DATA, &e) == RC_OK);
    expect_refusal(a, OTHER, "other briefs");
    l.opt.learning_rate = 2e-2F;
    b = begin(&l);
    expect_refusal(b, DATA, "other settings");
    adapt_close(b);
    struct model *m;
    const struct model_options mo = {.cpu = CPU_SCALAR, .want_hash = true};
    ck_assert_msg(model_open(file_of("llama-ropefreqs"), &mo, &m, &e) == RC_OK, "%s", e.msg);
    other = l;
    other.m = m;
    b = begin(&other); /* matrices of the same sizes */
    expect_refusal(b, DATA, "another model");
    adapt_close(b);
    model_close(m);
    FILE *f = fopen(path_a, "r+b");
    ck_assert_ptr_nonnull(f);
    ck_assert_int_eq(fseek(f, 2000, SEEK_SET), 0);
    int c = fgetc(f);
    ck_assert_int_eq(fseek(f, 2000, SEEK_SET), 0);
    fputc(c ^ 1, f);
    fclose(f);
    expect_refusal(a, DATA, "damaged");
    ck_assert_int_eq(truncate(path_a, 500), 0);
    expect_refusal(a, DATA, "its size");
    adapt_close(a);
    lab_close(&l);
}
END_TEST

/* ---- refusals ------------------------------------------------------------------------------------------------------ */

static void refuse(struct lab *l, enum rc want, const char *says)
{
    struct adapt *a = NULL;
    struct err e;
    ck_assert_int_eq(adapt_open(l->m, &l->opt, &a, &e), want);
    ck_assert_msg(strstr(e.msg, says) != NULL, "%s", e.msg);
    ck_assert_ptr_null(a);
}

START_TEST(options_that_are_wrong)
{
    struct lab l;
    lab_open(&l, "llama");
    const struct adapt_options good = l.opt;
#define REFUSE(field, value, rc, says) l.opt = good; l.opt.field = (value); refuse(&l, rc, says)
    REFUSE(rank, 0, RC_BAD, "rank 0");
    REFUSE(rank, 257, RC_BAD, "rank 257");
    REFUSE(alpha, 0, RC_BAD, "alpha");
    REFUSE(alpha, NAN, RC_BAD, "alpha");
    REFUSE(learning_rate, NAN, RC_BAD, "learning rate");
    REFUSE(learning_rate, 2, RC_BAD, "learning rate");
    REFUSE(epochs, 0, RC_BAD, "epochs");
    REFUSE(batch, 0, RC_BAD, "batch");
    REFUSE(warm_up, 1.5F, RC_BAD, "warm-up");
    REFUSE(max_tokens, 1, RC_BAD, "samples of up to 1");
    REFUSE(max_tokens, 1 << 30, RC_BAD, "context");
    REFUSE(targets, ADAPT_EXPERTS, RC_BAD, "none of the matrices");
    REFUSE(max_bytes, 1000, RC_LIMIT, "MiB are needed");
    l.opt = good;
    l.opt.max_bytes = adapt_bytes(l.m, &l.opt);
    adapt_close(begin(&l));
    l.opt.max_bytes--;
    refuse(&l, RC_LIMIT, "MiB are needed");
    lab_close(&l);
}
END_TEST

START_TEST(samples_that_are_wrong)
{
    struct lab l;
    struct err e;
    double sum;
    struct adapt_progress p;
    lab_open(&l, "llama");
    struct adapt *a = begin(&l);
    int32_t ids[N_TOKENS + 1] = {0};
    const struct { struct adapt_sample s; enum rc rc; } wrong[] = {
        {{ids, N_TOKENS + 1, 3}, RC_LIMIT}, {{ids, 5, 0}, RC_BAD}, {{ids, 5, 5}, RC_BAD}, {{l.ids[0], 5, 2}, RC_BAD}};
    l.ids[0][3] = (int32_t)l.info.n_vocab;
    for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++) {
        ck_assert_int_eq(adapt_loss(a, &wrong[i].s, &sum, NULL, &e), wrong[i].rc);
        ck_assert_int_eq(adapt_step(a, &wrong[i].s, 1, NULL, &p, &e), wrong[i].rc);
    }
    ck_assert_int_eq(adapt_step(a, l.samples, 0, NULL, &p, &e), RC_BAD);
    adapt_close(a);
    lab_close(&l);
}
END_TEST

SUITE_MAIN_TABLES("adapt", SUITE_EACH(learns_what_it_is_shown, learners), SUITE_ONE(goes_on_as_if_never_stopped),
                  SUITE_ONE(seed_and_threads), SUITE_ONE(a_stop_changes_nothing), SUITE_ONE(file_is_an_adapter),
                  SUITE_ONE(a_new_one_changes_nothing), SUITE_ONE(paths_that_cannot_be_written),
                  SUITE_ONE(checkpoints_that_do_not_fit), SUITE_ONE(options_that_are_wrong),
                  SUITE_ONE(samples_that_are_wrong))
