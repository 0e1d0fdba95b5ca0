/* http.c: attempts, waits and redirects around one transfer of libcurl. */
#include "http.h"

#include <curl/curl.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <time.h>

#include "../base/clock.h"
#include "../base/crypto.h"
#include "../base/str.h"
#include "backoff.h"
#include "http_fields.h"

#define IDLE_CONNECTIONS 8

struct http {
    struct http_config cfg;
    CURLM *multi; /* owns the connections */
    CURL *easy;   /* reset for each transfer */
};

/* ---- one transfer ------------------------------------------------------------------------------------------------- */

struct transfer {
    struct http *h;
    const struct http_request *r;
    struct http_answer *a;
    struct buf location;
    struct curl_slist *headers;
    size_t header_bytes;
    bool sent;         /* the server may have begun with the request */
    bool too_large;    /* body or header went over its limit: why the transfer was stopped */
    CURLcode code;
};

static size_t on_body(char *bytes, size_t size, size_t n, void *ctx)
{
    struct transfer *t = ctx;

    buf_add(&t->a->body, bytes, size * n);
    if (t->a->body.failed == RC_LIMIT) t->too_large = true;
    return t->a->body.failed == RC_OK ? size * n : 0; /* less than given stops the transfer */
}

/* The value of field `name` in a line without its end, or NULL. */
static const char *field_value(const char *line, size_t n, const char *name, size_t *value_n)
{
    size_t name_n = strlen(name);

    if (n <= name_n || line[name_n] != ':' || strncasecmp(line, name, name_n) != 0) return NULL;
    line += name_n + 1;
    n -= name_n + 1;
    while (n && (*line == ' ' || *line == '\t')) {
        line++;
        n--;
    }
    *value_n = n;
    return line;
}

static size_t on_header(char *line, size_t size, size_t n, void *ctx)
{
    struct transfer *t = ctx;
    const struct {
        const char *name;
        struct buf *out;
    } kept[] = {{"Link", &t->a->link}, {"ETag", &t->a->etag}, {"Retry-After", &t->a->retry_after},
                {"Location", &t->location}};
    size_t all = size * n, length = all, value_n;

    t->header_bytes += all;
    if (t->header_bytes > HTTP_MAX_HEADER_BYTES) {
        t->too_large = true;
        return 0;
    }
    while (length && strchr(" \t\r\n", line[length - 1]))
        length--;
    if (memchr(line, 0, length)) return all; /* no field that we read may hold one */
    for (size_t i = 0; i < COUNT_OF(kept); i++) {
        const char *value = field_value(line, length, kept[i].name, &value_n);

        if (!value) continue;
        if (kept[i].out != &t->a->link) buf_reset(kept[i].out); /* the last one holds */
        else if (kept[i].out->len) buf_str(kept[i].out, ", ");
        buf_add(kept[i].out, value, value_n);
    }
    return all;
}

static bool add_header(struct transfer *t, const char *line)
{
    struct curl_slist *longer = curl_slist_append(t->headers, line);

    if (longer) t->headers = longer;
    return longer != NULL;
}

/* Headers may hold credentials. */
static void wipe_headers(struct transfer *t)
{
    for (struct curl_slist *l = t->headers; l; l = l->next)
        explicit_bzero(l->data, strlen(l->data));
    curl_slist_free_all(t->headers);
    t->headers = NULL;
}

static bool set_headers(struct transfer *t, bool own_origin)
{
    bool ok = true;

    for (size_t i = 0; own_origin && ok && i < t->r->n_headers; i++)
        ok = add_header(t, t->r->headers[i]);
    if (own_origin && ok && t->r->credential) ok = add_header(t, t->r->credential);
    /* libcurl would wait a second for "100 Continue" before a larger body. */
    return ok && add_header(t, "Expect:");
}

