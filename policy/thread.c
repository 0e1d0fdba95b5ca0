#include "thread.h"

#include <string.h>
#include <strings.h>

#include "../base/str.h"

#define MAX_SIGNATURE_LINES 8 /* a longer one is no signature, or text follows it */
#define HEADER_BLOCK_LINES 4  /* "From:" begins a quoted mail only with another header this near */

struct line {
    const char *s;
    size_t n;
};

static bool next_line(const char *text, size_t n, size_t *pos, struct line *out)
{
    const char *end;
    size_t len;

    if (*pos >= n) return false;
    end = memchr(text + *pos, '\n', n - *pos);
    len = end ? (size_t)(end - (text + *pos)) : n - *pos;
    *out = (struct line){text + *pos, len};
    *pos += len + (end ? 1 : 0);
    while (out->n && strchr(" \t\r", out->s[out->n - 1])) out->n--;
    return true;
}

static void skip_space(struct line *l)
{
    while (l->n && (*l->s == ' ' || *l->s == '\t')) l->s++, l->n--;
}

static bool begins(const struct line *l, const char *with)
{
    size_t n = strlen(with);

    return l->n >= n && strncasecmp(l->s, with, n) == 0;
}

static bool ends(const struct line *l, const char *with)
{
    size_t n = strlen(with);

    return l->n >= n && strncasecmp(l->s + l->n - n, with, n) == 0;
}

static bool begins_with_one(const struct line *l, const char *const *list, size_t n)
{
    for (size_t i = 0; i < n; i++)
        if (begins(l, list[i])) return true;
    return false;
}

static bool is_header(const struct line *l)
{
    static const char *const names[] = {"From:",    "Sent:", "To:",       "Cc:",     "Bcc:", "Subject:", "Date:",
                                        "Von:",     "An:",   "Gesendet:", "Betreff:", "Datum:", "Reply-To:",
                                        "*From:*",  "*Von:*"};

    return begins_with_one(l, names, COUNT_OF(names));
}

static bool is_divider(const struct line *l)
{
    return begins(l, "-----Original Message") || begins(l, "-----Urspr") || begins(l, "---------- Forwarded message") ||
           begins(l, "________________") || begins(l, "Begin forwarded message");
}

static bool is_attribution(const struct line *l)
{
    return l->n < 300 && ((begins(l, "On ") && ends(l, "wrote:")) ||
                          (begins(l, "Am ") && (ends(l, "schrieb:") || (memmem(l->s, l->n, " schrieb ", 9) && ends(l, ":")))) ||
                          (begins(l, "Le ") && ends(l, "crit :")));
}

/* "Thanks, [PERSON_1]" is a closing, "Thanks, we sign next week." is news. */
static bool is_just_a_name(const char *s, size_t n)
{
    size_t words = 0;

    for (size_t i = 0; i < n; i++) words += s[i] != ' ' && (i == 0 || s[i - 1] == ' ');
    return words <= 3 && (n == 0 || !strchr(".!?", s[n - 1]));
}

static bool is_closing(const struct line *l)
{
    static const char *const words[] = {"Best regards", "Kind regards", "Best wishes", "Warm regards", "Regards", "Sincerely",
                                        "Mit freundlich", "Mit besten Gr", "Viele Gr", "Beste Gr", "Liebe Gr", "Freundliche Gr",
                                        "Sch\xc3\xb6ne Gr", "Gru\xc3\x9f", ("Gr\xc3\xbc\xc3\x9f" "e"), "MfG", "Cordialement"};
    static const char *const with_comma[] = {"Cheers,", "Many thanks,", "Thanks,", "Best,", "LG,", "VG,"};

    if (l->n > 45) return false;
    for (size_t i = 0; i < COUNT_OF(with_comma); i++)
        if (begins(l, with_comma[i])) return is_just_a_name(l->s + strlen(with_comma[i]), l->n - strlen(with_comma[i]));
    return begins_with_one(l, words, COUNT_OF(words));
}

static bool is_sent_from(const struct line *l)
{
    return begins(l, "Sent from my ") || (begins(l, "Von meinem ") && ends(l, "gesendet")) || begins(l, "Get Outlook for ");
}

static bool is_signature_mark(const struct line *l)
{
    return l->n == 2 && memcmp(l->s, "--", 2) == 0;
}

/* "From:" opens a quoted mail if another header line follows soon: "From: Hamburg to Berlin ..." is a sentence. */
static bool opens_header_block(const char *text, size_t n, size_t pos, const struct line *l)
{
    struct line next;

    if (!begins(l, "From:") && !begins(l, "Von:") && !begins(l, "*From:*") && !begins(l, "*Von:*")) return false;
    for (int i = 0; i < HEADER_BLOCK_LINES && next_line(text, n, &pos, &next); i++) {
        skip_space(&next);
        if (is_header(&next)) return true;
    }
    return false;
}

/* How far a signature reaches: to the next quotation, an empty line followed by text after it, or the end. 0: none. */
static size_t signature_end(const char *text, size_t n, size_t pos)
{
    size_t end = pos;
    struct line l;

    for (int lines = 0; next_line(text, n, &pos, &l);) {
        skip_space(&l);
        if (begins(&l, ">") || is_divider(&l) || is_attribution(&l) || opens_header_block(text, n, pos, &l)) return end;
        if (l.n && ++lines > MAX_SIGNATURE_LINES) return 0;
        end = pos;
    }
    return end;
}

static void put(struct buf *b, const struct line *l)
{
    buf_add(b, l->s, l->n);
    buf_char(b, '\n');
}

void thread_split(const char *text, size_t n, struct buf *own, struct buf *quoted)
{
    bool deep = false, headers = false; /* inside a quoted mail without marks; in its header lines */
    size_t pos = 0, end;
    struct line l;

    while (next_line(text, n, &pos, &l)) {
        bool marked = false;

        skip_space(&l);
        while (begins(&l, ">")) {
            marked = true;
            l.s++, l.n--;
            skip_space(&l);
        }
        if (is_divider(&l) || opens_header_block(text, n, pos, &l)) {
            deep = true;
            headers = !is_divider(&l);
            continue;
        }
        if (is_attribution(&l)) {
            struct line next = {0}; /* an attribution may be the last line */
            size_t ahead = pos;
            while (next_line(text, n, &ahead, &next) && !next.n) {}
            deep = deep || !begins(&next, ">"); /* unmarked quotation: all that follows */
            continue;
        }
        if ((headers || deep || marked) && is_header(&l)) continue;
        if (l.n) headers = false;
        if (is_sent_from(&l)) continue;
        if ((is_closing(&l) || is_signature_mark(&l)) && (end = signature_end(text, n, pos)) > 0) {
            pos = end;
            continue;
        }
        put(deep || marked ? quoted : own, &l);
    }
}
