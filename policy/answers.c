/* answers.c: see answers.h. */
#include "answers.h"

#include <string.h>

#include "../base/str.h"
#include "mention.h"
#include "notes.h"
#include "passages.h"
#include "plain_words.h"
#include "text.h"
#include "tokens.h"

#define TEXT_LIMIT ((size_t)64 << 10)
#define MAX_WORDS 12 /* of weight, in a question: one with more asks more than one thing */
#define MIN_STEM 5

enum asked { ASKED_OTHER, ASKED_WHEN, ASKED_HOW_MUCH, ASKED_HOW_MANY, ASKED_HOW_LONG, ASKED_WHO, ASKED_STATUS, ASKED_WHETHER };

struct topic {
    enum asked kind;
    bool past; /* it asks what has been */
    struct tokens words;
    const struct token *items[MAX_WORDS]; /* of weight, numbers in slots among them */
    size_t n;
    bool too_many;
};

/* ---- words ------------------------------------------------------------------------------------------------------- */

/* Say nothing of what a question or an answer is about. */
static const char *const everyday[] = {
    "when", "what", "which", "who", "whom", "how", "much", "many", "long", "far", "soon", "early", "latest", "date", "day", "week", "month", "time", "exactly",
    "currently", "price", "prices", "cost", "costs", "charge", "fee", "total", "get", "got", "give", "given", "need", "want", "like", "tell", "know", "let", "say", "please",
    "actually", "expect", "expected", "plan", "planned", "planning", "schedule", "scheduled", "possible", "may", "might", "shall", "must", "you", "your", "yours", "me", "my",
    "mine", "us", "our", "ours", "i", "it", "its", "this", "that", "there", "here", "be", "is", "are", "was", "were", "been", "am", "do", "does", "did", "done", "has",
    "have", "had", "will", "would", "can", "could", "should", "take", "takes", "taking", "place", "come", "comes", "go", "make", "still", "already", "just", "then", "now", "also",
    "only", "any", "some", "all", "one", "per", "another", "quick", "question", "remind", "again", "happen", "happens", "side", "end",
    "wann", "was", "welche", "welcher", "welches", "welchem", "welchen", "wer", "wen", "wem", "wie", "viel", "viele", "lange", "hoch", "ab", "datum", "tag", "tage", "woche", "wochen",
    "monat", "zeit", "termin", "genau", "aktuell", "preis", "preise", "kosten", "kostet", "kostenpunkt", "gebühr", "gesamt", "bekommen", "bekommt", "erhalten", "geben", "gibt", "brauchen", "braucht",
    "wollen", "möchten", "sagen", "wissen", "eigentlich", "geplant", "voraussichtlich", "vorgesehen", "möglich", "ihnen", "mir", "mich", "mein", "meine", "dein", "deine", "dir", "dich", "du",
    "unsere", "unserem", "unseren", "unserer", "es", "dies", "diese", "dieser", "dieses", "da", "hier", "sein", "wäre", "waren", "hätte", "kann", "könnt", "könnte", "könnten", "kannst",
    "können", "sollen", "sollte", "müssen", "wird", "würde", "würden", "werden", "denn", "schon", "bereits", "jetzt", "nun", "dann", "pro", "eine", "noch", "einmal", "mal", "frage", "kurze", "eben",
    "findet", "statt", "kommt", "kommen", "beträgt", "liegt", "bei", "dafür", "dazu", "dabei", "gerade", "heißt"};

/* The answer is yet to come, or it is not our own. */
static const char *const no_answers[] = {
    "check", "checking", "clarify", "clarifying", "find", "whether", "if", "unless", "ask", "asked", "asking", "unclear", "unsure", "perhaps", "maybe", "probably", "approximately", "roughly", "hopefully", "try",
    "estimate", "estimated", "would", "could", "might", "may", "competitor", "instead",
    "ob", "falls", "wenn", "prüfe", "prüfen", "kläre", "klären", "frage", "fragen", "fragten", "unklar", "vielleicht", "eventuell", "vermutlich", "wahrscheinlich", "ungefähr", "hoffentlich", "schätzungsweise",
    "versuchen", "könnte", "könnten", "würde", "würden", "melde", "wettbewerber", "statt"};

