#include "app.h"

#include <limits.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include "../base/str.h"
#include "governance.h"
#include "signers.h"
#include "wanted.h"

#define MAX_TEMPLATES 256 /* objects times kinds of one configuration */

struct template_entry {
    char *object;
    enum purpose kind;
    struct template *template;
};

struct rules {
    atomic_int refs;
    struct config *config;
    struct policy *policy;
    pthread_mutex_t lock; /* of the templates, which are read at first use */
    struct template_entry templates[MAX_TEMPLATES];
    size_t n_templates;
};

struct app {
    pthread_mutex_t lock;  /* of now */
    struct rules *now;
    struct rules *boot;    /* whose store, keys and model hold for the life of the process */
    char *config_path, *as_of;
    struct keyring *keys;
    struct model *model;
    struct lora *adapter; /* or NULL */
    struct engine *engine;
    char model_hash[SHA256_HEX_SIZE];
};

/* ---- rules ------------------------------------------------------------------------------------------------------ */

static bool maps(const struct map_object *o, const char *field)
{
    const struct map_field *f = o->fields;
    while (f && strcmp(f->spec.name, field) != 0)
        f = f->next;
    return f != NULL;
}

/* A field of consent that a source does not map would opt nobody out, in silence. */
static enum rc check_consent(const struct rules *r, struct err *e)
{
    const char *object, *field;
    for (const struct source_config *s = config_get(r->config)->mapped; s; s = s->next)
        for (size_t i = 0; policy_consent_field(r->policy, i, &object, &field); i++) {
            const struct map_object *o = source_object(s, object);
            if (o && !maps(o, field))
                return err_set(e, RC_BAD, "policy: blocked_when asks for %s.%s, which source %s does not map: nobody would be opted out;"
                               " add the field to the mapping or take the rule out", object, field, s->name);
        }
    return RC_OK;
}

/* The bytes that were parsed are those that must be signed: the file may have changed since. */
static enum rc check_signatures(const struct rules *r, struct err *e)
{
    const struct config_view *v = config_get(r->config);
    size_t n = 0;
    const char *bytes = policy_source(r->policy, &n);
    return v->signers ? signers_check(v->signers, v->settings->policy, bytes, n, e) : RC_OK;
}

static enum rc rules_open(const char *path, const char *as_of, bool check, struct rules **out, struct err *e)
{
    struct rules *r = calloc(1, sizeof(*r));
    if (!r)
        return err_set(e, RC_NOMEM, "app: out of memory");
    atomic_init(&r->refs, 1);
    pthread_mutex_init(&r->lock, NULL);
    enum rc rc = config_open(path, &(struct config_options){.resolve_secrets = !check, .as_of = as_of}, &r->config, e);
    if (rc == RC_OK) {
        const struct settings *s = config_get(r->config)->settings;
        struct policy_options opt = {.vault_best_effort = strcmp(s->vault_lock, "best_effort") == 0};
        rc = policy_open(s->policy, &opt, &r->policy, e);
    }
    if (rc == RC_OK)
        rc = check_signatures(r, e);
    if (rc == RC_OK)
        rc = check_consent(r, e);
    if (rc == RC_OK)
        rc = wanted_fields(r->config, r->policy, e);
    if (rc == RC_OK)
        *out = r;
    else
        rules_release(r);
    return rc;
}

void rules_release(struct rules *r)
{
    if (!r || atomic_fetch_sub(&r->refs, 1) != 1)
        return;
    for (size_t i = 0; i < r->n_templates; i++) {
        free(r->templates[i].object);
        template_close(r->templates[i].template);
    }
    policy_close(r->policy);
    config_close(r->config);
    pthread_mutex_destroy(&r->lock);
    free(r);
}

const struct config_view *rules_config(const struct rules *r)
{
    return config_get(r->config);
}

const struct policy *rules_policy(const struct rules *r)
{
    return r->policy;
}

