/* Check digits through validate.h: the vectors of tests/data/pii/validate (Presidio's cases) and worked examples. */
#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "../../base/err.h"
#include "../../base/json.h"
#include "../../policy/validate.h"

static enum verdict judge(const char *name, const char *s)
{
    validate_fn *fn = validate_find(name);

    ck_assert_msg(fn != NULL, "no validator %s", name);
    return fn(s, strlen(s));
}

static const char *const vector_files[] = {
    "de_bsnr",        "de_health_insurance", "de_id_card", "de_lanr",  "de_passport", "de_social_security",
    "de_tax_id",      "de_vat_id",           "in_gstin",   "pl_pesel", "th_tnin",     "tr_license_plate",
    "tr_national_id", "za_id_number"};

START_TEST(vectors)
{
    const char *name = vector_files[_i], *root = getenv("BRIEFD_TEST_SOURCE");
    char path[512], line[2048];
    size_t cases = 0;
    FILE *f;

    snprintf(path, sizeof(path), "%s/tests/data/pii/validate/%s.jsonl", root ? root : ".", name);
    f = fopen(path, "rb");
    ck_assert_msg(f != NULL, "cannot open %s", path);
    while (fgets(line, sizeof(line), f)) {
        cJSON *c = NULL;
        struct err e;
        const cJSON *valid, *config;
        enum verdict want, got;

        ck_assert_int_eq(json_parse(line, strlen(line), JSON_NUMBERS_DOUBLE, &c, &e), RC_OK);
        valid = cJSON_GetObjectItemCaseSensitive(c, "valid");
        config = cJSON_GetObjectItemCaseSensitive(c, "config");
        want = cJSON_IsNull(valid) ? VERDICT_UNKNOWN : cJSON_IsTrue(valid) ? VERDICT_YES : VERDICT_NO;
        got = judge(name, json_str(c, "number"));
        /* strict: a wrong check digit is a no; ours leaves the verdict open, since not all numbers have one */
        if (cJSON_IsTrue(cJSON_GetObjectItemCaseSensitive(config, "strict_checksum")) &&
            got == VERDICT_UNKNOWN)
            got = VERDICT_NO;
        ck_assert_msg(got == want, "%s: '%s': verdict %d, wanted %d", name, json_str(c, "number"), (int)got,
                      (int)want);
        cases++;
        cJSON_Delete(c);
    }
    fclose(f);
    ck_assert_uint_gt(cases, 6);
}
END_TEST

/* Card numbers of the networks' test documentation; IBANs of the SWIFT registry; NHS, SSA, ABA published examples. */
START_TEST(worked)
{
    static const struct {
        const char *name, *s;
        enum verdict want;
    } cases[] = {
        {"luhn", "79927398713", VERDICT_YES}, /* the textbook example */
        {"luhn", "79927398710", VERDICT_NO},
        {"luhn", "0000000000", VERDICT_NO},
        {"credit_card", "4111 1111 1111 1111", VERDICT_YES},
        {"credit_card", "3782-822463-10005", VERDICT_YES},
        {"credit_card", "4111 1111 1111 1112", VERDICT_NO},
        {"credit_card", "411111111111111", VERDICT_NO},
        {"iban", "GB82 WEST 1234 5698 7654 32", VERDICT_YES},
        {"iban", "de89370400440532013000", VERDICT_YES},
        {"iban", "DE89370400440532013001", VERDICT_NO},
        {"iban", "DE8937040044053201300", VERDICT_NO},
        {"iban", "ZZ8937040044053201300", VERDICT_NO},
        {"mod11", "943 476 5919", VERDICT_YES}, /* NHS example */
        {"mod11", "943 476 5918", VERDICT_NO},
        {"us_ssn", "219-09-9999", VERDICT_UNKNOWN},
        {"us_ssn", "666-09-9999", VERDICT_NO},
        {"us_ssn", "078-05-1120", VERDICT_NO},
        {"aba_routing", "111000025", VERDICT_YES},
        {"aba_routing", "111000024", VERDICT_NO},
        {"verhoeff", "2363", VERDICT_YES}, /* 236 with check digit 3 */
        {"verhoeff", "2364", VERDICT_NO},
        {"de_tax_id", "86095742719", VERDICT_YES}, /* Federal Central Tax Office's example */
        {"de_tax_id", "86095742718", VERDICT_NO},
        {"bitcoin", "bc1qar0srrr7xfkvy5l643lydnw9re59gtzzwf5mdq",
         VERDICT_YES}, /* BIP 173 style address in wide use */
        {"bitcoin", "1A1zP1eP5QGefi2DMPTfTL5SLmv7DivfNa", VERDICT_YES}, /* genesis block */
        {"bitcoin", "1A1zP1eP5QGefi2DMPTfTL5SLmv7DivfNb", VERDICT_NO},
        {"bic", "DEUTDEFF", VERDICT_UNKNOWN},
        {"bic", "deutdeff500", VERDICT_UNKNOWN},
        {"bic", "DEUTZZFF", VERDICT_NO}, /* no such country */
        {"bic", "DEUTDEFF5", VERDICT_NO},
        {"gps", "52.520008, 13.404954", VERDICT_UNKNOWN},
        {"gps", "-33.8688,151.2093", VERDICT_UNKNOWN},
        {"gps", "95.1234, 13.4049", VERDICT_NO},
        {"gps", "52.5200, 213.4049", VERDICT_NO},
        {"gps", "52°31'12.0\"N 13°24'18.0\"E", VERDICT_UNKNOWN},
        {"gps", "52°71'12.0\"N 13°24'18.0\"E", VERDICT_NO},
        {"entropy", "9f86d081884c7d659a2feaa0c55ad015", VERDICT_YES},
        {"entropy", "aaaaaaaaaaaaaaaaaaa1", VERDICT_NO},
        {"entropy", "justwordswithoutdigits", VERDICT_NO},
        {"ph_tin", "000-123-456", VERDICT_UNKNOWN},
        {"ph_tin", "123456789", VERDICT_NO},
        {"th_tnin", "2 3456 78901 23 4", VERDICT_YES},
        {"it_fiscal_code", "RSSMRA85T10A562S", VERDICT_YES}, /* the Revenue Agency's example name */
        {"it_fiscal_code", "RSSMRA85T80A562S", VERDICT_NO},  /* no day 80 */
        {"it_fiscal_code", "ARSMRA85T10A562S", VERDICT_NO},  /* a vowel before consonants */
    };

    for (size_t i = 0; i < COUNT_OF(cases); i++)
        ck_assert_msg(judge(cases[i].name, cases[i].s) == cases[i].want, "%s: %s", cases[i].name, cases[i].s);
}
END_TEST

