/* policies.h: policies from a text and records by hand: what the suites of this folder share. */
#ifndef TESTS_POLICY_POLICIES_H
#define TESTS_POLICY_POLICIES_H

#include <unistd.h>
#include "../../base/buf.h"
#include "../../base/str.h"
#include "../suite.h"
#include "../../policy/policy.h"

static inline enum rc open_text(const char *text, struct policy **out, struct err *e)
{
    char path[] = "/tmp/briefd-policy-XXXXXX";
    int fd = mkstemp(path);
    ck_assert_int_ge(fd, 0);
    ck_assert_int_eq(write(fd, text, strlen(text)), (ssize_t)strlen(text));
    close(fd);
    enum rc rc = policy_open(path, &(struct policy_options){.vault_best_effort = true}, out, e);
    unlink(path);
    return rc;
}

static inline struct policy *policy_of(const char *text)
{
    struct policy *p = NULL;
    struct err e = {""};
    if (open_text(text, &p, &e) != RC_OK) ck_abort_msg("%s", e.msg);
    return p;
}

/* A row of a table of mistakes. */
struct misplaced {
    const char *text, *place, *says; /* place: ":line:column:" */
};

static inline void refused_with_place(const struct misplaced *x)
{
    struct policy *p = NULL;
    struct err e = {""};
    ck_assert_int_eq(open_text(x->text, &p, &e), RC_BAD);
    ck_assert_ptr_null(p);
    ck_assert_msg(strstr(e.msg, x->place) && strstr(e.msg, x->says), "'%s' '%s' not in: %s", x->place, x->says, e.msg);
}

/* Of an admitted record. */
static inline const struct policy_node *member(const struct policy_node *map, const char *name)
{
    const struct policy_node *m = map ? map->first : NULL;
    while (m && !str_eq(m->name, name)) m = m->next;
    return m;
}

static inline void put_value(const struct policy_node *node, struct buf *out)
{
    for (size_t i = 0; node && i < node->n_pieces; i++) buf_add(out, node->pieces[i].bytes, node->pieces[i].n);
}

static inline struct record *record_of(const char *object, const char *id)
{
    struct record *r = NULL;
    ck_assert_int_eq(record_open("crm", object, id, &r, NULL), RC_OK);
    return r;
}

static inline struct record *record_in(struct record *root, const char *object, const char *id)
{
    struct record *r = NULL;
    ck_assert_int_eq(record_open_in(root, "crm", object, id, &r, NULL), RC_OK);
    return r;
}

static inline void add_spec(struct record *r, const struct field_spec *spec, const char *raw)
{
    struct err e = {""};
    if (record_add(r, spec, raw, raw ? strlen(raw) : 0, spec->type == FIELD_MONEY ? "EUR" : NULL, &e) != RC_OK)
        ck_abort_msg("%s", e.msg);
}

/* entity and part: NULL for a field that is no person's. */
static inline void add_entity(struct record *r, const char *name, enum field_type type, const char *entity, const char *part,
                              const char *raw)
{
    add_spec(r, &(struct field_spec){.name = name, .type = type, .entity = entity, .part = part}, raw);
}

/* text, which r made, with its values put back; the caller's. */
static inline char *revealed(const struct policy_released *r, const struct policy_keys *keys, const char *text)
{
    const struct policy_value *v;
    size_t n;
    struct buf out;
    struct err e = {""};
    policy_released_values(r, &v, &n);
    buf_init(&out, 1 << 20);
    if (policy_rehydrate(v, n, keys, policy_released_language(r), text, &out, NULL, &e) != RC_OK) ck_abort_msg("%s", e.msg);
    return buf_take(&out, NULL);
}

#endif
