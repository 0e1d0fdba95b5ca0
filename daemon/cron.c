#include "cron.h"

#include <ctype.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>
#include <unicode/ucal.h>
#include <unicode/ustring.h>
#include "../base/clock.h"
#include "../base/str.h"

#define MINUTE_US INT64_C(60000000)
#define HORIZON_DAYS (28 * 366)

/* ---- the text --------------------------------------------------------------------------------------------------- */

struct field_rule {
    const char *name;
    int lo, hi;
    const char *const *names; /* hi - lo + 1 words, or NULL */
    size_t n_names;
};

static const char *const month_names[] = {"jan", "feb", "mar", "apr", "may", "jun",
                                          "jul", "aug", "sep", "oct", "nov", "dec"};
static const char *const day_names[] = {"sun", "mon", "tue", "wed", "thu", "fri", "sat"};
static const struct field_rule field_rules[5] = {
    {"minute", 0, 59, NULL, 0},
    {"hour", 0, 23, NULL, 0},
    {"day of month", 1, 31, NULL, 0},
    {"month", 1, 12, month_names, COUNT_OF(month_names)},
    {"day of week", 0, 7, day_names, COUNT_OF(day_names)},
};
#define WEEKDAYS 4

static const struct {
    const char *name, *fields;
} short_forms[] = {
    {"@hourly", "0 * * * *"}, {"@daily", "0 0 * * *"},   {"@midnight", "0 0 * * *"}, {"@weekly", "0 0 * * 0"},
    {"@monthly", "0 0 1 * *"}, {"@yearly", "0 0 1 1 *"}, {"@annually", "0 0 1 1 *"},
};

/* A number or a name at *at; false if there is neither. Range is checked by the caller. */
static bool read_value(const struct field_rule *rule, const char **at, int *out)
{
    const char *s = *at;
    for (size_t i = 0; i < rule->n_names; i++)
        if (strncasecmp(s, rule->names[i], 3) == 0 && !isalnum((unsigned char)s[3])) {
            *out = rule->lo + (int)i;
            *at = s + 3;
            return true;
        }
    int value = 0, digits = 0;
    for (; isdigit((unsigned char)*s) && digits < 4; s++, digits++)
        value = 10 * value + (*s - '0');
    *out = value;
    *at = s;
    return digits > 0;
}

/* One item of a list: star, a, a-b, each with an optional step. */
static enum rc read_item(int field, const char **at, uint64_t *bits, struct err *e)
{
    const struct field_rule *rule = &field_rules[field];
    int from = rule->lo, to = rule->hi, step = 1;
    bool star = **at == '*', range = star;

    if (star)
        (*at)++;
    else if (!read_value(rule, at, &from))
        return err_set(e, RC_BAD, "cron: %s: a number, a name or * is missing", rule->name);
    if (!star && **at == '-') {
        (*at)++;
        range = true;
        if (!read_value(rule, at, &to))
            return err_set(e, RC_BAD, "cron: %s: the end of a range is missing", rule->name);
        if (field == WEEKDAYS && to == 0 && from > 0)
            to = 7; /* sat-sun */
    } else if (!star && **at != '/') {
        to = from;
    }
    if (from < rule->lo || to > rule->hi)
        return err_set(e, RC_BAD, "cron: %s: outside %d to %d", rule->name, rule->lo, rule->hi);
    if (from > to)
        return err_set(e, RC_BAD, "cron: %s: the range %d-%d runs backwards", rule->name, from, to);
    if (**at == '/') {
        (*at)++;
        if (!read_value(&field_rules[0], at, &step) || step < 1)
            return err_set(e, RC_BAD, "cron: %s: a step is a number from 1", rule->name);
        if (!range)
            to = rule->hi; /* 5/15: from 5 on */
    }
    if (field == WEEKDAYS && star)
        to = 6;
    for (int i = from; i <= to; i += step)
        *bits |= UINT64_C(1) << (field == WEEKDAYS ? i % 7 : i);
    return RC_OK;
}

