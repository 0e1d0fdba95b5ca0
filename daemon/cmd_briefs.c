/* cmd_briefs.c: `briefctl briefs`: what was made, and a person's decision on it. */
#include <stdio.h>
#include <string.h>
#include "../base/str.h"
#include "brief_json.h"
#include "cmd_briefs_edit.h"
#include "cmd_common.h"
#include "cmd_store.h"
#include "governance.h"
#include "table.h"

#define STANDARD_LIMIT 50

struct options {
    struct brief_filter filter;
    bool filtered, json, slots, all;
    const char *verb, *id, *file;
};

static void print_help(void)
{
    printf("Usage: briefctl briefs [list] [--source S] [--object O] [--id RECORD] [--kind K] [--state ST] [--limit N]\n"
           "                       [--all] [--json]\n"
           "       briefctl briefs show ID [--slots] [--json]\n"
           "       briefctl briefs approve|reject ID [--json]\n"
           "       briefctl briefs edit ID [--file FILE]\n\n"
           "list: the newest first, without superseded and expired ones.\n"
           "show: the text in clear (audited), why each sentence is there, flags, hashes.\n"
           "approve: above the policy's amount (four_eyes_above) two people have to; where the source takes write-back the text is written at once, and the result told.\n"
           "edit: your words in the place of the text, by $VISUAL or $EDITOR; an e-mail begins with its 'Subject: ' line, and\n"
           "lines that begin with '- ' at the end of a summary are its bullets. Values go back into slots before they are\n"
           "stored; the checks warn and change nothing, save that a phrase that the policy forbids is refused.\n\n"
           "  --source, --object, --id  only briefs of these records\n"
           "  --kind K    summary or email\n"
           "  --state ST  made, waiting, approved, edited, rejected, write_pending, written, conflict, superseded, expired\n"
           "  --limit N   at most so many (default %d)\n"
           "  --all       every one, superseded and expired ones too\n"
           "  --slots     the text as it is stored, nothing revealed\n"
           "  --file FILE the edited text from a file, - for standard input\n"
           "  --json      for scripts\n\n"
           "Examples:\n"
           "  briefctl briefs list --state waiting --kind email\n"
           "  briefctl briefs show b2v7q4m0x6k1n8t3w5zj\n"
           "  briefctl briefs approve b2v7q4m0x6k1n8t3w5zj\n\n"
           "Exit codes: 0 done, 1 no such brief or its state does not allow it, 3 policy refuses, 5 the source is down: the\n"
           "brief is approved and can be approved again to write it.\n", STANDARD_LIMIT);
}

/* ---- list --------------------------------------------------------------------------------------------------------- */

struct listing {
    const struct cmd *cmd;
    struct table *table; /* one of the two */
    struct buf *json;
    size_t n, most;      /* most 0: all */
};

static enum rc add_brief(void *ctx, const struct store_brief *b, struct err *e)
{
    struct listing *l = ctx;
    char made[TIMESTAMP_TEXT_SIZE], record[512];
    if (!access_may_brief(l->cmd, MAY_SEE, b))
        return RC_OK;
    if (l->n++ == l->most && l->most)
        return RC_OK; /* one more than asked for was read, to know that there are more */
    if (l->json) {
        if (l->n > 1)
            buf_str(l->json, ", ");
        brief_json_row(l->json, b);
        return RC_OK;
    }
    timestamp_format(b->meta.made_us, made);
    made[16] = '\0'; /* minutes are enough for people */
    made[10] = ' ';
    snprintf(record, sizeof(record), "%s/%s/%s", b->meta.source, b->meta.object, b->meta.record_id);
    return table_add(l->table,
                     (const char *[]){b->id, record, purpose_name(b->meta.kind), brief_state_name(b->meta.state),
                                      b->language, b->by_person ? "person" : "", made},
                     e);
}

