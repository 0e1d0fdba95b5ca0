/* redact.c: plain text redacted as the policy says, for `briefctl redact`. There is no record here, so names are found
 * by the gazetteer and by what stands around them. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "../base/crypto.h"
#include "admit.h"
#include "detect.h"
#include "names.h"
#include "normalise.h"
#include "policy.h"
#include "policy_internal.h"

#define PSEUDONYM_LETTERS 10
#define KEYS_LIMIT        ((size_t)256 << 20)
#define KEEP_BYTES        ((size_t)64 << 10) /* of a buffer, from one text to the next */

/* Values that a text has, by the slot's word and the value: equal ones share a number, counted by word. Those that compare
 * by another key than themselves are here as written too, so that only the first of equal ones needs its key. */
struct seen {
    uint32_t hash, next; /* index + 1 of the next one of its bucket */
    size_t word;         /* index of its struct word */
    size_t key, n_key;   /* in redactor.keys */
    size_t number;
    bool as_written; /* the key is the value as it stands in the text: others may be written differently */
};
#define BUCKETS 1024

/* A slot's word and how many values of it the text has had. */
struct slot_word {
    const char *word;
    size_t n, count;
};

/* What is done with an entity. Found by the entity's address, which tables and rules share, so that most matches need no
 * comparing of names. */
struct deed {
    const char *entity; /* NULL: not yet used */
    enum action action;
    size_t word;   /* index */
    bool verbatim; /* its slot_key() is the value as it stands */
};
#define DEEDS 64

struct redactor {
    const struct policy *policy; /* NULL: slot for everything */
    struct detect_set *detect;
    struct names *names;
    uint8_t key[KEY_SIZE]; /* pseudonyms of the hash action: equal within one run */
    struct deed deeds[DEEDS];
    struct slot_word *words;
    size_t n_words, cap_words;
    /* Of one text: memory is used again for the next, what holds PII is zeroed between. */
    struct normalised text;
    struct names_room *room;
    struct found_list found;
    struct redact_span *spans;
    size_t cap_spans;
    uint32_t buckets[BUCKETS]; /* index + 1 of the first one */
    struct seen *seen;
    size_t n_seen, cap_seen;
    struct buf keys, value; /* of the values seen, and of the one in hand */
    size_t n_value;         /* bytes of `value` that were in use */
};

enum rc redactor_open(const struct policy *p, const struct redact_options *opt, struct redactor **out,
                      struct err *e)
{
    struct detect_options detect = {.locales = opt->all, .no_context = opt->no_context};
    struct redactor *r = calloc(1, sizeof(*r));
    struct clock now;
    enum rc rc;

    if (!r) return err_set(e, RC_NOMEM, "redact: out of memory");
    buf_init(&r->keys, KEYS_LIMIT);
    buf_init(&r->value, (size_t)4 * DETECT_MAX_WIDTH);
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
    if (rc == RC_OK) rc = names_room_open(&r->room, e);
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
    names_room_close(r->room);
    normalise_clear(&r->text);
    buf_wipe(&r->keys);
    buf_wipe(&r->value);
    free(r->words);
    free(r->found.items);
    free(r->spans);
    free(r->seen);
    crypto_wipe(r->key, sizeof(r->key));
    free(r);
}

/* ---- finding --------------------------------------------------------------------------------------------------- */

/* *items[*cap], of `size` bytes each, made to hold n. */
static enum rc reserve(void **items, size_t *cap, size_t n, size_t size, struct err *e)
{
    size_t more = n + n / 2 + 16;
    void *bigger;

    if (n <= *cap) return RC_OK;
    bigger = realloc(*items, more * size);
    if (!bigger) return err_set(e, RC_NOMEM, "redact: out of memory");
    *items = bigger;
    *cap = more;
    return RC_OK;
}

/* Names merged into what the patterns found; both are sorted. Behind a pattern's match of the same place. */
static enum rc merge_names(struct found_list *l, const struct name_found *names, size_t n_names,
                           struct err *e)
{
    enum rc rc = reserve((void **)&l->items, &l->cap, l->n + n_names, sizeof(*l->items), e);
    size_t at = l->n + n_names, n = l->n;

