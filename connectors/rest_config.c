/* rest_config.c: the keys that a source of type rest has besides the common ones. */
#include <ctype.h>
#include <string.h>

#include "../base/secret.h"
#include "../base/str.h"
#include "rest.h"

#define SECOND_US INT64_C(1000000)
#define MAX_SELECTED 400 /* members that one object is asked for */

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

/* ---- small pieces: each leaves *out alone where the key is absent -------------------------------------------------- */

static enum rc text(struct parser *p, const struct yaml_node *map, const char *key, const char **out)
{
    const struct yaml_node *n = yaml_get(map, key);

    return n ? yaml_text(p->y, n, out, p->e) : RC_OK;
}

static enum rc boolean(struct parser *p, const struct yaml_node *map, const char *key, bool *out)
{
    const struct yaml_node *n = yaml_get(map, key);

    return n ? yaml_bool(p->y, n, out, p->e) : RC_OK;
}

static enum rc integer(struct parser *p, const struct yaml_node *map, const char *key, int64_t lo, int64_t hi,
                       int64_t *out)
{
    const struct yaml_node *n = yaml_get(map, key);

    return n ? yaml_int(p->y, n, lo, hi, out, p->e) : RC_OK;
}

static enum rc choice(struct parser *p, const struct yaml_node *map, const char *key, const char *const *names,
                      size_t n_names, size_t *out)
{
    const struct yaml_node *n = yaml_get(map, key);

    return n ? yaml_choice(p->y, n, names, n_names, out, p->e) : RC_OK;
}

static enum rc duration_ms(struct parser *p, const struct yaml_node *map, const char *key, int64_t lo_ms,
                           int64_t *out_ms)
{
    const struct yaml_node *n = yaml_get(map, key);
    int64_t us;
    enum rc rc;

    if (!n) return RC_OK;
    rc = yaml_duration(p->y, n, &us, p->e);
    if (rc != RC_OK) return rc;
    if (us < lo_ms * 1000 || us > 3600 * SECOND_US)
        return yaml_bad(p->y, n, p->e, "%s: from %lldms to 1h", key, (long long)lo_ms);
    *out_ms = us / 1000;
    return RC_OK;
}

/* A value that may point to a secret. Without `resolve` its text stays as it is. */
static enum rc secret(struct parser *p, const struct yaml_node *n, const char *prefix, const char **out)
{
    const char *spec;
    char *value = NULL;
    struct err why;
    enum rc rc = yaml_text(p->y, n, &spec, p->e);

    if (rc != RC_OK) return rc;
    *out = spec;
    if (!p->resolve) return RC_OK;
    rc = secret_resolve(spec, &value, &why);
    if (rc == RC_BAD) return yaml_bad(p->y, n, p->e, "%s", why.msg);
    if (rc != RC_OK) return err_set(p->e, rc, "%s", why.msg);
    *out = arena_printf(p->a, "%s%s", prefix, value);
    secret_free(value);
    if (!*out) return no_memory(p);
    if (!http_field_ok(*out)) return yaml_bad(p->y, n, p->e, "the secret holds a line break or control character");
    return RC_OK;
}

static enum rc need(struct parser *p, const struct yaml_node *map, const char *key)
{
    if (yaml_get(map, key)) return RC_OK;
    return yaml_bad(p->y, map, p->e, "'%s' is missing here", key);
}

/* RFC 6901, with tokens short enough for json_pointer(). */
static bool pointer_ok(const char *s)
{
    while (*s == '/') {
        size_t n = strcspn(++s, "/");

        if (n > 250) return false;
        for (; n; n--, s++) {
            if (*s == '~' && s[1] != '0' && s[1] != '1') return false;
        }
    }
    return *s == '\0';
}

static enum rc pointer(struct parser *p, const struct yaml_node *map, const char *key, const char **out)
{
    const struct yaml_node *n = yaml_get(map, key);
    enum rc rc;

    if (!n) return RC_OK;
    if (n->kind == YAML_SCALAR && !*n->text && n->quoted) { /* the whole document */
        *out = "";
        return RC_OK;
    }
    rc = yaml_text(p->y, n, out, p->e);
    if (rc == RC_OK && !pointer_ok(*out))
        rc = yaml_bad(p->y, n, p->e, "a JSON Pointer such as /data/items was expected here");
    return rc;
}

