/* special.c: see special.h. A rule is a phrase that is clear by itself, or a word that means a person only if a person
 * stands in the same clause. First version: the common words, not a thesaurus. */
#include "special.h"

#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "detect.h"
#include "lexicon.h"
#include "normalise.h"

#define MAX_FOUND  10000
#define MAX_CLAUSE 1000 /* bytes searched on either side of a word: keeps text without any stop linear */

#define NATION                                                                                               \
    "(?:turkish|kurdish|arab(?:ic)?|african|asian|jewish|polish|russian|syrian|afghan|roma|indian|"          \
    "pakistani|chinese|latino|hispanic|black|iranian|israeli|"                                               \
    "türkische[rn]?|kurdische[rn]?|arabische[rn]?|afrikanische[rn]?|asiatische[rn]?|jüdische[rn]?|"        \
    "polnische[rn]?|russische[rn]?|syrische[rn]?)"
#define FAITH                                                                                                \
    "(?:muslim|jewish|jew|catholic|protestant|buddhist|hindu|sikh|mormon|atheist|orthodox|evangelical|"      \
    "baptist|jehovah's witness|muslimisch|moslem|"                                                           \
    "jüdisch|katholisch|evangelisch|orthodox|buddhistisch|konfessionslos|zeuge "                            \
    "jehovas|musulmane?|juive?|catholique|protestante?)"
#define PARTY                                                                                                \
    "(?:labour|tor(?:y|ies)|conservatives?|lib "                                                             \
    "dems?|democrats?|republicans?|greens|ukip|brexit|trump|biden|cdu|csu|spd|afd|fdp|npd|grünen?|linken?|" \
    "front national|rassemblement national|socialistes?|macron|le pen)"
#define RELATIVE                                                                                             \
    "(?:wife|husband|mother|father|mum|mom|dad|son|daughter|child|baby|brother|sister|partner|parents?)"
#define VERWANDTE                                                                                            \
    "(?:frau|mann|mutter|vater|sohn|tochter|kind|bruder|schwester|eltern|partner(?:in)?|ehefrau|ehemann)"

