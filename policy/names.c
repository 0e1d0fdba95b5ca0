/* names.c: see names.h. Every written form of a name is a sequence of folded words in one hash table, keyed by its
 * first word; a text is split into words once and each word looked up. */
#include "names.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "../base/arena.h"
#include "../base/buf.h"
#include "../base/crypto.h"
#include "detect.h"
#include "name_rules.h"
#include "normalise.h"
#include "words.h"

#define BUCKETS        4096
#define MAX_FORM_WORDS 12
#define MAX_GAP        3 /* bytes between two words of one name */
#define ARENA_LIMIT    ((size_t)64 << 20)

/* What a match needs besides equal words. */
enum {
    WANTS_CAPITAL = 1, /* an initial capital on each word */
    WANTS_COMMA = 2,   /* "Last, First": a comma behind comma_after words */
    WANTS_DOT = 4,     /* "Anna W.": a dot behind the last word, which belongs to the name */
    COMMON_WORD = 8,   /* an ordinary word too: see is_meant() */
    ANY_GAP = 16
}; /* values: any separators */

struct form {
    const char *words[MAX_FORM_WORDS];
    size_t n;
    size_t comma_after;
    unsigned flags;
    enum name_kind kind;
    enum name_form form;
    size_t index;
    const char *entity;
    const struct form *next; /* of the bucket, in the order in which they were added */
};

struct names {
    struct arena arena;
    const struct form *buckets[BUCKETS];
    size_t count;
};

/* Names that are ordinary words too: with a capital only. */
static const char noun_names[] = " frank drew chase guy gene dean earl duke king wood cook baker mason "
                                 "miller smith taylor cooper parker porter carter fisher hunter archer "
                                 "forest lake brook rivers stone clay cliff dale glen heath ivy iris lily "
                                 "olive pearl ruby violet star rusty sandy scout lane major marshall "
                                 "miles norm reed reid rod sage stew tad trip van victor ward wade walker "
                                 "wells wolf fuchs konig kaiser bauer richter koch vogt vogel engel "
                                 "roth rot hof kern kraft krug lamm land linde nagel ost sauer schade schatz "
                                 "scharf berg stern stein stock sturm topf weber wild zahn ";
/* And those that often begin a sentence in their ordinary meaning. */
static const char common_words[] = " will mark may grant rose bill rich art bob hope faith grace joy dawn "
                                   "june april august summer autumn su pat max price page west north "
                                   "young long short small brown white black green gray field hill bank "
                                   "banks case chance chip penny pierce skip sunny sky jack rob ray "
                                   "klein gross lang kurz jung alt neu weiss schwarz braun stark reich "
                                   "sommer winter herbst ernst frei fromm gut mai markt morgen schon "
                                   "voll ziel ";

enum rc names_open(struct names **out, struct err *e)
{
    struct names *n = calloc(1, sizeof(*n));

    if (!n) return err_set(e, RC_NOMEM, "names: out of memory");
    arena_init(&n->arena, ARENA_LIMIT);
    *out = n;
    return RC_OK;
}

void names_close(struct names *n)
{
    if (!n) return;
    arena_wipe(&n->arena);
    free(n);
}

static size_t bucket_of(const char *fold, size_t n)
{
    uint32_t h = 2166136261u; /* FNV-1a */

    for (size_t i = 0; i < n; i++)
        h = (h ^ (unsigned char)fold[i]) * 16777619u;
    return h % BUCKETS;
}

/* ---- adding ---------------------------------------------------------------------------------------------------- */

struct adder {
    struct names *names;
    struct form form; /* kind, index, entity of what is added */
    enum rc rc;
};

static bool same_form(const struct form *a, const struct form *b)
{
    if (a->n != b->n || a->kind != b->kind || a->index != b->index || a->flags != b->flags ||
        a->comma_after != b->comma_after)
        return false;
    for (size_t i = 0; i < a->n; i++)
        if (strcmp(a->words[i], b->words[i]) != 0) return false;
    return true;
}

