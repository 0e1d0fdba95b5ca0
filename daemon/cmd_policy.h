/* cmd_policy.h: the verbs of `briefctl policy` beside check: documents that were in force, and signatures. */
#ifndef DAEMON_CMD_POLICY_H
#define DAEMON_CMD_POLICY_H

#include <stdbool.h>

/* words: what stands behind the verb. Exit codes of cli.h. */
int policy_list(const char *config, bool json);
int policy_show(const char *config, const char *hash);
int policy_diff(const char *config, const char *a, const char *b);

int policy_keygen(const char *name);
int policy_sign(const char *key, const char *name, const char *file);
int policy_signatures(const char *config, const char *file, bool json);

#endif
