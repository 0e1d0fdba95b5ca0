/* The fact sheet (policy/sheet.h) through policy_admit(): what a record's fields say, in whole sentences. Values are kept in clear
 * here, so that the sentences can be read. Today is 2026-11-20. */
#include "policies.h"
#include "../../base/str.h"

#define POLICY_TEXT(more)                                                                                               \
    "version: 1\n"                                                                                                      \
    "purposes: {summary: {legal_basis: legitimate_interest}, email: {legal_basis: legitimate_interest}}\n"              \
    "objects:\n"                                                                                                        \
    "  opportunity: {summary: ['*', account.name, contact.full_name, activities.*, tasks.*], email: ['*', activities.*]}\n" \
    "  lead: {summary: ['*', activities.*], email: ['*', activities.*]}\n"                                              \
    "  case: {summary: ['*', account.name, activities.*], email: ['*', activities.*]}\n"                                \
    "  account: {summary: ['*', opportunities.*]}\n"                                                                    \
    "  contact: {summary: ['*']}\n"                                                                                     \
    "models: [{path: m.gguf, licence: MIT, purposes: [summary]}]\n"                                                     \
    "licences: {allow: [MIT]}\n"                                                                                        \
    "facts: checked\npii: {default: keep}\n"                                                                            \
    "output: {languages: [en, de]" more "}\n"

static void add_all(struct record *r, const char *fields)
{
    char *copy = strdup(fields), *save = NULL;
    for (char *f = strtok_r(copy, "|", &save); f; f = strtok_r(NULL, "|", &save)) {
        char *value = strchr(f, '=');
        ck_assert_ptr_nonnull(value);
        *value++ = '\0';
        size_t n = strlen(f);
        bool date = str_eq(f, "date") || str_eq(f, "stage_since") || str_eq(f, "created_at") || (n > 5 && str_eq(f + n - 5, "_date"));
        const char *entity = str_eq(f, "full_name") ? "PERSON" : str_eq(f, "company") || str_eq(f, "account_name") ? "ORG" : NULL;
        add_entity(r, f, date ? FIELD_DATE : str_eq(f, "amount") ? FIELD_MONEY : FIELD_TEXT, entity, entity && *entity == 'P' ? "full" : NULL, value);
    }
    free(copy);
}

/* One line a record: "OBJECT: field=value|field=value", then "activities: ...", "tasks: ...", "account: ...", "contact: ..." */
static struct record *record_from(const char *text)
{
    char *copy = strdup(text), *save = NULL, list[32];
    struct record *r = NULL;
    int n = 0;
    for (char *line = strtok_r(copy, "\n", &save); line; line = strtok_r(NULL, "\n", &save)) {
        char *colon = strstr(line, ": "), id[16];
        ck_assert_ptr_nonnull(colon);
        *colon = '\0';
        snprintf(id, sizeof(id), "X-%d", n++);
        snprintf(list, sizeof(list), "%s", line);
        if (!r) {
            add_all(r = record_of(line, "X-0"), colon + 2);
            continue;
        }
        struct record *x = record_in(r, str_eq(line, "activities") ? "activity" : str_eq(line, "tasks") ? "task" : str_eq(line, "opportunities") ? "opportunity" : line, id);
        if (str_eq(line, "account"))
            add_entity(x, "name", FIELD_TEXT, "ORG", NULL, colon + 2);
        else
            add_all(x, colon + 2);
        if (str_eq(line, "account") || str_eq(line, "contact"))
            ck_assert_int_eq(record_add_parent(r, list, x, NULL), RC_OK);
        else
            ck_assert_int_eq(record_add_child(r, list, x, NULL), RC_OK);
    }
    free(copy);
    return r;
}

struct wish {
    enum purpose purpose;
    const char *language, *intent, *tone;
};

/* "state", "next", ... of the sheet; "questions": their lines. The caller's. */
static char *sheet_by(const struct policy *p, const char *text, const struct wish *w, const char *name)
{
    static const uint8_t key[KEY_SIZE] = {7};
    struct record *r = record_from(text);
    struct policy_admitted *a = NULL;
    struct clock clock;
    struct buf out;
    struct err e = {""};
    ck_assert_int_eq(clock_init(&clock, "2026-11-20", NULL), RC_OK);
    struct policy_request q = {.purpose = w->purpose, .clock = &clock, .hash_key = key, .language = w->language, .intent = w->intent, .tone = w->tone};
    if (policy_admit(p, r, &q, &a, &e) != RC_OK) ck_abort_msg("%s: %s", text, e.msg);
    const struct policy_node *root = policy_admitted_root(a), *list = member(root, name);
    buf_init(&out, 100000);
    buf_str(&out, "");
    if (list && list->kind == ADMITTED_LIST)
        for (const struct policy_node *item = list->first; item; item = item->next) {
            if (out.len) buf_char(&out, '|');
            put_value(member(item, str_eq(name, "questions") ? "line" : "text"), &out);
        }
    else
        put_value(member(member(root, "sheet"), name), &out);
    policy_admitted_close(a);
    record_close(r);
    char *got = strdup(out.data);
    buf_clear(&out);
    return got;
}

