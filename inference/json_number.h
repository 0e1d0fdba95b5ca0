/* json_number.h: the decimal texts of the numbers within limits, as a table automaton.
 *
 * The limits are kept on the digits: a state knows the sign, how many digits stand before and behind the point, and how
 * those compare with the same digits of each limit. What cannot be finished within the limits is taken out, so from
 * every state there is a way to an accepting one, and the table says how short. No exponents, no "-0", no leading zeros;
 * at most 15 digits in all and 6 behind the point, so that a reader's double keeps them apart - more only where a limit
 * itself has more. */
#ifndef INFERENCE_JSON_NUMBER_H
#define INFERENCE_JSON_NUMBER_H

#include "decimal.h"
#include "../base/err.h"

struct number_bound {
    bool set, exclusive;
    struct decimal at;
};
struct number_limits {
    bool integer;
    struct number_bound least, most;
};

#define NUMBER_DEAD UINT16_MAX
enum { NUMBER_MINUS = 10, NUMBER_POINT, N_NUMBER_SYMBOLS }; /* 0 to 9: the digits */

struct number_state {
    uint16_t next[N_NUMBER_SYMBOLS]; /* NUMBER_DEAD: no way on */
    uint16_t least;                  /* bytes to an accepting state at best; 0: accepts */
};
struct number_table { /* state 0 is the start */
    struct number_state *states;
    size_t n;
};

/* out->states is the caller's (free). RC_BAD no number lies within the limits; RC_LIMIT too many states; RC_NOMEM.
 * e->msg names no place. */
MUST_USE enum rc number_table_make(const struct number_limits *l, struct number_table *out, struct err *e);

/* The state after a byte, or NUMBER_DEAD. */
uint16_t number_step(const struct number_state *states, uint16_t state, uint8_t byte);

#endif
