/* checkpoint.c: signed checkpoints of the audit chain. */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "../base/str.h"
#include "policy.h"

/* What is signed names its kind first: no signature of this key can pass for one of another kind. */
static size_t signed_text(const struct audit_checkpoint *c, char out[AUDIT_CHECKPOINT_SIZE])
{
    char hash[SHA256_HEX_SIZE];

    str_hex(c->hash, sizeof(c->hash), hash);
    return (size_t)snprintf(out, AUDIT_CHECKPOINT_SIZE, "briefd audit %s 1 %" PRId64 " %" PRId64 " %s",
                            c->base ? "base" : "checkpoint", c->seq, c->at_us, hash);
}

enum rc audit_checkpoint_sign(const struct ed25519_key *key, struct audit_checkpoint *c, struct err *e)
{
    char text[AUDIT_CHECKPOINT_SIZE];

    return ed25519_sign(key, text, signed_text(c, text), c->signature, e);
}

bool audit_checkpoint_valid(const uint8_t public_key[ED25519_PUBLIC_SIZE], const struct audit_checkpoint *c)
{
    char text[AUDIT_CHECKPOINT_SIZE];

    return ed25519_verify(public_key, text, signed_text(c, text), c->signature);
}

void audit_checkpoint_format(const struct audit_checkpoint *c, char out[AUDIT_CHECKPOINT_SIZE])
{
    size_t n = signed_text(c, out);

    out[n++] = ' ';
    str_hex(c->signature, sizeof(c->signature), out + n);
}

bool audit_checkpoint_parse(const char *line, struct audit_checkpoint *out)
{
    char kind[16], hash[SHA256_HEX_SIZE], signature[2 * ED25519_SIGNATURE_SIZE + 1], again[AUDIT_CHECKPOINT_SIZE];
    struct audit_checkpoint c = {0};
    size_t n = strcspn(line, "\r\n");

    if (sscanf(line, "briefd audit %15s 1 %" SCNd64 " %" SCNd64 " %64[0-9a-f] %128[0-9a-f]", kind, &c.seq, &c.at_us, hash,
               signature) != 5 ||
        !str_unhex(hash, c.hash, sizeof(c.hash)) || !str_unhex(signature, c.signature, sizeof(c.signature)))
        return false;
    c.base = str_eq(kind, "base");
    audit_checkpoint_format(&c, again); /* one spelling only: the line is its bytes */
    if (strlen(again) != n || memcmp(again, line, n) != 0) return false;
    *out = c;
    return true;
}
