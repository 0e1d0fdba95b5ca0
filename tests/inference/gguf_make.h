/* gguf_make.h: writes small GGUF files for tests. Keys first, then tensors, then make_data_*(), then make_write().
 * Independent of the reader on purpose: sizes of types are written out here from the specification. */
#ifndef TESTS_GGUF_MAKE_H
#define TESTS_GGUF_MAKE_H

#include <check.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { MAKE_U32 = 4, MAKE_F32 = 6, MAKE_BOOL = 7, MAKE_STRING = 8, MAKE_ARRAY = 9 };
#define MAKE_MAX ((size_t)1 << 20)
#define MAKE_TENSORS 128

struct gguf_make {
    uint8_t bytes[MAKE_MAX];
    size_t n, n_values;    /* n: bytes so far; n_values: bytes of tensors promised */
    struct { uint32_t type; size_t at, bytes; } tensors[MAKE_TENSORS];
    size_t n_tensors;
};

static inline void make_bytes(struct gguf_make *m, const void *p, size_t n)
{
    ck_assert_uint_le(n, MAKE_MAX - m->n);
    memcpy(m->bytes + m->n, p, n);
    m->n += n;
}

static inline void make_u32(struct gguf_make *m, uint32_t v)
{
    make_bytes(m, &v, sizeof(v)); /* the machines that this runs on are little-endian */
}

static inline void make_u64(struct gguf_make *m, uint64_t v)
{
    make_bytes(m, &v, sizeof(v));
}

static inline void make_text(struct gguf_make *m, const char *s)
{
    make_u64(m, strlen(s));
    make_bytes(m, s, strlen(s));
}

static inline void make_begin(struct gguf_make *m, uint64_t n_tensors, uint64_t n_keys)
{
    m->n = m->n_values = m->n_tensors = 0;
    make_bytes(m, "GGUF", 4);
    make_u32(m, 3);
    make_u64(m, n_tensors);
    make_u64(m, n_keys);
}

static inline void make_key_u32(struct gguf_make *m, const char *key, uint32_t v)
{
    make_text(m, key);
    make_u32(m, MAKE_U32);
    make_u32(m, v);
}

static inline void make_key_f32(struct gguf_make *m, const char *key, float v)
{
    make_text(m, key);
    make_u32(m, MAKE_F32);
    make_bytes(m, &v, sizeof(v));
}

static inline void make_key_text(struct gguf_make *m, const char *key, const char *v)
{
    make_text(m, key);
    make_u32(m, MAKE_STRING);
    make_text(m, v);
}

/* Blocks of the quantised types: their values and bytes, and where their halves lie. */
struct make_block { uint32_t type, values, bytes; int half, second_half; };

static inline struct make_block make_block(uint32_t type)
{
    static const struct make_block blocks[] = {
        {2, 32, 18, 0, -1},  /* q4_0 */   {3, 32, 20, 0, 2},     /* q4_1 */
        {6, 32, 22, 0, -1},  /* q5_0 */   {7, 32, 24, 0, 2},     /* q5_1 */
        {8, 32, 34, 0, -1},  /* q8_0 */   {12, 256, 144, 0, 2},  /* q4_k */
        {13, 256, 176, 0, 2}, /* q5_k */  {14, 256, 210, 208, -1}, /* q6_k */
        {39, 32, 17, -1, -1}, /* mxfp4 */ {0, 1, 4, -1, -1},     /* f32 */
    };
    for (size_t i = 0; i < sizeof(blocks) / sizeof(blocks[0]); i++)
        if (blocks[i].type == type) return blocks[i];
    return (struct make_block){type, 1, 2, 0, -1}; /* f16, bf16 */
}

static inline size_t make_type_bytes(uint32_t type, uint64_t values)
{
    return (size_t)values / make_block(type).values * make_block(type).bytes;
}

static inline void make_tensor(struct gguf_make *m, const char *name, uint32_t type, uint32_t n_dims, const uint64_t *dims)
{
    uint64_t values = 1;
    make_text(m, name);
    make_u32(m, n_dims);
    for (uint32_t i = 0; i < n_dims; i++) {
        make_u64(m, dims[i]);
        values *= dims[i];
    }
    make_u32(m, type);
    make_u64(m, m->n_values);
    ck_assert_uint_lt(m->n_tensors, MAKE_TENSORS);
    m->tensors[m->n_tensors].type = type;
    m->tensors[m->n_tensors].at = m->n_values;
    m->tensors[m->n_tensors++].bytes = make_type_bytes(type, values);
    m->n_values = (m->n_values + make_type_bytes(type, values) + 31) / 32 * 32;
}

static inline uint64_t make_random(uint64_t *state)
{
    *state = *state * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
    return *state >> 33;
}

/* Random values of about 1 in every type. */
static inline void make_data_random(struct gguf_make *m, uint64_t *state)
{
    size_t begin = (m->n + 31) / 32 * 32;
    ck_assert_uint_le(begin + m->n_values, MAKE_MAX);
    memset(m->bytes + m->n, 0, begin + m->n_values - m->n);
    for (size_t t = 0; t < m->n_tensors; t++) {
        uint8_t *p = m->bytes + begin + m->tensors[t].at;
        uint32_t type = m->tensors[t].type;
        struct make_block block = make_block(type);
        for (size_t at = 0; at < m->tensors[t].bytes; at += block.bytes) {
            float f = (float)((double)make_random(state) / 1073741824.0 - 1);
            uint32_t bits;
            memcpy(&bits, &f, sizeof(bits));
            uint16_t bfloat = (uint16_t)(bits >> 16);
            if (type == 0) {
                memcpy(p + at, &f, sizeof(f));
            } else if (type == 30) {
                memcpy(p + at, &bfloat, sizeof(bfloat));
            } else { /* a half is the value, or the scale of the bytes beside it */
                const int halves[2] = {block.half, block.second_half};
                for (size_t k = 0; k < block.bytes; k++)
                    p[at + k] = (uint8_t)make_random(state);
                for (size_t k = 0; k < 2; k++) {
                    uint16_t half = (uint16_t)((0x2C00 + make_random(state) % 0x0C00) | make_random(state) % 2 << 15);
                    if (halves[k] >= 0) memcpy(p + at + halves[k], &half, sizeof(half));
                }
                if (type == 39) p[at] = (uint8_t)(make_random(state) % 20 == 0 ? make_random(state) % 3
                                                                               : 115 + make_random(state) % 12);
            }
        }
    }
    m->n = begin + m->n_values;
}

static inline void make_write_bytes(const char *path, const void *bytes, size_t n)
{
    FILE *f = fopen(path, "wb");
    ck_assert_ptr_nonnull(f);
    ck_assert_uint_eq(fwrite(bytes, 1, n, f), n);
    ck_assert_int_eq(fclose(f), 0);
}

static inline void make_write(const struct gguf_make *m, const char *path)
{
    make_write_bytes(path, m->bytes, m->n);
}

#endif
