#include "json_schema.h"

#include <string.h>
#include "../base/str.h"

#define MAX_ALTERNATIVES 4096
#define MAX_DEPTH        32
#define MAX_COUNT        (1u << 20) /* of minLength and minItems */

struct reader {
    struct arena *arena;
    size_t n_alternatives;
    struct err *e;
};

static enum rc no_room(const struct reader *r)
{
    return err_set(r->e, r->arena->used >= r->arena->limit / 2 ? RC_LIMIT : RC_NOMEM, "schema: too large for memory");
}

static enum rc bad(const struct reader *r, const char *place, const char *what)
{
    return err_set(r->e, RC_BAD, "schema: %s: %s", place, what);
}

static struct schema any_value(const char *place)
{
    return (struct schema){.place = place, .types = TYPE_ANY, .max_length = SCHEMA_NO_MOST, .max_items = SCHEMA_NO_MOST};
}

/* ---- values ------------------------------------------------------------------------------------------------------- */

static bool same_value(const cJSON *a, const cJSON *b);

static bool same_members(const cJSON *a, const cJSON *b)
{
    const cJSON *item;

    if (cJSON_GetArraySize(a) != cJSON_GetArraySize(b)) return false;
    cJSON_ArrayForEach(item, a)
        if (!same_value(item, cJSON_GetObjectItemCaseSensitive(b, item->string))) return false;
    return true;
}

static bool same_items(const cJSON *a, const cJSON *b)
{
    const cJSON *x = a->child, *y = b->child;

    for (; x && y && same_value(x, y); x = x->next) y = y->next;
    return !x && !y;
}

static bool same_value(const cJSON *a, const cJSON *b)
{
    struct decimal x, y;

    if (!b || (a->type & 0xFF) != (b->type & 0xFF)) return false;
    if (cJSON_IsString(a)) return strcmp(a->valuestring, b->valuestring) == 0;
    if (cJSON_IsObject(a)) return same_members(a, b);
    if (cJSON_IsArray(a)) return same_items(a, b);
    if (json_digits(a))
        return decimal_parse(json_digits(a), &x) && decimal_parse(json_digits(b), &y) && decimal_compare(&x, &y) == 0;
    return true;
}

static bool holds_value(const struct schema *s, const cJSON *value)
{
    for (size_t i = 0; i < s->n_values; i++)
        if (same_value(s->values[i], value)) return true;
    return !s->has_values;
}

static bool fits_one(const struct schema_list *l, const cJSON *value)
{
    for (size_t i = 0; i < l->n; i++)
        if (schema_fits(&l->alternatives[i], value)) return true;
    return false;
}

static const struct schema_property *property_of(const struct schema *s, const char *name)
{
    for (size_t i = 0; i < s->n_properties; i++)
        if (strcmp(s->properties[i].name, name) == 0) return &s->properties[i];
    return NULL;
}

static bool fits_number(const struct schema *s, const char *digits)
{
    struct decimal d;
    int low, high;

    if (!decimal_parse(digits, &d)) return false;
    low = s->least.set ? decimal_compare(&d, &s->least.at) : 1;
    high = s->most.set ? decimal_compare(&d, &s->most.at) : -1;
    return s->types & (d.n_frac ? TYPE_FRACTION : TYPE_INTEGER) && (low > 0 || (low == 0 && !s->least.exclusive)) &&
           (high < 0 || (high == 0 && !s->most.exclusive));
}

static size_t count_characters(const char *s)
{
    size_t n = 0;

    for (; *s; s++) n += ((unsigned char)*s & 0xC0) != 0x80;
    return n;
}

static bool fits_members(const struct schema *s, const cJSON *value)
{
    const cJSON *item;

    for (size_t i = 0; i < s->n_required; i++)
        if (!cJSON_GetObjectItemCaseSensitive(value, s->required[i])) return false;
    cJSON_ArrayForEach(item, value) {
        const struct schema_property *p = property_of(s, item->string);

        if (p ? !fits_one(&p->value, item) : s->closed) return false;
    }
    return true;
}

static bool fits_items(const struct schema *s, const cJSON *value)
{
    size_t n = (size_t)cJSON_GetArraySize(value);
    const cJSON *item;

    if (n < s->min_items || n > s->max_items) return false;
    cJSON_ArrayForEach(item, value)
        if (s->items && !fits_one(s->items, item)) return false;
    return true;
}

