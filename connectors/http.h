/* http.h: the one HTTP client, on libcurl.
 *
 * A struct http is one handle of one thread: a libcurl multi handle with its cache of connections, which a request
 * drives with poll until its answer is whole. Requests of one handle run one after the other; workers run at the
 * same time because each has a handle of its own. HTTP/2 where TLS negotiates it, gzip where libcurl has it.
 *
 *   - TLS certificates and names are always verified (TLS 1.2 and later). http:// goes to loopback addresses only,
 *     unless the configuration allows it.
 *   - Every attempt has limits: connecting, the whole, the slowest speed, bytes of header and body (after
 *     decompression, so that a small answer cannot grow without end).
 *   - Retried with exponential backoff and full jitter: 429, 408, 500, 502, 503, 504, cut answers, time-outs and
 *     connections that failed. A request that is not `safe` to repeat only where the server cannot have begun with it
 *     (no connection, 429, 503 with Retry-After).
 *   - Retry-After is a floor for the wait. A server that asks for longer than retry_after_max_ms is not bothered
 *     again: the call ends with RC_RETRY and the caller comes back later.
 *   - Redirects are followed for GET only, at most max_redirects, never from https to http, and to another origin
 *     without the credential and without the configured headers.
 *   - Proxies come from the environment as for curl (https_proxy, no_proxy), never for loopback hosts.
 *
 * Neither messages nor logs hold a URL, a header or a byte of an answer: any of them may carry a secret or a person. */
#ifndef CONNECTORS_HTTP_H
#define CONNECTORS_HTTP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include "../base/buf.h"
#include "../base/err.h"

#define HTTP_MAX_URL_BYTES ((size_t)8192)
#define HTTP_MAX_HEADER_BYTES ((size_t)256 << 10) /* of all header fields of one answer */
#define HTTP_MAX_REDIRECTS 20
#define HTTP_BACKOFF_FIRST_MS 500
#define HTTP_BACKOFF_MAX_MS 60000

/* ---- URLs -------------------------------------------------------------------------------------------------------- */

/* RC_OK if `url` is an absolute http(s) URL without user, password and fragment that this client may ask: https, or
 * http to a loopback host (127.0.0.0/8, ::1, localhost) or with allow_http. RC_BAD says which of these is wrong,
 * without the URL. */
MUST_USE enum rc http_url_check(const char *url, bool allow_http, struct err *e);
/* Whether its host is one of these loopback hosts. */
bool http_url_loopback(const char *url);
/* Same scheme, host and port; false if one is malformed. */
bool http_same_origin(const char *a, const char *b);
/* Resolve a URL reference against an absolute URL (RFC 3986, section 5) into *out. RC_BAD, RC_LIMIT, RC_NOMEM. */
MUST_USE enum rc http_url_resolve(const char *base, const char *reference, struct buf *out, struct err *e);
/* Append "?name=value" or "&name=value" to the URL in b, both percent-encoded. */
void http_url_add(struct buf *b, const char *name, const char *value, size_t n);
/* Append n bytes percent-encoded: all but the unreserved characters of RFC 3986. */
void http_url_escape(struct buf *b, const char *bytes, size_t n);
/* Replace, or append, the query parameter `name`. RC_BAD, RC_NOMEM. */
MUST_USE enum rc http_url_set(struct buf *url, const char *name, const char *value, struct err *e);
/* Whether s may be the value of a header field: no control characters but the tab (RFC 9110, section 5.5). */
bool http_field_ok(const char *s);

/* ---- requests ----------------------------------------------------------------------------------------------------- */

struct http_hooks { /* tests put their own here so that none of them waits; NULL members are the real thing */
    void (*sleep_ms)(void *ctx, int64_t ms);
    uint32_t (*random)(void *ctx);
    int64_t (*now_s)(void *ctx); /* for the dates of Retry-After */
    void *ctx;
};

struct http_config { /* strings must outlive the handle */
    const char *name; /* begins every message: "source crm" */
    bool allow_http;
    bool proxy;          /* as the environment says; false: never one */
    const char *ca_file; /* PEM file of authorities instead of the system's, or NULL */
    int64_t connect_ms, timeout_ms; /* of one attempt */
    int64_t stall_ms;    /* an attempt that moves less than a byte a second for so long is given up; whole seconds */
    size_t max_bytes;    /* of one body */
    int max_attempts;
    int64_t retry_after_max_ms;
    int max_redirects;
    struct http_hooks hooks;
};

struct http_request {
    const char *what;   /* for messages: "deal" */
    const char *method; /* GET, POST, PUT, PATCH */
    const char *url;
    const char *const *headers; /* "Name: value"; dropped on the way to another origin */
    size_t n_headers;
    const char *credential;     /* "Name: value", likewise; or NULL */
    const char *body;           /* or NULL */
    size_t n_body;
    bool safe;          /* repeating it does no harm */
};

struct http_answer {
    int status;
    struct buf body;         /* wiped by http_answer_clear() */
    struct buf url;          /* that answered, after redirects */
    struct buf link;         /* all Link fields, joined by ", " */
    struct buf etag;
    struct buf retry_after;
    int attempts;            /* requests this took, redirects not counted */
};

struct http; /* a handle */

/* RC_OK *out is the caller's; http_close(). RC_BAD (the CA file), RC_NOMEM. */
MUST_USE enum rc http_open(const struct http_config *cfg, struct http **out, struct err *e);
void http_close(struct http *h); /* NULL is a no-op */

void http_answer_init(struct http_answer *a, size_t max_bytes);
void http_answer_clear(struct http_answer *a);

/* Send and wait for the whole answer.
 * RC_OK      an answer of any status that is not retried; look at a->status
 * RC_RETRY   still busy, unreachable, cut or silent after max_attempts, or told to come back later than we may wait;
 *            a->status is the last answer's or 0
 * RC_LIMIT   larger than max_bytes, or too many redirects
 * RC_BAD     TLS verification failed, a host that cannot be, a redirect that is not followed;  RC_NOMEM */
MUST_USE enum rc http_send(struct http *h, const struct http_request *r, struct http_answer *a, struct err *e);

#endif
