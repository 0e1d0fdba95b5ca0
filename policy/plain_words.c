/* plain_words.c: see plain_words.h. */
#include "plain_words.h"

#include <stdlib.h>
#include <string.h>

#include "../base/err.h"
#include "../base/str.h"

/* clang-format off: lists, sorted by bytes */
static const char *const english[] = {
    "a", "about", "above", "accept", "accordingly", "account", "accounts", "across", "act", "action",
    "actions", "activities", "activity", "actual", "actually", "add", "addition", "additional",
    "additionally", "address", "after", "afternoon", "afterwards", "again", "against", "agenda", "ago",
    "ahead", "aim", "all", "allow", "almost", "along", "already", "also", "alternatively", "although",
    "always", "am", "among", "an", "and", "another", "answer", "answers", "any", "anyone", "anything",
    "anyway", "apart", "apologies", "apologise", "apologize", "appears", "apply", "approach", "appropriate",
    "april", "are", "area", "around", "arrange", "arrangement", "as", "aside", "ask", "asked", "asking",
    "asks", "aspect", "at", "attach", "attached", "attention", "available", "aware", "away", "back",
    "based", "basis", "be", "became", "because", "become", "been", "before", "began", "begin", "behalf",
    "behind", "being", "below", "beside", "besides", "best", "better", "between", "beyond", "both", "brief",
    "briefly", "bring", "brought", "business", "but", "by", "call", "called", "calling", "calls", "came",
    "can", "cannot", "case", "cases", "category", "cause", "certain", "certainly", "chance", "change",
    "changed", "changes", "chat", "check", "checking", "cheers", "choose", "clarify", "clear", "clearly",
    "close", "closed", "closes", "closing", "colleague", "colleagues", "come", "comes", "coming", "comment",
    "comments", "communication", "company", "compare", "complete", "concern", "concerned", "concerning",
    "concerns", "confirm", "connect", "consider", "considering", "contact", "contacted", "contacts",
    "content", "continue", "continued", "convenient", "conversation", "correct", "could", "couldn", "count",
    "course", "cover", "covers", "crm", "current", "currently", "customer", "customers", "data", "date",
    "dates", "day", "days", "deal", "dealing", "deals", "dear", "decide", "decision", "default", "depend",
    "depends", "describe", "described", "description", "detail", "detailed", "details", "did", "didn",
    "different", "direct", "directly", "discuss", "discussed", "discussing", "discussion", "do", "does",
    "doesn", "doing", "don", "done", "down", "dr", "draft", "due", "during", "each", "earlier", "earliest",
    "early", "either", "else", "email", "emails", "employee", "end", "ends", "english", "enough", "enquiry",
    "ensure", "entire", "entry", "especially", "established", "etc", "even", "evening", "event", "ever",
    "every", "everyone", "everything", "exact", "exactly", "example", "exchange", "exist", "existing",
    "expect", "expected", "explain", "explore", "far", "feedback", "feel", "few", "field", "file", "files",
    "final", "finally", "find", "fine", "first", "focus", "follow", "followed", "following", "follows",
    "for", "form", "formal", "forward", "found", "free", "friendly", "from", "full", "fully", "further",
    "furthermore", "future", "gave", "general", "generally", "german", "get", "gets", "getting", "give",
    "given", "gives", "giving", "glad", "go", "goes", "going", "gone", "good", "got", "great", "greetings",
    "group", "had", "handle", "happen", "happened", "happy", "has", "hasn", "have", "haven", "having", "he",
    "hear", "heard", "hearing", "held", "hello", "help", "helpful", "helping", "helps", "hence", "her",
    "here", "herself", "hesitate", "hi", "high", "him", "himself", "his", "hold", "holds", "hope", "hoping",
    "hour", "hours", "how", "however", "i", "idea", "if", "important", "in", "include", "included",
    "includes", "including", "inconvenience", "indeed", "indicate", "indicated", "individual", "industry",
    "inform", "information", "informed", "initial", "inquire", "inquiry", "instead", "intend", "intended",
    "interest", "interested", "interesting", "internal", "internally", "into", "introduce", "introduction",
    "involve", "involved", "involves", "is", "isn", "issue", "issues", "it", "item", "items", "its",
    "itself", "job", "join", "just", "keep", "keeping", "kept", "key", "kind", "kindly", "know", "knowing",
    "known", "last", "late", "later", "latest", "lead", "leads", "least", "leave", "left", "let", "letting",
    "like", "likely", "line", "list", "listed", "lists", "little", "ll", "long", "longer", "look",
    "looking", "looks", "lot", "madam", "made", "mail", "mails", "main", "mainly", "make", "makes",
    "making", "manage", "management", "manager", "many", "mark", "marked", "matter", "matters", "may",
    "maybe", "me", "mean", "meaning", "means", "meantime", "meanwhile", "meet", "meeting", "meetings",
    "mention", "mentioned", "mentions", "message", "messages", "might", "mind", "minute", "minutes",
    "missing", "moment", "month", "months", "more", "morning", "most", "mostly", "move", "moved", "moving",
    "mr", "mrs", "ms", "much", "must", "my", "myself", "name", "named", "namely", "names", "near", "nearly",
    "necessary", "need", "needed", "needs", "neither", "never", "nevertheless", "new", "newest", "news",
    "next", "nice", "no", "nobody", "none", "nor", "normal", "normally", "not", "note", "noted", "notes",
    "nothing", "notice", "noting", "now", "number", "object", "objective", "occur", "occurred", "occurs",
    "of", "off", "offer", "often", "ok", "okay", "old", "on", "once", "one", "ones", "ongoing", "only",
    "onto", "onward", "open", "opened", "opens", "opinion", "opportunities", "opportunity", "option",
    "options", "or", "order", "organisation", "organization", "original", "originally", "other", "others",
    "otherwise", "our", "ours", "out", "outcome", "outline", "outlined", "outlook", "outstanding", "over",
    "overall", "overdue", "overview", "own", "owned", "owner", "owns", "page", "part", "particular",
    "particularly", "partner", "partners", "party", "pass", "passed", "past", "people", "per", "perhaps",
    "period", "person", "personal", "phase", "phone", "pick", "picked", "picking", "place", "plan",
    "planned", "planning", "plans", "please", "pleased", "pleasure", "point", "points", "position",
    "possibility", "possible", "possibly", "prefer", "prepare", "prepared", "preparing", "present",
    "previous", "previously", "primary", "prior", "priority", "probably", "problem", "problems", "proceed",
    "process", "product", "products", "progress", "project", "projects", "proper", "properly", "propose",
    "proposes", "provide", "provided", "provides", "providing", "purpose", "put", "question", "questions",
    "quick", "quickly", "quite", "raise", "raised", "range", "rate", "rated", "rather", "rating", "re",
    "reach", "reached", "read", "ready", "real", "really", "reason", "reasons", "receive", "received",
    "receiving", "recent", "recently", "record", "recorded", "records", "refer", "reference", "referring",
    "regard", "regarding", "regards", "relate", "related", "relating", "relation", "relationship",
    "relevant", "remain", "remaining", "remains", "remember", "remind", "reminder", "renew", "renewal",
    "renewing", "reopen", "repeat", "reply", "report", "reported", "reports", "represent", "represents",
    "request", "requested", "requests", "require", "required", "requirement", "requirements", "requires",
    "resolve", "respect", "respond", "response", "rest", "result", "results", "return", "returned",
    "review", "reviewed", "reviewing", "right", "risk", "role", "round", "s", "said", "same", "say",
    "saying", "says", "schedule", "scheduled", "second", "section", "see", "seeing", "seek", "seeking",
    "seem", "seems", "seen", "send", "sending", "sends", "sent", "service", "services", "set", "shall",
    "share", "shared", "sharing", "she", "short", "shortly", "should", "show", "showed", "shown", "shows",
    "side", "similar", "simple", "simply", "since", "sincerely", "sir", "situation", "small", "so", "some",
    "someone", "something", "sometimes", "soon", "sorry", "source", "speak", "speaking", "specific",
    "specifically", "spoke", "spoken", "stage", "stages", "stand", "standing", "stands", "start", "started",
    "starting", "starts", "state", "stated", "statement", "states", "status", "stay", "step", "steps",
    "still", "stood", "strong", "subject", "such", "suggest", "suggested", "suggestion", "suggests", "suit",
    "suitable", "suits", "sum", "summarise", "summarize", "summary", "support", "sure", "t", "take",
    "taken", "takes", "taking", "talk", "talked", "talking", "task", "tasks", "team", "tell", "telling",
    "term", "terms", "than", "thank", "thanks", "that", "the", "their", "them", "themselves", "then",
    "there", "therefore", "these", "they", "thing", "things", "think", "this", "those", "though", "thought",
    "through", "throughout", "thus", "time", "times", "timing", "title", "to", "today", "together", "told",
    "too", "took", "topic", "topics", "total", "touch", "toward", "towards", "trouble", "truly", "try",
    "trying", "turn", "type", "under", "understand", "understanding", "understood", "unfortunately",
    "unless", "until", "up", "upcoming", "update", "updated", "updates", "upon", "us", "use", "used",
    "useful", "uses", "using", "usual", "usually", "value", "various", "ve", "versus", "very", "via",
    "view", "visit", "voice", "wait", "waiting", "want", "wanted", "wants", "was", "wasn", "way", "ways",
    "we", "week", "weeks", "welcome", "well", "went", "were", "weren", "what", "whatever", "when",
    "whenever", "where", "whether", "which", "while", "who", "whole", "whom", "whose", "why", "will",
    "wish", "wishes", "with", "within", "without", "won", "word", "words", "work", "worked", "working",
    "works", "worth", "would", "wouldn", "write", "writes", "writing", "written", "wrote", "year", "years",
    "yes", "yet", "you", "your", "yours", "yourself",
};
static const char *const german[] = {
    "a", "ab", "aber", "abschluss", "abschlussdatum", "abstimmen", "abstimmung", "account", "aktivität",
    "aktivitäten", "aktuell", "aktuelle", "aktuellen", "aktueller", "aktuelles", "all", "alle", "allem",
    "allen", "aller", "allerdings", "alles", "allgemein", "als", "also", "alt", "alten", "am", "an",
    "anbei", "andere", "anderem", "anderen", "anderer", "anderes", "anders", "anfang", "anfrage",
    "anfragen", "angaben", "angeben", "angebot", "angebote", "angefragt", "angegeben", "angehen",
    "angerufen", "angesprochen", "anhand", "anlass", "anlauf", "anliegen", "annehmen", "anruf", "anrufe",
    "anrufen", "anschauen", "anschließend", "ansehen", "ansicht", "ansprechen", "ansprechpartner",
    "ansprechpartnerin", "anstehen", "anstehende", "anstehenden", "ansteht", "antwort", "antworten",
    "anzahl", "april", "art", "auch", "auf", "aufgabe", "aufgaben", "aufgenommen", "aufgrund", "aufmerksam",
    "aufnahme", "aufnehmen", "auftrag", "aufträge", "aus", "ausblick", "ausführlich", "ausstehend",
    "ausstehende", "aussteht", "austausch", "austauschen", "außerdem", "bald", "bedanken", "bedarf",
    "bedeutet", "begann", "beginn", "beginnen", "bei", "beide", "beiden", "beim", "beispiel", "bekannt",
    "bekommen", "bereich", "bereit", "bereits", "beschreibung", "beschrieben", "besonders", "besprechen",
    "besprechung", "besser", "bestand", "beste", "bestehen", "bestehende", "bestehenden", "besteht",
    "besten", "bestimmt", "bestimmte", "bestimmten", "besuch", "beteiligt", "betreff", "betreffen",
    "betreffend", "betrifft", "bevor", "bezeichnet", "beziehung", "bezug", "bezüglich", "biete", "bin",
    "bis", "bisher", "bisherige", "bisherigen", "bist", "bitte", "bitten", "bleiben", "bleibt", "branche",
    "brauche", "brauchen", "braucht", "bringen", "da", "dabei", "dadurch", "dafür", "dagegen", "daher",
    "damit", "danach", "dank", "danke", "danken", "daran", "darauf", "daraus", "darf", "darum", "darüber",
    "das", "dass", "daten", "datensatz", "datum", "davon", "davor", "dazu", "dein", "deine", "dem",
    "demnächst", "den", "denen", "denn", "dennoch", "der", "deren", "derzeit", "derzeitige", "derzeitigen",
    "des", "deshalb", "dessen", "deutsch", "dich", "die", "dies", "diese", "diesem", "diesen", "dieser",
    "dieses", "dinge", "dir", "direkt", "doch", "dort", "du", "durch", "durchgehen", "dürfen", "e", "eben",
    "ebenfalls", "ebenso", "eigene", "eigenen", "ein", "einblick", "eindruck", "eine", "einem", "einen",
    "einer", "eines", "einfach", "eingegangen", "einige", "einigen", "einiges", "einschätzung",
    "einstufung", "eintrag", "einzelheiten", "einzelne", "einzelnen", "empfehlen", "ende", "endet",
    "englisch", "entscheidung", "entschuldigen", "entschuldigung", "entsprechend", "entsprechende", "er",
    "erfasst", "erfolgt", "erfragen", "ergeben", "ergebnis", "ergibt", "erhalten", "erinnern", "erinnerung",
    "erklären", "erlauben", "erste", "ersten", "erster", "erstes", "erwarten", "erwartet", "erwähnt",
    "erwünscht", "es", "etwa", "etwas", "euch", "euer", "eure", "fall", "falls", "fehlen", "fehlt", "fest",
    "finden", "findet", "firma", "folgen", "folgende", "folgenden", "folgendes", "folgt", "form",
    "formular", "frage", "fragen", "fragt", "fragte", "frau", "freude", "freue", "freuen", "freundlich",
    "freundliche", "freundlichen", "früh", "früher", "fällig", "fällige", "führen", "für", "gab", "ganz",
    "ganze", "ganzen", "gar", "gebe", "geben", "gegeben", "gegebenenfalls", "gegen", "gegenüber", "gehen",
    "geht", "gehört", "gelegenheit", "gemeinsam", "gemeinsame", "gemeinsamen", "gemeinsames", "gemeldet",
    "gemäß", "genannt", "genannte", "genannten", "genau", "genauer", "geplant", "geplante", "geplanten",
    "gerade", "gern", "gerne", "gesamt", "geschrieben", "geschäft", "geschäftlich", "gesendet", "gespannt",
    "gesprochen", "gespräch", "gespräche", "gesprächs", "gestellt", "gewesen", "gewünscht", "gewünschte",
    "gibt", "ging", "grund", "gründe", "grüße", "grüßen", "gut", "gute", "guten", "guter", "gutes", "hab",
    "habe", "haben", "habt", "hallo", "halten", "handelt", "hat", "hatte", "hatten", "herr", "herrn",
    "herzlich", "herzliche", "herzlichen", "heute", "hier", "hilfe", "hilfreich", "hilft", "hinsichtlich",
    "hinweis", "hinweise", "hinweisen", "hoffe", "hoffen", "hätte", "hätten", "hören", "ich", "ihm", "ihn",
    "ihnen", "ihr", "ihre", "ihrem", "ihren", "ihrer", "ihres", "im", "immer", "in", "indem", "info",
    "information", "informationen", "informieren", "inhalt", "inhaltlich", "insbesondere", "insgesamt",
    "interesse", "interessiert", "intern", "interne", "internen", "interner", "internes", "inzwischen",
    "irgendwelche", "ist", "ja", "jahr", "jahre", "jahren", "je", "jede", "jedem", "jeden", "jedenfalls",
    "jeder", "jederzeit", "jedes", "jedoch", "jetzt", "jeweils", "kam", "kann", "kannst", "kategorie",
    "kein", "keine", "keinem", "keinen", "keiner", "kennen", "kennenlernen", "klar", "kläre", "klären",
    "klärung", "komme", "kommen", "kommende", "kommenden", "kommt", "konnte", "konnten", "kontakt",
    "kontakte", "kontaktieren", "kontaktiert", "kunde", "kunden", "kundin", "kurz", "kurze", "kurzem",
    "kurzen", "kurzer", "kurzes", "können", "könnte", "könnten", "laden", "lang", "lange", "langen",
    "lassen", "laufen", "laufend", "laufende", "laut", "lead", "leid", "leider", "letzte", "letztem",
    "letzten", "letzter", "letztes", "lieb", "liebe", "lieber", "liegen", "liegt", "link", "liste",
    "länger", "lässt", "läuft", "mache", "machen", "macht", "mail", "mails", "mal", "man", "manche", "mehr",
    "mehrere", "mehreren", "mein", "meine", "meinem", "meinen", "meiner", "meist", "meisten", "melde",
    "melden", "meldet", "meldung", "mich", "minute", "minuten", "mir", "mit", "mitarbeiter", "mitgeteilt",
    "mithilfe", "mitteilen", "mitteilung", "mittlerweile", "moment", "momentan", "monat", "monate",
    "monaten", "morgens", "muss", "musste", "möchte", "möchten", "möglich", "mögliche", "möglichen",
    "möglicher", "möglichkeit", "möglichkeiten", "möglichst", "müssen", "nach", "nachdem", "nachfassen",
    "nachfrage", "nachfragen", "nachricht", "nachrichten", "nahe", "name", "namen", "natürlich", "neben",
    "nehmen", "nein", "nennen", "nennt", "neu", "neue", "neuem", "neuen", "neuer", "neues", "nicht",
    "nichts", "nie", "noch", "nochmal", "nochmals", "notiert", "notiz", "notizen", "nun", "nur", "nutzen",
    "nächste", "nächstem", "nächsten", "nächster", "nächstes", "nötig", "ob", "oben", "oder", "offen",
    "offenbar", "offene", "offenem", "offenen", "offener", "offenes", "oft", "ohne", "option", "optionen",
    "ordnung", "organisation", "paar", "passen", "passend", "passende", "passenden", "passt", "person",
    "persönlich", "persönliche", "persönlichen", "phase", "plan", "plane", "planen", "plant", "position",
    "priorität", "pro", "problem", "probleme", "problemen", "projekt", "projekte", "prozess", "prüfen",
    "prüfung", "punkt", "punkte", "punkten", "quelle", "rahmen", "reagieren", "rede", "reden", "richtig",
    "rief", "risiko", "rolle", "rund", "rückblick", "rückfrage", "rückfragen", "rückmelden", "rückmeldung",
    "rückruf", "s", "sache", "sage", "sagen", "sagt", "sagte", "schauen", "schicke", "schicken", "schickt",
    "schlage", "schlägt", "schnell", "schon", "schreibe", "schreiben", "schreibt", "schrieb", "schrieben",
    "schritt", "schritte", "schritten", "sehe", "sehen", "sehr", "sei", "sein", "seine", "seinem", "seinen",
    "seiner", "seit", "seitdem", "seite", "seiten", "seitens", "selbst", "selbstverständlich", "sende",
    "senden", "sendet", "sich", "sicher", "sicherlich", "sie", "sieht", "sind", "sinnvoll", "situation",
    "so", "sobald", "sofern", "sofort", "sogar", "solche", "soll", "sollen", "sollte", "sollten", "somit",
    "sondern", "sonst", "sowie", "sowohl", "sprechen", "spricht", "später", "spätestens", "stand", "statt",
    "stattfinden", "status", "stehe", "stehen", "steht", "stelle", "stellen", "stellt", "stellung", "stets",
    "stimmt", "stufe", "stunde", "stunden", "tag", "tage", "tagen", "tages", "team", "teil", "teile",
    "teilen", "teilnehmer", "teilt", "teilte", "telefon", "telefonat", "telefonieren", "telefonisch",
    "termin", "termine", "terminen", "terminvorschlag", "text", "thema", "themen", "tritt", "trotz",
    "trotzdem", "tun", "tut", "typ", "um", "umfang", "umfasst", "unannehmlichkeiten", "und", "uns", "unser",
    "unsere", "unserem", "unseren", "unserer", "unter", "unterlagen", "unternehmen", "unterstütze",
    "unterstützen", "unterstützung", "update", "usw", "verbleiben", "verbleibende", "verbleibenden",
    "vereinbaren", "vereinbart", "vereinbarung", "verfügbar", "verfügung", "verkauf", "verkaufschance",
    "verlauf", "verlaufen", "verlängerung", "vermerkt", "verstanden", "verstehen", "verständnis",
    "vertrieb", "verwenden", "viel", "viele", "vielen", "vieles", "vielleicht", "vom", "von", "vor",
    "vorab", "voran", "voraussichtlich", "vorgang", "vorgehen", "vorgesehen", "vorgestellt", "vorhaben",
    "vorhanden", "vorhandene", "vorher", "vorliegen", "vorliegt", "vorschlag", "vorschlagen", "vorschläge",
    "vorstellen", "vorstellung", "wann", "war", "waren", "warten", "wartet", "warum", "was", "weg", "wegen",
    "weil", "weise", "weiter", "weitere", "weiterem", "weiteren", "weiterer", "weiteres", "weitergehen",
    "weiterhin", "weiterkommen", "weitermachen", "welche", "welchem", "welchen", "welcher", "welches",
    "wen", "wenig", "wenige", "weniger", "wenn", "wer", "werde", "werden", "wert", "weshalb", "wettbewerb",
    "wettbewerber", "wichtig", "wichtige", "wichtigen", "wie", "wieder", "wiederum", "will", "wir", "wird",
    "wirklich", "wissen", "wo", "woche", "wochen", "wofür", "wohl", "wollen", "wollte", "womit", "worden",
    "wort", "worte", "worum", "wunsch", "wurde", "wurden", "während", "wäre", "wären", "wünsche",
    "wünschen", "wünscht", "würde", "würden", "zeigen", "zeigt", "zeit", "zeiten", "zeitnah", "zeitplan",
    "zeitpunkt", "zeitraum", "ziel", "ziele", "zu", "zudem", "zuerst", "zufrieden", "zuletzt", "zum",
    "zunächst", "zur", "zurzeit", "zurück", "zusammen", "zusammenarbeit", "zusammenfassung", "zustand",
    "zuständig", "zuständige", "zuständigen", "zusätzlich", "zusätzliche", "zwar", "zweck", "zwischen",
    "ändern", "änderung", "änderungen", "über", "überall", "überblick", "überfällig", "überfällige",
    "überschritten", "übersicht",
};
/* clang-format on */

