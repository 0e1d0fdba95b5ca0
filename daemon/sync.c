#include "sync.h"

#include <string.h>
#include "../base/arena.h"
#include "../base/log.h"
#include "../base/str.h"

#define LOOKS_MAX_BYTES ((size_t)64 << 20) /* of one batch: its rows' relations */

struct sync {
    struct store *store;
    struct connector *connector;
    const struct config_view *config;
    const struct sync_options *opt;
    struct sync_result *result;
    const struct map_object *object; /* being pulled */
    bool kinds[N_PURPOSES];          /* its own jobs' */
    const uint8_t *hash_key;
    bool listing;                    /* reconcile: the watermark stays */
    /* of one batch */
    struct arena arena;
    struct store_look *looks;
    size_t n_looks, room;
    const struct map_object *parent; /* whose looks are being collected */
    const bool *parent_kinds;
};

static const char *source_of(const struct sync *s)
{
    return s->connector->cfg->name;
}

/* What the jobs make of this object; false: nothing. */
static bool kinds_of(const struct sync *s, const char *object, bool kinds[N_PURPOSES])
{
    bool any = false;
    memset(kinds, 0, N_PURPOSES * sizeof(*kinds));
    for (const struct job_config *j = s->config->jobs; j; j = j->next) {
        if (strcmp(j->source, source_of(s)) != 0 || strcmp(j->object, object) != 0)
            continue;
        for (int k = 0; k < N_PURPOSES; k++) {
            kinds[k] = kinds[k] || j->kinds[k];
            any = any || j->kinds[k];
        }
    }
    return any;
}

/* Is a record of `other` fetched together with one of `o`? */
static bool reads(const struct map_object *o, const char *other)
{
    for (const struct map_parent *p = o->parents; p; p = p->next)
        if (strcmp(p->object, other) == 0)
            return true;
    for (const struct map_children *c = o->children; c; c = c->next)
        if (strcmp(c->object, other) == 0 && !c->source)
            return true;
    return false;
}

/* ---- looks at the records that a changed one belongs to ---------------------------------------------------------- */

static enum rc add_look(void *ctx, const char *id, struct err *e)
{
    struct sync *s = ctx;
    if (s->n_looks == s->room) {
        size_t room = s->room ? 2 * s->room : 256;
        struct store_look *more = arena_array(&s->arena, room, sizeof(*more));
        if (!more)
            return err_set(e, RC_LIMIT, "sync: too many related records in one batch");
        if (s->n_looks)
            memcpy(more, s->looks, s->n_looks * sizeof(*more));
        s->looks = more;
        s->room = room;
    }
    const char *copy = arena_dup(&s->arena, id);
    if (!copy)
        return err_set(e, RC_LIMIT, "sync: too many related records in one batch");
    s->looks[s->n_looks++] =
        (struct store_look){.source = source_of(s), .object = s->parent->name, .id = copy, .kinds = s->parent_kinds};
    return RC_OK;
}

static enum rc look_at_relatives(struct sync *s, const char *const *ids, size_t n_ids, struct err *e)
{
    enum rc rc = RC_OK;
    for (const struct map_object *o = s->connector->cfg->objects; rc == RC_OK && o; o = o->next) {
        bool *kinds = arena_array(&s->arena, N_PURPOSES, sizeof(*kinds));
        if (!kinds)
            return err_set(e, RC_NOMEM, "sync: out of memory");
        if (!reads(o, s->object->name) || !kinds_of(s, o->name, kinds))
            continue;
        s->parent = o;
        s->parent_kinds = kinds;
        rc = connector_related(s->connector, o->name, s->object->name, ids, n_ids, add_look, s, e);
    }
    return rc;
}

/* ---- names ------------------------------------------------------------------------------------------------------ */

#define MAX_NAME_PARTS 64 /* of one record */

struct parts {
    struct sync *sync;
    uint8_t hashes[MAX_NAME_PARTS][SHA256_SIZE];
    size_t n;
};

static enum rc take_hash(void *ctx, const uint8_t hash[SHA256_SIZE], struct err *e)
{
    struct parts *p = ctx;
    (void)e;
    if (p->n < MAX_NAME_PARTS)
        memcpy(p->hashes[p->n++], hash, SHA256_SIZE);
    return RC_OK;
}

static enum rc take_names(void *ctx, struct record *take, struct err *e)
{
    struct parts p = {.sync = ctx};
    enum rc rc = policy_name_hashes(p.sync->hash_key, take, take_hash, &p, e);
    record_close(take);
    if (rc == RC_OK && p.n > 0)
        rc = store_names_add(p.sync->store, p.hashes, p.n, e);
    return rc;
}

static bool holds_names(void *ctx, const struct map_field *f)
{
    (void)ctx;
    return (str_eq(f->spec.entity, "PERSON") || str_eq(f->spec.entity, "STAFF")) && !str_eq(f->spec.part, "gender") &&
           !str_eq(f->spec.part, "title");
}

static bool has_people(const struct map_object *o)
{
    const struct map_field *f = o->fields;
    while (f && !holds_names(NULL, f))
        f = f->next;
    return f != NULL;
}

