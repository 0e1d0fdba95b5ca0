/* lines.c: see lines.h. */
#include "lines.h"

#include <string.h>
#include <strings.h>

#include "../base/str.h"
#include "notes.h"
#include "policy_internal.h"

enum { EN, DE };

/* ---- what a note is ---------------------------------------------------------------------------------------------- */

static const struct note_kind {
    const char *words[4];
    const char *name[2], *from[2], *according[2]; /* "call"; "a call", after "in" in German; "an incoming call", after "laut" */
} kinds[] = {
    {{"call", "phone", "anruf", "telefonat"}, {"call", "Anruf"}, {"a call", "einem Anruf"}, {"an incoming call", "eingegangenem Anruf"}},
    {{"email", "mail", "e-mail", NULL}, {"email", "E-Mail"}, {"an email", "einer E-Mail"}, {"an incoming email", "eingegangener E-Mail"}},
    {{"meeting", "termin", "treffen", NULL}, {"meeting", "Treffen"}, {"a meeting", "einem Treffen"}, {"what was said in a meeting", "Aussage in einem Treffen"}},
    {{"visit", "besuch", NULL, NULL}, {"visit", "Besuch"}, {"a visit", "einem Besuch"}, {"what was said on a visit", "Aussage bei einem Besuch"}},
};
static const struct note_kind any_note = {{NULL}, {"note", "Notiz"}, {"a note", "einer Notiz"}, {"a note", "einer Notiz"}};
static const struct note_kind any_message = {
    {NULL}, {"message", "Nachricht"}, {"an incoming message", "einer eingegangenen Nachricht"}, {"an incoming message", "eingegangener Nachricht"}};

static const struct note_kind *kind_of(const struct line_note *n)
{
    for (size_t i = 0; i < COUNT_OF(kinds); i++)
        for (size_t k = 0; k < COUNT_OF(kinds[i].words) && kinds[i].words[k]; k++)
            if (strlen(kinds[i].words[k]) == n->n_kind && strncasecmp(n->kind, kinds[i].words[k], n->n_kind) == 0) return &kinds[i];
    return n->outside ? &any_message : &any_note;
}

static void read_word(const struct policy_node *node, const char **word, size_t *n)
{
    if (!node || node->kind != ADMITTED_VALUE || node->n_pieces != 1) return;
    *word = node->pieces[0].bytes;
    *n = node->pieces[0].n;
}

struct line_note line_note_of(const struct policy_node *item, bool outside)
{
    const struct policy_node *date = notes_member(item, "date"), *who = notes_member(notes_member(item, "who"), "full_name");
    struct line_note n = {.kind = "", .direction = "", .outside = outside};

    buf_init(&n.date, 256);
    buf_init(&n.who, 4096);
    read_word(notes_member(item, "kind"), &n.kind, &n.n_kind);
    read_word(notes_member(item, "direction"), &n.direction, &n.n_direction);
    if (date && date->kind == ADMITTED_VALUE) notes_text(date, &n.date);
    if (who && who->kind == ADMITTED_VALUE) notes_text(who, &n.who);
    return n;
}

void line_note_clear(struct line_note *n)
{
    buf_wipe(&n->date);
    buf_wipe(&n->who);
}

/* ---- fields ------------------------------------------------------------------------------------------------------ */

static const struct {
    const char *field, *subject[2], *name[2]; /* "The amount"; "amount" */
} fields[] = {
    {"amount", {"The amount", "Der Betrag"}, {"amount", "Betrag"}},
    {"close_date", {"The close date", "Das Abschlussdatum"}, {"close date", "Abschlussdatum"}},
    {"stage", {"The stage", "Die Phase"}, {"stage", "Phase"}},
    {"status", {"The status", "Der Status"}, {"status", "Status"}},
    {"priority", {"The priority", "Die Priorität"}, {"priority", "Priorität"}},
    {"rating", {"The rating", "Die Bewertung"}, {"rating", "Bewertung"}},
    {"next_step", {"The next step", "Der nächste Schritt"}, {"next step", "nächster Schritt"}},
    {"owner", {"The owner", "Die Zuständigkeit"}, {"owner", "Zuständigkeit"}},
};

