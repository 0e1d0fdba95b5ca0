/* json_automaton.c: the documents that a JSON schema accepts (inference.h, constraint_json_schema()), as a byte automaton.
 *
 * The schema's alternatives become a tree of nodes, one for each type of value at each place. Members come in the schema's
 * order and there are no references, so a place in the tree says which objects and arrays are open and what is still owed
 * to them; only the items of the open arrays have to be counted, in bit fields of one word, whose places follow from the
 * depth. A thread is one reading of the bytes so far: node, phase, a number that the phase needs (characters, state of a
 * number or of a trie, place in a key) and the counts. Only where alternatives of anyOf begin alike are there several
 * threads; a state holds them all, its first word is that of the fact lock.
 *
 * Every thread can be finished, and least() says within how many bytes: for each node the shortest value, for each member
 * the shortest rest of its object, are computed when the schema is read. */
#include <stdlib.h>
#include <string.h>
#include "fact_lock.h"
#include "json_schema.h"

#define MAX_THREADS   ((CONSTRAINT_WORDS - 1) / 2)
#define MAX_NODES     UINT16_MAX
#define MAX_SHORTEST  ((uint64_t)1 << 20)
#define MEMORY        ((size_t)64 << 20)
#define NO_NODE       UINT16_MAX
#define NEVER         UINT64_MAX

enum node_kind { NODE_STRING, NODE_NUMBER, NODE_LITERALS, NODE_ARRAY, NODE_OBJECT, NODE_ANY };

struct trie { /* texts of literals; the root is 0 and nobody's child */
    uint32_t child, sibling;
    uint32_t least; /* bytes to the end of the nearest */
    uint8_t byte;
    bool ends;
};

struct key {
    const char *text; /* "name": with quotes and colon */
    size_t n;
    uint16_t node;
    bool required;
    size_t next_required; /* the first of the keys behind it, or their count */
    uint64_t rest;        /* fewest bytes after its value: the required members behind it and the brace */
};

struct node {
    enum node_kind kind;
    uint16_t parent; /* array or object that holds it, or NO_NODE */
    uint16_t slot;   /* which of an object's keys */
    uint16_t width;  /* threads that can be in it at once */
    uint64_t least, worst; /* bytes of the shortest value; of the most that can be owed inside */
    uint32_t min, max;     /* characters or items; max SCHEMA_NO_MOST: none */
    const struct number_state *numbers;
    const struct trie *trie;
    uint16_t item;        /* of an array; NO_NODE */
    uint8_t shift, bits;  /* an array's count in the word of counts */
    struct key *keys;     /* of an object */
    size_t n_keys, first_required;
    const uint16_t *any;
    size_t n_any;
};

struct number_cache {
    struct number_cache *next;
    struct number_limits limits;
    const struct number_state *states;
};

struct json_constraint {
    struct constraint base;
    struct arena arena;
    struct node *nodes;
    size_t n_nodes, room;
    uint16_t root;
    struct constraint *lock; /* of string values, or NULL */
};

enum phase {
    VALUE,  /* before the first byte of a value */
    STRING, /* x: characters, at most the larger limit */
    ESCAPE, /* after a backslash */
    TAIL_1, /* in a string: so many continuation bytes of a character to come */
    TAIL_2,
    TAIL_3,
    AFTER_E0, /* whose next byte is limited: no overlong forms, no surrogates, nothing over U+10FFFF (RFC 3629) */
    AFTER_ED,
    AFTER_F0,
    AFTER_F4,
    NUMBER,  /* x: state of the table */
    LITERAL, /* x: node of the trie */
    ARRAY_OPEN,
    ARRAY_NEXT, /* after an item */
    OBJECT_OPEN,
    OBJECT_KEY,  /* x: key << 16 | bytes of it so far; of several that begin so, the first */
    OBJECT_NEXT, /* after the value of key x */
    DONE
};

struct thread {
    uint16_t node;
    enum phase phase;
    uint32_t x;
    uint64_t counts;
};

struct stepping { /* one byte on */
    const struct json_constraint *c;
    uint64_t lock, lock_next; /* of the fact lock, before and after the byte */
    struct thread threads[MAX_THREADS];
    size_t n;
};

/* ---- threads and states ------------------------------------------------------------------------------------------ */

static struct thread thread_at(const struct constraint_state *s, size_t i)
{
    uint64_t w = s->w[1 + 2 * i];

    return (struct thread){(uint16_t)w, (enum phase)(w >> 16 & 0xFF), (uint32_t)(w >> 32), s->w[2 + 2 * i]};
}

static size_t thread_count(const struct constraint_state *s)
{
    return (s->n - 1) / 2;
}

static bool is_string(enum phase p)
{
    return p >= STRING && p <= AFTER_F4;
}

static void store(const struct stepping *st, struct constraint_state *s)
{
    bool inside = false;

    for (size_t i = 0; i < st->n; i++) {
        const struct thread *t = &st->threads[i];

        s->w[1 + 2 * i] = t->node | (uint64_t)t->phase << 16 | (uint64_t)t->x << 32;
        s->w[2 + 2 * i] = t->counts;
        inside = inside || is_string(t->phase);
    }
    s->w[0] = inside ? st->lock_next : fact_lock_first();
    s->n = (uint32_t)(1 + 2 * st->n);
}

