/* extract.c: a text that consists of whole passages of another one, in their order (extractive summaries), as a byte automaton.
 *
 * A state is the set of places where the output may stand, since passages can begin alike: behind some bytes of a passage
 * ("inside"), or behind the space before a passage that is not yet known ("ahead"). Passages end before a space only, so
 * few places are ever alive; were there more than a state holds, the last ones are forgotten, which forbids some outputs
 * and allows none. The lead is passage 0. */
#include <stdlib.h>
#include <string.h>

#include "../base/str.h"
#include "constraint.h"

#define MAX_PASSAGES 32
#define MAX_PASSAGE_BYTES ((size_t)4096)
#define AHEAD 0xFFFFFFFFU /* as an offset: a space was written behind the passage */

_Static_assert(MAX_PASSAGES < CONSTRAINT_WORDS, "a state holds a place in every passage");

struct passage {
    size_t start, n; /* of the texts */
    bool must;
};

struct extract_constraint {
    struct constraint base;
    struct passage passages[MAX_PASSAGES];
    size_t n;
    bool lead; /* passage 0 is one */
    char *texts;
};

static uint64_t place(size_t passage, uint32_t offset)
{
    return (uint64_t)passage << 32 | offset;
}

/* May passage `next` follow `last`? Not over one that must be there. */
static bool follows(const struct extract_constraint *c, size_t last, size_t next)
{
    for (size_t i = last + 1; i < next; i++)
        if (c->passages[i].must) return false;
    return next > last;
}

/* May the text end behind a passage? A lead says nothing by itself. */
static bool may_end(const struct extract_constraint *c, size_t last)
{
    return !(c->lead && last == 0) && follows(c, last, c->n);
}

static void add(struct constraint_state *s, uint64_t where)
{
    for (uint32_t i = 0; i < s->n; i++)
        if (s->w[i] == where) return;
    if (s->n < CONSTRAINT_WORDS) s->w[s->n++] = where;
}

/* Every passage that may follow `last` (n: none was written) and begins with the byte. */
static void begin(const struct extract_constraint *c, size_t last, uint8_t b, struct constraint_state *out)
{
    for (size_t i = last == c->n ? 0 : last + 1; i < c->n; i++) {
        if ((uint8_t)c->texts[c->passages[i].start] == b) add(out, place(i, 1));
        if (c->passages[i].must) return;
    }
}

static void extract_start(const struct constraint *base, struct constraint_state *out)
{
    const struct extract_constraint *c = (const struct extract_constraint *)base;

    out->n = 1;
    out->w[0] = place(c->n, AHEAD);
}

static bool extract_step(const struct constraint *base, struct constraint_state *s, uint8_t b)
{
    const struct extract_constraint *c = (const struct extract_constraint *)base;
    struct constraint_state next = {.n = 0};

    for (uint32_t i = 0; i < s->n; i++) {
        size_t at = (size_t)(s->w[i] >> 32);
        uint32_t offset = (uint32_t)s->w[i];

        if (offset == AHEAD) {
            begin(c, at, b, &next);
        } else if (offset < c->passages[at].n) {
            if ((uint8_t)c->texts[c->passages[at].start + offset] == b) add(&next, place(at, offset + 1));
        } else if (b == ' ' && at + 1 < c->n) {
            add(&next, place(at, AHEAD));
        }
    }
    constraint_copy(s, &next);
    return s->n > 0;
}

static bool extract_accepts(const struct constraint *base, const struct constraint_state *s)
{
    const struct extract_constraint *c = (const struct extract_constraint *)base;

    for (uint32_t i = 0; i < s->n; i++) {
        size_t at = (size_t)(s->w[i] >> 32);
        if ((uint32_t)s->w[i] != AHEAD && (uint32_t)s->w[i] == c->passages[at].n && may_end(c, at)) return true;
    }
    return false;
}

static bool extract_narrow(const struct constraint *c, const struct constraint_state *s)
{
    (void)c;
    (void)s;
    return true;
}

static void extract_close(struct constraint *base)
{
    struct extract_constraint *c = (struct extract_constraint *)base;

    free(c->texts);
    free(c);
}

static const struct constraint_kind extract_kind = {.start = extract_start, .step = extract_step, .accepts = extract_accepts,
                                                    .narrow = extract_narrow, .close = extract_close};

static enum rc check(const struct extract *x, struct err *e)
{
    size_t lead = x->lead && *x->lead ? 1 : 0;

    if (!x->n) return err_set(e, RC_BAD, "extract: no passages");
    if (x->n + lead > MAX_PASSAGES) return err_set(e, RC_LIMIT, "extract: %zu passages, at most %d", x->n + lead, MAX_PASSAGES);
    for (size_t i = 0; i < x->n + lead; i++) {
        const char *s = i < lead ? x->lead : x->passages[i - lead].text;
        size_t n = strlen(s);

        if (n > MAX_PASSAGE_BYTES) return err_set(e, RC_LIMIT, "extract: passage %zu has %zu bytes, at most %zu", i, n, MAX_PASSAGE_BYTES);
        if (!n || s[0] == ' ' || s[n - 1] == ' ' || utf8_valid_prefix(s, n) != n)
            return err_set(e, RC_BAD, "extract: passage %zu is empty, has a space at an end, or is not UTF-8", i);
    }
    return RC_OK;
}

enum rc constraint_extract(const struct extract *x, struct constraint **out, struct err *e)
{
    struct extract_constraint *c;
    size_t total = 0, at = 0, lead = x->lead && *x->lead ? 1 : 0;
    enum rc rc = check(x, e);

    if (rc != RC_OK) return rc;
    for (size_t i = 0; i < x->n; i++) total += strlen(x->passages[i].text);
    c = calloc(1, sizeof(*c));
    if (c) c->texts = malloc(total + (lead ? strlen(x->lead) : 0));
    if (!c || !c->texts) {
        free(c);
        return err_set(e, RC_NOMEM, "extract: out of memory");
    }
    c->base.kind = &extract_kind;
    c->lead = lead;
    c->n = x->n + lead;
    for (size_t i = 0; i < c->n; i++) {
        const char *s = i < lead ? x->lead : x->passages[i - lead].text;

        c->passages[i] = (struct passage){at, strlen(s), i < lead || x->passages[i - lead].must};
        memcpy(c->texts + at, s, strlen(s));
        at += strlen(s);
    }
    *out = &c->base;
    return RC_OK;
}
