/* The audit chain: each entry's hash covers the one before it, and an HMAC shows that briefd wrote it. */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "../base/str.h"
#include "policy.h"

static uint8_t *put64(uint8_t *at, int64_t x)
{
    for (int i = 0; i < 8; i++) at[i] = (uint8_t)((uint64_t)x >> (8 * i));
    return at + 8;
}

static uint8_t *put_digest(uint8_t *at, const char *s)
{
    sha256(s, strlen(s), at);
    return at + SHA256_SIZE;
}

/* Every part has a fixed width, so no byte of one field can pass for a byte of the next, and nothing is allocated. */
static void entry_hash(const uint8_t prev[AUDIT_HASH_SIZE], const struct audit_entry *x, uint8_t out[AUDIT_HASH_SIZE])
{
    uint8_t all[AUDIT_HASH_SIZE + 2 * 8 + 5 * SHA256_SIZE], *at = all;

    memcpy(at, prev, AUDIT_HASH_SIZE);
    at = put64(put64(at + AUDIT_HASH_SIZE, x->seq), x->at_us);
    at = put_digest(put_digest(at, x->actor), x->event);
    put_digest(put_digest(put_digest(at, x->object), x->outcome), x->detail);
    sha256(all, sizeof(all), out);
}

void audit_seal(const uint8_t key[KEY_SIZE], const uint8_t prev[AUDIT_HASH_SIZE], const struct audit_entry *entry,
                uint8_t hash[AUDIT_HASH_SIZE], uint8_t mac[AUDIT_HASH_SIZE])
{
    uint8_t made[AUDIT_HASH_SIZE]; /* prev and hash may be the same array */

    entry_hash(prev, entry, made);
    memcpy(hash, made, sizeof(made));
    hmac_sha256(key, made, sizeof(made), mac);
}

enum rc audit_walk_step(struct audit_walk *w, const uint8_t key[KEY_SIZE], const struct audit_entry *entry,
                        const uint8_t hash[AUDIT_HASH_SIZE], const uint8_t mac[AUDIT_HASH_SIZE], struct err *e)
{
    uint8_t want_hash[AUDIT_HASH_SIZE], want_mac[AUDIT_HASH_SIZE];

    if (entry->seq <= w->seq)
        return err_set(e, RC_BAD, "audit: entry %" PRId64 " stands behind entry %" PRId64 ": repeated or reordered",
                       entry->seq, w->seq);
    if (entry->seq > w->seq + 1)
        return err_set(e, RC_BAD, "audit: entry %" PRId64 " is missing", w->seq + 1);
    entry_hash(w->hash, entry, want_hash);
    if (!crypto_equal(want_hash, hash, AUDIT_HASH_SIZE))
        return err_set(e, RC_BAD, "audit: entry %" PRId64 " was changed, or the one before it", entry->seq);
    if (key) hmac_sha256(key, want_hash, sizeof(want_hash), want_mac);
    if (key && !crypto_equal(want_mac, mac, AUDIT_HASH_SIZE))
        return err_set(e, RC_BAD, "audit: entry %" PRId64 " was written without the audit key", entry->seq);
    w->seq = entry->seq;
    memcpy(w->hash, hash, AUDIT_HASH_SIZE);
    return RC_OK;
}

/* ---- the head --------------------------------------------------------------------------------------------------- */

static void head_mac(const uint8_t key[KEY_SIZE], int64_t seq, const uint8_t hash[AUDIT_HASH_SIZE],
                     uint8_t out[AUDIT_HASH_SIZE])
{
    uint8_t all[4 + 8 + AUDIT_HASH_SIZE]; /* "head": never the same bytes as an entry's hash */

    memcpy(all, "head", 4);
    memcpy(put64(all + 4, seq), hash, AUDIT_HASH_SIZE);
    hmac_sha256(key, all, sizeof(all), out);
}

void audit_head_format(const struct audit_walk *w, const uint8_t key[KEY_SIZE], char out[AUDIT_HEAD_SIZE])
{
    uint8_t mac[AUDIT_HASH_SIZE];
    char hash_hex[SHA256_HEX_SIZE], mac_hex[SHA256_HEX_SIZE];

    head_mac(key, w->seq, w->hash, mac);
    str_hex(w->hash, AUDIT_HASH_SIZE, hash_hex);
    str_hex(mac, AUDIT_HASH_SIZE, mac_hex);
    snprintf(out, AUDIT_HEAD_SIZE, "%" PRId64 " %s %s\n", w->seq, hash_hex, mac_hex);
}

enum rc audit_head_check(const struct audit_walk *w, const uint8_t key[KEY_SIZE], const char *line, struct err *e)
{
    char hash_hex[SHA256_HEX_SIZE], mac_hex[SHA256_HEX_SIZE];
    uint8_t hash[AUDIT_HASH_SIZE], mac[AUDIT_HASH_SIZE], want[AUDIT_HASH_SIZE];
    int64_t seq;

    if (sscanf(line, "%" SCNd64 " %64[0-9a-f] %64[0-9a-f]", &seq, hash_hex, mac_hex) != 3 || seq < 0 ||
        !str_unhex(hash_hex, hash, sizeof(hash)) || !str_unhex(mac_hex, mac, sizeof(mac)))
        return err_set(e, RC_BAD, "audit: the head is not a line of count, hash and seal");
    head_mac(key, seq, hash, want);
    if (!crypto_equal(want, mac, sizeof(mac)))
        return err_set(e, RC_BAD, "audit: the head was changed or written without the audit key");
    if (seq > w->seq)
        return err_set(e, RC_BAD, "audit: the chain was cut: the head knows %" PRId64 " entries, %" PRId64 " are there",
                       seq, w->seq);
    /* A chain longer than its head is what a crash between commit and head leaves: each entry has its own seal. */
    if (seq == w->seq && !crypto_equal(hash, w->hash, sizeof(hash)))
        return err_set(e, RC_BAD, "audit: entry %" PRId64 " is not the one that the head knows", seq);
    return RC_OK;
}
