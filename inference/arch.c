/* arch.c: the table. Sources: the models' papers and reference code; what GGUF files of them hold. */
#include "arch.h"

#include <stddef.h>
#include <string.h>

/* One row an architecture; the names for messages are made from the same list. */
#define ARCHITECTURES(ROW)                                                                                   \
    ROW("llama", .rope = ROPE_NEIGHBOURS, .dense = true, .experts = true, .weights_sum_to_one = true)        \
    ROW("granitemoe", .rope = ROPE_NEIGHBOURS, .scales = true, .experts = true, .shared_expert = true,       \
        .weights_sum_to_one = true)                                                                          \
    ROW("granite", .rope = ROPE_NEIGHBOURS, .scales = true, .dense = true)                                   \
    ROW("qwen2", .rope = ROPE_HALVES, .qkv_bias = true, .dense = true)                                       \
    ROW("qwen3", .rope = ROPE_HALVES, .qk_norm = QK_NORM_HEAD, .dense = true)                                \
    ROW("qwen3moe", .rope = ROPE_HALVES, .qk_norm = QK_NORM_HEAD, .experts = true,                           \
        .weights_sum_to_one = true)                                                                          \
    ROW("olmoe", .rope = ROPE_HALVES, .qk_norm = QK_NORM_ROW, .experts = true)

#define ROW_OF_TABLE(text, ...) {.name = (text), __VA_ARGS__},
#define ROW_OF_NAMES(text, ...) " " text

static const struct arch table[] = {ARCHITECTURES(ROW_OF_TABLE)};

const struct arch *arch_find(const char *name, unsigned long n)
{
    for (size_t i = 0; i < sizeof(table) / sizeof(table[0]); i++)
        if (strlen(table[i].name) == n && memcmp(table[i].name, name, n) == 0) return &table[i];
    return NULL;
}

const char *arch_names(void)
{
    return &ARCHITECTURES(ROW_OF_NAMES)[1];
}
