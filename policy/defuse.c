/* defuse.c: see defuse.h. */
#include "defuse.h"

#include <ctype.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "../base/crypto.h"
#include "../base/str.h"
#include "text.h"

#define TAG_MAX_BYTES 300  /* "<a href=...>": a longer one has no end */
#define NAME_MAX_BYTES 100
#define NAME_MAX_WORDS 9
#define ENCODED_MIN 16     /* bytes of a word that may be an encoding */
#define REPEATED_MIN 4     /* times one word in a row */
#define SPELLED_MIN 6      /* single letters in a row */

static bool is_white(char c)
{
    return c == ' ' || c == '\n' || c == '\t';
}

static bool is_alpha(char c)
{
    return isalpha((unsigned char)c) || (c & 0x80);
}

static bool is_alnum(char c)
{
    return is_alpha(c) || isdigit((unsigned char)c);
}

/* ---- words ------------------------------------------------------------------------------------------------------ */

/* Words of a text in full stops: "z.B.", "e.g", "p.m." have one letter on one side. */
static bool has_inner_dot(const char *s, size_t n)
{
    for (size_t i = 2; i + 2 < n; i++)
        if (s[i] == '.' && is_alnum(s[i - 1]) && is_alnum(s[i - 2]) && isalpha((unsigned char)s[i + 1]) && isalpha((unsigned char)s[i + 2]) &&
            !(isupper((unsigned char)s[i + 1]) && islower((unsigned char)s[i + 2]) && islower((unsigned char)s[i - 1])))
            return true; /* but "ready.Then" only lacks its space */
    return false;
}

static size_t count_of(const char *s, size_t n, char c)
{
    size_t k = 0;

    for (size_t i = 0; i < n; i++) k += s[i] == c;
    return k;
}

static bool is_address(const char *s, size_t n)
{
    size_t digits = 0;

    for (size_t i = 0; i < n; i++) digits += isdigit((unsigned char)s[i]) != 0;
    return digits > 3 && digits + 3 == n && count_of(s, n, '.') == 3 && n >= 7;
}

bool defuse_is_link(const char *s, size_t n)
{
    static const char *const schemes[] = {"http", "hxxp", "ftp", "mailto", "javascript", "data", "file", "tel", "sms", "ldap"};

    while (n && strchr("(\"'<", *s)) s++, n--;
    while (n && strchr(").,;:!?\"'>", s[n - 1])) n--;
    for (size_t i = 0; i + 1 < n; i++) {
        if (s[i] == '@' && i > 0 && is_alnum(s[i - 1])) return true;
        if (i + 2 < n && s[i] == '/' && s[i + 1] == '/') return true;
    }
    for (size_t i = 0; i < COUNT_OF(schemes); i++) {
        size_t k = strlen(schemes[i]);
        if (n > k + 1 && strncasecmp(s, schemes[i], k) == 0 && (s[k] == ':' || (s[k] == 's' && s[k + 1] == ':'))) return true;
    }
    return has_inner_dot(s, n) || is_address(s, n) || (n > 4 && strncasecmp(s, "www.", 4) == 0);
}

bool defuse_is_encoded(const char *s, size_t n)
{
    size_t upper = 0, turns = 0, digits = 0, hex = 0, odd = 0, percent = count_of(s, n, '%'), letters = 0;

    if (percent > 2 || (n > 5 && s[0] == '0' && (s[1] | 0x20) == 'x')) return true;
    for (size_t i = 0; i < n; i++) {
        unsigned char c = (unsigned char)s[i];
        if (c & 0x80 || !(isalnum(c) || strchr("+/=_-", c))) odd++;
        digits += isdigit(c) != 0;
        letters += isalpha(c) != 0;
        upper += isupper(c) != 0;
        hex += isxdigit(c) != 0;
        if (i) turns += (isupper(c) && islower((unsigned char)s[i - 1])) || (isdigit(c) && isalpha((unsigned char)s[i - 1]));
    }
    if (n < ENCODED_MIN || odd > 1) return false;
    if (hex == n && n >= 2 * ENCODED_MIN && digits && letters) return true; /* shorter ones are people's numbers */
    return turns >= 3 && upper < letters;
}

/* ---- mark-up ---------------------------------------------------------------------------------------------------- */

/* "<a ...>", "</a>", "<!-- -->", "<|im_end|>", "<<SYS>>", "&lt;": how many bytes at s, or 0. An unfinished one is all that
 * is left of its line. */
