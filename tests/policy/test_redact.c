/* Redaction of plain text through policy.h, without a policy file and with one written here. */
#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "../../policy/policy.h"

static struct redactor *open_redactor(const struct policy *p, bool all, bool no_context)
{
    struct redact_options opt = {.all = all, .no_context = no_context};
    struct redactor *r = NULL;
    struct err e;

    if (redactor_open(p, &opt, &r, &e) != RC_OK) ck_abort_msg("%s", e.msg);
    return r;
}

static const struct {
    const char *text, *want;
} texts[] = {
    {"Mail a.b@acme.de, again A.B@acme.de, not c.d@acme.de",
     "Mail [EMAIL_1], again [EMAIL_1], not [EMAIL_2]"},
    {"Dear Ms Keane,\ncall +49 30 1234567 or 030 1234567",
     "Dear Ms [PERSON_1],\ncall [PHONE_1] or [PHONE_1]"},
    {"Falkenberg Metallbau GmbH pays from DE89 3704 0044 0532 0130 00.", "[ORG_1] pays from [IBAN_1]."},
    {"https://acme.example/?card=4111111111111111",
     "https://acme.example/?card=[CREDIT_CARD_1]"}, /* the surer one wins */
    {"ü anna [at] acme dot de ü", "ü [EMAIL_1] ü"},
    {"nothing here", "nothing here"},
    {"", ""},
};

START_TEST(without_policy)
{
    struct redactor *r = open_redactor(NULL, false, false);
    const struct redact_span *spans;
    struct buf out;
    size_t n = 0, len = strlen(texts[_i].text);
    struct err e;

    buf_init(&out, 1000);
    ck_assert_int_eq(redactor_run(r, texts[_i].text, len, &out, &spans, &n, &e), RC_OK);
    ck_assert_str_eq(out.data, texts[_i].want);
    for (size_t i = 0; i < n; i++)
        ck_assert(spans[i].start < spans[i].end && spans[i].end <= len && spans[i].score > 0);
    ck_assert_int_eq(n > 0, strcmp(texts[_i].text, texts[_i].want) != 0);
    buf_clear(&out);
    redactor_close(r);
}
END_TEST

/* Overlapping matches are all listed. */
START_TEST(all_spans)
{
    struct redactor *r = open_redactor(NULL, true, true);
    const struct redact_span *spans;
    const char *text = "L01X00T44";
    struct buf out;
    size_t n = 0, passport = 0, card = 0;
    struct err e;

    buf_init(&out, 1000);
    ck_assert_int_eq(redactor_run(r, text, strlen(text), &out, &spans, &n, &e), RC_OK);
    for (size_t i = 0; i < n; i++) {
        passport += strcmp(spans[i].entity, "DE_PASSPORT") == 0;
        card += strcmp(spans[i].entity, "DE_ID_CARD") == 0;
    }
    ck_assert_uint_eq(passport, 1);
    ck_assert_uint_eq(card, 1);
    buf_clear(&out);
    redactor_close(r);
}
END_TEST

/* One redactor for text after text, long ones before short ones, answers as a new one does. */
START_TEST(one_after_another)
{
    struct redactor *r = open_redactor(NULL, false, false);

    for (size_t i = 0; i < 3 * COUNT_OF(texts); i++) {
        const char *text = texts[i * 5 % COUNT_OF(texts)].text, *want = texts[i * 5 % COUNT_OF(texts)].want;
        const struct redact_span *spans;
        struct buf text_many, out;
        size_t n = 0, many = 0;
        struct err e;

        buf_init(&text_many, 200000);
        buf_init(&out, 200000);
        for (size_t k = 0; k < 200; k++)
            buf_printf(&text_many, "%s\n", text);
        ck_assert_int_eq(redactor_run(r, text_many.data, text_many.len, &out, &spans, &many, &e), RC_OK);
        buf_reset(&out);
        ck_assert_int_eq(redactor_run(r, text, strlen(text), &out, &spans, &n, &e), RC_OK);
        ck_assert_str_eq(out.data, want);
        ck_assert_uint_ge(many, 200 * n);
        buf_clear(&text_many);
        buf_clear(&out);
    }
    redactor_close(r);
}
END_TEST

static struct policy *policy_of(const char *pii)
{
    char path[] = "/tmp/briefd-redact-XXXXXX";
    struct policy *p = NULL;
    struct err e;
    int fd = mkstemp(path);
    FILE *f = fdopen(fd, "w");

    fprintf(f,
            "version: 1\npurposes:\n  summary: {legal_basis: contract}\nobjects: {}\nmodels: []\nlicences: "
            "{allow: [MIT]}\npii:\n%s",
            pii);
    fclose(f);
    if (policy_open(path, NULL, &p, &e) != RC_OK) ck_abort_msg("%s", e.msg);
    unlink(path);
    return p;
}

START_TEST(with_policy)
{
    static const char pii[] =
        "  default: slot\n"
        "  entities: {CREDIT_CARD: drop, URL: mask, PHONE_NUMBER: keep, EMAIL_ADDRESS: hash, US_SSN: block}\n"
        "  own: [{entity: CONTRACT_NO, pattern: 'VT-[0-9]{6}', context: [contract, Vertrag], action: "
        "slot}]\n";
    static const char text[] =
        "contract VT-123456, x@y.example, https://acme.example, +49 30 1234567, 4111 1111 1111 1111.";
    struct policy *p = policy_of(pii);
    struct redactor *r = open_redactor(p, false, false);
    const struct redact_span *spans;
    struct buf out;
    size_t n = 0;
    struct err e;

    buf_init(&out, 1000);
    ck_assert_int_eq(redactor_run(r, text, strlen(text), &out, &spans, &n, &e), RC_OK);
    ck_assert_ptr_nonnull(strstr(out.data, "contract [CONTRACT_NO_1], EMAIL-"));
    ck_assert_ptr_nonnull(strstr(out.data, ", (URL), +49 30 1234567, ."));
    ck_assert_int_eq(redactor_run(r, "SSN 219-09-9999", 15, &out, &spans, &n, &e), RC_REFUSED);
    ck_assert_ptr_null(strstr(e.msg, "219"));
    buf_clear(&out);
    redactor_close(r);
    policy_close(p);
}
END_TEST

int main(void)
{
    Suite *s = suite_create("redact");
    TCase *t = tcase_create("redact");
    SRunner *r;
    int failed;

    tcase_add_loop_test(t, without_policy, 0, (int)COUNT_OF(texts));
    tcase_add_test(t, one_after_another);
    tcase_add_test(t, all_spans);
    tcase_add_test(t, with_policy);
    suite_add_tcase(s, t);
    r = srunner_create(s);
    srunner_run_all(r, CK_NORMAL);
    failed = srunner_ntests_failed(r);
    srunner_free(r);
    return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
