/* gguf.c: the reader: one cursor over the copied metadata, every step of it bounded by the file's size. */
#include "gguf.h"

#include <errno.h>
#include <fcntl.h>
#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include "../base/arena.h"
#include "../base/crypto.h"
#include "../base/str.h"
#include "types.h"

#define MAGIC              0x46554747U /* "GGUF" */
#define VERSION            3
#define HEADER_BYTES       24
#define DEFAULT_ALIGNMENT  32
#define MAX_ALIGNMENT      (1U << 20)
#define MAX_DIM            ((uint64_t)1 << 40)
#define LEAST_KEY_BYTES    13 /* length, no bytes, type, one byte of value */
#define LEAST_TENSOR_BYTES 33 /* length, one byte, dimensions, one of them, type, offset */

struct gguf { /* one file; the first part of a split model holds the others, and every part's tensors */
    int fd;
    char *path;
    char *given;   /* the path that the caller gave, if it is not `path` */
    uint64_t size; /* of the file when it was opened */
    uint8_t *meta; /* its first n_meta bytes */
    size_t n_meta;
    struct arena names;
    struct gguf_value *values; /* sorted by key */
    size_t n_values;
    struct gguf_tensor *tensors; /* sorted by offset */
    size_t n_tensors;
    const struct gguf_tensor **by_name;
    struct gguf **rest; /* parts from the second on, in order, without tensors of their own */
    size_t n_rest;
};

struct cursor {
    struct gguf *g;
    size_t at;
    const char *field; /* what is being read, for messages */
    struct err *e;
};

/* ---- messages ------------------------------------------------------------------------------------------ */

static void printable(const char *s, char *out, size_t cap)
{
    size_t i = 0;

    for (; s[i] && i + 1 < cap; i++)
        out[i] = s[i] >= ' ' && s[i] <= '~' ? s[i] : '?';
    out[i] = '\0';
}

static const struct gguf *part_at(const struct gguf *g, uint32_t part)
{
    return part == 0 ? g : g->rest[part - 1];
}

static enum rc bad_field(const struct gguf *g, struct err *e, const char *field, uint64_t offset,
                         const char *fmt, va_list ap)
{
    char name[64], what[140];
    const struct gguf_tensor *t = g->n_rest > 0 ? gguf_tensor(g, field) : NULL;
    const char *path = t && t->info_offset == offset ? part_at(g, t->part)->path : g->path;
    size_t n = strlen(path);

    if (n > 80) path += n - 80; /* so that the reason is never cut off */
    printable(field, name, sizeof(name));
    vsnprintf(what, sizeof(what), fmt, ap);
    printable(what, what, sizeof(what)); /* it may quote the file */
    return err_set(e, RC_BAD, "%s%s: field %s at offset %llu: %s", n > 80 ? "..." : "", path, name,
                   (unsigned long long)offset, what);
}

enum rc gguf_bad(const struct gguf *g, struct err *e, const char *field, uint64_t offset, const char *fmt,
                 ...)
{
    va_list ap;
    enum rc rc;

    va_start(ap, fmt);
    rc = bad_field(g, e, field, offset, fmt, ap);
    va_end(ap);
    return rc;
}

enum rc gguf_bad_key(const struct gguf *g, struct err *e, const char *key, const char *fmt, ...)
{
    const struct gguf_value *v = gguf_find(g, key);
    va_list ap;
    enum rc rc;

    va_start(ap, fmt);
    rc = bad_field(g, e, key, v ? v->offset : 0, fmt, ap);
    va_end(ap);
    return rc;
}

static enum rc no_memory(const struct gguf *g, struct err *e)
{
    return err_set(e, RC_NOMEM, "%s: out of memory", g->path);
}

/* ---- bytes --------------------------------------------------------------------------------------------- */

static enum rc read_at(const struct gguf *g, const char *field, uint64_t offset, void *out, size_t n,
                       struct err *e)
{
    uint8_t *to = out;

    while (n > 0) {
        ssize_t got = pread(g->fd, to, n, (off_t)offset);

        if (got < 0 && errno == EINTR) continue;
        if (got < 0) return gguf_bad(g, e, field, offset, "cannot be read: %s", strerror(errno));
        if (got == 0) return gguf_bad(g, e, field, offset, "the file has become shorter while it is in use");
        to += got;
        offset += (uint64_t)got;
        n -= (size_t)got;
    }
    return RC_OK;
}

/* Make sure that the next n bytes are in memory, reading on in growing steps: the size of the metadata is
 * in no field. */
