/* What the policy file says of people, regions, consent, licences and four eyes, and the dry run with its lines, through
 * policy.h. Lines and columns are counted by hand in the texts below. */
#include "policies.h"
#include "../../base/str.h"

#define HEAD                                                                                                           \
    "version: 1\n"                                                                                                     \
    "purposes: {summary: {legal_basis: contract}}\n"                                                                   \
    "objects: {opportunity: {summary: [name, stage, notes, account.name, contact.*]}}\n"                               \
    "licences: {allow: [MIT]}\n"                                                                                       \
    "models: [{path: m.gguf, licence: MIT, purposes: [summary]}]\n"
#define REGIONS                                                                                                        \
    "version: 1\n"                                                                                                     \
    "purposes: {summary: {legal_basis: contract}}\n"                                                                   \
    "objects: {opportunity: {summary: [name]}}\n"                                                                      \
    "licences: {allow: [MIT]}\n"                                                                                       \
    "regions: {fields: [country, account.country], names: {EU: [Germany, France], UK: [United Kingdom]}}\n"            \
    "models:\n"                                                                                                        \
    "  - {path: eu.gguf, licence: MIT, purposes: [summary], regions: [EU]}\n"                                          \
    "  - {path: any.gguf, licence: MIT, purposes: [summary]}\n"                                                        \
    "  - {path: rest.gguf, licence: MIT, purposes: [summary], regions: [UK, unknown]}\n"

/* ---- mistakes ----------------------------------------------------------------------------------------------------- */

static const struct misplaced bad[] = {
    {HEAD "roles: {a: {hide: [amount]}}\n", ":6:20:", "OBJECT.FIELD"},
    {HEAD "roles: {a: {sources: crm}}\n", ":6:22:", "expected a list"},
    {HEAD "roles: {a: {source: [crm]}}\n", ":6:13:", "did you mean 'sources'"},
    {HEAD "regions: {fields: [country]}\n", ":6:10:", "'names' is missing"},
    {HEAD "regions: {names: {EU: [DE]}}\n", ":6:10:", "'fields' is missing"},
    {"version: 1\nmodels: [{path: m, licence: MIT, purposes: [summary], regions: [EU]}]\n", ":2:65:", "'EU' is not in regions"},
    {"version: 1\nmodels: [{path: m, licence: Apache-2, purposes: [summary]}]\n", ":2:29:", "did you mean 'Apache-2.0'"},
    {"version: 1\nmodels: [{path: m, licence: ours, purposes: [summary]}]\n", ":2:29:", "LicenseRef-"},
    {"version: 1\npurposes: {summary: {legal_basis: habit}}\n", ":2:35:", ""},
    {"version: 1\npurposes: {summary: {legal_basis: contract, consent_given: []}}\n", ":2:60:", "consent only"},
};

START_TEST(errors_have_a_place)
{
    refused_with_place(&bad[_i]);
}
END_TEST

/* ---- people --------------------------------------------------------------------------------------------------------- */

START_TEST(roles_are_limited_to_sources_and_objects)
{
    struct policy *p = policy_of(HEAD "roles: {a: {records: all, sources: [crm], objects: [lead]}, b: {records: own}, c: {records: all,"
                                      " approve: [enrichment]}}\n");
    const struct viewer a = {.role = "a"}, b = {.role = "b", .identity = "u1"}, c = {.role = "c"}, nobody = {.role = "x"};
    ck_assert(policy_allows(p, &a, MAY_SEE, &(struct access_to){"crm", "lead", "u1", NULL}));
    ck_assert(!policy_allows(p, &a, MAY_SEE, &(struct access_to){"erp", "lead", "u1", NULL}));
    ck_assert(!policy_allows(p, &a, MAY_SEE, &(struct access_to){"crm", "contact", "u1", NULL}));
    ck_assert(policy_allows(p, &b, MAY_SEE, &(struct access_to){"erp", "contact", "u1", NULL}));
    ck_assert(!policy_allows(p, &b, MAY_SEE, &(struct access_to){"erp", "contact", "u2", NULL}));
    ck_assert(policy_allows(p, &c, MAY_APPROVE_ENRICHMENT, &(struct access_to){"crm", "lead", NULL, NULL}));
    ck_assert(!policy_allows(p, &c, MAY_APPROVE_SUMMARY, &(struct access_to){"crm", "lead", NULL, NULL}));
    ck_assert(!policy_allows(p, &nobody, MAY_SEE, &(struct access_to){"crm", "lead", NULL, NULL}));
    ck_assert_int_eq(policy_approving(PURPOSE_SUMMARY), MAY_APPROVE_SUMMARY);
    ck_assert_int_eq(policy_approving(PURPOSE_EMAIL), MAY_APPROVE_EMAIL);
    ck_assert_int_eq(policy_approving(PURPOSE_ENRICHMENT), MAY_APPROVE_ENRICHMENT);
    ck_assert(policy_has_role(p, "a") && !policy_has_role(p, "x"));
    policy_close(p);
}
END_TEST

