/* subject.h: which people in the store an e-mail address, a telephone number, a name or a CRM id means, and what there is
 * of each: for erasing them and for telling them what is kept. */
#ifndef DAEMON_SUBJECT_H
#define DAEMON_SUBJECT_H

#include "cmd_common.h"
#include "governance.h"

#define SUBJECT_MAX_PEOPLE 1000
#define SUBJECT_TEXTS 16 /* names, addresses and numbers of one person that are told */

struct subject_person {
    char subject[SHA256_HEX_SIZE]; /* keyed hash: what stands for the person in the store */
    struct erase_record record;    /* the person's own record; source NULL: only named in texts */
    bool own_text;                 /* not a person: a record's own text holds the value, and its key goes */
    const char *names[SUBJECT_TEXTS], *contacts[SUBJECT_TEXTS]; /* in clear; contacts: addresses and numbers */
    size_t n_names, n_contacts;
    const char **briefs;           /* ids of those that hold a value of theirs */
    size_t n_briefs;
    const uint8_t (*values)[SHA256_SIZE]; /* keyed hashes of addresses and numbers */
    size_t n_values;
};
struct subject_people { /* clear with subject_people_clear(), which wipes */
    struct arena arena;
    struct subject_person *people;
    size_t n;
};

/* Everybody whom the value may mean; n is 0 if nobody. Opens their sealed values: audited as one reveal. RC_LIMIT more than
 * SUBJECT_MAX_PEOPLE. */
MUST_USE enum rc subject_find(struct cmd *c, const char *value, struct subject_people *out, struct err *e);
void subject_people_clear(struct subject_people *p);

/* "Anna Berg <anna@example.com>, contact crm/contact/C-012" */
void subject_describe(const struct subject_person *p, struct buf *out);

#endif
