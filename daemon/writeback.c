/* writeback.c: an approved brief back into its source. The order is what makes it safe: ask policy and the record again,
 * store the intent, call the source with a version, store what came of it. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "../base/json.h"
#include "../base/str.h"
#include "governance.h"
#include "pipeline.h"

#define TEXT_MAX_BYTES ((size_t)1 << 20)

struct writing {
    const struct pipeline *p;
    struct connector *connector;
    struct store_brief *brief;
    const struct map_field *target; /* of the mapping: kind -> column */
    struct record *record;
    struct buf text;                /* what is to stand there, in clear */
    bool known;                     /* the source can tell what stands there now */
    char *previous;                 /* that, "" for nothing */
    char version[256];              /* of the record, when previous was read */
    enum write_outcome outcome;
    char new_version[256], reason[200];
};

static void writing_close(struct writing *w)
{
    if (w->previous)
        crypto_wipe(w->previous, strlen(w->previous));
    free(w->previous);
    buf_wipe(&w->text);
    record_close(w->record);
    store_brief_close(w->brief);
}

static struct audit_event event_of(const struct writing *w, const char *event, const char *outcome)
{
    return (struct audit_event){.actor = w->p->actor, .event = event, .outcome = outcome};
}

/* ---- may it be written at all? ----------------------------------------------------------------------------------- */

static enum rc load(struct writing *w, const char *id, struct err *e)
{
    enum rc rc = store_brief_get(w->p->store, id, &w->brief, e);
    if (rc != RC_OK)
        return rc;
    const struct brief_meta *m = &w->brief->meta;
    const struct map_object *o = source_object(w->connector->cfg, m->object);
    if (m->state != BRIEF_APPROVED && m->state != BRIEF_EDITED && m->state != BRIEF_WRITE_PENDING)
        return err_set(e, RC_REFUSED, "brief %s is %s: only an approved one is written back", id, brief_state_name(m->state));
    if (w->connector->cfg->write_back == WRITE_BACK_OFF)
        return err_set(e, RC_REFUSED, "source %s takes no write-back (write_back: off)", m->source);
    w->target = o ? o->write_back : NULL;
    while (w->target && strcmp(w->target->spec.name, purpose_name(m->kind)) != 0)
        w->target = w->target->next;
    if (!w->target)
        return err_set(e, RC_REFUSED, "source %s maps no column for the %s of %s (write_back:)", m->source, purpose_name(m->kind),
                       m->object);
    return RC_OK;
}

/* May whoever acts, and have enough people approved what the record says now? */
static enum rc ask_people(const struct writing *w, struct err *e)
{
    const struct brief_meta *m = &w->brief->meta;
    if (w->p->may_write && !w->p->may_write(w->p->may_write_ctx, w->record, m->kind))
        return pipeline_no_such_record(w->connector, m->object, m->record_id, e);
    if (policy_approvals(rules_policy(w->p->rules), w->record) > m->approvals)
        return err_set(e, RC_REFUSED, "brief %s: the record needs two people's approval by now: make its brief anew", w->brief->id);
    return RC_OK;
}

/* Would policy admit the same record today, and is what was admitted still the same? The day is that of the brief, so
 * that only the record can make a difference. */
static enum rc ask_policy(struct writing *w, bool *same, struct err *e)
{
    const struct brief_meta *m = &w->brief->meta;
    struct clock clock = {.fixed = true, .fixed_us = m->as_of * CLOCK_DAY_US + CLOCK_DAY_US / 2};
    struct brief_wish wish = {.kind = m->kind, .intent = m->intent, .tone = m->tone, .language = w->brief->language,
                              .to_contact = m->to_contact};
    struct policy_request q = pipeline_request(w->p, &wish, &clock);
    struct policy_admitted *admitted = NULL;
    uint8_t hash[SHA256_SIZE];
    char hex[SHA256_HEX_SIZE];
    enum rc rc = policy_admit(rules_policy(w->p->rules), w->record, &q, &admitted, e);
    if (rc == RC_OK) {
        policy_admitted_hash(admitted, hash);
        str_hex(hash, sizeof(hash), hex);
        *same = str_eq(hex, m->input_hash);
    }
    policy_admitted_close(admitted);
    return rc;
}

/* ---- what stands there and what shall ---------------------------------------------------------------------------- */

