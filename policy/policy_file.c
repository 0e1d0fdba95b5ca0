/* policy_file.c: the policy file, section by section. Every message has the line and the column; a key that is not
 * known is an error, since a rule that is silently ignored is a leak. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "../base/str.h"
#include "../base/yaml.h"
#include "licence.h"
#include "policy_internal.h"

#define MAX_SENTENCES 50

static const char *const purpose_names[] = {"summary", "email", "enrichment"};
static const char *const action_names[] = {"keep", "slot", "mask", "hash", "drop", "block"};

struct reader {
    const struct yaml *y;
    struct policy *p;
};

typedef enum rc section_fn(struct reader *r, const struct yaml_node *n, struct err *e);

static void *make(struct reader *r, size_t size)
{
    return arena_alloc(&r->p->arena, size);
}

static enum rc no_memory(struct err *e)
{
    return err_set(e, RC_NOMEM, "policy: out of memory");
}

static enum rc dup_text(struct reader *r, const struct yaml_node *n, const char **out, struct err *e)
{
    const char *text;
    enum rc rc = yaml_text(r->y, n, &text, e);

    if (rc != RC_OK) return rc;
    *out = arena_dup(&r->p->arena, text);
    return *out ? RC_OK : no_memory(e);
}

static enum rc want_kind(struct reader *r, const struct yaml_node *n, enum yaml_kind kind, struct err *e)
{
    static const char *const what[] = {"a single value", "a list", "a map"};

    if (n->kind == kind) return RC_OK;
    return yaml_bad(r->y, n, e, "expected %s, found %s", what[kind], what[n->kind]);
}

static enum rc want_map(struct reader *r, const struct yaml_node *n, const char *const *known, size_t n_known,
                        struct err *e)
{
    enum rc rc = want_kind(r, n, YAML_MAP, e);

    if (rc == RC_OK) rc = yaml_only(r->y, n, known, n_known, e);
    return rc;
}

static enum rc want_member(struct reader *r, const struct yaml_node *map, const char *key, const struct yaml_node **out,
                           struct err *e)
{
    *out = yaml_get(map, key);
    return *out ? RC_OK : yaml_bad(r->y, map, e, "'%s' is missing here", key);
}

static enum rc purpose_flags(struct reader *r, const struct yaml_node *list, bool out[N_PURPOSES], struct err *e)
{
    enum rc rc = want_kind(r, list, YAML_LIST, e);

    for (const struct yaml_node *x = list->first; rc == RC_OK && x; x = x->next) {
        size_t i;
        rc = yaml_choice(r->y, x, purpose_names, N_PURPOSES, &i, e);
        if (rc == RC_OK) out[i] = true;
    }
    return rc;
}

/* ---- purposes --------------------------------------------------------------------------------------------------- */

static enum rc read_blocked(struct reader *r, const struct yaml_node *n, const struct blocked_rule **head,
                            struct err *e)
{
    static const char *const known[] = {"object", "field", "is"};
    const struct yaml_node *object, *field, *is;
    struct blocked_rule *b = make(r, sizeof(*b));
    enum rc rc;
    bool flag;

    if (!b) return no_memory(e);
    if ((rc = want_map(r, n, known, COUNT_OF(known), e)) != RC_OK ||
        (rc = want_member(r, n, "object", &object, e)) != RC_OK ||
        (rc = want_member(r, n, "field", &field, e)) != RC_OK || (rc = want_member(r, n, "is", &is, e)) != RC_OK ||
        (rc = dup_text(r, object, &b->object, e)) != RC_OK || (rc = dup_text(r, field, &b->field, e)) != RC_OK ||
        (rc = dup_text(r, is, &b->is, e)) != RC_OK)
        return rc;
    /* `is: yes` means what a bool field holds; quotes ask for the text. */
    if (!is->quoted && yaml_bool(r->y, is, &flag, NULL) == RC_OK) b->is = flag ? "true" : "false";
    b->line = n->line;
    b->next = *head;
    *head = b;
    return RC_OK;
}

static enum rc read_conditions(struct reader *r, const struct yaml_node *list, const struct blocked_rule **head,
                               struct err *e)
{
    enum rc rc = want_kind(r, list, YAML_LIST, e);

    for (const struct yaml_node *b = list->first; rc == RC_OK && b; b = b->next) rc = read_blocked(r, b, head, e);
    return rc;
}

