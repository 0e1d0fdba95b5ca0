/* automaton.c: see automaton.h. A state is a set of nodes of the nondeterministic automaton (nfa.h), made when a text
 * first leads to it. Bytes that no pattern tells apart are one class; a transition holds the next state and the set of
 * ids that it shows to be possible. */
#include "automaton.h"

#include <stdlib.h>
#include <string.h>
#include <unicode/uchar.h>

#include "../base/str.h"
#include "bytes.h"
#include "nfa.h"

#define UNKNOWN    UINT32_MAX
#define SET_BITS   12
#define SET_SHIFT  20 /* of a transition: the set above, the next state's row of transitions below */
#define ROW_MASK   ((UINT32_C(1) << SET_SHIFT) - 1)
#define MAX_SETS   (1u << SET_BITS)
#define HASH_SIZE  16384 /* of states and of sets; a power of two */
#define NO_SET     0
#define DEAD       0
#define RENEW_BYTES ((size_t)2 << 20) /* read with full tables before they are emptied: making states takes its time */
#define WORD_KNOWN  8    /* letters of a word by which it is known */
#define WORD_BITS   14
#define WORD_CACHE  (1u << WORD_BITS) /* words */
#define WORD_LONGER (UINT64_C(1) << 63) /* of a known word: it has more letters */
#define WORD_STARTS UINT64_C(0x80)      /* something begins with it */
#define BLOCK       64 /* bytes of a text that are looked at at once */
#define LINE        16 /* transitions of one cache line */
enum { LETTER = 1, END = 2, DOT = 4, GAP = 8 }; /* kinds of bytes: see ends_word(), is_gap() */
#define START_KINDS 2 /* without and with the patterns that need an '@' ahead */

struct id_set {
    uint32_t first, n; /* in ids */
};

struct state {
    uint32_t first, n; /* in members */
    uint32_t alive;    /* set of the ids that its nodes belong to */
};

/* What can be passed over, in one group. */
struct passing {
    bool words;       /* nothing that may begin within a word is plain */
    bool inside_dead; /* nothing at all begins within a word of ASCII letters */
    bool dull_ends;   /* nor with what most words end with, or with a dot */
    bool front_line;  /* behind an end of line the same begins as behind a space */
    uint64_t cache[WORD_CACHE]; /* by word: its letters, lowest first, and what is known of it */
};

struct automaton {
    struct nfa nfa;
    uint8_t class_of[256];
    uint8_t example[256]; /* a byte of each class */
    size_t n_classes;     /* the class behind them all is the end of the text, or its beginning */
    size_t stride;        /* transitions of a state; a state's row begins at number * stride */
    bool *needs_at;       /* [AUTOMATON_PATTERNS]: every match has an '@' */
    size_t *width;        /* [AUTOMATON_PATTERNS]: greatest width in bytes */
    size_t at_reach;      /* how far before an '@' the patterns that need one are tried; 0: there are none */
    uint32_t *trans;
    struct state *states;
    size_t n_states;
    uint32_t *members;
    size_t n_members, cap_members;
    uint16_t *ids;
    size_t n_ids, cap_ids;
    struct id_set sets[MAX_SETS];
    size_t n_sets;
    uint32_t state_hash[HASH_SIZE], set_hash[HASH_SIZE]; /* numbers, 0 for none */
    bool second[AUTOMATON_PATTERNS];                   /* ids of AUTOMATON_SECOND */
    uint32_t *begins[AUTOMATON_GROUPS][START_KINDS];   /* [n_classes + 1] by the class before: the state to begin in */
    uint64_t dead[AUTOMATON_GROUPS][257][4];           /* [byte before, or 256]: bytes that nothing begins with */
    /* Words of letters alone, by their first few: most can be passed over. See word_end(). */
    bool *plain;        /* [nodes]: leads, by letters alone, to acceptance or on behind the word */
    bool *behind_dot;   /* [nodes]: accepts or reads what stands behind the dot of a sentence */
    uint8_t *sets_have; /* [sets] of the kinds of bytes below */
    struct passing passing[AUTOMATON_GROUPS];
    bool full;        /* a state or a set found no room */
    size_t read;      /* bytes since the states were made anew */
    /* scratch */
    uint32_t *stack, *next, *mark;
    uint32_t generation;
    uint16_t *found;
};

enum rc automaton_open(struct automaton **out, struct err *e)
{
    struct automaton *a = calloc(1, sizeof(*a));

    if (a) a->width = calloc(AUTOMATON_PATTERNS, sizeof(*a->width));
    if (!a || !a->width) {
        free(a);
        return err_set(e, RC_NOMEM, "detectors: out of memory");
    }
    *out = a;
    return RC_OK;
}

void automaton_close(struct automaton *a)
{
    if (!a) return;
    nfa_clear(&a->nfa);
    free(a->needs_at);
    free(a->width);
    free(a->trans);
    free(a->states);
    free(a->members);
    free(a->ids);
    for (size_t g = 0; g < AUTOMATON_GROUPS; g++)
        for (size_t i = 0; i < START_KINDS; i++)
            free(a->begins[g][i]);
    free(a->stack);
    free(a->next);
    free(a->mark);
    free(a->found);
    free(a->plain);
    free(a->behind_dot);
    free(a->sets_have);
    free(a);
}

