/* cmd_audit.c: `briefctl audit`: the chain checked entry by entry, listed, signed, shortened; cmd_audit_export.c and
 * cmd_audit_report.c write it out. */
#include "cmd_audit.h"

#include <stdio.h>
#include <string.h>
#include "../base/str.h"
#include "cmd_store.h"
#include "table.h"

#define STANDARD_LIMIT 50

static void print_help(void)
{
    printf("Usage: briefctl audit verify [--checkpoint FILE] [--json]\n"
           "       briefctl audit verify --file EXPORT --key PUBLIC.pem [--checkpoint FILE] [--json]\n"
           "       briefctl audit list [--limit N] [--all] [--json]\n"
           "       briefctl audit report --from DATE --to DATE [--brief ID] [--out PREFIX]\n"
           "       briefctl audit export [--out FILE]\n"
           "       briefctl audit checkpoint\n"
           "       briefctl audit key\n"
           "       briefctl audit content SEQ --for REFERENCE\n"
           "       briefctl audit prune [--dry-run] [--json]\n\n"
           "verify: checks every entry's hash and seal, the signed checkpoints, kept documents and content, and the head that\n"
           "stands beside the master key; exit code 1 if an entry was changed, removed, reordered or cut. With --file it checks\n"
           "an export with nothing but the public key: no store, no configuration, no secret.\n"
           "list: the newest entries, oldest of them first. They hold ids, hashes and codes, never content.\n"
           "report: PREFIX.md and PREFIX.json: what was made from what, under which rules, by which model, who decided, checks,\n"
           "refusals, verification. Both days are part of it (UTC); with --brief alone: all that is known of that brief.\n"
           "export: every entry as JSON Lines, signed up to the last.\n"
           "checkpoint: the chain as it stands, signed, one line. Keep it elsewhere: with --checkpoint it proves later that\n"
           "nothing up to it was lost or rewritten, even by whoever had the machine.\n"
           "key: the public key of checkpoints, PEM.\n"
           "content: the prompt and text kept with an entry, in slots, if the policy says 'audit: {content: yes}'. Needs a role\n"
           "with audit_content: yes, which audit: yes does not bring, and a reference to what it is needed for; both audited.\n"
           "prune: removes what is older than the policy's retention of the audit, up to a checkpoint, which stays.\n\n"
           "  --limit N          list: how many (default %d)\n"
           "  --all              list: every entry\n"
           "  --for REFERENCE    content: the case or ticket that it is needed for, such as CASE-7: a word, nobody's name\n"
           "  --checkpoint FILE  a line of 'audit checkpoint' that must be part of the chain\n"
           "  --json             for scripts\n\n"
           "Examples:\n"
           "  briefctl audit verify\n"
           "  briefctl audit report --from 2026-11-01 --to 2026-11-30 --out november\n"
           "  briefctl audit export --out audit.jsonl; briefctl audit key > briefd.pub\n"
           "  briefctl audit verify --file audit.jsonl --key briefd.pub\n", STANDARD_LIMIT);
}

/* ---- verify ------------------------------------------------------------------------------------------------------ */

struct search {
    const struct audit_checkpoint *kept;
    bool met, differs;
};

static enum rc meet(void *ctx, const struct audit_entry *x, const uint8_t hash[AUDIT_HASH_SIZE],
                    const struct audit_checkpoint *c, struct err *e)
{
    struct search *s = ctx;
    (void)c;
    (void)e;
    if (x->seq != s->kept->seq)
        return RC_OK;
    s->met = true;
    s->differs = !crypto_equal(hash, s->kept->hash, AUDIT_HASH_SIZE);
    return RC_OK;
}

/* Is the chain the one that the checkpoint was taken from? Then retention may have removed its entry, nobody else. */
static enum rc check_kept(struct cmd *c, const struct audit_checkpoint *kept, struct err *e)
{
    struct search s = {.kept = kept};
    struct store_audit_facts f;
    if (!audit_checkpoint_valid(keyring_signing_key(app_keys(c->app))->public_key, kept))
        return err_set(e, RC_BAD, "audit: the checkpoint was changed, or is another installation's");
    enum rc rc = store_audit_export(c->store, kept->seq, meet, &s, e);
    if (rc == RC_OK)
        rc = store_audit_facts(c->store, &f, e);
    if (rc == RC_OK && s.differs)
        rc = err_set(e, RC_BAD, "audit: entry %lld is not the one that the checkpoint signed", (long long)kept->seq);
    else if (rc == RC_OK && !s.met && f.base.seq < kept->seq)
        rc = err_set(e, RC_BAD, "audit: the chain was cut: the checkpoint signed entry %lld", (long long)kept->seq);
    return rc;
}

