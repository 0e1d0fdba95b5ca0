/* salience.c: see salience.h and policy.h. */
#include "salience.h"

#include <stdlib.h>
#include <string.h>

#include "../base/arena.h"
#include "../base/str.h"
#include "admit.h"
#include "lines.h"
#include "notes.h"
#include "slot_text.h"
#include "text.h"

/* What a sentence weighs. */
#define MONEY_WEIGHT 6
#define DATE_WEIGHT 4
#define DIGIT_WEIGHT 3 /* a number that stands in clear */
#define SLOT_WEIGHT 1
#define MAX_FACTS 12
#define NEXT_STEP_WEIGHT 5
#define WORD_WEIGHT 3
#define MAX_WORDS_WEIGHT 6
#define FIRST_WEIGHT 3 /* the first sentence says what a text is about */
#define NEWEST_WEIGHT 6 /* one less for a week, for two, for four ... */
#define UNDATED_WEIGHT 3
#define STALE_WEIGHT (-20)

#define ARENA_LIMIT ((size_t)64 << 20)

/* clang-format off: sorted by bytes for bsearch() */
static const char *const weighty[] = {
    "abgelehnt", "abgesagt", "agree", "agreed", "angebot", "approval", "approve", "approved", "beauftragt", "bedenken", "besteht",
    "bestellt", "bestellung", "blocked", "board", "budget", "cancel", "cancelled", "churn", "competitor", "complaint", "concern",
    "concerns", "contract", "deadline", "decide", "decided", "decides", "decision", "delayed", "demands", "discount", "einigung", "einwand",
    "entscheidet", "entscheidung", "entschied", "entschieden", "escalated", "eskaliert", "expires", "fordert", "freigabe", "freigegeben",
    "frist", "genehmigt", "guarantee", "haftung", "insists", "konkurrenz", "kündigen", "kündigung", "legal", "liability", "loses", "lost",
    "muss", "must", "need", "needs", "next", "nächster", "objection", "objects", "offer", "order", "ordered", "penalty", "postponed",
    "preis", "price", "problem", "procurement", "promised", "proposal", "rabatt", "refuse", "refused", "rejected", "renewal", "requires",
    "risiko", "risk", "sign", "signed", "teuer", "unterschrieben", "until", "urgent", "vereinbart", "verlangt", "verschoben", "vertrag",
    "vertragsstrafe", "vorstand", "wants", "warranty", "wettbewerber", "worried", "worries", "zugesagt", "zwingend",
};
/* Terms, refusals, requests: worth a reader's time, though less than those. */
static const char *const telling[] = {
    "allowed", "angry", "asked", "asks", "ausgeschlossen", "ban", "banned", "beschwerde", "bitte", "braucht", "broken", "bug",
    "complains", "credit", "darf", "defect", "defekt", "dürfen", "erst", "every", "except", "excluded", "expects", "failed", "fails",
    "fault", "fehlen", "fehlt", "forbidden", "free", "frei", "furious", "gratis", "gutschrift", "hates", "included", "including",
    "inklusive", "insist", "kaputt", "kein", "keine", "keinen", "keiner", "kostenfrei", "kostenlos", "leaks", "never", "nicht", "nie",
    "niemand", "no", "nobody", "none", "not", "nur", "offen", "ohne", "only", "owe", "owes", "paid", "pay", "pays", "pending", "please",
    "prefers", "proposed", "rahmen", "refund", "reklamation", "rule", "sensor", "should", "soll", "sollen", "statt", "stays", "stopped",
    "stops", "störung", "verboten", "vorgeschlagen", "wartet", "will", "without", "won", "wrong", "wünscht", "zahlen", "zahlt",
    "zahlung", "zuerst", "zusage",
};
/* clang-format on */

static int compare_words(const void *a, const void *b)
{
    return strcmp(a, *(const char *const *)b);
}

bool salience_word(const char *word)
{
    return bsearch(word, weighty, COUNT_OF(weighty), sizeof(*weighty), compare_words) != NULL;
}

static bool is_telling(const char *word)
{
    return bsearch(word, telling, COUNT_OF(telling), sizeof(*telling), compare_words) != NULL;
}

/* ---- weighing --------------------------------------------------------------------------------------------------- */

struct candidate {
    size_t note, sentence, cost;
    int weight;  /* without its age */
    int recency;
    bool stale, taken;
};

