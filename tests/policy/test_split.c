/* Values whose pieces stand in adjoining fields of one record, through policy_admit(). The card and account numbers are
 * the public test numbers of their formats; +49 30 23125 000 and the like are of the blocks that are kept for drama. */
#include "policies.h"
#include "../../base/str.h"

#define POLICY                                                                                                         \
    "version: 1\n"                                                                                                     \
    "purposes: {summary: {legal_basis: contract}}\n"                                                                   \
    "objects: {contact: {summary: ['*']}, lead: {summary: [first, third]}}\n"                                          \
    "models: [{path: m.gguf, licence: MIT, purposes: [summary]}]\n"                                                    \
    "licences: {allow: [MIT]}\n"

static const uint8_t key[KEY_SIZE] = {7};

/* The policy above with more lines. */
static struct policy *policy_with(const char *more)
{
    char text[2000];
    ck_assert_int_lt(snprintf(text, sizeof(text), "%s%s", POLICY, more), (int)sizeof(text));
    return policy_of(text);
}

static void add(struct record *r, const char *name, const char *text)
{
    add_entity(r, name, FIELD_TEXT, NULL, NULL, text);
}

static struct policy_admitted *admit(const struct policy *p, const struct record *r)
{
    struct clock clock;
    struct policy_admitted *a = NULL;
    struct err e = {""};
    ck_assert_int_eq(clock_init(&clock, "2026-11-20", NULL), RC_OK);
    struct policy_request q = {.purpose = PURPOSE_SUMMARY, .clock = &clock, .hash_key = key};
    if (policy_admit(p, r, &q, &a, &e) != RC_OK) ck_abort_msg("%s", e.msg);
    return a;
}

/* A field's admitted text; "-" when nothing of it is left. */
static void text_at(const struct policy_admitted *a, const char *name, char out[4000])
{
    const struct policy_node *n = policy_admitted_root(a)->first;
    while (n && !str_eq(n->name, name)) n = n->next;
    snprintf(out, 4000, "%s", n ? "" : "-");
    for (size_t i = 0; n && i < n->n_pieces; i++) {
        ck_assert_uint_lt(strlen(out) + n->pieces[i].n, 4000);
        strncat(out, n->pieces[i].bytes, n->pieces[i].n);
    }
}

static void is(const struct policy_admitted *a, const char *name, const char *want)
{
    char text[4000];
    text_at(a, name, text);
    ck_assert_msg(strcmp(text, want) == 0, "%s is '%s', not '%s'", name, text, want);
}

struct fields { /* up to four texts and what is left of each */
    const char *names[4], *texts[4], *want[4];
};

static void check_fields(const struct policy *p, const struct fields *x)
{
    struct record *r = record_of("contact", "C-1");
    for (size_t i = 0; i < 4 && x->names[i]; i++) add(r, x->names[i], x->texts[i]);
    struct policy_admitted *a = admit(p, r);
    for (size_t i = 0; i < 4 && x->names[i]; i++) is(a, x->names[i], x->want[i]);
    policy_admitted_close(a);
    record_close(r);
}

START_TEST(values_with_proof)
{
    static const struct fields cases[] = {
        {{"custom_a", "custom_b"}, {"Write to anna@", "example.com before Friday."}, {"Write to [EMAIL_1]", "before Friday."}},
        {{"custom_a", "custom_b"}, {"anna.weber", "@mail.example"}, {"[EMAIL_1]", "-"}},
        {{"custom_a", "custom_b"}, {"Write to anna.weber@mail", ".example or call."}, {"Write to [EMAIL_1]", "or call."}},
        {{"custom_a", "custom_b"}, {"Konto DE89 3704 0044", "0532 0130 00 bei der Bank"}, {"Konto [IBAN_1]", "bei der Bank"}},
        {{"custom_a", "custom_b"}, {"DE893704004", "40532013000"}, {"[IBAN_1]", "-"}},
        {{"custom_a", "custom_b", "custom_c"}, {"GB82 WEST", "1234 5698", "7654 32"}, {"[IBAN_1]", "-", "-"}},
        {{"a", "b", "c", "d"}, {"GB82", "WEST 1234", "5698 7654", "32, London"}, {"[IBAN_1]", "-", "-", ", London"}},
        {{"custom_a", "custom_b"}, {"card 4111 1111", "1111 1111"}, {"card [CREDIT_CARD_1]", "-"}},
        {{"custom_a", "custom_b"}, {"DE89\xc2\xa0" "3704 00\xe2\x80\x8b" "44", "0532 0130 \xef\xbc\x90\xef\xbc\x90"}, {"[IBAN_1]", "-"}},
        {{"tax_id_a", "tax_id_b"}, {"86095", "742719"}, {"[DE_TAX_ID_1]", "-"}},
    };
    struct policy *p = policy_with("");
    for (size_t i = 0; i < COUNT_OF(cases); i++) check_fields(p, &cases[i]);
    policy_close(p);
}
END_TEST

