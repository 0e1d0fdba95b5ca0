#include "json.h"

#include <stdlib.h>
#include <string.h>
#include "str.h"

/* ---- the strict pass: RFC 8259 over the bytes, before cJSON sees them ------------------------------------------- */

struct scan {
    const char *start, *at, *end;
    int depth;
    struct err *e;
};

static enum rc bad(const struct scan *s, const char *what)
{
    return err_set(s->e, RC_BAD, "offset %zu: %s", (size_t)(s->at - s->start), what);
}

static void skip_space(struct scan *s)
{
    while (s->at < s->end && (*s->at == ' ' || *s->at == '\t' || *s->at == '\n' || *s->at == '\r'))
        s->at++;
}

static bool next_is(const struct scan *s, char c)
{
    return s->at < s->end && *s->at == c;
}

/* Four hexadecimal digits behind "\u". */
static bool unit(const char *p, const char *end, unsigned *out)
{
    uint8_t bytes[2];
    char text[5] = {0};
    if (end - p < 4)
        return false;
    memcpy(text, p, 4);
    if (!str_unhex(text, bytes, 2))
        return false;
    *out = (unsigned)bytes[0] << 8 | bytes[1];
    return true;
}

static enum rc scan_escape(struct scan *s) /* at the backslash */
{
    unsigned first, second;
    if (s->end - s->at < 2)
        return bad(s, "string not closed");
    if (s->at[1] != 'u') {
        if (!strchr("\"\\/bfnrt", s->at[1]) || s->at[1] == '\0')
            return bad(s, "unknown escape");
        s->at += 2;
        return RC_OK;
    }
    if (!unit(s->at + 2, s->end, &first))
        return bad(s, "\\u without four hexadecimal digits");
    if (first == 0)
        return bad(s, "\\u0000 in a string");
    if (first >= 0xDC00 && first <= 0xDFFF)
        return bad(s, "lone low surrogate");
    if (first >= 0xD800 && first <= 0xDBFF) {
        if (s->end - s->at < 12 || s->at[6] != '\\' || s->at[7] != 'u' || !unit(s->at + 8, s->end, &second) ||
            second < 0xDC00 || second > 0xDFFF)
            return bad(s, "lone high surrogate");
        s->at += 6;
    }
    s->at += 6;
    return RC_OK;
}

static enum rc scan_string(struct scan *s) /* at the opening quote */
{
    s->at++;
    while (s->at < s->end && *s->at != '"') {
        unsigned char c = (unsigned char)*s->at;
        if (c < 0x20)
            return bad(s, "control character in a string");
        if (c == '\\') {
            enum rc rc = scan_escape(s);
            if (rc != RC_OK)
                return rc;
        } else {
            s->at++;
        }
    }
    if (s->at == s->end)
        return bad(s, "string not closed");
    s->at++;
    return RC_OK;
}

static size_t digit_run(struct scan *s)
{
    const char *from = s->at;
    while (s->at < s->end && *s->at >= '0' && *s->at <= '9')
        s->at++;
    return (size_t)(s->at - from);
}

static enum rc scan_number(struct scan *s)
{
    if (next_is(s, '-'))
        s->at++;
    bool zero = next_is(s, '0');
    size_t n = digit_run(s);
    if (n == 0 || (zero && n > 1))
        return bad(s, "malformed number");
    if (next_is(s, '.')) {
        s->at++;
        if (digit_run(s) == 0)
            return bad(s, "malformed number");
    }
    if (next_is(s, 'e') || next_is(s, 'E')) {
        s->at++;
        if (next_is(s, '+') || next_is(s, '-'))
            s->at++;
        if (digit_run(s) == 0)
            return bad(s, "malformed number");
    }
    return RC_OK;
}

static enum rc scan_value(struct scan *s);

