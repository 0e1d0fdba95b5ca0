/* contradict.c: see contradict.h. */
#include "contradict.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "../base/str.h"
#include "phrase.h"
#include "text.h"

#define LABEL_REACH 3 /* tokens between "amount" and its sum */
#define VERB_REACH 2  /* between a person and what they did */

#define LOOK_BACK 32
#define NODE_MAX_BYTES ((size_t)1 << 20)

struct said_value {
    const struct source_text *text;
    struct value value;
};

struct contradict {
    const struct policy_admitted *a;
    const struct evidence *ev;
    struct value_locale locale;
    struct said_value *values; /* of all admitted texts and fields */
    size_t n_values, cap_values;
};

/* ---- fields ----------------------------------------------------------------------------------------------------- */

/* Does some field of one of these names hold the phrase (NULL: anything)? */
static bool field_has(const struct evidence *ev, const char *const *names, const char *phrase)
{
    for (size_t i = 0; i < ev->n; i++)
        for (const char *const *name = names; *name; name++)
            if (str_eq(ev->items[i].node->name, *name) && (!phrase || phrase_in(phrase, &ev->items[i].words))) return true;
    return false;
}

static const char *const stages[] = {"stage", "status", NULL};
static const char *const amounts[] = {"amount", NULL};
static const char *const closings[] = {"close_date", NULL};

/* ---- stage, won or lost ----------------------------------------------------------------------------------------- */

/* One meaning a row, as fields write it in either language. */
static const char *const stage_names[] = {
    "prospecting|akquise",    "qualification|qualifizierung", "needs analysis",   "bedarfsanalyse",    "proposal|quote|angebot|angebotsphase",
    "negotiation|verhandlung", "closed won", "closed lost", "discovery", "value proposition", "contract|vertrag", "evaluation|evaluierung",
    "contacted|kontaktiert",  "nurturing",  "qualified|qualifiziert", "unqualified|unqualifiziert", "escalated|eskaliert",
};
/* Beside which words a stage's name is said to be the record's. */
static bool names_stage(const struct tokens *t, const char *name)
{
    char phrase[160];

    snprintf(phrase, sizeof(phrase), "stage|phase|status %s", name);
    if (phrase_in(phrase, t)) return true;
    snprintf(phrase, sizeof(phrase), "stage|phase|status is|of|ist|now|jetzt|lautet %s", name);
    if (phrase_in(phrase, t)) return true;
    snprintf(phrase, sizeof(phrase), "in|the|der %s stage|phase", name);
    return phrase_in(phrase, t);
}

static bool stage_fault(const struct evidence *ev, const struct tokens *t)
{
    if (!field_has(ev, stages, NULL)) return false;
    for (size_t i = 0; i < COUNT_OF(stage_names); i++)
        if (names_stage(t, stage_names[i]) && !field_has(ev, stages, stage_names[i])) return true;
    return false;
}

static const struct outcome {
    const char *claims[5];
    const char *field; /* what a stage or status that bears them out holds */
    const char *name[2]; /* by language */
} outcomes[] = {
    {{"deal|opportunity|order|sale|business|tender|it is|was|has|have ~ won", "we|i|have|has ~ won ~ deal|opportunity|order|sale|business|tender", "closed won",
      "auftrag|deal|verkaufschance|geschäft|ausschreibung ~ gewonnen", "gewonnen ~ auftrag|deal|verkaufschance|geschäft"},
     "won|gewonnen", {"won", "gewonnen"}},
    {{"deal|opportunity|order|sale|business|tender|it is|was|has|have ~ lost", "we|i|have|has ~ lost ~ deal|opportunity|order|sale|business|tender", "closed lost",
      "auftrag|deal|verkaufschance|geschäft|ausschreibung ~ verloren", "verloren ~ auftrag|deal|verkaufschance|geschäft"},
     "lost|verloren", {"lost", "verloren"}},
    {{"case|ticket|issue|request is|was|has ~ closed|resolved|solved", "fall|ticket|anfrage|vorgang ist|wurde ~ geschlossen|gelöst|erledigt",
      "closed the case|ticket", NULL},
     "closed|resolved|solved|geschlossen|gelöst|erledigt", {"closed", "geschlossen"}},
};

/* "not won yet", "if the deal is won": no claim. */
static bool is_open(const struct tokens *t)
{
    return phrase_in("not|never|if|when|once|unless|until|before|could|would|might|may|can|should|yet|nicht|nie|falls|wenn|sobald|bevor|bis|könnte|würde|sollte|noch", t);
}

static bool outcome_fault(const struct evidence *ev, const struct tokens *t)
{
    if (!field_has(ev, stages, NULL) || is_open(t)) return false;
    for (size_t i = 0; i < COUNT_OF(outcomes); i++) {
        if (field_has(ev, stages, outcomes[i].field)) continue;
        for (size_t k = 0; k < COUNT_OF(outcomes[i].claims) && outcomes[i].claims[k]; k++)
            if (phrase_in(outcomes[i].claims[k], t)) return true;
    }
    return false;
}

