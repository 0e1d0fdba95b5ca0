/* normalise.c: see normalise.h. One pass over the code points; ICU knows digits, white space and compatibility forms
 * (UAX 15), the look-alikes of Latin letters are a table here (the pairs of UTS 39 that occur in spoofed addresses). */
#include "normalise.h"

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <unicode/uchar.h>
#include <unicode/unorm2.h>

#include "../base/crypto.h"
#include "../base/str.h"

struct writer {
    struct normalised *out;
    size_t cap;
    bool failed;
};

/* Bytes s[n] stand for the input [from, upto). */
static void put(struct writer *w, const char *s, size_t n, size_t from, size_t upto)
{
    struct normalised *t = w->out;

    if (w->failed) return;
    if (t->n + n + 1 > w->cap) {
        size_t cap = w->cap + w->cap / 2 + n + 64;
        char *text = malloc(cap);
        uint32_t *map = realloc(t->from, cap * sizeof(*map));

        if (map) t->from = map;
        map = map ? realloc(t->upto, cap * sizeof(*map)) : NULL;
        if (map) t->upto = map;
        if (!text || !map) {
            free(text);
            w->failed = true;
            return;
        }
        if (t->text) { /* not realloc(): the old copy is PII */
            memcpy(text, t->text, t->n);
            crypto_wipe(t->text, t->n);
            free(t->text);
        }
        t->text = text;
        w->cap = cap;
    }
    memcpy(t->text + t->n, s, n);
    for (size_t i = 0; i < n; i++) {
        t->from[t->n + i] = (uint32_t)from;
        t->upto[t->n + i] = (uint32_t)upto;
    }
    t->n += n;
}

/* ---- look-alikes ----------------------------------------------------------------------------------------------- */

static const struct {
    uint16_t cp;
    char latin;
} look_alikes[] = {{0x0391, 'A'}, {0x0392, 'B'}, {0x0395, 'E'}, {0x0396, 'Z'}, {0x0397, 'H'}, {0x0399, 'I'},
                   {0x039A, 'K'}, {0x039C, 'M'}, {0x039D, 'N'}, {0x039F, 'O'}, {0x03A1, 'P'}, {0x03A4, 'T'},
                   {0x03A5, 'Y'}, {0x03A7, 'X'}, {0x03BD, 'v'}, {0x03BF, 'o'}, {0x03C1, 'p'}, {0x03C5, 'u'},
                   {0x0405, 'S'}, {0x0406, 'I'}, {0x0408, 'J'}, {0x0410, 'A'}, {0x0412, 'B'}, {0x0415, 'E'},
                   {0x041A, 'K'}, {0x041C, 'M'}, {0x041D, 'H'}, {0x041E, 'O'}, {0x0420, 'P'}, {0x0421, 'C'},
                   {0x0422, 'T'}, {0x0425, 'X'}, {0x0430, 'a'}, {0x0435, 'e'}, {0x043E, 'o'}, {0x0440, 'p'},
                   {0x0441, 'c'}, {0x0443, 'y'}, {0x0445, 'x'}, {0x0455, 's'}, {0x0456, 'i'}, {0x0458, 'j'},
                   {0x04BB, 'h'}, {0x0501, 'd'}, {0x051B, 'q'}, {0x051D, 'w'}};

static char look_alike(uint32_t cp)
{
    for (size_t i = 0; i < COUNT_OF(look_alikes); i++)
        if (look_alikes[i].cp == cp) return look_alikes[i].latin;
    return 0;
}

/* Where the run of letters, digits and address characters that begins at i ends, and whether it has a Latin letter:
 * only such a mixture is a spoof; "привет" is a word. */
static size_t token_end(const char *s, size_t n, size_t i, bool *latin)
{
    *latin = false;
    while (i < n) {
        uint32_t cp;
        size_t len = utf8_decode(s + i, n - i, &cp);

        if (!u_isalnum((UChar32)cp) && !(cp < 0x80 && strchr("@.-_", (int)cp))) break;
        if ((cp | 0x20) >= 'a' && (cp | 0x20) <= 'z') *latin = true;
        i += len;
    }
    return i;
}

