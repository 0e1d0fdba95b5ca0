/* words.c: see words.h. */
#include "words.h"

#include <stdlib.h>
#include <string.h>
#include <unicode/uchar.h>
#include <unicode/unorm2.h>

#include "../base/crypto.h"
#include "../base/str.h"
#include "bytes.h"

/* Letters that don't decompose into a base letter and an accent. */
static const struct {
    uint16_t cp;
    const char *fold;
} special_letters[] = {{0xDF, "ss"}, {0x1E9E, "ss"}, {0xE6, "a"},  {0xC6, "a"},  {0x153, "o"}, {0x152, "o"},
                       {0xF8, "o"},  {0xD8, "o"},    {0x142, "l"}, {0x141, "l"}, {0x111, "d"}, {0x110, "d"},
                       {0xF0, "d"},  {0xD0, "d"},    {0xFE, "th"}, {0xDE, "th"}, {0x131, "i"}, {0x130, "i"}};

struct fold {
    char *to;
    size_t start, n, cap;
};

static void fold_put(struct fold *f, uint32_t cp)
{
    char bytes[4];
    size_t len;
    char before = f->n > f->start ? f->to[f->n - 1] : 0;

    if (cp == 'e' && (before == 'a' || before == 'o' || before == 'u')) return;
    len = utf8_encode(cp, bytes);
    if (f->n + len + 1 > f->cap) return; /* never: the buffer is sized for the longest folding */
    memcpy(f->to + f->n, bytes, len);
    f->n += len;
}

static void fold_letter(struct fold *f, const UNormalizer2 *nfd, uint32_t cp)
{
    UChar parts[8];
    UErrorCode status = U_ZERO_ERROR;
    int32_t len;

    if (cp < 0x80) {
        fold_put(f, cp >= 'A' && cp <= 'Z' ? cp + 32 : cp);
        return;
    }
    for (size_t i = 0; i < COUNT_OF(special_letters); i++) {
        if (special_letters[i].cp != cp) continue;
        for (const char *p = special_letters[i].fold; *p; p++)
            fold_put(f, (unsigned char)*p);
        return;
    }
    len = nfd ? unorm2_getDecomposition(nfd, (UChar32)cp, parts, (int32_t)COUNT_OF(parts), &status) : -1;
    if (U_FAILURE(status) || len <= 0 || len > (int32_t)COUNT_OF(parts)) {
        fold_put(f, (uint32_t)u_foldCase((UChar32)cp, U_FOLD_CASE_DEFAULT));
        return;
    }
    for (int32_t i = 0; i < len; i++)
        if (!U16_IS_SURROGATE(parts[i]) && u_isalnum(parts[i]))
            fold_put(f, (uint32_t)u_foldCase(parts[i], U_FOLD_CASE_DEFAULT));
}

#define FOLD_ROOM 8 /* behind a word: word_hash() may read it */

/* What a byte is. */
enum { OTHER, LOWER, UPPER, DIGIT, WIDE /* of a character beyond ASCII */ };
#define TIMES_26(x) x, x, x, x, x, x, x, x, x, x, x, x, x, x, x, x, x, x, x, x, x, x, x, x, x, x
#define TIMES_64(x) \
    x, x, x, x, x, x, x, x, x, x, x, x, x, x, x, x, x, x, x, x, x, x, x, x, x, x, x, x, x, x, x, x, x, x, x, x, x, x, x, \
        x, x, x, x, x, x, x, x, x, x, x, x, x, x, x, x, x, x, x, x, x, x, x, x, x
static const unsigned char kinds[256] = {
    ['0'] = DIGIT, DIGIT, DIGIT, DIGIT, DIGIT, DIGIT, DIGIT, DIGIT, DIGIT, DIGIT,
    ['A'] = TIMES_26(UPPER),
    ['a'] = TIMES_26(LOWER),
    [128] = TIMES_64(WIDE), TIMES_64(WIDE)};

static bool grow(struct words *out, size_t cap)
{
    struct word *items = realloc(out->items, cap * sizeof(*items));

    if (!items) return false;
    out->items = items;
    out->cap = cap;
    return true;
}

void words_forget(struct words *w)
{
    if (w->folds) crypto_wipe(w->folds, w->n_folds);
    w->n = w->n_folds = 0;
}

