/* Cron expressions and time zones: daemon/cron.h. Expected times: crontab(5), the calendar, and the changes of clocks
 * as published for the European Union (2026-03-29 and 2026-10-25, 01:00 UTC) and New York (2026-03-08). */
#include "../suite.h"
#include "../../base/clock.h"
#include "../../daemon/cron.h"

static void expect(const char *schedule, const char *zone, const char *after, const char *want)
{
    struct cron c;
    struct err e = {""};
    int64_t from, due;
    char text[TIMESTAMP_TEXT_SIZE];
    ck_assert_msg(cron_parse(schedule, &c, &e) == RC_OK, "%s: %s", schedule, e.msg);
    ck_assert(timestamp_parse(after, &from));
    ck_assert_msg(cron_next(&c, zone, from, &due, &e) == RC_OK, "%s: %s", schedule, e.msg);
    timestamp_format(due, text);
    text[16] = '\0';
    ck_assert_msg(strcmp(text, want) == 0, "%s in %s after %s: %s, not %s", schedule, zone ? zone : "UTC", after, text,
                  want);
    ck_assert(due % 60000000 == 0);
}

START_TEST(fields)
{
    static const char *const table[][3] = {
        {"0 2 * * *", "2026-03-12T09:30:00Z", "2026-03-13T02:00"},
        {"0 2 * * *", "2026-03-12T02:00:00Z", "2026-03-13T02:00"}, /* after, never at */
        {"0 2 * * *", "2026-03-12T01:59:59Z", "2026-03-12T02:00"},
        {"*/15 * * * *", "2026-03-12T09:30:00Z", "2026-03-12T09:45"},
        {"5/20 8-10 * * *", "2026-03-12T08:25:00Z", "2026-03-12T08:45"},
        {"0 9-17/4 * * *", "2026-03-12T13:00:00Z", "2026-03-12T17:00"},
        {"30 6,18 * * mon-fri", "2026-03-13T18:30:00Z", "2026-03-16T06:30"}, /* Friday to Monday */
        {"0 0 * * 7", "2026-03-12T00:00:00Z", "2026-03-15T00:00"},
        {"0 0 * * 0", "2026-03-12T00:00:00Z", "2026-03-15T00:00"},
        {"0 0 * * SAT-SUN", "2026-03-14T00:00:00Z", "2026-03-15T00:00"},
        {"0 0 13 * fri", "2026-03-01T00:00:00Z", "2026-03-06T00:00"}, /* either day fits */
        {"0 0 */2 * fri", "2026-03-06T00:00:00Z", "2026-03-13T00:00"}, /* begins with *: both must fit */
        {"0 0 31 * *", "2026-03-31T00:00:00Z", "2026-05-31T00:00"},
        {"0 12 29 feb *", "2026-01-01T00:00:00Z", "2028-02-29T12:00"},
        {"0 12 29 2 *", "2096-02-29T12:00:00Z", "2104-02-29T12:00"}, /* 2100 is no leap year */
        {"0 0 1 jan,jul *", "2026-01-01T00:00:00Z", "2026-07-01T00:00"},
        {"59 23 31 12 *", "2026-12-31T23:59:00Z", "2027-12-31T23:59"},
        {"@hourly", "2026-03-12T09:30:00Z", "2026-03-12T10:00"},
        {"@daily", "2026-03-12T09:30:00Z", "2026-03-13T00:00"},
        {"@weekly", "2026-03-12T09:30:00Z", "2026-03-15T00:00"},
        {"@monthly", "2026-03-12T09:30:00Z", "2026-04-01T00:00"},
        {"@yearly", "2026-03-12T09:30:00Z", "2027-01-01T00:00"},
        {"  0\t2 * * *  ", "2026-03-12T09:30:00Z", "2026-03-13T02:00"},
    };
    for (size_t i = 0; i < sizeof(table) / sizeof(table[0]); i++)
        expect(table[i][0], NULL, table[i][1], table[i][2]);
}
END_TEST