static enum rc find_template(struct rules *r, const char *object, enum purpose kind, const struct template **out,
                             struct err *e)
{
    for (size_t i = 0; i < r->n_templates; i++) {
        if (r->templates[i].kind == kind && strcmp(r->templates[i].object, object) == 0) {
            *out = r->templates[i].template;
            return RC_OK;
        }
    }
    if (r->n_templates == MAX_TEMPLATES)
        return err_set(e, RC_LIMIT, "more than %d templates are in use", MAX_TEMPLATES);
    struct template_entry *t = &r->templates[r->n_templates];
    enum rc rc = template_find(rules_config(r)->settings->templates, object, kind, &t->template, e);
    if (rc != RC_OK)
        return rc;
    t->kind = kind;
    t->object = str_dup(object);
    if (!t->object) {
        template_close(t->template);
        return err_set(e, RC_NOMEM, "app: out of memory");
    }
    r->n_templates++;
    *out = t->template;
    return RC_OK;
}

enum rc rules_template(struct rules *r, const char *object, enum purpose kind, const struct template **out, struct err *e)
{
    pthread_mutex_lock(&r->lock);
    enum rc rc = find_template(r, object, kind, out, e);
    pthread_mutex_unlock(&r->lock);
    return rc;
}

/* Every template that a job will need, so that a wrong one is told now and not at two in the night. */
static enum rc read_templates(struct rules *r, struct err *e)
{
    enum rc rc = RC_OK;
    for (const struct job_config *j = rules_config(r)->jobs; j; j = j->next) {
        for (int k = 0; rc == RC_OK && k < N_PURPOSES; k++) {
            const struct template *t;
            if (j->kinds[k])
                rc = rules_template(r, j->object, (enum purpose)k, &t, e);
        }
    }
    return rc;
}

/* ---- the model -------------------------------------------------------------------------------------------------- */

static enum cpu_path cpu_of(const char *name)
{
    static const char *const names[] = {"auto", "scalar", "avx2", "avx512"};
    for (size_t i = 0; i < COUNT_OF(names); i++)
        if (strcmp(names[i], name) == 0)
            return (enum cpu_path)i;
    return CPU_AUTO;
}

/* FOLDER/NAME.gguf. */
static enum rc open_adapter(struct app *a, const struct settings *s, struct err *e)
{
    struct buf path;
    if (strcmp(s->model_adapter, "none") == 0)
        return RC_OK;
    if (!adapter_name_valid(s->model_adapter))
        return err_set(e, RC_BAD, "model.adapter: '%.60s' is not the name of an adapter", s->model_adapter);
    buf_init(&path, PATH_MAX);
    buf_printf(&path, "%s/%s.gguf", s->adapters, s->model_adapter);
    enum rc rc = buf_check(&path, "model.adapter", e);
    if (rc == RC_OK)
        rc = lora_open(a->model, path.data, &a->adapter, e);
    buf_clear(&path);
    return rc;
}

/* The first refusal is told if no purpose may use the model. */
static enum rc policy_takes_model(struct app *a, struct err *e)
{
    struct model_info info;
    struct err first = {""}, why;
    enum rc refused = RC_OK;
    model_info(a->model, &info);
    for (int k = 0; k < N_PURPOSES; k++) {
        enum rc rc = policy_check_model(a->boot->policy, info.path, info.licence, info.sha256, (enum purpose)k, &why);
        if (rc == RC_OK)
            return RC_OK;
        if (refused == RC_OK) {
            refused = rc;
            first = why;
        }
    }
    return err_set(e, refused, "%s", first.msg);
}

static enum rc open_model(struct app *a, bool with_engine, struct err *e)
{
    const struct settings *s = rules_config(a->boot)->settings;
    struct model_options mo = {.cpu = cpu_of(s->model_cpu),
                               .activation_bits = (int)strtol(s->model_activations, NULL, 10), /* "auto" is 0 */
                               .want_hash = true};
    if (strcmp(s->model_chat_template, "auto") != 0 && strcmp(s->model_chat_template, "none") != 0)
        mo.chat_template = s->model_chat_template;
    enum rc rc = model_open(s->model_path, &mo, &a->model, e);
    if (rc != RC_OK)
        return rc;
    struct model_info info;
    model_info(a->model, &info);
    memcpy(a->model_hash, info.sha256, sizeof(a->model_hash));
    rc = policy_takes_model(a, e);
    if (rc == RC_OK && with_engine)
        rc = open_adapter(a, s, e);
    if (rc != RC_OK || !with_engine)
        return rc;
    struct engine_options eo = {.threads = (int)s->model_threads,
                                .context = (uint32_t)s->model_context,
                                .sequences = (uint32_t)app_sequences(a),
                                .chunk = (uint32_t)s->model_chunk,
                                .kv_type = strcmp(s->model_kv_type, "q8") == 0 ? KV_Q8 : KV_F16};
    if (info.n_context && eo.context > info.n_context)
        eo.context = info.n_context;
    return engine_open(a->model, &eo, &a->engine, e);
}

