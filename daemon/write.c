#include "write.h"

#include <ctype.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include "../base/clock.h"
#include "schema_fill.h"

#define MAX_WORDS 2048
#define MAX_SLOTS 2048
#define OUTPUT_MAX_BYTES ((size_t)64 << 10)
#define CANCEL_LOOK_MS 500 /* how soon a cancelled wait is noticed */
#define RETRY_TEMPERATURE 0.7f
#define SCHEMA_TOKENS 800 /* of the notes whose sentences and words a schema may offer */

/* ---- the fact lock of one prompt ---------------------------------------------------------------------------------- */

struct word_list {
    char *copies[MAX_WORDS];
    size_t n;
};

static bool letter(unsigned char c)
{
    return isalpha(c) || c >= 0x80 || c == '\'';
}

static bool capital(const char *s)
{
    /* The capitals of Latin-1 (Ä, Ö, Ü, É ...) are C3 80 to C3 9E in UTF-8. */
    return (*s >= 'A' && *s <= 'Z') || ((unsigned char)s[0] == 0xC3 && (unsigned char)s[1] >= 0x80 && (unsigned char)s[1] <= 0x9E);
}

static bool add_word(struct word_list *w, const char *s, size_t n)
{
    if (w->n == MAX_WORDS)
        return true; /* more are not needed to write a few sentences */
    char *copy = strndup(s, n);
    if (!copy)
        return false;
    w->copies[w->n++] = copy;
    return true;
}

/* Words of the data that begin with a capital, hyphenated ones whole and in parts: a model may write them too. */
static bool collect_words(struct word_list *w, const struct segment *segment)
{
    const char *s = segment->bytes, *end = s + segment->n;
    while (s < end) {
        const char *from = s;
        while (s < end && (letter((unsigned char)*s) || (*s == '-' && s > from && s + 1 < end && letter((unsigned char)s[1]))))
            s++;
        for (const char *part = from; part < s;) {
            const char *stop = memchr(part, '-', (size_t)(s - part));
            stop = stop ? stop : s;
            if (capital(part) && !add_word(w, part, (size_t)(stop - part)))
                return false;
            part = stop + 1;
        }
        if (s > from && capital(from) && memchr(from, '-', (size_t)(s - from)) && !add_word(w, from, (size_t)(s - from)))
            return false;
        s += s == from;
    }
    return true;
}

/* The admitted slots, forms included, that stand in this prompt. */
static size_t collect_slots(const struct prompt *user, const struct policy_admitted *a, const char **slots)
{
    const char *const *all;
    size_t n_all, n = 0;
    policy_admitted_slots(a, &all, &n_all);
    for (size_t i = 0; i < n_all && n < MAX_SLOTS; i++) {
        size_t stem = strcspn(all[i], ":]");
        for (size_t k = 0; k < user->n_segments; k++) {
            const struct segment *s = &user->segments[k];
            if (s->kind == SEGMENT_SLOT && s->n > stem && strncmp(s->bytes, all[i], stem) == 0 &&
                (s->bytes[stem] == ':' || s->bytes[stem] == ']')) {
                slots[n++] = all[i];
                break;
            }
        }
    }
    return n;
}

/* What the step may write: a fact lock, or with a schema a document whose strings keep one. */
static enum rc lock_facts(const struct template_step *step, const char *schema, const struct prompt *user,
                          const struct policy_admitted *a, struct constraint **out, struct err *e)
{
    struct word_list *seen = calloc(1, sizeof(*seen));
    const char **slots = calloc(MAX_SLOTS, sizeof(*slots)), **words = NULL;
    const char *const *common;
    size_t n_common;
    enum rc rc = RC_NOMEM;
    policy_common_words(policy_admitted_language(a), &common, &n_common);
    words = calloc(n_common + MAX_WORDS, sizeof(*words));
    bool ok = seen && slots && words;
    for (size_t i = 0; ok && i < user->n_segments; i++)
        ok = user->segments[i].kind == SEGMENT_SLOT || collect_words(seen, &user->segments[i]);
    if (!ok) {
        err_set(e, RC_NOMEM, "fact lock: out of memory");
        goto out;
    }
    memcpy(words, common, n_common * sizeof(*words));
    for (size_t i = 0; i < seen->n; i++)
        words[n_common + i] = seen->copies[i];
    struct fact_lock lock = {.slots = slots,
                             .n_slots = collect_slots(user, a, slots),
                             .words = words,
                             .n_words = n_common + seen->n,
                             .max_sentences = schema ? 0 : step->max_sentences,
                             .allow_newlines = step->lines};
    rc = schema ? constraint_json_schema(schema, strlen(schema), &lock, out, e) : constraint_fact_lock(&lock, out, e);
out:
    for (size_t i = 0; seen && i < seen->n; i++)
        free(seen->copies[i]);
    free(seen);
    free(slots);
    free(words);
    return rc;
}