/* What a newer text says when something no longer holds. */
static const char *const revokes[] = {
    "cancel", "cancelled", "canceled", "moved", "postponed", "delayed", "delay", "changed", "longer", "instead", "slips", "slipped", "later", "earlier", "wrong", "outdated", "void", "withdrawn", "revised",
    "storniert", "abgesagt", "verschoben", "verzögert", "verzögerung", "geändert", "mehr", "statt", "später", "früher", "falsch", "überholt", "hinfällig", "zurückgezogen", "überarbeitet"};

static const char *const agreed_words[] = {"agreed", "confirmed", "vereinbart", "bestätigt", "zugesagt"};
static const char *const negations[] = {"not", "no", "never", "nothing", "nicht", "kein", "keine", "nie", "nichts"};
static const char *const offer_words[] = {"price", "total", "offer", "offered", "quote", "costs", "preis", "gesamtpreis", "angebot", "kostet", "gesamt"};
static const char *const validity_words[] = {"valid", "validity", "expires", "gültig", "gilt", "bindend"};
static const char *const past_words[] = {"did", "was", "were", "had", "wurde", "wurden", "war", "waren", "hatte", "hatten"};

static bool is_one(const char *word, const char *const *list, size_t n)
{
    for (size_t i = 0; i < n; i++)
        if (str_eq(word, list[i])) return true;
    return false;
}

#define IS_ONE(word, list) is_one(word, list, COUNT_OF(list))

static bool has_one(const struct tokens *t, const char *const *list, size_t n)
{
    for (size_t i = 0; i < t->n; i++)
        if (is_one(t->items[i].fold, list, n)) return true;
    return false;
}

#define HAS_ONE(t, list) has_one(t, list, COUNT_OF(list))

/* "deliver" and "delivery": one word in two inflections; short ones only as they stand. */
static bool same_word(const char *a, const char *b)
{
    size_t n = 0, na = strlen(a), nb = strlen(b);

    while (a[n] && a[n] == b[n]) n++;
    if (n == na && n == nb) return true;
    return *a != '[' && n >= MIN_STEM && na - n <= 3 && nb - n <= 3;
}

static bool is_person_slot(const struct token *t)
{
    return t->slot && (str_starts(t->fold, "[PERSON_") || str_starts(t->fold, "[STAFF_"));
}

/* Persons are addressed or thanked; what else stands in a slot tells one thing from another. */
static bool weighs(const struct token *t)
{
    if (t->slot || t->digit) return !is_person_slot(t);
    return strlen(t->fold) > 2 && !text_is_stop_word(t->fold) && !IS_ONE(t->fold, everyday);
}

static bool has_word(const struct tokens *t, const char *word)
{
    for (size_t i = 0; i < t->n; i++)
        if (same_word(t->items[i].fold, word)) return true;
    return false;
}

/* ---- what is asked ----------------------------------------------------------------------------------------------- */

static bool follows(const struct tokens *t, size_t i, const char *second)
{
    return i + 1 < t->n && str_eq(t->items[i + 1].fold, second);
}

static enum asked kind_at(const struct tokens *t, size_t i)
{
    const char *w = t->items[i].fold;
    bool how = str_eq(w, "how") || str_eq(w, "wie");

    if (str_eq(w, "when") || str_eq(w, "wann")) return ASKED_WHEN;
    if (how && (follows(t, i, "much") || follows(t, i, "viel") || follows(t, i, "hoch"))) return ASKED_HOW_MUCH;
    if (how && (follows(t, i, "many") || follows(t, i, "viele"))) return ASKED_HOW_MANY;
    if (how && (follows(t, i, "long") || follows(t, i, "lange"))) return ASKED_HOW_LONG;
    if (str_eq(w, "wieviel")) return ASKED_HOW_MUCH;
    if (str_eq(w, "who") || str_eq(w, "whom") || str_eq(w, "wer") || str_eq(w, "wen")) return ASKED_WHO;
    return ASKED_OTHER;
}