/* Empties; room for the folds of a text of n bytes and for most texts' words. */
static bool make_room(struct words *out, size_t n)
{
    size_t folds = n * 3 + 16 + 2 * FOLD_ROOM; /* a word costs its letters, at most thrice, and a NUL */

    words_forget(out);
    if (out->cap_folds < folds) {
        free(out->folds);
        out->folds = malloc(folds);
        out->cap_folds = out->folds ? folds : 0;
    }
    return out->folds && (out->cap || grow(out, n / 5 + 16));
}

static uint64_t mix(uint64_t h)
{
    h *= UINT64_C(0xD6E8FEB86659FD93); /* multiplier of Degski's 64-bit mixer */
    h ^= h >> 32;
    h *= UINT64_C(0xD6E8FEB86659FD93);
    return h ^ h >> 32;
}

#define WORD_SEED UINT64_C(0x9E3779B97F4A7C15)

uint64_t word_hash(const char *fold, size_t n)
{
    uint64_t h = n * WORD_SEED, part;

    for (; n > 8; n -= 8, fold += 8) {
        memcpy(&part, fold, 8);
        h = mix(h ^ part);
    }
    memcpy(&part, fold, 8);
    if (n) h ^= part << (64 - 8 * n);
    return mix(h);
}

/* The high bit of each byte of x, all below 0x80, that equals c. */
static uint64_t equal_bytes(uint64_t x, unsigned char c)
{
    uint64_t y = x ^ BYTES_EACH(c);

    return ~(y + BYTES_EACH(0x7F)) & BYTES_HIGH;
}

/* The high bit of each e behind a, o or u, which folding drops; of 8 small letters. */
static uint64_t dropped_bytes(uint64_t small, unsigned char before)
{
    uint64_t vowels = equal_bytes(small, 'a') | equal_bytes(small, 'o') | equal_bytes(small, 'u');

    return (vowels << 8 | (before == 'a' || before == 'o' || before == 'u' ? 0x80 : 0)) & equal_bytes(small, 'e');
}

static bool all_upper(const char *s, size_t n)
{
    for (size_t i = 0; i < n; i++)
        if (s[i] & 0x20) return false;
    return true;
}

/* The usual word: up to fifteen ASCII letters and something else of ASCII behind them, nothing to drop. Length, 0: another
 * word. Bytes are taken in the order of little-endian machines; on others every word is another one. */
static size_t split_short(const char *text, size_t n, size_t i, struct fold *f, struct word *w)
{
    uint64_t x, y = 0, letters, seed, capitals;
    size_t len;

    if (!BYTES_AT_ONCE || n - i < 16) return 0;
    x = bytes_load(text + i);
    letters = bytes_letters(x);
    if (letters != BYTES_HIGH) {
        len = bytes_leading(letters);
        if (len == 0) return 0;
        x &= (UINT64_C(1) << 8 * len) - 1;
        seed = len * WORD_SEED ^ (x | (BYTES_EACH(0x20) & ((UINT64_C(1) << 8 * len) - 1))) << (64 - 8 * len);
    } else {
        y = bytes_load(text + i + 8);
        letters = bytes_letters(y);
        if (letters == BYTES_HIGH) return 0;
        len = bytes_leading(letters);
        y &= len ? (UINT64_C(1) << 8 * len) - 1 : 0;
        if (len == 0) { /* eight letters: one part, as word_hash() takes it */
            len = 8;
            seed = len * WORD_SEED ^ (x | BYTES_EACH(0x20));
        } else {
            uint64_t tail = (y | BYTES_EACH(0x20)) << (64 - 8 * len);

            len += 8;
            seed = mix(len * WORD_SEED ^ (x | BYTES_EACH(0x20))) ^ tail;
            if (dropped_bytes(y | BYTES_EACH(0x20), (unsigned char)(x >> 56 | 0x20))) return 0;
        }
    }
    if (kinds[(unsigned char)text[i + len]] != OTHER || dropped_bytes(x | BYTES_EACH(0x20), 0)) return 0;
    capitals = ~(x | y) & BYTES_EACH(0x20);
    x |= BYTES_EACH(0x20);
    y |= BYTES_EACH(0x20);
    memcpy(f->to + f->n, &x, 8);
    memcpy(f->to + f->n + 8, &y, 8);
    memset(f->to + f->n + len, 0, FOLD_ROOM);
    *w = (struct word){.start = (uint32_t)i,
                       .end = (uint32_t)(i + len),
                       .fold = f->to + f->n,
                       .hash = mix(seed),
                       .n_fold = (uint32_t)len,
                       .capital = !(text[i] & 0x20),
                       .upper = capitals && all_upper(text + i, len),
                       .letters = true};
    f->n += len + 1;
    return len;
}

