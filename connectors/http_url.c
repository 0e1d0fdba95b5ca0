/* http_url.c: URLs, on libcurl's parser, so that what is checked is what is asked. */
#include <curl/curl.h>
#include <string.h>

#include "../base/str.h"
#include "http.h"

static enum rc no_memory(struct err *e)
{
    return err_set(e, RC_NOMEM, "URL: out of memory");
}

/* A handle with `url` in it; NULL if that is malformed or too long. */
static CURLU *parse(const char *url)
{
    CURLU *u;

    for (const char *s = url; *s; s++) {
        if ((unsigned char)*s <= 0x20 || *s == 0x7f) return NULL;
    }
    if (strlen(url) > HTTP_MAX_URL_BYTES || !(u = curl_url())) return NULL;
    if (curl_url_set(u, CURLUPART_URL, url, 0) == CURLUE_OK) return u;
    curl_url_cleanup(u);
    return NULL;
}

/* A part in a buffer; "" if it is absent, and false if it does not fit. */
static bool part(CURLU *u, CURLUPart which, unsigned flags, char *out, size_t size)
{
    char *text = NULL;
    bool fits;

    out[0] = '\0';
    if (curl_url_get(u, which, &text, flags) != CURLUE_OK) return true;
    fits = strlen(text) < size;
    if (fits) strcpy(out, text);
    curl_free(text);
    return fits;
}

static bool is_loopback(const char *host)
{
    size_t n = strlen(host);

    if (str_eq_nocase(host, "localhost") || str_eq(host, "[::1]")) return true;
    /* Only the four-number form: a name may begin with "127." too. */
    return str_starts(host, "127.") && strspn(host, "0123456789.") == n && n <= 15;
}

enum rc http_url_check(const char *url, bool allow_http, struct err *e)
{
    char scheme[16], host[256], secret[2], fragment[2];
    CURLU *u = parse(url);
    bool clear;

    if (!u) return err_set(e, RC_BAD, "not an absolute URL such as https://crm.example.com/api");
    clear = part(u, CURLUPART_SCHEME, 0, scheme, sizeof(scheme)) && part(u, CURLUPART_HOST, 0, host, sizeof(host));
    if (!clear || (!str_eq_nocase(scheme, "https") && !str_eq_nocase(scheme, "http"))) {
        curl_url_cleanup(u);
        return err_set(e, RC_BAD, "a URL of https:// was expected");
    }
    clear = part(u, CURLUPART_USER, 0, secret, sizeof(secret)) && !secret[0] &&
            part(u, CURLUPART_PASSWORD, 0, secret, sizeof(secret)) && !secret[0];
    if (clear && (!part(u, CURLUPART_FRAGMENT, 0, fragment, sizeof(fragment)) || fragment[0])) {
        curl_url_cleanup(u);
        return err_set(e, RC_BAD, "a URL without a fragment (#...) was expected");
    }
    curl_url_cleanup(u);
    if (!clear) return err_set(e, RC_BAD, "a URL without user and password was expected; they belong into 'auth'");
    if (str_eq_nocase(scheme, "https") || allow_http || is_loopback(host)) return RC_OK;
    return err_set(e, RC_BAD, "http:// sends credentials and records in the clear: use https:// (or allow_http: yes)");
}

bool http_url_loopback(const char *url)
{
    char host[256];
    CURLU *u = parse(url);
    bool loopback = u && part(u, CURLUPART_HOST, 0, host, sizeof(host)) && is_loopback(host);

    curl_url_cleanup(u);
    return loopback;
}

