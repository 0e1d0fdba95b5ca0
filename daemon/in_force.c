#include "in_force.h"

#include <libgen.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "../base/str.h"

#define CARD_MAX_BYTES ((size_t)1 << 20)

static const char *name_of(const char *path)
{
    const char *slash = strrchr(path, '/');
    return slash ? slash + 1 : path;
}

static enum rc keep(struct store *s, const char *what, const char *name, const char *bytes, size_t n, const char *actor,
                    struct err *e)
{
    uint8_t digest[SHA256_SIZE];
    char hash[SHA256_HEX_SIZE];
    sha256(bytes, n, digest);
    str_hex(digest, sizeof(digest), hash);
    struct store_document d = {.what = what, .name = name, .hash = hash, .bytes = bytes, .n = n};
    return store_document_put(s, &d, actor, e);
}

/* MODEL_CARD.md beside the model, if there is one. */
static void add_card(struct buf *b, const char *model_path)
{
    char chunk[4096], *path = NULL, *folder = str_dup(model_path);
    size_t n;
    FILE *f = NULL;
    if (folder && asprintf(&path, "%s/MODEL_CARD.md", dirname(folder)) > 0)
        f = fopen(path, "rbe");
    if (f)
        buf_str(b, "\n");
    while (f && (n = fread(chunk, 1, sizeof(chunk), f)) > 0)
        buf_add(b, chunk, n);
    if (f)
        fclose(f);
    free(path);
    free(folder);
}

/* What the file says of itself, then what its makers say. */
static enum rc keep_model(struct app *a, struct store *s, const char *actor, struct err *e)
{
    struct model_info m;
    struct buf card;
    model_info(app_model(a), &m);
    struct store_document d = {.what = "model", .name = name_of(m.path), .hash = app_model_hash(a)};
    enum rc rc = store_document_put(s, &d, actor, e);
    if (rc != RC_OK)
        return rc;
    buf_init(&card, CARD_MAX_BYTES);
    buf_printf(&card, "file: %s\nsha256: %s\nname: %s\narchitecture: %s\nlicence: %s\nweights: %s\nparameters: %llu\n"
               "active parameters: %llu\nlayers: %u\nexperts: %u, %u used\nvocabulary: %u\ncontext: %u\n",
               name_of(m.path), app_model_hash(a), m.name, m.architecture, *m.licence ? m.licence : "unknown", m.weight_type,
               (unsigned long long)m.n_params, (unsigned long long)m.n_active_params, m.n_layers, m.n_experts,
               m.n_experts_used, m.n_vocab, m.n_context);
    add_card(&card, m.path);
    rc = buf_check(&card, "the model card", e);
    if (rc == RC_OK)
        rc = keep(s, "model-card", app_model_hash(a), card.data, card.len, actor, e);
    buf_clear(&card);
    return rc;
}

/* The adapter that the configuration names: its file's hash. */
static enum rc keep_adapter(struct app *a, const char *name, struct store *s, const char *actor, struct err *e)
{
    struct lora_info info;
    lora_info(app_adapter(a), &info);
    return store_document_put(s, &(struct store_document){.what = "adapter", .name = name, .hash = info.sha256}, actor, e);
}

enum rc in_force_note(struct app *a, const struct rules *r, struct store *s, const char *actor, struct err *e)
{
    const struct config_view *v = rules_config(r);
    size_t n = 0;
    const char *policy = policy_source(rules_policy(r), &n);
    enum rc rc = keep(s, "config", v->name, v->text, strlen(v->text), actor, e);
    if (rc == RC_OK)
        rc = keep(s, "policy", name_of(v->settings->policy), policy, n, actor, e);
    if (rc == RC_OK && app_model(a))
        rc = keep_model(a, s, actor, e);
    return rc == RC_OK && app_adapter(a) ? keep_adapter(a, v->settings->model_adapter, s, actor, e) : rc;
}

enum rc in_force_template(struct store *s, const struct template *t, const char *actor, struct err *e)
{
    size_t n = 0;
    const char *text = template_source(t, &n);
    return keep(s, "template", template_name(t), text, n, actor, e);
}
