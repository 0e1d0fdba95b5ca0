/* Fact lock as an automaton. The checker here decides whole texts by their definition (every digit, bracket and
 * capital covered by an entry, sentences counted) and shares no code with the automaton. */
#include "suite.h"
#include "../../inference/inference.h"

#include <unicode/uchar.h>
#include "../../base/str.h"

/* ---- an independent checker ---------------------------------------------------------------------------------------- */

static bool wordish(uint32_t cp)
{
    return u_isalpha((UChar32)cp) || (U_GET_GC_MASK((UChar32)cp) & (U_GC_L_MASK | U_GC_M_MASK | U_GC_N_MASK));
}

static uint32_t char_at(const char *s, size_t n, size_t at)
{
    uint32_t cp;
    utf8_decode(s + at, n - at, &cp);
    return cp;
}

static size_t char_before(const char *s, size_t at)
{
    do at--;
    while (((uint8_t)s[at] & 0xC0) == 0x80);
    return at;
}

static void cover(const char *s, size_t n, const char *const *entries, size_t n_entries, bool *covered)
{
    for (size_t k = 0; k < n_entries; k++) {
        size_t len = strlen(entries[k]);
        for (size_t i = 0; len && i + len <= n; i++) {
            if (memcmp(s + i, entries[k], len) != 0) continue;
            bool word_before = i > 0 && wordish(char_at(s, n, char_before(s, i)));
            bool word_after = i + len < n && wordish(char_at(s, n, i + len));
            if (word_before && ((uint8_t)s[i] >= 0x80 || wordish((uint8_t)s[i]))) continue;
            if (word_after && wordish(char_at(s, n, char_before(s, i + len)))) continue;
            memset(covered + i, true, len);
        }
    }
}

/* Does the word that holds position `at` begin a sentence, a line or a bullet? */
static bool begins(const char *s, size_t n, size_t at)
{
    while (at > 0 && wordish(char_at(s, n, char_before(s, at)))) at = char_before(s, at);
    if (u_charType((UChar32)char_at(s, n, at)) == U_DECIMAL_DIGIT_NUMBER) return false;
    size_t spaces = 0;
    while (at > 0 && s[at - 1] == ' ') at--, spaces++;
    if (at == 0 || s[at - 1] == '\n') return true;
    if (spaces == 0) return false;
    return strchr(".!?:", s[at - 1]) || (s[at - 1] == '-' && (at == 1 || s[at - 2] == '\n'));
}

static bool fine(const struct fact_lock *f, const char *s, size_t n)
{
    bool covered[4096] = {false};
    unsigned sentences = 0;
    ck_assert_uint_le(n, sizeof(covered));
    if (utf8_valid_prefix(s, n) != n) return false;
    cover(s, n, f->slots, f->n_slots, covered);
    cover(s, n, f->words, f->n_words, covered);
    cover(s, n, f->literals, f->n_literals, covered);
    for (size_t i = 0; i < n; i++) {
        if (((uint8_t)s[i] & 0xC0) == 0x80) continue;
        uint32_t cp = char_at(s, n, i), mask = U_GET_GC_MASK((UChar32)cp);
        if (f->max_sentences && sentences >= f->max_sentences && !covered[i]) return false;
        if (strchr(".!?", (int)(cp < 0x80 ? cp : 0)) && cp && (i + 1 == n || s[i + 1] == ' ' || s[i + 1] == '\n'))
            sentences++;
        if (covered[i]) continue;
        if (cp == '\n' ? !f->allow_newlines : (mask & (U_GC_C_MASK | U_GC_ZL_MASK | U_GC_ZP_MASK)) != 0) return false;
        if (cp == '[' || cp == ']' || (mask & U_GC_N_MASK)) return false;
        if ((mask & (U_GC_LU_MASK | U_GC_LT_MASK)) && !begins(s, n, i)) return false;
    }
    return true;
}

/* ---- helpers --------------------------------------------------------------------------------------------------------- */

static const char *const slots[] = {"[PERSON_1]", "[PERSON_1:first]", "[DATE_2]", "[ORG_12]"};
static const char *const words[] = {"Anna", "Budget", "E-Mail", "O'Brien", "Übergabe", "GmbH"};
static const char *const literals[] = {"Q3 report", "net 30", "30 days", "24/7", "v2.1"};
static const struct fact_lock lock = {slots, 4, words, 6, literals, 5, 0, true};

static struct constraint *open_lock(const struct fact_lock *f)
{
    struct constraint *c = NULL;
    struct err e;
    ck_assert_msg(constraint_fact_lock(f, &c, &e) == RC_OK, "%s", e.msg);
    return c;
}

