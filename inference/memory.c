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

static FILE *open_of_group(const char *group, const char *name)
{
    char path[4352];

    snprintf(path, sizeof(path), CGROUPS "%s/%s", group, name);
    return fopen(path, "re");
}

/* The number in one file of a control group; false if it says "max" or is not there. */
static bool read_number(const char *group, const char *name, unsigned long long *out)
{
    FILE *f = open_of_group(group, name);
    bool read = f && fscanf(f, "%llu", out) == 1;

    if (f) fclose(f);
    return read;
}

/* Pages of files count as used by a group, but are given up when it needs them. */
static unsigned long long of_files(const char *group)
{
    char line[256];
    unsigned long long bytes, sum = 0;
    FILE *f = open_of_group(group, "memory.stat");

    while (f && fgets(line, sizeof(line), f))
        if (sscanf(line, "inactive_file %llu", &bytes) == 1 || sscanf(line, "active_file %llu", &bytes) == 1)
            sum += bytes;
    if (f) fclose(f);
    return sum;
}

/* What the limit of one control group leaves. */
static size_t of_group(const char *group)
{
    unsigned long long most, used, files;

    if (!read_number(group, "memory.max", &most) || !read_number(group, "memory.current", &used)) return SIZE_MAX;
    files = of_files(group);
    used -= files < used ? files : used;
    return most > used ? (size_t)(most - used) : 0;
}

/* The path of this process's group in the version 2 hierarchy ("0::/path", one of the lines); "" if there is none. */
static void read_group(char *out, size_t size)
{
    char line[4096];
    FILE *f = fopen("/proc/self/cgroup", "re");

    out[0] = '\0';
    while (f && fgets(line, sizeof(line), f)) {
        if (strncmp(line, "0::", 3) != 0) continue;
        line[strcspn(line, "\n")] = '\0';
        snprintf(out, size, "%s", line + 3);
    }
    if (f) fclose(f);
}

size_t memory_available(void)
{
    char group[4096];
    size_t least = of_system();

    read_group(group, sizeof(group));
    for (char *end; *group; *end = '\0') { /* a group has the limits of those above it, too */
        size_t left = of_group(group);

        least = left < least ? left : least;
        end = strrchr(group, '/');
        if (!end) break;
    }
    return least;
}
