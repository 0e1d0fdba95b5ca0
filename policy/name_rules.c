/* name_rules.c: see name_rules.h. Word lists are folded (words.h: ä and ae are a, ue is u). */
#include "name_rules.h"

#include <stdlib.h>
#include <string.h>

#include "../base/str.h"
#include "gazetteer_table.h"

#define MAX_ORG_WORDS  6
#define AHEAD          8 /* words: longer than a fetch from memory takes */
#define MAX_FORM_WORDS 8 /* "S.A. de C.V." is six words */

/* Tags by which a word in small letters may begin a name, an address or a legal form. */
#define MARKS         (TAG_FIRST | TAG_PARTICLE | TAG_STREET | TAG_DOTTED_LEGAL | TAG_LEGAL | TAG_TITLE)
/* And in capitals: the ordinary words that begin sentences don't. */
#define CAPITAL_MARKS (MARKS | TAG_LAST | TAG_UPPER_LEGAL | TAG_PLACE | TAG_BUSINESS)

/* Tags of a word with a genitive s of which nothing else is known. */
static uint32_t genitive_tags(const struct word *x)
{
    uint32_t stem;

    if (x->upper || x->n_fold < 5 || x->fold[x->n_fold - 1] != 's') return 0;
    stem = gazetteer_tags(word_hash(x->fold, x->n_fold - 1));
    return stem & (TAG_FIRST | TAG_LAST) && !(stem & TAG_BUSINESS) ? stem | TAG_GENITIVE : 0;
}

/* gazetteer_find() by way of the cache. */
static inline uint32_t find_tags(uint64_t hash, struct tag_cache *cache)
{
    size_t at = hash % TAG_CACHE;
    uint32_t tags;

    if (cache && cache->words[at].hash == hash) return cache->words[at].tags;
    tags = gazetteer_find(hash);
    if (cache && tags & (TAG_COMMON | TAG_GERMAN | TAG_ENGLISH)) {
        cache->words[at].hash = hash;
        cache->words[at].tags = tags;
    }
    return tags;
}

enum rc name_rules_tag(const char *text, size_t n, struct words *w, struct name_text *out, struct err *e)
{
    size_t german = 0, english = 0, upper = 0;
    struct tag_cache *cache = out->cache;

    if (out->cap_marked < w->n + 1) {
        free(out->marked);
        out->cap_marked = w->n + 1 + w->n / 2;
        out->marked = malloc(out->cap_marked * sizeof(*out->marked));
        if (!out->marked) out->cap_marked = 0;
    }
    if (!out->marked) return err_set(e, RC_NOMEM, "names: out of memory");
    *out = (struct name_text){.text = text, .n = n, .w = w, .marked = out->marked, .cap_marked = out->cap_marked, .cache = out->cache};
    for (size_t i = 0; i < w->n; i++) {
        struct word *x = &w->items[i];
        uint32_t tags;

        if (i + AHEAD < w->n && x[AHEAD].letters) gazetteer_ahead(x[AHEAD].hash);
        tags = x->letters ? find_tags(x->hash, cache) : 0; /* no word of the lists has a digit */
        german += tags / TAG_GERMAN & 1;
        english += tags / TAG_ENGLISH & 1;
        upper += x->upper & x->letters;
        x->tags = tags;
        if (!(tags & MARKS) && !x->capital && x->letters && !(i > 0 && x[-1].tags & TAG_TITLE)) continue; /* most words */
        if (!tags && x->capital) x->tags = tags = genitive_tags(x);
        if (!x->letters && i > 0 && x[-1].capital &&
            (!out->n_marked || out->marked[out->n_marked - 1] != i - 1))
            out->marked[out->n_marked++] = (uint32_t)i - 1; /* "Marktplatz 4" */
        out->marked[out->n_marked] = (uint32_t)i;
        out->n_marked += tags & MARKS || (x->capital && (!tags || tags & CAPITAL_MARKS)) ||
                         (i > 0 && x[-1].tags & TAG_TITLE);
    }
    out->nouns = german > english;
    out->shouts = 2 * upper > w->n;
    return RC_OK;
}

bool name_rule_salutation(const struct word *w)
{
    return word_in(w, " herr herrn frau fraulein fr hr mr mrs ms miss mx dr prof professor monsieur madame "
                      "mademoiselle mme "
                      "mlle ");
}

