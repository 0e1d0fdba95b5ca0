/* cmd_erase.c: `briefctl erase`: one person out of the store, with a signed certificate. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include "../base/clock.h"
#include "../base/str.h"
#include "certificate.h"
#include "cmd_common.h"
#include "cmd_store.h"
#include "governance.h"
#include "subject.h"
#include "train.h"

#define MAX_NEEDLES 256
#define MIN_NEEDLE 5 /* shorter texts are found anywhere */
#define MAX_CERTIFICATE ((size_t)1 << 20)

static void print_help(void)
{
    printf("Usage: briefctl erase --subject VALUE [--person ID]... [--dry-run] [--yes] [--json] [--certificate FILE]\n"
           "       briefctl erase --verify FILE\n\n"
           "Removes one person from the store. VALUE is an e-mail address, a telephone number, a name or a CRM id; case,\n"
           "accents and spaces are aside. Shows the people matched, and asks which are meant when there are several.\n"
           "Their keys are destroyed, and with them every value in any brief, also of other records, in any copy of the\n"
           "store; the briefs of their own record go as a whole, with its place in queue, quarantine and sync; texts that\n"
           "were written back are cleared where the source takes it and still holds them, else listed; adapters trained on\n"
           "them are disabled. Then everything stored is searched for their names and addresses. Keyed hashes stay, in the\n"
           "store and beside the master key, so that neither sync nor an older backup brings them back; the audit chain\n"
           "keeps the ids of records. Cannot be undone; audited.\n"
           "A value that is a record's own text (a company's name, what a person typed in an edit) is sealed under the\n"
           "record's key: then that goes, with the record's sums and dates, and the record gets no more briefs.\n\n"
           "  --subject VALUE     e-mail address, telephone number, name or CRM id\n"
           "  --person ID         only this one of the people matched (as --dry-run shows them)\n"
           "  --dry-run           say what would be erased, and end\n"
           "  --yes               do not ask: all that match (needed where there is no terminal)\n"
           "  --json              the people, counts, what was written back, what the search found, the certificate\n"
           "  --certificate FILE  write the certificate there as well\n"
           "  --verify FILE       is this a certificate of this installation, unchanged?\n\n"
           "Examples:\n"
           "  briefctl erase --subject jo.lindqvist@example.com --dry-run\n"
           "  briefctl erase --subject 'Jo Lindqvist' --yes --certificate jo.txt\n\n"
           "Exit codes: 0 erased, or nobody matched; 1 the search still found something, or a certificate is not valid.\n");
}

#define MAX_ONLY 32

struct options {
    const char *value, *certificate, *verify;
    const char *only[MAX_ONLY];
    size_t n_only;
    bool dry_run, yes, json;
};

struct sent_text { /* one text in the CRM */
    char brief[BRIEF_ID_SIZE];
    const char *record, *column;
    bool cleared;
    const char *why;
};

struct erasing {
    struct cmd *c;
    const struct options *o;
    struct subject_people found;
    bool chosen[SUBJECT_MAX_PEOPLE];
    struct arena arena;
    struct sent_text *written;
    size_t n_written, room;
    const char *needles[MAX_NEEDLES];
    size_t n_needles;
    struct erase_counts counts;
    size_t n_people, n_records; /* chosen */
    size_t columns, hits;
    struct buf hits_at; /* where, for people */
    struct buf certificate;
};

static enum rc no_memory(struct err *e)
{
    return err_set(e, RC_NOMEM, "erase: out of memory");
}

/* ---- who is meant ---------------------------------------------------------------------------------------------------- */

#define ID_DIGITS 8

static bool is_asked_for(const struct options *o, const struct subject_person *p)
{
    for (size_t i = 0; i < o->n_only; i++)
        if (strlen(o->only[i]) >= ID_DIGITS && str_starts(p->subject, o->only[i]))
            return true;
    return o->n_only == 0;
}

static int show_people(const struct erasing *x, FILE *out)
{
    struct err e;
    for (size_t i = 0; i < x->found.n; i++) {
        struct buf b;
        buf_init(&b, (size_t)1 << 16);
        subject_describe(&x->found.people[i], &b);
        enum rc rc = buf_check(&b, "person", &e);
        if (rc == RC_OK)
            fprintf(out, "%2zu  %.*s  %s\n", i + 1, ID_DIGITS, x->found.people[i].subject, b.data);
        buf_wipe(&b);
        if (rc != RC_OK)
            return cli_fail(rc, &e);
    }
    return EXIT_DONE;
}

