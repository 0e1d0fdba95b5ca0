/* model.c: opening a file: its shape, its tokenizer, every tensor that the architecture wants, and none
 * besides. */
#include "model.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "../base/str.h"
#include "chat.h"
#include "tokenizer.h"

#define WIDE_MOST_EMBD 512 /* width of a model up to which activations have 16 bits */

/* ---- tensors ------------------------------------------------------------------------------------------- */

struct loader {
    const struct gguf *g;
    struct model *m;
    struct err *e;
    bool *used; /* per tensor of the file, in its order */
    enum rc rc; /* sticks at the first failure */
    size_t layer;
    char name[80];
};

static void set_name(struct loader *l, const char *fmt, ...) PRINTF_LIKE(2, 3);
static void set_name(struct loader *l, const char *fmt, ...)
{
    va_list ap;

    va_start(ap, fmt);
    vsnprintf(l->name, sizeof(l->name), fmt, ap);
    va_end(ap);
}

/* A tensor of the layer; true if the file has it. */
static bool name_in_layer(struct loader *l, const char *name)
{
    set_name(l, "blk.%zu.%s", l->layer, name);
    return l->rc == RC_OK && gguf_tensor(l->g, l->name);
}

/* The tensor named in l->name if it has these dimensions (0 ends them); NULL if it is missing or something
 * is wrong. */
static const struct gguf_tensor *find(struct loader *l, const uint64_t dims[3], bool required)
{
    const struct gguf_tensor *t = l->rc == RC_OK ? gguf_tensor(l->g, l->name) : NULL;

    if (l->rc == RC_OK && !t && required) l->rc = gguf_bad(l->g, l->e, l->name, 0, "the tensor is missing");
    if (!t) return NULL;
    for (size_t i = 0; i < GGUF_MAX_DIMS; i++) {
        uint64_t want = i < 3 && dims[i] ? dims[i] : 1;

        if (t->dims[i] == want) continue;
        l->rc = gguf_bad(l->g, l->e, t->name, t->info_offset, "dimension %zu is %llu where %llu is expected",
                         i, (unsigned long long)t->dims[i], (unsigned long long)want);
        return NULL;
    }
    l->used[t - gguf_tensor_at(l->g, 0)] = true;
    return t;
}

/* Rows [first, first + n) of a tensor of one or two dimensions, as a tensor. */
static struct gguf_tensor rows_of(const struct gguf_tensor *t, size_t first, size_t n)
{
    struct gguf_tensor rows = *t;
    uint64_t all = t->n_dims == 1 ? t->dims[0] : t->dims[1];

    rows.dims[t->n_dims == 1 ? 0 : 1] = n;
    rows.bytes = t->bytes / all * n;
    rows.offset += t->bytes / all * first;
    return rows;
}

static void keep(struct loader *l, float *vector, struct weight *w)
{
    l->m->loaded[l->m->n_loaded++] = (struct loaded){.vector = vector, .weight = w};
}

static void prepare(struct loader *l, const struct gguf_tensor *t, struct weight *w)
{
    if (l->rc != RC_OK) return;
    l->rc = weight_prepare(l->g, t, l->m->kernels, w, l->e);
    if (l->rc == RC_OK) keep(l, NULL, w);
}

static void prepare_vector(struct loader *l, const struct gguf_tensor *t, size_t n, float **v)
{
    if (l->rc != RC_OK) return;
    l->rc = weight_vector(l->g, t, n, v, l->e);
    if (l->rc == RC_OK) keep(l, *v, NULL);
}

/* The tensor l->name */
static void matrix(struct loader *l, struct weight *w, size_t n_in, size_t n_out, size_t n_mats)
{
    const struct gguf_tensor *t = find(l, (uint64_t[]){n_in, n_out, n_mats}, true);

    if (t) prepare(l, t, w);
}

static void vector(struct loader *l, float **v, size_t n, bool required)
{
    const struct gguf_tensor *t = find(l, (uint64_t[]){n, 0, 0}, required);

    if (t) prepare_vector(l, t, n, v);
}

/* The same in the layer. */
static void layer_matrix(struct loader *l, const char *name, struct weight *w, size_t n_in, size_t n_out,
                         size_t n_mats)
{
    (void)name_in_layer(l, name);
    matrix(l, w, n_in, n_out, n_mats);
}

static void layer_vector(struct loader *l, const char *name, float **v, size_t n, bool required)
{
    (void)name_in_layer(l, name);
    vector(l, v, n, required);
}

