/* The store: daemon/store.h, and store_parts.h in place of what policy releases. */
#include "place.h"
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include "../../base/str.h"
#include "../../daemon/store_parts.h"

/* One more handle, to be closed by the test. */
static struct store *open_again(struct place *p)
{
    struct store *s = NULL;
    OK(place_open(p, false, &s, &e));
    return s;
}

static const bool summary_only[N_PURPOSES] = {[PURPOSE_SUMMARY] = true};
static const bool both_kinds[N_PURPOSES] = {[PURPOSE_SUMMARY] = true, [PURPOSE_EMAIL] = true};
static const struct audit_event made = {.actor = "system", .event = "brief.made", .detail = "model=00ff"};
static const struct audit_event by_dana = {.actor = "dana", .event = "brief.decided"};
static const struct audit_event by_policy = {.actor = "system", .event = "brief.decided"};

static struct brief_meta meta_of(const char *record, const char *input)
{
    return (struct brief_meta){.source = "crm", .object = "opportunity", .record_id = record, .record_version = "v1",
                               .kind = PURPOSE_SUMMARY, .state = BRIEF_WAITING, .as_of = 20524, .owner = "u1",
                               .team = "north", .policy_hash = "aa", .template_hash = "bb", .model_hash = "cc",
                               .input_hash = input, .created_by = "system", .prompt_tokens = 300, .output_tokens = 40,
                               .ms = 1200};
}

static const char *const rests[] = {"opportunity/O-1.stage", "activity/A-7.body"};
static const struct policy_sentence sentences[] = {
    {"[PERSON_1] waits for the offer over [MONEY_1].", rests, 2, false},
    {"Best regards", NULL, 0, true},
};
static const char *const bullets[] = {"Call [PERSON_1:first]", "Send the offer"};
static const char *const flags[] = {"promise"};
static const uint8_t sealed[] = {1, 2, 3, 0, 255};

static struct brief_parts parts_of(struct policy_value values[2])
{
    values[0] = (struct policy_value){.slot = "[PERSON_1]", .subject = "person-1", .hash = {7}, .sealed = sealed,
                                      .n_sealed = sizeof(sealed)};
    values[1] = (struct policy_value){.slot = "[MONEY_1]", .subject = "record-1", .hash = {9}, .sealed = sealed,
                                      .n_sealed = 3};
    return (struct brief_parts){.language = "en", .body = "[PERSON_1] waits for the offer over [MONEY_1].",
                                .valid_until = 1775000000000000, .bullets = bullets, .n_bullets = 2,
                                .sentences = sentences, .n_sentences = 2, .flags = flags, .n_flags = 1,
                                .values = values, .n_values = 2};
}

static enum rc put(struct store *s, const struct brief_meta *m, const struct store_done *job,
                   struct store_put_result *out, struct err *e)
{
    struct policy_value values[2];
    struct brief_parts p = parts_of(values);
    return store_put_parts(s, &p, m, &made, job, out, e);
}

static enum brief_state state_of(struct store *s, const char *id)
{
    struct store_brief *b;
    OK(store_brief_get(s, id, &b, &e));
    enum brief_state st = b->meta.state;
    store_brief_close(b);
    return st;
}

/* ---- opening ---------------------------------------------------------------------------------------------------- */

START_TEST(opens_and_refuses)
{
    struct place p;
    struct store *s;
    struct stat st;
    struct keyring *other;
    char path[128];
    setup(&p);
    ck_assert_int_eq(stat(p.db, &st), 0);
    ck_assert_int_eq(st.st_mode & 0777, 0600);
    snprintf(path, sizeof(path), "%s-wal", p.db);
    ck_assert_int_eq(stat(path, &st), 0);
    ck_assert_int_eq(st.st_mode & 0777, 0600);
    s = open_again(&p); /* migrations are not applied twice */
    store_close(s);
    ck_assert_int_eq(sql_int(&p, "PRAGMA user_version"), 6);

    struct store_options opt = {.keys = p.keys};
    FAILS(RC_BAD, store_open("postgresql:///x", &opt, &s, &e));
    FAILS(RC_BAD, store_open("/plain/path", &opt, &s, &e));
    FAILS(RC_BAD, store_open("sqlite://host/path", &opt, &s, &e));
    FAILS(RC_BAD, store_open("sqlite:///no/such/folder/b.db", &opt, &s, &e));

    snprintf(path, sizeof(path), "%s/other.key", p.folder);
    OK(keyring_open(path, &other, &e));
    opt.keys = other;
    FAILS(RC_BAD, store_open(p.dsn, &opt, &s, &e));
    keyring_close(other);

    sql(&p, "PRAGMA user_version=99");
    FAILS(RC_BAD, place_open(&p, false, &s, &e));
    snprintf(path, sizeof(path), "%s/text.db", p.folder);
    int fd = open(path, O_WRONLY | O_CREAT, 0600);
    for (int i = 0; i < 100; i++)
        ck_assert_int_eq(write(fd, "this is no data base of any kind", 32), 32);
    close(fd);
    snprintf(path, sizeof(path), "sqlite://%s/text.db", p.folder);
    opt.keys = p.keys;
    FAILS(RC_BAD, store_open(path, &opt, &s, &e));
    teardown(&p);
}
END_TEST

START_TEST(one_process_runs_jobs)
{
    struct place p;
    struct store *daemon, *second;
    setup(&p);
    OK(place_open(&p, true, &daemon, &e));
    FAILS(RC_RETRY, place_open(&p, true, &second, &e));
    second = open_again(&p); /* its workers */
    store_close(second);
    store_close(daemon);
    OK(place_open(&p, true, &daemon, &e));
    store_close(daemon);
    teardown(&p);
}
END_TEST

/* ---- sync ------------------------------------------------------------------------------------------------------- */

static size_t count(struct store *s, enum job_state st)
{
    struct store_counts c;
    OK(store_queue_counts(s, NULL, NULL, NULL, &c, &e));
    return c.by_state[st];
}

