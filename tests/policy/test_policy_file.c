/* The policy file and what it answers, through policy.h: places of errors, roles, models, fields. Lines and columns are
 * counted by hand in the texts below. */
#include "policies.h"

#define HEAD                                                                                                           \
    "version: 1\n"                                                                                                     \
    "purposes: {summary: {legal_basis: contract}, email: {legal_basis: consent}}\n"                                    \
    "objects: {opportunity: {summary: [name, contact.*], email: [name]}}\n"                                            \
    "models: [{path: m.gguf, licence: MIT, purposes: [summary]}]\n"                                                    \
    "licences: {allow: [MIT]}\n"

static const struct misplaced bad[] = {
    {HEAD "pi: {default: slot}\n", ":6:1:", "did you mean 'pii'"},
    {HEAD "output: {max_sentence: 3}\n", ":6:10:", "did you mean 'max_sentences'"},
    {HEAD "output: {max_sentences: 0}\n", ":6:25:", ""},
    {HEAD "output: {max_sentences: 51}\n", ":6:25:", ""},
    {HEAD "output: {max_sentences: few}\n", ":6:25:", ""},
    {HEAD "output: {languages: []}\n", ":6:21:", "at least one"},
    {HEAD "output: {languages: [en, en]}\n", ":6:26:", "twice"},
    {HEAD "output: {languages: [fr]}\n", ":6:22:", ""},
    {HEAD "output: {unknown_words: maybe}\n", ":6:25:", ""},
    {HEAD "facts: maybe\n", ":6:8:", ""},
    {HEAD "facts: slots\nfacts: slots\n", ":7:1:", "twice"},
    {HEAD "pii: {default: hide}\n", ":6:16:", ""},
    {HEAD "pii: {entities: {EMAL_ADDRESS: slot}}\n", ":6:18:", "did you mean 'EMAIL_ADDRESS'"},
    {HEAD "pii: {own: [{entity: lower, pattern: 'a'}]}\n", ":6:22:", "capitals"},
    {HEAD "pii: {own: [{entity: CODE, pattern: '(a'}]}\n", ":6:37:", "CODE"},
    {HEAD "pii: {own: [{entity: CODE, pattern: 'a*b*'}]}\n", ":6:37:", "CODE"},
    {HEAD "pii: {own: [{entity: CODE, pattern: 'a{0,3}'}]}\n", ":6:37:", "empty"},
    {HEAD "pii: {own: [{entity: CODE, pattern: '(?:a{1,30}){1,30}b'}]}\n", ":6:37:", "explodes"},
    {HEAD "pii: {own: [{entity: CODE, pattern: '(?:a{900}){900}'}]}\n", ":6:37:", "too wide"},
    {HEAD "pii: {own: [{entity: CODE}]}\n", ":6:13:", "'pattern' is missing"},
    {HEAD "pii: [slot]\n", ":6:6:", "expected a map"},
    {HEAD "roles: {reader: {records: mine}}\n", ":6:27:", ""},
    {HEAD "roles: {reader: {reveal: perhaps}}\n", ":6:26:", ""},
    {HEAD "retention: {briefs: soon}\n", ":6:21:", ""},
    {HEAD "approval: {four_eyes_above: {field: amount, value: much}}\n", ":6:52:", "amount"},
    {HEAD "instructions: obey\n", ":6:15:", ""},
    {"version: 2\n", ":1:10:", ""},
    {"facts: slots\n", ":1:1:", "'version' is missing"},
};

START_TEST(errors_have_a_place)
{
    refused_with_place(&bad[_i]);
}
END_TEST

START_TEST(no_file)
{
    struct policy *p = NULL;
    struct err e = {""};
    ck_assert_int_eq(policy_open("/nonexistent/policy.yaml", NULL, &p, &e), RC_BAD);
    ck_assert_ptr_nonnull(strstr(e.msg, "/nonexistent/policy.yaml"));
}
END_TEST

#define ROLES                                                                                                          \
    "roles:\n"                                                                                                         \
    "  reader: {records: own}\n"                                                                                       \
    "  approver: {records: team, approve: [summary, email], reveal: yes}\n"                                            \
    "  operator: {content: no, jobs: yes}\n"                                                                           \
    "  dpo: {records: all, erase: yes, reveal: yes}\n"                                                                 \
    "  auditor: {audit: yes}\n"                                                                                          \
    "  examiner: {audit_content: yes}\n"

/* May it, in the order of enum permission: see, approve summary, approve e-mail, reveal, jobs, erase, audit, approve
 * enrichment, audit content. */
static const struct {
    const char *role, *owner, *team, *may;
} permissions[] = {
    {"reader", "dana", "north", "100000000"},   {"reader", "tom", "north", "000000000"},   {"reader", NULL, NULL, "000000000"},
    {"approver", "tom", "north", "111100000"},  {"approver", "tom", "south", "000000000"}, {"approver", "dana", "south", "111100000"},
    {"operator", "dana", "north", "000010000"}, {"dpo", "tom", "south", "100101000"},      {"dpo", NULL, NULL, "100101000"},
    {"auditor", "dana", "north", "000000100"},  {"nobody", "dana", "north", "000000000"},
    {"examiner", "dana", "north", "000000001"},
};

