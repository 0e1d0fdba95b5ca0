#include "yaml.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <yaml.h>
#include "arena.h"
#include "buf.h"
#include "clock.h"
#include "str.h"

struct yaml {
    struct arena arena;
    const char *name;
    struct yaml_node *root;
};

/* ---- parsing: libyaml's events into nodes -------------------------------------------------------------------------- */

struct reader {
    struct yaml *y;
    yaml_parser_t parser;
    int depth;
    struct err *e;
};

static enum rc bad_mark(const struct reader *r, yaml_mark_t mark, const char *what)
{
    return err_set(r->e, RC_BAD, "%s:%zu:%zu: %s", r->y->name, mark.line + 1, mark.column + 1, what);
}

static enum rc no_memory(const struct reader *r)
{
    return err_set(r->e, RC_NOMEM, "%s: out of memory", r->y->name);
}

/* The next event; the caller deletes it. */
static enum rc next_event(struct reader *r, yaml_event_t *event)
{
    if (yaml_parser_parse(&r->parser, event))
        return RC_OK;
    const yaml_parser_t *p = &r->parser;
    if (p->error == YAML_MEMORY_ERROR)
        return no_memory(r);
    yaml_mark_t mark = p->problem_mark;
    if (p->error == YAML_READER_ERROR)
        return err_set(r->e, RC_BAD, "%s: byte %zu: %s", r->y->name, p->problem_offset,
                       p->problem ? p->problem : "unreadable");
    return bad_mark(r, mark, p->problem ? p->problem : "not YAML");
}

static enum rc read_node(struct reader *r, yaml_event_t *event, struct yaml_node **out);

static enum rc read_scalar(struct reader *r, const yaml_event_t *event, struct yaml_node *n)
{
    size_t len = event->data.scalar.length;
    const char *value = (const char *)event->data.scalar.value;
    if (memchr(value, 0, len))
        return bad_mark(r, event->start_mark, "a value with a NUL byte");
    n->kind = YAML_SCALAR;
    n->text = arena_ndup(&r->y->arena, value, len);
    n->quoted = event->data.scalar.style != YAML_PLAIN_SCALAR_STYLE;
    return n->text ? RC_OK : no_memory(r);
}

/* A map's key into the member that follows. */
static enum rc read_key(struct reader *r, const struct yaml_node *map, const yaml_event_t *event, const char **key)
{
    if (event->type != YAML_SCALAR_EVENT)
        return bad_mark(r, event->start_mark, "a key must be a plain word");
    const char *text = (const char *)event->data.scalar.value;
    if (memchr(text, 0, event->data.scalar.length))
        return bad_mark(r, event->start_mark, "a key with a NUL byte");
    if (yaml_get(map, text))
        return bad_mark(r, event->start_mark, "this key stands here twice");
    *key = arena_dup(&r->y->arena, text);
    return *key ? RC_OK : no_memory(r);
}

static enum rc read_children(struct reader *r, struct yaml_node *parent, yaml_event_type_t end)
{
    struct yaml_node **tail = &parent->first;
    for (;;) {
        yaml_event_t event;
        const char *key = NULL;
        yaml_mark_t key_mark = {0};
        struct yaml_node *child = NULL;
        enum rc rc = next_event(r, &event);
        if (rc != RC_OK)
            return rc;
        if (event.type == end) {
            yaml_event_delete(&event);
            return RC_OK;
        }
        if (parent->kind == YAML_MAP) {
            key_mark = event.start_mark;
            rc = read_key(r, parent, &event, &key);
            yaml_event_delete(&event);
            if (rc == RC_OK)
                rc = next_event(r, &event);
            if (rc != RC_OK)
                return rc;
        }
        rc = read_node(r, &event, &child);
        yaml_event_delete(&event);
        if (rc != RC_OK)
            return rc;
        child->key = key;
        child->key_line = key_mark.line + 1;
        child->key_column = key_mark.column + 1;
        *tail = child;
        tail = &child->next;
        parent->count++;
    }
}

