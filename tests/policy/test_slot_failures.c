/* The known ways in which other gateways break slots, one test each, named after the failure: from a text or a record into
 * slots, and the clear text back. Texts are worked by hand. */
#include <pthread.h>
#include "policies.h"
#include "../../base/json.h"
#include "../../base/str.h"
#include "slotted_texts.h"

static uint8_t key_a[KEY_SIZE] = {9};
static const struct policy_keys keys = {slotted_key_of, key_a, key_a};

/* What the text becomes in slots. */
static struct policy_released *slotted(const struct policy *p, const char *text, const char *want)
{
    struct policy_edit x = {.source = "crm", .object = "opportunity", .record_id = "O-1", .purpose = PURPOSE_EMAIL,
                            .language = "en", .body = text};
    struct policy_released *r = NULL;
    struct err e = {""};
    if (policy_release_edit(p, &x, &keys, &r, &e) != RC_OK) ck_abort_msg("%s", e.msg);
    ck_assert_str_eq(policy_released_body(r), want);
    return r;
}

static void reveals(const struct policy_released *r, const char *text, const char *want)
{
    char *clear = revealed(r, &keys, text);
    ck_assert_str_eq(clear, want);
    free(clear);
}

/* ---- a record whose contact has this name, and what a model made of it ------------------------------------------------ */

#define DEALS                                                                                                          \
    "version: 1\npurposes: {summary: {legal_basis: contract}}\n"                                                       \
    "objects: {opportunity: {summary: [notes, contact.*]}}\n"                                                          \
    "models: [{path: m, licence: MIT, purposes: [summary]}]\nlicences: {allow: [MIT]}\noutput: {languages: [en]}\n"

static struct policy_released *made(const struct policy *p, const char *first, const char *last, const char *written)
{
    struct record *r = record_of("opportunity", "O-1"), *c = record_in(r, "contact", "C-1");
    struct clock clock;
    const struct policy_request q = {.purpose = PURPOSE_SUMMARY, .clock = &clock, .hash_key = key_a};
    const struct draft d = {.body = written, .prompt = "[PERSON_1] and [EMAIL_1] liked the demo and asked for an offer."};
    struct policy_admitted *a = NULL;
    struct policy_released *out = NULL;
    struct err e = {""};
    add_entity(r, "notes", FIELD_TEXT, NULL, NULL, "They liked the demo and asked for an offer.");
    add_entity(c, "first_name", FIELD_TEXT, "PERSON", "first", first);
    add_entity(c, "last_name", FIELD_TEXT, "PERSON", "last", last);
    add_entity(c, "email", FIELD_TEXT, "EMAIL", NULL, "someone@kestrel.example");
    ck_assert_int_eq(record_add_parent(r, "contact", c, NULL), RC_OK);
    ck_assert_int_eq(clock_init(&clock, "2026-11-20", NULL), RC_OK);
    if (policy_admit(p, r, &q, &a, &e) != RC_OK) ck_abort_msg("%s", e.msg);
    if (policy_release(p, a, &d, &keys, &out, &e) != RC_OK) ck_abort_msg("'%s': %s", written, e.msg);
    policy_admitted_close(a);
    record_close(r);
    return out;
}

static const struct {
    const char *written, *clear;
} rewritten[] = {
    {"[PERSON_1] liked the demo.", "Henrike Thorvald liked the demo."},
    {"**[PERSON_1]** liked the demo.", "Henrike Thorvald liked the demo."},
    {"**PERSON_1** liked the demo.", "Henrike Thorvald liked the demo."},
    {"[PERSON\\_1] liked the demo.", "Henrike Thorvald liked the demo."},
    {"[person_1] liked the demo.", "Henrike Thorvald liked the demo."},
    {"[Person_1] liked the demo.", "Henrike Thorvald liked the demo."},
    {"[PERSON-1] liked the demo.", "Henrike Thorvald liked the demo."},
    {"[PERSON 1] liked the demo.", "Henrike Thorvald liked the demo."},
    {"<PERSON_1> liked the demo.", "Henrike Thorvald liked the demo."},
    {"[PERSON_1:Last] liked the demo.", "Thorvald liked the demo."},
};

START_TEST(a_slot_that_the_model_rewrites)
{
    struct policy *p = policy_of(DEALS);
    struct policy_released *r = made(p, "Henrike", "Thorvald", rewritten[_i].written);
    reveals(r, policy_released_body(r), rewritten[_i].clear);
    policy_released_close(r);
    policy_close(p);
}
END_TEST

/* What stands in a name's place is put in once and not read again, whatever it looks like: a slot with another value, its own
 * slot, half of one. */
