/* detect.c: see detect.h. Each row is compiled by PCRE2 (with its JIT where there is one) and run over the whole
 * text, unless a character that it needs doesn't occur. compile_row() and scan_row() are the only places that know
 * the matcher: a common automaton in front of them would change nothing else. */
#define PCRE2_CODE_UNIT_WIDTH 8
#include "detect.h"

#include <pcre2.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <unicode/uchar.h>

#include "../base/arena.h"
#include "../base/str.h"
#include "normalise.h"
#include "pattern.h"

#define MATCH_LIMIT                                                                                          \
    2000000 /* backtracking steps of one match attempt; the widths above keep honest ones far below */
#define NUMBER_SCORE   0.02 /* of digits that no row found */
#define CONTEXT_BEFORE 100  /* bytes searched for context words */
#define CONTEXT_AFTER  40
#define JIT_STACK_MIN  ((size_t)32 << 10)
#define JIT_STACK_MAX  ((size_t)1 << 20)

struct row {
    struct detector rule;
    pcre2_code *code;
    validate_fn *validate;
    uint32_t span_group; /* 0: the whole match */
    size_t index;        /* as in struct found */
};

struct detect_set {
    struct row *rows;
    size_t n_rows;
    bool facts, locales, no_context;
    struct arena arena; /* own entities' names and words */
    pcre2_match_data *match;
    pcre2_match_context *context;
    pcre2_jit_stack *stack;
};

/* ---- names ----------------------------------------------------------------------------------------------------- */

static const struct {
    const char *entity, *word;
} short_words[] = {{"EMAIL_ADDRESS", "EMAIL"},
                   {"PHONE_NUMBER", "PHONE"},
                   {"IBAN_CODE", "IBAN"},
                   {"DATE_TIME", "DATE"},
                   {"NUMBER", "NUM"}};

const char *detect_entity(const char *name)
{
    static const char *const others[] = {"PERSON", "ORG", "STAFF", "POSTAL_ADDRESS"};

    for (size_t i = 0; i < COUNT_OF(short_words); i++)
        if (strcmp(name, short_words[i].word) == 0) return short_words[i].entity;
    for (size_t i = 0; i < COUNT_OF(others); i++)
        if (strcmp(name, others[i]) == 0) return others[i];
    for (size_t i = 0; i < n_detectors; i++)
        if (strcmp(name, detectors[i].entity) == 0) return detectors[i].entity;
    return NULL;
}

const char *detect_slot_word(const char *entity)
{
    for (size_t i = 0; i < COUNT_OF(short_words); i++)
        if (strcmp(entity, short_words[i].entity) == 0) return short_words[i].word;
    return entity;
}

/* ---- compiling ------------------------------------------------------------------------------------------------- */

static enum rc compile_row(const struct detector *rule, struct row *out, struct err *e)
{
    const char *why;
    size_t width;
    int error;
    PCRE2_SIZE offset;
    uint32_t empty = 0;
    int group;

    memset(out, 0, sizeof(*out));
    out->rule = *rule;
    if (!pattern_width(rule->pattern, DETECT_MAX_WIDTH, &width, &why))
        return err_set(e, RC_BAD, "entity %s: pattern: %s", rule->entity, why);
    out->code = pcre2_compile((PCRE2_SPTR)rule->pattern, PCRE2_ZERO_TERMINATED,
                              PCRE2_UTF | PCRE2_UCP | PCRE2_CASELESS, &error, &offset, NULL);
    if (!out->code) {
        PCRE2_UCHAR message[128];

        pcre2_get_error_message(error, message, sizeof(message));
        return err_set(e, RC_BAD, "entity %s: pattern, character %zu: %s", rule->entity, (size_t)offset + 1,
                       (char *)message);
    }
    pcre2_pattern_info(out->code, PCRE2_INFO_MATCHEMPTY, &empty);
    if (empty || width == 0) {
        pcre2_code_free(out->code);
        out->code = NULL;
        return err_set(e, RC_BAD, "entity %s: pattern may match the empty string", rule->entity);
    }
    if (rule->validator && !(out->validate = validate_find(rule->validator))) {
        pcre2_code_free(out->code);
        out->code = NULL;
        return err_set(e, RC_BAD, "entity %s: unknown validator '%s'", rule->entity, rule->validator);
    }
    group = pcre2_substring_number_from_name(out->code, (PCRE2_SPTR) "v");
    out->span_group = group > 0 ? (uint32_t)group : 0;
    (void)pcre2_jit_compile(out->code,
                            PCRE2_JIT_COMPLETE); /* without a JIT the interpreter does the same, slower */
    return RC_OK;
}

