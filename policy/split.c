/* split.c: a value whose pieces stand in adjoining fields of one record: "anna@" and "example.com", an account number cut
 * in two columns, an area code beside its number.
 *
 * The edges of adjoining texts are joined and searched. Two fields side by side prove nothing by themselves, so a match
 * over a border counts only where it carries its own proof: an e-mail address, a check digit, or, for a telephone number,
 * a leading '+' or fields that are named after it. What a field holds complete is never made longer. */
#include <ctype.h>
#include <stdlib.h>
#include <string.h>

#include "../base/str.h"
#include "admit.h"
#include "normalise.h"

#define MAX_FIELDS 512   /* texts of one record that are looked at */
#define MAX_PARTS 4      /* fields that one value may be spread over */
#define EDGE_BYTES 160   /* of a text on either side of a border */
#define NEAR_BYTES 40    /* of a border: where a digit makes a search worth its while */
#define MAX_PART_BYTES 40 /* of a field between the first and the last one */
#define MIN_PHONE_DIGITS 7
#define MAX_PHONE_DIGITS 15 /* E.164 */
#define MAX_CODE_DIGITS 5   /* of a country or area code */

struct edge { /* a field's text as detection reads it, without white space around */
    const struct field *field;
    const char *head, *tail; /* the same when `whole` */
    size_t n_head, n_tail;
    bool whole;
};

struct edges {
    struct edge items[MAX_FIELDS];
    size_t n;
};

struct joined {
    struct buf text;
    size_t at[MAX_PARTS], end[MAX_PARTS]; /* of each part in it */
    size_t n;
};

/* ---- edges ------------------------------------------------------------------------------------------------------ */

static bool is_prose(const struct field *f)
{
    if (f->entity || !f->text || !*f->text) return false;
    return f->type == FIELD_TEXT || (f->type == FIELD_ENUM && strpbrk(f->text, "@0123456789"));
}

static enum rc read_edge(struct admit *a, const char *s, size_t n, const char **out, size_t *n_out, struct err *e)
{
    struct normalised t = {0};
    size_t from = 0, to;
    enum rc rc = normalise(s, n, EDGE_BYTES, &t, e);

    if (rc != RC_OK) return rc;
    for (to = t.n; to > 0 && strchr(" \n", t.text[to - 1]);) to--;
    while (from < to && strchr(" \n", t.text[from])) from++;
    *out = arena_ndup(&a->scratch, t.text + from, to - from);
    *n_out = to - from;
    normalise_clear(&t);
    return *out ? RC_OK : admit_no_memory(a, e);
}

/* A long text is cut at white space, so that no part of a number is taken for a whole one. */
static enum rc read_edges(struct admit *a, const struct field *f, struct edge *out, struct err *e)
{
    size_t n = strlen(f->text), head = n, tail = 0;
    enum rc rc;

    *out = (struct edge){.field = f, .whole = n <= EDGE_BYTES};
    if (!out->whole) {
        for (head = EDGE_BYTES; head > 0 && !strchr(" \n\t", f->text[head]);) head--;
        for (tail = n - EDGE_BYTES; tail < n && !strchr(" \n\t", f->text[tail]);) tail++;
    }
    rc = read_edge(a, f->text, head, &out->head, &out->n_head, e);
    if (rc == RC_OK && out->whole) out->tail = out->head, out->n_tail = out->n_head;
    if (rc == RC_OK && !out->whole) rc = read_edge(a, f->text + tail, n - tail, &out->tail, &out->n_tail, e);
    return rc;
}

/* ---- what may be a border --------------------------------------------------------------------------------------- */

static bool has_digit(const char *s, size_t n)
{
    for (size_t i = 0; i < n; i++)
        if (isdigit((unsigned char)s[i])) return true;
    return false;
}

static bool at_in_last_word(const char *s, size_t n)
{
    for (; n > 0 && s[n - 1] != ' ' && s[n - 1] != '\n'; n--)
        if (s[n - 1] == '@') return true;
    return false;
}

