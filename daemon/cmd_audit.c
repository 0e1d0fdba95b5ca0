/* cmd_audit.c: `briefctl audit`: the chain checked entry by entry, or listed. */
#include <stdio.h>
#include "../base/str.h"
#include "cmd_common.h"
#include "cmd_store.h"
#include "table.h"

#define STANDARD_LIMIT 50

static void print_help(void)
{
    printf("Usage: briefctl audit verify [--json]\n"
           "       briefctl audit list [--limit N] [--all] [--json]\n\n"
           "verify: checks every entry's hash and seal, and the head that is kept beside the master key; exit code 1 if an\n"
           "entry was changed, removed, reordered or cut.\n"
           "list: the newest entries, oldest of them first. They hold ids, hashes and codes, never content.\n\n"
           "  --limit N  how many (default %d)\n"
           "  --all      every entry\n"
           "  --json     verify: {\"ok\", \"entries\", \"reason\"}; list: an array of objects\n\n"
           "Examples:\n"
           "  briefctl audit verify\n"
           "  briefctl audit list --limit 200 --json\n", STANDARD_LIMIT);
}

static int verify(struct cmd *c, bool json)
{
    struct err e = {""};
    struct buf out;
    int64_t entries = 0;
    enum rc rc = store_audit_verify(c->store, &entries, &e);
    if (!json && rc == RC_OK)
        printf("audit: %lld entries, none changed, removed, reordered or cut\n", (long long)entries);
    if (json && (rc == RC_OK || rc == RC_BAD)) {
        buf_init(&out, CMD_MAX_OUTPUT);
        buf_printf(&out, "{\"ok\": %s", rc == RC_OK ? "true" : "false");
        if (rc == RC_OK)
            json_member_int(&out, "entries", entries);
        else
            json_member(&out, "entries", NULL);
        json_member(&out, "reason", rc == RC_OK ? NULL : e.msg);
        buf_char(&out, '}');
        int code = cmd_put(&out);
        buf_clear(&out);
        if (code != EXIT_DONE)
            return code;
    }
    return rc == RC_OK ? cmd_end_output() : cli_fail(rc, &e);
}

struct listing {
    int64_t after;       /* only entries with a greater number */
    int64_t last;
    struct buf *json;    /* one of the two */
    struct table *table;
};

static enum rc find_last(void *ctx, const struct audit_entry *x, struct err *e)
{
    struct listing *l = ctx;
    (void)e;
    l->last = x->seq;
    return RC_OK;
}

static enum rc add_entry(void *ctx, const struct audit_entry *x, struct err *e)
{
    struct listing *l = ctx;
    char seq[24], at[TIMESTAMP_TEXT_SIZE];
    if (x->seq <= l->after)
        return RC_OK;
    timestamp_format(x->at_us, at);
    if (l->table) {
        snprintf(seq, sizeof(seq), "%lld", (long long)x->seq);
        at[19] = '\0'; /* seconds are enough for people */
        return table_add(l->table, (const char *[]){seq, at, x->actor, x->event, x->object, x->outcome, x->detail}, e);
    }
    buf_str(l->json, l->json->len > 1 ? ", {" : "{");
    json_member_int(l->json, "seq", x->seq);
    json_member(l->json, "at", at);
    json_member(l->json, "actor", x->actor);
    json_member(l->json, "event", x->event);
    json_member(l->json, "object", x->object);
    json_member(l->json, "outcome", x->outcome);
    json_member(l->json, "detail", x->detail);
    buf_char(l->json, '}');
    return RC_OK;
}

static int list(struct cmd *c, size_t limit, bool json)
{
    static const char *const headings[] = {"SEQ", "AT (UTC)", "ACTOR", "EVENT", "OBJECT", "OUTCOME", "DETAIL"};
    struct listing l = {0};
    struct table table;
    struct buf out;
    struct err e;
    int code = EXIT_DONE;

    buf_init(&out, CMD_MAX_OUTPUT);
    table_init(&table, headings, COUNT_OF(headings));
    enum rc rc = store_audit_walk(c->store, find_last, &l, &e);
    l.after = limit && l.last > (int64_t)limit ? l.last - (int64_t)limit : 0;
    l.json = json ? &out : NULL;
    l.table = json ? NULL : &table;
    buf_char(&out, '[');
    if (rc == RC_OK)
        rc = store_audit_walk(c->store, add_entry, &l, &e);
    buf_char(&out, ']');
    if (rc != RC_OK)
        code = cli_fail(rc, &e);
    else if (json)
        code = cmd_put(&out);
    else
        table_print(&table, "no entries yet");
    table_clear(&table);
    buf_clear(&out);
    return code == EXIT_DONE ? cmd_end_output() : code;
}

int cmd_audit_chain(const char *config, int argc, char **argv)
{
    static const struct option options[] = {{"json", no_argument, NULL, 'j'},
                                            {"limit", required_argument, NULL, 'l'},
                                            {"all", no_argument, NULL, 'a'},
                                            {"help", no_argument, NULL, 'h'},
                                            {0}};
    static const char *const verbs[] = {"verify", "list"};
    struct cmd cmd = {.need = NEED_AUDIT};
    size_t limit = STANDARD_LIMIT;
    bool json = false;
    int code = EXIT_DONE;

    for (int c; (c = cmd_option(argc, argv, options)) != -1;) {
        switch (c) {
        case 'j': json = true; break;
        case 'a': limit = 0; break;
        case 'l': code = cmd_count(argv[0], "--limit", optarg, &limit); break;
        case 'h': print_help(); return EXIT_DONE;
        default: return cmd_bad_option(argv[0], c, argv);
        }
        if (code != EXIT_DONE)
            return code;
    }
    if (argc - optind != 1)
        return cli_usage(argv[0], "'verify' or 'list' is needed");
    code = cmd_choice(argv[0], "audit", argv[optind], verbs, COUNT_OF(verbs));
    if (code == EXIT_DONE)
        code = cmd_open(&cmd, config, NULL, APP_STORE_KEYS);
    if (code == EXIT_DONE)
        code = str_eq(argv[optind], "verify") ? verify(&cmd, json) : list(&cmd, limit, json);
    cmd_close(&cmd);
    return code;
}
