/* audit_fill.h: a long audit chain, quickly: store_audit_add() flushes each entry and the head, this one transaction. Used by
 * tests of long chains and by tests/bench/audit. */
#ifndef TESTS_AUDIT_FILL_H
#define TESTS_AUDIT_FILL_H

#include <sqlite3.h>
#include <stdio.h>
#include <string.h>
#include "../../base/str.h"
#include "../../daemon/store.h"

static inline bool audit_fill_checkpoint(sqlite3 *db, const struct keyring *keys, const struct audit_walk *w, int64_t now)
{
    char hash[SHA256_HEX_SIZE], signature[2 * ED25519_SIGNATURE_SIZE + 1];
    struct audit_checkpoint c = {.seq = w->seq, .at_us = now};
    struct err e;
    memcpy(c.hash, w->hash, sizeof(c.hash));
    if (audit_checkpoint_sign(keyring_signing_key(keys), &c, &e) != RC_OK)
        return false;
    str_hex(c.hash, sizeof(c.hash), hash);
    str_hex(c.signature, sizeof(c.signature), signature);
    char *sql = sqlite3_mprintf("INSERT INTO audit_checkpoint VALUES (%lld, 0, %lld, x'%s', x'%s')", (long long)c.seq,
                                (long long)now, hash, signature);
    bool ok = sqlite3_exec(db, sql, NULL, NULL, NULL) == SQLITE_OK;
    sqlite3_free(sql);
    return ok;
}

static inline bool audit_fill_entry(sqlite3_stmt *st, const struct keyring *keys, struct audit_walk *w, int64_t now)
{
    char detail[320], object[32];
    uint8_t mac[AUDIT_HASH_SIZE];
    long long i = (long long)w->seq + 1;
    snprintf(object, sizeof(object), "b%020lld", i);
    snprintf(detail, sizeof(detail), "record=crm/opportunity/O-%lld kind=summary policy=%064x model=%064x prompt=%064llx", i, 1, 2,
             (unsigned long long)i);
    struct audit_entry x = {.seq = i, .at_us = now, .actor = "system", .event = "brief.made", .object = object, .outcome = "ok",
                            .detail = detail};
    audit_seal(keyring_audit_key(keys), w->hash, &x, w->hash, mac);
    w->seq = i;
    const char *const texts[] = {x.actor, x.event, x.object, x.outcome, x.detail};
    sqlite3_bind_int64(st, 1, x.seq);
    sqlite3_bind_int64(st, 2, x.at_us);
    for (int k = 0; k < 5; k++)
        sqlite3_bind_text(st, 3 + k, texts[k], -1, SQLITE_STATIC);
    sqlite3_bind_blob(st, 8, w->hash, sizeof(w->hash), SQLITE_STATIC);
    sqlite3_bind_blob(st, 9, mac, sizeof(mac), SQLITE_STATIC);
    bool ok = sqlite3_step(st) == SQLITE_DONE;
    sqlite3_reset(st);
    return ok;
}

/* n entries into the empty chain of the store at `path`, a millisecond apart, signed every AUDIT_CHECKPOINT_EVERY, and the
 * head beside the key. The time of the last one; 0 if something failed. */
static inline int64_t audit_fill(const char *path, const struct keyring *keys, int64_t now, int64_t n)
{
    sqlite3 *db = NULL;
    sqlite3_stmt *st = NULL;
    struct audit_walk w = {0};
    char line[AUDIT_HEAD_SIZE];
    bool ok = sqlite3_open(path, &db) == SQLITE_OK && sqlite3_exec(db, "BEGIN IMMEDIATE", NULL, NULL, NULL) == SQLITE_OK &&
              sqlite3_prepare_v2(db, "INSERT INTO audit VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9)", -1, &st, NULL) == SQLITE_OK;
    while (ok && w.seq < n) {
        ok = audit_fill_entry(st, keys, &w, now += 1000);
        if (ok && (w.seq % AUDIT_CHECKPOINT_EVERY == 1 || w.seq == n))
            ok = audit_fill_checkpoint(db, keys, &w, now);
    }
    sqlite3_finalize(st);
    ok = ok && sqlite3_exec(db, "COMMIT", NULL, NULL, NULL) == SQLITE_OK;
    sqlite3_close(db);
    FILE *f = ok ? fopen(keyring_head_path(keys), "w") : NULL;
    audit_head_format(&w, keyring_audit_key(keys), line);
    ok = f && fputs(line, f) >= 0;
    ok = f && fclose(f) == 0 && ok;
    return ok ? now : 0;
}

#endif
