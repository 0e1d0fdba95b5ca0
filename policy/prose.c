/* prose.c: a free text to pieces: what may not be seen is gone, what is a value is a slot, the rest is data.
 *
 *   readable characters -> normalised -> orders to the model flagged -> no brackets (only ours make a slot) -> the
 *   writer's own lines and quoted ones -> clauses about special categories cut -> names and patterns found -> the
 *   salient sentences of a long text -> pieces */
#include <stdlib.h>
#include <string.h>
#include <unicode/uchar.h>

#include "../base/crypto.h"
#include "../base/str.h"
#include "admit.h"
#include "defuse.h"
#include "normalise.h"
#include "salience.h"
#include "text.h"
#include "thread.h"

#define MAX_MATCH_BYTES 1000 /* a longer match is a pasted key or table: it is left out */
#define MAX_CHUNK_BYTES 300  /* a longer sentence is weighed in parts */
#define SLOT_COST 10         /* bytes that a slot takes in the budget */
#define NAME_BASE (SIZE_MAX / 2) /* struct found: detector of the i-th name is NAME_BASE + i */
#define SPLIT_BASE (SIZE_MAX / 4 * 3) /* and of the i-th piece of a split value SPLIT_BASE + i */
#define LINK (SIZE_MAX - 1)       /* and that of a link that no detector knows */

struct part { /* one text on its way */
    struct admit *a;
    const struct field *field; /* or NULL */
    const char *text, *path;
    size_t n;
    struct found *found; /* sorted, not overlapping once resolved */
    size_t n_found;
    struct name_found *names;
    size_t n_names;
    struct value_locale locale;
};

static void part_clear(struct part *p)
{
    free(p->found);
    free(p->names);
}

/* ---- pieces ----------------------------------------------------------------------------------------------------- */

struct writer {
    struct admit *a;
    struct buf data;
    struct policy_piece *pieces;
    size_t n, cap;
    bool failed;
    char last; /* byte written before: runs of white space become one */
};

static void add_piece(struct writer *w, bool slot, const char *s, size_t n)
{
    struct policy_piece *bigger;

    if (w->n == w->cap) {
        size_t cap = w->cap ? w->cap * 2 : 4;
        bigger = arena_array(&w->a->out->arena, cap, sizeof(*bigger));
        if (!bigger) {
            w->failed = true;
            return;
        }
        if (w->n) memcpy(bigger, w->pieces, w->n * sizeof(*bigger));
        w->pieces = bigger;
        w->cap = cap;
    }
    w->pieces[w->n] = (struct policy_piece){.slot = slot, .bytes = arena_ndup(&w->a->out->arena, s, n), .n = n};
    w->failed = w->failed || !w->pieces[w->n].bytes;
    w->n++;
}

static void flush(struct writer *w)
{
    if (w->data.len) add_piece(w, false, w->data.data, w->data.len);
    w->failed = w->failed || w->data.failed != RC_OK;
    buf_reset(&w->data);
}

static bool is_space(char c)
{
    return c == ' ' || c == '\n';
}

static void add_word(struct writer *w, const char *s, size_t n)
{
    if (!n || defuse_is_link(s, n)) return; /* one that no detector knows: nothing to read, only to follow */
    buf_add(&w->data, s, n);
    w->last = s[n - 1];
}

static void add_data(struct writer *w, const char *s, size_t n)
{
    size_t from = 0;

    for (size_t i = 0; i < n; i++) {
        if (!is_space(s[i])) continue;
        add_word(w, s + from, i - from);
        from = i + 1;
        if (is_space(w->last)) continue;
        buf_char(&w->data, s[i]);
        w->last = s[i];
    }
    add_word(w, s + from, n - from);
}

static void add_slot(struct writer *w, const char *slot)
{
    flush(w);
    add_piece(w, true, slot, strlen(slot));
    w->last = ']';
}

