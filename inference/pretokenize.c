/* pretokenize.c: the rules of the pre-tokenisers, and the matcher that runs them.
 *
 * Each byte of the text gets a class number first (continuation bytes a number of their own), so that matching is
 * bit tests on bytes. Rules are tried in order at a position, items are greedy and give back, as in the regular
 * expressions they come from. Sources: the published tokenizer.json of each family. */
#include "pretokenize.h"

#include <assert.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <unicode/uchar.h>
#include "../base/str.h"

/* ---- character classes ------------------------------------------------------------------------------------------ */

enum char_class { /* disjoint, so that every set that a rule needs is a union */
    K_OTHER, K_NEWLINE, K_SPACE, K_WHITE, K_ASCII_UPPER, K_ASCII_LOWER, K_UPPER, K_LOWER, K_TITLE, K_MODIFIER, K_LETTER,
    K_MARK, K_ASCII_DIGIT, K_NUMBER, K_PUNCT, K_SYMBOL, K_ASCII_PUNCT, K_ASCII_SYMBOL, K_BACKTICK, K_APOSTROPHE, K_SLASH,
    K_HAN_OTHER, K_HAN_MODIFIER, K_HAN_LETTER, K_HAN_MARK, K_HAN_PUNCT, K_HAN_SYMBOL, /* in the family's range of "CJK" */
    K_HAN_NUMBER, K_HAN_WHITE,
    K_TAIL = 31 /* a UTF-8 continuation byte */
};

#define B(k) (UINT32_C(1) << (k))
#define ALL (~B(K_TAIL))
#define NEWLINE B(K_NEWLINE)
#define SPACE B(K_SPACE)
#define WHITE (NEWLINE | SPACE | B(K_WHITE) | B(K_HAN_WHITE))
#define ASCII_LETTER (B(K_ASCII_UPPER) | B(K_ASCII_LOWER))
#define UNCASED (B(K_MODIFIER) | B(K_LETTER) | B(K_HAN_MODIFIER) | B(K_HAN_LETTER))
#define LETTER (ASCII_LETTER | B(K_UPPER) | B(K_LOWER) | B(K_TITLE) | UNCASED)
#define MARK (B(K_MARK) | B(K_HAN_MARK))
#define NUMBER (B(K_ASCII_DIGIT) | B(K_NUMBER) | B(K_HAN_NUMBER))
#define ASCII_PUNCT (B(K_ASCII_PUNCT) | B(K_APOSTROPHE) | B(K_SLASH))
#define ASCII_SIGN (ASCII_PUNCT | B(K_ASCII_SYMBOL) | B(K_BACKTICK))
#define PUNCT (ASCII_PUNCT | B(K_PUNCT) | B(K_HAN_PUNCT))
#define SIGN (PUNCT | ASCII_SIGN | B(K_SYMBOL) | B(K_HAN_SYMBOL)) /* \p{P} and \p{S} */
#define HAN                                                                                                             \
    (B(K_HAN_OTHER) | B(K_HAN_MODIFIER) | B(K_HAN_LETTER) | B(K_HAN_MARK) | B(K_HAN_PUNCT) | B(K_HAN_SYMBOL) |           \
     B(K_HAN_NUMBER) | B(K_HAN_WHITE))

