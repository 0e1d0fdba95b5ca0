/* Chat formats against conversations rendered by the families' own templates (NAME.chat.jsonl of shared/vectors/tokenizers),
 * and against what the published templates of other families give, worked by hand from their text. */
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

static const char *text_of(const cJSON *o, const char *key)
{
    const cJSON *v = cJSON_GetObjectItemCaseSensitive(o, key);
    return cJSON_IsString(v) ? v->valuestring : NULL;
}

static enum chat_role role_of(const char *role)
{
    return str_eq(role, "user") ? CHAT_USER : str_eq(role, "assistant") ? CHAT_ASSISTANT : CHAT_SYSTEM;
}

static void render(const struct chat_family *f, const struct tokenizer *t, const struct chat_message *m, size_t n,
                   const struct chat_options *opt, const char *want, struct segment **out, size_t *n_out)
{
    struct err e;
    struct buf all;
    ck_assert_msg(chat_render(f, t, m, n, opt, out, n_out, &e) == RC_OK, "%s", e.msg);
    buf_init(&all, 1 << 20);
    for (size_t i = 0; i < *n_out; i++) buf_add(&all, (*out)[i].bytes, (*out)[i].n);
    ck_assert_str_eq(all.data, want);
    buf_clear(&all);
}

static void check_line(const struct chat_family *f, const struct tokenizer *t, const cJSON *line)
{
    const cJSON *messages = cJSON_GetObjectItemCaseSensitive(line, "messages"), *m;
    const cJSON *ids = cJSON_GetObjectItemCaseSensitive(line, "ids"), *kwargs = cJSON_GetObjectItemCaseSensitive(line, "kwargs");
    struct segment parts[16], *out;
    struct chat_message list[16];
    struct chat_options opt = {.no_thinking = cJSON_IsFalse(cJSON_GetObjectItemCaseSensitive(kwargs, "enable_thinking")),
                               .effort = text_of(kwargs, "reasoning_effort"), .identity = text_of(kwargs, "model_identity"),
                               .date = text_of(line, "date")};
    size_t n = 0, n_out, n_got;
    int32_t *got;
    struct err e;
    cJSON_ArrayForEach(m, messages) {
        const char *content = text_of(m, "content");
        ck_assert_uint_lt(n, COUNT_OF(list));
        parts[n] = (struct segment){SEGMENT_DATA, content, strlen(content)};
        list[n] = (struct chat_message){role_of(text_of(m, "role")), &parts[n], 1};
        n++;
    }
    render(f, t, list, n, &opt, text_of(line, "text"), &out, &n_out);
    ck_assert(tokenizer_encode(t, out, n_out, TOKENS_SPECIAL, true, &got, &n_got, &e) == RC_OK);
    ck_assert_int_eq((int)n_got, cJSON_GetArraySize(ids));
    for (size_t i = 0; i < n_got; i++) ck_assert_int_eq(got[i], cJSON_GetArrayItem(ids, (int)i)->valueint);
    free(got);
    segments_free(out);
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
        check_line(f, t, j);
        compared++;
        cJSON_Delete(j);
    }
    ck_assert_uint_ge(compared, 11);
    free(line);
    fclose(in);
    tokenizer_close(t);
}

START_TEST(qwen3) { compare("qwen3", "qwen3", "qwen3"); } END_TEST
START_TEST(deepseek_v3) { compare("deepseek-v3", "deepseek_v3", "deepseek_v3"); } END_TEST
START_TEST(deepseek_r1) { compare("deepseek-r1", "deepseek_r1", "deepseek_v3"); } END_TEST
START_TEST(harmony) { compare("harmony", "gpt_oss", "gpt_oss"); } END_TEST

