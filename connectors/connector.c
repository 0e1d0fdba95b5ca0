/* connector.c: the list of variants, and the checks that hold for all of them. */
#include "connector.h"

#include "../base/str.h"
#include "types.h"

static const struct connector_type *const types[] = {&connector_postgres, &connector_sqlite, &connector_rest};

const struct connector_type *connector_type_named(const char *name)
{
    for (size_t i = 0; i < COUNT_OF(types); i++) {
        if (str_eq(types[i]->name, name)) return types[i];
    }
    return NULL;
}

const char *connector_type_nearest(const char *name)
{
    const char *names[COUNT_OF(types)];

    for (size_t i = 0; i < COUNT_OF(types); i++)
        names[i] = types[i]->name;
    return str_nearest(name, names, COUNT_OF(names));
}

static enum rc find_object(const struct connector *c, const char *object, const struct map_object **out,
                           struct err *e)
{
    *out = source_object(c->cfg, object);
    if (*out) return RC_OK;
    return err_set(e, RC_BAD, "source %s: object '%s' is not mapped", c->cfg->name, object);
}

enum rc connector_open(const struct source_config *cfg, const struct clock *clock, struct connector **out,
                       struct err *e)
{
    const struct connector_type *type = connector_type_named(cfg->type);

    if (!type) return err_set(e, RC_BAD, "source %s: unknown type '%s'", cfg->name, cfg->type);
    return type->open(cfg, clock, out, e);
}

enum rc connector_pull(struct connector *c, const char *object, const char *since, pull_fn on_rows, bad_fn on_bad,
                       void *ctx, struct err *e)
{
    const struct map_object *o;
    enum rc rc = find_object(c, object, &o, e);

    return rc == RC_OK ? c->type->pull(c, o, since, on_rows, on_bad, ctx, e) : rc;
}

enum rc connector_list(struct connector *c, const char *object, pull_fn on_rows, void *ctx, struct err *e)
{
    const struct map_object *o;
    enum rc rc = find_object(c, object, &o, e);

    return rc == RC_OK ? c->type->list(c, o, on_rows, ctx, e) : rc;
}

enum rc connector_fetch(struct connector *c, const char *object, const char *const *ids, size_t n,
                        record_fn on_record, bad_fn on_bad, void *ctx, struct err *e)
{
    const struct map_object *o;
    enum rc rc = find_object(c, object, &o, e);

    if (rc != RC_OK || n == 0) return rc;
    if (n > CONNECTOR_MAX_BATCH)
        return err_set(e, RC_LIMIT, "source %s: more than %d records in one fetch", c->cfg->name, CONNECTOR_MAX_BATCH);
    return c->type->fetch(c, o, ids, n, on_record, on_bad, ctx, e);
}

static void leave_out(void *ctx, const struct bad_record *bad)
{
    (void)ctx;
    (void)bad;
}

enum rc connector_fetch_fields(struct connector *c, const char *object, wanted_fn wanted, void *wanted_ctx,
                               const char *const *ids, size_t n, record_fn on_record, void *ctx, struct err *e)
{
    const struct map_object *o;
    struct map_object narrowed;
    struct arena a;
    enum rc rc = find_object(c, object, &o, e);

    if (rc != RC_OK || n == 0) return rc;
    arena_init(&a, 1 << 20);
    narrowed = *o;
    narrowed.fields = NULL;
    narrowed.parents = NULL;
    narrowed.children = NULL;
    for (const struct map_field *f = o->fields; f && rc == RC_OK; f = f->next) {
        struct map_field *copy = wanted(wanted_ctx, f) ? arena_alloc(&a, sizeof(*copy)) : NULL;

        if (!copy && wanted(wanted_ctx, f)) rc = err_set(e, RC_NOMEM, "source %s: out of memory", c->cfg->name);
        if (!copy) continue;
        *copy = *f;
        copy->next = narrowed.fields; /* their order means nothing here */
        narrowed.fields = copy;
    }
    if (rc == RC_OK && n > CONNECTOR_MAX_BATCH)
        rc = err_set(e, RC_LIMIT, "source %s: more than %d records in one fetch", c->cfg->name, CONNECTOR_MAX_BATCH);
    if (rc == RC_OK) rc = c->type->fetch(c, &narrowed, ids, n, on_record, leave_out, ctx, e);
    arena_clear(&a);
    return rc;
}

enum rc connector_related(struct connector *c, const char *object, const char *other, const char *const *ids, size_t n,
                          id_fn on_id, void *ctx, struct err *e)
{
    const struct map_object *o, *p;
    enum rc rc = find_object(c, object, &o, e);

    if (rc == RC_OK) rc = find_object(c, other, &p, e);
    if (rc != RC_OK || n == 0 || !c->type->related) return rc;
    return c->type->related(c, o, p, ids, n, on_id, ctx, e);
}

static bool is_target(const struct map_object *o, const char *column)
{
    const struct map_field *f = o->write_back;

    while (f && !str_eq(f->column, column))
        f = f->next;
    return f != NULL;
}

enum rc connector_targets(struct connector *c, const char *object, const char *column, const char *const *ids, size_t n,
                          target_fn on_target, void *ctx, bool *known, struct err *e)
{
    const struct map_object *o;
    enum rc rc = find_object(c, object, &o, e);

    if (known) *known = c->type->targets != NULL;
    if (rc == RC_OK && !is_target(o, column))
        rc = err_set(e, RC_BAD, "source %s: '%s' is no write_back target of %s", c->cfg->name, column, object);
    if (rc != RC_OK || n == 0 || !c->type->targets) return rc;
    return c->type->targets(c, o, column, ids, n, on_target, ctx, e);
}

enum rc connector_write_back(struct connector *c, const char *object, const struct write_item *items, size_t n,
                             write_fn on_result, void *ctx, struct err *e)
{
    const struct map_object *o;
    enum rc rc = find_object(c, object, &o, e);

    if (rc != RC_OK || n == 0) return rc;
    if (c->cfg->write_back == WRITE_BACK_OFF)
        return err_set(e, RC_REFUSED, "source %s: write_back is off", c->cfg->name);
    if (n > CONNECTOR_MAX_BATCH)
        return err_set(e, RC_LIMIT, "source %s: more than %d items in one write-back", c->cfg->name,
                       CONNECTOR_MAX_BATCH);
    for (size_t i = 0; i < n; i++) {
        if (!is_target(o, items[i].column))
            return err_set(e, RC_BAD, "source %s: '%s' is no write_back target of %s", c->cfg->name, items[i].column,
                           object);
    }
    if (c->cfg->write_back == WRITE_BACK_ON) return c->type->write_back(c, o, items, n, on_result, ctx, e);
    for (size_t i = 0; i < n; i++)
        on_result(ctx, i, WRITE_DRY_RUN, items[i].version, "dry-run: nothing was sent");
    return RC_OK;
}

enum rc connector_health(struct connector *c, struct err *e)
{
    return c->type->health(c, e);
}

enum rc connector_wait(struct connector *c, int64_t timeout_ms, bool *woke, struct err *e)
{
    *woke = false;
    return c->type->wait ? c->type->wait(c, timeout_ms, woke, e) : RC_OK;
}

enum rc connector_identity(struct connector *c, char out[128], struct err *e)
{
    return c->type->identity(c, out, e);
}

void connector_close(struct connector *c)
{
    if (c) c->type->close(c);
}