/* "what", "which": the noun says of what kind. */
static enum asked kind_by_noun(const struct tokens *t)
{
    static const char *const prices[] = {"price", "cost", "costs", "fee", "preis", "kostet", "kosten", "gebühr"};
    static const char *const days[] = {"date", "day", "datum", "termin", "tag", "liefertermin", "starttermin"};
    static const char *const states[] = {"status", "stand", "update", "news", "neuigkeiten", "neues"};
    static const char *const contacts[] = {"contact", "ansprechpartner", "ansprechpartnerin"};

    if (HAS_ONE(t, states)) return ASKED_STATUS;
    if (HAS_ONE(t, prices)) return ASKED_HOW_MUCH;
    if (HAS_ONE(t, contacts)) return ASKED_WHO;
    return HAS_ONE(t, days) ? ASKED_WHEN : ASKED_OTHER;
}

static enum asked kind_of(const struct tokens *t)
{
    static const char *const nouns[] = {"what", "which", "was", "welche", "welcher", "welches", "welchem", "welchen", "wie", "where"};
    static const char *const verbs[] = {"is", "are", "does", "do", "can", "will", "has", "have", "did", "was", "were", "any", "ist", "sind", "kann", "können", "wird", "werden", "hat", "haben", "gibt", "gilt", "enthält"};
    static const char *const news[] = {"update", "news", "neuigkeiten", "neues"};
    enum asked kind = ASKED_OTHER;
    size_t n = 0;

    for (size_t i = 0; i < t->n; i++) {
        enum asked here = kind_at(t, i);
        if (here == ASKED_OTHER) continue;
        kind = here;
        n++;
    }
    if (n > 1) return ASKED_OTHER; /* several questions in one */
    if (n == 1) return kind;
    if (HAS_ONE(t, news)) return ASKED_STATUS;
    if (t->n && IS_ONE(t->items[0].fold, verbs) && !str_eq(t->items[0].fold, "was")) return ASKED_WHETHER;
    return HAS_ONE(t, nouns) ? kind_by_noun(t) : ASKED_OTHER;
}

static enum rc topic_read(const char *question, struct topic *out, struct err *e)
{
    enum rc rc;

    *out = (struct topic){0};
    rc = tokens_split(question, strlen(question), &out->words, e);
    for (size_t i = 0; rc == RC_OK && i < out->words.n; i++) {
        if (!weighs(&out->words.items[i])) continue;
        if (out->n == MAX_WORDS)
            out->too_many = true;
        else
            out->items[out->n++] = &out->words.items[i];
    }
    if (rc == RC_OK) out->kind = kind_of(&out->words);
    out->past = HAS_ONE(&out->words, past_words);
    return rc;
}

/* ---- the record -------------------------------------------------------------------------------------------------- */

static const struct policy_node *value_of(const struct policy_node *map, const char *name)
{
    const struct policy_node *m = map ? notes_member(map, name) : NULL;

    return m && m->kind == ADMITTED_VALUE && m->n_pieces && !m->outside ? m : NULL;
}

static enum rc words_of(const struct policy_node *node, struct tokens *out, struct err *e)
{
    struct buf b;
    enum rc rc;

    *out = (struct tokens){0};
    buf_init(&b, TEXT_LIMIT);
    buf_str(&b, "");
    if (node) notes_text(node, &b);
    rc = buf_check(&b, "a field", e);
    if (rc == RC_OK) rc = tokens_split(b.data, b.len, out, e);
    buf_wipe(&b);
    return rc;
}

/* What the record is about, by its name: words that a question may have without asking for something else. */
static enum rc name_words(const struct admit *a, struct tokens *out, struct err *e)
{
    static const char *const names[] = {"name", "subject", "product"};
    const struct policy_node *node = NULL;

    for (size_t i = 0; !node && i < COUNT_OF(names); i++) node = value_of(a->out->root, names[i]);
    return words_of(node, out, e);
}

static bool is_word(const struct policy_node *item, const char *member, const char *const *words, size_t n)
{
    const struct policy_node *m = notes_member(item, member);
    struct buf b;
    bool is = false;

    if (!m || m->kind != ADMITTED_VALUE) return false;
    buf_init(&b, TEXT_LIMIT);
    buf_str(&b, "");
    notes_text(m, &b);
    for (size_t i = 0; i < n; i++) is = is || str_eq_nocase(b.data, words[i]);
    buf_wipe(&b);
    return is;
}

