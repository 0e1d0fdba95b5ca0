/* The audit chain in the store, and its head beside the key. An entry commits with what it reports; the head is written
 * after that, so a crash leaves a head that is behind by entries which each have their own seal. */
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <unistd.h>
#include "../base/file.h"
#include "../base/log.h"
#include "store_db.h"

#define ENTRY_COLUMNS "seq, at_us, actor, event, object, outcome, detail, hash, mac"

static const uint8_t *audit_key(const struct store *s)
{
    return keyring_audit_key(s->opt.keys);
}

/* ---- appending and reading -------------------------------------------------------------------------------------- */

static enum rc bad_entry(int64_t seq, struct err *e)
{
    return err_set(e, RC_BAD, "audit: entry %lld has no hash or seal of the right size", (long long)seq);
}

/* The chain as it stood after entry `seq`; *found is false if there is none (0 is always there). Of an entry that
 * retention removed the base tells. */
static enum rc walk_at(struct store *s, int64_t seq, struct audit_walk *w, bool *found, struct err *e)
{
    struct rows *r = NULL;
    size_t n = 0;
    memset(w, 0, sizeof(*w));
    *found = true;
    if (seq == 0)
        return RC_OK;
    enum rc rc = db_query(s, &r, e,
                          "SELECT hash FROM audit WHERE seq = $1"
                          " UNION ALL SELECT hash FROM audit_checkpoint WHERE seq = $1 AND base = 1",
                          WITH(p_int(seq)));
    if (rc == RC_OK)
        rc = rows_next(r, found, e);
    if (rc == RC_OK && *found) {
        const void *hash = rows_blob(r, 0, &n);
        w->seq = seq;
        if (n == AUDIT_HASH_SIZE)
            memcpy(w->hash, hash, n);
        else
            rc = bad_entry(seq, e);
    }
    rows_done(r);
    return rc;
}

/* The detail as it is stored: with the hash of the sealed content, if there is any. *made is freed by the caller. */
static enum rc detail_of(struct store *s, int64_t seq, const struct audit_event *ev, char **made, struct err *e)
{
    char hash[SHA256_HEX_SIZE] = "";
    const char *detail = ev->detail ? ev->detail : "";
    enum rc rc = ev->content ? content_put(s, seq, ev->content, hash, e) : RC_OK;
    if (rc == RC_OK && asprintf(made, "%s%s%s%s", detail, *detail && *hash ? " " : "", *hash ? "content=" : "", hash) < 0) {
        *made = NULL;
        rc = err_set(e, RC_NOMEM, "audit: out of memory");
    }
    return rc;
}

/* Behind the entry that w stands for. */
static enum rc insert_entry(struct store *s, struct audit_walk *w, const struct audit_event *ev, const char *object,
                            const char *detail, struct err *e)
{
    uint8_t mac[AUDIT_HASH_SIZE];
    char actor[PSEUDONYM_SIZE];
    enum rc rc = actor_pseudonym(s, ev->actor, actor, e);
    if (rc != RC_OK)
        return rc;
    struct audit_entry x = {.seq = ++w->seq,
                            .at_us = store_now_us(s),
                            .actor = actor,
                            .event = ev->event,
                            .object = ev->object ? ev->object : object ? object : "",
                            .outcome = ev->outcome ? ev->outcome : "ok",
                            .detail = detail};
    audit_seal(audit_key(s), w->hash, &x, w->hash, mac);
    rc = db_run(s, e, "INSERT INTO audit(" ENTRY_COLUMNS ") VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)",
                WITH(p_int(x.seq), p_int(x.at_us), p_text(x.actor), p_text(x.event), p_text(x.object), p_text(x.outcome),
                     p_text(x.detail), p_blob(w->hash, sizeof(w->hash)), p_blob(mac, sizeof(mac))));
    return rc == RC_OK ? checkpoint_due(s, w, x.at_us, e) : rc;
}