static void emit(struct stepping *st, struct thread t)
{
    for (size_t i = 0; i < st->n; i++) {
        const struct thread *o = &st->threads[i];

        if (o->node == t.node && o->phase == t.phase && o->x == t.x && o->counts == t.counts) return;
    }
    if (st->n < MAX_THREADS) st->threads[st->n++] = t; /* widths are checked when the schema is read */
}

static uint32_t count_of(const struct node *array, uint64_t counts)
{
    return array->bits ? (uint32_t)(counts >> array->shift & (((uint64_t)1 << array->bits) - 1)) : 0;
}

/* The count in `counts` becomes v. */
static uint64_t with_count(const struct node *array, uint64_t counts, uint64_t v)
{
    if (array->bits == 0) return counts;
    return (counts & ~((((uint64_t)1 << array->bits) - 1) << array->shift)) | v << array->shift;
}

static uint32_t one_more(uint32_t count, uint32_t min, uint32_t max)
{
    uint32_t most = max == SCHEMA_NO_MOST ? min : max;

    return count < most ? count + 1 : most;
}

/* The value of node `at` is complete. */
static struct thread completed(const struct json_constraint *c, uint16_t at, uint64_t counts)
{
    const struct node *n = &c->nodes[at], *parent = &c->nodes[n->parent == NO_NODE ? at : n->parent];

    if (n->kind == NODE_ARRAY) counts = with_count(n, counts, 0);
    if (n->parent == NO_NODE) return (struct thread){.phase = DONE};
    if (parent->kind == NODE_OBJECT) return (struct thread){n->parent, OBJECT_NEXT, n->slot, counts};
    return (struct thread){n->parent, ARRAY_NEXT, 0,
                           with_count(parent, counts, one_more(count_of(parent, counts), parent->min, parent->max))};
}

/* ---- strings ------------------------------------------------------------------------------------------------------ */

/* Does the lock let a character or a part of one in, with room for what it then owes? */
static bool lock_lets(const struct stepping *st, const struct node *n, uint32_t count, uint64_t next)
{
    return next != FACT_LOCK_DEAD && (n->max == SCHEMA_NO_MOST || fact_lock_least(st->c->lock, next) <= n->max - count);
}

static void in_string(struct stepping *st, struct thread t, uint8_t byte, enum phase phase)
{
    const struct node *n = &st->c->nodes[t.node];

    if (phase == STRING) t.x = one_more(t.x, n->min, n->max);
    t.phase = phase;
    if (st->c->lock) {
        st->lock_next = fact_lock_next(st->c->lock, st->lock, byte);
        if (!lock_lets(st, n, t.x, st->lock_next)) return;
    }
    emit(st, t);
}

static int unescape(uint8_t byte)
{
    static const char letters[] = "\"\\/bfnrt", meant[] = "\"\\/\b\f\n\r\t";
    const char *at = byte ? strchr(letters, byte) : NULL;

    return at ? meant[at - letters] : -1;
}

/* After a backslash some escape must be allowed. */
static void begin_escape(struct stepping *st, struct thread t)
{
    const struct node *n = &st->c->nodes[t.node];
    bool any = !st->c->lock;

    for (const char *letter = "\"\\/n"; *letter && !any; letter++)
        any = lock_lets(st, n, one_more(t.x, n->min, n->max),
                        fact_lock_next(st->c->lock, st->lock, (uint8_t)unescape((uint8_t)*letter)));
    t.phase = ESCAPE;
    st->lock_next = st->lock;
    if (any) emit(st, t);
}

static void step_text(struct stepping *st, struct thread t, uint8_t b)
{
    const struct node *n = &st->c->nodes[t.node];

    if (b == '"') {
        if (t.x >= n->min && (!st->c->lock || fact_lock_rests(st->c->lock, st->lock)))
            emit(st, completed(st->c, t.node, t.counts));
        return;
    }
    if (t.x >= n->max || b < ' ') return;
    if (b == '\\') begin_escape(st, t);
    else if (b < 0x80) in_string(st, t, b, STRING);
    else if (b >= 0xC2 && b < 0xE0) in_string(st, t, b, TAIL_1);
    else if (b >= 0xE0 && b < 0xF0) in_string(st, t, b, b == 0xE0 ? AFTER_E0 : b == 0xED ? AFTER_ED : TAIL_2);
    else if (b >= 0xF0 && b < 0xF5) in_string(st, t, b, b == 0xF0 ? AFTER_F0 : b == 0xF4 ? AFTER_F4 : TAIL_3);
}

