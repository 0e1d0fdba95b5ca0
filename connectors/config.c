/* config.c: `sources:` of the configuration file, from YAML to struct source_config. */
#include "connector.h"

#include <ctype.h>
#include <libgen.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>

#include "../base/secret.h"
#include "../base/str.h"

#define MAX_KEYS 32
#define MAX_VALUES 64 /* of one condition or of `outside` */
#define MAX_FIELDS 400

struct parser {
    const struct yaml *y;
    struct arena *a;
    bool resolve;
    struct err *e;
};

static enum rc no_memory(struct parser *p)
{
    return err_set(p->e, RC_NOMEM, "%s: out of memory", yaml_name(p->y));
}

/* ---- small pieces -------------------------------------------------------------------------------------------- */

static enum rc need_map(struct parser *p, const struct yaml_node *n, const char *what)
{
    if (n->kind == YAML_MAP) return RC_OK;
    return yaml_bad(p->y, n, p->e, "%s must be a map of keys and values", what);
}

/* Names become paths in policy files and templates ("account.name"). */
static enum rc check_name(struct parser *p, const struct yaml_node *n, const char *what)
{
    for (const char *s = n->key; *s; s++) {
        if (!isalnum((unsigned char)*s) && *s != '_' && (*s != '-' || s == n->key))
            return yaml_bad_key(p->y, n, p->e, "%s '%s': only letters, digits, _ and - are allowed", what, n->key);
    }
    if (*n->key && strlen(n->key) <= 64) return RC_OK;
    return yaml_bad_key(p->y, n, p->e, "%s: a name has 1 to 64 characters", what);
}

/* All keys must be in the NULL-terminated `common` or `own`. */
static enum rc only(struct parser *p, const struct yaml_node *map, const char *const *common,
                    const char *const *own)
{
    const char *known[MAX_KEYS];
    size_t n = 0;

    for (; *common && n < MAX_KEYS; common++)
        known[n++] = *common;
    for (; own && *own && n < MAX_KEYS; own++)
        known[n++] = *own;
    return yaml_only(p->y, map, known, n, p->e);
}

/* Text of member `key`, or `fallback` if it is absent. */
static enum rc text_or(struct parser *p, const struct yaml_node *map, const char *key, const char *fallback,
                       const char **out)
{
    const struct yaml_node *n = yaml_get(map, key);

    *out = fallback;
    return n ? yaml_text(p->y, n, out, p->e) : RC_OK;
}

/* A scalar or a list of scalars. */
static enum rc text_list(struct parser *p, const struct yaml_node *n, const char *const **out, size_t *count)
{
    size_t total = n->kind == YAML_LIST ? n->count : 1, i = 0;
    const char **values;
    enum rc rc = RC_OK;

    if (total == 0 || total > MAX_VALUES)
        return yaml_bad(p->y, n, p->e, "expected 1 to %d values", MAX_VALUES);
    values = arena_array(p->a, total, sizeof(*values));
    if (!values) return no_memory(p);
    if (n->kind != YAML_LIST) rc = yaml_text(p->y, n, &values[0], p->e);
    for (const struct yaml_node *item = n->kind == YAML_LIST ? n->first : NULL; item && rc == RC_OK; item = item->next)
        rc = yaml_text(p->y, item, &values[i++], p->e);
    *out = values;
    *count = total;
    return rc;
}

/* ---- fields -------------------------------------------------------------------------------------------------- */

/* currency: COLUMN, or {fixed: EUR} */
static enum rc parse_currency(struct parser *p, const struct yaml_node *n, struct map_field *f)
{
    static const char *const keys[] = {"fixed", NULL};
    enum rc rc;

    if (f->spec.type != FIELD_MONEY) return yaml_bad_key(p->y, n, p->e, "only a field of type money has a currency");
    if (n->kind != YAML_MAP) return yaml_text(p->y, n, &f->currency_column, p->e);
    rc = only(p, n, keys, NULL);
    if (rc == RC_OK) rc = text_or(p, n, "fixed", NULL, &f->currency);
    if (rc != RC_OK) return rc;
    if (!f->currency || strlen(f->currency) != 3 || strspn(f->currency, "ABCDEFGHIJKLMNOPQRSTUVWXYZ") != 3)
        return yaml_bad(p->y, n, p->e, "a fixed currency is three capital letters, such as {fixed: EUR}");
    return RC_OK;
}

