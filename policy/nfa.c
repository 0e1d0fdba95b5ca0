/* nfa.c: see nfa.h. A recursive descent over the patterns that pattern.c lets pass; what stands in doubt is read as the
 * wider of two meanings. Each function builds from the open node `in` on and returns the open node behind. */
#include "nfa.h"

#include <stdlib.h>
#include <string.h>

#define EXACT_REPEAT 64   /* repeats beyond are unbounded */
#define LOOSE_REPEAT 8    /* the same in a pattern that has become too large */
#define LARGE        6000 /* nodes of one pattern */
#define MAX_GROUPS   64

/* A character: which ASCII ones, and which beyond? A class may have some or all of the letters and digits (word), and some or
 * all of the other characters there. */
enum part { NONE, SOME, ALL };
struct chars {
    struct byte_set ascii;
    enum part word, other;
};

struct builder {
    struct nfa *a;
    const char *p;
    uint16_t id;
    uint32_t accept;
    bool caseless;
    unsigned exact; /* EXACT_REPEAT or LOOSE_REPEAT */
    size_t first;   /* node of the pattern */
    const char *groups[MAX_GROUPS]; /* where capturing group i begins, behind its opening */
    size_t n_groups;
};

bool byte_set_has(const struct byte_set *s, unsigned char b)
{
    return s->bits[b / 64] >> b % 64 & 1;
}

static void set_add(struct byte_set *s, unsigned low, unsigned high)
{
    for (unsigned b = low; b <= high; b++)
        s->bits[b / 64] |= UINT64_C(1) << b % 64;
}

static void set_join(struct byte_set *s, const struct byte_set *other)
{
    for (size_t i = 0; i < 4; i++)
        s->bits[i] |= other->bits[i];
}

static void set_word(struct byte_set *s)
{
    set_add(s, '0', '9');
    set_add(s, 'A', 'Z');
    set_add(s, 'a', 'z');
    set_add(s, '_', '_');
}

/* The other ASCII characters. */
static void set_invert(struct byte_set *s)
{
    for (size_t i = 0; i < 2; i++)
        s->bits[i] = ~s->bits[i];
}

static void set_fold(struct byte_set *s)
{
    for (unsigned c = 'a'; c <= 'z'; c++) {
        if (byte_set_has(s, (unsigned char)c)) set_add(s, c - 32, c - 32);
        if (byte_set_has(s, (unsigned char)(c - 32))) set_add(s, c, c);
    }
}

/* ---- nodes ----------------------------------------------------------------------------------------------------- */

static void *grow(void *items, size_t *cap, size_t size)
{
    *cap = *cap ? *cap * 2 : 256;
    return realloc(items, *cap * size);
}

static uint32_t new_node(struct builder *b)
{
    struct nfa *a = b->a;

    if (a->n_nodes == a->cap) {
        struct nfa_node *nodes = grow(a->nodes, &a->cap, sizeof(*nodes));

        if (!nodes) {
            a->cap = a->n_nodes;
            a->failed = true;
            return a->n_nodes ? (uint32_t)a->n_nodes - 1 : 0;
        }
        a->nodes = nodes;
    }
    a->nodes[a->n_nodes] = (struct nfa_node){.kind = NFA_FAIL, .id = b->id};
    return (uint32_t)a->n_nodes++;
}

static uint16_t set_index(struct nfa *a, const struct byte_set *s)
{
    for (size_t i = 0; i < a->n_sets; i++)
        if (memcmp(&a->sets[i], s, sizeof(*s)) == 0) return (uint16_t)i;
    if (a->n_sets == UINT16_MAX) a->failed = true;
    if (a->n_sets == a->cap_sets) {
        struct byte_set *sets = grow(a->sets, &a->cap_sets, sizeof(*sets));

        if (!sets) {
            a->cap_sets = a->n_sets;
            a->failed = true;
        } else {
            a->sets = sets;
        }
    }
    if (a->failed) return 0;
    a->sets[a->n_sets] = *s;
    return (uint16_t)a->n_sets++;
}