/* A state, or that there is no way on. */
struct stand {
    bool dead;
    struct constraint_state at;
};

static struct stand start(const struct constraint *c)
{
    struct stand s = {.dead = false};
    constraint_start(c, &s.at);
    return s;
}

static struct stand step(const struct constraint *c, struct stand s, uint8_t byte)
{
    s.dead = s.dead || !constraint_step(c, &s.at, byte);
    return s;
}

static bool accepts(const struct constraint *c, struct stand s)
{
    return !s.dead && constraint_accepts(c, &s.at);
}

static struct stand walk(const struct constraint *c, const char *s, size_t n)
{
    struct stand state = start(c);
    for (size_t i = 0; i < n; i++) state = step(c, state, (uint8_t)s[i]);
    return state;
}

static void expect(const struct fact_lock *f, const char *s, bool yes)
{
    struct constraint *c = open_lock(f);
    bool got = accepts(c, walk(c, s, strlen(s)));
    constraint_close(c);
    ck_assert_msg(got == yes, "'%s' is %s", s, got ? "accepted" : "refused");
    if (f->max_sentences == 0) ck_assert_msg(fine(f, s, strlen(s)) == yes, "the checker disagrees on '%s'", s);
}

/* ---- tests ------------------------------------------------------------------------------------------------------------ */

START_TEST(slots_only_of_the_list)
{
    expect(&lock, "We met [PERSON_1] on [DATE_2].", true);
    expect(&lock, "[PERSON_1:first] called, [PERSON_1]'s colleague too.", true);
    expect(&lock, "[PERSON_2] called.", false);
    expect(&lock, "We met [PERSON_1:last].", false);
    expect(&lock, "We met [PERSON_1", false);
    expect(&lock, "We met []", false);
    expect(&lock, "We met PERSON_1]", false);
    expect(&lock, "We met [[PERSON_1]]", false);
    expect(&lock, "[ORG_1] and [ORG_12]", false);
    expect(&lock, "a [ORG_12]", true);
}
END_TEST

START_TEST(digits_only_in_slots_and_literals)
{
    expect(&lock, "The term is net 30.", true);
    expect(&lock, "The term is 30 days.", true);
    expect(&lock, "The term is 30.", false);
    expect(&lock, "The term is 31 days.", false);
    expect(&lock, "The term is net 30 days.", true); /* two entries, each whole */
    expect(&lock, "The term is net 300.", false);
    expect(&lock, "The term is 130 days.", false);
    expect(&lock, "The Q3 report is late, on 24/7.", true);
    expect(&lock, "The Q3 is late.", false);
    expect(&lock, "x\xC2\xB2", false);                 /* superscript two */
    expect(&lock, "\xD9\xA3 calls", false);            /* Arabic-Indic three */
    expect(&lock, "\xEF\xBC\x95 calls", false);        /* full-width five */
    expect(&lock, "1. first", false);
    static const char *const with_digit[] = {"M3"}; /* a word may not bring a digit in: it is ignored */
    struct constraint *c = open_lock(&(struct fact_lock){NULL, 0, with_digit, 1, NULL, 0, 0, false});
    ck_assert(walk(c, "An M3", 5).dead);
    constraint_close(c);
}
END_TEST

START_TEST(capitals_inside_a_sentence_are_listed)
{
    expect(&lock, "The call with Anna went well.", true);
    expect(&lock, "The call with Annas went well.", false);
    expect(&lock, "The call with Bob went well.", false);
    expect(&lock, "The Budget is set. Bob called: Fine! Who? Max.", true);
    expect(&lock, "Bob is out, Max is in.", false);
    expect(&lock, "Anna's offer and O'Brien's.", true);
    expect(&lock, "Write an E-Mail, an E-Mail-Budget.", true);
    expect(&lock, "Write an E-Note.", false);
    expect(&lock, "Follow-up is due.", true);
    expect(&lock, "Follow-Up is due.", false);
    expect(&lock, "E-commerce is due.", true);
    expect(&lock, "the \xC3\x9C" "bergabe is \xC3\xBC" "ber", true);
    expect(&lock, "the \xC3\x9C" "bung", false);
    expect(&lock, "\xC3\x9C" "bung is due", true);
    expect(&lock, "the \xE2\x80\x9E" "Anna\xE2\x80\x9C, Anna\xE2\x80\x93 and Anna\xE2\x80\xA6", true);
    expect(&lock, "an iPhone", false);
    expect(&lock, "(Anna)", true);
    expect(&lock, "(Bob)", false);
    expect(&lock, "- Bob called\n- Max called", true);
    expect(&lock, "we - Max and others", false);
    expect(&lock, "First\nSecond\n\nThird", true);
    expect(&lock, "anna Anna", true);
    expect(&lock, "the An", false);
    expect(&lock, "Bob.Max", false);
    expect(&lock, "THE END", false);
    expect(&lock, "THE end", true);
}
END_TEST

