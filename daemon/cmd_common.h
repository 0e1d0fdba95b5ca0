/* cmd_common.h: what the commands on the store and the pipeline share: their options, what they have open, who acts.
 *
 * Functions that return int give an exit code of cli.h; other than EXIT_DONE they have said why on stderr. */
#ifndef DAEMON_CMD_COMMON_H
#define DAEMON_CMD_COMMON_H

#include <getopt.h>
#include <stdbool.h>
#include <stddef.h>
#include "../base/buf.h"
#include "../base/err.h"
#include "../connectors/connector.h"
#include "access.h"
#include "app.h"
#include "cli.h"
#include "pipeline.h"
#include "store.h"

/* ---- options ------------------------------------------------------------------------------------------------------ */

/* The next option as getopt_long(), -h included; '?' and ':' go to cmd_bad_option(). */
int cmd_option(int argc, char **argv, const struct option *options);
int cmd_bad_option(const char *command, int c, char **argv);
/* Is `word` one of names[n]? If not, EXIT_USAGE with the nearest one or all of them. `what` names the option. */
int cmd_choice(const char *command, const char *what, const char *word, const char *const *names, size_t n);
/* A count of 1 or more. */
int cmd_count(const char *command, const char *what, const char *word, size_t *out);

/* What `brief` and `template render` are asked for. Texts are argv's. */
struct brief_args {
    const char *source, *object, *id;
    enum purpose kind;
    const char *intent, *tone, *language, *to, *hint, *as_of; /* NULL: the defaults */
    bool json, slots, help;
};
/* `before` words stand before SOURCE OBJECT ID. output: take --json and --slots. */
int brief_args_parse(int argc, char **argv, size_t before, bool output, struct brief_args *out);
void brief_args_help(void); /* the lines on the options that both commands have */

/* ---- what is open ------------------------------------------------------------------------------------------------- */

struct cmd { /* starts zeroed save for `need`; close with cmd_close() */
    enum cmd_need need;          /* of whoever signs in; set before cmd_open() */
    struct app *app;
    struct rules *rules;
    struct store *store;         /* with APP_STORE_KEYS */
    struct connector *connector; /* after cmd_source() */
    const struct config_view *config;
    const struct policy *policy;
    struct policy_keys keys;     /* with APP_STORE_KEYS */
    char actor[96];              /* who signed in, else "cli:USER" */
    bool signed_in;
    struct person person;        /* if signed_in */
};
/* config: as given with -c; as_of may be NULL; parts of enum app_part. A bad file is EXIT_USAGE. */
int cmd_open(struct cmd *c, const char *config, const char *as_of, unsigned parts);
void cmd_close(struct cmd *c);
/* The source's configuration, or EXIT_USAGE with the nearest name. */
int cmd_find_source(const struct cmd *c, const char *name, const struct source_config **out);
/* Connect to a source that whoever acts may see; with an open store it must belong to the organisation that it belonged to before. */
int cmd_source(struct cmd *c, const char *name);
/* Fetch one record of that source; one that whoever acts may not see is "no such record". EXIT_USAGE an unmapped object, EXIT_FAILED no such record, EXIT_QUARANTINED one that
 * cannot be read (noted in the store). reason, of sizeof(struct err), says why. */
int cmd_record(struct cmd *c, const char *object, const char *id, struct record **out, struct err *reason);
/* As that command's user, with a person's priority. */
struct pipeline cmd_pipeline(struct cmd *c);

/* One entry of the audit chain. object and detail may be NULL. */
MUST_USE enum rc cmd_audit(struct cmd *c, const char *event, const char *object, const char *outcome, const char *detail,
                           struct err *e);

/* ---- output ------------------------------------------------------------------------------------------------------- */

/* EXIT_USAGE for RC_BAD (of configuration), else as cli_fail(). */
int cmd_fail_open(enum rc rc, const struct err *e);
/* EXIT_FAILED for RC_REFUSED as well: what does not exist or is in the wrong state is no matter of policy. */
int cmd_fail_state(enum rc rc, const struct err *e);
/* b and a line feed to stdout. */
int cmd_put(const struct buf *b);
/* Whether all of stdout was written: a full disk must not look like success. */
int cmd_end_output(void);
struct table;
/* The end of a command that lists: with rc RC_OK the JSON array in `out`, closed here, or the table, whose place `none` takes
 * if it is empty; else the error. Clears both. Returns the exit code. */
int cmd_end_list(enum rc rc, const struct err *e, bool json, struct buf *out, struct table *table, const char *none);
/* "key": "value" or null, with ", " before it unless it comes right behind '{'. */
void json_member(struct buf *b, const char *key, const char *value);
void json_member_int(struct buf *b, const char *key, int64_t value);

#define CMD_MAX_OUTPUT ((size_t)256 << 20)

#endif
