/* weights.c: from a file's rows to what the kernels read. */
#include "weights.h"

#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include "packed.h"
#include "pool.h"

#define ALIGN      64
#define HUGE_PAGE  ((size_t)2 << 20)
#define STEP_BYTES ((size_t)1 << 20) /* read at once when packing, at least one group */
#define THREAD_BYTES ((size_t)4 << 20) /* of a tensor, that are worth a thread */
#define MOST_HELPERS 15

const uint8_t *weight_plain_at(const struct weight *w, size_t mat, size_t row)
{
    return w->data + mat * w->mat_bytes + row * w->row_bytes;
}

void weight_plain_row(const struct weight *w, size_t mat, size_t row, float *out)
{
    type_to_floats(w->format->type, weight_plain_at(w, mat, row), w->n_in, out);
}

const uint8_t *weight_group(const struct weight *w, size_t mat, size_t row)
{
    return w->data + mat * w->mat_bytes + row / PACKED_GROUP * w->group_bytes;
}

/* Large pages save most of the address look-ups when gigabytes are read for every token. */
static uint8_t *allocate(size_t n)
{
    size_t align = n >= 2 * HUGE_PAGE ? HUGE_PAGE : ALIGN;
    uint8_t *p = aligned_alloc(align, (n + align - 1) / align * align);

    if (p && align == HUGE_PAGE) madvise(p, n, MADV_HUGEPAGE); /* a hint: failing is fine */
    return p;
}

static enum rc no_memory(const struct gguf *g, const struct gguf_tensor *t, struct err *e)
{
    return err_set(e, RC_NOMEM, "%s: out of memory for tensor %.64s", gguf_path(g), t->name);
}

/* Rows from `row` on of all matrices together. */
static enum rc read_rows(const struct gguf *g, const struct gguf_tensor *t, const struct weight *w,
                         uint64_t row, size_t n, uint8_t *out, struct err *e)
{
    return gguf_read(g, t, row * w->row_bytes, out, n * w->row_bytes, e);
}

/* A tensor to be packed, `step` rows of one matrix at a time, by several threads. */
struct packing {
    const struct gguf *g;
    const struct gguf_tensor *t;
    const struct weight *w;
    size_t step, steps; /* rows; of one matrix */
    atomic_size_t next; /* step of all matrices' that nobody has taken */
    pthread_mutex_t lock;
    enum rc rc; /* the first failure */
    struct err e;
};

/* Rows beyond the matrix's last are zeros. */
static enum rc pack_step(const struct packing *p, size_t i, uint8_t *rows, struct err *e)
{
    const struct weight *w = p->w;
    size_t mat = i / p->steps, row = i % p->steps * p->step;
    size_t n = w->n_out - row < p->step ? w->n_out - row : p->step;
    enum rc rc = read_rows(p->g, p->t, w, mat * w->n_out + row, n, rows, e);

    if (rc != RC_OK) return rc;
    memset(rows + n * w->row_bytes, 0, (p->step - n) * w->row_bytes);
    for (size_t k = 0; k < n; k += PACKED_GROUP)
        packed_pack(w->format->type, rows + k * w->row_bytes, w->row_bytes, w->n_in,
                    w->data + mat * w->mat_bytes + (row + k) / PACKED_GROUP * w->group_bytes);
    return rc;
}

static void *pack_steps(void *arg)
{
    struct packing *p = arg;
    uint8_t *rows = malloc(p->step * p->w->row_bytes);
    struct err e;
    enum rc rc = rows ? RC_OK : no_memory(p->g, p->t, &e);

    for (size_t i; rc == RC_OK && (i = atomic_fetch_add(&p->next, 1)) < p->steps * p->w->n_mats;)
        rc = pack_step(p, i, rows, &e);
    free(rows);
    if (rc == RC_OK) return NULL;
    atomic_store(&p->next, p->steps * p->w->n_mats); /* the others need not go on */
    pthread_mutex_lock(&p->lock);
    if (p->rc == RC_OK) {
        p->rc = rc;
        p->e = e;
    }
    pthread_mutex_unlock(&p->lock);
    return NULL;
}

/* Threads beside the caller that are worth starting. */
static size_t helpers(const struct weight *w)
{
    size_t most = w->n_mats * w->mat_bytes / THREAD_BYTES, n = pool_processors() - 1;

    n = n < MOST_HELPERS ? n : MOST_HELPERS;
    return n < most ? n : most;
}

static enum rc pack(const struct gguf *g, const struct gguf_tensor *t, const struct weight *w, struct err *e)
{
    size_t groups = STEP_BYTES / (PACKED_GROUP * w->row_bytes), n = 0, most = helpers(w);
    struct packing p = {.g = g, .t = t, .w = w, .step = PACKED_GROUP * (groups ? groups : 1), .rc = RC_OK};
    pthread_t threads[MOST_HELPERS];

