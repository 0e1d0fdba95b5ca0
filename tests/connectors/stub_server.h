/* stub_server.h: an HTTP server of the test process that can also misbehave: a thread with raw sockets on two
 * loopback ports (two origins). The test's handler writes the bytes of each answer; it runs on the server's thread,
 * so it must not use Check's assertions. */
#ifndef TESTS_CONNECTORS_STUB_SERVER_H
#define TESTS_CONNECTORS_STUB_SERVER_H

#include <arpa/inet.h>
#include <check.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <pthread.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/socket.h>
#include <unistd.h>

#include "../../base/buf.h"

#define STUB_ORIGINS 2
#define STUB_CONNECTIONS 32
#define STUB_LOG 2048
#define STUB_DRIP_MS 20

struct stub_request {
    int origin;          /* 0 or 1: which port it came to */
    const char *method;
    const char *target;  /* "/deals?page=2" */
    const char *head;    /* all header lines */
    const char *body;
    size_t n_body;
    int number;          /* of all requests, from 0 */
};

struct stub_answer {
    struct buf bytes;  /* of the whole answer, status line included */
    bool close;        /* close the connection behind it */
    bool hold;         /* send nothing more on this connection, and leave it open */
    size_t drip_from;  /* bytes from here on go out one every STUB_DRIP_MS; 0: none */
};

struct stub;
typedef void (*stub_fn)(struct stub *s, const struct stub_request *r, struct stub_answer *a);

struct stub_connection {
    int fd, origin;
    struct buf in;
    struct stub_answer out;
    size_t sent;
    bool answering, held;
};

struct stub {
    stub_fn handler;
    void *ctx;
    int port[STUB_ORIGINS], listener[STUB_ORIGINS], wake[2];
    pthread_t thread;
    struct stub_connection c[STUB_CONNECTIONS];
    pthread_mutex_t lock; /* of what follows */
    int n_requests, n_connections;
    char targets[STUB_LOG][256], methods[STUB_LOG][8];
};

/* ---- what handlers use -------------------------------------------------------------------------------------------- */

/* The value of a header field into out, "" if it is absent. */
static inline void stub_header(const struct stub_request *r, const char *name, char *out, size_t size)
{
    size_t n = strlen(name);

    out[0] = '\0';
    for (const char *line = r->head; *line; line = strstr(line, "\r\n") + 2) {
        if (strncasecmp(line, name, n) != 0 || line[n] != ':') continue;
        line += n + 1;
        line += strspn(line, " ");
        snprintf(out, size, "%.*s", (int)strcspn(line, "\r"), line);
        return;
    }
}

/* The decoded value of a query parameter; false and "" if it is absent. */
static inline bool stub_param(const struct stub_request *r, const char *name, char *out, size_t size)
{
    const char *p = strchr(r->target, '?');
    size_t n = strlen(name), k = 0;

    out[0] = '\0';
    for (p = p ? p + 1 : NULL; p && *p; p = strchr(p, '&') ? strchr(p, '&') + 1 : NULL) {
        if (strncmp(p, name, n) != 0 || p[n] != '=') continue;
        for (p += n + 1; *p && *p != '&' && k + 1 < size; p++) {
            unsigned v;

            if (*p == '%' && sscanf(p + 1, "%2x", &v) == 1) {
                out[k++] = (char)v;
                p += 2;
            } else {
                out[k++] = *p;
            }
        }
        out[k] = '\0';
        return true;
    }
    return false;
}

static inline bool stub_path(const struct stub_request *r, const char *path)
{
    size_t n = strcspn(r->target, "?");

    return strlen(path) == n && strncmp(r->target, path, n) == 0;
}

/* `headers`: lines that each end in \r\n. */
static inline void stub_reply(struct stub_answer *a, int status, const char *headers, const char *body)
{
    buf_printf(&a->bytes, "HTTP/1.1 %d Reason\r\nContent-Type: application/json\r\nContent-Length: %zu\r\n%s\r\n%s", status,
               strlen(body), headers, body);
}

