/* cmd_audit_export.c: the audit chain as JSON Lines, and checking such a file without the store and without a secret.
 *
 * The first line: {"briefd_audit": 1, "public_key": HEX, "base": LINE or null, "closing": LINE}. Then one line an entry:
 * {"seq", "at", "actor", "event", "object", "outcome", "detail", "hash"}, with "checkpoint": LINE where one was signed. */
#include "cmd_audit.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include "../base/json.h"
#include "../base/str.h"

#define MAX_LINE ((size_t)1 << 20)

/* ---- writing ---------------------------------------------------------------------------------------------------- */

struct exporting {
    FILE *out;
    struct buf line;
    int64_t through; /* what came after the closing checkpoint is left to the next export */
    int64_t n;
};

static enum rc flush_line(struct exporting *x, struct err *e)
{
    buf_char(&x->line, '\n');
    enum rc rc = buf_check(&x->line, "a line of the export", e);
    if (rc == RC_OK && fwrite(x->line.data, 1, x->line.len, x->out) != x->line.len)
        rc = err_sys(e, RC_BAD, errno, "export");
    buf_reset(&x->line);
    return rc;
}

static enum rc put_entry(void *ctx, const struct audit_entry *a, const uint8_t hash[AUDIT_HASH_SIZE],
                         const struct audit_checkpoint *c, struct err *e)
{
    struct exporting *x = ctx;
    char at[TIMESTAMP_TEXT_SIZE], hex[SHA256_HEX_SIZE], checkpoint[AUDIT_CHECKPOINT_SIZE];
    if (a->seq > x->through)
        return RC_OK;
    timestamp_format(a->at_us, at);
    str_hex(hash, AUDIT_HASH_SIZE, hex);
    buf_char(&x->line, '{');
    json_member_int(&x->line, "seq", a->seq);
    json_member(&x->line, "at", at);
    json_member(&x->line, "actor", a->actor);
    json_member(&x->line, "event", a->event);
    json_member(&x->line, "object", a->object);
    json_member(&x->line, "outcome", a->outcome);
    json_member(&x->line, "detail", a->detail);
    json_member(&x->line, "hash", hex);
    if (c) {
        audit_checkpoint_format(c, checkpoint);
        json_member(&x->line, "checkpoint", checkpoint);
    }
    buf_char(&x->line, '}');
    x->n++;
    return flush_line(x, e);
}

static enum rc put_header(struct cmd *c, struct exporting *x, struct err *e)
{
    struct store_audit_facts f;
    struct audit_checkpoint closing;
    char line[AUDIT_CHECKPOINT_SIZE], hex[2 * ED25519_PUBLIC_SIZE + 1];
    enum rc rc = store_audit_checkpoint(c->store, &closing, e);
    if (rc == RC_OK)
        rc = store_audit_facts(c->store, &f, e);
    if (rc != RC_OK)
        return rc;
    x->through = closing.seq;
    str_hex(keyring_signing_key(app_keys(c->app))->public_key, ED25519_PUBLIC_SIZE, hex);
    buf_char(&x->line, '{');
    json_member_int(&x->line, "briefd_audit", 1);
    json_member(&x->line, "public_key", hex);
    audit_checkpoint_format(&f.base, line);
    json_member(&x->line, "base", f.base.seq ? line : NULL);
    audit_checkpoint_format(&closing, line);
    json_member(&x->line, "closing", line);
    buf_char(&x->line, '}');
    return flush_line(x, e);
}

