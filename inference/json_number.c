#include "json_number.h"

#include <stdlib.h>
#include <string.h>

#define MAX_STATES   20000
#define MANY_DIGITS  15
#define MANY_BEHIND  6

enum phase { START, MINUS, WHOLE, POINT, BEHIND };
enum relation { SAME, BELOW, ABOVE };

struct place { /* what a state stands for */
    uint8_t negative, phase, zero; /* zero: the digit before the point is a lone 0 */
    uint8_t n_whole, n_behind;
    uint8_t low, high; /* enum relation to the lower and the upper limit of the magnitude, by the digits so far */
};

struct side { /* magnitudes of one sign */
    bool possible, has_high, low_exclusive, high_exclusive;
    struct decimal low, high;
};

struct making {
    struct side sides[2]; /* positive, negative */
    bool integer;
    unsigned most_digits, most_behind;
    struct place *places;
    struct number_state *states;
    size_t n, room;
    uint32_t *index; /* hash table: state + 1 */
    size_t index_mask;
};

/* ---- limits of the magnitude ------------------------------------------------------------------------------------ */

static struct decimal magnitude(const struct decimal *d)
{
    struct decimal m = *d;

    m.negative = false;
    return m;
}

static bool is_zero(const struct decimal *d)
{
    return d->n_int + d->n_frac == 0;
}

static struct side positive_side(const struct number_limits *l)
{
    struct side s = {.possible = !l->most.set || !l->most.at.negative};

    if (l->least.set && !l->least.at.negative) {
        s.low = l->least.at;
        s.low_exclusive = l->least.exclusive;
    }
    if (l->most.set) {
        s.has_high = true;
        s.high = l->most.at;
        s.high_exclusive = l->most.exclusive;
    }
    return s;
}

/* Magnitudes above 0: there is one way to write 0. */
static struct side negative_side(const struct number_limits *l)
{
    struct side s = {.possible = !l->least.set || l->least.at.negative, .low_exclusive = true};

    if (l->most.set && l->most.at.negative && !is_zero(&l->most.at)) {
        s.low = magnitude(&l->most.at);
        s.low_exclusive = l->most.exclusive;
    }
    if (l->least.set) {
        s.has_high = true;
        s.high = magnitude(&l->least.at);
        s.high_exclusive = l->least.exclusive;
    }
    return s;
}

/* ---- one step by definition -------------------------------------------------------------------------------------- */

static uint8_t compare_digit(uint8_t so_far, unsigned d, unsigned limit)
{
    return so_far != SAME || d == limit ? so_far : d < limit ? BELOW : ABOVE;
}

/* How the whole part as it stands compares with a limit: first the count of its digits, then what they say. */
static uint8_t whole_relation(const struct place *p, const struct decimal *limit, uint8_t digits)
{
    unsigned n = p->zero ? 0 : p->n_whole;

    return n < limit->n_int ? BELOW : n > limit->n_int ? ABOVE : digits;
}

static bool take_digit(const struct making *m, struct place *p, unsigned d)
{
    const struct side *s = &m->sides[p->negative];

    if (p->phase == POINT || p->phase == BEHIND) {
        if (p->n_behind >= m->most_behind || p->n_whole + p->n_behind >= m->most_digits) return false;
        p->low = compare_digit(p->low, d, decimal_frac(&s->low, p->n_behind));
        if (s->has_high) p->high = compare_digit(p->high, d, decimal_frac(&s->high, p->n_behind));
        p->n_behind++;
        p->phase = BEHIND;
        return true;
    }
    if (p->zero || p->n_whole >= m->most_digits) return false;
    if (p->phase != WHOLE && d == 0) {
        p->zero = 1;
    } else { /* digits past a limit's own don't matter: by then there are more than it has */
        if (p->n_whole < s->low.n_int) p->low = compare_digit(p->low, d, s->low.digit[p->n_whole]);
        if (s->has_high && p->n_whole < s->high.n_int) p->high = compare_digit(p->high, d, s->high.digit[p->n_whole]);
    }
    p->n_whole++;
    p->phase = WHOLE;
    return true;
}

static bool take_symbol(const struct making *m, struct place *p, unsigned symbol)
{
    const struct side *s = &m->sides[p->negative];

    if (symbol == NUMBER_MINUS) {
        if (p->phase != START) return false;
        p->negative = 1;
        p->phase = MINUS;
        return m->sides[1].possible;
    }
    if (p->phase == START && !m->sides[0].possible) return false;
    if (symbol != NUMBER_POINT) return take_digit(m, p, symbol);
    if (p->phase != WHOLE || m->integer) return false;
    p->low = whole_relation(p, &s->low, p->low);
    if (s->has_high) p->high = whole_relation(p, &s->high, p->high);
    p->phase = POINT;
    return p->high != ABOVE && p->low != BELOW;
}

/* Is the number as it stands within its limits? */
static bool within(const struct making *m, const struct place *p)
{
    const struct side *s = &m->sides[p->negative];
    uint8_t low = p->low, high = p->high;

    if (p->phase != WHOLE && p->phase != BEHIND) return false;
    if (p->phase == WHOLE) {
        low = whole_relation(p, &s->low, low);
        high = whole_relation(p, &s->high, high);
    }
    if (low == SAME && p->n_behind < s->low.n_frac) low = BELOW; /* the rest of the limit's digits are not all 0 */
    if (high == SAME && p->n_behind < s->high.n_frac) high = BELOW;
    return (low == ABOVE || (low == SAME && !s->low_exclusive)) &&
           (!s->has_high || high == BELOW || (high == SAME && !s->high_exclusive));
}

