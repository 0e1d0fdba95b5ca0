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
    rc = f->judge(f->ctx, item->valuestring, &out, &kept, e);
    if (rc == RC_OK && kept && strcmp(out.data, item->valuestring) != 0) rc = put_string(item, out.data, e);
    if (rc == RC_OK && (!kept || !fits(f))) rc = leave_out(f, parent, item, member, e);
    buf_wipe(&out);
    return rc;
}

static enum rc judge_value(struct fields_check *f, cJSON *parent, cJSON *item, const char *member, int depth, struct err *e)
{
    enum rc rc = RC_OK;

    if (depth > MAX_DEPTH) return err_set(e, RC_LIMIT, "policy: enrichment: nested deeper than %d", MAX_DEPTH);
    if (cJSON_IsString(item)) return judge_string(f, parent, item, member, e);
    for (cJSON *child = item->child, *next; rc == RC_OK && child; child = next) {
        next = child->next; /* the child may go */
        rc = judge_value(f, item, child, child->string ? child->string : member, depth + 1, e);
    }
    return rc;
}

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
    struct buf out;
    enum rc rc = json_parse(d->body, strlen(d->body), JSON_NUMBERS_DIGITS, &f.root, NULL);

    if (rc != RC_OK) return err_set(e, rc, "policy: enrichment: the fields are no JSON document");
    buf_init(&out, FIELDS_MAX_BYTES);
    rc = judge_value(&f, NULL, f.root, "the document", 0, e);
    if (rc == RC_OK && count_values(f.root) == 0) rc = err_set(e, RC_REFUSED, "policy: the model wrote nothing that could be used");
    if (rc == RC_OK) {
        json_print(&out, f.root);
        rc = buf_check(&out, "policy: enrichment", e);
    }
    if (rc == RC_OK && !(*text = buf_take(&out, NULL))) rc = err_set(e, RC_NOMEM, "policy: out of memory");
    buf_wipe(&out);
    cJSON_Delete(f.root);
    return rc;
}