static char *sheet_of(const char *policy, const char *text, const struct wish *w, const char *name)
{
    struct policy *p = policy_of(policy);
    char *got = sheet_by(p, text, w, name);
    policy_close(p);
    return got;
}

#define DEAL "opportunity: name=Oven line|type=Expansion|stage=Negotiation|amount=74500.00|lead_source=Trade Show|competitor=Ovenbuild|"
#define LAST "\nactivities: kind=call|direction=outbound|date=2026-11-18|body=Talked."

static const struct {
    const char *language, *record, *state, *next;
} summaries[] = {
    {"en", DEAL "close_date=2026-12-04|stage_since=2026-10-30|next_step=Send the contract.\naccount: Zoll Bakery\ncontact: full_name=Xaver Zoll" LAST,
     "Oven line is an Expansion opportunity at Zoll Bakery worth EUR 74,500, from the source Trade Show; the contact is Xaver Zoll. It has been in stage "
     "Negotiation for [DAYS_2], the close date is 4 December 2026 (in [DAYS_1]), and the competitor is Ovenbuild.",
     "The last contact was [DAYS_3] ago. Next step: Send the contract."},
    {"de", DEAL "close_date=2026-12-04|stage_since=2026-10-30|next_step=Vertrag senden\naccount: Zoll Bakery\ncontact: full_name=Xaver Zoll" LAST,
     "Oven line ist eine Verkaufschance vom Typ Erweiterung bei Zoll Bakery im Wert von 74.500,00 €, Quelle: Messe; Ansprechpartner: Xaver Zoll. Sie ist seit "
     "[DAYS_2] in der Phase Verhandlung, der Abschluss ist für 4. Dezember 2026 geplant (in [DAYS_1]), und Wettbewerber ist Ovenbuild.",
     "Der letzte Kontakt war vor [DAYS_3]. Nächster Schritt: Vertrag senden."},
    {"en", "opportunity: name=Oven line|stage=Proposal|close_date=2026-11-01" LAST, "Oven line is an opportunity. It is in stage Proposal, the close date 1 November 2026 passed [DAYS_1] ago.",
     "The last contact was [DAYS_2] ago. No next step and no open task is recorded. Risk: the close date has passed."},
    {"en", "opportunity: name=Oven line|stage=Closed Lost|close_date=2026-11-01|competitor=Ovenbuild|stage_since=2026-11-01" LAST,
     "Oven line is an opportunity. It has been Closed Lost for [DAYS_1], the close date was 1 November 2026, and the competitor was Ovenbuild.", "The last contact was [DAYS_2] ago."},
    {"de", "opportunity: name=Oven line|stage=Closed Won" LAST, "Oven line ist eine Verkaufschance. Sie ist abgeschlossen: Gewonnen.", "Der letzte Kontakt war vor [DAYS_1]."},
    {"en", "opportunity: type=Our own type", "This is an Our own type opportunity.", "No next step and no open task is recorded."},
    {"de", "opportunity: name=X|stage=Eigene Phase", "X ist eine Verkaufschance. Sie ist in der Phase Eigene Phase.", "Kein nächster Schritt und keine offene Aufgabe ist erfasst."},
    {"en", "opportunity: name=X|next_step=Call\nactivities: kind=email|direction=inbound|date=2026-08-01|body=Hm.", "X is an opportunity.",
     "The last contact was [DAYS_1] ago. Next step: Call. Risk: nobody has been in touch for some time."},
    {"en", "opportunity: name=X|next_step=Call\ntasks: subject=Send drawing.|due_date=2026-11-02\ntasks: subject=Visit|due_date=2026-12-01\ntasks: subject=Old|due_date=2026-10-01|status=Done", "X is an opportunity.",
     "Next step: Call. Open tasks: Send drawing (due 2 November 2026, overdue by [DAYS_1]); Visit (due 1 December 2026)."},
    {"en", "lead: full_name=Ada Moor|job_title=Head of IT|company=Moor Ltd|status=New|rating=Hot|lead_source=Webinar", "Ada Moor is Head of IT at Moor Ltd, from the source Webinar. The lead has the status New and the rating Hot.",
     "No next step and no open task is recorded."},
    {"de", "lead: full_name=Ada Moor|status=Nurturing|rating=Warm", "Ada Moor ist ein Lead. Der Lead hat den Status In Pflege und die Einstufung Warm.", "Kein nächster Schritt und keine offene Aufgabe ist erfasst."},
    {"en", "lead: company=Moor Ltd", "Moor Ltd is a lead.", "No next step and no open task is recorded."},
    {"en", "case: subject=Oven smokes|status=Closed|priority=Low\naccount: Zoll Bakery", "The case \"Oven smokes\" of Zoll Bakery has the status Closed and the priority Low.", ""},
    {"de", "case: subject=Ofen raucht|status=Escalated|priority=High|created_at=2026-11-10", "Der Fall \"Ofen raucht\" hat den Status Eskaliert und die Priorität Hoch. Er ist seit [DAYS_1] offen.",
     "Kein nächster Schritt und keine offene Aufgabe ist erfasst."},
    {"en", "account: name=Zoll Bakery|type=Customer|industry=Food|rating=A\nopportunities: name=Oven|stage=Proposal|amount=10000.00\nopportunities: name=Mixer", "Zoll Bakery is a Customer account in the industry Food, rated A. Deals: Oven (Proposal, EUR 10,000); Mixer.",
     "No next step and no open task is recorded."},
    {"en", "contact: full_name=Ada Moor", "Ada Moor is a contact.", "No next step and no open task is recorded."},
    {"en", "account: name=Zoll Bakery|notes=Pay late, but always pay.", "Zoll Bakery is an account. On file: Pay late, but always pay.", "No next step and no open task is recorded."},
    /* values are data: neither forms nor sentences of their own */
    {"en", "opportunity: name=Pipe > line|stage=Proposal", "Pipe > line is an opportunity. It is in stage Proposal.", "No next step and no open task is recorded."},
    {"en", "opportunity: name=Oven\n", "Oven is an opportunity.", "No next step and no open task is recorded."},
};

