#include "../suite.h"
#include "../../base/crypto.h"
#include "../../base/str.h"
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

START_TEST(sha256_and_hmac_match_published_values)
{
    uint8_t out[SHA256_SIZE];
    char hex[SHA256_HEX_SIZE];
    sha256("abc", 3, out); /* FIPS 180-2, appendix B.1 */
    str_hex(out, SHA256_SIZE, hex);
    ck_assert_str_eq(hex, "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
    uint8_t key[KEY_SIZE] = {0};
    memset(key, 0x0b, 20); /* RFC 4231 test case 1: HMAC pads the 20-byte key with zeros, so 32 bytes give the same */
    hmac_sha256(key, "Hi There", 8, out);
    str_hex(out, SHA256_SIZE, hex);
    ck_assert_str_eq(hex, "b0344c61d8db38535ca8afceaf0bf12b881dc200c9833da726e9376c2e32cff7");
}
END_TEST

START_TEST(fields_do_not_run_into_each_other)
{
    uint8_t one[SHA256_SIZE], two[SHA256_SIZE];
    struct sha256 *h;
    struct err e;
    ck_assert_int_eq(sha256_open(&h, &e), RC_OK);
    sha256_add_field(h, "ab", 2);
    sha256_add_field(h, "c", 1);
    sha256_close(h, one);
    ck_assert_int_eq(sha256_open(&h, &e), RC_OK);
    sha256_add_field(h, "a", 1);
    sha256_add_field(h, "bc", 2);
    sha256_close(h, two);
    ck_assert(!crypto_equal(one, two, SHA256_SIZE));
}
END_TEST

START_TEST(a_seal_opens_only_with_its_key_at_its_place)
{
    uint8_t key[KEY_SIZE] = {1}, other[KEY_SIZE] = {2}, sealed[5 + GCM_OVERHEAD], plain[5];
    struct err e;
    ck_assert_int_eq(gcm_seal(key, "hello", 5, "here", 4, sealed, &e), RC_OK);
    ck_assert_int_eq(gcm_open(key, sealed, sizeof(sealed), "here", 4, plain, &e), RC_OK);
    ck_assert_mem_eq(plain, "hello", 5);
    ck_assert_int_eq(gcm_open(other, sealed, sizeof(sealed), "here", 4, plain, &e), RC_BAD);
    ck_assert_int_eq(gcm_open(key, sealed, sizeof(sealed), "there", 5, plain, &e), RC_BAD);
    for (size_t i = 0; i < sizeof(sealed); i++) {
        sealed[i] ^= 1;
        ck_assert_int_eq(gcm_open(key, sealed, sizeof(sealed), "here", 4, plain, &e), RC_BAD);
        sealed[i] ^= 1;
    }
    ck_assert_int_eq(gcm_open(key, sealed, GCM_OVERHEAD - 1, "here", 4, plain, &e), RC_BAD);
    uint8_t empty[GCM_OVERHEAD];
    ck_assert_int_eq(gcm_seal(key, "", 0, NULL, 0, empty, &e), RC_OK);
    ck_assert_int_eq(gcm_open(key, empty, sizeof(empty), NULL, 0, plain, &e), RC_OK);
}
END_TEST

/* ---- Ed25519 ------------------------------------------------------------------------------------------------------ */

static char folder[] = "/tmp/briefd-crypto-XXXXXX";

static const char *at(const char *name)
{
    static char path[4][128];
    static unsigned turn;
    static bool made;
    if (!made)
        ck_assert_ptr_nonnull(mkdtemp(folder));
    made = true;
    turn = (turn + 1) % 4;
    snprintf(path[turn], sizeof(path[turn]), "%s/%s", folder, name);
    return path[turn];
}

static void put(const char *path, const char *text, mode_t mode)
{
    FILE *f = fopen(path, "w");
    ck_assert_ptr_nonnull(f);
    fputs(text, f);
    ck_assert_int_eq(fclose(f), 0);
    ck_assert_int_eq(chmod(path, mode), 0);
}

START_TEST(ed25519_matches_rfc_8032)
{
    /* RFC 8032, section 7.1, tests 1 (empty message) and 3 (af82) */
    static const struct {
        const char *seed, *public_key, *message, *signature;
    } t[] = {
        {"9d61b19deffd5a60ba844af492ec2cc44449c5697b326919703bac031cae7f60",
         "d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a", "",
         "e5564300c360ac729086e2cc806e828a84877f1eb8e5d974d873e065224901555fb8821590a33bacc61e39701cf9b46bd25bf5f0595bbe24655"
         "141438e7a100b"},
        {"c5aa8df43f9f837bedb7442f31dcb7b166d38535076f094b85ce3a2e0b4458f7",
         "fc51cd8e6218a1a38da47ed00230f0580816ed13ba3303ac5deb911548908025", "af82",
         "6291d657deec24024827e69c3abe01a30ce548a284743a445e3680d7db5ac3ac18ff9b538d16f290ae67f760984dc6594a7c15e9716ed28dc02"
         "7beceea1ec40a"}};
    for (size_t i = 0; i < COUNT_OF(t); i++) {
        uint8_t seed[KEY_SIZE], message[2], signature[ED25519_SIGNATURE_SIZE];
        char hex[2 * ED25519_SIGNATURE_SIZE + 1];
        size_t n = strlen(t[i].message) / 2;
        struct ed25519_key k;
        struct err e;
        ck_assert(str_unhex(t[i].seed, seed, sizeof(seed)) && (!n || str_unhex(t[i].message, message, n)));
        ck_assert_int_eq(ed25519_from_seed(seed, &k, &e), RC_OK);
        str_hex(k.public_key, sizeof(k.public_key), hex);
        ck_assert_str_eq(hex, t[i].public_key);
        ck_assert_int_eq(ed25519_sign(&k, message, n, signature, &e), RC_OK);
        str_hex(signature, sizeof(signature), hex);
        ck_assert_str_eq(hex, t[i].signature);
        ck_assert(ed25519_verify(k.public_key, message, n, signature));
    }
}
END_TEST

START_TEST(a_signature_holds_for_its_key_and_bytes_only)
{
    struct ed25519_key k, other;
    uint8_t signature[ED25519_SIGNATURE_SIZE];
    char text[] = "version: 1";
    struct err e;
    ck_assert_int_eq(ed25519_make(&k, &e), RC_OK);
    ck_assert_int_eq(ed25519_make(&other, &e), RC_OK);
    ck_assert(!crypto_equal(k.public_key, other.public_key, ED25519_PUBLIC_SIZE));
    ck_assert_int_eq(ed25519_sign(&k, text, strlen(text), signature, &e), RC_OK);
    ck_assert(ed25519_verify(k.public_key, text, strlen(text), signature));
    ck_assert(!ed25519_verify(other.public_key, text, strlen(text), signature));
    ck_assert(!ed25519_verify(k.public_key, text, strlen(text) - 1, signature));
    for (size_t i = 0; i < sizeof(signature); i++) {
        signature[i] ^= 1;
        ck_assert(!ed25519_verify(k.public_key, text, strlen(text), signature));
        signature[i] ^= 1;
    }
    text[0] ^= 1;
    ck_assert(!ed25519_verify(k.public_key, text, strlen(text), signature));
}
END_TEST

START_TEST(key_files_are_written_once_and_read_back)
{
    struct ed25519_key k, again;
    uint8_t public_key[ED25519_PUBLIC_SIZE];
    struct stat st;
    struct err e;
    const char *path = at("a.pem"), *pub = at("a.pub");
    ck_assert_int_eq(ed25519_make(&k, &e), RC_OK);
    ck_assert_msg(ed25519_key_write(path, &k, &e) == RC_OK, "%s", e.msg);
    ck_assert_int_eq(stat(path, &st), 0);
    ck_assert_int_eq(st.st_mode & 0777, 0600);
    ck_assert_int_eq(st.st_nlink, 1); /* nothing is left beside it */
    ck_assert_msg(ed25519_key_read(path, &again, &e) == RC_OK, "%s", e.msg);
    ck_assert_mem_eq(&k, &again, sizeof(k));
    ck_assert_int_eq(ed25519_key_write(path, &k, &e), RC_REFUSED);
    ck_assert_int_eq(ed25519_public_write(pub, k.public_key, &e), RC_OK);
    ck_assert_int_eq(ed25519_public_read(pub, public_key, &e), RC_OK);
    ck_assert_mem_eq(public_key, k.public_key, sizeof(public_key));
    ck_assert_int_eq(ed25519_public_read(path, public_key, &e), RC_BAD); /* a private key is no public one */
    ck_assert_int_eq(ed25519_key_read(pub, &again, &e), RC_BAD);
}
END_TEST

START_TEST(key_files_that_are_refused)
{
    struct ed25519_key k;
    struct err e;
    const char *path = at("b.pem");
    ck_assert_int_eq(ed25519_make(&k, &e), RC_OK);
    ck_assert_int_eq(ed25519_key_write(path, &k, &e), RC_OK);
    ck_assert_int_eq(chmod(path, 0640), 0);
    ck_assert_int_eq(ed25519_key_read(path, &k, &e), RC_BAD);
    ck_assert_ptr_nonnull(strstr(e.msg, "chmod 600"));
    /* openssl genpkey -algorithm x25519: a key, but of another kind */
    put(at("x.pem"),
        "-----BEGIN PRIVATE KEY-----\n"
        "MC4CAQAwBQYDK2VuBCIEIHcHbQpzGKV9PBbBclGyZkXfTC+H68CZKrF3+6UduSwq\n"
        "-----END PRIVATE KEY-----\n", 0600);
    ck_assert_int_eq(ed25519_key_read(at("x.pem"), &k, &e), RC_BAD);
    put(at("empty.pem"), "", 0600);
    ck_assert_int_eq(ed25519_key_read(at("empty.pem"), &k, &e), RC_BAD);
    ck_assert_int_eq(ed25519_key_read(at("none.pem"), &k, &e), RC_BAD);
    ck_assert_int_eq(ed25519_key_read(folder, &k, &e), RC_BAD);
    ck_assert_int_eq(ed25519_key_write(at("no/folder.pem"), &k, &e), RC_BAD);
}
END_TEST

START_TEST(two_that_make_a_key_at_once_agree)
{
    enum { STARTS = 8 };
    const char *path = at("race.pem");
    pid_t pids[STARTS];
    uint8_t seen[STARTS][ED25519_PUBLIC_SIZE];
    int fds[2];
    ck_assert_int_eq(pipe(fds), 0);
    for (int i = 0; i < STARTS; i++) {
        pids[i] = fork();
        if (pids[i] == 0) {
            struct ed25519_key k;
            struct err e;
            if (ed25519_key_open(path, &k, &e) != RC_OK)
                _exit(1);
            _exit(write(fds[1], k.public_key, sizeof(k.public_key)) != (ssize_t)sizeof(k.public_key));
        }
    }
    for (int i = 0; i < STARTS; i++) {
        int status;
        ck_assert(waitpid(pids[i], &status, 0) == pids[i] && status == 0);
        ck_assert_int_eq(read(fds[0], seen[i], sizeof(seen[i])), sizeof(seen[i]));
        ck_assert_mem_eq(seen[i], seen[0], sizeof(seen[0]));
    }
    close(fds[0]);
    close(fds[1]);
}
END_TEST

SUITE_MAIN("crypto", sha256_and_hmac_match_published_values, fields_do_not_run_into_each_other,
           a_seal_opens_only_with_its_key_at_its_place, ed25519_matches_rfc_8032,
           a_signature_holds_for_its_key_and_bytes_only, key_files_are_written_once_and_read_back,
           key_files_that_are_refused, two_that_make_a_key_at_once_agree)
