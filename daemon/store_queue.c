/* The queue: looks at records, leased to workers. Of each record and kind one job at most waits and one runs (a unique
 * index says so); a change that comes while it runs waits for the next turn. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "store_db.h"

#define BACKOFF_FIRST_US INT64_C(5000000)
#define BACKOFF_MOST_US INT64_C(3600000000)
/* A worker that dies is seldom the job's fault (kill -9, power), so that counts apart from failures. */
#define MAX_CRASHES 100
#define JOBS_MAX_BYTES ((size_t)1 << 20)

static const char *const state_names[N_JOB_STATES] = {"waiting", "running", "dead"};

const char *job_state_name(enum job_state st)
{
    return state_names[st];
}

/* ---- adding ----------------------------------------------------------------------------------------------------- */

enum rc queue_put(struct store *s, const struct store_ask *ask, struct err *e)
{
    int64_t due = ask->not_before_us ? ask->not_before_us : store_now_us(s);
    return db_run(s, e,
                  "INSERT INTO job(source, object, record_id, kind, priority, not_before_us, intent, tone, language,"
                  " to_contact) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)"
                  " ON CONFLICT(source, object, record_id, kind, state) DO UPDATE SET"
                  " priority = CASE WHEN excluded.priority > job.priority THEN excluded.priority ELSE job.priority END,"
                  " not_before_us = CASE WHEN excluded.not_before_us < job.not_before_us THEN excluded.not_before_us"
                  " ELSE job.not_before_us END,"
                  " intent = coalesce(excluded.intent, job.intent), tone = coalesce(excluded.tone, job.tone),"
                  " language = coalesce(excluded.language, job.language),"
                  " to_contact = coalesce(excluded.to_contact, job.to_contact)",
                  WITH(p_text(ask->source), p_text(ask->object), p_text(ask->record_id),
                       p_text(purpose_name(ask->kind)), p_int(ask->priority), p_int(due), p_text(ask->intent),
                       p_text(ask->tone), p_text(ask->language), p_text(ask->to_contact)));
}

enum rc store_queue_add(struct store *s, const struct store_ask *ask, struct err *e)
{
    enum rc rc = tx_begin(s, e);
    if (rc == RC_OK)
        rc = queue_put(s, ask, e);
    return tx_end(s, rc, e);
}

/* ---- claiming --------------------------------------------------------------------------------------------------- */

/* Running jobs whose `worker` is given (or any) and whose lease ends before `until` wait again; where a newer look
 * waits already, that one is enough. */
static enum rc back_to_waiting(struct store *s, const char *worker, int64_t until_us, struct err *e)
{
    enum rc rc = db_run(s, e,
                        "DELETE FROM job WHERE state = 'running' AND lease_until_us < $1"
                        " AND ($2 IS NULL OR worker = $2) AND EXISTS (SELECT 1 FROM job w WHERE w.state = 'waiting'"
                        " AND w.source = job.source AND w.object = job.object AND w.record_id = job.record_id"
                        " AND w.kind = job.kind)",
                        WITH(p_int(until_us), p_text(worker)));
    if (rc == RC_OK)
        rc = db_run(s, e,
                    "UPDATE job SET state = 'waiting', worker = NULL, lease_until_us = 0"
                    " WHERE state = 'running' AND lease_until_us < $1 AND ($2 IS NULL OR worker = $2)",
                    WITH(p_int(until_us), p_text(worker)));
    return rc;
}

static enum rc bury(struct store *s, int64_t id, const char *reason, struct err *e)
{
    enum rc rc = db_run(s, e,
                        "DELETE FROM job WHERE state = 'dead' AND EXISTS (SELECT 1 FROM job r WHERE r.id = $1"
                        " AND r.source = job.source AND r.object = job.object AND r.record_id = job.record_id"
                        " AND r.kind = job.kind)",
                        WITH(p_int(id)));
    if (rc == RC_OK)
        rc = db_run(s, e, "UPDATE job SET state = 'dead', worker = NULL, lease_until_us = 0, reason = $2 WHERE id = $1",
                    WITH(p_int(id), p_text(reason)));
    return rc;
}

