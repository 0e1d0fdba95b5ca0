/* passages.c: see passages.h and policy.h. */
#include "passages.h"

#include <stdlib.h>
#include <string.h>

#include "../base/arena.h"
#include "../base/str.h"
#include "admit.h"
#include "notes.h"
#include "salience.h"
#include "text.h"

#define ARENA_LIMIT ((size_t)4 << 20)
#define MOST_GREETING_WORDS 5
#define MOST_FAREWELL_WORDS 7

struct policy_passages {
    struct arena arena;
    struct policy_passage items[POLICY_MAX_PASSAGES];
    size_t n;
};

/* ---- what is not said to others ---------------------------------------------------------------------------------- */

/* Words in a row; a slot counts as "*". */
struct run {
    const char *words[6];
};

static const struct run greetings[] = {
    {{"hi"}}, {{"hello"}}, {{"hey"}}, {{"dear"}}, {{"good", "morning"}}, {{"good", "afternoon"}}, {{"good", "evening"}}, {{"morning"}},
    {{"hallo"}}, {{"guten", "tag"}}, {{"guten", "morgen"}}, {{"guten", "abend"}}, {{"sehr", "geehrte"}}, {{"sehr", "geehrter"}},
    {{"liebe"}}, {{"lieber"}}, {{"moin"}}, {{"servus"}}, {{"grüß", "gott"}}, {{"grüezi"}}, {{"bonjour"}},
};
static const struct run farewells[] = {
    {{"regards"}}, {{"best"}}, {{"best", "regards"}}, {{"kind", "regards"}}, {{"warm", "regards"}}, {{"best", "wishes"}}, {{"many", "thanks"}},
    {{"cheers"}}, {{"thanks"}}, {{"thank", "you"}}, {{"thx"}}, {{"sincerely"}}, {{"yours"}}, {{"have", "a", "good"}}, {{"have", "a", "great"}},
    {{"have", "a", "nice"}}, {{"talk", "soon"}}, {{"speak", "soon"}}, {{"all", "the", "best"}},
    {{"gruß"}}, {{"grüße"}}, {{"viele", "grüße"}}, {{"beste", "grüße"}}, {{"liebe", "grüße"}}, {{"schöne", "grüße"}}, {{"mit", "freundlichen"}},
    {{"mit", "freundlichem"}}, {{"mit", "besten"}}, {{"danke"}}, {{"vielen", "dank"}}, {{"besten", "dank"}}, {{"mfg"}}, {{"vg"}}, {{"lg"}},
    {{"schönes", "wochenende"}}, {{"bis", "bald"}}, {{"bis", "dann"}}, {{"cordialement"}},
};
static const struct run private_cues[] = {
    {{"between", "us"}}, {{"between", "you", "and", "me"}}, {{"off", "the", "record"}}, {{"keep", "this", "to", "yourself"}},
    {{"keep", "it", "to", "yourself"}}, {{"keep", "this", "quiet"}}, {{"keep", "it", "quiet"}}, {{"in", "confidence"}}, {{"confidentially"}},
    {{"do", "not", "mention"}}, {{"don't", "mention"}}, {{"don", "t", "mention"}}, {{"not", "to", "be", "mentioned"}}, {{"do", "not", "tell"}},
    {{"don't", "tell"}}, {{"don", "t", "tell"}}, {{"do", "not", "repeat"}}, {{"out", "of", "the", "report"}}, {{"out", "of", "the", "notes"}},
    {{"out", "of", "the", "minutes"}}, {{"not", "for", "the", "report"}}, {{"strictly", "private"}}, {{"personal", "matter"}},
    {{"alcohol"}}, {{"drunk"}}, {{"drinking", "again"}}, {{"divorce"}}, {{"divorced"}}, {{"mistress"}}, {{"his", "affair"}}, {{"her", "affair"}},
    {{"having", "an", "affair"}}, {{"alkohol"}}, {{"betrunken"}}, {{"säuft"}}, {{"scheidung"}}, {{"geschieden"}}, {{"ehekrise"}}, {{"affäre"}},
    {{"unter", "uns"}}, {{"im", "vertrauen"}}, {{"vertraulich"}}, {{"nicht", "weitersagen"}}, {{"nicht", "weitererzählen"}},
    {{"nicht", "erwähnen"}}, {{"nicht", "ansprechen"}}, {{"bitte", "für", "sich"}}, {{"nicht", "im", "bericht"}}, {{"nicht", "ins", "protokoll"}},
    {{"behalten", "sie", "das", "für"}}, {{"privatsache"}},
};

