/* rehydrate.c: values back into their slots, once, for a person who may see them. */
#include <stdlib.h>
#include <string.h>

#include "../base/json.h"
#include "../base/str.h"
#include "policy.h"
#include "release.h"
#include "seal.h"
#include "slot_text.h"
#include "stored.h"
#include "string_index.h"
#include "text.h"

#define OPENED_MAX_BYTES ((size_t)1 << 30)
#define VALUE_MAX_BYTES ((size_t)64 << 10)

struct opened_value {
    enum { CLOSED, OPEN, ERASED } state;
    const char *stored;
};

struct subject_key {
    bool erased;
    uint8_t key[KEY_SIZE];
};

struct policy_reveal { /* values by slot, each opened when its slot first comes */
    const char *language;
    const struct policy_value *values;
    const struct policy_keys *keys;
    struct opened_value *opened;
    struct subject_key *subjects;
    size_t n, n_subjects;
    struct string_index by_slot, by_subject;
    struct arena arena; /* opened values */
};

enum rc policy_reveal_open(const struct policy_value *values, size_t n, const struct policy_keys *keys,
                           const char *language, struct policy_reveal **out, struct err *e)
{
    struct policy_reveal *v = calloc(1, sizeof(*v));

    *out = v;
    if (!v) return err_set(e, RC_NOMEM, "policy: out of memory");
    *v = (struct policy_reveal){.language = language, .values = values, .keys = keys, .n = n};
    arena_init(&v->arena, OPENED_MAX_BYTES);
    v->opened = calloc(n + 1, sizeof(*v->opened));
    v->subjects = calloc(n + 1, sizeof(*v->subjects));
    enum rc rc = v->opened && v->subjects ? RC_OK : err_set(e, RC_NOMEM, "policy: out of memory");
    for (size_t i = 0; rc == RC_OK && i < n; i++)
        rc = string_index_put(&v->by_slot, values[i].slot, strlen(values[i].slot), i, e);
    if (rc != RC_OK) {
        policy_reveal_close(v);
        *out = NULL;
    }
    return rc;
}

void policy_reveal_close(struct policy_reveal *v)
{
    if (!v) return;
    arena_wipe(&v->arena);
    if (v->subjects) crypto_wipe(v->subjects, (v->n + 1) * sizeof(*v->subjects));
    free(v->subjects);
    free(v->opened);
    string_index_clear(&v->by_slot);
    string_index_clear(&v->by_subject);
    free(v);
}

static enum rc find_key(struct policy_reveal *v, const char *subject, const struct subject_key **out, struct err *e)
{
    size_t at = v->n_subjects;

    if (!string_index_get(&v->by_subject, subject, strlen(subject), &at)) {
        struct subject_key *k = &v->subjects[at];
        enum rc rc = v->keys->subject_key(v->keys->ctx, subject, false, k->key, e);

        if (rc != RC_OK && rc != RC_REFUSED) return rc;
        k->erased = rc == RC_REFUSED;
        rc = string_index_put(&v->by_subject, subject, strlen(subject), at, e);
        if (rc != RC_OK) return rc;
        v->n_subjects++;
    }
    *out = &v->subjects[at];
    return RC_OK;
}

static enum rc open_value(struct policy_reveal *v, size_t i, struct err *e)
{
    const struct subject_key *key = NULL;
    struct buf stored;
    enum rc rc = find_key(v, v->values[i].subject, &key, e);

    if (rc != RC_OK) return rc;
    if (key->erased) {
        v->opened[i].state = ERASED;
        return RC_OK;
    }
    buf_init(&stored, VALUE_MAX_BYTES);
    rc = seal_open(key->key, &v->values[i], &stored, e);
    if (rc == RC_OK) {
        v->opened[i] = (struct opened_value){OPEN, arena_ndup(&v->arena, stored.data, stored.len)};
        if (!v->opened[i].stored) rc = err_set(e, RC_NOMEM, "policy: out of memory");
    }
    buf_wipe(&stored);
    return rc;
}