/* The pieces, without white space at their end; what stands alone as white space is nothing. */
static enum rc finish(struct writer *w, const struct policy_piece **out, size_t *n, struct err *e)
{
    enum rc rc = RC_OK;

    while (w->data.len && is_space(w->data.data[w->data.len - 1])) w->data.data[--w->data.len] = '\0';
    flush(w);
    if (w->failed)
        rc = admit_no_memory(w->a, e);
    else
        *out = w->pieces, *n = w->n;
    buf_wipe(&w->data);
    return rc;
}

/* ---- one match -------------------------------------------------------------------------------------------------- */

static const struct name_found *name_of(const struct part *p, const struct found *f)
{
    return f->detector >= NAME_BASE && f->detector - NAME_BASE < p->n_names ? &p->names[f->detector - NAME_BASE] : NULL;
}

static const struct split_piece *split_of(const struct part *p, const struct found *f)
{
    return f->detector >= SPLIT_BASE && f->detector - SPLIT_BASE < p->a->n_splits ? &p->a->splits[f->detector - SPLIT_BASE]
                                                                                  : NULL;
}

static const char *entity_of(const struct part *p, const struct found *f)
{
    const struct name_found *name = name_of(p, f);

    if (name && name->kind == NAME_PERSON && name->index != NAMES_UNKNOWN && p->a->persons[name->index].staff)
        return "STAFF";
    return f->entity;
}

/* A name that no field and no other text of the record has, such as one of a hint. */
static enum rc slot_stranger(struct part *p, const char *s, size_t n, struct stand_in *out, struct err *e)
{
    struct person stranger = {.full = arena_ndup(&p->a->scratch, s, n)};
    char *folded = names_fold(s, n);

    stranger.subject = folded ? arena_printf(&p->a->scratch, "person:name:%s", folded) : NULL;
    free(folded);
    if (!stranger.full || !stranger.subject) return admit_no_memory(p->a, e);
    return slot_person(p->a, &stranger, p->path, out, e);
}

static enum rc slot_name(struct part *p, const struct found *f, const struct name_found *name, struct stand_in *out,
                         struct err *e)
{
    const char *s = p->text + f->start;
    size_t n = f->end - f->start;

    if (name->kind == NAME_VALUE) return slot_text(p->a, name->entity, s, n, &p->locale, p->path, out, e);
    if (name->kind == NAME_PERSON && name->index != NAMES_UNKNOWN)
        return slot_person(p->a, &p->a->persons[name->index], p->path, out, e);
    if (name->kind == NAME_PERSON) return slot_stranger(p, s, n, out, e);
    if (name->index == NAMES_UNKNOWN) return slot_org(p->a, s, n, p->path, out, e);
    return slot_org(p->a, p->a->orgs[name->index].name, strlen(p->a->orgs[name->index].name), p->path, out, e);
}

/* The first piece stands for the whole value, the others for nothing. */
static enum rc slot_split(struct part *p, const struct split_piece *split, struct stand_in *out, struct err *e)
{
    if (!split->leads) return RC_OK;
    return slot_text(p->a, split->entity, split->value, strlen(split->value), &p->locale, p->path, out, e);
}

static enum rc stand_in_of(struct part *p, const struct found *f, struct stand_in *out, struct err *e)
{
    const struct name_found *name = name_of(p, f);
    const struct split_piece *split = split_of(p, f);
    const char *s = p->text + f->start;
    size_t n = f->end - f->start;

    *out = (struct stand_in){.how = STAND_NOTHING};
    if (f->detector == LINK) return RC_OK;
    if (n > MAX_MATCH_BYTES && policy_action(p->a->p, f->entity) != ACTION_BLOCK) return RC_OK;
    if (split) return slot_split(p, split, out, e);
    if (name) return slot_name(p, f, name, out, e);
    if (f->detector == SIZE_MAX) return slot_number(p->a, s, n, &p->locale, out, e);
    return slot_text(p->a, f->entity, s, n, &p->locale, p->path, out, e);
}

