/* sheet.c: see sheet.h. The values of a record's fields, and the sentences that the forms make of them. */
#include "sheet.h"

#include <stdio.h>
#include <string.h>

#include "../base/str.h"
#include "answers.h"
#include "notes.h"
#include "text.h"
#include "tokens.h"

#define TEXT_LIMIT ((size_t)64 << 10)
#define SHORT_NOTES 60 /* longer ones are a text of their own (notes.c) */
#define MAX_DEALS 2
#define MAX_TASKS 3
#define MAX_QUESTIONS 4
#define IDLE_RISK 30 /* days without contact that are worth a word */

enum value_name { NAME, SUBJECT, PERSON, JOB, COMPANY, OTHER_COMPANY, ACCOUNT, CONTACT, INDUSTRY, TYPE, A_TYPE, STAGE, STATUS, PRIORITY, RATING, SOURCE,
                  AMOUNT, CLOSE_DATE, TO_CLOSE, OVERDUE, IN_STAGE, CASE_AGE, IDLE, COMPETITOR, NEXT_STEP, DEALS, TASKS, RISKS, NO_MAIL, NO_CONTACT, NO_STEP, NOTES, DATE, TALK, MAILED, N_VALUES };

static const struct {
    const char *name, *path; /* NULL: made here */
    bool picklist;
} values[N_VALUES] = {
    [NAME] = {"name", "name", false},
    [SUBJECT] = {"subject", "subject", false},
    [PERSON] = {"person", "full_name", false},
    [JOB] = {"job", "job_title", false},
    [COMPANY] = {"company", "company", false},
    [OTHER_COMPANY] = {"other_company", NULL, false}, /* that is not the person's own name */
    [ACCOUNT] = {"account", "account.name", false},
    [CONTACT] = {"contact", "contact.full_name", false},
    [INDUSTRY] = {"industry", "industry", false},
    [TYPE] = {"type", "type", true},
    [A_TYPE] = {"a_type", NULL, false}, /* "an Expansion" */
    [STAGE] = {"stage", "stage", true},
    [STATUS] = {"status", "status", true},
    [PRIORITY] = {"priority", "priority", true},
    [RATING] = {"rating", "rating", true},
    [SOURCE] = {"source", "lead_source", true},
    [AMOUNT] = {"amount", "amount", false},
    [CLOSE_DATE] = {"close_date", "close_date", false},
    [TO_CLOSE] = {"to_close", "facts.days_to_close", false},
    [OVERDUE] = {"overdue", "facts.close_overdue", false},
    [IN_STAGE] = {"in_stage", "facts.days_in_stage", false},
    [CASE_AGE] = {"case_age", "facts.case_age", false},
    [IDLE] = {"idle", "facts.days_since_contact", false},
    [COMPETITOR] = {"competitor", "competitor", false},
    [NEXT_STEP] = {"next_step", "next_step", false},
    [DEALS] = {"deals", NULL, false},
    [TASKS] = {"tasks", NULL, false},
    [RISKS] = {"risks", NULL, false},
    [NO_MAIL] = {"no_mail", NULL, false},
    [NO_CONTACT] = {"no_contact", NULL, false},
    [NO_STEP] = {"no_step", NULL, false},
    [NOTES] = {"notes", NULL, false},
    [DATE] = {"date", NULL, false}, /* of the last contact */
    [TALK] = {"talk", NULL, false}, /* if that was one */
    [MAILED] = {"mailed", NULL, false}, /* if it was a message to us */
};

struct sheet {
    struct admit *a;
    const struct policy_node *root;
    size_t language;
    bool informal, done;
    const char *intent, *tone;
    size_t n_open; /* questions that nothing answers */
    struct buf value[N_VALUES]; /* empty: missing */
    const char *question;        /* {text} */
    const struct answer *answer; /* {answer}, {answer_day}, {answer_name}; or NULL */
};

/* ---- values ------------------------------------------------------------------------------------------------------ */

static const struct policy_node *at_path(const struct policy_node *map, const char *path)
{
    char name[32];

    for (size_t n; map && *path; path += n + (path[n] == '.')) {
        n = strcspn(path, ".");
        snprintf(name, sizeof(name), "%.*s", (int)n, path);
        map = notes_member(map, name);
    }
    return map && map->kind == ADMITTED_VALUE ? map : NULL;
}

