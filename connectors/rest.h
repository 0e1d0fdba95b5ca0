/* rest.h: any JSON API as a source, by a mapping in YAML. A whole example: etc/examples/rest.yaml.
 *
 *   type: rest
 *   dsn: https://api.example.com/v2       base URL, without user and password; https, or http to loopback
 *   auth: {type: none}                    the default, or one of
 *         {type: header, header: X-Api-Key, value: ${KEY}, prefix: "Bearer "}      prefix: none by default
 *         {type: basic, user: briefd, password: ${PW}}
 *         {type: oauth, token_url: https://..., client_id: a, client_secret: ${S}, scope: "crm.read",
 *          send: body, extra: {audience: crm}}         client credentials (RFC 6749, 4.4); send: body | basic
 *   headers: {Accept: application/json}   sent with every request to the dsn's origin
 *   allow_http: no                        yes: http:// to other hosts than loopback
 *   proxy: yes                            as https_proxy and no_proxy say; no: never one
 *   ca_file: /etc/ssl/our-ca.pem          authorities to trust instead of the system's
 *   limits: {connect: 10s, stall: 30s, retry_after: 2m, bytes: 33554432, redirects: 5, pages: 10000}
 *   identity: {path: /me, value: /organisation/id}     what the source is bound to; default: the dsn itself
 *   paging: ...                           for all objects that have none of their own
 *   timeout, max_attempts, overlap, write_back: as for every source; timeout is that of one request
 *   objects:
 *     deal:
 *       from: /deals                      path below the dsn; /deals/{deal_id}/notes holds a column, and can then be
 *                                         read only as children that match by that column
 *       key: id                           every column is a JSON Pointer (/owner/id) or the name of a member (id)
 *       modified, version, owner, team, deleted, fields, parents, children, where: as for every source; `where` is
 *                                         asked of the API where `filter` allows, and checked here in any case
 *       write_back: {summary: {column: /ai_summary}}     where the text goes in the body that is sent
 *       rest:
 *         items: /data                    array of records in a page; default: the document itself
 *         query: {sort: updated_at}       fixed parameters of lists
 *         since: {parameter: updated_since, format: iso, sorted: yes}   format: iso | date | unix | unix_ms; sorted: the
 *                                         pages come oldest change first, so the watermark moves with every batch;
 *                                         else (default) only with the last one
 *         filter:                         columns by which the API filters, and their parameters; a list lets one
 *           id: {parameter: ids, list: ",", max: 100}    request ask for many values (list: repeat: a=1&a=2)
 *           status: status
 *         select: {parameter: fields, list: ",", under: /fields}   for an API that can be asked for some members only: those
 *                                         the mapping needs, below `under` (default: the item itself), so that no other
 *                                         arrives
 *         record: /deals/{id}             one record by its id; item: /data where it lies in the answer, default there
 *         etag: no                        yes: version is the ETag that comes with `record`
 *         epoch: s                        s | ms: what numbers are in dates and stamps
 *         newest_first: no                yes: as children they come newest first, so reading can stop early
 *         paging: {type: link}                                          Link: <...>; rel="next"  (RFC 8288)
 *                 {type: cursor, next: /paging/next/after, parameter: after}
 *                 {type: cursor, next: /links/next}                     next holds a URL
 *                 {type: offset, parameter: offset, total: /total}      total: optional
 *                 {type: page, parameter: page, first: 1, total: /total}
 *                 {type: none}                                          the default; all but none take
 *                 size_parameter: limit and size: 100
 *         write: {method: PATCH, path: "/deals/{id}", check: if_match, under: /fields, set: {/id: "{id}"}}
 *                                         under: where write_back columns begin; set: constants by pointer, in which
 *                                         {id}, {version} and {version:number} are replaced; check: if_match (header) | body (set holds
 *                                         {version}; the API answers 409 or 412) | read (the record is read just
 *                                         before: a change within that moment is overwritten) | none
 *
 * How many requests a fetch of n records costs: ceil(n / max) for the records where their key has a list filter, else
 * n; likewise for each kind of parent (distinct ids) and each list of children (distinct values); plus one for each
 * further page. Offsets and pages drift while others write: give such an API a stable order.
 * An offset or page list ends with an empty page, with `total`, or with a page shorter than `size` once the server
 * has given a page of that size; a server that gives fewer than asked loses nothing.
 *
 * A next page is asked for only on the dsn's origin; one that was there before ends the call with RC_BAD. Bytes that
 * are not UTF-8, \u0000 and lone surrogates cost only the record whose mapped field holds them. */