static const struct rule {
    enum special_category category;
    bool needs_person; /* somewhere in the clause */
    const char *pattern;
} rules[] = {
    {SPECIAL_HEALTH, false,
     "\\b(?:(?:on|off|long-term) sick(?: leave)?|sick leave|chemo(?:therapy)?|heart "
     "attack|miscarriage|maternity leave|cancer (?:diagnosis|treatment|therapy|patient)|"
     "nervous breakdown|hiv(?:[- ]positive)?|multiple sclerosis|wheelchair|mental (?:health|illness)|panic "
     "attacks?|anorexia|dementia|alzheimer'?s?)\\b"},
    {SPECIAL_HEALTH, false,
     "\\b(?:krank(?:geschrieben|meldung|schreibung)|krankenstand|im krankenhaus|in (?:der "
     ")?reha|schwanger(?:schaft)?|mutterschutz|chemotherapie|"
     "krebs(?:erkrankung|diagnose|behandlung|patient(?:in)?|krank)|herzinfarkt|schlaganfall|"
     "bandscheibenvorfall|schwerbehindert|psychotherapie|fehlgeburt|demenz)\\b"},
    {SPECIAL_HEALTH, false,
     "\\b(?:arrêt (?:de )?maladie|en congé maladie|enceinte|chimiothérapie|crise cardiaque|congé "
     "maternité|fausse couche)\\b"},
    {SPECIAL_HEALTH, true,
     "\\b(?:ill(?!-)|sick(?! "
     "of)|unwell|cancer|stroke|surgery|operated|pregnant|depress(?:ed|ion)|burn-?out|disab(?:led|ility)|"
     "diabet(?:es|ic)|hospital(?:i[sz]ed)?|"
     "rehab|addict(?:ed|ion)|alcoholic|covid|therapy|asthma|epilep(?:sy|tic)|krank(?!enkasse|enhaus)|"
     "erkrankt|krebs|operiert|operation|depressiv|depression(?:en)?|"
     "burnout|diabetes|behindert|behinderung|alkoholiker(?:in)?|süchtig|malade|opérée?|hospitalisée?|"
     "dépression|handicapée?)\\b"},
    {SPECIAL_BELIEF, false,
     "\\b(?:devout|practi[cs]ing|strict) " FAITH
     "\\b|\\bconverted to (?:islam|christianity|judaism|buddhism)\\b|\\b(?:fasting|fastet) "
     "(?:for|during|während|im) (?:the )?ramadan\\b"},
    {SPECIAL_BELIEF, false,
     "\\b(?:is|was|are|ist|war|sind|est) (?:a |an |une? )?(?:very |sehr |très )?" FAITH
     "\\b|\\bgoes to (?:church|mosque|synagogue)\\b"},
    {SPECIAL_BELIEF, true,
     "\\b(?:religious|religion|religiös|gläubig|konfession|ramadan|kirchensteuer|aus der kirche "
     "ausgetreten|pieuse?|religieu(?:x|se))\\b"},
    {SPECIAL_UNION, false,
     "\\b(?:(?:trade|labou?r) union(?:ist)?|union "
     "(?:member(?:ship)?|rep(?:resentative)?|steward|official)|(?:joined|member of|active in) (?:a |the "
     ")?union|"
     "gewerkschaft(?:er|erin|smitglied|ssekretär(?:in)?)|in (?:der|einer) gewerkschaft|(?:ig "
     "metall|ver\\.di)(?:-mitglied)?|syndiquée?|déléguée? syndicale?)\\b"},
    {SPECIAL_POLITICS, false,
     "\\b(?:vot(?:es|ed|ing|er) (?:for )?(?:the )?" PARTY "|(?:wählt|wählte) (?:die )?" PARTY "|" PARTY
     "[- ](?:supporter|voter|member|mitglied|wähler(?:in)?|anhänger(?:in)?)|"
     "member of (?:the )?" PARTY "(?: party)?|mitglied (?:der|bei der|in der) " PARTY
     "|parteimitglied|(?:left|right)-wing(?:er)?|(?:links|rechts)extrem(?:ist)?|vote pour " PARTY ")\\b"},
    {SPECIAL_ORIGIN, false,
     "\\b" NATION " (?:descent|heritage|abstammung|herkunft)\\b|\\bmigrationshintergrund\\b|\\basylum "
     "seeker\\b|\\basylbewerber(?:in)?\\b|\\bethnic (?:origin|background)\\b|\\bskin "
     "colou?r\\b|\\bhautfarbe\\b"},
    {SPECIAL_ORIGIN, true,
     "\\b(?:of " NATION " origin|d'origine \\p{L}{4,20}|refugee|flüchtling|immigrant)\\b"},
    {SPECIAL_ORIENTATION, false,
     "\\b(?:(?:is|was|came out as|openly|ist|war|offen|est) (?:openly |offen "
     ")?(?:gay|lesbian|bisexual|homosexual|trans(?:gender|sexual)?|queer|schwul|lesbisch|bisexuell|"
     "homosexuell|homosexuelle?)|"
     "same-sex (?:partner|marriage|spouse|couple)|sexual orientation|sexuelle orientierung)\\b"},
    {SPECIAL_OFFENCE, false,
     "\\b(?:criminal record|(?:in|to) (?:prison|jail)|on probation|drunk driving|fraud charges|charged with "
     "\\w{3,20}|vorbestraft|vorstrafen?|im gefängnis|haftstrafe|auf bewährung|"
     "trunkenheit am steuer|casier judiciaire|en prison)\\b"},
    {SPECIAL_OFFENCE, true,
     "\\b(?:(?:was|were|is|got|been|be) "
     "(?:convicted|arrested|jailed|imprisoned)|verurteilt|verhaftet|festgenommen|condamnée?|arrêtée? par la "
     "police)\\b"},
    {SPECIAL_FAMILY, false,
     "\\b(?:(?:his|her|their|the) " RELATIVE
     " (?:has |just |recently ){0,2}(?:died|passed away|left (?:him|her)|is dying)|(?:death|funeral|loss) of "
     "(?:his|her|their) " RELATIVE
     "|(?:death|bereavement) in the family|custody (?:battle|dispute|case|of)|(?:going "
     "through|getting|after) (?:a |his |her )?(?:messy )?(?:divorce|separation)|"
     "(?:seine?|ihre?) " VERWANDTE " ist (?:gestorben|verstorben|schwer krank)|todesfall in der "
     "familie|trauerfall|beerdigung (?:seine|ihre)[rs]|sorgerecht(?:sstreit)?|"
     "(?:lebt|leben) (?:in )?(?:trennung|getrennt)|(?:in|nach|vor) (?:der |seiner |ihrer )?scheidung|décès "
     "de (?:sa|son|ses)|en instance de divorce|deuil)\\b"},
    {SPECIAL_FAMILY, true,
     "\\b(?:divorc(?:e|ed|ing)|widow(?:ed|er)?|scheidung|geschieden|getrennt|verwitwet|witwer?|divorcée?|veu("
     "?:f|ve))\\b"},
};
#define N_RULES COUNT_OF(rules)

