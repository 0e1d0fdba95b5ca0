/* compare.c: what code can tell about the notes exactly (notes.h): conflicts with fields, dates and offers that are replaced. */
#include <stdlib.h>
#include <string.h>

#include "../base/str.h"
#include "contradict.h"
#include "lines.h"
#include "notes.h"
#include "phrase.h"

#define OLD_REACH 2    /* tokens between "from" and the old value */
#define TOPIC_REACH 9  /* between "demo" and its date */
#define WHOLE_RATIO 3  /* a sum this many times smaller or larger than the amount is another one */
#define MAX_REPLACED 16
#define MAX_CLAIMS 4096    /* the newest ones: a record made of dates must not cost more than that many compared with each other */
#define MAX_SENTENCES 4096 /* and of sentences, the newest ones */

struct topic;
struct claim { /* a value in a note */
    const struct note *note;
    const struct note_sentence *sentence;
    const struct mention *value;
    const struct topic *topic; /* what it is the date or price of, or NULL */
    bool old;                  /* its own sentence says that it is past */
};

/* ---- a value and the words beside it ---------------------------------------------------------------------------- */

/* The token at which the value begins, among its sentence's. */
static size_t token_of(const struct claim *c)
{
    const struct tokens *t = &c->sentence->words;
    size_t i = 0;

    while (i < t->n && c->sentence->start + t->items[i].end <= c->value->start) i++;
    return i;
}

static bool word_before(const struct claim *c, const char *words)
{
    size_t at = token_of(c);

    for (size_t k = 1; k <= OLD_REACH && k <= at; k++)
        if (phrase_at(words, &c->sentence->words, at - k)) return true;
    return false;
}

/* Another value of the kind follows in the sentence as the new one: "to 52,000". */
static bool new_one_follows(const struct claim *c)
{
    const struct note_sentence *s = c->sentence;

    for (size_t i = s->first_mention; i < s->first_mention + s->n_mentions; i++) {
        struct claim other = {.note = c->note, .sentence = s, .value = &c->note->mentions.items[i]};
        if (other.value->start > c->value->start && other.value->money == c->value->money &&
            word_before(&other, "to|until|till|auf|zu|now|jetzt"))
            return true;
    }
    return false;
}

/* The sentence itself says that this one is past: "instead of 48,000", "from 48,000 to 52,000". */
static bool is_old(const struct claim *c)
{
    if (word_before(c, "instead|statt|anstatt|anstelle|previously|bisher|bislang|ursprünglich|formerly|originally|not|nicht|kein|was|war")) return true;
    return word_before(c, "from|von|vom") && new_one_follows(c);
}

/* ---- conflicts -------------------------------------------------------------------------------------------------- */

static const char *const settled[] = {
    "agreed|agree|settled|accepted|approved|confirmed|signed|final|finally",
    "vereinbart|einigten|geeinigt|einigung|zugesagt|bestätigt|genehmigt|freigegeben|beauftragt|unterschrieben|akzeptiert",
    "new|revised|corrected amount|price|total|volume|value|order", "amount|total|volume|value is|now|of|rises|drops", "deal is now|worth",
    "neuer|neue|neues preis|betrag|volumen|summe|auftragswert", "auftragswert|volumen|betrag|summe jetzt|nun|ist|liegt|beträgt|steigt|sinkt",
};
/* Nothing is settled where one of these stands. */
static const char *const open_words = "if|unless|not|never|would|could|asked|asks|wants|hopes|möchte*|würde*|wenn|falls|nicht|nie|hofft|fragt|fragte";
/* In the clause of a sum: it is not the whole of a deal. */
static const char *const other_sums =
    "per|each|month|monthly|yearly|annually|annual|year|quarter|seat|seats|user|users|licence|license|hour|hourly|day|discount*|rebate*|budget|deposit|down|instalment*|"
    "installment*|option|optional|options|travel|training|shipping|freight|setup|fee|fees|fine|penalty|cap|competitor*|vat|tax|credit|refund|savings|cost|costs|invoice|"
    "pro|je|monat|monatlich|jahr|jährlich|quartal|nutzer|lizenz|stunde|tag|rabatt*|nachlass*|anzahlung|rate|raten|reise*|schulung*|versand|fracht|gebühr*|strafe|"
    "wettbewerb*|mwst|steuer|gutschrift|ersparnis|kosten|rechnung";
