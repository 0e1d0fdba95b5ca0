#include "cmd_common.h"

#include <errno.h>
#include <pwd.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>
#include "../base/str.h"
#include "table.h"

/* ---- options ------------------------------------------------------------------------------------------------------ */

int cmd_option(int argc, char **argv, const struct option *options)
{
    opterr = 0; /* one line, in our words */
    return getopt_long(argc, argv, ":h", options, NULL);
}

int cmd_bad_option(const char *command, int c, char **argv)
{
    if (c == ':')
        return cli_usage(command, "option '%.60s' needs a value", argv[optind - 1]);
    return cli_usage(command, "no option '%.60s', or not with such a value", argv[optind - 1]);
}

int cmd_choice(const char *command, const char *what, const char *word, const char *const *names, size_t n)
{
    struct buf all;
    int code;
    for (size_t i = 0; i < n; i++)
        if (str_eq(names[i], word))
            return EXIT_DONE;
    const char *near = str_nearest(word, names, n);
    buf_init(&all, 4096);
    for (size_t i = 0; i < n; i++)
        buf_printf(&all, "%s%s", i ? ", " : "", names[i]);
    if (near)
        code = cli_usage(command, "%s: no '%.60s'; did you mean '%s'?", what, word, near);
    else
        code = cli_usage(command, "%s: '%.60s' is none of %s", what, word, all.data);
    buf_clear(&all);
    return code;
}

int cmd_count(const char *command, const char *what, const char *word, size_t *out)
{
    int64_t value;
    if (!str_int64(word, 1, INT32_MAX, &value))
        return cli_usage(command, "%s: '%.60s' is not a number from 1", what, word);
    *out = (size_t)value;
    return EXIT_DONE;
}

static const char *const kinds[] = {"summary", "email", "enrichment"};
static const char *const intents[] = {"follow-up", "introduction",  "meeting",     "proposal", "renewal",
                                      "thank-you", "re-engagement", "case-update", "apology", "reply"};
static const char *const tones[] = {"neutral", "warm", "brief"};
static const char *const languages[] = {"en", "de"};

enum brief_option { OPTION_KIND = 256, OPTION_INTENT, OPTION_TONE, OPTION_LANGUAGE, OPTION_TO, OPTION_HINT, OPTION_AS_OF,
                    OPTION_JSON, OPTION_SLOTS };

static const struct option brief_options[] = {
    {"json", no_argument, NULL, OPTION_JSON}, /* first: left out where there is no such output */
    {"slots", no_argument, NULL, OPTION_SLOTS},
    {"kind", required_argument, NULL, OPTION_KIND},
    {"intent", required_argument, NULL, OPTION_INTENT},
    {"tone", required_argument, NULL, OPTION_TONE},
    {"language", required_argument, NULL, OPTION_LANGUAGE},
    {"to", required_argument, NULL, OPTION_TO},
    {"hint", required_argument, NULL, OPTION_HINT},
    {"as-of", required_argument, NULL, OPTION_AS_OF},
    {"help", no_argument, NULL, 'h'},
    {0}};
#define N_OUTPUT_OPTIONS 2

static int take_option(const char *command, int c, struct brief_args *a, const char **kind)
{
    int32_t day;
    switch (c) {
    case OPTION_KIND: *kind = optarg; return cmd_choice(command, "--kind", optarg, kinds, COUNT_OF(kinds));
    case OPTION_INTENT: a->intent = optarg; return cmd_choice(command, "--intent", optarg, intents, COUNT_OF(intents));
    case OPTION_TONE: a->tone = optarg; return cmd_choice(command, "--tone", optarg, tones, COUNT_OF(tones));
    case OPTION_LANGUAGE:
        a->language = optarg;
        return cmd_choice(command, "--language", optarg, languages, COUNT_OF(languages));
    case OPTION_TO: a->to = optarg; return EXIT_DONE;
    case OPTION_HINT: a->hint = optarg; return EXIT_DONE;
    case OPTION_AS_OF:
        a->as_of = optarg;
        return date_parse(optarg, &day) ? EXIT_DONE
                                        : cli_usage(command, "--as-of: '%.60s' is not a date YYYY-MM-DD", optarg);
    case OPTION_JSON: a->json = true; return EXIT_DONE;
    default: a->slots = true; return EXIT_DONE;
    }
}

/* What makes sense together. */
static int check_args(const char *command, const struct brief_args *a, const char *kind)
{
    if (!a->source)
        return cli_usage(command, "SOURCE, OBJECT and ID are needed");
    if (!kind)
        return cli_usage(command, "--kind summary, email or enrichment is needed");
    if (a->kind != PURPOSE_EMAIL && (a->intent || a->tone || a->to))
        return cli_usage(command, "--intent, --tone and --to go with --kind email only");
    if (a->hint && utf8_valid_prefix(a->hint, strlen(a->hint)) != strlen(a->hint))
        return cli_usage(command, "--hint is not valid UTF-8");
    return EXIT_DONE;
}