enum rc automaton_add(struct automaton *a, const char *pattern, size_t width, enum automaton_group group, uint16_t id,
                      struct err *e)
{
    a->second[id] = group == AUTOMATON_SECOND;
    if (4 * width > a->width[id]) a->width[id] = 4 * width;
    return nfa_add(&a->nfa, pattern, id, e);
}

enum rc automaton_add_word(struct automaton *a, const char *word, bool whole, uint16_t id, struct err *e)
{
    return nfa_add_word(&a->nfa, word, whole, id, e);
}

/* ---- preparing ------------------------------------------------------------------------------------------------- */

/* Behind a word of letters: what most words end with. */
static bool ends_word(unsigned char c)
{
    static const bool ends[256] = {[' '] = true, [','] = true, [';'] = true, ['\n'] = true, [')'] = true};

    return ends[c];
}

static bool is_letter(unsigned char c)
{
    return (c | 0x20) >= 'a' && (c | 0x20) <= 'z';
}

/* What stands behind the dot of a sentence. */
static bool is_gap(unsigned char c)
{
    return c == ' ' || c == '\n';
}

/* Notes of each set of bytes what of that it has. */
static bool look_at_sets(struct automaton *a)
{
    a->sets_have = calloc(a->nfa.n_sets + 1, sizeof(*a->sets_have));
    if (!a->sets_have) return false;
    for (size_t i = 0; i < a->nfa.n_sets; i++)
        for (unsigned b = 0; b < 128; b++) {
            unsigned char c = (unsigned char)b;

            if (!byte_set_has(&a->nfa.sets[i], c)) continue;
            a->sets_have[i] |= (is_letter(c) ? LETTER : 0) | (ends_word(c) ? END : 0) | (c == '.' ? DOT : 0) | (is_gap(c) ? GAP : 0);
        }
    return true;
}

/* Spreads a mark back from the nodes that have it to those that lead to them without reading or, with `letters`, by
 * letters alone. */
static void spread_back(const struct automaton *a, bool *marks, bool letters)
{
    bool changed = true;

    while (changed) {
        changed = false;
        for (size_t i = a->nfa.n_nodes; i-- > 0;) {
            const struct nfa_node *node = &a->nfa.nodes[i];
            bool passes = node->kind != NFA_BYTE || (letters && a->sets_have[node->set] & LETTER);

            if (marks[i] || node->kind == NFA_FAIL || node->kind == NFA_ACCEPT) continue;
            if ((passes && marks[node->out]) || (node->kind == NFA_SPLIT && marks[node->other])) marks[i] = changed = true;
        }
    }
}

/* Does the node read a dot and then accept or read what stands behind it? */
static bool reads_dot(const struct automaton *a, const struct nfa_node *node)
{
    return a->sets_have[node->set] & DOT && a->behind_dot[node->out];
}

/* Marks the plain nodes: those that lead to acceptance, or to reading what is behind the word, by letters alone. */
static bool find_plain(struct automaton *a)
{
    a->plain = calloc(a->nfa.n_nodes + 1, sizeof(*a->plain));
    a->behind_dot = calloc(a->nfa.n_nodes + 1, sizeof(*a->behind_dot));
    if (!a->plain || !a->behind_dot || !look_at_sets(a)) return false;
    for (size_t i = 0; i < a->nfa.n_nodes; i++) {
        const struct nfa_node *node = &a->nfa.nodes[i];

        a->behind_dot[i] = node->kind == NFA_ACCEPT || (node->kind == NFA_BYTE && a->sets_have[node->set] & GAP);
    }
    spread_back(a, a->behind_dot, false);
    for (size_t i = 0; i < a->nfa.n_nodes; i++) {
        const struct nfa_node *node = &a->nfa.nodes[i];

        a->plain[i] = node->kind == NFA_ACCEPT ||
                      (node->kind == NFA_BYTE && (a->sets_have[node->set] & END || reads_dot(a, node)));
    }
    spread_back(a, a->plain, true);
    return true;
}

/* Numbers the classes anew, those of frequent bytes first: so a state's usual transitions share a cache line. */
static void sort_classes(struct automaton *a)
{
    static const char frequent[] = " 012.-,/:eniastr@()+odhluEcm";
    uint8_t number[256];
    bool done[256] = {false};
    unsigned n = 0;

    for (unsigned i = 0; i < sizeof(frequent) - 1 + 256; i++) {
        unsigned b = i < sizeof(frequent) - 1 ? (unsigned char)frequent[i] : i - (sizeof(frequent) - 1);
        uint8_t c = a->class_of[b];

        if (!done[c]) number[c] = (uint8_t)n++;
        done[c] = true;
    }
    for (unsigned b = 0; b < 256; b++)
        a->class_of[b] = number[a->class_of[b]];
}