bool schema_fits(const struct schema *s, const cJSON *value)
{
    size_t n;

    if (!holds_value(s, value)) return false;
    if (cJSON_IsNull(value)) return s->types & TYPE_NULL;
    if (cJSON_IsBool(value)) return s->types & TYPE_BOOLEAN;
    if (json_digits(value)) return fits_number(s, json_digits(value));
    if (cJSON_IsArray(value)) return s->types & TYPE_ARRAY && fits_items(s, value);
    if (cJSON_IsObject(value)) return s->types & TYPE_OBJECT && fits_members(s, value);
    n = count_characters(value->valuestring);
    return s->types & TYPE_STRING && n >= s->min_length && n <= s->max_length;
}

/* ---- both at once ------------------------------------------------------------------------------------------------- */

static enum rc merge_lists(struct reader *r, const struct schema_list *a, const struct schema_list *b,
                           struct schema_list *out);

static uint32_t greater(uint32_t a, uint32_t b)
{
    return a > b ? a : b;
}

static uint32_t smaller(uint32_t a, uint32_t b)
{
    return a < b ? a : b;
}

/* The tighter of two limits; way: 1 for lower limits, -1 for upper ones. */
static struct number_bound tighter(const struct number_bound *a, const struct number_bound *b, int way)
{
    int order;

    if (!a->set || !b->set) return a->set ? *a : *b;
    order = way * decimal_compare(&a->at, &b->at);
    if (order != 0) return order > 0 ? *a : *b;
    return a->exclusive ? *a : *b;
}

/* A property that one side lists: the other's additionalProperties: false forbids it. */
static enum rc merge_properties(struct reader *r, const struct schema *a, const struct schema *b, struct schema *out)
{
    enum rc rc = RC_OK;

    out->n_properties = 0;
    out->properties = arena_array(r->arena, a->n_properties + b->n_properties + 1, sizeof(*out->properties));
    if (!out->properties) return no_room(r);
    for (size_t i = 0; rc == RC_OK && i < a->n_properties; i++) {
        const struct schema_property *other = property_of(b, a->properties[i].name);
        struct schema_property *p = &out->properties[out->n_properties];

        if (!other && b->closed) continue;
        *p = a->properties[i];
        if (other) rc = merge_lists(r, &a->properties[i].value, &other->value, &p->value);
        out->n_properties += p->value.n > 0;
    }
    for (size_t i = 0; i < b->n_properties; i++)
        if (!a->closed && !property_of(a, b->properties[i].name)) out->properties[out->n_properties++] = b->properties[i];
    return rc;
}

static enum rc merge_required(struct reader *r, const struct schema *a, const struct schema *b, struct schema *out)
{
    out->required = arena_array(r->arena, a->n_required + b->n_required + 1, sizeof(*out->required));
    if (!out->required) return no_room(r);
    for (size_t i = 0; i < a->n_required; i++) out->required[i] = a->required[i];
    for (size_t i = 0; i < b->n_required; i++) out->required[a->n_required + i] = b->required[i];
    out->n_required = a->n_required + b->n_required;
    return RC_OK;
}

static enum rc merge_items(struct reader *r, const struct schema *a, const struct schema *b, struct schema *out)
{
    enum rc rc = RC_OK;

    out->items = a->items ? a->items : b->items;
    if (!a->items || !b->items) return RC_OK;
    out->items = arena_alloc(r->arena, sizeof(*out->items));
    if (!out->items) return no_room(r);
    rc = merge_lists(r, a->items, b->items, out->items);
    if (out->items->n == 0) out->max_items = 0;
    return rc;
}

static enum rc merge_values(struct reader *r, const struct schema *a, const struct schema *b, struct schema *out)
{
    const struct schema *from = a->has_values ? a : b, *other = a->has_values ? b : a;

    out->has_values = a->has_values || b->has_values;
    out->n_values = 0;
    out->values = arena_array(r->arena, from->n_values + 1, sizeof(*out->values));
    if (!out->values) return no_room(r);
    for (size_t i = 0; i < from->n_values; i++)
        if (holds_value(other, from->values[i])) out->values[out->n_values++] = from->values[i];
    return RC_OK;
}

