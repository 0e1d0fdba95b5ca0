#include "text.h"

#include <stdlib.h>
#include <string.h>
#include <unicode/uchar.h>

#include "../base/err.h"
#include "../base/str.h"

#define WORD_BYTES 64 /* longer words are compared by their beginning */

bool text_is_digit(unsigned cp)
{
    return (U_GET_GC_MASK((UChar32)cp) & U_GC_N_MASK) != 0;
}

bool text_is_letter(unsigned cp)
{
    return (U_GET_GC_MASK((UChar32)cp) & (U_GC_L_MASK | U_GC_M_MASK)) != 0;
}

bool text_is_upper(unsigned cp)
{
    return (U_GET_GC_MASK((UChar32)cp) & (U_GC_LU_MASK | U_GC_LT_MASK)) != 0;
}

bool text_has_digit(const char *s, size_t n)
{
    unsigned cp;

    for (size_t i = 0; i < n;) {
        i += utf8_decode(s + i, n - i, &cp);
        if (text_is_digit(cp)) return true;
    }
    return false;
}

size_t text_fold(const char *s, size_t n, char *out, size_t cap)
{
    size_t len = 0;

    for (size_t i = 0; i < n;) {
        unsigned cp;
        char bytes[4];
        size_t m;

        i += utf8_decode(s + i, n - i, &cp);
        m = utf8_encode((unsigned)u_foldCase((UChar32)cp, U_FOLD_CASE_DEFAULT), bytes);
        if (len + m >= cap) break;
        memcpy(out + len, bytes, m);
        len += m;
    }
    out[len] = '\0';
    return len;
}

/* ---- words ------------------------------------------------------------------------------------------------------ */

