/* cmd_policy_sign.c: `briefctl policy keygen|sign|signatures`: keys of people, and their signatures beside a policy. */
#include <errno.h>
#include <fcntl.h>
#include <libgen.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include "../base/file.h"
#include "../base/str.h"
#include "cmd_common.h"
#include "cmd_policy.h"
#include "signers.h"

int policy_keygen(const char *name)
{
    struct ed25519_key key;
    char *secret = NULL, *open = NULL;
    struct err e = {""};
    enum rc rc = RC_OK;
    if (asprintf(&secret, "%s.key", name) < 0 || asprintf(&open, "%s.pub", name) < 0)
        rc = err_set(&e, RC_NOMEM, "out of memory");
    if (rc == RC_OK)
        rc = ed25519_make(&key, &e);
    if (rc == RC_OK)
        rc = ed25519_key_write(secret, &key, &e);
    if (rc == RC_OK)
        rc = ed25519_public_write(open, key.public_key, &e);
    crypto_wipe(&key, sizeof(key));
    if (rc == RC_OK)
        printf("%s: keep it to yourself (mode 0600)\n%s: for policy_signers in the configuration\n", secret, open);
    free(secret);
    free(open);
    return rc == RC_OK ? cmd_end_output() : cmd_fail_state(rc, &e);
}

/* ---- signing ---------------------------------------------------------------------------------------------------- */

/* Written beside and renamed, so that a reload never reads half a signature. */
static enum rc write_signature(const char *path, const uint8_t signature[ED25519_SIGNATURE_SIZE], struct err *e)
{
    char temporary[SIGNATURE_PATH_SIZE + 8];
    snprintf(temporary, sizeof(temporary), "%s.new", path);
    int fd = open(temporary, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);
    if (fd < 0)
        return err_sys(e, RC_BAD, errno, "make %s", temporary);
    bool ok = file_write_all(fd, signature, ED25519_SIGNATURE_SIZE);
    ok = close(fd) == 0 && ok;
    if (!ok || rename(temporary, path) != 0)
        return err_sys(e, RC_BAD, errno, "write %s", path);
    return RC_OK;
}

/* "keys/dana.key" is dana's. */
static const char *name_of(const char *key, char *room, size_t size)
{
    const char *slash = strrchr(key, '/');
    snprintf(room, size, "%s", slash ? slash + 1 : key);
    char *dot = strrchr(room, '.');
    if (dot)
        *dot = '\0';
    return room;
}

int policy_sign(const char *key_path, const char *name, const char *file)
{
    char from_key[128], path[SIGNATURE_PATH_SIZE];
    uint8_t signature[ED25519_SIGNATURE_SIZE];
    struct ed25519_key key = {0};
    struct policy *policy = NULL;
    struct err e = {""};
    size_t n = 0;
    if (!name)
        name = name_of(key_path, from_key, sizeof(from_key));
    if (!signer_name_ok(name) || !signature_path(file, name, path))
        return cli_usage("policy", "--name: '%.60s' is no signer's name (letters, digits, - and _)", name);
    /* What is signed are the bytes that were checked. */
    enum rc rc = policy_open(file, &(struct policy_options){.vault_best_effort = true}, &policy, &e);
    if (rc == RC_OK)
        rc = ed25519_key_read(key_path, &key, &e);
    const char *bytes = rc == RC_OK ? policy_source(policy, &n) : NULL;
    if (rc == RC_OK)
        rc = ed25519_sign(&key, bytes, n, signature, &e);
    if (rc == RC_OK)
        rc = write_signature(path, signature, &e);
    if (rc == RC_OK)
        printf("%s: sha256 %s signed as %s\n", path, policy_hash(policy), name);
    crypto_wipe(&key, sizeof(key));
    policy_close(policy);
    return rc == RC_OK ? cmd_end_output() : cmd_fail_open(rc, &e);
}

/* ---- looking ---------------------------------------------------------------------------------------------------- */

static void put_json(struct buf *b, const struct signers *s, const char *path, const char *bytes, size_t n, bool enough)
{
    static const char *const states[] = {"valid", "missing", "wrong"};
    buf_printf(b, "{\"enough\": %s", enough ? "true" : "false");
    json_member_int(b, "need", (int64_t)s->need);
    buf_str(b, ", \"signers\": {");
    for (size_t i = 0; i < s->n; i++)
        json_member(b, s->list[i].name, states[signers_look(&s->list[i], path, bytes, n)]);
    buf_str(b, "}}");
}

static int show(const struct config_view *v, const char *file, bool json)
{
    static const char *const says[] = {"signed", "no signature yet", "a signature of other bytes or of another key"};
    const struct signers *s = v->signers;
    const char *path = file ? file : v->settings->policy;
    struct policy *policy = NULL;
    struct err e = {""}, why = {""};
    struct buf out;
    size_t n = 0;
    enum rc rc = policy_open(path, &(struct policy_options){.vault_best_effort = true}, &policy, &e);
    if (rc != RC_OK)
        return cmd_fail_open(rc, &e);
    const char *bytes = policy_source(policy, &n);
    bool enough = signers_check(s, path, bytes, n, &why) == RC_OK;
    buf_init(&out, CMD_MAX_OUTPUT);
    if (json)
        put_json(&out, s, path, bytes, n, enough);
    else {
        buf_printf(&out, "%s: sha256 %s\n", path, policy_hash(policy));
        for (size_t i = 0; i < s->n; i++)
            buf_printf(&out, "  %s: %s\n", s->list[i].name, says[signers_look(&s->list[i], path, bytes, n)]);
        buf_printf(&out, "%s: %zu of %zu needed", enough ? "it may take effect" : "it does not take effect", s->need, s->n);
    }
    policy_close(policy);
    int code = cmd_put(&out);
    buf_clear(&out);
    return code == EXIT_DONE && !enough ? EXIT_REFUSED : code;
}

int policy_signatures(const char *config, const char *file, bool json)
{
    struct config *c = NULL;
    struct err e = {""};
    int code = EXIT_DONE;
    /* The configuration alone: with it the policy would be refused that this is asked about. */
    enum rc rc = config_open(cli_config(config), &(struct config_options){.resolve_secrets = false}, &c, &e);
    if (rc != RC_OK)
        return cmd_fail_open(rc, &e);
    if (config_get(c)->signers)
        code = show(config_get(c), file, json);
    else
        code = cli_usage("policy", "the configuration has no policy_signers: a policy needs no signature");
    config_close(c);
    return code;
}
