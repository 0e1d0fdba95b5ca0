/* Schemas whose fields are the record's own words: what they become, and what still fits. Values are kept in clear here. */
#include "../policy/policies.h"
#include "../../base/str.h"
#include "../../daemon/schema_fill.h"

#define POLICY                                                                                                          \
    "version: 1\n"                                                                                                      \
    "purposes: {enrichment: {legal_basis: legitimate_interest}}\n"                                                      \
    "objects: {opportunity: {enrichment: ['*', activities.*]}}\n"                                                       \
    "models: [{path: m.gguf, licence: MIT, purposes: [enrichment]}]\n"                                                  \
    "licences: {allow: [MIT]}\nfacts: checked\npii: {default: keep}\noutput: {languages: [en, de]}\n"

static struct policy_choices *choices_of(const char *next_step, const char *body)
{
    static const uint8_t key[KEY_SIZE] = {7};
    struct policy *p = policy_of(POLICY);
    struct record *r = record_of("opportunity", "O-1"), *x = record_in(r, "activity", "A-1");
    struct policy_admitted *a = NULL;
    struct policy_choices *c = NULL;
    struct clock clock;
    struct err e = {""};
    ck_assert_int_eq(clock_init(&clock, "2026-11-20", NULL), RC_OK);
    struct policy_request q = {.purpose = PURPOSE_ENRICHMENT, .clock = &clock, .hash_key = key, .language = "en"};
    struct policy_room room = {.max = 4000};
    add_entity(r, "name", FIELD_TEXT, NULL, NULL, "Oven line");
    if (*next_step) add_entity(r, "next_step", FIELD_TEXT, NULL, NULL, next_step);
    add_entity(x, "kind", FIELD_ENUM, NULL, NULL, "call");
    if (*body) add_entity(x, "body", FIELD_TEXT, NULL, NULL, body);
    ck_assert_int_eq(record_add_child(r, "activities", x, NULL), RC_OK);
    if (policy_admit(p, r, &q, &a, &e) != RC_OK) ck_abort_msg("%s", e.msg);
    ck_assert_int_eq(policy_choices_open(a, &room, &c, &e), RC_OK);
    policy_admitted_close(a);
    record_close(r);
    policy_close(p);
    return c;
}

static const struct {
    const char *next_step, *body, *schema, *want;
} cases[] = {
    {"", "They complain about the burner. We like \"it\". Send the quote by Friday.", "{\"enum\":[\"$sentences\",null]}",
     "{\"enum\":[null,\"They complain about the burner.\",\"We like \\\"it\\\".\",\"Send the quote by Friday.\"]}"},
    {"call them", "They complain about the burner. Nice day.", "{\"enum\":[\"$steps\",null]}", "{\"enum\":[null,\"Call them.\"]}"},
    {"call them", "They complain about the burner. Nice day.", "{\"enum\":[\"$risks\",null]}", "{\"enum\":[null,\"They complain about the burner.\"]}"},
    {"", "The burner of the oven smokes, the burner!", "{\"type\":\"array\",\"items\":{\"enum\":[\"$words\"]},\"maxItems\":3}",
     "{\"type\":\"array\",\"items\":{\"enum\":[\"burner\",\"oven\",\"smokes\"]},\"maxItems\":3}"},
    {"", "", "{\"properties\":{\"a\":{\"enum\":[\"$risks\",\"none\"]}}}", "{\"properties\":{\"a\":{\"enum\":[\"none\"]}}}"},
    {"", "", "{\"enum\":[\"$risks\"]}", "{\"enum\":[null]}"},
    {"", "", "{\"type\":\"array\",\"items\":{\"enum\":[\"$steps\"]},\"maxItems\":3}", "{\"type\":\"array\",\"maxItems\":0}"},
    {"", "", "{\"const\":\"$risks\"}", "{\"const\":\"$risks\"}"},
};

START_TEST(marks_become_what_the_record_has)
{
    struct policy_choices *c = choices_of(cases[_i].next_step, cases[_i].body);
    struct constraint *lock = NULL;
    struct buf out;
    struct err e = {""};
    buf_init(&out, 100000);
    ck_assert_int_eq(schema_fill(cases[_i].schema, c, &out, &e), RC_OK);
    ck_assert_str_eq(out.data, cases[_i].want);
    if (constraint_json_schema(out.data, out.len, NULL, &lock, &e) != RC_OK) ck_abort_msg("%s", e.msg);
    constraint_close(lock);
    buf_clear(&out);
    policy_choices_close(c);
}
END_TEST

static bool fits(const struct constraint *c, const char *json)
{
    struct constraint_state s;
    constraint_start(c, &s);
    for (; *json; json++)
        if (!constraint_step(c, &s, (uint8_t)*json)) return false;
    return constraint_accepts(c, &s);
}

/* The form takes any string, so that the record's are judged and may be left out. */
START_TEST(the_form_takes_any_string)
{
    struct constraint *c = NULL;
    struct err e = {""};
    ck_assert_int_eq(schema_form("{\"type\":\"object\",\"properties\":{\"step\":{\"enum\":[\"$steps\",null]},\"mood\":{\"enum\":[\"good\"]}},"
                                 "\"required\":[\"step\",\"mood\"],\"additionalProperties\":false}", &c, &e), RC_OK);
    ck_assert(fits(c, "{\"step\":\"Anything at all.\",\"mood\":\"good\"}"));
    ck_assert(fits(c, "{\"step\":null,\"mood\":\"good\"}"));
    ck_assert(!fits(c, "{\"step\":3,\"mood\":\"good\"}"));
    ck_assert(!fits(c, "{\"step\":null,\"mood\":\"bad\"}"));
    constraint_close(c);
    ck_assert(schema_has_marks("{\"enum\":[\"$words\"]}"));
    ck_assert(!schema_has_marks("{\"description\":\"costs $words\"}"));
    ck_assert_int_eq(schema_form("{", &c, &e), RC_BAD);
}
END_TEST

SUITE_MAIN_TABLES("schema_fill", SUITE_EACH(marks_become_what_the_record_has, cases), SUITE_ONE(the_form_takes_any_string))
