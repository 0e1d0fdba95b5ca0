/* record.h: the one form that every CRM's data takes in this house; a vocabulary that policy may read as well.
 *
 * A record is what one object of one source looks like at one moment: typed fields, named parents (the account of
 * an opportunity) and named lists of children (its newest activities). It lives in memory while a job runs and is
 * never stored. Everything of it is in its arena: record_close() frees and zeroes all at once. */
#ifndef CONNECTORS_RECORD_H
#define CONNECTORS_RECORD_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include "../base/arena.h"
#include "../base/err.h"

#define RECORD_MAX_FIELD_BYTES ((size_t)1 << 20) /* a longer text value quarantines the record */
#define RECORD_MAX_BYTES ((size_t)16 << 20)      /* the record with all its children */
#define RECORD_MAX_CHILDREN 200                  /* of one list */

enum field_type {
    FIELD_NULL,
    FIELD_BOOL,
    FIELD_INTEGER,   /* 64 bits */
    FIELD_DECIMAL,   /* digits as the source wrote them: [-]d+[.d+] */
    FIELD_MONEY,     /* digits as FIELD_DECIMAL, and a currency (ISO 4217) or "" if unknown */
    FIELD_DATE,
    FIELD_TIMESTAMP,
    FIELD_TEXT,      /* valid UTF-8 without NUL */
    FIELD_ENUM,      /* a short label of a closed set: stage, priority */
    FIELD_REFERENCE  /* another record's id */
};

/* Who wrote a text: staff and systems, or somebody outside (inbound e-mail, web form, chat). What rests only on
 * outside text is attributed and never becomes our promise. */
enum field_origin { ORIGIN_INSIDE, ORIGIN_OUTSIDE };

struct field {
    const char *name;         /* as the mapping calls it: "close_date" */
    enum field_type type;
    enum field_origin origin;
    const char *entity;       /* declared by the mapping: "PERSON", "ORG", "EMAIL", "PHONE", ... or NULL */
    const char *part;         /* of a person: "first", "last", "full", "title", "gender"; or NULL */
    const char *text;         /* TEXT, ENUM, REFERENCE, DECIMAL and MONEY digits, also the ISO form of DATE and
                                 TIMESTAMP and the decimal form of BOOL ("true") and INTEGER; NULL for NULL */
    const char *currency;     /* MONEY */
    int64_t integer;          /* BOOL, INTEGER; DATE days since 1970; TIMESTAMP microseconds UTC */
    const struct field *next; /* in mapping order */
};

struct record;

struct record_list { /* the children under one name */
    const char *name; /* "activities" */
    const char *missing; /* why it could not be had (an optional source is down), or NULL */
    struct record **items; /* newest first */
    size_t count;
    const struct record_list *next;
};

struct record_parent {
    const char *name; /* "account" */
    struct record *record;
    const struct record_parent *next;
};

struct record {
    const char *source;   /* name in the config: "crm" */
    const char *object;   /* "opportunity" */
    const char *id;
    const char *version;  /* the source's concurrency token, for write-back only; "" if it has none */
    int64_t modified_us;  /* 0 if unknown */
    const char *owner;    /* CRM identity that owns it, or NULL: for visibility */
    const char *team;     /* team, territory or region, or NULL: for visibility */
    bool deleted;         /* a tombstone: only source, object, id and version hold */
    const struct field *fields;
    const struct record_parent *parents;
    const struct record_list *lists;
    struct arena *arena;  /* that owns all of this; children share their root's */
};

/* An empty record with an arena of its own. RC_NOMEM. Close with record_close(). */
MUST_USE enum rc record_open(const char *source, const char *object, const char *id, struct record **out,
                             struct err *e);
/* An empty record in the arena of `root`, for a parent or child; freed with it. */
MUST_USE enum rc record_open_in(struct record *root, const char *source, const char *object, const char *id,
                                struct record **out, struct err *e);
void record_close(struct record *r); /* root only; zeroes what it held; NULL is a no-op */

/* Add a field from the source's text form. `raw` NULL makes FIELD_NULL. Checks UTF-8, limits and that the text
 * parses as `type`; the message names source, object, id and field, never the value.
 * spec gives name, type, origin, entity and part. RC_BAD, RC_LIMIT (both: quarantine the record), RC_NOMEM. */
struct field_spec {
    const char *name;
    enum field_type type;
    enum field_origin origin;
    const char *entity;
    const char *part;
};
MUST_USE enum rc record_add(struct record *r, const struct field_spec *spec, const char *raw, size_t n,
                            const char *currency, struct err *e);
MUST_USE enum rc record_add_parent(struct record *r, const char *name, struct record *parent, struct err *e);
/* Append to the list `name`, making it at first; child NULL makes an empty list. RC_LIMIT. */
MUST_USE enum rc record_add_child(struct record *r, const char *name, struct record *child, struct err *e);

const struct field *record_field(const struct record *r, const char *name);          /* NULL if absent */
const struct record *record_parent_named(const struct record *r, const char *name);  /* NULL if absent */
const struct record_list *record_list_named(const struct record *r, const char *name);

const char *field_type_name(enum field_type t);
bool field_type_parse(const char *s, enum field_type *out);

#endif