#ifndef CONNECTORS_REST_H
#define CONNECTORS_REST_H

#include "../base/json.h"
#include "connector.h"
#include "http.h"

#define REST_MAX_ITEMS 64 /* headers, parameters, filters, constants of one map */
#define REST_MAX_PAGE_BYTES ((size_t)256 << 20)

/* ---- configuration (rest_config.c) ------------------------------------------------------------------------------------ */

struct rest_pair { /* in file order */
    const char *name, *value;
    const struct rest_pair *next;
};

enum rest_auth_type { REST_AUTH_NONE, REST_AUTH_HEADER, REST_AUTH_BASIC, REST_AUTH_OAUTH };
enum rest_send { REST_SEND_BODY, REST_SEND_BASIC };

struct rest_auth_config {
    enum rest_auth_type type;
    const char *header, *value;              /* HEADER: the whole value, prefix included; secret */
    const char *user, *password;             /* BASIC, and client id and secret of OAUTH; secret */
    const char *token_url, *scope;
    enum rest_send send;
    const struct rest_pair *extra;
};

enum rest_paging_type { REST_PAGING_NONE, REST_PAGING_LINK, REST_PAGING_CURSOR, REST_PAGING_OFFSET, REST_PAGING_PAGE };

struct rest_paging {
    enum rest_paging_type type;
    const char *next;                        /* CURSOR: pointer */
    const char *parameter;                   /* CURSOR (NULL: next is a URL), OFFSET, PAGE */
    const char *total;                       /* pointer or NULL */
    const char *size_parameter;              /* or NULL */
    int64_t size, first;
};

enum rest_time { REST_TIME_ISO, REST_TIME_DATE, REST_TIME_UNIX, REST_TIME_UNIX_MS };
enum rest_check { REST_CHECK_IF_MATCH, REST_CHECK_BODY, REST_CHECK_READ, REST_CHECK_NONE };

struct rest_filter {
    const char *column, *parameter;
    const char *list; /* separator, "" to repeat the parameter, NULL: one value a request */
    size_t max;       /* values of one request */
    const struct rest_filter *next;
};

struct rest_write {
    const char *method; /* NULL: the object cannot be written */
    const char *path;
    const char *under;  /* pointer; "" for the whole body */
    enum rest_check check;
    const struct rest_pair *set;
};

struct rest_select {
    const char *parameter; /* NULL: the API gives what it gives */
    const char *list;      /* separator, "" to repeat the parameter */
    const char *under;     /* pointer; "" for the item itself */
    const char **names;    /* of the members that the mapping needs, each once */
    size_t n;
};

struct rest_object {
    const struct map_object *map;
    const char *from_column;     /* in the path of `from`, or NULL */
    const char *items;
    const struct rest_pair *query;
    const char *since;           /* parameter or NULL */
    enum rest_time since_format;
    bool sorted;
    const struct rest_filter *filters;
    struct rest_select select;
    const char *record, *item;   /* path or NULL; pointer */
    bool etag, epoch_ms, newest_first;
    struct rest_paging paging;
    struct rest_write write;
    const struct rest_object *next;
};

struct rest_config {
    struct rest_auth_config auth;
    const struct rest_pair *headers;
    bool allow_http, proxy;
    const char *ca_file;
    int64_t connect_ms, stall_ms, retry_after_ms, max_redirects, max_pages;
    size_t max_bytes;
    const char *identity_path, *identity_value;
    const struct rest_object *objects;
};

