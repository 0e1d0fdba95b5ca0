/* text.c: the functions of inference.h on a model's text and tokens. */
#include "chat.h"
#include "model.h"
#include "tokenizer.h"

enum rc model_tokenize(const struct model *m, const char *bytes, size_t n, enum token_parse parse, int32_t **ids,
                       size_t *n_ids, struct err *e)
{
    const struct segment all = {SEGMENT_TEMPLATE, bytes, n};

    return tokenizer_encode(m->tok, &all, 1, parse, false, ids, n_ids, e);
}

enum rc model_tokenize_segments(const struct model *m, const struct segment *segments, size_t n, bool add_bos,
                                int32_t **ids, size_t *n_ids, struct err *e)
{
    return tokenizer_encode(m->tok, segments, n, TOKENS_SPECIAL, add_bos, ids, n_ids, e);
}

void model_token_bytes(const struct model *m, int32_t id, struct buf *out)
{
    size_t n;
    const char *bytes = tokenizer_bytes(m->tok, id, &n);

    buf_add(out, bytes, n);
}

bool model_is_end(const struct model *m, int32_t id)
{
    return tokenizer_is_end(m->tok, id);
}

int32_t model_end(const struct model *m)
{
    return tokenizer_eot(m->tok) >= 0 ? tokenizer_eot(m->tok) : tokenizer_eos(m->tok);
}

enum rc model_chat_messages(const struct model *m, const struct chat_message *messages, size_t n,
                            const struct chat_options *opt, struct segment **out, size_t *n_out, struct err *e)
{
    return chat_render(chat_family_find(m->chat_template), m->tok, messages, n, opt, out, n_out, e);
}

enum rc model_chat(const struct model *m, const struct segment *system, size_t n_system, const struct segment *user,
                   size_t n_user, struct segment **out, size_t *n_out, struct err *e)
{
    const struct chat_message both[] = {{CHAT_SYSTEM, system, n_system}, {CHAT_USER, user, n_user}};
    size_t skip = n_system == 0;

    return model_chat_messages(m, both + skip, 2 - skip, NULL, out, n_out, e);
}

void model_chat_style(const struct model *m, const struct chat_options *opt, struct chat_style *out)
{
    chat_family_style(chat_family_find(m->chat_template), opt && opt->no_thinking, out);
}

void model_answer(const struct model *m, const int32_t *ids, size_t n, bool opened, struct buf *reasoning,
                  struct buf *answer)
{
    chat_answer(chat_family_find(m->chat_template), m->tok, ids, n, opened, reasoning, answer);
}
