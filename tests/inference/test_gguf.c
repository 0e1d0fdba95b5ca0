/* Files that lie. A tiny model is written by the test, then cut at every byte of its header, given wrong counts, sizes,
 * types, offsets and names, and mutated at random; so are the vectors' models. Each bad file gets one line that names
 * the file, the field and the offset; each that still loads is run. All of it is meant to be run under ASan. */
#include "suite.h"
#include "../../base/crypto.h"
#include "../../base/str.h"
#include "../../inference/gguf.h"
#include "../../inference/inference.h"
#include "../../inference/types.h"

#include <fcntl.h>
#include <math.h>
#include <unistd.h>
#include "gguf_make.h"

static char path[] = "/tmp/briefd-gguf-XXXXXX";
static struct gguf_make make; /* too large for a stack */

/* ---- a tiny model -------------------------------------------------------------------------------------- */

enum { D = 32, FF = 32, VOCAB = 258, LAYERS = 1, KEYS = 18, TENSORS = 11 };

static void put_strings(const char *key, const char *const *texts, size_t n)
{
    make_text(&make, key);
    make_u32(&make, MAKE_ARRAY);
    make_u32(&make, MAKE_STRING);
    make_u64(&make, n);
    for (size_t i = 0; i < n; i++)
        make_text(&make, texts[i]);
}

/* 256 byte tokens as GPT-2 writes them, one merge, one control token. */
static void put_tokenizer(void)
{
    static char bytes[VOCAB][8];
    const char *texts[VOCAB];
    const char *const merges[] = {"a b"};
    int hidden = 0;
    make_key_text(&make, "tokenizer.ggml.model", "gpt2");
    make_key_text(&make, "tokenizer.ggml.pre", "gpt-2");
    for (int b = 0; b < 256; b++) {
        bool shown = (b >= 0x21 && b <= 0x7E) || (b >= 0xA1 && b <= 0xAC) || b >= 0xAE;
        int cp = shown ? b : 0x100 + hidden++;
        if (cp < 0x80)
            snprintf(bytes[b], sizeof(bytes[b]), "%c", cp);
        else
            snprintf(bytes[b], sizeof(bytes[b]), "%c%c", 0xC0 | cp >> 6, 0x80 | (cp & 0x3F));
        texts[b] = bytes[b];
    }
    texts[256] = "ab";
    texts[257] = "<|endoftext|>";
    put_strings("tokenizer.ggml.tokens", texts, VOCAB);
    make_text(&make, "tokenizer.ggml.token_type");
    make_u32(&make, MAKE_ARRAY);
    make_u32(&make, 5);
    make_u64(&make, VOCAB);
    for (uint32_t i = 0; i < VOCAB; i++)
        make_u32(&make, i == 257 ? 3 : 1);
    put_strings("tokenizer.ggml.merges", merges, 1);
    make_key_u32(&make, "tokenizer.ggml.eos_token_id", 257);
}

static void put_shape(const char *architecture)
{
    make_key_text(&make, "general.architecture", architecture);
    make_key_text(&make, "general.name", "tiny");
    make_key_u32(&make, "llama.block_count", LAYERS);
    make_key_u32(&make, "llama.context_length", 64);
    make_key_u32(&make, "llama.embedding_length", D);
    make_key_u32(&make, "llama.feed_forward_length", FF);
    make_key_u32(&make, "llama.attention.head_count", 2);
    make_key_u32(&make, "llama.attention.head_count_kv", 1);
    make_key_f32(&make, "llama.attention.layer_norm_rms_epsilon", 1e-5F);
    make_key_f32(&make, "llama.rope.freq_base", 10000);
    make_key_u32(&make, "general.alignment", 32);
    make_key_u32(&make, "llama.vocab_size", VOCAB);
}

struct shape_of { const char *name; uint32_t n_dims; uint64_t dims[2]; };
static const struct shape_of shapes[TENSORS] = {
    {"token_embd.weight", 2, {D, VOCAB}}, {"output_norm.weight", 1, {D, 0}}, {"blk.0.attn_norm.weight", 1, {D, 0}},
    {"blk.0.attn_q.weight", 2, {D, D}}, {"blk.0.attn_k.weight", 2, {D, D / 2}}, {"blk.0.attn_v.weight", 2, {D, D / 2}},
    {"blk.0.attn_output.weight", 2, {D, D}}, {"blk.0.ffn_norm.weight", 1, {D, 0}}, {"blk.0.ffn_gate.weight", 2, {D, FF}},
    {"blk.0.ffn_up.weight", 2, {D, FF}}, {"blk.0.ffn_down.weight", 2, {FF, D}}};

