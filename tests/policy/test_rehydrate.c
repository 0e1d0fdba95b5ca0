/* rehydrate(slot(text)) = text, for every text. */
#include "../suite.h"
#include "../../base/str.h"
#include "slotted_texts.h"

/* Does the text in slots differ from the text? (A refused one is ""). */
static bool comes_back(const struct policy *p, const char *text, const char *language)
{
    struct buf slotted;
    buf_init(&slotted, (size_t)16 << 20);
    const char *fault = slotted_fault(p, text, language, &slotted);
    ck_assert_msg(!fault, "%s (%s): '%s' in slots: '%s'", fault, language, text, slotted.data);
    bool changed = slotted.len > 0 && strcmp(slotted.data, text) != 0;
    buf_clear(&slotted);
    return changed;
}

/* Values of every kind, in several languages and scripts, whole, cut and within one another; look-alikes of slots. */
static const char *const fragments[] = {
    /* people, organisations */
    "Henrike Thorvald", "Frau Dr. Weber", "Herr Müller-Lüdenscheidt", "Mme Dupont", "Señor García", "Mr. Will May", "Dear Anna",
    "Anna", "O'Neil", "d'Artagnan", "李小龍", "Иван Петров", "Kestrelworks GmbH", "Société Générale SA", "Weber, Anna",
    /* addresses and numbers */
    "anna.weber@mail.example", "anna [at] mail dot example", "a@b", "@", "https://a.example/?q=[PERSON_1]", "192.168.0.1", "::1",
    "+49 30 23125 000", "(202) 555-0142", "030/23125000", "DE89 3704 0044 0532 0130 00", "DE89370400440532013000",
    "4111 1111 1111 1111", "4111-1111-1111-1111", "86095742719", "GB82 WEST 1234 5698 7654 32",
    /* facts */
    "48.000,00 €", "$1.2m", "1,5 Mio. Euro", "2026-12-02", "2. Dezember 2026", "le 3 mars 2026", "12:30", "17 %", "Q3 2026", "0", "½",
    "٣٤", "７", "in 12 Tagen", "12 days", "007",
    /* overlapping ones */
    "DE89370400440532013000/anna@mail.example", "+49 30 23125 000@mail.example", "Anna.Weber@Weber.example Weber", "2026-12-02T12:30",
    "4111111111111111111111", "192.168.0.1.2026-12-02",
    /* look-alikes of slots, nested brackets */
    "[PERSON_1]", "[PERSON_2:first]", "[EMAIL_1]", "[NUM_1]", "[MONEY_1]", "[DATE_1]", "[ORG_1]", "[PERSON_01]", "[PERSON_1", "PERSON_1]",
    "[[PERSON_1]]", "[[[", "]]]", "[PERSON_[NUM_1]]", "[EMAIL_[", "_1]", ":first]", "[person_1]", "[]", "[_1]", "[X_99999999999999999999]",
    "**[PERSON_1]**", "\\[NUM_2\\]", "{\"a\": \"[NUM_1]\"}", "{", "}", "\"", "\\",
    /* bytes that are no UTF-8, and odd ones that are */
    "\xff", "\xc3", "\xe2\x82", "\xf0\x9f\x98", "\xed\xa0\x80", "\xc0\x80", "\x80", "\x01", "\x7f", "\xe2\x80\x8b", "\xc2\xad",
    "\xe2\x80\xae", "\xf0\x9f\x98\x80", "e\xcc\x81", "&#64;", "=40", "=C3=BC",
    /* words */
    "und", "the", "offer", "vor", "seit", "wrote", "Hallo", "Regards,", "--", ">", "Von:", "est", "合同", "договор", "عقد",
};
static const char *const gaps[] = {" ", " ", " ", "", "", "\n", "\n\n", ", ", ". ", "/", "-", "\t", "\xc2\xa0", "\r\n"};

START_TEST(every_text_comes_back)
{
    struct policy *p = slotted_policy();
    uint64_t state = suite_seed("every_text_comes_back");
    ck_assert_ptr_nonnull(p);
    unsigned long turns = suite_count(1500, 100000), changed = 0;
    for (unsigned long i = turns; i > 0; i--) {
        struct buf text;
        buf_init(&text, 100000);
        for (size_t k = suite_random(&state) % (i % 20 ? 12 : 80); k > 0; k--) {
            const char *word = fragments[suite_random(&state) % COUNT_OF(fragments)];
            size_t n = strlen(word), cut = suite_random(&state) % 8 == 0 ? suite_random(&state) % n : 0; /* anywhere, inside letters too */
            buf_add(&text, word + cut, n - cut);
            buf_str(&text, gaps[suite_random(&state) % COUNT_OF(gaps)]);
        }
        changed += comes_back(p, text.data, i % 2 ? "de" : "en");
        buf_clear(&text);
    }
    ck_assert_msg(changed > turns / 2, "only %lu of %lu texts had anything to slot", changed, turns); /* else it proves nothing */
    policy_close(p);
}
END_TEST

