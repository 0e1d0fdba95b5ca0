/* Briefs: kept, found, and moved through their life. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "../base/str.h"
#include "store_db.h"
#include "store_moves.h"
#include "store_parts.h"

/* What policy releases must be readable: an edit of a megabyte may be all values, and a sealed one weighs a hundred bytes. */
#define BRIEF_MAX_BYTES ((size_t)64 << 20)

/* ---- states ----------------------------------------------------------------------------------------------------- */

#define TO(state) (1u << BRIEF_##state)
static const struct {
    const char *name;
    unsigned next; /* states that may follow */
} states[N_BRIEF_STATES] = {
    [BRIEF_MADE] = {"made", TO(WAITING) | TO(APPROVED) | TO(SUPERSEDED) | TO(EXPIRED)},
    [BRIEF_WAITING] = {"waiting", TO(APPROVED) | TO(EDITED) | TO(REJECTED) | TO(SUPERSEDED) | TO(EXPIRED)},
    [BRIEF_APPROVED] = {"approved", TO(EDITED) | TO(REJECTED) | TO(WRITE_PENDING) | TO(SUPERSEDED) | TO(EXPIRED)},
    [BRIEF_EDITED] = {"edited", TO(EDITED) | TO(APPROVED) | TO(REJECTED) | TO(WRITE_PENDING) | TO(EXPIRED)},
    [BRIEF_REJECTED] = {"rejected", 0},
    [BRIEF_WRITE_PENDING] = {"write_pending", TO(WRITTEN) | TO(CONFLICT) | TO(APPROVED)},
    [BRIEF_WRITTEN] = {"written", 0},
    [BRIEF_CONFLICT] = {"conflict", TO(EDITED) | TO(APPROVED) | TO(REJECTED) | TO(WRITE_PENDING) | TO(EXPIRED)},
    [BRIEF_SUPERSEDED] = {"superseded", 0},
    [BRIEF_EXPIRED] = {"expired", 0},
};

const char *brief_state_name(enum brief_state st)
{
    return states[st].name;
}

bool brief_state_parse(const char *name, enum brief_state *out)
{
    for (int i = 0; i < N_BRIEF_STATES; i++)
        if (str_eq(name, states[i].name)) {
            *out = (enum brief_state)i;
            return true;
        }
    return false;
}

bool brief_state_may(enum brief_state from, enum brief_state to)
{
    return states[from].next >> to & 1;
}

static bool is_person(const struct audit_event *ev)
{
    return !str_eq(ev->actor, "system");
}

static enum rc no_such_brief(struct err *e)
{
    return err_set(e, RC_REFUSED, "there is no such brief");
}

static enum rc read_state(struct store *s, const char *id, enum brief_state *out, struct err *e)
{
    struct rows *r = NULL;
    bool more = false;
    enum rc rc = db_query(s, &r, e, "SELECT state FROM brief WHERE id = $1", WITH(p_text(id)));
    if (rc == RC_OK)
        rc = rows_next(r, &more, e);
    if (rc == RC_OK && !more)
        rc = no_such_brief(e);
    if (rc == RC_OK && !brief_state_parse(rows_text(r, 0), out))
        rc = err_set(e, RC_BAD, "brief %s: its state is unknown: the store was written by another version", id);
    rows_done(r);
    return rc;
}

enum rc brief_may_move(struct store *s, const char *id, enum brief_state to, struct err *e)
{
    enum brief_state from = BRIEF_MADE;
    enum rc rc = read_state(s, id, &from, e);
    if (rc == RC_OK && !brief_state_may(from, to))
        rc = err_set(e, RC_REFUSED, "brief %s is %s: it can't become %s", id, states[from].name, states[to].name);
    return rc;
}

enum rc brief_move(struct store *s, const char *id, enum brief_state to, const struct audit_event *ev, struct err *e)
{
    enum rc rc = brief_may_move(s, id, to, e);
    if (rc == RC_OK)
        rc = db_run(s, e,
                    "UPDATE brief SET state = $2, changed_us = $3, by_person = CASE WHEN $4 = 1 THEN 1 ELSE by_person END"
                    " WHERE id = $1",
                    WITH(p_text(id), p_text(states[to].name), p_int(store_now_us(s)), p_int(is_person(ev))));
    if (rc == RC_OK && to == BRIEF_CONFLICT) /* the record is another one by now: whoever approved looks again */
        rc = db_run(s, e, "DELETE FROM approval WHERE brief = $1", WITH(p_text(id)));
    return rc == RC_OK ? audit_append(s, ev, id, e) : rc;
}