static enum rc need(struct cursor *c, uint64_t n)
{
    struct gguf *g = c->g;
    size_t want;
    uint8_t *grown;
    enum rc rc;

    if (n > g->size - c->at) /* at <= size always */
        return gguf_bad(g, c->e, c->field, c->at, "%llu bytes wanted, the file ends at %llu",
                        (unsigned long long)n, (unsigned long long)g->size);
    if (n <= g->n_meta - c->at) return RC_OK;
    if (n > GGUF_MAX_METADATA - c->at)
        return gguf_bad(g, c->e, c->field, c->at, "more than %zu MiB of metadata", GGUF_MAX_METADATA >> 20);
    want = c->at + (size_t)n;
    if (want < 2 * g->n_meta) want = 2 * g->n_meta;
    if (want < 65536) want = 65536;
    if (want > g->size) want = (size_t)g->size;
    grown = realloc(g->meta, want);
    if (!grown) return no_memory(g, c->e);
    g->meta = grown;
    rc = read_at(g, c->field, g->n_meta, g->meta + g->n_meta, want - g->n_meta, c->e);
    if (rc == RC_OK) g->n_meta = want;
    return rc;
}

static uint32_t get_u32(const uint8_t *p)
{
    return (uint32_t)p[0] | (uint32_t)p[1] << 8 | (uint32_t)p[2] << 16 | (uint32_t)p[3] << 24;
}

static uint64_t get_u64(const uint8_t *p)
{
    return get_u32(p) | (uint64_t)get_u32(p + 4) << 32;
}

static enum rc read_u32(struct cursor *c, uint32_t *out)
{
    enum rc rc = need(c, 4);

    if (rc != RC_OK) return rc;
    *out = get_u32(c->g->meta + c->at);
    c->at += 4;
    return RC_OK;
}

static enum rc read_u64(struct cursor *c, uint64_t *out)
{
    enum rc rc = need(c, 8);

    if (rc != RC_OK) return rc;
    *out = get_u64(c->g->meta + c->at);
    c->at += 8;
    return RC_OK;
}

/* A key or a tensor's name, copied. */
static enum rc read_name(struct cursor *c, size_t most, const char **out)
{
    uint64_t n;
    enum rc rc = read_u64(c, &n);

    if (rc != RC_OK) return rc;
    if (n == 0 || n > most)
        return gguf_bad(c->g, c->e, c->field, c->at - 8, "a name of %llu bytes, 1 to %zu allowed",
                        (unsigned long long)n, most);
    rc = need(c, n);
    if (rc != RC_OK) return rc;
    if (memchr(c->g->meta + c->at, 0, (size_t)n))
        return gguf_bad(c->g, c->e, c->field, c->at, "a name with a zero byte");
    *out = arena_ndup(&c->g->names, (const char *)c->g->meta + c->at, (size_t)n);
    c->at += (size_t)n;
    return *out ? RC_OK : no_memory(c->g, c->e);
}

/* ---- keys and values ----------------------------------------------------------------------------------- */

/* Bytes of a value of fixed size; 0 for strings, arrays and unknown kinds. */
static size_t kind_size(uint32_t kind)
{
    static const uint8_t sizes[] = {1, 1, 2, 2, 4, 4, 4, 1, 0, 0, 8, 8, 8};

    return kind < COUNT_OF(sizes) ? sizes[kind] : 0;
}

static enum rc skip_strings(struct cursor *c, uint64_t n)
{
    enum rc rc = n > (c->g->size - c->at) / 8
                     ? gguf_bad(c->g, c->e, c->field, c->at, "%llu strings in %llu bytes",
                                (unsigned long long)n, (unsigned long long)(c->g->size - c->at))
                     : RC_OK;

    for (uint64_t i = 0; i < n && rc == RC_OK; i++) {
        uint64_t len;

        rc = read_u64(c, &len);
        if (rc == RC_OK) rc = need(c, len);
        if (rc == RC_OK) c->at += (size_t)len;
    }
    return rc;
}

static enum rc skip_numbers(struct cursor *c, uint32_t kind, uint64_t n)
{
    size_t size = kind_size(kind);
    enum rc rc;