/* The value that the mapping names, as text: a string as it is, anything else as JSON; nothing for null and absent. */
static enum rc take_part(const char *part, struct buf *document, struct err *e)
{
    cJSON *root = NULL;
    char pointer[256];
    struct buf value;
    snprintf(pointer, sizeof(pointer), "%s%s", *part == '/' ? "" : "/", part);
    enum rc rc = json_parse(document->data, document->len, JSON_NUMBERS_DIGITS, &root, e);
    if (rc != RC_OK)
        return rc;
    buf_init(&value, TEXT_MAX_BYTES);
    const cJSON *v = json_pointer(root, pointer);
    if (cJSON_IsString(v))
        buf_str(&value, v->valuestring);
    else if (v && !cJSON_IsNull(v))
        json_print(&value, v);
    rc = buf_check(&value, "brief", e);
    buf_wipe(document);
    buf_add(document, value.data, value.len);
    if (rc == RC_OK)
        rc = buf_check(document, "brief", e);
    buf_wipe(&value);
    cJSON_Delete(root);
    return rc;
}

static enum rc compose(const struct writing *w, const struct store_brief *b, struct buf *out, struct err *e)
{
    struct policy_keys keys;
    struct buf slotted;
    bool erased = false;
    buf_init(&slotted, TEXT_MAX_BYTES);
    store_policy_keys(w->p->store, &keys);
    if (b->subject)
        buf_printf(&slotted, "%s\n\n", b->subject);
    buf_str(&slotted, b->body);
    for (size_t i = 0; i < b->n_bullets; i++)
        buf_printf(&slotted, "%s- %s", i ? "\n" : "\n\n", b->bullets[i]);
    enum rc rc = buf_check(&slotted, "brief", e);
    if (rc == RC_OK)
        rc = policy_rehydrate(b->values, b->n_values, &keys, b->language, slotted.data, out, &erased, e);
    buf_clear(&slotted);
    if (rc == RC_OK && w->target->part)
        rc = take_part(w->target->part, out, e);
    if (rc == RC_OK && erased)
        rc = err_set(e, RC_REFUSED, "brief %s names somebody who was erased: it is not written back", b->id);
    return rc;
}

static enum rc on_target(void *ctx, const struct target *t, struct err *e)
{
    struct writing *w = ctx;
    free(w->previous);
    w->previous = str_dup(t->text ? t->text : "");
    snprintf(w->version, sizeof(w->version), "%s", t->version);
    return w->previous ? RC_OK : err_set(e, RC_NOMEM, "write-back: out of memory");
}

static enum rc read_target(struct writing *w, struct err *e)
{
    const char *id = w->brief->meta.record_id;
    snprintf(w->version, sizeof(w->version), "%s", w->record->version);
    return connector_targets(w->connector, w->brief->meta.object, w->target->column, &id, 1, on_target, w, &w->known, e);
}

struct last {
    char id[BRIEF_ID_SIZE];
};

static enum rc take_last(void *ctx, const struct store_brief *b, struct err *e)
{
    struct last *l = ctx;
    (void)e;
    if (!l->id[0])
        memcpy(l->id, b->id, sizeof(l->id));
    return RC_OK;
}

/* Does the column hold nothing, or what briefd itself wrote there last? Anything else is a person's text. */
static enum rc is_ours(const struct writing *w, bool *ours, struct err *e)
{
    const struct brief_meta *m = &w->brief->meta;
    struct brief_filter f = {.source = m->source, .object = m->object, .record_id = m->record_id, .by_kind = true,
                             .kind = m->kind, .by_state = true, .state = BRIEF_WRITTEN};
    struct last last = {""};
    struct store_brief *b = NULL;
    struct buf text;
    *ours = !w->known || !w->previous || !*w->previous;
    if (*ours)
        return RC_OK;
    buf_init(&text, 2 * TEXT_MAX_BYTES);
    enum rc rc = store_briefs_list(w->p->store, &f, take_last, &last, e);
    if (rc == RC_OK && last.id[0]) {
        rc = store_brief_get(w->p->store, last.id, &b, e);
        if (rc == RC_OK && compose(w, b, &text, e) == RC_OK)
            *ours = str_eq(text.data, w->previous);
    }
    buf_wipe(&text);
    store_brief_close(b);
    return rc;
}

