/* cmd_audit_report.c: `briefctl audit report`: what the chain says of a period or of one brief, for people (Markdown) and
 * for machines (JSON). It holds what the chain holds, ids, hashes and codes, and the paths of fields: no content. */
#include "cmd_audit.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include "../base/str.h"
#include "audit_facts.h"

#define MAX_PATHS 256 /* fields of one brief; the rest is only counted */

struct report {
    struct cmd *c;
    const struct audit_period *period;
    const char *brief;           /* or NULL */
    struct audit_facts facts;
    int64_t now_us;
    bool holds;                  /* the chain */
    struct err why;              /* it doesn't */
    struct store_audit_facts chain;
    char closing[AUDIT_CHECKPOINT_SIZE]; /* "" for an empty chain */
    char public_key[2 * ED25519_PUBLIC_SIZE + 1];
    struct buf md, json;
};

/* ---- small pieces ------------------------------------------------------------------------------------------------ */

static const char *time_text(int64_t us, char out[TIMESTAMP_TEXT_SIZE])
{
    timestamp_format(us, out);
    out[10] = ' ';
    out[19] = '\0';
    return out;
}

/* A cell of a Markdown table: what would end it is escaped. */
static void cell(struct buf *b, const char *text)
{
    buf_char(b, ' ');
    for (const char *c = text; *c; c++) {
        if (strchr("|\\`*_<>[]", *c))
            buf_char(b, '\\');
        buf_char(b, *c == '\n' ? ' ' : *c);
    }
    buf_str(b, " |");
}

static void cell_time(struct buf *b, int64_t us)
{
    char at[TIMESTAMP_TEXT_SIZE];
    buf_printf(b, " %s |", time_text(us, at));
}

static void row(struct buf *b, const struct audit_entry *x, bool object)
{
    buf_printf(b, "| %lld |", (long long)x->seq);
    cell_time(b, x->at_us);
    cell(b, x->actor);
    cell(b, x->event);
    if (object)
        cell(b, x->object);
    cell(b, x->outcome);
    cell(b, x->detail);
    buf_char(b, '\n');
}

static void heading(struct buf *b, bool object)
{
    buf_printf(b, "\n| entry | at (UTC) | who | what |%s outcome | detail |\n|---|---|---|---|%s---|---|\n",
               object ? " of what |" : "", object ? "---|" : "");
}

static void json_time(struct buf *b, const char *key, int64_t us)
{
    char at[TIMESTAMP_TEXT_SIZE];
    timestamp_format(us, at);
    json_member(b, key, us ? at : NULL);
}

static void json_entry(struct buf *b, const struct audit_entry *x)
{
    buf_char(b, '{');
    json_member_int(b, "seq", x->seq);
    json_time(b, "at", x->at_us);
    json_member(b, "actor", x->actor);
    json_member(b, "event", x->event);
    json_member(b, "object", x->object);
    json_member(b, "outcome", x->outcome);
    json_member(b, "detail", x->detail);
    buf_char(b, '}');
}

static void json_list(struct buf *b, const char *key, const struct fact_list *l)
{
    buf_printf(b, ", \"%s\": [", key);
    for (const struct fact *f = l->first; f; f = f->next) {
        json_entry(b, &f->entry);
        buf_str(b, f->next ? ", " : "");
    }
    buf_char(b, ']');
}

/* ---- verification and rules --------------------------------------------------------------------------------------- */

static enum rc look_at_chain(struct report *r, struct err *e)
{
    struct audit_checkpoint closing;
    int64_t last = 0;
    enum rc rc = store_audit_verify(r->c->store, &last, &r->why);
    if (rc != RC_OK && rc != RC_BAD)
        return err_set(e, rc, "%s", r->why.msg);
    r->holds = rc == RC_OK;
    rc = store_audit_checkpoint(r->c->store, &closing, e);
    if (rc == RC_OK)
        audit_checkpoint_format(&closing, r->closing);
    else if (rc == RC_REFUSED || rc == RC_BAD) /* an empty chain has none, a broken one gets none */
        rc = RC_OK;
    str_hex(keyring_signing_key(app_keys(r->c->app))->public_key, ED25519_PUBLIC_SIZE, r->public_key);
    return rc == RC_OK ? store_audit_facts(r->c->store, &r->chain, e) : rc;
}