#define IS_WORD(item, member, ...)                                                                                      \
    is_word(item, member, (const char *const[]){__VA_ARGS__}, COUNT_OF(((const char *const[]){__VA_ARGS__})))

/* Of a lead or contact everything is with them; else the activity must name the person that the draft goes to. */
static bool is_with_recipient(const struct admit *a, const struct policy_node *item)
{
    const char *to = a->out->to_person;
    const struct policy_node *who = notes_member(notes_member(item, "who"), "full_name");

    if (!who) return str_eq(a->record->object, "lead") || str_eq(a->record->object, "contact");
    return to && who->kind == ADMITTED_VALUE && who->n_pieces == 1 && who->pieces[0].n == strlen(to) &&
           memcmp(who->pieces[0].bytes, to, who->pieces[0].n) == 0;
}

static bool is_our_mail(const struct admit *a, const struct policy_node *item)
{
    return IS_WORD(item, "kind", "email", "e-mail", "mail") && IS_WORD(item, "direction", "outbound", "ausgehend") && is_with_recipient(a, item);
}

static bool is_our_talk(const struct admit *a, const struct policy_node *item)
{
    return IS_WORD(item, "kind", "call", "phone", "meeting", "visit", "anruf", "telefonat", "treffen", "termin", "besuch") && is_with_recipient(a, item);
}

/* ---- fields ------------------------------------------------------------------------------------------------------ */

static const struct date_field {
    const char *field, *words[7]; /* what a question for it may say besides everyday words */
    const char *name[2];
} date_fields[] = {
    {"start_date", {"start", "begin", "commence", "beginn", "beginnt", "anfang", "startet"}, {"the start date", "Der Beginn"}},
    {"end_date", {"end", "ends", "expire", "endet", "ende", "läuft", "aus"}, {"the end date", "Das Ende"}},
    {"contract_end", {"contract", "expire", "ends", "vertrag", "endet", "läuft", "ende"}, {"the end of the contract", "Das Vertragsende"}},
    {"contract_end_date", {"contract", "expire", "ends", "vertrag", "endet", "läuft", "ende"}, {"the end of the contract", "Das Vertragsende"}},
    {"delivery_date", {"delivery", "deliver", "arrive", "lieferung", "geliefert", "liefern", "liefertermin"}, {"the delivery date", "Der Liefertermin"}},
    {"installation_date", {"installation", "install", "installed", "einbau", "montage", "montiert", "eingebaut"}, {"the installation date", "Der Montagetermin"}},
    {"go_live_date", {"live", "golive", "launch", "produktivstart", NULL}, {"the go-live date", "Der Produktivstart"}},
    {"renewal_date", {"renewal", "renew", "due", "verlängerung", "verlängert", "verlängern", "fällig"}, {"the renewal date", "Die Verlängerung"}},
    {"close_date", {"renewal", "renew", "due", "verlängerung", "verlängert", "verlängern", "fällig"}, {"the renewal date", "Die Verlängerung"}},
    {"opened_at", {"opened", "open", "case", "ticket", "fall", "eröffnet", "gemeldet"}, {"the opening date", "Die Eröffnung"}},
};

const char *answer_field_name(size_t field, size_t language)
{
    return date_fields[field].name[language];
}

/* Every word of weight is one of these or of the record's name, and one of these is there. */
static bool is_about(const struct topic *q, const char *const *words, size_t n_words, const struct tokens *name)
{
    bool any = false;

    for (size_t i = 0; i < q->n; i++) {
        bool own = false;
        for (size_t k = 0; k < n_words && words[k]; k++) own = own || same_word(q->items[i]->fold, words[k]);
        if (!own && !has_word(name, q->items[i]->fold)) return false;
        any = any || own;
    }
    for (size_t k = 0; !any && k < n_words && words[k]; k++) any = has_word(&q->words, words[k]); /* "end" is an everyday word as well */
    return any && !q->too_many;
}