static enum rc scan_members(struct scan *s, char close)
{
    enum rc rc;
    if (++s->depth > JSON_MAX_DEPTH)
        return bad(s, "nested too deep");
    s->at++;
    skip_space(s);
    if (next_is(s, close)) {
        s->at++;
        s->depth--;
        return RC_OK;
    }
    for (;;) {
        skip_space(s);
        if (close == '}') {
            if (!next_is(s, '"'))
                return bad(s, "a key in quotes was expected");
            rc = scan_string(s);
            if (rc != RC_OK)
                return rc;
            skip_space(s);
            if (!next_is(s, ':'))
                return bad(s, "':' was expected");
            s->at++;
        }
        rc = scan_value(s);
        if (rc != RC_OK)
            return rc;
        skip_space(s);
        if (next_is(s, ',')) {
            s->at++;
            continue;
        }
        if (!next_is(s, close))
            return bad(s, close == '}' ? "',' or '}' was expected" : "',' or ']' was expected");
        s->at++;
        s->depth--;
        return RC_OK;
    }
}

static enum rc scan_word(struct scan *s, const char *word)
{
    size_t n = strlen(word);
    if ((size_t)(s->end - s->at) < n || memcmp(s->at, word, n) != 0)
        return bad(s, "a value was expected");
    s->at += n;
    return RC_OK;
}

static enum rc scan_value(struct scan *s)
{
    skip_space(s);
    if (s->at == s->end)
        return bad(s, "a value was expected");
    switch (*s->at) {
    case '{': return scan_members(s, '}');
    case '[': return scan_members(s, ']');
    case '"': return scan_string(s);
    case 't': return scan_word(s, "true");
    case 'f': return scan_word(s, "false");
    case 'n': return scan_word(s, "null");
    default: return scan_number(s);
    }
}

static enum rc strict_pass(const char *bytes, size_t n, struct err *e)
{
    struct scan s = {.start = bytes, .at = bytes, .end = bytes + n, .e = e};
    size_t valid = utf8_valid_prefix(bytes, n);
    if (valid != n) {
        s.at += valid;
        return bad(&s, "invalid UTF-8");
    }
    enum rc rc = scan_value(&s);
    if (rc != RC_OK)
        return rc;
    skip_space(&s);
    return s.at == s.end ? RC_OK : bad(&s, "bytes behind the value");
}

/* ---- digits: numbers as raw items -------------------------------------------------------------------------------- */

/* cJSON has lost the digits of a number by the time it is a double. So the second walk over the bytes, in the order
 * in which cJSON made its items, gives each number item the text it came from. The bytes are valid JSON here. */
struct walk {
    const char *at, *end;
};

static void walk_space(struct walk *w)
{
    while (w->at < w->end && strchr(" \t\n\r,:", *w->at))
        w->at++;
}

static void walk_string(struct walk *w)
{
    for (w->at++; *w->at != '"'; w->at++)
        if (*w->at == '\\')
            w->at++;
    w->at++;
}

static bool keep_digits(struct walk *w, cJSON *item)
{
    walk_space(w);
    if (cJSON_IsNumber(item)) {
        const char *from = w->at;
        while (w->at < w->end && strchr("+-.eE0123456789", *w->at) && *w->at)
            w->at++;
        char *text = cJSON_malloc((size_t)(w->at - from) + 1);
        if (!text)
            return false;
        memcpy(text, from, (size_t)(w->at - from));
        text[w->at - from] = '\0';
        item->type = (item->type & ~0xFF) | cJSON_Raw;
        item->valuestring = text;
        return true;
    }
    if (cJSON_IsString(item)) {
        walk_string(w);
        return true;
    }
    if (cJSON_IsArray(item) || cJSON_IsObject(item)) {
        bool object = cJSON_IsObject(item);
        w->at++;
        for (cJSON *child = item->child; child; child = child->next) {
            walk_space(w);
            if (object)
                walk_string(w);
            if (!keep_digits(w, child))
                return false;
        }
        walk_space(w);
        w->at++; /* the closing bracket */
        return true;
    }
    while (w->at < w->end && *w->at >= 'a' && *w->at <= 'z') /* true, false, null */
        w->at++;
    return true;
}

