#include "http_fields.h"

#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "../base/clock.h"
#include "../base/str.h"

#define YEAR_MS (INT64_C(365) * 86400 * 1000)

/* ---- Link ------------------------------------------------------------------------------------------------------ */

static const char *skip_space(const char *s)
{
    return s + strspn(s, " \t");
}

/* RFC 9110, section 5.6.2 */
static size_t token_length(const char *s)
{
    return strspn(s, "!#$%&'*+-.^_`|~0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz");
}

/* A token or quoted string at s as a span without its quotes; NULL if malformed, else what is behind it. Escaped
 * characters stay escaped: none can occur in a relation type. */
static const char *parameter_value(const char *s, const char **value, size_t *n)
{
    const char *p;

    *value = s;
    if (*s != '"') {
        *n = token_length(s);
        return *n ? s + *n : NULL;
    }
    for (p = s + 1; *p && *p != '"'; p++) {
        if (*p == '\\' && !*++p) return NULL;
    }
    if (*p != '"') return NULL;
    *value = s + 1;
    *n = (size_t)(p - s - 1);
    return p + 1;
}

/* Whether the space-separated relation types in value[n] hold `rel`. */
static bool has_relation(const char *value, size_t n, const char *rel)
{
    size_t wanted = strlen(rel);

    for (size_t i = 0; i < n;) {
        size_t start = i;

        while (i < n && value[i] != ' ' && value[i] != '\t')
            i++;
        if (i - start == wanted && strncasecmp(value + start, rel, wanted) == 0) return true;
        while (i < n && (value[i] == ' ' || value[i] == '\t'))
            i++;
    }
    return false;
}

struct link_value {
    const char *target;
    size_t n;
    bool related, anchored;
};

/* One ";name=value" after the other at s; NULL if malformed. Only the first rel counts (section 3.3). */
static const char *parameters(const char *s, const char *rel, struct link_value *l)
{
    bool rel_seen = false;

    for (s = skip_space(s); *s == ';'; s = skip_space(s)) {
        const char *name, *value = "";
        size_t name_n, n = 0;

        name = s = skip_space(s + 1);
        name_n = token_length(s);
        s = skip_space(s + name_n);
        if (name_n == 0) continue; /* an empty parameter: ";;" */
        if (*s == '=') {
            s = parameter_value(skip_space(s + 1), &value, &n);
            if (!s) return NULL;
        }
        if (name_n == 6 && strncasecmp(name, "anchor", 6) == 0) l->anchored = true;
        if (name_n != 3 || strncasecmp(name, "rel", 3) != 0 || rel_seen) continue;
        rel_seen = true;
        l->related = has_relation(value, n, rel);
    }
    return s;
}

bool http_link(const char *value, const char *rel, struct buf *out)
{
    const char *s = value;

    for (;;) {
        struct link_value l = {0};

        s += strspn(s, " \t,");
        if (*s != '<') return false;
        l.target = s + 1;
        l.n = strcspn(l.target, ">");
        if (l.target[l.n] != '>') return false;
        s = parameters(l.target + l.n + 1, rel, &l);
        if (!s || (*s && *s != ',')) return false;
        if (l.related && !l.anchored) {
            buf_add(out, l.target, l.n);
            return true;
        }
    }
}

/* ---- dates ----------------------------------------------------------------------------------------------------- */

