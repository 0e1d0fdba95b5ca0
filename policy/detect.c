/* detect.c: see detect.h. The automaton names places and rows; here PCRE2 (with its JIT where there is one) tries the row
 * at that place, anchored, and validators and context words judge what it finds. A row's next try begins behind its last
 * match, so the matches are those of a search with PCRE2 from the beginning to the end. */
#define PCRE2_CODE_UNIT_WIDTH 8
#include "detect.h"

#include <pcre2.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <unicode/uchar.h>

#include "../base/arena.h"
#include "../base/crypto.h"
#include "../base/str.h"
#include "automaton.h"
#include "normalise.h"
#include "number.h"
#include "pattern.h"

#define MATCH_LIMIT                                                                                          \
    2000000 /* backtracking steps of one match attempt; the widths above keep honest ones far below */
#define PROBE_LIMIT 100000 /* the same in the test of a new pattern, on so many bytes */
#define PROBE_BYTES 600
#define CONTEXT_BEFORE 100  /* bytes searched for context words */
#define CONTEXT_AFTER  40
#define WHOLE_WORD     4 /* context words of up to so many bytes stand alone; "pan" is not "pants" */
#define MAX_LEADING    7  /* digits that a row is known to begin with */
#define SMALL_CLUSTER  64 /* overlapping matches that are compared one by one; bits of a word */
#define BLOCK          ((size_t)64 << 10) /* bytes that the automaton reads before its hits are judged */
#define JIT_STACK_MIN  ((size_t)32 << 10)
#define JIT_STACK_MAX  ((size_t)1 << 20)

struct row {
    struct detector rule;
    pcre2_code *code; /* NULL: not compiled yet */
    bool jit;
    validate_fn *validate;
    validate_dated_fn *validate_dated;
    validate_ahead_fn *ahead; /* is a try worth it? NULL: yes */
    char digits[MAX_LEADING + 1]; /* with which every match begins */
    uint32_t span_group; /* 0: the whole match */
    size_t index;        /* as in struct found */
    size_t width;        /* greatest, in bytes */
    uint64_t *words;     /* one bit for each of the set's words: its context */
    bool second;         /* no match counts without a context word */
    size_t text;         /* the text that is being scanned when this was made, by the set's count: */
    size_t from;         /* where its next match may begin */
    int any_context;     /* does one of its words stand anywhere? -1: not yet looked up */
};

/* A context word in the text that is being scanned. */
struct mention {
    uint32_t at;
    uint16_t word, len;
    size_t from; /* of it and those behind it: where the first row that it is context of can begin */
};

struct detect_set {
    struct row *rows;
    size_t n_rows;
    bool facts, locales, no_context, pcre2_alone;
    int32_t today;
    struct arena arena; /* own entities' names and words, bits of words */
    const char **words;
    uint16_t *word_lens;
    size_t n_words;
    uint64_t *present; /* one bit for each: it stands in the text that is being scanned */
    size_t n_texts;    /* scanned so far */
    size_t *second_reach; /* [words] how far behind its beginning a match and this word can end, of the rows that count only
                             with context; 0: it is context of none */
    size_t reach;         /* the same of a match of any row and any of its words */
    struct automaton *automaton;
    struct automaton_hits hits;
    struct row *numbers; /* the row that number.h reads; NULL if it isn't wanted, or PCRE2 does */
    struct mention *mentions;
    size_t n_mentions, cap_mentions;
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

static enum rc compile_row(struct row *row, bool anchored, struct err *e)
{
    const struct detector *rule = &row->rule;
    int error, group;
    PCRE2_SIZE offset;
    uint32_t empty = 0;
    size_t size = 0;

    uint32_t options = PCRE2_UTF | PCRE2_UCP | PCRE2_CASELESS;

    /* an anchored try is short: PCRE2's search for a letter that must occur somewhere ahead would cost more */
    if (anchored) options |= PCRE2_ANCHORED | PCRE2_NO_START_OPTIMIZE;
    row->code = pcre2_compile((PCRE2_SPTR)rule->pattern, PCRE2_ZERO_TERMINATED, options, &error, &offset, NULL);
    if (!row->code) {
        PCRE2_UCHAR message[128];

        pcre2_get_error_message(error, message, sizeof(message));
        return err_set(e, RC_BAD, "entity %s: pattern, character %zu: %s", rule->entity, (size_t)offset + 1,
                       (char *)message);
    }
    pcre2_pattern_info(row->code, PCRE2_INFO_MATCHEMPTY, &empty);
    if (empty) {
        pcre2_code_free(row->code);
        row->code = NULL;
        return err_set(e, RC_BAD, "entity %s: pattern may match the empty string", rule->entity);
    }
    group = pcre2_substring_number_from_name(row->code, (PCRE2_SPTR) "v");
    row->span_group = group > 0 ? (uint32_t)group : 0;
    (void)pcre2_jit_compile(row->code,
                            PCRE2_JIT_COMPLETE); /* without a JIT the interpreter does the same, slower */
    row->jit = pcre2_pattern_info(row->code, PCRE2_INFO_JITSIZE, &size) == 0 && size > 0;
    return RC_OK;
}

/* The end of the character class that begins at p. */
static const char *class_end(const char *p)
{
    p += p[1] == '^' ? 2 : 1;
    if (*p == ']') p++;
    for (; *p && *p != ']'; p++)
        if (*p == '\\' && p[1]) p++;
    return p;
}

/* Has the pattern alternatives outside all groups? */
static bool has_alternatives(const char *pattern)
{
    size_t depth = 0;

    for (const char *p = pattern; *p; p++) {
        if (*p == '[') p = class_end(p);
        if (!*p) break;
        if (*p == '\\' && p[1])
            p++;
        else if (*p == '|' && depth == 0)
            return true;
        else
            depth += (size_t)(*p == '(') - (size_t)(*p == ')');
    }
    return false;
}

/* Digits that every match begins with; the automaton takes most digits for one. */
static void leading_digits(const char *pattern, char out[MAX_LEADING + 1])
{
    size_t n;

    if (has_alternatives(pattern)) return;
    while (strncmp(pattern, "(?<!", 4) == 0 && !strchr("([", pattern[4]) && strchr(pattern, ')'))
        pattern = strchr(pattern, ')') + 1;
    n = strspn(pattern, "0123456789");
    if (n > 0 && pattern[n] && strchr("?*+{", pattern[n])) n--;
    memcpy(out, pattern, n < MAX_LEADING ? n : MAX_LEADING);
}

/* The row without its compiled pattern, which most texts never need. */
static enum rc make_row(const struct detector *rule, size_t index, struct row *out, struct err *e)
{
    const char *why;
    size_t width;

