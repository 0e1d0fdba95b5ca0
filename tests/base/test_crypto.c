#include "../suite.h"
#include "../../base/crypto.h"
#include "../../base/str.h"

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

SUITE_MAIN("crypto", sha256_and_hmac_match_published_values, fields_do_not_run_into_each_other,
           a_seal_opens_only_with_its_key_at_its_place)