/* An own row as a table row; the strings are the arena's. */
static bool own_rule(const struct detect_own *own, struct arena *a, struct detector *out)
{
    size_t len = 1;
    char *context = NULL;

    for (size_t i = 0; i < own->n_context; i++)
        len += strlen(own->context[i]) + 1;
    if (own->n_context) {
        context = arena_alloc(a, len);
        if (!context) return false;
        for (size_t i = 0; i < own->n_context; i++) {
            if (i) strcat(context, "|");
            strcat(context, own->context[i]);
        }
    }
    *out = (struct detector){.entity = arena_dup(a, own->entity),
                             .locale = "",
                             .class = DETECT_PII,
                             .pattern = arena_dup(a, own->pattern),
                             .context = context,
                             .validator = own->validator ? arena_dup(a, own->validator) : NULL,
                             .score = own->n_context ? 0.5 : 0.8,
                             .context_score = 0.9};
    return out->entity && out->pattern && (!own->validator || out->validator);
}

enum rc detect_check_own(const struct detect_own *own, struct err *e)
{
    struct detector rule = {.entity = own->entity, .pattern = own->pattern, .validator = own->validator};
    struct row row;
    enum rc rc = compile_row(&rule, &row, e);

    if (rc == RC_OK) pcre2_code_free(row.code);
    return rc;
}

static bool wanted(const struct detect_options *opt, const struct detector *d)
{
    if (d->class == DETECT_FACT && !opt->facts && strcmp(d->entity, "DATE_TIME") != 0) return false;
    if (!opt->entities) return true;
    for (size_t i = 0; i < opt->n_entities; i++)
        if (strcmp(opt->entities[i], d->entity) == 0) return true;
    return false;
}

enum rc detect_open(const struct detect_options *opt, struct detect_set **out, struct err *e)
{
    enum rc rc = RC_OK;
    struct detect_set *s = calloc(1, sizeof(*s));

    if (!s) return err_set(e, RC_NOMEM, "detectors: out of memory");
    arena_init(&s->arena, (size_t)4 << 20);
    s->facts = opt->facts;
    s->locales = opt->locales;
    s->no_context = opt->no_context;
    s->rows = calloc(n_detectors + opt->n_own, sizeof(*s->rows));
    s->match = pcre2_match_data_create(32, NULL);
    s->context = pcre2_match_context_create(NULL);
    s->stack = pcre2_jit_stack_create(JIT_STACK_MIN, JIT_STACK_MAX, NULL);
    if (!s->rows || !s->match || !s->context || !s->stack) {
        rc = err_set(e, RC_NOMEM, "detectors: out of memory");
        goto out;
    }
    pcre2_set_match_limit(s->context, MATCH_LIMIT);
    pcre2_jit_stack_assign(s->context, NULL, s->stack);
    for (size_t i = 0; i < n_detectors && rc == RC_OK; i++) {
        if (!wanted(opt, &detectors[i])) continue;
        rc = compile_row(&detectors[i], &s->rows[s->n_rows], e);
        if (rc == RC_OK) s->rows[s->n_rows++].index = i;
    }
    for (size_t i = 0; i < opt->n_own && rc == RC_OK; i++) {
        struct detector rule;

        if (!own_rule(&opt->own[i], &s->arena, &rule))
            rc = err_set(e, RC_NOMEM, "detectors: out of memory");
        else
            rc = compile_row(&rule, &s->rows[s->n_rows], e);
        if (rc == RC_OK) s->rows[s->n_rows++].index = n_detectors + i;
    }
    if (rc != RC_OK) goto out;
    *out = s;
    s = NULL;
out:
    detect_close(s);
    return rc;
}

void detect_close(struct detect_set *s)
{
    if (!s) return;
    for (size_t i = 0; i < s->n_rows; i++)
        pcre2_code_free(s->rows[i].code);
    free(s->rows);
    pcre2_match_data_free(s->match);
    pcre2_match_context_free(s->context);
    pcre2_jit_stack_free(s->stack);
    arena_clear(&s->arena);
    free(s);
}