START_TEST(hidden_fields_withhold_what_may_rest_on_them)
{
    struct policy *p = policy_of(HEAD "roles: {a: {hide: [opportunity.stage]}, b: {hide: [contact.email]}, c: {hide: [opportunity.amount]}, d: {}}\n");
    const char *hash = policy_hash(p);
    const struct viewer a = {.role = "a"}, b = {.role = "b"}, c = {.role = "c"}, d = {.role = "d"};
    ck_assert(policy_hides(p, &a, "opportunity", PURPOSE_SUMMARY, hash));
    ck_assert(policy_hides(p, &b, "opportunity", PURPOSE_SUMMARY, hash)); /* contact.* */
    ck_assert(!policy_hides(p, &c, "opportunity", PURPOSE_SUMMARY, hash)); /* not admitted at all */
    ck_assert(policy_hides(p, &c, "opportunity", PURPOSE_SUMMARY, "made under another policy"));
    ck_assert(!policy_hides(p, &d, "opportunity", PURPOSE_SUMMARY, "made under another policy"));
    policy_close(p);
    /* a buyer may be a contact, an account is none */
    p = policy_of("version: 1\nobjects: {opportunity: {summary: [buyer.email, account.phone]}, account: {summary: [name]}}\n"
                  "roles: {a: {hide: [contact.email]}, b: {hide: [contact.phone]}, c: {hide: [account.phone]}}\n");
    ck_assert(policy_hides(p, &a, "opportunity", PURPOSE_SUMMARY, policy_hash(p)));
    ck_assert(!policy_hides(p, &b, "opportunity", PURPOSE_SUMMARY, policy_hash(p)));
    ck_assert(policy_hides(p, &c, "opportunity", PURPOSE_SUMMARY, policy_hash(p)));
    policy_close(p);
}
END_TEST

static const struct {
    enum field_type type;
    const char *amount;
    unsigned people;
} amounts[] = {
    {FIELD_MONEY, "1000000.00", 1}, {FIELD_MONEY, "1000000.01", 2}, {FIELD_MONEY, "999999.99", 1}, {FIELD_INTEGER, "2000000", 2},
    {FIELD_TEXT, "a lot", 2}, /* cannot be read: may be any */ {FIELD_MONEY, NULL, 1}, {FIELD_MONEY, "-5000000", 1},
};

START_TEST(four_eyes_above_an_amount)
{
    struct policy *p = policy_of(HEAD "approval: {summary: auto, four_eyes_above: {field: amount, value: 1000000}}\n"), *none = policy_of(HEAD);
    struct record *r = record_of("opportunity", "O-1");
    ck_assert_uint_eq(policy_approvals(p, r), 1);
    add_entity(r, "amount", amounts[_i].type, NULL, NULL, amounts[_i].amount);
    ck_assert_uint_eq(policy_approvals(p, r), amounts[_i].people);
    ck_assert_uint_eq(policy_approvals(none, r), 1);
    record_close(r);
    policy_close(none);
    policy_close(p);
}
END_TEST

/* ---- regions, consent, licences ------------------------------------------------------------------------------------ */

static const struct {
    const char *country, *of_account;
    bool eu, rest;
} places[] = {
    {"Germany", NULL, true, false},  {"germany", NULL, true, false},        {NULL, "France", true, false}, {"United Kingdom", "France", false, true},
    {"Brazil", NULL, false, true},   {NULL, NULL, false, true},             {"", "Germany", true, false},
};

