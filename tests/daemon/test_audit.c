/* The audit chain in the store: signed checkpoints, every kind of tampering, retention, sealed content, documents. */
#include "place.h"
#include <time.h>
#include "../../base/buf.h"
#include "../../base/str.h"
#include "audit_fill.h"

static const struct audit_event plain = {.actor = "system", .event = "test", .object = "o", .detail = "n=1"};

static void add(struct place *p, int n)
{
    for (int i = 0; i < n; i++) {
        p->now += 1000;
        OK(store_audit_add(p->s, &plain, &e));
    }
}

/* n entries of an empty chain, as store_audit_add() would have written them. */
static void fill(struct place *p, int64_t n)
{
    p->now = audit_fill(p->db, p->keys, p->now, n);
    ck_assert_int_gt(p->now, 0);
}

static int64_t verified(struct place *p)
{
    int64_t n = -1;
    OK(store_audit_verify(p->s, &n, &e));
    return n;
}

static struct store_audit_facts facts_of(struct place *p)
{
    struct store_audit_facts f;
    OK(store_audit_facts(p->s, &f, &e));
    return f;
}

/* ---- checkpoints ------------------------------------------------------------------------------------------------- */

START_TEST(checkpoints_come_by_number_and_by_day)
{
    struct place p;
    setup(&p);
    FAILS_WITH(RC_REFUSED, "empty", store_audit_checkpoint(p.s, &(struct audit_checkpoint){0}, &e));
    add(&p, 3);
    ck_assert_int_eq(facts_of(&p).newest.seq, 1);
    p.now += DAY;
    add(&p, 2); /* the first of them is a day behind the last checkpoint */
    ck_assert_int_eq(facts_of(&p).newest.seq, 4);
    ck_assert_int_eq(facts_of(&p).checkpoints, 2);
    struct audit_checkpoint c, again;
    OK(store_audit_checkpoint(p.s, &c, &e));
    ck_assert_int_eq(c.seq, 5);
    p.now += 5;
    OK(store_audit_checkpoint(p.s, &again, &e)); /* one is enough */
    ck_assert_mem_eq(&c, &again, sizeof(c));
    ck_assert(audit_checkpoint_valid(keyring_signing_key(p.keys)->public_key, &c));
    ck_assert_int_eq(verified(&p), 5);
    teardown(&p);
}
END_TEST

START_TEST(every_thousandth_entry_is_signed)
{
    struct place p;
    setup(&p);
    fill(&p, 1998); /* signed: 1, 1001, 1998 */
    reopen(&p);
    add(&p, AUDIT_CHECKPOINT_EVERY - 1);
    ck_assert_int_eq(facts_of(&p).newest.seq, 1998);
    add(&p, 1);
    ck_assert_int_eq(facts_of(&p).newest.seq, 2998);
    ck_assert_int_eq(verified(&p), 2998);
    sql(&p, "DELETE FROM audit_checkpoint WHERE seq = 1001");
    FAILS_WITH(RC_BAD, "between entry 1 and 1998", store_audit_verify(p.s, &(int64_t){0}, &e));
    teardown(&p);
}
END_TEST

START_TEST(a_checkpoint_is_one_line)
{
    struct place p;
    struct audit_checkpoint c, read;
    char line[AUDIT_CHECKPOINT_SIZE], damaged[AUDIT_CHECKPOINT_SIZE + 2];
    setup(&p);
    add(&p, 2);
    OK(store_audit_checkpoint(p.s, &c, &e));
    audit_checkpoint_format(&c, line);
    ck_assert(str_starts(line, "briefd audit checkpoint 1 2 1773300000002000 "));
    ck_assert(audit_checkpoint_parse(line, &read));
    ck_assert_mem_eq(&c, &read, sizeof(c));
    for (size_t i = 0; line[i]; i++) { /* no byte of it may change and still be signed */
        strcpy(damaged, line);
        damaged[i] = damaged[i] == '1' ? '2' : '1';
        ck_assert(!audit_checkpoint_parse(damaged, &read) ||
                  !audit_checkpoint_valid(keyring_signing_key(p.keys)->public_key, &read));
    }
    snprintf(damaged, sizeof(damaged), "%s ", line);
    ck_assert(!audit_checkpoint_parse(damaged, &read));
    ck_assert(!audit_checkpoint_parse("", &read));
    read = c;
    read.base = true; /* a checkpoint is no leave to remove what is before it */
    ck_assert(!audit_checkpoint_valid(keyring_signing_key(p.keys)->public_key, &read));
    teardown(&p);
}
END_TEST