static const char *const signing =
    "sign|signs|signed|signing|signature|close|closes|closing|unterschreib*|unterschrift|unterzeichn*|abschluss|abschließen|abschliessen|vertragsabschluss";
/* In the clause of a date: it is that of something else. */
static const char *const other_dates =
    "demo|call|meeting|visit|deliver*|live|off|committee|approval|training|workshop|invoice|payment|expires|expiry|runs|valid|last|since|trial|pilot|liefer*|besuch|termin|schulung|rechnung|"
    "zahlung|gültig|läuft|laufzeit|seit|test|freigabe|ausschuss|gremium";

static bool has_break(const char *s, size_t n)
{
    for (size_t i = 0; i < n; i++)
        if (strchr(",;:", s[i]) && s[i]) return true;
    return false;
}

/* The words between the commas and semicolons around a value: a view of the sentence's. */
static struct tokens clause_of(const struct claim *c)
{
    const struct tokens *t = &c->sentence->words;
    const char *text = c->note->text.data + c->sentence->start;
    size_t at = token_of(c), from = at, to = at, end = c->value->end - c->sentence->start;

    while (from > 0 && !has_break(text + t->items[from - 1].end, t->items[from].start - t->items[from - 1].end)) from--;
    while (to + 1 < t->n && (t->items[to + 1].start < end || !has_break(text + t->items[to].end, t->items[to + 1].start - t->items[to].end))) to++;
    return (struct tokens){.items = t->items + from, .n = t->n ? to + 1 - from : 0};
}

static bool any_in(const char *const *phrases, size_t n, const struct tokens *t)
{
    for (size_t i = 0; i < n; i++)
        if (phrase_in(phrases[i], t)) return true;
    return false;
}

static bool comparable(int64_t a, int64_t b)
{
    return a > 0 && b > 0 && a / WHOLE_RATIO <= b && b / WHOLE_RATIO <= a;
}

static bool settles_amount(const struct claim *c, const struct value *field)
{
    const struct tokens *t = &c->sentence->words, clause = clause_of(c);

    return c->value->money && any_in(settled, COUNT_OF(settled), t) && !phrase_in(open_words, t) && !phrase_in(other_sums, &clause) && !c->old &&
           c->value->value.scale == field->scale && comparable(c->value->value.digits, field->digits);
}

static bool settles_close(const struct claim *c, const struct value *field)
{
    const struct tokens *t = &c->sentence->words, clause = clause_of(c);

    (void)field;
    return !c->value->money && !c->sentence->stale && phrase_in(signing, &clause) && !phrase_in(open_words, t) && !phrase_in(other_dates, &clause) && !c->old &&
           !(c->note->dated && c->value->value.days < c->note->day); /* what is past is no plan */
}

struct lists { /* in the making */
    struct admit *a;
    struct notes *notes;
    struct claim *claims; /* newest first; within a note from its end */
    size_t n_claims;
    struct policy_node *conflicts, *superseded;
    struct stale_sentence *stale;
    size_t n_stale, cap_stale;
    struct replaced_value replaced[MAX_REPLACED];
    size_t n_replaced;
};

static enum rc put_bytes(struct lists *x, struct policy_node *map, const char *name, const char *path, const char *s, size_t n, bool outside,
                         struct err *e)
{
    return node_text(x->a, map, name, path, s, n, outside ? NODE_OUTSIDE : 0, e);
}

static enum rc put_copy(struct lists *x, struct policy_node *map, const char *name, const struct policy_node *of, struct err *e)
{
    struct buf text;
    enum rc rc;

    if (!of || of->kind != ADMITTED_VALUE || !of->n_pieces) return RC_OK;
    buf_init(&text, (size_t)1 << 20);
    notes_text(of, &text);
    rc = buf_check(&text, "an admitted text", e);
    if (rc == RC_OK) rc = put_bytes(x, map, name, of->path, text.data, text.len, of->outside, e);
    buf_wipe(&text);
    return rc;
}

