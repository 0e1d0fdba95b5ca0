/* admit.h: inside policy_admit(): what its files share while one record is admitted.
 *   admit.c   consent, the allow-list, the tree      people.c   who the record knows
 *   slots.c   one value to one slot or its action    prose.c    a text to pieces
 *   derive.c  facts from dates                       language.c what language to write in
 *   notes.c, compare.c  what notes say of fields and of each other      changes.c  what changed since the last brief
 *   split.c   values over two fields
 *   admitted.c  what others read of the result, its hash */
#ifndef POLICY_ADMIT_H
#define POLICY_ADMIT_H

#include "../base/arena.h"
#include "names.h"
#include "policy_internal.h"
#include "stored.h"
#include "vault.h"

#define PROSE_MAX_BYTES 24000 /* of one admitted text (some 4,000 words); a longer one is condensed to its salient sentences */

struct stale_sentence { /* a later note replaces a date or offer in it */
    const struct policy_node *node;
    size_t start; /* in the node's text */
};

struct replaced_value { /* what it was of: words as phrase.h takes them */
    const char *topic;
    struct value was, now;
};

struct policy_admitted {
    struct arena arena; /* texts in slots; wiped all the same */
    struct vault *vault;
    struct policy_node *root;
    const char *source, *object, *id, *language, *owner, *team;
    enum purpose purpose;
    bool facts_slots, suspicious;
    int32_t today;
    uint8_t hash[SHA256_SIZE];
    const char *const *slots;
    size_t n_slots;
    const struct stale_sentence *stale; /* notes_compare() */
    size_t n_stale;
    const struct replaced_value *replaced; /* likewise */
    size_t n_replaced;
    const char *snapshot; /* changes.c: the fields that the next brief is compared with */
    /* The person addressed: slots in brackets, or NULL. Gender 'f', 'm' or 0 when it is not recorded. */
    const char *to_person, *to_email;
    char to_gender;
};

struct person { /* strings are the record's */
    const struct record *record;
    const char *first, *last, *full, *title, *gender;
    const char *subject; /* "person:crm/contact/C-1" */
    bool staff;
};

struct org {
    const char *name;
};

struct known { /* an address or number of a person */
    const char *entity, *key, *subject;
};

struct split_piece { /* of a value that goes over adjoining fields */
    const struct field *field;
    bool leads;       /* the first piece, which ends its field; the others begin theirs */
    const char *text; /* as it stands in the normalised field */
    size_t n;
    const char *entity, *value; /* of the whole */
};

struct admit {
    const struct policy *p;
    const struct record *record;
    const struct policy_request *q;
    const struct path_rule *rules; /* what this purpose admits of this object */
    struct policy_admitted *out;
    struct arena scratch; /* wiped at the end */
    struct scanner *scanner;
    struct names *names;
    struct person *persons;
    size_t n_persons, cap_persons;
    struct org *orgs;
    size_t n_orgs, cap_orgs;
    struct known *known;
    size_t n_known, cap_known;
    struct split_piece *splits;
    size_t n_splits, cap_splits;
    size_t n_learned; /* names that texts gave away, of both kinds */
    const struct record *recipient; /* the contact addressed, or NULL */
    const char *country, *currency;
    int32_t today;
    int64_t idle_days; /* since the last contact; 0 if none is known */
};

enum rc admit_no_memory(struct admit *a, struct err *e); /* RC_NOMEM, or RC_LIMIT when the record is too large */

/* ---- people.c --------------------------------------------------------------------------------------------------- */

/* Everybody in the record, its parents and children; also country and currency, which tell how numbers are read. */
MUST_USE enum rc people_collect(struct admit *a, struct err *e);
/* Names that a text gives away by itself (salutation, legal form) join those that the record knows, for all texts. */
MUST_USE enum rc people_learn(struct admit *a, struct err *e);
/* The person that this record is or holds; NULL if none. */
const struct person *people_of(const struct admit *a, const struct record *r);
/* 'f', 'm' or 0, from a recorded gender or salutation ("Frau", "Mr."). */
char people_gender(const struct person *p);

/* ---- slots.c ---------------------------------------------------------------------------------------------------- */

/* What stands in the place of a value. */
struct stand_in {
    enum { STAND_KEEP, STAND_SLOT, STAND_TEXT, STAND_NOTHING } how;
    const char *text; /* SLOT: "[PERSON_1]"; TEXT: a mask or hash; lives as long as `out` */
};
/* Each applies the policy's action for its entity. RC_REFUSED: action `block`; the message names `path`. */
MUST_USE enum rc slot_person(struct admit *a, const struct person *p, const char *path, struct stand_in *out,
                             struct err *e);
MUST_USE enum rc slot_org(struct admit *a, const char *name, size_t n, const char *path, struct stand_in *out,
                          struct err *e);
/* A value of a typed field. entity: MONEY, DATE_TIME, NUMBER. */
MUST_USE enum rc slot_value(struct admit *a, const char *entity, const struct value *v, const char *path,
                            struct stand_in *out, struct err *e);