static void make(struct builder *b, uint32_t node, enum nfa_kind kind, uint32_t out, uint32_t other)
{
    if (b->a->failed) return;
    b->a->nodes[node].kind = (uint8_t)kind;
    b->a->nodes[node].out = out;
    b->a->nodes[node].other = other;
}

static void make_set(struct builder *b, uint32_t node, enum nfa_kind kind, const struct byte_set *s, bool edge, uint32_t out)
{
    uint16_t set = set_index(b->a, s);

    make(b, node, kind, out, 0);
    if (b->a->failed) return;
    b->a->nodes[node].set = set;
    b->a->nodes[node].edge = edge;
}

/* One character; one beyond ASCII is a lead byte and any continuation bytes. Of digits only 0 is told from
 * the others: a month's tens or a country's prefix would make many times the states, and a number of that shape is worth
 * PCRE2's look anyway; but 0 begins telephone numbers. */
static uint32_t read_char(struct builder *b, uint32_t in, const struct chars *one)
{
    struct chars copy = *one, *c = &copy;
    uint32_t out = new_node(b);

    for (unsigned char d = '1'; d <= '9'; d++)
        if (byte_set_has(&one->ascii, d)) set_add(&copy.ascii, '1', '9');

    if (c->word == NONE && c->other == NONE) {
        make_set(b, in, NFA_BYTE, &c->ascii, false, out);
    } else {
        uint32_t ascii = new_node(b), lead = new_node(b), loop = new_node(b), more = new_node(b);
        struct byte_set leads = {{0}}, continued = {{0}};

        set_add(&leads, 0xC2, 0xF4);
        if (c->word != NONE) set_add(&leads, NFA_WORD, NFA_WORD);
        if (c->other != NONE) set_add(&leads, NFA_OTHER, NFA_OTHER);
        set_add(&continued, 0x80, 0xBF);
        make(b, in, NFA_SPLIT, ascii, lead);
        make_set(b, ascii, NFA_BYTE, &c->ascii, false, out);
        make_set(b, lead, NFA_BYTE, &leads, false, loop);
        make(b, loop, NFA_SPLIT, more, out);
        make_set(b, more, NFA_BYTE, &continued, false, loop);
    }
    return out;
}

/* Give up exactness: the pattern may match if it came as far as this. */
static uint32_t read_rest(struct builder *b, uint32_t in)
{
    make(b, in, NFA_GO, b->accept, 0);
    return new_node(b); /* nothing leads there */
}

/* ---- characters ------------------------------------------------------------------------------------------------ */

static enum part part_inverted(enum part p)
{
    return p == NONE ? ALL : p == ALL ? NONE : SOME;
}

static void chars_invert(struct chars *c)
{
    set_invert(&c->ascii);
    c->word = part_inverted(c->word);
    c->other = part_inverted(c->other);
}

static void chars_join(struct chars *c, const struct chars *more)
{
    set_join(&c->ascii, &more->ascii);
    if (more->word > c->word) c->word = more->word;
    if (more->other > c->other) c->other = more->other;
}

/* \w, \d ... and their opposites; the normaliser leaves no digits and white space beyond ASCII. false: another escape. */
static bool class_escape(char c, struct chars *out)
{
    memset(out, 0, sizeof(*out));
    switch (c | 0x20) {
    case 'w':
        set_word(&out->ascii);
        out->word = ALL; /* marks and connectors depend on PCRE2's version: they stand for themselves */
        break;
    case 'd':
        set_add(&out->ascii, '0', '9');
        break;
    case 's':
        set_add(&out->ascii, 9, 13);
        set_add(&out->ascii, ' ', ' ');
        break;
    case 'h':
        set_add(&out->ascii, 9, 9);
        set_add(&out->ascii, ' ', ' ');
        break;
    case 'v':
        set_add(&out->ascii, 10, 13);
        break;
    default:
        return false;
    }
    if (c < 'a') chars_invert(out);
    return true;
}

static void all_chars(struct chars *out)
{
    memset(out, 0, sizeof(*out));
    set_add(&out->ascii, 0, 127);
    out->word = out->other = ALL;
}