/* GDPR article 6(1), a to f. Consent is somebody's own: a field of the record must say that it was given. */
static enum rc read_basis(struct reader *r, const struct yaml_node *purpose, const struct yaml_node *basis,
                          struct purpose_rules *rules, struct err *e)
{
    static const char *const bases[] = {"consent",          "contract",    "legal_obligation",
                                        "vital_interests", "public_task", "legitimate_interest"};
    const struct yaml_node *given = yaml_get(purpose, "consent_given");
    size_t i;
    enum rc rc = yaml_choice(r->y, basis, bases, COUNT_OF(bases), &i, e);

    if (rc != RC_OK) return rc;
    rules->legal_basis = bases[i];
    rules->line = basis->line;
    if (given && i != 0) return yaml_bad(r->y, given, e, "consent_given goes with legal_basis: consent only");
    return given ? read_conditions(r, given, &rules->consent, e) : RC_OK;
}

static enum rc read_purposes(struct reader *r, const struct yaml_node *n, struct err *e)
{
    static const char *const known[] = {"legal_basis", "consent_given", "blocked_when"};
    enum rc rc = want_map(r, n, purpose_names, N_PURPOSES, e);

    for (const struct yaml_node *x = n->first; rc == RC_OK && x; x = x->next) {
        const struct yaml_node *basis, *blocked;
        struct purpose_rules *rules = NULL;

        for (size_t i = 0; i < N_PURPOSES; i++)
            if (str_eq(x->key, purpose_names[i])) rules = &r->p->purposes[i];
        if ((rc = want_map(r, x, known, COUNT_OF(known), e)) != RC_OK ||
            (rc = want_member(r, x, "legal_basis", &basis, e)) != RC_OK ||
            (rc = read_basis(r, x, basis, rules, e)) != RC_OK)
            return rc;
        blocked = yaml_get(x, "blocked_when");
        if (blocked) rc = read_conditions(r, blocked, &rules->blocked, e);
    }
    return rc;
}

/* ---- objects ---------------------------------------------------------------------------------------------------- */