static const uint8_t ascii_class[128] = {
    ['\t'] = K_WHITE, ['\n'] = K_NEWLINE, ['\v'] = K_WHITE, ['\f'] = K_WHITE, ['\r'] = K_NEWLINE, [' '] = K_SPACE,
    ['0' ... '9'] = K_ASCII_DIGIT, ['A' ... 'Z'] = K_ASCII_UPPER, ['a' ... 'z'] = K_ASCII_LOWER,
    ['!'] = K_ASCII_PUNCT, ['"'] = K_ASCII_PUNCT, ['#'] = K_ASCII_PUNCT, ['$'] = K_ASCII_SYMBOL,
    ['%'] = K_ASCII_PUNCT, ['&'] = K_ASCII_PUNCT, ['\''] = K_APOSTROPHE, ['('] = K_ASCII_PUNCT,
    [')'] = K_ASCII_PUNCT, ['*'] = K_ASCII_PUNCT, ['+'] = K_ASCII_SYMBOL, [','] = K_ASCII_PUNCT,
    ['-'] = K_ASCII_PUNCT, ['.'] = K_ASCII_PUNCT, ['/'] = K_SLASH, [':'] = K_ASCII_PUNCT, [';'] = K_ASCII_PUNCT,
    ['<'] = K_ASCII_SYMBOL, ['='] = K_ASCII_SYMBOL, ['>'] = K_ASCII_SYMBOL, ['?'] = K_ASCII_PUNCT,
    ['@'] = K_ASCII_PUNCT, ['['] = K_ASCII_PUNCT, ['\\'] = K_ASCII_PUNCT, [']'] = K_ASCII_PUNCT,
    ['^'] = K_ASCII_SYMBOL, ['_'] = K_ASCII_PUNCT, ['`'] = K_BACKTICK, ['{'] = K_ASCII_PUNCT,
    ['|'] = K_ASCII_SYMBOL, ['}'] = K_ASCII_PUNCT, ['~'] = K_ASCII_SYMBOL,
};

static const uint8_t category_class[U_CHAR_CATEGORY_COUNT] = {
    [U_UPPERCASE_LETTER] = K_UPPER, [U_LOWERCASE_LETTER] = K_LOWER, [U_TITLECASE_LETTER] = K_TITLE,
    [U_MODIFIER_LETTER] = K_MODIFIER, [U_OTHER_LETTER] = K_LETTER, [U_NON_SPACING_MARK] = K_MARK,
    [U_ENCLOSING_MARK] = K_MARK, [U_COMBINING_SPACING_MARK] = K_MARK, [U_DECIMAL_DIGIT_NUMBER] = K_NUMBER,
    [U_LETTER_NUMBER] = K_NUMBER, [U_OTHER_NUMBER] = K_NUMBER, [U_DASH_PUNCTUATION] = K_PUNCT,
    [U_START_PUNCTUATION] = K_PUNCT, [U_END_PUNCTUATION] = K_PUNCT, [U_CONNECTOR_PUNCTUATION] = K_PUNCT,
    [U_OTHER_PUNCTUATION] = K_PUNCT, [U_INITIAL_PUNCTUATION] = K_PUNCT, [U_FINAL_PUNCTUATION] = K_PUNCT,
    [U_MATH_SYMBOL] = K_SYMBOL, [U_CURRENCY_SYMBOL] = K_SYMBOL, [U_MODIFIER_SYMBOL] = K_SYMBOL,
    [U_OTHER_SYMBOL] = K_SYMBOL,
};

static const uint8_t han_class[K_SLASH + 1] = { /* the same class inside the "CJK" range, where case plays no part */
    [K_OTHER] = K_HAN_OTHER, [K_UPPER] = K_HAN_LETTER, [K_LOWER] = K_HAN_LETTER, [K_TITLE] = K_HAN_LETTER,
    [K_MODIFIER] = K_HAN_MODIFIER, [K_LETTER] = K_HAN_LETTER, [K_MARK] = K_HAN_MARK, [K_NUMBER] = K_HAN_NUMBER,
    [K_PUNCT] = K_HAN_PUNCT, [K_SYMBOL] = K_HAN_SYMBOL,
};

static uint8_t class_of(uint32_t cp)
{
    uint8_t k = category_class[u_charType((UChar32)cp)];

    if ((cp >= 0x3040 && cp <= 0x30FF) || (cp >= 0x4E00 && cp <= 0x9FA5)) return han_class[k];
    return u_isUWhiteSpace((UChar32)cp) ? K_WHITE : k;
}

