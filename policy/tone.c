/* tone.c: see tone.h. The lists hold stems and phrases that mean nothing else in business; a word that does ("scrap" and
 * "rubbish" are goods to some, "retardant" is a product) stands only in a phrase. */
#include "tone.h"

#include <string.h>
#include <unicode/uchar.h>
#include <unicode/uscript.h>

#include "../base/err.h"
#include "../base/str.h"
#include "defuse.h"
#include "phrase.h"

static const char *const phrases[] = {
    /* insults and vulgar words */
    "idiot*|moron*|imbecile*|stupid|stupidity|dumbass*|asshole*|arsehole*|bastard*|bitch*|cunt*|dickhead*|wanker*|twat*|scumbag*|loser*",
    "fuck*|fucking|motherfuck*|shit|shitty|bullshit*|crap|crappy|damn|goddamn|piss|pissed",
    "idiotisch*|idioten*|trottel*|depp|deppen|vollidiot*|arschloch*|arschlöcher*|wichser*|hurensohn*|schlampe*|drecksack*|dreckskerl*|vollpfosten|dumpfbacke*",
    "scheiß*|scheiss*|kacke|verdammt*|verflucht*|bescheuert*|verblödet*|schwachsinn*|blöder|blöde|blödes|dämlich*|saublöd*",
    /* slurs on groups */
    "nigger*|nigga*|faggot*|retard|retards|retarded|tranny*|kike*|spic|paki*|gook*|wetback*",
    "kanake*|neger*|schwuchtel*|zigeuner*|spast|spasti|krüppel*|untermensch*|judensau|kameltreiber*|schlitzauge*",
    /* threats */
    "i|we will|ll ~ hurt|destroy|ruin|kill ~ you", "you will|ll regret", "or else you|we|i", "we know where you",
    "ich|wir werde|werden ~ dich|sie|euch ~ fertigmachen|vernichten|ruinieren", "das|dies werden sie|du bereuen|bereust", "wir wissen wo sie|du",
    /* pressure on the reader */
    "last|final chance", "act now", "sign now or", "before it is too late", "you have no choice", "you must buy", "we insist that you",
    "letzte chance", "handeln sie jetzt|sofort", "unterschreiben sie jetzt|sofort", "bevor es zu spät", "sie haben keine wahl", "sie müssen kaufen",
    /* how a person works is no subject of a brief */
    "he|she|who is|was ~ incompetent|lazy|useless|clueless|unprofessional|dishonest|liar|crook*",
    "er|sie ist|war|sind ~ unfähig|faul|nutzlos|ahnungslos|inkompetent|verlogen|unehrlich", "liar|liars|crook|crooks|lügner*|betrüger*|gauner*",
    /* contempt for what is sold */
    "garbage|rubbish|worthless|pathetic|disgusting product*|service|company|people", "product*|service|company is|are garbage|rubbish|worthless|crap",
    "schrott|müll|widerlich*|erbärmlich* produkt*|firma|leute", "unzumutbare|widerliche|erbärmliche leute|kunden",
};

/* "[PERSON_1] is lazy": a slot for a person, then a judgement. */
static bool judges_person(const struct tokens *t)
{
    static const char *const verdicts = "is|was|seems|ist|war|wirkt ~ incompetent|lazy|useless|clueless|unprofessional|dishonest|stupid|arrogant|unfähig|faul|nutzlos|"
                                        "ahnungslos|inkompetent|unehrlich|dumm|überfordert";

    for (size_t i = 0; i + 1 < t->n; i++)
        if (t->items[i].slot && (str_starts(t->items[i].fold, "[PERSON_") || str_starts(t->items[i].fold, "[STAFF_")) && phrase_at(verdicts, t, i + 1))
            return true;
    return false;
}

bool check_tone(const struct tokens *t)
{
    for (size_t i = 0; i < COUNT_OF(phrases); i++)
        if (phrase_in(phrases[i], t)) return true;
    return judges_person(t);
}

/* ---- no prose --------------------------------------------------------------------------------------------------- */

static bool foreign_script(const char *s)
{
    size_t n = strlen(s);

    for (size_t i = 0; i < n;) {
        uint32_t cp;
        UErrorCode error = U_ZERO_ERROR;
        UScriptCode script;

        i += utf8_decode(s + i, n - i, &cp);
        if (cp < 0x250 || !u_isalpha((UChar32)cp)) continue;
        script = uscript_getScript((UChar32)cp, &error);
        if (script != USCRIPT_LATIN && script != USCRIPT_COMMON && script != USCRIPT_INHERITED && script != USCRIPT_GREEK) return true; /* µ, Ω */
    }
    return false;
}

bool check_markup(const char *s)
{
    size_t n = strlen(s);

    if (n && strchr("=@", s[0])) return true;
    for (size_t i = 0; i < n; i++) {
        char next = s[i + 1];
        if (strchr("{}\\`^", s[i]) || (s[i] == '<' && next && next != ' ' && !strchr("0123456789", next)) || (s[i] == '>' && i && s[i - 1] != ' ')) return true;
        if (s[i] == '=' && next >= 'A' && next <= 'z' && (!i || s[i - 1] == ' ')) return true;
        if (s[i] == '(' && (next == '(' || (i && s[i - 1] == ')'))) return true; /* "(text)(link)" */
        if ((s[i] == '&' && next == '#') || (s[i] == '!' && next == '(') || (s[i] == '$' && next == '(')) return true;
        if (s[i] == '|' && ((next && strchr(">(=", next)) || (i && strchr("<=", s[i - 1])))) return true;
    }
    for (size_t i = 0, end; i < n; i = end + 1) {
        for (end = i; end < n && s[end] != ' ' && s[end] != '\n';) end++;
        if (!memchr(s + i, '|', end - i) && (defuse_is_link(s + i, end - i) || defuse_is_encoded(s + i, end - i))) return true;
    }
    return foreign_script(s);
}