    memset(out, 0, sizeof(*out));
    out->rule = *rule;
    out->index = index;
    if (!pattern_width(rule->pattern, DETECT_MAX_WIDTH, &width, &why))
        return err_set(e, RC_BAD, "entity %s: pattern: %s", rule->entity, why);
    if (width == 0) { /* so it is with most patterns that don't compile, of which PCRE2 knows more to say */
        enum rc rc = compile_row(out, true, e);

        if (rc != RC_OK) return rc;
        pcre2_code_free(out->code);
        out->code = NULL;
        return err_set(e, RC_BAD, "entity %s: pattern may match the empty string", rule->entity);
    }
    if (rule->validator) {
        out->validate = validate_find(rule->validator);
        out->validate_dated = validate_find_dated(rule->validator);
    }
    if (rule->validator && index < n_detectors) out->ahead = validate_find_ahead(rule->validator);
    leading_digits(rule->pattern, out->digits);
    if (rule->validator && !out->validate && !out->validate_dated)
        return err_set(e, RC_BAD, "entity %s: unknown validator '%s'", rule->entity, rule->validator);
    out->width = 4 * width;
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

/* Does a try of the pattern end within PROBE_LIMIT steps where it has most ways to go wrong: on one letter or sign of its own,
 * or on two in turn, again and again? "(?:a{1,30}){1,30}b" does not. */
static bool ends_soon(const struct row *row)
{
    static const char usual[] = "a1 -.@/:A";
    pcre2_match_context *context = pcre2_match_context_create(NULL);
    pcre2_match_data *match = pcre2_match_data_create(1, NULL);
    char text[PROBE_BYTES];
    bool soon = context && match;

    if (soon) pcre2_set_match_limit(context, PROBE_LIMIT);
    for (size_t i = 0; i < 128 && soon; i++) {
        char c = (char)i;

        if (i < ' ' || (!strchr(row->rule.pattern, c) && !strchr(usual, c))) continue;
        for (const char *other = usual; (*other || other == usual + strlen(usual)) && soon; other++) {
            int count;

            for (size_t k = 0; k < sizeof(text); k++)
                text[k] = k % 2 && *other ? *other : c;
            text[sizeof(text) - 1] = '!';
            count = pcre2_match(row->code, (PCRE2_SPTR)text, sizeof(text), 0, PCRE2_NO_JIT | PCRE2_NO_UTF_CHECK, match, context);
            soon = count != PCRE2_ERROR_MATCHLIMIT && count != PCRE2_ERROR_HEAPLIMIT && count != PCRE2_ERROR_DEPTHLIMIT;
            if (!*other) break;
        }
    }
    pcre2_match_data_free(match);
    pcre2_match_context_free(context);
    return soon;
}

enum rc detect_check_own(const struct detect_own *own, struct err *e)
{
    struct detector rule = {.entity = own->entity, .pattern = own->pattern, .validator = own->validator};
    struct row row;
    enum rc rc = make_row(&rule, 0, &row, e);

    if (rc == RC_OK) rc = compile_row(&row, true, e);
    if (rc != RC_OK) return rc;
    if (!ends_soon(&row))
        rc = err_set(e, RC_BAD, "entity %s: pattern: its cost explodes (repeats within repeats that match the same text)",
                     own->entity);
    pcre2_code_free(row.code);
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

/* Letters of ASCII and of Latin-1 (in UTF-8) made small. */
static void lower(char *s)
{
    for (unsigned char *p = (unsigned char *)s; *p; p++) {
        if (*p >= 'A' && *p <= 'Z') *p = (unsigned char)(*p + 32);
        if (p > (unsigned char *)s && p[-1] == 0xC3 && *p < 0x9F && *p != 0x97) *p = (unsigned char)(*p + 32);
    }
}

static uint16_t word_number(struct detect_set *s, const char *word)
{
    size_t i = 0;

    while (i < s->n_words && strcmp(s->words[i], word) != 0)
        i++;
    if (i == s->n_words) {
        s->words[i] = word;
        s->word_lens[i] = (uint16_t)strlen(word);
        s->n_words++;
    }
    return (uint16_t)i;
}

static size_t count_words(const char *list)
{
    size_t n = list && *list ? 1 : 0;

    for (const char *p = list; p && *p; p++)
        n += *p == '|';
    return n;
}

/* The context words of all rows, each once, and each row's as bits. */
static enum rc read_words(struct detect_set *s, struct err *e)
{
    size_t most = 1;

