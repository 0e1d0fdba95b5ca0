/* cmd_policy.c: `briefctl policy check`. */
#include <stdio.h>
#include "../base/str.h"
#include "../policy/policy.h"
#include "cmd_common.h"
#include "cmd_policy_explain.h"
#include "cmd_store.h"

static void print_help(void)
{
    printf("Usage: briefctl policy check FILE\n"
           "       briefctl policy explain SOURCE OBJECT ID --purpose P [--json]\n\n"
           "explain: a dry run on one record; see 'briefctl policy explain --help'.\n"
           "One line with the policy's SHA-256 if the file is right, else \"FILE:line:column: what is wrong\" and exit\n"
           "code 2. Needs neither daemon nor configuration.\n\n"
           "Example:\n"
           "  briefctl policy check /etc/briefd/policy.yaml\n");
}

int cmd_policy(const char *config, int argc, char **argv)
{
    static const struct option options[] = {{"help", no_argument, NULL, 'h'}, {0}};
    struct policy *policy = NULL;
    struct err e;
    for (int i = 1; i < argc; i++) /* explain has options of its own */
        if (argv[i][0] != '-') {
            if (str_eq(argv[i], "explain"))
                return cmd_policy_explain(config, argc, argv);
            break;
        }
    for (int c; (c = cmd_option(argc, argv, options)) != -1;) {
        if (c != 'h')
            return cmd_bad_option(argv[0], c, argv);
        print_help();
        return EXIT_DONE;
    }
    if (argc - optind != 2 || !str_eq(argv[optind], "check"))
        return cli_usage(argv[0], "'check' and a FILE are needed");
    const char *path = argv[optind + 1];
    enum rc rc = policy_open(path, &(struct policy_options){.vault_best_effort = true}, &policy, &e);
    if (rc == RC_OK)
        printf("%s: ok, sha256 %s\n", path, policy_hash(policy));
    policy_close(policy);
    return rc == RC_OK ? cmd_end_output() : cmd_fail_open(rc, &e);
}