/* change[i] stands for shapes[i] where its name is not NULL. Returns the size of the header. */
static size_t make_model(const char *architecture, const struct shape_of *instead, size_t which, uint32_t type)
{
    uint64_t state = 5;
    size_t header;
    make_begin(&make, TENSORS, KEYS);
    put_shape(architecture);
    put_tokenizer();
    for (size_t i = 0; i < TENSORS; i++) {
        const struct shape_of *s = instead && i == which ? instead : &shapes[i];
        make_tensor(&make, s->name, s->n_dims == 1 ? 0 : instead && i == which ? type : 8, s->n_dims, s->dims);
    }
    header = make.n;
    make_data_random(&make, &state);
    return header;
}

/* ---- trying a file ------------------------------------------------------------------------------------- */

static void ignore_row(void *ctx, size_t pos, const float *logprobs)
{
    (void)pos;
    *(float *)ctx += logprobs[0];
}

/* Open, and run if it opens; the message is one line and names the file. */
static enum rc try_file(char *message)
{
    static const int32_t ids[3] = {1, 2, 3};
    struct model *m = NULL;
    struct model_info info;
    struct err e = {""};
    float sum = 0;
    enum rc rc = model_open(path, NULL, &m, &e);
    if (rc == RC_OK) {
        model_info(m, &info);
        if (model_logits(m, NULL, ids, 3, 2, ignore_row, &sum, &e) == RC_OK)
            rc = model_check(m, &e);
        model_close(m);
        if (rc != RC_OK)
            rc = RC_OK; /* it loads; that its values are nonsense is not for the reader to say */
    } else {
        ck_assert_msg(strchr(e.msg, '\n') == NULL && strstr(e.msg, "briefd-gguf-"), "%s", e.msg);
        for (const char *s = e.msg; *s; s++)
            ck_assert_msg((unsigned char)*s >= ' ', "%s", e.msg);
    }
    if (message)
        memcpy(message, e.msg, sizeof(e.msg));
    return rc;
}

static void expect_bad(const char *field, const char *reason)
{
    char message[sizeof(((struct err *)0)->msg)];
    make_write(&make, path);
    ck_assert_int_eq(try_file(message), RC_BAD);
    ck_assert_msg(strstr(message, field) && strstr(message, reason) && strstr(message, " at offset "), "'%s' lacks '%s' or '%s'",
                  message, field, reason);
}

/* Where `name` (with its length before it) stands in the file. */
static size_t offset_of(const char *name)
{
    size_t n = strlen(name);
    for (size_t i = 8; i + n < make.n; i++) {
        uint64_t len;
        memcpy(&len, make.bytes + i - 8, 8);
        if (len == n && memcmp(make.bytes + i, name, n) == 0)
            return i - 8;
    }
    ck_abort_msg("%s", name);
}

static void set_u32(size_t at, uint32_t v)
{
    memcpy(make.bytes + at, &v, sizeof(v));
}

static void set_u64(size_t at, uint64_t v)
{
    memcpy(make.bytes + at, &v, sizeof(v));
}

/* A u32 key's value. */
static void set_key(const char *key, uint32_t v)
{
    set_u32(offset_of(key) + 8 + strlen(key) + 4, v);
}

/* ---- tests --------------------------------------------------------------------------------------------- */

START_TEST(the_tiny_model_loads)
{
    make_model("llama", NULL, 0, 0);
    make_write(&make, path);
    ck_assert_int_eq(try_file(NULL), RC_OK);
}
END_TEST

START_TEST(cut_anywhere)
{
    size_t header = make_model("llama", NULL, 0, 0), step;
    for (size_t n = 0; n < make.n; n += step) {
        step = n < header ? 1 : 997; /* every byte of the header, and here and there in the values */
        make_write_bytes(path, make.bytes, n);
        ck_assert_msg(try_file(NULL) == RC_BAD, "cut at %zu", n);
    }
}
END_TEST

START_TEST(headers)
{
    char message[sizeof(((struct err *)0)->msg)];
    make_model("llama", NULL, 0, 0);
    make.bytes[0] = 'X';
    expect_bad("magic", "not a GGUF file");
    make_model("llama", NULL, 0, 0);
    set_u32(4, 2);
    expect_bad("version", "version 2");
    for (int shift = 20; shift < 64; shift += 11) {
        make_model("llama", NULL, 0, 0);
        set_u64(8, UINT64_C(1) << shift);
        expect_bad("tensor_count", "tensors do not fit");
        make_model("llama", NULL, 0, 0);
        set_u64(16, UINT64_C(1) << shift);
        expect_bad("metadata_kv_count", "keys do not fit");
    }
    unlink(path);
    ck_assert_int_eq(try_file(message), RC_BAD);
    ck_assert_ptr_nonnull(strstr(message, "cannot be opened"));
}
END_TEST