static enum rc merge(struct reader *r, const struct schema *a, const struct schema *b, struct schema *out)
{
    enum rc rc;

    *out = (struct schema){.place = b->place, .merged = true, .types = a->types & b->types,
                           .min_length = greater(a->min_length, b->min_length),
                           .max_length = smaller(a->max_length, b->max_length),
                           .min_items = greater(a->min_items, b->min_items),
                           .max_items = smaller(a->max_items, b->max_items),
                           .least = tighter(&a->least, &b->least, 1), .most = tighter(&a->most, &b->most, -1),
                           .closed = a->closed || b->closed};
    rc = merge_values(r, a, b, out);
    if (rc == RC_OK) rc = merge_properties(r, a, b, out);
    if (rc == RC_OK) rc = merge_required(r, a, b, out);
    if (rc == RC_OK) rc = merge_items(r, a, b, out);
    return rc;
}

/* Every alternative of a with every one of b; those without a type in common are left out. */
static enum rc merge_lists(struct reader *r, const struct schema_list *a, const struct schema_list *b,
                           struct schema_list *out)
{
    size_t room = a->n * b->n;
    enum rc rc = RC_OK;

    r->n_alternatives += room;
    if (r->n_alternatives > MAX_ALTERNATIVES)
        return err_set(r->e, RC_LIMIT, "schema: more than %d alternatives in all", MAX_ALTERNATIVES);
    out->n = 0;
    out->alternatives = arena_array(r->arena, room + 1, sizeof(*out->alternatives));
    if (!out->alternatives) return no_room(r);
    for (size_t i = 0; rc == RC_OK && i < a->n; i++)
        for (size_t k = 0; rc == RC_OK && k < b->n; k++) {
            struct schema *s = &out->alternatives[out->n];

            rc = merge(r, &a->alternatives[i], &b->alternatives[k], s);
            out->n += s->types != 0 && (!s->has_values || s->n_values > 0);
        }
    return rc;
}

/* ---- keywords ----------------------------------------------------------------------------------------------------- */

static enum rc read_list(struct reader *r, const cJSON *j, const char *place, int depth, struct schema_list *out);

static const char *place_of(struct reader *r, const char *place, const char *key)
{
    return arena_printf(r->arena, "%.160s/%.60s", place, key);
}

static enum rc add_type(struct reader *r, const cJSON *j, const char *place, unsigned *types)
{
    static const struct {
        const char *name;
        unsigned types;
    } known[] = {{"null", TYPE_NULL},     {"boolean", TYPE_BOOLEAN}, {"integer", TYPE_INTEGER},
                 {"number", TYPE_INTEGER | TYPE_FRACTION},           {"string", TYPE_STRING},
                 {"array", TYPE_ARRAY},   {"object", TYPE_OBJECT}};

    for (size_t i = 0; cJSON_IsString(j) && i < sizeof(known) / sizeof(known[0]); i++)
        if (strcmp(known[i].name, j->valuestring) == 0) {
            *types |= known[i].types;
            return RC_OK;
        }
    return bad(r, place, "type is one of null, boolean, integer, number, string, array, object, or a list of these");
}

static enum rc read_type(struct reader *r, const cJSON *j, int depth, struct schema *s)
{
    enum rc rc = RC_OK;
    const cJSON *item;

    (void)depth;
    s->types = 0;
    if (!cJSON_IsArray(j)) return add_type(r, j, s->place, &s->types);
    if (!j->child) return bad(r, s->place, "the list of types is empty");
    cJSON_ArrayForEach(item, j)
        if (rc == RC_OK) rc = add_type(r, item, s->place, &s->types);
    return rc;
}

/* The digits of every number in an enum's value must be ones that can be compared. */
static bool comparable(const cJSON *value)
{
    struct decimal d;
    const cJSON *item;

    if (json_digits(value)) return decimal_parse(json_digits(value), &d);
    cJSON_ArrayForEach(item, value)
        if (!comparable(item)) return false;
    return true;
}

static enum rc take_values(struct reader *r, const cJSON *first, size_t n, struct schema *s)
{
    struct schema these = any_value(s->place), before = *s;

