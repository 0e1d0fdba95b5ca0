/* Boxes that two keys together open: base/box.h. The key pair of known bytes is Alice's of RFC 7748, section 6.1. */
#include "../suite.h"
#include "../../base/box.h"
#include "../../base/str.h"

static const char text[] = "cli:dana";

static struct box_key make(void)
{
    struct box_key k;
    struct err e = {""};
    ck_assert_msg(box_make(&k, &e) == RC_OK, "%s", e.msg);
    return k;
}

START_TEST(a_public_key_follows_from_the_private_one)
{
    uint8_t private_key[BOX_KEY_SIZE];
    char hex[2 * BOX_KEY_SIZE + 1];
    struct box_key k;
    struct err e = {""};
    ck_assert(str_unhex("77076d0a7318a57d3c16c17251b26645df4c2f87ebc0992ab177fba51db92c2a", private_key, sizeof(private_key)));
    ck_assert_msg(box_from_private(private_key, &k, &e) == RC_OK, "%s", e.msg);
    str_hex(k.public_key, BOX_KEY_SIZE, hex);
    ck_assert_str_eq(hex, "8520f0098930a754748b7ddcb43ef75a0dbf3a0d26381af4eba4a98eaa9b4e6a");
}
END_TEST

START_TEST(both_keys_open_it_and_nothing_else_does)
{
    struct box_key a = make(), b = make(), c = make();
    uint8_t sealed[sizeof(text) + BOX_OVERHEAD], plain[sizeof(text)];
    struct err e = {""};
    ck_assert_msg(box_seal(a.public_key, b.public_key, text, sizeof(text), "place", 5, sealed, &e) == RC_OK, "%s", e.msg);
    ck_assert_msg(box_open(&a, &b, sealed, sizeof(sealed), "place", 5, plain, &e) == RC_OK, "%s", e.msg);
    ck_assert_mem_eq(plain, text, sizeof(text));
    ck_assert_int_eq(box_open(&a, &c, sealed, sizeof(sealed), "place", 5, plain, &e), RC_BAD);
    ck_assert_int_eq(box_open(&c, &b, sealed, sizeof(sealed), "place", 5, plain, &e), RC_BAD);
    ck_assert_int_eq(box_open(&a, &a, sealed, sizeof(sealed), "place", 5, plain, &e), RC_BAD);
    ck_assert_int_eq(box_open(&b, &a, sealed, sizeof(sealed), "place", 5, plain, &e), RC_BAD);
    ck_assert_int_eq(box_open(&a, &b, sealed, sizeof(sealed), "other", 5, plain, &e), RC_BAD);
    ck_assert_int_eq(box_open(&a, &b, sealed, BOX_OVERHEAD - 1, "place", 5, plain, &e), RC_BAD);
    for (size_t i = 0; i < sizeof(sealed); i++) { /* a changed byte anywhere; the top bit of a public key is ignored (RFC 7748, 5) */
        sealed[i] ^= 1;
        ck_assert_int_eq(box_open(&a, &b, sealed, sizeof(sealed), "place", 5, plain, &e), RC_BAD);
        sealed[i] ^= 1;
    }
}
END_TEST

START_TEST(a_key_of_small_order_is_refused)
{
    static const uint8_t zero[BOX_KEY_SIZE];
    uint8_t sealed[sizeof(text) + BOX_OVERHEAD];
    struct box_key a = make();
    struct err e = {""};
    ck_assert_int_eq(box_seal(a.public_key, zero, text, sizeof(text), "", 0, sealed, &e), RC_BAD);
}
END_TEST

SUITE_MAIN("box", a_public_key_follows_from_the_private_one, both_keys_open_it_and_nothing_else_does, a_key_of_small_order_is_refused)
