/* pattern.c: see pattern.h. A recursive descent over the parts of PCRE2's syntax that have a width. */
#include "pattern.h"

#include <stdlib.h>
#include <string.h>

#define MAX_DEPTH 32

struct reader {
    const char *p;
    size_t limit;
    size_t widest_group; /* a back reference is at most this wide */
    unsigned depth;
    const char *why; /* set: refused */
};

static size_t refuse(struct reader *r, const char *why)
{
    if (!r->why) r->why = why;
    return 0;
}

static size_t alternatives(struct reader *r);

static void skip_class(struct reader *r)
{
    r->p++;
    if (*r->p == '^') r->p++;
    if (*r->p == ']') r->p++;
    while (*r->p && *r->p != ']') {
        if (*r->p == '\\' && r->p[1])
            r->p++;
        else if (*r->p == '[' && r->p[1] == ':' && strstr(r->p, ":]"))
            r->p = strstr(r->p, ":]") + 1;
        r->p++;
    }
    if (*r->p) r->p++;
}

static size_t escape(struct reader *r)
{
    char c = *++r->p;

    if (!c) return 0; /* PCRE2 says so itself */
    r->p++;
    switch (c) {
    case 'b':
    case 'B':
    case 'A':
    case 'z':
    case 'Z':
    case 'G':
        return 0;
    case 'X':
    case 'C':
    case 'K':
    case 'Q':
    case 'E':
        return refuse(r, "\\X, \\C, \\K, \\Q and \\E are not allowed");
    case 'R':
        return 2;
    case 'p':
    case 'P':
    case 'x':
    case 'o':
    case 'N':
        if (*r->p == '{')
            r->p = strchr(r->p, '}') ? strchr(r->p, '}') + 1 : r->p + strlen(r->p);
        else if (*r->p && (c == 'p' || c == 'P'))
            r->p++;
        else if (c == 'x')
            r->p += strspn(r->p, "0123456789abcdefABCDEF") > 2 ? 2 : strspn(r->p, "0123456789abcdefABCDEF");
        return 1;
    case 'g':
    case 'k':
        if (*r->p == '<' || *r->p == '\'') return refuse(r, "recursion and named references are not allowed");
        if (*r->p == '{')
            r->p = strchr(r->p, '}') ? strchr(r->p, '}') + 1 : r->p + strlen(r->p);
        else
            r->p += strspn(r->p, "-0123456789");
        return r->widest_group;
    default:
        if (c < '1' || c > '9') return 1;
        r->p += strspn(r->p, "0123456789");
        return r->widest_group;
    }
}

static size_t group(struct reader *r)
{
    bool capture = false, no_width = false;
    size_t width;

    r->p++;
    if (*r->p == '*') return refuse(r, "verbs are not allowed");
    if (*r->p != '?') {
        capture = true;
    } else {
        r->p++;
        if (strchr("R&P+0123456789(C|#'", *r->p) || (*r->p == '-' && r->p[1] >= '0' && r->p[1] <= '9'))
            return refuse(r, "recursion, conditions, callouts are not allowed");
        no_width = *r->p == '=' || *r->p == '!' || (*r->p == '<' && (r->p[1] == '=' || r->p[1] == '!'));
        if (*r->p == '<' && !no_width) {
            capture = true;
            r->p += strcspn(r->p, ">)");
        }
        while (*r->p && strchr("=!<>", *r->p))
            r->p++;
        while (!capture && *r->p && strchr("imsnx-^", *r->p)) {
            if (*r->p == 'x') return refuse(r, "extended syntax (x) is not allowed");
            r->p++;
        }
        if (*r->p == ':') r->p++;
        if (*r->p == ')') { /* options for the rest of the group */
            r->p++;
            return 0;
        }
    }
    if (++r->depth > MAX_DEPTH) return refuse(r, "groups nest too deep");
    width = alternatives(r);
    r->depth--;
    if (*r->p == ')') r->p++;
    if (capture && width > r->widest_group) r->widest_group = width;
    return no_width ? 0 : width;
}

static size_t atom(struct reader *r)
{
    switch (*r->p) {
    case '(':
        return group(r);
    case '[':
        skip_class(r);
        return 1;
    case '\\':
        return escape(r);
    case '^':
    case '$':
        r->p++;
        return 0;
    default:
        r->p++;
        while (((unsigned char)*r->p & 0xC0) == 0x80)
            r->p++;
        return 1;
    }
}

/* Greatest count of the quantifier at r->p; 1 if there is none. */
static size_t quantifier(struct reader *r)
{
    size_t most = 1;
    char *end;

    switch (*r->p) {
    case '*':
    case '+':
        return refuse(r, "* and + have no greatest width: use {0,n} or {1,n}");
    case '?':
        r->p++;
        break;
    case '{':
        if (r->p[1] < '0' || r->p[1] > '9') return 1; /* a literal brace; atom() reads it next */
        most = strtoul(r->p + 1, &end, 10);
        if (*end == ',') {
            if (end[1] == '}') return refuse(r, "{n,} has no greatest width: use {n,m}");
            if (end[1] < '0' || end[1] > '9') return 1;
            most = strtoul(end + 1, &end, 10);
        }
        if (*end != '}') return 1;
        r->p = end + 1;
        break;
    default:
        return 1;
    }
    if (*r->p == '?' || *r->p == '+') r->p++; /* lazy, possessive */
    return most;
}

static size_t alternatives(struct reader *r)
{
    size_t widest = 0, width = 0;

    while (*r->p && *r->p != ')' && !r->why) {
        size_t one, most;

        if (*r->p == '|') {
            r->p++;
            width = 0;
            continue;
        }
        one = atom(r);
        most = quantifier(r);
        if (one && most > r->limit / one) return refuse(r, "the pattern is too wide");
        width += one * most;
        if (width > r->limit) return refuse(r, "the pattern is too wide");
        if (width > widest) widest = width;
    }
    return widest;
}

bool pattern_width(const char *pattern, size_t limit, size_t *width, const char **why)
{
    struct reader r = {.p = pattern, .limit = limit};

    *width = alternatives(&r);
    if (!r.why && *r.p == ')') r.why = "unmatched )";
    if (why) *why = r.why;
    return !r.why;
}
