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

/* A key that may also be an array with one value a layer, as long as they are all the same. */
static uint32_t count_of_layers(struct reader *r, const char *name, uint32_t lo, uint32_t hi,
                                uint32_t otherwise)
{
    const char *key = full_key(r, name);
    const struct gguf_value *v = gguf_array(r->g, key, GGUF_U32);

    if (!v) v = gguf_array(r->g, key, GGUF_I32);
    if (!v || v->n == 0) return count(r, name, lo, hi, otherwise);
    for (size_t i = 1; r->rc == RC_OK && i < v->n; i++)
        if (memcmp(v->data, v->data + i * sizeof(uint32_t), sizeof(uint32_t)) != 0)
            r->rc = gguf_bad_key(r->g, r->e, key, "layers that differ in it are not supported");
    otherwise = (uint32_t)v->data[0] | (uint32_t)v->data[1] << 8 | (uint32_t)v->data[2] << 16 |
                (uint32_t)v->data[3] << 24;
    if (r->rc == RC_OK && (otherwise < lo || otherwise > hi))
        r->rc = gguf_bad_key(r->g, r->e, key, "%lu is not from %lu to %lu", (unsigned long)otherwise,
                             (unsigned long)lo, (unsigned long)hi);
    return otherwise;
}

static bool flag(struct reader *r, const char *name, bool otherwise)
{
    const char *key = full_key(r, name);
    bool value = otherwise;

    if (r->rc == RC_OK && gguf_find(r->g, key)) r->rc = gguf_bool(r->g, key, &value, r->e);
    return value;
}

/* ---- experts ------------------------------------------------------------------------------------------- */

static void read_router(struct reader *r, struct shape *s)
{
    uint32_t gating = count(r, "expert_gating_func", 0, GATING_CHOSEN, 0);

    if (gating) s->gating = (enum gating)gating; /* 0: as files that are older than the key */
    s->weights_sum_to_one = flag(r, "expert_weights_norm", false);
    s->weights_scale = number(r, "expert_weights_scale", 0, 1e6F, 1);
    if (s->weights_scale == 0) s->weights_scale = 1;
    s->n_groups = count(r, "expert_group_count", 0, MOE_MAX_GROUPS, 0);
    if (s->n_groups <= 1) return;
    if (r->rc == RC_OK && s->n_experts % s->n_groups != 0)
        r->rc = gguf_bad_key(r->g, r->e, r->key, "%lu groups of %lu experts", (unsigned long)s->n_groups,
                             (unsigned long)s->n_experts);
    s->n_groups_used = count(r, "expert_group_used_count", 1, s->n_groups, 0);
    if (r->rc == RC_OK && s->n_experts / s->n_groups * s->n_groups_used < s->n_used)
        r->rc = gguf_bad_key(r->g, r->e, r->key, "%lu groups have fewer than %lu experts",
                             (unsigned long)s->n_groups_used, (unsigned long)s->n_used);
}

static void read_shared_expert(struct reader *r, struct shape *s)
{
    static const char key[] = "expert_shared_feed_forward_length";
    uint32_t n;

    if (r->a->shared == SHARED_ADDED) s->n_ff_shared = count(r, key, 0, MODEL_MAX_FF, 0);
    if (r->a->shared == SHARED_GATED) s->n_ff_shared = count(r, key, 1, MODEL_MAX_FF, s->n_ff);
    if (r->a->shared != SHARED_COUNTED) return;
    n = count(r, "expert_shared_count", 0, MODEL_MAX_EXPERTS, 0);
    if (r->rc == RC_OK && n > MODEL_MAX_FF / s->n_ff_expert)
        r->rc = gguf_bad_key(r->g, r->e, r->key, "%lu experts of %lu values are too many", (unsigned long)n,
                             (unsigned long)s->n_ff_expert);
    s->n_ff_shared = n * s->n_ff_expert;
}

static void read_experts(struct reader *r, struct shape *s)
{
    static const char width[] = "expert_feed_forward_length";

    s->n_ff = count_of_layers(r, "feed_forward_length", 0, MODEL_MAX_FF, 0);
    s->n_experts = count(r, "expert_count", 0, MODEL_MAX_EXPERTS, 0);
    if (r->rc != RC_OK) return;
    if (s->n_experts == 0 && !r->a->dense)
        r->rc = gguf_bad_key(r->g, r->e, full_key(r, "expert_count"), "no experts");
    if (s->n_experts > 0 && !r->a->experts)
        r->rc = gguf_bad_key(r->g, r->e, full_key(r, "expert_count"), "experts in a dense architecture");
    s->n_dense_layers = s->n_layers;
    if (s->n_experts > 0)
        s->n_dense_layers =
            r->a->dense && r->a->router_keys ? count(r, "leading_dense_block_count", 0, s->n_layers, 0) : 0;
    if (s->n_dense_layers > 0) s->n_ff = count_of_layers(r, "feed_forward_length", 1, MODEL_MAX_FF, 0);
    if (s->n_experts == 0) return;
    s->n_used = count_of_layers(r, "expert_used_count", 1, MODEL_MAX_USED, 0);
    if (r->rc == RC_OK && s->n_used > s->n_experts)
        r->rc = gguf_bad_key(r->g, r->e, full_key(r, "expert_used_count"), "%lu of %lu experts",
                             (unsigned long)s->n_used, (unsigned long)s->n_experts);
    if (r->rc != RC_OK) return;
    /* files without the key give with a gated shared expert the width of the chosen ones together */
    s->n_ff_expert = count_of_layers(r, width, 1, MODEL_MAX_FF,
                                     r->a->shared == SHARED_GATED ? s->n_ff / s->n_used : s->n_ff);
    if (r->rc == RC_OK) read_shared_expert(r, s);
    if (s->n_dense_layers == 0) s->n_ff = 0;
    if (r->rc == RC_OK && r->a->router_keys) read_router(r, s);
}

