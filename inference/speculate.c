/* speculate.c: occurrences are found as LZ77 coders find them (Deutsch 1996, RFC 1951, section 4): the last two
 * tokens lead to a chain of the places where they ended before, the newest first, and a bounded number of these is
 * compared. */
#include "speculate.h"

#include <math.h>
#include <stdlib.h>

#define LONGEST_CHAIN 32  /* places that are compared */
#define EXACT_ROWS    32  /* steps of so many rows have an estimate each, larger ones share one by eighths of an octave */
#define N_COSTS       112 /* up to 32 * 2^10 rows */
#define MEMORY        256.0F /* tried tokens after which older ones count half */
#define PRIOR         4.0F   /* tries that the general estimate counts for in a sequence's own */
#define PROBE_TOKENS  256    /* without a draft, after which one token is tried all the same */
#define LEAST_GAIN    0.05   /* tokens that a further row must promise */

/* ---- lookup -------------------------------------------------------------------------------------------- */

struct lookup {
    size_t n_indexed, most;
    uint32_t mask;
    uint32_t *heads;  /* by hash of two tokens: the place of the second, from 1; 0: none */
    uint32_t *before; /* of each place: the one before with the same hash */
};

struct lookup *lookup_open(size_t most)
{
    struct lookup *l = calloc(1, sizeof(*l));
    size_t n_heads = 64;

    while (n_heads < most)
        n_heads *= 2;
    if (!l) return NULL;
    l->most = most;
    l->mask = (uint32_t)(n_heads - 1);
    l->heads = calloc(n_heads, sizeof(*l->heads));
    l->before = calloc(most + 1, sizeof(*l->before));
    if (!l->heads || !l->before) {
        lookup_close(l);
        return NULL;
    }
    return l;
}

void lookup_close(struct lookup *l)
{
    if (!l) return;
    free(l->heads);
    free(l->before);
    free(l);
}

static uint32_t *head_of(const struct lookup *l, const int32_t *last)
{
    uint64_t two = (uint64_t)(uint32_t)last[-1] << 32 | (uint32_t)last[0];

    return &l->heads[(two * UINT64_C(0x9E3779B97F4A7C15) >> 32) & l->mask]; /* Knuth, multiplicative hashing */
}

/* How many tokens that end at `at` are those that end at n - 1. */
static size_t match_length(const int32_t *ids, size_t n, size_t at)
{
    size_t k = 0;

    while (k < MATCH_MOST && k <= at && ids[at - k] == ids[n - 1 - k])
        k++;
    return k;
}

size_t lookup_draft(struct lookup *l, const int32_t *ids, size_t n, int32_t draft[DRAFT_MOST], size_t *match)
{
    size_t best = 0, from = 0, chain = 0;

    for (; l->n_indexed + 1 < n; l->n_indexed++) { /* all but the last, which must not be found itself */
        uint32_t place = (uint32_t)l->n_indexed + 1, *head;

        if (l->n_indexed == 0) continue;
        head = head_of(l, ids + l->n_indexed);
        l->before[place] = *head;
        *head = place;
    }
    *match = 0;
    if (n < MATCH_LEAST + 1) return 0;
    for (uint32_t place = *head_of(l, ids + n - 1); place && best < MATCH_MOST && chain < LONGEST_CHAIN;
         place = l->before[place], chain++) {
        size_t length = match_length(ids, n, place - 1);

        if (length <= best) continue;
        best = length;
        from = place;
    }
    if (best < MATCH_LEAST) return 0;
    for (size_t i = 0; i < DRAFT_MOST; i++) /* a repetition goes on into the draft itself */
        draft[i] = from + i < n ? ids[from + i] : draft[from + i - n];
    *match = best;
    return DRAFT_MOST;
}

/* ---- what steps take ----------------------------------------------------------------------------------- */

struct speculation {
    double us[N_COSTS]; /* 0: not measured */
    uint32_t count[N_COSTS];
    struct acceptance all;
    size_t n_since; /* tokens since a draft was tried */
};

struct speculation *speculation_open(void)
{
    return calloc(1, sizeof(struct speculation));
}

void speculation_close(struct speculation *s)
{
    free(s);
}

/* Rows that estimate i stands for. */
static size_t rows_of(size_t i)
{
    size_t octave;

    if (i < EXACT_ROWS) return i + 1;
    octave = (i - EXACT_ROWS) / 8;
    return ((size_t)EXACT_ROWS << octave) + ((i - EXACT_ROWS) % 8 + 1) * ((size_t)EXACT_ROWS << octave) / 8;
}

