/* The rest connector and its HTTP client against a stub server that also misbehaves. No test waits for a retry: the
 * hooks note how long it would have waited. Expected numbers of requests are worked out by hand from rest.h. */
#include "../../connectors/rest.h"
#include "../suite.h"
#include "fixture.h"
#include "stub_server.h"

#define SECRET "s3cr3t-value"

static struct stub *stub;
static struct source s;
static struct connector *c;
static struct got *g;
static struct err e;

/* ---- the handler's scene: set by a test before the call, read by it after -------------------------------------------- */

static struct {
    int n;              /* deals in the list: id 1 to n */
    int cap;            /* most of one page, whatever is asked for */
    int fail_first;     /* requests that get `status` before it is well */
    int status;
    const char *headers;
    const char *raw;    /* instead of all else */
    size_t n_raw;
    size_t drip_from;
    bool close, hold;
    int other_origin;   /* requests to it */
    int leaked;         /* of those, with a credential or configured header */
    char authorization[256], if_match[64], body[512], api_key[64];
    int tokens;         /* given */
    const char *valid;  /* the one that is taken, else 401 */
    const char *item;   /* JSON of an item instead of a generated one */
    int ids_ignored;
    char selected[512]; /* of the last request for deals: its parameter `select` */
} scene;

static int64_t waits[64];
static size_t n_waits;

static void note_wait(void *ctx, int64_t ms)
{
    (void)ctx;
    if (n_waits < COUNT_OF(waits)) waits[n_waits++] = ms;
}

static uint32_t half(void *ctx)
{
    (void)ctx;
    return UINT32_C(1) << 31;
}

static int64_t fixed_now(void *ctx)
{
    (void)ctx;
    return 784111770; /* 06 Nov 1994 08:49:30 GMT */
}

static const struct http_hooks hooks = {.sleep_ms = note_wait, .random = half, .now_s = fixed_now};

/* Deal i was changed i minutes after 2026-03-01T10:00. */
static void add_deal(struct buf *b, int i)
{
    if (scene.item) {
        buf_str(b, scene.item);
        return;
    }
    buf_printf(b, "{\"id\":%d,\"name\":\"Deal %d\",\"amount\":\"%d.50\",\"money\":{\"value\":12345678901234567.10,"
               "\"unit\":\"EUR\"},\"account_id\":\"a%d\",\"rev\":\"v%d\",\"updated_at\":\"2026-03-%02dT%02d:%02d:00Z\"}",
               i, i, i, i % 3, i, 1 + (600 + i) / 1440, (600 + i) % 1440 / 60, i % 60);
}

static int number(const struct stub_request *r, const char *name, int fallback)
{
    char text[64];

    return stub_param(r, name, text, sizeof(text)) ? atoi(text) : fallback;
}

static void list_deals(const struct stub_request *r, struct stub_answer *a, int first, int size)
{
    struct buf b, h;
    int last;

    if (size > scene.cap) size = scene.cap;
    last = first + size - 1 < scene.n ? first + size - 1 : scene.n;
    buf_init(&b, 1 << 22);
    buf_init(&h, 4096);
    buf_printf(&b, "{\"total\":%d,\"data\":[", scene.n);
    for (int i = first; i <= last; i++) {
        if (i > first) buf_char(&b, ',');
        add_deal(&b, i);
    }
    buf_str(&b, "]");
    if (last < scene.n) {
        buf_printf(&b, ",\"after\":\"c%d\",\"next\":\"/deals/by-url?from=%d\"", last + 1, last + 1);
        buf_printf(&h, "Link: <?page_from=%d&x=1>; rel=\"next\", </deals>; rel=first\r\n", last + 1);
    }
    buf_str(&b, "}");
    (void)r;
    stub_reply(a, 200, h.data, b.data);
    buf_clear(&b);
    buf_clear(&h);
}

static void deals(const struct stub_request *r, struct stub_answer *a)
{
    char text[2048];
    int size = number(r, "size", 10), first = 1;

    if (!stub_param(r, "select", scene.selected, sizeof(scene.selected))) *scene.selected = '\0';

    if (stub_param(r, "ids", text, sizeof(text)) && !scene.ids_ignored) {
        struct buf b;
        bool any = false;

        buf_init(&b, 1 << 20);
        buf_str(&b, "{\"data\":[");
        for (char *id = strtok(text, ","); id; id = strtok(NULL, ",")) {
            if (atoi(id) < 1 || atoi(id) > scene.n) continue;
            if (any) buf_char(&b, ',');
            any = true;
            add_deal(&b, atoi(id));
        }
        buf_str(&b, "]}");
        stub_reply(a, 200, "", b.data);
        buf_clear(&b);
        return;
    }
    first = number(r, "page_from", first);
    first = number(r, "from", first);
    first = number(r, "offset", first - 1) + 1;
    first += (number(r, "page", 1) - 1) * (size < scene.cap ? size : scene.cap);
    if (stub_param(r, "after", text, sizeof(text))) first = atoi(text + 1);
    list_deals(r, a, first, size);
}

static void token(const struct stub_request *r, struct stub_answer *a)
{
    char text[128];

    if (!strstr(r->body, "client_secret=" SECRET) || !strstr(r->body, "grant_type=client_credentials")) {
        stub_reply(a, 401, "", "{\"error\":\"invalid_client\",\"error_description\":\"" SECRET "\"}");
        return;
    }
    snprintf(text, sizeof(text), "{\"access_token\":\"token-%d\",\"token_type\":\"Bearer\",\"expires_in\":3600}",
             ++scene.tokens);
    stub_reply(a, 200, "", text);
}

