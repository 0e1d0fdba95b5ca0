/* redact.c: plain text redacted as the policy says, for `briefctl redact`. There is no record here, so names are found
 * by the gazetteer and by what stands around them. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "../base/arena.h"
#include "../base/crypto.h"
#include "admit.h"
#include "detect.h"
#include "names.h"
#include "policy.h"
#include "policy_internal.h"

#define PSEUDONYM_LETTERS 10
#define ARENA_LIMIT       ((size_t)256 << 20)

/* Values that a text has, by the slot's word and the value: equal ones share a number, counted by word. */
struct seen {
    const char *word;
    const char *key; /* "" for the counter of the word itself */
    size_t number;
    struct seen *next;
};
#define BUCKETS 1024

struct redactor {
    const struct policy *policy; /* NULL: slot for everything */
    struct detect_set *detect;
    struct names *names;
    uint8_t key[KEY_SIZE]; /* pseudonyms of the hash action: equal within one run */
    struct redact_span *spans;
    struct arena arena; /* of one text; holds PII */
};

enum rc redactor_open(const struct policy *p, const struct redact_options *opt, struct redactor **out,
                      struct err *e)
{
    struct detect_options detect = {.locales = opt->all, .no_context = opt->no_context};
    struct redactor *r = calloc(1, sizeof(*r));
    struct clock now;
    enum rc rc;

    if (!r) return err_set(e, RC_NOMEM, "redact: out of memory");
    arena_init(&r->arena, ARENA_LIMIT);
    clock_system(&now);
    detect.today = clock_today(opt->clock ? opt->clock : &now);
    r->policy = p;
    if (p) {
        detect.facts = p->facts_slots;
        detect.own = p->own;
        detect.n_own = p->n_own;
    }
    rc = detect_open(&detect, &r->detect, e);
    if (rc == RC_OK) rc = names_open(&r->names, e);
    if (rc == RC_OK) rc = random_bytes(r->key, sizeof(r->key), e);
    if (rc == RC_OK) {
        *out = r;
        r = NULL;
    }
    redactor_close(r);
    return rc;
}

void redactor_close(struct redactor *r)
{
    if (!r) return;
    detect_close(r->detect);
    names_close(r->names);
    free(r->spans);
    arena_wipe(&r->arena);
    crypto_wipe(r->key, sizeof(r->key));
    free(r);
}

/* ---- finding --------------------------------------------------------------------------------------------------- */

static int by_place(const void *a, const void *b)
{
    const struct found *x = a, *y = b;

    if (x->start != y->start) return x->start < y->start ? -1 : 1;
    return (x->end > y->end) - (x->end < y->end);
}

/* Patterns and names together, sorted; *out is the caller's. */
static enum rc find_all(struct redactor *r, const char *text, size_t n, struct found **out, size_t *n_out,
                        struct err *e)
{
    struct found *f = NULL, *all;
    struct name_found *names = NULL;
    size_t n_found = 0, n_names = 0;
    enum rc rc = detect_scan(r->detect, text, n, &f, &n_found, e);

    if (rc == RC_OK) rc = names_scan(r->names, text, n, &names, &n_names, e);
    if (rc != RC_OK) goto out;
    all = realloc(f, (n_found + n_names + 1) * sizeof(*f));
    if (!all) {
        rc = err_set(e, RC_NOMEM, "redact: out of memory");
        goto out;
    }
    f = all;
    for (size_t i = 0; i < n_names; i++)
        f[n_found++] = (struct found){
            .entity = names[i].entity, .start = names[i].start, .end = names[i].end, .score = names[i].score};
    qsort(f, n_found, sizeof(*f), by_place);
    *out = f;
    *n_out = n_found;
    f = NULL;
out:
    free(f);
    free(names);
    return rc;
}

static enum rc keep_spans(struct redactor *r, const struct found *f, size_t n, struct err *e)
{
    struct redact_span *spans = realloc(r->spans, (n + 1) * sizeof(*spans));

    if (!spans) return err_set(e, RC_NOMEM, "redact: out of memory");
    r->spans = spans;
    for (size_t i = 0; i < n; i++)
        spans[i] = (struct redact_span){
            .entity = f[i].entity, .start = f[i].start, .end = f[i].end, .score = f[i].score};
    return RC_OK;
}

/* ---- writing --------------------------------------------------------------------------------------------------- */

static enum action action_on(const struct redactor *r, const char *entity)
{
    return r->policy ? policy_action(r->policy, entity) : ACTION_SLOT;
}

