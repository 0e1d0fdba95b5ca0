/* edit.c: a person's clear text back into slots, so that nothing clear is stored. Two passes: values that the brief
 * already has, then what detection finds in the rest. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "../base/str.h"
#include "admit.h"
#include "changes.h"
#include "checks.h"
#include "phrase.h"
#include "release.h"
#include "slot_text.h"
#include "string_index.h"
#include "text.h"
#include "tone.h"

#define TEXT_MAX_BYTES ((size_t)1 << 20)
#define ARENA_LIMIT ((size_t)64 << 20)
#define MAX_NUMBER 999999999u /* of a slot typed by hand that new ones must not meet */

#define MOST_PASSES 4 /* over a text, for what stands beside a match that won */

struct clear_form { /* one way in which a known value is written */
    const char *text;
    size_t n;
    const char *form; /* "", "first", ... */
    size_t value;
    size_t made;      /* as which of all forms */
    size_t shorter;   /* the longest form that this one begins with, or NO_FORM */
};
#define NO_FORM SIZE_MAX

struct new_value {
    const char *slot, *kind, *entity, *text;
    const char *subject; /* a person's, whose name in an unusual form it is; NULL: the record's */
};

struct edit {
    const struct policy *p;
    const struct policy_edit *d;
    const struct policy_keys *keys;
    struct policy_released *out;
    struct arena arena;    /* clear values; wiped */
    const char **stored;   /* by value; NULL: erased */
    struct clear_form *forms; /* sorted by their bytes */
    size_t n_forms;
    struct names *names;
    struct scanner *scanner;
    struct new_value *fresh;
    size_t n_fresh, cap_fresh;
    struct string_index fresh_texts, fresh_slots; /* indexes of fresh, by kind and text, and by slot */
    struct string_index slots;                    /* of d->values */
    size_t highest;       /* number of a slot in values or texts */
    bool no_days;         /* counts of days are new values: their case depends on words that became part of a slot */
};

static enum rc no_memory(const struct edit *x, struct err *e)
{
    if (x->arena.used > x->arena.limit / 2) return err_set(e, RC_LIMIT, "policy: an edit with too many values");
    return err_set(e, RC_NOMEM, "policy: out of memory");
}

/* ---- what the brief has already --------------------------------------------------------------------------------- */

static enum rc open_stored(struct edit *x, size_t i, struct err *e)
{
    const struct policy_value *v = &x->d->values[i];
    uint8_t key[KEY_SIZE] = {0};
    struct buf b;
    enum rc rc = x->keys->subject_key(x->keys->ctx, v->subject, false, key, e);

    if (rc == RC_REFUSED) return RC_OK; /* erased: there is nothing to find */
    buf_init(&b, (size_t)64 << 10);
    if (rc == RC_OK) rc = seal_open(key, v, &b, e);
    if (rc == RC_OK && !(x->stored[i] = arena_dup(&x->arena, b.data))) rc = no_memory(x, e);
    buf_wipe(&b);
    crypto_wipe(key, sizeof(key));
    return rc;
}

static enum rc add_form(struct edit *x, size_t value, const char *form, bool dative, struct err *e)
{
    struct clear_form *f = &x->forms[x->n_forms];
    struct buf b;
    enum rc rc = RC_OK;

    buf_init(&b, (size_t)128 << 10);
    stored_format(x->stored[value], form, x->d->language, dative, &b);
    if (b.len >= 2 || text_has_digit(b.data, b.len)) {
        *f = (struct clear_form){arena_ndup(&x->arena, b.data, b.len), b.len, form, value, x->n_forms, NO_FORM};
        if (f->text)
            x->n_forms++;
        else
            rc = no_memory(x, e);
    }
    buf_wipe(&b);
    return rc;
}

/* A person's name parts, so that other spellings of them ("WEBER") are found as theirs. */
static enum rc add_name(struct edit *x, size_t value, struct err *e)
{
    static const char *const parts[] = {"first", "last", "full", "title"};
    struct buf b[COUNT_OF(parts)];
    enum rc rc;