/* ---- a step that copies --------------------------------------------------------------------------------------------- */

static size_t count_tokens(void *ctx, const char *text, size_t n)
{
    const struct segment s = {SEGMENT_DATA, text, n};
    int32_t *ids = NULL;
    size_t n_ids = 0;
    struct err e;
    if (model_tokenize_segments(ctx, &s, 1, false, &ids, &n_ids, &e) != RC_OK)
        n_ids = n; /* at most a token a byte */
    free(ids);
    return n_ids;
}

/* The heaviest that the step's sentences and tokens have room for; the others go. Bit i of the result: passage i. */
static uint32_t heaviest(const struct writer *w, const struct template_step *step, const char *lead, const struct policy_passage *all,
                         size_t n)
{
    size_t room = step->max_tokens, taken = 0, cost[POLICY_MAX_PASSAGES];
    uint32_t chosen = 0, passed = 0;
    size_t frame = count_tokens((void *)w->model, lead, strlen(lead)) + 1; /* and the end */
    room -= frame < room ? frame : room;
    for (size_t i = 0; i < n; i++)
        cost[i] = count_tokens((void *)w->model, all[i].text, strlen(all[i].text)) + 1;
    for (size_t turn = 0; turn < n && taken < step->max_sentences; turn++) {
        size_t best = n;
        for (size_t i = 0; i < n; i++)
            if (!(passed >> i & 1) && (best == n || all[i].weight > all[best].weight))
                best = i;
        passed |= UINT32_C(1) << best;
        if (cost[best] > room)
            continue;
        room -= cost[best];
        chosen |= UINT32_C(1) << best;
        taken++;
    }
    return chosen;
}

static char *text_of(const struct policy_node *node)
{
    struct buf b;
    buf_init(&b, PROMPT_MAX_BYTES);
    for (size_t i = 0; node && i < node->n_pieces; i++)
        buf_add(&b, node->pieces[i].bytes, node->pieces[i].n);
    char *text = buf_take(&b, NULL);
    buf_wipe(&b);
    return text;
}

/* *out stays NULL where the record has nothing to copy. */
static enum rc lock_copy(const struct writer *w, const struct template_step *step, const struct policy_admitted *a,
                         const struct policy_node *item, struct constraint **out, struct err *e)
{
    const struct policy_node *node = template_value(a, item, step->copy);
    struct extract_passage chosen[POLICY_MAX_PASSAGES];
    struct policy_passages *passages = NULL;
    const struct policy_passage *all;
    size_t n = 0, n_all;
    if (!node || node->kind != ADMITTED_VALUE)
        return RC_OK;
    char *lead = text_of(step->lead ? template_value(a, item, step->lead) : NULL);
    enum rc rc = lead ? policy_passages_open(a, node, &passages, e) : err_set(e, RC_NOMEM, "write: out of memory");
    if (rc == RC_OK) {
        all = policy_passages_list(passages, &n_all);
        uint32_t those = n_all ? heaviest(w, step, lead, all, n_all) : 0;
        for (size_t i = 0; i < n_all; i++)
            if (those >> i & 1)
                chosen[n++] = (struct extract_passage){all[i].text, all[i].weight >= POLICY_HEAVY};
        if (n)
            rc = constraint_extract(&(struct extract){lead, chosen, n}, out, e);
    }
    policy_passages_close(passages);
    free(lead);
    return rc;
}

/* ---- a schema with the record's own words ------------------------------------------------------------------------------ */