static void step_string(struct stepping *st, struct thread t, uint8_t b)
{
    static const struct {
        uint8_t low, high;
        enum phase next;
    } tails[] = {[TAIL_1] = {0x80, 0xBF, STRING},   [TAIL_2] = {0x80, 0xBF, TAIL_1},   [TAIL_3] = {0x80, 0xBF, TAIL_2},
                 [AFTER_E0] = {0xA0, 0xBF, TAIL_1}, [AFTER_ED] = {0x80, 0x9F, TAIL_1}, [AFTER_F0] = {0x90, 0xBF, TAIL_2},
                 [AFTER_F4] = {0x80, 0x8F, TAIL_2}};

    if (t.phase == STRING) {
        step_text(st, t, b);
    } else if (t.phase == ESCAPE) {
        int meant = unescape(b);

        if (meant >= 0) in_string(st, t, (uint8_t)meant, STRING);
    } else if (b >= tails[t.phase].low && b <= tails[t.phase].high) {
        in_string(st, t, b, tails[t.phase].next);
    }
}

/* ---- one byte ------------------------------------------------------------------------------------------------------ */

static void step_thread(struct stepping *st, struct thread t, uint8_t b);

static uint32_t trie_child(const struct trie *trie, uint32_t at, uint8_t b)
{
    uint32_t k = trie[at].child;

    while (k && trie[k].byte != b) k = trie[k].sibling;
    return k;
}

static void begin_value(struct stepping *st, uint16_t at, uint64_t counts, uint8_t b)
{
    const struct node *n = &st->c->nodes[at];
    uint32_t k;

    switch (n->kind) {
    case NODE_STRING:
        if (b == '"') {
            st->lock_next = fact_lock_first();
            emit(st, (struct thread){at, STRING, 0, counts});
        }
        break;
    case NODE_NUMBER:
        k = number_step(n->numbers, 0, b);
        if (k != NUMBER_DEAD) emit(st, (struct thread){at, NUMBER, k, counts});
        break;
    case NODE_LITERALS:
        k = trie_child(n->trie, 0, b);
        if (k) emit(st, (struct thread){at, LITERAL, k, counts});
        break;
    case NODE_ARRAY:
        if (b == '[') emit(st, (struct thread){at, ARRAY_OPEN, 0, counts});
        break;
    case NODE_OBJECT:
        if (b == '{') emit(st, (struct thread){at, OBJECT_OPEN, 0, counts});
        break;
    case NODE_ANY:
        for (size_t i = 0; i < n->n_any; i++) begin_value(st, n->any[i], counts, b);
        break;
    }
}

static bool same_start(const struct key *a, const struct key *b, size_t n)
{
    return b->n >= n && memcmp(a->text, b->text, n) == 0;
}

/* The next byte of one of the keys from `first` to the next required one that begin with the bytes of `first` so far. */
static void step_key(struct stepping *st, const struct thread *t, size_t first, size_t so_far, uint8_t b)
{
    const struct node *n = &st->c->nodes[t->node];

    for (size_t k = first; k < n->n_keys; k++) {
        const struct key *key = &n->keys[k];

        if (same_start(&n->keys[first], key, so_far) && (uint8_t)key->text[so_far] == b) {
            if (so_far + 1 == key->n)
                emit(st, (struct thread){key->node, VALUE, 0, t->counts});
            else
                emit(st, (struct thread){t->node, OBJECT_KEY, (uint32_t)(k << 16 | (so_far + 1)), t->counts});
            return;
        }
        if (key->required) return;
    }
}

static void step_object(struct stepping *st, struct thread t, uint8_t b)
{
    const struct node *n = &st->c->nodes[t.node];
    size_t next = t.phase == OBJECT_OPEN ? 0 : t.x + 1;
    size_t required = t.phase == OBJECT_OPEN ? n->first_required : n->keys[t.x].next_required;

    if (b == '}' && required == n->n_keys)
        emit(st, completed(st->c, t.node, t.counts));
    else if (t.phase == OBJECT_OPEN)
        step_key(st, &t, 0, 0, b);
    else if (b == ',' && next < n->n_keys)
        emit(st, (struct thread){t.node, OBJECT_KEY, (uint32_t)(next << 16), t.counts});
}

static void step_array(struct stepping *st, struct thread t, uint8_t b)
{
    const struct node *n = &st->c->nodes[t.node];
    uint32_t count = t.phase == ARRAY_OPEN ? 0 : count_of(n, t.counts);

    if (b == ']' && count >= n->min)
        emit(st, completed(st->c, t.node, t.counts));
    else if (n->max == SCHEMA_NO_MOST || count < n->max) {
        if (t.phase == ARRAY_OPEN)
            begin_value(st, n->item, t.counts, b);
        else if (b == ',')
            emit(st, (struct thread){n->item, VALUE, 0, t.counts});
    }
}

/* Past the end of a value that ends where the next byte says so: a number, a literal. */
static void step_past(struct stepping *st, const struct thread *t, uint8_t b)
{
    if (st->c->nodes[t->node].parent != NO_NODE) step_thread(st, completed(st->c, t->node, t->counts), b);
}

