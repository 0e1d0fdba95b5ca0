/* bytes.h: several bytes at once. A value of eight holds them in the order of memory, the first lowest: on little-endian
 * machines only; BYTES_AT_ONCE says whether this is one. Sixteen are a vector; what is asked of each is a byte of all ones
 * for yes; bytes_mark() makes one bit of each: its highest, so that bytes beyond ASCII are marked as they are. */
#ifndef POLICY_BYTES_H
#define POLICY_BYTES_H

#include <stddef.h>
#include <stdint.h>
#include <string.h>
#ifdef __SSE2__
#include <emmintrin.h>
#endif

#define BYTES_AT_ONCE (__BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__)

#define BYTES_EACH(byte) (UINT64_C(0x0101010101010101) * (byte))
#define BYTES_HIGH       BYTES_EACH(0x80)

static inline uint64_t bytes_load(const void *s)
{
    uint64_t x;

    memcpy(&x, s, sizeof(x));
    return x;
}

/* The high bit of each byte that is an ASCII letter. */
static inline uint64_t bytes_letters(uint64_t x)
{
    uint64_t small = (x | BYTES_EACH(0x20)) & ~BYTES_HIGH;

    return (small + BYTES_EACH(0x80 - 'a')) & ~(small + BYTES_EACH(0x7F - 'z')) & ~x & BYTES_HIGH;
}

/* How many bytes at the beginning have their high bit set in `marks`, of which not all eight have. */
static inline size_t bytes_leading(uint64_t marks)
{
    return (size_t)__builtin_ctzll(~marks & BYTES_HIGH) / 8;
}

typedef unsigned char bytes_lanes __attribute__((vector_size(16)));

static inline bytes_lanes bytes_load16(const void *s)
{
    bytes_lanes v;

    memcpy(&v, s, sizeof(v));
    return v;
}

static inline bytes_lanes bytes_are(bytes_lanes v, char c)
{
    return (bytes_lanes)(v == (unsigned char)c);
}

static inline bytes_lanes bytes_are_letters(bytes_lanes v)
{
    return (bytes_lanes)((bytes_lanes)((v | 0x20) - 'a') < 26);
}

static inline bytes_lanes bytes_are_digits(bytes_lanes v)
{
    return (bytes_lanes)((bytes_lanes)(v - '0') < 10);
}

/* Bit i: the highest bit of byte i. */
static inline uint64_t bytes_mark(bytes_lanes answers)
{
#ifdef __SSE2__
    return (uint64_t)(uint32_t)_mm_movemask_epi8((__m128i)answers);
#else
    uint64_t marks = 0;

    for (size_t i = 0; i < sizeof(answers); i++)
        marks |= (uint64_t)(answers[i] >> 7) << i;
    return marks;
#endif
}

#endif