/* ---- the call ---------------------------------------------------------------------------------------------------- */

static void on_result(void *ctx, size_t item, enum write_outcome outcome, const char *new_version, const char *reason)
{
    struct writing *w = ctx;
    (void)item;
    w->outcome = outcome;
    snprintf(w->new_version, sizeof(w->new_version), "%s", new_version ? new_version : "");
    snprintf(w->reason, sizeof(w->reason), "%s", reason ? reason : "");
}

static enum rc send(struct writing *w, struct err *e)
{
    struct write_item item = {.id = w->brief->meta.record_id, .version = w->version, .column = w->target->column,
                              .text = w->text.data};
    return connector_write_back(w->connector, w->brief->meta.object, &item, 1, on_result, w, e);
}

static enum rc store_intent(const struct writing *w, struct err *e)
{
    const struct brief_meta *m = &w->brief->meta;
    struct audit_event ev = event_of(w, "write_back.begun", NULL);
    char identity[512], subject[SHA256_HEX_SIZE];
    snprintf(identity, sizeof(identity), "record:%s/%s/%s", m->source, m->object, m->record_id);
    enum rc rc = policy_subject(keyring_hash_key(app_keys(w->p->app)), identity, subject, e); /* as its sums are sealed */
    if (rc != RC_OK)
        return rc;
    struct store_write intent = {.column = w->target->column, .version = w->version, .previous = w->previous, .subject = subject};
    return store_write_begin(w->p->store, w->brief->id, &intent, &ev, e);
}

static enum rc end(const struct writing *w, enum brief_state to, const char *outcome, enum brief_state *state, struct err *e)
{
    struct audit_event ev = event_of(w, "write_back.ended", outcome);
    enum rc rc = store_write_end(w->p->store, w->brief->id, to, w->new_version, &ev, e);
    if (rc == RC_OK)
        *state = to;
    return rc;
}

/* The source answered: keep it. A failed write leaves the brief approved, to be tried again. */
static enum rc keep_outcome(const struct writing *w, enum brief_state *state, struct err *e)
{
    enum rc rc;
    switch (w->outcome) {
    case WRITE_DONE: return end(w, BRIEF_WRITTEN, "ok", state, e);
    case WRITE_CONFLICT: return end(w, BRIEF_CONFLICT, "conflict", state, e);
    case WRITE_GONE: return end(w, BRIEF_CONFLICT, "gone", state, e);
    default:
        rc = end(w, BRIEF_APPROVED, "failed", state, e);
        return rc == RC_OK ? err_set(e, RC_BAD, "write-back of brief %s failed: %s", w->brief->id, w->reason) : rc;
    }
}

/* A write that was begun and whose answer is lost: if the text stands there it arrived, else it is tried again. */
static enum rc settle_pending(struct writing *w, bool *arrived, enum brief_state *state, struct err *e)
{
    *arrived = w->known && w->previous && str_eq(w->previous, w->text.data);
    if (*arrived) {
        snprintf(w->new_version, sizeof(w->new_version), "%s", w->version);
        return end(w, BRIEF_WRITTEN, "ok", state, e);
    }
    enum rc rc = end(w, BRIEF_APPROVED, "unknown", state, e);
    w->brief->meta.state = BRIEF_APPROVED;
    return rc;
}

static enum rc conflict(const struct writing *w, const char *why, enum brief_state *state, struct err *e)
{
    enum rc rc = store_intent(w, e); /* the table leads to a conflict by way of a begun write */
    return rc == RC_OK ? end(w, BRIEF_CONFLICT, why, state, e) : rc;
}

static enum rc write_text(struct writing *w, bool same, enum brief_state *state, struct err *e)
{
    bool ours = false, changed = !same && !str_eq(w->record->version, w->brief->meta.record_version);
    struct err why = {""};
    enum rc rc = is_ours(w, &ours, e);
    if (rc != RC_OK)
        return rc;
    if (w->connector->cfg->write_back == WRITE_BACK_DRY_RUN)
        return send(w, e);
    if (changed || !ours)
        return conflict(w, changed ? "record changed" : "edited by a person", state, e);
    rc = store_intent(w, e);
    if (rc != RC_OK)
        return rc;
    rc = send(w, &why);
    if (rc == RC_RETRY)
        return err_set(e, rc, "%s", why.msg); /* the answer is unknown: it stays pending until the record tells */
    if (rc != RC_OK) {
        w->outcome = WRITE_FAILED;
        snprintf(w->reason, sizeof(w->reason), "%.199s", why.msg);
    }
    return keep_outcome(w, state, e);
}

