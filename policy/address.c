/* address.c: see address.h. */
#include "address.h"

#include <string.h>

#include "../base/str.h"

#define MAX_STREET_WORDS 5
#define MAX_CITY_WORDS   4

/* How far an address has been read. */
struct reach {
    size_t next; /* word */
    size_t end;  /* byte */
};

static const struct word *word_at(const struct name_text *t, size_t i)
{
    return i < t->w->n ? &t->w->items[i] : NULL;
}

static bool is_digit(char c)
{
    return c >= '0' && c <= '9';
}

static bool is_upper(char c)
{
    return c >= 'A' && c <= 'Z';
}

/* Does the word have this shape? A: capital letter, 9: digit, ?: either; of the very length. */
static bool shaped(const struct name_text *t, const struct word *x, const char *shape)
{
    const char *s = t->text + x->start;

    if (x->end - x->start != strlen(shape)) return false;
    for (; *shape; shape++, s++)
        if (*shape == 'A' ? !is_upper(*s) : *shape == '9' ? !is_digit(*s) : !is_upper(*s) && !is_digit(*s))
            return false;
    return true;
}

/* White space, a comma, a dash, at most one end of line: what stands between two parts of an address. */
static bool parts(const struct name_text *t, size_t from, size_t upto)
{
    static const bool between[256] = {[0] = true,    [' '] = true, [','] = true, ['\n'] = true, ['\r'] = true,
                                      ['\t'] = true, ['-'] = true, ['.'] = true, ['|'] = true,  ['>'] = true};
    size_t lines = 0;

    if (upto > from + 6 || upto < from) return false;
    for (; from < upto; from++) {
        if (t->text[from] == '\n') lines++;
        if (!between[(unsigned char)t->text[from]]) return false;
    }
    return lines < 2;
}

static bool spaced(const struct name_text *t, const struct word *a, const struct word *b)
{
    return name_rule_spaces(t->text, a->end, b->start);
}

/* "14", "8a", "112b", "3/2", "9-11" from word i on; words taken, 0: no house number. */
static size_t house_number(const struct name_text *t, size_t i)
{
    const struct word *x = word_at(t, i), *y = word_at(t, i + 1);
    size_t n = x ? x->end - x->start : 0, digits = 0;

    if (!x || !is_digit(t->text[x->start])) return 0;
    while (digits < n && is_digit(t->text[x->start + digits]))
        digits++;
    if (digits > 5 || n > digits + 1) return 0;
    if (y && y->start == x->end + 1 && strchr("/-", t->text[x->end]) && is_digit(t->text[y->start]) &&
        y->end - y->start <= 4)
        return 2;
    if (y && y->start == x->end + 1 && t->text[x->end] == ' ' && y->end - y->start == 1 && digits == n &&
        t->text[y->start] >= 'a' && t->text[y->start] <= 'h')
        return 2; /* "12 b" */
    return 1;
}

/* ---- what follows the street ------------------------------------------------------------------------------------- */

static bool take_unit(const struct name_text *t, struct reach *r)
{
    const struct word *x = word_at(t, r->next), *y = word_at(t, r->next + 1);
    size_t from = r->end;

    if (x && x->start >= from + 1 && t->text[x->start - 1] == '#' && is_digit(t->text[x->start]) &&
        parts(t, from, x->start - 1)) {
        *r = (struct reach){r->next + 1, x->end};
        return true;
    }
    if (!x || !parts(t, from, x->start)) return false;
    if (y && y->end - y->start <= 5 && (y->capital || is_digit(t->text[y->start])) && spaced(t, x, y) &&
        word_in(x, " suite ste apt apartment unit flat floor fl building bldg room rm block etage og appt "
                   "bat batiment "
                   "lot hangar gate door top stiege level ")) {
        *r = (struct reach){r->next + 2, y->end};
        return true;
    }
    if (y && is_digit(t->text[x->start]) && word_in(y, " floor og etage stock ") && y->start - x->end <= 2) {
        *r = (struct reach){r->next + 2, y->end};
        return true;
    }
    return false;
}

