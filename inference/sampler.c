#include "sampler.h"

#include <math.h>
#include <stdlib.h>

#define DEFAULT_WINDOW 64
#define FEW            256 /* candidates that are kept in order by insertion */

struct candidate {
    float logit;
    int32_t id;
};

struct sampler {
    size_t n_vocab;
    struct candidate *candidates;
    bool *seen; /* [n_vocab]: false between calls */
};

enum rc sampler_open(size_t n_vocab, struct sampler **out, struct err *e)
{
    struct sampler *s = calloc(1, sizeof(*s));

    if (s) s->candidates = calloc(n_vocab, sizeof(*s->candidates));
    if (s) s->seen = calloc(n_vocab, sizeof(*s->seen));
    if (!s || !s->candidates || !s->seen) {
        sampler_close(s);
        return err_set(e, RC_NOMEM, "sampler: out of memory");
    }
    s->n_vocab = n_vocab;
    *out = s;
    return RC_OK;
}

void sampler_close(struct sampler *s)
{
    if (!s) return;
    free(s->candidates);
    free(s->seen);
    free(s);
}

/* The output function of SplitMix64 (Steele, Lea and Flood 2014) twice, over a counter. */
static uint64_t mix(uint64_t z)
{
    z = (z ^ (z >> 30)) * UINT64_C(0xBF58476D1CE4E5B9);
    z = (z ^ (z >> 27)) * UINT64_C(0x94D049BB133111EB);
    return z ^ (z >> 31);
}

double sampler_noise(uint64_t seed, uint64_t position)
{
    uint64_t z =
        mix(mix(seed + UINT64_C(0x9E3779B97F4A7C15)) + (position + 1) * UINT64_C(0x9E3779B97F4A7C15));

    return (double)(z >> 11) * 0x1p-53;
}

static bool before(struct candidate a, struct candidate b)
{
    return a.logit > b.logit || (a.logit == b.logit && a.id < b.id);
}

static size_t collect(struct sampler *s, const float *logits, const uint8_t *allowed, size_t n_allowed)
{
    size_t n = 0;

    for (size_t i = 0; i < s->n_vocab && (!allowed || i < n_allowed); i++)
        if ((!allowed || allowed[i]) && isfinite(logits[i]))
            s->candidates[n++] = (struct candidate){logits[i], (int32_t)i};
    return n;
}

/* ---- the most probable --------------------------------------------------------------------------------- */

#define LANES 16 /* maxima side by side: as many comparisons as a register holds go at a time */

/* Of all n; NAN if that is infinite or there is no number. */
static float most_of(const float *logits, size_t n)
{
    float most[LANES], best = -INFINITY;
    size_t i = 0;

    for (size_t k = 0; k < LANES; k++)
        most[k] = -INFINITY;
    for (; i + LANES <= n; i += LANES)
        for (size_t k = 0; k < LANES; k++)
            most[k] = logits[i + k] > most[k] ? logits[i + k] : most[k];
    for (size_t k = 0; k < LANES; k++)
        best = most[k] > best ? most[k] : best;
    for (; i < n; i++)
        best = logits[i] > best ? logits[i] : best;
    return isfinite(best) ? best : NAN;
}

/* The first token with the largest finite logit, if all may be taken; -1: it takes a closer look. */
static int32_t first_of_all(const float *logits, size_t n)
{
    float most = most_of(logits, n);

    for (size_t i = 0; !isnan(most) && i < n; i++)
        if (logits[i] == most) return (int32_t)i;
    return -1;
}

/* ---- a heap with the most probable candidate at 0 ------------------------------------------------------ */

static void sift_down(struct candidate *c, size_t n, size_t at)
{
    for (size_t child; (child = 2 * at + 1) < n; at = child) {
        struct candidate keep = c[at];

        if (child + 1 < n && before(c[child + 1], c[child])) child++;
        if (!before(c[child], keep)) return;
        c[at] = c[child];
        c[child] = keep;
    }
}

static void heap_make(struct candidate *c, size_t n)
{
    for (size_t i = n / 2; i-- > 0;)
        sift_down(c, n, i);
}

/* Move the first of c[n] to c[n - 1]. */
static void heap_pop(struct candidate *c, size_t n)
{
    struct candidate first = c[0];

    c[0] = c[n - 1];
    c[n - 1] = first;
    sift_down(c, n - 1, 0);
}

/* ---- cuts ---------------------------------------------------------------------------------------------- */

