/* checks.c: see checks.h. */
#include <ctype.h>
#include "checks.h"

#include <stdlib.h>
#include <string.h>

#include "../base/crypto.h"
#include "../base/str.h"
#include "contradict.h"
#include "names.h"
#include "tone.h"
#include "phrase.h"
#include "plain_words.h"
#include "slot_text.h"
#include "text.h"
#include "vault.h"
#include "slot_place.h"
#include "vocabulary.h"

#define LEAK_RUN 8        /* words of the prompt in a row */
#define SYSTEM_RUN 4      /* words of its instructions in a row */
#define SYSTEM_LETTERS 14 /* of a sentence of them; shorter ones are anybody's */
#define QUOTE_RUN 4       /* words of the record in a row: a quotation, in whatever language */
#define SQUASHED_MIN 5    /* letters of a value: shorter ones are words that happen to be written apart */
#define SQUASHED_MAX 120
#define LONGEST_WORD 60   /* bytes */
#define SENTENCE_MAX_BYTES 4096 /* a longer one is none */

struct checker {
    const struct policy *p;
    const struct policy_admitted *a;
    size_t language;
    struct scanner *scanner;
    struct names *names; /* what stands behind the slots */
    struct hash_set squashed; /* the same without anything between its letters, forwards and backwards */
    struct evidence evidence;
    struct tokens prompt;
    struct vocabulary seen;           /* the prompt's words */
    struct hash_set prompt_runs;      /* of LEAK_RUN words */
    struct hash_set system_runs;      /* of SYSTEM_RUN words, which quotes of the record may have as well */
    struct hash_set record_runs;      /* of LEAK_RUN words */
    struct hash_set system_sentences; /* by their letters: no quotation may have a whole one */
    struct hash_set quotes;           /* of QUOTE_RUN words of the record */
    struct contradict *fields;        /* what the record says */
    struct value *facts;              /* of the prompt, with `facts: checked` */
    size_t n_facts;
    const char *const *common;
    size_t n_common;
};

/* ---- life ------------------------------------------------------------------------------------------------------- */

/* "thorvald" for "T h o r v a l d", "T-h-o-r-v-a-l-d" and "dlavroht". */
static enum rc add_squashed(struct checker *c, const char *value, struct err *e)
{
    char *fold = names_fold(value, strlen(value));
    size_t n = 0;
    enum rc rc = fold ? RC_OK : err_set(e, RC_NOMEM, "policy: out of memory");

    for (size_t i = 0; fold && fold[i]; i++)
        if (fold[i] != ' ') fold[n++] = fold[i];
    if (rc == RC_OK && n >= SQUASHED_MIN) rc = hash_set_add(&c->squashed, token_hash(fold, n), e);
    for (size_t i = 0; fold && i < n / 2; i++) {
        char x = fold[i];
        fold[i] = fold[n - 1 - i];
        fold[n - 1 - i] = x;
    }
    if (rc == RC_OK && n >= SQUASHED_MIN) rc = hash_set_add(&c->squashed, token_hash(fold, n), e);
    if (fold) crypto_wipe(fold, strlen(fold));
    free(fold);
    return rc;
}

/* A value behind a slot: what the leak check looks for. Sums, dates and counts are the digits check's. */
static enum rc add_value(struct checker *c, const struct vault_value *v, size_t i, struct err *e)
{
    static const char *const parts[] = {"first", "last", "full", "title"};
    struct buf b[COUNT_OF(parts)];
    enum rc rc;

    if (str_eq(v->kind, "MONEY") || str_eq(v->kind, "DATE") || str_eq(v->kind, "NUM") || str_eq(v->kind, "DAYS"))
        return RC_OK;
    for (size_t k = 0; k < COUNT_OF(parts); k++) {
        buf_init(&b[k], VAULT_MAX_VALUE_BYTES + 1);
        stored_part(v->value, parts[k], &b[k]);
    }
    rc = RC_OK;
    for (size_t k = 0; rc == RC_OK && stored_is_person(v->value) && k < 3; k++) rc = add_squashed(c, b[k].data, e);
    if (rc != RC_OK) {
        /* wiped below */
    } else if (stored_is_person(v->value)) {
        rc = names_add_person(c->names, i, b[0].data, b[1].data, b[2].data, b[3].data, e);
    } else {
        stored_format(v->value, "", c->a->language, false, &b[0]);
        rc = str_eq(v->kind, "ORG") ? names_add_org(c->names, i, b[0].data, e)
                                    : names_add_value(c->names, v->kind, i, b[0].data, e);
        if (rc == RC_OK) rc = add_squashed(c, b[0].data, e);
    }
    for (size_t k = 0; k < COUNT_OF(parts); k++) buf_wipe(&b[k]);
    return rc;
}