static bool must_have(const struct loader *l, enum biases kind)
{
    return (l->m->arch->biases & (unsigned)kind) != 0;
}

/* ---- attention ----------------------------------------------------------------------------------------- */

/* Queries, keys and values: three tensors, or one with the rows of all. */
static void load_qkv(struct loader *l, struct layer *y, size_t n_q, size_t n_kv)
{
    size_t n_embd = l->m->shape.n_embd, all = n_q + 2 * n_kv;
    struct weight *weights[] = {&y->q, &y->k, &y->v};
    float **biases[] = {&y->q_bias, &y->k_bias, &y->v_bias};
    static const char *const names[] = {"attn_q", "attn_k", "attn_v"};
    const struct gguf_tensor *t =
        name_in_layer(l, "attn_qkv.weight") ? find(l, (uint64_t[]){n_embd, all, 0}, true) : NULL;
    const struct gguf_tensor *bias =
        t && name_in_layer(l, "attn_qkv.bias") ? find(l, (uint64_t[]){all, 0, 0}, true) : NULL;

    y->qkv_fused = t != NULL;
    for (size_t i = 0, first = 0; i < COUNT_OF(weights); first += i == 0 ? n_q : n_kv, i++) {
        size_t n = i == 0 ? n_q : n_kv;
        struct gguf_tensor rows;
        char name[32];

        snprintf(name, sizeof(name), "%s.weight", names[i]);
        if (t) {
            rows = rows_of(t, first, n);
            (void)name_in_layer(l, "attn_qkv.weight");
            prepare(l, &rows, weights[i]);
        } else
            layer_matrix(l, name, weights[i], n_embd, n, 1);
        snprintf(name, sizeof(name), "%s.bias", names[i]);
        if (bias) {
            rows = rows_of(bias, first, n);
            (void)name_in_layer(l, "attn_qkv.bias");
            prepare_vector(l, &rows, n, biases[i]);
        } else
            layer_vector(l, name, biases[i], n, must_have(l, BIAS_QKV));
    }
}

static void load_plain_heads(struct loader *l, struct layer *y)
{
    const struct shape *s = &l->m->shape;
    const struct arch *a = l->m->arch;
    size_t n_q = (size_t)s->n_heads * s->n_head, n_kv = (size_t)s->n_heads_kv * s->n_head;

    load_qkv(l, y, n_q, n_kv);
    if (a->qk_norm != QK_NORM_NONE) {
        layer_vector(l, "attn_q_norm.weight", &y->q_norm, a->qk_norm == QK_NORM_HEAD ? s->n_head : n_q, true);
        layer_vector(l, "attn_k_norm.weight", &y->k_norm, a->qk_norm == QK_NORM_HEAD ? s->n_head : n_kv,
                     true);
    }
    if (a->sinks) layer_vector(l, "attn_sinks.weight", &y->sinks, s->n_heads, true);
}

/* A matrix a head from rows that older files hold together: those that make keys, turned so that they take
 * queries to the latent space, or those that make values. Halves keep a quantised value within 2^-12. */
static void split_head_matrices(struct loader *l, const struct weight *both, bool keys, struct weight *w)
{
    const struct shape *s = &l->m->shape;
    size_t n_key = s->n_head - s->n_rope, n_latent = s->n_latent;
    size_t n_in = keys ? n_key : n_latent, n_out = keys ? n_latent : s->n_value;
    enum weight_type type = both->format->type;
    float *values = malloc(n_in * n_out * s->n_heads * sizeof(*values));
    float *row = malloc(n_latent * sizeof(*row));

    if (type != TYPE_F32 && type != TYPE_BF16) type = TYPE_F16;
    if (!values || !row) l->rc = err_set(l->e, RC_NOMEM, "%s: out of memory for %s", l->m->path, l->name);
    for (size_t h = 0; h < s->n_heads && l->rc == RC_OK; h++) {
        for (size_t i = 0; i < (keys ? n_key : s->n_value); i++) {
            both->format->row(both, h, keys ? i : n_key + i, row);
            for (size_t k = 0; k < n_latent; k++)
                values[h * n_in * n_out + (keys ? k * n_key + i : i * n_latent + k)] = row[k];
        }
    }
    if (l->rc == RC_OK) l->rc = weight_make(l->m->kernels, type, values, n_in, n_out, s->n_heads, w, l->e);
    if (l->rc == RC_OK) keep(l, NULL, w);
    free(values);
    free(row);
}

