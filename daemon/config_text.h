/* config_text.h: a configuration as it may be kept and shown: its YAML with every secret and every person's name masked. */
#ifndef DAEMON_CONFIG_TEXT_H
#define DAEMON_CONFIG_TEXT_H

#include "../base/buf.h"
#include "../base/yaml.h"

/* The tree appended to out as YAML, comments left out (they may hold an old password), the same text for the same tree.
 * Values that stand below `auth`, `headers`, `query`, `extra` or `senders`, or whose key speaks of a password, secret or key for an
 * interface, become "***", save those that only point to a secret (${NAME}, file:PATH); so do the password in a DSN and what
 * its query string says. A failure sticks in out. */
void config_text(const struct yaml_node *root, struct buf *out);

#endif
