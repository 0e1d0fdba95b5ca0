/* Erasing a person, finding what is stored of one, and keeping them from coming back.
 *
 * What remains are keyed hashes, in the store and in a file beside the master key (keyring_erased_path()): one line each,
 * "subject HASH MAC" or "value HASH MAC". The file is written before the transaction commits: after a crash in between
 * the next start erases once more, which changes nothing or finishes it. */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include "../base/str.h"
#include "store_db.h"

#define SUBJECT "subject"
#define VALUE "value"
#define MAX_PATTERN 1024

/* ---- the file beside the key --------------------------------------------------------------------------------------- */

static void line_of(const struct store *s, const char *what, const char *hash, char out[192])
{
    uint8_t mac[SHA256_SIZE];
    char hex[SHA256_HEX_SIZE];
    int n = snprintf(out, 192, "%s %s", what, hash);
    hmac_sha256(keyring_audit_key(s->opt.keys), out, (size_t)n, mac);
    str_hex(mac, sizeof(mac), hex);
    snprintf(out + n, 192 - (size_t)n, " %s\n", hex);
}

static enum rc is_erased(struct store *s, const char *what, const char *hash, bool *erased, struct err *e)
{
    int64_t there = 0;
    enum rc rc = db_int(s, 0, &there, e, "SELECT 1 FROM erased WHERE hash = $1 AND what = $2", WITH(p_text(hash), p_text(what)));
    *erased = there != 0;
    return rc;
}

/* Nothing for a hash that is there already. */
static enum rc add_line(struct store *s, int fd, const char *what, const char *hash, struct err *e)
{
    char line[192];
    bool known = false;
    enum rc rc = is_erased(s, what, hash, &known, e);
    if (rc != RC_OK || known)
        return rc;
    line_of(s, what, hash, line);
    return write(fd, line, strlen(line)) == (ssize_t)strlen(line)
               ? RC_OK
               : err_sys(e, RC_RETRY, errno, "erase: write %s", keyring_erased_path(s->opt.keys));
}

