/* constraint.c: the calls that every kind of constraint answers. */
#include "constraint.h"

uint64_t constraint_start(const struct constraint *c)
{
    return c->kind->start(c);
}

uint64_t constraint_step(const struct constraint *c, uint64_t state, uint8_t byte)
{
    return state == CONSTRAINT_DEAD ? CONSTRAINT_DEAD : c->kind->step(c, state, byte);
}

bool constraint_accepts(const struct constraint *c, uint64_t state)
{
    return state != CONSTRAINT_DEAD && c->kind->accepts(c, state);
}

void constraint_close(struct constraint *c)
{
    if (c) c->kind->close(c);
}
