/* What architectures ask of a file beyond what llama does: each key and tensor that is missing, wrong or not supported
 * is an error that names it; what files say of themselves and of the cache; values that are no numbers, in every tensor. */
#include "suite.h"
#include "files.h"
#include "../../inference/kv.h"
#include "../../inference/model.h"

#include <math.h>
#include <unistd.h>

static char path[] = "/tmp/briefd-arch-XXXXXX";
static uint8_t bytes[1 << 20], whole[1 << 20]; /* of a file; `whole` is as it was read */
static size_t n_bytes;

static void read_file(const char *name)
{
    FILE *f = fopen(file_of(name), "rb");
    ck_assert_msg(f != NULL, "%s", name);
    n_bytes = fread(whole, 1, sizeof(whole), f);
    ck_assert_uint_lt(n_bytes, sizeof(whole));
    fclose(f);
    memcpy(bytes, whole, n_bytes);
}

static void write_file(void)
{
    FILE *f = fopen(path, "wb");
    ck_assert_ptr_nonnull(f);
    ck_assert_uint_eq(fwrite(bytes, 1, n_bytes, f), n_bytes);
    ck_assert_int_eq(fclose(f), 0);
}

/* Behind a key or the name of a tensor. */
static size_t behind(const char *name)
{
    size_t n = strlen(name);
    for (size_t i = 8; i + n < n_bytes; i++) {
        uint64_t len;
        memcpy(&len, bytes + i - 8, 8);
        if (len == n && memcmp(bytes + i, name, n) == 0)
            return i + n;
    }
    ck_abort_msg("no %s", name);
}

static void expect_bad(const char *what, const char *field, const char *reason)
{
    struct model *m = NULL;
    struct err e = {""};
    enum rc rc;
    write_file();
    rc = model_open(path, NULL, &m, &e);
    ck_assert_msg(rc == RC_BAD, "%s: %d %s", what, (int)rc, e.msg);
    ck_assert_msg(strstr(e.msg, path) && strstr(e.msg, field) && strstr(e.msg, reason), "%s: '%s' lacks '%s' or '%s'", what,
                  e.msg, field, reason);
}

/* ---- keys ---------------------------------------------------------------------------------------------- */

