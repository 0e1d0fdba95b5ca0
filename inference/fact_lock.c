/* fact_lock.c: what a model may write about a record (DESIGN.md, "Fact lock"), as a byte automaton.
 *
 * Plain text may hold anything but digits, brackets, control and invisible characters, and capitals except in the
 * first word of a sentence. Slots, listed words and literals are entries of one trie; a character that plain text may
 * not hold is owed to an entry: it must lie inside an occurrence of one that begins and ends at a word's edge.
 * The trie has failure links (Aho and Corasick 1975), so one node stands for every entry in progress, and a state
 * is: that node, the number of bytes from the first owed one to here, the place in the sentence, the sentences so
 * far, and the UTF-8 character in progress. A byte is refused at once when no character could be completed with it
 * (valid(): the block of characters that share the prefix is searched), so there is no dead end. */
#include "fact_lock.h"

#include <stdlib.h>
#include <string.h>
#include <unicode/uchar.h>
#include "../base/str.h"

#define MAX_ENTRIES 4096
#define MAX_ENTRY_BYTES 255
#define MAX_SENTENCES 1023

enum place { /* what stands before the next character */
    LINE,      /* nothing, or a newline: a sentence or "- " may begin */
    SENTENCE,  /* "- ", or a stop or colon and spaces: a sentence may begin */
    DASH,      /* "-" at the start of a line */
    FREE_WORD, /* part of the first word of a sentence: capitals are free */
    WORD,      /* part of another word */
    STOP,      /* . ! ? */
    COLON,
    INSIDE     /* anything else */
};

struct state { /* packed into 61 bits: bit fields of fixed order are not portable, so by hand below */
    uint32_t node;      /* 20: the longest entry in progress */
    uint32_t owed;      /* 8: bytes from the first owed one to here; 0 nothing is owed */
    uint32_t partial;   /* 15: bits of the character in progress */
    uint32_t left;      /* 2: its bytes still to come */
    uint32_t so_far;    /* 2: its bytes so far */
    uint32_t settled;   /* 1: what is owed was complete before it, if it turns out to be no part of a word */
    uint32_t place;     /* 3 */
    uint32_t sentences; /* 10: finished ones */
};

struct node {
    uint32_t child, sibling, fail; /* 0: none; the root is node 0 and nobody's child */
    uint8_t byte, depth;
    uint8_t complete;              /* bytes of the longest entry that ends here, of those in progress; 0: none */
    uint8_t to_go;                 /* bytes to the end of the nearest entry that goes on from here */
    bool ends, in_word, in_char;   /* an entry ends here; last character is part of a word; inside a character */
};

struct fact_lock_constraint {
    struct constraint base;
    struct node *nodes;
    size_t n_nodes;
    uint32_t first[256]; /* the root's children */
    unsigned max_sentences;
    bool newlines;
};

/* ---- characters --------------------------------------------------------------------------------------------------- */

enum ink { INK_BAD, INK_CAPITAL, INK_LETTER, INK_NUMBER, INK_BRACKET, INK_NEWLINE, INK_OTHER };

static enum ink ink_of(uint32_t cp)
{
    if (cp < 0x80) {
        if ((cp >= 'a' && cp <= 'z')) return INK_LETTER;
        if ((cp >= 'A' && cp <= 'Z')) return INK_CAPITAL;
        if ((cp >= '0' && cp <= '9')) return INK_NUMBER;
        if (cp == '[' || cp == ']') return INK_BRACKET;
        if (cp == '\n') return INK_NEWLINE;
        return cp < ' ' || cp == 0x7F ? INK_BAD : INK_OTHER;
    }
    switch (u_charType((UChar32)cp)) {
    case U_UPPERCASE_LETTER:
    case U_TITLECASE_LETTER:
        return INK_CAPITAL;
    case U_LOWERCASE_LETTER:
    case U_MODIFIER_LETTER:
    case U_OTHER_LETTER:
    case U_NON_SPACING_MARK:
    case U_ENCLOSING_MARK:
    case U_COMBINING_SPACING_MARK:
        return INK_LETTER;
    case U_DECIMAL_DIGIT_NUMBER:
    case U_LETTER_NUMBER:
    case U_OTHER_NUMBER:
        return INK_NUMBER;
    case U_UNASSIGNED: /* the invisible and the meaningless: a way to hide what the checks look for */
    case U_CONTROL_CHAR:
    case U_FORMAT_CHAR:
    case U_PRIVATE_USE_CHAR:
    case U_SURROGATE:
    case U_LINE_SEPARATOR:
    case U_PARAGRAPH_SEPARATOR:
        return INK_BAD;
    default:
        return INK_OTHER;
    }
}

