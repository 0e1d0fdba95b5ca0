/* values.c: see values.h. Numbers stay decimal: digits and a scale, never a double. */
#include "values.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "../base/clock.h"
#include "../base/str.h"
#include "detect.h"
#include "normalise.h"
#include "words.h"

#define MAX_VALUE_BYTES 200 /* longer matches are no values */
#define MAX_DIGITS      18  /* of an int64_t */

/* ---- languages ------------------------------------------------------------------------------------------------- */

enum language { EN, DE, FR };

static enum language language_of(const char *s)
{
    if (s && strncasecmp(s, "de", 2) == 0) return DE;
    if (s && strncasecmp(s, "fr", 2) == 0) return FR;
    return EN;
}

void value_locale_init(struct value_locale *l, const char *tag)
{
    static const char *const languages[] = {"en", "de", "fr"};

    *l = (struct value_locale){.language = languages[language_of(tag)], .today = INT32_MIN};
    l->month_first =
        tag && (strcasecmp(tag, "en-us") == 0 || strcasecmp(tag, "en_us") == 0 || strcasecmp(tag, "us") == 0);
}

static const char *const month_names[3][12] = {
    {"January", "February", "March", "April", "May", "June", "July", "August", "September", "October",
     "November", "December"},
    {"Januar", "Februar", "März", "April", "Mai", "Juni", "Juli", "August", "September", "Oktober",
     "November", "Dezember"},
    {"janvier", "février", "mars", "avril", "mai", "juin", "juillet", "août", "septembre", "octobre",
     "novembre", "décembre"}};

/* Folded beginnings (words.h) of month names and their abbreviations. */
static int month_of(const struct word *w)
{
    static const struct {
        const char *prefix;
        int month;
    } table[] = {{"jan", 1},  {"feb", 2}, {"fev", 2},  {"mar", 3},  {"mrz", 3},  {"apr", 4},  {"avr", 4},
                 {"may", 5},  {"mai", 5}, {"jun", 6},  {"juin", 6}, {"jul", 7},  {"juil", 7}, {"aug", 8},
                 {"aout", 8}, {"sep", 9}, {"oct", 10}, {"okt", 10}, {"nov", 11}, {"dec", 12}, {"dez", 12}};

    for (size_t i = 0; i < COUNT_OF(table); i++)
        if (w->letters && str_starts(w->fold, table[i].prefix)) return table[i].month;
    return 0;
}

/* ---- decimals -------------------------------------------------------------------------------------------------- */

static void trim_zeros(struct value *v)
{
    while (v->scale > 0 && v->digits % 10 == 0) {
        v->digits /= 10;
        v->scale--;
    }
}

static bool add_digit(struct value *v, char c)
{
    if (v->digits > (INT64_MAX - 9) / 10) return false;
    v->digits = v->digits * 10 + (c - '0');
    return true;
}

/* Multiply by 10^n. */
static bool scale_up(struct value *v, unsigned n)
{
    for (; n > 0; n--) {
        if (v->scale > 0)
            v->scale--;
        else if (v->digits > INT64_MAX / 10 || v->digits < INT64_MIN / 10)
            return false;
        else
            v->digits *= 10;
    }
    trim_zeros(v);
    return true;
}

/* Which of s's separators is the decimal one; 0: none. False: the groups make no number ("1.2.3", "12,34,567"). */
static bool decimal_separator(const char *s, size_t n, enum language lang, char *out)
{
    size_t count[2] = {0}, last[2] = {0}; /* '.', ',' */
    char decimal = lang == EN ? '.' : ',', c;

    *out = 0;
    for (size_t i = 0; i < n; i++) {
        if (s[i] != '.' && s[i] != ',') continue;
        count[s[i] == ',']++;
        last[s[i] == ','] = i;
    }
    if (count[0] && count[1]) {
        c = last[0] > last[1] ? '.' : ',';
        if (count[c == ','] > 1) return false;
        *out = c;
    } else if (count[0] + count[1] == 1) {
        size_t at = last[count[1] == 1];
        bool could_group = n - at - 1 == 3 && at >= 1 && at <= 3 && s[0] != '0';

        c = s[at];
        if (!could_group || c == decimal) *out = c; /* the unclear one, 1.500: as the language writes it */
    }
    return true;
}

