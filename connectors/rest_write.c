/* rest_write.c: approved text back into the source, one request an item. */
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "../base/str.h"
#include "rest.h"

#define BODY_MAX_BYTES ((size_t)8 << 20)
#define TOKEN_MAX 256

/* ---- the body ---------------------------------------------------------------------------------------------------------- */

/* One token of a pointer at *p (behind its slash), unescaped. rest_config.c has checked lengths and escapes. */
static void take_token(const char **p, char out[TOKEN_MAX])
{
    size_t n = 0;

    for (; **p && **p != '/' && n + 1 < TOKEN_MAX; (*p)++) {
        char c = **p;

        if (c == '~') c = *++*p == '0' ? '~' : '/';
        out[n++] = c;
    }
    out[n] = '\0';
}

/* Put `take` at the pointer below object, making the objects on its way. It is freed on failure. */
static enum rc put_at(cJSON *object, const char *pointer, cJSON *take, struct err *e)
{
    char token[TOKEN_MAX] = "";

    while (take && *pointer == '/') {
        cJSON *next;

        pointer++;
        take_token(&pointer, token);
        if (!*pointer) break;
        next = cJSON_GetObjectItemCaseSensitive(object, token);
        if (next && !cJSON_IsObject(next)) goto taken;
        if (!next) next = cJSON_AddObjectToObject(object, token);
        if (!next) goto no_memory;
        object = next;
    }
    if (take && cJSON_GetObjectItemCaseSensitive(object, token)) goto taken;
    if (take && cJSON_AddItemToObject(object, token, take)) return RC_OK;
no_memory:
    cJSON_Delete(take);
    return err_set(e, RC_NOMEM, "out of memory");
taken:
    cJSON_Delete(take);
    return err_set(e, RC_BAD, "'set', 'under' and the column name one place of the body twice");
}

/* A constant with {id} and {version} replaced; "{version:number}" is the version as a number. */
static cJSON *constant(const char *text, const struct write_item *item)
{
    static const char id[] = "{id}", version[] = "{version}";
    struct buf b;
    cJSON *made = NULL;
    int64_t n;

    if (str_eq(text, "{version:number}"))
        return str_int64(item->version, INT64_MIN, INT64_MAX, &n) ? cJSON_CreateRaw(item->version)
                                                                  : cJSON_CreateString(item->version);
    buf_init(&b, BODY_MAX_BYTES);
    while (*text) {
        if (str_starts(text, id)) {
            buf_str(&b, item->id);
            text += strlen(id);
        } else if (str_starts(text, version)) {
            buf_str(&b, item->version);
            text += strlen(version);
        } else {
            buf_char(&b, *text++);
        }
    }
    if (b.failed == RC_OK) made = cJSON_CreateString(b.data);
    buf_clear(&b);
    return made;
}

static enum rc build_body(const struct rest_object *o, const struct write_item *item, struct buf *body, struct err *e)
{
    cJSON *root = cJSON_CreateObject();
    struct buf place;
    enum rc rc = root ? RC_OK : err_set(e, RC_NOMEM, "out of memory");

    buf_init(&place, 4 * TOKEN_MAX * REST_MAX_ITEMS);
    buf_printf(&place, "%s%s%s", o->write.under, item->column[0] == '/' ? "" : "/", item->column);
    if (rc == RC_OK) rc = buf_check(&place, "write_back column", e);
    if (rc == RC_OK) rc = put_at(root, place.data, cJSON_CreateString(item->text), e);
    for (const struct rest_pair *s = o->write.set; s && rc == RC_OK; s = s->next) {
        /* Without a version there is nothing to compare with. */
        if (!*item->version && strstr(s->value, "{version")) continue;
        rc = put_at(root, s->name, constant(s->value, item), e);
    }
    if (rc == RC_OK) {
        json_print(body, root);
        rc = buf_check(body, "body", e);
    }
    buf_clear(&place);
    cJSON_Delete(root);
    return rc;
}

/* ---- the headers -------------------------------------------------------------------------------------------------------- */

/* RFC 9110, section 13.1.1: an entity tag is quoted; a version that is none is made one. */
static enum rc add_if_match(const char **headers, size_t *n, const char *version, struct buf *line, struct err *e)
{
    size_t length = strlen(version);
    bool tag = (version[0] == '"' || str_starts(version, "W/\"")) && length > 1 && version[length - 1] == '"';

    if (!http_field_ok(version) || (!tag && strchr(version, '"')))
        return err_set(e, RC_BAD, "the record's version cannot stand in a header");
    buf_printf(line, tag ? "If-Match: %s" : "If-Match: \"%s\"", version);
    headers[(*n)++] = line->data;
    return buf_check(line, "If-Match", e);
}

static bool has_content_type(const struct rest *c)
{
    for (size_t i = 0; i < c->n_headers; i++) {
        if (strncasecmp(c->headers[i], "Content-Type:", strlen("Content-Type:")) == 0) return true;
    }
    return false;
}

/* ---- one item ------------------------------------------------------------------------------------------------------------ */

struct outcome {
    enum write_outcome what;
    struct buf version; /* new one; "" if unknown */
    struct err why;
    bool refused;       /* the credentials: no other item will fare better */
};

/* Compare with the record as it is now. True: go on. */
static enum rc look_first(struct rest *c, const struct rest_object *o, const struct write_item *item,
                          struct outcome *out, bool *go_on, struct err *e)
{
    struct rest_page page;
    struct buf etag;
    enum rc rc;

