/* Chat formats against conversations rendered by the families' own templates (NAME.chat.jsonl of shared/vectors/tokenizers),
 * as far as one system and one user part can say them. */
#include "suite.h"
#include "../../inference/chat.h"
#include "../../inference/gguf.h"
#include "../../inference/tokenizer.h"

#include <cjson/cJSON.h>
#include "../../base/str.h"

static const char *vectors(const char *name, const char *ending)
{
    static char path[4096];
    const char *source = getenv("BRIEFD_TEST_SOURCE");
    snprintf(path, sizeof(path), "%s/../shared/vectors/tokenizers/%s%s", source ? source : ".", name, ending);
    return path;
}

static bool have_vectors(void)
{
    FILE *f = fopen(vectors("qwen3", ".chat.jsonl"), "rb");
    if (!f) {
        ck_assert_msg(!getenv("BRIEFD_REQUIRE_SHARED"), "no %s", vectors("qwen3", ".chat.jsonl"));
        fprintf(stderr, "skipped: no %s\n", vectors("qwen3", ".chat.jsonl"));
        return false;
    }
    fclose(f);
    return true;
}

static const char *content(const cJSON *messages, int at, const char *role)
{
    const cJSON *m = cJSON_GetArrayItem(messages, at);
    const cJSON *r = m ? cJSON_GetObjectItemCaseSensitive(m, "role") : NULL;
    return r && str_eq(r->valuestring, role) ? cJSON_GetObjectItemCaseSensitive(m, "content")->valuestring : NULL;
}

/* Take the line "Current date: ..." out: the format here has none. */
static void drop_date(char *text)
{
    char *line = strstr(text, "Current date: ");
    if (line) memmove(line, strchr(line, '\n') + 1, strlen(strchr(line, '\n')));
}

/* Compares one conversation; false if it has other parts than a system and a user text, or variables of its own. */
static bool check_line(const struct chat_family *f, const struct tokenizer *t, const cJSON *line)
{
    const cJSON *messages = cJSON_GetObjectItemCaseSensitive(line, "messages");
    const cJSON *ids = cJSON_GetObjectItemCaseSensitive(line, "ids");
    char *text = cJSON_GetObjectItemCaseSensitive(line, "text")->valuestring;
    const char *system = content(messages, 0, "system"), *user = content(messages, system ? 1 : 0, "user");
    if (!user || cJSON_GetArraySize(messages) != (system ? 2 : 1) || cJSON_HasObjectItem(line, "kwargs")) return false;

    struct segment s = {SEGMENT_TEMPLATE, system, system ? strlen(system) : 0}, u = {SEGMENT_DATA, user, strlen(user)}, *out;
    size_t n, n_got;
    int32_t *got;
    struct err e;
    struct buf all;
    ck_assert(chat_wrap(f, &s, system ? 1 : 0, &u, 1, &out, &n, &e) == RC_OK);
    buf_init(&all, 1 << 20);
    for (size_t i = 0; i < n; i++) buf_add(&all, out[i].bytes, out[i].n);
    bool date = strstr(text, "Current date: ") != NULL;
    drop_date(text);
    if (str_starts(text, "<\xEF\xBD\x9C" "begin")) text = strchr(text, '>') + 1; /* bos comes with the ids */
    ck_assert_str_eq(all.data, text);
    buf_clear(&all);
    ck_assert(tokenizer_encode(t, out, n, TOKENS_SPECIAL, true, &got, &n_got, &e) == RC_OK);
    if (!date) {
        ck_assert_int_eq((int)n_got, cJSON_GetArraySize(ids));
        for (size_t i = 0; i < n_got; i++) ck_assert_int_eq(got[i], cJSON_GetArrayItem(ids, (int)i)->valueint);
    }
    free(got);
    segments_free(out);
    return true;
}

static void compare(const char *family, const char *chats, const char *vocab)
{
    struct gguf *g = NULL;
    struct tokenizer *t = NULL;
    struct err e;
    const struct chat_family *f = chat_family_find(family);
    size_t compared = 0, cap = 0;
    char *line = NULL;
    if (!have_vectors()) return;
    ck_assert_ptr_nonnull(f);
    ck_assert(gguf_open(vectors(vocab, ".vocab.gguf"), &g, &e) == RC_OK);
    ck_assert(tokenizer_open(g, &t, &e) == RC_OK);
    gguf_close(g);
    FILE *in = fopen(vectors(chats, ".chat.jsonl"), "rb");
    ck_assert_ptr_nonnull(in);
    for (ssize_t n; (n = getline(&line, &cap, in)) > 0;) {
        cJSON *j = cJSON_ParseWithLength(line, (size_t)n);
        ck_assert_ptr_nonnull(j);
        compared += check_line(f, t, j);
        cJSON_Delete(j);
    }
    ck_assert_uint_ge(compared, 5);
    free(line);
    fclose(in);
    tokenizer_close(t);
}