/* \p{Lu}, \pL: the letters and the digits are known, all else may be anything. */
static void property(struct builder *b, char kind, struct chars *out)
{
    const char *name = b->p, *end = b->p;
    size_t len;

    if (*name == '{') {
        end = strchr(name, '}');
        if (!end) end = name + strlen(name);
        name++;
        len = (size_t)(end - name);
        if (*end) end++;
    } else {
        len = *name ? 1 : 0;
        end += len;
    }
    b->p = end;
    memset(out, 0, sizeof(*out));
    out->word = SOME;
    if (kind == 'P' || len == 0 || len > 2 || (*name != 'L' && *name != 'N')) {
        all_chars(out);
    } else if (*name == 'N') {
        set_add(&out->ascii, '0', '9');
    } else {
        if (len == 1 || name[1] != 'l' || b->caseless) set_add(&out->ascii, 'A', 'Z');
        if (len == 1 || name[1] != 'u' || b->caseless) set_add(&out->ascii, 'a', 'z');
    }
}

static size_t hex(struct builder *b, uint32_t *cp)
{
    size_t n;

    if (*b->p == '{') {
        char *end;

        *cp = (uint32_t)strtoul(b->p + 1, &end, 16);
        if (*end == '}') end++;
        b->p = end;
        return 1;
    }
    *cp = 0;
    for (n = 0; n < 2 && strchr("0123456789abcdefABCDEF", *b->p) && *b->p; n++, b->p++)
        *cp = *cp * 16 + (uint32_t)(*b->p <= '9' ? *b->p - '0' : (*b->p | 0x20) - 'a' + 10);
    return 1;
}

static void one_char(struct chars *out, uint32_t cp)
{
    memset(out, 0, sizeof(*out));
    if (cp < 0x80)
        set_add(&out->ascii, cp, cp);
    else
        out->word = out->other = SOME;
}

/* What \ and the character behind it mean, as far as it is one character; b->p stands behind the backslash. */
static void char_escape(struct builder *b, struct chars *out)
{
    char c = *b->p++;
    uint32_t cp;

    if (class_escape(c, out)) return;
    switch (c) {
    case 'p':
    case 'P':
        property(b, c, out);
        break;
    case 'x':
        (void)hex(b, &cp);
        one_char(out, cp);
        break;
    case 'n':
        one_char(out, '\n');
        break;
    case 't':
        one_char(out, '\t');
        break;
    case 'r':
        one_char(out, '\r');
        break;
    default:
        if ((c | 0x20) >= 'a' && (c | 0x20) <= 'z')
            all_chars(out); /* \N, \o, \c, \e, \f, \a ... */
        else
            one_char(out, (unsigned char)c);
    }
}

static void skip_continuation(struct builder *b)
{
    while (((unsigned char)*b->p & 0xC0) == 0x80)
        b->p++;
}

/* [...], b->p at the bracket. */
static void char_class(struct builder *b, struct chars *out)
{
    bool negated = false, unknown = false, first = true;

    memset(out, 0, sizeof(*out));
    b->p++;
    if (*b->p == '^') negated = true, b->p++;
    for (; *b->p && (*b->p != ']' || first); first = false) {
        struct chars one;
        unsigned low = (unsigned char)*b->p;

        if (*b->p == '[' && (b->p[1] == ':' || b->p[1] == '.' || b->p[1] == '=') && strstr(b->p, ":]")) {
            b->p = strstr(b->p, ":]") + 2;
            unknown = true;
            continue;
        }
        if (*b->p == '\\' && b->p[1]) {
            const char *escape = ++b->p;

            unknown |= (*escape == 'p' || *escape == 'P') && negated;
            if (*escape == 'b') { /* a backspace, within a class */
                one_char(&one, '\b');
                b->p++;
            } else {
                char_escape(b, &one);
            }
            chars_join(out, &one);
            if (*b->p == '-' && b->p[1] != ']') unknown = true; /* a range from an escape: rare */
            continue;
        }
        b->p++;
        skip_continuation(b);
        if (*b->p == '-' && b->p[1] && b->p[1] != ']') {
            unsigned high = (unsigned char)b->p[1];

            b->p += 2;
            if (high == '\\' || low >= 0x80) {
                unknown = true;
                if (*b->p) b->p++;
            } else {
                set_add(&out->ascii, low, high < 0x80 ? high : 127);
                if (high >= 0x80 && out->word == NONE) out->word = SOME;
                if (high >= 0x80 && out->other == NONE) out->other = SOME;
            }
            skip_continuation(b);
        } else if (low < 0x80) {
            set_add(&out->ascii, low, low);
        } else {
            if (out->word == NONE) out->word = SOME;
            if (out->other == NONE) out->other = SOME;
        }
    }
    if (*b->p) b->p++;
    if (b->caseless) set_fold(&out->ascii);
    if (negated) chars_invert(out);
    if (unknown) all_chars(out);
}

