/* lora_make.h: adapters of random values beside a model's own matrices, for tests. Needs gguf_make.h's writer and the
 * reader for the shapes. */
#ifndef TESTS_LORA_MAKE_H
#define TESTS_LORA_MAKE_H

#include "gguf_make.h"
#include "../../inference/gguf.h"

#define LORA_MAKE_ALL "attn_q attn_k attn_v attn_output ffn_gate ffn_up ffn_down ffn_gate_shexp ffn_up_shexp " \
                      "ffn_down_shexp ffn_gate_exps ffn_up_exps ffn_down_exps"
#define LORA_MAKE_EVERYWHERE "attn_output ffn_down ffn_down_shexp ffn_down_exps" /* also where others lie in one tensor */

/* Whether "blk.N.PART.weight" is of one of the parts, which stand with spaces between them. */
static inline bool lora_make_wants(const char *tensor, const char *parts)
{
    const char *part = strncmp(tensor, "blk.", 4) == 0 ? strchr(tensor + 4, '.') : NULL;
    size_t n = part ? strlen(++part) : 0;
    if (n < 8 || strcmp(part + n - 7, ".weight") != 0) return false;
    char want[64];
    for (const char *at = parts; *at; at += strcspn(at, " "), at += *at == ' ') {
        snprintf(want, sizeof(want), "%.*s.weight", (int)strcspn(at, " "), at);
        if (strcmp(part, want) == 0) return true;
    }
    return false;
}

/* Write one of a rank to `path`, beside the parts of the model file that it has. alpha / rank times values of about 1. */
static inline void lora_make(const char *model, const char *parts, uint32_t rank, float alpha, uint64_t seed, const char *path)
{
    static struct gguf_make m;
    struct gguf *g = NULL;
    struct err e;
    const char *arch;
    size_t n_arch, n = 0;
    char name[128], text[64];
    ck_assert_msg(gguf_open(model, &g, &e) == RC_OK, "%s", e.msg);
    ck_assert_msg(gguf_string(g, "general.architecture", &arch, &n_arch, &e) == RC_OK, "%s", e.msg);
    snprintf(text, sizeof(text), "%.*s", (int)n_arch, arch);
    for (size_t i = 0; i < gguf_n_tensors(g); i++)
        n += lora_make_wants(gguf_tensor_at(g, i)->name, parts);
    ck_assert_uint_gt(n, 0);
    make_begin(&m, 2 * n, 4);
    make_key_text(&m, "general.type", "adapter");
    make_key_text(&m, "general.architecture", text);
    make_key_text(&m, "adapter.type", "lora");
    make_key_f32(&m, "adapter.lora.alpha", alpha);
    for (size_t i = 0; i < gguf_n_tensors(g); i++) {
        const struct gguf_tensor *t = gguf_tensor_at(g, i);
        if (!lora_make_wants(t->name, parts)) continue;
        const uint64_t a[3] = {t->dims[0], rank, t->dims[2]}, b[3] = {rank, t->dims[1], t->dims[2]};
        uint32_t dims = t->dims[2] > 1 ? 3 : 2;
        snprintf(name, sizeof(name), "%s.lora_a", t->name);
        make_tensor(&m, name, 0, dims, a);
        snprintf(name, sizeof(name), "%s.lora_b", t->name);
        make_tensor(&m, name, 0, dims, b);
    }
    make_data_random(&m, &seed);
    make_write(&m, path);
    gguf_close(g);
}

#endif
