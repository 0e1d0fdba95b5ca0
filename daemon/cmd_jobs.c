/* cmd_jobs.c: `briefctl jobs`: what runs when, what waits, what failed. Running one is in cmd_jobs_run.c. */
#include <stdio.h>
#include <string.h>
#include <time.h>
#include <unistd.h>
#include "../base/str.h"
#include "cmd_jobs.h"
#include "cmd_store.h"
#include "cron.h"
#include "table.h"

#define STANDARD_LIMIT 50
#define LOOKS_A_FETCH 32     /* as a run claims them at most, see run.h */
#define LATEST_BRIEFS 200    /* that a preview's estimate is made from */

static void print_help(void)
{
    printf("Usage: briefctl jobs [list] [--json]\n"
           "       briefctl jobs run NAME [--wait] [--reconcile] [--as-of DATE] [--json]\n"
           "       briefctl jobs preview NAME [--json]\n"
           "       briefctl jobs watch\n"
           "       briefctl jobs dead [--limit N] [--json]\n"
           "       briefctl jobs revive NAME\n\n"
           "list: the next run in the job's time zone, and how many records are due, wait, are being done, were given up.\n"
           "run: syncs the job's source and makes what is due, with a progress bar; Ctrl-C ends it once what is in flight\n"
           "is done. While a daemon runs the jobs, this answers 'try again' (exit code 5).\n"
           "preview: what a run would do, from what is queued now; no model runs.\n"
           "watch: list, once a second, on a terminal, until Ctrl-C.\n"
           "dead: what was given up, and why. revive: try it again at the next run.\n\n"
           "  --wait        stay while something that failed is due again within two minutes\n"
           "  --reconcile   sync by comparing every record's id and stamp\n"
           "  --as-of DATE  take this day for today (YYYY-MM-DD)\n"
           "  --limit N     at most so many (default %d)\n"
           "  --json        for scripts\n\n"
           "Examples:\n"
           "  briefctl jobs\n"
           "  briefctl jobs run opportunities --wait --as-of 2026-11-20\n"
           "  briefctl jobs dead --json\n\n"
           "Exit codes of run: 0 done, 1 something was given up or the run paused itself, 5 the source is down, another\n"
           "process runs jobs, or it was stopped (try again).\n", STANDARD_LIMIT);
}

static int find_job(const struct cmd *c, const char *name, const struct job_config **out)
{
    const char *names[64];
    size_t n = 0;
    for (const struct job_config *j = c->config->jobs; j; j = j->next) {
        if (str_eq(j->name, name)) {
            *out = j;
            return EXIT_DONE;
        }
        if (n < COUNT_OF(names))
            names[n++] = j->name;
    }
    return cmd_choice("jobs", "NAME", name, names, n);
}

static void kinds_of(const struct job_config *j, struct buf *out, bool json)
{
    bool first = true;
    for (int k = 0; k < N_PURPOSES; k++) {
        if (!j->kinds[k])
            continue;
        buf_printf(out, json ? "%s\"%s\"" : "%s%s", first ? "" : ", ", purpose_name((enum purpose)k));
        first = false;
    }
}

/* ---- list --------------------------------------------------------------------------------------------------------- */

/* *us stays 0 for a job that runs only when asked. */
static enum rc next_run(const struct cmd *c, const struct job_config *j, int64_t *us, char local[CRON_TEXT_SIZE],
                        struct err *e)
{
    struct cron cron;
    *us = 0;
    snprintf(local, CRON_TEXT_SIZE, "when asked");
    if (!j->schedule)
        return RC_OK;
    enum rc rc = cron_parse(j->schedule, &cron, e);
    if (rc == RC_OK)
        rc = cron_next(&cron, j->time_zone, store_now_us(c->store), us, e);
    return rc == RC_OK ? cron_format(*us, j->time_zone, local, e) : rc;
}

static enum rc add_row(struct table *t, const struct job_config *j, const char *local, const struct store_counts *n,
                       struct err *e)
{
    char object[256], due[24], waiting[24], running[24], dead[24];
    struct buf kinds;
    buf_init(&kinds, 256);
    kinds_of(j, &kinds, false);
    snprintf(object, sizeof(object), "%s/%s", j->source, j->object);
    snprintf(due, sizeof(due), "%zu", n->due);
    snprintf(waiting, sizeof(waiting), "%zu", n->by_state[JOB_WAITING]);
    snprintf(running, sizeof(running), "%zu", n->by_state[JOB_RUNNING]);
    snprintf(dead, sizeof(dead), "%zu", n->by_state[JOB_DEAD]);
    enum rc rc = table_add(t,
                           (const char *[]){j->name, object, kinds.data, j->schedule ? j->schedule : "-", local, due,
                                            waiting, running, dead},
                           e);
    buf_clear(&kinds);
    return rc;
}