START_TEST(keys)
{
    enum change { SET_U32, SET_F32, HIDE }; /* HIDE: under another name */
    static const struct {
        const char *file, *key;
        enum change change;
        double value;
        const char *field, *reason;
    } wrong[] = {
        {"deepseek2", "attention.kv_lora_rank", HIDE, 0, "attention.kv_lora_rank", "missing"},
        {"deepseek2", "attention.kv_lora_rank", SET_U32, 31, "blk.0.attn_kv_a_mqa.weight", "dimension 1 is 48 where 47"},
        {"deepseek2", "attention.value_length_mla", HIDE, 0, "attention.value_length_mla", "missing"},
        {"deepseek2", "attention.key_length_mla", SET_U32, 1, "attention.key_length_mla", "not from"},
        {"deepseek2", "attention.key_length_mla", HIDE, 0, "blk.0.attn_kv_b.weight", "missing"},
        {"deepseek2", "rope.dimension_count", HIDE, 0, "rope.dimension_count", "missing"},
        {"deepseek2", "rope.dimension_count", SET_U32, 15, "rope.dimension_count", "odd number"},
        {"deepseek2", "rope.dimension_count", SET_U32, 48, "rope.dimension_count", "not from 2 to 47"},
        {"deepseek2", "expert_used_count", SET_U32, 9, "expert_used_count", "9 of 8 experts"},
        {"deepseek2", "expert_gating_func", SET_U32, 4, "expert_gating_func", "4 is not from 0 to 3"},
        {"deepseek2", "expert_shared_count", SET_U32, 1025, "expert_shared_count", "not from 0 to 1024"},
        {"deepseek2", "expert_shared_count", SET_U32, 3, "blk.1.ffn_gate_shexp.weight", "where 96 is expected"},
        {"deepseek2", "expert_weights_scale", SET_F32, NAN, "expert_weights_scale", "finite"},
        {"deepseek2", "leading_dense_block_count", SET_U32, 4, "leading_dense_block_count", "not from 0 to 3"},
        {"deepseek2", "leading_dense_block_count", SET_U32, 2, "blk.1.ffn_gate.weight", "missing"},
        {"deepseek2", "feed_forward_length", HIDE, 0, "feed_forward_length", "missing"},
        {"deepseek2", "expert_feed_forward_length", SET_U32, 33, "ffn_gate_exps.weight", "where 33 is expected"},
        {"deepseek2", "rope.scaling.factor", SET_F32, INFINITY, "rope.scaling.factor", "finite"},
        {"deepseek2", "rope.scaling.original_context_length", SET_U32, 0, "original_context_length", "not from"},
        {"deepseek2-v3style", "attention.q_lora_rank", SET_U32, 33, "blk.0.attn_q_a.weight", "where 33 is expected"},
        {"deepseek2-v3style", "attention.q_lora_rank", SET_U32, 0, "blk.0.attn_q.weight", "missing"},
        {"deepseek2-mha", "attention.value_length", SET_U32, 31, "blk.0.attn_kv_b.weight", "where 252 is expected"},
        {"reference/deepseek2-groups", "expert_group_count", SET_U32, 5, "expert_group_count", "5 groups of 12 experts"},
        {"reference/deepseek2-groups", "expert_group_used_count", SET_U32, 5, "expert_group_used_count", "not from 1 to 4"},
        {"reference/deepseek2-groups", "expert_group_count", SET_U32, 12, "expert_group_used_count", "2 groups have fewer than 3"},
        {"reference/deepseek2-groups", "expert_group_used_count", HIDE, 0, "expert_group_used_count", "missing"},
        {"gpt-oss", "attention.sliding_window", HIDE, 0, "attention.sliding_window", "missing"},
        {"gpt-oss", "attention.sliding_window", SET_U32, 0, "attention.sliding_window", "not from"},
        {"gpt-oss", "expert_count", HIDE, 0, "expert_count", "no experts"},
        {"gpt-oss", "attention.value_length", SET_U32, 16, "attention.value_length", "differs"},
        {"gpt-oss", "rope.freq_base", SET_F32, 1, "rope.freq_base", "with yarn"},
        {"phi3", "attention.head_count_kv", SET_U32, 4, "blk.0.attn_qkv.weight", "dimension 1 is 128 where 192"},
        {"phi3", "feed_forward_length", SET_U32, 80, "blk.0.ffn_up.weight", "dimension 1 is 320 where 160"},
        {"phi3", "rope.dimension_count", SET_U32, 14, "rope_factors_short.weight", "dimension 0 is 8 where 7"},
        {"phi3", "rope.scaling.attn_factor", SET_F32, 0, "rope.scaling.attn_factor", "not from"},
        {"reference/qwen2moe", "feed_forward_length", SET_U32, 52, "ffn_gate_exps.weight", "where 26 is expected"}};
    for (size_t i = 0; i < COUNT_OF(wrong); i++) {
        char key[128], prefix[32];
        const char *base = strrchr(wrong[i].file, '/') ? strrchr(wrong[i].file, '/') + 1 : wrong[i].file;
        size_t at, n_prefix = strcspn(base, "-");
        uint32_t whole_number = (uint32_t)(wrong[i].change == SET_U32 ? wrong[i].value : 0);
        float number = (float)wrong[i].value;
        snprintf(prefix, sizeof(prefix), "%.*s", (int)n_prefix, base);
        snprintf(key, sizeof(key), "%s.%s", strcmp(prefix, "gpt") == 0 ? "gpt-oss" : prefix, wrong[i].key);
        read_file(wrong[i].file);
        at = behind(key);
        if (wrong[i].change == HIDE)
            bytes[at - 1] = '_';
        else
            memcpy(bytes + at + 4, wrong[i].change == SET_U32 ? (const void *)&whole_number : (const void *)&number, 4);
        expect_bad(key, wrong[i].field, wrong[i].reason);
    }
}
END_TEST

