/* Any bytes as the two files of a split model: the first two bytes say where the second file begins. What opens has
 * tensors that can be read. The files' names are what a set needs, so they lie in a folder of this process's own. */
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>
#include "../../inference/gguf.h"

static char folder[] = "/tmp/fuzz_gguf_split.XXXXXX";
static char parts[2][sizeof(folder) + 32];

static void clean_up(void)
{
    unlink(parts[0]);
    unlink(parts[1]);
    rmdir(folder);
}

static void make_folder(void)
{
    if (!mkdtemp(folder)) abort();
    for (int i = 0; i < 2; i++)
        snprintf(parts[i], sizeof(parts[i]), "%s/m-0000%d-of-00002.gguf", folder, i + 1);
    atexit(clean_up);
}

static void put(const char *path, const uint8_t *bytes, size_t n)
{
    FILE *f = fopen(path, "wb");

    if (!f || fwrite(bytes, 1, n, f) != n || fclose(f) != 0) abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct gguf *g = NULL;
    struct err e;
    char hex[65];
    size_t first;

    if (size < 2) return 0;
    if (!parts[0][0]) make_folder();
    first = (size_t)data[0] | (size_t)data[1] << 8;
    data += 2;
    size -= 2;
    if (first > size) first = size;
    put(parts[0], data, first);
    put(parts[1], data + first, size - first);
    if (gguf_open(parts[size % 2], &g, &e) != RC_OK) return 0;
    for (size_t i = 0; i < gguf_n_tensors(g); i++) {
        const struct gguf_tensor *t = gguf_tensor_at(g, i);
        uint8_t last;

        if (gguf_tensor(g, t->name) != t || gguf_read(g, t, t->bytes - 1, &last, 1, &e) != RC_OK) abort();
    }
    if (gguf_hash(g, hex, &e) != RC_OK) abort();
    gguf_close(g);
    return 0;
}
