/* certificate.h: a signed statement that somebody was erased. Three lines of text:
 *
 *     {"what": "briefd erasure certificate", ...}
 *     signature: HEX     Ed25519 (RFC 8032) over "briefd erasure certificate\n", the first line and its line feed
 *     public-key: HEX    of the key that briefd signs with, which is derived from the master key
 *
 * The statement holds keyed hashes and counts, nothing that names the person. */
#ifndef DAEMON_CERTIFICATE_H
#define DAEMON_CERTIFICATE_H

#include "../base/buf.h"
#include "../base/crypto.h"
#include "../base/err.h"

/* statement: one line of JSON without its line feed. The certificate is appended to out. */
MUST_USE enum rc certificate_sign(const struct ed25519_key *key, const char *statement, struct buf *out, struct err *e);
/* RC_BAD not a certificate, another key's, or changed. */
MUST_USE enum rc certificate_verify(const struct ed25519_key *key, const char *text, struct err *e);

#endif