    if (size == 0) return gguf_bad(c->g, c->e, c->field, c->at, "unknown type %lu", (unsigned long)kind);
    if (n > c->g->size / size) n = c->g->size / size + 1; /* too many either way; no overflow below */
    rc = need(c, n * size);
    for (uint64_t i = 0; rc == RC_OK && kind == GGUF_BOOL && i < n; i++)
        if (c->g->meta[c->at + i] > 1)
            rc = gguf_bad(c->g, c->e, c->field, c->at + i, "a bool that is neither 0 nor 1");
    if (rc == RC_OK) c->at += (size_t)n * size;
    return rc;
}

/* v->data waits for place_values(): the metadata moves while it grows. */
static enum rc read_value(struct cursor *c, struct gguf_value *v)
{
    uint32_t kind;
    uint64_t n = 1;
    size_t begin;
    enum rc rc;

    v->offset = c->at;
    c->field = "key";
    rc = read_name(c, GGUF_MAX_KEY_BYTES, &v->key);
    if (rc != RC_OK) return rc;
    c->field = v->key;
    rc = read_u32(c, &kind);
    v->is_array = rc == RC_OK && kind == GGUF_ARRAY;
    if (v->is_array) {
        rc = read_u32(c, &kind);
        if (rc == RC_OK && kind == GGUF_ARRAY)
            rc = gguf_bad(c->g, c->e, v->key, c->at - 4, "an array of arrays");
        if (rc == RC_OK) rc = read_u64(c, &n);
    }
    if (rc != RC_OK) return rc;
    begin = c->at;
    rc = kind == GGUF_STRING ? skip_strings(c, n) : skip_numbers(c, kind, n);
    v->kind = (enum gguf_kind)kind;
    v->n = (size_t)n;
    v->size = c->at - begin;
    return rc;
}

static int by_key(const void *a, const void *b)
{
    return strcmp(((const struct gguf_value *)a)->key, ((const struct gguf_value *)b)->key);
}

static enum rc read_values(struct cursor *c, uint64_t n)
{
    struct gguf *g = c->g;
    enum rc rc = RC_OK;

    if (n > GGUF_MAX_KEYS || n > g->size / LEAST_KEY_BYTES)
        return gguf_bad(g, c->e, "metadata_kv_count", 16, "%llu keys do not fit in the file",
                        (unsigned long long)n);
    g->values = calloc((size_t)n + 1, sizeof(*g->values));
    if (!g->values) return no_memory(g, c->e);
    for (size_t i = 0; i < n && rc == RC_OK; i++)
        rc = read_value(c, &g->values[i]);
    if (rc != RC_OK) return rc;
    g->n_values = (size_t)n;
    qsort(g->values, g->n_values, sizeof(*g->values), by_key);
    for (size_t i = 1; i < g->n_values; i++)
        if (str_eq(g->values[i - 1].key, g->values[i].key))
            return gguf_bad(g, c->e, g->values[i].key, g->values[i].offset, "the key stands there twice");
    return RC_OK;
}

/* The key, its type and, for an array, the type of its elements and their number stand before the data. */
static void place_values(struct gguf *g)
{
    for (size_t i = 0; i < g->n_values; i++) {
        struct gguf_value *v = &g->values[i];

        v->data = g->meta + v->offset + 8 + strlen(v->key) + (v->is_array ? 16 : 4);
    }
}

/* ---- tensors ------------------------------------------------------------------------------------------- */

static enum rc read_dims(struct cursor *c, struct gguf_tensor *t, uint64_t *values)
{
    enum rc rc = read_u32(c, &t->n_dims);

    if (rc != RC_OK) return rc;
    if (t->n_dims < 1 || t->n_dims > GGUF_MAX_DIMS)
        return gguf_bad(c->g, c->e, t->name, c->at - 4, "%lu dimensions, 1 to %d allowed",
                        (unsigned long)t->n_dims, GGUF_MAX_DIMS);
    *values = 1;
    for (uint32_t i = 0; i < GGUF_MAX_DIMS; i++) {
        t->dims[i] = 1;
        if (i >= t->n_dims) continue;
        rc = read_u64(c, &t->dims[i]);
        if (rc != RC_OK) return rc;
        if (t->dims[i] < 1 || t->dims[i] > MAX_DIM || *values > MAX_DIM / t->dims[i])
            return gguf_bad(c->g, c->e, t->name, c->at - 8, "dimension %lu is %llu", (unsigned long)i,
                            (unsigned long long)t->dims[i]);
        *values *= t->dims[i];
    }
    return RC_OK;
}

/* t->offset is still from the start of the tensors' values. */
static enum rc read_tensor(struct cursor *c, struct gguf_tensor *t)
{
    const struct type_info *info;
    uint64_t values = 0;
    enum rc rc;