/* ---- tampering --------------------------------------------------------------------------------------------------- */

START_TEST(tampering_is_found)
{
    static const struct {
        const char *attack, *word; /* of the finding */
    } t[] = {
        /* change */
        {"UPDATE audit SET actor = 'nobody' WHERE seq = 3", "entry 3 was changed"},
        {"UPDATE audit SET detail = 'n=2' WHERE seq = 6", "entry 6 was changed"},
        {"UPDATE audit SET at_us = at_us + 1 WHERE seq = 1", "entry 1 was changed"},
        {"UPDATE audit SET outcome = 'refused' WHERE seq = 2", "entry 2 was changed"},
        {"UPDATE audit SET hash = zeroblob(32) WHERE seq = 5", "entry 5 was changed"},
        {"UPDATE audit SET mac = zeroblob(32) WHERE seq = 2", "without the audit key"},
        {"UPDATE audit SET hash = zeroblob(5) WHERE seq = 2", "right size"},
        /* removal */
        {"DELETE FROM audit WHERE seq = 1", "entry 1 is missing"},
        {"DELETE FROM audit WHERE seq = 4", "entry 4 is missing"},
        {"DELETE FROM audit WHERE seq = 4; UPDATE audit SET seq = seq - 1 WHERE seq > 4", "entry 4 was changed"},
        /* truncation */
        {"DELETE FROM audit WHERE seq = 6", "was cut"},
        {"DELETE FROM audit WHERE seq > 3; DELETE FROM audit_checkpoint WHERE seq > 3", "was cut"},
        {"DELETE FROM audit; DELETE FROM audit_checkpoint", "was cut"},
        {"DELETE FROM audit WHERE seq > 5", "was cut"},
        /* reorder */
        {"UPDATE audit SET seq = 100 WHERE seq = 2; UPDATE audit SET seq = 2 WHERE seq = 3; UPDATE audit SET seq = 3 WHERE seq = 100",
         "entry 2 was changed"},
        /* duplicate */
        {"INSERT INTO audit SELECT 7, at_us, actor, event, object, outcome, detail, hash, mac FROM audit WHERE seq = 6",
         "entry 7 was changed"},
        {"UPDATE audit SET seq = seq + 1000 WHERE seq > 3; UPDATE audit SET seq = seq - 999 WHERE seq > 1000;"
         "INSERT INTO audit SELECT 4, at_us, actor, event, object, outcome, detail, hash, mac FROM audit WHERE seq = 3",
         "entry 4 was changed"},
        /* checkpoints */
        {"UPDATE audit_checkpoint SET signature = zeroblob(64) WHERE seq = 6", "checkpoint of entry 6 was changed"},
        {"UPDATE audit_checkpoint SET hash = (SELECT hash FROM audit WHERE seq = 5) WHERE seq = 6",
         "checkpoint of entry 6 was changed"},
        {"UPDATE audit_checkpoint SET seq = 5 WHERE seq = 6", "checkpoint of entry 5 was changed"},
        /* a prefix taken away as if retention had done it */
        {"DELETE FROM audit WHERE seq <= 6; UPDATE audit_checkpoint SET base = 1 WHERE seq = 6", "checkpoint of entry 6 was changed"},
    };
    for (size_t i = 0; i < COUNT_OF(t); i++) {
        struct place p;
        setup(&p);
        add(&p, 6);
        OK(store_audit_checkpoint(p.s, &(struct audit_checkpoint){0}, &e));
        ck_assert_int_eq(verified(&p), 6);
        sql(&p, t[i].attack);
        FAILS_WITH(RC_BAD, t[i].word, store_audit_verify(p.s, &(int64_t){0}, &e));
        /* Neither a new handle nor new entries may cover it up. */
        reopen(&p);
        struct err ignored;
        p.now += 1000; /* else the same entry would be made again, bit for bit */
        for (int k = 0; k < 2; k++, p.now += 1000)
            (void)!store_audit_add(p.s, &plain, &ignored);
        FAILS_WITH(RC_BAD, "audit: ", store_audit_verify(p.s, &(int64_t){0}, &e));
        teardown(&p);
    }
}
END_TEST