enum rc store_brief_transition(struct store *s, const char *id, enum brief_state to, const struct audit_event *ev,
                               struct err *e)
{
    enum rc rc = tx_begin(s, e);
    if (rc == RC_OK)
        rc = brief_move(s, id, to, ev, e);
    return tx_end(s, rc, e);
}

/* One audit entry for each id that the statement returned. */
static enum rc audit_each(struct store *s, struct rows *r, const struct audit_event *ev, size_t *count, struct err *e)
{
    bool more = true;
    enum rc rc = RC_OK;
    while (rc == RC_OK && (rc = rows_next(r, &more, e)) == RC_OK && more) {
        ++*count;
        rc = audit_append(s, ev, rows_text(r, 0), e);
    }
    return rc;
}

/* What a brief says goes with its record, whatever its state: the row stays to say that there was one. */
static enum rc remove_record_parts(struct store *s, const char *source, const char *object, const char *id, struct err *e)
{
#define OF_RECORD " WHERE brief IN (SELECT id FROM brief WHERE source = $1 AND object = $2 AND record_id = $3)"
    static const char *const statements[] = {
        "DELETE FROM brief_sentence" OF_RECORD, "DELETE FROM brief_rest" OF_RECORD,  "DELETE FROM brief_bullet" OF_RECORD,
        "DELETE FROM brief_flag" OF_RECORD,     "DELETE FROM brief_value" OF_RECORD, "UPDATE write_back SET previous = NULL" OF_RECORD,
        "DELETE FROM brief_reason" OF_RECORD,
    };
#undef OF_RECORD
    enum rc rc = RC_OK;
    for (size_t i = 0; rc == RC_OK && i < COUNT_OF(statements); i++)
        rc = db_run(s, e, statements[i], WITH(p_text(source), p_text(object), p_text(id)));
    return rc;
}

enum rc briefs_expire(struct store *s, const char *source, const char *object, const char *id, struct err *e)
{
    struct rows *r = NULL;
    size_t count = 0;
    enum rc rc = db_query(s, &r, e,
                          "UPDATE brief SET state = 'expired', changed_us = $4, subject = NULL, body = '', to_slot = NULL,"
                          " to_contact = NULL WHERE source = $1 AND object = $2 AND record_id = $3"
                          " AND (state <> 'expired' OR body <> '') RETURNING id",
                          WITH(p_text(source), p_text(object), p_text(id), p_int(store_now_us(s))));
    if (rc == RC_OK)
        rc = audit_each(s, r,
                        &(struct audit_event){.actor = "system", .event = "brief.expired",
                                              .detail = "reason=record_deleted"},
                        &count, e);
    rows_done(r);
    return rc == RC_OK && count ? remove_record_parts(s, source, object, id, e) : rc;
}

/* ---- putting ---------------------------------------------------------------------------------------------------- */

static const char *adapter_of(const struct brief_meta *m)
{
    return m->adapter_hash ? m->adapter_hash : "";
}

static enum rc same_brief(struct store *s, const struct brief_meta *m, char id[BRIEF_ID_SIZE], bool *exists,
                          struct err *e)
{
    struct rows *r = NULL;
    enum rc rc = db_query(s, &r, e,
                          "SELECT id FROM brief WHERE source = $1 AND object = $2 AND record_id = $3 AND kind = $4"
                          " AND input_hash = $5 AND policy_hash = $6 AND template_hash = $7 AND model_hash = $8 AND adapter_hash = $9"
                          " AND state NOT IN ('superseded', 'expired')",
                          WITH(p_text(m->source), p_text(m->object), p_text(m->record_id),
                               p_text(purpose_name(m->kind)), p_text(m->input_hash), p_text(m->policy_hash),
                               p_text(m->template_hash), p_text(m->model_hash), p_text(adapter_of(m))));
    if (rc == RC_OK)
        rc = rows_next(r, exists, e);
    if (rc == RC_OK && *exists)
        snprintf(id, BRIEF_ID_SIZE, "%s", rows_text(r, 0));
    rows_done(r);
    return rc;
}

enum rc store_brief_exists(struct store *s, const struct brief_meta *m, bool *exists, struct err *e)
{
    char id[BRIEF_ID_SIZE];
    return same_brief(s, m, id, exists, e);
}

