#include "retention.h"

#include <stdio.h>
#include "../base/log.h"

struct retention retention_of(const struct policy *p)
{
    return (struct retention){.briefs = policy_retention_us(p, "briefs"), .sealed_values = policy_retention_us(p, "sealed_values")};
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
    store_close(s);
    rules_release(r);
}
