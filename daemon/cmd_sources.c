/* cmd_sources.c: `briefctl sources` and `briefctl sync`: where records come from. */
#include <stdio.h>
#include <string.h>
#include <unistd.h>
#include "../base/str.h"
#include "cmd_common.h"
#include "cmd_store.h"
#include "sync.h"
#include "table.h"

static const char *const modes[] = {"off", "dry-run", "on"};

static void help_sources(void)
{
    printf("Usage: briefctl sources [list] [--json]\n"
           "       briefctl sources test NAME [--json]\n"
           "       briefctl sources rebind NAME\n\n"
           "test: the source answers, and every mapped table and column is there.\n"
           "rebind: from now on the source is the organisation that answers now. At first contact a source is bound to\n"
           "its organisation (or data base), so that production is not taken for a sandbox; audited.\n\n"
           "Examples:\n"
           "  briefctl sources\n"
           "  briefctl sources test crm\n");
}

static void help_sync(void)
{
    printf("Usage: briefctl sync SOURCE [--reconcile] [--json]\n\n"
           "Reads what changed in the source since the last time and queues it for the jobs. No model runs.\n\n"
           "  --reconcile  also compare every record's id and stamp: finds late commits and deletions\n"
           "  --json       {\"source\", \"rows\", \"changed\", \"gone\", \"quarantined\"}\n\n"
           "Examples:\n"
           "  briefctl sync crm\n"
           "  briefctl sync crm --reconcile --json\n\n"
           "Exit codes: 0 done, 3 the source belongs to another organisation than before, 5 it is down (try again).\n");
}

/* ---- sources ------------------------------------------------------------------------------------------------------ */

static void objects_of(const struct source_config *s, struct buf *out, bool json)
{
    for (const struct map_object *o = s->objects; o; o = o->next) {
        if (o != s->objects)
            buf_str(out, ", ");
        if (json)
            buf_json(out, o->name, strlen(o->name));
        else
            buf_str(out, o->name);
    }
}

static enum rc add_source(const struct source_config *s, struct table *table, struct buf *json, struct err *e)
{
    struct buf objects;
    enum rc rc;
    buf_init(&objects, CMD_MAX_OUTPUT);
    objects_of(s, &objects, json != NULL);
    rc = buf_check(&objects, "objects", e);
    if (rc == RC_OK && json) {
        buf_str(json, json->len > 1 ? ", {" : "{");
        json_member(json, "name", s->name);
        json_member(json, "type", s->type);
        json_member(json, "write_back", modes[s->write_back]);
        buf_printf(json, ", \"objects\": [%s]}", objects.data);
    } else if (rc == RC_OK)
        rc = table_add(table, (const char *[]){s->name, s->type, modes[s->write_back], objects.data}, e);
    buf_clear(&objects);
    return rc;
}

static int list(struct cmd *c, bool json)
{
    static const char *const headings[] = {"NAME", "TYPE", "WRITE-BACK", "OBJECTS"};
    struct table table;
    struct buf out;
    struct err e;
    enum rc rc = RC_OK;
    table_init(&table, headings, COUNT_OF(headings));
    buf_init(&out, CMD_MAX_OUTPUT);
    buf_char(&out, '[');
    for (const struct source_config *s = c->config->sources; s && rc == RC_OK; s = s->next)
        rc = add_source(s, &table, json ? &out : NULL, &e);
    return cmd_end_list(rc, &e, json, &out, &table, "no sources in the configuration");
}

static int test(struct cmd *c, const char *name, bool json)
{
    char identity[128] = "";
    struct err e = {""};
    struct buf out;
    int code = cmd_source(c, name);
    if (code != EXIT_DONE)
        return code;
    int64_t began = clock_mono_ms();
    enum rc rc = connector_health(c->connector, &e);
    if (rc == RC_OK)
        rc = connector_identity(c->connector, identity, &e);
    long long ms = (long long)(clock_mono_ms() - began);
    if (rc != RC_OK)
        return cli_fail(rc, &e);
    if (!json) {
        printf("%s: ok in %lld ms, organisation %s\n", name, ms, identity);
        return cmd_end_output();
    }
    buf_init(&out, CMD_MAX_OUTPUT);
    buf_char(&out, '{');
    json_member(&out, "name", name);
    json_member(&out, "organisation", identity);
    json_member_int(&out, "ms", ms);
    buf_char(&out, '}');
    code = cmd_put(&out);
    buf_clear(&out);
    return code;
}