static bool at_in_first_word(const char *s, size_t n)
{
    for (size_t i = 0; i < n && s[i] != ' ' && s[i] != '\n'; i++)
        if (s[i] == '@') return true;
    return false;
}

/* Most texts end with a full stop or hold no number nearby: they need no search. */
static bool worth_a_search(const struct edge *l, const struct edge *r)
{
    size_t from = l->n_tail > NEAR_BYTES ? l->n_tail - NEAR_BYTES : 0;

    if (!l->n_tail || !r->n_head) return false;
    if (at_in_last_word(l->tail, l->n_tail) || at_in_first_word(r->head, r->n_head)) return true;
    if (!isalnum((unsigned char)l->tail[l->n_tail - 1]) && l->tail[l->n_tail - 1] != '-') return false;
    if (!isalnum((unsigned char)r->head[0]) && r->head[0] != '-') return false;
    return has_digit(l->tail + from, l->n_tail - from) ||
           has_digit(r->head, r->n_head < NEAR_BYTES ? r->n_head : NEAR_BYTES);
}

/* ---- joining ---------------------------------------------------------------------------------------------------- */

static void put_part(struct joined *j, const char *s, size_t n)
{
    j->at[j->n] = j->text.len;
    buf_add(&j->text, s, n);
    j->end[j->n++] = j->text.len;
}

/* The first field's name goes before: "tax_id_1" is a context word as good as any. */
static void join(const struct edge *x, size_t n, const char *between, struct joined *j)
{
    buf_reset(&j->text);
    j->n = 0;
    for (const char *s = x->field->name; *s; s++) buf_char(&j->text, isalpha((unsigned char)*s) ? *s : ' ');
    buf_str(&j->text, ": ");
    put_part(j, x->tail, x->n_tail);
    for (size_t i = 1; i < n && j->n < MAX_PARTS; i++) {
        buf_str(&j->text, between);
        put_part(j, x[i].head, x[i].n_head);
        if (!x[i].whole || x[i].n_head > MAX_PART_BYTES) return;
    }
}

/* ---- proof ------------------------------------------------------------------------------------------------------ */

/* Checks that compute check digits; others only know a shape or a range, which two numbers side by side may have too. */
static bool has_check_digits(const char *validator)
{
    static const char *const names[] = {
        "aba_routing", "au_abn", "au_acn", "au_medicare", "au_tfn", "bitcoin", "ca_sin", "credit_card", "de_health_insurance",
        "de_social_security", "de_tax_id", "de_vat_id", "es_nif", "fi_personal_identity_code", "iban", "in_aadhaar",
        "in_gstin", "it_fiscal_code", "it_vat_code", "kr_brn", "kr_frn", "kr_rrn", "luhn", "pl_pesel",
        "se_organisationsnummer", "se_personnummer", "sg_uen", "th_tnin", "tr_national_id", "uk_nhs", "us_npi", "verhoeff",
        "za_id_number"};

    for (size_t i = 0; i < COUNT_OF(names); i++)
        if (str_eq(validator, names[i])) return true;
    return false;
}

static bool is_fact(const char *entity)
{
    return str_eq(entity, "MONEY") || str_eq(entity, "DATE_TIME") || str_eq(entity, "NUMBER");
}

static bool is_proof(const struct edge *first, const struct joined *j, const struct found *f)
{
    const char *s = j->text.data;

    if (str_eq(f->entity, "EMAIL_ADDRESS")) /* "ask anna" and "@henrike.thorvald wrote" are none, nor "meet @" "noon.today" */
        return !memchr(s + f->start, ' ', f->end - f->start) &&
               (s[j->at[1]] != '@' || (first->whole && f->start == j->at[0]));
    return f->score >= 1.0 && f->detector < n_detectors && has_check_digits(detectors[f->detector].validator);
}

