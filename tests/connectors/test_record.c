/* Fields, parents and children of a record. Expected values are worked by hand from the types in record.h. */
#include <stdint.h>
#include <time.h>

#include "../../base/clock.h"
#include "fixture.h"

static struct record *r;
static struct err e;

static void setup(void)
{
    ck_assert_int_eq(record_open("crm", "opportunity", "17", &r, &e), RC_OK);
}

static void teardown(void)
{
    record_close(r);
}

static enum rc add(const char *name, enum field_type type, const char *raw, const char *currency)
{
    struct field_spec spec = {.name = name, .type = type};

    return record_add(r, &spec, raw, raw ? strlen(raw) : 0, currency, &e);
}

static void expect(enum field_type type, const char *raw, const char *text, int64_t integer)
{
    const struct field *f = NULL;

    ck_assert_msg(add("f", type, raw, NULL) == RC_OK, "%s: %s", raw, e.msg);
    for (const struct field *i = r->fields; i; i = i->next)
        f = i;
    ck_assert_int_eq(f->type, type);
    ck_assert_str_eq(f->text, text);
    ck_assert_msg(f->integer == integer, "%s: %lld", raw, (long long)f->integer);
}

START_TEST(values_keep_their_digits)
{
    expect(FIELD_BOOL, "t", "true", 1);
    expect(FIELD_BOOL, "FALSE", "false", 0);
    expect(FIELD_BOOL, "1", "true", 1);
    expect(FIELD_INTEGER, "9223372036854775807", "9223372036854775807", INT64_MAX);
    expect(FIELD_INTEGER, "-3", "-3", -3);
    expect(FIELD_DECIMAL, "12345678901234567890.10", "12345678901234567890.10", 0);
    expect(FIELD_DECIMAL, "-0.50", "-0.50", 0);
    expect(FIELD_DECIMAL, "1.5e3", "1500", 0);
    expect(FIELD_DECIMAL, "15e-3", "0.015", 0);
    expect(FIELD_DECIMAL, "0.5e1", "5", 0);
    expect(FIELD_DECIMAL, "+7", "7", 0);
    expect(FIELD_DATE, "2026-03-12", "2026-03-12", 20524);
    expect(FIELD_DATE, "2026-03-12 00:00:00", "2026-03-12", 20524);
    expect(FIELD_TIMESTAMP, "2026-03-12T09:30:00+01:00", "2026-03-12T08:30:00.000000Z", INT64_C(1773304200000000));
    expect(FIELD_TEXT, "", "", 0);
    expect(FIELD_TEXT, "Grüße", "Grüße", 0);
    expect(FIELD_ENUM, "Closed Won", "Closed Won", 0);
    expect(FIELD_REFERENCE, "0015", "0015", 0);
}
END_TEST

START_TEST(dates_agree_with_the_c_library)
{
    struct tm tm = {.tm_year = 126, .tm_mon = 2, .tm_mday = 12};

    ck_assert_int_eq(timegm(&tm), 20524 * INT64_C(86400));
}
END_TEST

START_TEST(money_has_a_currency)
{
    ck_assert_int_eq(add("a", FIELD_MONEY, "48000.00", "EUR"), RC_OK);
    ck_assert_int_eq(add("b", FIELD_MONEY, "1", "usd"), RC_OK);
    ck_assert_int_eq(add("c", FIELD_MONEY, "1", NULL), RC_OK);
    ck_assert_str_eq(record_field(r, "a")->currency, "EUR");
    ck_assert_str_eq(record_field(r, "a")->text, "48000.00");
    ck_assert_str_eq(record_field(r, "b")->currency, "USD");
    ck_assert_str_eq(record_field(r, "c")->currency, "");
    ck_assert_int_eq(add("d", FIELD_MONEY, "1", "Euro"), RC_BAD);
    ck_assert_int_eq(add("d", FIELD_MONEY, "1,5", "EUR"), RC_BAD);
}
END_TEST

START_TEST(null_and_empty)
{
    ck_assert_int_eq(add("a", FIELD_DATE, NULL, NULL), RC_OK);
    ck_assert_int_eq(add("b", FIELD_DATE, "", NULL), RC_OK);
    ck_assert_int_eq(record_field(r, "a")->type, FIELD_NULL);
    ck_assert_int_eq(record_field(r, "b")->type, FIELD_NULL);
    ck_assert_ptr_null(record_field(r, "a")->text);
}
END_TEST