/* End of a slot that starts at `at`, or `at`: '[', capitals, '_', digits, an optional form, ']'. */
static size_t slot_end(const char *text, size_t n, size_t at)
{
    size_t i = at;

    if (i >= n || text[i] != '[') return at;
    for (i++; i < n && i < at + 128; i++) {
        char c = text[i];
        if (c == ']') return i + 1;
        if (!((c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || c == '_' || c == ':'))
            return at;
    }
    return at;
}

bool text_word(const char *text, size_t n, size_t *pos, struct stretch *out)
{
    size_t i = *pos, m, end;
    unsigned cp;

    for (; i < n; i += m) {
        if ((end = slot_end(text, n, i)) > i) {
            *out = (struct stretch){i, end};
            *pos = end;
            return true;
        }
        m = utf8_decode(text + i, n - i, &cp);
        if (text_is_letter(cp) || text_is_digit(cp)) break;
    }
    if (i >= n) {
        *pos = n;
        return false;
    }
    for (end = i; end < n; end += m) {
        m = utf8_decode(text + end, n - end, &cp);
        if (!text_is_letter(cp) && !text_is_digit(cp)) break;
    }
    *out = (struct stretch){i, end};
    *pos = end;
    return true;
}

/* ---- sentences -------------------------------------------------------------------------------------------------- */

/* Folded, without the last full stop, sorted for bsearch(). */
static const char *const abbreviations[] = {
    "abs", "abt", "approx", "apr", "art", "aug", "bspw", "bzgl", "bzw", "ca", "co", "corp", "dec", "dept",
    "dez", "dipl", "dr", "est", "evtl", "exkl", "feb", "fr", "ggf", "hr", "hrn", "ing", "inkl", "jan", "jr",
    "jul", "jun", "max", "min", "mind", "mio", "mr", "mrd", "mrs", "ms", "no", "nov", "nr", "oct", "okt",
    "prof", "resp", "sen", "sep", "sept", "sog", "sr", "st", "str", "tel", "tsd", "u", "urspr", "usw",
    "vgl", "vs", "zb", "ziff", "zzgl",
};

static int compare_words(const void *a, const void *b)
{
    return strcmp(a, *(const char *const *)b);
}

static bool in_list(const char *word, const char *const *list, size_t n)
{
    return bsearch(word, list, n, sizeof(*list), compare_words) != NULL;
}

static bool is_space(char c)
{
    return c == ' ' || c == '\t' || c == '\r' || c == '\n';
}

/* The stop at `at` belongs to an abbreviation, an initial, or an ordinal number before a lower-case word or number. */
static bool stop_inside(const char *text, size_t n, size_t at)
{
    size_t start = at, next = at + 1;
    char word[WORD_BYTES];
    unsigned cp = 0, after = 0;
    bool alone;

    while (start > 0 && !is_space(text[start - 1]) && !strchr("(\"'.", text[start - 1])) start--;
    while (next < n && text[next] == ' ') next++;
    if (next < n) utf8_decode(text + next, n - next, &after);
    if (start == at) return false;
    alone = start + utf8_decode(text + start, at - start, &cp) == at && text_is_letter(cp);
    if (alone) return true; /* "A. Weber", "z. B." */
    text_fold(text + start, at - start, word, sizeof(word));
    if (in_list(word, abbreviations, COUNT_OF(abbreviations))) return true;
    if (!text_is_letter(after) && !text_is_digit(after)) return false;
    if (text[at - 1] >= '0' && text[at - 1] <= '9' && at - start <= 2) return true; /* "12. Maerz", "3. Quartal" */
    return text_is_letter(after) && !text_is_upper(after);                         /* "etc. and" */
}

/* Where the sentence that holds text[i] ends: behind its closing marks, or at the line's end. */
static size_t sentence_end(const char *text, size_t n, size_t i, const struct stretch *whole, size_t n_whole)
{
    for (; i < n; i++) {
        size_t end = i + 1;
        while (n_whole && whole->end <= i) { /* one step each: a text full of stops and numbers stays linear */
            whole++;
            n_whole--;
        }
        if (n_whole && whole->start <= i) continue;
        if (text[i] == '\n') return i;
        if (!strchr(".!?", text[i])) continue;
        while (end < n && strchr(".!?\"')", text[end])) end++;
        if (end < n && !is_space(text[end])) continue;
        if (text[i] == '.' && stop_inside(text, n, i)) continue;
        return end;
    }
    return n;
}

bool text_sentence(const char *text, size_t n, const struct stretch *whole, size_t n_whole, size_t *pos,
                   struct stretch *out)
{
    size_t start = *pos, end;

    while (start < n && is_space(text[start])) start++;
    if (start >= n) {
        *pos = n;
        return false;
    }
    while (n_whole && whole->end <= start) { /* keeps the look-ups short in a long text */
        whole++;
        n_whole--;
    }
    end = sentence_end(text, n, start, whole, n_whole);
    *pos = end;
    while (end > start && is_space(text[end - 1])) end--;
    *out = (struct stretch){start, end};
    return true;
}

/* ---- small words ------------------------------------------------------------------------------------------------ */

/* Words that only one of the two languages has, sorted. */
static const char *const english[] = {
    "about", "after", "and", "are", "at", "been", "before", "but", "by", "can", "could", "did", "do",
    "does", "for", "from", "had", "has", "have", "he", "her", "his", "how", "if", "is", "it", "its", "last",
    "my", "next", "not", "of", "on", "or", "our", "please", "she", "should", "that", "the", "their", "them",
    "there", "they", "this", "to", "until", "we", "were", "what", "when", "which", "who", "will", "with",
    "would", "yet", "you", "your",
};
static const char *const german[] = {
    "aber", "als", "am", "auch", "auf", "aus", "bei", "bis", "bitte", "das", "dass", "dem", "den", "der",
    "des", "die", "durch", "ein", "eine", "einem", "einen", "einer", "er", "es", "für", "haben", "hat",
    "ich", "ihr", "ihre", "ihren", "im", "ist", "kein", "keine", "können", "mit", "nach", "nicht", "noch",
    "nur", "oder", "sehr", "seit", "sich", "sie", "sind", "soll", "um", "und", "uns", "unser", "vom", "von",
    "vor", "war", "wegen", "wenn", "werden", "wie", "wir", "wird", "wurde", "zu", "zum", "zur", "über",
};
/* Words of both, or too short to tell: only left out when sentences are compared with what they rest on. */
static const char *const neutral[] = {
    "a", "also", "an", "as", "be", "in", "no", "nun", "so", "was",
};

bool text_is_stop_word(const char *folded)
{
    return in_list(folded, english, COUNT_OF(english)) || in_list(folded, german, COUNT_OF(german)) ||
           in_list(folded, neutral, COUNT_OF(neutral));
}

const char *text_language(const char *text, size_t n)
{
    size_t pos = 0, n_english = 0, n_german = 0;
    struct stretch w;
    char word[WORD_BYTES];

    while (text_word(text, n, &pos, &w)) {
        text_fold(text + w.start, w.end - w.start, word, sizeof(word));
        n_english += in_list(word, english, COUNT_OF(english));
        n_german += in_list(word, german, COUNT_OF(german));
    }
    if (n_english >= 2 && n_english > 2 * n_german) return "en";
    if (n_german >= 2 && n_german > 2 * n_english) return "de";
    return NULL;
}

/* Small letters of Latin-1 are C3 A0 to C3 BE in UTF-8, but for the sign C3 B7; their capitals 0x20 before them. */
void text_put_capital(const char *s, size_t n, struct buf *out)
{
    unsigned char a = n ? (unsigned char)s[0] : 0, b = n > 1 ? (unsigned char)s[1] : 0;

    if (a >= 'a' && a <= 'z') {
        buf_char(out, (char)(a - 0x20));
        buf_add(out, s + 1, n - 1);
    } else if (a == 0xC3 && b >= 0xA0 && b <= 0xBE && b != 0xB7) {
        buf_printf(out, "\xC3%c", b - 0x20);
        buf_add(out, s + 2, n - 2);
    } else {
        buf_add(out, s, n);
    }
}
