/* chat.c: one row a family. Sources: the chat_template of each family's published models. */
#include "chat.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unicode/uchar.h>
#include "../base/str.h"
#include "tokenizer.h"

/* ---- the families ------------------------------------------------------------------------------------------------- */

/* In a row's texts one byte stands for what the call knows. */
#define BOS "\001"         /* the text of the vocabulary's token that begins a text */
#define EOS "\002"         /* that ends one */
#define IF_DATE "\003"     /* up to END_DATE: only if there is a date */
#define END_DATE "\004"
#define DATE_ISO "\005"    /* 2025-01-15 */
#define DATE_SHORT "\006"  /* 15 Jan 2025 */
#define DATE_LONG "\016"   /* January 15, 2025 */
#define IDENTITY "\017"
#define EFFORT "\020"

enum system_place {
    SYSTEM_TURN,       /* a message like others */
    SYSTEM_JOINED,     /* all of them in front */
    SYSTEM_LAST,       /* the last one in front */
    SYSTEM_DEVELOPER,  /* only as the first message */
    SYSTEM_FIRST_USER, /* the first message goes into the first user message */
    SYSTEM_LAST_USER   /* or into the last */
};
enum think_history { THINK_KEPT, THINK_CUT, THINK_CUT_TRIMMED }; /* reasoning in earlier answers; and the newlines after it */

struct chat_family {
    const char *name;
    const char *marks[2];        /* all stand in this family's templates, and not in those of rows below; none: by name only */
    const char *before;          /* always first */
    const char *open[3], *close[3]; /* of a system, user, assistant message */
    const char *answer;          /* where the answer begins */
    const char *no_thinking;     /* and this if it shall come without reasoning; NULL: it never reasons */
    const char *default_system;  /* when the first message is no system message */
    const char *preamble;        /* before either; NULL: nothing */
    enum system_place system;
    enum think_history history;
    bool trim;                   /* messages lose the white space around them */
    bool drop_empty_system;
    bool last_thinks;            /* an answer that ends the conversation gets an empty block of reasoning */
    struct chat_style style;
};

#define BAR "\xEF\xBD\x9C"
#define DEEPSEEK_USER "<" BAR "User" BAR ">"
#define DEEPSEEK_ASSISTANT "<" BAR "Assistant" BAR ">"
#define DEEPSEEK_END "<" BAR "end\xE2\x96\x81of\xE2\x96\x81sentence" BAR ">"
#define GRANITE(role) "<|start_of_role|>" role "<|end_of_role|>"
#define LLAMA(role) "<|start_header_id|>" role "<|end_header_id|>\n\n"
#define CHATML(system_text)                                                                                              \
    .before = "", .open = {"<|im_start|>system\n", "<|im_start|>user\n", "<|im_start|>assistant\n"},                     \
    .close = {"<|im_end|>\n", "<|im_end|>\n", "<|im_end|>\n"}, .answer = "<|im_start|>assistant\n",                      \
    .default_system = (system_text)
#define PHI3                                                                                                             \
    .before = "", .open = {"<|system|>\n", "<|user|>\n", "<|assistant|>\n"},                                             \
    .close = {"<|end|>\n", "<|end|>\n", "<|end|>\n"}, .answer = "<|assistant|>\n"
#define THINKS .style = {.reasons = true, .temperature = 0.6F, .top_p = 0.95F, .top_k = 20}

