/* arch.c: the table. Sources: the models' papers and reference code; what GGUF files of them hold.
 * Where llama.cpp computes something other than the model's authors do, files are made and measured with
 * it, and it is followed: phi3's window is not applied, phimoe has RMS norms with a bias and a softmax over
 * its two experts. */
#include "arch.h"

#include <stddef.h>
#include <string.h>

/* One row an architecture; the names for messages are made from the same list. */
#define ARCHITECTURES(ROW)                                                                                   \
    ROW("llama", .rope = ROPE_NEIGHBOURS, .dense = true, .experts = true, .gating = GATING_CHOSEN)           \
    ROW("granite", .rope = ROPE_NEIGHBOURS, .scales = true, .rope_can_be_off = true, .dense = true,          \
        .experts = true, .shared = SHARED_ADDED, .gating = GATING_CHOSEN)                                    \
    ROW("granitemoe", .rope = ROPE_NEIGHBOURS, .scales = true, .experts = true, .shared = SHARED_ADDED,      \
        .gating = GATING_CHOSEN)                                                                             \
    ROW("qwen2", .rope = ROPE_HALVES, .biases = BIAS_QKV, .dense = true)                                     \
    ROW("qwen2moe", .rope = ROPE_HALVES, .biases = BIAS_QKV, .experts = true, .shared = SHARED_GATED,        \
        .gating = GATING_SOFTMAX)                                                                            \
    ROW("qwen3", .rope = ROPE_HALVES, .qk_norm = QK_NORM_HEAD, .dense = true)                                \
    ROW("qwen3moe", .rope = ROPE_HALVES, .qk_norm = QK_NORM_HEAD, .experts = true, .gating = GATING_CHOSEN)  \
    ROW("olmoe", .rope = ROPE_HALVES, .qk_norm = QK_NORM_ROW, .experts = true, .gating = GATING_SOFTMAX)     \
    ROW("phi3", .rope = ROPE_HALVES, .dense = true, .up_holds_gate = true)                                   \
    ROW("phimoe", .rope = ROPE_HALVES, .biases = BIAS_QKV | BIAS_ATTN_OUT | BIAS_NORMS | BIAS_OUTPUT,        \
        .experts = true, .gating = GATING_CHOSEN)                                                            \
    ROW("gpt-oss", .rope = ROPE_HALVES, .sinks = true, .window_period = 2,                                   \
        .biases = BIAS_QKV | BIAS_ATTN_OUT | BIAS_EXPERTS, .experts = true, .norm_after_attention = true,    \
        .gating = GATING_CHOSEN, .activation = ACTIVATION_SWIGLU_CLAMPED)                                    \
    ROW("deepseek2", .rope = ROPE_NEIGHBOURS, .latent = true, .dense = true, .experts = true,                \
        .shared = SHARED_COUNTED, .gating = GATING_SOFTMAX, .router_keys = true)

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