static enum rc open_names(struct checker *c, struct err *e)
{
    enum rc rc = names_open(&c->names, e);

    for (size_t i = 0; rc == RC_OK && i < vault_count(c->a->vault); i++)
        rc = add_value(c, vault_at(c->a->vault, i), i, e);
    return rc;
}

/* What code tells of the record may be repeated word for word like the record itself. */
static enum rc add_told(struct checker *c, const struct policy_node *node, bool told, struct err *e)
{
    struct tokens t = {0};
    struct buf text;
    enum rc rc = RC_OK;

    told = told || node->told;
    for (const struct policy_node *m = node->kind == ADMITTED_VALUE ? NULL : node->first; rc == RC_OK && m; m = m->next) rc = add_told(c, m, told, e);
    if (node->kind != ADMITTED_VALUE || !told) return rc;
    buf_init(&text, (size_t)1 << 20);
    for (size_t i = 0; i < node->n_pieces; i++) buf_add(&text, node->pieces[i].bytes, node->pieces[i].n);
    rc = buf_check(&text, "an admitted text", e);
    if (rc == RC_OK) rc = tokens_split(text.data, text.len, &t, e);
    if (rc == RC_OK) rc = hash_set_add_runs(&c->record_runs, &t, LEAK_RUN, e);
    tokens_clear(&t);
    buf_wipe(&text);
    return rc;
}

static enum rc open_record(struct checker *c, struct err *e)
{
    enum rc rc = evidence_open(c->a, &c->evidence, e);

    if (rc == RC_OK && c->a->root) rc = add_told(c, c->a->root, false, e);

    for (size_t i = 0; rc == RC_OK && i < c->evidence.n; i++) {
        rc = hash_set_add_runs(&c->record_runs, &c->evidence.items[i].words, LEAK_RUN, e);
        if (rc == RC_OK) rc = hash_set_add_runs(&c->quotes, &c->evidence.items[i].words, QUOTE_RUN, e);
    }
    return rc;
}

/* Everything that was admitted, for want of a prompt. */
static void put_record(const struct policy_node *node, struct buf *out)
{
    for (size_t i = 0; node->kind == ADMITTED_VALUE && i < node->n_pieces; i++)
        buf_add(out, node->pieces[i].bytes, node->pieces[i].n);
    buf_char(out, '\n');
    for (const struct policy_node *m = node->kind == ADMITTED_VALUE ? NULL : node->first; m; m = m->next)
        put_record(m, out);
}

/* The values of the prompt, for `facts: checked`: an unclear spelling (1.500) counts in both readings. */
static enum rc read_facts(struct checker *c, const char *prompt, struct err *e)
{
    struct found *f = NULL;
    struct value_locale locales[2];
    size_t n = 0;
    enum rc rc = detect_scan(c->scanner->detect, prompt, strlen(prompt), &f, &n, e);

    for (size_t i = 0; i < COUNT_OF(locales); i++) {
        value_locale_init(&locales[i], policy_languages[i]);
        locales[i].today = c->a->today;
    }
    if (rc == RC_OK) {
        c->facts = calloc(n * COUNT_OF(locales) + 1, sizeof(*c->facts));
        if (!c->facts) rc = err_set(e, RC_NOMEM, "policy: out of memory");
    }
    for (size_t i = 0; rc == RC_OK && i < n; i++)
        for (size_t k = 0; k < COUNT_OF(locales); k++)
            value_parse(f[i].entity, prompt + f[i].start, f[i].end - f[i].start, &locales[k], &c->facts[c->n_facts++]);
    free(f);
    return rc;
}

static enum rc open_prompt(struct checker *c, const char *prompt, struct err *e)
{
    struct buf all;
    enum rc rc = RC_OK;

    buf_init(&all, (size_t)64 << 20);
    if (!prompt && c->a->root) put_record(c->a->root, &all);
    if (!prompt) rc = buf_check(&all, "an admitted record", e);
    if (!prompt) prompt = all.data;
    if (rc == RC_OK) rc = tokens_split(prompt, strlen(prompt), &c->prompt, e);
    if (rc == RC_OK) rc = vocabulary_open(&c->prompt, &c->seen, e);
    if (rc == RC_OK) rc = hash_set_add_runs(&c->prompt_runs, &c->prompt, LEAK_RUN, e);
    if (rc == RC_OK && !c->p->facts_slots) rc = read_facts(c, prompt, e);
    buf_wipe(&all);
    return rc;
}