static int list(struct cmd *c, const struct options *o)
{
    static const char *const headings[] = {"ID", "RECORD", "KIND", "STATE", "LANG", "DECIDED", "MADE (UTC)"};
    struct brief_filter f = o->filter;
    struct table table;
    struct buf out;
    struct err e;
    int code = EXIT_DONE;

    table_init(&table, headings, COUNT_OF(headings));
    buf_init(&out, CMD_MAX_OUTPUT);
    struct listing l = {.cmd = c, .table = &table, .json = o->json ? &out : NULL, .most = f.limit};
    /* Counted here what whoever acts may see: a limit on all of them would tell how many others there are. */
    f.limit = f.limit && !c->signed_in ? f.limit + 1 : 0;
    buf_char(&out, '[');
    enum rc rc = store_briefs_list(c->store, &f, add_brief, &l, &e);
    buf_char(&out, ']');
    if (rc != RC_OK)
        code = cli_fail(rc, &e);
    else if (o->json)
        code = cmd_put(&out);
    else
        table_print(&table, "no briefs");
    if (code == EXIT_DONE && l.most && l.n > l.most)
        fprintf(stderr, "briefctl: there are more than these %zu; see --limit and --all\n", l.most);
    table_clear(&table);
    buf_clear(&out);
    return code == EXIT_DONE ? cmd_end_output() : code;
}

/* ---- show --------------------------------------------------------------------------------------------------------- */

static int print_shown(const struct options *o, const struct store_brief *b, const struct brief_text *t)
{
    struct buf out;
    if (!o->json) {
        brief_text_print(b, t, true);
        return cmd_end_output();
    }
    buf_init(&out, CMD_MAX_OUTPUT);
    brief_json(&out, b, t, NULL);
    int code = cmd_put(&out);
    buf_wipe(&out);
    return code;
}

static int show(struct cmd *c, const struct options *o)
{
    struct store_brief *b = NULL;
    struct brief_text text = {0};
    struct err e;
    int code;
    enum rc rc = access_brief(c, o->id, &b, &e);
    bool reveal = rc == RC_OK && !o->slots && access_may_brief(c, MAY_REVEAL, b);
    if (rc == RC_OK && access_withhold(c, b))
        fprintf(stderr, "briefctl: the text is withheld: it may rest on a field that your role may not read\n");
    if (rc == RC_OK && reveal)
        rc = cmd_audit(c, "reveal", o->id, NULL, NULL, &e);
    if (rc == RC_OK)
        rc = brief_text_open(b, reveal ? &c->keys : NULL, &text, &e);
    if (rc == RC_OK) {
        code = print_shown(o, b, &text);
        brief_text_clear(&text);
    } else
        code = cmd_fail_state(rc, &e);
    store_brief_close(b);
    return code;
}

/* ---- decide ------------------------------------------------------------------------------------------------------- */

static int tell_state(const struct options *o, enum brief_state state, const char *note)
{
    struct buf out;
    if (!o->json) {
        printf("%s: %s%s%s\n", o->id, brief_state_name(state), *note ? ": " : "", note);
        return cmd_end_output();
    }
    buf_init(&out, CMD_MAX_OUTPUT);
    buf_char(&out, '{');
    json_member(&out, "id", o->id);
    json_member(&out, "state", brief_state_name(state));
    json_member(&out, "note", *note ? note : NULL);
    buf_char(&out, '}');
    int code = cmd_put(&out);
    buf_clear(&out);
    return code;
}

/* How its source takes the text of this brief, and why not if it doesn't. */
static enum write_back_mode write_back_of(const struct cmd *c, const struct brief_meta *m, const char **why)
{
    const struct source_config *s = config_source(c->config, m->source);
    const struct map_object *o = s ? source_object(s, m->object) : NULL;
    *why = "its source is not in the configuration, so it is not written back";
    if (!s)
        return WRITE_BACK_OFF;
    *why = "write_back is off for this source";
    if (s->write_back == WRITE_BACK_OFF)
        return WRITE_BACK_OFF;
    *why = "the source's mapping has no write_back column for this kind";
    for (const struct map_field *f = o ? o->write_back : NULL; f; f = f->next)
        if (str_eq(f->spec.name, purpose_name(m->kind)))
            return s->write_back;
    return WRITE_BACK_OFF;
}

static const char *written_note(enum write_back_mode mode, enum brief_state state)
{
    if (state == BRIEF_CONFLICT)
        return "the record says something else by now; nothing was written";
    if (mode == WRITE_BACK_DRY_RUN)
        return "write_back is dry-run: nothing was written";
    return "";
}

static int write_back(struct cmd *c, const struct options *o, const struct brief_meta *m, enum write_back_mode mode)
{
    enum brief_state state = BRIEF_APPROVED;
    struct err e = {""};
    int code = cmd_source(c, m->source);
    if (code != EXIT_DONE)
        return code;
    const struct pipeline p = cmd_pipeline(c);
    enum rc rc = pipeline_write_back_one(&p, c->connector, o->id, &state, &e);
    if (rc != RC_OK)
        return cli_fail(rc, &e);
    code = tell_state(o, state, written_note(mode, state));
    return code == EXIT_DONE && state == BRIEF_CONFLICT ? EXIT_FAILED : code;
}

