/* lora.c: a file of llama.cpp's adapter form, read and checked; and its products.
 * Source of the form: llama.cpp, convert_lora_to_gguf.py and src/llama-adapter.cpp. */
#include "lora.h"

#include <math.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "gguf.h"

#define ROWS 16 /* multiplied together */

struct lora_matrix {
    struct weight a; /* [n_mats][rank][n_in]; empty: nothing stands beside this one */
    float *b;        /* [n_mats][rank][n_out]: the file's is turned, so that an output's neighbours lie together */
    size_t rank, n_out;
    float scale;
};

struct lora {
    const struct model *m;
    char *path, *name;
    char sha256[65], base[65], data[65];
    uint32_t n_briefs, rank;
    float alpha;
    uint64_t serial;
    struct lora_matrix *matrices; /* [layers][LORA_PARTS] */
    uint64_t bytes;
};

/* ---- parts of a layer --------------------------------------------------------------------------------------------- */

static const struct ffn *plain_of(const struct layer *y)
{
    return y->dense.gate.format ? &y->dense : &y->shared;
}

const struct weight *lora_weight(const struct layer *y, enum lora_part part)
{
    const struct ffn *plain = plain_of(y), *experts = &y->experts;
    bool whole = !y->qkv_fused && !y->latent.kv_down.format;
    const struct weight *w = NULL;

    switch (part) {
    case LORA_Q: w = whole ? &y->q : NULL; break;
    case LORA_K: w = whole ? &y->k : NULL; break;
    case LORA_V: w = whole ? &y->v : NULL; break;
    case LORA_OUT: w = &y->attn_out; break;
    case LORA_GATE: w = plain->fused ? NULL : &plain->gate; break;
    case LORA_UP: w = plain->fused ? NULL : &plain->up; break;
    case LORA_DOWN: w = &plain->down; break;
    case LORA_GATE_EXPERTS: w = experts->fused ? NULL : &experts->gate; break;
    case LORA_UP_EXPERTS: w = experts->fused ? NULL : &experts->up; break;
    case LORA_DOWN_EXPERTS: w = &experts->down; break;
    case LORA_NONE:
    case LORA_PARTS: break;
    }
    return w && w->format ? w : NULL;
}

void lora_name(const struct layer *y, size_t layer, enum lora_part part, char out[LORA_NAME_BYTES])
{
    static const char *const names[LORA_PARTS] = {
        [LORA_NONE] = "",
        [LORA_Q] = "attn_q",
        [LORA_K] = "attn_k",
        [LORA_V] = "attn_v",
        [LORA_OUT] = "attn_output",
        [LORA_GATE] = "ffn_gate",
        [LORA_UP] = "ffn_up",
        [LORA_DOWN] = "ffn_down",
        [LORA_GATE_EXPERTS] = "ffn_gate_exps",
        [LORA_UP_EXPERTS] = "ffn_up_exps",
        [LORA_DOWN_EXPERTS] = "ffn_down_exps",
    };
    bool shared = part >= LORA_GATE && part <= LORA_DOWN && !y->dense.gate.format;

    snprintf(out, LORA_NAME_BYTES, "blk.%zu.%s%s.weight", layer, names[part], shared ? "_shexp" : "");
}

/* ---- the file ----------------------------------------------------------------------------------------------------- */

static enum rc want_text(const struct gguf *g, const char *key, const char *want, struct err *e)
{
    const char *s;
    size_t n;
    enum rc rc = gguf_string(g, key, &s, &n, e);

    if (rc != RC_OK) return rc;
    if (n == strlen(want) && memcmp(s, want, n) == 0) return RC_OK;
    return gguf_bad_key(g, e, key, "is \"%.*s\", not \"%s\"", (int)(n < 40 ? n : 40), s, want);
}

/* A hash that the file may have: 64 hexadecimal digits, or out is "". */
static enum rc read_hash(const struct gguf *g, const char *key, char out[65], struct err *e)
{
    const char *s;
    size_t n;
    enum rc rc;

