/* Any bytes as a GGUF file: the reader, the tokenizer, the weights and, if all that loads, a pass of the model.
 * Good seeds: tests/data/gguf (the smaller ones). */
#include <stdio.h>
#include <sys/mman.h>
#include <unistd.h>

#include "../../inference/inference.h"

static void ignore_row(void *ctx, size_t pos, const float *logprobs)
{
    (void)ctx;
    (void)pos;
    (void)logprobs;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const int32_t ids[2] = {0, 1};
    struct model *m = NULL;
    struct err e;
    char path[64];
    int fd = memfd_create("gguf", MFD_CLOEXEC);

    if (fd < 0) return 0;
    snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
    if (write(fd, data, size) == (ssize_t)size && model_open(path, NULL, &m, &e) == RC_OK) {
        if (model_logits(m, NULL, ids, 2, 1, ignore_row, NULL, &e) == RC_OK) (void)!model_check(m, &e);
        model_close(m);
    }
    close(fd);
    return 0;
}