START_TEST(kinds_of_scaling)
{
    size_t at;
    read_file("gpt-oss");
    at = behind("gpt-oss.rope.scaling.type");
    memcpy(bytes + at + 12, "ntk?", 4);
    expect_bad("type", "gpt-oss.rope.scaling.type", "only none, linear, longrope and yarn");
}
END_TEST

/* ---- tensors ------------------------------------------------------------------------------------------- */

START_TEST(tensors)
{
    static const struct { const char *file, *tensor; } needed[] = {
        {"deepseek2", "blk.2.attn_k_b.weight"}, {"deepseek2", "blk.0.attn_v_b.weight"}, {"deepseek2", "blk.0.attn_kv_a_norm.weight"},
        {"deepseek2", "blk.1.ffn_down_shexp.weight"}, {"deepseek2-v3style", "blk.0.attn_q_a_norm.weight"},
        {"deepseek2-v3style", "blk.0.attn_q_b.weight"}, {"deepseek2-mha", "blk.1.attn_kv_b.weight"},
        {"gpt-oss", "blk.0.attn_sinks.weight"}, {"gpt-oss", "blk.1.attn_output.bias"}, {"gpt-oss", "blk.1.ffn_gate_inp.bias"},
        {"gpt-oss", "blk.0.ffn_down_exps.bias"}, {"gpt-oss", "blk.0.attn_k.bias"}, {"gpt-oss", "blk.0.post_attention_norm.weight"},
        {"phi3", "rope_factors_long.weight"}, {"phi3", "rope_factors_short.weight"}, {"phimoe", "output.bias"},
        {"phimoe", "output_norm.bias"}, {"phimoe", "blk.0.attn_norm.bias"}, {"phimoe", "blk.1.ffn_norm.bias"},
        {"reference/qwen2moe", "blk.0.ffn_gate_inp_shexp.weight"}, {"reference/qwen3", "blk.0.attn_q_norm.weight"}};
    for (size_t i = 0; i < COUNT_OF(needed); i++) {
        read_file(needed[i].file);
        bytes[behind(needed[i].tensor) - 1] = '_';
        expect_bad(needed[i].file, needed[i].tensor, "missing");
    }
    read_file("deepseek2-v3style"); /* a bias that need not be there, under a name that nothing reads */
    bytes[behind("blk.1.exp_probs_b.bias") - 1] = 'z';
    expect_bad("unread", "blk.1.exp_probs_b.biaz", "no such tensor");
}
END_TEST

/* ---- info ---------------------------------------------------------------------------------------------- */

/* Shapes are those of the generator's presets. */
START_TEST(info)
{
    static const struct {
        const char *file;
        uint32_t n_heads_kv, n_ff;
        uint64_t idle;
        size_t block_bytes;
    } want[] = {
        /* 2 layers of 8 experts with 3 matrices of 64 * 32, of which 5 idle; 3 layers of 32 + 16 halves a token */
        {"deepseek2", 1, 32, 2 * 5 * 3 * 64 * 32, (size_t)3 * (32 + 16) * KV_BLOCK * 2},
        {"deepseek2-mha", 1, 32, 2 * 5 * 3 * 64 * 32, (size_t)3 * (32 + 16) * KV_BLOCK * 2},
        /* with biases; 2 layers of 2 heads of 32 keys and values */
        {"gpt-oss", 2, 64, 2 * 6 * (3 * 64 * 64 + 3 * 64), (size_t)2 * 2 * 2 * 32 * KV_BLOCK * 2},
        {"phi3", 2, 160, 0, (size_t)2 * 2 * 2 * 16 * KV_BLOCK * 2}};
    for (size_t i = 0; i < COUNT_OF(want); i++) {
        struct model *m = NULL;
        struct model_info told;
        struct err e;
        ck_assert_msg(model_open(file_of(want[i].file), NULL, &m, &e) == RC_OK, "%s", e.msg);
        model_info(m, &told);
        ck_assert_uint_eq(told.n_heads_kv, want[i].n_heads_kv);
        ck_assert_uint_eq(told.n_ff, want[i].n_ff);
        ck_assert_uint_eq(told.n_params - told.n_active_params, want[i].idle);
        ck_assert_uint_eq(kv_block_bytes(&m->shape, KV_F16), want[i].block_bytes);
        ck_assert_uint_le(kv_block_bytes(&m->shape, KV_Q8) * 64, want[i].block_bytes * 36); /* 16 bytes and a scale of 2, at worst */
        model_close(m);
    }
}
END_TEST