static bool is_day_slot(const struct token *t)
{
    return t->slot && str_starts(t->fold, "[DATE_");
}

/* Is the day behind us? Then it answers only what has been. */
static bool is_over(const struct admit *a, const struct token *t)
{
    struct mention m;

    return is_day_slot(t) && mention_of_slot(a->out->vault, t->fold, strlen(t->fold), &m) && m.value.kind == VALUE_DATE && m.value.days < a->today;
}

/* Some text names another day, or takes something back, beside a word of the field's. */
static enum rc is_disputed(const struct admit *a, const char *const *words, size_t n_words, const char *value, bool *yes, struct err *e)
{
    const struct policy_node *list = notes_member(a->out->root, "activities");
    enum rc rc = RC_OK;

    *yes = false;
    for (const struct policy_node *item = list && list->kind == ADMITTED_LIST ? list->first : NULL; rc == RC_OK && item && !*yes; item = item->next) {
        const struct policy_node *body = notes_member(item, "body");
        struct notes notes;

        if (!body || body->kind != ADMITTED_VALUE) continue;
        rc = notes_open_text(a->out, body, &notes, e);
        if (rc != RC_OK) break;
        for (size_t i = 0; i < notes.items[0].n; i++) {
            const struct tokens *t = &notes.items[0].sentences[i].words;
            bool about = false, other = HAS_ONE(t, revokes);
            for (size_t k = 0; k < n_words && words[k]; k++) about = about || has_word(t, words[k]);
            for (size_t k = 0; k < t->n; k++) other = other || (is_day_slot(&t->items[k]) && !str_eq(t->items[k].fold, value));
            *yes = *yes || (about && other);
        }
        notes_close(&notes);
    }
    return rc;
}

static enum rc find_day(const struct admit *a, const struct topic *q, const struct tokens *name, struct answer *out, struct err *e)
{
    enum rc rc = RC_OK;

    for (size_t i = 0; rc == RC_OK && i < COUNT_OF(date_fields) && out->kind == ANSWER_NONE; i++) {
        const struct date_field *f = &date_fields[i];
        const struct policy_node *node = value_of(a->out->root, f->field);
        struct tokens t;
        bool disputed;

        if (!node || !is_about(q, f->words, COUNT_OF(f->words), name)) continue;
        if (str_eq(f->field, "close_date") && !IS_WORD(a->out->root, "type", "Renewal", "Verlängerung")) continue;
        rc = words_of(node, &t, e);
        if (rc == RC_OK && t.n == 1 && is_day_slot(&t.items[0]) && (q->past || str_eq(f->field, "opened_at") || !is_over(a, &t.items[0]))) {
            rc = is_disputed(a, f->words, COUNT_OF(f->words), t.items[0].fold, &disputed, e);
            if (rc == RC_OK && !disputed) {
                out->kind = ANSWER_DATE;
                out->field = i;
                notes_text(node, &out->value);
            }
        }
        tokens_clear(&t);
    }
    return rc;
}

static enum rc find_field(const struct admit *a, const struct topic *q, struct answer *out, struct err *e)
{
    static const char *const states[] = {"status", "stand", "update", "news", "neuigkeiten", "neues", "case", "ticket", "request", "issue", "fall", "anfrage", "meldung"};
    static const char *const contacts[] = {"contact", "ansprechpartner", "ansprechpartnerin", "responsible", "zuständig", "owner", "account", "manager", "kontakt", "betreut", "charge"};
    const struct policy_node *status = value_of(a->out->root, "status"), *owner = value_of(notes_member(a->out->root, "owner"), "name");
    struct tokens name;
    enum rc rc = name_words(a, &name, e);

    if (rc == RC_OK && q->kind == ASKED_WHEN) rc = find_day(a, q, &name, out, e);
    if (rc == RC_OK && q->kind == ASKED_STATUS && status && str_eq(a->record->object, "case") && is_about(q, states, COUNT_OF(states), &name)) {
        out->kind = ANSWER_STATUS;
        notes_text(status, &out->value);
    }
    if (rc == RC_OK && q->kind == ASKED_WHO && owner && is_about(q, contacts, COUNT_OF(contacts), &name)) {
        out->kind = ANSWER_CONTACT;
        notes_text(owner, &out->value);
    }
    tokens_clear(&name);
    return rc;
}