/* "all", "y", or numbers "1,3". */
static bool take_answer(struct erasing *x, char *answer)
{
    char *rest = NULL;
    bool one = x->found.n == 1;
    int64_t number;
    answer[strcspn(answer, "\r\n")] = '\0';
    if (str_eq(answer, "all") || (one && (*answer == 'y' || *answer == 'Y')))
        return true;
    if (one || !*answer)
        return false;
    memset(x->chosen, 0, sizeof(x->chosen));
    for (char *word = strtok_r(answer, ", ", &rest); word; word = strtok_r(NULL, ", ", &rest)) {
        if (!str_int64(word, 1, (int64_t)x->found.n, &number))
            return false;
        x->chosen[number - 1] = true;
    }
    return true;
}

static int ask(struct erasing *x)
{
    char answer[256] = "";
    if (!isatty(STDIN_FILENO))
        return cli_usage("erase", "nobody to ask here; --yes erases, --dry-run only looks");
    int code = show_people(x, stderr);
    if (code != EXIT_DONE)
        return code;
    fprintf(stderr, x->found.n == 1 ? "Erase this person? This cannot be undone. [y/N] "
                                    : "Erase which of them? This cannot be undone. [numbers, all, or none] ");
    if (!fgets(answer, sizeof(answer), stdin) || !take_answer(x, answer))
        return cli_fail(RC_BAD, &(struct err){"nothing was erased"});
    return EXIT_DONE;
}

static int choose(struct erasing *x)
{
    const struct options *o = x->o;
    for (size_t i = 0; i < x->found.n; i++)
        x->chosen[i] = is_asked_for(o, &x->found.people[i]);
    int code = x->found.n && !o->dry_run && !o->yes ? ask(x) : EXIT_DONE;
    for (size_t i = 0; i < x->found.n; i++) {
        x->n_records += x->chosen[i] && x->found.people[i].own_text;
        x->n_people += x->chosen[i] && !x->found.people[i].own_text;
    }
    return code;
}

/* ---- what was written back ------------------------------------------------------------------------------------------- */

static enum rc add_written(struct erasing *x, const char *brief, struct err *e)
{
    char column[128];
    struct store_brief *b = NULL;
    for (size_t i = 0; i < x->n_written; i++)
        if (str_eq(x->written[i].brief, brief))
            return RC_OK;
    enum rc rc = store_written_column(x->c->store, brief, column, e);
    if (rc != RC_OK || !*column)
        return rc;
    rc = store_brief_get(x->c->store, brief, &b, e);
    if (rc != RC_OK)
        return rc;
    if (x->n_written == x->room) {
        size_t room = x->room ? 2 * x->room : 64;
        struct sent_text *more = arena_array(&x->arena, room, sizeof(*more));
        if (more && x->n_written)
            memcpy(more, x->written, x->n_written * sizeof(*more));
        x->written = more ? more : x->written;
        x->room = more ? room : x->room;
    }
    struct sent_text w = {.record = arena_printf(&x->arena, "%s/%s/%s", b->meta.source, b->meta.object, b->meta.record_id),
                        .column = arena_dup(&x->arena, column), .why = ""};
    snprintf(w.brief, sizeof(w.brief), "%s", brief);
    if (!w.record || !w.column || x->n_written == x->room)
        rc = no_memory(e);
    else
        x->written[x->n_written++] = w;
    store_brief_close(b);
    return rc;
}

/* Open the source of a record, unless it is open; why not, else. */
static bool open_source(struct erasing *x, const char *record, char why[200])
{
    struct cmd *c = x->c;
    char name[128];
    struct err e = {""};
    snprintf(name, sizeof(name), "%.*s", (int)strcspn(record, "/"), record);
    if (c->connector && str_eq(c->connector->cfg->name, name))
        return true;
    connector_close(c->connector);
    c->connector = NULL;
    const struct source_config *cfg = config_source(c->config, name);
    if (!cfg || cfg->write_back != WRITE_BACK_ON) {
        snprintf(why, 200, "%s", cfg ? "write_back is not on for this source" : "its source is not in the configuration");
        return false;
    }
    if (connector_open(cfg, &c->config->clock, &c->connector, &e) == RC_OK)
        return true;
    snprintf(why, 200, "%.199s", e.msg);
    return false;
}