START_TEST(a_value_that_looks_like_a_slot)
{
    static const char *const names[][3] = {{"[EMAIL_1]", "Thorvald", "[EMAIL_1] Thorvald liked the demo."},
                                           {"[PERSON_1]", "Thorvald", "[PERSON_1] Thorvald liked the demo."},
                                           {"PERSON_1]", "[EMAIL", "PERSON_1] [EMAIL liked the demo."}};
    struct policy *p = policy_of(DEALS);
    for (size_t i = 0; i < COUNT_OF(names); i++) {
        struct policy_released *r = made(p, names[i][0], names[i][1], "[PERSON_1] liked the demo.");
        reveals(r, policy_released_body(r), names[i][2]);
        policy_released_close(r);
    }
    policy_close(p);
}
END_TEST

/* ---- chunks and offsets ------------------------------------------------------------------------------------------------ */

/* No chunk of a text shows a value that the whole does not show in this place: not that of [EMAIL_1] for the first half of
 * "[EMAIL_12]". Half a slot stays as it is, so that what is put together is whole again. */
START_TEST(a_slot_split_across_chunks)
{
    static const char text[] = "a@a.example b@b.example c@c.example d@d.example e@e.example f@f.example g@g.example h@h.example "
                               "i@i.example j@j.example k@k.example l@l.example";
    static const char in_slots[] = "[EMAIL_1] [EMAIL_2] [EMAIL_3] [EMAIL_4] [EMAIL_5] [EMAIL_6] [EMAIL_7] [EMAIL_8] [EMAIL_9] [EMAIL_10] "
                                   "[EMAIL_11] [EMAIL_12]";
    struct policy *p = slotted_policy();
    struct policy_released *r = slotted(p, text, in_slots);
    for (size_t cut = 0; cut <= strlen(in_slots); cut++) {
        char first[sizeof(in_slots)], want[2 * sizeof(text)];
        snprintf(first, sizeof(first), "%.*s", (int)cut, in_slots);
        const char *open = strrchr(first, '['), *half = open && !strchr(open, ']') ? open : "";
        size_t whole = 0, n = 0; /* slots before the cut, and where their values end in the text */
        for (const char *s = first; (s = strchr(s, ']')); s++) whole++;
        for (size_t i = 0; i < whole; i++) n += strcspn(text + n, " ") + (i + 1 < whole);
        n += *half ? whole > 0 : cut > 0 && in_slots[cut - 1] == ' '; /* the blank behind them */
        snprintf(want, sizeof(want), "%.*s%s", (int)n, text, half);
        reveals(r, first, want);
        size_t rest = *half ? strcspn(in_slots + cut, " ") : 0, skipped = *half ? strcspn(text + n, " ") : 0;
        snprintf(want, sizeof(want), "%.*s%s", (int)rest, in_slots + cut, text + n + skipped);
        reveals(r, in_slots + cut, want);
    }
    policy_released_close(r);
    policy_close(p);
}
END_TEST

/* Values longer and shorter than their slots, and letters of several bytes, one after another and doubled. */
START_TEST(offsets_after_the_first_replacement)
{
    struct policy *p = slotted_policy();
    struct policy_released *r = slotted(p, "ü: a@b.example, a.very.long.name.indeed@mail.kestrel.example €", "ü: [EMAIL_1], [EMAIL_2] €");
    reveals(r, "ü[EMAIL_2]ü[EMAIL_1]ü[EMAIL_2][EMAIL_1]€",
            "üa.very.long.name.indeed@mail.kestrel.exampleüa@b.exampleüa.very.long.name.indeed@mail.kestrel.examplea@b.example€");
    policy_released_close(r);
    policy_close(p);
}
END_TEST

/* ---- one request's vault answers another's ------------------------------------------------------------------------------- */

/* Texts with the same slots: each has its own values, whatever the order of asking, also when another one is gone. */
START_TEST(one_vault_never_answers_anothers_slot)
{
    struct policy *p = slotted_policy();
    struct policy_released *a = slotted(p, "ask a@a.example", "ask [EMAIL_1]"), *b = slotted(p, "ask b@b.example", "ask [EMAIL_1]"),
                           *none = slotted(p, "ask them", "ask them");
    for (int turn = 0; turn < 3; turn++) {
        reveals(a, "[EMAIL_1]", "a@a.example");
        reveals(b, "[EMAIL_1]", "b@b.example");
        reveals(none, "[EMAIL_1]", "[EMAIL_1]");
    }
    policy_released_close(a);
    reveals(b, "[EMAIL_1]", "b@b.example");
    policy_released_close(none);
    policy_released_close(b);
    policy_close(p);
}
END_TEST