/* The brief, if whoever acts may decide on it. */
static int open_to_decide(struct cmd *c, const struct options *o, struct store_brief **out)
{
    struct err e;
    enum rc rc = access_brief(c, o->id, out, &e);
    if (rc != RC_OK)
        return cmd_fail_state(rc, &e);
    if (access_may_brief(c, policy_approving((*out)->meta.kind), *out))
        return EXIT_DONE;
    err_set(&e, RC_REFUSED, "your role may not decide on a brief of kind %s", purpose_name((*out)->meta.kind));
    store_brief_close(*out);
    *out = NULL;
    return cli_fail(RC_REFUSED, &e);
}

static int approve(struct cmd *c, const struct options *o)
{
    const struct audit_event ev = {.actor = c->actor, .event = "brief.approved"};
    struct store_brief *b = NULL;
    struct err e;
    const char *why = "";
    int code;
    unsigned left = 0;
    code = open_to_decide(c, o, &b);
    if (code != EXIT_DONE)
        return code;
    enum rc rc = RC_OK;
    /* What policy or a person approved before is approved again only to write it. */
    if (b->meta.state != BRIEF_APPROVED && b->meta.approvals > 1 && !c->signed_in) {
        rc = err_set(&e, RC_REFUSED, "brief %s needs the approval of two people (four_eyes_above): each signs in with a key of their own,"
                     " briefctl --as NAME briefs approve", o->id);
        code = cli_fail(rc, &e);
    } else if (b->meta.state != BRIEF_APPROVED) {
        rc = store_brief_approve(c->store, o->id, &ev, &left, &e);
        code = rc == RC_OK ? EXIT_DONE : cmd_fail_state(rc, &e);
    }
    if (rc == RC_OK && left)
        code = tell_state(o, b->meta.state, "approved by you; one more person has to approve it");
    else if (rc == RC_OK) {
        enum write_back_mode mode = write_back_of(c, &b->meta, &why);
        code = mode == WRITE_BACK_OFF ? tell_state(o, BRIEF_APPROVED, why) : write_back(c, o, &b->meta, mode);
    }
    store_brief_close(b);
    return code;
}

static int reject(struct cmd *c, const struct options *o)
{
    const struct audit_event ev = {.actor = c->actor, .event = "brief.rejected"};
    struct store_brief *b = NULL;
    struct err e;
    int code = open_to_decide(c, o, &b);
    store_brief_close(b);
    if (code != EXIT_DONE)
        return code;
    enum rc rc = store_brief_transition(c->store, o->id, BRIEF_REJECTED, &ev, &e);
    return rc == RC_OK ? tell_state(o, BRIEF_REJECTED, "") : cmd_fail_state(rc, &e);
}

static int edit(struct cmd *c, const struct options *o)
{
    struct store_brief *b = NULL;
    struct err e;
    int code = open_to_decide(c, o, &b);
    if (code != EXIT_DONE)
        return code;
    if (!access_may_brief(c, MAY_REVEAL, b) || access_hides(c, b->meta.source, b->meta.object, b->meta.kind, b->meta.policy_hash)) /* an edit shows the whole text */
        code = cli_fail(err_set(&e, RC_REFUSED, "your role may not see the whole text in clear, so it may not edit it"), &e);
    store_brief_close(b);
    return code == EXIT_DONE ? briefs_edit(c, o->id, o->file) : code;
}

/* ---- options ------------------------------------------------------------------------------------------------------ */

enum { OPTION_SOURCE = 256, OPTION_OBJECT, OPTION_ID, OPTION_KIND, OPTION_STATE, OPTION_LIMIT, OPTION_ALL, OPTION_JSON,
       OPTION_SLOTS, OPTION_FILE };