/* ---- German days ------------------------------------------------------------------------------------------------ */

static bool is_letter(char c)
{
    return ((c | 0x20) >= 'a' && (c | 0x20) <= 'z') || (c & 0x80);
}

/* The word before text[at]; returns where it starts. Nothing but spaces and Markdown may lie between. */
static size_t word_before(const char *text, size_t at, char *out, size_t cap)
{
    size_t end = at, start;

    while (end > 0 && strchr(" *_", text[end - 1])) end--;
    for (start = end; start > 0 && is_letter(text[start - 1]);) start--;
    if (start > 0 && !strchr(" \t\n*_(\"", text[start - 1])) end = start; /* "2026seit" is no word */
    text_fold(text + start, end - start, out, cap);
    return start;
}

static bool in(const char *word, const char *const *list, size_t n)
{
    for (size_t i = 0; i < n; i++)
        if (str_eq(word, list[i])) return true;
    return false;
}

bool rehydrate_dative(const char *text, size_t at, const char *language)
{
    static const char *const prepositions[] = {"in", "seit", "vor", "nach", "von", "mit", "ab", "binnen", "zu"};
    static const char *const between[] = {"etwa", "rund", "ca", "knapp", "fast", "genau", "schon", "gut", "über"};
    char word[32];

    if (!language || !str_starts(language, "de")) return false;
    at = word_before(text, at, word, sizeof(word));
    if (in(word, between, COUNT_OF(between))) word_before(text, at, word, sizeof(word));
    return in(word, prepositions, COUNT_OF(prepositions));
}

/* ---- putting back ----------------------------------------------------------------------------------------------- */

struct rehydration {
    struct policy_reveal *values;
    const char *text;
    struct buf *out;
    bool *erased; /* or NULL */
};

/* As it stands in a JSON string; in a document within that string, such as the arguments of a call, quoted twice. */
static enum rc put_quoted(const struct buf *clear, int times, struct buf *out, struct err *e)
{
    struct buf from, to;
    enum rc rc = RC_OK;

    buf_init(&from, 64 * VALUE_MAX_BYTES);
    buf_add(&from, clear->data, clear->len);
    for (; rc == RC_OK && times > 0; times--) {
        buf_init(&to, 64 * VALUE_MAX_BYTES);
        buf_json(&to, from.data, from.len);
        buf_wipe(&from);
        rc = buf_check(&to, "a value", e);
        if (rc == RC_OK) buf_add(&from, to.data + 1, to.len - 2); /* the string's own quotes are there */
        buf_wipe(&to);
    }
    if (rc == RC_OK) rc = buf_check(&from, "a value", e);
    if (rc == RC_OK) buf_add(out, from.data, from.len);
    buf_wipe(&from);
    return rc;
}

static enum rc put_clear(struct rehydration *r, const struct slot_ref *slot, int quoted, const char *stored, struct err *e)
{
    char form[SLOT_MAX_FORM + 1];
    struct buf clear;
    enum rc rc;

    memcpy(form, r->text + slot->form, slot->n_form);
    form[slot->n_form] = '\0';
    buf_init(&clear, 2 * VALUE_MAX_BYTES);
    stored_format(stored, form, r->values->language, rehydrate_dative(r->text, slot->start, r->values->language), &clear);
    rc = buf_check(&clear, "a value", e);
    if (rc == RC_OK) rc = put_quoted(&clear, quoted, r->out, e);
    buf_wipe(&clear);
    return rc;
}

static enum rc put_slot(struct rehydration *r, const struct slot_ref *slot, int quoted, struct err *e)
{
    char stem[SLOT_MAX_NAME + 3];
    size_t n = slot_stem(r->text, slot, stem);
    size_t place;
    struct opened_value *v = string_index_get(&r->values->by_slot, stem, n, &place) ? &r->values->opened[place] : NULL;
    enum rc rc = RC_OK;