struct request {
    const struct policy *policy;
    int who;
};

static void *many_requests(void *request)
{
    const struct request *x = request;
    char first[20], last[20], want[80];
    for (int i = 0; i < 10; i++) {
        snprintf(first, sizeof(first), "Henrike%c", 'a' + x->who);
        snprintf(last, sizeof(last), "Thorvald%c", 'a' + i);
        snprintf(want, sizeof(want), "%s %s liked the demo.", first, last);
        struct policy_released *r = made(x->policy, first, last, "[PERSON_1] liked the demo.");
        reveals(r, policy_released_body(r), want);
        policy_released_close(r);
    }
    return NULL;
}

START_TEST(requests_at_once_have_their_own_values)
{
    struct policy *p = policy_of(DEALS);
    pthread_t threads[4];
    struct request requests[4];
    for (int i = 0; i < 4; i++) {
        requests[i] = (struct request){p, i};
        ck_assert_int_eq(pthread_create(&threads[i], NULL, many_requests, &requests[i]), 0);
    }
    for (int i = 0; i < 4; i++) ck_assert_int_eq(pthread_join(threads[i], NULL), 0);
    policy_close(p);
}
END_TEST

/* ---- JSON ---------------------------------------------------------------------------------------------------------------- */

/* In a document's strings, keys and lists a value is quoted; text that only looks like a document is text. */
START_TEST(slots_inside_json)
{
    struct policy *p = slotted_policy();
    struct policy_released *r = slotted(p, "ask o'n{x}@a.example", "ask [EMAIL_1]"), *q;
    reveals(r, "{\"to\": [\"[EMAIL_1]\", {\"[EMAIL_1]\": \"x [EMAIL_1] y\"}]}",
            "{\"to\": [\"o'n{x}@a.example\", {\"o'n{x}@a.example\": \"x o'n{x}@a.example y\"}]}");
    policy_released_close(r);
    q = slotted(p, "see \"https://a.example/?q=1\\2\"", "see [URL_1]");
    reveals(q, "{\"link\": \"[URL_1]\"}", "{\"link\": \"\\\"https://a.example/?q=1\\\\2\\\"\"}");
    reveals(q, "[1, \"[URL_1]\", [\"\\\"[URL_1]\"]]",
            "[1, \"\\\"https://a.example/?q=1\\\\2\\\"\", [\"\\\"\\\"https://a.example/?q=1\\\\2\\\"\"]]");
    reveals(q, "{link: [URL_1]", "{link: \"https://a.example/?q=1\\2\"");
    policy_released_close(q);
    policy_close(p);
}
END_TEST

/* The arguments of a call are a document within a string of a document: what is put in must be quoted for both. */
START_TEST(slots_inside_arguments)
{
    struct policy *p = slotted_policy();
    struct policy_released *r = slotted(p, "see \"https://a.example/?q=1\\2\"", "see [URL_1]");
    static const char call[] = "{\"name\": \"open\", \"arguments\": \"{\\\"link\\\": \\\"[URL_1]\\\"}\", \"why\": \"[URL_1]\"}";
    char *clear = revealed(r, &keys, call);
    cJSON *outer = cJSON_Parse(clear), *inner = cJSON_Parse(cJSON_GetStringValue(cJSON_GetObjectItemCaseSensitive(outer, "arguments")));
    ck_assert_msg(outer && inner, "%s", clear);
    ck_assert_str_eq(cJSON_GetStringValue(cJSON_GetObjectItemCaseSensitive(outer, "why")), "\"https://a.example/?q=1\\2\"");
    ck_assert_str_eq(cJSON_GetStringValue(cJSON_GetObjectItemCaseSensitive(inner, "link")), "\"https://a.example/?q=1\\2\"");
    cJSON_Delete(inner);
    cJSON_Delete(outer);
    free(clear);
    /* a string that only looks like a document is quoted once */
    reveals(r, "{\"a\": \"{[URL_1]\"}", "{\"a\": \"{\\\"https://a.example/?q=1\\\\2\\\"\"}");
    policy_released_close(r);
    policy_close(p);
}
END_TEST

SUITE_MAIN_TABLES("slot_failures", SUITE_EACH(a_slot_that_the_model_rewrites, rewritten), SUITE_ONE(a_slot_split_across_chunks),
                  SUITE_ONE(offsets_after_the_first_replacement), SUITE_ONE(a_value_that_looks_like_a_slot),
                  SUITE_ONE(one_vault_never_answers_anothers_slot), SUITE_ONE(requests_at_once_have_their_own_values),
                  SUITE_ONE(slots_inside_json), SUITE_ONE(slots_inside_arguments))