static int take_filter(const char *command, int c, struct options *o)
{
    static const char *const kinds[] = {"summary", "email", "enrichment"};
    const char *states[N_BRIEF_STATES];
    struct brief_filter *f = &o->filter;
    int code;
    o->filtered = true;
    switch (c) {
    case OPTION_SOURCE: f->source = optarg; return EXIT_DONE;
    case OPTION_OBJECT: f->object = optarg; return EXIT_DONE;
    case OPTION_ID: f->record_id = optarg; return EXIT_DONE;
    case OPTION_ALL: o->all = true; return EXIT_DONE;
    case OPTION_LIMIT: return cmd_count(command, "--limit", optarg, &f->limit);
    case OPTION_KIND:
        code = cmd_choice(command, "--kind", optarg, kinds, COUNT_OF(kinds));
        f->by_kind = code == EXIT_DONE && purpose_parse(optarg, &f->kind);
        return code;
    default: /* OPTION_STATE */
        for (int i = 0; i < N_BRIEF_STATES; i++)
            states[i] = brief_state_name((enum brief_state)i);
        code = cmd_choice(command, "--state", optarg, states, COUNT_OF(states));
        f->by_state = code == EXIT_DONE && brief_state_parse(optarg, &f->state);
        return code;
    }
}

static const struct option long_options[] = {{"source", required_argument, NULL, OPTION_SOURCE},
                                             {"object", required_argument, NULL, OPTION_OBJECT},
                                             {"id", required_argument, NULL, OPTION_ID},
                                             {"kind", required_argument, NULL, OPTION_KIND},
                                             {"state", required_argument, NULL, OPTION_STATE},
                                             {"limit", required_argument, NULL, OPTION_LIMIT},
                                             {"all", no_argument, NULL, OPTION_ALL},
                                             {"json", no_argument, NULL, OPTION_JSON},
                                             {"slots", no_argument, NULL, OPTION_SLOTS},
                                             {"file", required_argument, NULL, OPTION_FILE},
                                             {"help", no_argument, NULL, 'h'},
                                             {0}};

static const struct {
    const char *name;
    bool takes_id;
    int (*run)(struct cmd *c, const struct options *o);
} verbs[] = {{"list", false, list}, {"show", true, show}, {"approve", true, approve}, {"reject", true, reject},
             {"edit", true, edit}};

/* The verb's index; which options go with which verb. */
static int check_words(int argc, char **argv, struct options *o, size_t *verb)
{
    const char *names[COUNT_OF(verbs)];
    int n = argc - optind;
    for (size_t i = 0; i < COUNT_OF(verbs); i++)
        names[i] = verbs[i].name;
    o->verb = n > 0 ? argv[optind] : "list";
    o->id = n > 1 ? argv[optind + 1] : NULL;
    int code = cmd_choice(argv[0], "briefs", o->verb, names, COUNT_OF(names));
    for (*verb = 0; code == EXIT_DONE && !str_eq(names[*verb], o->verb);)
        ++*verb;
    if (code != EXIT_DONE)
        return code;
    if (verbs[*verb].takes_id != (n == 2) || n > 2)
        return cli_usage(argv[0], verbs[*verb].takes_id ? "%s needs the ID of one brief" : "%s takes no ID", o->verb);
    if (o->filtered && *verb != 0)
        return cli_usage(argv[0], "only list takes --source, --object, --id, --kind, --state, --limit and --all");
    if (o->slots && !str_eq(o->verb, "show"))
        return cli_usage(argv[0], "only show takes --slots");
    if (o->file && !str_eq(o->verb, "edit"))
        return cli_usage(argv[0], "only edit takes --file");
    if (o->json && str_eq(o->verb, "edit"))
        return cli_usage(argv[0], "edit has no --json");
    if (o->all) {
        o->filter.limit = 0;
    } else {
        o->filter.current = !o->filter.by_state;
        o->filter.limit = o->filter.limit ? o->filter.limit : STANDARD_LIMIT;
    }
    return EXIT_DONE;
}

int cmd_briefs(const char *config, int argc, char **argv)
{
    struct options o = {0};
    struct cmd cmd = {.need = NEED_RECORDS};
    size_t verb = 0;
    int code = EXIT_DONE;
    for (int c; code == EXIT_DONE && (c = cmd_option(argc, argv, long_options)) != -1;) {
        switch (c) {
        case 'h': print_help(); return EXIT_DONE;
        case '?':
        case ':': return cmd_bad_option(argv[0], c, argv);
        case OPTION_JSON: o.json = true; break;
        case OPTION_SLOTS: o.slots = true; break;
        case OPTION_FILE: o.file = optarg; break;
        default: code = take_filter(argv[0], c, &o);
        }
    }
    if (code == EXIT_DONE)
        code = check_words(argc, argv, &o, &verb);
    if (code == EXIT_DONE)
        code = cmd_open(&cmd, config, NULL, APP_STORE_KEYS);
    if (code == EXIT_DONE)
        code = verbs[verb].run(&cmd, &o);
    cmd_close(&cmd);
    return code;
}
