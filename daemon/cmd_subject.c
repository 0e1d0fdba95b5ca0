/* cmd_subject.c: `briefctl subject-report`: what is kept about one person, for them to read (GDPR article 15). */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "../base/clock.h"
#include "../base/str.h"
#include "cmd_common.h"
#include "cmd_store.h"
#include "governance.h"
#include "subject.h"

#define TEXT_LIMIT ((size_t)16 << 20)

static void print_help(void)
{
    printf("Usage: briefctl subject-report --subject VALUE [--person ID] [--json]\n\n"
           "Everything that the store keeps about one person, for a request for access: who they are known as, every text that\n"
           "names them, for which purpose and on which legal basis, made from which fields, by which model, who saw or decided\n"
           "(under pseudonyms), where it was written back, and until when it is kept. Of texts about other records only the\n"
           "sentences that name the person are told, and other people in them stay slots. Shown values are audited.\n\n"
           "  --subject VALUE  e-mail address, telephone number, name or CRM id, as 'briefctl erase' takes it\n"
           "  --person ID      only this one of the people matched ('briefctl erase --dry-run' shows them)\n"
           "  --json           for scripts\n\n"
           "Example:\n"
           "  briefctl subject-report --subject jo.lindqvist@example.com --json\n");
}

struct report {
    struct cmd *c;
    struct buf *out;
    const struct subject_person *person;
    const char *brief; /* whose audit entries are being told */
    size_t n;
};

static void member_strings(struct buf *b, const char *key, const char *const *list, size_t n)
{
    buf_printf(b, ", \"%s\": [", key);
    for (size_t i = 0; i < n; i++) {
        buf_str(b, i ? ", " : "");
        buf_json(b, list[i], strlen(list[i]));
    }
    buf_char(b, ']');
}

/* ---- one brief ------------------------------------------------------------------------------------------------------- */

/* The values that are this person's: all that is opened of a text about another record. In a text about their own record
 * its sums and dates are theirs as well. */
static enum rc own_values(const struct report *r, const struct store_brief *b, bool own, struct policy_value *out, size_t *n,
                          struct err *e)
{
    char identity[1024], record[SHA256_HEX_SIZE];
    snprintf(identity, sizeof(identity), "record:%s/%s/%s", b->meta.source, b->meta.object, b->meta.record_id);
    enum rc rc = policy_subject(r->c->keys.hash_key, identity, record, e);
    for (size_t i = 0; rc == RC_OK && i < b->n_values; i++)
        if (str_eq(b->values[i].subject, r->person->subject) || (own && str_eq(b->values[i].subject, record)))
            out[(*n)++] = b->values[i];
    return rc;
}

static bool names(const char *text, const struct policy_value *values, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        size_t len = strlen(values[i].slot) - 1; /* "[PERSON_1:first]" is a form of "[PERSON_1]" */
        for (const char *at = text; (at = strchr(at, '[')); at++)
            if (strncmp(at, values[i].slot, len) == 0 && (at[len] == ':' || at[len] == ']'))
                return true;
    }
    return false;
}

static enum rc put_sentence(const struct report *r, const struct store_brief *b, const struct policy_sentence *x,
                            const struct policy_value *values, size_t n, bool first, struct err *e)
{
    struct buf clear;
    bool erased = false;
    buf_init(&clear, TEXT_LIMIT);
    enum rc rc = policy_rehydrate(values, n, &r->c->keys, b->language, x->text, &clear, &erased, e);
    if (rc == RC_OK)
        rc = buf_check(&clear, "sentence", e);
    if (rc == RC_OK) {
        buf_str(r->out, first ? "{" : ", {");
        json_member(r->out, "text", clear.data);
        member_strings(r->out, "rests_on", x->rests_on, x->n_rests_on);
        buf_char(r->out, '}');
    }
    buf_wipe(&clear);
    return rc;
}

