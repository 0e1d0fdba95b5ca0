/* release.c: policy out: what a model composed becomes what may be stored and shown, sentence by sentence. */
#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "../base/str.h"
#include "admit.h"
#include "changes.h"
#include "checks.h"
#include "lines.h"
#include "notes.h"
#include "release.h"
#include "release_fields.h"
#include "slot_text.h"
#include "text.h"

#define TEXT_MAX_BYTES ((size_t)1 << 20)
#define MAX_RESTS_ON 8

struct release {
    const struct policy *p;
    const struct policy_admitted *a;
    const struct draft *d;
    const struct policy_keys *keys;
    struct policy_released *out;
    struct checker *checker;
    struct hash_set said; /* sentences kept so far */
    struct hash_set by_code; /* sentences that code wrote */
    struct hash_set house;   /* that people of the house wrote: judged as code's */
    struct buf text;      /* the last sentence that was kept, as it goes in */
    size_t language;
    size_t first;        /* of the body's sentences among all */
    unsigned kept, seen;
    const char *part;    /* "subject", "body", "bullets", "fields": what is being judged */
    unsigned in_part;    /* its sentences so far */
    const char *fault; /* of the last sentence that was dropped */
    bool in_bullet;
    const struct policy_node *voice; /* the note whose writer this bullet lets speak: it has said so; or NULL */
    const char *sender; /* slot, or NULL */
};

/* ---- one sentence ----------------------------------------------------------------------------------------------- */

/* "- ", "* ", "• ", "1. ", "2) " at the beginning of a line: how many bytes. */
static size_t marker(const char *text, const struct stretch *x)
{
    const char *s = text + x->start;
    size_t i = 0, n = x->end - x->start;

    for (size_t before = x->start; before > 0 && text[before - 1] != '\n'; before--)
        if (text[before - 1] != ' ') return 0;
    if (n > 3 && memcmp(s, "\xe2\x80\xa2", 3) == 0)
        i = 3;
    else if (n > 1 && strchr("-*", s[0]))
        i = 1;
    else {
        while (i < n && i < 2 && s[i] >= '0' && s[i] <= '9') i++;
        if (!i || i >= n || !strchr(".)", s[i])) return 0;
        i++;
    }
    if (i >= n || s[i] != ' ') return 0;
    while (i < n && s[i] == ' ') i++;
    return i;
}

static uint64_t said_hash(const struct tokens *t)
{
    return tokens_run(t, 0, t->n);
}

static void begin_part(struct release *r, const char *name)
{
    r->part = name;
    r->in_part = 0;
}

static enum rc drop(struct release *r, const char *check, struct err *e)
{
    char flag[64], reason[96];
    enum rc rc;

    snprintf(flag, sizeof(flag), "dropped:%s", check);
    snprintf(reason, sizeof(reason), "%s %u: %s", r->part, r->in_part, check);
    r->fault = check;
    r->voice = NULL;
    r->out->n_dropped++;
    rc = released_flag(r->out, flag, e);
    return rc == RC_OK ? released_reason(r->out, reason, e) : rc;
}

/* "closes in [DAYS_1]" is true today only. */
static void note_date(struct release *r, const struct tokens *t)
{
    const struct hash_set *derived = &checker_evidence(r->checker)->derived;

    for (size_t i = 0; i < t->n; i++)
        if (t->items[i].slot && hash_set_has(derived, t->items[i].hash))
            r->out->valid_until = ((int64_t)r->a->today + 1) * CLOCK_DAY_US;
}

static const struct policy_node *outside_item(const struct release *r, const struct policy_node *const *nodes, size_t n)
{
    const struct policy_node *item = NULL;

    for (size_t i = 0; !item && i < n; i++)
        if (nodes[i]->outside) item = notes_item_of(r->a->root, nodes[i]);
    return item;
}