/* A path below the dsn. `name`: what stands in its one pair of braces, or NULL if it may have none. */
static enum rc path(struct parser *p, const struct yaml_node *map, const char *key, const char *name,
                    const char **out)
{
    const struct yaml_node *n = yaml_get(map, key);
    const char *at;
    enum rc rc = text(p, map, key, out);

    if (!n || rc != RC_OK) return rc;
    if (**out != '/' || strcspn(*out, " #\\\"<>") != strlen(*out))
        return yaml_bad(p->y, n, p->e, "a path below the dsn such as /deals was expected here");
    at = strchr(*out, '{');
    if (name && (!at || !str_starts(at + 1, name) || !str_starts(at + 1 + strlen(name), "}") || strchr(at + 1, '{')))
        return yaml_bad(p->y, n, p->e, "a path with {%s} in it was expected here", name);
    if (!name && at) return yaml_bad(p->y, n, p->e, "a path without {...} was expected here");
    return RC_OK;
}

typedef enum rc (*pair_check)(struct parser *p, const struct yaml_node *n);

static enum rc pairs(struct parser *p, const struct yaml_node *map, pair_check check, const struct rest_pair **out)
{
    const struct rest_pair **tail = out;
    enum rc rc = RC_OK;

    if (!map) return RC_OK;
    if (map->kind != YAML_MAP) return yaml_bad(p->y, map, p->e, "names and values were expected here");
    if (map->count > REST_MAX_ITEMS) return yaml_bad(p->y, map, p->e, "more than %d entries", REST_MAX_ITEMS);
    for (const struct yaml_node *n = map->first; n && rc == RC_OK; n = n->next) {
        struct rest_pair *pair = arena_alloc(p->a, sizeof(*pair));

        if (!pair) return no_memory(p);
        pair->name = n->key;
        rc = secret(p, n, "", &pair->value);
        if (rc == RC_OK && check) rc = check(p, n);
        *tail = pair;
        tail = &pair->next;
    }
    return rc;
}

/* ---- the source -------------------------------------------------------------------------------------------------- */

static enum rc header_name(struct parser *p, const struct yaml_node *at, const char *name)
{
    static const char *const own[] = {"Host", "Content-Length", "Transfer-Encoding", "Connection", "Expect"};

    for (const char *s = name; *s; s++) {
        if (!isalnum((unsigned char)*s) && *s != '-' && *s != '_')
            return yaml_bad(p->y, at, p->e, "'%.60s' is no name of a header field", name);
    }
    for (size_t i = 0; i < COUNT_OF(own); i++) {
        if (str_eq_nocase(name, own[i])) return yaml_bad(p->y, at, p->e, "the header %s is not yours to set", own[i]);
    }
    return RC_OK;
}

static enum rc check_header(struct parser *p, const struct yaml_node *n)
{
    return header_name(p, n, n->key);
}

static enum rc check_url(struct parser *p, const struct yaml_node *n, const char *url, bool allow_http)
{
    struct err why;

    /* Before secrets are resolved there is nothing to look at. */
    if (!p->resolve && (strstr(url, "${") || str_starts(url, "file:"))) return RC_OK;
    return http_url_check(url, allow_http, &why) == RC_OK ? RC_OK : yaml_bad(p->y, n, p->e, "%s", why.msg);
}

static enum rc auth_header(struct parser *p, const struct yaml_node *n, struct rest_auth_config *a)
{
    const char *prefix = "";
    enum rc rc = need(p, n, "value");

    a->header = "Authorization";
    if (rc == RC_OK) rc = text(p, n, "header", &a->header);
    if (rc == RC_OK && yaml_get(n, "header")) rc = header_name(p, yaml_get(n, "header"), a->header);
    if (rc == RC_OK) rc = text(p, n, "prefix", &prefix);
    return rc == RC_OK ? secret(p, yaml_get(n, "value"), prefix, &a->value) : rc;
}

static enum rc auth_basic(struct parser *p, const struct yaml_node *n, struct rest_auth_config *a)
{
    enum rc rc = need(p, n, "user");

    if (rc == RC_OK) rc = need(p, n, "password");
    if (rc == RC_OK) rc = secret(p, yaml_get(n, "user"), "", &a->user);
    if (rc == RC_OK) rc = secret(p, yaml_get(n, "password"), "", &a->password);
    if (rc == RC_OK && strchr(a->user, ':'))
        rc = yaml_bad(p->y, yaml_get(n, "user"), p->e, "a user of basic authentication has no colon");
    return rc;
}

