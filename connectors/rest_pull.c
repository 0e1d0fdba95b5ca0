/* rest_pull.c: what has changed, and what there is. Pages are read one after the other and their rows handed out in
 * batches; one batch is held back until the next row has come, since only the last may carry the final watermark of
 * an API whose pages do not come oldest change first. */
#include <stdio.h>
#include <string.h>

#include "../base/str.h"
#include "rest.h"
#include "value.h"

#define BATCH_MAX_BYTES ((size_t)1 << 20)

struct pull {
    struct rest *c;
    const struct rest_object *o;
    bool by_stamp;
    int64_t from_us;        /* rows before it are not wanted; INT64_MIN for all */
    int64_t newest_us;      /* of the rows so far, none of the future; INT64_MIN for none */
    int64_t last_us;        /* of the row before, to see whether they are sorted */
    int64_t now_us;
    char watermark[WATERMARK_SIZE]; /* that holds for the rows handed out */
    struct arena arena;     /* of the batch */
    struct pulled batch[CONNECTOR_MAX_BATCH];
    size_t n;
    pull_fn on_rows;
    bad_fn on_bad;
    void *ctx;
};

/* ---- rows ---------------------------------------------------------------------------------------------------------- */

static void report(struct pull *p, const char *id, const char *why)
{
    struct bad_record bad = {.object = p->o->map->name, .id = id ? id : "", .reason = why};

    if (p->on_bad) p->on_bad(p->ctx, &bad);
}

static enum rc flush(struct pull *p, bool last, struct err *e)
{
    enum rc rc;

    if (p->n == 0) return RC_OK;
    if (p->by_stamp && (last || p->o->sorted) && p->newest_us != INT64_MIN)
        timestamp_format(p->newest_us, p->watermark);
    rc = p->on_rows(p->ctx, p->batch, p->n, p->watermark, e);
    p->n = 0;
    arena_clear(&p->arena);
    return rc;
}

static enum rc keep(struct pull *p, const cJSON *item, const char *key, int64_t modified_us, struct err *e)
{
    struct pulled *row;
    enum rc rc = p->n == CONNECTOR_MAX_BATCH ? flush(p, false, e) : RC_OK;

    if (rc != RC_OK) return rc;
    row = &p->batch[p->n];
    row->id = arena_dup(&p->arena, key);
    row->version = arena_dup(&p->arena, rest_version(p->o, item));
    row->modified_us = modified_us;
    row->deleted = rest_deleted(p->o, item);
    if (!row->id || !row->version) return err_set(e, RC_NOMEM, "%s: out of memory", p->c->name.data);
    p->n++;
    return RC_OK;
}

/* Whether the rows are in the order that the mapping promises. The watermark rests on it. */
static enum rc check_order(struct pull *p, int64_t us, struct err *e)
{
    if (p->o->sorted && us < p->last_us)
        return err_set(e, RC_BAD, "%s: %s: its pages do not come oldest change first, as 'sorted: yes' says",
                       p->c->name.data, p->o->map->name);
    p->last_us = us;
    return RC_OK;
}

static enum rc take_item(struct pull *p, const cJSON *item, struct err *e)
{
    const char *key = rest_key(p->o, item);
    struct rest_value stamp = rest_value_at(item, p->o->map->modified);
    const char *version = rest_version(p->o, item);
    int64_t us = 0;
    bool dated = rest_stamp(p->o, &stamp, &us);
    enum rc rc = RC_OK;

    if (!key) {
        report(p, NULL, "the key is missing or malformed");
        return RC_OK;
    }
    if (!rest_matches(p->o, p->o->map->where, item)) return RC_OK;
    if (strlen(version) > VALUE_MAX_KEY_BYTES || rest_marked(version)) {
        report(p, key, "the version is too long or unreadable");
        return RC_OK;
    }
    if (p->by_stamp && !dated) {
        report(p, key, "the modified column holds no time");
        return RC_OK;
    }
    if (p->by_stamp) rc = check_order(p, us, e);
    if (rc != RC_OK || (p->by_stamp && us < p->from_us)) return rc;
    rc = keep(p, item, key, us, e);
    /* After keep(), which may hand out the batch before. A row stamped in the year 2099 must not hide all that
     * changes until then. */
    if (p->by_stamp && us <= p->now_us && us > p->newest_us) p->newest_us = us;
    return rc;
}