/* ---- "anna [at] example dot com" ------------------------------------------------------------------------------- */

static bool is_word(char c)
{
    return (c >= '0' && c <= '9') || ((c | 0x20) >= 'a' && (c | 0x20) <= 'z') || (unsigned char)c >= 0x80;
}

static size_t skip_spaces(const char *s, size_t n, size_t i)
{
    while (i < n && (s[i] == ' ' || s[i] == '\t'))
        i++;
    return i;
}

static size_t skip_word(const char *s, size_t n, size_t i, const char *word)
{
    size_t len = strlen(word);

    return n - i >= len && strncasecmp(s + i, word, len) == 0 ? i + len : 0;
}

static size_t one_of(const char *s, size_t n, size_t i, const char *const *words)
{
    for (; *words; words++) {
        size_t end = skip_word(s, n, i, *words);

        if (end) return end;
    }
    return 0;
}

static const char *const at_words[] = {"at", "@", "ät", "arroba", "arobase", NULL};
static const char *const dot_words[] = {"dot", "punkt", "point", ".", NULL};

/* Spaces, an opening bracket, one of `words`, the closing bracket, spaces, then a word: the position of that word. */
static size_t bracketed(const char *s, size_t n, size_t i, const char *const *words)
{
    static const char open[] = "[({<", close[] = "])}>";
    const char *bracket;

    i = skip_spaces(s, n, i);
    if (i >= n || !s[i] || !(bracket = strchr(open, s[i]))) return 0;
    i = one_of(s, n, skip_spaces(s, n, i + 1), words);
    if (!i) return 0;
    i = skip_spaces(s, n, i);
    if (i >= n || s[i] != close[bracket - open]) return 0;
    i = skip_spaces(s, n, i + 1);
    return i < n && is_word(s[i]) ? i : 0;
}

/* The same without brackets: spaces on both sides. */
static size_t spaced(const char *s, size_t n, size_t i, const char *const *words)
{
    size_t start = skip_spaces(s, n, i), end;

    if (start == i || start >= n) return 0;
    end = one_of(s, n, start, words);
    if (!end) return 0;
    i = skip_spaces(s, n, end);
    return i > end && i < n && is_word(s[i]) ? i : 0;
}

#define MAX_LABEL 63 /* RFC 1035 */

/* After an unbracketed "at" only if a spelled-out dot follows one word later: "meet at noon" is no address. */
static bool dot_follows(const char *s, size_t n, size_t i)
{
    size_t end = i;

    while (end < n && end - i < MAX_LABEL && (is_word(s[end]) || s[end] == '-'))
        end++;
    return spaced(s, n, end, dot_words) || bracketed(s, n, end, dot_words);
}

/* If a spelled-out '@' or '.' begins at i (behind a word character), writes which and returns where the next word
 * begins, else 0. `address`: an '@' stands shortly before. */
static size_t spelled_out(const char *s, size_t n, size_t i, bool address, char *sign)
{
    size_t next;

    *sign = '@';
    if ((next = bracketed(s, n, i, at_words))) return next;
    if ((next = spaced(s, n, i, at_words)) && dot_follows(s, n, next)) return next;
    *sign = '.';
    if ((next = bracketed(s, n, i, dot_words))) return next;
    if (address && (next = spaced(s, n, i, dot_words))) return next;
    return 0;
}

/* ---- the pass -------------------------------------------------------------------------------------------------- */

static bool vanishes(uint32_t cp)
{
    return cp == 0xAD || cp == 0x34F || (cp >= 0x200B && cp <= 0x200F) || (cp >= 0x202A && cp <= 0x202E) ||
           (cp >= 0x2060 && cp <= 0x2064) || (cp >= 0xFE00 && cp <= 0xFE0F) || cp == 0xFEFF;
}