/* What the model may write: the template's schema, with the record's own words where it has marks for them. */
static enum rc schema_of(const struct writer *w, const char *schema, const struct policy_admitted *a, struct buf *out, struct err *e)
{
    const struct policy_room room = {.max = SCHEMA_TOKENS, .cost = count_tokens, .ctx = (void *)w->model};
    struct policy_choices *c = NULL;
    if (!schema_has_marks(schema)) {
        buf_str(out, schema);
        return buf_check(out, "a schema", e);
    }
    enum rc rc = policy_choices_open(a, &room, &c, e);
    if (rc == RC_OK)
        rc = schema_fill(schema, c, out, e);
    policy_choices_close(c);
    return rc;
}

/* ---- one call of the engine ----------------------------------------------------------------------------------------- */

struct call {
    struct prompt system, user;
    char *exact; /* the bytes of the whole prompt */
    char *seen;  /* the user part, and what a schema offers: all that an answer may rest on */
    int32_t *ids;
    size_t n_ids;
    struct constraint *lock;
    struct request *request;
    struct buf text;
    pthread_mutex_t mutex;
    pthread_cond_t done_cond;
    bool done;
    bool nothing; /* to copy */
    struct constraint *schema; /* what it writes is a document that fits this; or NULL */
    struct finish finish;
    char message[200];
};

static void on_token(void *ctx, int32_t id, const char *bytes, size_t n)
{
    struct call *c = ctx;
    (void)id;
    buf_add(&c->text, bytes, n);
}

static void on_finish(void *ctx, const struct finish *f)
{
    struct call *c = ctx;
    pthread_mutex_lock(&c->mutex);
    c->finish = *f;
    strncpy(c->message, f->message ? f->message : "", sizeof(c->message) - 1);
    c->finish.message = c->message;
    c->done = true;
    pthread_cond_signal(&c->done_cond);
    pthread_mutex_unlock(&c->mutex);
}

static char *join(const struct segment *s, size_t n)
{
    struct buf b;
    buf_init(&b, 2 * PROMPT_MAX_BYTES);
    for (size_t i = 0; i < n; i++)
        buf_add(&b, s[i].bytes, s[i].n);
    char *all = buf_take(&b, NULL);
    buf_wipe(&b);
    return all;
}

/* Both parts with a gap between them and `after` behind; free(). NULL: no memory. */
static struct segment *one_after_the_other(const struct call *c, bool after, size_t *n)
{
    static const struct segment gap = {SEGMENT_TEMPLATE, "\n\n", 2};
    struct segment *all = calloc(c->system.n_segments + c->user.n_segments + 2, sizeof(*all));
    if (!all)
        return NULL;
    memcpy(all, c->system.segments, c->system.n_segments * sizeof(*all));
    *n = c->system.n_segments;
    all[(*n)++] = gap;
    memcpy(all + *n, c->user.segments, c->user.n_segments * sizeof(*all));
    *n += c->user.n_segments;
    if (after)
        all[(*n)++] = gap;
    return all;
}

/* In the model's chat template. The answer comes without reasoning: what a fact lock holds begins at its first token. */
static enum rc converse(const struct writer *w, const struct call *c, struct segment **out, size_t *n, struct err *e)
{
    const struct chat_options opt = {.no_thinking = true};
    struct chat_style style;
    struct segment *joined = NULL;
    size_t n_joined = 0;
    model_chat_style(w->model, &opt, &style);
    if (style.no_system && !(joined = one_after_the_other(c, false, &n_joined)))
        return err_set(e, RC_NOMEM, "prompt: out of memory");
    const struct chat_message apart[] = {{CHAT_SYSTEM, c->system.segments, c->system.n_segments},
                                         {CHAT_USER, c->user.segments, c->user.n_segments}},
                              together = {CHAT_USER, joined, n_joined};
    enum rc rc = model_chat_messages(w->model, joined ? &together : apart, joined ? 1 : 2, &opt, out, n, e);
    free(joined);
    return rc;
}

