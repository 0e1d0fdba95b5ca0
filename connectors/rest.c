/* rest.c: the handle of a source of type rest, and one call to its API. */
#include "rest.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "../base/crypto.h"
#include "../base/str.h"
#include "types.h"

#define CONFIG_MAX_BYTES ((size_t)16 << 20)

/* ---- calls ----------------------------------------------------------------------------------------------------------- */

void rest_url(const struct rest *c, const char *path, struct buf *url)
{
    const char *base = c->base.cfg->dsn;
    size_t n = strlen(base);

    while (n && base[n - 1] == '/')
        n--;
    buf_add(url, base, n);
    buf_str(url, path);
}

void rest_url_with(const struct rest *c, const char *path, const char *value, struct buf *url)
{
    const char *open = strchr(path, '{'), *close = strchr(path, '}'); /* rest_config.c has seen both */

    rest_url(c, "", url);
    buf_add(url, path, (size_t)(open - path));
    http_url_escape(url, value, strlen(value));
    buf_str(url, close + 1);
}

static enum rc refusal(const struct rest *c, const char *what, int status, struct err *e)
{
    const char *why = "the server refuses the request";

    if (status == 401) why = "the server refuses the credentials";
    else if (status == 403) why = "the credentials do not permit this";
    else if (status == 404) why = "the API has no such path";
    else if (status < 400 || status >= 500) why = "an answer that was not expected";
    return err_set(e, RC_BAD, "%s: %s: %s (HTTP %d)", c->name.data, what, why, status);
}

enum rc rest_call(struct rest *c, struct http_request *r, const int *expected, size_t n_expected,
                  struct http_answer *a, struct err *e)
{
    enum rc rc;

    if (!r->headers) {
        r->headers = c->headers;
        r->n_headers = c->n_headers;
    }
    for (int tokens = 0;; tokens++) {
        rc = rest_auth_line(c->auth, c->http, c->name.data, c->config.max_bytes, &r->credential, e);
        if (rc == RC_OK) rc = http_send(c->http, r, a, e);
        if (rc != RC_OK) return rc;
        if (a->status != 401 || tokens > 0 || !rest_auth_refused(c->auth)) break;
    }
    for (size_t i = 0; i < n_expected; i++) {
        if (a->status == expected[i]) return RC_OK;
    }
    return a->status >= 200 && a->status < 300 ? RC_OK : refusal(c, r->what, a->status, e);
}

enum rc rest_read_one(struct rest *c, const struct rest_object *o, const char *id, struct rest_page *page,
                      struct buf *etag, struct err *e)
{
    static const int gone[] = {404, 410};
    struct http_request r = {.what = o->map->name, .method = "GET", .safe = true};
    struct http_answer a;
    struct buf url;
    enum rc rc;

    *page = (struct rest_page){0};
    http_answer_init(&a, c->config.max_bytes);
    buf_init(&url, HTTP_MAX_URL_BYTES);
    rest_url_with(c, o->record, id, &url);
    rest_add_select(&url, o);
    rc = buf_check(&url, "URL", e);
    r.url = url.data;
    if (rc == RC_OK) rc = rest_call(c, &r, gone, COUNT_OF(gone), &a, e);
    if (rc != RC_OK || a.status == 404 || a.status == 410) goto out;
    rc = rest_json(c, r.what, &a, &page->doc, e);
    if (rc != RC_OK) goto out;
    page->items = json_pointer(page->doc, o->item);
    page->n_bytes = a.body.len;
    if (!cJSON_IsObject(page->items))
        rc = err_set(e, RC_BAD, "%s: %s: the answer has no object at '%s' (item)", c->name.data, r.what, o->item);
    if (rc == RC_OK && etag) buf_add(etag, a.etag.data, a.etag.len);
out:
    if (rc != RC_OK) {
        cJSON_Delete(page->doc);
        *page = (struct rest_page){0};
    }
    buf_clear(&url);
    http_answer_clear(&a);
    return rc;
}

