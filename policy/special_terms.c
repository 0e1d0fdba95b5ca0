/* special_terms.c: see special_terms.h. Terms hang in buckets by how their first word begins, so that a word of the text
 * is compared with few of them, however many there are. */
#include "special_terms.h"

#include <stdlib.h>
#include <string.h>

#define MAX_WORD   32 /* bytes of a term's word, folded, with its NUL */
#define MAX_PLACES 8
#define MAX_GAP    3
_Static_assert(MAX_PLACES *MAX_GAP <= SPECIAL_MAX_TERM, "a term must fit");
#define N_BUCKETS   4096
#define KEY_LETTERS 3

/* How a word begins: its first eight bytes as far as it has them. */
struct head {
    uint64_t bytes, mask;
};

struct choice {
    struct head head;
    char fold[MAX_WORD];
    size_t n;
    bool prefix;         /* the word begins so */
    bool capital, upper; /* as the word must be: AIDS, Labour */
};

struct place {
    size_t from, n; /* its choices */
    bool optional, gap;
};

struct term {
    struct place places[MAX_PLACES];
    size_t n;
    const struct special_row *row;
};

struct entry {
    struct head head; /* of the choice: most entries of a bucket are ruled out by it */
    size_t term, choice; /* by which choice of its first place */
    size_t next; /* while the table is read: in the bucket, plus 1; 0: the last */
};

struct special_terms {
    struct choice *choices;
    size_t n_choices, cap_choices;
    struct term *terms;
    size_t n_terms, cap_terms;
    struct entry *entries;
    size_t n_entries, cap_entries;
    size_t buckets[N_BUCKETS + 1]; /* where each begins among the entries; while the table is read, as `next` */
    struct place trade;        /* words that make a trade of what stands before them */
    struct place commerce;     /* of what stands behind them */
};

/* ---- reading the table ------------------------------------------------------------------------------------------- */

/* Room for one more item, which is returned zeroed; NULL without memory. */
static void *grow(void **items, size_t *n, size_t *cap, size_t size)
{
    void *item;

    if (*n == *cap) {
        size_t more = *cap ? *cap * 2 : 256;
        void *grown = realloc(*items, more * size);

        if (!grown) return NULL;
        *items = grown;
        *cap = more;
    }
    item = (char *)*items + (*n)++ * size;
    memset(item, 0, size);
    return item;
}

static size_t bucket(const char *fold, size_t n)
{
    size_t key = 0;

    for (size_t i = 0; i < n && i < KEY_LETTERS; i++)
        key = key * 131 + (unsigned char)fold[i];
    return key % N_BUCKETS;
}

static enum rc bad(const char *term, struct err *e)
{
    return err_set(e, RC_INTERNAL, "special: malformed term: %s", term);
}

static struct head head_of(const char *fold, size_t n)
{
    static const unsigned char ones[8] = {0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF};
    struct head h = {0, 0};

    if (n > sizeof(h.bytes)) n = sizeof(h.bytes);
    memcpy(&h.bytes, fold, n);
    memcpy(&h.mask, ones, n);
    return h;
}

static inline bool begins_so(const struct head *h, const struct word *x)
{
    uint64_t bytes;

    memcpy(&bytes, x->fold, sizeof(bytes)); /* words.h: so much can be read */
    return ((bytes ^ h->bytes) & h->mask) == 0;
}

/* One word, not folded yet. */
static enum rc add_choice(struct special_terms *t, const char *text, size_t n, struct err *e)
{
    struct choice *c;
    struct words w = {0};
    bool prefix = n > 0 && text[n - 1] == '*';
    enum rc rc = words_split(text, n - prefix, &w, e);

