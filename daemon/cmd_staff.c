/* cmd_staff.c: `briefctl staff-data`: what is recorded about employees; `briefctl actors`: who is behind a pseudonym. */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include "../base/box.h"
#include "../base/str.h"
#include "cmd_common.h"
#include "cmd_store.h"
#include "governance.h"
#include "table.h"

/* ---- staff-data ------------------------------------------------------------------------------------------------------ */

static void help_staff(void)
{
    printf("Usage: briefctl staff-data [--name NAME] [--identity ID] [--json]\n\n"
           "All that is recorded about employees: what, why, how long, who may see it, and how much there is. briefd measures\n"
           "nobody's work: logs and metrics never carry a person, briefs say what is to be done and not how somebody did.\n\n"
           "  --name NAME    only of this sign-in name (or cli:USER)\n"
           "  --identity ID  and of this CRM identity\n"
           "  --json         for scripts\n\n"
           "Example:\n"
           "  briefctl staff-data --name ida --identity U-07\n");
}

struct kind { /* of data on employees */
    const char *what, *why, *seen_by, *kept; /* kept: a retention of the policy, or words */
    size_t count;                            /* offset in struct staff_counts, or NO_COUNT */
};
#define NO_COUNT ((size_t)-1)
#define COUNT(member) offsetof(struct staff_counts, member)

static const struct kind kinds[] = {
    {"key: sign-in name, role, CRM identity, team, sources, made and valid until", "who may sign in and see what", "the operator (key list)",
     "until another key of that name is made; revoked ones stay listed", COUNT(keys)},
    {"audit chain: pseudonym, event, time, id of the record or brief", "proof of who decided and who saw values",
     "roles with audit: yes, as pseudonyms; names only for both custodians together", "audit", COUNT(actions)},
    {"of these: decisions on briefs (approved, rejected, edited)", "the same", "the same", "audit", COUNT(decided)},
    {"approvals: pseudonym, time, brief", "four eyes above an amount", "nobody by name", "briefs", COUNT(approvals)},
    {"briefs: pseudonym of who asked for it", "proof of origin", "who may see the brief", "briefs", COUNT(made)},
    {"briefs: CRM id of the record's owner, and team", "who may see the brief", "who may see the brief", "briefs", COUNT(owned)},
    {"names of owners and senders in texts, sealed as STAFF values", "a text must name who is responsible", "roles with reveal: yes",
     "sealed_values", NO_COUNT},
    {"keyed hashes of the name parts of users", "names are found in texts and hidden", "nobody: they cannot be read back",
     "as long as the store", NO_COUNT},
    {"senders in the configuration: name, title", "the sign-off of drafts", "the operator; who reads a draft",
     "as long as the file says so; versions that are kept (policy show) have them masked", NO_COUNT},
};

static const char *kept_text(const struct cmd *c, const char *kept, char out[64])
{
    int64_t us = policy_retention_us(c->policy, kept);
    if (!str_eq(kept, "audit") && !str_eq(kept, "briefs") && !str_eq(kept, "sealed_values"))
        return kept;
    if (us)
        snprintf(out, 64, "%lld days (retention: %s)", (long long)(us / INT64_C(86400000000)), kept);
    else
        snprintf(out, 64, "for ever: no retention: %s", kept);
    return out;
}

static int tell_staff(struct cmd *c, const struct staff_counts *n, bool json)
{
    static const char *const headings[] = {"WHAT", "WHY", "KEPT", "SEEN BY", "ENTRIES"};
    struct table table;
    struct buf out;
    struct err e = {""};
    enum rc rc = RC_OK;
    table_init(&table, headings, COUNT_OF(headings));
    buf_init(&out, 1 << 20);
    buf_char(&out, '[');
    for (size_t i = 0; rc == RC_OK && i < COUNT_OF(kinds); i++) {
        char number[24] = "", days[64];
        const char *kept = kept_text(c, kinds[i].kept, days);
        int64_t count = kinds[i].count == NO_COUNT ? -1 : *(const int64_t *)((const char *)n + kinds[i].count);
        if (count >= 0)
            snprintf(number, sizeof(number), "%lld", (long long)count);
        rc = table_add(&table, (const char *[]){kinds[i].what, kinds[i].why, kept, kinds[i].seen_by, number}, &e);
        buf_str(&out, i ? ", {" : "{");
        json_member(&out, "what", kinds[i].what);
        json_member(&out, "why", kinds[i].why);
        json_member(&out, "kept", kept);
        json_member(&out, "seen_by", kinds[i].seen_by);
        if (count >= 0)
            json_member_int(&out, "entries", count);
        else
            json_member(&out, "entries", NULL);
        buf_char(&out, '}');
    }
    return cmd_end_list(rc, &e, json, &out, &table, "nothing");
}

