#include "keyring.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include "../base/file.h"
#include "../base/str.h"

#define KEY_TEXT_SIZE (2 * KEY_SIZE + 1)

struct keyring {
    uint8_t wrap[KEY_SIZE], hash[KEY_SIZE], audit[KEY_SIZE];
    struct ed25519_key sign;
    char id[SHA256_HEX_SIZE];
    char *path, *head_path, *erased_path;
};

void keyring_close(struct keyring *k)
{
    if (!k)
        return;
    free(k->path);
    free(k->head_path);
    free(k->erased_path);
    crypto_wipe(k, sizeof(*k));
    free(k);
}

const uint8_t *keyring_wrap_key(const struct keyring *k)
{
    return k->wrap;
}

const uint8_t *keyring_hash_key(const struct keyring *k)
{
    return k->hash;
}

const uint8_t *keyring_audit_key(const struct keyring *k)
{
    return k->audit;
}

const struct ed25519_key *keyring_signing_key(const struct keyring *k)
{
    return &k->sign;
}

const char *keyring_id(const struct keyring *k)
{
    return k->id;
}

const char *keyring_head_path(const struct keyring *k)
{
    return k->head_path;
}

const char *keyring_erased_path(const struct keyring *k)
{
    return k->erased_path;
}

/* ---- the file --------------------------------------------------------------------------------------------------- */

static enum rc make_folder(const char *path, struct err *e)
{
    enum rc rc = RC_OK;
    char *folder = str_dup(path);
    if (!folder)
        return err_set(e, RC_NOMEM, "master key: out of memory");
    char *slash = strrchr(folder, '/');
    if (slash && slash != folder) {
        *slash = '\0';
        if (mkdir(folder, 0700) != 0 && errno != EEXIST)
            rc = err_sys(e, RC_BAD, errno, "master key: make the folder %s", folder);
    }
    free(folder);
    return rc;
}

static void sync_folder(const char *path)
{
    char *folder = str_dup(path);
    char *slash = folder ? strrchr(folder, '/') : NULL;
    if (slash)
        slash[slash == folder] = '\0';
    int fd = folder ? open(slash ? folder : ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC) : -1;
    if (fd >= 0) {
        (void)fsync(fd); /* best effort: some file systems refuse it on folders */
        close(fd);
    }
    free(folder);
}

/* The key is written whole under another name and then linked: two first starts at once agree on one key, and a crash
 * leaves none or a whole one. */
static enum rc make_key(const char *path, struct err *e)
{
    uint8_t key[KEY_SIZE];
    char text[KEY_TEXT_SIZE + 1], *temporary = NULL;
    int fd = -1;
    enum rc rc = make_folder(path, e);

    if (rc == RC_OK)
        rc = random_bytes(key, sizeof(key), e);
    if (rc != RC_OK)
        goto out;
    str_hex(key, sizeof(key), text);
    text[KEY_TEXT_SIZE - 1] = '\n';
    if (asprintf(&temporary, "%s.new-%ld", path, (long)getpid()) < 0) {
        temporary = NULL;
        rc = err_set(e, RC_NOMEM, "master key: out of memory");
        goto out;
    }
    fd = open(temporary, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
    if (fd < 0)
        rc = err_sys(e, RC_BAD, errno, "master key: make %s", temporary);
    else if (!file_write_all(fd, text, KEY_TEXT_SIZE))
        rc = err_sys(e, RC_BAD, errno, "master key: write %s", temporary);
    else if (link(temporary, path) != 0 && errno != EEXIST)
        rc = err_sys(e, RC_BAD, errno, "master key: make %s", path);
    else
        sync_folder(path);
out:
    if (fd >= 0) {
        close(fd);
        unlink(temporary);
    }
    free(temporary);
    crypto_wipe(key, sizeof(key));
    crypto_wipe(text, sizeof(text));
    return rc;
}

static enum rc read_key(int fd, const char *path, uint8_t key[KEY_SIZE], struct err *e)
{
    struct stat st;
    char text[KEY_TEXT_SIZE + 1] = "";
    enum rc rc = RC_OK;

    if (fstat(fd, &st) != 0)
        return err_sys(e, RC_BAD, errno, "master key: %s", path);
    if (!S_ISREG(st.st_mode))
        return err_set(e, RC_BAD, "master key: %s is not a file", path);
    if (st.st_mode & 077)
        return err_set(e, RC_BAD, "master key: others may read %s (mode %03o): chmod 600 it, and think about who read it",
                       path, (unsigned)(st.st_mode & 0777));
    ssize_t n = read(fd, text, sizeof(text));
    if (n == KEY_TEXT_SIZE && text[n - 1] == '\n')
        n--;
    if (n == KEY_TEXT_SIZE - 1)
        text[n] = '\0';
    if (n != KEY_TEXT_SIZE - 1 || !str_unhex(text, key, KEY_SIZE))
        rc = err_set(e, RC_BAD, "master key: %s doesn't hold %d hexadecimal digits", path, 2 * KEY_SIZE);
    crypto_wipe(text, sizeof(text));
    return rc;
}

static void derive(const uint8_t master[KEY_SIZE], const char *label, uint8_t out[KEY_SIZE])
{
    hmac_sha256(master, label, strlen(label), out);
}

enum rc keyring_open(const char *spec, struct keyring **out, struct err *e)
{
    uint8_t master[KEY_SIZE] = {0}, seed[KEY_SIZE] = {0}, id[SHA256_SIZE];
    int fd = -1;
    enum rc rc = RC_OK;
    const char *path = str_starts(spec, "file:") ? spec + strlen("file:") : spec;
    struct keyring *k = calloc(1, sizeof(*k));

    if (!k || !(k->path = str_dup(path)) || asprintf(&k->head_path, "%s.audit-head", path) < 0) {
        if (k)
            k->head_path = NULL; /* asprintf() leaves it undefined */
        rc = err_set(e, RC_NOMEM, "master key: out of memory");
        goto out;
    }
    if (asprintf(&k->erased_path, "%s.erased", path) < 0) {
        k->erased_path = NULL;
        rc = err_set(e, RC_NOMEM, "master key: out of memory");
        goto out;
    }
    if (!*path) {
        rc = err_set(e, RC_BAD, "master key: no path: write file:/etc/briefd/master.key");
        goto out;
    }
    fd = open(path, O_RDONLY | O_CLOEXEC);
    if (fd < 0 && errno == ENOENT) {
        rc = make_key(path, e);
        if (rc != RC_OK)
            goto out;
        fd = open(path, O_RDONLY | O_CLOEXEC);
    }
    if (fd < 0) {
        rc = err_sys(e, RC_BAD, errno, "master key: open %s", path);
        goto out;
    }
    rc = read_key(fd, path, master, e);
    if (rc != RC_OK)
        goto out;
    derive(master, "briefd wrap", k->wrap);
    derive(master, "briefd hash", k->hash);
    derive(master, "briefd audit", k->audit);
    derive(master, "briefd id", id);
    str_hex(id, sizeof(id), k->id);
    derive(master, "briefd sign", seed);
    rc = ed25519_from_seed(seed, &k->sign, e);
    if (rc != RC_OK)
        goto out;
    *out = k;
    k = NULL;
out:
    if (fd >= 0)
        close(fd);
    crypto_wipe(master, sizeof(master));
    crypto_wipe(seed, sizeof(seed));
    keyring_close(k);
    return rc;
}