    t->info_offset = c->at;
    c->field = "tensor name";
    rc = read_name(c, GGUF_MAX_NAME_BYTES, &t->name);
    if (rc != RC_OK) return rc;
    c->field = t->name;
    rc = read_dims(c, t, &values);
    if (rc == RC_OK) rc = read_u32(c, &t->type);
    if (rc != RC_OK) return rc;
    info = type_find(t->type);
    if (!info)
        return gguf_bad(c->g, c->e, t->name, c->at - 4, "unknown tensor type %lu", (unsigned long)t->type);
    if (t->dims[0] % info->values != 0)
        return gguf_bad(c->g, c->e, t->name, c->at - 4,
                        "rows of %llu values are not whole blocks of %s (%lu)",
                        (unsigned long long)t->dims[0], info->name, (unsigned long)info->values);
    t->bytes = values / info->values * info->bytes; /* values <= 2^40, a block <= 210 bytes */
    return read_u64(c, &t->offset);
}

static int by_offset(const void *pa, const void *pb)
{
    const struct gguf_tensor *a = pa, *b = pb;

    if (a->part != b->part) return a->part < b->part ? -1 : 1;
    return (a->offset > b->offset) - (a->offset < b->offset);
}

static int by_name(const void *a, const void *b)
{
    const struct gguf_tensor *const *x = a, *const *y = b;

    return strcmp((*x)->name, (*y)->name);
}

static enum rc read_alignment(struct cursor *c, uint32_t *alignment)
{
    static const char key[] = "general.alignment";
    enum rc rc;

    *alignment = DEFAULT_ALIGNMENT;
    if (!gguf_find(c->g, key)) return RC_OK;
    rc = gguf_u32(c->g, key, alignment, c->e);
    if (rc != RC_OK) return rc;
    if (*alignment < 8 || *alignment > MAX_ALIGNMENT || (*alignment & (*alignment - 1)) != 0)
        return gguf_bad_key(c->g, c->e, key, "%lu is not a power of two from 8 to %u",
                            (unsigned long)*alignment, MAX_ALIGNMENT);
    return RC_OK;
}

/* Offsets become absolute; each tensor aligned, inside the file, behind the one before it. */
static enum rc place_tensors(struct cursor *c, uint32_t alignment)
{
    struct gguf *g = c->g;
    uint64_t begin = (c->at + alignment - 1) / alignment * alignment, end = begin;

    for (size_t i = 0; i < g->n_tensors; i++) {
        struct gguf_tensor *t = &g->tensors[i];

        if (t->offset % alignment != 0)
            return gguf_bad(g, c->e, t->name, t->info_offset, "its values at %llu are not aligned to %lu",
                            (unsigned long long)t->offset, (unsigned long)alignment);
        if (begin > g->size || t->offset > g->size - begin || t->bytes > g->size - begin - t->offset)
            return gguf_bad(
                g, c->e, t->name, t->info_offset, "%llu bytes at %llu are beyond the file's end at %llu",
                (unsigned long long)t->bytes, (unsigned long long)t->offset, (unsigned long long)g->size);
        t->offset += begin;
    }
    qsort(g->tensors, g->n_tensors, sizeof(*g->tensors), by_offset);
    for (size_t i = 0; i < g->n_tensors; i++) {
        const struct gguf_tensor *t = &g->tensors[i];

        if (t->offset < end)
            return gguf_bad(g, c->e, t->name, t->info_offset, "its values overlap those of %.60s",
                            t[-1].name);
        end = t->offset + t->bytes;
    }
    return RC_OK;
}

static enum rc twice(const struct gguf *g, size_t i, struct err *e)
{
    const struct gguf_tensor *a = g->by_name[i - 1], *b = g->by_name[i];

    if (a->part > b->part) { /* names are sorted, not parts */
        a = b;
        b = g->by_name[i - 1];
    }
    if (a->part == b->part) return gguf_bad(g, e, b->name, b->info_offset, "the tensor stands there twice");
    return gguf_bad(part_at(g, b->part), e, b->name, b->info_offset, "the tensor stands also in part %lu",
                    (unsigned long)a->part + 1);
}