static enum rc auth_oauth(struct parser *p, const struct yaml_node *n, bool allow_http, struct rest_auth_config *a)
{
    static const char *const needed[] = {"token_url", "client_id", "client_secret"};
    static const char *const ways[] = {"body", "basic"};
    size_t way = REST_SEND_BODY;
    enum rc rc = RC_OK;

    for (size_t i = 0; i < COUNT_OF(needed) && rc == RC_OK; i++)
        rc = need(p, n, needed[i]);
    if (rc == RC_OK) rc = secret(p, yaml_get(n, "token_url"), "", &a->token_url);
    if (rc == RC_OK) rc = check_url(p, yaml_get(n, "token_url"), a->token_url, allow_http);
    if (rc == RC_OK) rc = secret(p, yaml_get(n, "client_id"), "", &a->user);
    if (rc == RC_OK) rc = secret(p, yaml_get(n, "client_secret"), "", &a->password);
    if (rc == RC_OK) rc = text(p, n, "scope", &a->scope);
    if (rc == RC_OK) rc = choice(p, n, "send", ways, COUNT_OF(ways), &way);
    if (rc == RC_OK) rc = pairs(p, yaml_get(n, "extra"), NULL, &a->extra);
    a->send = (enum rest_send)way;
    return rc;
}

static enum rc parse_auth(struct parser *p, const struct yaml_node *n, bool allow_http, struct rest_auth_config *a)
{
    static const char *const types[] = {"none", "header", "basic", "oauth"};
    static const char *const keys[][8] = {
        {"type"},
        {"type", "header", "value", "prefix"},
        {"type", "user", "password"},
        {"type", "token_url", "client_id", "client_secret", "scope", "send", "extra"},
    };
    static const size_t n_keys[] = {1, 4, 3, 7};
    size_t type = REST_AUTH_NONE;
    enum rc rc = RC_OK;

    if (!n) return RC_OK;
    if (n->kind != YAML_MAP) return yaml_bad(p->y, n, p->e, "a map such as {type: basic, ...} was expected here");
    rc = need(p, n, "type");
    if (rc == RC_OK) rc = choice(p, n, "type", types, COUNT_OF(types), &type);
    if (rc == RC_OK) rc = yaml_only(p->y, n, keys[type], n_keys[type], p->e);
    a->type = (enum rest_auth_type)type;
    if (rc == RC_OK && type == REST_AUTH_HEADER) rc = auth_header(p, n, a);
    if (rc == RC_OK && type == REST_AUTH_BASIC) rc = auth_basic(p, n, a);
    if (rc == RC_OK && type == REST_AUTH_OAUTH) rc = auth_oauth(p, n, allow_http, a);
    return rc;
}

static enum rc parse_limits(struct parser *p, const struct yaml_node *n, struct rest_config *c)
{
    static const char *const keys[] = {"connect", "stall", "retry_after", "bytes", "redirects", "pages"};
    int64_t bytes = INT64_C(32) << 20;
    enum rc rc = RC_OK;

    c->connect_ms = 10000;
    c->stall_ms = 30000;
    c->retry_after_ms = 120000;
    c->max_redirects = 5;
    c->max_pages = 10000;
    if (n) rc = yaml_only(p->y, n, keys, COUNT_OF(keys), p->e);
    if (rc == RC_OK) rc = duration_ms(p, n, "connect", 1, &c->connect_ms);
    if (rc == RC_OK) rc = duration_ms(p, n, "stall", 1000, &c->stall_ms);
    if (rc == RC_OK) rc = duration_ms(p, n, "retry_after", 0, &c->retry_after_ms);
    if (rc == RC_OK) rc = integer(p, n, "bytes", 1024, (int64_t)REST_MAX_PAGE_BYTES, &bytes);
    if (rc == RC_OK) rc = integer(p, n, "redirects", 0, HTTP_MAX_REDIRECTS, &c->max_redirects);
    if (rc == RC_OK) rc = integer(p, n, "pages", 1, 1000000, &c->max_pages);
    c->max_bytes = (size_t)bytes;
    return rc;
}

static enum rc parse_identity(struct parser *p, const struct yaml_node *n, struct rest_config *c)
{
    static const char *const keys[] = {"path", "value"};
    enum rc rc;