static bool set_options(struct transfer *t, const char *url)
{
    const struct http_config *c = &t->h->cfg;
    CURL *h = t->h->easy;
    long stall_s = c->stall_ms < 1000 ? 1 : (long)(c->stall_ms / 1000);
    bool ok;

#define SET(option, value) (curl_easy_setopt(h, option, value) == CURLE_OK)
    curl_easy_reset(h);
    ok = SET(CURLOPT_URL, url) && SET(CURLOPT_PROTOCOLS_STR, "http,https") && SET(CURLOPT_NOSIGNAL, 1L) &&
         SET(CURLOPT_FOLLOWLOCATION, 0L) && SET(CURLOPT_SSL_VERIFYPEER, 1L) && SET(CURLOPT_SSL_VERIFYHOST, 2L) &&
         SET(CURLOPT_SSLVERSION, (long)CURL_SSLVERSION_TLSv1_2) && SET(CURLOPT_CONNECTTIMEOUT_MS, (long)c->connect_ms) &&
         SET(CURLOPT_TIMEOUT_MS, (long)c->timeout_ms) && SET(CURLOPT_LOW_SPEED_LIMIT, 1L) &&
         SET(CURLOPT_LOW_SPEED_TIME, stall_s) && SET(CURLOPT_USERAGENT, "briefd/" BRIEFD_VERSION) &&
         SET(CURLOPT_HTTPHEADER, t->headers) && SET(CURLOPT_WRITEFUNCTION, on_body) && SET(CURLOPT_WRITEDATA, t) &&
         SET(CURLOPT_HEADERFUNCTION, on_header) && SET(CURLOPT_HEADERDATA, t) && SET(CURLOPT_NETRC, 0L);
    /* What a build of libcurl may lack is a gain, not a need. */
    (void)SET(CURLOPT_HTTP_VERSION, (long)CURL_HTTP_VERSION_2TLS);
    (void)SET(CURLOPT_ACCEPT_ENCODING, "");
    if (ok && c->ca_file) ok = SET(CURLOPT_CAINFO, c->ca_file);
    if (ok && (!c->proxy || http_url_loopback(url))) ok = SET(CURLOPT_PROXY, "");
    if (ok && !str_eq(t->r->method, "GET")) ok = SET(CURLOPT_CUSTOMREQUEST, t->r->method);
    if (ok && t->r->body)
        ok = SET(CURLOPT_POSTFIELDS, t->r->body) && SET(CURLOPT_POSTFIELDSIZE_LARGE, (curl_off_t)t->r->n_body);
#undef SET
    return ok;
}

/* Run what is in the multi handle to its end. */
static CURLcode drive(struct http *h)
{
    CURLMsg *m;
    int running = 1, left;

    while (running) {
        if (curl_multi_perform(h->multi, &running) != CURLM_OK) return CURLE_OUT_OF_MEMORY;
        if (running && curl_multi_poll(h->multi, NULL, 0, 1000, NULL) != CURLM_OK) return CURLE_OUT_OF_MEMORY;
    }
    while ((m = curl_multi_info_read(h->multi, &left))) {
        if (m->msg == CURLMSG_DONE) return m->data.result;
    }
    return CURLE_OUT_OF_MEMORY;
}

static enum rc transfer_once(struct transfer *t, const char *url, bool own_origin, struct err *e)
{
    struct http *h = t->h;
    curl_off_t up = 0;
    long status = 0, request_bytes = 0;

