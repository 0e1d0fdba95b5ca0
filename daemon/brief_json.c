#include "brief_json.h"

#include <string.h>
#include "cmd_common.h"

static void strings(struct buf *out, const char *key, const char *const *texts, size_t n)
{
    buf_printf(out, "%s\"%s\": [", out->len && out->data[out->len - 1] != '{' ? ", " : "", key);
    for (size_t i = 0; i < n; i++) {
        if (i)
            buf_str(out, ", ");
        buf_json(out, texts[i], strlen(texts[i]));
    }
    buf_char(out, ']');
}

static void sentences(struct buf *out, const struct store_brief *b, const struct brief_text *t)
{
    buf_str(out, ", \"sentences\": [");
    for (size_t i = 0; i < b->n_sentences; i++) {
        buf_str(out, i ? ", {" : "{");
        json_member(out, "text", t->sentences[i]);
        strings(out, "rests_on", b->sentences[i].rests_on, b->sentences[i].n_rests_on);
        buf_char(out, '}');
    }
    buf_char(out, ']');
}

static void hashes(struct buf *out, const struct brief_meta *m)
{
    buf_str(out, ", \"hashes\": {");
    json_member(out, "policy", m->policy_hash);
    json_member(out, "template", m->template_hash);
    json_member(out, "model", m->model_hash);
    json_member(out, "adapter", m->adapter_hash && *m->adapter_hash ? m->adapter_hash : NULL);
    json_member(out, "input", m->input_hash);
    buf_char(out, '}');
}

/* Everything that was written, as the store keeps it. */
static void slotted_text(struct buf *out, const struct store_brief *b)
{
    struct buf text;
    buf_init(&text, CMD_MAX_OUTPUT);
    if (b->subject)
        buf_printf(&text, "%s\n\n", b->subject);
    buf_str(&text, b->body ? b->body : "");
    for (size_t i = 0; i < b->n_bullets; i++)
        buf_printf(&text, "\n- %s", b->bullets[i]);
    json_member(out, "slotted_text", text.data);
    if (text.failed != RC_OK)
        out->failed = text.failed;
    buf_clear(&text);
}

static void first_members(struct buf *out, const struct store_brief *b)
{
    const struct brief_meta *m = &b->meta;
    char day[DATE_TEXT_SIZE], until[TIMESTAMP_TEXT_SIZE];
    date_format(m->as_of, day);
    if (b->valid_until)
        timestamp_format(b->valid_until, until);
    json_member(out, "id", b->id);
    json_member(out, "source", m->source);
    json_member(out, "object", m->object);
    json_member(out, "record_id", m->record_id);
    json_member(out, "kind", purpose_name(m->kind));
    json_member(out, "intent", m->intent);
    json_member(out, "language", b->language);
    json_member(out, "state", brief_state_name(m->state));
    json_member(out, "as_of", day);
    json_member(out, "valid_until", b->valid_until ? until : NULL);
}

void brief_json(struct buf *out, const struct store_brief *b, const struct brief_text *t,
                const struct pipeline_result *made)
{
    buf_char(out, '{');
    first_members(out, b);
    json_member(out, "subject", t->subject);
    json_member(out, "to", t->to);
    bool fields = b->meta.kind == PURPOSE_ENRICHMENT;
    json_member(out, "body", fields ? NULL : t->body);
    strings(out, "bullets", t->bullets, b->n_bullets);
    if (fields && t->body)
        buf_printf(out, ", \"fields\": %s", t->body); /* a document: the store holds no other */
    else
        json_member(out, "fields", NULL);
    sentences(out, b, t);
    strings(out, "flags", b->flags, b->n_flags);
    strings(out, "left_out", b->reasons, b->n_reasons);
    hashes(out, &b->meta);
    json_member(out, "prompt", made ? made->prompts : NULL);
    slotted_text(out, b);
    json_member_int(out, "prompt_tokens", b->meta.prompt_tokens);
    json_member_int(out, "output_tokens", b->meta.output_tokens);
    json_member_int(out, "ms", b->meta.ms);
    json_member(out, "reason", NULL);
    if (made && made->outcome == PIPELINE_MADE) {
        buf_printf(out, ", \"model_share\": %.4f", made->model_share);
        json_member_int(out, "dropped", (int64_t)made->dropped);
    } else {
        json_member(out, "model_share", NULL);
        json_member(out, "dropped", NULL);
    }
    buf_char(out, '}');
}

void brief_json_none(struct buf *out, const struct brief_none *n)
{
    static const struct brief_meta no_hashes;
    buf_char(out, '{');
    json_member(out, "id", NULL);
    json_member(out, "source", n->source);
    json_member(out, "object", n->object);
    json_member(out, "record_id", n->record_id);
    json_member(out, "kind", n->kind);
    json_member(out, "intent", n->intent);
    json_member(out, "language", n->language);
    json_member(out, "state", n->state);
    json_member(out, "as_of", n->as_of);
    json_member(out, "valid_until", NULL);
    json_member(out, "subject", NULL);
    json_member(out, "to", NULL);
    json_member(out, "body", NULL);
    strings(out, "bullets", NULL, 0);
    json_member(out, "fields", NULL);
    strings(out, "sentences", NULL, 0);
    strings(out, "flags", NULL, 0);
    strings(out, "left_out", NULL, 0);
    hashes(out, &no_hashes);
    json_member(out, "prompt", NULL);
    json_member(out, "slotted_text", NULL);
    json_member_int(out, "prompt_tokens", 0);
    json_member_int(out, "output_tokens", 0);
    json_member_int(out, "ms", 0);
    json_member(out, "reason", n->reason);
    json_member(out, "model_share", NULL);
    json_member(out, "dropped", NULL);
    buf_char(out, '}');
}

void brief_json_row(struct buf *out, const struct store_brief *b)
{
    char made[TIMESTAMP_TEXT_SIZE], changed[TIMESTAMP_TEXT_SIZE];
    timestamp_format(b->meta.made_us, made);
    timestamp_format(b->changed_us, changed);
    buf_char(out, '{');
    first_members(out, b);
    json_member(out, "owner", b->meta.owner);
    json_member(out, "team", b->meta.team);
    json_member(out, "made_at", made);
    json_member(out, "changed_at", changed);
    json_member(out, "created_by", b->meta.created_by);
    buf_printf(out, ", \"by_person\": %s}", b->by_person ? "true" : "false");
}
