#include "pipeline.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "../base/clock.h"
#include "../base/log.h"
#include "../base/str.h"
#include "governance.h"
#include "in_force.h"
#include "made_event.h"
#include "schema_fill.h"

#define STEP_TIMEOUT_MS 600000 /* of one step, its time in the engine's queue included */
#define MAX_BULLETS 64

/* What is in the making: opened from left to right, closed together. */
struct making {
    const struct pipeline *p;
    const struct record *record;
    const struct brief_wish *wish;
    const struct template *template;
    const struct lora *adapter; /* that may be used; or NULL */
    char *house;                /* the sentences that go with it; or NULL */
    const struct clock *clock; /* its day; NULL: the configuration's */
    struct policy_admitted *admitted;
    struct written written;
    struct policy_released *released;
    char input_hash[SHA256_HEX_SIZE];
};

static void making_close(struct making *m)
{
    policy_released_close(m->released);
    written_clear(&m->written);
    policy_admitted_close(m->admitted);
    free(m->house);
}

static const struct config_view *config_of(const struct making *m)
{
    return rules_config(m->p->rules);
}

/* ---- policy in -------------------------------------------------------------------------------------------------- */

/* May this model do this at all? Asked for each brief, since a reload may have changed the answer. */
static enum rc check_model(const struct making *m, struct err *e)
{
    struct model_info info;
    model_info(app_model(m->p->app), &info);
    enum rc rc = policy_check_model(rules_policy(m->p->rules), info.path, info.licence, app_model_hash(m->p->app), m->wish->kind, e);
    return rc == RC_OK ? policy_check_region(rules_policy(m->p->rules), info.path, m->record, e) : rc;
}

/* Briefs go on without it; told once a process. */
static void leave_out(const char *name, const struct err *why)
{
    static atomic_bool told;
    if (!atomic_exchange(&told, true))
        log_event(LOG_WARN, "adapter not used", "name", name, "reason", why->msg, NULL);
}

/* The adapter beside it, if it may be used now. One that was trained on somebody who has been erased since, or trained again
 * since this process read it, is left out. What the policy file does not allow is refused. */
static enum rc check_adapter(struct making *m, struct err *e)
{
    const struct lora *adapter = app_adapter(m->p->app);
    const char *name = config_of(m)->settings->model_adapter;
    struct lora_info lora;
    struct model_info model;
    enum adapter_state state;
    struct err why = {""};
    if (!adapter)
        return RC_OK;
    lora_info(adapter, &lora);
    model_info(app_model(m->p->app), &model);
    enum rc rc = store_adapter_check(m->p->store, name, lora.sha256, &state, &why);
    if (rc != RC_OK && rc != RC_REFUSED)
        return err_set(e, rc, "%s", why.msg);
    if (state == ADAPTER_DISABLED || state == ADAPTER_REPLACED) {
        leave_out(name, &why);
        return RC_OK;
    }
    rc = policy_check_adapter(rules_policy(m->p->rules), model.path, lora.sha256, state == ADAPTER_READY, e);
    if (rc == RC_OK)
        m->adapter = adapter;
    return rc == RC_OK && state == ADAPTER_READY ? store_adapter_sentences(m->p->store, name, &m->house, e) : rc;
}

static const char *adapter_hash(const struct making *m)
{
    struct lora_info lora;
    if (!m->adapter)
        return "";
    lora_info(m->adapter, &lora);
    return lora.sha256;
}

static bool name_known(void *ctx, const uint8_t hash[SHA256_SIZE])
{
    bool known = false;
    struct err e;
    /* When in doubt it is a name: a store that is busy must not let one through. */
    return store_name_known(ctx, hash, &known, &e) != RC_OK || known;
}

struct policy_request pipeline_request(const struct pipeline *p, const struct brief_wish *w, const struct clock *clock)
{
    return (struct policy_request){.purpose = w->kind,
                                   .clock = clock,
                                   .hash_key = keyring_hash_key(app_keys(p->app)),
                                   .language = w->language,
                                   .to_contact = w->to_contact,
                                   .hint = w->hint,
                                   .name_known = name_known,
                                   .name_ctx = p->store,
                                   .intent = w->intent,
                                   .tone = w->tone};
}