/* origin: inside | outside, or {column: direction, outside: [inbound]} */
static enum rc parse_origin(struct parser *p, const struct yaml_node *n, struct map_field *f)
{
    static const char *const names[] = {"inside", "outside"};
    static const char *const keys[] = {"column", "outside", NULL};
    size_t which = ORIGIN_INSIDE;
    enum rc rc;

    if (n->kind != YAML_MAP) {
        rc = yaml_choice(p->y, n, names, COUNT_OF(names), &which, p->e);
        f->spec.origin = (enum field_origin)which;
        return rc;
    }
    rc = only(p, n, keys, NULL);
    if (rc == RC_OK) rc = text_or(p, n, "column", NULL, &f->origin_column);
    if (rc != RC_OK) return rc;
    if (!f->origin_column || !yaml_get(n, "outside"))
        return yaml_bad(p->y, n, p->e, "an origin by column needs both, such as {column: direction, outside: [inbound]}");
    return text_list(p, yaml_get(n, "outside"), &f->origin_outside, &f->n_origin_outside);
}

static enum rc parse_type(struct parser *p, const struct yaml_node *field, struct map_field *f)
{
    const char *names[FIELD_REFERENCE];
    const struct yaml_node *n = yaml_get(field, "type");
    size_t which;
    enum rc rc;

    for (size_t i = 0; i < COUNT_OF(names); i++)
        names[i] = field_type_name((enum field_type)(i + 1)); /* a column of type null makes no sense */
    if (!n) return yaml_bad_key(p->y, field, p->e, "field '%s' needs a type, such as {type: text}", field->key);
    rc = yaml_choice(p->y, n, names, COUNT_OF(names), &which, p->e);
    if (rc == RC_OK) f->spec.type = (enum field_type)(which + 1);
    return rc;
}

static enum rc parse_field(struct parser *p, const struct yaml_node *n, struct map_field *f)
{
    static const char *const keys[] = {"column", "type", "currency", "entity", "part", "origin", NULL};
    static const char *const parts[] = {"first", "last", "full", "title", "gender"};
    const struct yaml_node *part = yaml_get(n, "part");
    size_t which;
    enum rc rc = need_map(p, n, "a field");

    if (rc == RC_OK) rc = check_name(p, n, "field");
    if (rc == RC_OK) rc = only(p, n, keys, NULL);
    f->spec.name = n->key;
    if (rc == RC_OK) rc = parse_type(p, n, f);
    if (rc == RC_OK) rc = text_or(p, n, "column", n->key, &f->column);
    if (rc == RC_OK && yaml_get(n, "currency")) rc = parse_currency(p, yaml_get(n, "currency"), f);
    if (rc == RC_OK && yaml_get(n, "origin")) rc = parse_origin(p, yaml_get(n, "origin"), f);
    if (rc == RC_OK) rc = text_or(p, n, "entity", NULL, &f->spec.entity);
    if (rc == RC_OK && part) {
        rc = yaml_choice(p->y, part, parts, COUNT_OF(parts), &which, p->e);
        if (rc == RC_OK) f->spec.part = parts[which];
    }
    return rc;
}

static enum rc parse_fields(struct parser *p, const struct yaml_node *map, const struct map_field **tail)
{
    enum rc rc = need_map(p, map, "fields");

    if (rc == RC_OK && map->count > MAX_FIELDS) return yaml_bad(p->y, map, p->e, "more than %d fields", MAX_FIELDS);
    for (const struct yaml_node *n = map->first; n && rc == RC_OK; n = n->next) {
        struct map_field *f = arena_alloc(p->a, sizeof(*f));

        if (!f) return no_memory(p);
        rc = parse_field(p, n, f);
        *tail = f;
        tail = &f->next;
    }
    return rc;
}