static size_t tag(const char *s, size_t n)
{
    size_t i = 1;

    if (*s == '&') {
        while (i < n && i < 10 && (isalnum((unsigned char)s[i]) || s[i] == '#')) i++;
        return i > 2 && i < n && s[i] == ';' ? i + 1 : 0;
    }
    if (*s != '<' || n < 2 || !(is_alpha(s[1]) || strchr("/!|?<", s[1]))) return 0;
    if (n > 3 && memcmp(s, "<!--", 4) == 0) {
        const char *end = memmem(s, n, "-->", 3);
        return end ? (size_t)(end - s) + 3 : n;
    }
    while (i < n && i < TAG_MAX_BYTES && s[i] != '>' && s[i] != '\n') i++;
    while (i < n && (s[i] & 0xC0) == 0x80) i++; /* not within a letter */
    while (i < n && s[i] == '>') i++;
    return i;
}

/* "<start_of_turn>", "<|im_end|>", "<<SYS>>", "{{system}}", "<s>[INST]": nobody writes these, and none is HTML. */
static bool is_template_token(const char *s, size_t n)
{
    static const char *const html[] = {"a", "abbr", "address", "article", "b", "big", "blockquote", "body", "br", "button", "center", "code", "dd", "del", "div", "dl", "dt",
                                       "em", "embed", "font", "footer", "form", "frame", "h1", "h2", "h3", "h4", "h5", "h6", "head", "header", "hr", "html", "i", "iframe",
                                       "img", "input", "ins", "label", "li", "link", "main", "meta", "nav", "object", "ol", "option", "p", "pre", "q", "script", "section",
                                       "select", "small", "span", "strike", "strong", "style", "sub", "sup", "svg", "table", "tbody", "td", "textarea", "tfoot", "th",
                                       "thead", "title", "tr", "tt", "u", "ul", "video", "audio"};
    size_t i = 1, from;

    if (n < 3) return false;
    if (s[0] == '{' && (s[1] == '{' || s[1] == '%')) return true;
    if (s[0] == '$' && s[1] == '{') return true;
    if (s[0] != '<') return false;
    if (s[1] == '|' || s[1] == '<') return true;
    i += s[1] == '/';
    for (from = i; i < n && (isalnum((unsigned char)s[i]) || s[i] == '_');) i++;
    if (i == from || i >= n || !strchr("> /", s[i])) return false;
    for (size_t k = 0; k < COUNT_OF(html); k++)
        if (strlen(html[k]) == i - from && strncasecmp(html[k], s + from, i - from) == 0) return false;
    return s[i] == '>';
}

/* Where the first of them stands, or n: whoever writes one talks to a model from there on. */
static size_t first_token(const char *s, size_t n)
{
    for (size_t i = 0; i < n; i++)
        if (is_template_token(s + i, n - i)) return i;
    return n;
}

/* What stands between <script> and </script> is no text either. */
static size_t script(const char *s, size_t n)
{
    static const char *const names[] = {"script", "style", "think", "tool_call"};

    for (size_t k = 0; k < COUNT_OF(names); k++) {
        size_t len = strlen(names[k]);
        if (n < len + 2 || s[0] != '<' || strncasecmp(s + 1, names[k], len) != 0 || is_alpha(s[len + 1])) continue;
        for (size_t i = len; i + len + 1 < n; i++)
            if (s[i] == '<' && s[i + 1] == '/' && strncasecmp(s + i + 2, names[k], len) == 0) return i;
        return n;
    }
    return 0;
}

static void strip_markup(const char *s, size_t n, struct buf *out)
{
    for (size_t i = 0; i < n;) {
        size_t k = *(s + i) == '<' ? script(s + i, n - i) : 0;

        if (!k) k = tag(s + i, n - i);
        if (k) {
            buf_char(out, ' ');
            i += k;
        } else if (strchr("{}|\\`^~", s[i]) || ((s[i] == '<' || s[i] == '>') && !(i + 1 < n && (s[i + 1] == ' ' || isdigit((unsigned char)s[i + 1]))))) {
            buf_char(out, ' ');
            i++;
        } else {
            buf_char(out, s[i++]);
        }
    }
}

/* "@SUM(1)", "-2+SUM(1)", not "@Anna please call (today)" */
static bool is_call(const char *s, size_t n)
{
    size_t i = 1;

    while (i < n && !is_white(s[i]) && !(s[i] == '(' && is_alnum(s[i - 1]))) i++;
    return i > 1 && i < n && s[i] == '(';
}

/* "=HYPERLINK(...)", "+SUM(1)", "@SUM(1)", "-cmd|'...'!A0" where a spreadsheet would run it: at the beginning of a text or
 * line. */
static size_t formula(const char *s, size_t n)
{
    size_t i = 0, end = 0;

    while (i < n && is_white(s[i]) && s[i] != '\n') i++;
    if (i + 1 >= n || !strchr("=+@-", s[i]) || is_white(s[i + 1])) return 0;
    while (end < n && s[end] != '\n') end++;
    if (s[i] == '=' || is_call(s + i, end - i)) return end;
    return memchr(s + i, '|', end - i) && memchr(s + i, '!', end - i) ? end : 0;
}