    if (!gguf_find(g, key)) return RC_OK;
    rc = gguf_string(g, key, &s, &n, e);
    if (rc != RC_OK) return rc;
    if (n != 64 || strspn(s, "0123456789abcdef") < 64)
        return gguf_bad_key(g, e, key, "is no SHA-256 in hexadecimal");
    memcpy(out, s, 64);
    return RC_OK;
}

static enum rc read_name(struct lora *a, const struct gguf *g, struct err *e)
{
    const char *s = "";
    size_t n = 0;
    enum rc rc = gguf_find(g, "general.name") ? gguf_string(g, "general.name", &s, &n, e) : RC_OK;

    if (rc == RC_OK && !(a->name = strndup(s, n))) rc = err_set(e, RC_NOMEM, "%s: out of memory", a->path);
    return rc;
}

static enum rc read_keys(struct lora *a, const struct gguf *g, struct err *e)
{
    enum rc rc = want_text(g, "general.type", "adapter", e);

    if (rc == RC_OK) rc = want_text(g, "adapter.type", "lora", e);
    if (rc == RC_OK) rc = want_text(g, "general.architecture", a->m->architecture, e);
    if (rc == RC_OK) rc = gguf_f32(g, "adapter.lora.alpha", &a->alpha, e);
    if (rc == RC_OK && a->alpha < 0) rc = gguf_bad_key(g, e, "adapter.lora.alpha", "is below 0");
    if (rc == RC_OK && gguf_find(g, "adapter.alora.invocation_tokens"))
        rc = gguf_bad_key(g, e, "adapter.alora.invocation_tokens", "adapters that begin in the middle of a text are not supported");
    if (rc == RC_OK) rc = read_hash(g, "briefd.base_sha256", a->base, e);
    if (rc == RC_OK) rc = read_hash(g, "briefd.data_hash", a->data, e);
    if (rc == RC_OK && gguf_find(g, "briefd.briefs")) rc = gguf_u32(g, "briefd.briefs", &a->n_briefs, e);
    if (rc == RC_OK) rc = read_name(a, g, e);
    if (rc == RC_OK && a->base[0] && a->m->sha256[0] && strcmp(a->base, a->m->sha256) != 0)
        rc = gguf_bad_key(g, e, "briefd.base_sha256",
                          "the adapter was trained beside another file than %s: train it again, or use that one", a->m->path);
    return rc;
}

/* Finite values of a tensor of n values. */
static enum rc read_values(const struct gguf *g, const struct gguf_tensor *t, size_t n, float **out, struct err *e)
{
    enum rc rc = weight_vector(g, t, n, out, e);

    for (size_t i = 0; i < n && rc == RC_OK; i++)
        if (!isfinite((*out)[i])) rc = gguf_bad(g, e, t->name, t->offset, "value %zu is infinite or no number", i);
    return rc;
}

/* The other matrix of the pair. */
static const struct gguf_tensor *partner(const struct gguf *g, const char *name, const char *end)
{
    char other[GGUF_MAX_NAME_BYTES + 8];

    snprintf(other, sizeof(other), "%s%s", name, end);
    return gguf_tensor(g, other);
}

static enum rc check_shapes(const struct gguf *g, const struct gguf_tensor *ta, const struct gguf_tensor *tb,
                            const struct weight *w, struct err *e)
{
    uint64_t rank = ta->dims[1];

    if (rank < 1 || rank > LORA_MAX_RANK)
        return gguf_bad(g, e, ta->name, ta->info_offset, "rank %llu is not from 1 to %d", (unsigned long long)rank,
                        LORA_MAX_RANK);
    if (ta->dims[0] != w->n_in || ta->dims[2] != w->n_mats || ta->dims[3] != 1)
        return gguf_bad(g, e, ta->name, ta->info_offset, "its shape does not go with a matrix of %zu x %zu, %zu times",
                        w->n_in, w->n_out, w->n_mats);
    if (tb->dims[0] != rank || tb->dims[1] != w->n_out || tb->dims[2] != w->n_mats || tb->dims[3] != 1)
        return gguf_bad(g, e, tb->name, tb->info_offset, "its shape does not go with a matrix of %zu x %zu, %zu times, and "
                        "rank %llu", w->n_in, w->n_out, w->n_mats, (unsigned long long)rank);
    return RC_OK;
}