/* Who says it, for a sentence that does not: the reader must not take an outsider's claim for a fact. */
static void put_attribution(struct release *r, const struct policy_node *item)
{
    struct line_note from = line_note_of(item, true);

    line_attribution(r->a->language, &from, &r->text);
    line_note_clear(&from);
}

static enum rc keep(struct release *r, const char *s, size_t n, const struct tokens *t, const struct finding *f, bool by_code,
                    struct err *e)
{
    bool summary = r->a->purpose == PURPOSE_SUMMARY;
    const struct policy_node *nodes[MAX_RESTS_ON];
    const char *paths[MAX_RESTS_ON];
    size_t found = evidence_find(checker_evidence(r->checker), t, r->language, nodes, MAX_RESTS_ON);
    const struct policy_node *item = outside_item(r, nodes, found);
    enum rc rc;

    for (size_t i = 0; i < found; i++) paths[i] = nodes[i]->path;
    buf_reset(&r->text);
    if (f->outside && summary && !(item && item == r->voice)) put_attribution(r, item);
    r->voice = r->in_bullet ? item : NULL;
    buf_add(&r->text, s, n);
    rc = buf_check(&r->text, "a sentence", e);
    if (rc == RC_OK) rc = hash_set_add(&r->said, said_hash(t), e);
    if (rc == RC_OK) rc = released_sentence(r->out, r->text.data, r->text.len, paths, found, by_code, e);
    if (rc == RC_OK && f->promise) rc = released_flag(r->out, "promise", e);
    if (rc == RC_OK && f->outside && !summary) rc = released_flag(r->out, "outside", e);
    note_date(r, t);
    return rc;
}

/* Runs the checks; *kept tells whether the sentence goes in, as r->text. counts: it uses up one of max_sentences. */
static enum rc judge(struct release *r, const char *s, size_t n, bool counts, bool *kept, struct err *e)
{
    struct finding f = {0};
    struct tokens t = {0};
    bool by_code = false, house = false;
    enum rc rc = tokens_split(s, n, &t, e);

    *kept = false;
    if (rc == RC_OK && t.n == 0) goto out; /* nothing but punctuation */
    r->seen++;
    r->in_part++;
    if (rc == RC_OK) by_code = hash_set_has(&r->by_code, said_hash(&t));
    if (rc == RC_OK) house = hash_set_has(&r->house, said_hash(&t));
    if (rc == RC_OK) rc = (by_code || house ? checker_code_sentence : checker_sentence)(r->checker, s, n, &f, e);
    if (rc == RC_OK && !f.fault && hash_set_has(&r->said, said_hash(&t))) f.fault = "repetition";
    if (rc != RC_OK) goto out;
    if (f.fault) {
        rc = drop(r, f.fault, e);
    } else if (counts && r->kept >= r->p->max_sentences) {
        rc = released_flag(r->out, "shortened", e);
    } else {
        *kept = true;
        r->kept += counts;
        rc = keep(r, s, n, &t, &f, by_code, e);
    }
out:
    tokens_clear(&t);
    return rc;
}

/* ---- texts ------------------------------------------------------------------------------------------------------ */

static const char *gap_of(const char *s, size_t from, size_t to)
{
    size_t lines = 0;

    for (size_t i = from; i < to; i++) lines += s[i] == '\n';
    return lines > 1 ? "\n\n" : lines ? "\n" : " ";
}

#define MAX_LEAD_BYTES 160

/* "[PERSON_1] wrote on [DATE_1]: We sign." begins with who says it: how many bytes, with the space; 0 without. */
static size_t lead_of(const char *s, size_t n)
{
    const char *colon = memmem(s, n < MAX_LEAD_BYTES ? n : MAX_LEAD_BYTES, ": ", 2);

    return colon ? (size_t)(colon - s) + 2 : 0;
}

/* A sentence of a bullet. As long as none was kept, each says who says it: if the first one goes, its lead stays. */
static enum rc judge_in_bullet(struct release *r, const char *s, size_t n, bool first, struct buf *lead, bool *kept, struct err *e)
{
    struct buf led;
    enum rc rc;