static int compare(const void *a, const void *b)
{
    return strcmp(a, *(const char *const *)b);
}

static bool listed(const char *word, size_t language)
{
    if (language == 1) return bsearch(word, german, COUNT_OF(german), sizeof(*german), compare) != NULL;
    return bsearch(word, english, COUNT_OF(english), sizeof(*english), compare) != NULL;
}

#define MAX_ENDINGS 12
static const char *const endings[2][MAX_ENDINGS] = {
    {"s", "es", "ed", "d", "ing", "ly", "er", "r"},
    {"e", "en", "em", "er", "es", "n", "s", "t", "te", "ten", "st", "et"},
};

void plain_stems(const char *word, size_t language, size_t *lengths, size_t *n)
{
    size_t len = strlen(word);

    *n = 0;
    lengths[(*n)++] = len;
    for (size_t i = 0; i < MAX_ENDINGS && endings[language][i]; i++) {
        size_t k = strlen(endings[language][i]);
        if (len >= k + 3 && strcmp(word + len - k, endings[language][i]) == 0) lengths[(*n)++] = len - k;
    }
}

bool plain_word(const char *word, size_t language)
{
    size_t lengths[MAX_ENDINGS + 1], n;
    char stem[64];

    if (strlen(word) >= sizeof(stem) - 1) return false;
    if (listed(word, language)) return true;
    plain_stems(word, language, lengths, &n);
    for (size_t i = 1; i < n; i++) {
        memcpy(stem, word, lengths[i]);
        stem[lengths[i]] = '\0';
        if (listed(stem, language)) return true;
        strcpy(stem + lengths[i], language == 1 ? "en" : "e"); /* "arranging", "klärt" */
        if (listed(stem, language)) return true;
    }
    return false;
}