/* System and user part as the model's own prompt: bytes for people, ids for the engine. */
static enum rc assemble(const struct writer *w, struct call *c, struct err *e)
{
    struct segment *all = NULL;
    size_t n = 0;
    enum rc rc = RC_OK;
    if (w->chat) {
        rc = converse(w, c, &all, &n, e);
        if (rc != RC_OK)
            return rc;
    } else if (!(all = one_after_the_other(c, true, &n)))
        return err_set(e, RC_NOMEM, "prompt: out of memory");
    c->exact = join(all, n);
    if (!c->exact)
        rc = err_set(e, RC_NOMEM, "prompt: out of memory");
    else
        rc = model_tokenize_segments(w->model, all, n, true, &c->ids, &c->n_ids, e);
    segments_free(all);
    return rc;
}

static void forget_prompt(struct call *c)
{
    prompt_clear(&c->system);
    prompt_clear(&c->user);
    free(c->exact);
    free(c->ids);
    c->exact = NULL;
    c->ids = NULL;
    c->n_ids = 0;
}

/* The prompt, with as much of the long texts as the context has room for beside the answer. */
static enum rc fit(const struct writer *w, const struct template *t, size_t step, const struct policy_admitted *a,
                   const struct policy_node *item, const struct step_output *outputs, struct call *c, struct err *e)
{
    static const unsigned percents[] = {100, 70, 50, 35, 25, 15, 10};
    const struct template_step *about;
    enum rc rc = RC_OK;
    template_steps(t, &about);
    for (size_t i = 0; rc == RC_OK && i < COUNT_OF(percents); i++) {
        const struct reading how = {.percent = percents[i], .tokens = count_tokens, .ctx = (void *)w->model};
        forget_prompt(c);
        rc = prompt_render(t, step, a, item, outputs, &how, &c->system, &c->user, e);
        if (rc == RC_OK)
            rc = assemble(w, c, e);
        if (rc == RC_OK && (!w->context || c->n_ids + about[step].max_tokens <= w->context))
            break;
    }
    return rc;
}

/* What the step may write, its prompt known. schema: NULL for text. */
static enum rc lock_step(const struct writer *w, const struct template_step *step, const char *schema, const struct policy_admitted *a,
                         const struct policy_node *item, struct call *c, struct err *e)
{
    enum rc rc = RC_OK;
    if (step->copy) {
        rc = lock_copy(w, step, a, item, &c->lock, e);
        c->nothing = !c->lock;
    } else if (policy_facts_slots(w->policy)) {
        rc = lock_facts(step, schema, &c->user, a, &c->lock, e);
    } else if (schema) {
        rc = constraint_json_schema(schema, strlen(schema), NULL, &c->lock, e);
    }
    return rc;
}

/* offered: the schema with the record's own words in it, or NULL. */
static enum rc note_seen(struct call *c, const struct buf *offered, struct err *e)
{
    size_t n = c->user.n, more = offered ? offered->len : 0;
    c->seen = malloc(n + more + 2);
    if (!c->seen)
        return err_set(e, RC_NOMEM, "write: out of memory");
    memcpy(c->seen, c->user.bytes, n);
    c->seen[n] = '\n';
    if (more)
        memcpy(c->seen + n + 1, offered->data, more);
    c->seen[n + 1 + more] = '\0';
    return RC_OK;
}

static enum rc call_open(const struct writer *w, const struct template *t, size_t step, const struct policy_admitted *a,
                         const struct policy_node *item, const struct step_output *outputs, struct call **out, struct err *e)
{
    const struct template_step *about;
    struct buf schema; /* empty: it writes text */
    struct call *c = calloc(1, sizeof(*c));
    if (!c)
        return err_set(e, RC_NOMEM, "write: out of memory");
    *out = c;
    buf_init(&c->text, OUTPUT_MAX_BYTES);
    pthread_mutex_init(&c->mutex, NULL);
    pthread_cond_init(&c->done_cond, NULL);
    buf_init(&schema, OUTPUT_MAX_BYTES);
    enum rc rc = RC_OK;
    if (step + 1 == template_steps(t, &about) && template_schema(t)) {
        rc = schema_of(w, template_schema(t), a, &schema, e);
        if (rc == RC_OK)
            rc = schema_form(template_schema(t), &c->schema, e);
    }
    if (rc == RC_OK)
        rc = fit(w, t, step, a, item, outputs, c, e);
    if (rc == RC_OK)
        rc = lock_step(w, &about[step], schema.len ? schema.data : NULL, a, item, c, e);
    if (rc == RC_OK)
        rc = note_seen(c, schema.len && schema_has_marks(template_schema(t)) ? &schema : NULL, e);
    buf_wipe(&schema);
    return rc;
}