/* Splits the classes so that each set of bytes is made of whole ones. */
static void make_classes(struct automaton *a)
{
    uint8_t *class_of = a->class_of;
    size_t n = 1;

    memset(class_of, 0, 256);
    for (size_t i = 0; i < a->nfa.n_sets; i++) {
        int16_t inside[256];

        memset(inside, -1, sizeof(inside));
        for (size_t c = 0; c < n; c++) { /* a class that is partly in the set gets a new number for that part */
            bool in = false, out = false;

            for (unsigned b = 0; b < 256; b++) {
                if (class_of[b] != c) continue;
                if (byte_set_has(&a->nfa.sets[i], (unsigned char)b))
                    in = true;
                else
                    out = true;
            }
            if (in && out) inside[c] = 1;
        }
        for (size_t c = 0, before = n; c < before; c++) {
            if (inside[c] < 0) continue;
            for (unsigned b = 0; b < 256; b++)
                if (class_of[b] == c && byte_set_has(&a->nfa.sets[i], (unsigned char)b)) class_of[b] = (uint8_t)n;
            n++;
        }
    }
    a->n_classes = n;
    sort_classes(a);
    for (unsigned b = 256; b-- > 0;)
        a->example[class_of[b]] = (uint8_t)b;
}

/* Does every way from `start` to acceptance read an '@' as a literal? */
static bool must_read_at(struct automaton *a, uint32_t start)
{
    struct byte_set at = {{0}};
    size_t n = 0;

    at.bits['@' / 64] |= UINT64_C(1) << '@' % 64;
    a->generation++;
    a->stack[n++] = start;
    a->mark[start] = a->generation;
    while (n) {
        const struct nfa_node *node = &a->nfa.nodes[a->stack[--n]];
        uint32_t ways[2] = {node->out, node->other};

        if (node->kind == NFA_ACCEPT) return false;
        if (node->kind == NFA_FAIL) continue;
        if (node->kind == NFA_BYTE && memcmp(&a->nfa.sets[node->set], &at, sizeof(at)) == 0) continue;
        for (size_t i = 0; i < (node->kind == NFA_SPLIT ? 2u : 1u); i++) {
            if (a->mark[ways[i]] == a->generation) continue;
            a->mark[ways[i]] = a->generation;
            a->stack[n++] = ways[i];
        }
    }
    return true;
}

static enum rc prepare(struct automaton *a, struct err *e)
{
    size_t n = a->nfa.n_nodes + a->nfa.n_starts + 1;

    make_classes(a);
    a->stride = (a->n_classes + LINE) / LINE * LINE; /* and one class for the text's edge */
    a->stack = malloc(4 * n * sizeof(*a->stack)); /* twice what can be in use, in two halves */
    a->next = malloc(2 * n * sizeof(*a->next));
    a->mark = calloc(n, sizeof(*a->mark));
    a->found = malloc(4 * n * sizeof(*a->found));
    a->needs_at = calloc(AUTOMATON_PATTERNS, sizeof(*a->needs_at));
    for (size_t g = 0; g < AUTOMATON_GROUPS; g++)
        for (size_t i = 0; i < START_KINDS; i++)
            if (!(a->begins[g][i] = calloc(a->n_classes + 1, sizeof(uint32_t))))
                return err_set(e, RC_NOMEM, "detectors: out of memory");
    a->states = calloc(AUTOMATON_STATES, sizeof(*a->states));
    a->trans = aligned_alloc(LINE * sizeof(*a->trans), AUTOMATON_STATES * a->stride * sizeof(*a->trans));
    if (!find_plain(a) || !a->stack || !a->next || !a->mark || !a->found || !a->needs_at || !a->states || !a->trans)
        return err_set(e, RC_NOMEM, "detectors: out of memory");
    memset(a->trans, 0, a->stride * sizeof(*a->trans)); /* row 0, the dead state */
    a->n_states = 1;
    a->n_sets = 1; /* the empty one */
    for (size_t i = 0; i < a->nfa.n_starts; i++) {
        uint32_t start = a->nfa.starts[i];

        a->needs_at[a->nfa.nodes[start].id] = must_read_at(a, start);
    }
    for (size_t i = 0; i < a->nfa.n_starts; i++) { /* an id with several patterns needs what all of them need */
        uint16_t id = a->nfa.nodes[a->nfa.starts[i]].id;

        if (a->needs_at[id] && !must_read_at(a, a->nfa.starts[i])) a->needs_at[id] = false;
    }
    for (size_t i = 0; i < AUTOMATON_PATTERNS; i++)
        if (a->needs_at[i] && a->width[i] > a->at_reach) a->at_reach = a->width[i];
    return RC_OK;
}

/* ---- sets and states ------------------------------------------------------------------------------------------- */

static uint32_t hash_bytes(const void *bytes, size_t n)
{
    const unsigned char *p = bytes;
    uint32_t h = 2166136261u; /* FNV-1a */

    for (size_t i = 0; i < n; i++)
        h = (h ^ p[i]) * 16777619u;
    return h ^ h >> 15;
}

static int by_value16(const void *x, const void *y)
{
    return *(const uint16_t *)x - *(const uint16_t *)y;
}

static int by_value32(const void *x, const void *y)
{
    uint32_t a = *(const uint32_t *)x, b = *(const uint32_t *)y;

    return (a > b) - (a < b);
}

static bool reserve(void **items, size_t *cap, size_t wanted, size_t size)
{
    size_t bigger = *cap ? *cap : 256;
    void *moved;

    if (wanted <= *cap) return true;
    while (bigger < wanted)
        bigger *= 2;
    moved = realloc(*items, bigger * size);
    if (!moved) return false;
    *items = moved;
    *cap = bigger;
    return true;
}

