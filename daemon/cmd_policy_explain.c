#include "cmd_policy_explain.h"

#include <stdio.h>
#include <string.h>
#include "../base/str.h"
#include "cmd_common.h"
#include "governance.h"
#include "table.h"
#include "wanted.h"

static void print_help(void)
{
    printf("Usage: briefctl policy explain SOURCE OBJECT ID --purpose summary|email|enrichment [--json]\n\n"
           "A dry run: what the policy would do with this record as it is now. First the rules on the whole (purpose and legal\n"
           "basis, consent, regions, a refusal and its reason), then each field of the record, its parents and children: is it\n"
           "let through, what happens to it and to what is found in its text, and by which line of the policy file. '-' is no\n"
           "line: nothing allows it, or the default holds. Last the fields that nothing needs, which the source is not asked for.\n"
           "Shows no value; no model runs, nothing is stored but one entry in the audit.\n\n"
           "Example:\n"
           "  briefctl policy explain crm opportunity O-023 --purpose summary\n");
}

struct listing {
    struct table *table;
    struct buf *json;
    size_t n;
};

static enum rc on_entry(void *ctx, const struct policy_explained *x, struct err *e)
{
    struct listing *l = ctx;
    char line[24] = "-";
    if (x->line)
        snprintf(line, sizeof(line), "%zu", x->line);
    if (!l->json)
        return table_add(l->table, (const char *[]){line, x->path, x->action, x->why, x->record}, e);
    buf_str(l->json, l->n++ ? ", {" : "{");
    json_member(l->json, "record", *x->record ? x->record : NULL);
    json_member(l->json, "path", x->path);
    json_member(l->json, "action", x->action);
    json_member(l->json, "why", x->why);
    if (x->line)
        json_member_int(l->json, "line", (int64_t)x->line);
    else
        json_member(l->json, "line", NULL);
    buf_char(l->json, '}');
    return RC_OK;
}

static enum rc on_unasked(void *ctx, const char *path, struct err *e)
{
    return on_entry(ctx, &(struct policy_explained){.record = "", .path = path, .action = "left out",
                                                    .why = "nothing needs it: the source is not asked for it"}, e);
}

static int explain(struct cmd *c, struct record *r, enum purpose purpose, bool json)
{
    static const char *const headings[] = {"LINE", "FIELD", "WHAT", "WHY", "RECORD"};
    const struct brief_wish wish = {.kind = purpose};
    const struct pipeline p = cmd_pipeline(c);
    const struct policy_request q = pipeline_request(&p, &wish, &c->config->clock);
    char object[512], detail[64];
    struct table table;
    struct buf out;
    struct err e;
    int code = EXIT_DONE;
    table_init(&table, headings, COUNT_OF(headings));
    buf_init(&out, CMD_MAX_OUTPUT);
    struct listing l = {.table = &table, .json = json ? &out : NULL};
    snprintf(object, sizeof(object), "%s/%s/%s", r->source, r->object, r->id);
    snprintf(detail, sizeof(detail), "purpose=%s", purpose_name(purpose));
    buf_char(&out, '{');
    json_member(&out, "policy", policy_hash(c->policy));
    json_member(&out, "file", c->config->settings->policy);
    buf_str(&out, ", \"entries\": [");
    enum rc rc = cmd_audit(c, "policy.explained", object, NULL, detail, &e);
    if (rc == RC_OK)
        rc = store_prune_erased(c->store, r, &e);
    if (rc == RC_OK)
        rc = policy_explain(c->policy, r, &q, on_entry, &l, &e);
    if (rc == RC_OK)
        rc = wanted_unasked(c->config, r->source, r->object, on_unasked, &l, &e);
    buf_str(&out, "]}");
    if (rc != RC_OK)
        code = cli_fail(rc, &e);
    else if (json)
        code = cmd_put(&out);
    else {
        printf("%s, sha256 %s\n\n", c->config->settings->policy, policy_hash(c->policy));
        table_print(&table, "no fields");
    }
    table_clear(&table);
    buf_clear(&out);
    return code == EXIT_DONE ? cmd_end_output() : code;
}

int cmd_policy_explain(const char *config, int argc, char **argv)
{
    static const struct option options[] = {{"purpose", required_argument, NULL, 'p'}, {"json", no_argument, NULL, 'j'},
                                            {"help", no_argument, NULL, 'h'},          {0}};
    static const char *const purposes[] = {"summary", "email", "enrichment"};
    struct cmd c = {.need = NEED_RECORDS};
    struct record *record = NULL;
    struct err e = {""};
    enum purpose purpose = PURPOSE_SUMMARY;
    const char *word = NULL;
    bool json = false;
    optind = 0; /* the words are parsed anew */
    for (int o; (o = cmd_option(argc, argv, options)) != -1;) {
        switch (o) {
        case 'p': word = optarg; break;
        case 'j': json = true; break;
        case 'h': print_help(); return EXIT_DONE;
        default: return cmd_bad_option("policy", o, argv);
        }
    }
    if (argc - optind != 4 || !word)
        return cli_usage("policy", "explain needs SOURCE OBJECT ID --purpose P");
    int code = cmd_choice("policy", "--purpose", word, purposes, COUNT_OF(purposes));
    if (code == EXIT_DONE && !purpose_parse(word, &purpose))
        code = EXIT_USAGE;
    if (code == EXIT_DONE)
        code = cmd_open(&c, config, NULL, APP_STORE_KEYS);
    if (code == EXIT_DONE)
        code = cmd_source(&c, argv[optind + 1]);
    if (code == EXIT_DONE)
        code = cmd_record(&c, argv[optind + 2], argv[optind + 3], &record, &e);
    if (code == EXIT_DONE)
        code = explain(&c, record, purpose, json);
    record_close(record);
    cmd_close(&c);
    return code;
}