/* ---- finding ---------------------------------------------------------------------------------------------------- */

#define MAX_PASSES 4

static int by_place(const void *a, const void *b)
{
    const struct found *x = a, *y = b;

    if (x->start != y->start) return x->start < y->start ? -1 : 1;
    return (x->end > y->end) - (x->end < y->end);
}

struct matches {
    struct found *items;
    size_t n;
};

/* Append the names from the `from`-th on to the matches, save those that a match reaches beyond: "weber" of an address,
 * "May" of a date, or "Weber, anna" before "@acme.example". What is left of such a name the next pass finds. */
static enum rc merge_names(const struct part *p, size_t from, struct matches *m, bool *again, struct err *e)
{
    struct found *all = realloc(m->items, (m->n + p->n_names - from + 1) * sizeof(*all));
    size_t n_patterns = m->n, at = 0, reach = 0;

    if (!all) return err_set(e, RC_NOMEM, "policy: out of memory");
    m->items = all;
    for (size_t i = from; i < p->n_names; i++) {
        const struct name_found *name = &p->names[i];
        bool beyond;

        for (; at < n_patterns && all[at].start < name->start; at++)
            if (all[at].end > reach) reach = all[at].end;
        beyond = reach > name->start;
        for (size_t k = at; !beyond && k < n_patterns && all[k].start < name->end; k++)
            beyond = all[k].end > name->end;
        *again = *again || beyond;
        if (!beyond)
            all[m->n++] = (struct found){.entity = name->entity,
                                         .start = name->start,
                                         .end = name->end,
                                         .score = name->score,
                                         .detector = NAME_BASE + i};
    }
    qsort(all, m->n, sizeof(*all), by_place);
    return RC_OK;
}

/* Only winners stay. *again: a loser, other than a fact, whose digits get a slot anyway, reaches out of every winner. */
static enum rc resolve(struct matches *m, bool *again, struct err *e)
{
    struct matches all = {.items = malloc((m->n + 1) * sizeof(*all.items)), .n = m->n};
    size_t at = 0;
    enum rc rc;

    if (!all.items) return err_set(e, RC_NOMEM, "policy: out of memory");
    if (m->n) memcpy(all.items, m->items, m->n * sizeof(*all.items));
    rc = detect_resolve(m->items, &m->n, e);
    for (size_t i = 0; rc == RC_OK && !*again && i < all.n; i++) {
        while (at < m->n && m->items[at].end <= all.items[i].start) at++;
        *again = !detect_is_fact(all.items[i].entity) &&
                 (at == m->n || m->items[at].start > all.items[i].start || m->items[at].end < all.items[i].end);
    }
    free(all.items);
    return rc;
}

static enum rc add_names(struct part *p, const struct name_found *names, size_t n, struct err *e)
{
    struct name_found *more = realloc(p->names, (p->n_names + n + 1) * sizeof(*more));

    if (!more) return err_set(e, RC_NOMEM, "policy: out of memory");
    p->names = more;
    if (n) memcpy(more + p->n_names, names, n * sizeof(*more));
    p->n_names += n;
    return RC_OK;
}

static enum rc add_winners(struct part *p, const struct matches *m, struct err *e)
{
    struct found *more = realloc(p->found, (p->n_found + m->n + 1) * sizeof(*more));

    if (!more) return err_set(e, RC_NOMEM, "policy: out of memory");
    p->found = more;
    if (m->n) memcpy(more + p->n_found, m->items, m->n * sizeof(*more));
    p->n_found += m->n;
    return detect_resolve(p->found, &p->n_found, e);
}

static enum rc copy_matches(const struct found_list *l, struct matches *m, struct err *e)
{
    m->items = malloc((l->n + 1) * sizeof(*m->items));
    if (!m->items) return err_set(e, RC_NOMEM, "policy: out of memory");
    if (l->n) memcpy(m->items, l->items, l->n * sizeof(*m->items));
    m->n = l->n;
    return RC_OK;
}