/* Capitalised words of a city's name from word i on: "Frankfurt am Main", "Bad Tölz"; 0: none. */
static size_t city_words(const struct name_text *t, size_t i)
{
    size_t n = 0, last = 0;

    for (; n < MAX_CITY_WORDS && i + n < t->w->n; n++) {
        const struct word *x = &t->w->items[i + n];

        if (n && !(x->start == x[-1].end + 1 && strchr(" -'", t->text[x[-1].end])) &&
            !(word_is(x - 1, "st") && x->start == x[-1].end + 2))
            break;
        if (!x->letters) break;
        if (x->capital && n && x->start > 0 && t->text[x->start - 1] == ' ' &&
            x->tags & (TAG_COMMON | TAG_HEADER | TAG_TITLE | TAG_LEGAL) && !(x->tags & TAG_THING))
            break;
        if (x->capital)
            last = n + 1;
        else if (!word_in(x, " am an der im sur les la le de bei ob upon on und l d in "))
            break;
    }
    return last;
}

/* "D-10115 Berlin", "1016 DV Amsterdam", "69005 Lyon". */
static bool take_postcode_city(const struct name_text *t, struct reach *r)
{
    size_t i = r->next, n;
    const struct word *x = word_at(t, i);

    if (!x || !parts(t, r->end, x->start)) return false;
    if (x->upper && x->letters && x->end - x->start <= 2 && word_in(x, " d a ch f nl b l dk s i ")) {
        if (t->text[x->end] != '-' || !(x = word_at(t, ++i))) return false;
    }
    if (shaped(t, x, "99") && word_at(t, i + 1) && shaped(t, word_at(t, i + 1), "999") &&
        t->text[x->end] == '-') {
        x = word_at(t, ++i); /* Poland: 00-850 */
        if (!word_at(t, i + 1) || !(n = city_words(t, i + 1))) return false;
        *r = (struct reach){i + 1 + n, t->w->items[i + n].end};
        return true;
    }
    if (!shaped(t, x, "99999") && !shaped(t, x, "9999")) return false;
    if (shaped(t, x, "9999") && word_at(t, i + 1) && shaped(t, word_at(t, i + 1), "AA")) i++;
    if (!word_at(t, i + 1) || !name_rule_spaces(t->text, t->w->items[i].end, t->w->items[i + 1].start))
        return false;
    n = city_words(t, i + 1);
    if (!n) return false;
    *r = (struct reach){i + 1 + n, t->w->items[i + n].end};
    return true;
}

/* "LU2 9LY", "D02 XY47", "H3B 2T9". */
static bool postcode_pair(const struct name_text *t, size_t i)
{
    static const char *const outward[] = {"A9", "A99", "AA9", "AA99", "A9A", "AA9A"};
    const struct word *x = word_at(t, i), *y = word_at(t, i + 1);

    if (!x || !y || !spaced(t, x, y)) return false;
    if (shaped(t, y, "9AA"))
        for (size_t k = 0; k < COUNT_OF(outward); k++)
            if (shaped(t, x, outward[k])) return true;
    if (shaped(t, y, "????") && shaped(t, x, "A99")) return true;
    return shaped(t, x, "A9A") && shaped(t, y, "9A9");
}