START_TEST(telephone_numbers)
{
    static const struct fields cases[] = {
        {{"phone_area", "phone_line"}, {"030", "23125 000"}, {"[PHONE_1]", "-"}},
        {{"area_code", "telefon"}, {"(0)30", "23125000"}, {"[PHONE_1]", "-"}},
        {{"custom_a", "custom_b"}, {"+49 30", "23125 000"}, {"[PHONE_1]", "-"}},
        {{"phone_a", "phone_b", "phone_c"}, {"+1", "(202)", "555-0142"}, {"[PHONE_1]", "-", "-"}},
        /* No name, no sign: two numbers. */
        {{"seats", "order_no"}, {"030", "23125 000"}, {"[NUM_1]", "[NUM_2] [NUM_3]"}},
        /* Two whole numbers are two. */
        {{"phone", "fax"}, {"+49 30 23125 000", "+49 30 23125 001"}, {"[PHONE_1]", "[PHONE_2]"}},
    };
    struct policy *p = policy_with("");
    for (size_t i = 0; i < COUNT_OF(cases); i++) check_fields(p, &cases[i]);
    policy_close(p);
}
END_TEST

/* Without proof, or where one field has the whole value, nothing moves. */
START_TEST(no_false_alarms)
{
    static const struct fields cases[] = {
        {{"a", "b"}, {"Ask anna@example.com", "berlin.example knows"}, {"Ask [EMAIL_1]", "knows"}}, /* of a link of unknown form nothing is left */
        {{"a", "b"}, {"please ask sales", "@henrike.thorvald wrote back"}, {"please ask sales", "wrote back"}},
        {{"a", "b"}, {"see anna", "bert@example.com"}, {"see anna", "[EMAIL_1]"}},
        {{"a", "b"}, {"meet @", "noon, perhaps"}, {"meet @", "noon, perhaps"}},
        {{"a", "b"}, {"DE89 3704 0044 0532 0130 00", "12 boxes"}, {"[IBAN_1]", "[NUM_1] boxes"}},
        {{"a", "b"}, {"DE89 3704 0044", "0532 0130 01"}, {"[NUM_1] [NUM_2] [NUM_3]", "[PHONE_1]"}},
        {{"a", "b"}, {"card 4111 1111", "1111 1112"}, {"card [NUM_1] [NUM_2]", "[NUM_2] [NUM_3]"}},
        {{"a", "b"}, {"Offer sent", "Waiting for the board"}, {"Offer sent", "Waiting for the board"}},
    };
    struct policy *p = policy_with("");
    for (size_t i = 0; i < COUNT_OF(cases); i++) check_fields(p, &cases[i]);
    policy_close(p);
}
END_TEST

/* Adjoining means: of what is admitted, with no typed field between. */
START_TEST(which_fields_adjoin)
{
    struct policy *p = policy_with("");
    struct record *r = record_of("contact", "C-1");
    add(r, "a", "DE89 3704 0044");
    add(r, "empty", NULL);
    add(r, "b", "0532 0130 00");
    struct policy_admitted *a = admit(p, r);
    is(a, "a", "[IBAN_1]");
    is(a, "b", "-");
    policy_admitted_close(a);
    record_close(r);

    r = record_of("contact", "C-1");
    add(r, "a", "anna@");
    add_entity(r, "since", FIELD_DATE, NULL, NULL, "2026-01-02");
    add(r, "b", "example.com");
    a = admit(p, r);
    is(a, "a", "anna@");
    is(a, "since", "[DATE_1]");
    policy_admitted_close(a);
    record_close(r);

    r = record_of("lead", "C-1"); /* `second` is not admitted, so the prompt has its neighbours side by side */
    add(r, "first", "DE89 3704 0044");
    add(r, "second", "for the rent");
    add(r, "third", "0532 0130 00");
    a = admit(p, r);
    is(a, "first", "[IBAN_1]");
    is(a, "second", "-");
    is(a, "third", "-");
    policy_admitted_close(a);
    record_close(r);
    policy_close(p);
}
END_TEST