static enum rc index_names(struct gguf *g, struct err *e)
{
    g->by_name = calloc(g->n_tensors + 1, sizeof(*g->by_name));
    if (!g->by_name) return no_memory(g, e);
    for (size_t i = 0; i < g->n_tensors; i++)
        g->by_name[i] = &g->tensors[i];
    qsort(g->by_name, g->n_tensors, sizeof(*g->by_name), by_name);
    for (size_t i = 1; i < g->n_tensors; i++)
        if (str_eq(g->by_name[i - 1]->name, g->by_name[i]->name)) return twice(g, i, e);
    return RC_OK;
}

static enum rc read_tensors(struct cursor *c, uint64_t n)
{
    struct gguf *g = c->g;
    uint32_t alignment;
    enum rc rc;

    if (n > GGUF_MAX_TENSORS || n > g->size / LEAST_TENSOR_BYTES)
        return gguf_bad(g, c->e, "tensor_count", 8, "%llu tensors do not fit in the file",
                        (unsigned long long)n);
    g->tensors = calloc((size_t)n + 1, sizeof(*g->tensors));
    if (!g->tensors) return no_memory(g, c->e);
    for (size_t i = 0; i < n; i++) {
        rc = read_tensor(c, &g->tensors[i]);
        if (rc != RC_OK) return rc;
    }
    g->n_tensors = (size_t)n;
    place_values(g);
    rc = read_alignment(c, &alignment);
    if (rc == RC_OK) rc = place_tensors(c, alignment);
    return rc == RC_OK ? index_names(g, c->e) : rc;
}

/* ---- the file ------------------------------------------------------------------------------------------ */

static enum rc read_header(struct cursor *c, uint64_t *n_tensors, uint64_t *n_values)
{
    uint32_t magic, version;
    enum rc rc;

    c->field = "magic";
    rc = read_u32(c, &magic);
    if (rc == RC_OK && magic != MAGIC) rc = gguf_bad(c->g, c->e, c->field, 0, "not a GGUF file");
    c->field = "version";
    if (rc == RC_OK) rc = read_u32(c, &version);
    if (rc == RC_OK && version != VERSION)
        rc = gguf_bad(c->g, c->e, c->field, 4, "version %lu, only %d can be read", (unsigned long)version,
                      VERSION);
    c->field = "tensor_count";
    if (rc == RC_OK) rc = read_u64(c, n_tensors);
    c->field = "metadata_kv_count";
    return rc == RC_OK ? read_u64(c, n_values) : rc;
}

static enum rc open_file(struct gguf *g, const char *path, struct err *e)
{
    struct stat st;

    g->path = str_dup(path);
    if (!g->path) return err_set(e, RC_NOMEM, "gguf: out of memory");
    g->fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK); /* a named pipe must not stop us here */
    if (g->fd < 0) return err_sys(e, RC_BAD, errno, "%s: cannot be opened", path);
    if (fstat(g->fd, &st) != 0) return err_sys(e, RC_BAD, errno, "%s", path);
    if (!S_ISREG(st.st_mode)) return err_set(e, RC_BAD, "%s: not a regular file", path);
    g->size = (uint64_t)st.st_size;
    return RC_OK;
}

static enum rc open_one(const char *path, struct gguf **out, struct err *e)
{
    struct gguf *g = calloc(1, sizeof(*g));
    struct cursor c = {.g = g, .e = e};
    uint64_t n_tensors = 0, n_values = 0;
    enum rc rc;

    if (!g) return err_set(e, RC_NOMEM, "gguf: out of memory");
    g->fd = -1;
    arena_init(&g->names, GGUF_MAX_METADATA);
    rc = open_file(g, path, e);
    if (rc == RC_OK) rc = read_header(&c, &n_tensors, &n_values);
    if (rc == RC_OK) rc = read_values(&c, n_values);
    if (rc == RC_OK) rc = read_tensors(&c, n_tensors);
    if (rc != RC_OK) {
        gguf_close(g);
        return rc;
    }
    *out = g;
    return RC_OK;
}

/* ---- split models -------------------------------------------------------------------------------------- */

#define SPLIT_NO      "split.no"
#define SPLIT_COUNT   "split.count"
#define SPLIT_TENSORS "split.tensors.count"
#define SUFFIX_BYTES  20 /* "-00001-of-00002.gguf"; GGUF_MAX_PARTS has fewer than six digits */

struct split {
    uint32_t no, count, n_tensors;
};

/* count 1: the file is the whole model. llama.cpp writes 0 when it merges parts. */
static enum rc read_split(const struct gguf *g, struct split *s, struct err *e)
{
    enum rc rc = RC_OK;