/* What the note is: kind, direction, date, who. */
static enum rc put_note(struct lists *x, struct policy_node *map, const struct note *note, struct err *e)
{
    static const char *const names[] = {"kind", "direction", "date"};
    const struct policy_node *who = notes_member(note->item, "who");
    struct policy_node *copy;
    enum rc rc = RC_OK;

    if (!note->item) return put_bytes(x, map, "kind", note->node->path, note->node->name, strlen(note->node->name), false, e);
    for (size_t i = 0; rc == RC_OK && i < COUNT_OF(names); i++) rc = put_copy(x, map, names[i], notes_member(note->item, names[i]), e);
    if (rc != RC_OK || !who) return rc;
    rc = node_map(x->a, "who", &copy, e);
    if (rc == RC_OK) rc = put_copy(x, copy, "full_name", notes_member(who, "full_name"), e);
    if (rc == RC_OK && copy->count) node_append(map, copy);
    return rc;
}

static enum rc add_conflict(struct lists *x, const struct policy_node *field, const struct note *note, const struct note_sentence *s,
                            const char *said, size_t n_said, struct err *e)
{
    struct line_note from = line_note_of(note->item, note->node->outside);
    struct policy_node *map;
    struct buf value, line;
    enum rc rc = node_map(x->a, NULL, &map, e);

    buf_init(&value, (size_t)64 << 10);
    buf_init(&line, (size_t)64 << 10);
    notes_text(field, &value);
    line_conflict(x->a->out->language, field->name, value.data, &from, said, n_said, &line);
    if (rc == RC_OK) rc = buf_check(&line, "a line", e);
    if (rc == RC_OK) rc = put_bytes(x, map, "field", field->path, field->name, strlen(field->name), false, e);
    if (rc == RC_OK) rc = put_bytes(x, map, "value", field->path, value.data, value.len, false, e);
    if (rc == RC_OK) rc = put_bytes(x, map, "said", note->node->path, said, n_said, note->node->outside, e);
    if (rc == RC_OK) rc = put_bytes(x, map, "text", note->node->path, note->text.data + s->start, s->end - s->start, note->node->outside, e);
    if (rc == RC_OK && note->node->outside) rc = put_bytes(x, map, "outside", note->node->path, "yes", 3, true, e);
    if (rc == RC_OK) rc = put_note(x, map, note, e);
    if (rc == RC_OK) rc = node_text(x->a, map, "line", note->node->path, line.data, line.len, NODE_TOLD | (note->node->outside ? NODE_OUTSIDE : 0), e);
    if (rc == RC_OK) node_append(x->conflicts, map);
    buf_wipe(&line);
    buf_wipe(&value);
    line_note_clear(&from);
    return rc;
}

/* The field exactly as the record has it. */
static bool field_value(const struct record *r, const char *name, struct value *out)
{
    const struct field *f = record_field(r, name);

    if (!f || !f->text) return false;
    if (f->type == FIELD_MONEY) return value_money(f->text, f->currency ? f->currency : "", out);
    if (f->type != FIELD_DATE) return false;
    value_date((int32_t)f->integer, out);
    return true;
}

static enum rc compare_value(struct lists *x, const char *name, bool (*settles)(const struct claim *, const struct value *), struct err *e)
{
    const struct policy_node *field = notes_member(x->a->out->root, name);
    struct value value;

    if (!field || field->kind != ADMITTED_VALUE || !field_value(x->a->record, name, &value)) return RC_OK;
    for (size_t i = 0; i < x->n_claims; i++) {
        const struct claim *c = &x->claims[i];
        if (!settles(c, &value)) continue;
        if (mention_agrees(&c->value->value, &value)) return RC_OK;
        return add_conflict(x, field, c->note, c->sentence, c->note->text.data + c->value->start, c->value->end - c->value->start, e);
    }
    return RC_OK; /* nothing settles it */
}

/* A note tells how it ended and the field does not say so. */
static enum rc compare_stage(struct lists *x, const char *name, struct err *e)
{
    const struct policy_node *field = notes_member(x->a->out->root, name);
    struct tokens words = {0};
    struct buf text;
    size_t seen = 0;
    enum rc rc;