/* Of a sentence's letters, whatever stands between them. False: too few of them. */
static bool letters_hash(const char *s, size_t n, uint64_t *out)
{
    char letters[SENTENCE_MAX_BYTES];
    size_t k = 0;

    for (size_t i = 0; i < n && k < sizeof(letters); i++)
        if (isalpha((unsigned char)s[i]) || (unsigned char)s[i] >= 0x80) letters[k++] = (char)tolower((unsigned char)s[i]);
    *out = token_hash(letters, k);
    return k >= SYSTEM_LETTERS;
}

static enum rc add_system_sentences(struct checker *c, const char *text, struct err *e)
{
    struct stretch x;
    uint64_t hash;
    enum rc rc = RC_OK;

    for (size_t pos = 0; rc == RC_OK && text_sentence(text, strlen(text), NULL, 0, &pos, &x);)
        if (letters_hash(text + x.start, x.end - x.start, &hash)) rc = hash_set_add(&c->system_sentences, hash, e);
    return rc;
}

static bool is_system_sentence(const struct checker *c, const char *s, size_t n)
{
    uint64_t hash;

    return letters_hash(s, n, &hash) && hash_set_has(&c->system_sentences, hash);
}

static enum rc open_instructions(struct checker *c, const char *text, struct err *e)
{
    struct tokens t = {0};
    enum rc rc = text ? tokens_split(text, strlen(text), &t, e) : RC_OK;

    if (rc == RC_OK && text) rc = hash_set_add_runs(&c->system_runs, &t, SYSTEM_RUN, e);
    tokens_clear(&t);
    return rc == RC_OK && text ? add_system_sentences(c, text, e) : rc;
}

enum rc checker_open(const struct policy *p, const struct policy_admitted *a, const char *prompt, const char *instructions,
                     struct checker **out, struct err *e)
{
    struct checker *c = calloc(1, sizeof(*c));
    enum rc rc;

    if (!c) return err_set(e, RC_NOMEM, "policy: out of memory");
    c->p = p;
    c->a = a;
    c->language = policy_language_index(a->language);
    policy_common_words(a->language, &c->common, &c->n_common);
    rc = policy_scanner_take(p, &c->scanner, e);
    if (rc == RC_OK) rc = open_names(c, e);
    if (rc == RC_OK) rc = open_record(c, e);
    if (rc == RC_OK) rc = contradict_open(a, &c->evidence, c->scanner->detect, &c->fields, e);
    if (rc == RC_OK) rc = open_prompt(c, prompt, e);
    if (rc == RC_OK) rc = open_instructions(c, instructions, e);
    if (rc == RC_OK) {
        *out = c;
        c = NULL;
    }
    checker_close(c);
    return rc;
}

void checker_close(struct checker *c)
{
    if (!c) return;
    policy_scanner_give(c->p, c->scanner);
    contradict_close(c->fields);
    names_close(c->names);
    hash_set_clear(&c->squashed);
    evidence_close(&c->evidence);
    vocabulary_close(&c->seen);
    tokens_clear(&c->prompt);
    hash_set_clear(&c->prompt_runs);
    hash_set_clear(&c->system_runs);
    hash_set_clear(&c->system_sentences);
    hash_set_clear(&c->record_runs);
    hash_set_clear(&c->quotes);
    free(c->facts);
    free(c);
}

bool checker_knows_slot(void *ctx, const char *name, size_t n)
{
    return vault_find(((const struct checker *)ctx)->a->vault, name, n) != NULL;
}

bool checker_quotes(const struct checker *c, const char *s, size_t n)
{
    struct tokens t;
    bool same = false;

    if (tokens_split(s, n, &t, NULL) != RC_OK) return false;
    for (size_t i = 0; i < c->evidence.n && !same; i++) {
        const struct tokens *words = &c->evidence.items[i].words;
        same = words->n == t.n && tokens_run(words, 0, words->n) == tokens_run(&t, 0, t.n);
    }
    tokens_clear(&t);
    return same;
}

const struct evidence *checker_evidence(const struct checker *c)
{
    return &c->evidence;
}

/* ---- slots, digits ---------------------------------------------------------------------------------------------- */