static void step_thread(struct stepping *st, struct thread t, uint8_t b)
{
    const struct node *n = &st->c->nodes[t.node];
    uint32_t k;

    switch (t.phase) {
    case VALUE: begin_value(st, t.node, t.counts, b); break;
    case NUMBER:
        k = number_step(n->numbers, (uint16_t)t.x, b);
        if (k != NUMBER_DEAD) emit(st, (struct thread){t.node, NUMBER, k, t.counts});
        else if (n->numbers[t.x].least == 0) step_past(st, &t, b);
        break;
    case LITERAL:
        k = trie_child(n->trie, t.x, b);
        if (k) emit(st, (struct thread){t.node, LITERAL, k, t.counts});
        else if (n->trie[t.x].ends) step_past(st, &t, b);
        break;
    case ARRAY_OPEN:
    case ARRAY_NEXT: step_array(st, t, b); break;
    case OBJECT_KEY: step_key(st, &t, t.x >> 16, t.x & 0xFFFF, b); break;
    case OBJECT_OPEN:
    case OBJECT_NEXT: step_object(st, t, b); break;
    case DONE: break;
    default: step_string(st, t, b); break;
    }
}

static bool json_step(const struct constraint *base, struct constraint_state *s, uint8_t byte)
{
    struct stepping st;
    size_t n = thread_count(s);

    st.c = (const struct json_constraint *)base;
    st.lock = s->w[0];
    st.lock_next = fact_lock_first();
    st.n = 0;
    for (size_t i = 0; i < n; i++) step_thread(&st, thread_at(s, i), byte);
    store(&st, s);
    return st.n > 0;
}

static void json_start(const struct constraint *base, struct constraint_state *out)
{
    struct stepping st = {.c = (const struct json_constraint *)base};

    emit(&st, (struct thread){.node = st.c->root, .phase = VALUE});
    store(&st, out);
}

static bool ends_here(const struct json_constraint *c, const struct thread *t)
{
    const struct node *n = &c->nodes[t->node];

    return t->phase == DONE || (n->parent == NO_NODE && ((t->phase == NUMBER && n->numbers[t->x].least == 0) ||
                                                         (t->phase == LITERAL && n->trie[t->x].ends)));
}

static bool json_accepts(const struct constraint *base, const struct constraint_state *s)
{
    for (size_t i = 0; i < thread_count(s); i++) {
        struct thread t = thread_at(s, i);

        if (ends_here((const struct json_constraint *)base, &t)) return true;
    }
    return false;
}

static bool json_narrow(const struct constraint *base, const struct constraint_state *s)
{
    (void)base;
    for (size_t i = 0; i < thread_count(s); i++)
        if (is_string(thread_at(s, i).phase)) return false;
    return true;
}

static bool json_plain(const struct constraint *base, const struct constraint_state *s, size_t *room)
{
    const struct json_constraint *c = (const struct json_constraint *)base;
    struct thread t = thread_at(s, 0);

    if (thread_count(s) != 1 || t.phase != STRING || c->lock) return false;
    *room = c->nodes[t.node].max == SCHEMA_NO_MOST ? SIZE_MAX : c->nodes[t.node].max - t.x;
    return true;
}

/* ---- the shortest way to the end ------------------------------------------------------------------------------------ */

static uint64_t items_owed(const struct json_constraint *c, const struct node *array, uint32_t count)
{
    return count < array->min ? (uint64_t)(array->min - count) * (1 + c->nodes[array->item].least) : 0;
}

/* What comes after the value of node `at`: the rest of all that is open. */
static uint64_t after_value(const struct json_constraint *c, uint16_t at, uint64_t counts)
{
    uint64_t sum = 0;

    for (const struct node *n = &c->nodes[at]; n->parent != NO_NODE;) {
        const struct node *parent = &c->nodes[n->parent];

        if (parent->kind == NODE_OBJECT)
            sum += parent->keys[n->slot].rest;
        else
            sum += items_owed(c, parent, count_of(parent, counts) + 1) + 1;
        n = parent;
    }
    return sum;
}

static uint64_t least_string(const struct json_constraint *c, const struct thread *t, uint64_t lock)
{
    const struct node *n = &c->nodes[t->node];
    uint64_t characters = t->x < n->min ? n->min - t->x : 0, rest = 1;

    switch (t->phase) {
    case STRING: break;
    case ESCAPE:
    case TAIL_1: rest = 2; break;
    case TAIL_3:
    case AFTER_F0:
    case AFTER_F4: rest = 4; break;
    default: rest = 3; break;
    }
    if (t->phase != STRING && characters > 0) characters--;
    /* What the lock owes is counted beside the characters that are owed, though it may pay for some of them. */
    return characters + rest + (c->lock ? fact_lock_least(c->lock, lock) : 0);
}

static uint64_t least_key(const struct json_constraint *c, const struct node *n, size_t first, size_t so_far)
{
    uint64_t best = NEVER;

    for (size_t k = first; k < n->n_keys; k++) {
        const struct key *key = &n->keys[k];

        if (same_start(&n->keys[first], key, so_far)) {
            uint64_t way = key->n - so_far + c->nodes[key->node].least + key->rest;

            best = way < best ? way : best;
        }
        if (key->required) break;
    }
    return best;
}

