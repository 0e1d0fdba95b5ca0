/* policy.c: what a policy file answers: fields, models, roles, retention. */
#include "policy.h"

#include <stdlib.h>
#include <string.h>

#include "../base/str.h"
#include "licence.h"
#include "policy_internal.h"

#define ARENA_LIMIT ((size_t)16 << 20)
#define DEFAULT_MAX_SENTENCES 8

static const char *const purpose_names[] = {"summary", "email", "enrichment"};
_Static_assert(COUNT_OF(purpose_names) == N_PURPOSES, "one name for each purpose");

const char *const policy_languages[2] = {"en", "de"};

const char *purpose_name(enum purpose p)
{
    return purpose_names[p];
}

bool purpose_parse(const char *s, enum purpose *out)
{
    for (size_t i = 0; i < N_PURPOSES; i++) {
        if (str_eq(s, purpose_names[i])) {
            *out = (enum purpose)i;
            return true;
        }
    }
    return false;
}

size_t policy_language_index(const char *language)
{
    return str_eq(language, policy_languages[1]) ? 1 : 0;
}

/* ---- life ------------------------------------------------------------------------------------------------------- */

static void scanner_close(struct scanner *s)
{
    if (!s) return;
    detect_close(s->detect);
    special_close(s->special);
    suspicious_close(s->suspicious);
    scan_clear(&s->scan);
    free(s);
}

static enum rc scanner_open(const struct policy *p, struct scanner **out, struct err *e)
{
    struct detect_options opt = {.facts = true, .own = p->own, .n_own = p->n_own};
    struct scanner *s = calloc(1, sizeof(*s));
    enum rc rc;

    if (!s) return err_set(e, RC_NOMEM, "policy: out of memory");
    rc = detect_open(&opt, &s->detect, e);
    if (rc == RC_OK) rc = special_open(&s->special, e);
    if (rc == RC_OK) rc = suspicious_open(&s->suspicious, e);
    if (rc == RC_OK) {
        *out = s;
        s = NULL;
    }
    scanner_close(s);
    return rc;
}

enum rc policy_scanner_take(const struct policy *p, struct scanner **out, struct err *e)
{
    struct policy *own = (struct policy *)p; /* the list of idle scanners is no part of what readers see */
    struct scanner *s;

    pthread_mutex_lock(&own->idle_lock);
    s = own->idle;
    if (s) own->idle = s->next;
    pthread_mutex_unlock(&own->idle_lock);
    if (!s) return scanner_open(p, out, e);
    *out = s;
    return RC_OK;
}

void policy_scanner_give(const struct policy *p, struct scanner *s)
{
    struct policy *own = (struct policy *)p;

    if (!s) return;
    scan_forget(&s->scan);
    pthread_mutex_lock(&own->idle_lock);
    s->next = own->idle;
    own->idle = s;
    pthread_mutex_unlock(&own->idle_lock);
}

enum rc policy_open(const char *path, const struct policy_options *opt, struct policy **out, struct err *e)
{
    struct policy *p = calloc(1, sizeof(*p));
    enum rc rc;

    if (!p) return err_set(e, RC_NOMEM, "policy: out of memory");
    arena_init(&p->arena, ARENA_LIMIT);
    pthread_mutex_init(&p->idle_lock, NULL);
    if (opt) p->options = *opt;
    p->facts_slots = true;
    p->default_action = ACTION_SLOT;
    p->max_sentences = DEFAULT_MAX_SENTENCES;
    p->languages[p->n_languages++] = policy_languages[0];
    rc = policy_file_read(path, p, e);
    if (rc == RC_OK) {
        *out = p;
        p = NULL;
    }
    policy_close(p);
    return rc;
}

void policy_close(struct policy *p)
{
    if (!p) return;
    while (p->idle) {
        struct scanner *s = p->idle;
        p->idle = s->next;
        scanner_close(s);
    }
    pthread_mutex_destroy(&p->idle_lock);
    arena_clear(&p->arena);
    free(p);
}