static void add_json(struct buf *out, const struct job_config *j, int64_t next, const struct store_counts *n)
{
    char at[TIMESTAMP_TEXT_SIZE];
    timestamp_format(next, at);
    buf_str(out, out->len > 1 ? ", {" : "{");
    json_member(out, "name", j->name);
    json_member(out, "source", j->source);
    json_member(out, "object", j->object);
    buf_str(out, ", \"kinds\": [");
    kinds_of(j, out, true);
    buf_char(out, ']');
    json_member(out, "schedule", j->schedule);
    json_member(out, "time_zone", j->time_zone);
    json_member(out, "next_run", next ? at : NULL);
    json_member_int(out, "due", (int64_t)n->due);
    json_member_int(out, "waiting", (int64_t)n->by_state[JOB_WAITING]);
    json_member_int(out, "running", (int64_t)n->by_state[JOB_RUNNING]);
    json_member_int(out, "dead", (int64_t)n->by_state[JOB_DEAD]);
    buf_char(out, '}');
}

static int list(struct cmd *c, const struct jobs_options *o)
{
    static const char *const headings[] = {"NAME", "OBJECT",  "KINDS",   "SCHEDULE", "NEXT RUN",
                                           "DUE",  "WAITING", "RUNNING", "DEAD"};
    struct store_counts n;
    struct table table;
    struct buf out;
    struct err e = {""};
    enum rc rc = RC_OK;
    table_init(&table, headings, COUNT_OF(headings));
    buf_init(&out, CMD_MAX_OUTPUT);
    buf_char(&out, '[');
    for (const struct job_config *j = c->config->jobs; j && rc == RC_OK; j = j->next) {
        char local[CRON_TEXT_SIZE];
        int64_t next = 0;
        rc = store_queue_counts(c->store, j->source, j->object, j->kinds, &n, &e);
        if (rc == RC_OK)
            rc = next_run(c, j, &next, local, &e);
        if (rc == RC_OK && o->json)
            add_json(&out, j, next, &n);
        else if (rc == RC_OK)
            rc = add_row(&table, j, local, &n, &e);
    }
    return cmd_end_list(rc, &e, o->json, &out, &table, "no jobs in the configuration");
}

static int watch(struct cmd *c, const struct jobs_options *o)
{
    if (!isatty(STDOUT_FILENO) || o->json)
        return cli_usage("jobs", "watch is for a terminal; 'jobs list --json' is for scripts");
    for (int code;;) {
        printf("\033[H\033[J"); /* from the top of a cleared screen */
        code = list(c, o);
        if (code != EXIT_DONE)
            return code;
        nanosleep(&(struct timespec){.tv_sec = 1}, NULL);
    }
}

/* ---- preview ------------------------------------------------------------------------------------------------------ */

/* Calls or statements of one fetch: the object, each parent, each list of children, and their parents. */
static size_t calls_a_fetch(const struct source_config *s, const struct map_object *o)
{
    size_t n = 1;
    for (const struct map_parent *p = o->parents; p; p = p->next)
        n++;
    for (const struct map_children *l = o->children; l; l = l->next) {
        const struct map_object *child = l->source ? NULL : source_object(s, l->object);
        n++;
        for (const struct map_parent *p = child ? child->parents : NULL; p; p = p->next)
            n++;
    }
    return n;
}

struct average { /* over the latest briefs of the job's kinds */
    const struct job_config *job;
    size_t n;
    int64_t prompt_tokens, output_tokens, ms;
};

static enum rc add_brief(void *ctx, const struct store_brief *b, struct err *e)
{
    struct average *a = ctx;
    (void)e;
    if (!a->job->kinds[b->meta.kind])
        return RC_OK;
    a->n++;
    a->prompt_tokens += b->meta.prompt_tokens;
    a->output_tokens += b->meta.output_tokens;
    a->ms += b->meta.ms;
    return RC_OK;
}

struct preview {
    size_t due, waiting, calls;
    bool known;               /* there are briefs to estimate from */
    int64_t tokens, minutes;
};

