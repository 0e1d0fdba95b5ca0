/* evidence.c: see evidence.h. */
#include "evidence.h"

#include <stdlib.h>
#include <string.h>

#include "../base/crypto.h"
#include "../base/str.h"
#include "plain_words.h"
#include "text.h"

#define NODE_MAX_BYTES ((size_t)1 << 20)

static enum rc no_memory(struct err *e)
{
    return err_set(e, RC_NOMEM, "policy: out of memory");
}

/* A node that is nothing but a count of days was derived by code; in prose there is more around it. */
static bool is_derived(const struct policy_node *node)
{
    return node->n_pieces == 1 && node->pieces[0].slot && strncmp(node->pieces[0].bytes, "[DAYS_", 6) == 0;
}

static enum rc add_words(struct evidence *ev, const struct source_text *x, struct err *e)
{
    struct hash_set *side = x->node->outside ? &ev->outside : &ev->inside;
    enum rc rc = hash_set_add_runs(&ev->words, &x->words, 1, e);

    if (rc == RC_OK) rc = hash_set_add_runs(side, &x->words, 1, e);
    if (rc == RC_OK && is_derived(x->node)) rc = hash_set_add_runs(&ev->derived, &x->words, 1, e);
    return rc;
}

static enum rc add_node(struct evidence *ev, const struct policy_node *node, const char *language, struct err *e)
{
    struct source_text *x;
    struct buf text;
    const char *in;
    enum rc rc;

    if (ev->n == ev->cap) {
        size_t cap = ev->cap ? 2 * ev->cap : 64;
        struct source_text *bigger = realloc(ev->items, cap * sizeof(*bigger));
        if (!bigger) return no_memory(e);
        ev->items = bigger;
        ev->cap = cap;
    }
    x = &ev->items[ev->n];
    memset(x, 0, sizeof(*x));
    x->node = node;
    buf_init(&text, NODE_MAX_BYTES);
    for (size_t i = 0; i < node->n_pieces; i++) buf_add(&text, node->pieces[i].bytes, node->pieces[i].n);
    rc = buf_check(&text, "an admitted text", e);
    if (rc == RC_OK) rc = tokens_split(text.data, text.len, &x->words, e);
    if (rc == RC_OK) {
        ev->n++;
        rc = hash_set_add_runs(&x->has, &x->words, 1, e);
    }
    if (rc == RC_OK) rc = add_words(ev, x, e);
    if (rc == RC_OK && (in = text_language(text.data, text.len)) && !str_eq(in, language)) ev->foreign = true;
    buf_wipe(&text);
    return rc;
}

static enum rc walk(struct evidence *ev, const struct policy_node *node, const char *language, struct err *e)
{
    enum rc rc = RC_OK;

    if (node->kind == ADMITTED_VALUE) return node->n_pieces ? add_node(ev, node, language, e) : RC_OK;
    for (const struct policy_node *m = node->first; rc == RC_OK && m; m = m->next)
        if (!m->told && !str_eq(m->name, "brief")) rc = walk(ev, m, language, e); /* what was asked for is no source either */
    return rc;
}

enum rc evidence_open(const struct policy_admitted *a, struct evidence *out, struct err *e)
{
    enum rc rc;

    memset(out, 0, sizeof(*out));
    rc = a->root ? walk(out, a->root, a->language, e) : RC_OK;
    if (rc != RC_OK) evidence_close(out);
    return rc;
}

void evidence_close(struct evidence *ev)
{
    for (size_t i = 0; i < ev->n; i++) {
        tokens_clear(&ev->items[i].words);
        hash_set_clear(&ev->items[i].has);
    }
    free(ev->items);
    hash_set_clear(&ev->words);
    hash_set_clear(&ev->inside);
    hash_set_clear(&ev->outside);
    hash_set_clear(&ev->derived);
    memset(ev, 0, sizeof(*ev));
}