/* Digits with group and decimal separators. */
static bool parse_number(const char *s, size_t n, enum language lang, struct value *v)
{
    char decimal;
    bool behind = false;
    size_t group = 0, groups = 0, n_digits = 0;

    v->digits = 0;
    v->scale = 0;
    if (!decimal_separator(s, n, lang, &decimal)) return false;
    for (size_t i = 0; i < n; i++) {
        if (s[i] >= '0' && s[i] <= '9') {
            if (!add_digit(v, s[i]) || ++n_digits > MAX_DIGITS) return false;
            group++;
            v->scale += behind;
        } else {
            /* a group has three digits, the first one to three */
            if (behind || group == 0 || (groups && group != 3) || (s[i] != decimal && group > 3))
                return false;
            if (s[i] == decimal)
                behind = true;
            else
                groups++;
            group = 0;
        }
    }
    if (n_digits == 0 || (groups && !behind && group != 3)) return false;
    trim_zeros(v);
    return true;
}

/* ---- money ----------------------------------------------------------------------------------------------------- */

static const struct {
    const char *written; /* folded word or sign */
    const char *code;
} currencies[] = {
    {"€", "EUR"},       {"eur", "EUR"},   {"euro", "EUR"},   {"euros", "EUR"}, {"£", "GBP"},
    {"gbp", "GBP"},     {"pound", "GBP"}, {"pounds", "GBP"}, {"us$", "USD"},   {"ca$", "CAD"},
    {"c$", "CAD"},      {"au$", "AUD"},   {"nz$", "NZD"},    {"hk$", "HKD"},   {"sg$", "SGD"},
    {"a$", "AUD"},      {"s$", "SGD"},    {"$", "USD"},      {"usd", "USD"},   {"dollar", "USD"},
    {"dollars", "USD"}, {"¥", "JPY"},     {"₹", "INR"},      {"chf", "CHF"},   {"franken", "CHF"},
    {"francs", "CHF"},  {"franc", "CHF"}, {"jpy", "JPY"},    {"cny", "CNY"},   {"inr", "INR"},
    {"sek", "SEK"},     {"nok", "NOK"},   {"dkk", "DKK"},    {"pln", "PLN"},   {"czk", "CZK"},
    {"huf", "HUF"},     {"cad", "CAD"},   {"aud", "AUD"},    {"nzd", "NZD"},   {"zar", "ZAR"},
    {"brl", "BRL"},     {"sgd", "SGD"}};

static bool letter(char c)
{
    return (c | 0x20) >= 'a' && (c | 0x20) <= 'z';
}

static const char *find_currency(const char *s)
{
    for (size_t i = 0; i < COUNT_OF(currencies); i++) {
        size_t len = strlen(currencies[i].written);

        for (const char *p = s; *p; p++) {
            if (strncasecmp(p, currencies[i].written, len) != 0) continue;
            if (!letter(p[len - 1]) || ((p == s || !letter(p[-1])) && !letter(p[len])))
                return currencies[i].code;
        }
    }
    return NULL;
}

/* Power of ten of the multiplier that stands behind the number; 0: none. */
static unsigned multiplier(const char *s)
{
    static const struct {
        const char *word;
        unsigned power;
    } table[] = {{"milliard", 9}, {"mrd", 9}, {"billion", 9}, {"bn", 9},       {"million", 6},
                 {"mio", 6},      {"mn", 6},  {"mille", 3},   {"thousand", 3}, {"tausend", 3},
                 {"tsd", 3},      {"k", 3},   {"m", 6}};

    while (*s == ' ')
        s++;
    for (size_t i = 0; i < COUNT_OF(table); i++) {
        size_t len = strlen(table[i].word);

        if (strncasecmp(s, table[i].word, len) == 0 && (len > 3 || !letter(s[len]))) return table[i].power;
    }
    return 0;
}

static bool parse_money(const char *s, const struct value_locale *l, struct value *out)
{
    size_t start = strcspn(s, "0123456789"), n;
    const char *currency = find_currency(s);
    bool negative = memchr(s, '-', start) != NULL;

    if (!s[start]) return false;
    n = strspn(s + start, "0123456789., '");
    while (n > 0 && (s[start + n - 1] < '0' || s[start + n - 1] > '9'))
        n--;
    if (!parse_number(s + start, n, language_of(l->language), out)) return false;
    if (!scale_up(out, multiplier(s + start + n))) return false;
    if (negative) out->digits = -out->digits;
    if (!currency) currency = l->currency;
    if (currency) snprintf(out->currency, sizeof(out->currency), "%s", currency);
    out->kind = VALUE_MONEY;
    return true;
}