char *check_blank_slots(const char *s, size_t n)
{
    char *blank = malloc(n + 1);
    struct slot_ref r;

    if (!blank) return NULL;
    memcpy(blank, s, n);
    blank[n] = '\0';
    for (size_t pos = 0; slot_find(s, n, &pos, &r);) {
        memset(blank + r.start, ' ', r.end - r.start); /* ends a link ... */
        memset(blank + r.start + 1, '|', r.end - r.start - 2); /* ... and keeps two words from being one name */
    }
    return blank;
}

static bool unknown_slot(const struct checker *c, const char *s, size_t n)
{
    struct slot_ref r;

    for (size_t pos = 0; slot_find(s, n, &pos, &r);)
        if ((r.n_form && !slot_form_known(s + r.form, r.n_form)) ||
            !vault_find(c->a->vault, s + r.name, r.n_name))
            return true;
    return false;
}

static bool slots_fault(const struct checker *c, const char *s, size_t n, const struct tokens *t, const char *blank)
{
    if (unknown_slot(c, s, n)) return true;
    for (size_t i = 0; i < t->n; i++)
        if (t->items[i].slot && !vocabulary_has(&c->seen, &t->items[i])) return true;
    return strpbrk(blank, "[]") != NULL; /* half a slot, or one that nobody knows */
}

static bool known_value(const struct checker *c, const struct value *v)
{
    for (size_t i = 0; i < c->n_facts; i++)
        if (value_equal(&c->facts[i], v)) return true;
    return false;
}

/* `facts: checked`: each number, date and amount is one of the prompt's, by value. */
static enum rc unsupported_facts(const struct checker *c, const char *blank, const struct tokens *t, bool *fault,
                                 struct err *e)
{
    struct found *f = malloc((c->scanner->scan.found.n + 1) * sizeof(*f));
    struct value_locale locale;
    size_t n = c->scanner->scan.found.n;
    enum rc rc = f ? RC_OK : err_set(e, RC_NOMEM, "policy: out of memory");

    if (f && n) memcpy(f, c->scanner->scan.found.items, n * sizeof(*f));
    if (rc == RC_OK) rc = detect_resolve(f, &n, e);
    value_locale_init(&locale, c->a->language);
    locale.today = c->a->today;
    for (size_t i = 0; rc == RC_OK && i < t->n; i++) {
        const struct token *x = &t->items[i];
        struct value v = {0};

        if (!x->digit || vocabulary_has(&c->seen, x)) continue;
        for (size_t k = 0; k < n; k++)
            if (f[k].start <= x->start && x->end <= f[k].end)
                value_parse(f[k].entity, blank + f[k].start, f[k].end - f[k].start, &locale, &v);
        if (!known_value(c, &v)) *fault = true;
    }
    free(f);
    return rc;
}

static bool number_words_fault(const struct checker *c, const struct tokens *t, bool question)
{
    for (size_t i = 0; i < t->n; i++) {
        const struct token *x = &t->items[i];

        if (x->slot || hash_set_has(&c->evidence.words, x->hash)) continue;
        if (plain_number(x->fold, c->language)) return true;
        if (plain_relative_day(x->fold) && !question) return true; /* a proposal may ask for tomorrow */
    }
    return false;
}

/* ---- leaks ------------------------------------------------------------------------------------------------------ */

/* Did the model see exactly these words? */
static bool in_prompt(const struct checker *c, const struct tokens *t, size_t start, size_t end)
{
    for (size_t i = 0; i < t->n; i++)
        if (t->items[i].start < end && t->items[i].end > start && !vocabulary_has(&c->seen, &t->items[i])) return false;
    return true;
}

static bool is_fact(const char *entity)
{
    return str_eq(entity, "MONEY") || str_eq(entity, "DATE_TIME") || str_eq(entity, "NUMBER");
}

/* Personal data beside the slots. What the policy keeps and the model saw may be repeated. */
static bool leaks_data(const struct checker *c, const struct tokens *t)
{
    const struct found_list *l = &c->scanner->scan.found;

    for (size_t i = 0; i < l->n; i++) {
        const struct found *f = &l->items[i];
        if (is_fact(f->entity)) continue;
        if (policy_action(c->p, f->entity) != ACTION_KEEP || !in_prompt(c, t, f->start, f->end)) return true;
    }
    return false;
}

/* Values of the vault in clear; names that a salutation or legal form gives away are the names check's. */
static void leaks_names(const struct checker *c, const struct tokens *t, bool *leak, bool *unknown)
{
    const struct scan *scan = &c->scanner->scan;

    for (size_t i = 0; i < scan->n_names; i++) {
        if (scan->names[i].index != NAMES_UNKNOWN)
            *leak = true;
        else if (!in_prompt(c, t, scan->names[i].start, scan->names[i].end))
            *unknown = true;
    }
}

