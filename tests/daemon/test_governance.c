/* What the store keeps for governance: daemon/governance.h, through a store of its own for each test. */
#include "place.h"
#include <sys/wait.h>
#include "../../base/box.h"
#include "../../base/str.h"
#include "../../daemon/certificate.h"
#include "../../daemon/governance.h"
#include "../../daemon/store_parts.h"

static const struct audit_event made = {.actor = "system", .event = "brief.made"};
static const struct audit_event by_dana = {.actor = "dana", .event = "decided"}, by_eli = {.actor = "eli", .event = "decided"};
static const struct audit_event by_system = {.actor = "system", .event = "test"};

static void subject_of(struct place *p, const char *identity, char out[SHA256_HEX_SIZE])
{
    OK(policy_subject(keyring_hash_key(p->keys), identity, out, &e));
}

/* A brief of a record with one value of a subject. */
static enum rc put(struct place *p, const char *object, const char *record, const char *subject, const char *body, unsigned approvals,
                   char id[BRIEF_ID_SIZE], struct err *e)
{
    static const uint8_t sealed[] = {1, 2, 3};
    const char *rests[] = {"contact/C-1.email"};
    const struct policy_sentence sentence = {body, rests, 1, false};
    const struct policy_value value = {.slot = "[EMAIL_1]", .subject = subject, .hash = {7}, .sealed = sealed, .n_sealed = sizeof(sealed)};
    const struct brief_parts parts = {.language = "en", .body = body, .sentences = &sentence, .n_sentences = 1, .values = &value, .n_values = 1};
    const struct brief_meta m = {.source = "crm", .object = object, .record_id = record, .record_version = "v1", .kind = PURPOSE_SUMMARY,
                                 .state = BRIEF_WAITING, .as_of = 20524, .owner = "u1", .team = "north", .policy_hash = "aa",
                                 .template_hash = "bb", .model_hash = "cc", .input_hash = body, .created_by = "dana", .approvals = approvals};
    struct store_put_result r;
    uint8_t key[KEY_SIZE];
    enum rc rc = store_subject_key(p->s, subject, true, key, e);
    if (rc == RC_OK)
        rc = store_put_parts(p->s, &parts, &m, &made, NULL, &r, e);
    if (rc == RC_OK && id)
        memcpy(id, r.id, BRIEF_ID_SIZE);
    return rc;
}

/* ---- keys ------------------------------------------------------------------------------------------------------------ */

static enum rc take_role(void *ctx, const struct access_key *k, struct err *e)
{
    (void)e;
    snprintf(ctx, 64, "%s", k->role);
    return RC_OK;
}

START_TEST(keys_let_in_whom_they_belong_to)
{
    struct place p;
    char secret[ACCESS_SECRET_SIZE], other[ACCESS_SECRET_SIZE], role[64] = "";
    const struct access_key ida = {.name = "ida", .role = "reader", .identities = "U-07"}, eve = {.name = "eve", .role = "dpo", .expires_us = 0};
    setup(&p);
    OK(store_access_add(p.s, &ida, &by_system, secret, &e));
    OK(store_access_add(p.s, &eve, &by_system, other, &e));
    ck_assert_str_ne(secret, other);
    FAILS(RC_REFUSED, store_access_add(p.s, &ida, &by_system, other, &e));
    OK(store_access_check(p.s, "ida", secret, take_role, role, &e));
    ck_assert_str_eq(role, "reader");
    FAILS(RC_REFUSED, store_access_check(p.s, "eve", secret, take_role, role, &e));
    FAILS(RC_REFUSED, store_access_check(p.s, "ida", "", take_role, role, &e));
    FAILS(RC_REFUSED, store_access_check(p.s, "ida'--", secret, take_role, role, &e));
    ck_assert_int_eq(sql_int(&p, "SELECT count(*) FROM access_key WHERE hash LIKE '%bk_%'"), 0);
    OK(store_access_revoke(p.s, "ida", &by_system, &e));
    FAILS(RC_REFUSED, store_access_check(p.s, "ida", secret, take_role, role, &e));
    FAILS(RC_REFUSED, store_access_revoke(p.s, "ida", &by_system, &e));
    struct access_key until = {.name = "ida", .role = "reader", .expires_us = p.now + 10};
    OK(store_access_add(p.s, &until, &by_system, secret, &e)); /* a new one after the old */
    OK(store_access_check(p.s, "ida", secret, take_role, role, &e));
    p.now += 10;
    FAILS(RC_REFUSED, store_access_check(p.s, "ida", secret, take_role, role, &e));
    teardown(&p);
}
END_TEST

