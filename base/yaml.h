/* yaml.h: configuration files as a tree in which every node knows its place, on libyaml.
 * Aliases and anchors, tags, duplicate keys, several documents and non-scalar keys are errors. */
#ifndef BASE_YAML_H
#define BASE_YAML_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include "err.h"

#define YAML_MAX_BYTES ((size_t)4 << 20)
#define YAML_MAX_DEPTH 32

enum yaml_kind { YAML_SCALAR, YAML_LIST, YAML_MAP };

struct yaml_node {
    enum yaml_kind kind;
    size_t line, column;      /* from 1 */
    const char *text;         /* scalar: its text; "" for an empty value */
    bool quoted;              /* scalar stood in quotes */
    const char *key;          /* member of a map: its key, else NULL */
    size_t key_line, key_column;
    struct yaml_node *first;  /* list items or map members, in file order */
    struct yaml_node *next;
    size_t count;             /* of items or members */
};

struct yaml; /* owns the nodes and the file's name */

/* RC_OK *out is the caller's; yaml_close(). RC_BAD "path:line:column: ...". RC_LIMIT over YAML_MAX_BYTES. */
MUST_USE enum rc yaml_open(const char *path, struct yaml **out, struct err *e);
/* The same over memory; `name` stands for the path in messages. */
MUST_USE enum rc yaml_parse(const char *name, const char *bytes, size_t n, struct yaml **out, struct err *e);
void yaml_close(struct yaml *y);
const struct yaml_node *yaml_root(const struct yaml *y);
const char *yaml_name(const struct yaml *y);

/* Member of a map, or NULL. */
const struct yaml_node *yaml_get(const struct yaml_node *map, const char *key);

/* "path:line:column: message" with RC_BAD, at the node (yaml_bad) or at its key (yaml_bad_key). */
enum rc yaml_bad(const struct yaml *y, const struct yaml_node *n, struct err *e, const char *fmt, ...)
    PRINTF_LIKE(4, 5);
enum rc yaml_bad_key(const struct yaml *y, const struct yaml_node *n, struct err *e, const char *fmt, ...)
    PRINTF_LIKE(4, 5);

/* RC_OK if every key of the map is in known[n], else RC_BAD naming the key and the nearest known one. */
MUST_USE enum rc yaml_only(const struct yaml *y, const struct yaml_node *map, const char *const *known, size_t n,
                           struct err *e);

/* Typed scalars; RC_BAD with place and what was expected. bool: true/false/yes/no/on/off.
 * yaml_text also demands a non-empty scalar. */
MUST_USE enum rc yaml_text(const struct yaml *y, const struct yaml_node *n, const char **out, struct err *e);
MUST_USE enum rc yaml_bool(const struct yaml *y, const struct yaml_node *n, bool *out, struct err *e);
MUST_USE enum rc yaml_int(const struct yaml *y, const struct yaml_node *n, int64_t lo, int64_t hi, int64_t *out,
                          struct err *e);
MUST_USE enum rc yaml_duration(const struct yaml *y, const struct yaml_node *n, int64_t *us, struct err *e);
/* One of names[n]; writes its index. */
MUST_USE enum rc yaml_choice(const struct yaml *y, const struct yaml_node *n, const char *const *names, size_t n_names,
                             size_t *out, struct err *e);

#endif