static bool is_run(const struct tokens *t, size_t at, const struct run *r)
{
    for (size_t i = 0; i < COUNT_OF(r->words) && r->words[i]; i++)
        if (at + i >= t->n || !str_eq(t->items[at + i].fold, r->words[i])) return false;
    return true;
}

static bool starts_with_one(const struct tokens *t, size_t at, const struct run *list, size_t n)
{
    for (size_t i = 0; i < n; i++)
        if (is_run(t, at, &list[i])) return true;
    return false;
}

/* Words that weigh make it more than a frame: "Thanks, we sign on [DATE_1]." */
static bool says_something(const struct tokens *t)
{
    for (size_t i = 0; i < t->n; i++)
        if (t->items[i].digit || salience_word(t->items[i].fold) ||
            (t->items[i].slot && !str_starts(t->items[i].fold, "[PERSON_") && !str_starts(t->items[i].fold, "[STAFF_")))
            return true;
    return false;
}

/* "[PERSON_1]", "Bea [PERSON_1]" */
static bool is_signature(const struct tokens *t)
{
    return t->n <= 2 && t->items[t->n - 1].slot && (t->n == 1 || t->items[0].slot || t->items[0].capital);
}

bool passage_is_frame(const struct tokens *t)
{
    if (t->n == 0) return true;
    if (t->n > MOST_FAREWELL_WORDS || says_something(t)) return false;
    return (t->n <= MOST_GREETING_WORDS && starts_with_one(t, 0, greetings, COUNT_OF(greetings))) ||
           starts_with_one(t, 0, farewells, COUNT_OF(farewells)) || is_signature(t);
}

bool passage_is_private(const struct tokens *t)
{
    for (size_t i = 0; i < t->n; i++)
        if (starts_with_one(t, i, private_cues, COUNT_OF(private_cues))) return true;
    return false;
}

/* ---- one passage ------------------------------------------------------------------------------------------------- */

/* "- ", "* ", "1) " and what of white space and dashes stands around a sentence. */
static void trim(const char **s, size_t *n)
{
    while (*n && strchr(" \t\r\n-*|>/", (*s)[0])) (*s)++, (*n)--;
    while (*n && strchr(" \t\r\n-*|,;:/", (*s)[*n - 1])) (*n)--;
}

/* "Hi [PERSON_1], two questions: ..." and "[PERSON_1]: wants a price" without their beginnings (the lead says who);
 * "... by Friday best regards [PERSON_1]" without its end. */
static void cut_frame(const struct tokens *t, const char *whole, const char **s, size_t *n)
{
    const char *end = *s + *n, *comma;
    size_t behind = 0; /* words before the comma */

    if (t->n > 3 && t->items[0].slot && t->items[0].start == 0 && strchr(",:", whole[t->items[0].end]) &&
        (str_starts(t->items[0].fold, "[PERSON_") || str_starts(t->items[0].fold, "[STAFF_"))) {
        *s = whole + t->items[0].end + 1;
        *n = (size_t)(end - *s);
    }
    if (starts_with_one(t, 0, greetings, COUNT_OF(greetings)) && (comma = memchr(*s, ',', *n))) {
        while (behind < t->n && whole + t->items[behind].start < comma) behind++;
        if (behind < t->n && behind < MOST_GREETING_WORDS) {
            *s = comma + 1;
            *n = (size_t)(end - *s);
        }
    }
    for (size_t i = t->n > 5 ? t->n - 5 : 1; i < t->n; i++)
        if (t->items[t->n - 1].slot && starts_with_one(t, i, farewells, COUNT_OF(farewells)) && whole + t->items[i].start > *s) {
            *n = (size_t)(whole + t->items[i].start - *s);
            return;
        }
}