/* 100 random bits in base32 (RFC 4648, lower case): nobody guesses another brief's id. */
static enum rc make_id(char id[BRIEF_ID_SIZE], struct err *e)
{
    static const char digits[] = "abcdefghijklmnopqrstuvwxyz234567";
    uint8_t random[BRIEF_ID_SIZE - 2];
    enum rc rc = random_bytes(random, sizeof(random), e);
    if (rc != RC_OK)
        return rc;
    id[0] = 'b';
    for (size_t i = 0; i < sizeof(random); i++)
        id[i + 1] = digits[random[i] & 31];
    id[BRIEF_ID_SIZE - 1] = '\0';
    return RC_OK;
}

static enum rc insert_brief(struct store *s, const char *id, const struct brief_parts *p, const struct brief_meta *m,
                            struct err *e)
{
    int64_t now = store_now_us(s);
    char actor[PSEUDONYM_SIZE];
    enum rc rc = actor_pseudonym(s, m->created_by, actor, e);
    if (rc == RC_OK)
        rc = erased_check(s, p->values, p->n_values, e);
    if (rc != RC_OK)
        return rc;
    return db_run(s, e,
                  "INSERT INTO brief(id, source, object, record_id, record_version, kind, intent, tone, to_contact,"
                  " language, state, as_of, valid_until_us, owner, team, policy_hash, template_hash, model_hash,"
                  " input_hash, subject, body, to_slot, created_by, prompt_tokens, output_tokens, ms, made_us,"
                  " changed_us, approvals, adapter_hash) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17,"
                  " $18, $19, $20, $21, $22, $23, $24, $25, $26, $27, $28, $29, $30)",
                  WITH(p_text(id), p_text(m->source), p_text(m->object), p_text(m->record_id),
                       p_text(m->record_version), p_text(purpose_name(m->kind)), p_text(m->intent), p_text(m->tone),
                       p_text(m->to_contact), p_text(p->language), p_text(states[m->state].name), p_int(m->as_of),
                       p_int(p->valid_until), p_text(m->owner), p_text(m->team), p_text(m->policy_hash),
                       p_text(m->template_hash), p_text(m->model_hash), p_text(m->input_hash), p_text(p->subject),
                       p_text(p->body), p_text(p->to), p_text(actor), p_int(m->prompt_tokens),
                       p_int(m->output_tokens), p_int(m->ms), p_int(m->made_us ? m->made_us : now), p_int(now),
                       p_int(m->approvals ? m->approvals : 1), p_text(adapter_of(m))));
}

static enum rc insert_sentence(struct store *s, const char *id, size_t n, const struct policy_sentence *x,
                               struct err *e)
{
    enum rc rc = db_run(s, e, "INSERT INTO brief_sentence(brief, n, text, by_code) VALUES ($1, $2, $3, $4)",
                        WITH(p_text(id), p_int((int64_t)n), p_text(x->text), p_int(x->by_code)));
    for (size_t i = 0; rc == RC_OK && i < x->n_rests_on; i++)
        rc = db_run(s, e, "INSERT INTO brief_rest(brief, sentence, n, path) VALUES ($1, $2, $3, $4)",
                    WITH(p_text(id), p_int((int64_t)n), p_int((int64_t)i), p_text(x->rests_on[i])));
    return rc;
}

static enum rc insert_parts(struct store *s, const char *id, const struct brief_parts *p, struct err *e)
{
    enum rc rc = RC_OK;
    for (size_t i = 0; rc == RC_OK && i < p->n_sentences; i++)
        rc = insert_sentence(s, id, i, &p->sentences[i], e);
    for (size_t i = 0; rc == RC_OK && i < p->n_bullets; i++)
        rc = db_run(s, e, "INSERT INTO brief_bullet(brief, n, text) VALUES ($1, $2, $3)",
                    WITH(p_text(id), p_int((int64_t)i), p_text(p->bullets[i])));
    for (size_t i = 0; rc == RC_OK && i < p->n_flags; i++)
        rc = db_run(s, e, "INSERT INTO brief_flag(brief, n, flag) VALUES ($1, $2, $3)",
                    WITH(p_text(id), p_int((int64_t)i), p_text(p->flags[i])));
    for (size_t i = 0; rc == RC_OK && i < p->n_reasons; i++)
        rc = db_run(s, e, "INSERT INTO brief_reason(brief, n, reason) VALUES ($1, $2, $3)",
                    WITH(p_text(id), p_int((int64_t)i), p_text(p->reasons[i])));
    for (size_t i = 0; rc == RC_OK && i < p->n_values; i++) {
        const struct policy_value *v = &p->values[i];
        rc = db_run(s, e,
                    "INSERT INTO brief_value(brief, n, slot, subject, hash, sealed) VALUES ($1, $2, $3, $4, $5, $6)",
                    WITH(p_text(id), p_int((int64_t)i), p_text(v->slot), p_text(v->subject),
                         p_blob(v->hash, sizeof(v->hash)), p_blob(v->sealed, v->n_sealed)));
    }
    return rc;
}