static enum rc take_newest(void *ctx, const struct store_brief *b, struct err *e)
{
    char *id = ctx;
    (void)e;
    if (!*id)
        memcpy(id, b->id, BRIEF_ID_SIZE);
    return RC_OK;
}

/* The newest brief of this record and kind that still counts: the next one tells what changed since. NULL: the first. */
static enum rc open_previous(const struct making *m, struct store_brief **out, struct err *e)
{
    char id[BRIEF_ID_SIZE] = "";
    struct brief_filter f = {.source = m->record->source, .object = m->record->object, .record_id = m->record->id,
                             .by_kind = true, .kind = m->wish->kind, .current = true};
    enum rc rc = store_briefs_list(m->p->store, &f, take_newest, id, e);
    return rc == RC_OK && *id ? store_brief_get(m->p->store, id, out, e) : rc;
}

static enum rc admit(struct making *m, struct err *e)
{
    struct policy_request q = pipeline_request(m->p, m->wish, m->clock ? m->clock : &config_of(m)->clock);
    struct store_brief *newest = NULL;
    struct policy_keys keys;
    uint8_t hash[SHA256_SIZE];
    enum rc rc = open_previous(m, &newest, e);
    if (rc != RC_OK)
        return rc;
    store_policy_keys(m->p->store, &keys);
    const struct policy_previous previous = {newest ? newest->values : NULL, newest ? newest->n_values : 0, &keys};
    q.previous = &previous;
    rc = policy_admit(rules_policy(m->p->rules), m->record, &q, &m->admitted, e);
    store_brief_close(newest);
    if (rc != RC_OK)
        return rc;
    policy_admitted_hash(m->admitted, hash);
    str_hex(hash, sizeof(hash), m->input_hash);
    return RC_OK;
}

/* ---- the same brief, made before -------------------------------------------------------------------------------- */

static struct brief_meta meta_of(const struct making *m)
{
    const struct brief_wish *w = m->wish;
    bool email = w->kind == PURPOSE_EMAIL;
    return (struct brief_meta){.source = m->record->source,
                               .object = m->record->object,
                               .record_id = m->record->id,
                               .record_version = m->record->version,
                               .kind = w->kind,
                               .intent = email ? (w->intent ? w->intent : "follow-up") : NULL,
                               .tone = email ? (w->tone ? w->tone : "neutral") : NULL,
                               .to_contact = w->to_contact,
                               .state = BRIEF_WAITING,
                               .as_of = clock_today(&config_of(m)->clock),
                               .owner = policy_admitted_owner(m->admitted),
                               .team = policy_admitted_team(m->admitted),
                               .policy_hash = policy_hash(rules_policy(m->p->rules)),
                               .template_hash = template_hash(m->template),
                               .model_hash = app_model_hash(m->p->app),
                               .adapter_hash = adapter_hash(m),
                               .input_hash = m->input_hash,
                               .created_by = m->p->actor,
                               .approvals = policy_approvals(rules_policy(m->p->rules), m->record)};
}

struct search {
    const struct brief_meta *like;
    char *id;
};

static enum rc take_same(void *ctx, const struct store_brief *b, struct err *e)
{
    struct search *s = ctx;
    (void)e;
    if (!*s->id && str_eq(b->meta.input_hash, s->like->input_hash) && str_eq(b->meta.policy_hash, s->like->policy_hash) &&
        str_eq(b->meta.template_hash, s->like->template_hash) && str_eq(b->meta.model_hash, s->like->model_hash) &&
        str_eq(b->meta.adapter_hash, s->like->adapter_hash))
        memcpy(s->id, b->id, BRIEF_ID_SIZE);
    return RC_OK;
}

/* *id becomes that of the brief with the same input, policy, template and model, or stays "". */
static enum rc find_same(const struct making *m, char id[BRIEF_ID_SIZE], struct err *e)
{
    struct brief_meta meta = meta_of(m);
    struct search s = {.like = &meta, .id = id};
    struct brief_filter f = {.source = meta.source, .object = meta.object, .record_id = meta.record_id,
                             .by_kind = true, .kind = meta.kind, .current = true};
    id[0] = '\0';
    return store_briefs_list(m->p->store, &f, take_same, &s, e);
}

