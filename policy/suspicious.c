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
    /* how to write: a field tells about a customer, it does not tell its reader what to put down */
    "\\b(?:write|say|answer|reply|respond|output|print|return|state)[ \\n](?:only|exactly|nothing but|just)\\b|"
    "\\b(?:only|just|nothing but) (?:answer|output|reply|respond|print|write)\\b|"
    "\\b(?:begin|start|end|close|finish|prefix|open|conclude)[ \\n]" WORDS(2) "(?:answer|reply|response|summary|output|brief|e-?mail|mail|draft|letter|message)[ \\n]with\\b",
    "\\b(?:the|your|every|each|this|any) (?:summary|brief|answer|output|response|draft|e-?mail|mail|reply)[ \\n](?:must|should|has to|have to|shall|needs to|is to|will)[ \\n]"
    "(?:not[ \\n])?(?:say|contain|include|mention|end|begin|start|close|state|read|praise|recommend|be )",
    "\\byou (?:must|have to|should|shall|will) (?:begin|end|start|close|answer|respond|include|mention|say|add|output|print)\\b|\\bin every (?:sentence|line|answer)\\b|"
    "\\b(?:when|if|before|while) (?:you|anyone|somebody|an? \\w{1,20}) (?:summari[sz]es?|reads?|process(?:es)?) (?:this|the)\\b|\\bwhoever (?:reads|summari[sz]es|processes)\\b",
    "\\b(?:code ?word|language model|llm|chat ?bot|gpt|your (?:programming|developers?|training|guidelines|instructions|prompt|rules|system))\\b|"
    "\\b(?:new|real|actual|updated|hidden|secret) (?:task|instructions?|prompt|policy|rules?|role)\\b ?[:.=]",
    "(?:^|[.!?\\n] ?)(?:assistant|ai|bot|model|computer|dear ai|hey ai)\\b ?[,:]|\\b(?:ai|llm|bot)s? (?:reading|who reads|that reads|system)\\b|"
    "\\byou may now\\b|\\b(?:disable|turn off|switch off|skip|bypass) (?:all |the |your |any )?(?:checks?|filters?|rules|policy|safety|guardrails)\\b",
    "\\b(?:repeat|copy|print|spell|write|say|output|encode|translate|show|reveal|tell|complete|dump)[ \\n]" WORDS(
        5) "(?:verbatim|word for word|letter by letter|backwards|base ?64|rot ?13|hex(?:adecimal)?|placeholders?|the slots?|all slots|vault|master key|training data|"
           "above|this line|klingon|(?:two|three|four|five|ten|\\d{1,3}) times|a poem)\\b",
    "\\b(?:add|insert|include|append|put)[ \\n](?:the )?(?:sentence|line|phrase|word|words|text|slogan)\\b|\\b(?:replace|change) the (?:greeting|signature|subject|sign-off)\\b|"
    "\\b(?:leave out|omit|drop) the (?:amount|name|date|stage|customer)\\b|\\bdo not (?:describe|summari[sz]e|mention)\\b|\\bdo what\\b|\\bwrite (?:the|this|your) (?:mail|e-?mail|summary|answer) (?:in|as)\\b",
    /* a machine is spoken to, a word is to be got into a text, the record is to be changed */
    "(?:^|[.!?\\n] ?)(?:dear|hello|hi|hey|good|hallo|liebe[rs]?|guten tag)[ \\n](?:machine|computer|robot|assistant|model|software|bot|ai|maschine|"
    "rechner|roboter|modell|ki)\\b|"
    "\\b(?:slip|sneak|squeeze|weave|smuggle|work)[ \\n]" WORDS(6) "(?:in|into)[ \\n](?:the|your|every|each|any)[ \\n](?:draft|brief|summary|e-?mail|mail|text|output|answer|letter|reply)\\b|"
    "\\b(?:mention|include|add|insert|put|name)[ \\n](?:the[ \\n])?(?:name|word|term|code|firm|company)?[ \\n]?" WORDS(4)
    "(?:in|into)[ \\n](?:every|each|any)[ \\n](?:draft|brief|summary|e-?mail|mail|text|output|answer|letter|reply)\\b|"
    "\\b(?:appear\\w{0,2}|occur\\w{0,3})[ \\n](?:in|within)[ \\n](?:the|your)[ \\n](?:draft|brief|summary|output|answer|letter)\\b|"
    "\\b(?:soll|muss|bringe?n?|nenne|erwähne)[ \\n]" WORDS(6) "(?:in der (?:mail|e-mail|zusammenfassung|antwort)|im (?:entwurf|brief|text))\\b|"
    "\\b(?:please|kindly|you (?:may|can|should|must|have to|are to))[ \\n](?:now )?(?:set|move|change|mark|update|put|raise|lower)[ \\n]the "
    "(?:stage|status|priority|rating|amount|close date|forecast|probability|deal)\\b|"
    "\\bbitte[ \\n]" WORDS(4) "(?:phase|status|stufe|priorität|betrag|abschlussdatum)[ \\n]" WORDS(4) "(?:setzen|ändern|stellen|anheben|auf)\\b",
    "\\b(?:list|show|name|tell|reveal|give)[ \\n]" WORDS(3) "(?:customers|accounts|records|contacts|clients|names)[ \\n](?:in|of|that|from)[ \\n](?:the|your|you|other)\\b|"
    "\\bwhat (?:stands|is|was|comes|are)[ \\n]" WORDS(3) "(?:above|before) this\\b",
    "\\b(?:schreibe?n?|antworte[nt]?|sage?n?|gib|geben|beginne?n?|ende[nt]?)[ \\n](?:sie )?(?:nur|ausschließlich|genau|mit dem wort|einzig)\\b|"
    "\\bdu bist (?:jetzt|nun|ab)\\b|\\b(?:codewort|sprachmodell|platzhalter)\\b|\\b(?:vergiss|vergessen|ignorier\\w{0,4}|missachte\\w{0,2})[ \\n]" WORDS(4) "(?:regeln|anweisungen|vorgaben|alles)\\b|"
    "\\b(?:die|deine|jede) (?:zusammenfassung|antwort|ausgabe) (?:muss|soll|darf)\\b|\\b(?:gib|gebe|zeige?|nenne)[ \\n]" WORDS(4) "(?:aus|kontakte|adressen|werten?)\\b",
    /* the same in other languages: a verb of forgetting and what is to be forgotten */
    "\\b(?:ignor[aei]\\w{0,4}|olvid\\w{1,3}|descart\\w{1,3}|esqueç\\w{1,2}|dimentic\\w{1,3}|oubli\\w{1,3}|negeer|vergeet|zignoruj\\w{0,3}|zapomnij|glöm|ignorera|glem|ignorer|unohda|ignoruj\\w{0,3}|"
    "zapome[nň]\\w{0,3}|uita|felejts\\w{0,4}|unut)\\b[ \\n]" WORDS(5)
        "(?:instruc\\w{2,8}|istruzion\\w|instruç\\w{2,4}|consignes|reglas|regole|regras|instructies|regels|instrukcj\\w|polecen\\w{1,3}|instruktion\\w{0,4}|regler\\w{0,2}|anvisning\\w{0,4}|pokyny|instrukce|"
        "instruc[tț]iuni\\w{0,3}|utas[ií]t[aá]s\\w{0,4}|ohjeet|talimat\\w{0,6})\\b|\\btalimat\\w{0,6}[ \\n](?:yok|unut|gör)\\w{0,4}",
    /* letters that Latin texts don't use: orders in them are known by their words as well */
    "(?:игнорируй|забудь|проигнорируй|не обращай|ігноруй|忽略|无视|無視|忘记|忘掉|忘れ|무시|잊어|تجاهل|انس|התעלם|अनदेखा|αγνόησε|ละเว้น)",
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
    struct lexicon_match first = {0}, m;
    bool hit = false, more;
    enum rc rc = normalise(text, n, DETECT_MAX_TEXT, &t, e);

    if (rc != RC_OK) return rc;
    rc = lexicon_begin(s->lexicon, t.text, t.n, e);
    if (rc == RC_OK) rc = lexicon_next(s->lexicon, &first, &hit, e);
    for (more = hit; rc == RC_OK && more;) { /* of those that begin there, the earliest in the list */
        rc = lexicon_next(s->lexicon, &m, &more, e);
        more = more && m.start == first.start;
        if (rc == RC_OK && more && m.pattern < first.pattern) first = m;
    }
    if (rc == RC_OK) {
        *found = hit;
        if (hit) normalise_span(&t, first.start, first.end, &first.start, &first.end);
        if (hit && start) *start = first.start;
        if (hit && end) *end = first.end;
    }
    normalise_clear(&t);
    return rc;
}