/* ---- approval -------------------------------------------------------------------------------------------------------- */

START_TEST(two_people_approve)
{
    struct place p;
    char id[BRIEF_ID_SIZE];
    unsigned left = 9;
    struct store_brief *b;
    setup(&p);
    OK(put(&p, "opportunity", "O-1", "s1", "one", 2, id, &e));
    OK(store_brief_approve(p.s, id, &by_dana, &left, &e));
    ck_assert_uint_eq(left, 1);
    OK(store_brief_get(p.s, id, &b, &e));
    ck_assert_int_eq(b->meta.state, BRIEF_WAITING);
    ck_assert_uint_eq(b->meta.approvals, 2);
    store_brief_close(b);
    FAILS(RC_REFUSED, store_brief_approve(p.s, id, &by_dana, &left, &e));
    OK(store_brief_approve(p.s, id, &by_eli, &left, &e));
    ck_assert_uint_eq(left, 0);
    OK(store_brief_get(p.s, id, &b, &e));
    ck_assert_int_eq(b->meta.state, BRIEF_APPROVED);
    store_brief_close(b);
    FAILS(RC_REFUSED, store_brief_approve(p.s, id, &(struct audit_event){.actor = "fay", .event = "x"}, &left, &e));

    OK(put(&p, "opportunity", "O-2", "s1", "two", 1, id, &e));
    OK(store_brief_approve(p.s, id, &by_dana, &left, &e));
    ck_assert_uint_eq(left, 0);
    FAILS(RC_REFUSED, store_brief_approve(p.s, "none", &by_dana, &left, &e));
    teardown(&p);
}
END_TEST

/* An edit is another text: who approved the old one has not approved this. */
START_TEST(an_edit_takes_approvals_back)
{
    struct place p;
    char id[BRIEF_ID_SIZE];
    unsigned left = 9;
    const struct brief_parts edited = {.language = "en", .body = "edited"};
    setup(&p);
    OK(put(&p, "opportunity", "O-1", "s1", "one", 2, id, &e));
    OK(store_brief_approve(p.s, id, &by_dana, &left, &e));
    OK(store_edit_parts(p.s, id, &edited, &by_eli, &e));
    OK(store_brief_approve(p.s, id, &by_eli, &left, &e));
    ck_assert_uint_eq(left, 1);
    OK(store_brief_approve(p.s, id, &by_dana, &left, &e));
    ck_assert_uint_eq(left, 0);
    teardown(&p);
}
END_TEST

/* A conflict is another record: who approved looks again, the same person too. */
START_TEST(a_conflict_takes_approvals_back)
{
    struct place p;
    char id[BRIEF_ID_SIZE];
    unsigned left = 9;
    const struct store_write w = {.column = "ai_summary", .version = "v1", .subject = "r1"};
    setup(&p);
    OK(put(&p, "opportunity", "O-1", "s1", "one", 1, id, &e));
    OK(store_brief_approve(p.s, id, &by_dana, &left, &e));
    OK(store_write_begin(p.s, id, &w, &by_dana, &e));
    OK(store_write_end(p.s, id, BRIEF_CONFLICT, "", &by_dana, &e));
    OK(store_brief_approve(p.s, id, &by_dana, &left, &e));
    ck_assert_uint_eq(left, 0);
    teardown(&p);
}
END_TEST

/* ---- actors ---------------------------------------------------------------------------------------------------------- */

static enum rc no_names(void *ctx, const struct audit_entry *x, struct err *e)
{
    (void)e;
    ck_assert_ptr_null(strstr(x->actor, "dana"));
    *(size_t *)ctx += str_starts(x->actor, "p-");
    return RC_OK;
}

