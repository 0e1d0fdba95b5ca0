/* name_rules.c: see name_rules.h. All word lists are folded (words.h: ä and ae are a, ue is u). */
#include "name_rules.h"

#include <string.h>

#define MAX_NAME_WORDS 4

bool name_rule_salutation(const struct word *w)
{
    return word_in(w, " herr herrn frau fraulein fr hr mr mrs ms miss mx dr prof professor monsieur madame "
                      "mademoiselle mme mlle ");
}

/* Those of two letters only as capitals: "Ab", "Se", "As" are words. */
bool name_rule_legal_form(const struct word *w)
{
    if (w->upper && word_in(w, " ag kg ug se sa nv bv ab as ")) return true;
    return w->capital && word_in(w, " gmbh kgaa ohg mbh gbr ltd limited inc incorporated llc llp plc corp "
                                    "corporation sas sarl sasu oy oyj "
                                    "spa srl pty ");
}

static bool particle(const struct word *w)
{
    return word_in(w, " von van de der den zu zur di da del la le du dos ");
}

/* Capitalised words that follow a greeting but are nobody's name. */
static bool nobody(const struct word *w)
{
    return word_in(w, " all team sir madam everyone everybody customer customers colleague colleagues "
                      "friends folks there both damen herren "
                      "kollegen kolleginnen kunde kunden kundin zusammen freunde tous toutes messieurs "
                      "mesdames client clients partner ladies "
                      "gentlemen sirs support sales service again for from the we i you thanks danke ich wir "
                      "sie es das die der ");
}

static bool spaces_between(const char *text, size_t from, size_t upto)
{
    for (; from < upto; from++)
        if (text[from] != ' ') return false;
    return true;
}

/* What may stand inside a name: one space, a hyphen, an apostrophe, ". " behind an initial. */
static bool joins(const char *text, const struct word *a, const struct word *b)
{
    size_t gap = b->start - a->end;
    char c = text[a->end];

    if (gap == 1) return c == ' ' || c == '-' || c == '\'';
    return gap == 2 && c == '.' && text[a->end + 1] == ' ' && a->n_fold <= 2;
}

/* How many words from i on make a name: capitalised letters, particles inside. 0: none. */
static size_t name_length(const char *text, const struct words *w, size_t i)
{
    size_t n = 0, last = 0;

    while (i + n < w->n && n < MAX_NAME_WORDS) {
        const struct word *x = &w->items[i + n];

        if (n && !joins(text, x - 1, x)) break;
        if (!x->letters || (!x->capital && !particle(x))) break;
        n++;
        if (x->capital) last = n;
    }
    return last;
}

static void describe(const struct words *w, size_t i, size_t n, enum name_form form, double score,
                     struct name_found *out)
{
    *out = (struct name_found){.start = w->items[i].start,
                               .end = w->items[i + n - 1].end,
                               .kind = NAME_PERSON,
                               .index = NAMES_UNKNOWN,
                               .form = form,
                               .entity = "PERSON",
                               .score = score};
}

static bool line_start(const char *text, size_t at)
{
    while (at > 0 && (text[at - 1] == ' ' || text[at - 1] == '>'))
        at--;
    return at == 0 || text[at - 1] == '\n';
}

static bool line_end(const char *text, size_t n, size_t at)
{
    while (at < n && (text[at] == ' ' || text[at] == '.' || text[at] == ','))
        at++;
    return at == n || text[at] == '\n';
}

/* "Frau Dr. Keane": the words behind the last salutation; the salutation itself stays in the text. */
static bool after_salutation(const char *text, const struct words *w, size_t i, struct name_found *out)
{
    const struct word *s = &w->items[i];
    size_t n;

    if (!name_rule_salutation(s) || !s->capital || i + 1 >= w->n) return false;
    if (name_rule_salutation(s + 1)) return false;                  /* the next call sees it */
    if (word_in(s, " fr hr ") && text[s->end] != '.') return false; /* Fr is Friday too */
    if (s[1].start - s->end > 2 || (text[s->end] != ' ' && text[s->end] != '.')) return false;
    n = name_length(text, w, i + 1);
    if (!n || nobody(s + 1)) return false;
    describe(w, i + 1, n, n == 1 ? NAME_LAST : NAME_FULL, 0.75, out);
    return true;
}

/* "Hi Tom," "Liebe Anna Weber!" at the beginning of a line. */
static bool after_greeting(const char *text, size_t n_text, const struct words *w, size_t i,
                           struct name_found *out)
{
    static const char greetings[] =
        " dear hi hello hallo hey liebe lieber moin servus bonjour salut cher chere ";
    const struct word *g = &w->items[i];
    size_t n, end;

