/* rest_record.c: from an item of JSON to a record. */
#include <stdio.h>
#include <string.h>

#include "../base/str.h"
#include "rest.h"
#include "value.h"

const cJSON *rest_at(const cJSON *item, const char *column)
{
    if (column[0] == '/' || column[0] == '\0') return json_pointer(item, column);
    return cJSON_GetObjectItemCaseSensitive(item, column);
}

struct rest_value rest_value_at(const cJSON *item, const char *column)
{
    const cJSON *at = column ? rest_at(item, column) : NULL;
    struct rest_value v = {0};

    if (cJSON_IsString(at) || cJSON_IsRaw(at)) v.text = at->valuestring;
    else if (cJSON_IsBool(at)) v.text = cJSON_IsTrue(at) ? "true" : "false";
    v.number = cJSON_IsRaw(at);
    v.nested = cJSON_IsObject(at) || cJSON_IsArray(at);
    v.n = v.text ? strlen(v.text) : 0;
    return v;
}

const char *rest_key(const struct rest_object *o, const cJSON *item)
{
    struct rest_value v = rest_value_at(item, o->map->key);

    return value_key_ok(v.text, v.n) && !rest_marked(v.text) ? v.text : NULL;
}

bool rest_stamp(const struct rest_object *o, const struct rest_value *v, int64_t *us)
{
    int64_t unit = o->epoch_ms ? 1000 : 1000000, n;

    if (!v->text) return false;
    if (!v->number && value_stamp(v->text, us)) return true;
    if (!str_int64(v->text, INT64_MIN / unit, INT64_MAX / unit, &n)) return false;
    *us = n * unit;
    return true;
}

bool rest_deleted(const struct rest_object *o, const cJSON *item)
{
    struct rest_value v = rest_value_at(item, o->map->deleted);

    return v.nested || value_deleted(v.text); /* deleted: {by: ..., at: ...} is deleted too */
}

bool rest_matches(const struct rest_object *o, const struct map_condition *where, const cJSON *item)
{
    for (; where; where = where->next) {
        const cJSON *at = rest_at(item, where->column);
        struct rest_value v = rest_value_at(item, where->column);
        bool found = !at && rest_filter_of(o, where->column);

        for (size_t i = 0; i < where->n_values && !found; i++)
            found = v.text && str_eq(v.text, where->values[i]);
        if (!found) return false;
    }
    return true;
}

const char *rest_version(const struct rest_object *o, const cJSON *item)
{
    struct rest_value v = rest_value_at(item, o->map->version ? o->map->version : o->map->modified);

    return v.text ? v.text : "";
}

/* ---- filling ------------------------------------------------------------------------------------------------------ */

static enum rc set_text(struct record *r, const char **out, const char *text, const char *what, struct err *e)
{
    if (!text) return RC_OK;
    if (rest_marked(text))
        return err_set(e, RC_BAD, "%s %s %s: %s: unreadable characters", r->source, r->object, r->id, what);
    if (strlen(text) > VALUE_MAX_KEY_BYTES)
        return err_set(e, RC_LIMIT, "%s %s %s: %s: longer than %d bytes", r->source, r->object, r->id, what,
                       VALUE_MAX_KEY_BYTES);
    *out = arena_dup(r->arena, text);
    return *out ? RC_OK : err_set(e, RC_LIMIT, "%s %s %s: the record is too large", r->source, r->object, r->id);
}

static enum field_origin origin_of(const struct map_field *f, const cJSON *item)
{
    struct rest_value v = rest_value_at(item, f->origin_column);

    if (!f->origin_column) return f->spec.origin;
    for (size_t i = 0; v.text && i < f->n_origin_outside; i++) {
        if (str_eq_nocase(v.text, f->origin_outside[i])) return ORIGIN_OUTSIDE;
    }
    return ORIGIN_INSIDE;
}

/* A text with marks goes back to the bytes that record_add() refuses, so that its message tells where. */
static enum rc add_text(struct record *r, const struct field_spec *spec, const struct rest_value *v,
                        const char *currency, struct err *e)
{
    struct buf bytes;
    enum rc rc;

    if (!v->text || !rest_marked(v->text)) return record_add(r, spec, v->text, v->n, currency, e);
    buf_init(&bytes, REST_MAX_PAGE_BYTES);
    rest_unmend(v->text, &bytes);
    rc = buf_check(&bytes, spec->name, e);
    if (rc == RC_OK) rc = record_add(r, spec, bytes.data, bytes.len, currency, e);
    buf_wipe(&bytes);
    return rc;
}

static enum rc add_field(struct record *r, const struct rest_object *o, const struct map_field *f, const cJSON *item,
                         struct err *e)
{
    struct rest_value v = rest_value_at(item, f->column);
    struct rest_value currency = rest_value_at(item, f->currency_column);
    struct field_spec spec = f->spec;
    char iso[TIMESTAMP_TEXT_SIZE];
    int64_t us;

    if (v.nested)
        return err_set(e, RC_BAD, "%s %s %s: field %s: an object or array, not a single value", r->source, r->object,
                       r->id, spec.name);
    spec.origin = origin_of(f, item);
    if (v.number && (spec.type == FIELD_DATE || spec.type == FIELD_TIMESTAMP) && rest_stamp(o, &v, &us)) {
        timestamp_format(us, iso);
        return record_add(r, &spec, iso, strlen(iso), NULL, e);
    }
    return add_text(r, &spec, &v, f->currency_column ? currency.text : f->currency, e);
}

enum rc rest_fill(struct record *r, const struct rest_object *o, const cJSON *item, struct err *e)
{
    const struct map_object *m = o->map;
    struct rest_value stamp = rest_value_at(item, m->modified);
    enum rc rc = set_text(r, &r->version, rest_version(o, item), "version", e);

    if (rc != RC_OK) return rc;
    r->deleted = rest_deleted(o, item);
    if (r->deleted) return RC_OK;
    if (stamp.text && !rest_stamp(o, &stamp, &r->modified_us))
        return err_set(e, RC_BAD, "%s %s %s: the modified column holds no time", r->source, r->object, r->id);
    rc = set_text(r, &r->owner, rest_value_at(item, m->owner).text, "owner", e);
    if (rc == RC_OK) rc = set_text(r, &r->team, rest_value_at(item, m->team).text, "team", e);
    for (const struct map_field *f = m->fields; f && rc == RC_OK; f = f->next)
        rc = add_field(r, o, f, item, e);
    return rc;
}