/* The number of the set of a->found[0, n), which gets sorted; false when out of memory. When there is no room for another
 * set it is the last one, of all ids. */
static bool set_of(struct automaton *a, size_t n, uint32_t *out)
{
    size_t kept = 0;
    uint32_t at;

    if (n > 1) qsort(a->found, n, sizeof(*a->found), by_value16);
    for (size_t i = 0; i < n; i++)
        if (i == 0 || a->found[i] != a->found[kept - 1]) a->found[kept++] = a->found[i];
    *out = NO_SET;
    if (kept == 0) return true;
    for (at = hash_bytes(a->found, kept * sizeof(*a->found)) % HASH_SIZE; a->set_hash[at]; at = (at + 1) % HASH_SIZE) {
        const struct id_set *s = &a->sets[a->set_hash[at]];

        if (s->n == kept && memcmp(a->ids + s->first, a->found, kept * sizeof(*a->found)) == 0) {
            *out = a->set_hash[at];
            return true;
        }
    }
    if (a->n_sets == MAX_SETS) {
        *out = MAX_SETS - 1;
        return true;
    }
    if (a->n_sets == MAX_SETS - 1) {
        a->full = true;
        kept = 0;
        for (size_t i = 0; i < a->nfa.n_starts; i++)
            a->found[kept++] = a->nfa.nodes[a->nfa.starts[i]].id;
        qsort(a->found, kept, sizeof(*a->found), by_value16);
    }
    if (!reserve((void **)&a->ids, &a->cap_ids, a->n_ids + kept, sizeof(*a->ids))) return false;
    memcpy(a->ids + a->n_ids, a->found, kept * sizeof(*a->found));
    a->sets[a->n_sets] = (struct id_set){.first = (uint32_t)a->n_ids, .n = (uint32_t)kept};
    a->n_ids += kept;
    a->set_hash[at] = (uint32_t)a->n_sets;
    *out = (uint32_t)a->n_sets++;
    return true;
}

/* The number of the state of a->next[0, n), made if it is new; DEAD when it is empty; UNKNOWN when there is no more room.
 * false when out of memory. */
static bool state_of(struct automaton *a, size_t n, uint32_t *out)
{
    uint32_t at;
    struct state *s;
    size_t n_found = 0;

    *out = DEAD;
    if (n == 0) return true;
    qsort(a->next, n, sizeof(*a->next), by_value32);
    for (at = hash_bytes(a->next, n * sizeof(*a->next)) % HASH_SIZE; a->state_hash[at]; at = (at + 1) % HASH_SIZE) {
        s = &a->states[a->state_hash[at]];
        if (s->n == n && memcmp(a->members + s->first, a->next, n * sizeof(*a->next)) == 0) {
            *out = a->state_hash[at];
            return true;
        }
    }
    if (a->n_states == AUTOMATON_STATES || (a->n_states + 1) * a->stride > ROW_MASK) {
        a->full = true;
        *out = UNKNOWN;
        return true;
    }
    if (!reserve((void **)&a->members, &a->cap_members, a->n_members + n, sizeof(*a->members))) return false;
    s = &a->states[a->n_states];
    *s = (struct state){.first = (uint32_t)a->n_members, .n = (uint32_t)n};
    memcpy(a->members + a->n_members, a->next, n * sizeof(*a->next));
    for (size_t i = 0; i < n; i++)
        a->found[n_found++] = a->nfa.nodes[a->next[i]].id;
    if (!set_of(a, n_found, &s->alive)) return false;
    a->n_members += n;
    for (size_t i = 0; i < a->stride; i++)
        a->trans[a->n_states * a->stride + i] = UNKNOWN;
    a->state_hash[at] = (uint32_t)a->n_states;
    *out = (uint32_t)a->n_states++;
    return true;
}

/* ---- transitions ----------------------------------------------------------------------------------------------- */

/* Is the byte of class c, or the text's edge, in the set? */
static bool meets(const struct automaton *a, const struct nfa_node *node, size_t c)
{
    return c == a->n_classes ? node->edge : byte_set_has(&a->nfa.sets[node->set], a->example[c]);
}

static void push(struct automaton *a, size_t *n, uint32_t node)
{
    if (a->mark[node] == a->generation) return;
    a->mark[node] = a->generation;
    a->stack[(*n)++] = node;
}

/* Adds to next[] the nodes that stack[0, depth) leads to without reading, behind a byte of class `before`; ids of those
 * that accept to found[]. */
static void arrive(struct automaton *a, size_t depth, size_t before, size_t *n_next, size_t *n_found)
{
    while (depth) {
        uint32_t number = a->stack[--depth];
        const struct nfa_node *node = &a->nfa.nodes[number];

        switch (node->kind) {
        case NFA_SPLIT:
            push(a, &depth, node->out);
            push(a, &depth, node->other);
            break;
        case NFA_GO:
            push(a, &depth, node->out);
            break;
        case NFA_BEFORE:
            if (meets(a, node, before)) push(a, &depth, node->out);
            break;
        case NFA_ACCEPT:
            a->found[(*n_found)++] = node->id;
            break;
        case NFA_BYTE:
        case NFA_NEXT:
            a->next[(*n_next)++] = number;
            break;
        default:
            break;
        }
    }
}

