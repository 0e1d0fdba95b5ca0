/* name_context.h: what stands around a possible name. */
#ifndef POLICY_NAME_CONTEXT_H
#define POLICY_NAME_CONTEXT_H

#include "name_rules.h"

enum name_context {
    BY_TITLE = 1 << 0,       /* "Frau", "Dr." before it */
    BY_GREETING = 1 << 1,    /* "Hi" before it at the beginning of a line */
    BY_CLOSING = 1 << 2,     /* "Regards," before it */
    BY_HEADER = 1 << 3,      /* "From:" before it */
    BY_ASK = 1 << 4,         /* "told" */
    BY_SPEAK = 1 << 5,       /* "spoke with" */
    BY_LINK = 1 << 6,        /* "with" */
    BY_ROLE = 1 << 7,        /* "CFO", "buyer (" */
    BY_MENTION = 1 << 8,     /* "@" */
    BY_LIST = 1 << 9,        /* a name and a comma, or "and" */
    BY_PLACE = 1 << 10,      /* "in": rather a place or a month */
    BEGINS = 1 << 11,        /* a sentence or a line: a capital says nothing */
    ACTS = 1 << 12,          /* "wants" behind it */
    ACTS_PERSON = 1 << 13,   /* "texted" */
    OWNS = 1 << 14,          /* 's */
    HAS_ROLE = 1 << 15,      /* ", CFO" */
    HAS_EMAIL = 1 << 16,     /* "<" */
    HAS_PLACE = 1 << 17,     /* "from Acme", "(Acme)" */
    SPEAKS = 1 << 18,        /* ":" at the beginning of a line */
    OF_THING = 1 << 19,      /* "Street", "GmbH" behind it */
    WITH_NAME = 1 << 20,     /* "and Anna" behind it */
    BY_WEAK_LINK = 1 << 21,  /* "from": a person, a company or a place */
    BY_ARTICLE = 1 << 22,    /* "the": rather no name */
    OF_SMALL_THING = 1 << 23 /* "module" behind it */
};

/* What stands before word i, and behind words [i, i + n). */
unsigned name_context_before(const struct name_text *t, size_t i, size_t before);
unsigned name_context_behind(const struct name_text *t, size_t i, size_t n);
/* Both. */
unsigned name_context(const struct name_text *t, size_t i, size_t n, size_t before);

#endif