static enum rc supersede(struct store *s, const struct brief_meta *m, const char *by, size_t *count, struct err *e)
{
    struct rows *r = NULL;
    char detail[64];
    enum rc rc = db_query(s, &r, e,
                          "UPDATE brief SET state = 'superseded', changed_us = $5 WHERE source = $1 AND object = $2"
                          " AND record_id = $3 AND kind = $4 AND by_person = 0"
                          " AND state IN ('made', 'waiting', 'approved') RETURNING id",
                          WITH(p_text(m->source), p_text(m->object), p_text(m->record_id),
                               p_text(purpose_name(m->kind)), p_int(store_now_us(s))));
    snprintf(detail, sizeof(detail), "by=%s", by);
    if (rc == RC_OK)
        rc = audit_each(s, r, &(struct audit_event){.actor = "system", .event = "brief.superseded", .detail = detail},
                        count, e);
    rows_done(r);
    return rc;
}

static enum rc put_new(struct store *s, const struct brief_parts *p, const struct brief_meta *m,
                       const struct audit_event *ev, struct store_put_result *out, struct err *e)
{
    int64_t edited = 0;
    enum rc rc = make_id(out->id, e);
    if (rc == RC_OK)
        rc = supersede(s, m, out->id, &out->superseded, e);
    if (rc == RC_OK)
        rc = db_int(s, 0, &edited, e,
                    "SELECT count(*) FROM brief WHERE source = $1 AND object = $2 AND record_id = $3 AND kind = $4"
                    " AND state = 'edited'",
                    WITH(p_text(m->source), p_text(m->object), p_text(m->record_id), p_text(purpose_name(m->kind))));
    if (rc == RC_OK)
        rc = insert_brief(s, out->id, p, m, e);
    if (rc == RC_OK)
        rc = insert_parts(s, out->id, p, e);
    if (rc == RC_OK)
        rc = audit_append(s, ev, out->id, e);
    out->made = true;
    out->beside_edit = edited > 0;
    return rc;
}

enum rc store_put_parts(struct store *s, const struct brief_parts *p, const struct brief_meta *m,
                        const struct audit_event *ev, const struct store_done *job, struct store_put_result *out,
                        struct err *e)
{
    struct store_put_result result = {0};
    bool exists = false, held;
    enum rc rc;

    if (m->state != BRIEF_MADE && m->state != BRIEF_WAITING && m->state != BRIEF_APPROVED)
        return err_set(e, RC_BAD, "a new brief can't be %s", states[m->state].name);
    rc = tx_begin(s, e);
    if (rc == RC_OK)
        rc = same_brief(s, m, result.id, &exists, e);
    if (rc == RC_OK && !exists)
        rc = put_new(s, p, m, ev, &result, e);
    if (rc == RC_OK && job) /* lost its lease? Then whoever has it now finds the brief made */
        rc = queue_finish(s, job->worker, job->job, &held, e);
    rc = tx_end(s, rc, e);
    if (rc == RC_OK)
        *out = result;
    return rc;
}

static enum rc remove_parts(struct store *s, const char *id, struct err *e)
{
    static const char *const statements[] = {
        "DELETE FROM brief_sentence WHERE brief = $1", "DELETE FROM brief_rest WHERE brief = $1",
        "DELETE FROM brief_bullet WHERE brief = $1",   "DELETE FROM brief_flag WHERE brief = $1",
        "DELETE FROM brief_value WHERE brief = $1",    "DELETE FROM brief_reason WHERE brief = $1",
    };
    enum rc rc = RC_OK;
    for (size_t i = 0; rc == RC_OK && i < COUNT_OF(statements); i++)
        rc = db_run(s, e, statements[i], WITH(p_text(id)));
    return rc;
}

enum rc store_edit_parts(struct store *s, const char *id, const struct brief_parts *p, const struct audit_event *ev,
                         struct err *e)
{
    enum rc rc = tx_begin(s, e);
    if (rc == RC_OK)
        rc = brief_move(s, id, BRIEF_EDITED, ev, e);
    if (rc == RC_OK)
        rc = remove_parts(s, id, e);
    if (rc == RC_OK)
        rc = erased_check(s, p->values, p->n_values, e);
    if (rc == RC_OK) /* another text: whoever approved the old one approves anew */
        rc = db_run(s, e, "DELETE FROM approval WHERE brief = $1", WITH(p_text(id)));
    if (rc == RC_OK)
        rc = db_run(s, e,
                    "UPDATE brief SET subject = $2, body = $3, to_slot = $4, language = $5, valid_until_us = $6,"
                    " by_person = 1 WHERE id = $1",
                    WITH(p_text(id), p_text(p->subject), p_text(p->body), p_text(p->to), p_text(p->language),
                         p_int(p->valid_until)));
    if (rc == RC_OK)
        rc = insert_parts(s, id, p, e);
    return tx_end(s, rc, e);
}