/* write_back: {summary: {column: ai_summary}, enrichment: {column: ai_next_step, field: next_step}} */
static enum rc parse_targets(struct parser *p, const struct yaml_node *map, const struct map_field **tail)
{
    static const char *const kinds[] = {"summary", "email", "enrichment", NULL};
    static const char *const keys[] = {"column", "field", NULL};
    enum rc rc = need_map(p, map, "write_back");

    if (rc == RC_OK) rc = only(p, map, kinds, NULL);
    for (const struct yaml_node *n = map->first; n && rc == RC_OK; n = n->next) {
        struct map_field *f = arena_alloc(p->a, sizeof(*f));

        if (!f) return no_memory(p);
        f->spec.name = n->key;
        f->spec.type = FIELD_TEXT;
        rc = need_map(p, n, "a target of write_back");
        if (rc == RC_OK) rc = only(p, n, keys, NULL);
        if (rc == RC_OK) rc = text_or(p, n, "column", NULL, &f->column);
        if (rc == RC_OK) rc = text_or(p, n, "field", NULL, &f->part);
        if (rc == RC_OK && f->part && strcmp(n->key, "enrichment") != 0)
            rc = yaml_bad_key(p->y, n, p->e, "'%s' has no fields: 'field' goes with enrichment", n->key);
        if (rc == RC_OK && !f->column) rc = yaml_bad_key(p->y, n, p->e, "'%s' needs a column to write to", n->key);
        *tail = f;
        tail = &f->next;
    }
    return rc;
}

/* ---- relations ----------------------------------------------------------------------------------------------- */

static enum rc parse_where(struct parser *p, const struct yaml_node *map, const struct map_condition **tail)
{
    enum rc rc = need_map(p, map, "where");

    if (rc == RC_OK && map->count > MAP_MAX_CONDITIONS)
        return yaml_bad(p->y, map, p->e, "more than %d conditions", MAP_MAX_CONDITIONS);
    for (const struct yaml_node *n = map->first; n && rc == RC_OK; n = n->next) {
        struct map_condition *c = arena_alloc(p->a, sizeof(*c));

        if (!c) return no_memory(p);
        c->column = n->key;
        rc = text_list(p, n, &c->values, &c->n_values);
        *tail = c;
        tail = &c->next;
    }
    return rc;
}

static enum rc parse_parents(struct parser *p, const struct yaml_node *map, const struct map_parent **tail)
{
    static const char *const keys[] = {"object", "column", NULL};
    enum rc rc = need_map(p, map, "parents");

    for (const struct yaml_node *n = map->first; n && rc == RC_OK; n = n->next) {
        struct map_parent *m = arena_alloc(p->a, sizeof(*m));

        if (!m) return no_memory(p);
        m->name = n->key;
        rc = need_map(p, n, "a parent");
        if (rc == RC_OK) rc = check_name(p, n, "parent");
        if (rc == RC_OK) rc = only(p, n, keys, NULL);
        if (rc == RC_OK) rc = text_or(p, n, "object", n->key, &m->object);
        if (rc == RC_OK) rc = text_or(p, n, "column", NULL, &m->column);
        if (rc == RC_OK && !m->column)
            rc = yaml_bad_key(p->y, n, p->e, "parent '%s' needs the column that holds its id", n->key);
        *tail = m;
        tail = &m->next;
    }
    return rc;
}

static enum rc parse_child(struct parser *p, const struct yaml_node *n, struct map_children *c)
{
    static const char *const keys[] = {"object", "match", "where", "newest", "order", "required", "source", NULL};
    const struct yaml_node *match = yaml_get(n, "match"), *m;
    int64_t newest = 20;
    enum rc rc = need_map(p, n, "a list of children");

