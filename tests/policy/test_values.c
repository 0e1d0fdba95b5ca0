/* Values through values.h. Expected readings by hand from DESIGN's examples and the languages' usual spellings. */
#include <check.h>
#include <stdlib.h>
#include <string.h>

#include "../../base/clock.h"
#include "../../policy/values.h"

#define EURO "€"

static struct value parse(const char *tag, const char *entity, const char *s)
{
    struct value_locale l;
    struct value v;

    value_locale_init(&l, tag);
    l.today = date_from_civil(2026, 6, 1);
    value_parse(entity, s, strlen(s), &l, &v);
    return v;
}

static const struct {
    const char *tag, *entity, *text, *key; /* key "" : stays text */
} readings[] = {
    {"de", "MONEY", "48.000,00 " EURO, "money:EUR:48000"},
    {"en", "MONEY", EURO "48,000.00", "money:EUR:48000"},
    {"en", "MONEY", "48k EUR", "money:EUR:48000"},
    {"de", "MONEY", "48.000 EUR", "money:EUR:48000"},
    {"de", "MONEY", "48.000,- " EURO, "money:EUR:48000"},
    {"en", "MONEY", "$1.2m", "money:USD:1200000"},
    {"de", "MONEY", "1,2 Mio. Euro", "money:EUR:1200000"},
    {"de", "MONEY", "3 Mrd. " EURO, "money:EUR:3000000000"},
    {"de", "MONEY", "250 Tsd. " EURO, "money:EUR:250000"},
    {"fr", "MONEY", "48 000,50 " EURO, "money:EUR:48000.5"},
    {"en", "MONEY", "GBP 5,000", "money:GBP:5000"},
    {"en", "MONEY", "£99.90", "money:GBP:99.9"},
    {"en", "MONEY", "US$ 10", "money:USD:10"},
    {"en", "MONEY", "-$10", "money:USD:-10"},
    {"de", "MONEY", "1.500 " EURO, "money:EUR:1500"},
    {"en", "MONEY", "1.500 EUR", "money:EUR:1.5"},
    {"en", "MONEY", "1.2.3 EUR", ""},
    {"en", "MONEY", "CHF 12'500", "money:CHF:12500"},
    {"en", "MONEY", "48k", "money::48000"},
    {"en", "MONEY", "99999999999999999999 EUR", ""},
    {"en", "DATE_TIME", "2026-03-12", "date:2026-03-12"},
    {"de", "DATE", "12.03.2026", "date:2026-03-12"},
    {"en", "DATE", "3/12/2026", "date:2026-12-03"},
    {"en-US", "DATE", "3/12/2026", "date:2026-03-12"},
    {"en", "DATE", "3/13/2026", "date:2026-03-13"},
    {"en-US", "DATE", "12.03.2026", "date:2026-03-12"},
    {"en", "DATE", "12 March 2026", "date:2026-03-12"},
    {"en", "DATE", "March 12th, 2026", "date:2026-03-12"},
    {"de", "DATE", "12. März 2026", "date:2026-03-12"},
    {"fr", "DATE", "1er août 2026", "date:2026-08-01"},
    {"en", "DATE", "March 12", "date:2026-03-12"},
    {"en", "DATE", "12 December",
     "date:2025-12-12"}, /* nearer to June 2026 than the next one, by 171 against 194 days */
    {"de", "DATE", "12.3.", "date:2026-03-12"},
    {"en", "DATE", "5-May-2021", "date:2021-05-05"},
    {"en", "DATE", "21.5.21", "date:2021-05-21"},
    {"en", "DATE", "March 2026", "month:2026-03-01"},
    {"en", "DATE", "05/2021", "month:2021-05-01"},
    {"en", "DATE", "Q3 2026", "quarter:2026-07-01"},
    {"de", "DATE", "3. Quartal 2026", "quarter:2026-07-01"},
    {"en", "DATE", "May-21", ""},
    {"en", "DATE", "30.02.2026", ""},
    {"en", "DATE", "next Tue", ""},
    {"en", "DATE", "tomorrow", ""},
    {"en", "DATE", "2026-03-12T14:30:00Z", ""},
    {"en", "NUMBER", "12", "number:12"},
    {"en", "NUMBER", "1,500", "number:1500"},
    {"de", "NUMBER", "1.500", "number:1500"},
    {"de", "NUMBER", "1,5", "number:1.5"},
    {"en", "NUMBER", "10%", "percent:10"},
    {"de", "NUMBER", "2,5 %", "percent:2.5"},
    {"en", "NUMBER", "24/7", ""},
    {"en", "NUMBER", "v2.3", ""},
    {"en", "NUMBER", "X-200", ""},
    {"en", "NUMBER", "0042", ""},
    {"en", "NUMBER", "12:30", ""},
    {"en", "EMAIL_ADDRESS", "12", ""},
};