START_TEST(wrong_keys)
{
    size_t at;
    make_model("llama", NULL, 0, 0);
    set_u64(24, UINT64_MAX);
    expect_bad("key", "a name of 18446744073709551615 bytes");
    make_model("llama", NULL, 0, 0);
    set_u64(24, 0);
    expect_bad("key", "a name of 0 bytes");
    make_model("llama", NULL, 0, 0);
    at = offset_of("general.name");
    set_u32(at + 8 + 12, 77);
    expect_bad("general.name", "unknown type 77");
    make_model("llama", NULL, 0, 0);
    set_u64(at + 8 + 12 + 4, UINT64_MAX - 3);
    expect_bad("general.name", "the file ends at");
    make_model("llama", NULL, 0, 0);
    at = offset_of("tokenizer.ggml.tokens") + 8 + 21;
    set_u32(at + 4, MAKE_ARRAY);
    expect_bad("tokenizer.ggml.tokens", "array of arrays");
    make_model("llama", NULL, 0, 0);
    set_u64(at + 8, UINT64_C(1) << 60);
    expect_bad("tokenizer.ggml.tokens", "strings in");
    make_model("llama", NULL, 0, 0);
    at = offset_of("tokenizer.ggml.token_type") + 8 + 25;
    set_u64(at + 8, UINT64_MAX / 2);
    expect_bad("tokenizer.ggml.token_type", "the file ends at");
    make_model("llama", NULL, 0, 0);
    memcpy(make.bytes + offset_of("llama.vocab_size") + 8, "general.nam\0", 12);
    expect_bad("key", "a zero byte");
    make_model("llama", NULL, 0, 0);
    memcpy(make.bytes + offset_of("llama.vocab_size") + 8, "llama.rope.\x1b\n.x\xff", 16);
    memcpy(make.bytes + offset_of("general.alignment") + 8, "general.alignmenu", 17);
    make_write(&make, path);
    ck_assert_int_eq(try_file(NULL), RC_OK); /* keys that nobody asks for */
    make_model("llama", NULL, 0, 0);
    memcpy(make.bytes + offset_of("llama.embedding_length") + 8, "llama.context_length\0\0", 22);
    make_write(&make, path);
    ck_assert_int_eq(try_file(NULL), RC_BAD);
    make_model("llama", NULL, 0, 0);
    memcpy(make.bytes + offset_of("llama.attention.head_count") + 8 + 6, "rope.freq_base.count", 20);
    expect_bad("llama.attention.head_count", "missing");
    make_model("llama", NULL, 0, 0);
    set_key("general.alignment", 48);
    expect_bad("general.alignment", "not a power of two");
}
END_TEST

START_TEST(a_key_twice)
{
    make_begin(&make, 0, 2);
    make_key_u32(&make, "a.b", 1);
    make_key_u32(&make, "a.b", 2);
    expect_bad("a.b", "twice");
}
END_TEST

START_TEST(shapes_that_cannot_be)
{
    static const struct { const char *key; uint32_t value; const char *reason; } wrong[] = {
        {"llama.block_count", 0, "not from"}, {"llama.block_count", UINT32_MAX, "not from"},
        {"llama.embedding_length", 0, "not from"}, {"llama.embedding_length", 1 << 30, "not from"},
        {"llama.context_length", 0, "not from"}, {"llama.feed_forward_length", 0, "not from"},
        {"llama.attention.head_count", 0, "not from"}, {"llama.attention.head_count", 3, ""},
        {"llama.attention.head_count_kv", 0, "not from"}, {"llama.attention.head_count_kv", 7, "share"}};
    make_model("warp-drive", NULL, 0, 0);
    expect_bad("general.architecture", "'warp-drive' is unknown");
    for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++) {
        make_model("llama", NULL, 0, 0);
        set_key(wrong[i].key, wrong[i].value);
        expect_bad(*wrong[i].reason ? wrong[i].key : "", wrong[i].reason);
    }
    for (uint32_t v = 2; v < 40; v += 37) { /* sizes that the tensors do not have */
        make_model("llama", NULL, 0, 0);
        set_key("llama.feed_forward_length", v);
        expect_bad("blk.0.ffn_gate.weight", "is expected");
        make_model("llama", NULL, 0, 0);
        set_key("llama.block_count", v);
        expect_bad("blk.1.attn_norm.weight", "missing");
    }
}
END_TEST

