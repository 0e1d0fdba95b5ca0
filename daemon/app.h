/* app.h: what a process has open: the rules it works by (configuration, policy, templates) and the model.
 *
 * Rules are one immutable snapshot, counted by reference: a reload swaps in a new one, and whoever works by the old one
 * finishes with it. Keys, model and engine stay for the life of the process.
 *
 * Threads: everything here may be called from any thread. */
#ifndef DAEMON_APP_H
#define DAEMON_APP_H

#include <stdbool.h>
#include "../base/err.h"
#include "../inference/inference.h"
#include "../policy/policy.h"
#include "config.h"
#include "keyring.h"
#include "store.h"
#include "template.h"

struct rules; /* one snapshot */
const struct config_view *rules_config(const struct rules *r);
const struct policy *rules_policy(const struct rules *r);
/* The template for (object, kind), read at first use; borrowed from the rules. RC_BAD names what is missing or wrong. */
MUST_USE enum rc rules_template(struct rules *r, const char *object, enum purpose kind, const struct template **out,
                                struct err *e);
void rules_release(struct rules *r); /* NULL is a no-op */

enum app_part {
    APP_RULES = 0,      /* configuration and policy: always */
    APP_STORE_KEYS = 1, /* the keyring, so that stores can be opened */
    APP_MODEL = 2,      /* the tokenizer and weights */
    APP_ENGINE = 4,     /* and its engine; also the adapter, if the configuration names one */
};
struct app_options {
    const char *config; /* path */
    const char *as_of;  /* overrides `clock`; or NULL */
    unsigned parts;     /* of enum app_part */
    bool check;         /* only look: secrets are not resolved */
};
struct app;
/* RC_BAD "path:line:column: ..."; RC_REFUSED policy forbids the model for every purpose (names rule and way out). */
MUST_USE enum rc app_open(const struct app_options *opt, struct app **out, struct err *e);
void app_close(struct app *a); /* stops the engine; NULL is a no-op */

struct rules *app_rules(struct app *a); /* the present rules, to be given back with rules_release() */
/* Read configuration, policy and templates again. On an error everything stays as it was. *restart (may be NULL):
 * the first changed setting that needs a restart, or NULL; it stays at its old value until then. */
MUST_USE enum rc app_reload(struct app *a, const char **restart, struct err *e);

const struct keyring *app_keys(const struct app *a);
const struct model *app_model(const struct app *a);
struct engine *app_engine(const struct app *a);
const char *app_model_hash(const struct app *a); /* SHA-256 of the file, hex */
/* The adapter that the configuration names, or NULL. That it may be used is asked for each brief (pipeline.h). */
const struct lora *app_adapter(const struct app *a);
size_t app_sequences(const struct app *a);       /* most sequences in flight */

/* A store handle for the calling thread. exclusive: as the one process that runs jobs. */
MUST_USE enum rc app_store_open(struct app *a, bool exclusive, struct store **out, struct err *e);

#endif