START_TEST(a_cache_too_large)
{
    struct model *m = NULL;
    struct kv *kv = NULL;
    struct err e;
    char size[32];
    ck_assert_msg(model_open(file_of("deepseek2"), NULL, &m, &e) == RC_OK, "%s", e.msg);
    for (enum kv_type type = KV_F16; type <= KV_Q8; type++) { /* 48 halves, or 48 bytes and 2 scales */
        ck_assert_int_eq(kv_open(&m->shape, type, UINT32_MAX, &kv, &e), RC_LIMIT);
        snprintf(size, sizeof(size), "= %.0f MiB",
                 (double)UINT32_MAX * 3 * (32 + 16 + (type == KV_Q8 ? 4 : 48)) * KV_BLOCK / (1 << 20));
        ck_assert_msg(strstr(e.msg, size) != NULL, "%s", e.msg);
    }
    model_close(m);
}
END_TEST

/* A NaN at the beginning of each tensor in turn: as a value, or as the scale of a block of Q8_0. */
START_TEST(every_tensor_is_checked)
{
    static const char *const files[] = {"deepseek2-v3style", "deepseek2-mha", "gpt-oss", "phi3", "phimoe", "reference/qwen2moe",
                                        "reference/llama-fused", "reference/granite"};
    const float nan_float = NAN;
    const uint16_t nan_half = 0x7E00;
    for (size_t k = 0; k < COUNT_OF(files); k++) {
        struct gguf *g = NULL;
        struct err e;
        read_file(files[k]);
        ck_assert_msg(gguf_open(file_of(files[k]), &g, &e) == RC_OK, "%s", e.msg);
        for (size_t i = 0; i < gguf_n_tensors(g); i++) {
            const struct gguf_tensor *t = gguf_tensor_at(g, i);
            struct model *m = NULL;
            char last[64];
            if (strstr(t->name, "rope_f")) /* refused at once */
                continue;
            memcpy(bytes, whole, n_bytes);
            memcpy(bytes + t->offset, t->type == TYPE_F32 ? (const void *)&nan_float : (const void *)&nan_half,
                   t->type == TYPE_F32 ? sizeof(nan_float) : sizeof(nan_half));
            write_file();
            ck_assert_msg(model_open(path, NULL, &m, &e) == RC_OK, "%s", e.msg);
            ck_assert_msg(model_check(m, &e) == RC_BAD, "%s: %s", files[k], t->name);
            snprintf(last, sizeof(last), "field %s at", t->name);
            ck_assert_msg(strstr(e.msg, last) && strstr(e.msg, "not a finite number"), "%s: %s", t->name, e.msg);
            model_close(m);
        }
        gguf_close(g);
    }
}
END_TEST

int main(void)
{
    const TTest *const tests[] = {keys, kinds_of_scaling, tensors, info, a_cache_too_large, every_tensor_is_checked};
    int rc, fd = mkstemp(path);
    if (fd < 0) {
        perror(path);
        return EXIT_FAILURE;
    }
    close(fd);
    rc = suite_run("arch", tests, COUNT_OF(tests));
    unlink(path);
    return rc;
}