/* The entry of (word, key), made with number 0 if it is new; NULL when out of memory. */
static struct seen *find_seen(struct redactor *r, struct seen **buckets, const char *word, const char *key)
{
    uint32_t h = 2166136261u; /* FNV-1a */
    struct seen *s;

    for (const char *p = word; *p; p++)
        h = (h ^ (unsigned char)*p) * 16777619u;
    for (const char *p = key; *p; p++)
        h = (h ^ (unsigned char)*p) * 16777619u;
    for (s = buckets[h % BUCKETS]; s; s = s->next)
        if (strcmp(s->word, word) == 0 && strcmp(s->key, key) == 0) return s;
    s = arena_alloc(&r->arena, sizeof(*s));
    if (!s || !(s->key = arena_dup(&r->arena, key))) return NULL;
    s->word = word;
    s->next = buckets[h % BUCKETS];
    buckets[h % BUCKETS] = s;
    return s;
}

static enum rc put_slot(struct redactor *r, struct seen **buckets, const char *entity, const char *key,
                        struct buf *out, struct err *e)
{
    const char *word = detect_slot_word(entity);
    struct seen *s = find_seen(r, buckets, word, key), *count = find_seen(r, buckets, word, "");

    if (!s || !count) return err_set(e, RC_LIMIT, "redact: too many values in one text");
    if (s->number == 0) s->number = ++count->number;
    buf_printf(out, "[%s_%zu]", word, s->number);
    return RC_OK;
}

static void put_pseudonym(const struct redactor *r, const char *entity, const char *key, struct buf *out)
{
    uint8_t mac[SHA256_SIZE];

    hmac_sha256(r->key, key, strlen(key), mac);
    buf_printf(out, "%s-", detect_slot_word(entity));
    for (size_t i = 0; i < PSEUDONYM_LETTERS; i++)
        buf_char(out, (char)('a' + mac[i] % 26));
}

static enum rc put_value(struct redactor *r, struct seen **buckets, const struct found *f, const char *text,
                         struct buf *out, struct err *e)
{
    struct buf key;
    enum rc rc;

    buf_init(&key, 4 * DETECT_MAX_WIDTH);
    slot_key(f->entity, text + f->start, f->end - f->start, &key);
    rc = buf_check(&key, "redact", e);
    if (rc == RC_OK) {
        switch (action_on(r, f->entity)) {
        case ACTION_KEEP:
            buf_add(out, text + f->start, f->end - f->start);
            break;
        case ACTION_SLOT:
            rc = put_slot(r, buckets, f->entity, key.data, out, e);
            break;
        case ACTION_MASK:
            buf_printf(out, "(%s)", detect_slot_word(f->entity));
            break;
        case ACTION_HASH:
            put_pseudonym(r, f->entity, key.data, out);
            break;
        case ACTION_DROP:
            break;
        case ACTION_BLOCK:
            rc = err_set(e, RC_REFUSED, "policy: %s blocks this text", f->entity);
            break;
        }
    }
    buf_wipe(&key);
    return rc;
}

/* The winners replaced, or kept: what stands inside a kept value stays with it. */
static enum rc write_text(struct redactor *r, struct found **found, size_t n, const char *text, size_t n_text,
                          struct buf *out, struct err *e)
{
    struct seen *buckets[BUCKETS] = {0};
    size_t at = 0;
    enum rc rc = detect_resolve(*found, &n, e);
    const struct found *f;

    if (rc == RC_OK && r->policy && r->policy->facts_slots)
        rc = detect_fill_digits(text, n_text, found, &n, e);
    f = *found;
    for (size_t i = 0; i < n && rc == RC_OK; i++) {
        buf_add(out, text + at, f[i].start - at);
        rc = put_value(r, buckets, &f[i], text, out, e);
        at = f[i].end;
    }
    if (rc != RC_OK) return rc;
    buf_add(out, text + at, n_text - at);
    return buf_check(out, "redact", e);
}

enum rc redactor_run(struct redactor *r, const char *text, size_t n, struct buf *out,
                     const struct redact_span **spans, size_t *n_spans, struct err *e)
{
    struct found *f = NULL;
    size_t n_found = 0;
    enum rc rc = find_all(r, text, n, &f, &n_found, e);

    if (rc == RC_OK) rc = keep_spans(r, f, n_found, e);
    if (rc == RC_OK) rc = write_text(r, &f, n_found, text, n, out, e);
    if (rc == RC_OK) {
        *spans = r->spans;
        *n_spans = n_found;
    }
    arena_wipe(&r->arena);
    free(f);
    return rc;
}