    p.steps = (w->n_out + p.step - 1) / p.step;
    pthread_mutex_init(&p.lock, NULL);
    while (n < most && pthread_create(&threads[n], NULL, pack_steps, &p) == 0) /* without them it takes longer */
        n++;
    pack_steps(&p);
    while (n > 0)
        pthread_join(threads[--n], NULL);
    pthread_mutex_destroy(&p.lock);
    if (p.rc != RC_OK && e) *e = p.e;
    return p.rc;
}

enum rc weight_prepare(const struct gguf *g, const struct gguf_tensor *t, const struct kernels *k,
                       struct weight *w, struct err *e)
{
    const struct type_info *info = type_find(t->type);
    size_t group;
    enum rc rc;

    *w = (struct weight){.format = kernels_format(k, t->type),
                         .n_in = (size_t)t->dims[0],
                         .n_out = (size_t)t->dims[1],
                         .n_mats = (size_t)(t->dims[2] * t->dims[3])};
    if (!w->format)
        return gguf_bad(g, e, t->name, t->info_offset, "tensors of type %s are not supported", info->name);
    group = w->format->packed ? PACKED_GROUP : 1;
    w->row_bytes = w->n_in / info->values * info->bytes;
    w->group_bytes = w->format->packed ? packed_group_bytes(w->format->type, w->n_in) : w->row_bytes;
    w->mat_bytes = (w->n_out + group - 1) / group * w->group_bytes;
    w->data = allocate(w->n_mats * w->mat_bytes); /* at most 20 times what the file holds, for a single row */
    if (!w->data) return no_memory(g, t, e);
    rc = w->format->packed ? pack(g, t, w, e) : read_rows(g, t, w, 0, w->n_mats * w->n_out, w->data, e);
    if (rc != RC_OK) weight_clear(w);
    return rc;
}

/* As a file would hold it; BF16 cuts. */
static void encode(enum weight_type type, const float *values, size_t n, uint8_t *out)
{
    for (size_t i = 0; i < n; i++) {
        uint32_t bits;
        uint16_t half;

        memcpy(&bits, &values[i], sizeof(bits));
        half = type == TYPE_F16 ? float_to_half(values[i]) : (uint16_t)(bits >> 16);
        if (type == TYPE_F32)
            memcpy(out + i * sizeof(bits), &bits, sizeof(bits));
        else
            memcpy(out + i * sizeof(half), &half, sizeof(half));
    }
}

enum rc weight_make(const struct kernels *k, enum weight_type type, const float *values, size_t n_in,
                    size_t n_out, size_t n_mats, struct weight *w, struct err *e)
{
    size_t row_bytes = n_in * type_find(type)->bytes;

    *w = (struct weight){.format = kernels_format(k, type),
                         .n_in = n_in,
                         .n_out = n_out,
                         .n_mats = n_mats,
                         .row_bytes = row_bytes,
                         .group_bytes = row_bytes,
                         .mat_bytes = n_out * row_bytes,
                         .data = allocate(n_mats * n_out * row_bytes)};
    if (!w->data) {
        *w = (struct weight){0};
        return err_set(e, RC_NOMEM, "out of memory for %zu matrices of %zu * %zu", n_mats, n_out, n_in);
    }
    encode(type, values, n_mats * n_out * n_in, w->data);
    return RC_OK;
}

void weight_clear(struct weight *w)
{
    free(w->data);
    *w = (struct weight){0};
}

enum rc weight_vector(const struct gguf *g, const struct gguf_tensor *t, size_t n, float **out, struct err *e)
{
    struct weight w;
    float *values;
    enum rc rc;

    if (t->dims[0] * t->dims[1] * t->dims[2] * t->dims[3] != n)
        return gguf_bad(g, e, t->name, t->info_offset, "%zu values expected", n);
    if (t->type != TYPE_F32 && t->type != TYPE_F16 && t->type != TYPE_BF16)
        return gguf_bad(g, e, t->name, t->info_offset, "type %s where f32, f16 or bf16 is expected",
                        type_find(t->type)->name);
    values = malloc(n * sizeof(*values));
    if (!values) return no_memory(g, t, e);
    rc = weight_prepare(g, t, &kernels_scalar, &w, e);
    if (rc == RC_OK) {
        size_t rows = w.n_out * w.n_mats;

        w.n_mats = 1; /* unpacked rows follow each other */
        for (size_t r = 0; r < rows; r++)
            weight_plain_row(&w, 0, r, values + r * w.n_in);
        weight_clear(&w);
        *out = values;
        return RC_OK;
    }
    free(values);
    return rc;
}