    if (rc != RC_OK) return rc;
    if (w.n != 1 || w.items[0].n_fold >= MAX_WORD || (prefix && w.items[0].n_fold < KEY_LETTERS)) {
        rc = bad(text, e);
    } else if (!(c = grow((void **)&t->choices, &t->n_choices, &t->cap_choices, sizeof(*c)))) {
        rc = err_set(e, RC_NOMEM, "special: out of memory");
    } else {
        memcpy(c->fold, w.items[0].fold, w.items[0].n_fold + 1);
        c->n = w.items[0].n_fold;
        c->head = head_of(c->fold, c->n);
        c->prefix = prefix;
        c->capital = w.items[0].capital;
        c->upper = c->capital && w.items[0].upper && w.items[0].n_fold > 1;
    }
    words_clear(&w);
    return rc;
}

static const char *class_words(const char *name, size_t n)
{
    for (size_t i = 0; i < n_special_classes; i++)
        if (strlen(special_classes[i].name) == n && memcmp(special_classes[i].name, name, n) == 0)
            return special_classes[i].words;
    return NULL;
}

/* Words with one of `between` between them; classes are looked up in the outer list only. */
static enum rc add_choices(struct special_terms *t, const char *text, size_t n, const char *between,
                           struct err *e)
{
    enum rc rc = RC_OK;

    for (size_t i = 0, len; i < n && rc == RC_OK; i += len + 1) {
        const char *words;

        for (len = 0; i + len < n && !strchr(between, text[i + len]);)
            len++;
        if (text[i] != '$') {
            rc = add_choice(t, text + i, len, e);
            continue;
        }
        words = *between == '/' ? class_words(text + i + 1, len - 1) : NULL;
        rc = words ? add_choices(t, words, strlen(words), " ", e) : bad(text + i, e);
    }
    return rc;
}

static enum rc add_places(struct special_terms *t, struct term *term, const char *text, size_t n,
                          struct err *e)
{
    enum rc rc = RC_OK;

    for (size_t i = 0, len; i < n && rc == RC_OK; i += len + 1) {
        struct place *p = &term->places[term->n];

        for (len = 0; i + len < n && text[i + len] != ' ';)
            len++;
        if (!len) continue;
        if (term->n == MAX_PLACES) return bad(text, e);
        p->from = t->n_choices;
        p->gap = len == 2 && memcmp(text + i, "..", 2) == 0;
        p->optional = text[i + len - 1] == '?';
        if (!term->n && (p->gap || p->optional)) return bad(text, e);
        if (!p->gap) rc = add_choices(t, text + i, len - p->optional, "/", e);
        p->n = t->n_choices - p->from;
        term->n++;
    }
    return rc;
}

static enum rc add_term(struct special_terms *t, const struct special_row *row, const char *text, size_t n,
                        struct err *e)
{
    struct term *term;
    enum rc rc;

    while (n && *text == ' ')
        text++, n--;
    if (!n) return RC_OK;
    term = grow((void **)&t->terms, &t->n_terms, &t->cap_terms, sizeof(*term));
    if (!term) return err_set(e, RC_NOMEM, "special: out of memory");
    term->row = row;
    rc = add_places(t, term, text, n, e);
    for (size_t c = term->places[0].from; rc == RC_OK && c < term->places[0].from + term->places[0].n; c++) {
        size_t *first = &t->buckets[bucket(t->choices[c].fold, t->choices[c].n)];
        struct entry *x = grow((void **)&t->entries, &t->n_entries, &t->cap_entries, sizeof(*x));

        if (!x) return err_set(e, RC_NOMEM, "special: out of memory");
        *x = (struct entry){.head = t->choices[c].head, .term = t->n_terms - 1, .choice = c, .next = *first};
        *first = t->n_entries;
    }
    return rc;
}

/* The entries of each bucket side by side. */
static enum rc sort_entries(struct special_terms *t, struct err *e)
{
    struct entry *sorted = malloc((t->n_entries + 1) * sizeof(*sorted));
    size_t n = 0;

    if (!sorted) return err_set(e, RC_NOMEM, "special: out of memory");
    for (size_t b = 0; b < N_BUCKETS; b++) {
        size_t at = t->buckets[b];

        t->buckets[b] = n;
        for (; at; at = t->entries[at - 1].next)
            sorted[n++] = t->entries[at - 1];
    }
    t->buckets[N_BUCKETS] = n;
    free(t->entries);
    t->entries = sorted;
    return RC_OK;
}