/* ---- what we wrote and agreed ------------------------------------------------------------------------------------ */

static bool is_value(const struct token *t, enum asked kind)
{
    if (!t->slot) return false;
    switch (kind) {
    case ASKED_WHEN: return str_starts(t->fold, "[DATE_");
    case ASKED_HOW_MUCH: return str_starts(t->fold, "[MONEY_");
    case ASKED_HOW_MANY: return str_starts(t->fold, "[NUM");
    case ASKED_HOW_LONG: return str_starts(t->fold, "[NUM") || str_starts(t->fold, "[DAYS_");
    case ASKED_WHO: return is_person_slot(t);
    default: return false;
    }
}

static size_t count_values(const struct tokens *t, enum asked kind)
{
    size_t n = 0;

    for (size_t i = 0; i < t->n; i++) n += is_value(&t->items[i], kind);
    return n;
}

/* Says something of a day that only the mail's own day tells. */
static bool is_relative(const struct tokens *t)
{
    static const char *const days[] = {"monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday", "montag", "dienstag", "mittwoch", "donnerstag", "freitag", "samstag", "sonntag",
                                       "today", "heute", "tonight", "now", "jetzt", "currently", "derzeit"};

    for (size_t i = 0; i < t->n; i++) {
        if (plain_relative_day(t->items[i].fold)) return true;
        if (IS_ONE(t->items[i].fold, days) && !(i + 1 < t->n && is_day_slot(&t->items[i + 1]))) return true;
    }
    return false;
}

/* Words of weight of a sentence that are neither asked for nor part of the record's name. */
static size_t count_others(const struct topic *q, const struct tokens *t, const struct tokens *name)
{
    size_t n = 0;

    for (size_t i = 0; i < t->n; i++)
        n += weighs(&t->items[i]) && !is_value(&t->items[i], q->kind) && !has_word(&q->words, t->items[i].fold) && !has_word(name, t->items[i].fold);
    return n;
}

/* Nobody's words but ours: no other company, no other person than one asked for. */
static bool is_of_others(const struct topic *q, const struct tokens *t, const char *to)
{
    for (size_t i = 0; i < t->n; i++) {
        const struct token *x = &t->items[i];
        if (x->slot && str_starts(x->fold, "[ORG_") && !has_word(&q->words, x->fold)) return true;
        if (is_person_slot(x) && q->kind != ASKED_WHO && !(to && str_eq(x->fold, to)) && !has_word(&q->words, x->fold)) return true;
    }
    return false;
}

/* A question without a topic of its own ("what is the price?") is about the deal as a whole: about our offer. */
static bool is_whole_offer(const struct topic *q, const struct tokens *t)
{
    return q->n == 0 && q->kind == ASKED_HOW_MUCH && HAS_ONE(t, offer_words) && count_values(t, ASKED_HOW_MUCH) == 1;
}

static bool answers(const struct admit *a, const struct topic *q, const struct tokens *t, const struct tokens *name)
{
    static const char *const pronouns[] = {"it", "this", "that", "they", "these", "he", "she", "es", "dies", "das", "diese", "er", "dieser"};
    size_t others = count_others(q, t, name), least = q->kind == ASKED_WHETHER ? 2 : 1;

    if (!t->n || IS_ONE(t->items[0].fold, pronouns) || HAS_ONE(t, no_answers) || is_relative(t) || is_of_others(q, t, a->out->to_person)) return false;
    if (q->kind != ASKED_WHETHER && !count_values(t, q->kind)) return false;
    for (size_t i = 0; i < q->n; i++)
        if (!has_word(t, q->items[i]->fold)) return false;
    for (size_t i = 0; q->kind == ASKED_WHEN && !q->past && i < t->n; i++)
        if (is_over(a, &t->items[i])) return false;
    if (q->n < least) return is_whole_offer(q, t) && others <= 1;
    return others <= (q->n == 1 ? 1 : 3);
}