    *kept = false;
    if (!lead->len) {
        rc = judge(r, s, n, first, kept, e);
        if (rc == RC_OK && !*kept && first) buf_add(lead, s, lead_of(s, n));
        return rc;
    }
    buf_init(&led, TEXT_MAX_BYTES);
    buf_add(&led, lead->data, lead->len);
    buf_add(&led, s, n);
    rc = buf_check(&led, "a sentence", e);
    if (rc == RC_OK) rc = judge(r, led.data, led.len, first, kept, e);
    if (*kept) buf_reset(lead);
    buf_wipe(&led);
    return rc;
}

/* The sentences of a text that pass, with the paragraphs as they were. */
static enum rc judge_text(struct release *r, const char *text, struct buf *out, struct err *e)
{
    struct buf mended, lead;
    struct stretch x;
    size_t last = 0; /* end of the last sentence kept */
    enum rc rc;

    buf_init(&mended, TEXT_MAX_BYTES);
    buf_init(&lead, MAX_LEAD_BYTES + 16);
    (void)slot_mend(text, strlen(text), checker_knows_slot, r->checker, &mended);
    rc = buf_check(&mended, "a draft", e);
    for (size_t pos = 0; rc == RC_OK && text_sentence(mended.data, mended.len, NULL, 0, &pos, &x);) {
        bool kept;
        size_t skip = marker(mended.data, &x);
        const char *s = mended.data + x.start + skip;
        size_t n = x.end - x.start - skip;

        rc = r->in_bullet ? judge_in_bullet(r, s, n, !out->len, &lead, &kept, e) : judge(r, s, n, true, &kept, e); /* a bullet counts as one */
        if (rc != RC_OK || !kept) continue;
        if (out->len) buf_str(out, gap_of(mended.data, last, x.start));
        buf_add(out, r->text.data, r->text.len);
        last = x.end;
    }
    buf_wipe(&lead);
    buf_wipe(&mended);
    return rc == RC_OK ? buf_check(out, "a draft", e) : rc;
}

static enum rc judge_bullets(struct release *r, struct err *e)
{
    struct buf text;
    enum rc rc = RC_OK;

    buf_init(&text, TEXT_MAX_BYTES);
    for (size_t i = 0; rc == RC_OK && i < r->d->n_bullets; i++) {
        buf_reset(&text);
        r->in_bullet = true;
        r->voice = NULL;
        rc = judge_text(r, r->d->bullets[i], &text, e);
        if (rc == RC_OK && text.len) rc = released_bullet(r->out, text.data, e);
    }
    buf_wipe(&text);
    return rc;
}

/* What the record calls itself, where the model's subject cannot be used. */
static void put_record_name(const struct release *r, struct buf *out)
{
    for (const struct policy_node *m = r->a->root ? r->a->root->first : NULL; m; m = m->next) {
        if (m->kind != ADMITTED_VALUE || m->outside || (!str_eq(m->name, "name") && !str_eq(m->name, "subject")))
            continue;
        for (size_t i = 0; i < m->n_pieces; i++) buf_add(out, m->pieces[i].bytes, m->pieces[i].n);
        return;
    }
}

/* One line: a subject with a line break could smuggle another header into a mail. */
static enum rc judge_subject(struct release *r, struct err *e)
{
    const char *s = r->d->subject;
    size_t from = strspn(s, " \t\r\n"), n = strcspn(s + from, "\r\n");
    struct buf mended;
    bool kept = false;
    enum rc rc;

    buf_init(&mended, TEXT_MAX_BYTES);
    while (n > 0 && strchr(" .", s[from + n - 1])) n--;
    (void)slot_mend(s + from, n, checker_knows_slot, r->checker, &mended);
    rc = buf_check(&mended, "a subject", e);
    if (rc == RC_OK) rc = judge(r, mended.data, mended.len, false, &kept, e);
    if (rc == RC_OK && !kept) {
        buf_reset(&mended);
        put_record_name(r, &mended);
        rc = buf_check(&mended, "a subject", e);
    }
    if (rc == RC_OK && mended.len) {
        r->out->subject = arena_dup(&r->out->arena, mended.data);
        if (!r->out->subject) rc = released_no_memory(r->out, e);
    }
    buf_wipe(&mended);
    return rc;
}

