/* Tokenizers against ids that two other implementations agree on (shared/vectors/tokenizers, its README says which),
 * and against properties: borders of segments change nothing, text of records yields no special token, hostile texts. */
#include "suite.h"
#include "../../inference/gguf.h"
#include "../../inference/pretokenize.h"
#include "../../inference/tokenizer.h"

#include <cjson/cJSON.h>
#include <dirent.h>
#include <math.h>
#include <unistd.h>
#include "../../base/str.h"

/* ---- files ----------------------------------------------------------------------------------------------------------- */

static const char *vectors(const char *folder, const char *name, const char *ending)
{
    static char path[4096];
    const char *source = getenv("BRIEFD_TEST_SOURCE");
    snprintf(path, sizeof(path), "%s/../shared/vectors/%s/%s%s", source ? source : ".", folder, name, ending);
    return path;
}

static struct tokenizer *open_path(const char *path)
{
    struct gguf *g = NULL;
    struct tokenizer *t = NULL;
    struct err e;
    ck_assert_msg(gguf_open(path, &g, &e) == RC_OK, "%s", e.msg);
    ck_assert_msg(tokenizer_open(g, &t, &e) == RC_OK, "%s", e.msg);
    gguf_close(g);
    return t;
}

static struct tokenizer *open_name(const char *name)
{
    return open_path(vectors("tokenizers", name, ".vocab.gguf"));
}

/* Calls on_line for every JSON line of a file. */
static size_t each_line(const char *path, void (*on_line)(void *ctx, const cJSON *line), void *ctx)
{
    FILE *f = fopen(path, "rb");
    char *line = NULL;
    size_t cap = 0, count = 0;
    ck_assert_msg(f != NULL, "%s", path);
    for (ssize_t n; (n = getline(&line, &cap, f)) > 0; count++) {
        cJSON *j = cJSON_ParseWithLength(line, (size_t)n);
        ck_assert_msg(j != NULL, "%s: line %zu", path, count + 1);
        on_line(ctx, j);
        cJSON_Delete(j);
    }
    free(line);
    fclose(f);
    return count;
}

/* ---- helpers --------------------------------------------------------------------------------------------------------- */

struct ids {
    int32_t *v;
    size_t n;
};

static struct ids encode(const struct tokenizer *t, enum segment_kind kind, const char *s, size_t n, enum token_parse parse)
{
    struct ids ids = {0};
    struct err e;
    struct segment seg = {kind, s, n};
    ck_assert_msg(tokenizer_encode(t, &seg, 1, parse, false, &ids.v, &ids.n, &e) == RC_OK, "%s", e.msg);
    ck_assert_ptr_nonnull(ids.v);
    return ids;
}

static void check_ids(const struct ids *got, const cJSON *want, const char *text)
{
    bool same = got->n == (size_t)cJSON_GetArraySize(want);
    const cJSON *id = want->child;
    for (size_t i = 0; same && i < got->n; i++, id = id->next) same = got->v[i] == (int32_t)id->valuedouble;
    if (same) return;
    fprintf(stderr, "got ");
    for (size_t i = 0; i < got->n; i++) fprintf(stderr, " %d", (int)got->v[i]);
    char *expected = cJSON_PrintUnformatted(want);
    ck_abort_msg("ids of '%s' are not %s", text, expected);
}

/* The bytes of ids put together again. */
static void check_round_trip(const struct tokenizer *t, const struct ids *ids, const char *s, size_t n, const char *extra)
{
    size_t at = 0, skip = strlen(extra);
    for (size_t i = 0; i < ids->n; i++) {
        size_t len;
        const char *bytes = tokenizer_bytes(t, ids->v[i], &len);
        for (size_t k = 0; k < len; k++, at++) {
            if (at < skip) ck_assert_int_eq(bytes[k], extra[at]);
            else ck_assert(at - skip < n && bytes[k] == s[at - skip]);
        }
    }
    ck_assert_uint_eq(at, n ? n + skip : 0);
}

