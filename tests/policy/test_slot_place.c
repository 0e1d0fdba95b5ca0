/* A slot of the right kind in the wrong place: policy/slot_place.h. */
#include "../suite.h"
#include "../../policy/slot_place.h"

static bool fault(const char *sentence, const char *prompt)
{
    struct tokens s, p;
    ck_assert_int_eq(tokens_split(sentence, strlen(sentence), &s, NULL), RC_OK);
    ck_assert_int_eq(tokens_split(prompt, strlen(prompt), &p, NULL), RC_OK);
    bool wrong = slot_place_fault(&s, &p);
    tokens_clear(&s);
    tokens_clear(&p);
    return wrong;
}

START_TEST(slots_stand_where_the_prompt_has_them)
{
    static const char note[] = "text: install [MONEY_1]?? It was [MONEY_2] in [DATE_1], and [PERSON_1] pays [MONEY_3] for training.";
    ck_assert(!fault("install [MONEY_1], it was [MONEY_2].", note));
    ck_assert(fault("install [MONEY_2].", note));                /* the word before has the other one */
    ck_assert(fault("So it was [MONEY_1] then.", note));         /* two small words */
    ck_assert(!fault("Worth [MONEY_1].", note));                 /* words of its own tell nothing */
    ck_assert(fault("[PERSON_1] pays [MONEY_1].", note));
    ck_assert(!fault("[PERSON_1] pays [MONEY_3] for training.", note));
    ck_assert(!fault("Was [DATE_1].", note));                    /* no slot of this kind stands there */
}
END_TEST

START_TEST(days_are_overdue_only_where_the_prompt_says_so)
{
    static const char prompt[] = "closes in: [DAYS_1]\nopen task: call, due [DATE_1], overdue by [DAYS_2]\nclose date passed: [DAYS_3] ago";
    ck_assert(!fault("It closes in [DAYS_1].", prompt));
    ck_assert(!fault("The task is overdue by [DAYS_2].", prompt));
    ck_assert(fault("The task is overdue by [DAYS_1].", prompt));
    ck_assert(!fault("The close date passed [DAYS_3] ago.", prompt));
    ck_assert(fault("Die Aufgabe ist seit [DAYS_1] \xc3\xbc" "berf\xc3\xa4llig.", prompt));
    ck_assert(!fault("Die Aufgabe ist seit [DAYS_2] \xc3\xbc" "berf\xc3\xa4llig.", prompt));
}
END_TEST

SUITE_MAIN("slot_place", slots_stand_where_the_prompt_has_them, days_are_overdue_only_where_the_prompt_says_so)
