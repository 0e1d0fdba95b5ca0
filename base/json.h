/* json.h: what cJSON needs around it.
 * cJSON turns numbers into doubles and cuts strings at U+0000; json_parse() first runs one strict pass over the
 * bytes that refuses what RFC 8259 refuses (and names the byte offset), then keeps every number's digits. */
#ifndef BASE_JSON_H
#define BASE_JSON_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <cjson/cJSON.h>
#include "buf.h"
#include "err.h"

#define JSON_MAX_DEPTH 64

/* Keep digits: a number becomes a cJSON_Raw item whose valuestring is its exact digits ("12345678901234567890",
 * "1.10", "2e3"). Without it numbers are cJSON_Number as usual. */
enum json_numbers { JSON_NUMBERS_DOUBLE, JSON_NUMBERS_DIGITS };

/* Parse exactly one JSON value over all n bytes (trailing white space allowed).
 * RC_OK *out is the caller's (cJSON_Delete). RC_BAD "offset 17: ..." for invalid UTF-8, nesting over
 * JSON_MAX_DEPTH, \u0000, lone surrogates, raw control characters, malformed numbers, duplicate keys of one
 * object, trailing bytes. RC_NOMEM. */
MUST_USE enum rc json_parse(const char *bytes, size_t n, enum json_numbers numbers, cJSON **out, struct err *e);

/* Borrowed string of an object's member, or NULL if absent or of another type. */
const char *json_str(const cJSON *object, const char *key);
/* Digits of a number item made with JSON_NUMBERS_DIGITS, or NULL. */
const char *json_digits(const cJSON *item);
/* RFC 6901. NULL when nothing is there or the pointer is malformed. "" is the whole document. */
const cJSON *json_pointer(const cJSON *root, const char *pointer);

/* Compact text of `item` appended to b; numbers as digits keep their digits. */
void json_print(struct buf *b, const cJSON *item);

#endif
