/* explain.c: the dry run: which rule lets what of a record through, and which line of the file says so.
 *
 * It asks the same functions as admit.c, and admit.c itself for its verdict and for the names that it finds in texts, so
 * that what it tells is what would happen. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "../base/str.h"
#include "admit.h"

#define MAX_DEPTH 8
#define MAX_PATH_BYTES 512
#define MAX_KINDS 64 /* different entities of one text that are told */

static const char *const action_names[] = {"keep", "slot", "mask", "hash", "drop", "block"};

struct explaining {
    const struct policy *p;
    const struct record *root;
    const struct policy_request *q;
    const struct object_rules *object;
    const struct policy_admitted *admitted; /* NULL: refused */
    struct scanner *scanner;
    policy_explain_fn on_entry;
    void *ctx;
};

const char *policy_legal_basis(const struct policy *p, enum purpose purpose)
{
    return p->purposes[purpose].legal_basis;
}

static enum rc tell(const struct explaining *x, const struct record *r, const char *path, const char *action, size_t line,
                    struct err *e, const char *fmt, ...) PRINTF_LIKE(7, 8);
static enum rc tell(const struct explaining *x, const struct record *r, const char *path, const char *action, size_t line,
                    struct err *e, const char *fmt, ...)
{
    char record[MAX_PATH_BYTES] = "", why[512];
    va_list ap;

    if (r) snprintf(record, sizeof(record), "%s/%s", r->object, r->id);
    va_start(ap, fmt);
    vsnprintf(why, sizeof(why), fmt, ap);
    va_end(ap);
    return x->on_entry(x->ctx,
                       &(struct policy_explained){.record = record, .path = path, .action = action, .why = why, .line = line}, e);
}

/* ---- rules on the whole ----------------------------------------------------------------------------------------- */

static enum rc tell_conditions(const struct explaining *x, const struct blocked_rule *rules, const char *what, struct err *e)
{
    char path[MAX_PATH_BYTES];
    enum rc rc = RC_OK;

    for (const struct blocked_rule *b = rules; rc == RC_OK && b; b = b->next) {
        snprintf(path, sizeof(path), "%s.%s", b->object, b->field);
        rc = tell(x, NULL, path, admit_holds_above(x->root, b) ? "holds" : "passes", b->line, e, "%s: is %s", what, b->is);
    }
    return rc;
}

static enum rc tell_rules(const struct explaining *x, const struct err *refused, struct err *e)
{
    const char *purpose = purpose_name(x->q->purpose);
    const struct purpose_rules *rules = &x->p->purposes[x->q->purpose];
    char path[MAX_PATH_BYTES];
    enum rc rc = RC_OK;

    if (!x->admitted) rc = tell(x, x->root, "", "refused", 0, e, "%s", refused->msg);
    snprintf(path, sizeof(path), "purposes.%s", purpose);
    if (rc == RC_OK)
        rc = rules->legal_basis ? tell(x, NULL, path, "admitted", rules->line, e, "legal_basis: %s", rules->legal_basis)
                                : tell(x, NULL, path, "refused", 0, e, "the purpose is not in the file");
    if (rc == RC_OK) rc = tell_conditions(x, rules->blocked, "blocked_when", e);
    if (rc == RC_OK) rc = tell_conditions(x, rules->consent, "consent_given", e);
    if (rc == RC_OK && x->p->regions)
        rc = tell(x, NULL, "regions", "holds", 0, e, "its data are of region %s", policy_region(x->p, x->root));
    return rc;
}

/* ---- entities ------------------------------------------------------------------------------------------------------ */

static size_t action_line(const struct policy *p, const char *entity)
{
    for (const struct entity_rule *r = p->entities; r; r = r->next)
        if (str_eq(r->entity, entity)) return r->line;
    if (str_eq(entity, "STAFF")) return action_line(p, "PERSON");
    return p->default_line;
}

static enum rc tell_entity(const struct explaining *x, const struct record *r, const char *path, const char *entity,
                           const char *where, struct err *e)
{
    return tell(x, r, path, action_names[policy_action(x->p, entity)], action_line(x->p, entity), e, "%s%s", where, entity);
}

struct kinds { /* entities that were told of this text */
    const char *names[MAX_KINDS];
    size_t n;
};

static bool is_new(struct kinds *k, const char *entity)
{
    for (size_t i = 0; i < k->n; i++)
        if (str_eq(k->names[i], entity)) return false;
    if (k->n < MAX_KINDS) k->names[k->n++] = entity;
    return true;
}