/* Accounts a0 to a2, notes of deals; both by lists of ids. */
static void related(const struct stub_request *r, struct stub_answer *a)
{
    char text[2048];
    struct buf b;
    bool any = false;

    buf_init(&b, 1 << 20);
    buf_char(&b, '[');
    if (stub_param(r, "ids", text, sizeof(text))) {
        for (char *id = strtok(text, ","); id; id = strtok(NULL, ",")) {
            buf_printf(&b, "%s{\"id\":\"%s\",\"name\":\"Account %s\"}", any ? "," : "", id, id);
            any = true;
        }
    } else if (stub_param(r, "deal_ids", text, sizeof(text))) {
        for (char *id = strtok(text, ","); id; id = strtok(NULL, ",")) {
            for (int k = 1; k <= 4; k++) {
                buf_printf(&b, "%s{\"id\":\"%s-%d\",\"deal_id\":%s,\"kind\":\"%s\",\"at\":%d,\"text\":\"note %d\"}",
                           any ? "," : "", id, k, id, k == 4 ? "mail" : "call", 1772359200 + k, k);
                any = true;
            }
        }
    }
    buf_char(&b, ']');
    stub_reply(a, 200, "", b.data);
    buf_clear(&b);
}

static void handler(struct stub *st, const struct stub_request *r, struct stub_answer *a)
{
    char text[256];

    (void)st;
    if (r->origin == 1) {
        scene.other_origin++;
        if (strcasestr(r->head, "authorization") || strcasestr(r->head, "x-api-key")) scene.leaked++;
        stub_reply(a, 200, "", "{\"data\":[{\"id\":1,\"updated_at\":\"2026-03-01T10:00:00Z\"}]}");
        return;
    }
    if (stub_path(r, "/token")) {
        token(r, a);
        return;
    }
    stub_header(r, "Authorization", scene.authorization, sizeof(scene.authorization));
    stub_header(r, "X-Api-Key", scene.api_key, sizeof(scene.api_key));
    stub_header(r, "If-Match", scene.if_match, sizeof(scene.if_match));
    if (scene.valid && (strncmp(scene.authorization, "Bearer ", 7) != 0 || strcmp(scene.authorization + 7, scene.valid) != 0)) {
        stub_reply(a, 401, "", "{}");
        return;
    }
    a->close = scene.close;
    a->hold = scene.hold;
    a->drip_from = scene.drip_from;
    if (scene.fail_first != 0) {
        if (scene.fail_first > 0) scene.fail_first--;
        stub_reply(a, scene.status, scene.headers ? scene.headers : "", "{\"message\":\"Anna Berg said no\"}");
    } else if (scene.raw) {
        buf_add(&a->bytes, scene.raw, scene.n_raw);
    } else if (strcmp(r->method, "PATCH") == 0) {
        snprintf(scene.body, sizeof(scene.body), "%.*s", (int)r->n_body, r->body);
        if (stub_path(r, "/deals/404")) stub_reply(a, 404, "", "{}");
        else if (stub_path(r, "/deals/422")) stub_reply(a, 422, "", "{\"message\":\"Anna Berg\"}");
        else if (*scene.if_match && strcmp(scene.if_match, "\"v1\"") != 0) stub_reply(a, 412, "", "{}");
        else stub_reply(a, 200, "", "{\"id\":1,\"rev\":\"v2\"}");
    } else if (stub_path(r, "/deals") || stub_path(r, "/deals/by-url")) {
        deals(r, a);
    } else if (stub_path(r, "/accounts") || stub_path(r, "/notes")) {
        related(r, a);
    } else if (sscanf(r->target, "/deals/%255[0-9]", text) == 1 && atoi(text) <= scene.n) {
        struct buf b;

        if (!stub_param(r, "select", scene.selected, sizeof(scene.selected))) *scene.selected = '\0';
        buf_init(&b, 1 << 23);
        add_deal(&b, atoi(text));
        stub_reply(a, 200, "ETag: \"tag\"\r\n", b.data);
        buf_clear(&b);
    } else {
        stub_reply(a, 404, "", "{}");
    }
}

/* ---- the source ----------------------------------------------------------------------------------------------------- */

static const char mapping[] =
    "sources:\n"
    "  crm:\n"
    "    type: rest\n"
    "    dsn: http://127.0.0.1:%d\n"
    "    write_back: on\n"
    "    overlap: 10m\n"
    "    timeout: 400ms\n"
    "    max_attempts: 3\n"
    "%s" /* keys of the source */
    "    objects:\n"
    "      deal:\n"
    "        from: /deals\n"
    "        key: id\n"
    "        modified: updated_at\n"
    "        version: rev\n"
    "        deleted: gone\n"
    "        fields:\n"
    "          name: {type: text}\n"
    "          amount: {column: /money/value, type: money, currency: /money/unit}\n"
    "        parents: {account: {column: account_id}}\n"
    "        children: {notes: {object: note, match: {deal_id: id}, where: {kind: call}, order: at, newest: 2}}\n"
    "        write_back: {summary: {column: ai_summary}}\n"
    "        rest:\n"
    "          items: /data\n"
    "          record: /deals/{id}\n"
    "          write: {path: \"/deals/{id}\", under: /fields, set: {/kind: \"deal {id}\"}}\n"
    "          %s\n" /* more of deal's rest */
    "      account: {from: /accounts, key: id, fields: {name: {type: text}}, rest: {filter: {id: {parameter: ids, list: \",\"}}}}\n"
    "      note:\n"
    "        from: /notes\n"
    "        key: id\n"
    "        fields: {text: {type: text}, at: {type: timestamp}}\n"
    "        rest: {filter: {deal_id: {parameter: deal_ids, list: \",\", max: 100}}}\n";

