/* admit.c: policy in: consent and purpose, then the allow-list, then the tree of what a prompt may show. */
#include "admit.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "../base/str.h"
#include "changes.h"
#include "notes.h"
#include "sheet.h"
#include "slot_text.h"

#define OUT_LIMIT ((size_t)64 << 20)     /* bytes of one admitted record */
#define SCRATCH_LIMIT ((size_t)64 << 20) /* and of what is needed while it is made */
#define MAX_DEPTH 8
#define MAX_PATH_BYTES 512
#define MAX_HINT_BYTES 4000
#define MAX_WORD_BYTES 40 /* of an intent or a tone */

enum rc admit_no_memory(struct admit *a, struct err *e)
{
    const size_t near_full = 2 << 20; /* twice the largest field: whatever was asked for did not fit */

    if (a->out->arena.used + near_full > a->out->arena.limit || a->scratch.used + near_full > a->scratch.limit)
        return err_set(e, RC_LIMIT, "policy: the record is too large");
    return err_set(e, RC_NOMEM, "policy: out of memory");
}

/* ---- nodes ------------------------------------------------------------------------------------------------------ */

static enum rc node_new(struct admit *a, enum admitted_kind kind, const char *name, struct policy_node **out,
                        struct err *e)
{
    struct policy_node *n = arena_alloc(&a->out->arena, sizeof(*n));

    if (!n) return admit_no_memory(a, e);
    n->kind = kind;
    n->name = name ? arena_dup(&a->out->arena, name) : NULL;
    if (name && !n->name) return admit_no_memory(a, e);
    *out = n;
    return RC_OK;
}

enum rc node_map(struct admit *a, const char *name, struct policy_node **out, struct err *e)
{
    return node_new(a, ADMITTED_MAP, name, out, e);
}

enum rc node_list(struct admit *a, const char *name, struct policy_node **out, struct err *e)
{
    return node_new(a, ADMITTED_LIST, name, out, e);
}

void node_append(struct policy_node *map, struct policy_node *member)
{
    const struct policy_node **tail = &map->first;

    while (*tail) tail = (const struct policy_node **)&((struct policy_node *)*tail)->next; /* ours until it is done */
    *tail = member;
    map->count++;
}

static enum rc node_pieces(struct admit *a, struct policy_node *map, const char *name, const char *path,
                           const struct policy_piece *pieces, size_t n, bool outside, struct err *e)
{
    struct policy_node *node;
    enum rc rc;

    if (!path) return admit_no_memory(a, e);
    if (!n) return RC_OK;
    rc = node_new(a, ADMITTED_VALUE, name, &node, e);
    if (rc != RC_OK) return rc;
    node->pieces = pieces;
    node->n_pieces = n;
    node->outside = outside;
    node->path = path;
    node_append(map, node);
    return RC_OK;
}

enum rc node_text(struct admit *a, struct policy_node *map, const char *name, const char *path, const char *s, size_t n, unsigned flags,
                  struct err *e)
{
    const struct policy_piece *pieces = NULL;
    struct policy_node *node;
    size_t n_pieces = 0;
    enum rc rc = RC_OK;

    if (!n) return RC_OK;
    if (!slot_pieces(&a->out->arena, s, n, &pieces, &n_pieces) || !path) return admit_no_memory(a, e);
    rc = node_new(a, ADMITTED_VALUE, name, &node, e);
    if (rc != RC_OK) return rc;
    node->pieces = pieces;
    node->n_pieces = n_pieces;
    node->outside = flags & NODE_OUTSIDE;
    node->told = flags & NODE_TOLD;
    node->path = path;
    node_append(map, node);
    return RC_OK;
}

enum rc node_words(struct admit *a, struct policy_node *map, const char *name, const char *path, const char *words,
                   struct err *e)
{
    const struct policy_piece *pieces = NULL;
    size_t n = 0;
    enum rc rc = prose_words(a, words, strlen(words), &pieces, &n, e);

    return rc == RC_OK ? node_pieces(a, map, name, path, pieces, n, false, e) : rc;
}