/* Words that are a value once nothing stands between them; names_scan() knows those that stand as they are. */
static enum rc leaks_squashed(const struct checker *c, const char *blank, bool *leak, struct err *e)
{
    char *fold = names_fold(blank, strlen(blank)), joined[SQUASHED_MAX + 1];
    size_t n = fold ? strlen(fold) : 0;

    if (!fold) return err_set(e, RC_NOMEM, "policy: out of memory");
    for (size_t i = 0; i < n; i++) {
        size_t len = 0;
        if (i && fold[i - 1] != ' ') continue;
        for (size_t k = i; k <= n && len < SQUASHED_MAX; k++) {
            if (k < n && fold[k] != ' ')
                joined[len++] = fold[k];
            else if (len >= SQUASHED_MIN && hash_set_has(&c->squashed, token_hash(joined, len)))
                *leak = true;
        }
    }
    crypto_wipe(joined, sizeof(joined));
    crypto_wipe(fold, n);
    free(fold);
    return RC_OK;
}

/* LEAK_RUN words in a row that stand in the prompt but not in the record: its instructions. Words of an earlier step's
 * answer stand in a prompt too, but most of them come from the record. */
static bool leaks_prompt(const struct checker *c, const struct tokens *t)
{
    size_t of_system = 0, until = 0; /* words, counted up to there */

    for (size_t i = 0; i + SYSTEM_RUN <= t->n; i++) {
        uint64_t run = tokens_run(t, i, SYSTEM_RUN);

        if (!hash_set_has(&c->system_runs, run)) continue;
        if (!hash_set_has(&c->quotes, run)) return true;
        of_system += i + SYSTEM_RUN - (i > until ? i : until);
        until = i + SYSTEM_RUN;
    }
    if (2 * of_system > t->n) return true; /* no quotation is made of them for the most part */
    for (size_t i = 0; i + LEAK_RUN <= t->n; i++) {
        uint64_t run = tokens_run(t, i, LEAK_RUN);
        size_t of_record = 0;

        if (!hash_set_has(&c->prompt_runs, run) || hash_set_has(&c->record_runs, run)) continue;
        for (size_t k = i; k < i + LEAK_RUN; k++) of_record += hash_set_has(&c->evidence.words, t->items[k].hash);
        if (2 * of_record < LEAK_RUN) return true;
    }
    return false;
}

/* ---- names and grounding ---------------------------------------------------------------------------------------- */

/* Where a capital says nothing: at the beginning of a sentence or a quotation. */
static bool begins(const char *s, const struct token *x)
{
    size_t i = x->start;

    while (i > 0 && (s[i - 1] == ' ' || s[i - 1] == '*')) i--;
    return i == 0 || strchr(".!?:;\"'(-", s[i - 1]) || (unsigned char)s[i - 1] >= 0x80; /* typographic quotes, dashes */
}

static bool is_common(const struct checker *c, const char *s, const struct token *x)
{
    size_t n = x->end - x->start;

    for (size_t i = 0; i < c->n_common; i++)
        if (strncmp(c->common[i], s + x->start, n) == 0 && (!c->common[i][n] || c->common[i][n] == '-')) return true;
    return false;
}

/* German nouns have capitals: these endings tell an ordinary one from a name. */
static bool is_noun(const char *word)
{
    static const char *const endings[] = {"ung", "ungen", "heit", "heiten", "keit", "keiten", "schaft", "schaften",
                                          "tion", "tionen", "tät", "täten", "nis", "nisse", "ment", "mente",
                                          "anz", "enz", "ismus"};

    for (size_t i = 0; i < COUNT_OF(endings); i++)
        if (strlen(word) > strlen(endings[i]) + 2 && str_ends(word, endings[i])) return true;
    return false;
}

static bool names_fault(const struct checker *c, const char *s, const struct tokens *t)
{
    for (size_t i = 0; i < t->n; i++) {
        const struct token *x = &t->items[i];

        if (x->slot || !x->capital || begins(s, x) || is_common(c, s, x)) continue;
        if (vocabulary_has(&c->seen, x) || plain_word(x->fold, c->language)) continue;
        if (c->language == 1 && (is_noun(x->fold) || vocabulary_grounds(&c->seen, x, c->language))) continue;
        return true;
    }
    return false;
}