/* Somebody: a pronoun, a relative, a role, a title, or a capitalised word that is or has something. */
static const char person[] =
    "\\b(?:he|she|him|her|his|hers|i|my|me|who|they|" RELATIVE
    "|er|ihn|ihm|sein|seine[rmns]?|ich|mein(?:e[rmns]?)?|" VERWANDTE
    "|il|elle|lui|sa|mari|femme|mr|mrs|ms|dr|herrn?|m\\.|mme|ce?o|c[efit]o|boss|chef(?:in)?|buyer|champion|"
    "colleague|kolleg(?:e|en|in)|"
    "ansprechpartner(?:in)?|assistant|employee|mitarbeiter(?:in)?|manager(?:in)?|owner|founder|contact)\\b|"
    "(?-i:\\b(?!(?:The|This|That|It|There|Our|Their|All|Das|Der|Die|Es|Unser|Le|La|Les|Project|Deal|Projekt|"
    "Market|Markt|Stock|Software|Server|System)\\b)\\p{Lu}\\p{Ll}{1,24})"
    " (?:is|was|has|had|got|went|will be|ist|war|hat|hatte|wird|wurde|est|a été)\\b|\\bsie ist\\b|\\bist "
    "sie\\b";

struct special {
    struct lexicon *lexicon; /* the rules, then `person` */
};

const char *special_name(enum special_category c)
{
    static const char *const names[] = {"health", "belief",      "union",   "politics",
                                        "origin", "orientation", "offence", "family"};

    return names[c];
}

enum rc special_open(struct special **out, struct err *e)
{
    const char *patterns[N_RULES + 1];
    struct special *s = calloc(1, sizeof(*s));
    enum rc rc;

    if (!s) return err_set(e, RC_NOMEM, "special: out of memory");
    for (size_t i = 0; i < N_RULES; i++)
        patterns[i] = rules[i].pattern;
    patterns[N_RULES] = person;
    rc = lexicon_open(patterns, COUNT_OF(patterns), &s->lexicon, e);
    if (rc != RC_OK) {
        free(s);
        return rc;
    }
    *out = s;
    return RC_OK;
}

void special_close(struct special *s)
{
    if (!s) return;
    lexicon_close(s->lexicon);
    free(s);
}

/* ---- clauses --------------------------------------------------------------------------------------------------- */

/* "Dr. Weber": the dot ends no sentence. */
static bool abbreviation(const char *text, size_t dot)
{
    static const char *const known[] = {"dr", "mr", "mrs", "ms",   "prof", "st",  "nr",     "hr",
                                        "fr", "ca", "bzw", "inkl", "evtl", "ggf", "approx", "no"};
    size_t start = dot;

    while (start > 0 && (text[start - 1] | 0x20) >= 'a' && (text[start - 1] | 0x20) <= 'z')
        start--;
    if (dot - start == 1) return true; /* an initial, z. B. */
    for (size_t i = 0; i < COUNT_OF(known); i++)
        if (strlen(known[i]) == dot - start && strncasecmp(text + start, known[i], dot - start) == 0)
            return true;
    return false;
}

static bool sentence_end(const char *text, size_t n, size_t i)
{
    if (text[i] == '\n' || text[i] == '!' || text[i] == '?' || text[i] == ';') return true;
    if (text[i] != '.') return false;
    return (i + 1 == n || text[i + 1] == ' ' || text[i + 1] == '\n') && !abbreviation(text, i);
}

static bool clause_end(const char *text, size_t n, size_t i)
{
    if (sentence_end(text, n, i)) return true;
    if (text[i] == ',' || text[i] == ':') return i + 1 == n || text[i + 1] == ' ' || text[i + 1] == '\n';
    if (text[i] == '(' || text[i] == ')') return true;
    return text[i] == ' ' && i + 2 < n && text[i + 1] == '-' && text[i + 2] == ' ';
}