static enum rc tell_detected(const struct explaining *x, const struct record *r, const char *path, const struct field *f,
                             struct kinds *k, struct err *e)
{
    struct found *found = NULL;
    size_t n = 0;
    enum rc rc = detect_scan(x->scanner->detect, f->text, strlen(f->text), &found, &n, e);

    if (rc == RC_OK) rc = detect_resolve(found, &n, e);
    for (size_t i = 0; rc == RC_OK && i < n; i++)
        if (is_new(k, found[i].entity)) rc = tell_entity(x, r, path, found[i].entity, "in the text: ", e);
    free(found);
    return rc;
}

static enum rc tell_special(const struct explaining *x, const struct record *r, const char *path, const struct field *f,
                            struct err *e)
{
    static const char *const actions[] = {"drop", "keep", "block"};
    struct special_found *found = NULL;
    size_t n = 0;
    bool orders = false;
    enum rc rc = special_scan(x->scanner->special, f->text, strlen(f->text), &found, &n, e);

    for (size_t i = 0; rc == RC_OK && i < n; i++)
        rc = tell(x, r, path, actions[x->p->special], x->p->special_line, e, "a clause about %s (special_categories)",
                  special_name(found[i].category));
    free(found);
    if (rc == RC_OK) rc = suspicious_scan(x->scanner->suspicious, f->text, strlen(f->text), &orders, NULL, NULL, e);
    if (rc == RC_OK && orders)
        rc = tell(x, r, path, x->p->quarantine_instructions ? "refused" : "holds", 0, e, "text that gives orders (instructions)");
    return rc;
}

/* What names admit.c found in this field: they stand in its slots. */
static enum rc tell_slots(const struct explaining *x, const struct policy_node *node, const struct record *r, const char *path,
                          const char *provenance, struct kinds *k, struct err *e)
{
    enum rc rc = RC_OK;

    for (; rc == RC_OK && node; node = node->next) {
        for (size_t i = 0; rc == RC_OK && str_eq(node->path, provenance) && i < node->n_pieces; i++) {
            const struct policy_piece *piece = &node->pieces[i];
            static const char *const names[] = {"PERSON", "ORG", "STAFF"};
            for (size_t m = 0; rc == RC_OK && piece->slot && m < COUNT_OF(names); m++)
                if (piece->n > strlen(names[m]) + 1 && strncmp(piece->bytes + 1, names[m], strlen(names[m])) == 0 && is_new(k, names[m]))
                    rc = tell_entity(x, r, path, names[m], "in the text: ", e);
        }
        if (rc == RC_OK) rc = tell_slots(x, node->first, r, path, provenance, k, e);
    }
    return rc;
}

/* ---- fields -------------------------------------------------------------------------------------------------------- */

static const struct path_rule *rule_for(const struct explaining *x, const char *path)
{
    const struct path_rule *last = NULL;

    for (const struct path_rule *w = x->object->paths[x->q->purpose]; w; w = w->next)
        if (policy_admits(&(struct path_rule){.path = w->path}, path)) last = w;
    return last; /* rules are kept last first: the first of the file */
}

static enum rc tell_value(const struct explaining *x, const struct record *r, const struct field *f, const char *path,
                          struct err *e)
{
    const char *entity = f->entity ? detect_entity(f->entity) : NULL;
    char provenance[MAX_PATH_BYTES];
    struct kinds kinds = {.n = 0};
    enum rc rc;

    if (f->entity && !entity) entity = f->entity;
    if (!entity && f->type == FIELD_MONEY) entity = "MONEY";
    if (!entity && (f->type == FIELD_DATE || f->type == FIELD_TIMESTAMP)) entity = "DATE_TIME";
    if (!entity && (f->type == FIELD_INTEGER || f->type == FIELD_DECIMAL)) entity = "NUMBER";
    if (entity) return tell_entity(x, r, path, entity, "the field is ", e);
    if (f->type != FIELD_TEXT && f->type != FIELD_ENUM) return RC_OK;
    snprintf(provenance, sizeof(provenance), "%s/%s.%s", r->object, r->id, f->name);
    rc = tell_detected(x, r, path, f, &kinds, e);
    if (rc == RC_OK && x->admitted) rc = tell_slots(x, policy_admitted_root(x->admitted), r, path, provenance, &kinds, e);
    return rc == RC_OK && f->type == FIELD_TEXT ? tell_special(x, r, path, f, e) : rc;
}

