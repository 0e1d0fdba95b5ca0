/* gguf_check.c: is every weight of a file a finite number? Looked up in the file's blocks, so that no type and
 * no tensor is left out, whatever the kernels make of them. */
#include "gguf.h"

#include <stdlib.h>
#include <string.h>
#include "../base/str.h"
#include "types.h"

#define STEP_BYTES  ((size_t)1 << 20)
#define MOST_SCALES 2
#define E8M0_NAN    0xFF /* OCP Microscaling Formats 1.0, section 5.4.1 */

/* What can be infinite or no number in a block; integers can't. A block's values are finite if these are:
 * the largest product, 65504 * 63 * 31, is far below what a float holds. Layouts: ggml's ggml-common.h. */
enum part_kind { PART_F32, PART_F16, PART_BF16, PART_E8M0 };
static const struct layout {
    uint32_t type;
    enum part_kind kind;
    size_t n, at[MOST_SCALES]; /* parts and where they begin in the block */
} layouts[] = {
    {0, PART_F32, 1, {0}},     /* F32 */
    {1, PART_F16, 1, {0}},     /* F16 */
    {30, PART_BF16, 1, {0}},   /* BF16 */
    {2, PART_F16, 1, {0}},     /* Q4_0: d */
    {3, PART_F16, 2, {0, 2}},  /* Q4_1: d, m */
    {6, PART_F16, 1, {0}},     /* Q5_0: d */
    {7, PART_F16, 2, {0, 2}},  /* Q5_1: d, m */
    {8, PART_F16, 1, {0}},     /* Q8_0: d */
    {12, PART_F16, 2, {0, 2}}, /* Q4_K: d, dmin */
    {13, PART_F16, 2, {0, 2}}, /* Q5_K: d, dmin */
    {14, PART_F16, 1, {208}},  /* Q6_K: d, behind the values */
    {39, PART_E8M0, 1, {0}},   /* MXFP4: the exponent */
};

static const struct layout *layout_of(uint32_t type)
{
    for (size_t i = 0; i < COUNT_OF(layouts); i++)
        if (layouts[i].type == type) return &layouts[i];
    return NULL;
}

/* Infinities and NaNs have an exponent of ones only (IEEE 754-2019, section 3.4). */
static bool finite_part(enum part_kind kind, const uint8_t *p)
{
    switch (kind) {
    case PART_F32:
        return (p[3] & 0x7F) != 0x7F || (p[2] & 0x80) == 0;
    case PART_F16:
        return (p[1] & 0x7C) != 0x7C;
    case PART_BF16:
        return (p[1] & 0x7F) != 0x7F || (p[0] & 0x80) == 0;
    default: /* PART_E8M0 */
        return *p != E8M0_NAN;
    }
}

/* The first of n blocks that isn't finite, or n. */
static size_t first_bad(const struct layout *l, size_t block_bytes, const uint8_t *blocks, size_t n)
{
    for (size_t b = 0; b < n; b++)
        for (size_t k = 0; k < l->n; k++)
            if (!finite_part(l->kind, blocks + b * block_bytes + l->at[k])) return b;
    return n;
}

static enum rc check_tensor(const struct gguf *g, const struct gguf_tensor *t, uint8_t *bytes, struct err *e)
{
    const struct type_info *info = type_find(t->type);
    const struct layout *l = layout_of(t->type);
    size_t step = STEP_BYTES / info->bytes; /* blocks at once */
    uint64_t n_blocks = t->bytes / info->bytes;
    enum rc rc = RC_OK;

    if (!l)
        return err_set(e, RC_INTERNAL, "%s: weights of type %s cannot be checked", gguf_path(g), info->name);
    for (uint64_t at = 0; at < n_blocks && rc == RC_OK; at += step) {
        size_t n = n_blocks - at < step ? (size_t)(n_blocks - at) : step, bad;

        rc = gguf_read(g, t, at * info->bytes, bytes, n * info->bytes, e);
        if (rc != RC_OK) break;
        bad = first_bad(l, info->bytes, bytes, n);
        if (bad < n)
            rc = gguf_bad(g, e, t->name, t->info_offset, "row %llu, value %llu: not a finite number",
                          (unsigned long long)((at + bad) * info->values / t->dims[0]),
                          (unsigned long long)((at + bad) * info->values % t->dims[0]));
    }
    return rc;
}

enum rc gguf_check(const struct gguf *g, struct err *e)
{
    uint8_t *bytes = malloc(STEP_BYTES);
    enum rc rc = bytes ? RC_OK : err_set(e, RC_NOMEM, "%s: out of memory", gguf_path(g));

    for (size_t i = 0; i < gguf_n_tensors(g) && rc == RC_OK; i++)
        rc = check_tensor(g, gguf_tensor_at(g, i), bytes, e);
    free(bytes);
    return rc;
}