START_TEST(zones)
{
    static const char *const table[][4] = {
        {"0 2 * * *", "Europe/Berlin", "2026-01-10T00:00:00Z", "2026-01-10T01:00"},
        {"0 2 * * *", "Europe/Berlin", "2026-07-10T00:00:00Z", "2026-07-11T00:00"},
        /* 02:00 to 03:00 is skipped: due at the first minute after, and only then */
        {"30 2 * * *", "Europe/Berlin", "2026-03-28T12:00:00Z", "2026-03-29T01:00"},
        {"30 2 * * *", "Europe/Berlin", "2026-03-29T01:00:00Z", "2026-03-30T00:30"},
        {"0 3 * * *", "Europe/Berlin", "2026-03-28T12:00:00Z", "2026-03-29T01:00"},
        {"30 1 * * *", "Europe/Berlin", "2026-03-28T12:00:00Z", "2026-03-29T00:30"},
        /* 02:00 to 03:00 comes twice: the first counts, once */
        {"30 2 * * *", "Europe/Berlin", "2026-10-24T12:00:00Z", "2026-10-25T00:30"},
        {"30 2 * * *", "Europe/Berlin", "2026-10-25T00:30:00Z", "2026-10-26T01:30"},
        {"0 3 * * *", "Europe/Berlin", "2026-10-25T00:30:00Z", "2026-10-25T02:00"},
        /* every hour follows real time */
        {"0 * * * *", "Europe/Berlin", "2026-03-29T00:30:00Z", "2026-03-29T01:00"},
        {"0 * * * *", "Europe/Berlin", "2026-10-25T00:00:00Z", "2026-10-25T01:00"},
        {"0 0 * * *", "America/New_York", "2026-03-08T12:00:00Z", "2026-03-09T04:00"},
        {"30 2 * * *", "America/New_York", "2026-03-08T00:00:00Z", "2026-03-08T07:00"},
        {"0 2 * * *", "Asia/Kolkata", "2026-03-12T00:00:00Z", "2026-03-12T20:30"},
        /* the clocks of Lord Howe change by half an hour: 2026-04-05 02:00 back to 01:30, 15:00 UTC the day before */
        {"45 1 * * *", "Australia/Lord_Howe", "2026-04-04T00:00:00Z", "2026-04-04T14:45"},
        {"45 1 * * *", "Australia/Lord_Howe", "2026-04-04T14:45:00Z", "2026-04-05T15:15"},
    };
    for (size_t i = 0; i < sizeof(table) / sizeof(table[0]); i++)
        expect(table[i][0], table[i][1], table[i][2], table[i][3]);
}
END_TEST

START_TEST(refusals)
{
    static const char *const bad[] = {
        "", "*", "* * * *", "* * * * * *", "60 * * * *", "* 24 * * *", "* * 0 * *", "* * 32 * *", "* * * 0 *",
        "* * * 13 *", "* * * * 8", "5-1 * * * *", "*/0 * * * *", "1,,2 * * * *", "1- * * * *", "a * * * *",
        "* * * foo *", "* * * * monday", "@often", "@", "1;2 * * * *", "99999999999 * * * *", "-1 * * * *", "1/ * * * *",
    };
    struct cron c;
    struct err e;
    int64_t due;
    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
        e.msg[0] = '\0';
        ck_assert_msg(cron_parse(bad[i], &c, &e) == RC_BAD, "\"%s\" was taken", bad[i]);
        ck_assert(e.msg[0]);
    }
    ck_assert_int_eq(cron_parse("* 24 * * *", &c, &e), RC_BAD);
    ck_assert_ptr_nonnull(strstr(e.msg, "hour"));
    ck_assert_int_eq(cron_parse("0 0 30 2 *", &c, &e), RC_OK);
    ck_assert_int_eq(cron_next(&c, NULL, 0, &due, &e), RC_BAD);
    ck_assert_int_eq(cron_parse("@daily", &c, &e), RC_OK);
    ck_assert_int_eq(cron_next(&c, "Europe/Bielefeld", 0, &due, &e), RC_BAD);
    ck_assert_ptr_nonnull(strstr(e.msg, "Europe/Bielefeld"));
    ck_assert_int_eq(cron_next(&c, "A name that is far longer than that of any time zone on this planet or another one",
                               0, &due, &e),
                     RC_BAD);
}
END_TEST

SUITE_MAIN("cron", fields, zones, refusals)