START_TEST(wrong_tensors)
{
    const struct shape_of wide = {"blk.0.ffn_up.weight", 2, {D, 2 * FF}}, other = {"blk.0.ffn_uq.weight", 2, {D, FF}},
                          twice = {"blk.0.ffn_gate.weight", 2, {D, FF}};
    size_t at;
    make_model("llama", &wide, 9, 8);
    expect_bad("blk.0.ffn_up.weight", "dimension 1 is 64 where 32 is expected");
    make_model("llama", &other, 9, 8);
    expect_bad("blk.0.ffn_up.weight", "missing");
    make_model("llama", &twice, 9, 8);
    expect_bad("blk.0.ffn_gate.weight", "twice");
    make_model("llama", NULL, 0, 0);
    at = offset_of("blk.0.ffn_up.weight") + 8 + 19; /* n_dims, two dims, type, offset */
    set_u32(at, 0);
    expect_bad("blk.0.ffn_up.weight", "0 dimensions");
    make_model("llama", NULL, 0, 0);
    set_u32(at, 5);
    expect_bad("blk.0.ffn_up.weight", "5 dimensions");
    make_model("llama", NULL, 0, 0);
    set_u64(at + 4, 0);
    expect_bad("blk.0.ffn_up.weight", "dimension 0 is 0");
    make_model("llama", NULL, 0, 0);
    set_u64(at + 4, UINT64_C(1) << 39);
    set_u64(at + 12, UINT64_C(1) << 39);
    expect_bad("blk.0.ffn_up.weight", "dimension 1 is");
    make_model("llama", NULL, 0, 0);
    set_u64(at + 4, 33);
    expect_bad("blk.0.ffn_up.weight", "not whole blocks");
    make_model("llama", NULL, 0, 0);
    set_u32(at + 20, 99);
    expect_bad("blk.0.ffn_up.weight", "unknown tensor type 99");
    make_model("llama", NULL, 0, 0);
    set_u64(at + 24, 7);
    expect_bad("blk.0.ffn_up.weight", "not aligned");
    make_model("llama", NULL, 0, 0);
    set_u64(at + 24, UINT64_MAX - 31);
    expect_bad("blk.0.ffn_up.weight", "beyond the file's end");
    make_model("llama", NULL, 0, 0);
    set_u64(at + 24, 32);
    expect_bad("at offset", "overlap");
}
END_TEST

START_TEST(a_file_that_shrinks)
{
    struct gguf *g = NULL;
    struct err e;
    char hex[65];
    uint8_t bytes[64];
    make_model("llama", NULL, 0, 0);
    make_write(&make, path);
    ck_assert(gguf_open(path, &g, &e) == RC_OK);
    ck_assert(gguf_read(g, gguf_tensor(g, "blk.0.ffn_down.weight"), 0, bytes, sizeof(bytes), &e) == RC_OK);
    ck_assert_int_eq(truncate(path, 4096), 0);
    ck_assert_int_eq(gguf_read(g, gguf_tensor(g, "blk.0.ffn_down.weight"), 0, bytes, sizeof(bytes), &e), RC_BAD);
    ck_assert_msg(strstr(e.msg, "shorter"), "%s", e.msg);
    ck_assert_int_eq(gguf_hash(g, hex, &e), RC_BAD);
    gguf_close(g);
}
END_TEST

START_TEST(values_that_are_no_numbers)
{
    struct model *m = NULL;
    struct err e;
    uint64_t begin;
    make_model("llama", NULL, 0, 0);
    make_write(&make, path);
    struct gguf *g = NULL;
    ck_assert(gguf_open(path, &g, &e) == RC_OK);
    begin = gguf_tensor(g, "blk.0.ffn_up.weight")->offset;
    gguf_close(g);
    make.bytes[begin + 1] = 0x7E; /* the scale of the first block becomes a NaN */
    make_write(&make, path);
    ck_assert_int_eq(try_file(NULL), RC_OK);
    ck_assert(model_open(path, NULL, &m, &e) == RC_OK);
    ck_assert_int_eq(model_check(m, &e), RC_BAD);
    ck_assert_msg(strstr(e.msg, "blk.0.ffn_up.weight"), "%s", e.msg);
    model_close(m);
}
END_TEST

/* ---- split models --------------------------------------------------------------------------------------- */

