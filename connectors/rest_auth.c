/* rest_auth.c: credentials: a fixed header line, or a token of OAuth 2.0 client credentials (RFC 6749, section 4.4)
 * that is kept until shortly before it expires. */
#include <stdlib.h>
#include <string.h>

#include "../base/secret.h"
#include "../base/str.h"
#include "rest.h"

#define TOKEN_MAX_BYTES ((size_t)16384)
#define RENEW_BEFORE_MS 60000 /* so that a token does not expire on its way */

struct rest_auth {
    const struct rest_auth_config *cfg;
    struct buf line;    /* "Authorization: Bearer ..."; empty while there is no token */
    int64_t expires_ms; /* on clock_mono_ms(); INT64_MAX if it does not say */
};

/* RFC 4648, section 4 */
static void base64(struct buf *b, const char *bytes, size_t n)
{
    static const char digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

    for (size_t i = 0; i < n; i += 3) {
        uint32_t v = 0;

        for (size_t k = 0; k < 3; k++)
            v = v << 8 | (i + k < n ? (unsigned char)bytes[i + k] : 0);
        buf_char(b, digits[v >> 18]);
        buf_char(b, digits[v >> 12 & 63]);
        buf_char(b, i + 1 < n ? digits[v >> 6 & 63] : '=');
        buf_char(b, i + 2 < n ? digits[v & 63] : '=');
    }
}

/* RFC 7617; OAuth wants id and secret form-encoded first (RFC 6749, section 2.3.1). */
static void basic_line(struct buf *line, const char *user, const char *password, bool encoded)
{
    struct buf pair;

    buf_init(&pair, 4 * SECRET_MAX_BYTES);
    if (encoded) {
        http_url_escape(&pair, user, strlen(user));
        buf_char(&pair, ':');
        http_url_escape(&pair, password, strlen(password));
    } else {
        buf_printf(&pair, "%s:%s", user, password);
    }
    buf_str(line, "Authorization: Basic ");
    base64(line, pair.data, pair.len);
    if (pair.failed != RC_OK) line->failed = pair.failed;
    buf_wipe(&pair);
}

enum rc rest_auth_open(const struct rest_auth_config *cfg, struct rest_auth **out, struct err *e)
{
    struct rest_auth *a = calloc(1, sizeof(*a));
    enum rc rc;

    if (!a) return err_set(e, RC_NOMEM, "credentials: out of memory");
    a->cfg = cfg;
    buf_init(&a->line, 8 * SECRET_MAX_BYTES);
    if (cfg->type == REST_AUTH_HEADER) buf_printf(&a->line, "%s: %s", cfg->header, cfg->value);
    if (cfg->type == REST_AUTH_BASIC) basic_line(&a->line, cfg->user, cfg->password, false);
    rc = buf_check(&a->line, "credentials", e);
    if (rc == RC_OK) *out = a;
    else rest_auth_close(a);
    return rc;
}

void rest_auth_close(struct rest_auth *a)
{
    if (!a) return;
    buf_wipe(&a->line);
    free(a);
}

/* ---- tokens -------------------------------------------------------------------------------------------------------- */

static void form_add(struct buf *b, const char *name, const char *value)
{
    if (b->len) buf_char(b, '&');
    http_url_escape(b, name, strlen(name));
    buf_char(b, '=');
    http_url_escape(b, value, strlen(value));
}

static void form_of(const struct rest_auth_config *cfg, struct buf *form)
{
    form_add(form, "grant_type", "client_credentials");
    if (cfg->send == REST_SEND_BODY) {
        form_add(form, "client_id", cfg->user);
        form_add(form, "client_secret", cfg->password);
    }
    if (cfg->scope) form_add(form, "scope", cfg->scope);
    for (const struct rest_pair *p = cfg->extra; p; p = p->next)
        form_add(form, p->name, p->value);
}

/* The code of an error answer, if it is one of RFC 6749, section 5.2; a server's own words are not repeated. */
static const char *error_code(const struct http_answer *a)
{
    static const char *const codes[] = {"invalid_request",     "invalid_client",         "invalid_grant",
                                        "unauthorized_client", "unsupported_grant_type", "invalid_scope"};
    cJSON *doc = NULL;
    const char *found = NULL;

    if (json_parse(a->body.data, a->body.len, JSON_NUMBERS_DIGITS, &doc, NULL) != RC_OK) return NULL;
    for (size_t i = 0; i < COUNT_OF(codes) && !found; i++) {
        if (str_eq(json_str(doc, "error"), codes[i])) found = codes[i];
    }
    cJSON_Delete(doc);
    return found;
}