    for (size_t i = 0; i < s->n_rows; i++)
        most += count_words(s->rows[i].rule.context);
    s->words = arena_array(&s->arena, most, sizeof(*s->words));
    s->word_lens = arena_array(&s->arena, most, sizeof(*s->word_lens));
    s->second_reach = arena_array(&s->arena, most, sizeof(*s->second_reach));
    s->present = arena_array(&s->arena, most / 64 + 1, sizeof(*s->present));
    if (!s->words || !s->word_lens || !s->second_reach || !s->present || s->n_rows + most > AUTOMATON_PATTERNS)
        return err_set(e, s->present ? RC_LIMIT : RC_NOMEM, "detectors: too many context words");
    for (size_t i = 0; i < s->n_rows; i++) {
        struct row *row = &s->rows[i];

        row->words = arena_array(&s->arena, most / 64 + 1, sizeof(*row->words));
        if (!row->words) return err_set(e, RC_NOMEM, "detectors: out of memory");
        for (const char *w = row->rule.context; w && *w;) {
            size_t len = strcspn(w, "|");
            char *word = arena_ndup(&s->arena, w, len);
            uint16_t number;

            if (!word) return err_set(e, RC_NOMEM, "detectors: out of memory");
            lower(word);
            if (len) {
                number = word_number(s, word);
                row->words[number / 64] |= UINT64_C(1) << number % 64;
            }
            w += len;
            if (*w == '|') w++;
        }
    }
    return RC_OK;
}

/* Can no match of this row count without a context word? */
static bool needs_context(const struct detect_set *s, const struct row *row)
{
    const struct detector *d = &row->rule;

    if (d->class == DETECT_LOCALE && !s->locales) return true;
    return !s->no_context && d->score < DETECT_MIN_SCORE && !row->validate &&
           !(s->facts && d->class == DETECT_FACT);
}

/* Ids: rows, then words. */
static enum rc make_automaton(struct detect_set *s, struct err *e)
{
    enum rc rc = automaton_open(&s->automaton, e);

    for (size_t i = 0; i < s->n_rows && rc == RC_OK; i++) {
        struct row *row = &s->rows[i];
        bool second = row->second = needs_context(s, row);

        if (row == s->numbers) continue;
        rc = automaton_add(s->automaton, row->rule.pattern, row->width / 4, second ? AUTOMATON_SECOND : AUTOMATON_FIRST,
                           (uint16_t)i, e);
        if (row->width > s->reach) s->reach = row->width;
        for (size_t w = 0; second && w < s->n_words; w++)
            if (row->words[w / 64] >> w % 64 & 1 && row->width + CONTEXT_AFTER > s->second_reach[w])
                s->second_reach[w] = row->width + CONTEXT_AFTER;
    }
    for (size_t i = 0; i < s->n_words && rc == RC_OK; i++)
        rc = automaton_add_word(s->automaton, s->words[i], strlen(s->words[i]) <= WHOLE_WORD,
                                (uint16_t)(s->n_rows + i), e);
    s->reach += CONTEXT_AFTER;
    return rc == RC_OK ? automaton_ready(s->automaton, e) : rc;
}

static enum rc make_rows(struct detect_set *s, const struct detect_options *opt, struct err *e)
{
    enum rc rc = RC_OK;

