#include "record.h"

#include <stdlib.h>
#include <string.h>

#include "../base/clock.h"
#include "../base/str.h"

#define LABEL_MAX_BYTES 255  /* of an enum label or a reference */
#define DECIMAL_MAX_DIGITS 128

static const char *const type_names[] = {"null", "bool",      "integer", "decimal", "money",
                                         "date", "timestamp", "text",    "enum",    "reference"};
_Static_assert(COUNT_OF(type_names) == FIELD_REFERENCE + 1, "one name for each field type");

const char *field_type_name(enum field_type t)
{
    return type_names[t];
}

bool field_type_parse(const char *s, enum field_type *out)
{
    for (size_t i = 0; i < COUNT_OF(type_names); i++) {
        if (str_eq(s, type_names[i])) {
            *out = (enum field_type)i;
            return true;
        }
    }
    return false;
}

/* ---- life ---------------------------------------------------------------------------------------------------- */

static enum rc no_room(const struct record *r, size_t wanted, struct err *e)
{
    if (r->arena->used + wanted > r->arena->limit)
        return err_set(e, RC_LIMIT, "%s %s %s: the record is larger than %zu bytes", r->source, r->object, r->id,
                       r->arena->limit);
    return err_set(e, RC_NOMEM, "%s %s %s: out of memory", r->source, r->object, r->id);
}

static enum rc make(struct arena *a, const char *source, const char *object, const char *id, struct record **out)
{
    struct record *r = arena_alloc(a, sizeof(*r));

    if (!r) return RC_NOMEM;
    r->arena = a;
    r->source = arena_dup(a, source);
    r->object = arena_dup(a, object);
    r->id = arena_dup(a, id);
    r->version = "";
    if (!r->source || !r->object || !r->id) return RC_NOMEM;
    *out = r;
    return RC_OK;
}

enum rc record_open(const char *source, const char *object, const char *id, struct record **out, struct err *e)
{
    struct arena *a = calloc(1, sizeof(*a));

    if (!a) return err_set(e, RC_NOMEM, "record: out of memory");
    arena_init(a, RECORD_MAX_BYTES);
    if (make(a, source, object, id, out) != RC_OK) {
        arena_clear(a);
        free(a);
        return err_set(e, RC_NOMEM, "record: out of memory");
    }
    return RC_OK;
}

enum rc record_open_in(struct record *root, const char *source, const char *object, const char *id,
                       struct record **out, struct err *e)
{
    if (make(root->arena, source, object, id, out) == RC_OK) return RC_OK;
    return no_room(root, sizeof(struct record) + strlen(source) + strlen(object) + strlen(id) + 64, e);
}

void record_close(struct record *r)
{
    struct arena *a;

    if (!r) return;
    a = r->arena; /* the record itself lies in it */
    arena_wipe(a);
    free(a);
}

/* ---- fields: from the source's text to a typed value ------------------------------------------------------------ */

static bool parse_bool(const char *s, int64_t *out)
{
    static const char *const words[] = {"f", "t", "false", "true", "0", "1", "no", "yes", "n", "y", "off", "on"};

    for (size_t i = 0; i < COUNT_OF(words); i++) {
        if (str_eq_nocase(s, words[i])) {
            *out = (int64_t)(i % 2);
            return true;
        }
    }
    return false;
}

/* Dates also come as timestamps ("2026-03-12 00:00:00") and timestamps as dates. */
static bool parse_date(const char *s, int64_t *days)
{
    int32_t d;
    int64_t us;

    if (date_parse(s, &d)) {
        *days = d;
        return true;
    }
    if (!timestamp_parse(s, &us)) return false;
    *days = date_of_us(us);
    return true;
}

static bool parse_timestamp(const char *s, int64_t *us)
{
    int32_t d;

    if (timestamp_parse(s, us)) return true;
    if (!date_parse(s, &d)) return false;
    *us = d * CLOCK_DAY_US;
    return true;
}

static size_t span_digits(const char *s)
{
    return strspn(s, "0123456789");
}

/* Write [-]d+[.d+] for a number that may carry a plus sign or an exponent (JSON and floating-point columns), without
 * changing a digit. False if malformed or longer than DECIMAL_MAX_DIGITS. */