    c->name = n->key;
    c->required = true;
    if (rc == RC_OK) rc = check_name(p, n, "children");
    if (rc == RC_OK) rc = only(p, n, keys, NULL);
    if (rc == RC_OK && yaml_get(n, "source"))
        rc = yaml_bad_key(p->y, yaml_get(n, "source"), p->e, "children from another source are not supported yet");
    if (rc == RC_OK) rc = text_or(p, n, "object", n->key, &c->object);
    if (rc == RC_OK && (!match || match->kind != YAML_MAP || match->count != 1))
        rc = yaml_bad(p->y, match ? match : n, p->e,
                      "children '%s' need one match of a child's column with one of this object, such as {what_id: id}",
                      n->key);
    if (rc == RC_OK) c->child_column = match->first->key;
    if (rc == RC_OK) rc = yaml_text(p->y, match->first, &c->parent_column, p->e);
    if (rc == RC_OK && yaml_get(n, "where")) rc = parse_where(p, yaml_get(n, "where"), &c->where);
    if (rc == RC_OK) rc = text_or(p, n, "order", NULL, &c->order);
    if (rc == RC_OK && (m = yaml_get(n, "newest"))) rc = yaml_int(p->y, m, 1, RECORD_MAX_CHILDREN, &newest, p->e);
    if (rc == RC_OK && (m = yaml_get(n, "required"))) rc = yaml_bool(p->y, m, &c->required, p->e);
    c->newest = (size_t)newest;
    return rc;
}

static enum rc parse_children(struct parser *p, const struct yaml_node *map, const struct map_children **tail)
{
    enum rc rc = need_map(p, map, "children");

    for (const struct yaml_node *n = map->first; n && rc == RC_OK; n = n->next) {
        struct map_children *c = arena_alloc(p->a, sizeof(*c));

        if (!c) return no_memory(p);
        rc = parse_child(p, n, c);
        *tail = c;
        tail = &c->next;
    }
    return rc;
}

/* ---- objects ------------------------------------------------------------------------------------------------- */

/* account.name must mean one thing: the names of fields, parents and children of an object differ. */
static enum rc check_distinct(struct parser *p, const struct yaml_node *object)
{
    static const char *const groups[] = {"fields", "parents", "children"};

    for (size_t i = 0; i < COUNT_OF(groups); i++) {
        const struct yaml_node *group = yaml_get(object, groups[i]);

        for (const struct yaml_node *n = group ? group->first : NULL; n; n = n->next) {
            for (size_t k = 0; k < i; k++) {
                const struct yaml_node *other = yaml_get(object, groups[k]);

                if (other && yaml_get(other, n->key))
                    return yaml_bad_key(p->y, n, p->e, "'%s' is also one of the %s of this object", n->key, groups[k]);
            }
        }
    }
    return RC_OK;
}

static enum rc parse_object(struct parser *p, const struct connector_type *type, const struct yaml_node *n,
                            struct map_object *o)
{
    static const char *const keys[] = {"from",   "key",     "modified", "version", "owner",      "team", "deleted",
                                       "fields", "parents", "children", "where",   "write_back", NULL};
    const struct {
        const char *key;
        const char **out;
    } texts[] = {{"from", &o->from},   {"key", &o->key},   {"modified", &o->modified}, {"version", &o->version},
                 {"owner", &o->owner}, {"team", &o->team}, {"deleted", &o->deleted}};
    const struct yaml_node *m;
    enum rc rc = need_map(p, n, "an object");

    o->name = n->key;
    if (rc == RC_OK) rc = check_name(p, n, "object");
    if (rc == RC_OK) rc = only(p, n, keys, type->object_keys);
    for (size_t i = 0; i < COUNT_OF(texts) && rc == RC_OK; i++)
        rc = text_or(p, n, texts[i].key, NULL, texts[i].out);
    if (rc == RC_OK && !o->from) rc = yaml_bad_key(p->y, n, p->e, "object '%s' needs 'from'", n->key);
    if (rc == RC_OK && !o->key) rc = yaml_bad_key(p->y, n, p->e, "object '%s' needs 'key'", n->key);
    if (rc == RC_OK && (m = yaml_get(n, "fields"))) rc = parse_fields(p, m, &o->fields);
    if (rc == RC_OK && (m = yaml_get(n, "parents"))) rc = parse_parents(p, m, &o->parents);
    if (rc == RC_OK && (m = yaml_get(n, "children"))) rc = parse_children(p, m, &o->children);
    if (rc == RC_OK && (m = yaml_get(n, "where"))) rc = parse_where(p, m, &o->where);
    if (rc == RC_OK && (m = yaml_get(n, "write_back"))) rc = parse_targets(p, m, &o->write_back);
    if (rc == RC_OK) rc = check_distinct(p, n);
    o->rest = rc == RC_OK ? yaml_get(n, "rest") : NULL;
    return rc;
}