static enum rc look_ahead(struct cmd *c, const struct job_config *j, struct preview *p, struct err *e)
{
    const struct source_config *s = config_source(c->config, j->source);
    const struct brief_filter f = {.source = j->source, .object = j->object, .limit = LATEST_BRIEFS};
    struct average a = {.job = j};
    struct store_counts n;
    enum rc rc = store_queue_counts(c->store, j->source, j->object, j->kinds, &n, e);
    if (rc == RC_OK)
        rc = store_briefs_list(c->store, &f, add_brief, &a, e);
    if (rc != RC_OK)
        return rc;
    p->due = n.due;
    if (j->budget_records && p->due > (size_t)j->budget_records)
        p->due = (size_t)j->budget_records;
    p->waiting = n.by_state[JOB_WAITING];
    p->calls = (p->due + LOOKS_A_FETCH - 1) / LOOKS_A_FETCH * calls_a_fetch(s, source_object(s, j->object));
    p->known = a.n > 0;
    if (!p->known)
        return RC_OK;
    p->tokens = (int64_t)p->due * (a.prompt_tokens + a.output_tokens) / (int64_t)a.n;
    /* Briefs are made side by side, and each one's time counts from its own beginning. */
    p->minutes = (int64_t)p->due * a.ms / (int64_t)a.n / (int64_t)app_sequences(c->app) / 60000;
    return RC_OK;
}

static int preview(struct cmd *c, const struct job_config *j, const struct jobs_options *o)
{
    struct preview p = {0};
    struct err e = {""};
    struct buf out;
    enum rc rc = look_ahead(c, j, &p, &e);
    if (rc != RC_OK)
        return cli_fail(rc, &e);
    if (!o->json) {
        printf("%s: %zu looks at records are queued, a run now would take %zu; 'briefctl sync %s' finds what changed\n",
               j->name, p.waiting, p.due, j->source);
        printf("%s: about %zu calls to the source\n", j->name, p.calls);
        if (p.known)
            printf("%s: about %lld tokens, %lld minutes on this machine, if each look makes a brief\n", j->name,
                   (long long)p.tokens, (long long)p.minutes);
        else
            printf("%s: no brief was made yet from which tokens and time could be estimated\n", j->name);
        return cmd_end_output();
    }
    buf_init(&out, CMD_MAX_OUTPUT);
    buf_char(&out, '{');
    json_member(&out, "job", j->name);
    json_member_int(&out, "queued", (int64_t)p.waiting);
    json_member_int(&out, "due", (int64_t)p.due);
    json_member_int(&out, "calls", (int64_t)p.calls);
    if (p.known) {
        json_member_int(&out, "tokens", p.tokens);
        json_member_int(&out, "minutes", p.minutes);
    } else {
        json_member(&out, "tokens", NULL);
        json_member(&out, "minutes", NULL);
    }
    buf_char(&out, '}');
    int code = cmd_put(&out);
    buf_clear(&out);
    return code;
}

/* ---- dead letters ------------------------------------------------------------------------------------------------- */

struct dead {
    struct table *table; /* one of the two */
    struct buf *json;
};

static enum rc add_dead(void *ctx, const struct store_job *job, struct err *e)
{
    struct dead *d = ctx;
    char record[512], attempts[16];
    if (d->table) {
        snprintf(record, sizeof(record), "%s/%s/%s", job->source, job->object, job->record_id);
        snprintf(attempts, sizeof(attempts), "%u", job->attempts);
        return table_add(d->table, (const char *[]){record, purpose_name(job->kind), attempts, job->reason}, e);
    }
    buf_str(d->json, d->json->len > 1 ? ", {" : "{");
    json_member(d->json, "source", job->source);
    json_member(d->json, "object", job->object);
    json_member(d->json, "record_id", job->record_id);
    json_member(d->json, "kind", purpose_name(job->kind));
    json_member_int(d->json, "attempts", job->attempts);
    json_member(d->json, "reason", job->reason);
    buf_char(d->json, '}');
    return RC_OK;
}

static int list_dead(struct cmd *c, const struct jobs_options *o)
{
    static const char *const headings[] = {"RECORD", "KIND", "ATTEMPTS", "REASON"};
    struct table table;
    struct buf out;
    struct err e = {""};
    table_init(&table, headings, COUNT_OF(headings));
    buf_init(&out, CMD_MAX_OUTPUT);
    struct dead d = {.table = o->json ? NULL : &table, .json = &out};
    buf_char(&out, '[');
    enum rc rc = store_queue_list(c->store, JOB_DEAD, o->limit, add_dead, &d, &e);
    return cmd_end_list(rc, &e, o->json, &out, &table, "nothing was given up");
}