/* One written form: n words, which the arena copies. */
static void add_form(struct adder *a, const struct word *const *words, size_t n, enum name_form form,
                     unsigned flags, size_t comma_after)
{
    const struct form **link;
    struct form f = a->form, *copy;

    size_t common = 0;

    if (a->rc != RC_OK || n == 0 || n > MAX_FORM_WORDS) return;
    for (size_t i = 0; i < n; i++)
        common += word_in(words[i], common_words) || word_in(words[i], noun_names);
    if (common == n && f.kind == NAME_PERSON) flags |= WANTS_CAPITAL; /* "will grant" */
    f.n = n;
    f.form = form;
    f.flags = flags;
    f.comma_after = comma_after;
    for (size_t i = 0; i < n; i++)
        f.words[i] = words[i]->fold;
    link = &a->names->buckets[bucket_of(f.words[0], words[0]->n_fold)];
    for (; *link; link = (const struct form **)&(*link)->next)
        if (same_form(*link, &f)) return;
    copy = arena_alloc(&a->names->arena, sizeof(*copy));
    for (size_t i = 0; copy && i < n; i++)
        if (!(f.words[i] = arena_dup(&a->names->arena, f.words[i]))) copy = NULL;
    if (!copy) {
        a->rc = RC_NOMEM;
        return;
    }
    *copy = f;
    *link = copy;
}

static bool particle(const struct word *w)
{
    return word_in(w, " von van de der den zu zur di da del la le du dos del ter ten ");
}

/* A form of one word: short ones and ordinary words need a capital. */
static void add_single(struct adder *a, const struct word *w, enum name_form form)
{
    unsigned flags = w->n_fold <= 3 ? WANTS_CAPITAL : 0;

    if (w->n_fold < 2 || !w->letters || particle(w)) return;
    if (word_in(w, noun_names)) flags |= WANTS_CAPITAL;
    if (word_in(w, common_words)) flags |= WANTS_CAPITAL | COMMON_WORD;
    add_form(a, &w, 1, form, flags, 0);
}

/* Words with pointers, so that forms can be put together in any order. */
struct part {
    struct words split;
    const struct word *at[MAX_FORM_WORDS];
    size_t n;
};

static enum rc part_open(const char *s, struct part *p, struct err *e)
{
    memset(p, 0, sizeof(*p));
    if (!s || !*s) return RC_OK;
    {
        struct normalised t;
        enum rc rc = normalise(s, strlen(s), DETECT_MAX_TEXT, &t, e);

        if (rc != RC_OK) return rc;
        rc = words_split(t.text, t.n, &p->split, e);
        normalise_clear(&t);
        if (rc != RC_OK) return rc;
    }
    for (size_t i = 0; i < p->split.n && p->n < MAX_FORM_WORDS / 2; i++)
        if (p->split.items[i].n_fold) p->at[p->n++] = &p->split.items[i];
    return RC_OK;
}

static size_t join(const struct word **to, const struct part *a, const struct part *b)
{
    memcpy(to, a->at, a->n * sizeof(*to));
    memcpy(to + a->n, b->at, b->n * sizeof(*to));
    return a->n + b->n;
}

static void add_person_forms(struct adder *a, const struct part *first, const struct part *last)
{
    const struct word *all[MAX_FORM_WORDS];
    struct word initial = {0};
    char letter[8] = "";

    if (first->n && last->n) {
        add_form(a, all, join(all, first, last), NAME_FULL, 0, 0);
        add_form(a, all, join(all, last, first), NAME_FULL, WANTS_COMMA, last->n);
        if (first->n > 1) { /* the first of several first names */
            struct part call_name = {.at = {first->at[0]}, .n = 1};

            add_form(a, all, join(all, &call_name, last), NAME_FULL, 0, 0);
            add_form(a, all, join(all, last, &call_name), NAME_FULL, WANTS_COMMA, last->n);
        }
        /* "A. Weber", "Weber, A.", "Anna W." */
        memcpy(letter, first->at[0]->fold,
               1 + ((unsigned char)first->at[0]->fold[0] >= 0xC0) +
                   ((unsigned char)first->at[0]->fold[0] >= 0xE0));
        initial.fold = letter;
        initial.n_fold = strlen(letter);
        {
            struct part short_first = {.at = {&initial}, .n = 1};

            add_form(a, all, join(all, &short_first, last), NAME_FULL, WANTS_CAPITAL, 0);
            add_form(a, all, join(all, last, &short_first), NAME_FULL, WANTS_COMMA | WANTS_CAPITAL, last->n);
        }
        memset(letter, 0, sizeof(letter));
        memcpy(letter, last->at[0]->fold,
               1 + ((unsigned char)last->at[0]->fold[0] >= 0xC0) +
                   ((unsigned char)last->at[0]->fold[0] >= 0xE0));
        initial.n_fold = strlen(letter);
        {
            struct part short_last = {.at = {&initial}, .n = 1};

            add_form(a, all, join(all, first, &short_last), NAME_FULL, WANTS_DOT | WANTS_CAPITAL, 0);
        }
    }
    if (first->n > 1) add_form(a, first->at, first->n, NAME_FIRST, 0, 0);
    for (size_t i = 0; i < first->n; i++)
        add_single(a, first->at[i], NAME_FIRST);
    if (last->n > 1) add_form(a, last->at, last->n, NAME_LAST, 0, 0);
    for (size_t i = 0; i < last->n; i++)
        add_single(a, last->at[i], last->n == 1 ? NAME_LAST : NAME_SHORT);
}