/* DeepSeek-LLM and V2 list their characters instead of naming categories: letters of the cased scripts (without the
 * small letters of Armenian and Georgian), some punctuation, and nearly all from U+0800 to U+D7FF as "CJK".
 * Source: tokenizer.json of DeepSeek-LLM and DeepSeek-V2. */
struct range {
    uint32_t first, last;
};
static const struct range llm_letters[] = {
    {0xB5, 0xB5}, {0xC0, 0xD6}, {0xD8, 0xF6}, {0xF8, 0x1BA}, {0x1BC, 0x1BF}, {0x1C4, 0x293}, {0x295, 0x2AF},
    {0x370, 0x373}, {0x376, 0x377}, {0x37B, 0x37D}, {0x37F, 0x37F}, {0x386, 0x386}, {0x388, 0x38A}, {0x38C, 0x38C},
    {0x38E, 0x3A1}, {0x3A3, 0x3F5}, {0x3F7, 0x481}, {0x48A, 0x52F}, {0x531, 0x556}, {0x10A0, 0x10C5},
    {0x13A0, 0x13F5}, {0x13F8, 0x13FD}, {0x1C90, 0x1CBA}, {0x1CBD, 0x1CBF}, {0x1D00, 0x1D2B}, {0x1D6B, 0x1D77},
    {0x1D79, 0x1D9A}, {0x1E00, 0x1F15}, {0x1F18, 0x1F1D}, {0x1F20, 0x1F45}, {0x1F48, 0x1F4D}, {0x1F50, 0x1F57},
    {0x1F59, 0x1F59}, {0x1F5B, 0x1F5B}, {0x1F5D, 0x1F5D}, {0x1F5F, 0x1F7D}, {0x1F80, 0x1FB4}, {0x1FB6, 0x1FBC},
    {0x1FBE, 0x1FBE}, {0x1FC2, 0x1FC4}, {0x1FC6, 0x1FCC}, {0x1FD0, 0x1FD3}, {0x1FD6, 0x1FDB}, {0x1FE0, 0x1FEC},
    {0x1FF2, 0x1FF4}, {0x1FF6, 0x1FFC}, {0x2102, 0x2102}, {0x2107, 0x2107}, {0x210A, 0x2113}, {0x2115, 0x2115},
    {0x2119, 0x211D}, {0x2124, 0x2124}, {0x2126, 0x2126}, {0x2128, 0x2128}, {0x212A, 0x212D}, {0x212F, 0x2134},
    {0x2139, 0x2139}, {0x213C, 0x213F}, {0x2145, 0x2149}, {0x214E, 0x214E}, {0x2183, 0x2184}, {0x2C00, 0x2C7B},
    {0x2C7E, 0x2CE4}, {0x2CEB, 0x2CEE}, {0x2CF2, 0x2CF3}, {0xA640, 0xA66D}, {0xA680, 0xA69B}, {0xA722, 0xA76F},
    {0xA771, 0xA787}, {0xA78B, 0xA78E}, {0xAB70, 0xABBF}, {0xFB00, 0xFB06}, {0xFB13, 0xFB17}, {0xFF21, 0xFF3A},
    {0xFF41, 0xFF5A}, {0x10400, 0x1044F}, {0x104B0, 0x104D3}, {0x104D8, 0x104FB}, {0x10C80, 0x10CB2},
    {0x10CC0, 0x10CF2}, {0x118A0, 0x118DF}, {0x1E900, 0x1E943},
};
static const struct range llm_signs[] = {{0x2018, 0x201F}, {0x3000, 0x3002}, {0xFF01, 0xFF0F}, {0xFF1A, 0xFF5E}};
static const struct range llm_han[] = {{0x800, 0x9FA5}, {0xAC00, 0xD7FF}};

static bool in_ranges(const struct range *r, size_t n, uint32_t cp)
{
    for (size_t i = 0; i < n; i++)
        if (cp <= r[i].last) return cp >= r[i].first;
    return false;
}

/* The sets overlap, and each is a stage of its own, so the classes tell all combinations apart: K_UPPER is a letter and
 * a sign, K_HAN_SYMBOL a sign and white space, and every K_HAN_ one also "CJK". */
