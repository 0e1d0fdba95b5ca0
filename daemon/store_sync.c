/* What a sync leaves behind: seen rows, looks, and how far it came. */
#include <stdio.h>
#include <string.h>
#include "../base/str.h"
#include "store_db.h"

enum rc store_watermark(struct store *s, const char *source, const char *object, char out[WATERMARK_SIZE],
                        struct err *e)
{
    struct rows *r = NULL;
    bool more = false;
    enum rc rc = db_query(s, &r, e, "SELECT text FROM watermark WHERE source = $1 AND object = $2",
                          WITH(p_text(source), p_text(object)));
    if (rc == RC_OK)
        rc = rows_next(r, &more, e);
    if (rc == RC_OK)
        snprintf(out, WATERMARK_SIZE, "%s", more ? rows_text(r, 0) : "");
    rows_done(r);
    return rc;
}

static enum rc row_changed(struct store *s, const char *source, const char *object, const struct pulled *row,
                           bool *changed, struct err *e)
{
    struct rows *r = NULL;
    bool more = false;
    enum rc rc = db_query(s, &r, e,
                          "SELECT version, modified_us, deleted FROM seen WHERE source = $1 AND object = $2 AND id = $3",
                          WITH(p_text(source), p_text(object), p_text(row->id)));
    if (rc == RC_OK)
        rc = rows_next(r, &more, e);
    if (rc == RC_OK)
        *changed = !more || !str_eq(rows_text(r, 0), row->version) || (rows_int(r, 2) != 0) != row->deleted ||
                   (rows_int(r, 1) != row->modified_us && rows_int(r, 1) != SEEN_ANY_STAMP);
    rows_done(r);
    return rc;
}

enum rc store_sync_changed(struct store *s, const char *source, const char *object, const struct pulled *rows, size_t n,
                           bool *changed, struct err *e)
{
    enum rc rc = tx_begin_read(s, e);
    for (size_t i = 0; rc == RC_OK && i < n; i++)
        rc = row_changed(s, source, object, &rows[i], &changed[i], e);
    return tx_end(s, rc, e);
}

static enum rc queue_kinds(struct store *s, const struct store_look *look, struct err *e)
{
    enum rc rc = RC_OK;
    for (int k = 0; rc == RC_OK && look->kinds && k < N_PURPOSES; k++)
        if (look->kinds[k])
            rc = queue_put(s,
                           &(struct store_ask){.source = look->source, .object = look->object, .record_id = look->id,
                                               .kind = (enum purpose)k, .priority = STORE_PRIORITY_BATCH},
                           e);
    return rc;
}

static enum rc record_gone(struct store *s, const char *source, const char *object, const char *id, struct err *e)
{
    enum rc rc = db_run(s, e,
                        "DELETE FROM job WHERE source = $1 AND object = $2 AND record_id = $3 AND state <> 'running'",
                        WITH(p_text(source), p_text(object), p_text(id)));
    return rc == RC_OK ? briefs_expire(s, source, object, id, e) : rc;
}

static enum rc store_row(struct store *s, const struct store_batch *b, const struct pulled *row, size_t *n_changed,
                         struct err *e)
{
    bool changed, erased = false;
    enum rc rc = row_changed(s, b->source, b->object, row, &changed, e);
    if (rc == RC_OK && changed)
        rc = erased_record(s, b->source, b->object, row->id, &erased, e);
    if (rc != RC_OK || erased) /* of a person who is not to come back: nothing is noted of it */
        return rc;
    if (rc == RC_OK)
        rc = db_run(s, e,
                    "INSERT INTO seen(source, object, id, version, modified_us, deleted, checked_us)"
                    " VALUES ($1, $2, $3, $4, $5, $6, $7) ON CONFLICT(source, object, id) DO UPDATE SET"
                    " version = excluded.version, modified_us = excluded.modified_us, deleted = excluded.deleted,"
                    " checked_us = excluded.checked_us",
                    WITH(p_text(b->source), p_text(b->object), p_text(row->id), p_text(row->version),
                         p_int(row->modified_us), p_int(row->deleted), p_int(store_now_us(s))));
    if (rc != RC_OK || !changed)
        return rc;
    ++*n_changed;
    rc = db_run(s, e, "DELETE FROM quarantine WHERE source = $1 AND object = $2 AND id = $3",
                WITH(p_text(b->source), p_text(b->object), p_text(row->id)));
    if (rc != RC_OK)
        return rc;
    return row->deleted ? record_gone(s, b->source, b->object, row->id, e)
                        : queue_kinds(s, &(struct store_look){b->source, b->object, row->id, b->kinds}, e);
}

enum rc store_sync_batch(struct store *s, const struct store_batch *b, size_t *n_changed, struct err *e)
{
    size_t changed = 0;
    enum rc rc = tx_begin(s, e);
    for (size_t i = 0; rc == RC_OK && i < b->n; i++)
        rc = store_row(s, b, &b->rows[i], &changed, e);
    for (size_t i = 0; rc == RC_OK && i < b->n_looks; i++)
        rc = queue_kinds(s, &b->looks[i], e);
    if (rc == RC_OK && b->watermark)
        rc = db_run(s, e,
                    "INSERT INTO watermark(source, object, text) VALUES ($1, $2, $3)"
                    " ON CONFLICT(source, object) DO UPDATE SET text = excluded.text",
                    WITH(p_text(b->source), p_text(b->object), p_text(b->watermark)));
    rc = tx_end(s, rc, e);
    if (rc == RC_OK && n_changed)
        *n_changed = changed;
    return rc;
}

enum rc store_sync_gone(struct store *s, const char *source, const char *object, int64_t since_us, size_t *n_gone,
                        struct err *e)
{
    struct rows *r = NULL;
    bool more = true;
    size_t gone = 0;
    enum rc rc = tx_begin(s, e);
    if (rc == RC_OK) /* the update is complete at its first row, so what follows may change other tables */
        rc = db_query(s, &r, e,
                      "UPDATE seen SET deleted = 1 WHERE source = $1 AND object = $2 AND checked_us < $3"
                      " AND deleted = 0 RETURNING id",
                      WITH(p_text(source), p_text(object), p_int(since_us)));
    while (rc == RC_OK && (rc = rows_next(r, &more, e)) == RC_OK && more) {
        gone++;
        rc = record_gone(s, source, object, rows_text(r, 0), e);
    }
    rows_done(r);
    rc = tx_end(s, rc, e);
    if (rc == RC_OK && n_gone)
        *n_gone = gone;
    return rc;
}

enum rc store_names_add(struct store *s, const uint8_t (*hashes)[SHA256_SIZE], size_t n, struct err *e)
{
    enum rc rc = tx_begin(s, e);
    for (size_t i = 0; rc == RC_OK && i < n; i++)
        rc = db_run(s, e, "INSERT INTO name_hash(hash) VALUES ($1) ON CONFLICT DO NOTHING",
                    WITH(p_blob(hashes[i], STORE_NAME_HASH_SIZE)));
    return tx_end(s, rc, e);
}

enum rc store_name_known(struct store *s, const uint8_t hash[SHA256_SIZE], bool *known, struct err *e)
{
    struct rows *r = NULL;
    enum rc rc = db_query(s, &r, e, "SELECT 1 FROM name_hash WHERE hash = $1", WITH(p_blob(hash, STORE_NAME_HASH_SIZE)));
    if (rc == RC_OK)
        rc = rows_next(r, known, e);
    rows_done(r);
    return rc;
}