/* A word that states an event must rest on one of the same meaning. Of the others a fluent sentence may have a few of
 * its own, where the policy keeps unknown words: at most one, or a third of what it says. Where the record is in another language its words can't be found
 * again, and a half is allowed. */
static bool grounding_fault(const struct checker *c, const char *s, const struct tokens *t)
{
    size_t content = 0, own = 0;

    for (size_t i = 0; i < t->n; i++) {
        const struct token *x = &t->items[i];
        int event;

        if (x->slot) content++;
        if (x->slot || x->digit || strlen(x->fold) < 3 || text_is_stop_word(x->fold)) continue;
        event = vocabulary_has(&c->seen, x) ? -1 : plain_event(x->fold);
        if (event >= 0 && !c->seen.events[event]) return true;
        if (event < 0 && plain_word(x->fold, c->language) && !vocabulary_has(&c->seen, x)) continue;
        content++;
        own += event < 0 && !is_common(c, s, x) && !vocabulary_grounds(&c->seen, x, c->language);
    }
    if (c->p->drop_unknown_words) return own > 0;
    if (own <= 1) return own == 1 && content == 1;
    return c->evidence.foreign ? 2 * own > content : 3 * own > content;
}

/* ---- language --------------------------------------------------------------------------------------------------- */

/* The words that are no quotation of the record are in the brief's language. */
static enum rc language_fault(const struct checker *c, const struct tokens *t, bool *fault, struct err *e)
{
    size_t quoted = 0; /* tokens before this one are */
    struct buf own;
    const char *is;
    enum rc rc;

    buf_init(&own, 4 * SENTENCE_MAX_BYTES);
    for (size_t i = 0; i < t->n; i++) {
        if (i + QUOTE_RUN <= t->n && hash_set_has(&c->quotes, tokens_run(t, i, QUOTE_RUN))) quoted = i + QUOTE_RUN;
        if (i < quoted || t->items[i].slot) continue;
        buf_str(&own, t->items[i].fold);
        buf_char(&own, ' ');
    }
    rc = buf_check(&own, "a sentence", e);
    is = rc == RC_OK ? text_language(own.data, own.len) : NULL;
    *fault = is && !str_eq(is, policy_languages[c->language]);
    buf_wipe(&own);
    return rc;
}

/* ---- repetition ------------------------------------------------------------------------------------------------- */

#define REPEATED_RUN 4

bool check_repeats(const struct tokens *t)
{
    for (size_t i = 2; i < t->n; i++)
        if (t->items[i].hash == t->items[i - 1].hash && t->items[i].hash == t->items[i - 2].hash) return true;
    for (size_t i = 0; i + REPEATED_RUN <= t->n; i++)
        for (size_t k = i + 1; k + REPEATED_RUN <= t->n; k++)
            if (tokens_run(t, i, REPEATED_RUN) == tokens_run(t, k, REPEATED_RUN)) return true;
    return false;
}

/* A syllable of one to five bytes that comes again and again. */
static bool is_endless(const char *word)
{
    size_t n = strlen(word);

    if (n > LONGEST_WORD) return true;
    for (size_t unit = 1; unit <= 5; unit++) {
        size_t same = 0, times = unit == 1 ? 5 : 4;
        for (size_t i = unit; i < n; i++) {
            same = word[i] == word[i - unit] ? same + 1 : 0;
            if (same >= unit * (times - 1)) return true;
        }
    }
    return false;
}

bool check_syllables(const struct tokens *t)
{
    for (size_t i = 0; i < t->n; i++)
        if (!t->items[i].slot && is_endless(t->items[i].fold)) return true;
    return false;
}

static bool own_syllables(const struct checker *c, const struct tokens *t)
{
    for (size_t i = 0; i < t->n; i++)
        if (!t->items[i].slot && !vocabulary_has(&c->seen, &t->items[i]) && is_endless(t->items[i].fold)) return true;
    return false;
}

/* "ist ist": a word and nothing but a space before it again, save those that may stand so ("that that", "die die"). */
static bool stutters(const char *s, const struct tokens *t)
{
    for (size_t i = 1; i < t->n; i++) {
        const struct token *x = &t->items[i], *before = x - 1;
        if (x->slot || x->hash != before->hash || x->start != before->end + 1 || s[before->end] != ' ') continue;
        if (!phrase_at("that|had|is|her|die|der|das|sie|so|sehr|very|more|ganz", t, i)) return true;
    }
    return false;
}