const char *policy_hash(const struct policy *p)
{
    return p->hash;
}

const char *policy_source(const struct policy *p, size_t *n)
{
    *n = p->n_source;
    return p->source;
}

bool policy_audit_content(const struct policy *p)
{
    return p->audit_content;
}

/* ---- fields ----------------------------------------------------------------------------------------------------- */

const struct object_rules *policy_object(const struct policy *p, const char *object)
{
    for (const struct object_rules *o = p->objects; o; o = o->next)
        if (str_eq(o->name, object)) return o;
    return NULL;
}

/* "contact.*" against "contact.email": the same up to the star, and one name in the star's place. */
static bool path_matches(const char *rule, const char *path)
{
    size_t n = strlen(rule);

    if (str_eq(rule, path)) return true;
    return n && rule[n - 1] == '*' && strncmp(rule, path, n - 1) == 0 && path[n - 1] && !strchr(path + n - 1, '.');
}

bool policy_admits(const struct path_rule *rules, const char *path)
{
    for (; rules; rules = rules->next)
        if (path_matches(rules->path, path)) return true;
    return false;
}

bool policy_admits_under(const struct path_rule *rules, const char *path)
{
    size_t n = strlen(path);

    for (; rules; rules = rules->next)
        if (strncmp(rules->path, path, n) == 0 && rules->path[n] == '.') return true;
    return false;
}

/* Fields that code reads by their name: who is meant and in which language, what is done, when it began. None enters a
 * prompt unless it is listed. */
static const char *const code_fields[] = {
    "gender", "salutation", "language", "country", "stage", "status", "closed_at", "stage_since", "opened_at", "created_at", "created",
    "kind", "direction",
};

/* A wish holds for a lead as for a contact, whichever of them a rule names: admit.c. */
static bool rule_reads(const struct blocked_rule *b, const char *object, const char *field)
{
    for (; b; b = b->next)
        if (str_eq(b->field, field) && (str_eq(b->object, object) || str_eq(object, "contact") || str_eq(object, "lead"))) return true;
    return false;
}

/* What no pattern finds, or whose key seals what is found: people.c collects their values. */
static bool tells_people(const char *entity)
{
    static const char *const entities[] = {"PERSON", "STAFF", "ORG", "EMAIL_ADDRESS", "PHONE_NUMBER"};
    const char *known = entity ? detect_entity(entity) : NULL;

    for (size_t i = 0; i < COUNT_OF(entities); i++)
        if (str_eq(known ? known : entity, entities[i])) return true;
    return false;
}

bool policy_wants_field(const struct policy *p, const char *root, const char *path, const char *object, const char *entity)
{
    const struct object_rules *rules = policy_object(p, root);
    const char *dot = strrchr(path, '.'), *field = dot ? dot + 1 : path;

    for (size_t i = 0; i < N_PURPOSES; i++) {
        if (rules && policy_admits(rules->paths[i], path)) return true;
        if (rule_reads(p->purposes[i].blocked, object, field) || rule_reads(p->purposes[i].consent, object, field)) return true;
    }
    if (p->training && rule_reads(p->training->blocked, object, field)) return true;
    for (const struct word_rule *w = p->region_fields; w; w = w->next)
        if (str_eq(w->text, path)) return true;
    if (tells_people(entity) || str_eq(p->four_eyes_field, path)) return true;
    for (size_t i = 0; i < COUNT_OF(code_fields); i++)
        if (str_eq(code_fields[i], field)) return true;
    return false;
}

enum action policy_action(const struct policy *p, const char *entity)
{
    bool fact = str_eq(entity, "MONEY") || str_eq(entity, "DATE_TIME") || str_eq(entity, "NUMBER");