    if (!n) return RC_OK;
    rc = yaml_only(p->y, n, keys, COUNT_OF(keys), p->e);
    if (rc == RC_OK) rc = need(p, n, "path");
    if (rc == RC_OK) rc = need(p, n, "value");
    if (rc == RC_OK) rc = path(p, n, "path", NULL, &c->identity_path);
    return rc == RC_OK ? pointer(p, n, "value", &c->identity_value) : rc;
}

/* ---- paging ------------------------------------------------------------------------------------------------------ */

static enum rc parse_paging(struct parser *p, const struct yaml_node *n, struct rest_paging *g)
{
    static const char *const types[] = {"none", "link", "cursor", "offset", "page"};
    static const char *const keys[][8] = {
        {"type"},
        {"type", "size_parameter", "size"},
        {"type", "size_parameter", "size", "next", "parameter"},
        {"type", "size_parameter", "size", "parameter", "total"},
        {"type", "size_parameter", "size", "parameter", "total", "first"},
    };
    static const size_t n_keys[] = {1, 3, 5, 5, 6};
    size_t type = REST_PAGING_NONE;
    enum rc rc = need(p, n, "type");

    if (n->kind != YAML_MAP) return yaml_bad(p->y, n, p->e, "a map such as {type: link} was expected here");
    *g = (struct rest_paging){.first = 1};
    if (rc == RC_OK) rc = choice(p, n, "type", types, COUNT_OF(types), &type);
    if (rc == RC_OK) rc = yaml_only(p->y, n, keys[type], n_keys[type], p->e);
    g->type = (enum rest_paging_type)type;
    if (rc == RC_OK && type == REST_PAGING_CURSOR) rc = need(p, n, "next");
    if (rc == RC_OK && type >= REST_PAGING_OFFSET) rc = need(p, n, "parameter");
    if (rc == RC_OK) rc = pointer(p, n, "next", &g->next);
    if (rc == RC_OK) rc = pointer(p, n, "total", &g->total);
    if (rc == RC_OK) rc = text(p, n, "parameter", &g->parameter);
    if (rc == RC_OK) rc = text(p, n, "size_parameter", &g->size_parameter);
    if (rc == RC_OK) rc = integer(p, n, "size", 1, 100000, &g->size);
    if (rc == RC_OK) rc = integer(p, n, "first", 0, 1, &g->first);
    if (rc == RC_OK && !g->size != !g->size_parameter)
        rc = yaml_bad(p->y, n, p->e, "'size' and 'size_parameter' go together");
    return rc;
}

/* ---- objects ------------------------------------------------------------------------------------------------------ */

static enum rc parse_since(struct parser *p, const struct yaml_node *n, struct rest_object *o)
{
    static const char *const keys[] = {"parameter", "format", "sorted"};
    static const char *const formats[] = {"iso", "date", "unix", "unix_ms"};
    size_t format = REST_TIME_ISO;
    enum rc rc;

    if (!n) return RC_OK;
    rc = yaml_only(p->y, n, keys, COUNT_OF(keys), p->e);
    if (rc == RC_OK) rc = need(p, n, "parameter");
    if (rc == RC_OK) rc = text(p, n, "parameter", &o->since);
    if (rc == RC_OK) rc = choice(p, n, "format", formats, COUNT_OF(formats), &format);
    if (rc == RC_OK) rc = boolean(p, n, "sorted", &o->sorted);
    o->since_format = (enum rest_time)format;
    if (rc == RC_OK && !o->map->modified)
        rc = yaml_bad_key(p->y, n, p->e, "'since' needs the object's 'modified' column");
    return rc;
}

/* repeat, or the character between the values */
static enum rc parse_list(struct parser *p, const struct yaml_node *map, const char **list)
{
    enum rc rc = text(p, map, "list", list);

    if (rc != RC_OK || !*list) return rc;
    if (str_eq(*list, "repeat")) *list = "";
    else if (strlen(*list) != 1 || isalnum((unsigned char)(*list)[0]))
        return yaml_bad(p->y, yaml_get(map, "list"), p->e, "repeat or one separating character was expected here");
    return RC_OK;
}

/* status: status, or id: {parameter: ids, list: ",", max: 100} */
static enum rc parse_filter(struct parser *p, const struct yaml_node *n, struct rest_filter *f)
{
    static const char *const keys[] = {"parameter", "list", "max"};
    int64_t max = 50;
    enum rc rc;