static bool is_found(const struct automaton *a, size_t n_found, uint16_t id)
{
    for (size_t i = 0; i < n_found; i++)
        if (a->found[i] == id) return true;
    return false;
}

/* The transition of state s on class c, made and kept. false when out of memory. */
static bool make_transition(struct automaton *a, uint32_t s, size_t c, uint32_t *out)
{
    const struct state *from = &a->states[s];
    size_t depth = 0, n_next = 0, n_found = 0, kept = 0, pending = from->n;
    uint32_t *read = a->stack + 2 * a->nfa.n_nodes; /* second half: nodes reached by reading */
    size_t n_read = 0;
    uint32_t next, set;

    a->generation++;
    memcpy(a->next, a->members + from->first, pending * sizeof(*a->next));
    while (pending) { /* what waited for the next byte is decided */
        const struct nfa_node *node = &a->nfa.nodes[a->next[--pending]];

        if (node->kind == NFA_BYTE) {
            if (c < a->n_classes && byte_set_has(&a->nfa.sets[node->set], a->example[c])) read[n_read++] = node->out;
        } else if (meets(a, node, c)) {
            size_t more = pending;

            push(a, &depth, node->out);
            while (depth) { /* behind a look ahead: without reading, and without knowing what stood before */
                uint32_t number = a->stack[--depth];
                const struct nfa_node *behind = &a->nfa.nodes[number];

                if (behind->kind == NFA_SPLIT) push(a, &depth, behind->other);
                if (behind->kind == NFA_SPLIT || behind->kind == NFA_GO || behind->kind == NFA_BEFORE)
                    push(a, &depth, behind->out);
                else if (behind->kind == NFA_ACCEPT)
                    a->found[n_found++] = behind->id;
                else if (behind->kind != NFA_FAIL)
                    a->next[more++] = number;
            }
            pending = more;
        }
    }
    a->generation++;
    for (size_t i = 0; i < n_read; i++)
        push(a, &depth, read[i]);
    arrive(a, depth, c, &n_next, &n_found);
    for (size_t i = 0; i < n_next; i++) /* a pattern that is named needs no more reading */
        if (!is_found(a, n_found, a->nfa.nodes[a->next[i]].id)) a->next[kept++] = a->next[i];
    {
        uint16_t *found = NULL;

        if (n_found) { /* state_of() uses found[] as well */
            found = malloc(n_found * sizeof(*found));
            if (!found) return false;
            memcpy(found, a->found, n_found * sizeof(*found));
        }
        if (!state_of(a, kept, &next)) {
            free(found);
            return false;
        }
        if (n_found) memcpy(a->found, found, n_found * sizeof(*found));
        free(found);
    }
    if (next == UNKNOWN) { /* no more room for states: whatever is open may match */
        for (size_t i = 0; i < kept; i++)
            a->found[n_found++] = a->nfa.nodes[a->next[i]].id;
        next = DEAD;
    }
    if (!set_of(a, n_found, &set)) return false;
    *out = set << SET_SHIFT | (uint32_t)(next * a->stride);
    a->trans[s * a->stride + c] = *out;
    return true;
}

/* The state in which to begin behind a byte of class `before`. */
static bool begin_state(struct automaton *a, size_t g, size_t kind, size_t before, uint32_t *out)
{
    size_t depth = 0, n_next = 0, n_found = 0;

    a->generation++;
    for (size_t i = 0; i < a->nfa.n_starts; i++) {
        uint16_t id = a->nfa.nodes[a->nfa.starts[i]].id;

        if (a->second[id] == (g == AUTOMATON_SECOND) && (kind == 1 || !a->needs_at[id])) push(a, &depth, a->nfa.starts[i]);
    }
    arrive(a, depth, before, &n_next, &n_found);
    return state_of(a, n_next, out) && *out != UNKNOWN;
}

/* Is it plain: given that another letter follows or, at the word's end, that it doesn't? */
static bool state_is_plain(const struct automaton *a, uint32_t state, bool end)
{
    const struct state *s = &a->states[state];

    for (size_t i = 0; i < s->n; i++) {
        const struct nfa_node *node = &a->nfa.nodes[a->members[s->first + i]];

        if (!end && a->plain[node->out] && a->sets_have[node->set] & LETTER) return true;
        if (end && (a->sets_have[node->set] & END || (node->kind == NFA_NEXT && a->sets_have[node->set] & DOT) || reads_dot(a, node)))
            return true;
    }
    return false;
}

/* Every state to begin in, and the bytes that none of them has a use for: so most starts cost one look. */
static enum rc make_begins_of(struct automaton *a, size_t g, struct err *e)
{
    for (size_t kind = 0; kind < START_KINDS; kind++)
        for (size_t before = 0; before <= a->n_classes; before++)
            if (!begin_state(a, g, kind, before, &a->begins[g][kind][before]))
                return err_set(e, RC_NOMEM, "detectors: out of memory");
    for (size_t before = 0; before <= 256; before++) {
        uint32_t state = a->begins[g][1][before < 256 ? a->class_of[before] : a->n_classes];

        for (size_t b = 0; b < 256; b++) {
            uint32_t t = a->trans[state * a->stride + a->class_of[b]];

            if (t == UNKNOWN && !make_transition(a, state, a->class_of[b], &t))
                return err_set(e, RC_NOMEM, "detectors: out of memory");
            if (t == 0 || (b >= 0x80 && b < 0xC0)) a->dead[g][before][b / 64] |= UINT64_C(1) << b % 64;
        }
    }
    return RC_OK;
}