START_TEST(sync_queues_what_changed)
{
    struct place p;
    struct pulled rows[] = {{"O-1", "v1", 10, false}, {"O-2", "v1", 11, false}, {"O-3", "v1", 12, false}};
    struct store_batch b = {.source = "crm", .object = "opportunity", .rows = rows, .n = 3, .watermark = "12|O-3",
                            .kinds = both_kinds};
    bool changed[3];
    size_t n;
    char mark[WATERMARK_SIZE];
    struct store_put_result r;
    setup(&p);
    OK(store_watermark(p.s, "crm", "opportunity", mark, &e));
    ck_assert_str_eq(mark, "");
    OK(store_sync_batch(p.s, &b, &n, &e));
    ck_assert_uint_eq(n, 3);
    ck_assert_uint_eq(count(p.s, JOB_WAITING), 6);
    OK(store_watermark(p.s, "crm", "opportunity", mark, &e));
    ck_assert_str_eq(mark, "12|O-3");

    OK(store_sync_batch(p.s, &b, &n, &e)); /* the overlap of the next pull */
    ck_assert_uint_eq(n, 0);
    ck_assert_uint_eq(count(p.s, JOB_WAITING), 6);

    OK(store_queue_drop(p.s, "crm", NULL, NULL, &n, &e));
    ck_assert_uint_eq(n, 6);
    OK(store_quarantine_add(p.s, "crm", "opportunity", "O-2", "field notes: not UTF-8", &e));
    rows[1].version = "v2";
    OK(store_sync_changed(p.s, "crm", "opportunity", rows, 3, changed, &e));
    ck_assert(!changed[0] && changed[1] && !changed[2]);
    /* a changed child queues its parent, not itself */
    struct pulled child = {"A-1", "v1", 20, false};
    struct store_look look = {"crm", "opportunity", "O-3", summary_only};
    struct store_batch children = {.source = "crm", .object = "activity", .rows = &child, .n = 1, .looks = &look,
                                   .n_looks = 1};
    OK(store_sync_batch(p.s, &b, &n, &e));
    OK(store_sync_batch(p.s, &children, &n, &e));
    ck_assert_uint_eq(count(p.s, JOB_WAITING), 3);
    ck_assert_int_eq(sql_int(&p, "SELECT count(*) FROM quarantine"), 0);

    /* deleted: its looks go, its brief expires */
    struct brief_meta m = meta_of("O-2", "i1");
    OK(put(p.s, &m, NULL, &r, &e));
    rows[1].deleted = true;
    OK(store_sync_batch(p.s, &b, &n, &e));
    ck_assert_uint_eq(n, 1);
    ck_assert_uint_eq(count(p.s, JOB_WAITING), 1);
    ck_assert_int_eq(state_of(p.s, r.id), BRIEF_EXPIRED);
    teardown(&p);
}
END_TEST

START_TEST(reconcile_finds_deletions)
{
    struct place p;
    struct pulled rows[] = {{"O-1", "v1", 10, false}, {"O-2", "v1", 11, false}, {"O-3", "v1", 12, false}};
    struct store_batch b = {.source = "crm", .object = "opportunity", .rows = rows, .n = 3, .kinds = summary_only};
    struct store_put_result r;
    struct brief_meta m = meta_of("O-3", "i1");
    size_t n;
    setup(&p);
    OK(store_sync_batch(p.s, &b, NULL, &e));
    OK(put(p.s, &m, NULL, &r, &e));
    p.now += 1000;
    int64_t since = store_now_us(p.s);
    b.n = 2; /* O-3 is no longer listed */
    OK(store_sync_batch(p.s, &b, NULL, &e));
    struct pulled late = {"O-4", "v1", 13, false}; /* came after the list was taken */
    struct store_batch more = {.source = "crm", .object = "opportunity", .rows = &late, .n = 1};
    OK(store_sync_batch(p.s, &more, NULL, &e));
    OK(store_sync_gone(p.s, "crm", "opportunity", since, &n, &e));
    ck_assert_uint_eq(n, 1);
    ck_assert_int_eq(state_of(p.s, r.id), BRIEF_EXPIRED);
    OK(store_sync_gone(p.s, "crm", "opportunity", since, &n, &e));
    ck_assert_uint_eq(n, 0);
    teardown(&p);
}
END_TEST

START_TEST(sources_are_bound)
{
    struct place p;
    setup(&p);
    OK(store_source_bind(p.s, "crm", "org-1", false, &e));
    OK(store_source_bind(p.s, "crm", "org-1", false, &e));
    FAILS(RC_REFUSED, store_source_bind(p.s, "crm", "org-2", false, &e));
    OK(store_source_bind(p.s, "crm", "org-2", true, &e));
    OK(store_source_bind(p.s, "crm", "org-2", false, &e));
    teardown(&p);
}
END_TEST

/* ---- the queue -------------------------------------------------------------------------------------------------- */

static void ask(struct store *s, const char *object, const char *id, enum purpose kind, int priority)
{
    struct store_ask a = {.source = "crm", .object = object, .record_id = id, .kind = kind, .priority = priority};
    OK(store_queue_add(s, &a, &e));
}

static struct store_jobs claim(struct store *s, const char *worker, size_t max)
{
    struct store_jobs jobs;
    struct store_claim c = {.worker = worker, .lease_us = 60000000, .max = max};
    OK(store_queue_claim(s, &c, &jobs, &e));
    return jobs;
}

