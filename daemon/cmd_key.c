/* cmd_key.c: `briefctl key`: keys of the people who sign in. */
#include <fcntl.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>
#include "../base/clock.h"
#include "../base/str.h"
#include "cmd_common.h"
#include "cmd_store.h"
#include "governance.h"
#include "table.h"

struct options {
    struct access_key key;
    char identities[256], sources[256];
    const char *output;
    bool json;
};

static void print_help(void)
{
    printf("Usage: briefctl key add NAME --role ROLE [--identity ID]... [--team TEAM] [--source SOURCE]...\n"
           "                             [--expires DATE] [--output FILE] [--json]\n"
           "       briefctl key list [--json]\n"
           "       briefctl key revoke NAME\n\n"
           "Keys with which people sign in (briefctl --as NAME). A key is told once, when it is made; the store keeps a\n"
           "keyed hash. The role is one of the policy file; what records the person sees follows from it and from who they\n"
           "are in the CRM. With 'sign_in: required' in the configuration nothing works without signing in but this command,\n"
           "which is the operator's: whoever may read store and master key. All of it is audited.\n\n"
           "  --role ROLE      as the policy file calls it (roles:)\n"
           "  --identity ID    who they are in the CRM, as its owner fields say; SOURCE=ID where sources differ\n"
           "  --team TEAM      as the CRM's team fields say\n"
           "  --source SOURCE  only records of this source (several: repeat it)\n"
           "  --expires DATE   not valid from that day on (YYYY-MM-DD)\n"
           "  --output FILE    write the key there (made with mode 0600) and not to the terminal\n\n"
           "Example:\n"
           "  briefctl key add ida --role reader --identity U-07 --team UK --output ida.key\n"
           "  briefctl --as ida --key-file ida.key briefs list\n");
}

/* ---- add ------------------------------------------------------------------------------------------------------------ */

static int write_key(const char *path, const char *secret)
{
    struct err e;
    int fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
    if (fd < 0)
        return cli_fail(err_sys(&e, RC_BAD, errno, "make %s", path), &e);
    bool ok = dprintf(fd, "%s\n", secret) > 0;
    ok = fsync(fd) == 0 && ok;
    ok = close(fd) == 0 && ok;
    return ok ? EXIT_DONE : cli_fail(err_sys(&e, RC_BAD, errno, "write %s", path), &e);
}

static int tell_key(const struct options *o, const char *secret)
{
    struct buf out;
    if (o->output && write_key(o->output, secret) != EXIT_DONE)
        return EXIT_FAILED;
    if (!o->json) {
        if (o->output)
            printf("%s (%s): the key is in %s\n", o->key.name, o->key.role, o->output);
        else
            printf("%s (%s): the key, told this once:\n%s\n", o->key.name, o->key.role, secret);
        return cmd_end_output();
    }
    buf_init(&out, 4096);
    buf_char(&out, '{');
    json_member(&out, "name", o->key.name);
    json_member(&out, "role", o->key.role);
    json_member(&out, "key", o->output ? NULL : secret);
    json_member(&out, "file", o->output);
    buf_char(&out, '}');
    int code = cmd_put(&out);
    buf_wipe(&out);
    return code;
}

