/* memory.c: /proc/meminfo, proc(5), and the memory controller's files, Linux Documentation/admin-guide/cgroup-v2. */
#include "memory.h"

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#define CGROUPS "/sys/fs/cgroup"

/* MemAvailable: free, and caches that can be given up. */
static size_t of_system(void)
{
    char line[256];
    unsigned long long kib;
    size_t bytes = SIZE_MAX;
    FILE *f = fopen("/proc/meminfo", "re");

    if (!f) return SIZE_MAX;
    while (bytes == SIZE_MAX && fgets(line, sizeof(line), f))
        if (sscanf(line, "MemAvailable: %llu kB", &kib) == 1) bytes = (size_t)kib * 1024;
    fclose(f);
    return bytes;
}

/* The number in one file of a control group; false if it says "max" or is not there. */
static bool read_number(const char *group, const char *name, unsigned long long *out)
{
    char path[4352];
    FILE *f;
    bool read;

    snprintf(path, sizeof(path), CGROUPS "%s/%s", group, name);
    f = fopen(path, "re");
    if (!f) return false;
    read = fscanf(f, "%llu", out) == 1;
    fclose(f);
    return read;
}

/* What the limit of one control group leaves; the pages of files that it holds could be given up, so this is what is
 * certain. */
static size_t of_group(const char *group)
{
    unsigned long long most, used;

    if (!read_number(group, "memory.max", &most) || !read_number(group, "memory.current", &used)) return SIZE_MAX;
    return most > used ? (size_t)(most - used) : 0;
}

size_t memory_available(void)
{
    char line[4096] = "";
    char *group = line;
    size_t least = of_system();
    FILE *f = fopen("/proc/self/cgroup", "re");

    if (!f) return least;
    if (!fgets(line, sizeof(line), f) || strncmp(line, "0::", 3) != 0) line[0] = '\0';
    fclose(f);
    group += line[0] ? 3 : 0;
    group[strcspn(group, "\n")] = '\0';
    for (char *end; *group; *end = '\0') { /* a group has the limits of those above it, too */
        size_t left = of_group(group);

        least = left < least ? left : least;
        end = strrchr(group, '/');
        if (!end) break;
    }
    return least;
}
