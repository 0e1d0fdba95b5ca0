/* cmd_explain.c: `briefctl explain`: a record beside what the model was allowed to see of it, and what came of it. */
#include <stdio.h>
#include <string.h>
#include <unistd.h>
#include "brief_text.h"
#include "cmd_common.h"
#include "cmd_store.h"

#define SIDE_MAX_BYTES ((size_t)8 << 20)
#define MAX_DEPTH 3

static void print_help(void)
{
    printf("Usage: briefctl explain SOURCE OBJECT ID [--as-of DATE]\n\n"
           "Shows the record as the source has it beside what the model was allowed to see of it, then its present summary and\n"
           "e-mail draft beside each other, the fields that each sentence rests on, time and speed. Showing it is audited.\n\n"
           "Example:\n"
           "  briefctl explain crm opportunity O-023\n");
}

/* ---- the record as text ------------------------------------------------------------------------------------------ */

static void indent(struct buf *b, int depth)
{
    buf_printf(b, "%*s", 2 * depth, "");
}

static void put_fields(struct buf *b, const struct record *r, int depth)
{
    for (const struct field *f = r->fields; f; f = f->next) {
        if (!f->text || !*f->text)
            continue;
        indent(b, depth);
        buf_printf(b, "%s: %s%s%s\n", f->name, f->text, f->type == FIELD_MONEY && f->currency ? " " : "",
                   f->type == FIELD_MONEY && f->currency ? f->currency : "");
    }
}

static void put_record(struct buf *b, const struct record *r, int depth)
{
    put_fields(b, r, depth);
    for (const struct record_parent *p = r->parents; p && depth < MAX_DEPTH; p = p->next) {
        indent(b, depth);
        buf_printf(b, "%s (%s):\n", p->name, p->record->id);
        put_record(b, p->record, depth + 1);
    }
    for (const struct record_list *l = r->lists; l && depth < MAX_DEPTH; l = l->next) {
        for (size_t i = 0; i < l->count; i++) {
            indent(b, depth);
            buf_printf(b, "%s (%s):\n", l->name, l->items[i]->id);
            put_record(b, l->items[i], depth + 1);
        }
    }
}

static enum rc show_input(struct cmd *c, struct record *r, struct err *e)
{
    static const char *const headings[] = {"the record", "what the model was allowed to see"};
    struct pipeline p = cmd_pipeline(c);
    struct brief_wish wish = {.kind = PURPOSE_SUMMARY};
    struct buf left, right;
    buf_init(&left, SIDE_MAX_BYTES);
    buf_init(&right, SIDE_MAX_BYTES);
    put_record(&left, r, 0);
    enum rc rc = pipeline_prompts(&p, r, &wish, &right, e);
    if (rc == RC_REFUSED) { /* that, too, is an explanation */
        buf_printf(&right, "nothing: %s", e->msg);
        rc = RC_OK;
    }
    if (rc == RC_OK)
        rc = buf_check(&left, "record", e);
    if (rc == RC_OK)
        rc = buf_check(&right, "prompts", e);
    if (rc == RC_OK)
        cli_columns(headings, (const char *const[]){left.data, right.data}, COUNT_OF(headings));
    buf_wipe(&left);
    buf_wipe(&right);
    return rc;
}

/* ---- its briefs -------------------------------------------------------------------------------------------------- */

struct pair { /* the newest brief of each kind */
    char ids[N_PURPOSES][BRIEF_ID_SIZE];
};

static enum rc take_newest(void *ctx, const struct store_brief *b, struct err *e)
{
    struct pair *p = ctx;
    (void)e;
    if (!p->ids[b->meta.kind][0])
        memcpy(p->ids[b->meta.kind], b->id, BRIEF_ID_SIZE);
    return RC_OK;
}

struct shown {
    struct store_brief *brief;
    struct brief_text text;
    struct buf side; /* what its column holds */
};

static void put_side(struct shown *s)
{
    const struct brief_text *t = &s->text;
    if (t->to)
        buf_printf(&s->side, "To: %s\n", t->to);
    if (t->subject)
        buf_printf(&s->side, "Subject: %s\n\n", t->subject);
    buf_printf(&s->side, "%s\n", t->body ? t->body : "");
    for (size_t i = 0; i < s->brief->n_bullets; i++)
        buf_printf(&s->side, "- %s\n", t->bullets[i]);
}

static enum rc open_shown(struct cmd *c, const char *id, const char *nothing, struct shown *s, struct err *e)
{
    buf_init(&s->side, SIDE_MAX_BYTES);
    if (!*id) {
        buf_str(&s->side, nothing);
        return buf_check(&s->side, "brief", e);
    }
    enum rc rc = store_brief_get(c->store, id, &s->brief, e);
    if (rc == RC_OK)
        rc = cmd_audit(c, "reveal", id, NULL, NULL, e);
    if (rc == RC_OK)
        rc = brief_text_open(s->brief, &c->keys, &s->text, e);
    if (rc == RC_OK) {
        put_side(s);
        rc = buf_check(&s->side, "brief", e);
    }
    return rc;
}

