#include "clock.h"

#include <stdio.h>
#include <string.h>
#include <time.h>

void clock_system(struct clock *c)
{
    *c = (struct clock){0};
}

enum rc clock_init(struct clock *c, const char *spec, struct err *e)
{
    int32_t day;
    clock_system(c);
    if (strcmp(spec, "system") == 0)
        return RC_OK;
    if (!date_parse(spec, &day))
        return err_set(e, RC_BAD, "clock: '%s' is neither 'system' nor a date YYYY-MM-DD", spec);
    c->fixed = true;
    c->fixed_us = day * CLOCK_DAY_US + CLOCK_DAY_US / 2;
    return RC_OK;
}

static int64_t read_us(clockid_t id)
{
    struct timespec t;
    clock_gettime(id, &t);
    return (int64_t)t.tv_sec * 1000000 + t.tv_nsec / 1000;
}

int64_t clock_now_us(const struct clock *c)
{
    return c->fixed ? c->fixed_us : read_us(CLOCK_REALTIME);
}

int32_t date_of_us(int64_t us)
{
    int64_t days = us / CLOCK_DAY_US;
    return (int32_t)(us % CLOCK_DAY_US < 0 ? days - 1 : days);
}

int32_t clock_today(const struct clock *c)
{
    return date_of_us(clock_now_us(c));
}

struct timespec clock_deadline(int64_t ms)
{
    struct timespec t;

    clock_gettime(CLOCK_REALTIME, &t);
    t.tv_sec += ms / 1000;
    t.tv_nsec += ms % 1000 * 1000000;
    t.tv_sec += t.tv_nsec / 1000000000;
    t.tv_nsec %= 1000000000;
    return t;
}

int64_t clock_mono_ms(void)
{
    return clock_mono_us() / 1000;
}

int64_t clock_mono_us(void)
{
    return read_us(CLOCK_MONOTONIC);
}

/* Years start in March here, so that the leap day is the last of a year; an era is 400 years. */
int32_t date_from_civil(int year, int month, int day)
{
    int y = month <= 2 ? year - 1 : year;
    int era = (y >= 0 ? y : y - 399) / 400;
    int year_of_era = y - era * 400;
    int day_of_year = (153 * (month > 2 ? month - 3 : month + 9) + 2) / 5 + day - 1;
    int day_of_era = year_of_era * 365 + year_of_era / 4 - year_of_era / 100 + day_of_year;
    return era * 146097 + day_of_era - 719468;
}

void date_to_civil(int32_t days, int *year, int *month, int *day)
{
    int z = days + 719468;
    int era = (z >= 0 ? z : z - 146096) / 146097;
    int day_of_era = z - era * 146097;
    int year_of_era = (day_of_era - day_of_era / 1460 + day_of_era / 36524 - day_of_era / 146096) / 365;
    int day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    int shifted = (5 * day_of_year + 2) / 153;
    *day = day_of_year - (153 * shifted + 2) / 5 + 1;
    *month = shifted < 10 ? shifted + 3 : shifted - 9;
    *year = year_of_era + era * 400 + (*month <= 2);
}

/* Exactly n digits at *s; moves on. */
static bool digits(const char **s, int n, int *out)
{
    int v = 0;
    for (int i = 0; i < n; i++) {
        char c = (*s)[i];
        if (c < '0' || c > '9')
            return false;
        v = v * 10 + (c - '0');
    }
    *s += n;
    *out = v;
    return true;
}

static bool take(const char **s, char c)
{
    if (**s != c)
        return false;
    (*s)++;
    return true;
}

static bool civil(const char **s, int32_t *days)
{
    int y, m, d, y2, m2, d2;
    if (!digits(s, 4, &y) || !take(s, '-') || !digits(s, 2, &m) || !take(s, '-') || !digits(s, 2, &d))
        return false;
    if (y < 1 || m < 1 || m > 12 || d < 1 || d > 31)
        return false;
    *days = date_from_civil(y, m, d);
    date_to_civil(*days, &y2, &m2, &d2); /* 30 February comes back as another day */
    return m == m2 && d == d2;
}