START_TEST(claims_in_batches_by_urgency)
{
    struct place p;
    struct store_jobs j;
    setup(&p);
    ask(p.s, "opportunity", "O-1", PURPOSE_SUMMARY, STORE_PRIORITY_BATCH);
    ask(p.s, "opportunity", "O-2", PURPOSE_SUMMARY, STORE_PRIORITY_BATCH);
    ask(p.s, "opportunity", "O-2", PURPOSE_SUMMARY, STORE_PRIORITY_BATCH); /* once is enough */
    ask(p.s, "account", "A-1", PURPOSE_SUMMARY, STORE_PRIORITY_BATCH);
    ask(p.s, "lead", "L-1", PURPOSE_EMAIL, STORE_PRIORITY_PERSON);
    ck_assert_uint_eq(count(p.s, JOB_WAITING), 4);

    j = claim(p.s, "w1", 10);
    ck_assert_uint_eq(j.n, 1);
    ck_assert_str_eq(j.jobs[0].record_id, "L-1");
    ck_assert_int_eq(j.jobs[0].kind, PURPOSE_EMAIL);
    store_jobs_clear(&j);

    j = claim(p.s, "w1", 10); /* one object and kind at a time, oldest first */
    ck_assert_uint_eq(j.n, 2);
    ck_assert_str_eq(j.jobs[0].record_id, "O-1");
    ck_assert_str_eq(j.jobs[1].record_id, "O-2");
    ck_assert_uint_eq(j.jobs[0].attempts, 1);
    int64_t ids[] = {j.jobs[0].id, j.jobs[1].id};
    store_jobs_clear(&j);

    /* A change while it runs waits for the next turn. */
    ask(p.s, "opportunity", "O-1", PURPOSE_SUMMARY, STORE_PRIORITY_BATCH);
    struct store_claim c = {.worker = "w2", .lease_us = 1, .max = 10, .object = "opportunity"};
    OK(store_queue_claim(p.s, &c, &j, &e));
    ck_assert_uint_eq(j.n, 0);
    store_jobs_clear(&j);

    OK(store_queue_done(p.s, "w2", ids, 2, NULL, &e)); /* not its own */
    ck_assert_uint_eq(count(p.s, JOB_RUNNING), 3);
    struct audit_event evs[] = {{.actor = "system", .event = "brief.refused", .object = "crm/opportunity/O-1",
                                 .outcome = "refused"},
                                {.actor = "system", .event = "brief.unchanged", .object = "crm/opportunity/O-2"}};
    OK(store_queue_done(p.s, "w1", ids, 2, evs, &e));
    ck_assert_uint_eq(count(p.s, JOB_RUNNING), 1);
    ck_assert_int_eq(sql_int(&p, "SELECT count(*) FROM audit"), 2);
    OK(store_queue_claim(p.s, &c, &j, &e));
    ck_assert_uint_eq(j.n, 1);
    store_jobs_clear(&j);
    c.max = STORE_MAX_BATCH + 1;
    FAILS(RC_LIMIT, store_queue_claim(p.s, &c, &j, &e));
    teardown(&p);
}
END_TEST

START_TEST(kinds_and_budget)
{
    struct place p;
    struct store_jobs j;
    struct store_counts counts;
    static const bool email_only[N_PURPOSES] = {[PURPOSE_EMAIL] = true};
    size_t n;
    setup(&p);
    ask(p.s, "lead", "L-1", PURPOSE_SUMMARY, 0);
    ask(p.s, "lead", "L-1", PURPOSE_EMAIL, 0);
    struct store_claim c = {.worker = "w", .lease_us = 1000, .max = 5, .kinds = email_only};
    OK(store_queue_claim(p.s, &c, &j, &e));
    ck_assert_uint_eq(j.n, 1);
    ck_assert_int_eq(j.jobs[0].kind, PURPOSE_EMAIL);
    store_jobs_clear(&j);
    OK(store_queue_counts(p.s, "crm", "lead", summary_only, &counts, &e));
    ck_assert_uint_eq(counts.due, 1);
    ck_assert_int_eq(counts.next_us, p.now);
    OK(store_queue_release(p.s, "w", &e));
    ck_assert_uint_eq(count(p.s, JOB_WAITING), 2);
    OK(store_queue_drop(p.s, "crm", "lead", email_only, &n, &e));
    ck_assert_uint_eq(n, 1);
    ck_assert_uint_eq(count(p.s, JOB_WAITING), 1);
    teardown(&p);
}
END_TEST

START_TEST(leases_expire_and_heartbeats_hold)
{
    struct place p;
    struct store_jobs j;
    size_t held;
    setup(&p);
    ask(p.s, "lead", "L-1", PURPOSE_SUMMARY, 0);
    j = claim(p.s, "w1", 1);
    ck_assert_uint_eq(j.n, 1);
    int64_t id = j.jobs[0].id;
    store_jobs_clear(&j);
    p.now += 59000000;
    OK(store_queue_heartbeat(p.s, "w1", 60000000, &held, &e));
    ck_assert_uint_eq(held, 1);
    p.now += 59000000;
    j = claim(p.s, "w2", 1);
    ck_assert_uint_eq(j.n, 0);
    store_jobs_clear(&j);
    p.now += 2000000;
    j = claim(p.s, "w2", 1);
    ck_assert_uint_eq(j.n, 1);
    ck_assert_int_eq(j.jobs[0].id, id);
    ck_assert_uint_eq(j.jobs[0].attempts, 1); /* a lost worker is no failed attempt */
    store_jobs_clear(&j);
    OK(store_queue_heartbeat(p.s, "w1", 60000000, &held, &e));
    ck_assert_uint_eq(held, 0);
    OK(store_queue_done(p.s, "w1", &id, 1, NULL, &e)); /* too late */
    ck_assert_uint_eq(count(p.s, JOB_RUNNING), 1);

    struct store *daemon; /* a restart under the lock needs no lease to pass */
    OK(place_open(&p, true, &daemon, &e));
    ck_assert_uint_eq(count(daemon, JOB_WAITING), 1);
    store_close(daemon);
    teardown(&p);
}
END_TEST

START_TEST(failures_back_off_and_die)
{
    struct place p;
    struct store_jobs j;
    size_t n;
    static const int64_t waits_s[] = {5, 10, 20, 40};
    setup(&p);
    ask(p.s, "lead", "L-1", PURPOSE_SUMMARY, 0);
    for (int i = 0; i < 5; i++) { /* max_attempts */
        j = claim(p.s, "w", 1);
        ck_assert_uint_eq(j.n, 1);
        ck_assert_uint_eq(j.jobs[0].attempts, (unsigned)i + 1);
        OK(store_queue_fail(p.s, "w", &j.jobs[0].id, 1, true, "source crm is down", &e));
        store_jobs_clear(&j);
        if (i == 4)
            break;
        p.now += waits_s[i] * 1000000 - 1;
        j = claim(p.s, "w", 1);
        ck_assert_uint_eq(j.n, 0);
        store_jobs_clear(&j);
        p.now += 1;
    }
    ck_assert_uint_eq(count(p.s, JOB_DEAD), 1);
    ck_assert_int_eq(sql_int(&p, "SELECT count(*) FROM job WHERE reason = 'source crm is down'"), 1);
    OK(store_queue_revive(p.s, NULL, NULL, &n, &e));
    ck_assert_uint_eq(n, 1);
    j = claim(p.s, "w", 1);
    ck_assert_uint_eq(j.jobs[0].attempts, 1);
    OK(store_queue_fail(p.s, "w", &j.jobs[0].id, 1, false, "field notes: not UTF-8", &e)); /* no use in trying again */
    store_jobs_clear(&j);
    ck_assert_uint_eq(count(p.s, JOB_DEAD), 1);

    /* A later look that ends well settles the dead letter. */
    ask(p.s, "lead", "L-1", PURPOSE_SUMMARY, 0);
    j = claim(p.s, "w", 1);
    OK(store_queue_done(p.s, "w", &j.jobs[0].id, 1, NULL, &e));
    store_jobs_clear(&j);
    ck_assert_uint_eq(count(p.s, JOB_DEAD), 0);

    /* A failed one whose record changed meanwhile becomes one with the newer look. */
    ask(p.s, "lead", "L-2", PURPOSE_SUMMARY, 0);
    j = claim(p.s, "w", 1);
    ask(p.s, "lead", "L-2", PURPOSE_SUMMARY, 0);
    OK(store_queue_fail(p.s, "w", &j.jobs[0].id, 1, true, "busy", &e));
    store_jobs_clear(&j);
    ck_assert_uint_eq(count(p.s, JOB_WAITING), 1);
    ck_assert_uint_eq(count(p.s, JOB_RUNNING), 0);
    ck_assert_int_eq(sql_int(&p, "SELECT attempts FROM job"), 1);
    teardown(&p);
}
END_TEST