struct policy_salient {
    struct arena arena;
    struct policy_node *list;
};

struct choice { /* in the making */
    const struct policy_admitted *a;
    const struct policy_room *room;
    struct notes notes;
    struct candidate *all;
    size_t n;
    struct hash_set said; /* sentences taken */
    bool *in_use;         /* by note */
    size_t n_in_use, left;
};

static bool is_stale(const struct policy_admitted *a, const struct note *note, const struct note_sentence *s)
{
    for (size_t i = 0; i < a->n_stale; i++)
        if (a->stale[i].node == note->node && a->stale[i].start == s->start) return true;
    return false;
}

int salience_weight(const struct note *note, size_t at)
{
    const struct note_sentence *s = &note->sentences[at];
    int facts = 0, words = 0, least = 0;

    for (size_t i = 0; i < s->words.n; i++) {
        const struct token *t = &s->words.items[i];
        if (i + 1 < s->words.n && (str_eq(t->fold, "next") || str_starts(t->fold, "nächste")) &&
            (str_starts(s->words.items[i + 1].fold, "step") || str_starts(s->words.items[i + 1].fold, "schritt")))
            facts += NEXT_STEP_WEIGHT;
        if (t->slot)
            facts += str_starts(t->fold, "[MONEY_") ? MONEY_WEIGHT : str_starts(t->fold, "[DATE_") ? DATE_WEIGHT : SLOT_WEIGHT;
        else if (t->digit)
            facts += DIGIT_WEIGHT;
        else if (salience_word(t->fold))
            words += WORD_WEIGHT;
        else if (is_telling(t->fold))
            least = WORD_WEIGHT;
    }
    if (facts > MAX_FACTS) facts = MAX_FACTS;
    if (words > MAX_WORDS_WEIGHT) words = MAX_WORDS_WEIGHT;
    if (facts + words < least) words = least - facts;
    return facts + words + (memchr(note->text.data + s->start, '?', s->end - s->start) != NULL);
}

/* The first sentence counts more, unless it has nothing but a telling word. */
static int weight_in_note(const struct note *note, size_t at)
{
    int weight = salience_weight(note, at);

    if (at > 0) return weight;
    return weight > WORD_WEIGHT || weight == 0 ? weight + FIRST_WEIGHT : weight < FIRST_WEIGHT ? FIRST_WEIGHT : weight;
}

/* One less for each doubling of the weeks between the newest note and this one. */
static int recency_of(const struct notes *l, const struct note *note)
{
    int weight = NEWEST_WEIGHT;

    if (!note->dated) return UNDATED_WEIGHT;
    for (int64_t days = (int64_t)l->items[0].day - note->day; days >= 7 && weight > 0; days /= 2) weight--;
    return weight;
}

static size_t cost_of(const struct policy_room *room, const char *s, size_t n)
{
    return (room->cost ? room->cost(room->ctx, s, n) : n) + 1;
}

static enum rc weigh(struct choice *c, struct err *e)
{
    size_t n = 0;

    for (size_t i = 0; i < c->notes.n; i++) n += c->notes.items[i].n;
    c->all = calloc(n + 1, sizeof(*c->all));
    c->in_use = calloc(c->notes.n + 1, sizeof(*c->in_use));
    if (!c->all || !c->in_use) return err_set(e, RC_NOMEM, "policy: out of memory");
    for (size_t i = 0; i < c->notes.n; i++)
        for (size_t k = 0; k < c->notes.items[i].n; k++) {
            const struct note *note = &c->notes.items[i];
            const struct note_sentence *s = &note->sentences[k];
            bool stale = is_stale(c->a, note, s);
            c->all[c->n++] = (struct candidate){.note = i, .sentence = k, .stale = stale, .recency = recency_of(&c->notes, note),
                                                .weight = weight_in_note(note, k) + (stale ? STALE_WEIGHT : 0),
                                                .cost = cost_of(c->room, note->text.data + s->start, s->end - s->start)};
        }
    return RC_OK;
}

/* ---- choosing --------------------------------------------------------------------------------------------------- */

/* The heaviest first, then the newest, then as they stand. */
static int compare(const struct candidate *x, const struct candidate *y, bool by_age)
{
    int a = x->weight + (by_age ? x->recency : 0), b = y->weight + (by_age ? y->recency : 0);

    if (a != b) return a > b ? -1 : 1;
    if (x->note != y->note) return x->note < y->note ? -1 : 1;
    return (x->sentence > y->sentence) - (x->sentence < y->sentence);
}

