/* choices.c: what a record offers for fields whose values are to be its own words (policy.h, policy_choices_open()). */
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "../base/arena.h"
#include "../base/str.h"
#include "admit.h"
#include "notes.h"
#include "phrase.h"
#include "plain_words.h"
#include "text.h"

#define ARENA_LIMIT ((size_t)8 << 20)
#define MAX_SENTENCES 60
#define MAX_WORDS 80
#define MAX_NAMES 40
#define MAX_SENTENCE_BYTES 160
#define MIN_WORD_LETTERS 4
#define MAX_WORD_BYTES 40

struct policy_choices {
    struct arena arena;
    const char *sentences[MAX_SENTENCES], *steps[MAX_SENTENCES], *risks[MAX_SENTENCES], *words[MAX_WORDS], *names[MAX_NAMES];
    size_t n_sentences, n_steps, n_risks, n_words, n_names;
};

static enum rc put(struct policy_choices *c, const char **list, size_t *count, size_t most, const char *s, size_t n, struct err *e)
{
    if (!n || *count == most) return RC_OK;
    for (size_t i = 0; i < *count; i++)
        if (strlen(list[i]) == n && strncasecmp(list[i], s, n) == 0) return RC_OK;
    list[*count] = arena_ndup(&c->arena, s, n);
    if (!list[*count]) return err_set(e, RC_NOMEM, "policy: out of memory");
    (*count)++;
    return RC_OK;
}

static bool is_one_of(const char *word, const char *const *list, size_t n)
{
    for (size_t i = 0; i < n; i++)
        if (str_eq(word, list[i])) return true;
    return false;
}

/* English only: what stands around a verb or a predicate, and the ending of what is over. */
static bool is_said_of_something(const struct tokens *t, size_t i)
{
    static const char *const before[] = {"i", "we", "you", "they", "he", "she", "it", "who", "to", "will", "would", "can", "could", "may",
                                         "might", "must", "should", "shall", "is", "are", "was", "were", "be", "been", "very", "so", "too", "not", "don't", "doesn't", "didn't", "won't", "never", "please"};
    static const char *const behind[] = {"us", "me", "him", "her", "them", "it", "you", "like"};
    const char *word = t->items[i].fold;

    return (i > 0 && is_one_of(t->items[i - 1].fold, before, COUNT_OF(before))) ||
           (i + 1 < t->n && is_one_of(t->items[i + 1].fold, behind, COUNT_OF(behind))) || (strlen(word) > 5 && str_ends(word, "ed"));
}

/* What a note is about: its nouns in German, in English the words that are no verbs, no predicates and none of everyday writing. */
static bool is_topic(const struct tokens *all, size_t i, size_t language)
{
    const struct token *t = &all->items[i];
    size_t letters = 0;

    if (t->slot || t->digit || t->end - t->start > MAX_WORD_BYTES) return false;
    for (const char *s = t->fold; *s; s++) letters += ((unsigned char)*s & 0xC0) != 0x80;
    if (letters < MIN_WORD_LETTERS || text_is_stop_word(t->fold) || plain_word(t->fold, language)) return false;
    return language == 0 ? !is_said_of_something(all, i) : t->capital;
}

static enum rc put_words(struct policy_choices *c, const char *text, const char *language, struct err *e)
{
    const char *written_in = text_language(text, strlen(text));
    size_t l = policy_language_index(written_in ? written_in : language);
    struct tokens t = {0};
    enum rc rc = tokens_split(text, strlen(text), &t, e);

    for (size_t i = 0; rc == RC_OK && i < t.n; i++)
        if (is_topic(&t, i, l)) rc = put(c, c->words, &c->n_words, MAX_WORDS, text + t.items[i].start, t.items[i].end - t.items[i].start, e);
    tokens_clear(&t);
    return rc;
}