/* "Weber, Anna", "Anna Maria Weber", "Ludwig van Beethoven" into first and last. */
static void split_full(const struct part *full, const char *text, struct part *first, struct part *last)
{
    const char *comma = strchr(text, ',');
    size_t at = full->n ? full->n - 1 : 0;

    while (at > 1 && particle(full->at[at - 1]))
        at--;
    if (comma) {
        at = 0;
        while (at < full->n && full->at[at]->start < (size_t)(comma - text))
            at++;
    }
    for (size_t i = 0; i < full->n; i++) {
        struct part *to = (i < at) != (comma != NULL) ? first : last;

        to->at[to->n++] = full->at[i];
    }
}

static enum rc count_one(struct names *n, struct err *e)
{
    return n->count++ < NAMES_MAX ? RC_OK
                                  : err_set(e, RC_LIMIT, "names: more than %d in one record", NAMES_MAX);
}

static enum rc finish(const struct adder *a, struct err *e)
{
    return a->rc == RC_OK ? RC_OK : err_set(e, a->rc, "names: out of memory");
}

enum rc names_add_person(struct names *n, size_t index, const char *first, const char *last, const char *full,
                         const char *title, struct err *e)
{
    struct adder a = {.names = n, .form = {.kind = NAME_PERSON, .index = index, .entity = "PERSON"}};
    struct part f, l, whole, f2 = {0}, l2 = {0};
    enum rc rc = count_one(n, e);

    (void)title; /* any title before a name is taken in by names_scan() */
    if (rc != RC_OK) return rc;
    rc = part_open(first, &f, e);
    if (rc != RC_OK) return rc;
    rc = part_open(last, &l, e);
    if (rc == RC_OK)
        rc = part_open(full, &whole, e);
    else
        memset(&whole, 0, sizeof(whole));
    if (rc == RC_OK) {
        add_person_forms(&a, &f, &l);
        if (whole.n && (!f.n || !l.n)) {
            split_full(&whole, full, &f2, &l2);
            add_person_forms(&a, &f2, &l2);
        }
        if (whole.n > 1) add_form(&a, whole.at, whole.n, NAME_FULL, 0, 0);
        rc = finish(&a, e);
    }
    words_clear(&f.split);
    words_clear(&l.split);
    words_clear(&whole.split);
    return rc;
}

/* First words that say nothing of whose company it is. */
static bool generic(const struct word *w)
{
    return w->n_fold < 5 ||
           word_in(
               w,
               " the first deutsche american british french european global united general national "
               "international "
               "north south world royal digital smart green computer software data cloud media health energy "
               "group holding company services solutions systems technology technologies consulting partners "
               "institut institute university universitat stadt gebruder hotel praxis kanzlei autohaus ");
}

enum rc names_add_org(struct names *n, size_t index, const char *name, struct err *e)
{
    struct adder a = {.names = n, .form = {.kind = NAME_ORG, .index = index, .entity = "ORG"}};
    struct part p;
    size_t core;
    enum rc rc = count_one(n, e);