static void call_close(struct call *c)
{
    if (!c)
        return;
    if (c->request)
        request_close(c->request);
    forget_prompt(c);
    if (c->seen)
        crypto_wipe(c->seen, strlen(c->seen));
    free(c->seen);
    constraint_close(c->lock);
    constraint_close(c->schema);
    buf_wipe(&c->text);
    pthread_mutex_destroy(&c->mutex);
    pthread_cond_destroy(&c->done_cond);
    free(c);
}

static enum rc call_submit(const struct writer *w, struct call *c, unsigned max_tokens, float temperature, uint64_t seed,
                           struct err *e)
{
    struct submission s = {.ids = c->ids,
                           .n_ids = c->n_ids,
                           .max_tokens = max_tokens,
                           .sampling = {.temperature = temperature, .top_p = temperature > 0 ? 0.9f : 1.0f, .seed = seed},
                           .constraint = c->lock,
                           .lora = w->adapter,
                           .deadline_ms = w->step_timeout_ms ? clock_mono_ms() + w->step_timeout_ms : 0,
                           .priority = w->priority,
                           .on_token = on_token,
                           .on_finish = on_finish,
                           .ctx = c};
    if (c->request)
        request_close(c->request);
    c->request = NULL;
    c->done = false;
    buf_reset(&c->text);
    return engine_submit(w->engine, &s, &c->request, e);
}

static enum rc call_wait(const struct writer *w, struct call *c, struct err *e)
{
    bool cancelled = false;
    pthread_mutex_lock(&c->mutex);
    while (!c->done) {
        struct timespec until = clock_deadline(CANCEL_LOOK_MS);
        pthread_cond_timedwait(&c->done_cond, &c->mutex, &until);
        if (cancelled || c->done || !w->cancel || !atomic_load(w->cancel))
            continue;
        cancelled = true; /* the engine still calls on_finish, which needs the mutex */
        pthread_mutex_unlock(&c->mutex);
        engine_cancel(w->engine, c->request);
        pthread_mutex_lock(&c->mutex);
    }
    pthread_mutex_unlock(&c->mutex);
    switch (c->finish.reason) {
    case FINISH_END:
    case FINISH_LENGTH: return RC_OK;
    case FINISH_CANCELLED: return err_set(e, RC_RETRY, "engine: cancelled");
    case FINISH_DEADLINE: return err_set(e, RC_RETRY, "engine: the step took longer than its time limit");
    case FINISH_ERROR: break;
    }
    return err_set(e, RC_BAD, "engine: %s", c->finish.message);
}

/* ---- steps ---------------------------------------------------------------------------------------------------------- */

static char *trimmed(const struct buf *b)
{
    size_t from = 0, to = b->len;
    while (from < to && strchr(" \n", b->data[from]))
        from++;
    while (to > from && strchr(" \n", b->data[to - 1]))
        to--;
    return strndup(b->data + from, to - from);
}

/* An answer that ran into its token limit ends in the middle of a sentence: keep the whole ones. */
static void drop_unfinished(char *text, enum finish_reason reason)
{
    if (reason != FINISH_LENGTH)
        return;
    size_t n = strlen(text);
    while (n > 0 && !strchr(".!?", text[n - 1]))
        n--;
    text[n] = '\0';
}

bool write_fields_fit(void *constraint, const char *json, size_t n)
{
    const struct constraint *c = constraint;
    struct constraint_state s;
    constraint_start(c, &s);
    for (size_t i = 0; i < n; i++)
        if (!constraint_step(c, &s, (uint8_t)json[i]))
            return false;
    return constraint_accepts(c, &s);
}

/* An answer as policy judges it. */
static struct draft draft_of(const struct writer *w, const struct call *c, const char *text)
{
    struct draft d = {.body = text, .prompt = c->seen, .instructions = c->system.bytes, .house = w->house};
    if (c->schema) {
        d.fields_fit = write_fields_fit;
        d.fields_ctx = c->schema;
    }
    return d;
}