static enum rc put_text(const struct report *r, const struct store_brief *b, bool own, struct err *e)
{
    struct policy_value *values = calloc(b->n_values + 1, sizeof(*values));
    size_t n = 0, told = 0;
    enum rc rc = values ? own_values(r, b, own, values, &n, e) : err_set(e, RC_NOMEM, "report: out of memory");
    buf_str(r->out, ", \"sentences\": [");
    for (size_t i = 0; rc == RC_OK && i < b->n_sentences; i++)
        if (own || names(b->sentences[i].text, values, n))
            rc = put_sentence(r, b, &b->sentences[i], values, n, told++ == 0, e);
    buf_char(r->out, ']');
    free(values);
    return rc;
}

static enum rc add_event(void *ctx, const struct audit_entry *x, struct err *e)
{
    struct report *r = ctx;
    char at[TIMESTAMP_TEXT_SIZE];
    (void)e;
    if (!str_eq(x->object, r->brief))
        return RC_OK;
    timestamp_format(x->at_us, at);
    buf_str(r->out, r->n++ ? ", {" : "{");
    json_member(r->out, "at", at);
    json_member(r->out, "event", x->event);
    json_member(r->out, "by", x->actor);
    buf_char(r->out, '}');
    return RC_OK;
}

static void put_until(const struct report *r, const char *key, const char *what, int64_t made_us)
{
    int64_t kept = policy_retention_us(r->c->policy, what);
    char until[TIMESTAMP_TEXT_SIZE];
    if (kept)
        timestamp_format(made_us + kept, until);
    json_member(r->out, key, kept ? until : NULL);
}

static enum rc put_brief(struct report *r, const char *id, struct err *e)
{
    const struct erase_record *own = &r->person->record;
    struct store_brief *b = NULL;
    char made[TIMESTAMP_TEXT_SIZE], column[128];
    enum rc rc = store_brief_get(r->c->store, id, &b, e);
    if (rc != RC_OK)
        return rc;
    const struct brief_meta *m = &b->meta;
    bool is_own = own->source && str_eq(own->source, m->source) && str_eq(own->object, m->object) && str_eq(own->id, m->record_id);
    timestamp_format(m->made_us, made);
    json_member(r->out, "id", b->id);
    json_member(r->out, "source", m->source);
    json_member(r->out, "object", m->object);
    json_member(r->out, "record_id", m->record_id);
    buf_printf(r->out, ", \"own_record\": %s", is_own ? "true" : "false");
    json_member(r->out, "purpose", purpose_name(m->kind));
    json_member(r->out, "legal_basis", policy_legal_basis(r->c->policy, m->kind));
    json_member(r->out, "state", brief_state_name(m->state));
    json_member(r->out, "made_at", made);
    put_until(r, "kept_until", "briefs", m->made_us);
    put_until(r, "values_kept_until", "sealed_values", m->made_us);
    json_member(r->out, "model", m->model_hash);
    json_member(r->out, "adapter", *m->adapter_hash ? m->adapter_hash : NULL);
    json_member(r->out, "policy", m->policy_hash);
    rc = store_written_column(r->c->store, id, column, e);
    json_member(r->out, "written_back_to", rc == RC_OK && *column ? column : NULL);
    if (rc == RC_OK)
        rc = put_text(r, b, is_own, e);
    buf_str(r->out, ", \"history\": [");
    r->brief = id;
    r->n = 0;
    if (rc == RC_OK)
        rc = store_audit_walk(r->c->store, add_event, r, e);
    buf_char(r->out, ']');
    store_brief_close(b);
    return rc;
}

/* ---- one person ------------------------------------------------------------------------------------------------------ */

static enum rc put_person(struct report *r, struct err *e)
{
    const struct subject_person *p = r->person;
    char record[512] = "";
    enum rc rc = RC_OK;
    if (p->record.source)
        snprintf(record, sizeof(record), "%s/%s/%s", p->record.source, p->record.object, p->record.id);
    json_member(r->out, "subject", p->subject);
    json_member(r->out, "record", *record ? record : NULL);
    member_strings(r->out, "names", p->names, p->n_names);
    member_strings(r->out, "contacts", p->contacts, p->n_contacts);
    buf_str(r->out, ", \"texts\": [");
    for (size_t i = 0; rc == RC_OK && i < p->n_briefs; i++) {
        buf_str(r->out, i ? ", {" : "{");
        rc = put_brief(r, p->briefs[i], e);
        buf_char(r->out, '}');
    }
    buf_char(r->out, ']');
    return rc;
}