static void put_verification(struct report *r)
{
    const struct store_audit_facts *f = &r->chain;
    struct buf *m = &r->md, *j = &r->json;
    buf_str(m, "\n## Verification\n\n");
    if (r->holds)
        buf_printf(m, "The chain holds: entries %lld to %lld, none changed, removed, reordered or cut; %lld signed checkpoints; every kept "
                   "document has its hash.\n", (long long)f->first, (long long)f->last, (long long)f->checkpoints);
    else
        buf_printf(m, "**The chain does not hold: %s**\n", r->why.msg);
    if (f->base.seq)
        buf_printf(m, "\nRetention removed the entries up to %lld; what is left begins at a signed base.\n", (long long)f->base.seq);
    buf_printf(m, "\nClosing checkpoint (Ed25519, public key %s):\n\n    %s\n", r->public_key, *r->closing ? r->closing : "none");
    buf_printf(j, ", \"verification\": {\"ok\": %s", r->holds ? "true" : "false");
    json_member(j, "reason", r->holds ? NULL : r->why.msg);
    json_member_int(j, "first", f->first);
    json_member_int(j, "last", f->last);
    json_member_int(j, "checkpoints", f->checkpoints);
    json_member(j, "closing_checkpoint", *r->closing ? r->closing : NULL);
    json_member(j, "public_key", r->public_key);
    buf_char(j, '}');
}

static void put_rules(struct report *r)
{
    struct buf *m = &r->md, *j = &r->json;
    char at[TIMESTAMP_TEXT_SIZE];
    buf_str(m, "\n## Rules in force\n\nEach is kept: `briefctl policy show HASH`; a model's hash shows its card.\n\n"
               "| what | name | from (UTC) | until | SHA-256 |\n|---|---|---|---|---|\n");
    buf_str(j, ", \"in_force\": [");
    for (size_t i = 0; i < r->facts.n_loaded; i++) {
        const struct fact_loaded *l = &r->facts.loaded[i];
        buf_char(m, '|');
        cell(m, l->what);
        cell(m, l->name);
        cell_time(m, l->at_us);
        cell(m, l->until_us ? time_text(l->until_us, at) : "");
        cell(m, l->hash);
        buf_char(m, '\n');
        buf_str(j, i ? ", {" : "{");
        json_member(j, "what", l->what);
        json_member(j, "name", l->name);
        json_member(j, "sha256", l->hash);
        json_time(j, "from", l->at_us);
        json_time(j, "until", l->until_us);
        buf_char(j, '}');
    }
    buf_char(j, ']');
}

/* ---- a brief ------------------------------------------------------------------------------------------------------ */

struct paths {
    const char *all[MAX_PATHS];
    size_t n;
};

static void add_path(struct paths *p, const char *path)
{
    for (size_t i = 0; i < p->n; i++)
        if (str_eq(p->all[i], path))
            return;
    if (p->n < MAX_PATHS)
        p->all[p->n++] = path;
}

/* Its fields, while the store has the brief; retention may have taken it, the chain stays. */
static enum rc open_brief(struct report *r, const char *id, struct store_brief **b, struct paths *p, struct err *e)
{
    enum rc rc = store_brief_get(r->c->store, id, b, e);
    for (size_t i = 0; rc == RC_OK && i < (*b)->n_sentences; i++)
        for (size_t k = 0; k < (*b)->sentences[i].n_rests_on; k++)
            add_path(p, (*b)->sentences[i].rests_on[k]);
    return rc == RC_REFUSED ? RC_OK : rc;
}

static const char *const words[] = {"record", "kind", "state", "policy", "template", "model", "input", "prompt", "flags",
                                    "dropped", "asked_again", "asked_for", "content"};
static const char *const meanings[] = {"made from", "kind", "state when made", "policy", "template", "model", "input (keyed hash)",
                                       "prompt", "checks say", "sentences that checks took out", "answers asked for again",
                                       "because of the checks", "content kept, sealed"};
_Static_assert(COUNT_OF(words) == COUNT_OF(meanings), "a meaning for each word");

static void json_paths(struct buf *j, const struct paths *p)
{
    buf_str(j, ", \"rests_on\": [");
    for (size_t i = 0; i < p->n; i++) {
        buf_str(j, i ? ", " : "");
        buf_json(j, p->all[i], strlen(p->all[i]));
    }
    buf_char(j, ']');
}