static bool in_word(enum ink ink)
{
    return ink == INK_CAPITAL || ink == INK_LETTER || ink == INK_NUMBER;
}

/* Could an entry begin with this byte right after a word's character? Beyond ASCII the first byte does not tell. */
static bool may_begin(bool after_word, uint8_t b)
{
    return (b & 0xC0) != 0x80 && !(after_word && (b >= 0x80 || in_word(ink_of(b))));
}

static bool plain(const struct fact_lock_constraint *c, enum ink ink, uint32_t place)
{
    switch (ink) {
    case INK_CAPITAL: return place == LINE || place == SENTENCE || place == FREE_WORD;
    case INK_LETTER:
    case INK_OTHER: return true;
    case INK_NEWLINE: return c->newlines;
    default: return false;
    }
}

static uint32_t next_place(uint32_t place, uint32_t cp, enum ink ink)
{
    bool starts = place == LINE || place == SENTENCE;

    if (in_word(ink)) return place == FREE_WORD || (starts && ink != INK_NUMBER) ? FREE_WORD : WORD;
    switch (cp) {
    case '\n': return LINE;
    case '.':
    case '!':
    case '?': return STOP;
    case ':': return COLON;
    case '-': return place == LINE ? DASH : INSIDE;
    case ' ': return starts || place == STOP || place == COLON || place == DASH ? SENTENCE : INSIDE;
    default: return INSIDE;
    }
}

/* ---- the automaton ------------------------------------------------------------------------------------------------ */

static uint64_t pack(const struct state *s)
{
    return s->node | (uint64_t)s->owed << 20 | (uint64_t)s->partial << 28 | (uint64_t)s->left << 43 |
           (uint64_t)s->so_far << 45 | (uint64_t)s->settled << 47 | (uint64_t)s->place << 48 |
           (uint64_t)s->sentences << 51;
}

static struct state unpack(uint64_t v)
{
    return (struct state){.node = v & 0xFFFFF, .owed = v >> 20 & 0xFF, .partial = v >> 28 & 0x7FFF,
                          .left = v >> 43 & 3, .so_far = v >> 45 & 3, .settled = v >> 47 & 1,
                          .place = v >> 48 & 7, .sentences = v >> 51 & 0x3FF};
}

static uint32_t child(const struct fact_lock_constraint *c, uint32_t node, uint8_t b)
{
    uint32_t k;

    if (node == 0) return c->first[b];
    for (k = c->nodes[node].child; k && c->nodes[k].byte != b; k = c->nodes[k].sibling) continue;
    return k;
}

/* The longest entry in progress after byte b. */
static uint32_t follow(const struct fact_lock_constraint *c, uint32_t node, uint8_t b, bool after_word)
{
    for (; node; node = c->nodes[node].fail) {
        uint32_t k = child(c, node, b);

        if (k) return k;
    }
    return may_begin(after_word, b) ? c->first[b] : 0;
}

static bool finished(const struct fact_lock_constraint *c, const struct state *s)
{
    return c->max_sentences && s->sentences + (s->place == STOP) >= c->max_sentences;
}

static bool paid(const struct fact_lock_constraint *c, const struct state *s)
{
    return s->owed == 0 || c->nodes[s->node].complete >= s->owed;
}