    if (v && v->state == CLOSED) rc = open_value(r->values, place, e);
    if (rc != RC_OK) return rc;
    if (v && v->state == OPEN) return put_clear(r, slot, quoted, v->stored, e);
    if (v && !r->erased) return err_set(e, RC_REFUSED, "policy: a value of this text was erased");
    if (v) *r->erased = true;
    buf_add(r->out, r->text + slot->start, slot->end - slot->start);
    return RC_OK;
}

/* The bytes [at, end) of the text with values in their slots, each quoted so many times. */
static enum rc put_part(struct rehydration *r, size_t at, size_t end, int quoted, struct err *e)
{
    struct slot_ref slot;
    enum rc rc = RC_OK;

    for (size_t pos = at; rc == RC_OK && slot_find(r->text, end, &pos, &slot); at = slot.end) {
        buf_add(r->out, r->text + at, slot.start - at);
        rc = put_slot(r, &slot, quoted, e);
    }
    if (rc == RC_OK) buf_add(r->out, r->text + at, end - at);
    return rc;
}

/* ---- in JSON ---------------------------------------------------------------------------------------------------- */

/* A whole document: what is put into its strings must be quoted. */
static bool is_json(const char *text, size_t n)
{
    size_t at = strspn(text, " \t\r\n");
    cJSON *json = NULL;
    bool ok;

    if (text[at] != '{' && text[at] != '[') return false;
    ok = json_parse(text, n, JSON_NUMBERS_DIGITS, &json, NULL) == RC_OK;
    cJSON_Delete(json);
    return ok;
}

/* Is the string, given with its quotes, itself a document? One within that one is text to us. */
static bool holds_json(const char *string, size_t n)
{
    cJSON *json = NULL;
    bool yes = n > 2 && json_parse(string, n, JSON_NUMBERS_DIGITS, &json, NULL) == RC_OK && cJSON_IsString(json) &&
               is_json(json->valuestring, strlen(json->valuestring));

    cJSON_Delete(json);
    return yes;
}

/* text[at] is the quote that opens a string of a valid document; returns where it ends. */
static size_t string_end(const char *text, size_t at)
{
    for (at++; text[at] != '"'; at++)
        if (text[at] == '\\') at++;
    return at + 1;
}

static enum rc put_json(struct rehydration *r, size_t n, struct err *e)
{
    const char *quote;
    size_t at = 0;
    enum rc rc = RC_OK;

    while (rc == RC_OK && (quote = memchr(r->text + at, '"', n - at))) {
        size_t start = (size_t)(quote - r->text), end = string_end(r->text, start);

        buf_add(r->out, r->text + at, start - at); /* no slot: brackets of a list, numbers */
        rc = put_part(r, start, end, holds_json(quote, end - start) ? 2 : 1, e);
        at = end;
    }
    if (rc == RC_OK) buf_add(r->out, r->text + at, n - at);
    return rc;
}

enum rc policy_reveal(struct policy_reveal *values, const char *slotted, struct buf *out, bool *erased, struct err *e)
{
    size_t len = strlen(slotted);
    struct rehydration r = {.values = values, .text = slotted, .out = out, .erased = erased};
    enum rc rc;

    if (erased) *erased = false;
    rc = is_json(slotted, len) ? put_json(&r, len, e) : put_part(&r, 0, len, 0, e);
    return rc == RC_OK ? buf_check(out, "policy: the text", e) : rc;
}

enum rc policy_rehydrate(const struct policy_value *values, size_t n, const struct policy_keys *keys,
                         const char *language, const char *slotted, struct buf *out, bool *erased, struct err *e)
{
    struct policy_reveal *opened;
    enum rc rc = policy_reveal_open(values, n, keys, language, &opened, e);

    if (rc == RC_OK) rc = policy_reveal(opened, slotted, out, erased, e);
    policy_reveal_close(opened);
    return rc;
}
