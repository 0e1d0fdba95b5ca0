/* The settings table and the configuration file: daemon/settings.h, daemon/config.h. */
#include "../suite.h"
#include <unistd.h>
#include "../../daemon/config.h"
#include "../../daemon/settings.h"

static enum rc parse(const char *text, struct arena *a, struct settings *s, struct err *e)
{
    static const char *const others[] = {"sources", "jobs", "senders"};
    struct yaml *y;
    arena_init(a, 1 << 20);
    enum rc rc = yaml_parse("briefd.yaml", text, strlen(text), &y, e);
    if (rc == RC_OK) {
        rc = settings_parse(y, others, 3, a, s, e);
        yaml_close(y);
    }
    return rc;
}

START_TEST(defaults_and_values)
{
    struct arena a;
    struct settings s;
    struct err e;
    ck_assert_int_eq(parse("model: {threads: 3, cpu: avx2, temperature: 0.5}\nqueue: {lease: 90s}\n", &a, &s, &e), RC_OK);
    ck_assert_int_eq(s.model_threads, 3);
    ck_assert_str_eq(s.model_cpu, "avx2");
    ck_assert(s.temperature == 0.5);
    ck_assert_int_eq(s.lease_us, 90000000);
    ck_assert_int_eq(s.model_context, 2048);
    ck_assert_int_eq(s.model_sequences, 0);
    ck_assert_str_eq(s.clock, "system");
    arena_clear(&a);
}
END_TEST

START_TEST(mistakes_are_named_with_their_place)
{
    static const struct {
        const char *text, *message;
    } cases[] = {
        {"modle: {path: x}\n", "briefd.yaml:1:1: unknown key 'modle'; did you mean 'model'?"},
        {"model: {path: x,\n  thread: 2}\n", "briefd.yaml:2:3: unknown key 'thread'; did you mean 'threads'?"},
        {"model: {threads: 0}\n",
         "briefd.yaml:1:18: model.threads: auto or a whole number from 1 to 256 was expected here"},
        {"model: {cpu: sse}\n", "briefd.yaml:1:14: model.cpu: one of auto|scalar|avx2|avx512 was expected here"},
        {"model: {temperature: hot}\n", "briefd.yaml:1:22: model.temperature: a number from 0 to 2 was expected here"},
        {"queue: {lease: 1s}\n", "briefd.yaml:1:16: queue.lease: a duration from 10s to 86400s was expected here"},
        {"store: [a]\n", "briefd.yaml:1:8: store: a text was expected here"},
        {"model: x\n", "briefd.yaml:1:8: keys and values were expected here"},
    };
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        struct arena a;
        struct settings s;
        struct err e;
        ck_assert_msg(parse(cases[i].text, &a, &s, &e) == RC_BAD, "case %zu was taken", i);
        ck_assert_str_eq(e.msg, cases[i].message);
        arena_clear(&a);
    }
}
END_TEST

START_TEST(the_sample_is_what_the_table_says)
{
    struct arena a;
    struct settings from_sample, from_nothing;
    struct err e;
    struct buf b;
    buf_init(&b, 1 << 16);
    settings_print_sample(&b);
    ck_assert_int_eq(buf_check(&b, "sample", &e), RC_OK);
    ck_assert_msg(parse(b.data, &a, &from_sample, &e) == RC_OK, "%s", e.msg);
    struct arena a2;
    ck_assert_int_eq(parse("{}", &a2, &from_nothing, &e), RC_OK);
    ck_assert_ptr_null(settings_needs_restart(&from_sample, &from_nothing));
    for (size_t i = 0; i < n_settings; i++) {
        const char *key = strrchr(settings_table[i].name, '.');
        ck_assert_ptr_nonnull(strstr(b.data, key ? key + 1 : settings_table[i].name));
    }
    buf_clear(&b);
    arena_clear(&a);
    arena_clear(&a2);
}
END_TEST

