#include "known.h"

#include <stdio.h>
#include <string.h>

#include "../base/str.h"
#include "plain_words.h"
#include "text.h"
#include "words.h"

#define MIN_LETTERS 3
#define MAX_PART 64 /* bytes of a folded part; longer ones are no names */

/* ---- hashes ----------------------------------------------------------------------------------------------------- */

static void hash_part(const uint8_t key[KEY_SIZE], const char *part, const char *fold, size_t n,
                      uint8_t out[SHA256_SIZE])
{
    char text[MAX_PART + 16];
    int len = snprintf(text, sizeof(text), "name %s %.*s", part, (int)(n < MAX_PART ? n : MAX_PART), fold);

    hmac_sha256(key, text, (size_t)len, out);
    crypto_wipe(text, sizeof(text));
}

struct hashing {
    const uint8_t *key;
    policy_hash_fn on_hash;
    void *ctx;
};

/* Each word of a name's part; `last_is_last`: a full name, whose last word is the last name. */
static enum rc hash_words(const struct hashing *h, const char *text, const char *part, bool last_is_last, struct err *e)
{
    struct words w;
    uint8_t hash[SHA256_SIZE];
    enum rc rc = words_split(text, strlen(text), &w, e);

    if (rc != RC_OK) return rc;
    for (size_t i = 0; rc == RC_OK && i < w.n; i++) {
        const struct word *x = &w.items[i];
        if (x->n_fold < MIN_LETTERS || x->n_fold > MAX_PART || !x->letters || !x->capital) continue;
        hash_part(h->key, last_is_last && i + 1 == w.n ? "last" : part, x->fold, x->n_fold, hash);
        rc = h->on_hash(h->ctx, hash, e);
    }
    words_clear(&w);
    return rc;
}

enum rc policy_name_hashes(const uint8_t hash_key[KEY_SIZE], const struct record *r, policy_hash_fn on_hash, void *ctx,
                           struct err *e)
{
    struct hashing h = {.key = hash_key, .on_hash = on_hash, .ctx = ctx};
    enum rc rc = RC_OK;

    for (const struct field *f = r->fields; rc == RC_OK && f; f = f->next) {
        bool person = str_eq(f->entity, "PERSON") || str_eq(f->entity, "STAFF");
        if (!person || !f->text || !*f->text) continue;
        if (str_eq(f->part, "first")) rc = hash_words(&h, f->text, "first", false, e);
        if (str_eq(f->part, "last")) rc = hash_words(&h, f->text, "last", false, e);
        if (!f->part || str_eq(f->part, "full")) rc = hash_words(&h, f->text, "first", true, e);
    }
    return rc;
}

/* ---- names in a text -------------------------------------------------------------------------------------------- */

/* What is known of one word of a text. */
struct clue {
    bool first, last; /* some source has it as such a part */
    bool plain;       /* an ordinary word, too */
};

static bool asked(const struct admit *a, const char *part, const char *fold, size_t n)
{
    uint8_t hash[SHA256_SIZE];

    hash_part(a->q->hash_key, part, fold, n, hash);
    return a->q->name_known(a->q->name_ctx, hash);
}

/* As it stands, or without a genitive s. */
static bool is_part(const struct admit *a, const char *part, const struct word *w)
{
    if (asked(a, part, w->fold, w->n_fold)) return true;
    return w->n_fold > MIN_LETTERS + 1 && w->fold[w->n_fold - 1] == 's' && asked(a, part, w->fold, w->n_fold - 1);
}

static bool is_plain(const char *s, size_t n)
{
    char folded[MAX_PART];

    text_fold(s, n, folded, sizeof(folded));
    return plain_word(folded, 0) || plain_word(folded, 1) || text_is_stop_word(folded);
}

static struct clue look_up(const struct admit *a, const char *text, const struct word *w)
{
    struct clue c = {false, false, false};

    if (!w->capital || !w->letters || w->n_fold < MIN_LETTERS || w->n_fold > MAX_PART) return c;
    c.first = is_part(a, "first", w);
    c.last = is_part(a, "last", w);
    if (c.first || c.last) c.plain = is_plain(text + w->start, w->end - w->start);
    return c;
}

static bool beside(const char *text, const struct word *a, const struct word *b)
{
    return b->start == a->end + 1 && text[a->end] == ' ';
}

enum rc known_scan(struct admit *a, const char *text, size_t n, known_fn on_name, struct err *e)
{
    struct words w;
    enum rc rc;

    if (!a->q->name_known) return RC_OK;
    rc = words_split(text, n, &w, e);
    if (rc != RC_OK) return rc;
    for (size_t i = 0; rc == RC_OK && i < w.n; i++) {
        const struct word *x = &w.items[i], *y = i + 1 < w.n ? x + 1 : NULL;
        struct clue c = look_up(a, text, x);
        if (!c.first && !c.last) continue;
        if (c.first && y && beside(text, x, y) && look_up(a, text, y).last) {
            rc = on_name(a, text + x->start, y->end - x->start, true, true, e);
            i++;
        } else if (!c.plain) {
            rc = on_name(a, text + x->start, x->end - x->start, c.first && !c.last, c.last, e);
        }
    }
    words_clear(&w);
    return rc;
}
