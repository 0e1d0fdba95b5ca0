/* cmd_policy.c: `briefctl policy`: a file checked, signed, or compared with what was in force before. */
#include "cmd_policy.h"

#include <stdio.h>
#include "../base/str.h"
#include "../policy/policy.h"
#include "cmd_common.h"
#include "cmd_policy_explain.h"
#include "cmd_store.h"

static void print_help(void)
{
    printf("Usage: briefctl policy check FILE\n"
           "       briefctl policy explain SOURCE OBJECT ID --purpose P [--json]\n"
           "       briefctl policy list [--json]\n"
           "       briefctl policy show HASH\n"
           "       briefctl policy diff A B\n"
           "       briefctl policy keygen NAME\n"
           "       briefctl policy sign --key KEY [--name NAME] FILE\n"
           "       briefctl policy signatures [FILE] [--json]\n\n"
           "check: one line with the policy's SHA-256 if the file is right, else \"FILE:line:column: what is wrong\" and exit\n"
           "code 2. Needs neither daemon nor configuration.\n"
           "explain: a dry run on one record; see 'briefctl policy explain --help'.\n"
           "list, show, diff: every policy, template, configuration (secrets masked) and model card that was ever in force is\n"
           "kept by its SHA-256; its first digits are enough. Asked for a model's hash, show gives its card. A and B are hashes\n"
           "or files; nothing is printed if they are the same.\n"
           "keygen: makes NAME.key (Ed25519, mode 0600) and NAME.pub; no file is replaced.\n"
           "sign: checks FILE and writes FILE.NAME.sig beside it; NAME is the key file's name unless --name says another.\n"
           "signatures: who of policy_signers has signed FILE, by default the policy of the configuration; exit code 3 if\n"
           "too few have. With policy_signers no other policy takes effect, neither at start nor on reload.\n\n"
           "The same with OpenSSL 3:\n"
           "  openssl genpkey -algorithm ed25519 -out dana.key; openssl pkey -in dana.key -pubout -out dana.pub\n"
           "  openssl pkeyutl -sign -rawin -inkey dana.key -in policy.yaml -out policy.yaml.dana.sig\n\n"
           "Examples:\n"
           "  briefctl policy check /etc/briefd/policy.yaml\n"
           "  briefctl policy diff 3f9a0c71d2e4 /etc/briefd/policy.yaml\n"
           "  briefctl policy sign --key dana.key /etc/briefd/policy.yaml\n");
}

static int check(const char *path)
{
    struct policy *policy = NULL;
    struct err e;
    enum rc rc = policy_open(path, &(struct policy_options){.vault_best_effort = true}, &policy, &e);
    if (rc == RC_OK)
        printf("%s: ok, sha256 %s\n", path, policy_hash(policy));
    policy_close(policy);
    return rc == RC_OK ? cmd_end_output() : cmd_fail_open(rc, &e);
}

enum verb { VERB_CHECK, VERB_LIST, VERB_SHOW, VERB_DIFF, VERB_KEYGEN, VERB_SIGN, VERB_SIGNATURES };

static const struct {
    const char *name, *words;
    int least, most; /* words behind it */
} verbs[] = {
    [VERB_CHECK] = {"check", "a FILE", 1, 1},    [VERB_LIST] = {"list", "no other word", 0, 0},
    [VERB_SHOW] = {"show", "a HASH", 1, 1},      [VERB_DIFF] = {"diff", "A and B, hashes or files,", 2, 2},
    [VERB_KEYGEN] = {"keygen", "a NAME", 1, 1},  [VERB_SIGN] = {"sign", "--key and a FILE", 1, 1},
    [VERB_SIGNATURES] = {"signatures", "one FILE at most", 0, 1},
};

static int find_verb(const char *command, int argc, char **argv, enum verb *out)
{
    const char *names[COUNT_OF(verbs)];
    size_t v = 0;
    for (size_t i = 0; i < COUNT_OF(verbs); i++)
        names[i] = verbs[i].name;
    if (optind == argc)
        return cli_usage(command, "'check' and a FILE are needed, or another of its verbs");
    int code = cmd_choice(command, "policy", argv[optind], names, COUNT_OF(verbs));
    if (code != EXIT_DONE)
        return code;
    while (!str_eq(verbs[v].name, argv[optind]))
        v++;
    int words = argc - optind - 1;
    if (words < verbs[v].least || words > verbs[v].most)
        return cli_usage(command, "%s: %s is needed", verbs[v].name, verbs[v].words);
    *out = (enum verb)v;
    return EXIT_DONE;
}

int cmd_policy(const char *config, int argc, char **argv)
{
    static const struct option options[] = {{"json", no_argument, NULL, 'j'},
                                            {"key", required_argument, NULL, 'k'},
                                            {"name", required_argument, NULL, 'n'},
                                            {"help", no_argument, NULL, 'h'},
                                            {0}};
    const char *key = NULL, *name = NULL;
    bool json = false;
    enum verb verb = VERB_CHECK;
    if (argc > 1 && str_eq(argv[1], "explain")) /* it has options of its own */
        return cmd_policy_explain(config, argc, argv);
    for (int c; (c = cmd_option(argc, argv, options)) != -1;) {
        switch (c) {
        case 'j': json = true; break;
        case 'k': key = optarg; break;
        case 'n': name = optarg; break;
        case 'h': print_help(); return EXIT_DONE;
        default: return cmd_bad_option(argv[0], c, argv);
        }
    }
    int code = find_verb(argv[0], argc, argv, &verb);
    if (code != EXIT_DONE)
        return code;
    char **words = argv + optind + 1;
    bool word = argc - optind > 1;
    switch (verb) {
    case VERB_CHECK: return check(words[0]);
    case VERB_LIST: return policy_list(config, json);
    case VERB_SHOW: return policy_show(config, words[0]);
    case VERB_DIFF: return policy_diff(config, words[0], words[1]);
    case VERB_KEYGEN: return policy_keygen(words[0]);
    case VERB_SIGN: return key ? policy_sign(key, name, words[0]) : cli_usage(argv[0], "sign: --key is needed");
    case VERB_SIGNATURES: return policy_signatures(config, word ? words[0] : NULL, json);
    }
    return EXIT_USAGE;
}
