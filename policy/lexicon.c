/* lexicon.c: see lexicon.h. */
#define PCRE2_CODE_UNIT_WIDTH 8
#include "lexicon.h"

#include <pcre2.h>
#include <stdlib.h>

#include "pattern.h"

#define MATCH_LIMIT 2000000
#define MAX_WIDTH   1000

struct lexicon {
    pcre2_code **codes;
    size_t n;
    pcre2_match_data *match;
    pcre2_match_context *context;
};

enum rc lexicon_open(const char *const *patterns, size_t n, struct lexicon **out, struct err *e)
{
    enum rc rc = RC_OK;
    struct lexicon *l = calloc(1, sizeof(*l));

    if (!l) return err_set(e, RC_NOMEM, "lexicon: out of memory");
    l->codes = calloc(n, sizeof(*l->codes));
    l->match = pcre2_match_data_create(1, NULL);
    l->context = pcre2_match_context_create(NULL);
    if (!l->codes || !l->match || !l->context) {
        rc = err_set(e, RC_NOMEM, "lexicon: out of memory");
        goto out;
    }
    pcre2_set_match_limit(l->context, MATCH_LIMIT);
    for (; l->n < n; l->n++) {
        int error;
        size_t width;
        PCRE2_SIZE offset;
        const char *why = "does not compile";

        if (pattern_width(patterns[l->n], MAX_WIDTH, &width, &why))
            l->codes[l->n] = pcre2_compile((PCRE2_SPTR)patterns[l->n], PCRE2_ZERO_TERMINATED,
                                           PCRE2_UTF | PCRE2_UCP | PCRE2_CASELESS, &error, &offset, NULL);
        if (!l->codes[l->n]) {
            rc = err_set(e, RC_INTERNAL, "lexicon: pattern %zu: %s", l->n, why ? why : "does not compile");
            goto out;
        }
        (void)pcre2_jit_compile(l->codes[l->n], PCRE2_JIT_COMPLETE);
    }
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
    pcre2_match_data_free(l->match);
    pcre2_match_context_free(l->context);
    free(l);
}

enum rc lexicon_find(struct lexicon *l, size_t i, const char *text, size_t n, size_t from, bool *found,
                     size_t *start, size_t *end, struct err *e)
{
    int count = pcre2_match(l->codes[i], (PCRE2_SPTR)text, n, from, PCRE2_NO_UTF_CHECK, l->match, l->context);
    const PCRE2_SIZE *at = pcre2_get_ovector_pointer(l->match);

    *found = count >= 0;
    if (count == PCRE2_ERROR_NOMATCH) return RC_OK;
    if (count < 0)
        return err_set(e, count == PCRE2_ERROR_NOMEMORY ? RC_NOMEM : RC_LIMIT,
                       "text: too costly to search for words");
    *start = at[0];
    *end = at[1];
    return RC_OK;
}