static void check_line(void *ctx, const cJSON *line)
{
    const cJSON *text = cJSON_GetObjectItemCaseSensitive(line, "text"), *hex = cJSON_GetObjectItemCaseSensitive(line, "hex");
    size_t n = strlen(text->valuestring);
    char *s = malloc(n + 1 + (hex ? strlen(hex->valuestring) : 0));
    ck_assert_ptr_nonnull(s);
    memcpy(s, text->valuestring, n + 1);
    if (hex) {
        n = strlen(hex->valuestring) / 2;
        ck_assert(str_unhex(hex->valuestring, (uint8_t *)s, n));
    }
    struct ids got = encode(ctx, SEGMENT_TEMPLATE, s, n, TOKENS_USER_DEFINED);
    check_ids(&got, cJSON_GetObjectItemCaseSensitive(line, "ids"), text->valuestring);
    free(got.v);
    free(s);
}

/* The side that matches the tokenizer which the model was trained with. */
static void check_disagreement(void *ctx, const cJSON *line)
{
    const char *side = cJSON_GetObjectItemCaseSensitive(line, "model")->valuestring;
    const char *text = cJSON_GetObjectItemCaseSensitive(line, "text")->valuestring;
    struct ids got = encode(ctx, SEGMENT_TEMPLATE, text, strlen(text), TOKENS_USER_DEFINED);
    check_ids(&got, cJSON_GetObjectItemCaseSensitive(line, str_eq(side, "js") ? "js_ids" : "llama_ids"), text);
    free(got.v);
}

/* ---- vectors --------------------------------------------------------------------------------------------------------- */

static void compare(const char *name, size_t least)
{
    struct tokenizer *t = open_name(name);
    size_t n = each_line(vectors("tokenizers", name, ".jsonl"), check_line, t);
    ck_assert_uint_ge(n, least);
    tokenizer_close(t);
}

START_TEST(ids_of_qwen3) { compare("qwen3", 245); } END_TEST
START_TEST(ids_of_deepseek_v3) { compare("deepseek_v3", 250); } END_TEST
START_TEST(ids_of_gpt_oss) { compare("gpt_oss", 237); } END_TEST
START_TEST(ids_of_mistral) { compare("mistral", 250); } END_TEST

START_TEST(the_models_side_of_disagreements)
{
    static const char *const names[] = {"qwen3", "gpt_oss"};
    for (size_t i = 0; i < COUNT_OF(names); i++) {
        struct tokenizer *t = open_name(names[i]);
        ck_assert_uint_gt(each_line(vectors("tokenizers", names[i], ".disagreements.jsonl"), check_disagreement, t), 0);
        tokenizer_close(t);
    }
}
END_TEST

/* The whole rendered conversation as one template segment: special tokens parsed, bos as it stands in the text. */
static void check_chat_text(void *ctx, const cJSON *line)
{
    const char *text = cJSON_GetObjectItemCaseSensitive(line, "text")->valuestring;
    struct ids got = encode(ctx, SEGMENT_TEMPLATE, text, strlen(text), TOKENS_SPECIAL);
    check_ids(&got, cJSON_GetObjectItemCaseSensitive(line, "ids"), text);
    free(got.v);
}

START_TEST(special_tokens_of_templates)
{
    static const char *const files[][2] = {{"qwen3", "qwen3"}, {"deepseek_v3", "deepseek_v3"},
                                           {"deepseek_v3", "deepseek_r1"}, {"gpt_oss", "gpt_oss"}};
    for (size_t i = 0; i < COUNT_OF(files); i++) {
        struct tokenizer *t = open_name(files[i][0]);
        ck_assert_uint_gt(each_line(vectors("tokenizers", files[i][1], ".chat.jsonl"), check_chat_text, t), 0);
        tokenizer_close(t);
    }
}
END_TEST

/* The "tokenize" entries beside the tiny models: other pre-tokenisers on a made-up vocabulary. llama.cpp made them with
 * control tokens parsed. */