/* On one line, without the stop at its end: it becomes part of a sentence. */
static void put_node(const struct policy_node *node, struct buf *out)
{
    size_t from = out->len, end;

    if (!node) return;
    notes_text(node, out);
    for (size_t i = from; i < out->len; i++)
        if (strchr("\r\n\t", out->data[i])) out->data[i] = ' ';
    for (end = out->len; end > from && strchr(" .;,", out->data[end - 1]);) end--;
    buf_cut(out, end);
}

static void put_picklist(struct sheet *s, const struct policy_node *node, struct buf *out)
{
    struct buf plain;

    buf_init(&plain, TEXT_LIMIT);
    put_node(node, &plain);
    buf_str(out, picklist_word(plain.data, s->a->out->language));
    buf_wipe(&plain);
}

static const struct policy_node *list_of(const struct sheet *s, const char *name)
{
    const struct policy_node *list = notes_member(s->root, name);

    return list && list->kind == ADMITTED_LIST ? list->first : NULL;
}

static bool word_is(const struct policy_node *item, const char *member, const char *const *words, size_t n)
{
    struct buf b;
    bool is = false;

    buf_init(&b, TEXT_LIMIT);
    put_node(at_path(item, member), &b);
    for (size_t i = 0; i < n; i++) is = is || str_eq_nocase(b.data, words[i]);
    buf_wipe(&b);
    return is;
}

#define WORD_IS(item, member, ...)                                                                                      \
    word_is(item, member, (const char *const[]){__VA_ARGS__}, COUNT_OF(((const char *const[]){__VA_ARGS__})))

/* "Oven line (Negotiation, [MONEY_1]); Spare parts (...)" */
static void put_deals(struct sheet *s)
{
    struct buf *out = &s->value[DEALS];
    size_t n = 0;

    for (const struct policy_node *item = list_of(s, "opportunities"); item && n < MAX_DEALS; item = item->next) {
        const struct policy_node *name = at_path(item, "name"), *stage = at_path(item, "stage"), *amount = at_path(item, "amount");
        if (!name) continue;
        if (n++) buf_str(out, "; ");
        put_node(name, out);
        if (stage || amount) buf_str(out, " (");
        if (stage) put_picklist(s, stage, out);
        if (stage && amount) buf_str(out, ", ");
        put_node(amount, out);
        if (stage || amount) buf_char(out, ')');
    }
}

/* "Send the quote (due [DATE_1], overdue by [DAYS_1]); ..." */
static void put_tasks(struct sheet *s)
{
    struct buf *out = &s->value[TASKS];
    bool german = s->language;
    size_t n = 0;

    for (const struct policy_node *item = list_of(s, "tasks"); item && n < MAX_TASKS; item = item->next) {
        const struct policy_node *subject = at_path(item, "subject"), *due = at_path(item, "due_date"), *overdue = at_path(item, "overdue");
        if (!subject || WORD_IS(item, "status", "Completed", "Done", "Closed", "Cancelled", "Canceled", "Deferred", "Erledigt", "Abgeschlossen")) continue;
        if (n++) buf_str(out, "; ");
        put_node(subject, out);
        if (due) {
            buf_str(out, german ? " (fällig am " : " (due ");
            put_node(due, out);
            if (overdue) buf_str(out, german ? ", überfällig seit " : ", overdue by ");
            put_node(overdue, out);
            buf_char(out, ')');
        }
    }
}

static void add_risk(struct sheet *s, const char *english, const char *german)
{
    struct buf *out = &s->value[RISKS];

    if (out->len) buf_str(out, "; ");
    buf_str(out, s->language ? german : english);
}

/* What fields alone give away. Of a closed deal nothing is at risk any more. */
static void put_risks(struct sheet *s)
{
    bool deal = str_eq(s->a->record->object, "opportunity"), lead = str_eq(s->a->record->object, "lead");

    if (at_path(s->root, "facts.opted_out"))
        buf_str(&s->value[NO_MAIL], s->language ? "E-Mails sind nicht erwünscht" : "no e-mail is wanted");
    if (!s->value[IDLE].len && record_list_named(s->a->record, "activities"))
        buf_str(&s->value[NO_CONTACT], s->language ? "kein Kontakt" : "no contact");
    if (s->done) return;
    if (!s->value[NEXT_STEP].len && !s->value[TASKS].len)
        buf_str(&s->value[NO_STEP], s->language ? "kein nächster Schritt und keine offene Aufgabe" : "no next step and no open task");
    if (s->value[OVERDUE].len) add_risk(s, "the close date has passed", "das Abschlussdatum ist überschritten");
    if (s->a->idle_days >= IDLE_RISK && (deal || lead || str_eq(s->a->record->object, "case")))
        add_risk(s, "nobody has been in touch for some time", "seit längerer Zeit gab es keinen Kontakt");
}

