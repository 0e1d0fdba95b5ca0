/* sql_pull.c: keyset paging. A page is one statement that ends before its rows are handed out, so that nothing
 * stays open in the database while the caller works, and memory is bounded by SQL_PAGE_ROWS. */
#include <stdio.h>
#include <string.h>

#include "../base/str.h"
#include "sql.h"

#define PAGE_MAX_BYTES ((size_t)64 << 20)
#define STAMP_SIZE 64

struct page_row {
    struct pulled pulled;
    const char *stamp; /* the modified value as the source writes it, for the watermark; NULL if the row is bad */
    const char *why;   /* reason of a bad row, else NULL */
};

struct pull {
    struct sql_connector *c;
    const struct map_object *o;
    bool by_stamp;         /* paging on (modified, key), else on key alone */
    struct sql_columns columns;
    struct arena columns_arena;
    struct arena arena;    /* of one page, with the place where it ended */
    struct page_row *rows;
    size_t n;
    struct sql_param at_stamp, at_key; /* where the next page begins; text NULL: from the start */
    bool at_open;          /* at_stamp is the lower end of an overlap: rows with that very stamp count too */
    int64_t now_us;
    char watermark[WATERMARK_SIZE];
    pull_fn on_rows;
    bad_fn on_bad;
    void *ctx;
};

/* ---- one page ------------------------------------------------------------------------------------------------ */

static const char *look(const struct pull *p, struct page_row *row, const struct sql_cell *key,
                        const struct sql_cell *stamp)
{
    if (!sql_key_ok(key)) return "the key is malformed";
    if (!p->o->modified || sql_stamp(stamp, &row->pulled.modified_us)) return NULL;
    if (!p->by_stamp) return NULL; /* a list is about ids; the pull reports the stamp */
    return "the modified column holds no time";
}

static enum rc take_row(void *ctx, const struct sql_cell *cells, size_t n, struct err *e)
{
    struct pull *p = ctx;
    const struct sql_cell *key = sql_cell(&p->columns, cells, p->o->key);
    const struct sql_cell *stamp = sql_cell(&p->columns, cells, p->o->modified);
    const struct sql_cell *version = p->o->version ? sql_cell(&p->columns, cells, p->o->version) : stamp;
    struct page_row *row = &p->rows[p->n++];

    (void)n;
    row->pulled.id = arena_ndup(&p->arena, key->text ? key->text : "", key->n);
    row->pulled.version = arena_ndup(&p->arena, version->text ? version->text : "", version->n);
    row->pulled.deleted = sql_deleted(sql_cell(&p->columns, cells, p->o->deleted));
    row->stamp = arena_ndup(&p->arena, stamp->text ? stamp->text : "", stamp->n);
    if (!row->pulled.id || !row->pulled.version || !row->stamp)
        return err_set(e, RC_LIMIT, "source %s: a page of %s is larger than %zu bytes", p->c->base.cfg->name,
                       p->o->name, PAGE_MAX_BYTES);
    row->why = look(p, row, key, stamp);
    if (!row->why && stamp->n >= STAMP_SIZE) row->why = "the modified column is too long";
    /* Bad rows move the place too, or the next page would begin before them. */
    p->at_key = (struct sql_param){row->pulled.id, key->n};
    p->at_stamp = (struct sql_param){row->stamp, stamp->n};
    p->at_open = false;
    return RC_OK;
}

static void page_condition(struct sql *s, const struct pull *p, struct sql_param stamp, struct sql_param key)
{
    sql_column(s, p->o->key);
    sql_text(s, " IS NOT NULL");
    if (p->by_stamp) {
        sql_text(s, " AND ");
        sql_column(s, p->o->modified);
        sql_text(s, " IS NOT NULL");
    }
    if (p->by_stamp && stamp.text) {
        sql_text(s, p->at_open ? " AND " : " AND (");
        sql_column(s, p->o->modified);
        if (!p->at_open) {
            sql_text(s, ", ");
            sql_column(s, p->o->key);
        }
        sql_text(s, p->at_open ? " >= " : ") > (");
        sql_value(s, stamp.text, stamp.n);
        if (!p->at_open) {
            sql_text(s, ", ");
            sql_value(s, key.text, key.n);
            sql_text(s, ")");
        }
    } else if (!p->by_stamp && key.text) {
        sql_text(s, " AND ");
        sql_column(s, p->o->key);
        sql_text(s, " > ");
        sql_value(s, key.text, key.n);
    }
    sql_where(s, p->o->where);
}

/* The place outlives the page that it came from. */
static enum rc copy_place(struct pull *p, struct arena *a, struct sql_param *stamp, struct sql_param *key,
                          struct err *e)
{
    *stamp = p->at_stamp;
    *key = p->at_key;
    if (stamp->text && !(stamp->text = arena_ndup(a, stamp->text, stamp->n)))
        return err_set(e, RC_NOMEM, "out of memory");
    if (key->text && !(key->text = arena_ndup(a, key->text, key->n))) return err_set(e, RC_NOMEM, "out of memory");
    return RC_OK;
}

