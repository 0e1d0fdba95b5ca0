/* speculate.h: guess the next tokens from the text so far, and how many guesses are worth a step's while.
 *
 * A draft is what followed the longest earlier occurrence of the last tokens (prompt lookup: Saxena 2023,
 * "Prompt Lookup Decoding"; Leviathan et al. 2023, arXiv:2211.17192 for the verification in one step). The model
 * judges it; what is written never depends on it, only the number of steps. One thread; nothing is allocated after
 * the handles are open. */
#ifndef INFERENCE_SPECULATE_H
#define INFERENCE_SPECULATE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include "inference.h"

#define DRAFT_MOST_ROWS 32 /* of all sequences in one step */
#define MATCH_LEAST     2  /* tokens that must have occurred before */
#define MATCH_MOST      16 /* longer ones count as this */
#define MATCH_CLASSES   5

/* ---- where the last tokens occurred before ---------------------------------------------------------------- */

struct lookup;

/* For a text of at most `most` tokens. NULL if there is no memory. */
struct lookup *lookup_open(size_t most);
void lookup_close(struct lookup *l); /* NULL is a no-op */
/* What may follow ids[n], which continues what it was in the call before: up to DRAFT_MOST tokens; returns how many,
 * 0 if the last MATCH_LEAST tokens are new. *match: the length of the longest occurrence, at most MATCH_MOST. Takes
 * constant time for each new token and each call. */
size_t lookup_draft(struct lookup *l, const int32_t *ids, size_t n, int32_t draft[DRAFT_MOST], size_t *match);

/* ---- whether it pays -------------------------------------------------------------------------------------- */

/* Drafted tokens that were tried and right, by length of the match; older ones count less. */
struct acceptance {
    float tried[MATCH_CLASSES], right[MATCH_CLASSES];
};

struct draft {
    struct acceptance *own; /* of the sequence */
    size_t match, most;     /* as lookup_draft() says */
    size_t n;               /* out: so many are worth it */
    double chance, gain;    /* of speculation_plan(): that a token is right, that the next one is of use */
};

struct speculation; /* what this engine has measured: steps by rows, and all sequences' acceptance */

struct speculation *speculation_open(void); /* NULL if there is no memory */
void speculation_close(struct speculation *s);

/* A step of so many rows, none of a prompt, took so long. */
void speculation_note_step(struct speculation *s, size_t rows, int64_t us);
/* Of d->n drafted tokens the first `right` were what the model wrote. */
void speculation_note_draft(struct speculation *s, const struct draft *d, size_t right);
/* Choose d[i].n for n sequences that make `rows` rows without drafts: the lengths with the most tokens expected for
 * the time that a step of so many rows is expected to take. */
void speculation_plan(struct speculation *s, size_t rows, struct draft *d, size_t n);
/* Microseconds that a step of so many rows is expected to take; 0: nothing is known yet. */
double speculation_step_us(const struct speculation *s, size_t rows);

#endif
