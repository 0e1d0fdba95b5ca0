/* lexicon.c: see lexicon.h. */
#define PCRE2_CODE_UNIT_WIDTH 8
#include "lexicon.h"

#include <pcre2.h>
#include <stdlib.h>
#include <string.h>

#include "automaton.h"
#include "pattern.h"

#define MATCH_LIMIT 2000000
#define MAX_WIDTH   1000
#define BLOCK       ((size_t)64 << 10) /* bytes that the automaton reads at once */

struct lexicon {
    pcre2_code **codes; /* anchored */
    size_t n;
    pcre2_match_data *match;
    pcre2_match_context *context;
    struct automaton *automaton;
    /* of the text that is read */
    const char *text;
    size_t n_text, read; /* bytes; of them by the automaton */
    size_t *from;        /* [n]: where the pattern's next match may begin */
    struct automaton_hits hits;
    size_t hit, id; /* the next ones to be tried */
};

static enum rc add_pattern(struct lexicon *l, const char *pattern, struct err *e)
{
    int error;
    size_t width;
    PCRE2_SIZE offset;
    const char *why = "does not compile";
    enum rc rc;

    /* an anchored try is short: PCRE2's search for a letter that must occur somewhere ahead would cost more */
    if (pattern_width(pattern, MAX_WIDTH, &width, &why))
        l->codes[l->n] =
            pcre2_compile((PCRE2_SPTR)pattern, PCRE2_ZERO_TERMINATED,
                          PCRE2_UTF | PCRE2_UCP | PCRE2_CASELESS | PCRE2_ANCHORED | PCRE2_NO_START_OPTIMIZE,
                          &error, &offset, NULL);
    if (!l->codes[l->n])
        return err_set(e, RC_INTERNAL, "lexicon: pattern %zu: %s", l->n, why ? why : "does not compile");
    (void)pcre2_jit_compile(l->codes[l->n], PCRE2_JIT_COMPLETE);
    rc = automaton_add(l->automaton, pattern, width, AUTOMATON_FIRST, (uint16_t)l->n, e);
    l->n++;
    return rc;
}

enum rc lexicon_open(const char *const *patterns, size_t n, struct lexicon **out, struct err *e)
{
    enum rc rc;
    struct lexicon *l = calloc(1, sizeof(*l));

    if (!l) return err_set(e, RC_NOMEM, "lexicon: out of memory");
    l->codes = calloc(n, sizeof(*l->codes));
    l->from = calloc(n, sizeof(*l->from));
    l->match = pcre2_match_data_create(1, NULL);
    l->context = pcre2_match_context_create(NULL);
    if (!l->codes || !l->from || !l->match || !l->context) {
        rc = err_set(e, RC_NOMEM, "lexicon: out of memory");
        goto out;
    }
    pcre2_set_match_limit(l->context, MATCH_LIMIT);
    rc = automaton_open(&l->automaton, e);
    while (rc == RC_OK && l->n < n)
        rc = add_pattern(l, patterns[l->n], e);
    if (rc == RC_OK) rc = automaton_ready(l->automaton, e);
    if (rc != RC_OK) goto out;
    *out = l;
    l = NULL;
out:
    lexicon_close(l);
    return rc;
}

void lexicon_close(struct lexicon *l)
{
    if (!l) return;
    for (size_t i = 0; i < l->n; i++)
        pcre2_code_free(l->codes[i]);
    free(l->codes);
    free(l->from);
    free(l->hits.items);
    automaton_close(l->automaton);
    pcre2_match_data_free(l->match);
    pcre2_match_context_free(l->context);
    free(l);
}

enum rc lexicon_begin(struct lexicon *l, const char *text, size_t n, struct err *e)
{
    l->text = text;
    l->n_text = n;
    l->read = l->hits.n = l->hit = l->id = 0;
    memset(l->from, 0, l->n * sizeof(*l->from));
    return automaton_renew(l->automaton, e);
}

/* Does the pattern match at `at`? */
static enum rc try_pattern(struct lexicon *l, size_t pattern, size_t at, struct lexicon_match *out,
                           bool *found, struct err *e)
{
    int count = pcre2_match(l->codes[pattern], (PCRE2_SPTR)l->text, l->n_text, at, PCRE2_NO_UTF_CHECK,
                            l->match, l->context);
    const PCRE2_SIZE *span = pcre2_get_ovector_pointer(l->match);

    *found = count >= 0;
    if (count == PCRE2_ERROR_NOMATCH) return RC_OK;
    if (count < 0)
        return err_set(e, count == PCRE2_ERROR_NOMEMORY ? RC_NOMEM : RC_LIMIT,
                       "text: too costly to search for words");
    *out = (struct lexicon_match){.pattern = pattern, .start = span[0], .end = span[1]};
    l->from[pattern] = span[1];
    return RC_OK;
}

/* Tries the patterns of the hits that are there, from the next one on. */
static enum rc try_hits(struct lexicon *l, struct lexicon_match *out, bool *found, struct err *e)
{
    enum rc rc = RC_OK;

    for (*found = false; l->hit < l->hits.n && !*found && rc == RC_OK;) {
        const struct automaton_hit *hit = &l->hits.items[l->hit];
        size_t n;
        const uint16_t *ids = automaton_set(l->automaton, hit->set, &n);

        if (l->id == n) {
            l->id = 0;
            l->hit++;
        } else {
            size_t pattern = ids[l->id++];

            if (hit->at >= l->from[pattern]) rc = try_pattern(l, pattern, hit->at, out, found, e);
        }
    }
    return rc;
}

enum rc lexicon_next(struct lexicon *l, struct lexicon_match *out, bool *found, struct err *e)
{
    enum rc rc = try_hits(l, out, found, e);

    while (rc == RC_OK && !*found && l->read < l->n_text) {
        size_t upto = l->n_text - l->read > BLOCK ? l->read + BLOCK : l->n_text;

        l->hits.n = l->hit = 0;
        rc = automaton_run(l->automaton, AUTOMATON_FIRST, l->text, l->n_text, l->read, upto, &l->hits, e);
        l->read = upto;
        if (rc == RC_OK) rc = try_hits(l, out, found, e);
    }
    return rc;
}

void lexicon_skip(struct lexicon *l, size_t pattern, size_t from)
{
    if (from > l->from[pattern]) l->from[pattern] = from;
}