static uint8_t llm_class_of(uint32_t cp)
{
    bool white = u_isUWhiteSpace((UChar32)cp), han = in_ranges(llm_han, COUNT_OF(llm_han), cp);
    bool sign = in_ranges(llm_signs, COUNT_OF(llm_signs), cp);

    if (in_ranges(llm_letters, COUNT_OF(llm_letters), cp)) return sign ? K_UPPER : han ? K_HAN_LETTER : K_LETTER;
    if (sign) return !han ? K_PUNCT : white ? K_HAN_SYMBOL : K_HAN_PUNCT;
    if (white) return han ? K_HAN_WHITE : K_WHITE;
    if (category_class[u_charType((UChar32)cp)] == K_NUMBER) return han ? K_HAN_NUMBER : K_NUMBER;
    return han ? K_HAN_OTHER : K_OTHER;
}

/* DeepSeek-Coder names categories, but its "CJK" is that of DeepSeek-LLM. Source: its tokenizer.json. */
static uint8_t coder_class_of(uint32_t cp)
{
    uint8_t k = category_class[u_charType((UChar32)cp)];
    bool white = u_isUWhiteSpace((UChar32)cp);

    if (in_ranges(llm_han, COUNT_OF(llm_han), cp)) return white ? K_HAN_WHITE : han_class[k];
    return white ? K_WHITE : k;
}

static void classify(const char *text, size_t n, uint8_t (*of)(uint32_t cp), uint8_t *k)
{
    for (size_t i = 0, len; i < n; i += len) {
        uint8_t b = (uint8_t)text[i];
        uint32_t cp;

        len = 1;
        if (b < 0x80) {
            k[i] = ascii_class[b];
            continue;
        }
        len = utf8_decode(text + i, n - i, &cp);
        k[i] = len == 1 ? K_OTHER : of(cp);
        for (size_t t = 1; t < len; t++) k[i + t] = K_TAIL;
    }
}

/* ---- rules -------------------------------------------------------------------------------------------------------- */

enum suffix { NO_SUFFIX, CASED, ANY_CASE };           /* 's 't 're 've 'm 'll 'd: alone, or optional after items */
enum ahead { ANYTHING, NO_INK, END, };                /* what must follow: anything; no non-space; the end */
struct item {
    uint32_t set;
    uint8_t min, max; /* max 0: no bound */
};
struct rule {
    struct item items[3]; /* up to the first empty set */
    enum suffix suffix;
    enum ahead ahead;
    bool whole_run; /* tried only at the first character of a run of items[0]: elsewhere it cannot match */
};
struct stage {
    const struct rule *rules;
    size_t n_rules;
};

#define MAYBE(set) {(set), 0, 1}
#define ONE(set) {(set), 1, 1}
#define ANY(set) {(set), 0, 0}
#define SOME(set) {(set), 1, 0}
#define UP_TO_3(set) {(set), 1, 3}
#define SPACES {.items = {SOME(WHITE)}, .ahead = NO_INK}, {.items = {SOME(WHITE)}}
#define LINE_ENDS {.items = {ANY(WHITE), SOME(NEWLINE)}}

/* 's|'t|'re|'ve|'m|'ll|'d| ?\p{L}+| ?\p{N}+| ?[^\s\p{L}\p{N}]+|\s+(?!\S)|\s+ */
static const struct rule gpt2[] = {
    {.suffix = CASED},
    {.items = {MAYBE(SPACE), SOME(LETTER)}},
    {.items = {MAYBE(SPACE), SOME(NUMBER)}},
    {.items = {MAYBE(SPACE), SOME(ALL & ~(WHITE | LETTER | NUMBER))}},
    SPACES,
};
/* \p{N} */
static const struct rule digit[] = {{.items = {ONE(NUMBER)}}};
/* (?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}{1,3}| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+ */
#define CL100K(numbers)                                                                   \
    {.suffix = ANY_CASE},                                                                 \
    {.items = {MAYBE(ALL & ~(NEWLINE | LETTER | NUMBER)), SOME(LETTER)}},                 \
    {.items = {numbers}},                                                                 \
    {.items = {MAYBE(SPACE), SOME(ALL & ~(WHITE | LETTER | NUMBER)), ANY(NEWLINE)}},      \
    LINE_ENDS, SPACES
