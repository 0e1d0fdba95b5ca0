#include "../suite.h"
#include "../../base/clock.h"

START_TEST(dates_go_both_ways)
{
    /* Days since 1970-01-01 by `date -u -d DATE +%s` divided by 86400. */
    static const struct {
        const char *text;
        int32_t days;
    } cases[] = {{"1970-01-01", 0},     {"2000-02-29", 11016}, {"2026-11-24", 20781},
                 {"1969-12-31", -1},    {"2100-03-01", 47541}, {"0001-01-01", -719162}};
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        int32_t days;
        char out[DATE_TEXT_SIZE];
        ck_assert(date_parse(cases[i].text, &days));
        ck_assert_int_eq(days, cases[i].days);
        date_format(days, out);
        ck_assert_str_eq(out, cases[i].text);
    }
    static const char *const bad[] = {"2026-02-29", "2026-13-01", "2026-1-01", "2026-01-01 ", "", "0000-01-01"};
    int32_t days;
    for (size_t i = 0; i < COUNT_OF(bad); i++)
        ck_assert_msg(!date_parse(bad[i], &days), "%s", bad[i]);
}
END_TEST

START_TEST(timestamps_of_every_source_are_read)
{
    /* All one moment: 2026-05-20T20:49:32Z, 1779310172 s by `date -u`. */
    static const char *const same[] = {"2026-05-20T20:49:32Z",      "2026-05-20 20:49:32",       "2026-05-20T20:49:32.000+0000",
                                       "2026-05-20T22:49:32+02:00", "2026-05-20 22:49:32.0+02", "2026-05-20T15:49:32-0500"};
    int64_t us;
    char out[TIMESTAMP_TEXT_SIZE];
    for (size_t i = 0; i < COUNT_OF(same); i++) {
        ck_assert_msg(timestamp_parse(same[i], &us), "%s", same[i]);
        ck_assert_int_eq(us, INT64_C(1779310172000000));
    }
    ck_assert(timestamp_parse("1969-12-31T23:59:59.999999Z", &us) && us == -1);
    timestamp_format(us, out);
    ck_assert_str_eq(out, "1969-12-31T23:59:59.999999Z");
    ck_assert_int_eq(date_of_us(us), -1);
    static const char *const bad[] = {"2026-05-20", "2026-05-20T25:00:00Z", "2026-05-20T10:00:00.Z", "2026-05-20T10:00:00+25:00x",
                                      "2026-05-20T10:00:00 Z"};
    for (size_t i = 0; i < COUNT_OF(bad); i++)
        ck_assert_msg(!timestamp_parse(bad[i], &us), "%s", bad[i]);
}
END_TEST

START_TEST(a_set_day_stands_still)
{
    struct clock c;
    struct err e;
    ck_assert_int_eq(clock_init(&c, "2026-11-20", &e), RC_OK);
    ck_assert_int_eq(clock_today(&c), 20777);
    ck_assert_int_eq(clock_now_us(&c), clock_now_us(&c));
    ck_assert_int_eq(clock_init(&c, "system", &e), RC_OK);
    ck_assert_int_ge(clock_today(&c), 20781);
    ck_assert_int_eq(clock_init(&c, "tomorrow", &e), RC_BAD);
    int64_t us;
    ck_assert(duration_parse("10m", &us) && us == 600000000);
    ck_assert(duration_parse("365d", &us) && us == 365 * CLOCK_DAY_US);
    ck_assert(!duration_parse("10", &us) && !duration_parse("m", &us) && !duration_parse("10 m", &us) &&
              !duration_parse("99999999999999999999s", &us));
}
END_TEST

SUITE_MAIN("clock", dates_go_both_ways, timestamps_of_every_source_are_read, a_set_day_stands_still)