/* "Denver, CO 80203", "Leicester LE1 6RX", "Montréal QC H3B 2T9": a city and what follows it; or no city. */
static bool take_city_postcode(const struct name_text *t, struct reach *r)
{
    for (size_t skip = 0; skip <= 1; skip++) { /* also behind a district: "Hoxton, London N1 6XY" */
        size_t i = r->next, n;
        const struct word *x = word_at(t, i);
        size_t end = r->end;

        for (size_t k = 0; k <= skip; k++) {
            if (!x || !parts(t, end, x->start)) return false;
            if (postcode_pair(t, i)) break;
            n = city_words(t, i);
            if (n > 1 && t->w->items[i + n - 1].upper &&
                t->w->items[i + n - 1].end - t->w->items[i + n - 1].start == 2)
                n--;
            if (!n) return false;
            end = t->w->items[i + n - 1].end;
            i += n;
            x = word_at(t, i);
        }
        if (!x || !parts(t, end, x->start)) return false;
        if (shaped(t, x, "AA") && word_at(t, i + 1) && t->w->items[i + 1].start - x->end <= 2) {
            const struct word *zip = word_at(t, i + 1), *plus = word_at(t, i + 2);

            if (shaped(t, zip, "99999")) {
                bool four = plus && plus->start == zip->end + 1 && t->text[zip->end] == '-' &&
                            shaped(t, plus, "9999");
                *r = (struct reach){i + 2 + four, four ? plus->end : zip->end};
                return true;
            }
            if (postcode_pair(t, i + 1)) {
                *r = (struct reach){i + 3, t->w->items[i + 2].end};
                return true;
            }
        }
        if (postcode_pair(t, i)) {
            *r = (struct reach){i + 2, t->w->items[i + 1].end};
            return true;
        }
    }
    return false;
}

/* Whatever belongs to the address behind its street; whether a postcode was among it. */
static bool take_tail(const struct name_text *t, struct reach *r)
{
    while (take_unit(t, r))
        ;
    return take_postcode_city(t, r) || take_city_postcode(t, r);
}

static bool describe(size_t start, const struct reach *r, struct name_found *out)
{
    *out = (struct name_found){.start = start,
                               .end = r->end,
                               .kind = NAME_VALUE,
                               .index = NAMES_UNKNOWN,
                               .form = NAME_FULL,
                               .entity = "POSTAL_ADDRESS",
                               .score = 0.86}; /* above a name inside it */
    return true;
}

/* ---- streets ----------------------------------------------------------------------------------------------------- */

static bool ends_in_street(const struct word *x)
{
    static const char *const endings[] = {
        "strasse",  "str",   "weg",   "platz", "allee",     "gasse",  "damm", "ufer",   "ring",
        "chaussee", "steig", "stieg", "markt", "promenade", "straat", "laan", "gracht", "plein",
        "kade",     "gade",  "gatan", "vagen", "vej",       "veien",  "hof",  "tor",    "graben"};

    for (size_t i = 0; i < COUNT_OF(endings); i++) {
        size_t n = strlen(endings[i]);
        if (x->n_fold >= n + (i < 2 ? 0 : 3) && memcmp(x->fold + x->n_fold - n, endings[i], n) == 0)
            return true;
    }
    return word_in(x, " platz weg allee gasse ring ");
}

/* "Industriestraße 14", "Lange Gasse 22", "Keizersgracht 221": the number stands behind. */
static bool number_behind(const struct name_text *t, size_t i, struct name_found *out)
{
    const struct word *x = &t->w->items[i];
    size_t first = i, number = i + 1, n;
    struct reach r;
    bool alone;

    if (!x->capital || number >= t->w->n || !is_digit(t->text[x[1].start])) return false;
    if (!ends_in_street(x) || !(n = house_number(t, number))) return false;
    alone = word_in(x, " strasse str platz weg allee gasse ring ");
    if (!(t->w->items[number].start == x->end + 1 && strchr(" .", t->text[x->end])) &&
        !(t->w->items[number].start == x->end + 2 && t->text[x->end] == '.'))
        return false;
    while (first > 0 && i - first < MAX_STREET_WORDS) {
        const struct word *p = &t->w->items[first - 1];
        char gap = t->text[p->end];

        if (t->w->items[first].start != p->end + 1 || (gap != '-' && (gap != ' ' || !alone))) break;
        if (!p->letters || (!p->capital && !(first < i && word_in(p, " der den dem ")))) break;
        if (gap == ' ' && p->tags & (TAG_LEGAL | TAG_HEADER | TAG_LINK | TAG_WEAK_LINK | TAG_GERMAN) &&
            !word_in(p, " am an im auf zu "))
            break;
        first--;
        if (gap == ' ' && i - first > 2) break;
    }
    if (alone && first == i) return false;
    r = (struct reach){number + n, t->w->items[number + n - 1].end};
    take_tail(t, &r);
    return describe(t->w->items[first].start, &r, out);
}

