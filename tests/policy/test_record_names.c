/* Names that the record holds, in every form that people write them, must be found; the same words in their ordinary
 * meaning must not. Names of many languages are put together at random (seed printed); BRIEFD_TEST_LONG=1 tries more. */
#include "suite.h"

#include "../../base/buf.h"
#include "../../policy/names.h"

static const char *const firsts[] = {
    "Anna",       "Jürgen",   "Karl-Heinz", "Anne-Marie", "Zoë",        "René",   "José",    "Łukasz",
    "Małgorzata", "Søren",    "Åse",        "Björn",      "Çiğdem",     "Yıldız", "Ağa",     "Nguyễn",
    "Thị",        "Siobhán",  "Niamh",      "Fatima",     "Mohammed",   "Ji-woo", "Haruto",  "Wei",
    "Priya",      "Deepak",   "Olumide",    "Thandiwe",   "Kofi",       "Ximena", "João",    "François",
    "Élodie",     "Giulia",   "Niccolò",    "Špela",      "Dušan",      "Jiří",   "Ľubomír", "Ólafur",
    "Þóra",       "Kateřina", "Oleksandr",  "Svetlana",   "Maria",      "Hans",   "Klaus",   "Felix",
    "Max",        "Tom",      "Will",       "Mark",       "Rose",       "Grace",  "Bo",      "Jan",
    "Eva",        "Mary Ann", "Hans Peter", "D'Arcy",     "Übel",       "Gülşen", "Iñaki",   "Noël",
    "Chloé",      "Xavier",   "Agnès",      "Ines",       "Marc-André", "Lucía"};
static const char *const lasts[] = {"Weber",
                                    "Müller",
                                    "Müller-Lüdenscheidt",
                                    "von der Heide",
                                    "van den Berg",
                                    "de la Cruz",
                                    "O'Neil",
                                    "Mc Donagh",
                                    "Größmann",
                                    "Strauß",
                                    "Bergström",
                                    "Ødegård",
                                    "Åkesson",
                                    "Nowak-Berger",
                                    "Wójcik",
                                    "Kowalczyk",
                                    "Dvořák",
                                    "Horáková",
                                    "Šimunović",
                                    "Öztürk",
                                    "Yılmaz",
                                    "García",
                                    "Fernández Ruiz",
                                    "Gonçalves",
                                    "D'Angelo",
                                    "Esposito",
                                    "Lefèvre",
                                    "Ó Súilleabháin",
                                    "Nguyen",
                                    "Tanaka",
                                    "Kim",
                                    "Li",
                                    "Ng",
                                    "Chukwu",
                                    "Mbeki",
                                    "Al-Sayed",
                                    "bin Rashid",
                                    "Haddad",
                                    "Ben-Ari",
                                    "Papadopoulos",
                                    "Ivanova",
                                    "Szabó",
                                    "Kovács",
                                    "Andersen",
                                    "Hansen",
                                    "Fuchs",
                                    "Koch",
                                    "Klein",
                                    "Grant",
                                    "Page",
                                    "Hill",
                                    "Young",
                                    "Schmitz",
                                    "Jakobs",
                                    "Marx",
                                    "Fritz",
                                    "Saint-Jean",
                                    "Le Goff",
                                    "du Pré",
                                    "St. Clair",
                                    "Vandermolen",
                                    "Rupprecht",
                                    "Thalmann",
                                    "Oduya",
                                    "Lindqvist",
                                    "Achterberg",
                                    "Zschäpe",
                                    "Quispe",
                                    "Ferreira da Silva",
                                    "Roux"};

/* Sentences in which a name, and nothing else, is meant. */
static const char *const around[] = {"Spoke with %s on Monday.",
                                     "Notes from the call with %s, next step open",
                                     "Termin mit %s ist am Freitag.",
                                     "Bitte an %s schicken, danke!",
                                     "According to %s the budget is fine.",
                                     "We asked (%s) for the drawings"};
/* And around a genitive. */
static const char *const around_owner[] = {"We wait for %s reply.", "Wir warten auf %s Antwort.",
                                           "It is %s project, says the team."};

#define MAX_FORM 200
#define MAX_LINE (2 * MAX_FORM + 20)

/* ---- other spellings --------------------------------------------------------------------------------------------- */

