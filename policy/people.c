/* people.c: who a record knows: its contacts, owners and companies, by the fields that the mapping declares. */
#include <stdlib.h>
#include <string.h>

#include "../base/str.h"
#include "admit.h"
#include "known.h"
#include "text.h"

#define MAX_PEOPLE 5000
#define MAX_DEPTH 8
#define MAX_LEARNED 500 /* names that texts give away, of one record: the rest is still found where a rule says so */

/* Room for one more entry of `size` bytes; NULL when out of memory or over MAX_PEOPLE. */
static void *grow(struct admit *a, void *old, size_t n, size_t *cap, size_t size)
{
    void *bigger;

    if (n < *cap) return old;
    if (n >= MAX_PEOPLE) return NULL;
    bigger = arena_array(&a->scratch, *cap ? *cap * 2 : 16, size);
    if (!bigger) return NULL;
    if (n) memcpy(bigger, old, n * size);
    *cap = *cap ? *cap * 2 : 16;
    return bigger;
}

static enum rc too_many(struct admit *a, size_t n, struct err *e)
{
    if (n >= MAX_PEOPLE) return err_set(e, RC_LIMIT, "policy: more than %d names in one record", MAX_PEOPLE);
    return admit_no_memory(a, e);
}

static bool is_part(const struct field *f, const char *part)
{
    return str_eq(f->entity, "PERSON") && str_eq(f->part, part);
}

static bool is_full(const struct field *f)
{
    return (str_eq(f->entity, "PERSON") || str_eq(f->entity, "STAFF")) && (!f->part || str_eq(f->part, "full"));
}

static bool same_record(const struct record *a, const struct record *b)
{
    return a == b || (a && b && str_eq(a->source, b->source) && str_eq(a->object, b->object) && str_eq(a->id, b->id));
}

const struct person *people_of(const struct admit *a, const struct record *r)
{
    for (size_t i = 0; i < a->n_persons; i++)
        if (a->persons[i].record && same_record(a->persons[i].record, r)) return &a->persons[i];
    return NULL;
}

static enum rc add_person(struct admit *a, const struct person *p, struct err *e)
{
    struct person *at = grow(a, a->persons, a->n_persons, &a->cap_persons, sizeof(*at));

    if (!at || !p->subject) return too_many(a, a->n_persons, e);
    a->persons = at;
    at[a->n_persons] = *p;
    return names_add_person(a->names, a->n_persons++, p->first, p->last, p->full, p->title, e);
}

static enum rc add_org(struct admit *a, const char *name, struct err *e)
{
    struct org *at = grow(a, a->orgs, a->n_orgs, &a->cap_orgs, sizeof(*at));

    if (!at) return too_many(a, a->n_orgs, e);
    a->orgs = at;
    at[a->n_orgs].name = name;
    return names_add_org(a->names, a->n_orgs++, name, e);
}

static enum rc add_known(struct admit *a, const char *entity, const char *text, const char *subject, struct err *e)
{
    struct known *at = grow(a, a->known, a->n_known, &a->cap_known, sizeof(*at));
    struct buf key;

    if (!at) return too_many(a, a->n_known, e);
    a->known = at;
    buf_init(&key, VAULT_MAX_VALUE_BYTES);
    slot_key(entity, text, strlen(text), &key);
    at[a->n_known] = (struct known){.entity = entity, .key = arena_dup(&a->scratch, key.data), .subject = subject};
    buf_wipe(&key);
    return at[a->n_known++].key ? RC_OK : admit_no_memory(a, e);
}

/* "Frau Dr." is a salutation and a title: the salutation tells the gender, only the rest is part of the name. */
static const char *title_without_salutation(const char *title)
{
    static const char *const words[] = {"Frau", "Herrn", "Herr", "Mrs.", "Mrs", "Mr.", "Mr", "Ms.", "Ms", "Miss"};

    for (size_t i = 0; title && i < COUNT_OF(words); i++) {
        size_t n = strlen(words[i]);
        if (str_starts(title, words[i]) && (!title[n] || title[n] == ' ')) return title + n + (title[n] == ' ');
    }
    return title;
}

char people_gender(const struct person *p)
{
    static const struct {
        const char *word;
        char gender;
    } words[] = {{"f", 'f'},    {"female", 'f'}, {"w", 'f'},  {"weiblich", 'f'},  {"frau", 'f'}, {"mrs", 'f'},
                 {"mrs.", 'f'}, {"ms", 'f'},     {"ms.", 'f'}, {"miss", 'f'},     {"m", 'm'},    {"male", 'm'},
                 {"mr", 'm'},   {"mr.", 'm'},    {"herr", 'm'}, {"m\xc3\xa4nnlich", 'm'}};
    char word[32];
    size_t n;

    if (!p->gender) return 0;
    n = strcspn(p->gender, " ");
    text_fold(p->gender, n, word, sizeof(word));
    for (size_t i = 0; i < COUNT_OF(words); i++)
        if (str_eq(words[i].word, word)) return words[i].gender;
    return 0;
}