/* B as the file has it, [n_mats][n_out][rank], turned. */
static float *turn(const float *b, const struct weight *w, size_t rank)
{
    float *out = malloc(w->n_mats * w->n_out * rank * sizeof(*out));

    for (size_t i = 0; out && i < w->n_mats; i++)
        for (size_t o = 0; o < w->n_out; o++)
            for (size_t k = 0; k < rank; k++)
                out[(i * rank + k) * w->n_out + o] = b[(i * w->n_out + o) * rank + k];
    return out;
}

static enum rc read_pair(struct lora *a, const struct gguf *g, const struct gguf_tensor *ta, const struct gguf_tensor *tb,
                         const struct weight *w, struct lora_matrix *out, struct err *e)
{
    size_t rank = (size_t)ta->dims[1];
    float *values_a = NULL, *values_b = NULL;
    enum rc rc = check_shapes(g, ta, tb, w, e);

    if (rc == RC_OK) rc = read_values(g, ta, w->n_mats * rank * w->n_in, &values_a, e);
    if (rc == RC_OK) rc = read_values(g, tb, w->n_mats * rank * w->n_out, &values_b, e);
    if (rc == RC_OK) rc = weight_make(a->m->kernels, TYPE_F32, values_a, w->n_in, rank, w->n_mats, &out->a, e);
    if (rc == RC_OK && !(out->b = turn(values_b, w, rank))) rc = err_set(e, RC_NOMEM, "%s: out of memory", a->path);
    if (rc == RC_OK) {
        out->rank = rank;
        out->n_out = w->n_out;
        out->scale = a->alpha != 0 ? a->alpha / (float)rank : 1; /* as llama.cpp */
        a->bytes += w->n_mats * rank * (w->n_in + w->n_out) * sizeof(float);
        if (rank > a->rank) a->rank = (uint32_t)rank;
    }
    free(values_a);
    free(values_b);
    return rc;
}

/* The pairs of one layer; *n counts tensors. */
static enum rc read_layer(struct lora *a, const struct gguf *g, size_t layer, size_t *n, struct err *e)
{
    const struct layer *y = &a->m->layers[layer];
    enum rc rc = RC_OK;

    for (enum lora_part part = LORA_Q; part < LORA_PARTS && rc == RC_OK; part++) {
        const struct weight *w = lora_weight(y, part);
        const struct gguf_tensor *ta, *tb;
        char name[LORA_NAME_BYTES];

        if (!w) continue;
        lora_name(y, layer, part, name);
        ta = partner(g, name, ".lora_a");
        tb = partner(g, name, ".lora_b");
        if (ta && tb)
            rc = read_pair(a, g, ta, tb, w, &a->matrices[layer * LORA_PARTS + part], e);
        else if (ta || tb)
            rc = gguf_bad(g, e, (ta ? ta : tb)->name, (ta ? ta : tb)->info_offset, "has no partner %s.lora_%s", name, ta ? "b" : "a");
        *n += ta && tb ? 2 : 0;
    }
    return rc;
}

/* Whether a tensor stands beside a matrix of the model. */
static bool is_known(const struct lora *a, const char *tensor)
{
    char name[LORA_NAME_BYTES];
    const char *end = strstr(tensor, ".lora_");

    for (size_t i = 0; end && i < a->m->shape.n_layers; i++)
        for (enum lora_part part = LORA_Q; part < LORA_PARTS; part++) {
            if (!lora_weight(&a->m->layers[i], part)) continue;
            lora_name(&a->m->layers[i], i, part, name);
            if (strlen(name) == (size_t)(end - tensor) && memcmp(name, tensor, strlen(name)) == 0 &&
                (strcmp(end, ".lora_a") == 0 || strcmp(end, ".lora_b") == 0))
                return true;
        }
    return false;
}