static const struct {
    const char *from, *plain, *german;
} letters[] = {{"ä", "a", "ae"},  {"ö", "o", "oe"},  {"ü", "u", "ue"}, {"Ä", "A", "Ae"}, {"Ö", "O", "Oe"},
               {"Ü", "U", "Ue"},  {"ß", "ss", "ss"}, {"é", "e", "e"},  {"è", "e", "e"},  {"ê", "e", "e"},
               {"ë", "e", "e"},   {"É", "E", "E"},   {"á", "a", "a"},  {"ã", "a", "a"},  {"ò", "o", "o"},
               {"ó", "o", "o"},   {"Ó", "O", "O"},   {"í", "i", "i"},  {"ì", "i", "i"},  {"ï", "i", "i"},
               {"ñ", "n", "n"},   {"ç", "c", "c"},   {"Ç", "C", "C"},  {"ł", "l", "l"},  {"Ł", "L", "L"},
               {"ø", "o", "oe"},  {"Ø", "O", "Oe"},  {"å", "a", "a"},  {"Å", "A", "A"},  {"ğ", "g", "g"},
               {"ş", "s", "s"},   {"ı", "i", "i"},   {"š", "s", "s"},  {"Š", "S", "S"},  {"č", "c", "c"},
               {"ć", "c", "c"},   {"ř", "r", "r"},   {"ý", "y", "y"},  {"ž", "z", "z"},  {"Ľ", "L", "L"},
               {"Þ", "Th", "Th"}, {"ễ", "e", "e"},   {"ị", "i", "i"},  {"ô", "o", "o"},  {"Ž", "Z", "Z"}};

static void respell(const char *s, bool german, char *out)
{
    *out = '\0';
    while (*s) {
        size_t k = 0, n = sizeof(letters) / sizeof(letters[0]);

        while (k < n && strncmp(s, letters[k].from, strlen(letters[k].from)) != 0)
            k++;
        if (k < n) {
            strcat(out, german ? letters[k].german : letters[k].plain);
            s += strlen(letters[k].from);
        } else {
            strncat(out, s++, 1);
        }
    }
}

/* ASCII letters only: what is beyond stays, as a careless hand leaves it. */
static void shout(char *s)
{
    for (; *s; s++)
        if (*s >= 'a' && *s <= 'z') *s = (char)(*s - 32);
}

static void whisper(char *s)
{
    for (; *s; s++)
        if (*s >= 'A' && *s <= 'Z') *s = (char)(*s + 32);
}

static size_t letter_bytes(const char *s)
{
    size_t n = 1;

    while (((unsigned char)s[n] & 0xC0) == 0x80)
        n++;
    return n;
}

/* ---- forms ------------------------------------------------------------------------------------------------------- */

struct person {
    const char *first, *last;
};

struct tally {
    size_t tried, found, shown;
    struct names *names;
    struct person p;
    uint64_t *seed;
};

/* Letters and digits of form, at `at` in the text, that no span of the person covers. */
static bool covered(const struct tally *t, const char *text, size_t at, size_t n)
{
    struct name_found *f = NULL;
    size_t count = 0;
    bool all = true;
    struct err e;

    ck_assert_int_eq(names_scan(t->names, text, strlen(text), &f, &count, &e), RC_OK);
    for (size_t i = at; i < at + n && all; i++) {
        bool in = strchr(" .,'-_\n", text[i]) != NULL;

        for (size_t k = 0; k < count && !in; k++)
            in = f[k].kind == NAME_PERSON && f[k].index == 0 && f[k].start <= i && i < f[k].end;
        all = in;
    }
    free(f);
    return all;
}

/* The form stands in one of the sentences; bytes [from, from + n) of it must be found. */
static void try_in(struct tally *t, const char *form, const char *const *templates, size_t count, size_t from,
                   size_t n)
{
    const char *template = templates[suite_random(t->seed) % count];
    char text[MAX_LINE + 200];

    snprintf(text, sizeof(text), template, form);
    t->tried++;
    if (covered(t, text, (size_t)(strchr(template, '%') - template) + from, n))
        t->found++;
    else if (t->shown++ < 20)
        printf("  missed: %s %s as \"%s\" in: %s\n", t->p.first, t->p.last, form, text);
}

static void try_form(struct tally *t, const char *form)
{
    try_in(t, form, around, sizeof(around) / sizeof(around[0]), 0, strlen(form));
}