START_TEST(ids_of_the_tiny_models)
{
    DIR *d = opendir(vectors("gguf", "", ""));
    size_t n = 0;
    ck_assert_ptr_nonnull(d);
    for (struct dirent *f; (f = readdir(d));) {
        char name[256];
        if (!str_ends(f->d_name, ".json")) continue;
        snprintf(name, sizeof(name), "%.*s", (int)(strlen(f->d_name) - 5), f->d_name);
        struct tokenizer *t = open_path(vectors("gguf", name, ".gguf"));
        FILE *in = fopen(vectors("gguf", name, ".json"), "rb");
        ck_assert_ptr_nonnull(in);
        static char json[1 << 20];
        cJSON *j = cJSON_ParseWithLength(json, fread(json, 1, sizeof(json), in));
        fclose(in);
        ck_assert_ptr_nonnull(j);
        const cJSON *c;
        cJSON_ArrayForEach(c, cJSON_GetObjectItemCaseSensitive(j, "tokenize")) {
            const char *text = cJSON_GetObjectItemCaseSensitive(c, "text")->valuestring;
            struct ids got = encode(t, SEGMENT_TEMPLATE, text, strlen(text), TOKENS_SPECIAL);
            check_ids(&got, cJSON_GetObjectItemCaseSensitive(c, "ids"), text);
            free(got.v);
            n++;
        }
        cJSON_Delete(j);
        tokenizer_close(t);
    }
    closedir(d);
    ck_assert_uint_ge(n, 100);
}
END_TEST

/* ---- segments -------------------------------------------------------------------------------------------------------- */

static const char prompt[] =
    "<|im_start|>user\nIt's 5 o'clock, Gr\xC3\xB6\xC3\x9F" "e 12.500 \xE2\x82\xAC  \n\n  e\xCC\x81t\xC3\xA9 [PERSON_1] "
    "<think>\xF0\x9F\x99\x82 don't<|im_end|>\n<|im_start|>assistant\n";

START_TEST(borders_change_nothing)
{
    struct tokenizer *t = open_name("qwen3");
    uint64_t seed = suite_seed("borders_change_nothing");
    struct ids whole = encode(t, SEGMENT_TEMPLATE, prompt, sizeof(prompt) - 1, TOKENS_SPECIAL);
    struct ids plain = encode(t, SEGMENT_DATA, prompt, sizeof(prompt) - 1, TOKENS_SPECIAL);
    for (unsigned long round = 0; round < suite_count(300, 20000); round++) {
        struct segment seg[64];
        size_t n = 0, at = 0, end = sizeof(prompt) - 1;
        bool template = round % 2;
        while (at < end) {
            size_t len = 1 + suite_random(&seed) % 9;
            if (n == 63 || len > end - at) len = end - at;
            seg[n++] = (struct segment){template ? SEGMENT_TEMPLATE : suite_random(&seed) % 2 ? SEGMENT_DATA : SEGMENT_SLOT,
                                        prompt + at, len};
            at += len;
        }
        struct ids got = {0}, *want = template ? &whole : &plain;
        struct err e;
        ck_assert(tokenizer_encode(t, seg, n, TOKENS_SPECIAL, true, &got.v, &got.n, &e) == RC_OK);
        ck_assert_uint_eq(got.n, want->n);
        ck_assert_mem_eq(got.v, want->v, got.n * sizeof(*got.v));
        free(got.v);
    }
    free(whole.v);
    free(plain.v);
    tokenizer_close(t);
}
END_TEST

START_TEST(data_yields_no_special_token)
{
    static const char *const names[] = {"qwen3", "deepseek_v3", "gpt_oss", "mistral"};
    for (size_t k = 0; k < COUNT_OF(names); k++) {
        struct tokenizer *t = open_name(names[k]);
        struct gguf *g = NULL;
        struct err e;
        struct vocab v;
        ck_assert(gguf_open(vectors("tokenizers", names[k], ".vocab.gguf"), &g, &e) == RC_OK);
        ck_assert(vocab_init(&v, g, k < 3, &e) == RC_OK);
        gguf_close(g);
        ck_assert_uint_gt(v.n_special, 1);
        for (size_t i = 0; i < v.n_special; i++) {
            size_t n;
            const char *text = vocab_text(&v, v.special[i], &n);
            struct ids as_data = encode(t, SEGMENT_DATA, text, n, TOKENS_SPECIAL);
            struct ids literal = encode(t, SEGMENT_TEMPLATE, text, n, TOKENS_LITERAL);
            struct ids ours = encode(t, SEGMENT_TEMPLATE, text, n, TOKENS_SPECIAL);
            ck_assert(ours.n == 1 && ours.v[0] == v.special[i]);
            ck_assert_uint_gt(as_data.n, 1);
            ck_assert_uint_eq(as_data.n, literal.n);
            for (size_t j = 0; j < as_data.n; j++) {
                enum token_type type = tokenizer_type(t, as_data.v[j]);
                ck_assert(type == TOKEN_NORMAL || type == TOKEN_BYTE);
                ck_assert_int_eq(as_data.v[j], literal.v[j]);
            }
            /* nor do data and template make one together */
            struct segment cut[] = {{SEGMENT_TEMPLATE, text, n - 1}, {SEGMENT_DATA, text + n - 1, 1}};
            struct ids both = {0};
            ck_assert(tokenizer_encode(t, cut, 2, TOKENS_SPECIAL, false, &both.v, &both.n, &e) == RC_OK);
            for (size_t j = 0; j < both.n; j++) ck_assert(both.v[j] != v.special[i]);
            free(as_data.v);
            free(literal.v);
            free(ours.v);
            free(both.v);
        }
        vocab_clear(&v);
        tokenizer_close(t);
    }
}
END_TEST

