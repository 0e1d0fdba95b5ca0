/* Errors, buffers, arenas, strings: base/err.h, buf.h, arena.h, str.h. */
#include "../suite.h"
#include <errno.h>
#include "../../base/arena.h"
#include "../../base/buf.h"
#include "../../base/str.h"

START_TEST(error_is_one_statement)
{
    struct err e;
    ck_assert_int_eq(err_set(&e, RC_BAD, "field %s", "x"), RC_BAD);
    ck_assert_str_eq(e.msg, "field x");
    ck_assert_int_eq(err_wrap(&e, RC_RETRY, "source %s", "crm"), RC_RETRY);
    ck_assert_str_eq(e.msg, "source crm: field x");
    ck_assert_int_eq(err_sys(&e, RC_BAD, ENOENT, "open %s", "f"), RC_BAD);
    ck_assert_str_eq(e.msg, "open f: No such file or directory");
    ck_assert_int_eq(err_set(NULL, RC_LIMIT, "nobody listens"), RC_LIMIT);
}
END_TEST

START_TEST(long_error_is_cut_between_characters)
{
    struct err e;
    char text[600] = "x";
    for (int i = 0; i < 200; i++)
        strcat(text, "ü");
    err_set(&e, RC_BAD, "%s", text);
    ck_assert_uint_eq(utf8_valid_prefix(e.msg, strlen(e.msg)), strlen(e.msg));
    ck_assert_uint_ge(strlen(e.msg), 250);
}
END_TEST

START_TEST(buffer_grows_to_its_limit_and_no_further)
{
    struct buf b;
    struct err e;
    buf_init(&b, 100);
    for (int i = 0; i < 10; i++)
        buf_str(&b, "0123456789");
    ck_assert_int_eq(buf_check(&b, "text", &e), RC_OK);
    ck_assert_uint_eq(b.len, 100);
    buf_char(&b, 'x');
    ck_assert_int_eq(buf_check(&b, "text", &e), RC_LIMIT);
    ck_assert_str_eq(e.msg, "text: more than 100 bytes");
    ck_assert_ptr_null(buf_take(&b, NULL));
    buf_json(&b, "a\"\\\n\x01ü", 7);
    ck_assert_str_eq(b.data, "\"a\\\"\\\\\\n\\u0001ü\"");
    buf_reset(&b);
    buf_printf(&b, "%d-%s", 7, "seven");
    size_t n;
    char *s = buf_take(&b, &n);
    ck_assert_str_eq(s, "7-seven");
    ck_assert_uint_eq(n, 7);
    ck_assert_str_eq(b.data, "");
    free(s);
    s = buf_take(&b, &n); /* nothing in it: still a string of its own */
    ck_assert_str_eq(s, "");
    free(s);
    buf_clear(&b);
}
END_TEST

START_TEST(arena_hands_out_zeroed_aligned_memory_up_to_a_limit)
{
    struct arena a;
    arena_init(&a, 100000);
    size_t total = 0;
    for (size_t n = 1; n < 400; n += 7) {
        unsigned char *p = arena_alloc(&a, n);
        ck_assert_ptr_nonnull(p);
        ck_assert_uint_eq((uintptr_t)p % 16, 0);
        for (size_t i = 0; i < n; i++)
            ck_assert_uint_eq(p[i], 0);
        memset(p, 0xAA, n);
        total += n;
    }
    ck_assert_uint_ge(a.used, total);
    ck_assert_ptr_null(arena_alloc(&a, 100000));
    ck_assert_ptr_null(arena_array(&a, SIZE_MAX / 2, 4));
    ck_assert_str_eq(arena_printf(&a, "%s=%d", "x", 3), "x=3");
    ck_assert_ptr_null(arena_dup(&a, NULL));
    arena_wipe(&a);
    ck_assert_uint_eq(a.used, 0);
    ck_assert_ptr_nonnull(arena_alloc(&a, 50000));
    arena_clear(&a);
}
END_TEST

