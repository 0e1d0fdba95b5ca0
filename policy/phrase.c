/* phrase.c: see phrase.h. */
#include "phrase.h"

#include <string.h>

#include "text.h"

#define GAP_WORDS 4

/* One word against "a|b*" of n bytes. */
static bool word_matches(const char *pattern, size_t n, const char *word)
{
    size_t len = strlen(word);

    while (n > 0) {
        const char *bar = memchr(pattern, '|', n);
        size_t k = bar ? (size_t)(bar - pattern) : n, fixed = k - (pattern[k - 1] == '*');

        if (len >= fixed && memcmp(word, pattern, fixed) == 0 && (len == fixed || fixed < k)) return true;
        if (!bar) return false;
        n -= k + 1;
        pattern = bar + 1;
    }
    return false;
}

bool phrase_at(const char *phrase, const struct tokens *t, size_t at)
{
    while (*phrase) {
        size_t n = strcspn(phrase, " ");
        const char *rest = phrase + n + (phrase[n] == ' ');

        if (*phrase == '~') {
            for (size_t skip = 0; skip <= GAP_WORDS && at + skip <= t->n; skip++)
                if (phrase_at(rest, t, at + skip)) return true;
            return false;
        }
        if (at >= t->n || !word_matches(phrase, n, t->items[at].fold)) return false;
        at++;
        phrase = rest;
    }
    return true;
}

bool phrase_in(const char *phrase, const struct tokens *t)
{
    for (size_t i = 0; i < t->n; i++)
        if (phrase_at(phrase, t, i)) return true;
    return false;
}

static bool any_in(const char *const *phrases, size_t n, const struct tokens *t)
{
    for (size_t i = 0; i < n; i++)
        if (phrase_in(phrases[i], t)) return true;
    return false;
}

/* We say that we will. */
static const char *const promises[] = {
    "we|i ~ guarantee*|promise*|commit*|undertake|warrant|ensure",
    "we|i will|shall|ll ~ deliver|ship|install|refund|compensate|reimburse|waive|credit|pay|match|extend",
    "we|i can|could|will|ll ~ offer|give|grant|reduce|lower ~ discount*|price*|rebate*|off|free|percent",
    "we|i ~ lower|reduce|cut ~ price*",
    "we|i ~ accept ~ liability|responsibility|terms|contract",
    "wir|ich ~ garantier*|versprech*|zusichern|gewährleist*|verpflicht*|haft*",
    "wir|ich sagen|sage|sichern|sichere ~ zu", "garantier*|versprech*|gewähr*|verpflicht* wir|ich",
    "wir|ich ~ liefern|liefere|erstatten|erstatte|gewähren|gewähre|übernehmen|übernehme",
    "liefern|erstatten|gewähren|übernehmen wir",
};
/* Told to a customer, that is one, whoever the subject is. */
static const char *const offers[] = {
    "you will|ll ~ get|receive|have ~ discount*|refund*|free|credit|delivery|goods",
    "discount*|rebate*|guarantee*|refund*|penalty|hereby", "free of charge", "at no cost", "no charge", "for free",
    "money back", "best|lowest|fixed price*", "price match", "legally binding", "binding offer", "percent off",
    "off ~ price*", "delivery|delivered by|on|within",
    "sie erhalten|bekommen ~ lieferung|ware",
    "rabatt*|nachlass*|preisnachlass*|skonto|kostenlos*|kostenfrei*|gratis|garant*|gewährleist*|erstatt*|gutschrift*",
    "rechtsverbindlich*|verbindlich*|hiermit|vertragsstrafe*|haftung*|festpreis*|bestpreis*|liefertermin*",
    "lieferung|geliefert bis|am|innerhalb",
};

bool phrase_promise(const struct tokens *t)
{
    return any_in(promises, COUNT_OF(promises), t) || any_in(offers, COUNT_OF(offers), t);
}

/* What may be promised. */
#define GOODS "discount*|rebate*|refund*|credit|warranty|guarantee*|penalty|exclusivity|liability|delivery|deadline|sla|price*|free|off"
#define WAREN "rabatt*|nachlass*|preisnachlass*|skonto|gutschrift*|erstattung|garantie*|gewährleistung|haftung|exklusivität|lieferung|liefertermin*|festpreis*|" \
              "preisgarantie|vertragsstrafe*|kostenlos*|gratis"