static size_t cost_of_rows(size_t rows)
{
    size_t i = rows <= EXACT_ROWS ? rows - 1 : EXACT_ROWS;

    while (i + 1 < N_COSTS && rows_of(i) < rows)
        i++;
    return i;
}

void speculation_note_step(struct speculation *s, size_t rows, int64_t us)
{
    size_t i = cost_of_rows(rows);
    double x = (double)us, *now = &s->us[i];

    if (rows == 0 || us <= 0) return;
    if (s->count[i] == 0) {
        *now = x;
    } else { /* a thread that lost its processor for a while must not spoil the estimate */
        x = fmin(fmax(x, *now / 2), *now * 2);
        *now += (x - *now) / fmin(s->count[i] + 1, 8);
    }
    s->count[i]++;
}

/* Between measured ones in proportion; beyond, each further row costs half of what a row costs on average. Until an
 * estimate is settled it must fit the next smaller one: more rows take no less time, nor more than in proportion. */
double speculation_step_us(const struct speculation *s, size_t rows)
{
    size_t i = cost_of_rows(rows), below = i, above = i;
    double us = rows_of(i) == rows ? s->us[i] : 0, at, low;

    if (us > 0 && s->count[i] >= 8) return us;
    while (below > 0 && s->us[below - 1] <= 0)
        below--;
    while (above < N_COSTS && (s->us[above] <= 0 || rows_of(above) < rows))
        above++;
    if (below == 0) return above < N_COSTS ? s->us[above] : 0;
    low = s->us[below - 1];
    at = (double)rows_of(below - 1);
    if (us <= 0 && above < N_COSTS)
        us = low + (s->us[above] - low) * ((double)rows - at) / ((double)rows_of(above) - at);
    else if (us <= 0)
        us = low * (1 + 0.5 * ((double)rows - at) / at);
    return fmin(fmax(us, low), low * (double)rows / at);
}

/* ---- what drafts bring --------------------------------------------------------------------------------- */

static size_t class_of(size_t match)
{
    return match <= 2 ? 0 : match == 3 ? 1 : match <= 5 ? 2 : match <= 9 ? 3 : 4;
}

static void note(struct acceptance *a, size_t class, float tried, float right)
{
    if (a->tried[class] > MEMORY) {
        a->tried[class] /= 2;
        a->right[class] /= 2;
    }
    a->tried[class] += tried;
    a->right[class] += right;
}

void speculation_note_draft(struct speculation *s, const struct draft *d, size_t right)
{
    float tried = (float)(right < d->n ? right + 1 : right); /* nothing is known of what follows a wrong one */

    note(&s->all, class_of(d->match), tried, (float)right);
    note(d->own, class_of(d->match), tried, (float)right);
    s->n_since = 0;
}

/* The chance that a drafted token is right if those before it are. */
static double chance_of(const struct speculation *s, const struct draft *d)
{
    static const float first[MATCH_CLASSES] = {0.3F, 0.4F, 0.5F, 0.6F, 0.7F}; /* before anything was tried */
    size_t c = class_of(d->match);
    float general = (s->all.right[c] + PRIOR * first[c]) / (s->all.tried[c] + PRIOR);

    return (double)((d->own->right[c] + PRIOR * general) / (d->own->tried[c] + PRIOR));
}

/* The sequence whose next drafted token is the likeliest to be of use; *gain is how likely. */
static size_t best_of(const struct draft *d, size_t n, double *gain)
{
    size_t best = n;

    *gain = 0;
    for (size_t i = 0; i < n; i++) {
        if (d[i].n >= d[i].most || d[i].gain <= *gain) continue;
        *gain = d[i].gain;
        best = i;
    }
    return best;
}

void speculation_plan(struct speculation *s, size_t rows, struct draft *d, size_t n)
{
    size_t order[DRAFT_MOST_ROWS], count = 0, keep = 0;
    double tokens = (double)rows, best = tokens / speculation_step_us(s, rows), gain;

    for (size_t i = 0; i < n; i++) {
        d[i].n = 0;
        d[i].gain = d[i].chance = chance_of(s, &d[i]);
    }
    while (count < DRAFT_MOST_ROWS) {
        size_t i = best_of(d, n, &gain);

        if (i == n || gain < LEAST_GAIN) break;
        order[count++] = i;
        d[i].n++;
        d[i].gain *= d[i].chance;
        tokens += gain;
        if (tokens / speculation_step_us(s, rows + count) > best) {
            best = tokens / speculation_step_us(s, rows + count);
            keep = count;
        }
    }
    while (count > keep)
        d[order[--count]].n--;
    s->n_since += rows;
    if (keep == 0 && n > 0 && s->n_since >= PROBE_TOKENS) d[s->n_since % n].n = 1;
}