static enum rc find_pass(struct part *p, const char *text, bool *again, struct err *e)
{
    struct scan *scan = &p->a->scanner->scan;
    struct matches m = {0};
    size_t from = p->n_names;
    enum rc rc = scan_text(scan, p->a->scanner->detect, p->a->names, text, p->n, e);

    *again = false;
    if (rc == RC_OK) rc = copy_matches(&scan->found, &m, e);
    if (rc == RC_OK) rc = add_names(p, scan->names, scan->n_names, e);
    if (rc == RC_OK) rc = merge_names(p, from, &m, again, e);
    if (rc == RC_OK) rc = resolve(&m, again, e);
    if (rc == RC_OK) rc = add_winners(p, &m, e);
    free(m.items);
    return rc;
}

/* Pieces of values that go over the field's borders, where the text still has them: nothing else is looked for in them. */
static enum rc add_splits(struct part *p, struct err *e)
{
    struct matches m = {0};
    size_t from = 0, to = p->n;
    enum rc rc = RC_OK;

    while (to > 0 && is_space(p->text[to - 1])) to--;
    while (from < to && is_space(p->text[from])) from++;
    m.items = malloc((p->a->n_splits + 1) * sizeof(*m.items));
    if (!m.items) return err_set(e, RC_NOMEM, "policy: out of memory");
    for (size_t i = 0; p->field && i < p->a->n_splits; i++) {
        const struct split_piece *s = &p->a->splits[i];
        size_t at = s->leads && to - from >= s->n ? to - s->n : from;

        if (s->field != p->field || to - from < s->n || memcmp(p->text + at, s->text, s->n) != 0) continue;
        m.items[m.n++] = (struct found){
            .entity = s->entity, .start = at, .end = at + s->n, .score = 1.0, .detector = SPLIT_BASE + i};
    }
    qsort(m.items, m.n, sizeof(*m.items), by_place);
    if (m.n) rc = add_winners(p, &m, e);
    free(m.items);
    return rc;
}

/* Where matches overlap one wins, and what the other had beside it is looked at again without the winner: of
 * "DE89...00/anna@acme.example" the account number must not leave half an address behind. */
static enum rc find_matches(struct part *p, struct err *e)
{
    bool again = true;
    char *rest;
    enum rc rc = add_splits(p, e);

    if (rc == RC_OK && !p->n_found) rc = find_pass(p, p->text, &again, e);
    if (rc != RC_OK || !again) return rc;
    rest = malloc(p->n + 1);
    if (!rest) return err_set(e, RC_NOMEM, "policy: out of memory");
    for (int pass = 1; rc == RC_OK && again && pass < MAX_PASSES; pass++) {
        memcpy(rest, p->text, p->n);
        for (size_t i = 0; i < p->n_found; i++) /* a character that no pattern and no name takes in */
            memset(rest + p->found[i].start, '<', p->found[i].end - p->found[i].start);
        rc = find_pass(p, rest, &again, e);
    }
    crypto_wipe(rest, p->n);
    free(rest);
    return rc;
}

/* What the policy keeps is no match; with facts in slots its digits still get one, so that rehydrated it is whole. */
static void drop_kept(struct part *p)
{
    size_t kept = 0;

    for (size_t i = 0; i < p->n_found; i++)
        if (policy_action(p->a->p, entity_of(p, &p->found[i])) != ACTION_KEEP) p->found[kept++] = p->found[i];
    p->n_found = kept;
}