/* Turn c[n] round: what was popped lies at the end, the most probable one last. */
static void reverse(struct candidate *c, size_t n)
{
    for (size_t i = 0; i + 1 < n - i; i++) {
        struct candidate keep = c[i];

        c[i] = c[n - 1 - i];
        c[n - 1 - i] = keep;
    }
}

/* As keep_first() for a small k: they are kept in order while the others go by, of which hardly any has to be put in. */
static void keep_few(struct candidate *c, size_t n, size_t k)
{
    for (size_t i = 1; i < n; i++) {
        struct candidate next = c[i];
        size_t at = i < k ? i : k;

        if (at == k && !before(next, c[k - 1])) continue;
        if (at == k) at--; /* the last one goes */
        for (; at > 0 && before(next, c[at - 1]); at--)
            c[at] = c[at - 1];
        c[at] = next;
    }
}

/* The k most probable of c[n] come to the start of c, in order; what lies behind is of no use then. */
static void keep_first(struct candidate *c, size_t n, size_t k)
{
    if (k <= FEW) {
        keep_few(c, n, k);
        return;
    }
    heap_make(c, n);
    for (size_t i = 0; i < k; i++)
        heap_pop(c, n - i);
    reverse(c, n);
}

static double mass(const struct candidate *c, size_t n, float most, float temperature)
{
    double total = 0;

    for (size_t i = 0; i < n; i++)
        total += exp((double)(c[i].logit - most) / (double)temperature);
    return total;
}

/* The fewest of c[n] that together have the share p of its probability come to the start of c, in order. */
static size_t keep_share(struct candidate *c, size_t n, float most, float p)
{
    double wanted = mass(c, n, most, 1) * (double)p, sum = 0;
    size_t k = 0;

    heap_make(c, n);
    while (k < n && (k == 0 || sum < wanted)) {
        sum += exp((double)(c[0].logit - most));
        heap_pop(c, n - k++);
    }
    reverse(c, n);
    return k;
}

static size_t keep_above(struct candidate *c, size_t n, float least)
{
    size_t k = 0;

    for (size_t i = 0; i < n; i++)
        if (c[i].logit >= least) c[k++] = c[i];
    return k;
}

void sampler_penalise(struct sampler *s, float *logits, const int32_t *ids, size_t n, const struct sampling *p)
{
    size_t window = p->repeat_window ? p->repeat_window : DEFAULT_WINDOW, first = n > window ? n - window : 0;

    if (!(p->repeat_penalty > 0) || p->repeat_penalty == 1) return;
    for (size_t i = first; i < n; i++) {
        float *x = &logits[ids[i]];

        if (!s->seen[ids[i]]) *x = *x > 0 ? *x / p->repeat_penalty : *x * p->repeat_penalty;
        s->seen[ids[i]] = true;
    }
    for (size_t i = first; i < n; i++)
        s->seen[ids[i]] = false;
}

/* One of c[n], which is what the cuts left, by chance. */
static int32_t draw(const struct candidate *c, size_t n, struct candidate best, const struct sampling *p, uint64_t position)
{
    double at = sampler_noise(p->seed, position) * mass(c, n, best.logit, p->temperature);

    for (size_t i = 0; i < n; i++) {
        at -= exp((double)(c[i].logit - best.logit) / (double)p->temperature);
        if (at < 0) return c[i].id;
    }
    return best.id; /* rounding left a rest */
}

static float least_logit(struct candidate best, float min_p)
{
    return best.logit + logf(fminf(min_p, 1));
}

int32_t sampler_pick(struct sampler *s, const float *logits, const uint8_t *allowed, size_t n_allowed,
                     const struct sampling *p, uint64_t position)
{
    struct candidate *c = s->candidates, best;
    bool greedy = !(p->temperature > 0);
    int32_t first = greedy && !allowed ? first_of_all(logits, s->n_vocab) : -1;
    size_t n;

    if (first >= 0) return first;
    n = collect(s, logits, allowed, n_allowed);
    if (n == 0) return -1;
    best = c[0];
    for (size_t i = 1; i < n; i++)
        if (before(c[i], best)) best = c[i];
    if (greedy) return best.id;
    if (p->top_k > 0 && p->top_k < n) {
        keep_first(c, n, p->top_k);
        n = p->top_k;
    }
    if (p->top_p < 1) n = keep_share(c, n, best.logit, p->top_p);
    if (p->min_p > 0) n = keep_above(c, n, least_logit(best, p->min_p));
    return draw(c, n, best, p, position);
}

/* ---- asking --------------------------------------------------------------------------------------------- */

#define MOST_ASKED 256
#define GREEDY_ASKED 16 /* where so many of the best are refused a mask is the shorter way */

