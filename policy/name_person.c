/* name_person.c: persons whom nobody told us of. A name is one to five capitalised words; whether they are a person is
 * weighed from what the gazetteer knows of them and what stands around them. */
#include <string.h>

#include "name_context.h"
#include "name_rules.h"

#define MAX_NAME_WORDS 5
#define ACRONYM        4 /* capitals up to this length are rather "SAP" than a person */

/* Contexts in which anybody may stand, known to the gazetteer or not. */
#define SURE                                                                                                 \
    (BY_TITLE | BY_GREETING | BY_CLOSING | BY_HEADER | BY_ASK | BY_SPEAK | BY_MENTION | HAS_EMAIL |          \
     ACTS_PERSON)
#define LIKELY (SURE | BY_LINK | BY_ROLE | BY_LIST | ACTS | OWNS | HAS_ROLE | HAS_PLACE | SPEAKS | WITH_NAME)

enum kind { NO_NAME, UNKNOWN, DOUBTFUL, KNOWN };

static bool shouted(const struct name_text *t, size_t i)
{
    const struct word *x = &t->w->items[i];

    if (!x->upper || x->n_fold < 2) return false;
    return (i > 0 && x[-1].upper && x[-1].letters && x[-1].n_fold > 1 && x[-1].tags & TAG_COMMON) ||
           (i + 1 < t->w->n && x[1].upper && x[1].letters && x[1].n_fold > 1 && x[1].tags & TAG_COMMON);
}

#define OTHER_TAGS                                                                                           \
    (TAG_COMMON | TAG_THING | TAG_LEGAL | TAG_TITLE | TAG_GREETING | TAG_CLOSING | TAG_ROLE | TAG_ACT |      \
     TAG_HEADER | TAG_NOBODY | TAG_LINK | TAG_STREET | TAG_PLACE | TAG_GERMAN | TAG_ENGLISH | TAG_SPEAK |    \
     TAG_ASK | TAG_MONTH | TAG_AND | TAG_WEAK_LINK | TAG_ARTICLE | TAG_BUSINESS)

/* What a word may be in a name; `tag`: TAG_FIRST, TAG_LAST or both. */
static enum kind kind_of(const struct name_text *t, size_t i, uint32_t tag)
{
    const struct word *x = &t->w->items[i];

    if (!x->letters || x->n_fold < 2) return NO_NAME;
    if (x->tags & (TAG_TITLE | TAG_ROLE | TAG_NOBODY) && (!(x->tags & TAG_FIRST) || x->tags & TAG_DOUBT))
        return NO_NAME;
    if (x->upper && x->n_fold <= 2 && !(x->tags & TAG_FIRST && !(x->tags & (TAG_DOUBT | TAG_COMMON))))
        return NO_NAME;
    if (x->tags & tag) {
        if (x->tags & (TAG_DOUBT | TAG_MONTH | TAG_BUSINESS)) return DOUBTFUL;
        return x->tags & TAG_COMMON && !(x->tags & TAG_FIRST) ? DOUBTFUL : KNOWN;
    }
    if (x->tags & (TAG_FIRST | TAG_LAST)) return DOUBTFUL;
    if (x->tags & OTHER_TAGS) return NO_NAME;
    if ((x->upper && x->n_fold <= ACRONYM) || !x->capital) return NO_NAME;
    return UNKNOWN;
}

/* ---- how far a name goes ----------------------------------------------------------------------------------------- */

static bool initial(const struct name_text *t, const struct word *x)
{
    return x->capital && x->letters && x->end - x->start <= 2 && x->n_fold == 1 && x->end < t->n &&
           t->text[x->end] == '.';
}

/* What may stand inside a name: one space, a hyphen, an apostrophe, ". " or "." behind an initial. */
static bool joins(const struct name_text *t, const struct word *a, const struct word *b)
{
    size_t gap = b->start - a->end;
    char c = t->text[a->end];

    if (gap == 1) return c == ' ' || c == '-' || (c == '\'' && b->n_fold > 1) || (c == '.' && initial(t, a));
    if (gap == 3) return memcmp(t->text + a->end, "\xe2\x80\x99", 3) == 0 && b->n_fold > 1;
    return gap == 2 && c == '.' && t->text[a->end + 1] == ' ' &&
           (initial(t, a) || word_in(a, " st v dr jr sr "));
}

static bool particle(const struct word *x)
{
    return x->tags & TAG_PARTICLE;
}

