/* chat.h: the chat formats of model families. A file's tokenizer.chat_template is a Jinja program; it is not run but
 * recognised, and the family's format is written from a table (chat.c). */
#ifndef INFERENCE_CHAT_H
#define INFERENCE_CHAT_H

#include "inference.h"

struct chat_family;

/* The family of a chat template: of the file's text, or of the setting model.chat_template, which may also be just a
 * family's name ("chatml"). NULL if none is recognised, and for NULL. */
const struct chat_family *chat_family_find(const char *template_text);
const char *chat_family_name(const struct chat_family *f); /* "" for NULL */

/* model_chat() for a family. RC_BAD f is NULL; RC_NOMEM. */
MUST_USE enum rc chat_wrap(const struct chat_family *f, const struct segment *system, size_t n_system,
                           const struct segment *user, size_t n_user, struct segment **out, size_t *n_out,
                           struct err *e);

#endif
