/* Any bytes as a model's sentence, a draft, a stored text and a person's edit: what is released has only slots that have
 * their value, no digit beside them, and an edit comes back byte for byte. */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "../../policy/policy.h"

static struct policy *policy;
static struct policy_admitted *admitted;
static struct policy_released *released; /* gives the values that edits and stored texts meet */
static uint8_t key_bytes[KEY_SIZE] = {1};

static void check(int ok)
{
    if (!ok) abort();
}

static enum rc key_of(void *ctx, const char *subject, bool create, uint8_t key[KEY_SIZE], struct err *e)
{
    (void)create;
    (void)e;
    hmac_sha256(ctx, subject, strlen(subject), key);
    return RC_OK;
}
static const struct policy_keys keys = {key_of, key_bytes, key_bytes};

static const char policy_text[] =
    "version: 1\npurposes: {email: {legal_basis: legitimate_interest}}\n"
    "objects: {opportunity: {email: [name, close_date, amount, notes, contact.full_name]}}\n"
    "models: [{path: m, licence: MIT, purposes: [email]}]\nlicences: {allow: [MIT]}\noutput: {languages: [de]}\n";

static void add(struct record *r, const char *name, enum field_type type, const char *entity, const char *part,
                const char *raw)
{
    struct field_spec spec = {.name = name, .type = type, .entity = entity, .part = part};

    check(record_add(r, &spec, raw, strlen(raw), type == FIELD_MONEY ? "EUR" : NULL, NULL) == RC_OK);
}

static void open_all(void)
{
    char path[] = "/tmp/fuzz-release-XXXXXX";
    struct policy_options opt = {.vault_best_effort = true};
    struct clock clock;
    struct policy_request q = {.purpose = PURPOSE_EMAIL, .clock = &clock, .hash_key = key_bytes, .language = "de"};
    struct draft d = {.body = "[PERSON_1]: in [DAYS_1], [DATE_1].", .greeting_to = "contact", .sender_name = "Dana Vale"};
    struct record *r = NULL, *c = NULL;
    int fd = mkstemp(path);

    check(fd >= 0 && write(fd, policy_text, sizeof(policy_text) - 1) == sizeof(policy_text) - 1);
    close(fd);
    check(policy_open(path, &opt, &policy, NULL) == RC_OK);
    unlink(path);
    check(clock_init(&clock, "2026-11-20", NULL) == RC_OK && record_open("crm", "opportunity", "O-1", &r, NULL) == RC_OK);
    add(r, "name", FIELD_TEXT, NULL, NULL, "Wartungsvertrag");
    add(r, "close_date", FIELD_DATE, NULL, NULL, "2026-12-02");
    add(r, "amount", FIELD_MONEY, NULL, NULL, "48000.00");
    add(r, "notes", FIELD_TEXT, NULL, NULL, "Der Kunde will die Anlage im Februar abnehmen und fragt nach Schulungen.");
    check(record_open_in(r, "crm", "contact", "C-1", &c, NULL) == RC_OK);
    add(c, "first_name", FIELD_TEXT, "PERSON", "first", "Henrike");
    add(c, "last_name", FIELD_TEXT, "PERSON", "last", "Thorvald");
    check(record_add_parent(r, "contact", c, NULL) == RC_OK);
    check(policy_admit(policy, r, &q, &admitted, NULL) == RC_OK);
    record_close(r);
    check(policy_release(policy, admitted, &d, &keys, &released, NULL) == RC_OK);
}

/* No digit but in slots. */
static void check_digits(const char *s)
{
    for (bool inside = false; s && *s; s++) {
        inside = *s == '[' || (inside && *s != ']');
        check(inside || *s < '0' || *s > '9');
    }
}

static void fuzz_release(const char *text)
{
    struct draft d = {.subject = text, .body = text, .bullets = &text, .n_bullets = 1, .prompt = "Wartungsvertrag"};
    struct policy_released *r = NULL;
    struct policy_judged judged;
    const char *const *bullets;
    size_t n;
    enum rc rc = policy_release(policy, admitted, &d, &keys, &r, NULL);

    policy_judge(policy, admitted, &d, &judged);
    check(rc == RC_OK || rc == RC_REFUSED || rc == RC_LIMIT);
    if (rc != RC_OK) return;
    check_digits(policy_released_subject(r));
    check_digits(policy_released_body(r));
    policy_released_bullets(r, &bullets, &n);
    for (size_t i = 0; i < n; i++) check_digits(bullets[i]);
    policy_released_close(r);
}

static void fuzz_edit(const char *text)
{
    struct policy_edit x = {.source = "crm", .object = "opportunity", .record_id = "O-1", .language = "de", .body = text};
    struct policy_released *r = NULL;
    const struct policy_value *v;
    struct buf out, typed;
    size_t n;
    enum rc rc;

    policy_released_values(released, &x.values, &x.n_values);
    rc = policy_release_edit(policy, &x, &keys, &r, NULL);
    check(rc == RC_OK || rc == RC_REFUSED || rc == RC_LIMIT);
    if (rc != RC_OK) return;
    policy_released_values(r, &v, &n);
    buf_init(&out, 4 << 20);
    buf_init(&typed, 4 << 20);
    check(policy_rehydrate(v, n, &keys, "de", policy_released_body(r), &out, NULL, NULL) == RC_OK);
    /* slots that were typed are slots */
    check(policy_rehydrate(x.values, x.n_values, &keys, "de", text, &typed, NULL, NULL) == RC_OK);
    check(strcmp(out.data, typed.data) == 0);
    buf_clear(&out);
    buf_clear(&typed);
    policy_released_close(r);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    char *text = malloc(size + 1);

    check(text != NULL);
    if (!policy) open_all();
    if (size) memcpy(text, data, size);
    text[size] = '\0';
    fuzz_release(text);
    fuzz_edit(text);
    free(text);
    return 0;
}