/* Is nothing found in text[start, end) but numbers, sums and dates? Then these are taken out. */
static bool only_facts(struct part *p, size_t start, size_t end)
{
    size_t kept = 0;

    for (size_t i = 0; i < p->n_found; i++)
        if (p->found[i].end > start && p->found[i].start < end &&
            !(detect_is_fact(p->found[i].entity) && p->found[i].start >= start && p->found[i].end <= end))
            return false;
    for (size_t i = 0; i < p->n_found; i++)
        if (p->found[i].end <= start || p->found[i].start >= end) p->found[kept++] = p->found[i];
    p->n_found = kept;
    return true;
}

/* Words that are links of a form that no detector knows ("http://0xCB00714D/login") go as a whole, before their digits
 * become numbers and the rest a word of its own. */
static enum rc find_links(struct part *p, struct err *e)
{
    size_t n_links = 0;

    for (size_t from = 0, to; from < p->n; from = to + 1) {
        struct found *more;

        to = from;
        while (to < p->n && !is_space(p->text[to])) to++;
        if (to == from || !defuse_is_link(p->text + from, to - from) || !only_facts(p, from, to)) continue;
        more = realloc(p->found, (p->n_found + 1) * sizeof(*more));
        if (!more) return err_set(e, RC_NOMEM, "policy: out of memory");
        p->found = more;
        more[p->n_found++] = (struct found){.entity = "URL", .start = from, .end = to, .score = 1, .detector = LINK};
        n_links++;
    }
    if (n_links > 0) qsort(p->found, p->n_found, sizeof(*p->found), by_place);
    return RC_OK;
}

static enum rc find_all(struct part *p, struct err *e)
{
    enum rc rc = find_matches(p, e);

    if (rc == RC_OK) drop_kept(p);
    if (rc == RC_OK) rc = find_links(p, e);
    if (rc == RC_OK && p->a->p->facts_slots) rc = detect_fill_digits(p->text, p->n, &p->found, &p->n_found, e);
    return rc;
}

/* ---- the salient sentences of a long text ----------------------------------------------------------------------- */

struct chunk { /* a sentence, or a part of a very long one */
    size_t start, end, cost;
    int score;
    bool taken;
};

struct chunks {
    struct chunk *items;
    size_t n, cap;
};

static int score_of(const struct part *p, const struct chunk *c, size_t first, size_t last)
{
    size_t pos = c->start;
    int score = 0, words = 0;
    struct stretch w;
    char word[64];

    for (size_t i = first; i < last; i++) {
        const char *entity = p->found[i].entity;
        score += str_eq(entity, "MONEY") ? 6 : str_eq(entity, "DATE_TIME") ? 4 : 1;
    }
    while (text_word(p->text, c->end, &pos, &w)) {
        text_fold(p->text + w.start, w.end - w.start, word, sizeof(word));
        if (salience_word(word)) words += 3;
    }
    return (score > 12 ? 12 : score) + (words > 6 ? 6 : words) + (memchr(p->text + c->start, '?', c->end - c->start) ? 1 : 0);
}

/* *at moves to the first match behind the chunk; its cost and score are those of the matches in it. */
static enum rc add_chunk(const struct part *p, struct chunks *l, size_t start, size_t end, size_t *at, struct err *e)
{
    struct chunk c = {.start = start, .end = end, .cost = end - start + 1};
    size_t first;

    while (*at < p->n_found && p->found[*at].end <= start) (*at)++;
    first = *at;
    for (; *at < p->n_found && p->found[*at].start < end; (*at)++)
        c.cost = c.cost + SLOT_COST - (p->found[*at].end - p->found[*at].start);
    c.score = score_of(p, &c, first, *at);
    if (l->n == l->cap) {
        size_t cap = l->cap ? l->cap * 2 : 64;
        struct chunk *bigger = realloc(l->items, cap * sizeof(*bigger));
        if (!bigger) return err_set(e, RC_NOMEM, "policy: out of memory");
        l->items = bigger;
        l->cap = cap;
    }
    l->items[l->n++] = c;
    return RC_OK;
}