enum { CONTENDED_JOBS = 400, CONTENDERS = 4 };
struct contender {
    struct place *place;
    int number;
    int64_t ids[CONTENDED_JOBS];
    size_t n;
};

static void *contend(void *arg)
{
    struct contender *c = arg;
    struct store *s = open_again(c->place);
    char worker[16];
    snprintf(worker, sizeof(worker), "w%d", c->number);
    for (;;) {
        struct store_jobs j = claim(s, worker, 7);
        size_t n = j.n;
        for (size_t i = 0; i < n; i++)
            c->ids[c->n++] = j.jobs[i].id;
        store_jobs_clear(&j);
        if (n == 0)
            break;
    }
    store_close(s);
    return NULL;
}

static void fill(struct place *p)
{
    struct pulled *rows = calloc(CONTENDED_JOBS, sizeof(*rows));
    char (*ids)[16] = calloc(CONTENDED_JOBS, sizeof(*ids));
    for (int i = 0; i < CONTENDED_JOBS; i++) {
        snprintf(ids[i], sizeof(ids[i]), "O-%03d", i);
        rows[i] = (struct pulled){.id = ids[i], .version = "v1", .modified_us = i};
    }
    struct store_batch b = {.source = "crm", .object = "opportunity", .rows = rows, .n = CONTENDED_JOBS,
                            .kinds = summary_only};
    OK(store_sync_batch(p->s, &b, NULL, &e));
    free(rows);
    free(ids);
}

START_TEST(threads_never_share_a_job)
{
    struct place p;
    pthread_t threads[CONTENDERS];
    static struct contender c[CONTENDERS];
    static bool taken[CONTENDED_JOBS + 1];
    size_t all = 0;
    setup(&p);
    fill(&p);
    memset(c, 0, sizeof(c));
    memset(taken, 0, sizeof(taken));
    for (int i = 0; i < CONTENDERS; i++) {
        c[i].place = &p;
        c[i].number = i;
        ck_assert_int_eq(pthread_create(&threads[i], NULL, contend, &c[i]), 0);
    }
    for (int i = 0; i < CONTENDERS; i++)
        pthread_join(threads[i], NULL);
    for (int i = 0; i < CONTENDERS; i++)
        for (size_t k = 0; k < c[i].n; k++, all++) {
            ck_assert(!taken[c[i].ids[k]]);
            taken[c[i].ids[k]] = true;
        }
    ck_assert_uint_eq(all, CONTENDED_JOBS);
    teardown(&p);
}
END_TEST

START_TEST(processes_never_share_a_job)
{
    struct place p;
    pid_t pids[2];
    setup(&p);
    fill(&p);
    store_close(p.s); /* SQLite handles don't cross a fork */
    for (int i = 0; i < 2; i++) {
        pids[i] = fork();
        if (pids[i] == 0) {
            struct contender *c = calloc(1, sizeof(*c));
            c->place = &p;
            c->number = i;
            contend(c);
            _exit(c->n > CONTENDED_JOBS);
        }
    }
    for (int i = 0; i < 2; i++) {
        int status;
        ck_assert(waitpid(pids[i], &status, 0) == pids[i] && status == 0);
    }
    p.s = open_again(&p);
    ck_assert_uint_eq(count(p.s, JOB_RUNNING), CONTENDED_JOBS);
    ck_assert_int_eq(sql_int(&p, "SELECT count(*) FROM job WHERE attempts <> 1"), 0); /* each was claimed once */
    teardown(&p);
}
END_TEST

/* ---- briefs ----------------------------------------------------------------------------------------------------- */

