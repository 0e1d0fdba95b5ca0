/* cmd_policy_explain.h: `briefctl policy explain`: the dry run of the policy on one record. */
#ifndef DAEMON_CMD_POLICY_EXPLAIN_H
#define DAEMON_CMD_POLICY_EXPLAIN_H

/* argv[0] is "policy"; an exit code. */
int cmd_policy_explain(const char *config, int argc, char **argv);

#endif
