/* packed.h: how quantised weights lie in memory for the vector kernels.
 *
 * PACKED_GROUP rows (outputs) lie together, so that a register holds four values of each of 16 outputs and no sum goes
 * across lanes. First the integers q, part after part of 32 columns; "step s" is columns 4 s to 4 s + 3 of a part:
 *   8 bits   8 registers: [step][row][4 columns]
 *   4 bits   4 registers: the low halves of the bytes of register k are step k, the high halves step k + 4
 *   5 bits   the same, then 1 register [row][4 columns] of bytes whose bit s is the fifth of step s
 *   6 bits   the same, then 2 registers: the upper two bits of steps 0 to 3, and of 4 to 7, step k at bit 2 k
 * MXFP4 holds its codes (mxfp4_values says what they mean). Parts come in records, each a multiple of a register, so that
 * a group is read from its first byte to its last: the scales of the record, [part][row], then the parts:
 *   Q8_0, Q4_0, Q5_0   2 parts: d as halves
 *   MXFP4              4 parts: exponents
 *   Q4_1, Q5_1         1 part: d [row], min [row], halves
 *   Q4_K, Q5_K         8 parts: d [row], dmin [row], halves; then codes of 6 bits, [scale, min][parts 0 to 3, 4 to 7] of
 *                      three times [row] bytes: the first three codes in the low bits, the fourth's bits 2 k and 2 k + 1
 *                      above the k-th
 *   Q6_K               8 parts: d [row], halves; 32 bytes of nothing; then [part][first 16, second 16][row] signed bytes
 * The last record of a group may hold fewer parts, and takes the same room. Where rows are long a group takes at most 1 %
 * more bytes than in the file. */
#ifndef INFERENCE_PACKED_H
#define INFERENCE_PACKED_H

#include "kernels.h"
#include "types.h"

#define PACKED_GROUP MATMUL_GROUP
#define PACKED_REGISTER 64 /* bytes */
#define PACKED_STEPS 8     /* of a part */
#define PACKED_HALVES (2 * PACKED_GROUP) /* bytes of one half float of each row */

static inline unsigned packed_bits(enum weight_type type)
{
    return type == TYPE_Q8_0                         ? 8
           : type == TYPE_Q6_K                       ? 6
           : type == TYPE_Q5_K || type == TYPE_Q5_0 || type == TYPE_Q5_1 ? 5
                                                     : 4;
}

/* The integer that stands for 0 is 1 << packed_zero_bits(); 0 bits: a type with a min of its own instead. */
static inline unsigned packed_zero_bits(enum weight_type type)
{
    switch (type) {
    case TYPE_Q4_1:
    case TYPE_Q5_1:
    case TYPE_Q4_K:
    case TYPE_Q5_K: return 0;
    case TYPE_MXFP4: return MXFP4_ZERO_BITS;
    default: return packed_bits(type) - 1;
    }
}

/* Bytes of one part's integers, of all rows of a group. */
static inline size_t packed_part_bytes(enum weight_type type)
{
    return (size_t)packed_bits(type) * PACKED_REGISTER;
}

static inline size_t packed_record_parts(enum weight_type type)
{
    switch (type) {
    case TYPE_Q4_K:
    case TYPE_Q5_K:
    case TYPE_Q6_K: return 8;
    case TYPE_MXFP4: return 4;
    case TYPE_Q4_1:
    case TYPE_Q5_1: return 1;
    default: return 2;
    }
}

#define PACKED_CODE_LOW 63 /* of a byte that has bits of a fourth code */

/* Where the three bytes lie that hold codes of row 0 of parts 4 * four to 4 * four + 3: of scales or of mins. Q4_K, Q5_K. */
static inline size_t packed_codes_at(bool mins, size_t four)
{
    return PACKED_REGISTER + (2 * mins + four) * 3 * PACKED_GROUP;
}

/* Bytes of a record's scales; its parts follow. */
static inline size_t packed_head_bytes(enum weight_type type)
{
    return (type == TYPE_Q6_K ? 5 : packed_record_parts(type) == 8 ? 4 : 1) * PACKED_REGISTER;
}

static inline size_t packed_record_bytes(enum weight_type type)
{
    return packed_head_bytes(type) + packed_record_parts(type) * packed_part_bytes(type);
}

/* Bytes of a group of rows of n_in values; a multiple of PACKED_REGISTER. */
size_t packed_group_bytes(enum weight_type type, size_t n_in);
/* PACKED_GROUP rows as a file has them, row_bytes each, to one group. */
void packed_pack(enum weight_type type, const uint8_t *rows, size_t row_bytes, size_t n_in, uint8_t *group);
/* Row `row` of matrix `mat` as floats. */
void packed_row(const struct weight *w, size_t mat, size_t row, float *out);

#endif
