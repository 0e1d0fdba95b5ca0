/* fixture.h: what the connector suites share: a source from YAML text, and callbacks that keep what they got. */
#ifndef TESTS_CONNECTORS_FIXTURE_H
#define TESTS_CONNECTORS_FIXTURE_H

#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "../../connectors/connector.h"

struct source {
    struct yaml *yaml;
    struct arena arena;
    const struct source_config *cfg;
    struct clock clock;
};

static inline void source_open(struct source *s, const char *text)
{
    struct err e = {""};

    arena_init(&s->arena, 1 << 20);
    ck_assert_int_eq(clock_init(&s->clock, "2026-06-01", &e), RC_OK); /* after all stamps of the tests, bar one */
    ck_assert_msg(yaml_parse("test.yaml", text, strlen(text), &s->yaml, &e) == RC_OK, "%s", e.msg);
    ck_assert_msg(sources_parse(s->yaml, yaml_get(yaml_root(s->yaml), "sources"), true, &s->arena, &s->cfg, &e) ==
                  RC_OK, "%s", e.msg);
}

static inline void source_close(struct source *s)
{
    arena_clear(&s->arena);
    yaml_close(s->yaml);
}

#define GOT_MAX 1024
struct got {
    size_t rows, batches, largest;   /* of a pull or list */
    char ids[GOT_MAX][24], versions[GOT_MAX][64];
    int64_t modified_us[GOT_MAX];
    bool deleted[GOT_MAX];
    char watermark[WATERMARK_SIZE];
    size_t stop_after; /* rows; 0: never */
    struct record *records[GOT_MAX];
    size_t n_records;
    size_t n_bad;
    char bad_ids[64][24], bad_reasons[64][256];
    enum write_outcome outcomes[64];
    char new_versions[64][64], reasons[64][200];
    size_t n_results;
};

static inline enum rc got_rows(void *ctx, const struct pulled *rows, size_t n, const char *watermark, struct err *e)
{
    struct got *g = ctx;

    for (size_t i = 0; i < n; i++) {
        size_t at = (g->rows + i) % GOT_MAX;

        snprintf(g->ids[at], sizeof(g->ids[at]), "%s", rows[i].id);
        snprintf(g->versions[at], sizeof(g->versions[at]), "%s", rows[i].version);
        g->modified_us[at] = rows[i].modified_us;
        g->deleted[at] = rows[i].deleted;
    }
    g->rows += n;
    g->batches++;
    if (n > g->largest) g->largest = n;
    if (g->stop_after && g->rows >= g->stop_after) return err_set(e, RC_INTERNAL, "stopped by the test");
    snprintf(g->watermark, sizeof(g->watermark), "%s", watermark); /* as if stored with the rows */
    return RC_OK;
}

static inline enum rc got_record(void *ctx, struct record *take, struct err *e)
{
    struct got *g = ctx;

    (void)e;
    g->records[g->n_records++] = take;
    return RC_OK;
}

static inline void got_bad(void *ctx, const struct bad_record *bad)
{
    struct got *g = ctx;

    if (g->n_bad == COUNT_OF(g->bad_ids)) return;
    snprintf(g->bad_ids[g->n_bad], sizeof(g->bad_ids[0]), "%s", bad->id);
    snprintf(g->bad_reasons[g->n_bad++], sizeof(g->bad_reasons[0]), "%s", bad->reason);
}

static inline void got_result(void *ctx, size_t item, enum write_outcome outcome, const char *new_version,
                              const char *reason)
{
    struct got *g = ctx;

    g->outcomes[item] = outcome;
    snprintf(g->new_versions[item], sizeof(g->new_versions[0]), "%s", new_version ? new_version : "");
    snprintf(g->reasons[item], sizeof(g->reasons[0]), "%s", reason ? reason : "");
    g->n_results++;
}

/* Ids of connector_related(), in sorted order with a space behind each. */
static inline enum rc got_related(void *ctx, const char *id, struct err *e)
{
    struct got *g = ctx;

    (void)e;
    snprintf(g->ids[g->rows++ % GOT_MAX], sizeof(g->ids[0]), "%s", id);
    return RC_OK;
}

static inline int by_text(const void *a, const void *b)
{
    return strcmp(a, b);
}

static inline const char *related_to(struct connector *c, struct got *g, const char *object, const char *other,
                                  const char *const *ids, size_t n, char out[256])
{
    struct err e = {""};

    g->rows = 0;
    out[0] = '\0';
    ck_assert_msg(connector_related(c, object, other, ids, n, got_related, g, &e) == RC_OK, "%s", e.msg);
    qsort(g->ids, g->rows, sizeof(g->ids[0]), by_text);
    for (size_t i = 0; i < g->rows; i++)
        strcat(strcat(out, g->ids[i]), " ");
    return out;
}

/* The last one of connector_targets() as "id|version|text". */
static inline enum rc got_target(void *ctx, const struct target *t, struct err *e)
{
    (void)e;
    snprintf(ctx, 128, "%s|%s|%s", t->id, t->version, t->text ? t->text : "(null)");
    return RC_OK;
}

static inline struct got *got_new(void)
{
    struct got *g = calloc(1, sizeof(*g));

    ck_assert_ptr_nonnull(g);
    return g;
}

static inline void got_free(struct got *g)
{
    for (size_t i = 0; i < g->n_records; i++)
        record_close(g->records[i]);
    free(g);
}

static inline const struct record *got_id(const struct got *g, const char *id)
{
    for (size_t i = 0; i < g->n_records; i++) {
        if (strcmp(g->records[i]->id, id) == 0) return g->records[i];
    }
    return NULL;
}

static inline bool got_pulled(const struct got *g, const char *id)
{
    for (size_t i = 0; i < g->rows && i < GOT_MAX; i++) {
        if (strcmp(g->ids[i], id) == 0) return true;
    }
    return false;
}

static inline const char *text_of(const struct record *r, const char *field)
{
    const struct field *f = record_field(r, field);

    return f ? f->text : "(no such field)";
}

/* Run a suite; the number of failed tests as an exit status. */
static inline int run_suite(const char *name, TCase *tc)
{
    Suite *s = suite_create(name);
    SRunner *sr;
    int failed;

    tcase_set_timeout(tc, 300);
    suite_add_tcase(s, tc);
    sr = srunner_create(s);
    srunner_run_all(sr, CK_NORMAL);
    failed = srunner_ntests_failed(sr);
    srunner_free(sr);
    return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}

#endif