enum rc queue_recover(struct store *s, int64_t leases_until_us, struct err *e)
{
    int64_t id = 0;
    enum rc rc = db_run(s, e,
                        "UPDATE job SET attempts = attempts - 1, crashes = crashes + 1, reason = 'the worker stopped'"
                        " WHERE state = 'running' AND lease_until_us < $1",
                        WITH(p_int(leases_until_us)));
    if (rc != RC_OK || db_changed(s) == 0)
        return rc;
    while (rc == RC_OK && id >= 0) {
        rc = db_int(s, -1, &id, e,
                    "SELECT id FROM job WHERE state = 'running' AND lease_until_us < $1 AND crashes >= $2 LIMIT 1",
                    WITH(p_int(leases_until_us), p_int(MAX_CRASHES)));
        if (rc == RC_OK && id >= 0)
            rc = bury(s, id, "the worker stopped each time", e);
    }
    return rc == RC_OK ? back_to_waiting(s, NULL, leases_until_us, e) : rc;
}

static bool read_job(struct rows *r, struct store_job *j)
{
    *j = (struct store_job){.id = rows_int(r, 0), .source = rows_text(r, 1), .object = rows_text(r, 2),
                            .record_id = rows_text(r, 3), .priority = (int)rows_int(r, 5),
                            .attempts = (unsigned)rows_int(r, 6), .not_before_us = rows_int(r, 7),
                            .lease_until_us = rows_int(r, 8), .intent = rows_text(r, 9), .tone = rows_text(r, 10),
                            .language = rows_text(r, 11), .to_contact = rows_text(r, 12), .reason = rows_text(r, 13)};
    return purpose_parse(rows_text(r, 4), &j->kind);
}
#define JOB_COLUMNS                                                                                                    \
    "id, source, object, record_id, kind, priority, attempts, not_before_us, lease_until_us, intent, tone, language,"   \
    " to_contact, reason"

static bool keep_job(struct store_jobs *out, const struct store_job *j)
{
    const char *const from[] = {j->source, j->object,   j->record_id,  j->intent,
                                j->tone,   j->language, j->to_contact, j->reason};
    struct store_job *to = &out->jobs[out->n];
    const char **const into[] = {&to->source, &to->object,   &to->record_id,  &to->intent,
                                 &to->tone,   &to->language, &to->to_contact, &to->reason};
    *to = *j;
    for (size_t i = 0; i < COUNT_OF(from); i++) {
        *into[i] = arena_dup(&out->arena, from[i]);
        if (from[i] && !*into[i])
            return false;
    }
    out->n++;
    return true;
}

#define DUE                                                                                                            \
    "state = 'waiting' AND not_before_us <= $1 AND ($2 IS NULL OR source = $2) AND ($3 IS NULL OR object = $3)"         \
    " AND ($4 IS NULL OR $4 LIKE '% ' || kind || ' %') AND NOT EXISTS (SELECT 1 FROM job r WHERE r.state = 'running'"   \
    " AND r.source = job.source AND r.object = job.object AND r.record_id = job.record_id AND r.kind = job.kind)"       \
    " ORDER BY priority DESC, not_before_us, id"

/* The most urgent job decides the source, object and kind of the batch. */
static enum rc lease_batch(struct store *s, const struct store_claim *c, int64_t now, struct store_jobs *out,
                           struct err *e)
{
    struct rows *r = NULL;
    bool more = false;
    char kinds[KINDS_SIZE];
    const char *first_source, *first_object, *first_kind;
    enum rc rc = db_query(s, &r, e, "SELECT source, object, kind FROM job WHERE " DUE " LIMIT 1",
                          WITH(p_int(now), p_text(c->source), p_text(c->object), p_text(kinds_text(c->kinds, kinds))));
    if (rc == RC_OK)
        rc = rows_next(r, &more, e);
    if (rc != RC_OK || !more)
        goto out;
    first_source = arena_dup(&out->arena, rows_text(r, 0));
    first_object = arena_dup(&out->arena, rows_text(r, 1));
    first_kind = arena_printf(&out->arena, " %s ", rows_text(r, 2));
    rows_done(r);
    r = NULL;
    if (!first_source || !first_object || !first_kind) {
        rc = err_set(e, RC_NOMEM, "queue: out of memory");
        goto out;
    }
    rc = db_query(s, &r, e,
                  "UPDATE job SET state = 'running', worker = $6, lease_until_us = $7, attempts = attempts + 1"
                  " WHERE id IN (SELECT id FROM job WHERE " DUE " LIMIT $5) RETURNING " JOB_COLUMNS,
                  WITH(p_int(now), p_text(first_source), p_text(first_object), p_text(first_kind),
                       p_int((int64_t)c->max), p_text(c->worker), p_int(now + c->lease_us)));
    while (rc == RC_OK && (rc = rows_next(r, &more, e)) == RC_OK && more) {
        struct store_job j;
        if (!read_job(r, &j))
            rc = err_set(e, RC_BAD, "queue: a job of an unknown kind: the store was written by another version");
        j.state = JOB_RUNNING;
        if (rc == RC_OK && !keep_job(out, &j))
            rc = err_set(e, RC_NOMEM, "queue: out of memory");
    }
out:
    rows_done(r);
    return rc;
}