/* May word k go on a name that word k - 1 is part of? */
static bool goes_on(const struct name_text *t, size_t k, bool small)
{
    const struct word *x = &t->w->items[k];
    enum kind kind;

    if (!joins(t, x - 1, x) || !x->letters) return false;
    if (initial(t, x)) return true;
    if (x->n_fold == 1) return x->capital && k + 1 < t->w->n && t->text[x->end] == '\''; /* O'Shaughnessy */
    if (!x->capital && !small) return t->text[x->start - 1] == '-' && !(x->tags & TAG_COMMON);
    if (x->tags & (TAG_THING | TAG_LEGAL | TAG_STREET) && !(x->tags & TAG_LAST)) return false;
    if (!x->tags && x[-1].tags & TAG_FIRST && name_context_behind(t, k - 1, 1) & OF_THING) return false;
    if (x->upper && x->n_fold <= ACRONYM && !x[-1].upper && !(x->tags & (TAG_FIRST | TAG_LAST))) return false;
    kind = kind_of(t, k, TAG_LAST | TAG_FIRST);
    if (t->text[x->start - 1] == '-' && x->capital) return true;
    if (kind == DOUBTFUL && x->tags & (TAG_MONTH | TAG_BUSINESS)) return false;
    /* "Roberta Quill": an ordinary word, though not one of business, behind a first name */
    if (kind == NO_NAME && x->capital && !(x->tags & OTHER_TAGS & ~(uint32_t)TAG_COMMON) &&
        kind_of(t, k - 1, TAG_FIRST) == KNOWN && x[-1].tags & TAG_FIRST &&
        !(x->upper && x->n_fold <= ACRONYM))
        return true;
    return kind != NO_NAME;
}

/* Number of words of the name from word i on. `small`: written without capitals. */
static size_t name_length(const struct name_text *t, size_t i, bool small)
{
    size_t n = 1, last = 1;

    while (i + n < t->w->n && n < MAX_NAME_WORDS) {
        const struct word *x = &t->w->items[i + n];

        if (goes_on(t, i + n, small && x->tags & TAG_LAST && !(x->tags & (TAG_DOUBT | TAG_COMMON))))
            last = ++n;
        else if (particle(x) && joins(t, x - 1, x) &&
                 t->w->items[i].tags & TAG_FIRST) /* "Frau Hinz von Acme" */
            n++;
        else
            break;
    }
    return last;
}

static void describe(const struct name_text *t, size_t i, size_t n, enum name_form form, double score,
                     struct name_found *out)
{
    const struct word *last = &t->w->items[i + n - 1];

    *out = (struct name_found){.start = t->w->items[i].start,
                               .end = last->end + (n > 1 && initial(t, last)) -
                                      (last->tags & TAG_GENITIVE && t->nouns ? 1 : 0),
                               .kind = NAME_PERSON,
                               .index = NAMES_UNKNOWN,
                               .form = form,
                               .entity = "PERSON",
                               .score = score};
}

/* ---- weighing ---------------------------------------------------------------------------------------------------- */

/* A name of several words. */
static bool full_counts(const struct name_text *t, size_t i, size_t n, unsigned c)
{
    enum kind first = kind_of(t, i, TAG_FIRST), last = kind_of(t, i + n - 1, TAG_LAST);
    bool starts_initial = initial(t, &t->w->items[i]), ends_initial = initial(t, &t->w->items[i + n - 1]);

    if (c & (OF_THING | OF_SMALL_THING) && !(c & (BY_TITLE | BY_GREETING | BY_HEADER))) return false;
    if (starts_initial) return last == KNOWN || (last != NO_NAME && (c & LIKELY || !t->nouns));
    if (n == 2 && t->w->items[i].upper && t->w->items[i].n_fold == 2 && first == NO_NAME) /* "TJ Whitmore" */
        return last == KNOWN && !(t->w->items[i].tags & (TAG_BUSINESS | TAG_LEGAL | TAG_UPPER_LEGAL)) &&
               !t->w->items[i + 1].upper;
    if (first == NO_NAME) return false;
    if (ends_initial && n == 2) return first == KNOWN || c & SURE;
    if (first == KNOWN) return true;
    if (c & BY_ARTICLE && first != KNOWN) return false;
    if (first == DOUBTFUL)
        return c & LIKELY || last == KNOWN ||
               (!(c & BEGINS) && (last == UNKNOWN || !t->nouns) && !(c & BY_PLACE));
    if (!(t->w->items[i + n - 1].tags & TAG_LAST) && t->w->items[i + n - 1].tags & TAG_FIRST)
        return false; /* "Techniker Marek" */
    if (last == KNOWN) return c & LIKELY || !(c & BEGINS || t->nouns);
    return c & (SURE | HAS_ROLE) || (c & (BY_ROLE | BY_LIST) && !t->nouns) ||
           (c & BY_LIST && last != NO_NAME);
}