const char *contradict_outcome(const struct tokens *t, const char *language, const char **field_words)
{
    for (size_t i = 0; i < COUNT_OF(outcomes) && !is_open(t); i++)
        for (size_t k = 0; k < COUNT_OF(outcomes[i].claims) && outcomes[i].claims[k]; k++)
            if (phrase_in(outcomes[i].claims[k], t)) {
                *field_words = outcomes[i].field;
                return outcomes[i].name[policy_language_index(language)];
            }
    return NULL;
}

/* ---- sums and dates --------------------------------------------------------------------------------------------- */

static const struct label {
    const char *words;
    bool money;
    const char *const *fields;
} labels[] = {
    {"amount|worth|volume|volumen|wert|auftragswert|betrag|dealwert", true, amounts},
    {"close|closing date", false, closings},
    {"closes|closing on", false, closings},
    {"abschlussdatum", false, closings},
};

/* Some text of the record has the same value and the same words: it is a quotation. */
static bool said_by_record(const struct contradict *c, const struct label *l, const struct mention *x)
{
    for (size_t i = 0; i < c->n_values; i++)
        if (mention_agrees(&c->values[i].value, &x->value) && phrase_in(l->words, &c->values[i].text->words)) return true;
    return false;
}

static bool in_field(const struct contradict *c, const char *const *names, const struct mention *x)
{
    for (size_t i = 0; i < c->n_values; i++)
        for (const char *const *name = names; *name; name++)
            if (str_eq(c->values[i].text->node->name, *name) && mention_agrees(&c->values[i].value, &x->value)) return true;
    return false;
}

/* Some reading of what stands at m->items[i] is the field's, or the record says so. */
static bool is_said(const struct contradict *c, const struct label *l, const struct mentions *m, size_t i)
{
    for (size_t k = i; k < m->n && m->items[k].start == m->items[i].start; k++)
        if (in_field(c, l->fields, &m->items[k]) || said_by_record(c, l, &m->items[k])) return true;
    return false;
}

/* The first mention of the kind that begins in the tokens [from, to]; m->n: none. */
static size_t mention_in(const struct mentions *m, bool money, const struct tokens *t, size_t from, size_t to)
{
    for (size_t i = 0; i < m->n; i++)
        if (m->items[i].money == money && m->items[i].end > t->items[from].start && m->items[i].start < t->items[to].end) return i;
    return m->n;
}

static bool value_fault(const struct contradict *c, const struct tokens *t, const struct mentions *m)
{
    for (size_t i = 0; i < COUNT_OF(labels); i++) {
        if (!field_has(c->ev, labels[i].fields, NULL)) continue;
        for (size_t at = 0; at + 1 < t->n; at++) {
            size_t last = at + 1 + LABEL_REACH < t->n ? at + 1 + LABEL_REACH : t->n - 1, k;
            if (!phrase_at(labels[i].words, t, at)) continue;
            k = mention_in(m, labels[i].money, t, at + 1, last);
            if (k < m->n && !is_said(c, &labels[i], m, k)) return true;
        }
    }
    return false;
}

/* A date or offer that a later note replaces, told as if it held: neither the new one stands beside it, nor a word that says that
 * it is past, nor another day, as "on 3 November we offered" has. */
static bool replaced_fault(const struct contradict *c, const struct tokens *t, const struct mentions *m)
{
    static const char *const past = "was|were|had|first|originally|instead|moved|postponed|previously|old|earlier|before|out|replaced|revised|war|waren|hatte*|zuerst|"
                                    "ursprünglich*|statt|verschoben|bisher*|alt|alte|altes|alten|vorher|früher*|überholt|ersetzt|zunächst";

    for (size_t i = 0; i < c->a->n_replaced; i++) {
        const struct replaced_value *r = &c->a->replaced[i];
        bool named = false, other = false;
        for (size_t k = 0; k < m->n; k++) {
            bool is = mention_agrees(&m->items[k].value, &r->was);
            named = named || is;
            other = other || (!is && (!m->items[k].money || r->now.kind == VALUE_MONEY));
        }
        if (named && !other && phrase_in(r->topic, t) && !phrase_in(past, t)) return true;
    }
    return false;
}

/* ---- who did what ----------------------------------------------------------------------------------------------- */

/* A person as a sentence names them: a slot, or words of a name that the policy keeps in clear. */
struct actor {
    const struct token *slot; /* or NULL */
    uint64_t run;             /* of n words */
    size_t n;
};

