/* fact_lock.h: the fact lock's states as numbers, for automata that hold one inside (json_automaton.c). */
#ifndef INFERENCE_FACT_LOCK_H
#define INFERENCE_FACT_LOCK_H

#include "constraint.h"

#define FACT_LOCK_DEAD UINT64_MAX

/* `c` is of constraint_fact_lock(). */
uint64_t fact_lock_first(void);
uint64_t fact_lock_next(const struct constraint *c, uint64_t state, uint8_t byte); /* or FACT_LOCK_DEAD */
bool fact_lock_rests(const struct constraint *c, uint64_t state);                  /* the text may end here */
/* Bytes after which it may end: 0 where it may now, else those of the entry or character in progress; some byte leads to
 * a state with one less. */
unsigned fact_lock_least(const struct constraint *c, uint64_t state);

#endif