/* ---- the server ---------------------------------------------------------------------------------------------------- */

static inline void stub_drop(struct stub_connection *c)
{
    close(c->fd);
    c->fd = -1;
    buf_clear(&c->in);
    buf_clear(&c->out.bytes);
    c->answering = c->held = false;
}

static inline void stub_accept(struct stub *s, int origin)
{
    int fd = accept4(s->listener[origin], NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC);

    for (size_t i = 0; fd >= 0 && i < STUB_CONNECTIONS; i++) {
        if (s->c[i].fd >= 0) continue;
        s->c[i] = (struct stub_connection){.fd = fd, .origin = origin};
        buf_init(&s->c[i].in, (size_t)16 << 20);
        buf_init(&s->c[i].out.bytes, (size_t)128 << 20);
        pthread_mutex_lock(&s->lock);
        s->n_connections++;
        pthread_mutex_unlock(&s->lock);
        return;
    }
    if (fd >= 0) close(fd);
}

/* Answer the request in c->in if it is whole. */
static inline void stub_answer(struct stub *s, struct stub_connection *c)
{
    char *end = strstr(c->in.data, "\r\n\r\n"), *space, *line;
    char length[32];
    struct stub_request r = {.origin = c->origin};
    size_t head, need;

    if (!end) return;
    head = (size_t)(end - c->in.data) + 4;
    line = strstr(c->in.data, "\r\n");
    r.head = line + 2;
    stub_header(&r, "Content-Length", length, sizeof(length));
    need = head + (size_t)atol(length);
    if (c->in.len < need) return;
    end[2] = '\0'; /* the last header line keeps its end */
    *line = '\0';
    r.method = c->in.data;
    space = strchr(c->in.data, ' ');
    *space = '\0';
    r.target = space + 1;
    *strchr(space + 1, ' ') = '\0';
    r.body = c->in.data + head;
    r.n_body = need - head;
    pthread_mutex_lock(&s->lock);
    r.number = s->n_requests++;
    if (r.number < STUB_LOG) {
        snprintf(s->targets[r.number], sizeof(s->targets[0]), "%s", r.target);
        snprintf(s->methods[r.number], sizeof(s->methods[0]), "%s", r.method);
    }
    buf_reset(&c->out.bytes);
    c->out.close = c->out.hold = false;
    c->out.drip_from = 0;
    s->handler(s, &r, &c->out);
    pthread_mutex_unlock(&s->lock);
    c->answering = true;
    c->sent = 0;
    buf_reset(&c->in); /* nobody here sends the next request before the answer */
}

static inline void stub_read(struct stub *s, struct stub_connection *c)
{
    char bytes[65536];
    ssize_t n = read(c->fd, bytes, sizeof(bytes));

    if (n <= 0) {
        if (n == 0 || errno != EAGAIN) stub_drop(c);
        return;
    }
    buf_add(&c->in, bytes, (size_t)n);
    if (!c->answering && !c->held) stub_answer(s, c);
}

static inline void stub_write(struct stub_connection *c)
{
    const struct stub_answer *a = &c->out;
    size_t upto = a->bytes.len;
    ssize_t n;

    if (a->drip_from) upto = c->sent < a->drip_from ? a->drip_from : c->sent + 1;
    if (upto > a->bytes.len) upto = a->bytes.len;
    n = send(c->fd, a->bytes.data + c->sent, upto - c->sent, MSG_NOSIGNAL);
    if (n < 0 && errno != EAGAIN) {
        stub_drop(c);
        return;
    }
    if (n > 0) c->sent += (size_t)n;
    if (c->sent < a->bytes.len) return;
    c->answering = false;
    c->held = a->hold;
    if (a->close && !a->hold) stub_drop(c);
}

static inline bool stub_dripping(const struct stub_connection *c)
{
    return c->fd >= 0 && c->answering && c->out.drip_from && c->sent >= c->out.drip_from;
}

