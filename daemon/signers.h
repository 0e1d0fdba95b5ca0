/* signers.h: who may bring a policy into force. `policy_signers` stands in the configuration, not in the policy: else
 * whoever may write the policy could name himself.
 *
 *   policy_signers: {need: 2, keys: {dana: keys/dana.pub, lee: keys/lee.pub}}
 *
 * Keys are Ed25519 public keys in PEM. The signature of NAME over the bytes of the policy file stands beside it, in
 * POLICY.NAME.sig: 64 bytes, as `briefctl policy sign` and `openssl pkeyutl -sign -rawin` write them. */
#ifndef DAEMON_SIGNERS_H
#define DAEMON_SIGNERS_H

#include <stdbool.h>
#include <stddef.h>
#include "../base/arena.h"
#include "../base/crypto.h"
#include "../base/err.h"
#include "../base/yaml.h"

#define SIGNERS_MAX 32

struct signer {
    const char *name; /* letters, digits, - and _ */
    uint8_t public_key[ED25519_PUBLIC_SIZE];
};
struct signers {
    size_t need; /* 1 to n */
    struct signer list[SIGNERS_MAX];
    size_t n;
};

/* From the node of `policy_signers`; paths are relative to `folder`. All lives in the arena.
 * RC_BAD "path:line:column: ...", also for a key that is listed twice: it would count for two people. RC_NOMEM. */
MUST_USE enum rc signers_parse(const struct yaml *y, const struct yaml_node *n, const char *folder, struct arena *a,
                               const struct signers **out, struct err *e);

/* What the signature file of a signer says. */
enum signature_state { SIGNATURE_VALID, SIGNATURE_MISSING, SIGNATURE_WRONG };
enum signature_state signers_look(const struct signer *who, const char *policy_path, const char *bytes, size_t n);

/* RC_REFUSED fewer than `need` valid signatures: names who signed, who did not, whose signature is of other bytes. */
MUST_USE enum rc signers_check(const struct signers *s, const char *policy_path, const char *bytes, size_t n,
                               struct err *e);

/* POLICY.NAME.sig */
#define SIGNATURE_PATH_SIZE 4608
bool signature_path(const char *policy_path, const char *name, char out[SIGNATURE_PATH_SIZE]);
bool signer_name_ok(const char *name);

#endif