enum rc node_stand_in(struct admit *a, struct policy_node *map, const char *name, const char *path,
                      const struct stand_in *s, const char *clear, struct err *e)
{
    struct policy_piece *piece;

    if (s->how == STAND_NOTHING) return RC_OK;
    if (s->how == STAND_KEEP) return node_words(a, map, name, path, clear, e);
    piece = arena_alloc(&a->out->arena, sizeof(*piece));
    if (!piece) return admit_no_memory(a, e);
    piece->slot = s->how == STAND_SLOT;
    piece->n = strlen(s->text);
    piece->bytes = arena_ndup(&a->out->arena, s->text, piece->n); /* of a slot too: the vault's strings are locked memory */
    if (!piece->bytes) return admit_no_memory(a, e);
    return node_pieces(a, map, name, path, piece, 1, false, e);
}

const char *admit_path(struct admit *a, const struct record *r, const char *field)
{
    return arena_printf(&a->out->arena, "%s/%s.%s", r->object, r->id, field);
}

/* "contact", "email" -> "contact.email"; false if longer than any rule can be. */
static bool join(const char *prefix, const char *name, char out[MAX_PATH_BYTES])
{
    int n = snprintf(out, MAX_PATH_BYTES, "%s%s%s", prefix, *prefix ? "." : "", name);

    return n > 0 && n < MAX_PATH_BYTES;
}

bool admit_allows(const struct admit *a, const char *prefix, const char *field)
{
    char path[MAX_PATH_BYTES];

    return join(prefix, field, path) && policy_admits(a->rules, path);
}

/* ---- one field -------------------------------------------------------------------------------------------------- */

struct place { /* where a record's fields go */
    const struct record *record;
    const char *prefix; /* of its paths in the allow-list: "", "contact", "activities.who" */
    struct policy_node *map;
    int depth;
};

static bool entity_name_ok(const char *s)
{
    size_t n = strlen(s);

    return n > 0 && n <= 64 && strspn(s, "ABCDEFGHIJKLMNOPQRSTUVWXYZ_") == n && s[0] != '_' && s[n - 1] != '_';
}

/* The declared entity by its table name; one that only the mapping knows gets the default action. NULL: none, or a
 * fact, whose type says more. */
static enum rc entity_of(const struct field *f, const char *path, const char **out, struct err *e)
{
    *out = NULL;
    if (!f->entity) return RC_OK;
    *out = detect_entity(f->entity);
    if (!*out && entity_name_ok(f->entity)) *out = f->entity;
    if (!*out)
        return err_set(e, RC_REFUSED, "policy: %s has an entity in the source's mapping that is no entity's name", path);
    if (str_eq(*out, "MONEY") || str_eq(*out, "DATE_TIME") || str_eq(*out, "NUMBER")) *out = NULL;
    return RC_OK;
}

/* "[PERSON_1]" -> "[PERSON_1:first]" */
static enum rc with_form(struct admit *a, const char *form, struct stand_in *s, struct err *e)
{
    if (s->how != STAND_SLOT || !*form) return RC_OK;
    s->text = arena_printf(&a->out->arena, "%.*s:%s]", (int)strlen(s->text) - 1, s->text, form);
    return s->text ? RC_OK : admit_no_memory(a, e);
}

/* A full name in a field of its own ("champion") was collected as a person with this very text. */
static const struct person *person_in(const struct admit *a, const struct field *f)
{
    for (size_t i = 0; i < a->n_persons; i++)
        if (a->persons[i].full == f->text) return &a->persons[i];
    return NULL;
}

static enum rc put_person_field(struct admit *a, const struct place *p, const struct field *f, const char *path,
                                struct err *e)
{
    bool first = str_eq(f->part, "first"), last = str_eq(f->part, "last");
    const struct person *person = first || last ? people_of(a, p->record) : person_in(a, f);
    struct stand_in s = {.how = STAND_NOTHING};
    enum rc rc;

    /* Grammar, not a name: what a greeting needs. */
    if (str_eq(f->part, "title") || str_eq(f->part, "gender")) return node_words(a, p->map, f->name, path, f->text, e);
    if (!person) person = people_of(a, p->record);
    if (!person) return RC_OK;
    rc = slot_person(a, person, path, &s, e);
    if (rc == RC_OK) rc = with_form(a, first ? "first" : last ? "last" : "", &s, e);
    return rc == RC_OK ? node_stand_in(a, p->map, f->name, path, &s, f->text, e) : rc;
}

