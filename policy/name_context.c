/* name_context.c: see name_context.h. */
#include "name_context.h"

#include <string.h>

#define MAX_BETWEEN 3 /* words between "spoke" and the name: "spoke again with our friend" is too far */

bool name_rule_spaces(const char *text, size_t from, size_t upto)
{
    for (; from < upto; from++)
        if (text[from] != ' ') return false;
    return true;
}

static bool line_start(const char *text, size_t at)
{
    while (at > 0 && (text[at - 1] == ' ' || text[at - 1] == '>' || text[at - 1] == '-' ||
                      text[at - 1] == '*' || text[at - 1] == '\t'))
        at--;
    return at == 0 || text[at - 1] == '\n';
}

/* Of a sentence, too; a quotation begins one. */
static bool sentence_start(const struct name_text *t, size_t i)
{
    size_t at = t->w->items[i].start;

    while (at > 0 && strchr(" \"'(*-\t", t->text[at - 1]))
        at--;
    if (at == 0) return true;
    if (!strchr(".!?:\n;",
                t->text[at - 1])) /* beyond ASCII: a dash, a quote, if not the last letter of a word */
        return (unsigned char)t->text[at - 1] >= 0x80 && !(i > 0 && t->w->items[i - 1].end == at);
    /* "Dr. Weber", "w. Anna": the dot ends no sentence */
    return !(t->text[at - 1] == '.' && i > 0 &&
             (t->w->items[i - 1].tags & TAG_TITLE || t->w->items[i - 1].n_fold == 1));
}

/* " ", ". ", "/ ", ": ": what may stand between a word and the name that it announces. */
static bool announces(const char *text, size_t from, size_t upto)
{
    if (upto - from > 3) return false;
    if (upto - from == 3 && memcmp(text + from, " = ", 3) == 0) return true;
    if (from < upto && (text[from] == '.' || text[from] == '/' || text[from] == ':')) from++;
    while (from < upto && (text[from] == ' ' || text[from] == '"'))
        from++;
    return from == upto;
}

/* A salutation; of those in small letters only the common ones: "sr", "col" and their like are other words too. */
static bool salutes(const struct word *p, const char *text)
{
    if (!(p->tags & TAG_TITLE)) return false;
    if (word_in(p, " fr hr sr sig m ") && text[p->end] != '.') return false; /* Fr is Friday too */
    return p->capital || word_in(p, " mr mrs ms dr herr herrn frau prof miss mme ");
}

static bool after_speak(const struct name_text *t, size_t i)
{
    for (size_t k = 2; k <= MAX_BETWEEN + 1 && k <= i; k++) {
        const struct word *x = &t->w->items[i - k];

        if (memchr(t->text + x->end, '\n', t->w->items[i - 1].start - x->end)) return false;
        if (x->tags & TAG_SPEAK) return true;
        if (memchr(t->text + x->end, '.', t->w->items[i - k + 1].start - x->end)) return false;
    }
    return false;
}

/* "From: X", "An: \"X": the header word begins its line, or is itself behind a comma ("Cc"). */
static bool after_header(const struct name_text *t, size_t i)
{
    const struct word *h = &t->w->items[i - 1];
    size_t at = h->end, upto = t->w->items[i].start;

    if (!(h->tags & (TAG_HEADER | TAG_ROLE))) return false;
    while (at < upto && t->text[at] == ' ')
        at++;
    if (at == upto || t->text[at] != ':') return false;
    for (at++; at < upto && (t->text[at] == ' ' || t->text[at] == '"' || t->text[at] == '\'');)
        at++;
    return at == upto;
}

static bool after_closing(const struct name_text *t, size_t i)
{
    const struct word *c = &t->w->items[i - 1];
    size_t lines = 0, commas = 0;

    if (!(c->tags & TAG_CLOSING)) return false;
    for (size_t at = c->end; at < t->w->items[i].start; at++) {
        if (t->text[at] == '\n')
            lines++;
        else if (t->text[at] == ',' || t->text[at] == '!')
            commas++;
        else if (t->text[at] != ' ' && t->text[at] != '-' && t->text[at] != '>' && t->text[at] != '.')
            return false;
    }
    if (lines > 3 || lines + commas == 0) return false;
    return lines || line_start(t->text, c->start) || i < 2 || line_start(t->text, t->w->items[i - 2].start) ||
           (i > 2 && line_start(t->text, t->w->items[i - 3].start));
}