static void setup(void)
{
    memset(&scene, 0, sizeof(scene));
    scene.n = 25;
    scene.cap = 1000;
    n_waits = 0;
    c = NULL;
    s.yaml = NULL;
    g = got_new();
    stub = stub_open(handler, NULL);
}

static void teardown(void)
{
    connector_close(c);
    if (s.yaml) source_close(&s);
    got_free(g);
    stub_close(stub);
}

/* %port0 and %port1 do not occur: callers print the ports themselves. */
static void connect_with(const char *source, const char *rest)
{
    char text[8192];

    snprintf(text, sizeof(text), mapping, stub->port[0], source, rest);
    source_open(&s, text);
    ck_assert_msg(rest_open(s.cfg, &s.clock, &hooks, &c, &e) == RC_OK, "%s", e.msg);
}

static enum rc pull(const char *since)
{
    g->rows = g->batches = g->largest = g->n_bad = 0;
    return connector_pull(c, "deal", since, got_rows, got_bad, g, &e);
}

static void pull_ok(const char *since, size_t rows)
{
    ck_assert_msg(pull(since) == RC_OK, "%s", e.msg);
    ck_assert_uint_eq(g->rows, rows);
}

static void pull_fails(enum rc rc, const char *part)
{
    enum rc was = pull("");

    ck_assert_msg(was == rc && strstr(e.msg, part), "%s: %s", rc_name(was), e.msg);
    ck_assert_ptr_null(strstr(e.msg, "Anna"));
    ck_assert_ptr_null(strstr(e.msg, SECRET));
}

/* ---- paging ---------------------------------------------------------------------------------------------------------- */

static void pages_with(const char *paging, int requests)
{
    connect_with("", paging);
    pull_ok("", 25);
    ck_assert_str_eq(g->ids[0], "1");
    ck_assert_str_eq(g->ids[24], "25");
    ck_assert_str_eq(g->versions[24], "v25");
    ck_assert_str_eq(g->watermark, "2026-03-01T10:25:00.000000Z");
    ck_assert_int_eq(stub_requests(stub), requests);
    ck_assert_int_eq(stub_connections(stub), 1); /* one connection serves them all */
}

START_TEST(link_paging)
{
    pages_with("paging: {type: link, size_parameter: size, size: 10}", 3);
}
END_TEST

START_TEST(cursor_paging)
{
    pages_with("paging: {type: cursor, next: /after, parameter: after}", 3);
    ck_assert_str_eq(stub_target(stub, 2), "/deals?after=c21");
}
END_TEST

START_TEST(next_url_paging)
{
    pages_with("paging: {type: cursor, next: /next}", 3);
    ck_assert_str_eq(stub_target(stub, 2), "/deals/by-url?from=21");
}
END_TEST

START_TEST(offset_paging)
{
    pages_with("paging: {type: offset, parameter: offset, size_parameter: size, size: 10}", 3);
    ck_assert_str_eq(stub_target(stub, 1), "/deals?size=10&offset=10");
}
END_TEST

START_TEST(page_paging)
{
    pages_with("paging: {type: page, parameter: page, size_parameter: size, size: 10}", 3);
    ck_assert_str_eq(stub_target(stub, 2), "/deals?size=10&page=3");
}
END_TEST

/* A server that gives 7 where 10 are asked for: pages of 7, 7, 7, 4 and an empty one. */
START_TEST(a_server_with_smaller_pages_loses_nothing)
{
    scene.cap = 7;
    pages_with("paging: {type: offset, parameter: offset, size_parameter: size, size: 10}", 5);
}
END_TEST

START_TEST(a_total_saves_the_last_request)
{
    scene.cap = 7;
    pages_with("paging: {type: offset, parameter: offset, size_parameter: size, size: 10, total: /total}", 4);
}
END_TEST

START_TEST(calls_per_thousand_records)
{
    scene.n = 1000;
    connect_with("", "paging: {type: offset, parameter: offset, size_parameter: size, size: 100}");
    pull_ok("", 1000);
    ck_assert_int_eq(stub_requests(stub), 11); /* ten full pages and the empty one */
    ck_assert_uint_eq(g->largest, CONNECTOR_MAX_BATCH);
}
END_TEST

static void answer_raw(const char *text)
{
    scene.raw = text;
    scene.n_raw = strlen(text);
}

START_TEST(a_repeated_cursor_ends_the_loop)
{
    connect_with("", "paging: {type: cursor, next: /after, parameter: after}");
    answer_raw("HTTP/1.1 200 OK\r\nContent-Length: 24\r\n\r\n{\"data\":[],\"after\":\"x\"} ");
    pull_fails(RC_BAD, "circles");
    ck_assert_int_eq(stub_requests(stub), 2);
}
END_TEST

START_TEST(an_ignored_page_parameter_is_found)
{
    connect_with("", "paging: {type: page, parameter: pagina}");
    scene.n = 5;
    pull_fails(RC_BAD, "'pagina'");
    ck_assert_int_eq(stub_requests(stub), 2);
}
END_TEST

START_TEST(a_page_limit)
{
    connect_with("    limits: {pages: 2}\n", "paging: {type: link}");
    pull_fails(RC_LIMIT, "more than 2 pages");
}
END_TEST

START_TEST(a_next_page_elsewhere_is_refused)
{
    char text[256];

    connect_with("", "paging: {type: link}");
    snprintf(text, sizeof(text),
             "HTTP/1.1 200 OK\r\nLink: <http://127.0.0.1:%d/deals>; rel=next\r\nContent-Length: 11\r\n\r\n{\"data\":[]}",
             stub->port[1]);
    answer_raw(text);
    pull_fails(RC_BAD, "another origin");
    ck_assert_int_eq(scene.other_origin, 0);
}
END_TEST

