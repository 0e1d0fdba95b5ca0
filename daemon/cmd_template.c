/* cmd_template.c: `briefctl template render`: what the model would get, byte for byte. */
#include <stdio.h>
#include "../base/str.h"
#include "cmd_common.h"
#include "cmd_store.h"

static void print_help(void)
{
    printf("Usage: briefctl template render SOURCE OBJECT ID --kind summary|email [options]\n\n"
           "Prints every prompt of the template for this record, exactly as the engine would get it (the same bytes as\n"
           "\"prompt\" of 'briefctl brief --json'). No model runs and nothing is stored.\n\n");
    brief_args_help();
    printf("\nExample:\n"
           "  briefctl template render crm opportunity O-023 --kind summary\n");
}

static int render(struct cmd *c, const struct brief_args *a, struct record *r)
{
    const struct brief_wish wish = {.kind = a->kind,
                                    .intent = a->intent,
                                    .tone = a->tone,
                                    .language = a->language,
                                    .to_contact = a->to,
                                    .hint = a->hint};
    const struct pipeline p = cmd_pipeline(c);
    struct buf out;
    struct err e = {""};
    buf_init(&out, CMD_MAX_OUTPUT);
    enum rc rc = pipeline_prompts(&p, r, &wish, &out, &e);
    if (rc == RC_OK)
        rc = buf_check(&out, "prompt", &e);
    if (rc == RC_OK)
        fwrite(out.data, 1, out.len, stdout);
    buf_wipe(&out);
    return rc == RC_OK ? cmd_end_output() : cli_fail(rc, &e);
}

int cmd_template(const char *config, int argc, char **argv)
{
    struct cmd c = {.need = NEED_RECORDS};
    struct brief_args a;
    struct record *record = NULL;
    struct err e = {""};
    int code = brief_args_parse(argc, argv, 1, false, &a);
    if (code != EXIT_DONE)
        return code;
    if (a.help) {
        print_help();
        return EXIT_DONE;
    }
    if (!str_eq(argv[optind], "render"))
        return cli_usage(argv[0], "no '%.60s'; render is what there is", argv[optind]);
    code = cmd_open(&c, config, a.as_of, APP_STORE_KEYS | APP_MODEL);
    if (code == EXIT_DONE)
        code = cmd_source(&c, a.source);
    if (code == EXIT_DONE)
        code = cmd_record(&c, a.object, a.id, &record, &e);
    if (code == EXIT_DONE && access_hides(&c, a.source, a.object, a.kind, policy_hash(c.policy)))
        code = cli_fail(err_set(&e, RC_REFUSED, "the prompt is withheld: it may show a field that your role may not read"), &e);
    if (code == EXIT_DONE)
        code = render(&c, &a, record);
    record_close(record);
    cmd_close(&c);
    return code;
}