/* ---- reading ---------------------------------------------------------------------------------------------------- */

#define META_COLUMNS                                                                                                   \
    "id, source, object, record_id, record_version, kind, intent, tone, to_contact, state, as_of, made_us, owner,"      \
    " team, policy_hash, template_hash, model_hash, input_hash, created_by, prompt_tokens, output_tokens, ms,"          \
    " by_person, changed_us, language, valid_until_us, approvals, adapter_hash"
#define N_META_COLUMNS 28

static enum rc read_meta(struct rows *r, struct store_brief *b, struct err *e)
{
    memset(b, 0, sizeof(*b));
    snprintf(b->id, sizeof(b->id), "%s", rows_text(r, 0));
    b->meta = (struct brief_meta){
        .source = rows_text(r, 1), .object = rows_text(r, 2), .record_id = rows_text(r, 3),
        .record_version = rows_text(r, 4), .intent = rows_text(r, 6), .tone = rows_text(r, 7),
        .to_contact = rows_text(r, 8), .as_of = (int32_t)rows_int(r, 10), .made_us = rows_int(r, 11),
        .owner = rows_text(r, 12), .team = rows_text(r, 13), .policy_hash = rows_text(r, 14),
        .template_hash = rows_text(r, 15), .model_hash = rows_text(r, 16), .input_hash = rows_text(r, 17),
        .created_by = rows_text(r, 18), .prompt_tokens = rows_int(r, 19), .output_tokens = rows_int(r, 20),
        .ms = rows_int(r, 21), .approvals = (unsigned)rows_int(r, 26), .adapter_hash = rows_text(r, 27)};
    b->by_person = rows_int(r, 22) != 0;
    b->changed_us = rows_int(r, 23);
    b->language = rows_text(r, 24);
    b->valid_until = rows_int(r, 25);
    if (!purpose_parse(rows_text(r, 5), &b->meta.kind) || !brief_state_parse(rows_text(r, 9), &b->meta.state))
        return err_set(e, RC_BAD, "brief %s: its kind or state is unknown: the store was written by another version",
                       b->id);
    return RC_OK;
}

static bool keep(struct arena *a, const char **text)
{
    const char *from = *text;
    *text = arena_dup(a, from);
    return *text || !from;
}

static bool keep_meta(struct store_brief *b)
{
    struct brief_meta *m = &b->meta;
    const char **const texts[] = {&m->source, &m->object, &m->record_id, &m->record_version, &m->intent, &m->tone,
                                  &m->to_contact, &m->owner, &m->team, &m->policy_hash, &m->template_hash,
                                  &m->model_hash, &m->adapter_hash, &m->input_hash, &m->created_by, &b->language, &b->subject, &b->body,
                                  &b->to};
    for (size_t i = 0; i < COUNT_OF(texts); i++)
        if (!keep(&b->arena, texts[i]))
            return false;
    return true;
}

static enum rc brief_too_large(const struct store_brief *b, struct err *e)
{
    return err_set(e, RC_LIMIT, "brief %s: more than %zu bytes", b->id, BRIEF_MAX_BYTES);
}

/* One column of texts; `count` and `sql` take the same parameters. */
static enum rc load_texts(struct store *s, struct store_brief *b, const char *const **out, size_t *n, struct err *e,
                          const char *count, const char *sql, const struct param *p, size_t n_params)
{
    int64_t many = 0;
    struct rows *r = NULL;
    bool more = true;
    const char **texts;
    enum rc rc = db_int(s, 0, &many, e, count, p, n_params);
    if (rc != RC_OK || many == 0)
        return rc;
    texts = arena_array(&b->arena, (size_t)many, sizeof(*texts));
    if (!texts)
        return brief_too_large(b, e);
    *n = 0;
    rc = db_query(s, &r, e, sql, p, n_params);
    while (rc == RC_OK && *n < (size_t)many && (rc = rows_next(r, &more, e)) == RC_OK && more) {
        texts[*n] = rows_text(r, 0);
        if (!keep(&b->arena, &texts[(*n)++]))
            rc = brief_too_large(b, e);
    }
    rows_done(r);
    *out = texts;
    return rc;
}

