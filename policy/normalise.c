/* normalise.c: see normalise.h. One pass that stops at bytes of interest; ICU knows digits, white space and compatibility
 * forms (UAX 15), the look-alikes of Latin letters are a table here (the pairs of UTS 39 that occur in spoofed addresses). */
#include "normalise.h"

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <unicode/uchar.h>
#include <unicode/unorm2.h>

#include "../base/crypto.h"
#include "../base/str.h"
#include "bytes.h"

struct writer {
    struct normalised *out;
    const char *s; /* the input */
    size_t n, copied; /* input bytes that are in the output */
    bool failed;
};

static bool reserve(struct writer *w, size_t more)
{
    struct normalised *t = w->out;
    size_t cap = t->n + more + 1;
    char *text;

    if (cap <= t->cap) return true;
    cap += cap / 2;
    text = malloc(cap);
    if (!text) {
        w->failed = true;
        return false;
    }
    if (t->text) { /* not realloc(): the old copy is PII */
        memcpy(text, t->text, t->n);
        crypto_wipe(t->text, t->n);
        free(t->text);
    }
    t->text = text;
    t->cap = cap;
    return true;
}

/* Input bytes up to `upto` as they are. */
static void copy_to(struct writer *w, size_t upto)
{
    size_t n = upto - w->copied;

    if (n == 0 || w->failed || !reserve(w, n)) return;
    memcpy(w->out->text + w->out->n, w->s + w->copied, n);
    w->out->n += n;
    w->copied = upto;
}

