#include "config_text.h"

#include <ctype.h>
#include <stdio.h>
#include <string.h>
#include "../base/str.h"

#define MASK "***"

static bool is_one_of(const char *word, const char *const *words, size_t n)
{
    for (size_t i = 0; i < n; i++)
        if (str_eq_nocase(word, words[i]))
            return true;
    return false;
}

/* Maps of which any value may be a secret, or is a person's (senders), and members that are none and say how it works. */
static bool opens_secrets(const char *key)
{
    static const char *const maps[] = {"auth", "headers", "query", "extra", "senders"};
    return is_one_of(key, maps, COUNT_OF(maps));
}

static bool is_harmless(const char *key)
{
    static const char *const keys[] = {"type", "header", "prefix", "scope", "send", "Accept", "Content-Type"};
    return is_one_of(key, keys, COUNT_OF(keys));
}

/* "api_key", "ClientSecret", "db-password", but not "key" alone: so objects name their column. */
static bool names_secret(const char *key)
{
    static const char *const parts[] = {"password", "passwd", "secret", "token", "apikey", "accesskey", "privatekey", "credential"};
    char plain[64];
    size_t n = 0;
    for (const char *c = key; *c && n + 1 < sizeof(plain); c++)
        if (isalnum((unsigned char)*c))
            plain[n++] = (char)tolower((unsigned char)*c);
    plain[n] = '\0';
    for (size_t i = 0; i < COUNT_OF(parts); i++)
        if (strstr(plain, parts[i]))
            return true;
    return false;
}

/* Only where a secret is to be found: the whole value is one variable or a path. */
static bool only_points(const char *value)
{
    size_t n = strlen(value);
    if (str_starts(value, "file:"))
        return true;
    return n > 3 && str_starts(value, "${") && strchr(value, '}') == value + n - 1;
}

/* ---- DSNs ------------------------------------------------------------------------------------------------------- */

static bool is_blank(char c)
{
    return c == ' ' || c == '\t' || c == '\n' || c == '\r';
}

static size_t blanks(const char *s)
{
    size_t n = 0;
    while (is_blank(s[n]))
        n++;
    return n;
}

/* Length of a value of a libpq string: in quotes, with \ before any character, and on to the next blank. */
static size_t value_length(const char *s)
{
    bool quoted = *s == '\'';
    size_t n = quoted;
    while (s[n] && (quoted || !is_blank(s[n]))) {
        if (s[n] == '\'' && quoted) {
            quoted = false;
        } else if (s[n] == '\\' && s[n + 1])
            n++;
        n++;
    }
    return n;
}

/* "host=db password = 'a b'": what is not of this form goes through as it is. */
static void put_words(struct buf *b, const char *dsn)
{
    char key[64];
    for (const char *at = dsn; *at;) {
        size_t gap = blanks(at), n = strcspn(at + gap, "= \t\n\r"), to = gap + n + blanks(at + gap + n);
        if (at[to] != '=') {
            to = gap + n;
            buf_add(b, at, to);
            at += to;
            continue;
        }
        snprintf(key, sizeof(key), "%.*s", n < sizeof(key) ? (int)n : (int)sizeof(key) - 1, at + gap);
        to += 1 + blanks(at + to + 1);
        size_t value = value_length(at + to);
        buf_add(b, at, to);
        if (value && (names_secret(key) || str_starts(key, "pass")))
            buf_str(b, MASK);
        else
            buf_add(b, at + to, value);
        at += to + value;
    }
}

/* scheme://user:PASSWORD@host/path?QUERY: of the query only the names stay. The last @ ends what may be secret, also one
 * that should have been escaped: better a host too few than a password too many. */