enum rc pipeline_write_back_one(const struct pipeline *p, struct connector *c, const char *brief_id, enum brief_state *state,
                                struct err *e)
{
    struct writing w = {.p = p, .connector = c};
    bool same = false, arrived = false;
    buf_init(&w.text, 2 * TEXT_MAX_BYTES);

    enum rc rc = load(&w, brief_id, e);                 /* approved, and the source takes it? */
    if (rc == RC_OK)
        *state = w.brief->meta.state;
    if (rc == RC_OK)
        rc = pipeline_fetch_one(c, w.brief->meta.object, w.brief->meta.record_id, &w.record, NULL, e);
    if (rc == RC_OK)
        rc = store_prune_erased(p->store, w.record, e); /* as when the brief was made */
    if (rc == RC_OK)
        rc = ask_people(&w, e);
    if (rc == RC_OK)
        rc = compose(&w, w.brief, &w.text, e);          /* the text, unsealed in memory only */
    if (rc == RC_OK)
        rc = read_target(&w, e);                        /* what stands there now */
    if (rc == RC_OK && w.brief->meta.state == BRIEF_WRITE_PENDING)
        rc = settle_pending(&w, &arrived, state, e);
    if (rc == RC_OK && !arrived)
        rc = ask_policy(&w, &same, e);                  /* consent and fields, again */
    if (rc == RC_OK && !arrived)
        rc = write_text(&w, same, state, e);
    writing_close(&w);
    return rc;
}

/* ---- taking it back ------------------------------------------------------------------------------------------------ */

static void clear_text(struct writing *w, bool *cleared, struct err *why)
{
    struct write_item item = {.id = w->brief->meta.record_id, .column = w->target->column, .text = ""};
    enum rc rc = RC_OK;
    if (!w->known)
        rc = err_set(why, RC_BAD, "this source cannot tell what stands there");
    else if (w->previous && !*w->previous)
        *cleared = true; /* somebody did it already */
    else if (!w->previous || !str_eq(w->previous, w->text.data))
        rc = err_set(why, RC_BAD, "another text stands there by now: look at it");
    if (rc != RC_OK || *cleared)
        return;
    item.version = w->version;
    rc = connector_write_back(w->connector, w->brief->meta.object, &item, 1, on_result, w, why);
    *cleared = rc == RC_OK && w->outcome == WRITE_DONE;
    if (rc == RC_OK && !*cleared)
        err_set(why, RC_BAD, "the source did not take it: %s", w->reason);
}

enum rc pipeline_clear_written(const struct pipeline *p, struct connector *c, const char *brief_id, bool *cleared,
                               char why[200], struct err *e)
{
    struct writing w = {.p = p, .connector = c};
    struct err reason = {""};
    *cleared = false;
    buf_init(&w.text, 2 * TEXT_MAX_BYTES);
    enum rc rc = store_brief_get(p->store, brief_id, &w.brief, e);
    const struct map_object *o = rc == RC_OK ? source_object(c->cfg, w.brief->meta.object) : NULL;
    w.target = o ? o->write_back : NULL;
    while (w.target && strcmp(w.target->spec.name, purpose_name(w.brief->meta.kind)) != 0)
        w.target = w.target->next;
    if (rc == RC_OK && c->cfg->write_back != WRITE_BACK_ON)
        err_set(&reason, RC_BAD, "write_back is not on for this source");
    else if (rc == RC_OK && !w.target)
        err_set(&reason, RC_BAD, "the mapping has no column for it any more");
    else if (rc == RC_OK && pipeline_fetch_one(c, w.brief->meta.object, w.brief->meta.record_id, &w.record, NULL, &reason) == RC_OK &&
             compose(&w, w.brief, &w.text, &reason) == RC_OK && read_target(&w, &reason) == RC_OK)
        clear_text(&w, cleared, &reason);
    snprintf(why, 200, "%.199s", *cleared ? "" : reason.msg);
    writing_close(&w);
    return rc;
}
