/* words.c: see words.h. */
#include "words.h"

#include <stdlib.h>
#include <string.h>
#include <unicode/uchar.h>
#include <unicode/unorm2.h>

#include "../base/crypto.h"
#include "../base/str.h"

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

enum rc words_split(const char *text, size_t n, struct words *out, struct err *e)
{
    UErrorCode status = U_ZERO_ERROR;
    const UNormalizer2 *nfd = unorm2_getNFDInstance(&status);
    struct fold f = {.cap = n * 3 + 16}; /* a word costs its letters, at most thrice, and a NUL */
    size_t cap = 0;

    memset(out, 0, sizeof(*out));
    if (U_FAILURE(status)) nfd = NULL;
    f.to = malloc(f.cap);
    if (!f.to) return err_set(e, RC_NOMEM, "names: out of memory");
    out->folds = f.to;
    for (size_t i = 0; i < n;) {
        struct word w = {.letters = true, .upper = true};
        uint32_t cp;
        size_t len = utf8_decode(text + i, n - i, &cp);

        if (!u_isalnum((UChar32)cp)) {
            i += len;
            continue;
        }
        w.start = i;
        w.capital = u_isUUppercase((UChar32)cp) || u_istitle((UChar32)cp);
        w.fold = f.to + f.n;
        f.start = f.n;
        while (i < n) {
            len = utf8_decode(text + i, n - i, &cp);
            if (!u_isalnum((UChar32)cp) && u_charType((UChar32)cp) != U_NON_SPACING_MARK) break;
            if (u_isdigit((UChar32)cp)) w.letters = false;
            if (u_isULowercase((UChar32)cp)) w.upper = false;
            if (u_isalnum((UChar32)cp)) fold_letter(&f, nfd, cp);
            i += len;
        }
        w.end = i;
        w.n_fold = f.n - f.start;
        f.to[f.n++] = '\0';
        if (out->n == cap) {
            struct word *items;

            cap = cap ? cap * 2 : 64;
            items = realloc(out->items, cap * sizeof(*items));
            if (!items) {
                out->n_folds = f.n;
                words_clear(out);
                return err_set(e, RC_NOMEM, "names: out of memory");
            }
            out->items = items;
        }
        out->items[out->n++] = w;
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
