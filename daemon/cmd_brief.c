/* cmd_brief.c: `briefctl brief`: the brief of one record, made now or shown if it is there. */
#include <stdio.h>
#include <string.h>
#include <unistd.h>
#include "brief_json.h"
#include "cmd_common.h"
#include "cmd_store.h"

static void print_help(void)
{
    printf("Usage: briefctl brief SOURCE OBJECT ID --kind summary|email|enrichment [options]\n\n"
           "Fetches the record, makes the brief and shows it in clear; showing it is audited. A brief whose record,\n"
           "policy, template and model are unchanged is shown as it is, not made again.\n\n");
    brief_args_help();
    printf("  --json           one JSON object; a refused brief has \"state\": \"refused\" and a \"reason\"\n"
           "  --slots          show the text in slots, as it is stored\n\n"
           "Examples:\n"
           "  briefctl brief crm opportunity O-023 --kind summary\n"
           "  briefctl brief crm case K-007 --kind enrichment --json\n"
           "  briefctl brief crm lead L-012 --kind email --intent meeting --tone warm --language de --json\n\n"
           "Exit codes: 0 there is a brief, 1 no such record, 3 policy refuses it, 4 the record cannot be read,\n"
           "5 the source is down (try again).\n");
}

static void show_step(void *ctx, const char *step, size_t n)
{
    (void)ctx;
    if (n > 1)
        fprintf(stderr, "\rwriting: %s (%zu)\033[K", step, n);
    else
        fprintf(stderr, "\rwriting: %s\033[K", step);
    fflush(stderr);
}

static void end_steps(void)
{
    if (isatty(STDERR_FILENO))
        fprintf(stderr, "\r\033[K");
}

/* No brief: audit it, say so, and in JSON too. */
static int tell_none(struct cmd *c, const struct brief_args *a, const char *state, const char *reason)
{
    char day[DATE_TEXT_SIZE];
    struct buf out;
    int code = EXIT_DONE;
    if (!a->json)
        return code;
    date_format(clock_today(&c->config->clock), day);
    const struct brief_none none = {.source = a->source,
                                    .object = a->object,
                                    .record_id = a->id,
                                    .kind = purpose_name(a->kind),
                                    .intent = a->intent,
                                    .language = a->language,
                                    .state = state,
                                    .as_of = day,
                                    .reason = reason};
    buf_init(&out, CMD_MAX_OUTPUT);
    brief_json_none(&out, &none);
    code = cmd_put(&out);
    buf_clear(&out);
    return code;
}

static int refused(struct cmd *c, const struct brief_args *a, const struct err *why)
{
    char object[512], detail[64 + sizeof(why->msg)];
    struct err e;
    snprintf(object, sizeof(object), "%s/%s/%s", a->source, a->object, a->id);
    snprintf(detail, sizeof(detail), "kind=%s reason=%s", purpose_name(a->kind), why->msg);
    enum rc rc = cmd_audit(c, "brief.refused", object, "refused", detail, &e);
    if (rc != RC_OK)
        return cli_fail(rc, &e);
    int code = tell_none(c, a, "refused", why->msg);
    return code == EXIT_DONE ? cli_fail(RC_REFUSED, why) : code;
}

static void tell_how(const struct pipeline_result *r)
{
    if (r->outcome == PIPELINE_UNCHANGED) {
        fprintf(stderr, "briefctl: unchanged since it was made: not made again\n");
        return;
    }
    fprintf(stderr, "made in %.1f s from %zu prompt tokens, %zu written; %.0f %% of the words are the model's\n",
            (double)r->ms / 1000, r->prompt_tokens, r->output_tokens, 100 * r->model_share);
    if (r->beside_edit)
        fprintf(stderr, "a person's text of this record stands; this one is beside it\n");
}

static int print_brief(const struct brief_args *a, const struct store_brief *b, const struct brief_text *t,
                       const struct pipeline_result *r)
{
    struct buf out;
    int code;
    if (!a->json) {
        brief_text_print(b, t, false);
        return cmd_end_output();
    }
    buf_init(&out, CMD_MAX_OUTPUT);
    brief_json(&out, b, t, r);
    code = cmd_put(&out);
    buf_wipe(&out);
    return code;
}

static int show(struct cmd *c, const struct brief_args *a, const struct pipeline_result *r)
{
    struct store_brief *b = NULL;
    struct brief_text text = {0};
    struct err e;
    int code;
    enum rc rc = store_brief_get(c->store, r->id, &b, &e);
    bool reveal = rc == RC_OK && !a->slots && access_may_brief(c, MAY_REVEAL, b);
    bool withheld = rc == RC_OK && access_withhold(c, b);
    if (withheld)
        fprintf(stderr, "briefctl: the text is withheld: it may rest on a field that your role may not read\n");
    if (rc == RC_OK && reveal)
        rc = cmd_audit(c, "reveal", r->id, NULL, NULL, &e);
    if (rc == RC_OK)
        rc = brief_text_open(b, reveal ? &c->keys : NULL, &text, &e);
    if (rc == RC_OK) {
        tell_how(r);
        code = print_brief(a, b, &text, withheld ? NULL : r); /* the prompt shows fields as well */
        brief_text_clear(&text);
    } else
        code = cmd_fail_state(rc, &e);
    store_brief_close(b);
    return code;
}

static int make(struct cmd *c, const struct brief_args *a, struct record *r)
{
    const struct brief_wish wish = {.kind = a->kind,
                                    .intent = a->intent,
                                    .tone = a->tone,
                                    .language = a->language,
                                    .to_contact = a->to,
                                    .hint = a->hint};
    struct pipeline p = cmd_pipeline(c);
    struct pipeline_result result = {0};
    struct err e = {""};
    int code;
    if (isatty(STDERR_FILENO))
        p.on_step = show_step;
    enum rc rc = pipeline_begin(&p, &e);
    if (rc == RC_OK)
        rc = pipeline_run_one(&p, r, &wish, &result, &e);
    end_steps();
    if (rc == RC_OK)
        code = show(c, a, &result);
    else if (rc == RC_REFUSED)
        code = refused(c, a, &e);
    else
        code = cli_fail(rc, &e);
    pipeline_result_clear(&result);
    return code;
}

int cmd_brief(const char *config, int argc, char **argv)
{
    struct cmd c = {.need = NEED_RECORDS};
    struct brief_args a;
    struct record *record = NULL;
    struct err e = {""};
    int code = brief_args_parse(argc, argv, 0, true, &a);
    if (code != EXIT_DONE)
        return code;
    if (a.help) {
        print_help();
        return EXIT_DONE;
    }
    code = cmd_open(&c, config, a.as_of, APP_STORE_KEYS | APP_MODEL | APP_ENGINE);
    if (code == EXIT_DONE)
        code = cmd_source(&c, a.source);
    if (code == EXIT_DONE)
        code = cmd_record(&c, a.object, a.id, &record, &e);
    if (code == EXIT_QUARANTINED && tell_none(&c, &a, "quarantined", e.msg) != EXIT_DONE)
        code = EXIT_FAILED;
    if (code == EXIT_DONE)
        code = make(&c, &a, record);
    record_close(record);
    cmd_close(&c);
    return code;
}
