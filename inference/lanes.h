/* lanes.h: what the files of vector kernels of one instruction set share. Include it where that set is known to be on. */
#ifndef INFERENCE_LANES_H
#define INFERENCE_LANES_H

#include <immintrin.h>
#include <stddef.h>
#include "packed.h"

/* Small kernels: one function for all types and tiles; sanitizers take minutes over hundreds written out. */
#ifdef KERNELS_SMALL
#define UNROLL
#define INLINE static
#else
#define UNROLL _Pragma("GCC unroll 16")
#define INLINE static inline __attribute__((always_inline))
#endif

#define CODES (8 * 2 * PACKED_GROUP) /* bytes: [part][scale, min][row] */

/* The codes of a record of Q4_K or Q5_K, from where they lie packed. */
static inline __attribute__((always_inline)) void unpack_codes(const uint8_t *record, uint8_t *out)
{
    const __m128i low = _mm_set1_epi8(PACKED_CODE_LOW);

    UNROLL
    for (size_t i = 0; i < 4; i++) { /* scales and mins of four parts */
        const __m128i *from = (const __m128i *)(record + packed_codes_at(i % 2, i / 2));
        __m128i *to = (__m128i *)(out + (i / 2 * 8 + i % 2) * PACKED_GROUP);
        __m128i a = _mm_loadu_si128(from), b = _mm_loadu_si128(from + 1), c = _mm_loadu_si128(from + 2);
        __m128i fourth = _mm_or_si128(_mm_or_si128(_mm_and_si128(_mm_srli_epi16(a, 6), _mm_set1_epi8(3)),
                                                   _mm_and_si128(_mm_srli_epi16(b, 4), _mm_set1_epi8(12))),
                                      _mm_and_si128(_mm_srli_epi16(c, 2), _mm_set1_epi8(48)));

        _mm_storeu_si128(to, _mm_and_si128(a, low));
        _mm_storeu_si128(to + 2, _mm_and_si128(b, low));
        _mm_storeu_si128(to + 4, _mm_and_si128(c, low));
        _mm_storeu_si128(to + 6, fourth);
    }
}

#if defined(__AVX512F__)

#define LANES 16

static inline __attribute__((always_inline)) __mmask16 first_lanes(size_t n)
{
    return n >= LANES ? 0xFFFF : (__mmask16)((1U << n) - 1);
}

#else

#define LANES 8

static inline __attribute__((always_inline)) float add_lanes(__m256 v)
{
    __m128 s = _mm_add_ps(_mm256_castps256_ps128(v), _mm256_extractf128_ps(v, 1));

    s = _mm_add_ps(s, _mm_movehl_ps(s, s));
    return _mm_cvtss_f32(_mm_add_ss(s, _mm_shuffle_ps(s, s, 1)));
}

/* The first n lanes, the others 0. */
static inline __attribute__((always_inline)) __m256i mask_of(size_t n)
{
    return _mm256_cmpgt_epi32(_mm256_set1_epi32(n < LANES ? (int)n : LANES),
                              _mm256_setr_epi32(0, 1, 2, 3, 4, 5, 6, 7));
}

#endif

#endif