/* ---- scanning -------------------------------------------------------------------------------------------------- */

struct list {
    struct found *items;
    size_t n, cap;
};

static enum rc list_add(struct list *l, const struct found *f, struct err *e)
{
    if (l->n == DETECT_MAX_FOUND)
        return err_set(e, RC_LIMIT, "text: more than %zu matches", DETECT_MAX_FOUND);
    if (l->n == l->cap) {
        size_t cap = l->cap ? l->cap * 2 : 32;
        struct found *items = realloc(l->items, cap * sizeof(*items));

        if (!items) return err_set(e, RC_NOMEM, "detectors: out of memory");
        l->items = items;
        l->cap = cap;
    }
    l->items[l->n++] = *f;
    return RC_OK;
}

static bool word_byte(unsigned char c)
{
    return c >= 0x80 || c == '_' || (c >= '0' && c <= '9') || ((c | 0x20) >= 'a' && (c | 0x20) <= 'z');
}

/* Does a word that begins with one of `words` ("a|b|c") stand in s[start, end)? */
static bool has_context(const char *words, const char *s, size_t start, size_t end)
{
    for (const char *w = words; *w;) {
        size_t len = strcspn(w, "|");

        for (size_t i = start; i + len <= end; i++)
            if ((i == 0 || !word_byte((unsigned char)s[i - 1])) && strncasecmp(s + i, w, len) == 0)
                return true;
        w += len;
        if (*w == '|') w++;
    }
    return false;
}

/* Score of a match, 0 to drop it. */
static double judge(const struct detect_set *s, const struct row *row, const struct normalised *t,
                    size_t start, size_t end)
{
    const struct detector *d = &row->rule;
    enum verdict v = row->validate ? row->validate(t->text + start, end - start) : VERDICT_UNKNOWN;
    double score = d->score;
    bool context = false;

    if (v == VERDICT_NO) return 0;
    if (!s->no_context && d->context) {
        size_t from = start > CONTEXT_BEFORE ? start - CONTEXT_BEFORE : 0;
        size_t upto = t->n - end > CONTEXT_AFTER ? end + CONTEXT_AFTER : t->n;

        context =
            has_context(d->context, t->text, from, start) || has_context(d->context, t->text, end, upto);
    }
    /* A tenth of all numbers pass a check digit, so a foreign identifier needs its word. */
    if (d->class == DETECT_LOCALE && !s->locales && !context) return 0;
    if (v == VERDICT_YES)
        score = 1.0;
    else if (context && d->context_score > score)
        score = d->context_score;
    if (!s->no_context && score < DETECT_MIN_SCORE && !(s->facts && d->class == DETECT_FACT)) return 0;
    return score;
}

static enum rc scan_row(struct detect_set *s, const struct row *row, const struct normalised *t,
                        struct list *l, struct err *e)
{
    size_t from = 0;

    while (from < t->n) {
        int count =
            pcre2_match(row->code, (PCRE2_SPTR)t->text, t->n, from, PCRE2_NO_UTF_CHECK, s->match, s->context);
        const PCRE2_SIZE *at = pcre2_get_ovector_pointer(s->match);
        struct found f = {.entity = row->rule.entity, .detector = row->index};
        size_t start, end;
        enum rc rc;

        if (count == PCRE2_ERROR_NOMATCH) break;
        if (count == PCRE2_ERROR_NOMEMORY) return err_set(e, RC_NOMEM, "detectors: out of memory");
        if (count < 0) return err_set(e, RC_LIMIT, "text: too costly to search for %s", row->rule.entity);
        start = at[2 * row->span_group];
        end = at[2 * row->span_group + 1];
        f.score = start < end ? judge(s, row, t, start, end) : 0;
        if (f.score > 0) {
            normalise_span(t, start, end, &f.start, &f.end);
            rc = list_add(l, &f, e);
            if (rc != RC_OK) return rc;
            from = end;
        } else { /* another candidate may begin inside this one */
            from = at[0] + 1;
            while (from < t->n && ((unsigned char)t->text[from] & 0xC0) == 0x80)
                from++;
        }
    }
    return RC_OK;
}