/* ---- attention ----------------------------------------------------------------------------------------- */

/* The length of a head's keys is that after the projection from the latent vector: of the key ending in
 * _mla, or in files that are older than it of the plain one. */
static void read_latent_heads(struct reader *r, struct shape *s)
{
    s->n_latent = count(r, "attention.kv_lora_rank", 1, MODEL_MAX_EMBD, 0);
    s->n_q_latent = count(r, "attention.q_lora_rank", 0, MODEL_MAX_EMBD, 0);
    s->split_latent = gguf_find(r->g, full_key(r, "attention.key_length_mla")) != NULL;
    s->n_head = s->split_latent ? count(r, "attention.key_length_mla", 2, MODEL_MAX_HEAD, 0)
                                : count(r, "attention.key_length", 2, MODEL_MAX_HEAD, 0);
    s->n_value = s->split_latent ? count(r, "attention.value_length_mla", 1, MODEL_MAX_HEAD, 0)
                                 : count(r, "attention.value_length", 1, MODEL_MAX_HEAD, 0);
    if (r->rc == RC_OK) s->n_rope = count(r, "rope.dimension_count", 2, s->n_head - 1, 0);
    s->n_heads_kv = 1; /* what the heads share is the latent vector */
    if (number(r, "attention.temperature_scale", -1e6F, 1e6F, 0) != 0 && r->rc == RC_OK)
        r->rc = gguf_bad_key(r->g, r->e, r->key, "attention temperatures are not supported");
}

static void read_plain_heads(struct reader *r, struct shape *s)
{
    s->n_heads_kv = count_of_layers(r, "attention.head_count_kv", 1, MODEL_MAX_HEADS, s->n_heads);
    if (r->rc == RC_OK && s->n_heads % s->n_heads_kv != 0)
        r->rc = gguf_bad_key(r->g, r->e, full_key(r, "attention.head_count_kv"), "%lu heads share %lu",
                             (unsigned long)s->n_heads, (unsigned long)s->n_heads_kv);
    if (r->rc != RC_OK) return;
    s->n_head = count(r, "attention.key_length", 2, MODEL_MAX_HEAD, s->n_embd / s->n_heads);
    s->n_value = count(r, "attention.value_length", 2, MODEL_MAX_HEAD, s->n_head);
    if (s->n_value != s->n_head && r->rc == RC_OK)
        r->rc = gguf_bad_key(r->g, r->e, r->key, "differs from the length of keys");
    s->n_rope = count(r, "rope.dimension_count", 2, s->n_head, s->n_head);
}

static void read_heads(struct reader *r, struct shape *s)
{
    s->n_heads = count_of_layers(r, "attention.head_count", 1, MODEL_MAX_HEADS, 0);
    if (r->rc != RC_OK) return;
    if (r->a->latent)
        read_latent_heads(r, s);
    else
        read_plain_heads(r, s);
    if (r->rc == RC_OK && s->n_rope % 2 != 0)
        r->rc =
            gguf_bad_key(r->g, r->e, full_key(r, "rope.dimension_count"), "an odd number of values to turn");
}

/* A period, or a flag a layer. */
static void read_windows(struct reader *r, struct shape *s)
{
    static const char pattern[] = "attention.sliding_window_pattern";
    const struct gguf_value *v = gguf_array(r->g, full_key(r, pattern), GGUF_BOOL);
    uint32_t period;

    s->window = count(r, "attention.sliding_window", 1, MODEL_MAX_CONTEXT, 0);
    period = v ? 0 : count(r, pattern, 0, MODEL_MAX_LAYERS, r->a->window_period);
    if (v && v->n < s->n_layers && r->rc == RC_OK)
        r->rc = gguf_bad_key(r->g, r->e, full_key(r, pattern), "%zu flags for %lu layers", v->n,
                             (unsigned long)s->n_layers);
    for (size_t i = 0; r->rc == RC_OK && i < s->n_layers; i++)
        s->slides[i] = v ? v->data[i] != 0 : period == 0 || i % period < period - 1;
}

