/* graph.h: what forward.c and attention.c share: the room of a pass, and the two kinds of stages that a pass
 * alternates, each shared among the threads: something for each row (norm, rope, route, add), and products
 * of rows with matrices, cut into pieces of outputs. */
#ifndef INFERENCE_GRAPH_H
#define INFERENCE_GRAPH_H

#include "forward.h"
#include "lora.h"
#include "rope.h"

struct product { /* rows pick[0..n) of x times a matrix, to y[i * stride] */
    const struct weight *w;
    size_t mat;
    const struct acts *x;
    const uint32_t *pick;
    size_t n;
    float *y;
    size_t stride;
    size_t first_piece; /* pieces are numbered through all products of a stage */
    enum lora_part part;  /* what w is to an adapter; of gate and up, the former */
    const uint32_t *rows; /* of the pass, that the n rows belong to; NULL: pick */
    /* gate and up of an inner layer: y is row `slot` and following of *out, whose activation follows in the
     * same piece; NULL: no more than a product */
    const struct ffn *ffn;
    struct acts *out;
    float *up; /* [slots][out->width] */
    size_t slot;
};

struct forward {
    const struct model *m;
    const struct kernels *k;
    const struct kv *kv;
    struct pool *pool;
    size_t n_q, n_kv, n_attended; /* widths of a row: queries, keys, what attention gives */
    size_t span;                  /* query heads of an attention task */
    bool places;                  /* ... which also puts its head's keys and values into the cache */

    const struct row *rows; /* of the pass */
    size_t n;
    bool adapted;           /* some of them have an adapter */
    const struct layer *layer;
    size_t layer_index;

    uint32_t *identity;     /* 0, 1, 2, ... */
    float *x;               /* [rows][n_embd]: the residual stream */
    struct acts normed;     /* of x */
    float *q, *key, *value; /* q is scaled for attention */
    double *frequencies;    /* [n_rope / 2] */
    float *turns;           /* [rows][n_rope]: cosines, then sines */
    struct acts attended;
    float *scratch_max, *scratch_sum; /* [threads][TILE * span] */
    float *out;                       /* [rows][n_embd]: of attention, then of the plain inner layer */

    struct acts q_latent;     /* latent attention: [rows] what queries are made from */
    struct acts q_plain;      /* [rows * heads]: the part of a query that is not turned */
    float *q_absorbed;        /* [rows][heads][n_latent + n_rope]: scaled queries to what the cache holds */
    struct acts seen;         /* [rows * heads][n_latent]: what a head attended to */
    uint32_t *rows_of_head;   /* [heads][max_rows]: rows of q_plain and `seen` that are a head's */
    size_t max_rows;

    struct acts plain;
    float *plain_up, *plain_share; /* the latter: [rows], of a gated shared expert */
    float *logits_of_experts, *expert_weights;
    size_t routed; /* rows */
    uint32_t *experts, *slot_of, *token_of, *begin;
    struct acts inner; /* [slots]: of the experts, what goes down */
    float *inner_up, *expert_out;
    struct product *products;
    size_t n_products, piece; /* outputs of a piece */
    uint32_t *wanted; /* rows that want logits */
    size_t n_wanted, max_wanted;
    struct acts last;
    float *logits;
};

#define ATTENTION_TILE 8 /* rows of an attention task: they share the blocks of their sequence */

static inline bool reads_quantised(const struct weight *w)
{
    return w->format && w->format->packed;
}

/* Whether a weight wants activations whose blocks share scales. */
static inline bool reads_shared(const struct weight *w)
{
    return w->format && w->format->shared;
}

/* Values of a row that are quantised together. */
static inline size_t quantised_together(bool shared)
{
    return (shared ? ACT_SHARED : 1) * ACT_BLOCK;
}

/* Fill the quantised form of `n` values of a row from `first` on, multiples of quantised_together(shared); `shared` if
 * one of the weights that will read them wants that. */
void graph_quantise(const struct forward *f, struct acts *a, size_t row, size_t first, size_t n, bool shared);

/* RMS norm, with a bias if there is one. out may be x. */
void graph_norm(const struct forward *f, const float *x, const float *gain, const float *bias, size_t n,
                float *out);
void graph_add(float *x, const float *y, size_t n); /* y NULL is a no-op */

void graph_for_rows(struct forward *f, void (*work)(void *ctx, size_t i, size_t worker), size_t n);
/* Add a product to the stage; n 0 is a no-op. The result may be filled in further. */
void graph_product(struct forward *f, struct product p);
void graph_multiply(struct forward *f); /* all products added since the last */
/* Weights that the stages after the next one read: what threads that wait may bring nearer. Empty ones are left out. */
void graph_ahead(struct forward *f, const struct weight *const *next, size_t n);

/* What a layer's attention reads of a row of f->x. */
void graph_enter_layer(struct forward *f, const struct layer *y, size_t row);
/* Attention of f->layer, which every row has entered, to f->out. */
void graph_attention(struct forward *f);

#endif