START_TEST(parse_modes)
{
    struct tokenizer *t = open_name("qwen3");
    struct ids a = encode(t, SEGMENT_TEMPLATE, "<think>", 7, TOKENS_USER_DEFINED);
    struct ids b = encode(t, SEGMENT_TEMPLATE, "<|im_end|>", 10, TOKENS_USER_DEFINED);
    struct ids c = encode(t, SEGMENT_TEMPLATE, "<|im_end|>", 10, TOKENS_SPECIAL);
    struct ids d = encode(t, SEGMENT_TEMPLATE, "<think>", 7, TOKENS_LITERAL);
    ck_assert(a.n == 1 && a.v[0] == 151667);
    ck_assert(b.n > 1);
    ck_assert(c.n == 1 && c.v[0] == 151645 && tokenizer_is_end(t, 151645) && tokenizer_is_end(t, 151643));
    ck_assert(d.n > 1);
    ck_assert(!tokenizer_is_end(t, 151667) && !tokenizer_is_end(t, -1) && !tokenizer_is_end(t, 1 << 30));
    free(a.v);
    free(b.v);
    free(c.v);
    free(d.v);
    tokenizer_close(t);
}
END_TEST

START_TEST(bos_as_the_file_says)
{
    static const struct {
        const char *name, *text;
        size_t n;
        int32_t first;
    } cases[] = {{"qwen3", "a", 1, 64}, {"mistral", "a", 2, 1}, {"deepseek_v3", "a", 2, 0},
                 {"deepseek_v3", "<\xEF\xBD\x9C" "begin\xE2\x96\x81of\xE2\x96\x81sentence\xEF\xBD\x9C>", 1, 0}};
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        struct tokenizer *t = open_name(cases[i].name);
        struct segment s = {SEGMENT_TEMPLATE, cases[i].text, strlen(cases[i].text)};
        struct ids got = {0};
        struct err e;
        ck_assert(tokenizer_encode(t, &s, 1, TOKENS_SPECIAL, true, &got.v, &got.n, &e) == RC_OK);
        ck_assert_uint_eq(got.n, cases[i].n);
        ck_assert_int_eq(got.v[0], cases[i].first);
        free(got.v);
        tokenizer_close(t);
    }
}
END_TEST

/* ---- hostile texts --------------------------------------------------------------------------------------------------- */

START_TEST(hostile_texts)
{
    static const char *const names[] = {"deepseek_v3", "gpt_oss", "qwen3", "mistral"};
    uint64_t seed = suite_seed("hostile_texts");
    size_t most = 1 << 20;
    char *s = malloc(most);
    ck_assert_ptr_nonnull(s);
    for (size_t k = 0; k < COUNT_OF(names); k++) {
        struct tokenizer *t = open_name(names[k]);
        static const char *const units[] = {"a", " ", "\n", "\t ", "A", "aA", "1", "\xC3\xA4", "\xE4\xB8\xAD", "'s", "<",
                                            "\x00", " \n", "\xE2\x96\x81", "\xCC\x81", "\xFF"};
        const char *extra = k == 3 ? " " : "";
        for (size_t u = 0; u < COUNT_OF(units) + 2; u++) {
            size_t len = u < COUNT_OF(units) ? strlen(units[u]) + !*units[u] : 0;
            size_t n = u == 0 || u == COUNT_OF(units) ? most : most >> 6; /* all of it for one letter and random bytes */
            for (size_t i = 0; i < n; i++) {
                if (u < COUNT_OF(units)) s[i] = units[u][i % len];
                else s[i] = (char)(suite_random(&seed) % (u == COUNT_OF(units) ? 256 : 128));
            }
            if (len > 1) memset(s + n - n % len, '.', n % len);
            struct ids got = encode(t, SEGMENT_DATA, s, n, TOKENS_SPECIAL);
            bool changes = (k == 3 && u == 13) || k == 2; /* U+2581 is a space in one, the other normalises */
            if (!changes) check_round_trip(t, &got, s, n, extra);
            ck_assert_uint_gt(got.n, 0);
            free(got.v);
        }
        tokenizer_close(t);
    }
    free(s);
}
END_TEST