bool evidence_weighs(const struct token *t, size_t language)
{
    if (t->slot || t->digit) return true;
    return strlen(t->fold) > 2 && !text_is_stop_word(t->fold) && !plain_word(t->fold, language);
}

/* ---- provenance ------------------------------------------------------------------------------------------------- */

/* Words of weight that both have; plain ones count a little, to tell between nodes with the same slots. */
static size_t overlap(const struct source_text *x, const struct tokens *s, size_t language)
{
    size_t score = 0;

    for (size_t i = 0; i < s->n; i++) {
        if (!hash_set_has(&x->has, s->items[i].hash)) continue;
        if (evidence_weighs(&s->items[i], language))
            score += 8;
        else
            score += strlen(s->items[i].fold) > 2 && !text_is_stop_word(s->items[i].fold);
    }
    return score;
}

/* The best node among those that have the token (NULL: any); NULL if there is none. */
static const struct source_text *best_for(const struct evidence *ev, const struct tokens *s, const struct token *has,
                                          size_t language, size_t *score)
{
    const struct source_text *best = NULL;

    *score = 0;
    for (size_t i = 0; i < ev->n; i++) {
        const struct source_text *x = &ev->items[i];
        size_t k;

        if (!x->node->path || (has && !hash_set_has(&x->has, has->hash))) continue;
        k = overlap(x, s, language);
        if (k > *score) {
            *score = k;
            best = x;
        }
    }
    return best;
}

static size_t add_once(const struct policy_node *node, const struct policy_node **out, size_t n, size_t max)
{
    for (size_t i = 0; i < n; i++)
        if (str_eq(out[i]->path, node->path)) return n;
    if (n < max) out[n++] = node;
    return n;
}

size_t evidence_find(const struct evidence *ev, const struct tokens *sentence, size_t language,
                     const struct policy_node **out, size_t max)
{
    const struct source_text *best;
    size_t n = 0, score;

    best = best_for(ev, sentence, NULL, language, &score);
    if (best && score >= 2) n = add_once(best->node, out, n, max);
    for (size_t i = 0; i < sentence->n; i++) {
        const struct token *t = &sentence->items[i];
        bool covered = false;

        if (!t->slot) continue;
        for (size_t k = 0; k < ev->n && !covered; k++) /* a node found already has it */
            for (size_t m = 0; m < n && !covered; m++)
                covered = ev->items[k].node == out[m] && hash_set_has(&ev->items[k].has, t->hash);
        if (covered) continue;
        best = best_for(ev, sentence, t, language, &score);
        if (best) n = add_once(best->node, out, n, max);
    }
    return n;
}

/* Facts that a lie would change; who is spoken of is not one. */
static bool is_fact_slot(const char *slot)
{
    static const char *const who[] = {"[PERSON_", "[STAFF_", "[ORG_"};

    for (size_t i = 0; i < COUNT_OF(who); i++)
        if (str_starts(slot, who[i])) return false;
    return true;
}

/* "signed", "won", "tomorrow", "twenty": a lie as much as a sum is. */
static bool states_fact(const char *word, size_t language)
{
    return plain_event(word) >= 0 || plain_relative_day(word) || plain_number(word, language);
}

bool evidence_only_outside(const struct evidence *ev, const struct tokens *sentence, size_t language)
{
    size_t only_outside = 0, inside = 0;

    for (size_t i = 0; i < sentence->n; i++) {
        const struct token *t = &sentence->items[i];
        bool in = hash_set_has(&ev->inside, t->hash), out = hash_set_has(&ev->outside, t->hash);

        if (!evidence_weighs(t, language) && !states_fact(t->fold, language)) continue;
        if (out && !in && ((t->slot && is_fact_slot(t->fold)) || t->digit || states_fact(t->fold, language))) return true;
        only_outside += out && !in && !t->slot;
        inside += in && !t->slot;
    }
    return only_outside >= 2 && only_outside > inside;
}