static enum rc put_report(struct cmd *c, const struct subject_people *people, const char *only, struct buf *out, struct err *e)
{
    char at[TIMESTAMP_TEXT_SIZE];
    size_t n = 0;
    enum rc rc = RC_OK;
    timestamp_format(store_now_us(c->store), at);
    buf_char(out, '{');
    json_member(out, "what", "what is kept about a person");
    json_member(out, "made_at", at);
    buf_str(out, ", \"people\": [");
    for (size_t i = 0; rc == RC_OK && i < people->n; i++) {
        struct report r = {.c = c, .out = out, .person = &people->people[i]};
        if (r.person->own_text || (only && !str_starts(r.person->subject, only)))
            continue;
        buf_str(out, n++ ? ", {" : "{");
        rc = put_person(&r, e);
        buf_char(out, '}');
    }
    buf_str(out, "]");
    json_member(out, "source_of_the_data", "the company's CRM; briefd keeps texts in slots and sealed values, no copy of records");
    json_member(out, "recipients", "the people of the history, by pseudonym; nobody outside: models run on the company's own machine");
    json_member(out, "rights", "rectification in the CRM; erasure: briefctl erase; objection: the fields of blocked_when");
    buf_char(out, '}');
    return rc == RC_OK ? buf_check(out, "report", e) : rc;
}

/* ---- for people: the same, line by line -------------------------------------------------------------------------------- */

static void print_json_lines(const char *json)
{
    int depth = 0;
    bool text = false, escaped = false;
    for (const char *c = json; *c; c++) {
        if (*c == '"' && !escaped)
            text = !text;
        escaped = text && *c == '\\' && !escaped;
        if (!text && (*c == '}' || *c == ']') && c[-1] != '[' && c[-1] != '{')
            printf("\n%*s", 2 * (--depth), "");
        else if (!text && (*c == '}' || *c == ']'))
            depth--;
        putchar(*c);
        if (!text && (*c == '{' || *c == '[')) {
            depth++;
            if (c[1] != ']' && c[1] != '}')
                printf("\n%*s", 2 * depth, "");
        }
        if (!text && *c == ',') {
            printf("\n%*s", 2 * depth, "");
            c += c[1] == ' ';
        }
    }
    putchar('\n');
}

int cmd_subject_report(const char *config, int argc, char **argv)
{
    static const struct option options[] = {{"subject", required_argument, NULL, 's'}, {"person", required_argument, NULL, 'p'},
                                            {"json", no_argument, NULL, 'j'},          {"help", no_argument, NULL, 'h'}, {0}};
    const char *value = NULL, *only = NULL;
    struct cmd cmd = {.need = NEED_ERASE};
    struct subject_people people = {0};
    bool json = false;
    struct buf out;
    struct err e;
    for (int c; (c = cmd_option(argc, argv, options)) != -1;) {
        switch (c) {
        case 's': value = optarg; break;
        case 'p': only = optarg; break;
        case 'j': json = true; break;
        case 'h': print_help(); return EXIT_DONE;
        default: return cmd_bad_option(argv[0], c, argv);
        }
    }
    if (!value || !*value || optind != argc)
        return cli_usage(argv[0], "--subject VALUE and no other words are needed");
    buf_init(&out, CMD_MAX_OUTPUT);
    int code = cmd_open(&cmd, config, NULL, APP_STORE_KEYS);
    if (code == EXIT_DONE) {
        enum rc rc = subject_find(&cmd, value, &people, &e);
        if (rc == RC_OK)
            rc = put_report(&cmd, &people, only, &out, &e);
        if (rc == RC_OK)
            rc = cmd_audit(&cmd, "subject.reported", "", NULL, NULL, &e);
        if (rc != RC_OK)
            code = cli_fail(rc, &e);
        else if (json)
            code = cmd_put(&out);
        else
            print_json_lines(out.data);
    }
    if (people.people)
        subject_people_clear(&people);
    buf_wipe(&out);
    cmd_close(&cmd);
    return code == EXIT_DONE ? cmd_end_output() : code;
}
