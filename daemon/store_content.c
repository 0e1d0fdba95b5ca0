/* Content beside audit entries, sealed under a key that needs the keys of all its subjects. */
#include <stdlib.h>
#include <string.h>
#include "../base/str.h"
#include "store_db.h"

#define CONTENT_MAX_BYTES ((size_t)4 << 20)
#define CONTENT_WORD "content="

struct place { /* what the ciphertext is bound to */
    uint8_t bytes[8];
};

static struct place place_of(int64_t seq)
{
    struct place p;
    for (int i = 0; i < 8; i++)
        p.bytes[i] = (uint8_t)((uint64_t)seq >> (8 * i));
    return p;
}

bool content_named(const char *detail)
{
    const char *word = strstr(detail, CONTENT_WORD);
    return word && strspn(word + strlen(CONTENT_WORD), "0123456789abcdef") == SHA256_HEX_SIZE - 1;
}

/* One more subject's key goes into the content's: HMAC(key, so far). */
static enum rc mix(struct store *s, const char *subject, bool create, uint8_t key[KEY_SIZE], struct err *e)
{
    uint8_t of_subject[KEY_SIZE];
    enum rc rc = key_load(s, subject, create, of_subject, e);
    if (rc == RC_OK)
        hmac_sha256(of_subject, key, KEY_SIZE, key);
    crypto_wipe(of_subject, sizeof(of_subject));
    return rc;
}

static void first_key(uint8_t key[KEY_SIZE])
{
    static const char label[] = "briefd audit content";
    sha256(label, sizeof(label) - 1, key);
}

static int by_name(const void *a, const void *b)
{
    return strcmp(*(const char *const *)a, *(const char *const *)b);
}

/* Their order is part of the key: sorted, each once, as they are read back. */
static enum rc put_subjects(struct store *s, int64_t seq, const struct audit_content *content, uint8_t key[KEY_SIZE],
                            struct err *e)
{
    enum rc rc = RC_OK;
    if (content->n_subjects == 0) /* its key would be everybody's */
        return err_set(e, RC_INTERNAL, "audit: content that concerns nobody");
    const char **sorted = malloc(content->n_subjects * sizeof(*sorted));
    if (!sorted)
        return err_set(e, RC_NOMEM, "audit: out of memory");
    memcpy(sorted, content->subjects, content->n_subjects * sizeof(*sorted));
    qsort(sorted, content->n_subjects, sizeof(*sorted), by_name);
    first_key(key);
    for (size_t i = 0; rc == RC_OK && i < content->n_subjects; i++) {
        if (i > 0 && str_eq(sorted[i], sorted[i - 1]))
            continue;
        rc = mix(s, sorted[i], true, key, e);
        if (rc == RC_OK)
            rc = db_run(s, e, "INSERT INTO audit_content_subject(seq, subject) VALUES ($1, $2)",
                        WITH(p_int(seq), p_text(sorted[i])));
    }
    free(sorted);
    return rc;
}

static enum rc seal(struct store *s, int64_t seq, const char *text, const uint8_t key[KEY_SIZE],
                    char hash[SHA256_HEX_SIZE], struct err *e)
{
    size_t n = strlen(text);
    uint8_t digest[SHA256_SIZE], *sealed = malloc(n + GCM_OVERHEAD);
    const struct place at = place_of(seq);
    if (!sealed)
        return err_set(e, RC_NOMEM, "audit: out of memory");
    enum rc rc = gcm_seal(key, text, n, at.bytes, sizeof(at.bytes), sealed, e);
    if (rc == RC_OK)
        rc = db_run(s, e, "INSERT INTO audit_content(seq, sealed) VALUES ($1, $2)",
                    WITH(p_int(seq), p_blob(sealed, n + GCM_OVERHEAD)));
    if (rc == RC_OK) {
        sha256(sealed, n + GCM_OVERHEAD, digest);
        str_hex(digest, sizeof(digest), hash);
    }
    free(sealed);
    return rc;
}

