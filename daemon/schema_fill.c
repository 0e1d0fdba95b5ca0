/* schema_fill.c: see schema_fill.h. */
#include "schema_fill.h"

#include <string.h>
#include "../base/json.h"
#include "../base/str.h"

#define MAX_DEPTH 64
#define SCHEMA_MAX_BYTES ((size_t)1 << 20)

static const struct {
    const char *mark;
    enum policy_choice kind;
} marks[] = {{"$sentences", CHOICE_SENTENCES}, {"$steps", CHOICE_STEPS}, {"$risks", CHOICE_RISKS}, {"$words", CHOICE_WORDS}, {"$names", CHOICE_NAMES}};

/* Index of its mark; COUNT_OF(marks): it is none. */
static size_t mark_of(const cJSON *value)
{
    size_t i = 0;
    while (i < COUNT_OF(marks) && !(cJSON_IsString(value) && str_eq(value->valuestring, marks[i].mark)))
        i++;
    return i;
}

bool schema_has_marks(const char *schema)
{
    for (size_t i = 0; i < COUNT_OF(marks); i++) {
        const char *at = strstr(schema, marks[i].mark);
        if (at && at > schema && at[-1] == '"')
            return true;
    }
    return false;
}

static bool put_choices(cJSON *values, const struct policy_choices *c, enum policy_choice kind)
{
    size_t n;
    const char *const *list = policy_choices_list(c, kind, &n);
    for (size_t i = 0; i < n; i++) {
        cJSON *value = cJSON_CreateString(list[i]);
        if (!value || !cJSON_AddItemToArray(values, value))
            return false;
    }
    return true;
}

/* The enum's values without its marks, with what stands for them behind. False: no memory. */
static bool fill_enum(cJSON *values, const struct policy_choices *c)
{
    bool found[COUNT_OF(marks)] = {false};
    cJSON *next;
    for (cJSON *value = values->child; value; value = next) {
        size_t i = mark_of(value);
        next = value->next;
        if (i == COUNT_OF(marks))
            continue;
        found[i] = true;
        cJSON_Delete(cJSON_DetachItemViaPointer(values, value));
    }
    for (size_t i = 0; i < COUNT_OF(marks); i++)
        if (found[i] && !put_choices(values, c, marks[i].kind))
            return false;
    return true;
}

static bool has_null(const cJSON *values)
{
    for (const cJSON *value = values->child; value; value = value->next)
        if (cJSON_IsNull(value))
            return true;
    return false;
}

static bool has_mark(const cJSON *values)
{
    for (const cJSON *value = values->child; value; value = value->next)
        if (mark_of(value) < COUNT_OF(marks))
            return true;
    return false;
}

/* {"enum": ["$words"]} becomes {"type": "string"}. */
static bool loosen(cJSON *schema, const cJSON *values)
{
    static const char *const types[] = {"string", "null"};
    cJSON *type = cJSON_CreateStringArray(types, has_null(values) ? 2 : 1);
    cJSON_DeleteItemFromObjectCaseSensitive(schema, "enum");
    return type && cJSON_AddItemToObject(schema, "type", type);
}

/* An array whose items have nothing to be is empty. */
static bool forbid_items(cJSON *array)
{
    cJSON_DeleteItemFromObjectCaseSensitive(array, "items");
    cJSON_DeleteItemFromObjectCaseSensitive(array, "maxItems");
    return cJSON_AddNumberToObject(array, "maxItems", 0) != NULL;
}

static bool is_items(const cJSON *schema)
{
    return schema->string && str_eq(schema->string, "items");
}

static bool is_left_empty(const cJSON *schema)
{
    const cJSON *values = cJSON_GetObjectItemCaseSensitive(schema, "enum");
    return cJSON_IsArray(values) && !values->child;
}

static enum rc walk(cJSON *schema, const struct policy_choices *c, int depth, struct err *e)
{
    cJSON *values = cJSON_GetObjectItemCaseSensitive(schema, "enum");
    enum rc rc = RC_OK;
    if (depth > MAX_DEPTH)
        return err_set(e, RC_LIMIT, "schema: nested deeper than %d", MAX_DEPTH);
    if (cJSON_IsArray(values) && has_mark(values)) {
        bool ok = c ? fill_enum(values, c) : loosen(schema, values);
        if (ok && c && !values->child && !is_items(schema))
            ok = cJSON_AddItemToArray(values, cJSON_CreateNull());
        return ok ? RC_OK : err_set(e, RC_NOMEM, "schema: out of memory");
    }
    for (cJSON *child = schema->child; rc == RC_OK && child; child = child->next) {
        if (cJSON_IsObject(child) || cJSON_IsArray(child))
            rc = walk(child, c, depth + 1, e);
        if (rc == RC_OK && is_items(child) && is_left_empty(child)) /* its siblings may go: they have nothing to fill in */
            return forbid_items(schema) ? RC_OK : err_set(e, RC_NOMEM, "schema: out of memory");
    }
    return rc;
}

/* choices NULL: as a form. */
static enum rc rewrite(const char *schema, const struct policy_choices *choices, struct buf *out, struct err *e)
{
    cJSON *root = NULL;
    enum rc rc = json_parse(schema, strlen(schema), JSON_NUMBERS_DIGITS, &root, e);
    if (rc == RC_OK)
        rc = walk(root, choices, 0, e);
    if (rc == RC_OK)
        json_print(out, root);
    cJSON_Delete(root);
    return rc == RC_OK ? buf_check(out, "a schema", e) : rc;
}

enum rc schema_fill(const char *schema, const struct policy_choices *choices, struct buf *out, struct err *e)
{
    return rewrite(schema, choices, out, e);
}

enum rc schema_form(const char *schema, struct constraint **out, struct err *e)
{
    struct buf form;
    buf_init(&form, SCHEMA_MAX_BYTES);
    enum rc rc = rewrite(schema, NULL, &form, e);
    if (rc == RC_OK)
        rc = constraint_json_schema(form.data, form.len, NULL, out, e);
    buf_wipe(&form);
    return rc;
}