START_TEST(a_brief_comes_back_as_it_went_in)
{
    struct place p;
    struct store_put_result r, again;
    struct store_brief *b;
    struct brief_meta m = meta_of("O-1", "i1");
    bool exists;
    setup(&p);
    m.intent = "follow-up";
    OK(store_brief_exists(p.s, &m, &exists, &e));
    ck_assert(!exists);
    OK(put(p.s, &m, NULL, &r, &e));
    ck_assert(r.made && r.superseded == 0 && !r.beside_edit);
    ck_assert_uint_eq(strlen(r.id), BRIEF_ID_SIZE - 1);
    OK(store_brief_exists(p.s, &m, &exists, &e));
    ck_assert(exists);
    OK(put(p.s, &m, NULL, &again, &e)); /* never twice */
    ck_assert(!again.made);
    ck_assert_str_eq(again.id, r.id);

    OK(store_brief_get(p.s, r.id, &b, &e));
    ck_assert_str_eq(b->id, r.id);
    ck_assert_str_eq(b->meta.record_id, "O-1");
    ck_assert_str_eq(b->meta.record_version, "v1");
    ck_assert_str_eq(b->meta.intent, "follow-up");
    ck_assert_ptr_null(b->meta.tone);
    ck_assert_str_eq(b->meta.owner, "u1");
    ck_assert_str_eq(b->meta.input_hash, "i1");
    ck_assert_int_eq(b->meta.state, BRIEF_WAITING);
    ck_assert_int_eq(b->meta.as_of, 20524);
    ck_assert_int_eq(b->meta.made_us, p.now);
    ck_assert_int_eq(b->meta.output_tokens, 40);
    ck_assert_int_eq(b->valid_until, 1775000000000000);
    ck_assert_ptr_null(b->subject);
    ck_assert_str_eq(b->body, "[PERSON_1] waits for the offer over [MONEY_1].");
    ck_assert_uint_eq(b->n_sentences, 2);
    ck_assert_str_eq(b->sentences[0].text, sentences[0].text);
    ck_assert_uint_eq(b->sentences[0].n_rests_on, 2);
    ck_assert_str_eq(b->sentences[0].rests_on[1], rests[1]);
    ck_assert(!b->sentences[0].by_code && b->sentences[1].by_code);
    ck_assert_uint_eq(b->sentences[1].n_rests_on, 0);
    ck_assert_uint_eq(b->n_bullets, 2);
    ck_assert_str_eq(b->bullets[1], "Send the offer");
    ck_assert_uint_eq(b->n_flags, 1);
    ck_assert_str_eq(b->flags[0], "promise");
    ck_assert_uint_eq(b->n_values, 2);
    ck_assert_str_eq(b->values[0].slot, "[PERSON_1]");
    ck_assert_uint_eq(b->values[0].n_sealed, sizeof(sealed));
    ck_assert_mem_eq(b->values[0].sealed, sealed, sizeof(sealed));
    ck_assert_int_eq(b->values[1].hash[0], 9);
    store_brief_close(b);
    FAILS(RC_REFUSED, store_brief_get(p.s, "bnothing", &b, &e));
    teardown(&p);
}
END_TEST

START_TEST(newer_briefs_supersede)
{
    struct place p;
    struct store_put_result first, second, third, fourth, back;
    struct brief_meta m = meta_of("O-1", "i1"), n = meta_of("O-1", "i2"), other = meta_of("O-2", "i1");
    struct policy_value values[2];
    struct brief_parts edit = parts_of(values);
    setup(&p);
    OK(put(p.s, &other, NULL, &first, &e));
    OK(put(p.s, &m, NULL, &first, &e));
    OK(put(p.s, &n, NULL, &second, &e));
    ck_assert_uint_eq(second.superseded, 1);
    ck_assert_int_eq(state_of(p.s, first.id), BRIEF_SUPERSEDED);
    OK(put(p.s, &m, NULL, &back, &e)); /* the record went back: its brief is current again, as a new one */
    ck_assert(back.made && back.superseded == 1);

    edit.body = "[PERSON_1] waits.";
    OK(store_edit_parts(p.s, back.id, &edit, &by_dana, &e));
    n.input_hash = "i3";
    n.state = BRIEF_APPROVED; /* by policy */
    OK(put(p.s, &n, NULL, &third, &e));
    ck_assert(third.beside_edit && third.superseded == 0);
    ck_assert_int_eq(state_of(p.s, back.id), BRIEF_EDITED);
    n.input_hash = "i4";
    OK(put(p.s, &n, NULL, &fourth, &e)); /* nobody touched the third */
    ck_assert_int_eq(state_of(p.s, third.id), BRIEF_SUPERSEDED);
    ck_assert_int_eq(state_of(p.s, back.id), BRIEF_EDITED);

    m.input_hash = "i5";
    m.record_id = "O-9";
    OK(put(p.s, &m, NULL, &first, &e));
    OK(store_brief_transition(p.s, first.id, BRIEF_APPROVED, &by_dana, &e)); /* by a person: it stays */
    m.input_hash = "i6";
    OK(put(p.s, &m, NULL, &second, &e));
    ck_assert_uint_eq(second.superseded, 0);
    ck_assert_int_eq(state_of(p.s, first.id), BRIEF_APPROVED);
    OK(store_audit_verify(p.s, &p.now, &e));
    teardown(&p);
}
END_TEST

START_TEST(a_brief_completes_its_job)
{
    struct place p;
    struct store_jobs j;
    struct store_put_result r;
    struct brief_meta m = meta_of("O-1", "i1");
    setup(&p);
    ask(p.s, "opportunity", "O-1", PURPOSE_SUMMARY, 0);
    j = claim(p.s, "w", 1);
    struct store_done done = {j.jobs[0].id, "w"};
    store_jobs_clear(&j);
    OK(put(p.s, &m, &done, &r, &e));
    ck_assert_uint_eq(count(p.s, JOB_RUNNING), 0);
    ask(p.s, "opportunity", "O-1", PURPOSE_SUMMARY, 0); /* looked at again, unchanged */
    j = claim(p.s, "w", 1);
    done.job = j.jobs[0].id;
    store_jobs_clear(&j);
    OK(put(p.s, &m, &done, &r, &e));
    ck_assert(!r.made);
    ck_assert_uint_eq(count(p.s, JOB_RUNNING), 0);
    teardown(&p);
}
END_TEST

START_TEST(transitions_follow_the_table)
{
    /* DESIGN, "A brief's life": made, waiting, approved | edited | rejected, written (or write pending, conflict). */
    static const struct {
        enum brief_state from, to;
        bool may;
    } table[] = {
        {BRIEF_MADE, BRIEF_WAITING, true},         {BRIEF_WAITING, BRIEF_APPROVED, true},
        {BRIEF_WAITING, BRIEF_REJECTED, true},     {BRIEF_WAITING, BRIEF_WRITTEN, false},
        {BRIEF_WAITING, BRIEF_WRITE_PENDING, false}, {BRIEF_APPROVED, BRIEF_WRITE_PENDING, true},
        {BRIEF_APPROVED, BRIEF_WRITTEN, false},    {BRIEF_WRITE_PENDING, BRIEF_WRITTEN, true},
        {BRIEF_WRITE_PENDING, BRIEF_CONFLICT, true}, {BRIEF_WRITE_PENDING, BRIEF_SUPERSEDED, false},
        {BRIEF_EDITED, BRIEF_SUPERSEDED, false},   {BRIEF_REJECTED, BRIEF_APPROVED, false},
        {BRIEF_WRITTEN, BRIEF_WAITING, false},     {BRIEF_SUPERSEDED, BRIEF_APPROVED, false},
        {BRIEF_EXPIRED, BRIEF_APPROVED, false},    {BRIEF_CONFLICT, BRIEF_APPROVED, true},
    };
    struct place p;
    struct store_put_result r;
    struct brief_meta m = meta_of("O-1", "i1");
    int64_t before;
    setup(&p);
    for (size_t i = 0; i < sizeof(table) / sizeof(table[0]); i++)
        ck_assert_msg(brief_state_may(table[i].from, table[i].to) == table[i].may, "%s to %s",
                      brief_state_name(table[i].from), brief_state_name(table[i].to));
    OK(put(p.s, &m, NULL, &r, &e));
    OK(store_brief_transition(p.s, r.id, BRIEF_REJECTED, &by_dana, &e));
    before = sql_int(&p, "SELECT count(*) FROM audit");
    FAILS(RC_REFUSED, store_brief_transition(p.s, r.id, BRIEF_APPROVED, &by_dana, &e));
    FAILS(RC_REFUSED, store_brief_transition(p.s, "bnothing", BRIEF_APPROVED, &by_dana, &e));
    ck_assert_int_eq(state_of(p.s, r.id), BRIEF_REJECTED);
    ck_assert_int_eq(sql_int(&p, "SELECT count(*) FROM audit"), before);
    teardown(&p);
}
END_TEST