    if (!field || field->kind != ADMITTED_VALUE) return RC_OK;
    buf_init(&text, (size_t)64 << 10);
    notes_text(field, &text);
    rc = buf_check(&text, "a field", e);
    if (rc == RC_OK) rc = tokens_split(text.data, text.len, &words, e);
    for (size_t i = 0; rc == RC_OK && i < x->notes->n; i++)
        for (size_t k = x->notes->items[i].n; k-- > 0 && seen++ < MAX_SENTENCES;) {
            const struct note_sentence *s = &x->notes->items[i].sentences[k];
            const char *field_words, *said = contradict_outcome(&s->words, x->a->out->language, &field_words);
            if (!said) continue;
            if (!phrase_in(field_words, &words)) rc = add_conflict(x, field, &x->notes->items[i], s, said, strlen(said), e);
            goto out; /* the newest says it */
        }
out:
    tokens_clear(&words);
    buf_wipe(&text);
    return rc;
}

/* ---- dates and offers that are replaced ------------------------------------------------------------------------- */

static const struct topic {
    const char *words, *name[2];
    bool money;
} topics[] = {
    {"offer|quote|quotation|proposal|bid|angebot|angebots", {"offer", "Angebot"}, true},
    {"price|preis", {"price", "Preis"}, true},
    {"budget", {"budget", "Budget"}, true},
    {"demo|demonstration|vorführung", {"demo", "Demo"}, false},
    {"workshop", {"workshop", "Workshop"}, false},
    {"meeting|appointment|termin|treffen|besprechung", {"meeting", "Termin"}, false},
    {"visit|besuch", {"visit", "Besuch"}, false},
    {"delivery|shipment|lieferung|liefertermin", {"delivery", "Lieferung"}, false},
    {"live|launch|livegang|produktivstart", {"go-live", "Go-live"}, false},
    {"kick|kickoff|auftakt|projektstart", {"kick-off", "Kick-off"}, false},
    {"deadline|frist|stichtag", {"deadline", "Frist"}, false},
    {"decision|entscheidung", {"decision", "Entscheidung"}, false},
    {"training|schulung", {"training", "Schulung"}, false},
    {"installation|commissioning|inbetriebnahme|montage", {"installation", "Installation"}, false},
    {"pilot|trial|teststart", {"pilot", "Pilot"}, false},
    {"signature|signing|unterschrift|unterzeichnung", {"signature", "Unterschrift"}, false},
    {"start|starts|begin|begins|beginn|baubeginn|projektbeginn", {"start", "Beginn"}, false},
    {"hotfix|patch|bugfix|fehlerkorrektur", {"fix", "Korrektur"}, false},
    {"committee|ausschuss|gremium", {"committee", "Gremium"}, false},
    {"board|vorstand|aufsichtsrat|beirat|gemeinderat", {"board", "Vorstand"}, false},
    {"opening|eröffnung", {"opening", "Eröffnung"}, false},
    {"handover|übergabe|abnahme", {"handover", "Übergabe"}, false},
};

static const char *const replaces =
    "move|moved|moves|slip|slips|slipped|slides|postpone|postponed|reschedule|rescheduled|pushed|delayed|forward|now|new|instead|revised|changed|updated|reduced|raised|lowered|increased|improved|replaces|"
    "verschieben|verlegen|vertagt|rutscht|geschoben|verschoben|verlegt|vorgezogen|neu|neue|neuer|neues|neuen|jetzt|nun|stattdessen|statt|geändert|angepasst|gesenkt|erhöht|überarbeitet|aktualisiert|nachgebessert|ersetzt";

/* The topic nearest to the value; NULL: none in reach. */
static const struct topic *topic_of(const struct claim *c)
{
    const struct tokens *t = &c->sentence->words;
    size_t at = token_of(c), best = TOPIC_REACH + 1;
    const struct topic *found = NULL;

    for (size_t i = 0; i < t->n; i++) {
        size_t apart = i > at ? i - at : at - i;
        for (size_t k = 0; apart < best && k < COUNT_OF(topics); k++)
            if (topics[k].money == c->value->money && phrase_at(topics[k].words, t, i)) {
                found = &topics[k];
                best = apart;
            }
    }
    return found;
}

static bool names_value(const struct claim *c, const struct value *v)
{
    for (size_t i = 0; i < c->sentence->n_mentions; i++)
        if (mention_agrees(&c->note->mentions.items[c->sentence->first_mention + i].value, v)) return true;
    return false;
}