static int64_t expiry(const cJSON *doc)
{
    struct rest_value v = rest_value_at(doc, "expires_in"); /* some servers send it as a string */
    int64_t seconds, ms;

    if (!v.text || !str_int64(v.text, 0, INT64_C(10) * 365 * 86400, &seconds)) return INT64_MAX;
    ms = seconds * 1000;
    /* A token that lives for less than twice the margin is used for half its life. */
    return clock_mono_ms() + (ms > 2 * RENEW_BEFORE_MS ? ms - RENEW_BEFORE_MS : ms / 2);
}

static enum rc take_token(struct rest_auth *a, const char *name, const struct http_answer *answer, struct err *e)
{
    cJSON *doc = NULL;
    const char *token, *type;
    enum rc rc = json_parse(answer->body.data, answer->body.len, JSON_NUMBERS_DIGITS, &doc, NULL);

    if (rc == RC_NOMEM) return err_set(e, rc, "%s: token: out of memory", name);
    token = rc == RC_OK ? json_str(doc, "access_token") : NULL;
    type = rc == RC_OK ? json_str(doc, "token_type") : NULL;
    rc = RC_BAD;
    if (!token || !*token) {
        err_set(e, rc, "%s: the token endpoint's answer holds no access_token", name);
    } else if (type && !str_eq_nocase(type, "bearer")) {
        err_set(e, rc, "%s: the token endpoint gives tokens of another type than bearer", name);
    } else if (strlen(token) > TOKEN_MAX_BYTES || !http_field_ok(token)) {
        err_set(e, rc, "%s: the token endpoint's token is malformed", name);
    } else {
        buf_printf(&a->line, "Authorization: Bearer %s", token);
        a->expires_ms = expiry(doc);
        rc = buf_check(&a->line, "token", e);
    }
    if (token) explicit_bzero((char *)token, strlen(token)); /* ours: it lies in doc */
    cJSON_Delete(doc);
    return rc;
}

static enum rc get_token(struct rest_auth *a, struct http *http, const char *name, size_t max_bytes, struct err *e)
{
    static const char *const headers[] = {"Content-Type: application/x-www-form-urlencoded",
                                          "Accept: application/json"};
    struct http_request r = {.what = "token", .method = "POST", .url = a->cfg->token_url, .headers = headers,
                             .n_headers = COUNT_OF(headers), .safe = true};
    struct http_answer answer;
    struct buf form, basic;
    const char *code;
    enum rc rc;

    http_answer_init(&answer, max_bytes);
    buf_init(&form, 8 * SECRET_MAX_BYTES);
    buf_init(&basic, 8 * SECRET_MAX_BYTES);
    form_of(a->cfg, &form);
    if (a->cfg->send == REST_SEND_BASIC) basic_line(&basic, a->cfg->user, a->cfg->password, true);
    rc = buf_check(&form, "token request", e);
    if (rc == RC_OK) rc = buf_check(&basic, "token request", e);
    if (rc != RC_OK) goto out;
    r.body = form.data;
    r.n_body = form.len;
    if (basic.len) r.credential = basic.data;
    rc = http_send(http, &r, &answer, e);
    if (rc != RC_OK) goto out;
    if (answer.status == 200) {
        rc = take_token(a, name, &answer, e);
    } else {
        code = error_code(&answer);
        rc = err_set(e, RC_BAD, "%s: the token endpoint refuses to give a token (HTTP %d%s%s)", name, answer.status,
                     code ? ", " : "", code ? code : "");
    }
out:
    buf_wipe(&form);
    buf_wipe(&basic);
    http_answer_clear(&answer);
    return rc;
}

enum rc rest_auth_line(struct rest_auth *a, struct http *http, const char *name, size_t max_bytes, const char **line,
                       struct err *e)
{
    enum rc rc = RC_OK;

    if (a->cfg->type == REST_AUTH_OAUTH && (!a->line.len || clock_mono_ms() >= a->expires_ms)) {
        buf_wipe(&a->line);
        rc = get_token(a, http, name, max_bytes, e);
    }
    if (rc == RC_OK) *line = a->line.len ? a->line.data : NULL;
    return rc;
}

bool rest_auth_refused(struct rest_auth *a)
{
    if (a->cfg->type != REST_AUTH_OAUTH) return false;
    buf_wipe(&a->line);
    return true;
}
