/* merge.c: byte-pair merging. */
#include "merge.h"

#include <stdlib.h>
#include <string.h>

static enum rc out_of_memory(struct err *e)
{
    return err_set(e, RC_NOMEM, "tokenize: out of memory");
}

/* ---- rules -------------------------------------------------------------------------------------------------------- */

enum rc merge_rules_init(struct merge_rules *r, size_t n, struct err *e)
{
    unsigned bits = 4;
    size_t bytes;

    while (((size_t)1 << bits) < n + n / 2) bits++; /* a third stays empty, so that a search for what is not there ends */
    bytes = ((size_t)1 << bits) * sizeof(*r->table);
    *r = (struct merge_rules){.table = malloc(bytes), .shift = 64 - bits};
    if (!r->table) return err_set(e, RC_NOMEM, "tokenizer: out of memory");
    memset(r->table, 0xFF, bytes);
    return RC_OK;
}

void merge_rules_clear(struct merge_rules *r)
{
    free(r->table);
    *r = (struct merge_rules){0};
}

/* The rule of a pair, or the empty place where it would be. */
static inline struct merge_rule *find(const struct merge_rules *r, int32_t left, int32_t right)
{
    uint64_t h = ((uint64_t)(uint32_t)left << 32 | (uint32_t)right) * UINT64_C(0x9E3779B97F4A7C15);
    size_t mask = SIZE_MAX >> r->shift, i;

    h ^= h >> 32;
    for (i = (h * UINT64_C(0xD6E8FEB86659FD93)) >> r->shift;; i = (i + 1) & mask) {
        struct merge_rule *at = &r->table[i];

        if ((at->left == left && at->right == right) || at->left < 0) return at;
    }
}

void merge_rules_add(struct merge_rules *r, int32_t left, int32_t right, uint32_t rank, int32_t id)
{
    struct merge_rule *at = find(r, left, right);

    if (at->left < 0) *at = (struct merge_rule){left, right, rank, id};
}

static inline void look_up(const struct merge_rules *r, struct symbol *s, int32_t right)
{
    const struct merge_rule *at;

    s->rank = MERGE_NO_RANK;
    if (s->id < 0 || right < 0) return;
    at = find(r, s->id, right);
    if (at->left < 0) return;
    s->rank = at->rank;
    s->merged = at->id;
}

/* ---- memory ------------------------------------------------------------------------------------------------------- */

void merge_clear(struct merge *m)
{
    free(m->symbols);
    free(m->prev);
    free(m->next);
    for (size_t i = 0; i < MERGE_RUNS; i++) free(m->runs[i].keys);
    free(m->heap.keys);
    *m = (struct merge){0};
}

enum rc merge_reserve(struct merge *m, size_t n, struct err *e)
{
    if (n > m->cap_symbols) {
        struct symbol *s = realloc(m->symbols, n * sizeof(*s));

        if (!s) return out_of_memory(e);
        m->symbols = s;
        m->cap_symbols = n;
    }
    m->n_symbols = n;
    return RC_OK;
}

static enum rc reserve_links(struct merge *m, size_t n, struct err *e)
{
    if (n > m->cap_links) {
        uint32_t *prev = realloc(m->prev, n * sizeof(*prev)), *next = realloc(m->next, n * sizeof(*next));

        if (prev) m->prev = prev;
        if (next) m->next = next;
        if (!prev || !next) return out_of_memory(e);
        m->cap_links = n;
    }
    return RC_OK;
}

/* ---- the queue of pairs --------------------------------------------------------------------------------------------
 * A key is a rank and a position. Pairs of one kind mostly come from left to right, so keys of a rank go to one of a
 * few runs as long as they ascend, and only the others to a heap. The least key is the first of a run or of the heap.
 * A key whose symbol has another rank by now is stale: its pair is gone. */

static bool append(struct merge_run *r, uint64_t key)
{
    if (r->n == r->cap) {
        size_t cap = r->cap ? 2 * r->cap : 256;
        uint64_t *more = realloc(r->keys, cap * sizeof(*more));

        if (!more) return false;
        r->keys = more;
        r->cap = cap;
    }
    r->keys[r->n++] = key;
    return true;
}

static bool push(struct merge *m, uint32_t rank, uint32_t at)
{
    uint64_t key = (uint64_t)rank << 32 | at, *heap;
    struct merge_run *r = &m->runs[(rank * UINT32_C(0x9E3779B9)) >> 29];
    size_t i;

    _Static_assert(MERGE_RUNS == 1 << 3, "the shift above keeps three bits");
    if (r->head == r->n) r->head = r->n = 0;
    if (r->n == 0 || r->keys[r->n - 1] <= key) return append(r, key);
    if (!append(&m->heap, key)) return false;
    heap = m->heap.keys;
    for (i = m->heap.n - 1; i > 0 && heap[(i - 1) / 2] > key; i = (i - 1) / 2) heap[i] = heap[(i - 1) / 2];
    heap[i] = key;
    return true;
}

