/* bytes.h: eight bytes at once. A value holds them in the order of memory, the first lowest: on little-endian machines
 * only; BYTES_AT_ONCE says whether this is one. */
#ifndef POLICY_BYTES_H
#define POLICY_BYTES_H

#include <stddef.h>
#include <stdint.h>
#include <string.h>

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

#endif