/* The person of a record that has name parts, or whose one full name it is (a contact, a lead, a user). */
static void read_person(const struct record *r, struct person *p)
{
    for (const struct field *f = r->fields; f; f = f->next) {
        if (!f->text || !*f->text) continue;
        if (is_part(f, "first")) p->first = f->text;
        if (is_part(f, "last")) p->last = f->text;
        if (is_part(f, "title")) p->title = f->text;
        if (is_part(f, "gender") || (!p->gender && str_eq(f->name, "gender"))) p->gender = f->text;
        if (str_eq(f->name, "salutation") && !p->gender) p->gender = f->text;
        if (is_full(f) && !p->full && (str_eq(f->name, "name") || str_eq(f->name, "full_name"))) p->full = f->text;
    }
    if (p->title && title_without_salutation(p->title) != p->title) {
        if (!p->gender) p->gender = p->title;
        p->title = title_without_salutation(p->title);
    }
}

static const char *subject_of_record(struct admit *a, const struct record *r)
{
    return arena_printf(&a->scratch, "person:%s/%s/%s", r->source, r->object, r->id);
}

/* Full names in other fields ("champion", "author") are persons of their own. */
static enum rc collect_others(struct admit *a, const struct record *r, const struct person *self, struct err *e)
{
    enum rc rc = RC_OK;

    for (const struct field *f = r->fields; rc == RC_OK && f; f = f->next) {
        struct person p = {.full = f->text, .staff = str_eq(f->entity, "STAFF")};
        char *folded;

        if (!f->text || !*f->text || !is_full(f) || f->text == self->full) continue;
        folded = names_fold(f->text, strlen(f->text));
        if (!folded) return admit_no_memory(a, e);
        p.subject = arena_printf(&a->scratch, "person:name:%s", folded);
        free(folded);
        rc = add_person(a, &p, e);
    }
    return rc;
}

static enum rc collect_values(struct admit *a, const struct record *r, const char *subject, struct err *e)
{
    enum rc rc = RC_OK;

    for (const struct field *f = r->fields; rc == RC_OK && f; f = f->next) {
        const char *entity = f->entity ? detect_entity(f->entity) : NULL;

        if (!f->text || !*f->text) continue;
        if (f->type == FIELD_MONEY && !a->currency && *f->currency) a->currency = f->currency;
        if (!a->country && str_eq(f->name, "country")) a->country = f->text;
        if (str_eq(entity, "ORG"))
            rc = add_org(a, f->text, e);
        else if (str_eq(entity, "EMAIL_ADDRESS") || str_eq(entity, "PHONE_NUMBER"))
            rc = add_known(a, entity, f->text, subject, e);
        else if (entity && !str_eq(entity, "PERSON") && !str_eq(entity, "STAFF") && f->type == FIELD_TEXT)
            rc = names_add_value(a->names, entity, 0, f->text, e);
    }
    return rc;
}

static enum rc visit(struct admit *a, const struct record *r, bool staff, int depth, struct err *e)
{
    struct person p = {.record = r, .staff = staff || str_eq(r->object, "user")};
    enum rc rc = RC_OK;

    if (depth > MAX_DEPTH) return err_set(e, RC_LIMIT, "policy: a record nested more than %d deep", MAX_DEPTH);
    p.subject = subject_of_record(a, r);
    if (!p.subject) return admit_no_memory(a, e);
    read_person(r, &p);
    if ((p.first || p.last || p.full) && !people_of(a, r)) rc = add_person(a, &p, e);
    if (rc == RC_OK) rc = collect_others(a, r, &p, e);
    if (rc == RC_OK) rc = collect_values(a, r, p.first || p.last || p.full ? p.subject : "", e);
    for (const struct record_parent *x = r->parents; rc == RC_OK && x; x = x->next)
        rc = visit(a, x->record, str_eq(x->name, "owner"), depth + 1, e);
    for (const struct record_list *l = r->lists; l; l = l->next)
        for (size_t i = 0; rc == RC_OK && i < l->count; i++) rc = visit(a, l->items[i], false, depth + 1, e);
    return rc;
}

/* The tag that tells how a country writes numbers and dates. */
static const char *country_tag(const char *country)
{
    static const struct {
        const char *name, *tag;
    } tags[] = {{"Germany", "de-DE"},     {"Deutschland", "de-DE"}, {"DE", "de-DE"},    {"Austria", "de-AT"},
                {"\xc3\x96sterreich", "de-AT"}, {"AT", "de-AT"},    {"Switzerland", "de-CH"}, {"Schweiz", "de-CH"},
                {"CH", "de-CH"},          {"France", "fr"},         {"FR", "fr"},       {"United States", "en-US"},
                {"USA", "en-US"},         {"US", "en-US"}};

    for (size_t i = 0; country && i < COUNT_OF(tags); i++)
        if (str_eq_nocase(tags[i].name, country)) return tags[i].tag;
    return country ? "en" : NULL;
}