    for (size_t i = 0; i < COUNT_OF(parts); i++) {
        buf_init(&b[i], (size_t)64 << 10);
        stored_part(x->stored[value], parts[i], &b[i]);
    }
    rc = names_add_person(x->names, value, b[0].data, b[1].data, b[2].data, b[3].data, e);
    for (size_t i = 0; i < COUNT_OF(parts); i++) buf_wipe(&b[i]);
    return rc;
}

#define FORMS_OF_A_VALUE 5

static enum rc add_value(struct edit *x, size_t i, struct err *e)
{
    static const char *const forms[] = {"", "formal", "last", "first"};
    bool person, org = str_starts(x->d->values[i].slot, "[ORG_");
    enum rc rc = str_eq(x->d->values[i].slot, SNAPSHOT_SLOT) ? RC_OK : open_stored(x, i, e);

    if (rc != RC_OK || !x->stored[i]) return rc;
    person = stored_is_person(x->stored[i]);
    for (size_t k = 0; rc == RC_OK && k < (person ? COUNT_OF(forms) : 1); k++) rc = add_form(x, i, forms[k], false, e);
    if (rc == RC_OK && *x->stored[i] == 'd') rc = add_form(x, i, "", true, e);
    if (rc == RC_OK && person) rc = add_name(x, i, e);
    if (rc == RC_OK && org) rc = names_add_org(x->names, i, x->stored[i] + 1, e);
    return rc;
}

/* Of equal ones the first made comes last: it is the first that form_at() meets. */
static int by_bytes(const void *a, const void *b)
{
    const struct clear_form *x = a, *y = b;
    int by = memcmp(x->text, y->text, x->n < y->n ? x->n : y->n);

    if (by != 0) return by;
    if (x->n != y->n) return x->n < y->n ? -1 : 1;
    return x->made > y->made ? -1 : x->made < y->made;
}

static bool begins_with(const struct clear_form *f, const struct clear_form *other)
{
    return other->n <= f->n && memcmp(f->text, other->text, other->n) == 0;
}

/* What a form begins with lies before it: it is the one before or what that one begins with. */
static void sort_forms(struct edit *x)
{
    if (x->n_forms) qsort(x->forms, x->n_forms, sizeof(*x->forms), by_bytes);
    for (size_t i = 1; i < x->n_forms; i++) {
        size_t k = i - 1;
        while (k != NO_FORM && !begins_with(&x->forms[i], &x->forms[k])) k = x->forms[k].shorter;
        x->forms[i].shorter = k;
    }
}

static enum rc open_values(struct edit *x, struct err *e)
{
    size_t n = x->d->n_values;
    enum rc rc = names_open(&x->names, e);

    x->stored = calloc(n + 1, sizeof(*x->stored));
    x->forms = calloc(n * FORMS_OF_A_VALUE + 1, sizeof(*x->forms));
    if (rc == RC_OK && (!x->stored || !x->forms)) rc = err_set(e, RC_NOMEM, "policy: out of memory");
    for (size_t i = 0; rc == RC_OK && i < n; i++) {
        rc = string_index_put(&x->slots, x->d->values[i].slot + 1, strlen(x->d->values[i].slot) - 2, i, e);
        if (rc == RC_OK) rc = add_value(x, i, e);
    }
    if (rc == RC_OK) sort_forms(x);
    return rc;
}

/* ---- first pass ------------------------------------------------------------------------------------------------- */

static bool word_char(const char *s, size_t n, size_t at)
{
    unsigned cp;

    if (at >= n) return false;
    utf8_decode(s + at, n - at, &cp);
    return text_is_letter(cp) || text_is_digit(cp);
}

static bool starts_word(const char *s, size_t n, size_t at)
{
    size_t before = at;

    if (at == 0 || !word_char(s, n, at)) return true;
    do before--;
    while (before > 0 && (s[before] & 0xC0) == 0x80);
    return !word_char(s, n, before);
}