/* Those of two letters only as capitals: "Ab", "Se", "As" are words. */
bool name_rule_legal_form(const struct word *w)
{
    uint32_t tags = gazetteer_tags(w->hash);

    return (w->upper && tags & TAG_UPPER_LEGAL) || (w->capital && tags & TAG_LEGAL);
}

/* ---- legal forms ------------------------------------------------------------------------------------------------- */

/* Written with dots, slashes or small letters, so that they are several words or ordinary ones. Longer ones first. */
static const char *const written_forms[] = {
    "S.A. de C.V.", "S. de R.L.", "Sp. z o.o.", "sp. z o.o.", "spol. s r.o.", "Co., Ltd.", "Co. Ltd.",
    "Co., Ltd",     "S.à r.l.",   "S.à.r.l.",   "S.A.S.U.",   "G.m.b.H.",     "S.A.R.L.",  "S.A.S.",
    "S.A.L.",       "S.A.U.",     "S.p.A.",     "S.P.A.",     "S.r.l.",       "S.R.L.",    "s.r.o.",
    "d.o.o.",       "d.d.",       "L.L.C.",     "L.L.P.",     "e.Kfm.",       "e.Kfr.",    "e. K.",
    "e.K.",         "e.G.",       "e.V.",       "e. V.",      "B.V.",         "N.V.",      "S.A.",
    "S.L.",         "S.C.",       "K.K.",       "A.G.",       "A.Ş.",         "a.s.",      "A/S",
    "P.C.",         "P.L.C.",     "L.P.",       "eG",         "eK",           "mbB",       "GbR",
    "ApS",          "OÜ",
};

/* Length of the legal form that begins at word i, in bytes; 0: none. */
static size_t legal_form(const struct name_text *t, size_t i)
{
    const struct word *x = &t->w->items[i];

    if (x->tags & (TAG_DOTTED_LEGAL | TAG_LEGAL | TAG_UPPER_LEGAL))
        for (size_t k = 0; k < COUNT_OF(written_forms); k++) {
            size_t n;
            char behind;

            if (written_forms[k][0] != t->text[x->start] || written_forms[k][1] != t->text[x->start + 1])
                continue;
            if (written_forms[k][2] && written_forms[k][2] != t->text[x->start + 2]) continue;
            if (written_forms[k][2] && written_forms[k][3] && written_forms[k][3] != t->text[x->start + 3]) continue;
            n = strlen(written_forms[k]);
            behind = x->start + n < t->n ? t->text[x->start + n] : ' ';

            if (x->start + n <= t->n && memcmp(t->text + x->start, written_forms[k], n) == 0 &&
                !(behind >= 'a' && behind <= 'z'))
                return n;
        }
    if (x->upper && x->n_fold > 1 && x->tags & TAG_UPPER_LEGAL) return x->end - x->start;
    if (x->capital && x->tags & TAG_LEGAL && !word_in(x, " company cie stiftung limited eg ek co "))
        return x->end - x->start;
    if (!x->capital && word_in(x, " plc gmbh ltd llc inc ") && i > 0 && x[-1].capital &&
        x->start == x[-1].end + 1)
        return x->end - x->start;
    if (x->capital && word_in(x, " limited company "))
        return i > 0 && t->w->items[i - 1].capital ? x->end - x->start : 0;
    return 0;
}

/* Small words inside a company's name: "Verrerie du Nord", "Bank of Ireland". */
static bool inside(const struct word *x)
{
    return word_in(x, " of and und et y e de du des del della di der zur am im & ");
}

/* Words before a company's name that are not of it. */
static bool outside(const struct word *x)
{
    return word_in(x, " the di der das den dem des bei mit von fur an and und at with from for to by in la "
                      "le les chez our "
                      "unsere die ein eine einer is ist was war per via laut als im am um auf aus nach ab a "
                      "re betreff "
                      "kunde kundin firma company customer client lieferant neukunde rechnung angebot "
                      "vertrag contract "
                      "lead intro account call lunch demo new now old met our their party wir wann wenn "
                      "absage einkauf "
                      "anruf termin besuch email mail po nda msa rfp quote invoice subject wg cc attn "
                      "absender adresse adressat selon par avec pour vu hi dear bill ship send deliver visit "
                      "dr herr frau "
                      "gf inh inhaber hersteller spedition ") ||
           x->tags & TAG_TITLE;
}