static bool text_has(const struct source_text *x, const struct actor *who)
{
    if (who->slot) return hash_set_has(&x->has, who->slot->hash);
    for (size_t i = 0; i + who->n <= x->words.n; i++)
        if (tokens_run(&x->words, i, who->n) == who->run) return true;
    return false;
}

static bool node_has(const struct contradict *c, const struct policy_node *node, const struct actor *who)
{
    for (size_t i = 0; node->kind == ADMITTED_VALUE && i < c->ev->n; i++)
        if (c->ev->items[i].node == node) return text_has(&c->ev->items[i], who);
    for (const struct policy_node *m = node->kind == ADMITTED_VALUE ? NULL : node->first; m; m = m->next)
        if (node_has(c, m, who)) return true;
    return false;
}

static const struct policy_node *member(const struct policy_node *map, const char *name)
{
    for (const struct policy_node *m = map && map->kind == ADMITTED_MAP ? map->first : NULL; m; m = m->next)
        if (str_eq(m->name, name)) return m;
    return NULL;
}

static bool is_word(const struct policy_node *node, const char *word)
{
    return node && node->n_pieces == 1 && node->pieces[0].n == strlen(word) && strncmp(node->pieces[0].bytes, word, strlen(word)) == 0;
}

/* Is it a text rather than a name or a label? */
static bool is_prose(const struct policy_node *node)
{
    return node->kind == ADMITTED_VALUE && (node->n_pieces > 1 || (node->n_pieces && memchr(node->pieces[0].bytes, '.', node->pieces[0].n)));
}

/* Activities in which only we spoke: our mails and what we wrote for ourselves. */
static bool only_ours(const struct policy_node *item)
{
    return is_word(member(item, "direction"), "internal") || (is_word(member(item, "kind"), "email") && is_word(member(item, "direction"), "outbound"));
}

/* The lead or contact that the record is: its activities are with them, if one was not ours alone. */
static bool is_own_person(const struct contradict *c, const struct actor *who)
{
    const struct policy_node *person = member(c->a->root, "full_name"), *list = member(c->a->root, "activities");

    if (!person || !list || list->kind != ADMITTED_LIST || !node_has(c, person, who)) return false;
    for (const struct policy_node *item = list->first; item; item = item->next)
        if (!only_ours(item)) return true;
    return false;
}

/* Could this person have done it: a text names them, or an activity that was not ours alone has them. */
static bool took_part(const struct contradict *c, const struct actor *who)
{
    if (is_own_person(c, who)) return true;
    for (const struct policy_node *m = c->a->root ? c->a->root->first : NULL; m; m = m->next) {
        if (is_prose(m) && node_has(c, m, who)) return true;
        if (m->kind != ADMITTED_LIST) continue;
        for (const struct policy_node *item = m->first; item; item = item->next) {
            const struct policy_node *body = member(item, "body"), *subject = member(item, "subject");
            if (!node_has(c, item, who)) continue;
            if ((body && node_has(c, body, who)) || (subject && node_has(c, subject, who))) return true;
            if (!(is_word(member(item, "kind"), "email") && is_word(member(item, "direction"), "outbound"))) return true;
        }
    }
    return false;
}

/* The person of the record whose name, or last name, ends at the token `at`. */
static bool name_at(const struct contradict *c, const struct tokens *t, size_t at, struct actor *who)
{
    for (size_t i = 0; i < c->ev->n; i++) {
        const struct source_text *x = &c->ev->items[i];
        size_t n = x->words.n;
        if (!str_eq(x->node->name, "full_name") && !str_eq(x->node->name, "last_name")) continue;
        if (!n || x->words.items[n - 1].slot || x->words.items[n - 1].hash != t->items[at].hash) continue;
        *who = (struct actor){.run = tokens_run(&x->words, n - 1, 1), .n = 1};
        return true;
    }
    return false;
}

static bool actor_fault(const struct contradict *c, const struct tokens *t)
{
    static const char *const acts = "wrote|replied|answered|asked|requested|complained|promised|confirmed|agreed|ordered|signed|cancelled|rejected|accepted|"
                                    "schrieb|antwortete|fragte|bat|verlangte|bestätigte|versprach|bestellte|unterschrieb|kündigte|stornierte";

    for (size_t i = 0; i + 1 < t->n; i++) {
        struct actor who = {.slot = &t->items[i]};
        if (!(t->items[i].slot ? str_starts(t->items[i].fold, "[PERSON_") : t->items[i].capital && name_at(c, t, i, &who))) continue;
        if (!t->items[i].slot) who.slot = NULL;
        for (size_t k = i + 1; k < t->n && k <= i + VERB_REACH; k++)
            if (phrase_at(acts, t, k) && !took_part(c, &who)) return true;
    }
    return false;
}