static void put_brief(struct report *r, const struct fact_made *f, const struct store_brief *b, const struct paths *p)
{
    struct buf *m = &r->md, *j = &r->json;
    const char *state = b ? brief_state_name(b->meta.state) : "no longer kept";
    char at[TIMESTAMP_TEXT_SIZE];
    buf_printf(m, "\n### %s\n\n| | |\n|---|---|\n| made at (UTC) | %s, entry %lld |\n| made by |", f->id, time_text(f->made.at_us, at),
               (long long)f->made.seq);
    cell(m, f->made.actor);
    buf_printf(m, "\n| state now | %s |\n", state);
    buf_char(j, '{');
    json_member(j, "id", f->id);
    json_member_int(j, "seq", f->made.seq);
    json_time(j, "made_at", f->made.at_us);
    json_member(j, "made_by", f->made.actor);
    json_member(j, "state_now", b ? state : NULL);
    for (size_t i = 0; i < COUNT_OF(words); i++) {
        const char *value = audit_word(&r->facts.arena, f->made.detail, words[i]);
        json_member(j, words[i], value);
        if (!value)
            continue;
        buf_printf(m, "| %s |", meanings[i]);
        cell(m, value);
        buf_char(m, '\n');
    }
    buf_str(m, "| rests on |");
    for (size_t i = 0; i < p->n; i++)
        buf_printf(m, "%s`%s`", i ? ", " : " ", p->all[i]);
    buf_str(m, " |\n");
    json_paths(j, p);
    json_list(j, "events", &f->events);
    buf_char(j, '}');
    if (f->events.n)
        heading(m, false);
    for (const struct fact *x = f->events.first; x; x = x->next)
        row(m, &x->entry, false);
}

static enum rc put_briefs(struct report *r, struct err *e)
{
    enum rc rc = RC_OK;
    buf_str(&r->md, "\n## Briefs\n");
    buf_str(&r->json, ", \"briefs\": [");
    for (size_t i = 0; rc == RC_OK && i < r->facts.n_made; i++) {
        struct store_brief *b = NULL;
        struct paths p = {.n = 0};
        rc = open_brief(r, r->facts.made[i].id, &b, &p, e);
        buf_str(&r->json, i ? ", " : "");
        if (rc == RC_OK)
            put_brief(r, &r->facts.made[i], b, &p);
        store_brief_close(b);
    }
    buf_char(&r->json, ']');
    return rc;
}

/* ---- the whole ---------------------------------------------------------------------------------------------------- */

static size_t count(const struct audit_facts *f, const char *event, const char *outcome)
{
    size_t n = 0;
    for (size_t i = 0; i < f->n_made; i++)
        for (const struct fact *x = f->made[i].events.first; x; x = x->next)
            n += str_eq(x->entry.event, event) && (!outcome || str_eq(x->entry.outcome, outcome));
    return n;
}

static size_t auto_approved(struct audit_facts *f)
{
    size_t n = 0;
    for (size_t i = 0; i < f->n_made; i++)
        n += str_eq(audit_word(&f->arena, f->made[i].made.detail, "state"), "approved");
    return n;
}

static void put_totals(struct report *r)
{
    struct audit_facts *f = &r->facts;
    const struct {
        const char *key, *text;
        size_t n;
    } t[] = {{"made", "briefs made", f->n_made},
             {"approved_by_policy", "approved by the policy when made", auto_approved(f)},
             {"approved", "approved by a person", count(f, "brief.approved", NULL)},
             {"edited", "edited by a person", count(f, "brief.edited", NULL)},
             {"rejected", "rejected by a person", count(f, "brief.rejected", NULL)},
             {"written", "written back", count(f, "write_back.ended", "written")},
             {"revealed", "times one was shown in clear", count(f, "reveal", NULL)},
             {"refused", "requests refused", f->refused.n}};
    buf_str(&r->md, "\n## In numbers\n\n| | |\n|---|---|\n");
    buf_str(&r->json, ", \"totals\": {");
    for (size_t i = 0; i < COUNT_OF(t); i++) {
        buf_printf(&r->md, "| %s | %zu |\n", t[i].text, t[i].n);
        json_member_int(&r->json, t[i].key, (int64_t)t[i].n);
    }
    buf_char(&r->json, '}');
}

static void put_list(struct report *r, const char *title, const char *key, const struct fact_list *l)
{
    buf_printf(&r->md, "\n## %s\n", title);
    if (l->n)
        heading(&r->md, true);
    else
        buf_str(&r->md, "\nNone.\n");
    for (const struct fact *x = l->first; x; x = x->next)
        row(&r->md, &x->entry, true);
    json_list(&r->json, key, l);
}

