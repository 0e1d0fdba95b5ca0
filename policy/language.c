/* language.c: the language that a brief is written in. */
#include <string.h>

#include "../base/str.h"
#include "admit.h"
#include "text.h"
#include "thread.h"

struct word_language {
    const char *word, *language;
};

/* As CRMs write a person's language; a tag such as de-AT is read by its first part. */
static const struct word_language names[] = {
    {"en", "en"}, {"eng", "en"}, {"english", "en"}, {"englisch", "en"}, {"anglais", "en"},
    {"de", "de"}, {"deu", "de"}, {"ger", "de"},     {"german", "de"},   {"deutsch", "de"}, {"allemand", "de"},
};

/* Countries where business is done in one of these languages; of others a country says nothing. */
static const struct word_language countries[] = {
    {"Germany", "de"},        {"Deutschland", "de"},    {"DE", "de"},   {"DEU", "de"},   {"Austria", "de"},
    {"\xc3\x96sterreich", "de"}, {"AT", "de"},          {"AUT", "de"},  {"Liechtenstein", "de"}, {"Switzerland", "de"},
    {"Schweiz", "de"},        {"CH", "de"},             {"CHE", "de"},  {"United States", "en"}, {"USA", "en"},
    {"US", "en"},             {"United Kingdom", "en"}, {"UK", "en"},   {"GB", "en"},    {"GBR", "en"},
    {"Great Britain", "en"},  {"England", "en"},        {"Scotland", "en"}, {"Wales", "en"}, {"Ireland", "en"},
    {"IE", "en"},             {"IRL", "en"},            {"Canada", "en"}, {"Australia", "en"}, {"New Zealand", "en"},
};

/* The policy's own string for a language, or NULL if it does not allow it. */
static const char *allowed(const struct policy *p, const char *language)
{
    for (size_t i = 0; language && i < p->n_languages; i++)
        if (str_eq(p->languages[i], language)) return p->languages[i];
    return NULL;
}

static const char *look_up(const struct word_language *list, size_t n, const char *word)
{
    for (size_t i = 0; i < n; i++)
        if (str_eq_nocase(list[i].word, word)) return list[i].language;
    return NULL;
}

static const char *of_name(const char *text)
{
    char word[32];
    size_t n = text ? strcspn(text, "-_ ,;(") : 0;

    if (!n || n >= sizeof(word)) return NULL;
    memcpy(word, text, n);
    word[n] = '\0';
    return look_up(names, COUNT_OF(names), word);
}

static const char *of_field(const struct record *r, const char *field)
{
    const struct field *f = r ? record_field(r, field) : NULL;

    return f && f->text && *f->text ? f->text : NULL;
}

/* What somebody outside wrote, without what is quoted in it. */
static const char *of_message(const struct record *message)
{
    const char *language = NULL;

    for (const struct field *f = message->fields; !language && f; f = f->next) {
        struct buf own, quoted;

        if (f->type != FIELD_TEXT || f->origin != ORIGIN_OUTSIDE || !f->text) continue;
        buf_init(&own, RECORD_MAX_FIELD_BYTES * 2);
        buf_init(&quoted, RECORD_MAX_FIELD_BYTES * 2);
        thread_split(f->text, strlen(f->text), &own, &quoted);
        language = text_language(own.data, own.len);
        buf_wipe(&own);
        buf_wipe(&quoted);
    }
    return language;
}

/* Lists are newest first. A message that names no person is taken for the contact's. */
static const char *of_messages(const struct admit *a)
{
    for (const struct record_list *l = a->record->lists; l; l = l->next) {
        for (size_t i = 0; i < l->count; i++) {
            const struct record *who = record_parent_named(l->items[i], "who");
            const char *language;

            if (who && a->recipient && !str_eq(who->id, a->recipient->id)) continue;
            language = allowed(a->p, of_message(l->items[i]));
            if (language) return language;
        }
    }
    return NULL;
}

static const char *of_country(const struct admit *a)
{
    const struct record *account = record_parent_named(a->record, "account");
    const char *country = of_field(account ? account : a->record, "country");

    if (!country && a->recipient) country = of_field(record_parent_named(a->recipient, "account"), "country");
    return country ? look_up(countries, COUNT_OF(countries), country) : NULL;
}

enum rc language_choose(const struct admit *a, const char **out, struct err *e)
{
    const char *language;

    if (a->q->language) {
        language = allowed(a->p, of_name(a->q->language));
        if (!language)
            return err_set(e, RC_REFUSED, "policy: this language is not one of output: languages: in the policy file");
        *out = language;
        return RC_OK;
    }
    language = allowed(a->p, of_name(of_field(a->recipient ? a->recipient : a->record, "language")));
    if (!language) language = of_messages(a);
    if (!language) language = allowed(a->p, of_country(a));
    *out = language ? language : a->p->languages[0];
    return RC_OK;
}
