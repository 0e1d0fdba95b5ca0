#include "diff.h"

#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#define CONTEXT 3

struct line {
    const char *at;
    size_t n; /* its line feed included */
};
struct lines {
    struct line *all;
    size_t n;
};
struct diff { /* one edit script: " -+" and, for each, which line of its side */
    struct lines a, b;
    char *ops;
    size_t n_ops;
};

static enum rc no_memory(struct err *e)
{
    return err_set(e, RC_NOMEM, "diff: out of memory");
}

static enum rc split(const struct diff_side *s, struct lines *out, struct err *e)
{
    size_t n = 0;
    for (size_t i = 0; i < s->n; i++)
        n += s->text[i] == '\n';
    out->all = calloc(n + 2, sizeof(*out->all));
    if (!out->all)
        return no_memory(e);
    for (size_t from = 0; from < s->n;) {
        const char *end = memchr(s->text + from, '\n', s->n - from);
        size_t len = end ? (size_t)(end + 1 - (s->text + from)) : s->n - from;
        out->all[out->n++] = (struct line){s->text + from, len};
        from += len;
    }
    return RC_OK;
}

static bool same(const struct line *x, const struct line *y)
{
    return x->n == y->n && memcmp(x->at, y->at, x->n) == 0;
}

static void put_ops(struct diff *d, char op, size_t n)
{
    memset(d->ops + d->n_ops, op, n);
    d->n_ops += n;
}

/* Longest common subsequence of the middles by dynamic programming (Wagner and Fischer 1974): length[i][j] is that of
 * a[i..] and b[j..]. Files of rules are short; what is longer than the bound is shown as replaced. */
static enum rc middle(struct diff *d, size_t from, size_t n_a, size_t n_b, struct err *e)
{
    const struct line *a = d->a.all + from, *b = d->b.all + from;
    size_t row = n_b + 1;
    if (n_a == 0 || n_b == 0 || n_a > DIFF_MAX_CELLS / row - 1) {
        put_ops(d, '-', n_a);
        put_ops(d, '+', n_b);
        return RC_OK;
    }
    uint32_t *length = calloc((n_a + 1) * row, sizeof(*length));
    if (!length)
        return no_memory(e);
    for (size_t i = n_a; i-- > 0;)
        for (size_t j = n_b; j-- > 0;) {
            uint32_t down = length[(i + 1) * row + j], right = length[i * row + j + 1];
            length[i * row + j] = same(&a[i], &b[j]) ? length[(i + 1) * row + j + 1] + 1 : down > right ? down : right;
        }
    size_t i = 0, j = 0;
    while (i < n_a || j < n_b) {
        if (i < n_a && j < n_b && same(&a[i], &b[j])) {
            put_ops(d, ' ', 1);
            i++, j++;
        } else if (i < n_a && (j == n_b || length[(i + 1) * row + j] >= length[i * row + j + 1])) {
            put_ops(d, '-', 1);
            i++;
        } else {
            put_ops(d, '+', 1);
            j++;
        }
    }
    free(length);
    return RC_OK;
}

static enum rc compare(struct diff *d, struct err *e)
{
    size_t head = 0, tail = 0, n_a = d->a.n, n_b = d->b.n;
    d->ops = malloc(n_a + n_b + 1);
    if (!d->ops)
        return no_memory(e);
    while (head < n_a && head < n_b && same(&d->a.all[head], &d->b.all[head]))
        head++;
    while (tail < n_a - head && tail < n_b - head && same(&d->a.all[n_a - 1 - tail], &d->b.all[n_b - 1 - tail]))
        tail++;
    put_ops(d, ' ', head);
    enum rc rc = middle(d, head, n_a - head - tail, n_b - head - tail, e);
    if (rc == RC_OK)
        put_ops(d, ' ', tail);
    return rc;
}

/* ---- printing --------------------------------------------------------------------------------------------------- */

/* The end of the hunk that begins at op `from`: it goes on while the next change is near. */
static size_t hunk_end(const struct diff *d, size_t from)
{
    size_t last = from;
    for (size_t i = from; i < d->n_ops && i <= last + 2 * CONTEXT + 1; i++)
        if (d->ops[i] != ' ')
            last = i;
    return last + CONTEXT + 1 < d->n_ops ? last + CONTEXT + 1 : d->n_ops;
}

static void put_line(struct buf *out, char op, const struct line *x)
{
    buf_char(out, op);
    buf_add(out, x->at, x->n);
    if (x->n == 0 || x->at[x->n - 1] != '\n')
        buf_str(out, "\n\\ No newline at end of file\n");
}

/* i and j: lines of a and b before op `from`. */
static void put_hunk(const struct diff *d, size_t from, size_t to, size_t i, size_t j, struct buf *out)
{
    size_t n_a = 0, n_b = 0;
    for (size_t k = from; k < to; k++) {
        n_a += d->ops[k] != '+';
        n_b += d->ops[k] != '-';
    }
    buf_printf(out, "@@ -%zu,%zu +%zu,%zu @@\n", i + (n_a > 0), n_a, j + (n_b > 0), n_b);
    for (size_t k = from; k < to; k++) {
        put_line(out, d->ops[k], d->ops[k] == '+' ? &d->b.all[j] : &d->a.all[i]);
        i += d->ops[k] != '+';
        j += d->ops[k] != '-';
    }
}

static void print(const struct diff *d, const char *name_a, const char *name_b, struct buf *out)
{
    size_t i = 0, j = 0, at = 0;
    for (size_t k = 0; k < d->n_ops; k++) {
        if (d->ops[k] == ' ')
            continue;
        size_t from = k > at + CONTEXT ? k - CONTEXT : at, to = hunk_end(d, k);
        if (at == 0)
            buf_printf(out, "--- %s\n+++ %s\n", name_a, name_b);
        for (; at < from; at++, i++, j++) {} /* only what is the same lies between two hunks */
        put_hunk(d, from, to, i, j, out);
        for (; at < to; at++) {
            i += d->ops[at] != '+';
            j += d->ops[at] != '-';
        }
        k = to - 1;
    }
}

enum rc diff_unified(const struct diff_side *a, const struct diff_side *b, struct buf *out, struct err *e)
{
    struct diff d = {0};
    enum rc rc = split(a, &d.a, e);
    if (rc == RC_OK)
        rc = split(b, &d.b, e);
    if (rc == RC_OK)
        rc = compare(&d, e);
    if (rc == RC_OK) {
        print(&d, a->name, b->name, out);
        rc = buf_check(out, "diff", e);
    }
    free(d.a.all);
    free(d.b.all);
    free(d.ops);
    return rc;
}