static enum rc count_brief(void *ctx, const struct store_brief *b, struct err *e)
{
    (void)e;
    ck_assert(b->meta.record_id && b->language);
    ++*(size_t *)ctx;
    return RC_OK;
}

static size_t listed(struct store *s, struct brief_filter f)
{
    size_t n = 0;
    OK(store_briefs_list(s, &f, count_brief, &n, &e));
    return n;
}

START_TEST(lists_are_filtered)
{
    struct place p;
    struct store_put_result r;
    struct brief_meta m = meta_of("O-1", "i1");
    size_t by_state[N_BRIEF_STATES];
    setup(&p);
    OK(put(p.s, &m, NULL, &r, &e));
    m.input_hash = "i2";
    OK(put(p.s, &m, NULL, &r, &e));
    m = meta_of("O-2", "i1");
    m.owner = "u2";
    m.kind = PURPOSE_EMAIL;
    OK(put(p.s, &m, NULL, &r, &e));
    m = meta_of("O-3", "i1");
    m.owner = m.team = NULL;
    OK(put(p.s, &m, NULL, &r, &e));
    ck_assert_uint_eq(listed(p.s, (struct brief_filter){0}), 4);
    ck_assert_uint_eq(listed(p.s, (struct brief_filter){.current = true}), 3);
    ck_assert_uint_eq(listed(p.s, (struct brief_filter){.limit = 2}), 2);
    ck_assert_uint_eq(listed(p.s, (struct brief_filter){.record_id = "O-1"}), 2);
    ck_assert_uint_eq(listed(p.s, (struct brief_filter){.source = "erp"}), 0);
    ck_assert_uint_eq(listed(p.s, (struct brief_filter){.by_kind = true, .kind = PURPOSE_EMAIL}), 1);
    ck_assert_uint_eq(listed(p.s, (struct brief_filter){.by_state = true, .state = BRIEF_SUPERSEDED}), 1);
    ck_assert_uint_eq(listed(p.s, (struct brief_filter){.owner = "u2"}), 1);
    ck_assert_uint_eq(listed(p.s, (struct brief_filter){.owner = "u2", .team = "north"}), 3);
    ck_assert_uint_eq(listed(p.s, (struct brief_filter){.owner = "u3"}), 0);
    ck_assert_uint_eq(listed(p.s, (struct brief_filter){.due_before_us = 1775000000000000}), 0);
    ck_assert_uint_eq(listed(p.s, (struct brief_filter){.due_before_us = 1775000000000001}), 4);
    OK(store_briefs_count(p.s, by_state, &e));
    ck_assert_uint_eq(by_state[BRIEF_WAITING], 3);
    ck_assert_uint_eq(by_state[BRIEF_SUPERSEDED], 1);
    teardown(&p);
}
END_TEST

/* The bytes must stand in no file of the store: data base, WAL, anything. */
static void stands_nowhere(struct place *p, const char *text)
{
    char command[256];
    snprintf(command, sizeof(command), "grep -rqaF -- '%s' %s", text, p->folder);
    ck_assert_msg(system(command) != 0, "%s is on disk", text);
}

START_TEST(write_back_keeps_what_was_there)
{
    struct place p;
    struct store_put_result r;
    struct buf previous;
    struct brief_meta m = meta_of("O-1", "i1");
    struct store_write w = {.column = "ai_summary", .version = "v1", .previous = "Anna Vogel asked for a rebate",
                            .subject = "record-1"};
    setup(&p);
    buf_init(&previous, 1000);
    OK(put(p.s, &m, NULL, &r, &e));
    FAILS(RC_REFUSED, store_write_begin(p.s, r.id, &w, &by_policy, &e)); /* nobody approved it */
    OK(store_brief_transition(p.s, r.id, BRIEF_APPROVED, &by_dana, &e));
    FAILS(RC_REFUSED, store_write_previous(p.s, r.id, &previous, &e));
    OK(store_write_begin(p.s, r.id, &w, &by_policy, &e));
    ck_assert_int_eq(state_of(p.s, r.id), BRIEF_WRITE_PENDING);
    OK(store_write_end(p.s, r.id, BRIEF_WRITTEN, "v2", &by_policy, &e));
    OK(store_write_previous(p.s, r.id, &previous, &e));
    ck_assert_str_eq(previous.data, w.previous);
    stands_nowhere(&p, "Anna Vogel");
    sql(&p, "UPDATE write_back SET field = 'another'"); /* sealed for its place */
    FAILS(RC_BAD, store_write_previous(p.s, r.id, &previous, &e));
    OK(store_subject_erase(p.s, "record-1", &by_dana, &e));
    FAILS(RC_REFUSED, store_write_previous(p.s, r.id, &previous, &e));
    buf_wipe(&previous);
    teardown(&p);
}
END_TEST

static enum rc keep_subject(void *ctx, const char *subject, struct err *e)
{
    (void)e;
    snprintf(ctx, 64, "%s", subject);
    return RC_OK;
}