    f->column = n->key;
    f->max = 1;
    if (n->kind != YAML_MAP) return yaml_text(p->y, n, &f->parameter, p->e);
    rc = yaml_only(p->y, n, keys, COUNT_OF(keys), p->e);
    if (rc == RC_OK) rc = need(p, n, "parameter");
    if (rc == RC_OK) rc = text(p, n, "parameter", &f->parameter);
    if (rc == RC_OK) rc = parse_list(p, n, &f->list);
    if (rc == RC_OK) rc = integer(p, n, "max", 1, 1000, &max);
    if (rc == RC_OK && yaml_get(n, "max") && !f->list)
        rc = yaml_bad_key(p->y, yaml_get(n, "max"), p->e, "'max' is for a filter that takes a list");
    if (rc == RC_OK && f->list) f->max = (size_t)max;
    return rc;
}

static enum rc parse_filters(struct parser *p, const struct yaml_node *map, struct rest_object *o)
{
    const struct rest_filter **tail = &o->filters;
    enum rc rc = RC_OK;

    if (!map) return RC_OK;
    if (map->kind != YAML_MAP) return yaml_bad(p->y, map, p->e, "columns and parameters were expected here");
    if (map->count > REST_MAX_ITEMS) return yaml_bad(p->y, map, p->e, "more than %d filters", REST_MAX_ITEMS);
    for (const struct yaml_node *n = map->first; n && rc == RC_OK; n = n->next) {
        struct rest_filter *f = arena_alloc(p->a, sizeof(*f));

        if (!f) return no_memory(p);
        rc = parse_filter(p, n, f);
        *tail = f;
        tail = &f->next;
    }
    return rc;
}

/* The name of the member below `under` that holds the column; nothing for a column that is elsewhere. */
static enum rc add_selected(struct parser *p, struct rest_select *s, const char *column)
{
    size_t n = strlen(s->under);
    const char *from = column;
    char *name, *to;

    if (!column) return RC_OK;
    if (*column == '/') {
        if (strncmp(column, s->under, n) != 0 || column[n] != '/') return RC_OK;
        from = column + n + 1;
    } else if (n) {
        return RC_OK;
    }
    name = to = arena_ndup(p->a, from, *column == '/' ? strcspn(from, "/") : strlen(from));
    if (!name) return no_memory(p);
    for (const char *c = name; *column == '/' && *c; c++) /* RFC 6901, section 4 */
        *to++ = *c != '~' ? *c : *++c == '1' ? '/' : '~';
    if (*column == '/') *to = '\0';
    for (size_t i = 0; i < s->n; i++)
        if (str_eq(s->names[i], name)) return RC_OK;
    if (s->n == MAX_SELECTED) return err_set(p->e, RC_LIMIT, "%s: an object needs more than %d members", yaml_name(p->y), MAX_SELECTED);
    s->names[s->n++] = name;
    return RC_OK;
}

static enum rc add_conditions(struct parser *p, struct rest_select *s, const struct map_condition *where)
{
    enum rc rc = RC_OK;

    for (; where && rc == RC_OK; where = where->next)
        rc = add_selected(p, s, where->column);
    return rc;
}

/* What others need of this object as their child. */
static enum rc add_matches(struct parser *p, const struct source_config *cfg, const char *object, struct rest_select *s)
{
    enum rc rc = RC_OK;

    for (const struct map_object *m = cfg->objects; m && rc == RC_OK; m = m->next) {
        for (const struct map_children *c = m->children; c && rc == RC_OK; c = c->next) {
            if (!str_eq(c->object, object)) continue;
            rc = add_selected(p, s, c->child_column);
            if (rc == RC_OK) rc = add_selected(p, s, c->order);
            if (rc == RC_OK) rc = add_conditions(p, s, c->where);
        }
    }
    return rc;
}

static enum rc parse_select(struct parser *p, const struct source_config *cfg, const struct yaml_node *n, struct rest_object *o)
{
    static const char *const keys[] = {"parameter", "list", "under"};
    const struct map_object *m = o->map;
    const char *const columns[] = {m->key, m->modified, m->version, m->owner, m->team, m->deleted};
    struct rest_select *s = &o->select;
    enum rc rc;

