#include "../suite.h"
#include "../../base/json.h"

static enum rc parse(const char *s, cJSON **out, struct err *e)
{
    return json_parse(s, strlen(s), JSON_NUMBERS_DIGITS, out, e);
}

START_TEST(digits_survive)
{
    cJSON *j;
    struct err e;
    struct buf b;
    const char *text = "{\"id\":12345678901234567890,\"a\":[1.10, -2e3 ,{\"b\":0}],\"s\":\"9\\\"}\",\"t\":true,\"n\":null}";
    ck_assert_int_eq(parse(text, &j, &e), RC_OK);
    ck_assert_str_eq(json_digits(json_pointer(j, "/id")), "12345678901234567890");
    ck_assert_str_eq(json_digits(json_pointer(j, "/a/0")), "1.10");
    ck_assert_str_eq(json_digits(json_pointer(j, "/a/1")), "-2e3");
    ck_assert_str_eq(json_digits(json_pointer(j, "/a/2/b")), "0");
    ck_assert_str_eq(json_str(j, "s"), "9\"}");
    ck_assert_ptr_null(json_digits(json_pointer(j, "/s")));
    ck_assert_ptr_null(json_pointer(j, "/a/3"));
    ck_assert_ptr_null(json_pointer(j, "a"));
    ck_assert_ptr_null(json_pointer(j, "/a/00"));
    ck_assert_ptr_eq(json_pointer(j, ""), j);
    buf_init(&b, 1000);
    json_print(&b, j);
    ck_assert_str_eq(b.data, "{\"id\":12345678901234567890,\"a\":[1.10,-2e3,{\"b\":0}],\"s\":\"9\\\"}\",\"t\":true,\"n\":null}");
    buf_clear(&b);
    cJSON_Delete(j);
}
END_TEST

START_TEST(rfc_6901_examples)
{
    /* The examples of RFC 6901 section 5. */
    const char *text = "{\"foo\":[\"bar\",\"baz\"],\"\":0,\"a/b\":1,\"c%d\":2,\"m~n\":8,\" \":7}";
    cJSON *j;
    struct err e;
    ck_assert_int_eq(parse(text, &j, &e), RC_OK);
    ck_assert_str_eq(cJSON_GetStringValue(json_pointer(j, "/foo/0")), "bar");
    ck_assert_str_eq(json_digits(json_pointer(j, "/")), "0");
    ck_assert_str_eq(json_digits(json_pointer(j, "/a~1b")), "1");
    ck_assert_str_eq(json_digits(json_pointer(j, "/c%d")), "2");
    ck_assert_str_eq(json_digits(json_pointer(j, "/m~0n")), "8");
    ck_assert_str_eq(json_digits(json_pointer(j, "/ ")), "7");
    ck_assert_ptr_null(json_pointer(j, "/m~2n"));
    cJSON_Delete(j);
}
END_TEST

START_TEST(what_is_not_json_is_refused_with_its_place)
{
    static const struct {
        const char *text, *message;
    } cases[] = {
        {"", "offset 0: a value was expected"},
        {"{\"a\":1,}", "offset 7: a key in quotes was expected"},
        {"[1 2]", "offset 3: ',' or ']' was expected"},
        {"01", "offset 2: malformed number"},
        {"1.", "offset 2: malformed number"},
        {"\"a\\u0000b\"", "offset 2: \\u0000 in a string"},
        {"\"\\ud800x\"", "offset 1: lone high surrogate"},
        {"\"\\udc00\"", "offset 1: lone low surrogate"},
        {"\"a\nb\"", "offset 2: control character in a string"},
        {"\"\\x\"", "offset 1: unknown escape"},
        {"{} {}", "offset 3: bytes behind the value"},
        {"\"abc", "offset 4: string not closed"},
        {"tru", "offset 0: a value was expected"},
        {"{\"a\":1,\"a\":2}", "json: an object has one key twice"},
        {"\"\xC3\"", "offset 1: invalid UTF-8"},
    };
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        cJSON *j;
        struct err e;
        ck_assert_msg(parse(cases[i].text, &j, &e) == RC_BAD, "case %zu was taken", i);
        ck_assert_str_eq(e.msg, cases[i].message);
    }
}
END_TEST

START_TEST(depth_is_limited)
{
    char deep[2 * (JSON_MAX_DEPTH + 1) + 1];
    cJSON *j;
    struct err e;
    for (int extra = 0; extra < 2; extra++) {
        size_t n = JSON_MAX_DEPTH + (size_t)extra;
        memset(deep, '[', n);
        memset(deep + n, ']', n);
        enum rc rc = json_parse(deep, 2 * n, JSON_NUMBERS_DOUBLE, &j, &e);
        ck_assert_int_eq(rc, extra ? RC_BAD : RC_OK);
        if (rc == RC_OK)
            cJSON_Delete(j);
    }
}
END_TEST

START_TEST(no_bytes_crash_it)
{
    uint64_t seed = suite_seed("json mutations");
    static const char text[] = "{\"k\":[1.5e3,\"a\\u00fc\\\\\",{\"x\":null}],\"t\":true}";
    unsigned long n = suite_count(2000, 200000), taken = 0;
    for (unsigned long i = 0; i < n; i++) {
        char bytes[sizeof(text)];
        cJSON *j;
        struct err e;
        memcpy(bytes, text, sizeof(text));
        for (int k = 0; k < 2; k++)
            bytes[suite_random(&seed) % (sizeof(text) - 1)] = (char)suite_random(&seed);
        char *exact = malloc(sizeof(text) - 1); /* so that a read past the end is seen */
        memcpy(exact, bytes, sizeof(text) - 1);
        if (json_parse(exact, sizeof(text) - 1, JSON_NUMBERS_DIGITS, &j, &e) == RC_OK) {
            taken++;
            cJSON_Delete(j);
        }
        free(exact);
    }
    ck_assert_uint_lt(taken, n);
}
END_TEST

SUITE_MAIN("json", digits_survive, rfc_6901_examples, what_is_not_json_is_refused_with_its_place, depth_is_limited,
           no_bytes_crash_it)