static void close_shown(struct shown *s)
{
    if (s->brief)
        brief_text_clear(&s->text);
    store_brief_close(s->brief);
    buf_wipe(&s->side);
}

static void print_facts(const struct shown *s)
{
    const struct store_brief *b = s->brief;
    if (!b)
        return;
    const struct brief_meta *m = &b->meta;
    printf("\nwhat each sentence of the %s rests on:\n", purpose_name(m->kind));
    for (size_t i = 0; i < b->n_sentences; i++) {
        const struct policy_sentence *x = &b->sentences[i];
        printf("  %s\n    ", s->text.sentences[i]);
        for (size_t k = 0; k < x->n_rests_on; k++)
            printf("%s%s", k ? ", " : "", x->rests_on[k]);
        puts(x->by_code ? " (written by code)" : x->n_rests_on ? "" : "(no single field)");
    }
    printf("%s %s, %s, %.2f s: %lld prompt tokens, %lld written, %.0f tokens/s\n", purpose_name(m->kind), b->id,
           brief_state_name(m->state), (double)m->ms / 1000, (long long)m->prompt_tokens, (long long)m->output_tokens,
           m->ms ? (double)m->output_tokens * 1000 / (double)m->ms : 0.0);
}

static enum rc show_briefs(struct cmd *c, const struct record *r, struct err *e)
{
    static const char *const headings[] = {"summary", "e-mail draft"};
    struct pair newest = {0};
    struct shown summary = {0}, email = {0};
    struct brief_filter f = {.source = r->source, .object = r->object, .record_id = r->id, .current = true};
    enum rc rc = store_briefs_list(c->store, &f, take_newest, &newest, e);
    if (rc == RC_OK)
        rc = open_shown(c, newest.ids[PURPOSE_SUMMARY], "none yet: briefctl brief ... --kind summary", &summary, e);
    if (rc == RC_OK)
        rc = open_shown(c, newest.ids[PURPOSE_EMAIL], "none: e-mail drafts are made when asked for (or policy refuses one)", &email, e);
    if (rc == RC_OK) {
        putchar('\n');
        cli_columns(headings, (const char *const[]){summary.side.data, email.side.data}, COUNT_OF(headings));
        print_facts(&summary);
        print_facts(&email);
    }
    close_shown(&summary);
    close_shown(&email);
    return rc;
}

/* ---- the command ------------------------------------------------------------------------------------------------- */

int cmd_explain(const char *config, int argc, char **argv)
{
    static const struct option options[] = {{"as-of", required_argument, NULL, 'a'}, {"help", no_argument, NULL, 'h'}, {0}};
    const char *as_of = NULL;
    struct cmd c = {.need = NEED_RECORDS};
    struct record *record = NULL;
    struct err e = {""};
    for (int o; (o = cmd_option(argc, argv, options)) != -1;) {
        switch (o) {
        case 'a': as_of = optarg; break;
        case 'h': print_help(); return EXIT_DONE;
        default: return cmd_bad_option("explain", o, argv);
        }
    }
    if (argc - optind != 3)
        return cli_usage("explain", "SOURCE OBJECT ID are needed");
    int code = cmd_open(&c, config, as_of, APP_STORE_KEYS | APP_MODEL);
    if (code == EXIT_DONE)
        code = cmd_source(&c, argv[optind]);
    if (code == EXIT_DONE)
        code = cmd_record(&c, argv[optind + 1], argv[optind + 2], &record, &e);
    /* The record stands there as it is, with every field. */
    if (code == EXIT_DONE && (!access_may(&c, MAY_REVEAL, &(struct access_to){record->source, record->object, record->owner, record->team}) ||
                              access_hides(&c, record->source, record->object, PURPOSE_SUMMARY, "")))
        code = cli_fail(err_set(&e, RC_REFUSED, "your role may not see this record in clear: see 'briefctl briefs' and 'policy explain'"), &e);
    if (code == EXIT_DONE) {
        bool color = cli_color(STDOUT_FILENO);
        printf("%s%s %s %s%s\n\n", color ? "\033[1;36m" : "", argv[optind], argv[optind + 1], argv[optind + 2], color ? "\033[0m" : "");
        enum rc rc = show_input(&c, record, &e);
        if (rc == RC_OK)
            rc = show_briefs(&c, record, &e);
        code = rc == RC_OK ? cmd_end_output() : cli_fail(rc, &e);
    }
    record_close(record);
    cmd_close(&c);
    return code;
}