/* A stretch of text that detection or the mapping gave an entity. */
MUST_USE enum rc slot_text(struct admit *a, const char *entity, const char *s, size_t n, const struct value_locale *l,
                           const char *path, struct stand_in *out, struct err *e);
/* A token with a digit that nothing else explains: [NUM_n]. */
MUST_USE enum rc slot_number(struct admit *a, const char *s, size_t n, const struct value_locale *l,
                             struct stand_in *out, struct err *e);
MUST_USE enum rc slot_days(struct admit *a, int64_t days, struct stand_in *out, struct err *e);
/* How this record writes numbers and dates in a text of this language (or NULL). */
void slot_locale(const struct admit *a, const char *language, struct value_locale *l);
/* What makes two values of an entity equal: folded names, digits of a phone number, ... appended to key. */
void slot_key(const char *entity, const char *s, size_t n, struct buf *key);
bool slot_key_is_verbatim(const char *entity); /* it is s[n] itself */

/* ---- prose.c ---------------------------------------------------------------------------------------------------- */

struct prose { /* *n_own or *n_quoted is 0 when there is none */
    const struct policy_piece *own, *quoted;
    size_t n_own, n_quoted;
    bool outside; /* `own` rests on what somebody else wrote as well */
};
/* field: whose text it is, NULL for a hint: pieces of values that go over adjoining fields (split_find()) are matches. */
MUST_USE enum rc prose_admit(struct admit *a, const struct field *field, const char *text, size_t n, const char *path,
                             struct prose *out, struct err *e);
/* A label, or a value that the policy keeps: as it stands, but nothing in it looks like a slot, and with facts in slots
 * its digits are [NUM_n]. */
MUST_USE enum rc prose_words(struct admit *a, const char *text, size_t n, const struct policy_piece **out,
                             size_t *n_out, struct err *e);

/* ---- split.c ---------------------------------------------------------------------------------------------------- */

/* Find the values that go over adjoining texts of this record, of those that the allow-list admits in its order: an e-mail
 * address, a number with check digits, a telephone number in fields that are named so or after a '+'. Appended to
 * a->splits. RC_NOMEM, RC_LIMIT. */
MUST_USE enum rc split_find(struct admit *a, const struct record *r, const char *prefix, struct err *e);

/* ---- language.c ------------------------------------------------------------------------------------------------- */

/* The language to write in, one of the policy's: as asked for; else the contact's language field, the newest message
 * from that contact, the account's country, the policy's first. RC_REFUSED: the one asked for is not in the policy. */
MUST_USE enum rc language_choose(const struct admit *a, const char **out, struct err *e);

/* ---- admitted.c ------------------------------------------------------------------------------------------------- */

/* What was admitted is complete: its hash. */
MUST_USE enum rc admitted_seal(struct admit *a, struct err *e);
/* The tree is complete: the slots that it shows. Slots made afterwards are no part of them. */
MUST_USE enum rc admitted_list_slots(struct admit *a, struct err *e);

/* Does the record's field say what the rule says? */
bool admit_holds(const struct record *r, const struct blocked_rule *b);
/* The same of the record or one of its parents, if it is of the rule's object. */
bool admit_holds_above(const struct record *r, const struct blocked_rule *b);

/* ---- the tree (admit.c) and derived facts (derive.c) ------------------------------------------------------------ */

MUST_USE enum rc node_map(struct admit *a, const char *name, struct policy_node **out, struct err *e);
void node_append(struct policy_node *map, struct policy_node *member);
MUST_USE enum rc node_list(struct admit *a, const char *name, struct policy_node **out, struct err *e);
/* A text in slots that code made or copied: no detection. Nothing is appended for an empty one. */
#define NODE_OUTSIDE 1u
#define NODE_TOLD 2u
MUST_USE enum rc node_text(struct admit *a, struct policy_node *map, const char *name, const char *path, const char *s, size_t n,
                           unsigned flags, struct err *e);
/* A value of one piece; nothing is appended when it stands for nothing. */
MUST_USE enum rc node_stand_in(struct admit *a, struct policy_node *map, const char *name, const char *path,
                               const struct stand_in *s, const char *clear, struct err *e);
MUST_USE enum rc node_words(struct admit *a, struct policy_node *map, const char *name, const char *path,
                            const char *words, struct err *e);
const char *admit_path(struct admit *a, const struct record *r, const char *field); /* "contact/C-1.email"; or NULL */
bool admit_allows(const struct admit *a, const char *prefix, const char *field);    /* prefix "" or "contact" */

bool derive_is_done(const struct record *r); /* closed, won, lost, resolved ... */
MUST_USE enum rc derive_facts(struct admit *a, struct policy_node *facts, struct err *e);
/* Days that a task's date has passed; 0 if it has not or the task is done. */
int64_t derive_overdue(const struct admit *a, const struct record *task);

#endif
