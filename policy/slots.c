/* slots.c: one value, one slot: what makes values equal, whom they concern, and what the policy does with them. */
#include <stdlib.h>
#include <string.h>

#include "../base/str.h"
#include "admit.h"
#include "defuse.h"
#include "suspicious.h"
#include "text.h"

#define PSEUDONYM_LETTERS 10

void slot_locale(const struct admit *a, const char *language, struct value_locale *l)
{
    bool same = !language || (a->country && str_starts(a->country, language));

    value_locale_init(l, same ? a->country : language);
    l->currency = a->currency;
    l->today = a->today;
}

/* The last nine digits: the same line with or without country code and trunk zero. */
static void phone_key(const char *s, size_t n, struct buf *key)
{
    size_t from = n;

    for (size_t digits = 0; from > 0 && digits < 9; from--) digits += s[from - 1] >= '0' && s[from - 1] <= '9';
    for (; from < n; from++)
        if (s[from] >= '0' && s[from] <= '9') buf_char(key, s[from]);
}

void slot_key(const char *entity, const char *s, size_t n, struct buf *key)
{
    if (str_eq(entity, "PHONE_NUMBER")) {
        phone_key(s, n, key);
    } else if (str_eq(entity, "PERSON") || str_eq(entity, "STAFF") || str_eq(entity, "ORG")) {
        char *folded = names_fold(s, n);
        if (!folded)
            key->failed = RC_NOMEM;
        else
            buf_str(key, folded);
        free(folded);
    } else if (str_eq(entity, "EMAIL_ADDRESS")) {
        for (size_t i = 0; i < n; i++) buf_char(key, s[i] >= 'A' && s[i] <= 'Z' ? (char)(s[i] + 32) : s[i]);
    } else {
        buf_add(key, s, n);
    }
}

bool slot_key_is_verbatim(const char *entity)
{
    static const char *const others[] = {"PHONE_NUMBER", "PERSON", "STAFF", "ORG", "EMAIL_ADDRESS"}; /* as above */

    for (size_t i = 0; i < COUNT_OF(others); i++)
        if (str_eq(entity, others[i])) return false;
    return true;
}

static const char *slot_kind(const char *entity)
{
    return str_eq(entity, "NUMBER") ? "NUM" : detect_slot_word(entity);
}

/* A stable pseudonym in letters only: digits may stand only in slots. */
static enum rc pseudonym(struct admit *a, const char *entity, const char *key, struct stand_in *out, struct err *e)
{
    uint8_t mac[SHA256_SIZE];
    char letters[PSEUDONYM_LETTERS + 1] = "";

    hmac_sha256(a->q->hash_key, key, strlen(key), mac);
    for (size_t i = 0; i < PSEUDONYM_LETTERS; i++) letters[i] = (char)('a' + mac[i] % 26);
    out->how = STAND_TEXT;
    out->text = arena_printf(&a->out->arena, "%s-%s", slot_kind(entity), letters);
    return out->text ? RC_OK : admit_no_memory(a, e);
}

/* The policy's action on a value whose key and stored form are known. */
static enum rc act(struct admit *a, enum action action, const char *entity, const char *key, const char *stored,
                   const char *subject, const char *path, struct stand_in *out, struct err *e)
{
    const struct vault_value *v;
    enum rc rc;

    switch (action) {
    case ACTION_KEEP:
        *out = (struct stand_in){.how = STAND_KEEP};
        return RC_OK;
    case ACTION_SLOT:
        rc = vault_put(a->out->vault, slot_kind(entity), key, stored, subject, &v, e);
        if (rc == RC_OK) *out = (struct stand_in){.how = STAND_SLOT, .text = v->slot};
        return rc;
    case ACTION_MASK:
        out->how = STAND_TEXT;
        out->text = arena_printf(&a->out->arena, "(%s)", slot_kind(entity));
        return out->text ? RC_OK : admit_no_memory(a, e);
    case ACTION_HASH:
        return pseudonym(a, entity, key, out, e);
    case ACTION_DROP:
        *out = (struct stand_in){.how = STAND_NOTHING};
        return RC_OK;
    case ACTION_BLOCK:
        return err_set(e, RC_REFUSED, "policy: %s in %s blocks this record (pii: entities: %s: block)", entity, path,
                       entity);
    }
    return err_set(e, RC_INTERNAL, "policy: unknown action");
}

/* A name field can hold anything, and what it holds is put back into the text as it is: what nobody can be called stays
 * out of it. */
static enum rc is_name(struct admit *a, const char *s, size_t n, const char *path, bool *yes, struct err *e)
{
    bool orders = false;
    enum rc rc = suspicious_scan(a->scanner->suspicious, s, n, &orders, NULL, NULL, e);

    *yes = rc == RC_OK && !orders && defuse_is_name(s, n);
    if (!orders) return rc;
    a->out->suspicious = true;
    if (!a->p->quarantine_instructions) return RC_OK;
    return err_set(e, RC_REFUSED, "policy: text in %s gives orders to the model (instructions: quarantine)", path);
}

enum rc slot_person(struct admit *a, const struct person *p, const char *path, struct stand_in *out, struct err *e)
{
    const char *entity = p->staff ? "STAFF" : "PERSON";
    struct buf stored, full, key;
    bool good = false;
    enum rc rc;

