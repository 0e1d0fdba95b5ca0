/* cmd_briefs_edit.h: inside `briefctl briefs`: a person's own words in the place of a brief's text. */
#ifndef DAEMON_CMD_BRIEFS_EDIT_H
#define DAEMON_CMD_BRIEFS_EDIT_H

#include "cmd_common.h"

/* file: a path, "-" for standard input, or NULL for $VISUAL or $EDITOR on the text as it is. Unchanged text is no edit.
 * The text in clear lies in a file of mode 0600 while the editor runs, which is overwritten and removed after. */
int briefs_edit(struct cmd *c, const char *id, const char *file);

#endif