    t->header_bytes = 0;
    t->sent = t->too_large = false;
    t->a->status = 0;
    buf_wipe(&t->a->body);
    buf_reset(&t->a->link);
    buf_reset(&t->a->etag);
    buf_reset(&t->a->retry_after);
    buf_reset(&t->location);
    if (!set_headers(t, own_origin) || !set_options(t, url)) {
        wipe_headers(t);
        return err_set(e, RC_NOMEM, "%s: %s: no memory for a request", h->cfg.name, t->r->what);
    }
    if (curl_multi_add_handle(h->multi, h->easy) == CURLM_OK) {
        t->code = drive(h);
        curl_easy_getinfo(h->easy, CURLINFO_RESPONSE_CODE, &status);
        curl_easy_getinfo(h->easy, CURLINFO_REQUEST_SIZE, &request_bytes);
        curl_easy_getinfo(h->easy, CURLINFO_SIZE_UPLOAD_T, &up);
        curl_multi_remove_handle(h->multi, h->easy);
    } else {
        t->code = CURLE_OUT_OF_MEMORY;
    }
    curl_easy_reset(h->easy); /* it must not keep pointers to headers and body */
    wipe_headers(t);
    t->sent = request_bytes > 0 || up > 0;
    t->a->status = (int)status;
    return RC_OK;
}

/* ---- what came of it --------------------------------------------------------------------------------------------- */

static bool busy_status(int status)
{
    static const int busy[] = {408, 429, 500, 502, 503, 504};

    for (size_t i = 0; i < COUNT_OF(busy); i++) {
        if (busy[i] == status) return true;
    }
    return false;
}

/* libcurl's result to what the caller can do, with a sentence of our own: libcurl's texts may quote the URL. */
static enum rc failure(const struct transfer *t, struct err *e)
{
    const struct http_config *c = &t->h->cfg;
    const char *what = t->r->what, *why = "the connection failed";
    enum rc rc = RC_RETRY;

    if (t->too_large)
        return err_set(e, RC_LIMIT, "%s: %s: the answer is larger than %zu bytes", c->name, what,
                       t->header_bytes > HTTP_MAX_HEADER_BYTES ? HTTP_MAX_HEADER_BYTES : c->max_bytes);
    switch (t->code) {
    case CURLE_OUT_OF_MEMORY:
    case CURLE_WRITE_ERROR:
        return err_set(e, RC_NOMEM, "%s: %s: out of memory", c->name, what);
    case CURLE_COULDNT_RESOLVE_HOST:
        why = "the host's name is not known";
        break;
    case CURLE_COULDNT_RESOLVE_PROXY:
        why = "the proxy's name is not known";
        break;
    case CURLE_COULDNT_CONNECT:
        why = "no connection";
        break;
    case CURLE_OPERATION_TIMEDOUT:
        return err_set(e, RC_RETRY, "%s: %s: the answer did not come within its time (timeout %lld ms, stall %lld ms)",
                       c->name, what, (long long)c->timeout_ms, (long long)c->stall_ms);
    case CURLE_PARTIAL_FILE:
        why = "the answer was cut: fewer bytes than its Content-Length says";
        break;
    case CURLE_GOT_NOTHING:
    case CURLE_RECV_ERROR:
    case CURLE_SEND_ERROR:
        why = "the connection was lost";
        break;
    case CURLE_PEER_FAILED_VERIFICATION:
        rc = RC_BAD;
        why = "the server's TLS certificate is not valid for this host and these authorities";
        break;
    case CURLE_SSL_CACERT_BADFILE:
        rc = RC_BAD;
        why = "ca_file cannot be read";
        break;
    case CURLE_SSL_CONNECT_ERROR:
        why = "TLS could not be set up";
        break;
    case CURLE_URL_MALFORMAT:
    case CURLE_UNSUPPORTED_PROTOCOL:
        rc = RC_BAD;
        why = "the URL is malformed";
        break;
    case CURLE_BAD_CONTENT_ENCODING:
        rc = RC_BAD;
        why = "the answer's compression is damaged";
        break;
    case CURLE_WEIRD_SERVER_REPLY:
        rc = RC_BAD;
        why = "the answer is not HTTP";
        break;
    default:
        return err_set(e, RC_RETRY, "%s: %s: the connection failed (libcurl %d)", c->name, what, (int)t->code);
    }
    return err_set(e, rc, "%s: %s: %s", c->name, what, why);
}