START_TEST(control_and_invisible_characters)
{
    struct fact_lock no_newlines = lock;
    no_newlines.allow_newlines = false;
    expect(&lock, "a\nb", true);
    expect(&no_newlines, "a\nb", false);
    expect(&lock, "a\tb", false);
    expect(&lock, "a\rb", false);
    expect(&lock, "a\x7F", false);
    expect(&lock, "a\xE2\x80\x8B" "b", false);         /* zero width space */
    expect(&lock, "a\xE2\x80\xAE" "b", false);         /* right-to-left override */
    expect(&lock, "\xEF\xBB\xBF" "a", false);
    expect(&lock, "a\xC2\x85", false);
    expect(&lock, "a \xF0\x9F\x99\x82 \xE2\x82\xAC", true);
    expect(&lock, "a\xEE\x80\x80", false);             /* private use */
}
END_TEST

START_TEST(not_accepted_inside_a_character)
{
    struct constraint *c = open_lock(&lock);
    static const char *const bad[] = {"\xC3", "\xE2\x82", "\xF0\x9F\x99", "\x80", "\xC0\x80", "\xE0\x80\x80",
                                      "\xED\xA0\x80", "\xF4\x90\x80\x80", "\xFF", "\xC3\x61", "\xF0\x80\x80\x80"};
    for (size_t i = 0; i < COUNT_OF(bad); i++)
        ck_assert_msg(!accepts(c, walk(c, bad[i], strlen(bad[i]))), "case %zu", i);
    ck_assert(accepts(c, start(c)));
    constraint_close(c);
    constraint_close(NULL);
}
END_TEST

START_TEST(only_the_end_after_the_last_sentence)
{
    struct fact_lock two = lock;
    two.max_sentences = 2;
    struct constraint *c = open_lock(&two);
    struct stand s = walk(c, "One came, e.g. by car.", 22);
    ck_assert(accepts(c, s)); /* "e.g. " is taken for an end: it cannot be told apart */
    for (int b = 0; b < 256; b++) ck_assert(step(c, s, (uint8_t)b).dead);
    s = walk(c, "One came. Two", 13);
    ck_assert(accepts(c, s) && !step(c, s, ' ').dead);
    s = step(c, s, '!');
    ck_assert(accepts(c, s));
    for (int b = 0; b < 256; b++) ck_assert(step(c, s, (uint8_t)b).dead);
    s = walk(c, "It is v2.1 ... of v2.1.", 23); /* a stop within a literal ends nothing */
    ck_assert(accepts(c, s));
    constraint_close(c);
}
END_TEST

START_TEST(limits_and_bad_entries)
{
    struct constraint *c = NULL;
    struct err e;
    const char **many = calloc(4097, sizeof(*many));
    ck_assert_ptr_nonnull(many);
    for (size_t i = 0; i < 4097; i++) many[i] = "Word";
    struct fact_lock f = {NULL, 0, many, 4096, NULL, 0, 0, false};
    ck_assert(constraint_fact_lock(&f, &c, &e) == RC_OK);
    constraint_close(c);
    f.n_words = 4097;
    ck_assert(constraint_fact_lock(&f, &c, &e) == RC_LIMIT);
    f = (struct fact_lock){slots, 1, many, 4096, NULL, 0, 0, false};
    ck_assert(constraint_fact_lock(&f, &c, &e) == RC_LIMIT);
    free(many);
    char longest[257];
    memset(longest, 'x', 256);
    longest[256] = 0;
    const char *one = longest;
    f = (struct fact_lock){NULL, 0, NULL, 0, &one, 1, 0, false};
    ck_assert(constraint_fact_lock(&f, &c, &e) == RC_LIMIT);
    longest[255] = 0;
    ck_assert(constraint_fact_lock(&f, &c, &e) == RC_OK);
    ck_assert(accepts(c, walk(c, longest, 255)));
    constraint_close(c);
    static const char *const bad_slots[] = {"PERSON", "[]", "[A]]", "[A[B]", "[A\n]", "[\xFF]", "["};
    for (size_t i = 0; i < COUNT_OF(bad_slots); i++) {
        f = (struct fact_lock){&bad_slots[i], 1, NULL, 0, NULL, 0, 0, false};
        ck_assert_msg(constraint_fact_lock(&f, &c, &e) == RC_BAD, "%s", bad_slots[i]);
    }
    one = "a[b";
    f = (struct fact_lock){NULL, 0, NULL, 0, &one, 1, 0, false};
    ck_assert(constraint_fact_lock(&f, &c, &e) == RC_BAD);
    f = (struct fact_lock){0};
    ck_assert(constraint_fact_lock(&f, &c, &e) == RC_OK);
    ck_assert(accepts(c, walk(c, "A lock without entries.", 23)));
    ck_assert(walk(c, "[", 1).dead);
    constraint_close(c);
}
END_TEST