/* Where to part text[start, end), which is too long: the last space in reach, never inside a match. */
static size_t part_at(const struct part *p, size_t start, size_t end, size_t at)
{
    size_t cut = start + MAX_CHUNK_BYTES, space = cut;

    while (space > start && p->text[space] != ' ') space--;
    if (space > start) cut = space;
    while (cut < end && ((unsigned char)p->text[cut] & 0xC0) == 0x80) cut++;
    for (; at < p->n_found && p->found[at].start < cut; at++)
        if (p->found[at].end > cut) return p->found[at].end;
    return cut;
}

static enum rc split_chunks(const struct part *p, struct chunks *l, struct err *e)
{
    struct stretch *whole = calloc(p->n_found + 1, sizeof(*whole)), s;
    size_t pos = 0, at = 0;
    enum rc rc = whole ? RC_OK : err_set(e, RC_NOMEM, "policy: out of memory");

    for (size_t i = 0; rc == RC_OK && i < p->n_found; i++)
        whole[i] = (struct stretch){p->found[i].start, p->found[i].end};
    while (rc == RC_OK && text_sentence(p->text, p->n, whole + at, p->n_found - at, &pos, &s)) {
        while (rc == RC_OK && s.end - s.start > MAX_CHUNK_BYTES) {
            size_t cut = part_at(p, s.start, s.end, at);
            if (cut >= s.end) break;
            rc = add_chunk(p, l, s.start, cut, &at, e);
            s.start = cut;
        }
        if (rc == RC_OK) rc = add_chunk(p, l, s.start, s.end, &at, e);
    }
    free(whole);
    return rc;
}

static int by_score(const void *a, const void *b)
{
    const struct chunk *x = *(struct chunk *const *)a, *y = *(struct chunk *const *)b;

    if (x->score != y->score) return x->score > y->score ? -1 : 1;
    return (x->start > y->start) - (x->start < y->start);
}

/* Mark the chunks that fit the budget: the first one says what the text is about, the others by weight. */
static enum rc choose(struct chunks *l, struct err *e)
{
    struct chunk **order = calloc(l->n + 1, sizeof(struct chunk *));
    size_t left = PROSE_MAX_BYTES;

    if (!order) return err_set(e, RC_NOMEM, "policy: out of memory");
    for (size_t i = 0; i < l->n; i++) order[i] = &l->items[i];
    if (l->n) l->items[0].score += 3;
    qsort(order, l->n, sizeof(*order), by_score);
    for (size_t i = 0; i < l->n; i++) {
        if (order[i]->cost > left) continue;
        order[i]->taken = true;
        left -= order[i]->cost;
    }
    free(order);
    return RC_OK;
}

/* ---- writing ---------------------------------------------------------------------------------------------------- */

static enum rc write_stretch(struct part *p, struct writer *w, size_t start, size_t end, size_t *at, struct err *e)
{
    while (*at < p->n_found && p->found[*at].end <= start) (*at)++;
    for (; *at < p->n_found && p->found[*at].start < end; (*at)++) {
        const struct found *f = &p->found[*at];
        struct stand_in s;
        enum rc rc = stand_in_of(p, f, &s, e);

        if (rc != RC_OK) return rc;
        add_data(w, p->text + start, f->start - start);
        if (s.how == STAND_SLOT) add_slot(w, s.text);
        if (s.how == STAND_TEXT) add_data(w, s.text, strlen(s.text));
        if (s.how == STAND_KEEP) add_data(w, p->text + f->start, f->end - f->start);
        start = f->end;
    }
    if (start < end) add_data(w, p->text + start, end - start);
    return RC_OK;
}

static size_t cost_of(const struct part *p)
{
    size_t cost = p->n;

    for (size_t i = 0; i < p->n_found; i++) cost = cost + SLOT_COST - (p->found[i].end - p->found[i].start);
    return cost;
}

