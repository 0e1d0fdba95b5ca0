/* suspicious.c: see suspicious.h. Each pattern needs a verb of command and what it is aimed at, so that "please ignore
 * my last mail" stays unflagged. */
#include "suspicious.h"

#include <stdint.h>
#include <stdlib.h>

#include "detect.h"
#include "lexicon.h"
#include "normalise.h"

#define WORDS(n) "(?:[\\w',/-]{1,24}[ \\n]){0," #n "}"

static const char *const patterns[] = {
    /* orders to forget */
    "\\b(?:ignore|disregard|forget|override|bypass)[ \\n]" WORDS(
        4) "(?:instructions?|prompts?|rules|guidelines|guardrails|polic(?:y|ies)|restrictions|directives|"
           "programming)\\b",
    "\\b(?:ignore|disregard|forget) (?:everything|all|anything)(?: (?:that|you|we))? "
    "(?:above|before|previous|prior|earlier|were told|have been told)\\b",
    "\\b(?:ignoriere?n?|vergiss|vergessen|missachte|übergehe?)[ \\n](?:sie )?" WORDS(
        4) "(?:anweisung(?:en)?|instruktion(?:en)?|vorgaben|regeln|richtlinien|prompts?)\\b",
    "\\b(?:ignore[rz]?|oublie[rz]?)[ \\n]" WORDS(4) "(?:instructions?|consignes?|règles)\\b",
    /* a new role */
    "\\b(?:you are|you're) now (?:a|an|the|in|no longer|dan)\\b|\\bfrom now on,? you "
    "(?:are|will|must)\\b|\\bdu bist (?:jetzt|ab sofort)\\b",
    "\\b(?:act|behave|respond|pretend)[ \\n](?:as|like|to be)[ \\n]" WORDS(
        3) "(?:assistant|ai|chatbot|model|system|developer|admin(?:istrator)?|jailbreak|dan)\\b",
    "\\b(?:developer|debug|god|jailbreak|admin) mode\\b(?= (?:enabled|on|activated)|[:!])|\\bjailbreak\\b",
    /* reveal */
    "\\b(?:print|list|output|show|reveal|dump|repeat|send|export|display|tell me|give me|leak)[ \\n]" WORDS(
        3) "(?:all|every|your|the)[ \\n]" WORDS(3) "(?:system "
                                                   "prompt|prompt|instructions|contacts|passwords?|"
                                                   "credentials|secrets?|api keys?|e-?mail "
                                                   "addresses|database|customer "
                                                   "(?:data|records)|records|slots)\\b",
    "\\b(?:gib|gebe|zeige?|liste|drucke|nenne|sende|schicke?)[ \\n]" WORDS(
        3) "(?:alle|deine|sämtliche|ihre)[ \\n]" WORDS(3) "(?:kontakte|passwörter|anweisungen|kunden(?:daten)"
                                                          "?|e-?mail-?adressen|daten(?:sätze)?|prompts?)\\b",
    "\\b(?:affiche[rz]?|liste[rz]?|montre[rz]?|envoie|envoyez|révèle[rz]?)[ \\n]" WORDS(
        3) "(?:tous|toutes|tes|vos)[ \\n]" WORDS(3) "(?:contacts|mots de "
                                                    "passe|instructions|consignes|clients|données)\\b",
    "\\b(?:system prompt|hidden instructions|initial instructions|systemprompt)\\b",
    /* fake turns */
    "(?:^|\\n)[ #>*\\[<]{0,4}(?:system|assistant|developer)(?: ?(?:message|prompt|note))?[\\]>*]{0,3} ?:(?= "
    "?\\S)",
    "(?:^|\\n)#{2,4} ?(?:instruction|system|assistant|human|response)s?\\b ?:?",
    "\\b(?:note|message|instruction|important|attention|hinweis|nachricht) (?:to|for|an|für) (?:the |die "
    "|das |den )?(?:ai|llm|assistant|language model|chatbot|ki|sprachmodell|assistenten)\\b",
    "\\bas an? (?:ai|language model|llm)\\b[ "
    ",]{1,2}(?:you|please|do|write|include)\\b|\\b(?:ai|llm|assistant)s? "
    "(?:reading|processing|summari[sz]ing) this\\b",
    /* template tokens of the model families */
    "<\\|[a-z_]{2,30}\\|>|<\xef\xbd\x9c[^>\\n]{2,40}\xef\xbd\x9c>|\\[/?INST\\]|<</?SYS>>|</"
    "?(?:system|assistant|user|think|tool_call|start_of_turn|end_of_turn)>|\\{\\{[ #/]{0,2}\\w{1,30}[ "
    "]?\\}\\}",
};

struct suspicious {
    struct lexicon *lexicon;
};

enum rc suspicious_open(struct suspicious **out, struct err *e)
{
    struct suspicious *s = calloc(1, sizeof(*s));
    enum rc rc;

    if (!s) return err_set(e, RC_NOMEM, "suspicious: out of memory");
    rc = lexicon_open(patterns, COUNT_OF(patterns), &s->lexicon, e);
    if (rc != RC_OK) {
        free(s);
        return rc;
    }
    *out = s;
    return RC_OK;
}

void suspicious_close(struct suspicious *s)
{
    if (!s) return;
    lexicon_close(s->lexicon);
    free(s);
}

enum rc suspicious_scan(struct suspicious *s, const char *text, size_t n, bool *found, size_t *start,
                        size_t *end, struct err *e)
{
    struct normalised t;
    size_t best = SIZE_MAX, best_end = 0;
    enum rc rc = normalise(text, n, DETECT_MAX_TEXT, &t, e);

    if (rc != RC_OK) return rc;
    *found = false;
    for (size_t i = 0; i < COUNT_OF(patterns) && rc == RC_OK; i++) {
        size_t from, upto;
        bool hit;

        rc = lexicon_find(s->lexicon, i, t.text, t.n, 0, &hit, &from, &upto, e);
        if (rc != RC_OK || !hit || from >= best) continue;
        best = from;
        best_end = upto;
        *found = true;
    }
    if (rc == RC_OK && *found) {
        normalise_span(&t, best, best_end, &best, &best_end);
        if (start) *start = best;
        if (end) *end = best_end;
    }
    normalise_clear(&t);
    return rc;
}
