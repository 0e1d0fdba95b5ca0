/* place.h: a folder with a store, its keys and a clock to set, of its own for each test: what the suites of the store share. */
#ifndef TESTS_DAEMON_PLACE_H
#define TESTS_DAEMON_PLACE_H

#include <sqlite3.h>
#include <unistd.h>
#include "../suite.h"
#include "../../daemon/store.h"

#define DAY INT64_C(86400000000)

#define OK(call)                                                                                                       \
    do {                                                                                                               \
        struct err e = {""};                                                                                           \
        enum rc rc_ = (call);                                                                                          \
        ck_assert_msg(rc_ == RC_OK, "%s: %s: %s", #call, rc_name(rc_), e.msg);                                         \
    } while (0)
/* Fails with this code, and the message has the word; any message. */
#define FAILS_WITH(want, word, call)                                                                                   \
    do {                                                                                                               \
        struct err e = {""};                                                                                           \
        enum rc rc_ = (call);                                                                                          \
        ck_assert_msg(rc_ == (want) && e.msg[0] && strstr(e.msg, word), "%s: %s: %s", #call, rc_name(rc_), e.msg);     \
    } while (0)
#define FAILS(want, call) FAILS_WITH(want, "", call)

struct place {
    char folder[64], db[96], dsn[112], key[96], head[112]; /* head: of the audit chain, beside the key */
    struct keyring *keys;
    int64_t now; /* the injected clock */
    struct store *s;
};

static inline int64_t place_now(void *ctx)
{
    return ((struct place *)ctx)->now;
}

/* One more handle. */
static inline enum rc place_open(struct place *p, bool exclusive, struct store **out, struct err *e)
{
    struct store_options opt = {.keys = p->keys, .exclusive = exclusive, .now_us = place_now, .now_ctx = p};
    return store_open(p->dsn, &opt, out, e);
}

/* A new handle in the old one's place. */
static inline void reopen(struct place *p)
{
    store_close(p->s);
    p->s = NULL;
    OK(place_open(p, false, &p->s, &e));
}

static inline void setup(struct place *p)
{
    memset(p, 0, sizeof(*p));
    snprintf(p->folder, sizeof(p->folder), "/tmp/briefd-store-XXXXXX");
    ck_assert_ptr_nonnull(mkdtemp(p->folder));
    snprintf(p->db, sizeof(p->db), "%s/b.db", p->folder);
    snprintf(p->dsn, sizeof(p->dsn), "sqlite://%s", p->db);
    snprintf(p->key, sizeof(p->key), "%s/master.key", p->folder);
    snprintf(p->head, sizeof(p->head), "%s.audit-head", p->key);
    p->now = INT64_C(1773300000000000);
    OK(keyring_open(p->key, &p->keys, &e));
    reopen(p);
}

static inline void teardown(struct place *p)
{
    char command[128];
    store_close(p->s);
    keyring_close(p->keys);
    snprintf(command, sizeof(command), "rm -rf %s", p->folder);
    ck_assert_int_eq(system(command), 0);
}

/* SQL behind the store's back: what an accident does, or somebody with the store but without the key. */
static inline void sql(struct place *p, const char *text)
{
    sqlite3 *db;
    char *why = NULL;
    ck_assert_int_eq(sqlite3_open(p->db, &db), SQLITE_OK);
    sqlite3_busy_timeout(db, 10000);
    ck_assert_msg(sqlite3_exec(db, text, NULL, NULL, &why) == SQLITE_OK, "%s: %s", text, why);
    sqlite3_close(db);
}

static inline int64_t sql_int(struct place *p, const char *text)
{
    sqlite3 *db;
    sqlite3_stmt *st;
    ck_assert_int_eq(sqlite3_open(p->db, &db), SQLITE_OK);
    sqlite3_busy_timeout(db, 10000);
    ck_assert_int_eq(sqlite3_prepare_v2(db, text, -1, &st, NULL), SQLITE_OK);
    ck_assert_int_eq(sqlite3_step(st), SQLITE_ROW);
    int64_t n = sqlite3_column_int64(st, 0);
    sqlite3_finalize(st);
    sqlite3_close(db);
    return n;
}

#endif