/* Is y surely older? Of two of one day nobody can tell; undated ones are only compared within their list. */
static bool is_older(const struct note *x, const struct note *y)
{
    if (x->dated && y->dated) return y->day < x->day;
    return !x->dated && !y->dated && x->item && y->item && y > x; /* in the list's order */
}

static enum rc mark_stale(struct lists *x, const struct claim *c, struct err *e)
{
    struct note_sentence *s = &((struct note *)c->note)->sentences[c->sentence - c->note->sentences]; /* ours: x->notes */

    if (s->stale) return RC_OK;
    if (x->n_stale == x->cap_stale) {
        size_t cap = x->cap_stale ? 2 * x->cap_stale : 16;
        struct stale_sentence *bigger = arena_array(&x->a->out->arena, cap, sizeof(*bigger));
        if (!bigger) return admit_no_memory(x->a, e);
        if (x->n_stale) memcpy(bigger, x->stale, x->n_stale * sizeof(*bigger));
        x->stale = bigger;
        x->cap_stale = cap;
    }
    s->stale = true;
    x->stale[x->n_stale++] = (struct stale_sentence){c->note->node, s->start};
    return RC_OK;
}

static enum rc add_replaced(struct lists *x, const struct topic *topic, const struct claim *now, const struct claim *was, struct err *e)
{
    const char *name = topic->name[policy_language_index(x->a->out->language)];
    const char *old = was->note->text.data + was->value->start, *current = now->note->text.data + now->value->start;
    size_t n_old = was->value->end - was->value->start, n_current = now->value->end - now->value->start;
    bool outside = now->note->node->outside;
    struct line_note from = line_note_of(now->note->item, outside);
    struct policy_node *map;
    struct buf line;
    enum rc rc = node_map(x->a, NULL, &map, e);

    buf_init(&line, (size_t)64 << 10);
    line_replaced(x->a->out->language, name, topic->money, old, n_old, current, n_current, &from, &line);
    if (rc == RC_OK) rc = buf_check(&line, "a line", e);
    if (rc == RC_OK) rc = put_bytes(x, map, "topic", now->note->node->path, name, strlen(name), false, e);
    if (rc == RC_OK) rc = put_bytes(x, map, "was", was->note->node->path, old, n_old, was->note->node->outside, e);
    if (rc == RC_OK) rc = put_bytes(x, map, "now", now->note->node->path, current, n_current, outside, e);
    if (rc == RC_OK && outside) rc = put_bytes(x, map, "outside", now->note->node->path, "yes", 3, true, e);
    if (rc == RC_OK) rc = put_note(x, map, now->note, e);
    if (rc == RC_OK) rc = node_text(x->a, map, "line", now->note->node->path, line.data, line.len, NODE_TOLD | (outside ? NODE_OUTSIDE : 0), e);
    if (rc == RC_OK) node_append(x->superseded, map);
    buf_wipe(&line);
    line_note_clear(&from);
    return rc;
}

/* For the output checks: nobody should be told the old value as the current one. */
static void note_replaced(struct lists *x, const struct claim *now, const struct value *was)
{
    for (size_t i = 0; i < x->n_replaced; i++)
        if (str_eq(x->replaced[i].topic, now->topic->words) && mention_agrees(&x->replaced[i].was, was)) return;
    if (x->n_replaced < MAX_REPLACED) x->replaced[x->n_replaced++] = (struct replaced_value){now->topic->words, *was, now->value->value};
}

/* Older values of the same topic that this one replaces. *told: the newest of them is in the list already. Only our own word
 * makes the old value one that nobody may be told. */
static enum rc replace_older(struct lists *x, size_t at, bool *told, struct err *e)
{
    const struct claim *now = &x->claims[at];
    bool cue = phrase_in(replaces, &now->sentence->words), outside = now->note->node->outside;
    enum rc rc = RC_OK;