START_TEST(roles)
{
    struct policy *p = policy_of(HEAD ROLES);
    struct viewer v = {.role = permissions[_i].role, .identity = "dana", .team = "north"}, stranger = {.role = v.role};
    for (int what = MAY_SEE; what <= MAY_AUDIT_CONTENT; what++)
        ck_assert_msg(policy_may(p, &v, (enum permission)what, permissions[_i].owner, permissions[_i].team) ==
                          (permissions[_i].may[what] == '1'),
                      "%s: %d", v.role, what);
    if (strcmp(v.role, "dpo") != 0) /* without an identity nothing is one's own */
        ck_assert(!policy_may(p, &stranger, MAY_SEE, permissions[_i].owner, permissions[_i].team));
    policy_close(p);
}
END_TEST

START_TEST(models)
{
    struct policy *p = policy_of(HEAD);
    struct err e = {""};
    ck_assert_int_eq(policy_check_model(p, "/x/m.gguf", "MIT", "", PURPOSE_SUMMARY, &e), RC_OK);
    ck_assert_int_eq(policy_check_model(p, "/x/m.gguf", "MIT", "", PURPOSE_EMAIL, &e), RC_REFUSED);
    ck_assert_int_eq(policy_check_model(p, "/x/other.gguf", "MIT", "", PURPOSE_SUMMARY, &e), RC_REFUSED);
    ck_assert_int_eq(policy_check_model(p, "/x/m.gguf", "GPL-3.0", "", PURPOSE_SUMMARY, &e), RC_REFUSED);
    policy_close(p);
}
END_TEST

static const struct {
    const char *root, *path, *object, *entity;
    bool wanted;
} fields[] = {
    {"opportunity", "name", "opportunity", NULL, true},
    {"opportunity", "secret", "opportunity", NULL, false},
    {"opportunity", "contact.anything", "contact", NULL, true},
    {"opportunity", "contact.account.anything", "account", NULL, false}, /* the star is one name */
    {"opportunity", "buyer.anything", "contact", NULL, false},           /* the path counts, not the object */
    {"contact", "anything", "contact", NULL, false},
    {"case", "subject", "case", NULL, false},
    {"opportunity", "secret", "opportunity", "US_SSN", false}, /* found by its form */
    {"opportunity", "buyer.last_name", "contact", "PERSON", true},
    {"opportunity", "champion", "opportunity", "STAFF", true},
    {"opportunity", "buyer.mail", "contact", "EMAIL", true},
    {"opportunity", "account.name", "account", "ORG", true},
    {"opportunity", "buyer.stop", "contact", NULL, true}, /* consent: whichever way the person comes in */
    {"lead", "stop", "lead", NULL, true},
    {"account", "stop", "account", NULL, false},
    {"opportunity", "account.state", "account", NULL, true}, /* regions: */
    {"opportunity", "state", "opportunity", NULL, false},
    {"opportunity", "volume", "opportunity", NULL, true}, /* four eyes */
    {"opportunity", "account.volume", "account", NULL, false},
    {"opportunity", "buyer.language", "contact", NULL, true},
    {"opportunity", "closed_at", "opportunity", NULL, true},
};

START_TEST(wanted_fields)
{
    struct policy *p = policy_of("version: 1\n"
                                 "purposes: {summary: {legal_basis: contract, blocked_when: [{object: contact, field: stop, is: true}]}}\n"
                                 "objects: {opportunity: {summary: [name, contact.*], email: [name]}}\n"
                                 "approval: {four_eyes_above: {field: volume, value: 1000}}\n"
                                 "regions: {fields: [account.state], names: {EU: [DE]}}\n");
    ck_assert_msg(policy_wants_field(p, fields[_i].root, fields[_i].path, fields[_i].object, fields[_i].entity) == fields[_i].wanted,
                  "%s: %s", fields[_i].root, fields[_i].path);
    policy_close(p);
}
END_TEST

START_TEST(the_sample)
{
    const char *source = getenv("BRIEFD_TEST_SOURCE");
    char path[1024];
    struct policy *p = NULL;
    struct err e = {""};
    snprintf(path, sizeof(path), "%s/etc/policy.yaml", source ? source : ".");
    if (policy_open(path, NULL, &p, &e) != RC_OK) ck_abort_msg("%s", e.msg);
    ck_assert(policy_facts_slots(p));
    ck_assert(policy_auto_approves(p, PURPOSE_SUMMARY) && !policy_auto_approves(p, PURPOSE_EMAIL));
    ck_assert(policy_wants_field(p, "lead", "do_not_email", "lead", NULL));
    ck_assert(policy_wants_field(p, "opportunity", "stage_since", "opportunity", NULL));
    ck_assert(!policy_wants_field(p, "opportunity", "ai_summary", "opportunity", NULL));
    ck_assert_uint_eq(strlen(policy_hash(p)), 64);
    policy_close(p);
}
END_TEST

SUITE_MAIN_TABLES("policy_file", SUITE_EACH(errors_have_a_place, bad), SUITE_EACH(roles, permissions), SUITE_ONE(no_file),
                  SUITE_ONE(models), SUITE_EACH(wanted_fields, fields), SUITE_ONE(the_sample))
