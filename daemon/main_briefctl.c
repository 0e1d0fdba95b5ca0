/* briefctl: the commands, for people and scripts. */
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "../base/str.h"
#include "cli.h"

static void print_help(void)
{
    printf("Usage: briefctl [-c FILE] [--as NAME [--key-file FILE]] COMMAND ...\n\n"
           "  -c FILE     configuration (default: $BRIEFD_CONFIG, else /etc/briefd/briefd.yaml)\n"
           "  --as NAME   sign in ($BRIEFD_AS); the key is $BRIEFD_KEY, the file's, or asked for on the terminal\n"
           "  --key-file FILE  ($BRIEFD_KEY_FILE)\n"
           "  -h, --help  this text; 'briefctl COMMAND --help' for one command\n"
           "  --version\n\nCommands:\n");
    for (size_t i = 0; i < n_cli_commands; i++)
        printf("  %-14s  %s\n", cli_commands[i].name, cli_commands[i].summary);
    printf("\nExit codes: 0 done, 1 failed, 2 usage or configuration, 3 refused by policy, 4 quarantined,\n"
           "5 transient (try again).\n");
}

static int unknown(const char *word)
{
    const char *names[64];
    size_t n = n_cli_commands < COUNT_OF(names) ? n_cli_commands : COUNT_OF(names);
    for (size_t i = 0; i < n; i++)
        names[i] = cli_commands[i].name;
    const char *near = str_nearest(word, names, n);
    return near ? cli_usage("", "no command '%s'; did you mean '%s'?", word, near)
                : cli_usage("", "no command '%s'", word);
}

int main(int argc, char **argv)
{
    static const struct option options[] = {
        {"config", required_argument, NULL, 'c'}, {"as", required_argument, NULL, 'a'}, {"key-file", required_argument, NULL, 'k'},
        {"help", no_argument, NULL, 'h'},         {"version", no_argument, NULL, 'V'},    {0}};
    const char *config = NULL;
    for (int c; (c = getopt_long(argc, argv, "+c:h", options, NULL)) != -1;) {
        switch (c) {
        case 'c': config = optarg; break;
        case 'a': setenv("BRIEFD_AS", optarg, 1); break; /* as the variable itself, which scripts use */
        case 'k': setenv("BRIEFD_KEY_FILE", optarg, 1); break;
        case 'h': print_help(); return EXIT_DONE;
        case 'V': printf("briefctl %s\n", BRIEFD_VERSION); return EXIT_DONE;
        default: return cli_usage("", "wrong option");
        }
    }
    if (optind == argc)
        return cli_usage("", "a command is missing");
    for (size_t i = 0; i < n_cli_commands; i++) {
        if (strcmp(cli_commands[i].name, argv[optind]) != 0)
            continue;
        int n = argc - optind;
        char **rest = argv + optind;
        optind = 0; /* the command parses its own options from the start */
        return cli_commands[i].run(config, n, rest);
    }
    return unknown(argv[optind]);
}
