#include "config_text.h"

#include <ctype.h>
#include <string.h>
#include "../base/str.h"

#define MASK "***"
#define BLANKS " \t\n"

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

/* "password=..." of a libpq string: quoted, or up to the next blank. */
static void put_words(struct buf *b, const char *dsn)
{
    for (const char *at = dsn; *at;) {
        size_t key = strcspn(at, "=" BLANKS), value;
        if (at[key] != '=') { /* a blank, or the end */
            key += at[key] != '\0';
            buf_add(b, at, key);
            at += key;
            continue;
        }
        const char *from = at + key + 1;
        if (*from == '\'') {
            const char *end = strchr(from + 1, '\'');
            value = end ? (size_t)(end + 1 - from) : strlen(from);
        } else
            value = strcspn(from, BLANKS);
        bool secret = key >= 4 && (strncmp(at, "pass", 4) == 0 || (key == 11 && strncmp(at, "sslpassword", 11) == 0));
        buf_add(b, at, key + 1);
        if (secret)
            buf_str(b, MASK);
        else
            buf_add(b, from, value);
        at = from + value;
    }
}

/* scheme://user:PASSWORD@host/path?QUERY: of the query only the names stay. */
static void put_url(struct buf *b, const char *url)
{
    const char *host = strstr(url, "://") + 3;
    size_t authority = strcspn(host, "/?#");
    const char *at = memrchr(host, '@', authority), *colon = at ? memchr(host, ':', (size_t)(at - host)) : NULL;
    const char *rest = at ? at : host, *query = strchr(rest, '?');
    buf_add(b, url, (size_t)((colon ? colon : rest) - url));
    if (colon)
        buf_str(b, ":" MASK);
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
    if (strstr(dsn, "://"))
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
        if (n->kind == YAML_LIST) {
            buf_char(b, '-');
        } else {
            put_scalar(b, m->key);
            buf_char(b, ':');
        }
        put_node(b, m, depth + 1, secret);
    }
}

void config_text(const struct yaml_node *root, struct buf *out)
{
    put_node(out, root, 0, false);
}
