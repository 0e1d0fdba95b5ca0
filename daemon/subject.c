#include "subject.h"

#include <stdio.h>
#include <string.h>
#include "../base/str.h"

#define ARENA_LIMIT ((size_t)256 << 20)
#define CLEAR_LIMIT ((size_t)64 << 10)
#define MAX_BRIEFS 100000

struct finding {
    struct cmd *c;
    struct subject_people *out;
    struct subject_person *now; /* whose briefs are being collected */
    const char *value;          /* as typed */
};

static enum rc no_memory(struct err *e)
{
    return err_set(e, RC_NOMEM, "subject: out of memory");
}

/* ---- who --------------------------------------------------------------------------------------------------------------- */

static struct subject_person *known(const struct finding *f, const char *subject)
{
    for (size_t i = 0; i < f->out->n; i++)
        if (str_eq(f->out->people[i].subject, subject))
            return &f->out->people[i];
    return NULL;
}

static enum rc add(void *ctx, const char *subject, struct err *e)
{
    struct finding *f = ctx;
    if (known(f, subject))
        return RC_OK;
    if (f->out->n == SUBJECT_MAX_PEOPLE)
        return err_set(e, RC_LIMIT, "more than %d people have this value", SUBJECT_MAX_PEOPLE);
    snprintf(f->out->people[f->out->n++].subject, SHA256_HEX_SIZE, "%s", subject);
    return RC_OK;
}

static enum rc add_by_value(struct finding *f, const char *value, struct err *e)
{
    uint8_t hashes[POLICY_VALUE_HASHES][SHA256_SIZE];
    enum rc rc = policy_value_hashes(f->c->keys.hash_key, value, hashes, e);
    for (size_t i = 0; rc == RC_OK && i < POLICY_VALUE_HASHES; i++)
        rc = store_subjects_of(f->c->store, hashes[i], add, f, e);
    return rc;
}

static enum rc any(void *ctx, const char *brief, struct err *e)
{
    (void)brief;
    (void)e;
    *(bool *)ctx = true;
    return RC_OK;
}

/* Those whom texts name so, without a record of their own. */
static enum rc add_by_name(struct finding *f, const char *name, struct err *e)
{
    char subject[SHA256_HEX_SIZE];
    bool there = false;
    enum rc rc = policy_subject_named(f->c->keys.hash_key, name, subject, e);
    if (rc == RC_OK)
        rc = store_briefs_of_subject(f->c->store, subject, any, &there, e);
    return rc == RC_OK && there ? add(f, subject, e) : rc;
}

/* Does the mapping say that records of this object are people? */
static bool is_person_object(const struct cmd *c, const char *source, const char *object)
{
    const struct source_config *s = config_source(c->config, source);
    const struct map_object *o = s ? source_object(s, object) : NULL;
    for (const struct map_field *x = o ? o->fields : NULL; x; x = x->next)
        if (x->spec.entity && (str_eq(x->spec.entity, "PERSON") || str_eq(x->spec.entity, "STAFF")) && x->spec.part)
            return true;
    return str_eq(object, "contact") || str_eq(object, "lead") || str_eq(object, "user");
}

static enum rc subject_of(const struct finding *f, const char *what, const struct erase_record *r, char out[SHA256_HEX_SIZE],
                          struct err *e)
{
    char identity[1024];
    snprintf(identity, sizeof(identity), "%s:%s/%s/%s", what, r->source, r->object, r->id);
    return policy_subject(f->c->keys.hash_key, identity, out, e);
}

/* A record that the store knows: the typed value is its id, or somebody found before is whose record it is. */
static enum rc look_at_record(void *ctx, const struct erase_record *r, struct err *e)
{
    struct finding *f = ctx;
    char person[SHA256_HEX_SIZE], own[SHA256_HEX_SIZE];
    enum rc rc = subject_of(f, "person", r, person, e);
    if (rc == RC_OK)
        rc = subject_of(f, "record", r, own, e);
    if (rc == RC_OK && str_eq(r->id, f->value) && is_person_object(f->c, r->source, r->object))
        rc = add(f, person, e);
    struct subject_person *p = rc == RC_OK ? known(f, person) : NULL, *text = rc == RC_OK ? known(f, own) : NULL;
    for (int i = 0; rc == RC_OK && i < 2; i++) {
        struct subject_person *x = i ? text : p;
        if (!x || x->record.source)
            continue;
        x->own_text = i == 1;
        x->record = (struct erase_record){arena_dup(&f->out->arena, r->source), arena_dup(&f->out->arena, r->object),
                                          arena_dup(&f->out->arena, r->id)};
        if (!x->record.source || !x->record.object || !x->record.id)
            rc = no_memory(e);
    }
    return rc;
}

/* ---- what there is of each --------------------------------------------------------------------------------------------- */

static enum rc take_brief(void *ctx, const char *id, struct err *e)
{
    struct finding *f = ctx;
    struct subject_person *p = f->now;
    if (p->n_briefs % 64 == 0) {
        const char **more = arena_array(&f->out->arena, p->n_briefs + 64, sizeof(*more));
        if (!more || p->n_briefs >= MAX_BRIEFS)
            return no_memory(e);
        if (p->n_briefs)
            memcpy(more, p->briefs, p->n_briefs * sizeof(*more));
        p->briefs = more;
    }
    const char *copy = arena_dup(&f->out->arena, id);
    if (!copy)
        return no_memory(e);
    p->briefs[p->n_briefs++] = copy;
    return RC_OK;
}