static const struct chat_family families[] = { /* the first whose marks are found */
    {.name = "harmony", .marks = {"<|channel|>"}, /* gpt-oss */
     .before = "<|start|>system<|message|>" IDENTITY "\nKnowledge cutoff: 2024-06\n" IF_DATE "Current date: " DATE_ISO
               "\n" END_DATE "\nReasoning: " EFFORT "\n\n# Valid channels: analysis, commentary, final. "
               "Channel must be included for every message.<|end|>",
     .open = {"<|start|>developer<|message|># Instructions\n\n", "<|start|>user<|message|>",
              "<|start|>assistant<|channel|>final<|message|>"},
     .close = {"\n\n<|end|>", "<|end|>", "<|end|>"}, .answer = "<|start|>assistant",
     .no_thinking = "<|channel|>final<|message|>", .system = SYSTEM_DEVELOPER,
     .drop_empty_system = true, .style = {.reasons = true, .temperature = 1, .top_p = 1}},
    {.name = "granite-3.1", .marks = {"<|start_of_role|>", "Knowledge Cutoff Date"}, .before = "",
     .open = {GRANITE("system"), GRANITE("user"), GRANITE("assistant")},
     .close = {"<|end_of_text|>\n", "<|end_of_text|>\n", "<|end_of_text|>\n"}, .answer = GRANITE("assistant"),
     .default_system = "Knowledge Cutoff Date: April 2024.\n" IF_DATE "Today's Date: " DATE_LONG ".\n" END_DATE
                       "You are Granite, developed by IBM. You are a helpful AI assistant."},
    {.name = "granite", .marks = {"<|start_of_role|>"}, .before = "",
     .open = {GRANITE("system"), GRANITE("user"), GRANITE("assistant")},
     .close = {"<|end_of_text|>\n", "<|end_of_text|>\n", "<|end_of_text|>\n"}, .answer = GRANITE("assistant")},
    {.name = "llama-3.1", .marks = {"<|start_header_id|>", "Cutting Knowledge Date"}, /* and 3.2, 3.3 */
     .before = BOS, .open = {LLAMA("system"), LLAMA("user"), LLAMA("assistant")},
     .close = {"<|eot_id|>", "<|eot_id|>", "<|eot_id|>"}, .answer = LLAMA("assistant"), .default_system = "",
     .preamble = "Cutting Knowledge Date: December 2023\nToday Date: " DATE_SHORT "\n\n", .trim = true},
    {.name = "llama-3", .marks = {"<|start_header_id|>"}, .before = BOS,
     .open = {LLAMA("system"), LLAMA("user"), LLAMA("assistant")}, .close = {"<|eot_id|>", "<|eot_id|>", "<|eot_id|>"},
     .answer = LLAMA("assistant"), .trim = true},
    {.name = "deepseek-r1", .marks = {DEEPSEEK_ASSISTANT "<think>"}, .before = BOS,
     .open = {"", DEEPSEEK_USER, DEEPSEEK_ASSISTANT}, .close = {"", "", DEEPSEEK_END},
     .answer = DEEPSEEK_ASSISTANT "<think>\n", .no_thinking = "\n</think>\n\n", .system = SYSTEM_LAST, .history = THINK_CUT,
     .style = {.reasons = true, .opened = true, .no_system = true, .temperature = 0.6F, .top_p = 0.95F}},
    {.name = "deepseek-v3.1", .marks = {DEEPSEEK_USER, "is_last_user"}, .before = BOS,
     .open = {"", DEEPSEEK_USER, DEEPSEEK_ASSISTANT "</think>"}, .close = {"", "", DEEPSEEK_END},
     .answer = DEEPSEEK_ASSISTANT "</think>", .system = SYSTEM_JOINED, .history = THINK_CUT},
    {.name = "deepseek-r1-0528", .marks = {DEEPSEEK_USER, "split('</think>')"}, .before = BOS,
     .open = {"", DEEPSEEK_USER, DEEPSEEK_ASSISTANT}, .close = {"", "", DEEPSEEK_END}, .answer = DEEPSEEK_ASSISTANT,
     .no_thinking = "<think>\n\n</think>\n\n", .system = SYSTEM_JOINED, .history = THINK_CUT,
     .style = {.reasons = true, .temperature = 0.6F, .top_p = 0.95F}},
    {.name = "deepseek-v3", .marks = {DEEPSEEK_USER}, .before = BOS, .open = {"", DEEPSEEK_USER, DEEPSEEK_ASSISTANT},
     .close = {"", "", DEEPSEEK_END}, .answer = DEEPSEEK_ASSISTANT, .system = SYSTEM_JOINED},
    {.name = "deepseek-v2", .marks = {"'Assistant: ' + message['content'] + eos_token"}, .before = BOS,
     .open = {"", "User: ", "Assistant: "}, .close = {"\n\n", "\n\n", EOS}, .answer = "Assistant:"},
    {.name = "phi-4", .marks = {"<|im_sep|>"}, .before = "",
     .open = {"<|im_start|>system<|im_sep|>", "<|im_start|>user<|im_sep|>", "<|im_start|>assistant<|im_sep|>"},
     .close = {"<|im_end|>", "<|im_end|>", "<|im_end|>"}, .answer = "<|im_start|>assistant<|im_sep|>"},
    {.name = "qwen3", .marks = {"<|im_start|>", "enable_thinking"}, CHATML(NULL), .history = THINK_CUT_TRIMMED,
     .no_thinking = "<think>\n\n</think>\n\n", .last_thinks = true, THINKS},
    {.name = "qwen3-thinking", .marks = {"<|im_start|>assistant\n<think>\n"}, .before = "", /* and QwQ */
     .open = {"<|im_start|>system\n", "<|im_start|>user\n", "<|im_start|>assistant\n"},
     .close = {"<|im_end|>\n", "<|im_end|>\n", "<|im_end|>\n"}, .answer = "<|im_start|>assistant\n<think>\n",
     .no_thinking = "\n</think>\n\n", .history = THINK_CUT_TRIMMED, .style = {.reasons = true, .opened = true, .temperature = 0.6F, .top_p = 0.95F, .top_k = 20}},
    {.name = "qwen2.5", .marks = {"<|im_start|>", "You are Qwen, created by Alibaba Cloud."},
     CHATML("You are Qwen, created by Alibaba Cloud. You are a helpful assistant.")},
    {.name = "qwen1.5", .marks = {"<|im_start|>", "You are a helpful assistant<|im_end|>"},
     CHATML("You are a helpful assistant")},
    {.name = "qwen2", .marks = {"<|im_start|>", "You are a helpful assistant.<|im_end|>"},
     CHATML("You are a helpful assistant.")},
    {.name = "smollm2", .marks = {"<|im_start|>", "named SmolLM, trained by Hugging Face"},
     CHATML("You are a helpful AI assistant named SmolLM, trained by Hugging Face")},
    {.name = "chatml", .marks = {"<|im_start|>"}, CHATML(NULL)}, /* our own too */
    {.name = "phi-3.5", .marks = {"<|end|>", "message['role'] == 'system' and message['content']"}, PHI3,
     .drop_empty_system = true},
    {.name = "phi-4-mini", .marks = {"'<|' + message['role'] + '|>' + message['content'] + '<|end|>'"}, .before = "",
     .open = {"<|system|>", "<|user|>", "<|assistant|>"}, .close = {"<|end|>", "<|end|>", "<|end|>"},
     .answer = "<|assistant|>"},
    {.name = "phi-3", .marks = {"<|end|>"}, PHI3},
    {.name = "tulu", .marks = {"<|assistant|>", "eos_token + '\n'"}, .before = BOS, /* OLMoE */
     .open = {"<|system|>\n", "<|user|>\n", "<|assistant|>\n"}, .close = {"\n", "\n", EOS "\n"},
     .answer = "<|assistant|>\n"},
    {.name = "mistral-v1", .marks = {" [INST] "}, .before = BOS, /* Mixtral */
     .open = {"", " [INST] ", " "}, .close = {"\n\n", " [/INST]", EOS}, .answer = "", .system = SYSTEM_FIRST_USER},
    {.name = "mistral-v0", .marks = {"'[INST] ' + message['content'] + ' [/INST]'"}, .before = BOS, /* Mixtral, first form */
     .open = {"", "[INST] ", ""}, .close = {"\n\n", " [/INST]", EOS}, .answer = "", .system = SYSTEM_FIRST_USER},
    {.name = "mistral-v3-tekken", .marks = {"\"[INST]\"", "[AVAILABLE_TOOLS]"}, .before = BOS, .open = {"", "[INST]", ""},
     .close = {"\n\n", "[/INST]", EOS}, .answer = "", .system = SYSTEM_LAST_USER},
    {.name = "mistral-v3", .marks = {"\"[INST] \"", "[AVAILABLE_TOOLS]"}, .before = BOS, .open = {"", "[INST] ", " "},
     .close = {"\n\n", "[/INST]", EOS}, .answer = "", .system = SYSTEM_LAST_USER},
};