static void load_joined_heads(struct loader *l, struct latent *y)
{
    const struct shape *s = &l->m->shape;
    size_t n_out = s->n_head - s->n_rope + s->n_value;
    struct weight both = {0};
    const struct gguf_tensor *t;

    (void)name_in_layer(l, "attn_kv_b.weight");
    t = find(l, (uint64_t[]){s->n_latent, s->n_heads * n_out, 0}, true);
    if (t) {
        struct gguf_tensor by_head = *t;

        by_head.dims[1] = n_out;
        by_head.dims[2] = s->n_heads;
        l->rc = weight_prepare(l->g, &by_head, &kernels_scalar, &both, l->e);
    }
    if (both.format) split_head_matrices(l, &both, true, &y->key_up);
    if (both.format && l->rc == RC_OK) split_head_matrices(l, &both, false, &y->value_up);
    weight_clear(&both);
}

static void load_latent_heads(struct loader *l, struct layer *y)
{
    const struct shape *s = &l->m->shape;
    size_t n_q = (size_t)s->n_heads * s->n_head, n_from = s->n_embd;

    /* some files give a width to a step that they leave out */
    if (s->n_q_latent > 0 && !name_in_layer(l, "attn_q.weight")) {
        layer_matrix(l, "attn_q_a.weight", &y->latent.q_down, s->n_embd, s->n_q_latent, 1);
        layer_vector(l, "attn_q_a_norm.weight", &y->latent.q_norm, s->n_q_latent, true);
        n_from = s->n_q_latent;
    }
    layer_matrix(l, n_from == s->n_embd && !y->latent.q_down.format ? "attn_q.weight" : "attn_q_b.weight",
                 &y->q, n_from, n_q, 1);
    layer_matrix(l, "attn_kv_a_mqa.weight", &y->latent.kv_down, s->n_embd, s->n_latent + s->n_rope, 1);
    layer_vector(l, "attn_kv_a_norm.weight", &y->latent.kv_norm, s->n_latent, true);
    if (!s->split_latent) {
        load_joined_heads(l, &y->latent);
        return;
    }
    layer_matrix(l, "attn_k_b.weight", &y->latent.key_up, s->n_head - s->n_rope, s->n_latent, s->n_heads);
    layer_matrix(l, "attn_v_b.weight", &y->latent.value_up, s->n_latent, s->n_value, s->n_heads);
}

static void load_attention(struct loader *l, struct layer *y)
{
    const struct shape *s = &l->m->shape;

    layer_vector(l, "attn_norm.weight", &y->attn_norm, s->n_embd, true);
    layer_vector(l, "attn_norm.bias", &y->attn_norm_bias, s->n_embd, must_have(l, BIAS_NORMS));
    if (l->m->arch->latent)
        load_latent_heads(l, y);
    else
        load_plain_heads(l, y);
    layer_matrix(l, "attn_output.weight", &y->attn_out, (size_t)s->n_heads * s->n_value, s->n_embd, 1);
    layer_vector(l, "attn_output.bias", &y->attn_out_bias, s->n_embd, must_have(l, BIAS_ATTN_OUT));
}

/* ---- inner layer --------------------------------------------------------------------------------------- */

/* A tensor with the rows of gate and then of up, for each of n_mats: two matrices that follow each other. */
static void load_fused(struct loader *l, struct ffn *f, size_t n_inner, size_t n_mats)
{
    const struct gguf_tensor *t = find(l, (uint64_t[]){l->m->shape.n_embd, 2 * n_inner, n_mats}, true);
    struct gguf_tensor pairs;

    if (!t) return;
    pairs = *t;
    pairs.dims[1] = n_inner;
    pairs.dims[2] = 2 * n_mats;
    f->fused = true;
    prepare(l, &pairs, &f->gate);
}

static void load_bias(struct loader *l, float **v, const char *part, const char *kind, size_t n,
                      size_t n_mats, bool required)
{
    const struct gguf_tensor *t;

    set_name(l, "blk.%zu.ffn_%s%s.bias", l->layer, part, kind);
    t = find(l, (uint64_t[]){n, n_mats, 0}, required);
    if (t) prepare_vector(l, t, n * n_mats, v);
}

