/* connector.h: where records come from and approved text goes back.
 *
 *   open(config) -> pull(object, since-watermark) -> fetch(object, ids[n]) -> write_back(items[n]) -> close()
 *
 * One struct connector is one handle of one thread on one source; open as many as there are workers. All calls
 * block. Only fields that the mapping names are ever asked for. Text of records is never written anywhere.
 *
 * Errors: RC_BAD       configuration or a permanent answer (no such table, 403)
 *         RC_RETRY     the source is down or busy, after the connector's own retries with backoff
 *         RC_REFUSED   the source belongs to another organisation than before (see sources rebind)
 *         RC_LIMIT     a size, time or page limit;  RC_NOMEM
 * A single bad record is no error of the call: it is handed to on_bad and the call goes on. */
#ifndef CONNECTORS_CONNECTOR_H
#define CONNECTORS_CONNECTOR_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include "../base/clock.h"
#include "../base/yaml.h"
#include "record.h"

#define CONNECTOR_MAX_BATCH 200

/* ---- configuration: `sources:` of briefd.yaml --------------------------------------------------------------- */

enum write_back_mode { WRITE_BACK_OFF, WRITE_BACK_DRY_RUN, WRITE_BACK_ON };

struct map_field {
    struct field_spec spec;
    const char *column;          /* SQL column or expression name; JSON Pointer for rest */
    const char *currency_column; /* money: column or pointer of the currency, or NULL */
    const char *currency;        /* money: fixed currency, or NULL */
    const char *origin_column;   /* a column that tells inside from outside by a value in origin_outside, or NULL */
    const char *const *origin_outside;
    size_t n_origin_outside;
    const char *part;            /* write_back of enrichment: JSON Pointer of the value to write; NULL: the document */
    const struct map_field *next;
};

struct map_condition { /* where: {what_type: opportunity} or [a, b] */
    const char *column;
    const char *const *values;
    size_t n_values;
    const struct map_condition *next;
};

struct map_parent {
    const char *name, *object, *column; /* column of this object that holds the parent's id */
    const struct map_parent *next;
};

struct map_children {
    const char *name, *object;
    const char *child_column;   /* match: {what_id: id}: column of the child ... */
    const char *parent_column;  /* ... equals this column of the parent */
    const struct map_condition *where;
    const char *order;          /* column to sort by, newest first; default: the child's modified column */
    size_t newest;              /* most children, 1 to RECORD_MAX_CHILDREN; default 20 */
    bool required;              /* default yes */
    const char *source;         /* another source, or NULL for the same */
    const struct map_children *next;
};

#define MAP_MAX_CONDITIONS 16 /* of one where */

struct map_object {
    const char *name;      /* "opportunity" */
    const char *from;      /* table, view, "(query)", or URL path for rest */
    const char *key, *modified, *version, *owner, *team, *deleted; /* columns; optional ones NULL */
    const struct map_field *fields;
    const struct map_parent *parents;
    const struct map_children *children;
    const struct map_condition *where;
    const struct map_field *write_back; /* kind -> column: spec.name is the kind */
    const struct yaml_node *rest;       /* the object's own `rest:` settings, read by connectors/rest.c; or NULL */
    const struct map_object *next;
};

struct source_config {
    const char *name, *type;      /* "crm", "postgres" */
    const char *dsn;              /* resolved secret for SQL; base URL for rest. Never log it. */
    const char *listen;           /* postgres: channel to LISTEN on, or NULL */
    enum write_back_mode write_back;
    int64_t overlap_us;           /* how far each pull reaches back; default 10 minutes */
    int64_t timeout_ms;           /* of one statement or request; default 30,000 */
    int max_attempts;             /* default 5 */
    const struct map_object *objects;
    const struct yaml_node *node; /* the source's YAML: type-specific keys are read by its connector at open */
    const struct yaml *yaml;
    const struct source_config *next;
};

/* Read `sources:` (a map node) into *out, in file order. Everything lives in `a`; the yaml must outlive it.
 * RC_BAD "path:line:column: ..." for unknown keys (with the nearest known one), types, references between objects
 * that do not exist. Secrets are resolved when `resolve` (not for --check). */
MUST_USE enum rc sources_parse(const struct yaml *y, const struct yaml_node *sources, bool resolve, struct arena *a,
                               const struct source_config **out, struct err *e);
const struct map_object *source_object(const struct source_config *s, const char *name); /* NULL if absent */

/* ---- the interface ------------------------------------------------------------------------------------------ */

/* How far a pull of one object has come: opaque text, at most WATERMARK_SIZE - 1 bytes; "" is the beginning. */
#define WATERMARK_SIZE 512

struct pulled { /* one row of a pull: no text, just what a job needs */
    const char *id;
    const char *version;
    int64_t modified_us;
    bool deleted;
};

struct bad_record {
    const char *object, *id; /* id "" if it could not be read */
    const char *reason;      /* names the field, never its value */
};

struct write_item {
    const char *id;
    const char *version;       /* it must still have this one; "" skips the check */
    const char *column;        /* from the mapping's write_back */
    const char *text;
};
enum write_outcome { WRITE_DONE, WRITE_CONFLICT, WRITE_GONE, WRITE_DRY_RUN, WRITE_FAILED };

typedef enum rc (*pull_fn)(void *ctx, const struct pulled *rows, size_t n, const char *watermark, struct err *e);
typedef enum rc (*id_fn)(void *ctx, const char *id, struct err *e);
struct target { /* what stands in a write_back column now */
    const char *id, *version;
    const char *text; /* NULL: empty */
};
typedef enum rc (*target_fn)(void *ctx, const struct target *t, struct err *e);
typedef enum rc (*record_fn)(void *ctx, struct record *take, struct err *e); /* the callee closes the record */
typedef void (*bad_fn)(void *ctx, const struct bad_record *bad);
typedef void (*write_fn)(void *ctx, size_t item, enum write_outcome outcome, const char *new_version,
                         const char *reason);