/* ---- greeting and sign-off -------------------------------------------------------------------------------------- */

static bool has_part(const char *stored, const char *part)
{
    struct buf b;
    bool has;

    buf_init(&b, VAULT_MAX_VALUE_BYTES);
    has = stored_part(stored, part, &b) && b.len;
    buf_wipe(&b);
    return has;
}

static void read_person(const struct policy_admitted *a, struct greeting_person *out)
{
    const struct vault_value *v = NULL;
    size_t n = a->to_person ? strlen(a->to_person) : 0;

    *out = (struct greeting_person){.gender = a->to_gender};
    if (n > 2) v = vault_find(a->vault, a->to_person + 1, n - 2);
    if (!v) return;
    out->slot = v->slot;
    out->first = has_part(v->value, "first");
    out->last = has_part(v->value, "last");
    out->title = has_part(v->value, "title");
}

/* The sender is a slot too: no clear name is stored. Staff whom the record knows keep their slot. */
static enum rc slot_sender(struct release *r, struct err *e)
{
    const char *name = r->d->sender_name;
    const struct vault_value *v;
    struct buf key, stored, identity;
    enum rc rc;

    if (!name || !*name) return RC_OK;
    buf_init(&key, VAULT_MAX_VALUE_BYTES);
    buf_init(&stored, VAULT_MAX_VALUE_BYTES);
    buf_init(&identity, VAULT_MAX_VALUE_BYTES);
    slot_key("STAFF", name, strlen(name), &key);
    stored_name(&stored, &(struct stored_person){.full = name});
    buf_printf(&identity, "person:name:%s", key.data);
    rc = buf_check(&key, "a sender", e);
    if (rc == RC_OK) rc = buf_check(&stored, "a sender", e);
    if (rc == RC_OK) rc = buf_check(&identity, "a sender", e);
    if (rc == RC_OK) rc = vault_put(r->a->vault, "STAFF", key.data, stored.data, identity.data, &v, e);
    if (rc == RC_OK) r->sender = v->slot;
    buf_wipe(&identity);
    buf_wipe(&stored);
    buf_wipe(&key);
    return rc;
}

/* Where the person greeted stands in the record. */
static const char *path_of(const struct release *r, const char *slot)
{
    const struct evidence *ev = checker_evidence(r->checker);
    uint64_t hash = slot ? token_hash(slot, strlen(slot)) : 0;

    for (size_t i = 0; slot && i < ev->n; i++)
        if (ev->items[i].node->path && hash_set_has(&ev->items[i].has, hash)) return ev->items[i].node->path;
    return NULL;
}

/* The first word of the text behind "Sehr geehrte ...," is small, unless it is a noun or addresses somebody. */
static void lower_first(struct release *r, char *body)
{
    size_t n = 0;
    char *same = (char *)r->out->sentences[r->first].text; /* in our arena */

    while ((body[n] | 0x20) >= 'a' || (body[n] & 0x80)) n++;
    if (!n || body[0] < 'A' || body[0] > 'Z' || !greeting_lowers(body, n, r->a->language)) return;
    body[0] |= 0x20;
    same[0] |= 0x20;
}

/* The greeting comes before the sentences that are there already. */
static enum rc put_greeting(struct release *r, const struct buf *greeting, const char *path, struct err *e)
{
    struct policy_released *out = r->out;
    struct policy_sentence x;
    enum rc rc = released_sentence(out, greeting->data, greeting->len, &path, path != NULL, true, e);

    if (rc != RC_OK) return rc;
    x = out->sentences[out->n_sentences - 1];
    memmove(out->sentences + r->first + 1, out->sentences + r->first, (out->n_sentences - 1 - r->first) * sizeof(x));
    out->sentences[r->first] = x;
    return RC_OK;
}

