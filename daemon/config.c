#include "config.h"

#include <libgen.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include "../base/secret.h"
#include "../base/str.h"
#include "config_text.h"
#include "cron.h"
#include "signers.h"

struct config {
    struct yaml *yaml;
    struct arena arena;
    struct settings settings;
    struct config_view view;
};

struct loader {
    struct config *c;
    const struct yaml *y;
    struct err *e;
};

static enum rc no_memory(struct err *e)
{
    return err_set(e, RC_NOMEM, "config: out of memory");
}

/* ---- jobs -------------------------------------------------------------------------------------------------------------- */

static enum rc read_values(struct loader *l, const struct yaml_node *n, struct job_filter *f)
{
    size_t count = n->kind == YAML_LIST ? n->count : 1;
    const char **values = arena_array(&l->c->arena, count, sizeof(*values));
    if (!values)
        return no_memory(l->e);
    const struct yaml_node *v = n->kind == YAML_LIST ? n->first : n;
    for (size_t i = 0; i < count; i++, v = v->next) {
        enum rc rc = yaml_text(l->y, v, &values[i], l->e);
        if (rc != RC_OK)
            return rc;
    }
    f->values = values;
    f->n_values = count;
    return RC_OK;
}

static enum rc read_filter(struct loader *l, const struct yaml_node *n, const struct job_filter **out)
{
    static const char *const known[] = {"field", "is", "in", "not_in"};
    enum rc rc = RC_OK;
    if (n->kind != YAML_LIST)
        return yaml_bad(l->y, n, l->e, "a list such as [{field: stage, not_in: [Closed Won]}] was expected here");
    for (const struct yaml_node *item = n->first; item && rc == RC_OK; item = item->next) {
        struct job_filter *f = arena_alloc(&l->c->arena, sizeof(*f));
        if (!f)
            return no_memory(l->e);
        rc = yaml_only(l->y, item, known, COUNT_OF(known), l->e);
        if (rc != RC_OK)
            return rc;
        const struct yaml_node *field = yaml_get(item, "field"), *values = NULL;
        if (!field || item->count != 2)
            return yaml_bad(l->y, item, l->e, "'field' and one of is, in, not_in were expected here");
        for (int op = FILTER_IS; op <= FILTER_NOT_IN; op++)
            if (yaml_get(item, known[op + 1])) {
                f->op = (enum filter_op)op;
                values = yaml_get(item, known[op + 1]);
            }
        rc = yaml_text(l->y, field, &f->field, l->e);
        if (rc == RC_OK)
            rc = read_values(l, values, f);
        *out = f;
        out = &f->next;
    }
    return rc;
}

static enum rc read_order(struct loader *l, const struct yaml_node *n, const struct job_order **out)
{
    static const char *const known[] = {"field", "desc"};
    enum rc rc = RC_OK;
    if (n->kind != YAML_LIST)
        return yaml_bad(l->y, n, l->e, "a list such as [{field: amount, desc: true}] was expected here");
    for (const struct yaml_node *item = n->first; rc == RC_OK && item; item = item->next) {
        struct job_order *o = arena_alloc(&l->c->arena, sizeof(*o));
        if (!o)
            return no_memory(l->e);
        rc = yaml_only(l->y, item, known, COUNT_OF(known), l->e);
        if (rc == RC_OK && !yaml_get(item, "field"))
            rc = yaml_bad(l->y, item, l->e, "'field' is missing here");
        if (rc == RC_OK)
            rc = yaml_text(l->y, yaml_get(item, "field"), &o->field, l->e);
        if (rc == RC_OK && yaml_get(item, "desc"))
            rc = yaml_bool(l->y, yaml_get(item, "desc"), &o->desc, l->e);
        *out = o;
        out = &o->next;
    }
    return rc;
}

static enum rc read_kinds(struct loader *l, const struct yaml_node *n, struct job_config *j)
{
    if (n->kind != YAML_LIST || n->count == 0)
        return yaml_bad(l->y, n, l->e, "a list of summary, email, enrichment was expected here");
    for (const struct yaml_node *k = n->first; k; k = k->next) {
        enum purpose p;
        if (k->kind != YAML_SCALAR || !purpose_parse(k->text, &p))
            return yaml_bad(l->y, k, l->e, "one of summary, email, enrichment was expected here");
        j->kinds[p] = true;
    }
    return RC_OK;
}