START_TEST(what_fields_say)
{
    struct wish w = {.purpose = PURPOSE_SUMMARY, .language = summaries[_i].language};
    char *state = sheet_of(POLICY_TEXT(""), summaries[_i].record, &w, "state"), *next = sheet_of(POLICY_TEXT(""), summaries[_i].record, &w, "next");
    ck_assert_str_eq(state, summaries[_i].state);
    ck_assert_str_eq(next, summaries[_i].next);
    free(state);
    free(next);
}
END_TEST

#define ASKED "\nactivities: kind=email|direction=inbound|date=2026-11-18|body="

static const struct {
    const char *language, *intent, *tone, *record, *name, *want;
} drafts[] = {
    {"en", NULL, NULL, "opportunity: name=Oven" ASKED "Fine.", "contact", "Thank you for your e-mail of 18 November 2026."},
    {"en", NULL, "warm", "opportunity: name=Oven" ASKED "Fine.", "contact", "Many thanks for your e-mail of 18 November 2026."},
    {"de", NULL, NULL, "opportunity: name=Oven" ASKED "Gut.", "contact", "Vielen Dank für Ihre E-Mail vom 18. November 2026."},
    {"en", NULL, NULL, "opportunity: name=Oven\nactivities: kind=email|direction=outbound|date=2026-11-18|body=Fine.", "contact", "I wrote to you on 18 November 2026."},
    {"en", NULL, NULL, "opportunity: name=Oven\nactivities: kind=call|direction=outbound|date=2026-11-18|body=Left a voicemail.", "contact", "I tried to reach you by phone on 18 November 2026."},
    {"en", NULL, NULL, "opportunity: name=Oven\nactivities: kind=call|direction=outbound|date=2026-11-18|body=He likes it.", "contact", "Thank you for taking my call on 18 November 2026."},
    {"en", NULL, NULL, "opportunity: name=Oven\nactivities: kind=call|direction=inbound|date=2026-11-18|body=He likes it.", "contact", "Thank you for your call on 18 November 2026."},
    {"de", NULL, NULL, "opportunity: name=Oven\nactivities: kind=meeting|direction=internal|date=2026-11-18|body=Gut.", "contact", "Vielen Dank für das Treffen am 18. November 2026."},
    {"en", NULL, NULL, "opportunity: name=Oven\nactivities: kind=note|direction=internal|date=2026-11-18|body=Lost?", "contact", ""},
    {"en", "renewal", NULL, "opportunity: name=Oven|close_date=2026-12-04", "purpose", "The renewal of \"Oven\" is due on 4 December 2026."},
    {"en", "meeting", NULL, "lead: full_name=Ada Moor", "request", "Which day would suit you?"},
    {"de", "meeting", NULL, "lead: full_name=Ada Moor", "request", "Welcher Tag passt Ihnen?"},
    {"en", NULL, NULL, "case: subject=Oven smokes|status=Closed", "request", "Is everything working for you now?"},
    {"en", NULL, NULL, "opportunity: name=Oven|stage=Closed Lost", "request", "May I get in touch with you again when the topic comes up?"},
    {"en", "case-update", NULL, "case: subject=Oven smokes|status=Open", "purpose", "Your case \"Oven smokes\" has the status Open, and we are working on it."},
    {"de", "apology", NULL, "case: subject=Ofen raucht", "purpose", "Es tut mir leid, dass Sie mit \"Ofen raucht\" Ärger hatten."},
    {"en", "reply", NULL, "lead: full_name=Ada Moor" ASKED "Is it loud? Ok.", "purpose", "I am getting back to you on your message."},
    {"en", NULL, NULL, "opportunity: name=Oven" ASKED "Hi Dana, is it loud? We like it. What does it cost a year?", "questions",
     "I am checking your question and will come back to you on it: \"Is it loud?\"|Your question is noted, and I will answer it separately: \"What does it cost a year?\""},
    {"de", NULL, NULL, "opportunity: name=Oven" ASKED "Ist er laut?", "questions", "Ihre Frage kläre ich und melde mich dazu: \"Ist er laut?\""},
    {"en", NULL, NULL, "opportunity: name=Oven" ASKED "Is it loud?", "request", "Could you tell me by when you need this?"},
    {"en", NULL, NULL, "opportunity: name=Oven" ASKED "Is it loud? We like it.", "message", "We like it."},
    {"en", NULL, NULL, "opportunity: name=Oven\nactivities: kind=email|direction=outbound|date=2026-11-19|body=It is not loud." ASKED "Is it loud?", "questions", ""},
    {"en", NULL, NULL, "opportunity: name=Oven", "subject", "Oven: next steps"},
    {"de", "proposal", NULL, "opportunity: name=Oven", "subject", "Unser Angebot zu Oven"},
    {"en", NULL, NULL, "lead: full_name=Ada Moor", "subject", "Getting in touch"},
};