START_TEST(names_are_sealed_for_two)
{
    struct place p;
    struct box_key a, b, c;
    const char *const roles[2] = {"dpo", "auditor"};
    char pseudonym[PSEUDONYM_SIZE], again[PSEUDONYM_SIZE], name[128];
    size_t n = 0;
    setup(&p);
    OK(box_make(&a, &e));
    OK(box_make(&b, &e));
    OK(box_make(&c, &e));
    OK(store_audit_add(p.s, &by_dana, &e));
    OK(store_audit_walk(p.s, no_names, &n, &e));
    ck_assert_uint_eq(n, 1);
    OK(store_actor_of(p.s, "dana", pseudonym, &e));
    OK(store_actor_of(p.s, "nobody", again, &e));
    ck_assert_str_eq(again, "");
    OK(store_actor_resolve(p.s, pseudonym, NULL, &by_system, name, &e));
    ck_assert_str_eq(name, "dana");

    uint8_t public_keys[2][KEY_SIZE], both[2][KEY_SIZE], swapped[2][KEY_SIZE], wrong[2][KEY_SIZE];
    memcpy(public_keys[0], a.public_key, KEY_SIZE), memcpy(public_keys[1], b.public_key, KEY_SIZE);
    memcpy(both[0], a.private_key, KEY_SIZE), memcpy(both[1], b.private_key, KEY_SIZE);
    memcpy(swapped[0], b.private_key, KEY_SIZE), memcpy(swapped[1], a.private_key, KEY_SIZE);
    memcpy(wrong[0], a.private_key, KEY_SIZE), memcpy(wrong[1], c.private_key, KEY_SIZE);
    OK(store_custodians_set(p.s, roles, (const uint8_t(*)[KEY_SIZE])public_keys, &by_system, &e));
    FAILS(RC_REFUSED, store_custodians_set(p.s, roles, (const uint8_t(*)[KEY_SIZE])public_keys, &by_system, &e));
    FAILS(RC_REFUSED, store_actor_resolve(p.s, pseudonym, NULL, &by_system, name, &e)); /* sealed before, too */
    FAILS(RC_BAD, store_actor_resolve(p.s, pseudonym, (const uint8_t(*)[KEY_SIZE])wrong, &by_system, name, &e));
    OK(store_actor_resolve(p.s, pseudonym, (const uint8_t(*)[KEY_SIZE])both, &by_system, name, &e));
    ck_assert_str_eq(name, "dana");
    OK(store_audit_add(p.s, &by_eli, &e)); /* and who comes later */
    OK(store_actor_of(p.s, "eli", pseudonym, &e));
    OK(store_actor_resolve(p.s, pseudonym, (const uint8_t(*)[KEY_SIZE])swapped, &by_system, name, &e));
    ck_assert_str_eq(name, "eli");
    teardown(&p);
}
END_TEST

/* ---- erasing --------------------------------------------------------------------------------------------------------- */

static enum rc count_hit(void *ctx, const char *where, size_t needle, struct err *e)
{
    (void)where;
    (void)needle;
    (void)e;
    ++*(size_t *)ctx;
    return RC_OK;
}

static size_t hits(struct place *p, const char *text)
{
    size_t n = 0, columns = 0;
    OK(store_scan(p->s, &text, 1, count_hit, &n, &columns, &e));
    ck_assert_uint_gt(columns, 0);
    return n;
}