/* ---- watermark --------------------------------------------------------------------------------------------------------- */

START_TEST(since_has_an_overlap_and_is_checked_here_too)
{
    connect_with("", "since: {parameter: changed}\n          query: {size: 25}");
    pull_ok("2026-03-01T10:20:00.000000Z", 16); /* 10 to 25: the stub ignores the parameter */
    ck_assert_str_eq(stub_target(stub, 0), "/deals?size=25&changed=2026-03-01T10%3A10%3A00Z");
    ck_assert_str_eq(g->ids[0], "10");
    ck_assert_int_eq(pull("yesterday"), RC_BAD);
}
END_TEST

START_TEST(an_unsorted_list_moves_the_watermark_at_its_end_only)
{
    scene.n = 500;
    connect_with("", "paging: {type: offset, parameter: offset, size_parameter: size, size: 100}");
    g->stop_after = 401; /* the third batch is not stored */
    ck_assert_int_eq(pull(""), RC_INTERNAL);
    ck_assert_str_eq(g->watermark, "");
}
END_TEST

START_TEST(a_sorted_list_moves_it_with_every_batch)
{
    scene.n = 500;
    connect_with("", "since: {parameter: changed, format: unix, sorted: yes}\n"
                 "          paging: {type: offset, parameter: offset, size_parameter: size, size: 100}");
    g->stop_after = 401;
    ck_assert_int_eq(pull(""), RC_INTERNAL);
    ck_assert_str_eq(g->watermark, "2026-03-01T16:40:00.000000Z"); /* of deal 400 */
}
END_TEST

START_TEST(an_order_that_is_not_as_promised)
{
    connect_with("", "since: {parameter: changed, sorted: yes}");
    answer_raw("HTTP/1.1 200 OK\r\nContent-Length: 90\r\n\r\n{\"data\":[{\"id\":1,\"updated_at\":\"2026-03-02\"},"
               "{\"id\":2,\"updated_at\":\"2026-03-01\"}]}               ");
    pull_fails(RC_BAD, "oldest change first");
}
END_TEST

/* ---- credentials ------------------------------------------------------------------------------------------------------- */

START_TEST(a_header_and_basic)
{
    setenv("BRIEFD_TEST_KEY", SECRET, 1);
    connect_with("    auth: {type: header, header: X-Api-Key, prefix: \"Key \", value: \"${BRIEFD_TEST_KEY}\"}\n", "");
    pull_ok("", 10);
    ck_assert_str_eq(scene.api_key, "Key " SECRET);
    connector_close(c);
    source_close(&s);
    /* RFC 7617, section 2 */
    connect_with("    auth: {type: basic, user: Aladdin, password: open sesame}\n", "");
    pull_ok("", 10);
    ck_assert_str_eq(scene.authorization, "Basic QWxhZGRpbjpvcGVuIHNlc2FtZQ==");
    unsetenv("BRIEFD_TEST_KEY");
}
END_TEST

static void connect_oauth(const char *secret)
{
    char text[512];

    snprintf(text, sizeof(text),
             "    auth: {type: oauth, token_url: \"http://127.0.0.1:%d/token\", client_id: a, client_secret: %s}\n",
             stub->port[0], secret);
    connect_with(text, "");
}

START_TEST(a_token_is_kept_and_renewed_once)
{
    connect_oauth(SECRET);
    scene.valid = "token-1";
    pull_ok("", 10);
    pull_ok("", 10);
    ck_assert_int_eq(scene.tokens, 1);
    scene.valid = "token-2"; /* the first was revoked */
    pull_ok("", 10);
    ck_assert_int_eq(scene.tokens, 2);
    scene.valid = "another";
    pull_fails(RC_BAD, "refuses the credentials");
    ck_assert_int_eq(scene.tokens, 3);
}
END_TEST

START_TEST(a_refused_client)
{
    connect_oauth("wrong");
    pull_fails(RC_BAD, "HTTP 401, invalid_client");
}
END_TEST

START_TEST(statuses_without_hope_are_not_repeated)
{
    connect_with("    auth: {type: header, value: " SECRET "}\n", "");
    scene.fail_first = -1;
    scene.status = 401;
    pull_fails(RC_BAD, "credentials (HTTP 401)");
    scene.status = 403;
    pull_fails(RC_BAD, "HTTP 403");
    scene.status = 400;
    pull_fails(RC_BAD, "HTTP 400");
    ck_assert_int_eq(stub_requests(stub), 3);
}
END_TEST

START_TEST(a_redirect_elsewhere_goes_without_credentials)
{
    char text[128];

    connect_with("    auth: {type: header, value: " SECRET "}\n    headers: {X-Api-Key: " SECRET "}\n", "");
    snprintf(text, sizeof(text), "Location: http://127.0.0.1:%d/x\r\n", stub->port[1]);
    scene.fail_first = 1;
    scene.status = 302;
    scene.headers = text;
    pull_ok("", 1);
    ck_assert_int_eq(scene.other_origin, 1);
    ck_assert_int_eq(scene.leaked, 0);
    /* On its own origin they stay. */
    scene.fail_first = 1;
    scene.headers = "Location: /deals\r\n";
    scene.authorization[0] = '\0';
    pull_ok("", 10);
    ck_assert_str_eq(scene.authorization, SECRET);
    scene.fail_first = -1; /* in circles */
    pull_fails(RC_LIMIT, "more than 5 redirects");
    scene.headers = "Location: ftp://127.0.0.1/x\r\n";
    pull_fails(RC_BAD, "redirect");
}
END_TEST