/* Canonically equal marks in another order, so many that a sort by insertion would not end within a test's time. */
START_TEST(marks_in_any_order)
{
    static const char *const grave = "\xCC\x81", *const below = "\xCC\x96"; /* U+0301, class 230; U+0316, class 220 */
    struct tokenizer *t = open_name("qwen3");
    size_t n = 1 << 18;
    char *mixed = malloc(4 * n + 1), *sorted = malloc(4 * n + 1);
    ck_assert(mixed && sorted);
    mixed[0] = sorted[0] = 'x';
    for (size_t i = 0; i < n; i++) {
        memcpy(mixed + 1 + 4 * i, grave, 2);
        memcpy(mixed + 3 + 4 * i, below, 2);
        memcpy(sorted + 1 + 2 * i, below, 2);
        memcpy(sorted + 1 + 2 * (n + i), grave, 2);
    }
    struct ids a = encode(t, SEGMENT_DATA, mixed, 4 * n + 1, TOKENS_SPECIAL), b = encode(t, SEGMENT_DATA, sorted, 4 * n + 1, TOKENS_SPECIAL);
    ck_assert_uint_eq(a.n, b.n);
    ck_assert_mem_eq(a.v, b.v, a.n * sizeof(*a.v));
    free(a.v);
    free(b.v);
    free(mixed);
    free(sorted);
    tokenizer_close(t);
}
END_TEST

struct pieces {
    char text[256]; /* with a bar between two */
};

static enum rc on_piece(void *ctx, const char *begin, size_t n, struct err *e)
{
    struct pieces *p = ctx;
    (void)e;
    snprintf(p->text + strlen(p->text), sizeof(p->text) - strlen(p->text), "%s%.*s", *p->text ? "|" : "", (int)n, begin);
    return RC_OK;
}

/* Expected: the published expressions, run by the tokenizers library 0.23. */
START_TEST(pieces_of_the_expressions)
{
    static const char *const cases[][3] = {
        {"deepseek-llm", " \u201cHi\u201d\n", " |\u201c|Hi|\u201d|\n"},
        {"deepseek-llm", "a\u1e00b \u0967\u0968\u4e2d", "a|\u1e00|b| |\u0967\u0968|\u4e2d"},
        {"deepseek-llm", "\uff21\u00e9 12", "\uff21|\u00e9| |12"},
        {"deepseek-coder", "int x=\uff11\u0968; \u4e2d\u6587abc", "int| x|=|\uff11|\u0968|;| |\u4e2d\u6587|abc"},
        {"deepseek-coder", "\u00ab a\u00bb \n", "\u00ab| a|\u00bb| |\n"},
        {"tekken", "It's 2024 F\u00dcRst", "It|'s| |2|0|2|4| F\u00dcRst"},
        {"default", "a12345 <=b", "a|123|45| |<=|b"},
        {"gpt-4o", "F\u00dcR'S XMLHttp/\n/x", "F\u00dcR'S| XMLHttp|/\n/|x"},
        {"smollm", "a 12\u00bd b", "a| |1|2|\u00bd| b"},
    };
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        struct pieces p = {""};
        struct err e;
        const struct pretokenizer *pre = pretokenizer_find(cases[i][0]);
        ck_assert_ptr_nonnull(pre);
        ck_assert(pretokenize(pre, cases[i][1], strlen(cases[i][1]), on_piece, &p, &e) == RC_OK);
        ck_assert_str_eq(p.text, cases[i][2]);
    }
}
END_TEST

