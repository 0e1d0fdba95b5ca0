/* Names in free text through names.h. Expected spans by hand. */
#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "../../base/buf.h"
#include "../../policy/names.h"

static struct names *record(void)
{
    static const struct {
        const char *first, *last, *full, *title;
    } people[] = {
        {"Anna", "Weber", NULL, "Dr."},        {"Jürgen", "Müller-Lüdenscheidt", NULL, NULL},
        {"Will", "Grant", NULL, NULL},         {NULL, NULL, "Ludwig van der Berg", NULL},
        {"Anna", "Schmidt", NULL, NULL},       {"René", "O'Neil", NULL, NULL},
        {NULL, NULL, "Kowalska, Zofia", NULL},
    };
    struct names *n = NULL;
    struct err e;

    ck_assert_int_eq(names_open(&n, &e), RC_OK);
    for (size_t i = 0; i < COUNT_OF(people); i++)
        ck_assert_int_eq(
            names_add_person(n, i, people[i].first, people[i].last, people[i].full, people[i].title, &e),
            RC_OK);
    ck_assert_int_eq(names_add_org(n, 0, "Acme GmbH", &e), RC_OK);
    ck_assert_int_eq(names_add_org(n, 1, "Nordwind Logistik GmbH & Co. KG", &e), RC_OK);
    ck_assert_int_eq(names_add_value(n, "CONTRACT_NO", 0, "VT-123456", &e), RC_OK);
    return n;
}

/* "P0full=Anna Weber|O1short=..." */
static void found(const struct names *names, const char *text, struct buf *out)
{
    static const char *const forms[] = {"full", "first", "last", "formal", "short"};
    struct name_found *f = NULL;
    size_t n = 0;
    struct err e;

    buf_init(out, 4096);
    ck_assert_int_eq(names_scan(names, text, strlen(text), &f, &n, &e), RC_OK);
    for (size_t i = 0; i < n; i++) {
        buf_printf(out, "%s%c", i ? "|" : "", "POV"[f[i].kind]);
        if (f[i].index == NAMES_UNKNOWN)
            buf_str(out, "?");
        else
            buf_printf(out, "%zu", f[i].index);
        buf_printf(out, "%s%s=%.*s", forms[f[i].form], f[i].ambiguous ? "~" : "",
                   (int)(f[i].end - f[i].start), text + f[i].start);
    }
    free(f);
}

static const struct {
    const char *text, *want;
} cases[] = {
    {"Spoke with Anna Weber today", "P0full=Anna Weber"},
    {"anna weber called", "P0full=anna weber"},
    {"Weber, Anna is the buyer", "P0full=Weber, Anna"},
    {"mail from A. Weber", "P0full=A. Weber"},
    {"AW said no", ""},
    {"Frau Dr. Weber and Mr Grant", "P0formal=Frau Dr. Weber|P2formal=Mr Grant"},
    {"Weber's budget, Webers Budget", "P0last=Weber|P0last=Weber"},
    {"Herrn Müller-Lüdenscheidt; Mueller-Luedenscheidt; muller",
     "P1formal=Herrn Müller-Lüdenscheidt|P1last=Mueller-Luedenscheidt|P1short=muller"},
    {"Juergen called, Jürgen wrote, JURGEN", "P1first=Juergen|P1first=Jürgen|P1first=JURGEN"},
    {"we will grant it; talk to Will about it", "P2first=Will"},
    {"Will said yes. Will you come? Will Grant agreed.", "P2first=Will|P2full=Will Grant"},
    {"Ludwig van der Berg, van der Berg", "P3full=Ludwig van der Berg|P3last=van der Berg"},
    {"Schmidt is in. Anna agreed", "P4last=Schmidt|P0first~=Anna"},
    {"Anna Schmidt is in. Anna agreed", "P4full=Anna Schmidt|P4first~=Anna"},
    {"Rene O'Neil and René", "P5full=Rene O'Neil|P5first=René"},
    {"Zofia Kowalska", "P6full=Zofia Kowalska"},
    {"webers Haarnadel, Weberei", ""},
    {"Acme GmbH, Acme and ACME's offer", "O0full=Acme GmbH|O0short=Acme|O0short=ACME"},
    {"Nordwind Logistik wants it, Nordwind too, no nordwind", "O1short=Nordwind Logistik|O1short=Nordwind"},
    {"contract VT-123456, VT 123456", "V0full=VT-123456|V0full=VT 123456"},
    {"Dear Ms Keane,\nthanks", "P?last=Keane"},
    {"Hallo Herr Brandt,", "P?last=Brandt"},
    {"Hi Tom,\nsee below", "P?first=Tom"},
    {"Hi team,", ""},
    {"Dear Customer,", ""},
    {"Ok.\nBest regards,\nTom Ridley\nSales", "P?full=Tom Ridley"},
    {"Viele Grüße\nPetra Lustig", "P?full=Petra Lustig"},
    {"From: Petra Lustig <p@x.example>\nTo: Anna Weber", "P?full=Petra Lustig|P0full=Anna Weber"},
    {"sent by Tom Ridley yesterday", "P?full=Tom Ridley"},
    {"wir treffen die Falkenberg Metallbau GmbH und Foo & Bar Ltd.",
     "O?full=Falkenberg Metallbau GmbH|O?full=Foo & Bar Ltd"},
    {"Fr Demo, Fr. Keller, Preis, Ab Montag bei Seeberg AG", "P?last=Keller|O?full=Seeberg AG"},
    {"The deal is large. We will see in May.", ""},
    {"IBAN DE89 3704 0044 0532 0130 00", ""},
    {"over 3.222,00 EUR, IBAN DE89 3704 0044 0532 0130 00, due soon", ""},
    {"Please CC Petra", "P?first=Petra"},
    {"the IBAN is known to TJ Whitmore", "P?full=TJ Whitmore"},
    {"PETRA LUSTIG called about the offer", "P?full=PETRA LUSTIG"},
    {"From: PETRA <p@x.example>, we saw it", "P?first=PETRA"},
    {"he wrote: PLEASE CALL PETRA and no more than that was in it", "P?first=PETRA"},
    {"so we asked WEBER again", "P0last=WEBER"},
    {"An\xe2\x80\x8bna Weber", "P0full=An\xe2\x80\x8bna Weber"},
};

