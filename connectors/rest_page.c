/* rest_page.c: lists: their address, and from page to page. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "../base/crypto.h"
#include "../base/str.h"
#include "http_fields.h"
#include "rest.h"

/* ---- the address ---------------------------------------------------------------------------------------------------- */

/* `where` as far as one parameter can say it; the rest is checked on the items. */
static void add_conditions(struct buf *url, const struct rest_object *o, const struct map_condition *where)
{
    for (; where; where = where->next) {
        const struct rest_filter *f = rest_filter_of(o, where->column);

        if (!f || where->n_values > f->max) continue;
        rest_add_values(url, f, where->values, where->n_values);
    }
}

/* separator NULL or "": the parameter is repeated. */
static void add_list(struct buf *url, const char *parameter, const char *separator, const char *const *values, size_t n)
{
    struct buf list;

    if (!separator || !*separator) {
        for (size_t i = 0; i < n; i++)
            http_url_add(url, parameter, values[i], strlen(values[i]));
        return;
    }
    buf_init(&list, HTTP_MAX_URL_BYTES);
    for (size_t i = 0; i < n; i++) {
        if (i) buf_str(&list, separator);
        buf_str(&list, values[i]);
    }
    http_url_add(url, parameter, list.data, list.len);
    if (list.failed != RC_OK) url->failed = list.failed;
    buf_clear(&list);
}

void rest_add_values(struct buf *url, const struct rest_filter *f, const char *const *values, size_t n)
{
    add_list(url, f->parameter, f->list, values, n);
}

void rest_add_select(struct buf *url, const struct rest_object *o)
{
    if (o->select.parameter) add_list(url, o->select.parameter, o->select.list, o->select.names, o->select.n);
}

enum rc rest_list_url(const struct rest *c, const struct rest_object *o, const char *value,
                      const struct map_condition *where, struct buf *url, struct err *e)
{
    buf_reset(url);
    if (!value && o->from_column)
        return err_set(e, RC_BAD, "%s: %s: its path holds {%s}: it can be read only as children", c->name.data,
                       o->map->name, o->from_column);
    if (value) rest_url_with(c, o->map->from, value, url);
    else rest_url(c, o->map->from, url);
    for (const struct rest_pair *q = o->query; q; q = q->next)
        http_url_add(url, q->name, q->value, strlen(q->value));
    add_conditions(url, o, o->map->where);
    add_conditions(url, o, where);
    rest_add_select(url, o);
    return buf_check(url, "URL", e);
}

/* ---- from page to page ------------------------------------------------------------------------------------------------- */

#define SEEN_FIRST 16

struct pager {
    struct rest *c;
    const struct rest_object *o;
    struct buf url;         /* of the page to read */
    bool more;
    uint64_t *seen;         /* hashes of the URLs so far */
    int64_t n_seen, room;
    int64_t n_items;        /* so far */
    int64_t page;           /* PAGE: number of the one to read */
    uint64_t last_keys;     /* hash of the keys of the page before; 0 for none */
    bool *size_honoured;
};

static uint64_t hash_of(const void *bytes, size_t n)
{
    uint8_t full[SHA256_SIZE];
    uint64_t h;

    sha256(bytes, n, full);
    memcpy(&h, full, sizeof(h));
    return h;
}

/* Remember the URL; RC_BAD if it was there before. */
static enum rc remember(struct pager *p, struct err *e)
{
    uint64_t h = hash_of(p->url.data, p->url.len);

    for (int64_t i = 0; i < p->n_seen; i++) {
        if (p->seen[i] != h) continue;
        return err_set(e, RC_BAD, "%s: %s: the next page is one that was already read: the paging goes in circles",
                       p->c->name.data, p->o->map->name);
    }
    if (p->n_seen == p->c->config.max_pages)
        return err_set(e, RC_LIMIT, "%s: %s: more than %lld pages (limits: {pages: ...})", p->c->name.data,
                       p->o->map->name, (long long)p->c->config.max_pages);
    if (p->n_seen == p->room) {
        int64_t room = p->room ? 2 * p->room : SEEN_FIRST;
        uint64_t *more = realloc(p->seen, (size_t)room * sizeof(*more));

        if (!more) return err_set(e, RC_NOMEM, "%s: out of memory", p->c->name.data);
        p->seen = more;
        p->room = room;
    }
    p->seen[p->n_seen++] = h;
    return RC_OK;
}