static void put_made(struct sheet *s)
{
    const struct policy_node *notes = at_path(s->root, "notes"), *description = at_path(s->root, "description");
    const char *type = s->value[TYPE].data;
    const struct policy_node *text = notes ? notes : description;

    if (*type) buf_printf(&s->value[A_TYPE], "%s %s", strchr("AEIOUaeiou", *type) ? "an" : "a", type);
    if (!str_eq(s->value[COMPANY].data, s->value[PERSON].data)) buf_str(&s->value[OTHER_COMPANY], s->value[COMPANY].data);
    if (text && !text->outside) put_node(text, &s->value[NOTES]);
    if (s->value[NOTES].len >= SHORT_NOTES) buf_reset(&s->value[NOTES]);
    if (str_eq(s->a->record->object, "account") || str_eq(s->a->record->object, "contact")) put_deals(s);
    put_tasks(s);
    put_risks(s);
}

static enum rc read_values(struct sheet *s, struct err *e)
{
    enum rc rc = RC_OK;

    for (size_t i = 0; i < N_VALUES; i++) {
        const struct policy_node *node = values[i].path ? at_path(s->root, values[i].path) : NULL;
        buf_init(&s->value[i], TEXT_LIMIT);
        buf_str(&s->value[i], "");
        if (node && values[i].picklist)
            put_picklist(s, node, &s->value[i]);
        else
            put_node(node, &s->value[i]);
    }
    put_made(s);
    for (size_t i = 0; rc == RC_OK && i < N_VALUES; i++) rc = buf_check(&s->value[i], "a fact sheet", e);
    return rc;
}

/* ---- forms ------------------------------------------------------------------------------------------------------- */

static bool is_named(const char *name, size_t n, const char *as)
{
    return strlen(as) == n && memcmp(name, as, n) == 0;
}

static const char *value_named(const struct sheet *s, const char *name, size_t n)
{
    if (s->answer && is_named(name, n, "answer")) return s->answer->kind == ANSWER_STATUS ? picklist_word(s->answer->value.data, s->a->out->language) : s->answer->value.data;
    if (s->answer && is_named(name, n, "answer_day")) return s->answer->day.len ? s->answer->day.data : "";
    if (s->answer && is_named(name, n, "answer_name")) return answer_field_name(s->answer->field, s->language);
    if (is_named(name, n, "text")) return s->question ? s->question : "";
    for (size_t i = 0; i < N_VALUES; i++)
        if (is_named(name, n, values[i].name)) return s->value[i].data;
    return "";
}

/* Text without angle brackets. False: a value is missing, and part of it may have been written. *any: it has a value. */
static bool put_plain(const struct sheet *s, const char *form, size_t n, bool *any, struct buf *out)
{
    for (size_t i = 0; i < n; i++) {
        const char *close = form[i] == '{' ? memchr(form + i, '}', n - i) : NULL, *bar, *value;
        size_t len = close ? (size_t)(close - form) - i - 1 : 0;

        if (!close) {
            buf_char(out, form[i]);
            continue;
        }
        bar = memchr(form + i + 1, '|', len);
        if (bar && s->informal)
            buf_add(out, bar + 1, (size_t)(close - bar) - 1);
        else if (bar)
            buf_add(out, form + i + 1, (size_t)(bar - form) - i - 1);
        else {
            value = value_named(s, form + i + 1, len);
            if (!*value) return false;
            *any = true;
            buf_str(out, value);
        }
        i = (size_t)(close - form);
    }
    return true;
}

/* Where the alternative ends: a bar that stands in no braces, or the end. */
static size_t alternative(const char *form, size_t n)
{
    bool inside = false;

    for (size_t i = 0; i < n; i++) {
        inside = form[i] == '{' || (inside && form[i] != '}');
        if (form[i] == '|' && !inside) return i;
    }
    return n;
}

/* "<A|B>": the first alternative whose values are all there. */
static void put_group(const struct sheet *s, const char *form, size_t n, bool *any, struct buf *out)
{
    size_t before = out->len;

    for (size_t at = 0; at <= n;) {
        size_t len = alternative(form + at, n - at);
        bool has = false;

        if (put_plain(s, form + at, len, &has, out)) {
            *any = *any || has;
            return;
        }
        buf_cut(out, before); /* its beginning may have been written */
        at += len + 1;
    }
}

