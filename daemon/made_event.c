#include "made_event.h"

#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "../base/str.h"

#define MAX_DETAIL ((size_t)16 << 10)
#define MAX_TEXT ((size_t)3 << 20)

/* " key=value"; what would end the word, or begin another one, as %XX. */
static void add_word(struct buf *b, const char *key, const char *value)
{
    buf_printf(b, "%s%s=", b->len ? " " : "", key);
    for (const unsigned char *c = (const unsigned char *)value; *c; c++) {
        if (isspace(*c) || iscntrl(*c) || *c == '%' || *c == '=')
            buf_printf(b, "%%%02X", *c);
        else
            buf_char(b, (char)*c);
    }
}

static enum rc put_detail(const struct made *m, struct buf *b, struct err *e)
{
    const struct brief_meta *meta = m->meta;
    const char *const *flags;
    size_t n_flags;
    uint8_t digest[SHA256_SIZE];
    char prompt[SHA256_HEX_SIZE], number[32];
    struct buf record, words;
    sha256(m->prompts, strlen(m->prompts), digest);
    str_hex(digest, sizeof(digest), prompt);
    buf_init(&record, MAX_DETAIL);
    buf_init(&words, MAX_DETAIL);
    buf_printf(&record, "%s/%s/%s", meta->source, meta->object, meta->record_id);
    policy_released_flags(m->released, &flags, &n_flags);
    for (size_t i = 0; i < n_flags; i++)
        buf_printf(&words, "%s%s", i ? "," : "", flags[i]);
    add_word(b, "record", record.data);
    add_word(b, "kind", purpose_name(meta->kind));
    add_word(b, "state", brief_state_name(meta->state));
    add_word(b, "policy", meta->policy_hash);
    add_word(b, "template", meta->template_hash);
    add_word(b, "model", meta->model_hash);
    if (meta->adapter_hash && *meta->adapter_hash)
        add_word(b, "adapter", meta->adapter_hash);
    add_word(b, "input", meta->input_hash);
    add_word(b, "prompt", prompt);
    add_word(b, "flags", words.data);
    snprintf(number, sizeof(number), "%zu", policy_released_dropped(m->released));
    add_word(b, "dropped", number);
    snprintf(number, sizeof(number), "%u", m->asked_again);
    add_word(b, "asked_again", number);
    if (*m->asked_for)
        add_word(b, "asked_for", m->asked_for);
    enum rc rc = buf_check(&record, "a record's id", e);
    if (rc == RC_OK)
        rc = buf_check(&words, "flags", e);
    buf_clear(&record);
    buf_clear(&words);
    return rc == RC_OK ? buf_check(b, "an audit entry", e) : rc;
}

static void member(struct buf *b, const char *key, const char *value)
{
    buf_printf(b, "%s\"%s\": ", b->len > 1 ? ", " : "", key);
    if (value)
        buf_json(b, value, strlen(value));
    else
        buf_str(b, "null");
}

static enum rc put_text(const struct made *m, struct buf *b, struct err *e)
{
    const char *const *bullets;
    size_t n;
    policy_released_bullets(m->released, &bullets, &n);
    buf_char(b, '{');
    member(b, "prompt", m->prompts);
    member(b, "subject", policy_released_subject(m->released));
    member(b, "body", policy_released_body(m->released));
    buf_str(b, ", \"bullets\": [");
    for (size_t i = 0; i < n; i++) {
        buf_str(b, i ? ", " : "");
        buf_json(b, bullets[i], strlen(bullets[i]));
    }
    buf_str(b, "]}");
    return buf_check(b, "an audit entry's content", e);
}

/* Everybody whose value stands in a slot, and the record itself. */
static enum rc put_subjects(const struct made *m, struct made_event *out, struct err *e)
{
    const struct policy_value *values;
    size_t n;
    policy_released_values(m->released, &values, &n);
    enum rc rc = policy_record_subject(m->hash_key, m->meta->source, m->meta->object, m->meta->record_id,
                                       out->record_subject, e);
    if (rc != RC_OK)
        return rc;
    out->subjects = calloc(n + 1, sizeof(*out->subjects));
    if (!out->subjects)
        return err_set(e, RC_NOMEM, "audit: out of memory");
    for (size_t i = 0; i < n; i++)
        out->subjects[i] = values[i].subject;
    out->subjects[n] = out->record_subject;
    out->content.subjects = out->subjects;
    out->content.n_subjects = n + 1;
    return RC_OK;
}

enum rc made_event_init(const struct made *m, struct made_event *out, struct err *e)
{
    memset(out, 0, sizeof(*out));
    buf_init(&out->detail, MAX_DETAIL);
    buf_init(&out->text, MAX_TEXT);
    enum rc rc = put_detail(m, &out->detail, e);
    if (rc == RC_OK && m->content)
        rc = put_text(m, &out->text, e);
    if (rc == RC_OK && m->content)
        rc = put_subjects(m, out, e);
    out->content.text = out->text.data;
    out->event = (struct audit_event){.actor = m->actor, .event = "brief.made", .detail = out->detail.data,
                                      .content = m->content ? &out->content : NULL};
    return rc;
}

void made_event_clear(struct made_event *m)
{
    buf_clear(&m->detail);
    buf_wipe(&m->text);
    free(m->subjects);
    memset(m, 0, sizeof(*m));
}