/* The beginning of each published template that tells it apart, and what it is. */
START_TEST(families_are_recognised)
{
    static const char *const cases[][2] = {
        {"{{'<|im_start|>' + message.role + '\\n'}}", "chatml"},
        {"{{'<|im_start|>'}}{% if enable_thinking is defined and enable_thinking is false %}", "qwen3"},
        {"{% if messages[0]['role'] != 'system' %}{{ '<|im_start|>system\nYou are a helpful assistant.<|im_end|>\n' }}", "qwen2"},
        {"{% if messages[0]['role'] != 'system' %}{{ '<|im_start|>system\\nYou are a helpful assistant.<|im_end|>\\n' }}", "qwen2"},
        {"'<|im_start|>system\\nYou are Qwen, created by Alibaba Cloud. You are a helpful assistant.<|im_end|>\\n'", "qwen2.5"},
        {"{{- '<|im_start|>assistant\\n<think>\\n' }}", "qwen3-thinking"},
        {"'<|im_start|>system\nYou are a helpful AI assistant named SmolLM, trained by Hugging Face<|im_end|>\n'", "smollm2"},
        {"{{'<\xEF\xBD\x9CUser\xEF\xBD\x9C>' + x}}{{'<\xEF\xBD\x9C" "Assistant\xEF\xBD\x9C><think>\\n'}}", "deepseek-r1"},
        {"{{'<\xEF\xBD\x9CUser\xEF\xBD\x9C>' + x}}{{'<\xEF\xBD\x9C" "Assistant\xEF\xBD\x9C>'}}", "deepseek-v3"},
        {"{{ 'Assistant: ' + message['content'] + eos_token }}", "deepseek-v2"},
        {"<|start_of_role|>system<|end_of_role|>", "granite"},
        {"\"Knowledge Cutoff Date: April 2024.\" '<|start_of_role|>system<|end_of_role|>'", "granite-3.1"},
        {"'<|start_header_id|>' + role", "llama-3"},
        {"'<|start_header_id|>' \"Cutting Knowledge Date: December 2023\\n\"", "llama-3.1"},
        {"<|start|>assistant<|channel|>final<|message|><|end|>", "harmony"},
        {"{{'<|user|>\n' + message['content'] + '<|end|>\n'}}", "phi-3"},
        {"{% if message['role'] == 'system' and message['content'] %}{{'<|system|>\n' + message['content'] + '<|end|>\n'}}", "phi-3.5"},
        {"{{ '<|' + message['role'] + '|>' + message['content'] + '<|end|>' }}", "phi-4-mini"},
        {"{{ '<|im_start|>user<|im_sep|>' + message['content'] + '<|im_end|>' }}", "phi-4"},
        {"{{ '<|assistant|>\n'  + message['content'] + eos_token + '\n' }}", "tulu"},
        {"{{ '<|assistant|>\\n'  + message['content'] + eos_token + '\\n' }}", "tulu"},
        {"{{- \" [INST] \" + system_message + \"\\n\\n\" + message[\"content\"] + \" [/INST]\" }}", "mistral-v1"},
        {"{{ '[INST] ' + message['content'] + ' [/INST]' }}", "mistral-v0"},
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

/* Two turns in families that have no vectors; without a tokenizer, so without the tokens that begin and end a text. */
START_TEST(other_families)
{
    static const struct segment p[] = {{SEGMENT_TEMPLATE, "S", 1}, {SEGMENT_DATA, " U ", 3}, {SEGMENT_DATA, "A", 1},
                                       {SEGMENT_DATA, "V", 1}};
    static const struct chat_message m[] = {{CHAT_SYSTEM, p, 1}, {CHAT_USER, p + 1, 1}, {CHAT_ASSISTANT, p + 2, 1},
                                            {CHAT_USER, p + 3, 1}};
    static const struct {
        const char *family, *with, *without; /* the system message; the second has one turn and no date */
    } cases[] = {
        {"llama-3", "<|start_header_id|>system<|end_header_id|>\n\nS<|eot_id|><|start_header_id|>user<|end_header_id|>\n\nU"
         "<|eot_id|><|start_header_id|>assistant<|end_header_id|>\n\nA<|eot_id|><|start_header_id|>user<|end_header_id|>"
         "\n\nV<|eot_id|><|start_header_id|>assistant<|end_header_id|>\n\n",
         "<|start_header_id|>user<|end_header_id|>\n\nU<|eot_id|><|start_header_id|>assistant<|end_header_id|>\n\n"},
        {"llama-3.1", "<|start_header_id|>system<|end_header_id|>\n\nCutting Knowledge Date: December 2023\nToday Date: "
         "05 Mar 2025\n\nS<|eot_id|><|start_header_id|>user<|end_header_id|>\n\nU<|eot_id|><|start_header_id|>assistant"
         "<|end_header_id|>\n\nA<|eot_id|><|start_header_id|>user<|end_header_id|>\n\nV<|eot_id|><|start_header_id|>"
         "assistant<|end_header_id|>\n\n",
         "<|start_header_id|>system<|end_header_id|>\n\nCutting Knowledge Date: December 2023\nToday Date: 26 Jul 2024\n\n"
         "<|eot_id|><|start_header_id|>user<|end_header_id|>\n\nU<|eot_id|><|start_header_id|>assistant<|end_header_id|>\n\n"},
        {"smollm2", "<|im_start|>system\nS<|im_end|>\n<|im_start|>user\n U <|im_end|>\n<|im_start|>assistant\nA<|im_end|>\n"
         "<|im_start|>user\nV<|im_end|>\n<|im_start|>assistant\n",
         "<|im_start|>system\nYou are a helpful AI assistant named SmolLM, trained by Hugging Face<|im_end|>\n"
         "<|im_start|>user\n U <|im_end|>\n<|im_start|>assistant\n"},
        {"granite-3.1", "<|start_of_role|>system<|end_of_role|>S<|end_of_text|>\n<|start_of_role|>user<|end_of_role|> U "
         "<|end_of_text|>\n<|start_of_role|>assistant<|end_of_role|>A<|end_of_text|>\n<|start_of_role|>user<|end_of_role|>V"
         "<|end_of_text|>\n<|start_of_role|>assistant<|end_of_role|>",
         "<|start_of_role|>system<|end_of_role|>Knowledge Cutoff Date: April 2024.\nYou are Granite, developed by IBM. You "
         "are a helpful AI assistant.<|end_of_text|>\n<|start_of_role|>user<|end_of_role|> U <|end_of_text|>\n"
         "<|start_of_role|>assistant<|end_of_role|>"},
        {"phi-3", "<|system|>\nS<|end|>\n<|user|>\n U <|end|>\n<|assistant|>\nA<|end|>\n<|user|>\nV<|end|>\n<|assistant|>\n",
         "<|user|>\n U <|end|>\n<|assistant|>\n"},
        {"tulu", "<|system|>\nS\n<|user|>\n U \n<|assistant|>\nA\n<|user|>\nV\n<|assistant|>\n",
         "<|user|>\n U \n<|assistant|>\n"},
        {"deepseek-v2", "S\n\nUser:  U \n\nAssistant: AUser: V\n\nAssistant:", "User:  U \n\nAssistant:"},
        {"mistral-v1", " [INST] S\n\n U  [/INST] A [INST] V [/INST]", " [INST]  U  [/INST]"},
        {"mistral-v3", "[INST]  U [/INST] A[INST] S\n\nV[/INST]", "[INST]  U [/INST]"},
    };
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        const struct chat_family *f = chat_family_find(cases[i].family);
        struct segment *out;
        size_t n;
        ck_assert_ptr_nonnull(f);
        render(f, NULL, m, 4, &(struct chat_options){.date = "2025-03-05"}, cases[i].with, &out, &n);
        segments_free(out);
        render(f, NULL, m + 1, 1, NULL, cases[i].without, &out, &n);
        segments_free(out);
    }
}
END_TEST

START_TEST(bad_options)
{
    static const struct chat_options bad[] = {{.date = "5 March"}, {.date = "2025-13-01"}, {.date = "2025-01-00"},
                                              {.effort = "utmost"}};
    struct segment u = {SEGMENT_DATA, "x", 1}, *out = NULL;
    struct chat_message m = {CHAT_USER, &u, 1};
    size_t n = 0;
    struct err e;
    for (size_t i = 0; i < COUNT_OF(bad); i++)
        ck_assert(chat_render(chat_family_find("harmony"), NULL, &m, 1, &bad[i], &out, &n, &e) == RC_BAD);
}
END_TEST

static void check_answer(const char *family, const char *vocab, const char *text, bool opened, const char *reasoning,
                         const char *answer)
{
    struct gguf *g = NULL;
    struct tokenizer *t = NULL;
    struct err e;
    struct segment s = {SEGMENT_TEMPLATE, text, strlen(text)};
    struct buf a, b;
    int32_t *ids;
    size_t n;
    ck_assert(gguf_open(vectors(vocab, ".vocab.gguf"), &g, &e) == RC_OK);
    ck_assert(tokenizer_open(g, &t, &e) == RC_OK);
    gguf_close(g);
    ck_assert(tokenizer_encode(t, &s, 1, TOKENS_SPECIAL, false, &ids, &n, &e) == RC_OK);
    buf_init(&a, 1000);
    buf_init(&b, 1000);
    chat_answer(chat_family_find(family), t, ids, n, opened, &a, &b);
    ck_assert_str_eq(a.data, reasoning);
    ck_assert_str_eq(b.data, answer);
    buf_clear(&a);
    buf_clear(&b);
    free(ids);
    tokenizer_close(t);
}

START_TEST(reasoning_is_kept_apart)
{
    if (!have_vectors()) return;
    check_answer("qwen3", "qwen3", "<think>\nHm.\n</think>\n\nYes.<|im_end|>", false, "\nHm.\n", "Yes.");
    check_answer("qwen3", "qwen3", "Yes.<|im_end|>", false, "", "Yes.");
    check_answer("qwen3", "qwen3", "<think>\nHm", false, "\nHm", "");
    check_answer("deepseek-r1", "deepseek_v3", "Hm.\n</think>\n\nYes. </think>", true, "Hm.\n", "Yes. </think>");
    check_answer("deepseek-r1", "deepseek_v3", "Hm", true, "Hm", "");
    check_answer("deepseek-v3", "deepseek_v3", "<think>Yes", false, "", "<think>Yes");
    check_answer("harmony", "gpt_oss", "<|channel|>analysis<|message|>Hm.<|end|><|start|>assistant<|channel|>final<|message|>Yes."
                 "<|return|>", false, "Hm.", "Yes.");
    check_answer("harmony", "gpt_oss", "<|channel|>analysis<|message|>Hm", false, "Hm", "");
}
END_TEST

START_TEST(advice)
{
    struct chat_style s;
    chat_family_style(chat_family_find("deepseek-r1"), false, &s); /* README of the model: 0.6, 0.95, no system prompt */
    ck_assert(s.reasons && s.opened && s.no_system && s.temperature == 0.6F && s.top_p == 0.95F);
    chat_family_style(chat_family_find("qwen3"), true, &s);
    ck_assert(!s.reasons && s.temperature == 0.7F && s.top_p == 0.8F && s.top_k == 20);
    chat_family_style(chat_family_find("deepseek-r1"), true, &s);
    ck_assert(!s.reasons && !s.opened && s.no_system && s.temperature == 0.6F);
    chat_family_style(NULL, false, &s);
    ck_assert(!s.reasons && s.temperature == 0);
}
END_TEST

/* Of every family that reasons: its own words for an answer that begins at once. */
START_TEST(without_reasoning)
{
    static const char *const cases[][2] = {{"deepseek-r1", "<think>\n\n</think>\n\n"},
                                           {"deepseek-r1-0528", "<think>\n\n</think>\n\n"},
                                           {"qwen3", "<|im_start|>assistant\n<think>\n\n</think>\n\n"},
                                           {"qwen3-thinking", "<|im_start|>assistant\n<think>\n\n</think>\n\n"},
                                           {"harmony", "<|start|>assistant<|channel|>final<|message|>"}};
    const struct chat_options opt = {.no_thinking = true};
    struct segment u = {SEGMENT_DATA, "x", 1}, *out = NULL;
    const struct chat_message m = {CHAT_USER, &u, 1};
    struct tokenizer *t = NULL;
    struct gguf *g = NULL;
    struct err e;
    if (!have_vectors()) return;
    ck_assert(gguf_open(vectors("deepseek_v3", ".vocab.gguf"), &g, &e) == RC_OK);
    ck_assert(tokenizer_open(g, &t, &e) == RC_OK);
    gguf_close(g);
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        struct buf all;
        size_t n = 0;
        ck_assert_msg(chat_render(chat_family_find(cases[i][0]), t, &m, 1, &opt, &out, &n, &e) == RC_OK, "%s", e.msg);
        buf_init(&all, 1 << 16);
        for (size_t k = 0; k < n; k++) buf_add(&all, out[k].bytes, out[k].n);
        ck_assert_msg(all.len >= strlen(cases[i][1]) && strcmp(all.data + all.len - strlen(cases[i][1]), cases[i][1]) == 0,
                      "%s: ...%s", cases[i][0], all.data);
        buf_clear(&all);
        segments_free(out);
    }
    tokenizer_close(t);
}
END_TEST