    for (size_t i = at + 1; rc == RC_OK && i < x->n_claims; i++) {
        const struct claim *was = &x->claims[i];
        const struct value *old = &was->value->value;
        if (was->topic != now->topic || was->old || !is_older(now->note, was->note) || mention_agrees(old, &now->value->value)) continue;
        if (!names_value(now, old) && (!cue || (!now->topic->money && (!now->note->dated || old->days < now->note->day)))) continue;
        rc = mark_stale(x, was, e);
        if (!outside) note_replaced(x, now, old);
        if (rc == RC_OK && !*told && x->superseded->count < MAX_REPLACED) rc = add_replaced(x, now->topic, now, was, e);
        *told = true;
    }
    return rc;
}

/* An outsider may move a date, which is told to be theirs; what we offer is not theirs to change. */
static bool may_speak(const struct claim *c)
{
    return c->topic && !c->old && !(c->topic->money && c->note->node->outside);
}

/* For each topic only its newest value replaces others, in whichever note that names it says so: what an older one replaced
 * is out of date with it. */
static enum rc find_replaced(struct lists *x, struct err *e)
{
    const struct value *current[COUNT_OF(topics)] = {NULL};
    bool past[COUNT_OF(topics)] = {false}, told[COUNT_OF(topics)] = {false};
    enum rc rc = RC_OK;

    for (size_t i = 0; rc == RC_OK && i < x->n_claims; i++) {
        const struct claim *now = &x->claims[i];
        size_t n = now->topic ? (size_t)(now->topic - topics) : 0;
        if (!may_speak(now) || past[n]) continue;
        if (!current[n]) current[n] = &now->value->value;
        past[n] = !mention_agrees(current[n], &now->value->value);
        if (!past[n]) rc = replace_older(x, i, &told[n], e);
    }
    return rc;
}

/* ---- the front -------------------------------------------------------------------------------------------------- */

static enum rc keep_replaced(struct lists *x, struct err *e)
{
    struct replaced_value *copy = arena_array(&x->a->out->arena, x->n_replaced + 1, sizeof(*copy));

    if (!copy) return admit_no_memory(x->a, e);
    memcpy(copy, x->replaced, x->n_replaced * sizeof(*copy));
    x->a->out->replaced = copy;
    x->a->out->n_replaced = x->n_replaced;
    return RC_OK;
}

static enum rc collect(struct lists *x, struct err *e)
{
    x->claims = calloc(MAX_CLAIMS, sizeof(*x->claims));
    if (!x->claims) return err_set(e, RC_NOMEM, "policy: out of memory");
    for (size_t i = 0; i < x->notes->n; i++)
        for (size_t k = x->notes->items[i].n; k-- > 0;) {
            const struct note *note = &x->notes->items[i];
            const struct note_sentence *s = &note->sentences[k];
            for (size_t j = s->first_mention + s->n_mentions; j-- > s->first_mention && x->n_claims < MAX_CLAIMS;) {
                struct claim *c = &x->claims[x->n_claims++];
                *c = (struct claim){.note = note, .sentence = s, .value = &note->mentions.items[j]};
                c->topic = topic_of(c);
                c->old = is_old(c);
            }
        }
    return RC_OK;
}

enum rc notes_compare(struct admit *a, struct err *e)
{
    struct notes notes;
    struct lists x = {.a = a, .notes = &notes};
    enum rc rc = notes_open(a->out, a->scanner->detect, &notes, e);

    if (rc != RC_OK) return rc;
    rc = collect(&x, e);
    if (rc == RC_OK) rc = node_list(a, "conflicts", &x.conflicts, e);
    if (rc == RC_OK) rc = node_list(a, "superseded", &x.superseded, e);
    if (rc == RC_OK) rc = find_replaced(&x, e); /* first: what no longer holds is no conflict */
    if (rc == RC_OK) rc = compare_value(&x, "amount", settles_amount, e);
    if (rc == RC_OK) rc = compare_value(&x, "close_date", settles_close, e);
    if (rc == RC_OK) rc = compare_stage(&x, "stage", e);
    if (rc == RC_OK) rc = compare_stage(&x, "status", e);
    if (rc == RC_OK) {
        x.conflicts->told = x.superseded->told = true;
        if (x.conflicts->count) node_append(a->out->root, x.conflicts);
        if (x.superseded->count) node_append(a->out->root, x.superseded);
        a->out->stale = x.stale;
        a->out->n_stale = x.n_stale;
        rc = keep_replaced(&x, e);
    }
    free(x.claims);
    notes_close(&notes);
    return rc;
}
