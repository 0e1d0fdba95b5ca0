/* release_fields.c: what the checks do not let pass becomes null, or its member is left out, as the schema allows. */
#include "release_fields.h"

#include "../base/crypto.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define FIELDS_MAX_BYTES ((size_t)1 << 20)
#define MAX_DEPTH 64

struct fields_check {
    const struct draft *d; /* fields_fit and its ctx */
    fields_judge_fn judge;
    void *ctx;
    cJSON *root;
};

static bool fits(const struct fields_check *f)
{
    struct buf text;
    bool yes;

    buf_init(&text, FIELDS_MAX_BYTES);
    json_print(&text, f->root);
    yes = text.failed == RC_OK && f->d->fields_fit(f->d->fields_ctx, text.data, text.len);
    buf_wipe(&text);
    return yes;
}

/* Is the string the model's own? Where another of its length fits, it is; the words of an enum are the schema's. */
static bool is_free(const struct fields_check *f, cJSON *item)
{
    char *own = item->valuestring, *other = strdup(own);
    size_t n = strlen(own);
    bool yes;

    if (!other) return true; /* when in doubt it is judged */
    for (size_t i = 0; i < n; i++)
        if ((other[i] & 0x80) == 0) other[i] = other[i] == 'x' ? 'y' : 'x';
    item->valuestring = other;
    yes = fits(f);
    item->valuestring = own;
    crypto_wipe(other, n);
    free(other);
    return yes;
}

/* Is it as long as it may be: one more character would not fit? */
static bool is_full(const struct fields_check *f, cJSON *item)
{
    char *own = item->valuestring, *longer = malloc(strlen(own) + 2);
    bool full;

    if (!longer) return false;
    memcpy(longer, own, strlen(own));
    memcpy(longer + strlen(own), "x", 2);
    item->valuestring = longer;
    full = !fits(f);
    item->valuestring = own;
    crypto_wipe(longer, strlen(longer));
    free(longer);
    return full;
}

/* A failed string goes: null in its place if that fits, else without its member. */
static enum rc leave_out(struct fields_check *f, cJSON *parent, cJSON *item, const char *member, struct err *e)
{
    int type = item->type;
    char name[64];

    snprintf(name, sizeof(name), "%.60s", member); /* it may be the item's own */

    item->type = (type & ~0xFF) | cJSON_NULL;
    if (fits(f)) return RC_OK;
    item->type = type;
    if (parent) {
        cJSON_Delete(cJSON_DetachItemViaPointer(parent, item));
        if (fits(f)) return RC_OK;
    }
    return err_set(e, RC_REFUSED, "policy: enrichment: a check dropped '%s', which the schema requires", name);
}

static enum rc put_string(cJSON *item, const char *text, struct err *e)
{
    char *copy = cJSON_malloc(strlen(text) + 1);

    if (!copy) return err_set(e, RC_NOMEM, "policy: out of memory");
    memcpy(copy, text, strlen(text) + 1);
    crypto_wipe(item->valuestring, strlen(item->valuestring));
    cJSON_free(item->valuestring);
    item->valuestring = copy;
    return RC_OK;
}

static enum rc judge_string(struct fields_check *f, cJSON *parent, cJSON *item, const char *member, struct err *e)
{
    struct buf out;
    bool kept = false;
    enum rc rc;

    if (!*item->valuestring || !is_free(f, item)) return RC_OK;
    buf_init(&out, FIELDS_MAX_BYTES);
    rc = f->judge(f->ctx, item->valuestring, is_full(f, item), &out, &kept, e);
    if (rc == RC_OK && kept && strcmp(out.data, item->valuestring) != 0) rc = put_string(item, out.data, e);
    if (rc == RC_OK && (!kept || !fits(f))) rc = leave_out(f, parent, item, member, e);
    buf_wipe(&out);
    return rc;
}

/* A list that says the same twice says it once. */
static bool stands_before(const cJSON *array, const cJSON *item)
{
    for (const cJSON *x = array->child; x && x != item; x = x->next)
        if (cJSON_IsString(x) && cJSON_IsString(item) && strcmp(x->valuestring, item->valuestring) == 0) return true;
    return false;
}

/* False, and it stays, if the schema wants so many. */
static bool drop_item(struct fields_check *f, cJSON *array, cJSON *item)
{
    int at = 0;

    for (const cJSON *x = array->child; x != item; x = x->next) at++;
    (void)cJSON_DetachItemViaPointer(array, item);
    if (fits(f)) {
        cJSON_Delete(item);
        return true;
    }
    (void)cJSON_InsertItemInArray(array, at, item);
    return false;
}

static enum rc judge_value(struct fields_check *f, cJSON *parent, cJSON *item, const char *member, int depth, struct err *e)
{
    enum rc rc = RC_OK;

    if (depth > MAX_DEPTH) return err_set(e, RC_LIMIT, "policy: enrichment: nested deeper than %d", MAX_DEPTH);
    if (cJSON_IsString(item)) return judge_string(f, parent, item, member, e);
    for (cJSON *child = item->child, *next; rc == RC_OK && child; child = next) {
        next = child->next; /* the child may go */
        if (cJSON_IsArray(item) && stands_before(item, child) && drop_item(f, item, child)) continue;
        rc = judge_value(f, item, child, child->string ? child->string : member, depth + 1, e);
    }
    return rc;
}

/* ---- asked for twice -------------------------------------------------------------------------------------------- */