/* An API that does not know the parameter gives its first page for ever. */
static enum rc look_for_repetition(struct pager *p, const cJSON *items, struct err *e)
{
    struct buf keys;
    const cJSON *item;
    uint64_t h = 0;
    bool numbered = p->o->paging.type == REST_PAGING_OFFSET || p->o->paging.type == REST_PAGING_PAGE;

    if (!numbered || !items->child) return RC_OK;
    buf_init(&keys, REST_MAX_PAGE_BYTES);
    cJSON_ArrayForEach(item, items)
    {
        const char *key = rest_key(p->o, item);

        buf_str(&keys, key ? key : "");
        buf_char(&keys, '\n');
    }
    h = hash_of(keys.data, keys.len);
    buf_clear(&keys);
    if (h == p->last_keys)
        return err_set(e, RC_BAD, "%s: %s: the same page comes again: the API seems not to know the parameter '%s'",
                       p->c->name.data, p->o->map->name, p->o->paging.parameter);
    p->last_keys = h;
    return RC_OK;
}

/* A URL that the server gave; it must stay on the source's origin. */
static enum rc follow(struct pager *p, const struct http_answer *a, const char *reference, struct err *e)
{
    struct err why;
    enum rc rc = http_url_resolve(a->url.data, reference, &p->url, &why);

    if (rc == RC_BAD)
        return err_set(e, rc, "%s: %s: the address of its next page is malformed", p->c->name.data, p->o->map->name);
    if (rc != RC_OK) return err_set(e, rc, "%s: %s: %s", p->c->name.data, p->o->map->name, why.msg);
    if (http_same_origin(p->url.data, p->c->base.cfg->dsn) &&
        http_url_check(p->url.data, p->c->config.allow_http, NULL) == RC_OK) {
        p->more = true;
        return RC_OK;
    }
    return err_set(e, RC_BAD, "%s: %s: its next page lies on another origin than the source's dsn", p->c->name.data,
                   p->o->map->name);
}

static enum rc next_by_link(struct pager *p, const struct http_answer *a, struct err *e)
{
    struct buf target;
    enum rc rc = RC_OK;

    buf_init(&target, HTTP_MAX_URL_BYTES);
    if (http_link(a->link.data, "next", &target)) {
        rc = buf_check(&target, "URL of the next page", e);
        if (rc == RC_OK) rc = follow(p, a, target.data, e);
    }
    buf_clear(&target);
    return rc;
}

static enum rc next_by_cursor(struct pager *p, const struct http_answer *a, const cJSON *doc, struct err *e)
{
    const struct rest_paging *g = &p->o->paging;
    struct rest_value v = rest_value_at(doc, g->next);

    if (v.nested || (v.text && rest_marked(v.text)))
        return err_set(e, RC_BAD, "%s: %s: the cursor of its next page is malformed", p->c->name.data, p->o->map->name);
    if (!v.text || !*v.text || cJSON_IsFalse(rest_at(doc, g->next))) return RC_OK;
    if (!g->parameter) return follow(p, a, v.text, e);
    p->more = true;
    return http_url_set(&p->url, g->parameter, v.text, e);
}

static enum rc next_by_number(struct pager *p, const cJSON *doc, int64_t n, struct err *e)
{
    const struct rest_paging *g = &p->o->paging;
    struct rest_value total = rest_value_at(doc, g->total);
    int64_t all;
    char number[32];