/* ---- word by word ----------------------------------------------------------------------------------------------- */

static bool is_letter_alone(const char *s, size_t n)
{
    return (n == 1 && isalpha((unsigned char)*s)) || (n == 2 && (*s & 0x80)) || (n == 2 && isalpha((unsigned char)*s) && strchr(".-", s[1]));
}

static size_t word_end(const char *s, size_t n, size_t i)
{
    while (i < n && !is_white(s[i])) i++;
    return i;
}

/* "e l s t e r": letters spelled apart from `i` on; where they end, or i. */
static size_t spelled(const char *s, size_t n, size_t i)
{
    size_t at = i, end = i, letters = 0;

    while (at < n) {
        size_t stop = word_end(s, n, at);
        if (!is_letter_alone(s + at, stop - at)) break;
        letters++;
        end = stop;
        for (at = stop; at < n && is_white(s[at]);) at++;
    }
    return letters >= SPELLED_MIN ? end : i;
}

/* The same word again and again, from `i` on: where it ends, or i. */
static size_t repeated(const char *s, size_t n, size_t i)
{
    size_t end = word_end(s, n, i), len = end - i, times = 1, at = end;

    while (len && at < n) {
        while (at < n && is_white(s[at])) at++;
        if (n - at < len || memcmp(s + at, s + i, len) != 0 || (at + len < n && !is_white(s[at + len]))) break;
        at += len;
        times++;
        end = at;
    }
    return times >= REPEATED_MIN ? end : i;
}

static void strip_words(const char *s, size_t n, struct buf *out, struct defused *what)
{
    for (size_t i = 0; i < n;) {
        size_t end;

        if ((i == 0 || s[i - 1] == '\n') && (end = formula(s + i, n - i)) > 0) {
            i += end;
            continue;
        }
        if (is_white(s[i])) {
            buf_char(out, s[i++]);
            continue;
        }
        end = spelled(s, n, i);
        if (end > i) {
            what->encoded = true;
            i = end;
            continue;
        }
        end = repeated(s, n, i);
        if (end > i) {
            what->encoded = true;
            i = end;
            continue;
        }
        end = word_end(s, n, i);
        if (defuse_is_encoded(s + i, end - i))
            what->encoded = true;
        else if (!(end - i > 2 && s[i] == '=' && isalpha((unsigned char)s[i + 1])))
            buf_add(out, s + i, end - i);
        i = end;
    }
}

/* ---- sentences -------------------------------------------------------------------------------------------------- */

static void rot13(const char *s, size_t n, char *out)
{
    for (size_t i = 0; i < n; i++) {
        char c = s[i];
        out[i] = c >= 'a' && c <= 'z' ? (char)('a' + (c - 'a' + 13) % 26) : c >= 'A' && c <= 'Z' ? (char)('A' + (c - 'A' + 13) % 26) : c;
    }
}

static void reversed(const char *s, size_t n, char *out)
{
    for (size_t i = 0; i < n; i++) out[i] = s[n - 1 - i];
}

/* "1gn0r3": digits for letters inside words. */
static void unleet(const char *s, size_t n, char *out)
{
    static const char from[] = "4310$75@8", to[] = "aeiostsab";

    for (size_t i = 0; i < n; i++) {
        const char *at = s[i] ? strchr(from, s[i]) : NULL;
        bool inside = at && ((i > 0 && isalpha((unsigned char)s[i - 1])) || (i + 1 < n && isalpha((unsigned char)s[i + 1])));
        out[i] = inside ? to[at - from] : s[i];
    }
}

/* Words that have their digits inside: in plain text hardly one. */
static size_t mixed_words(const char *s, size_t n)
{
    size_t mixed = 0;

    for (size_t i = 0; i < n;) {
        size_t end = word_end(s, n, i), turns = 0;
        for (size_t k = i + 1; k < end; k++) turns += isdigit((unsigned char)s[k - 1]) && isalpha((unsigned char)s[k]) && k > i + 1;
        mixed += turns > 0;
        i = end + 1;
    }
    return mixed;
}

static size_t small_words(const char *s, size_t n)
{
    struct stretch w;
    size_t hits = 0;
    char fold[64];

    for (size_t pos = 0; text_word(s, n, &pos, &w);) {
        if (w.end - w.start < 2) continue;
        text_fold(s + w.start, w.end - w.start, fold, sizeof(fold));
        hits += text_is_stop_word(fold);
    }
    return hits;
}

/* A sentence that no language owns as it stands, but one does when it is read in another way. */
static enum rc is_disguised(struct suspicious *s, const char *text, size_t n, bool *yes, struct err *e)
{
    static void (*const ways[])(const char *, size_t, char *) = {rot13, reversed, unleet};
    char *other = malloc(n + 1);
    enum rc rc = RC_OK;
    bool ascii = true;

