/* cmd_redact.h: `briefctl redact`: JSON lines in, redacted JSON lines out. */
#ifndef DAEMON_CMD_REDACT_H
#define DAEMON_CMD_REDACT_H

/* A command of cli.h; needs neither daemon nor configuration. */
int cmd_redact(const char *config, int argc, char **argv);

#endif
