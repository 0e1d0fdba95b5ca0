#include "slot_place.h"

#include <string.h>

#include "../base/err.h"
#include "../base/str.h"
#include "text.h"

#define MIN_LETTERS 3   /* of a word that tells a place by itself */
#define OVERDUE_REACH 3 /* tokens between "overdue" and its days */

/* Length of "[MONEY" in "[MONEY_1]". */
static size_t kind_of(const struct token *slot)
{
    return strcspn(slot->fold, "_");
}

static bool same_kind(const struct token *a, const struct token *b)
{
    size_t n = kind_of(a);

    return a->slot && b->slot && n == kind_of(b) && memcmp(a->fold, b->fold, n) == 0;
}

static bool tells(const struct token *x)
{
    return !x->slot && strlen(x->fold) >= MIN_LETTERS && !text_is_stop_word(x->fold);
}

/* The tokens at `from` + step * 1 .. n of one text equal those of another. */
static bool same_side(const struct tokens *a, size_t at, const struct tokens *b, size_t bt, long step, size_t n)
{
    for (size_t i = 1; i <= n; i++) {
        long x = (long)at + step * (long)i, y = (long)bt + step * (long)i;
        if (x < 0 || y < 0 || x >= (long)a->n || y >= (long)b->n) return false;
        if (a->items[x].hash != b->items[y].hash) return false;
    }
    return true;
}

/* Beside these n neighbours the prompt has slots of this kind, but never this one. */
static bool in_anothers_place(const struct tokens *s, size_t at, const struct tokens *prompt, long step, size_t n)
{
    bool other = false;

    for (size_t j = 0; j < prompt->n; j++) {
        if (!same_kind(&s->items[at], &prompt->items[j]) || !same_side(s, at, prompt, j, step, n)) continue;
        if (prompt->items[j].hash == s->items[at].hash) return false;
        other = true;
    }
    return other;
}

/* One telling word, or two of any kind. */
static bool side_fault(const struct tokens *s, size_t at, const struct tokens *prompt, long step)
{
    long next = (long)at + step, far = (long)at + 2 * step;

    if (next < 0 || next >= (long)s->n) return false;
    if (tells(&s->items[next]) && in_anothers_place(s, at, prompt, step, 1)) return true;
    return far >= 0 && far < (long)s->n && in_anothers_place(s, at, prompt, step, 2);
}

static bool is_overdue(const char *word)
{
    static const char *const words[] = {"overdue", "passed", "late", "\xc3\xbc" "berf\xc3\xa4llig", "verstrichen",
                                        "\xc3\xbc" "berschritten"};

    for (size_t i = 0; i < COUNT_OF(words); i++)
        if (str_eq(words[i], word)) return true;
    return false;
}

static bool near_overdue(const struct tokens *t, size_t at)
{
    size_t from = at > OVERDUE_REACH ? at - OVERDUE_REACH : 0, to = at + OVERDUE_REACH < t->n ? at + OVERDUE_REACH : t->n - 1;

    for (size_t i = from; i <= to; i++)
        if (is_overdue(t->items[i].fold)) return true;
    return false;
}

/* The prompt calls these days overdue somewhere: "overdue by [DAYS_2]", "close date passed: [DAYS_1] ago". */
static bool called_overdue(const struct token *slot, const struct tokens *prompt)
{
    for (size_t j = 0; j < prompt->n; j++)
        if (prompt->items[j].hash == slot->hash && near_overdue(prompt, j)) return true;
    return false;
}

bool slot_place_fault(const struct tokens *s, const struct tokens *prompt)
{
    for (size_t i = 0; i < s->n; i++) {
        const struct token *x = &s->items[i];
        if (!x->slot) continue;
        if (side_fault(s, i, prompt, -1) || side_fault(s, i, prompt, 1)) return true;
        if (strncmp(x->fold, "[DAYS", kind_of(x)) == 0 && near_overdue(s, i) && !called_overdue(x, prompt)) return true;
    }
    return false;
}