    if (!word_in(g, greetings) || !line_start(text, g->start) || i + 1 >= w->n) return false;
    if (!spaces_between(text, g->end, g[1].start) || nobody(g + 1) || name_rule_salutation(g + 1))
        return false;
    n = name_length(text, w, i + 1);
    if (!n || n > 3) return false;
    end = w->items[i + n].end;
    if (end < n_text && !strchr(",!:;.\n-", text[end])) return false;
    describe(w, i + 1, n, n == 1 ? NAME_FIRST : NAME_FULL, 0.7, out);
    return true;
}

/* "Best regards,\nTom Ridley": word i ends the closing, the name fills the rest of its line or the next one. */
static bool after_closing(const char *text, size_t n_text, const struct words *w, size_t i,
                          struct name_found *out)
{
    static const char closings[] =
        " regards best cheers thanks sincerely yours wishes grusse grussen gruss gru lg vg mfg cordialement "
        "salutations danke bientot ";
    const struct word *c = &w->items[i];
    size_t n, lines = 0, commas = 0;

    if (!word_in(c, closings) || i + 1 >= w->n) return false;
    for (size_t k = c->end; k < c[1].start; k++) {
        if (text[k] == '\n')
            lines++;
        else if (text[k] == ',' || text[k] == '!')
            commas++;
        else if (text[k] != ' ' && text[k] != '-')
            return false;
    }
    if (lines > 3 || lines + commas == 0) return false;
    n = name_length(text, w, i + 1);
    if (!n || n > 3 || nobody(c + 1) || !line_end(text, n_text, w->items[i + n].end)) return false;
    describe(w, i + 1, n, n == 1 ? NAME_FIRST : NAME_FULL, 0.6, out);
    return true;
}

/* "From: Anna Weber <...>" and its like at the beginning of a line; "sent by Anna Weber" anywhere. */
static bool after_header(const char *text, size_t n_text, const struct words *w, size_t i,
                         struct name_found *out)
{
    const struct word *h = &w->items[i];
    size_t n, k;

    if (i + 1 >= w->n) return false;
    if (word_in(h, " by von par ") && i > 0 &&
        word_in(h - 1, " sent written signed gesendet geschrieben envoye ecrit ")) {
        if (!spaces_between(text, h->end, h[1].start)) return false;
    } else {
        if (!word_in(h, " from von to an cc de a absender sender contact ansprechpartner ") ||
            !line_start(text, h->start))
            return false;
        for (k = h->end; k < n_text && text[k] == ' ';)
            k++;
        if (k >= n_text || text[k] != ':') return false;
        for (k++; k < n_text && (text[k] == ' ' || text[k] == '"');)
            k++;
        if (k != h[1].start) return false;
    }
    n = name_length(text, w, i + 1);
    if (n < 2 || nobody(h + 1) || name_rule_salutation(h + 1)) return false;
    describe(w, i + 1, n, NAME_FULL, 0.75, out);
    return true;
}

/* "Nordwind Logistik GmbH & Co. KG": word i is the legal form, the name stands before it. */
static bool before_legal_form(const char *text, const struct words *w, size_t i, struct name_found *out)
{
    static const char no_part[] = " the di der das bei mit von fur an and und der dem den at with from for "
                                  "to by in la le les chez our unsere ";
    size_t first = i, last = i;

    if (!name_rule_legal_form(&w->items[i]) || (i > 0 && name_rule_legal_form(&w->items[i - 1])))
        return false;
    while (first > 0 && i - first < MAX_NAME_WORDS) {
        const struct word *x = &w->items[first - 1];
        size_t gap = w->items[first].start - x->end;
        bool joined = gap == 1 ? text[x->end] == ' ' || text[x->end] == '-' || text[x->end] == '&'
                               : gap == 3 && memcmp(text + x->end, " & ", 3) == 0;

        if (gap == 2 && first == i && memcmp(text + x->end, ", ", 2) == 0) joined = true; /* "Acme, Inc." */
        if (!joined || (!x->capital && x->letters) || word_in(x, no_part)) break;
        first--;
    }
    if (first == i) return false;
    while (last + 1 < w->n &&
           (name_rule_legal_form(&w->items[last + 1]) || word_is(&w->items[last + 1], "co")) &&
           w->items[last + 1].start - w->items[last].end <= 3)
        last++;
    describe(w, first, last - first + 1, NAME_FULL, 0.8, out);
    out->kind = NAME_ORG;
    out->entity = "ORG";
    return true;
}

bool name_rule_at(const char *text, size_t n, const struct words *w, size_t i, struct name_found *out)
{
    return after_salutation(text, w, i, out) || after_header(text, n, w, i, out) ||
           after_greeting(text, n, w, i, out) || after_closing(text, n, w, i, out) ||
           before_legal_form(text, w, i, out);
}