/* Whether `mark` stands in a template, whose newlines may be written as \n in its Jinja strings. */
static bool has_mark(const char *text, const char *mark)
{
    for (; *text; text++) {
        const char *t = text, *m = mark;

        for (; *m; m++) {
            if (*t == *m) t++;
            else if (*m == '\n' && t[0] == '\\' && t[1] == 'n') t += 2;
            else break;
        }
        if (!*m) return true;
    }
    return false;
}

const struct chat_family *chat_family_find(const char *template_text)
{
    if (!template_text) return NULL;
    for (size_t i = 0; i < COUNT_OF(families); i++)
        if (str_eq(families[i].name, template_text)) return &families[i];
    for (size_t i = 0; i < COUNT_OF(families); i++) {
        const struct chat_family *f = &families[i];

        if (has_mark(template_text, f->marks[0]) && (!f->marks[1] || has_mark(template_text, f->marks[1]))) return f;
    }
    return NULL;
}

const char *chat_family_name(const struct chat_family *f)
{
    return f ? f->name : "";
}

void chat_family_style(const struct chat_family *f, bool no_thinking, struct chat_style *out)
{
    *out = f ? f->style : (struct chat_style){0};
    if (!f || !f->no_thinking || !no_thinking) return;
    out->reasons = out->opened = false;
    if (f->last_thinks) /* Qwen3's advice */
        *out = (struct chat_style){.temperature = 0.7F, .top_p = 0.8F, .top_k = 20};
}