    if (g->size && n == g->size) *p->size_honoured = true;
    if (n == 0 || (g->size && n < g->size && *p->size_honoured)) return RC_OK;
    if (total.text && str_int64(total.text, 0, INT64_MAX, &all) && p->n_items >= all) return RC_OK;
    p->more = true;
    snprintf(number, sizeof(number), "%lld", (long long)(g->type == REST_PAGING_PAGE ? ++p->page : p->n_items));
    return http_url_set(&p->url, g->parameter, number, e);
}

static enum rc find_next(struct pager *p, const struct http_answer *a, const cJSON *doc, int64_t n, struct err *e)
{
    p->more = false;
    switch (p->o->paging.type) {
    case REST_PAGING_LINK:
        return next_by_link(p, a, e);
    case REST_PAGING_CURSOR:
        return next_by_cursor(p, a, doc, e);
    case REST_PAGING_OFFSET:
    case REST_PAGING_PAGE:
        return next_by_number(p, doc, n, e);
    case REST_PAGING_NONE:
        break;
    }
    return RC_OK;
}

static enum rc read_page(struct pager *p, rest_page_fn on_page, void *ctx, struct err *e)
{
    struct http_request r = {.what = p->o->map->name, .method = "GET", .url = p->url.data, .safe = true};
    struct rest_page page = {0};
    struct http_answer a;
    enum rc rc;

    http_answer_init(&a, p->c->config.max_bytes);
    rc = rest_call(p->c, &r, NULL, 0, &a, e);
    if (rc == RC_OK) rc = rest_json(p->c, r.what, &a, &page.doc, e);
    if (rc != RC_OK) goto out;
    page.items = json_pointer(page.doc, p->o->items);
    page.n_bytes = a.body.len;
    if (!cJSON_IsArray(page.items)) {
        rc = err_set(e, RC_BAD, "%s: %s: the answer has no array at '%s' (items)", p->c->name.data, r.what, p->o->items);
        goto out;
    }
    rc = look_for_repetition(p, page.items, e);
    if (rc != RC_OK) goto out;
    p->n_items += cJSON_GetArraySize(page.items);
    rc = find_next(p, &a, page.doc, cJSON_GetArraySize(page.items), e);
    if (rc == RC_OK) rc = on_page(ctx, &page, e);
    if (page.stop) p->more = false;
out:
    cJSON_Delete(page.doc);
    http_answer_clear(&a);
    return rc;
}

static enum rc first_page(struct pager *p, const char *url, struct err *e)
{
    const struct rest_paging *g = &p->o->paging;
    char number[32];
    enum rc rc;

    p->page = g->first;
    buf_str(&p->url, url);
    rc = buf_check(&p->url, "URL", e);
    snprintf(number, sizeof(number), "%lld", (long long)g->size);
    if (rc == RC_OK && g->size_parameter) rc = http_url_set(&p->url, g->size_parameter, number, e);
    snprintf(number, sizeof(number), "%lld", (long long)(g->type == REST_PAGING_PAGE ? g->first : 0));
    if (rc == RC_OK && g->type >= REST_PAGING_OFFSET) rc = http_url_set(&p->url, g->parameter, number, e);
    return rc;
}

enum rc rest_pages(struct rest *c, const struct rest_object *o, const char *url, rest_page_fn on_page, void *ctx,
                   struct err *e)
{
    struct pager p = {.c = c, .o = o, .size_honoured = c->size_honoured};
    enum rc rc;

    for (const struct rest_object *other = c->config.objects; !str_eq(other->map->name, o->map->name); other = other->next)
        p.size_honoured++;
    buf_init(&p.url, HTTP_MAX_URL_BYTES);
    rc = first_page(&p, url, e);
    p.more = rc == RC_OK;
    while (p.more && rc == RC_OK) {
        rc = remember(&p, e);
        if (rc == RC_OK) rc = read_page(&p, on_page, ctx, e);
    }
    buf_clear(&p.url);
    free(p.seen);
    return rc;
}