static const struct rule llama3[] = {CL100K(UP_TO_3(NUMBER))};
static const struct rule qwen2[] = {CL100K(ONE(NUMBER))};
/* [^\r\n\p{L}\p{N}]?[\p{Lu}\p{Lt}\p{Lm}\p{Lo}\p{M}]*[\p{Ll}\p{Lm}\p{Lo}\p{M}]+(?i:'s|...)?|
 * [^\r\n\p{L}\p{N}]?[\p{Lu}\p{Lt}\p{Lm}\p{Lo}\p{M}]+[\p{Ll}\p{Lm}\p{Lo}\p{M}]*(?i:'s|...)?|
 * \p{N}{1,3}| ?[^\s\p{L}\p{N}]+[\r\n/]*|\s*[\r\n]+|\s+(?!\S)|\s+ */
#define UPPERISH (B(K_ASCII_UPPER) | B(K_UPPER) | B(K_TITLE) | UNCASED | MARK)
#define LOWERISH (B(K_ASCII_LOWER) | B(K_LOWER) | UNCASED | MARK)
static const struct rule o200k[] = {
    {.items = {MAYBE(ALL & ~(NEWLINE | LETTER | NUMBER)), ANY(UPPERISH), SOME(LOWERISH)}, .suffix = ANY_CASE},
    {.items = {MAYBE(ALL & ~(NEWLINE | LETTER | NUMBER)), SOME(UPPERISH), ANY(LOWERISH)}, .suffix = ANY_CASE},
    {.items = {UP_TO_3(NUMBER)}},
    {.items = {MAYBE(SPACE), SOME(ALL & ~(WHITE | LETTER | NUMBER)), ANY(NEWLINE | B(K_SLASH))}},
    LINE_ENDS, SPACES,
};
/* Mistral's tekken: the same without contractions and with lone digits */
static const struct rule tekken[] = {
    {.items = {MAYBE(ALL & ~(NEWLINE | LETTER | NUMBER)), ANY(UPPERISH), SOME(LOWERISH)}},
    {.items = {MAYBE(ALL & ~(NEWLINE | LETTER | NUMBER)), SOME(UPPERISH), ANY(LOWERISH)}},
    {.items = {ONE(NUMBER)}},
    {.items = {MAYBE(SPACE), SOME(ALL & ~(WHITE | LETTER | NUMBER)), ANY(NEWLINE | B(K_SLASH))}},
    LINE_ENDS, SPACES,
};
/* \p{N}{1,3}, then [一-龥぀-ゟ゠-ヿ]+, then [!"#$%&'()*+,\-./:;<=>?@\[\\\]^_`{|}~][A-Za-z]+|
 * [^\r\n\p{L}\p{P}\p{S}]?[\p{L}\p{M}]+| ?[\p{P}\p{S}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+ */
