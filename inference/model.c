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

/* ---- tensors ------------------------------------------------------------------------------------------- */

struct loader {
    const struct gguf *g;
    struct model *m;
    struct err *e;
    bool *used; /* per tensor of the file, in its order */
    enum rc rc; /* sticks at the first failure */
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

static void matrix(struct loader *l, struct weight *w, size_t n_in, size_t n_out, size_t n_mats)
{
    const struct gguf_tensor *t = find(l, (uint64_t[]){n_in, n_out, n_mats}, true);

    if (t) l->rc = weight_prepare(l->g, t, l->m->kernels, w, l->e);
}

static void vector(struct loader *l, float **v, size_t n, bool required)
{
    const struct gguf_tensor *t = find(l, (uint64_t[]){n, 0, 0}, required);

    if (t) l->rc = weight_vector(l->g, t, n, v, l->e);
}

static void load_ffn(struct loader *l, struct ffn *f, size_t layer, const char *kind, size_t n_inner,
                     size_t n_mats)
{
    size_t n_embd = l->m->shape.n_embd;

    set_name(l, "blk.%zu.ffn_gate%s.weight", layer, kind);
    matrix(l, &f->gate, n_embd, n_inner, n_mats);
    set_name(l, "blk.%zu.ffn_up%s.weight", layer, kind);
    matrix(l, &f->up, n_embd, n_inner, n_mats);
    set_name(l, "blk.%zu.ffn_down%s.weight", layer, kind);
    matrix(l, &f->down, n_inner, n_embd, n_mats);
}

static void load_attention(struct loader *l, struct layer *y, size_t i)
{
    const struct shape *s = &l->m->shape;
    const struct arch *a = l->m->arch;
    size_t n_q = (size_t)s->n_heads * s->n_head, n_kv = (size_t)s->n_heads_kv * s->n_head;

    set_name(l, "blk.%zu.attn_norm.weight", i);
    vector(l, &y->attn_norm, s->n_embd, true);
    set_name(l, "blk.%zu.attn_q.weight", i);
    matrix(l, &y->q, s->n_embd, n_q, 1);
    set_name(l, "blk.%zu.attn_k.weight", i);
    matrix(l, &y->k, s->n_embd, n_kv, 1);
    set_name(l, "blk.%zu.attn_v.weight", i);
    matrix(l, &y->v, s->n_embd, n_kv, 1);
    set_name(l, "blk.%zu.attn_output.weight", i);
    matrix(l, &y->attn_out, n_q, s->n_embd, 1);
    if (a->qkv_bias) {
        set_name(l, "blk.%zu.attn_q.bias", i);
        vector(l, &y->q_bias, n_q, true);
        set_name(l, "blk.%zu.attn_k.bias", i);
        vector(l, &y->k_bias, n_kv, true);
        set_name(l, "blk.%zu.attn_v.bias", i);
        vector(l, &y->v_bias, n_kv, true);
    }
    if (a->qk_norm != QK_NORM_NONE) {
        set_name(l, "blk.%zu.attn_q_norm.weight", i);
        vector(l, &y->q_norm, a->qk_norm == QK_NORM_HEAD ? s->n_head : n_q, true);
        set_name(l, "blk.%zu.attn_k_norm.weight", i);
        vector(l, &y->k_norm, a->qk_norm == QK_NORM_HEAD ? s->n_head : n_kv, true);
    }
}

static void load_layer(struct loader *l, struct layer *y, size_t i)
{
    const struct shape *s = &l->m->shape;

    load_attention(l, y, i);
    set_name(l, "blk.%zu.ffn_norm.weight", i);
    vector(l, &y->ffn_norm, s->n_embd, true);
    if (s->n_experts == 0) {
        load_ffn(l, &y->dense, i, "", s->n_ff, 1);
        return;
    }
    set_name(l, "blk.%zu.ffn_gate_inp.weight", i);
    matrix(l, &y->router, s->n_embd, s->n_experts, 1);
    load_ffn(l, &y->experts, i, "_exps", s->n_ff_expert, s->n_experts);
    if (s->n_ff_shared > 0) load_ffn(l, &y->shared, i, "_shexp", s->n_ff_shared, 1);
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
    set_name(l, "output.weight");
    if (l->rc == RC_OK && gguf_tensor(l->g, l->name)) matrix(l, &m->output, m->shape.n_embd, m->n_vocab, 1);
    set_name(l, "rope_freqs.weight");
    vector(l, &m->rope_factors, m->shape.n_rope / 2, false);
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
    struct loader l = {.g = g, .m = m, .e = e, .used = calloc(gguf_n_tensors(g) + 1, sizeof(bool))};

    m->layers = calloc(m->shape.n_layers, sizeof(*m->layers));
    if (!l.used || !m->layers) l.rc = err_set(e, RC_NOMEM, "%s: out of memory", m->path);
    if (l.rc == RC_OK) load_ends(&l);
    for (size_t i = 0; i < m->shape.n_layers && l.rc == RC_OK; i++)
        load_layer(&l, &m->layers[i], i);
    if (l.rc == RC_OK) l.rc = check_all_used(&l);
    for (size_t i = 0; l.rc == RC_OK && m->rope_factors && i < m->shape.n_rope / 2; i++)
        if (!(m->rope_factors[i] >= 1e-6F && m->rope_factors[i] <= 1e6F))
            l.rc = gguf_bad(g, e, "rope_freqs.weight", 0, "factor %zu is out of range", i);
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

static void clear_ffn(struct ffn *f)
{
    weight_clear(&f->gate);
    weight_clear(&f->up);
    weight_clear(&f->down);
}

static void clear_layer(struct layer *y)
{
    float *vectors[] = {y->attn_norm, y->ffn_norm, y->q_bias, y->k_bias, y->v_bias, y->q_norm, y->k_norm};
    struct weight *weights[] = {&y->q, &y->k, &y->v, &y->attn_out, &y->router};

    for (size_t i = 0; i < COUNT_OF(vectors); i++)
        free(vectors[i]);
    for (size_t i = 0; i < COUNT_OF(weights); i++)
        weight_clear(weights[i]);
    clear_ffn(&y->dense);
    clear_ffn(&y->experts);
    clear_ffn(&y->shared);
}

void model_close(struct model *m)
{
    if (!m) return;
    for (size_t i = 0; m->layers && i < m->shape.n_layers; i++)
        clear_layer(&m->layers[i]);
    free(m->layers);
    weight_clear(&m->embedding);
    weight_clear(&m->output);
    free(m->output_norm);
    free(m->rope_factors);
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