static enum rc tell_field(const struct explaining *x, const struct record *r, const struct field *f, const char *prefix,
                          struct err *e)
{
    const char *purpose = purpose_name(x->q->purpose);
    char path[MAX_PATH_BYTES];
    const struct path_rule *rule;
    enum rc rc;

    snprintf(path, sizeof(path), "%s%s%s", prefix, *prefix ? "." : "", f->name);
    rule = rule_for(x, path);
    if (!rule)
        return tell(x, r, path, "left out", x->object->lines[x->q->purpose], e, "not in the list of %s: %s", x->root->object, purpose);
    if (!f->text || !*f->text || f->type == FIELD_NULL)
        return tell(x, r, path, "admitted", rule->line, e, "listed as %s; it is empty", rule->path);
    if (f->type == FIELD_REFERENCE) return tell(x, r, path, "left out", 0, e, "a reference to another record, no text");
    rc = tell(x, r, path, "admitted", rule->line, e, "listed as %s", rule->path);
    return rc == RC_OK ? tell_value(x, r, f, path, e) : rc;
}

/* full_name is no field of the record: admit.c makes it of the name's parts. */
static enum rc tell_full_name(const struct explaining *x, const struct record *r, const char *prefix, bool staff, struct err *e)
{
    char path[MAX_PATH_BYTES];
    const struct path_rule *rule;
    bool person = false;
    enum rc rc;

    snprintf(path, sizeof(path), "%s%sfull_name", prefix, *prefix ? "." : "");
    for (const struct field *f = r->fields; f; f = f->next) person = person || (f->part && f->entity && f->text);
    rule = person && !record_field(r, "full_name") ? rule_for(x, path) : NULL;
    if (!rule) return RC_OK;
    rc = tell(x, r, path, "admitted", rule->line, e, "listed as %s; made of the name's parts", rule->path);
    return rc == RC_OK ? tell_entity(x, r, path, staff ? "STAFF" : "PERSON", "the field is ", e) : rc;
}

static enum rc tell_record(const struct explaining *x, const struct record *r, const char *prefix, int depth, struct err *e)
{
    char path[MAX_PATH_BYTES];
    enum rc rc = RC_OK;

    for (const struct field *f = r->fields; rc == RC_OK && f; f = f->next) rc = tell_field(x, r, f, prefix, e);
    if (rc == RC_OK) rc = tell_full_name(x, r, prefix, str_eq(r->object, "user"), e);
    for (const struct record_parent *p = r->parents; rc == RC_OK && p && depth < MAX_DEPTH; p = p->next) {
        snprintf(path, sizeof(path), "%s%s%s", prefix, *prefix ? "." : "", p->name);
        rc = tell_record(x, p->record, path, depth + 1, e);
    }
    for (const struct record_list *l = r->lists; rc == RC_OK && l && depth < MAX_DEPTH; l = l->next) {
        snprintf(path, sizeof(path), "%s%s%s", prefix, *prefix ? "." : "", l->name);
        for (size_t i = 0; rc == RC_OK && i < l->count; i++) rc = tell_record(x, l->items[i], path, depth + 1, e);
    }
    return rc;
}

enum rc policy_explain(const struct policy *p, const struct record *r, const struct policy_request *q,
                       policy_explain_fn on_entry, void *ctx, struct err *e)
{
    struct explaining x = {.p = p, .root = r, .q = q, .on_entry = on_entry, .ctx = ctx};
    struct policy_admitted *admitted = NULL;
    struct err refused = {""};
    enum rc rc = policy_admit(p, r, q, &admitted, &refused);

    if (rc != RC_OK && rc != RC_REFUSED) return err_set(e, rc, "%s", refused.msg);
    x.admitted = admitted;
    x.object = policy_object(p, r->object);
    rc = policy_scanner_take(p, &x.scanner, e);
    if (rc == RC_OK) rc = tell_rules(&x, &refused, e);
    if (rc == RC_OK && !(x.object && x.object->paths[q->purpose]))
        rc = tell(&x, NULL, r->object, "left out", x.object ? x.object->line : 0, e, "no list of fields for %s", purpose_name(q->purpose));
    else if (rc == RC_OK)
        rc = tell_record(&x, r, "", 0, e);
    policy_scanner_give(p, x.scanner);
    policy_admitted_close(admitted);
    return rc;
}
