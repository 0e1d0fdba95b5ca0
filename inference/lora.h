/* lora.h: adapters in a pass: which matrices they stand beside, and the product that they add. How one is opened is in
 * inference.h, how one is trained in adapt.h.
 *
 * Hu et al. 2021, arXiv:2106.09685: the output of W x grows by alpha / rank * B (A x). Adapters are never merged into the
 * weights, so that rows with different ones, or with none, share a pass. */
#ifndef INFERENCE_LORA_H
#define INFERENCE_LORA_H

#include "model.h"

#define LORA_MAX_RANK 256

enum lora_part { /* matrices of a layer that an adapter can stand beside; gate, up and down follow each other */
    LORA_NONE,
    LORA_Q,
    LORA_K,
    LORA_V,
    LORA_OUT,
    LORA_GATE, /* of what every token goes through: the dense layer, or the shared expert */
    LORA_UP,
    LORA_DOWN,
    LORA_GATE_EXPERTS,
    LORA_UP_EXPERTS,
    LORA_DOWN_EXPERTS,
    LORA_PARTS
};
#define LORA_NAME_BYTES 64

/* The matrix of a layer; NULL if it has none, or only as a piece of a tensor that holds others too. */
const struct weight *lora_weight(const struct layer *y, enum lora_part part);
/* Its name in files, "blk.3.attn_q.weight". */
void lora_name(const struct layer *y, size_t layer, enum lora_part part, char out[LORA_NAME_BYTES]);

/* y[i * stride + o] gets what the adapter adds to output o of matrix `mat`, for rows pick[i] of x, i < n, and first <= o <
 * last. Nothing where it has nothing beside that matrix. A row's result does not depend on the others. */
void lora_add(const struct lora *a, size_t layer, enum lora_part part, size_t mat, size_t first, size_t last,
              const struct acts *x, const uint32_t *pick, size_t n, float *y, size_t stride);

/* The model that it was opened for. */
const struct model *lora_model(const struct lora *a);
/* A number that no other adapter of this process has, above 0. */
uint64_t lora_serial(const struct lora *a);

#endif