/* Every text of up to four (long run: six) symbols from a nasty alphabet: the automaton and the checker agree on all of them. */
static unsigned long compare_all(const struct fact_lock *f, const struct constraint *c, char *text, size_t n,
                                 struct stand state, size_t more)
{
    static const char *const symbols[] = {"a", "A", "0", " ", ".", "[", "]", "-", "\n", "\xC3\x84", "\xC3\xA4", "\xE2\x80\x93"};
    bool yes = fine(f, text, n), got = accepts(c, state);
    unsigned long count = 1;
    text[n] = 0;
    ck_assert_msg(yes == got, "'%s': checker %d, automaton %d", text, yes, got);
    if (state.dead && more > 2) more = 2; /* what is dead stays dead: no need to see all of it */
    for (size_t i = 0; more && i < COUNT_OF(symbols); i++) {
        size_t len = strlen(symbols[i]);
        struct stand next = state;
        memcpy(text + n, symbols[i], len);
        for (size_t k = 0; k < len; k++) next = step(c, next, (uint8_t)symbols[i][k]);
        count += compare_all(f, c, text, n + len, next, more - 1);
    }
    return count;
}

START_TEST(small_texts_exhaustively)
{
    static const char *const s[] = {"[A]", "[0]", "[a-0]"}, *const w[] = {"A", "A-a", "Äa", "aA"},
                      *const l[] = {"0a", "a 0", "A. 0", "0\xC3\xA4", "-0", "–0", "A a A"};
    struct fact_lock f = {s, 3, w, 4, l, 7, 0, true};
    struct constraint *c = open_lock(&f);
    char text[64];
    unsigned long n = compare_all(&f, c, text, 0, start(c), suite_count(4, 6));
    printf("compared %lu texts\n", n);
    constraint_close(c);
}
END_TEST

/* Random walks: from any state that can be reached, a finished text can be; and what is accepted is fine. */
START_TEST(random_walks)
{
    uint64_t seed = suite_seed("random_walks");
    struct fact_lock locks[] = {lock, lock};
    locks[1].max_sentences = 2;
    for (size_t k = 0; k < COUNT_OF(locks); k++) {
        struct constraint *c = open_lock(&locks[k]);
        for (unsigned long i = 0; i < suite_count(300, 20000); i++) {
            char text[1000];
            size_t n = 0, want = suite_random(&seed) % 60;
            struct stand state = start(c);
            while (n < want || !accepts(c, state)) {
                static const char likely[] = "aeinrst .,-ABEGMOQ[:\n'_12340/PD\xC3\x9C\xE2\x80\x94\xF0\x9E";
                uint8_t open_bytes[512];
                size_t n_open = 0;
                ck_assert_uint_lt(n, sizeof(text) - 1);
                for (int b = 0; b < 256; b++)
                    if (!step(c, state, (uint8_t)b).dead) {
                        open_bytes[n_open++] = (uint8_t)b;
                        if (b && strchr(likely, b) && n_open < 500) open_bytes[n_open++] = (uint8_t)b;
                    }
                if (n_open == 0 && accepts(c, state)) break;
                ck_assert_msg(n_open > 0, "no way on after '%.*s'", (int)n, text);
                text[n] = (char)open_bytes[suite_random(&seed) % n_open];
                state = step(c, state, (uint8_t)text[n++]);
            }
            text[n] = 0;
            if (locks[k].max_sentences) continue; /* stops within entries count for one and not for the other */
            ck_assert_msg(fine(&locks[k], text, n), "accepted: '%s'", text);
        }
        constraint_close(c);
    }
}
END_TEST

SUITE_MAIN("constraint", slots_only_of_the_list, digits_only_in_slots_and_literals,
           capitals_inside_a_sentence_are_listed, control_and_invisible_characters, not_accepted_inside_a_character,
           only_the_end_after_the_last_sentence, limits_and_bad_entries, small_texts_exhaustively, random_walks)