/* ---- duplicate keys ------------------------------------------------------------------------------------------------ */

static int by_text(const void *a, const void *b)
{
    return strcmp(*(const char *const *)a, *(const char *const *)b);
}

static enum rc check_keys(const cJSON *item, struct err *e)
{
    enum rc rc = RC_OK;
    size_t n = 0;
    const char **keys = NULL;
    for (const cJSON *c = item->child; c; c = c->next) {
        n++;
        if (cJSON_IsArray(c) || cJSON_IsObject(c)) {
            rc = check_keys(c, e);
            if (rc != RC_OK)
                return rc;
        }
    }
    if (!cJSON_IsObject(item) || n < 2)
        return RC_OK;
    keys = calloc(n, sizeof(*keys));
    if (!keys)
        return err_set(e, RC_NOMEM, "json: out of memory");
    n = 0;
    for (const cJSON *c = item->child; c; c = c->next)
        keys[n++] = c->string;
    qsort(keys, n, sizeof(*keys), by_text);
    for (size_t i = 1; i < n && rc == RC_OK; i++)
        if (strcmp(keys[i - 1], keys[i]) == 0)
            rc = err_set(e, RC_BAD, "json: an object has one key twice");
    free(keys);
    return rc;
}

enum rc json_parse(const char *bytes, size_t n, enum json_numbers numbers, cJSON **out, struct err *e)
{
    enum rc rc = strict_pass(bytes, n, e);
    if (rc != RC_OK)
        return rc;
    const char *end = NULL;
    cJSON *root = cJSON_ParseWithLengthOpts(bytes, n, &end, false);
    if (!root)
        return err_set(e, RC_NOMEM, "json: out of memory");
    rc = check_keys(root, e);
    struct walk w = {.at = bytes, .end = bytes + n};
    if (rc == RC_OK && numbers == JSON_NUMBERS_DIGITS && !keep_digits(&w, root))
        rc = err_set(e, RC_NOMEM, "json: out of memory");
    if (rc != RC_OK) {
        cJSON_Delete(root);
        return rc;
    }
    *out = root;
    return RC_OK;
}

const char *json_str(const cJSON *object, const char *key)
{
    return cJSON_GetStringValue(cJSON_GetObjectItemCaseSensitive(object, key));
}

const char *json_digits(const cJSON *item)
{
    return cJSON_IsRaw(item) ? item->valuestring : NULL;
}

/* One token of a pointer, unescaped ("~1" is '/', "~0" is '~'), into out; false if malformed or too long. */
static bool pointer_token(const char **p, char *out, size_t size)
{
    size_t n = 0;
    for (; **p && **p != '/'; (*p)++) {
        char c = **p;
        if (c == '~') {
            (*p)++;
            if (**p != '0' && **p != '1')
                return false;
            c = **p == '0' ? '~' : '/';
        }
        if (n + 1 >= size)
            return false;
        out[n++] = c;
    }
    out[n] = '\0';
    return true;
}

const cJSON *json_pointer(const cJSON *root, const char *pointer)
{
    char token[256];
    const cJSON *at = root;
    while (at && *pointer) {
        if (*pointer++ != '/' || !pointer_token(&pointer, token, sizeof(token)))
            return NULL;
        if (cJSON_IsObject(at)) {
            at = cJSON_GetObjectItemCaseSensitive(at, token);
        } else if (cJSON_IsArray(at)) {
            int64_t i;
            bool canonical = token[0] != '0' || token[1] == '\0';
            if (!canonical || token[0] == '+' || !str_int64(token, 0, INT32_MAX, &i))
                return NULL;
            at = cJSON_GetArrayItem(at, (int)i);
        } else {
            return NULL;
        }
    }
    return at;
}

void json_print(struct buf *b, const cJSON *item)
{
    char *text = cJSON_PrintUnformatted(item);
    if (text)
        buf_str(b, text);
    else
        b->failed = RC_NOMEM;
    cJSON_free(text);
}
