/* A configuration as it is kept: daemon/config_text.h. No secret of any of the ways to write one may come through. */
#include "../suite.h"
#include "../../base/str.h"
#include "../../daemon/config_text.h"

/* What becomes of a YAML text; the caller frees it. */
static char *kept(const char *yaml)
{
    struct yaml *y = NULL;
    struct buf b;
    struct err e = {""};
    ck_assert_msg(yaml_parse("briefd.yaml", yaml, strlen(yaml), &y, &e) == RC_OK, "%s", e.msg);
    buf_init(&b, 1 << 20);
    config_text(yaml_root(y), &b);
    ck_assert_int_eq(buf_check(&b, "text", &e), RC_OK);
    yaml_close(y);
    return buf_take(&b, NULL);
}

START_TEST(secrets_are_masked)
{
    static const struct {
        const char *yaml, *want;
    } t[] = {
        {"dsn: postgresql://briefd:s3cret@db:5432/crm", "dsn: \"postgresql://briefd:***@db:5432/crm\"\n"},
        {"dsn: postgresql://db/crm?user=me&password=s3cret&sslmode=require",
         "dsn: \"postgresql://db/crm?user=me&password=***&sslmode=require\"\n"},
        {"dsn: 'host=db password=s3cret dbname=crm'", "dsn: \"host=db password=*** dbname=crm\"\n"},
        {"dsn: \"host=db password='s3 cret' dbname=crm\"", "dsn: \"host=db password=*** dbname=crm\"\n"},
        {"dsn: \"host=db\\npassword=s3cret\\ndbname=crm\"", "dsn: \"host=db\\npassword=***\\ndbname=crm\"\n"},
        {"dsn: \"password='s3cret\"", "dsn: \"password=***\"\n"},
        {"dsn: https://u:s3cret@api.example.com/v1?key=s3cret#x", "dsn: \"https://***@api.example.com/v1?key=***\"\n"},
        {"dsn: https://s3cret@api.example.com/v1", "dsn: \"https://***@api.example.com/v1\"\n"},
        {"dsn: postgresql://u:s3/cr?s3cret@db/crm", "dsn: \"postgresql://u:***@db/crm\"\n"}, /* badly escaped */
        {"dsn: 'host=db password = s3cret user = me'", "dsn: \"host=db password = *** user = me\"\n"},
        {"dsn: \"password='it\\\\'s s3cret' host=db\"", "dsn: \"password=*** host=db\"\n"},
        {"dsn: 'password=a\\ s3cret host=db'", "dsn: \"password=*** host=db\"\n"},
        {"dsn: \"password=''s3cret host=db\"", "dsn: \"password=*** host=db\"\n"},
        {"dsn: 'host=db password=s3cret://s3cret'", "dsn: \"host=db password=***\"\n"},
        {"dsn: 'sslpassword=s3cret host=db'", "dsn: \"sslpassword=*** host=db\"\n"},
        {"dsn: postgresql://briefd:${PW}@db/crm", "dsn: \"postgresql://briefd:***@db/crm\"\n"},
        {"dsn: ${CRM_DSN}", "dsn: \"${CRM_DSN}\"\n"},
        {"dsn: file:/run/secrets/crm", "dsn: \"file:/run/secrets/crm\"\n"},
        {"dsn: '${A} password=s3cret ${B}'", "dsn: \"${A} password=*** ${B}\"\n"},
        {"auth: {type: basic, user: s3cret, password: s3cret}", "auth:\n  type: basic\n  user: \"***\"\n  password: \"***\"\n"},
        {"auth: {type: header, header: X-Key, value: s3cret, prefix: Bearer}",
         "auth:\n  type: header\n  header: X-Key\n  value: \"***\"\n  prefix: Bearer\n"},
        {"headers: {X-Api: s3cret, Accept: text/csv}", "headers:\n  X-Api: \"***\"\n  Accept: text/csv\n"},
        {"senders: {default: {name: s3cret, title: s3cret}}",
         "senders:\n  default:\n    name: \"***\"\n    title: \"***\"\n"}, /* people */
        {"query: {list: [s3cret, s3cret]}", "query:\n  list:\n    - \"***\"\n    - \"***\"\n"},
        {"smtp: {db-password: s3cret, apiKey: s3cret, ClientSecret: s3cret}",
         "smtp:\n  db-password: \"***\"\n  apiKey: \"***\"\n  ClientSecret: \"***\"\n"},
    };
    for (size_t i = 0; i < COUNT_OF(t); i++) {
        char *text = kept(t[i].yaml);
        ck_assert_str_eq(text, t[i].want);
        ck_assert_ptr_null(strstr(text, "s3cret"));
        free(text);
    }
}
END_TEST

START_TEST(the_rest_stays_and_is_the_same_yaml)
{
    static const char yaml[] = "store: sqlite:///var/lib/b.db # password: old\n"
                               "objects: {a: {key: id, from: '(select x from t where a = 1)', fields: [], map: {}}}\n"
                               "list: [1, {x: y, z: [a, b]}, 'it''s: \"so\"']\nempty: ''\ndash: '-'\n";
    char *once = kept(yaml), *twice = kept(once);
    ck_assert_str_eq(once, twice); /* the kept text says what the file says */
    ck_assert_ptr_null(strstr(once, "old"));
    ck_assert_ptr_nonnull(strstr(once, "key: id\n"));
    ck_assert_ptr_nonnull(strstr(once, "\"(select x from t where a = 1)\""));
    ck_assert_ptr_nonnull(strstr(once, "\"it's: \\\"so\\\"\""));
    free(once);
    free(twice);
}
END_TEST

SUITE_MAIN("config_text", secrets_are_masked, the_rest_stays_and_is_the_same_yaml)