/* name, or names joined by dots, the last of which may be '*' */
static bool path_ok(const char *s)
{
    for (;;) {
        if (strcmp(s, "*") == 0) return true;
        if (!strspn(s, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ_")) return false;
        s += strspn(s, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ_0123456789");
        if (!*s) return true;
        if (*s++ != '.') return false;
    }
}

static enum rc read_paths(struct reader *r, const struct yaml_node *list, const struct path_rule **head, struct err *e)
{
    enum rc rc = want_kind(r, list, YAML_LIST, e);

    for (const struct yaml_node *x = list->first; rc == RC_OK && x; x = x->next) {
        struct path_rule *path = make(r, sizeof(*path));

        if (!path) return no_memory(e);
        if ((rc = dup_text(r, x, &path->path, e)) != RC_OK) return rc;
        if (!path_ok(path->path))
            return yaml_bad(r->y, x, e, "a field path looks like 'name', 'account.name' or 'contact.*'");
        path->line = x->line;
        path->next = *head;
        *head = path;
    }
    return rc;
}

static enum rc read_objects(struct reader *r, const struct yaml_node *n, struct err *e)
{
    enum rc rc = want_kind(r, n, YAML_MAP, e);

    for (const struct yaml_node *x = n->first; rc == RC_OK && x; x = x->next) {
        struct object_rules *o = make(r, sizeof(*o));

        if (!o || !(o->name = arena_dup(&r->p->arena, x->key))) return no_memory(e);
        rc = want_map(r, x, purpose_names, N_PURPOSES, e);
        for (size_t i = 0; rc == RC_OK && i < N_PURPOSES; i++) {
            const struct yaml_node *list = yaml_get(x, purpose_names[i]);
            if (list) rc = read_paths(r, list, &o->paths[i], e);
            if (list) o->lines[i] = list->key_line;
        }
        o->line = x->key_line;
        o->next = r->p->objects;
        r->p->objects = o;
    }
    return rc;
}

static enum rc read_facts(struct reader *r, const struct yaml_node *n, struct err *e)
{
    static const char *const names[] = {"slots", "checked"};
    size_t i;
    enum rc rc = yaml_choice(r->y, n, names, COUNT_OF(names), &i, e);

    if (rc == RC_OK) r->p->facts_slots = i == 0;
    return rc;
}

/* ---- pii -------------------------------------------------------------------------------------------------------- */

static enum rc read_action(struct reader *r, const struct yaml_node *n, enum action *out, struct err *e)
{
    size_t i;
    enum rc rc = yaml_choice(r->y, n, action_names, COUNT_OF(action_names), &i, e);

    if (rc == RC_OK) *out = (enum action)i;
    return rc;
}

static enum rc add_entity(struct reader *r, const char *entity, enum action action, size_t line, struct err *e)
{
    struct entity_rule *rule = make(r, sizeof(*rule));

    if (!rule) return no_memory(e);
    *rule = (struct entity_rule){.entity = entity, .action = action, .line = line, .next = r->p->entities};
    r->p->entities = rule;
    return RC_OK;
}

/* An entity is one of the table or of the file's own patterns, which are read before. */
static const char *entity_named(const struct policy *p, const char *name)
{
    for (size_t i = 0; i < p->n_own; i++)
        if (str_eq(p->own[i].entity, name)) return p->own[i].entity;
    return detect_entity(name);
}

static const char *entity_near(const char *name)
{
    const char *nearest = NULL, **names = calloc(n_detectors + 4, sizeof(*names));

    if (!names) return NULL;
    for (size_t i = 0; i < n_detectors; i++) names[i] = detectors[i].entity;
    memcpy(&names[n_detectors], (const char *[]){"PERSON", "ORG", "STAFF", "IBAN_CODE"}, 4 * sizeof(*names));
    nearest = str_nearest(name, names, n_detectors + 4);
    free(names);
    return nearest;
}

static enum rc read_entities(struct reader *r, const struct yaml_node *n, struct err *e)
{
    enum rc rc = want_kind(r, n, YAML_MAP, e);

    for (const struct yaml_node *x = n->first; rc == RC_OK && x; x = x->next) {
        const char *entity = entity_named(r->p, x->key), *near;
        enum action action;

        if (!entity) {
            near = entity_near(x->key);
            return yaml_bad_key(r->y, x, e, "unknown entity '%s'%s%s%s", x->key, near ? ", did you mean '" : "",
                                near ? near : "", near ? "'?" : "");
        }
        rc = read_action(r, x, &action, e);
        if (rc == RC_OK) rc = add_entity(r, entity, action, x->key_line, e);
    }
    return rc;
}

static bool entity_name_ok(const char *s)
{
    return *s >= 'A' && *s <= 'Z' && strlen(s) <= 64 && strspn(s, "ABCDEFGHIJKLMNOPQRSTUVWXYZ_") == strlen(s) &&
           s[strlen(s) - 1] != '_';
}

static enum rc read_context(struct reader *r, const struct yaml_node *list, struct detect_own *own, struct err *e)
{
    const char **words;
    enum rc rc = want_kind(r, list, YAML_LIST, e);

    if (rc != RC_OK) return rc;
    words = arena_array(&r->p->arena, list->count, sizeof(*words));
    if (!words) return no_memory(e);
    own->context = words;
    for (const struct yaml_node *x = list->first; rc == RC_OK && x; x = x->next)
        rc = dup_text(r, x, &words[own->n_context++], e);
    return rc;
}

static enum rc read_validator(struct reader *r, const struct yaml_node *n, struct detect_own *own, struct err *e)
{
    const char *names[64];
    size_t n_names = 0, i;
    enum rc rc;

    while (n_names < COUNT_OF(names) && validate_name(n_names)) {
        names[n_names] = validate_name(n_names);
        n_names++;
    }
    rc = yaml_choice(r->y, n, names, n_names, &i, e);
    if (rc == RC_OK) own->validator = names[i];
    return rc;
}

static enum rc read_own(struct reader *r, const struct yaml_node *n, struct err *e)
{
    static const char *const known[] = {"entity", "pattern", "context", "validator", "action"};
    const struct yaml_node *entity, *pattern, *context, *validator, *action;
    struct detect_own *own = &r->p->own[r->p->n_own];
    enum action what = ACTION_SLOT;
    struct err why;
    enum rc rc;

    if (r->p->n_own == DETECT_MAX_OWN) return yaml_bad(r->y, n, e, "more than %d own patterns", DETECT_MAX_OWN);
    if ((rc = want_map(r, n, known, COUNT_OF(known), e)) != RC_OK ||
        (rc = want_member(r, n, "entity", &entity, e)) != RC_OK ||
        (rc = want_member(r, n, "pattern", &pattern, e)) != RC_OK ||
        (rc = dup_text(r, entity, &own->entity, e)) != RC_OK || (rc = dup_text(r, pattern, &own->pattern, e)) != RC_OK)
        return rc;
    if (!entity_name_ok(own->entity))
        return yaml_bad(r->y, entity, e, "an entity's name is capitals and underscores, such as CONTRACT_NO");
    if ((context = yaml_get(n, "context")) && (rc = read_context(r, context, own, e)) != RC_OK) return rc;
    if ((validator = yaml_get(n, "validator")) && (rc = read_validator(r, validator, own, e)) != RC_OK) return rc;
    if ((action = yaml_get(n, "action")) && (rc = read_action(r, action, &what, e)) != RC_OK) return rc;
    rc = detect_check_own(own, &why);
    if (rc == RC_BAD) return yaml_bad(r->y, pattern, e, "%s", why.msg);
    if (rc != RC_OK) return err_set(e, rc, "%s", why.msg);
    r->p->n_own++;
    return add_entity(r, own->entity, what, n->line, e);
}

static enum rc read_pii(struct reader *r, const struct yaml_node *n, struct err *e)
{
    static const char *const known[] = {"default", "entities", "special_categories", "own"};
    static const char *const special[] = {"drop_clause", "keep", "block"};
    const struct yaml_node *x;
    size_t i;
    enum rc rc = want_map(r, n, known, COUNT_OF(known), e);

    if (rc == RC_OK && (x = yaml_get(n, "default"))) {
        rc = read_action(r, x, &r->p->default_action, e);
        r->p->default_line = x->line;
    }
    if (rc == RC_OK && (x = yaml_get(n, "special_categories"))) {
        rc = yaml_choice(r->y, x, special, COUNT_OF(special), &i, e);
        if (rc == RC_OK) r->p->special = (enum special_action)i;
        r->p->special_line = x->line;
    }
    if (rc == RC_OK && (x = yaml_get(n, "own"))) {
        rc = want_kind(r, x, YAML_LIST, e);
        for (const struct yaml_node *own = x->first; rc == RC_OK && own; own = own->next) rc = read_own(r, own, e);
    }
    if (rc == RC_OK && (x = yaml_get(n, "entities"))) rc = read_entities(r, x, e);
    return rc;
}

static enum rc read_words(struct reader *r, const struct yaml_node *list, const struct word_rule **head, struct err *e);

/* ---- models ----------------------------------------------------------------------------------------------------- */

/* A licence that nobody knows is refused unless the file says in licences: that it means it. */
static enum rc check_licence(struct reader *r, const struct yaml_node *n, struct err *e)
{
    const struct word_rule *w = r->p->licences;
    const char *near = licence_near(n->text);
    bool approved;

    while (w && !str_eq_nocase(w->text, n->text)) w = w->next;
    if (w || licence_known(n->text, &approved)) return RC_OK;
    return yaml_bad(r->y, n, e, "'%.60s' is no SPDX identifier of a licence%s%s%s; a licence of its own is LicenseRef-NAME",
                    n->text, near ? ", did you mean '" : "", near ? near : "", near ? "'?" : "");
}

/* A model's regions are those of regions: names:, which is read before. */
static enum rc check_regions(struct reader *r, const struct yaml_node *list, struct err *e)
{
    for (const struct yaml_node *x = list ? list->first : NULL; x; x = x->next) {
        const struct region_rule *known = r->p->regions;

        while (known && !str_eq_nocase(known->name, x->text)) known = known->next;
        if (!known && !str_eq_nocase(x->text, "unknown"))
            return yaml_bad(r->y, x, e, "'%.60s' is not in regions: names: of this file (or 'unknown')", x->text);
    }
    return RC_OK;
}

static enum rc read_region_names(struct reader *r, const struct yaml_node *map, struct err *e)
{
    enum rc rc = want_kind(r, map, YAML_MAP, e);

    for (const struct yaml_node *x = map->first; rc == RC_OK && x; x = x->next) {
        struct region_rule *region = make(r, sizeof(*region));

        if (!region || !(region->name = arena_dup(&r->p->arena, x->key))) return no_memory(e);
        region->line = x->key_line;
        rc = read_words(r, x, &region->values, e);
        region->next = r->p->regions;
        r->p->regions = region;
    }
    return rc;
}

static enum rc read_regions(struct reader *r, const struct yaml_node *n, struct err *e)
{
    static const char *const known[] = {"fields", "names"};
    const struct yaml_node *fields, *names;
    const struct word_rule *reversed = NULL;
    enum rc rc;

    if ((rc = want_map(r, n, known, COUNT_OF(known), e)) != RC_OK ||
        (rc = want_member(r, n, "fields", &fields, e)) != RC_OK || (rc = want_member(r, n, "names", &names, e)) != RC_OK ||
        (rc = read_words(r, fields, &reversed, e)) != RC_OK)
        return rc;
    while (reversed) { /* the first that a record has counts, so the order of the file matters */
        struct word_rule *w = (struct word_rule *)reversed;
        reversed = w->next;
        w->next = r->p->region_fields;
        r->p->region_fields = w;
    }
    return read_region_names(r, names, e);
}

/* `trained`, or a list of SHA-256 among which `trained` may stand. */
static enum rc read_adapters(struct reader *r, const struct yaml_node *n, struct model_rule *m, struct err *e)
{
    const struct yaml_node *x = n && n->kind == YAML_LIST ? n->first : n;
    uint8_t digest[SHA256_SIZE];

    for (; x; x = x == n ? NULL : x->next) {
        struct word_rule *w;

        if (x->kind == YAML_SCALAR && str_eq(x->text, "trained")) {
            m->trained_adapters = true;
            continue;
        }
        if (x->kind != YAML_SCALAR || !str_unhex(x->text, digest, sizeof(digest)))
            return yaml_bad(r->y, x, e, "expected 'trained' or 64 hexadecimal digits");
        w = make(r, sizeof(*w));
        if (!w || !(w->text = arena_dup(&r->p->arena, x->text))) return no_memory(e);
        w->next = m->adapters;
        m->adapters = w;
    }
    return RC_OK;
}

static enum rc read_model(struct reader *r, const struct yaml_node *n, struct err *e)
{
    static const char *const known[] = {"path", "licence", "sha256", "purposes", "regions", "adapters"};
    const struct yaml_node *path, *licence, *sha, *purposes, *regions;
    struct model_rule *m = make(r, sizeof(*m));
    uint8_t digest[SHA256_SIZE];
    enum rc rc;

    if (!m) return no_memory(e);
    if ((rc = want_map(r, n, known, COUNT_OF(known), e)) != RC_OK ||
        (rc = want_member(r, n, "path", &path, e)) != RC_OK ||
        (rc = want_member(r, n, "licence", &licence, e)) != RC_OK ||
        (rc = want_member(r, n, "purposes", &purposes, e)) != RC_OK ||
        (rc = dup_text(r, path, &m->path, e)) != RC_OK || (rc = dup_text(r, licence, &m->licence, e)) != RC_OK ||
        (rc = purpose_flags(r, purposes, m->purposes, e)) != RC_OK)
        return rc;
    sha = yaml_get(n, "sha256");
    if (sha && !str_eq(sha->text, "any")) {
        if ((rc = dup_text(r, sha, &m->sha256, e)) != RC_OK) return rc;
        if (!str_unhex(m->sha256, digest, sizeof(digest)))
            return yaml_bad(r->y, sha, e, "expected 'any' or 64 hexadecimal digits");
    }
    if ((rc = check_licence(r, licence, e)) != RC_OK) return rc;
    if ((regions = yaml_get(n, "regions")) && (rc = read_words(r, regions, &m->regions, e)) != RC_OK) return rc;
    if ((rc = check_regions(r, regions, e)) != RC_OK) return rc;
    if ((rc = read_adapters(r, yaml_get(n, "adapters"), m, e)) != RC_OK) return rc;
    m->line = n->line;
    m->next = r->p->models;
    r->p->models = m;
    return RC_OK;
}

static enum rc read_models(struct reader *r, const struct yaml_node *n, struct err *e)
{
    enum rc rc = want_kind(r, n, YAML_LIST, e);

    for (const struct yaml_node *x = n->first; rc == RC_OK && x; x = x->next) rc = read_model(r, x, e);
    return rc;
}

static enum rc read_words(struct reader *r, const struct yaml_node *list, const struct word_rule **head, struct err *e)
{
    enum rc rc = want_kind(r, list, YAML_LIST, e);

    for (const struct yaml_node *x = list->first; rc == RC_OK && x; x = x->next) {
        struct word_rule *w = make(r, sizeof(*w));

        if (!w) return no_memory(e);
        rc = dup_text(r, x, &w->text, e);
        w->next = *head;
        *head = w;
    }
    return rc;
}

static enum rc read_licences(struct reader *r, const struct yaml_node *n, struct err *e)
{
    static const char *const known[] = {"allow"};
    const struct yaml_node *allow;
    enum rc rc = want_map(r, n, known, COUNT_OF(known), e);

    if (rc == RC_OK) rc = want_member(r, n, "allow", &allow, e);
    if (rc == RC_OK) rc = read_words(r, allow, &r->p->licences, e);
    return rc;
}

/* ---- output and approval ---------------------------------------------------------------------------------------- */

static enum rc read_languages(struct reader *r, const struct yaml_node *list, struct err *e)
{
    enum rc rc = want_kind(r, list, YAML_LIST, e);

    if (rc == RC_OK && !list->count) return yaml_bad(r->y, list, e, "at least one language is needed");
    if (rc == RC_OK) r->p->n_languages = 0;
    for (const struct yaml_node *x = list->first; rc == RC_OK && x; x = x->next) {
        size_t i;
        rc = yaml_choice(r->y, x, policy_languages, COUNT_OF(policy_languages), &i, e);
        if (rc != RC_OK) return rc;
        for (size_t k = 0; k < r->p->n_languages; k++)
            if (r->p->languages[k] == policy_languages[i])
                return yaml_bad(r->y, x, e, "'%s' stands here twice", policy_languages[i]);
        r->p->languages[r->p->n_languages++] = policy_languages[i];
    }
    return rc;
}

static enum rc read_formality(struct reader *r, const struct yaml_node *map, struct err *e)
{
    static const char *const names[] = {"formal", "informal"};
    enum rc rc = want_map(r, map, policy_languages, COUNT_OF(policy_languages), e);

    for (size_t i = 0; rc == RC_OK && i < COUNT_OF(policy_languages); i++) {
        const struct yaml_node *x = yaml_get(map, policy_languages[i]);
        size_t choice;
        if (!x) continue;
        rc = yaml_choice(r->y, x, names, COUNT_OF(names), &choice, e);
        if (rc == RC_OK) r->p->informal[i] = choice == 1;
    }
    return rc;
}

static enum rc read_output(struct reader *r, const struct yaml_node *n, struct err *e)
{
    static const char *const known[] = {"languages", "formality", "max_sentences", "forbidden", "promises", "unknown_words"};
    static const char *const unknown[] = {"keep", "drop"};
    static const char *const promises[] = {"flag", "drop", "keep"};
    const struct yaml_node *x;
    int64_t max;
    size_t i;
    enum rc rc = want_map(r, n, known, COUNT_OF(known), e);

    if (rc == RC_OK && (x = yaml_get(n, "languages"))) rc = read_languages(r, x, e);
    if (rc == RC_OK && (x = yaml_get(n, "formality"))) rc = read_formality(r, x, e);
    if (rc == RC_OK && (x = yaml_get(n, "max_sentences"))) {
        rc = yaml_int(r->y, x, 1, MAX_SENTENCES, &max, e);
        if (rc == RC_OK) r->p->max_sentences = (unsigned)max;
    }
    if (rc == RC_OK && (x = yaml_get(n, "forbidden"))) rc = read_words(r, x, &r->p->forbidden, e);
    if (rc == RC_OK && (x = yaml_get(n, "promises"))) {
        rc = yaml_choice(r->y, x, promises, COUNT_OF(promises), &i, e);
        if (rc == RC_OK) r->p->promises = (enum promises)i;
    }
    if (rc == RC_OK && (x = yaml_get(n, "unknown_words"))) {
        rc = yaml_choice(r->y, x, unknown, COUNT_OF(unknown), &i, e);
        if (rc == RC_OK) r->p->drop_unknown_words = i == 1;
    }
    return rc;
}

static enum rc read_four_eyes(struct reader *r, const struct yaml_node *n, struct err *e)
{
    static const char *const known[] = {"field", "value"};
    const struct yaml_node *field, *value;
    double number;
    enum rc rc = want_map(r, n, known, COUNT_OF(known), e);

    if (rc == RC_OK) rc = want_member(r, n, "field", &field, e);
    if (rc == RC_OK) rc = want_member(r, n, "value", &value, e);
    if (rc == RC_OK) rc = dup_text(r, field, &r->p->four_eyes_field, e);
    if (rc == RC_OK) rc = dup_text(r, value, &r->p->four_eyes_value, e);
    if (rc == RC_OK && !str_double(r->p->four_eyes_value, 0, 1e18, &number))
        rc = yaml_bad(r->y, value, e, "expected an amount");
    return rc;
}

static enum rc read_approval(struct reader *r, const struct yaml_node *n, struct err *e)
{
    static const char *const known[] = {"summary", "email", "enrichment", "four_eyes_above"};
    static const char *const names[] = {"person", "auto"};
    const struct yaml_node *x;
    size_t choice;
    enum rc rc = want_map(r, n, known, COUNT_OF(known), e);

    for (size_t i = 0; rc == RC_OK && i < N_PURPOSES; i++) {
        if (!(x = yaml_get(n, purpose_names[i]))) continue;
        rc = yaml_choice(r->y, x, names, COUNT_OF(names), &choice, e);
        if (rc == RC_OK) r->p->auto_approve[i] = choice == 1;
    }
    if (rc == RC_OK && (x = yaml_get(n, "four_eyes_above"))) rc = read_four_eyes(r, x, e);
    return rc;
}

/* ---- roles and retention ---------------------------------------------------------------------------------------- */

static enum rc read_hidden(struct reader *r, const struct yaml_node *list, struct role_rule *role, struct err *e)
{
    enum rc rc = read_words(r, list, &role->hide, e);

    for (const struct yaml_node *x = list->first; rc == RC_OK && x; x = x->next)
        if (!path_ok(x->text) || !strchr(x->text, '.'))
            rc = yaml_bad(r->y, x, e, "a hidden field is written OBJECT.FIELD: 'opportunity.amount'");
    return rc;
}

static enum rc read_role(struct reader *r, const struct yaml_node *n, struct err *e)
{
    static const char *const known[] = {"records", "approve", "reveal",  "jobs",    "erase", "audit",
                                        "audit_content", "content", "sources", "objects", "hide"};
    static const char *const scopes[] = {"own", "team", "all"};
    struct role_rule *role = make(r, sizeof(*role));
    struct {
        const char *key;
        bool *flag;
    } flags[6];
    const struct yaml_node *x;
    size_t i;
    enum rc rc;

    if (!role || !(role->name = arena_dup(&r->p->arena, n->key))) return no_memory(e);
    role->content = true;
    flags[0].key = "reveal", flags[0].flag = &role->reveal;
    flags[1].key = "jobs", flags[1].flag = &role->jobs;
    flags[2].key = "erase", flags[2].flag = &role->erase;
    flags[3].key = "audit", flags[3].flag = &role->audit;
    flags[4].key = "content", flags[4].flag = &role->content;
    flags[5].key = "audit_content", flags[5].flag = &role->audit_content;
    rc = want_map(r, n, known, COUNT_OF(known), e);
    if (rc == RC_OK && (x = yaml_get(n, "records"))) {
        rc = yaml_choice(r->y, x, scopes, COUNT_OF(scopes), &i, e);
        if (rc == RC_OK) role->scope = (enum scope)(i + SCOPE_OWN);
    }
    if (rc == RC_OK && (x = yaml_get(n, "approve"))) rc = purpose_flags(r, x, role->approve, e);
    for (i = 0; rc == RC_OK && i < COUNT_OF(flags); i++)
        if ((x = yaml_get(n, flags[i].key))) rc = yaml_bool(r->y, x, flags[i].flag, e);
    if (rc == RC_OK && (x = yaml_get(n, "sources"))) rc = read_words(r, x, &role->sources, e);
    if (rc == RC_OK && (x = yaml_get(n, "objects"))) rc = read_words(r, x, &role->objects, e);
    if (rc == RC_OK && (x = yaml_get(n, "hide"))) rc = read_hidden(r, x, role, e);
    role->next = r->p->roles;
    r->p->roles = role;
    return rc;
}

static enum rc read_roles(struct reader *r, const struct yaml_node *n, struct err *e)
{
    enum rc rc = want_kind(r, n, YAML_MAP, e);

    for (const struct yaml_node *x = n->first; rc == RC_OK && x; x = x->next) rc = read_role(r, x, e);
    return rc;
}

static enum rc read_retention(struct reader *r, const struct yaml_node *n, struct err *e)
{
    static const char *const known[] = {"briefs", "sealed_values", "audit"};
    enum rc rc = want_map(r, n, known, COUNT_OF(known), e);

    for (size_t i = 0; rc == RC_OK && i < COUNT_OF(known); i++) {
        const struct yaml_node *x = yaml_get(n, known[i]);
        if (x) rc = yaml_duration(r->y, x, &r->p->retention_us[i], e);
    }
    return rc;
}

static enum rc read_audit(struct reader *r, const struct yaml_node *n, struct err *e)
{
    static const char *const known[] = {"content"};
    const struct yaml_node *x;
    enum rc rc = want_map(r, n, known, COUNT_OF(known), e);

    if (rc == RC_OK && (x = yaml_get(n, "content"))) rc = yaml_bool(r->y, x, &r->p->audit_content, e);
    return rc;
}

static enum rc read_decisions(struct reader *r, const struct yaml_node *list, struct training_rules *t, struct err *e)
{
    static const char *const names[] = {"approved", "edited"};
    enum rc rc = want_kind(r, list, YAML_LIST, e);

    for (const struct yaml_node *x = list->first; rc == RC_OK && x; x = x->next) {
        size_t i;

        rc = yaml_choice(r->y, x, names, COUNT_OF(names), &i, e);
        if (rc == RC_OK) *(i == 0 ? &t->approved : &t->edited) = true;
    }
    return rc;
}

static enum rc read_training(struct reader *r, const struct yaml_node *n, struct err *e)
{
    static const char *const known[] = {"purposes", "briefs", "owners", "blocked_when"};
    const struct yaml_node *purposes, *briefs, *owners, *blocked;
    struct training_rules *t = make(r, sizeof(*t));
    enum rc rc;

    if (!t) return no_memory(e);
    if ((rc = want_map(r, n, known, COUNT_OF(known), e)) != RC_OK ||
        (rc = want_member(r, n, "purposes", &purposes, e)) != RC_OK || (rc = want_member(r, n, "briefs", &briefs, e)) != RC_OK ||
        (rc = want_member(r, n, "owners", &owners, e)) != RC_OK || (rc = purpose_flags(r, purposes, t->purposes, e)) != RC_OK ||
        (rc = read_decisions(r, briefs, t, e)) != RC_OK)
        return rc;
    if (owners->kind == YAML_SCALAR && !str_eq(owners->text, "all"))
        return yaml_bad(r->y, owners, e, "expected 'all' or a list of owners as the source names them");
    if (owners->kind != YAML_SCALAR && (rc = read_words(r, owners, &t->owners, e)) != RC_OK) return rc;
    if (owners->kind != YAML_SCALAR && !t->owners) return yaml_bad(r->y, owners, e, "nobody is listed; expected owners or 'all'");
    if ((blocked = yaml_get(n, "blocked_when")) && (rc = read_conditions(r, blocked, &t->blocked, e)) != RC_OK) return rc;
    t->line = n->line;
    r->p->training = t;
    return RC_OK;
}

static enum rc read_instructions(struct reader *r, const struct yaml_node *n, struct err *e)
{
    static const char *const names[] = {"flag", "quarantine"};
    size_t i;
    enum rc rc = yaml_choice(r->y, n, names, COUNT_OF(names), &i, e);

    if (rc == RC_OK) r->p->quarantine_instructions = i == 1;
    return rc;
}

static enum rc read_version(struct reader *r, const struct yaml_node *n, struct err *e)
{
    int64_t version;

    return yaml_int(r->y, n, 1, 1, &version, e);
}

/* ---- the file --------------------------------------------------------------------------------------------------- */

/* What is not there allows nothing: a file for `redact` alone needs no more than version and pii. */
static const struct {
    const char *key;
    section_fn *read;
    bool required;
} sections[] = {
    {"version", read_version, true},     {"purposes", read_purposes, false},   {"objects", read_objects, false},
    {"facts", read_facts, false},        {"pii", read_pii, false},            {"licences", read_licences, false},
    {"regions", read_regions, false},    {"models", read_models, false},   {"output", read_output, false},      {"approval", read_approval, false},
    {"roles", read_roles, false},        {"retention", read_retention, false}, {"instructions", read_instructions, false},
    {"audit", read_audit, false},        {"training", read_training, false},
};

static enum rc read_sections(struct reader *r, const struct yaml_node *root, struct err *e)
{
    const char *known[COUNT_OF(sections)];
    enum rc rc;

    for (size_t i = 0; i < COUNT_OF(sections); i++) known[i] = sections[i].key;
    rc = want_map(r, root, known, COUNT_OF(known), e);
    for (size_t i = 0; rc == RC_OK && i < COUNT_OF(sections); i++) {
        const struct yaml_node *n = yaml_get(root, sections[i].key);
        if (n)
            rc = sections[i].read(r, n, e);
        else if (sections[i].required)
            rc = yaml_bad(r->y, root, e, "'%s' is missing", sections[i].key);
    }
    return rc;
}

static enum rc read_bytes(const char *path, char **out, size_t *n, struct err *e)
{
    FILE *f = fopen(path, "rb");
    char *bytes = NULL;
    enum rc rc = RC_OK;

    if (!f) return err_sys(e, RC_BAD, errno, "policy: open %s", path);
    bytes = malloc(YAML_MAX_BYTES + 1);
    if (!bytes) {
        rc = no_memory(e);
        goto out;
    }
    *n = fread(bytes, 1, YAML_MAX_BYTES + 1, f);
    if (ferror(f)) {
        rc = err_sys(e, RC_BAD, errno, "policy: read %s", path);
        goto out;
    }
    *out = bytes;
    bytes = NULL;
out:
    free(bytes);
    fclose(f);
    return rc;
}

enum rc policy_file_read(const char *path, struct policy *p, struct err *e)
{
    struct yaml *y = NULL;
    char *bytes = NULL;
    size_t n = 0;
    uint8_t digest[SHA256_SIZE];
    enum rc rc = read_bytes(path, &bytes, &n, e);

    if (rc == RC_OK) rc = yaml_parse(path, bytes, n, &y, e); /* one read: what is hashed is what is parsed */
    if (rc != RC_OK) goto out;
    sha256(bytes, n, digest);
    str_hex(digest, sizeof(digest), p->hash);
    p->n_source = n;
    p->source = arena_ndup(&p->arena, bytes, n);
    if (!p->source) {
        rc = no_memory(e);
        goto out;
    }
    rc = read_sections(&(struct reader){.y = y, .p = p}, yaml_root(y), e);
out:
    yaml_close(y);
    free(bytes);
    return rc;
}