    for (const struct entity_rule *r = p->entities; r; r = r->next) {
        if (!str_eq(r->entity, entity)) continue;
        /* With facts in slots a digit may not stand in a text, so `keep` cannot hold for facts. */
        return fact && p->facts_slots && r->action == ACTION_KEEP ? ACTION_SLOT : r->action;
    }
    if (str_eq(entity, "STAFF")) return policy_action(p, "PERSON");
    if (fact) return p->facts_slots ? ACTION_SLOT : ACTION_KEEP;
    return p->default_action;
}

/* ---- models ----------------------------------------------------------------------------------------------------- */

/* A path without a slash names the file wherever it lies. */
static bool model_matches(const struct model_rule *m, const char *path)
{
    const char *slash = strrchr(path, '/');

    if (str_eq(m->path, path)) return true;
    return !strchr(m->path, '/') && slash && str_eq(m->path, slash + 1);
}

static const struct word_rule *word_named(const struct word_rule *w, const char *text)
{
    while (w && !str_eq_nocase(w->text, text)) w = w->next;
    return w;
}

bool policy_consent_field(const struct policy *p, size_t i, const char **object, const char **field)
{
    for (size_t k = 0; k <= 2 * N_PURPOSES; k++) {
        const struct purpose_rules *rules = k < 2 * N_PURPOSES ? &p->purposes[k / 2] : NULL;
        const struct blocked_rule *first = rules ? (k % 2 ? rules->consent : rules->blocked) : p->training ? p->training->blocked : NULL;
        for (const struct blocked_rule *b = first; b; b = b->next) {
            if (i-- > 0) continue;
            *object = b->object;
            *field = b->field;
            return true;
        }
    }
    return false;
}

/* The field of a path such as "account.country"; NULL if the record has no such parent or field. */
static const struct field *field_at(const struct record *r, const char *path)
{
    char name[128];

    for (const char *dot; r && (dot = strchr(path, '.')); path = dot + 1) {
        if ((size_t)(dot - path) >= sizeof(name)) return NULL;
        memcpy(name, path, (size_t)(dot - path));
        name[dot - path] = '\0';
        r = record_parent_named(r, name);
    }
    return r ? record_field(r, path) : NULL;
}

const char *policy_region(const struct policy *p, const struct record *r)
{
    const struct field *f = NULL;

    for (const struct word_rule *w = p->region_fields; w && !(f && f->text && *f->text); w = w->next)
        f = field_at(r, w->text);
    for (const struct region_rule *x = p->regions; f && f->text && x; x = x->next)
        if (word_named(x->values, f->text)) return x->name;
    return "unknown";
}

enum rc policy_check_region(const struct policy *p, const char *model_path, const struct record *r, struct err *e)
{
    const struct model_rule *m = p->models;
    const char *region;

    while (m && !model_matches(m, model_path)) m = m->next;
    if (!m || !m->regions) return RC_OK; /* that the model must be listed is policy_check_model()'s business */
    region = policy_region(p, r);
    if (word_named(m->regions, region)) return RC_OK;
    return err_set(e, RC_REFUSED, "policy: data of region %s may not reach model %s (models: regions:, line %zu)", region,
                   model_path, m->line);
}

enum rc policy_check_model(const struct policy *p, const char *path, const char *licence, const char *sha256,
                           enum purpose purpose, struct err *e)
{
    const struct model_rule *m = p->models;
    bool approved;