static void put_form(const struct sheet *s, const char *form, bool *any, struct buf *out)
{
    while (*form) {
        const char *close = *form == '<' ? strchr(form, '>') : NULL;
        size_t n = close ? (size_t)(close - form) : strcspn(form, "<");

        if (close)
            put_group(s, form + 1, n - 1, any, out);
        else
            (void)put_plain(s, form, n, any, out);
        form += n + (close != NULL);
    }
}

/* One sentence behind what is there: capital first, one stop. */
static void put_sentence(const struct sheet *s, const char *form, bool needs_value, struct buf *out)
{
    struct buf one;
    bool any = false;
    const char *text;
    size_t n;

    buf_init(&one, TEXT_LIMIT);
    put_form(s, form, &any, &one);
    text = one.data + strspn(one.data, " ,;");
    n = strlen(text);
    if (n > 1 && text[n - 1] == '.' && text[n - 2] == '.') n--;
    if (n > 1 && (any || !needs_value)) {
        if (out->len) buf_char(out, ' ');
        text_put_capital(text, n, out);
    }
    buf_wipe(&one);
}

static bool fits(const struct sheet *s, const char *object, enum sheet_when when)
{
    return (!object || str_eq(object, s->a->record->object)) && (when == SHEET_ANY || (when == SHEET_DONE) == s->done);
}

static void put_sentences(const struct sheet *s, const struct sheet_form *forms, size_t n, struct buf *out)
{
    for (size_t i = 0; i < n; i++)
        if (fits(s, forms[i].object, forms[i].when)) put_sentence(s, forms[i].text[s->language], true, out);
}

static bool same_case(const struct sheet_draft *a, const struct sheet_draft *b)
{
    return a->key == b->key && a->object == b->object && a->when == b->when && a->tone == b->tone;
}

/* The first that fits; of those written for the same case one by the record, so that a record's drafts stay alike. */
static void put_draft(const struct sheet *s, const struct sheet_draft *forms, size_t n, const char *key, struct buf *out)
{
    size_t i = 0, alike = 1;

    while (i < n && !((!forms[i].key || str_eq(forms[i].key, key)) && fits(s, forms[i].object, forms[i].when) &&
                      (!forms[i].tone || str_eq(forms[i].tone, s->tone))))
        i++;
    if (i == n) return;
    while (i + alike < n && same_case(&forms[i], &forms[i + alike])) alike++;
    i += token_hash(s->a->record->id, strlen(s->a->record->id)) % alike;
    put_sentence(s, forms[i].text[s->language], false, out);
}

/* ---- the last contact, for drafts -------------------------------------------------------------------------------- */

static bool is_missed(const struct policy_node *item)
{
    static const char *const words[] = {"voicemail", "mailbox", "vm", "anrufbeantworter", "ab", "unreachable"};
    static const char *const pairs[][2] = {{"no", "answer"}, {"nicht", "erreicht"}, {"not", "reached"}, {"left", "message"}, {"nobody", "there"}};
    const struct policy_node *body = at_path(item, "body");
    struct tokens t = {0};
    struct buf b;
    struct err e;
    bool missed = false;

    buf_init(&b, TEXT_LIMIT);
    put_node(body, &b);
    if (tokens_split(b.data, b.len, &t, &e) == RC_OK)
        for (size_t i = 0; i < t.n; i++) {
            for (size_t k = 0; k < COUNT_OF(words); k++) missed = missed || str_eq(t.items[i].fold, words[k]);
            for (size_t k = 0; k < COUNT_OF(pairs) && i + 1 < t.n; k++)
                missed = missed || (str_eq(t.items[i].fold, pairs[k][0]) && str_eq(t.items[i + 1].fold, pairs[k][1]));
        }
    tokens_clear(&t);
    buf_wipe(&b);
    return missed;
}

/* "email-in", "call-missed" ...; "" where nothing can be said of it to the recipient. */
static const char *contact_key(const struct policy_node *item)
{
    bool in = WORD_IS(item, "direction", "inbound", "eingehend"), out = WORD_IS(item, "direction", "outbound", "ausgehend");

    if (WORD_IS(item, "kind", "email", "e-mail", "mail")) return in ? "email-in" : out ? "email-out" : "";
    if (WORD_IS(item, "kind", "call", "phone", "anruf", "telefonat")) return is_missed(item) ? (in ? "" : "call-missed") : in ? "call-in" : out ? "call-out" : "";
    if (WORD_IS(item, "kind", "meeting", "visit", "treffen", "termin", "besuch")) return "meeting";
    return in ? "message-in" : "";
}