int cmd_staff_data(const char *config, int argc, char **argv)
{
    static const struct option options[] = {{"name", required_argument, NULL, 'n'}, {"identity", required_argument, NULL, 'i'},
                                            {"json", no_argument, NULL, 'j'},       {"help", no_argument, NULL, 'h'}, {0}};
    struct cmd cmd = {.need = NEED_OVERSIGHT};
    const char *name = NULL, *identity = NULL;
    struct staff_counts n;
    bool json = false;
    struct err e;
    for (int c; (c = cmd_option(argc, argv, options)) != -1;) {
        switch (c) {
        case 'n': name = optarg; break;
        case 'i': identity = optarg; break;
        case 'j': json = true; break;
        case 'h': help_staff(); return EXIT_DONE;
        default: return cmd_bad_option(argv[0], c, argv);
        }
    }
    if (optind != argc)
        return cli_usage(argv[0], "no words are taken");
    int code = cmd_open(&cmd, config, NULL, APP_STORE_KEYS);
    if (code == EXIT_DONE) {
        enum rc rc = store_staff(cmd.store, name, identity, &n, &e);
        code = rc == RC_OK ? tell_staff(&cmd, &n, json) : cli_fail(rc, &e);
    }
    cmd_close(&cmd);
    return code;
}

/* ---- actors ---------------------------------------------------------------------------------------------------------- */

#define KEY_LINE_SIZE (2 * BOX_KEY_SIZE + 2)

static void help_actors(void)
{
    printf("Usage: briefctl actors init ROLE=FILE ROLE=FILE\n"
           "       briefctl actors resolve PSEUDONYM [--key FILE --key FILE] [--json]\n"
           "       briefctl actors pseudonym NAME\n\n"
           "Who acted stands in the audit chain under a pseudonym. 'init' makes keys for two custodians, each in its file (mode\n"
           "0600) to be handed to that role: from then on the name behind a pseudonym is sealed for both together, the names of\n"
           "before too, and 'resolve' needs both files. Until then the keyring alone resolves it. What was resolved is audited.\n"
           "The operator, who has the master key, can still test whether a given name belongs to a pseudonym ('pseudonym').\n\n"
           "Example:\n"
           "  briefctl actors init dpo=/media/dpo/actors.key auditor=/media/audit/actors.key\n"
           "  briefctl actors resolve p-a2b3c4d5e6f7g2h3 --key /media/dpo/actors.key --key /media/audit/actors.key\n");
}

static enum rc write_custodian(const char *path, const struct box_key *k, struct err *e)
{
    char hex[KEY_LINE_SIZE];
    int fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
    if (fd < 0)
        return err_sys(e, RC_BAD, errno, "actors: make %s", path);
    str_hex(k->private_key, BOX_KEY_SIZE, hex);
    bool ok = dprintf(fd, "%s\n", hex) == 2 * BOX_KEY_SIZE + 1;
    ok = fsync(fd) == 0 && ok;
    ok = close(fd) == 0 && ok;
    crypto_wipe(hex, sizeof(hex));
    return ok ? RC_OK : err_sys(e, RC_BAD, errno, "actors: write %s", path);
}

static enum rc read_custodian(const char *path, uint8_t out[BOX_KEY_SIZE], struct err *e)
{
    char line[KEY_LINE_SIZE] = "";
    struct stat st;
    FILE *f = fopen(path, "re");
    if (!f)
        return err_sys(e, RC_BAD, errno, "actors: open %s", path);
    enum rc rc = RC_OK;
    if (fstat(fileno(f), &st) == 0 && (st.st_mode & 077))
        rc = err_set(e, RC_BAD, "actors: others may read %s: chmod 600 it", path);
    else if (!fgets(line, sizeof(line), f))
        rc = err_set(e, RC_BAD, "actors: %s is empty", path);
    fclose(f);
    line[strcspn(line, "\r\n")] = '\0';
    if (rc == RC_OK && !str_unhex(line, out, BOX_KEY_SIZE))
        rc = err_set(e, RC_BAD, "actors: %s doesn't hold a custodian's key", path);
    crypto_wipe(line, sizeof(line));
    return rc;
}

/* ROLE=FILE, in place. */
static int split(struct cmd *c, char *word, const char **role, const char **path)
{
    char *equals = strchr(word, '=');
    if (!equals || !equals[1])
        return cli_usage("actors", "init needs ROLE=FILE twice");
    *equals = '\0';
    *role = word;
    *path = equals + 1;
    return policy_has_role(c->policy, *role) ? EXIT_DONE : cli_usage("actors", "the policy file has no role '%.60s'", *role);
}