/* Someone with the store but not the key writes a whole chain anew, every hash right, and signs it with his own key. */
START_TEST(a_rewrite_without_the_key_is_found)
{
    struct place p, forger;
    char command[640];
    setup(&p);
    add(&p, 6);
    setup(&forger);
    add(&forger, 9);
    OK(store_audit_checkpoint(forger.s, &(struct audit_checkpoint){0}, &e));
    ck_assert_int_eq(verified(&forger), 9);
    snprintf(command, sizeof(command),
             "ATTACH '%s' AS f; DELETE FROM audit; INSERT INTO audit SELECT * FROM f.audit;", forger.db);
    sql(&p, command);
    FAILS_WITH(RC_BAD, "without the audit key", store_audit_verify(p.s, &(int64_t){0}, &e));
    snprintf(command, sizeof(command),
             "ATTACH '%s' AS f; DELETE FROM audit_checkpoint; INSERT INTO audit_checkpoint SELECT * FROM f.audit_checkpoint;",
             forger.db);
    sql(&p, command);
    FAILS_WITH(RC_BAD, "signed by another key", store_audit_verify(p.s, &(int64_t){0}, &e));
    teardown(&forger);
    teardown(&p);
}
END_TEST

/* Behind the last checkpoint an attacker rewrites the tail, hashes and all. No signature may come to stand under it. */
START_TEST(a_forged_tail_is_never_signed)
{
    struct place p;
    struct audit_checkpoint c;
    setup(&p);
    add(&p, 4); /* the first is signed */
    struct audit_entry x = {.seq = 4, .at_us = p.now, .actor = "system", .event = "test", .object = "forged", .outcome = "ok",
                            .detail = "n=1"};
    struct audit_walk w = {0};
    uint8_t no_key[KEY_SIZE] = {0}, mac[AUDIT_HASH_SIZE];
    char hash[SHA256_HEX_SIZE], command[512];
    sqlite3 *db;
    sqlite3_stmt *st;
    ck_assert_int_eq(sqlite3_open(p.db, &db), SQLITE_OK);
    ck_assert_int_eq(sqlite3_prepare_v2(db, "SELECT hash FROM audit WHERE seq = 3", -1, &st, NULL), SQLITE_OK);
    ck_assert_int_eq(sqlite3_step(st), SQLITE_ROW);
    memcpy(w.hash, sqlite3_column_blob(st, 0), sizeof(w.hash));
    sqlite3_finalize(st);
    sqlite3_close(db);
    audit_seal(no_key, w.hash, &x, w.hash, mac);
    str_hex(w.hash, sizeof(w.hash), hash);
    snprintf(command, sizeof(command), "UPDATE audit SET object = 'forged', hash = x'%s' WHERE seq = 4", hash);
    sql(&p, command);
    FAILS_WITH(RC_BAD, "without the audit key", store_audit_checkpoint(p.s, &c, &e));
    p.now += 2 * DAY;
    add(&p, 2); /* a checkpoint would be due */
    ck_assert_int_eq(facts_of(&p).newest.seq, 1);
    FAILS_WITH(RC_BAD, "without the audit key", store_audit_verify(p.s, &(int64_t){0}, &e));
    teardown(&p);
}
END_TEST

START_TEST(a_cut_chain_is_never_signed)
{
    struct place p;
    struct audit_checkpoint c;
    setup(&p);
    add(&p, 4);
    sql(&p, "DELETE FROM audit WHERE seq > 2");
    FAILS_WITH(RC_BAD, "was cut", store_audit_checkpoint(p.s, &c, &e));
    teardown(&p);
}
END_TEST

/* An older copy of the store put in the place of the newer one is a whole chain: the head knows better. */
START_TEST(an_older_copy_of_the_store_is_found)
{
    struct place p;
    char command[512];
    setup(&p);
    add(&p, 4);
    store_close(p.s);
    p.s = NULL;
    snprintf(command, sizeof(command), "cp %s %s.old", p.db, p.db);
    ck_assert_int_eq(system(command), 0);
    reopen(&p);
    add(&p, 4);
    store_close(p.s);
    p.s = NULL;
    snprintf(command, sizeof(command), "rm -f %s-wal %s-shm && mv %s.old %s", p.db, p.db, p.db, p.db);
    ck_assert_int_eq(system(command), 0);
    reopen(&p);
    FAILS_WITH(RC_BAD, "was cut: the head knows 8 entries, 4 are there", store_audit_verify(p.s, &(int64_t){0}, &e));
    teardown(&p);
}
END_TEST

