/* The master key's file and what is derived from it: daemon/keyring.h. The derived key is compared with HMAC-SHA-256
 * as `openssl dgst -mac HMAC` gives it. */
#include "../suite.h"
#include <fcntl.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>
#include "../../base/str.h"
#include "../../daemon/keyring.h"

static char folder[] = "/tmp/briefd-keyring-XXXXXX";
static char path[128], spec[140];

static void at(const char *name)
{
    static bool made;
    if (!made)
        ck_assert_ptr_nonnull(mkdtemp(folder));
    made = true;
    snprintf(path, sizeof(path), "%s/%s", folder, name);
    snprintf(spec, sizeof(spec), "file:%s", path);
}

static void put(const char *text, mode_t mode)
{
    int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC, 0600);
    ck_assert(fd >= 0 && write(fd, text, strlen(text)) == (ssize_t)strlen(text));
    ck_assert_int_eq(fchmod(fd, mode), 0);
    close(fd);
}

START_TEST(made_once_and_read_again)
{
    struct keyring *k, *again;
    struct err e;
    struct stat st;
    at("new/master.key");
    ck_assert_msg(keyring_open(spec, &k, &e) == RC_OK, "%s", e.msg);
    ck_assert_int_eq(stat(path, &st), 0);
    ck_assert_int_eq(st.st_mode & 0777, 0600);
    ck_assert_int_eq(st.st_size, 65);
    ck_assert_int_eq(st.st_nlink, 1); /* nothing is left beside it */
    ck_assert_int_eq(keyring_open(path, &again, &e), RC_OK);
    ck_assert_mem_eq(keyring_wrap_key(k), keyring_wrap_key(again), KEY_SIZE);
    ck_assert_str_eq(keyring_id(k), keyring_id(again));
    ck_assert_mem_ne(keyring_wrap_key(k), keyring_hash_key(k), KEY_SIZE);
    ck_assert_mem_ne(keyring_hash_key(k), keyring_audit_key(k), KEY_SIZE);
    ck_assert(str_ends(keyring_head_path(k), "/new/master.key.audit-head"));
    keyring_close(again);
    keyring_close(k);
    keyring_close(NULL);
}
END_TEST

START_TEST(derived_as_documented)
{
    /* printf 'briefd audit' | openssl dgst -sha256 -mac HMAC -macopt hexkey:0001..1f */
    static const char want[] = "4b9313767a4f10a682dfbe51d483b3e6b830b7f085a5298cfd24135e47d7966d";
    /* the same with 'briefd sign'; its public key by openssl pkey -pubout */
    static const char want_seed[] = "ad5bfe1b3135a294576dd5bd10fdc45322d91a43e2d0e0966d417817a3158d54";
    static const char want_public[] = "c816d930d3fd828d2fe31c51275b565b3bb0bc2b9bca01a9ac6d92d0a86253c7";
    struct keyring *k;
    struct err e;
    char hex[2 * KEY_SIZE + 1];
    at("fixed.key");
    put("000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f\n", 0600);
    ck_assert_msg(keyring_open(spec, &k, &e) == RC_OK, "%s", e.msg);
    str_hex(keyring_audit_key(k), KEY_SIZE, hex);
    ck_assert_str_eq(hex, want);
    str_hex(keyring_signing_key(k)->seed, KEY_SIZE, hex);
    ck_assert_str_eq(hex, want_seed);
    str_hex(keyring_signing_key(k)->public_key, ED25519_PUBLIC_SIZE, hex);
    ck_assert_str_eq(hex, want_public);
    keyring_close(k);
}
END_TEST

START_TEST(refusals)
{
    static const char key[] = "000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f";
    static const char *const damaged[] = {"", "00", "zz0102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f",
                                          "000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f00\n"};
    static const mode_t open_modes[] = {0640, 0604, 0660, 0644};
    struct keyring *k;
    struct err e;
    at("other.key");
    for (size_t i = 0; i < sizeof(open_modes) / sizeof(open_modes[0]); i++) {
        put(key, open_modes[i]);
        ck_assert_int_eq(keyring_open(spec, &k, &e), RC_BAD);
        ck_assert_ptr_nonnull(strstr(e.msg, "chmod 600"));
        ck_assert_ptr_null(strstr(e.msg, "000102"));
    }
    for (size_t i = 0; i < sizeof(damaged) / sizeof(damaged[0]); i++) {
        put(damaged[i], 0600);
        ck_assert_int_eq(keyring_open(spec, &k, &e), RC_BAD);
        ck_assert_ptr_nonnull(strstr(e.msg, path));
    }
    put(key, 0400); /* without a line feed, as systemd hands over credentials */
    ck_assert_int_eq(keyring_open(spec, &k, &e), RC_OK);
    keyring_close(k);
    ck_assert_int_eq(keyring_open("file:", &k, &e), RC_BAD);
    at("no/such/folder/master.key");
    ck_assert_int_eq(keyring_open(spec, &k, &e), RC_BAD);
}
END_TEST

START_TEST(two_first_starts_agree)
{
    enum { STARTS = 8 };
    char ids[STARTS][SHA256_HEX_SIZE];
    pid_t pids[STARTS];
    int fds[2];
    at("race/master.key");
    ck_assert_int_eq(pipe(fds), 0);
    for (int i = 0; i < STARTS; i++) {
        pids[i] = fork();
        if (pids[i] == 0) {
            struct keyring *k;
            struct err e;
            if (keyring_open(spec, &k, &e) != RC_OK)
                _exit(1);
            _exit(write(fds[1], keyring_id(k), SHA256_HEX_SIZE) != SHA256_HEX_SIZE);
        }
    }
    for (int i = 0; i < STARTS; i++) {
        int status;
        ck_assert(waitpid(pids[i], &status, 0) == pids[i] && status == 0);
        ck_assert_int_eq(read(fds[0], ids[i], SHA256_HEX_SIZE), SHA256_HEX_SIZE);
        ck_assert_str_eq(ids[i], ids[0]);
    }
    close(fds[0]);
    close(fds[1]);
}
END_TEST

SUITE_MAIN("keyring", made_once_and_read_again, derived_as_documented, refusals, two_first_starts_agree)