/* What occurs in the text, to skip rows that need something else. */
struct features {
    bool digit, at, colon, dot;
    uint64_t starts[512]; /* one bit for each beginning of a word: its first three bytes, and its first two */
};

static size_t start_bit(unsigned char a, unsigned char b, unsigned char c)
{
    return (size_t)(a & 31) << 10 | (size_t)(b & 31) << 5 | (c & 31);
}

static void features_of(const struct normalised *t, struct features *f)
{
    const unsigned char *s = (const unsigned char *)t->text; /* a NUL ends it */

    memset(f, 0, sizeof(*f));
    f->at = memchr(s, '@', t->n) != NULL;
    f->colon = memchr(s, ':', t->n) != NULL;
    f->dot = memchr(s, '.', t->n) != NULL;
    for (size_t i = 0; i < t->n; i++) {
        size_t two, three;

        if (s[i] >= '0' && s[i] <= '9') f->digit = true;
        if (!word_byte(s[i]) || (i > 0 && word_byte(s[i - 1]))) continue;
        two = start_bit(s[i], s[i + 1], 0);
        three = start_bit(s[i], s[i + 1], s[i + 1] ? s[i + 2] : 0);
        f->starts[two / 64] |= UINT64_C(1) << two % 64;
        f->starts[three / 64] |= UINT64_C(1) << three % 64;
    }
}

/* May one of `words` ("a|b|c") begin a word of the text? */
static bool may_mention(const char *words, const struct features *f)
{
    for (const char *w = words; *w;) {
        size_t len = strcspn(w, "|");
        size_t bit = start_bit((unsigned char)w[0], len > 1 ? (unsigned char)w[1] : 0,
                               len > 2 ? (unsigned char)w[2] : 0);

        if (len < 2 || f->starts[bit / 64] >> bit % 64 & 1) return true;
        w += len;
        if (*w == '|') w++;
    }
    return false;
}

/* Can no match of this row count without a context word? */
static bool needs_context(const struct detect_set *s, const struct row *row)
{
    const struct detector *d = &row->rule;

    if (d->class == DETECT_LOCALE && !s->locales) return true;
    return !s->no_context && d->score < DETECT_MIN_SCORE && !row->validate &&
           !(s->facts && d->class == DETECT_FACT);
}

static bool worth_trying(const struct detect_set *s, const struct row *row, const struct features *f)
{
    if (needs_context(s, row) && (s->no_context || !row->rule.context || !may_mention(row->rule.context, f)))
        return false;
    switch (row->rule.needs) {
    case NEEDS_DIGIT:
        return f->digit;
    case NEEDS_AT:
        return f->at;
    case NEEDS_COLON:
        return f->colon;
    case NEEDS_DOT:
        return f->dot;
    case NEEDS_NOTHING:
        break;
    }
    return true;
}

/* ---- choosing -------------------------------------------------------------------------------------------------- */

static int by_place(const void *a, const void *b)
{
    const struct found *x = a, *y = b;

    if (x->start != y->start) return x->start < y->start ? -1 : 1;
    if (x->end != y->end) return x->end < y->end ? -1 : 1;
    return (x->detector > y->detector) - (x->detector < y->detector);
}

static int by_rank(const void *a, const void *b)
{
    const struct found *x = a, *y = b;
    size_t nx = x->end - x->start, ny = y->end - y->start;

    if (x->score != y->score) return x->score > y->score ? -1 : 1;
    if (nx != ny) return nx > ny ? -1 : 1;
    return by_place(a, b);
}

static int by_entity(const void *a, const void *b)
{
    int order = strcmp(((const struct found *)a)->entity, ((const struct found *)b)->entity);

    return order ? order : by_place(a, b);
}

/* One bit a byte of text: is it in a winner? `base` is the place of bit 0. */
static bool taken(const uint64_t *bits, size_t from, size_t upto)
{
    for (size_t i = from; i < upto;) {
        if (i % 64 == 0 && upto - i >= 64) {
            if (bits[i / 64]) return true;
            i += 64;
        } else {
            if (bits[i / 64] >> i % 64 & 1) return true;
            i++;
        }
    }
    return false;
}

enum rc detect_resolve(struct found *f, size_t *n, struct err *e)
{
    size_t base = SIZE_MAX, top = 0, kept = 0;
    uint64_t *bits;