static enum rc clear_written(struct erasing *x, struct err *e)
{
    const struct pipeline p = cmd_pipeline(x->c);
    enum rc rc = RC_OK;
    for (size_t i = 0; rc == RC_OK && i < x->n_written; i++) {
        struct sent_text *w = &x->written[i];
        char why[200] = "";
        if (x->o->dry_run)
            snprintf(why, sizeof(why), "dry run");
        else if (open_source(x, w->record, why))
            rc = pipeline_clear_written(&p, x->c->connector, w->brief, &w->cleared, why, e);
        w->why = arena_dup(&x->arena, why);
        if (rc == RC_OK && !w->why)
            rc = no_memory(e);
    }
    return rc;
}

static enum rc find_written(struct erasing *x, struct err *e)
{
    enum rc rc = RC_OK;
    for (size_t i = 0; rc == RC_OK && i < x->found.n; i++)
        for (size_t k = 0; rc == RC_OK && x->chosen[i] && k < x->found.people[i].n_briefs; k++)
            rc = add_written(x, x->found.people[i].briefs[k], e);
    return rc;
}

/* ---- erasing --------------------------------------------------------------------------------------------------------- */

static void add_needle(struct erasing *x, const char *text)
{
    size_t n = strlen(text);
    for (size_t i = 0; i < x->n_needles; i++)
        if (str_eq(x->needles[i], text))
            return;
    if (n >= MIN_NEEDLE && n < 1024 && x->n_needles < MAX_NEEDLES)
        x->needles[x->n_needles++] = text;
}

/* What the search looks for: names, addresses and numbers. A CRM id may stand in the chain; that is no text of theirs. */
static void collect_needles(struct erasing *x)
{
    bool id = false;
    for (size_t i = 0; i < x->found.n; i++) {
        const struct subject_person *p = &x->found.people[i];
        id = id || (p->record.id && str_eq(p->record.id, x->o->value));
        for (size_t k = 0; x->chosen[i] && k < p->n_names; k++)
            add_needle(x, p->names[k]);
        for (size_t k = 0; x->chosen[i] && k < p->n_contacts; k++)
            add_needle(x, p->contacts[k]);
    }
    if (!id)
        add_needle(x, x->o->value);
}

/* Somebody who has a record is not to come back by a note that names them either. */
static enum rc add_named(struct erasing *x, const struct subject_person *p, const char **subjects, size_t *n, struct err *e)
{
    char subject[SHA256_HEX_SIZE];
    for (size_t k = 0; p->record.source && !p->own_text && k < p->n_names; k++) {
        enum rc rc = policy_subject_named(x->c->keys.hash_key, p->names[k], subject, e);
        const char *copy = rc == RC_OK ? arena_dup(&x->arena, subject) : NULL;
        if (rc != RC_OK || !copy)
            return rc != RC_OK ? rc : no_memory(e);
        subjects[(*n)++] = copy;
    }
    return RC_OK;
}

static enum rc erase_chosen(struct erasing *x, struct err *e)
{
    const struct audit_event ev = {.actor = x->c->actor, .event = "erase"};
    const char **subjects = arena_array(&x->arena, x->found.n * (1 + SUBJECT_TEXTS) + 1, sizeof(*subjects));
    struct erase_record *records = arena_array(&x->arena, x->found.n + 1, sizeof(*records));
    size_t n_values = 0;
    for (size_t i = 0; i < x->found.n; i++)
        n_values += x->chosen[i] ? x->found.people[i].n_values : 0;
    uint8_t(*values)[SHA256_SIZE] = arena_array(&x->arena, n_values + 1, SHA256_SIZE);
    if (!subjects || !records || !values)
        return no_memory(e);
    struct erasure what = {.subjects = subjects, .records = records, .values = (const uint8_t(*)[SHA256_SIZE])values,
                           .texts = x->needles, .n_texts = x->n_needles};
    for (size_t i = 0; i < x->found.n; i++) {
        const struct subject_person *p = &x->found.people[i];
        if (!x->chosen[i])
            continue;
        subjects[what.n_subjects++] = p->subject;
        if (p->record.source && !p->own_text)
            records[what.n_records++] = p->record;
        for (size_t k = 0; k < p->n_values; k++)
            memcpy(values[what.n_values++], p->values[k], SHA256_SIZE);
        enum rc rc = add_named(x, p, subjects, &what.n_subjects, e);
        if (rc != RC_OK)
            return rc;
    }
    return store_erase(x->c->store, &what, &ev, &x->counts, e);
}

