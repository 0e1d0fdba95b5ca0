/* name_rules.h: what words around names say: salutations, legal forms; and names that nobody told us: persons by what
 * stands around them and by the gazetteer, organisations by their legal form. Words must carry their tags
 * (name_rules_tag()). */
#ifndef POLICY_NAME_RULES_H
#define POLICY_NAME_RULES_H

#include "../base/err.h"
#include "gazetteer.h"
#include "names.h"
#include "words.h"

/* Tags of ordinary words that texts had before, since most words of a text are the same few hundred. Names are not kept. */
#define TAG_CACHE 1024
struct tag_cache {
    struct {
        uint64_t hash;
        uint32_t tags;
    } words[TAG_CACHE];
};

/* What a text says as a whole. */
struct name_text {
    const char *text;
    size_t n;
    const struct words *w;
    bool nouns; /* German: a capital says nothing of a word inside a sentence */
    bool shouts; /* most words are in capitals, so that these say nothing */
    /* Words by which something may begin or end: those with a capital or a tag that counts in small letters. */
    uint32_t *marked;
    size_t n_marked, cap_marked;
    struct tag_cache *cache; /* NULL: for one text, of no use; all zero before the first */
};

/* Looks up every word; fills *out, which is all zero or of an older text and borrows `text` and `w`; free() its `marked`.
 * RC_NOMEM. */
MUST_USE enum rc name_rules_tag(const char *text, size_t n, struct words *w, struct name_text *out, struct err *e);

/* Words that stand before a last name: Herr, Frau, Mr, Dr ... */
bool name_rule_salutation(const struct word *w);
/* Legal forms: GmbH, AG, Ltd, Inc ... */
bool name_rule_legal_form(const struct word *w);

/* An organisation whose legal form begins at word i. */
bool name_rule_org(const struct name_text *t, size_t i, struct name_found *out);

/* A person whose name begins at word i. `before`: end of the name found last, 0 for none (for "Anna and Wilko"). */
bool name_rule_person(const struct name_text *t, size_t i, size_t before, struct name_found *out);

/* May word i, a part of a name found elsewhere in the text, be that name here too? */
bool name_rule_again(const struct name_text *t, size_t i);
bool name_rule_again_small(const struct word *x); /* the same of a word without a capital, wherever it stands */

/* Is word i, with the word before or behind it, a company that is written like a person ("Morgan Stanley")? */
bool name_rule_brand(const struct name_text *t, size_t i);

/* Only spaces between two places of a text? */
bool name_rule_spaces(const char *text, size_t from, size_t upto);

#endif