START_TEST(forms)
{
    struct names *n = record();
    struct buf got;

    found(n, cases[_i].text, &got);
    ck_assert_str_eq(got.data, cases[_i].want);
    buf_clear(&got);
    names_close(n);
}
END_TEST

START_TEST(folding)
{
    static const struct {
        const char *a, *b;
    } same[] = {{"Müller", "MUELLER"},
                {"René", "rene"},
                {"Straße", "STRASSE"},
                {"Łukasz  Nowak", "lukasz nowak"},
                {"O’Neil", "o'neil"}};

    for (size_t i = 0; i < COUNT_OF(same); i++) {
        char *a = names_fold(same[i].a, strlen(same[i].a)), *b = names_fold(same[i].b, strlen(same[i].b));

        ck_assert_str_eq(a, b);
        free(a);
        free(b);
    }
}
END_TEST

/* Plain names are folded at once, others by way of normalising: a mark that vanishes makes the others of them. */
START_TEST(folding_either_way)
{
    static const char *const plain[] = {"Anna Weber", "Sue Goethe", "Bauer", "AEEB aee e", "Jean-Luc O'Neal", "a  b", "-x-",
                                        "anna at acme dot", "a b c d e f", "Michaela Schneeweiss-Loewenthal von der Aue"};

    for (size_t i = 0; i < COUNT_OF(plain); i++) {
        char *a = names_fold(plain[i], strlen(plain[i])), *b, marked[100];

        snprintf(marked, sizeof(marked), "%s\xe2\x80\x8b", plain[i]);
        b = names_fold(marked, strlen(marked));
        ck_assert_str_eq(a, b);
        free(a);
        free(b);
    }
}
END_TEST

START_TEST(empty_and_odd)
{
    struct names *n = NULL;
    struct name_found *f = NULL;
    size_t count = 7;
    struct err e;

    ck_assert_int_eq(names_open(&n, &e), RC_OK);
    ck_assert_int_eq(names_add_person(n, 0, "", NULL, "", NULL, &e), RC_OK);
    ck_assert_int_eq(names_add_person(n, 1, "X", "7", ",,,", NULL, &e), RC_OK);
    ck_assert_int_eq(names_add_org(n, 0, "GmbH", &e), RC_OK);
    ck_assert_int_eq(names_add_org(n, 1, "", &e), RC_OK);
    ck_assert_int_eq(names_add_value(n, "X", 0, "ab", &e), RC_OK);
    ck_assert_int_eq(names_scan(n, "", 0, &f, &count, &e), RC_OK);
    ck_assert_uint_eq(count, 0);
    ck_assert_int_eq(names_scan(n, "\xff\xfe ab X 7", 9, &f, &count, &e), RC_OK);
    free(f);
    names_close(n);
    names_close(NULL);
}
END_TEST

START_TEST(limit)
{
    struct names *n = NULL;
    struct err e;
    char name[32];
    enum rc rc = RC_OK;
    int i;

    ck_assert_int_eq(names_open(&n, &e), RC_OK);
    for (i = 0; i <= NAMES_MAX && rc == RC_OK; i++) {
        snprintf(name, sizeof(name), "Person%d", i);
        rc = names_add_value(n, "X", (size_t)i, name, &e);
    }
    ck_assert_int_eq(rc, RC_LIMIT);
    ck_assert_int_eq(i, NAMES_MAX + 1);
    names_close(n);
}
END_TEST

int main(void)
{
    Suite *s = suite_create("names");
    TCase *t = tcase_create("names");
    SRunner *r;
    int failed;

    tcase_add_loop_test(t, forms, 0, (int)COUNT_OF(cases));
    tcase_add_test(t, folding);
    tcase_add_test(t, folding_either_way);
    tcase_add_test(t, empty_and_odd);
    tcase_add_test(t, limit);
    suite_add_tcase(s, t);
    r = srunner_create(s);
    srunner_run_all(r, CK_NORMAL);
    failed = srunner_ntests_failed(r);
    srunner_free(r);
    return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
