/* shape.c: keys of a file to a struct shape. Source of the keys: the GGUF specification. */
#include "shape.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

struct reader {
    const struct gguf *g;
    const struct arch *a;
    struct err *e;
    enum rc rc; /* sticks at the first failure */
    char key[128];
};

static const char *full_key(struct reader *r, const char *name)
{
    snprintf(r->key, sizeof(r->key), "%s.%s", r->a->name, name);
    return r->key;
}

/* An integer from lo to hi; without the key `otherwise`, and that too must be in the range. */
static uint32_t count(struct reader *r, const char *name, uint32_t lo, uint32_t hi, uint32_t otherwise)
{
    const char *key = full_key(r, name);
    uint32_t value = otherwise;

    if (r->rc == RC_OK && gguf_find(r->g, key))
        r->rc = gguf_u32(r->g, key, &value, r->e);
    else if (r->rc == RC_OK && otherwise < lo)
        r->rc = gguf_bad(r->g, r->e, key, 0, "missing");
    if (r->rc == RC_OK && (value < lo || value > hi))
        r->rc = gguf_bad_key(r->g, r->e, key, "%lu is not from %lu to %lu", (unsigned long)value,
                             (unsigned long)lo, (unsigned long)hi);
    return value;
}

/* A float from lo to hi; without the key `otherwise`, which NAN makes an error. */
static float number(struct reader *r, const char *name, float lo, float hi, float otherwise)
{
    const char *key = full_key(r, name);
    float value = otherwise;

    if (r->rc == RC_OK && (gguf_find(r->g, key) || isnan(otherwise)))
        r->rc = gguf_f32(r->g, key, &value, r->e);
    if (r->rc == RC_OK && !(value >= lo && value <= hi))
        r->rc =
            gguf_bad_key(r->g, r->e, key, "%g is not from %g to %g", (double)value, (double)lo, (double)hi);
    return value;
}

static void read_experts(struct reader *r, struct shape *s)
{
    s->n_ff = count(r, "feed_forward_length", 0, MODEL_MAX_FF, 0);
    s->n_experts = count(r, "expert_count", 0, MODEL_MAX_EXPERTS, 0);
    if (r->rc != RC_OK) return;
    if (s->n_experts == 0 && !r->a->dense)
        r->rc = gguf_bad_key(r->g, r->e, full_key(r, "expert_count"), "no experts");
    if (s->n_experts > 0 && !r->a->experts)
        r->rc = gguf_bad_key(r->g, r->e, full_key(r, "expert_count"), "experts in a dense architecture");
    if (s->n_experts == 0) {
        s->n_ff = count(r, "feed_forward_length", 1, MODEL_MAX_FF, 0);
        return;
    }
    s->n_used = count(r, "expert_used_count", 1, MODEL_MAX_USED, 0);
    if (r->rc == RC_OK && s->n_used > s->n_experts)
        r->rc = gguf_bad_key(r->g, r->e, r->key, "%lu of %lu experts", (unsigned long)s->n_used,
                             (unsigned long)s->n_experts);
    s->n_ff_expert = count(r, "expert_feed_forward_length", 1, MODEL_MAX_FF, s->n_ff);
    s->n_ff = 0;
    if (r->a->shared_expert)
        s->n_ff_shared = count(r, "expert_shared_feed_forward_length", 0, MODEL_MAX_FF, 0);
}

static void read_heads(struct reader *r, struct shape *s)
{
    s->n_heads = count(r, "attention.head_count", 1, MODEL_MAX_HEADS, 0);
    s->n_heads_kv = count(r, "attention.head_count_kv", 1, MODEL_MAX_HEADS, s->n_heads);
    if (r->rc == RC_OK && s->n_heads % s->n_heads_kv != 0)
        r->rc = gguf_bad_key(r->g, r->e, r->key, "%lu heads share %lu", (unsigned long)s->n_heads,
                             (unsigned long)s->n_heads_kv);
    if (r->rc != RC_OK) return;
    s->n_head = count(r, "attention.key_length", 2, MODEL_MAX_HEAD, s->n_embd / s->n_heads);
    if (count(r, "attention.value_length", 2, MODEL_MAX_HEAD, s->n_head) != s->n_head && r->rc == RC_OK)
        r->rc = gguf_bad_key(r->g, r->e, r->key, "differs from the length of keys");
    s->n_rope = count(r, "rope.dimension_count", 2, s->n_head, s->n_head);
    if (r->rc == RC_OK && (s->n_rope % 2 != 0 || s->n_head % 2 != 0))
        r->rc = gguf_bad_key(r->g, r->e, r->key, "an odd number of values to turn");
}

static void read_rope(struct reader *r, struct shape *s)
{
    const char *key = full_key(r, "rope.scaling.type"), *text = "none";
    size_t n = 4;

    if (r->rc == RC_OK && gguf_find(r->g, key)) r->rc = gguf_string(r->g, key, &text, &n, r->e);
    if (r->rc == RC_OK && !(n == 4 && memcmp(text, "none", 4) == 0) &&
        !(n == 6 && memcmp(text, "linear", 6) == 0))
        r->rc = gguf_bad_key(r->g, r->e, key, "only none and linear are supported");
    s->rope_base = number(r, "rope.freq_base", 1, 1e12F, 10000);
    s->rope_scale = n == 6 ? number(r, "rope.scaling.factor", 1e-3F, 1e6F, NAN) : 1;
}

enum rc shape_read(const struct gguf *g, const struct arch *a, struct shape *s, struct err *e)
{
    struct reader r = {.g = g, .a = a, .e = e};

    *s = (struct shape){.embedding_scale = 1, .residual_scale = 1, .logit_divisor = 1};
    s->n_layers = count(&r, "block_count", 1, MODEL_MAX_LAYERS, 0);
    s->n_embd = count(&r, "embedding_length", 1, MODEL_MAX_EMBD, 0);
    s->n_context = count(&r, "context_length", 1, MODEL_MAX_CONTEXT, 0);
    s->norm_eps = number(&r, "attention.layer_norm_rms_epsilon", 0, 1, NAN);
    if (r.rc == RC_OK) read_heads(&r, s);
    if (r.rc == RC_OK) read_rope(&r, s);
    if (r.rc == RC_OK) read_experts(&r, s);
    if (r.rc == RC_OK && a->scales) {
        s->embedding_scale = number(&r, "embedding_scale", 1e-6F, 1e6F, 1);
        s->residual_scale = number(&r, "residual_scale", 1e-6F, 1e6F, 1);
        s->attention_scale = number(&r, "attention.scale", 0, 1e6F, 0);
        s->logit_divisor = number(&r, "logit_scale", 1e-6F, 1e6F, 1);
    }
    if (s->attention_scale == 0) s->attention_scale = 1 / sqrtf((float)s->n_head);
    return r.rc;
}