static uint64_t least_thread(const struct json_constraint *c, const struct thread *t, uint64_t lock)
{
    const struct node *n = &c->nodes[t->node];
    uint64_t own;

    switch (t->phase) {
    case DONE: return 0;
    case VALUE: own = n->least; break;
    case NUMBER: own = n->numbers[t->x].least; break;
    case LITERAL: own = n->trie[t->x].least; break;
    case ARRAY_OPEN:
    case OBJECT_OPEN: own = n->least - 1; break;
    case ARRAY_NEXT: own = items_owed(c, n, count_of(n, t->counts)) + 1; break;
    case OBJECT_KEY: own = least_key(c, n, t->x >> 16, t->x & 0xFFFF); break;
    case OBJECT_NEXT: own = n->keys[t->x].rest; break;
    default: own = least_string(c, t, lock); break;
    }
    return own + after_value(c, t->node, t->counts);
}

static size_t json_least(const struct constraint *base, const struct constraint_state *s)
{
    const struct json_constraint *c = (const struct json_constraint *)base;
    uint64_t best = NEVER;

    for (size_t i = 0; i < thread_count(s); i++) {
        struct thread t = thread_at(s, i);
        uint64_t way = least_thread(c, &t, s->w[0]);

        best = way < best ? way : best;
    }
    return (size_t)best;
}

static void json_close(struct constraint *base)
{
    struct json_constraint *c = (struct json_constraint *)base;

    constraint_close(c->lock);
    arena_clear(&c->arena);
    free(c);
}

static const struct constraint_kind json_kind = {json_start, json_step, json_accepts, json_least, json_narrow,
                                                 json_plain, json_close};

/* ---- building: leaves -------------------------------------------------------------------------------------------- */

struct builder {
    struct json_constraint *c;
    struct number_cache *numbers;
    struct err *e;
};

struct place_in { /* of a value: what holds it, and where the counts of arrays inside go */
    uint16_t parent, slot;
    unsigned shift;
};

struct leaves { /* the ways to write one value */
    uint16_t *nodes;
    size_t n;
    struct buf literals; /* texts, each with its NUL */
    const char *place;
};

static enum rc build_list(struct builder *b, const struct schema_list *l, struct place_in in, uint16_t *out);

static enum rc no_memory(const struct builder *b)
{
    return err_set(b->e, b->c->arena.used >= MEMORY / 2 ? RC_LIMIT : RC_NOMEM, "schema: too large for memory");
}

static enum rc bad(const struct builder *b, const char *place, const char *what)
{
    return err_set(b->e, RC_BAD, "schema: %s: %s", place, what);
}

static enum rc add_node(struct builder *b, enum node_kind kind, struct place_in in, uint16_t *out)
{
    struct json_constraint *c = b->c;

    if (c->n_nodes == c->room) {
        size_t room = c->room ? 2 * c->room : 64;
        struct node *more = arena_array(&c->arena, room, sizeof(*more));

        if (room > MAX_NODES) return err_set(b->e, RC_LIMIT, "schema: more than %u values", MAX_NODES / 2);
        if (!more) return no_memory(b);
        if (c->n_nodes) memcpy(more, c->nodes, c->n_nodes * sizeof(*more));
        c->nodes = more;
        c->room = room;
    }
    c->nodes[c->n_nodes] = (struct node){.kind = kind, .parent = in.parent, .slot = in.slot, .width = 1, .item = NO_NODE};
    *out = (uint16_t)c->n_nodes++;
    return RC_OK;
}

static enum rc add_leaf(struct builder *b, struct leaves *l, uint16_t node)
{
    uint16_t *more = realloc(l->nodes, (l->n + 1) * sizeof(*more));

    if (!more) return no_memory(b);
    l->nodes = more;
    l->nodes[l->n++] = node;
    return RC_OK;
}

static enum rc build_string(struct builder *b, const struct schema *s, struct place_in in, struct leaves *l)
{
    uint16_t at;
    enum rc rc;

    if (s->min_length > s->max_length) return bad(b, s->place, "minLength is over maxLength");
    rc = add_node(b, NODE_STRING, in, &at);
    if (rc != RC_OK) return rc;
    struct node *n = &b->c->nodes[at];

    n->min = s->min_length;
    n->max = s->max_length;
    n->least = 2 + (uint64_t)n->min;
    n->worst = n->least + 4 + (b->c->lock ? UINT8_MAX : 0);
    return add_leaf(b, l, at);
}

static bool same_bound(const struct number_bound *a, const struct number_bound *b)
{
    return a->set == b->set && (!a->set || (a->exclusive == b->exclusive && decimal_compare(&a->at, &b->at) == 0));
}

/* The table of these limits; fields often share them. */
static enum rc number_states(struct builder *b, const struct schema *s, const struct number_state **out)
{
    struct number_limits limits = {.integer = !(s->types & TYPE_FRACTION), .least = s->least, .most = s->most};
    struct number_table made = {NULL, 0};
    struct number_cache *cache;
    struct number_state *kept;
    enum rc rc;

