/* cmd_policy_kept.c: `briefctl policy list|show|diff`: every policy, template, configuration and model card that was
 * ever in force. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include "../base/str.h"
#include "cmd_common.h"
#include "cmd_policy.h"
#include "diff.h"
#include "table.h"

#define SHORT_HASH 12  /* shown in tables: enough to be told apart, and to be asked for */
#define LEAST_HASH 6   /* digits that a question must have */

/* ---- list ------------------------------------------------------------------------------------------------------- */

struct listing {
    struct buf *json; /* one of the two */
    struct table *table;
};

static enum rc add(void *ctx, const struct store_document *d, struct err *e)
{
    struct listing *l = ctx;
    char at[TIMESTAMP_TEXT_SIZE], bytes[24];
    bool card = str_eq(d->what, "model-card");
    timestamp_format(d->first_us, at);
    snprintf(bytes, sizeof(bytes), "%zu", d->n);
    if (l->table) {
        at[19] = '\0';
        char hash[SHORT_HASH + 1], name[64];
        snprintf(hash, sizeof(hash), "%s", d->hash);
        snprintf(name, sizeof(name), card ? "of model %.12s" : "%.60s", d->name);
        return table_add(l->table, (const char *[]){hash, d->what, name, bytes, at}, e);
    }
    buf_str(l->json, l->json->len > 1 ? ", {" : "{");
    json_member(l->json, "hash", d->hash);
    json_member(l->json, "what", d->what);
    json_member(l->json, "name", d->name);
    json_member_int(l->json, "bytes", (int64_t)d->n);
    json_member(l->json, "first", at);
    buf_char(l->json, '}');
    return RC_OK;
}

int policy_list(const char *config, bool json)
{
    static const char *const headings[] = {"HASH", "WHAT", "NAME", "BYTES", "FIRST IN FORCE (UTC)"};
    struct cmd c = {.need = NEED_AUDIT};
    struct table table;
    struct buf out;
    struct err e;
    int code = cmd_open(&c, config, NULL, APP_STORE_KEYS);
    table_init(&table, headings, COUNT_OF(headings));
    buf_init(&out, CMD_MAX_OUTPUT);
    buf_char(&out, '[');
    struct listing l = {.json = json ? &out : NULL, .table = json ? NULL : &table};
    enum rc rc = code == EXIT_DONE ? store_documents(c.store, NULL, add, &l, &e) : RC_OK;
    buf_char(&out, ']');
    if (rc != RC_OK)
        code = cli_fail(rc, &e);
    else if (code == EXIT_DONE && json)
        code = cmd_put(&out);
    else if (code == EXIT_DONE)
        table_print(&table, "nothing was in force yet");
    table_clear(&table);
    buf_clear(&out);
    cmd_close(&c);
    return code == EXIT_DONE ? cmd_end_output() : code;
}

/* ---- one document ----------------------------------------------------------------------------------------------- */

struct found {
    const char *asked;
    char hash[SHA256_HEX_SIZE];
    struct buf text;
    size_t n; /* different ones */
};

static enum rc take(void *ctx, const struct store_document *d, struct err *e)
{
    struct found *f = ctx;
    uint8_t digest[SHA256_SIZE];
    char hash[SHA256_HEX_SIZE];
    if (f->n && str_eq(f->hash, d->hash)) /* the same bytes in two roles */
        return RC_OK;
    if (++f->n > 1)
        return err_set(e, RC_BAD, "more than one document's hash begins with %.64s", f->asked);
    sha256(d->bytes ? d->bytes : "", d->n, digest);
    str_hex(digest, sizeof(digest), hash);
    if (!str_eq(hash, d->hash))
        return err_set(e, RC_BAD, "the kept %s of %s was changed in the store", d->what, d->hash);
    memcpy(f->hash, hash, sizeof(hash));
    buf_add(&f->text, d->bytes ? d->bytes : "", d->n);
    return buf_check(&f->text, d->what, e);
}

static bool is_hash(const char *word)
{
    size_t n = strlen(word);
    return n >= LEAST_HASH && n < SHA256_HEX_SIZE && strspn(word, "0123456789abcdef") == n;
}

static int find(struct cmd *c, const char *word, struct found *f)
{
    struct err e;
    if (!is_hash(word))
        return cli_usage("policy", "'%.60s' is not a hash: %d digits of one at least", word, LEAST_HASH);
    f->asked = word;
    enum rc rc = store_documents(c->store, word, take, f, &e);
    if (rc == RC_OK && f->n == 0)
        rc = err_set(&e, RC_BAD, "no document of this hash was ever in force here: %s", word);
    return rc == RC_OK ? EXIT_DONE : cli_fail(rc, &e);
}

int policy_show(const char *config, const char *hash)
{
    struct cmd c = {.need = NEED_AUDIT};
    struct found f = {0};
    buf_init(&f.text, STORE_MAX_DOCUMENT);
    int code = cmd_open(&c, config, NULL, APP_STORE_KEYS);
    if (code == EXIT_DONE)
        code = find(&c, hash, &f);
    if (code == EXIT_DONE)
        fwrite(f.text.data, 1, f.text.len, stdout);
    buf_clear(&f.text);
    cmd_close(&c);
    return code == EXIT_DONE ? cmd_end_output() : code;
}

/* ---- two of them ------------------------------------------------------------------------------------------------ */

static int read_file(const char *path, struct buf *out)
{
    char chunk[8192];
    size_t n;
    struct err e;
    FILE *f = fopen(path, "rbe");
    enum rc rc = f ? RC_OK : err_set(&e, RC_BAD, "%s cannot be opened", path);
    while (f && (n = fread(chunk, 1, sizeof(chunk), f)) > 0)
        buf_add(out, chunk, n);
    if (f && ferror(f))
        rc = err_set(&e, RC_BAD, "%s cannot be read", path);
    if (f)
        fclose(f);
    if (rc == RC_OK)
        rc = buf_check(out, path, &e);
    return rc == RC_OK ? EXIT_DONE : cli_fail(rc, &e);
}

/* A file, or the hash of a kept document; the store is opened at the first hash. */
static int side(struct cmd *c, const char *config, const char *word, struct found *f)
{
    if (access(word, F_OK) == 0)
        return read_file(word, &f->text);
    int code = c->store ? EXIT_DONE : cmd_open(c, config, NULL, APP_STORE_KEYS);
    return code == EXIT_DONE ? find(c, word, f) : code;
}

int policy_diff(const char *config, const char *a, const char *b)
{
    struct cmd c = {.need = NEED_AUDIT};
    struct found left = {0}, right = {0};
    struct buf out;
    struct err e;
    buf_init(&left.text, STORE_MAX_DOCUMENT);
    buf_init(&right.text, STORE_MAX_DOCUMENT);
    buf_init(&out, CMD_MAX_OUTPUT);
    int code = side(&c, config, a, &left);
    if (code == EXIT_DONE)
        code = side(&c, config, b, &right);
    if (code == EXIT_DONE) {
        const struct diff_side x = {a, left.text.data, left.text.len}, y = {b, right.text.data, right.text.len};
        enum rc rc = diff_unified(&x, &y, &out, &e);
        if (rc != RC_OK)
            code = cli_fail(rc, &e);
    }
    if (code == EXIT_DONE)
        fwrite(out.data, 1, out.len, stdout);
    buf_clear(&left.text);
    buf_clear(&right.text);
    buf_clear(&out);
    cmd_close(&c);
    return code == EXIT_DONE ? cmd_end_output() : code;
}