    if (!other) return err_set(e, RC_NOMEM, "policy: out of memory");
    for (size_t i = 0; i < n; i++) ascii = ascii && !(text[i] & 0x80);
    for (size_t i = 0; rc == RC_OK && !*yes && ascii && n >= 12 && i < COUNT_OF(ways); i++) {
        size_t before = small_words(text, n), after;

        ways[i](text, n, other);
        other[n] = '\0';
        after = small_words(other, n);
        if (i == 2 && mixed_words(text, n) > 2) *yes = true;
        if (i < 2 && before == 0 && after >= 2) *yes = true;
        if (!*yes) rc = suspicious_scan(s, other, n, yes, NULL, NULL, e);
    }
    crypto_wipe(other, n);
    free(other);
    return rc;
}

/* Up to the first sentence that gives orders; what comes behind it is its work as well. */
static enum rc cut_orders(struct suspicious *s, const char *text, size_t n, struct buf *out, struct defused *what, struct err *e)
{
    struct stretch x;
    size_t from = 0, end = n;
    enum rc rc = suspicious_scan(s, text, n, &what->orders, &from, NULL, e);

    if (rc != RC_OK) return rc;
    if (what->orders) end = from;
    for (size_t pos = 0, upto = 0; rc == RC_OK && text_sentence(text, n, NULL, 0, &pos, &x); upto = x.end) {
        bool disguised = false;

        if (x.end > end) break; /* the one with the orders */
        rc = is_disguised(s, text + x.start, x.end - x.start, &disguised, e);
        if (disguised) {
            what->orders = what->encoded = true;
            break;
        }
        buf_add(out, text + upto, x.end - upto);
    }
    return rc;
}

enum rc defuse(struct suspicious *s, const char *text, size_t n, struct buf *out, struct defused *what, struct err *e)
{
    struct buf plain, words;
    struct defused seen = {0};
    bool hidden = false;
    size_t from = n, end;
    enum rc rc;

    *what = (struct defused){0};
    buf_init(&plain, 4 * n + 64);
    buf_init(&words, 4 * n + 64);
    /* Orders may stand in a comment, or be a template's token: what is stripped must have been looked at. */
    rc = suspicious_scan(s, text, n, &hidden, &from, NULL, e);
    end = first_token(text, n);
    if (end < n) hidden = true;
    if (hidden && from < end && strchr("<{[", text[from])) end = from;
    strip_markup(text, end, &plain);
    strip_words(plain.data, plain.len, &words, &seen);
    if (rc == RC_OK) rc = buf_check(&words, "a text", e);
    if (rc == RC_OK) rc = cut_orders(s, words.data, words.len, out, what, e);
    what->orders = what->orders || hidden;
    what->encoded = what->encoded || seen.encoded;
    buf_wipe(&plain);
    buf_wipe(&words);
    return rc;
}

/* ---- names ------------------------------------------------------------------------------------------------------ */

static bool is_small_in_names(const char *fold)
{
    static const char *const words[] = {"and", "of", "the", "for", "in", "at", "on", "by", "an", "am", "auf", "zu", "zur", "zum", "im", "und", "der", "die", "das", "den",
                                        "des", "dem", "fur", "für", "von", "vom", "van", "de", "du", "la", "le", "les", "et", "al", "el", "y", "e", "a", "i", "us", "one"};

    for (size_t i = 0; i < COUNT_OF(words); i++)
        if (str_eq(words[i], fold)) return true;
    return false;
}

bool defuse_is_name(const char *s, size_t n)
{
    struct stretch w;
    size_t words = 0, small = 0;
    char fold[64];

    if (!n || n > NAME_MAX_BYTES || strchr("=+@-", *s)) return n == 0;
    for (size_t i = 0; i < n; i++)
        if ((unsigned char)s[i] < ' ' || strchr("<>{}|`=^~;:?*", s[i])) return false;
    for (size_t i = 0; i < n;) {
        size_t end = word_end(s, n, i);
        if (defuse_is_encoded(s + i, end - i) || (memchr(s + i, '/', end - i) && memchr(s + i, '.', end - i)) || memchr(s + i, '@', end - i)) return false;
        i = end + 1;
    }
    if (spelled(s, n, 0) > 0 || mixed_words(s, n) > 1) return false;
    for (size_t pos = 0; text_word(s, n, &pos, &w); words++) {
        text_fold(s + w.start, w.end - w.start, fold, sizeof(fold));
        small += text_is_stop_word(fold) && !is_small_in_names(fold);
    }
    return words <= NAME_MAX_WORDS && small < 2 && !(small == 1 && words > 4);
}