static enum rc prompts_of(const struct making *m, struct pipeline_result *out, struct err *e);

/* The job, if there is one, has nothing more to do. */
static enum rc settle_unchanged(struct making *m, struct pipeline_result *out, struct err *e)
{
    const struct store_done *job = m->wish->job;
    out->outcome = PIPELINE_UNCHANGED;
    return job ? store_queue_done(m->p->store, job->worker, &job->job, 1, NULL, e) : prompts_of(m, out, e);
}

/* ---- prompt and model ------------------------------------------------------------------------------------------- */

static struct writer writer_of(const struct making *m)
{
    const struct settings *s = config_of(m)->settings;
    struct model_info info;
    model_info(app_model(m->p->app), &info);
    return (struct writer){.policy = rules_policy(m->p->rules),
                           .model = app_model(m->p->app),
                           .engine = app_engine(m->p->app),
                           .adapter = m->adapter,
                           .house = m->house,
                           .context = info.n_context && info.n_context < s->model_context ? info.n_context : (size_t)s->model_context,
                           .chat = *info.chat_template && strcmp(s->model_chat_template, "none") != 0,
                           .temperature = (float)s->temperature,
                           .step_timeout_ms = STEP_TIMEOUT_MS,
                           .priority = m->p->priority,
                           .cancel = m->p->cancel};
}

static enum rc write_text(struct making *m, struct err *e)
{
    struct writer w = writer_of(m);
    return write_draft(&w, m->template, m->admitted, m->p->on_step, m->p->ctx, &m->written, e);
}

static enum rc prompts_of(const struct making *m, struct pipeline_result *out, struct err *e)
{
    struct writer w = writer_of(m);
    struct buf b;
    buf_init(&b, 16 * PROMPT_MAX_BYTES);
    enum rc rc = write_prompts(&w, m->template, m->admitted, &b, e);
    if (rc == RC_OK)
        rc = buf_check(&b, "prompts", e);
    if (rc == RC_OK && !(out->prompts = buf_take(&b, NULL)))
        rc = err_set(e, RC_NOMEM, "prompts: out of memory");
    buf_wipe(&b);
    return rc;
}

/* ---- policy out ------------------------------------------------------------------------------------------------- */

/* Lines of the bullets part, in place: line feeds become ends. */
static size_t split_lines(char *text, const char **lines)
{
    size_t n = 0;
    char *rest = NULL;
    for (char *line = strtok_r(text, "\n", &rest); line && n < MAX_BULLETS; line = strtok_r(NULL, "\n", &rest))
        lines[n++] = line;
    return n;
}

static enum rc release(struct making *m, struct err *e)
{
    const struct composition *text = &m->written.text;
    const struct sender *sender = config_sender(config_of(m), m->record->owner);
    const char *lines[MAX_BULLETS];
    struct policy_keys keys;
    char *bullets = str_dup(text->bullets.bytes ? text->bullets.bytes : "");
    if (!bullets)
        return err_set(e, RC_NOMEM, "pipeline: out of memory");
    struct draft d = {.body = text->body.bytes,
                      .bullets = lines,
                      .n_bullets = split_lines(bullets, lines),
                      .prompt = m->written.shown,
                      .instructions = m->written.instructions,
                      .by_code = text->by_code,
                      .house = m->house,
                      .model_share = m->written.model_share};
    if (m->wish->kind == PURPOSE_EMAIL) {
        d.subject = text->subject.bytes;
        d.greeting_to = "contact";
        d.sender_name = sender ? sender->name : NULL;
        d.sender_title = sender ? sender->title : NULL;
    }
    const char *schema = template_schema(m->template);
    struct constraint *by_schema = NULL;
    enum rc rc = schema ? schema_form(schema, &by_schema, e) : RC_OK;
    if (by_schema) {
        d.fields_fit = write_fields_fit;
        d.fields_ctx = by_schema;
    }
    store_policy_keys(m->p->store, &keys);
    if (rc == RC_OK)
        rc = policy_release(rules_policy(m->p->rules), m->admitted, &d, &keys, &m->released, e);
    constraint_close(by_schema);
    free(bullets);
    return rc;
}