/* A field that only this CRM has: its name, underscores as spaces. */
static void put_plain_name(const char *field, struct buf *out)
{
    for (; *field; field++) buf_char(out, *field == '_' ? ' ' : *field);
}

static void put_subject(const char *field, size_t language, struct buf *out)
{
    for (size_t i = 0; i < COUNT_OF(fields); i++)
        if (str_eq(fields[i].field, field)) {
            buf_str(out, fields[i].subject[language]);
            return;
        }
    buf_str(out, language == DE ? "Das Feld " : "The field ");
    put_plain_name(field, out);
}

static void put_name(const char *field, size_t language, struct buf *out)
{
    for (size_t i = 0; i < COUNT_OF(fields); i++)
        if (str_eq(fields[i].field, field)) {
            buf_str(out, fields[i].name[language]);
            return;
        }
    put_plain_name(field, out);
}

/* ---- the lines --------------------------------------------------------------------------------------------------- */

/* Leads: P stands for the person, D for the day; what a bracket { } holds goes when its P or D is unknown. */
static const struct lead_form {
    const char *kind;    /* the name above, in English; NULL: any */
    char direction;      /* 'i'n, 'o'ut, 0: any */
    const char *form[2];
} lead_forms[] = {
    {"email", 'i', {"{P|The customer} wrote{ on D}", "{P|Der Kunde} schrieb{ am D}"}},
    {"email", 'o', {"We wrote{ to P}{ on D}", "Wir schrieben{ P}{ am D}"}},
    {"email", 0, {"E-mail{ of D}{ with P}", "E-Mail{ vom D}{ mit P}"}},
    {"call", 'i', {"{P|The customer} called{ on D}", "{P|Der Kunde} rief{ am D} an"}},
    {"call", 'o', {"Call{ to P}{ on D}", "Anruf{ bei P}{ am D}"}},
    {"call", 0, {"Call{ with P}{ on D}", "Telefonat{ mit P}{ am D}"}},
    {"meeting", 0, {"Meeting{ with P}{ on D}", "Treffen{ mit P}{ am D}"}},
    {"visit", 0, {"Visit{ to P}{ on D}", "Besuch{ bei P}{ am D}"}},
    {"message", 0, {"Message{ from P}{ of D}", "Nachricht{ von P}{ vom D}"}},
    {"note", 'i', {"Note{ of D}{, from P}", "Notiz{ vom D}{, von P}"}},
    {NULL, 0, {"Note{ of D}", "Notiz{ vom D}"}},
};
static const char *const in_thread[2] = {"From an earlier message", "Aus einer früheren Nachricht"}; /* of whom, nobody knows */
static const char *const on_file[2] = {"On file", "Im Datensatz"};
static const char *const in_language[2][2] = {{"in English", "in German"}, {"auf Englisch", "auf Deutsch"}};

static char direction_of(const struct line_note *n)
{
    if (n->n_direction == 7 && strncasecmp(n->direction, "inbound", 7) == 0) return 'i';
    if (n->n_direction == 8 && strncasecmp(n->direction, "outbound", 8) == 0) return 'o';
    return n->outside ? 'i' : 0;
}

static void put_lead(const char *form, const struct line_note *from, struct buf *out)
{
    const char *close;

    for (; *form; form++)
        if (*form != '{') {
            buf_char(out, *form);
        } else { /* {before P behind} or {P|instead} */
            close = strchr(form, '}');
            size_t n = (size_t)(close - form), letter = strcspn(form, "PD"), or_else = strcspn(form, "|");
            const struct buf *value = form[letter] == 'P' ? &from->who : &from->date;
            size_t end = or_else < n ? or_else : n;

            if (value->len)
                buf_printf(out, "%.*s%s%.*s", (int)(letter - 1), form + 1, value->data, (int)(end - letter - 1), form + letter + 1);
            else if (or_else < n)
                buf_add(out, form + or_else + 1, n - or_else - 1);
            form = close;
        }
}

