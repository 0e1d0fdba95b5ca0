/* Link (examples after RFC 8288, section 3.5), dates (RFC 9110, section 5.6.7; seconds by date -u +%s -d), Retry-After. */
#include "../../connectors/http_fields.h"
#include "../../connectors/backoff.h"
#include "../suite.h"

static const char *link_of(const char *value, const char *rel)
{
    static char text[512];
    struct buf b;
    bool found;

    buf_init(&b, 500);
    found = http_link(value, rel, &b);
    snprintf(text, sizeof(text), "%s", found ? b.data : "(none)");
    buf_clear(&b);
    return text;
}

START_TEST(links)
{
    ck_assert_str_eq(link_of("<http://a.example/x?page=2>; rel=\"next\", <http://a.example/x?page=9>; rel=\"last\"", "next"),
                     "http://a.example/x?page=2");
    ck_assert_str_eq(link_of("<http://a.example/x?page=2>; rel=\"next\", <http://a.example/x?page=9>; rel=\"last\"", "last"),
                     "http://a.example/x?page=9");
    ck_assert_str_eq(link_of("</TheBook/chapter2>; rel=\"previous\"; title*=UTF-8'de'letztes%20Kapitel,"
                             " </TheBook/chapter4>; rel=\"next\"; title*=UTF-8'de'n%c3%a4chstes%20Kapitel", "next"),
                     "/TheBook/chapter4");
    ck_assert_str_eq(link_of("<http://example.org/>; rel=\"start http://example.net/relation/other NEXT\"", "next"),
                     "http://example.org/");
    ck_assert_str_eq(link_of("<a,b;c>;title=\"rel=next, <x>; \\\"rel=next\\\"\" ; ReL = next", "next"), "a,b;c");
    ck_assert_str_eq(link_of(" , ,<a>;;rel=next;foo", "next"), "a");
    ck_assert_str_eq(link_of("<>; rel=next", "next"), "");
}
END_TEST

START_TEST(no_links)
{
    ck_assert_str_eq(link_of("", "next"), "(none)");
    ck_assert_str_eq(link_of("<a>; rel=last", "next"), "(none)");
    ck_assert_str_eq(link_of("<a>; rel=last; rel=next", "next"), "(none)"); /* only the first rel counts */
    ck_assert_str_eq(link_of("<a>; rel=nextish, <b>; rel=\"pre-next\"", "next"), "(none)");
    ck_assert_str_eq(link_of("<a>; rel=next; anchor=\"#foo\"", "next"), "(none)");
    ck_assert_str_eq(link_of("<a; rel=next", "next"), "(none)");
    ck_assert_str_eq(link_of("<a>; rel=\"next", "next"), "(none)");
    ck_assert_str_eq(link_of("<a>; rel=", "next"), "(none)");
    ck_assert_str_eq(link_of("a; rel=next", "next"), "(none)");
    ck_assert_str_eq(link_of("<a> rel=next", "next"), "(none)");
}
END_TEST

START_TEST(dates)
{
    static const char *const same[] = {"Sun, 06 Nov 1994 08:49:37 GMT", "Sunday, 06-Nov-94 08:49:37 GMT",
                                       "Sun Nov  6 08:49:37 1994"};
    static const char *const bad[] = {"", "Sun, 06 Nov 1994 08:49:37", "Sun, 06 Nov 1994 08:49:37 CET",
                                      "Sun, 31 Feb 2026 00:00:00 GMT", "Sun, 06 nov 1994 08:49:37 GMT",
                                      "Sun, 06 Nov 1994 24:00:00 GMT", "Sun, 6 Nov 1994 08:49:37 GMT",
                                      "Sun, 06 Nov 1994 08:49:37 GMT ", "2026-11-06T08:49:37Z",
                                      "Sun, 00 Nov 1994 08:49:37 GMT"};
    int64_t now = INT64_C(1780000000), s; /* May 2026 */

    for (size_t i = 0; i < COUNT_OF(same); i++) {
        ck_assert_msg(http_date(same[i], now, &s), "%s", same[i]);
        ck_assert_int_eq(s, 784111777);
    }
    ck_assert(http_date("Mon Nov 16 08:49:37 2026", now, &s));
    ck_assert_int_eq(s, 1794818977);
    ck_assert(http_date("Friday, 06-Nov-75 08:49:37 GMT", now, &s)); /* 2075, less than 50 years ahead */
    ck_assert_int_eq(s, INT64_C(3340255777));
    ck_assert(http_date("Saturday, 06-Nov-77 08:49:37 GMT", now, &s)); /* 1977 */
    ck_assert_int_eq(s, 247654177);
    for (size_t i = 0; i < COUNT_OF(bad); i++)
        ck_assert_msg(!http_date(bad[i], now, &s), "%s", bad[i]);
}
END_TEST

START_TEST(retry_after)
{
    int64_t ms = -1;

    ck_assert(http_retry_after("120", 0, &ms));
    ck_assert_int_eq(ms, 120000);
    ck_assert(http_retry_after("0", 0, &ms));
    ck_assert_int_eq(ms, 0);
    ck_assert(http_retry_after("99999999999999999999999999", 0, &ms));
    ck_assert_int_eq(ms, INT64_C(365) * 86400000);
    ck_assert(http_retry_after("Sun, 06 Nov 1994 08:49:37 GMT", 784111770, &ms));
    ck_assert_int_eq(ms, 7000);
    ck_assert(http_retry_after("Sun, 06 Nov 1994 08:49:37 GMT", 784111780, &ms));
    ck_assert_int_eq(ms, 0);
    ck_assert(!http_retry_after("", 0, &ms));
    ck_assert(!http_retry_after("-1", 0, &ms));
    ck_assert(!http_retry_after("1.5", 0, &ms));
    ck_assert(!http_retry_after("soon", 0, &ms));
}
END_TEST

/* Full jitter: from nothing to 500 ms before the second attempt, doubled each time up to the bound, over the floor. */
START_TEST(jitter)
{
    ck_assert_int_eq(backoff_full_ms(2, 500, 60000, 0, 0), 0);
    ck_assert_int_eq(backoff_full_ms(2, 500, 60000, 0, UINT32_MAX), 499);
    ck_assert_int_eq(backoff_full_ms(3, 500, 60000, 0, UINT32_C(1) << 31), 500);
    ck_assert_int_eq(backoff_full_ms(4, 500, 60000, 7000, UINT32_C(1) << 31), 8000);
    ck_assert_int_eq(backoff_full_ms(20, 500, 60000, 0, UINT32_C(1) << 31), 30000);
}
END_TEST

SUITE_MAIN("http_fields", links, no_links, dates, retry_after, jitter)