/* Everything lives in `a`, which may then hold secrets: end it with arena_wipe(). RC_BAD "path:line:column: ...".
 * Secrets are resolved, and URLs that may hold one are checked, only when `resolve`. */
MUST_USE enum rc rest_config_parse(const struct source_config *cfg, bool resolve, struct arena *a,
                                   struct rest_config *out, struct err *e);
/* Settings of an object of the mapping, or of a copy of one with fewer fields, by its name. Never NULL. */
const struct rest_object *rest_object_of(const struct rest_config *c, const struct map_object *o);
/* The filter for a column, or NULL. */
const struct rest_filter *rest_filter_of(const struct rest_object *o, const char *column);

/* ---- the handle (rest.c) ----------------------------------------------------------------------------------------------- */

struct rest_auth; /* rest_auth.c */

struct rest {
    struct connector base;
    struct arena arena;  /* of config; secret */
    struct rest_config config;
    struct buf name;     /* "source crm" */
    struct http *http;
    struct rest_auth *auth;
    const char **headers; /* "Name: value" */
    size_t n_headers;
    bool *size_honoured; /* by object, in the order of config.objects: a page of the size asked for has come */
};

/* As connector_open() for a source of this type, with hooks for tests (NULL: none); close with connector_close(). */
MUST_USE enum rc rest_open(const struct source_config *cfg, const struct clock *clock, const struct http_hooks *hooks,
                           struct connector **out, struct err *e);

/* The base URL and `path`, in which {name} was already replaced, joined into *url. */
void rest_url(const struct rest *c, const char *path, struct buf *url);
/* Append `path` to *url with its one {name} replaced by the escaped value. */
void rest_url_with(const struct rest *c, const char *path, const char *value, struct buf *url);

/* One request with the source's headers and credentials; a 401 is answered by one new token, where there are tokens.
 * RC_OK      an answer below 300, or one of those that `r` says it looks at itself
 * RC_BAD     any other status: 401 and 403 (credentials), 4xx;  else as http_send(). */
MUST_USE enum rc rest_call(struct rest *c, struct http_request *r, const int *expected, size_t n_expected,
                           struct http_answer *a, struct err *e);
/* The body as JSON with digits. Unreadable bytes of strings are replaced as rest_json.c says, so that they cost only
 * their record. RC_BAD "source crm: deal: the answer is not valid JSON: offset 17: ..." */
MUST_USE enum rc rest_json(const struct rest *c, const char *what, const struct http_answer *a, cJSON **out,
                           struct err *e);

/* ---- unreadable bytes (rest_json.c) -------------------------------------------------------------------------------------- */

/* A copy of JSON text in which what makes a string unreadable is replaced by noncharacters, which no text may hold:
 * an invalid byte by U+FDD0, an escape \u0000 by \uFDD1, an escape of a lone surrogate by \uFDD2. */
void rest_mend(const char *bytes, size_t n, struct buf *out);
/* The reverse on a string's value: U+FDD0 and U+FDD2 to bytes that are not UTF-8, U+FDD1 to a NUL byte, for
 * record_add() to refuse. True if there was any. */
bool rest_unmend(const char *text, struct buf *out);
/* Whether rest_unmend() would find any. */
bool rest_marked(const char *text);

/* ---- values of items (rest_record.c) ------------------------------------------------------------------------------------- */

struct rest_value {
    const char *text; /* n bytes and a NUL; NULL for null or nothing there */
    size_t n;
    bool number;
    bool nested;      /* an object or array: no single value; text is NULL */
};