static const struct rule three_digits[] = {{.items = {UP_TO_3(NUMBER)}}};
static const struct rule han[] = {{.items = {SOME(HAN)}}};
static const struct rule deepseek3[] = {
    {.items = {ONE(ASCII_SIGN), SOME(ASCII_LETTER)}},
    {.items = {MAYBE(ALL & ~(NEWLINE | LETTER | SIGN)), SOME(LETTER | MARK)}},
    {.items = {MAYBE(SPACE), SOME(SIGN), ANY(NEWLINE)}},
    LINE_ENDS, SPACES,
};
/* DeepSeek-LLM: [\r\n], then \s?[letters]+, then \s?[signs]+, then \s+$, then [CJK]+, then \p{N}+, each a stage */
#define LLM_WHITE (WHITE | B(K_HAN_SYMBOL))
#define LLM_LETTER (ASCII_LETTER | B(K_UPPER) | B(K_LETTER) | B(K_HAN_LETTER))
#define LLM_SIGN (ASCII_SIGN | ASCII_LETTER | B(K_UPPER) | B(K_PUNCT) | B(K_HAN_PUNCT) | B(K_HAN_SYMBOL))
static const struct rule newline[] = {{.items = {ONE(NEWLINE)}}};
static const struct rule llm_word[] = {{.items = {MAYBE(LLM_WHITE), SOME(LLM_LETTER)}}};
static const struct rule llm_sign[] = {{.items = {MAYBE(LLM_WHITE), SOME(LLM_SIGN)}}};
static const struct rule llm_end[] = {{.items = {SOME(LLM_WHITE)}, .ahead = END, .whole_run = true}};
static const struct rule llm_cjk[] = {{.items = {SOME(HAN)}}};
static const struct rule llm_number[] = {{.items = {SOME(NUMBER)}}};
/* DeepSeek-Coder: [\r\n], then \s?\p{L}+, then \s?\p{P}+, then [CJK]+, then \p{N} */
static const struct rule coder_word[] = {{.items = {MAYBE(WHITE), SOME(LETTER)}}};
static const struct rule coder_sign[] = {{.items = {MAYBE(WHITE), SOME(PUNCT)}}};
/* What readers of GGUF do with a file that does not name its pre-tokeniser: [\p{P}\$\+<=>\^~\|]+, then GPT-2, then \p{N}+,
 * then [0-9][0-9][0-9] */
static const struct rule unnamed_sign[] = {{.items = {SOME(PUNCT | B(K_ASCII_SYMBOL))}}};
static const struct rule unnamed_number[] = {{.items = {SOME(NUMBER)}}};
static const struct rule unnamed_digits[] = {{.items = {{B(K_ASCII_DIGIT), 3, 3}}}};

#define STAGE(rules) {(rules), COUNT_OF(rules)}
static const struct stage gpt2_stages[] = {STAGE(gpt2)};
static const struct stage digits_gpt2_stages[] = {STAGE(digit), STAGE(gpt2)};
static const struct stage llama3_stages[] = {STAGE(llama3)};
static const struct stage qwen2_stages[] = {STAGE(qwen2)};
static const struct stage o200k_stages[] = {STAGE(o200k)};
static const struct stage tekken_stages[] = {STAGE(tekken)};
static const struct stage deepseek3_stages[] = {STAGE(three_digits), STAGE(han), STAGE(deepseek3)};
static const struct stage llm_stages[] = {STAGE(newline), STAGE(llm_word), STAGE(llm_sign),
                                          STAGE(llm_end), STAGE(llm_cjk), STAGE(llm_number)};
static const struct stage coder_stages[] = {STAGE(newline), STAGE(coder_word), STAGE(coder_sign), STAGE(llm_cjk),
                                            STAGE(digit)};
static const struct stage unnamed_stages[] = {STAGE(unnamed_sign), STAGE(gpt2), STAGE(unnamed_number),
                                              STAGE(unnamed_digits)};