/* ---- retention --------------------------------------------------------------------------------------------------- */

START_TEST(retention_removes_a_prefix_up_to_a_checkpoint)
{
    static const struct audit_event by = {.actor = "system", .event = "audit.pruned", .object = ""};
    struct place p;
    int64_t n = -1, old;
    setup(&p);
    add(&p, 5);
    OK(store_audit_checkpoint(p.s, &(struct audit_checkpoint){0}, &e)); /* 5 */
    p.now += 10 * DAY;
    old = p.now;
    add(&p, 3); /* 6 is signed: a day has passed */
    OK(store_audit_prune(p.s, old - 20 * DAY, false, &by, &n, &e));
    ck_assert_int_eq(n, 0); /* nothing is as old as that */
    OK(store_audit_prune(p.s, old, true, &by, &n, &e));
    ck_assert_int_eq(n, 5);
    ck_assert_int_eq(facts_of(&p).first, 1);
    OK(store_audit_prune(p.s, old, false, &by, &n, &e));
    ck_assert_int_eq(n, 5);
    struct store_audit_facts f = facts_of(&p);
    ck_assert_int_eq(f.first, 6);
    ck_assert_int_eq(f.last, 9); /* and one that tells of it */
    ck_assert_int_eq(f.base.seq, 5);
    ck_assert_int_eq(verified(&p), 9);
    reopen(&p);
    add(&p, 2);
    ck_assert_int_eq(verified(&p), 11);
    OK(store_audit_prune(p.s, p.now + 1, false, &by, &n, &e)); /* again, to the newest checkpoint */
    ck_assert_int_eq(n, 1);
    ck_assert_int_eq(facts_of(&p).base.seq, 6);
    ck_assert_int_eq(verified(&p), 12);
    teardown(&p);
}
END_TEST

START_TEST(retention_removes_no_evidence)
{
    static const struct audit_event by = {.actor = "system", .event = "audit.pruned", .object = ""};
    struct place p;
    int64_t n = -1;
    setup(&p);
    add(&p, 5);
    OK(store_audit_checkpoint(p.s, &(struct audit_checkpoint){0}, &e));
    sql(&p, "UPDATE audit SET actor = 'nobody' WHERE seq = 2");
    FAILS_WITH(RC_BAD, "entry 2 was changed", store_audit_prune(p.s, p.now + 1, false, &by, &n, &e));
    ck_assert_int_eq(facts_of(&p).first, 1);
    teardown(&p);
}
END_TEST

START_TEST(what_retention_leaves_is_as_safe)
{
    static const char *const attacks[] = {
        "DELETE FROM audit WHERE seq = 6",
        "DELETE FROM audit_checkpoint WHERE base = 1",
        "UPDATE audit_checkpoint SET seq = 7, hash = (SELECT hash FROM audit WHERE seq = 7) WHERE base = 1; DELETE FROM audit WHERE seq <= 7",
        "UPDATE audit_checkpoint SET hash = zeroblob(32) WHERE base = 1",
        "DELETE FROM audit",
        "DELETE FROM audit WHERE seq = 9",
        "INSERT INTO audit SELECT 5, at_us, actor, event, object, outcome, detail, hash, mac FROM audit WHERE seq = 6",
    };
    static const struct audit_event by = {.actor = "system", .event = "audit.pruned", .object = ""};
    for (size_t i = 0; i < COUNT_OF(attacks); i++) {
        struct place p;
        int64_t n;
        setup(&p);
        add(&p, 5);
        OK(store_audit_checkpoint(p.s, &(struct audit_checkpoint){0}, &e));
        p.now += DAY;
        add(&p, 3);
        OK(store_audit_prune(p.s, p.now - 4000, false, &by, &n, &e));
        ck_assert_int_eq(n, 5);
        ck_assert_int_eq(verified(&p), 9);
        sql(&p, attacks[i]);
        FAILS_WITH(RC_BAD, "audit: ", store_audit_verify(p.s, &(int64_t){0}, &e));
        reopen(&p);
        struct err ignored;
        (void)!store_audit_add(p.s, &plain, &ignored);
        FAILS_WITH(RC_BAD, "audit: ", store_audit_verify(p.s, &(int64_t){0}, &e));
        teardown(&p);
    }
}
END_TEST