/* "Acme & Sons Ltd": is word i - 1 part of the name that goes on at word i? */
static bool joined_left(const struct name_text *t, size_t i, size_t form)
{
    const struct word *x = &t->w->items[i], *p = x - 1;
    size_t gap = x->start - p->end;
    const char *s = t->text + p->end;

    if (gap == 1) return *s == ' ' || *s == '-' || *s == '&' || *s == '\'' || *s == '.' || *s == '+';
    if (gap == 2 && memcmp(s, ", ", 2) == 0) return i == form; /* "Acme, Inc." */
    if (gap == 2) return memcmp(s, ". ", 2) == 0 && (p->n_fold == 1 || i == form || word_in(p, " st dr co "));
    if (gap == 2 && memcmp(s, ") ", 2) == 0) return i == form;
    return gap == 3 && (memcmp(s, " & ", 3) == 0 || memcmp(s, " + ", 3) == 0 || memcmp(s, " - ", 3) == 0);
}

/* The first word of the name that ends before the legal form at word `form`; `form` itself if there is none. */
static size_t org_start(const struct name_text *t, size_t form)
{
    size_t at = form, first = form;

    while (at > 0 && form - at < MAX_ORG_WORDS && joined_left(t, at, form)) {
        const struct word *x = &t->w->items[at - 1];

        if ((outside(x) && !(inside(x) && at - 1 > 0)) || legal_form(t, at - 1)) break;
        if (x->capital || !x->letters) {
            if (outside(x)) break;
            first = at - 1;
        } else if (!inside(x) && !(at < form && t->text[x->end] == '-')) {
            break;
        }
        at--;
    }
    while (first < form && t->w->items[first].n_fold == 1 && !t->w->items[first].letters)
        first++;
    return first;
}

/* "(Pty) Ltd", "GmbH & Co. KG", "UG (haftungsbeschränkt)": where the whole legal form ends. */
static size_t form_end(const struct name_text *t, size_t i)
{
    size_t end = t->w->items[i].start + legal_form(t, i);

    for (size_t k = i + 1; k < t->w->n && k <= i + MAX_FORM_WORDS; k++) {
        const struct word *x = &t->w->items[k];
        size_t n;

        if (x->start < end) continue;
        if (x->start > end + 4 || memchr(t->text + end, '\n', x->start - end)) break;
        for (size_t at = end; at < x->start; at++)
            if (!strchr(" .,&()+", t->text[at])) return end;
        n = legal_form(t, k);
        if (!n && word_in(x, " co cie ") && x->capital) n = x->end - x->start;
        if (!n && word_in(x, " haftungsbeschrankt ")) n = x->end - x->start;
        if (!n) break;
        if (memchr(t->text + end, ',', x->start - end) && !word_is(x, "ltd") && !word_is(x, "inc")) break;
        end = x->start + n;
        if (end < t->n && t->text[end] == ')') end++;
    }
    if (end + 1 < t->n && t->text[end] == '.' && t->text[end - 1] != '.') {
        const char *dotted[] = {"Inc", "Ltd", "Co", "Corp", "Bhd", "Ltda"};

        for (size_t k = 0; k < COUNT_OF(dotted); k++) {
            size_t n = strlen(dotted[k]);
            if (end >= n && memcmp(t->text + end - n, dotted[k], n) == 0 && t->text[end + 1] != ' ' &&
                t->text[end + 1] != '\n')
                end++;
        }
    }
    return end;
}

bool name_rule_org(const struct name_text *t, size_t i, struct name_found *out)
{
    const struct word *x = &t->w->items[i];
    size_t first, form = i;

    if (!(x->tags & (TAG_LEGAL | TAG_UPPER_LEGAL | TAG_DOTTED_LEGAL)) || !legal_form(t, i)) return false;
    if (i > 0 && x->start > 1 && t->text[x->start - 1] == '(' && t->w->items[i - 1].end + 2 == x->start) {
        first = org_start(t, i - 1); /* "Karoo Solar (Pty) Ltd" */
        if (t->w->items[i - 1].capital) first = first == i - 1 ? i - 1 : first;
        if (!t->w->items[i - 1].capital || outside(&t->w->items[i - 1])) return false;
    } else {
        first = org_start(t, form);
        if (first == form) return false;
    }
    *out = (struct name_found){.start = t->w->items[first].start,
                               .end = form_end(t, i),
                               .kind = NAME_ORG,
                               .index = NAMES_UNKNOWN,
                               .form = NAME_FULL,
                               .entity = "ORG",
                               .score = 0.8};
    return true;
}