static enum rc judge_item(struct fields_check *f, cJSON *item, bool *kept, struct err *e)
{
    struct buf out;
    enum rc rc;

    *kept = true;
    if (!cJSON_IsString(item) || !*item->valuestring || !is_free(f, item)) return RC_OK;
    buf_init(&out, FIELDS_MAX_BYTES);
    rc = f->judge(f->ctx, item->valuestring, is_full(f, item), &out, kept, e);
    buf_wipe(&out);
    return rc;
}

/* What stands in the same place: the member of that name, the item of that number. */
static cJSON *counterpart(const cJSON *parent, const cJSON *child, int at)
{
    if (!parent) return NULL;
    return child->string ? cJSON_GetObjectItemCaseSensitive(parent, child->string) : cJSON_GetArrayItem(parent, at);
}

/* other: the same place of the second document, or NULL; its own strings are judged where they would be taken. */
static enum rc mend_value(struct fields_check *f, struct fields_check *second, cJSON *item, cJSON *other, int depth, struct err *e)
{
    bool kept = true, better = false;
    int at = 0;
    enum rc rc = RC_OK;

    if (depth > MAX_DEPTH) return err_set(e, RC_LIMIT, "policy: enrichment: nested deeper than %d", MAX_DEPTH);
    if (cJSON_IsString(item)) {
        rc = judge_item(f, item, &kept, e);
        if (rc == RC_OK && !kept && cJSON_IsString(other)) rc = judge_item(second, other, &better, e);
        if (rc == RC_OK && better) {
            char *own = item->valuestring;
            item->valuestring = other->valuestring;
            better = fits(f);
            item->valuestring = own;
        }
        return rc == RC_OK && better ? put_string(item, other->valuestring, e) : rc;
    }
    for (cJSON *child = item->child; rc == RC_OK && child; child = child->next, at++)
        rc = mend_value(f, second, child, counterpart(other, child, at), depth + 1, e);
    return rc;
}

static enum rc parse(const char *text, cJSON **out, struct err *e)
{
    enum rc rc = json_parse(text, strlen(text), JSON_NUMBERS_DIGITS, out, NULL);

    return rc == RC_OK ? RC_OK : err_set(e, rc, "policy: enrichment: the fields are no JSON document");
}

static enum rc judge_all(struct fields_check *f, cJSON *item, int depth, struct err *e)
{
    bool kept;
    enum rc rc = judge_item(f, item, &kept, e);

    if (depth > MAX_DEPTH) return err_set(e, RC_LIMIT, "policy: enrichment: nested deeper than %d", MAX_DEPTH);
    for (cJSON *child = item->child; rc == RC_OK && child; child = child->next) rc = judge_all(f, child, depth + 1, e);
    return rc;
}

enum rc fields_judge(const struct draft *d, fields_judge_fn judge, void *ctx, struct err *e)
{
    struct fields_check f = {.d = d, .judge = judge, .ctx = ctx};
    enum rc rc = parse(d->body, &f.root, e);

    if (rc == RC_OK) rc = judge_all(&f, f.root, 0, e);
    cJSON_Delete(f.root);
    return rc;
}

static enum rc print(const cJSON *root, char **text, struct err *e)
{
    struct buf out;
    enum rc rc;

    buf_init(&out, FIELDS_MAX_BYTES);
    json_print(&out, root);
    rc = buf_check(&out, "policy: enrichment", e);
    if (rc == RC_OK && !(*text = buf_take(&out, NULL))) rc = err_set(e, RC_NOMEM, "policy: out of memory");
    buf_wipe(&out);
    return rc;
}

enum rc fields_mend(const struct draft *d, const char *again, fields_judge_fn judge, void *ctx, char **text, struct err *e)
{
    struct fields_check f = {.d = d, .judge = judge, .ctx = ctx}, second = f;
    enum rc rc = parse(d->body, &f.root, e), other = RC_OK;

    if (rc == RC_OK || rc == RC_BAD) other = parse(again, &second.root, e);
    if (rc == RC_BAD && other == RC_OK) {
        rc = print(second.root, text, e);
    } else if (rc == RC_OK && (other == RC_OK || other == RC_BAD)) {
        rc = mend_value(&f, &second, f.root, second.root, 0, e);
        if (rc == RC_OK) rc = print(f.root, text, e);
    } else if (rc == RC_OK) {
        rc = other;
    }
    cJSON_Delete(second.root);
    cJSON_Delete(f.root);
    return rc;
}

/* ---- what is left ----------------------------------------------------------------------------------------------- */

static size_t count_values(const cJSON *item)
{
    size_t n = 0;

    if (!cJSON_IsObject(item) && !cJSON_IsArray(item))
        return !cJSON_IsNull(item) && !(cJSON_IsString(item) && !*item->valuestring);
    for (const cJSON *child = item->child; child; child = child->next) n += count_values(child);
    return n;
}

enum rc fields_release(const struct draft *d, fields_judge_fn judge, void *ctx, char **text, struct err *e)
{
    struct fields_check f = {.d = d, .judge = judge, .ctx = ctx};
    enum rc rc = parse(d->body, &f.root, e);

    if (rc == RC_OK) rc = judge_value(&f, NULL, f.root, "the document", 0, e);
    if (rc == RC_OK && count_values(f.root) == 0) rc = err_set(e, RC_REFUSED, "policy: the model wrote nothing that could be used");
    if (rc == RC_OK) rc = print(f.root, text, e);
    cJSON_Delete(f.root);
    return rc;
}