/* Verbs of commitment whose subject stands before them, if it is said at all. */
static const char *const committed[] = {
    "promise*|guarantee*|pledge*|warrant", "committed|commits|commit to", "granted|grants|conceded|waived|waives",
    "offered|offers|agreed|agrees|confirmed|confirms|accepted|assured|approved ~ " GOODS,
    "versprach|versprachen|versprochen|versprechen|garantiert*|zugesichert|zugesagt|sicherte|sicherten",
    "gewährt*|eingeräumt|erlassen", "angeboten|vereinbart|bestätigt|akzeptiert|genehmigt ~ " WAREN,
    WAREN " ~ angeboten|vereinbart|bestätigt|akzeptiert|genehmigt",
};
static const char *const passive[] = {
    GOODS " ~ was|were|is|are|been promised|granted|agreed|offered|confirmed|guaranteed|approved",
    GOODS " promised|granted|agreed|offered|confirmed|guaranteed",
};
static const char *const theirs = "[PERSON_*|[ORG_*|customer|client|buyer|lead|prospect|supplier|they|he|she|you|kunde|kundin|kunden|lieferant|er|sie|ihr";

#define SUBJECT_REACH 4 /* words between a subject and its verb */

/* Somebody of the other side is the subject of the verb at `at`. */
static bool is_theirs(const struct tokens *t, size_t at)
{
    for (size_t i = at > SUBJECT_REACH ? at - SUBJECT_REACH : 0; i < at; i++)
        if (phrase_at(theirs, t, i)) return true;
    return false;
}

bool phrase_commitment(const struct tokens *t)
{
    if (any_in(promises, COUNT_OF(promises), t) || any_in(passive, COUNT_OF(passive), t)) return true;
    for (size_t k = 0; k < COUNT_OF(committed); k++)
        for (size_t i = 0; i < t->n; i++)
            if (phrase_at(committed[k], t, i) && !is_theirs(t, i)) return true;
    return false;
}

static const char *const attributions[] = {
    "wrote|writes|said|says|mentioned|mentions|reported|reports|asked|asks|told|tells|claimed|claims|stated|states",
    "called|calls|requested|requests|noted|explained|suggested|announced|expects|wants|informed",
    "according to", "from an earlier message", "aus einer früheren nachricht",
    "from|by your ~ message|mail|email|note|letter|request|enquiry|inquiry|call|form",
    "in|of|for|to your ~ message|mail|email|note|letter|request|enquiry|inquiry|call|form",
    "message|mail|email|note|call|chat|letter|request|enquiry|inquiry from|with|by|of",
    "your|this question", "as you", "you ~ write|wrote|mentioned|said|asked|told|requested|reported|want|wanted|need",
    "the customer|caller|sender|client|lead",
    "schrieb*|schreibt|sagte*|sagt|erwähnte*|erwähnt|berichtete*|berichtet|fragte*|fragt|bat|baten|bittet|meldete*|"
    "meldet|nannte*|nennt|behauptet*|teilte|teilt|rief|erklärte*|wünscht*|forderte|fordert|geschrieben|mitgeteilt|"
    "gemeldet|angerufen|erwähnten|geschildert",
    "laut|gemäß|zufolge",
    "nach angabe*|aussage*|auskunft",
    "ihr|ihre|ihrer|ihrem|ihren ~ nachricht|mail|e|email|anfrage|schreiben|anruf|rückmeldung|hinweis|bitte|frage",
    "nachricht|mail|anruf|notiz|chat|anfrage|schreiben von|vom|mit",
    "diese|deine ~ frage", "sie|du schreiben|schreibst", "wie sie", "der|die kunde|kundin|anrufer*|absender*",
};

bool phrase_attributed(const struct tokens *t)
{
    return any_in(attributions, COUNT_OF(attributions), t);
}

#define FORBIDDEN_WORDS 32
#define ENDING_BYTES 3

bool phrase_forbidden(const char *phrase, const struct tokens *t)
{
    struct stretch words[FORBIDDEN_WORDS];
    size_t n = 0, pos = 0, len = strlen(phrase);
    char fold[256];

    while (n < FORBIDDEN_WORDS && text_word(phrase, len, &pos, &words[n])) n++;
    for (size_t i = 0; n && i + n <= t->n; i++) {
        size_t k = 0;
        for (; k < n; k++) {
            const char *word = t->items[i + k].fold;
            size_t m = text_fold(phrase + words[k].start, words[k].end - words[k].start, fold, sizeof(fold));
            size_t rest = strlen(word) - (strncmp(word, fold, m) == 0 ? m : 0);
            if (strncmp(word, fold, m) != 0 || rest > (k + 1 == n && m > 3 ? ENDING_BYTES : 0)) break;
        }
        if (k == n) return true;
    }
    return false;
}