/* ---- numbers ---------------------------------------------------------------------------------------------------- */

static bool in(const char *word, const char *list)
{
    size_t n = strlen(word);

    for (const char *at = list; n && (at = strstr(at, word)); at++)
        if ((at == list || at[-1] == ' ') && (at[n] == ' ' || at[n] == '\0')) return true;
    return false;
}

bool plain_number(const char *word, size_t language)
{
    static const char *const numbers[2] = {
        "two three four five six seven eight nine ten eleven twelve thirteen fourteen fifteen sixteen seventeen "
        "eighteen nineteen twenty thirty forty fifty sixty seventy eighty ninety hundred hundreds thousand thousands "
        "million millions billion billions dozen dozens twice thrice",
        "zwei drei vier fünf sechs sieben acht neun zehn elf zwölf dreizehn vierzehn fünfzehn sechzehn siebzehn "
        "achtzehn neunzehn hundert hunderte tausend tausende million millionen milliarde milliarden dutzend dutzende "
        "zweimal dreimal viermal"};

    if (in(word, numbers[language])) return true;
    /* "zwanzig", "dreiundvierzig", "zweihundert", "fünftausend" */
    return language == 1 && (str_ends(word, "zig") || str_ends(word, "ßig") || str_ends(word, "hundert") ||
                             str_ends(word, "tausend"));
}

