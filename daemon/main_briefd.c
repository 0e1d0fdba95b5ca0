/* briefd: the daemon. */
#include <getopt.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>
#include "../base/log.h"
#include "app.h"
#include "cli.h"
#include "service.h"

static void print_help(void)
{
    printf("Usage: briefd [-c FILE] [--check | --once] [--as-of DATE]\n\n"
           "Pulls CRM records, applies the policy, lets a local model write briefs, and keeps them for review.\n\n"
           "  -c FILE          configuration (default: $BRIEFD_CONFIG, else /etc/briefd/briefd.yaml)\n"
           "  --check          check configuration, policy, templates and model file, then end\n"
           "  --once           sync every source, run every job once, then end\n"
           "  --as-of DATE     take DATE (YYYY-MM-DD) for today\n"
           "  --sample-config  print every setting with its default\n"
           "  -h, --help       this text\n"
           "  --version\n\n"
           "SIGHUP reads configuration, policy and templates again; SIGTERM finishes what is in flight and ends.\n"
           "Exit codes: 0 done, 1 failed, 2 usage or configuration, 3 refused by policy, 5 transient (try again).\n");
}

static int sample_config(void)
{
    struct buf b;
    struct err e;
    buf_init(&b, (size_t)1 << 20);
    settings_print_sample(&b);
    enum rc rc = buf_check(&b, "sample", &e);
    if (rc == RC_OK)
        fputs(b.data, stdout);
    buf_clear(&b);
    return rc == RC_OK ? EXIT_DONE : cli_fail(rc, &e);
}

static void on_progress(void *ctx, const char *job, const struct run_result *r, size_t total)
{
    size_t done = r->made + r->unchanged + r->refused + r->filtered + r->gone + r->quarantined + r->dead;
    char note[64];
    (void)ctx;
    snprintf(note, sizeof(note), "%zu made, %llu tokens", r->made, (unsigned long long)r->output_tokens);
    cli_progress(job, done, total > done ? total : done + 1, note);
}

static void on_job(void *ctx, const char *job, enum rc rc, const struct run_result *r, const struct err *why)
{
    (void)ctx;
    if (cli_color(STDERR_FILENO))
        fputs("\r\033[K", stderr);
    if (rc != RC_OK) {
        fprintf(stderr, "briefd: job %s: %s\n", job, why->msg);
        return;
    }
    printf("%-16s %zu made, %zu unchanged, %zu refused, %zu not in filter, %zu quarantined, %zu failed, %zu left%s\n", job, r->made,
           r->unchanged, r->refused, r->filtered, r->quarantined, r->dead, r->left,
           r->paused ? " (paused: too many refused or quarantined)" : "");
    if (r->written + r->conflicts)
        printf("%-16s %zu written back, %zu in conflict\n", "", r->written, r->conflicts);
    fflush(stdout);
}

static int once(struct app *a)
{
    struct service_once opt = {.on_job = on_job, .on_progress = on_progress};
    struct service_summary s;
    struct err e;
    enum rc rc = service_once(a, &opt, &s, &e);
    if (rc != RC_OK)
        return rc == RC_BAD ? cli_usage("", "%s", e.msg) : cli_fail(rc, &e);
    if (s.failed || s.total.dead)
        return EXIT_FAILED;
    return s.transient ? EXIT_TRANSIENT : EXIT_DONE;
}

static int stay(struct app *a)
{
    struct err e;
    enum rc rc = service_run(a, &e);
    return rc == RC_OK ? EXIT_DONE : cli_fail(rc, &e);
}

static void set_up_log(struct app *a)
{
    struct rules *r = app_rules(a);
    const struct settings *s = rules_config(r)->settings;
    enum log_level level = LOG_INFO;
    log_level_parse(s->log_level, &level);
    log_setup(level, strcmp(s->log_format, "json") == 0 ? LOG_JSON : LOG_LOGFMT);
    rules_release(r);
}

int main(int argc, char **argv)
{
    static const struct option options[] = {{"config", required_argument, NULL, 'c'}, {"check", no_argument, NULL, 'k'},
                                            {"once", no_argument, NULL, 'o'},         {"as-of", required_argument, NULL, 'a'},
                                            {"sample-config", no_argument, NULL, 's'}, {"help", no_argument, NULL, 'h'},
                                            {"version", no_argument, NULL, 'V'},      {0}};
    struct app_options opt = {.parts = APP_STORE_KEYS | APP_ENGINE | APP_MODEL};
    struct app *a = NULL;
    struct err e;
    bool one_run = false;
    for (int c; (c = getopt_long(argc, argv, "c:h", options, NULL)) != -1;) {
        switch (c) {
        case 'c': opt.config = optarg; break;
        case 'k': opt.check = true; break;
        case 'o': one_run = true; break;
        case 'a': opt.as_of = optarg; break;
        case 's': return sample_config();
        case 'h': print_help(); return EXIT_DONE;
        case 'V': printf("briefd %s\n", BRIEFD_VERSION); return EXIT_DONE;
        default: return cli_usage("", "wrong option");
        }
    }
    if (optind < argc)
        return cli_usage("", "unexpected '%s'", argv[optind]);
    if (opt.check && one_run)
        return cli_usage("", "--check and --once exclude each other");
    opt.config = cli_config(opt.config);
    if (opt.check)
        opt.parts = APP_RULES;
    service_block_signals();
    enum rc rc = app_open(&opt, &a, &e);
    if (rc != RC_OK) {
        int code = cli_fail(rc, &e);
        return rc == RC_BAD ? EXIT_USAGE : code;
    }
    set_up_log(a);
    int code = EXIT_DONE;
    if (opt.check)
        printf("%s: configuration, policy, templates and model are in order\n", opt.config);
    else
        code = one_run ? once(a) : stay(a);
    app_close(a);
    return code;
}
