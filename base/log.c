#include "log.h"

#include <stdarg.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <time.h>
#include <unistd.h>
#include "buf.h"
#include "clock.h"

#define MAX_LINE ((size_t)8192)

static _Atomic enum log_level threshold = LOG_INFO;
static _Atomic enum log_format form = LOG_LOGFMT;
static const char *const level_names[] = {"debug", "info", "warn", "error"};

void log_setup(enum log_level level, enum log_format format)
{
    threshold = level;
    form = format;
}

bool log_level_parse(const char *s, enum log_level *out)
{
    for (size_t i = 0; i < COUNT_OF(level_names); i++)
        if (strcmp(s, level_names[i]) == 0) {
            *out = (enum log_level)i;
            return true;
        }
    return false;
}

/* One key=value: bare if it is a plain word, else quoted as JSON, which logfmt readers take. */
static void pair(struct buf *b, bool json, const char *key, const char *value)
{
    if (b->len)
        buf_str(b, json ? "," : " ");
    if (json) {
        buf_json(b, key, strlen(key));
        buf_char(b, ':');
    } else {
        buf_printf(b, "%s=", key);
    }
    if (!json && *value && strcspn(value, " \"=\\\t\r\n") == strlen(value))
        buf_str(b, value);
    else
        buf_json(b, value, strlen(value));
}

void log_event(enum log_level level, const char *event, ...)
{
    if (level < threshold)
        return;
    struct buf b;
    char at[TIMESTAMP_TEXT_SIZE];
    struct clock system;
    bool json = form == LOG_JSON;
    va_list ap;

    buf_init(&b, MAX_LINE);
    clock_system(&system);
    timestamp_format(clock_now_us(&system), at);
    pair(&b, json, "time", at);
    pair(&b, json, "level", level_names[level]);
    pair(&b, json, "event", event);
    va_start(ap, event);
    for (const char *key; (key = va_arg(ap, const char *));) {
        const char *value = va_arg(ap, const char *);
        pair(&b, json, key, value ? value : "");
    }
    va_end(ap);
    struct buf line;
    buf_init(&line, MAX_LINE + 4);
    buf_printf(&line, json ? "{%s}\n" : "%s\n", b.data);
    /* One write a line, so that lines of several threads do not mix. */
    ssize_t written = write(STDERR_FILENO, line.data, line.len);
    (void)written; /* a log that cannot be written has nowhere to say so */
    buf_clear(&line);
    buf_clear(&b);
}
