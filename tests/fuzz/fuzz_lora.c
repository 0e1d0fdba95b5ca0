/* Any bytes as an adapter of a small model (tests/data/gguf): the reader and, if it loads, a pass beside the weights.
 * Good seeds: make_gguf_seeds' lora.bin. */
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
    static struct model *m; /* of the whole run */
    struct lora *a = NULL;
    struct err e;
    char path[64];
    int fd;

    if (!m && model_open("tests/data/gguf/llama.gguf", &(struct model_options){.cpu = CPU_SCALAR}, &m, &e) != RC_OK) {
        fprintf(stderr, "%s\n", e.msg);
        __builtin_trap(); /* run it in the project's folder */
    }
    fd = memfd_create("lora", MFD_CLOEXEC);
    if (fd < 0) return 0;
    snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
    if (write(fd, data, size) == (ssize_t)size && lora_open(m, path, &a, &e) == RC_OK) {
        (void)!model_logits(m, a, ids, 2, 1, ignore_row, NULL, &e);
        lora_close(a);
    }
    close(fd);
    return 0;
}
