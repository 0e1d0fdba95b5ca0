/* ed25519.c: signatures of crypto.h and their key files, on OpenSSL's EVP. */
#include "crypto.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include <openssl/bio.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include "file.h"

#define MAX_PEM_BYTES 4096 /* a key is below 200; comments may stand around it */

static enum rc no_memory(struct err *e)
{
    return err_set(e, RC_NOMEM, "ed25519: out of memory");
}

/* ---- keys and signatures ---------------------------------------------------------------------------------------- */

enum rc ed25519_from_seed(const uint8_t seed[KEY_SIZE], struct ed25519_key *out, struct err *e)
{
    uint8_t public_key[ED25519_PUBLIC_SIZE];
    size_t n = sizeof(public_key);
    EVP_PKEY *key = EVP_PKEY_new_raw_private_key(EVP_PKEY_ED25519, NULL, seed, KEY_SIZE);
    bool ok = key && EVP_PKEY_get_raw_public_key(key, public_key, &n) == 1 && n == sizeof(public_key);
    EVP_PKEY_free(key);
    if (!ok)
        return no_memory(e);
    memmove(out->seed, seed, KEY_SIZE);
    memcpy(out->public_key, public_key, sizeof(public_key));
    return RC_OK;
}

enum rc ed25519_make(struct ed25519_key *out, struct err *e)
{
    uint8_t seed[KEY_SIZE];
    enum rc rc = random_bytes(seed, sizeof(seed), e);
    if (rc == RC_OK)
        rc = ed25519_from_seed(seed, out, e);
    crypto_wipe(seed, sizeof(seed));
    return rc;
}

enum rc ed25519_sign(const struct ed25519_key *k, const void *bytes, size_t n,
                     uint8_t signature[ED25519_SIGNATURE_SIZE], struct err *e)
{
    uint8_t made[ED25519_SIGNATURE_SIZE];
    size_t len = sizeof(made);
    EVP_PKEY *key = EVP_PKEY_new_raw_private_key(EVP_PKEY_ED25519, NULL, k->seed, KEY_SIZE);
    EVP_MD_CTX *ctx = EVP_MD_CTX_new();
    bool ok = key && ctx && EVP_DigestSignInit(ctx, NULL, NULL, NULL, key) == 1 &&
              EVP_DigestSign(ctx, made, &len, bytes, n) == 1 && len == sizeof(made);
    EVP_MD_CTX_free(ctx);
    EVP_PKEY_free(key);
    if (!ok)
        return no_memory(e);
    memcpy(signature, made, sizeof(made));
    return RC_OK;
}

bool ed25519_verify(const uint8_t public_key[ED25519_PUBLIC_SIZE], const void *bytes, size_t n,
                    const uint8_t signature[ED25519_SIGNATURE_SIZE])
{
    EVP_PKEY *key = EVP_PKEY_new_raw_public_key(EVP_PKEY_ED25519, NULL, public_key, ED25519_PUBLIC_SIZE);
    EVP_MD_CTX *ctx = EVP_MD_CTX_new();
    bool ok = key && ctx && EVP_DigestVerifyInit(ctx, NULL, NULL, NULL, key) == 1 &&
              EVP_DigestVerify(ctx, signature, ED25519_SIGNATURE_SIZE, bytes, n) == 1;
    EVP_MD_CTX_free(ctx);
    EVP_PKEY_free(key);
    return ok;
}

/* ---- writing key files ------------------------------------------------------------------------------------------ */

/* Written under another name and linked, so that the file is there whole or not at all and replaces none. */
static enum rc put_file(const char *path, mode_t mode, const char *bytes, size_t n, struct err *e)
{
    char *temporary = NULL;
    enum rc rc = RC_OK;
    if (asprintf(&temporary, "%s.new-%ld", path, (long)getpid()) < 0)
        return no_memory(e);
    int fd = open(temporary, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, mode);
    if (fd < 0)
        rc = err_sys(e, RC_BAD, errno, "ed25519: make %s", temporary);
    else if (!file_write_all(fd, bytes, n))
        rc = err_sys(e, RC_BAD, errno, "ed25519: write %s", temporary);
    else if (link(temporary, path) != 0)
        rc = err_sys(e, errno == EEXIST ? RC_REFUSED : RC_BAD, errno, "ed25519: make %s", path);
    if (fd >= 0) {
        close(fd);
        unlink(temporary);
    }
    free(temporary);
    return rc;
}

enum rc ed25519_key_write(const char *path, const struct ed25519_key *k, struct err *e)
{
    char *pem = NULL;
    long n = 0;
    EVP_PKEY *key = EVP_PKEY_new_raw_private_key(EVP_PKEY_ED25519, NULL, k->seed, KEY_SIZE);
    BIO *bio = BIO_new(BIO_s_secmem()); /* wiped when it is freed */
    if (key && bio && PEM_write_bio_PKCS8PrivateKey(bio, key, NULL, NULL, 0, NULL, NULL) == 1)
        n = BIO_get_mem_data(bio, &pem);
    enum rc rc = n > 0 ? put_file(path, 0600, pem, (size_t)n, e) : no_memory(e);
    BIO_free(bio);
    EVP_PKEY_free(key);
    return rc;
}