static bool ends_word(const char *s, size_t n, size_t end, bool name)
{
    if (end >= n || !word_char(s, n, end - 1) || !word_char(s, n, end))
        return !(end + 1 < n && s[end - 1] >= '0' && s[end - 1] <= '9' && strchr(".,:/-", s[end]) && s[end + 1] >= '0' &&
                 s[end + 1] <= '9'); /* 48.000 is no part of 48.000,50 */
    return name && s[end] == 's' && !word_char(s, n, end + 1); /* "Webers" */
}

/* The last form that does not come behind the text, as by_bytes() sorts; NO_FORM for none. */
static size_t last_not_behind(const struct edit *x, const char *s, size_t n)
{
    size_t low = 0, high = x->n_forms;

    while (low < high) {
        size_t mid = low + (high - low) / 2;
        const struct clear_form *f = &x->forms[mid];
        int by = memcmp(f->text, s, f->n < n ? f->n : n);
        if (by < 0 || (by == 0 && f->n <= n))
            low = mid + 1;
        else
            high = mid;
    }
    return low ? low - 1 : NO_FORM;
}

/* The longest known form that stands here and comes back as it is. */
static const struct clear_form *form_at(const struct edit *x, const char *s, size_t n, size_t at, const struct buf *out)
{
    size_t i = starts_word(s, n, at) ? last_not_behind(x, s + at, n - at) : NO_FORM;

    for (; i != NO_FORM; i = x->forms[i].shorter) {
        const struct clear_form *f = &x->forms[i];
        const char *stored = x->stored[f->value];
        bool name = stored_is_person(stored) || str_starts(x->d->values[f->value].slot, "[ORG_");
        struct buf again;
        bool same;

        if (f->n > n - at || memcmp(s + at, f->text, f->n) != 0 || !ends_word(s, n, at + f->n, name)) continue;
        if (*stored != 'd') return f;
        if (x->no_days) continue;
        buf_init(&again, 256); /* days have two forms: the one that this place gives must be the one that stands here */
        stored_format(stored, "", x->d->language, rehydrate_dative(out->data, out->len, x->d->language), &again);
        same = again.len == f->n && memcmp(again.data, f->text, f->n) == 0;
        buf_clear(&again);
        if (same) return f;
    }
    return NULL;
}

static void put_known(const struct edit *x, const char *s, size_t n, struct buf *out)
{
    size_t pos = 0, next = n;
    struct slot_ref slot = {.start = n};

    if (slot_find(s, n, &pos, &slot)) next = slot.start;
    for (size_t i = 0; i < n;) {
        const struct clear_form *f;
        if (i == next) { /* typed by hand */
            buf_add(out, s + i, slot.end - i);
            i = slot.end;
            next = slot_find(s, n, &pos, &slot) ? slot.start : n;
        } else if ((f = form_at(x, s, n, i, out)) && i + f->n <= next) {
            const char *name = x->d->values[f->value].slot;
            buf_printf(out, "%.*s%s%s]", (int)strlen(name) - 1, name, *f->form ? ":" : "", f->form);
            i += f->n;
        } else {
            buf_char(out, s[i++]);
        }
    }
}

/* ---- second pass ------------------------------------------------------------------------------------------------ */

struct span {
    size_t start, end;
    const char *entity;
    const char *subject; /* as new_value's */
};

static enum rc fresh_slot(struct edit *x, const struct span *f, const char *text, const char **slot, struct err *e)
{
    const char *kind = detect_slot_word(f->entity);
    size_t n = f->end - f->start, known, n_kind = strlen(kind) + 1;
    char *key = arena_printf(&x->arena, "%s %.*s", kind, (int)n, text + f->start);
    struct new_value *v;
    enum rc rc;