    these.has_values = true;
    these.values = arena_array(r->arena, n, sizeof(*these.values));
    if (!these.values) return no_room(r);
    for (; these.n_values < n; first = first->next) {
        if (!comparable(first))
            return err_set(r->e, RC_LIMIT, "schema: %s: a number of more than %d digits", s->place, DECIMAL_MAX_DIGITS);
        these.values[these.n_values++] = first;
    }
    return merge_values(r, &before, &these, s); /* enum beside const: what both hold */
}

static enum rc read_enum(struct reader *r, const cJSON *j, int depth, struct schema *s)
{
    (void)depth;
    if (!cJSON_IsArray(j) || !j->child) return bad(r, s->place, "enum is a list of at least one value");
    return take_values(r, j->child, (size_t)cJSON_GetArraySize(j), s);
}

static enum rc read_const(struct reader *r, const cJSON *j, int depth, struct schema *s)
{
    (void)depth;
    return take_values(r, j, 1, s);
}

static enum rc read_required(struct reader *r, const cJSON *j, int depth, struct schema *s)
{
    const cJSON *item;

    (void)depth;
    if (!cJSON_IsArray(j)) return bad(r, s->place, "required is a list of names");
    s->required = arena_array(r->arena, (size_t)cJSON_GetArraySize(j) + 1, sizeof(*s->required));
    if (!s->required) return no_room(r);
    cJSON_ArrayForEach(item, j) {
        if (!cJSON_IsString(item)) return bad(r, s->place, "required is a list of names");
        s->required[s->n_required++] = item->valuestring;
    }
    return RC_OK;
}

static enum rc read_properties(struct reader *r, const cJSON *j, int depth, struct schema *s)
{
    const char *here = place_of(r, s->place, "properties");
    enum rc rc = RC_OK;
    const cJSON *item;

    if (!cJSON_IsObject(j)) return bad(r, s->place, "properties is an object");
    s->properties = arena_array(r->arena, (size_t)cJSON_GetArraySize(j) + 1, sizeof(*s->properties));
    if (!here || !s->properties) return no_room(r);
    cJSON_ArrayForEach(item, j) {
        struct schema_property *p = &s->properties[s->n_properties++];
        const char *place = place_of(r, here, item->string);

        p->name = item->string;
        rc = place ? read_list(r, item, place, depth + 1, &p->value) : no_room(r);
        if (rc != RC_OK) return rc;
    }
    return RC_OK;
}

static enum rc read_items(struct reader *r, const cJSON *j, int depth, struct schema *s)
{
    const char *here = place_of(r, s->place, "items");

    s->items = arena_alloc(r->arena, sizeof(*s->items));
    return here && s->items ? read_list(r, j, here, depth + 1, s->items) : no_room(r);
}

static enum rc read_additional(struct reader *r, const cJSON *j, int depth, struct schema *s)
{
    (void)depth;
    if (!cJSON_IsBool(j)) return bad(r, s->place, "additionalProperties is true or false: only listed properties are written");
    s->closed = cJSON_IsFalse(j);
    return RC_OK;
}

/* A count; an upper one may be beyond what is ever reached. */
static enum rc read_count(struct reader *r, const cJSON *j, bool upper, struct schema *s, uint32_t *out)
{
    struct decimal d;
    uint64_t v = 0;

    if (!json_digits(j) || !decimal_parse(json_digits(j), &d) || d.negative || d.n_frac)
        return err_set(r->e, RC_BAD, "schema: %s: %s is a whole number from 0 on", s->place, j->string);
    for (size_t i = 0; i < d.n_int && v <= UINT32_MAX; i++) v = 10 * v + d.digit[i];
    if (!upper && v > MAX_COUNT)
        return err_set(r->e, RC_LIMIT, "schema: %s: %s is over %u", s->place, j->string, MAX_COUNT);
    *out = v > MAX_COUNT ? SCHEMA_NO_MOST : (uint32_t)v;
    return RC_OK;
}

static enum rc read_min_length(struct reader *r, const cJSON *j, int depth, struct schema *s)
{
    (void)depth;
    return read_count(r, j, false, s, &s->min_length);
}

static enum rc read_max_length(struct reader *r, const cJSON *j, int depth, struct schema *s)
{
    (void)depth;
    return read_count(r, j, true, s, &s->max_length);
}