void line_lead(const char *language, const struct line_note *from, const char *written_in, struct buf *out)
{
    const char *kind = kind_of(from)->name[EN], *word = NULL;
    size_t l = policy_language_index(language);
    char direction = direction_of(from);

    if (from->quoted) buf_str(out, in_thread[l]);
    for (size_t i = 0; !from->quoted && i < COUNT_OF(lead_forms); i++) {
        const struct lead_form *f = &lead_forms[i];
        if ((f->kind && !str_eq(f->kind, kind)) || (f->direction && f->direction != direction)) continue;
        if (from->n_kind || from->date.len)
            put_lead(f->form[l], from, out);
        else
            buf_str(out, on_file[l]);
        break;
    }
    if (written_in && !str_eq(written_in, language)) word = in_language[l][policy_language_index(written_in)];
    if (word) buf_printf(out, " (%s)", word);
    buf_char(out, ':');
}

void line_attribution(const char *language, const struct line_note *from, struct buf *out)
{
    size_t l = policy_language_index(language);

    buf_printf(out, l == DE ? "Laut %s: " : "According to %s: ", kind_of(from)->according[l]);
}

void line_conflict(const char *language, const char *field, const char *value, const struct line_note *from, const char *said, size_t n_said,
                   struct buf *out)
{
    size_t l = policy_language_index(language);

    buf_str(out, l == DE ? "Im Feld " : "The ");
    put_name(field, l, out);
    buf_printf(out, l == DE ? " steht %s, aber in %s" : " field says %s, but %s", value, kind_of(from)->from[l]);
    if (from->date.len) buf_printf(out, l == DE ? " vom %s" : " of %s", from->date.data);
    buf_printf(out, l == DE ? " steht %.*s." : " says %.*s.", (int)n_said, said);
}

void line_replaced(const char *language, const char *topic, bool money, const char *was, size_t n_was, const char *now, size_t n_now,
                   const struct line_note *from, struct buf *out)
{
    size_t l = policy_language_index(language);
    const char *before = l == DE ? (money ? "über" : "am") : money ? "of" : "on";

    buf_printf(out, l == DE ? "Überholt: %s %s %.*s, jetzt %.*s" : "Out of date: %s %s %.*s, now %.*s", topic, before, (int)n_was, was, (int)n_now,
               now);
    buf_printf(out, " (%s", kind_of(from)->name[l]);
    if (from->date.len) buf_printf(out, l == DE ? " vom %s" : " of %s", from->date.data);
    buf_str(out, ").");
}

void line_change(const char *language, const char *field, const char *was, const char *now, const char *direction, struct buf *out)
{
    static const struct {
        const char *direction, *form[2][3]; /* before, between and behind the two values */
    } forms[] = {
        {"higher", {{" went up from ", " to ", "."}, {" stieg von ", " auf ", "."}}},
        {"lower", {{" went down from ", " to ", "."}, {" sank von ", " auf ", "."}}},
        {"later", {{" was put off from ", " to ", "."}, {" wurde von ", " auf ", " verschoben."}}},
        {"earlier", {{" was brought forward from ", " to ", "."}, {" wurde von ", " auf ", " vorgezogen."}}},
        {"", {{" changed from ", " to ", "."}, {" änderte sich von ", " zu ", "."}}},
    };
    size_t l = policy_language_index(language), i = 0;

    put_subject(field, l, out);
    while (i + 1 < COUNT_OF(forms) && !str_eq(forms[i].direction, direction)) i++;
    if (*was && *now)
        buf_printf(out, "%s%s%s%s%s", forms[i].form[l][0], was, forms[i].form[l][1], now, forms[i].form[l][2]);
    else if (*now)
        buf_printf(out, l == DE ? " ist jetzt %s." : " is now %s.", now);
    else if (*was)
        buf_printf(out, l == DE ? " war %s und ist jetzt leer." : " was %s and is empty now.", was);
    else
        buf_str(out, l == DE ? " wurde geändert." : " was changed.");
}