    if (!key) return no_memory(x, e);
    if (string_index_get(&x->fresh_texts, key, n_kind + n, &known)) {
        *slot = x->fresh[known].slot;
        return RC_OK;
    }
    if (x->n_fresh == x->cap_fresh) {
        size_t cap = x->cap_fresh ? 2 * x->cap_fresh : 16;
        struct new_value *bigger = arena_array(&x->arena, cap, sizeof(*bigger));
        if (!bigger) return no_memory(x, e);
        if (x->n_fresh) memcpy(bigger, x->fresh, x->n_fresh * sizeof(*bigger));
        x->fresh = bigger;
        x->cap_fresh = cap;
    }
    v = &x->fresh[x->n_fresh];
    *v = (struct new_value){.kind = kind, .entity = f->entity, .subject = f->subject,
                            .slot = arena_printf(&x->arena, "[%s_%zu]", kind, ++x->highest),
                            .text = key + n_kind};
    if (!v->slot) return no_memory(x, e);
    rc = string_index_put(&x->fresh_texts, key, n_kind + n, x->n_fresh, e);
    if (rc == RC_OK) rc = string_index_put(&x->fresh_slots, v->slot + 1, strlen(v->slot) - 2, x->n_fresh, e);
    if (rc != RC_OK) return rc;
    x->n_fresh++;
    *slot = v->slot;
    return RC_OK;
}

static bool is_fact(const char *entity)
{
    return str_eq(entity, "MONEY") || str_eq(entity, "DATE_TIME") || str_eq(entity, "NUMBER");
}

/* "next week" names no value. What the policy keeps is stored as it is. */
static bool wants_slot(const struct edit *x, const char *entity, const char *s, size_t n)
{
    if (is_fact(entity) && !text_has_digit(s, n)) return false;
    return policy_action(x->p, entity) != ACTION_KEEP;
}

/* Names and what detection finds in one list; the names stay in the scanner as well. */
static enum rc find_all(struct edit *x, const char *blank, size_t n, struct found **out, size_t *n_out, struct err *e)
{
    struct scan *scan = &x->scanner->scan;
    struct found *all;
    enum rc rc = scan_text(scan, x->scanner->detect, x->names, blank, n, e);

    if (rc != RC_OK) return rc;
    all = malloc((scan->found.n + scan->n_names + 1) * sizeof(*all));
    if (!all) return err_set(e, RC_NOMEM, "policy: out of memory");
    if (scan->found.n) memcpy(all, scan->found.items, scan->found.n * sizeof(*all));
    *n_out = scan->found.n;
    for (size_t i = 0; i < scan->n_names; i++) {
        const struct name_found *f = &scan->names[i];
        all[(*n_out)++] = (struct found){f->entity, f->start, f->end, f->score, SIZE_MAX};
    }
    *out = all;
    return RC_OK;
}

/* Whose name it is, if a value of the brief is a person's; NULL otherwise. The scanner's names are sorted and don't overlap. */
static const char *subject_of(const struct edit *x, const struct found *f)
{
    const struct scan *scan = &x->scanner->scan;
    size_t low = 0, high = scan->n_names;

    while (low < high) { /* the first that stands at the place or behind it */
        size_t mid = (low + high) / 2;
        const struct name_found *m = &scan->names[mid];

        if (m->start < f->start || (m->start == f->start && m->end < f->end))
            low = mid + 1;
        else
            high = mid;
    }
    for (; low < scan->n_names && scan->names[low].start == f->start && scan->names[low].end == f->end; low++)
        if (scan->names[low].index != NAMES_UNKNOWN) return x->d->values[scan->names[low].index].subject;
    return NULL;
}

static int by_start(const void *a, const void *b)
{
    const struct found *x = a, *y = b;

    if (x->start != y->start) return x->start < y->start ? -1 : 1;
    return x->end < y->end ? -1 : x->end > y->end;
}

/* A match in slots, from *at on. Should it reach over a slot that is there, only what stands beside it is replaced. */
static enum rc put_match(struct edit *x, const struct span *match, const char *text, const char *blank, size_t *at,
                         struct buf *out, struct err *e)
{
    enum rc rc = RC_OK;