static void put_verified(struct buf *out, enum rc rc, int64_t entries, const struct store_audit_facts *f, const char *why)
{
    buf_printf(out, "{\"ok\": %s", rc == RC_OK ? "true" : "false");
    if (rc == RC_OK) {
        json_member_int(out, "entries", entries - f->base.seq);
        json_member_int(out, "first", f->base.seq + 1);
        json_member_int(out, "last", entries);
        json_member_int(out, "checkpoints", f->checkpoints);
        json_member_int(out, "contents", f->contents);
        json_member_int(out, "documents", f->documents);
    } else
        json_member(out, "entries", NULL);
    json_member(out, "reason", rc == RC_OK ? NULL : why);
    buf_char(out, '}');
}

static int verify(struct cmd *c, const char *checkpoint, bool json)
{
    struct err e = {""};
    struct buf out;
    struct store_audit_facts f = {0};
    struct audit_checkpoint kept;
    int64_t entries = 0;
    int code = checkpoint ? audit_read_checkpoint(checkpoint, &kept) : EXIT_DONE;
    if (code != EXIT_DONE)
        return code;
    enum rc rc = store_audit_verify(c->store, &entries, &e);
    if (rc == RC_OK && checkpoint)
        rc = check_kept(c, &kept, &e);
    if (rc == RC_OK)
        rc = store_audit_facts(c->store, &f, &e);
    if (!json && rc == RC_OK)
        printf("audit: %lld entries (%lld to %lld), %lld signed checkpoints, %lld kept documents: none changed, removed, reordered or cut\n",
               (long long)(entries - f.base.seq), (long long)f.base.seq + 1, (long long)entries, (long long)f.checkpoints,
               (long long)f.documents);
    if (json && (rc == RC_OK || rc == RC_BAD)) {
        buf_init(&out, CMD_MAX_OUTPUT);
        put_verified(&out, rc, entries, &f, e.msg);
        code = cmd_put(&out);
        buf_clear(&out);
        if (code != EXIT_DONE)
            return code;
    }
    return rc == RC_OK ? cmd_end_output() : cli_fail(rc, &e);
}

/* ---- list -------------------------------------------------------------------------------------------------------- */

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

    buf_init(&out, CMD_MAX_OUTPUT);
    table_init(&table, headings, COUNT_OF(headings));
    enum rc rc = store_audit_walk(c->store, find_last, &l, &e);
    l.after = limit && l.last > (int64_t)limit ? l.last - (int64_t)limit : 0;
    l.json = json ? &out : NULL;
    l.table = json ? NULL : &table;
    buf_char(&out, '[');
    if (rc == RC_OK)
        rc = store_audit_walk(c->store, add_entry, &l, &e);
    return cmd_end_list(rc, &e, json, &out, &table, "no entries yet");
}

/* ---- signing, content, retention --------------------------------------------------------------------------------- */

static int checkpoint_now(struct cmd *c)
{
    struct audit_checkpoint made;
    char line[AUDIT_CHECKPOINT_SIZE];
    struct err e;
    enum rc rc = store_audit_checkpoint(c->store, &made, &e);
    if (rc != RC_OK)
        return cmd_fail_state(rc, &e);
    audit_checkpoint_format(&made, line);
    puts(line);
    return cmd_end_output();
}

static int public_key(struct cmd *c)
{
    char pem[ED25519_PEM_SIZE];
    struct err e;
    enum rc rc = ed25519_public_pem(keyring_signing_key(app_keys(c->app))->public_key, pem, &e);
    if (rc != RC_OK)
        return cli_fail(rc, &e);
    fputs(pem, stdout);
    return cmd_end_output();
}