/* Where a column points in an item, or NULL. */
const cJSON *rest_at(const cJSON *item, const char *column);
struct rest_value rest_value_at(const cJSON *item, const char *column); /* column NULL: nothing */
/* The item's key if it may serve as one, else NULL. */
const char *rest_key(const struct rest_object *o, const cJSON *item);
/* A modification stamp in microseconds. */
bool rest_stamp(const struct rest_object *o, const struct rest_value *v, int64_t *us);
bool rest_deleted(const struct rest_object *o, const cJSON *item);
/* Whether the item fulfils the conditions. An item that does not show a column fulfils what the API was asked for. */
bool rest_matches(const struct rest_object *o, const struct map_condition *where, const cJSON *item);
/* Version, stamps, owner and all fields of the mapping. RC_BAD and RC_LIMIT quarantine the record. */
MUST_USE enum rc rest_fill(struct record *r, const struct rest_object *o, const cJSON *item, struct err *e);
/* The version as rest_fill() would set it; "" if there is none. */
const char *rest_version(const struct rest_object *o, const cJSON *item);

/* ---- pages (rest_page.c) -------------------------------------------------------------------------------------------------- */

struct rest_page {
    cJSON *doc;         /* a callee that needs it longer takes it by setting this to NULL */
    const cJSON *items; /* an array in doc */
    size_t n_bytes;     /* of the answer */
    bool stop;          /* set it to end the list early */
};
typedef enum rc (*rest_page_fn)(void *ctx, struct rest_page *page, struct err *e);

/* Read a list from `url` (without paging parameters) to its end.
 * RC_BAD    no array where the items should be; a next page on another origin or seen before; rest_call()'s
 * RC_LIMIT  more than limits.pages;  RC_RETRY, RC_NOMEM */
MUST_USE enum rc rest_pages(struct rest *c, const struct rest_object *o, const char *url, rest_page_fn on_page,
                            void *ctx, struct err *e);
/* The URL of o's list with its fixed parameters and what of `where` (may be NULL) the API can filter. `value` replaces
 * the column in its path, NULL if it has none. */
MUST_USE enum rc rest_list_url(const struct rest *c, const struct rest_object *o, const char *value,
                               const struct map_condition *where, struct buf *url, struct err *e);

/* Append the filter's parameter with all n values; more than one needs a list. */
void rest_add_values(struct buf *url, const struct rest_filter *f, const char *const *values, size_t n);
/* Append what the object's `select` asks for; nothing without one. */
void rest_add_select(struct buf *url, const struct rest_object *o);

/* ---- credentials (rest_auth.c) --------------------------------------------------------------------------------------------- */

MUST_USE enum rc rest_auth_open(const struct rest_auth_config *cfg, struct rest_auth **out, struct err *e);
void rest_auth_close(struct rest_auth *a); /* wipes; NULL is a no-op */
/* The header line to send, borrowed until the next call; NULL for none. Gets a token where none is held.
 * RC_BAD the token endpoint refuses; else as http_send(). */
MUST_USE enum rc rest_auth_line(struct rest_auth *a, struct http *http, const char *name, size_t max_bytes,
                                const char **line, struct err *e);
/* The server answered 401. True if a new token may help: the next rest_auth_line() gets one. */
bool rest_auth_refused(struct rest_auth *a);

/* ---- flows: as the functions of struct connector_type ------------------------------------------------------------------------ */

enum rc rest_pull(struct connector *c, const struct map_object *o, const char *since, pull_fn on_rows, bad_fn on_bad,
                  void *ctx, struct err *e);
enum rc rest_list(struct connector *c, const struct map_object *o, pull_fn on_rows, void *ctx, struct err *e);
enum rc rest_fetch(struct connector *c, const struct map_object *o, const char *const *ids, size_t n,
                   record_fn on_record, bad_fn on_bad, void *ctx, struct err *e);
enum rc rest_write_back(struct connector *c, const struct map_object *o, const struct write_item *items, size_t n,
                        write_fn on_result, void *ctx, struct err *e);

/* One record by its id, through `record`: page->items is the record, NULL where it is gone; page->doc is the caller's
 * (cJSON_Delete). etag (may be NULL) gets the ETag. */
MUST_USE enum rc rest_read_one(struct rest *c, const struct rest_object *o, const char *id, struct rest_page *page,
                               struct buf *etag, struct err *e);

#endif