/* ---- health and identity ---------------------------------------------------------------------------------------------- */

static enum rc look_at_keys(void *ctx, struct rest_page *page, struct err *e)
{
    const struct rest_object *o = ctx;

    page->stop = true;
    if (!page->items->child || rest_key(o, page->items->child)) return RC_OK;
    return err_set(e, RC_BAD, "its records have no key at '%s'", o->map->key);
}

/* The first page of every object that has a list of its own. */
static enum rc rest_health(struct connector *base, struct err *e)
{
    struct rest *c = (struct rest *)base;
    struct buf url;
    enum rc rc = RC_OK;

    buf_init(&url, HTTP_MAX_URL_BYTES);
    for (const struct rest_object *o = c->config.objects; o && rc == RC_OK; o = o->next) {
        if (o->from_column) continue;
        rc = rest_list_url(c, o, NULL, NULL, &url, e);
        if (rc == RC_OK) rc = rest_pages(c, o, url.data, look_at_keys, (void *)o, e);
        if (rc != RC_OK) rc = err_wrap(e, rc, "object %s", o->map->name);
    }
    buf_clear(&url);
    return rc;
}

/* What the API says about itself, into *text. */
static enum rc ask_identity(struct rest *c, struct buf *text, struct err *e)
{
    struct http_request r = {.what = "identity", .method = "GET", .safe = true};
    struct http_answer a;
    struct rest_value v = {0};
    struct buf url;
    cJSON *doc = NULL;
    enum rc rc;

    http_answer_init(&a, c->config.max_bytes);
    buf_init(&url, HTTP_MAX_URL_BYTES);
    rest_url(c, c->config.identity_path, &url);
    rc = buf_check(&url, "URL", e);
    r.url = url.data;
    if (rc == RC_OK) rc = rest_call(c, &r, NULL, 0, &a, e);
    if (rc == RC_OK) rc = rest_json(c, r.what, &a, &doc, e);
    if (rc == RC_OK) v = rest_value_at(doc, c->config.identity_value);
    if (rc == RC_OK && (!v.text || !*v.text))
        rc = err_set(e, RC_BAD, "%s: identity: the answer has no value at '%s'", c->name.data, c->config.identity_value);
    if (rc == RC_OK) buf_str(text, v.text);
    cJSON_Delete(doc);
    buf_clear(&url);
    http_answer_clear(&a);
    return rc;
}

/* A hash, since an organisation's id or name may be of any length and form. */
static enum rc rest_identity(struct connector *base, char out[128], struct err *e)
{
    struct rest *c = (struct rest *)base;
    uint8_t hash[SHA256_SIZE];
    char hex[SHA256_HEX_SIZE];
    struct buf text;
    enum rc rc = RC_OK;

    buf_init(&text, HTTP_MAX_URL_BYTES + REST_MAX_PAGE_BYTES);
    rest_url(c, "", &text);
    buf_char(&text, '|');
    if (c->config.identity_path) rc = ask_identity(c, &text, e);
    if (rc == RC_OK) rc = buf_check(&text, "identity", e);
    if (rc == RC_OK) {
        sha256(text.data, text.len, hash);
        str_hex(hash, sizeof(hash), hex);
        snprintf(out, 128, "rest:%.32s", hex);
    }
    buf_clear(&text);
    return rc;
}

/* ---- life --------------------------------------------------------------------------------------------------------------- */

static void rest_close(struct connector *base)
{
    struct rest *c = (struct rest *)base;

    rest_auth_close(c->auth);
    http_close(c->http);
    buf_clear(&c->name);
    arena_wipe(&c->arena);
    free(c->size_honoured);
    free(c);
}

/* Accept: application/json, unless the configuration has an Accept of its own, then its headers. */
static enum rc make_headers(struct rest *c, struct err *e)
{
    size_t n = 1;
    bool accept = false;