START_TEST(unknown_family_names_the_setting)
{
    struct segment u = {SEGMENT_DATA, "x", 1}, *out = NULL;
    struct chat_message m = {CHAT_USER, &u, 1};
    size_t n = 0;
    struct err e;
    ck_assert(chat_render(NULL, NULL, &m, 1, NULL, &out, &n, &e) == RC_BAD);
    ck_assert_ptr_nonnull(strstr(e.msg, "model.chat_template"));
}
END_TEST

START_TEST(segments_keep_their_kinds)
{
    struct segment sys = {SEGMENT_TEMPLATE, " s ", 3}, *out = NULL;
    struct segment user[] = {{SEGMENT_TEMPLATE, " \n", 2}, {SEGMENT_DATA, " <|im_end|> ", 12}, {SEGMENT_SLOT, "[A] ", 4}};
    struct chat_message m[] = {{CHAT_SYSTEM, &sys, 1}, {CHAT_USER, user, 3}};
    size_t n = 0;
    struct err e;
    ck_assert(chat_render(chat_family_find("chatml"), NULL, m, 2, NULL, &out, &n, &e) == RC_OK);
    ck_assert_uint_eq(n, 9); /* system: 3, user: 1 + 3 + 1, answer: 1 */
    ck_assert(out[4].kind == SEGMENT_TEMPLATE && out[5].kind == SEGMENT_DATA && out[6].kind == SEGMENT_SLOT);
    ck_assert_ptr_eq(out[5].bytes, user[1].bytes);
    segments_free(out);
    ck_assert(chat_render(chat_family_find("llama-3"), NULL, m, 2, NULL, &out, &n, &e) == RC_OK);
    ck_assert(out[1].n == 1 && out[1].bytes[0] == 's'); /* this family trims */
    ck_assert(out[4].n == 0 && out[5].n == 11 && out[6].n == 3);
    segments_free(out);
    segments_free(NULL);
}
END_TEST

SUITE_MAIN("chat", qwen3, deepseek_v3, deepseek_r1, harmony, families_are_recognised, other_families, bad_options,
           reasoning_is_kept_apart, advice, without_reasoning, unknown_family_names_the_setting, segments_keep_their_kinds)
