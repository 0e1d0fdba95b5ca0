/* merge.c: byte-pair merging with a heap. */
#include "merge.h"

#include <stdlib.h>

void merge_clear(struct merge *m)
{
    free(m->symbols);
    free(m->heap);
    *m = (struct merge){0};
}

enum rc merge_reserve(struct merge *m, size_t n, struct err *e)
{
    /* Every merge removes a symbol and adds at most two pairs, and there are n - 1 pairs to begin with. */
    size_t n_pairs = 3 * n;

    if (n > m->cap_symbols) {
        struct symbol *s = realloc(m->symbols, n * sizeof(*s));
        struct pair *h = realloc(m->heap, n_pairs * sizeof(*h));

        if (s) m->symbols = s;
        if (h) m->heap = h;
        if (!s || !h) return err_set(e, RC_NOMEM, "tokenize: out of memory");
        m->cap_symbols = n;
        m->cap_heap = n_pairs;
    }
    m->n_symbols = n;
    return RC_OK;
}

static void push(struct merge *m, struct pair p)
{
    size_t at = m->n_heap++;

    while (at > 0 && m->heap[(at - 1) / 2].key > p.key) {
        m->heap[at] = m->heap[(at - 1) / 2];
        at = (at - 1) / 2;
    }
    m->heap[at] = p;
}

static struct pair pop(struct merge *m)
{
    struct pair top = m->heap[0], last = m->heap[--m->n_heap];
    size_t at = 0, kid;

    while ((kid = 2 * at + 1) < m->n_heap) {
        if (kid + 1 < m->n_heap && m->heap[kid + 1].key < m->heap[kid].key) kid++;
        if (m->heap[kid].key >= last.key) break;
        m->heap[at] = m->heap[kid];
        at = kid;
    }
    m->heap[at] = last;
    return top;
}

static void consider(struct merge *m, const char *text, uint32_t left, merge_look_up look_up, const void *ctx)
{
    const struct symbol *a = &m->symbols[left], *b;
    uint32_t rank;
    int32_t id;

    if (a->next == MERGE_END) return;
    b = &m->symbols[a->next];
    if (!look_up(ctx, text, a, b, &rank, &id)) return;
    push(m, (struct pair){.key = (uint64_t)rank << 32 | left, .left = left, .n_left = a->n, .n_right = b->n, .id = id});
}

void merge_run(struct merge *m, const char *text, merge_look_up look_up, const void *ctx)
{
    m->n_heap = 0;
    for (uint32_t i = 0; i < m->n_symbols; i++) {
        m->symbols[i].prev = i > 0 ? i - 1 : MERGE_END;
        m->symbols[i].next = i + 1 < m->n_symbols ? i + 1 : MERGE_END;
    }
    for (uint32_t i = 0; i + 1 < m->n_symbols; i++) consider(m, text, i, look_up, ctx);
    while (m->n_heap > 0) {
        struct pair p = pop(m);
        struct symbol *a = &m->symbols[p.left], *b;

        /* A pair is stale when either symbol has been merged since: a dead one has no bytes, a grown one more. */
        if (a->n != p.n_left || a->next == MERGE_END) continue;
        b = &m->symbols[a->next];
        if (b->n != p.n_right) continue;
        a->n += b->n;
        a->id = p.id;
        a->next = b->next;
        b->n = 0;
        if (a->next != MERGE_END) m->symbols[a->next].prev = p.left;
        consider(m, text, p.left, look_up, ctx);
        if (a->prev != MERGE_END) consider(m, text, a->prev, look_up, ctx);
    }
}
