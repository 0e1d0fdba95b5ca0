/* What the record answers to a customer's question (policy/answers.h), through policy_admit(). Dates and sums are slots here, as the
 * sample policy has them. Today is 2026-11-20. Most rows are tempting wrong answers. */
#include "policies.h"
#include "../../base/str.h"

#define POLICY_TEXT(more)                                                                                               \
    "version: 1\n"                                                                                                      \
    "purposes: {email: {legal_basis: legitimate_interest}}\n"                                                           \
    "objects:\n"                                                                                                        \
    "  opportunity: {email: ['*', contact.full_name, owner.name, activities.*, activities.who.full_name, tasks.*]}\n"     \
    "  lead: {email: ['*', owner.name, activities.*]}\n"                                                                \
    "  case: {email: ['*', contact.full_name, owner.name, activities.*, activities.who.full_name]}\n"                     \
    "models: [{path: m.gguf, licence: MIT, purposes: [email]}]\n"                                                       \
    "licences: {allow: [MIT]}\n"                                                                                        \
    "facts: slots\npii: {default: slot}\n"                                                                              \
    "output: {languages: [en, de]" more "}\n"

static struct record *person_in(struct record *r, const char *id, const char *name)
{
    struct record *x = record_in(r, "contact", id);
    add_entity(x, "full_name", FIELD_TEXT, "PERSON", "full", name);
    return x;
}

static void add_activity(struct record *r, const char *line, int n)
{
    char *copy = strdup(line), *save = NULL, id[16];
    const char *kind = strtok_r(copy, "|", &save), *direction = strtok_r(NULL, "|", &save), *date = strtok_r(NULL, "|", &save);
    const char *who = strtok_r(NULL, "|", &save), *body = strtok_r(NULL, "", &save);
    struct record *x;
    ck_assert_ptr_nonnull(body);
    snprintf(id, sizeof(id), "A-%d", n);
    x = record_in(r, "activity", id);
    add_entity(x, "kind", FIELD_ENUM, NULL, NULL, kind);
    add_entity(x, "direction", FIELD_ENUM, NULL, NULL, direction);
    add_entity(x, "date", FIELD_DATE, NULL, NULL, date);
    add_spec(x, &(struct field_spec){.name = "body", .type = FIELD_TEXT, .origin = str_eq(direction, "inbound") ? ORIGIN_OUTSIDE : ORIGIN_INSIDE}, body);
    if (!str_eq(who, "-")) ck_assert_int_eq(record_add_parent(x, "who", person_in(r, str_eq(who, "Ada Moor") ? "C-1" : "C-2", who), NULL), RC_OK);
    ck_assert_int_eq(record_add_child(r, "activities", x, NULL), RC_OK);
    free(copy);
}

/* "OBJECT field=value|..." then one activity a line, newest first: "kind|direction|date|who|body". The contact is Ada Moor, the owner Dana Vale. */
static struct record *record_from(const char *text)
{
    char *copy = strdup(text), *save = NULL, *field = NULL;
    char *head = strtok_r(copy, "\n", &save), *object = strtok_r(head, " ", &field);
    struct record *r = record_of(object, "X-1"), *owner;
    int n = 0;
    for (char *f = strtok_r(NULL, "|", &field); f; f = strtok_r(NULL, "|", &field)) {
        char *value = strchr(f, '=');
        bool day;
        *value++ = '\0';
        day = strstr(f, "_date") || strstr(f, "_at") || str_eq(f, "contract_end");
        add_entity(r, f, day ? FIELD_DATE : str_eq(f, "amount") ? FIELD_MONEY : FIELD_TEXT, NULL, NULL, value);
    }
    if (str_eq(object, "lead"))
        add_entity(r, "full_name", FIELD_TEXT, "PERSON", "full", "Ada Moor");
    else
        ck_assert_int_eq(record_add_parent(r, "contact", person_in(r, "C-1", "Ada Moor"), NULL), RC_OK);
    owner = record_in(r, "user", "U-1");
    add_entity(owner, "name", FIELD_TEXT, "STAFF", NULL, "Dana Vale");
    ck_assert_int_eq(record_add_parent(r, "owner", owner, NULL), RC_OK);
    for (char *line = strtok_r(NULL, "\n", &save); line; line = strtok_r(NULL, "\n", &save)) add_activity(r, line, n++);
    free(copy);
    return r;
}