static enum rc check_reference(struct parser *p, const struct source_config *s, const struct yaml_node *at,
                               const char *object)
{
    const char *names[256], *near;
    const struct yaml_node *where = yaml_get(at, "object") ? yaml_get(at, "object") : at;
    size_t n = 0;

    if (source_object(s, object)) return RC_OK;
    for (const struct map_object *o = s->objects; o && n < COUNT_OF(names); o = o->next)
        names[n++] = o->name;
    near = str_nearest(object, names, n);
    return yaml_bad(p->y, where, p->e, "object '%s' is not mapped in source '%s'%s%s%s", object, s->name,
                    near ? ", did you mean '" : "", near ? near : "", near ? "'?" : "");
}

/* Parents and children name objects that may stand further down, so they are looked at last. */
static enum rc check_references(struct parser *p, const struct source_config *s)
{
    const struct yaml_node *objects = yaml_get(s->node, "objects");
    enum rc rc = RC_OK;

    for (const struct map_object *o = s->objects; o && rc == RC_OK; o = o->next) {
        const struct yaml_node *n = yaml_get(objects, o->name);

        for (const struct map_parent *m = o->parents; m && rc == RC_OK; m = m->next)
            rc = check_reference(p, s, yaml_get(yaml_get(n, "parents"), m->name), m->object);
        for (const struct map_children *c = o->children; c && rc == RC_OK; c = c->next)
            rc = check_reference(p, s, yaml_get(yaml_get(n, "children"), c->name), c->object);
    }
    return rc;
}

/* ---- sources ------------------------------------------------------------------------------------------------- */

/* A relative path of a database file is relative to the configuration file, not to wherever the program was started. */
static enum rc resolve_path(struct parser *p, struct source_config *s)
{
    char whole[PATH_MAX];
    const char *path = s->dsn;

    if (!str_eq(s->type, "sqlite") || !path || *path == '/' || str_starts(path, "sqlite:") ||
        !realpath(yaml_name(p->y), whole))
        return RC_OK;
    s->dsn = arena_printf(p->a, "%s/%s", dirname(whole), path);
    return s->dsn ? RC_OK : no_memory(p);
}

static enum rc parse_dsn(struct parser *p, const struct yaml_node *n, struct source_config *s)
{
    const char *spec;
    char *value = NULL;
    struct err why;
    enum rc rc = yaml_text(p->y, n, &spec, p->e);

    if (rc != RC_OK) return rc;
    if (!p->resolve) {
        s->dsn = spec;
        return RC_OK;
    }
    rc = secret_resolve(spec, &value, &why);
    if (rc == RC_BAD) return yaml_bad(p->y, n, p->e, "%s", why.msg);
    if (rc != RC_OK) return err_set(p->e, rc, "%s", why.msg);
    s->dsn = arena_dup(p->a, value);
    secret_free(value);
    return s->dsn ? RC_OK : no_memory(p);
}

static enum rc parse_settings(struct parser *p, const struct yaml_node *n, struct source_config *s)
{
    static const char *const modes[] = {"off", "dry-run", "on"};
    const struct yaml_node *m;
    size_t mode = WRITE_BACK_OFF;
    int64_t timeout_us = 30 * INT64_C(1000000), attempts = 5;
    enum rc rc = text_or(p, n, "listen", NULL, &s->listen);

