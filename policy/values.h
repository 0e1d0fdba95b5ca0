/* values.h: amounts, dates and numbers as values: read from text in a locale, compared, and written in a language.
 * "48k EUR", "€48,000.00" and "48.000,00 €" (de) are one value and so get one slot. */
#ifndef POLICY_VALUES_H
#define POLICY_VALUES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include "../base/buf.h"

enum value_kind {
    VALUE_TEXT, /* couldn't be read as one of the others ("next Tue", "24/7", "v2.3"): its own text is its form */
    VALUE_MONEY,
    VALUE_DATE,    /* a day */
    VALUE_MONTH,   /* a month of a year; days is its first */
    VALUE_QUARTER, /* a quarter of a year; days is its first */
    VALUE_NUMBER,
    VALUE_PERCENT
};

struct value {
    enum value_kind kind;
    int64_t digits; /* amount = digits / 10^scale; no trailing zeros: scale is the least possible */
    unsigned scale;
    char currency[4]; /* ISO 4217; "" when the text names none */
    int32_t days;     /* VALUE_DATE, _MONTH, _QUARTER: days since 1970-01-01 */
};

/* How an unclear spelling is read. */
struct value_locale {
    const char *language; /* "de": 1.500 is 1500, 3.12.2026 day first; "en": 1.500 is 1.5 */
    bool month_first;     /* 3/12/2026: the US reads March */
    const char *currency; /* for amounts that name none, or NULL */
    int32_t today; /* for dates without a year (the nearest one); INT32_MIN: such dates stay VALUE_TEXT */
};
/* From a BCP 47 tag or country: "de", "de-AT", "en-US", "en_GB", "fr"; NULL or unknown: "en", day first. */
void value_locale_init(struct value_locale *l, const char *tag);

/* Text of a detector's match; entity "MONEY", "DATE_TIME", "NUMBER" (short words too). Never fails: what can't be read
 * is VALUE_TEXT. */
void value_parse(const char *entity, const char *s, size_t n, const struct value_locale *l,
                 struct value *out);
/* From record fields: exact digits ("48000.00") and ISO code; false if not a decimal of at most 18 digits. */
bool value_money(const char *digits, const char *currency, struct value *out);
void value_date(int32_t days, struct value *out);

bool value_equal(const struct value *a,
                 const struct value *b); /* VALUE_TEXT never equals: compare the texts */
/* A normal form for hashing and equal slots: "money:EUR:48000", "date:2026-03-12", "number:1.5". Nothing for
 * VALUE_TEXT. */
void value_key(const struct value *v, struct buf *out);

/* Written in "en", "de", "fr" (others as "en"): "EUR 48,000", "48.000,00 €", "12 March 2026", "12. März 2026",
 * "Q3 2026", "1,5", "10 %". In English cents only when there are any; plain numbers are never grouped, since they
 * may be codes or years. Nothing for VALUE_TEXT. */
void value_format(const struct value *v, const char *language, struct buf *out);

/* Counted days and the like: 12 -> "12 days", 1 -> "one day"; de: "12 Tage" / dative "12 Tagen", "ein Tag" /
 * "einem Tag"; fr: "12 jours", "un jour". */
enum value_case { VALUE_NOMINATIVE, VALUE_DATIVE };
void value_format_days(int64_t days, const char *language, enum value_case c, struct buf *out);

#endif