/* Does nothing begin with `first` behind letters or, without `letters`, behind anything? */
static bool is_dead(const struct automaton *a, size_t g, unsigned char first, bool letters)
{
    for (unsigned before = 0; before <= 256; before++) {
        if (letters && (before == 256 || !is_letter((unsigned char)before))) continue;
        if (!(a->dead[g][before][first / 64] >> first % 64 & 1)) return false;
    }
    return true;
}

static void find_passing(struct automaton *a, size_t g)
{
    struct passing *p = &a->passing[g];
    uint32_t *const *begins = a->begins[g];

    memset(p, 0, sizeof(*p));
    p->words = p->inside_dead = p->front_line = true;
    p->dull_ends = is_dead(a, g, '.', false);
    for (unsigned b = 0; b < 128; b++) {
        if (ends_word((unsigned char)b)) p->dull_ends &= is_dead(a, g, (unsigned char)b, false);
        if (!is_letter((unsigned char)b)) continue;
        p->inside_dead &= is_dead(a, g, (unsigned char)b, true);
        p->words &= !state_is_plain(a, begins[1][a->class_of[b]], false);
    }
    for (size_t kind = 0; kind < START_KINDS; kind++)
        p->front_line &= begins[kind][a->class_of['\n']] == begins[kind][a->class_of[' ']];
}

static enum rc make_begins(struct automaton *a, struct err *e)
{
    enum rc rc = RC_OK;

    for (size_t g = 0; g < AUTOMATON_GROUPS && rc == RC_OK; g++) {
        rc = make_begins_of(a, g, e);
        if (rc == RC_OK) find_passing(a, g);
    }
    return rc;
}

enum rc automaton_ready(struct automaton *a, struct err *e)
{
    enum rc rc = prepare(a, e);

    return rc == RC_OK ? make_begins(a, e) : rc;
}

enum rc automaton_renew(struct automaton *a, struct err *e)
{
    if (!a->full || a->read < RENEW_BYTES) return RC_OK;
    a->full = false;
    a->read = 0;
    a->n_states = a->n_sets = 1;
    a->n_members = a->n_ids = 0;
    memset(a->state_hash, 0, sizeof(a->state_hash));
    memset(a->set_hash, 0, sizeof(a->set_hash));
    memset(a->dead, 0, sizeof(a->dead));
    return make_begins(a, e);
}

/* ---- running --------------------------------------------------------------------------------------------------- */

static bool add_hit(struct automaton_hits *hits, size_t at, uint32_t set)
{
    if (hits->n == hits->cap &&
        !reserve((void **)&hits->items, &hits->cap, hits->n + 1, sizeof(*hits->items)))
        return false;
    hits->items[hits->n++] = (struct automaton_hit){.at = (uint32_t)at, .set = set};
    return true;
}

/* The byte that stands for the character beyond ASCII at s[i, n), where it is known what it is, or its first byte. */
static unsigned char byte_for(const unsigned char *s, size_t n, size_t i)
{
    uint32_t cp, kind;

    (void)utf8_decode((const char *)s + i, n - i, &cp);
    kind = U_GET_GC_MASK((UChar32)cp);
    if (kind & (U_GC_L_MASK | U_GC_N_MASK)) return NFA_WORD;
    return kind & (U_GC_M_MASK | U_GC_PC_MASK | U_GC_CN_MASK) ? s[i] : NFA_OTHER;
}

/* The same for the character before s[i], i > 0. */
static unsigned char byte_before(const unsigned char *s, size_t i)
{
    size_t start = i - 1;

    if (s[start] < 0x80) return s[start];
    while (start > 0 && i - start < 4 && (s[start] & 0xC0) == 0x80)
        start--;
    return byte_for(s, i, start);
}

/* May a word of `len` letters alone, behind a space, be a match or the beginning of one? Of more than WORD_KNOWN letters
 * the first ones are known. */
static bool word_starts(struct automaton *a, size_t g, const unsigned char *s, size_t len)
{
    size_t known = len < WORD_KNOWN ? len : WORD_KNOWN;
    uint32_t row = (uint32_t)(a->begins[g][1][a->class_of[' ']] * a->stride);

    for (size_t i = 0; i < known && row != DEAD; i++) {
        size_t c = a->class_of[s[i]];
        uint32_t t = a->trans[row + c];

        if (t == UNKNOWN && !make_transition(a, row / (uint32_t)a->stride, c, &t)) return true;
        if (t >> SET_SHIFT) return true;
        row = t & ROW_MASK;
    }
    return row != DEAD && state_is_plain(a, row / (uint32_t)a->stride, len <= WORD_KNOWN);
}

/* Does nothing begin with the word of `len` letters or in it, given that what most words end with follows? Most of a text
 * is passed over here. Eight bytes can be read. */