/* The lines of the list `questions`, one a line; the caller's. */
static char *lines_of(const char *policy, const char *language, const char *text)
{
    static const uint8_t key[KEY_SIZE] = {7};
    struct policy *p = policy_of(policy);
    struct record *r = record_from(text);
    struct policy_admitted *a = NULL;
    struct clock clock;
    struct buf out;
    struct err e = {""};
    ck_assert_int_eq(clock_init(&clock, "2026-11-20", NULL), RC_OK);
    struct policy_request q = {.purpose = PURPOSE_EMAIL, .clock = &clock, .hash_key = key, .language = language, .intent = "reply"};
    if (policy_admit(p, r, &q, &a, &e) != RC_OK) ck_abort_msg("%s: %s", text, e.msg);
    const struct policy_node *list = member(policy_admitted_root(a), "questions");
    buf_init(&out, 100000);
    buf_str(&out, "");
    for (const struct policy_node *item = list ? list->first : NULL; item; item = item->next) {
        if (out.len) buf_char(&out, '\n');
        put_value(member(item, "line"), &out);
    }
    policy_admitted_close(a);
    record_close(r);
    policy_close(p);
    char *got = strdup(out.data);
    buf_clear(&out);
    return got;
}

#define ASK(text) "\nemail|inbound|2026-11-18|Ada Moor|" text
#define MAIL(day, text) "\nemail|outbound|" day "|Ada Moor|" text
#define CALL(day, text) "\ncall|outbound|" day "|Ada Moor|" text