/* RETURNING has no order of its own. */
static int more_urgent(const void *a, const void *b)
{
    const struct store_job *x = a, *y = b;
    if (x->priority != y->priority)
        return x->priority > y->priority ? -1 : 1;
    if (x->not_before_us != y->not_before_us)
        return x->not_before_us < y->not_before_us ? -1 : 1;
    return x->id < y->id ? -1 : x->id > y->id;
}

enum rc store_queue_claim(struct store *s, const struct store_claim *c, struct store_jobs *out, struct err *e)
{
    int64_t now = store_now_us(s);
    enum rc rc;

    if (c->max < 1 || c->max > STORE_MAX_BATCH)
        return err_set(e, RC_LIMIT, "queue: a batch has 1 to %d jobs", STORE_MAX_BATCH);
    memset(out, 0, sizeof(*out));
    arena_init(&out->arena, JOBS_MAX_BYTES);
    out->jobs = arena_array(&out->arena, c->max, sizeof(*out->jobs));
    rc = out->jobs ? tx_begin(s, e) : err_set(e, RC_NOMEM, "queue: out of memory");
    if (rc == RC_OK)
        rc = queue_recover(s, now, e);
    if (rc == RC_OK)
        rc = lease_batch(s, c, now, out, e);
    rc = tx_end(s, rc, e);
    if (rc != RC_OK)
        store_jobs_clear(out);
    else
        qsort(out->jobs, out->n, sizeof(*out->jobs), more_urgent);
    return rc;
}

void store_jobs_clear(struct store_jobs *j)
{
    arena_clear(&j->arena);
    j->jobs = NULL;
    j->n = 0;
}

enum rc store_queue_heartbeat(struct store *s, const char *worker, int64_t lease_us, size_t *held, struct err *e)
{
    enum rc rc = tx_begin(s, e);
    if (rc == RC_OK)
        rc = db_run(s, e, "UPDATE job SET lease_until_us = $2 WHERE worker = $1 AND state = 'running'",
                    WITH(p_text(worker), p_int(store_now_us(s) + lease_us)));
    size_t n = rc == RC_OK ? db_changed(s) : 0;
    rc = tx_end(s, rc, e);
    if (rc == RC_OK && held)
        *held = n;
    return rc;
}

/* ---- ending ----------------------------------------------------------------------------------------------------- */

/* A dead letter of the same record and kind is settled with it. */
enum rc queue_finish(struct store *s, const char *worker, int64_t id, bool *held, struct err *e)
{
    enum rc rc = db_run(s, e,
                        "DELETE FROM job WHERE state = 'dead' AND EXISTS (SELECT 1 FROM job r WHERE r.id = $1"
                        " AND r.worker = $2 AND r.source = job.source AND r.object = job.object"
                        " AND r.record_id = job.record_id AND r.kind = job.kind)",
                        WITH(p_int(id), p_text(worker)));
    if (rc == RC_OK)
        rc = db_run(s, e, "DELETE FROM job WHERE id = $1 AND worker = $2 AND state = 'running'",
                    WITH(p_int(id), p_text(worker)));
    if (rc == RC_OK)
        *held = db_changed(s) > 0;
    return rc;
}