/* What the call has written by now, its whole sentences: a document is closed at any length. */
static enum rc take_answer(const struct writer *w, struct call *c, struct written *out, bool first, char **text, struct err *e)
{
    enum rc rc = call_wait(w, c, e);
    if (rc != RC_OK)
        return rc;
    out->prompt_tokens += first ? c->finish.prompt_tokens : 0;
    out->output_tokens += c->finish.output_tokens;
    *text = trimmed(&c->text);
    if (!*text)
        return err_set(e, RC_NOMEM, "write: out of memory");
    if (!c->schema)
        drop_unfinished(*text, c->finish.reason);
    return RC_OK;
}

static void note_reason(struct written *out, const char *check)
{
    size_t n = strlen(out->asked_for), len = strlen(check);
    for (const char *at = out->asked_for; (at = strstr(at, check)); at += len)
        if ((at == out->asked_for || at[-1] == ',') && (at[len] == '\0' || at[len] == ','))
            return;
    if (n + len + 2 <= sizeof(out->asked_for))
        snprintf(out->asked_for + n, sizeof(out->asked_for) - n, "%s%s", n ? "," : "", check);
}

/* The better one of two answers, both of which this takes. */
static enum rc choose_answer(const struct writer *w, const struct policy_admitted *a, const struct call *c, char *first, char *second,
                             char **text, struct err *e)
{
    struct draft one = draft_of(w, c, first), two = draft_of(w, c, second);
    struct policy_judged x, y;
    enum rc rc = RC_OK;
    if (c->schema) {
        rc = policy_fields_mend(w->policy, a, &one, second, text, e);
        free(first);
        free(second);
        return rc;
    }
    policy_judge(w->policy, a, &one, &x);
    policy_judge(w->policy, a, &two, &y);
    bool better = *second && (y.good != x.good ? y.good > x.good : y.bad <= x.bad);
    *text = better ? second : first;
    free(better ? first : second);
    return RC_OK;
}

/* What a call wrote; it is asked once more if policy finds fault with it. */
static enum rc accept(const struct writer *w, const struct policy_admitted *a, const struct template_step *step,
                      struct call *c, struct written *out, char **text, struct err *e)
{
    struct policy_judged judged;
    char *first = NULL, *second = NULL;
    if (c->nothing) {
        *text = strdup("");
        return *text ? RC_OK : err_set(e, RC_NOMEM, "write: out of memory");
    }
    enum rc rc = take_answer(w, c, out, true, &first, e);
    if (rc != RC_OK)
        return rc;
    struct draft d = draft_of(w, c, first);
    policy_judge(w->policy, a, &d, &judged);
    if (*first && !judged.fault) {
        *text = first;
        return RC_OK;
    }
    out->asked_again++;
    note_reason(out, judged.fault ? judged.fault : "nothing");
    rc = call_submit(w, c, step->max_tokens, RETRY_TEMPERATURE, (uint64_t)c->n_ids, e);
    if (rc == RC_OK)
        rc = take_answer(w, c, out, false, &second, e);
    if (rc != RC_OK) {
        free(first);
        return rc;
    }
    rc = choose_answer(w, a, c, first, second, text, e);
    if (rc != RC_OK)
        return rc;
    d = draft_of(w, c, *text);
    policy_judge(w->policy, a, &d, &judged);
    out->left_out += judged.fault != NULL || !**text;
    return RC_OK;
}

struct asked { /* of all steps */
    struct buf prompts, instructions, shown;
};

static enum rc note_prompt(struct buf *prompts, const struct call *c, struct err *e)
{
    if (prompts->len)
        buf_char(prompts, '\n');
    buf_str(prompts, c->exact);
    return buf_check(prompts, "prompts", e);
}

static enum rc note_part(struct buf *parts, const char *part, struct err *e)
{
    buf_str(parts, part);
    buf_char(parts, '\n');
    return buf_check(parts, "prompts", e);
}