static enum rc frame(struct release *r, struct buf *body, struct err *e)
{
    bool informal = r->p->informal[r->language];
    struct greeting_person person;
    struct buf text, greeting, sign_off;
    const char *path;
    enum rc rc = slot_sender(r, e);

    if (rc != RC_OK) return rc;
    buf_init(&text, TEXT_MAX_BYTES);
    buf_init(&greeting, 1024);
    buf_init(&sign_off, 4096);
    read_person(r->a, &person);
    path = path_of(r, person.slot);
    greeting_put(&person, r->a->language, informal, &greeting);
    greeting_sign_off(r->sender, r->d->sender_title, r->a->language, informal, &sign_off);
    if (body->len) lower_first(r, body->data);
    buf_printf(&text, "%s\n\n%s%s%s", greeting.data, body->data, body->len ? "\n\n" : "", sign_off.data);
    rc = buf_check(&text, "a draft", e);
    if (rc == RC_OK) rc = buf_check(&sign_off, "a sign-off", e);
    if (rc == RC_OK) rc = put_greeting(r, &greeting, path, e);
    if (rc == RC_OK) rc = released_sentence(r->out, sign_off.data, sign_off.len, NULL, 0, true, e);
    buf_reset(body);
    buf_add(body, text.data, text.len);
    buf_wipe(&sign_off);
    buf_wipe(&greeting);
    buf_wipe(&text);
    return rc;
}

/* ---- values ----------------------------------------------------------------------------------------------------- */

static enum rc seal_slot(void *ctx, const char *name, size_t n, struct err *e)
{
    struct release *r = ctx;
    const struct vault_value *v = vault_find(r->a->vault, name, n);
    struct buf identity;
    enum rc rc;

    if (!v) return RC_OK; /* a value's own text that looks like a slot: it stays as it is */
    buf_init(&identity, VAULT_MAX_VALUE_BYTES);
    if (*v->subject)
        buf_str(&identity, v->subject);
    else
        buf_printf(&identity, "record:%s/%s/%s", r->a->source, r->a->object, r->a->id);
    rc = buf_check(&identity, "a subject", e);
    if (rc == RC_OK)
        rc = released_seal(r->out, r->keys, &(struct seal_input){v->slot, v->key, v->value, identity.data, NULL}, e);
    buf_wipe(&identity);
    return rc;
}

/* For the next brief, which tells what changed since this one. */
static enum rc seal_snapshot(struct release *r, struct err *e)
{
    struct buf stored, identity;
    enum rc rc;

    buf_init(&stored, VAULT_MAX_VALUE_BYTES + TEXT_MAX_BYTES);
    buf_init(&identity, VAULT_MAX_VALUE_BYTES);
    stored_text(&stored, r->a->snapshot, strlen(r->a->snapshot));
    buf_printf(&identity, "record:%s/%s/%s", r->a->source, r->a->object, r->a->id);
    rc = buf_check(&stored, "a snapshot", e);
    if (rc == RC_OK) rc = buf_check(&identity, "a subject", e);
    if (rc == RC_OK) rc = released_seal(r->out, r->keys, &(struct seal_input){SNAPSHOT_SLOT, stored.data, stored.data, identity.data, NULL}, e);
    buf_wipe(&identity);
    buf_wipe(&stored);
    return rc == RC_REFUSED ? RC_OK : rc; /* its key was erased: the next brief tells no changes */
}

/* ---- the front -------------------------------------------------------------------------------------------------- */

static enum rc refuse(const struct release *r, struct err *e)
{
    if (!r->fault) return err_set(e, RC_REFUSED, "policy: the model wrote nothing that could be used");
    return err_set(e, RC_REFUSED, "policy: nothing usable is left of %u sentences: the check '%s' dropped the last one",
                   r->seen, r->fault);
}

/* ---- strings of fields ------------------------------------------------------------------------------------------ */