static void put_title(struct report *r)
{
    char at[TIMESTAMP_TEXT_SIZE];
    const struct audit_period *p = r->period;
    buf_str(&r->md, "# Audit report");
    if (r->brief)
        buf_printf(&r->md, " on brief %s", r->brief);
    if (p->from || p->to)
        buf_printf(&r->md, ", %s to %s", p->from ? p->from : "the beginning", p->to ? p->to : "now");
    buf_printf(&r->md, "\n\nMade %s UTC by %s. Times are UTC. Ids, hashes and codes only: no text of a record or brief.\n",
               time_text(r->now_us, at), r->c->actor);
    buf_char(&r->json, '{');
    json_member_int(&r->json, "briefd_audit_report", 1);
    json_member(&r->json, "from", p->from);
    json_member(&r->json, "to", p->to);
    json_member(&r->json, "brief", r->brief);
    json_time(&r->json, "made_at", r->now_us);
    json_member(&r->json, "made_by", r->c->actor);
}

static enum rc compose(struct report *r, struct err *e)
{
    put_title(r);
    put_verification(r);
    if (!r->brief)
        put_totals(r);
    put_rules(r);
    enum rc rc = put_briefs(r, e);
    if (!r->brief) {
        put_list(r, "Refusals", "refusals", &r->facts.refused);
        put_list(r, "Everything else", "other", &r->facts.other);
    }
    buf_str(&r->json, "}\n");
    if (rc == RC_OK)
        rc = buf_check(&r->md, "the report", e);
    return rc == RC_OK ? buf_check(&r->json, "the report", e) : rc;
}

static enum rc write_file(const char *prefix, const char *suffix, const struct buf *b, struct err *e)
{
    char *path = NULL;
    enum rc rc = RC_OK;
    if (asprintf(&path, "%s.%s", prefix, suffix) < 0)
        return err_set(e, RC_NOMEM, "out of memory");
    int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
    FILE *f = fd >= 0 ? fdopen(fd, "w") : NULL;
    if (!f)
        rc = err_sys(e, RC_BAD, errno, "report: %s", path);
    else if (fwrite(b->data, 1, b->len, f) != b->len)
        rc = err_sys(e, RC_BAD, errno, "report: write %s", path);
    if (f && fclose(f) != 0 && rc == RC_OK)
        rc = err_sys(e, RC_BAD, errno, "report: write %s", path);
    free(path);
    return rc;
}

/* That it was made, and of what bytes the JSON file is: a report that was changed later does not fit the chain. */
static enum rc note(struct report *r, struct err *e)
{
    uint8_t digest[SHA256_SIZE];
    char hash[SHA256_HEX_SIZE], detail[128];
    sha256(r->json.data, r->json.len, digest);
    str_hex(digest, sizeof(digest), hash);
    snprintf(detail, sizeof(detail), "json=%s", hash);
    return cmd_audit(r->c, "audit.reported", r->brief, NULL, detail, e);
}

int audit_report(struct cmd *c, const struct audit_period *p, const char *brief, const char *prefix)
{
    struct report r = {.c = c, .period = p, .brief = brief, .now_us = store_now_us(c->store)};
    struct err e = {""};
    buf_init(&r.md, CMD_MAX_OUTPUT);
    buf_init(&r.json, CMD_MAX_OUTPUT);
    enum rc rc = look_at_chain(&r, &e);
    if (rc == RC_OK)
        rc = audit_facts_gather(c->store, p->from_us, p->to_us, brief, &r.facts, &e);
    if (rc == RC_OK && brief && r.facts.n_made == 0)
        rc = err_set(&e, RC_REFUSED, "the chain knows no brief %.40s in this period", brief);
    if (rc == RC_OK)
        rc = compose(&r, &e);
    if (rc == RC_OK)
        rc = write_file(prefix, "md", &r.md, &e);
    if (rc == RC_OK)
        rc = write_file(prefix, "json", &r.json, &e);
    if (rc == RC_OK)
        rc = note(&r, &e);
    if (rc == RC_OK)
        printf("%s.md, %s.json: %zu briefs, %zu refusals; the chain %s\n", prefix, prefix, r.facts.n_made, r.facts.refused.n,
               r.holds ? "holds" : "DOES NOT HOLD");
    bool holds = r.holds;
    audit_facts_clear(&r.facts);
    buf_clear(&r.md);
    buf_clear(&r.json);
    if (rc != RC_OK)
        return cmd_fail_state(rc, &e);
    int code = cmd_end_output();
    return code == EXIT_DONE && !holds ? EXIT_FAILED : code;
}