static inline void *stub_run(void *ctx)
{
    struct stub *s = ctx;

    for (;;) {
        struct pollfd p[STUB_ORIGINS + 1 + STUB_CONNECTIONS];
        int timeout = -1;

        for (int i = 0; i < STUB_ORIGINS; i++)
            p[i] = (struct pollfd){.fd = s->listener[i], .events = POLLIN};
        p[STUB_ORIGINS] = (struct pollfd){.fd = s->wake[0], .events = POLLIN};
        for (size_t i = 0; i < STUB_CONNECTIONS; i++) {
            struct stub_connection *c = &s->c[i];
            bool drips = stub_dripping(c);

            if (drips) timeout = STUB_DRIP_MS;
            p[STUB_ORIGINS + 1 + i] = (struct pollfd){
                .fd = c->fd, .events = (short)(POLLIN | (c->answering && !drips ? POLLOUT : 0))};
        }
        if (poll(p, STUB_ORIGINS + 1 + STUB_CONNECTIONS, timeout) < 0 && errno != EINTR) return NULL;
        if (p[STUB_ORIGINS].revents) return NULL;
        for (size_t i = 0; i < STUB_CONNECTIONS; i++) {
            struct stub_connection *c = &s->c[i];
            short seen = p[STUB_ORIGINS + 1 + i].revents;
            bool dripped = stub_dripping(c);

            if (c->fd >= 0 && (seen & (POLLIN | POLLHUP | POLLERR))) stub_read(s, c);
            if (c->fd >= 0 && c->answering && ((seen & POLLOUT) || dripped)) stub_write(c);
        }
        for (int i = 0; i < STUB_ORIGINS; i++) {
            if (p[i].revents) stub_accept(s, i);
        }
    }
}

static inline struct stub *stub_open(stub_fn handler, void *ctx)
{
    struct stub *s = calloc(1, sizeof(*s));

    ck_assert_ptr_nonnull(s);
    s->handler = handler;
    s->ctx = ctx;
    pthread_mutex_init(&s->lock, NULL);
    for (size_t i = 0; i < STUB_CONNECTIONS; i++)
        s->c[i].fd = -1;
    for (int i = 0; i < STUB_ORIGINS; i++) {
        struct sockaddr_in a = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
        socklen_t n = sizeof(a);

        s->listener[i] = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
        ck_assert_int_eq(bind(s->listener[i], (struct sockaddr *)&a, sizeof(a)), 0);
        ck_assert_int_eq(listen(s->listener[i], 64), 0);
        ck_assert_int_eq(getsockname(s->listener[i], (struct sockaddr *)&a, &n), 0);
        s->port[i] = ntohs(a.sin_port);
    }
    ck_assert_int_eq(pipe2(s->wake, O_CLOEXEC), 0);
    ck_assert_int_eq(pthread_create(&s->thread, NULL, stub_run, s), 0);
    return s;
}

static inline void stub_close(struct stub *s)
{
    ck_assert_int_eq(write(s->wake[1], "x", 1), 1);
    pthread_join(s->thread, NULL);
    for (size_t i = 0; i < STUB_CONNECTIONS; i++) {
        if (s->c[i].fd >= 0) stub_drop(&s->c[i]);
    }
    for (int i = 0; i < STUB_ORIGINS; i++)
        close(s->listener[i]);
    close(s->wake[0]);
    close(s->wake[1]);
    pthread_mutex_destroy(&s->lock);
    free(s);
}

static inline int stub_requests(struct stub *s)
{
    int n;

    pthread_mutex_lock(&s->lock);
    n = s->n_requests;
    pthread_mutex_unlock(&s->lock);
    return n;
}

static inline int stub_connections(struct stub *s)
{
    int n;

    pthread_mutex_lock(&s->lock);
    n = s->n_connections;
    pthread_mutex_unlock(&s->lock);
    return n;
}

/* Targets of the requests so far are stable between two calls of the client. */
static inline const char *stub_target(struct stub *s, int i)
{
    return i < STUB_LOG ? s->targets[i] : "";
}

#endif
