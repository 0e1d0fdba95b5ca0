/* constraint.c: the calls that every kind of constraint answers. */
#include "constraint.h"

void constraint_start(const struct constraint *c, struct constraint_state *out)
{
    *out = (struct constraint_state){0};
    c->kind->start(c, out);
}

bool constraint_step(const struct constraint *c, struct constraint_state *s, uint8_t byte)
{
    return c->kind->step(c, s, byte);
}

bool constraint_accepts(const struct constraint *c, const struct constraint_state *s)
{
    return c->kind->accepts(c, s);
}

size_t constraint_least(const struct constraint *c, const struct constraint_state *s)
{
    return c->kind->least ? c->kind->least(c, s) : 0;
}

bool constraint_is_narrow(const struct constraint *c, const struct constraint_state *state)
{
    return c->kind->narrow && c->kind->narrow(c, state);
}

void constraint_close(struct constraint *c)
{
    if (c) c->kind->close(c);
}