static enum rc load_sentences(struct store *s, struct store_brief *b, struct err *e)
{
    const char *const *texts = NULL;
    struct policy_sentence *all;
    enum rc rc = load_texts(s, b, &texts, &b->n_sentences, e, "SELECT count(*) FROM brief_sentence WHERE brief = $1",
                            "SELECT text FROM brief_sentence WHERE brief = $1 ORDER BY n", WITH(p_text(b->id)));
    if (rc != RC_OK || b->n_sentences == 0)
        return rc;
    all = arena_array(&b->arena, b->n_sentences, sizeof(*all));
    if (!all)
        return brief_too_large(b, e);
    b->sentences = all;
    for (size_t i = 0; rc == RC_OK && i < b->n_sentences; i++) {
        int64_t by_code = 0;
        all[i].text = texts[i];
        rc = db_int(s, 0, &by_code, e, "SELECT by_code FROM brief_sentence WHERE brief = $1 AND n = $2",
                    WITH(p_text(b->id), p_int((int64_t)i)));
        all[i].by_code = by_code != 0;
        if (rc == RC_OK)
            rc = load_texts(s, b, &all[i].rests_on, &all[i].n_rests_on, e,
                            "SELECT count(*) FROM brief_rest WHERE brief = $1 AND sentence = $2",
                            "SELECT path FROM brief_rest WHERE brief = $1 AND sentence = $2 ORDER BY n",
                            WITH(p_text(b->id), p_int((int64_t)i)));
    }
    return rc;
}

static bool keep_value(struct store_brief *b, struct rows *r, struct policy_value *v)
{
    size_t n_hash;
    const void *hash = rows_blob(r, 2, &n_hash), *sealed = rows_blob(r, 3, &v->n_sealed);
    uint8_t *copy = arena_alloc(&b->arena, v->n_sealed + 1);
    v->slot = rows_text(r, 0);
    v->subject = rows_text(r, 1);
    if (!copy || n_hash != sizeof(v->hash) || !keep(&b->arena, &v->slot) || !keep(&b->arena, &v->subject))
        return false;
    memcpy(v->hash, hash, n_hash);
    if (v->n_sealed)
        memcpy(copy, sealed, v->n_sealed);
    v->sealed = copy;
    return true;
}

static enum rc load_values(struct store *s, struct store_brief *b, struct err *e)
{
    int64_t many = 0;
    struct rows *r = NULL;
    bool more = true;
    struct policy_value *all;
    enum rc rc = db_int(s, 0, &many, e, "SELECT count(*) FROM brief_value WHERE brief = $1", WITH(p_text(b->id)));
    if (rc != RC_OK || many == 0)
        return rc;
    all = arena_array(&b->arena, (size_t)many, sizeof(*all));
    if (!all)
        return brief_too_large(b, e);
    b->values = all;
    rc = db_query(s, &r, e, "SELECT slot, subject, hash, sealed FROM brief_value WHERE brief = $1 ORDER BY n",
                  WITH(p_text(b->id)));
    while (rc == RC_OK && b->n_values < (size_t)many && (rc = rows_next(r, &more, e)) == RC_OK && more)
        if (!keep_value(b, r, &all[b->n_values++]))
            rc = brief_too_large(b, e);
    rows_done(r);
    return rc;
}

static enum rc load_brief(struct store *s, const char *id, struct store_brief *b, struct err *e)
{
    struct rows *r = NULL;
    bool more = false;
    enum rc rc = db_query(s, &r, e, "SELECT " META_COLUMNS ", subject, body, to_slot FROM brief WHERE id = $1",
                          WITH(p_text(id)));
    if (rc == RC_OK)
        rc = rows_next(r, &more, e);
    if (rc == RC_OK && !more)
        rc = no_such_brief(e);
    if (rc == RC_OK)
        rc = read_meta(r, b, e);
    if (rc == RC_OK) {
        arena_init(&b->arena, BRIEF_MAX_BYTES);
        b->subject = rows_text(r, N_META_COLUMNS);
        b->body = rows_text(r, N_META_COLUMNS + 1);
        b->to = rows_text(r, N_META_COLUMNS + 2);
        rc = keep_meta(b) ? RC_OK : brief_too_large(b, e);
    }
    rows_done(r);
    if (rc == RC_OK)
        rc = load_sentences(s, b, e);
    if (rc == RC_OK)
        rc = load_texts(s, b, &b->bullets, &b->n_bullets, e, "SELECT count(*) FROM brief_bullet WHERE brief = $1",
                        "SELECT text FROM brief_bullet WHERE brief = $1 ORDER BY n", WITH(p_text(b->id)));
    if (rc == RC_OK)
        rc = load_texts(s, b, &b->flags, &b->n_flags, e, "SELECT count(*) FROM brief_flag WHERE brief = $1",
                        "SELECT flag FROM brief_flag WHERE brief = $1 ORDER BY n", WITH(p_text(b->id)));
    if (rc == RC_OK)
        rc = load_texts(s, b, &b->reasons, &b->n_reasons, e, "SELECT count(*) FROM brief_reason WHERE brief = $1",
                        "SELECT reason FROM brief_reason WHERE brief = $1 ORDER BY n", WITH(p_text(b->id)));
    return rc == RC_OK ? load_values(s, b, e) : rc;
}

