/* Policies, templates, configurations and model cards that were ever in force, by their hash. */
#include <stdio.h>
#include <string.h>
#include "../base/str.h"
#include "store_db.h"

/* Of templates there is one for each name; of everything else one at a time. */
static const char *place_of(const struct store_document *d)
{
    return str_eq(d->what, "template") ? d->name : "";
}

static enum rc is_in_force(struct store *s, const struct store_document *d, bool *yes, struct err *e)
{
    int64_t n = 0;
    enum rc rc = db_int(s, 0, &n, e, "SELECT 1 FROM in_force WHERE what = $1 AND name = $2 AND hash = $3",
                        WITH(p_text(d->what), p_text(place_of(d)), p_text(d->hash)));
    if (rc == RC_OK)
        *yes = n == 1;
    return rc;
}

static enum rc put_in_force(struct store *s, const struct store_document *d, const char *actor, struct err *e)
{
    char event[64], detail[SHA256_HEX_SIZE + 8];
    const struct audit_event ev = {.actor = actor, .event = event, .object = d->name, .detail = detail};
    snprintf(event, sizeof(event), "%s.loaded", d->what);
    snprintf(detail, sizeof(detail), "sha256=%s", d->hash);
    enum rc rc = RC_OK;
    if (d->bytes)
        rc = db_run(s, e,
                    "INSERT INTO document(what, hash, name, first_us, bytes) VALUES ($1, $2, $3, $4, $5)"
                    " ON CONFLICT(what, hash) DO NOTHING",
                    WITH(p_text(d->what), p_text(d->hash), p_text(d->name), p_int(store_now_us(s)),
                         p_blob(d->bytes, d->n)));
    if (rc == RC_OK)
        rc = db_run(s, e,
                    "INSERT INTO in_force(what, name, hash) VALUES ($1, $2, $3)"
                    " ON CONFLICT(what, name) DO UPDATE SET hash = excluded.hash",
                    WITH(p_text(d->what), p_text(place_of(d)), p_text(d->hash)));
    return rc == RC_OK ? audit_append(s, &ev, NULL, e) : rc;
}

enum rc store_document_put(struct store *s, const struct store_document *d, const char *actor, struct err *e)
{
    bool yes = false;
    if (d->n > STORE_MAX_DOCUMENT)
        return err_set(e, RC_LIMIT, "store: the %s %s is over %zu MiB", d->what, d->name, STORE_MAX_DOCUMENT >> 20);
    enum rc rc = is_in_force(s, d, &yes, e); /* nearly always: no write lock for that */
    if (rc != RC_OK || yes)
        return rc;
    rc = tx_begin(s, e);
    if (rc == RC_OK)
        rc = is_in_force(s, d, &yes, e); /* another process may have been quicker */
    if (rc == RC_OK && !yes)
        rc = put_in_force(s, d, actor, e);
    return tx_end(s, rc, e);
}

enum rc store_documents(struct store *s, const char *which, document_fn on_document, void *ctx, struct err *e)
{
    struct rows *r = NULL;
    bool more = true;
    enum rc rc = db_query(s, &r, e,
                          "SELECT what, name, hash, bytes, first_us FROM document"
                          " WHERE substr(hash, 1, length($1)) = $1"
                          " OR (what = 'model-card' AND substr(name, 1, length($1)) = $1) ORDER BY first_us, what, name",
                          WITH(p_text(which ? which : "")));
    while (rc == RC_OK && (rc = rows_next(r, &more, e)) == RC_OK && more) {
        struct store_document d = {.what = rows_text(r, 0), .name = rows_text(r, 1), .hash = rows_text(r, 2),
                                   .first_us = rows_int(r, 4)};
        d.bytes = rows_blob(r, 3, &d.n);
        rc = on_document(ctx, &d, e);
    }
    rows_done(r);
    return rc;
}

static enum rc check_hash(void *ctx, const struct store_document *d, struct err *e)
{
    uint8_t digest[SHA256_SIZE];
    char hash[SHA256_HEX_SIZE];
    (void)ctx;
    sha256(d->bytes ? d->bytes : "", d->n, digest);
    str_hex(digest, sizeof(digest), hash);
    if (str_eq(hash, d->hash))
        return RC_OK;
    return err_set(e, RC_BAD, "audit: the kept %s %s of %s was changed", d->what, d->name, d->hash);
}

enum rc documents_check(struct store *s, struct err *e)
{
    return store_documents(s, NULL, check_hash, NULL, e);
}
