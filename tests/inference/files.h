/* files.h: where the models lie that these suites read. */
#ifndef TESTS_INFERENCE_FILES_H
#define TESTS_INFERENCE_FILES_H

#include <stdio.h>
#include <stdlib.h>

/* tests/data/gguf/NAME.gguf; until the next call. */
static inline const char *file_of(const char *name)
{
    static char path[4096];
    const char *source = getenv("BRIEFD_TEST_SOURCE");
    snprintf(path, sizeof(path), "%s/tests/data/gguf/%s.gguf", source ? source : ".", name);
    return path;
}

#endif
