/* config.h: briefd.yaml as a whole: settings, sources, jobs, senders. Read-only once loaded; a reload makes a new one. */
#ifndef DAEMON_CONFIG_H
#define DAEMON_CONFIG_H

#include <stdbool.h>
#include <stdint.h>
#include "../connectors/connector.h"
#include "../policy/policy.h"
#include "settings.h"

/* filter: [{field: stage, not_in: [Closed Won]}]: all must hold. */
enum filter_op { FILTER_IS, FILTER_IN, FILTER_NOT_IN };
struct job_filter {
    const char *field;
    enum filter_op op;
    const char *const *values;
    size_t n_values;
    const struct job_filter *next;
};

/* order: [{field: amount, desc: true}]: which records come first when the budget does not reach all. */
struct job_order {
    const char *field;
    bool desc;
    const struct job_order *next;
};

enum catch_up { CATCH_UP_SKIP, CATCH_UP_ONCE };

struct job_config { /* one entry of `jobs:` */
    const char *name;
    const char *schedule;  /* cron or @daily; NULL: only when asked for */
    const char *time_zone; /* IANA name */
    const char *source, *object;
    bool kinds[N_PURPOSES];
    const struct job_filter *filter;
    const struct job_order *order;
    int64_t budget_records, budget_minutes; /* 0: no limit */
    bool carry_over;       /* what is over the budget waits for the next run; else it is dropped from the queue */
    enum catch_up catch_up;
    const struct job_config *next;
};

struct sender { /* who signs an e-mail draft */
    const char *key, *name, *title; /* key: CRM identity of an owner, or "default" */
    const struct sender *next;
};

struct config;
struct signers;
struct config_view {
    const char *name;       /* of the file, without its folder */
    const char *text;       /* all of it as YAML, secrets masked: to be kept with what was made by it */
    const struct signers *signers; /* policy_signers; NULL: a policy needs no signature */
    const struct settings *settings;
    const struct source_config *sources; /* with the fields that are asked for: config_narrow() */
    const struct source_config *mapped;  /* with all that the file maps */
    const struct job_config *jobs;
    const struct sender *senders;
    struct clock clock;
};

struct config_options {
    bool resolve_secrets; /* false for --check: a secret may not be there yet */
    const char *as_of;    /* overrides `clock`; or NULL */
};
/* RC_BAD "path:line:column: ..."; RC_NOMEM. Relative paths in the file are relative to the file's folder. */
MUST_USE enum rc config_open(const char *path, const struct config_options *opt, struct config **out, struct err *e);
void config_close(struct config *c);
/* Leave of the sources' mapping only the fields that `wanted` says: no other is asked for from then on. RC_NOMEM. */
typedef bool (*config_wanted_fn)(void *ctx, const struct source_config *s, const struct map_object *o, const struct map_field *f);
MUST_USE enum rc config_narrow(struct config *c, config_wanted_fn wanted, void *ctx, struct err *e);
const struct config_view *config_get(const struct config *c);

const struct source_config *config_source(const struct config_view *v, const char *name); /* NULL if absent */
const struct sender *config_sender(const struct config_view *v, const char *owner);        /* falls back to default */
/* Which of two records comes first, as strcmp(); a record without the field comes last. */
int job_order_compare(const struct job_order *o, const struct record *a, const struct record *b);
/* Does the record pass the job's filter? A field that is absent passes only not_in. */
bool job_filter_passes(const struct job_filter *f, const struct record *r);

#endif