static enum rc read_node(struct reader *r, yaml_event_t *event, struct yaml_node **out)
{
    struct yaml_node *n = arena_alloc(&r->y->arena, sizeof(*n));
    if (!n)
        return no_memory(r);
    n->line = event->start_mark.line + 1;
    n->column = event->start_mark.column + 1;
    *out = n;
    if (event->type == YAML_ALIAS_EVENT)
        return bad_mark(r, event->start_mark, "aliases are not used here: write the value out");
    const yaml_char_t *anchor = NULL, *tag = NULL;
    yaml_event_type_t end = YAML_NO_EVENT;
    switch (event->type) {
    case YAML_SCALAR_EVENT:
        anchor = event->data.scalar.anchor;
        tag = event->data.scalar.tag;
        break;
    case YAML_SEQUENCE_START_EVENT:
        anchor = event->data.sequence_start.anchor;
        tag = event->data.sequence_start.tag;
        n->kind = YAML_LIST;
        end = YAML_SEQUENCE_END_EVENT;
        break;
    case YAML_MAPPING_START_EVENT:
        anchor = event->data.mapping_start.anchor;
        tag = event->data.mapping_start.tag;
        n->kind = YAML_MAP;
        end = YAML_MAPPING_END_EVENT;
        break;
    default: return bad_mark(r, event->start_mark, "a value was expected");
    }
    if (anchor || tag)
        return bad_mark(r, event->start_mark, "anchors and tags are not used here: write the plain value");
    if (end == YAML_NO_EVENT)
        return read_scalar(r, event, n);
    if (++r->depth > YAML_MAX_DEPTH)
        return bad_mark(r, event->start_mark, "nested too deep");
    enum rc rc = read_children(r, n, end);
    r->depth--;
    return rc;
}

/* Events up to and including `last` that carry no data. */
static enum rc expect(struct reader *r, yaml_event_type_t type, const char *what)
{
    yaml_event_t event;
    enum rc rc = next_event(r, &event);
    if (rc != RC_OK)
        return rc;
    if (event.type != type)
        rc = bad_mark(r, event.start_mark, what);
    yaml_event_delete(&event);
    return rc;
}

static enum rc read_stream(struct reader *r)
{
    yaml_event_t event;
    enum rc rc = expect(r, YAML_STREAM_START_EVENT, "not YAML");
    if (rc == RC_OK)
        rc = expect(r, YAML_DOCUMENT_START_EVENT, "the file is empty");
    if (rc == RC_OK)
        rc = next_event(r, &event);
    if (rc != RC_OK)
        return rc;
    rc = read_node(r, &event, &r->y->root);
    yaml_event_delete(&event);
    if (rc == RC_OK)
        rc = expect(r, YAML_DOCUMENT_END_EVENT, "one value was expected");
    if (rc == RC_OK)
        rc = expect(r, YAML_STREAM_END_EVENT, "a second document: one file is one document");
    return rc;
}

enum rc yaml_parse(const char *name, const char *bytes, size_t n, struct yaml **out, struct err *e)
{
    if (n > YAML_MAX_BYTES)
        return err_set(e, RC_LIMIT, "%s: more than %zu bytes", name, YAML_MAX_BYTES);
    struct yaml *y = calloc(1, sizeof(*y));
    struct reader r = {.y = y, .e = e};
    if (!y)
        return err_set(e, RC_NOMEM, "%s: out of memory", name);
    arena_init(&y->arena, 64 * YAML_MAX_BYTES);
    y->name = arena_dup(&y->arena, name);
    enum rc rc = RC_OK;
    if (!y->name || !yaml_parser_initialize(&r.parser)) {
        yaml_close(y);
        return err_set(e, RC_NOMEM, "%s: out of memory", name);
    }
    yaml_parser_set_encoding(&r.parser, YAML_UTF8_ENCODING);
    yaml_parser_set_input_string(&r.parser, (const unsigned char *)bytes, n);
    rc = read_stream(&r);
    yaml_parser_delete(&r.parser);
    if (rc != RC_OK) {
        yaml_close(y);
        return rc;
    }
    *out = y;
    return RC_OK;
}

enum rc yaml_open(const char *path, struct yaml **out, struct err *e)
{
    struct buf b;
    char chunk[8192];
    size_t n;
    buf_init(&b, YAML_MAX_BYTES);
    FILE *f = fopen(path, "rbe");
    if (!f)
        return err_sys(e, RC_BAD, errno, "%s", path);
    while ((n = fread(chunk, 1, sizeof(chunk), f)) > 0)
        buf_add(&b, chunk, n);
    enum rc rc = ferror(f) ? err_sys(e, RC_BAD, errno, "%s", path) : buf_check(&b, path, e);
    fclose(f);
    if (rc == RC_OK)
        rc = yaml_parse(path, b.data, b.len, out, e);
    buf_wipe(&b);
    return rc;
}

void yaml_close(struct yaml *y)
{
    if (!y)
        return;
    arena_wipe(&y->arena);
    free(y);
}

const struct yaml_node *yaml_root(const struct yaml *y)
{
    return y->root;
}

