#include "retention.h"

#include <stdio.h>
#include "../base/log.h"

struct retention retention_of(const struct policy *p)
{
    return (struct retention){.briefs = policy_retention_us(p, "briefs"), .sealed_values = policy_retention_us(p, "sealed_values")};
}

/* The chain from its beginning up to a signed checkpoint, which stays. */
static void prune_audit(struct store *s, const struct policy *p)
{
    const struct audit_event ev = {.actor = "system", .event = "audit.pruned", .object = ""};
    int64_t keep_us = policy_retention_us(p, "audit"), removed = 0;
    struct err e = {""};
    char entries[24];
    if (keep_us <= 0)
        return;
    enum rc rc = store_audit_prune(s, store_now_us(s) - keep_us, false, &ev, &removed, &e);
    snprintf(entries, sizeof(entries), "%lld", (long long)removed);
    if (rc != RC_OK)
        log_event(LOG_WARN, "retention of the audit will be tried again", "reason", e.msg, NULL);
    else if (removed)
        log_event(LOG_INFO, "audit pruned", "entries", entries, NULL);
}

void retention_by_itself(struct app *a)
{
    const struct audit_event ev = {.actor = "system", .event = "retention"};
    struct rules *r = app_rules(a);
    const struct retention limits = retention_of(rules_policy(r));
    struct retention_counts n = {0};
    struct store *s = NULL;
    struct err e = {""};
    char briefs[24], values[24];
    enum rc rc = app_store_open(a, false, &s, &e);
    if (rc == RC_OK)
        rc = store_retention(s, &limits, false, &ev, &n, &e);
    snprintf(briefs, sizeof(briefs), "%zu", n.briefs);
    snprintf(values, sizeof(values), "%zu", n.values);
    if (rc != RC_OK)
        log_event(LOG_WARN, "retention will be tried again", "reason", e.msg, NULL);
    else if (n.briefs + n.values + n.previous + n.keys > 0)
        log_event(LOG_INFO, "retention", "briefs", briefs, "values", values, NULL);
    if (rc == RC_OK)
        prune_audit(s, rules_policy(r));
    store_close(s);
    rules_release(r);
}