static int rebind(struct cmd *c, const char *name)
{
    const struct source_config *cfg = NULL;
    char identity[128];
    struct err e = {""};
    int code = cmd_find_source(c, name, &cfg);
    if (code != EXIT_DONE)
        return code;
    enum rc rc = connector_open(cfg, &c->config->clock, &c->connector, &e);
    if (rc != RC_OK)
        return cmd_fail_open(rc, &e);
    rc = connector_identity(c->connector, identity, &e);
    if (rc == RC_OK)
        rc = store_source_bind(c->store, name, identity, true, &e);
    if (rc == RC_OK)
        rc = cmd_audit(c, "source.rebound", name, NULL, NULL, &e);
    if (rc != RC_OK)
        return cli_fail(rc, &e);
    printf("%s: bound to %s\n", name, identity);
    return cmd_end_output();
}

int cmd_sources(const char *config, int argc, char **argv)
{
    static const struct option options[] = {{"json", no_argument, NULL, 'j'}, {"help", no_argument, NULL, 'h'}, {0}};
    static const char *const verbs[] = {"list", "test", "rebind"};
    struct cmd cmd = {.need = NEED_JOBS};
    bool json = false;
    for (int c; (c = cmd_option(argc, argv, options)) != -1;) {
        switch (c) {
        case 'j': json = true; break;
        case 'h': help_sources(); return EXIT_DONE;
        default: return cmd_bad_option(argv[0], c, argv);
        }
    }
    int n = argc - optind;
    const char *verb = n > 0 ? argv[optind] : "list", *name = n > 1 ? argv[optind + 1] : NULL;
    int code = cmd_choice(argv[0], "sources", verb, verbs, COUNT_OF(verbs));
    if (code == EXIT_DONE && (n > 2 || str_eq(verb, "list") != !name))
        code = cli_usage(argv[0], str_eq(verb, "list") ? "%s takes no NAME" : "%s needs the NAME of a source", verb);
    if (code == EXIT_DONE)
        code = cmd_open(&cmd, config, NULL, str_eq(verb, "list") ? APP_RULES : APP_STORE_KEYS);
    if (code == EXIT_DONE)
        code = !name ? list(&cmd, json) : str_eq(verb, "test") ? test(&cmd, name, json) : rebind(&cmd, name);
    cmd_close(&cmd);
    return code;
}

/* ---- sync --------------------------------------------------------------------------------------------------------- */

static void show_rows(void *ctx, const char *object, size_t rows)
{
    (void)ctx;
    fprintf(stderr, "\r%s: %zu rows\033[K", object, rows);
    fflush(stderr);
}

static int tell_synced(const char *source, const struct sync_result *r, bool json)
{
    struct buf out;
    if (!json) {
        printf("%s: %zu rows read, %zu changed, %zu gone, %zu quarantined\n", source, r->rows, r->changed, r->gone,
               r->quarantined);
        return cmd_end_output();
    }
    buf_init(&out, CMD_MAX_OUTPUT);
    buf_char(&out, '{');
    json_member(&out, "source", source);
    json_member_int(&out, "rows", (int64_t)r->rows);
    json_member_int(&out, "changed", (int64_t)r->changed);
    json_member_int(&out, "gone", (int64_t)r->gone);
    json_member_int(&out, "quarantined", (int64_t)r->quarantined);
    buf_char(&out, '}');
    int code = cmd_put(&out);
    buf_clear(&out);
    return code;
}

int cmd_sync(const char *config, int argc, char **argv)
{
    static const struct option options[] = {{"reconcile", no_argument, NULL, 'r'},
                                            {"json", no_argument, NULL, 'j'},
                                            {"help", no_argument, NULL, 'h'},
                                            {0}};
    struct sync_options opt = {0};
    struct sync_result result = {0};
    struct cmd cmd = {.need = NEED_JOBS};
    struct err e = {""};
    bool json = false;
    for (int c; (c = cmd_option(argc, argv, options)) != -1;) {
        switch (c) {
        case 'r': opt.reconcile = true; break;
        case 'j': json = true; break;
        case 'h': help_sync(); return EXIT_DONE;
        default: return cmd_bad_option(argv[0], c, argv);
        }
    }
    if (argc - optind != 1)
        return cli_usage(argv[0], "the name of one SOURCE is needed");
    const char *source = argv[optind];
    if (isatty(STDERR_FILENO))
        opt.on_progress = show_rows;
    int code = cmd_open(&cmd, config, NULL, APP_STORE_KEYS);
    if (code == EXIT_DONE)
        code = cmd_source(&cmd, source);
    if (code == EXIT_DONE) {
        enum rc rc = sync_source(cmd.store, keyring_hash_key(app_keys(cmd.app)), cmd.connector, cmd.config, &opt, &result, &e);
        if (opt.on_progress)
            fprintf(stderr, "\r\033[K");
        code = rc == RC_OK ? tell_synced(source, &result, json) : cli_fail(rc, &e);
    }
    cmd_close(&cmd);
    return code;
}