/* Every check passed: what only says that a machine wrote it, or which sentence was left out, needs no person. */
static bool all_checks_passed(const struct policy_released *r)
{
    const char *const *flags;
    size_t n;
    policy_released_flags(r, &flags, &n);
    for (size_t i = 0; i < n; i++)
        if (strcmp(flags[i], "machine-written") != 0 && !str_starts(flags[i], "dropped"))
            return false;
    return true;
}

/* ---- the store -------------------------------------------------------------------------------------------------- */

static enum rc keep(struct making *m, int64_t began_ms, struct pipeline_result *out, struct err *e)
{
    struct brief_meta meta = meta_of(m);
    struct store_put_result put;
    struct made_event told;
    const struct policy *policy = rules_policy(m->p->rules);
    out->ms = clock_mono_ms() - began_ms;
    meta.prompt_tokens = (int64_t)m->written.prompt_tokens;
    meta.output_tokens = (int64_t)m->written.output_tokens;
    meta.ms = out->ms;
    if (policy_auto_approves(policy, meta.kind) && meta.approvals < 2 && all_checks_passed(m->released))
        meta.state = BRIEF_APPROVED;
    const struct made made = {.meta = &meta,
                              .released = m->released,
                              .prompts = m->written.prompts,
                              .asked_again = m->written.asked_again,
                              .asked_for = m->written.asked_for,
                              .content = policy_audit_content(policy),
                              .hash_key = keyring_hash_key(app_keys(m->p->app)),
                              .actor = m->p->actor};
    enum rc rc = made_event_init(&made, &told, e);
    if (rc == RC_OK)
        rc = store_put(m->p->store, m->released, &meta, &told.event, m->wish->job, &put, e);
    made_event_clear(&told);
    if (rc != RC_OK)
        return rc;
    memcpy(out->id, put.id, sizeof(out->id));
    out->outcome = put.made ? PIPELINE_MADE : PIPELINE_UNCHANGED; /* another worker may have been faster */
    out->beside_edit = put.beside_edit;
    out->prompt_tokens = m->written.prompt_tokens;
    out->output_tokens = m->written.output_tokens;
    out->model_share = m->written.model_share;
    out->asked_again = m->written.asked_again;
    out->left_out = m->written.left_out;
    out->dropped = policy_released_dropped(m->released);
    out->prompts = m->written.prompts;
    m->written.prompts = NULL;
    return RC_OK;
}

/* ---- the way of one brief --------------------------------------------------------------------------------------- */

static enum rc begin(struct making *m, struct err *e)
{
    enum rc rc = rules_template(m->p->rules, m->record->object, m->wish->kind, &m->template, e);
    if (rc == RC_OK)
        rc = check_model(m, e);
    return rc == RC_OK ? check_adapter(m, e) : rc;
}

enum rc pipeline_run_one(const struct pipeline *p, struct record *r, const struct brief_wish *wish,
                         struct pipeline_result *out, struct err *e)
{
    struct making m = {.p = p, .record = r, .wish = wish};
    int64_t began_ms = clock_mono_ms();
    memset(out, 0, sizeof(*out));

    enum rc rc = store_record_owner(p->store, r, e); /* whoever may see it now sees its older briefs, too */
    if (rc == RC_OK)
        rc = store_prune_erased(p->store, r, e);
    if (rc == RC_OK)
        rc = begin(&m, e);                 /* its template; may this model do it? */
    if (rc == RC_OK)
        rc = admit(&m, e);                 /* record -> policy in -> admitted */
    if (rc == RC_OK)
        rc = find_same(&m, out->id, e);    /* nothing changed: nothing to do */
    if (rc == RC_OK && out->id[0]) {
        rc = settle_unchanged(&m, out, e);
    } else {
        if (rc == RC_OK)
            rc = write_text(&m, e);        /* admitted -> prompts -> model -> draft in slots */
        if (rc == RC_OK)
            rc = release(&m, e);           /* draft -> policy out -> released, sealed */
        if (rc == RC_OK)
            rc = in_force_template(p->store, m.template, p->actor, e); /* what it was made by outlives its file */
        if (rc == RC_OK)
            rc = keep(&m, began_ms, out, e); /* released -> store, the job done in the same transaction */
    }
    making_close(&m);
    if (rc != RC_OK)
        pipeline_result_clear(out);
    return rc;
}

