/* contradict.c: see contradict.h. */
#include "contradict.h"

#include <stdio.h>
#include <string.h>

#include "../base/str.h"
#include "phrase.h"

#define LABEL_REACH 3 /* tokens between "amount" and its sum */
#define VERB_REACH 2  /* between a person and what they did */

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
} outcomes[] = {
    {{"deal|opportunity|order|sale|business|tender|it is|was|has|have ~ won", "we|i|have|has ~ won ~ deal|opportunity|order|sale|business|tender", "closed won",
      "auftrag|deal|verkaufschance|geschäft|ausschreibung ~ gewonnen", "gewonnen ~ auftrag|deal|verkaufschance|geschäft"},
     "won|gewonnen"},
    {{"deal|opportunity|order|sale|business|tender|it is|was|has|have ~ lost", "we|i|have|has ~ lost ~ deal|opportunity|order|sale|business|tender", "closed lost",
      "auftrag|deal|verkaufschance|geschäft|ausschreibung ~ verloren", "verloren ~ auftrag|deal|verkaufschance|geschäft"},
     "lost|verloren"},
    {{"case|ticket|issue|request is|was|has ~ closed|resolved|solved", "fall|ticket|anfrage|vorgang ist|wurde ~ geschlossen|gelöst|erledigt",
      "closed the case|ticket", NULL},
     "closed|resolved|solved|geschlossen|gelöst|erledigt"},
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

/* ---- sums and dates --------------------------------------------------------------------------------------------- */

static const struct label {
    const char *words, *slot;
    const char *const *fields;
} labels[] = {
    {"amount|worth|volume|volumen|wert|auftragswert|betrag|dealwert", "[MONEY_", amounts},
    {"close|closing date", "[DATE_", closings},
    {"closes|closing on", "[DATE_", closings},
    {"abschlussdatum", "[DATE_", closings},
};

/* Some text of the record has the same slot beside the same words: it is a quotation. */
static bool said_by_record(const struct evidence *ev, const struct label *l, const struct token *slot)
{
    for (size_t i = 0; i < ev->n; i++)
        if (hash_set_has(&ev->items[i].has, slot->hash) && phrase_in(l->words, &ev->items[i].words)) return true;
    return false;
}

static bool slot_in_field(const struct evidence *ev, const char *const *names, const struct token *slot)
{
    for (size_t i = 0; i < ev->n; i++)
        for (const char *const *name = names; *name; name++)
            if (str_eq(ev->items[i].node->name, *name) && hash_set_has(&ev->items[i].has, slot->hash)) return true;
    return false;
}

static bool value_fault(const struct evidence *ev, const struct tokens *t)
{
    for (size_t i = 0; i < COUNT_OF(labels); i++) {
        if (!field_has(ev, labels[i].fields, NULL)) continue;
        for (size_t at = 0; at < t->n; at++) {
            if (!phrase_at(labels[i].words, t, at)) continue;
            for (size_t k = at + 1; k < t->n && k <= at + 1 + LABEL_REACH; k++) {
                const struct token *x = &t->items[k];
                if (!x->slot || !str_starts(x->fold, labels[i].slot)) continue;
                if (!slot_in_field(ev, labels[i].fields, x) && !said_by_record(ev, &labels[i], x)) return true;
                break;
            }
        }
    }
    return false;
}

/* ---- who did what ----------------------------------------------------------------------------------------------- */

static bool node_has(const struct policy_node *node, const char *slot)
{
    size_t n = strlen(slot) - 1; /* without the bracket: a form may stand there */

    for (size_t i = 0; node->kind == ADMITTED_VALUE && i < node->n_pieces; i++)
        if (node->pieces[i].slot && strncmp(node->pieces[i].bytes, slot, n) == 0 && strchr("]:", node->pieces[i].bytes[n])) return true;
    for (const struct policy_node *m = node->kind == ADMITTED_VALUE ? NULL : node->first; m; m = m->next)
        if (node_has(m, slot)) return true;
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

/* Could this person have done it: a text names them, or an activity that was not ours alone has them. */
static bool took_part(const struct policy_admitted *a, const char *slot)
{
    for (const struct policy_node *m = a->root ? a->root->first : NULL; m; m = m->next) {
        if (m->kind == ADMITTED_VALUE && m->n_pieces > 1 && node_has(m, slot)) return true;
        if (m->kind != ADMITTED_LIST) continue;
        for (const struct policy_node *item = m->first; item; item = item->next) {
            const struct policy_node *body = member(item, "body"), *subject = member(item, "subject");
            if (!node_has(item, slot)) continue;
            if ((body && node_has(body, slot)) || (subject && node_has(subject, slot))) return true;
            if (!(is_word(member(item, "kind"), "email") && is_word(member(item, "direction"), "outbound"))) return true;
        }
    }
    return false;
}

static bool actor_fault(const struct policy_admitted *a, const struct tokens *t)
{
    static const char *const acts = "wrote|replied|answered|asked|requested|complained|promised|confirmed|agreed|ordered|signed|cancelled|rejected|accepted|"
                                    "schrieb|antwortete|fragte|bat|verlangte|bestätigte|versprach|bestellte|unterschrieb|kündigte|stornierte";

    for (size_t i = 0; i + 1 < t->n; i++) {
        if (!t->items[i].slot || !str_starts(t->items[i].fold, "[PERSON_")) continue;
        for (size_t k = i + 1; k < t->n && k <= i + VERB_REACH; k++)
            if (phrase_at(acts, t, k) && !took_part(a, t->items[i].fold)) return true;
    }
    return false;
}

bool contradict_fault(const struct policy_admitted *a, const struct evidence *ev, const struct tokens *t)
{
    if (actor_fault(a, t)) return true; /* who said it is just the question */
    if (phrase_attributed(t)) return false;
    return stage_fault(ev, t) || outcome_fault(ev, t) || value_fault(ev, t);
}