/* With something before the name that need not be part of the match. */
static void try_titled(struct tally *t, const char *title, const char *name)
{
    char form[MAX_LINE];

    snprintf(form, sizeof(form), "%s %s", title, name);
    try_in(t, form, around, sizeof(around) / sizeof(around[0]), strlen(title) + 1, strlen(name));
}

static void try_printf(struct tally *t, const char *format, const char *a, const char *b)
{
    char form[MAX_LINE];

    snprintf(form, sizeof(form), format, a, b);
    try_form(t, form);
}

/* "Anna's", "Annas", "Klaus'": the name, not the s behind it. */
static void try_owner(struct tally *t, const char *name)
{
    size_t n = strlen(name);
    bool hissing = strchr("sxzSXZ", name[n - 1]) || (n > 1 && strcmp(name + n - 2, "ß") == 0);
    char form[MAX_LINE];

    snprintf(form, sizeof(form), "%s's", name);
    try_in(t, form, around_owner, 3, 0, n);
    snprintf(form, sizeof(form), hissing ? "%s'" : "%ss", name);
    if (hissing || n > 3) try_in(t, form, around_owner, 3, 0, n);
}

static void initial_of(const char *name, char out[8])
{
    size_t n = letter_bytes(name);

    memcpy(out, name, n);
    out[n] = '\0';
}

static void try_spellings(struct tally *t, const char *name)
{
    char form[MAX_FORM];

    try_form(t, name);
    respell(name, false, form);
    try_form(t, form);
    shout(form);
    try_form(t, form);
    respell(name, true, form);
    try_form(t, form);
}

/* The last word of a name, or its first. */
static const char *last_word(const char *name)
{
    const char *space = strrchr(name, ' ');

    return space ? space + 1 : name;
}

static void first_word(const char *name, char *out)
{
    size_t n = strcspn(name, " -");

    memcpy(out, name, n);
    out[n] = '\0';
}

static void try_person(struct tally *t)
{
    static const char *const titles[] = {"Fr.", "Hr.", "Frau",      "Herrn",    "Mr",  "Ms.",
                                         "Mrs", "Dr.", "Prof. Dr.", "Frau Dr.", "Mme", "Herr Prof."};
    const char *first = t->p.first, *last = t->p.last;
    char f[8], l[8], form[MAX_FORM], word[MAX_FORM];

    initial_of(first, f);
    initial_of(last, l);
    try_spellings(t, first);
    try_spellings(t, last);
    snprintf(form, sizeof(form), "%s %s", first, last);
    try_spellings(t, form);
    respell(form, false, word);
    whisper(word);
    try_form(t, word);
    for (size_t i = 0; i < sizeof(titles) / sizeof(titles[0]); i++)
        try_titled(t, titles[i], last);
    try_printf(t, "%s, %s", last, first);
    try_printf(t, "%s %s", last, first);
    try_printf(t, "%s\n%s", first, last);
    try_printf(t, "%s. %s", f, last);
    try_printf(t, "%s %s", f, last);
    try_printf(t, "%s, %s.", last, f);
    initial_of(last_word(last), l);
    try_printf(t, "%s %s.", first, l);
    try_printf(t, "%s M. %s", first, last);
    try_owner(t, first);
    try_owner(t, last);
    try_owner(t, form);
    if (strchr(first, '-') || strchr(first, ' ')) {
        first_word(first, word);
        if (strlen(word) > 2) try_printf(t, "%s %s", word, last);
        snprintf(form, sizeof(form), "%s", first);
        for (char *c = form; *c; c++)
            if (*c == '-') *c = ' ';
        try_printf(t, "%s %s", form, last);
    }
    if (strchr(last, ' ') && strlen(last_word(last)) > 3) { /* without its particles */
        try_titled(t, "Frau", last_word(last));
        try_printf(t, "%s %s", first, last_word(last));
    }
    if (!strpbrk(first, " -'") && !strpbrk(last, " -'.") && strlen(last) > 4) {
        respell(first, false, form);
        respell(last, false, word);
        whisper(form);
        whisper(word);
        try_printf(t, "%s.%s", form, word);
        try_printf(t, "%s_%s", form, word);
    }
}

/* ---- tests ------------------------------------------------------------------------------------------------------- */

