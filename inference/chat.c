/* chat.c: one row a family. Sources: the chat_template of each family's published models. The beginning-of-text token
 * is not in a row: model_tokenize_segments() adds it where the file says so. */
#include "chat.h"

#include <stdlib.h>
#include <string.h>
#include "../base/str.h"

struct chat_family {
    const char *name;
    const char *mark;                        /* stands in the template of this family only; NULL: by name only */
    const char *before;                      /* always first */
    const char *system_open, *system_close;  /* only if there is a system part */
    const char *user_open, *user_close;      /* close: up to where the answer begins */
    bool trim;                               /* the parts lose the white space around them */
    bool drop_empty_system;
};

#define DEEPSEEK_USER "<\xEF\xBD\x9CUser\xEF\xBD\x9C>"
#define DEEPSEEK_ASSISTANT "<\xEF\xBD\x9C" "Assistant\xEF\xBD\x9C>"

static const struct chat_family families[] = { /* the first whose mark is found */
    {.name = "harmony", .mark = "<|channel|>", /* gpt-oss, without the line that names today */
     .before = "<|start|>system<|message|>You are ChatGPT, a large language model trained by OpenAI.\n"
               "Knowledge cutoff: 2024-06\n\nReasoning: medium\n\n# Valid channels: analysis, commentary, final. "
               "Channel must be included for every message.<|end|>",
     .system_open = "<|start|>developer<|message|># Instructions\n\n", .system_close = "\n\n<|end|>",
     .user_open = "<|start|>user<|message|>", .user_close = "<|end|><|start|>assistant", .drop_empty_system = true},
    {.name = "granite", .mark = "<|start_of_role|>", .before = "",
     .system_open = "<|start_of_role|>system<|end_of_role|>", .system_close = "<|end_of_text|>\n",
     .user_open = "<|start_of_role|>user<|end_of_role|>",
     .user_close = "<|end_of_text|>\n<|start_of_role|>assistant<|end_of_role|>"},
    {.name = "llama-3", .mark = "<|start_header_id|>", .before = "",
     .system_open = "<|start_header_id|>system<|end_header_id|>\n\n", .system_close = "<|eot_id|>",
     .user_open = "<|start_header_id|>user<|end_header_id|>\n\n",
     .user_close = "<|eot_id|><|start_header_id|>assistant<|end_header_id|>\n\n", .trim = true},
    {.name = "deepseek-r1", .mark = DEEPSEEK_ASSISTANT "<think>", .before = "", .system_open = "", .system_close = "",
     .user_open = DEEPSEEK_USER, .user_close = DEEPSEEK_ASSISTANT "<think>\n"},
    {.name = "deepseek-v3", .mark = DEEPSEEK_USER, .before = "", .system_open = "", .system_close = "",
     .user_open = DEEPSEEK_USER, .user_close = DEEPSEEK_ASSISTANT},
    {.name = "chatml", .mark = "<|im_start|>", .before = "", /* Qwen, SmolLM, our own */
     .system_open = "<|im_start|>system\n", .system_close = "<|im_end|>\n", .user_open = "<|im_start|>user\n",
     .user_close = "<|im_end|>\n<|im_start|>assistant\n"},
    {.name = "phi-3", .mark = "<|end|>", .before = "", .system_open = "<|system|>\n", .system_close = "<|end|>\n",
     .user_open = "<|user|>\n", .user_close = "<|end|>\n<|assistant|>\n"},
    {.name = "tulu", .mark = NULL, .before = "", /* OLMoE; its template's words are also in others' */
     .system_open = "<|system|>\n", .system_close = "\n", .user_open = "<|user|>\n",
     .user_close = "\n<|assistant|>\n"},
};

const struct chat_family *chat_family_find(const char *template_text)
{
    if (!template_text) return NULL;
    for (size_t i = 0; i < COUNT_OF(families); i++)
        if (str_eq(families[i].name, template_text)) return &families[i];
    for (size_t i = 0; i < COUNT_OF(families); i++)
        if (families[i].mark && strstr(template_text, families[i].mark)) return &families[i];
    return NULL;
}

const char *chat_family_name(const struct chat_family *f)
{
    return f ? f->name : "";
}

static bool is_white(char c)
{
    return c == ' ' || (c >= '\t' && c <= '\r');
}

/* Take the white space off both ends of a part; it may span segments. */
static void trim(struct segment *s, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        while (s[i].n > 0 && is_white(s[i].bytes[0])) {
            s[i].bytes++;
            s[i].n--;
        }
        if (s[i].n > 0) break;
    }
    for (size_t i = n; i-- > 0;) {
        while (s[i].n > 0 && is_white(s[i].bytes[s[i].n - 1])) s[i].n--;
        if (s[i].n > 0) break;
    }
}

static struct segment *add_piece(struct segment *s, const char *text)
{
    *s = (struct segment){SEGMENT_TEMPLATE, text, strlen(text)};
    return *text ? s + 1 : s;
}

static struct segment *add_part(struct segment *s, const struct segment *part, size_t n, bool trimmed)
{
    if (n > 0) memcpy(s, part, n * sizeof(*s));
    if (trimmed) trim(s, n);
    return s + n;
}

enum rc chat_wrap(const struct chat_family *f, const struct segment *system, size_t n_system,
                  const struct segment *user, size_t n_user, struct segment **out, size_t *n_out, struct err *e)
{
    struct segment *s, *at;
    size_t system_bytes = 0;

    if (!f) return err_set(e, RC_BAD, "the file's chat template is of no known family: set model.chat_template");
    s = calloc(n_system + n_user + 5, sizeof(*s));
    if (!s) return err_set(e, RC_NOMEM, "chat: out of memory");
    for (size_t i = 0; i < n_system; i++) system_bytes += system[i].n;
    at = add_piece(s, f->before);
    if (n_system > 0 && !(f->drop_empty_system && system_bytes == 0)) {
        at = add_piece(at, f->system_open);
        at = add_part(at, system, n_system, f->trim);
        at = add_piece(at, f->system_close);
    }
    at = add_piece(at, f->user_open);
    at = add_part(at, user, n_user, f->trim);
    at = add_piece(at, f->user_close);
    *out = s;
    *n_out = (size_t)(at - s);
    return RC_OK;
}

void segments_free(struct segment *segments)
{
    free(segments);
}
