#include "brief_text.h"

#include <stdio.h>
#include <string.h>
#include <unistd.h>
#include "../base/buf.h"
#include "../base/json.h"
#include "../base/str.h"
#include "cli.h"

#define TEXT_MAX_BYTES ((size_t)16 << 20)

struct filler {
    const struct store_brief *b;
    struct policy_reveal *values; /* NULL: text stays in slots */
    struct brief_text *out;
};

static enum rc no_memory(struct err *e)
{
    return err_set(e, RC_NOMEM, "brief: out of memory");
}

/* One text; NULL stays NULL. */
static enum rc fill(const struct filler *f, const char *slotted, const char **out, struct err *e)
{
    struct buf clear;
    bool erased = false;
    enum rc rc = RC_OK;

    *out = NULL;
    if (!slotted)
        return RC_OK;
    buf_init(&clear, TEXT_MAX_BYTES);
    if (f->values)
        rc = policy_reveal(f->values, slotted, &clear, &erased, e);
    else
        buf_str(&clear, slotted);
    if (rc == RC_OK)
        rc = buf_check(&clear, "brief", e);
    if (rc == RC_OK && !(*out = arena_ndup(&f->out->arena, clear.data, clear.len)))
        rc = no_memory(e);
    buf_wipe(&clear);
    f->out->erased = f->out->erased || erased;
    return rc;
}

static enum rc fill_lists(const struct filler *f, struct err *e)
{
    struct brief_text *t = f->out;
    enum rc rc = RC_OK;
    t->bullets = arena_array(&t->arena, f->b->n_bullets + 1, sizeof(*t->bullets));
    t->sentences = arena_array(&t->arena, f->b->n_sentences + 1, sizeof(*t->sentences));
    if (!t->bullets || !t->sentences)
        return no_memory(e);
    for (size_t i = 0; rc == RC_OK && i < f->b->n_bullets; i++)
        rc = fill(f, f->b->bullets[i], &t->bullets[i], e);
    for (size_t i = 0; rc == RC_OK && i < f->b->n_sentences; i++)
        rc = fill(f, f->b->sentences[i].text, &t->sentences[i], e);
    return rc;
}

enum rc brief_text_open(const struct store_brief *b, const struct policy_keys *keys, struct brief_text *out, struct err *e)
{
    struct filler f = {.b = b, .out = out};
    enum rc rc = RC_OK;

    memset(out, 0, sizeof(*out));
    arena_init(&out->arena, TEXT_MAX_BYTES);
    if (keys)
        rc = policy_reveal_open(b->values, b->n_values, keys, b->language, &f.values, e);
    if (rc == RC_OK)
        rc = fill(&f, b->subject, &out->subject, e);
    if (rc == RC_OK)
        rc = fill(&f, b->to, &out->to, e);
    if (rc == RC_OK)
        rc = fill(&f, b->body, &out->body, e);
    if (rc == RC_OK)
        rc = fill_lists(&f, e);
    policy_reveal_close(f.values);
    if (rc != RC_OK)
        brief_text_clear(out);
    return rc;
}

void brief_text_clear(struct brief_text *t)
{
    arena_wipe(&t->arena);
    memset(t, 0, sizeof(*t));
}

static void print_value(const cJSON *v)
{
    struct buf b;
    if (cJSON_IsString(v)) {
        fputs(v->valuestring, stdout);
        return;
    }
    buf_init(&b, TEXT_MAX_BYTES);
    json_print(&b, v);
    fputs(b.data, stdout);
    buf_wipe(&b);
}

/* Enrichment: a member a line; members of members behind their names. */
static void print_fields(const cJSON *object, const char *before)
{
    char name[200];
    for (const cJSON *v = object->child; v; v = v->next) {
        snprintf(name, sizeof(name), "%s%s%s", before, *before ? "." : "", v->string ? v->string : "-");
        if (cJSON_IsObject(v)) {
            print_fields(v, name);
            continue;
        }
        printf("%s: ", name);
        if (cJSON_IsArray(v)) {
            for (const cJSON *item = v->child; item; item = item->next) {
                print_value(item);
                fputs(item->next ? ", " : "", stdout);
            }
        } else if (!cJSON_IsNull(v)) {
            print_value(v);
        }
        putchar('\n');
    }
}

static void print_body(const struct brief_meta *m, const char *body)
{
    cJSON *fields = NULL;
    if (m->kind == PURPOSE_ENRICHMENT && json_parse(body, strlen(body), JSON_NUMBERS_DIGITS, &fields, NULL) == RC_OK &&
        cJSON_IsObject(fields))
        print_fields(fields, "");
    else if (*body)
        printf("%s\n", body);
    cJSON_Delete(fields);
}

static void print_why(const struct store_brief *b, const struct brief_text *t)
{
    printf("\nwhy each sentence is there:\n");
    for (size_t i = 0; i < b->n_sentences; i++) {
        const struct policy_sentence *s = &b->sentences[i];
        printf("  ");
        for (const char *c = t->sentences[i]; *c; c++) /* a sign-off has several lines */
            fputs(*c == '\n' ? "\n  " : (char[]){*c, '\0'}, stdout);
        printf("\n    ");
        for (size_t k = 0; k < s->n_rests_on; k++)
            printf("%s%s", k ? ", " : "", s->rests_on[k]);
        if (s->by_code)
            printf("%s(written by code)", s->n_rests_on ? " " : "");
        else if (s->n_rests_on == 0)
            printf("(rests on no single field)");
        putchar('\n');
    }
    printf("\nhashes: policy %.12s, template %.12s, model %.12s, input %.12s", b->meta.policy_hash,
           b->meta.template_hash, b->meta.model_hash, b->meta.input_hash);
    if (*b->meta.adapter_hash)
        printf(", adapter %.12s", b->meta.adapter_hash);
    putchar('\n');
}

void brief_text_print(const struct store_brief *b, const struct brief_text *t, bool why)
{
    const struct brief_meta *m = &b->meta;
    bool color = cli_color(STDOUT_FILENO);
    char day[DATE_TEXT_SIZE], until[TIMESTAMP_TEXT_SIZE];
    date_format(m->as_of, day);
    printf("%s%s of %s/%s/%s%s, as of %s, %s, %s\n", color ? "\033[1m" : "", purpose_name(m->kind), m->source,
           m->object, m->record_id, color ? "\033[0m" : "", day, brief_state_name(m->state), b->id);
    if (b->valid_until) {
        timestamp_format(b->valid_until, until);
        printf("valid until %.10s\n", until);
    }
    putchar('\n');
    if (t->to)
        printf("To: %s\n", t->to);
    if (t->subject)
        printf("Subject: %s\n\n", t->subject);
    if (t->body)
        print_body(m, t->body);
    for (size_t i = 0; i < b->n_bullets; i++)
        printf("- %s\n", t->bullets[i]);
    if (b->n_flags)
        printf("\nflags:");
    for (size_t i = 0; i < b->n_flags; i++)
        printf(" %s%s", b->flags[i], i + 1 == b->n_flags ? "\n" : ",");
    if (b->n_reasons)
        printf("%sleft out:", b->n_flags ? "" : "\n");
    for (size_t i = 0; i < b->n_reasons; i++)
        printf(" %s%s", b->reasons[i], i + 1 == b->n_reasons ? "\n" : ";");
    if (t->erased)
        printf("\na person was erased: what concerned them stays in slots\n");
    if (why)
        print_why(b, t);
}