START_TEST(reading)
{
    struct value v = parse(readings[_i].tag, readings[_i].entity, readings[_i].text);
    struct buf b;

    buf_init(&b, 200);
    value_key(&v, &b);
    ck_assert_msg(strcmp(b.data, readings[_i].key) == 0, "%s '%s': '%s', wanted '%s'", readings[_i].tag,
                  readings[_i].text, b.data, readings[_i].key);
    buf_clear(&b);
}
END_TEST

static const struct {
    const char *entity, *text, *language, *want;
} writings[] = {
    {"MONEY", "EUR 48,000", "de", "48.000,00 " EURO},
    {"MONEY", "EUR 48,000", "en", "EUR 48,000"},
    {"MONEY", "EUR 48,000.50", "en", "EUR 48,000.50"},
    {"MONEY", "USD 1,234,567.8", "de", "1.234.567,80 USD"},
    {"MONEY", "EUR 48,000", "fr",
     "48\xc2\xa0"
     "000,00 " EURO},
    {"MONEY", "-EUR 0.05", "en", "EUR -0.05"},
    {"MONEY", "48k", "en", "48,000"},
    {"DATE", "2026-03-12", "de", "12. März 2026"},
    {"DATE", "2026-03-12", "en", "12 March 2026"},
    {"DATE", "2026-08-01", "fr", "1er août 2026"},
    {"DATE", "March 2026", "de", "März 2026"},
    {"DATE", "Q3 2026", "de", "Q3 2026"},
    {"NUMBER", "1.5", "de", "1,5"},
    {"NUMBER", "80331", "en", "80331"},
    {"NUMBER", "10%", "de", "10 %"},
    {"NUMBER", "10 %", "en", "10%"},
    {"NUMBER", "v2", "en", ""},
};

START_TEST(writing)
{
    struct value v = parse("en", writings[_i].entity, writings[_i].text);
    struct buf b;

    buf_init(&b, 200);
    value_format(&v, writings[_i].language, &b);
    ck_assert_str_eq(b.data, writings[_i].want);
    buf_clear(&b);
}
END_TEST

START_TEST(equal)
{
    struct value a = parse("en", "MONEY", "48k EUR"), b = parse("en", "MONEY", EURO "48,000.00"),
                 c = parse("de", "MONEY", "48.000,00 " EURO), d;

    ck_assert(value_equal(&a, &b));
    ck_assert(value_equal(&a, &c));
    ck_assert(value_money("48000.00", "EUR", &d));
    ck_assert(value_equal(&a, &d));
    ck_assert(value_money("-0.1", "USD", &d));
    ck_assert(!value_equal(&a, &d));
    ck_assert(!value_money("1e5", "EUR", &d));
    ck_assert(!value_money("", "EUR", &d));
    ck_assert(!value_money("1.2.3", "EUR", &d));
    ck_assert(!value_money("1234567890123456789", "EUR", &d));
    a = parse("en", "DATE", "next Tue");
    ck_assert(!value_equal(&a, &a));
    value_date(date_from_civil(2026, 3, 12), &b);
    a = parse("de", "DATE", "12.3.2026");
    ck_assert(value_equal(&a, &b));
}
END_TEST

START_TEST(days)
{
    static const struct {
        int64_t n;
        const char *language;
        enum value_case c;
        const char *want;
    } cases[] = {{12, "en", VALUE_NOMINATIVE, "12 days"}, {1, "en", VALUE_DATIVE, "one day"},
                 {12, "de", VALUE_NOMINATIVE, "12 Tage"}, {12, "de", VALUE_DATIVE, "12 Tagen"},
                 {1, "de", VALUE_NOMINATIVE, "ein Tag"},  {1, "de", VALUE_DATIVE, "einem Tag"},
                 {1, "fr", VALUE_DATIVE, "un jour"},      {0, "en", VALUE_NOMINATIVE, "0 days"}};

    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        struct buf b;

        buf_init(&b, 200);
        value_format_days(cases[i].n, cases[i].language, cases[i].c, &b);
        ck_assert_str_eq(b.data, cases[i].want);
        buf_clear(&b);
    }
}
END_TEST

int main(void)
{
    Suite *s = suite_create("values");
    TCase *t = tcase_create("values");
    SRunner *r;
    int failed;

    tcase_add_loop_test(t, reading, 0, (int)COUNT_OF(readings));
    tcase_add_loop_test(t, writing, 0, (int)COUNT_OF(writings));
    tcase_add_test(t, equal);
    tcase_add_test(t, days);
    suite_add_tcase(s, t);
    r = srunner_create(s);
    srunner_run_all(r, CK_NORMAL);
    failed = srunner_ntests_failed(r);
    srunner_free(r);
    return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