    for (cache = b->numbers; cache; cache = cache->next)
        if (cache->limits.integer == limits.integer && same_bound(&cache->limits.least, &limits.least) &&
            same_bound(&cache->limits.most, &limits.most)) {
            *out = cache->states;
            return RC_OK;
        }
    rc = number_table_make(&limits, &made, b->e);
    if (rc != RC_OK) return err_wrap(b->e, rc, "schema: %s", s->place);
    cache = arena_alloc(&b->c->arena, sizeof(*cache));
    kept = arena_array(&b->c->arena, made.n, sizeof(*kept));
    if (cache && kept) {
        memcpy(kept, made.states, made.n * sizeof(*kept));
        *cache = (struct number_cache){b->numbers, limits, kept};
        b->numbers = cache;
        *out = kept;
    } else {
        rc = no_memory(b);
    }
    free(made.states);
    return rc;
}

static enum rc build_number(struct builder *b, const struct schema *s, struct place_in in, struct leaves *l)
{
    const struct number_state *states = NULL;
    uint16_t at;
    enum rc rc = number_states(b, s, &states);

    if (rc == RC_OK) rc = add_node(b, NODE_NUMBER, in, &at);
    if (rc != RC_OK) return rc;
    b->c->nodes[at].numbers = states;
    b->c->nodes[at].least = states[0].least;
    b->c->nodes[at].worst = (uint64_t)states[0].least + 2 * DECIMAL_MAX_DIGITS;
    return add_leaf(b, l, at);
}

/* ---- building: literals ------------------------------------------------------------------------------------------- */

static void add_literal(struct leaves *l, const char *text)
{
    buf_add(&l->literals, text, strlen(text) + 1);
}

static enum rc collect_values(struct builder *b, const struct schema *s, struct leaves *l)
{
    size_t before = l->literals.len;

    for (size_t i = 0; i < s->n_values; i++) {
        if (!schema_fits(s, s->values[i])) continue;
        json_print(&l->literals, s->values[i]);
        buf_char(&l->literals, '\0');
    }
    if (l->literals.failed != RC_OK) return buf_check(&l->literals, "schema: enum", b->e);
    return l->literals.len > before ? RC_OK : bad(b, s->place, "no value of enum or const fits the keywords beside it");
}

/* Fill the trie with texts[n], each with its NUL; nodes come after their parents. */
static size_t fill_trie(struct trie *trie, const char *texts, size_t n)
{
    size_t n_trie = 1;

    for (size_t i = 0; i < n; i++) {
        uint32_t at = 0;

        for (; texts[i]; i++) {
            uint32_t k = trie_child(trie, at, (uint8_t)texts[i]);

            if (!k) {
                k = (uint32_t)n_trie++;
                trie[k].byte = (uint8_t)texts[i];
                trie[k].sibling = trie[at].child;
                trie[at].child = k;
            }
            at = k;
        }
        trie[at].ends = true;
    }
    for (size_t i = n_trie; i-- > 0;) {
        trie[i].least = trie[i].ends ? 0 : UINT32_MAX;
        for (uint32_t k = trie[i].child; k; k = trie[k].sibling)
            if (trie[k].least < trie[i].least) trie[i].least = trie[k].least + 1;
    }
    return n_trie;
}

static enum rc build_literals(struct builder *b, struct place_in in, struct leaves *l)
{
    struct trie *trie;
    uint16_t at;
    enum rc rc;

    if (l->literals.failed != RC_OK) return buf_check(&l->literals, "schema: enum", b->e);
    if (l->literals.len == 0) return RC_OK;
    trie = arena_array(&b->c->arena, l->literals.len + 1, sizeof(*trie));
    if (!trie) return no_memory(b);
    (void)fill_trie(trie, l->literals.data, l->literals.len);
    rc = add_node(b, NODE_LITERALS, in, &at);
    if (rc != RC_OK) return rc;
    b->c->nodes[at].trie = trie;
    b->c->nodes[at].least = trie[0].least;
    b->c->nodes[at].worst = l->literals.len;
    return add_leaf(b, l, at);
}

/* ---- building: objects and arrays --------------------------------------------------------------------------------- */

static unsigned bits_for(uint32_t most)
{
    unsigned bits = 0;

    while (bits < 32 && most >> bits) bits++;
    return bits;
}

static enum rc build_array(struct builder *b, const struct schema *s, struct place_in in, struct leaves *l)
{
    uint32_t max = s->items ? s->max_items : 0;
    unsigned bits = bits_for(max == SCHEMA_NO_MOST ? s->min_items : max);
    uint16_t at, item = NO_NODE;
    enum rc rc;

    if (s->min_items > max)
        return bad(b, s->place, s->items ? "minItems is over maxItems" : "minItems without items: nothing says what to write");
    if (in.shift + bits > 64)
        return err_set(b->e, RC_LIMIT, "schema: %s: limits on items nested in each other are too large to count", s->place);
    rc = add_node(b, NODE_ARRAY, in, &at);
    if (rc == RC_OK && max > 0) rc = build_list(b, s->items, (struct place_in){at, 0, in.shift + bits}, &item);
    if (rc != RC_OK) return rc;
    struct node *n = &b->c->nodes[at];
    uint64_t one = item == NO_NODE ? 0 : b->c->nodes[item].least;

