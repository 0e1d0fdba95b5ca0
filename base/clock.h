/* clock.h: time, read in one place so that a day can be set (`clock:` in the config, --as-of).
 * Timestamps are int64_t microseconds since 1970-01-01T00:00:00Z; dates are days since 1970-01-01
 * (proleptic Gregorian, Howard Hinnant, "chrono-compatible low-level date algorithms"). */
#ifndef BASE_CLOCK_H
#define BASE_CLOCK_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <time.h>
#include "err.h"

#define CLOCK_DAY_US INT64_C(86400000000)

/* What time it is. Copied by value; read-only after clock_init(). */
struct clock {
    bool fixed;
    int64_t fixed_us; /* noon UTC of the day that was set */
};

void clock_system(struct clock *c);
/* "system" or a date YYYY-MM-DD. RC_BAD. */
MUST_USE enum rc clock_init(struct clock *c, const char *spec, struct err *e);
int64_t clock_now_us(const struct clock *c);
int32_t clock_today(const struct clock *c);      /* days since 1970-01-01, UTC */
/* The time in `ms` from now as pthread_cond_timedwait() takes it (CLOCK_REALTIME). */
struct timespec clock_deadline(int64_t ms);
int64_t clock_mono_ms(void);                     /* for durations and deadlines; never goes back */
int64_t clock_mono_us(void);

int32_t date_from_civil(int year, int month, int day);
void date_to_civil(int32_t days, int *year, int *month, int *day);
int32_t date_of_us(int64_t us);

/* Whole-string parsers; false if malformed. date: YYYY-MM-DD. timestamp: RFC 3339, also with a space for the
 * T, with or without fraction, with Z, +hh:mm, +hhmm or +hh, none meaning UTC (PostgreSQL, SQLite, Salesforce). */
bool date_parse(const char *s, int32_t *days);
bool timestamp_parse(const char *s, int64_t *us);

#define DATE_TEXT_SIZE 16
#define TIMESTAMP_TEXT_SIZE 40
void date_format(int32_t days, char out[DATE_TEXT_SIZE]);           /* 2026-03-12 */
void timestamp_format(int64_t us, char out[TIMESTAMP_TEXT_SIZE]);   /* 2026-03-12T09:30:00.123456Z */

/* "500ms", "30s", "10m", "2h", "365d", "10y" (365 days a year) to microseconds. */
bool duration_parse(const char *s, int64_t *us);

#endif
