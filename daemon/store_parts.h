/* store_parts.h: the plain parts of a brief as the store keeps them, for store_put.c and the store's own tests. Whoever
 * makes briefs goes through store_put(), which takes only what policy released. */
#ifndef DAEMON_STORE_PARTS_H
#define DAEMON_STORE_PARTS_H

#include "store.h"

struct brief_parts { /* borrowed; all texts in slots */
    const char *language, *subject, *body, *to;
    int64_t valid_until;
    const char *const *bullets;
    size_t n_bullets;
    const struct policy_sentence *sentences;
    size_t n_sentences;
    const char *const *flags;
    size_t n_flags;
    const char *const *reasons; /* why sentences are missing */
    size_t n_reasons;
    const struct policy_value *values;
    size_t n_values;
};
/* As store_put() and store_brief_edit(). */
MUST_USE enum rc store_put_parts(struct store *s, const struct brief_parts *p, const struct brief_meta *m,
                                 const struct audit_event *ev, const struct store_done *job,
                                 struct store_put_result *out, struct err *e);
MUST_USE enum rc store_edit_parts(struct store *s, const char *id, const struct brief_parts *p,
                                  const struct audit_event *ev, struct err *e);

#endif