/* One character at b->p, if there is one: a literal, an escape or a class. */
static bool one_of(struct builder *b, struct chars *out)
{
    char c = *b->p;

    if (!c || strchr("()|*+?^$", c)) return false;
    if (c == '\\' && (!b->p[1] || strchr("bBAzZGRgk123456789", b->p[1]))) return false;
    if (c == '[') {
        char_class(b, out);
        return true;
    }
    b->p++;
    if (c == '\\') {
        char_escape(b, out);
    } else if (c == '.') {
        all_chars(out);
    } else {
        one_char(out, (unsigned char)c);
        skip_continuation(b);
    }
    if (b->caseless) set_fold(&out->ascii);
    return true;
}

/* ---- structure ------------------------------------------------------------------------------------------------- */

static uint32_t alternatives(struct builder *b, uint32_t in);

static const char *skip_class(const char *p)
{
    p++;
    if (*p == '^') p++;
    if (*p == ']') p++;
    while (*p && *p != ']') {
        if (*p == '\\' && p[1])
            p++;
        else if (*p == '[' && p[1] == ':' && strstr(p, ":]"))
            p = strstr(p, ":]") + 1;
        p++;
    }
    return *p ? p + 1 : p;
}

/* Behind the group whose opening parenthesis is at p. */
static const char *skip_group(const char *p)
{
    unsigned depth = 0;

    while (*p) {
        if (*p == '\\' && p[1]) {
            p += 2;
        } else if (*p == '[') {
            p = skip_class(p);
        } else {
            if (*p == '(') depth++;
            if (*p++ == ')' && --depth == 0) return p;
        }
    }
    return p;
}

/* The characters that single-character alternatives of a lookaround name; others are left out. b->p behind its opening. */
static bool look_chars(struct builder *b, struct chars *out, bool *all_single)
{
    const char *end;
    bool some = false;

    memset(out, 0, sizeof(*out));
    *all_single = true;
    for (;;) {
        struct chars one;

        if (one_of(b, &one) && (*b->p == '|' || *b->p == ')')) {
            chars_join(out, &one);
            some = true;
        } else {
            *all_single = false;
            while (*b->p && *b->p != '|' && *b->p != ')') {
                if (*b->p == '(') {
                    b->p = skip_group(b->p);
                } else if (*b->p == '[') {
                    b->p = skip_class(b->p);
                } else {
                    if (*b->p == '\\' && b->p[1]) b->p++;
                    b->p++;
                }
            }
        }
        end = b->p;
        if (*end != '|') break;
        b->p++;
    }
    if (*b->p) b->p++;
    return some;
}

/* The characters that stand last in the alternatives of a lookaround; false if one ends with anything else, or with
 * nothing. b->p behind its opening; it moves behind the whole. */