/* ---- trouble ------------------------------------------------------------------------------------------------------------- */

START_TEST(retry_after_is_honoured)
{
    connect_with("", "");
    scene.fail_first = 1;
    scene.status = 429;
    scene.headers = "Retry-After: 7\r\n";
    pull_ok("", 10);
    ck_assert_uint_eq(n_waits, 1);
    ck_assert_int_eq(waits[0], 7000 + 250); /* with half of the first 500 ms */
    scene.fail_first = 1;
    scene.status = 503;
    scene.headers = "Retry-After: Sun, 06 Nov 1994 08:49:37 GMT\r\n";
    pull_ok("", 10);
    ck_assert_int_eq(waits[1], 7000 + 250);
    scene.fail_first = 1;
    scene.headers = "Retry-After: 3600\r\n";
    pull_fails(RC_RETRY, "3600 s");
    ck_assert_uint_eq(n_waits, 2);
}
END_TEST

START_TEST(a_server_that_recovers_and_one_that_does_not)
{
    connect_with("", "");
    scene.fail_first = 2;
    scene.status = 500;
    pull_ok("", 10);
    ck_assert_uint_eq(n_waits, 2);
    ck_assert_int_eq(waits[0], 250);
    ck_assert_int_eq(waits[1], 500);
    scene.fail_first = -1;
    pull_fails(RC_RETRY, "HTTP 500 (attempt 3 of 3)");
    ck_assert_int_eq(stub_requests(stub), 6);
}
END_TEST

START_TEST(nobody_there)
{
    connect_with("", "");
    close(stub->listener[0]);
    stub->listener[0] = -1;
    connector_close(c);
    c = NULL;
    source_close(&s);
    stub->port[0] = 1; /* a port that nothing listens on */
    connect_with("", "");
    pull_fails(RC_RETRY, "no connection");
}
END_TEST

START_TEST(a_content_length_that_is_too_long)
{
    connect_with("", "");
    scene.close = true;
    answer_raw("HTTP/1.1 200 OK\r\nContent-Length: 500\r\n\r\n{\"data\":[");
    pull_fails(RC_RETRY, "cut");
    scene.close = false; /* and one that leaves us waiting */
    scene.hold = true;
    pull_fails(RC_RETRY, "within its time");
}
END_TEST

START_TEST(a_content_length_that_is_too_short)
{
    connect_with("", "");
    answer_raw("HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\n{\"data\":[]}");
    pull_fails(RC_BAD, "not valid JSON: offset 9");
    scene.raw = NULL; /* the bytes behind it are nobody's next answer */
    pull_ok("", 10);
}
END_TEST

START_TEST(a_cut_chunk)
{
    connect_with("", "");
    scene.close = true;
    answer_raw("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nb\r\n{\"data\":[]}\r\n");
    pull_fails(RC_RETRY, "");
}
END_TEST

START_TEST(a_slow_drip_is_cut_off)
{
    char text[2048];
    int n = snprintf(text, sizeof(text), "HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\n");

    memset(text + n, ' ', 1000);
    text[n + 1000] = '\0';
    connect_with("", "");
    scene.drip_from = (size_t)n;
    answer_raw(text);
    pull_fails(RC_RETRY, "within its time (timeout 400 ms"); /* all of it would take 20 s */
}
END_TEST

START_TEST(an_answer_that_is_too_large)
{
    connect_with("    limits: {bytes: 1024}\n", "");
    pull_fails(RC_LIMIT, "larger than 1024 bytes");
    ck_assert_int_eq(stub_requests(stub), 1);
}
END_TEST

START_TEST(answers_that_are_no_json)
{
    connect_with("", "");
    answer_raw("HTTP/1.1 200 OK\r\nContent-Length: 13\r\n\r\n<html></html>");
    pull_fails(RC_BAD, "not valid JSON: offset 0");
    answer_raw("HTTP/1.1 200 OK\r\nContent-Length: 11\r\n\r\n{\"items\":[]");
    pull_fails(RC_BAD, "not valid JSON: offset 11");
    answer_raw("HTTP/1.1 200 OK\r\nContent-Length: 12\r\n\r\n{\"items\":[]}");
    pull_fails(RC_BAD, "no array at '/data'");
}
END_TEST

/* ---- fetch ----------------------------------------------------------------------------------------------------------------- */

static enum rc fetch(const char *const *ids, size_t n)
{
    return connector_fetch(c, "deal", ids, n, got_record, got_bad, g, &e);
}

START_TEST(whole_records)
{
    const char *ids[] = {"2", "99", "1"};
    const struct record *r;
    const struct record_list *l;

    connect_with("", "filter: {id: {parameter: ids, list: \",\", max: 100}}");
    ck_assert_msg(fetch(ids, 3) == RC_OK, "%s", e.msg);
    ck_assert_uint_eq(g->n_records, 2);
    ck_assert_uint_eq(g->n_bad, 0);
    r = got_id(g, "1");
    ck_assert_str_eq(text_of(r, "name"), "Deal 1");
    ck_assert_str_eq(text_of(r, "amount"), "12345678901234567.10");
    ck_assert_str_eq(record_field(r, "amount")->currency, "EUR");
    ck_assert_str_eq(r->version, "v1");
    ck_assert_str_eq(text_of(record_parent_named(r, "account"), "name"), "Account a1");
    l = record_list_named(r, "notes");
    ck_assert_uint_eq(l->count, 2); /* the newest two calls, without the mail */
    ck_assert_str_eq(l->items[0]->id, "1-3");
    ck_assert_str_eq(l->items[1]->id, "1-2");
    ck_assert_str_eq(text_of(l->items[0], "at"), "2026-03-01T10:00:03.000000Z");
    ck_assert_int_eq(stub_requests(stub), 3); /* deals, accounts, notes */
}
END_TEST