enum rc store_queue_done(struct store *s, const char *worker, const int64_t *ids, size_t n,
                         const struct audit_event *evs, struct err *e)
{
    enum rc rc = tx_begin(s, e);
    for (size_t i = 0; rc == RC_OK && i < n; i++) {
        bool held = false;
        rc = queue_finish(s, worker, ids[i], &held, e);
        if (rc == RC_OK && held && evs)
            rc = audit_append(s, &evs[i], NULL, e);
    }
    return tx_end(s, rc, e);
}

static int64_t backoff_us(int64_t attempts)
{
    int64_t wait = BACKOFF_FIRST_US;
    for (int64_t i = 1; i < attempts && wait < BACKOFF_MOST_US; i++)
        wait *= 2;
    return wait < BACKOFF_MOST_US ? wait : BACKOFF_MOST_US;
}

static enum rc fail_one(struct store *s, const char *worker, int64_t id, bool retry, const char *reason, struct err *e)
{
    int64_t attempts, waiting = 0;
    enum rc rc = db_int(s, -1, &attempts, e, "SELECT attempts FROM job WHERE id = $1 AND worker = $2 AND state = 'running'",
                        WITH(p_int(id), p_text(worker)));
    if (rc != RC_OK || attempts < 0)
        return rc; /* no longer this worker's */
    if (!retry || attempts >= s->opt.max_attempts)
        return bury(s, id, reason, e);
    rc = db_int(s, -1, &waiting, e,
                "SELECT w.id FROM job w JOIN job r ON w.source = r.source AND w.object = r.object"
                " AND w.record_id = r.record_id AND w.kind = r.kind WHERE r.id = $1 AND w.state = 'waiting'",
                WITH(p_int(id)));
    if (rc == RC_OK && waiting >= 0) /* a newer look waits: it inherits the count, so that tries stay bounded */
        rc = db_run(s, e, "DELETE FROM job WHERE id = $1", WITH(p_int(id)));
    if (rc == RC_OK)
        rc = db_run(s, e,
                    "UPDATE job SET state = 'waiting', worker = NULL, lease_until_us = 0, attempts = $2,"
                    " not_before_us = $3, reason = $4 WHERE id = $1",
                    WITH(p_int(waiting >= 0 ? waiting : id), p_int(attempts),
                         p_int(store_now_us(s) + backoff_us(attempts)), p_text(reason)));
    return rc;
}

enum rc store_queue_fail(struct store *s, const char *worker, const int64_t *ids, size_t n, bool retry,
                         const char *reason, struct err *e)
{
    enum rc rc = tx_begin(s, e);
    for (size_t i = 0; rc == RC_OK && i < n; i++)
        rc = fail_one(s, worker, ids[i], retry, reason, e);
    return tx_end(s, rc, e);
}

enum rc store_queue_release(struct store *s, const char *worker, struct err *e)
{
    enum rc rc = tx_begin(s, e);
    if (rc == RC_OK)
        rc = db_run(s, e, "UPDATE job SET attempts = attempts - 1 WHERE worker = $1 AND state = 'running'",
                    WITH(p_text(worker)));
    if (rc == RC_OK)
        rc = back_to_waiting(s, worker, INT64_MAX, e);
    return tx_end(s, rc, e);
}

enum rc store_queue_drop(struct store *s, const char *source, const char *object, const bool *kinds, size_t *n,
                         struct err *e)
{
    char text[KINDS_SIZE];
    enum rc rc = tx_begin(s, e);
    if (rc == RC_OK)
        rc = db_run(s, e,
                    "DELETE FROM job WHERE state = 'waiting' AND ($1 IS NULL OR source = $1)"
                    " AND ($2 IS NULL OR object = $2) AND ($3 IS NULL OR $3 LIKE '% ' || kind || ' %')",
                    WITH(p_text(source), p_text(object), p_text(kinds_text(kinds, text))));
    size_t dropped = rc == RC_OK ? db_changed(s) : 0;
    rc = tx_end(s, rc, e);
    if (rc == RC_OK && n)
        *n = dropped;
    return rc;
}