static bool last_chars(struct builder *b, struct chars *out)
{
    const char *end = b->p;
    bool known = true, last = false;

    for (unsigned depth = 1; *end && depth; end++) { /* nothing nested is looked into */
        if (*end == '\\' && end[1]) end++;
        else if (*end == '[') end = skip_class(end) - 1;
        else if (*end == '(') depth++, known = false;
        else if (*end == ')') depth--;
    }
    memset(out, 0, sizeof(*out));
    while (known && b->p < end) {
        struct chars one;

        if (*b->p == '|' || *b->p == ')') {
            known = last;
            last = false;
            b->p++;
        } else if (*b->p == '\\' && (b->p[1] == 'b' || b->p[1] == 'B')) {
            b->p += 2;
        } else {
            known = last = one_of(b, &one) && !(*b->p && strchr("?*+{", *b->p));
            if (known && (*b->p == '|' || *b->p == ')')) chars_join(out, &one);
        }
    }
    b->p = end;
    return known;
}

/* (?= (?! (?<= (?<!, b->p at the parenthesis. */
static uint32_t look(struct builder *b, uint32_t in, bool behind, bool negative)
{
    const char *content = b->p + (behind ? 4 : 3);
    struct chars c;
    bool all_single, some;
    uint32_t out;

    b->p = content;
    some = look_chars(b, &c, &all_single);
    if (!negative && !behind && !all_single) { /* what must follow is as good a test as the pattern's rest */
        b->p = content;
        out = alternatives(b, in);
        if (*b->p == ')') b->p++;
        return read_rest(b, out);
    }
    if (behind && !negative && !all_single) { /* of several characters: at least the last one stands there */
        b->p = content;
        if (!last_chars(b, &c)) return in;
    } else if (!some) {
        return in;
    }
    if (negative) chars_invert(&c);
    set_add(&c.ascii, 0x80, NFA_OTHER - 1); /* a part of a character beyond ASCII: may be or may not be one of them */
    if (c.word != NONE) set_add(&c.ascii, NFA_WORD, NFA_WORD);
    if (c.other != NONE) set_add(&c.ascii, NFA_OTHER, NFA_OTHER);
    out = new_node(b);
    make_set(b, in, behind ? NFA_BEFORE : NFA_NEXT, &c.ascii, negative, out);
    return out;
}

static uint32_t group(struct builder *b, uint32_t in)
{
    bool caseless = b->caseless, on = true;
    uint32_t out;

    b->p++;
    if (*b->p == '?') {
        b->p++;
        if (*b->p == '=' || *b->p == '!') {
            b->p -= 2;
            return look(b, in, false, b->p[2] == '!');
        }
        if (*b->p == '<' && (b->p[1] == '=' || b->p[1] == '!')) {
            b->p -= 2;
            return look(b, in, true, b->p[3] == '!');
        }
        if (*b->p == '<') { /* a name */
            b->p += strcspn(b->p, ">)");
            if (*b->p == '>') b->p++;
            if (b->n_groups + 1 < MAX_GROUPS) b->groups[++b->n_groups] = b->p;
        } else if (*b->p == '>') {
            b->p++;
        } else {
            for (; *b->p && strchr("imsnx-^", *b->p); b->p++) {
                if (*b->p == '-') on = false;
                if (*b->p == '^') b->caseless = false;
                if (*b->p == 'i') b->caseless = on;
            }
            if (*b->p == ')') { /* for the rest of the enclosing group */
                b->p++;
                return in;
            }
            if (*b->p == ':') b->p++;
        }
    } else if (b->n_groups + 1 < MAX_GROUPS) {
        b->groups[++b->n_groups] = b->p;
    }
    out = alternatives(b, in);
    if (*b->p == ')') b->p++;
    b->caseless = caseless;
    return out;
}

/* \1: anything that the group may match. */
static uint32_t back_reference(struct builder *b, uint32_t in)
{
    unsigned long number = strtoul(b->p + 1, NULL, 10);
    const char *after = b->p + 1 + strspn(b->p + 1, "0123456789");
    size_t n_groups = b->n_groups;
    uint32_t out;

    b->p = after;
    if (number == 0 || number > b->n_groups || number >= MAX_GROUPS) return read_rest(b, in);
    if (strcspn(b->groups[number], "()\\") < strcspn(b->groups[number], ")")) return read_rest(b, in); /* nested */
    b->p = b->groups[number];
    out = alternatives(b, in);
    b->p = after;
    b->n_groups = n_groups;
    return out;
}

