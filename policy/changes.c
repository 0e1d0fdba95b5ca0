/* changes.c: what changed since the previous brief: a snapshot of the fields that tell is sealed with each brief, and the next
 * one is compared with it. Labels, sums and dates of the record itself are kept as they are; of texts and of who owns it
 * only a keyed hash, so that a name never lies under the record's key: that they changed can be told, not from what. */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "../base/str.h"
#include "admit.h"
#include "changes.h"
#include "lines.h"
#include "notes.h"

#define SEPARATOR '\x1f' /* between name, form and value of a field; fields end in a line feed */
#define SNAPSHOT_MAX_BYTES ((size_t)64 << 10)
#define LABEL_MAX_BYTES 200
#define DAY "@" /* name of the line that holds the day of the brief */

/* How a field is kept. */
enum form { FORM_NONE = 0, FORM_EMPTY = 'e', FORM_LABEL = 'l', FORM_VALUE = 'v', FORM_HASH = 'h' };

static enum form form_of(const struct field *f)
{
    if (f->entity && !str_eq(f->entity, "MONEY") && !str_eq(f->entity, "DATE")) return FORM_NONE;
    switch (f->type) {
    case FIELD_NULL: return FORM_EMPTY; /* of which type nobody knows now */
    case FIELD_ENUM: return FORM_LABEL;
    case FIELD_MONEY:
    case FIELD_DATE: return FORM_VALUE;
    case FIELD_TEXT: return str_eq(f->name, "next_step") ? FORM_HASH : FORM_NONE;
    default: return FORM_NONE;
    }
}

static bool read_value(const struct field *f, struct value *out)
{
    if (f->type == FIELD_MONEY) return value_money(f->text, f->currency ? f->currency : "", out);
    value_date((int32_t)f->integer, out);
    return true;
}

static void put_hash(const struct admit *a, const char *text, struct buf *out)
{
    uint8_t mac[SHA256_SIZE];
    char hex[SHA256_HEX_SIZE];

    hmac_sha256(a->q->hash_key, text, strlen(text), mac);
    str_hex(mac, sizeof(mac), hex);
    buf_str(out, hex);
}

/* A field as the snapshot keeps it; nothing for an empty one. */
static void put_kept(const struct admit *a, const struct field *f, enum form form, struct buf *out)
{
    struct value v;

    if (!f->text || !*f->text) return;
    if (form == FORM_VALUE && read_value(f, &v)) stored_value(out, &v);
    if (form == FORM_LABEL && strlen(f->text) <= LABEL_MAX_BYTES && !strpbrk(f->text, "\x1f\n")) buf_str(out, f->text);
    if (form == FORM_HASH) put_hash(a, f->text, out);
}

static void put_line(const char *name, enum form form, const char *value, struct buf *out)
{
    buf_printf(out, "%s%c%c%c%s\n", name, SEPARATOR, (char)form, SEPARATOR, value);
}

static enum rc take_snapshot(struct admit *a, struct err *e)
{
    struct buf all, value;
    char day[16];
    enum rc rc;

    buf_init(&all, SNAPSHOT_MAX_BYTES);
    buf_init(&value, SNAPSHOT_MAX_BYTES);
    snprintf(day, sizeof(day), "%" PRId32, a->today);
    put_line(DAY, FORM_LABEL, day, &all);
    for (const struct field *f = a->record->fields; f; f = f->next) {
        enum form form = form_of(f);
        if (form == FORM_NONE || !admit_allows(a, "", f->name)) continue;
        buf_reset(&value);
        put_kept(a, f, form, &value);
        put_line(f->name, form, value.data ? value.data : "", &all);
    }
    if (a->record->owner && admit_allows(a, "owner", "name")) {
        buf_reset(&value);
        put_hash(a, a->record->owner, &value);
        put_line("owner", FORM_HASH, value.data, &all);
    }
    rc = all.failed == RC_LIMIT ? RC_OK : buf_check(&all, "a snapshot", e);
    if (rc == RC_OK && !all.failed && !(a->out->snapshot = arena_dup(&a->out->arena, all.data))) rc = admit_no_memory(a, e);
    buf_wipe(&value);
    buf_wipe(&all);
    return rc;
}

