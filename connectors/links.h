/* links.h: which records of a batch wait for a row with a certain value: a parent's id, or what children match. */
#ifndef CONNECTORS_LINKS_H
#define CONNECTORS_LINKS_H

#include <stdbool.h>
#include <stddef.h>

struct node; /* a record whose relations are loaded; each connector has its own */
struct link {
    const char *value;
    struct node *node;
};

/* Sort by value, and write each value once to values[n] (borrowed, sorted). Returns how many there are. */
size_t links_sort(struct link *items, size_t n, const char **values);
/* Index of the first of sorted items with `value`, or where it would stand. */
size_t links_find(const struct link *items, size_t n, const char *value);
/* Does item i exist, and have this value? Walk on from links_find() while it does. */
bool links_has(const struct link *items, size_t n, size_t i, const char *value);

#endif
