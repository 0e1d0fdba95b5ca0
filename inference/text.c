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

enum rc model_chat(const struct model *m, const struct segment *system, size_t n_system, const struct segment *user,
                   size_t n_user, struct segment **out, size_t *n_out, struct err *e)
{
    return chat_wrap(chat_family_find(m->chat_template), system, n_system, user, n_user, out, n_out, e);
}