bool date_parse(const char *s, int32_t *days)
{
    int32_t v;
    if (!civil(&s, &v) || *s)
        return false;
    *days = v;
    return true;
}

/* Z, +hh, +hhmm, +hh:mm or nothing; minutes east of UTC. */
static bool zone(const char **s, int *minutes)
{
    int h, m = 0;
    *minutes = 0;
    if (**s == '\0')
        return true;
    if (**s == 'Z' || **s == 'z') {
        (*s)++;
        return true;
    }
    int sign = **s == '-' ? -1 : **s == '+' ? 1 : 0;
    if (!sign)
        return false;
    (*s)++;
    if (!digits(s, 2, &h))
        return false;
    if (**s) {
        take(s, ':');
        if (!digits(s, 2, &m))
            return false;
    }
    *minutes = sign * (h * 60 + m);
    return h <= 18 && m < 60;
}

bool timestamp_parse(const char *s, int64_t *us)
{
    int32_t days;
    int h, m, sec = 0, offset;
    int64_t fraction = 0;
    if (!civil(&s, &days))
        return false;
    if (!take(&s, 'T') && !take(&s, 't') && !take(&s, ' '))
        return false;
    if (!digits(&s, 2, &h) || !take(&s, ':') || !digits(&s, 2, &m))
        return false;
    if (take(&s, ':')) {
        if (!digits(&s, 2, &sec))
            return false;
        if (take(&s, '.')) {
            int64_t unit = 100000;
            if (*s < '0' || *s > '9')
                return false;
            for (; *s >= '0' && *s <= '9'; s++, unit /= 10)
                fraction += (*s - '0') * unit;
        }
    }
    if (h > 23 || m > 59 || sec > 60 || !zone(&s, &offset) || *s)
        return false;
    *us = days * CLOCK_DAY_US + ((int64_t)h * 3600 + m * 60 + sec - (int64_t)offset * 60) * 1000000 + fraction;
    return true;
}

void date_format(int32_t days, char out[DATE_TEXT_SIZE])
{
    int y, m, d;
    date_to_civil(days, &y, &m, &d);
    snprintf(out, DATE_TEXT_SIZE, "%04d-%02u-%02u", y % 100000, (unsigned)m % 100, (unsigned)d % 100);
}

void timestamp_format(int64_t us, char out[TIMESTAMP_TEXT_SIZE])
{
    char day[DATE_TEXT_SIZE];
    int32_t days = date_of_us(us);
    int64_t rest = us - days * CLOCK_DAY_US;
    unsigned sec = (unsigned)(rest / 1000000);
    date_format(days, day);
    snprintf(out, TIMESTAMP_TEXT_SIZE, "%sT%02u:%02u:%02u.%06uZ", day, sec / 3600 % 24, sec / 60 % 60, sec % 60,
             (unsigned)(rest % 1000000));
}

bool duration_parse(const char *s, int64_t *us)
{
    static const struct {
        const char *suffix;
        int64_t us;
    } units[] = {{"ms", 1000},           {"s", 1000000},       {"m", 60 * INT64_C(1000000)},
                 {"h", CLOCK_DAY_US / 24}, {"d", CLOCK_DAY_US}, {"y", 365 * CLOCK_DAY_US}};
    int64_t v = 0;
    const char *p = s;
    for (; *p >= '0' && *p <= '9'; p++) {
        if (v > INT64_C(1000000000))
            return false;
        v = v * 10 + (*p - '0');
    }
    if (p == s)
        return false;
    for (size_t i = 0; i < sizeof(units) / sizeof(units[0]); i++)
        if (strcmp(p, units[i].suffix) == 0) {
            if (v > INT64_MAX / units[i].us)
                return false;
            *us = v * units[i].us;
            return true;
        }
    return false;
}
