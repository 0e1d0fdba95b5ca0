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

static inline uint64_t bytes_load(const void *s)
{
    uint64_t x;

    memcpy(&x, s, sizeof(x));
    return x;
}

/* Which keeps the first n bytes of eight. */
static const uint64_t bytes_first[9] = {0,
                                        UINT64_C(0xFF),
                                        UINT64_C(0xFFFF),
                                        UINT64_C(0xFFFFFF),
                                        UINT64_C(0xFFFFFFFF),
                                        UINT64_C(0xFFFFFFFFFF),
                                        UINT64_C(0xFFFFFFFFFFFF),
                                        UINT64_C(0xFFFFFFFFFFFFFF),
                                        UINT64_MAX};

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
