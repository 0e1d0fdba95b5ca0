/* training.c: whose briefs an adapter may be trained on. What the file does not allow is not used. */
#include "../base/str.h"
#include "admit.h"

enum rc policy_trains(const struct policy *p, struct err *e)
{
    if (p->training) return RC_OK;
    return err_set(e, RC_REFUSED, "policy: no brief may be used for training: the policy file has no training: section");
}

/* The record itself, those above it, those below it and theirs. */
static bool holds_anywhere(const struct record *r, const struct blocked_rule *b)
{
    if (admit_holds_above(r, b)) return true;
    for (const struct record_list *l = r->lists; l; l = l->next)
        for (size_t i = 0; i < l->count; i++)
            if (admit_holds_above(l->items[i], b)) return true;
    return false;
}

static bool owner_listed(const struct word_rule *owners, const char *owner)
{
    for (; owner && owners; owners = owners->next)
        if (str_eq(owners->text, owner)) return true;
    return false;
}

enum rc policy_check_training(const struct policy *p, enum purpose purpose, bool edited, const char *owner,
                              const struct record *record, struct err *e)
{
    const struct training_rules *t = p->training;

    if (!t) return policy_trains(p, e);
    if (!t->purposes[purpose])
        return err_set(e, RC_REFUSED, "policy: training: purposes: does not list %s (line %zu)", purpose_name(purpose), t->line);
    if (!(edited ? t->edited : t->approved))
        return err_set(e, RC_REFUSED, "policy: training: briefs: does not list %s ones (line %zu)", edited ? "edited" : "approved",
                       t->line);
    if (t->owners && !owner_listed(t->owners, owner))
        return err_set(e, RC_REFUSED, "policy: training: owners: does not list the record's owner (line %zu)", t->line);
    for (const struct blocked_rule *b = t->blocked; record && b; b = b->next)
        if (holds_anywhere(record, b))
            return err_set(e, RC_REFUSED, "policy: training: blocked_when: %s.%s is %s (line %zu)", b->object, b->field, b->is, b->line);
    return RC_OK;
}