/* The record's own repetitions may be quoted. */
static bool own_repeats(const struct checker *c, const char *s, const struct tokens *t)
{
    if (stutters(s, t) && !checker_quotes(c, s, t->items[t->n - 1].end)) return true;
    if (!check_repeats(t)) return false;
    for (size_t i = 0; i + REPEATED_RUN <= t->n; i++)
        for (size_t k = i + 1; k + REPEATED_RUN <= t->n; k++)
            if (tokens_run(t, i, REPEATED_RUN) == tokens_run(t, k, REPEATED_RUN) &&
                !hash_set_has(&c->quotes, tokens_run(t, i, REPEATED_RUN)))
                return true;
    for (size_t i = 2; i < t->n; i++)
        if (t->items[i].hash == t->items[i - 1].hash && t->items[i].hash == t->items[i - 2].hash) return true;
    return false;
}

const char *check_forbidden(const struct policy *p, const struct tokens *t)
{
    for (const struct word_rule *w = p->forbidden; w; w = w->next)
        if (phrase_forbidden(w->text, t)) return w->text;
    return NULL;
}

/* ---- broken off ------------------------------------------------------------------------------------------------- */

/* Its last word needs another one behind it. */
static bool breaks_off(const struct tokens *t)
{
    return t->n > 1 && !t->items[t->n - 1].capital && phrase_at("the|a|an|of|and|or|im|am|zum|zur|vom|beim|dem|den|des|ein|eine|einen|einem|einer|eines|und|oder|für|bei", t, t->n - 1);
}

/* ---- outside text ----------------------------------------------------------------------------------------------- */

/* Ways to pay, to click, to write to: where one leads is nothing that a free text may tell. */
static bool is_way_out(const char *slot)
{
    static const char *const kinds[] = {"[IBAN_", "[BIC_", "[URL_", "[EMAIL_", "[IP_ADDRESS_", "[POSTAL_ADDRESS_",
                                        "[CRYPTO_", "[US_BANK_NUMBER_", "[ABA_ROUTING_NUMBER_", "[CREDIT_CARD_"};

    for (size_t i = 0; i < COUNT_OF(kinds); i++)
        if (str_starts(slot, kinds[i])) return true;
    return false;
}

/* A field of the record is nothing but this slot. */
static bool is_field_slot(const struct checker *c, const struct token *slot)
{
    for (size_t i = 0; i < c->evidence.n; i++) {
        const struct source_text *x = &c->evidence.items[i];
        if (!x->node->outside && x->words.n == 1 && x->words.items[0].hash == slot->hash) return true;
    }
    return false;
}

/* An address that a person of the record has ("person:crm/contact/C-1"), in whatever text it stands. */
static bool is_known_address(const struct checker *c, const struct token *slot)
{
    size_t n = strlen(slot->fold);
    const struct vault_value *v = n > 2 ? vault_find(c->a->vault, slot->fold + 1, n - 2) : NULL;

    return v && str_starts(v->subject, "person:") && strchr(v->subject, '/');
}

static bool way_out_fault(const struct checker *c, const struct tokens *t)
{
    for (size_t i = 0; i < t->n; i++) {
        const struct token *x = &t->items[i];
        if (x->slot && is_way_out(x->fold) && !is_field_slot(c, x) && !is_known_address(c, x)) return true;
    }
    return false;
}

/* ---- orders ----------------------------------------------------------------------------------------------------- */

/* Orders split over two fields, or in a field that is not looked at, come together again in what the model writes. */
static enum rc orders_fault(const struct checker *c, const char *s, size_t n, const char **fault, struct err *e)
{
    bool found = false;
    enum rc rc = suspicious_scan(c->scanner->suspicious, s, n, &found, NULL, NULL, e);

    if (rc == RC_OK && found) *fault = "orders";
    return rc;
}

/* ---- all of them ------------------------------------------------------------------------------------------------ */

/* The checks on clear text beside the slots. */
static enum rc check_clear(struct checker *c, const char *blank, const struct tokens *t, const char **fault,
                           struct err *e)
{
    bool leak = false, unknown = false, fact = false;
    enum rc rc = scan_text(&c->scanner->scan, c->scanner->detect, c->names, blank, strlen(blank), e);

    if (rc == RC_OK) {
        leak = leaks_data(c, t);
        leaks_names(c, t, &leak, &unknown);
        rc = leaks_squashed(c, blank, &leak, e);
    }
    if (rc == RC_OK && c->p->facts_slots)
        fact = text_has_digit(blank, strlen(blank));
    else if (rc == RC_OK)
        rc = unsupported_facts(c, blank, t, &fact, e);
    if (leak || leaks_prompt(c, t))
        *fault = "leak";
    else if (fact)
        *fault = "digits";
    else if (unknown)
        *fault = "names";
    return rc;
}