static enum rc put_entity_field(struct admit *a, const struct place *p, const struct field *f, const char *entity,
                                const char *path, struct err *e)
{
    struct value_locale locale;
    struct stand_in s = {.how = STAND_NOTHING};
    enum rc rc;

    slot_locale(a, NULL, &locale);
    rc = str_eq(entity, "ORG") ? slot_org(a, f->text, strlen(f->text), path, &s, e)
                               : slot_text(a, entity, f->text, strlen(f->text), &locale, path, &s, e);
    return rc == RC_OK ? node_stand_in(a, p->map, f->name, path, &s, f->text, e) : rc;
}

static enum rc put_prose(struct admit *a, const struct place *p, const struct field *f, const char *path, struct err *e)
{
    bool outside = f->origin == ORIGIN_OUTSIDE;
    char quoted[MAX_PATH_BYTES];
    struct prose text;
    enum rc rc = prose_admit(a, f, f->text, strlen(f->text), path, &text, e);

    if (rc == RC_OK) rc = node_pieces(a, p->map, f->name, path, text.own, text.n_own, outside || text.outside, e);
    if (rc != RC_OK || !text.n_quoted) return rc;
    snprintf(quoted, sizeof(quoted), "%s_quoted", f->name);
    return node_pieces(a, p->map, quoted, path, text.quoted, text.n_quoted, true, e);
}

static enum rc put_value(struct admit *a, const struct place *p, const struct field *f, const char *entity,
                         const struct value *v, const char *path, struct err *e)
{
    struct stand_in s = {.how = STAND_NOTHING};
    struct buf clear;
    enum rc rc = slot_value(a, entity, v, path, &s, e);

    if (rc != RC_OK) return rc;
    buf_init(&clear, 256);
    value_format(v, a->out->language, &clear);
    rc = buf_check(&clear, path, e);
    if (rc == RC_OK) rc = node_stand_in(a, p->map, f->name, path, &s, clear.data, e);
    buf_wipe(&clear);
    return rc;
}

/* A sum or number; one of more digits than a value holds stays its own text. */
static enum rc put_number(struct admit *a, const struct place *p, const struct field *f, const char *path, struct err *e)
{
    bool money = f->type == FIELD_MONEY;
    const char *entity = money ? "MONEY" : "NUMBER";
    struct value v;

    if (!value_money(f->text, money ? f->currency : "", &v)) return put_entity_field(a, p, f, entity, path, e);
    if (!money) v.kind = VALUE_NUMBER;
    return put_value(a, p, f, entity, &v, path, e);
}

/* Labels of a closed set are words; one with a digit or an address in it is read like a text. */
static enum rc put_label(struct admit *a, const struct place *p, const struct field *f, const char *path, struct err *e)
{
    if (strpbrk(f->text, "@0123456789")) return put_prose(a, p, f, path, e);
    return node_words(a, p->map, f->name, path, f->text, e);
}

static enum rc put_field(struct admit *a, const struct place *p, const struct field *f, struct err *e)
{
    const char *path, *entity;
    struct value v;
    enum rc rc;

    if (!f->text || !*f->text || f->type == FIELD_NULL || f->type == FIELD_REFERENCE) return RC_OK;
    path = admit_path(a, p->record, f->name);
    if (!path) return admit_no_memory(a, e);
    rc = entity_of(f, path, &entity, e);
    if (rc != RC_OK) return rc;
    if (str_eq(entity, "PERSON") || str_eq(entity, "STAFF")) return put_person_field(a, p, f, path, e);
    if (entity) return put_entity_field(a, p, f, entity, path, e);
    switch (f->type) {
    case FIELD_BOOL: return node_words(a, p->map, f->name, path, f->integer ? "yes" : "no", e);
    case FIELD_INTEGER:
    case FIELD_DECIMAL:
    case FIELD_MONEY: return put_number(a, p, f, path, e);
    case FIELD_DATE:
    case FIELD_TIMESTAMP:
        value_date(f->type == FIELD_DATE ? (int32_t)f->integer : date_of_us(f->integer), &v);
        return put_value(a, p, f, "DATE_TIME", &v, path, e);
    case FIELD_ENUM: return put_label(a, p, f, path, e);
    case FIELD_TEXT: return put_prose(a, p, f, path, e);
    case FIELD_NULL:
    case FIELD_REFERENCE: break;
    }
    return RC_OK;
}

/* ---- the tree --------------------------------------------------------------------------------------------------- */