START_TEST(regions_decide_which_model)
{
    struct policy *p = policy_of(REGIONS);
    struct record *r = record_of("opportunity", "O-1"), *account = record_in(r, "account", "A-1");
    struct err e = {""};
    if (places[_i].country) add_entity(r, "country", FIELD_TEXT, NULL, NULL, places[_i].country);
    if (places[_i].of_account) add_entity(account, "country", FIELD_TEXT, NULL, NULL, places[_i].of_account);
    ck_assert_int_eq(record_add_parent(r, "account", account, NULL), RC_OK);
    ck_assert_int_eq(policy_check_region(p, "/models/eu.gguf", r, &e), places[_i].eu ? RC_OK : RC_REFUSED);
    ck_assert_int_eq(policy_check_region(p, "/models/rest.gguf", r, &e), places[_i].rest ? RC_OK : RC_REFUSED);
    ck_assert_int_eq(policy_check_region(p, "/models/any.gguf", r, &e), RC_OK);
    record_close(r);
    policy_close(p);
}
END_TEST

START_TEST(consent_must_have_been_given)
{
    struct policy *p = policy_of("version: 1\npurposes: {summary: {legal_basis: consent, consent_given: [{object: lead, field: agreed, is: yes}]}}\n"
                                 "objects: {lead: {summary: [status]}}\n");
    const struct clock clock = {.fixed = true};
    const uint8_t key[KEY_SIZE] = {1};
    const struct policy_request q = {.purpose = PURPOSE_SUMMARY, .clock = &clock, .hash_key = key};
    static const char *const words[] = {NULL, "false", "true"};
    for (size_t i = 0; i < 3; i++) {
        struct policy_admitted *a = NULL;
        struct err e = {""};
        struct record *r = record_of("lead", "L-1");
        add_entity(r, "status", FIELD_ENUM, NULL, NULL, "New");
        if (words[i]) add_entity(r, "agreed", FIELD_BOOL, NULL, NULL, words[i]);
        ck_assert_int_eq(policy_admit(p, r, &q, &a, &e), i == 2 ? RC_OK : RC_REFUSED);
        ck_assert(i == 2 || strstr(e.msg, "consent"));
        policy_admitted_close(a);
        record_close(r);
    }
    const char *object, *field; /* a source must map it */
    ck_assert(policy_consent_field(p, 0, &object, &field));
    ck_assert_str_eq(field, "agreed");
    ck_assert(policy_wants_field(p, "lead", "agreed", "lead", NULL));
    ck_assert_str_eq(policy_legal_basis(p, PURPOSE_SUMMARY), "consent");
    ck_assert_ptr_null(policy_legal_basis(p, PURPOSE_EMAIL));
    policy_close(p);
}
END_TEST

/* Llama 2's own licence is no open source licence: refused, until the file allows it by name. */
START_TEST(licences_must_be_allowed)
{
    struct policy *p = policy_of("version: 1\nlicences: {allow: [MIT]}\nmodels: [{path: m, licence: llama2, purposes: [summary]}]\n");
    struct err e = {""};
    ck_assert_int_eq(policy_check_model(p, "m", "llama2", "", PURPOSE_SUMMARY, &e), RC_REFUSED);
    ck_assert_msg(strstr(e.msg, "OSI has not approved"), "%s", e.msg);
    policy_close(p);
    p = policy_of("version: 1\nlicences: {allow: [MIT, llama2]}\nmodels: [{path: m, licence: llama2, purposes: [summary]}]\n");
    ck_assert_int_eq(policy_check_model(p, "m", "llama2", "", PURPOSE_SUMMARY, &e), RC_OK);
    ck_assert_int_eq(policy_check_model(p, "m", "MIT", "", PURPOSE_SUMMARY, &e), RC_REFUSED); /* the file itself says another */
    policy_close(p);
    p = policy_of("version: 1\nlicences: {allow: [Apache-2.0]}\nmodels: [{path: m, licence: MIT, purposes: [summary]}]\n");
    ck_assert_int_eq(policy_check_model(p, "m", "", "", PURPOSE_SUMMARY, &e), RC_REFUSED);
    ck_assert_msg(!strstr(e.msg, "OSI"), "%s", e.msg);
    policy_close(p);
}
END_TEST

/* ---- the dry run ---------------------------------------------------------------------------------------------------- */

#define EXPLAINED                                                                                                      \
    "version: 1\n"                                                             /* 1 */                                 \
    "purposes:\n"                                                                                                      \
    "  summary:\n"                                                                                                     \
    "    legal_basis: contract\n"                                              /* 4 */                                 \
    "    blocked_when: [{object: contact, field: stop, is: true}]\n"           /* 5 */                                 \
    "objects:\n"                                                                                                       \
    "  opportunity:\n"                                                                                                 \
    "    summary:\n"                                                           /* 8 */                                 \
    "      - name\n"                                                           /* 9 */                                 \
    "      - notes\n"                                                          /* 10 */                                \
    "      - contact.*\n"                                                      /* 11 */                                \
    "pii:\n"                                                                                                           \
    "  default: mask\n"                                                        /* 13 */                                \
    "  entities:\n"                                                                                                    \
    "    CREDIT_CARD: drop\n"                                                  /* 15 */                                \
    "    PERSON: slot\n"                                                       /* 16 */                                \
    "  special_categories: drop_clause\n"                                      /* 17 */