static const struct {
    const char *language, *record, *says; /* says: part of the line; NULL: the question stays open */
} rows[] = {
    /* fields */
    {"en", "case subject=Oven smokes|status=In Progress" ASK("What is the status of my case?"), "your case has the status In Progress."},
    {"en", "case subject=Oven smokes|status=Open" ASK("Hi Dana, any news on the oven?"), "your case has the status Open."},
    {"de", "case subject=Ofen raucht|status=Escalated" ASK("Wie ist der Stand?"), "Ihr Fall hat den Status Eskaliert."},
    {"en", "case subject=Oven smokes|status=Open" ASK("What is the status of the refund?"), NULL},
    {"en", "opportunity name=Oven line|stage=Negotiation" ASK("What is the status?"), NULL}, /* a stage is ours alone */
    {"en", "opportunity name=Oven line" ASK("Who is my contact for the oven line?"), "your contact with us is [STAFF_"},
    {"de", "opportunity name=Ofen" ASK("Wer ist mein Ansprechpartner?"), "Zuständig ist bei uns [STAFF_"},
    {"en", "opportunity name=Oven line" ASK("Who is your contact at the haulier?"), NULL},
    {"en", "opportunity name=Oven line" ASK("Who is responsible for the wiring?"), NULL},
    {"en", "opportunity name=Oven line|delivery_date=2026-12-14" ASK("When is the delivery of the oven?"), "the delivery date is [DATE_"},
    {"de", "opportunity name=Ofen|delivery_date=2026-12-14" ASK("Wann wird der Ofen geliefert?"), "Der Liefertermin ist am [DATE_"},
    {"en", "opportunity name=Oven line|delivery_date=2026-12-14" ASK("When will you deliver the spare burner?"), NULL},
    {"en", "opportunity name=Oven line|delivery_date=2026-11-02" ASK("When is the delivery?"), NULL}, /* has passed */
    {"en", "opportunity name=Oven line|delivery_date=2026-12-14" ASK("When is the delivery?") CALL("2026-11-10", "Delivery slips to 11 January."), NULL},
    {"en", "opportunity name=Oven line|close_date=2026-12-14" ASK("When is the delivery?"), NULL},
    {"en", "opportunity name=Care plan|type=Renewal|close_date=2026-12-31" ASK("When is the renewal due?"), "the renewal date is [DATE_"},
    {"en", "opportunity name=Care plan|type=Expansion|close_date=2026-12-31" ASK("When is the renewal due?"), NULL},
    {"en", "opportunity name=Oven line|amount=74500.00" ASK("What is the price?"), NULL}, /* never offered */
    {"en", "opportunity name=Oven line|next_step=Offer 10 % off" ASK("What is the next step?"), NULL},
    /* our mails */
    {"en", "opportunity name=Oven line" ASK("When will the burner arrive?") MAIL("2026-11-03", "Hi Ada, the burner will arrive on 9 December. Best, Dana"),
     "we wrote to you: \"The burner will arrive on [DATE_"},
    {"de", "opportunity name=Ofen" ASK("Wann kommt der Monteur?") MAIL("2026-11-03", "Hallo Frau Moor, der Monteur kommt am 9. Dezember 2026. Viele Grüße"), "haben wir Ihnen geschrieben: \"Der Monteur kommt am [DATE_"},
    {"en", "opportunity name=Oven line" ASK("What is the price?") MAIL("2026-11-03", "Our price is EUR 74,500."), "we wrote to you: \"Our price is [MONEY_"},
    {"en", "opportunity name=Oven line" ASK("How much is the yearly service?") MAIL("2026-11-03", "The yearly service costs EUR 900."), "\"The yearly service costs [MONEY_"},
    {"en", "opportunity name=Oven line" ASK("Does the price include installation?") MAIL("2026-11-03", "The price does not include installation or wiring."), "does not include installation"}, /* "no" is an answer too */
    {"en", "opportunity name=Oven line" ASK("Is it included?") MAIL("2026-11-03", "Installation is included."), NULL},
    {"en", "opportunity name=Oven line" ASK("How many trays are there with the oven?") MAIL("2026-11-03", "There are 20 trays with the oven."), "There are [NUM_"},
    {"en", "opportunity name=Oven line" ASK("How long is the warranty on the burner?") MAIL("2026-11-03", "The warranty on the burner is 24 months."), "The warranty on the burner is ["},
    {"en", "opportunity name=Oven line" ASK("Does your offer include the old burner's disposal?") MAIL("2026-11-03", "Our offer does include disposal of the old burner."), "\"Our offer does include disposal"},
    /* somebody else's */
    {"en", "opportunity name=Oven line" ASK("When will the burner arrive?") "\nemail|outbound|2026-11-03|Bea Lund|The burner will arrive on 9 December.", NULL},
    {"en", "opportunity name=Oven line" ASK("When will the burner arrive?") "\nemail|outbound|2026-11-03|-|The burner will arrive on 9 December.", NULL},
    {"en", "opportunity name=Oven line" ASK("When will the burner arrive?") "\nnote|internal|2026-11-03|-|The burner will arrive on 9 December.", NULL},
    {"en", "opportunity name=Oven line" ASK("When will the burner arrive?") "\nemail|inbound|2026-11-03|Ada Moor|The burner will arrive on 9 December.", NULL},
    {"en", "opportunity name=Oven line" ASK("What is the price?") MAIL("2026-11-03", "The price of Bakeware GmbH is EUR 69,000."), NULL},
    /* superseded */
    {"en", "opportunity name=Oven line" ASK("When will the burner arrive?") MAIL("2026-11-10", "The burner will arrive at last on 14 January.") MAIL("2026-11-03", "The burner will arrive on 9 December."), "arrive at last on [DATE_"},
    {"en", "opportunity name=Oven line" ASK("When will the burner arrive?") CALL("2026-11-10", "Told her the burner is delayed.") MAIL("2026-11-03", "The burner will arrive on 9 December."), NULL},
    {"en", "opportunity name=Oven line" ASK("What is the price?") CALL("2026-11-10", "Came down to EUR 70,000.") MAIL("2026-11-03", "Our price is EUR 74,500."), NULL},
    {"en", "opportunity name=Oven line" ASK("What is the price?") MAIL("2026-10-03", "Our price is EUR 74,500. The offer is valid until 31 October 2026."), NULL},
    {"en", "opportunity name=Oven line" ASK("What is the price?") MAIL("2026-11-03", "Our price is EUR 74,500. With the hood the price is EUR 80,000."), NULL},
    {"en", "opportunity name=Oven line" ASK("When will the burner arrive?") MAIL("2026-09-03", "The burner will arrive on 9 October 2026."), NULL},
    {"en", "opportunity name=Oven line" ASK("We heard of 2 February. When will the burner arrive?") MAIL("2026-11-03", "The burner will arrive on 9 December."), "The burner will arrive"},
    {"en", "opportunity name=Oven line" ASK("The burner is moved to 2 February. When will the burner arrive?") MAIL("2026-11-03", "The burner will arrive on 9 December."), NULL},
    /* about something else with the same word */
    {"en", "opportunity name=Oven line" ASK("When is the delivery?") MAIL("2026-11-03", "Delivery of the spare burner is on 9 December."), NULL},
    {"en", "opportunity name=Oven line" ASK("When will the second burner arrive?") MAIL("2026-11-03", "The first burner will arrive on 9 December."), NULL},
    {"en", "opportunity name=Oven line" ASK("What do 12 trays cost?") MAIL("2026-11-03", "The price of 20 trays is EUR 400."), NULL},
    {"en", "opportunity name=Oven line" ASK("How long is the warranty on the burner?") MAIL("2026-11-03", "The burner needs service every 12 months."), NULL},
    /* no answer yet, or none that stands by itself */
    {"en", "opportunity name=Oven line" ASK("When will the burner arrive?") MAIL("2026-11-03", "I will check whether the burner will arrive on 9 December."), NULL},
    {"en", "opportunity name=Oven line" ASK("When will the burner arrive?") MAIL("2026-11-03", "The burner will arrive tomorrow."), NULL},
    {"en", "opportunity name=Oven line" ASK("When will it arrive?") MAIL("2026-11-03", "It will arrive on 9 December."), NULL},
    {"en", "opportunity name=Oven line" ASK("When will the burner arrive and how much is it?") MAIL("2026-11-03", "The burner will arrive on 9 December."), NULL},
    /* what was agreed: the value alone */
    {"en", "opportunity name=Oven line" ASK("When is the installation?") CALL("2026-11-10", "Agreed installation on 12 January 2027."), "we agreed on [DATE_"},
    {"de", "opportunity name=Ofen" ASK("Was kostet die Montage?") CALL("2026-11-10", "Montage für 900 EUR vereinbart."), "haben wir [MONEY_"},
    {"en", "opportunity name=Oven line" ASK("When is the installation?") CALL("2026-11-10", "Not agreed: installation on 12 January 2027."), NULL},
    {"en", "opportunity name=Oven line" ASK("When is the installation?") "\ncall|outbound|2026-11-10|Bea Lund|Agreed installation on 12 January 2027.", NULL},
    {"en", "opportunity name=Oven line" ASK("When is the installation?") CALL("2026-11-10", "Between us, agreed installation on 12 January 2027."), NULL},
};