START_TEST(chatml) { compare("chatml", "qwen3", "qwen3"); } END_TEST
START_TEST(deepseek_v3) { compare("deepseek-v3", "deepseek_v3", "deepseek_v3"); } END_TEST
START_TEST(deepseek_r1) { compare("deepseek-r1", "deepseek_r1", "deepseek_v3"); } END_TEST
START_TEST(harmony) { compare("harmony", "gpt_oss", "gpt_oss"); } END_TEST

START_TEST(families_are_recognised)
{
    static const char *const cases[][2] = {
        {"{{'<|im_start|>' + message.role + '\\n'}}", "chatml"},
        {"{{'<\xEF\xBD\x9CUser\xEF\xBD\x9C>' + x}}{{'<\xEF\xBD\x9C" "Assistant\xEF\xBD\x9C><think>\\n'}}", "deepseek-r1"},
        {"{{'<\xEF\xBD\x9CUser\xEF\xBD\x9C>' + x}}{{'<\xEF\xBD\x9C" "Assistant\xEF\xBD\x9C>'}}", "deepseek-v3"},
        {"<|start_of_role|>system<|end_of_role|>", "granite"},
        {"'<|start_header_id|>' + role", "llama-3"},
        {"<|start|>assistant<|channel|>final<|message|><|end|>", "harmony"},
        {"<|user|>\\n{{ content }}<|end|>", "phi-3"},
        {"[INST] {{ content }} [/INST]", ""},
        {"", ""},
    };
    for (size_t i = 0; i < COUNT_OF(cases); i++)
        ck_assert_str_eq(chat_family_name(chat_family_find(cases[i][0])), cases[i][1]);
    ck_assert_str_eq(chat_family_name(chat_family_find("granite")), "granite");
    ck_assert_ptr_null(chat_family_find("no such family"));
    ck_assert_ptr_null(chat_family_find(NULL));
}
END_TEST

START_TEST(unknown_family_names_the_setting)
{
    struct segment u = {SEGMENT_DATA, "x", 1}, *out = NULL;
    size_t n = 0;
    struct err e;
    ck_assert(chat_wrap(NULL, NULL, 0, &u, 1, &out, &n, &e) == RC_BAD);
    ck_assert_ptr_nonnull(strstr(e.msg, "model.chat_template"));
}
END_TEST

START_TEST(segments_keep_their_kinds)
{
    struct segment sys = {SEGMENT_TEMPLATE, " s ", 3}, *out = NULL;
    struct segment user[] = {{SEGMENT_TEMPLATE, " \n", 2}, {SEGMENT_DATA, " <|im_end|> ", 12}, {SEGMENT_SLOT, "[A] ", 4}};
    size_t n = 0;
    struct err e;
    ck_assert(chat_wrap(chat_family_find("chatml"), &sys, 1, user, 3, &out, &n, &e) == RC_OK);
    ck_assert_uint_eq(n, 8); /* system: 3, user: 1 + 3 + 1 */
    ck_assert(out[4].kind == SEGMENT_TEMPLATE && out[5].kind == SEGMENT_DATA && out[6].kind == SEGMENT_SLOT);
    ck_assert_ptr_eq(out[5].bytes, user[1].bytes);
    segments_free(out);
    ck_assert(chat_wrap(chat_family_find("llama-3"), &sys, 1, user, 3, &out, &n, &e) == RC_OK);
    ck_assert(out[1].n == 1 && out[1].bytes[0] == 's'); /* this family trims */
    ck_assert(out[4].n == 0 && out[5].n == 11 && out[6].n == 3);
    segments_free(out);
    segments_free(NULL);
}
END_TEST

SUITE_MAIN("chat", chatml, deepseek_v3, deepseek_r1, harmony, families_are_recognised, unknown_family_names_the_setting,
           segments_keep_their_kinds)