    if (rc != RC_OK) return rc;
    l->n = at;
    while (n_names) {
        const struct name_found *x = &names[n_names - 1];
        const struct found *f = n ? &l->items[n - 1] : NULL;

        if (f && (f->start > x->start || (f->start == x->start && f->end > x->end))) {
            l->items[--at] = *f;
            n--;
        } else {
            l->items[--at] =
                (struct found){.entity = x->entity, .start = x->start, .end = x->end, .score = x->score};
            n_names--;
        }
    }
    return RC_OK;
}

/* Patterns and names together, sorted. */
static enum rc find_all(struct redactor *r, const char *text, size_t n, struct err *e)
{
    const struct name_found *names = NULL;
    size_t n_names = 0;
    enum rc rc = normalise_again(text, n, DETECT_MAX_TEXT, &r->text, e);

    if (rc == RC_OK) rc = detect_scan_again(r->detect, &r->text, &r->found, e);
    if (rc == RC_OK) rc = names_scan_again(r->names, &r->text, r->room, &names, &n_names, e);
    return rc == RC_OK ? merge_names(&r->found, names, n_names, e) : rc;
}

static enum rc keep_spans(struct redactor *r, struct err *e)
{
    const struct found *f = r->found.items;
    enum rc rc = reserve((void **)&r->spans, &r->cap_spans, r->found.n, sizeof(*r->spans), e);

    for (size_t i = 0; i < r->found.n && rc == RC_OK; i++)
        r->spans[i] = (struct redact_span){
            .entity = f[i].entity, .start = f[i].start, .end = f[i].end, .score = f[i].score};
    return rc;
}

/* ---- writing --------------------------------------------------------------------------------------------------- */

static enum rc find_word(struct redactor *r, const char *word, size_t *index, struct err *e)
{
    enum rc rc;

    for (size_t i = 0; i < r->n_words; i++)
        if (strcmp(r->words[i].word, word) == 0) return *index = i, RC_OK;
    rc = reserve((void **)&r->words, &r->cap_words, r->n_words + 1, sizeof(*r->words), e);
    if (rc != RC_OK) return rc;
    r->words[r->n_words] = (struct slot_word){.word = word, .n = strlen(word)};
    *index = r->n_words++;
    return RC_OK;
}

static enum rc find_deed(struct redactor *r, const char *entity, const struct deed **out, struct err *e)
{
    struct deed *d = &r->deeds[((uintptr_t)entity * UINT64_C(0x9E3779B97F4A7C15)) >> 32 & (DEEDS - 1)];
    enum rc rc = RC_OK;

    if (d->entity != entity) {
        d->entity = NULL;
        rc = find_word(r, detect_slot_word(entity), &d->word, e);
        d->action = r->policy ? policy_action(r->policy, entity) : ACTION_SLOT;
        d->verbatim = slot_key_is_verbatim(entity);
        if (rc == RC_OK) d->entity = entity;
    }
    *out = d;
    return rc;
}

/* What makes the value equal to others, in r->value. */
static enum rc take_key(struct redactor *r, const struct found *f, const char *text, struct err *e)
{
    buf_reset(&r->value);
    slot_key(f->entity, text + f->start, f->end - f->start, &r->value);
    if (r->value.len > r->n_value) r->n_value = r->value.len;
    return buf_check(&r->value, "redact", e);
}

static uint32_t hash_key(size_t word, const char *s, size_t n)
{
    uint64_t h = (word + 1) * UINT64_C(0x9E3779B97F4A7C15) ^ n, part = 0;

    for (; n > 0; s += sizeof(part)) {
        size_t some = n < sizeof(part) ? n : sizeof(part);

        part = 0;
        memcpy(&part, s, some);
        h = (h ^ part) * UINT64_C(0xD6E8FEB86659FD93); /* as in words.c */
        h ^= h >> 32;
        n -= some;
    }
    return (uint32_t)h;
}

static const struct seen *find_seen(const struct redactor *r, const struct seen *wanted, const char *key)
{
    for (uint32_t i = r->buckets[wanted->hash % BUCKETS]; i; i = r->seen[i - 1].next) {
        const struct seen *s = &r->seen[i - 1];

        if (s->hash == wanted->hash && s->word == wanted->word && s->as_written == wanted->as_written &&
            s->n_key == wanted->n_key && memcmp(r->keys.data + s->key, key, s->n_key) == 0)
            return s;
    }
    return NULL;
}