static void put_url(struct buf *b, const char *url)
{
    const char *begin = strstr(url, "://") + 3, *at = strrchr(begin, '@');
    const char *colon = at ? memchr(begin, ':', (size_t)(at - begin)) : NULL;
    bool user_is_name = str_starts(url, "postgres"); /* elsewhere it is often a token */
    const char *rest = at ? at : begin, *query = strchr(rest, '?');
    buf_add(b, url, (size_t)(begin - url));
    if (at && user_is_name)
        buf_add(b, begin, (size_t)((colon ? colon : at) - begin));
    if (at && (colon || !user_is_name))
        buf_printf(b, "%s%s", user_is_name ? ":" : "", MASK);
    if (!query) {
        buf_str(b, rest);
        return;
    }
    buf_add(b, rest, (size_t)(query - rest));
    for (const char *p = query; *p;) {
        size_t name = strcspn(p + 1, "=&") + 1;
        buf_add(b, p, name);
        size_t value = p[name] == '=' ? strcspn(p + name, "&") : 0;
        /* Where a PostgreSQL server is and who asks is no secret, and tells one source from another. */
        bool plain = str_starts(p + 1, "host=") || str_starts(p + 1, "port=") || str_starts(p + 1, "user=") ||
                     str_starts(p + 1, "dbname=") || str_starts(p + 1, "sslmode=");
        if (value && plain)
            buf_add(b, p + name, value);
        else if (value)
            buf_str(b, "=" MASK);
        p += name + value;
    }
}

static void put_dsn(struct buf *b, const char *dsn)
{
    size_t scheme = strspn(dsn, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789+.-");
    if (str_starts(dsn + scheme, "://")) /* not one inside a password */
        put_url(b, dsn);
    else if (strchr(dsn, '='))
        put_words(b, dsn);
    else
        buf_str(b, dsn);
}

/* ---- the tree --------------------------------------------------------------------------------------------------- */

static void put_scalar(struct buf *b, const char *text)
{
    static const char plain[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_./-";
    size_t n = strlen(text);
    if (n && strspn(text, plain) == n && text[0] != '-')
        buf_str(b, text);
    else
        buf_json(b, text, n); /* a JSON string is a YAML one */
}

static void put_value(struct buf *b, const struct yaml_node *n, bool secret)
{
    struct buf shown;
    buf_init(&shown, YAML_MAX_BYTES);
    bool harmless = n->key && is_harmless(n->key);
    if (only_points(n->text) || !*n->text)
        buf_str(&shown, n->text);
    else if ((secret && !harmless) || (n->key && names_secret(n->key)))
        buf_str(&shown, MASK);
    else
        put_dsn(&shown, n->text);
    put_scalar(b, shown.data);
    if (b->failed == RC_OK)
        b->failed = shown.failed;
    buf_wipe(&shown);
}

/* YAML 1.1, section 9.1.2: a key that stands before its colon on one line has 1024 characters at most; "? KEY" any number. */
static void put_key(struct buf *b, const char *key, int depth)
{
    bool longer = strlen(key) > 1000 / 6; /* escaped at the worst */
    buf_str(b, longer ? "? " : "");
    put_scalar(b, key);
    if (longer)
        buf_printf(b, "\n%*s", 2 * depth, "");
    buf_char(b, ':');
}

static void put_node(struct buf *b, const struct yaml_node *n, int depth, bool secret)
{
    secret = secret || (n->key && opens_secrets(n->key));
    if (n->kind == YAML_SCALAR) {
        buf_char(b, ' ');
        put_value(b, n, secret);
        buf_char(b, '\n');
        return;
    }
    if (!n->first) {
        buf_str(b, n->kind == YAML_MAP ? " {}\n" : " []\n");
        return;
    }
    if (depth > 0)
        buf_char(b, '\n');
    for (const struct yaml_node *m = n->first; m; m = m->next) {
        buf_printf(b, "%*s", 2 * depth, "");
        if (n->kind == YAML_LIST)
            buf_char(b, '-');
        else
            put_key(b, m->key, depth);
        put_node(b, m, depth + 1, secret);
    }
}

void config_text(const struct yaml_node *root, struct buf *out)
{
    put_node(out, root, 0, false);
}