/* Bytes from a small alphabet, in which brackets, digits and slot words meet more often than in any text. */
START_TEST(every_string_comes_back)
{
    static const char letters[] = "[[]]_:1290PERSONUMAB aefirst@.-+\n\"\\{},\xc3\xbc\xff";
    struct policy *p = slotted_policy();
    uint64_t state = suite_seed("every_string_comes_back");
    ck_assert_ptr_nonnull(p);
    for (unsigned long i = suite_count(1500, 100000); i > 0; i--) {
        char text[120];
        size_t n = suite_random(&state) % (sizeof(text) - 1);
        for (size_t k = 0; k < n; k++) text[k] = letters[suite_random(&state) % (sizeof(letters) - 1)];
        text[n] = '\0';
        comes_back(p, text, i % 2 ? "de" : "en");
    }
    policy_close(p);
}
END_TEST

/* Worked ones, so that a failure of the two above has a neighbour to compare with. */
START_TEST(named_texts_come_back)
{
    static const char *const texts[] = {
        "", "[", "]", "[PERSON_1] is not Anna Weber", "[NUM_1] 7 [NUM_2]", "7 [NUM_1] 8", "Frau Weber [PERSON_1:last] Frau Weber",
        "{\"a\": \"7\", \"b\": \"[NUM_1]\"}", "{\"mail\": \"anna@mail.example\"}", "[[7]]", "[7]", "[EMAIL_1]anna@mail.example[EMAIL_1]",
        "anna@mail.example, Anna@Mail.example, ANNA@MAIL.EXAMPLE", "1.500 1,500 1500 1.500,00 1,500.00", "\xff\067\xff",
        "030 23125000 und 03023125000 und +49 30 23125000",
        "{\"link\": \"https://a.example/?q=\\\"1\\\\2\"}", "[\"https://a.example/a\\u00fcb\", \"7\\n8\"]", "{\"a\": \"{\\\"b\\\": \\\"anna@mail.example\\\"}\"}",
        "{\"a\": \"{\\\"b\\\": \\\"https://a.example/?q=\\\\\\\"1\\\"}\"}", "[\"Frau \\\"Weber\\\"\", \"O'Neil\\\\Weber\"]",
    };
    struct policy *p = slotted_policy();
    ck_assert_ptr_nonnull(p);
    for (size_t i = 0; i < COUNT_OF(texts); i++) {
        comes_back(p, texts[i], "en");
        comes_back(p, texts[i], "de");
    }
    policy_close(p);
}
END_TEST

/* As many values as a vault holds, in one text: into slots, back, and edited once more with all of them known. A look at
 * each value for each word would take hours. */
START_TEST(a_hundred_thousand_values)
{
    struct policy *p = slotted_policy();
    struct buf text, slotted, clear;
    static uint8_t key[KEY_SIZE] = {9};
    struct policy_keys keys = {slotted_key_of, key, key};
    struct policy_edit x = {.source = "crm", .object = "opportunity", .record_id = "O-1", .purpose = PURPOSE_EMAIL, .language = "en"};
    struct policy_released *first = NULL, *second = NULL;
    struct err e = {""};
    ck_assert_ptr_nonnull(p);
    buf_init(&text, (size_t)4 << 20);
    buf_init(&slotted, (size_t)4 << 20);
    buf_init(&clear, (size_t)4 << 20);
    for (int i = 0; i < 100000; i++) {
        buf_printf(&text, "a%d@x.io ", i);
        buf_printf(&slotted, "[EMAIL_%d] ", i + 1);
    }
    x.body = text.data;
    ck_assert_msg(policy_release_edit(p, &x, &keys, &first, &e) == RC_OK, "%s", e.msg);
    ck_assert(str_eq(policy_released_body(first), slotted.data));
    policy_released_values(first, &x.values, &x.n_values);
    ck_assert_uint_eq(x.n_values, 100000);
    ck_assert_msg(policy_rehydrate(x.values, x.n_values, &keys, "en", slotted.data, &clear, NULL, &e) == RC_OK, "%s", e.msg);
    ck_assert(str_eq(clear.data, text.data));
    ck_assert_msg(policy_release_edit(p, &x, &keys, &second, &e) == RC_OK, "%s", e.msg);
    ck_assert(str_eq(policy_released_body(second), slotted.data));
    policy_released_close(second);
    policy_released_close(first);
    buf_clear(&clear);
    buf_clear(&slotted);
    buf_clear(&text);
    policy_close(p);
}
END_TEST

SUITE_MAIN("rehydrate", a_hundred_thousand_values, named_texts_come_back, every_text_comes_back, every_string_comes_back)
