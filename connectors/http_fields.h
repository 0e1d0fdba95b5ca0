/* http_fields.h: values of HTTP header fields, which are bytes that anybody may have sent. Nothing here allocates
 * but a buf; every function takes any bytes. */
#ifndef CONNECTORS_HTTP_FIELDS_H
#define CONNECTORS_HTTP_FIELDS_H

#include <stdbool.h>
#include <stdint.h>
#include "../base/buf.h"

/* The target of the first link with relation `rel` (ASCII case ignored) in a Link field, appended to *out; several
 * fields are joined with a comma first. A link with an anchor speaks of another resource and is passed over.
 * False if there is none. A malformed rest ends the reading. RFC 8288, section 3. */
bool http_link(const char *value, const char *rel, struct buf *out);

/* The three date forms of RFC 9110, section 5.6.7, to seconds since 1970, over the whole of s. A two-digit year is
 * read as the one that lies less than 50 years after now_s. */
bool http_date(const char *s, int64_t now_s, int64_t *seconds);

/* Milliseconds to wait by a Retry-After field (seconds or a date; one in the past is 0); RFC 9110, section 10.2.3.
 * More than a year counts as a year. */
bool http_retry_after(const char *s, int64_t now_s, int64_t *ms);

#endif
