/* weights.c: from a file's rows to what the kernels read. */
#include "weights.h"

#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include "types.h"

#define ALIGN      64
#define HUGE_PAGE  ((size_t)2 << 20)
#define STEP_BYTES ((size_t)1 << 20) /* read at once when packing, at least one group */

const uint8_t *weight_plain_at(const struct weight *w, size_t mat, size_t row)
{
    return w->data + mat * w->mat_bytes + row * w->row_bytes;
}

void weight_plain_row(const struct weight *w, size_t mat, size_t row, float *out)
{
    const uint8_t *from = weight_plain_at(w, mat, row);

    for (size_t i = 0; i < w->n_in; i++) {
        uint16_t half;
        struct block_q8_0 block;

        switch (w->format->type) {
        case TYPE_F32:
            memcpy(&out[i], from + i * sizeof(float), sizeof(float));
            break;
        case TYPE_F16:
            memcpy(&half, from + i * sizeof(half), sizeof(half));
            out[i] = half_to_float(half);
            break;
        case TYPE_BF16:
            memcpy(&half, from + i * sizeof(half), sizeof(half));
            out[i] = bfloat_to_float(half);
            break;
        default: /* Q8_0 */
            if (i % Q8_0_VALUES != 0) break;
            memcpy(&block, from + i / Q8_0_VALUES * sizeof(block), sizeof(block));
            for (size_t k = 0; k < Q8_0_VALUES; k++)
                out[i + k] = half_to_float(block.d) * (float)block.q[k];
        }
    }
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

/* Rows from `row` on of all matrices together, in the format's type. */
static enum rc read_rows(const struct gguf *g, const struct gguf_tensor *t, const struct weight *w,
                         uint64_t row, size_t n, uint8_t *out, struct err *e)
{
    size_t file_bytes = (size_t)(t->bytes / (w->n_mats * w->n_out));
    uint8_t *from = out + n * (w->row_bytes - file_bytes); /* at the end, so that it can grow in place */
    enum rc rc = gguf_read(g, t, row * file_bytes, from, n * file_bytes, e);

    if (rc == RC_OK && t->type == TYPE_Q4_0) q4_0_to_q8_0(from, n * (w->n_in / Q8_0_VALUES), out);
    return rc;
}

/* One matrix, packed a few groups at a time; rows beyond the last are zeros. */
static enum rc pack_matrix(const struct gguf *g, const struct gguf_tensor *t, const struct weight *w,
                           size_t mat, uint8_t *rows, size_t step, struct err *e)
{
    size_t group = w->format->group, group_bytes = group * w->row_bytes;
    enum rc rc = RC_OK;

    for (size_t row = 0; row < w->n_out && rc == RC_OK; row += step) {
        size_t n = w->n_out - row < step ? w->n_out - row : step;

        rc = read_rows(g, t, w, mat * w->n_out + row, n, rows, e);
        memset(rows + n * w->row_bytes, 0, (step - n) * w->row_bytes);
        for (size_t i = 0; i < n && rc == RC_OK; i += group)
            w->format->pack(rows + i * w->row_bytes, w->n_in,
                            w->data + mat * w->mat_bytes + (row + i) / group * group_bytes);
    }
    return rc;
}

static enum rc pack(const struct gguf *g, const struct gguf_tensor *t, const struct weight *w, struct err *e)
{
    size_t group_bytes = w->format->group * w->row_bytes;
    size_t groups = STEP_BYTES / group_bytes ? STEP_BYTES / group_bytes : 1;
    uint8_t *rows = malloc(groups * group_bytes);
    enum rc rc = rows ? RC_OK : no_memory(g, t, e);

    for (size_t mat = 0; mat < w->n_mats && rc == RC_OK; mat++)
        rc = pack_matrix(g, t, w, mat, rows, groups * w->format->group, e);
    free(rows);
    return rc;
}

enum rc weight_prepare(const struct gguf *g, const struct gguf_tensor *t, const struct kernels *k,
                       struct weight *w, struct err *e)
{
    const struct type_info *held;
    size_t group;
    enum rc rc;

    *w = (struct weight){.format = kernels_format(k, t->type == TYPE_Q4_0 ? TYPE_Q8_0 : t->type),
                         .n_in = (size_t)t->dims[0],
                         .n_out = (size_t)t->dims[1],
                         .n_mats = (size_t)(t->dims[2] * t->dims[3])};
    if (!w->format)
        return gguf_bad(g, e, t->name, t->info_offset, "tensors of type %s are not supported",
                        type_find(t->type)->name);
    held = type_find(w->format->type);
    group = w->format->group;
    w->row_bytes = w->n_in / held->values * held->bytes;
    w->mat_bytes = (w->n_out + group - 1) / group * group * w->row_bytes;
    w->data = allocate(w->n_mats * w->mat_bytes); /* at most 2 * group times what the file holds */
    if (!w->data) return no_memory(g, t, e);
    rc = w->format->pack ? pack(g, t, w, e) : read_rows(g, t, w, 0, w->n_mats * w->n_out, w->data, e);
    if (rc != RC_OK) weight_clear(w);
    return rc;
}

/* As a file would hold it. */
static void encode_row(enum weight_type type, const float *values, size_t n, uint8_t *out)
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
    size_t group, group_bytes;
    uint8_t *rows;

    *w = (struct weight){
        .format = kernels_format(k, type), .n_in = n_in, .n_out = n_out, .n_mats = n_mats};
    group = w->format->group;
    w->row_bytes = n_in * type_find(type)->bytes;
    w->mat_bytes = (n_out + group - 1) / group * group * w->row_bytes;
    group_bytes = group * w->row_bytes;
    w->data = allocate(n_mats * w->mat_bytes);
    rows = calloc(group, w->row_bytes);
    for (size_t i = 0; w->data && rows && i < n_mats * (w->mat_bytes / group_bytes); i++) {
        size_t mat = i * group_bytes / w->mat_bytes, first = i * group - mat * (w->mat_bytes / w->row_bytes);
        uint8_t *out = w->data + i * group_bytes;

        memset(rows, 0, group_bytes);
        for (size_t r = 0; r < group && first + r < n_out; r++)
            encode_row(type, values + (mat * n_out + first + r) * n_in, n_in, rows + r * w->row_bytes);
        if (w->format->pack)
            w->format->pack(rows, n_in, out);
        else
            memcpy(out, rows, group_bytes);
    }
    free(rows);
    if (w->data && rows) return RC_OK;
    weight_clear(w);
    return err_set(e, RC_NOMEM, "out of memory for %zu matrices of %zu * %zu", n_mats, n_out, n_in);
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