/* Runs of one sign that people write: "...", "--", "!!". */
static bool is_run(char c, size_t n)
{
    return n == 1 || (c == '.' && n == 3) || (c == '-' && n == 2) || (strchr("!?", c) && n <= 3);
}

/* A sentence's tail: it ends like a sentence and begins in the middle of one. */
static bool is_tail(const char *s)
{
    unsigned cp = 0;

    if (!strchr(".!?", s[strlen(s) - 1])) return false;
    utf8_decode(s, strlen(s), &cp);
    return text_is_letter(cp) && !text_is_upper(cp);
}

/* Is it no text but a piece of one, or signs? It begins with what only goes on or ends ("); and then"), has a bracket
 * without the other one, or the same sign again and again: a model that finds no end to a string fills it so. */
static bool is_broken(const char *s)
{
    int open = 0;

    if (!*s || strchr(",;:.!?)]}|/\\_=", *s)) return true;
    for (; *s; s++) {
        size_t n = 1;

        open += (*s == '(') - (*s == ')');
        if (open < 0) return true;
        if (!ispunct((unsigned char)*s)) continue;
        while (s[n] == *s) n++;
        if (!strchr("()[]", *s) && !is_run(*s, n)) return true;
        if (!strchr("()[]", *s)) s += n - 1;
    }
    return open > 0;
}

/* The text of a string in slots, without white space around it; one that was cut off at the longest that it may be ends with
 * its last whole sentence. False: it is none. */
static bool read_string(const struct checker *c, const char *text, bool cut, struct buf *out)
{
    size_t from = strspn(text, " \t\n"), n = strlen(text);

    while (n > from && strchr(" \t\n", text[n - 1])) n--;
    while (cut && n > from && !strchr(".!?", text[n - 1])) n--;
    (void)slot_mend(text + from, n - from, checker_knows_slot, (void *)c, out);
    if (out->failed || !out->len || is_broken(out->data)) return false;
    return !is_tail(out->data) || checker_quotes(c, out->data, out->len);
}

/* One string of the fields: all its sentences must pass, or it goes. */
static enum rc judge_field(void *ctx, const char *text, bool cut, struct buf *out, bool *kept, struct err *e)
{
    struct release *r = ctx;
    size_t before = r->out->n_sentences;
    struct stretch x;
    enum rc rc;

    *kept = read_string(r->checker, text, cut, out);
    rc = buf_check(out, "a field", e);
    if (rc == RC_OK && !*kept) {
        r->seen++;
        r->in_part++;
        return drop(r, "syntax", e);
    }
    for (size_t pos = 0; rc == RC_OK && *kept && text_sentence(out->data, out->len, NULL, 0, &pos, &x);)
        rc = judge(r, out->data + x.start, x.end - x.start, false, kept, e);
    if (!*kept) r->out->n_sentences = before;
    return rc;
}

static enum rc compose_fields(struct release *r, struct err *e)
{
    char *text = NULL;
    enum rc rc;

    begin_part(r, "fields");
    rc = fields_release(r->d, judge_field, r, &text, e);

    if (rc == RC_OK) {
        r->out->body = arena_dup(&r->out->arena, text);
        if (!r->out->body) rc = released_no_memory(r->out, e);
    }
    free(text);
    return rc;
}

static enum rc compose(struct release *r, struct err *e)
{
    struct buf body;
    enum rc rc;

    buf_init(&body, TEXT_MAX_BYTES);
    begin_part(r, "subject");
    rc = r->d->subject ? judge_subject(r, e) : RC_OK;
    r->first = r->out->n_sentences;
    begin_part(r, "body");
    if (rc == RC_OK) rc = judge_text(r, r->d->body ? r->d->body : "", &body, e);
    begin_part(r, "bullets");
    if (rc == RC_OK) rc = judge_bullets(r, e);
    if (rc == RC_OK && !r->kept) rc = refuse(r, e);
    if (rc == RC_OK && r->d->greeting_to) rc = frame(r, &body, e);
    if (rc == RC_OK) rc = buf_check(&body, "a draft", e);
    if (rc == RC_OK) {
        r->out->body = arena_dup(&r->out->arena, body.data);
        if (!r->out->body) rc = released_no_memory(r->out, e);
    }
    buf_wipe(&body);
    return rc;
}