enum rc audit_append(struct store *s, const struct audit_event *ev, const char *object, struct err *e)
{
    struct audit_walk w;
    int64_t last;
    bool found = false;
    char *detail = NULL;
    enum rc rc = db_int(s, 0, &last, e,
                        "SELECT coalesce((SELECT max(seq) FROM audit),"
                        " (SELECT max(seq) FROM audit_checkpoint WHERE base = 1), 0)",
                        WITH_NOTHING);
    if (rc == RC_OK)
        rc = walk_at(s, last, &w, &found, e);
    if (rc == RC_OK)
        rc = detail_of(s, last + 1, ev, &detail, e);
    if (rc == RC_OK)
        rc = insert_entry(s, &w, ev, object, detail, e);
    free(detail);
    s->audited = true;
    return rc;
}

enum rc store_audit_add(struct store *s, const struct audit_event *ev, struct err *e)
{
    enum rc rc = tx_begin(s, e);
    if (rc == RC_OK)
        rc = audit_append(s, ev, NULL, e);
    return tx_end(s, rc, e);
}

typedef enum rc (*sealed_fn)(void *ctx, const struct audit_entry *x, const uint8_t *hash, const uint8_t *mac,
                             struct err *e);

/* Entries after `after`, in order. */
static enum rc each_entry(struct store *s, int64_t after, sealed_fn on_entry, void *ctx, struct err *e)
{
    struct rows *r = NULL;
    bool more = true;
    enum rc rc = db_query(s, &r, e, "SELECT " ENTRY_COLUMNS " FROM audit WHERE seq > $1 ORDER BY seq",
                          WITH(p_int(after)));
    while (rc == RC_OK && (rc = rows_next(r, &more, e)) == RC_OK && more) {
        struct audit_entry x = {.seq = rows_int(r, 0), .at_us = rows_int(r, 1), .actor = rows_text(r, 2),
                                .event = rows_text(r, 3), .object = rows_text(r, 4), .outcome = rows_text(r, 5),
                                .detail = rows_text(r, 6)};
        size_t n_hash, n_mac;
        const uint8_t *hash = rows_blob(r, 7, &n_hash), *mac = rows_blob(r, 8, &n_mac);
        if (n_hash != AUDIT_HASH_SIZE || n_mac != AUDIT_HASH_SIZE)
            rc = bad_entry(x.seq, e);
        else
            rc = on_entry(ctx, &x, hash, mac, e);
    }
    rows_done(r);
    return rc;
}

struct listing {
    audit_fn on_entry;
    void *ctx;
};

static enum rc list_entry(void *ctx, const struct audit_entry *x, const uint8_t *hash, const uint8_t *mac,
                          struct err *e)
{
    const struct listing *l = ctx;
    (void)hash;
    (void)mac;
    return l->on_entry(l->ctx, x, e);
}

enum rc store_audit_walk(struct store *s, audit_fn on_entry, void *ctx, struct err *e)
{
    return each_entry(s, 0, list_entry, &(struct listing){on_entry, ctx}, e);
}

struct exporting {
    audit_sealed_fn on_entry;
    void *ctx;
    struct checkpoints checkpoints;
    size_t at;
};

static enum rc export_entry(void *ctx, const struct audit_entry *x, const uint8_t *hash, const uint8_t *mac, struct err *e)
{
    struct exporting *o = ctx;
    const struct checkpoints *c = &o->checkpoints;
    (void)mac;
    while (o->at < c->n && (c->all[o->at].seq < x->seq || c->all[o->at].base))
        o->at++;
    const struct audit_checkpoint *here = o->at < c->n && c->all[o->at].seq == x->seq ? &c->all[o->at] : NULL;
    return o->on_entry(o->ctx, x, hash, here, e);
}

enum rc store_audit_export(struct store *s, int64_t from, audit_sealed_fn on_entry, void *ctx, struct err *e)
{
    struct exporting o = {.on_entry = on_entry, .ctx = ctx};
    enum rc rc = tx_begin_read(s, e);
    if (rc == RC_OK)
        rc = checkpoints_read(s, &o.checkpoints, e);
    if (rc == RC_OK)
        rc = each_entry(s, from - 1, export_entry, &o, e);
    free(o.checkpoints.all);
    return tx_end(s, rc, e);
}

/* ---- the head --------------------------------------------------------------------------------------------------- */

