/* value.h: what every connector asks of the values that identify and date a record, whatever they came in. */
#ifndef CONNECTORS_VALUE_H
#define CONNECTORS_VALUE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define VALUE_MAX_KEY_BYTES 255

/* Whether n bytes (NULL: none) may serve as an id: valid UTF-8 without control characters, 1 to VALUE_MAX_KEY_BYTES. */
bool value_key_ok(const char *text, size_t n);
/* Whether a soft-delete value (boolean, number or stamp; NULL for none) says deleted. */
bool value_deleted(const char *text);
/* A modification stamp as ISO text to microseconds UTC; a lone date is its midnight. */
bool value_stamp(const char *text, int64_t *us);

#endif