static void load_ffn(struct loader *l, struct ffn *f, const char *kind, size_t n_inner, size_t n_mats,
                     bool biases)
{
    size_t n_embd = l->m->shape.n_embd;

    set_name(l, l->m->arch->up_holds_gate ? "blk.%zu.ffn_up%s.weight" : "blk.%zu.ffn_gate_up%s.weight",
             l->layer, kind);
    if (l->m->arch->up_holds_gate || (l->rc == RC_OK && gguf_tensor(l->g, l->name)))
        load_fused(l, f, n_inner, n_mats);
    else {
        set_name(l, "blk.%zu.ffn_gate%s.weight", l->layer, kind);
        matrix(l, &f->gate, n_embd, n_inner, n_mats);
        set_name(l, "blk.%zu.ffn_up%s.weight", l->layer, kind);
        matrix(l, &f->up, n_embd, n_inner, n_mats);
        load_bias(l, &f->gate_bias, "gate", kind, n_inner, n_mats, biases);
        load_bias(l, &f->up_bias, "up", kind, n_inner, n_mats, biases);
    }
    set_name(l, "blk.%zu.ffn_down%s.weight", l->layer, kind);
    matrix(l, &f->down, n_inner, n_embd, n_mats);
    load_bias(l, &f->down_bias, "down", kind, n_embd, n_mats, biases);
}

static void load_experts(struct loader *l, struct layer *y)
{
    const struct shape *s = &l->m->shape;
    bool biases = must_have(l, BIAS_EXPERTS);

    layer_matrix(l, "ffn_gate_inp.weight", &y->router, s->n_embd, s->n_experts, 1);
    layer_vector(l, "ffn_gate_inp.bias", &y->router_bias, s->n_experts, biases);
    if (l->m->arch->router_keys) layer_vector(l, "exp_probs_b.bias", &y->choice_bias, s->n_experts, false);
    load_ffn(l, &y->experts, "_exps", s->n_ff_expert, s->n_experts, biases);
    if (s->n_ff_shared > 0) load_ffn(l, &y->shared, "_shexp", s->n_ff_shared, 1, false);
    if (l->m->arch->shared == SHARED_GATED)
        layer_matrix(l, "ffn_gate_inp_shexp.weight", &y->shared_gate, s->n_embd, 1, 1);
}

static void load_layer(struct loader *l, struct layer *y)
{
    const struct shape *s = &l->m->shape;

    load_attention(l, y);
    layer_vector(l, l->m->arch->norm_after_attention ? "post_attention_norm.weight" : "ffn_norm.weight",
                 &y->ffn_norm, s->n_embd, true);
    layer_vector(l, "ffn_norm.bias", &y->ffn_norm_bias, s->n_embd, must_have(l, BIAS_NORMS));
    if (l->layer < s->n_dense_layers)
        load_ffn(l, &y->dense, "", s->n_ff, 1, false);
    else
        load_experts(l, y);
}

/* ---- ends ---------------------------------------------------------------------------------------------- */

static void load_rope_factors(struct loader *l, const char *name, float **v)
{
    size_t n = l->m->shape.n_rope / 2;

    set_name(l, "%s", name);
    vector(l, v, n, false);
    for (size_t i = 0; l->rc == RC_OK && *v && i < n; i++)
        if (!((*v)[i] >= 1e-6F && (*v)[i] <= 1e6F))
            l->rc = gguf_bad(l->g, l->e, name, 0, "factor %zu is out of range", i);
}

/* The same for all contexts, or one set for those up to the first context and one beyond. */
static void load_rope(struct loader *l)
{
    static const char near[] = "rope_factors_short.weight", far[] = "rope_factors_long.weight";
    struct model *m = l->m;

    if (gguf_tensor(l->g, "rope_freqs.weight")) {
        load_rope_factors(l, "rope_freqs.weight", &m->rope_factors);
        return;
    }
    load_rope_factors(l, near, &m->rope_factors);
    load_rope_factors(l, far, &m->rope_factors_long);
    if (l->rc == RC_OK && !m->rope_factors != !m->rope_factors_long)
        l->rc = gguf_bad(l->g, l->e, m->rope_factors ? far : near, 0, "the tensor is missing");
}

/* The vocabulary's size is that of the embedding; the tokenizer may have fewer tokens, where files fill
 * up. */