/* An arrow, which would be taken for markup; the blanks before it too. */
static bool is_arrow(const char *s, size_t n, size_t at)
{
    return at + 1 < n && (s[at] == '-' || s[at] == '=') && s[at + 1] == '>';
}

/* As a sentence of prose. Line breaks and runs of spaces inside become one space, arrows a semicolon. */
static enum rc put_passage(struct policy_passages *p, const char *s, size_t n, int weight, struct err *e)
{
    struct buf whole, text;
    enum rc rc;

    buf_init(&whole, ARENA_LIMIT);
    buf_init(&text, ARENA_LIMIT);
    text_put_capital(s, n, &whole);
    if (!strchr(".!?", s[n - 1])) buf_char(&whole, '.');
    for (size_t i = 0; i < whole.len; i++) {
        bool space = strchr(" \t\r\n", whole.data[i]) != NULL;
        if (is_arrow(whole.data, whole.len, i)) {
            buf_cut(&text, text.len - (text.len && text.data[text.len - 1] == ' '));
            buf_char(&text, ';');
            i++;
            continue;
        }
        if (!space || (text.len && text.data[text.len - 1] != ' ')) buf_char(&text, space ? ' ' : whole.data[i]);
    }
    rc = buf_check(&text, "a sentence", e);
    if (rc == RC_OK) {
        p->items[p->n].text = arena_dup(&p->arena, text.data);
        p->items[p->n].weight = weight;
        if (p->items[p->n].text)
            p->n++;
        else
            rc = err_set(e, RC_NOMEM, "policy: out of memory");
    }
    buf_wipe(&text);
    buf_wipe(&whole);
    return rc;
}

/* The lightest goes, so that there is room for one more. */
static bool make_room(struct policy_passages *p, int weight)
{
    size_t lightest = 0;

    if (p->n < POLICY_MAX_PASSAGES) return true;
    for (size_t i = 1; i < p->n; i++)
        if (p->items[i].weight <= p->items[lightest].weight) lightest = i;
    if (p->items[lightest].weight >= weight) return false;
    memmove(&p->items[lightest], &p->items[lightest + 1], (p->n - lightest - 1) * sizeof(p->items[0]));
    p->n--;
    return true;
}

static enum rc take(struct policy_passages *p, const struct note *x, size_t i, struct err *e)
{
    const struct note_sentence *s = &x->sentences[i];
    const char *text = x->text.data + s->start;
    size_t n = s->end - s->start;
    int weight = salience_weight(x, i);

    if ((passage_is_frame(&s->words) && text[n - 1] != '?') || passage_is_private(&s->words)) return RC_OK;
    cut_frame(&s->words, text, &text, &n);
    trim(&text, &n);
    return n && make_room(p, weight) ? put_passage(p, text, n, weight, e) : RC_OK;
}

enum rc policy_passages_open(const struct policy_admitted *a, const struct policy_node *text, struct policy_passages **out, struct err *e)
{
    struct policy_passages *p = calloc(1, sizeof(*p));
    struct notes notes;
    enum rc rc = p ? notes_open_text(a, text, &notes, e) : err_set(e, RC_NOMEM, "policy: out of memory");

    if (rc != RC_OK) {
        free(p);
        return rc;
    }
    arena_init(&p->arena, ARENA_LIMIT);
    for (size_t i = 0; rc == RC_OK && i < notes.items[0].n; i++) rc = take(p, &notes.items[0], i, e);
    notes_close(&notes);
    if (rc == RC_OK)
        *out = p;
    else
        policy_passages_close(p);
    return rc;
}

const struct policy_passage *policy_passages_list(const struct policy_passages *p, size_t *n)
{
    *n = p->n;
    return p->items;
}

void policy_passages_close(struct policy_passages *p)
{
    if (!p) return;
    arena_wipe(&p->arena);
    free(p);
}