static bool decimal_form(const char *s, char out[DECIMAL_MAX_DIGITS + 4])
{
    char digits[DECIMAL_MAX_DIGITS + 1];
    size_t n_int, n_frac = 0, n, skip = 0;
    int64_t exponent = 0, point;
    char *o = out;

    if (*s == '-') *o++ = *s;
    if (*s == '-' || *s == '+') s++;
    n_int = span_digits(s);
    if (s[n_int] == '.') {
        n_frac = span_digits(s + n_int + 1);
        if (n_frac == 0) return false;
    }
    n = n_int + n_frac;
    if (n_int == 0 || n > DECIMAL_MAX_DIGITS) return false;
    memcpy(digits, s, n_int);
    if (n_frac) memcpy(digits + n_int, s + n_int + 1, n_frac);
    s += n_int + (n_frac ? n_frac + 1 : 0);
    if (*s == 'e' || *s == 'E') {
        s++;
        if (*s == '+') s++;
        if (!str_int64(s, -DECIMAL_MAX_DIGITS, DECIMAL_MAX_DIGITS, &exponent)) return false;
    } else if (*s) {
        return false;
    }
    point = (int64_t)n_int + exponent; /* digits before the decimal point */
    while (exponent != 0 && skip + 1 < n && digits[skip] == '0' && (int64_t)skip + 1 < point)
        skip++;
    if (point > DECIMAL_MAX_DIGITS || (int64_t)n - point > DECIMAL_MAX_DIGITS - 1) return false;
    if (point <= 0) *o++ = '0';
    for (int64_t i = (int64_t)skip; i < point; i++)
        *o++ = i < (int64_t)n ? digits[i] : '0';
    if ((int64_t)n > point) {
        *o++ = '.';
        for (int64_t i = point; i < (int64_t)n; i++)
            *o++ = i < 0 ? '0' : digits[i];
    }
    *o = '\0';
    return true;
}

/* ISO 4217 alphabetic code into out[4]; "" for none. */
static bool currency_form(const char *s, char out[4])
{
    out[0] = '\0';
    if (!s || !*s) return true;
    for (size_t i = 0; i < 3; i++) {
        char c = s[i];

        if (c >= 'a' && c <= 'z') c = (char)(c - 'a' + 'A');
        if (c < 'A' || c > 'Z') return false;
        out[i] = c;
    }
    out[3] = '\0';
    return s[3] == '\0';
}

/* Parse `raw` (NUL-terminated) into f; the text form, if it differs from raw, into `form`. */
static const char *parse_value(struct field *f, const char *raw, char form[DECIMAL_MAX_DIGITS + 4])
{
    const char *why = NULL;

    form[0] = '\0';
    switch (f->type) {
    case FIELD_BOOL:
        if (!parse_bool(raw, &f->integer)) why = "not true or false";
        else strcpy(form, f->integer ? "true" : "false");
        break;
    case FIELD_INTEGER:
        if (!str_int64(raw, INT64_MIN, INT64_MAX, &f->integer)) why = "not an integer of 64 bits";
        break;
    case FIELD_DECIMAL:
    case FIELD_MONEY:
        if (!decimal_form(raw, form)) why = "not a decimal number";
        break;
    case FIELD_DATE:
        if (!parse_date(raw, &f->integer)) why = "not a date";
        else date_format((int32_t)f->integer, form);
        break;
    case FIELD_TIMESTAMP:
        if (!parse_timestamp(raw, &f->integer)) why = "not a timestamp";
        else timestamp_format(f->integer, form);
        break;
    case FIELD_NULL:
    case FIELD_TEXT:
    case FIELD_ENUM:
    case FIELD_REFERENCE:
        break;
    }
    return why;
}

static enum rc bad_field(const struct record *r, const struct field_spec *spec, enum rc rc, const char *why,
                         struct err *e)
{
    return err_set(e, rc, "%s %s %s: field %s: %s", r->source, r->object, r->id, spec->name, why);
}

static enum rc set_value(struct record *r, struct field *f, const struct field_spec *spec, const char *raw,
                         size_t n, const char *currency, struct err *e)
{
    char form[DECIMAL_MAX_DIGITS + 4], code[4];
    const char *why;
    bool label = spec->type == FIELD_ENUM || spec->type == FIELD_REFERENCE;
    size_t valid = utf8_valid_prefix(raw, n);

    if (n > RECORD_MAX_FIELD_BYTES)
        return err_set(e, RC_LIMIT, "%s %s %s: field %s: %zu bytes, more than %zu", r->source, r->object, r->id,
                       spec->name, n, RECORD_MAX_FIELD_BYTES);
    if (valid != n)
        return err_set(e, RC_BAD, "%s %s %s: field %s: invalid UTF-8 at byte %zu", r->source, r->object, r->id,
                       spec->name, valid);
    if (memchr(raw, 0, n)) return bad_field(r, spec, RC_BAD, "a NUL byte inside", e);
    if (label && n > LABEL_MAX_BYTES) return bad_field(r, spec, RC_LIMIT, "longer than 255 bytes", e);
    f->type = spec->type;
    f->text = arena_ndup(r->arena, raw, n);
    if (!f->text) return no_room(r, n + 1, e);
    why = parse_value(f, f->text, form);
    if (why) return bad_field(r, spec, RC_BAD, why, e);
    if (form[0]) {
        f->text = arena_dup(r->arena, form);
        if (!f->text) return no_room(r, sizeof(form), e);
    }
    if (f->type != FIELD_MONEY) return RC_OK;
    if (!currency_form(currency, code)) return bad_field(r, spec, RC_BAD, "its currency is no ISO 4217 code", e);
    f->currency = arena_dup(r->arena, code);
    return f->currency ? RC_OK : no_room(r, sizeof(code), e);
}