enum rc content_put(struct store *s, int64_t seq, const struct audit_content *content, char hash[SHA256_HEX_SIZE],
                    struct err *e)
{
    uint8_t key[KEY_SIZE];
    enum rc rc = put_subjects(s, seq, content, key, e);
    if (rc == RC_OK)
        rc = seal(s, seq, content->text, key, hash, e);
    crypto_wipe(key, sizeof(key));
    if (rc != RC_REFUSED)
        return rc;
    /* Somebody in it was erased meanwhile: the entry stands, its content is not kept. */
    memcpy(hash, "none", 5);
    return db_run(s, e, "DELETE FROM audit_content_subject WHERE seq = $1", WITH(p_int(seq)));
}

/* ---- reading ---------------------------------------------------------------------------------------------------- */

static enum rc content_key(struct store *s, int64_t seq, uint8_t key[KEY_SIZE], struct err *e)
{
    struct rows *r = NULL;
    bool more = true;
    size_t n = 0;
    first_key(key);
    enum rc rc = db_query(s, &r, e, "SELECT subject FROM audit_content_subject WHERE seq = $1 ORDER BY subject",
                          WITH(p_int(seq)));
    while (rc == RC_OK && (rc = rows_next(r, &more, e)) == RC_OK && more) {
        rc = mix(s, rows_text(r, 0), false, key, e);
        n++;
    }
    rows_done(r);
    if (rc == RC_OK && n == 0)
        rc = err_set(e, RC_REFUSED, "audit: no content was kept with entry %lld", (long long)seq);
    return rc;
}

enum rc store_audit_content(struct store *s, int64_t seq, struct buf *out, struct err *e)
{
    uint8_t key[KEY_SIZE] = {0}, *plain = NULL;
    const struct place at = place_of(seq);
    struct rows *r = NULL;
    bool more = false;
    size_t n = 0;
    enum rc rc = content_key(s, seq, key, e);
    if (rc == RC_OK)
        rc = db_query(s, &r, e, "SELECT sealed FROM audit_content WHERE seq = $1", WITH(p_int(seq)));
    if (rc == RC_OK)
        rc = rows_next(r, &more, e);
    const uint8_t *sealed = rc == RC_OK && more ? rows_blob(r, 0, &n) : NULL;
    if (rc == RC_OK && (!sealed || n < GCM_OVERHEAD || n > CONTENT_MAX_BYTES))
        rc = err_set(e, RC_BAD, "audit: the content of entry %lld has a wrong size", (long long)seq);
    if (rc == RC_OK && !(plain = malloc(n)))
        rc = err_set(e, RC_NOMEM, "audit: out of memory");
    if (rc == RC_OK)
        rc = gcm_open(key, sealed, n, at.bytes, sizeof(at.bytes), plain, e);
    if (rc == RC_OK) {
        buf_add(out, plain, n - GCM_OVERHEAD);
        crypto_wipe(plain, n);
        rc = buf_check(out, "content", e);
    }
    free(plain);
    rows_done(r);
    crypto_wipe(key, sizeof(key));
    return rc;
}

static enum rc check_content(int64_t seq, const void *sealed, size_t n, const char *detail, struct err *e)
{
    uint8_t digest[SHA256_SIZE];
    char word[sizeof(CONTENT_WORD) + SHA256_HEX_SIZE] = CONTENT_WORD;
    sha256(sealed, n, digest);
    str_hex(digest, sizeof(digest), word + strlen(CONTENT_WORD));
    if (detail && strstr(detail, word))
        return RC_OK;
    return err_set(e, RC_BAD, "audit: the content of entry %lld is not the one that the entry names", (long long)seq);
}

enum rc contents_check(struct store *s, int64_t named, struct err *e)
{
    struct rows *r = NULL;
    bool more = true;
    int64_t there = 0;
    enum rc rc = db_query(s, &r, e,
                          "SELECT c.seq, c.sealed, a.detail FROM audit_content c LEFT JOIN audit a ON a.seq = c.seq"
                          " ORDER BY c.seq",
                          WITH_NOTHING);
    while (rc == RC_OK && (rc = rows_next(r, &more, e)) == RC_OK && more) {
        size_t n = 0;
        const void *sealed = rows_blob(r, 1, &n);
        rc = check_content(rows_int(r, 0), sealed ? sealed : "", n, rows_text(r, 2), e);
        there++;
    }
    rows_done(r);
    if (rc == RC_OK && there != named)
        return err_set(e, RC_BAD, "audit: %lld entries name a content, %lld contents are there", (long long)named,
                       (long long)there);
    return rc;
}