    if (rc == RC_OK) rc = part_open(name, &p, e);
    if (rc != RC_OK) return rc;
    core = p.n;
    while (core > 1 && (name_rule_legal_form(p.at[core - 1]) ||
                        word_in(p.at[core - 1], " co company und and ev ek mbh ltd inc ")))
        core--;
    if (p.n > 1) add_form(&a, p.at, p.n, NAME_FULL, 0, 0);
    if (core > 1) add_form(&a, p.at, core, core == p.n ? NAME_FULL : NAME_SHORT, 0, 0);
    if (core == 1)
        add_single(&a, p.at[0], core == p.n ? NAME_FULL : NAME_SHORT);
    else if (core > 1 && !generic(p.at[0]) && p.at[0]->letters)
        add_form(&a, p.at, 1, NAME_SHORT, WANTS_CAPITAL, 0);
    rc = finish(&a, e);
    words_clear(&p.split);
    return rc;
}

enum rc names_add_value(struct names *n, const char *entity, size_t index, const char *text, struct err *e)
{
    struct adder a = {.names = n, .form = {.kind = NAME_VALUE, .index = index}};
    struct part p;
    size_t letters = 0;
    enum rc rc = count_one(n, e);

    if (rc != RC_OK) return rc;
    a.form.entity = arena_dup(&n->arena, entity);
    if (!a.form.entity) return err_set(e, RC_NOMEM, "names: out of memory");
    rc = part_open(text, &p, e);
    if (rc != RC_OK) return rc;
    for (size_t i = 0; i < p.n; i++)
        letters += p.at[i]->n_fold;
    if (letters >= 3 && p.n == p.split.n) add_form(&a, p.at, p.n, NAME_FULL, ANY_GAP, 0);
    rc = finish(&a, e);
    words_clear(&p.split);
    return rc;
}

/* ---- matching -------------------------------------------------------------------------------------------------- */

/* May words a and b, neighbours in the text, stand in one name? `comma`: with a comma between. */
static bool gap_fits(const char *text, const struct word *a, const struct word *b, bool comma, bool any)
{
    size_t n = b->start - a->end, commas = 0;

    if (n > (any ? MAX_GAP + 1 : MAX_GAP)) return false;
    if (any) return true;
    for (size_t i = a->end; i < b->start; i++) {
        char c = text[i];

        if (c == ',')
            commas++;
        else if (c != ' ' && c != '-' && c != '\'' && c != '.' && c != '\n' && c != '&' && c != '+' &&
                 c != '/')
            return false;
    }
    return comma ? commas == 1 : commas == 0;
}

/* Does the form's last word equal w, a genitive s allowed? *cut: bytes of it that are not the name. */
static bool last_fits(const struct form *f, const struct word *w, const char *text, size_t *cut)
{
    const char *want = f->words[f->n - 1];
    size_t n = strlen(want);

    *cut = 0;
    if (strcmp(want, w->fold) == 0) return true;
    if (f->kind == NAME_VALUE || n < 3 || w->n_fold != n + 1 || memcmp(want, w->fold, n) != 0) return false;
    *cut = 1;
    return w->fold[n] == 's' && text[w->end - 1] == 's';
}

/* A verb or the like behind a name at the beginning of a sentence: "Will said", "Mark and". */
static bool acts(const struct word *w)
{
    return word_in(w, " said is was has had wants wanted asked and from at would can told wrote sent thinks "
                      "needs likes called calls agreed confirmed "
                      "sagte ist war hat hatte will mochte fragt fragte und von schrieb meint braucht ruft ");
}

/* An ordinary word is a name only with a capital, and at the beginning of a sentence, where every word has one, only
 * before something that people do. */
static bool is_meant(const char *text, const struct words *w, size_t i)
{
    size_t at = w->items[i].start;

    while (at > 0 && (text[at - 1] == ' ' || text[at - 1] == '"' || text[at - 1] == '(' ||
                      text[at - 1] == '-' || text[at - 1] == '*'))
        at--;
    if (at > 0 && !strchr(".!?:\n", text[at - 1])) return true;
    if (at > 0 && text[at - 1] == '.' && i > 0 && name_rule_salutation(&w->items[i - 1])) return true;
    return i + 1 < w->n && !w->items[i + 1].capital && acts(&w->items[i + 1]);
}