/* The day decides: 2026-03-12 is day 20524. */
START_TEST(birth_dates)
{
    static const struct {
        const char *s;
        int32_t today;
        enum verdict want;
    } cases[] = {
        {"12.03.1980", 20524, VERDICT_UNKNOWN}, {"12.03.2026", 20524, VERDICT_UNKNOWN}, {"13.03.2026", 20524, VERDICT_NO},
        {"13.03.2026", 20525, VERDICT_UNKNOWN}, {"13.03.2026", 0, VERDICT_UNKNOWN},     {"31.02.1980", 20524, VERDICT_NO},
        {"02/31/1980", 20524, VERDICT_NO},      {"03/31/1980", 20524, VERDICT_UNKNOWN}, {"1980-03-12", 20524, VERDICT_UNKNOWN},
        {"12.03.80", 20524, VERDICT_UNKNOWN},   {"1. März 1899", 20524, VERDICT_NO},    {"1. März 1980", 20524, VERDICT_UNKNOWN},
        {"March 3, 2031", 20524, VERDICT_NO},   {"geboren", 20524, VERDICT_NO},
    };
    validate_dated_fn *fn = validate_find_dated("birth_date");

    ck_assert_ptr_nonnull(fn);
    for (size_t i = 0; i < COUNT_OF(cases); i++)
        ck_assert_msg(fn(cases[i].s, strlen(cases[i].s), cases[i].today) == cases[i].want, "%s", cases[i].s);
}
END_TEST

/* No validator reads beyond its input or trips over any shape of it. */
START_TEST(any_input)
{
    static const char digits[] = "0123456789012345678901234567890123456789012345678901234567890123456789";
    static const char *const shapes[] = {
        "",         "0",   "A",    "-",   "\xc3\xa4\xc3\xa4", "00000000000000000000", "ZZZZZZZZZZZZZZZZZZZZ",
        "T2200012", "bc1", "::::", digits};
    size_t n = 0;

    for (; validate_name(n); n++) {
        for (size_t k = 0; k < COUNT_OF(shapes); k++) {
            size_t len = strlen(shapes[k]);
            char *exact = malloc(len + !len); /* exact size, so that a sanitizer sees a read behind it */

            memcpy(exact, shapes[k], len);
            if (validate_find(validate_name(n)))
                (void)validate_find(validate_name(n))(exact, len);
            else
                (void)validate_find_dated(validate_name(n))(exact, len, 20000);
            free(exact);
        }
    }
    ck_assert_uint_gt(n, 40);
    ck_assert_ptr_null(validate_find("no such thing"));
}
END_TEST

int main(void)
{
    Suite *s = suite_create("validate");
    TCase *t = tcase_create("validate");
    SRunner *r;
    int failed;

    tcase_add_loop_test(t, vectors, 0, (int)COUNT_OF(vector_files));
    tcase_add_test(t, worked);
    tcase_add_test(t, birth_dates);
    tcase_add_test(t, any_input);
    suite_add_tcase(s, t);
    r = srunner_create(s);
    srunner_run_all(r, CK_NORMAL);
    failed = srunner_ntests_failed(r);
    srunner_free(r);
    return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
