/* The vault through vault.h: its limits, equal values, and look-ups among 100,000 slots. */
#include "../suite.h"
#include "../../policy/vault.h"

START_TEST(a_hundred_thousand)
{
    struct vault *v = NULL;
    const struct vault_value *got;
    char key[32];
    struct err e;

    ck_assert_int_eq(vault_open(true, &v, &e), RC_OK);
    for (int i = 0; i < VAULT_MAX_SLOTS; i++) {
        snprintf(key, sizeof(key), "value %d", i);
        ck_assert_msg(vault_put(v, i % 2 ? "EMAIL" : "PHONE", key, key, "", &got, &e) == RC_OK, "%d: %s", i, e.msg);
        ck_assert_uint_eq(got->number, (unsigned)(i / 2 + 1));
    }
    ck_assert_uint_eq(vault_count(v), VAULT_MAX_SLOTS);
    for (int i = 0; i < VAULT_MAX_SLOTS; i += 997) { /* equal values share their slot, also in a full vault */
        snprintf(key, sizeof(key), "value %d", i);
        ck_assert_int_eq(vault_put(v, i % 2 ? "EMAIL" : "PHONE", key, key, "", &got, &e), RC_OK);
        ck_assert_str_eq(got->value, key);
        ck_assert_ptr_nonnull(vault_find(v, got->slot + 1, strlen(got->slot) - 2));
        ck_assert_str_eq(vault_find(v, got->slot + 1, strlen(got->slot) - 2)->value, key);
    }
    ck_assert_int_eq(vault_put(v, "EMAIL", "one more", "one more", "", &got, &e), RC_LIMIT);
    ck_assert_ptr_nonnull(strstr(e.msg, "100000"));
    ck_assert_ptr_null(strstr(e.msg, "one more"));
    vault_close(v);
}
END_TEST

START_TEST(long_values)
{
    struct vault *v = NULL;
    const struct vault_value *got;
    char *value = malloc(VAULT_MAX_VALUE_BYTES + 2);
    struct err e;

    memset(value, 'x', VAULT_MAX_VALUE_BYTES + 1);
    value[VAULT_MAX_VALUE_BYTES + 1] = '\0';
    ck_assert_int_eq(vault_open(true, &v, &e), RC_OK);
    ck_assert_int_eq(vault_put(v, "EMAIL", "key", value, "", &got, &e), RC_LIMIT);
    ck_assert_int_eq(vault_put(v, "EMAIL", value, "v", "", &got, &e), RC_LIMIT);
    ck_assert_ptr_null(strstr(e.msg, "xxx"));
    value[VAULT_MAX_VALUE_BYTES] = '\0';
    ck_assert_int_eq(vault_put(v, "EMAIL", "key", value, "", &got, &e), RC_OK);
    ck_assert_str_eq(got->slot, "[EMAIL_1]");
    vault_close(v);
    free(value);
}
END_TEST

/* One vault never answers for another. */
START_TEST(vaults_are_apart)
{
    struct vault *a = NULL, *b = NULL;
    const struct vault_value *got;
    struct err e;

    ck_assert_int_eq(vault_open(true, &a, &e), RC_OK);
    ck_assert_int_eq(vault_open(true, &b, &e), RC_OK);
    ck_assert_int_eq(vault_put(a, "PERSON", "anna", "Anna", "", &got, &e), RC_OK);
    ck_assert_ptr_null(vault_find(b, "PERSON_1", 8));
    ck_assert_int_eq(vault_put(b, "PERSON", "ben", "Ben", "", &got, &e), RC_OK);
    ck_assert_str_eq(vault_find(a, "PERSON_1", 8)->value, "Anna");
    ck_assert_str_eq(vault_find(b, "PERSON_1", 8)->value, "Ben");
    vault_close(a);
    vault_close(b);
}
END_TEST

SUITE_MAIN("vault", a_hundred_thousand, long_values, vaults_are_apart)