/* "Am Güterbahnhof 3, 79761 Waldshut": no street word; only with a postcode behind. Word i: Am, Im, Zum. */
static bool place_behind(const struct name_text *t, size_t i, struct name_found *out)
{
    const struct word *x = &t->w->items[i];
    size_t number = i + 1, n;
    struct reach r;

    if (!x->capital || !(x->tags & (TAG_PLACE | TAG_WEAK_LINK | TAG_PARTICLE | TAG_ENGLISH | TAG_GERMAN)) ||
        !strchr("aizhuv", *x->fold)) /* as the words below begin */
        return false;
    while (number < t->w->n && number - i <= 3 && spaced(t, &t->w->items[number - 1], &t->w->items[number]) &&
           t->w->items[number].letters)
        number++;
    if (number == i + 1 || !word_in(x, " am an im auf in zum zur hinter unter vor ") ||
        !(n = house_number(t, number)) || !spaced(t, &t->w->items[number - 1], &t->w->items[number]))
        return false;
    r = (struct reach){number + n, t->w->items[number + n - 1].end};
    return take_postcode_city(t, &r) && describe(x->start, &r, out);
}

/* "12 rue des Tanneurs", "8 bis, avenue Jean Jaurès": the number before, the name behind. */
static bool street_first(const struct name_text *t, size_t i, struct name_found *out)
{
    const struct word *x = &t->w->items[i], *p = i ? x - 1 : NULL;
    size_t first = i, last = i;
    struct reach r;

    if (!word_in(x, " ru avenu av boulevard bd blvd place chemin allee quai cours route passage faubourg "
                    "impasse square via "
                    "viale piazza corso calle paseo avenida plaza rua "))
        return false;
    if (p && word_in(p, " bis ter quater ") && p->start + 3 <= x->start)
        p = --first ? &t->w->items[first - 1] : NULL;
    if (!p || !house_number(t, first - 1) || t->w->items[first].start - p->end > 2) return false;
    if (!strchr(" ,", t->text[p->end])) return false;
    first--;
    while (last + 1 < t->w->n && last - i < 6) {
        const struct word *y = &t->w->items[last + 1];

        if (y->start - t->w->items[last].end != 1 || !strchr(" -'", t->text[t->w->items[last].end])) break;
        if (!y->letters || !(y->capital || y->tags & TAG_PARTICLE || word_in(y, " des les d l et aux au ")))
            break;
        last++;
    }
    while (last > i && !t->w->items[last].capital)
        last--;
    if (last == i) return false;
    r = (struct reach){last + 1, t->w->items[last].end};
    take_tail(t, &r);
    return describe(t->w->items[first].start, &r, out);
}

/* "ul. Prosta 12", "Via Roma 5", "Calle Mayor 8": the street word first, the number last. */
static bool name_between(const struct name_text *t, size_t i, struct name_found *out)
{
    const struct word *x = &t->w->items[i];
    size_t last = i, n;
    struct reach r;

    if (!word_in(x, " ul al via viale piazza corso calle paseo avenida plaza rua rue avenu ")) return false;
    while (last + 1 < t->w->n && last - i < 4) {
        const struct word *y = &t->w->items[last + 1];

        if (y->start - t->w->items[last].end > 2 ||
            memchr(t->text + t->w->items[last].end, '\n', y->start - t->w->items[last].end) || !y->letters ||
            !(y->capital || y->tags & TAG_PARTICLE))
            break;
        last++;
    }
    if (last == i || !(n = house_number(t, last + 1)) ||
        t->w->items[last + 1].start - t->w->items[last].end > 2)
        return false;
    r = (struct reach){last + 1 + n, t->w->items[last + n].end};
    if (!take_tail(t, &r) && !x->capital && !(x->end < t->n && t->text[x->end] == '.')) return false;
    return describe(x->start, &r, out);
}

