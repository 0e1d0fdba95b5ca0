/* greeting.c: greeting and sign-off of a draft, by code: a model would guess. */
#include <string.h>

#include "../base/str.h"
#include "policy_internal.h"
#include "release.h"
#include "text.h"

/* Before the slot, the slot's form, behind it. */
struct pattern {
    const char *before, *form;
};

static struct pattern german(const struct greeting_person *p, bool informal)
{
    if (informal && p->first && p->gender == 'f') return (struct pattern){"Liebe ", ":first"};
    if (informal && p->first && p->gender == 'm') return (struct pattern){"Lieber ", ":first"};
    if (informal && p->first) return (struct pattern){"Hallo ", ":first"};
    if (!informal && p->last && p->gender == 'f') return (struct pattern){"Sehr geehrte Frau ", ":formal"};
    if (!informal && p->last && p->gender == 'm') return (struct pattern){"Sehr geehrter Herr ", ":formal"};
    return (struct pattern){"Guten Tag ", p->last && p->title ? ":formal" : ""};
}

static struct pattern english(const struct greeting_person *p, bool informal)
{
    if (informal && p->first) return (struct pattern){"Hi ", ":first"};
    if (!informal && p->last && p->title) return (struct pattern){"Dear ", ":formal"}; /* Dr., not Ms Dr. */
    if (!informal && p->last && p->gender == 'f') return (struct pattern){"Dear Ms ", ":last"};
    if (!informal && p->last && p->gender == 'm') return (struct pattern){"Dear Mr ", ":last"};
    return (struct pattern){"Hello ", ""};
}

void greeting_put(const struct greeting_person *p, const char *language, bool informal, struct buf *out)
{
    static const char *const nobody[2][2] = {{"Dear Sir or Madam,", "Hello,"},
                                             {"Sehr geehrte Damen und Herren,", "Guten Tag,"}};
    size_t i = policy_language_index(language);
    struct pattern x;

    if (!p->slot) {
        buf_str(out, nobody[i][informal]);
        return;
    }
    x = i == 1 ? german(p, informal) : english(p, informal);
    buf_printf(out, "%s%.*s%s],", x.before, (int)strlen(p->slot) - 1, p->slot, x.form);
}

void greeting_sign_off(const char *sender, const char *title, const char *language, bool informal, struct buf *out)
{
    static const char *const closings[2][2] = {{"Kind regards", "Best wishes"},
                                               {"Mit freundlichen Grüßen", "Viele Grüße"}};

    buf_str(out, closings[policy_language_index(language)][informal]);
    if (sender) buf_printf(out, "\n%s", sender);
    if (!title || !*title) return;
    buf_char(out, '\n');
    for (; *title; title++) buf_char(out, *title == '\n' || *title == '\r' ? ' ' : *title);
}

bool greeting_lowers(const char *word, size_t n, const char *language)
{
    static const char *const small[] = {"ich",    "wir",    "gern",   "gerne",   "vielen", "herzlichen", "danke",
                                        "bitte",  "unser",  "unsere", "zu",      "zum",    "zur",        "am",
                                        "im",     "in",     "für",    "nach",    "wie",    "können",     "könnten",
                                        "es",     "da",     "darf",   "heute",   "zuletzt", "als",       "wenn",
                                        "mit",    "seit",   "vor",    "leider",  "anbei",  "hiermit",    "aktuell",
                                        "der",    "die",    "das",    "den",     "dem",    "bei",        "wegen",
                                        "gibt",   "haben",  "hätten", "möchten", "passt",  "bezüglich",  "wann",
                                        "nochmals", "damit", "um",    "schön",   "von",    "vom",        "eine", "ein"};
    char fold[32];

    if (policy_language_index(language) != 1) return false;
    text_fold(word, n, fold, sizeof(fold));
    for (size_t i = 0; i < COUNT_OF(small); i++)
        if (str_eq(small[i], fold)) return true;
    return false;
}