START_TEST(every_form_is_found)
{
    unsigned long people = suite_count(300, 5000);
    uint64_t seed = suite_seed("record names");
    struct tally t = {.seed = &seed};
    struct err e;

    for (unsigned long i = 0; i < people; i++) {
        t.p.first = firsts[suite_random(&seed) % (sizeof(firsts) / sizeof(firsts[0]))];
        t.p.last = lasts[suite_random(&seed) % (sizeof(lasts) / sizeof(lasts[0]))];
        ck_assert_int_eq(names_open(&t.names, &e), RC_OK);
        ck_assert_int_eq(names_add_person(t.names, 0, t.p.first, t.p.last, NULL, NULL, &e), RC_OK);
        try_person(&t);
        names_close(t.names);
    }
    printf("names of the record, %lu people: %zu of %zu forms found, recall %.2f %%\n", people, t.found,
           t.tried, 100.0 * (double)t.found / (double)t.tried);
    fflush(stdout);
    ck_assert(t.found >= t.tried - t.tried / 1000);
}
END_TEST

/* Sentences without any of these people, full of the words that they are called. */
static const char *const sentences[] = {
    "We will grant a discount if they order in May.",
    "The mark on page 4 may be wrong.",
    "Will it run on the hill site? The young team hopes so.",
    "Price per page is small, the bill is long.",
    "A rose gold finish, by the grace of the designer.",
    "In May we mark the prices up.",
    "The grant was rich, the art department happy.",
    "Please chase the bill and page the field engineer.",
    "New in June: the winter tyres. Next May the summer ones.",
    "Klein anfangen, lang planen, frei entscheiden.",
    "Der Koch in der Kantine will ein neues Gerät.",
    "Der Fuchs ist unser Logo, der Wolf das der anderen.",
    "Im Sommer und im Winter ist der Markt ruhig.",
    "Ein kleiner Rabatt, ein großer Auftrag, junge Firma.",
    "Die Weber der Region suchen Maschinen, der Bauer eine Pumpe.",
    "max load 3 t, max height 2 m",
    "He can page through it; you may mark it as read.",
    "Young companies pay late. Hill climbs are slow.",
    "Grant applications are due. Page layout follows.",
    "the bo staff and the jan budget are separate",
    "Li-ion batteries and kim chi for the canteen",
    "Marks and spencers of any kind, rosewood, gracefully done.",
};

START_TEST(ordinary_words_are_not)
{
    static const struct person people[] = {
        {"Will", "Grant"},  {"Mark", "Page"},  {"Rose", "Hill"},   {"May", "Young"},
        {"Grace", "Price"}, {"Max", "Klein"},  {"Sophie", "Koch"}, {"Ernst", "Fuchs"},
        {"Bo", "Li"},       {"Jan", "Kim"},    {"Bill", "Chase"},  {"Art", "Rich"},
        {"Eva", "Sommer"},  {"Anna", "Weber"}, {"June", "Winter"}, {"Lukas", "Bauer"}};
    size_t wrong = 0, n_sentences = sizeof(sentences) / sizeof(sentences[0]);
    struct names *n = NULL;
    struct err e;

    ck_assert_int_eq(names_open(&n, &e), RC_OK);
    for (size_t i = 0; i < sizeof(people) / sizeof(people[0]); i++)
        ck_assert_int_eq(names_add_person(n, i, people[i].first, people[i].last, NULL, NULL, &e), RC_OK);
    for (size_t i = 0; i < n_sentences; i++) {
        struct name_found *f = NULL;
        size_t count = 0;

        ck_assert_int_eq(names_scan(n, sentences[i], strlen(sentences[i]), &f, &count, &e), RC_OK);
        for (size_t k = 0; k < count; k++)
            printf("  wrong: \"%.*s\" in: %s\n", (int)(f[k].end - f[k].start), sentences[i] + f[k].start,
                   sentences[i]);
        wrong += count > 0;
        free(f);
    }
    printf("ordinary words: %zu of %zu sentences without a wrong name\n", n_sentences - wrong, n_sentences);
    fflush(stdout);
    ck_assert_uint_le(wrong, n_sentences / 20);
    names_close(n);
}
END_TEST

SUITE_MAIN("record_names", every_form_is_found, ordinary_words_are_not)