struct told {
    const char *path, *action, *why;
    size_t line;
    bool seen;
};

static enum rc on_entry(void *ctx, const struct policy_explained *x, struct err *e)
{
    struct told *t = ctx;
    (void)e;
    ck_assert_msg(!strstr(x->why, "4111") && !strstr(x->why, "Lindqvist"), "a value is told: %s", x->why);
    for (; t->path; t++)
        if (str_eq(t->path, x->path) && str_eq(t->action, x->action) && strstr(x->why, t->why)) {
            ck_assert_msg(t->line == x->line, "%s %s: line %zu, not %zu", x->path, x->action, x->line, t->line);
            t->seen = true;
        }
    return RC_OK;
}

static void explain(bool stop, struct told *want)
{
    struct policy *p = policy_of(EXPLAINED);
    struct record *r = record_of("opportunity", "O-1"), *c = record_in(r, "contact", "C-1");
    const struct clock clock = {.fixed = true};
    const uint8_t key[KEY_SIZE] = {1};
    const struct policy_request q = {.purpose = PURPOSE_SUMMARY, .clock = &clock, .hash_key = key};
    struct err e = {""};
    add_entity(r, "name", FIELD_TEXT, NULL, NULL, "Sensors");
    add_entity(r, "secret", FIELD_TEXT, NULL, NULL, "x");
    add_entity(r, "notes", FIELD_TEXT, NULL, NULL, "Card 4111 1111 1111 1111 of Jo Lindqvist. Write to jo@example.com. He is ill with cancer.");
    add_entity(c, "first_name", FIELD_TEXT, "PERSON", "first", "Jo");
    add_entity(c, "last_name", FIELD_TEXT, "PERSON", "last", "Lindqvist");
    add_entity(c, "stop", FIELD_BOOL, NULL, NULL, stop ? "true" : "false");
    ck_assert_int_eq(record_add_parent(r, "contact", c, NULL), RC_OK);
    ck_assert_msg(policy_explain(p, r, &q, on_entry, want, &e) == RC_OK, "%s", e.msg);
    for (; want->path; want++) ck_assert_msg(want->seen, "not told: %s %s '%s'", want->path, want->action, want->why);
    record_close(r);
    policy_close(p);
}

START_TEST(each_field_is_explained_by_its_line)
{
    struct told want[] = {{"purposes.summary", "admitted", "contract", 4, false},
                          {"contact.stop", "passes", "blocked_when", 5, false},
                          {"name", "admitted", "listed as name", 9, false},
                          {"secret", "left out", "not in the list", 8, false},
                          {"notes", "admitted", "listed as notes", 10, false},
                          {"notes", "drop", "CREDIT_CARD", 15, false},
                          {"notes", "mask", "EMAIL_ADDRESS", 13, false},
                          {"notes", "slot", "PERSON", 16, false},
                          {"notes", "drop", "health", 17, false},
                          {"contact.last_name", "admitted", "contact.*", 11, false},
                          {"contact.last_name", "slot", "PERSON", 16, false},
                          {"contact.full_name", "slot", "PERSON", 16, false},
                          {0}};
    explain(false, want);
}
END_TEST

START_TEST(a_refusal_is_explained)
{
    struct told want[] = {{"", "refused", "blocked_when", 0, false},
                          {"contact.stop", "holds", "blocked_when", 5, false},
                          {"notes", "drop", "CREDIT_CARD", 15, false},
                          {0}};
    explain(true, want);
}
END_TEST

SUITE_MAIN_TABLES("access", SUITE_EACH(errors_have_a_place, bad), SUITE_ONE(roles_are_limited_to_sources_and_objects),
                  SUITE_ONE(hidden_fields_withhold_what_may_rest_on_them), SUITE_EACH(four_eyes_above_an_amount, amounts),
                  SUITE_EACH(regions_decide_which_model, places), SUITE_ONE(consent_must_have_been_given),
                  SUITE_ONE(licences_must_be_allowed), SUITE_ONE(each_field_is_explained_by_its_line), SUITE_ONE(a_refusal_is_explained))
