#include "table.h"

#include <stdio.h>
#include <unistd.h>
#include "cli.h"

#define TABLE_MAX_BYTES ((size_t)256 << 20)

struct table_row {
    struct table_row *next;
    const char *cells[TABLE_MAX_COLUMNS];
};

void table_init(struct table *t, const char *const *headings, size_t n_columns)
{
    *t = (struct table){.headings = headings, .n_columns = n_columns};
    arena_init(&t->arena, TABLE_MAX_BYTES);
}

void table_clear(struct table *t)
{
    arena_clear(&t->arena);
    t->first = NULL;
    t->tail = NULL;
    t->n_rows = 0;
}

enum rc table_add(struct table *t, const char *const *cells, struct err *e)
{
    struct table_row *row = arena_alloc(&t->arena, sizeof(*row));
    if (!row)
        return err_set(e, RC_NOMEM, "table: out of memory");
    for (size_t k = 0; k < t->n_columns; k++) {
        row->cells[k] = arena_dup(&t->arena, cells[k] ? cells[k] : "");
        if (!row->cells[k])
            return err_set(e, RC_NOMEM, "table: out of memory");
    }
    if (!t->first)
        t->tail = &t->first;
    *t->tail = row;
    t->tail = &row->next;
    t->n_rows++;
    return RC_OK;
}

/* Code points: what a terminal needs for the letters that names of records have. */
static size_t width_of(const char *s)
{
    size_t n = 0;
    for (; *s; s++)
        n += ((unsigned char)*s & 0xC0) != 0x80;
    return n;
}

static void print_row(const struct table *t, const char *const *cells, const size_t *widths)
{
    for (size_t k = 0; k < t->n_columns; k++) {
        int pad = k + 1 < t->n_columns ? (int)(widths[k] - width_of(cells[k])) + 2 : 0;
        printf("%s%*s", cells[k], pad, "");
    }
    putchar('\n');
}

void table_print(const struct table *t, const char *none)
{
    size_t widths[TABLE_MAX_COLUMNS];
    bool color = cli_color(STDOUT_FILENO);
    if (t->n_rows == 0) {
        puts(none);
        return;
    }
    for (size_t k = 0; k < t->n_columns; k++) {
        widths[k] = width_of(t->headings[k]);
        for (const struct table_row *r = t->first; r; r = r->next)
            if (width_of(r->cells[k]) > widths[k])
                widths[k] = width_of(r->cells[k]);
    }
    if (color)
        printf("\033[1m");
    print_row(t, t->headings, widths);
    if (color)
        printf("\033[0m");
    for (const struct table_row *r = t->first; r; r = r->next)
        print_row(t, r->cells, widths);
}