enum rc store_queue_rank(struct store *s, const int64_t *ids, size_t n, struct err *e)
{
    enum rc rc = tx_begin(s, e);
    for (size_t i = 0; rc == RC_OK && i < n; i++) /* looks of one priority are claimed by the time they are due at */
        rc = db_run(s, e, "UPDATE job SET not_before_us = $2 WHERE id = $1 AND state = 'waiting' AND attempts = 0",
                    WITH(p_int(ids[i]), p_int((int64_t)i + 1)));
    return tx_end(s, rc, e);
}

enum rc store_queue_revive(struct store *s, const char *source, const char *object, size_t *n, struct err *e)
{
    size_t revived = 0;
    enum rc rc = tx_begin(s, e);
    if (rc == RC_OK) /* where a look waits already, that one is enough */
        rc = db_run(s, e,
                    "DELETE FROM job WHERE state = 'dead' AND ($1 IS NULL OR source = $1)"
                    " AND ($2 IS NULL OR object = $2) AND EXISTS (SELECT 1 FROM job w WHERE w.state = 'waiting'"
                    " AND w.source = job.source AND w.object = job.object AND w.record_id = job.record_id"
                    " AND w.kind = job.kind)",
                    WITH(p_text(source), p_text(object)));
    if (rc == RC_OK) {
        revived = db_changed(s);
        rc = db_run(s, e,
                    "UPDATE job SET state = 'waiting', attempts = 0, crashes = 0, not_before_us = $3"
                    " WHERE state = 'dead' AND ($1 IS NULL OR source = $1) AND ($2 IS NULL OR object = $2)",
                    WITH(p_text(source), p_text(object), p_int(store_now_us(s))));
    }
    if (rc == RC_OK)
        revived += db_changed(s);
    rc = tx_end(s, rc, e);
    if (rc == RC_OK && n)
        *n = revived;
    return rc;
}

/* ---- looking ---------------------------------------------------------------------------------------------------- */

enum rc store_queue_counts(struct store *s, const char *source, const char *object, const bool *kinds,
                           struct store_counts *out, struct err *e)
{
    struct store_counts counts = {0};
    struct rows *r = NULL;
    bool more = true;
    char text[KINDS_SIZE];
    enum rc rc = db_query(s, &r, e,
                          "SELECT state, count(*), sum(CASE WHEN not_before_us <= $4 THEN 1 ELSE 0 END),"
                          " min(not_before_us) FROM job WHERE ($1 IS NULL OR source = $1)"
                          " AND ($2 IS NULL OR object = $2) AND ($3 IS NULL OR $3 LIKE '% ' || kind || ' %')"
                          " GROUP BY state",
                          WITH(p_text(source), p_text(object), p_text(kinds_text(kinds, text)),
                               p_int(store_now_us(s))));
    while (rc == RC_OK && (rc = rows_next(r, &more, e)) == RC_OK && more)
        for (int i = 0; i < N_JOB_STATES; i++)
            if (strcmp(rows_text(r, 0), state_names[i]) == 0) {
                counts.by_state[i] = (size_t)rows_int(r, 1);
                if (i == JOB_WAITING) {
                    counts.due = (size_t)rows_int(r, 2);
                    counts.next_us = rows_int(r, 3);
                }
            }
    rows_done(r);
    if (rc == RC_OK)
        *out = counts;
    return rc;
}

enum rc store_queue_list(struct store *s, enum job_state state, size_t limit, job_fn on_job, void *ctx, struct err *e)
{
    struct rows *r = NULL;
    bool more = true;
    enum rc rc = db_query(s, &r, e,
                          "SELECT " JOB_COLUMNS " FROM job WHERE state = $1"
                          " ORDER BY priority DESC, not_before_us, id LIMIT $2",
                          WITH(p_text(state_names[state]), p_int(limit ? (int64_t)limit : INT64_MAX)));
    while (rc == RC_OK && (rc = rows_next(r, &more, e)) == RC_OK && more) {
        struct store_job j;
        if (!read_job(r, &j))
            rc = err_set(e, RC_BAD, "queue: a job of an unknown kind: the store was written by another version");
        j.state = state;
        if (rc == RC_OK)
            rc = on_job(ctx, &j, e);
    }
    rows_done(r);
    return rc;
}
