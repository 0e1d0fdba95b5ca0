#include "links.h"

#include <stdlib.h>
#include <string.h>

static int by_value(const void *a, const void *b)
{
    return strcmp(((const struct link *)a)->value, ((const struct link *)b)->value);
}

size_t links_sort(struct link *items, size_t n, const char **values)
{
    size_t n_values = 0;

    if (n) qsort(items, n, sizeof(*items), by_value);
    for (size_t i = 0; i < n; i++) {
        if (i == 0 || strcmp(items[i].value, items[i - 1].value) != 0) values[n_values++] = items[i].value;
    }
    return n_values;
}

size_t links_find(const struct link *items, size_t n, const char *value)
{
    size_t lo = 0, hi = n;

    while (lo < hi) {
        size_t mid = lo + (hi - lo) / 2;

        if (strcmp(items[mid].value, value) < 0) lo = mid + 1;
        else hi = mid;
    }
    return lo;
}

bool links_has(const struct link *items, size_t n, size_t i, const char *value)
{
    return i < n && strcmp(items[i].value, value) == 0;
}