int brief_args_parse(int argc, char **argv, size_t before, bool output, struct brief_args *out)
{
    const struct option *options = brief_options + (output ? 0 : N_OUTPUT_OPTIONS);
    const char *command = argv[0], *kind = NULL;
    memset(out, 0, sizeof(*out));
    for (int c; (c = cmd_option(argc, argv, options)) != -1;) {
        if (c == '?' || c == ':')
            return cmd_bad_option(command, c, argv);
        if (c == 'h') {
            out->help = true;
            return EXIT_DONE;
        }
        int code = take_option(command, c, out, &kind);
        if (code != EXIT_DONE)
            return code;
    }
    if ((size_t)(argc - optind) == before + 3) {
        char **words = argv + optind + before;
        out->source = words[0];
        out->object = words[1];
        out->id = words[2];
    }
    if (kind && !purpose_parse(kind, &out->kind))
        return cli_usage(command, "--kind: no '%.60s'", kind);
    return check_args(command, out, kind);
}

void brief_args_help(void)
{
    printf("  --kind K         summary or email\n"
           "  --intent I       e-mail: follow-up (default), introduction, meeting, proposal, renewal, thank-you,\n"
           "                   re-engagement, case-update, apology, reply\n"
           "  --tone T         e-mail: neutral (default), warm, brief\n"
           "  --language L     en or de (default: the contact's, as the policy says)\n"
           "  --to CONTACT_ID  e-mail: to this contact of the record, not to its primary one\n"
           "  --hint TEXT      what the draft should bring up; passes policy like a field of the record\n"
           "  --as-of DATE     take this day for today (YYYY-MM-DD)\n");
}

/* ---- what is open ------------------------------------------------------------------------------------------------- */

static void name_actor(char *out, size_t size)
{
    const struct passwd *user = getpwuid(getuid());
    if (user && user->pw_name[0])
        snprintf(out, size, "cli:%s", user->pw_name);
    else
        snprintf(out, size, "cli:%lu", (unsigned long)getuid());
}

int cmd_open(struct cmd *c, const char *config, const char *as_of, unsigned parts)
{
    const struct app_options opt = {.config = cli_config(config), .as_of = as_of, .parts = parts};
    struct err e = {""};
    name_actor(c->actor, sizeof(c->actor));
    enum rc rc = app_open(&opt, &c->app, &e);
    if (rc != RC_OK)
        return cmd_fail_open(rc, &e);
    c->rules = app_rules(c->app);
    c->config = rules_config(c->rules);
    c->policy = rules_policy(c->rules);
    if (!(parts & APP_STORE_KEYS))
        return EXIT_DONE;
    rc = app_store_open(c->app, false, &c->store, &e);
    if (rc != RC_OK)
        return cmd_fail_open(rc, &e);
    store_policy_keys(c->store, &c->keys);
    return access_begin(c);
}

void cmd_close(struct cmd *c)
{
    connector_close(c->connector);
    store_close(c->store);
    rules_release(c->rules);
    app_close(c->app);
    memset(c, 0, sizeof(*c));
}

int cmd_find_source(const struct cmd *c, const char *name, const struct source_config **out)
{
    const char *names[64];
    size_t n = 0;
    *out = access_may_source(c, name) ? config_source(c->config, name) : NULL;
    if (*out)
        return EXIT_DONE;
    for (const struct source_config *s = c->config->sources; s && n < COUNT_OF(names); s = s->next)
        if (access_may_source(c, s->name))
            names[n++] = s->name;
    const char *near = str_nearest(name, names, n);
    return near ? cli_usage("sources", "no source '%.60s'; did you mean '%s'?", name, near)
                : cli_usage("sources", "no source '%.60s' in the configuration", name);
}

int cmd_source(struct cmd *c, const char *name)
{
    const struct source_config *cfg = NULL;
    struct err e = {""};
    char identity[128];
    int code = cmd_find_source(c, name, &cfg);
    if (code != EXIT_DONE)
        return code;
    enum rc rc = connector_open(cfg, &c->config->clock, &c->connector, &e);
    if (rc != RC_OK)
        return cmd_fail_open(rc, &e);
    if (!c->store)
        return EXIT_DONE;
    rc = connector_identity(c->connector, identity, &e);
    if (rc == RC_OK)
        rc = store_source_bind(c->store, name, identity, false, &e);
    return rc == RC_OK ? EXIT_DONE : cli_fail(rc, &e);
}

/* A record that cannot be read is remembered as such, until a sync brings a newer version. */
static int note_quarantined(struct cmd *c, const char *object, const char *id, const struct err *reason)
{
    struct err e = {""};
    enum rc rc = store_quarantine_add(c->store, c->connector->cfg->name, object, id, reason->msg, &e);
    if (rc != RC_OK)
        return cli_fail(rc, &e);
    cli_fail(RC_BAD, reason);
    return EXIT_QUARANTINED;
}