    for (const struct rest_pair *h = c->config.headers; h; h = h->next, n++)
        accept = accept || str_eq_nocase(h->name, "Accept");
    c->headers = arena_array(&c->arena, n, sizeof(*c->headers));
    if (!c->headers) return err_set(e, RC_NOMEM, "%s: out of memory", c->name.data);
    if (!accept) c->headers[c->n_headers++] = "Accept: application/json";
    for (const struct rest_pair *h = c->config.headers; h; h = h->next) {
        c->headers[c->n_headers] = arena_printf(&c->arena, "%s: %s", h->name, h->value);
        if (!c->headers[c->n_headers++]) return err_set(e, RC_NOMEM, "%s: out of memory", c->name.data);
    }
    return RC_OK;
}

static enum rc set_up(struct rest *c, const struct http_hooks *hooks, struct err *e)
{
    const struct source_config *cfg = c->base.cfg;
    const struct rest_config *r = &c->config;
    size_t objects = 0;
    enum rc rc = rest_config_parse(cfg, true, &c->arena, &c->config, e);

    if (rc == RC_OK) rc = rest_auth_open(&r->auth, &c->auth, e);
    if (rc == RC_OK) rc = make_headers(c, e);
    if (rc == RC_OK) {
        struct http_config h = {.name = c->name.data, .allow_http = r->allow_http, .proxy = r->proxy,
                                .ca_file = r->ca_file, .connect_ms = r->connect_ms, .timeout_ms = cfg->timeout_ms,
                                .stall_ms = r->stall_ms, .max_bytes = r->max_bytes, .max_attempts = cfg->max_attempts,
                                .retry_after_max_ms = r->retry_after_ms, .max_redirects = (int)r->max_redirects};

        if (hooks) h.hooks = *hooks;
        rc = http_open(&h, &c->http, e);
    }
    for (const struct rest_object *o = r->objects; o; o = o->next)
        objects++;
    if (rc == RC_OK) {
        c->size_honoured = calloc(objects + 1, sizeof(*c->size_honoured));
        if (!c->size_honoured) rc = err_set(e, RC_NOMEM, "%s: out of memory", c->name.data);
    }
    return rc;
}

enum rc rest_open(const struct source_config *cfg, const struct clock *clock, const struct http_hooks *hooks,
                  struct connector **out, struct err *e)
{
    struct rest *c = calloc(1, sizeof(*c));
    enum rc rc;

    if (!c) return err_set(e, RC_NOMEM, "source %s: out of memory", cfg->name);
    c->base = (struct connector){.type = &connector_rest, .cfg = cfg, .clock = clock};
    arena_init(&c->arena, CONFIG_MAX_BYTES);
    buf_init(&c->name, 256);
    buf_printf(&c->name, "source %s", cfg->name);
    rc = buf_check(&c->name, "source", e);
    if (rc == RC_OK) rc = set_up(c, hooks, e);
    if (rc == RC_OK) *out = &c->base;
    else rest_close(&c->base);
    return rc;
}

static enum rc open_plain(const struct source_config *cfg, const struct clock *clock, struct connector **out,
                          struct err *e)
{
    return rest_open(cfg, clock, NULL, out, e);
}

static enum rc rest_check(const struct source_config *cfg, struct err *e)
{
    struct rest_config c;
    struct arena a;
    enum rc rc;

    arena_init(&a, CONFIG_MAX_BYTES);
    rc = rest_config_parse(cfg, false, &a, &c, e);
    arena_wipe(&a);
    return rc;
}

static const char *const source_keys[] = {"auth",   "headers",  "allow_http", "proxy", "ca_file",
                                          "limits", "identity", "paging",     NULL};
static const char *const object_keys[] = {"rest", NULL};

const struct connector_type connector_rest = {
    .name = "rest",
    .source_keys = source_keys,
    .object_keys = object_keys,
    .check = rest_check,
    .open = open_plain,
    .pull = rest_pull,
    .list = rest_list,
    .fetch = rest_fetch,
    .write_back = rest_write_back,
    .health = rest_health,
    .identity = rest_identity,
    .close = rest_close,
};