/* "Anna, Wilko", "Anna & Wilko", "Anna/Wilko". */
static bool lists(const char *s, size_t n)
{
    static const char *const between[] = {", ", " & ", "; ", "/", " / ", " + ", "+", "&"};

    for (size_t i = 0; i < sizeof(between) / sizeof(between[0]); i++)
        if (strlen(between[i]) == n && memcmp(s, between[i], n) == 0) return true;
    return false;
}

unsigned name_context_before(const struct name_text *t, size_t i, size_t before)
{
    const struct word *x = &t->w->items[i], *p = i ? x - 1 : NULL;
    unsigned c = sentence_start(t, i) ? BEGINS : 0;
    size_t gap;

    if (x->start > 0 && t->text[x->start - 1] == '@' &&
        (x->start < 2 || strchr(" \n(,", t->text[x->start - 2])))
        c |= BY_MENTION;
    if (!p) return c;
    gap = x->start - p->end;
    if (gap <= 2 && salutes(p, t->text) && announces(t->text, p->end, x->start)) c |= BY_TITLE;
    if (p->tags & TAG_GREETING && line_start(t->text, p->start) &&
        name_rule_spaces(t->text, p->end, x->start))
        c |= BY_GREETING;
    if (after_closing(t, i)) c |= BY_CLOSING;
    if (after_header(t, i)) c |= BY_HEADER;
    if (announces(t->text, p->end, x->start)) {
        bool spaced = t->text[p->end] == ' ';

        if (p->tags & TAG_ASK && spaced && !(p->capital && t->nouns && !(p->tags & TAG_SPEAK))) c |= BY_ASK;
        if (p->tags & (TAG_LINK | TAG_WEAK_LINK | TAG_TITLE | TAG_ROLE) && after_speak(t, i)) c |= BY_SPEAK;
        if (p->tags & TAG_LINK) c |= BY_LINK;
        if (p->tags & TAG_ROLE) c |= BY_ROLE;
        if (p->tags & TAG_PLACE) c |= BY_PLACE;
        if (p->tags & TAG_WEAK_LINK) c |= BY_WEAK_LINK;
        if (p->tags & TAG_ARTICLE && spaced) c |= BY_ARTICLE;
    }
    if (gap == 2 && memcmp(t->text + p->end, " (", 2) == 0 && p->tags & TAG_ROLE) c |= BY_ROLE;
    if (gap == 2 && memcmp(t->text + p->end, ", ", 2) == 0 && p->tags & TAG_ROLE && before < p->start)
        c |= BY_ROLE;
    if (before) {
        if (p->end == before && lists(t->text + p->end, gap)) c |= BY_LIST;
        if (i > 1 && p[-1].end == before && p->tags & TAG_AND && gap == 1) c |= BY_LIST;
    }
    /* "in Austin and Charlotte": beside something with a capital that was no name */
    if (i > 1 && p->tags & TAG_AND && gap == 1 && p[-1].capital && p[-1].end != before && p[-1].letters)
        c |= BY_PLACE;
    return c;
}

/* ", CFO", " (purchasing", " - Head of". */
static bool role_follows(const struct name_text *t, size_t end, size_t next)
{
    const struct word *r = &t->w->items[next];
    size_t gap = r->start - end;

    if (gap < 2 || gap > 3 || !memchr(",(-|", t->text[gap == 2 && t->text[end] != ' ' ? end : end + 1], 4))
        return false;
    for (size_t k = 0; k < 3 && next + k < t->w->n; k++, r++) {
        if (r->tags & TAG_ROLE) return true;
        if (k + 1 < t->w->n - next && !name_rule_spaces(t->text, r->end, r[1].start)) return false;
    }
    return false;
}

