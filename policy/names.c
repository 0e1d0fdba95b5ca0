/* names.c: see names.h. Every written form of a name is a sequence of folded words in one hash table, keyed by its
 * first word; a text is split into words once and each word looked up. */
#include "names.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "../base/arena.h"
#include "../base/buf.h"
#include "../base/crypto.h"
#include "address.h"
#include "detect.h"
#include "name_context.h"
#include "name_rules.h"
#include "normalise.h"
#include "words.h"

#define BUCKETS        4096
#define MAX_FORM_WORDS 12
#define MAX_GAP        3 /* bytes between two words of one name */
#define MAX_MADE       64 /* bytes of a word made of two */
#define MIN_USER_NAME  4 /* letters of a last name that may stand in a user name */
#define ARENA_LIMIT    ((size_t)64 << 20)

/* What a match needs besides equal words. */
enum {
    WANTS_CAPITAL = 1, /* an initial capital on each word */
    WANTS_COMMA = 2,   /* "Last, First": a comma behind comma_after words */
    WANTS_DOT = 4,     /* "Anna W.": a dot behind the last word, which belongs to the name */
    COMMON_WORD = 8,   /* an ordinary word too: see is_meant() */
    ANY_GAP = 16,
    NOUN = 32 /* an ordinary noun too, which German writes with a capital */
}; /* values: any separators */

struct form {
    const char *words[MAX_FORM_WORDS];
    uint64_t hashes[MAX_FORM_WORDS]; /* of the words */
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
        if (!words[i]->n_fold) return;
    for (size_t i = 0; i < n; i++)
        common += word_in(words[i], common_words) || word_in(words[i], noun_names);
    if (common == n && f.kind == NAME_PERSON) flags |= WANTS_CAPITAL; /* "will grant" */
    f.n = n;
    f.form = form;
    f.flags = flags;
    f.comma_after = comma_after;
    for (size_t i = 0; i < n; i++) {
        f.words[i] = words[i]->fold;
        f.hashes[i] = words[i]->hash;
    }
    link = &a->names->buckets[f.hashes[0] % BUCKETS];
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
    return word_in(w, " von van de der den zu zur di da del la le du dos ter ten v vd af el al bin ibn ");
}

