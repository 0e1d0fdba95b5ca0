/* arena.h: many small allocations with one owner and one end.
 * A record, an admitted record, a parsed policy each own an arena; nothing in it is freed alone. */
#ifndef BASE_ARENA_H
#define BASE_ARENA_H

#include <stddef.h>
#include "err.h"

struct arena_block;
struct arena {
    struct arena_block *head;
    size_t used;  /* bytes handed out */
    size_t limit; /* most bytes it hands out */
};

void arena_init(struct arena *a, size_t limit);
void arena_clear(struct arena *a); /* frees everything; usable again */
void arena_wipe(struct arena *a);  /* zeroes everything first: for PII and secrets */

/* Zeroed memory aligned to 16 bytes; NULL when out of memory or over the limit. */
void *arena_alloc(struct arena *a, size_t n);
/* n * size without overflow. */
void *arena_array(struct arena *a, size_t n, size_t size);
/* Copies, NUL-terminated. NULL as arena_alloc(). arena_dup(a, NULL) is NULL. */
char *arena_dup(struct arena *a, const char *s);
char *arena_ndup(struct arena *a, const char *s, size_t n);
char *arena_printf(struct arena *a, const char *fmt, ...) PRINTF_LIKE(2, 3);

#endif
