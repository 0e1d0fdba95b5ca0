#include "rank.h"

#include <stdlib.h>
#include <string.h>
#include "../base/str.h"

struct look {
    int64_t id;
    char *record_id;
    struct record *record; /* owned; NULL where another look of the same record has it */
    const struct record *fields; /* what it is ordered by; NULL: could not be read, comes last */
    const struct job_order *order;
    size_t place;          /* as it was queued: ties keep it */
};

struct ranking {
    const struct job_config *job;
    struct look *looks;
    size_t n, room, at; /* at: first look of the batch being fetched */
    size_t batch;
};

static enum rc take_look(void *ctx, const struct store_job *j, struct err *e)
{
    struct ranking *r = ctx;
    if (strcmp(j->source, r->job->source) != 0 || strcmp(j->object, r->job->object) != 0 || !r->job->kinds[j->kind])
        return RC_OK;
    if (r->n == r->room) {
        size_t room = r->room ? 2 * r->room : 256;
        struct look *more = realloc(r->looks, room * sizeof(*more));
        if (!more)
            return err_set(e, RC_NOMEM, "order: out of memory");
        r->looks = more;
        r->room = room;
    }
    r->looks[r->n] = (struct look){.id = j->id, .record_id = str_dup(j->record_id), .order = r->job->order, .place = r->n};
    if (!r->looks[r->n].record_id)
        return err_set(e, RC_NOMEM, "order: out of memory");
    r->n++;
    return RC_OK;
}

static enum rc take_record(void *ctx, struct record *take, struct err *e)
{
    struct ranking *r = ctx;
    (void)e;
    for (size_t i = r->at; i < r->at + r->batch; i++) {
        if (!r->looks[i].record && strcmp(r->looks[i].record_id, take->id) == 0) {
            r->looks[i].record = take;
            return RC_OK;
        }
    }
    record_close(take);
    return RC_OK;
}

static bool is_of_order(void *ctx, const struct map_field *f)
{
    const struct job_order *o = ((const struct job_config *)ctx)->order;
    while (o && strcmp(o->field, f->spec.name) != 0)
        o = o->next;
    return o != NULL;
}

static enum rc fetch_all(struct ranking *r, struct connector *c, struct err *e)
{
    struct job_config job = *r->job;
    enum rc rc = RC_OK;
    for (r->at = 0; rc == RC_OK && r->at < r->n; r->at += r->batch) {
        const char *ids[CONNECTOR_MAX_BATCH];
        r->batch = r->n - r->at < CONNECTOR_MAX_BATCH ? r->n - r->at : CONNECTOR_MAX_BATCH;
        for (size_t i = 0; i < r->batch; i++)
            ids[i] = r->looks[r->at + i].record_id;
        rc = connector_fetch_fields(c, job.object, is_of_order, &job, ids, r->batch, take_record, r, e);
    }
    return rc;
}

static int by_id(const void *a, const void *b)
{
    const struct look *x = a, *y = b;
    int c = strcmp(x->record_id, y->record_id);
    return c ? c : !x->record - !y->record;
}

/* A record may wait for several kinds and is fetched once: all its looks see its fields. */
static void share_fields(struct ranking *r)
{
    if (r->n)
        qsort(r->looks, r->n, sizeof(*r->looks), by_id);
    for (size_t i = 0; i < r->n; i++) {
        bool same = i > 0 && strcmp(r->looks[i].record_id, r->looks[i - 1].record_id) == 0;
        r->looks[i].fields = r->looks[i].record ? r->looks[i].record : same ? r->looks[i - 1].fields : NULL;
    }
}

static int by_order(const void *a, const void *b)
{
    const struct look *x = a, *y = b;
    int c = 0;
    if (!x->fields != !y->fields)
        return x->fields ? -1 : 1;
    if (x->fields)
        c = job_order_compare(x->order, x->fields, y->fields);
    return c ? c : (x->place > y->place) - (x->place < y->place);
}

enum rc rank_looks(struct store *s, struct connector *c, const struct job_config *j, struct err *e)
{
    struct ranking r = {.job = j};
    int64_t *ids = NULL;
    if (!j->order)
        return RC_OK;
    enum rc rc = store_queue_list(s, JOB_WAITING, RANK_MAX_LOOKS, take_look, &r, e);
    if (rc == RC_OK)
        rc = fetch_all(&r, c, e);
    if (rc == RC_OK && r.n > 0) {
        share_fields(&r);
        qsort(r.looks, r.n, sizeof(*r.looks), by_order);
        ids = calloc(r.n, sizeof(*ids));
        if (!ids)
            rc = err_set(e, RC_NOMEM, "order: out of memory");
    }
    for (size_t i = 0; ids && i < r.n; i++)
        ids[i] = r.looks[i].id;
    if (rc == RC_OK && r.n > 0)
        rc = store_queue_rank(s, ids, r.n, e);
    for (size_t i = 0; i < r.n; i++) {
        record_close(r.looks[i].record);
        free(r.looks[i].record_id);
    }
    free(r.looks);
    free(ids);
    return rc;
}