/* What is still to be done. */
static const char *const ahead[] = {
    "will|shall|must|need|needs|wants|want|please|next|tomorrow|todo|follow|plan*|schedul*|agreed|promis*|waiting|waits|until",
    "send|call|meet|visit|prepare|order|book|check|clarify|confirm|ask|get|bring|offer|present|discuss|review|arrange|install|deliver|collect|update",
    "by|before|on|until [DATE_*", "wird|werden|soll|sollen|muss|müssen|braucht|brauchen|will|wollen|bitte|bis|nächste*|morgen|geplant|zugesagt|vereinbart|wartet|warten",
    "schick*|send*|rückruf|anrufen|melden|klären|prüfen|bestellen|vorbereiten|abstimmen|besuchen|liefern|kommt|vorführung|termin|angebot",
};
/* What may go wrong. */
static const char *const trouble[] = {
    "complain*|unhappy|disappoint*|angry|furious|livid|annoyed|upset|threat*|cancel*|terminat*|lost|lose|loses|losing|competitor|expensive|budget|frozen|freeze",
    "delay*|late|postpon*|overdue|fail*|broke*|broken|leak*|damag*|defect*|wrong|error*|down|stopp*|problem*|issue*|risk*|concern*|worr*|object*|reject*|refus*",
    "escalat*|penalty|dispute|lawyer|legal|missing|left|leaves|leaving|unless|against|doubt*|slip*|blocked|stuck|again|not|no|never|nobody|without|cannot|can't|won't",
    "beschwer*|unzufrieden|enttäuscht|wütend|sauer|verärgert|droht|kündig*|storn*|verloren|verliert|wettbewerb*|konkurrenz|teuer|gestrichen|eingefroren|gekürzt",
    "verspät*|spät|zu spät|verschoben|überfällig|defekt*|kaputt|fällt|ausgefallen|ausfall|tropft|beschädigt|falsch*|fehler*|problem*|risik*|bedenken|einwand|sorge*|lehnt|abgelehnt",
    "eskal*|vertragsstrafe|anwalt|fehlt|fehlen|dagegen|zweifel*|wieder|nicht|kein|keine|keinen|niemand|ohne|nie",
};

static bool has_one(const char *const *phrases, size_t n, const struct tokens *t)
{
    for (size_t i = 0; i < n; i++)
        if (phrase_in(phrases[i], t)) return true;
    return false;
}

/* "Q: ...", "You: ...": a turn of a talk, which says nothing of the record. */
static bool is_turn(const char *text, const struct tokens *t)
{
    static const char *const labels[] = {"q", "a", "question", "answer", "me", "you", "user", "human", "assistant", "system", "bot", "ai",
                                         "frage", "antwort", "ich", "du", "sie", "nutzer", "mensch"};

    return t->n > 1 && text[t->items[0].end] == ':' && is_one_of(t->items[0].fold, labels, COUNT_OF(labels));
}

/* lead: who says so, of what comes from outside; or "". */
static enum rc put_sentence(struct policy_choices *c, const char *lead, const char *sentence, struct err *e)
{
    struct tokens t = {0};
    const char *text = arena_printf(&c->arena, "%s%s%s", lead, *lead ? " " : "", sentence);
    size_t len = text ? strlen(text) : 0;
    enum rc rc = text ? tokens_split(sentence, strlen(sentence), &t, e) : err_set(e, RC_NOMEM, "policy: out of memory");

    if (rc == RC_OK && is_turn(sentence, &t)) {
        tokens_clear(&t);
        return RC_OK;
    }
    if (rc == RC_OK) rc = put(c, c->sentences, &c->n_sentences, MAX_SENTENCES, text, len, e);
    if (rc == RC_OK && has_one(ahead, COUNT_OF(ahead), &t)) rc = put(c, c->steps, &c->n_steps, MAX_SENTENCES, text, len, e);
    if (rc == RC_OK && has_one(trouble, COUNT_OF(trouble), &t)) rc = put(c, c->risks, &c->n_risks, MAX_SENTENCES, text, len, e);
    tokens_clear(&t);
    return rc;
}

static enum rc put_passages(struct policy_choices *c, const struct policy_admitted *a, const char *lead, const struct policy_node *text,
                            struct err *e)
{
    struct policy_passages *p = NULL;
    const struct policy_passage *list;
    size_t n;
    enum rc rc = policy_passages_open(a, text, &p, e);

    if (rc != RC_OK) return rc;
    list = policy_passages_list(p, &n);
    for (size_t i = 0; rc == RC_OK && i < n; i++) {
        if (strlen(list[i].text) <= MAX_SENTENCE_BYTES) rc = put_sentence(c, lead, list[i].text, e);
        if (rc == RC_OK) rc = put_words(c, list[i].text, a->language, e);
    }
    policy_passages_close(p);
    return rc;
}