/* The policy's action is that of the whole value; the same address elsewhere is the same slot. */
START_TEST(actions_on_both_pieces)
{
    static const struct {
        const char *action, *a, *b;
    } cases[] = {{"slot", "to [EMAIL_1]", "today"}, {"mask", "to (EMAIL)", "today"}, {"drop", "to", "today"},
                 {"keep", "to anna@", "today"}};
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        char more[80];
        snprintf(more, sizeof(more), "pii: {entities: {EMAIL_ADDRESS: %s}}\n", cases[i].action);
        struct policy *p = policy_with(more);
        check_fields(p, &(struct fields){{"a", "b"}, {"to anna@", "example.com today"}, {cases[i].a, cases[i].b}});
        policy_close(p);
    }
    struct policy *p = policy_with("");
    check_fields(p, &(struct fields){{"a", "b", "c"}, {"to anna@", "example.com today", "Anna@Example.com answered"},
                                     {"to [EMAIL_1]", "today", "[EMAIL_1] answered"}});
    policy_close(p);

    p = policy_with("pii: {entities: {EMAIL_ADDRESS: block}}\n");
    struct record *r = record_of("contact", "C-1");
    struct policy_admitted *a = NULL;
    struct clock clock;
    struct err e = {""};
    add(r, "a", "anna@");
    add(r, "b", "example.com");
    ck_assert_int_eq(clock_init(&clock, "2026-11-20", NULL), RC_OK);
    ck_assert_int_eq(policy_admit(p, r, &(struct policy_request){.purpose = PURPOSE_SUMMARY, .clock = &clock, .hash_key = key},
                                  &a, &e), RC_REFUSED);
    ck_assert_msg(strstr(e.msg, "EMAIL_ADDRESS") && !strstr(e.msg, "anna"), "%s", e.msg);
    record_close(r);
    policy_close(p);
}
END_TEST

/* Long texts are joined by their edges only; the middle of neither is searched twice nor cut inside a number. */
START_TEST(edges_of_long_texts)
{
    struct policy *p = policy_with("");
    char left[1000], right[1000], want[1100], text[4000];
    size_t n = 0;
    while (n < 800) n += (size_t)snprintf(left + n, sizeof(left) - n, "The line runs well. ");
    snprintf(want, sizeof(want), "%sWrite to [EMAIL_1]", left);
    strcat(left, "Write to anna@");
    snprintf(right, sizeof(right), "example.com. ");
    for (n = strlen(right); n < 800;) n += (size_t)snprintf(right + n, sizeof(right) - n, "The line runs well. ");
    struct record *r = record_of("contact", "C-1");
    add(r, "a", left);
    add(r, "b", right);
    struct policy_admitted *a = admit(p, r);
    is(a, "a", want);
    text_at(a, "b", text);
    ck_assert_msg(str_starts(text, ". The line"), "%s", text);
    policy_admitted_close(a);
    record_close(r);
    policy_close(p);
}
END_TEST

/* Cut anywhere, no piece of a value is left in either field. */
START_TEST(cut_anywhere)
{
    static const char *const values[] = {"henrike.thorvald@kestrel.example", "DE89 3704 0044 0532 0130 00", "FR1420041010050500013M02606",
                                         "4111 1111 1111 1111"};
    struct policy *p = policy_with("");
    for (size_t i = 0; i < COUNT_OF(values); i++)
        for (size_t at = i ? 1 : strcspn(values[0], "@"); at < strlen(values[i]); at++) { /* before that the rest is an address */
            char left[64], right[128];
            struct record *r = record_of("contact", "C-1");
            if (values[i][at] == ' ' || values[i][at - 1] == ' ') {
                record_close(r);
                continue;
            }
            snprintf(left, sizeof(left), "%.*s", (int)at, values[i]);
            add(r, "a", left);
            add(r, "b", values[i] + at);
            struct policy_admitted *a = admit(p, r);
            char x[4000], y[4000];
            text_at(a, "a", x);
            text_at(a, "b", y);
            snprintf(right, sizeof(right), "%s|%s", left, values[i] + at);
            ck_assert_msg(x[0] == '[' && strchr(x, ']')[1] == '\0', "%s: %s|%s", right, x, y);
            /* an address that is complete without its end (".ex" of ".example") leaves letters that say nothing */
            ck_assert_msg(str_eq(y, "-") || (i == 0 && strlen(y) <= 5), "%s: %s|%s", right, x, y);
            policy_admitted_close(a);
            record_close(r);
        }
    policy_close(p);
}
END_TEST

SUITE_MAIN("split", values_with_proof, telephone_numbers, no_false_alarms, which_fields_adjoin, actions_on_both_pieces,
           edges_of_long_texts, cut_anywhere)