bool value_money(const char *digits, const char *currency, struct value *out)
{
    const char *p = digits;
    size_t n = 0;

    memset(out, 0, sizeof(*out));
    if (*p == '-' || *p == '+') p++;
    for (bool behind = false; *p; p++) {
        if (*p == '.' && !behind && n > 0) {
            behind = true;
            continue;
        }
        if (*p < '0' || *p > '9' || ++n > MAX_DIGITS) return false;
        (void)add_digit(out, *p);
        out->scale += behind;
    }
    if (n == 0) return false;
    if (digits[0] == '-') out->digits = -out->digits;
    trim_zeros(out);
    if (currency) snprintf(out->currency, sizeof(out->currency), "%s", currency);
    out->kind = VALUE_MONEY;
    return true;
}

/* ---- plain numbers --------------------------------------------------------------------------------------------- */

static bool parse_plain(const char *s, const struct value_locale *l, struct value *out)
{
    size_t n = strlen(s);
    bool negative = s[0] == '-', percent = n > 0 && s[n - 1] == '%';

    if (s[0] == '-' || s[0] == '+') s++, n--;
    if (percent) n--;
    while (n > 0 && s[n - 1] == ' ')
        n--;
    if (n == 0 || strspn(s, "0123456789.,'") < n) return false;
    if (s[0] == '0' && n > 1 && s[1] >= '0' && s[1] <= '9') return false; /* 0042 is a code */
    if (!parse_number(s, n, language_of(l->language), out)) return false;
    if (negative) out->digits = -out->digits;
    out->kind = percent ? VALUE_PERCENT : VALUE_NUMBER;
    return true;
}

/* ---- dates ----------------------------------------------------------------------------------------------------- */

#define MAX_PARTS 4

/* What a date's text is made of. */
struct date_parts {
    int number[MAX_PARTS];
    size_t width[MAX_PARTS]; /* digits of it */
    size_t n;
    int month;           /* from a name */
    size_t before_month; /* numbers before the name */
    int quarter;         /* Q3 */
    bool quarter_word;   /* "3. Quartal" */
    char separator;      /* behind the first number or month */
};

static bool suffix(const char *s)
{
    static const char *const known[] = {"", "st", "nd", "rd", "th", "er"};

    for (size_t i = 0; i < COUNT_OF(known); i++)
        if (strcmp(s, known[i]) == 0) return true;
    return false;
}

/* False: there is something in it that no date has. */
static bool take_apart(const char *text, const struct words *w, struct date_parts *p)
{
    memset(p, 0, sizeof(*p));
    for (size_t i = 0; i < w->n; i++) {
        const struct word *x = &w->items[i];
        size_t digits = strspn(x->fold, "0123456789");

        if (digits) {
            if (p->n == MAX_PARTS || digits > 4 || !suffix(x->fold + digits)) return false;
            p->number[p->n] = atoi(x->fold);
            p->width[p->n] = digits;
            if (!p->separator) p->separator = text[x->end];
            p->n++;
        } else if (x->fold[0] == 'q' && x->n_fold == 2 && x->fold[1] >= '1' && x->fold[1] <= '4') {
            p->quarter = x->fold[1] - '0';
        } else if (month_of(x) && !p->month) {
            p->month = month_of(x);
            p->before_month = p->n;
            if (!p->separator) p->separator = text[x->end];
        } else if (word_in(x, " quartal quarter trimestre ")) {
            p->quarter_word = true;
        } else if (!word_in(x, " of de ")) {
            return false;
        }
    }
    return true;
}

static int full_year(int year, size_t width)
{
    if (width == 4) return year;
    return year < 70 ? 2000 + year : 1900 + year;
}

static bool set_date(struct value *out, enum value_kind kind, int year, int month, int day)
{
    int y, m, d;

    if (year < 1600 || year > 2400 || month < 1 || month > 12 || day < 1 || day > 31) return false;
    out->kind = kind;
    out->days = date_from_civil(year, month, day);
    date_to_civil(out->days, &y, &m, &d);
    return m == month && d == day;
}