/* ---- the application -------------------------------------------------------------------------------------------- */

/* --check: what jobs need is there and may be used, without reading the weights. */
static enum rc check(struct app *a, struct err *e)
{
    const struct settings *s = rules_config(a->boot)->settings;
    enum rc rc = read_templates(a->boot, e);
    if (rc == RC_OK)
        rc = model_open(s->model_path, &(struct model_options){.vocab_only = true}, &a->model, e);
    return rc;
}

enum rc app_open(const struct app_options *opt, struct app **out, struct err *e)
{
    struct app *a = calloc(1, sizeof(*a));
    if (!a)
        return err_set(e, RC_NOMEM, "app: out of memory");
    pthread_mutex_init(&a->lock, NULL);
    a->config_path = str_dup(opt->config);
    a->as_of = str_dup(opt->as_of);
    enum rc rc = a->config_path && (a->as_of || !opt->as_of) ? RC_OK : err_set(e, RC_NOMEM, "app: out of memory");
    if (rc == RC_OK)
        rc = rules_open(opt->config, opt->as_of, opt->check, &a->boot, e);
    if (rc == RC_OK)
        a->now = app_rules(a);
    if (rc == RC_OK && opt->check)
        rc = check(a, e);
    if (rc == RC_OK && (opt->parts & APP_STORE_KEYS))
        rc = keyring_open(rules_config(a->boot)->settings->master_key, &a->keys, e);
    if (rc == RC_OK && (opt->parts & (APP_MODEL | APP_ENGINE)))
        rc = open_model(a, opt->parts & APP_ENGINE, e);
    if (rc == RC_OK)
        *out = a;
    else
        app_close(a);
    return rc;
}

void app_close(struct app *a)
{
    if (!a)
        return;
    engine_close(a->engine);
    lora_close(a->adapter);
    model_close(a->model);
    keyring_close(a->keys);
    rules_release(a->now);
    rules_release(a->boot);
    free(a->config_path);
    free(a->as_of);
    pthread_mutex_destroy(&a->lock);
    free(a);
}

struct rules *app_rules(struct app *a)
{
    pthread_mutex_lock(&a->lock);
    struct rules *r = a->now ? a->now : a->boot;
    atomic_fetch_add(&r->refs, 1);
    pthread_mutex_unlock(&a->lock);
    return r;
}

enum rc app_reload(struct app *a, const char **restart, struct err *e)
{
    struct rules *fresh = NULL;
    enum rc rc = rules_open(a->config_path, a->as_of, false, &fresh, e);
    if (rc == RC_OK)
        rc = read_templates(fresh, e);
    if (rc != RC_OK) {
        rules_release(fresh);
        return rc;
    }
    if (restart)
        *restart = settings_needs_restart(rules_config(a->boot)->settings, rules_config(fresh)->settings);
    pthread_mutex_lock(&a->lock);
    struct rules *old = a->now;
    a->now = fresh;
    pthread_mutex_unlock(&a->lock);
    rules_release(old);
    return RC_OK;
}

const struct keyring *app_keys(const struct app *a)
{
    return a->keys;
}

const struct model *app_model(const struct app *a)
{
    return a->model;
}

const struct lora *app_adapter(const struct app *a)
{
    return a->adapter;
}

struct engine *app_engine(const struct app *a)
{
    return a->engine;
}

const char *app_model_hash(const struct app *a)
{
    return a->model_hash;
}

size_t app_sequences(const struct app *a)
{
    int64_t n = rules_config(a->boot)->settings->model_sequences;
    return n > 0 ? (size_t)n : 8;
}

enum rc app_store_open(struct app *a, bool exclusive, struct store **out, struct err *e)
{
    struct rules *r = app_rules(a);
    struct store_options opt = {.keys = a->keys,
                                .exclusive = exclusive,
                                .max_attempts = (unsigned)rules_config(r)->settings->max_attempts};
    enum rc rc = store_open(rules_config(a->boot)->settings->store, &opt, out, e);
    rules_release(r);
    return rc;
}