/* ---- the previous one ------------------------------------------------------------------------------------------- */

/* Its bytes appended; nothing if there is none, or it was erased. */
static enum rc open_previous(const struct admit *a, struct buf *out, struct err *e)
{
    const struct policy_previous *p = a->q->previous;
    enum rc rc = RC_OK;

    for (size_t i = 0; p && rc == RC_OK && i < p->n_values; i++) {
        uint8_t key[KEY_SIZE] = {0};
        if (!str_eq(p->values[i].slot, SNAPSHOT_SLOT)) continue;
        rc = p->keys->subject_key(p->keys->ctx, p->values[i].subject, false, key, e);
        if (rc == RC_OK) rc = seal_open(key, &p->values[i], out, e);
        crypto_wipe(key, sizeof(key));
        return rc == RC_REFUSED ? RC_OK : rc;
    }
    return rc;
}

/* Form and value of a field in the snapshot; false: it has none of that name. */
static bool find_kept(const char *snapshot, const char *name, enum form *form, const char **value, size_t *n)
{
    size_t len = strlen(name);

    for (const char *at = snapshot; *at; at = strchr(at, '\n') + 1) {
        if (!strchr(at, '\n')) return false;
        if (strncmp(at, name, len) != 0 || at[len] != SEPARATOR || at[len + 2] != SEPARATOR) continue;
        *form = (enum form)at[len + 1];
        *value = at + len + 3;
        *n = strcspn(*value, "\n");
        return true;
    }
    return false;
}

/* ---- what changed ----------------------------------------------------------------------------------------------- */

struct change {
    const char *field, *path;
    struct buf was, now; /* in slots; empty: the field was or is */
    const char *direction;
};

/* A value as the texts show it: its slot, or written out. */
static enum rc show_value(struct admit *a, const struct value *v, const char *path, struct buf *out, struct err *e)
{
    struct stand_in s;
    enum rc rc = slot_value(a, v->kind == VALUE_MONEY ? "MONEY" : "DATE_TIME", v, path, &s, e);

    if (rc != RC_OK) return rc;
    if (s.how == STAND_KEEP) value_format(v, a->out->language, out);
    if (s.how == STAND_SLOT || s.how == STAND_TEXT) buf_str(out, s.text);
    return RC_OK;
}

static const char *direction(const struct value *was, const struct value *now)
{
    if (was->kind == VALUE_MONEY && now->kind == VALUE_MONEY && was->scale == now->scale && str_eq(was->currency, now->currency))
        return now->digits > was->digits ? "higher" : "lower";
    if (was->kind == VALUE_DATE && now->kind == VALUE_DATE) return now->days > was->days ? "later" : "earlier";
    return "";
}

static enum rc put_change(struct admit *a, struct policy_node *list, const struct change *c, struct err *e)
{
    struct policy_node *map;
    struct buf line;
    enum rc rc = buf_check(&c->was, "a value", e);

    if (rc == RC_OK) rc = buf_check(&c->now, "a value", e);
    if (rc == RC_OK) rc = node_map(a, NULL, &map, e);
    if (rc != RC_OK) return rc;
    buf_init(&line, SNAPSHOT_MAX_BYTES);
    line_change(a->out->language, c->field, c->was.len ? c->was.data : "", c->now.len ? c->now.data : "", c->direction, &line);
    rc = buf_check(&line, "a line", e);
    if (rc == RC_OK) rc = node_text(a, map, "field", c->path, c->field, strlen(c->field), NODE_TOLD, e);
    if (rc == RC_OK) rc = node_text(a, map, "was", c->path, c->was.data, c->was.len, 0, e);
    if (rc == RC_OK) rc = node_text(a, map, "now", c->path, c->now.data, c->now.len, 0, e);
    if (rc == RC_OK) rc = node_text(a, map, "direction", c->path, c->direction, strlen(c->direction), NODE_TOLD, e);
    if (rc == RC_OK) rc = node_text(a, map, "line", c->path, line.data, line.len, NODE_TOLD, e);
    if (rc == RC_OK) node_append(list, map);
    buf_wipe(&line);
    return rc;
}