static enum rc write_part(struct part *p, const struct policy_piece **out, size_t *n, struct err *e)
{
    struct writer w = {.a = p->a, .last = ' '};
    struct chunks l = {0};
    size_t at = 0;
    enum rc rc = RC_OK, done;

    buf_init(&w.data, RECORD_MAX_FIELD_BYTES * 4);
    if (cost_of(p) <= PROSE_MAX_BYTES) {
        rc = write_stretch(p, &w, 0, p->n, &at, e);
    } else {
        rc = split_chunks(p, &l, e);
        if (rc == RC_OK) rc = choose(&l, e);
        for (size_t i = 0; rc == RC_OK && i < l.n; i++) {
            if (!l.items[i].taken) continue;
            add_data(&w, " ", 1);
            rc = write_stretch(p, &w, l.items[i].start, l.items[i].end, &at, e);
        }
    }
    free(l.items);
    done = finish(&w, out, n, rc == RC_OK ? e : NULL);
    return rc == RC_OK ? done : rc;
}

/* ---- before that ------------------------------------------------------------------------------------------------ */

/* Without what no reader sees: control characters, and invisible ones that hide orders or split names. */
static void put_readable(const char *s, size_t n, struct buf *out)
{
    for (size_t i = 0, m; i < n; i += m) {
        uint32_t cp;

        m = utf8_decode(s + i, n - i, &cp);
        switch (u_charType((UChar32)cp)) {
        case U_CONTROL_CHAR: buf_char(out, cp == '\n' ? '\n' : ' '); break;
        case U_FORMAT_CHAR:
        case U_PRIVATE_USE_CHAR:
        case U_SURROGATE:
        case U_UNASSIGNED: break;
        default: buf_add(out, s + i, m);
        }
    }
}

/* A text never holds a bracket, so nothing in it can be taken for a slot. */
static void no_brackets(char *s, size_t n)
{
    for (size_t i = 0; i < n; i++) s[i] = s[i] == '[' ? '(' : s[i] == ']' ? ')' : s[i];
}

/* Mark-up, codes and orders go; the record is flagged or refused. */
static enum rc take_apart(struct admit *a, const char *s, size_t n, const char *path, struct buf *out, struct err *e)
{
    struct defused what = {0};
    enum rc rc = defuse(a->scanner->suspicious, s, n, out, &what, e);

    if (rc == RC_OK) rc = buf_check(out, "policy: a text", e);
    if (rc != RC_OK || !what.orders) return rc;
    a->out->suspicious = true;
    if (!a->p->quarantine_instructions) return RC_OK;
    return err_set(e, RC_REFUSED, "policy: text in %s gives orders to the model (instructions: quarantine)", path);
}

static bool is_inside_word(char c)
{
    return (c >= '0' && c <= '9') || ((c | 0x20) >= 'a' && (c | 0x20) <= 'z') || (c & 0x80);
}

/* What stood apart stays apart: a name that sticks to the next word would not be found. */
static void add_behind_cut(struct buf *out, const char *s, size_t n)
{
    if (n && out->len && is_inside_word(out->data[out->len - 1]) && is_inside_word(*s)) buf_char(out, ' ');
    buf_add(out, s, n);
}

/* Clauses about special categories are cut, or block the record. */
static enum rc drop_special(struct admit *a, const struct buf *text, const char *path, struct buf *out, struct err *e)
{
    struct special_found *f = NULL;
    size_t n = 0, at = 0;
    enum rc rc = RC_OK;

    if (a->p->special != SPECIAL_KEEP) rc = special_scan(a->scanner->special, text->data, text->len, &f, &n, e);
    if (rc == RC_OK && n && a->p->special == SPECIAL_BLOCK)
        rc = err_set(e, RC_REFUSED, "policy: a special category (%s) in %s blocks this record (pii: "
                     "special_categories: block)", special_name(f[0].category), path);
    for (size_t i = 0; rc == RC_OK && i < n; i++) {
        add_behind_cut(out, text->data + at, f[i].start - at);
        at = f[i].end;
    }
    free(f);
    if (rc != RC_OK) return rc;
    add_behind_cut(out, text->data + at, text->len - at);
    return buf_check(out, "policy: a text", e);
}