/* ---- writing ------------------------------------------------------------------------------------------------------ */

struct chat { /* one call */
    const struct chat_family *f;
    const struct tokenizer *t;
    const struct chat_options *opt;
    struct segment *out; /* with room for all there can be */
    size_t n;
    const struct chat_message *first;
    char *dates; /* the two forms of it that the caller has not, behind the segments */
};
#define DATE_BYTES 40

static void add_bytes(struct chat *c, enum segment_kind kind, const char *bytes, size_t n)
{
    if (n > 0) c->out[c->n++] = (struct segment){kind, bytes, n};
}

static void add_token(struct chat *c, int32_t id)
{
    size_t n = 0;
    const char *text = c->t && id >= 0 ? tokenizer_name(c->t, id, &n) : "";

    add_bytes(c, SEGMENT_TEMPLATE, text, n);
}

/* A byte of a row's text that stands for something else. Returns how many bytes are done with. */
static size_t add_placeholder(struct chat *c, const char *text)
{
    const char *value = NULL;

    switch (text[0]) {
    case 1: add_token(c, c->t ? tokenizer_bos(c->t) : -1); break;
    case 2: add_token(c, c->t ? tokenizer_eos(c->t) : -1); break;
    case 3: return c->opt->date ? 1 : (size_t)(strchr(text, END_DATE[0]) + 1 - text);
    case 5: value = c->opt->date; break;
    case 6: value = c->dates; break;
    case 14: value = c->dates + 16; break;
    case 15: value = c->opt->identity ? c->opt->identity : "You are ChatGPT, a large language model trained by OpenAI."; break;
    case 16: value = c->opt->effort ? c->opt->effort : "medium"; break;
    }
    if (value) add_bytes(c, SEGMENT_DATA, value, strlen(value));
    return 1;
}

#define PLACEHOLDERS BOS EOS IF_DATE END_DATE DATE_ISO DATE_SHORT DATE_LONG IDENTITY EFFORT
#define MAX_PIECES 12 /* segments that one text of a row becomes */

static void add_text(struct chat *c, const char *text)
{
    while (*text) {
        size_t n = strcspn(text, PLACEHOLDERS);

        add_bytes(c, SEGMENT_TEMPLATE, text, n);
        text += n;
        if (*text) text += add_placeholder(c, text);
    }
}

static bool is_white(uint32_t cp) /* as Python's str.strip() sees it, which Jinja's trim is */
{
    return u_isUWhiteSpace((UChar32)cp) || (cp >= 0x1C && cp <= 0x1F);
}