static enum rc check_words(struct checker *c, const char *s, size_t n, const struct tokens *t, const char **fault,
                           struct err *e)
{
    bool language = false, contradiction = false;
    enum rc rc = language_fault(c, t, &language, e);

    if (rc == RC_OK) rc = contradict_find(c->fields, s, t, &c->scanner->scan.found, &contradiction, e);

    if (number_words_fault(c, t, n && s[n - 1] == '?'))
        *fault = "number words";
    else if (names_fault(c, s, t))
        *fault = "names";
    else if (own_repeats(c, s, t))
        *fault = "repetition";
    else if (breaks_off(t))
        *fault = "syntax";
    else if (own_syllables(c, t))
        *fault = "syllables";
    else if (language)
        *fault = "language";
    else if (grounding_fault(c, s, t))
        *fault = "grounding";
    else if (slot_place_fault(t, &c->prompt))
        *fault = "slot place";
    else if (contradiction)
        *fault = "contradiction";
    return rc;
}

static void check_origin(const struct checker *c, const struct tokens *t, struct finding *out)
{
    bool draft = c->a->purpose == PURPOSE_EMAIL;
    bool outside = evidence_only_outside(&c->evidence, t, c->language) && !phrase_attributed(t);
    bool promise = c->p->promises != PROMISES_KEEP && (draft ? phrase_promise(t) : phrase_commitment(t));
    bool told = c->a->purpose == PURPOSE_SUMMARY; /* what was promised is a fact of the record: it is kept, and flagged */

    if (way_out_fault(c, t))
        out->fault = "outside text";
    else if (draft && outside)
        out->fault = "attribution";
    else if (promise && !told && c->p->promises == PROMISES_DROP)
        out->fault = "promises";
    out->promise = promise;
    out->outside = outside;
}

enum rc checker_sentence(struct checker *c, const char *s, size_t n, struct finding *out, struct err *e)
{
    struct tokens t = {0};
    char *blank = NULL;
    enum rc rc;

    *out = (struct finding){0};
    if (n > SENTENCE_MAX_BYTES) {
        out->fault = "length";
        return RC_OK;
    }
    rc = tokens_split(s, n, &t, e);
    if (rc != RC_OK) return rc;
    blank = check_blank_slots(s, n);
    if (!blank)
        rc = err_set(e, RC_NOMEM, "policy: out of memory");
    else if (is_system_sentence(c, s, n))
        out->fault = "leak";
    else if (slots_fault(c, s, n, &t, blank))
        out->fault = "slots";
    else if (check_forbidden(c->p, &t))
        out->fault = "forbidden";
    else if (check_tone(&t))
        out->fault = "tone";
    if (rc == RC_OK && !out->fault) rc = check_clear(c, blank, &t, &out->fault, e);
    if (rc == RC_OK && !out->fault) rc = orders_fault(c, s, n, &out->fault, e);
    if (rc == RC_OK && !out->fault && check_markup(blank)) out->fault = "markup";
    if (rc == RC_OK && !out->fault) rc = check_words(c, s, n, &t, &out->fault, e);
    if (rc == RC_OK && !out->fault) check_origin(c, &t, out);
    free(blank);
    tokens_clear(&t);
    return rc;
}

enum rc checker_code_sentence(struct checker *c, const char *s, size_t n, struct finding *out, struct err *e)
{
    struct tokens t = {0};
    char *blank = NULL;
    bool leak = false, unknown = false;
    enum rc rc = tokens_split(s, n, &t, e);

    *out = (struct finding){0};
    if (rc != RC_OK) return rc;
    blank = check_blank_slots(s, n);
    rc = blank ? scan_text(&c->scanner->scan, c->scanner->detect, c->names, blank, n, e) : err_set(e, RC_NOMEM, "policy: out of memory");
    if (rc == RC_OK) {
        leak = leaks_data(c, &t);
        leaks_names(c, &t, &leak, &unknown);
        rc = leaks_squashed(c, blank, &leak, e);
    }
    if (rc == RC_OK) check_origin(c, &t, out);
    if (rc == RC_OK && leak) out->fault = "leak";
    if (rc == RC_OK && check_forbidden(c->p, &t)) out->fault = "forbidden";
    if (rc == RC_OK && unknown_slot(c, s, n)) out->fault = "slots";
    free(blank);
    tokens_clear(&t);
    return rc;
}