static enum rc read_matrices(struct lora *a, const struct gguf *g, struct err *e)
{
    size_t n = 0;
    enum rc rc = RC_OK;

    a->matrices = calloc((size_t)a->m->shape.n_layers * LORA_PARTS, sizeof(*a->matrices));
    if (!a->matrices) return err_set(e, RC_NOMEM, "%s: out of memory", a->path);
    for (size_t i = 0; i < a->m->shape.n_layers && rc == RC_OK; i++)
        rc = read_layer(a, g, i, &n, e);
    if (rc != RC_OK || n == gguf_n_tensors(g)) return rc;
    for (size_t i = 0; i < gguf_n_tensors(g); i++) {
        const struct gguf_tensor *t = gguf_tensor_at(g, i);

        if (!is_known(a, t->name))
            return gguf_bad(g, e, t->name, t->info_offset,
                            "the model has no such matrix that an adapter can stand beside");
    }
    return err_set(e, RC_BAD, "%s: the file's tensors are no pairs", a->path);
}

enum rc lora_open(const struct model *m, const char *path, struct lora **out, struct err *e)
{
    static atomic_uint_fast64_t serials;
    struct lora *a;
    struct gguf *g = NULL;
    enum rc rc;

    if (!m->arch) return err_set(e, RC_BAD, "%s: opened for its vocabulary only", m->path);
    a = calloc(1, sizeof(*a));
    if (!a || !(a->path = strdup(path))) {
        lora_close(a);
        return err_set(e, RC_NOMEM, "%s: out of memory", path);
    }
    a->m = m;
    a->serial = atomic_fetch_add(&serials, 1) + 1;
    rc = gguf_open(path, &g, e);
    if (rc == RC_OK) rc = read_keys(a, g, e);
    if (rc == RC_OK && gguf_n_tensors(g) == 0) rc = err_set(e, RC_BAD, "%s: the adapter has no matrices", path);
    if (rc == RC_OK) rc = read_matrices(a, g, e);
    if (rc == RC_OK) rc = gguf_hash(g, a->sha256, e);
    gguf_close(g);
    if (rc == RC_OK)
        *out = a;
    else
        lora_close(a);
    return rc;
}

void lora_close(struct lora *a)
{
    if (!a) return;
    for (size_t i = 0; a->matrices && i < (size_t)a->m->shape.n_layers * LORA_PARTS; i++) {
        weight_clear(&a->matrices[i].a);
        free(a->matrices[i].b);
    }
    free(a->matrices);
    free(a->path);
    free(a->name);
    free(a);
}

void lora_info(const struct lora *a, struct lora_info *out)
{
    *out = (struct lora_info){.path = a->path,
                              .name = a->name,
                              .sha256 = a->sha256,
                              .base_sha256 = a->base,
                              .data_hash = a->data,
                              .n_briefs = a->n_briefs,
                              .rank = a->rank,
                              .alpha = a->alpha,
                              .bytes = a->bytes};
}

const struct model *lora_model(const struct lora *a)
{
    return a->m;
}

uint64_t lora_serial(const struct lora *a)
{
    return a->serial;
}

/* ---- products ----------------------------------------------------------------------------------------------------- */

void lora_add(const struct lora *a, size_t layer, enum lora_part part, size_t mat, size_t first, size_t last,
              const struct acts *x, const uint32_t *pick, size_t n, float *y, size_t stride)
{
    const struct lora_matrix *t = &a->matrices[layer * LORA_PARTS + part];
    float inner[ROWS * LORA_MAX_RANK];

    if (!t->a.format) return;
    for (size_t at = 0; at < n; at += ROWS) {
        size_t rows = n - at < ROWS ? n - at : ROWS;

        t->a.format->matmul(&t->a, mat, 0, t->rank, x, pick + at, rows, inner, t->rank);
        for (size_t i = 0; i < rows; i++)
            for (size_t k = 0; k < t->rank; k++)
                a->m->kernels->add_scaled(y + (at + i) * stride + first, t->b + (mat * t->rank + k) * t->n_out + first,
                                          last - first, t->scale * inner[i * t->rank + k]);
    }
}
