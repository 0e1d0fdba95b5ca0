/* table.h: rows under headings for people: columns as wide as their widest cell, two blanks between them. */
#ifndef DAEMON_TABLE_H
#define DAEMON_TABLE_H

#include <stddef.h>
#include "../base/arena.h"
#include "../base/err.h"

#define TABLE_MAX_COLUMNS 12

struct table_row;
struct table { /* clear with table_clear() */
    struct arena arena;
    const char *const *headings; /* borrowed */
    size_t n_columns;
    struct table_row *first, **tail;
    size_t n_rows;
};
/* n_columns: 1 to TABLE_MAX_COLUMNS. */
void table_init(struct table *t, const char *const *headings, size_t n_columns);
/* n_columns cells, copied; NULL is an empty one. RC_NOMEM. */
MUST_USE enum rc table_add(struct table *t, const char *const *cells, struct err *e);
/* To stdout; nothing but `none` if there are no rows. */
void table_print(const struct table *t, const char *none);
void table_clear(struct table *t);

#endif