/* German nouns that are no names, by their ending: "Wolf Heizung". */
static bool noun_by_ending(const struct word *x)
{
    static const char *const endings[] = {"ung", "ungen", "heit", "keit", "schaft", "technik", "systeme", "werke", "gerate"};

    for (size_t i = 0; i < sizeof(endings) / sizeof(endings[0]); i++) {
        size_t n = strlen(endings[i]);
        if (x->n_fold > n + 2 && memcmp(x->fold + x->n_fold - n, endings[i], n) == 0) return !(x->tags & (TAG_FIRST | TAG_LAST));
    }
    return false;
}

unsigned name_context_behind(const struct name_text *t, size_t i, size_t n)
{
    size_t end = t->w->items[i + n - 1].end, next = i + n;
    const struct word *r = next < t->w->n ? &t->w->items[next] : NULL;
    unsigned c = 0;

    if (end + 1 < t->n && t->text[end] == ':' && line_start(t->text, t->w->items[i].start)) c |= SPEAKS;
    if (end + 2 < t->n && memcmp(t->text + end, " <", 2) == 0) c |= HAS_EMAIL;
    if (end + 2 < t->n && memcmp(t->text + end, "\" <", 3) == 0) c |= HAS_EMAIL;
    if (!r) return c;
    if (r->n_fold == 1 && *r->fold == 's' && r->start == end + 1 && t->text[end] == '\'') {
        c |= OWNS;
        if (next + 1 < t->w->n && r[1].tags & TAG_THING && r[1].capital) c |= OF_THING;
        return c;
    }
    if (r->start == end + 1 && t->text[end] == ' ') {
        if (r->tags & TAG_ACT && !r->capital) c |= ACTS;
        if (r->tags & TAG_ACT_PERSON && !r->capital) c |= ACTS_PERSON;
        if ((r->capital && (r->tags & (TAG_THING | TAG_STREET) || (t->nouns && noun_by_ending(r)))) || r->tags & TAG_LEGAL ||
            (r->upper && r->tags & TAG_UPPER_LEGAL))
            c |= OF_THING;
        if (!r->capital && r->tags & TAG_THING && !(r->tags & TAG_ACT)) c |= OF_SMALL_THING;
        /* "3 Stanley knives" */
        if (n == 1 && i > 0 && !r->capital && r->letters && r->n_fold > 3 && r->fold[r->n_fold - 1] == 's' &&
            !(r->tags & (TAG_ACT | TAG_ACT_PERSON)) && !r[-2].letters && name_rule_spaces(t->text, r[-2].end, r[-1].start))
            c |= OF_SMALL_THING;
        if (word_in(r, " from at of bei von vom aus chez de ") && next + 1 < t->w->n && r[1].capital)
            c |= HAS_PLACE;
        if (word_in(r, " from in of aus bei ") && next + 1 < t->w->n && r[1].tags & TAG_ROLE) c |= HAS_ROLE;
        if (r->tags & TAG_AND && next + 1 < t->w->n && r[1].capital && r[1].tags & TAG_FIRST &&
            !(r[1].tags & TAG_BUSINESS))
            c |= WITH_NAME;
        if (t->w->items[i + n - 1].tags & TAG_GENITIVE && r->capital) c |= OWNS;
        if (r->tags & TAG_ROLE && r->upper && r->n_fold > 1) c |= HAS_ROLE;
    }
    if (r->start == end + 3 && memcmp(t->text + end, " & ", 3) == 0 && r->capital && r->tags & TAG_FIRST)
        c |= WITH_NAME;
    if (r->start == end + 2 && memcmp(t->text + end, ", ", 2) == 0 && r->capital && r->tags & TAG_FIRST &&
        !(r->tags & TAG_DOUBT))
        c |= WITH_NAME;
    if (r->start == end + 2 && memcmp(t->text + end, " (", 2) == 0 && r->capital) c |= HAS_PLACE;
    if (role_follows(t, end, next)) c |= HAS_ROLE;
    return c;
}

unsigned name_context(const struct name_text *t, size_t i, size_t n, size_t before)
{
    return name_context_before(t, i, before) | name_context_behind(t, i, n);
}