    while (m && !model_matches(m, path)) m = m->next;
    if (!m)
        return err_set(e, RC_REFUSED, "policy: model %s is not listed; add it to models: in the policy file", path);
    if (!m->purposes[purpose])
        return err_set(e, RC_REFUSED, "policy: model %s may not be used for %s; its purposes: in the policy file say so",
                       path, purpose_names[purpose]);
    if (licence && *licence && !str_eq_nocase(licence, m->licence))
        return err_set(e, RC_REFUSED, "policy: model %s says licence %s, the policy file says %s", path, licence,
                       m->licence);
    if (!word_named(p->licences, m->licence))
        return err_set(e, RC_REFUSED, "policy: licence %s of model %s%s is not in licences: allow: of the policy file", m->licence,
                       path, licence_known(m->licence, &approved) && approved ? "" : ", which OSI has not approved,");
    if (m->sha256 && !(sha256 && str_eq_nocase(m->sha256, sha256)))
        return err_set(e, RC_REFUSED, "policy: model %s is not the pinned file: its SHA-256 is %s", path,
                       sha256 && *sha256 ? sha256 : "not known");
    return RC_OK;
}

enum rc policy_check_adapter(const struct policy *p, const char *path, const char *sha256, bool trained, struct err *e)
{
    const struct model_rule *m = p->models;

    while (m && !model_matches(m, path)) m = m->next;
    if (m && ((m->trained_adapters && trained) || word_named(m->adapters, sha256))) return RC_OK;
    return err_set(e, RC_REFUSED, "policy: no adapter %.12s... may stand beside model %s; adapters: of its entry in models: would say so",
                   sha256, path);
}

/* ---- people ----------------------------------------------------------------------------------------------------- */

static const struct role_rule *role_named(const struct policy *p, const char *name)
{
    const struct role_rule *r = p->roles;

    while (r && !str_eq(r->name, name)) r = r->next;
    return r;
}

static bool in_scope(const struct role_rule *r, const struct viewer *v, const char *owner, const char *team)
{
    if (r->scope == SCOPE_ALL) return true;
    if (r->scope >= SCOPE_OWN && owner && v->identity && str_eq(owner, v->identity)) return true;
    return r->scope == SCOPE_TEAM && team && v->team && str_eq(team, v->team);
}

bool policy_may(const struct policy *p, const struct viewer *v, enum permission what, const char *owner,
                const char *team)
{
    const struct role_rule *r = role_named(p, v->role);
    bool sees;

    if (!r) return false;
    sees = r->content && in_scope(r, v, owner, team);
    switch (what) {
    case MAY_SEE: return sees;
    case MAY_APPROVE_SUMMARY: return sees && r->approve[PURPOSE_SUMMARY];
    case MAY_APPROVE_EMAIL: return sees && r->approve[PURPOSE_EMAIL];
    case MAY_REVEAL: return sees && r->reveal;
    case MAY_RUN_JOBS: return r->jobs;
    case MAY_ERASE: return r->erase;
    case MAY_AUDIT: return r->audit;
    case MAY_APPROVE_ENRICHMENT: return sees && r->approve[PURPOSE_ENRICHMENT];
    case MAY_AUDIT_CONTENT: return r->audit_content;
    }
    return false;
}

/* No list: every one. */
static bool listed(const struct word_rule *list, const char *word)
{
    if (!list || !word) return true;
    while (list && !str_eq(list->text, word)) list = list->next;
    return list != NULL;
}

bool policy_allows(const struct policy *p, const struct viewer *v, enum permission what, const struct access_to *to)
{
    const struct role_rule *r = role_named(p, v->role);

    return r && listed(r->sources, to->source) && listed(r->objects, to->object) &&
           policy_may(p, v, what, to->owner, to->team);
}

enum permission policy_approving(enum purpose purpose)
{
    static const enum permission of[] = {MAY_APPROVE_SUMMARY, MAY_APPROVE_EMAIL, MAY_APPROVE_ENRICHMENT};

    _Static_assert(COUNT_OF(of) == N_PURPOSES, "one permission for each purpose");
    return of[purpose];
}

bool policy_has_role(const struct policy *p, const char *role)
{
    return role_named(p, role) != NULL;
}

/* Is `name`, a parent or list in a path, made of records of this object? "tasks" of task, "activities" of activity,
 * "primary_contact" of contact, "owner" of user. */