static enum rc read_field(int field, const char **at, uint64_t *bits, bool *any, struct err *e)
{
    *bits = 0;
    *any = **at == '*';
    for (;;) {
        enum rc rc = read_item(field, at, bits, e);
        if (rc != RC_OK)
            return rc;
        if (**at != ',')
            break;
        (*at)++;
    }
    if (**at && !isblank((unsigned char)**at))
        return err_set(e, RC_BAD, "cron: %s: unexpected character", field_rules[field].name);
    while (isblank((unsigned char)**at))
        (*at)++;
    return RC_OK;
}

enum rc cron_parse(const char *text, struct cron *out, struct err *e)
{
    uint64_t bits[5];
    bool any[5];
    const char *at = text + strspn(text, " \t");

    if (*at == '@') {
        size_t i = 0;
        while (i < COUNT_OF(short_forms) && !str_eq(at, short_forms[i].name))
            i++;
        if (i == COUNT_OF(short_forms))
            return err_set(e, RC_BAD, "cron: unknown short form: @hourly, @daily, @weekly, @monthly or @yearly");
        at = short_forms[i].fields;
    }
    for (int i = 0; i < 5; i++) {
        if (!*at)
            return err_set(e, RC_BAD, "cron: five fields are needed, the %s is missing", field_rules[i].name);
        enum rc rc = read_field(i, &at, &bits[i], &any[i], e);
        if (rc != RC_OK)
            return rc;
    }
    if (*at)
        return err_set(e, RC_BAD, "cron: more than five fields");
    *out = (struct cron){.minutes = bits[0],
                         .hours = (uint32_t)bits[1],
                         .days = (uint32_t)bits[2],
                         .months = (uint32_t)bits[3],
                         .weekdays = (uint32_t)bits[4],
                         .any_hour = any[1],
                         .any_day = any[2],
                         .any_weekday = any[4]};
    return RC_OK;
}

/* ---- the time zone ---------------------------------------------------------------------------------------------- */

static enum rc zone_open(const char *name, UCalendar **out, struct err *e)
{
    UChar wide[64], canonical[64];
    UErrorCode status = U_ZERO_ERROR;
    UBool system_id;

    if (!name || !*name)
        name = "Etc/UTC";
    u_strFromUTF8(wide, COUNT_OF(wide), NULL, name, -1, &status);
    if (U_SUCCESS(status) && status != U_STRING_NOT_TERMINATED_WARNING)
        ucal_getCanonicalTimeZoneID(wide, -1, canonical, COUNT_OF(canonical), &system_id, &status);
    else
        status = U_ILLEGAL_ARGUMENT_ERROR;
    if (U_SUCCESS(status))
        *out = ucal_open(wide, -1, "en", UCAL_GREGORIAN, &status);
    if (U_FAILURE(status))
        return err_set(e, RC_BAD, "unknown time zone \"%s\": an IANA name such as Europe/Berlin is needed", name);
    return RC_OK;
}

/* Microseconds that local time is ahead of UTC at the instant `us`. */
static int64_t zone_offset(UCalendar *zone, int64_t us)
{
    UErrorCode status = U_ZERO_ERROR;
    ucal_setMillis(zone, (UDate)(us / 1000), &status);
    int32_t ms = ucal_get(zone, UCAL_ZONE_OFFSET, &status) + ucal_get(zone, UCAL_DST_OFFSET, &status);
    return U_SUCCESS(status) ? (int64_t)ms * 1000 : 0;
}

/* The first instant whose local time is `local`; for one that the clocks skip, the end of the gap. Offsets change at
 * most once within two days. */
static int64_t zone_to_utc(UCalendar *zone, int64_t local)
{
    int64_t lo = local - CLOCK_DAY_US, hi = local + CLOCK_DAY_US;
    int64_t before = zone_offset(zone, lo), after = zone_offset(zone, hi);

    if (before == after || zone_offset(zone, local - before) == before)
        return local - before;
    if (zone_offset(zone, local - after) == after)
        return local - after;
    while (hi - lo > MINUTE_US / 60) { /* in the gap: the instant of the change, to the second */
        int64_t middle = lo + (hi - lo) / 2;
        if (zone_offset(zone, middle) == before)
            lo = middle;
        else
            hi = middle;
    }
    return hi - hi % MINUTE_US;
}