/* *there is false if there is no head. A head that cannot be read counts as one that fits nothing. */
static void read_head(const char *path, char line[AUDIT_HEAD_SIZE], int64_t *seq, bool *there)
{
    FILE *f = fopen(path, "re");
    *there = f || errno != ENOENT;
    *seq = -1;
    line[0] = '\0';
    if (f && fgets(line, AUDIT_HEAD_SIZE, f))
        *seq = strtoll(line, NULL, 10);
    if (f)
        fclose(f);
}

/* Whole or not at all: written beside, flushed, renamed. */
static bool write_head(const char *path, const char *line)
{
    char temporary[PATH_MAX];
    if (snprintf(temporary, sizeof(temporary), "%s.new", path) >= (int)sizeof(temporary))
        return false;
    int fd = open(temporary, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
    if (fd < 0)
        return false;
    bool ok = file_write_all(fd, line, strlen(line));
    ok = close(fd) == 0 && ok;
    return ok && rename(temporary, path) == 0;
}

int64_t audit_head_seq(struct store *s)
{
    char line[AUDIT_HEAD_SIZE];
    int64_t seq;
    bool there;
    read_head(keyring_head_path(s->opt.keys), line, &seq, &there);
    return there ? seq : -1;
}

struct check {
    struct store *store;
    struct audit_walk walk;
    const char *head;  /* line to compare when its entry comes by, or NULL */
    int64_t head_seq;
    struct checkpoints checkpoints; /* signed by this store's key */
    size_t at;                      /* the first of them that the walk has not passed */
    int64_t contents;               /* entries that name one */
};

/* Checkpoints of the entry that the walk has reached. */
static enum rc compare_checkpoints(struct check *c, struct err *e)
{
    for (; c->at < c->checkpoints.n && c->checkpoints.all[c->at].seq <= c->walk.seq; c->at++) {
        const struct audit_checkpoint *p = &c->checkpoints.all[c->at];
        if (p->seq == c->walk.seq && !crypto_equal(p->hash, c->walk.hash, sizeof(p->hash)))
            return err_set(e, RC_BAD, "audit: entry %lld is not the one that its checkpoint signed", (long long)p->seq);
    }
    return RC_OK;
}

static enum rc step_entry(void *ctx, const struct audit_entry *x, const uint8_t *hash, const uint8_t *mac,
                          struct err *e)
{
    struct check *c = ctx;
    enum rc rc = audit_walk_step(&c->walk, audit_key(c->store), x, hash, mac, e);
    if (rc == RC_OK && c->head && c->walk.seq == c->head_seq)
        rc = audit_head_check(&c->walk, audit_key(c->store), c->head, e);
    c->contents += content_named(x->detail);
    return rc == RC_OK ? compare_checkpoints(c, e) : rc;
}

enum rc audit_check_from(struct store *s, struct audit_walk *w, struct err *e)
{
    char line[AUDIT_HEAD_SIZE];
    bool there;
    struct check c = {.store = s, .walk = *w, .head = line};
    read_head(keyring_head_path(s->opt.keys), line, &c.head_seq, &there);
    if (!there)
        return err_set(e, RC_BAD, "audit: the head %s is missing", keyring_head_path(s->opt.keys));
    enum rc rc = each_entry(s, w->seq, step_entry, &c, e);
    if (rc == RC_OK)
        rc = audit_head_check(&c.walk, audit_key(s), line, e);
    if (rc == RC_OK)
        *w = c.walk;
    return rc;
}

/* From the head that is there to the chain's end, each entry's seal checked. Only a head that the chain bears out moves
 * on: one that it contradicts is evidence, and stays for `audit verify`. */
static enum rc follow(struct store *s, struct err *e)
{
    const char *path = keyring_head_path(s->opt.keys);
    char line[AUDIT_HEAD_SIZE];
    int64_t seq, last = 0;
    bool there, found = false;
    struct check c = {.store = s};
    enum rc rc;

    read_head(path, line, &seq, &there);
    if (there && seq < 0)
        return err_set(e, RC_BAD, "audit: the head %s cannot be read", path);
    if (!there) {
        rc = db_int(s, 0, &last, e, "SELECT coalesce(max(seq), 0) FROM audit", WITH_NOTHING);
        if (rc != RC_OK || last > 0)
            return rc != RC_OK ? rc : err_set(e, RC_BAD, "audit: the head %s is missing", path);
    } else {
        rc = walk_at(s, seq, &c.walk, &found, e);
        if (rc == RC_OK && !found)
            rc = err_set(e, RC_BAD, "audit: the chain was cut: its head knows %lld entries", (long long)seq);
        if (rc == RC_OK)
            rc = audit_head_check(&c.walk, audit_key(s), line, e);
        if (rc == RC_OK)
            rc = each_entry(s, seq, step_entry, &c, e);
        if (rc != RC_OK || c.walk.seq == seq)
            return rc;
    }
    audit_head_format(&c.walk, audit_key(s), line);
    return write_head(path, line) ? RC_OK : err_sys(e, RC_RETRY, errno, "audit: write %s", path);
}

void audit_head_follow(struct store *s)
{
    char lock[PATH_MAX];
    struct err e = {""};
    int fd = -1;
    if (snprintf(lock, sizeof(lock), "%s.lock", keyring_head_path(s->opt.keys)) < (int)sizeof(lock))
        fd = open(lock, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
    /* The lock keeps a slower thread from putting an older head over a newer one. */
    if (fd < 0 || flock(fd, LOCK_EX) != 0)
        err_sys(&e, RC_RETRY, errno, "audit: lock the head");
    else if (follow(s, &e) == RC_OK)
        e.msg[0] = '\0';
    if (e.msg[0]) /* the entry itself is safe, so what it reports must not fail now */
        log_event(LOG_ERROR, "audit head not moved", "why", e.msg, "hint", "run briefctl audit verify", NULL);
    if (fd >= 0)
        close(fd);
}

/* The chain from its beginning, in one snapshot of the store. */
static enum rc walk_all(struct store *s, struct check *c, struct err *e)
{
    const struct checkpoints *p = &c->checkpoints;
    enum rc rc = checkpoints_read(s, &c->checkpoints, e);
    if (rc == RC_OK)
        rc = checkpoints_begin(s, p, &c->walk, e);
    int64_t base = c->walk.seq;
    if (rc == RC_OK)
        rc = each_entry(s, 0, step_entry, c, e);
    if (rc == RC_OK && p->n && p->all[p->n - 1].seq > c->walk.seq)
        rc = err_set(e, RC_BAD, "audit: the chain was cut: a checkpoint signed entry %lld, the last one is %lld",
                     (long long)p->all[p->n - 1].seq, (long long)c->walk.seq);
    for (size_t i = 0; rc == RC_OK && i < p->n; i++) {
        int64_t next = i + 1 < p->n ? p->all[i + 1].seq : c->walk.seq;
        if (next - p->all[i].seq > AUDIT_CHECKPOINT_EVERY && p->all[i].seq >= base)
            rc = err_set(e, RC_BAD, "audit: a checkpoint between entry %lld and %lld is missing", (long long)p->all[i].seq,
                         (long long)next);
    }
    if (rc == RC_OK)
        rc = contents_check(s, c->contents, e);
    return rc == RC_OK ? documents_check(s, e) : rc;
}

enum rc audit_check_all(struct store *s, struct err *e)
{
    struct check c = {.store = s};
    enum rc rc = walk_all(s, &c, e);
    free(c.checkpoints.all);
    return rc;
}

enum rc store_audit_verify(struct store *s, int64_t *entries, struct err *e)
{
    char line[AUDIT_HEAD_SIZE];
    bool there;
    struct check c = {.store = s, .head = line};

    /* Read before the chain: entries that come meanwhile only make the chain longer than its head. */
    read_head(keyring_head_path(s->opt.keys), line, &c.head_seq, &there);
    enum rc rc = tx_begin_read(s, e);
    if (rc == RC_OK)
        rc = walk_all(s, &c, e);
    rc = tx_end(s, rc, e);
    free(c.checkpoints.all);
    if (rc != RC_OK)
        return rc;
    if (!there)
        return err_set(e, RC_BAD, "audit: the head %s is missing", keyring_head_path(s->opt.keys));
    rc = audit_head_check(&c.walk, audit_key(s), line, e);
    if (rc == RC_OK)
        *entries = c.walk.seq;
    return rc;
}