/* ---- the search afterwards -------------------------------------------------------------------------------------------- */

static enum rc on_hit(void *ctx, const char *where, size_t needle, struct err *e)
{
    struct erasing *x = ctx;
    (void)needle;
    (void)e;
    x->hits++;
    if (!strstr(x->hits_at.data, where))
        buf_printf(&x->hits_at, "%s%s", x->hits_at.len ? ", " : "", where);
    return RC_OK;
}

static enum rc search(struct erasing *x, struct err *e)
{
    enum rc rc = store_scan(x->c->store, x->needles, x->n_needles, on_hit, x, &x->columns, e);
    return rc == RC_OK ? buf_check(&x->hits_at, "search", e) : rc;
}

/* ---- the certificate ------------------------------------------------------------------------------------------------- */

static void put_counts(const struct erasing *x, struct buf *b)
{
    const struct erase_counts *c = &x->counts;
    json_member_int(b, "keys", (int64_t)c->keys);
    json_member_int(b, "values", (int64_t)c->values);
    json_member_int(b, "briefs", (int64_t)c->briefs);
    json_member_int(b, "mentions", (int64_t)c->mentions);
    json_member_int(b, "queued", (int64_t)c->jobs);
    json_member_int(b, "quarantined", (int64_t)c->quarantined);
    json_member_int(b, "previous", (int64_t)c->previous);
    json_member_int(b, "adapters", (int64_t)c->adapters);
}

static void put_written(const struct erasing *x, struct buf *b)
{
    buf_str(b, ", \"written_back\": [");
    for (size_t i = 0; i < x->n_written; i++) {
        buf_str(b, i ? ", {" : "{");
        json_member(b, "record", x->written[i].record);
        json_member(b, "column", x->written[i].column);
        buf_printf(b, ", \"cleared\": %s", x->written[i].cleared ? "true" : "false");
        json_member(b, "why", x->written[i].cleared ? NULL : x->written[i].why);
        buf_char(b, '}');
    }
    buf_char(b, ']');
}

static void put_search(const struct erasing *x, struct buf *b)
{
    buf_printf(b, ", \"search\": {\"texts\": %zu, \"columns_and_files\": %zu, \"found\": %zu}", x->n_needles, x->columns, x->hits);
}

static enum rc certify(struct erasing *x, struct err *e)
{
    char at[TIMESTAMP_TEXT_SIZE], actor[PSEUDONYM_SIZE];
    struct buf b;
    buf_init(&b, MAX_CERTIFICATE);
    enum rc rc = store_actor_of(x->c->store, x->c->actor, actor, e);
    timestamp_format(store_now_us(x->c->store), at);
    buf_char(&b, '{');
    json_member(&b, "what", "briefd erasure certificate");
    json_member(&b, "erased_at", at);
    json_member(&b, "by", actor);
    json_member(&b, "installation", keyring_id(app_keys(x->c->app)));
    json_member(&b, "policy", policy_hash(x->c->policy));
    buf_str(&b, ", \"subjects\": [");
    for (size_t i = 0, n = 0; i < x->found.n; i++)
        if (x->chosen[i])
            buf_printf(&b, "%s\"%s\"", n++ ? ", " : "", x->found.people[i].subject);
    buf_char(&b, ']');
    put_counts(x, &b);
    put_written(x, &b);
    put_search(x, &b);
    json_member(&b, "kept", "keyed hashes, so that nobody comes back; ids of records in the audit chain, until its retention ends");
    buf_char(&b, '}');
    if (rc == RC_OK)
        rc = buf_check(&b, "certificate", e);
    if (rc == RC_OK)
        rc = certificate_sign(keyring_signing_key(app_keys(x->c->app)), b.data, &x->certificate, e);
    buf_clear(&b);
    return rc;
}