enum { PARTS = 3 };
static const size_t part_begins[PARTS + 1] = {0, 4, 5, TENSORS};

static const char *part_path(unsigned i)
{
    static char name[PARTS][sizeof(path) + 24];
    snprintf(name[i], sizeof(name[i]), "%s-%05u-of-%05u.gguf", path, i + 1, PARTS);
    return name[i];
}

/* Part i of the tiny model into `make`; n_keys: of the three split keys, the first so many. */
static void make_part(unsigned i, uint32_t no, uint32_t count, uint32_t n_tensors, uint64_t n_keys, uint64_t *state)
{
    const struct { const char *key; uint32_t value; } keys[] = {
        {"split.count", count}, {"split.no", no}, {"split.tensors.count", n_tensors}};
    make_begin(&make, part_begins[i + 1] - part_begins[i], (i ? 0 : KEYS) + n_keys);
    if (i == 0) {
        put_shape("llama");
        put_tokenizer();
    }
    for (size_t k = 0; k < n_keys; k++)
        make_key_u32(&make, keys[k].key, keys[k].value);
    for (size_t t = part_begins[i]; t < part_begins[i + 1]; t++)
        make_tensor(&make, shapes[t].name, shapes[t].n_dims == 1 ? 0 : 8, shapes[t].n_dims, shapes[t].dims);
    make_data_random(&make, state);
}

/* The whole set, right. */
static void write_parts(void)
{
    uint64_t state = 5;
    for (unsigned i = 0; i < PARTS; i++) {
        make_part(i, i, PARTS, TENSORS, 3, &state);
        make_write(&make, part_path(i));
    }
}

static void unlink_parts(void)
{
    for (unsigned i = 0; i < PARTS; i++)
        unlink(part_path(i));
}

/* Opening any part gives RC_BAD with the name of `file` and `reason`. */
static void expect_bad_set(const char *file, const char *reason)
{
    for (unsigned i = 0; i < PARTS; i++) {
        struct model *m = NULL;
        struct err e = {""};
        if (access(part_path(i), F_OK) != 0)
            continue;
        ck_assert_int_eq(model_open(part_path(i), NULL, &m, &e), RC_BAD);
        ck_assert_msg(strstr(e.msg, strrchr(file, '/') + 1) && strstr(e.msg, reason), "'%s' lacks '%s' or '%s'", e.msg, file, reason);
    }
}

static void sum_logprobs(const char *file, double *sum)
{
    static const int32_t ids[3] = {1, 2, 3};
    struct model *m = NULL;
    struct err e;
    float first = 0;
    ck_assert_msg(model_open(file, NULL, &m, &e) == RC_OK, "%s", e.msg);
    ck_assert(model_logits(m, NULL, ids, 3, 1, ignore_row, &first, &e) == RC_OK);
    ck_assert_msg(model_check(m, &e) == RC_OK, "%s", e.msg);
    *sum = (double)first;
    model_close(m);
}

START_TEST(a_set_of_parts_is_the_whole_model)
{
    static uint8_t all[MAKE_MAX * PARTS];
    struct gguf *g = NULL;
    struct err e;
    double whole, parts;
    char hex[65], expected[65];
    uint8_t digest[SHA256_SIZE];
    size_t n = 0;
    make_model("llama", NULL, 0, 0);
    make_write(&make, path);
    sum_logprobs(path, &whole);
    write_parts();
    for (unsigned i = 0; i < PARTS; i++) {
        sum_logprobs(part_path(i), &parts);
        ck_assert(whole == parts && isfinite(whole));
        FILE *f = fopen(part_path(i), "rb");
        ck_assert_ptr_nonnull(f);
        n += fread(all + n, 1, sizeof(all) - n, f);
        fclose(f);
    }
    /* the hash is that of the parts one after the other, whichever of them is named */
    sha256(all, n, digest);
    str_hex(digest, sizeof(digest), expected);
    for (unsigned i = 0; i < PARTS; i++) {
        ck_assert(gguf_open(part_path(i), &g, &e) == RC_OK);
        ck_assert_uint_eq(gguf_n_parts(g), PARTS);
        ck_assert_uint_eq(gguf_bytes(g), n);
        ck_assert_uint_eq(gguf_n_tensors(g), TENSORS);
        ck_assert_str_eq(gguf_path(g), part_path(i));
        ck_assert_uint_eq(gguf_tensor(g, shapes[0].name)->part, 0);
        ck_assert_uint_eq(gguf_tensor(g, shapes[4].name)->part, 1);
        ck_assert_uint_eq(gguf_tensor(g, shapes[10].name)->part, 2);
        ck_assert(gguf_hash(g, hex, &e) == RC_OK);
        ck_assert_str_eq(hex, expected);
        gguf_close(g);
    }
    unlink_parts();
}
END_TEST

