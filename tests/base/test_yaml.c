#include "../suite.h"
#include <unistd.h>
#include "../../base/secret.h"
#include "../../base/yaml.h"

static enum rc parse(const char *text, struct yaml **y, struct err *e)
{
    return yaml_parse("f.yaml", text, strlen(text), y, e);
}

START_TEST(nodes_know_their_place)
{
    struct yaml *y;
    struct err e;
    bool on;
    int64_t n;
    const char *text;
    ck_assert_int_eq(parse("a: 1\nb:\n  - x\n  - {c: 'q', d: off}\ne: \"\"\n", &y, &e), RC_OK);
    const struct yaml_node *root = yaml_root(y), *b = yaml_get(root, "b");
    ck_assert_uint_eq(root->count, 3);
    ck_assert_uint_eq(b->count, 2);
    ck_assert_uint_eq(b->line, 3);
    const struct yaml_node *map = b->first->next, *d = yaml_get(map, "d");
    ck_assert_uint_eq(d->line, 4);
    ck_assert_uint_eq(d->column, 17);
    ck_assert_uint_eq(d->key_column, 14);
    ck_assert(yaml_get(map, "c")->quoted);
    ck_assert_int_eq(yaml_bool(y, d, &on, &e), RC_OK);
    ck_assert(!on);
    ck_assert_int_eq(yaml_int(y, yaml_get(root, "a"), 0, 5, &n, &e), RC_OK);
    ck_assert_int_eq(n, 1);
    ck_assert_int_eq(yaml_int(y, yaml_get(root, "a"), 2, 5, &n, &e), RC_BAD);
    ck_assert_str_eq(e.msg, "f.yaml:1:4: a whole number from 2 to 5 was expected here");
    ck_assert_int_eq(yaml_text(y, yaml_get(root, "e"), &text, &e), RC_BAD);
    ck_assert_int_eq(yaml_text(y, b, &text, &e), RC_BAD);
    static const char *const known[] = {"a", "bee", "e"};
    ck_assert_int_eq(yaml_only(y, root, known, 3, &e), RC_BAD);
    ck_assert_str_eq(e.msg, "f.yaml:2:1: unknown key 'b'; did you mean 'bee'?");
    size_t which;
    static const char *const choices[] = {"off", "dry-run", "on"};
    ck_assert_int_eq(yaml_choice(y, d, choices, 3, &which, &e), RC_OK);
    ck_assert_uint_eq(which, 0);
    ck_assert_int_eq(yaml_choice(y, b->first, choices, 3, &which, &e), RC_BAD);
    ck_assert_str_eq(e.msg, "f.yaml:3:5: one of off, dry-run, on was expected here");
    yaml_close(y);
}
END_TEST

START_TEST(what_is_not_taken_is_named_with_its_place)
{
    static const struct {
        const char *text, *begins;
    } cases[] = {
        {"a: 1\na: 2\n", "f.yaml:2:1: this key stands here twice"},
        {"a: &x 1\nb: *x\n", "f.yaml:1:4: anchors and tags"},
        {"a: !!int 1\n", "f.yaml:1:4: anchors and tags"},
        {"a: 1\n---\nb: 2\n", "f.yaml:2:1: a second document"},
        {"a: [1, 2\n", "f.yaml:2:1: "},
        {"? [a]\n: 1\n", "f.yaml:1:3: a key must be a plain word"},
        {"", "f.yaml:1:1: the file is empty"},
        {"a: \"\\0\"\n", "f.yaml:1:4: a value with a NUL byte"},
        {"a:\t1\n b: [\n", "f.yaml:"},
        {"\xff\xfe", "f.yaml:"},
    };
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        struct yaml *y;
        struct err e;
        ck_assert_msg(parse(cases[i].text, &y, &e) == RC_BAD, "case %zu was taken", i);
        ck_assert_msg(strncmp(e.msg, cases[i].begins, strlen(cases[i].begins)) == 0, "%s", e.msg);
    }
}
END_TEST

START_TEST(depth_is_limited)
{
    char text[4 * YAML_MAX_DEPTH];
    struct yaml *y;
    struct err e;
    size_t n = YAML_MAX_DEPTH + 1;
    memset(text, '[', n);
    memset(text + n, ']', n);
    ck_assert_int_eq(yaml_parse("f.yaml", text, 2 * n, &y, &e), RC_BAD);
    ck_assert_int_eq(yaml_open("/nonexistent/f.yaml", &y, &e), RC_BAD);
    ck_assert_str_eq(e.msg, "/nonexistent/f.yaml: No such file or directory");
}
END_TEST

START_TEST(secrets_come_from_where_they_point)
{
    struct err e;
    char *s;
    char path[] = "/tmp/briefd-secret-XXXXXX", spec[64];
    int fd = mkstemp(path);
    ck_assert_int_ge(fd, 0);
    ck_assert_int_eq((int)write(fd, "tiger\nsecond line\n", 18), 18);
    close(fd);
    snprintf(spec, sizeof(spec), "file:%s", path);
    ck_assert_int_eq(secret_resolve(spec, &s, &e), RC_OK);
    ck_assert_str_eq(s, "tiger");
    secret_free(s);
    unlink(path);
    ck_assert_int_eq(secret_resolve(spec, &s, &e), RC_BAD);
    setenv("BRIEFD_TEST_SECRET", "s3", 1);
    ck_assert_int_eq(secret_resolve("postgresql://u:${BRIEFD_TEST_SECRET}@db", &s, &e), RC_OK);
    ck_assert_str_eq(s, "postgresql://u:s3@db");
    secret_free(s);
    ck_assert_int_eq(secret_resolve("${BRIEFD_TEST_UNSET}", &s, &e), RC_BAD);
    ck_assert_str_eq(e.msg, "secret: the environment variable BRIEFD_TEST_UNSET is not set");
    ck_assert_int_eq(secret_resolve("${", &s, &e), RC_BAD);
    ck_assert_int_eq(secret_resolve("plain", &s, &e), RC_OK);
    secret_free(s);
}
END_TEST

SUITE_MAIN("yaml", nodes_know_their_place, what_is_not_taken_is_named_with_its_place, depth_is_limited,
           secrets_come_from_where_they_point)