    *s = (struct split){.count = 1};
    if (gguf_find(g, SPLIT_COUNT)) rc = gguf_u32(g, SPLIT_COUNT, &s->count, e);
    if (rc == RC_OK && s->count == 0) s->count = 1;
    if (rc != RC_OK || s->count == 1) return rc;
    if (s->count > GGUF_MAX_PARTS)
        return gguf_bad_key(g, e, SPLIT_COUNT, "%lu parts, at most %d can be read", (unsigned long)s->count,
                            GGUF_MAX_PARTS);
    rc = gguf_u32(g, SPLIT_NO, &s->no, e);
    if (rc == RC_OK && s->no >= s->count)
        rc = gguf_bad_key(g, e, SPLIT_NO, "%lu of %lu parts, counted from 0", (unsigned long)s->no,
                          (unsigned long)s->count);
    return rc == RC_OK ? gguf_u32(g, SPLIT_TENSORS, &s->n_tensors, e) : rc;
}

static void suffix_of(uint32_t i, uint32_t count, char out[48])
{
    snprintf(out, 48, "-%05lu-of-%05lu.gguf", (unsigned long)i + 1, (unsigned long)count);
}

/* The path of part i of the set to which g, part s->no, belongs; the caller's. */
static enum rc part_path(const struct gguf *g, const struct split *s, uint32_t i, char **out, struct err *e)
{
    char suffix[48];
    size_t n = strlen(g->path);

    suffix_of(s->no, s->count, suffix);
    if (n < SUFFIX_BYTES || !str_eq(g->path + n - SUFFIX_BYTES, suffix))
        return gguf_bad_key(g, e, SPLIT_NO, "part %lu of %lu, whose name must end in %s",
                            (unsigned long)s->no + 1, (unsigned long)s->count, suffix);
    *out = str_dup(g->path);
    if (!*out) return no_memory(g, e);
    suffix_of(i, s->count, suffix);
    memcpy(*out + n - SUFFIX_BYTES, suffix, SUFFIX_BYTES);
    return RC_OK;
}

/* Open part i and see that it says what `s`, any other part, says. */
static enum rc open_part(const char *path, const struct split *s, uint32_t i, struct gguf **out,
                         struct err *e)
{
    struct gguf *g = NULL;
    struct split own = {0};
    enum rc rc = open_one(path, &g, e);

    if (rc == RC_OK && !gguf_find(g, SPLIT_COUNT)) rc = gguf_bad(g, e, SPLIT_COUNT, 0, "missing");
    if (rc == RC_OK) rc = read_split(g, &own, e);
    if (rc == RC_OK && own.count != s->count)
        rc = gguf_bad_key(g, e, SPLIT_COUNT, "%lu parts where another part has %lu", (unsigned long)own.count,
                          (unsigned long)s->count);
    if (rc == RC_OK && own.no != i)
        rc = gguf_bad_key(g, e, SPLIT_NO, "%lu where its name says %lu, from 0", (unsigned long)own.no,
                          (unsigned long)i);
    if (rc == RC_OK && own.n_tensors != s->n_tensors)
        rc = gguf_bad_key(g, e, SPLIT_TENSORS, "%lu tensors where another part has %lu",
                          (unsigned long)own.n_tensors, (unsigned long)s->n_tensors);
    if (rc == RC_OK)
        *out = g;
    else
        gguf_close(g);
    return rc;
}

static void drop_lists(struct gguf *g)
{
    free(g->meta);
    free(g->values);
    free(g->tensors);
    free(g->by_name);
    g->meta = NULL;
    g->values = NULL;
    g->tensors = NULL;
    g->by_name = NULL;
    g->n_meta = g->n_values = g->n_tensors = 0;
}

/* Hand all tensors to the first part; names stay in their parts' arenas, the parts' metadata goes. */
static enum rc join_parts(struct gguf *first, const struct split *s, struct err *e)
{
    struct gguf_tensor *all;
    size_t n = first->n_tensors;

    for (size_t i = 0; i < first->n_rest; i++)
        n += first->rest[i]->n_tensors;
    if (n != s->n_tensors || n > GGUF_MAX_TENSORS)
        return gguf_bad_key(first, e, SPLIT_TENSORS, "%lu tensors, the parts have %zu",
                            (unsigned long)s->n_tensors, n);
    all = realloc(first->tensors, (n + 1) * sizeof(*all));
    if (!all) return no_memory(first, e);
    first->tensors = all;
    for (size_t i = 0; i < first->n_rest; i++) {
        struct gguf *part = first->rest[i];

        for (size_t k = 0; k < part->n_tensors; k++) {
            all[first->n_tensors] = part->tensors[k];
            all[first->n_tensors++].part = (uint32_t)i + 1;
        }
        drop_lists(part);
    }
    free(first->by_name);
    first->by_name = NULL;
    return index_names(first, e);
}