/* Is a stretch of one part, bytes [start, end), as good a match by itself? */
static enum rc stands_alone(struct admit *a, const char *s, size_t n, size_t start, size_t end, double score, bool *yes,
                            struct err *e)
{
    struct found *f = NULL;
    size_t n_found = 0;
    enum rc rc = detect_scan(a->scanner->detect, s, n, &f, &n_found, e);

    for (size_t i = 0; rc == RC_OK && i < n_found; i++)
        *yes = *yes || (!is_fact(f[i].entity) && f[i].score >= score && f[i].start < end && f[i].end > start);
    free(f);
    return rc;
}

/* *parts: over how many fields a proven match goes; 0: it is none, or one of its pieces is complete without the others. */
static enum rc judge(struct admit *a, const struct edge *x, const struct joined *j, const struct found *f, size_t *parts,
                     struct err *e)
{
    bool alone = false;
    size_t last = 0;
    enum rc rc = RC_OK;

    *parts = 0;
    if (f->start < j->at[0] || f->start >= j->end[0] || f->end <= j->at[1] || !is_proof(x, j, f)) return RC_OK;
    while (last + 1 < j->n && f->end > j->at[last + 1]) last++;
    for (size_t i = 0; rc == RC_OK && !alone && i <= last; i++) {
        size_t start = i ? 0 : f->start - j->at[0], end = i < last ? j->end[i] - j->at[i] : f->end - j->at[i];
        rc = stands_alone(a, j->text.data + j->at[i], j->end[i] - j->at[i], start, end, f->score, &alone, e);
    }
    if (rc == RC_OK && !alone) *parts = last + 1;
    return rc;
}

/* ---- telephone numbers ------------------------------------------------------------------------------------------ */

static bool is_phone_name(const char *name)
{
    static const char *const words[] = {"phone", "mobile", "fax", "telefon", "mobil", "handy", "tel_", "area_code",
                                        "vorwahl", "durchwahl", "rufnummer", "dial"};

    for (size_t i = 0; i < COUNT_OF(words); i++)
        if (strcasestr(name, words[i])) return true;
    return str_eq_nocase(name, "tel");
}

/* How many digits a field has that holds nothing else of a telephone number; 0 if it holds more. */
static size_t phone_digits(const struct edge *x)
{
    size_t digits = 0;

    if (!x->whole || x->n_head > MAX_PART_BYTES) return 0;
    for (size_t i = 0; i < x->n_head; i++) {
        if (!strchr("0123456789 ()/-+.", x->head[i]) || (x->head[i] == '+' && i)) return 0;
        digits += isdigit((unsigned char)x->head[i]) != 0;
    }
    return digits;
}

/* Over how many fields a number in fields of its own goes: codes first, the number itself last. */
static size_t phone_parts(const struct edge *x, size_t n)
{
    bool named = is_phone_name(x->field->name), plus = x->n_head && x->head[0] == '+';
    size_t digits = phone_digits(x), sum = digits, parts = 1;

    if (!digits || digits > MAX_CODE_DIGITS) return 0;
    for (; parts < n && parts < MAX_PARTS && digits <= MAX_CODE_DIGITS; parts++) {
        digits = phone_digits(&x[parts]);
        named = named && is_phone_name(x[parts].field->name);
        if (!digits || x[parts].head[0] == '+' || sum + digits > MAX_PHONE_DIGITS || !(named || plus)) break;
        sum += digits;
    }
    return parts > 1 && sum >= MIN_PHONE_DIGITS ? parts : 0;
}

/* ---- keeping ---------------------------------------------------------------------------------------------------- */

static enum rc add_piece(struct admit *a, const struct split_piece *p, struct err *e)
{
    struct split_piece *at = a->splits;

    if (a->n_splits == a->cap_splits) {
        size_t cap = a->cap_splits ? a->cap_splits * 2 : 8;
        at = arena_array(&a->scratch, cap, sizeof(*at));
        if (!at) return admit_no_memory(a, e);
        if (a->n_splits) memcpy(at, a->splits, a->n_splits * sizeof(*at));
        a->splits = at;
        a->cap_splits = cap;
    }
    at[a->n_splits] = *p;
    at[a->n_splits].text = arena_ndup(&a->scratch, p->text, p->n);
    return at[a->n_splits++].text ? RC_OK : admit_no_memory(a, e);
}