static enum rc read_budget(struct loader *l, const struct yaml_node *n, struct job_config *j)
{
    static const char *const known[] = {"records", "minutes"};
    const struct yaml_node *v;
    enum rc rc = yaml_only(l->y, n, known, COUNT_OF(known), l->e);
    if (rc == RC_OK && (v = yaml_get(n, "records")))
        rc = yaml_int(l->y, v, 1, INT64_C(1000000000), &j->budget_records, l->e);
    if (rc == RC_OK && (v = yaml_get(n, "minutes")))
        rc = yaml_int(l->y, v, 1, 10080, &j->budget_minutes, l->e);
    return rc;
}

static enum rc read_job_value(struct loader *l, const struct yaml_node *v, struct job_config *j)
{
    static const char *const catch_ups[] = {"skip", "once"};
    size_t choice = 0;
    enum rc rc;
    if (strcmp(v->key, "schedule") == 0) {
        struct cron cron;
        struct err why;
        rc = yaml_text(l->y, v, &j->schedule, l->e);
        if (rc == RC_OK && cron_parse(j->schedule, &cron, &why) != RC_OK)
            rc = yaml_bad(l->y, v, l->e, "%s", why.msg);
        return rc;
    }
    if (strcmp(v->key, "time_zone") == 0)
        return yaml_text(l->y, v, &j->time_zone, l->e);
    if (strcmp(v->key, "source") == 0)
        return yaml_text(l->y, v, &j->source, l->e);
    if (strcmp(v->key, "object") == 0)
        return yaml_text(l->y, v, &j->object, l->e);
    if (strcmp(v->key, "kinds") == 0)
        return read_kinds(l, v, j);
    if (strcmp(v->key, "filter") == 0)
        return read_filter(l, v, &j->filter);
    if (strcmp(v->key, "order") == 0)
        return read_order(l, v, &j->order);
    if (strcmp(v->key, "budget") == 0)
        return read_budget(l, v, j);
    if (strcmp(v->key, "carry_over") == 0)
        return yaml_bool(l->y, v, &j->carry_over, l->e);
    rc = yaml_choice(l->y, v, catch_ups, COUNT_OF(catch_ups), &choice, l->e);
    j->catch_up = (enum catch_up)choice;
    return rc;
}

static enum rc read_job(struct loader *l, const struct yaml_node *n, struct job_config *j)
{
    static const char *const known[] = {"schedule", "time_zone", "source",     "object",  "kinds",
                                        "filter",   "order",     "budget",     "carry_over", "catch_up"};
    enum rc rc = yaml_only(l->y, n, known, COUNT_OF(known), l->e);
    j->name = n->key;
    j->time_zone = "UTC";
    j->carry_over = true;
    for (const struct yaml_node *v = n->first; rc == RC_OK && v; v = v->next)
        rc = read_job_value(l, v, j);
    if (rc != RC_OK)
        return rc;
    if (!j->source || !j->object || !yaml_get(n, "kinds"))
        return yaml_bad_key(l->y, n, l->e, "job '%s' needs source, object and kinds", j->name);
    const struct source_config *s = config_source(&l->c->view, j->source);
    if (!s)
        return yaml_bad(l->y, yaml_get(n, "source"), l->e, "there is no source '%s'", j->source);
    if (!source_object(s, j->object))
        return yaml_bad(l->y, yaml_get(n, "object"), l->e, "source '%s' maps no object '%s'", j->source, j->object);
    return RC_OK;
}

static enum rc read_jobs(struct loader *l, const struct yaml_node *n)
{
    const struct job_config **tail = &l->c->view.jobs;
    if (n && n->kind != YAML_MAP)
        return yaml_bad(l->y, n, l->e, "jobs by name were expected here");
    for (const struct yaml_node *m = n ? n->first : NULL; m; m = m->next) {
        struct job_config *j = arena_alloc(&l->c->arena, sizeof(*j));
        enum rc rc = j ? read_job(l, m, j) : no_memory(l->e);
        if (rc != RC_OK)
            return rc;
        *tail = j;
        tail = &j->next;
    }
    return RC_OK;
}

/* ---- senders, paths, the whole ------------------------------------------------------------------------------------------ */

static enum rc read_senders(struct loader *l, const struct yaml_node *n)
{
    static const char *const known[] = {"name", "title"};
    const struct sender **tail = &l->c->view.senders;
    if (n && n->kind != YAML_MAP)
        return yaml_bad(l->y, n, l->e, "senders by CRM identity, or 'default', were expected here");
    for (const struct yaml_node *m = n ? n->first : NULL; m; m = m->next) {
        struct sender *s = arena_alloc(&l->c->arena, sizeof(*s));
        enum rc rc = s ? yaml_only(l->y, m, known, COUNT_OF(known), l->e) : no_memory(l->e);
        if (rc != RC_OK)
            return rc;
        s->key = m->key;
        if (!yaml_get(m, "name"))
            return yaml_bad_key(l->y, m, l->e, "sender '%s' needs a name", m->key);
        rc = yaml_text(l->y, yaml_get(m, "name"), &s->name, l->e);
        if (rc == RC_OK && yaml_get(m, "title"))
            rc = yaml_text(l->y, yaml_get(m, "title"), &s->title, l->e);
        if (rc != RC_OK)
            return rc;
        *tail = s;
        tail = &s->next;
    }
    return RC_OK;
}