    *s = (struct rest_select){.list = ",", .under = ""};
    if (!n) return RC_OK;
    rc = yaml_only(p->y, n, keys, COUNT_OF(keys), p->e);
    if (rc == RC_OK) rc = need(p, n, "parameter");
    if (rc == RC_OK) rc = text(p, n, "parameter", &s->parameter);
    if (rc == RC_OK) rc = parse_list(p, n, &s->list);
    if (rc == RC_OK) rc = pointer(p, n, "under", &s->under);
    s->names = arena_array(p->a, MAX_SELECTED, sizeof(*s->names));
    if (rc == RC_OK && !s->names) rc = no_memory(p);
    for (size_t i = 0; i < COUNT_OF(columns) && rc == RC_OK; i++)
        rc = add_selected(p, s, columns[i]);
    for (const struct map_field *f = m->fields; f && rc == RC_OK; f = f->next) {
        rc = add_selected(p, s, f->column);
        if (rc == RC_OK) rc = add_selected(p, s, f->currency_column);
        if (rc == RC_OK) rc = add_selected(p, s, f->origin_column);
    }
    for (const struct map_parent *q = m->parents; q && rc == RC_OK; q = q->next)
        rc = add_selected(p, s, q->column);
    for (const struct map_children *c = m->children; c && rc == RC_OK; c = c->next)
        rc = add_selected(p, s, c->parent_column);
    if (rc == RC_OK) rc = add_conditions(p, s, m->where);
    return rc == RC_OK ? add_matches(p, cfg, m->name, s) : rc;
}

static enum rc check_set(struct parser *p, const struct yaml_node *n)
{
    if (n->key[0] == '/' && pointer_ok(n->key)) return RC_OK;
    return yaml_bad_key(p->y, n, p->e, "a JSON Pointer such as /id was expected here");
}

static bool sets_version(const struct rest_write *w)
{
    for (const struct rest_pair *s = w->set; s; s = s->next) {
        if (strstr(s->value, "{version}")) return true;
    }
    return false;
}

static enum rc parse_write(struct parser *p, const struct yaml_node *n, struct rest_object *o)
{
    static const char *const keys[] = {"method", "path", "check", "under", "set"};
    static const char *const methods[] = {"PATCH", "PUT", "POST"};
    static const char *const checks[] = {"if_match", "body", "read", "none"};
    size_t method = 0, check = REST_CHECK_IF_MATCH;
    struct rest_write *w = &o->write;
    enum rc rc;

    if (!n) return RC_OK;
    rc = yaml_only(p->y, n, keys, COUNT_OF(keys), p->e);
    if (rc == RC_OK) rc = need(p, n, "path");
    if (rc == RC_OK) rc = choice(p, n, "method", methods, COUNT_OF(methods), &method);
    if (rc == RC_OK) rc = path(p, n, "path", "id", &w->path);
    if (rc == RC_OK) rc = choice(p, n, "check", checks, COUNT_OF(checks), &check);
    if (rc == RC_OK) rc = pointer(p, n, "under", &w->under);
    if (rc == RC_OK) rc = pairs(p, yaml_get(n, "set"), check_set, &w->set);
    w->method = methods[method];
    w->check = (enum rest_check)check;
    if (rc == RC_OK && check == REST_CHECK_BODY && !sets_version(w))
        rc = yaml_bad(p->y, n, p->e, "check: body needs {version} somewhere in 'set'");
    if (rc == RC_OK && check == REST_CHECK_READ && !o->record)
        rc = yaml_bad(p->y, n, p->e, "check: read needs the path of one record in 'record'");
    return rc;
}

/* from: /deals/{deal_id}/notes */
static enum rc parse_from(struct parser *p, const struct yaml_node *n, struct rest_object *o)
{
    const struct yaml_node *from = yaml_get(n, "from");
    const char *s = o->map->from, *open = strchr(s, '{'), *close = open ? strchr(open, '}') : NULL;

    if (*s != '/' || strcspn(s, " #\\\"<>") != strlen(s) || (open && (!close || close == open + 1 || strchr(close, '{'))))
        return yaml_bad(p->y, from, p->e, "a path below the dsn such as /deals was expected here");
    if (!open) return RC_OK;
    o->from_column = arena_ndup(p->a, open + 1, (size_t)(close - open - 1));
    return o->from_column ? RC_OK : no_memory(p);
}