    buf_init(&stored, VAULT_MAX_VALUE_BYTES);
    buf_init(&full, VAULT_MAX_VALUE_BYTES);
    buf_init(&key, VAULT_MAX_VALUE_BYTES);
    stored_name(&stored, &(struct stored_person){p->first, p->last, p->full, p->title});
    stored_part(stored.data, "full", &full);
    slot_key(entity, full.data, full.len, &key);
    rc = buf_check(&key, "a name", e);
    if (rc == RC_OK) rc = buf_check(&stored, "a name", e);
    if (rc == RC_OK) rc = is_name(a, full.data, full.len, path, &good, e);
    if (rc == RC_OK && !good)
        *out = (struct stand_in){.how = STAND_NOTHING};
    else if (rc == RC_OK)
        rc = act(a, policy_action(a->p, entity), entity, key.data, stored.data, p->subject, path, out, e);
    buf_wipe(&key);
    buf_wipe(&full);
    buf_wipe(&stored);
    return rc;
}

static const char *subject_of(const struct admit *a, const char *entity, const char *key)
{
    for (size_t i = 0; i < a->n_known; i++)
        if (str_eq(a->known[i].entity, entity) && str_eq(a->known[i].key, key)) return a->known[i].subject;
    return NULL;
}

/* An address or number that no record of ours owns is still somebody's: it gets a subject of its own. */
static const char *personal_subject(struct admit *a, const char *entity, const char *key)
{
    const char *subject = subject_of(a, entity, key);

    if (subject) return subject;
    if (!str_eq(entity, "EMAIL_ADDRESS") && !str_eq(entity, "PHONE_NUMBER")) return "";
    return arena_printf(&a->scratch, "person:%s:%s", slot_kind(entity), key);
}

static enum rc slot_plain(struct admit *a, const char *entity, const char *s, size_t n, const char *path,
                          struct stand_in *out, struct err *e)
{
    struct buf stored, key;
    const char *subject;
    enum rc rc;

    buf_init(&stored, VAULT_MAX_VALUE_BYTES);
    buf_init(&key, VAULT_MAX_VALUE_BYTES);
    stored_text(&stored, s, n);
    slot_key(entity, s, n, &key);
    rc = buf_check(&key, "a value", e);
    if (rc == RC_OK) rc = buf_check(&stored, "a value", e);
    if (rc == RC_OK) {
        subject = personal_subject(a, entity, key.data);
        rc = subject ? act(a, policy_action(a->p, entity), entity, key.data, stored.data, subject, path, out, e)
                     : admit_no_memory(a, e);
    }
    buf_wipe(&key);
    buf_wipe(&stored);
    return rc;
}

enum rc slot_org(struct admit *a, const char *name, size_t n, const char *path, struct stand_in *out, struct err *e)
{
    bool good = false;
    enum rc rc = is_name(a, name, n, path, &good, e);

    if (rc == RC_OK && !good)
        *out = (struct stand_in){.how = STAND_NOTHING};
    return rc == RC_OK && good ? slot_plain(a, "ORG", name, n, path, out, e) : rc;
}

static enum rc put_value(struct admit *a, enum action action, const char *entity, const struct value *v,
                         const char *path, struct stand_in *out, struct err *e)
{
    struct buf stored, key;
    enum rc rc;

    buf_init(&stored, 256);
    buf_init(&key, 256);
    stored_value(&stored, v);
    value_key(v, &key);
    rc = buf_check(&key, "a value", e);
    if (rc == RC_OK) rc = act(a, action, entity, key.data, stored.data, "", path, out, e);
    buf_wipe(&key);
    buf_wipe(&stored);
    return rc;
}

enum rc slot_value(struct admit *a, const char *entity, const struct value *v, const char *path, struct stand_in *out,
                   struct err *e)
{
    return put_value(a, policy_action(a->p, entity), entity, v, path, out, e);
}

static bool is_fact(const char *entity)
{
    return str_eq(entity, "MONEY") || str_eq(entity, "DATE_TIME") || str_eq(entity, "NUMBER");
}

enum rc slot_text(struct admit *a, const char *entity, const char *s, size_t n, const struct value_locale *l,
                  const char *path, struct stand_in *out, struct err *e)
{
    struct value v;

    if (!is_fact(entity)) return slot_plain(a, entity, s, n, path, out, e);
    value_parse(entity, s, n, l, &v);
    if (v.kind != VALUE_TEXT) return slot_value(a, entity, &v, path, out, e);
    /* "next week" names no value: it stays a word. What has digits is a fact even if we cannot read it. */
    if (!text_has_digit(s, n)) {
        *out = (struct stand_in){.how = STAND_KEEP};
        return RC_OK;
    }
    return slot_plain(a, entity, s, n, path, out, e);
}

enum rc slot_number(struct admit *a, const char *s, size_t n, const struct value_locale *l, struct stand_in *out,
                    struct err *e)
{
    struct value v;
    const struct vault_value *put;
    struct buf stored;
    enum rc rc;

    value_parse("NUMBER", s, n, l, &v);
    if (v.kind != VALUE_TEXT) return put_value(a, ACTION_SLOT, "NUMBER", &v, "", out, e);
    buf_init(&stored, VAULT_MAX_VALUE_BYTES);
    stored_text(&stored, s, n);
    rc = buf_check(&stored, "a number", e);
    if (rc == RC_OK) rc = vault_put(a->out->vault, "NUM", stored.data, stored.data, "", &put, e);
    if (rc == RC_OK) *out = (struct stand_in){.how = STAND_SLOT, .text = put->slot};
    buf_wipe(&stored);
    return rc;
}

enum rc slot_days(struct admit *a, int64_t days, struct stand_in *out, struct err *e)
{
    const struct vault_value *put;
    struct buf stored;
    enum rc rc;

    buf_init(&stored, 64);
    stored_days(&stored, days);
    rc = vault_put(a->out->vault, "DAYS", stored.data, stored.data, "", &put, e);
    if (rc == RC_OK) *out = (struct stand_in){.how = STAND_SLOT, .text = put->slot};
    buf_wipe(&stored);
    return rc;
}
