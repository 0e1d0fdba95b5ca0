/* cli.h: what the commands of briefctl and briefd share: exit codes, messages, the terminal. */
#ifndef DAEMON_CLI_H
#define DAEMON_CLI_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include "../base/err.h"

enum cli_exit { /* stable: scripts depend on them */
    EXIT_DONE = 0,
    EXIT_FAILED = 1,
    EXIT_USAGE = 2, /* also a bad configuration or policy file */
    EXIT_REFUSED = 3,
    EXIT_QUARANTINED = 4,
    EXIT_TRANSIENT = 5
};

/* "briefctl: MESSAGE" on stderr; the exit code that fits rc. */
int cli_fail(enum rc rc, const struct err *e);
/* The same for a wrong use, with a pointer to --help. */
int cli_usage(const char *command, const char *fmt, ...) PRINTF_LIKE(2, 3);

/* A command of briefctl. config is the path given with -c, or NULL. argv[0] is the command's name. */
struct cli_command {
    const char *name;
    const char *summary; /* one line for the overview */
    int (*run)(const char *config, int argc, char **argv);
};
extern const struct cli_command cli_commands[];
extern const size_t n_cli_commands;

/* Path of the configuration: the one given, else $BRIEFD_CONFIG, else /etc/briefd/briefd.yaml. */
const char *cli_config(const char *given);

/* Colours and progress only on a terminal, and not with NO_COLOR set (https://no-color.org). */
bool cli_color(int fd);
/* A progress bar on stderr, redrawn in place; nothing if that is no terminal. done == total ends the line. */
void cli_progress(const char *what, uint64_t done, uint64_t total, const char *note);
int cli_width(void); /* columns of the terminal; 100 if there is none */

/* Print `text` wrapped into columns side by side: n texts with their headings. */
void cli_columns(const char *const *headings, const char *const *texts, size_t n);

#endif