static enum rc read_page(struct pull *p, struct err *e)
{
    struct arena place;
    struct sql_param stamp, key;
    struct sql s;
    enum rc rc;

    arena_init(&place, PAGE_MAX_BYTES);
    rc = copy_place(p, &place, &stamp, &key, e);
    arena_clear(&p->arena);
    sql_init(&s, p->c, &p->arena);
    if (rc != RC_OK) goto out;
    p->n = 0;
    p->rows = arena_array(&p->arena, SQL_PAGE_ROWS, sizeof(*p->rows));
    if (!p->rows) {
        rc = err_set(e, RC_NOMEM, "out of memory");
        goto out;
    }
    sql_text(&s, "SELECT ");
    sql_columns_list(&s, &p->columns);
    sql_text(&s, " FROM ");
    sql_from(&s, p->o);
    sql_text(&s, " WHERE ");
    page_condition(&s, p, stamp, key);
    sql_text(&s, " ORDER BY ");
    if (p->by_stamp) {
        sql_column(&s, p->o->modified);
        sql_text(&s, ", ");
    }
    sql_column(&s, p->o->key);
    buf_printf(&s.text, " LIMIT %d", SQL_PAGE_ROWS);
    rc = sql_run(p->c, &s, take_row, p, NULL, e);
out:
    sql_clear(&s);
    arena_clear(&place);
    return rc;
}

/* ---- handing out --------------------------------------------------------------------------------------------- */

static void report(struct pull *p, const char *id, const char *why)
{
    struct sql_cell key = {.text = id, .n = strlen(id)};
    struct bad_record bad = {.object = p->o->name, .id = sql_key_ok(&key) ? id : "", .reason = why};

    if (p->on_bad) p->on_bad(p->ctx, &bad);
}

/* The watermark is a good row's place, and never later than now: one row stamped in the year 2099 must not hide
 * all that changes until then. */
static void advance(struct pull *p, const struct page_row *row)
{
    if (p->by_stamp && row->pulled.modified_us <= p->now_us)
        snprintf(p->watermark, sizeof(p->watermark), "%s|%s", row->stamp, row->pulled.id);
}

static enum rc deliver_page(struct pull *p, struct err *e)
{
    struct pulled batch[CONNECTOR_MAX_BATCH];
    size_t n = 0;
    enum rc rc = RC_OK;

    for (size_t i = 0; i < p->n && rc == RC_OK; i++) {
        if (p->rows[i].why) {
            report(p, p->rows[i].pulled.id, p->rows[i].why);
            continue;
        }
        batch[n++] = p->rows[i].pulled;
        advance(p, &p->rows[i]);
        if (n < CONNECTOR_MAX_BATCH) continue;
        rc = p->on_rows(p->ctx, batch, n, p->watermark, e);
        n = 0;
    }
    if (n > 0 && rc == RC_OK) rc = p->on_rows(p->ctx, batch, n, p->watermark, e);
    return rc;
}

static bool same_place(const struct pull *p, const char *stamp, const char *key)
{
    return str_eq(p->at_key.text, key) && (!p->by_stamp || str_eq(p->at_stamp.text, stamp));
}

static enum rc read_pages(struct pull *p, struct err *e)
{
    char stamp[STAMP_SIZE] = "", key[SQL_MAX_KEY_BYTES + 1] = "";
    enum rc rc;

    do {
        rc = read_page(p, e);
        if (rc == RC_OK) rc = deliver_page(p, e);
        if (rc != RC_OK || p->n < SQL_PAGE_ROWS) return rc;
        if (same_place(p, stamp, key))
            return err_set(e, RC_BAD, "source %s: %s does not advance: its key and modified columns must sort as they "
                           "compare", p->c->base.cfg->name, p->o->name);
        snprintf(stamp, sizeof(stamp), "%s", p->at_stamp.text);
        snprintf(key, sizeof(key), "%s", p->at_key.text);
    } while (true);
}

/* ---- where a pull begins --------------------------------------------------------------------------------------- */

/* `stamp` less `us`, in the same notation and without fraction and zone, so that it sorts before every stamp of its
 * second, also where stamps are compared as text. The zone is the stamp's own: stamps of one column share it. */
static bool stamp_minus(const char *stamp, int64_t us, char out[TIMESTAMP_TEXT_SIZE])
{
    char head[20], text[TIMESTAMP_TEXT_SIZE];
    size_t n = strlen(stamp);
    int64_t at, seconds;
    int32_t days;

    if (str_int64(stamp, INT64_MIN / 1000000, INT64_MAX / 1000000, &seconds)) {
        snprintf(out, TIMESTAMP_TEXT_SIZE, "%lld", (long long)(seconds - us / 1000000));
        return true;
    }
    if (n == 10 && date_parse(stamp, &days)) {
        date_format(date_of_us(days * CLOCK_DAY_US - us), out);
        return true;
    }
    if (n < 19) return false;
    snprintf(head, sizeof(head), "%.19s", stamp);
    if (!timestamp_parse(head, &at)) return false;
    timestamp_format(at - us, text);
    snprintf(out, TIMESTAMP_TEXT_SIZE, "%.19s", text);
    out[10] = stamp[10];
    return true;
}