enum rc record_add(struct record *r, const struct field_spec *spec, const char *raw, size_t n, const char *currency,
                   struct err *e)
{
    struct field *f = arena_alloc(r->arena, sizeof(*f));
    const struct field **tail = &r->fields;
    enum rc rc;

    if (!f) return no_room(r, sizeof(*f), e);
    f->type = FIELD_NULL;
    f->name = arena_dup(r->arena, spec->name);
    f->origin = spec->origin;
    f->entity = arena_dup(r->arena, spec->entity);
    f->part = arena_dup(r->arena, spec->part);
    if (!f->name || (spec->entity && !f->entity) || (spec->part && !f->part)) return no_room(r, 256, e);
    if (raw && (n > 0 || spec->type == FIELD_TEXT)) { /* an empty date or sum means that there is none */
        rc = set_value(r, f, spec, raw, n, currency, e);
        if (rc != RC_OK) return rc;
    }
    while (*tail)
        tail = (const struct field **)&(*tail)->next;
    *tail = f;
    return RC_OK;
}

/* ---- parents and children ------------------------------------------------------------------------------------ */

enum rc record_add_parent(struct record *r, const char *name, struct record *parent, struct err *e)
{
    struct record_parent *p = arena_alloc(r->arena, sizeof(*p));
    const struct record_parent **tail = &r->parents;

    if (!p) return no_room(r, sizeof(*p), e);
    p->name = arena_dup(r->arena, name);
    p->record = parent;
    if (!p->name) return no_room(r, strlen(name) + 1, e);
    while (*tail)
        tail = (const struct record_parent **)&(*tail)->next;
    *tail = p;
    return RC_OK;
}

static struct record_list *list_make(struct record *r, const char *name)
{
    struct record_list *l = arena_alloc(r->arena, sizeof(*l));
    const struct record_list **tail = &r->lists;

    if (!l) return NULL;
    l->name = arena_dup(r->arena, name);
    if (!l->name) return NULL;
    while (*tail)
        tail = (const struct record_list **)&(*tail)->next;
    *tail = l;
    return l;
}

enum rc record_add_child(struct record *r, const char *name, struct record *child, struct err *e)
{
    struct record_list *l = (struct record_list *)record_list_named(r, name); /* ours: made by list_make() */

    if (!l) l = list_make(r, name);
    if (!l) return no_room(r, sizeof(*l) + strlen(name) + 1, e);
    if (!child) return RC_OK;
    if (l->count >= RECORD_MAX_CHILDREN)
        return err_set(e, RC_LIMIT, "%s %s %s: more than %d children in %s", r->source, r->object, r->id,
                       RECORD_MAX_CHILDREN, name);
    if ((l->count & (l->count - 1)) == 0) { /* room for 1, 2, 4, 8, ... */
        size_t room = l->count ? 2 * l->count : 1;
        struct record **items = arena_array(r->arena, room, sizeof(*items));

        if (!items) return no_room(r, room * sizeof(*items), e);
        if (l->count) memcpy(items, l->items, l->count * sizeof(*items));
        l->items = items;
    }
    l->items[l->count++] = child;
    return RC_OK;
}

const struct field *record_field(const struct record *r, const char *name)
{
    const struct field *f = r->fields;

    while (f && !str_eq(f->name, name))
        f = f->next;
    return f;
}

const struct record *record_parent_named(const struct record *r, const char *name)
{
    const struct record_parent *p = r->parents;

    while (p && !str_eq(p->name, name))
        p = p->next;
    return p ? p->record : NULL;
}

const struct record_list *record_list_named(const struct record *r, const char *name)
{
    const struct record_list *l = r->lists;

    while (l && !str_eq(l->name, name))
        l = l->next;
    return l;
}