static enum rc parse_rest(struct parser *p, const struct source_config *cfg, const struct yaml_node *n, struct rest_object *o)
{
    static const char *const keys[] = {"items", "query", "since",  "filter",       "select", "record", "item",
                                       "etag",  "epoch", "paging", "newest_first", "write"};
    static const char *const epochs[] = {"s", "ms"};
    size_t epoch = 0;
    enum rc rc;

    if (!n) return RC_OK;
    rc = yaml_only(p->y, n, keys, COUNT_OF(keys), p->e);
    if (rc == RC_OK) rc = pointer(p, n, "items", &o->items);
    if (rc == RC_OK) rc = pairs(p, yaml_get(n, "query"), NULL, &o->query);
    if (rc == RC_OK) rc = parse_since(p, yaml_get(n, "since"), o);
    if (rc == RC_OK) rc = parse_filters(p, yaml_get(n, "filter"), o);
    if (rc == RC_OK) rc = parse_select(p, cfg, yaml_get(n, "select"), o);
    if (rc == RC_OK) rc = path(p, n, "record", "id", &o->record);
    if (rc == RC_OK) rc = pointer(p, n, "item", &o->item);
    if (rc == RC_OK) rc = boolean(p, n, "etag", &o->etag);
    if (rc == RC_OK) rc = choice(p, n, "epoch", epochs, COUNT_OF(epochs), &epoch);
    if (rc == RC_OK) rc = boolean(p, n, "newest_first", &o->newest_first);
    if (rc == RC_OK && yaml_get(n, "paging")) rc = parse_paging(p, yaml_get(n, "paging"), &o->paging);
    if (rc == RC_OK) rc = parse_write(p, yaml_get(n, "write"), o);
    o->epoch_ms = epoch == 1;
    if (rc == RC_OK && o->etag && !o->record)
        rc = yaml_bad_key(p->y, yaml_get(n, "etag"), p->e, "'etag' needs the path of one record in 'record'");
    return rc;
}

/* Columns are pointers or names of members. */
static enum rc check_column(struct parser *p, const struct yaml_node *at, const char *column)
{
    if (!column || column[0] != '/' || pointer_ok(column)) return RC_OK;
    return yaml_bad(p->y, at, p->e, "'%.80s' is no JSON Pointer", column);
}

static enum rc check_columns(struct parser *p, const struct yaml_node *n, const struct map_object *m)
{
    static const char *const own[] = {"key", "modified", "version", "owner", "team", "deleted"};
    const char *const columns[] = {m->key, m->modified, m->version, m->owner, m->team, m->deleted};
    enum rc rc = RC_OK;

    for (size_t i = 0; i < COUNT_OF(own) && rc == RC_OK; i++)
        rc = check_column(p, yaml_get(n, own[i]), columns[i]);
    for (const struct map_field *f = m->fields; f && rc == RC_OK; f = f->next) {
        const struct yaml_node *at = yaml_get(yaml_get(n, "fields"), f->spec.name);

        rc = check_column(p, at, f->column);
        if (rc == RC_OK) rc = check_column(p, at, f->currency_column);
        if (rc == RC_OK) rc = check_column(p, at, f->origin_column);
    }
    for (const struct map_field *f = m->write_back; f && rc == RC_OK; f = f->next)
        rc = check_column(p, yaml_get(yaml_get(n, "write_back"), f->spec.name), f->column);
    for (const struct map_parent *q = m->parents; q && rc == RC_OK; q = q->next)
        rc = check_column(p, yaml_get(yaml_get(n, "parents"), q->name), q->column);
    return rc;
}

static enum rc parse_object(struct parser *p, const struct source_config *cfg, const struct yaml_node *n,
                            const struct map_object *m, const struct rest_paging *paging, struct rest_object *o)
{
    enum rc rc;

    *o = (struct rest_object){.map = m, .items = "", .item = "", .paging = *paging, .write = {.under = ""}};
    rc = parse_from(p, n, o);
    if (rc == RC_OK) rc = check_columns(p, n, m);
    if (rc == RC_OK) rc = parse_rest(p, cfg, m->rest, o);
    if (rc == RC_OK && m->write_back && !o->write.method)
        rc = yaml_bad_key(p->y, yaml_get(n, "write_back"), p->e, "'write_back' needs 'write' in the object's 'rest'");
    return rc;
}

/* ---- relations: what they need of the other object ------------------------------------------------------------------ */

static bool readable_by_id(const struct rest_object *o)
{
    return o->record || rest_filter_of(o, o->map->key);
}