START_TEST(erasing_leaves_nothing_and_nobody_comes_back)
{
    struct place p;
    char anna[SHA256_HEX_SIZE], deal[SHA256_HEX_SIZE], own[BRIEF_ID_SIZE], other[BRIEF_ID_SIZE], named[BRIEF_ID_SIZE];
    struct erase_counts n;
    struct store_brief *b;
    uint8_t key[KEY_SIZE], hash[1][SHA256_SIZE] = {{7}};
    const struct pulled row = {.id = "C-1", .version = "v2", .modified_us = 5};
    const bool kinds[N_PURPOSES] = {[PURPOSE_SUMMARY] = true};
    enum adapter_state state;
    setup(&p);
    subject_of(&p, "person:crm/contact/C-1", anna);
    subject_of(&p, "record:crm/opportunity/O-9", deal);
    OK(put(&p, "contact", "C-1", anna, "of her own", 1, own, &e));
    OK(put(&p, "opportunity", "O-1", anna, "[EMAIL_1] waits", 1, other, &e));
    OK(put(&p, "opportunity", "O-9", deal, "ANNA BERG was not recognised", 1, named, &e));
    OK(store_queue_add(p.s, &(struct store_ask){.source = "crm", .object = "contact", .record_id = "C-1", .kind = PURPOSE_SUMMARY}, &e));
    OK(store_quarantine_add(p.s, "crm", "contact", "C-1", "field", &e));
    const char *trained[] = {anna}, *on_others[] = {deal}, *said[] = {"We build quietly."};
    char *sentences = NULL;
    OK(store_adapter_put(p.s, &(struct adapter){.name = "a1", .sha256 = "aa", .base = "bb"}, &(struct adapter_origin){trained, 1, said, 1}, &by_system, &e));
    OK(store_adapter_put(p.s, &(struct adapter){.name = "a2", .sha256 = "aa", .base = "bb"}, &(struct adapter_origin){on_others, 1, said, 1}, &by_system, &e));
    OK(store_adapter_check(p.s, "a1", "aa", &state, &e));
    ck_assert_int_eq(state, ADAPTER_READY);
    FAILS(RC_REFUSED, store_adapter_check(p.s, "a1", "ab", &state, &e));
    ck_assert_int_eq(state, ADAPTER_REPLACED);
    FAILS(RC_REFUSED, store_adapter_check(p.s, "a3", "aa", &state, &e));
    ck_assert_int_eq(state, ADAPTER_UNKNOWN);
    ck_assert_uint_gt(hits(&p, "anna berg"), 0);

    const char *subjects[] = {anna}, *texts[] = {"Anna Berg"};
    const struct erase_record record = {"crm", "contact", "C-1"};
    const struct erasure x = {.subjects = subjects, .n_subjects = 1, .records = &record, .n_records = 1, .texts = texts, .n_texts = 1,
                              .values = (const uint8_t(*)[SHA256_SIZE])hash, .n_values = 1};
    OK(store_erase(p.s, &x, &by_dana, &n, &e));
    ck_assert_uint_eq(n.keys, 1);
    ck_assert_uint_eq(n.values, 2);
    ck_assert_uint_eq(n.briefs, 2); /* her own, and the one that names her in clear */
    ck_assert_uint_eq(n.jobs, 1);
    ck_assert_uint_eq(n.quarantined, 1);
    ck_assert_uint_eq(n.mentions, 2);
    ck_assert_uint_eq(n.adapters, 1);
    ck_assert_uint_eq(hits(&p, "anna berg"), 0);
    FAILS(RC_REFUSED, store_brief_get(p.s, own, &b, &e));
    FAILS(RC_REFUSED, store_brief_get(p.s, named, &b, &e));
    OK(store_brief_get(p.s, other, &b, &e));
    ck_assert_uint_eq(b->n_values, 0);
    ck_assert_uint_eq(b->sentences[0].n_rests_on, 0); /* rested on her own record */
    store_brief_close(b);
    FAILS(RC_REFUSED, store_adapter_check(p.s, "a1", "aa", &state, &e));
    ck_assert_int_eq(state, ADAPTER_DISABLED);
    OK(store_adapter_sentences(p.s, "a1", &sentences, &e));
    ck_assert_ptr_null(sentences);
    OK(store_adapter_sentences(p.s, "a2", &sentences, &e));
    ck_assert_str_eq(sentences, "We build quietly.\n");
    free(sentences);
    OK(store_adapter_check(p.s, "a2", "aa", NULL, &e));
    FAILS(RC_REFUSED, store_adapter_put(p.s, &(struct adapter){.name = "a1", .sha256 = "cc", .base = "bb"}, &(struct adapter_origin){trained, 1, said, 1}, &by_system, &e));
    OK(store_adapter_put(p.s, &(struct adapter){.name = "a1", .sha256 = "cc", .base = "bb"}, &(struct adapter_origin){on_others, 1, said, 1}, &by_system, &e)); /* trained anew */
    OK(store_adapter_check(p.s, "a1", "cc", NULL, &e));

    FAILS(RC_REFUSED, store_subject_key(p.s, anna, true, key, &e));
    FAILS(RC_REFUSED, put(&p, "lead", "L-1", "somebody", "[EMAIL_1] again", 1, NULL, &e)); /* under another id, by the address */
    OK(store_sync_batch(p.s, &(struct store_batch){.source = "crm", .object = "contact", .rows = &row, .n = 1, .kinds = kinds}, NULL, &e));
    ck_assert_int_eq(sql_int(&p, "SELECT (SELECT count(*) FROM seen) + (SELECT count(*) FROM job)"), 0);
    teardown(&p);
}
END_TEST

