/* Who acted: names stand in the chain and in briefs as pseudonyms; what is behind one is sealed. */
#include <stdio.h>
#include <string.h>
#include "../base/box.h"
#include "../base/str.h"
#include "store_db.h"

#define NAME_MAX_BYTES 127
#define FACT_A "custodian a"
#define FACT_B "custodian b"
#define FACT_ROLES "custodian roles"

struct custodians {
    bool set;
    uint8_t keys[2][BOX_KEY_SIZE];
    char roles[2][64];
};

/* "" if there is no such fact. */
static enum rc fact(struct store *s, const char *name, char *out, size_t size, struct err *e)
{
    struct rows *r = NULL;
    bool more = false;
    enum rc rc = db_query(s, &r, e, "SELECT value FROM fact WHERE name = $1", WITH(p_text(name)));
    if (rc == RC_OK)
        rc = rows_next(r, &more, e);
    if (rc == RC_OK)
        snprintf(out, size, "%s", more ? rows_text(r, 0) : "");
    rows_done(r);
    return rc;
}

static enum rc read_custodians(struct store *s, struct custodians *c, struct err *e)
{
    char a[2 * BOX_KEY_SIZE + 1], b[2 * BOX_KEY_SIZE + 1], roles[132];
    memset(c, 0, sizeof(*c));
    enum rc rc = fact(s, FACT_A, a, sizeof(a), e);
    if (rc == RC_OK)
        rc = fact(s, FACT_B, b, sizeof(b), e);
    if (rc == RC_OK)
        rc = fact(s, FACT_ROLES, roles, sizeof(roles), e);
    if (rc != RC_OK || !*a)
        return rc;
    if (!str_unhex(a, c->keys[0], BOX_KEY_SIZE) || !str_unhex(b, c->keys[1], BOX_KEY_SIZE) ||
        sscanf(roles, "%63s %63s", c->roles[0], c->roles[1]) != 2)
        return err_set(e, RC_BAD, "store: the custodians' keys are damaged");
    c->set = true;
    return RC_OK;
}

static enum rc seal_name(struct store *s, const struct custodians *c, const char *pseudonym, const char *name,
                         uint8_t *out, size_t *n_out, struct err *e)
{
    size_t n = strlen(name);
    *n_out = n + (c->set ? BOX_OVERHEAD : GCM_OVERHEAD);
    return c->set ? box_seal(c->keys[0], c->keys[1], name, n, pseudonym, strlen(pseudonym), out, e)
                  : gcm_seal(keyring_wrap_key(s->opt.keys), name, n, pseudonym, strlen(pseudonym), out, e);
}

static void derive(const struct store *s, const char *name, char out[PSEUDONYM_SIZE])
{
    static const char digits[] = "abcdefghijklmnopqrstuvwxyz234567"; /* RFC 4648, lower case */
    char text[NAME_MAX_BYTES + 16];
    uint8_t mac[SHA256_SIZE];
    size_t n = 0;
    snprintf(text, sizeof(text), "actor %s", name);
    hmac_sha256(keyring_hash_key(s->opt.keys), text, strlen(text), mac);
    out[n++] = 'p';
    out[n++] = '-';
    for (size_t i = 0; i < 16; i++)
        out[n++] = digits[mac[i] & 31];
    out[n] = '\0';
}

static bool is_pseudonym(const char *name)
{
    return str_starts(name, "p-") && strlen(name) == 18;
}

enum rc actor_pseudonym(struct store *s, const char *name, char out[PSEUDONYM_SIZE], struct err *e)
{
    uint8_t sealed[NAME_MAX_BYTES + BOX_OVERHEAD];
    char whole[NAME_MAX_BYTES + 1];
    struct custodians c;
    int64_t there = 0;
    size_t n = 0;
    snprintf(whole, sizeof(whole), "%s", name);
    if (str_eq(name, "system") || is_pseudonym(name)) {
        snprintf(out, PSEUDONYM_SIZE, "%s", name);
        return RC_OK;
    }
    derive(s, whole, out);
    enum rc rc = db_int(s, 0, &there, e, "SELECT 1 FROM actor WHERE pseudonym = $1", WITH(p_text(out)));
    if (rc != RC_OK || there)
        return rc;
    rc = read_custodians(s, &c, e);
    if (rc == RC_OK)
        rc = seal_name(s, &c, out, whole, sealed, &n, e);
    return rc == RC_OK ? db_run(s, e,
                                "INSERT INTO actor(pseudonym, sealed, custody, made_us) VALUES ($1, $2, $3, $4)"
                                " ON CONFLICT DO NOTHING",
                                WITH(p_text(out), p_blob(sealed, n), p_int(c.set), p_int(store_now_us(s))))
                       : rc;
}