/* Before the rows are stored, so that a crash between the two only does it again. */
static enum rc learn_names(struct sync *s, const char *const *ids, size_t n, struct err *e)
{
    if (!has_people(s->object))
        return RC_OK;
    return connector_fetch_fields(s->connector, s->object->name, holds_names, NULL, ids, n, take_names, s, e);
}

/* ---- one object ------------------------------------------------------------------------------------------------- */

static enum rc on_rows(void *ctx, const struct pulled *rows, size_t n, const char *watermark, struct err *e)
{
    struct sync *s = ctx;
    bool is_changed[CONNECTOR_MAX_BATCH];
    const char *ids[CONNECTOR_MAX_BATCH];
    size_t changed = 0, n_ids = 0;
    arena_clear(&s->arena);
    s->looks = NULL;
    s->n_looks = s->room = 0;
    enum rc rc = store_sync_changed(s->store, source_of(s), s->object->name, rows, n, is_changed, e);
    for (size_t i = 0; rc == RC_OK && i < n; i++)
        if (is_changed[i])
            ids[n_ids++] = rows[i].id;
    if (rc == RC_OK && n_ids > 0)
        rc = look_at_relatives(s, ids, n_ids, e);
    if (rc == RC_OK && n_ids > 0)
        rc = learn_names(s, ids, n_ids, e);
    if (rc == RC_OK)
        rc = store_sync_batch(s->store,
                              &(struct store_batch){.source = source_of(s),
                                                    .object = s->object->name,
                                                    .rows = rows,
                                                    .n = n,
                                                    .watermark = s->listing ? NULL : watermark,
                                                    .kinds = s->kinds,
                                                    .looks = s->looks,
                                                    .n_looks = s->n_looks},
                              &changed, e);
    if (rc != RC_OK)
        return rc;
    s->result->rows += s->listing ? 0 : n;
    s->result->changed += changed;
    if (s->opt->on_progress)
        s->opt->on_progress(s->opt->ctx, s->object->name, s->result->rows);
    return RC_OK;
}

static void on_bad(void *ctx, const struct bad_record *bad)
{
    struct sync *s = ctx;
    struct err e;
    s->result->quarantined++;
    log_event(LOG_WARN, "record quarantined", "source", source_of(s), "object", bad->object, "id", bad->id, "reason",
              bad->reason, NULL);
    /* A row without an id has no place in the store: the log is what tells of it. */
    if (*bad->id && store_quarantine_add(s->store, source_of(s), bad->object, bad->id, bad->reason, &e) != RC_OK)
        log_event(LOG_ERROR, "quarantine not stored", "source", source_of(s), "error", e.msg, NULL);
}

static enum rc reconcile(struct sync *s, struct err *e)
{
    size_t gone = 0;
    int64_t since = store_now_us(s->store);
    s->listing = true;
    enum rc rc = connector_list(s->connector, s->object->name, on_rows, s, e);
    s->listing = false;
    if (rc == RC_OK)
        rc = store_sync_gone(s->store, source_of(s), s->object->name, since, &gone, e);
    s->result->gone += gone;
    return rc;
}

static enum rc sync_object(struct sync *s, struct err *e)
{
    char watermark[WATERMARK_SIZE];
    enum rc rc = store_watermark(s->store, source_of(s), s->object->name, watermark, e);
    if (rc == RC_OK)
        rc = connector_pull(s->connector, s->object->name, watermark, on_rows, on_bad, s, e);
    if (rc == RC_OK && s->opt->reconcile)
        rc = reconcile(s, e);
    return rc;
}

/* Does a change of `o` matter to any job? Parents and children only if a change of theirs can be seen; people always,
 * but where nothing tells what is new, only when everything is compared anyway. */
static bool matters(struct sync *s, const struct map_object *o)
{
    bool kinds[N_PURPOSES];
    if (kinds_of(s, o->name, s->kinds))
        return true;
    if (has_people(o) && (o->modified || s->opt->reconcile))
        return true;
    for (const struct map_object *p = s->connector->cfg->objects; p && o->modified; p = p->next)
        if (kinds_of(s, p->name, kinds) && reads(p, o->name))
            return true;
    return false;
}

enum rc sync_source(struct store *st, const uint8_t *hash_key, struct connector *c, const struct config_view *v, const struct sync_options *opt,
                    struct sync_result *out, struct err *e)
{
    struct sync s = {.store = st, .hash_key = hash_key, .connector = c, .config = v, .opt = opt, .result = out};
    char identity[128];
    memset(out, 0, sizeof(*out));
    arena_init(&s.arena, LOOKS_MAX_BYTES);
    enum rc rc = connector_identity(c, identity, e);
    if (rc == RC_OK)
        rc = store_source_bind(st, source_of(&s), identity, false, e);
    for (const struct map_object *o = c->cfg->objects; rc == RC_OK && o; o = o->next) {
        s.object = o;
        if (matters(&s, o))
            rc = sync_object(&s, e);
    }
    arena_clear(&s.arena);
    return rc;
}