/* A newer text has another value beside a word of the topic (of a sum: anywhere), or takes it back. */
static bool is_other_value(const struct topic *q, const struct tokens *newer, const struct tokens *said)
{
    bool about = q->n == 0 || q->kind == ASKED_HOW_MUCH, other = false;
    size_t met = 0;

    for (size_t i = 0; i < q->n; i++) met += has_word(newer, q->items[i]->fold);
    about = about || met > 0;
    for (size_t i = 0; i < newer->n; i++) other = other || (is_value(&newer->items[i], q->kind) && !has_word(said, newer->items[i].fold));
    if (HAS_ONE(newer, revokes) && (met > 0 || q->n == 0)) return true;
    return q->kind == ASKED_WHETHER ? met == q->n : about && other;
}

struct search {
    const struct admit *a;
    const struct topic *q;
    struct tokens name;
    const struct policy_node *asked;
};

/* Does a text newer than `item` speak against it? The question itself does not. */
static enum rc is_overtaken(const struct search *s, const struct policy_node *item, const struct tokens *said, bool *yes, struct err *e)
{
    enum rc rc = RC_OK;

    *yes = false;
    for (const struct policy_node *newer = notes_member(s->a->out->root, "activities")->first; rc == RC_OK && newer != item && !*yes; newer = newer->next) {
        const struct policy_node *body = notes_member(newer, "body");
        struct notes notes;

        if (!body || body->kind != ADMITTED_VALUE) continue;
        rc = notes_open_text(s->a->out, body, &notes, e);
        if (rc != RC_OK) break;
        for (size_t i = 0; i < notes.items[0].n; i++) {
            const struct note_sentence *x = &notes.items[0].sentences[i];
            if (newer == s->asked && notes.items[0].text.data[x->end - 1] == '?') continue;
            *yes = *yes || is_other_value(s->q, &x->words, said);
        }
        notes_close(&notes);
    }
    return rc;
}

/* An offer that was valid until a day that has passed. */
static bool has_lapsed(const struct admit *a, const struct policy_passage *p, size_t n)
{
    bool lapsed = false;

    for (size_t i = 0; i < n; i++) {
        struct tokens t = {0};
        if (tokens_split(p[i].text, strlen(p[i].text), &t, NULL) != RC_OK) return true;
        for (size_t k = 0; HAS_ONE(&t, validity_words) && k < t.n; k++) lapsed = lapsed || is_over(a, &t.items[k]);
        tokens_clear(&t);
    }
    return lapsed;
}

static bool quotable(const char *text)
{
    size_t n = strlen(text);

    return !strchr(text, '"') && n > 1 && text[n - 1] != '?';
}

/* The sole sentence of our mail that answers; *at is n if there is none or more than one. */
static enum rc sole_answer(const struct search *s, const struct policy_passage *p, size_t n, size_t *at, struct tokens *words, struct err *e)
{
    size_t found = 0;
    enum rc rc = RC_OK;

    *at = n;
    for (size_t i = 0; rc == RC_OK && i < n; i++) {
        struct tokens t = {0};
        rc = tokens_split(p[i].text, strlen(p[i].text), &t, e);
        if (rc == RC_OK && quotable(p[i].text) && answers(s->a, s->q, &t, &s->name)) {
            tokens_clear(words);
            *words = t;
            *at = i;
            found++;
        } else {
            tokens_clear(&t);
        }
    }
    if (found != 1) *at = n;
    return rc;
}

static enum rc take_mail(const struct search *s, const struct policy_node *item, struct answer *out, bool *stop, struct err *e)
{
    const struct policy_node *body = value_of(item, "body");
    struct policy_passages *passages = NULL;
    const struct policy_passage *p;
    struct tokens words = {0};
    size_t n, at = 0;
    bool overtaken = false;
    enum rc rc = body ? policy_passages_open(s->a->out, body, &passages, e) : RC_OK;

