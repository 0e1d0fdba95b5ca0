/* secret.h: values that configuration only points to, so that no secret stands in a file that people share.
 *   ${NAME}     the environment variable NAME
 *   file:PATH   the first line of the file PATH (also a systemd credential)
 *   ${NAME} may also stand inside a longer value: postgresql://briefd:${PW}@db/crm
 * Anything else is the value itself. Secrets are wiped before their memory is freed and never logged. */
#ifndef BASE_SECRET_H
#define BASE_SECRET_H

#include "err.h"

#define SECRET_MAX_BYTES 65536

/* RC_OK *out is the caller's; free it with secret_free(). RC_BAD an unset variable, an unreadable file
 * (the message names it, never its content). RC_NOMEM. */
MUST_USE enum rc secret_resolve(const char *spec, char **out, struct err *e);
void secret_free(char *s); /* zeroes, then frees; NULL is a no-op */

#endif