/* A word that may stand in the chain as it is. */
static bool is_reference(const char *s)
{
    size_t n = strspn(s, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789._/#-");
    return n > 0 && n <= 64 && !s[n];
}

/* What the texts rest on is not told field by field: who may not read some field reads none of it. */
static int content(struct cmd *c, const char *word, const char *reference)
{
    struct buf text;
    struct err e = {""};
    int64_t seq;
    char object[32], detail[80];
    if (!str_int64(word, 1, INT64_MAX, &seq))
        return cli_usage("audit", "content: '%.60s' is no entry's number", word);
    buf_init(&text, CMD_MAX_OUTPUT);
    snprintf(object, sizeof(object), "audit/%lld", (long long)seq);
    snprintf(detail, sizeof(detail), "for=%s", reference);
    bool withheld = access_hides(c, "", "", PURPOSE_SUMMARY, "");
    enum rc rc = withheld ? err_set(&e, RC_REFUSED, "your role may not read every field (hide:), so no content of the audit") : RC_OK;
    if (rc == RC_OK)
        rc = store_audit_content(c->store, seq, &text, &e);
    if (rc == RC_OK || withheld) {
        struct err why;
        enum rc told = cmd_audit(c, "audit.content", object, withheld ? "refused" : NULL, detail, &why);
        if (rc == RC_OK && told != RC_OK)
            rc = err_set(&e, told, "%s", why.msg);
    }
    int code = rc == RC_OK ? cmd_put(&text) : withheld ? cli_fail(rc, &e) : cmd_fail_state(rc, &e);
    buf_wipe(&text);
    return code;
}

static int prune(struct cmd *c, bool dry_run, bool json)
{
    const struct audit_event ev = {.actor = c->actor, .event = "audit.pruned", .object = ""};
    int64_t keep_us = policy_retention_us(c->policy, "audit"), removed = 0;
    struct err e;
    enum rc rc = RC_OK;
    if (keep_us > 0)
        rc = store_audit_prune(c->store, store_now_us(c->store) - keep_us, dry_run, &ev, &removed, &e);
    if (rc != RC_OK)
        return cli_fail(rc, &e);
    if (json)
        printf("{\"removed\": %lld, \"dry_run\": %s}\n", (long long)removed, dry_run ? "true" : "false");
    else if (keep_us == 0)
        puts("the policy has no retention of the audit: everything stays");
    else
        printf("%lld entries %s\n", (long long)removed, dry_run ? "would be removed" : "removed");
    return cmd_end_output();
}

/* ---- the command ------------------------------------------------------------------------------------------------- */

struct audit_args {
    const char *verb, *word; /* word: behind the verb, or NULL */
    const char *file, *key, *checkpoint, *from, *to, *brief, *out, *reference;
    size_t limit;
    bool json, dry_run, help;
};

static int parse(int argc, char **argv, struct audit_args *a)
{
    static const struct option options[] = {
        {"json", no_argument, NULL, 'j'},       {"limit", required_argument, NULL, 'l'}, {"all", no_argument, NULL, 'a'},
        {"file", required_argument, NULL, 'f'}, {"key", required_argument, NULL, 'k'},   {"checkpoint", required_argument, NULL, 'c'},
        {"from", required_argument, NULL, 'F'}, {"to", required_argument, NULL, 'T'},    {"brief", required_argument, NULL, 'b'},
        {"out", required_argument, NULL, 'o'},  {"for", required_argument, NULL, 'r'},   {"dry-run", no_argument, NULL, 'd'},     {"help", no_argument, NULL, 'h'},
        {0}};
    static const char *const verbs[] = {"verify", "list", "report", "export", "checkpoint", "key", "content", "prune"};
    int code = EXIT_DONE;
    for (int c; (c = cmd_option(argc, argv, options)) != -1;) {
        switch (c) {
        case 'j': a->json = true; break;
        case 'a': a->limit = 0; break;
        case 'l': code = cmd_count(argv[0], "--limit", optarg, &a->limit); break;
        case 'f': a->file = optarg; break;
        case 'k': a->key = optarg; break;
        case 'c': a->checkpoint = optarg; break;
        case 'F': a->from = optarg; break;
        case 'T': a->to = optarg; break;
        case 'b': a->brief = optarg; break;
        case 'o': a->out = optarg; break;
        case 'r': a->reference = optarg; break;
        case 'd': a->dry_run = true; break;
        case 'h': a->help = true; return EXIT_DONE;
        default: return cmd_bad_option(argv[0], c, argv);
        }
        if (code != EXIT_DONE)
            return code;
    }
    int words = argc - optind;
    if (words < 1)
        return cli_usage(argv[0], "'verify', 'list', 'report' or another verb is needed");
    a->verb = argv[optind];
    a->word = words > 1 ? argv[optind + 1] : NULL;
    code = cmd_choice(argv[0], "audit", a->verb, verbs, COUNT_OF(verbs));
    bool content_verb = str_eq(a->verb, "content");
    if (code == EXIT_DONE && words != 1 + content_verb)
        code = cli_usage(argv[0], content_verb ? "content: an entry's number is needed" : "%s takes no other word", a->verb);
    else if (code == EXIT_DONE && content_verb && !(a->reference && is_reference(a->reference)))
        code = cli_usage(argv[0], "content: --for REFERENCE is needed: what it is for, one word of letters, digits and . _ / # -");
    else if (code == EXIT_DONE && !content_verb && a->reference)
        code = cli_usage(argv[0], "--for goes with content");
    return code;
}

static int report(struct cmd *c, const struct audit_args *a)
{
    struct audit_period p = {.from = a->from, .to = a->to, .to_us = INT64_MAX};
    char prefix[128];
    int32_t from = 0, to = 0;
    if (!a->brief && (!a->from || !a->to))
        return cli_usage("audit", "report: --from and --to, or --brief, are needed");
    if (a->from && !date_parse(a->from, &from))
        return cli_usage("audit", "--from: '%.60s' is not a date YYYY-MM-DD", a->from);
    if (a->to && !date_parse(a->to, &to))
        return cli_usage("audit", "--to: '%.60s' is not a date YYYY-MM-DD", a->to);
    if (a->from && a->to && to < from)
        return cli_usage("audit", "--to is before --from");
    p.from_us = a->from ? (int64_t)from * CLOCK_DAY_US : 0;
    if (a->to)
        p.to_us = ((int64_t)to + 1) * CLOCK_DAY_US;
    if (a->brief)
        snprintf(prefix, sizeof(prefix), "audit-%.40s", a->brief);
    else
        snprintf(prefix, sizeof(prefix), "audit-%.20s-%.20s", a->from, a->to);
    return audit_report(c, &p, a->brief, a->out ? a->out : prefix);
}

static int act(struct cmd *c, const struct audit_args *a)
{
    if (str_eq(a->verb, "verify"))
        return verify(c, a->checkpoint, a->json);
    if (str_eq(a->verb, "list"))
        return list(c, a->limit, a->json);
    if (str_eq(a->verb, "report"))
        return report(c, a);
    if (str_eq(a->verb, "export"))
        return audit_export(c, a->out);
    if (str_eq(a->verb, "checkpoint"))
        return checkpoint_now(c);
    if (str_eq(a->verb, "key"))
        return public_key(c);
    if (str_eq(a->verb, "content"))
        return content(c, a->word, a->reference);
    return prune(c, a->dry_run, a->json);
}

int cmd_audit_chain(const char *config, int argc, char **argv)
{
    struct audit_args a = {.limit = STANDARD_LIMIT};
    struct cmd c = {.need = NEED_AUDIT};
    int code = parse(argc, argv, &a);
    if (code != EXIT_DONE)
        return code;
    if (a.help) {
        print_help();
        return EXIT_DONE;
    }
    if (a.file && !str_eq(a.verb, "verify"))
        return cli_usage(argv[0], "--file goes with verify; --out names a file to write");
    if (a.file)
        return a.key ? audit_verify_file(a.file, a.key, a.checkpoint, a.json)
                     : cli_usage(argv[0], "verify --file needs --key, the public key that `audit key` printed");
    if (str_eq(a.verb, "content"))
        c.need = NEED_AUDIT_CONTENT;
    code = cmd_open(&c, config, NULL, APP_STORE_KEYS);
    if (code == EXIT_DONE)
        code = act(&c, &a);
    cmd_close(&c);
    return code;
}
