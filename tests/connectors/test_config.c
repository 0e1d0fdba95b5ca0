/* The mapping in YAML: the documented sample, and what is said about mistakes in it. */
#include "fixture.h"

static const char sample[] =
    "sources:\n"
    "  crm:\n"
    "    type: sqlite\n"
    "    dsn: /var/lib/crm.db                         # secrets as ${ENV} or file:PATH\n"
    "    write_back: off                              # off | dry-run | on\n"
    "    overlap: 10m\n"
    "    objects:\n"
    "      opportunity:\n"
    "        from: opportunity                        # table, view or (query)\n"
    "        key: id\n"
    "        modified: updated_at\n"
    "        owner: owner_id                          # for visibility by record\n"
    "        fields:\n"
    "          name: {column: name, type: text}\n"
    "          stage: {column: stage, type: enum}\n"
    "          amount: {column: amount, type: money, currency: currency}\n"
    "          budget: {column: budget, type: money, currency: {fixed: EUR}}\n"
    "          close_date: {column: close_date, type: date}\n"
    "          next_step: {column: next_step, type: text}\n"
    "          notes: {column: description, type: text, origin: inside}\n"
    "          mail: {column: mail, type: text, origin: {column: direction, outside: [inbound, web]}}\n"
    "        parents:\n"
    "          account: {object: account, column: account_id}\n"
    "          contact: {object: contact, column: primary_contact_id}\n"
    "          owner: {object: user, column: owner_id}\n"
    "        children:\n"
    "          activities: {object: activity, match: {what_id: id}, where: {what_type: opportunity}, newest: 20}\n"
    "          tasks: {object: task, match: {what_id: id}, where: {what_type: opportunity, status: [open, late]}}\n"
    "        write_back: {summary: {column: ai_summary}}\n"
    "      account: {from: account, key: id, modified: updated_at, fields: {name: {column: name, type: text, "
    "entity: ORG}}}\n"
    "      contact:\n"
    "        from: contact\n"
    "        key: id\n"
    "        fields:\n"
    "          first_name: {column: first_name, type: text, entity: PERSON, part: first}\n"
    "          last_name: {column: last_name, type: text, entity: PERSON, part: last}\n"
    "          email: {column: email, type: text, entity: EMAIL}\n"
    "          do_not_email: {column: do_not_email, type: bool}\n"
    "      user: {from: user, key: id, fields: {name: {type: text}}}\n"
    "      activity: {from: activity, key: id, modified: created_at, fields: {body: {column: body, type: text}}}\n"
    "      task: {from: (SELECT * FROM todo), key: id, fields: {subject: {column: subject, type: text}}}\n";

static struct source s;

START_TEST(the_sample_parses)
{
    const struct map_object *o;
    const struct map_field *f;

    source_open(&s, sample);
    ck_assert_str_eq(s.cfg->name, "crm");
    ck_assert_str_eq(s.cfg->dsn, "/var/lib/crm.db");
    ck_assert_int_eq(s.cfg->write_back, WRITE_BACK_OFF);
    ck_assert_int_eq(s.cfg->overlap_us, INT64_C(600000000));
    o = source_object(s.cfg, "opportunity");
    ck_assert_str_eq(o->from, "opportunity");
    ck_assert_str_eq(o->owner, "owner_id");
    ck_assert_ptr_null(o->deleted);
    f = o->fields;
    ck_assert_str_eq(f->spec.name, "name");
    f = f->next->next;
    ck_assert_int_eq(f->spec.type, FIELD_MONEY);
    ck_assert_str_eq(f->currency_column, "currency");
    ck_assert_str_eq(f->next->currency, "EUR");
    f = f->next->next->next->next;
    ck_assert_str_eq(f->spec.name, "notes");
    ck_assert_str_eq(f->column, "description");
    f = f->next;
    ck_assert_str_eq(f->origin_column, "direction");
    ck_assert_uint_eq(f->n_origin_outside, 2);
    ck_assert_str_eq(o->parents->next->name, "contact");
    ck_assert_str_eq(o->parents->next->column, "primary_contact_id");
    ck_assert_str_eq(o->children->child_column, "what_id");
    ck_assert_str_eq(o->children->parent_column, "id");
    ck_assert_uint_eq(o->children->newest, 20);
    ck_assert_uint_eq(o->children->next->newest, 20);
    ck_assert_uint_eq(o->children->next->where->next->n_values, 2);
    ck_assert_str_eq(o->write_back->spec.name, "summary");
    ck_assert_str_eq(o->write_back->column, "ai_summary");
    o = source_object(s.cfg, "contact");
    ck_assert_str_eq(o->fields->spec.entity, "PERSON");
    ck_assert_str_eq(o->fields->next->spec.part, "last");
    ck_assert_str_eq(source_object(s.cfg, "user")->fields->column, "name");
    ck_assert_ptr_null(source_object(s.cfg, "lead"));
    source_close(&s);
}
END_TEST

/* "test.yaml:LINE:COLUMN: " of the first `marker` at or after `from`. */
static void place_of(const char *text, const char *from, const char *marker, char out[64])
{
    const char *at = strstr(from, marker), *line = text;
    int n = 1;

    ck_assert_ptr_nonnull(at);
    for (const char *p = text; p < at; p++) {
        if (*p != '\n') continue;
        line = p + 1;
        n++;
    }
    snprintf(out, 64, "test.yaml:%d:%d: ", n, (int)(at - line) + 1);
}