START_TEST(empty_text)
{
    struct tokenizer *t = open_name("mistral");
    struct ids got = encode(t, SEGMENT_DATA, "", 0, TOKENS_SPECIAL);
    ck_assert_uint_eq(got.n, 0);
    free(got.v);
    tokenizer_close(t);
    tokenizer_close(NULL);
}
END_TEST

/* ---- files that lie -------------------------------------------------------------------------------------------------- */

/* Just enough of a GGUF v3 writer. Source: the GGUF specification. */
enum gguf_type { G_U32 = 4, G_I32 = 5, G_F32 = 6, G_BOOL = 7, G_STRING = 8, G_ARRAY = 9 };

static void put(FILE *f, const void *bytes, size_t n)
{
    ck_assert_uint_eq(fwrite(bytes, 1, n, f), n);
}

static void put_u32(FILE *f, uint32_t v) { put(f, &v, 4); }
static void put_u64(FILE *f, uint64_t v) { put(f, &v, 8); }

static void put_string(FILE *f, const char *s)
{
    put_u64(f, strlen(s));
    put(f, s, strlen(s));
}

static void put_key(FILE *f, const char *key, enum gguf_type type)
{
    char full[64];
    snprintf(full, sizeof(full), "tokenizer.ggml.%s", key);
    put_string(f, full);
    put_u32(f, type);
}

struct lie { /* what differs from a good file of four tokens and a merge: 0 and NULL are as there */
    const char *key; /* the field that the message must name; NULL: the file is good */
    const char *model, *pre, *tokens[4], *merge;
    int32_t types[4];
    int less_types, less_scores; /* entries that the arrays lack */
    uint32_t bos;
    float score;
    bool bos_is_text;
};

static void write_lie(FILE *f, const struct lie *l)
{
    static const char *const tokens[] = {"a", "b", "ab", "<s>"};
    static const int32_t types[] = {1, 1, 1, 3};
    size_t n_types = (size_t)(4 - l->less_types), n_scores = (size_t)(4 - l->less_scores);
    put(f, "GGUF", 4);
    put_u32(f, 3);
    put_u64(f, 0);
    put_u64(f, 7);
    put_key(f, "model", G_STRING);
    put_string(f, l->model ? l->model : "gpt2");
    put_key(f, "pre", G_STRING);
    put_string(f, l->pre ? l->pre : "gpt-2");
    put_key(f, "tokens", G_ARRAY);
    put_u32(f, G_STRING);
    put_u64(f, 4);
    for (size_t i = 0; i < 4; i++) put_string(f, l->tokens[i] ? l->tokens[i] : tokens[i]);
    put_key(f, "token_type", G_ARRAY);
    put_u32(f, G_I32);
    put_u64(f, n_types);
    for (size_t i = 0; i < n_types; i++) put_u32(f, (uint32_t)(l->types[0] ? l->types : types)[i % 4]);
    put_key(f, "scores", G_ARRAY);
    put_u32(f, G_F32);
    put_u64(f, n_scores);
    for (size_t i = 0; i < n_scores; i++) put(f, &l->score, 4);
    put_key(f, "merges", G_ARRAY);
    put_u32(f, G_STRING);
    put_u64(f, 1);
    put_string(f, l->merge ? l->merge : "a b");
    put_key(f, "bos_token_id", l->bos_is_text ? G_STRING : G_U32);
    if (l->bos_is_text) put_string(f, "x");
    else put_u32(f, l->bos);
}