enum rc store_actor_of(struct store *s, const char *name, char pseudonym[PSEUDONYM_SIZE], struct err *e)
{
    char whole[NAME_MAX_BYTES + 1];
    int64_t there = 0;
    snprintf(whole, sizeof(whole), "%s", name);
    derive(s, whole, pseudonym);
    enum rc rc = db_int(s, 0, &there, e, "SELECT 1 FROM actor WHERE pseudonym = $1", WITH(p_text(pseudonym)));
    if (!there)
        pseudonym[0] = '\0';
    return rc;
}

/* ---- resolving ----------------------------------------------------------------------------------------------------- */

static enum rc open_name(struct store *s, const struct custodians *c, bool custody, const char *pseudonym,
                         const struct box_key keys[2], const uint8_t *sealed, size_t n, char name[128], struct err *e)
{
    size_t overhead = custody ? BOX_OVERHEAD : GCM_OVERHEAD;
    uint8_t plain[NAME_MAX_BYTES + 1] = {0};
    enum rc rc;
    if (n < overhead || n - overhead > NAME_MAX_BYTES)
        return err_set(e, RC_BAD, "actor: a sealed name of the wrong size");
    if (custody) {
        bool swapped = !crypto_equal(keys[0].public_key, c->keys[0], BOX_KEY_SIZE);
        if (!crypto_equal(keys[swapped].public_key, c->keys[0], BOX_KEY_SIZE) ||
            !crypto_equal(keys[!swapped].public_key, c->keys[1], BOX_KEY_SIZE))
            return err_set(e, RC_BAD, "actor: these are not the keys of both custodians (%s and %s)", c->roles[0], c->roles[1]);
        rc = box_open(&keys[swapped], &keys[!swapped], sealed, n, pseudonym, strlen(pseudonym), plain, e);
    } else
        rc = gcm_open(keyring_wrap_key(s->opt.keys), sealed, n, pseudonym, strlen(pseudonym), plain, e);
    if (rc == RC_OK)
        snprintf(name, 128, "%s", (const char *)plain);
    return rc;
}

static enum rc find_and_open(struct store *s, const char *pseudonym, const struct box_key *keys, char name[128],
                             struct err *e)
{
    struct custodians c;
    struct rows *r = NULL;
    bool more = false;
    size_t n = 0;
    enum rc rc = read_custodians(s, &c, e);
    if (rc == RC_OK)
        rc = db_query(s, &r, e, "SELECT custody, sealed FROM actor WHERE pseudonym = $1", WITH(p_text(pseudonym)));
    if (rc == RC_OK)
        rc = rows_next(r, &more, e);
    if (rc == RC_OK && !more)
        rc = err_set(e, RC_REFUSED, "actor: nobody acted under the pseudonym %.40s", pseudonym);
    if (rc == RC_OK && rows_int(r, 0) && !keys)
        rc = err_set(e, RC_REFUSED, "actor: the keys of both custodians are needed: %s and %s", c.roles[0], c.roles[1]);
    if (rc == RC_OK) {
        const void *sealed = rows_blob(r, 1, &n);
        rc = open_name(s, &c, rows_int(r, 0) != 0, pseudonym, keys, sealed, n, name, e);
    }
    rows_done(r);
    return rc;
}