/* ---- the table ---------------------------------------------------------------------------------------------------- */

static uint64_t key_of(const struct place *p)
{
    return p->negative | (uint64_t)p->phase << 1 | (uint64_t)p->zero << 4 | (uint64_t)p->low << 5 | (uint64_t)p->high << 7 |
           (uint64_t)p->n_whole << 9 | (uint64_t)p->n_behind << 17;
}

/* The number of the state of place p, made if it is new; NUMBER_DEAD when there is no room. */
static uint16_t state_of(struct making *m, const struct place *p)
{
    uint64_t key = key_of(p);
    size_t at = (size_t)((key * UINT64_C(0x9E3779B97F4A7C15)) >> 40) & m->index_mask;

    for (; m->index[at]; at = (at + 1) & m->index_mask)
        if (key_of(&m->places[m->index[at] - 1]) == key) return (uint16_t)(m->index[at] - 1);
    if (m->n == m->room) return NUMBER_DEAD;
    m->places[m->n] = *p;
    m->index[at] = (uint32_t)(m->n + 1);
    return (uint16_t)m->n++;
}

static bool explore(struct making *m)
{
    struct place start = {.phase = START};

    m->n = 0;
    memset(m->index, 0, (m->index_mask + 1) * sizeof(*m->index));
    (void)state_of(m, &start);
    for (size_t i = 0; i < m->n; i++)
        for (unsigned symbol = 0; symbol < N_NUMBER_SYMBOLS; symbol++) {
            struct place p = m->places[i];
            bool on = take_symbol(m, &p, symbol);

            m->states[i].next[symbol] = on ? state_of(m, &p) : NUMBER_DEAD;
            if (on && m->states[i].next[symbol] == NUMBER_DEAD) return false;
        }
    return true;
}

/* Shortest ways to an accepting state, backwards until nothing changes; then take out what has none. */
static void measure(struct making *m)
{
    for (size_t i = 0; i < m->n; i++) m->states[i].least = within(m, &m->places[i]) ? 0 : UINT16_MAX;
    for (bool changed = true; changed;) {
        changed = false;
        for (size_t i = m->n; i-- > 0;) /* later states are further on: mostly one pass */
            for (unsigned k = 0; k < N_NUMBER_SYMBOLS; k++) {
                uint16_t to = m->states[i].next[k];

                if (to == NUMBER_DEAD || m->states[to].least >= UINT16_MAX - 1 ||
                    m->states[to].least + 1 >= m->states[i].least)
                    continue;
                m->states[i].least = (uint16_t)(m->states[to].least + 1);
                changed = true;
            }
    }
    for (size_t i = 0; i < m->n; i++)
        for (unsigned k = 0; k < N_NUMBER_SYMBOLS; k++) {
            uint16_t *to = &m->states[i].next[k];

            if (*to != NUMBER_DEAD && m->states[*to].least == UINT16_MAX) *to = NUMBER_DEAD;
        }
}

static unsigned at_least(unsigned a, unsigned b)
{
    return a > b ? a : b;
}

/* First with the digits that every reader keeps, then with what the limits themselves need. */
static enum rc build(struct making *m, const struct number_limits *l, struct err *e)
{
    unsigned behind = at_least(l->least.at.n_frac, l->most.at.n_frac), whole = at_least(l->least.at.n_int, l->most.at.n_int);

    for (int wide = 0; wide < 2; wide++) {
        m->most_behind = l->integer ? 0 : wide ? at_least(behind + 1, MANY_BEHIND) : MANY_BEHIND;
        m->most_digits = wide ? whole + 1 + behind + 1 : MANY_DIGITS;
        if (!explore(m)) return err_set(e, RC_LIMIT, "the limits of the number have too many digits");
        measure(m);
        if (m->states[0].least != UINT16_MAX) return RC_OK;
    }
    return err_set(e, RC_BAD, l->integer ? "no integer lies within the limits" : "no number lies within the limits");
}

enum rc number_table_make(const struct number_limits *l, struct number_table *out, struct err *e)
{
    struct making m = {.sides = {positive_side(l), negative_side(l)}, .integer = l->integer, .room = MAX_STATES,
                       .index_mask = 65535};
    struct number_state *fit;
    enum rc rc;

    m.places = malloc(m.room * sizeof(*m.places));
    m.states = malloc(m.room * sizeof(*m.states));
    m.index = malloc((m.index_mask + 1) * sizeof(*m.index));
    rc = m.places && m.states && m.index ? build(&m, l, e) : err_set(e, RC_NOMEM, "number: out of memory");
    if (rc == RC_OK) {
        fit = realloc(m.states, m.n * sizeof(*fit));
        *out = (struct number_table){fit ? fit : m.states, m.n};
        m.states = NULL;
    }
    free(m.places);
    free(m.states);
    free(m.index);
    return rc;
}

uint16_t number_step(const struct number_state *states, uint16_t state, uint8_t byte)
{
    unsigned symbol = byte - (unsigned)'0';

    if (symbol > 9) {
        if (byte != '-' && byte != '.') return NUMBER_DEAD;
        symbol = byte == '-' ? NUMBER_MINUS : NUMBER_POINT;
    }
    return states[state].next[symbol];
}
