/* access.h: who uses a command, and what they may.
 *
 * Whoever can read configuration, store and master key is the operator of this machine, whatever files say. With
 * `sign_in: optional` (the default) such a call acts as "cli:USER" and sees everything. A person signs in with a key of
 * their own (briefctl --as NAME, key in $BRIEFD_KEY or --key-file): then role, CRM identity and team of that key decide,
 * and what they may not see looks as if it did not exist. With `sign_in: required` nothing but keeping keys works without.
 *
 * A command says what it needs before cmd_open(): NEED_OPERATOR, the zero value, is refused to everybody who signs in, so
 * that a command that forgets to say it shows nothing to anybody. */
#ifndef DAEMON_ACCESS_H
#define DAEMON_ACCESS_H

#include <stdbool.h>
#include "../policy/policy.h"
#include "store.h"

struct cmd;

enum cmd_need {
    NEED_OPERATOR, /* keeps keys, binds sources: not for people who sign in */
    NEED_RECORDS,  /* the command asks access_may() for each record and brief */
    NEED_JOBS,     /* role: jobs: yes */
    NEED_ERASE,    /* role: erase: yes */
    NEED_AUDIT,    /* role: audit: yes */
    NEED_OVERSIGHT,    /* role: erase: yes or audit: yes */
    NEED_AUDIT_CONTENT /* role: audit_content: yes */
};

struct person { /* who signed in; from their key */
    char name[64], role[64], identities[256], team[64], sources[256];
};

/* Called by cmd_open(): signs in by $BRIEFD_AS and checks c->need. EXIT_REFUSED, said on stderr and audited. */
int access_begin(struct cmd *c);

/* May whoever acts do this with the record? Without a sign-in: yes. */
bool access_may(const struct cmd *c, enum permission what, const struct access_to *to);
bool access_may_brief(const struct cmd *c, enum permission what, const struct store_brief *b);
bool access_may_source(const struct cmd *c, const char *source);
/* As policy asks for it; all of it borrowed from c. NULL role: nobody signed in. */
struct viewer access_viewer(const struct cmd *c, const char *source, char identity[128]);

/* store_brief_get() for whoever acts: RC_REFUSED in the same words for a brief that is not there and one that they may
 * not see. */
MUST_USE enum rc access_brief(struct cmd *c, const char *id, struct store_brief **out, struct err *e);
/* May such a text say what stands in a field which the role may not read (hide:)? policy: the hash of the policy by which it
 * is or was made. */
bool access_hides(const struct cmd *c, const char *source, const char *object, enum purpose purpose, const char *policy);
/* A text that may say what stands in a field which the role may not read (hide:) is taken out of b; true if so. */
bool access_withhold(const struct cmd *c, struct store_brief *b);

#endif
