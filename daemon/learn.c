#include "learn.h"

#include <stdlib.h>
#include <string.h>
#include "../base/str.h"

#define MOST_GREETING_WORDS 4

struct learning { /* from one brief */
    const struct pipeline *p;
    const struct store_brief *brief;
    const struct pipeline_view *view;
    struct lessons *out;
    size_t index;
    bool same_record;
    enum learned fate;
};

void lessons_clear(struct lessons *l)
{
    arena_wipe(&l->arena);
    free(l->all);
    free(l->said);
    *l = (struct lessons){0};
}

static enum rc no_memory(struct err *e)
{
    return err_set(e, RC_NOMEM, "training: out of memory");
}

/* ---- the answer ------------------------------------------------------------------------------------------------------ */

static const char *skip_space(const char *s)
{
    return s + strspn(s, " \t\r\n");
}

static size_t trimmed_length(const char *s, size_t n)
{
    while (n > 0 && strchr(" \t\r\n", s[n - 1]))
        n--;
    return n;
}

/* Of the paragraph that begins at s, white space at its end aside. */
static size_t paragraph_length(const char *s, size_t n)
{
    const char *end = memmem(s, n, "\n\n", 2);
    return trimmed_length(s, end ? (size_t)(end - s) : n);
}

static bool ends_sentence(const char *s, size_t n)
{
    return n > 0 && strchr(".?!", s[n - 1]) != NULL;
}

/* A letter between its greeting and its sign-off, which code writes: paragraphs at its ends that are no sentences. */
static void without_frame(const char **text, size_t *n)
{
    const char *from = skip_space(*text), *end = from + trimmed_length(from, strlen(from));
    for (size_t len; from < end && !ends_sentence(from, len = paragraph_length(from, (size_t)(end - from)));)
        from = skip_space(from + len);
    while (from < end && !ends_sentence(from, (size_t)(end - from))) {
        const char *last = end;
        while (last - from >= 2 && memcmp(last - 2, "\n\n", 2) != 0)
            last--;
        end = from + trimmed_length(from, last - from >= 2 ? (size_t)(last - from) : 0);
    }
    *text = from;
    *n = from < end ? (size_t)(end - from) : 0;
}

/* "Hi [PERSON_1:first], thanks ...": a greeting in the line of the first sentence. */
static const char *without_greeting(const char *s, size_t n)
{
    const char *comma = memchr(s, ',', n), *person = memmem(s, n, "[PERSON_", 8);
    size_t words = 0;
    for (const char *at = s; comma && at < comma; at++)
        words += *at == ' ';
    return comma && person && person < comma && words <= MOST_GREETING_WORDS ? skip_space(comma + 1) : s;
}

/* One line, unless the step writes several. */
static char *one_line(const char *s, size_t n, bool lines)
{
    char *out = strndup(s, n);
    size_t to = 0;
    for (size_t i = 0; out && !lines && out[i]; i++) {
        bool space = strchr(" \t\r\n", out[i]) != NULL;
        if (space && to > 0 && out[to - 1] == ' ')
            continue;
        out[to++] = space ? ' ' : out[i];
    }
    if (out && !lines)
        out[to] = '\0';
    return out;
}

static void raise_first(char *s)
{
    unsigned char *c = (unsigned char *)s;
    if (c[0] >= 'a' && c[0] <= 'z')
        c[0] = (unsigned char)(c[0] - 'a' + 'A');
    else if (c[0] == 0xC3 && c[1] >= 0xA0 && c[1] <= 0xBE) /* the small letters of Latin-1 */
        c[1] = (unsigned char)(c[1] - 0x20);
}

/* The bullet that begins with the lead; NULL: a person took it out. */
static const char *bullet_of(const struct store_brief *b, const char *lead)
{
    for (size_t i = 0; *lead && i < b->n_bullets; i++)
        if (str_starts(b->bullets[i], lead))
            return b->bullets[i];
    return NULL;
}

