/* From what policy released to the parts that the store keeps: the only way in for a brief. */
#include "store_parts.h"

static struct brief_parts parts_of(const struct policy_released *rel)
{
    struct brief_parts p = {.language = policy_released_language(rel),
                            .subject = policy_released_subject(rel),
                            .body = policy_released_body(rel),
                            .to = policy_released_to(rel),
                            .valid_until = policy_released_valid_until(rel)};
    policy_released_bullets(rel, &p.bullets, &p.n_bullets);
    policy_released_sentences(rel, &p.sentences, &p.n_sentences);
    policy_released_flags(rel, &p.flags, &p.n_flags);
    policy_released_reasons(rel, &p.reasons, &p.n_reasons);
    policy_released_values(rel, &p.values, &p.n_values);
    return p;
}

enum rc store_put(struct store *s, const struct policy_released *rel, const struct brief_meta *m,
                  const struct audit_event *ev, const struct store_done *job, struct store_put_result *out,
                  struct err *e)
{
    struct brief_parts p = parts_of(rel);
    return store_put_parts(s, &p, m, ev, job, out, e);
}

enum rc store_brief_edit(struct store *s, const char *id, const struct policy_released *rel,
                         const struct audit_event *ev, struct err *e)
{
    struct brief_parts p = parts_of(rel);
    return store_edit_parts(s, id, &p, ev, e);
}