START_TEST(sets_that_lie)
{
    uint64_t state = 1;
    for (unsigned i = 0; i < PARTS; i++) {
        write_parts();
        unlink(part_path(i));
        expect_bad_set(part_path(i), "cannot be opened");
        write_parts();
        make_part(i, (i + 1) % PARTS, PARTS, TENSORS, 3, &state);
        make_write(&make, part_path(i));
        expect_bad_set(part_path(i), "split.no");
        write_parts();
        make_part(i, i, PARTS, TENSORS + 1, 3, &state);
        make_write(&make, part_path(i));
        expect_bad_set("/", "split.tensors.count");
        write_parts();
        make_part(i, i, PARTS + 1, TENSORS, 3, &state);
        make_write(&make, part_path(i));
        expect_bad_set("/", "split.");
        write_parts();
        make_part(i, i, PARTS, TENSORS, 2, &state);
        make_write(&make, part_path(i));
        expect_bad_set(part_path(i), "split.tensors.count at offset 0: missing");
        write_parts();
        make_part(i, i, PARTS, TENSORS, 3, &state);
        make_write_bytes(part_path(i), make.bytes, make.n - 32);
        expect_bad_set(part_path(i), "beyond the file's end");
        make_write_bytes(part_path(i), make.bytes, 40);
        expect_bad_set(part_path(i), "");
    }
    for (uint32_t n = TENSORS - 1; n <= TENSORS + 1; n += 2) { /* all say the same, and all are wrong */
        for (unsigned i = 0; i < PARTS; i++) {
            make_part(i, i, PARTS, n, 3, &state);
            make_write(&make, part_path(i));
        }
        expect_bad_set(part_path(0), "the parts have 11");
    }
    write_parts();
    make_part(2, 1, PARTS, TENSORS, 3, &state);
    make_write(&make, part_path(1));
    expect_bad_set("/", "the parts have 16"); /* right numbers, and the third part's tensors twice */
    unlink_parts();
}
END_TEST

START_TEST(parts_with_the_same_tensor)
{
    uint64_t state = 1;
    write_parts();
    make_part(2, 2, PARTS, TENSORS, 3, &state); /* blk.0.attn_v comes again, under the length of attn_k */
    memcpy(make.bytes + offset_of("blk.0.attn_v.weight") + 8, "blk.0.attn_k.weight", 19);
    make_write(&make, part_path(2));
    expect_bad_set(part_path(2), "stands also in part 2");
    unlink_parts();
}
END_TEST

START_TEST(a_wrong_tensor_names_its_part)
{
    uint64_t state = 1;
    write_parts();
    make_part(2, 2, PARTS, TENSORS, 3, &state);
    memcpy(make.bytes + offset_of("blk.0.ffn_up.weight") + 8, "blk.0.ffn_uq.weight", 19);
    make_write(&make, part_path(2));
    expect_bad_set(part_path(0), "blk.0.ffn_up.weight at offset 0: the tensor is missing");
    make_part(2, 2, PARTS, TENSORS, 3, &state);
    set_u64(offset_of("blk.0.ffn_norm.weight") + 8 + 21 + 4, D / 2);
    make_write(&make, part_path(2));
    expect_bad_set(part_path(2), "blk.0.ffn_norm.weight");
    unlink_parts();
}
END_TEST

START_TEST(parts_under_other_names)
{
    char message[sizeof(((struct err *)0)->msg)];
    uint64_t state = 1;
    make_part(0, 0, PARTS, TENSORS, 3, &state);
    make_write(&make, path); /* no -00001-of-00003.gguf */
    ck_assert_int_eq(try_file(message), RC_BAD);
    ck_assert_msg(strstr(message, "-00001-of-00003.gguf"), "%s", message);
    make_part(0, 0, GGUF_MAX_PARTS + 1, TENSORS, 3, &state);
    expect_bad("split.count", "at most");
    make_part(0, PARTS, PARTS, TENSORS, 3, &state);
    expect_bad("split.no", "counted from 0");
    for (uint32_t count = 0; count < 2; count++) { /* one part is a whole file, and 0 is what merging leaves */
        struct gguf *g = NULL;
        struct err e;
        make_part(0, 0, count, TENSORS, 3, &state);
        make_write(&make, path);
        ck_assert_msg(gguf_open(path, &g, &e) == RC_OK, "%s", e.msg);
        ck_assert_uint_eq(gguf_n_parts(g), 1);
        gguf_close(g);
    }
}
END_TEST

