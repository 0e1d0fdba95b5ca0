/* number.c: see number.h. */
#include "number.h"

#include <stdint.h>
#include <unicode/uchar.h>

#include "../base/str.h"
#include "bytes.h"

#define MOST 120 /* characters, as the pattern has it */

/* What a character is to the pattern: \d, \p{N}, \w; one of [.,:/']; marks, connectors and what is not assigned. */
enum { DIGIT = 1, NUMERAL = 2, WORD = 4, INSIDE = 8, UNSURE = 16 };

struct character {
    unsigned kind;
    size_t len; /* bytes; 0: the text's end */
};

static unsigned wide_kind(uint32_t cp)
{
    uint32_t kind = U_GET_GC_MASK((UChar32)cp);

    if (kind & U_GC_L_MASK) return WORD;
    if (kind & (U_GC_NL_MASK | U_GC_NO_MASK)) return NUMERAL | WORD;
    return kind & (U_GC_ND_MASK | U_GC_M_MASK | U_GC_PC_MASK | U_GC_CN_MASK) ? UNSURE : 0;
}

#define ALL_DIGIT   (DIGIT | NUMERAL | WORD)
#define TIMES_10(x) x, x, x, x, x, x, x, x, x, x
#define TIMES_26(x) TIMES_10(x), TIMES_10(x), x, x, x, x, x, x
static const unsigned char ascii_kinds[128] = {['0'] = TIMES_10(ALL_DIGIT),
                                               ['A'] = TIMES_26(WORD),
                                               ['a'] = TIMES_26(WORD),
                                               ['_'] = WORD,
                                               ['.'] = INSIDE,
                                               [','] = INSIDE,
                                               [':'] = INSIDE,
                                               ['/'] = INSIDE,
                                               ['\''] = INSIDE};

static inline struct character read_at(const char *text, size_t n, size_t at)
{
    unsigned char c;
    uint32_t cp;
    size_t len;

    if (at >= n) return (struct character){.len = 0};
    c = (unsigned char)text[at];
    if (c < 0x80) return (struct character){.kind = ascii_kinds[c], .len = 1};
    len = utf8_decode(text + at, n - at, &cp);
    return (struct character){.kind = wide_kind(cp), .len = len};
}

/* The character that ends at `at`, at > 0. */
static inline struct character read_before(const char *text, size_t at)
{
    size_t start = at - 1;

    while (start > 0 && at - start < 4 && ((unsigned char)text[start] & 0xC0) == 0x80)
        start--;
    return read_at(text, at, start);
}

/* The first character of text[at, n) that is \p{N}, or n. */
static size_t find_numeral(const char *text, size_t n, size_t at)
{
    for (;;) {
        struct character c;

        for (; n - at >= sizeof(bytes_lanes); at += sizeof(bytes_lanes)) {
            bytes_lanes v = bytes_load16(text + at);
            uint64_t marks = bytes_mark(v | bytes_are_digits(v));

            if (!marks) continue;
            at += (size_t)__builtin_ctzll(marks);
            break;
        }
        while (at < n && (unsigned char)text[at] < 0x80 && (unsigned char)(text[at] - '0') >= 10)
            at++;
        c = read_at(text, n, at);
        if (c.len == 0 || c.kind & NUMERAL) return at;
        at += c.len;
    }
}

/* (?:\w|\p{N}|-(?=\w)|(?<=\d)[.,:/'](?=\d)){0,120} or, with `plain`, \w{0,120}: *at moves behind it. */
static enum number_answer read_on(const char *text, size_t n, bool plain, size_t *at)
{
    size_t i = *at;

    for (size_t count = 0; count < MOST; count++) {
        struct character c, next;

        for (; count + 1 < MOST && i < n && (unsigned char)text[i] < 0x80 && ascii_kinds[(unsigned char)text[i]] & WORD; count++)
            i++; /* most of them */
        c = read_at(text, n, i);
        if (c.kind & UNSURE) return NUMBER_ASK;
        if (!(c.kind & WORD)) {
            if (plain || c.len == 0 || (text[i] != '-' && !(c.kind & INSIDE))) break;
            next = read_at(text, n, i + 1);
            if (next.kind & UNSURE) return NUMBER_ASK;
            if (text[i] == '-' ? !(next.kind & WORD)
                               : !(next.kind & DIGIT && i > 0 && read_at(text, i, i - 1).kind & DIGIT))
                break;
        }
        i += c.len;
    }
    *at = i;
    return NUMBER_YES;
}

/* (?: ?%)? */
static size_t take_percent(const char *text, size_t n, size_t at)
{
    if (at < n && text[at] == '%') return at + 1;
    return n - at > 1 && text[at] == ' ' && text[at + 1] == '%' ? at + 2 : at;
}

/* What stands before a numeral. */
struct before {
    size_t
        begin; /* of the characters of [\w-] directly before it, from the place on where the search began */
    size_t count; /* of them */
    bool whole;   /* they begin there, and are no more than may stand before a number's first numeral */
    bool unsure;
};

static struct before read_back(const char *text, size_t from, size_t at)
{
    struct before b = {.begin = at, .whole = true};

    for (; b.begin > 0; b.count++) {
        struct character c = read_before(text, b.begin);
        bool hyphen = text[b.begin - 1] == '-'; /* as the first of all it is a sign */

        b.unsure |= (c.kind & UNSURE) != 0;
        if (!(c.kind & (WORD | UNSURE)) && !hyphen) break;
        b.whole = b.begin > from && (b.count < MOST || (b.count == MOST && hyphen));
        if (!b.whole) break;
        b.begin -= c.len;
    }
    return b;
}

/* The pattern's first form at `at`, before which no character of [\w-] stands; it is followed by characters of [\w-] and a
 * numeral, behind a sign if there is one. */
static enum number_answer read_token(const char *text, size_t n, size_t at, size_t *end)
{
    size_t begin = at + (text[at] == '+' || text[at] == '-');
    enum number_answer answer;

    *end = begin;
    answer = read_on(text, n, false, end);
    return answer == NUMBER_YES && *end == begin ? NUMBER_NO : answer;
}

enum number_answer number_find(const char *text, size_t n, size_t from, size_t *start, size_t *end)
{
    size_t numeral = find_numeral(text, n, from);
    struct before b;
    enum number_answer answer = NUMBER_NO;

    if (numeral == n) return NUMBER_NO;
    b = read_back(text, from, numeral);
    *start = b.begin;
    if (b.whole && b.count <= MOST && b.begin > from && text[b.begin - 1] == '+') {
        struct character c = b.begin > 1 ? read_before(text, b.begin - 1) : (struct character){.len = 0};

        b.unsure |= (c.kind & UNSURE) != 0;
        if (!(c.kind & WORD) && !(b.begin > 1 && text[b.begin - 2] == '-')) *start = b.begin - 1;
    }
    if (b.unsure)
        answer = NUMBER_ASK;
    else if (b.whole)
        answer = read_token(text, n, *start, end);
    if (answer == NUMBER_NO && *start < b.begin) answer = read_token(text, n, *start = b.begin, end);
    if (answer == NUMBER_NO) { /* the second form */
        *start = numeral;
        *end = numeral + read_at(text, n, numeral).len;
        answer = read_on(text, n, true, end);
    }
    *end = answer == NUMBER_ASK ? numeral : take_percent(text, n, *end);
    return answer;
}