static enum rc admit_part(struct admit *a, const struct field *field, const struct buf *text, const char *path,
                          const struct policy_piece **out, size_t *n, struct err *e)
{
    struct part p = {.a = a, .field = field, .path = path};
    struct buf kept;
    enum rc rc;

    *n = 0;
    if (!text->len) return RC_OK;
    buf_init(&kept, text->max);
    rc = drop_special(a, text, path, &kept, e);
    p.text = kept.data;
    p.n = kept.len;
    slot_locale(a, text_language(p.text, p.n), &p.locale);
    if (rc == RC_OK) rc = find_all(&p, e);
    if (rc == RC_OK) rc = write_part(&p, out, n, e);
    part_clear(&p);
    buf_wipe(&kept);
    return rc;
}

enum rc prose_admit(struct admit *a, const struct field *field, const char *text, size_t n, const char *path,
                    struct prose *out, struct err *e)
{
    struct normalised t = {0};
    struct buf readable, safe, own, quoted;
    struct prose p = {0};
    enum rc rc;

    buf_init(&readable, DETECT_MAX_TEXT);
    buf_init(&safe, 4 * DETECT_MAX_TEXT);
    buf_init(&own, DETECT_MAX_TEXT);
    buf_init(&quoted, DETECT_MAX_TEXT);
    put_readable(text, n, &readable);
    rc = buf_check(&readable, path, e);
    if (rc == RC_OK) rc = normalise(readable.data, readable.len, DETECT_MAX_TEXT, &t, e);
    if (rc == RC_OK) rc = take_apart(a, t.text, t.n, path, &safe, e);
    if (rc != RC_OK) goto out;
    no_brackets(safe.data, safe.len);
    thread_split(safe.data, safe.len, &own, &quoted);
    rc = buf_check(&own, path, e);
    if (rc == RC_OK) rc = buf_check(&quoted, path, e);
    if (rc == RC_OK) rc = admit_part(a, field, &own, path, &p.own, &p.n_own, e);
    if (rc == RC_OK) rc = admit_part(a, field, &quoted, path, &p.quoted, &p.n_quoted, e);
    if (rc != RC_OK) goto out;
    if (!p.n_own && p.n_quoted) { /* all of it was forwarded */
        p = (struct prose){.own = p.quoted, .n_own = p.n_quoted, .outside = true};
    }
    *out = p;
out:
    normalise_clear(&t);
    buf_wipe(&readable);
    buf_wipe(&safe);
    buf_wipe(&own);
    buf_wipe(&quoted);
    return rc;
}

enum rc prose_words(struct admit *a, const char *text, size_t n, const struct policy_piece **out, size_t *n_out,
                    struct err *e)
{
    struct part p = {.a = a, .path = ""};
    struct normalised t = {0};
    struct buf readable;
    enum rc rc;

    *n_out = 0;
    buf_init(&readable, DETECT_MAX_TEXT);
    put_readable(text, n, &readable);
    rc = buf_check(&readable, "policy: a label", e);
    if (rc == RC_OK) rc = normalise(readable.data, readable.len, DETECT_MAX_TEXT, &t, e);
    if (rc != RC_OK) goto out;
    no_brackets(t.text, t.n);
    p.text = t.text;
    p.n = t.n;
    slot_locale(a, NULL, &p.locale);
    if (a->p->facts_slots) rc = detect_fill_digits(p.text, p.n, &p.found, &p.n_found, e);
    if (rc == RC_OK) rc = write_part(&p, out, n_out, e);
out:
    part_clear(&p);
    normalise_clear(&t);
    buf_wipe(&readable);
    return rc;
}