/* Unknown first names end in a vowel more often than companies do; German nouns end in e. */
static bool sounds_like_one(const struct name_text *t, const struct word *x)
{
    return x->n_fold >= 4 && !x->upper && strchr(t->nouns ? "aio" : "aeiou", x->fold[x->n_fold - 1]) &&
           !word_in(x, " inc co ");
}

/* A first name alone, or what may be one. */
static bool single_counts(const struct name_text *t, size_t i, unsigned c)
{
    const struct word *x = &t->w->items[i];
    enum kind kind = kind_of(t, i, TAG_FIRST | TAG_LAST);
    bool month = x->tags & TAG_MONTH;

    /* "Jack of all trades", "Nick the top corner" */
    if (c == BEGINS && i + 1 < t->w->n && word_in(x + 1, " the of ") && name_rule_spaces(t->text, x->end, x[1].start)) return false;
    if (c & (OF_THING | OF_SMALL_THING) && !(c & (BY_TITLE | BY_GREETING | BY_HEADER | BY_CLOSING)))
        return false;
    if (c & BY_TITLE && (kind != NO_NAME || name_rule_salutation(x - 1)))
        return !(x->tags & (TAG_TITLE | TAG_LEGAL | TAG_NOBODY | TAG_LINK | TAG_ARTICLE));
    if (kind == NO_NAME) return false;
    if (x->end + 1 < t->n && t->text[x->end] == '-' && t->text[x->end + 1] >= '0' &&
        t->text[x->end + 1] <= '9')
        return false;
    if (kind == KNOWN && x->tags & TAG_FIRST) return true;
    if (c & BY_ARTICLE) return false;
    if (kind == KNOWN)
        return c & (LIKELY & ~(BY_LINK | WITH_NAME)) || (c & (BY_LINK | BY_WEAK_LINK) && !(c & BEGINS));
    if (x->tags & TAG_BUSINESS) return c & (BY_GREETING | BY_MENTION | BY_CLOSING);
    if (kind == DOUBTFUL) {
        if (c & (BY_TITLE | BY_GREETING | BY_MENTION | BY_HEADER | BY_CLOSING | BY_LIST | ACTS_PERSON |
                 SPEAKS | HAS_EMAIL))
            return true;
        if (c & BY_SPEAK || (c & BY_ASK && !month)) return true;
        if (c & (BY_PLACE | BY_WEAK_LINK)) return false;
        if (c & HAS_ROLE && !t->nouns) return true;
        if (c & (BY_LINK | BY_ROLE) && !t->nouns && !month && !(x->upper && x->n_fold <= ACRONYM))
            return true;
        if (c & (ACTS | OWNS) && x->tags & TAG_FIRST && !(t->nouns && !(c & OWNS))) return !month || c & OWNS;
        if (x->tags & TAG_GENITIVE && t->nouns && c & OWNS) return true; /* "Müllers Budget" */
        if (x->tags & TAG_CITY) return false;
        if (c & WITH_NAME && x->tags & TAG_FIRST) return true;
        return !(c & BEGINS) && !t->nouns && !month && x->tags & TAG_FIRST &&
               !(x->tags & TAG_COMMON && x->upper);
    }
    if (c & (BY_TITLE | BY_GREETING | BY_MENTION | BY_HEADER | BY_CLOSING | ACTS_PERSON)) return true;
    if (c & (BY_ASK | BY_SPEAK)) return true;
    if (c & ACTS && sounds_like_one(t, x)) return true;
    return c & (BY_LIST | BY_ROLE | HAS_ROLE) && !t->nouns;
}

/* Do words k and k + 1 go on in capitals, "PLEASE CALL"? */
static bool shouted_on(const struct name_text *t, size_t k)
{
    const struct word *x = &t->w->items[k];

    return shouted(t, k) && shouted(t, k + 1) && name_rule_spaces(t->text, x->end, x[1].start);
}

