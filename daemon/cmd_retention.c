/* cmd_retention.c: `briefctl retention`: what the daemon does by itself, now or only counted; `briefctl status`. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "../base/str.h"
#include "cmd_common.h"
#include "cmd_store.h"
#include "retention.h"

static void help_retention(void)
{
    printf("Usage: briefctl retention [--dry-run] [--json]\n\n"
           "Removes what is older than the policy keeps it (retention: briefs, sealed_values): briefs whole; sealed values and\n"
           "what stood in the CRM before a write-back; keys that seal nothing any more. The daemon does so by itself every hour,\n"
           "'briefd --once' at its end. Audited.\n\n"
           "  --dry-run  count it, remove nothing\n\n"
           "Example:\n"
           "  briefctl retention --dry-run\n");
}

static int tell(const struct retention_counts *n, bool dry_run, bool json)
{
    struct buf b;
    if (!json) {
        printf("%s: %zu briefs, %zu sealed values, %zu previous texts, %zu keys\n", dry_run ? "would go" : "removed", n->briefs, n->values,
               n->previous, n->keys);
        return cmd_end_output();
    }
    buf_init(&b, 4096);
    buf_char(&b, '{');
    json_member_int(&b, "briefs", (int64_t)n->briefs);
    json_member_int(&b, "values", (int64_t)n->values);
    json_member_int(&b, "previous", (int64_t)n->previous);
    json_member_int(&b, "keys", (int64_t)n->keys);
    buf_printf(&b, ", \"dry_run\": %s}", dry_run ? "true" : "false");
    int code = cmd_put(&b);
    buf_clear(&b);
    return code;
}

int cmd_retention(const char *config, int argc, char **argv)
{
    static const struct option options[] = {{"dry-run", no_argument, NULL, 'd'}, {"json", no_argument, NULL, 'j'},
                                            {"help", no_argument, NULL, 'h'},    {0}};
    struct cmd cmd = {.need = NEED_JOBS};
    struct retention_counts n = {0};
    bool dry_run = false, json = false;
    struct err e;
    for (int c; (c = cmd_option(argc, argv, options)) != -1;) {
        switch (c) {
        case 'd': dry_run = true; break;
        case 'j': json = true; break;
        case 'h': help_retention(); return EXIT_DONE;
        default: return cmd_bad_option(argv[0], c, argv);
        }
    }
    if (optind != argc)
        return cli_usage(argv[0], "no words are taken");
    int code = cmd_open(&cmd, config, NULL, APP_STORE_KEYS);
    if (code == EXIT_DONE) {
        const struct audit_event ev = {.actor = cmd.actor, .event = "retention"};
        const struct retention limits = retention_of(cmd.policy);
        enum rc rc = store_retention(cmd.store, &limits, dry_run, &ev, &n, &e);
        code = rc == RC_OK ? tell(&n, dry_run, json) : cli_fail(rc, &e);
    }
    cmd_close(&cmd);
    return code;
}

/* ---- status ---------------------------------------------------------------------------------------------------------- */

static void help_status(void)
{
    printf("Usage: briefctl status [--json]\n\n"
           "Which policy the daemon works by and whether the file that stands there now is right; what the store holds, by\n"
           "state. When a policy or configuration file became invalid, the daemon goes on by the old one: status says so, with\n"
           "the place of the mistake, and ends with 1. Shows no record and no person; to somebody who signs in, and with\n"
           "'sign_in: required', no numbers either ('briefctl jobs' has them for roles that may).\n\n"
           "Example:\n"
           "  briefctl status\n");
}

struct status {
    char in_force[STORE_NOTE_SIZE], refused[STORE_NOTE_SIZE]; /* by the daemon's own word */
    char file[SHA256_HEX_SIZE];                               /* of the policy file now; "" if it is not right */
    struct err wrong;
    size_t briefs[N_BRIEF_STATES];
    struct store_counts queue;
    bool counted; /* numbers tell how much others have: they are the operator's */
};