    for (size_t i = 0; i < *n; i++) {
        if (f[i].start < base) base = f[i].start;
        if (f[i].end > top) top = f[i].end;
    }
    if (*n < 2) return RC_OK;
    bits = calloc((top - base) / 64 + 1, sizeof(*bits));
    if (!bits) return err_set(e, RC_NOMEM, "detectors: out of memory");
    qsort(f, *n, sizeof(*f), by_rank);
    for (size_t i = 0; i < *n; i++) {
        if (taken(bits, f[i].start - base, f[i].end - base)) continue;
        for (size_t k = f[i].start - base; k < f[i].end - base; k++)
            bits[k / 64] |= UINT64_C(1) << k % 64;
        f[kept++] = f[i];
    }
    free(bits);
    *n = kept;
    qsort(f, kept, sizeof(*f), by_place);
    return RC_OK;
}

/* The next run of letters and digits in text[*at, upto) that has a digit; false if there is none. */
static bool next_digits(const char *text, size_t *at, size_t upto, size_t *start)
{
    bool digit = false, inside = false;

    for (size_t len; *at < upto; *at += len) {
        uint32_t cp;
        bool number;

        len = utf8_decode(text + *at, upto - *at, &cp);
        number = (U_GET_GC_MASK((UChar32)cp) & U_GC_N_MASK) != 0;
        if (number || u_isalnum((UChar32)cp)) {
            if (!inside) *start = *at;
            inside = true;
            digit |= number;
        } else {
            if (digit) return true;
            inside = false;
        }
    }
    return digit;
}

enum rc detect_fill_digits(const char *text, size_t n, struct found **f, size_t *n_found, struct err *e)
{
    struct list l = {.items = *f, .n = *n_found, .cap = *n_found};
    size_t winners = *n_found, at = 0, start = 0;
    enum rc rc = RC_OK;

    for (size_t i = 0; i <= winners && rc == RC_OK; i++) {
        size_t upto = i < winners ? l.items[i].start : n;

        while (rc == RC_OK && next_digits(text, &at, upto, &start)) {
            struct found number = {
                .entity = "NUMBER", .start = start, .end = at, .score = NUMBER_SCORE, .detector = SIZE_MAX};

            rc = list_add(&l, &number, e);
        }
        if (i < winners) at = l.items[i].end;
    }
    *f = l.items;
    *n_found = rc == RC_OK ? l.n : winners;
    if (l.n > winners) qsort(l.items, *n_found, sizeof(*l.items), by_place);
    return rc;
}

/* Rows of one entity overlap by design (a long and a short form): keep its winners, entity by entity. */
static enum rc resolve_entities(struct list *l, struct err *e)
{
    size_t kept = 0;

    if (!l->n) return RC_OK;
    qsort(l->items, l->n, sizeof(*l->items), by_entity);
    for (size_t i = 0, next; i < l->n; i = next) {
        size_t n;
        enum rc rc;

        for (next = i + 1; next < l->n && strcmp(l->items[next].entity, l->items[i].entity) == 0;)
            next++;
        n = next - i;
        rc = detect_resolve(l->items + i, &n, e);
        if (rc != RC_OK) return rc;
        memmove(l->items + kept, l->items + i, n * sizeof(*l->items));
        kept += n;
    }
    l->n = kept;
    qsort(l->items, l->n, sizeof(*l->items), by_place);
    return RC_OK;
}

enum rc detect_scan(struct detect_set *s, const char *text, size_t n, struct found **out, size_t *n_out,
                    struct err *e)
{
    struct normalised t;
    struct list l = {0};
    struct features features;
    enum rc rc = normalise(text, n, DETECT_MAX_TEXT, &t, e);

    if (rc != RC_OK) return rc;
    features_of(&t, &features);
    for (size_t i = 0; i < s->n_rows && rc == RC_OK; i++)
        if (worth_trying(s, &s->rows[i], &features)) rc = scan_row(s, &s->rows[i], &t, &l, e);
    if (rc == RC_OK) rc = resolve_entities(&l, e);
    if (rc == RC_OK) {
        if (!l.n) {
            free(l.items);
            l.items = NULL;
        }
        *out = l.items;
        *n_out = l.n;
        l.items = NULL;
    }
    free(l.items);
    normalise_clear(&t);
    return rc;
}