/* Capitals in a text that has small letters: "IBAN", the CC of "CC Anna". What stands around may say that it is a name. */
static bool abbreviation(const struct name_text *t, size_t i, size_t n, unsigned c)
{
    const struct word *x = &t->w->items[i], *y = x + 1;
    uint32_t name = TAG_FIRST | TAG_LAST;

    if (!x->upper || x->n_fold < 2 || t->shouts || c & (SURE | HAS_ROLE)) return false;
    if ((i > 0 && shouted_on(t, i - 1)) || (i + 1 < t->w->n && shouted_on(t, i))) return false;
    if (n == 1) return true;
    if (y->upper) /* "ANNA WEBER", "ANNA W." */
        return !(x->tags & name && (y->n_fold == 1 || y->n_fold > ACRONYM || y->tags & name));
    if (x->n_fold == 2 && !(x->tags & OTHER_TAGS)) return false;                  /* "TJ Whitmore" */
    return !(x->n_fold > ACRONYM && x->tags & name && y->tags & TAG_FIRST);       /* "MARTIN Sophie" */
}

/* "Okonkwo, Daniel" behind a header or in quotation marks: words of the first part; 0: it isn't that. */
static size_t turned(const struct name_text *t, size_t i, size_t n, unsigned c)
{
    size_t next = i + n;
    const struct word *f = next < t->w->n ? &t->w->items[next] : NULL;
    bool quoted = t->w->items[i].start > 0 && t->text[t->w->items[i].start - 1] == '"';

    if (!f || !(c & BY_HEADER || quoted) || n > 2) return 0;
    if (t->w->items[i].tags & TAG_FIRST && !(t->w->items[i].tags & TAG_LAST) && n == 1 && !quoted) return 0;
    if (f->start != f[-1].end + 2 || memcmp(t->text + f[-1].end, ", ", 2) != 0) return 0;
    return f->capital && (f->tags & TAG_FIRST || quoted || c & HAS_EMAIL) ? next : 0;
}

/* Names in small letters: "spoke to jim kowalczyk". */
static bool small_counts(const struct name_text *t, size_t i, size_t *n, unsigned c)
{
    const struct word *x = &t->w->items[i];

    if (c & BY_TITLE && x->n_fold > 2 && (x->tags & TAG_LAST || !x->tags) && !word_in(x, " wie zu am im "))
        return true;
    if (!(x->tags & TAG_FIRST) || x->tags & (TAG_DOUBT | TAG_COMMON) || x->n_fold < 3) return false;
    if (c & (OF_THING | OF_SMALL_THING)) return false;
    if (*n > 1) return true;
    if (!(c & (BY_ASK | BY_SPEAK | BY_LINK | BY_LIST | BY_ROLE | BY_GREETING | ACTS_PERSON | OWNS | ACTS)))
        return false;
    /* "sandra meinhardt": an unknown word behind it, if no verb or ordinary word, is the last name */
    if (c & (BY_ASK | BY_SPEAK | BY_LIST | BY_LINK) && i + 1 < t->w->n && x[1].letters && !x[1].capital &&
        !x[1].tags && x[1].n_fold > 4 && joins(t, x, x + 1))
        *n = 2;
    return true;
}

#define MAX_ADDRESS 100 /* bytes looked at on either side for the end of an e-mail or web address */

/* Does word i stand in an e-mail address or the like? "@Nadia" does not. */
static bool in_address(const struct name_text *t, size_t i)
{
    size_t start = t->w->items[i].start, end = t->w->items[i].end,
           low = start > MAX_ADDRESS ? start - MAX_ADDRESS : 0;
    size_t high = t->n - end > MAX_ADDRESS ? end + MAX_ADDRESS : t->n;
    static const bool outside[256] = {[0] = true,   [' '] = true, ['\n'] = true, ['\t'] = true, ['<'] = true, ['>'] = true,
                                      ['"'] = true, ['('] = true, [')'] = true,  [','] = true,  [';'] = true};
    const char *s = t->text;

    for (; end < high && !outside[(unsigned char)s[end]]; end++)
        if (s[end] == '@' || (s[end] == ':' && end + 2 < t->n && memcmp(s + end, "://", 3) == 0)) return true;
    for (; start > low && !outside[(unsigned char)s[start - 1]]; start--)
        if (s[start - 1] == '@') return start > 1 && !strchr(" \n\t(,", s[start - 2]);
    return false;
}

