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

#define FOLD_ROOM 8  /* behind a word: word_hash() may read it */
#define BLOCK     64 /* bytes that are looked at at once */
#define BLOCK_END (UINT64_C(1) << (BLOCK - 1))

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

_Static_assert(FOLD_ROOM == sizeof(uint64_t), "fold_short() zeroes as much");

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
    size_t folds = n * 3 + 16 + 4 * FOLD_ROOM; /* a word costs its letters, at most thrice, and a NUL */

    words_forget(out);
    if (out->cap_folds < folds) {
        free(out->folds);
        out->folds = malloc(folds);
        out->cap_folds = out->folds ? folds : 0;
    }
    return out->folds && (out->cap || grow(out, n / 5 + BLOCK + 16));
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

#define SHORT_WORD 16 /* bytes */

/* Folds the usual word: `len` ASCII letters and digits, at most SHORT_WORD, of which folding drops none. As many bytes as
 * SHORT_WORD can be read at s. Bytes are taken in the order of little-endian machines. */
static inline void fold_short(const char *s, size_t len, struct fold *f, struct word *w)
{
    /* what makes a letter small leaves a digit as it is */
    uint64_t x = (bytes_load(s) | BYTES_EACH(0x20)) & bytes_first[len < 8 ? len : 8], y = 0, zero = 0;
    uint64_t hash = len * WORD_SEED ^ x << (64 - 8 * len) % 64; /* as word_hash() does it */

    if (len > 8) {
        y = (bytes_load(s + 8) | BYTES_EACH(0x20)) & bytes_first[len - 8];
        hash = mix(len * WORD_SEED ^ x) ^ y << (128 - 8 * len);
    }
    memcpy(f->to + f->n, &x, 8);
    memcpy(f->to + f->n + 8, &y, 8);
    memcpy(f->to + f->n + 16, &zero, FOLD_ROOM);
    w->fold = f->to + f->n;
    w->hash = mix(hash);
    w->n_fold = (uint32_t)len;
    f->n += len + 1;
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

/* Room for the words of one more block. */
static bool reserve_block(struct words *out)
{
    return out->cap - out->n >= BLOCK || grow(out, out->cap * 2 + BLOCK);
}

/* A word that begins at text[*i] and isn't of the usual kind, or what is no word; *i is where to go on. */
static void split_other(const char *text, size_t n, size_t *i, const UNormalizer2 *nfd, struct fold *f, struct words *out)
{
    if (kinds[(unsigned char)text[*i]] == WIDE) {
        uint32_t cp;
        size_t len = utf8_decode(text + *i, n - *i, &cp);

        if (!u_isalnum((UChar32)cp)) {
            *i += len;
            return;
        }
    }
    *i = split_word(text, n, *i, nfd, f, &out->items[out->n]);
    out->n++;
}

/* Of BLOCK bytes, a bit each. */
struct block {
    uint64_t runs; /* letters, digits, all beyond ASCII */
    uint64_t digits, small;
    uint64_t odd; /* beyond ASCII, or dropped when it is folded */
};

static inline struct block look_at_block(const char *s)
{
    struct block b = {0};
    uint64_t vowels = 0, es = 0;

    for (unsigned k = 0; k < BLOCK; k += 16) {
        bytes_lanes v = bytes_load16(s + k), low = v | 0x20, digits = bytes_are_digits(v), letters = bytes_are_letters(v);

        b.runs |= bytes_mark(v | digits | letters) << k;
        b.digits |= bytes_mark(digits) << k;
        b.small |= bytes_mark(letters & (v << 2)) << k; /* 0x20 tells small letters from capitals */
        b.odd |= bytes_mark(v) << k;
        vowels |= bytes_mark(bytes_are(low, 'a') | bytes_are(low, 'o') | bytes_are(low, 'u')) << k;
        es |= bytes_mark(bytes_are(low, 'e')) << k;
    }
    b.odd |= es & vowels << 1;
    return b;
}

/* The words of text[i, n) up to the first that isn't of the usual kind, at most those of BLOCK bytes. *i is where to go on;
 * false if such a one begins there. */
static inline bool split_block(const char *text, size_t n, size_t *i, struct fold *f, struct words *out)
{
    char padded[BLOCK + SHORT_WORD];
    const char *s = text + *i;
    size_t begin = *i, left = n - begin;
    unsigned size = left < BLOCK ? (unsigned)left : BLOCK, last;
    struct block b;

    if (left < sizeof(padded)) {
        memset(padded, 0, sizeof(padded));
        s = memcpy(padded, s, left);
    }
    b = look_at_block(s);
    last = (unsigned)__builtin_clzll(~b.runs | 1);
    if (last > 0 && last < BLOCK - 1) { /* a word may go on behind the block: the next one has it whole */
        size -= last;
        b.runs = b.runs << last >> last;
    }
    *i = begin + size;
    for (uint64_t starts = b.runs & ~(b.runs << 1); starts; starts &= starts - 1) {
        unsigned bit = (unsigned)__builtin_ctzll(starts), len = (unsigned)__builtin_ctzll(~(b.runs >> bit) | BLOCK_END);
        uint64_t all = (UINT64_C(1) << len) - 1;
        struct word *w = &out->items[out->n];

        if (len > SHORT_WORD || b.odd >> bit & all) {
            *i = begin + bit;
            return false;
        }
        fold_short(s + bit, len, f, w);
        w->start = (uint32_t)(begin + bit);
        w->end = w->start + len;
        w->tags = 0;
        w->capital = !(s[bit] & 0x20);
        w->upper = !(b.small >> bit & all);
        w->letters = !(b.digits >> bit & all);
        out->n++;
    }
    return true;
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
        if (!reserve_block(out)) {
            out->n_folds = f.n;
            words_clear(out);
            return err_set(e, RC_NOMEM, "names: out of memory");
        }
        if (BYTES_AT_ONCE && split_block(text, n, &i, &f, out)) continue;
        if (kinds[(unsigned char)text[i]] == OTHER)
            i++;
        else
            split_other(text, n, &i, nfd, &f, out);
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