/* "full_name" of a contact or lead: from its parts, if the allow-list has it or the last name. */
static enum rc put_full_name(struct admit *a, const struct place *p, struct err *e)
{
    const struct person *person = people_of(a, p->record);
    const char *source = admit_allows(a, p->prefix, "full_name") ? "full_name" : NULL;
    struct stand_in s = {.how = STAND_NOTHING};
    struct buf clear;
    const char *path;
    enum rc rc;

    if (!person || record_field(p->record, "full_name")) return RC_OK;
    for (const struct field *f = p->record->fields; f; f = f->next) {
        bool names = str_eq(f->entity, "PERSON") || str_eq(f->entity, "STAFF");
        if (!names || !f->text || (f->part && !str_eq(f->part, "last") && !str_eq(f->part, "full"))) continue;
        if (!f->part && f->text != person->full) continue;
        if (source || admit_allows(a, p->prefix, f->name)) source = f->name;
    }
    if (!source) return RC_OK;
    path = admit_path(a, p->record, source);
    rc = path ? slot_person(a, person, path, &s, e) : admit_no_memory(a, e);
    if (rc != RC_OK) return rc;
    buf_init(&clear, VAULT_MAX_VALUE_BYTES);
    if (person->full)
        buf_str(&clear, person->full);
    else
        buf_printf(&clear, "%s%s%s", person->first ? person->first : "", person->first && person->last ? " " : "",
                   person->last ? person->last : "");
    rc = buf_check(&clear, path, e);
    if (rc == RC_OK) rc = node_stand_in(a, p->map, "full_name", path, &s, clear.data, e);
    buf_wipe(&clear);
    return rc;
}

static enum rc put_overdue(struct admit *a, const struct place *p, struct err *e)
{
    int64_t days;
    struct stand_in s;
    enum rc rc;

    if (!admit_allows(a, p->prefix, "due_date") || (days = derive_overdue(a, p->record)) <= 0) return RC_OK;
    rc = slot_days(a, days, &s, e);
    return rc == RC_OK ? node_stand_in(a, p->map, "overdue", admit_path(a, p->record, "due_date"), &s, "", e) : rc;
}

static enum rc put_record(struct admit *a, const struct place *p, struct err *e);

static enum rc put_parents(struct admit *a, const struct place *p, struct err *e)
{
    char prefix[MAX_PATH_BYTES];
    enum rc rc = RC_OK;

    for (const struct record_parent *x = p->record->parents; rc == RC_OK && x; x = x->next) {
        struct place at = {.record = x->record, .prefix = prefix, .depth = p->depth + 1};

        if (!join(p->prefix, x->name, prefix) || !policy_admits_under(a->rules, prefix)) continue;
        rc = node_map(a, x->name, &at.map, e);
        if (rc == RC_OK) rc = put_record(a, &at, e);
        if (rc == RC_OK && at.map->count) node_append(p->map, at.map);
    }
    return rc;
}

static enum rc put_lists(struct admit *a, const struct place *p, struct err *e)
{
    char prefix[MAX_PATH_BYTES];
    enum rc rc = RC_OK;

    for (const struct record_list *l = p->record->lists; rc == RC_OK && l; l = l->next) {
        struct policy_node *list;

        if (!join(p->prefix, l->name, prefix) || !policy_admits_under(a->rules, prefix)) continue;
        rc = node_new(a, ADMITTED_LIST, l->name, &list, e);
        for (size_t i = 0; rc == RC_OK && i < l->count; i++) {
            struct place at = {.record = l->items[i], .prefix = prefix, .depth = p->depth + 1};
            rc = node_map(a, NULL, &at.map, e);
            if (rc == RC_OK) rc = put_record(a, &at, e);
            if (rc == RC_OK && at.map->count) node_append(list, at.map);
        }
        if (rc == RC_OK && list->count) node_append(p->map, list);
    }
    return rc;
}

static enum rc put_record(struct admit *a, const struct place *p, struct err *e)
{
    enum rc rc;

    if (p->depth > MAX_DEPTH) return err_set(e, RC_LIMIT, "policy: a record nested more than %d deep", MAX_DEPTH);
    rc = split_find(a, p->record, p->prefix, e);
    for (const struct field *f = p->record->fields; rc == RC_OK && f; f = f->next)
        if (admit_allows(a, p->prefix, f->name)) rc = put_field(a, p, f, e);
    if (rc == RC_OK) rc = put_full_name(a, p, e);
    if (rc == RC_OK && p->depth > 0) rc = put_overdue(a, p, e);
    if (rc == RC_OK) rc = put_parents(a, p, e);
    if (rc == RC_OK) rc = put_lists(a, p, e);
    return rc;
}