/* A form of one word: very short ones and ordinary words need a capital. */
static void add_single(struct adder *a, const struct word *w, enum name_form form)
{
    uint32_t tags = gazetteer_tags(w->hash);
    unsigned flags = w->n_fold <= 2 || tags & ~(uint32_t)(TAG_FIRST | TAG_LAST | TAG_DOUBT) ? WANTS_CAPITAL : 0;

    if (w->n_fold < 2 || !w->letters || particle(w)) return;
    if (word_in(w, noun_names)) flags |= WANTS_CAPITAL | NOUN;
    if (tags & TAG_DOUBT) flags |= NOUN;
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

/* A word of our own making, such as an initial. */
struct made {
    char fold[MAX_MADE + 8]; /* with what word_hash() may read behind it */
    struct word word;
};

static void make_word(struct made *m, const char *a, size_t n_a, const char *b, size_t n_b)
{
    memset(m, 0, sizeof(*m));
    if (n_a + n_b >= MAX_MADE) return; /* an empty word makes no form */
    memcpy(m->fold, a, n_a);
    memcpy(m->fold + n_a, b, n_b);
    m->word = (struct word){.fold = m->fold, .n_fold = (uint32_t)(n_a + n_b), .letters = true};
    m->word.hash = word_hash(m->fold, n_a + n_b);
}

static size_t first_letter(const struct word *w)
{
    unsigned char c = (unsigned char)w->fold[0];

    return 1 + (c >= 0xC0) + (c >= 0xE0);
}

/* "A. Weber", "Weber, A.", "J.-P. Weber", "JP Weber", "Anna W." */
static void add_initials(struct adder *a, const struct part *first, const struct part *last)
{
    const struct word *all[MAX_FORM_WORDS];
    struct made initials[MAX_FORM_WORDS / 2], together, of_last;
    struct part letters = {.n = 0}, one = {.n = 1};
    char joined[MAX_MADE];
    size_t n = 0;

    for (; letters.n < first->n; letters.n++) {
        const struct word *w = first->at[letters.n];

        make_word(&initials[letters.n], w->fold, first_letter(w), "", 0);
        letters.at[letters.n] = &initials[letters.n].word;
        memcpy(joined + n, w->fold, first_letter(w));
        n += first_letter(w);
    }
    one.at[0] = letters.at[0];
    add_form(a, all, join(all, &one, last), NAME_FULL, WANTS_CAPITAL, 0);
    add_form(a, all, join(all, last, &one), NAME_FULL, WANTS_COMMA | WANTS_CAPITAL, last->n);
    if (strncmp(first->at[0]->fold, "th", 2) == 0) { /* "Th. Weber" for Thomas; so is a thorn folded */
        make_word(&together, "th", 2, "", 0);
        one.at[0] = &together.word;
        add_form(a, all, join(all, &one, last), NAME_FULL, WANTS_CAPITAL, 0);
        add_form(a, all, join(all, last, &one), NAME_FULL, WANTS_COMMA | WANTS_CAPITAL, last->n);
    }
    if (letters.n > 1) {
        add_form(a, all, join(all, &letters, last), NAME_FULL, WANTS_CAPITAL, 0);
        make_word(&together, joined, n, "", 0);
        one.at[0] = &together.word;
        add_form(a, all, join(all, &one, last), NAME_FULL, WANTS_CAPITAL, 0);
    }
    for (size_t i = 0; i < last->n; i++) {
        make_word(&of_last, last->at[i]->fold, first_letter(last->at[i]), "", 0);
        one.at[0] = &of_last.word;
        add_form(a, all, join(all, first, &one), NAME_FULL, WANTS_DOT | WANTS_CAPITAL, 0);
    }
    crypto_wipe(initials, sizeof(initials));
    crypto_wipe(&together, sizeof(together));
    crypto_wipe(joined, sizeof(joined));
}

/* Words written as one: "Annemarie" for Anne-Marie; "annaweber" and "aweber", as in user names. */
static void add_joined(struct adder *a, const struct part *first, const struct part *last)
{
    const struct word *all[MAX_FORM_WORDS];
    const struct word *f = first->n ? first->at[0] : NULL, *l = last->n ? last->at[last->n - 1] : NULL;
    struct made m;
    struct part one = {.at = {&m.word}, .n = 1};

    if (first->n == 2) {
        make_word(&m, f->fold, f->n_fold, first->at[1]->fold, first->at[1]->n_fold);
        add_form(a, one.at, 1, NAME_FIRST, 0, 0);
        if (last->n) add_form(a, all, join(all, &one, last), NAME_FULL, 0, 0);
    }
    if (last->n == 2 && !particle(last->at[0])) {
        make_word(&m, last->at[0]->fold, last->at[0]->n_fold, l->fold, l->n_fold);
        add_form(a, one.at, 1, NAME_LAST, 0, 0);
    }
    if (f && l && l->n_fold >= MIN_USER_NAME) {
        make_word(&m, f->fold, f->n_fold, l->fold, l->n_fold);
        add_form(a, one.at, 1, NAME_FULL, 0, 0);
        make_word(&m, f->fold, first_letter(f), l->fold, l->n_fold);
        if (!gazetteer_tags(m.word.hash)) add_form(a, one.at, 1, NAME_FULL, 0, 0);
    }
    crypto_wipe(&m, sizeof(m));
}

static void add_person_forms(struct adder *a, const struct part *first, const struct part *last)
{
    const struct word *all[MAX_FORM_WORDS];

    if (first->n && last->n) {
        add_form(a, all, join(all, first, last), NAME_FULL, 0, 0);
        add_form(a, all, join(all, last, first), NAME_FULL, WANTS_COMMA, last->n);
        if (first->n > 1) { /* the first of several first names */
            struct part call_name = {.at = {first->at[0]}, .n = 1};

            add_form(a, all, join(all, &call_name, last), NAME_FULL, 0, 0);
            add_form(a, all, join(all, last, &call_name), NAME_FULL, WANTS_COMMA, last->n);
        }
        add_initials(a, first, last);
    }
    add_joined(a, first, last);
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
        else if (c != ' ' && c != '-' && c != '_' && c != '\'' && c != '.' && c != '\n' && c != '&' && c != '+' &&
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
    if (f->kind == NAME_VALUE || n < (f->n > 1 || !w->tags ? 2 : 3) || w->n_fold != n + 1 || memcmp(want, w->fold, n) != 0) return false;
    *cut = 1;
    return w->fold[n] == 's' && text[w->end - 1] == 's';
}

/* An ordinary word is a name only with a capital, where something says so at the beginning of a sentence, and not where
 * an ordinary word stands: "in May", "der Markt". */
static bool is_meant(const struct name_text *t, size_t i, bool begins_too)
{
    const struct word *x = &t->w->items[i];
    unsigned c = name_context(t, i, 1, 0);

    if (c & BY_TITLE) return true;
    if (c & OF_THING || (c & BY_PLACE && x->tags & TAG_MONTH)) return false;
    if (t->nouns && i > 0 && name_rule_spaces(t->text, x[-1].end, x->start) &&
        word_in(x - 1, " der die das den dem des ein eine einen einem einer kein keine unser im am zum zur beim vom "))
        return c & ACTS_PERSON;
    if (!(c & BEGINS) || !begins_too) return true;
    return c & (ACTS | ACTS_PERSON | OWNS | HAS_ROLE | HAS_EMAIL | SPEAKS | WITH_NAME | BY_GREETING | BY_CLOSING | BY_HEADER |
                BY_MENTION);
}

/* Number of words of the text that the form takes from word i on; 0: no match. */
/* Is word k of the n from word i on joined to another one without a space: "Ji-woo", "grace.young"? */
static bool inside_token(const struct name_text *t, size_t i, size_t n, size_t k)
{
    const struct word *x = &t->w->items[i + k];

    if (k && x->start == x[-1].end + 1 && strchr("-._", t->text[x[-1].end])) return true;
    return k + 1 < n && x + 1 < t->w->items + t->w->n && x[1].start == x->end + 1 && strchr("._", t->text[x->end]);
}

static bool is_middle(const struct name_text *t, const struct word *x)
{
    return x->n_fold == 1 && x->capital && x + 1 < t->w->items + t->w->n && t->text[x->end] == '.' &&
           x->start == x[-1].end + 1 && x[1].start <= x->end + 2;
}

static size_t form_fits(const struct name_text *t, size_t i, const struct form *f, size_t *end)
{
    size_t cut = 0, skipped = 0;

    if (i + f->n > t->w->n) return 0;
    for (size_t k = 0; k < f->n; k++) {
        const struct word *x = &t->w->items[i + k + skipped];

        if (k && !skipped && f->form == NAME_FULL && !f->comma_after && is_middle(t, x) && f->hashes[k] != x->hash) {
            skipped = 1; /* "Anna M. Weber" */
            x++;
            if (i + f->n >= t->w->n) return 0;
        }
        if (k && !gap_fits(t->text, x - 1, x, f->flags & WANTS_COMMA && k == f->comma_after, f->flags & ANY_GAP))
            return 0;
        if (f->flags & WANTS_CAPITAL && !x->capital && !(f->n > 1 && (particle(x) || inside_token(t, i, f->n, k)))) return 0;
        if (k + 1 < f->n && (f->hashes[k] != x->hash || strcmp(f->words[k], x->fold) != 0)) return 0;
        if (k + 1 == f->n && !last_fits(f, x, t->text, &cut)) return 0;
    }
    *end = t->w->items[i + f->n + skipped - 1].end - cut;
    if (f->flags & WANTS_DOT) {
        if (*end >= t->n || t->text[*end] != '.') return 0;
        (*end)++;
    }
    if (f->flags & (COMMON_WORD | NOUN) && !is_meant(t, i, f->flags & COMMON_WORD)) return 0;
    if (f->n == 1 && *end - t->w->items[i].start <= 3 && *end + 1 < t->n && t->text[*end] == '-' &&
        t->text[*end + 1] >= 'a' && t->text[*end + 1] <= 'z')
        return 0; /* "Li-ion" */
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

static void look_up(const struct names *n, const struct name_text *t, size_t i, uint64_t hash, struct hit *best)
{
    const struct form *f = n->buckets[hash % BUCKETS];
    bool addressed = f && i > 0 && t->w->items[i - 1].tags & TAG_TITLE;

    for (; f; f = f->next) {
        size_t end = 0, words = f->n == 1 || f->hashes[0] == hash ? form_fits(t, i, f, &end) : 0;

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

#define MAX_PARTS 64 /* of unknown names, looked for again */
#define LOOK_BACK 256 /* names searched backwards for the one that an ambiguous form means */

/* Others who are written in this way: if one of them was named in full before, nearest, they are meant. */
static void disambiguate(const struct names *n, const struct name_text *t, size_t i, const struct hit *hit,
                         const struct list *before, struct name_found *f)
{
    size_t nearest = 0;

    if (f->kind != NAME_PERSON || f->form == NAME_FULL) return;
    for (const struct form *o = n->buckets[hit->form->hashes[0] % BUCKETS]; o; o = o->next) {
        size_t end;

        if (o->kind != NAME_PERSON || o->n != hit->n_words || !form_fits(t, i, o, &end)) continue;
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
static void take_titles(const struct name_text *t, size_t i, size_t floor, struct name_found *f)
{
    if (f->kind != NAME_PERSON || (f->form != NAME_LAST && f->form != NAME_SHORT)) return;
    while (i > 0 && t->w->items[i - 1].tags & TAG_TITLE && t->w->items[i - 1].start >= floor) {
        const struct word *s = &t->w->items[i - 1];
        size_t gap = t->w->items[i].start - s->end;

        if (gap == 0 || gap > 2 || (t->text[s->end] != ' ' && t->text[s->end] != '.')) break;
        f->start = s->start;
        f->form = NAME_FORMAL;
        i--;
    }
}

static enum rc scan_known(const struct names *n, const struct name_text *t, struct list *l, struct err *e)
{
    size_t free_from = 0; /* end of the last match */

    for (size_t i = 0; n->count && i < t->w->n; i++) {
        const struct word *x = &t->w->items[i];
        struct hit best = {0};
        struct name_found f;
        enum rc rc;

        if (!x->n_fold || x->start < free_from) continue;
        look_up(n, t, i, x->hash, &best);
        if (!best.form && (x->n_fold > 3 || (x->n_fold == 3 && x->capital && !x->tags)) && x->fold[x->n_fold - 1] == 's')
            look_up(n, t, i, word_hash(x->fold, x->n_fold - 1), &best);
        if (!best.form) continue;
        f = (struct name_found){.start = x->start,
                                .end = best.end,
                                .kind = best.form->kind,
                                .index = best.form->index,
                                .form = best.form->form,
                                .entity = best.form->entity,
                                .score = 1.0};
        disambiguate(n, t, i, &best, l, &f);
        take_titles(t, i, free_from, &f);
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

/* ---- names that nobody told us ----------------------------------------------------------------------------------- */

/* Walks the matches that are there already, in order, beside the words of a text. */
struct walk {
    const struct list *taken;
    size_t n, at; /* the first n of them count */
};

/* Does one of them overlap [start, end)? Call with growing starts. */
static bool overlaps(struct walk *w, size_t start, size_t end)
{
    while (w->at < w->n && w->taken->items[w->at].end <= start)
        w->at++;
    return w->at < w->n && w->taken->items[w->at].start < end;
}

/* What was added behind the first `sorted` ones takes its place among them. */
static void sort(struct list *l, size_t sorted)
{
    if (sorted > 0 && sorted < l->n) qsort(l->items, l->n, sizeof(*l->items), by_place);
}

/* Names of the record that stand inside an address are part of it: they give way. False: one reaches out of it. */
static bool give_way(struct list *l, struct walk *w, const struct name_found *address)
{
    size_t k;

    if (!overlaps(w, address->start, address->end)) return true;
    for (k = w->at; k < w->n && l->items[k].start < address->end; k++)
        if (l->items[k].start < address->start || l->items[k].end > address->end) return false;
    while (k > w->at) {
        k--;
        l->items[k].end = l->items[k].start;
    }
    return true;
}

/* Organisations and addresses. */
static enum rc scan_places(const struct name_text *t, struct list *l, struct err *e)
{
    struct walk walk = {.taken = l, .n = l->n};
    size_t free_from = 0;

    for (size_t m = 0; m < t->n_marked; m++) {
        size_t i = t->marked[m];
        const struct word *x = &t->w->items[i];
        struct name_found f;
        enum rc rc;

        if (!(x->capital || x->tags & (TAG_STREET | TAG_DOTTED_LEGAL | TAG_LEGAL))) continue;
        if (x->start < free_from || (!name_rule_org(t, i, &f) && !address_at(t, i, &f)) || f.start < free_from) continue;
        if (f.kind == NAME_ORG ? overlaps(&walk, f.start, f.end) : !give_way(l, &walk, &f)) continue;
        rc = list_add(l, &f, e);
        if (rc != RC_OK) return rc;
        free_from = f.end;
    }
    sort(l, walk.n);
    return RC_OK;
}

static enum rc scan_persons(const struct name_text *t, struct list *l, struct err *e)
{
    struct walk walk = {.taken = l, .n = l->n};
    size_t free_from = 0, before = 0;

    for (size_t m = 0; m < t->n_marked; m++) {
        size_t i = t->marked[m];
        const struct word *x = &t->w->items[i];
        struct name_found f;
        enum rc rc;

        if (x->start < free_from) continue;
        if (overlaps(&walk, x->start, x->end)) {
            if (l->items[walk.at].kind == NAME_PERSON) before = l->items[walk.at].end;
            continue;
        }
        if (!name_rule_person(t, i, before, &f) || overlaps(&walk, f.start, f.end)) continue;
        rc = list_add(l, &f, e);
        if (rc != RC_OK) return rc;
        free_from = before = f.end;
    }
    sort(l, walk.n);
    return RC_OK;
}

/* Parts of names found by their surroundings, which are looked for in the rest of the text. */
struct parts {
    uint64_t hashes[MAX_PARTS];
    enum name_form forms[MAX_PARTS];
    size_t n;
    uint64_t seen[4]; /* one bit for the last byte of each hash */
};

static void collect_parts(const struct name_text *t, const struct list *l, struct parts *p)
{
    size_t i = 0;

    for (size_t k = 0; k < l->n && p->n < MAX_PARTS; k++) {
        const struct name_found *f = &l->items[k];

        if (f->kind != NAME_PERSON || f->index != NAMES_UNKNOWN) continue;
        while (i < t->w->n && t->w->items[i].start < f->start)
            i++;
        for (; i < t->w->n && t->w->items[i].end <= f->end && p->n < MAX_PARTS; i++) {
            const struct word *x = &t->w->items[i];

            if (x->n_fold < 3 || particle(x)) continue;
            p->hashes[p->n] = x->hash;
            p->seen[x->hash / 64 % 4] |= UINT64_C(1) << x->hash % 64;
            p->forms[p->n++] = f->form == NAME_LAST || x->end == f->end ? NAME_LAST : NAME_FIRST;
        }
    }
}

static const enum name_form *find_part(const struct parts *p, uint64_t hash)
{
    if (!(p->seen[hash / 64 % 4] >> hash % 64 & 1)) return NULL;
    for (size_t k = 0; k < p->n; k++)
        if (p->hashes[k] == hash) return &p->forms[k];
    return NULL;
}

static enum rc scan_again(const struct name_text *t, struct list *l, struct err *e)
{
    struct parts p = {.n = 0};
    struct walk walk = {.taken = l, .n = l->n};

    collect_parts(t, l, &p);
    for (size_t i = 0; p.n && i < t->w->n; i++) {
        const struct word *x = &t->w->items[i];
        const enum name_form *form;
        size_t cut = 0;
        enum rc rc;

        if (!x->capital && !name_rule_again_small(x)) continue; /* most words */
        form = find_part(&p, x->hash);
        if (!form && x->n_fold > 4 && x->fold[x->n_fold - 1] == 's' && x->capital) {
            form = find_part(&p, word_hash(x->fold, x->n_fold - 1));
            cut = 1;
        }
        if (!form || overlaps(&walk, x->start, x->end) || !name_rule_again(t, i)) continue;
        rc = list_add(l,
                      &(struct name_found){.start = x->start, .end = x->end - cut, .kind = NAME_PERSON,
                                           .index = NAMES_UNKNOWN, .form = *form, .entity = "PERSON", .score = 0.6},
                      e);
        if (rc != RC_OK) return rc;
    }
    sort(l, walk.n);
    return RC_OK;
}

/* Drops matches that gave way; the rest as spans of the input. */
static void finish_list(struct list *l, const struct normalised *t)
{
    size_t kept = 0;

    for (size_t i = 0; i < l->n; i++)
        if (l->items[i].end > l->items[i].start) l->items[kept++] = l->items[i];
    l->n = kept;
    for (size_t i = 0; i < l->n; i++)
        normalise_span(t, l->items[i].start, l->items[i].end, &l->items[i].start, &l->items[i].end);
}

struct names_room {
    struct words words;
    struct name_text text;
    struct list list;
};

enum rc names_room_open(struct names_room **out, struct err *e)
{
    struct names_room *room = calloc(1, sizeof(*room));

    if (room) room->text.cache = calloc(1, sizeof(*room->text.cache));
    if (!room || !room->text.cache) {
        free(room);
        return err_set(e, RC_NOMEM, "names: out of memory");
    }
    *out = room;
    return RC_OK;
}

static void clear_room(struct names_room *room)
{
    words_clear(&room->words);
    free(room->text.marked);
    free(room->list.items);
    free(room->text.cache);
    memset(room, 0, sizeof(*room));
}

void names_room_forget(struct names_room *room)
{
    words_forget(&room->words);
}

void names_room_close(struct names_room *room)
{
    if (!room) return;
    clear_room(room);
    free(room);
}

enum rc names_scan_again(const struct names *n, const struct normalised *t, struct names_room *room,
                         const struct name_found **out, size_t *n_out, struct err *e)
{
    struct list *l = &room->list;
    enum rc rc = words_split_again(t->text, t->n, &room->words, e);

    l->n = 0;
    if (rc == RC_OK) rc = name_rules_tag(t->text, t->n, &room->words, &room->text, e);
    if (rc == RC_OK) rc = scan_known(n, &room->text, l, e);
    if (rc == RC_OK) rc = scan_places(&room->text, l, e);
    if (rc == RC_OK) rc = scan_persons(&room->text, l, e);
    if (rc == RC_OK) rc = scan_again(&room->text, l, e);
    if (rc != RC_OK) return rc;
    finish_list(l, t);
    *out = l->items;
    *n_out = l->n;
    return RC_OK;
}

enum rc names_scan(const struct names *n, const char *text, size_t len, struct name_found **out,
                   size_t *n_out, struct err *e)
{
    struct normalised t;
    struct names_room room = {0};
    const struct name_found *found;
    enum rc rc = normalise(text, len, DETECT_MAX_TEXT, &t, e);

    if (rc != RC_OK) return rc;
    rc = names_scan_again(n, &t, &room, &found, n_out, e);
    if (rc == RC_OK) {
        *out = NULL;
        if (*n_out) {
            *out = room.list.items;
            room.list.items = NULL;
        }
    }
    clear_room(&room);
    normalise_clear(&t);
    return rc;
}

#define MAX_PLAIN 64 /* bytes of a name that is folded at once */

/* Most names are up to four words of ASCII letters: normalising changes nothing in them (a spelled-out address has five),
 * and folding is this. False: it is another one. out[MAX_PLAIN + 1]. */
static bool fold_plain(const char *s, size_t n, char *out)
{
    size_t at = 0, words = 0;
    char before = 0; /* in the word */

    if (n > MAX_PLAIN) return false;
    for (size_t i = 0; i < n; i++) {
        char c = (char)(s[i] | 0x20);

        if (c >= 'a' && c <= 'z') {
            if (!before && words++) out[at++] = ' ';
            if (words > 4) return false;
            if (c == 'e' && (before == 'a' || before == 'o' || before == 'u')) continue;
            out[at++] = before = c;
        } else if (s[i] == ' ' || s[i] == '-' || s[i] == '\'') {
            before = 0;
        } else {
            return false;
        }
    }
    out[at] = '\0';
    return words > 0;
}

char *names_fold(const char *s, size_t n)
{
    struct normalised t;
    struct words w = {0};
    struct buf b;
    char *folded = NULL, plain[MAX_PLAIN + 1] = "";

    if (fold_plain(s, n, plain)) folded = strdup(plain);
    crypto_wipe(plain, sizeof(plain));
    if (folded) return folded;
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