/* The year that brings month and day nearest to today. */
static bool set_date_without_year(struct value *out, const struct value_locale *l, int month, int day)
{
    int year, m, d;
    int64_t best = INT64_MAX;
    struct value v = *out;

    if (l->today == INT32_MIN) return false;
    date_to_civil(l->today, &year, &m, &d);
    for (int y = year - 1; y <= year + 1; y++) {
        int64_t distance;

        if (!set_date(&v, VALUE_DATE, y, month, day)) continue;
        distance = v.days > l->today ? (int64_t)v.days - l->today : (int64_t)l->today - v.days;
        if (distance < best) {
            best = distance;
            *out = v;
        }
    }
    return best != INT64_MAX;
}

/* Which of two numbers is the day: what can't be a month decides, then the separator, then the locale. */
static bool day_is_first(const struct date_parts *p, const struct value_locale *l)
{
    if (p->number[0] > 12) return true;
    if (p->number[1] > 12) return false;
    return p->separator == '.' || !l->month_first;
}

static bool parse_date(const char *text, const struct value_locale *l, struct value *out)
{
    struct words w;
    struct date_parts p;
    bool ok;
    int day, month;

    if (words_split(text, strlen(text), &w, NULL) != RC_OK) return false;
    ok = take_apart(text, &w, &p);
    words_clear(&w);
    if (!ok) return false;
    if (p.quarter_word && p.n == 2)
        return p.number[0] >= 1 && p.number[0] <= 4 &&
               set_date(out, VALUE_QUARTER, p.number[1], p.number[0] * 3 - 2, 1);
    if (p.quarter)
        return p.n == 1 && p.width[0] == 4 && set_date(out, VALUE_QUARTER, p.number[0], p.quarter * 3 - 2, 1);
    if (p.month) {
        if (p.n == 2)
            return set_date(out, VALUE_DATE, full_year(p.number[1], p.width[1]), p.month, p.number[0]);
        if (p.n != 1) return false;
        if (p.width[0] == 4) return set_date(out, VALUE_MONTH, p.number[0], p.month, 1);
        if (p.before_month == 0 && p.separator == '-') return false; /* May-21: a day or a year */
        return set_date_without_year(out, l, p.month, p.number[0]);
    }
    if (p.n == 3 && p.width[0] == 4) return set_date(out, VALUE_DATE, p.number[0], p.number[1], p.number[2]);
    if (p.n == 2 && p.width[1] == 4) return set_date(out, VALUE_MONTH, p.number[1], p.number[0], 1);
    if (p.n != 2 && p.n != 3) return false;
    day = p.number[day_is_first(&p, l) ? 0 : 1];
    month = p.number[day_is_first(&p, l) ? 1 : 0];
    if (p.n == 3) return set_date(out, VALUE_DATE, full_year(p.number[2], p.width[2]), month, day);
    return set_date_without_year(out, l, month, day);
}

/* ---- the front ------------------------------------------------------------------------------------------------- */

void value_parse(const char *entity, const char *s, size_t n, const struct value_locale *l, struct value *out)
{
    struct normalised t;
    const char *word = detect_slot_word(entity);
    bool ok = false;

    memset(out, 0, sizeof(*out));
    if (n == 0 || normalise(s, n, MAX_VALUE_BYTES, &t, NULL) != RC_OK) return;
    if (strcmp(word, "MONEY") == 0)
        ok = parse_money(t.text, l, out);
    else if (strcmp(word, "DATE") == 0)
        ok = parse_date(t.text, l, out);
    else if (strcmp(word, "NUM") == 0)
        ok = parse_plain(t.text, l, out);
    normalise_clear(&t);
    if (!ok) memset(out, 0, sizeof(*out)); /* VALUE_TEXT */
}

void value_date(int32_t days, struct value *out)
{
    memset(out, 0, sizeof(*out));
    out->kind = VALUE_DATE;
    out->days = days;
}

bool value_equal(const struct value *a, const struct value *b)
{
    if (a->kind != b->kind || a->kind == VALUE_TEXT) return false;
    return a->digits == b->digits && a->scale == b->scale && a->days == b->days &&
           strcmp(a->currency, b->currency) == 0;
}