/* Take the white space off both ends of segments; it may span some. */
static void trim(struct segment *s, size_t n)
{
    uint32_t cp;

    for (size_t i = 0; i < n; i++) {
        for (size_t len; s[i].n > 0; s[i].bytes += len, s[i].n -= len) {
            len = utf8_decode(s[i].bytes, s[i].n, &cp);
            if (!is_white(cp)) break;
        }
        if (s[i].n > 0) break;
    }
    for (size_t i = n; i-- > 0;) {
        while (s[i].n > 0) {
            size_t len = 1;

            while (len < 4 && len < s[i].n && (s[i].bytes[s[i].n - len] & 0xC0) == 0x80) len++;
            if (utf8_decode(s[i].bytes + s[i].n - len, len, &cp) != len || !is_white(cp)) break;
            s[i].n -= len;
        }
        if (s[i].n > 0) break;
    }
}

/* Drop the first n bytes of segments. */
static void drop_bytes(struct segment *s, size_t n_segments, size_t n)
{
    for (size_t i = 0; i < n_segments && n > 0; i++) {
        size_t part = n < s[i].n ? n : s[i].n;

        s[i].bytes += part;
        s[i].n -= part;
        n -= part;
    }
}

static char byte_at(const struct segment *s, size_t n, size_t at)
{
    for (size_t i = 0; i < n; at -= s[i++].n)
        if (at < s[i].n) return s[i].bytes[at];
    return 0;
}

/* Take out what an earlier answer holds up to its last </think>. */
static enum rc cut_thinking(struct segment *s, size_t n, enum think_history how, struct err *e)
{
    static const char end[] = "</think>";
    size_t keep = 0, len = sizeof(end) - 1;
    struct buf all;
    enum rc rc;

    buf_init(&all, INT32_MAX);
    for (size_t i = 0; i < n; i++) buf_add(&all, s[i].bytes, s[i].n);
    rc = buf_check(&all, "chat", e);
    for (size_t i = 0; rc == RC_OK && i + len <= all.len; i++)
        if (memcmp(all.data + i, end, len) == 0) keep = i + len;
    buf_clear(&all);
    if (rc != RC_OK || keep == 0) return rc;
    drop_bytes(s, n, keep);
    while (how == THINK_CUT_TRIMMED && byte_at(s, n, 0) == '\n') drop_bytes(s, n, 1);
    return RC_OK;
}

static size_t message_bytes(const struct chat_message *m)
{
    size_t n = 0;

    for (size_t i = 0; i < m->n_segments; i++) n += m->segments[i].n;
    return n;
}

static enum rc add_content(struct chat *c, const struct chat_message *m, struct err *e)
{
    struct segment *s = c->out + c->n;
    enum rc rc = RC_OK;

    if (m->n_segments > 0) memcpy(s, m->segments, m->n_segments * sizeof(*s));
    c->n += m->n_segments;
    if (c->f->trim) trim(s, m->n_segments);
    if (m->role == CHAT_ASSISTANT && c->f->history != THINK_KEPT) rc = cut_thinking(s, m->n_segments, c->f->history, e);
    return rc;
}

static enum rc add_turn(struct chat *c, const struct chat_message *m, struct err *e)
{
    enum rc rc;

    if (m->role == CHAT_SYSTEM && c->f->drop_empty_system && message_bytes(m) == 0) return RC_OK;
    add_text(c, c->f->open[m->role]);
    if (m->role == CHAT_SYSTEM && m == c->first && c->f->preamble) add_text(c, c->f->preamble);
    rc = add_content(c, m, e);
    add_text(c, c->f->close[m->role]);
    return rc;
}

/* The system messages, as far as they are no turns of their own among the others. */
static enum rc add_system(struct chat *c, const struct chat_message *m, size_t n, struct err *e)
{
    bool first = true;
    enum rc rc = RC_OK;

    if (c->f->default_system && !(n > 0 && m[0].role == CHAT_SYSTEM)) {
        add_text(c, c->f->open[CHAT_SYSTEM]);
        if (c->f->preamble) add_text(c, c->f->preamble);
        add_text(c, c->f->default_system);
        add_text(c, c->f->close[CHAT_SYSTEM]);
    }
    if (c->f->system == SYSTEM_DEVELOPER && n > 0 && m[0].role == CHAT_SYSTEM) rc = add_turn(c, &m[0], e);
    for (size_t i = 0; i < n && rc == RC_OK && c->f->system == SYSTEM_JOINED; i++) {
        if (m[i].role != CHAT_SYSTEM) continue;
        if (!first) add_text(c, "\n\n");
        rc = add_content(c, &m[i], e);
        first = false;
    }
    for (size_t i = n; i-- > 0 && rc == RC_OK && c->f->system == SYSTEM_LAST;) {
        if (m[i].role != CHAT_SYSTEM) continue;
        rc = add_content(c, &m[i], e);
        break;
    }
    return rc;
}