/* Killed between the commit that removed a prefix and the head: the head's own entry is gone, and that is in order. */
START_TEST(a_crash_after_retention_looks_like_no_cut)
{
    static const struct audit_event by = {.actor = "system", .event = "audit.pruned", .object = ""};
    struct place p;
    char command[512];
    int64_t n;
    setup(&p);
    add(&p, 4);
    OK(store_audit_checkpoint(p.s, &(struct audit_checkpoint){0}, &e));
    snprintf(command, sizeof(command), "cp %s %s.old", p.head, p.head);
    ck_assert_int_eq(system(command), 0);
    OK(store_audit_prune(p.s, p.now + 1, false, &by, &n, &e));
    ck_assert_int_eq(n, 4);
    snprintf(command, sizeof(command), "mv %s.old %s", p.head, p.head);
    ck_assert_int_eq(system(command), 0);
    reopen(&p);
    ck_assert_int_eq(verified(&p), 5);
    add(&p, 1);
    ck_assert_int_eq(verified(&p), 6);
    teardown(&p);
}
END_TEST

/* ---- content ----------------------------------------------------------------------------------------------------- */

static void add_content(struct place *p, const char *text, const char *const *subjects, size_t n)
{
    const struct audit_content content = {.text = text, .subjects = subjects, .n_subjects = n};
    struct audit_event ev = plain;
    ev.content = &content;
    p->now += 1000;
    OK(store_audit_add(p->s, &ev, &e));
}

static enum rc content_of(struct place *p, int64_t seq, char *out, size_t size, struct err *e)
{
    struct buf b;
    buf_init(&b, 4096);
    enum rc rc = store_audit_content(p->s, seq, &b, e);
    snprintf(out, size, "%s", b.data);
    buf_wipe(&b);
    return rc;
}

static bool file_has(const char *path, const char *word)
{
    char command[256];
    snprintf(command, sizeof(command), "cat %s %s-wal 2>/dev/null | grep -q -a '%s'", path, path, word);
    return system(command) == 0;
}

START_TEST(content_is_sealed_for_all_its_subjects)
{
    static const char *const two[] = {"subject-b", "subject-a"}, *const one[] = {"subject-c"};
    static const struct audit_event erase = {.actor = "dpo", .event = "erase"};
    struct place p;
    char text[64];
    setup(&p);
    add(&p, 1);
    add_content(&p, "Zanzibar wants an offer", two, 2);
    add_content(&p, "nobody else", one, 1);
    ck_assert_int_eq(facts_of(&p).contents, 2);
    OK(content_of(&p, 2, text, sizeof(text), &e));
    ck_assert_str_eq(text, "Zanzibar wants an offer");
    FAILS_WITH(RC_REFUSED, "no content", content_of(&p, 1, text, sizeof(text), &e));
    ck_assert(!file_has(p.db, "Zanzibar"));
    OK(store_subject_erase(p.s, "subject-b", &erase, &e)); /* one of the two is enough */
    FAILS_WITH(RC_REFUSED, "erased", content_of(&p, 2, text, sizeof(text), &e));
    OK(content_of(&p, 3, text, sizeof(text), &e));
    ck_assert_str_eq(text, "nobody else");
    ck_assert_int_eq(verified(&p), 4); /* and the chain still holds */
    add_content(&p, "Zanzibar again", two, 2); /* of an erased person nothing is kept, the entry stands */
    ck_assert_int_eq(facts_of(&p).contents, 2);
    ck_assert_int_eq(verified(&p), 5);
    teardown(&p);
}
END_TEST