/* ---- writing --------------------------------------------------------------------------------------------------- */

static void write_decimal(const struct value *v, const char *group, const char *point, unsigned least,
                          struct buf *out)
{
    char digits[24];
    unsigned places = v->scale > least ? v->scale : least;
    uint64_t magnitude = v->digits < 0 ? 0 - (uint64_t)v->digits : (uint64_t)v->digits;
    size_t n =
        (size_t)snprintf(digits, sizeof(digits), "%0*llu", (int)v->scale + 1, (unsigned long long)magnitude);
    size_t whole = n - v->scale;

    if (v->digits < 0) buf_char(out, '-');
    for (size_t i = 0; i < whole; i++) {
        if (i && (whole - i) % 3 == 0) buf_str(out, group);
        buf_char(out, digits[i]);
    }
    if (places) buf_str(out, point);
    for (unsigned i = 0; i < places; i++)
        buf_char(out, i < v->scale ? digits[whole + i] : '0');
}

void value_key(const struct value *v, struct buf *out)
{
    static const char *const kinds[] = {"", "money:", "date:", "month:", "quarter:", "number:", "percent:"};
    char date[DATE_TEXT_SIZE];

    if (v->kind == VALUE_TEXT) return;
    buf_str(out, kinds[v->kind]);
    if (v->kind == VALUE_DATE || v->kind == VALUE_MONTH || v->kind == VALUE_QUARTER) {
        date_format(v->days, date);
        buf_str(out, date);
        return;
    }
    if (v->kind == VALUE_MONEY) buf_printf(out, "%s:", v->currency);
    write_decimal(v, "", ".", 0, out);
}

static void write_money(const struct value *v, enum language lang, struct buf *out)
{
    const char *sign = strcmp(v->currency, "EUR") == 0 ? "€" : v->currency;

    if (lang == EN) {
        if (v->currency[0]) buf_printf(out, "%s ", v->currency);
        write_decimal(v, ",", ".", v->scale ? 2 : 0, out);
        return;
    }
    write_decimal(v, lang == DE ? "." : "\xc2\xa0", ",", 2, out);
    if (v->currency[0]) buf_printf(out, " %s", sign);
}

static void write_date(const struct value *v, enum language lang, struct buf *out)
{
    int year, month, day;

    date_to_civil(v->days, &year, &month, &day);
    if (v->kind == VALUE_QUARTER)
        buf_printf(out, lang == FR ? "T%d %d" : "Q%d %d", (month + 2) / 3, year);
    else if (v->kind == VALUE_MONTH)
        buf_printf(out, "%s %d", month_names[lang][month - 1], year);
    else if (lang == DE)
        buf_printf(out, "%d. %s %d", day, month_names[lang][month - 1], year);
    else if (lang == FR && day == 1)
        buf_printf(out, "1er %s %d", month_names[lang][month - 1], year);
    else
        buf_printf(out, "%d %s %d", day, month_names[lang][month - 1], year);
}

void value_format(const struct value *v, const char *language, struct buf *out)
{
    enum language lang = language_of(language);

    switch (v->kind) {
    case VALUE_TEXT:
        break;
    case VALUE_MONEY:
        write_money(v, lang, out);
        break;
    case VALUE_DATE:
    case VALUE_MONTH:
    case VALUE_QUARTER:
        write_date(v, lang, out);
        break;
    case VALUE_NUMBER:
    case VALUE_PERCENT:
        /* no groups: 80331 may be a code, 2026 a year */
        write_decimal(v, "", lang == EN ? "." : ",", 0, out);
        if (v->kind == VALUE_PERCENT) buf_str(out, lang == EN ? "%" : " %");
        break;
    }
}

void value_format_days(int64_t days, const char *language, enum value_case c, struct buf *out)
{
    static const struct {
        const char *one[2], *many[2]; /* by case */
    } words[] = {{{"one day", "one day"}, {"days", "days"}},
                 {{"ein Tag", "einem Tag"}, {"Tage", "Tagen"}},
                 {{"un jour", "un jour"}, {"jours", "jours"}}};
    enum language lang = language_of(language);

    if (days == 1)
        buf_str(out, words[lang].one[c]);
    else
        buf_printf(out, "%lld %s", (long long)days, words[lang].many[c]);
}