static enum rc write_certificate(const struct erasing *x, struct err *e)
{
    const char *path = x->o->certificate;
    FILE *f = path ? fopen(path, "we") : NULL;
    if (!path)
        return RC_OK;
    if (!f)
        return err_sys(e, RC_BAD, errno, "certificate: make %s", path);
    bool ok = fwrite(x->certificate.data, 1, x->certificate.len, f) == x->certificate.len;
    ok = fclose(f) == 0 && ok;
    return ok ? RC_OK : err_sys(e, RC_BAD, errno, "certificate: write %s", path);
}

/* ---- telling --------------------------------------------------------------------------------------------------------- */

static void put_people(const struct erasing *x, struct buf *b)
{
    buf_str(b, ", \"matched\": [");
    for (size_t i = 0; i < x->found.n; i++) {
        const struct subject_person *p = &x->found.people[i];
        buf_str(b, i ? ", {" : "{");
        json_member(b, "id", arena_printf((struct arena *)&x->arena, "%.*s", ID_DIGITS, p->subject));
        buf_printf(b, ", \"chosen\": %s, \"names\": [", x->chosen[i] ? "true" : "false");
        for (size_t k = 0; k < p->n_names + p->n_contacts; k++) {
            const char *text = k < p->n_names ? p->names[k] : p->contacts[k - p->n_names];
            buf_str(b, k ? ", " : "");
            buf_json(b, text, strlen(text));
        }
        buf_char(b, ']');
        json_member(b, "record", p->record.source ? arena_printf((struct arena *)&x->arena, "%s/%s/%s", p->record.source,
                                                                 p->record.object, p->record.id) : NULL);
        buf_printf(b, ", \"record_text\": %s", p->own_text ? "true" : "false");
        json_member_int(b, "briefs", (int64_t)p->n_briefs);
        buf_char(b, '}');
    }
    buf_char(b, ']');
}

static int tell_json(const struct erasing *x)
{
    struct buf b;
    buf_init(&b, CMD_MAX_OUTPUT);
    buf_char(&b, '{');
    json_member_int(&b, "people", (int64_t)x->n_people);
    json_member_int(&b, "records", (int64_t)x->n_records);
    json_member_int(&b, "erased", x->o->dry_run ? 0 : (int64_t)(x->n_people + x->n_records));
    buf_printf(&b, ", \"dry_run\": %s", x->o->dry_run ? "true" : "false");
    put_people(x, &b);
    put_counts(x, &b);
    put_written(x, &b);
    put_search(x, &b);
    json_member(&b, "certificate", x->certificate.len ? x->certificate.data : NULL);
    buf_char(&b, '}');
    int code = cmd_put(&b);
    buf_wipe(&b);
    return code;
}

static int tell(const struct erasing *x)
{
    const struct erase_counts *c = &x->counts;
    if (x->o->json)
        return tell_json(x);
    if (!x->found.n) {
        printf("nobody in the store has this value\n");
        return cmd_end_output();
    }
    int code = show_people(x, stdout);
    for (size_t i = 0; i < x->n_written; i++)
        printf("written back: %s in %s: %s%s\n", x->written[i].column, x->written[i].record, x->written[i].cleared ? "cleared" : "NOT cleared: ",
               x->written[i].cleared ? "" : x->written[i].why);
    if (x->o->dry_run) {
        printf("a dry run: nothing was erased\n");
        return code == EXIT_DONE ? cmd_end_output() : code;
    }
    printf("%zu people and %zu records erased: %zu keys, %zu values, %zu briefs of their own, mentions in %zu briefs, %zu queued,"
           " %zu quarantined, %zu previous texts, %zu adapters disabled\n", x->n_people, x->n_records, c->keys, c->values, c->briefs,
           c->mentions, c->jobs, c->quarantined, c->previous, c->adapters);
    printf("searched %zu columns and files for %zu texts: %zu found\n\n%s", x->columns, x->n_needles, x->hits, x->certificate.data);
    return code == EXIT_DONE ? cmd_end_output() : code;
}

/* ---- the command ----------------------------------------------------------------------------------------------------- */