static void load_ends(struct loader *l)
{
    struct model *m = l->m;
    const struct gguf_tensor *t = gguf_tensor(l->g, "token_embd.weight");

    m->n_vocab = t && t->dims[1] <= VOCAB_MAX_TOKENS ? (uint32_t)t->dims[1] : 0;
    if (t && m->n_vocab < tokenizer_size(m->tok))
        l->rc = gguf_bad(l->g, l->e, t->name, t->info_offset, "%llu rows for %zu tokens",
                         (unsigned long long)t->dims[1], tokenizer_size(m->tok));
    set_name(l, "token_embd.weight");
    matrix(l, &m->embedding, m->shape.n_embd, m->n_vocab, 1);
    set_name(l, "output_norm.weight");
    vector(l, &m->output_norm, m->shape.n_embd, true);
    set_name(l, "output_norm.bias");
    vector(l, &m->output_norm_bias, m->shape.n_embd, must_have(l, BIAS_NORMS));
    set_name(l, "output.weight");
    if (l->rc == RC_OK && gguf_tensor(l->g, l->name)) matrix(l, &m->output, m->shape.n_embd, m->n_vocab, 1);
    set_name(l, "output.bias");
    vector(l, &m->output_bias, m->n_vocab, must_have(l, BIAS_OUTPUT));
    load_rope(l);
}

/* A tensor that nothing reads would be a part of the model that is silently left out. */
static enum rc check_all_used(struct loader *l)
{
    for (size_t i = 0; i < gguf_n_tensors(l->g); i++) {
        const struct gguf_tensor *t = gguf_tensor_at(l->g, i);

        if (!l->used[i])
            return gguf_bad(l->g, l->e, t->name, t->info_offset, "architecture %s has no such tensor",
                            l->m->arch->name);
    }
    return RC_OK;
}

static enum rc load_tensors(struct model *m, const struct gguf *g, struct err *e)
{
    size_t n = gguf_n_tensors(g);
    struct loader l = {.g = g, .m = m, .e = e, .used = calloc(n + 1, sizeof(bool))};

    m->layers = calloc(m->shape.n_layers, sizeof(*m->layers));
    m->loaded = calloc(3 * n + 1, sizeof(*m->loaded)); /* a tensor is cut into three at most */
    if (!l.used || !m->layers || !m->loaded) l.rc = err_set(e, RC_NOMEM, "%s: out of memory", m->path);
    if (l.rc == RC_OK) load_ends(&l);
    for (; l.layer < m->shape.n_layers && l.rc == RC_OK; l.layer++)
        load_layer(&l, &m->layers[l.layer]);
    if (l.rc == RC_OK) l.rc = check_all_used(&l);
    free(l.used);
    return l.rc;
}

/* ---- what the file says of itself ---------------------------------------------------------------------- */

/* A copied string without control characters; "" if the key is missing or no text. */
static char *text_of(const struct gguf *g, const char *key)
{
    const struct gguf_value *v = gguf_find(g, key);
    const char *s = "";
    size_t n = 0;
    char *copy;

    if (v && !v->is_array && v->kind == GGUF_STRING && gguf_string(g, key, &s, &n, NULL) != RC_OK) n = 0;
    copy = malloc(n + 1);
    if (!copy) return NULL;
    memcpy(copy, s, n);
    copy[n] = '\0';
    n = utf8_valid_prefix(copy, strlen(copy));
    copy[n] = '\0';
    return copy;
}

static enum rc read_texts(struct model *m, const struct gguf *g, const struct model_options *opt,
                          struct err *e)
{
    m->path = str_dup(gguf_path(g));
    m->architecture = text_of(g, "general.architecture");
    m->name = text_of(g, "general.name");
    m->licence = text_of(g, "general.license");
    if (opt->chat_template)
        m->chat_template = str_dup(opt->chat_template);
    else if (gguf_find(g, "tokenizer.chat_template"))
        m->chat_template = text_of(g, "tokenizer.chat_template");
    if (!m->path || !m->architecture || !m->name || !m->licence || (opt->chat_template && !m->chat_template))
        return err_set(e, RC_NOMEM, "%s: out of memory", gguf_path(g));
    return RC_OK;
}

/* Parameters in all, those one token uses, and the type that most of them have. */
static void count_params(struct model *m, const struct gguf *g)
{
    uint64_t of_type[64] = {0}, idle = 0, most = 0;
    const struct shape *s = &m->shape;

    for (size_t i = 0; i < gguf_n_tensors(g); i++) {
        const struct gguf_tensor *t = gguf_tensor_at(g, i);
        uint64_t n = t->dims[0] * t->dims[1] * t->dims[2] * t->dims[3];

        m->n_params += n;
        if (s->n_experts > 0 && strstr(t->name, "_exps."))
            idle += n / s->n_experts * (s->n_experts - s->n_used);
        if (t->type < COUNT_OF(of_type) && (of_type[t->type] += n) > most) {
            most = of_type[t->type];
            m->weight_type = type_find(t->type)->name;
        }
    }
    m->n_active_params = m->n_params - idle;
}