START_TEST(content_cannot_be_changed_or_moved)
{
    static const char *const attacks[] = {
        "UPDATE audit_content SET sealed = zeroblob(40) WHERE seq = 1",
        "DELETE FROM audit_content WHERE seq = 2",
        "UPDATE audit_content SET seq = 9 WHERE seq = 1; UPDATE audit_content SET seq = 1 WHERE seq = 2; UPDATE audit_content SET seq = 2 WHERE seq = 9",
        "INSERT INTO audit_content SELECT 3, sealed FROM audit_content WHERE seq = 1",
    };
    static const char *const who[] = {"subject-a"};
    for (size_t i = 0; i < COUNT_OF(attacks); i++) {
        struct place p;
        setup(&p);
        add_content(&p, "first", who, 1);
        add_content(&p, "second", who, 1);
        add(&p, 1);
        ck_assert_int_eq(verified(&p), 3);
        sql(&p, attacks[i]);
        FAILS_WITH(RC_BAD, "content", store_audit_verify(p.s, &(int64_t){0}, &e));
        teardown(&p);
    }
}
END_TEST

/* ---- documents --------------------------------------------------------------------------------------------------- */

static void put_document(struct place *p, const char *what, const char *name, const char *text)
{
    uint8_t digest[SHA256_SIZE];
    char hash[SHA256_HEX_SIZE];
    sha256(text, strlen(text), digest);
    str_hex(digest, sizeof(digest), hash);
    struct store_document d = {.what = what, .name = name, .hash = hash, .bytes = text, .n = strlen(text)};
    OK(store_document_put(p->s, &d, "system", &e));
}

static enum rc count_document(void *ctx, const struct store_document *d, struct err *e)
{
    (void)d;
    (void)e;
    ++*(int *)ctx;
    return RC_OK;
}

START_TEST(documents_are_kept_and_each_change_is_told)
{
    struct place p;
    int n = 0;
    setup(&p);
    put_document(&p, "policy", "policy.yaml", "version: 1");
    put_document(&p, "policy", "policy.yaml", "version: 1");
    ck_assert_int_eq(facts_of(&p).last, 1);
    put_document(&p, "policy", "policy.yaml", "version: 1\nfacts: slots");
    put_document(&p, "policy", "policy.yaml", "version: 1"); /* back again: known, but in force anew */
    ck_assert_int_eq(facts_of(&p).last, 3);
    put_document(&p, "template", "a.tmpl", "A");
    put_document(&p, "template", "b.tmpl", "B");
    put_document(&p, "template", "a.tmpl", "A"); /* templates do not drive out each other */
    ck_assert_int_eq(facts_of(&p).last, 5);
    OK(store_documents(p.s, NULL, count_document, &n, &e));
    ck_assert_int_eq(n, 4);
    n = 0;
    OK(store_documents(p.s, "559aead08264d5795d39", count_document, &n, &e)); /* printf A | sha256sum */
    ck_assert_int_eq(n, 1);
    ck_assert_int_eq(verified(&p), 5);
    sql(&p, "UPDATE document SET bytes = CAST('version: 2' AS BLOB) WHERE what = 'policy'");
    FAILS_WITH(RC_BAD, "policy.yaml", store_audit_verify(p.s, &(int64_t){0}, &e));
    teardown(&p);
}
END_TEST

/* ---- a million entries -------------------------------------------------------------------------------------------- */

START_TEST(a_long_chain_is_verified)
{
    int64_t n = (int64_t)suite_count(20000, 1000000);
    struct place p;
    struct timespec a, b;
    setup(&p);
    fill(&p, n);
    reopen(&p);
    clock_gettime(CLOCK_MONOTONIC, &a);
    ck_assert_int_eq(verified(&p), n);
    clock_gettime(CLOCK_MONOTONIC, &b);
    printf("audit: %lld entries verified in %.2f s\n", (long long)n,
           (double)(b.tv_sec - a.tv_sec) + (double)(b.tv_nsec - a.tv_nsec) / 1e9);
    teardown(&p);
}
END_TEST

SUITE_MAIN("audit", checkpoints_come_by_number_and_by_day, every_thousandth_entry_is_signed, a_checkpoint_is_one_line,
           tampering_is_found, a_rewrite_without_the_key_is_found, a_forged_tail_is_never_signed, a_cut_chain_is_never_signed,
           an_older_copy_of_the_store_is_found,
           retention_removes_a_prefix_up_to_a_checkpoint, retention_removes_no_evidence, what_retention_leaves_is_as_safe,
           a_crash_after_retention_looks_like_no_cut, content_is_sealed_for_all_its_subjects,
           content_cannot_be_changed_or_moved, documents_are_kept_and_each_change_is_told, a_long_chain_is_verified)