/* Not by cmd_open(), which needs a policy that is right. */
static enum rc look(const char *config_path, struct status *out, struct err *e)
{
    struct config *config = NULL;
    struct keyring *keys = NULL;
    struct store *s = NULL;
    struct policy *policy = NULL;
    enum rc rc = config_open(config_path, &(struct config_options){0}, &config, e);
    const struct settings *set = rc == RC_OK ? config_get(config)->settings : NULL;
    if (rc == RC_OK)
        rc = keyring_open(set->master_key, &keys, e);
    if (rc == RC_OK)
        rc = store_open(set->store, &(struct store_options){.keys = keys}, &s, e);
    if (rc == RC_OK)
        rc = store_note_get(s, "policy.in_force", out->in_force, e);
    if (rc == RC_OK)
        rc = store_note_get(s, "reload.refused", out->refused, e);
    const char *as = getenv("BRIEFD_AS");
    out->counted = rc == RC_OK && !(as && *as) && !str_eq(set->sign_in, "required");
    if (out->counted)
        rc = store_briefs_count(s, out->briefs, e);
    if (rc == RC_OK && out->counted)
        rc = store_queue_counts(s, NULL, NULL, NULL, &out->queue, e);
    if (rc == RC_OK && policy_open(set->policy, &(struct policy_options){.vault_best_effort = true}, &policy, &out->wrong) == RC_OK)
        snprintf(out->file, sizeof(out->file), "%s", policy_hash(policy));
    policy_close(policy);
    store_close(s);
    keyring_close(keys);
    config_close(config);
    return rc;
}

static int print_status(const struct status *x)
{
    printf("policy in force    %s\n", *x->in_force ? x->in_force : "none yet: no daemon has run");
    if (*x->file)
        printf("policy file        %s%s\n", x->file, *x->in_force && !str_eq(x->file, x->in_force) ? " (not yet taken: SIGHUP)" : "");
    else
        printf("policy file        NOT VALID: %s\n", x->wrong.msg);
    if (*x->refused)
        printf("last reload        REFUSED, the old files hold: %s\n", x->refused);
    if (!x->counted)
        return cmd_end_output();
    printf("queue              %zu waiting, %zu running, %zu given up\n", x->queue.by_state[JOB_WAITING], x->queue.by_state[JOB_RUNNING],
           x->queue.by_state[JOB_DEAD]);
    for (int i = 0; i < N_BRIEF_STATES; i++)
        if (x->briefs[i])
            printf("briefs %-11s %zu\n", brief_state_name((enum brief_state)i), x->briefs[i]);
    return cmd_end_output();
}

static int print_json(const struct status *x)
{
    struct buf b;
    int code;
    buf_init(&b, 1 << 16);
    buf_char(&b, '{');
    json_member(&b, "policy_in_force", *x->in_force ? x->in_force : NULL);
    json_member(&b, "policy_file", *x->file ? x->file : NULL);
    json_member(&b, "policy_file_error", *x->file ? NULL : x->wrong.msg);
    json_member(&b, "reload_refused", *x->refused ? x->refused : NULL);
    if (!x->counted)
        goto out;
    json_member_int(&b, "waiting", (int64_t)x->queue.by_state[JOB_WAITING]);
    json_member_int(&b, "running", (int64_t)x->queue.by_state[JOB_RUNNING]);
    json_member_int(&b, "dead", (int64_t)x->queue.by_state[JOB_DEAD]);
    buf_str(&b, ", \"briefs\": {");
    for (int i = 0; i < N_BRIEF_STATES; i++)
        json_member_int(&b, brief_state_name((enum brief_state)i), (int64_t)x->briefs[i]);
    buf_char(&b, '}');
out:
    buf_char(&b, '}');
    code = cmd_put(&b);
    buf_clear(&b);
    return code;
}

int cmd_status(const char *config, int argc, char **argv)
{
    static const struct option options[] = {{"json", no_argument, NULL, 'j'}, {"help", no_argument, NULL, 'h'}, {0}};
    struct status x = {.wrong = {""}};
    struct err e = {""};
    bool json = false;
    for (int c; (c = cmd_option(argc, argv, options)) != -1;) {
        switch (c) {
        case 'j': json = true; break;
        case 'h': help_status(); return EXIT_DONE;
        default: return cmd_bad_option(argv[0], c, argv);
        }
    }
    if (optind != argc)
        return cli_usage(argv[0], "no words are taken");
    enum rc rc = look(cli_config(config), &x, &e);
    if (rc != RC_OK)
        return cmd_fail_open(rc, &e);
    int code = json ? print_json(&x) : print_status(&x);
    return code == EXIT_DONE && (!*x.file || *x.refused) ? EXIT_FAILED : code;
}
