/* log.h: one line an event on stderr, logfmt or JSON, ready for journald. Thread-safe.
 * Lines hold ids, counts and codes, never field values, prompts, outputs or secrets. */
#ifndef BASE_LOG_H
#define BASE_LOG_H

#include <stdbool.h>

#include "err.h"

enum log_level { LOG_DEBUG, LOG_INFO, LOG_WARN, LOG_ERROR };
enum log_format { LOG_LOGFMT, LOG_JSON };

/* Settings of the whole process; call before threads start. Default: LOG_INFO, LOG_LOGFMT. The one mutable
 * global of the project, since a log line must be possible from anywhere. */
void log_setup(enum log_level level, enum log_format format);
bool log_level_parse(const char *s, enum log_level *out);

/* Emit `event` and key/value pairs: log_event(LOG_INFO, "sync done", "source", src, "rows", n_text, NULL).
 * Keys and values are strings; a NULL value is left out together with its key only if the key is the last NULL. */
void log_event(enum log_level level, const char *event, ...) __attribute__((sentinel));

#endif
