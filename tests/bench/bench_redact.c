/* Times detection and redaction on one core, in one process: bench_redact POLICY|- all|few FILE... prints one JSON line for
 * each file, which holds texts with a NUL behind each. tests/bench/redact makes the files. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "../../policy/detect.h"
#include "../../policy/policy.h"

#define RUNS 5

struct corpus {
    char *bytes;
    size_t n;
};

static double seconds(void)
{
    struct timespec t;

    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t); /* one thread: time on other people's behalf does not count */
    return (double)t.tv_sec + 1e-9 * (double)t.tv_nsec;
}

static int ascending(const void *a, const void *b)
{
    double x = *(const double *)a, y = *(const double *)b;

    return (x > y) - (x < y);
}

/* A hostile text may have more matches than are kept: it is measured up to there. */
static void check(enum rc rc, const struct err *e)
{
    if (rc == RC_OK || rc == RC_LIMIT) return;
    fprintf(stderr, "bench_redact: %s\n", e->msg);
    exit(1);
}

static void read_corpus(const char *path, struct corpus *c)
{
    FILE *f = fopen(path, "rb");
    long size;

    if (!f || fseek(f, 0, SEEK_END) != 0 || (size = ftell(f)) <= 0 || fseek(f, 0, SEEK_SET) != 0) {
        fprintf(stderr, "bench_redact: cannot read %s\n", path);
        exit(1);
    }
    c->n = (size_t)size;
    c->bytes = malloc(c->n + 1);
    if (!c->bytes || fread(c->bytes, 1, c->n, f) != c->n) exit(1);
    c->bytes[c->n] = '\0';
    fclose(f);
}

/* Matches of one pass over the corpus. */
static size_t detect_once(struct detect_set *s, const struct corpus *c)
{
    size_t matches = 0;
    struct err e;

    for (size_t at = 0; at < c->n; at += strlen(c->bytes + at) + 1) {
        struct found *f = NULL;
        size_t n = 0;

        check(detect_scan(s, c->bytes + at, strlen(c->bytes + at), &f, &n, &e), &e);
        if (f) check(detect_resolve(f, &n, &e), &e);
        matches += n;
        free(f);
    }
    return matches;
}

static size_t redact_once(struct redactor *r, const struct corpus *c)
{
    size_t matches = 0;
    struct buf out;
    struct err e;

    buf_init(&out, (size_t)256 << 20);
    for (size_t at = 0; at < c->n; at += strlen(c->bytes + at) + 1) {
        const struct redact_span *spans;
        size_t n = 0;

        buf_reset(&out);
        check(redactor_run(r, c->bytes + at, strlen(c->bytes + at), &out, &spans, &n, &e), &e);
        matches += n;
    }
    buf_clear(&out);
    return matches;
}

int main(int argc, char **argv)
{
    struct redact_options options = {.all = argc > 2 && strcmp(argv[2], "all") == 0};
    struct detect_options detect = {.facts = true, .locales = options.all};
    struct policy *p = NULL;
    struct redactor *r = NULL;
    struct detect_set *s = NULL;
    struct err e;

    if (argc < 4) return 2;
    if (strcmp(argv[1], "-") != 0) check(policy_open(argv[1], NULL, &p, &e), &e);
    check(detect_open(&detect, &s, &e), &e);
    check(redactor_open(p, &options, &r, &e), &e);
    for (int i = 3; i < argc; i++) {
        double took[2][RUNS];
        size_t matches = 0, spans = 0;
        struct corpus c;

        read_corpus(argv[i], &c);
        for (int k = 0; k < RUNS; k++) {
            double began = seconds();

            matches = detect_once(s, &c);
            took[0][k] = seconds() - began;
            began = seconds();
            spans = redact_once(r, &c);
            took[1][k] = seconds() - began;
        }
        qsort(took[0], RUNS, sizeof(double), ascending);
        qsort(took[1], RUNS, sizeof(double), ascending);
        printf("{\"file\": \"%s\", \"mb\": %.2f, \"detect_mb_per_s\": %.1f, \"redact_mb_per_s\": %.1f, \"matches\": %zu, "
               "\"spans\": %zu}\n",
               strrchr(argv[i], '/') ? strrchr(argv[i], '/') + 1 : argv[i], (double)c.n / 1e6,
               (double)c.n / 1e6 / took[0][RUNS / 2], (double)c.n / 1e6 / took[1][RUNS / 2], matches, spans);
        free(c.bytes);
    }
    redactor_close(r);
    detect_close(s);
    policy_close(p);
    return 0;
}
