/* detect.h: personal data and facts in a text, found by patterns with context words and checksums.
 *
 * One const table (detectors.c) says what is looked for; a policy file may add its own rows. Each row is a PCRE2
 * pattern of bounded width, so that no input, however hostile, costs more than a constant per byte. One automaton over
 * all rows and context words (automaton.h) names the places where a row may match; only there PCRE2 is asked, and it
 * alone decides. Scanning works on the normalised text (normalise.h); spans are byte offsets of the text that was given.
 *
 * Entities are named as in vectors/pii (EMAIL_ADDRESS, PHONE_NUMBER, DATE_TIME, ...). Policy files and slots use
 * shorter words for some: detect_entity() and detect_slot_word() translate.
 *
 * Threads: a set is read-only after detect_open() except for its match scratch: one set per thread. */
#ifndef POLICY_DETECT_H
#define POLICY_DETECT_H

#include <stdbool.h>
#include <stddef.h>
#include "../base/err.h"
#include "validate.h"

#define DETECT_MAX_TEXT  ((size_t)16 << 20) /* bytes of one text */
#define DETECT_MAX_FOUND ((size_t)1 << 18)  /* matches of one text */
#define DETECT_MAX_WIDTH 8192               /* greatest width of a pattern in characters */
#define DETECT_MIN_SCORE 0.4 /* below it a match counts only with no_context; facts always count */
#define DETECT_MAX_OWN   256 /* own patterns of one policy file */

enum detect_class {
    DETECT_PII,    /* personal data that has a meaning of its own: e-mail, IBAN, phone ... */
    DETECT_LOCALE, /* one country's identifiers; weak without context words */
    DETECT_FACT    /* MONEY, DATE_TIME, NUMBER: not personal, but what a brief must get right */
};
struct detector {
    const char *entity;
    const char *locale; /* "" everywhere, else the country: "us", "de" ... */
    enum detect_class class;
    const char *pattern;   /* PCRE2, UTF, letter case ignored; a group named v, if any, is the span */
    const char *context;   /* words near it that raise the score, separated by '|', or NULL; those of up to four bytes
                              stand alone, longer ones may begin a longer word */
    const char *validator; /* name in validate.h, or NULL */
    double score;          /* of the pattern alone; a validator's yes gives 1.0, its no drops the match */
    double context_score;  /* with a context word near; >= score */
};
extern const struct detector detectors[];
extern const size_t n_detectors;

/* An entity of a policy file (pii.own). */
struct detect_own {
    const char *entity;
    const char *pattern;
    const char *const *context; /* words, or NULL */
    size_t n_context;
    const char *validator; /* or NULL */
};

struct detect_options {
    const char *const *entities; /* only these (names as detect_entity() gives them); NULL: all */
    size_t n_entities;
    bool facts;      /* DETECT_FACT rows too (DATE_TIME is always in) */
    bool locales;    /* DETECT_LOCALE rows too without their context word near */
    bool no_context; /* context words don't matter, every score above 0 counts; else DETECT_MIN_SCORE */
    const struct detect_own *own;
    size_t n_own;
    int32_t today;    /* days since 1970-01-01, or 0: the day for validators that depend on it */
    bool pcre2_alone; /* no automaton: slower, the same matches (tests compare the two) */
};

struct found {
    const char *entity; /* borrowed from the table or the options' own rows (copied into the set) */
    size_t start, end;  /* bytes of the text given */
    double score;       /* above 0, at most 1 */
    size_t detector;    /* index into detectors[]; n_detectors + i: own row i; SIZE_MAX: no row */
};

struct detect_set;
/* RC_BAD an own pattern that doesn't compile, may match the empty string, has no greatest width or names an unknown
 * validator: the message has the entity and the reason. RC_NOMEM. */
MUST_USE enum rc detect_open(const struct detect_options *opt, struct detect_set **out, struct err *e);
void detect_close(struct detect_set *s);
void detect_today(struct detect_set *s, int32_t today); /* another day, from now on */
/* Just the check of one own row, for `policy check`. RC_BAD as above, and a pattern whose cost explodes. */
MUST_USE enum rc detect_check_own(const struct detect_own *own, struct err *e);

/* Every match, overlapping ones too, sorted by start, then end. *out is the caller's (free()); NULL when *n_out is 0.
 * The text need not be valid UTF-8: invalid bytes match nothing. RC_LIMIT, RC_NOMEM. */
MUST_USE enum rc detect_scan(struct detect_set *s, const char *text, size_t n, struct found **out,
                             size_t *n_out, struct err *e);

/* The same for one text after another that is normalised already (normalise.h): *l, all zero or of an older text, holds
 * the matches, its memory is used again; free() its items. */
struct found_list {
    struct found *items;
    size_t n, cap;
};
struct normalised;
MUST_USE enum rc detect_scan_again(struct detect_set *s, const struct normalised *t, struct found_list *l, struct err *e);

/* Keep only the winners among overlapping ones, in place: the higher score, then the longer, then the earlier.
 * *n becomes how many are left, sorted by start. RC_NOMEM. */
MUST_USE enum rc detect_resolve(struct found *f, size_t *n, struct err *e);
/* A sum, date or number: its digits get a slot whatever is found there. */
bool detect_is_fact(const char *entity);

/* After detect_resolve(), where facts go in slots: digits of any script that stand in no winner (the rest of a token
 * that lost to one, as "-12" behind a phone number) become NUMBER matches, so that none is left in the text. *f is
 * reallocated. RC_LIMIT, RC_NOMEM. */
MUST_USE enum rc detect_fill_digits(const char *text, size_t n, struct found **f, size_t *n_found,
                                    struct err *e);

/* What that looks for: the next run of letters and digits in text[*at, upto) that has a digit, as [*start, *at); false if
 * there is none. */
bool detect_next_number(const char *text, size_t *at, size_t upto, size_t *start);
#define DETECT_NUMBER_SCORE 0.02 /* of digits that no row found */

/* The table's name of a policy file's entity: "EMAIL" -> "EMAIL_ADDRESS", "DATE" -> "DATE_TIME", "IBAN" ->
 * "IBAN_CODE", "PHONE" -> "PHONE_NUMBER", "MONEY" -> "MONEY"; also PERSON, ORG, STAFF; NULL if there is none. */
const char *detect_entity(const char *name);
/* The word of its slots: "EMAIL_ADDRESS" -> "EMAIL", "DATE_TIME" -> "DATE", "PHONE_NUMBER" -> "PHONE",
 * "IBAN_CODE" -> "IBAN", "NUMBER" -> "NUM"; any other is itself. */
const char *detect_slot_word(const char *entity);

#endif