static enum rc add_sentences(struct hash_set *to, const char *text, size_t n, struct err *e)
{
    struct stretch x;
    enum rc rc = RC_OK;

    for (size_t pos = 0; rc == RC_OK && text_sentence(text, n, NULL, 0, &pos, &x);) {
        struct tokens t;
        size_t skip = marker(text, &x);

        rc = tokens_split(text + x.start + skip, x.end - x.start - skip, &t, e);
        if (rc != RC_OK) break;
        rc = hash_set_add(to, said_hash(&t), e);
        tokens_clear(&t);
    }
    return rc;
}

/* Lines that code wrote about the record: a model may copy one as it stands. */
static enum rc add_lines(struct release *r, const struct policy_node *node, struct err *e)
{
    enum rc rc = RC_OK;

    if (node->kind == ADMITTED_VALUE && node->told && str_eq(node->name, "line")) {
        buf_reset(&r->text);
        for (size_t i = 0; i < node->n_pieces; i++) buf_add(&r->text, node->pieces[i].bytes, node->pieces[i].n);
        rc = buf_check(&r->text, "a line", e);
        return rc == RC_OK ? add_sentences(&r->by_code, r->text.data, r->text.len, e) : rc;
    }
    for (const struct policy_node *m = node->kind == ADMITTED_VALUE ? NULL : node->first; rc == RC_OK && m; m = m->next)
        rc = add_lines(r, m, e);
    return rc;
}

static enum rc note_code(struct release *r, struct err *e)
{
    enum rc rc = r->d->by_code ? add_sentences(&r->by_code, r->d->by_code, strlen(r->d->by_code), e) : RC_OK;

    if (rc == RC_OK && r->d->house) rc = add_sentences(&r->house, r->d->house, strlen(r->d->house), e);
    return rc == RC_OK && r->a->root ? add_lines(r, r->a->root, e) : rc;
}

enum rc policy_release(const struct policy *p, const struct policy_admitted *a, const struct draft *d,
                       const struct policy_keys *keys, struct policy_released **out, struct err *e)
{
    struct release r = {.p = p, .a = a, .d = d, .keys = keys, .language = policy_language_index(a->language)};
    enum rc rc = released_open(a->language, &r.out, e);

    buf_init(&r.text, TEXT_MAX_BYTES);
    if (rc == RC_OK) rc = checker_open(p, a, d->prompt, d->instructions, &r.checker, e);
    if (rc == RC_OK) rc = note_code(&r, e);
    if (rc == RC_OK) rc = released_flag(r.out, "machine-written", e);
    if (rc == RC_OK && a->suspicious) rc = released_flag(r.out, "instructions", e);
    if (rc == RC_OK) rc = d->fields_fit ? compose_fields(&r, e) : compose(&r, e);
    if (rc == RC_OK && a->purpose == PURPOSE_EMAIL && a->to_email) {
        r.out->to = arena_dup(&r.out->arena, a->to_email);
        if (!r.out->to) rc = released_no_memory(r.out, e);
    }
    if (rc == RC_OK) rc = released_slots(r.out, seal_slot, &r, e);
    if (rc == RC_OK && a->snapshot) rc = seal_snapshot(&r, e);
    if (rc == RC_OK) {
        *out = r.out;
        r.out = NULL;
    }
    buf_wipe(&r.text);
    hash_set_clear(&r.by_code);
    hash_set_clear(&r.house);
    hash_set_clear(&r.said);
    checker_close(r.checker);
    policy_released_close(r.out);
    return rc;
}

/* ---- before that: is it worth asking again? --------------------------------------------------------------------- */