static enum rc add_seen(struct redactor *r, const struct seen *one, const char *key, struct err *e)
{
    uint32_t *bucket = &r->buckets[one->hash % BUCKETS];
    enum rc rc = reserve((void **)&r->seen, &r->cap_seen, r->n_seen + 1, sizeof(*r->seen), e);

    if (rc != RC_OK) return rc;
    r->seen[r->n_seen] = *one;
    r->seen[r->n_seen].key = r->keys.len;
    r->seen[r->n_seen].next = *bucket;
    *bucket = (uint32_t)++r->n_seen;
    buf_add(&r->keys, key, one->n_key);
    return buf_check(&r->keys, "redact", e);
}

/* The number of a value, a new one if its key is new. */
static enum rc number_of(struct redactor *r, const struct deed *deed, const struct found *f, const char *text,
                         size_t *number, struct err *e)
{
    const char *value = text + f->start;
    struct seen written = {.word = deed->word, .n_key = f->end - f->start, .as_written = !deed->verbatim},
                keyed;
    const struct seen *known;
    enum rc rc;

    written.hash = hash_key(deed->word, value, written.n_key);
    known = find_seen(r, &written, value);
    if (known) return *number = known->number, RC_OK;
    if (deed->verbatim) {
        written.number = *number = ++r->words[deed->word].count;
        return add_seen(r, &written, value, e);
    }
    rc = take_key(r, f, text, e);
    if (rc != RC_OK) return rc;
    keyed = (struct seen){
        .word = deed->word, .n_key = r->value.len, .hash = hash_key(deed->word, r->value.data, r->value.len)};
    known = find_seen(r, &keyed, r->value.data);
    written.number = keyed.number = *number = known ? known->number : ++r->words[deed->word].count;
    if (!known) rc = add_seen(r, &keyed, r->value.data, e);
    return rc == RC_OK ? add_seen(r, &written, value, e) : rc;
}

#define MAX_DIGITS 20 /* of a number */

/* "[PERSON_1]" */
static enum rc put_slot(struct redactor *r, const struct deed *deed, const struct found *f, const char *text,
                        struct buf *out, struct err *e)
{
    const struct slot_word *word = &r->words[deed->word];
    char slot[MAX_DIGITS + 2], *at = slot + sizeof(slot);
    size_t number;
    enum rc rc = number_of(r, deed, f, text, &number, e);

    if (rc != RC_OK) return rc;
    *--at = ']';
    do
        *--at = (char)('0' + number % 10);
    while (number /= 10);
    *--at = '_';
    buf_char(out, '[');
    buf_add(out, word->word, word->n);
    buf_add(out, at, (size_t)(slot + sizeof(slot) - at));
    return RC_OK;
}

static void put_pseudonym(const struct redactor *r, const char *word, struct buf *out)
{
    uint8_t mac[SHA256_SIZE];

    hmac_sha256(r->key, r->value.data, r->value.len, mac);
    buf_printf(out, "%s-", word);
    for (size_t i = 0; i < PSEUDONYM_LETTERS; i++)
        buf_char(out, (char)('a' + mac[i] % 26));
}

static enum rc put_value(struct redactor *r, const struct found *f, const char *text, struct buf *out,
                         struct err *e)
{
    const struct deed *deed;
    enum rc rc = find_deed(r, f->entity, &deed, e);

    if (rc != RC_OK) return rc;
    switch (deed->action) {
    case ACTION_KEEP:
        buf_add(out, text + f->start, f->end - f->start);
        break;
    case ACTION_SLOT:
        rc = put_slot(r, deed, f, text, out, e);
        break;
    case ACTION_MASK:
        buf_printf(out, "(%s)", r->words[deed->word].word);
        break;
    case ACTION_HASH:
        rc = take_key(r, f, text, e);
        if (rc == RC_OK) put_pseudonym(r, r->words[deed->word].word, out);
        break;
    case ACTION_DROP:
        break;
    case ACTION_BLOCK:
        rc = err_set(e, RC_REFUSED, "policy: %s blocks this text", f->entity);
        break;
    }
    return rc;
}

/* Numbers in text[at, upto), where no winner stands. */
static enum rc put_numbers(struct redactor *r, const char *text, size_t at, size_t upto, size_t *n_found,
                           struct buf *out, struct err *e)
{
    size_t from = at, start;
    enum rc rc = RC_OK;