    for (size_t i = match->start; rc == RC_OK && i < match->end;) {
        struct span f = *match;
        const char *slot = NULL;

        while (i < match->end && blank[i] != text[i]) i++;
        for (f.start = i; i < match->end && blank[i] == text[i];) i++;
        f.end = i;
        if (f.start == f.end || !wants_slot(x, f.entity, text + f.start, f.end - f.start)) continue;
        rc = fresh_slot(x, &f, text, &slot, e);
        if (rc != RC_OK) return rc;
        buf_add(out, text + *at, f.start - *at);
        buf_str(out, slot);
        *at = f.end;
    }
    return rc;
}

/* Slots in the text stay; the rest of it that must not be stored in clear becomes slots. */
static enum rc put_fresh(struct edit *x, const struct buf *in, struct buf *out, struct err *e)
{
    char *blank = check_blank_slots(in->data, in->len);
    struct found *found = NULL;
    size_t n = 0, at = 0;
    enum rc rc = blank ? RC_OK : err_set(e, RC_NOMEM, "policy: out of memory");

    if (rc == RC_OK) rc = find_all(x, blank, in->len, &found, &n, e);
    if (rc == RC_OK && n) qsort(found, n, sizeof(*found), by_start);
    if (rc == RC_OK) rc = detect_resolve(found, &n, e);
    if (rc == RC_OK && x->p->facts_slots) rc = detect_fill_digits(blank, in->len, &found, &n, e);
    for (size_t i = 0; rc == RC_OK && i < n; i++) {
        struct span f = {found[i].start, found[i].end, found[i].entity, subject_of(x, &found[i])};
        rc = put_match(x, &f, in->data, blank, &at, out, e);
    }
    if (rc == RC_OK) buf_add(out, in->data + at, in->len - at);
    free(found);
    if (blank) crypto_wipe(blank, in->len);
    free(blank);
    return rc;
}

/* Until there is nothing more to find: of two matches that overlap one wins, and what the other has beside it is looked at
 * again. */
static enum rc put_all_fresh(struct edit *x, const struct buf *in, struct buf *out, struct err *e)
{
    struct buf again;
    enum rc rc = put_fresh(x, in, out, e);

    buf_init(&again, 2 * TEXT_MAX_BYTES);
    for (size_t pass = 1; rc == RC_OK && pass < MOST_PASSES; pass++) {
        buf_reset(&again);
        rc = put_fresh(x, out, &again, e);
        if (rc == RC_OK) rc = buf_check(&again, "an edit", e);
        if (rc != RC_OK || str_eq(again.data, out->data)) break;
        buf_reset(out);
        buf_add(out, again.data, again.len);
    }
    buf_wipe(&again);
    return rc;
}

/* Does every count of days that the first pass found come back in the case in which it was written? */
static bool days_stay(const struct edit *x, const struct buf *known, const struct buf *all)
{
    struct slot_ref a, b;

    for (size_t i = 0, k = 0; slot_find(known->data, known->len, &i, &a);) {
        if (strncmp(known->data + a.name, "DAYS_", 5) != 0) continue;
        while (slot_find(all->data, all->len, &k, &b) && strncmp(all->data + b.name, "DAYS_", 5) != 0) continue;
        if (rehydrate_dative(known->data, a.start, x->d->language) != rehydrate_dative(all->data, b.start, x->d->language))
            return false;
    }
    return true;
}

/* One text of the edit in slots. */
static enum rc slotted(struct edit *x, const char *clear, const char **out, struct err *e)
{
    struct buf known, all;
    enum rc rc = RC_OK;

    buf_init(&known, 2 * TEXT_MAX_BYTES);
    buf_init(&all, 2 * TEXT_MAX_BYTES);
    for (x->no_days = false; rc == RC_OK; x->no_days = true) {
        buf_reset(&known);
        buf_reset(&all);
        put_known(x, clear, strlen(clear), &known);
        rc = buf_check(&known, "an edit", e);
        if (rc == RC_OK) rc = put_all_fresh(x, &known, &all, e);
        if (rc == RC_OK) rc = buf_check(&all, "an edit", e);
        if (x->no_days || days_stay(x, &known, &all)) break;
    }
    if (rc == RC_OK && !(*out = arena_dup(&x->out->arena, all.data))) rc = released_no_memory(x->out, e);
    buf_wipe(&known);
    buf_wipe(&all);
    return rc;
}