/* ASCII that stands for cp; its length, or 0. */
static size_t plain_form(const UNormalizer2 *nfkc, uint32_t cp, char out[16])
{
    UChar form[16];
    UErrorCode status = U_ZERO_ERROR;
    int32_t len;

    if ((cp >= 0x2010 && cp <= 0x2015) || cp == 0x2212) return out[0] = '-', 1;
    if (cp == 0x2018 || cp == 0x2019 || cp == 0x02BC) return out[0] = '\'', 1;
    if (cp != '\n' && u_isUWhiteSpace((UChar32)cp)) return out[0] = ' ', 1;
    if (cp < 0x80) return 0;
    if (u_charDigitValue((UChar32)cp) >= 0) return out[0] = (char)('0' + u_charDigitValue((UChar32)cp)), 1;
    len = nfkc ? unorm2_getDecomposition(nfkc, (UChar32)cp, form, (int32_t)COUNT_OF(form), &status) : -1;
    if (U_FAILURE(status) || len <= 0 || len > (int32_t)COUNT_OF(form)) return 0;
    for (int32_t i = 0; i < len; i++) {
        if (form[i] >= 0x80) return 0;
        out[i] = (char)form[i];
    }
    return (size_t)len;
}

enum rc normalise(const char *s, size_t n, size_t max, struct normalised *out, struct err *e)
{
    UErrorCode status = U_ZERO_ERROR;
    const UNormalizer2 *nfkc = unorm2_getNFKCInstance(&status);
    struct writer w = {.out = out};
    size_t token = 0, last_at = 0;
    bool latin = false;

    memset(out, 0, sizeof(*out));
    if (n > max || n >= UINT32_MAX / 4) return err_set(e, RC_LIMIT, "text: more than %zu bytes", max);
    if (U_FAILURE(status)) nfkc = NULL;
    for (size_t i = 0; i < n;) {
        char c = s[i], form[16];
        uint32_t cp;
        size_t len, form_len, next;

        if (is_word(c) && (unsigned char)c < 0x80) {
            put(&w, &c, 1, i, i + 1);
            i++;
            continue;
        }
        if ((c == ' ' || c == '\t' || strchr("[({<", c)) && c && i > 0 && out->n > 0 &&
            is_word(out->text[out->n - 1]) &&
            (next = spelled_out(s, n, i, last_at && out->n - last_at < 4 * MAX_LABEL, form))) {
            put(&w, form, 1, i, next);
            if (form[0] == '@') last_at = out->n;
            out->changed = 1;
            i = next;
            continue;
        }
        len = utf8_decode(s + i, n - i, &cp);
        if (i >= token && (unsigned char)c >= 0x80) {
            /* look back too: the Latin letters may stand before */
            size_t start = i;

            while (start > token && start > 0 && i - start < 4 * MAX_LABEL &&
                   (is_word(s[start - 1]) || strchr("@.-_", s[start - 1])) && s[start - 1])
                start--;
            while (start < i && ((unsigned char)s[start] & 0xC0) == 0x80)
                start++;
            token = token_end(s, n, start, &latin);
            if (token <= i) token = i + len;
        }
        if (vanishes(cp)) {
            out->changed = 1;
        } else if ((form_len = plain_form(nfkc, cp, form)) || (latin && look_alike(cp))) {
            if (!form_len) form[0] = look_alike(cp), form_len = 1;
            if (form_len != len || memcmp(form, s + i, len) != 0) out->changed = 1;
            put(&w, form, form_len, i, i + len);
        } else if (cp == 0xFFFD && len == 1) {
            put(&w, "\xEF\xBF\xBD", 3, i, i + 1);
            out->changed = 1;
        } else {
            put(&w, s + i, len, i, i + len);
        }
        if (cp == '@') last_at = out->n;
        i += len;
    }
    put(&w, "", 1, n, n);
    if (w.failed) {
        normalise_clear(out);
        return err_set(e, RC_NOMEM, "text: out of memory");
    }
    out->n--; /* the NUL is not text, but has its place in the maps */
    return RC_OK;
}

void normalise_clear(struct normalised *t)
{
    if (t->text) crypto_wipe(t->text, t->n);
    free(t->text);
    free(t->from);
    free(t->upto);
    memset(t, 0, sizeof(*t));
}

void normalise_span(const struct normalised *t, size_t start, size_t end, size_t *in_start, size_t *in_end)
{
    *in_start = t->from[start];
    *in_end = end > start ? t->upto[end - 1] : t->from[start];
}