/* The newest activity that is a contact; it must be one with the recipient, or nobody's by name. */
static const struct policy_node *last_contact(const struct sheet *s)
{
    const char *to = s->a->out->to_person;
    struct buf who;
    bool other;

    for (const struct policy_node *item = list_of(s, "activities"); item; item = item->next) {
        if (WORD_IS(item, "kind", "note", "notiz", "task", "aufgabe") || !at_path(item, "date")) continue;
        if (WORD_IS(item, "direction", "internal", "intern") && !WORD_IS(item, "kind", "meeting", "visit", "treffen", "termin", "besuch")) continue;
        buf_init(&who, TEXT_LIMIT);
        put_node(at_path(item, "who.full_name"), &who);
        other = who.len && to && !str_eq(who.data, to);
        buf_wipe(&who);
        return other ? NULL : item;
    }
    return NULL;
}

/* ---- the customer's newest message --------------------------------------------------------------------------------------------------- */

/* A map of two texts that the customer wrote, or that hold what they wrote. */
static enum rc add_item(struct sheet *s, struct policy_node *list, const char *name, const struct buf *text, const char *other, const struct buf *made,
                        const struct policy_node *of, struct err *e)
{
    unsigned flags = (of->outside ? NODE_OUTSIDE : 0) | NODE_TOLD;
    struct policy_node *map;
    enum rc rc = node_map(s->a, NULL, &map, e);

    if (rc == RC_OK) rc = buf_check(text, "a message", e);
    if (rc == RC_OK) rc = buf_check(made, "a message", e);
    if (rc == RC_OK) rc = node_text(s->a, map, name, of->path, text->data, text->len, flags, e);
    if (rc == RC_OK) rc = node_text(s->a, map, other, of->path, made->data, made->len, flags, e);
    if (rc == RC_OK) node_append(list, map);
    return rc;
}

/* What the record answers, or that the question is open. asked: the activity. */
static enum rc add_question(struct sheet *s, struct policy_node *list, const char *question, const struct policy_node *asked, const struct policy_node *of,
                            struct err *e)
{
    struct answer answer;
    struct buf text, line;
    enum rc rc = answer_find(s->a, asked, question, &answer, e);

    buf_init(&text, TEXT_LIMIT);
    buf_init(&line, TEXT_LIMIT);
    buf_str(&text, question);
    s->question = question;
    s->answer = &answer;
    s->n_open += answer.kind == ANSWER_NONE;
    put_sentence(s, answer.kind == ANSWER_NONE ? sheet_open_question[s->language][list->count % COUNT_OF(sheet_open_question[0])] : sheet_answer[answer.kind][s->language],
                 true, &line);
    s->question = NULL;
    s->answer = NULL;
    if (rc == RC_OK) rc = add_item(s, list, "text", &text, "line", &line, of, e);
    answer_clear(&answer);
    buf_wipe(&line);
    buf_wipe(&text);
    return rc;
}

static bool is_question(const char *text)
{
    return text[strlen(text) - 1] == '?';
}

/* The lists `questions` and `message` from the sentences of a mail: what it asks, what else it says. */
static enum rc take_message(struct sheet *s, const struct policy_passage *p, size_t n, struct policy_node *questions, struct policy_node *message,
                            const struct policy_node *asked, const struct policy_node *of, struct err *e)
{
    struct buf said, intro;
    enum rc rc = RC_OK;

    buf_init(&said, TEXT_LIMIT);
    buf_init(&intro, TEXT_LIMIT);
    for (size_t i = 0; rc == RC_OK && i < n; i++) {
        if (!is_question(p[i].text))
            buf_printf(&said, "%s%s", said.len ? "\n" : "", p[i].text);
        else if (strchr(p[i].text, ' ') && !strchr(p[i].text, '"') && questions->count < MAX_QUESTIONS)
            rc = add_question(s, questions, p[i].text, asked, of, e);
    }
    (void)put_plain(s, sheet_you_write[s->language], strlen(sheet_you_write[s->language]), &(bool){false}, &intro);
    if (rc == RC_OK && said.len) rc = add_item(s, message, "text", &said, "intro", &intro, of, e);
    buf_wipe(&intro);
    buf_wipe(&said);
    return rc;
}

