/* cmd_audit.h: the verbs of `briefctl audit` beside verify and list. Each returns an exit code of cli.h. */
#ifndef DAEMON_CMD_AUDIT_H
#define DAEMON_CMD_AUDIT_H

#include "cmd_common.h"

/* The chain as JSON Lines, signed up to its last line; to `file`, or to stdout if it is NULL. */
int audit_export(struct cmd *c, const char *file);
/* Check such a file with nothing but the public key (PEM). `checkpoint`: a file with a line of `audit checkpoint` that
 * must be part of it, or NULL. */
int audit_verify_file(const char *file, const char *key, const char *checkpoint, bool json);
/* A line that `audit checkpoint` printed once. EXIT_USAGE if there is none in the file. */
int audit_read_checkpoint(const char *file, struct audit_checkpoint *out);

struct audit_period {
    int64_t from_us, to_us; /* to_us is no longer in it */
    const char *from, *to;  /* as they were written */
};
/* PREFIX.md and PREFIX.json. brief: only this one; or NULL. */
int audit_report(struct cmd *c, const struct audit_period *p, const char *brief, const char *prefix);

#endif