enum rc pipeline_prompts(const struct pipeline *p, struct record *r, const struct brief_wish *wish, struct buf *out,
                         struct err *e)
{
    struct making m = {.p = p, .record = r, .wish = wish};
    struct pipeline_result result = {0};
    enum rc rc = store_prune_erased(p->store, r, e);
    if (rc == RC_OK)
        rc = begin(&m, e);
    if (rc == RC_OK)
        rc = admit(&m, e);
    if (rc == RC_OK)
        rc = prompts_of(&m, &result, e);
    if (rc == RC_OK)
        buf_str(out, result.prompts);
    if (rc == RC_OK)
        rc = buf_check(out, "prompts", e);
    pipeline_result_clear(&result);
    making_close(&m);
    return rc;
}

enum rc pipeline_view(const struct pipeline *p, struct record *r, const struct brief_wish *wish, int32_t as_of,
                      pipeline_view_fn on_view, void *ctx, struct err *e)
{
    const struct clock day = {.fixed = true, .fixed_us = as_of * CLOCK_DAY_US + CLOCK_DAY_US / 2};
    struct making m = {.p = p, .record = r, .wish = wish, .clock = &day};
    enum rc rc = store_prune_erased(p->store, r, e);
    if (rc == RC_OK)
        rc = begin(&m, e);
    if (rc == RC_OK)
        rc = admit(&m, e);
    if (rc == RC_OK) {
        const struct writer w = writer_of(&m);
        rc = on_view(ctx, &(struct pipeline_view){m.template, m.admitted, &w, m.input_hash}, e);
    }
    making_close(&m);
    return rc;
}

void pipeline_result_clear(struct pipeline_result *r)
{
    if (r->prompts)
        crypto_wipe(r->prompts, strlen(r->prompts));
    free(r->prompts);
    memset(r, 0, sizeof(*r));
}

/* ---- what commands need beside it ------------------------------------------------------------------------------- */

enum rc pipeline_begin(const struct pipeline *p, struct err *e)
{
    return in_force_note(p->app, p->rules, p->store, p->actor, e);
}

struct fetched {
    struct record *record;
    bool bad;
    struct err why;
};

static enum rc on_record(void *ctx, struct record *take, struct err *e)
{
    struct fetched *f = ctx;
    (void)e;
    record_close(f->record);
    f->record = take;
    return RC_OK;
}

static void on_bad(void *ctx, const struct bad_record *bad)
{
    struct fetched *f = ctx;
    f->bad = true;
    err_set(&f->why, RC_BAD, "%s", bad->reason);
}

enum rc pipeline_no_such_record(const struct connector *c, const char *object, const char *id, struct err *e)
{
    return err_set(e, RC_REFUSED, "source %s has no %s %s", c->cfg->name, object, id);
}

enum rc pipeline_fetch_one(struct connector *c, const char *object, const char *id, struct record **out, bool *quarantined,
                           struct err *e)
{
    struct fetched f = {0};
    enum rc rc = connector_fetch(c, object, &id, 1, on_record, on_bad, &f, e);
    if (quarantined)
        *quarantined = rc == RC_OK && f.bad;
    if (rc == RC_OK && f.bad)
        rc = err_set(e, RC_BAD, "%s", f.why.msg);
    else if (rc == RC_OK && (!f.record || f.record->deleted))
        rc = pipeline_no_such_record(c, object, id, e);
    if (rc == RC_OK)
        *out = f.record;
    else
        record_close(f.record);
    return rc;
}