static enum rc note_text(struct finding *f, const char **list, size_t *n, const char *text, struct err *e)
{
    for (size_t i = 0; i < *n; i++)
        if (str_eq(list[i], text))
            return RC_OK;
    if (*n == SUBJECT_TEXTS || !*text)
        return RC_OK;
    list[*n] = arena_dup(&f->out->arena, text);
    return list[*n] ? (++*n, RC_OK) : no_memory(e);
}

static enum rc note_hash(struct finding *f, struct subject_person *p, const uint8_t hash[SHA256_SIZE], struct err *e)
{
    for (size_t i = 0; i < p->n_values; i++)
        if (memcmp(p->values[i], hash, SHA256_SIZE) == 0)
            return RC_OK;
    uint8_t(*more)[SHA256_SIZE] = arena_array(&f->out->arena, p->n_values + 1, SHA256_SIZE);
    if (!more)
        return no_memory(e);
    if (p->n_values)
        memcpy(more, p->values, p->n_values * SHA256_SIZE);
    memcpy(more[p->n_values++], hash, SHA256_SIZE);
    p->values = (const uint8_t(*)[SHA256_SIZE])more;
    return RC_OK;
}

static enum rc note_value(struct finding *f, const struct store_brief *b, const struct policy_value *v, struct err *e)
{
    struct subject_person *p = f->now;
    bool contact = str_starts(v->slot, "[EMAIL") || str_starts(v->slot, "[PHONE");
    bool erased = false;
    struct buf clear;
    buf_init(&clear, CLEAR_LIMIT);
    enum rc rc = policy_rehydrate(v, 1, &f->c->keys, b->language, v->slot, &clear, &erased, e);
    if (rc == RC_OK)
        rc = buf_check(&clear, "value", e);
    if (rc == RC_OK && !erased)
        rc = note_text(f, contact ? p->contacts : p->names, contact ? &p->n_contacts : &p->n_names, clear.data, e);
    if (rc == RC_OK && contact && !p->own_text)
        rc = note_hash(f, p, v->hash, e);
    buf_wipe(&clear);
    return rc;
}

static enum rc describe_briefs(struct finding *f, struct err *e)
{
    enum rc rc = store_briefs_of_subject(f->c->store, f->now->subject, take_brief, f, e);
    for (size_t i = 0; rc == RC_OK && i < f->now->n_briefs; i++) {
        struct store_brief *b = NULL;
        rc = store_brief_get(f->c->store, f->now->briefs[i], &b, e);
        for (size_t k = 0; rc == RC_OK && k < b->n_values; k++)
            if (!f->now->own_text && str_eq(b->values[k].subject, f->now->subject))
                rc = note_value(f, b, &b->values[k], e);
        store_brief_close(b);
    }
    return rc;
}

/* The same person under other names of the store: the same address or number, or only named in texts. */
static enum rc add_relatives(struct finding *f, const struct subject_person *p, struct err *e)
{
    enum rc rc = RC_OK;
    for (size_t i = 0; rc == RC_OK && i < p->n_values; i++)
        rc = store_subjects_of(f->c->store, p->values[i], add, f, e);
    for (size_t i = 0; rc == RC_OK && p->record.source && i < p->n_names; i++)
        rc = add_by_name(f, p->names[i], e);
    return rc;
}

static enum rc find(struct finding *f, struct err *e)
{
    enum rc rc = add_by_value(f, f->value, e);
    if (rc == RC_OK)
        rc = add_by_name(f, f->value, e);
    if (rc == RC_OK)
        rc = store_records_known(f->c->store, look_at_record, f, e);
    for (size_t i = 0; rc == RC_OK && i < f->out->n; i++) { /* grows while it runs */
        f->now = &f->out->people[i];
        rc = describe_briefs(f, e);
        if (rc == RC_OK && !f->now->own_text)
            rc = add_relatives(f, f->now, e);
    }
    return rc == RC_OK ? store_records_known(f->c->store, look_at_record, f, e) : rc; /* of those found last */
}

enum rc subject_find(struct cmd *c, const char *value, struct subject_people *out, struct err *e)
{
    struct finding f = {.c = c, .out = out, .value = value};
    memset(out, 0, sizeof(*out));
    arena_init(&out->arena, ARENA_LIMIT);
    out->people = arena_array(&out->arena, SUBJECT_MAX_PEOPLE, sizeof(*out->people));
    enum rc rc = out->people ? find(&f, e) : no_memory(e);
    if (rc == RC_OK && out->n)
        rc = cmd_audit(c, "reveal", "", NULL, "for=subject", e);
    if (rc != RC_OK)
        subject_people_clear(out);
    return rc;
}

void subject_people_clear(struct subject_people *p)
{
    arena_wipe(&p->arena);
    memset(p, 0, sizeof(*p));
}

void subject_describe(const struct subject_person *p, struct buf *out)
{
    for (size_t i = 0; i < p->n_names; i++)
        buf_printf(out, "%s%s", i ? " / " : "", p->names[i]);
    for (size_t i = 0; i < p->n_contacts; i++)
        buf_printf(out, "%s<%s>", out->len ? " " : "", p->contacts[i]);
    if (p->own_text)
        buf_printf(out, "%sthe text of record %s/%s/%s itself", out->len ? ", " : "", p->record.source, p->record.object, p->record.id);
    else if (p->record.source)
        buf_printf(out, "%srecord %s/%s/%s", out->len ? ", " : "", p->record.source, p->record.object, p->record.id);
    else
        buf_printf(out, "%sonly named in texts", out->len ? ", " : "");
    buf_printf(out, ", %zu brief%s", p->n_briefs, p->n_briefs == 1 ? "" : "s");
}