static enum rc check_relations(struct parser *p, const struct rest_config *c, const struct source_config *cfg,
                               const struct rest_object *o)
{
    const struct yaml_node *n = yaml_get(yaml_get(cfg->node, "objects"), o->map->name);

    for (const struct map_parent *m = o->map->parents; m; m = m->next) {
        if (readable_by_id(rest_object_of(c, source_object(cfg, m->object)))) continue;
        return yaml_bad_key(p->y, yaml_get(yaml_get(n, "parents"), m->name), p->e,
                            "object '%s' cannot be read by its id: it needs rest: {record: /...{id}} or a filter of its key",
                            m->object);
    }
    for (const struct map_children *m = o->map->children; m; m = m->next) {
        const struct rest_object *child = rest_object_of(c, source_object(cfg, m->object));

        if (str_eq(child->from_column, m->child_column) || rest_filter_of(child, m->child_column)) continue;
        return yaml_bad_key(p->y, yaml_get(yaml_get(n, "children"), m->name), p->e,
                            "object '%s' cannot be read by '%s': it needs a filter of that column, or {%s} in 'from'",
                            m->object, m->child_column, m->child_column);
    }
    return RC_OK;
}

static enum rc parse_objects(struct parser *p, const struct source_config *cfg, struct rest_config *c)
{
    const struct yaml_node *objects = yaml_get(cfg->node, "objects"), *n = yaml_get(cfg->node, "paging");
    struct rest_paging paging = {0};
    const struct rest_object **tail = &c->objects;
    enum rc rc = n ? parse_paging(p, n, &paging) : RC_OK;

    for (const struct map_object *m = cfg->objects; m && rc == RC_OK; m = m->next) {
        struct rest_object *o = arena_alloc(p->a, sizeof(*o));

        if (!o) return no_memory(p);
        rc = parse_object(p, cfg, yaml_get(objects, m->name), m, &paging, o);
        *tail = o;
        tail = &o->next;
    }
    for (const struct rest_object *o = c->objects; o && rc == RC_OK; o = o->next)
        rc = check_relations(p, c, cfg, o);
    return rc;
}

enum rc rest_config_parse(const struct source_config *cfg, bool resolve, struct arena *a, struct rest_config *out,
                          struct err *e)
{
    struct parser p = {.y = cfg->yaml, .a = a, .resolve = resolve, .e = e};
    struct rest_config c = {.proxy = true};
    enum rc rc;

    if (!cfg->dsn) return yaml_bad_key(cfg->yaml, cfg->node, e, "source '%s' needs a dsn: the base URL", cfg->name);
    rc = boolean(&p, cfg->node, "allow_http", &c.allow_http);
    if (rc == RC_OK) rc = boolean(&p, cfg->node, "proxy", &c.proxy);
    if (rc == RC_OK) rc = check_url(&p, yaml_get(cfg->node, "dsn"), cfg->dsn, c.allow_http);
    if (rc == RC_OK && strchr(cfg->dsn, '?'))
        rc = yaml_bad(p.y, yaml_get(cfg->node, "dsn"), e, "a base URL without a query (?...) was expected here");
    if (rc == RC_OK) rc = text(&p, cfg->node, "ca_file", &c.ca_file);
    if (rc == RC_OK) rc = parse_auth(&p, yaml_get(cfg->node, "auth"), c.allow_http, &c.auth);
    if (rc == RC_OK) rc = pairs(&p, yaml_get(cfg->node, "headers"), check_header, &c.headers);
    if (rc == RC_OK) rc = parse_limits(&p, yaml_get(cfg->node, "limits"), &c);
    if (rc == RC_OK) rc = parse_identity(&p, yaml_get(cfg->node, "identity"), &c);
    if (rc == RC_OK) rc = parse_objects(&p, cfg, &c);
    if (rc == RC_OK) *out = c;
    return rc;
}

const struct rest_object *rest_object_of(const struct rest_config *c, const struct map_object *o)
{
    const struct rest_object *r = c->objects;

    while (!str_eq(r->map->name, o->name)) /* every object of the source is in the list */
        r = r->next;
    return r;
}

const struct rest_filter *rest_filter_of(const struct rest_object *o, const char *column)
{
    const struct rest_filter *f = o->filters;

    while (f && !str_eq(f->column, column))
        f = f->next;
    return f;
}