START_TEST(a_backup_does_not_bring_anybody_back)
{
    struct place p;
    char anna[SHA256_HEX_SIZE], command[512];
    struct erase_counts n;
    uint8_t key[KEY_SIZE];
    setup(&p);
    subject_of(&p, "person:crm/contact/C-1", anna);
    OK(put(&p, "contact", "C-1", anna, "of her own", 1, NULL, &e));
    store_close(p.s);
    snprintf(command, sizeof(command), "cp %s %s.backup", p.db, p.db);
    ck_assert_int_eq(system(command), 0);
    OK(place_open(&p, false, &p.s, &e));
    const char *subjects[] = {anna};
    const struct erase_record record = {"crm", "contact", "C-1"};
    const struct erasure x = {.subjects = subjects, .n_subjects = 1, .records = &record, .n_records = 1};
    OK(store_erase(p.s, &x, &by_dana, &n, &e));
    OK(store_erase(p.s, &x, &by_dana, &n, &e)); /* twice is no harm */
    ck_assert_uint_eq(n.keys + n.values + n.briefs, 0);
    store_close(p.s);
    snprintf(command, sizeof(command), "rm -f %s-wal %s-shm; cp %s.backup %s", p.db, p.db, p.db, p.db);
    ck_assert_int_eq(system(command), 0);
    ck_assert_int_eq(sql_int(&p, "SELECT count(*) FROM brief"), 1);
    OK(place_open(&p, false, &p.s, &e));
    FAILS(RC_REFUSED, store_subject_key(p.s, anna, false, key, &e));
    ck_assert_int_eq(sql_int(&p, "SELECT (SELECT count(*) FROM brief) + (SELECT count(*) FROM brief_value)"), 0);

    /* The list of the erased is signed: a line that somebody changed is told, not followed. */
    store_close(p.s);
    p.s = NULL;
    snprintf(command, sizeof(command), "sed -i 's/^subject ./subject x/' %s.erased && cp %s.backup %s && rm -f %s-wal", p.key, p.db, p.db, p.db);
    ck_assert_int_eq(system(command), 0);
    FAILS(RC_BAD, place_open(&p, false, &p.s, &e));
    p.s = NULL;
    teardown(&p);
}
END_TEST

START_TEST(the_scan_looks_everywhere)
{
    struct place p;
    setup(&p);
    const struct {
        const char *text;
    } nowhere = {"Nobody Of That Name"};
    ck_assert_uint_eq(hits(&p, nowhere.text), 0);
    OK(store_note_set(p.s, "somewhere", "x Nobody of that name y", &e));
    ck_assert_uint_ge(hits(&p, nowhere.text), 2); /* in the table and in the file */
    OK(store_note_set(p.s, "somewhere", "", &e));
    teardown(&p);
}
END_TEST

/* ---- the certificate ------------------------------------------------------------------------------------------------- */

