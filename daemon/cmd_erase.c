/* cmd_erase.c: `briefctl erase`: the keys of one person destroyed, and with them every value sealed under them. */
#include <stdio.h>
#include <string.h>
#include <unistd.h>
#include "../base/str.h"
#include "cmd_common.h"
#include "cmd_store.h"

#define MAX_SUBJECTS 10000

static void print_help(void)
{
    printf("Usage: briefctl erase --subject VALUE [--dry-run] [--yes] [--json]\n\n"
           "Removes one person from the store: whoever this name, e-mail address or telephone number is sealed for. Their\n"
           "keys are destroyed, so that no brief, backup of the store or log can show their values again; briefs keep the\n"
           "slots. Cannot be undone; audited. The value is compared as policy normalises it (case, accents, spaces).\n"
           "A value that stands in a brief as a record's own text (a company's name, what a person typed in an edit) is\n"
           "sealed under the record's key: then that goes, with the record's sums and dates, and the record gets no more\n"
           "briefs.\n\n"
           "  --subject VALUE  name, e-mail address or telephone number\n"
           "  --dry-run        say what would be erased, and end\n"
           "  --yes            do not ask (needed where there is no terminal)\n"
           "  --json           {\"people\", \"records\", \"erased\"}\n\n"
           "Examples:\n"
           "  briefctl erase --subject jo.lindqvist@example.com --dry-run\n"
           "  briefctl erase --subject 'Jo Lindqvist' --yes\n");
}

struct subject {
    char name[SHA256_HEX_SIZE]; /* as the store knows it: a keyed hash */
    bool record;                /* a record's own key */
};
struct found {
    struct subject *subjects;
    size_t n, n_records, room;
    struct arena arena;
    const uint8_t *hash_key;
};

static enum rc add_subject(void *ctx, const char *name, struct err *e)
{
    struct found *f = ctx;
    for (size_t i = 0; i < f->n; i++)
        if (str_eq(f->subjects[i].name, name))
            return RC_OK;
    if (f->n == f->room)
        return err_set(e, RC_LIMIT, "erase: more than %d people have this value", MAX_SUBJECTS);
    snprintf(f->subjects[f->n++].name, SHA256_HEX_SIZE, "%s", name);
    return RC_OK;
}

/* Is one of the subjects this brief's record? */
static enum rc mark_record(void *ctx, const struct store_brief *b, struct err *e)
{
    struct found *f = ctx;
    char identity[1024], hex[SHA256_HEX_SIZE];
    uint8_t mac[SHA256_SIZE];
    int n = snprintf(identity, sizeof(identity), "record:%s/%s/%s", b->meta.source, b->meta.object, b->meta.record_id);
    (void)e;
    hmac_sha256(f->hash_key, identity, n < (int)sizeof(identity) ? (size_t)n : sizeof(identity) - 1, mac);
    str_hex(mac, sizeof(mac), hex);
    for (size_t i = 0; i < f->n; i++)
        if (str_eq(f->subjects[i].name, hex) && !f->subjects[i].record) {
            f->subjects[i].record = true;
            f->n_records++;
        }
    return RC_OK;
}

static enum rc find(struct cmd *c, const char *value, struct found *f, struct err *e)
{
    uint8_t hashes[POLICY_VALUE_HASHES][SHA256_SIZE];
    f->hash_key = c->keys.hash_key;
    f->room = MAX_SUBJECTS;
    f->subjects = arena_array(&f->arena, f->room, sizeof(*f->subjects));
    if (!f->subjects)
        return err_set(e, RC_NOMEM, "erase: out of memory");
    enum rc rc = policy_value_hashes(f->hash_key, value, hashes, e);
    for (size_t i = 0; rc == RC_OK && i < POLICY_VALUE_HASHES; i++)
        rc = store_subjects_of(c->store, hashes[i], add_subject, f, e);
    const struct brief_filter every = {0};
    return rc == RC_OK && f->n ? store_briefs_list(c->store, &every, mark_record, f, e) : rc;
}

/* EXIT_DONE: go on. */
static int ask(const struct found *f)
{
    char answer[16] = "";
    if (!isatty(STDIN_FILENO))
        return cli_usage("erase", "nobody to ask here; --yes erases, --dry-run only looks");
    fprintf(stderr, "Destroy the keys of %zu people and %zu records? This cannot be undone. [y/N] ", f->n - f->n_records,
            f->n_records);
    if (!fgets(answer, sizeof(answer), stdin) || (answer[0] != 'y' && answer[0] != 'Y'))
        return cli_fail(RC_BAD, &(struct err){"nothing was erased"});
    return EXIT_DONE;
}

static int tell(const struct found *f, size_t erased, bool json)
{
    if (json)
        printf("{\"people\": %zu, \"records\": %zu, \"erased\": %zu}\n", f->n - f->n_records, f->n_records, erased);
    else
        printf("%zu people and %zu records have this value; %zu keys destroyed\n", f->n - f->n_records, f->n_records, erased);
    return cmd_end_output();
}

static int erase(struct cmd *c, const char *value, bool dry_run, bool yes, bool json)
{
    const struct audit_event ev = {.actor = c->actor, .event = "erase"};
    struct found f = {0};
    struct err e = {""};
    size_t erased = 0;
    int code = EXIT_DONE;
    arena_init(&f.arena, (size_t)4 << 20);
    enum rc rc = find(c, value, &f, &e);
    if (rc == RC_OK && f.n && !dry_run && !yes)
        code = ask(&f);
    for (; rc == RC_OK && code == EXIT_DONE && !dry_run && erased < f.n; erased += rc == RC_OK)
        rc = store_subject_erase(c->store, f.subjects[erased].name, &ev, &e);
    if (rc != RC_OK)
        code = cli_fail(rc, &e);
    else if (code == EXIT_DONE)
        code = tell(&f, erased, json);
    arena_clear(&f.arena);
    return code;
}

int cmd_erase(const char *config, int argc, char **argv)
{
    static const struct option options[] = {{"subject", required_argument, NULL, 's'}, {"dry-run", no_argument, NULL, 'd'},
                                            {"yes", no_argument, NULL, 'y'},           {"json", no_argument, NULL, 'j'},
                                            {"help", no_argument, NULL, 'h'},          {0}};
    const char *value = NULL;
    bool dry_run = false, yes = false, json = false;
    struct cmd cmd = {.need = NEED_ERASE};
    for (int c; (c = cmd_option(argc, argv, options)) != -1;) {
        switch (c) {
        case 's': value = optarg; break;
        case 'd': dry_run = true; break;
        case 'y': yes = true; break;
        case 'j': json = true; break;
        case 'h': print_help(); return EXIT_DONE;
        default: return cmd_bad_option(argv[0], c, argv);
        }
    }
    if (!value || !*value || optind != argc)
        return cli_usage(argv[0], "--subject VALUE and no other words are needed");
    int code = cmd_open(&cmd, config, NULL, APP_STORE_KEYS);
    if (code == EXIT_DONE)
        code = erase(&cmd, value, dry_run, yes, json);
    cmd_close(&cmd);
    return code;
}