static enum rc run(struct erasing *x, struct err *e)
{
    collect_needles(x);
    enum rc rc = find_written(x, e);
    if (rc == RC_OK)
        rc = clear_written(x, e); /* while the text can still be put together, to compare it */
    if (rc != RC_OK || x->o->dry_run || x->n_people + x->n_records == 0)
        return rc;
    rc = erase_chosen(x, e);
    if (rc == RC_OK)
        rc = train_forget(x->c->config->settings->adapters, e);
    if (rc == RC_OK)
        rc = search(x, e);
    if (rc == RC_OK)
        rc = certify(x, e);
    return rc == RC_OK ? write_certificate(x, e) : rc;
}

static int erase(struct cmd *c, const struct options *o)
{
    struct erasing *x = calloc(1, sizeof(*x));
    struct err e = {""};
    if (!x)
        return cli_fail(no_memory(&e), &e);
    x->c = c;
    x->o = o;
    arena_init(&x->arena, (size_t)64 << 20);
    buf_init(&x->certificate, 2 * MAX_CERTIFICATE);
    buf_init(&x->hits_at, (size_t)1 << 16);
    enum rc rc = subject_find(c, o->value, &x->found, &e);
    int code = rc == RC_OK ? choose(x) : cli_fail(rc, &e);
    if (code == EXIT_DONE) {
        rc = run(x, &e);
        code = rc == RC_OK ? tell(x) : cli_fail(rc, &e);
    }
    if (code == EXIT_DONE && x->hits)
        code = cli_fail(err_set(&e, RC_BAD, "the search still finds something in %.180s", x->hits_at.data), &e);
    if (x->found.people)
        subject_people_clear(&x->found);
    buf_clear(&x->hits_at);
    buf_clear(&x->certificate);
    arena_wipe(&x->arena);
    free(x);
    return code;
}

static int verify(struct cmd *c, const char *path)
{
    struct buf text;
    struct err e;
    char bytes[4096];
    size_t n;
    FILE *f = fopen(path, "re");
    if (!f)
        return cli_fail(err_sys(&e, RC_BAD, errno, "certificate: open %s", path), &e);
    buf_init(&text, 2 * MAX_CERTIFICATE);
    while ((n = fread(bytes, 1, sizeof(bytes), f)) > 0)
        buf_add(&text, bytes, n);
    fclose(f);
    enum rc rc = buf_check(&text, "certificate", &e);
    if (rc == RC_OK)
        rc = certificate_verify(keyring_signing_key(app_keys(c->app)), text.data, &e);
    buf_clear(&text);
    if (rc != RC_OK)
        return cli_fail(rc, &e);
    printf("%s: valid\n", path);
    return cmd_end_output();
}

static const struct option long_options[] = {
    {"subject", required_argument, NULL, 's'}, {"person", required_argument, NULL, 'p'}, {"dry-run", no_argument, NULL, 'd'},
    {"yes", no_argument, NULL, 'y'},           {"json", no_argument, NULL, 'j'},         {"certificate", required_argument, NULL, 'c'},
    {"verify", required_argument, NULL, 'v'},  {"help", no_argument, NULL, 'h'},         {0}};

static int take_option(int c, struct options *o)
{
    switch (c) {
    case 's': o->value = optarg; return EXIT_DONE;
    case 'd': o->dry_run = true; return EXIT_DONE;
    case 'y': o->yes = true; return EXIT_DONE;
    case 'j': o->json = true; return EXIT_DONE;
    case 'c': o->certificate = optarg; return EXIT_DONE;
    case 'v': o->verify = optarg; return EXIT_DONE;
    default: /* 'p' */
        if (o->n_only == MAX_ONLY || strlen(optarg) < ID_DIGITS)
            return cli_usage("erase", "--person: %d or more digits of an ID, at most %d of them", ID_DIGITS, MAX_ONLY);
        o->only[o->n_only++] = optarg;
        return EXIT_DONE;
    }
}

int cmd_erase(const char *config, int argc, char **argv)
{
    struct options o = {0};
    struct cmd cmd = {.need = NEED_ERASE};
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
    if (code != EXIT_DONE)
        return code;
    if (optind != argc || (!o.verify && (!o.value || !*o.value)) || (o.verify && o.value))
        return cli_usage(argv[0], "--subject VALUE (or --verify FILE) and no other words are needed");
    code = cmd_open(&cmd, config, NULL, APP_STORE_KEYS);
    if (code == EXIT_DONE)
        code = o.verify ? verify(&cmd, o.verify) : erase(&cmd, &o);
    cmd_close(&cmd);
    return code;
}