/* ---- the person addressed, consent ------------------------------------------------------------------------------ */

static bool is_person_record(const struct record *r)
{
    return str_eq(r->object, "contact") || str_eq(r->object, "lead");
}

/* A contact or lead with this id: the record, its parents, its children and their `who`. */
static const struct record *find_contact(const struct record *r, const char *id, int depth)
{
    const struct record *found = NULL;

    if (is_person_record(r) && str_eq(r->id, id)) return r;
    if (depth > MAX_DEPTH) return NULL;
    for (const struct record_parent *x = r->parents; !found && x; x = x->next)
        found = find_contact(x->record, id, depth + 1);
    for (const struct record_list *l = r->lists; !found && l; l = l->next)
        for (size_t i = 0; !found && i < l->count; i++) found = find_contact(l->items[i], id, depth + 1);
    return found;
}

/* An account has no primary contact; if it has just one, that is the one meant. */
static const struct record *primary_contact(const struct record *r)
{
    static const char *const parents[] = {"contact", "primary_contact"};
    const struct record_list *contacts = record_list_named(r, "contacts");
    const struct record *found = is_person_record(r) ? r : NULL;

    for (size_t i = 0; !found && i < COUNT_OF(parents); i++) found = record_parent_named(r, parents[i]);
    if (!found && contacts && contacts->count == 1) found = contacts->items[0];
    return found;
}

static enum rc choose_recipient(struct admit *a, struct err *e)
{
    if (!a->q->to_contact) {
        a->recipient = primary_contact(a->record);
        return RC_OK;
    }
    a->recipient = find_contact(a->record, a->q->to_contact, 0);
    if (a->recipient) return RC_OK;
    return err_set(e, RC_REFUSED, "policy: the contact to write to is none of %s %s", a->record->object, a->record->id);
}

/* `is: true` also means what a CRM writes for it in a column that is mapped as text or label. */
bool admit_holds(const struct record *r, const struct blocked_rule *b)
{
    static const char *const words[][6] = {{"true", "t", "yes", "y", "on", "1"}, {"false", "f", "no", "n", "off", "0"}};
    const struct field *f = record_field(r, b->field);

    if (!f || !f->text) return false;
    if (str_eq_nocase(f->text, b->is)) return true;
    for (size_t i = 0; i < COUNT_OF(words); i++)
        for (size_t k = 1; str_eq(b->is, words[i][0]) && k < COUNT_OF(words[i]); k++)
            if (str_eq_nocase(f->text, words[i][k])) return true;
    return false;
}

bool admit_holds_above(const struct record *r, const struct blocked_rule *b)
{
    if (str_eq(r->object, b->object) && admit_holds(r, b)) return true;
    for (const struct record_parent *p = r->parents; p; p = p->next)
        if (admit_holds_above(p->record, b)) return true;
    return false;
}

/* Does a rule of this purpose hold for the record or whom it would reach? A person's own wish counts by the field's
 * name, since a lead opts out of the same thing as a contact; other records only when the rule names them. *whose: the
 * record that says so. */
static const struct blocked_rule *blocked_by(const struct admit *a, enum purpose purpose, const struct record **whose)
{
    for (const struct blocked_rule *b = a->p->purposes[purpose].blocked; b; b = b->next) {
        *whose = a->recipient;
        if (a->recipient && admit_holds(a->recipient, b)) return b;
        *whose = a->record;
        if ((is_person_record(a->record) || str_eq(a->record->object, b->object)) && admit_holds(a->record, b)) return b;
        for (const struct record_parent *x = a->record->parents; x; x = x->next) {
            *whose = x->record;
            if (!is_person_record(x->record) && str_eq(x->record->object, b->object) && admit_holds(x->record, b)) return b;
        }
    }
    return NULL;
}

/* With legal_basis: consent the person must have given it: the record or whom it would reach says so. */
static bool consent_given(const struct admit *a)
{
    const struct blocked_rule *c = a->p->purposes[a->q->purpose].consent;

    if (!c) return true;
    for (; c; c = c->next) {
        if (a->recipient && admit_holds(a->recipient, c)) return true;
        if (str_eq(a->record->object, c->object) && admit_holds(a->record, c)) return true;
    }
    return false;
}