static enum rc add_class(struct special_terms *t, const char *name, struct place *p, struct err *e)
{
    enum rc rc;

    p->from = t->n_choices;
    rc = add_choices(t, name, strlen(name), "/", e);
    p->n = t->n_choices - p->from;
    return rc;
}

enum rc special_terms_open(struct special_terms **out, struct err *e)
{
    struct special_terms *t = calloc(1, sizeof(*t));
    enum rc rc = RC_OK;

    if (!t) return err_set(e, RC_NOMEM, "special: out of memory");
    for (size_t i = 0; i < n_special_rows && rc == RC_OK; i++)
        for (const char *s = special_rows[i].terms; *s && rc == RC_OK;) {
            size_t n = strcspn(s, ";");

            rc = add_term(t, &special_rows[i], s, n, e);
            s += n + (s[n] == ';');
        }
    if (rc == RC_OK) rc = sort_entries(t, e);
    if (rc == RC_OK) rc = add_class(t, "$trade", &t->trade, e);
    if (rc == RC_OK) rc = add_class(t, "$commerce", &t->commerce, e);
    if (rc == RC_OK) {
        *out = t;
        t = NULL;
    }
    special_terms_close(t);
    return rc;
}

void special_terms_close(struct special_terms *t)
{
    if (!t) return;
    free(t->choices);
    free(t->terms);
    free(t->entries);
    free(t);
}

/* ---- finding ------------------------------------------------------------------------------------------------------- */

static inline bool chosen(const struct choice *c, const struct word *x)
{
    if (!begins_so(&c->head, x) || (c->capital && !x->capital) || (c->upper && !x->upper)) return false;
    return (c->prefix ? x->n_fold >= c->n : x->n_fold == c->n) && memcmp(c->fold, x->fold, c->n) == 0;
}

static bool fits(const struct special_terms *t, const struct place *p, const struct word *x)
{
    for (size_t c = p->from; c < p->from + p->n; c++)
        if (chosen(&t->choices[c], x)) return true;
    return false;
}

/* Do words from i on fit a term's places from p on? As few words as fit. */
static bool rest_fits(const struct special_terms *t, const struct term *term, size_t p, const struct words *w,
                      size_t i, size_t *upto)
{
    const struct place *place = &term->places[p];

    if (p == term->n) {
        *upto = i;
        return true;
    }
    if (place->gap) {
        for (size_t skip = 0; skip <= MAX_GAP && i + skip <= w->n; skip++)
            if (rest_fits(t, term, p + 1, w, i + skip, upto)) return true;
        return false;
    }
    if (i < w->n && fits(t, place, &w->items[i]) && rest_fits(t, term, p + 1, w, i + 1, upto)) return true;
    return place->optional && rest_fits(t, term, p + 1, w, i, upto);
}

bool special_terms_at(const struct special_terms *t, const struct words *w, size_t i, size_t *next,
                      const struct special_row **row, size_t *upto)
{
    const struct word *x = &w->items[i];
    size_t key = bucket(x->fold, x->n_fold);

    for (size_t at = t->buckets[key] + *next; at < t->buckets[key + 1]; at++) {
        const struct entry *entry = &t->entries[at];
        const struct term *term = &t->terms[entry->term];

        *next = at - t->buckets[key] + 1;
        if (!begins_so(&entry->head, x) || !chosen(&t->choices[entry->choice], x) || !rest_fits(t, term, 1, w, i + 1, upto)) continue;
        *row = term->row;
        return true;
    }
    return false;
}

bool special_terms_trade(const struct special_terms *t, const struct words *w, size_t from, size_t upto,
                         size_t clause, size_t clause_upto)
{
    if (upto < w->n && w->items[upto].start < clause_upto && fits(t, &t->trade, &w->items[upto])) return true;
    for (size_t i = from, n = 0; i-- > 0 && n <= MAX_GAP && w->items[i].start >= clause; n++)
        if (fits(t, &t->commerce, &w->items[i])) return true;
    return false;
}