/* \b: of the characters beside it one is of a word and the other is not. A part of one beyond ASCII may be either. */
static uint32_t word_edge(struct builder *b, uint32_t in)
{
    uint32_t before[2] = {new_node(b), new_node(b)}, next[2] = {new_node(b), new_node(b)}, out = new_node(b);
    struct byte_set sides[2] = {{{0}}};

    b->p += 2;
    set_word(&sides[0]);
    sides[1] = sides[0];
    set_invert(&sides[1]);
    for (size_t i = 0; i < 2; i++) {
        set_add(&sides[i], 0x80, NFA_OTHER - 1);
        set_add(&sides[i], i ? NFA_OTHER : NFA_WORD, i ? NFA_OTHER : NFA_WORD);
    }
    make(b, in, NFA_SPLIT, before[0], before[1]);
    for (size_t i = 0; i < 2; i++) {
        make_set(b, before[i], NFA_BEFORE, &sides[i], i == 1, next[i]);
        make_set(b, next[i], NFA_NEXT, &sides[1 - i], i == 0, out);
    }
    return out;
}

static uint32_t atom(struct builder *b, uint32_t in)
{
    struct chars c;

    if (one_of(b, &c)) return read_char(b, in, &c);
    if (*b->p == '(') return group(b, in);
    if (*b->p == '\\' && b->p[1] >= '1' && b->p[1] <= '9') return back_reference(b, in);
    if (*b->p == '\\' && b->p[1] == 'b') return word_edge(b, in);
    if (*b->p == '\\' && b->p[1] && strchr("BAzZG", b->p[1])) {
        b->p += 2;
        return in;
    }
    if (*b->p == '^' || *b->p == '$') {
        b->p++;
        return in;
    }
    b->p += strlen(b->p); /* \R, \g ...: rare */
    return read_rest(b, in);
}

/* Where the atom at p ends. */
static const char *skip_atom(struct builder *b)
{
    struct builder probe = *b;
    struct chars c;

    if (*b->p == '(') return skip_group(b->p);
    if (one_of(&probe, &c)) return probe.p;
    if (*b->p == '\\' && b->p[1] >= '1' && b->p[1] <= '9') return b->p + 1 + strspn(b->p + 1, "0123456789");
    return b->p + (*b->p == '\\' && b->p[1] ? 2 : 1);
}

/* The quantifier at p as counts, and what follows it. pattern.c has seen to it that it is bounded. */
static const char *quantifier(const char *p, unsigned long *least, unsigned long *most)
{
    char *end;

    *least = *most = 1;
    if (*p == '?') {
        *least = 0;
        p++;
    } else if (*p == '{' && p[1] >= '0' && p[1] <= '9') {
        unsigned long low = strtoul(p + 1, &end, 10), high = low;

        if (*end == ',' && end[1] >= '0' && end[1] <= '9') high = strtoul(end + 1, &end, 10);
        if (*end != '}') return p;
        *least = low;
        *most = high;
        p = end + 1;
    } else {
        return p;
    }
    return *p == '?' || *p == '+' ? p + 1 : p; /* lazy, possessive: the same strings or fewer */
}

static uint32_t repeated(struct builder *b, uint32_t in)
{
    const char *start = b->p, *end = skip_atom(b);
    size_t n_groups = b->n_groups;
    unsigned long least, most;
    const char *after = quantifier(end, &least, &most);
    bool endless = most > b->exact;
    uint32_t out;

    if (least == 1 && most == 1 && after == end) return atom(b, in);
    if (endless && least > b->exact) least = b->exact;
    for (unsigned long i = 0; i < least && !b->a->failed; i++) {
        b->p = start;
        b->n_groups = n_groups;
        in = atom(b, in);
    }
    if (most > least) {
        out = new_node(b);
        for (unsigned long i = least; i < (endless ? least + 1 : most) && !b->a->failed; i++) {
            uint32_t again = new_node(b), behind, entry = in;

            if (b->a->nodes[in].kind != NFA_FAIL) return read_rest(b, in);
            make(b, in, NFA_SPLIT, again, out);
            b->p = start;
            b->n_groups = n_groups;
            behind = atom(b, again);
            if (endless) {
                if (behind != again) make(b, behind, NFA_GO, entry, 0);
                in = out;
                b->p = after;
                return out;
            }
            in = behind;
        }
        make(b, in, NFA_GO, out, 0);
        in = out;
    }
    b->p = after;
    return in;
}