static enum rc read_min_items(struct reader *r, const cJSON *j, int depth, struct schema *s)
{
    (void)depth;
    return read_count(r, j, false, s, &s->min_items);
}

static enum rc read_max_items(struct reader *r, const cJSON *j, int depth, struct schema *s)
{
    (void)depth;
    return read_count(r, j, true, s, &s->max_items);
}

/* minimum and exclusiveMinimum may stand together. */
static enum rc read_bound(struct reader *r, const cJSON *j, int way, bool exclusive, struct schema *s,
                          struct number_bound *out)
{
    struct number_bound b = {.set = true, .exclusive = exclusive};

    if (!json_digits(j)) return err_set(r->e, RC_BAD, "schema: %s: %s is a number", s->place, j->string);
    if (!decimal_parse(json_digits(j), &b.at))
        return err_set(r->e, RC_LIMIT, "schema: %s: %s has more than %d digits", s->place, j->string, DECIMAL_MAX_DIGITS);
    *out = tighter(out, &b, way);
    return RC_OK;
}

static enum rc read_minimum(struct reader *r, const cJSON *j, int depth, struct schema *s)
{
    (void)depth;
    return read_bound(r, j, 1, false, s, &s->least);
}

static enum rc read_exclusive_minimum(struct reader *r, const cJSON *j, int depth, struct schema *s)
{
    (void)depth;
    return read_bound(r, j, 1, true, s, &s->least);
}

static enum rc read_maximum(struct reader *r, const cJSON *j, int depth, struct schema *s)
{
    (void)depth;
    return read_bound(r, j, -1, false, s, &s->most);
}

static enum rc read_exclusive_maximum(struct reader *r, const cJSON *j, int depth, struct schema *s)
{
    (void)depth;
    return read_bound(r, j, -1, true, s, &s->most);
}

static enum rc read_nothing(struct reader *r, const cJSON *j, int depth, struct schema *s)
{
    (void)r;
    (void)j;
    (void)depth;
    (void)s;
    return RC_OK;
}

static const struct keyword {
    const char *name;
    enum rc (*read)(struct reader *r, const cJSON *j, int depth, struct schema *s);
} keywords[] = {
    {"type", read_type},
    {"enum", read_enum},
    {"const", read_const},
    {"required", read_required},
    {"properties", read_properties},
    {"additionalProperties", read_additional},
    {"items", read_items},
    {"minLength", read_min_length},
    {"maxLength", read_max_length},
    {"minItems", read_min_items},
    {"maxItems", read_max_items},
    {"minimum", read_minimum},
    {"exclusiveMinimum", read_exclusive_minimum},
    {"maximum", read_maximum},
    {"exclusiveMaximum", read_exclusive_maximum},
    {"anyOf", read_nothing}, /* after the others: they are merged into it */
    {"$schema", read_nothing},
    {"$id", read_nothing},
    {"$comment", read_nothing},
    {"title", read_nothing},
    {"description", read_nothing},
    {"default", read_nothing},
    {"examples", read_nothing},
};

static enum rc read_keyword(struct reader *r, const cJSON *j, int depth, struct schema *s)
{
    for (size_t i = 0; i < sizeof(keywords) / sizeof(keywords[0]); i++)
        if (strcmp(keywords[i].name, j->string) == 0) return keywords[i].read(r, j, depth, s);
    return err_set(r->e, RC_BAD, "schema: %s: the keyword '%.60s' is not supported", s->place, j->string);
}

/* Without a type, keywords of one type name it: who lists properties means an object. */
static void name_types(const cJSON *j, struct schema *s)
{
    bool string = s->min_length || cJSON_HasObjectItem(j, "maxLength"), number = s->least.set || s->most.set;
    bool array = s->items || s->min_items || cJSON_HasObjectItem(j, "maxItems");
    bool object = s->properties || s->required;

    if (s->types == TYPE_ANY && !s->has_values && string + number + array + object == 1)
        s->types = string ? TYPE_STRING : number ? TYPE_INTEGER | TYPE_FRACTION : array ? TYPE_ARRAY : TYPE_OBJECT;
}

/* What no value can satisfy by its own keywords is a mistake of the schema's writer. */
static enum rc check_limits(struct reader *r, const struct schema *s)
{
    int order = s->least.set && s->most.set ? decimal_compare(&s->least.at, &s->most.at) : -1;