static bool person_at(const struct name_text *t, size_t i, size_t before, struct name_found *out)
{
    const struct word *x = &t->w->items[i];
    bool small = !x->capital || shouted(t, i), starts_initial = initial(t, x);
    size_t n, k;
    unsigned c, left;

    /* most words end here */
    if (!x->letters || (!(x->tags & (TAG_FIRST | TAG_LAST)) && (x->tags || small) && !starts_initial &&
                        !(particle(x) || (i > 0 && x[-1].tags & TAG_TITLE))))
        return false;
    n = 0;
    if (particle(x) && !(x->tags & TAG_FIRST && x->capital && !(x->tags & TAG_DOUBT)))
        while (n < 3 && i + n < t->w->n && particle(&t->w->items[i + n]) &&
               (n == 0 || joins(t, &t->w->items[i + n - 1], &t->w->items[i + n])))
            n++;
    if (n) { /* "De Witt was out", "van Dijk": the last name behind its particles */
        if (i + n >= t->w->n || !joins(t, &t->w->items[i + n - 1], &t->w->items[i + n])) return false;
        if (!t->w->items[i + n].capital || kind_of(t, i + n, TAG_LAST) == NO_NAME) return false;
        c = name_context(t, i, n + 1, before);
        if (!(c & (BY_TITLE | BY_SPEAK | BY_ASK | BY_HEADER | BY_LIST | ACTS_PERSON)) &&
            !(x->capital && c & LIKELY && (n > 1 || kind_of(t, i + n, TAG_LAST) == KNOWN) && !t->nouns))
            return false;
        describe(t, i, n + name_length(t, i + n, false), NAME_LAST, 0.65, out);
        return true;
    }
    if (starts_initial && i > 0 && initial(t, x - 1) && joins(t, x - 1, x))
        return false; /* seen from the first initial */
    n = name_length(t, i, small);
    if (starts_initial && n == 1) return false;
    left = name_context_before(t, i, before);
    if (!x->capital || (small && !(x->tags & TAG_FIRST))) {
        c = left | name_context_behind(t, i, n);
        if (!small_counts(t, i, &n, c)) return false;
        describe(t, i, n, n > 1 ? NAME_FULL : c & BY_TITLE ? NAME_LAST : NAME_FIRST, 0.6, out);
        return true;
    }
    c = left | name_context_behind(t, i, n);
    if ((k = turned(t, i, n, c))) {
        describe(t, i, k - i + name_length(t, k, false), NAME_FULL, 0.75, out);
        return true;
    }
    for (; n > 1; c = left | name_context_behind(t, i, --n)) {
        if (full_counts(t, i, n, c) && !abbreviation(t, i, n, c)) {
            describe(t, i, n, NAME_FULL, c & SURE ? 0.85 : 0.75, out);
            return true;
        }
    }
    if (starts_initial || !single_counts(t, i, c) || abbreviation(t, i, 1, c)) return false;
    describe(t, i, 1, x->tags & TAG_FIRST && !(c & BY_TITLE) ? NAME_FIRST : NAME_LAST, c & SURE ? 0.7 : 0.6,
             out);
    return true;
}

bool name_rule_person(const struct name_text *t, size_t i, size_t before, struct name_found *out)
{
    return person_at(t, i, before, out) && !in_address(t, i) &&
           (name_rule_brand(t, i) ? i > 0 && t->w->items[i - 1].tags & TAG_TITLE : true);
}

bool name_rule_again_small(const struct word *x)
{
    return !(x->tags & (TAG_DOUBT | TAG_COMMON | TAG_ACT | TAG_ROLE | TAG_GERMAN | TAG_ENGLISH)) && x->n_fold > 3;
}

bool name_rule_again(const struct name_text *t, size_t i)
{
    const struct word *x = &t->w->items[i];
    unsigned c;

    if (!x->capital && !name_rule_again_small(x)) return false;
    if (in_address(t, i)) return false;
    if (!x->capital) return true;
    c = name_context(t, i, 1, 0);
    if (c & (OF_THING | OF_SMALL_THING) && !(c & (BY_TITLE | BY_GREETING))) return false;
    if (!(x->tags & (TAG_DOUBT | TAG_COMMON | TAG_MONTH))) return true;
    if (c & BY_ARTICLE || (c & BY_PLACE && !(c & (ACTS | OWNS)))) return false;
    return c & LIKELY || !(c & BEGINS);
}
