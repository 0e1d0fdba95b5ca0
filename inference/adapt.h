/* adapt.h: low-rank adaptation of an open model to texts that its owner likes: Hu et al. 2021, arXiv:2106.09685.
 *
 * Beside a frozen matrix W, which stays as quantised as its file has it, stand two small ones: the output grows by
 * alpha / rank * B (A x). Only A and B are trained, by AdamW (Loshchilov and Hutter 2017, arXiv:1711.05101) on the
 * cross-entropy of the answers' tokens, with float activations. Which experts a token goes to is chosen in the
 * forward pass and held fixed; the router's matrix is not trained, but the weights of the chosen experts are
 * functions of the token and are differentiated.
 *
 * The same samples, options and seed give the same adapter, on any number of threads, of one instruction set. One
 * thread at a time per handle. Nothing here logs or keeps text: samples are token ids, and are borrowed.
 *
 * Errors: RC_BAD wrong options, a model that cannot be trained, a file that is not what it should be; RC_LIMIT a
 * sample longer than max_tokens, or more memory than allowed; RC_NOMEM. */
#ifndef INFERENCE_ADAPT_H
#define INFERENCE_ADAPT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include "../base/err.h"

struct model;

/* The tail of a checkpoint's name; the rest is the adapter's. */
#define ADAPT_CHECKPOINT ".training"

enum adapt_targets { /* the matrices that get an adapter */
    ADAPT_ATTENTION = 1,    /* queries, keys, values, output */
    ADAPT_FEED_FORWARD = 2, /* gate, up and down of what every token goes through: dense layers, shared experts */
    ADAPT_EXPERTS = 4       /* the same of the experts that a router chooses */
};

#define ADAPT_MAX_RANK 256 /* what lora_open() takes */

struct adapt_options {
    uint32_t rank;           /* 1 to ADAPT_MAX_RANK */
    float alpha;             /* over 0 */
    unsigned targets;        /* of enum adapt_targets */
    uint64_t seed;           /* of A's first values and of the order of samples */
    int threads;             /* 0: as many as processors */
    size_t max_tokens;       /* of one sample; at most the model's context */
    size_t max_bytes;        /* of memory; 0: what the system has left */
    float learning_rate;     /* at the top of the schedule */
    float weight_decay;
    uint32_t epochs;         /* over all samples */
    uint32_t batch;          /* samples of one step */
    float warm_up;           /* share of the steps, 0 to 1, in which the rate grows; then it falls as a cosine */
};
/* What serves a few dozen briefs: rank 8, alpha 16, attention and feed-forward, rate 1e-3, 8 epochs, batches of 4. */
void adapt_defaults(struct adapt_options *out);

struct adapt_sample { /* borrowed */
    const int32_t *ids;
    size_t n;
    size_t n_prompt; /* the answer is ids[n_prompt] and what follows; 1 <= n_prompt < n */
};

struct adapt;

/* RC_OK if the model can be trained on these targets; RC_BAD names what it has that cannot be. */
MUST_USE enum rc adapt_check(const struct model *m, unsigned targets, struct err *e);
/* Memory that adapt_open() would take, in bytes. The model and the options must have passed. */
size_t adapt_bytes(const struct model *m, const struct adapt_options *opt);

/* A new adapter: A random (uniform, bounded by sqrt(3 / n_in)), B 0, so that it changes nothing yet. The model is
 * borrowed and must outlive it. */
MUST_USE enum rc adapt_open(const struct model *m, const struct adapt_options *opt, struct adapt **out, struct err *e);
void adapt_close(struct adapt *a); /* NULL is a no-op */

size_t adapt_n_params(const struct adapt *a);
size_t adapt_n_steps(const struct adapt *a, size_t n_samples); /* of all epochs */
size_t adapt_steps_done(const struct adapt *a);

/* Sum of -log p over the answer's tokens, with the adapter as it stands; *likeliest, if not NULL: how many of them are the
 * likeliest ones. */
MUST_USE enum rc adapt_loss(struct adapt *a, const struct adapt_sample *s, double *sum, size_t *likeliest, struct err *e);

struct adapt_progress {
    size_t step, n_steps; /* done, of all */
    double epoch;         /* 0 to epochs */
    double loss;          /* mean of the step's answer tokens, before the step */
    float rate;
    float gradient;       /* its length, before clipping */
};
/* One step: the next batch of the n samples, which must be the same ones in the same order at each call. RC_RETRY:
 * `stop` became true meanwhile; nothing has changed. RC_BAD the loss is no number. */
MUST_USE enum rc adapt_step(struct adapt *a, const struct adapt_sample *samples, size_t n, const volatile bool *stop,
                            struct adapt_progress *out, struct err *e);

/* ---- files -------------------------------------------------------------------------------------------------------- */

#define ADAPT_HASH_HEX 65

/* Write all that goes on with the training to `path`, whole or not at all: values, the optimiser's moments, steps
 * done. `data` (64 hexadecimal digits) says which samples. RC_BAD the path and the system's reason. */
MUST_USE enum rc adapt_save(const struct adapt *a, const char *path, const char *data, struct err *e);
/* Take it up again in a handle that was opened with the same options: the result is that of an unbroken run, bit for
 * bit. RC_BAD no such file, damaged, of another model, other options or other data: names which. */
MUST_USE enum rc adapt_resume(struct adapt *a, const char *path, const char *data, struct err *e);

struct adapt_facts { /* what the file says of itself; no text of anyone */
    const char *name;       /* general.name */
    const char *data;       /* hash of the samples, 64 hexadecimal digits */
    uint32_t n_briefs;
};
/* Write the adapter as llama.cpp reads it (general.type "adapter", adapter.type "lora", a tensor's lora_a and lora_b)
 * to `path`, whole or not at all; also briefd.base_sha256, briefd.data_hash, briefd.briefs, briefd.seed. The model must
 * have been opened with want_hash. hex: SHA-256 of the file. RC_BAD the path and the system's reason.
 * Source: llama.cpp, convert_lora_to_gguf.py and src/llama-adapter.cpp. */
MUST_USE enum rc adapt_write(const struct adapt *a, const char *path, const struct adapt_facts *facts,
                             char hex[ADAPT_HASH_HEX], struct err *e);

#endif