/* ---- positions ----------------------------------------------------------------------------------------- */

static bool text_is(const char *text, size_t n, const char *word)
{
    return n == strlen(word) && memcmp(text, word, n) == 0;
}

/* How much turned values, and with them the logits of attention, grow with YaRN's factor: section 3.4 of
 * its paper. Where heads come from a latent vector it is all in the logits, by a multiplier of the model's
 * own; files hold a tenth of it. */
static void read_magnitude(struct reader *r, struct shape *s)
{
    float growth = s->rope_scale > 1 ? logf(s->rope_scale) : 0, multiplier = 0;

    s->rope_magnitude = number(r, "rope.scaling.attn_factor", 1e-3F, 1e3F, 1);
    if (r->a->latent) multiplier = 10 * number(r, "rope.scaling.yarn_log_multiplier", -10, 10, 0);
    if (s->rope_scaling == ROPE_YARN && multiplier == 0) s->rope_magnitude *= 1 + 0.1F * growth;
    if (r->a->latent) {
        float of_logits = s->rope_magnitude * (1 + 0.1F * multiplier * growth);

        s->attention_scale = of_logits * of_logits / sqrtf((float)s->n_head);
    }
}

static void read_rope(struct reader *r, struct shape *s)
{
    const char *key = full_key(r, "rope.scaling.type"), *text = "linear";
    size_t n = strlen(text);

    if (r->rc == RC_OK && gguf_find(r->g, key)) r->rc = gguf_string(r->g, key, &text, &n, r->e);
    if (r->rc != RC_OK) return;
    if (!text_is(text, n, "none") && !text_is(text, n, "linear") && !text_is(text, n, "longrope") &&
        !text_is(text, n, "yarn")) {
        r->rc = gguf_bad_key(r->g, r->e, key, "only none, linear, longrope and yarn are supported");
        return;
    }
    s->rope_scaling = text_is(text, n, "yarn") ? ROPE_YARN : ROPE_PLAIN;
    s->rope_base = number(r, "rope.freq_base", 1, 1e12F, 10000);
    s->rope_scale = number(r, "rope.scale_linear", 0, 1e6F, 0); /* as older files call it */
    s->rope_scale = number(r, "rope.scaling.factor", 0, 1e6F, s->rope_scale);
    if (s->rope_scale == 0 || text_is(text, n, "none")) s->rope_scale = 1;
    if (s->rope_scale < 1e-3F && r->rc == RC_OK)
        r->rc = gguf_bad_key(r->g, r->e, full_key(r, "rope.scaling.factor"), "%g is too small",
                             (double)s->rope_scale);
    if (s->rope_scaling == ROPE_YARN && s->rope_base == 1 && r->rc == RC_OK)
        r->rc = gguf_bad_key(r->g, r->e, full_key(r, "rope.freq_base"), "1 with yarn");
    s->n_context_first = count(r, "rope.scaling.original_context_length", 1, MODEL_MAX_CONTEXT, s->n_context);
    if (r->a->rope_can_be_off && !flag(r, "rope.scaling.finetuned", true)) s->n_rope = 0;
    read_magnitude(r, s);
}

/* ---- all ----------------------------------------------------------------------------------------------- */

static void read_scales(struct reader *r, struct shape *s)
{
    s->embedding_scale = number(r, "embedding_scale", 0, 1e6F, 1);
    s->residual_scale = number(r, "residual_scale", 0, 1e6F, 1);
    s->attention_scale = number(r, "attention.scale", 0, 1e6F, 0);
    s->logit_divisor = number(r, "logit_scale", 1e-6F, 1e6F, 1);
    if (s->embedding_scale == 0) s->embedding_scale = 1; /* so do files say that there is none */
    if (s->residual_scale == 0) s->residual_scale = 1;
}

enum rc shape_read(const struct gguf *g, const struct arch *a, struct shape *s, struct err *e)
{
    struct reader r = {.g = g, .a = a, .e = e};

    *s = (struct shape){.embedding_scale = 1,
                        .residual_scale = 1,
                        .logit_divisor = 1,
                        .gating = a->gating,
                        .weights_scale = 1};
    s->n_layers = count(&r, "block_count", 1, MODEL_MAX_LAYERS, 0);
    s->n_embd = count(&r, "embedding_length", 1, MODEL_MAX_EMBD, 0);
    s->n_context = count(&r, "context_length", 1, MODEL_MAX_CONTEXT, 0);
    s->norm_eps = number(&r, "attention.layer_norm_rms_epsilon", 0, 1, NAN);
    if (r.rc == RC_OK) read_heads(&r, s);
    if (r.rc == RC_OK && a->window_period) read_windows(&r, s);
    if (r.rc == RC_OK) read_rope(&r, s);
    if (r.rc == RC_OK) read_experts(&r, s);
    if (r.rc == RC_OK && a->scales) read_scales(&r, s);
    if (s->attention_scale == 0) s->attention_scale = 1 / sqrtf((float)s->n_head);
    return r.rc;
}
