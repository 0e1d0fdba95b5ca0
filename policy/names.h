/* names.h: names in free text. First those that the record itself knows, in every form that people write; then those
 * that nobody told us of: persons by the gazetteer (gazetteer.h) and by what stands around them (salutation, greeting,
 * signature, mail header, role, verb), organisations by their legal form, postal addresses (as NAME_VALUE, entity
 * POSTAL_ADDRESS). Parts of a name found so are looked for in the rest of the text.
 *
 * Forms of a person: full, first, last, "Last, First", "A. Weber", "A.-M. Weber", "Anna W.", "Anna M. Weber",
 * "annaweber", "aweber", "anna_weber", "Frau Dr. Weber", parts of double names; in any case of letters, with or without
 * accents (ü, ue, u), with a genitive s or 's. A name part that is also an ordinary word (Will, Mark, May, Klein ...) counts only with a capital and where no sentence begins, or
 * beside the rest of the name. Forms of an organisation: with and without its legal form.
 * The longest match wins; matches don't overlap. Two people with one first name: the one who is named in full
 * nearest before is meant, else the one added first; `ambiguous` says so.
 *
 * Threads: add from one thread; names_scan() is read-only afterwards. */
#ifndef POLICY_NAMES_H
#define POLICY_NAMES_H

#include <stdbool.h>
#include <stddef.h>
#include "../base/err.h"

#define NAMES_MAX     20000 /* persons, organisations and values of one record */
#define NAMES_UNKNOWN ((size_t)-1)

enum name_kind { NAME_PERSON, NAME_ORG, NAME_VALUE };
enum name_form {
    NAME_FULL, /* first and last, also "Last, First" and "A. Weber"; organisations: as the record writes it */
    NAME_FIRST,
    NAME_LAST,
    NAME_FORMAL, /* salutation or title and last name; the span includes them (not so for unknown persons) */
    NAME_SHORT   /* organisation without legal form, part of a double name */
};

struct name_found {
    size_t start, end; /* bytes of the text; a genitive ending is not in it */
    enum name_kind kind;
    size_t
        index; /* as given to names_add_*(); NAMES_UNKNOWN: known only by salutation, signature, legal form */
    enum name_form form;
    const char *entity; /* NAME_VALUE: the entity given; else "PERSON", "ORG" */
    double score;       /* 1.0 for the record's own, less for unknown ones */
    bool ambiguous;     /* several of the record's persons are written like this */
};

struct names;
MUST_USE enum rc names_open(struct names **out, struct err *e);
void names_close(struct names *n); /* zeroes; NULL is a no-op */

/* All strings are copied; NULL or "" where unknown. `title` is "Dr.", "Prof. Dr." and the like, not the job title.
 * `full` is used as it is, and split (last word is the last name, "Last, First" too) when first and last are not
 * given. Names without a letter, and single letters, are ignored. RC_LIMIT above NAMES_MAX, RC_NOMEM. */
MUST_USE enum rc names_add_person(struct names *n, size_t index, const char *first, const char *last,
                                  const char *full, const char *title, struct err *e);
MUST_USE enum rc names_add_org(struct names *n, size_t index, const char *name, struct err *e);
/* A value to be found literally (white space, case and accents folded), such as a contract number: at least 3
 * characters, else it is ignored. `entity` is copied. */
MUST_USE enum rc names_add_value(struct names *n, const char *entity, size_t index, const char *text,
                                 struct err *e);

/* Sorted, not overlapping. *out is the caller's (free()); NULL when *n_out is 0. RC_LIMIT (DETECT_MAX_TEXT), RC_NOMEM. */
MUST_USE enum rc names_scan(const struct names *n, const char *text, size_t len, struct name_found **out,
                            size_t *n_out, struct err *e);

/* The same for one text after another that is normalised already (normalise.h): spans are those of the text that was
 * normalised; *out is borrowed from the room, until its next use. */
struct names_room;
struct normalised;
MUST_USE enum rc names_room_open(struct names_room **out, struct err *e);
void names_room_forget(struct names_room *room); /* zeroes what it has of the last text, keeps the memory */
void names_room_close(struct names_room *room); /* zeroes; NULL is a no-op */
MUST_USE enum rc names_scan_again(const struct names *n, const struct normalised *t, struct names_room *room,
                                  const struct name_found **out, size_t *n_out, struct err *e);

/* Case- and accent-folded letters and digits of a name, words joined by one space: what `erase --subject` and equal
 * slots compare. malloc(); NULL when out of memory. */
char *names_fold(const char *s, size_t n);

#endif