    s->overlap_us = 600 * INT64_C(1000000);
    if (rc == RC_OK && (m = yaml_get(n, "dsn"))) rc = parse_dsn(p, m, s);
    if (rc == RC_OK && (m = yaml_get(n, "write_back")))
        rc = yaml_choice(p->y, m, modes, COUNT_OF(modes), &mode, p->e);
    if (rc == RC_OK && (m = yaml_get(n, "overlap"))) rc = yaml_duration(p->y, m, &s->overlap_us, p->e);
    if (rc == RC_OK && (m = yaml_get(n, "timeout"))) {
        rc = yaml_duration(p->y, m, &timeout_us, p->e);
        if (rc == RC_OK && (timeout_us < 1000 || timeout_us > 3600 * INT64_C(1000000)))
            rc = yaml_bad(p->y, m, p->e, "timeout: from 1ms to 1h");
    }
    if (rc == RC_OK && (m = yaml_get(n, "max_attempts"))) rc = yaml_int(p->y, m, 1, 20, &attempts, p->e);
    s->write_back = (enum write_back_mode)mode;
    s->timeout_ms = timeout_us / 1000;
    s->max_attempts = (int)attempts;
    return rc;
}

static enum rc parse_objects(struct parser *p, const struct connector_type *type, const struct yaml_node *n,
                             struct source_config *s)
{
    const struct yaml_node *map = yaml_get(n, "objects");
    const struct map_object **tail = &s->objects;
    enum rc rc;

    if (!map) return yaml_bad_key(p->y, n, p->e, "source '%s' needs 'objects'", n->key);
    rc = need_map(p, map, "objects");
    for (const struct yaml_node *m = map->first; m && rc == RC_OK; m = m->next) {
        struct map_object *o = arena_alloc(p->a, sizeof(*o));

        if (!o) return no_memory(p);
        rc = parse_object(p, type, m, o);
        *tail = o;
        tail = &o->next;
    }
    return rc == RC_OK ? check_references(p, s) : rc;
}

static enum rc parse_source_type(struct parser *p, const struct yaml_node *n, const struct connector_type **type)
{
    const struct yaml_node *m = yaml_get(n, "type");
    const char *name, *near;
    enum rc rc;

    if (!m) return yaml_bad_key(p->y, n, p->e, "source '%s' needs 'type'", n->key);
    rc = yaml_text(p->y, m, &name, p->e);
    if (rc != RC_OK) return rc;
    *type = connector_type_named(name);
    if (*type) return RC_OK;
    near = connector_type_nearest(name);
    return yaml_bad(p->y, m, p->e, "unknown type '%s'%s%s%s", name, near ? ", did you mean '" : "", near ? near : "",
                    near ? "'?" : "");
}

static enum rc parse_source(struct parser *p, const struct yaml_node *n, struct source_config *s)
{
    static const char *const keys[] = {"type", "dsn", "write_back", "overlap", "timeout", "max_attempts",
                                       "objects", NULL};
    const struct connector_type *type = NULL;
    enum rc rc = need_map(p, n, "a source");

    s->name = n->key;
    s->node = n;
    s->yaml = p->y;
    if (rc == RC_OK) rc = check_name(p, n, "source");
    if (rc == RC_OK) rc = parse_source_type(p, n, &type);
    if (rc != RC_OK) return rc;
    s->type = type->name;
    rc = only(p, n, keys, type->source_keys);
    if (rc == RC_OK) rc = parse_settings(p, n, s);
    if (rc == RC_OK) rc = resolve_path(p, s);
    if (rc == RC_OK) rc = parse_objects(p, type, n, s);
    return rc == RC_OK ? type->check(s, p->e) : rc;
}

enum rc sources_parse(const struct yaml *y, const struct yaml_node *sources, bool resolve, struct arena *a,
                      const struct source_config **out, struct err *e)
{
    struct parser p = {.y = y, .a = a, .resolve = resolve, .e = e};
    const struct source_config *first = NULL, **tail = &first;
    enum rc rc = need_map(&p, sources, "sources");

    for (const struct yaml_node *n = sources->first; n && rc == RC_OK; n = n->next) {
        struct source_config *s = arena_alloc(a, sizeof(*s));

        if (!s) return no_memory(&p);
        rc = parse_source(&p, n, s);
        *tail = s;
        tail = &s->next;
    }
    if (rc == RC_OK) *out = first;
    return rc;
}

const struct map_object *source_object(const struct source_config *s, const char *name)
{
    const struct map_object *o = s->objects;

    while (o && !str_eq(o->name, name))
        o = o->next;
    return o;
}