static int with_age(const void *a, const void *b)
{
    return compare(*(struct candidate *const *)a, *(struct candidate *const *)b, true);
}

static int without_age(const void *a, const void *b)
{
    return compare(*(struct candidate *const *)a, *(struct candidate *const *)b, false);
}

static enum rc take(struct choice *c, struct candidate *x, struct err *e)
{
    const struct tokens *t = &c->notes.items[x->note].sentences[x->sentence].words;
    uint64_t hash = tokens_run(t, 0, t->n);
    size_t cost = x->cost + (c->in_use[x->note] ? 0 : c->room->per_note);

    if (x->taken || cost > c->left || (!c->in_use[x->note] && c->room->max_notes && c->n_in_use >= c->room->max_notes)) return RC_OK;
    if (!t->n || hash_set_has(&c->said, hash)) return RC_OK;
    c->left -= cost;
    c->n_in_use += !c->in_use[x->note];
    c->in_use[x->note] = x->taken = true;
    return hash_set_add(&c->said, hash, e);
}

/* Three quarters of the room by weight and age, the rest by weight alone; then whatever still fits, talk and what is stale
 * too. */
static enum rc choose(struct choice *c, struct err *e)
{
    struct candidate **order = calloc(c->n + 1, sizeof(struct candidate *));
    size_t kept_back = c->room->max / 4;
    enum rc rc = order ? RC_OK : err_set(e, RC_NOMEM, "policy: out of memory");

    for (size_t i = 0; rc == RC_OK && i < c->n; i++) order[i] = &c->all[i];
    c->left = c->room->max - kept_back;
    for (int pass = 0; rc == RC_OK && pass < 3; pass++) {
        qsort(order, c->n, sizeof(struct candidate *), pass == 1 ? without_age : with_age);
        for (size_t i = 0; rc == RC_OK && i < c->n; i++)
            if (pass == 2 || order[i]->weight > 0) rc = take(c, order[i], e); /* stale ones weigh less than nothing */
        if (pass == 0) c->left += kept_back;
    }
    free(order);
    return rc;
}

/* ---- the list --------------------------------------------------------------------------------------------------- */

static enum rc no_memory(const struct policy_salient *s, struct err *e)
{
    if (s->arena.used > s->arena.limit / 2) return err_set(e, RC_LIMIT, "policy: too many notes");
    return err_set(e, RC_NOMEM, "policy: out of memory");
}

static enum rc add_text(struct policy_salient *out, struct policy_node *map, const char *name, const struct policy_node *of, const char *s,
                        size_t n, struct err *e)
{
    struct policy_node *node = arena_alloc(&out->arena, sizeof(*node));

    if (!n) return RC_OK;
    if (!node || !slot_pieces(&out->arena, s, n, &node->pieces, &node->n_pieces)) return no_memory(out, e);
    node->kind = ADMITTED_VALUE;
    node->name = name;
    node->path = of->path;
    node->outside = of->outside;
    node_append(map, node);
    return RC_OK;
}

/* The sentences of the note that were taken, stale ones or the others, with what they are parted by. */
static enum rc add_sentences(const struct choice *c, struct policy_salient *out, struct policy_node *map, size_t note, bool stale,
                             const char *name, struct err *e)
{
    const struct note *x = &c->notes.items[note];
    struct buf text;
    enum rc rc;

    buf_init(&text, ARENA_LIMIT);
    for (size_t i = 0; i < c->n; i++) {
        const struct note_sentence *s = c->all[i].note == note ? &x->sentences[c->all[i].sentence] : NULL;
        if (!s || !c->all[i].taken || c->all[i].stale != stale) continue;
        if (text.len) buf_char(&text, strchr(".!?", text.data[text.len - 1]) ? ' ' : '\n'); /* a line is a sentence too */
        buf_add(&text, x->text.data + s->start, s->end - s->start);
    }
    rc = buf_check(&text, "a note", e);
    if (rc == RC_OK) rc = add_text(out, map, name, x->node, text.data, text.len, e);
    buf_wipe(&text);
    return rc;
}

/* Who says it and when, for a bullet. */
static enum rc add_lead(const struct choice *c, struct policy_salient *out, struct policy_node *map, const struct note *x, struct err *e)
{
    struct line_note from = line_note_of(x->item, x->node->outside);
    const struct policy_node *person = x->item ? notes_member(c->a->root, "full_name") : NULL; /* of a lead or contact: whose notes they are */
    struct buf lead;
    enum rc rc;

