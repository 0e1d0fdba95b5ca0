/* gguf.h: reading GGUF v3 files, of which no field is trusted.
 *
 * gguf_open() reads and checks everything but the tensors' values: counts, sizes, string lengths, types,
 * nesting, duplicate keys and names, alignment, that each tensor lies inside the file and none overlaps
 * another. Metadata is copied, tensors are read with pread(): a file that shrinks or changes meanwhile
 * gives an error and not SIGBUS, which a mapping would, and the prepared weights are then the only copy in
 * this process's memory. Source: https://github.com/ggml-org/ggml/blob/master/docs/gguf.md
 *
 * A split model is a set of files NAME-00001-of-0000N.gguf, of which gguf_open() takes any. Each is a GGUF
 * file with the keys split.no (its number, from 0), split.count (N) and split.tensors.count (of the whole
 * set) and is checked as any other; all must be there, their numbers as in their names, the two counts the
 * same in each, the tensors' sum as they say, and no tensor in two of them. Metadata is the first part's
 * alone, tensors are those of all. Source: llama.cpp, tools/gguf-split and src/llama-model-loader.cpp.
 *
 * Read-only after gguf_open(); threads may share one. Errors are RC_BAD, one line: "PATH: field NAME at
 * offset N: what is wrong"; RC_LIMIT; RC_NOMEM. */
#ifndef INFERENCE_GGUF_H
#define INFERENCE_GGUF_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include "../base/err.h"

#define GGUF_MAX_DIMS 4
#define GGUF_MAX_METADATA ((size_t)256 << 20) /* bytes before the tensors' values */
#define GGUF_MAX_KEYS 65536
#define GGUF_MAX_TENSORS 65536
#define GGUF_MAX_KEY_BYTES 1024
#define GGUF_MAX_NAME_BYTES 256
#define GGUF_MAX_PARTS 256 /* each keeps a file open */

enum gguf_kind { /* of a value; the numbers that files use */
    GGUF_U8, GGUF_I8, GGUF_U16, GGUF_I16, GGUF_U32, GGUF_I32, GGUF_F32, GGUF_BOOL, GGUF_STRING, GGUF_ARRAY,
    GGUF_U64, GGUF_I64, GGUF_F64
};

struct gguf_value {
    const char *key;
    enum gguf_kind kind;  /* of an array: that of its elements, never GGUF_ARRAY */
    bool is_array;
    size_t n;             /* elements; 1 if no array */
    const uint8_t *data;  /* little-endian, unaligned; a string is its length in 8 bytes and its bytes */
    size_t size;          /* bytes at data */
    uint64_t offset;      /* of the key in the file */
};

struct gguf_tensor {
    const char *name;
    uint32_t type;                 /* one that type_find() knows */
    uint32_t n_dims;
    uint64_t dims[GGUF_MAX_DIMS];  /* row length first; 1 beyond n_dims */
    uint64_t offset, bytes;        /* of its values in its file */
    uint64_t info_offset;          /* of its description in its file */
    uint32_t part;                 /* of a split model, which holds it, from 0 */
};

struct gguf;

MUST_USE enum rc gguf_open(const char *path, struct gguf **out, struct err *e);
void gguf_close(struct gguf *g);

const char *gguf_path(const struct gguf *g); /* as given to gguf_open() */
uint64_t gguf_bytes(const struct gguf *g);   /* of the whole file, or of all parts together */
uint32_t gguf_n_parts(const struct gguf *g); /* 1 if the model is not split */

/* NULL if there is none. Borrowed. */
const struct gguf_value *gguf_find(const struct gguf *g, const char *key);
const struct gguf_tensor *gguf_tensor(const struct gguf *g, const char *name);
size_t gguf_n_tensors(const struct gguf *g);
const struct gguf_tensor *gguf_tensor_at(const struct gguf *g, size_t i); /* by part and offset, ascending */

/* Typed values; RC_BAD if the key is missing, of another type or out of range. Any integer type serves
 * gguf_u32(), any float type gguf_f32(). A string is borrowed and not NUL-terminated. */
MUST_USE enum rc gguf_u32(const struct gguf *g, const char *key, uint32_t *out, struct err *e);
MUST_USE enum rc gguf_f32(const struct gguf *g, const char *key, float *out, struct err *e);
MUST_USE enum rc gguf_bool(const struct gguf *g, const char *key, bool *out, struct err *e);
MUST_USE enum rc gguf_string(const struct gguf *g, const char *key, const char **out, size_t *n,
                             struct err *e);

/* An array whose elements are `kind`, or NULL. */
const struct gguf_value *gguf_array(const struct gguf *g, const char *key, enum gguf_kind kind);
/* The string at *at of an array of strings; moves *at to the next. Call at most v->n times, from v->data. */
const char *gguf_next_string(const uint8_t **at, size_t *n);

/* Read n bytes of a tensor's values from byte `from` on. RC_BAD also if the file has become shorter. */
MUST_USE enum rc gguf_read(const struct gguf *g, const struct gguf_tensor *t, uint64_t from, void *out,
                           size_t n, struct err *e);
/* SHA-256 of the whole file, in hexadecimal; of a split model, of its parts' bytes in order, as if they were one
 * file behind the other. */
MUST_USE enum rc gguf_hash(const struct gguf *g, char hex[65], struct err *e);

/* Is every value of every tensor finite? Reads them all. RC_BAD names the first tensor, row and value (that of
 * a block's first value where the block's scale or minimum is an infinity or no number); RC_NOMEM. */
MUST_USE enum rc gguf_check(const struct gguf *g, struct err *e);

/* RC_BAD "PATH: field NAME at offset N: ...", for whoever finds a field wrong later. PATH is that of the part
 * with the tensor NAME at N, else the first part's. Characters of NAME that are not printable ASCII are shown
 * as '?', and long ones are cut. */
enum rc gguf_bad(const struct gguf *g, struct err *e, const char *field, uint64_t offset, const char *fmt,
                 ...) PRINTF_LIKE(5, 6);
/* The same with the offset of a key (0 if it is missing). */
enum rc gguf_bad_key(const struct gguf *g, struct err *e, const char *key, const char *fmt, ...)
    PRINTF_LIKE(4, 5);

#endif