struct judging {
    struct checker *checker;
    struct policy_judged *out;
    bool has_house;
    struct hash_set house;
};

/* Is the sentence in the set? */
static enum rc is_one_of(const struct hash_set *set, const char *s, size_t n, bool *yes, struct err *e)
{
    struct tokens t = {0};
    enum rc rc = tokens_split(s, n, &t, e);

    *yes = rc == RC_OK && hash_set_has(set, said_hash(&t));
    tokens_clear(&t);
    return rc;
}

static void count_sentence(const struct judging *j, const char *fault)
{
    j->out->good += !fault;
    j->out->bad += fault != NULL;
    if (!j->out->fault) j->out->fault = fault;
}

static enum rc judge_sentences(const struct judging *j, const struct buf *text, struct err *e)
{
    struct stretch x;
    enum rc rc = RC_OK;

    for (size_t pos = 0; rc == RC_OK && text_sentence(text->data, text->len, NULL, 0, &pos, &x);) {
        size_t skip = marker(text->data, &x);
        struct finding f = {0};
        const char *s = text->data + x.start + skip;
        size_t n = x.end - x.start - skip;
        bool house = false;

        if (j->has_house) rc = is_one_of(&j->house, s, n, &house, e);
        if (rc == RC_OK) rc = (house ? checker_code_sentence : checker_sentence)(j->checker, s, n, &f, e);
        if (rc == RC_OK) count_sentence(j, f.fault);
    }
    return rc;
}

/* As judge_field(), without keeping anything. */
static enum rc judge_string(void *ctx, const char *text, bool cut, struct buf *out, bool *kept, struct err *e)
{
    struct judging *j = ctx;
    struct policy_judged of_string = {0}, *all = j->out;
    bool whole = read_string(j->checker, text, cut, out);
    enum rc rc = buf_check(out, "a field", e);

    j->out = &of_string;
    if (rc == RC_OK && !whole) of_string.fault = "syntax";
    if (rc == RC_OK && !of_string.fault) rc = judge_sentences(j, out, e);
    j->out = all;
    *kept = !of_string.fault;
    if (rc == RC_OK) count_sentence(j, of_string.fault);
    return rc;
}

static enum rc judge_answer(const struct draft *d, struct judging *j, struct err *e)
{
    struct buf mended;
    enum rc rc;

    if (d->fields_fit) {
        rc = fields_judge(d, judge_string, j, e);
    } else {
        buf_init(&mended, TEXT_MAX_BYTES);
        (void)slot_mend(d->body, strlen(d->body), checker_knows_slot, j->checker, &mended);
        rc = buf_check(&mended, "an answer", e);
        if (rc == RC_OK) rc = judge_sentences(j, &mended, e);
        buf_wipe(&mended);
    }
    return rc;
}

void policy_judge(const struct policy *p, const struct policy_admitted *a, const struct draft *d, struct policy_judged *out)
{
    struct judging j = {.out = out};
    enum rc rc = checker_open(p, a, d->prompt, d->instructions, &j.checker, NULL);

    *out = (struct policy_judged){0};
    j.has_house = d->house != NULL;
    if (rc == RC_OK && d->house) rc = add_sentences(&j.house, d->house, strlen(d->house), NULL);
    if (rc == RC_OK) rc = judge_answer(d, &j, NULL);
    if (rc != RC_OK) out->fault = rc == RC_NOMEM ? "out of memory" : rc == RC_BAD ? "syntax" : "length";
    hash_set_clear(&j.house);
    checker_close(j.checker);
}

enum rc policy_fields_mend(const struct policy *p, const struct policy_admitted *a, const struct draft *d, const char *again, char **text,
                           struct err *e)
{
    struct policy_judged judged = {0};
    struct judging j = {.out = &judged};
    enum rc rc = checker_open(p, a, d->prompt, d->instructions, &j.checker, e);

    if (rc == RC_OK) rc = fields_mend(d, again, judge_string, &j, text, e);
    checker_close(j.checker);
    return rc;
}