/* What outsiders say comes with who says so: a value of enrichment stands alone, and must not pass for ours. */
static enum rc put_note(struct policy_choices *c, const struct policy_admitted *a, const struct policy_node *item, struct err *e)
{
    const struct policy_node *text = notes_member(item, "text"), *lead = notes_member(item, "lead");
    struct buf who;
    enum rc rc;

    if (!text) return RC_OK;
    buf_init(&who, ARENA_LIMIT);
    if (lead && notes_member(item, "outside")) notes_text(lead, &who);
    rc = buf_check(&who, "a note's lead", e);
    if (rc == RC_OK) rc = put_passages(c, a, who.len ? who.data : "", text, e);
    buf_wipe(&who);
    return rc;
}

/* A field of the record as a sentence, and its words. */
static enum rc put_field(struct policy_choices *c, const struct policy_admitted *a, const char *name, bool sentence, struct err *e)
{
    const struct policy_node *node = notes_member(a->root, name);
    struct buf text;
    enum rc rc;

    if (!node || node->kind != ADMITTED_VALUE) return RC_OK;
    buf_init(&text, ARENA_LIMIT);
    notes_text(node, &text);
    rc = buf_check(&text, "a field", e);
    if (rc == RC_OK && sentence) rc = put_passages(c, a, "", node, e);
    if (rc == RC_OK && !sentence) rc = put_words(c, text.data, a->language, e);
    buf_wipe(&text);
    return rc;
}

/* Companies by their slots, and the competitor as the record has it. */
static enum rc put_names(struct policy_choices *c, const struct policy_admitted *a, struct err *e)
{
    const struct policy_node *node = notes_member(a->root, "competitor");
    struct buf text;
    enum rc rc = RC_OK;

    buf_init(&text, ARENA_LIMIT);
    if (node && node->kind == ADMITTED_VALUE) notes_text(node, &text);
    rc = put(c, c->names, &c->n_names, MAX_NAMES, text.data, text.len, e);
    for (size_t i = 0; rc == RC_OK && i < a->n_slots; i++)
        if (str_starts(a->slots[i], "[ORG_") && !strchr(a->slots[i], ':')) rc = put(c, c->names, &c->n_names, MAX_NAMES, a->slots[i], strlen(a->slots[i]), e);
    buf_wipe(&text);
    return rc;
}

enum rc policy_choices_open(const struct policy_admitted *a, const struct policy_room *room, struct policy_choices **out, struct err *e)
{
    static const char *const fields[] = {"name", "subject"};
    struct policy_choices *c = calloc(1, sizeof(*c));
    struct policy_salient *s = NULL;
    enum rc rc = c ? policy_salient_open(a, room, &s, e) : err_set(e, RC_NOMEM, "policy: out of memory");

    if (rc != RC_OK) {
        free(c);
        return rc;
    }
    arena_init(&c->arena, ARENA_LIMIT);
    rc = put_field(c, a, "next_step", true, e);
    for (const struct policy_node *item = policy_salient_list(s)->first; rc == RC_OK && item; item = item->next)
        rc = put_note(c, a, item, e);
    for (size_t i = 0; rc == RC_OK && i < COUNT_OF(fields); i++) rc = put_field(c, a, fields[i], false, e);
    if (rc == RC_OK) rc = put_names(c, a, e);
    policy_salient_close(s);
    if (rc == RC_OK)
        *out = c;
    else
        policy_choices_close(c);
    return rc;
}

const char *const *policy_choices_list(const struct policy_choices *c, enum policy_choice kind, size_t *n)
{
    switch (kind) {
    case CHOICE_SENTENCES: *n = c->n_sentences; return c->sentences;
    case CHOICE_STEPS: *n = c->n_steps; return c->steps;
    case CHOICE_RISKS: *n = c->n_risks; return c->risks;
    case CHOICE_WORDS: *n = c->n_words; return c->words;
    case CHOICE_NAMES: break;
    }
    *n = c->n_names;
    return c->names;
}

void policy_choices_close(struct policy_choices *c)
{
    if (!c) return;
    arena_wipe(&c->arena);
    free(c);
}