/* Could `a` be one of the k best so far, whose worst is c[0]? */
static size_t offer(struct candidate *c, size_t n, size_t k, struct candidate a)
{
    size_t at;

    if (n == k) {
        if (!before(a, c[0])) return n;
        at = 0;
        for (size_t child; (child = 2 * at + 1) < n; at = child) { /* a heap with the worst at 0 */
            if (child + 1 < n && before(c[child], c[child + 1])) child++;
            if (!before(a, c[child])) break;
            c[at] = c[child];
        }
        c[at] = a;
        return n;
    }
    for (at = n; at > 0 && before(c[(at - 1) / 2], a); at = (at - 1) / 2) c[at] = c[(at - 1) / 2];
    c[at] = a;
    return n + 1;
}

/* The k best of all come to c, in order; returns how many there are. */
static size_t best_of(struct sampler *s, const float *logits, size_t n_allowed, size_t k)
{
    struct candidate *c = s->candidates;
    size_t n = 0, all = n_allowed < s->n_vocab ? n_allowed : s->n_vocab;

    for (size_t i = 0; i < all; i++) {
        if (n == k && !(logits[i] > c[0].logit)) continue; /* ties go to the lower id, which came first */
        if (isfinite(logits[i])) n = offer(c, n, k, (struct candidate){logits[i], (int32_t)i});
    }
    keep_first(c, n, n);
    return n;
}

/* How many of c[n], the best in order, have the share p of all; `rest` is what others may add to the whole at most. 0: it
 * depends on them, or rounding might decide. */
static size_t share_of(const struct candidate *c, size_t n, double rest, float p)
{
    double wanted = mass(c, n, c[0].logit, 1), sum = 0;
    double low = wanted * (double)p * (1 - 1e-9), high = (wanted + rest) * (double)p * (1 + 1e-9);

    for (size_t k = 1; k <= n; k++) {
        sum += exp((double)(c[k - 1].logit - c[0].logit));
        if (sum >= low) return sum >= high ? k : 0;
    }
    return 0;
}

/* What the candidates behind the n best weigh, at most: they are no better than `worst`, and there are their own logits. */
static double rest_mass(const struct sampler *s, const float *logits, size_t n_allowed, float best, struct candidate worst)
{
    size_t all = n_allowed < s->n_vocab ? n_allowed : s->n_vocab;
    double sum = 0;

    for (size_t i = 0; i < all; i++)
        if (isfinite(logits[i]) && before(worst, (struct candidate){logits[i], (int32_t)i})) sum += exp((double)(logits[i] - best));
    return sum;
}

static int by_id(const void *a, const void *b)
{
    const struct candidate *x = a, *y = b;

    return (x->id > y->id) - (x->id < y->id);
}

bool sampler_pick_asking(struct sampler *s, const float *logits, size_t n_allowed, bool (*may)(void *ctx, int32_t id),
                         void *ctx, const struct sampling *p, uint64_t position, int32_t *id)
{
    bool greedy = !(p->temperature > 0), cut = p->top_k > 0, whole;
    size_t asked = greedy ? GREEDY_ASKED : MOST_ASKED, n = 0, all;
    struct candidate *c = s->candidates, best, worst;

    *id = -1;
    if (!greedy && !cut && !(p->top_p < 1) && !(p->min_p > 0)) return false;
    all = best_of(s, logits, n_allowed, asked);
    if (all == 0) return true;
    worst = c[all - 1];
    for (size_t i = 0; i < all && !(greedy && n == 1) && !(cut && n > p->top_k); i++)
        if (may(ctx, c[i].id)) c[n++] = c[i];
    if (n == 0) return false;
    best = c[0];
    if (greedy) {
        *id = best.id;
        return true;
    }
    cut = cut && n > p->top_k; /* one more than the cut leaves, or there is none */
    if (cut) n = p->top_k;
    whole = cut || all < asked; /* nothing beyond these counts */
    if (!whole && p->top_k > 0) return false;
    if (whole && !cut) qsort(c, n, sizeof(*c), by_id); /* as sampler_pick() has them: sums depend on the order */
    if (p->top_p < 1) {
        n = whole ? keep_share(c, n, best.logit, p->top_p)
                  : share_of(c, n, rest_mass(s, logits, n_allowed, best.logit, worst), p->top_p);
        if (n == 0) return false;
    } else if (!whole) {
        if (worst.logit >= least_logit(best, p->min_p)) return false;
        qsort(c, n, sizeof(*c), by_id);
    }
    if (p->min_p > 0) n = keep_above(c, n, least_logit(best, p->min_p));
    *id = draw(c, n, best, p, position);
    return true;
}