    n->min = s->min_items;
    n->max = max;
    n->shift = (uint8_t)in.shift;
    n->bits = (uint8_t)bits;
    n->item = item;
    n->least = 2 + n->min * (one + 1) - (n->min > 0);
    n->worst = n->least + 2 + (item == NO_NODE ? 0 : b->c->nodes[item].worst);
    n->width = item == NO_NODE ? 1 : b->c->nodes[item].width;
    return add_leaf(b, l, at);
}

static bool is_required(const struct schema *s, const char *name)
{
    for (size_t i = 0; i < s->n_required; i++)
        if (strcmp(s->required[i], name) == 0) return true;
    return false;
}

static enum rc check_required(const struct builder *b, const struct schema *s)
{
    for (size_t i = 0; i < s->n_required; i++) {
        bool listed = false;

        for (size_t k = 0; k < s->n_properties && !listed; k++) listed = strcmp(s->properties[k].name, s->required[i]) == 0;
        if (!listed)
            return err_set(b->e, RC_BAD, "schema: %s: required '%.60s' is not in properties", s->place, s->required[i]);
    }
    return RC_OK;
}

static enum rc build_key(struct builder *b, const struct schema *s, size_t i, struct place_in in, struct key *key)
{
    const struct schema_property *p = &s->properties[i];
    struct buf text;
    enum rc rc;

    buf_init(&text, UINT16_MAX - 1);
    buf_json(&text, p->name, strlen(p->name));
    buf_char(&text, ':');
    rc = buf_check(&text, "schema: a property's name", b->e);
    key->n = text.len;
    key->text = arena_ndup(&b->c->arena, text.data, text.len);
    key->required = is_required(s, p->name);
    if (rc == RC_OK && !key->text) rc = no_memory(b);
    buf_clear(&text);
    return rc == RC_OK ? build_list(b, &p->value, in, &key->node) : rc;
}

/* From the last key to the first: what is still owed after each. */
static void measure_object(const struct json_constraint *c, struct node *n)
{
    uint64_t rest = 1, worst = 0;
    size_t required = n->n_keys, n_required = 0;

    for (size_t i = n->n_keys; i-- > 0;) {
        struct key *key = &n->keys[i];
        const struct node *value = &c->nodes[key->node];

        key->rest = rest;
        key->next_required = required;
        if (key->n + value->worst > worst) worst = key->n + value->worst;
        if (value->width > n->width) n->width = value->width;
        if (!key->required) continue;
        rest += 1 + key->n + value->least; /* the comma before it too */
        required = i;
        n_required++;
    }
    n->first_required = required;
    n->least = 1 + rest - (n_required > 0); /* no comma before the first */
    n->worst = n->least + worst + 2;
}

static enum rc build_object(struct builder *b, const struct schema *s, struct place_in in, struct leaves *l)
{
    struct key *keys;
    uint16_t at;
    enum rc rc = check_required(b, s);

    if (rc != RC_OK) return rc;
    if (s->n_properties >= UINT16_MAX) return err_set(b->e, RC_LIMIT, "schema: %s: too many properties", s->place);
    keys = arena_array(&b->c->arena, s->n_properties + 1, sizeof(*keys));
    rc = keys ? add_node(b, NODE_OBJECT, in, &at) : no_memory(b);
    for (size_t i = 0; rc == RC_OK && i < s->n_properties; i++)
        rc = build_key(b, s, i, (struct place_in){at, (uint16_t)i, in.shift}, &keys[i]);
    if (rc != RC_OK) return rc;
    b->c->nodes[at].keys = keys;
    b->c->nodes[at].n_keys = s->n_properties;
    measure_object(b->c, &b->c->nodes[at]);
    return add_leaf(b, l, at);
}

/* ---- building: one value ------------------------------------------------------------------------------------------- */

/* Keep going where one type of several is impossible: *first keeps what was wrong. */
static enum rc forgive(enum rc rc, struct err *e, struct err *first)
{
    if (rc != RC_BAD) return rc;
    if (!first->msg[0]) *first = *e;
    return RC_OK;
}

static enum rc build_types(struct builder *b, const struct schema *s, struct place_in in, struct leaves *l)
{
    size_t before = l->n, texts = l->literals.len;
    struct err first = {""};
    enum rc rc = RC_OK;

    if (s->has_values) return collect_values(b, s, l);
    if (s->types & TYPE_OBJECT && !s->merged) rc = check_required(b, s); /* a mistake, whatever else may be written */
    if (rc != RC_OK) return rc;
    if (s->types & TYPE_NULL) add_literal(l, "null");
    if (s->types & TYPE_BOOLEAN) {
        add_literal(l, "true");
        add_literal(l, "false");
    }
    if (s->types & TYPE_STRING) rc = forgive(build_string(b, s, in, l), b->e, &first);
    if (rc == RC_OK && s->types & TYPE_INTEGER) rc = forgive(build_number(b, s, in, l), b->e, &first);
    if (rc == RC_OK && s->types & TYPE_ARRAY) rc = forgive(build_array(b, s, in, l), b->e, &first);
    if (rc == RC_OK && s->types & TYPE_OBJECT) rc = forgive(build_object(b, s, in, l), b->e, &first);
    if (rc == RC_OK && l->n == before && l->literals.len == texts) {
        *b->e = first;
        rc = RC_BAD;
    }
    return rc;
}