/* The word that begins at text[i], a letter or digit; the byte behind it. */
static size_t split_word(const char *text, size_t n, size_t i, const UNormalizer2 *nfd, struct fold *f, struct word *w)
{
    *w = (struct word){.start = (uint32_t)i, .fold = f->to + f->n, .letters = true, .upper = true};
    f->start = f->n;
    while (i < n) {
        unsigned char kind = kinds[(unsigned char)text[i]];

        if (kind == LOWER || kind == UPPER) {
            char c = (char)(text[i] | 0x20), before = f->n > f->start ? f->to[f->n - 1] : 0;

            if (kind == LOWER)
                w->upper = false;
            else if (i == w->start)
                w->capital = true;
            f->to[f->n] = c;
            f->n += !(c == 'e' && (before == 'a' || before == 'o' || before == 'u'));
            i++;
        } else if (kind == DIGIT) {
            w->letters = false;
            f->to[f->n++] = text[i++];
        } else if (kind == WIDE) {
            uint32_t cp;
            size_t len = utf8_decode(text + i, n - i, &cp);
            bool alnum = u_isalnum((UChar32)cp);

            if (!alnum && u_charType((UChar32)cp) != U_NON_SPACING_MARK) break;
            if (i == w->start) w->capital = u_isUUppercase((UChar32)cp) || u_istitle((UChar32)cp);
            if (u_isdigit((UChar32)cp)) w->letters = false;
            if (u_isULowercase((UChar32)cp)) w->upper = false;
            if (alnum) fold_letter(f, nfd, cp);
            i += len;
        } else {
            break;
        }
    }
    w->end = (uint32_t)i;
    w->n_fold = (uint32_t)(f->n - f->start);
    memset(f->to + f->n, 0, FOLD_ROOM);
    w->hash = word_hash(w->fold, w->n_fold);
    f->n++;
    return i;
}

enum rc words_split(const char *text, size_t n, struct words *out, struct err *e)
{
    memset(out, 0, sizeof(*out));
    return words_split_again(text, n, out, e);
}

enum rc words_split_again(const char *text, size_t n, struct words *out, struct err *e)
{
    UErrorCode status = U_ZERO_ERROR;
    const UNormalizer2 *nfd = unorm2_getNFDInstance(&status);
    struct fold f = {.cap = n * 3 + 16};

    if (n > WORDS_MAX_TEXT) return err_set(e, RC_LIMIT, "names: a text of more than %zu bytes", WORDS_MAX_TEXT);
    if (U_FAILURE(status)) nfd = NULL;
    if (!make_room(out, n)) {
        words_clear(out);
        return err_set(e, RC_NOMEM, "names: out of memory");
    }
    f.to = out->folds;
    for (size_t i = 0; i < n;) {
        unsigned char kind = kinds[(unsigned char)text[i]];
        size_t len;

        if (kind == WIDE) {
            uint32_t cp;

            len = utf8_decode(text + i, n - i, &cp);

            if (!u_isalnum((UChar32)cp)) {
                i += len;
                continue;
            }
        } else if (kind == OTHER) {
            i++;
            continue;
        }
        if (out->n == out->cap && !grow(out, out->cap * 2)) {
            out->n_folds = f.n;
            words_clear(out);
            return err_set(e, RC_NOMEM, "names: out of memory");
        }
        if ((len = split_short(text, n, i, &f, &out->items[out->n])))
            i += len;
        else
            i = split_word(text, n, i, nfd, &f, &out->items[out->n]);
        out->n++;
    }
    out->n_folds = f.n;
    return RC_OK;
}

void words_clear(struct words *w)
{
    if (w->folds) crypto_wipe(w->folds, w->n_folds);
    free(w->folds);
    free(w->items);
    memset(w, 0, sizeof(*w));
}

bool word_is(const struct word *w, const char *fold)
{
    return strcmp(w->fold, fold) == 0;
}

bool word_in(const struct word *w, const char *list)
{
    for (const char *p = list; (p = strstr(p, w->fold)); p++)
        if (w->n_fold && p > list && p[-1] == ' ' && p[w->n_fold] == ' ') return true;
    return false;
}