/* Both are kept alike, or one of them is empty. */
static bool comparable(enum form was, enum form now)
{
    if (was == FORM_EMPTY || now == FORM_EMPTY) return was != now && was != FORM_NONE && now != FORM_NONE;
    return was == now && now != FORM_NONE;
}

/* Sums and dates: what the snapshot has, and the field. */
static enum rc compare_values(struct admit *a, const struct field *f, const char *kept, struct change *c, struct err *e)
{
    bool had, has = f->text && *f->text;
    struct value was, now;
    enum rc rc = RC_OK;

    had = *kept && stored_read_value(kept, &was);
    has = has && read_value(f, &now);
    c->direction = had && has ? direction(&was, &now) : "";
    if (had) rc = show_value(a, &was, c->path, &c->was, e);
    if (rc == RC_OK && has) rc = show_value(a, &now, c->path, &c->now, e);
    return rc;
}

/* What the tree shows of a field, for those of which only a hash was kept. */
static void show_node(const struct policy_node *node, struct buf *out)
{
    if (node && node->kind == ADMITTED_VALUE) notes_text(node, out);
}

static enum rc compare_field(struct admit *a, struct policy_node *list, const struct field *f, const char *snapshot, struct err *e)
{
    struct change c = {.field = f->name, .direction = ""};
    enum form kept_form, form = form_of(f);
    const char *kept;
    struct buf now, was;
    size_t n;
    enum rc rc;

    if (!admit_allows(a, "", f->name) || !find_kept(snapshot, f->name, &kept_form, &kept, &n) || !comparable(kept_form, form)) return RC_OK;
    c.path = admit_path(a, a->record, f->name);
    if (!c.path) return admit_no_memory(a, e);
    buf_init(&now, SNAPSHOT_MAX_BYTES);
    buf_init(&was, SNAPSHOT_MAX_BYTES);
    buf_init(&c.was, SNAPSHOT_MAX_BYTES);
    buf_init(&c.now, SNAPSHOT_MAX_BYTES);
    put_kept(a, f, form, &now);
    buf_add(&was, kept, n);
    rc = buf_check(&was, "a snapshot", e);
    if (rc == RC_OK) rc = buf_check(&now, "a snapshot", e);
    if (rc == RC_OK && !str_eq(was.data ? was.data : "", now.data ? now.data : "")) {
        if (form == FORM_VALUE || kept_form == FORM_VALUE)
            rc = compare_values(a, f, was.data ? was.data : "", &c, e);
        else
            show_node(notes_member(a->out->root, f->name), &c.now);
        if (kept_form == FORM_LABEL && was.len && !strpbrk(was.data, "[]@0123456789")) buf_str(&c.was, was.data);
        if (rc == RC_OK) rc = put_change(a, list, &c, e);
    }
    buf_wipe(&c.now);
    buf_wipe(&c.was);
    buf_wipe(&was);
    buf_wipe(&now);
    return rc;
}

static enum rc compare_owner(struct admit *a, struct policy_node *list, const char *snapshot, struct err *e)
{
    struct change c = {.field = "owner", .direction = ""};
    const struct policy_node *name = notes_member(notes_member(a->out->root, "owner"), "name");
    enum form form;
    const char *kept;
    struct buf now;
    size_t n;
    enum rc rc = RC_OK;