    if (s->min_length > s->max_length) return bad(r, s->place, "minLength is over maxLength");
    if (s->min_items > s->max_items) return bad(r, s->place, "minItems is over maxItems");
    if (order > 0 || (order == 0 && (s->least.exclusive || s->most.exclusive)))
        return bad(r, s->place, "no number lies between the lower and the upper limit");
    if (s->has_values && s->n_values == 0) return bad(r, s->place, "const is not in enum");
    for (size_t i = 0; i < s->n_values; i++)
        if (schema_fits(s, s->values[i])) return RC_OK;
    return s->has_values ? bad(r, s->place, "no value of enum or const fits the keywords beside it") : RC_OK;
}

/* Does it say nothing, so that there is nothing to merge? */
static bool says_nothing(const struct schema *s)
{
    return s->types == TYPE_ANY && !s->has_values && !s->min_length && s->max_length == SCHEMA_NO_MOST && !s->min_items &&
           s->max_items == SCHEMA_NO_MOST && !s->least.set && !s->most.set && !s->properties && !s->required && !s->closed &&
           !s->items;
}

static enum rc read_any_of(struct reader *r, const cJSON *j, int depth, const struct schema *own, struct schema_list *out)
{
    struct schema_list beside = {(struct schema *)(uintptr_t)own, 1}, all = {NULL, 0};
    size_t n = (size_t)cJSON_GetArraySize(j);
    const cJSON *item;
    size_t i = 0;

    if (!cJSON_IsArray(j) || n == 0) return bad(r, own->place, "anyOf is a list of at least one schema");
    all.alternatives = arena_alloc(r->arena, sizeof(*all.alternatives));
    if (!all.alternatives) return no_room(r);
    cJSON_ArrayForEach(item, j) {
        const char *place = arena_printf(r->arena, "%.200s/anyOf/%zu", own->place, i++);
        struct schema_list one, more;
        enum rc rc = place ? read_list(r, item, place, depth + 1, &one) : no_room(r);

        if (rc != RC_OK) return rc;
        more.n = all.n + one.n;
        more.alternatives = arena_array(r->arena, more.n + 1, sizeof(*more.alternatives));
        if (!more.alternatives) return no_room(r);
        memcpy(more.alternatives, all.alternatives, all.n * sizeof(*all.alternatives));
        memcpy(more.alternatives + all.n, one.alternatives, one.n * sizeof(*one.alternatives));
        all = more;
    }
    if (says_nothing(own)) {
        *out = all;
        return RC_OK;
    }
    enum rc rc = merge_lists(r, &beside, &all, out);

    return rc == RC_OK && out->n == 0 ? bad(r, own->place, "no alternative of anyOf fits the keywords beside it") : rc;
}

static enum rc read_list(struct reader *r, const cJSON *j, const char *place, int depth, struct schema_list *out)
{
    struct schema *s = arena_alloc(r->arena, sizeof(*s));
    const cJSON *item, *any_of;
    enum rc rc = RC_OK;

    if (!s) return no_room(r);
    *s = any_value(place);
    if (depth > MAX_DEPTH) return err_set(r->e, RC_LIMIT, "schema: %s: nested deeper than %d", place, MAX_DEPTH);
    if (!cJSON_IsObject(j)) return bad(r, place, "a schema is an object");
    if (++r->n_alternatives > MAX_ALTERNATIVES)
        return err_set(r->e, RC_LIMIT, "schema: more than %d alternatives in all", MAX_ALTERNATIVES);
    cJSON_ArrayForEach(item, j) {
        rc = read_keyword(r, item, depth, s);
        if (rc != RC_OK) return rc;
    }
    rc = check_limits(r, s);
    if (rc != RC_OK) return rc;
    any_of = cJSON_GetObjectItemCaseSensitive(j, "anyOf");
    if (any_of) return read_any_of(r, any_of, depth, s, out);
    name_types(j, s);
    *out = (struct schema_list){s, 1};
    return RC_OK;
}

enum rc schema_read(const cJSON *root, struct arena *a, struct schema_list *out, struct err *e)
{
    struct reader r = {.arena = a, .e = e};

    return read_list(&r, root, "#", 0, out);
}
