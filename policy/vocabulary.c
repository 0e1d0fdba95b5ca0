/* vocabulary.c: see vocabulary.h. */
#include "vocabulary.h"

#include <stdlib.h>
#include <string.h>

#include "../base/str.h"
#include "plain_words.h"
#include "text.h"

#define LEAST_COMMON 4 /* bytes that an inflected word shares with its other form */
#define LEAST_PART 4   /* bytes of a part of a compound */

static int compare(const void *a, const void *b)
{
    return strcmp(*(const char *const *)a, *(const char *const *)b);
}

enum rc vocabulary_open(const struct tokens *t, struct vocabulary *out, struct err *e)
{
    enum rc rc = RC_OK;

    memset(out, 0, sizeof(*out));
    out->sorted = calloc(t->n + 1, sizeof(*out->sorted));
    if (!out->sorted) return err_set(e, RC_NOMEM, "policy: out of memory");
    for (size_t i = 0; rc == RC_OK && i < t->n; i++) {
        int event;
        if (hash_set_has(&out->words, t->items[i].hash)) continue;
        rc = hash_set_add(&out->words, t->items[i].hash, e);
        out->sorted[out->n_sorted++] = t->items[i].fold;
        event = plain_event(t->items[i].fold);
        if (event >= 0 && event < VOCABULARY_EVENTS) out->events[event] = true;
    }
    if (rc == RC_OK)
        qsort(out->sorted, out->n_sorted, sizeof(*out->sorted), compare);
    else
        vocabulary_close(out);
    return rc;
}

void vocabulary_close(struct vocabulary *v)
{
    hash_set_clear(&v->words);
    free(v->sorted);
    memset(v, 0, sizeof(*v));
}

bool vocabulary_has(const struct vocabulary *v, const struct token *t)
{
    return hash_set_has(&v->words, t->hash);
}

static size_t common_prefix(const char *a, const char *b)
{
    size_t n = 0;

    while (a[n] && a[n] == b[n]) n++;
    return n;
}

/* Two forms of one word share LEAST_COMMON bytes and three fifths of the longer one: "deliver", "delivery". */
static bool same_stem(const char *a, const char *b)
{
    size_t n = common_prefix(a, b), la = strlen(a), lb = strlen(b), longer = la > lb ? la : lb;

    return n >= LEAST_COMMON && 5 * n >= 3 * longer;
}

static bool has_form(const struct vocabulary *v, const char *word)
{
    size_t lo = 0, hi = v->n_sorted;

    if (strlen(word) < LEAST_COMMON) return false;
    while (lo < hi) { /* the first word with the same LEAST_COMMON bytes */
        size_t mid = (lo + hi) / 2;
        if (strncmp(v->sorted[mid], word, LEAST_COMMON) < 0)
            lo = mid + 1;
        else
            hi = mid;
    }
    for (; lo < v->n_sorted && strncmp(v->sorted[lo], word, LEAST_COMMON) == 0; lo++)
        if (same_stem(v->sorted[lo], word)) return true;
    return false;
}

static bool has_word(const struct vocabulary *v, const char *word, size_t n)
{
    return hash_set_has(&v->words, token_hash(word, n));
}

/* A part of a compound: as seen, or plain; before the last part also with a linking sound ("Vertrags-"). */
static bool is_part(const struct vocabulary *v, const char *s, size_t n, bool last)
{
    static const char *const links[] = {"", "s", "es", "n", "en", "e"};
    char part[64];

    if (n >= sizeof(part)) return false;
    for (size_t i = 0; i < (last ? 1 : COUNT_OF(links)); i++) {
        size_t k = strlen(links[i]);
        if (n < k + LEAST_PART || memcmp(s + n - k, links[i], k) != 0) continue;
        memcpy(part, s, n - k);
        part[n - k] = '\0';
        if (has_word(v, part, n - k) || plain_word(part, 1) || (last && has_form(v, part))) return true;
    }
    return false;
}

/* "Vertragsverlängerung" from "Vertrag" and "Verlängerung"; or the last or first part of a longer word that was seen. */
static bool is_compound(const struct vocabulary *v, const char *word)
{
    size_t n = strlen(word);

    for (size_t i = LEAST_PART; i + LEAST_PART <= n; i++)
        if (is_part(v, word, i, false) && is_part(v, word + i, n - i, true)) return true;
    if (n < 6) return false;
    for (size_t i = 0; i < v->n_sorted; i++) {
        size_t len = strlen(v->sorted[i]);
        if (len > n + 3 && (str_ends(v->sorted[i], word) || str_starts(v->sorted[i], word))) return true;
    }
    return false;
}

bool vocabulary_grounds(const struct vocabulary *v, const struct token *t, size_t language)
{
    if (vocabulary_has(v, t) || plain_word(t->fold, language) || has_form(v, t->fold)) return true;
    return language == 1 && is_compound(v, t->fold);
}