static bool only_name(void *ctx, const struct map_field *f)
{
    (void)ctx;
    return strcmp(f->spec.name, "name") == 0;
}

START_TEST(a_look_at_one_field)
{
    const char *ids[] = {"2", "1"};

    connect_with("", "filter: {id: {parameter: ids, list: \",\", max: 100}}");
    ck_assert_msg(connector_fetch_fields(c, "deal", only_name, NULL, ids, 2, got_record, g, &e) == RC_OK, "%s", e.msg);
    ck_assert_uint_eq(g->n_records, 2);
    ck_assert_str_eq(text_of(got_id(g, "1"), "name"), "Deal 1");
    ck_assert_ptr_null(record_field(got_id(g, "1"), "amount"));
    ck_assert_ptr_null(record_parent_named(got_id(g, "1"), "account"));
    ck_assert_int_eq(stub_requests(stub), 1);
}
END_TEST

/* Keys, stamps, relations and fields, each once; the amount's pointer by its first name. */
START_TEST(only_members_of_the_mapping_are_asked_for)
{
    static const char want[] = "id,updated_at,rev,gone,name,money,account_id";
    const char *ids[] = {"2"};

    connect_with("", "select: {parameter: select}");
    ck_assert_msg(fetch(ids, 1) == RC_OK, "%s", e.msg); /* by `record` */
    ck_assert_str_eq(scene.selected, want);
    connector_close(c);
    source_close(&s);
    got_free(g);
    g = got_new();
    *scene.selected = '\0';
    connect_with("", "select: {parameter: select}\n          filter: {id: {parameter: ids, list: \",\"}}");
    ck_assert_msg(fetch(ids, 1) == RC_OK, "%s", e.msg); /* by the list */
    ck_assert_str_eq(scene.selected, want);
    ck_assert_uint_eq(g->n_records, 1);
    connector_close(c);
    source_close(&s);
    connect_with("", "select: {parameter: select, list: \" \", under: /money}");
    pull_ok("", 10); /* one page */
    ck_assert_str_eq(scene.selected, "value unit");
}
END_TEST

START_TEST(a_full_batch_costs_as_many_requests_as_the_mapping_says)
{
    static char text[CONNECTOR_MAX_BATCH][8];
    const char *ids[CONNECTOR_MAX_BATCH];

    scene.n = 1000;
    for (size_t i = 0; i < CONNECTOR_MAX_BATCH; i++) {
        snprintf(text[i], sizeof(text[i]), "%zu", i + 1);
        ids[i] = text[i];
    }
    connect_with("", "filter: {id: {parameter: ids, list: \",\", max: 100}}");
    ck_assert_msg(fetch(ids, CONNECTOR_MAX_BATCH) == RC_OK, "%s", e.msg);
    ck_assert_uint_eq(g->n_records, CONNECTOR_MAX_BATCH);
    ck_assert_int_eq(stub_requests(stub), 2 + 1 + 2); /* 200 deals by 100, three accounts, notes of 200 by 100 */
}
END_TEST

START_TEST(without_a_list_each_record_costs_a_request)
{
    const char *ids[] = {"2", "99", "1"};

    connect_with("", "etag: yes");
    ck_assert_msg(fetch(ids, 3) == RC_OK, "%s", e.msg);
    ck_assert_uint_eq(g->n_records, 2);
    ck_assert_str_eq(g->records[0]->version, "\"tag\"");
    ck_assert_int_eq(stub_requests(stub), 3 + 1 + 1);
}
END_TEST

START_TEST(an_ignored_list_parameter_is_found)
{
    const char *ids[] = {"2", "1"};

    scene.ids_ignored = 1;
    connect_with("", "filter: {id: {parameter: ids, list: \",\"}}");
    ck_assert_int_eq(fetch(ids, 2), RC_BAD);
    ck_assert_ptr_nonnull(strstr(e.msg, "'ids'"));
}
END_TEST

static void one_bad(const char *item, const char *part)
{
    const char *ids[] = {"1"};

    scene.item = item;
    g->n_bad = 0;
    ck_assert_msg(fetch(ids, 1) == RC_OK, "%s", e.msg);
    ck_assert_uint_eq(g->n_records, 0);
    ck_assert_uint_eq(g->n_bad, 1);
    ck_assert_msg(strstr(g->bad_reasons[0], part), "%s", g->bad_reasons[0]);
    ck_assert_ptr_null(strstr(g->bad_reasons[0], "Anna"));
}

START_TEST(bad_records_are_quarantined)
{
    char *large = malloc(3 << 20);

    connect_with("", "");
    one_bad("{\"id\":1,\"name\":\"Anna\xff\"}", "crm deal 1: field name: invalid UTF-8 at byte 4");
    one_bad("{\"id\":1,\"name\":\"Anna\\u0000x\"}", "crm deal 1: field name: a NUL byte inside");
    one_bad("{\"id\":1,\"name\":\"Anna \\ud83d\"}", "crm deal 1: field name: invalid UTF-8 at byte 5");
    one_bad("{\"id\":1,\"name\":[\"Anna\"]}", "crm deal 1: field name: an object or array");
    one_bad("{\"id\":1,\"money\":{\"value\":\"Anna\"}}", "crm deal 1: field amount: not a decimal number");
    one_bad("{\"id\":1,\"money\":{\"value\":1,\"unit\":\"Anna\"}}", "ISO 4217");
    one_bad("{\"id\":1,\"updated_at\":\"Anna\"}", "modified");
    ck_assert_ptr_nonnull(large);
    strcpy(large, "{\"id\":1,\"name\":\"");
    memset(large + 16, 'x', 2 << 20);
    strcpy(large + 16 + (2 << 20), "\"}");
    one_bad(large, "2097152 bytes, more than 1048576");
    free(large);
}
END_TEST

