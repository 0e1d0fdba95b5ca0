#include "signers.h"

#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>
#include "../base/buf.h"
#include "../base/str.h"

bool signer_name_ok(const char *name)
{
    static const char allowed[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_-";
    size_t n = strlen(name);
    return n > 0 && n <= 64 && strspn(name, allowed) == n;
}

bool signature_path(const char *policy_path, const char *name, char out[SIGNATURE_PATH_SIZE])
{
    return snprintf(out, SIGNATURE_PATH_SIZE, "%s.%s.sig", policy_path, name) < SIGNATURE_PATH_SIZE;
}

/* ---- the configuration ------------------------------------------------------------------------------------------ */

static enum rc read_key(const struct yaml *y, const struct yaml_node *n, const char *folder, struct arena *a,
                        struct signer *out, struct err *e)
{
    const char *path;
    struct err why = {""};
    if (!signer_name_ok(n->key))
        return yaml_bad_key(y, n, e, "a signer's name has letters, digits, - and _ only");
    enum rc rc = yaml_text(y, n, &path, e);
    if (rc != RC_OK)
        return rc;
    if (str_starts(path, "file:"))
        path += strlen("file:");
    const char *whole = *path == '/' ? path : arena_printf(a, "%s/%s", folder, path);
    out->name = arena_dup(a, n->key);
    if (!whole || !out->name)
        return err_set(e, RC_NOMEM, "policy_signers: out of memory");
    rc = ed25519_public_read(whole, out->public_key, &why);
    return rc == RC_BAD ? yaml_bad(y, n, e, "%s", why.msg) : rc;
}

static enum rc read_keys(const struct yaml *y, const struct yaml_node *map, const char *folder, struct arena *a,
                         struct signers *s, struct err *e)
{
    if (!map || map->kind != YAML_MAP || !map->first)
        return yaml_bad(y, map, e, "keys: {NAME: FILE.pub, ...} was expected here");
    for (const struct yaml_node *n = map->first; n; n = n->next) {
        if (s->n == SIGNERS_MAX)
            return yaml_bad_key(y, n, e, "more than %d signers", SIGNERS_MAX);
        enum rc rc = read_key(y, n, folder, a, &s->list[s->n], e);
        if (rc != RC_OK)
            return rc;
        for (size_t i = 0; i < s->n; i++)
            if (crypto_equal(s->list[i].public_key, s->list[s->n].public_key, ED25519_PUBLIC_SIZE))
                return yaml_bad(y, n, e, "this is the key of '%s' as well: one person must not count twice", s->list[i].name);
        s->n++;
    }
    return RC_OK;
}

enum rc signers_parse(const struct yaml *y, const struct yaml_node *n, const char *folder, struct arena *a,
                      const struct signers **out, struct err *e)
{
    static const char *const known[] = {"need", "keys"};
    int64_t need = 1;
    struct signers *s = arena_alloc(a, sizeof(*s));
    if (!s)
        return err_set(e, RC_NOMEM, "policy_signers: out of memory");
    if (n->kind != YAML_MAP || !yaml_get(n, "keys"))
        return yaml_bad(y, n, e, "policy_signers: {need: 1, keys: {NAME: FILE.pub}} was expected here");
    enum rc rc = yaml_only(y, n, known, COUNT_OF(known), e);
    if (rc == RC_OK)
        rc = read_keys(y, yaml_get(n, "keys"), folder, a, s, e);
    if (rc == RC_OK && yaml_get(n, "need"))
        rc = yaml_int(y, yaml_get(n, "need"), 1, (int64_t)s->n, &need, e);
    if (rc != RC_OK)
        return rc;
    s->need = (size_t)need;
    *out = s;
    return RC_OK;
}

/* ---- signatures ------------------------------------------------------------------------------------------------- */

enum signature_state signers_look(const struct signer *who, const char *policy_path, const char *bytes, size_t n)
{
    char path[SIGNATURE_PATH_SIZE];
    uint8_t signature[ED25519_SIGNATURE_SIZE + 1];
    if (!signature_path(policy_path, who->name, path))
        return SIGNATURE_MISSING;
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    if (fd < 0)
        return SIGNATURE_MISSING;
    ssize_t got = read(fd, signature, sizeof(signature));
    close(fd);
    if (got != ED25519_SIGNATURE_SIZE || !ed25519_verify(who->public_key, bytes, n, signature))
        return SIGNATURE_WRONG;
    return SIGNATURE_VALID;
}

enum rc signers_check(const struct signers *s, const char *policy_path, const char *bytes, size_t n, struct err *e)
{
    static const char *const says[] = {"signed", "no signature", "its signature is of other bytes or another key"};
    struct buf why;
    size_t valid = 0;
    buf_init(&why, 4096);
    for (size_t i = 0; i < s->n; i++) {
        enum signature_state state = signers_look(&s->list[i], policy_path, bytes, n);
        valid += state == SIGNATURE_VALID;
        buf_printf(&why, "%s%s: %s", i ? ", " : "", s->list[i].name, says[state]);
    }
    enum rc rc = RC_OK;
    if (valid < s->need)
        rc = err_set(e, RC_REFUSED, "policy: %zu of %zu signatures that policy_signers asks for (%s): briefctl policy sign",
                     valid, s->need, why.data);
    buf_clear(&why);
    return rc;
}