START_TEST(certificates_verify_and_forgeries_do_not)
{
    static const char statement[] = "{\"what\": \"briefd erasure certificate\", \"keys\": 1}";
    struct ed25519_key key, other;
    struct buf text;

    OK(ed25519_make(&key, &e));
    OK(ed25519_make(&other, &e));
    buf_init(&text, 4096);
    OK(certificate_sign(&key, statement, &text, &e));
    OK(certificate_verify(&key, text.data, &e));
    FAILS(RC_BAD, certificate_verify(&other, text.data, &e));
    FAILS(RC_BAD, certificate_verify(&key, statement, &e));
    FAILS(RC_BAD, certificate_verify(&key, "", &e));
    for (size_t i = 0; i + 1 < text.len; i++) { /* any changed byte, any cut */
        char was = text.data[i];
        if (was == '\n')
            continue;
        text.data[i] = was == 'x' ? 'y' : 'x';
        FAILS(RC_BAD, certificate_verify(&key, text.data, &e));
        text.data[i] = '\0';
        FAILS(RC_BAD, certificate_verify(&key, text.data, &e));
        text.data[i] = was;
    }
    buf_clear(&text);
}
END_TEST

/* ---- retention, owners ----------------------------------------------------------------------------------------------- */

START_TEST(what_is_too_old_goes)
{
    struct place p;
    struct retention_counts n;
    struct store_brief *b;
    char old[BRIEF_ID_SIZE], young[BRIEF_ID_SIZE];
    const struct retention limits = {.briefs = 10 * DAY, .sealed_values = 3 * DAY}, for_ever = {0};
    uint8_t key[KEY_SIZE];
    setup(&p);
    OK(put(&p, "opportunity", "O-1", "s1", "one", 1, old, &e));
    p.now += 8 * DAY;
    OK(put(&p, "opportunity", "O-2", "s2", "two", 1, young, &e));
    OK(store_retention(p.s, &for_ever, false, &by_system, &n, &e));
    ck_assert_uint_eq(n.briefs + n.values + n.previous + n.keys, 0);
    OK(store_retention(p.s, &limits, true, &by_system, &n, &e));
    ck_assert_uint_eq(n.briefs, 0);
    ck_assert_uint_eq(n.values, 1);
    OK(store_retention(p.s, &limits, false, &by_system, &n, &e));
    ck_assert_uint_eq(n.values, 1);
    ck_assert_uint_eq(n.keys, 1);
    OK(store_brief_get(p.s, old, &b, &e)); /* the text in slots stays until its own time */
    ck_assert_uint_eq(b->n_values, 0);
    store_brief_close(b);
    FAILS(RC_REFUSED, store_subject_key(p.s, "s1", false, key, &e));
    OK(store_subject_key(p.s, "s2", false, key, &e));
    p.now += 3 * DAY;
    OK(store_retention(p.s, &limits, false, &by_system, &n, &e));
    ck_assert_uint_eq(n.briefs, 1);
    FAILS(RC_REFUSED, store_brief_get(p.s, old, &b, &e));
    OK(store_brief_get(p.s, young, &b, &e));
    store_brief_close(b);
    OK(store_retention(p.s, &limits, false, &by_system, &n, &e));
    ck_assert_uint_eq(n.briefs + n.values + n.keys, 0);
    teardown(&p);
}
END_TEST

static enum rc take_owner(void *ctx, const struct store_brief *b, struct err *e)
{
    (void)e;
    snprintf(ctx, 64, "%s/%s", b->meta.owner ? b->meta.owner : "", b->meta.team ? b->meta.team : "");
    return RC_OK;
}

START_TEST(briefs_follow_their_record_s_owner)
{
    struct place p;
    struct brief_filter f = {.record_id = "O-1"};
    struct record *r;
    char who[64];
    setup(&p);
    OK(put(&p, "opportunity", "O-1", "s1", "one", 1, NULL, &e));
    OK(record_open("crm", "opportunity", "O-1", &r, &e));
    r->owner = "u2";
    OK(store_record_owner(p.s, r, &e));
    OK(store_briefs_list(p.s, &f, take_owner, who, &e));
    ck_assert_str_eq(who, "u2/");
    r->owner = NULL;
    r->team = "south";
    OK(store_record_owner(p.s, r, &e));
    OK(store_briefs_list(p.s, &f, take_owner, who, &e));
    ck_assert_str_eq(who, "/south");
    record_close(r);
    teardown(&p);
}
END_TEST

