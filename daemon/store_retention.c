/* What is too old goes, and what was learned from whom. */
#include <stdio.h>
#include <string.h>
#include "../base/str.h"
#include "store_db.h"

/* ---- retention ------------------------------------------------------------------------------------------------------ */

static int64_t before(const struct store *s, int64_t limit)
{
    return limit > 0 ? store_now_us(s) - limit : INT64_MIN;
}

static enum rc count(struct store *s, const struct retention *limits, struct retention_counts *out, struct err *e)
{
    int64_t briefs = 0, values = 0, previous = 0;
    enum rc rc = db_int(s, 0, &briefs, e, "SELECT count(*) FROM brief WHERE made_us < $1", WITH(p_int(before(s, limits->briefs))));
    if (rc == RC_OK)
        rc = db_int(s, 0, &values, e,
                    "SELECT count(*) FROM brief_value v JOIN brief b ON b.id = v.brief WHERE b.made_us < $1 OR b.made_us < $2",
                    WITH(p_int(before(s, limits->sealed_values)), p_int(before(s, limits->briefs))));
    if (rc == RC_OK)
        rc = db_int(s, 0, &previous, e,
                    "SELECT count(*) FROM write_back WHERE previous IS NOT NULL AND begun_us < $1",
                    WITH(p_int(before(s, limits->sealed_values))));
    out->briefs = (size_t)briefs;
    out->values = (size_t)values;
    out->previous = (size_t)previous;
    return rc;
}

/* A key of a person or record that seals nothing any more is of no use; that of an erased one stays as a mark. */
#define UNUSED_KEYS                                                                                                    \
    "FROM subject_key WHERE wrapped IS NOT NULL AND made_us < $1"                                                       \
    " AND NOT EXISTS (SELECT 1 FROM brief_value v WHERE v.subject = subject_key.subject)"                               \
    " AND NOT EXISTS (SELECT 1 FROM audit_content_subject c WHERE c.subject = subject_key.subject)"                      \
    " AND NOT EXISTS (SELECT 1 FROM write_back w WHERE w.subject = subject_key.subject AND w.previous IS NOT NULL)"

static enum rc remove_old(struct store *s, const struct retention *limits, struct retention_counts *out, struct err *e)
{
    enum rc rc = db_run(s, e, "DELETE FROM brief WHERE made_us < $1", WITH(p_int(before(s, limits->briefs))));
    if (rc == RC_OK)
        rc = db_run(s, e, "DELETE FROM brief_value WHERE brief IN (SELECT id FROM brief WHERE made_us < $1)",
                    WITH(p_int(before(s, limits->sealed_values))));
    if (rc == RC_OK)
        rc = db_run(s, e, "UPDATE write_back SET previous = NULL WHERE previous IS NOT NULL AND begun_us < $1",
                    WITH(p_int(before(s, limits->sealed_values))));
    if (rc == RC_OK)
        rc = db_run(s, e, "DELETE " UNUSED_KEYS, WITH(p_int(before(s, limits->sealed_values))));
    if (rc == RC_OK)
        out->keys = db_changed(s);
    return rc;
}

enum rc store_retention(struct store *s, const struct retention *limits, bool dry_run, const struct audit_event *ev,
                        struct retention_counts *out, struct err *e)
{
    struct retention_counts c = {0};
    struct audit_event done = *ev;
    char detail[160];
    int64_t keys = 0;
    enum rc rc = dry_run ? tx_begin_read(s, e) : tx_begin(s, e);
    if (rc == RC_OK)
        rc = count(s, limits, &c, e);
    if (rc == RC_OK && dry_run)
        rc = db_int(s, 0, &keys, e, "SELECT count(*) " UNUSED_KEYS, WITH(p_int(before(s, limits->sealed_values))));
    c.keys = (size_t)keys;
    if (rc == RC_OK && !dry_run)
        rc = remove_old(s, limits, &c, e);
    bool any = c.briefs + c.values + c.previous + c.keys > 0;
    if (rc == RC_OK && !dry_run && any) {
        snprintf(detail, sizeof(detail), "briefs=%zu values=%zu previous=%zu keys=%zu", c.briefs, c.values, c.previous, c.keys);
        done.detail = detail;
        rc = audit_append(s, &done, "", e);
    }
    rc = tx_end(s, rc, e);
    if (rc == RC_OK)
        *out = c;
    return rc == RC_OK && !dry_run && any ? s->backend->forget(s, e) : rc;
}

/* ---- adapters ------------------------------------------------------------------------------------------------------- */

#define ADAPTER_NAME_MOST 60
#define SENTENCES_MOST ((size_t)1 << 20) /* bytes of an adapter's */
#define MILLION 1e6 /* losses are kept in millionths */

static enum rc refuse_erased(struct store *s, const char *subject, struct err *e)
{
    int64_t erased = 0;
    enum rc rc = db_int(s, 0, &erased, e, "SELECT 1 FROM erased WHERE hash = $1", WITH(p_text(subject)));
    return rc == RC_OK && erased ? err_set(e, RC_REFUSED, "adapter: it was trained on a person who was erased") : rc;
}