START_TEST(utf8_is_checked_as_rfc_3629_says)
{
    static const struct {
        const char *bytes;
        size_t n, valid;
    } cases[] = {
        {"plain", 5, 5},         {"\xC3\xBC", 2, 2},          {"\xE2\x82\xAC", 3, 3},         {"\xF0\x9F\x98\x80", 4, 4},
        {"\xC0\xAF", 2, 0},      {"\xE0\x80\xAF", 3, 0},      {"\xED\xA0\x80", 3, 0},         {"\xF4\x90\x80\x80", 4, 0},
        {"a\x80", 2, 1},         {"\xE2\x82", 2, 0},          {"ok\xFFx", 4, 2},              {"", 0, 0},
    };
    for (size_t i = 0; i < COUNT_OF(cases); i++)
        ck_assert_uint_eq(utf8_valid_prefix(cases[i].bytes, cases[i].n), cases[i].valid);
    for (uint32_t cp = 1; cp < 0x110000; cp += 97) {
        char out[4];
        uint32_t back;
        if (cp >= 0xD800 && cp <= 0xDFFF)
            continue;
        size_t n = utf8_encode(cp, out);
        ck_assert_uint_eq(utf8_decode(out, n, &back), n);
        ck_assert_uint_eq(back, cp);
    }
    uint32_t cp;
    ck_assert_uint_eq(utf8_decode("\xFF", 1, &cp), 1);
    ck_assert_uint_eq(cp, 0xFFFD);
}
END_TEST

START_TEST(nearest_word_is_offered_only_when_near)
{
    static const char *const names[] = {"model", "store", "policy", "listen"};
    ck_assert_str_eq(str_nearest("modle", names, 4), "model");
    ck_assert_str_eq(str_nearest("polcy", names, 4), "policy");
    ck_assert_ptr_null(str_nearest("quarantine", names, 4));
}
END_TEST

START_TEST(numbers_are_whole_strings_within_bounds)
{
    int64_t i;
    double d;
    ck_assert(str_int64("-42", -100, 100, &i) && i == -42);
    ck_assert(!str_int64("101", -100, 100, &i));
    ck_assert(!str_int64("4 ", -100, 100, &i));
    ck_assert(!str_int64("", -100, 100, &i));
    ck_assert(!str_int64("99999999999999999999", INT64_MIN, INT64_MAX, &i));
    ck_assert(str_double("0.5e1", 0, 10, &d) && d == 5);
    ck_assert(!str_double("nan", 0, 10, &d));
    ck_assert(!str_double("0x10", 0, 100, &d));
    ck_assert(!str_double("1.5x", 0, 10, &d));
    uint8_t bytes[2];
    char hex[5];
    ck_assert(str_unhex("0aFf", bytes, 2) && bytes[0] == 10 && bytes[1] == 255);
    ck_assert(!str_unhex("0aF", bytes, 2));
    ck_assert(!str_unhex("0aFg", bytes, 2));
    str_hex(bytes, 2, hex);
    ck_assert_str_eq(hex, "0aff");
}
END_TEST

START_TEST(buf_cut_keeps_the_beginning)
{
    struct buf b;
    buf_init(&b, 100);
    buf_cut(&b, 0); /* nothing is held yet */
    ck_assert_str_eq(b.data, "");
    buf_str(&b, "abcdef");
    buf_cut(&b, 9);
    ck_assert_str_eq(b.data, "abcdef");
    buf_cut(&b, 2);
    ck_assert_str_eq(b.data, "ab");
    buf_char(&b, 'x');
    ck_assert_str_eq(b.data, "abx");
    ck_assert_uint_eq(b.len, 3);
    buf_clear(&b);
}
END_TEST

SUITE_MAIN("text", error_is_one_statement, long_error_is_cut_between_characters,
           buffer_grows_to_its_limit_and_no_further, arena_hands_out_zeroed_aligned_memory_up_to_a_limit,
           utf8_is_checked_as_rfc_3629_says, nearest_word_is_offered_only_when_near,
           numbers_are_whole_strings_within_bounds, buf_cut_keeps_the_beginning)