static int revive(struct cmd *c, const struct job_config *j)
{
    struct err e = {""};
    char detail[32];
    size_t n = 0;
    enum rc rc = store_queue_revive(c->store, j->source, j->object, &n, &e);
    snprintf(detail, sizeof(detail), "n=%zu", n);
    if (rc == RC_OK && n)
        rc = cmd_audit(c, "jobs.revived", j->name, NULL, detail, &e);
    if (rc != RC_OK)
        return cli_fail(rc, &e);
    printf("%s: %zu will be tried again\n", j->name, n);
    return cmd_end_output();
}

/* ---- options ------------------------------------------------------------------------------------------------------ */

static const struct option long_options[] = {{"json", no_argument, NULL, 'j'},
                                             {"wait", no_argument, NULL, 'w'},
                                             {"reconcile", no_argument, NULL, 'r'},
                                             {"as-of", required_argument, NULL, 'a'},
                                             {"limit", required_argument, NULL, 'l'},
                                             {"help", no_argument, NULL, 'h'},
                                             {0}};

static int take_option(const char *command, int c, struct jobs_options *o)
{
    int32_t day;
    switch (c) {
    case 'j': o->json = true; return EXIT_DONE;
    case 'w': o->wait = true; return EXIT_DONE;
    case 'r': o->reconcile = true; return EXIT_DONE;
    case 'l': return cmd_count(command, "--limit", optarg, &o->limit);
    default: /* 'a' */
        o->as_of = optarg;
        return date_parse(optarg, &day) ? EXIT_DONE
                                        : cli_usage(command, "--as-of: '%.60s' is not a date YYYY-MM-DD", optarg);
    }
}

static int with_job(struct cmd *c, const char *verb, const char *name, const struct jobs_options *o)
{
    const struct job_config *j = NULL;
    int code = find_job(c, name, &j);
    if (code != EXIT_DONE)
        return code;
    if (str_eq(verb, "run"))
        return jobs_run(c, j, o);
    return str_eq(verb, "preview") ? preview(c, j, o) : revive(c, j);
}

static int run_verb(const char *config, const char *verb, const char *name, const struct jobs_options *o)
{
    struct cmd c = {.need = NEED_JOBS};
    bool run = str_eq(verb, "run");
    if (run)
        jobs_block_signals();
    int code = cmd_open(&c, config, o->as_of, APP_STORE_KEYS | (run ? APP_MODEL | APP_ENGINE : 0));
    if (code == EXIT_DONE) {
        if (name)
            code = with_job(&c, verb, name, o);
        else if (str_eq(verb, "dead"))
            code = list_dead(&c, o);
        else
            code = str_eq(verb, "watch") ? watch(&c, o) : list(&c, o);
    }
    cmd_close(&c);
    return code;
}

int cmd_jobs(const char *config, int argc, char **argv)
{
    static const char *const verbs[] = {"list", "dead", "watch", "run", "preview", "revive"};
    struct jobs_options o = {.limit = STANDARD_LIMIT};
    int code = EXIT_DONE;
    for (int c; code == EXIT_DONE && (c = cmd_option(argc, argv, long_options)) != -1;) {
        if (c == '?' || c == ':')
            return cmd_bad_option(argv[0], c, argv);
        if (c == 'h') {
            print_help();
            return EXIT_DONE;
        }
        code = take_option(argv[0], c, &o);
    }
    int n = argc - optind;
    const char *verb = n > 0 ? argv[optind] : "list", *name = n > 1 ? argv[optind + 1] : NULL;
    if (code == EXIT_DONE)
        code = cmd_choice(argv[0], "jobs", verb, verbs, COUNT_OF(verbs));
    bool takes_name = str_eq(verb, "run") || str_eq(verb, "preview") || str_eq(verb, "revive");
    if (code == EXIT_DONE && (n > 2 || takes_name != (name != NULL)))
        code = cli_usage(argv[0], takes_name ? "%s needs the NAME of one job" : "%s takes no NAME", verb);
    if (code == EXIT_DONE && !str_eq(verb, "run") && (o.wait || o.reconcile || o.as_of))
        code = cli_usage(argv[0], "only run takes --wait, --reconcile and --as-of");
    return code == EXIT_DONE ? run_verb(config, verb, name, &o) : code;
}