/* A whole character of `len` bytes has come; s->node is already past it. */
static uint64_t take_char(const struct fact_lock_constraint *c, struct state *s, uint32_t cp, uint32_t len)
{
    enum ink ink = ink_of(cp);
    bool over = finished(c, s);

    if (s->owed == 0 && over) return FACT_LOCK_DEAD;
    if (s->owed != 0 || !plain(c, ink, s->place)) {
        if (c->nodes[s->node].depth < s->owed + len) return FACT_LOCK_DEAD;
        s->owed += len;
    }
    if (s->place == STOP && (cp == ' ' || cp == '\n') && s->sentences < MAX_SENTENCES) s->sentences++;
    s->place = next_place(s->place, cp, ink);
    s->partial = s->left = s->so_far = s->settled = 0;
    return pack(s);
}

/* Can the character in progress still become one that plain text may hold here? */
static bool valid(const struct fact_lock_constraint *c, const struct state *s)
{
    static const uint32_t least[] = {0, 0, 0x80, 0x800, 0x10000}; /* by length: no overlong forms */
    uint32_t first = s->partial << 6 * s->left, last = first | ((UINT32_C(1) << 6 * s->left) - 1);

    if (finished(c, s) || (s->owed && !s->settled)) return false;
    if (first >= 0x40000) return false; /* nothing to read in planes 4 to 16 */
    if (first < least[s->so_far + s->left]) first = least[s->so_far + s->left];
    for (uint32_t cp = first; cp <= last; cp++) {
        enum ink ink = ink_of(cp);

        if (plain(c, ink, s->place) && !(s->owed && in_word(ink))) return true;
    }
    return false;
}

static uint64_t take_byte_of_char(const struct fact_lock_constraint *c, struct state *s, uint8_t b, bool after_word)
{
    if (s->left == 0) {
        if (b < 0xC2 || b > 0xF4) return FACT_LOCK_DEAD;
        s->left = b < 0xE0 ? 1 : b < 0xF0 ? 2 : 3;
        s->partial = b & (0x3F >> s->left);
        s->so_far = 1;
        s->settled = paid(c, s);
        if (s->settled && !after_word) s->owed = 0;
    } else {
        if ((b & 0xC0) != 0x80) return FACT_LOCK_DEAD;
        s->partial = s->partial << 6 | (b & 0x3F);
        s->left--;
        s->so_far++;
    }
    if (s->owed == 0 && finished(c, s)) return FACT_LOCK_DEAD;
    s->node = follow(c, s->node, b, after_word);
    if (s->left > 0) return c->nodes[s->node].depth >= s->owed + s->so_far || valid(c, s) ? pack(s) : FACT_LOCK_DEAD;
    if (s->settled && !finished(c, s) && !in_word(ink_of(s->partial))) s->owed = 0;
    return take_char(c, s, s->partial, s->so_far);
}

uint64_t fact_lock_next(const struct constraint *base, uint64_t state, uint8_t b)
{
    const struct fact_lock_constraint *c = (const struct fact_lock_constraint *)base;
    struct state s = unpack(state);
    bool after_word = s.place == WORD || s.place == FREE_WORD;

    if (s.left > 0 || b >= 0x80) return take_byte_of_char(c, &s, b, after_word);
    if (paid(c, &s) && !(after_word && in_word(ink_of(b)))) s.owed = 0;
    s.node = follow(c, s.node, b, after_word);
    return take_char(c, &s, b, 1);
}

uint64_t fact_lock_first(void)
{
    return pack(&(struct state){.place = LINE});
}

bool fact_lock_rests(const struct constraint *base, uint64_t state)
{
    struct state s = unpack(state);

    return s.left == 0 && paid((const struct fact_lock_constraint *)base, &s);
}

unsigned fact_lock_least(const struct constraint *base, uint64_t state)
{
    const struct fact_lock_constraint *c = (const struct fact_lock_constraint *)base;
    struct state s = unpack(state);
    unsigned entry = UINT32_MAX;

    if (s.left == 0 && paid(c, &s)) return 0;
    if (c->nodes[s.node].depth >= s.owed + s.so_far) entry = c->nodes[s.node].to_go;
    return s.left > 0 && s.left < entry && valid(c, &s) ? s.left : entry;
}