/* Which user message takes the system message, or n. */
static size_t host_of_system(const struct chat *c, const struct chat_message *m, size_t n)
{
    size_t host = n;

    if (c->f->system != SYSTEM_FIRST_USER && c->f->system != SYSTEM_LAST_USER) return n;
    if (n == 0 || m[0].role != CHAT_SYSTEM) return n;
    for (size_t i = 0; i < n; i++) {
        if (m[i].role != CHAT_USER) continue;
        host = i;
        if (c->f->system == SYSTEM_FIRST_USER) break;
    }
    return host;
}

static enum rc add_messages(struct chat *c, const struct chat_message *m, size_t n, struct err *e)
{
    size_t host = host_of_system(c, m, n);
    enum rc rc = RC_OK;

    for (size_t i = 0; i < n && rc == RC_OK; i++) {
        if (m[i].role == CHAT_SYSTEM) {
            if (c->f->system == SYSTEM_TURN) rc = add_turn(c, &m[i], e);
        } else if (i == host) {
            add_text(c, c->f->open[CHAT_USER]);
            rc = add_content(c, &m[0], e);
            add_text(c, c->f->close[CHAT_SYSTEM]);
            if (rc == RC_OK) rc = add_content(c, &m[i], e);
            add_text(c, c->f->close[CHAT_USER]);
        } else if (c->f->last_thinks && i + 1 == n && i > 0 && m[i].role == CHAT_ASSISTANT) {
            add_text(c, c->f->open[CHAT_ASSISTANT]);
            add_text(c, c->f->no_thinking);
            rc = add_content(c, &m[i], e);
            add_text(c, c->f->close[CHAT_ASSISTANT]);
        } else {
            rc = add_turn(c, &m[i], e);
        }
    }
    return rc;
}

/* The date in the forms that templates write it in. */
static enum rc write_dates(struct chat *c, struct err *e)
{
    static const char *const months[] = {"January", "February", "March", "April", "May", "June", "July", "August",
                                         "September", "October", "November", "December"};
    int64_t year = 2024, month = 7, day = 26; /* what Llama's template says where it knows no date */
    const char *d = c->opt->date;

    if (d) {
        bool ok = strlen(d) == 10 && d[4] == '-' && d[7] == '-';
        char y[5] = "", m[3] = "";

        if (ok) memcpy(y, d, 4);
        if (ok) memcpy(m, d + 5, 2);
        if (!ok || !str_int64(y, 1, 9999, &year) || !str_int64(m, 1, 12, &month) || !str_int64(d + 8, 1, 31, &day))
            return err_set(e, RC_BAD, "chat: a date is not YYYY-MM-DD");
    }
    snprintf(c->dates, 16, "%02d %.3s %04d", (int)day, months[month - 1], (int)year);
    snprintf(c->dates + 16, 24, "%s %02d, %04d", months[month - 1], (int)day, (int)year);
    return RC_OK;
}