    if (rc != RC_OK || !passages) return rc;
    p = policy_passages_list(passages, &n);
    rc = sole_answer(s, p, n, &at, &words, e);
    if (rc == RC_OK && words.n) *stop = true; /* older mails are out of date, even if this one is unclear */
    if (rc == RC_OK && at < n) rc = is_overtaken(s, item, &words, &overtaken, e);
    if (rc == RC_OK && at < n && !overtaken && !has_lapsed(s->a, p, n)) {
        out->kind = ANSWER_MAIL;
        buf_str(&out->value, p[at].text);
        notes_text(notes_member(item, "date"), &out->day);
    }
    tokens_clear(&words);
    policy_passages_close(passages);
    return rc;
}

static const struct token *sole_value(const struct tokens *t, enum asked kind)
{
    const struct token *one = NULL;

    if (count_values(t, kind) != 1) return NULL;
    for (size_t i = 0; i < t->n; i++)
        if (is_value(&t->items[i], kind)) one = &t->items[i];
    return one;
}

/* Of what was agreed in a talk only the sum or day is told: its note was not written for the customer. */
static enum rc take_talk(const struct search *s, const struct policy_node *item, struct answer *out, bool *stop, struct err *e)
{
    const struct policy_node *body = value_of(item, "body");
    const struct token *value = NULL;
    const struct tokens *words = NULL;
    struct notes notes;
    bool overtaken = true;
    size_t found = 0;
    enum rc rc;

    if (!body || !s->q->n || (s->q->kind != ASKED_WHEN && s->q->kind != ASKED_HOW_MUCH)) return RC_OK;
    rc = notes_open_text(s->a->out, body, &notes, e);
    if (rc != RC_OK) return rc;
    for (size_t i = 0; i < notes.items[0].n; i++) {
        const struct tokens *t = &notes.items[0].sentences[i].words;
        if (!HAS_ONE(t, agreed_words) || HAS_ONE(t, negations) || passage_is_private(t) || !sole_value(t, s->q->kind) || !answers(s->a, s->q, t, &s->name)) continue;
        words = t;
        value = sole_value(t, s->q->kind);
        found++;
    }
    if (found) *stop = true;
    if (found == 1) rc = is_overtaken(s, item, words, &overtaken, e);
    if (rc == RC_OK && found == 1 && !overtaken) {
        out->kind = s->q->kind == ASKED_WHEN ? ANSWER_AGREED_DATE : ANSWER_AGREED_SUM;
        buf_str(&out->value, value->fold);
        notes_text(notes_member(item, "date"), &out->day);
    }
    notes_close(&notes);
    return rc;
}

static enum rc find_said(struct search *s, struct answer *out, struct err *e)
{
    const struct policy_node *list = notes_member(s->a->out->root, "activities");
    bool stop = false;
    enum rc rc = name_words(s->a, &s->name, e);

    for (const struct policy_node *item = list && list->kind == ADMITTED_LIST ? list->first : NULL; rc == RC_OK && item && !stop; item = item->next) {
        if (item == s->asked || !notes_member(item, "date")) continue;
        if (is_our_mail(s->a, item))
            rc = take_mail(s, item, out, &stop, e);
        else if (is_our_talk(s->a, item))
            rc = take_talk(s, item, out, &stop, e);
    }
    tokens_clear(&s->name);
    return rc;
}

enum rc answer_find(const struct admit *a, const struct policy_node *asked, const char *question, struct answer *out, struct err *e)
{
    struct topic q;
    struct search s = {.a = a, .q = &q, .asked = asked};
    enum rc rc = topic_read(question, &q, e);

    *out = (struct answer){.kind = ANSWER_NONE};
    buf_init(&out->value, TEXT_LIMIT);
    buf_init(&out->day, TEXT_LIMIT);
    if (rc == RC_OK && q.kind != ASKED_OTHER && !q.too_many) {
        rc = find_field(a, &q, out, e);
        if (rc == RC_OK && out->kind == ANSWER_NONE && q.kind != ASKED_STATUS) rc = find_said(&s, out, e);
    }
    if (rc == RC_OK && out->value.len) rc = buf_check(&out->value, "an answer", e);
    tokens_clear(&q.words);
    return rc;
}

void answer_clear(struct answer *x)
{
    buf_wipe(&x->day);
    buf_wipe(&x->value);
}