START_TEST(what_a_draft_says)
{
    struct wish w = {PURPOSE_EMAIL, drafts[_i].language, drafts[_i].intent, drafts[_i].tone};
    char *got = sheet_of(POLICY_TEXT(""), drafts[_i].record, &w, drafts[_i].name);
    ck_assert_str_eq(got, drafts[_i].want);
    free(got);
}
END_TEST

START_TEST(informal_german)
{
    struct wish w = {PURPOSE_EMAIL, "de", "meeting", NULL};
    char *got = sheet_of(POLICY_TEXT(", formality: {de: informal}"), "lead: full_name=Ada Moor" ASKED "Ist er laut?", &w, "questions");
    ck_assert_str_eq(got, "Deine Frage kläre ich und melde mich dazu: \"Ist er laut?\"");
    free(got);
}
END_TEST

/* Every intent and tone, in both languages, has a purpose, a request and a subject: none is empty, none has a hole. */
START_TEST(every_intent_has_its_words)
{
    static const char *const intents[] = {"follow-up", "introduction", "meeting", "proposal", "renewal", "thank-you", "re-engagement", "case-update", "apology", "reply"};
    static const char *const tones[] = {"neutral", "warm", "brief"}, *const languages[] = {"en", "de"}, *const names[] = {"purpose", "request", "subject"};
    static const char *const records[] = {"opportunity: name=Oven|stage=Proposal", "opportunity: name=Oven|stage=Closed Won", "lead: full_name=Ada Moor", "case: subject=Oven smokes|status=Open",
                                          "case: status=Closed"};
    struct policy *p = policy_of(POLICY_TEXT("")); /* opening one takes longer than a record */
    for (size_t i = 0; i < COUNT_OF(intents); i++)
        for (size_t k = 0; k < COUNT_OF(tones) * COUNT_OF(languages); k++)
            for (size_t r = 0; r < COUNT_OF(records); r++)
                for (size_t n = 0; n < COUNT_OF(names); n++) {
                    struct wish w = {PURPOSE_EMAIL, languages[k % 2], intents[i], tones[k / 2]};
                    char *got = sheet_by(p, records[r], &w, names[n]);
                    ck_assert_msg(*got && !strpbrk(got, "<>{}|"), "%s %s %s %s %s: '%s'", intents[i], w.tone, w.language, records[r], names[n], got);
                    free(got);
                }
    policy_close(p);
}
END_TEST

SUITE_MAIN_TABLES("sheet", SUITE_EACH(what_fields_say, summaries), SUITE_EACH(what_a_draft_says, drafts), SUITE_ONE(informal_german),
                  SUITE_ONE(every_intent_has_its_words))