enum rc store_adapter_sentences(struct store *s, const char *name, char **out, struct err *e)
{
    struct rows *r = NULL;
    bool more = true;
    struct buf text;
    buf_init(&text, SENTENCES_MOST);
    *out = NULL;
    enum rc rc = db_query(s, &r, e, "SELECT text FROM adapter_sentence WHERE adapter = $1 ORDER BY n", WITH(p_text(name)));
    while (rc == RC_OK && (rc = rows_next(r, &more, e)) == RC_OK && more)
        buf_printf(&text, "%s\n", rows_text(r, 0));
    rows_done(r);
    if (rc == RC_OK)
        rc = buf_check(&text, "an adapter's sentences", e);
    if (rc == RC_OK && text.len && !(*out = buf_take(&text, NULL)))
        rc = err_set(e, RC_NOMEM, "adapter: out of memory");
    buf_clear(&text);
    return rc;
}

bool adapter_name_valid(const char *name)
{
    static const char letters[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ", others[] = "0123456789-_";
    char all[sizeof(letters) + sizeof(others)];
    size_t n = strlen(name);
    snprintf(all, sizeof(all), "%s%s", letters, others);
    return n >= 1 && n <= ADAPTER_NAME_MOST && strchr(letters, name[0]) && strspn(name, all) == n;
}

enum rc store_adapter_put(struct store *s, const struct adapter *a, const struct adapter_origin *from, const struct audit_event *ev,
                          struct err *e)
{
    enum rc rc = tx_begin(s, e);
    for (size_t i = 0; rc == RC_OK && i < from->n_subjects; i++)
        rc = refuse_erased(s, from->subjects[i], e);
    if (rc == RC_OK)
        rc = db_run(s, e, "DELETE FROM adapter WHERE name = $1", WITH(p_text(a->name)));
    if (rc == RC_OK)
        rc = db_run(s, e,
                    "INSERT INTO adapter(name, sha256, base, made_us, briefs, loss_before, loss_after)"
                    " VALUES ($1, $2, $3, $4, $5, $6, $7)",
                    WITH(p_text(a->name), p_text(a->sha256), p_text(a->base), p_int(store_now_us(s)), p_int((int64_t)a->n_briefs),
                         p_int((int64_t)(a->loss_before * MILLION)), p_int((int64_t)(a->loss_after * MILLION))));
    for (size_t i = 0; rc == RC_OK && i < from->n_subjects; i++)
        rc = db_run(s, e, "INSERT INTO adapter_subject(adapter, subject) VALUES ($1, $2) ON CONFLICT DO NOTHING",
                    WITH(p_text(a->name), p_text(from->subjects[i])));
    for (size_t i = 0; rc == RC_OK && i < from->n_sentences; i++)
        rc = db_run(s, e, "INSERT INTO adapter_sentence(adapter, n, text) VALUES ($1, $2, $3)",
                    WITH(p_text(a->name), p_int((int64_t)i), p_text(from->sentences[i])));
    if (rc == RC_OK)
        rc = audit_append(s, ev, a->name, e);
    return tx_end(s, rc, e);
}

enum rc store_adapter_check(struct store *s, const char *name, const char *sha256, enum adapter_state *state, struct err *e)
{
    struct rows *r = NULL;
    bool more = false;
    enum adapter_state is = ADAPTER_UNKNOWN;
    enum rc rc = db_query(s, &r, e, "SELECT sha256, disabled_us, reason FROM adapter WHERE name = $1", WITH(p_text(name)));
    if (rc == RC_OK)
        rc = rows_next(r, &more, e);
    if (rc == RC_OK && !more)
        rc = err_set(e, RC_REFUSED, "adapter %.60s is not registered", name);
    if (rc == RC_OK)
        is = rows_int(r, 1) ? ADAPTER_DISABLED : str_eq_nocase(rows_text(r, 0), sha256) ? ADAPTER_READY : ADAPTER_REPLACED;
    if (is == ADAPTER_DISABLED)
        rc = err_set(e, RC_REFUSED, "adapter %.60s is disabled: it %s; 'briefctl train %.60s' makes it anew", name, rows_text(r, 2), name);
    if (is == ADAPTER_REPLACED)
        rc = err_set(e, RC_REFUSED, "adapter %.60s is not the file that was registered", name);
    rows_done(r);
    if (state)
        *state = is;
    return rc;
}

enum rc store_adapters(struct store *s, adapter_fn on_adapter, void *ctx, struct err *e)
{
    struct rows *r = NULL;
    bool more = true;
    enum rc rc = db_query(s, &r, e, "SELECT name, sha256, base, made_us, coalesce(disabled_us, 0), reason, briefs, loss_before, loss_after"
                          " FROM adapter ORDER BY name",
                          WITH_NOTHING);
    while (rc == RC_OK && (rc = rows_next(r, &more, e)) == RC_OK && more)
        rc = on_adapter(ctx,
                        &(struct adapter){.name = rows_text(r, 0), .sha256 = rows_text(r, 1), .base = rows_text(r, 2),
                                          .made_us = rows_int(r, 3), .disabled_us = rows_int(r, 4), .reason = rows_text(r, 5),
                                          .n_briefs = (size_t)rows_int(r, 6), .loss_before = (double)rows_int(r, 7) / MILLION,
                                          .loss_after = (double)rows_int(r, 8) / MILLION},
                        e);
    rows_done(r);
    return rc;
}