/* Number of words of the text that the form takes from word i on; 0: no match. */
static size_t form_fits(const char *text, size_t n_text, const struct words *w, size_t i,
                        const struct form *f, size_t *end)
{
    size_t cut = 0;

    if (i + f->n > w->n) return 0;
    for (size_t k = 0; k < f->n; k++) {
        const struct word *x = &w->items[i + k];

        if (k && !gap_fits(text, x - 1, x, f->flags & WANTS_COMMA && k == f->comma_after, f->flags & ANY_GAP))
            return 0;
        if (f->flags & WANTS_CAPITAL && !x->capital) return 0;
        if (k + 1 < f->n && strcmp(f->words[k], x->fold) != 0) return 0;
        if (k + 1 == f->n && !last_fits(f, x, text, &cut)) return 0;
    }
    *end = w->items[i + f->n - 1].end - cut;
    if (f->flags & WANTS_DOT) {
        if (*end >= n_text || text[*end] != '.') return 0;
        (*end)++;
    }
    if (f->flags & COMMON_WORD && !is_meant(text, w, i)) return 0;
    return f->n;
}

/* The best form at word i: most words, then the longest, then the one added first. */
struct hit {
    const struct form *form;
    size_t n_words, end;
};

/* Behind "Herr" stands the person, even if the company bears the name as well. */
static bool is_better(const struct form *f, size_t words, size_t end, bool addressed, const struct hit *best)
{
    if (words != best->n_words || !words) return words > best->n_words;
    if (addressed && (f->kind == NAME_PERSON) != (best->form->kind == NAME_PERSON)) return f->kind == NAME_PERSON;
    return end > best->end;
}

static void look_up(const struct names *n, const char *text, size_t n_text, const struct words *w, size_t i,
                    size_t n_key, struct hit *best)
{
    bool addressed = i > 0 && name_rule_salutation(&w->items[i - 1]);

    for (const struct form *f = n->buckets[bucket_of(w->items[i].fold, n_key)]; f; f = f->next) {
        size_t end, words = form_fits(text, n_text, w, i, f, &end);

        if (is_better(f, words, end, addressed, best))
            *best = (struct hit){.form = f, .n_words = words, .end = end};
    }
}

struct list {
    struct name_found *items;
    size_t n, cap;
};

static enum rc list_add(struct list *l, const struct name_found *f, struct err *e)
{
    if (l->n == DETECT_MAX_FOUND) return err_set(e, RC_LIMIT, "text: more than %zu names", DETECT_MAX_FOUND);
    if (l->n == l->cap) {
        size_t cap = l->cap ? l->cap * 2 : 16;
        struct name_found *items = realloc(l->items, cap * sizeof(*items));

        if (!items) return err_set(e, RC_NOMEM, "names: out of memory");
        l->items = items;
        l->cap = cap;
    }
    l->items[l->n++] = *f;
    return RC_OK;
}

#define LOOK_BACK 256 /* names searched backwards for the one that an ambiguous form means */

/* Others who are written in this way: if one of them was named in full before, nearest, they are meant. */
static void disambiguate(const struct names *n, const char *text, size_t n_text, const struct words *w,
                         size_t i, const struct hit *hit, const struct list *before, struct name_found *f)
{
    size_t nearest = 0;

    if (f->kind != NAME_PERSON || f->form == NAME_FULL) return;
    for (const struct form *o = n->buckets[bucket_of(hit->form->words[0], strlen(hit->form->words[0]))]; o;
         o = o->next) {
        size_t end;

        if (o->kind != NAME_PERSON || o->n != hit->n_words || !form_fits(text, n_text, w, i, o, &end))
            continue;
        if (o->index != hit->form->index) f->ambiguous = true;
        for (size_t k = before->n; k > nearest && before->n - k < LOOK_BACK; k--) {
            const struct name_found *p = &before->items[k - 1];

            if (p->kind != NAME_PERSON || p->index != o->index || p->form != NAME_FULL) continue;
            nearest = k;
            f->index = o->index;
            f->form = o->form;
        }
    }
}

/* Titles before a last name belong to the name: "Frau Dr. Weber". */
static void take_titles(const char *text, const struct words *w, size_t i, size_t floor, struct name_found *f)
{
    if (f->kind != NAME_PERSON || (f->form != NAME_LAST && f->form != NAME_SHORT)) return;
    while (i > 0 && name_rule_salutation(&w->items[i - 1]) && w->items[i - 1].start >= floor) {
        const struct word *s = &w->items[i - 1];
        size_t gap = w->items[i].start - s->end;

        if (gap == 0 || gap > 2 || (text[s->end] != ' ' && text[s->end] != '.')) break;
        f->start = s->start;
        f->form = NAME_FORMAL;
        i--;
    }
}