struct connector; /* a handle */

struct connector_type { /* a variant: one const struct a file, listed in connector.c */
    const char *name;
    /* Keys that this type takes besides the common ones, NULL-terminated; check() reads them once the rest of the
     * source is parsed, so that `briefd --check` sees their errors ("path:line:column: ..."). */
    const char *const *source_keys, *const *object_keys;
    enum rc (*check)(const struct source_config *cfg, struct err *e);
    /* Connect. cfg and clock must outlive the handle. */
    enum rc (*open)(const struct source_config *cfg, const struct clock *clock, struct connector **out,
                    struct err *e);
    /* Rows of `object` modified since `since` (less the overlap), oldest first by (modified, key), in batches to
     * on_rows with the watermark that holds once that batch is durable: the caller stores both in one
     * transaction and returns RC_OK, or stops the pull with another code. Constant memory. */
    enum rc (*pull)(struct connector *c, const struct map_object *o, const char *since, pull_fn on_rows,
                    bad_fn on_bad, void *ctx, struct err *e);
    /* Every (id, version, modified) of the object, for the reconcile that finds late commits and deletions. */
    enum rc (*list)(struct connector *c, const struct map_object *o, pull_fn on_rows, void *ctx, struct err *e);
    /* Whole records with parents and children, n <= CONNECTOR_MAX_BATCH, in any order; an id that is gone is not
     * reported. The number of statements or requests depends on the mapping, not on n. */
    enum rc (*fetch)(struct connector *c, const struct map_object *o, const char *const *ids, size_t n,
                     record_fn on_record, bad_fn on_bad, void *ctx, struct err *e);
    /* Ids of the records of `o` that would be fetched together with one of the records ids[n] of `other`, as its direct
     * parent or child: what a changed parent or child means. The same id may come twice. NULL: this type cannot tell. */
    enum rc (*related)(struct connector *c, const struct map_object *o, const struct map_object *other,
                       const char *const *ids, size_t n, id_fn on_id, void *ctx, struct err *e);
    /* What the column of a write_back holds in each record that exists. NULL: this type cannot read it alone. */
    enum rc (*targets)(struct connector *c, const struct map_object *o, const char *column, const char *const *ids,
                       size_t n, target_fn on_target, void *ctx, struct err *e);
    /* Each item gets exactly one on_result. With RC_RETRY unanswered items are of unknown outcome: read again. */
    enum rc (*write_back)(struct connector *c, const struct map_object *o, const struct write_item *items, size_t n,
                          write_fn on_result, void *ctx, struct err *e);
    /* RC_OK if the source answers and every mapped table and column exists. */
    enum rc (*health)(struct connector *c, struct err *e);
    /* Wait up to timeout_ms for a hint that something changed (LISTEN); *woke tells. Types without one have NULL
     * here, and connector_wait() returns at once with false. A hint only: polling is the truth. */
    enum rc (*wait)(struct connector *c, int64_t timeout_ms, bool *woke, struct err *e);
    /* A stable text that names the organisation or database behind the source, to bind it at first contact. */
    enum rc (*identity)(struct connector *c, char out[128], struct err *e);
    void (*close)(struct connector *c);
};

/* Every handle begins with this, so that the functions below find their variant. */
struct connector {
    const struct connector_type *type;
    const struct source_config *cfg;
    const struct clock *clock;
};

/* NULL if there is no such type. */
const struct connector_type *connector_type_named(const char *name);
/* The name of the type that `name` may have meant, or NULL. */
const char *connector_type_nearest(const char *name);

MUST_USE enum rc connector_open(const struct source_config *cfg, const struct clock *clock, struct connector **out,
                                struct err *e);
MUST_USE enum rc connector_pull(struct connector *c, const char *object, const char *since, pull_fn on_rows,
                                bad_fn on_bad, void *ctx, struct err *e);
MUST_USE enum rc connector_list(struct connector *c, const char *object, pull_fn on_rows, void *ctx, struct err *e);
MUST_USE enum rc connector_fetch(struct connector *c, const char *object, const char *const *ids, size_t n,
                                 record_fn on_record, bad_fn on_bad, void *ctx, struct err *e);
/* The same with only the fields that `wanted` says, and without parents and children: for a look at many records. A
 * record that cannot be read is left out. */
typedef bool (*wanted_fn)(void *ctx, const struct map_field *f);
MUST_USE enum rc connector_fetch_fields(struct connector *c, const char *object, wanted_fn wanted, void *wanted_ctx,
                                        const char *const *ids, size_t n, record_fn on_record, void *ctx,
                                        struct err *e);
/* Nothing for a type that cannot tell. */
MUST_USE enum rc connector_related(struct connector *c, const char *object, const char *other, const char *const *ids,
                                   size_t n, id_fn on_id, void *ctx, struct err *e);
/* *known (may be NULL): false for a type that cannot read a target alone. */
MUST_USE enum rc connector_targets(struct connector *c, const char *object, const char *column, const char *const *ids,
                                   size_t n, target_fn on_target, void *ctx, bool *known, struct err *e);
MUST_USE enum rc connector_write_back(struct connector *c, const char *object, const struct write_item *items,
                                      size_t n, write_fn on_result, void *ctx, struct err *e);
MUST_USE enum rc connector_health(struct connector *c, struct err *e);
MUST_USE enum rc connector_wait(struct connector *c, int64_t timeout_ms, bool *woke, struct err *e);
MUST_USE enum rc connector_identity(struct connector *c, char out[128], struct err *e);
void connector_close(struct connector *c); /* NULL is a no-op */

#endif