/* What the brief has in the place of this call's words; *out NULL: nothing. */
static enum rc answer_of(const struct learning *l, const struct write_call *c, char **out, struct err *e)
{
    const struct store_brief *b = l->brief;
    enum template_part part = template_step_part(l->view->template, c->step);
    const char *from = NULL;
    size_t n = 0;
    *out = NULL;
    if (part == PART_BULLETS && c->about->copy)
        from = bullet_of(b, c->lead);
    else if (part == PART_SUBJECT && !c->about->each)
        from = b->subject;
    else if (part == PART_BODY && !c->about->each && b->meta.kind == PURPOSE_ENRICHMENT)
        from = b->body;
    else if (part == PART_BODY && !c->about->each)
        from = b->body;
    n = from ? trimmed_length(from, strlen(from)) : 0;
    bool letter = from && part == PART_BODY && b->meta.kind == PURPOSE_EMAIL;
    if (letter) {
        without_frame(&from, &n);
        const char *body = without_greeting(from, n);
        n -= (size_t)(body - from);
        from = body;
    }
    if (n == 0)
        return RC_OK;
    *out = one_line(from, n, c->about->lines || b->meta.kind == PURPOSE_ENRICHMENT);
    if (*out && letter)
        raise_first(*out); /* behind a German greeting's comma it was made small */
    return *out ? RC_OK : no_memory(e);
}

/* ---- does it hold? ---------------------------------------------------------------------------------------------------- */

static bool lets_through(const struct constraint *c, const char *text)
{
    struct constraint_state s;
    if (!c)
        return true;
    constraint_start(c, &s);
    for (; *text; text++)
        if (!constraint_step(c, &s, (uint8_t)*text))
            return false;
    return constraint_accepts(c, &s);
}

static const struct policy_value *value_of(const struct policy_value *values, size_t n, const char *slot)
{
    for (size_t i = 0; i < n; i++)
        if (str_eq(values[i].slot, slot))
            return &values[i];
    return NULL;
}

/* Do the slots of the text stand for what they stood for when the brief was made? */
static enum rc same_values(const struct learning *l, const char *text, bool *same, struct err *e)
{
    const struct store_brief *b = l->brief;
    const struct draft d = {.body = text, .by_code = text};
    struct policy_released *now = NULL;
    struct policy_keys keys;
    const struct policy_value *values;
    size_t n = 0;
    store_policy_keys(l->p->store, &keys);
    enum rc rc = policy_release(rules_policy(l->p->rules), l->view->admitted, &d, &keys, &now, e);
    *same = rc == RC_OK;
    if (rc != RC_OK)
        return rc == RC_REFUSED ? RC_OK : rc;
    policy_released_values(now, &values, &n);
    for (size_t i = 0; i < n; i++) {
        const struct policy_value *then = value_of(b->values, b->n_values, values[i].slot);
        if (!then || memcmp(then->hash, values[i].hash, sizeof(then->hash)) != 0)
            *same = false;
    }
    policy_released_close(now);
    return RC_OK;
}

/* Of a record that changed: the same values, and nothing that the checks find fault with. */
static enum rc still_holds(const struct learning *l, const struct write_call *c, const char *text, bool *holds, struct err *e)
{
    const struct draft d = {.body = text, .prompt = c->user, .instructions = c->system};
    struct policy_judged judged;
    *holds = false;
    if (l->brief->meta.kind == PURPOSE_ENRICHMENT)
        return RC_OK; /* a level or an intent has no sentence to judge by */
    policy_judge(rules_policy(l->p->rules), l->view->admitted, &d, &judged);
    return judged.fault ? RC_OK : same_values(l, text, holds, e);
}

/* ---- lessons ---------------------------------------------------------------------------------------------------------- */

static enum rc add_lesson(struct lessons *l, size_t brief, const int32_t *prompt, size_t n_prompt, const int32_t *answer, size_t n_answer,
                          int32_t end, struct err *e)
{
    size_t n = n_prompt + n_answer + 1;
    int32_t *ids = arena_array(&l->arena, n, sizeof(*ids));
    if (!ids)
        return no_memory(e);
    memcpy(ids, prompt, n_prompt * sizeof(*ids));
    memcpy(ids + n_prompt, answer, n_answer * sizeof(*ids));
    ids[n - 1] = end;
    if (l->n == l->room) {
        size_t room = l->room ? 2 * l->room : 64;
        struct lesson *all = realloc(l->all, room * sizeof(*all));
        if (!all)
            return no_memory(e);
        l->all = all;
        l->room = room;
    }
    l->all[l->n++] = (struct lesson){.ids = ids, .n = n, .n_prompt = n_prompt, .brief = brief};
    return RC_OK;
}

/* ---- what people say again and again ----------------------------------------------------------------------------------- */

#define SAID_MOST_BYTES 400