enum rc ed25519_public_pem(const uint8_t public_key[ED25519_PUBLIC_SIZE], char out[ED25519_PEM_SIZE], struct err *e)
{
    char *pem = NULL;
    long n = 0;
    EVP_PKEY *key = EVP_PKEY_new_raw_public_key(EVP_PKEY_ED25519, NULL, public_key, ED25519_PUBLIC_SIZE);
    BIO *bio = BIO_new(BIO_s_mem());
    if (key && bio && PEM_write_bio_PUBKEY(bio, key) == 1)
        n = BIO_get_mem_data(bio, &pem);
    bool ok = n > 0 && n < ED25519_PEM_SIZE;
    if (ok) {
        memcpy(out, pem, (size_t)n);
        out[n] = '\0';
    }
    BIO_free(bio);
    EVP_PKEY_free(key);
    return ok ? RC_OK : no_memory(e);
}

enum rc ed25519_public_write(const char *path, const uint8_t public_key[ED25519_PUBLIC_SIZE], struct err *e)
{
    char pem[ED25519_PEM_SIZE];
    enum rc rc = ed25519_public_pem(public_key, pem, e);
    return rc == RC_OK ? put_file(path, 0644, pem, strlen(pem), e) : rc;
}

/* ---- reading key files ------------------------------------------------------------------------------------------ */

static enum rc read_pem(const char *path, bool secret, char text[MAX_PEM_BYTES], size_t *n, struct err *e)
{
    struct stat st;
    enum rc rc = RC_OK;
    size_t len = 0;
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    if (fd < 0)
        return err_sys(e, RC_BAD, errno, "ed25519: open %s", path);
    if (fstat(fd, &st) != 0)
        rc = err_sys(e, RC_BAD, errno, "ed25519: %s", path);
    else if (!S_ISREG(st.st_mode))
        rc = err_set(e, RC_BAD, "ed25519: %s is not a file", path);
    else if (secret && (st.st_mode & 077))
        rc = err_set(e, RC_BAD, "ed25519: others may read %s (mode %03o): chmod 600 it, and think about who read it", path,
                     (unsigned)(st.st_mode & 0777));
    while (rc == RC_OK && len < MAX_PEM_BYTES) {
        ssize_t got = read(fd, text + len, MAX_PEM_BYTES - len);
        if (got < 0 && errno != EINTR)
            rc = err_sys(e, RC_BAD, errno, "ed25519: read %s", path);
        if (got == 0)
            break;
        len += got > 0 ? (size_t)got : 0;
    }
    if (rc == RC_OK && len == MAX_PEM_BYTES)
        rc = err_set(e, RC_BAD, "ed25519: %s is too large for a key", path);
    close(fd);
    *n = len;
    return rc;
}

/* An encrypted key is refused: nobody sits here who could be asked for its password. */
static int no_password(char *out, int size, int writing, void *ctx)
{
    (void)out;
    (void)size;
    (void)writing;
    (void)ctx;
    return -1;
}

enum rc ed25519_key_read(const char *path, struct ed25519_key *out, struct err *e)
{
    char text[MAX_PEM_BYTES];
    uint8_t seed[KEY_SIZE] = {0};
    size_t n = 0, n_seed = sizeof(seed);
    enum rc rc = read_pem(path, true, text, &n, e);
    BIO *bio = rc == RC_OK ? BIO_new_mem_buf(text, (int)n) : NULL;
    EVP_PKEY *key = bio ? PEM_read_bio_PrivateKey(bio, NULL, no_password, NULL) : NULL;
    if (rc == RC_OK && (!key || EVP_PKEY_get_id(key) != EVP_PKEY_ED25519 ||
                        EVP_PKEY_get_raw_private_key(key, seed, &n_seed) != 1 || n_seed != sizeof(seed)))
        rc = err_set(e, RC_BAD, "ed25519: %s holds no Ed25519 private key in PEM without a password", path);
    if (rc == RC_OK)
        rc = ed25519_from_seed(seed, out, e);
    EVP_PKEY_free(key);
    BIO_free(bio);
    crypto_wipe(text, sizeof(text));
    crypto_wipe(seed, sizeof(seed));
    return rc;
}

enum rc ed25519_key_open(const char *path, struct ed25519_key *out, struct err *e)
{
    enum rc rc = RC_OK;
    if (access(path, F_OK) != 0 && errno == ENOENT) {
        struct ed25519_key made;
        rc = ed25519_make(&made, e);
        if (rc == RC_OK)
            rc = ed25519_key_write(path, &made, e);
        crypto_wipe(&made, sizeof(made));
    }
    /* RC_REFUSED: another was faster, and its key is the one. */
    return rc == RC_OK || rc == RC_REFUSED ? ed25519_key_read(path, out, e) : rc;
}

enum rc ed25519_public_read(const char *path, uint8_t out[ED25519_PUBLIC_SIZE], struct err *e)
{
    char text[MAX_PEM_BYTES];
    uint8_t raw[ED25519_PUBLIC_SIZE];
    size_t n = 0, n_raw = sizeof(raw);
    enum rc rc = read_pem(path, false, text, &n, e);
    BIO *bio = rc == RC_OK ? BIO_new_mem_buf(text, (int)n) : NULL;
    EVP_PKEY *key = bio ? PEM_read_bio_PUBKEY(bio, NULL, no_password, NULL) : NULL;
    if (rc == RC_OK && (!key || EVP_PKEY_get_id(key) != EVP_PKEY_ED25519 ||
                        EVP_PKEY_get_raw_public_key(key, raw, &n_raw) != 1 || n_raw != sizeof(raw)))
        rc = err_set(e, RC_BAD, "ed25519: %s holds no Ed25519 public key in PEM", path);
    if (rc == RC_OK)
        memcpy(out, raw, sizeof(raw));
    EVP_PKEY_free(key);
    BIO_free(bio);
    crypto_wipe(text, sizeof(text));
    return rc;
}
