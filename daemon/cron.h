/* cron.h: when a job is due. Five fields (minute, hour, day of month, month, day of week) with *, lists, ranges, steps
 * and English names (jan..dec, sun..sat; 0 and 7 are Sunday), or @hourly, @daily, @midnight, @weekly, @monthly,
 * @yearly, @annually.
 *
 * As in crontab(5), a day fits if either day field fits when both are restricted (do not begin with *).
 * Daylight saving: a time that the clocks skip is due at the first minute after the gap; of an hour that comes twice
 * only the first counts, save for schedules whose hour field is *, which follow real time. */
#ifndef DAEMON_CRON_H
#define DAEMON_CRON_H

#include <stdbool.h>
#include <stdint.h>
#include "../base/err.h"

struct cron { /* bit i set: value i fits */
    uint64_t minutes;
    uint32_t hours, days, months, weekdays;
    bool any_hour, any_day, any_weekday; /* the field began with * */
};

/* RC_BAD names the field and what is wrong with it. */
MUST_USE enum rc cron_parse(const char *text, struct cron *out, struct err *e);

/* The first time after `after_us` (microseconds UTC) that fits in the IANA time zone (NULL or "": UTC).
 * RC_BAD an unknown time zone, or nothing fits within 28 years (30 February): leap days repeat by then. */
MUST_USE enum rc cron_next(const struct cron *c, const char *time_zone, int64_t after_us, int64_t *out_us,
                           struct err *e);

/* How the instant reads in the time zone (as above): "2026-11-25 02:00 +01:00". RC_BAD an unknown time zone. */
#define CRON_TEXT_SIZE 40
MUST_USE enum rc cron_format(int64_t us, const char *time_zone, char out[CRON_TEXT_SIZE], struct err *e);

#endif