/* ---- values that are no numbers ------------------------------------------------------------------------ */

/* From the layouts in ggml's ggml-common.h: where a block of each type has halves (or another float). */
static const struct { uint32_t type; size_t values, bytes, n, at[2]; char kind; } blocks[] = {
    {0, 1, 4, 1, {0}, 'f'},         {1, 1, 2, 1, {0}, 'h'},        {30, 1, 2, 1, {0}, 'b'},      {2, 32, 18, 1, {0}, 'h'},
    {3, 32, 20, 2, {0, 2}, 'h'},    {6, 32, 22, 1, {0}, 'h'},      {7, 32, 24, 2, {0, 2}, 'h'},  {8, 32, 34, 1, {0}, 'h'},
    {12, 256, 144, 2, {0, 2}, 'h'}, {13, 256, 176, 2, {0, 2}, 'h'}, {14, 256, 210, 1, {208}, 'h'}, {39, 32, 17, 1, {0}, 'e'}};

/* One tensor of 2 rows of 512 values, whose bytes are in `values`. */
static enum rc check_values(uint32_t type, const uint8_t *values, size_t n, struct err *e)
{
    const uint64_t dims[2] = {512, 2};
    struct gguf *g = NULL;
    make_begin(&make, 1, 0);
    make_tensor(&make, "some.weight", type, 2, dims);
    make.n = (make.n + 31) / 32 * 32;
    make_bytes(&make, values, n);
    make_write(&make, path);
    ck_assert_msg(gguf_open(path, &g, e) == RC_OK, "type %u: %s", type, e->msg);
    enum rc rc = gguf_check(g, e);
    gguf_close(g);
    return rc;
}

START_TEST(infinite_values_of_every_type)
{
    static uint8_t values[4096];
    struct err e = {""};
    for (uint32_t type = 0; type < 64; type++) {
        size_t k = 0;
        while (k < sizeof(blocks) / sizeof(blocks[0]) && blocks[k].type != type)
            k++;
        if (!type_find(type))
            continue; /* the reader refuses it */
        ck_assert_msg(k < sizeof(blocks) / sizeof(blocks[0]), "no test of type %u", type);
        size_t n = 1024 / blocks[k].values * blocks[k].bytes, block = blocks[k].bytes, last = n - block;
        memset(values, blocks[k].kind == 'h' ? 0x7B : 0x7E, n); /* large, and finite */
        ck_assert_msg(check_values(type, values, n, &e) == RC_OK, "type %u: %s", type, e.msg);
        for (size_t b = 0; b < block; b++) { /* an integer may be anything */
            bool part = false;
            for (size_t i = 0; i < blocks[k].n; i++)
                part = part || (b >= blocks[k].at[i] && b < blocks[k].at[i] + (blocks[k].kind == 'f' ? 4 : blocks[k].kind == 'e' ? 1 : 2));
            if (!part) values[last + b] = 0xFF;
        }
        ck_assert_msg(check_values(type, values, n, &e) == RC_OK, "type %u: %s", type, e.msg);
        for (size_t i = 0; i < blocks[k].n; i++)
            for (int sign = 0; sign < 2; sign++)
                for (int nan = 0; nan < 2; nan++) {
                    uint8_t *p = values + last + blocks[k].at[i], kept[4];
                    char expected[40];
                    memcpy(kept, p, sizeof(kept));
                    switch (blocks[k].kind) {
                    case 'f':
                        memcpy(p, (uint8_t[]){(uint8_t)nan, 0, 0x80, (uint8_t)(0x7F | sign << 7)}, 4);
                        break;
                    case 'h':
                        memcpy(p, (uint8_t[]){(uint8_t)nan, (uint8_t)(0x7C | sign << 7)}, 2);
                        break;
                    case 'b':
                        memcpy(p, (uint8_t[]){(uint8_t)(0x80 | nan), (uint8_t)(0x7F | sign << 7)}, 2);
                        break;
                    default:
                        *p = 0xFF;
                    }
                    ck_assert_msg(check_values(type, values, n, &e) == RC_BAD, "type %u, part %zu", type, i);
                    snprintf(expected, sizeof(expected), "row 1, value %zu:", 512 - blocks[k].values);
                    ck_assert_msg(strstr(e.msg, "some.weight") && strstr(e.msg, expected), "%s", e.msg);
                    memcpy(p, kept, sizeof(kept));
                }
    }
}
END_TEST