bool http_same_origin(const char *a, const char *b)
{
    static const CURLUPart parts[] = {CURLUPART_SCHEME, CURLUPART_HOST, CURLUPART_PORT};
    CURLU *x = parse(a), *y = parse(b);
    bool same = x && y;

    for (size_t i = 0; same && i < COUNT_OF(parts); i++) {
        char p[256], q[256];

        same = part(x, parts[i], CURLU_DEFAULT_PORT, p, sizeof(p)) &&
               part(y, parts[i], CURLU_DEFAULT_PORT, q, sizeof(q)) && p[0] && str_eq_nocase(p, q);
    }
    curl_url_cleanup(x);
    curl_url_cleanup(y);
    return same;
}

static enum rc take_url(CURLU *u, struct buf *out, struct err *e)
{
    char *text = NULL;

    if (curl_url_get(u, CURLUPART_URL, &text, 0) != CURLUE_OK) return no_memory(e);
    buf_reset(out);
    buf_str(out, text);
    curl_free(text);
    return buf_check(out, "URL", e);
}

enum rc http_url_resolve(const char *base, const char *reference, struct buf *out, struct err *e)
{
    CURLU *u = parse(base);
    enum rc rc = RC_OK;

    for (const char *s = reference; *s && u; s++) {
        if ((unsigned char)*s > 0x20 && *s != 0x7f) continue;
        curl_url_cleanup(u);
        u = NULL;
    }
    /* The new URL replaces the handle's: libcurl resolves relative ones against it. */
    if (!u || strlen(reference) > HTTP_MAX_URL_BYTES || curl_url_set(u, CURLUPART_URL, reference, 0) != CURLUE_OK)
        rc = err_set(e, RC_BAD, "a malformed URL");
    if (rc == RC_OK && curl_url_set(u, CURLUPART_FRAGMENT, NULL, 0) != CURLUE_OK) rc = no_memory(e);
    if (rc == RC_OK) rc = take_url(u, out, e);
    curl_url_cleanup(u);
    return rc;
}

void http_url_escape(struct buf *b, const char *bytes, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        unsigned char c = (unsigned char)bytes[i];

        if ((c >= '0' && c <= '9') || (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') ||
            (c && strchr("-._~", c)))
            buf_char(b, (char)c);
        else
            buf_printf(b, "%%%02X", c);
    }
}

void http_url_add(struct buf *b, const char *name, const char *value, size_t n)
{
    buf_char(b, strchr(b->data, '?') ? '&' : '?');
    http_url_escape(b, name, strlen(name));
    buf_char(b, '=');
    http_url_escape(b, value, n);
}

/* Copy the query without the parameters called `name` (given percent-encoded, with its "="). */
static void copy_without(struct buf *out, const char *query, const char *name)
{
    char between = '?';

    while (*query) {
        size_t n = strcspn(query, "&");

        if (n && strncmp(query, name, strlen(name)) != 0) {
            buf_char(out, between);
            buf_add(out, query, n);
            between = '&';
        }
        query += n + (query[n] == '&');
    }
}

enum rc http_url_set(struct buf *url, const char *name, const char *value, struct err *e)
{
    const char *question = strchr(url->data, '?');
    struct buf out, prefix;
    enum rc rc;

    buf_init(&out, HTTP_MAX_URL_BYTES);
    buf_init(&prefix, HTTP_MAX_URL_BYTES);
    http_url_escape(&prefix, name, strlen(name));
    buf_char(&prefix, '=');
    buf_add(&out, url->data, question ? (size_t)(question - url->data) : url->len);
    if (question) copy_without(&out, question + 1, prefix.data);
    http_url_add(&out, name, value, strlen(value));
    rc = buf_check(&prefix, "URL", e);
    if (rc == RC_OK) rc = buf_check(&out, "URL", e);
    if (rc == RC_OK) {
        buf_reset(url);
        buf_add(url, out.data, out.len);
        rc = buf_check(url, "URL", e);
    }
    buf_clear(&out);
    buf_clear(&prefix);
    return rc;
}

bool http_field_ok(const char *s)
{
    for (; *s; s++) {
        if (((unsigned char)*s < 0x20 && *s != '\t') || *s == 0x7f) return false;
    }
    return true;
}