enum rc people_collect(struct admit *a, struct err *e)
{
    enum rc rc = visit(a, a->record, false, 0, e);

    a->country = country_tag(a->country);
    return rc;
}

/* ---- names that only a text knows ------------------------------------------------------------------------------- */

static enum rc learn_person(struct admit *a, const char *s, size_t n, struct err *e)
{
    char *folded = names_fold(s, n);
    struct person p = {.full = arena_ndup(&a->scratch, s, n)};
    enum rc rc = RC_OK;

    if (folded) p.subject = arena_printf(&a->scratch, "person:name:%s", folded);
    free(folded);
    if (!p.full || !p.subject) return admit_no_memory(a, e);
    p.full = title_without_salutation(p.full);
    for (size_t i = 0; i < a->n_persons; i++)
        if (str_eq(a->persons[i].subject, p.subject)) return RC_OK;
    rc = add_person(a, &p, e);
    a->n_learned++;
    return rc;
}

/* Has one of the record's own people this word in their name? Then it is them. */
static bool own_name(const struct admit *a, const char *s, size_t n)
{
    for (size_t i = 0; i < a->n_persons; i++) {
        const char *const parts[] = {a->persons[i].first, a->persons[i].last, a->persons[i].full};
        for (size_t k = 0; k < COUNT_OF(parts); k++) {
            const char *at = parts[k] ? memmem(parts[k], strlen(parts[k]), s, n) : NULL;
            if (at && (at == parts[k] || at[-1] == ' ' || at[-1] == '-')) return true;
        }
    }
    return false;
}

/* A name that some source knows (known_fn). */
static enum rc learn_known(struct admit *a, const char *s, size_t n, bool first, bool last, struct err *e)
{
    struct person p = {0};
    const char *name;
    char *folded;

    if (a->n_learned >= MAX_LEARNED || a->n_persons >= MAX_PEOPLE || own_name(a, s, n)) return RC_OK;
    if (first && last) return learn_person(a, s, n, e);
    name = arena_ndup(&a->scratch, s, n);
    folded = names_fold(s, n);
    if (folded) p.subject = arena_printf(&a->scratch, "person:name:%s", folded);
    free(folded);
    if (!name || !p.subject) return admit_no_memory(a, e);
    if (last)
        p.last = name;
    else
        p.first = name;
    a->n_learned++;
    return add_person(a, &p, e);
}

static enum rc learn_org(struct admit *a, const char *s, size_t n, struct err *e)
{
    const char *name = arena_ndup(&a->scratch, s, n);

    if (!name) return admit_no_memory(a, e);
    for (size_t i = 0; i < a->n_orgs; i++)
        if (str_eq(a->orgs[i].name, name)) return RC_OK;
    a->n_learned++;
    return add_org(a, name, e);
}

static enum rc learn_text(struct admit *a, const char *text, size_t n, struct err *e)
{
    struct name_found *found = NULL;
    size_t n_found = 0;
    enum rc rc = names_scan(a->names, text, n, &found, &n_found, e);

    for (size_t i = 0; rc == RC_OK && i < n_found && a->n_learned < MAX_LEARNED; i++) {
        const struct name_found *f = &found[i];
        if (f->index != NAMES_UNKNOWN || a->n_persons >= MAX_PEOPLE || a->n_orgs >= MAX_PEOPLE) continue;
        if (f->kind == NAME_PERSON) rc = learn_person(a, text + f->start, f->end - f->start, e);
        if (f->kind == NAME_ORG) rc = learn_org(a, text + f->start, f->end - f->start, e);
    }
    free(found);
    return rc;
}

static enum rc learn_record(struct admit *a, const struct record *r, struct err *e)
{
    enum rc rc = RC_OK;

    for (const struct field *f = r->fields; rc == RC_OK && f; f = f->next)
        if (f->type == FIELD_TEXT && f->text && !f->entity) {
            rc = learn_text(a, f->text, strlen(f->text), e);
            if (rc == RC_OK) rc = known_scan(a, f->text, strlen(f->text), learn_known, e);
        }
    for (const struct record_parent *x = r->parents; rc == RC_OK && x; x = x->next) rc = learn_record(a, x->record, e);
    for (const struct record_list *l = r->lists; l; l = l->next)
        for (size_t i = 0; rc == RC_OK && i < l->count; i++) rc = learn_record(a, l->items[i], e);
    return rc;
}

enum rc people_learn(struct admit *a, struct err *e)
{
    enum rc rc = learn_record(a, a->record, e);

    return rc == RC_OK && a->q->hint ? known_scan(a, a->q->hint, strlen(a->q->hint), learn_known, e) : rc;
}