static bool name_means(const char *name, size_t n, const char *object)
{
    size_t len = strlen(object);
    char plural[128];

    if (n == 5 && strncmp(name, "owner", 5) == 0) return str_eq(object, "user");
    if (n == 3 && strncmp(name, "who", 3) == 0) return str_eq(object, "contact") || str_eq(object, "lead");
    if (len + 4 > sizeof(plural) || !len) return false;
    if (n >= len && strncmp(name + n - len, object, len) == 0) return n == len || name[n - len - 1] == '_';
    memcpy(plural, object, len + 1);
    strcpy(plural + (object[len - 1] == 'y' ? len - 1 : len), object[len - 1] == 'y' ? "ies" : "s");
    len = strlen(plural);
    return n >= len && strncmp(name + n - len, plural, len) == 0 && (n == len || name[n - len - 1] == '_');
}

/* May a parent or list of this name be made of records of this object? One whose name says no object that we know may be
 * made of any. */
static bool name_may_mean(const struct policy *p, const char *name, size_t n, const char *object)
{
    static const char *const others[] = {"account", "contact", "lead", "opportunity", "case", "activity", "task", "user"};

    if (name_means(name, n, object)) return true;
    for (const struct object_rules *o = p->objects; o; o = o->next)
        if (name_means(name, n, o->name)) return false;
    for (size_t i = 0; i < COUNT_OF(others); i++)
        if (name_means(name, n, others[i])) return false;
    return true;
}

/* May the path of an allow-list of `root` lead to this field of this object? */
static bool path_may_reach(const struct policy *p, const char *root, const char *path, const char *object, const char *field)
{
    const char *last = strrchr(path, '.'), *owner = last;

    if (!last) return str_eq(root, object) && (strcmp(path, "*") == 0 || str_eq(path, field));
    while (owner > path && owner[-1] != '.') owner--;
    return name_may_mean(p, owner, (size_t)(last - owner), object) && (strcmp(last + 1, "*") == 0 || str_eq(last + 1, field));
}

bool policy_hides(const struct policy *p, const struct viewer *v, const char *object, enum purpose purpose,
                  const char *hash)
{
    const struct role_rule *r = role_named(p, v->role);
    const struct object_rules *o = policy_object(p, object);
    char hidden[128];

    if (!r || !r->hide) return false;
    if (!o || !str_eq(hash, p->hash)) return true;
    for (const struct word_rule *w = r->hide; w; w = w->next) {
        const char *dot = strrchr(w->text, '.');
        if ((size_t)(dot - w->text) >= sizeof(hidden)) return true;
        memcpy(hidden, w->text, (size_t)(dot - w->text));
        hidden[dot - w->text] = '\0';
        for (const struct path_rule *x = o->paths[purpose]; x; x = x->next)
            if (path_may_reach(p, object, x->path, hidden, dot + 1)) return true;
    }
    return false;
}

unsigned policy_approvals(const struct policy *p, const struct record *r)
{
    const struct field *f = p->four_eyes_field ? record_field(r, p->four_eyes_field) : NULL;
    double limit, value;

    if (!f || !f->text || !str_double(p->four_eyes_value, 0, 1e18, &limit)) return 1;
    /* An amount that cannot be read may be any. */
    return !str_double(f->text, -1e300, 1e300, &value) || value > limit ? 2 : 1;
}

bool policy_auto_approves(const struct policy *p, enum purpose purpose)
{
    return p->auto_approve[purpose];
}

bool policy_facts_slots(const struct policy *p)
{
    return p->facts_slots;
}

unsigned policy_max_sentences(const struct policy *p)
{
    return p->max_sentences;
}

int64_t policy_retention_us(const struct policy *p, const char *what)
{
    static const char *const names[] = {"briefs", "sealed_values", "audit"};

    for (size_t i = 0; i < COUNT_OF(names); i++)
        if (str_eq(names[i], what)) return p->retention_us[i];
    return 0;
}
