/* slotted_texts.h: any text into slots and back: what the randomised test and the fuzz target of rehydration share. The
 * text goes where a person's edit goes (policy_release_edit()), which slots what it finds by the record's values and by
 * detection, seals it, and policy_rehydrate() opens it again. */
#ifndef TESTS_POLICY_SLOTTED_TEXTS_H
#define TESTS_POLICY_SLOTTED_TEXTS_H

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include "../../policy/policy.h"

#define SLOTTED_POLICY                                                                                                 \
    "version: 1\npurposes: {email: {legal_basis: legitimate_interest}}\n"                                              \
    "objects: {opportunity: {email: [name]}}\n"                                                                        \
    "models: [{path: m, licence: MIT, purposes: [email]}]\nlicences: {allow: [MIT]}\noutput: {languages: [en, de]}\n"

static inline enum rc slotted_key_of(void *ctx, const char *subject, bool create, uint8_t key[KEY_SIZE], struct err *e)
{
    (void)create;
    (void)e;
    hmac_sha256(ctx, subject, strlen(subject), key);
    return RC_OK;
}

/* NULL on failure. */
static inline struct policy *slotted_policy(void)
{
    char path[] = "/tmp/briefd-slotted-XXXXXX";
    struct policy_options opt = {.vault_best_effort = true};
    struct policy *p = NULL;
    int fd = mkstemp(path);

    if (fd < 0) return NULL;
    if (write(fd, SLOTTED_POLICY, sizeof(SLOTTED_POLICY) - 1) != (ssize_t)sizeof(SLOTTED_POLICY) - 1 ||
        policy_open(path, &opt, &p, NULL) != RC_OK)
        p = NULL;
    close(fd);
    unlink(path);
    return p;
}

/* NULL: rehydrate(slot(text)) is text, or the policy refused the text for a reason of its own; else what is wrong. What
 * the text looks like in slots is left in `slotted` (for messages). The same record's second text is slotted with the
 * values of the first, as a second edit is. */
static inline const char *slotted_fault(const struct policy *p, const char *text, const char *language, struct buf *slotted)
{
    static uint8_t key[KEY_SIZE] = {9};
    struct policy_keys keys = {slotted_key_of, key, key};
    struct policy_edit x = {.source = "crm", .object = "opportunity", .record_id = "O-1", .purpose = PURPOSE_EMAIL,
                            .language = language, .body = text};
    struct policy_released *first = NULL, *second = NULL;
    const char *fault = NULL;
    struct buf clear;
    enum rc rc = policy_release_edit(p, &x, &keys, &first, NULL);

    buf_init(&clear, (size_t)16 << 20);
    buf_reset(slotted);
    if (rc == RC_REFUSED || rc == RC_LIMIT) goto out;
    fault = "the first edit failed";
    if (rc != RC_OK) goto out;
    buf_str(slotted, policy_released_body(first));
    policy_released_values(first, &x.values, &x.n_values);
    fault = "it does not come back";
    if (policy_rehydrate(x.values, x.n_values, &keys, language, policy_released_body(first), &clear, NULL, NULL) != RC_OK ||
        strcmp(clear.data, text) != 0)
        goto out;
    /* What came back is edited once more, now with the values of before. A slot that is typed is one by then, so a text
     * that holds a slot of the first edit's kind and number stands for its value. */
    fault = NULL;
    for (size_t i = 0; i < x.n_values; i++)
        if (strstr(text, x.values[i].slot)) goto out;
    fault = "the second edit failed";
    if (policy_release_edit(p, &x, &keys, &second, NULL) != RC_OK) goto out;
    policy_released_values(second, &x.values, &x.n_values);
    buf_reset(&clear);
    fault = "it does not come back a second time";
    if (policy_rehydrate(x.values, x.n_values, &keys, language, policy_released_body(second), &clear, NULL, NULL) == RC_OK &&
        strcmp(clear.data, text) == 0)
        fault = NULL;
out:
    buf_wipe(&clear);
    policy_released_close(second);
    policy_released_close(first);
    return fault;
}

#endif
