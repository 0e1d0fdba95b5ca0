/* chat.h: the chat formats of model families. A file's tokenizer.chat_template is a Jinja program; it is not run but
 * recognised, and the family's format is written from a table (chat.c). To add a family: a row there. */
#ifndef INFERENCE_CHAT_H
#define INFERENCE_CHAT_H

#include "inference.h"

struct chat_family;
struct tokenizer;

/* The family of a chat template: of the file's text, or of the setting model.chat_template, which may also be just a
 * family's name ("chatml"). NULL if none is recognised, and for NULL. */
const struct chat_family *chat_family_find(const char *template_text);
const char *chat_family_name(const struct chat_family *f); /* "" for NULL */
void chat_family_style(const struct chat_family *f, bool no_thinking, struct chat_style *out); /* f may be NULL */

/* model_chat_messages() for a family; t names the tokens that begin and end a text. RC_BAD also if f is NULL. */
MUST_USE enum rc chat_render(const struct chat_family *f, const struct tokenizer *t, const struct chat_message *messages,
                             size_t n, const struct chat_options *opt, struct segment **out, size_t *n_out,
                             struct err *e);

/* model_answer() for a family. A failure sticks to the buffers. */
void chat_answer(const struct chat_family *f, const struct tokenizer *t, const int32_t *ids, size_t n, bool opened,
                 struct buf *reasoning, struct buf *answer);

#endif