/* The clause around [from, upto), and what to cut so that the rest still reads. */
static void clause_around(const char *text, size_t n, size_t from, size_t upto, size_t *start, size_t *end,
                          size_t *cut, size_t *cut_end)
{
    *start = from;
    while (*start > 0 && from - *start < MAX_CLAUSE && !clause_end(text, n, *start - 1))
        (*start)--;
    *end = upto;
    while (*end < n && *end - upto < MAX_CLAUSE && !clause_end(text, n, *end))
        (*end)++;
    while (*start < from &&
           ((unsigned char)text[*start] & 0xC0) == 0x80) /* the limit may split a character */
        (*start)++;
    while (*end < n && ((unsigned char)text[*end] & 0xC0) == 0x80)
        (*end)++;
    *cut = *start;
    *cut_end = *end;
    if (*start > 0 && (text[*start - 1] == ',' || text[*start - 1] == '(') && *end < n &&
        (sentence_end(text, n, *end) || text[*end] == ')')) {
        /* "budget agreed, Anna is ill." keeps its full stop and loses the comma */
        *cut = *start - 1;
        if (text[*end] == ')') (*cut_end)++;
        while (*cut > 0 && text[*cut - 1] == ' ')
            (*cut)--;
        return;
    }
    while (*cut < from && text[*cut] == ' ')
        (*cut)++;
    if (*cut_end < n && text[*cut_end] != '(' && text[*cut_end] != ')') (*cut_end)++;
    while (*cut_end < n && text[*cut_end] == ' ')
        (*cut_end)++;
}

/* ---- scanning -------------------------------------------------------------------------------------------------- */

struct list {
    struct special_found *items;
    size_t n, cap;
};

static enum rc list_add(struct list *l, const struct special_found *f, struct err *e)
{
    if (l->n == MAX_FOUND)
        return err_set(e, RC_LIMIT, "text: more than %d clauses about special categories", MAX_FOUND);
    if (l->n == l->cap) {
        size_t cap = l->cap ? l->cap * 2 : 8;
        struct special_found *items = realloc(l->items, cap * sizeof(*items));

        if (!items) return err_set(e, RC_NOMEM, "special: out of memory");
        l->items = items;
        l->cap = cap;
    }
    l->items[l->n++] = *f;
    return RC_OK;
}

static enum rc scan_rule(struct special *s, size_t rule, const struct normalised *t, struct list *l,
                         struct err *e)
{
    size_t from = 0, start, end;
    bool hit;
    enum rc rc = lexicon_find(s->lexicon, rule, t->text, t->n, from, &hit, &start, &end, e);

    while (rc == RC_OK && hit) {
        struct special_found f = {.word_start = start, .word_end = end, .category = rules[rule].category};
        size_t clause, clause_upto, at, upto;
        bool meant = !rules[rule].needs_person;

        clause_around(t->text, t->n, start, end, &clause, &clause_upto, &f.start, &f.end);
        if (!meant)
            rc = lexicon_find(s->lexicon, N_RULES, t->text, clause_upto, clause, &meant, &at, &upto, e);
        if (rc == RC_OK && meant) rc = list_add(l, &f, e);
        if (rc != RC_OK) return rc;
        from = clause_upto; /* one look a clause is enough */
        rc = lexicon_find(s->lexicon, rule, t->text, t->n, from, &hit, &start, &end, e);
    }
    return rc;
}

static int by_place(const void *a, const void *b)
{
    const struct special_found *x = a, *y = b;

    if (x->start != y->start) return x->start < y->start ? -1 : 1;
    return (x->category > y->category) - (x->category < y->category);
}

/* Sorted and joined where they overlap; then as spans of the input. */
static void finish(struct list *l, const struct normalised *t)
{
    size_t kept = 0;

    if (l->n) qsort(l->items, l->n, sizeof(*l->items), by_place);
    for (size_t i = 0; i < l->n; i++) {
        struct special_found *last = kept ? &l->items[kept - 1] : NULL;

        if (last && l->items[i].start < last->end) {
            if (l->items[i].end > last->end) last->end = l->items[i].end;
        } else {
            l->items[kept++] = l->items[i];
        }
    }
    l->n = kept;
    for (size_t i = 0; i < l->n; i++) {
        struct special_found *f = &l->items[i];

        normalise_span(t, f->start, f->end, &f->start, &f->end);
        normalise_span(t, f->word_start, f->word_end, &f->word_start, &f->word_end);
    }
}

enum rc special_scan(struct special *s, const char *text, size_t n, struct special_found **out, size_t *n_out,
                     struct err *e)
{
    struct normalised t;
    struct list l = {0};
    enum rc rc = normalise(text, n, DETECT_MAX_TEXT, &t, e);

    if (rc != RC_OK) return rc;
    for (size_t i = 0; i < N_RULES && rc == RC_OK; i++)
        rc = scan_rule(s, i, &t, &l, e);
    if (rc == RC_OK) {
        finish(&l, &t);
        if (!l.n) {
            free(l.items);
            l.items = NULL;
        }
        *out = l.items;
        *n_out = l.n;
        l.items = NULL;
    }
    free(l.items);
    normalise_clear(&t);
    return rc;
}
