/* rest_json.c: one unreadable string must not cost the page that it came in. */
#include <string.h>

#include "../base/str.h"
#include "rest.h"

/* U+FDD0 to U+FDD2 are noncharacters, "not recommended for open interchange" (Unicode Standard, section 23.7). Should
 * a source send one nevertheless, its record is refused as the others are, and only in a page that needs mending. */
#define MARK_BYTE "\xEF\xB7\x90"      /* U+FDD0 */
#define MARK_NUL "\xEF\xB7\x91"       /* U+FDD1 */
#define MARK_SURROGATE "\xEF\xB7\x92" /* U+FDD2 */
#define MARK_SIZE 3

/* The code unit of "\uXXXX" at s, or -1. */
static int unit_at(const char *s, const char *end)
{
    uint8_t bytes[2];
    char hex[5] = "";

    if (end - s < 6 || s[0] != '\\' || s[1] != 'u') return -1;
    memcpy(hex, s + 2, 4);
    return str_unhex(hex, bytes, 2) ? bytes[0] << 8 | bytes[1] : -1;
}

static bool is_high(int unit)
{
    return unit >= 0xD800 && unit <= 0xDBFF;
}

static bool is_low(int unit)
{
    return unit >= 0xDC00 && unit <= 0xDFFF;
}

/* An escape at s: appends it or its mark, and returns its length. */
static size_t mend_escape(const char *s, const char *end, struct buf *out)
{
    int unit = unit_at(s, end);

    if (unit < 0) { /* \" and the like; both characters, so that a second backslash begins nothing */
        size_t n = end - s >= 2 && (unsigned char)s[1] < 0x80 ? 2 : 1;

        buf_add(out, s, n);
        return n;
    }
    if (is_high(unit) && is_low(unit_at(s + 6, end))) {
        buf_add(out, s, 12);
        return 12;
    }
    if (unit == 0) buf_str(out, "\\uFDD1");
    else if (is_high(unit) || is_low(unit)) buf_str(out, "\\uFDD2");
    else buf_add(out, s, 6);
    return 6;
}

void rest_mend(const char *bytes, size_t n, struct buf *out)
{
    const char *s = bytes, *end = bytes + n;
    uint32_t cp;

    while (s < end) {
        size_t length = 1;

        if (*s == '\\') {
            length = mend_escape(s, end, out);
        } else if ((unsigned char)*s < 0x80) {
            buf_char(out, *s);
        } else {
            length = utf8_decode(s, (size_t)(end - s), &cp); /* 1 for an invalid byte */
            if (length > 1) buf_add(out, s, length);
            else buf_str(out, MARK_BYTE);
        }
        s += length;
    }
}

bool rest_marked(const char *text)
{
    return strstr(text, MARK_BYTE) || strstr(text, MARK_NUL) || strstr(text, MARK_SURROGATE);
}

bool rest_unmend(const char *text, struct buf *out)
{
    bool any = false;

    while (*text) {
        const char *with = NULL;
        size_t n = 1;

        if (strncmp(text, MARK_BYTE, MARK_SIZE) == 0) with = "\xFF";
        else if (strncmp(text, MARK_NUL, MARK_SIZE) == 0) with = "";
        else if (strncmp(text, MARK_SURROGATE, MARK_SIZE) == 0) with = "\xED\xA0\x80"; /* a surrogate as if encoded */
        if (!with) {
            buf_char(out, *text++);
            continue;
        }
        if (*with) n = strlen(with);
        buf_add(out, with, n); /* of "" its NUL */
        text += MARK_SIZE;
        any = true;
    }
    return any;
}

enum rc rest_json(const struct rest *c, const char *what, const struct http_answer *a, cJSON **out, struct err *e)
{
    struct buf mended;
    struct err why;
    enum rc rc = json_parse(a->body.data, a->body.len, JSON_NUMBERS_DIGITS, out, &why);

    if (rc == RC_OK || rc == RC_NOMEM) return rc == RC_OK ? rc : err_set(e, rc, "%s: %s: out of memory", c->name.data, what);
    buf_init(&mended, 3 * REST_MAX_PAGE_BYTES);
    rest_mend(a->body.data, a->body.len, &mended);
    rc = buf_check(&mended, what, e);
    if (rc == RC_OK) rc = json_parse(mended.data, mended.len, JSON_NUMBERS_DIGITS, out, NULL);
    buf_wipe(&mended);
    /* What the first reading says has the offset in the answer itself. */
    if (rc != RC_OK) return err_set(e, rc, "%s: %s: the answer is not valid JSON: %s", c->name.data, what, why.msg);
    return RC_OK;
}