START_TEST(a_record_loses_its_erased_people)
{
    struct place p;
    struct record *deal, *anna, *ben, *note;
    struct erase_counts n;
    char subject[SHA256_HEX_SIZE];
    const char *subjects[] = {subject};
    setup(&p);
    subject_of(&p, "person:crm/contact/C-1", subject);
    OK(store_erase(p.s, &(struct erasure){.subjects = subjects, .n_subjects = 1}, &by_dana, &n, &e));
    OK(record_open("crm", "opportunity", "O-1", &deal, &e));
    OK(record_open_in(deal, "crm", "contact", "C-1", &anna, &e));
    OK(record_open_in(deal, "crm", "contact", "C-2", &ben, &e));
    OK(record_open_in(deal, "crm", "activity", "A-1", &note, &e));
    OK(record_add_parent(deal, "contact", anna, &e));
    OK(record_add_parent(deal, "other", ben, &e));
    OK(record_add_parent(note, "who", anna, &e));
    OK(record_add_child(deal, "activities", note, &e));
    OK(record_add_child(deal, "contacts", anna, &e));
    OK(record_add_child(deal, "contacts", ben, &e));
    OK(store_prune_erased(p.s, deal, &e));
    ck_assert_ptr_null(record_parent_named(deal, "contact"));
    ck_assert_ptr_nonnull(record_parent_named(deal, "other"));
    ck_assert_ptr_null(record_parent_named(note, "who"));
    const struct record_list *contacts = record_list_named(deal, "contacts");
    ck_assert(contacts && contacts->count == 1 && contacts->items[0] == ben);
    record_close(deal);
    OK(record_open("crm", "contact", "C-1", &anna, &e));
    FAILS(RC_REFUSED, store_prune_erased(p.s, anna, &e));
    record_close(anna);
    teardown(&p);
}
END_TEST

/* Another handle that comes and goes must not take the locks of those that stay: else another process, which then believes to
 * be the last one, removes the WAL from under them. */
START_TEST(handles_keep_their_locks)
{
    struct place p;
    struct store *first, *second;
    char wal[128];
    setup(&p);
    first = p.s;
    OK(store_audit_add(first, &by_system, &e));
    OK(place_open(&p, false, &p.s, &e));
    second = p.s;
    p.s = first;
    ck_assert_uint_eq(hits(&p, "Nobody Of That Name"), 0); /* reads the files, too */
    store_close(second);
    pid_t pid = fork();
    if (pid == 0) {
        setenv("BRIEFD_TEST_TOUCH", p.db, 1);
        execl("/proc/self/exe", "test_governance", (char *)NULL);
        _exit(127);
    }
    int status = 0;
    ck_assert_int_eq(waitpid(pid, &status, 0), pid);
    ck_assert(WIFEXITED(status) && WEXITSTATUS(status) == 0);
    snprintf(wal, sizeof(wal), "%s-wal", p.db);
    ck_assert_msg(access(wal, F_OK) == 0, "another process removed the WAL");
    OK(store_audit_add(first, &by_system, &e));
    teardown(&p);
}
END_TEST

/* As the other process: look into the store and go. */
static int touch(const char *path)
{
    sqlite3 *db;
    bool ok = sqlite3_open(path, &db) == SQLITE_OK && sqlite3_exec(db, "SELECT count(*) FROM audit", NULL, NULL, NULL) == SQLITE_OK;
    return sqlite3_close(db) == SQLITE_OK && ok ? EXIT_SUCCESS : EXIT_FAILURE;
}

int main(void)
{
    const TTest *const tests[] = {keys_let_in_whom_they_belong_to, two_people_approve, an_edit_takes_approvals_back, a_conflict_takes_approvals_back, names_are_sealed_for_two,
                                  erasing_leaves_nothing_and_nobody_comes_back, a_backup_does_not_bring_anybody_back, the_scan_looks_everywhere,
                                  certificates_verify_and_forgeries_do_not, what_is_too_old_goes, briefs_follow_their_record_s_owner,
                                  a_record_loses_its_erased_people,
                                  handles_keep_their_locks};
    const char *path = getenv("BRIEFD_TEST_TOUCH");
    return path ? touch(path) : suite_run("governance", tests, COUNT_OF(tests));
}
