/* Any bytes as a record's text, normalised and defused as policy does it: what is left is valid UTF-8 and no longer, has no
 * mark-up, template token or formula, and gives no orders. */
#include <ctype.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "../../base/str.h"
#include "../../policy/defuse.h"
#include "../../policy/normalise.h"

static void check(int ok)
{
    if (!ok) abort();
}

/* Written anew, so that it does not repeat what defuse.c may have wrong. */
static void check_markup(const char *s, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        check(!strchr("{}|\\`^~", s[i]) || !s[i]);
        if (s[i] == '<' || s[i] == '>') check(i + 1 == n || s[i + 1] == ' ' || isdigit((unsigned char)s[i + 1])); /* "x < 20" */
    }
}

/* No line begins as a spreadsheet's formula does. */
static void check_formulas(const char *s, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        if (i && s[i - 1] != '\n') continue;
        size_t at = i;
        while (at < n && (s[at] == ' ' || s[at] == '\t')) at++;
        check(!(at + 2 < n && s[at] == '=' && isalpha((unsigned char)s[at + 1])));
        check(!(at + 3 < n && s[at] == '@' && isalpha((unsigned char)s[at + 1]) && s[at + 2] == '('));
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static struct suspicious *s;
    struct normalised t;
    struct defused what;
    struct buf out;
    bool orders = false;
    enum rc rc;

    if (!s) check(suspicious_open(&s, NULL) == RC_OK);
    check(normalise((const char *)data, size, 1 << 20, &t, NULL) == RC_OK);
    buf_init(&out, 1 << 22);
    rc = defuse(s, t.text, t.n, &out, &what, NULL);
    check(rc == RC_OK || rc == RC_LIMIT);
    if (rc == RC_OK) {
        check(out.len <= t.n && utf8_valid_prefix(out.data, out.len) == out.len);
        check_markup(out.data, out.len);
        check_formulas(out.data, out.len);
        check(suspicious_scan(s, out.data, out.len, &orders, NULL, NULL, NULL) == RC_OK && !orders);
        (void)defuse_is_name(out.data, out.len);
    }
    buf_clear(&out);
    normalise_clear(&t);
    return 0;
}