/* ---- the next time ---------------------------------------------------------------------------------------------- */

static bool fits_day(const struct cron *c, int32_t day)
{
    int year, month, dom;
    date_to_civil(day, &year, &month, &dom);
    int weekday = (int)(((day % 7) + 7 + 4) % 7); /* 1970-01-01 was a Thursday */
    bool by_day = c->days >> dom & 1, by_weekday = c->weekdays >> weekday & 1;

    if (!(c->months >> month & 1))
        return false;
    return c->any_day || c->any_weekday ? by_day && by_weekday : by_day || by_weekday;
}

/* Hours are given: each local time of the day once. */
static bool next_by_clock(const struct cron *c, UCalendar *zone, int32_t day, int64_t after_us, int64_t *out)
{
    for (int hour = 0; hour < 24; hour++)
        for (int minute = 0; (c->hours >> hour & 1) && minute < 60; minute++) {
            if (!(c->minutes >> minute & 1))
                continue;
            int64_t due = zone_to_utc(zone, day * CLOCK_DAY_US + (hour * 60 + minute) * MINUTE_US);
            if (due > after_us) {
                *out = due;
                return true;
            }
        }
    return false;
}

/* Every hour: each real minute of the day, whatever the clocks do. */
static bool next_by_minute(const struct cron *c, UCalendar *zone, int32_t day, int64_t after_us, int64_t *out)
{
    int64_t from = zone_to_utc(zone, day * CLOCK_DAY_US), to = zone_to_utc(zone, (day + 1) * CLOCK_DAY_US);
    if (from <= after_us)
        from += ((after_us - from) / MINUTE_US + 1) * MINUTE_US;
    for (int64_t us = from; us < to; us += MINUTE_US) {
        int64_t minutes = (us + zone_offset(zone, us)) / MINUTE_US; /* after 1970, so division rounds down */
        if ((c->minutes >> (minutes % 60) & 1) && (c->hours >> (minutes / 60 % 24) & 1)) {
            *out = us;
            return true;
        }
    }
    return false;
}

enum rc cron_next(const struct cron *c, const char *time_zone, int64_t after_us, int64_t *out_us, struct err *e)
{
    UCalendar *zone = NULL;
    enum rc rc = zone_open(time_zone, &zone, e);
    if (rc != RC_OK)
        return rc;
    int32_t today = date_of_us(after_us + zone_offset(zone, after_us));
    bool found = false;
    for (int32_t day = today; !found && day < today + HORIZON_DAYS; day++)
        if (fits_day(c, day))
            found = c->any_hour ? next_by_minute(c, zone, day, after_us, out_us)
                                : next_by_clock(c, zone, day, after_us, out_us);
    ucal_close(zone);
    return found ? RC_OK : err_set(e, RC_BAD, "cron: no day within 28 years fits");
}

enum rc cron_format(int64_t us, const char *time_zone, char out[CRON_TEXT_SIZE], struct err *e)
{
    UCalendar *zone = NULL;
    char utc[TIMESTAMP_TEXT_SIZE];
    enum rc rc = zone_open(time_zone, &zone, e);
    if (rc != RC_OK)
        return rc;
    int64_t ahead = zone_offset(zone, us);
    long long minutes = (long long)((ahead < 0 ? -ahead : ahead) / MINUTE_US);
    ucal_close(zone);
    timestamp_format(us + ahead, utc); /* the local time, as if it were UTC */
    snprintf(out, CRON_TEXT_SIZE, "%.10s %.5s %c%02lld:%02lld", utc, utc + 11, ahead < 0 ? '-' : '+', minutes / 60 % 24,
             minutes % 60);
    return RC_OK;
}