static enum rc run_step(const struct writer *w, const struct template *t, size_t i, const struct template_step *step,
                        const struct policy_admitted *a, struct step_output *outputs, struct asked *asked,
                        struct written *out, struct err *e)
{
    const struct reading how = {.tokens = count_tokens, .ctx = (void *)w->model};
    struct template_items items;
    struct call *calls[RECORD_MAX_CHILDREN] = {NULL};
    char **texts = NULL;
    enum rc rc = template_items_open(step, a, &how, &items, e);
    if (rc != RC_OK)
        return rc;
    const struct policy_node *item = items.first;
    size_t n = step->each ? items.n : 1;
    texts = calloc(n + 1, sizeof(*texts));
    if (!texts)
        rc = err_set(e, RC_NOMEM, "write: out of memory");
    for (size_t k = 0; rc == RC_OK && k < n; k++, item = item ? item->next : NULL) {
        rc = call_open(w, t, i, a, item, outputs, &calls[k], e);
        if (rc == RC_OK)
            rc = note_prompt(&asked->prompts, calls[k], e);
        if (rc == RC_OK)
            rc = note_part(&asked->shown, calls[k]->seen, e);
        if (rc == RC_OK && k == 0) /* the items of a step share them */
            rc = note_part(&asked->instructions, calls[k]->system.bytes, e);
        if (rc == RC_OK && !calls[k]->nothing)
            rc = call_submit(w, calls[k], step->max_tokens, w->temperature, k, e);
    }
    for (size_t k = 0; rc == RC_OK && k < n; k++)
        rc = accept(w, a, step, calls[k], out, &texts[k], e);
    for (size_t k = 0; k < n; k++) {
        if (calls[k] && calls[k]->request)
            engine_cancel(w->engine, calls[k]->request);
        call_close(calls[k]);
    }
    template_items_close(&items);
    outputs[i] = (struct step_output){.texts = (const char *const *)texts, .n = rc == RC_OK ? n : 0};
    if (rc != RC_OK && texts)
        for (size_t k = 0; k < n; k++)
            free(texts[k]);
    return rc;
}

static void free_outputs(struct step_output *outputs, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        char **texts = (char **)(void *)outputs[i].texts;
        for (size_t k = 0; k < outputs[i].n; k++)
            free(texts[k]);
        free(texts);
    }
}

static size_t count_words(const char *s)
{
    size_t n = 0;
    for (bool inside = false; *s; s++) {
        bool space = isspace((unsigned char)*s);
        n += !space && !inside;
        inside = !space;
    }
    return n;
}

static double share(const struct written *out, const struct step_output *outputs, size_t n_steps)
{
    size_t all = count_words(out->text.subject.bytes) + count_words(out->text.body.bytes) + count_words(out->text.bullets.bytes);
    size_t model = 0;
    for (size_t i = 0; i < n_steps; i++)
        for (size_t k = 0; k < outputs[i].n; k++)
            model += count_words(outputs[i].texts[k]);
    return all == 0 ? 0 : model >= all ? 1 : (double)model / (double)all;
}

enum rc write_draft(const struct writer *w, const struct template *t, const struct policy_admitted *a,
                    void (*on_step)(void *ctx, const char *step, size_t n), void *ctx, struct written *out, struct err *e)
{
    const struct template_step *steps;
    struct step_output outputs[TEMPLATE_MAX_STEPS] = {{0}};
    struct asked asked;
    size_t n = template_steps(t, &steps);
    enum rc rc = RC_OK;
    memset(out, 0, sizeof(*out));
    buf_init(&asked.prompts, 16 * PROMPT_MAX_BYTES);
    buf_init(&asked.instructions, 16 * PROMPT_MAX_BYTES);
    buf_init(&asked.shown, 16 * PROMPT_MAX_BYTES);
    for (size_t i = 0; rc == RC_OK && i < n; i++) {
        if (on_step)
            on_step(ctx, steps[i].name, i);
        rc = run_step(w, t, i, &steps[i], a, outputs, &asked, out, e);
    }
    if (rc == RC_OK)
        rc = output_render(t, a, outputs, &out->text, e);
    if (rc == RC_OK) {
        out->model_share = share(out, outputs, n);
        out->prompts = buf_take(&asked.prompts, NULL);
        out->instructions = buf_take(&asked.instructions, NULL);
        out->shown = buf_take(&asked.shown, NULL);
        if (!out->prompts || !out->instructions || !out->shown)
            rc = err_set(e, RC_NOMEM, "write: out of memory");
    }
    buf_wipe(&asked.prompts);
    buf_wipe(&asked.instructions);
    buf_wipe(&asked.shown);
    free_outputs(outputs, n);
    if (rc != RC_OK)
        written_clear(out);
    return rc;
}