/* The whole set to which `any` belongs. */
static enum rc open_set(const struct gguf *any, const struct split *s, struct gguf **out, struct err *e)
{
    struct gguf *first = NULL, *part = NULL;
    enum rc rc = RC_OK;

    for (uint32_t i = 0; i < s->count && rc == RC_OK; i++) {
        char *path = NULL;

        rc = part_path(any, s, i, &path, e);
        if (rc == RC_OK) rc = open_part(path, s, i, &part, e);
        free(path);
        if (rc != RC_OK) break;
        if (i == 0) {
            first = part;
            first->given = str_dup(any->path);
            first->rest = calloc(s->count, sizeof(struct gguf *));
            if (!first->given || !first->rest) rc = no_memory(first, e);
        } else {
            first->rest[first->n_rest++] = part;
        }
    }
    if (rc == RC_OK) rc = join_parts(first, s, e);
    if (rc == RC_OK)
        *out = first;
    else
        gguf_close(first);
    return rc;
}

enum rc gguf_open(const char *path, struct gguf **out, struct err *e)
{
    struct gguf *g = NULL, *set = NULL;
    struct split s;
    enum rc rc = open_one(path, &g, e);

    if (rc == RC_OK) rc = read_split(g, &s, e);
    if (rc == RC_OK && s.count > 1) {
        rc = open_set(g, &s, &set, e);
        gguf_close(g);
        g = set;
    }
    if (rc == RC_OK)
        *out = g;
    else
        gguf_close(g);
    return rc;
}

void gguf_close(struct gguf *g)
{
    if (!g) return;
    for (size_t i = 0; i < g->n_rest; i++)
        gguf_close(g->rest[i]);
    free(g->rest);
    free(g->given);
    if (g->fd >= 0) close(g->fd);
    arena_clear(&g->names);
    free(g->path);
    drop_lists(g);
    free(g);
}

const char *gguf_path(const struct gguf *g)
{
    return g->given ? g->given : g->path;
}

uint64_t gguf_bytes(const struct gguf *g)
{
    uint64_t n = g->size;

    for (size_t i = 0; i < g->n_rest; i++)
        n += g->rest[i]->size;
    return n;
}

uint32_t gguf_n_parts(const struct gguf *g)
{
    return (uint32_t)g->n_rest + 1;
}

/* ---- looking up ---------------------------------------------------------------------------------------- */

const struct gguf_value *gguf_find(const struct gguf *g, const char *key)
{
    struct gguf_value wanted = {.key = key};

    return g->n_values ? bsearch(&wanted, g->values, g->n_values, sizeof(*g->values), by_key) : NULL;
}

const struct gguf_tensor *gguf_tensor(const struct gguf *g, const char *name)
{
    struct gguf_tensor wanted = {.name = name};
    const struct gguf_tensor *key = &wanted, **found;

    found = g->n_tensors ? bsearch(&key, g->by_name, g->n_tensors, sizeof(*g->by_name), by_name) : NULL;
    return found ? *found : NULL;
}

size_t gguf_n_tensors(const struct gguf *g)
{
    return g->n_tensors;
}

const struct gguf_tensor *gguf_tensor_at(const struct gguf *g, size_t i)
{
    return &g->tensors[i];
}

static enum rc find_single(const struct gguf *g, const char *key, const struct gguf_value **v, struct err *e)
{
    *v = gguf_find(g, key);
    if (!*v) return gguf_bad(g, e, key, 0, "missing");
    if ((*v)->is_array) return gguf_bad_key(g, e, key, "an array where one value is expected");
    return RC_OK;
}

enum rc gguf_u32(const struct gguf *g, const char *key, uint32_t *out, struct err *e)
{
    const struct gguf_value *v;
    int64_t value = -1;
    enum rc rc = find_single(g, key, &v, e);