static enum rc take_page(void *ctx, struct rest_page *page, struct err *e)
{
    const cJSON *item;
    enum rc rc = RC_OK;

    cJSON_ArrayForEach(item, page->items)
    {
        rc = take_item(ctx, item, e);
        if (rc != RC_OK) break;
    }
    return rc;
}

/* ---- where it begins ------------------------------------------------------------------------------------------------ */

static void add_since(struct buf *url, const struct rest_object *o, int64_t us)
{
    char text[TIMESTAMP_TEXT_SIZE];

    switch (o->since_format) {
    case REST_TIME_ISO:
        timestamp_format(us, text);
        strcpy(text + strlen("2026-03-12T09:30:00"), "Z"); /* whole seconds: downwards, so nothing is missed */
        break;
    case REST_TIME_DATE:
        date_format(date_of_us(us), text);
        break;
    case REST_TIME_UNIX:
    case REST_TIME_UNIX_MS:
        snprintf(text, sizeof(text), "%lld",
                 (long long)(us / (o->since_format == REST_TIME_UNIX ? 1000000 : 1000)));
        break;
    }
    http_url_add(url, o->since, text, strlen(text));
}

static enum rc begin(struct pull *p, const char *since, struct buf *url, struct err *e)
{
    int64_t us;

    snprintf(p->watermark, sizeof(p->watermark), "%s", since);
    if (!*since || !p->by_stamp) return RC_OK;
    if (!timestamp_parse(since, &us))
        return err_set(e, RC_BAD, "%s: the watermark of %s is damaged; sync it from the beginning", p->c->name.data,
                       p->o->map->name);
    p->newest_us = us;
    p->from_us = us - p->c->base.cfg->overlap_us;
    if (p->from_us < 0) p->from_us = 0;
    if (p->o->since) add_since(url, p->o, p->from_us);
    return buf_check(url, "URL", e);
}

static enum rc run(struct pull *p, const char *since, struct err *e)
{
    struct buf url;
    enum rc rc;

    p->from_us = p->newest_us = p->last_us = INT64_MIN;
    p->now_us = clock_now_us(p->c->base.clock);
    arena_init(&p->arena, BATCH_MAX_BYTES);
    buf_init(&url, HTTP_MAX_URL_BYTES);
    rc = rest_list_url(p->c, p->o, NULL, NULL, &url, e);
    if (rc == RC_OK) rc = begin(p, since, &url, e);
    if (rc == RC_OK) rc = rest_pages(p->c, p->o, url.data, take_page, p, e);
    if (rc == RC_OK) rc = flush(p, true, e);
    buf_clear(&url);
    arena_clear(&p->arena);
    return rc;
}

enum rc rest_pull(struct connector *c, const struct map_object *o, const char *since, pull_fn on_rows, bad_fn on_bad,
                  void *ctx, struct err *e)
{
    struct rest *r = (struct rest *)c;
    struct pull p = {.c = r, .o = rest_object_of(&r->config, o), .by_stamp = o->modified != NULL, .on_rows = on_rows,
                     .on_bad = on_bad, .ctx = ctx};

    return run(&p, since, e);
}

enum rc rest_list(struct connector *c, const struct map_object *o, pull_fn on_rows, void *ctx, struct err *e)
{
    struct rest *r = (struct rest *)c;
    struct pull p = {.c = r, .o = rest_object_of(&r->config, o), .on_rows = on_rows, .ctx = ctx};

    return run(&p, "", e);
}