/* What looks at the calls of a step without making them. */
typedef enum rc (*call_fn)(void *ctx, const struct call *c, const struct template_step *step, size_t i, const struct policy_admitted *a,
                           const struct policy_node *item, struct err *e);

/* Each call of step i; what it reads of earlier steps is empty. */
static enum rc each_call(const struct writer *w, const struct template *t, size_t i, const struct policy_admitted *a, call_fn look,
                         void *ctx, struct err *e)
{
    const struct reading how = {.tokens = count_tokens, .ctx = (void *)w->model};
    struct step_output outputs[TEMPLATE_MAX_STEPS] = {{0}};
    const struct template_step *steps;
    struct template_items items;
    (void)template_steps(t, &steps);
    enum rc rc = template_items_open(&steps[i], a, &how, &items, e);
    if (rc != RC_OK)
        return rc;
    const struct policy_node *item = items.first;
    size_t n = steps[i].each ? items.n : 1;
    for (size_t k = 0; rc == RC_OK && k < n; k++, item = item ? item->next : NULL) {
        struct call *c = NULL;
        rc = call_open(w, t, i, a, item, outputs, &c, e);
        if (rc == RC_OK)
            rc = look(ctx, c, &steps[i], i, a, item, e);
        call_close(c);
    }
    template_items_close(&items);
    return rc;
}

struct told {
    write_call_fn on_call;
    void *ctx;
};

static enum rc tell_call(void *ctx, const struct call *c, const struct template_step *step, size_t i, const struct policy_admitted *a,
                         const struct policy_node *item, struct err *e)
{
    const struct told *to = ctx;
    if (c->nothing)
        return RC_OK;
    char *lead = text_of(step->copy && step->lead ? template_value(a, item, step->lead) : NULL);
    enum rc rc = RC_OK;
    if (!lead)
        return err_set(e, RC_NOMEM, "write: out of memory");
    rc = to->on_call(to->ctx,
                     &(struct write_call){.step = i,
                                          .about = step,
                                          .ids = c->ids,
                                          .n_ids = c->n_ids,
                                          .system = c->system.bytes,
                                          .user = c->user.bytes,
                                          .lead = lead,
                                          .lock = c->lock},
                     e);
    free(lead);
    return rc;
}

enum rc write_calls(const struct writer *w, const struct template *t, const struct policy_admitted *a, write_call_fn on_call,
                    void *ctx, struct err *e)
{
    const struct template_step *steps;
    size_t n = template_steps(t, &steps);
    enum rc rc = RC_OK;
    for (size_t i = 0; rc == RC_OK && i < n; i++)
        if (!template_step_reads_steps(t, i))
            rc = each_call(w, t, i, a, tell_call, &(struct told){on_call, ctx}, e);
    return rc;
}

static enum rc put_prompt(void *ctx, const struct call *c, const struct template_step *step, size_t i, const struct policy_admitted *a,
                          const struct policy_node *item, struct err *e)
{
    (void)step;
    (void)i;
    (void)a;
    (void)item;
    return note_prompt(ctx, c, e);
}

enum rc write_prompts(const struct writer *w, const struct template *t, const struct policy_admitted *a, struct buf *out,
                      struct err *e)
{
    const struct template_step *steps;
    size_t n = template_steps(t, &steps);
    enum rc rc = RC_OK;
    for (size_t i = 0; rc == RC_OK && i < n; i++)
        rc = each_call(w, t, i, a, put_prompt, out, e);
    return rc;
}

void written_clear(struct written *w)
{
    composition_clear(&w->text);
    if (w->prompts)
        crypto_wipe(w->prompts, strlen(w->prompts));
    if (w->shown)
        crypto_wipe(w->shown, strlen(w->shown));
    free(w->prompts);
    free(w->instructions);
    free(w->shown);
    memset(w, 0, sizeof(*w));
}