bool plain_relative_day(const char *word)
{
    return in(word, "tomorrow yesterday tonight gestern übermorgen vorgestern");
}

/* ---- what happened ---------------------------------------------------------------------------------------------- */

/* One row, one meaning; "word*" is a beginning. */
static const char *const events[] = {
    "agreed agrees accepted accepts approved approves approval confirmed confirms confirmation committed commits "
    "consented endorsed zugestimmt zustimmt zustimmung zugesagt zusage akzeptier* genehmig* freigegeben freigabe "
    "bestätigt bestätigung bewilligt einverstanden einig geeinigt beschlossen",
    "signed signs countersigned unterschrieben unterschreib* unterzeichn*",
    "ordered orders purchased purchases bought buys bestellt bestell* gekauft kauft beauftragt* erworben",
    "rejected rejects declined declines refused refuses denied vetoed abgelehnt ablehn* lehnt verweiger* "
    "zurückgewiesen",
    "cancelled canceled cancels terminated terminates withdrew withdrawn gekündigt kündig* storniert stornier* "
    "abgesagt absage* zurückgezogen",
    "paid pays payment invoiced überwiesen bezahlt gezahlt zahlt zahlung beglichen",
    "delivered delivers shipped ships installed geliefert liefert ausgeliefert versandt versendet installiert",
    "complained complains complaint complaints unhappy angry dissatisfied furious beschwert beschwer* verärgert "
    "unzufrieden reklamier* reklamation*",
    "won gewonnen gewinnt",
    "lost loses verloren verliert",
    "increased increases raises doubled tripled erhöht erhöh* gestiegen steigt verdoppel*",
    "reduced reduces decreased lowered halved cut gesenkt senkt gekürzt kürzt reduzier* verringer*",
    "discount* rebate* rabatt* nachlass* preisnachlass* skonto",
    "sued sues lawsuit* litigation verklagt klage klagt gerichtlich*",
    "resigned resigns fired hired promoted quit entlassen eingestellt befördert",
    "acquired acquires acquisition merged merger bankrupt* insolven* fusion* übernommen übernahme",
    "guaranteed guarantee* garant*",
    "delayed postponed verschoben verzöger* vertagt",
};

static bool matches(const char *word, const char *list)
{
    size_t n = strlen(word);

    while (*list) {
        size_t len = strcspn(list, " "), fixed = len - (list[len - 1] == '*');

        if (n >= fixed && memcmp(word, list, fixed) == 0 && (n == fixed || fixed < len)) return true;
        list += len + (list[len] == ' ');
    }
    return false;
}

int plain_event(const char *word)
{
    for (size_t i = 0; i < COUNT_OF(events); i++)
        if (matches(word, events[i])) return (int)i;
    return -1;
}