START_TEST(bad_values_name_the_field_and_not_the_value)
{
    static const struct {
        enum field_type type;
        const char *raw;
    } bad[] = {
        {FIELD_BOOL, "zanzibar"},      {FIELD_INTEGER, "zanzibar"},   {FIELD_INTEGER, "9223372036854775808"},
        {FIELD_DECIMAL, "zanzibar"},   {FIELD_DECIMAL, "1."},         {FIELD_DECIMAL, ".5"},
        {FIELD_DECIMAL, "1e999"},      {FIELD_DECIMAL, "--1"},        {FIELD_DECIMAL, "NaN"},
        {FIELD_DATE, "zanzibar"},      {FIELD_DATE, "2026-02-30"},    {FIELD_TIMESTAMP, "infinity"},
        {FIELD_TEXT, "a zanzibar \xff"}, {FIELD_TEXT, "\xed\xa0\x80"}, {FIELD_TEXT, "\xc0\xaf"},
    };

    for (size_t i = 0; i < COUNT_OF(bad); i++) {
        ck_assert_msg(add("subject", bad[i].type, bad[i].raw, NULL) == RC_BAD, "%zu", i);
        ck_assert_ptr_nonnull(strstr(e.msg, "crm opportunity 17: field subject"));
        ck_assert_ptr_null(strstr(e.msg, "zanzibar"));
        ck_assert_ptr_null(record_field(r, "subject"));
    }
}
END_TEST

START_TEST(a_nul_byte_is_refused)
{
    struct field_spec spec = {.name = "note", .type = FIELD_TEXT};

    ck_assert_int_eq(record_add(r, &spec, "a\0b", 3, NULL, &e), RC_BAD);
}
END_TEST

START_TEST(limits)
{
    struct field_spec spec = {.name = "note", .type = FIELD_TEXT};
    char *text = malloc(RECORD_MAX_FIELD_BYTES + 1);
    enum rc rc = RC_OK;
    size_t added = 0;

    ck_assert_ptr_nonnull(text);
    memset(text, 'x', RECORD_MAX_FIELD_BYTES + 1);
    ck_assert_int_eq(record_add(r, &spec, text, RECORD_MAX_FIELD_BYTES + 1, NULL, &e), RC_LIMIT);
    for (; rc == RC_OK && added < 100; added++)
        rc = record_add(r, &spec, text, RECORD_MAX_FIELD_BYTES, NULL, &e);
    ck_assert_int_eq(rc, RC_LIMIT); /* the record as a whole */
    ck_assert_uint_ge(added, 15);
    ck_assert_uint_le(added, RECORD_MAX_BYTES / RECORD_MAX_FIELD_BYTES);
    free(text);
}
END_TEST

START_TEST(relations)
{
    struct record *account, *child;

    ck_assert_int_eq(record_open_in(r, "crm", "account", "3", &account, &e), RC_OK);
    ck_assert_int_eq(record_add_parent(r, "account", account, &e), RC_OK);
    ck_assert_ptr_eq(record_parent_named(r, "account"), account);
    ck_assert_ptr_null(record_parent_named(r, "contact"));
    ck_assert_int_eq(record_add_child(r, "tasks", NULL, &e), RC_OK);
    ck_assert_uint_eq(record_list_named(r, "tasks")->count, 0);
    for (int i = 0; i < RECORD_MAX_CHILDREN; i++) {
        char id[16];

        snprintf(id, sizeof(id), "%d", i);
        ck_assert_int_eq(record_open_in(r, "crm", "activity", id, &child, &e), RC_OK);
        ck_assert_int_eq(record_add_child(r, "activities", child, &e), RC_OK);
    }
    ck_assert_int_eq(record_add_child(r, "activities", account, &e), RC_LIMIT);
    ck_assert_uint_eq(record_list_named(r, "activities")->count, RECORD_MAX_CHILDREN);
    ck_assert_str_eq(record_list_named(r, "activities")->items[137]->id, "137");
}
END_TEST

START_TEST(type_names)
{
    enum field_type t;

    for (int i = FIELD_NULL; i <= FIELD_REFERENCE; i++) {
        ck_assert(field_type_parse(field_type_name((enum field_type)i), &t));
        ck_assert_int_eq(t, i);
    }
    ck_assert(!field_type_parse("varchar", &t));
}
END_TEST

int main(void)
{
    TCase *tc = tcase_create("record");

    tcase_add_checked_fixture(tc, setup, teardown);
    tcase_add_test(tc, values_keep_their_digits);
    tcase_add_test(tc, dates_agree_with_the_c_library);
    tcase_add_test(tc, money_has_a_currency);
    tcase_add_test(tc, null_and_empty);
    tcase_add_test(tc, bad_values_name_the_field_and_not_the_value);
    tcase_add_test(tc, a_nul_byte_is_refused);
    tcase_add_test(tc, limits);
    tcase_add_test(tc, relations);
    tcase_add_test(tc, type_names);
    return run_suite("record", tc);
}