/* Whether the same request may be sent again after this outcome. */
static bool repeatable(const struct transfer *t, enum rc rc)
{
    if (rc != RC_RETRY) return false;
    if (t->r->safe || !t->sent) return true;
    /* Told before anything was done. */
    return t->code == CURLE_OK && (t->a->status == 429 || (t->a->status == 503 && t->a->retry_after.len));
}

/* ---- redirects ---------------------------------------------------------------------------------------------------- */

static bool is_redirect(int status)
{
    return status == 301 || status == 302 || status == 303 || status == 307 || status == 308;
}

/* The next address into *url. */
static enum rc redirect(struct transfer *t, struct buf *url, bool *own_origin, struct err *e)
{
    const struct http_config *c = &t->h->cfg;
    bool secure = str_starts(url->data, "https:");
    struct buf next;
    struct err why;
    enum rc rc;

    if (!str_eq(t->r->method, "GET"))
        return err_set(e, RC_BAD, "%s: %s: the server redirects a %s (HTTP %d), which is not followed", c->name,
                       t->r->what, t->r->method, t->a->status);
    buf_init(&next, HTTP_MAX_URL_BYTES);
    rc = t->location.failed == RC_OK ? http_url_resolve(url->data, t->location.data, &next, &why) : RC_BAD;
    if (rc == RC_OK) rc = http_url_check(next.data, c->allow_http && !secure, &why);
    if (rc == RC_OK && secure && !str_starts(next.data, "https:")) rc = RC_BAD;
    if (rc == RC_OK) {
        /* Once away, always away: the way back may have been chosen by the other origin. */
        *own_origin = *own_origin && http_same_origin(t->r->url, next.data);
        buf_reset(url);
        buf_add(url, next.data, next.len);
    } else {
        rc = err_set(e, rc, "%s: %s: a redirect to an address that is malformed or not https://", c->name, t->r->what);
    }
    buf_clear(&next);
    return rc;
}

/* One attempt: a transfer and the redirects behind it. */
static enum rc attempt(struct transfer *t, struct err *e)
{
    bool own_origin = true;
    enum rc rc = RC_OK;

    buf_reset(&t->a->url);
    buf_str(&t->a->url, t->r->url);
    for (int hops = 0; rc == RC_OK; hops++) {
        rc = transfer_once(t, t->a->url.data, own_origin, e);
        if (rc != RC_OK) return rc;
        if (t->code != CURLE_OK) return failure(t, e);
        if (!is_redirect(t->a->status)) break;
        if (hops == t->h->cfg.max_redirects)
            return err_set(e, RC_LIMIT, "%s: %s: more than %d redirects", t->h->cfg.name, t->r->what,
                           t->h->cfg.max_redirects);
        rc = redirect(t, &t->a->url, &own_origin, e);
    }
    if (rc == RC_OK && busy_status(t->a->status))
        return err_set(e, RC_RETRY, "%s: %s: the server answered HTTP %d", t->h->cfg.name, t->r->what, t->a->status);
    return rc;
}

/* ---- attempts ------------------------------------------------------------------------------------------------------ */

static int64_t now_s(const struct http *h)
{
    return h->cfg.hooks.now_s ? h->cfg.hooks.now_s(h->cfg.hooks.ctx) : (int64_t)time(NULL);
}

static uint32_t noise(const struct http *h)
{
    uint32_t v = 0;

    if (h->cfg.hooks.random) return h->cfg.hooks.random(h->cfg.hooks.ctx);
    if (random_bytes(&v, sizeof(v), NULL) != RC_OK) v = UINT32_MAX / 2;
    return v;
}

static enum rc wait_before(struct transfer *t, int next_attempt, struct err *e)
{
    const struct http_config *c = &t->h->cfg;
    int64_t floor_ms = 0, ms;

