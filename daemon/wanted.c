#include "wanted.h"

#include <stdio.h>
#include "../base/str.h"

#define MAX_PATH_BYTES 512

/* ---- where records of an object come in --------------------------------------------------------------------------- */

/* Records of `object` come with one of root under this name: "" for itself, "account", "activities.who". True: no more. */
typedef bool (*place_fn)(void *ctx, const struct map_object *root, const char *prefix, const char *object);

static bool each_place(const struct source_config *s, const struct map_object *root, place_fn on_place, void *ctx)
{
    char prefix[MAX_PATH_BYTES];
    if (on_place(ctx, root, "", root->name))
        return true;
    for (const struct map_parent *p = root->parents; p; p = p->next)
        if (on_place(ctx, root, p->name, p->object))
            return true;
    for (const struct map_children *c = root->children; c; c = c->next) {
        const struct map_object *child = source_object(s, c->object);
        if (on_place(ctx, root, c->name, c->object))
            return true;
        for (const struct map_parent *p = child ? child->parents : NULL; p; p = p->next) {
            snprintf(prefix, sizeof(prefix), "%s.%s", c->name, p->name);
            if (on_place(ctx, root, prefix, p->object))
                return true;
        }
    }
    return false;
}

static void path_of(char path[MAX_PATH_BYTES], const char *prefix, const struct map_field *f)
{
    snprintf(path, MAX_PATH_BYTES, "%s%s%s", prefix, *prefix ? "." : "", f->spec.name);
}

/* ---- who wants a field -------------------------------------------------------------------------------------------- */

struct question {
    const struct policy *policy;
    const struct config_view *config;
    const struct source_config *source;
    const struct map_object *object;
    const struct map_field *field;
};

static bool wanted_at(void *ctx, const struct map_object *root, const char *prefix, const char *object)
{
    const struct question *q = ctx;
    char path[MAX_PATH_BYTES];
    if (!str_eq(object, q->object->name))
        return false;
    path_of(path, prefix, q->field);
    return policy_wants_field(q->policy, root->name, path, object, q->field->spec.entity);
}

static bool wanted_by_jobs(const struct question *q)
{
    for (const struct job_config *j = q->config->jobs; j; j = j->next) {
        if (!str_eq(j->source, q->source->name) || !str_eq(j->object, q->object->name))
            continue;
        for (const struct job_filter *f = j->filter; f; f = f->next)
            if (str_eq(f->field, q->field->spec.name))
                return true;
        for (const struct job_order *o = j->order; o; o = o->next)
            if (str_eq(o->field, q->field->spec.name))
                return true;
    }
    return false;
}

static bool wanted(void *ctx, const struct source_config *s, const struct map_object *o, const struct map_field *f)
{
    struct question *q = ctx;
    q->source = s;
    q->object = o;
    q->field = f;
    for (const struct map_object *root = s->objects; root; root = root->next)
        if (each_place(s, root, wanted_at, q))
            return true;
    return wanted_by_jobs(q);
}

enum rc wanted_fields(struct config *c, const struct policy *p, struct err *e)
{
    struct question q = {.policy = p, .config = config_get(c)};
    return config_narrow(c, wanted, &q, e);
}

/* ---- what is not asked for ---------------------------------------------------------------------------------------- */

struct listing {
    const struct source_config *mapped, *asked;
    unasked_fn on_path;
    void *ctx;
    enum rc rc;
    struct err *e;
};

static bool is_asked(const struct listing *l, const char *object, const char *field)
{
    const struct map_object *o = source_object(l->asked, object);
    const struct map_field *f = o ? o->fields : NULL;
    while (f && !str_eq(f->spec.name, field))
        f = f->next;
    return f != NULL;
}

static bool list_place(void *ctx, const struct map_object *root, const char *prefix, const char *object)
{
    struct listing *l = ctx;
    const struct map_object *o = source_object(l->mapped, object);
    char path[MAX_PATH_BYTES];
    (void)root;
    for (const struct map_field *f = o ? o->fields : NULL; l->rc == RC_OK && f; f = f->next) {
        if (is_asked(l, object, f->spec.name))
            continue;
        path_of(path, prefix, f);
        l->rc = l->on_path(l->ctx, path, l->e);
    }
    return l->rc != RC_OK;
}

enum rc wanted_unasked(const struct config_view *v, const char *source, const char *object, unasked_fn on_path, void *ctx, struct err *e)
{
    const struct source_config *mapped = v->mapped;
    while (mapped && !str_eq(mapped->name, source))
        mapped = mapped->next;
    const struct map_object *root = mapped ? source_object(mapped, object) : NULL;
    struct listing l = {.mapped = mapped, .asked = config_source(v, source), .on_path = on_path, .ctx = ctx, .rc = RC_OK, .e = e};
    if (root && l.asked)
        (void)each_place(mapped, root, list_place, &l);
    return l.rc;
}