/* "PO Box 88, Yakima, WA 98907", "Postfach 12 34, 12345 Ort": only with a postcode. Word i: PO, Postfach. */
static bool box(const struct name_text *t, size_t i, struct name_found *out)
{
    const struct word *x = &t->w->items[i];
    size_t number = i + 1 + (word_is(x, "po") || word_is(x, "p"));
    struct reach r;

    if (!x->capital || !strchr("pb", *x->fold) || !word_in(x, " po postfach bp ")) return false;
    if (word_is(x, "po") && !(i + 1 < t->w->n && word_is(x + 1, "box"))) return false;
    if (number >= t->w->n || !is_digit(t->text[t->w->items[number].start])) return false;
    while (number + 1 < t->w->n && !t->w->items[number + 1].letters &&
           t->w->items[number + 1].start == t->w->items[number].end + 1 &&
           t->text[t->w->items[number].end] == ' ')
        number++;
    r = (struct reach){number + 1, t->w->items[number].end};
    return take_tail(t, &r) && describe(x->start, &r, out);
}

/* "4411 Larkspur Avenue", "310 W 4th St": number and name before the street word. */
static bool number_before(const struct name_text *t, size_t i, struct name_found *out)
{
    const struct word *x = &t->w->items[i];
    size_t first = i;
    bool number = false;
    struct reach r = {i + 1, x->end};

    if (!x->capital || !(x->tags & TAG_STREET) || i == 0) return false;
    while (first > 0 && i - first < MAX_STREET_WORDS) {
        const struct word *p = &t->w->items[first - 1];
        size_t gap = t->w->items[first].start - p->end;

        if (gap > 2 || (gap == 2 && t->text[p->end] != '.') || !strchr(" .-'", t->text[p->end])) break;
        if (!p->capital && !is_digit(t->text[p->start])) break;
        if (number && !is_digit(t->text[p->start])) break;
        if (house_number(t, first - 1) && first - 1 < i - 1) number = true;
        first--;
    }
    while (first < i && !is_digit(t->text[t->w->items[first].start])) {
        if (!number) break;
        first++;
    }
    if (r.end < t->n && t->text[r.end] == '.' && x->n_fold <= 4) r.end++;
    if (number && word_in(x, " road highway hwy route rd ") && i + 1 < t->w->n && x[1].start == x->end + 1 &&
        t->text[x->end] == ' ' && is_digit(t->text[x[1].start]))
        r = (struct reach){i + 2, x[1].end}; /* "2210 County Road 14" */
    if (number) {
        size_t at = first;

        if (at > 1 && take_unit(t, &(struct reach){at - 2, t->w->items[at - 2].start}) &&
            t->w->items[at].start - t->w->items[at - 1].end == 2)
            first = at - 2; /* "Flat 2, 14 Park Lane" */
        take_tail(t, &r);
        return describe(t->w->items[first].start, &r, out);
    }
    if (first == i && !word_in(x, " broadway ")) return false;
    if (!take_tail(t, &r)) return false; /* "Kelvin Trading Estate, Glasgow G20 0SP" */
    if (first > 1 && t->w->items[first].start - t->w->items[first - 1].end <= 2 &&
        take_unit(t, &(struct reach){first - 2, t->w->items[first - 2].start}))
        first -= 2;
    return describe(t->w->items[first].start, &r, out);
}

bool address_at(const struct name_text *t, size_t i, struct name_found *out)
{
    const struct word *x = &t->w->items[i];

    if (!x->letters || x->n_fold < 2) return false;
    if (x->tags & TAG_STREET)
        return street_first(t, i, out) || number_before(t, i, out) || number_behind(t, i, out) ||
               name_between(t, i, out);
    if (!x->capital) return false;
    return box(t, i, out) || number_behind(t, i, out) || place_behind(t, i, out);
}