#define STAGES(s) .stages = (s), .n_stages = COUNT_OF(s)
static const struct pretokenizer table[] = { /* names as in tokenizer.ggml.pre */
    {.name = "gpt-2", STAGES(gpt2_stages)},
    {.name = "gpt2", STAGES(gpt2_stages)},
    {.name = "phi-2", STAGES(gpt2_stages)},
    {.name = "granite-docling", STAGES(gpt2_stages)},
    {.name = "default", STAGES(unnamed_stages)},
    {.name = "olmo", STAGES(gpt2_stages), .nfc = true}, /* OLMo 1, OLMoE: GPT-NeoX's */
    {.name = "dolma", STAGES(gpt2_stages), .nfc = true},
    {.name = "refact", STAGES(digits_gpt2_stages)}, /* Granite 3 */
    {.name = "granite", STAGES(digits_gpt2_stages)},
    {.name = "smollm", STAGES(digits_gpt2_stages)},
    {.name = "starcoder", STAGES(digits_gpt2_stages)},
    {.name = "llama-bpe", STAGES(llama3_stages), .ignore_merges = true, .add_bos = true},
    {.name = "llama3", STAGES(llama3_stages), .ignore_merges = true, .add_bos = true},
    {.name = "llama-v3", STAGES(llama3_stages), .ignore_merges = true, .add_bos = true},
    {.name = "dbrx", STAGES(llama3_stages)}, /* cl100k: Phi-4, OLMo 2, Granite 4 */
    {.name = "qwen2", STAGES(qwen2_stages), .nfc = true},
    {.name = "deepseek-r1-qwen", STAGES(qwen2_stages), .nfc = true},
    {.name = "gpt-4o", STAGES(o200k_stages), .ignore_merges = true}, /* o200k: gpt-oss, Phi-4-mini */
    {.name = "tekken", STAGES(tekken_stages), .ignore_merges = true, .add_bos = true},
    {.name = "deepseek-v3", STAGES(deepseek3_stages)},
    {.name = "deepseek-llm", STAGES(llm_stages), .class_of = llm_class_of}, /* also DeepSeek-V2 */
    {.name = "deepseek-coder", STAGES(coder_stages), .class_of = coder_class_of},
};

const struct pretokenizer *pretokenizer_find(const char *name)
{
    for (size_t i = 0; i < COUNT_OF(table); i++)
        if (str_eq(table[i].name, name)) return &table[i];
    return NULL;
}

/* ---- the matcher -------------------------------------------------------------------------------------------------- */

#define MAX_STAGES 6
#define MAX_RULES 8 /* of a stage: a bit each */

struct job {
    const char *text;
    const uint8_t *k; /* class of each byte */
    const struct pretokenizer *p;
    uint8_t begins[MAX_STAGES][32]; /* which rules of a stage can begin with a class */
    enum rc (*piece)(void *ctx, const char *begin, size_t n, struct err *e);
    void *ctx;
    struct err *e;
};

#define NO_MATCH SIZE_MAX

/* Classes that a match of the rule can begin with. */
static uint32_t first_set(const struct rule *r)
{
    uint32_t set = 0;

    if (!r->items[0].set) return B(K_APOSTROPHE);
    for (size_t i = 0; i < COUNT_OF(r->items) && r->items[i].set; i++) {
        set |= r->items[i].set;
        if (r->items[i].min > 0) break;
    }
    return set;
}

static void find_begins(struct job *j)
{
    assert(j->p->n_stages <= MAX_STAGES);
    for (size_t s = 0; s < j->p->n_stages; s++) {
        assert(j->p->stages[s].n_rules <= MAX_RULES);
        for (size_t i = 0; i < j->p->stages[s].n_rules; i++)
            for (uint32_t set = first_set(&j->p->stages[s].rules[i]) & ALL; set; set &= set - 1)
                j->begins[s][__builtin_ctz(set)] |= (uint8_t)(1U << i);
    }
}

static bool in_set(const struct job *j, size_t at, uint32_t set)
{
    return set >> j->k[at] & 1;
}

/* Length of 's, 't, 're, 've, 'm, 'll or 'd at `at`, or 0. U+017F folds to s. */
static size_t contraction(const char *s, size_t n, enum suffix how)
{
    static const char *const endings[] = {"s", "t", "re", "ve", "m", "ll", "d"};

    if (how == NO_SUFFIX || n < 2 || s[0] != '\'') return 0;
    for (size_t i = 0; i < COUNT_OF(endings); i++) {
        size_t len = strlen(endings[i]), same = 0;

        while (same < len && same + 1 < n) {
            char c = s[same + 1];

            if (how == ANY_CASE && c >= 'A' && c <= 'Z') c = (char)(c + 32);
            if (c != endings[i][same]) break;
            same++;
        }
        if (same == len) return len + 1;
    }
    return how == ANY_CASE && n >= 3 && memcmp(s + 1, "\xC5\xBF", 2) == 0 ? 3 : 0;
}