static enum rc scan_known(const struct names *n, const char *text, size_t n_text, const struct words *w,
                          struct list *l, struct err *e)
{
    size_t free_from = 0; /* end of the last match */

    for (size_t i = 0; i < w->n; i++) {
        const struct word *x = &w->items[i];
        struct hit best = {0};
        struct name_found f;
        enum rc rc;

        if (!x->n_fold || x->start < free_from) continue;
        look_up(n, text, n_text, w, i, x->n_fold, &best);
        if (!best.form && x->n_fold > 3 && x->fold[x->n_fold - 1] == 's')
            look_up(n, text, n_text, w, i, x->n_fold - 1, &best);
        if (!best.form) continue;
        f = (struct name_found){.start = x->start,
                                .end = best.end,
                                .kind = best.form->kind,
                                .index = best.form->index,
                                .form = best.form->form,
                                .entity = best.form->entity,
                                .score = 1.0};
        disambiguate(n, text, n_text, w, i, &best, l, &f);
        take_titles(text, w, i, free_from, &f);
        rc = list_add(l, &f, e);
        if (rc != RC_OK) return rc;
        free_from = f.end;
    }
    return RC_OK;
}

/* Names by rule, where no known one stands: `l` holds the known ones, in order. */
static enum rc scan_unknown(const char *text, size_t n_text, const struct words *w, struct list *l,
                            struct err *e)
{
    size_t known = l->n, at = 0, free_from = 0;

    for (size_t i = 0; i < w->n; i++) {
        struct name_found f;
        enum rc rc;

        if (!w->items[i].n_fold || !name_rule_at(text, n_text, w, i, &f) || f.start < free_from) continue;
        while (at < known && l->items[at].end <= f.start)
            at++;
        if (at < known && l->items[at].start < f.end) continue;
        rc = list_add(l, &f, e);
        if (rc != RC_OK) return rc;
        free_from = f.end;
    }
    return RC_OK;
}

static int by_place(const void *a, const void *b)
{
    const struct name_found *x = a, *y = b;

    return (x->start > y->start) - (x->start < y->start);
}

enum rc names_scan(const struct names *n, const char *text, size_t len, struct name_found **out,
                   size_t *n_out, struct err *e)
{
    struct normalised t;
    struct words w = {0};
    struct list l = {0};
    enum rc rc = normalise(text, len, DETECT_MAX_TEXT, &t, e);

    if (rc != RC_OK) return rc;
    rc = words_split(t.text, t.n, &w, e);
    if (rc == RC_OK) rc = scan_known(n, t.text, t.n, &w, &l, e);
    if (rc == RC_OK) rc = scan_unknown(t.text, t.n, &w, &l, e);
    if (rc == RC_OK) {
        if (l.n) qsort(l.items, l.n, sizeof(*l.items), by_place);
        for (size_t i = 0; i < l.n; i++)
            normalise_span(&t, l.items[i].start, l.items[i].end, &l.items[i].start, &l.items[i].end);
        if (!l.n) {
            free(l.items);
            l.items = NULL;
        }
        *out = l.items;
        *n_out = l.n;
        l.items = NULL;
    }
    free(l.items);
    words_clear(&w);
    normalise_clear(&t);
    return rc;
}

char *names_fold(const char *s, size_t n)
{
    struct normalised t;
    struct words w = {0};
    struct buf b;
    char *folded = NULL;

    if (normalise(s, n, DETECT_MAX_TEXT, &t, NULL) != RC_OK) return NULL;
    if (words_split(t.text, t.n, &w, NULL) == RC_OK) {
        buf_init(&b, 4 * n + 16);
        for (size_t i = 0; i < w.n; i++) {
            if (i) buf_char(&b, ' ');
            buf_add(&b, w.items[i].fold, w.items[i].n_fold);
        }
        folded = buf_take(&b, NULL);
        buf_wipe(&b);
    }
    words_clear(&w);
    normalise_clear(&t);
    return folded;
}