static enum rc add_said(struct lessons *l, size_t brief, const char *s, size_t n, struct err *e)
{
    for (size_t i = 0; i < l->n_said; i++) {
        struct said *x = &l->said[i];
        if (strlen(x->text) != n || memcmp(x->text, s, n) != 0)
            continue;
        x->n_briefs += x->last != brief;
        x->last = brief;
        return RC_OK;
    }
    if (l->n_said == l->said_room) {
        size_t room = l->said_room ? 2 * l->said_room : 64;
        struct said *all = realloc(l->said, room * sizeof(*all));
        if (!all)
            return no_memory(e);
        l->said = all;
        l->said_room = room;
    }
    l->said[l->n_said] = (struct said){arena_ndup(&l->arena, s, n), 1, brief};
    return l->said[l->n_said++].text ? RC_OK : no_memory(e);
}

/* Sentences of an answer: each ends with a stop before white space. */
static enum rc note_said(struct learning *l, const char *text, struct err *e)
{
    enum rc rc = RC_OK;
    if (l->brief->meta.kind != PURPOSE_EMAIL)
        return RC_OK; /* what a summary says is about its record */
    for (const char *at = skip_space(text); rc == RC_OK && *at; at = skip_space(at)) {
        size_t n = 0;
        while (at[n] && !(strchr(".?!", at[n]) && (!at[n + 1] || strchr(" \n", at[n + 1]))))
            n++;
        if (!at[n])
            break;
        n++;
        if (n <= SAID_MOST_BYTES && !memchr(at, '[', n) && strcspn(at, "0123456789") >= n)
            rc = add_said(l->out, l->index, at, n, e);
        at += n;
    }
    return rc;
}

/* The most telling of what happened to a brief's calls: one lesson is enough. */
static void settle(struct learning *l, enum learned fate)
{
    static const int weight[N_LEARNED] = {[LEARNED_NOTHING] = 0, [LEARNED_TOO_LONG] = 1, [LEARNED_REFUSED] = 2, [LEARNED_CHANGED] = 3,
                                          [LEARNED] = 4};
    if (weight[fate] > weight[l->fate])
        l->fate = fate;
}

static enum rc learn_answer(struct learning *l, const struct write_call *c, const char *text, struct err *e)
{
    const struct model *m = l->view->writer->model;
    int32_t *ids = NULL, end = model_end(m);
    size_t n = 0;
    enum rc rc = model_tokenize(m, text, strlen(text), TOKENS_LITERAL, &ids, &n, e);
    if (rc == RC_OK && c->n_ids + n + 1 > l->out->max_tokens) {
        settle(l, LEARNED_TOO_LONG);
    } else if (rc == RC_OK) {
        rc = add_lesson(l->out, l->index, c->ids, c->n_ids, ids, n, end, e);
        if (rc == RC_OK)
            rc = note_said(l, text, e);
        settle(l, LEARNED);
    }
    free(ids);
    return rc;
}

static enum rc on_call(void *ctx, const struct write_call *c, struct err *e)
{
    struct learning *l = ctx;
    bool holds = l->same_record;
    char *text = NULL;
    enum rc rc = answer_of(l, c, &text, e);
    if (rc != RC_OK || !text)
        return rc;
    if (!lets_through(c->lock, text)) {
        settle(l, l->same_record ? LEARNED_REFUSED : LEARNED_CHANGED);
    } else {
        if (!holds)
            rc = still_holds(l, c, text, &holds, e);
        if (rc == RC_OK && holds)
            rc = learn_answer(l, c, text, e);
        else if (rc == RC_OK)
            settle(l, LEARNED_CHANGED);
    }
    crypto_wipe(text, strlen(text));
    free(text);
    return rc;
}

static enum rc on_view(void *ctx, const struct pipeline_view *view, struct err *e)
{
    struct learning *l = ctx;
    l->view = view;
    l->same_record = str_eq(view->input_hash, l->brief->meta.input_hash);
    return write_calls(view->writer, view->template, view->admitted, on_call, l, e);
}

enum rc learn_from(const struct pipeline *p, struct record *r, const struct store_brief *b, size_t index, struct lessons *out,
                   enum learned *fate, struct err *e)
{
    const struct brief_meta *m = &b->meta;
    const struct brief_wish wish = {.kind = m->kind, .intent = m->intent, .tone = m->tone, .language = b->language,
                                    .to_contact = m->to_contact};
    struct learning l = {.p = p, .brief = b, .out = out, .index = index, .fate = LEARNED_NOTHING};
    enum rc rc = pipeline_view(p, r, &wish, m->as_of, on_view, &l, e);
    *fate = l.fate;
    return rc;
}