static void fact_lock_start(const struct constraint *c, struct constraint_state *out)
{
    (void)c;
    out->n = 1;
    out->w[0] = fact_lock_first();
}

static bool fact_lock_step(const struct constraint *c, struct constraint_state *s, uint8_t b)
{
    s->w[0] = fact_lock_next(c, s->w[0], b);
    return s->w[0] != FACT_LOCK_DEAD;
}

static bool fact_lock_accepts(const struct constraint *c, const struct constraint_state *s)
{
    return fact_lock_rests(c, s->w[0]);
}

static void fact_lock_close(struct constraint *base)
{
    struct fact_lock_constraint *c = (struct fact_lock_constraint *)base;

    free(c->nodes);
    free(c);
}

static const struct constraint_kind fact_lock_kind = {.start = fact_lock_start, .step = fact_lock_step,
                                                      .accepts = fact_lock_accepts, .close = fact_lock_close};

/* ---- building ----------------------------------------------------------------------------------------------------- */

enum entry_kind { SLOT, LISTED_WORD, LITERAL };
static const char *const kind_name[] = {"slot", "word", "literal"};

/* Is it something that its kind may hold? Slots: brackets around, none within. */
static bool fits(enum entry_kind kind, const char *s, size_t n)
{
    size_t at = 0, end = n;

    if (kind == SLOT) {
        if (n < 3 || s[0] != '[' || s[n - 1] != ']') return false;
        at = 1;
        end = n - 1;
    }
    if (utf8_valid_prefix(s, n) != n) return false;
    while (at < end) {
        uint32_t cp;
        enum ink ink;

        at += utf8_decode(s + at, end - at, &cp);
        ink = ink_of(cp);
        if (ink == INK_BAD || ink == INK_NEWLINE || ink == INK_BRACKET) return false;
        if (kind == LISTED_WORD && (ink == INK_NUMBER || cp == ' ')) return false;
    }
    return true;
}

static void add_entry(struct fact_lock_constraint *c, const char *s, size_t n)
{
    uint32_t node = 0;

    for (size_t i = 0; i < n; i++) {
        uint8_t b = (uint8_t)s[i];
        uint32_t k = child(c, node, b);

        if (!k) {
            struct node *fresh = &c->nodes[k = (uint32_t)c->n_nodes++];
            struct node *parent = &c->nodes[node];

            fresh->byte = b;
            fresh->depth = (uint8_t)(i + 1);
            if (node == 0) {
                c->first[b] = k;
            } else {
                fresh->sibling = parent->child;
                parent->child = k;
            }
        }
        node = k;
    }
    c->nodes[node].ends = true;
}

/* Mark every node of the entry's path: whether its last character is complete, and part of a word. */
static void mark_chars(struct fact_lock_constraint *c, const char *s, size_t n)
{
    uint32_t node = 0;

    for (size_t i = 0; i < n;) {
        uint32_t cp;
        size_t len = utf8_decode(s + i, n - i, &cp);

        for (size_t k = 0; k < len; k++) {
            node = child(c, node, (uint8_t)s[i + k]);
            c->nodes[node].in_char = k + 1 < len;
        }
        c->nodes[node].in_word = in_word(ink_of(cp));
        i += len;
    }
}

/* Failure links, nearest the root first. A shorter entry in progress begins at a word's edge too. */
static enum rc link_nodes(struct fact_lock_constraint *c, struct err *e)
{
    uint32_t *queue = malloc(c->n_nodes * sizeof(*queue));
    size_t head = 0, tail = 0;