    buf_init(&lead, 4096);
    from.quoted = strstr(x->node->name, "_quoted") != NULL;
    if (!from.who.len && person) notes_text(person, &from.who);
    line_lead(c->a->language, &from, text_language(x->text.data, x->text.len), &lead);
    rc = buf_check(&lead, "a note's lead", e);
    if (rc == RC_OK) rc = add_text(out, map, "lead", x->node, lead.data, lead.len, e);
    buf_wipe(&lead);
    line_note_clear(&from);
    return rc;
}

static bool is_shortened(const struct choice *c, size_t note)
{
    for (size_t i = 0; i < c->n; i++)
        if (c->all[i].note == note && !c->all[i].taken) return true;
    return false;
}

static enum rc add_item(const struct choice *c, struct policy_salient *out, size_t note, struct err *e)
{
    const struct note *x = &c->notes.items[note];
    struct policy_node *map = arena_alloc(&out->arena, sizeof(*map));
    enum rc rc = map ? RC_OK : no_memory(out, e);

    if (rc == RC_OK) map->kind = ADMITTED_MAP;
    if (rc == RC_OK) rc = add_sentences(c, out, map, note, false, "text", e);
    if (rc == RC_OK) rc = add_sentences(c, out, map, note, true, "old", e);
    if (rc == RC_OK && is_shortened(c, note)) rc = add_text(out, map, "shortened", x->node, "yes", 3, e);
    if (rc == RC_OK && x->node->outside) rc = add_text(out, map, "outside", x->node, "yes", 3, e);
    if (rc == RC_OK && !x->item) rc = add_text(out, map, "kind", x->node, x->node->name, strlen(x->node->name), e);
    if (rc == RC_OK) rc = add_lead(c, out, map, x, e);
    if (rc != RC_OK) return rc;
    if (x->item) { /* the item's members, shared, behind the new ones */
        struct policy_node *last = (struct policy_node *)map->first;
        while (last->next) last = (struct policy_node *)last->next;
        last->next = x->item->first;
        map->count += x->item->count;
    }
    node_append(out->list, map);
    return RC_OK;
}

static enum rc list(struct choice *c, struct policy_salient **out, struct err *e)
{
    struct policy_salient *s = calloc(1, sizeof(*s));
    enum rc rc = s ? weigh(c, e) : err_set(e, RC_NOMEM, "policy: out of memory");

    if (rc == RC_OK) {
        arena_init(&s->arena, ARENA_LIMIT);
        s->list = arena_alloc(&s->arena, sizeof(*s->list));
        if (!s->list) rc = no_memory(s, e);
    }
    if (rc == RC_OK) {
        s->list->kind = ADMITTED_LIST;
        s->list->name = "salient";
        rc = choose(c, e);
    }
    for (size_t i = 0; rc == RC_OK && i < c->notes.n; i++)
        if (c->in_use[i]) rc = add_item(c, s, i, e);
    if (rc == RC_OK) {
        *out = s;
        s = NULL;
    }
    policy_salient_close(s);
    hash_set_clear(&c->said);
    free(c->in_use);
    free(c->all);
    notes_close(&c->notes);
    return rc;
}

enum rc policy_salient_open(const struct policy_admitted *a, const struct policy_room *room, struct policy_salient **out, struct err *e)
{
    struct choice c = {.a = a, .room = room};
    enum rc rc = notes_open(a, NULL, &c.notes, e);

    return rc == RC_OK ? list(&c, out, e) : rc;
}

enum rc policy_condense(const struct policy_admitted *a, const struct policy_node *text, const struct policy_room *room,
                        struct policy_salient **out, struct err *e)
{
    const struct policy_admitted plain = {.root = a->root, .vault = a->vault, .language = a->language, .today = a->today}; /* stale ones in their place */
    struct choice c = {.a = &plain, .room = room};
    enum rc rc = notes_open_text(a, text, &c.notes, e);

    return rc == RC_OK ? list(&c, out, e) : rc;
}

const struct policy_node *policy_salient_list(const struct policy_salient *s)
{
    return s->list;
}

void policy_salient_close(struct policy_salient *s)
{
    if (!s) return;
    arena_wipe(&s->arena);
    free(s);
}