START_TEST(keys_of_subjects)
{
    struct place p;
    uint8_t key[KEY_SIZE], again[KEY_SIZE], other[KEY_SIZE];
    struct policy_keys keys;
    struct store_put_result r;
    struct store_brief *b;
    struct brief_meta m = meta_of("O-1", "i1");
    char subject[64] = "", hex[2 * KEY_SIZE + 1];
    setup(&p);
    store_policy_keys(p.s, &keys);
    FAILS(RC_REFUSED, store_subject_key(p.s, "person-1", false, key, &e));
    OK(keys.subject_key(keys.ctx, "person-1", true, key, &e));
    OK(store_subject_key(p.s, "person-1", false, again, &e));
    ck_assert_mem_eq(key, again, KEY_SIZE);
    OK(store_subject_key(p.s, "person-2", true, other, &e));
    ck_assert_mem_ne(key, other, KEY_SIZE);
    str_hex(key, KEY_SIZE, hex);
    stands_nowhere(&p, hex);
    /* one subject's key under another's name doesn't open */
    sql(&p, "UPDATE subject_key SET wrapped = (SELECT wrapped FROM subject_key WHERE subject = 'person-1')"
            " WHERE subject = 'person-2'");
    FAILS(RC_BAD, store_subject_key(p.s, "person-2", false, other, &e));

    OK(put(p.s, &m, NULL, &r, &e));
    OK(store_subjects_of(p.s, (const uint8_t[SHA256_SIZE]){7}, keep_subject, subject, &e));
    ck_assert_str_eq(subject, "person-1");
    OK(store_subject_erase(p.s, "person-1", &by_dana, &e));
    FAILS(RC_REFUSED, store_subject_key(p.s, "person-1", false, key, &e));
    FAILS(RC_REFUSED, store_subject_key(p.s, "person-1", true, key, &e)); /* and never again */
    OK(store_brief_get(p.s, r.id, &b, &e));
    ck_assert_uint_eq(b->n_values, 1); /* the record's own are there */
    store_brief_close(b);
    teardown(&p);
}
END_TEST

/* ---- audit ------------------------------------------------------------------------------------------------------ */

static void six_entries(struct place *p)
{
    char object[16];
    for (int i = 1; i <= 6; i++) {
        snprintf(object, sizeof(object), "o-%d", i);
        struct audit_event ev = {.actor = "system", .event = "test", .object = object, .detail = "n=1"};
        p->now += 1000;
        OK(store_audit_add(p->s, &ev, &e));
    }
}

static enum rc check_order(void *ctx, const struct audit_entry *x, struct err *e)
{
    (void)e;
    ck_assert_int_eq(x->seq, ++*(int64_t *)ctx);
    return RC_OK;
}

START_TEST(tampering_is_found)
{
    static const char *const attacks[] = {
        "UPDATE audit SET actor = 'nobody' WHERE seq = 3",
        "UPDATE audit SET detail = 'n=2' WHERE seq = 6",
        "UPDATE audit SET at_us = at_us + 1 WHERE seq = 1",
        "DELETE FROM audit WHERE seq = 1",
        "DELETE FROM audit WHERE seq = 4",
        "DELETE FROM audit WHERE seq = 6", /* the tail: only the head beside the key tells */
        "DELETE FROM audit",
        "DELETE FROM audit WHERE seq = 4; UPDATE audit SET seq = seq - 1 WHERE seq > 4",
        "UPDATE audit SET seq = 100 WHERE seq = 2; UPDATE audit SET seq = 2 WHERE seq = 3; UPDATE audit SET seq = 3 WHERE seq = 100",
        "INSERT INTO audit SELECT 7, at_us, actor, event, object, outcome, detail, hash, mac FROM audit WHERE seq = 6",
        "UPDATE audit SET mac = zeroblob(32) WHERE seq = 2",
        "UPDATE audit SET hash = zeroblob(5) WHERE seq = 2",
    };
    for (size_t i = 0; i < sizeof(attacks) / sizeof(attacks[0]); i++) {
        struct place p;
        int64_t n = 0;
        setup(&p);
        six_entries(&p);
        OK(store_audit_verify(p.s, &n, &e));
        ck_assert_int_eq(n, 6);
        sql(&p, attacks[i]);
        FAILS(RC_BAD, store_audit_verify(p.s, &n, &e));
        /* Neither a new handle nor new entries may cover it up. */
        store_close(p.s);
        p.s = open_again(&p);
        OK(store_audit_add(p.s, &by_policy, &e));
        OK(store_audit_add(p.s, &by_policy, &e));
        FAILS(RC_BAD, store_audit_verify(p.s, &n, &e));
        teardown(&p);
    }
}
END_TEST

START_TEST(a_rewrite_without_the_key_is_found)
{
    struct place p, forger;
    int64_t n = 0;
    char command[512];
    setup(&p);
    six_entries(&p);
    OK(store_audit_walk(p.s, check_order, &n, &e));
    ck_assert_int_eq(n, 6);
    setup(&forger); /* the same chain, well formed, under another key */
    six_entries(&forger);
    six_entries(&forger);
    snprintf(command, sizeof(command), "ATTACH '%s' AS f; DELETE FROM audit; INSERT INTO audit SELECT * FROM f.audit",
             forger.db);
    sql(&p, command);
    FAILS(RC_BAD, store_audit_verify(p.s, &n, &e));
    teardown(&forger);
    teardown(&p);
}
END_TEST

START_TEST(a_late_head_is_repaired)
{
    struct place p;
    char copy[512], head[160];
    int64_t n = 0;
    setup(&p);
    six_entries(&p);
    snprintf(head, sizeof(head), "%s.audit-head", p.key);
    snprintf(copy, sizeof(copy), "cp %s %s.old", head, head);
    ck_assert_int_eq(system(copy), 0);
    OK(store_audit_add(p.s, &by_policy, &e));
    OK(store_audit_add(p.s, &by_policy, &e));
    snprintf(copy, sizeof(copy), "mv %s.old %s", head, head); /* killed between commit and head, twice */
    ck_assert_int_eq(system(copy), 0);
    OK(store_audit_verify(p.s, &n, &e));
    ck_assert_int_eq(n, 8);
    store_close(p.s);
    p.s = open_again(&p);
    sql(&p, "DELETE FROM audit WHERE seq = 8"); /* and the repaired head knows the eighth */
    FAILS(RC_BAD, store_audit_verify(p.s, &n, &e));
    ck_assert_int_eq(unlink(head), 0);
    store_close(p.s);
    p.s = open_again(&p);
    FAILS(RC_BAD, store_audit_verify(p.s, &n, &e)); /* a lost head is not made up for */
    teardown(&p);
}
END_TEST