static bool is_open(const char *line)
{
    return !str_starts(line, "To your question") && !str_starts(line, "Zu Ihrer Frage");
}

START_TEST(answers_or_stays_open)
{
    char *got = lines_of(POLICY_TEXT(""), rows[_i].language, rows[_i].record);
    ck_assert_msg(*got != '\0', "no question: %s", rows[_i].record);
    if (rows[_i].says)
        ck_assert_msg(!is_open(got) && strstr(got, rows[_i].says), "%s\n  '%s'\n  '%s'", rows[_i].record, rows[_i].says, got);
    else
        ck_assert_msg(is_open(got), "%s\n  '%s'", rows[_i].record, got);
    free(got);
}
END_TEST

START_TEST(informal_german)
{
    char *got = lines_of(POLICY_TEXT(", formality: {de: informal}"), "de", "case subject=Ofen raucht|status=Open" ASK("Wie ist der Stand?"));
    ck_assert_str_eq(got, "Zu deiner Frage \"Wie ist der Stand?\": Dein Fall hat den Status Offen.");
    free(got);
}
END_TEST

START_TEST(each_question_has_its_line)
{
    char *got = lines_of(POLICY_TEXT(""), "en", "case subject=Oven smokes|status=Open" ASK("What is the status? Is the oven loud? Who is my contact?"));
    ck_assert_msg(strstr(got, "status Open.\n") && strstr(got, "\"Is the oven loud?\"\nTo your question \"Who is my contact?\": your contact with us is"), "%s", got);
    free(got);
}
END_TEST

SUITE_MAIN_TABLES("answers", SUITE_EACH(answers_or_stays_open, rows), SUITE_ONE(informal_german), SUITE_ONE(each_question_has_its_line))