/* Bytes put[n] stand for the input [from, upto). */
static void edit(struct writer *w, const char *put, size_t n, size_t from, size_t upto)
{
    struct normalised *t = w->out;

    copy_to(w, from);
    if (w->failed || !reserve(w, n)) return;
    while (from < upto && !w->failed) { /* a field of an edit has 16 bits; only odd input needs a second one */
        size_t part = upto - from > UINT16_MAX ? UINT16_MAX : upto - from;

        if (t->n_edits == t->cap_edits) {
            size_t cap = t->cap_edits ? t->cap_edits * 2 : 16;
            struct edit *edits = realloc(t->edits, cap * sizeof(*edits));

            if (!edits) {
                w->failed = true;
                return;
            }
            t->edits = edits;
            t->cap_edits = cap;
        }
        t->edits[t->n_edits++] = (struct edit){
            .out = (uint32_t)t->n, .in = (uint32_t)from, .n_out = (uint16_t)n, .n_in = (uint16_t)part};
        memcpy(t->text + t->n, put, n);
        t->n += n;
        n = 0;
        from += part;
    }
    w->copied = upto;
    t->changed = 1;
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
    size_t len;

    if (i >= n || ((s[i] ^ *word) & ~0x20)) return 0; /* most words end here */
    len = strlen(word);
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
static const char *const at_sign[] = {"@", NULL};
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

/* "acme.de" or, in quoted-printable, "acme=2Ede"? */
static bool host_follows(const char *s, size_t n, size_t i)
{
    size_t end = i;

    while (end < n && end - i < MAX_LABEL && (is_word(s[end]) || s[end] == '-'))
        end++;
    if (end == i || end >= n) return false;
    if (n - end > 3 && memcmp(s + end, "=2E", 3) == 0)
        end += 3;
    else if (s[end] == '.')
        end++;
    else
        return false;
    return n - end >= 2 && is_word(s[end]) && is_word(s[end + 1]) && (s[end] < '0' || s[end] > '9');
}

/* Does an address of its own begin here? A dot before it ends what stands before: "... 30 00 . anna@acme.example". */
static bool at_follows(const char *s, size_t n, size_t i)
{
    size_t end = i;

    while (end < n && end - i < MAX_LABEL && (is_word(s[end]) || strchr(".+-", s[end])))
        end++;
    return end < n && s[end] == '@';
}

/* If a spelled-out '@' or '.' begins at i (behind a word character), writes which and returns where the next word
 * begins, else 0. `address`: an '@' stands shortly before. */
static size_t spelled_out(const char *s, size_t n, size_t i, bool address, char *sign)
{
    size_t start = skip_spaces(s, n, i), next = 0;

    if (start == n) return 0;
    *sign = '@';
    switch (s[start]) {
    case '[':
    case '(':
    case '{':
    case '<':
        if ((next = bracketed(s, n, i, at_words))) return next;
        *sign = '.';
        return bracketed(s, n, i, dot_words);
    case '@':
        if ((next = spaced(s, n, i, at_sign)) && !dot_follows(s, n, next) && !host_follows(s, n, next)) next = 0;
        return next;
    case 'a':
    case 'A':
    case '\xC3':
        if ((next = spaced(s, n, i, at_words)) && !dot_follows(s, n, next)) next = 0;
        return next;
    default:
        *sign = '.';
        if (address && (next = spaced(s, n, i, dot_words)) && at_follows(s, n, next)) next = 0;
        return next;
    }
}

/* ---- the pass -------------------------------------------------------------------------------------------------- */

static bool vanishes(uint32_t cp)
{
    return cp == 0xAD || cp == 0x34F || (cp >= 0x200B && cp <= 0x200F) || (cp >= 0x202A && cp <= 0x202E) ||
           (cp >= 0x2060 && cp <= 0x2064) || (cp >= 0xFE00 && cp <= 0xFE0F) || cp == 0xFEFF;
}

/* Whole ranges of letters and pictures that stand for themselves: no digits, white space or compatibility forms. */
static bool stands_for_itself(uint32_t cp)
{
    static const struct {
        uint32_t first, last;
    } ranges[] = {{0xC0, 0x131},      {0x134, 0x17E},     {0x180, 0x1C3},   {0x386, 0x3CF},    {0x400, 0x52F},
                  {0x5D0, 0x5EA},     {0x620, 0x65F},     {0x3041, 0x3096}, {0x30A1, 0x30FA}, {0x4E00, 0x9FFF},
                  {0xAC00, 0xD7A3},   {0x1F300, 0x1FAFF}};

    for (size_t i = 0; i < COUNT_OF(ranges) && cp >= ranges[i].first; i++)
        if (cp <= ranges[i].last) return true;
    return false;
}

/* ASCII that stands for cp; its length, or 0. */
static size_t plain_form(const UNormalizer2 *nfkc, uint32_t cp, char out[16])
{
    UChar form[16];
    UErrorCode status = U_ZERO_ERROR;
    int32_t len;

    if (stands_for_itself(cp)) return 0;
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

/* ---- other people's encodings ---------------------------------------------------------------------------------- */

/* The character that the reference at s[i] ("&amp;", "&#64;", "&#x40;") stands for, and where it ends; 0 if none is there. */
static size_t character_reference(const char *s, size_t n, size_t i, uint32_t *cp)
{
    static const struct {
        const char *name;
        uint16_t cp;
    } names[] = {{"amp", '&'},     {"lt", '<'},       {"gt", '>'},       {"quot", '"'},     {"apos", '\''},  {"nbsp", ' '},
                 {"commat", '@'},  {"period", '.'},   {"shy", 0xAD},     {"zwnj", 0x200C},  {"zwj", 0x200D}, {"ensp", ' '},
                 {"emsp", ' '},    {"thinsp", ' '},   {"hyphen", '-'},   {"ndash", '-'},    {"mdash", '-'},  {"lowbar", '_'},
                 {"sol", '/'},     {"colon", ':'},    {"num", '#'},      {"plus", '+'},     {"lpar", '('},   {"rpar", ')'},
                 {"auml", 0xE4},   {"ouml", 0xF6},    {"uuml", 0xFC},    {"Auml", 0xC4},    {"Ouml", 0xD6},  {"Uuml", 0xDC},
                 {"szlig", 0xDF},  {"eacute", 0xE9},  {"egrave", 0xE8},  {"ecirc", 0xEA},   {"agrave", 0xE0}, {"ccedil", 0xE7},
                 {"ntilde", 0xF1}, {"oslash", 0xF8},  {"aring", 0xE5},   {"euro", 0x20AC}};
    size_t end = i + 1;

    while (end < n && end - i < 12 && s[end] != ';' && (is_word(s[end]) || s[end] == '#'))
        end++;
    if (end >= n || s[end] != ';' || end == i + 1) return 0;
    if (s[i + 1] == '#') {
        bool is_hex = (s[i + 2] | 0x20) == 'x';
        size_t at = i + 2 + is_hex;

        *cp = 0;
        if (at == end) return 0;
        for (; at < end; at++) {
            int digit = (s[at] >= '0' && s[at] <= '9')                          ? s[at] - '0'
                        : is_hex && (s[at] | 0x20) >= 'a' && (s[at] | 0x20) <= 'f' ? (s[at] | 0x20) - 'a' + 10
                                                                                  : -1;

            if (digit < 0) return 0;
            *cp = *cp * (is_hex ? 16 : 10) + (uint32_t)digit;
            if (*cp > 0x10FFFF) return 0;
        }
        return *cp >= ' ' && (*cp < 0xD800 || *cp > 0xDFFF) ? end + 1 : 0;
    }
    for (size_t k = 0; k < COUNT_OF(names); k++) {
        if (strlen(names[k].name) != end - i - 1 || memcmp(names[k].name, s + i + 1, end - i - 1) != 0) continue;
        *cp = names[k].cp;
        return end + 1;
    }
    return 0;
}

static int hex_digit(char c)
{
    if (c >= '0' && c <= '9') return c - '0';
    return c >= 'A' && c <= 'F' ? c - 'A' + 10 : -1;
}

/* "=4A" at s[i] as a byte, or -1. Encoders write capitals (RFC 2045 section 6.7). */
static int quoted_byte(const char *s, size_t n, size_t i)
{
    int high, low;

    if (n - i < 3 || s[i] != '=') return -1;
    high = hex_digit(s[i + 1]);
    low = hex_digit(s[i + 2]);
    return high >= 0 && low >= 0 ? high * 16 + low : -1;
}

/* A quoted character that only quoted-printable text would have: several bytes that make one. Its length in s, or 0. */
static size_t quoted_character(const char *s, size_t n, size_t i, uint32_t *cp)
{
    char bytes[4];
    size_t count = 0;
    int b;

    while (count < 4 && (b = quoted_byte(s, n, i + 3 * count)) >= 0x80)
        bytes[count++] = (char)b;
    for (size_t len = 2; len <= count; len++)
        if (utf8_decode(bytes, len, cp) == len && *cp != 0xFFFD) return 3 * len;
    return 0;
}

/* Does the text have what no other text has: a soft line break, a quoted '=' or a quoted letter? */
static bool looks_quoted(const char *s, size_t n)
{
    const char *p = s, *end = s + n;
    uint32_t cp;

    while ((p = memchr(p, '=', (size_t)(end - p)))) {
        size_t i = (size_t)(p - s);

        if (quoted_byte(s, n, i) == '=' || quoted_character(s, n, i, &cp)) return true;
        if (i > 0 && s[i - 1] != ' ' && s[i - 1] != '=' && n - i > 1 && (s[i + 1] == '\n' || (s[i + 1] == '\r' && n - i > 2 && s[i + 2] == '\n')))
            return true;
        p++;
    }
    return false;
}

/* What stands at the '=' or '%' s[i]: *cp (0: nothing, a soft line break) and where it ends; 0 if it is just that sign.
 * `quoted`: -1 until it has been looked up. */
static size_t quoted_printable(const char *s, size_t n, size_t i, int *quoted, uint32_t *cp)
{
    size_t len;
    int b;

    if (s[i] == '%') {
        *cp = '@';
        return n - i > 3 && s[i + 1] == '4' && s[i + 2] == '0' && i > 0 && is_word(s[i - 1]) && host_follows(s, n, i + 3)
                   ? i + 3
                   : 0;
    }
    if ((len = quoted_character(s, n, i, cp))) return i + len;
    b = quoted_byte(s, n, i);
    if (b == '@' && i > 0 && is_word(s[i - 1]) && host_follows(s, n, i + 3)) return *cp = '@', i + 3;
    if (*quoted < 0) *quoted = looks_quoted(s, n);
    if (!*quoted) return 0;
    if (b >= ' ' && b < 0x7F) return *cp = (uint32_t)b, i + 3;
    *cp = 0;
    if (i > 0 && n - i > 1 && s[i + 1] == '\n') return i + 2;
    if (i > 0 && n - i > 2 && s[i + 1] == '\r' && s[i + 2] == '\n') return i + 3;
    return 0;
}

/* ---- "0 1 7 1 ..." --------------------------------------------------------------------------------------------- */

#define SPACED_DIGITS 7 /* fewer may be a list */

static bool is_digit(char c)
{
    return c >= '0' && c <= '9';
}

/* The space s[i] stands in a run of single digits that are spaced one by one: where the last of its digits is, else 0. */
static size_t spaced_digits(const char *s, size_t n, size_t i)
{
    size_t count = 1, at = i;

    if (i == 0 || !is_digit(s[i - 1]) || (i > 1 && is_word(s[i - 2]))) return 0;
    while (n - at >= 2 && s[at] == ' ' && is_digit(s[at + 1]) && (n - at == 2 || !is_word(s[at + 2]))) {
        count++;
        at += 2;
    }
    return count >= SPACED_DIGITS ? at - 1 : 0;
}

/* ---- the pass -------------------------------------------------------------------------------------------------- */

/* Is the space s[i] worth a look: "at", "arroba", "dot", "punkt", "point", "ät", '@', '.', a bracket or a digit behind it? */
static bool space_matters(const char *s, size_t n, size_t i)
{
    char next, more;

    if (n - i < 2) return false;
    next = s[i + 1];
    more = n - i > 2 ? (char)(s[i + 2] | 0x20) : ' ';
    switch (next) {
    case 'a':
    case 'A':
        return more == 't' || more == 'r';
    case 'd':
    case 'D':
        return more == 'o';
    case 'p':
    case 'P':
        return more == 'u' || more == 'o';
    case ' ':
    case '\t':
    case '@':
    case '.':
    case '[':
    case '(':
    case '{':
    case '<':
        return true;
    default:
        return (next >= '0' && next <= '9' && i > 0 && is_digit(s[i - 1])) || (unsigned char)next == 0xC3;
    }
}

struct pass {
    struct writer w;
    const UNormalizer2 *nfkc;
    size_t token;  /* where the run of letters that was last looked at ends */
    bool latin;    /* and whether it has a Latin letter */
    size_t sign;   /* behind the last '@', in the output; 0: none yet */
    int quoted;
};

/* In the output, which copy_to() has brought up to the input's i. */
static bool behind_word(const struct pass *p)
{
    return p->w.out->n > 0 && is_word(p->w.out->text[p->w.out->n - 1]);
}

/* A space, tab or opening bracket at s[i]; returns where to go on. */
static size_t pass_space(struct pass *p, size_t i)
{
    const char *s = p->w.s;
    size_t n = p->w.n, next, last;
    char sign;

    if (s[i] == ' ' && n - i > 1 && is_digit(s[i + 1])) {
        last = spaced_digits(s, n, i);
        for (; i < last; i += 2)
            edit(&p->w, "", 0, i, i + 1);
        return last ? i : i + 1;
    }
    if (i > 0 && is_word(s[i - 1])) {
        copy_to(&p->w, i);
        if (!p->w.failed && behind_word(p) &&
            (next = spelled_out(s, n, i, p->sign && p->w.out->n - p->sign < 4 * MAX_LABEL, &sign))) {
            edit(&p->w, &sign, 1, i, next);
            if (sign == '@') p->sign = p->w.out->n;
            return next;
        }
    }
    if (s[i] == '\t') edit(&p->w, " ", 1, i, i + 1);
    return i + 1;
}

static bool is_spoof(struct pass *p, size_t i, size_t len)
{
    const char *s = p->w.s;

    if (i >= p->token) { /* look back too: the Latin letters may stand before */
        size_t start = i;

        while (start > p->token && start > 0 && i - start < 4 * MAX_LABEL &&
               (is_word(s[start - 1]) || strchr("@.-_", s[start - 1])) && s[start - 1])
            start--;
        while (start < i && ((unsigned char)s[start] & 0xC0) == 0x80)
            start++;
        p->token = token_end(s, p->w.n, start, &p->latin);
        if (p->token <= i) p->token = i + len;
    }
    return p->latin;
}

/* The character cp stands at [i, upto), as such or encoded. */
static void pass_character(struct pass *p, uint32_t cp, size_t i, size_t upto, bool encoded)
{
    char form[16], latin = look_alike(cp);
    size_t len;

    if (vanishes(cp) || (encoded && cp == 0)) {
        edit(&p->w, "", 0, i, upto);
    } else if ((len = plain_form(p->nfkc, cp, form))) {
        edit(&p->w, form, len, i, upto);
    } else if (latin && !encoded && is_spoof(p, i, upto - i)) {
        edit(&p->w, &latin, 1, i, upto);
    } else if (cp == 0xFFFD && upto - i == 1) {
        edit(&p->w, "\xEF\xBF\xBD", 3, i, upto);
    } else if (encoded) {
        edit(&p->w, form, utf8_encode(cp, form), i, upto);
    }
    if (cp == '@') p->sign = p->w.out->n;
}

/* A byte of interest at s[i]; returns where to go on. */
static size_t pass_interest(struct pass *p, size_t i)
{
    const char *s = p->w.s;
    uint32_t cp;
    size_t end;

    switch (s[i]) {
    case ' ':
    case '\t':
    case '[':
    case '(':
    case '{':
    case '<':
        return pass_space(p, i);
    case '@':
        copy_to(&p->w, i + 1);
        p->sign = p->w.out->n;
        return i + 1;
    case '\v':
    case '\f':
    case '\r':
        edit(&p->w, " ", 1, i, i + 1);
        return i + 1;
    case '&':
        end = character_reference(s, p->w.n, i, &cp);
        break;
    case '=':
    case '%':
        end = quoted_printable(s, p->w.n, i, &p->quoted, &cp);
        break;
    default:
        end = i + utf8_decode(s + i, p->w.n - i, &cp);
        pass_character(p, cp, i, end, false);
        return end;
    }
    if (!end) return i + 1;
    pass_character(p, cp, i, end, true);
    return end;
}

#define BLOCK 64 /* bytes that are looked at at once */
#define AHEAD 2  /* bytes behind them that are looked at too */

/* Where in s[0, BLOCK) the pass may have to stop, a bit each. Never no where it has to. */
static inline uint64_t look_at_block(const char *s)
{
    uint64_t odd = 0, spaces = 0, before_word = 0;

    for (unsigned k = 0; k < BLOCK; k += 16) {
        bytes_lanes v = bytes_load16(s + k), next = bytes_load16(s + k + 1), more = bytes_load16(s + k + 2) | 0x20;
        bytes_lanes low = next | 0x20, after_at = bytes_are(more, 't') | bytes_are(more, 'r');
        bytes_lanes stop = bytes_are(v, '@') | bytes_are(v, '&') | bytes_are(v, '%') | bytes_are(v & 0xFE, '<') | /* and '=' */
                           bytes_are(v, '(') | bytes_are(v | 0x20, '{') | /* and '[' */ bytes_are(v, '\t') |
                           (bytes_lanes)((bytes_lanes)(v - '\v') < 3); /* \v, \f, \r */
        bytes_lanes word = (bytes_are(low, 'a') & after_at) | (bytes_are(low, 'd') & bytes_are(more, 'o')) |
                           (bytes_are(low, 'p') & (bytes_are(more, 'u') | bytes_are(more, 'o'))) | bytes_are(next, ' ') |
                           bytes_are(next, '.') | (bytes_are_digits(next) & ~bytes_are_digits(more));

        odd |= bytes_mark(v | stop) << k; /* and all beyond ASCII */
        spaces |= bytes_mark(bytes_are(v, ' ')) << k;
        before_word |= bytes_mark(word) << k;
    }
    return odd | (spaces & (before_word | odd >> 1 | UINT64_C(1) << (BLOCK - 1)));
}

static void run(struct pass *p)
{
    const char *s = p->w.s;
    size_t n = p->w.n, next = 0; /* where to go on */

    for (size_t base = 0; base < n && !p->w.failed; base += BLOCK) {
        char padded[BLOCK + AHEAD];
        const char *block = s + base;
        uint64_t marks;

        if (next >= base + BLOCK) continue;
        if (n - base < sizeof(padded)) {
            memset(padded, 0, sizeof(padded));
            block = memcpy(padded, block, n - base);
        }
        for (marks = look_at_block(block); marks && !p->w.failed; marks &= marks - 1) {
            size_t i = base + (size_t)__builtin_ctzll(marks);

            if (i < next || (s[i] == ' ' && !space_matters(s, n, i))) continue;
            if (s[i] == '\xC3' && n - i > 1 && ((unsigned char)s[i + 1] & 0xC0) == 0x80)
                next = i + 2; /* U+00C0 to U+00FF: frequent, and they stand for themselves */
            else
                next = pass_interest(p, i);
        }
    }
}

enum rc normalise(const char *s, size_t n, size_t max, struct normalised *out, struct err *e)
{
    memset(out, 0, sizeof(*out));
    return normalise_again(s, n, max, out, e);
}

enum rc normalise_again(const char *s, size_t n, size_t max, struct normalised *out, struct err *e)
{
    UErrorCode status = U_ZERO_ERROR;
    struct pass p = {.w = {.out = out, .s = s, .n = n}, .nfkc = unorm2_getNFKCInstance(&status), .quoted = -1};

    normalise_forget(out);
    if (n > max || n >= UINT32_MAX / 4) return err_set(e, RC_LIMIT, "text: more than %zu bytes", max);
    if (U_FAILURE(status)) p.nfkc = NULL;
    if (reserve(&p.w, n)) {
        run(&p);
        copy_to(&p.w, n);
    }
    if (p.w.failed || !reserve(&p.w, 0)) {
        normalise_clear(out);
        return err_set(e, RC_NOMEM, "text: out of memory");
    }
    out->text[out->n] = '\0';
    return RC_OK;
}

void normalise_forget(struct normalised *t)
{
    if (t->text) crypto_wipe(t->text, t->n);
    t->n = t->n_edits = 0;
    t->changed = 0;
}

void normalise_clear(struct normalised *t)
{
    if (t->text) crypto_wipe(t->text, t->n);
    free(t->text);
    free(t->edits);
    memset(t, 0, sizeof(*t));
}

/* The last edit at or before `at`, or NULL. */
static const struct edit *edit_at(const struct normalised *t, size_t at)
{
    size_t low = 0, high = t->n_edits;

    while (low < high) {
        size_t middle = low + (high - low) / 2;

        if (t->edits[middle].out <= at)
            low = middle + 1;
        else
            high = middle;
    }
    return low ? &t->edits[low - 1] : NULL;
}

void normalise_span(const struct normalised *t, size_t start, size_t end, size_t *in_start, size_t *in_end)
{
    const struct edit *a = edit_at(t, start), *z = end > start ? edit_at(t, end - 1) : a;
    size_t last = end > start ? end - 1 : start;

    *in_start = !a ? start : start < (size_t)a->out + a->n_out ? a->in : start - a->out - a->n_out + a->in + a->n_in;
    if (end <= start) {
        *in_end = *in_start;
    } else {
        *in_end = !z ? last + 1 : (size_t)z->in + z->n_in;
        if (z && last >= (size_t)z->out + z->n_out) *in_end += last - z->out - z->n_out + 1;
    }
}