/* The newest message of the customer, if it is the last contact. *asks: it has questions that stay open. */
static enum rc put_message(struct sheet *s, const struct policy_node *last, bool *asks, struct err *e)
{
    const struct policy_node *body = at_path(last, "body");
    struct policy_passages *passages = NULL;
    const struct policy_passage *p;
    struct policy_node *questions, *message;
    size_t n;
    enum rc rc;

    if (!last || !body || !str_eq(contact_key(last), "email-in")) return RC_OK;
    rc = node_list(s->a, "questions", &questions, e);
    if (rc == RC_OK) rc = node_list(s->a, "message", &message, e);
    if (rc == RC_OK) rc = policy_passages_open(s->a->out, body, &passages, e);
    if (rc != RC_OK) return rc;
    p = policy_passages_list(passages, &n);
    rc = take_message(s, p, n, questions, message, last, body, e);
    policy_passages_close(passages);
    questions->told = message->told = true;
    *asks = s->n_open > 0;
    if (rc == RC_OK && questions->count) node_append(s->a->out->root, questions);
    if (rc == RC_OK && message->count) node_append(s->a->out->root, message);
    return rc;
}

/* ---- the sheet --------------------------------------------------------------------------------------------------- */

static enum rc put_text(struct sheet *s, struct policy_node *map, const char *name, struct buf *text, struct err *e)
{
    enum rc rc = buf_check(text, "a fact sheet", e);

    if (rc == RC_OK) rc = node_text(s->a, map, name, "sheet", text->data, text->len, NODE_TOLD, e);
    buf_reset(text);
    return rc;
}

static enum rc put_mail(struct sheet *s, struct policy_node *map, struct buf *text, struct err *e)
{
    const struct policy_node *last = last_contact(s);
    const char *key = last ? contact_key(last) : "";
    bool asked = false;
    enum rc rc;

    if (*key) put_node(at_path(last, "date"), &s->value[DATE]);
    if (str_eq(key, "call-in") || str_eq(key, "call-out") || str_eq(key, "meeting")) buf_str(&s->value[TALK], s->language ? "Gespräch" : "conversation");
    if (str_eq(key, "email-in") || str_eq(key, "message-in")) buf_str(&s->value[MAILED], s->language ? "Nachricht" : "message");
    if (*key) put_draft(s, sheet_contact, sheet_n_contact, key, text);
    rc = put_text(s, map, "contact", text, e);
    put_draft(s, sheet_purpose, sheet_n_purpose, s->intent, text);
    if (rc == RC_OK) rc = put_text(s, map, "purpose", text, e);
    put_draft(s, sheet_subject, sheet_n_subject, s->intent, text);
    if (rc == RC_OK) rc = put_text(s, map, "subject", text, e);
    if (rc == RC_OK) rc = put_message(s, last, &asked, e);
    put_draft(s, sheet_request, sheet_n_request, asked && (str_eq(s->intent, "follow-up") || str_eq(s->intent, "reply")) ? "questions" : s->intent, text);
    return rc == RC_OK ? put_text(s, map, "request", text, e) : rc;
}

enum rc sheet_put(struct admit *a, struct err *e)
{
    struct sheet s = {.a = a, .root = a->out->root, .language = policy_language_index(a->out->language), .done = derive_is_done(a->record),
                      .intent = a->q->intent ? a->q->intent : "follow-up", .tone = a->q->tone ? a->q->tone : "neutral"};
    struct policy_node *map;
    struct buf text;
    enum rc rc = node_map(a, "sheet", &map, e);

    if (rc != RC_OK) return rc;
    s.informal = a->p->informal[s.language];
    buf_init(&text, TEXT_LIMIT);
    rc = read_values(&s, e);
    if (rc == RC_OK) {
        put_sentences(&s, sheet_state, sheet_n_state, &text);
        rc = put_text(&s, map, "state", &text, e);
    }
    if (rc == RC_OK) {
        put_sentences(&s, sheet_next, sheet_n_next, &text);
        rc = put_text(&s, map, "next", &text, e);
    }
    if (rc == RC_OK && a->q->purpose == PURPOSE_EMAIL) rc = put_mail(&s, map, &text, e);
    map->told = true;
    if (rc == RC_OK && map->count) node_append(a->out->root, map);
    buf_wipe(&text);
    for (size_t i = 0; i < N_VALUES; i++) buf_wipe(&s.value[i]);
    return rc;
}