    for (size_t i = 0; i < n_detectors && rc == RC_OK; i++)
        if (wanted(opt, &detectors[i])) {
            struct row *row = &s->rows[s->n_rows++];

            rc = make_row(&detectors[i], i, row, e);
            if (!s->pcre2_alone && strcmp(detectors[i].entity, "NUMBER") == 0) s->numbers = row;
        }
    for (size_t i = 0; i < opt->n_own && rc == RC_OK; i++) {
        struct row *row = &s->rows[s->n_rows];
        struct detector rule;

        if (!own_rule(&opt->own[i], &s->arena, &rule)) return err_set(e, RC_NOMEM, "detectors: out of memory");
        rc = make_row(&rule, n_detectors + i, row, e);
        if (rc == RC_OK) rc = compile_row(row, !s->pcre2_alone, e);
        if (rc == RC_OK) s->n_rows++;
    }
    return rc;
}

/* Equal names become one string, so that matches of one entity are told by its address. */
static void share_names(struct detect_set *s)
{
    for (size_t i = 1; i < s->n_rows; i++)
        for (size_t k = 0; k < i; k++)
            if (strcmp(s->rows[k].rule.entity, s->rows[i].rule.entity) == 0) {
                s->rows[i].rule.entity = s->rows[k].rule.entity;
                break;
            }
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
    s->pcre2_alone = opt->pcre2_alone;
    s->today = opt->today;
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
    rc = make_rows(s, opt, e);
    if (rc == RC_OK) share_names(s);
    if (rc == RC_OK) rc = read_words(s, e);
    if (rc == RC_OK) rc = make_automaton(s, e);
    if (rc != RC_OK) goto out;
    *out = s;
    s = NULL;
out:
    detect_close(s);
    return rc;
}

void detect_today(struct detect_set *s, int32_t today)
{
    s->today = today;
}

void detect_close(struct detect_set *s)
{
    if (!s) return;
    for (size_t i = 0; i < s->n_rows; i++)
        pcre2_code_free(s->rows[i].code);
    free(s->rows);
    automaton_close(s->automaton);
    free(s->hits.items);
    free(s->mentions);
    pcre2_match_data_free(s->match);
    pcre2_match_context_free(s->context);
    pcre2_jit_stack_free(s->stack);
    arena_clear(&s->arena);
    free(s);
}

/* ---- scanning -------------------------------------------------------------------------------------------------- */

static enum rc list_add(struct found_list *l, const struct found *f, struct err *e)
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

/* The first mention at or behind `at`. */
static size_t mention_from(const struct detect_set *s, size_t at)
{
    size_t low = 0, high = s->n_mentions;

    while (low < high) {
        size_t middle = low + (high - low) / 2;

        if (s->mentions[middle].at < at)
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

/* Does a context word of the row stand in [from, start) or in [end, upto)? */
static bool has_context(const struct detect_set *s, const struct row *row, size_t from, size_t start, size_t end,
                        size_t upto)
{
    for (size_t i = mention_from(s, from); i < s->n_mentions && s->mentions[i].at < upto; i++) {
        const struct mention *m = &s->mentions[i];

        if (!(row->words[m->word / 64] >> m->word % 64 & 1)) continue;
        if ((size_t)m->at + m->len <= start || (m->at >= end && (size_t)m->at + m->len <= upto)) return true;
    }
    return false;
}

/* Does one stand anywhere in the text? When all its mentions are known. */
static bool has_any_context(const struct detect_set *s, struct row *row)
{
    if (row->any_context < 0) {
        row->any_context = 0;
        for (size_t w = 0; w < s->n_words / 64 + 1; w++)
            row->any_context |= (row->words[w] & s->present[w]) != 0;
    }
    return row->any_context;
}

static bool near(const struct detect_set *s, const struct row *row, size_t n, size_t start, size_t end)
{
    return s->n_mentions > 0 && has_context(s, row, start > CONTEXT_BEFORE ? start - CONTEXT_BEFORE : 0, start, end,
                                            n - end > CONTEXT_AFTER ? end + CONTEXT_AFTER : n);
}

/* Score of a match, 0 to drop it. */
static double judge(const struct detect_set *s, const struct row *row, const struct normalised *t,
                    size_t start, size_t end)
{
    const struct detector *d = &row->rule;
    enum verdict v = row->validate         ? row->validate(t->text + start, end - start)
                     : row->validate_dated ? row->validate_dated(t->text + start, end - start, s->today)
                                           : VERDICT_UNKNOWN;
    double score = d->score;
    bool context;

    if (v == VERDICT_NO) return 0;
    context = !s->no_context && d->context && near(s, row, t->n, start, end);
    /* A tenth of all numbers pass a check digit, so a foreign identifier needs its word. */
    if (d->class == DETECT_LOCALE && !s->locales && !context) return 0;
    if (v == VERDICT_YES)
        score = 1.0;
    else if (context && d->context_score > score)
        score = d->context_score;
    if (!s->no_context && score < DETECT_MIN_SCORE && !(s->facts && d->class == DETECT_FACT)) return 0;
    return score;
}

static size_t next_character(const struct normalised *t, size_t at)
{
    do
        at++;
    while (at < t->n && ((unsigned char)t->text[at] & 0xC0) == 0x80);
    return at;
}

/* The row matches at `at`, its span is [start, end): adds it to the list if it counts. *step: where the next try may begin. */
static enum rc take_match(const struct detect_set *s, const struct row *row, const struct normalised *t, size_t at, size_t start,
                          size_t end, size_t *step, struct found_list *l, struct err *e)
{
    struct found f = {.entity = row->rule.entity, .detector = row->index};

    f.score = start < end ? judge(s, row, t, start, end) : 0;
    if (f.score > 0) {
        normalise_span(t, start, end, &f.start, &f.end);
        *step = end;
        return list_add(l, &f, e);
    }
    *step = next_character(t, at); /* another candidate may begin inside this one */
    return RC_OK;
}

/* Tries the row at or, with PCRE2 alone, from `at`. *step is 0 without a match, else where the next try may begin. */
static enum rc try_row(struct detect_set *s, struct row *row, const struct normalised *t, size_t at, size_t *step,
                       struct found_list *l, struct err *e)
{
    const PCRE2_SIZE *found = pcre2_get_ovector_pointer(s->match);
    size_t start, end;
    int count;
    enum rc rc = row->code ? RC_OK : compile_row(row, !s->pcre2_alone, e);

    if (rc != RC_OK) return rc;
    *step = 0;
    count = row->jit ? pcre2_jit_match(row->code, (PCRE2_SPTR)t->text, t->n, at, 0, s->match, s->context)
                     : pcre2_match(row->code, (PCRE2_SPTR)t->text, t->n, at, PCRE2_NO_UTF_CHECK, s->match, s->context);
    if (count == PCRE2_ERROR_NOMATCH) return RC_OK;
    if (count == PCRE2_ERROR_NOMEMORY) return err_set(e, RC_NOMEM, "detectors: out of memory");
    if (count < 0) return err_set(e, RC_LIMIT, "text: too costly to search for %s", row->rule.entity);
    start = found[2 * row->span_group];
    end = found[2 * row->span_group + 1];
    return take_match(s, row, t, found[0], start, end, step, l, e);
}

/* Adds the numbers that begin before `upto`. The row remembers how far they have been read. */
static enum rc add_numbers(struct detect_set *s, const struct normalised *t, size_t upto, struct found_list *l, struct err *e)
{
    struct row *row = s->numbers;
    enum rc rc = RC_OK;

    while (row && row->from < upto && rc == RC_OK) {
        size_t start, end, step = 0;
        enum number_answer answer = number_find(t->text, t->n, row->from, &start, &end);

        if (answer == NUMBER_NO) {
            row->from = t->n;
        } else if (answer == NUMBER_YES) {
            rc = take_match(s, row, t, start, start, end, &row->from, l, e);
        } else {
            for (; start <= end && step == 0 && rc == RC_OK; start = next_character(t, start))
                rc = try_row(s, row, t, start, &step, l, e);
            row->from = step ? step : start;
        }
    }
    return rc;
}

static bool word_byte(unsigned char c)
{
    return c >= 0x80 || c == '_' || (c >= '0' && c <= '9') || ((c | 0x20) >= 'a' && (c | 0x20) <= 'z');
}

/* Does the word stand here? An automaton whose tables are full names what may stand here. */
static bool word_stands(const struct normalised *t, size_t at, const char *word, size_t len)
{
    const unsigned char *s = (const unsigned char *)t->text, *w = (const unsigned char *)word;

    if (t->n - at < len || (at > 0 && word_byte(s[at - 1]))) return false;
    if (len <= WHOLE_WORD && at + len < t->n && word_byte(s[at + len])) return false;
    for (size_t i = 0; i < len; i++) {
        bool letter = w[i] < 0x80 ? w[i] >= 'a' && w[i] <= 'z' : i > 0 && w[i - 1] == 0xC3 && w[i] >= 0xA0;

        if (s[at + i] != w[i] && !(letter && s[at + i] == w[i] - 32)) return false;
    }
    return true;
}

static enum rc add_mentions(struct detect_set *s, const struct normalised *t, size_t first, struct err *e)
{
    for (size_t i = first; i < s->hits.n; i++) {
        size_t n;
        const uint16_t *ids = automaton_set(s->automaton, s->hits.items[i].set, &n);

        while (n > 0 && ids[n - 1] >= s->n_rows) { /* words have the highest ids */
            uint16_t word = (uint16_t)(ids[--n] - s->n_rows);
            size_t at = s->hits.items[i].at, len = s->word_lens[word];

            if (!word_stands(t, at, s->words[word], len)) continue;
            if (s->n_mentions == s->cap_mentions) {
                size_t cap = s->cap_mentions ? s->cap_mentions * 2 : 256;
                struct mention *more = realloc(s->mentions, cap * sizeof(*more));

                if (!more) return err_set(e, RC_NOMEM, "detectors: out of memory");
                s->mentions = more;
                s->cap_mentions = cap;
            }
            s->present[word / 64] |= UINT64_C(1) << word % 64;
            s->mentions[s->n_mentions++] =
                (struct mention){.at = (uint32_t)at, .word = word, .len = (uint16_t)len};
        }
    }
    return RC_OK;
}

/* Tries every row of the hit. */
static enum rc try_hit(struct detect_set *s, const struct automaton_hit *hit, const struct normalised *t, struct found_list *l,
                       struct err *e)
{
    size_t n, step, at = hit->at;
    const uint16_t *ids = automaton_set(s->automaton, hit->set, &n);

    for (size_t i = 0; i < n && ids[i] < s->n_rows; i++) {
        struct row *row = &s->rows[ids[i]];
        enum rc rc;

        if (row->text != s->n_texts) {
            row->text = s->n_texts;
            row->from = 0;
            row->any_context = -1;
        }
        if (at < row->from) continue;
        if (*row->digits && (*row->digits != t->text[at] || strncmp(t->text + at, row->digits, strlen(row->digits)) != 0))
            continue;
        if (row->ahead && !row->ahead(t->text + at, t->n - at)) continue;
        if (row->second) {
            if (!has_any_context(s, row)) continue;
            /* where the earliest and the latest context word can stand */
            size_t first = at > CONTEXT_BEFORE ? at - CONTEXT_BEFORE : 0;
            size_t last = t->n - at > row->width + CONTEXT_AFTER ? at + row->width + CONTEXT_AFTER : t->n;

            if (!has_context(s, row, first, last, last, last)) continue;
        }
        rc = try_row(s, row, t, at, &step, l, e);
        if (rc != RC_OK) return rc;
        if (step > row->from) row->from = step;
    }
    return RC_OK;
}

static int by_place(const void *a, const void *b)
{
    const struct found *x = a, *y = b;

    if (x->start != y->start) return x->start < y->start ? -1 : 1;
    if (x->end != y->end) return x->end < y->end ? -1 : 1;
    return (x->detector > y->detector) - (x->detector < y->detector);
}

/* In order of place: matches are found nearly so. */
static void sort_by_place(struct found *f, size_t n)
{
    size_t moves = 0;

    for (size_t i = 1; i < n; i++) {
        struct found one;
        size_t k = i;

        if (by_place(&f[i - 1], &f[i]) <= 0) continue;
        if (moves > SMALL_CLUSTER * n) {
            qsort(f, n, sizeof(*f), by_place);
            return;
        }
        one = f[i];
        for (; k > 0 && by_place(&f[k - 1], &one) > 0; k--)
            f[k] = f[k - 1];
        f[k] = one;
        moves += i - k;
    }
}

/* The list's matches from `first` on were found in a second pass: in order of place with those before. RC_NOMEM. */
static enum rc sort_two_passes(struct found_list *l, size_t first, struct err *e)
{
    size_t n = l->n - first, at = l->n, left = first;
    struct found *later;

    if (n == 0 || first == 0) return RC_OK;
    sort_by_place(l->items, first);
    sort_by_place(l->items + first, n);
    later = malloc(n * sizeof(*later));
    if (!later) return err_set(e, RC_NOMEM, "detectors: out of memory");
    memcpy(later, l->items + first, n * sizeof(*later));
    while (n > 0)
        l->items[--at] = left > 0 && by_place(&l->items[left - 1], &later[n - 1]) > 0 ? l->items[--left] : later[--n];
    free(later);
    return RC_OK;
}

static enum rc scan_first(struct detect_set *s, const struct normalised *t, struct found_list *l, struct err *e)
{
    enum rc rc = RC_OK;

    for (size_t from = 0; from < t->n && rc == RC_OK;) {
        size_t upto = t->n - from > BLOCK ? from + BLOCK : t->n, first = s->hits.n, done = 0;

        rc = automaton_run(s->automaton, AUTOMATON_FIRST, t->text, t->n, from, upto, &s->hits, e);
        if (rc == RC_OK) rc = add_mentions(s, t, first, e);
        /* a hit is judged when all that can belong to it has been read */
        while (rc == RC_OK && done < s->hits.n && (upto == t->n || s->hits.items[done].at + s->reach < upto)) {
            rc = add_numbers(s, t, s->hits.items[done].at, l, e);
            if (rc == RC_OK) rc = try_hit(s, &s->hits.items[done++], t, l, e);
        }
        if (done < s->hits.n) memmove(s->hits.items, s->hits.items + done, (s->hits.n - done) * sizeof(*s->hits.items));
        s->hits.n -= done;
        from = upto;
    }
    return rc == RC_OK ? add_numbers(s, t, t->n, l, e) : rc;
}

/* Rows that count only with a context word: around the words. */
static enum rc scan_second(struct detect_set *s, const struct normalised *t, struct found_list *l, struct err *e)
{
    size_t done = 0, earliest = t->n; /* read up to here */
    enum rc rc = RC_OK;

    for (size_t i = s->n_mentions; i-- > 0;) {
        struct mention *m = &s->mentions[i];
        size_t reach = s->second_reach[m->word], from = m->at > reach ? m->at - reach : 0;

        if (reach && from < earliest) earliest = from;
        m->from = earliest;
    }
    for (size_t i = 0; i < s->n_mentions && rc == RC_OK; i++) {
        const struct mention *m = &s->mentions[i];
        size_t from = m->from, upto = m->at + m->len + CONTEXT_BEFORE + 1;

        if (!s->second_reach[m->word]) continue;
        if (from < done) from = done;
        if (upto > t->n) upto = t->n;
        if (from >= upto) continue;
        s->hits.n = 0;
        rc = automaton_run(s->automaton, AUTOMATON_SECOND, t->text, t->n, from, upto, &s->hits, e);
        for (size_t k = 0; k < s->hits.n && rc == RC_OK; k++)
            rc = try_hit(s, &s->hits.items[k], t, l, e);
        done = upto;
    }
    return rc;
}

static void begin_text(struct detect_set *s)
{
    s->hits.n = s->n_mentions = 0;
    s->n_texts++;
    if (s->numbers) s->numbers->from = 0;
    memset(s->present, 0, (s->n_words / 64 + 1) * sizeof(*s->present));
}

static enum rc scan_with_automaton(struct detect_set *s, const struct normalised *t, struct found_list *l, struct err *e)
{
    size_t first;
    enum rc rc;

    begin_text(s);
    rc = scan_first(s, t, l, e);
    if (rc != RC_OK || s->no_context) return rc; /* without attention to context words a row that needs one has no match */
    first = l->n;
    rc = scan_second(s, t, l, e);
    return rc == RC_OK ? sort_two_passes(l, first, e) : rc;
}

/* The same matches without the automaton's help, row by row. It still finds the context words. */
static enum rc scan_alone(struct detect_set *s, const struct normalised *t, struct found_list *l, struct err *e)
{
    enum rc rc;

    begin_text(s);
    rc = automaton_run(s->automaton, AUTOMATON_FIRST, t->text, t->n, 0, t->n, &s->hits, e);
    if (rc == RC_OK) rc = add_mentions(s, t, 0, e);
    for (size_t i = 0; i < s->n_rows && rc == RC_OK; i++)
        for (size_t from = 0, step; from < t->n && rc == RC_OK; from = step) {
            rc = try_row(s, &s->rows[i], t, from, &step, l, e);
            if (step == 0) break;
        }
    return rc;
}

/* ---- choosing -------------------------------------------------------------------------------------------------- */

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

static bool same_entity(const struct found *a, const struct found *b)
{
    return a->entity == b->entity; /* rows of one name share it: see share_names() */
}

static bool overlap(const struct found *a, const struct found *b)
{
    return a->start < b->end && b->start < a->end;
}

/* Do two matches of one entity overlap? */
static bool any_contested(const struct found *f, size_t n)
{
    for (size_t i = 0; i < n; i++)
        for (size_t k = i + 1; k < n && f[k].start < f[i].end; k++)
            if (same_entity(&f[i], &f[k]) && overlap(&f[i], &f[k])) return true;
    return false;
}

/* The winners among a few that overlap, kept in order: *n becomes how many. A bit each; the best of those still open wins,
 * which decides about all that overlap it. */
static void resolve_few(struct found *f, size_t *n, bool by_entity)
{
    uint64_t open = ~UINT64_C(0) >> (SMALL_CLUSTER - *n), wins = 0;
    size_t kept = 0;

    while (open) {
        unsigned best = (unsigned)__builtin_ctzll(open);

        for (uint64_t rest = open & (open - 1); rest; rest &= rest - 1) {
            unsigned k = (unsigned)__builtin_ctzll(rest);

            if (by_rank(&f[best], &f[k]) > 0) best = k;
        }
        wins |= UINT64_C(1) << best;
        open &= ~(UINT64_C(1) << best);
        for (uint64_t rest = open; rest; rest &= rest - 1) {
            unsigned k = (unsigned)__builtin_ctzll(rest);

            if (overlap(&f[k], &f[best]) && (!by_entity || same_entity(&f[k], &f[best]))) open &= ~(UINT64_C(1) << k);
        }
    }
    for (; wins; wins &= wins - 1)
        f[kept++] = f[__builtin_ctzll(wins)];
    *n = kept;
}

/* The same for many, by marking the bytes that are taken. */
static enum rc resolve_many(struct found *f, size_t *n, struct err *e)
{
    size_t base = SIZE_MAX, top = 0, kept = 0;
    uint64_t *bits;

    for (size_t i = 0; i < *n; i++) {
        if (f[i].start < base) base = f[i].start;
        if (f[i].end > top) top = f[i].end;
    }
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

static enum rc resolve_each_entity(struct found *f, size_t *n, struct err *e)
{
    size_t kept = 0;

    qsort(f, *n, sizeof(*f), by_entity);
    for (size_t i = 0, next; i < *n; i = next) {
        size_t some;
        enum rc rc;

        for (next = i + 1; next < *n && same_entity(&f[next], &f[i]);)
            next++;
        some = next - i;
        rc = resolve_many(f + i, &some, e);
        if (rc != RC_OK) return rc;
        memmove(f + kept, f + i, some * sizeof(*f));
        kept += some;
    }
    *n = kept;
    qsort(f, kept, sizeof(*f), by_place);
    return RC_OK;
}

/* Winners among those that overlap, or, entity by entity, among those of one. Matches that hang together are few in most
 * texts, and each such cluster is decided alone. */
static enum rc resolve(struct found *f, size_t *n, bool by_entity, struct err *e)
{
    size_t kept = 0;

    sort_by_place(f, *n);
    for (size_t i = 0, next; i < *n; i = next) {
        size_t end = f[i].end, some;
        enum rc rc = RC_OK;

        for (next = i + 1; next < *n && f[next].start < end; next++)
            if (f[next].end > end) end = f[next].end;
        some = next - i;
        if (some > SMALL_CLUSTER)
            rc = by_entity ? resolve_each_entity(f + i, &some, e) : resolve_many(f + i, &some, e);
        else if (some > 1 && (!by_entity || any_contested(f + i, some)))
            resolve_few(f + i, &some, by_entity);
        if (rc != RC_OK) return rc;
        if (kept == i)
            kept += some;
        else
            for (size_t k = i; k < i + some; k++)
                f[kept++] = f[k];
    }
    *n = kept;
    return RC_OK;
}

enum rc detect_resolve(struct found *f, size_t *n, struct err *e)
{
    return resolve(f, n, false, e);
}

bool detect_is_fact(const char *entity)
{
    return str_eq(entity, "MONEY") || str_eq(entity, "DATE_TIME") || str_eq(entity, "NUMBER");
}

/* The first byte of text[at, upto) that is a digit or beyond ASCII, or upto. */
static size_t maybe_digit(const char *text, size_t at, size_t upto)
{
    typedef unsigned char lanes __attribute__((vector_size(16)));

    for (; upto - at >= sizeof(lanes); at += sizeof(lanes)) {
        uint64_t halves[2];
        lanes v, hit;

        memcpy(&v, text + at, sizeof(v));
        hit = (lanes)(v >= 0x80) | (lanes)((lanes)(v - '0') < 10);
        memcpy(halves, &hit, sizeof(halves));
        if (halves[0] | halves[1]) break;
    }
    while (at < upto && (unsigned char)text[at] < 0x80 && (unsigned char)(text[at] - '0') >= 10)
        at++;
    return at;
}

static bool ascii_alnum(unsigned char c)
{
    return (unsigned char)(c - '0') < 10 || (unsigned char)((c | 0x20) - 'a') < 26;
}

bool detect_next_number(const char *text, size_t *at, size_t upto, size_t *start)
{
    bool digit = false;
    size_t i;

    for (i = *at; !digit && (i = maybe_digit(text, i, upto)) < upto;) {
        uint32_t mask = U_GC_N_MASK, cp;
        size_t begin = i, len;

        while (begin > *at && ascii_alnum((unsigned char)text[begin - 1])) /* nothing beyond ASCII stands before i */
            begin--;
        for (; i < upto && mask; i += len) {
            unsigned char c = (unsigned char)text[i];

            len = 1;
            if (c < 0x80) {
                mask = ascii_alnum(c) ? (c <= '9' ? U_GC_N_MASK : U_GC_L_MASK) : 0;
            } else {
                len = utf8_decode(text + i, upto - i, &cp);
                mask = U_GET_GC_MASK((UChar32)cp) & (U_GC_N_MASK | U_GC_L_MASK);
            }
            digit |= (mask & U_GC_N_MASK) != 0;
            if (!mask && digit) break;
        }
        *start = begin;
        if (!digit) *at = i;
    }
    *at = i;
    return digit;
}

enum rc detect_fill_digits(const char *text, size_t n, struct found **f, size_t *n_found, struct err *e)
{
    struct found_list l = {.items = *f, .n = *n_found, .cap = *n_found};
    size_t winners = *n_found, at = 0, start = 0;
    enum rc rc = RC_OK;

    for (size_t i = 0; i <= winners && rc == RC_OK; i++) {
        size_t upto = i < winners ? l.items[i].start : n;

        while (rc == RC_OK && detect_next_number(text, &at, upto, &start)) {
            struct found number = {
                .entity = "NUMBER", .start = start, .end = at, .score = DETECT_NUMBER_SCORE, .detector = SIZE_MAX};

            rc = list_add(&l, &number, e);
        }
        if (i < winners) at = l.items[i].end;
    }
    *f = l.items;
    *n_found = rc == RC_OK ? l.n : winners;
    if (l.n > winners) qsort(l.items, *n_found, sizeof(*l.items), by_place);
    return rc;
}

/* ---- split over two lines --------------------------------------------------------------------------------------- */

#define JOIN_REACH  100 /* bytes of each line */
#define JOIN_DIGITS 8   /* fewer digits on both sides of the break are no number that counts here */

static bool is_digit(char c)
{
    return c >= '0' && c <= '9';
}

/* A line break at text[at]: the pieces [from, at) and [next, upto) of the two lines, and what would stand between them if the
 * second was the first one's end. */
struct join {
    size_t from, at, next, upto;
    bool space; /* between two groups of a number; an address has nothing */
};

/* Is it a character of a number in groups or, without `number`, of an address? */
static bool joins(char c, bool number)
{
    if (number) return is_digit(c) || (c >= 'A' && c <= 'Z') || (c && strchr(" -./()+", c));
    return word_byte((unsigned char)c) || (c && strchr(".@-+%", c));
}

/* Does the break stand where a number or an address could have been broken? */
static bool join_at(const struct normalised *t, size_t at, struct join *j)
{
    const char *s = t->text;
    size_t digits = 0;
    char before, behind;

    *j = (struct join){.at = at, .next = at + 1};
    while (j->at > 0 && at - j->at < 8 && s[j->at - 1] == ' ')
        j->at--;
    while (j->next < t->n && j->next - at < 8 && (s[j->next] == ' ' || s[j->next] == '>')) /* a quoted mail's mark */
        j->next++;
    if (j->at == 0 || j->next == t->n) return false;
    before = s[j->at - 1];
    behind = s[j->next];
    j->space = is_digit(before) && is_digit(behind);
    if (!j->space && !(before && strchr("@.-_", before)) && behind != '@' && behind != '.') return false;
    for (j->from = j->at; j->from > 0 && j->at - j->from < JOIN_REACH && joins(s[j->from - 1], j->space);)
        j->from--;
    for (j->upto = j->next; j->upto < t->n && j->upto - j->next < JOIN_REACH && joins(s[j->upto], j->space);)
        j->upto++;
    while (j->from < j->at && ((unsigned char)s[j->from] & 0xC0) == 0x80)
        j->from++;
    while (j->upto > j->next && j->upto < t->n && ((unsigned char)s[j->upto] & 0xC0) == 0x80)
        j->upto--;
    if (j->at == j->from || j->next == j->upto) return false;
    if ((strchr("@.-_", before) && before && word_byte((unsigned char)behind)) ||
        (strchr("@.", behind) && behind && word_byte((unsigned char)before)))
        return memchr(s + j->from, '@', j->upto - j->from) != NULL;
    if (!j->space) return false;
    for (size_t i = j->from; i < j->upto; i++)
        digits += is_digit(s[i]);
    return digits >= JOIN_DIGITS;
}

/* Of a match across a break only what can hardly be chance counts. */
static bool joined_counts(const struct found *f, const char *text)
{
    return f->score >= 1.0 || (strcmp(f->entity, "PHONE_NUMBER") == 0 && text[f->start] == '+');
}

static enum rc scan_join(struct detect_set *s, const struct normalised *t, const struct join *j, struct found_list *l,
                         struct err *e)
{
    char joined[2 * JOIN_REACH + 2];
    size_t first = j->at - j->from, second = j->upto - j->next, gap = j->space;
    struct normalised w = {.text = joined, .n = first + gap + second};
    struct found_list found = {0};
    enum rc rc;

    memcpy(joined, t->text + j->from, first);
    joined[first] = ' ';
    memcpy(joined + first + gap, t->text + j->next, second);
    joined[w.n] = '\0';
    rc = s->pcre2_alone ? scan_alone(s, &w, &found, e) : scan_with_automaton(s, &w, &found, e);
    for (size_t i = 0; i < found.n && rc == RC_OK; i++) {
        struct found f = found.items[i];

        if (f.start >= first || f.end <= first + gap || !joined_counts(&f, joined)) continue;
        normalise_span(t, j->from + f.start, j->next + f.end - first - gap, &f.start, &f.end);
        rc = list_add(l, &f, e);
    }
    crypto_wipe(joined, sizeof(joined));
    free(found.items);
    return rc;
}

static enum rc scan_joins(struct detect_set *s, const struct normalised *t, struct found_list *l, struct err *e)
{
    const char *end = t->text + t->n;
    enum rc rc = RC_OK;

    for (const char *p = t->text; rc == RC_OK && (p = memchr(p, '\n', (size_t)(end - p))); p++) {
        struct join j;

        if (join_at(t, (size_t)(p - t->text), &j)) rc = scan_join(s, t, &j, l, e);
    }
    return rc;
}

enum rc detect_scan_again(struct detect_set *s, const struct normalised *t, struct found_list *l, struct err *e)
{
    enum rc rc = automaton_renew(s->automaton, e);

    l->n = 0;
    if (rc == RC_OK) rc = s->pcre2_alone ? scan_alone(s, t, l, e) : scan_with_automaton(s, t, l, e);
    if (rc == RC_OK) rc = scan_joins(s, t, l, e);
    /* rows of one entity overlap by design (a long and a short form) */
    return rc == RC_OK ? resolve(l->items, &l->n, true, e) : rc;
}

enum rc detect_scan(struct detect_set *s, const char *text, size_t n, struct found **out, size_t *n_out,
                    struct err *e)
{
    struct normalised t;
    struct found_list l = {0};
    enum rc rc = normalise(text, n, DETECT_MAX_TEXT, &t, e);

    if (rc != RC_OK) return rc;
    rc = detect_scan_again(s, &t, &l, e);
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