static int init(struct cmd *c, char **words)
{
    const struct audit_event ev = {.actor = c->actor, .event = "actors.custodians"};
    const char *roles[2], *paths[2];
    uint8_t public_keys[2][KEY_SIZE];
    struct box_key keys[2];
    char present[2][64];
    bool set = false;
    struct err e = {""};
    for (int i = 0; i < 2; i++) {
        int code = split(c, words[i], &roles[i], &paths[i]);
        if (code != EXIT_DONE)
            return code;
    }
    if (str_eq(roles[0], roles[1]))
        return cli_usage("actors", "two different roles are needed");
    enum rc rc = store_custodians(c->store, present, &set, &e);
    if (rc == RC_OK && set) /* before files are made that nobody could use */
        return cli_fail(err_set(&e, RC_REFUSED, "actors: %s and %s are custodians already", present[0], present[1]), &e);
    for (int i = 0; rc == RC_OK && i < 2; i++) {
        rc = box_make(&keys[i], &e);
        if (rc == RC_OK)
            rc = write_custodian(paths[i], &keys[i], &e);
        memcpy(public_keys[i], keys[i].public_key, KEY_SIZE);
    }
    crypto_wipe(keys, sizeof(keys));
    if (rc == RC_OK)
        rc = store_custodians_set(c->store, roles, (const uint8_t(*)[KEY_SIZE])public_keys, &ev, &e);
    if (rc != RC_OK)
        return cli_fail(rc, &e);
    printf("hand %s to %s and %s to %s, and keep neither here\n", paths[0], roles[0], paths[1], roles[1]);
    return cmd_end_output();
}

static int resolve(struct cmd *c, const char *pseudonym, const char *const *paths, size_t n, bool json)
{
    const struct audit_event ev = {.actor = c->actor, .event = "actor.resolved"};
    uint8_t keys[2][KEY_SIZE] = {{0}};
    char name[128];
    struct buf out;
    struct err e;
    enum rc rc = RC_OK;
    for (size_t i = 0; rc == RC_OK && i < n; i++)
        rc = read_custodian(paths[i], keys[i], &e);
    if (rc == RC_OK)
        rc = store_actor_resolve(c->store, pseudonym, n == 2 ? (const uint8_t(*)[KEY_SIZE])keys : NULL, &ev, name, &e);
    crypto_wipe(keys, sizeof(keys));
    if (rc != RC_OK)
        return cli_fail(rc, &e);
    if (!json) {
        printf("%s: %s\n", pseudonym, name);
        return cmd_end_output();
    }
    buf_init(&out, 4096);
    buf_char(&out, '{');
    json_member(&out, "pseudonym", pseudonym);
    json_member(&out, "name", name);
    buf_char(&out, '}');
    int code = cmd_put(&out);
    buf_wipe(&out);
    return code;
}

static int tell_pseudonym(struct cmd *c, const char *name)
{
    char pseudonym[PSEUDONYM_SIZE];
    struct err e;
    enum rc rc = store_actor_of(c->store, name, pseudonym, &e);
    if (rc == RC_OK && !*pseudonym)
        rc = err_set(&e, RC_BAD, "nobody acted under this name");
    if (rc != RC_OK)
        return cli_fail(rc, &e);
    printf("%s\n", pseudonym);
    return cmd_end_output();
}

int cmd_actors(const char *config, int argc, char **argv)
{
    static const struct option options[] = {{"key", required_argument, NULL, 'k'}, {"json", no_argument, NULL, 'j'},
                                            {"help", no_argument, NULL, 'h'},      {0}};
    static const char *const verbs[] = {"init", "resolve", "pseudonym"};
    struct cmd cmd = {0};
    const char *paths[2];
    size_t n = 0;
    bool json = false;
    for (int c; (c = cmd_option(argc, argv, options)) != -1;) {
        switch (c) {
        case 'k':
            if (n == 2)
                return cli_usage(argv[0], "two keys, no more");
            paths[n++] = optarg;
            break;
        case 'j': json = true; break;
        case 'h': help_actors(); return EXIT_DONE;
        default: return cmd_bad_option(argv[0], c, argv);
        }
    }
    int words = argc - optind;
    const char *verb = words > 0 ? argv[optind] : "";
    int code = cmd_choice(argv[0], "actors", verb, verbs, COUNT_OF(verbs));
    if (code == EXIT_DONE && (words != (str_eq(verb, "init") ? 3 : 2) || n == 1))
        code = cli_usage(argv[0], "init takes ROLE=FILE twice; resolve a PSEUDONYM and two --key; pseudonym a NAME");
    /* Those who resolve may be signed in: the keys, not the role, decide. init is the operator's. */
    cmd.need = str_eq(verb, "init") ? NEED_OPERATOR : NEED_OVERSIGHT;
    if (code == EXIT_DONE)
        code = cmd_open(&cmd, config, NULL, APP_STORE_KEYS);
    if (code == EXIT_DONE)
        code = str_eq(verb, "init") ? init(&cmd, argv + optind + 1)
               : str_eq(verb, "resolve") ? resolve(&cmd, argv[optind + 1], paths, n, json) : tell_pseudonym(&cmd, argv[optind + 1]);
    cmd_close(&cmd);
    return code;
}