static const char *const months[] = {"Jan", "Feb", "Mar", "Apr", "May", "Jun",
                                     "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};
static const char *const days[] = {"Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"};
static const char *const long_days[] = {"Sunday", "Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday"};

/* Every take_ function moves *s behind what it took, or returns false. */
static bool take_text(const char **s, const char *text)
{
    if (!str_starts(*s, text)) return false;
    *s += strlen(text);
    return true;
}

static bool take_word(const char **s, const char *const *words, size_t n, int *index)
{
    for (size_t i = 0; i < n; i++) {
        if (!take_text(s, words[i])) continue;
        *index = (int)i;
        return true;
    }
    return false;
}

static bool take_digits(const char **s, int n, int *out)
{
    *out = 0;
    for (int i = 0; i < n; i++, (*s)++) {
        if (**s < '0' || **s > '9') return false;
        *out = *out * 10 + (**s - '0');
    }
    return true;
}

struct parts {
    int year, month, day, hour, minute, second; /* month from 0 */
};

static bool take_time(const char **s, struct parts *p)
{
    return take_digits(s, 2, &p->hour) && take_text(s, ":") && take_digits(s, 2, &p->minute) && take_text(s, ":") &&
           take_digits(s, 2, &p->second);
}

/* Sun, 06 Nov 1994 08:49:37 GMT */
static bool imf_fixdate(const char *s, struct parts *p)
{
    int weekday;

    return take_word(&s, days, COUNT_OF(days), &weekday) && take_text(&s, ", ") && take_digits(&s, 2, &p->day) &&
           take_text(&s, " ") && take_word(&s, months, COUNT_OF(months), &p->month) && take_text(&s, " ") &&
           take_digits(&s, 4, &p->year) && take_text(&s, " ") && take_time(&s, p) && str_eq(s, " GMT");
}

/* Sunday, 06-Nov-94 08:49:37 GMT */
static bool rfc850_date(const char *s, struct parts *p)
{
    int weekday;

    return take_word(&s, long_days, COUNT_OF(long_days), &weekday) && take_text(&s, ", ") &&
           take_digits(&s, 2, &p->day) && take_text(&s, "-") && take_word(&s, months, COUNT_OF(months), &p->month) &&
           take_text(&s, "-") && take_digits(&s, 2, &p->year) && take_text(&s, " ") && take_time(&s, p) &&
           str_eq(s, " GMT");
}

/* Sun Nov  6 08:49:37 1994 */
static bool asctime_date(const char *s, struct parts *p)
{
    int weekday;

    return take_word(&s, days, COUNT_OF(days), &weekday) && take_text(&s, " ") &&
           take_word(&s, months, COUNT_OF(months), &p->month) && take_text(&s, " ") &&
           (take_text(&s, " ") ? take_digits(&s, 1, &p->day) : take_digits(&s, 2, &p->day)) && take_text(&s, " ") &&
           take_time(&s, p) && take_text(&s, " ") && take_digits(&s, 4, &p->year) && *s == '\0';
}

static int year_of(int64_t seconds)
{
    int year, month, day;

    date_to_civil((int32_t)(seconds / 86400), &year, &month, &day);
    return year;
}

bool http_date(const char *s, int64_t now_s, int64_t *seconds)
{
    struct parts p;
    int32_t day;
    int year, month, of_month;

    if (rfc850_date(s, &p)) {
        p.year += year_of(now_s) / 100 * 100;
        if (p.year > year_of(now_s) + 50) p.year -= 100;
    } else if (!imf_fixdate(s, &p) && !asctime_date(s, &p)) {
        return false;
    }
    if (p.day < 1 || p.hour > 23 || p.minute > 59 || p.second > 60) return false;
    day = date_from_civil(p.year, p.month + 1, p.day);
    date_to_civil(day, &year, &month, &of_month); /* 30 February comes back as another day */
    if (month != p.month + 1 || of_month != p.day) return false;
    *seconds = (int64_t)day * 86400 + p.hour * 3600 + p.minute * 60 + p.second;
    return true;
}

bool http_retry_after(const char *s, int64_t now_s, int64_t *ms)
{
    int64_t at, wait_s = 0;
    size_t n = strspn(s, "0123456789");

    if (n && !s[n]) {
        for (; *s && wait_s <= YEAR_MS / 1000; s++)
            wait_s = wait_s * 10 + (*s - '0');
    } else if (http_date(s, now_s, &at)) {
        wait_s = at > now_s ? at - now_s : 0;
    } else {
        return false;
    }
    *ms = wait_s > YEAR_MS / 1000 ? YEAR_MS : wait_s * 1000;
    return true;
}