int audit_export(struct cmd *c, const char *file)
{
    struct exporting x = {.out = stdout};
    struct err e = {""};
    enum rc rc = RC_OK;
    buf_init(&x.line, MAX_LINE);
    if (file) {
        int fd = open(file, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
        x.out = fd >= 0 ? fdopen(fd, "w") : NULL;
        if (!x.out)
            rc = err_sys(&e, RC_BAD, errno, "export: %s", file);
    }
    if (rc == RC_OK)
        rc = put_header(c, &x, &e);
    if (rc == RC_OK)
        rc = store_audit_export(c->store, 1, put_entry, &x, &e);
    if (file && x.out && fclose(x.out) != 0 && rc == RC_OK)
        rc = err_sys(&e, RC_BAD, errno, "export: %s", file);
    buf_clear(&x.line);
    if (rc != RC_OK)
        return cmd_fail_state(rc, &e);
    if (file)
        printf("%s: %lld entries, signed up to entry %lld\n", file, (long long)x.n, (long long)x.through);
    return cmd_end_output();
}

/* ---- checking a file -------------------------------------------------------------------------------------------- */

struct checking {
    uint8_t key[ED25519_PUBLIC_SIZE];
    struct audit_walk walk;
    int64_t first, n, checkpoints;
    int64_t signed_seq;                  /* of the last checkpoint */
    const struct audit_checkpoint *kept; /* must be met, or NULL */
    bool met;
};

static enum rc bad(int64_t line, struct err *e, const char *what)
{
    return err_set(e, RC_BAD, "audit: line %lld: %s", (long long)line, what);
}

static enum rc read_signed(const struct checking *k, const char *text, int64_t line, struct audit_checkpoint *out,
                           struct err *e)
{
    if (!audit_checkpoint_parse(text, out))
        return bad(line, e, "this is no checkpoint");
    if (!audit_checkpoint_valid(k->key, out))
        return bad(line, e, "the checkpoint was changed, or signed by another key");
    return RC_OK;
}

static enum rc check_header(struct checking *k, const cJSON *j, struct err *e)
{
    const char *base = json_str(j, "base");
    struct audit_checkpoint c;
    if (!json_str(j, "public_key") || !json_str(j, "closing"))
        return bad(1, e, "this is not the beginning of an export");
    if (!base)
        return RC_OK;
    enum rc rc = read_signed(k, base, 1, &c, e);
    if (rc == RC_OK && !c.base)
        rc = bad(1, e, "a checkpoint is no base: entries before it are missing");
    if (rc == RC_OK) {
        k->walk.seq = k->signed_seq = c.seq;
        memcpy(k->walk.hash, c.hash, sizeof(c.hash));
    }
    return rc;
}

static enum rc check_checkpoint(struct checking *k, const char *text, int64_t line, struct err *e)
{
    struct audit_checkpoint c;
    enum rc rc = read_signed(k, text, line, &c, e);
    if (rc != RC_OK)
        return rc;
    if (c.seq != k->walk.seq || !crypto_equal(c.hash, k->walk.hash, sizeof(c.hash)))
        return bad(line, e, "the entry is not the one that its checkpoint signed");
    k->signed_seq = c.seq;
    k->checkpoints++;
    return RC_OK;
}

static enum rc check_entry(struct checking *k, const cJSON *j, int64_t line, struct err *e)
{
    struct audit_entry x = {.actor = json_str(j, "actor"), .event = json_str(j, "event"), .object = json_str(j, "object"),
                            .outcome = json_str(j, "outcome"), .detail = json_str(j, "detail")};
    const char *seq = json_digits(cJSON_GetObjectItemCaseSensitive(j, "seq")), *at = json_str(j, "at"),
               *hex = json_str(j, "hash"), *checkpoint = json_str(j, "checkpoint");
    uint8_t hash[AUDIT_HASH_SIZE];
    if (!seq || !str_int64(seq, 1, INT64_MAX, &x.seq) || !at || !timestamp_parse(at, &x.at_us) || !hex ||
        !str_unhex(hex, hash, sizeof(hash)) || !x.actor || !x.event || !x.object || !x.outcome || !x.detail)
        return bad(line, e, "this is no entry");
    enum rc rc = audit_walk_step(&k->walk, NULL, &x, hash, NULL, e);
    if (rc != RC_OK)
        return rc;
    k->first = k->first ? k->first : x.seq;
    k->n++;
    if (k->kept && k->kept->seq == x.seq) {
        if (!crypto_equal(k->kept->hash, hash, sizeof(hash)))
            return bad(line, e, "the entry is not the one that the checkpoint kept elsewhere signed");
        k->met = true;
    }
    return checkpoint ? check_checkpoint(k, checkpoint, line, e) : RC_OK;
}

static enum rc check_line(struct checking *k, const char *text, size_t n, int64_t line, struct err *e)
{
    cJSON *j = NULL;
    struct err why;
    enum rc rc = json_parse(text, n, JSON_NUMBERS_DIGITS, &j, &why);
    if (rc != RC_OK)
        return rc == RC_BAD ? bad(line, e, why.msg) : err_set(e, rc, "%s", why.msg);
    rc = line == 1 ? check_header(k, j, e) : check_entry(k, j, line, e);
    cJSON_Delete(j);
    return rc;
}

static enum rc check_end(const struct checking *k, struct err *e)
{
    if (k->n == 0)
        return err_set(e, RC_BAD, "audit: the file has no entries");
    if (k->signed_seq != k->walk.seq)
        return err_set(e, RC_BAD, "audit: no checkpoint signed what is behind entry %lld: the file was cut or added to",
                       (long long)k->signed_seq);
    if (k->kept && !k->met)
        return err_set(e, RC_BAD, "audit: entry %lld, which the checkpoint kept elsewhere signed, is not in the file",
                       (long long)k->kept->seq);
    return RC_OK;
}

static enum rc check_file(struct checking *k, const char *path, struct err *e)
{
    char *text = NULL;
    size_t room = 0;
    ssize_t n;
    int64_t line = 0;
    enum rc rc = RC_OK;
    FILE *f = fopen(path, "re");
    if (!f)
        return err_sys(e, RC_BAD, errno, "audit: open %s", path);
    while (rc == RC_OK && (n = getline(&text, &room, f)) > 0)
        rc = (size_t)n > MAX_LINE ? bad(line + 1, e, "too long") : check_line(k, text, (size_t)n, ++line, e);
    if (rc == RC_OK && ferror(f))
        rc = err_sys(e, RC_BAD, errno, "audit: read %s", path);
    free(text);
    fclose(f);
    return rc == RC_OK ? check_end(k, e) : rc;
}

int audit_read_checkpoint(const char *file, struct audit_checkpoint *out)
{
    char line[AUDIT_CHECKPOINT_SIZE + 2] = "";
    FILE *f = fopen(file, "re");
    bool ok = f && fgets(line, sizeof(line), f) && audit_checkpoint_parse(line, out);
    if (f)
        fclose(f);
    return ok ? EXIT_DONE : cli_usage("audit", "--checkpoint: no line of 'briefctl audit checkpoint' in %.200s", file);
}

int audit_verify_file(const char *file, const char *key, const char *checkpoint, bool json)
{
    struct checking k = {0};
    struct audit_checkpoint kept;
    struct err e = {""};
    enum rc rc = ed25519_public_read(key, k.key, &e);
    if (rc != RC_OK)
        return cmd_fail_open(rc, &e);
    if (checkpoint) {
        int code = audit_read_checkpoint(checkpoint, &kept);
        if (code != EXIT_DONE)
            return code;
        k.kept = &kept;
        if (!audit_checkpoint_valid(k.key, &kept))
            return cli_usage("audit", "--checkpoint: that line was not signed by this key");
    }
    rc = check_file(&k, file, &e);
    if (json && (rc == RC_OK || rc == RC_BAD)) {
        struct buf out;
        buf_init(&out, CMD_MAX_OUTPUT);
        buf_printf(&out, "{\"ok\": %s", rc == RC_OK ? "true" : "false");
        json_member_int(&out, "first", k.first);
        json_member_int(&out, "last", k.walk.seq);
        json_member_int(&out, "checkpoints", k.checkpoints);
        json_member(&out, "reason", rc == RC_OK ? NULL : e.msg);
        buf_char(&out, '}');
        int code = cmd_put(&out);
        buf_clear(&out);
        if (code != EXIT_DONE)
            return code;
    } else if (rc == RC_OK)
        printf("%s: entries %lld to %lld, %lld checkpoints signed by this key; none changed, removed, reordered or cut\n", file,
               (long long)k.first, (long long)k.walk.seq, (long long)k.checkpoints);
    return rc == RC_OK ? cmd_end_output() : cli_fail(rc, &e);
}