/* ---- warnings --------------------------------------------------------------------------------------------------- */

static enum rc warn(struct edit *x, const char *clear, struct err *e)
{
    struct tokens t;
    const char *is = text_language(clear, strlen(clear)), *forbidden;
    enum rc rc = tokens_split(clear, strlen(clear), &t, e);

    if (rc != RC_OK) return rc;
    forbidden = check_forbidden(x->p, &t);
    if (forbidden) rc = err_set(e, RC_REFUSED, "policy: the edit has a forbidden phrase: '%s'", forbidden);
    if (rc == RC_OK && check_syllables(&t)) rc = released_flag(x->out, "warning:syllables", e);
    if (rc == RC_OK && is && !str_eq(is, x->out->language)) rc = released_flag(x->out, "warning:language", e);
    if (rc == RC_OK && check_tone(&t)) rc = released_flag(x->out, "warning:tone", e);
    if (rc == RC_OK && x->p->promises != PROMISES_KEEP &&
        (x->d->purpose == PURPOSE_EMAIL ? phrase_promise(&t) : phrase_commitment(&t)))
        rc = released_flag(x->out, "promise", e);
    tokens_clear(&t);
    return rc;
}

/* The sentences of a text in slots; an unchanged one keeps what it rests on. */
static enum rc put_sentences(struct edit *x, const char *text, struct err *e)
{
    struct stretch s;
    enum rc rc = RC_OK;

    for (size_t pos = 0; rc == RC_OK && text_sentence(text, strlen(text), NULL, 0, &pos, &s);) {
        const struct policy_sentence *same = NULL;
        struct tokens t;
        size_t n = s.end - s.start;

        for (size_t i = 0; !same && i < x->d->n_sentences; i++)
            if (strncmp(x->d->sentences[i].text, text + s.start, n) == 0 && !x->d->sentences[i].text[n])
                same = &x->d->sentences[i];
        rc = released_sentence(x->out, text + s.start, n, same ? same->rests_on : NULL, same ? same->n_rests_on : 0,
                               same && same->by_code, e);
        if (rc == RC_OK) rc = tokens_split(text + s.start, n, &t, e);
        if (rc != RC_OK) break;
        if (n <= 4096 && check_repeats(&t)) rc = released_flag(x->out, "warning:repetition", e);
        tokens_clear(&t);
    }
    return rc;
}

/* ---- values ----------------------------------------------------------------------------------------------------- */

static enum rc seal_fresh(struct edit *x, const struct new_value *v, struct err *e)
{
    struct buf key, stored, identity;
    enum rc rc;

    buf_init(&key, TEXT_MAX_BYTES);
    buf_init(&stored, TEXT_MAX_BYTES);
    buf_init(&identity, TEXT_MAX_BYTES);
    slot_key(v->entity, v->text, strlen(v->text), &key);
    stored_text(&stored, v->text, strlen(v->text));
    buf_printf(&identity, "record:%s/%s/%s", x->d->source, x->d->object, x->d->record_id);
    rc = buf_check(&key, "a value", e);
    if (rc == RC_OK) rc = buf_check(&stored, "a value", e);
    if (rc == RC_OK) rc = buf_check(&identity, "a subject", e);
    if (rc == RC_OK)
        rc = released_seal(x->out, x->keys,
                           &(struct seal_input){v->slot, key.data, stored.data, identity.data, v->subject}, e);
    buf_wipe(&identity);
    buf_wipe(&stored);
    buf_wipe(&key);
    return rc;
}

static enum rc keep_value(void *ctx, const char *name, size_t n, struct err *e)
{
    struct edit *x = ctx;
    size_t i;