/* The end of the longest match of one item at [at, end). */
static size_t take(const struct job *j, const struct item *it, size_t at, size_t end)
{
    uint32_t set = it->set | B(K_TAIL); /* a character's further bytes go with its first */

    if (it->max == 0) {
        while (at < end && in_set(j, at, set)) at++;
        return at;
    }
    for (size_t count = 0; at < end && count < it->max && in_set(j, at, it->set); count++) {
        at++;
        while (at < end && j->k[at] == K_TAIL) at++;
    }
    return at;
}

/* End of the match of r's items from `item` on at [at, end), or NO_MATCH. */
static size_t match(const struct job *j, const struct rule *r, size_t item, size_t at, size_t end)
{
    const struct item *it = &r->items[item];
    size_t stop, least = at;

    if (item == COUNT_OF(r->items) || !it->set) {
        if (r->ahead == NO_INK && at < end && !in_set(j, at, WHITE)) return NO_MATCH;
        if (r->ahead == END && at < end) return NO_MATCH;
        return at + contraction(j->text + at, end - at, r->suffix);
    }
    for (size_t count = 0; count < it->min; count++) {
        if (least == end || !in_set(j, least, it->set)) return NO_MATCH;
        least = take(j, &(const struct item)ONE(it->set), least, end);
    }
    for (at = take(j, it, at, end);; at--) {
        if (at < end && j->k[at] == K_TAIL) continue;
        stop = match(j, r, item + 1, at, end);
        if (stop != NO_MATCH || at == least) return stop;
    }
}

static size_t match_stage(const struct job *j, size_t stage, size_t begin, size_t at, size_t end)
{
    for (unsigned rules = j->begins[stage][j->k[at]]; rules; rules &= rules - 1) {
        const struct rule *r = &j->p->stages[stage].rules[__builtin_ctz(rules)];
        size_t stop;

        if (r->whole_run && at > begin) {
            size_t before = at - 1;

            while (j->k[before] == K_TAIL) before--;
            if (in_set(j, before, r->items[0].set)) continue;
        }
        stop = match(j, r, 0, at, end);
        if (stop != NO_MATCH && stop > at) return stop;
    }
    return NO_MATCH;
}

static enum rc split(const struct job *j, size_t stage, size_t begin, size_t end)
{
    size_t gap = begin, at = begin;
    enum rc rc = RC_OK;

    if (begin == end) return RC_OK;
    if (stage == j->p->n_stages) return j->piece(j->ctx, j->text + begin, end - begin, j->e);
    while (rc == RC_OK) {
        size_t stop;

        while (at < end && !j->begins[stage][j->k[at]]) at++; /* continuation bytes begin nothing */
        if (at == end) break;
        stop = match_stage(j, stage, begin, at, end);
        if (stop == NO_MATCH) {
            at++;
            continue;
        }
        rc = split(j, stage + 1, gap, at);
        if (rc == RC_OK) rc = split(j, stage + 1, at, stop);
        gap = at = stop;
    }
    return rc == RC_OK ? split(j, stage + 1, gap, end) : rc;
}

enum rc pretokenize(const struct pretokenizer *p, const char *text, size_t n,
                    enum rc (*piece)(void *ctx, const char *begin, size_t n, struct err *e), void *ctx, struct err *e)
{
    struct job j = {.text = text, .p = p, .piece = piece, .ctx = ctx, .e = e};
    uint8_t *k;
    enum rc rc;

    if (n == 0) return RC_OK;
    k = malloc(n);
    if (!k) return err_set(e, RC_NOMEM, "tokenize: out of memory");
    classify(text, n, p->class_of ? p->class_of : class_of, k);
    j.k = k;
    find_begins(&j);
    rc = split(&j, 0, 0, n);
    free(k);
    return rc;
}
