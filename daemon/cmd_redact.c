/* cmd_redact.c: see cmd_redact.h. One answer line per input line, also for bad ones, flushed at once, so that a program
 * can talk to it through pipes. */
#include "cmd_redact.h"

#include <getopt.h>
#include <stdio.h>
#include <string.h>

#include "../base/buf.h"
#include "../base/json.h"
#include "../policy/policy.h"
#include "cli.h"

#define LINE_MAX_BYTES   ((size_t)32 << 20)
#define ANSWER_MAX_BYTES ((size_t)256 << 20)

static void print_help(void)
{
    printf("Usage: briefctl redact [-p POLICY] [--all] [--no-context] [--as-of DATE]\n\n"
           "Reads JSON lines {\"text\": ...} and answers each with {\"text\": redacted, \"spans\": "
           "[{\"entity\", \"start\",\n"
           "\"end\", \"score\"}]} or {\"error\": ...}. Spans are byte offsets of the input text and list "
           "every match.\n\n"
           "  -p, --policy FILE  act as this policy says (default: every entity becomes a slot)\n"
           "  --all              also identifiers of single countries without a word near that names them\n"
           "  --no-context       context words don't matter; every score above 0 counts\n"
           "  --as-of DATE       the day for what depends on it: a date of birth is not ahead (default: today)\n");
}

/* Next line without its newline; false at the end of input. A line over the limit leaves line->failed set. */
static bool read_line(FILE *in, struct buf *line)
{
    int c;

    buf_reset(line);
    while ((c = getc_unlocked(in)) != EOF && c != '\n')
        buf_char(line, (char)c);
    return c != EOF || line->len > 0 || line->failed != RC_OK;
}

static void print_error(const struct err *e)
{
    struct buf b;

    buf_init(&b, 8 * sizeof(e->msg));
    buf_str(&b, "{\"error\": ");
    buf_json(&b, e->msg, strlen(e->msg));
    buf_char(&b, '}');
    puts(b.data);
    buf_clear(&b);
}

static enum rc compose(const struct buf *text, const struct redact_span *spans, size_t n, struct buf *out,
                       struct err *e)
{
    buf_str(out, "{\"text\": ");
    buf_json(out, text->data, text->len);
    buf_str(out, ", \"spans\": [");
    for (size_t i = 0; i < n; i++)
        buf_printf(out, "%s{\"entity\": \"%s\", \"start\": %zu, \"end\": %zu, \"score\": %.4g}",
                   i ? ", " : "", spans[i].entity, spans[i].start, spans[i].end, spans[i].score);
    buf_str(out, "]}");
    return buf_check(out, "answer", e);
}

static enum rc answer(struct redactor *r, const struct buf *line, struct buf *out, struct err *e)
{
    cJSON *json = NULL;
    struct buf text;
    const struct redact_span *spans = NULL;
    const char *input;
    size_t n = 0;
    enum rc rc = buf_check(line, "line", e);

    buf_init(&text, ANSWER_MAX_BYTES);
    if (rc == RC_OK) rc = json_parse(line->data, line->len, JSON_NUMBERS_DOUBLE, &json, e);
    if (rc != RC_OK) goto out;
    input = cJSON_IsObject(json) ? json_str(json, "text") : NULL;
    if (!input) {
        rc = err_set(e, RC_BAD, "expected an object with a string \"text\"");
        goto out;
    }
    rc = redactor_run(r, input, strlen(input), &text, &spans, &n, e);
    if (rc == RC_OK) rc = compose(&text, spans, n, out, e);
out:
    buf_wipe(&text);
    cJSON_Delete(json);
    return rc;
}

static int run(struct redactor *r)
{
    struct buf line, out;
    struct err e = {0};

    buf_init(&line, LINE_MAX_BYTES);
    buf_init(&out, ANSWER_MAX_BYTES);
    while (read_line(stdin, &line)) {
        buf_reset(&out);
        if (answer(r, &line, &out, &e) == RC_OK)
            puts(out.data);
        else
            print_error(&e);
        if (fflush(stdout) != 0) break;
    }
    buf_wipe(&line);
    buf_wipe(&out);
    return ferror(stdout) || ferror(stdin) ? EXIT_FAILED : EXIT_DONE;
}

int cmd_redact(const char *config, int argc, char **argv)
{
    static const struct option options[] = {{"policy", required_argument, NULL, 'p'},
                                            {"all", no_argument, NULL, 'a'},
                                            {"no-context", no_argument, NULL, 'n'},
                                            {"as-of", required_argument, NULL, 'd'},
                                            {"help", no_argument, NULL, 'h'},
                                            {0}};
    struct redact_options opt = {0};
    struct clock clock;
    const char *path = NULL;
    struct policy *policy = NULL;
    struct redactor *redactor = NULL;
    struct err e = {0};
    enum rc rc = RC_OK;
    int code;

    (void)config;
    for (int c; (c = getopt_long(argc, argv, "p:h", options, NULL)) != -1;) {
        switch (c) {
        case 'p':
            path = optarg;
            break;
        case 'a':
            opt.all = true;
            break;
        case 'n':
            opt.no_context = true;
            break;
        case 'd':
            if (clock_init(&clock, optarg, &e) != RC_OK) return cli_usage("redact", "%s", e.msg);
            opt.clock = &clock;
            break;
        case 'h':
            print_help();
            return EXIT_DONE;
        default:
            return cli_usage("redact", "wrong option");
        }
    }
    if (optind < argc) return cli_usage("redact", "unexpected '%s'", argv[optind]);
    if (path) rc = policy_open(path, NULL, &policy, &e);
    if (rc != RC_OK) {
        cli_fail(rc, &e);
        return EXIT_USAGE;
    }
    rc = redactor_open(policy, &opt, &redactor, &e);
    code = rc == RC_OK ? run(redactor) : cli_fail(rc, &e);
    redactor_close(redactor);
    policy_close(policy);
    return code;
}