START_TEST(every_field_is_checked)
{
    static char long_token[1026];
    memset(long_token, 'x', 1025);
    const struct lie lies[] = {
        {NULL, .bos = 3},
        {NULL, .model = "llama"},
        {"model", .model = "bert"},
        {"model", .model = ""},
        {"pre", .pre = "no such"},
        {"token_type", .less_types = 1},
        {"token_type", .less_types = -1},
        {"token_type", .less_types = 4},
        {"token_type", .types = {1, 1, 0, 1}},
        {"token_type", .types = {1, 1, 7, 1}},
        {"token_type", .types = {1, -1, 1, 1}},
        {"tokens", .types = {1, 1, 1, 6}}, /* "<s>" is no byte */
        {"tokens", .tokens = {[3] = "a"}, .types = {1, 1, 1, 1}},
        {"tokens", .tokens = {[2] = "<s>"}, .types = {1, 1, 3, 3}},
        {"tokens", .tokens = {[3] = long_token}},
        {"merges", .merge = "a c"},
        {"merges", .merge = "b a"}, /* both are there, what they make is not */
        {"merges", .merge = "ab"},
        {"merges", .merge = ""},
        {"merges", .merge = " "},
        {"bos_token_id", .bos = 4},
        {"bos_token_id", .bos = UINT32_MAX},
        {"bos_token_id", .bos_is_text = true},
        {"scores", .model = "llama", .less_scores = 1},
        {"scores", .model = "llama", .score = (float)NAN},
    };
    for (size_t i = 0; i < COUNT_OF(lies); i++) {
        char path[] = "/tmp/test_tokenizer.XXXXXX";
        int fd = mkstemp(path);
        FILE *f = fdopen(fd, "wb");
        struct gguf *g = NULL;
        struct tokenizer *t = NULL;
        struct err e;
        ck_assert_ptr_nonnull(f);
        write_lie(f, &lies[i]);
        fclose(f);
        ck_assert_msg(gguf_open(path, &g, &e) == RC_OK, "%s", e.msg);
        enum rc rc = tokenizer_open(g, &t, &e);
        if (!lies[i].key) ck_assert_msg(rc == RC_OK, "%s", e.msg);
        else ck_assert_msg(rc == RC_BAD && strstr(e.msg, path) && strstr(e.msg, lies[i].key), "case %zu: %s", i, e.msg);
        tokenizer_close(t);
        gguf_close(g);
        unlink(path);
    }
}
END_TEST

/* Phi-3's special tokens take the white space behind them, also that of a record's text; other families' do not. */
START_TEST(white_space_behind_special_tokens)
{
    static const struct lie phi = {.model = "llama", .tokens = {"a", "<|end|>", "<|assistant|>", "\xE2\x96\x81"}, .types = {1, 3, 3, 1}},
                            other = {.model = "llama", .tokens = {"a", "<|end|>", "<|user|>", "\xE2\x96\x81"}, .types = {1, 3, 3, 1}};
    for (int is_phi = 0; is_phi < 2; is_phi++) {
        char path[] = "/tmp/test_tokenizer.XXXXXX";
        FILE *f = fdopen(mkstemp(path), "wb");
        ck_assert_ptr_nonnull(f);
        write_lie(f, is_phi ? &phi : &other);
        fclose(f);
        struct tokenizer *t = open_path(path);
        unlink(path);
        struct segment s[] = {{SEGMENT_TEMPLATE, "<|end|> ", 8}, {SEGMENT_DATA, "  a", 3}, {SEGMENT_TEMPLATE, "<|end|>", 7}};
        static const int32_t want[2][7] = {{1, 3, 3, 3, 3, 0, 1}, {1, 3, 0, 1}}; /* one space is the family's prefix */
        int32_t *ids;
        size_t n;
        struct err e;
        ck_assert(tokenizer_encode(t, s, 3, TOKENS_SPECIAL, false, &ids, &n, &e) == RC_OK);
        ck_assert_uint_eq(n, is_phi ? 4 : 7);
        for (size_t i = 0; i < n; i++) ck_assert_int_eq(ids[i], want[is_phi][i]);
        free(ids);
        tokenizer_close(t);
    }
}
END_TEST

int main(void)
{
    const TTest *const tests[] = {
        ids_of_qwen3, ids_of_deepseek_v3, ids_of_gpt_oss, ids_of_mistral, the_models_side_of_disagreements,
        special_tokens_of_templates, ids_of_the_tiny_models, borders_change_nothing, data_yields_no_special_token,
        parse_modes, bos_as_the_file_says, hostile_texts, marks_in_any_order, pieces_of_the_expressions, empty_text,
        white_space_behind_special_tokens,
        every_field_is_checked};
    FILE *f = fopen(vectors("tokenizers", "qwen3", ".vocab.gguf"), "rb");

    if (!f && !getenv("BRIEFD_REQUIRE_SHARED")) {
        fprintf(stderr, "skipped: no vectors at %s\n", vectors("tokenizers", "", ""));
        return SUITE_SKIP;
    }
    if (f) fclose(f);
    return suite_run("tokenizer", tests, COUNT_OF(tests));
}