enum rc store_brief_get(struct store *s, const char *id, struct store_brief **out, struct err *e)
{
    struct store_brief *b = calloc(1, sizeof(*b));
    if (!b)
        return err_set(e, RC_NOMEM, "brief: out of memory");
    enum rc rc = tx_begin_read(s, e); /* one view of all its tables */
    if (rc == RC_OK)
        rc = load_brief(s, id, b, e);
    rc = tx_end(s, rc, e);
    if (rc != RC_OK) {
        store_brief_close(b);
        return rc;
    }
    *out = b;
    return RC_OK;
}

void store_brief_close(struct store_brief *b)
{
    if (!b)
        return;
    arena_clear(&b->arena);
    free(b);
}

enum rc store_briefs_list(struct store *s, const struct brief_filter *f, brief_fn on_brief, void *ctx, struct err *e)
{
    struct rows *r = NULL;
    bool more = true;
    enum rc rc = db_query(s, &r, e,
                          "SELECT " META_COLUMNS " FROM brief WHERE ($1 IS NULL OR source = $1)"
                          " AND ($2 IS NULL OR object = $2) AND ($3 IS NULL OR record_id = $3)"
                          " AND ($4 IS NULL OR kind = $4) AND ($5 IS NULL OR state = $5)"
                          " AND (($6 IS NULL AND $7 IS NULL) OR owner = $6 OR team = $7)"
                          " AND ($8 = 0 OR state NOT IN ('superseded', 'expired'))"
                          " AND ($9 = 0 OR (valid_until_us > 0 AND valid_until_us < $9))"
                          " ORDER BY made_us DESC, id LIMIT $10",
                          WITH(p_text(f->source), p_text(f->object), p_text(f->record_id),
                               p_text(f->by_kind ? purpose_name(f->kind) : NULL),
                               p_text(f->by_state ? states[f->state].name : NULL), p_text(f->owner), p_text(f->team),
                               p_int(f->current), p_int(f->due_before_us),
                               p_int(f->limit ? (int64_t)f->limit : INT64_MAX)));
    while (rc == RC_OK && (rc = rows_next(r, &more, e)) == RC_OK && more) {
        struct store_brief b;
        rc = read_meta(r, &b, e);
        if (rc == RC_OK)
            rc = on_brief(ctx, &b, e);
    }
    rows_done(r);
    return rc;
}

enum rc store_briefs_count(struct store *s, size_t *by_state, struct err *e)
{
    struct rows *r = NULL;
    bool more = true;
    enum brief_state state;
    enum rc rc = db_query(s, &r, e, "SELECT state, count(*) FROM brief GROUP BY state", WITH_NOTHING);
    memset(by_state, 0, N_BRIEF_STATES * sizeof(*by_state));
    while (rc == RC_OK && (rc = rows_next(r, &more, e)) == RC_OK && more)
        if (brief_state_parse(rows_text(r, 0), &state))
            by_state[state] = (size_t)rows_int(r, 1);
    rows_done(r);
    return rc;
}

/* ---- write-back ------------------------------------------------------------------------------------------------- */

/* The previous value is bound to its brief and field: put in another row it doesn't open. */
static int place(char *out, size_t n, const char *id, const char *field)
{
    return snprintf(out, n, "previous %s %s", id, field);
}