    if (!name || !a->record->owner || !find_kept(snapshot, "owner", &form, &kept, &n)) return RC_OK;
    c.path = name->path;
    buf_init(&now, SNAPSHOT_MAX_BYTES);
    buf_init(&c.was, SNAPSHOT_MAX_BYTES);
    buf_init(&c.now, SNAPSHOT_MAX_BYTES);
    put_hash(a, a->record->owner, &now);
    if (!now.failed && (now.len != n || memcmp(now.data, kept, n) != 0)) {
        show_node(name, &c.now);
        rc = put_change(a, list, &c, e);
    }
    buf_wipe(&c.now);
    buf_wipe(&c.was);
    buf_wipe(&now);
    return rc;
}

/* ---- facts beside it -------------------------------------------------------------------------------------------- */

static enum rc facts_node(struct admit *a, struct policy_node **out, struct err *e)
{
    for (const struct policy_node *m = a->out->root->first; m; m = m->next)
        if (str_eq(m->name, "facts") && m->kind == ADMITTED_MAP) {
            *out = (struct policy_node *)m; /* ours until it is done */
            return RC_OK;
        }
    enum rc rc = node_map(a, "facts", out, e);
    if (rc == RC_OK) node_append(a->out->root, *out);
    return rc;
}

static enum rc put_fact(struct admit *a, struct policy_node *facts, const char *name, const char *entity, const struct value *v,
                        const char *path, struct err *e)
{
    struct stand_in s;
    struct buf clear;
    enum rc rc = slot_value(a, entity, v, path, &s, e);

    if (rc != RC_OK) return rc;
    buf_init(&clear, 256);
    value_format(v, a->out->language, &clear);
    rc = buf_check(&clear, "a fact", e);
    if (rc == RC_OK) rc = node_stand_in(a, facts, name, path, &s, clear.data, e);
    buf_wipe(&clear);
    return rc;
}

/* Activities of later days than the previous brief's. */
static enum rc put_facts(struct admit *a, int32_t day, struct err *e)
{
    const struct record_list *l = record_list_named(a->record, "activities");
    struct value date, number = {.kind = VALUE_NUMBER};
    struct policy_node *facts;
    enum rc rc = facts_node(a, &facts, e);

    value_date(day, &date);
    if (rc == RC_OK) rc = put_fact(a, facts, "previous_brief", "DATE_TIME", &date, "facts.previous_brief", e);
    if (rc != RC_OK || !l || !admit_allows(a, "activities", "date")) return rc;
    for (size_t i = 0; i < l->count; i++) {
        const struct field *f = record_field(l->items[i], "date");
        if (!f || !f->text || (f->type != FIELD_DATE && f->type != FIELD_TIMESTAMP)) continue;
        number.digits += (f->type == FIELD_DATE ? (int32_t)f->integer : date_of_us(f->integer)) > day;
    }
    return number.digits ? put_fact(a, facts, "new_activities", "NUMBER", &number, "facts.new_activities", e) : RC_OK;
}

/* ---- the front -------------------------------------------------------------------------------------------------- */

static enum rc compare(struct admit *a, const char *snapshot, struct err *e)
{
    struct policy_node *list;
    enum form form;
    const char *kept;
    size_t n;
    enum rc rc = node_list(a, "changes", &list, e);

    for (const struct field *f = a->record->fields; rc == RC_OK && f; f = f->next) rc = compare_field(a, list, f, snapshot, e);
    if (rc == RC_OK) rc = compare_owner(a, list, snapshot, e);
    if (rc == RC_OK && list->count) node_append(a->out->root, list);
    if (rc == RC_OK && find_kept(snapshot, DAY, &form, &kept, &n)) rc = put_facts(a, (int32_t)strtol(kept, NULL, 10), e);
    return rc;
}

enum rc changes_put(struct admit *a, struct err *e)
{
    struct buf previous;
    enum rc rc;

    buf_init(&previous, SNAPSHOT_MAX_BYTES);
    rc = open_previous(a, &previous, e);
    if (rc == RC_OK && previous.len > 1) rc = compare(a, previous.data + 1, e); /* stored_text() begins with a letter */
    if (rc == RC_OK) rc = take_snapshot(a, e);
    buf_wipe(&previous);
    return rc;
}
