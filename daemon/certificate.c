#include "certificate.h"

#include <string.h>
#include "../base/str.h"

#define HEAD "briefd erasure certificate\n"
#define MAX_STATEMENT ((size_t)1 << 20)

static enum rc signed_bytes(const char *statement, size_t n, struct buf *out, struct err *e)
{
    buf_init(out, MAX_STATEMENT + sizeof(HEAD) + 1);
    buf_str(out, HEAD);
    buf_add(out, statement, n);
    buf_char(out, '\n');
    return buf_check(out, "certificate", e);
}

enum rc certificate_sign(const struct ed25519_key *key, const char *statement, struct buf *out, struct err *e)
{
    uint8_t signature[ED25519_SIGNATURE_SIZE];
    char hex[2 * ED25519_SIGNATURE_SIZE + 1], public_hex[2 * ED25519_PUBLIC_SIZE + 1];
    struct buf bytes;
    enum rc rc = signed_bytes(statement, strlen(statement), &bytes, e);
    if (rc == RC_OK)
        rc = ed25519_sign(key, bytes.data, bytes.len, signature, e);
    if (rc == RC_OK) {
        str_hex(signature, sizeof(signature), hex);
        str_hex(key->public_key, ED25519_PUBLIC_SIZE, public_hex);
        buf_printf(out, "%s\nsignature: %s\npublic-key: %s\n", statement, hex, public_hex);
        rc = buf_check(out, "certificate", e);
    }
    buf_clear(&bytes);
    return rc;
}

/* The hexadecimal digits behind `name` at *at, n bytes of them; *at moves behind the line. */
static bool take_hex(const char **at, const char *name, uint8_t *out, size_t n)
{
    char hex[2 * ED25519_SIGNATURE_SIZE + 1];
    if (!str_starts(*at, name))
        return false;
    *at += strlen(name);
    size_t len = strcspn(*at, "\r\n");
    if (len != 2 * n)
        return false;
    memcpy(hex, *at, len);
    hex[len] = '\0';
    *at += len;
    *at += strspn(*at, "\r\n");
    return str_unhex(hex, out, n);
}

enum rc certificate_verify(const struct ed25519_key *key, const char *text, struct err *e)
{
    uint8_t signature[ED25519_SIGNATURE_SIZE], public_key[ED25519_PUBLIC_SIZE];
    size_t n = strcspn(text, "\n");
    const char *at = text + n + (text[n] == '\n');
    struct buf bytes;
    if (!str_starts(text, "{\"what\": \"briefd erasure certificate\"") || !take_hex(&at, "signature: ", signature, sizeof(signature)) ||
        !take_hex(&at, "public-key: ", public_key, sizeof(public_key)))
        return err_set(e, RC_BAD, "certificate: this is none, or a part of one");
    if (!crypto_equal(public_key, key->public_key, sizeof(public_key)))
        return err_set(e, RC_BAD, "certificate: it was signed with another key than this installation's");
    enum rc rc = signed_bytes(text, n, &bytes, e);
    if (rc == RC_OK && !ed25519_verify(key->public_key, bytes.data, bytes.len, signature))
        rc = err_set(e, RC_BAD, "certificate: it was changed after it was signed");
    buf_clear(&bytes);
    return rc;
}
