/* nfc.c: NFC by ICU. Its C interface knows UTF-16 only, so a text that needs the work goes there and back. */
#include "nfc.h"

#include <stdlib.h>
#include <string.h>
#include <unicode/unorm2.h>
#include <unicode/ustring.h>
#include "../base/buf.h"
#include "../base/str.h"

#define MAX_TEXT ((size_t)1 << 30) /* ICU counts in int32_t; NFC can grow a text threefold (annex 15, section 9) */

/* Append the NFC of s[n], valid UTF-8, to out. */
static enum rc add_nfc(const UNormalizer2 *norm, const char *s, size_t n, struct buf *out, struct err *e)
{
    UErrorCode code = U_ZERO_ERROR;
    UChar *wide = malloc((n + 1) * sizeof(*wide)), *normal = NULL;
    char *bytes = NULL;
    int32_t n_wide = 0, n_normal, n_bytes = 0;
    enum rc rc = RC_NOMEM;

    if (!wide) goto out;
    u_strFromUTF8(wide, (int32_t)n + 1, &n_wide, s, (int32_t)n, &code);
    if (unorm2_isNormalized(norm, wide, n_wide, &code) && U_SUCCESS(code)) {
        buf_add(out, s, n);
        rc = RC_OK;
        goto out;
    }
    n_normal = unorm2_normalize(norm, wide, n_wide, NULL, 0, &code);
    code = U_ZERO_ERROR; /* it said that nothing fits into nothing */
    normal = malloc(((size_t)n_normal + 1) * sizeof(*normal));
    bytes = malloc((size_t)n_normal * 3 + 1);
    if (!normal || !bytes) goto out;
    unorm2_normalize(norm, wide, n_wide, normal, n_normal + 1, &code);
    u_strToUTF8(bytes, n_normal * 3 + 1, &n_bytes, normal, n_normal, &code);
    if (U_FAILURE(code)) {
        rc = err_set(e, RC_INTERNAL, "tokenize: NFC: %s", u_errorName(code));
        goto out;
    }
    buf_add(out, bytes, (size_t)n_bytes);
    rc = RC_OK;
out:
    free(wide);
    free(normal);
    free(bytes);
    return rc == RC_NOMEM ? err_set(e, rc, "tokenize: out of memory") : rc;
}

/* The next place in s[from..n) that may not be NFC: *begin is a character that composes with nothing before it, *end the
 * next ASCII character or invalid byte. Everything below U+0300 is such a character and is NFC as long as it stands
 * before another, and "inert" ones are wherever they stand. False if there is none. */
static bool next_doubt(const UNormalizer2 *norm, const char *s, size_t n, size_t from, size_t *begin, size_t *end)
{
    size_t before = from; /* the last character below U+0300 */

    for (size_t at = from, step; at < n; at += step) {
        uint32_t cp = (uint8_t)s[at];

        step = 1;
        if (cp >= 0x80) step = utf8_decode(s + at, n - at, &cp);
        if (cp < 0x300 || (step == 1 && cp == 0xFFFD)) {
            before = at;
            continue;
        }
        if (unorm2_isInert(norm, (UChar32)cp)) continue;
        *begin = before;
        while (at < n && (uint8_t)s[at] >= 0x80) {
            step = utf8_decode(s + at, n - at, &cp);
            if (step == 1) break;
            at += step;
        }
        *end = at;
        return true;
    }
    return false;
}

enum rc nfc(const char *text, size_t n, char **out, size_t *n_out, struct err *e)
{
    UErrorCode code = U_ZERO_ERROR;
    const UNormalizer2 *norm = unorm2_getNFCInstance(&code);
    size_t done = 0, begin, end;
    struct buf b;
    enum rc rc = RC_OK;

    *out = NULL;
    if (U_FAILURE(code)) return err_set(e, RC_INTERNAL, "tokenize: NFC: %s", u_errorName(code));
    buf_init(&b, MAX_TEXT);
    for (; rc == RC_OK && next_doubt(norm, text, n, done, &begin, &end); done = end) {
        if (n > MAX_TEXT / 3) {
            rc = err_set(e, RC_LIMIT, "tokenize: text over %zu bytes", MAX_TEXT / 3);
            break;
        }
        buf_add(&b, text + done, begin - done);
        if ((uint8_t)text[begin] >= 0x80 && utf8_valid_prefix(text + begin, end - begin) == 0) /* an invalid byte */
            buf_char(&b, text[begin++]);
        rc = add_nfc(norm, text + begin, end - begin, &b, e);
    }
    buf_add(&b, text + done, n - done);
    if (rc == RC_OK) rc = buf_check(&b, "tokenize", e);
    if (rc == RC_OK && (b.len != n || memcmp(b.data, text, n) != 0)) *out = buf_take(&b, n_out);
    buf_clear(&b);
    return rc;
}