static enum rc open_graph(struct model *m, const struct gguf *g, const struct model_options *opt,
                          struct err *e)
{
    static const char key[] = "general.architecture";
    const char *name;
    size_t n;
    enum rc rc = gguf_string(g, key, &name, &n, e);

    if (rc != RC_OK) return rc;
    m->arch = arch_find(name, n);
    if (!m->arch)
        return gguf_bad_key(g, e, key, "'%.*s' is unknown; known: %s", n < 24 ? (int)n : 24, name,
                            arch_names());
    rc = kernels_choose(opt->cpu, &m->kernels, e);
    if (rc == RC_OK) rc = shape_read(g, m->arch, &m->shape, e);
    if (rc == RC_OK && m->kernels->wide &&
        (opt->activation_bits == 16 || (opt->activation_bits == 0 && m->shape.n_embd <= WIDE_MOST_EMBD)))
        m->kernels = m->kernels->wide;
    if (rc == RC_OK) rc = load_tensors(m, g, e);
    if (rc == RC_OK) count_params(m, g);
    return rc;
}

/* ---- handle -------------------------------------------------------------------------------------------- */

enum rc model_open(const char *path, const struct model_options *opt, struct model **out, struct err *e)
{
    static const struct model_options defaults = {0};
    struct model *m = calloc(1, sizeof(*m));
    struct gguf *g = NULL;
    enum rc rc = RC_OK;

    if (!opt) opt = &defaults;
    if (!m) rc = err_set(e, RC_NOMEM, "%s: out of memory", path);
    if (rc == RC_OK) rc = gguf_open(path, &g, e);
    if (rc == RC_OK) rc = read_texts(m, g, opt, e);
    if (rc == RC_OK) rc = tokenizer_open(g, &m->tok, e);
    if (rc == RC_OK && !opt->vocab_only) rc = open_graph(m, g, opt, e);
    if (rc == RC_OK && opt->want_hash) rc = gguf_hash(g, m->sha256, e);
    if (rc == RC_OK) {
        m->file_bytes = gguf_bytes(g);
        m->n_files = gguf_n_parts(g);
        *out = m;
        m = NULL;
    }
    gguf_close(g);
    model_close(m);
    return rc;
}

void model_close(struct model *m)
{
    if (!m) return;
    for (size_t i = 0; i < m->n_loaded; i++) {
        free(m->loaded[i].vector);
        if (m->loaded[i].weight) weight_clear(m->loaded[i].weight);
    }
    free(m->loaded);
    free(m->layers);
    tokenizer_close(m->tok);
    free(m->path);
    free(m->architecture);
    free(m->name);
    free(m->licence);
    free(m->chat_template);
    free(m);
}

void model_info(const struct model *m, struct model_info *out)
{
    const struct shape *s = &m->shape;

    *out = (struct model_info){
        .path = m->path,
        .architecture = m->architecture,
        .name = m->name,
        .licence = m->licence,
        .weight_type = m->weight_type ? m->weight_type : "",
        .file_bytes = m->file_bytes,
        .n_files = m->n_files,
        .n_params = m->n_params,
        .n_active_params = m->n_active_params,
        .n_layers = s->n_layers,
        .n_embd = s->n_embd,
        .n_heads = s->n_heads,
        .n_heads_kv = s->n_heads_kv,
        .n_ff = s->n_experts ? s->n_ff_expert : s->n_ff,
        .n_experts = s->n_experts,
        .n_experts_used = s->n_used,
        .n_vocab = m->arch ? m->n_vocab : (uint32_t)tokenizer_size(m->tok),
        .n_context = s->n_context,
        .sha256 = m->sha256,
        .cpu = m->kernels ? m->kernels->name : "",
        .chat_template = chat_family_name(chat_family_find(m->chat_template)),
    };
}

/* ---- check --------------------------------------------------------------------------------------------- */

enum rc model_check(const struct model *m, struct err *e)
{
    struct gguf *g = NULL;
    enum rc rc = gguf_open(m->path, &g, e);

    if (rc == RC_OK) rc = gguf_check(g, e);
    gguf_close(g);
    return rc;
}