    if (strncmp(name, "DAYS_", 5) == 0) x->out->valid_until = x->d->valid_until;
    if (string_index_get(&x->slots, name, n, &i)) return released_keep(x->out, &x->d->values[i], e);
    if (string_index_get(&x->fresh_slots, name, n, &i)) return seal_fresh(x, &x->fresh[i], e);
    return RC_OK; /* typed by hand, and nobody's */
}

/* New slots get numbers above all that stand anywhere, so that none of them means two things. */
static void note_numbers(struct edit *x, const char *text)
{
    struct slot_ref slot;
    size_t n = text ? strlen(text) : 0;

    for (size_t pos = 0; n && slot_find(text, n, &pos, &slot);) {
        size_t at = slot.name + slot.n_name;
        unsigned long number;
        while (text[at - 1] != '_') at--;
        number = strtoul(text + at, NULL, 10);
        if (number <= MAX_NUMBER && number > x->highest) x->highest = number;
    }
}

/* ---- the front -------------------------------------------------------------------------------------------------- */

static enum rc edit_texts(struct edit *x, struct err *e)
{
    const struct policy_edit *d = x->d;
    const char *text;
    enum rc rc = d->subject ? warn(x, d->subject, e) : RC_OK;

    if (rc == RC_OK) rc = warn(x, d->body ? d->body : "", e);
    for (size_t i = 0; rc == RC_OK && i < d->n_bullets; i++) rc = warn(x, d->bullets[i], e);
    if (rc == RC_OK && d->subject) rc = slotted(x, d->subject, &x->out->subject, e);
    if (rc == RC_OK && d->subject) rc = put_sentences(x, x->out->subject, e);
    if (rc == RC_OK) rc = slotted(x, d->body ? d->body : "", &x->out->body, e);
    if (rc == RC_OK) rc = put_sentences(x, x->out->body, e);
    for (size_t i = 0; rc == RC_OK && i < d->n_bullets; i++) {
        rc = slotted(x, d->bullets[i], &text, e);
        if (rc == RC_OK) rc = released_bullet(x->out, text, e);
        if (rc == RC_OK) rc = put_sentences(x, text, e);
    }
    return rc;
}

enum rc policy_release_edit(const struct policy *p, const struct policy_edit *d, const struct policy_keys *keys,
                            struct policy_released **out, struct err *e)
{
    struct edit x = {.p = p, .d = d, .keys = keys};
    enum rc rc = released_open(d->language, &x.out, e);

    arena_init(&x.arena, ARENA_LIMIT);
    for (size_t i = 0; i < d->n_values; i++) note_numbers(&x, d->values[i].slot);
    note_numbers(&x, d->subject);
    note_numbers(&x, d->body);
    for (size_t i = 0; i < d->n_bullets; i++) note_numbers(&x, d->bullets[i]);
    if (rc == RC_OK) rc = policy_scanner_take(p, &x.scanner, e);
    if (rc == RC_OK) rc = open_values(&x, e);
    if (rc == RC_OK) rc = released_flag(x.out, "edited", e);
    if (rc == RC_OK) rc = edit_texts(&x, e);
    if (rc == RC_OK && d->to && !(x.out->to = arena_dup(&x.out->arena, d->to))) rc = released_no_memory(x.out, e);
    if (rc == RC_OK) rc = released_slots(x.out, keep_value, &x, e);
    for (size_t i = 0; rc == RC_OK && i < d->n_values; i++)
        if (str_eq(d->values[i].slot, SNAPSHOT_SLOT)) rc = released_keep(x.out, &d->values[i], e);
    if (rc == RC_OK) {
        *out = x.out;
        x.out = NULL;
    }
    policy_scanner_give(p, x.scanner);
    names_close(x.names);
    string_index_clear(&x.fresh_texts);
    string_index_clear(&x.fresh_slots);
    string_index_clear(&x.slots);
    free(x.stored);
    free(x.forms);
    arena_wipe(&x.arena);
    policy_released_close(x.out);
    return rc;
}