static unsigned begins_with(enum node_kind kind)
{
    return kind == NODE_ARRAY ? 0 : kind == NODE_OBJECT ? 1 : kind == NODE_NUMBER ? 2 : 3;
}

static enum rc build_any(struct builder *b, const struct leaves *l, struct place_in in, uint16_t *out)
{
    uint16_t *any = arena_array(&b->c->arena, l->n, sizeof(*any));
    unsigned alike[4] = {0}, most = 0;
    enum rc rc = any ? add_node(b, NODE_ANY, in, out) : no_memory(b);

    if (rc != RC_OK) return rc;
    struct node *n = &b->c->nodes[*out];

    memcpy(any, l->nodes, l->n * sizeof(*any));
    n->any = any;
    n->n_any = l->n;
    n->least = NEVER;
    for (size_t i = 0; i < l->n; i++) {
        const struct node *one = &b->c->nodes[any[i]];

        if (one->least < n->least) n->least = one->least;
        if (one->worst > n->worst) n->worst = one->worst;
        for (unsigned k = 0; k < 4; k++)
            if (one->kind == NODE_LITERALS || begins_with(one->kind) == k) alike[k] += one->width;
    }
    for (unsigned k = 0; k < 4; k++) most = alike[k] > most ? alike[k] : most;
    if (most > MAX_THREADS)
        return err_set(b->e, RC_LIMIT, "schema: %s: more than %d alternatives may begin alike", l->place, MAX_THREADS);
    n->width = (uint16_t)most;
    return RC_OK;
}

static enum rc build_list(struct builder *b, const struct schema_list *list, struct place_in in, uint16_t *out)
{
    struct leaves l = {.place = list->n ? list->alternatives[0].place : "#"};
    struct err first = {""};
    enum rc rc = RC_OK;

    buf_init(&l.literals, MEMORY / 64);
    for (size_t i = 0; rc == RC_OK && i < list->n; i++) {
        rc = build_types(b, &list->alternatives[i], in, &l);
        if (list->alternatives[i].merged) rc = forgive(rc, b->e, &first);
    }
    if (rc == RC_OK) rc = build_literals(b, in, &l);
    if (rc == RC_OK && l.n == 0) {
        if (!first.msg[0]) err_set(&first, RC_BAD, "schema: %s: no value fits", l.place);
        *b->e = first;
        rc = RC_BAD;
    }
    if (rc == RC_OK && l.n == 1) *out = l.nodes[0];
    if (rc == RC_OK && l.n > 1) rc = build_any(b, &l, in, out);
    if (rc == RC_OK && b->c->nodes[*out].least > MAX_SHORTEST)
        rc = err_set(b->e, RC_LIMIT, "schema: %s: the shortest value has more than %lu bytes", l.place,
                     (unsigned long)MAX_SHORTEST);
    buf_clear(&l.literals);
    free(l.nodes);
    return rc;
}

/* ---- handle -------------------------------------------------------------------------------------------------------- */

/* The lock counts bytes of text, the document writes some characters as two. */
static bool needs_escapes(const char *const *entries, size_t n)
{
    for (size_t i = 0; i < n; i++)
        if (strpbrk(entries[i], "\"\\")) return true;
    return false;
}

static enum rc open_lock(struct json_constraint *c, const struct fact_lock *strings, struct err *e)
{
    if (!strings) return RC_OK;
    if (strings->max_sentences)
        return err_set(e, RC_BAD, "schema: the fact lock of strings has a limit on sentences; use maxLength");
    if (needs_escapes(strings->slots, strings->n_slots) || needs_escapes(strings->literals, strings->n_literals))
        return err_set(e, RC_BAD, "schema: the fact lock of strings holds a quote or backslash");
    return constraint_fact_lock(strings, &c->lock, e);
}

enum rc constraint_json_schema(const char *schema, size_t n, const struct fact_lock *strings, struct constraint **out,
                               struct err *e)
{
    struct json_constraint *c = calloc(1, sizeof(*c));
    struct builder b = {.c = c, .e = e};
    struct schema_list list;
    struct arena read;
    cJSON *root = NULL;
    enum rc rc;

    if (!c) return err_set(e, RC_NOMEM, "schema: out of memory");
    c->base.kind = &json_kind;
    arena_init(&c->arena, MEMORY);
    arena_init(&read, MEMORY);
    rc = json_parse(schema, n, JSON_NUMBERS_DIGITS, &root, e);
    if (rc != RC_OK) rc = err_wrap(e, rc, "schema");
    if (rc == RC_OK) rc = open_lock(c, strings, e);
    if (rc == RC_OK) rc = schema_read(root, &read, &list, e);
    if (rc == RC_OK) rc = build_list(&b, &list, (struct place_in){.parent = NO_NODE}, &c->root);
    if (rc == RC_OK) {
        c->base.worst = (size_t)c->nodes[c->root].worst;
        *out = &c->base;
        c = NULL;
    }
    cJSON_Delete(root);
    arena_clear(&read);
    if (c) json_close(&c->base);
    return rc;
}