static enum rc seal_previous(struct store *s, const char *id, const struct store_write *w, uint8_t **sealed, size_t *n,
                             struct err *e)
{
    uint8_t key[KEY_SIZE];
    char aad[256];
    size_t len = strlen(w->previous);
    enum rc rc = key_load(s, w->subject, true, key, e);
    if (rc != RC_OK)
        return rc;
    uint8_t *bytes = malloc(len + GCM_OVERHEAD);
    if (place(aad, sizeof(aad), id, w->column) >= (int)sizeof(aad))
        rc = err_set(e, RC_LIMIT, "write-back: the field's name is too long");
    else if (!bytes)
        rc = err_set(e, RC_NOMEM, "write-back: out of memory");
    else
        rc = gcm_seal(key, w->previous, len, aad, strlen(aad), bytes, e);
    crypto_wipe(key, sizeof(key));
    if (rc != RC_OK) {
        free(bytes);
        return rc;
    }
    *sealed = bytes;
    *n = len + GCM_OVERHEAD;
    return RC_OK;
}

enum rc store_write_begin(struct store *s, const char *id, const struct store_write *w, const struct audit_event *ev,
                          struct err *e)
{
    uint8_t *sealed = NULL;
    size_t n = 0;
    enum rc rc = tx_begin(s, e);
    if (rc == RC_OK)
        rc = brief_move(s, id, BRIEF_WRITE_PENDING, ev, e);
    if (rc == RC_OK && w->previous)
        rc = seal_previous(s, id, w, &sealed, &n, e);
    if (rc == RC_OK)
        rc = db_run(s, e,
                    "INSERT INTO write_back(brief, field, version, subject, previous, begun_us)"
                    " VALUES ($1, $2, $3, $4, $5, $6)",
                    WITH(p_text(id), p_text(w->column), p_text(w->version), p_text(w->subject), p_blob(sealed, n),
                         p_int(store_now_us(s))));
    rc = tx_end(s, rc, e);
    free(sealed);
    return rc;
}

enum rc store_write_end(struct store *s, const char *id, enum brief_state to, const char *new_version,
                        const struct audit_event *ev, struct err *e)
{
    enum rc rc = tx_begin(s, e);
    if (rc == RC_OK)
        rc = brief_move(s, id, to, ev, e);
    if (rc == RC_OK)
        rc = db_run(s, e, "UPDATE write_back SET new_version = $2, ended_us = $3 WHERE brief = $1 AND ended_us IS NULL",
                    WITH(p_text(id), p_text(new_version), p_int(store_now_us(s))));
    if (rc == RC_OK && to == BRIEF_WRITTEN && new_version && *new_version) /* our own write is no change */
        rc = db_run(s, e,
                    "UPDATE seen SET version = $2, modified_us = $3 WHERE EXISTS (SELECT 1 FROM brief b WHERE b.id = $1"
                    " AND b.source = seen.source AND b.object = seen.object AND b.record_id = seen.id)",
                    WITH(p_text(id), p_text(new_version), p_int(SEEN_ANY_STAMP)));
    return tx_end(s, rc, e);
}

enum rc store_write_previous(struct store *s, const char *id, struct buf *out, struct err *e)
{
    struct rows *r = NULL;
    bool more = false;
    size_t n = 0;
    uint8_t key[KEY_SIZE], *clear = NULL;
    char aad[256];
    enum rc rc = db_query(s, &r, e,
                          "SELECT field, subject, previous FROM write_back WHERE brief = $1 AND previous IS NOT NULL"
                          " ORDER BY n DESC LIMIT 1",
                          WITH(p_text(id)));
    if (rc == RC_OK)
        rc = rows_next(r, &more, e);
    if (rc == RC_OK && !more)
        rc = err_set(e, RC_REFUSED, "brief %s: no previous value is kept", id);
    if (rc == RC_OK)
        rc = key_load(s, rows_text(r, 1), false, key, e);
    if (rc != RC_OK)
        goto out;
    const void *sealed = rows_blob(r, 2, &n);
    place(aad, sizeof(aad), id, rows_text(r, 0));
    clear = n < GCM_OVERHEAD ? NULL : malloc(n - GCM_OVERHEAD + 1);
    if (!clear) {
        rc = n < GCM_OVERHEAD ? err_set(e, RC_BAD, "brief %s: its previous value is damaged", id)
                              : err_set(e, RC_NOMEM, "write-back: out of memory");
        goto out;
    }
    rc = gcm_open(key, sealed, n, aad, strlen(aad), clear, e);
    if (rc == RC_OK) {
        buf_add(out, clear, n - GCM_OVERHEAD);
        rc = buf_check(out, "previous value", e);
    }
out:
    if (clear) {
        crypto_wipe(clear, n - GCM_OVERHEAD);
        free(clear);
    }
    crypto_wipe(key, sizeof(key));
    rows_done(r);
    return rc;
}