/* ---- crashes and full disks ------------------------------------------------------------------------------------- */

enum { CRASH_BRIEFS = 40 };

/* What a worker does, over and over, until nothing is left. */
static void work(struct place *p)
{
    struct store *s;
    struct err e;
    if (place_open(p, true, &s, &e) != RC_OK)
        _exit(2);
    for (;;) {
        struct store_jobs j;
        struct store_claim c = {.worker = "w", .lease_us = 60000000, .max = 3};
        if (store_queue_claim(s, &c, &j, &e) != RC_OK)
            _exit(3);
        if (j.n == 0)
            _exit(0);
        for (size_t i = 0; i < j.n; i++) {
            struct brief_meta m = meta_of(j.jobs[i].record_id, "i1");
            struct store_done done = {j.jobs[i].id, "w"};
            struct store_put_result r;
            if (put(s, &m, &done, &r, &e) != RC_OK)
                _exit(4);
        }
        store_jobs_clear(&j);
    }
}

START_TEST(kill_9_loses_and_doubles_nothing)
{
    struct place p;
    uint64_t seed = suite_seed("kill_9");
    unsigned long kills = suite_count(20, 200), killed = 0;
    char id[48];
    int64_t n = 0;
    setup(&p);
    for (unsigned long round = 0; killed < kills; round++) {
        ck_assert_uint_lt(round, 20 * kills);
        if (count(p.s, JOB_WAITING) + count(p.s, JOB_RUNNING) == 0)
            for (int i = 0; i < CRASH_BRIEFS; i++) { /* a new set of records each time the old one is done */
                snprintf(id, sizeof(id), "O-%lu-%d", round, i);
                ask(p.s, "opportunity", id, PURPOSE_SUMMARY, 0);
            }
        store_close(p.s);
        pid_t pid = fork();
        if (pid == 0)
            work(&p);
        usleep((useconds_t)(suite_random(&seed) % 200000)); /* the random moment, not a wait for anything */
        int status;
        kill(pid, SIGKILL);
        ck_assert_int_eq(waitpid(pid, &status, 0), pid);
        ck_assert(WIFSIGNALED(status) || WEXITSTATUS(status) == 0);
        killed += WIFSIGNALED(status) != 0;
        p.s = open_again(&p);
        OK(store_audit_verify(p.s, &n, &e));
    }
    store_close(p.s);
    pid_t pid = fork(); /* undisturbed */
    if (pid == 0)
        work(&p);
    int status;
    ck_assert(waitpid(pid, &status, 0) == pid && status == 0);
    p.s = open_again(&p);
    ck_assert_uint_eq(count(p.s, JOB_WAITING) + count(p.s, JOB_RUNNING) + count(p.s, JOB_DEAD), 0);
    ck_assert_int_eq(sql_int(&p, "SELECT count(*) - count(DISTINCT record_id) FROM brief"), 0);
    int64_t briefs = sql_int(&p, "SELECT count(*) FROM brief");
    ck_assert(briefs > 0 && briefs % CRASH_BRIEFS == 0);
    ck_assert_int_eq(sql_int(&p, "SELECT count(*) FROM audit WHERE event = 'brief.made'"), briefs);
    ck_assert_int_eq(sql_int(&p, "SELECT count(*) FROM brief_sentence"), 2 * briefs);
    ck_assert_int_eq(sql_int(&p, "SELECT count(*) FROM brief_value"), 2 * briefs);
    OK(store_audit_verify(p.s, &n, &e));
    ck_assert_int_eq(n, briefs);
    teardown(&p);
}
END_TEST

START_TEST(a_full_disk_loses_nothing)
{
    struct place p;
    char id[16];
    struct store_put_result r;
    int stored = 0;
    int64_t n = 0;
    enum rc rc = RC_OK;
    struct err last = {""};
    setup(&p);
    /* A limit on the size of files is a full disk that no other process sees. */
    struct rlimit before, full;
    ck_assert_int_eq(getrlimit(RLIMIT_FSIZE, &before), 0);
    full = (struct rlimit){.rlim_cur = 400 << 10, .rlim_max = before.rlim_max};
    void (*handler)(int) = signal(SIGXFSZ, SIG_IGN);
    ck_assert_int_eq(setrlimit(RLIMIT_FSIZE, &full), 0);
    while (rc == RC_OK && stored < 10000) {
        snprintf(id, sizeof(id), "O-%d", stored);
        struct brief_meta m = meta_of(id, "i1");
        rc = put(p.s, &m, NULL, &r, &last);
        stored += rc == RC_OK;
    }
    ck_assert_int_eq(rc, RC_RETRY);
    ck_assert_ptr_nonnull(strstr(last.msg, "store: "));
    ck_assert_int_eq(sql_int(&p, "SELECT count(*) FROM brief"), stored);
    ck_assert_int_eq(sql_int(&p, "SELECT count(*) FROM brief_value"), 2 * stored);
    OK(store_audit_verify(p.s, &n, &e));
    ck_assert_int_eq(n, stored);
    ck_assert_int_eq(setrlimit(RLIMIT_FSIZE, &before), 0);
    signal(SIGXFSZ, handler);
    store_close(p.s);
    p.s = open_again(&p); /* room again */
    struct brief_meta m = meta_of(id, "i1");
    OK(put(p.s, &m, NULL, &r, &e));
    ck_assert(r.made);
    teardown(&p);
}
END_TEST

SUITE_MAIN("store", opens_and_refuses, one_process_runs_jobs, sync_queues_what_changed, reconcile_finds_deletions,
           sources_are_bound, claims_in_batches_by_urgency, kinds_and_budget, leases_expire_and_heartbeats_hold,
           failures_back_off_and_die, threads_never_share_a_job, processes_never_share_a_job,
           a_brief_comes_back_as_it_went_in, newer_briefs_supersede, a_brief_completes_its_job,
           transitions_follow_the_table, lists_are_filtered, write_back_keeps_what_was_there, keys_of_subjects,
           tampering_is_found, a_rewrite_without_the_key_is_found, a_late_head_is_repaired,
           kill_9_loses_and_doubles_nothing, a_full_disk_loses_nothing)
