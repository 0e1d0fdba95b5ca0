/* Any text as a note through policy_admit(): no piece of data holds a bracket or an ASCII digit. */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "../../policy/policy.h"

static const char text[] = "version: 1\n"
                           "purposes: {summary: {legal_basis: contract}}\n"
                           "objects: {opportunity: {summary: [notes, account.name, contact.*]}}\n"
                           "models: [{path: m.gguf, licence: MIT, purposes: [summary]}]\n"
                           "licences: {allow: [MIT]}\n";

static void check(int ok)
{
    if (!ok) abort();
}

static struct policy *open_policy(void)
{
    struct policy_options opt = {.vault_best_effort = true};
    struct policy *p = NULL;
    char path[64];
    int fd = memfd_create("policy", 0);

    check(fd >= 0 && write(fd, text, sizeof(text) - 1) == (ssize_t)sizeof(text) - 1);
    snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
    check(policy_open(path, &opt, &p, NULL) == RC_OK);
    close(fd);
    return p;
}

static void field(struct record *r, const char *name, const char *entity, const char *part, const char *raw)
{
    struct field_spec spec = {.name = name, .type = FIELD_TEXT, .entity = entity, .part = part};

    check(record_add(r, &spec, raw, strlen(raw), NULL, NULL) == RC_OK);
}

static void check_nodes(const struct policy_node *n)
{
    for (; n; n = n->next) {
        for (size_t i = 0; i < n->n_pieces; i++)
            for (size_t k = 0; !n->pieces[i].slot && k < n->pieces[i].n; k++)
                check(!strchr("[]0123456789", n->pieces[i].bytes[k]));
        check_nodes(n->first);
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static struct policy *p;
    static const uint8_t key[KEY_SIZE];
    struct clock clock;
    struct policy_request q = {.purpose = PURPOSE_SUMMARY, .clock = &clock, .hash_key = key};
    struct field_spec notes = {.name = "notes", .type = FIELD_TEXT};
    struct policy_admitted *a = NULL;
    struct record *r = NULL, *account = NULL, *contact = NULL;

    if (!p) p = open_policy();
    check(clock_init(&clock, "2026-11-20", NULL) == RC_OK);
    check(record_open("crm", "opportunity", "O", &r, NULL) == RC_OK);
    check(record_open_in(r, "crm", "account", "A", &account, NULL) == RC_OK);
    check(record_open_in(r, "crm", "contact", "C", &contact, NULL) == RC_OK);
    field(account, "name", "ORG", NULL, "Kestrelworks GmbH");
    field(contact, "first_name", "PERSON", "first", "Henrike");
    field(contact, "last_name", "PERSON", "last", "Thorvald");
    check(record_add_parent(r, "account", account, NULL) == RC_OK);
    check(record_add_parent(r, "contact", contact, NULL) == RC_OK);
    if (record_add(r, &notes, (const char *)data, size, NULL, NULL) == RC_OK) {
        enum rc rc = policy_admit(p, r, &q, &a, NULL);
        check(rc == RC_OK || rc == RC_LIMIT);
        if (a) check_nodes(policy_admitted_root(a));
    }
    policy_admitted_close(a);
    record_close(r);
    return 0;
}