START_TEST(unreadable_bytes_in_a_page_cost_only_their_record)
{
    char text[512];
    const char *body = "{\"data\":[{\"id\":1,\"updated_at\":\"2026-03-01\",\"x\":\"\xff \\u0000\"},{\"id\":\"\xff\"},{\"y\":1},"
                       "{\"id\":2,\"updated_at\":\"soon\"},{\"id\":3,\"gone\":true,\"updated_at\":\"2999-01-01\"}]}";

    connect_with("", "");
    snprintf(text, sizeof(text), "HTTP/1.1 200 OK\r\nContent-Length: %zu\r\n\r\n%s", strlen(body), body);
    answer_raw(text);
    pull_ok("", 2);
    ck_assert_str_eq(g->ids[0], "1");
    ck_assert(g->deleted[1]);
    ck_assert_uint_eq(g->n_bad, 3);
    ck_assert_str_eq(g->bad_ids[2], "2");
    ck_assert_str_eq(g->watermark, "2026-03-01T00:00:00.000000Z"); /* not the year 2999 */
}
END_TEST

/* ---- write-back ------------------------------------------------------------------------------------------------------------ */

static enum rc write_back(const char *id, const char *version)
{
    struct write_item item = {.id = id, .version = version, .column = "ai_summary", .text = "Say \"hi\"\n"};

    g->n_results = 0;
    return connector_write_back(c, "deal", &item, 1, got_result, g, &e);
}

START_TEST(outcomes_of_a_write)
{
    connect_with("", "");
    ck_assert_msg(write_back("1", "v1") == RC_OK, "%s", e.msg);
    ck_assert_int_eq(g->outcomes[0], WRITE_DONE);
    ck_assert_str_eq(g->new_versions[0], "v2");
    ck_assert_str_eq(scene.if_match, "\"v1\"");
    ck_assert_str_eq(scene.body, "{\"fields\":{\"ai_summary\":\"Say \\\"hi\\\"\\n\"},\"kind\":\"deal 1\"}");
    ck_assert_int_eq(write_back("1", "v0"), RC_OK);
    ck_assert_int_eq(g->outcomes[0], WRITE_CONFLICT);
    ck_assert_int_eq(write_back("404", "v1"), RC_OK);
    ck_assert_int_eq(g->outcomes[0], WRITE_GONE);
    ck_assert_int_eq(write_back("422", "v1"), RC_OK);
    ck_assert_int_eq(g->outcomes[0], WRITE_FAILED);
    ck_assert_ptr_nonnull(strstr(g->reasons[0], "HTTP 422"));
    ck_assert_ptr_null(strstr(g->reasons[0], "Anna"));
    ck_assert_int_eq(write_back("1", "v\n1"), RC_OK);
    ck_assert_int_eq(g->outcomes[0], WRITE_FAILED);
    ck_assert_int_eq(stub_requests(stub), 4);
}
END_TEST

/* A write that may have been done is not repeated; one that was turned away is. */
START_TEST(a_write_is_not_repeated_blindly)
{
    connect_with("", "");
    scene.fail_first = -1;
    scene.status = 500;
    ck_assert_int_eq(write_back("1", "v1"), RC_RETRY);
    ck_assert_uint_eq(g->n_results, 0);
    ck_assert_int_eq(stub_requests(stub), 1);
    scene.fail_first = 1;
    scene.status = 429;
    ck_assert_int_eq(write_back("1", "v1"), RC_OK);
    ck_assert_int_eq(g->outcomes[0], WRITE_DONE);
    scene.fail_first = -1;
    scene.status = 307;
    scene.headers = "Location: /elsewhere\r\n";
    ck_assert_int_eq(write_back("1", "v1"), RC_OK);
    ck_assert_int_eq(g->outcomes[0], WRITE_FAILED);
}
END_TEST

START_TEST(a_dry_run_sends_nothing)
{
    char text[8192], *at;

    snprintf(text, sizeof(text), mapping, stub->port[0], "", "");
    at = strstr(text, "write_back: on\n");
    memmove(at + strlen("write_back: dry-run\n"), at + strlen("write_back: on\n"), strlen(at + strlen("write_back: on\n")) + 1);
    memcpy(at, "write_back: dry-run\n", strlen("write_back: dry-run\n"));
    source_open(&s, text);
    ck_assert_int_eq(rest_open(s.cfg, &s.clock, &hooks, &c, &e), RC_OK);
    ck_assert_int_eq(write_back("1", "v1"), RC_OK);
    ck_assert_int_eq(g->outcomes[0], WRITE_DRY_RUN);
    ck_assert_int_eq(stub_requests(stub), 0);
}
END_TEST

/* ---- health, identity, configuration ------------------------------------------------------------------------------------------- */