/* Of a record that cannot be read (NULL) nobody knows the owner. */
static bool may_see(const struct cmd *c, const char *object, const struct record *r)
{
    return access_may(c, MAY_SEE, &(struct access_to){.source = c->connector->cfg->name, .object = object, .owner = r ? r->owner : NULL,
                                                      .team = r ? r->team : NULL});
}

/* As if it did not exist. */
static int refuse_record(struct cmd *c, const char *object, const char *id, struct err *reason)
{
    char name[512];
    snprintf(name, sizeof(name), "%s/%s/%s", c->connector->cfg->name, object, id);
    enum rc rc = cmd_audit(c, "access.refused", name, "refused", NULL, reason);
    return rc == RC_OK ? cmd_fail_state(pipeline_no_such_record(c->connector, object, id, reason), reason) : cli_fail(rc, reason);
}

int cmd_record(struct cmd *c, const char *object, const char *id, struct record **out, struct err *reason)
{
    const struct source_config *cfg = c->connector->cfg;
    const char *names[64];
    size_t n = 0;
    bool quarantined = false;
    for (const struct map_object *o = cfg->objects; o && n < COUNT_OF(names); o = o->next)
        names[n++] = o->name;
    if (!source_object(cfg, object))
        return cmd_choice("sources", "OBJECT", object, names, n);
    enum rc rc = pipeline_fetch_one(c->connector, object, id, out, &quarantined, reason);
    if (c->signed_in && (rc == RC_OK || quarantined) && !may_see(c, object, *out)) {
        record_close(*out);
        *out = NULL;
        return refuse_record(c, object, id, reason);
    }
    if (rc == RC_OK)
        return EXIT_DONE;
    return quarantined ? note_quarantined(c, object, id, reason) : cmd_fail_state(rc, reason);
}

/* Asked again of the record as it is now: its owner may be another one since. */
static bool may_write(void *ctx, const struct record *r, enum purpose kind)
{
    const struct cmd *c = ctx;
    return access_may(c, policy_approving(kind),
                      &(struct access_to){.source = r->source, .object = r->object, .owner = r->owner, .team = r->team});
}

struct pipeline cmd_pipeline(struct cmd *c)
{
    return (struct pipeline){.app = c->app,
                             .rules = c->rules,
                             .store = c->store,
                             .actor = c->actor,
                             .may_write = may_write,
                             .may_write_ctx = c,
                             .priority = STORE_PRIORITY_PERSON};
}

enum rc cmd_audit(struct cmd *c, const char *event, const char *object, const char *outcome, const char *detail,
                  struct err *e)
{
    const struct audit_event ev = {
        .actor = c->actor, .event = event, .object = object, .outcome = outcome, .detail = detail};
    return store_audit_add(c->store, &ev, e);
}

/* ---- output ------------------------------------------------------------------------------------------------------- */

int cmd_fail_open(enum rc rc, const struct err *e)
{
    int code = cli_fail(rc, e);
    return rc == RC_BAD ? EXIT_USAGE : code;
}

int cmd_fail_state(enum rc rc, const struct err *e)
{
    int code = cli_fail(rc, e);
    return rc == RC_REFUSED ? EXIT_FAILED : code;
}

int cmd_end_output(void)
{
    struct err e;
    if (fflush(stdout) == 0 && !ferror(stdout))
        return EXIT_DONE;
    return cli_fail(err_sys(&e, RC_BAD, errno, "standard output"), &e);
}

int cmd_put(const struct buf *b)
{
    struct err e;
    enum rc rc = buf_check(b, "output", &e);
    if (rc != RC_OK)
        return cli_fail(rc, &e);
    fwrite(b->data, 1, b->len, stdout);
    putchar('\n');
    return cmd_end_output();
}

int cmd_end_list(enum rc rc, const struct err *e, bool json, struct buf *out, struct table *table, const char *none)
{
    int code = EXIT_DONE;
    buf_char(out, ']');
    if (rc != RC_OK)
        code = cli_fail(rc, e);
    else if (json)
        code = cmd_put(out);
    else
        table_print(table, none);
    table_clear(table);
    buf_clear(out);
    return code == EXIT_DONE ? cmd_end_output() : code;
}

static void json_key(struct buf *b, const char *key)
{
    if (b->len && b->data[b->len - 1] != '{')
        buf_str(b, ", ");
    buf_json(b, key, strlen(key));
    buf_str(b, ": ");
}

void json_member(struct buf *b, const char *key, const char *value)
{
    json_key(b, key);
    if (value)
        buf_json(b, value, strlen(value));
    else
        buf_str(b, "null");
}

void json_member_int(struct buf *b, const char *key, int64_t value)
{
    json_key(b, key);
    buf_printf(b, "%lld", (long long)value);
}