    if (rc != RC_OK) return rc;
    switch (v->kind) {
    case GGUF_U8:
        value = v->data[0];
        break;
    case GGUF_I8:
        value = (int8_t)v->data[0];
        break;
    case GGUF_U16:
        value = v->data[0] | v->data[1] << 8;
        break;
    case GGUF_I16:
        value = (int16_t)(v->data[0] | v->data[1] << 8);
        break;
    case GGUF_U32:
        value = get_u32(v->data);
        break;
    case GGUF_I32:
        value = (int32_t)get_u32(v->data);
        break;
    case GGUF_U64:
    case GGUF_I64:
        value = (int64_t)get_u64(v->data);
        break;
    default:
        return gguf_bad_key(g, e, key, "not an integer");
    }
    if (value < 0 || value > UINT32_MAX) return gguf_bad_key(g, e, key, "outside 0 to 4294967295");
    *out = (uint32_t)value;
    return RC_OK;
}

enum rc gguf_f32(const struct gguf *g, const char *key, float *out, struct err *e)
{
    const struct gguf_value *v;
    uint32_t bits;
    uint64_t wide;
    double d;
    float f;
    enum rc rc = find_single(g, key, &v, e);

    if (rc != RC_OK) return rc;
    if (v->kind == GGUF_F32) {
        bits = get_u32(v->data);
        memcpy(&f, &bits, sizeof(f));
    } else if (v->kind == GGUF_F64) {
        wide = get_u64(v->data);
        memcpy(&d, &wide, sizeof(d));
        f = d >= -3.4e38 && d <= 3.4e38 ? (float)d : NAN;
    } else {
        return gguf_bad_key(g, e, key, "not a float");
    }
    if (!isfinite(f)) return gguf_bad_key(g, e, key, "not a finite number");
    *out = f;
    return RC_OK;
}

enum rc gguf_bool(const struct gguf *g, const char *key, bool *out, struct err *e)
{
    const struct gguf_value *v;
    enum rc rc = find_single(g, key, &v, e);

    if (rc != RC_OK) return rc;
    if (v->kind != GGUF_BOOL) return gguf_bad_key(g, e, key, "not a bool");
    *out = v->data[0] != 0;
    return RC_OK;
}

const char *gguf_next_string(const uint8_t **at, size_t *n)
{
    const uint8_t *s = *at + 8;

    *n = (size_t)get_u64(*at);
    *at = s + *n;
    return (const char *)s;
}

enum rc gguf_string(const struct gguf *g, const char *key, const char **out, size_t *n, struct err *e)
{
    const struct gguf_value *v;
    const uint8_t *at;
    enum rc rc = find_single(g, key, &v, e);

    if (rc != RC_OK) return rc;
    if (v->kind != GGUF_STRING) return gguf_bad_key(g, e, key, "not a string");
    at = v->data;
    *out = gguf_next_string(&at, n);
    return RC_OK;
}

const struct gguf_value *gguf_array(const struct gguf *g, const char *key, enum gguf_kind kind)
{
    const struct gguf_value *v = gguf_find(g, key);

    return v && v->is_array && v->kind == kind ? v : NULL;
}

/* ---- values of tensors --------------------------------------------------------------------------------- */

enum rc gguf_read(const struct gguf *g, const struct gguf_tensor *t, uint64_t from, void *out, size_t n,
                  struct err *e)
{
    if (from > t->bytes || n > t->bytes - from)
        return err_set(e, RC_INTERNAL, "%s: %zu bytes at %llu of tensor %s", g->path, n,
                       (unsigned long long)from, t->name);
    return read_at(part_at(g, t->part), t->name, t->offset + from, out, n, e);
}

static enum rc hash_part(const struct gguf *g, struct sha256 *h, uint8_t *bytes, size_t step, struct err *e)
{
    enum rc rc = RC_OK;

    for (uint64_t at = 0; at < g->size && rc == RC_OK; at += step) {
        size_t n = g->size - at < step ? (size_t)(g->size - at) : step;

        rc = read_at(g, "file", at, bytes, n, e);
        if (rc == RC_OK) sha256_add(h, bytes, n);
    }
    return rc;
}

enum rc gguf_hash(const struct gguf *g, char hex[65], struct err *e)
{
    enum { STEP = 1 << 20 };
    struct sha256 *h = NULL;
    uint8_t digest[SHA256_SIZE], *bytes = malloc(STEP);
    enum rc rc = bytes ? sha256_open(&h, e) : no_memory(g, e);

    for (uint32_t i = 0; i < gguf_n_parts(g) && rc == RC_OK; i++)
        rc = hash_part(part_at(g, i), h, bytes, STEP, e);
    sha256_close(h, digest);
    if (rc == RC_OK) str_hex(digest, sizeof(digest), hex);
    free(bytes);
    return rc;
}