/* The folder of the configuration file, absolute. */
static const char *folder_of(struct config *c, const char *file)
{
    char whole[PATH_MAX];
    return realpath(file, whole) ? arena_dup(&c->arena, dirname(whole)) : NULL;
}

/* Relative paths are relative to the configuration file, so that a folder with both can be moved. */
static bool make_absolute(struct config *c, const char *folder, const char **path)
{
    static const char *const prefixes[] = {"sqlite://", "file:", ""};
    for (size_t i = 0; i < COUNT_OF(prefixes); i++) {
        if (!str_starts(*path, prefixes[i]))
            continue;
        const char *rest = *path + strlen(prefixes[i]);
        if (*rest == '/')
            return true;
        *path = arena_printf(&c->arena, "%s%s/%s", prefixes[i], folder, rest);
        return *path != NULL;
    }
    return true;
}

static enum rc fix_paths(struct config *c, const char *file, struct err *e)
{
    struct settings *s = &c->settings;
    const char *folder = folder_of(c, file);
    const char **paths[] = {&s->store, &s->master_key, &s->socket, &s->policy, &s->templates, &s->adapters, &s->model_path};
    for (size_t i = 0; i < COUNT_OF(paths); i++)
        if (!str_starts(*paths[i], "postgres") && (!folder || !make_absolute(c, folder, paths[i])))
            return no_memory(e);
    return RC_OK;
}

static enum rc read_signers(struct loader *l, const char *file, const struct yaml_node *n)
{
    const char *folder = n ? folder_of(l->c, file) : NULL;
    if (!n)
        return RC_OK;
    return folder ? signers_parse(l->y, n, folder, &l->c->arena, &l->c->view.signers, l->e) : no_memory(l->e);
}

static enum rc keep_text(struct loader *l, const char *file)
{
    const char *slash = strrchr(file, '/');
    struct buf text;
    buf_init(&text, 2 * YAML_MAX_BYTES);
    config_text(yaml_root(l->y), &text);
    /* The configuration names files of keys: which keys those are belongs to it. */
    for (size_t i = 0; l->c->view.signers && i < l->c->view.signers->n; i++) {
        char hex[2 * ED25519_PUBLIC_SIZE + 1];
        str_hex(l->c->view.signers->list[i].public_key, ED25519_PUBLIC_SIZE, hex);
        buf_printf(&text, "# public key of %s: %s\n", l->c->view.signers->list[i].name, hex);
    }
    enum rc rc = buf_check(&text, file, l->e);
    if (rc == RC_OK) {
        l->c->view.name = arena_dup(&l->c->arena, slash ? slash + 1 : file);
        l->c->view.text = arena_ndup(&l->c->arena, text.data, text.len);
        if (!l->c->view.name || !l->c->view.text)
            rc = no_memory(l->e);
    }
    buf_wipe(&text);
    return rc;
}

enum rc config_open(const char *path, const struct config_options *opt, struct config **out, struct err *e)
{
    static const char *const others[] = {"sources", "jobs", "senders", "policy_signers"};
    struct config *c = calloc(1, sizeof(*c));
    enum rc rc;
    if (!c)
        return no_memory(e);
    arena_init(&c->arena, (size_t)64 << 20);
    rc = yaml_open(path, &c->yaml, e);
    struct loader l = {.c = c, .y = c->yaml, .e = e};
    const struct yaml_node *root = rc == RC_OK ? yaml_root(c->yaml) : NULL, *sources = yaml_get(root, "sources");
    if (rc == RC_OK)
        rc = settings_parse(c->yaml, others, COUNT_OF(others), &c->arena, &c->settings, e);
    c->view.settings = &c->settings;
    if (rc == RC_OK)
        rc = fix_paths(c, path, e);
    if (rc == RC_OK && sources)
        rc = sources_parse(c->yaml, sources, opt->resolve_secrets, &c->arena, &c->view.mapped, e);
    c->view.sources = c->view.mapped;
    if (rc == RC_OK)
        rc = read_jobs(&l, yaml_get(root, "jobs"));
    if (rc == RC_OK)
        rc = read_senders(&l, yaml_get(root, "senders"));
    if (rc == RC_OK)
        rc = read_signers(&l, path, yaml_get(root, "policy_signers"));
    if (rc == RC_OK)
        rc = keep_text(&l, path);
    if (rc == RC_OK)
        rc = clock_init(&c->view.clock, opt->as_of ? opt->as_of : c->settings.clock, e);
    if (rc != RC_OK) {
        config_close(c);
        return rc;
    }
    *out = c;
    return RC_OK;
}