    if (!queue) return err_set(e, RC_NOMEM, "fact lock: out of memory");
    for (unsigned b = 0; b < 256; b++)
        if (c->first[b]) queue[tail++] = c->first[b];
    while (head < tail) {
        uint32_t at = queue[head++];
        struct node *n = &c->nodes[at];

        n->complete = n->ends ? n->depth : c->nodes[n->fail].complete;
        for (uint32_t k = n->child; k; k = c->nodes[k].sibling) {
            bool after_word = n->in_word || n->in_char;

            c->nodes[k].fail = follow(c, n->fail, c->nodes[k].byte, after_word);
            queue[tail++] = k;
        }
    }
    free(queue);
    return RC_OK;
}

/* How far the nearest entry's end is; children come after their parents. */
static void measure_ways(struct fact_lock_constraint *c)
{
    for (size_t i = c->n_nodes; i-- > 1;) {
        struct node *n = &c->nodes[i];

        n->to_go = n->ends ? 0 : UINT8_MAX;
        for (uint32_t k = n->child; k; k = c->nodes[k].sibling)
            if (c->nodes[k].to_go < n->to_go) n->to_go = (uint8_t)(c->nodes[k].to_go + 1);
    }
}

/* Check the entries of one kind, and count the bytes of those that are taken. */
static enum rc measure(enum entry_kind kind, const char *const *s, size_t n, size_t *bytes, struct err *e)
{
    for (size_t i = 0; i < n; i++) {
        size_t len = strlen(s[i]);

        if (len > MAX_ENTRY_BYTES)
            return err_set(e, RC_LIMIT, "fact lock: %s %zu has more than %d bytes", kind_name[kind], i + 1,
                           MAX_ENTRY_BYTES);
        if (kind != LISTED_WORD && len > 0 && !fits(kind, s[i], len))
            return err_set(e, RC_BAD, "fact lock: %s %zu holds a bracket, a control character or bad UTF-8",
                           kind_name[kind], i + 1);
        *bytes += len;
    }
    return RC_OK;
}

static void add_entries(struct fact_lock_constraint *c, enum entry_kind kind, const char *const *s, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        size_t len = strlen(s[i]);

        if (len == 0 || !fits(kind, s[i], len)) continue;
        add_entry(c, s[i], len);
        mark_chars(c, s[i], len);
    }
}

enum rc constraint_fact_lock(const struct fact_lock *f, struct constraint **out, struct err *e)
{
    struct fact_lock_constraint *c = NULL;
    size_t bytes = 1; /* the root */
    enum rc rc;

    if (f->n_slots > MAX_ENTRIES || f->n_words > MAX_ENTRIES || f->n_literals > MAX_ENTRIES ||
        f->n_slots + f->n_words + f->n_literals > MAX_ENTRIES)
        return err_set(e, RC_LIMIT, "fact lock: more than %d slots, words and literals", MAX_ENTRIES);
    if (f->max_sentences > MAX_SENTENCES)
        return err_set(e, RC_LIMIT, "fact lock: max_sentences is over %d", MAX_SENTENCES);
    rc = measure(SLOT, f->slots, f->n_slots, &bytes, e);
    if (rc == RC_OK) rc = measure(LISTED_WORD, f->words, f->n_words, &bytes, e);
    if (rc == RC_OK) rc = measure(LITERAL, f->literals, f->n_literals, &bytes, e);
    if (rc != RC_OK) return rc;

    c = calloc(1, sizeof(*c));
    if (c) c->nodes = calloc(bytes, sizeof(*c->nodes));
    if (!c || !c->nodes) {
        rc = err_set(e, RC_NOMEM, "fact lock: out of memory");
        goto out;
    }
    *c = (struct fact_lock_constraint){.base = {.kind = &fact_lock_kind}, .nodes = c->nodes, .n_nodes = 1,
                                       .max_sentences = f->max_sentences, .newlines = f->allow_newlines};
    add_entries(c, SLOT, f->slots, f->n_slots);
    add_entries(c, LISTED_WORD, f->words, f->n_words);
    add_entries(c, LITERAL, f->literals, f->n_literals);
    measure_ways(c);
    rc = link_nodes(c, e);
    if (rc != RC_OK) goto out;
    *out = &c->base;
    c = NULL;
out:
    if (c) fact_lock_close(&c->base);
    return rc;
}