    while (rc == RC_OK && detect_next_number(text, &at, upto, &start)) {
        if (++*n_found > DETECT_MAX_FOUND)
            return err_set(e, RC_LIMIT, "text: more than %zu matches", DETECT_MAX_FOUND);
        buf_add(out, text + from, start - from);
        rc = put_value(r, &(struct found){.entity = "NUMBER", .start = start, .end = at}, text, out, e);
        from = at;
    }
    if (rc == RC_OK) buf_add(out, text + from, upto - from);
    return rc;
}

/* Of two matches that cross one wins; what the other has beside it goes with the winner, up to the next one. */
static void take_along(struct found *f, size_t n, const struct found *lost)
{
    size_t lo = 0, hi = n;

    while (lo < hi) { /* the first winner that ends behind the loser's beginning */
        size_t mid = lo + (hi - lo) / 2;

        if (f[mid].end <= lost->start)
            lo = mid + 1;
        else
            hi = mid;
    }
    for (; lo < n && f[lo].start < lost->end; lo++) {
        size_t from = lo > 0 && f[lo - 1].end > lost->start ? f[lo - 1].end : lost->start;
        size_t upto = lo + 1 < n && f[lo + 1].start < lost->end ? f[lo + 1].start : lost->end;

        if (f[lo].start < lost->start && f[lo].end < upto) f[lo].end = upto;
        if (f[lo].end > lost->end && f[lo].start > from) f[lo].start = from;
    }
}

/* The winners, each with what losers had beside it. */
static enum rc resolve(struct found_list *found, size_t *n, struct err *e)
{
    struct found *all = found->n > 1 ? malloc(found->n * sizeof(*all)) : NULL;
    size_t n_all = found->n;
    enum rc rc;

    if (n_all > 1 && !all) return err_set(e, RC_NOMEM, "redact: out of memory");
    if (all) memcpy(all, found->items, n_all * sizeof(*all));
    rc = detect_resolve(found->items, n, e);
    for (size_t i = 0; rc == RC_OK && all && *n < n_all && i < n_all; i++)
        if (!detect_is_fact(all[i].entity)) take_along(found->items, *n, &all[i]);
    free(all);
    return rc;
}

/* The winners replaced, or kept: what stands inside a kept value stays with it. */
static enum rc write_text(struct redactor *r, const char *text, size_t n_text, struct buf *out, struct err *e)
{
    bool numbers = r->policy && r->policy->facts_slots;
    const struct found *f = r->found.items;
    size_t at = 0, n = r->found.n, n_found;
    enum rc rc = resolve(&r->found, &n, e);

    n_found = n;
    for (size_t i = 0; i <= n && rc == RC_OK; i++) {
        size_t upto = i < n ? f[i].start : n_text;

        if (numbers)
            rc = put_numbers(r, text, at, upto, &n_found, out, e);
        else
            buf_add(out, text + at, upto - at);
        if (i == n || rc != RC_OK) break;
        rc = put_value(r, &f[i], text, out, e);
        at = f[i].end;
    }
    return rc == RC_OK ? buf_check(out, "redact", e) : rc;
}

/* Its first n bytes are of a text. */
static void forget_buf(struct buf *b, size_t n)
{
    if (b->cap > KEEP_BYTES) {
        buf_wipe(b);
        return;
    }
    if (n) crypto_wipe(b->data, n);
    buf_reset(b);
}

/* What the next text must not see. */
static void forget_text(struct redactor *r)
{
    for (size_t i = 0; i < r->n_seen; i++)
        r->buckets[r->seen[i].hash % BUCKETS] = 0;
    r->n_seen = 0;
    for (size_t i = 0; i < r->n_words; i++)
        r->words[i].count = 0;
    forget_buf(&r->keys, r->keys.len);
    forget_buf(&r->value, r->n_value);
    r->n_value = 0;
    normalise_forget(&r->text);
    names_room_forget(r->room);
}

enum rc redactor_run(struct redactor *r, const char *text, size_t n, struct buf *out,
                     const struct redact_span **spans, size_t *n_spans, struct err *e)
{
    enum rc rc = find_all(r, text, n, e);
    size_t n_found = r->found.n;

    if (rc == RC_OK) rc = keep_spans(r, e);
    if (rc == RC_OK) rc = write_text(r, text, n, out, e);
    if (rc == RC_OK) {
        *spans = r->spans;
        *n_spans = n_found;
    }
    forget_text(r);
    return rc;
}