static enum rc narrow_object(struct config *c, struct map_object *o, const struct source_config *s, const struct map_object *mapped,
                             config_wanted_fn wanted, void *ctx, struct err *e)
{
    const struct map_field **tail = &o->fields;
    *o = *mapped;
    o->fields = NULL;
    o->next = NULL;
    for (const struct map_field *f = mapped->fields; f; f = f->next) {
        if (!wanted(ctx, s, mapped, f))
            continue;
        struct map_field *copy = arena_alloc(&c->arena, sizeof(*copy));
        if (!copy)
            return no_memory(e);
        *copy = *f;
        copy->next = NULL;
        *tail = copy;
        tail = &copy->next;
    }
    return RC_OK;
}

static enum rc narrow_source(struct config *c, struct source_config *s, const struct source_config *mapped, config_wanted_fn wanted,
                             void *ctx, struct err *e)
{
    const struct map_object **tail = &s->objects;
    enum rc rc = RC_OK;
    *s = *mapped;
    s->objects = NULL;
    s->next = NULL;
    for (const struct map_object *o = mapped->objects; rc == RC_OK && o; o = o->next) {
        struct map_object *copy = arena_alloc(&c->arena, sizeof(*copy));
        if (!copy)
            return no_memory(e);
        rc = narrow_object(c, copy, mapped, o, wanted, ctx, e);
        *tail = copy;
        tail = &copy->next;
    }
    return rc;
}

enum rc config_narrow(struct config *c, config_wanted_fn wanted, void *ctx, struct err *e)
{
    const struct source_config *first = NULL, **tail = &first;
    enum rc rc = RC_OK;
    for (const struct source_config *s = c->view.mapped; rc == RC_OK && s; s = s->next) {
        struct source_config *copy = arena_alloc(&c->arena, sizeof(*copy));
        if (!copy)
            return no_memory(e);
        rc = narrow_source(c, copy, s, wanted, ctx, e);
        *tail = copy;
        tail = &copy->next;
    }
    if (rc == RC_OK)
        c->view.sources = first;
    return rc;
}

void config_close(struct config *c)
{
    if (!c)
        return;
    arena_wipe(&c->arena); /* resolved secrets */
    yaml_close(c->yaml);
    free(c);
}

const struct config_view *config_get(const struct config *c)
{
    return &c->view;
}

const struct source_config *config_source(const struct config_view *v, const char *name)
{
    for (const struct source_config *s = v->sources; s; s = s->next)
        if (strcmp(s->name, name) == 0)
            return s;
    return NULL;
}

const struct sender *config_sender(const struct config_view *v, const char *owner)
{
    const struct sender *standard = NULL;
    for (const struct sender *s = v->senders; s; s = s->next) {
        if (owner && strcmp(s->key, owner) == 0)
            return s;
        if (strcmp(s->key, "default") == 0)
            standard = s;
    }
    return standard;
}

static int compare_fields(const struct field *a, const struct field *b)
{
    if (a->type == FIELD_DECIMAL || a->type == FIELD_MONEY) {
        double x = strtod(a->text, NULL), y = strtod(b->text, NULL);
        return (x > y) - (x < y);
    }
    if (a->type == FIELD_TEXT || a->type == FIELD_ENUM || a->type == FIELD_REFERENCE)
        return strcmp(a->text, b->text);
    return (a->integer > b->integer) - (a->integer < b->integer);
}

int job_order_compare(const struct job_order *o, const struct record *a, const struct record *b)
{
    for (; o; o = o->next) {
        const struct field *x = record_field(a, o->field), *y = record_field(b, o->field);
        bool has_x = x && x->text, has_y = y && y->text;
        if (has_x != has_y)
            return has_x ? -1 : 1;
        int c = has_x && x->type == y->type ? compare_fields(x, y) : 0;
        if (c != 0)
            return o->desc ? -c : c;
    }
    return 0;
}

bool job_filter_passes(const struct job_filter *f, const struct record *r)
{
    for (; f; f = f->next) {
        const struct field *field = record_field(r, f->field);
        bool listed = false;
        for (size_t i = 0; field && field->text && i < f->n_values; i++)
            listed = listed || strcmp(field->text, f->values[i]) == 0;
        if (listed == (f->op == FILTER_NOT_IN))
            return false;
    }
    return true;
}