static void drop_first_of_heap(struct merge_run *h)
{
    uint64_t last = h->keys[--h->n];
    size_t at = 0, kid;

    while ((kid = 2 * at + 1) < h->n) {
        if (kid + 1 < h->n && h->keys[kid + 1] < h->keys[kid]) kid++;
        if (h->keys[kid] >= last) break;
        h->keys[at] = h->keys[kid];
        at = kid;
    }
    h->keys[at] = last;
}

static bool pop(struct merge *m, uint64_t *key)
{
    struct merge_run *least = NULL;

    *key = UINT64_MAX;
    for (size_t i = 0; i < MERGE_RUNS; i++) {
        struct merge_run *r = &m->runs[i];

        if (r->head < r->n && r->keys[r->head] < *key) {
            least = r;
            *key = r->keys[r->head];
        }
    }
    if (m->heap.n > 0 && m->heap.keys[0] < *key) {
        *key = m->heap.keys[0];
        drop_first_of_heap(&m->heap);
        return true;
    }
    if (least) least->head++;
    return least;
}

/* ---- merging ------------------------------------------------------------------------------------------------------ */

#define SHORT 32   /* symbols up to which scanning beats a queue */
#define NONE UINT32_MAX

static void merge_short(struct merge *m, const struct merge_rules *rules)
{
    struct symbol *s = m->symbols;
    size_t n = m->n_symbols;

    for (size_t i = 0; i + 1 < n; i++) look_up(rules, &s[i], s[i + 1].id);
    for (;;) {
        uint32_t best = MERGE_NO_RANK;
        size_t at = 0;

        for (size_t i = 0; i + 1 < n; i++) {
            if (s[i].rank >= best) continue;
            best = s[i].rank;
            at = i;
        }
        if (best == MERGE_NO_RANK) break;
        s[at].id = s[at].merged;
        n--;
        memmove(&s[at + 1], &s[at + 2], (n - at - 1) * sizeof(*s));
        if (at + 1 < n) look_up(rules, &s[at], s[at + 1].id);
        if (at > 0) look_up(rules, &s[at - 1], s[at].id);
    }
    m->n_symbols = n;
}

/* Find the rule of the pair that begins at symbol `at` and queue it. */
static bool consider(struct merge *m, const struct merge_rules *rules, uint32_t at)
{
    struct symbol *s = &m->symbols[at];

    s->rank = MERGE_NO_RANK;
    if (m->next[at] == NONE) return true;
    look_up(rules, s, m->symbols[m->next[at]].id);
    return s->rank == MERGE_NO_RANK || push(m, s->rank, at);
}

static bool merge_pair(struct merge *m, const struct merge_rules *rules, uint32_t at)
{
    uint32_t right = m->next[at];

    m->symbols[at].id = m->symbols[at].merged;
    m->symbols[right].rank = MERGE_NO_RANK;
    m->next[at] = m->next[right];
    if (m->next[at] != NONE) m->prev[m->next[at]] = at;
    return consider(m, rules, at) && (m->prev[at] == NONE || consider(m, rules, m->prev[at]));
}

static enum rc merge_long(struct merge *m, const struct merge_rules *rules, struct err *e)
{
    uint32_t n = (uint32_t)m->n_symbols, kept = 0;
    enum rc rc = reserve_links(m, n, e);
    bool ok = rc == RC_OK;
    uint64_t key;

    for (size_t i = 0; i < MERGE_RUNS; i++) m->runs[i].head = m->runs[i].n = 0;
    m->heap.n = 0;
    for (uint32_t i = 0; i < n && ok; i++) {
        m->prev[i] = i > 0 ? i - 1 : NONE;
        m->next[i] = i + 1 < n ? i + 1 : NONE;
        ok = consider(m, rules, i);
    }
    while (ok && pop(m, &key)) {
        uint32_t at = (uint32_t)key;

        if (m->symbols[at].rank == key >> 32) ok = merge_pair(m, rules, at);
    }
    if (!ok) return out_of_memory(e);
    for (uint32_t i = 0; i != NONE; i = m->next[i]) m->symbols[kept++] = m->symbols[i];
    m->n_symbols = kept;
    return RC_OK;
}

enum rc merge_run(struct merge *m, const struct merge_rules *rules, struct err *e)
{
    if (m->n_symbols > SHORT) return merge_long(m, rules, e);
    merge_short(m, rules);
    return RC_OK;
}