    buf_init(&etag, 4096);
    rc = rest_read_one(c, o, item->id, &page, &etag, e);
    if (rc == RC_OK) {
        const char *now = !page.items ? "" : o->etag ? etag.data : rest_version(o, page.items);

        *go_on = page.items && !rest_deleted(o, page.items) && str_eq(now, item->version);
        if (!*go_on) out->what = !page.items || rest_deleted(o, page.items) ? WRITE_GONE : WRITE_CONFLICT;
        buf_str(&out->version, now);
        cJSON_Delete(page.doc);
    }
    buf_clear(&etag);
    return rc;
}

/* The version after the write, where the answer tells it. */
static void new_version(const struct rest *c, const struct rest_object *o, const struct http_answer *a,
                        struct buf *version)
{
    cJSON *doc = NULL;
    const cJSON *item;

    buf_reset(version);
    if (o->etag) {
        buf_str(version, a->etag.data);
    } else if (a->body.len && rest_json(c, o->map->name, a, &doc, NULL) == RC_OK) {
        item = json_pointer(doc, o->item);
        if (cJSON_IsObject(item)) buf_str(version, rest_version(o, item));
        cJSON_Delete(doc);
    }
}

static enum rc send_item(struct rest *c, const struct rest_object *o, const struct write_item *item,
                         struct outcome *out, struct http_answer *a, struct err *e)
{
    static const int expected[] = {404, 409, 410, 412};
    struct http_request r = {.what = o->map->name, .method = o->write.method};
    const char **headers = calloc(c->n_headers + 2, sizeof(*headers));
    struct buf url, body, if_match;
    enum rc rc = headers ? RC_OK : err_set(e, RC_NOMEM, "%s: out of memory", c->name.data);

    buf_init(&url, HTTP_MAX_URL_BYTES);
    buf_init(&body, BODY_MAX_BYTES);
    buf_init(&if_match, 4096);
    if (rc != RC_OK) goto out;
    memcpy(headers, c->headers, c->n_headers * sizeof(*headers));
    r.n_headers = c->n_headers;
    if (!has_content_type(c)) headers[r.n_headers++] = "Content-Type: application/json";
    if (o->write.check == REST_CHECK_IF_MATCH && *item->version)
        rc = add_if_match(headers, &r.n_headers, item->version, &if_match, e);
    rest_url_with(c, o->write.path, item->id, &url);
    if (rc == RC_OK) rc = buf_check(&url, "URL", e);
    if (rc == RC_OK) rc = build_body(o, item, &body, e);
    if (rc != RC_OK) goto out;
    r.headers = headers;
    r.url = url.data;
    r.body = body.data;
    r.n_body = body.len;
    rc = rest_call(c, &r, expected, COUNT_OF(expected), a, e);
    /* It was done, or may have been, but the answer could not be read: for the caller the same as a lost one. */
    if (rc == RC_LIMIT || (rc == RC_BAD && a->status >= 200 && a->status < 300)) rc = RC_RETRY;
    out->refused = rc == RC_BAD && a->status == 401;
out:
    free(headers);
    buf_clear(&url);
    buf_wipe(&body);
    buf_clear(&if_match);
    return rc;
}

static enum rc write_one(struct rest *c, const struct rest_object *o, const struct write_item *item,
                         struct outcome *out, struct err *e)
{
    struct http_answer a;
    bool go_on = true;
    enum rc rc = RC_OK;

    http_answer_init(&a, c->config.max_bytes);
    if (o->write.check == REST_CHECK_READ && *item->version) rc = look_first(c, o, item, out, &go_on, e);
    if (rc == RC_OK && go_on) {
        rc = send_item(c, o, item, out, &a, e);
        if (rc == RC_OK && (a.status == 404 || a.status == 410)) out->what = WRITE_GONE;
        else if (rc == RC_OK && (a.status == 409 || a.status == 412)) out->what = WRITE_CONFLICT;
        else if (rc == RC_OK) out->what = WRITE_DONE;
        if (rc == RC_OK && out->what == WRITE_DONE) new_version(c, o, &a, &out->version);
    }
    http_answer_clear(&a);
    return rc;
}

static const char *reason_of(const struct outcome *out)
{
    if (out->what == WRITE_FAILED) return out->why.msg;
    if (out->what == WRITE_CONFLICT) return "the record has changed since";
    return out->what == WRITE_GONE ? "the record is gone" : "";
}

enum rc rest_write_back(struct connector *base, const struct map_object *m, const struct write_item *items, size_t n,
                        write_fn on_result, void *ctx, struct err *e)
{
    struct rest *c = (struct rest *)base;
    const struct rest_object *o = rest_object_of(&c->config, m);
    struct outcome out = {.refused = false};
    enum rc rc = RC_OK;

    buf_init(&out.version, 4096);
    for (size_t i = 0; i < n && rc == RC_OK; i++) {
        buf_reset(&out.version);
        if (!out.refused) rc = write_one(c, o, &items[i], &out, &out.why);
        else rc = RC_BAD; /* with the reason of the item before */
        if (rc == RC_BAD) {
            out.what = WRITE_FAILED;
            rc = RC_OK;
        }
        if (rc == RC_OK) on_result(ctx, i, out.what, out.version.data, reason_of(&out));
        else err_set(e, rc, "%s", out.why.msg);
    }
    buf_clear(&out.version);
    return rc;
}