START_TEST(what_needs_a_restart_is_told)
{
    struct arena a, b;
    struct settings old, new;
    struct err e;
    ck_assert_int_eq(parse("log: {level: info}\n", &a, &old, &e), RC_OK);
    ck_assert_int_eq(parse("log: {level: debug}\n", &b, &new, &e), RC_OK);
    ck_assert_ptr_null(settings_needs_restart(&old, &new));
    arena_clear(&b);
    ck_assert_int_eq(parse("model: {threads: 2}\n", &b, &new, &e), RC_OK);
    ck_assert_str_eq(settings_needs_restart(&old, &new), "model.threads");
    arena_clear(&a);
    arena_clear(&b);
}
END_TEST

/* Write text to a file of its own and load it as a whole configuration. */
static enum rc load(const char *text, struct config **c, struct err *e)
{
    char path[] = "/tmp/briefd-config-XXXXXX";
    int fd = mkstemp(path);
    ck_assert_int_ge(fd, 0);
    ck_assert_int_eq((int)write(fd, text, strlen(text)), (int)strlen(text));
    close(fd);
    struct config_options opt = {.resolve_secrets = true, .as_of = "2026-11-20"};
    enum rc rc = config_open(path, &opt, c, e);
    unlink(path);
    return rc;
}

static const char source[] = "sources:\n  crm:\n    type: sqlite\n    dsn: /tmp/x.db\n    objects:\n"
                             "      lead: {from: lead, key: id, modified: m, fields: {name: {column: n, type: text}}}\n";

START_TEST(jobs_and_senders)
{
    char text[2000];
    struct config *c;
    struct err e;
    snprintf(text, sizeof(text),
             "%sjobs:\n  night: {schedule: '0 2 * * *', time_zone: Europe/Berlin, source: crm, object: lead,\n"
             "          kinds: [summary, email], filter: [{field: name, not_in: [a, b]}], budget: {records: 10}}\n"
             "senders:\n  default: {name: D}\n  u1: {name: U, title: T}\n",
             source);
    ck_assert_msg(load(text, &c, &e) == RC_OK, "%s", e.msg);
    const struct config_view *v = config_get(c);
    ck_assert_str_eq(v->jobs->name, "night");
    ck_assert(v->jobs->kinds[PURPOSE_SUMMARY] && v->jobs->kinds[PURPOSE_EMAIL] && !v->jobs->kinds[PURPOSE_ENRICHMENT]);
    ck_assert_int_eq(v->jobs->budget_records, 10);
    ck_assert_uint_eq(v->jobs->filter->n_values, 2);
    ck_assert_str_eq(config_sender(v, "u1")->name, "U");
    ck_assert_str_eq(config_sender(v, "somebody")->name, "D");
    ck_assert_int_eq(clock_today(&v->clock), 20777);
    ck_assert_ptr_nonnull(config_source(v, "crm"));
    ck_assert_ptr_null(config_source(v, "erp"));
    config_close(c);
}
END_TEST

START_TEST(bad_jobs_are_named)
{
    static const struct {
        const char *job, *ends;
    } cases[] = {
        {"{source: crm, object: lead}", "job 'j' needs source, object and kinds"},
        {"{source: erp, object: lead, kinds: [summary]}", "there is no source 'erp'"},
        {"{source: crm, object: deal, kinds: [summary]}", "source 'crm' maps no object 'deal'"},
        {"{source: crm, object: lead, kinds: [summry]}", "one of summary, email, enrichment was expected here"},
        {"{source: crm, object: lead, kind: [summary]}", "unknown key 'kind'; did you mean 'kinds'?"},
        {"{source: crm, object: lead, kinds: [summary], filter: [{field: x}]}",
         "'field' and one of is, in, not_in were expected here"},
    };
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        char text[2000];
        struct config *c;
        struct err e;
        snprintf(text, sizeof(text), "%sjobs:\n  j: %s\n", source, cases[i].job);
        ck_assert_msg(load(text, &c, &e) == RC_BAD, "case %zu was taken", i);
        size_t n = strlen(e.msg), m = strlen(cases[i].ends);
        ck_assert_msg(n >= m && strcmp(e.msg + n - m, cases[i].ends) == 0, "%s", e.msg);
    }
}
END_TEST

SUITE_MAIN("settings", defaults_and_values, mistakes_are_named_with_their_place, the_sample_is_what_the_table_says,
           what_needs_a_restart_is_told, jobs_and_senders, bad_jobs_are_named)