const char *yaml_name(const struct yaml *y)
{
    return y->name;
}

const struct yaml_node *yaml_get(const struct yaml_node *map, const char *key)
{
    if (!map || map->kind != YAML_MAP)
        return NULL;
    for (const struct yaml_node *n = map->first; n; n = n->next)
        if (strcmp(n->key, key) == 0)
            return n;
    return NULL;
}

/* ---- errors with a place, typed values --------------------------------------------------------------------------- */

static enum rc bad_at(const struct yaml *y, size_t line, size_t column, struct err *e, const char *fmt, va_list ap)
{
    char what[200];
    vsnprintf(what, sizeof(what), fmt, ap);
    return err_set(e, RC_BAD, "%s:%zu:%zu: %s", y->name, line, column, what);
}

enum rc yaml_bad(const struct yaml *y, const struct yaml_node *n, struct err *e, const char *fmt, ...)
{
    va_list ap;
    va_start(ap, fmt);
    enum rc rc = bad_at(y, n->line, n->column, e, fmt, ap);
    va_end(ap);
    return rc;
}

enum rc yaml_bad_key(const struct yaml *y, const struct yaml_node *n, struct err *e, const char *fmt, ...)
{
    va_list ap;
    va_start(ap, fmt);
    enum rc rc = bad_at(y, n->key ? n->key_line : n->line, n->key ? n->key_column : n->column, e, fmt, ap);
    va_end(ap);
    return rc;
}

enum rc yaml_only(const struct yaml *y, const struct yaml_node *map, const char *const *known, size_t n, struct err *e)
{
    if (map->kind != YAML_MAP)
        return yaml_bad(y, map, e, "keys and values were expected here");
    for (const struct yaml_node *m = map->first; m; m = m->next) {
        bool found = false;
        for (size_t i = 0; i < n && !found; i++)
            found = strcmp(m->key, known[i]) == 0;
        if (found)
            continue;
        const char *nearest = str_nearest(m->key, known, n);
        return nearest ? yaml_bad_key(y, m, e, "unknown key '%.60s'; did you mean '%s'?", m->key, nearest)
                       : yaml_bad_key(y, m, e, "unknown key '%.60s'", m->key);
    }
    return RC_OK;
}

enum rc yaml_text(const struct yaml *y, const struct yaml_node *n, const char **out, struct err *e)
{
    if (n->kind != YAML_SCALAR || (!*n->text && !n->quoted))
        return yaml_bad(y, n, e, "a text was expected here");
    if (!*n->text)
        return yaml_bad(y, n, e, "an empty text");
    *out = n->text;
    return RC_OK;
}

enum rc yaml_bool(const struct yaml *y, const struct yaml_node *n, bool *out, struct err *e)
{
    static const char *const yes[] = {"true", "yes", "on"}, *const no[] = {"false", "no", "off"};
    for (size_t i = 0; n->kind == YAML_SCALAR && i < COUNT_OF(yes); i++) {
        if (str_eq_nocase(n->text, yes[i]) || str_eq_nocase(n->text, no[i])) {
            *out = str_eq_nocase(n->text, yes[i]);
            return RC_OK;
        }
    }
    return yaml_bad(y, n, e, "yes or no was expected here");
}

enum rc yaml_int(const struct yaml *y, const struct yaml_node *n, int64_t lo, int64_t hi, int64_t *out, struct err *e)
{
    if (n->kind != YAML_SCALAR || !str_int64(n->text, lo, hi, out))
        return yaml_bad(y, n, e, "a whole number from %lld to %lld was expected here", (long long)lo, (long long)hi);
    return RC_OK;
}

enum rc yaml_duration(const struct yaml *y, const struct yaml_node *n, int64_t *us, struct err *e)
{
    if (n->kind != YAML_SCALAR || !duration_parse(n->text, us))
        return yaml_bad(y, n, e, "a duration such as 30s, 10m, 2h or 365d was expected here");
    return RC_OK;
}

enum rc yaml_choice(const struct yaml *y, const struct yaml_node *n, const char *const *names, size_t n_names, size_t *out,
                    struct err *e)
{
    char all[160] = "";
    for (size_t i = 0; i < n_names; i++) {
        if (n->kind == YAML_SCALAR && strcmp(n->text, names[i]) == 0) {
            *out = i;
            return RC_OK;
        }
        size_t len = strlen(all);
        snprintf(all + len, sizeof(all) - len, "%s%s", i ? ", " : "", names[i]);
    }
    return yaml_bad(y, n, e, "one of %s was expected here", all);
}