/* The sample with `from` replaced by `to` must be refused at the place of `marker` (looked for from the line of the
 * change on), with `part` in the message. */
static void refuse(const char *from, const char *to, const char *marker, const char *part)
{
    const char *at = strstr(sample, from), *line;
    char text[8192], place[64];
    struct yaml *y = NULL;
    struct arena a;
    const struct source_config *cfg = NULL;
    struct err e = {""};
    enum rc rc;

    ck_assert_ptr_nonnull(at);
    snprintf(text, sizeof(text), "%.*s%s%s", (int)(at - sample), sample, to, at + strlen(from));
    for (line = text + (at - sample); line > text && line[-1] != '\n'; line--)
        continue;
    place_of(text, line, marker, place);
    arena_init(&a, 1 << 20);
    ck_assert_int_eq(yaml_parse("test.yaml", text, strlen(text), &y, &e), RC_OK);
    rc = sources_parse(y, yaml_get(yaml_root(y), "sources"), false, &a, &cfg, &e);
    arena_clear(&a);
    yaml_close(y);
    ck_assert_msg(rc == RC_BAD, "accepted: %s", to);
    ck_assert_ptr_null(cfg);
    ck_assert_msg(strncmp(e.msg, place, strlen(place)) == 0, "got: %s\nexpected: %s", e.msg, place);
    ck_assert_msg(strstr(e.msg, part) != NULL, "got: %s\nexpected: %s", e.msg, part);
}

START_TEST(mistakes_are_placed)
{
    refuse("overlap: 10m", "overlapp: 10m", "overlapp", "overlap'");
    refuse("overlap: 10m", "overlap: ten", "ten", "");
    refuse("type: sqlite", "type: sqlit", "sqlit", "unknown type 'sqlit', did you mean 'sqlite'?");
    refuse("write_back: off ", "write_back: maybe ", "maybe", "dry-run");
    refuse("modified: updated_at", "modifed: updated_at", "modifed", "modified'");
    refuse("{column: stage, type: enum}", "{column: stage, type: enumm}", "enumm", "enum");
    refuse("{column: stage, type: enum}", "{column: stage}", "stage", "field 'stage' needs a type");
    refuse("object: contact, column: primary", "object: contakt, column: primary", "contakt",
           "object 'contakt' is not mapped in source 'crm', did you mean 'contact'?");
    refuse("match: {what_id: id}", "match: what_id", "what_id", "one match");
    refuse("newest: 20", "newest: 201", "201", "200");
    refuse("part: first", "part: frist", "frist", "first");
    refuse("{fixed: EUR}", "{fixed: Euro}", "{fixed", "three capital letters");
    refuse("{column: stage, type: enum}", "{column: stage, type: enum, currency: EUR}", "currency", "money");
    refuse("account: {object", "name: {object", "name", "also one of the fields");
    refuse("{summary: {column", "{sumary: {column", "sumary", "summary'");
    refuse("{summary: {column: ai_summary}}", "{summary: {}}", "summary", "needs a column");
}
END_TEST

START_TEST(what_is_missing_is_named)
{
    refuse("      user: {from: user, key: id, ", "      user: {from: user, ", "user", "object 'user' needs 'key'");
    refuse("      user: {from: user, key: id, ", "      user: {key: id, ", "user", "object 'user' needs 'from'");
    refuse("  crm:\n    type: sqlite\n    dsn: /var/lib/crm.db", "  crm:\n    type: sqlite\n    timeout: 1s", "crm",
           "source 'crm' needs a dsn");
    refuse("  crm:\n    type: sqlite\n", "  crm:\n", "crm", "source 'crm' needs 'type'");
}
END_TEST

START_TEST(a_query_cannot_be_written_to)
{
    refuse("      opportunity:\n        from: opportunity ", "      opportunity:\n        from: (SELECT 1) ",
           "{summary", "only a table");
}
END_TEST

START_TEST(listen_is_for_postgres)
{
    refuse("overlap: 10m", "listen: crm", "listen", "");
}
END_TEST

START_TEST(children_of_another_source_are_refused)
{
    refuse("newest: 20", "source: erp", "source", "not supported yet");
}
END_TEST

START_TEST(secrets_are_resolved_only_when_asked)
{
    const char *text = "sources: {crm: {type: sqlite, dsn: '${BRIEFD_TEST_DSN}', objects: {}}}";

    setenv("BRIEFD_TEST_DSN", "/tmp/x.db", 1);
    source_open(&s, text);
    ck_assert_str_eq(s.cfg->dsn, "/tmp/x.db");
    source_close(&s);
    unsetenv("BRIEFD_TEST_DSN");
}
END_TEST

int main(void)
{
    TCase *tc = tcase_create("config");

    tcase_add_test(tc, the_sample_parses);
    tcase_add_test(tc, mistakes_are_placed);
    tcase_add_test(tc, what_is_missing_is_named);
    tcase_add_test(tc, children_of_another_source_are_refused);
    tcase_add_test(tc, a_query_cannot_be_written_to);
    tcase_add_test(tc, listen_is_for_postgres);
    tcase_add_test(tc, secrets_are_resolved_only_when_asked);
    return run_suite("config", tc);
}