static bool name_ok(const char *s)
{
    size_t n = strlen(s);
    return n > 0 && n < 64 && strspn(s, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789._@-") == n &&
           !str_eq(s, "system") && !str_starts(s, "p-");
}

static int add(struct cmd *c, struct options *o)
{
    struct audit_event ev = {.actor = c->actor, .event = "key.added"};
    char secret[ACCESS_SECRET_SIZE], detail[96];
    struct err e;
    if (!name_ok(o->key.name))
        return cli_usage("key", "a name is letters, digits and . _ @ -, not 'system', and does not begin with p-");
    if (!o->key.role)
        return cli_usage("key", "add needs --role ROLE");
    if (!policy_has_role(c->policy, o->key.role))
        return cli_usage("key", "the policy file has no role '%.60s'", o->key.role);
    for (const char *w = o->sources; *w; w += strcspn(w, " "), w += strspn(w, " ")) {
        const struct source_config *s;
        char name[128];
        snprintf(name, sizeof(name), "%.*s", (int)strcspn(w, " "), w);
        int code = cmd_find_source(c, name, &s);
        if (code != EXIT_DONE)
            return code;
    }
    o->key.identities = o->identities;
    o->key.sources = o->sources;
    snprintf(detail, sizeof(detail), "role=%.63s", o->key.role);
    ev.detail = detail;
    enum rc rc = store_access_add(c->store, &o->key, &ev, secret, &e);
    if (rc != RC_OK)
        return cmd_fail_state(rc, &e);
    int code = tell_key(o, secret);
    crypto_wipe(secret, sizeof(secret));
    return code;
}

/* ---- list and revoke ------------------------------------------------------------------------------------------------- */

struct listing {
    struct table *table;
    struct buf *json;
    int64_t now;
    size_t n;
};

static const char *state_of(const struct access_key *k, int64_t now)
{
    return k->revoked_us ? "revoked" : k->expires_us && k->expires_us <= now ? "expired" : "valid";
}

static enum rc add_row(void *ctx, const struct access_key *k, struct err *e)
{
    struct listing *l = ctx;
    char made[TIMESTAMP_TEXT_SIZE], expires[TIMESTAMP_TEXT_SIZE] = "never";
    timestamp_format(k->made_us, made);
    if (k->expires_us)
        timestamp_format(k->expires_us, expires);
    made[10] = '\0';
    expires[strlen(expires) > 10 ? 10 : strlen(expires)] = '\0';
    if (!l->json)
        return table_add(l->table,
                         (const char *[]){k->name, k->role, k->identities, k->team ? k->team : "", *k->sources ? k->sources : "all",
                                          made, expires, state_of(k, l->now)},
                         e);
    buf_str(l->json, l->n++ ? ", {" : "{");
    json_member(l->json, "name", k->name);
    json_member(l->json, "role", k->role);
    json_member(l->json, "identities", k->identities);
    json_member(l->json, "team", k->team);
    json_member(l->json, "sources", k->sources);
    json_member(l->json, "made", made);
    json_member(l->json, "expires", k->expires_us ? expires : NULL);
    json_member(l->json, "state", state_of(k, l->now));
    buf_char(l->json, '}');
    return RC_OK;
}

static int list(struct cmd *c, struct options *o)
{
    static const char *const headings[] = {"NAME", "ROLE", "IDENTITY", "TEAM", "SOURCES", "MADE", "EXPIRES", "STATE"};
    struct table table;
    struct buf out;
    struct err e;
    table_init(&table, headings, COUNT_OF(headings));
    buf_init(&out, CMD_MAX_OUTPUT);
    struct listing l = {.table = &table, .json = o->json ? &out : NULL, .now = store_now_us(c->store)};
    buf_char(&out, '[');
    enum rc rc = store_access_list(c->store, add_row, &l, &e);
    return cmd_end_list(rc, &e, o->json, &out, &table, "no keys");
}

static int revoke_key(struct cmd *c, struct options *o)
{
    const struct audit_event ev = {.actor = c->actor, .event = "key.revoked"};
    struct err e;
    enum rc rc = store_access_revoke(c->store, o->key.name, &ev, &e);
    if (rc != RC_OK)
        return cmd_fail_state(rc, &e);
    printf("%s: revoked\n", o->key.name);
    return cmd_end_output();
}

/* ---- options --------------------------------------------------------------------------------------------------------- */

static const struct option long_options[] = {
    {"role", required_argument, NULL, 'r'},    {"identity", required_argument, NULL, 'i'}, {"team", required_argument, NULL, 't'},
    {"source", required_argument, NULL, 's'},  {"expires", required_argument, NULL, 'e'},  {"output", required_argument, NULL, 'o'},
    {"json", no_argument, NULL, 'j'},          {"help", no_argument, NULL, 'h'},           {0}};

static int append(char *list, size_t size, const char *what, const char *word)
{
    size_t n = strlen(list);
    if (!*word || strchr(word, ' ') || n + strlen(word) + 2 > size)
        return cli_usage("key", "%s: no spaces, and not too many", what);
    snprintf(list + n, size - n, "%s%s", n ? " " : "", word);
    return EXIT_DONE;
}

static int take_option(int c, struct options *o)
{
    int32_t day;
    switch (c) {
    case 'r': o->key.role = optarg; return EXIT_DONE;
    case 'i': return append(o->identities, sizeof(o->identities), "--identity", optarg);
    case 't': o->key.team = optarg; return EXIT_DONE;
    case 's': return append(o->sources, sizeof(o->sources), "--source", optarg);
    case 'o': o->output = optarg; return EXIT_DONE;
    case 'j': o->json = true; return EXIT_DONE;
    default: /* 'e' */
        if (!date_parse(optarg, &day))
            return cli_usage("key", "--expires: '%.60s' is not a date YYYY-MM-DD", optarg);
        o->key.expires_us = day * CLOCK_DAY_US;
        return EXIT_DONE;
    }
}

int cmd_key(const char *config, int argc, char **argv)
{
    static const char *const verbs[] = {"add", "list", "revoke"};
    struct options o = {0};
    struct cmd cmd = {.need = NEED_OPERATOR};
    int code = EXIT_DONE;
    for (int c; code == EXIT_DONE && (c = cmd_option(argc, argv, long_options)) != -1;) {
        if (c == '?' || c == ':')
            return cmd_bad_option(argv[0], c, argv);
        if (c == 'h') {
            print_help();
            return EXIT_DONE;
        }
        code = take_option(c, &o);
    }
    int n = argc - optind;
    const char *verb = n > 0 ? argv[optind] : "list";
    o.key.name = n > 1 ? argv[optind + 1] : NULL;
    if (code == EXIT_DONE)
        code = cmd_choice(argv[0], "key", verb, verbs, COUNT_OF(verbs));
    if (code == EXIT_DONE && (n > 2 || str_eq(verb, "list") != !o.key.name))
        code = cli_usage(argv[0], str_eq(verb, "list") ? "%s takes no NAME" : "%s needs a NAME", verb);
    if (code == EXIT_DONE)
        code = cmd_open(&cmd, config, NULL, APP_STORE_KEYS);
    if (code == EXIT_DONE)
        code = str_eq(verb, "add") ? add(&cmd, &o) : str_eq(verb, "list") ? list(&cmd, &o) : revoke_key(&cmd, &o);
    cmd_close(&cmd);
    return code;
}