static enum rc write_lines(struct store *s, const struct erasure *x, struct err *e)
{
    const char *path = keyring_erased_path(s->opt.keys);
    char hex[SHA256_HEX_SIZE];
    enum rc rc = RC_OK;
    int fd = open(path, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
    if (fd < 0)
        return err_sys(e, RC_BAD, errno, "erase: open %s", path);
    for (size_t i = 0; rc == RC_OK && i < x->n_subjects; i++)
        rc = add_line(s, fd, SUBJECT, x->subjects[i], e);
    for (size_t i = 0; rc == RC_OK && i < x->n_values; i++) {
        str_hex(x->values[i], SHA256_SIZE, hex);
        rc = add_line(s, fd, VALUE, hex, e);
    }
    if (fsync(fd) != 0 && rc == RC_OK)
        rc = err_sys(e, RC_RETRY, errno, "erase: write %s", path);
    close(fd);
    return rc;
}

/* ---- what goes ------------------------------------------------------------------------------------------------------ */

static enum rc remember(struct store *s, const char *what, const char *hash, struct err *e)
{
    return db_run(s, e, "INSERT INTO erased(hash, what, at_us) VALUES ($1, $2, $3) ON CONFLICT DO NOTHING",
                  WITH(p_text(hash), p_text(what), p_int(store_now_us(s))));
}

static enum rc count_and_run(struct store *s, size_t *count, struct err *e, const char *sql, const struct param *p, size_t n)
{
    enum rc rc = db_run(s, e, sql, p, n);
    if (rc == RC_OK)
        *count += db_changed(s);
    return rc;
}

static enum rc erase_subject(struct store *s, const char *subject, struct erase_counts *c, struct err *e)
{
    int64_t mentions = 0, key = 0;
    const char *reason = "rests on a person who was erased: train it again without";
    enum rc rc = db_int(s, 0, &mentions, e, "SELECT count(DISTINCT brief) FROM brief_value WHERE subject = $1",
                        WITH(p_text(subject)));
    if (rc == RC_OK)
        rc = db_int(s, 0, &key, e, "SELECT count(*) FROM subject_key WHERE subject = $1 AND wrapped IS NOT NULL",
                    WITH(p_text(subject)));
    if (rc == RC_OK) /* what stood in the CRM before may be a text about the same person */
        rc = count_and_run(s, &c->previous, e,
                           "UPDATE write_back SET previous = NULL WHERE previous IS NOT NULL AND (subject = $1 OR brief IN"
                           " (SELECT brief FROM brief_value WHERE subject = $1))",
                           WITH(p_text(subject)));
    if (rc == RC_OK)
        rc = count_and_run(s, &c->values, e, "DELETE FROM brief_value WHERE subject = $1", WITH(p_text(subject)));
    if (rc == RC_OK)
        rc = db_run(s, e,
                    "INSERT INTO subject_key(subject, wrapped, made_us, erased_us) VALUES ($1, NULL, $2, $2)"
                    " ON CONFLICT(subject) DO UPDATE SET wrapped = NULL, erased_us = excluded.erased_us",
                    WITH(p_text(subject), p_int(store_now_us(s))));
    if (rc == RC_OK)
        rc = count_and_run(s, &c->adapters, e,
                           "UPDATE adapter SET disabled_us = $2, reason = $3 WHERE disabled_us IS NULL AND name IN"
                           " (SELECT adapter FROM adapter_subject WHERE subject = $1)",
                           WITH(p_text(subject), p_int(store_now_us(s)), p_text(reason)));
    if (rc == RC_OK)
        rc = db_run(s, e, "DELETE FROM adapter_sentence WHERE adapter IN (SELECT name FROM adapter WHERE disabled_us IS NOT NULL)",
                    WITH_NOTHING);
    if (rc == RC_OK)
        rc = remember(s, SUBJECT, subject, e);
    c->mentions += (size_t)mentions;
    c->keys += (size_t)key;
    return rc;
}

static enum rc erase_record(struct store *s, const struct erase_record *x, struct erase_counts *c, struct err *e)
{
    char path[512];
    const struct param *p = (const struct param[]){p_text(x->source), p_text(x->object), p_text(x->id)};
    enum rc rc = count_and_run(s, &c->briefs, e, "DELETE FROM brief WHERE source = $1 AND object = $2 AND record_id = $3", p, 3);
    if (rc == RC_OK)
        rc = count_and_run(s, &c->jobs, e, "DELETE FROM job WHERE source = $1 AND object = $2 AND record_id = $3", p, 3);
    if (rc == RC_OK)
        rc = count_and_run(s, &c->quarantined, e, "DELETE FROM quarantine WHERE source = $1 AND object = $2 AND id = $3", p, 3);
    if (rc == RC_OK)
        rc = count_and_run(s, &c->seen, e, "DELETE FROM seen WHERE source = $1 AND object = $2 AND id = $3", p, 3);
    if (rc == RC_OK) /* as the person to write to */
        rc = db_run(s, e, "UPDATE job SET to_contact = NULL WHERE source = $1 AND to_contact = $2",
                    WITH(p_text(x->source), p_text(x->id)));
    if (rc == RC_OK)
        rc = db_run(s, e, "UPDATE brief SET to_contact = NULL, to_slot = NULL WHERE source = $1 AND to_contact = $2",
                    WITH(p_text(x->source), p_text(x->id)));
    if (rc == RC_OK) { /* what a sentence of another record's brief rests on */
        snprintf(path, sizeof(path), "%s/%s.", x->object, x->id);
        rc = db_run(s, e,
                    "DELETE FROM brief_rest WHERE substr(path, 1, length($1)) = $1 AND brief IN"
                    " (SELECT id FROM brief WHERE source = $2)",
                    WITH(p_text(path), p_text(x->source)));
    }
    return rc;
}

/* A text in slots that names the person all the same (detection did not know the name then): the brief goes. */
static enum rc erase_texts(struct store *s, const char *text, size_t *count, struct err *e)
{
    char pattern[MAX_PATTERN];
    size_t n = 0;
    pattern[n++] = '%';
    for (const char *t = text; *t && n + 4 < sizeof(pattern); t++) {
        if (*t == '%' || *t == '_' || *t == '\\')
            pattern[n++] = '\\';
        pattern[n++] = *t;
    }
    pattern[n++] = '%';
    pattern[n] = '\0';
    return count_and_run(s, count, e,
                         "DELETE FROM brief WHERE lower(body) LIKE lower($1) ESCAPE '\\'"
                         " OR lower(coalesce(subject, '')) LIKE lower($1) ESCAPE '\\'"
                         " OR id IN (SELECT brief FROM brief_sentence WHERE lower(text) LIKE lower($1) ESCAPE '\\')"
                         " OR id IN (SELECT brief FROM brief_bullet WHERE lower(text) LIKE lower($1) ESCAPE '\\')",
                         WITH(p_text(pattern)));
}

static enum rc erase_all(struct store *s, const struct erasure *x, struct erase_counts *c, struct err *e)
{
    enum rc rc = RC_OK;
    for (size_t i = 0; rc == RC_OK && i < x->n_subjects; i++)
        rc = erase_subject(s, x->subjects[i], c, e);
    for (size_t i = 0; rc == RC_OK && i < x->n_records; i++)
        rc = erase_record(s, &x->records[i], c, e);
    for (size_t i = 0; rc == RC_OK && i < x->n_texts; i++)
        rc = erase_texts(s, x->texts[i], &c->briefs, e);
    for (size_t i = 0; rc == RC_OK && i < x->n_values; i++) {
        char hex[SHA256_HEX_SIZE];
        str_hex(x->values[i], SHA256_SIZE, hex);
        rc = remember(s, VALUE, hex, e);
    }
    return rc;
}


enum rc store_erase(struct store *s, const struct erasure *x, const struct audit_event *ev, struct erase_counts *out,
                    struct err *e)
{
    struct erase_counts c = {0};
    enum rc rc = tx_begin(s, e);
    if (rc == RC_OK)
        rc = write_lines(s, x, e);
    if (rc == RC_OK)
        rc = erase_all(s, x, &c, e);
    for (size_t i = 0; rc == RC_OK && i < x->n_subjects; i++)
        rc = audit_append(s, ev, x->subjects[i], e);
    rc = tx_end(s, rc, e);
    if (rc == RC_OK)
        *out = c;
    return rc == RC_OK ? s->backend->forget(s, e) : rc;
}

/* ---- who may not come back ------------------------------------------------------------------------------------------ */

enum rc erased_check(struct store *s, const struct policy_value *values, size_t n, struct err *e)
{
    char hex[SHA256_HEX_SIZE];
    bool erased = false;
    enum rc rc = RC_OK;
    for (size_t i = 0; rc == RC_OK && !erased && i < n; i++) {
        rc = is_erased(s, SUBJECT, values[i].subject, &erased, e);
        str_hex(values[i].hash, SHA256_SIZE, hex);
        if (rc == RC_OK && !erased)
            rc = is_erased(s, VALUE, hex, &erased, e);
    }
    return rc == RC_OK && erased ? err_set(e, RC_REFUSED, "the text holds a value of a person who was erased") : rc;
}

enum rc erased_record(struct store *s, const char *source, const char *object, const char *id, bool *erased, struct err *e)
{
    char identity[1024], subject[SHA256_HEX_SIZE];
    int64_t any = 0;
    enum rc rc = db_int(s, 0, &any, e, "SELECT 1 FROM erased LIMIT 1", WITH_NOTHING);
    *erased = false;
    if (rc != RC_OK || !any)
        return rc;
    snprintf(identity, sizeof(identity), "person:%s/%s/%s", source, object, id);
    rc = policy_subject(keyring_hash_key(s->opt.keys), identity, subject, e);
    return rc == RC_OK ? is_erased(s, SUBJECT, subject, erased, e) : rc;
}

/* ---- a record without those who were erased ------------------------------------------------------------------------ */

#define MAX_DEPTH 8

static enum rc prune(struct store *s, struct record *r, int depth, struct err *e);

/* Records are made in memory of their own, so their lists may be changed by who owns them. */
static enum rc prune_parents(struct store *s, struct record *r, int depth, struct err *e)
{
    const struct record_parent **at = &r->parents;
    enum rc rc = RC_OK;
    while (rc == RC_OK && *at) {
        struct record *x = (*at)->record;
        bool erased = false;
        rc = erased_record(s, x->source, x->object, x->id, &erased, e);
        if (rc == RC_OK && !erased)
            rc = prune(s, x, depth + 1, e);
        if (erased)
            *at = (*at)->next;
        else
            at = (const struct record_parent **)&((struct record_parent *)*at)->next;
    }
    return rc;
}

static enum rc prune_list(struct store *s, struct record_list *l, int depth, struct err *e)
{
    size_t kept = 0;
    enum rc rc = RC_OK;
    for (size_t i = 0; rc == RC_OK && i < l->count; i++) {
        struct record *x = l->items[i];
        bool erased = false;
        rc = erased_record(s, x->source, x->object, x->id, &erased, e);
        if (rc == RC_OK && !erased)
            rc = prune(s, x, depth + 1, e);
        if (!erased)
            l->items[kept++] = x;
    }
    l->count = rc == RC_OK ? kept : l->count;
    return rc;
}

static enum rc prune(struct store *s, struct record *r, int depth, struct err *e)
{
    enum rc rc = depth < MAX_DEPTH ? prune_parents(s, r, depth, e) : RC_OK;
    for (const struct record_list *l = r->lists; rc == RC_OK && depth < MAX_DEPTH && l; l = l->next)
        rc = prune_list(s, (struct record_list *)l, depth, e);
    return rc;
}

enum rc store_prune_erased(struct store *s, struct record *r, struct err *e)
{
    bool erased = false;
    enum rc rc = erased_record(s, r->source, r->object, r->id, &erased, e);
    if (rc == RC_OK && erased)
        rc = err_set(e, RC_REFUSED, "%s %s is the record of a person who was erased", r->object, r->id);
    return rc == RC_OK ? prune(s, r, 0, e) : rc;
}

/* ---- an older backup ------------------------------------------------------------------------------------------------ */

struct missing { /* lines that this store does not know */
    struct store *store;
    struct arena arena;
    const char **subjects;
    uint8_t (*values)[SHA256_SIZE];
    struct erase_record *records;
    size_t n_subjects, n_values, n_records, room;
};

static enum rc take_line(struct missing *m, char *line, size_t number, struct err *e)
{
    char whole[192], what[16] = "", hash[SHA256_HEX_SIZE] = "";
    bool known = false;
    if (sscanf(line, "%15s %64s", what, hash) == 2)
        line_of(m->store, what, hash, whole);
    if (!*hash || !str_eq(whole, line))
        return err_set(e, RC_BAD, "erase: line %zu of %s is damaged or was changed: put the file back", number,
                       keyring_erased_path(m->store->opt.keys));
    enum rc rc = is_erased(m->store, what, hash, &known, e);
    if (rc != RC_OK || known)
        return rc;
    if (str_eq(what, SUBJECT))
        m->subjects[m->n_subjects++] = arena_dup(&m->arena, hash);
    else if (!str_unhex(hash, m->values[m->n_values++], SHA256_SIZE))
        return err_set(e, RC_BAD, "erase: line %zu of %s is damaged", number, keyring_erased_path(m->store->opt.keys));
    return m->n_subjects && !m->subjects[m->n_subjects - 1] ? err_set(e, RC_NOMEM, "erase: out of memory") : RC_OK;
}

/* A record of a person who is to be erased. */
static enum rc take_record(void *ctx, const struct erase_record *r, struct err *e)
{
    struct missing *m = ctx;
    char identity[1024], subject[SHA256_HEX_SIZE];
    snprintf(identity, sizeof(identity), "person:%s/%s/%s", r->source, r->object, r->id);
    enum rc rc = policy_subject(keyring_hash_key(m->store->opt.keys), identity, subject, e);
    for (size_t i = 0; rc == RC_OK && i < m->n_subjects; i++) {
        if (!str_eq(subject, m->subjects[i]) || m->n_records == m->room)
            continue;
        struct erase_record *x = &m->records[m->n_records++];
        *x = (struct erase_record){arena_dup(&m->arena, r->source), arena_dup(&m->arena, r->object), arena_dup(&m->arena, r->id)};
        if (!x->source || !x->object || !x->id)
            rc = err_set(e, RC_NOMEM, "erase: out of memory");
    }
    return rc;
}

static enum rc erase_missing(struct missing *m, struct err *e)
{
    const struct audit_event ev = {.actor = "system", .event = "erase.repeated"};
    struct store *s = m->store;
    struct erase_counts c = {0};
    enum rc rc = store_records_known(s, take_record, m, e);
    const struct erasure x = {.subjects = m->subjects, .n_subjects = m->n_subjects, .records = m->records,
                              .n_records = m->n_records, .values = (const uint8_t(*)[SHA256_SIZE])m->values,
                              .n_values = m->n_values};
    if (rc == RC_OK)
        rc = tx_begin(s, e);
    if (rc == RC_OK)
        rc = erase_all(s, &x, &c, e);
    for (size_t i = 0; rc == RC_OK && i < x.n_subjects; i++)
        rc = audit_append(s, &ev, x.subjects[i], e);
    rc = tx_end(s, rc, e);
    return rc == RC_OK ? s->backend->forget(s, e) : rc;
}

static enum rc read_lines(struct missing *m, FILE *f, struct err *e)
{
    char line[192];
    size_t n = 0;
    enum rc rc = RC_OK;
    while (rc == RC_OK && fgets(line, sizeof(line), f))
        rc = take_line(m, line, ++n, e);
    return rc;
}

enum rc erased_follow(struct store *s, struct err *e)
{
    struct missing m = {.store = s};
    int64_t known = 0;
    size_t lines = 0;
    FILE *f = fopen(keyring_erased_path(s->opt.keys), "re");
    if (!f)
        return errno == ENOENT ? RC_OK : err_sys(e, RC_BAD, errno, "erase: open %s", keyring_erased_path(s->opt.keys));
    for (int c; (c = getc(f)) != EOF;)
        lines += c == '\n';
    rewind(f);
    enum rc rc = db_int(s, 0, &known, e, "SELECT count(*) FROM erased", WITH_NOTHING);
    if (rc == RC_OK && (size_t)known < lines) {
        arena_init(&m.arena, (size_t)256 << 20);
        m.room = lines + 1000;
        m.subjects = arena_array(&m.arena, lines, sizeof(*m.subjects));
        m.values = arena_array(&m.arena, lines, sizeof(*m.values));
        m.records = arena_array(&m.arena, m.room, sizeof(*m.records));
        rc = m.subjects && m.values && m.records ? read_lines(&m, f, e) : err_set(e, RC_NOMEM, "erase: out of memory");
        if (rc == RC_OK && m.n_subjects + m.n_values > 0)
            rc = erase_missing(&m, e);
        arena_clear(&m.arena);
    }
    fclose(f);
    return rc;
}

/* ---- what there is of a person --------------------------------------------------------------------------------------- */

enum rc store_briefs_of_subject(struct store *s, const char *subject, subject_fn on_brief, void *ctx, struct err *e)
{
    struct rows *r = NULL;
    bool more = true;
    enum rc rc = db_query(s, &r, e, "SELECT DISTINCT brief FROM brief_value WHERE subject = $1 ORDER BY brief",
                          WITH(p_text(subject)));
    while (rc == RC_OK && (rc = rows_next(r, &more, e)) == RC_OK && more)
        rc = on_brief(ctx, rows_text(r, 0), e);
    rows_done(r);
    return rc;
}

static enum rc each_record(struct store *s, const char *sql, record_key_fn on_record, void *ctx, struct err *e)
{
    struct rows *r = NULL;
    bool more = true;
    enum rc rc = db_query(s, &r, e, sql, WITH_NOTHING);
    while (rc == RC_OK && (rc = rows_next(r, &more, e)) == RC_OK && more)
        rc = on_record(ctx, &(struct erase_record){rows_text(r, 0), rows_text(r, 1), rows_text(r, 2)}, e);
    rows_done(r);
    return rc;
}

/* "contact/C-012.email" */
static enum rc each_path(struct store *s, record_key_fn on_record, void *ctx, struct err *e)
{
    struct rows *r = NULL;
    bool more = true;
    enum rc rc = db_query(s, &r, e, "SELECT DISTINCT b.source, x.path FROM brief_rest x JOIN brief b ON b.id = x.brief",
                          WITH_NOTHING);
    while (rc == RC_OK && (rc = rows_next(r, &more, e)) == RC_OK && more) {
        char path[512];
        snprintf(path, sizeof(path), "%s", rows_text(r, 1));
        char *slash = strchr(path, '/'), *dot = strrchr(path, '.');
        if (!slash || !dot || dot < slash)
            continue;
        *slash = *dot = '\0';
        rc = on_record(ctx, &(struct erase_record){rows_text(r, 0), path, slash + 1}, e);
    }
    rows_done(r);
    return rc;
}

enum rc store_records_known(struct store *s, record_key_fn on_record, void *ctx, struct err *e)
{
    enum rc rc = each_record(s,
                             "SELECT source, object, record_id FROM brief UNION SELECT source, object, record_id FROM job"
                             " UNION SELECT source, object, id FROM quarantine UNION SELECT source, object, id FROM seen"
                             " UNION SELECT source, 'contact', to_contact FROM brief WHERE to_contact IS NOT NULL"
                             " UNION SELECT source, 'contact', to_contact FROM job WHERE to_contact IS NOT NULL",
                             on_record, ctx, e);
    return rc == RC_OK ? each_path(s, on_record, ctx, e) : rc;
}

enum rc store_written_column(struct store *s, const char *brief, char column[128], struct err *e)
{
    struct rows *r = NULL;
    bool more = false;
    enum rc rc = db_query(s, &r, e, "SELECT field FROM write_back WHERE brief = $1 ORDER BY n DESC LIMIT 1", WITH(p_text(brief)));
    if (rc == RC_OK)
        rc = rows_next(r, &more, e);
    if (rc == RC_OK)
        snprintf(column, 128, "%s", more ? rows_text(r, 0) : "");
    rows_done(r);
    return rc;
}

/* ---- the scan -------------------------------------------------------------------------------------------------------- */

struct scan {
    const char *const *needles;
    size_t n, columns;
    char last[256];
    scan_fn on_hit;
    void *ctx;
};

static char lower(char c)
{
    return c >= 'A' && c <= 'Z' ? (char)(c + ('a' - 'A')) : c;
}

static bool holds(const char *bytes, size_t n, const char *needle)
{
    size_t len = strlen(needle);
    char first = lower(needle[0]);
    for (size_t i = 0; len && len <= n && i <= n - len; i++) {
        size_t k = 0;
        if (lower(bytes[i]) != first)
            continue;
        while (k < len && lower(bytes[i + k]) == lower(needle[k]))
            k++;
        if (k == len)
            return true;
    }
    return false;
}

static enum rc scan_value(void *ctx, const char *where, const void *bytes, size_t n, struct err *e)
{
    struct scan *x = ctx;
    enum rc rc = RC_OK;
    if (!str_eq(where, x->last)) {
        snprintf(x->last, sizeof(x->last), "%s", where);
        x->columns++;
    }
    for (size_t i = 0; rc == RC_OK && i < x->n; i++)
        if (holds(bytes, n, x->needles[i]))
            rc = x->on_hit(x->ctx, where, i, e);
    return rc;
}

enum rc store_scan(struct store *s, const char *const *needles, size_t n, scan_fn on_hit, void *ctx, size_t *columns,
                   struct err *e)
{
    struct scan x = {.needles = needles, .n = n, .on_hit = on_hit, .ctx = ctx};
    enum rc rc = s->backend->each_value(s, scan_value, &x, e);
    *columns = x.columns;
    return rc;
}