static enum rc begin(struct pull *p, const char *since, struct err *e)
{
    const char *bar = strchr(since, '|');
    char start[TIMESTAMP_TEXT_SIZE], stamp[STAMP_SIZE];
    int64_t overlap = p->c->base.cfg->overlap_us;

    snprintf(p->watermark, sizeof(p->watermark), "%s", since);
    if (!*since) return RC_OK;
    if (!bar || (size_t)(bar - since) >= sizeof(stamp)) goto damaged;
    snprintf(stamp, sizeof(stamp), "%.*s", (int)(bar - since), since);
    if (!stamp_minus(stamp, overlap, start)) goto damaged;
    p->at_open = overlap > 0;
    p->at_stamp.text = arena_dup(&p->arena, overlap > 0 ? start : stamp);
    p->at_key.text = arena_dup(&p->arena, bar + 1);
    if (!p->at_stamp.text || !p->at_key.text) return err_set(e, RC_NOMEM, "out of memory");
    p->at_stamp.n = strlen(p->at_stamp.text);
    p->at_key.n = strlen(p->at_key.text);
    return RC_OK;
damaged:
    return err_set(e, RC_BAD, "source %s: the watermark of %s is damaged; sync it from the beginning",
                   p->c->base.cfg->name, p->o->name);
}

/* Rows that no page can hold, since NULL has no place in an order. */
static enum rc null_row(void *ctx, const struct sql_cell *cells, size_t n, struct err *e)
{
    struct pull *p = ctx;

    (void)n;
    (void)e;
    report(p, cells[0].text ? cells[0].text : "", cells[0].text ? "the modified column is NULL" : "the key is NULL");
    return RC_OK;
}

static enum rc report_nulls(struct pull *p, struct err *e)
{
    struct sql s;
    enum rc rc;

    sql_init(&s, p->c, &p->arena);
    sql_text(&s, "SELECT ");
    sql_column(&s, p->o->key);
    sql_text(&s, " FROM ");
    sql_from(&s, p->o);
    sql_text(&s, " WHERE (");
    sql_column(&s, p->o->key);
    sql_text(&s, " IS NULL");
    if (p->o->modified) {
        sql_text(&s, " OR ");
        sql_column(&s, p->o->modified);
        sql_text(&s, " IS NULL");
    }
    sql_text(&s, ")");
    sql_where(&s, p->o->where);
    rc = sql_run(p->c, &s, null_row, p, NULL, e);
    sql_clear(&s);
    return rc;
}

static enum rc start(struct pull *p, struct connector *c, const struct map_object *o, pull_fn on_rows, bad_fn on_bad,
                     void *ctx, struct err *e)
{
    const char *const wanted[] = {o->key, o->modified, o->version, o->deleted};
    enum rc rc = RC_OK;

    *p = (struct pull){.c = (struct sql_connector *)c, .o = o, .on_rows = on_rows, .on_bad = on_bad, .ctx = ctx};
    arena_init(&p->arena, PAGE_MAX_BYTES);
    arena_init(&p->columns_arena, 4096);
    p->now_us = clock_now_us(c->clock);
    for (size_t i = 0; i < COUNT_OF(wanted) && rc == RC_OK; i++)
        rc = sql_columns_add(&p->columns, &p->columns_arena, wanted[i], e);
    return rc;
}

static void finish(struct pull *p)
{
    arena_clear(&p->arena);
    arena_clear(&p->columns_arena);
}

enum rc sql_pull(struct connector *c, const struct map_object *o, const char *since, pull_fn on_rows, bad_fn on_bad,
                 void *ctx, struct err *e)
{
    struct pull p;
    enum rc rc = start(&p, c, o, on_rows, on_bad, ctx, e);

    p.by_stamp = o->modified != NULL; /* an object without stamps is read whole by each pull */
    if (rc == RC_OK && p.by_stamp) rc = begin(&p, since, e);
    if (rc == RC_OK) rc = read_pages(&p, e);
    if (rc == RC_OK) rc = report_nulls(&p, e);
    finish(&p);
    return rc;
}

enum rc sql_list(struct connector *c, const struct map_object *o, pull_fn on_rows, void *ctx, struct err *e)
{
    struct pull p;
    enum rc rc = start(&p, c, o, on_rows, NULL, ctx, e);

    if (rc == RC_OK) rc = read_pages(&p, e);
    finish(&p);
    return rc;
}