static uint32_t alternatives(struct builder *b, uint32_t in)
{
    uint32_t out = new_node(b);
    bool caseless = b->caseless;

    for (;;) {
        uint32_t branch = new_node(b), at = branch;

        while (*b->p && *b->p != ')' && *b->p != '|' && !b->a->failed)
            at = repeated(b, at);
        make(b, at, NFA_GO, out, 0);
        if (*b->p != '|') {
            make(b, in, NFA_GO, branch, 0);
            break;
        }
        b->p++;
        {
            uint32_t rest = new_node(b);

            make(b, in, NFA_SPLIT, branch, rest);
            in = rest;
        }
    }
    b->caseless = caseless;
    return out;
}

static enum rc add_start(struct nfa *a, uint32_t node, struct err *e)
{
    if (a->n_starts == a->cap_starts) {
        uint32_t *starts = grow(a->starts, &a->cap_starts, sizeof(*starts));

        if (!starts) {
            a->cap_starts = a->n_starts;
            a->failed = true;
        } else {
            a->starts = starts;
        }
    }
    if (a->failed) return err_set(e, RC_NOMEM, "detectors: out of memory");
    a->starts[a->n_starts++] = node;
    return RC_OK;
}

static uint32_t build(struct builder *b, const char *pattern, unsigned exact)
{
    uint32_t start, end;

    b->p = pattern;
    b->exact = exact;
    b->caseless = true;
    b->n_groups = 0;
    b->accept = new_node(b);
    make(b, b->accept, NFA_ACCEPT, 0, 0);
    start = new_node(b);
    end = alternatives(b, start);
    make(b, end, NFA_GO, b->accept, 0);
    return start;
}

enum rc nfa_add(struct nfa *a, const char *pattern, uint16_t id, struct err *e)
{
    struct builder b = {.a = a, .id = id};
    size_t before = a->n_nodes;
    uint32_t start = build(&b, pattern, EXACT_REPEAT);

    if (!a->failed && a->n_nodes - before > LARGE) {
        a->n_nodes = before;
        start = build(&b, pattern, LOOSE_REPEAT);
    }
    return add_start(a, start, e);
}

enum rc nfa_add_word(struct nfa *a, const char *word, bool whole, uint16_t id, struct err *e)
{
    struct builder b = {.a = a, .id = id};
    uint32_t start = new_node(&b), at = new_node(&b), out;
    struct byte_set outside = {{0}};

    set_word(&outside);
    set_add(&outside, 0x80, 0xFF);
    for (size_t i = 0; i < 4; i++)
        outside.bits[i] = ~outside.bits[i];
    make_set(&b, start, NFA_BEFORE, &outside, true, at);
    for (const unsigned char *p = (const unsigned char *)word; *p; p++, at = out) {
        struct byte_set s = {{0}};

        set_add(&s, *p, *p);
        if (*p < 0x80) set_fold(&s);
        /* U+00C0 to U+00FE: the capital's second byte is 32 below the small one's */
        if (p > (const unsigned char *)word && p[-1] == 0xC3 && *p >= 0xA0 && *p != 0xB7 && *p != 0xBF) set_add(&s, *p - 32u, *p - 32u);
        out = new_node(&b);
        make_set(&b, at, NFA_BYTE, &s, false, out);
    }
    if (whole) {
        out = new_node(&b);
        make_set(&b, at, NFA_NEXT, &outside, true, out);
        at = out;
    }
    make(&b, at, NFA_ACCEPT, 0, 0);
    return add_start(a, start, e);
}

void nfa_clear(struct nfa *a)
{
    free(a->nodes);
    free(a->sets);
    free(a->starts);
    memset(a, 0, sizeof(*a));
}
