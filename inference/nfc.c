/* nfc.c: NFC by ICU. Its C interface knows UTF-16 only, so a text that needs the work goes there and back. */
#include "nfc.h"

#include <stdlib.h>
#include <string.h>
#include <unicode/unorm2.h>
#include <unicode/ustring.h>
#include "../base/buf.h"
#include "../base/str.h"

#define MAX_TEXT ((size_t)1 << 30) /* ICU counts in int32_t; NFC can grow a text threefold (annex 15, section 9) */

/* Nothing below U+0300 composes with what is before it, and all of it stays as it is. */
static bool surely_nfc(const char *s, size_t n)
{
    for (size_t i = 0; i < n; i++)
        if ((uint8_t)s[i] >= 0xCC) return false;
    return true;
}

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

enum rc nfc(const char *text, size_t n, char **out, size_t *n_out, struct err *e)
{
    UErrorCode code = U_ZERO_ERROR;
    const UNormalizer2 *norm;
    struct buf b;
    enum rc rc = RC_OK;

    *out = NULL;
    if (surely_nfc(text, n)) return RC_OK;
    if (n > MAX_TEXT / 3) return err_set(e, RC_LIMIT, "tokenize: text over %zu bytes", MAX_TEXT / 3);
    norm = unorm2_getNFCInstance(&code);
    if (U_FAILURE(code)) return err_set(e, RC_INTERNAL, "tokenize: NFC: %s", u_errorName(code));
    buf_init(&b, MAX_TEXT);
    for (size_t at = 0; at < n && rc == RC_OK;) {
        size_t good = utf8_valid_prefix(text + at, n - at);

        if (good > 0) rc = add_nfc(norm, text + at, good, &b, e);
        at += good;
        if (at < n) buf_char(&b, text[at++]);
    }
    if (rc == RC_OK) rc = buf_check(&b, "tokenize", e);
    if (rc == RC_OK) *out = buf_take(&b, n_out);
    buf_clear(&b);
    return rc;
}