static inline bool word_passes(struct automaton *a, size_t g, const unsigned char *s, size_t len)
{
    uint64_t word = (bytes_load(s) & bytes_first[len < WORD_KNOWN ? len : WORD_KNOWN]) | (len > WORD_KNOWN ? WORD_LONGER : 0);
    uint64_t *known = &a->passing[g].cache[word * UINT64_C(0x9E3779B97F4A7C15) >> (64 - WORD_BITS)];

    if (*known == word) return true;
    if (*known != (word | WORD_STARTS)) *known = word | (word_starts(a, g, s, len) ? WORD_STARTS : 0);
    return *known == word;
}

/* Of 64 bytes, a bit each. */
struct block {
    uint64_t letters;
    uint64_t fronts; /* a word behind them is read as behind a space */
    uint64_t ends;   /* as ends_word(), and the dot of a sentence */
    uint64_t dull;   /* nothing begins there, whatever stands before */
};

static inline bool is_front(const struct passing *p, unsigned char c)
{
    return c == ' ' || (c == '\n' && p->front_line);
}

static inline struct block look_at_block(const struct passing *p, const unsigned char *s)
{
    struct block b = {0};
    uint64_t spaces = 0, lines = 0, dots = 0;

    for (unsigned k = 0; k < BLOCK; k += 16) {
        bytes_lanes v = bytes_load16(s + k);

        b.letters |= bytes_mark(bytes_are_letters(v)) << k;
        spaces |= bytes_mark(bytes_are(v, ' ')) << k;
        lines |= bytes_mark(bytes_are(v, '\n')) << k;
        dots |= bytes_mark(bytes_are(v, '.')) << k;
        b.ends |= bytes_mark(bytes_are(v, ',') | bytes_are(v, ';') | bytes_are(v, ')')) << k;
    }
    b.fronts = p->front_line ? spaces | lines : spaces;
    b.ends |= spaces | lines;
    b.dull = p->dull_ends ? b.ends | dots : 0;
    b.ends |= dots & (spaces | lines) >> 1;
    return b;
}

/* Where to begin: at byte `at`, at this transition. */
struct start {
    size_t at;
    uint32_t transition;
};

/* Reads a text from many places, one run. */
struct run {
    struct automaton *a;
    enum automaton_group g;
    const unsigned char *s;
    size_t n;
    const unsigned char *sign; /* the next '@', as far as it has been looked for */
    bool signs_left;
    struct start starts[BLOCK]; /* of the block in hand */
    size_t n_starts;
    struct automaton_hits *hits;
};

/* Reads from one start, as far as it has come: before byte i, at this transition. */
struct lane {
    uint32_t transition; /* row of the state and class of the byte */
    size_t i, upto;
    size_t at;
};

/* From the next start on; false if there is none. */
static inline bool begin_lane(struct run *r, size_t *next, struct lane *l)
{
    const struct start *start = &r->starts[*next];

    if (*next == r->n_starts) return false;
    ++*next;
    *l = (struct lane){.transition = start->transition,
                       .i = start->at,
                       .upto = r->n - start->at > AUTOMATON_RUN ? start->at + AUTOMATON_RUN : r->n,
                       .at = start->at};
    return true;
}

/* One byte, of the kinds that are rare: the last one, a hit, a new transition. *more: there is something left to read. false
 * when out of memory. */
static bool step_slowly(struct run *r, struct lane *l, bool *more)
{
    struct automaton *a = r->a;
    uint32_t t = a->trans[l->transition], stride = (uint32_t)a->stride;

    *more = false;
    if (t == UNKNOWN && !make_transition(a, l->transition / stride, l->transition % stride, &t)) return false;
    if (t >> SET_SHIFT && !add_hit(r->hits, l->at, t >> SET_SHIFT)) return false;
    t &= ROW_MASK;
    if (t == DEAD || l->i == r->n) return true;
    l->i++;
    if (l->i == l->upto && l->upto < r->n) return add_hit(r->hits, l->at, a->states[t / stride].alive);
    l->transition = t + (l->i < r->n ? a->class_of[r->s[l->i]] : (uint32_t)a->n_classes);
    *more = true;
    return true;
}

/* One byte. Of a lane that has come to its end the next start takes the place; *more is false if there is none. */
static inline bool step_lane(struct run *r, size_t *next, struct lane *l, bool *more)
{
    uint32_t t = r->a->trans[l->transition];
    bool ok = true;

    if (t - 1 < ROW_MASK && l->i + 1 < l->upto) {
        l->transition = t + r->a->class_of[r->s[++l->i]];
        return true;
    }
    *more = false;
    if (t != DEAD) {
        struct lane copy = *l; /* so that the lane itself may stay in registers */

        ok = step_slowly(r, &copy, more);
        *l = copy;
    }
    if (!*more) *more = begin_lane(r, next, l);
    return ok;
}

/* Hits from `first` on in ascending order; of one place in the order in which they came. */
static void sort_hits(struct automaton_hits *hits, size_t first)
{
    for (size_t i = first + 1; i < hits->n; i++) {
        struct automaton_hit one = hits->items[i];
        size_t k = i;

        for (; k > first && hits->items[k - 1].at > one.at; k--)
            hits->items[k] = hits->items[k - 1];
        hits->items[k] = one;
    }
}