START_TEST(a_broken_value_in_another_part)
{
    struct model *m = NULL;
    struct err e;
    uint64_t state = 5;
    for (unsigned i = 0; i < PARTS; i++) {
        make_part(i, i, PARTS, TENSORS, 3, &state);
        if (i == 2) /* the last block's scale; 32 rows of 34 bytes need no padding */
            memcpy(make.bytes + make.n - 34, (uint8_t[]){0, 0x7E}, 2);
        make_write(&make, part_path(i));
    }
    ck_assert(model_open(part_path(0), NULL, &m, &e) == RC_OK);
    ck_assert_int_eq(model_check(m, &e), RC_BAD);
    ck_assert_msg(strstr(e.msg, "-00003-of-00003.gguf") && strstr(e.msg, "blk.0.ffn_down.weight"), "%s", e.msg);
    model_close(m);
    unlink_parts();
}
END_TEST

/* ---- random -------------------------------------------------------------------------------------------- */

/* A few bytes of the first `reach` changed, some to values that hurt. */
static void mutate(uint8_t *bytes, size_t reach, uint64_t *state)
{
    static const uint8_t nasty[] = {0, 1, 0x7F, 0x80, 0xFF};
    for (uint64_t k = 1 + suite_random(state) % 4; k > 0; k--) {
        size_t at = suite_random(state) % reach;
        bytes[at] = suite_random(state) % 2 ? (uint8_t)suite_random(state) : nasty[suite_random(state) % sizeof(nasty)];
    }
}

START_TEST(random_mutations)
{
    uint64_t state = suite_seed("mutations of the tiny model");
    size_t header = make_model("llama", NULL, 0, 0);
    uint8_t *copy = malloc(make.n);
    unsigned long loaded = 0, n = suite_count(500, 10000);
    ck_assert_ptr_nonnull(copy);
    for (unsigned long i = 0; i < n; i++) {
        memcpy(copy, make.bytes, make.n);
        mutate(copy, i % 4 ? header : make.n, &state);
        make_write_bytes(path, copy, make.n);
        loaded += try_file(NULL) == RC_OK;
    }
    printf("%lu of %lu mutated files still loaded and ran\n", loaded, n);
    ck_assert_uint_gt(loaded, 0); /* or nothing behind the reader was tested */
    free(copy);
}
END_TEST

START_TEST(random_mutations_of_vectors)
{
    static const char *const names[] = {"granitemoe", "mixtral", "llama-ropefreqs", "deepseek2-mha", "deepseek2-v3style",
                                        "gpt-oss", "phi3", "phimoe", "reference/deepseek2-groups", "reference/qwen2moe"};
    uint64_t state = suite_seed("mutations of vectors");
    const char *source = getenv("BRIEFD_TEST_SOURCE");
    for (size_t k = 0; k < sizeof(names) / sizeof(names[0]); k++) {
        enum { REACH = 12000 }; /* the header, and some values */
        static uint8_t bytes[1 << 20], copy[1 << 20];
        char from[4096];
        snprintf(from, sizeof(from), "%s/tests/data/gguf/%s.gguf", source ? source : ".", names[k]);
        FILE *f = fopen(from, "rb");
        ck_assert_msg(f != NULL, "%s", from);
        size_t n = fread(bytes, 1, sizeof(bytes), f);
        fclose(f);
        for (unsigned long i = 0; i < suite_count(60, 2000); i++) {
            memcpy(copy, bytes, n);
            mutate(copy, i % 3 ? REACH : n, &state);
            make_write_bytes(path, copy, n);
            (void)try_file(NULL);
        }
    }
}
END_TEST

int main(void)
{
    const TTest *const tests[] = {the_tiny_model_loads, cut_anywhere, headers, wrong_keys, a_key_twice, shapes_that_cannot_be, wrong_tensors,
                                  a_set_of_parts_is_the_whole_model, sets_that_lie, parts_with_the_same_tensor,
                                  a_wrong_tensor_names_its_part, parts_under_other_names, infinite_values_of_every_type,
                                  a_broken_value_in_another_part, a_file_that_shrinks, values_that_are_no_numbers, random_mutations,
                                  random_mutations_of_vectors};
    int rc, fd = mkstemp(path);
    if (fd < 0) {
        perror(path);
        return EXIT_FAILURE;
    }
    close(fd);
    rc = suite_run("gguf", tests, sizeof(tests) / sizeof(tests[0]));
    unlink(path);
    return rc;
}
