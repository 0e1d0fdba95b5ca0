/* Times the tokenizer of a vocabulary on one core: bench_tokenize GGUF NAME TEXT_FILE prints one JSON line. English text
 * is the file's; one letter and random bytes are 1 MB each, and what counts of them is the ratio to English of that size. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include "../../inference/gguf.h"
#include "../../inference/tokenizer.h"

#define MB ((size_t)1000000)
#define RUNS 7

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

static void fail(const char *what)
{
    fprintf(stderr, "bench_tokenize: %s\n", what);
    exit(1);
}

/* Seconds that text[n] takes, sorted. */
static void measure(const struct tokenizer *t, const char *text, size_t n, double took[RUNS])
{
    const struct segment s = {SEGMENT_DATA, text, n};
    struct err e;

    for (int i = 0; i < RUNS; i++) {
        double began = seconds();
        int32_t *ids;
        size_t n_ids;

        if (tokenizer_encode(t, &s, 1, TOKENS_LITERAL, false, &ids, &n_ids, &e) != RC_OK) fail(e.msg);
        took[i] = seconds() - began;
        free(ids);
    }
    qsort(took, RUNS, sizeof(*took), ascending);
}

int main(int argc, char **argv)
{
    static char text[MB], odd[MB];
    double began, load_ms[RUNS], english[RUNS], letter[RUNS], random[RUNS];
    uint64_t state = 20261120;
    size_t n;
    FILE *f;
    struct err e;
    struct gguf *g;
    struct tokenizer *t = NULL;

    if (argc != 4) fail("usage: bench_tokenize GGUF NAME TEXT_FILE");
    f = fopen(argv[3], "rb");
    if (!f) fail("no text");
    n = fread(text, 1, MB, f);
    fclose(f);
    for (int i = 0; i < RUNS; i++) {
        tokenizer_close(t);
        t = NULL;
        began = seconds();
        if (gguf_open(argv[1], &g, &e) != RC_OK || tokenizer_open(g, &t, &e) != RC_OK) fail(e.msg);
        load_ms[i] = 1e3 * (seconds() - began);
        gguf_close(g);
    }
    qsort(load_ms, RUNS, sizeof(*load_ms), ascending);
    measure(t, text, n, english);
    memset(odd, 'a', MB);
    measure(t, odd, MB, letter);
    for (size_t i = 0; i < MB; i++) { /* Steele et al. 2014, SplitMix64 */
        uint64_t z = (state += UINT64_C(0x9E3779B97F4A7C15));

        z = (z ^ z >> 30) * UINT64_C(0xBF58476D1CE4E5B9);
        odd[i] = (char)((z ^ z >> 27) >> 56);
    }
    measure(t, odd, MB, random);
    printf("{\"bench\": \"tokenize\", \"vocabulary\": \"%s\", \"tokens\": %zu, \"load_ms\": %.1f, \"text_mb\": %.2f, "
           "\"mb_per_s\": {\"min\": %.1f, \"median\": %.1f, \"max\": %.1f}, \"one_letter_ratio\": %.2f, "
           "\"random_bytes_ratio\": %.2f, \"cores\": 1}\n",
           argv[2], tokenizer_size(t), load_ms[RUNS / 2], (double)n / MB, (double)n / MB / english[RUNS - 1],
           (double)n / MB / english[RUNS / 2], (double)n / MB / english[0],
           letter[RUNS / 2] / english[RUNS / 2] * (double)n / MB, random[RUNS / 2] / english[RUNS / 2] * (double)n / MB);
    tokenizer_close(t);
    return 0;
}