enum rc store_actor_resolve(struct store *s, const char *pseudonym, const uint8_t private_keys[2][KEY_SIZE],
                            const struct audit_event *ev, char name[128], struct err *e)
{
    struct box_key keys[2];
    enum rc rc = RC_OK;
    memset(keys, 0, sizeof(keys));
    for (int i = 0; rc == RC_OK && private_keys && i < 2; i++)
        rc = box_from_private(private_keys[i], &keys[i], e);
    if (rc == RC_OK)
        rc = tx_begin(s, e);
    if (rc == RC_OK)
        rc = find_and_open(s, pseudonym, private_keys ? keys : NULL, name, e);
    if (rc == RC_OK)
        rc = audit_append(s, ev, pseudonym, e);
    rc = tx_end(s, rc, e);
    crypto_wipe(keys, sizeof(keys));
    return rc;
}

/* ---- custodians ---------------------------------------------------------------------------------------------------- */

/* What was sealed under the keyring before is sealed for the custodians; the old bytes are overwritten. */
static enum rc seal_again(struct store *s, const struct custodians *c, struct err *e)
{
    char pseudonym[PSEUDONYM_SIZE], name[128];
    uint8_t sealed[NAME_MAX_BYTES + BOX_OVERHEAD];
    bool more = true;
    enum rc rc = RC_OK;
    while (rc == RC_OK && more) { /* one at a time: the statement must be done before its table changes */
        struct rows *r = NULL;
        size_t n = 0;
        rc = db_query(s, &r, e, "SELECT pseudonym, sealed FROM actor WHERE custody = 0 LIMIT 1", WITH_NOTHING);
        if (rc == RC_OK)
            rc = rows_next(r, &more, e);
        if (rc == RC_OK && more) {
            const void *bytes = rows_blob(r, 1, &n);
            snprintf(pseudonym, sizeof(pseudonym), "%s", rows_text(r, 0));
            rc = open_name(s, c, false, pseudonym, NULL, bytes, n, name, e);
        }
        rows_done(r);
        if (rc == RC_OK && more)
            rc = seal_name(s, c, pseudonym, name, sealed, &n, e);
        if (rc == RC_OK && more)
            rc = db_run(s, e, "UPDATE actor SET sealed = $2, custody = 1 WHERE pseudonym = $1",
                        WITH(p_text(pseudonym), p_blob(sealed, n)));
    }
    crypto_wipe(name, sizeof(name));
    return rc;
}

static enum rc set_fact(struct store *s, const char *name, const char *value, struct err *e)
{
    return db_run(s, e, "INSERT INTO fact(name, value) VALUES ($1, $2)", WITH(p_text(name), p_text(value)));
}

enum rc store_custodians_set(struct store *s, const char *const roles[2], const uint8_t public_keys[2][KEY_SIZE],
                             const struct audit_event *ev, struct err *e)
{
    char hex[2][2 * BOX_KEY_SIZE + 1], both[132];
    struct custodians c;
    enum rc rc = tx_begin(s, e);
    if (rc == RC_OK)
        rc = read_custodians(s, &c, e);
    if (rc == RC_OK && c.set)
        rc = err_set(e, RC_REFUSED, "actors: %s and %s are custodians already", c.roles[0], c.roles[1]);
    for (int i = 0; rc == RC_OK && i < 2; i++) {
        memcpy(c.keys[i], public_keys[i], BOX_KEY_SIZE);
        snprintf(c.roles[i], sizeof(c.roles[i]), "%s", roles[i]);
        str_hex(public_keys[i], BOX_KEY_SIZE, hex[i]);
    }
    if (rc == RC_OK) {
        c.set = true;
        snprintf(both, sizeof(both), "%.63s %.63s", roles[0], roles[1]);
        rc = set_fact(s, FACT_A, hex[0], e);
    }
    if (rc == RC_OK)
        rc = set_fact(s, FACT_B, hex[1], e);
    if (rc == RC_OK)
        rc = set_fact(s, FACT_ROLES, both, e);
    if (rc == RC_OK)
        rc = seal_again(s, &c, e);
    if (rc == RC_OK)
        rc = audit_append(s, ev, "", e);
    rc = tx_end(s, rc, e);
    return rc == RC_OK ? s->backend->forget(s, e) : rc;
}

enum rc store_custodians(struct store *s, char roles[2][64], bool *set, struct err *e)
{
    struct custodians c;
    enum rc rc = read_custodians(s, &c, e);
    if (rc == RC_OK) {
        memcpy(roles, c.roles, sizeof(c.roles));
        *set = c.set;
    }
    return rc;
}
