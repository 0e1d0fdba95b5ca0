/* Postal addresses in text, through names.h. Expected spans by hand; addresses are invented. */
#include "suite.h"

#include "../../base/buf.h"
#include "../../policy/names.h"

static const struct {
    const char *text, *want; /* addresses, with '|' between */
} cases[] = {
    /* Germany, Austria, Switzerland */
    {"Lieferung nach Musterstraße 12, 10115 Berlin bitte", "Musterstraße 12, 10115 Berlin"},
    {"Hauptstr. 5a\n80331 München", "Hauptstr. 5a\n80331 München"},
    {"Karl-Marx-Allee 33, D-10243 Berlin", "Karl-Marx-Allee 33, D-10243 Berlin"},
    {"Sitz: Lange Gasse 22, 86152 Augsburg.", "Lange Gasse 22, 86152 Augsburg"},
    {"Am Güterbahnhof 3, 79761 Waldshut-Tiengen", "Am Güterbahnhof 3, 79761 Waldshut-Tiengen"},
    {"Bahnhofplatz 3/2, 8010 Graz", "Bahnhofplatz 3/2, 8010 Graz"},
    {"Am Montag 3 Termine, im Mai 4 neue", ""},
    {"Der Weg 2 ist besser, Platz 3 im Ranking", ""},
    /* United States, Canada */
    {"Ship to 4411 Larkspur Avenue, Suite 210, Denver, CO 80203",
     "4411 Larkspur Avenue, Suite 210, Denver, CO 80203"},
    {"310 W 4th St, Winston-Salem, NC 27101-1234 please", "310 W 4th St, Winston-Salem, NC 27101-1234"},
    {"880 Commerce Drive\nGrand Rapids, MI 49503", "880 Commerce Drive\nGrand Rapids, MI 49503"},
    {"1255 rue Peel, Montréal QC H3B 2T9", "1255 rue Peel, Montréal QC H3B 2T9"},
    {"We have 12 Sales Drive ideas", "12 Sales Drive"}, /* looks like one: the price of the rule */
    {"3 drive motors and 2 lane switches", ""},
    /* Britain, Ireland */
    {"17 Harbour Road, Bristol BS1 5TY", "17 Harbour Road, Bristol BS1 5TY"},
    {"Unit 6, Kelvin Trading Estate, Glasgow G20 0SP", "Unit 6, Kelvin Trading Estate, Glasgow G20 0SP"},
    {"3 Merrion Row, Dublin D02 XY47", "3 Merrion Row, Dublin D02 XY47"},
    {"the Road map and the Park and ride", ""},
    /* France */
    {"12 rue des Tanneurs, 69005 Lyon", "12 rue des Tanneurs, 69005 Lyon"},
    {"au 8 bis, avenue Jean Jaurès, 31000 Toulouse", "8 bis, avenue Jean Jaurès, 31000 Toulouse"},
    {"la rue est barrée, place 4", ""},
    /* elsewhere */
    {"Keizersgracht 221, 1016 DV Amsterdam", "Keizersgracht 221, 1016 DV Amsterdam"},
    {"Havnegade 12, 8000 Aarhus", "Havnegade 12, 8000 Aarhus"},
    {"", ""},
};

static void addresses(const struct names *names, const char *text, struct buf *out)
{
    struct name_found *f = NULL;
    size_t n = 0;
    struct err e;

    buf_init(out, 4096);
    ck_assert_int_eq(names_scan(names, text, strlen(text), &f, &n, &e), RC_OK);
    for (size_t i = 0; i < n; i++) {
        if (strcmp(f[i].entity, "POSTAL_ADDRESS") != 0) continue;
        if (out->len) buf_char(out, '|');
        buf_add(out, text + f[i].start, f[i].end - f[i].start);
    }
    free(f);
}

START_TEST(addresses_of_five_kinds)
{
    struct names *n = NULL;
    struct err e;

    ck_assert_int_eq(names_open(&n, &e), RC_OK);
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct buf got;

        addresses(n, cases[i].text, &got);
        ck_assert_msg(strcmp(got.len ? got.data : "", cases[i].want) == 0, "%s: %s", cases[i].text, got.data);
        buf_clear(&got);
    }
    names_close(n);
}
END_TEST

/* A contact's name inside an address is part of the address; one that reaches out of it stays the contact's. */
START_TEST(known_name_inside)
{
    struct names *n = NULL;
    struct name_found *f = NULL;
    const char *text = "Weber sitzt in der Weber-Allee 4, 10115 Berlin.";
    size_t count = 0;
    struct err e;

    ck_assert_int_eq(names_open(&n, &e), RC_OK);
    ck_assert_int_eq(names_add_person(n, 0, "Anna", "Weber", NULL, NULL, &e), RC_OK);
    ck_assert_int_eq(names_scan(n, text, strlen(text), &f, &count, &e), RC_OK);
    ck_assert_uint_eq(count, 2);
    ck_assert_str_eq(f[0].entity, "PERSON");
    ck_assert_str_eq(f[1].entity, "POSTAL_ADDRESS");
    ck_assert_uint_eq(f[1].start, (size_t)(strstr(text, "Weber-Allee") - text));
    free(f);
    names_close(n);
}
END_TEST

SUITE_MAIN("address", addresses_of_five_kinds, known_name_inside)