START_TEST(health_and_identity)
{
    char one[128], two[128];

    connect_with("", "");
    ck_assert_msg(connector_health(c, &e) == RC_OK, "%s", e.msg);
    ck_assert_int_eq(connector_identity(c, one, &e), RC_OK);
    ck_assert_int_eq(strncmp(one, "rest:", 5), 0);
    connector_close(c);
    source_close(&s);
    connect_with("    identity: {path: /deals/7, value: /name}\n", "");
    ck_assert_int_eq(connector_identity(c, two, &e), RC_OK);
    ck_assert_str_ne(one, two);
    scene.item = "{\"data\":1}";
    ck_assert_int_eq(connector_identity(c, two, &e), RC_BAD);
    scene.fail_first = -1;
    scene.status = 404;
    ck_assert_int_eq(connector_health(c, &e), RC_BAD);
    ck_assert_ptr_nonnull(strstr(e.msg, "object deal"));
}
END_TEST

static void refuse(const char *source, const char *rest, const char *part)
{
    char text[8192];
    struct yaml *y = NULL;
    struct arena a;
    const struct source_config *cfg;
    enum rc rc;

    snprintf(text, sizeof(text), mapping, 1, source, rest);
    arena_init(&a, 1 << 20);
    ck_assert_int_eq(yaml_parse("test.yaml", text, strlen(text), &y, &e), RC_OK);
    rc = sources_parse(y, yaml_get(yaml_root(y), "sources"), false, &a, &cfg, &e);
    arena_clear(&a);
    yaml_close(y);
    ck_assert_msg(rc == RC_BAD, "accepted: %s%s", source, rest);
    ck_assert_msg(strncmp(e.msg, "test.yaml:", 10) == 0 && strstr(e.msg, part), "%s", e.msg);
}

START_TEST(mistakes_are_placed)
{
    refuse("    auht: {type: none}\n", "", "9:5: unknown key 'auht'; did you mean 'auth'?");
    refuse("    auth: {type: basic, user: a, pasword: b}\n", "", "did you mean 'password'?");
    refuse("    auth: {type: oauth, token_url: \"http://idp.example.com/t\", client_id: a, client_secret: b}\n", "", "https://");
    refuse("    headers: {Host: x}\n", "", "Host");
    refuse("    limits: {bytes: 5}\n", "", "1024");
    refuse("", "item: data", "JSON Pointer");
    refuse("", "pageing: {type: link}", "did you mean 'paging'?");
    refuse("", "paging: {type: cursor}", "'next'");
    refuse("", "paging: {type: offset, parameter: o, size: 5}", "go together");
    refuse("", "query: [a]", "names and values");
    refuse("", "select: {list: \",\"}", "'parameter'");
    refuse("", "select: {parameter: f, list: ab}", "separating character");
    refuse("", "since: {parameter: p, format: epoch}", "unix_ms");
}
END_TEST

START_TEST(urls)
{
    static const char *const good[] = {"https://a.example/x", "http://127.0.0.1:80/", "http://[::1]/", "http://localhost"};
    static const char *const bad[] = {"http://a.example/", "http://127.evil.example/", "ftp://a.example/", "/x", "",
                                      "https://user:pw@a.example/", "https://a.example/#f", "https://a b/"};

    for (size_t i = 0; i < COUNT_OF(good); i++)
        ck_assert_msg(http_url_check(good[i], false, &e) == RC_OK, "%s: %s", good[i], e.msg);
    for (size_t i = 0; i < COUNT_OF(bad); i++)
        ck_assert_msg(http_url_check(bad[i], false, &e) == RC_BAD, "%s", bad[i]);
    ck_assert(http_url_check("http://a.example/", true, &e) == RC_OK);
    ck_assert(http_same_origin("https://A.example/x", "https://a.example:443/y?z"));
    ck_assert(!http_same_origin("https://a.example/", "http://a.example/"));
    ck_assert(!http_same_origin("https://a.example/", "https://a.example.org/"));
    ck_assert(!http_same_origin("https://a.example/", "https://a.example:444/"));
}
END_TEST

int main(void)
{
    const TTest *const tests[] = {
        link_paging, cursor_paging, next_url_paging, offset_paging, page_paging,
        a_server_with_smaller_pages_loses_nothing, a_total_saves_the_last_request, calls_per_thousand_records,
        a_repeated_cursor_ends_the_loop, an_ignored_page_parameter_is_found, a_page_limit,
        a_next_page_elsewhere_is_refused, since_has_an_overlap_and_is_checked_here_too,
        an_unsorted_list_moves_the_watermark_at_its_end_only, a_sorted_list_moves_it_with_every_batch,
        an_order_that_is_not_as_promised, a_header_and_basic, a_token_is_kept_and_renewed_once, a_refused_client,
        statuses_without_hope_are_not_repeated, a_redirect_elsewhere_goes_without_credentials, retry_after_is_honoured,
        a_server_that_recovers_and_one_that_does_not, nobody_there, a_content_length_that_is_too_long,
        a_content_length_that_is_too_short, a_cut_chunk, a_slow_drip_is_cut_off, an_answer_that_is_too_large,
        answers_that_are_no_json, whole_records, a_look_at_one_field,
        only_members_of_the_mapping_are_asked_for, a_full_batch_costs_as_many_requests_as_the_mapping_says,
        without_a_list_each_record_costs_a_request, an_ignored_list_parameter_is_found, bad_records_are_quarantined,
        unreadable_bytes_in_a_page_cost_only_their_record, outcomes_of_a_write, a_write_is_not_repeated_blindly,
        a_dry_run_sends_nothing, health_and_identity, mistakes_are_placed, urls,
    };
    TCase *tc = tcase_create("rest");

    tcase_add_checked_fixture(tc, setup, teardown);
    for (size_t i = 0; i < COUNT_OF(tests); i++)
        tcase_add_test(tc, tests[i]);
    return run_suite("rest", tc);
}