/* Reads from all starts of the block. Two at once: the tables are large, and each step waits for the one before it. */
static bool run_starts(struct run *r)
{
    struct lane one, two;
    size_t next = 0, first = r->hits->n;
    bool more_one = begin_lane(r, &next, &one), more_two = begin_lane(r, &next, &two), ok = true;

    while (more_one && more_two && ok)
        ok = step_lane(r, &next, &one, &more_one) && step_lane(r, &next, &two, &more_two);
    if (more_two) one = two;
    for (more_one |= more_two; more_one && ok;)
        ok = step_lane(r, &next, &one, &more_one);
    sort_hits(r->hits, first);
    r->n_starts = 0;
    return ok;
}

/* Is an '@' near enough ahead? */
static inline bool sign_ahead(struct run *r, size_t i)
{
    const unsigned char *at = r->s + i;

    if (!r->signs_left) return false;
    if (!r->sign || r->sign < at) {
        r->sign = memchr(at, '@', r->n - i);
        r->signs_left = r->sign != NULL;
        if (!r->signs_left) return false;
    }
    return (size_t)(r->sign - at) <= r->a->at_reach;
}

/* Adds the start at s[i], unless nothing begins there. */
static inline void add_start(struct run *r, size_t i)
{
    struct automaton *a = r->a;
    const uint64_t(*dead)[4] = (const uint64_t(*)[4])a->dead[r->g];
    size_t before = i > 0 ? r->s[i - 1] : 256;
    unsigned char first = r->s[i];
    uint32_t begin;

    if (dead[before][first / 64] >> first % 64 & 1) return;
    if (first >= 0x80 || (before >= 0x80 && before < 256)) {
        if (first >= 0x80) first = byte_for(r->s, r->n, i);
        if (i > 0) before = byte_before(r->s, i);
        if (dead[before][first / 64] >> first % 64 & 1) return;
    }
    begin = a->begins[r->g][sign_ahead(r, i)][before < 256 ? a->class_of[before] : a->n_classes];
    r->starts[r->n_starts++] = (struct start){.at = i, .transition = (uint32_t)(begin * a->stride) + a->class_of[first]};
}

/* The places of s[i, upto), at most BLOCK bytes, where something may begin; returns where to go on: a word that reaches out
 * of the block waits for the next one. */
static inline size_t find_starts(struct run *r, size_t i, size_t upto)
{
    struct automaton *a = r->a;
    const struct passing *p = &a->passing[r->g];
    unsigned char padded[BLOCK + 8];
    const unsigned char *s = r->s + i;
    unsigned size = upto - i < BLOCK ? (unsigned)(upto - i) : BLOCK, last;
    struct block b;
    uint64_t words, todo;

    if (r->n - i < sizeof(padded)) {
        memset(padded, 0, sizeof(padded));
        s = memcpy(padded, s, r->n - i);
    }
    b = look_at_block(p, s);
    words = !BYTES_AT_ONCE || !p->words ? 0 : b.letters & (b.fronts << 1 | (i > 0 && is_front(p, r->s[i - 1])));
    todo = ~b.dull & ~UINT64_C(0) >> (BLOCK - size);
    if (p->inside_dead) todo &= ~(b.letters & (b.letters << 1 | (i > 0 && is_letter(r->s[i - 1]))));
    last = (unsigned)__builtin_clzll(~b.letters | 1);
    if (size == BLOCK && last > 0 && last < BLOCK - 1) {
        size -= last;
        todo &= ~UINT64_C(0) >> last;
    }
    while (todo) {
        unsigned bit = (unsigned)__builtin_ctzll(todo);

        todo &= todo - 1;
        if (words >> bit & 1) {
            unsigned len = (unsigned)__builtin_ctzll(~(b.letters >> bit) | UINT64_C(1) << (BLOCK - 1));

            if (bit + len < BLOCK && b.ends >> (bit + len) & 1 && word_passes(a, r->g, s + bit, len)) {
                todo &= ~UINT64_C(0) << (bit + len);
                continue;
            }
        }
        add_start(r, i + bit);
    }
    return i + size;
}

enum rc automaton_run(struct automaton *a, enum automaton_group g, const char *text, size_t n, size_t from, size_t upto,
                      struct automaton_hits *hits, struct err *e)
{
    struct run r;
    bool ok = true;

    r.a = a; /* not all at once: its starts would be zeroed for every few bytes */
    r.g = g;
    r.s = (const unsigned char *)text;
    r.n = n;
    r.sign = NULL;
    r.signs_left = a->at_reach > 0;
    r.n_starts = 0;
    r.hits = hits;
    a->read += upto - from;
    for (size_t i = from; i < upto && ok;) {
        i = find_starts(&r, i, upto);
        ok = r.n_starts == 0 || run_starts(&r);
    }
    return ok ? RC_OK : err_set(e, RC_NOMEM, "detectors: out of memory");
}

const uint16_t *automaton_set(const struct automaton *a, uint32_t set, size_t *n)
{
    *n = a->sets[set].n;
    return a->ids + a->sets[set].first;
}

size_t automaton_states(const struct automaton *a, size_t *n_sets)
{
    if (n_sets) *n_sets = a->n_sets;
    return a->n_states;
}
