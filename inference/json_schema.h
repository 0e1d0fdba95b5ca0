/* json_schema.h: a JSON schema as alternatives without anyOf, the form that the automaton is made from.
 *
 * Each alternative holds all that one document must satisfy: keywords beside an anyOf are merged into each of its
 * alternatives, limits by the tighter one, enums by what both hold, properties one by one. Everything lies in the arena;
 * the values of enums are borrowed from the parsed schema, which must outlive it. */
#ifndef INFERENCE_JSON_SCHEMA_H
#define INFERENCE_JSON_SCHEMA_H

#include "../base/arena.h"
#include "../base/json.h"
#include "json_number.h"

#define SCHEMA_NO_MOST UINT32_MAX /* no upper limit */

enum schema_type {
    TYPE_NULL = 1,
    TYPE_BOOLEAN = 2,
    TYPE_INTEGER = 4,
    TYPE_FRACTION = 8, /* with TYPE_INTEGER: number */
    TYPE_STRING = 16,
    TYPE_ARRAY = 32,
    TYPE_OBJECT = 64,
    TYPE_ANY = 127 /* no type was named */
};

struct schema_list { /* a value fits one of these */
    struct schema *alternatives;
    size_t n;
};
struct schema_property {
    const char *name;
    struct schema_list value;
};
struct schema {
    const char *place;   /* a JSON pointer into the schema, "#/properties/risk", for messages */
    bool merged;         /* of several: one that nothing satisfies is left out if others remain */
    unsigned types;      /* of enum schema_type; keywords of other types than these are not looked at */
    bool has_values;     /* enum, const */
    const cJSON **values;
    size_t n_values;
    uint32_t min_length, max_length, min_items, max_items;
    struct number_bound least, most;
    struct schema_property *properties; /* in the schema's order */
    size_t n_properties;
    const char **required;
    size_t n_required;
    bool closed;         /* additionalProperties: false */
    struct schema_list *items; /* NULL: not named */
};

/* Read the schema `root`. RC_BAD names the keyword and its place; RC_LIMIT over 4096 alternatives, nested too deep, too
 * much memory; RC_NOMEM. */
MUST_USE enum rc schema_read(const cJSON *root, struct arena *a, struct schema_list *out, struct err *e);

/* Does a value satisfy the alternative (of an enum's values: which remain)? */
bool schema_fits(const struct schema *s, const cJSON *value);

#endif
