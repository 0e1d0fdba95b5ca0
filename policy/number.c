/* number.c: see number.h. */
#include "number.h"

#define MOST 120 /* characters, as the pattern has it */

enum { DIGIT = 1, WORD = 2, WIDE = 4, INSIDE = 8 /* between two digits */ };
#define TIMES_26(x) x, x, x, x, x, x, x, x, x, x, x, x, x, x, x, x, x, x, x, x, x, x, x, x, x, x
#define TIMES_64(x) \
    x, x, x, x, x, x, x, x, x, x, x, x, x, x, x, x, x, x, x, x, x, x, x, x, x, x, x, x, x, x, x, x, x, x, x, x, x, x, x, \
        x, x, x, x, x, x, x, x, x, x, x, x, x, x, x, x, x, x, x, x, x, x, x, x, x
static const unsigned char kinds[256] = {
    ['0'] = DIGIT | WORD, DIGIT | WORD, DIGIT | WORD, DIGIT | WORD, DIGIT | WORD, DIGIT | WORD, DIGIT | WORD, DIGIT | WORD,
    DIGIT | WORD, DIGIT | WORD,
    ['A'] = TIMES_26(WORD),
    ['a'] = TIMES_26(WORD),
    ['_'] = WORD,
    ['.'] = INSIDE,
    [','] = INSIDE,
    [':'] = INSIDE,
    ['/'] = INSIDE,
    ['\''] = INSIDE,
    [128] = TIMES_64(WIDE), TIMES_64(WIDE)};

static unsigned kind_at(const char *text, size_t n, size_t at)
{
    return at < n ? kinds[(unsigned char)text[at]] : 0;
}

/* (?=[\w-]{0,120}\p{N}) */
static enum number_answer digit_ahead(const char *text, size_t n, size_t at)
{
    for (size_t i = at; i < n && i - at <= MOST; i++) {
        unsigned kind = kind_at(text, n, i);

        if (kind & WIDE) return NUMBER_ASK;
        if (kind & DIGIT) return NUMBER_YES;
        if (!(kind & WORD) && text[i] != '-') return NUMBER_NO;
    }
    return NUMBER_NO;
}

/* (?:\w|\p{N}|-(?=\w)|(?<=\d)[.,:/'](?=\d)){0,120}, or with `plain` \w{0,120}; *end is where it ends. */
static enum number_answer read_on(const char *text, size_t n, size_t at, bool plain, size_t *end)
{
    size_t i = at;

    for (; i < n && i - at < MOST; i++) {
        unsigned kind = kind_at(text, n, i), next;

        if (kind & WIDE) return NUMBER_ASK;
        if (kind & WORD) continue;
        if (plain || (text[i] != '-' && !(kind & INSIDE))) break;
        next = kind_at(text, n, i + 1);
        if (next & WIDE) return NUMBER_ASK;
        if (text[i] == '-' ? !(next & WORD) : !(next & DIGIT && i > 0 && kind_at(text, n, i - 1) & DIGIT)) break;
    }
    *end = i;
    return NUMBER_YES;
}

/* (?: ?%)? */
static size_t take_percent(const char *text, size_t n, size_t at)
{
    if (at < n && text[at] == '%') return at + 1;
    return n - at > 1 && text[at] == ' ' && text[at + 1] == '%' ? at + 2 : at;
}

enum number_answer number_at(const char *text, size_t n, size_t at, size_t *end)
{
    unsigned before = at > 0 ? kind_at(text, n, at - 1) : 0;
    size_t begin = at + (text[at] == '+' || text[at] == '-');
    enum number_answer answer = NUMBER_NO;

    if (before & WIDE) return NUMBER_ASK;
    if (!(before & WORD) && !(at > 0 && text[at - 1] == '-')) {
        answer = digit_ahead(text, n, begin);
        if (answer == NUMBER_YES) answer = read_on(text, n, begin, false, end);
        if (answer == NUMBER_ASK) return answer;
        if (answer == NUMBER_YES && *end == begin) answer = NUMBER_NO;
    }
    if (answer == NUMBER_NO) { /* \p{N}\w{0,120} */
        unsigned kind = kind_at(text, n, at);

        if (!(kind & DIGIT)) return kind & WIDE ? NUMBER_ASK : NUMBER_NO;
        answer = read_on(text, n, at + 1, true, end);
    }
    if (answer == NUMBER_YES) *end = take_percent(text, n, *end);
    return answer;
}
