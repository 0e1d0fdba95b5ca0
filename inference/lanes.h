/* lanes.h: what the files of vector kernels of one instruction set share. Include it where that set is known to be on. */
#ifndef INFERENCE_LANES_H
#define INFERENCE_LANES_H

#include <immintrin.h>
#include <stddef.h>

/* Small kernels: one function for all types and tiles; sanitizers take minutes over hundreds written out. */
#ifdef KERNELS_SMALL
#define UNROLL
#define INLINE static
#else
#define UNROLL _Pragma("GCC unroll 16")
#define INLINE static inline __attribute__((always_inline))
#endif

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