    if (t->code == CURLE_OK && t->a->retry_after.len &&
        !http_retry_after(t->a->retry_after.data, now_s(t->h), &floor_ms))
        floor_ms = 0; /* malformed: as if it were not there */
    if (floor_ms > c->retry_after_max_ms)
        return err_set(e, RC_RETRY, "%s: %s: the server (HTTP %d) asks to come back in %lld s, later than a request waits",
                       c->name, t->r->what, t->a->status, (long long)(floor_ms / 1000));
    ms = backoff_full_ms(next_attempt, HTTP_BACKOFF_FIRST_MS, HTTP_BACKOFF_MAX_MS, floor_ms, noise(t->h));
    if (c->hooks.sleep_ms) c->hooks.sleep_ms(c->hooks.ctx, ms);
    else backoff_sleep(ms);
    return RC_OK;
}

static enum rc attempts(struct transfer *t, struct err *e)
{
    const struct http_config *c = &t->h->cfg;
    struct err why;
    enum rc rc;

    for (int n = 1;; n++) {
        t->a->attempts = n;
        rc = attempt(t, &why);
        if (rc == RC_OK) return RC_OK;
        if (!repeatable(t, rc)) return err_set(e, rc, "%s", why.msg);
        if (n == c->max_attempts) break;
        rc = wait_before(t, n + 1, e);
        if (rc != RC_OK) return rc;
    }
    return err_set(e, RC_RETRY, "%s (attempt %d of %d)", why.msg, c->max_attempts, c->max_attempts);
}

enum rc http_send(struct http *h, const struct http_request *r, struct http_answer *a, struct err *e)
{
    struct transfer t = {.h = h, .r = r, .a = a};
    struct err why;
    enum rc rc = http_url_check(r->url, h->cfg.allow_http, &why);

    if (rc != RC_OK) return err_set(e, rc, "%s: %s: %s", h->cfg.name, r->what, why.msg);
    buf_init(&t.location, HTTP_MAX_URL_BYTES);
    rc = attempts(&t, e);
    buf_clear(&t.location);
    return rc;
}

/* ---- life ---------------------------------------------------------------------------------------------------------- */

static pthread_once_t once = PTHREAD_ONCE_INIT;
static bool ready;

static void start_libcurl(void) /* never undone: other handles may live until the process ends */
{
    ready = curl_global_init(CURL_GLOBAL_DEFAULT) == CURLE_OK;
}

enum rc http_open(const struct http_config *cfg, struct http **out, struct err *e)
{
    struct http *h = calloc(1, sizeof(*h));

    pthread_once(&once, start_libcurl);
    if (h && ready) {
        h->cfg = *cfg;
        h->multi = curl_multi_init();
        h->easy = curl_easy_init();
    }
    if (!h || !ready || !h->multi || !h->easy ||
        curl_multi_setopt(h->multi, CURLMOPT_MAXCONNECTS, (long)IDLE_CONNECTIONS) != CURLM_OK) {
        http_close(h);
        return err_set(e, RC_NOMEM, "%s: no memory for the HTTP client", cfg->name);
    }
    *out = h;
    return RC_OK;
}

void http_close(struct http *h)
{
    if (!h) return;
    curl_easy_cleanup(h->easy);
    curl_multi_cleanup(h->multi);
    free(h);
}

void http_answer_init(struct http_answer *a, size_t max_bytes)
{
    *a = (struct http_answer){0};
    buf_init(&a->body, max_bytes);
    buf_init(&a->url, HTTP_MAX_URL_BYTES);
    buf_init(&a->link, HTTP_MAX_HEADER_BYTES);
    buf_init(&a->etag, 4096);
    buf_init(&a->retry_after, 256);
}

void http_answer_clear(struct http_answer *a)
{
    buf_wipe(&a->body);
    buf_wipe(&a->url);
    buf_clear(&a->link);
    buf_clear(&a->etag);
    buf_clear(&a->retry_after);
}