static enum rc check_purpose(struct admit *a, struct err *e)
{
    const char *purpose = purpose_name(a->q->purpose), *object = a->record->object;
    const struct object_rules *rules = policy_object(a->p, object);
    const struct blocked_rule *blocked;
    const struct record *whose;

    if (!a->p->purposes[a->q->purpose].legal_basis)
        return err_set(e, RC_REFUSED, "policy: purpose %s is not in purposes: of the policy file", purpose);
    if (!rules || !rules->paths[a->q->purpose])
        return err_set(e, RC_REFUSED, "policy: objects: %s admits no field for %s", object, purpose);
    if (a->record->deleted)
        return err_set(e, RC_REFUSED, "policy: %s %s is deleted in its source", object, a->record->id);
    a->rules = rules->paths[a->q->purpose];
    blocked = blocked_by(a, a->q->purpose, &whose);
    if (!blocked && !consent_given(a))
        return err_set(e, RC_REFUSED, "policy: purposes: %s rests on consent, and no field of consent_given says that it was given",
                       purpose);
    if (!blocked) return RC_OK;
    return err_set(e, RC_REFUSED, "policy: purposes: %s: blocked_when: %s.%s is %s", purpose, whose->object,
                   blocked->field, blocked->is);
}

/* The recipient's name and address as slots: the address enters no prompt, only the draft's `to`. */
static enum rc address(struct admit *a, struct err *e)
{
    const struct person *person = a->recipient ? people_of(a, a->recipient) : NULL;
    struct stand_in s = {.how = STAND_NOTHING};
    struct value_locale locale;
    enum rc rc = RC_OK;

    if (a->q->purpose != PURPOSE_EMAIL || !a->recipient) return RC_OK;
    if (person) {
        rc = slot_person(a, person, "the recipient", &s, e);
        if (rc == RC_OK && s.how == STAND_SLOT) a->out->to_person = s.text;
        a->out->to_gender = people_gender(person);
    }
    slot_locale(a, NULL, &locale);
    for (const struct field *f = a->recipient->fields; rc == RC_OK && f; f = f->next) {
        if (!f->text || !*f->text || !f->entity || !str_eq(detect_entity(f->entity), "EMAIL_ADDRESS")) continue;
        rc = slot_text(a, "EMAIL_ADDRESS", f->text, strlen(f->text), &locale, "the recipient", &s, e);
        if (rc == RC_OK && s.how == STAND_SLOT) a->out->to_email = s.text;
        break;
    }
    return rc;
}

/* ---- policy_admit ----------------------------------------------------------------------------------------------- */

static bool is_word(const char *s)
{
    size_t n = strlen(s);

    return n > 0 && n <= MAX_WORD_BYTES && strspn(s, "abcdefghijklmnopqrstuvwxyz-_") == n;
}

static enum rc put_facts(struct admit *a, struct err *e)
{
    const struct record *whose;
    const struct blocked_rule *blocked = blocked_by(a, PURPOSE_EMAIL, &whose);
    struct policy_node *facts;
    enum rc rc = node_map(a, "facts", &facts, e);

    if (rc == RC_OK) rc = derive_facts(a, facts, e);
    if (rc == RC_OK && blocked)
        rc = node_words(a, facts, "opted_out", admit_path(a, whose, blocked->field), "yes", e);
    if (rc == RC_OK && facts->count) node_append(a->out->root, facts);
    return rc;
}

static enum rc put_today(struct admit *a, struct policy_node *brief, struct err *e)
{
    static const struct field today = {.name = "today"};
    struct place p = {.map = brief};
    struct value v;

    value_date(a->today, &v);
    return put_value(a, &p, &today, "DATE_TIME", &v, "brief.today", e);
}

static enum rc put_brief(struct admit *a, struct err *e)
{
    const char *intent = a->q->intent ? a->q->intent : "follow-up", *tone = a->q->tone ? a->q->tone : "neutral";
    const struct {
        const char *name, *path, *words;
    } members[] = {{"object", "brief.object", a->record->object},
                   {"purpose", "brief.purpose", purpose_name(a->q->purpose)},
                   {"language", "brief.language", a->out->language},
                   {"intent", "brief.intent", intent},
                   {"tone", "brief.tone", tone}};
    struct policy_node *brief;
    enum rc rc;