enum rc chat_render(const struct chat_family *f, const struct tokenizer *t, const struct chat_message *messages, size_t n,
                    const struct chat_options *opt, struct segment **out, size_t *n_out, struct err *e)
{
    static const struct chat_options none = {0};
    static const char *const efforts[] = {"low", "medium", "high"};
    struct chat c = {.f = f, .t = t, .opt = opt ? opt : &none, .first = messages};
    size_t room = 4 * MAX_PIECES;
    bool known = !c.opt->effort;
    enum rc rc;

    if (!f) return err_set(e, RC_BAD, "the file's chat template is of no known family: set model.chat_template");
    for (size_t i = 0; i < COUNT_OF(efforts); i++) known = known || str_eq(efforts[i], c.opt->effort);
    if (!known) return err_set(e, RC_BAD, "chat: the reasoning effort is not low, medium or high");
    for (size_t i = 0; i < n; i++) room += 2 * messages[i].n_segments + 3 * MAX_PIECES; /* a system part may go twice */
    c.out = calloc(1, room * sizeof(*c.out) + DATE_BYTES);
    if (!c.out) return err_set(e, RC_NOMEM, "chat: out of memory");
    c.dates = (char *)(c.out + room);
    rc = write_dates(&c, e);
    if (rc == RC_OK) add_text(&c, f->before);
    if (rc == RC_OK) rc = add_system(&c, messages, n, e);
    if (rc == RC_OK) rc = add_messages(&c, messages, n, e);
    if (rc != RC_OK) {
        free(c.out);
        return rc;
    }
    add_text(&c, f->answer);
    if (f->no_thinking && c.opt->no_thinking) add_text(&c, f->no_thinking);
    *out = c.out;
    *n_out = c.n;
    return RC_OK;
}

void segments_free(struct segment *segments)
{
    free(segments);
}

/* ---- answers ------------------------------------------------------------------------------------------------------ */

static void add_id(const struct tokenizer *t, int32_t id, struct buf *out)
{
    size_t n;
    const char *bytes = tokenizer_bytes(t, id, &n);

    buf_add(out, bytes, n);
}

/* Harmony: <|channel|>NAME<|message|>TEXT<|end|>, and again. What is said in the channel "final" is the answer. */
static void split_channels(const struct tokenizer *t, const int32_t *ids, size_t n, struct buf *reasoning,
                           struct buf *answer)
{
    bool named = false, final = false, inside = false;
    struct buf name;

    buf_init(&name, 256);
    for (size_t i = 0; i < n; i++) {
        size_t len;
        const char *text = tokenizer_name(t, ids[i], &len);

        if (tokenizer_type(t, ids[i]) != TOKEN_CONTROL) {
            if (inside) add_id(t, ids[i], final ? answer : reasoning);
            else if (named) add_id(t, ids[i], &name);
        } else if (len == 11 && memcmp(text, "<|channel|>", 11) == 0) {
            named = true;
            inside = false;
            buf_reset(&name);
        } else if (len == 11 && memcmp(text, "<|message|>", 11) == 0) {
            final = str_starts(name.data, "final");
            inside = true;
            named = false;
        } else {
            inside = named = false;
        }
    }
    buf_clear(&name);
}

/* [<think>]REASONING</think>ANSWER. Without its end all is reasoning, without its beginning what stands before the end. */
static void split_think(const char *s, size_t n, bool opened, struct buf *reasoning, struct buf *answer)
{
    static const char begin_mark[] = "<think>", end_mark[] = "</think>";
    size_t len_begin = sizeof(begin_mark) - 1, len_end = sizeof(end_mark) - 1, begin = 0, end;

    while (begin < n && (s[begin] == '\n' || s[begin] == ' ')) begin++;
    if (n - begin >= len_begin && memcmp(s + begin, begin_mark, len_begin) == 0) {
        opened = true;
        begin += len_begin;
    } else {
        begin = 0;
    }
    for (end = begin; end + len_end <= n; end++)
        if (memcmp(s + end, end_mark, len_end) == 0) break;
    if (end + len_end > n) {
        buf_add(opened ? reasoning : answer, s + begin, n - begin);
        return;
    }
    buf_add(reasoning, s + begin, end - begin);
    end += len_end;
    while (end < n && s[end] == '\n') end++;
    buf_add(answer, s + end, n - end);
}

void chat_answer(const struct chat_family *f, const struct tokenizer *t, const int32_t *ids, size_t n, bool opened,
                 struct buf *reasoning, struct buf *answer)
{
    struct buf all;

    if (f && str_eq(f->name, "harmony")) {
        split_channels(t, ids, n, reasoning, answer);
        return;
    }
    buf_init(&all, answer->max);
    for (size_t i = 0; i < n; i++) add_id(t, ids[i], &all);
    if (all.failed != RC_OK) answer->failed = all.failed;
    else if (f && f->style.reasons) split_think(all.data, all.len, opened, reasoning, answer);
    else buf_add(answer, all.data, all.len);
    buf_clear(&all);
}