/* A customer is said to have written or answered: some activity must not be ours alone, or a text must say so. */
static bool answer_fault(const struct contradict *c, const struct tokens *t)
{
    static const char *const answers = "wrote|replied|replies|reply|answered|answers|responded|response|schrieb*|geschrieben|antwort*|geantwortet|meldete*|gemeldet";
    char claim[300];

    snprintf(claim, sizeof(claim), "customer|client|kunde|kundin ~ %s", answers);
    if (!phrase_in(claim, t) || is_open(t)) return false;
    for (const struct policy_node *list = c->a->root ? c->a->root->first : NULL; list; list = list->next)
        for (const struct policy_node *item = list->kind == ADMITTED_LIST ? list->first : NULL; item; item = item->next)
            if (member(item, "direction") && !only_ours(item)) return false;
    for (size_t i = 0; i < c->ev->n; i++)
        if (phrase_in(answers, &c->ev->items[i].words)) return false;
    return true;
}

/* ---- what the record says --------------------------------------------------------------------------------------- */

/* A text that repeats a value says it once; looking back a little keeps one that repeats a thousand of them cheap. */
static enum rc add_value(struct contradict *c, const struct source_text *x, const struct value *v, struct err *e)
{
    for (size_t i = c->n_values; i > 0 && i + LOOK_BACK > c->n_values && c->values[i - 1].text == x; i--)
        if (value_equal(&c->values[i - 1].value, v)) return RC_OK;
    if (c->n_values == c->cap_values) {
        size_t cap = c->cap_values ? 2 * c->cap_values : 32;
        struct said_value *bigger = realloc(c->values, cap * sizeof(*bigger));
        if (!bigger) return err_set(e, RC_NOMEM, "policy: out of memory");
        c->values = bigger;
        c->cap_values = cap;
    }
    c->values[c->n_values++] = (struct said_value){x, *v};
    return RC_OK;
}

static enum rc add_text(struct contradict *c, const struct source_text *x, struct detect_set *d, struct err *e)
{
    struct value_locale locales[COUNT_OF(policy_languages)];
    struct mentions m = {0};
    struct found *found = NULL;
    struct buf text;
    size_t n_found = 0;
    bool clear = false;
    enum rc rc;

    for (size_t i = 0; i < COUNT_OF(locales); i++) {
        value_locale_init(&locales[i], policy_languages[i]);
        locales[i].today = c->a->today;
    }
    buf_init(&text, NODE_MAX_BYTES);
    for (size_t i = 0; i < x->node->n_pieces; i++) {
        const struct policy_piece *p = &x->node->pieces[i];
        buf_add(&text, p->bytes, p->n);
        clear = clear || (!p->slot && text_has_digit(p->bytes, p->n));
    }
    rc = buf_check(&text, "an admitted text", e);
    if (rc == RC_OK && clear) rc = detect_scan(d, text.data, text.len, &found, &n_found, e);
    if (rc == RC_OK)
        rc = mentions_add(&m, c->a->vault, text.data, text.len, 0, found, n_found, locales, COUNT_OF(locales), e);
    for (size_t i = 0; rc == RC_OK && i < m.n; i++) rc = add_value(c, x, &m.items[i].value, e);
    mentions_clear(&m);
    free(found);
    buf_wipe(&text);
    return rc;
}

enum rc contradict_open(const struct policy_admitted *a, const struct evidence *ev, struct detect_set *d, struct contradict **out,
                        struct err *e)
{
    struct contradict *c = calloc(1, sizeof(*c));
    enum rc rc = c ? RC_OK : err_set(e, RC_NOMEM, "policy: out of memory");

    if (rc != RC_OK) return rc;
    c->a = a;
    c->ev = ev;
    value_locale_init(&c->locale, a->language);
    c->locale.today = a->today;
    for (size_t i = 0; rc == RC_OK && i < ev->n; i++) rc = add_text(c, &ev->items[i], d, e);
    if (rc == RC_OK) {
        *out = c;
        c = NULL;
    }
    contradict_close(c);
    return rc;
}

void contradict_close(struct contradict *c)
{
    if (!c) return;
    free(c->values);
    free(c);
}

enum rc contradict_find(const struct contradict *c, const char *text, const struct tokens *t, const struct found_list *found, bool *fault,
                        struct err *e)
{
    struct mentions m = {0};
    size_t n = t->n ? t->items[t->n - 1].end : 0;
    enum rc rc = RC_OK;

    *fault = actor_fault(c, t) || answer_fault(c, t); /* who said it is just the question */
    if (*fault || phrase_attributed(t)) return RC_OK;
    rc = mentions_add(&m, c->a->vault, text, n, 0, found->items, found->n, &c->locale, 1, e);
    if (rc == RC_OK) *fault = stage_fault(c->ev, t) || outcome_fault(c->ev, t) || value_fault(c, t, &m) || replaced_fault(c, t, &m);
    mentions_clear(&m);
    return rc;
}