static enum rc keep(struct admit *a, const struct edge *x, const struct joined *j, const char *entity, size_t start,
                    size_t end, size_t parts, struct err *e)
{
    const char *value = arena_ndup(&a->scratch, j->text.data + start, end - start);
    enum rc rc = value ? RC_OK : admit_no_memory(a, e);

    for (size_t i = 0; rc == RC_OK && i < parts; i++) {
        size_t from = i ? j->at[i] : start, to = i + 1 < parts ? j->end[i] : end;
        struct split_piece p = {.field = x[i].field, .leads = i == 0, .text = j->text.data + from, .n = to - from,
                                .entity = entity, .value = value};
        rc = add_piece(a, &p, e);
    }
    return rc;
}

/* ---- searching -------------------------------------------------------------------------------------------------- */

/* The best proven match that begins in the first of these fields. *parts 0: none. */
static enum rc search(struct admit *a, const struct edge *x, size_t n, const char *between, struct joined *j, size_t *parts,
                      struct err *e)
{
    struct found *f = NULL, best = {0};
    size_t n_found = 0, reach;
    enum rc rc;

    *parts = 0;
    join(x, n, between, j);
    rc = buf_check(&j->text, "policy: adjoining fields", e);
    if (rc == RC_OK) rc = detect_scan(a->scanner->detect, j->text.data, j->text.len, &f, &n_found, e);
    for (size_t i = 0; rc == RC_OK && i < n_found; i++) {
        rc = judge(a, x, j, &f[i], &reach, e);
        if (rc != RC_OK || !reach || (*parts && f[i].end - f[i].start <= best.end - best.start)) continue;
        best = f[i];
        *parts = reach;
    }
    if (rc == RC_OK && *parts) rc = keep(a, x, j, best.entity, best.start, best.end, *parts, e);
    free(f);
    return rc;
}

/* A value that begins in the first of these adjoining fields and ends in a later one. *parts: how many it takes, or 0. */
static enum rc search_from(struct admit *a, const struct edge *x, size_t n, struct joined *j, size_t *parts, struct err *e)
{
    enum rc rc = RC_OK;

    *parts = phone_parts(x, n);
    if (*parts) {
        join(x, *parts, " ", j);
        return keep(a, x, j, "PHONE_NUMBER", j->at[0], j->end[*parts - 1], *parts, e);
    }
    if (!worth_a_search(x, x + 1)) return RC_OK;
    rc = search(a, x, n, "", j, parts, e);
    if (rc == RC_OK && !*parts) rc = search(a, x, n, " ", j, parts, e);
    return rc;
}

static enum rc search_run(struct admit *a, const struct edges *run, struct err *e)
{
    struct joined j;
    enum rc rc = RC_OK;

    buf_init(&j.text, (MAX_PARTS + 2) * EDGE_BYTES * 4 + RECORD_MAX_FIELD_BYTES);
    for (size_t i = 0, parts; rc == RC_OK && i + 1 < run->n; i += parts > 1 ? parts - 1 : 1)
        rc = search_from(a, &run->items[i], run->n - i, &j, &parts, e);
    buf_wipe(&j.text);
    return rc;
}

enum rc split_find(struct admit *a, const struct record *r, const char *prefix, struct err *e)
{
    struct edges run = {.n = 0};
    enum rc rc = RC_OK;

    for (const struct field *f = r->fields; rc == RC_OK && f; f = f->next) {
        if (!admit_allows(a, prefix, f->name) || f->type == FIELD_NULL || !f->text || !*f->text) continue;
        if (is_prose(f) && run.n < MAX_FIELDS) {
            rc = read_edges(a, f, &run.items[run.n++], e);
            continue;
        }
        rc = search_run(a, &run, e);
        run.n = 0;
    }
    return rc == RC_OK ? search_run(a, &run, e) : rc;
}