    if (!is_word(intent) || !is_word(tone))
        return err_set(e, RC_BAD, "policy: an intent or a tone is one word such as follow-up");
    rc = node_map(a, "brief", &brief, e);
    for (size_t i = 0; rc == RC_OK && i < COUNT_OF(members); i++)
        rc = node_words(a, brief, members[i].name, members[i].path, members[i].words, e);
    if (rc == RC_OK) rc = put_today(a, brief, e);
    if (rc == RC_OK) node_append(a->out->root, brief);
    return rc;
}

static enum rc put_hint(struct admit *a, struct err *e)
{
    size_t n = a->q->hint ? strlen(a->q->hint) : 0;
    struct prose text;
    enum rc rc;

    if (!n) return RC_OK;
    if (n > MAX_HINT_BYTES) return err_set(e, RC_LIMIT, "policy: a hint of more than %d bytes", MAX_HINT_BYTES);
    rc = prose_admit(a, NULL, a->q->hint, n, "hint", &text, e);
    return rc == RC_OK ? node_pieces(a, a->out->root, "hint", "hint", text.own, text.n_own, text.outside, e) : rc;
}

static enum rc copy_identity(struct admit *a, struct err *e)
{
    const struct record *r = a->record;
    struct policy_admitted *o = a->out;

    o->source = arena_dup(&o->arena, r->source);
    o->object = arena_dup(&o->arena, r->object);
    o->id = arena_dup(&o->arena, r->id);
    o->owner = arena_dup(&o->arena, r->owner);
    o->team = arena_dup(&o->arena, r->team);
    o->purpose = a->q->purpose;
    o->facts_slots = a->p->facts_slots;
    o->today = a->today;
    if (!o->source || !o->object || !o->id || (r->owner && !o->owner) || (r->team && !o->team))
        return admit_no_memory(a, e);
    return language_choose(a, &o->language, e);
}

static enum rc fill(struct admit *a, struct err *e)
{
    struct place root = {.record = a->record, .prefix = ""};
    enum rc rc;

    if ((rc = choose_recipient(a, e)) != RC_OK || (rc = check_purpose(a, e)) != RC_OK ||
        (rc = copy_identity(a, e)) != RC_OK || (rc = people_collect(a, e)) != RC_OK ||
        (rc = people_learn(a, e)) != RC_OK || (rc = node_map(a, NULL, &root.map, e)) != RC_OK)
        return rc;
    a->out->root = root.map;
    if ((rc = put_record(a, &root, e)) != RC_OK || (rc = put_facts(a, e)) != RC_OK || (rc = put_hint(a, e)) != RC_OK ||
        (rc = put_brief(a, e)) != RC_OK || (rc = admitted_seal(a, e)) != RC_OK || (rc = notes_compare(a, e)) != RC_OK ||
        (rc = changes_put(a, e)) != RC_OK || (rc = admitted_list_slots(a, e)) != RC_OK)
        return rc;
    rc = address(a, e);
    return rc == RC_OK ? sheet_put(a, e) : rc;
}

enum rc policy_admit(const struct policy *p, const struct record *r, const struct policy_request *q,
                     struct policy_admitted **out, struct err *e)
{
    struct policy_admitted *admitted = calloc(1, sizeof(*admitted));
    struct admit a = {.p = p, .record = r, .q = q, .out = admitted, .today = clock_today(q->clock)};
    enum rc rc;

    if (!admitted) return err_set(e, RC_NOMEM, "policy: out of memory");
    arena_init(&admitted->arena, OUT_LIMIT);
    arena_init(&a.scratch, SCRATCH_LIMIT);
    rc = vault_open(p->options.vault_best_effort, &admitted->vault, e);
    if (rc == RC_OK) rc = policy_scanner_take(p, &a.scanner, e);
    if (rc == RC_OK) detect_today(a.scanner->detect, a.today);
    if (rc == RC_OK) rc = names_open(&a.names, e);
    if (rc == RC_OK) rc = fill(&a, e);
    if (rc == RC_OK) {
        *out = admitted;
        admitted = NULL;
    }
    names_close(a.names);
    policy_scanner_give(p, a.scanner);
    arena_wipe(&a.scratch);
    policy_admitted_close(admitted);
    return rc;
}
