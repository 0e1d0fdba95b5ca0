/* step.c: one step of everything that is in flight.
 *
 * Its rows: one for each sequence that writes, and its draft; then up to `chunk` of prompts, fewer where the step
 * would keep those that write waiting for too long. One prompt takes at most half of them while others are
 * unfinished, so a long one does not stand before the short ones. The tokens are picked on all threads, then handed
 * out one after the other by the engine's. */
#include <string.h>
#include "../base/clock.h"
#include "choose.h"
#include "engine.h"
#include "kernels.h"

#define LEAST_CHUNK   32      /* rows of prompts, whatever they take */
#define STALL_US      1000000 /* that those that write may wait for prompts in one step */
#define STALL_FAST_US 200000  /* ... if a person waits for one of them: priority above 0 */

static bool writes(const struct request *r)
{
    return r->n_out > 0;
}

/* ---- drafts -------------------------------------------------------------------------------------------- */

/* How many of the first n_planned drafted tokens may come at all: none that the constraint refuses, none after an
 * end. */
static size_t cut_draft(const struct engine *g, const struct request *r, size_t n_planned)
{
    struct constraint_state state = r->state;
    size_t n = 0;

    while (n < n_planned) {
        int32_t id = r->draft[n];

        if (r->s.constraint && !constraint_advance(r->s.constraint, g->m->tok, &state, id, r->limit - r->n_out - n - 1)) break;
        n++;
        if (tokenizer_is_end(g->m->tok, id) && !r->s.ignore_end) break;
    }
    return n;
}

/* Look for what may follow in each sequence that writes; returns how many found something. */
static size_t find_drafts(struct engine *g, size_t *n_writing, size_t *n_prompts)
{
    size_t n = 0;

    *n_writing = *n_prompts = 0;
    for (size_t i = 0; i < g->n_running; i++) {
        struct request *r = g->running[i];
        size_t left = r->limit - r->n_out - 1, most; /* the model adds one token to what is accepted */

        r->n_draft = 0;
        *n_prompts += !writes(r);
        *n_writing += writes(r);
        if (!writes(r) || !r->lookup || left == 0) continue;
        most = lookup_draft(r->lookup, r->ids, r->s.n_ids + r->n_out, r->draft, &r->match);
        if (most == 0) continue;
        most = most < left ? most : left;
        g->drafting[n] = r;
        g->drafts[n++] = (struct draft){.own = &r->acceptance, .match = r->match, .most = most};
    }
    return n;
}

/* As options.draft says: always so many, while there is room. */
static void plan_fixed(const struct engine *g, size_t n)
{
    size_t room = DRAFT_MOST_ROWS;

    for (size_t i = 0; i < n; i++) {
        struct draft *d = &g->drafts[i];

        d->n = d->most < (size_t)g->draft ? d->most : (size_t)g->draft;
        d->n = d->n < room ? d->n : room;
        room -= d->n;
    }
}

/* Set n_draft of all. What a row costs beside a prompt's is not measured: then there are no drafts. */
static void plan_drafts(struct engine *g)
{
    size_t n_writing, n_prompts, n = find_drafts(g, &n_writing, &n_prompts);

    if (g->draft > 0)
        plan_fixed(g, n);
    else if (n_prompts == 0 && n > 0)
        speculation_plan(g->speculation, n_writing, g->drafts, n);
    for (size_t i = 0; i < n; i++)
        g->drafting[i]->n_draft = cut_draft(g, g->drafting[i], g->drafts[i].n);
}

/* ---- rows ---------------------------------------------------------------------------------------------- */

static void ask(struct engine *g, struct request *r, size_t *n_asking, size_t *n_logits)
{
    r->first_row = *n_logits;
    *n_logits += 1 + r->n_draft;
    g->asking[(*n_asking)++] = r;
}

/* The last token and the draft; returns how many rows. */
static size_t add_written(struct engine *g, struct request *r, size_t n)
{
    size_t position = r->s.n_ids + r->n_out - 1;

    g->rows[n] = (struct row){r->ids[position], (uint32_t)position, r->table, true, r->s.lora};
    for (size_t i = 0; i < r->n_draft; i++)
        g->rows[n + 1 + i] = (struct row){r->draft[i], (uint32_t)(position + 1 + i), r->table, true, r->s.lora};
    return 1 + r->n_draft;
}

/* Go past what others have computed of a prompt, or will have by the rows before in this step: a layer's keys and
 * values of all rows lie in the cache before any row looks at them. */
static void catch_up(const struct engine *g, struct request *r)
{
    size_t shared = prefix_blocks(r->s.n_ids) * KV_BLOCK;

    while (r->n_cached < shared) {
        size_t block = r->n_cached / KV_BLOCK, filled = block * KV_BLOCK + prefix_filled(g->prefix, r->table[block]);

        if (filled <= r->n_cached) return;
        r->n_saved += filled - r->n_cached;
        r->n_cached = filled;
    }
}

/* Rows of a prompt, at most `most`; returns how many. */
static size_t add_prompt(struct engine *g, struct request *r, size_t n, size_t most)
{
    size_t shared = prefix_blocks(r->s.n_ids) * KV_BLOCK, count = 0;

    catch_up(g, r);
    while (count < most && r->n_cached < r->s.n_ids) {
        size_t position = r->n_cached++;

        g->rows[n + count++] =
            (struct row){r->ids[position], (uint32_t)position, r->table, position + 1 == r->s.n_ids, r->s.lora};
        if (position < shared)
            prefix_fill(g->prefix, r->table[position / KV_BLOCK], position % KV_BLOCK + 1);
    }
    return count;
}

/* Rows of prompts that this step has room for. */
static size_t prompt_budget(const struct engine *g, size_t n_rows)
{
    double most = 0;

    for (size_t i = 0; i < g->n_running; i++)
        if (writes(g->running[i]) && (most == 0 || g->running[i]->s.priority > 0))
            most = g->running[i]->s.priority > 0 ? STALL_FAST_US : STALL_US;
    if (most == 0 || g->us_of_prompt_row <= 0) return g->chunk;
    most = (most - speculation_step_us(g->speculation, n_rows)) / g->us_of_prompt_row;
    return most >= g->chunk ? g->chunk : most > LEAST_CHUNK ? (size_t)most : LEAST_CHUNK < g->chunk ? LEAST_CHUNK : g->chunk;
}

static size_t add_prompts(struct engine *g, size_t n, size_t *n_asking, size_t *n_logits)
{
    size_t unfinished = 0, budget = prompt_budget(g, n), count = 0;

    for (size_t i = 0; i < g->n_running; i++)
        unfinished += !writes(g->running[i]);
    for (int pass = 0; pass < 2 && count < budget; pass++) { /* the second gives out what is left */
        size_t share = pass == 0 && unfinished > 1 ? (budget + 1) / 2 : budget;

        for (size_t i = 0; i < g->n_running && count < budget; i++) {
            struct request *r = g->running[i];
            size_t most = share < budget - count ? share : budget - count, added;

            if (writes(r) || r->n_cached == r->s.n_ids) continue;
            added = add_prompt(g, r, n + count, most);
            count += added;
            if (added > 0 && r->n_cached == r->s.n_ids) ask(g, r, n_asking, n_logits);
        }
    }
    return count;
}

/* ---- tokens -------------------------------------------------------------------------------------------- */

/* How many tokens the request may have after that at `position`. */
static size_t tokens_after(const struct request *r, size_t position)
{
    return r->limit - (position - r->s.n_ids) - 1;
}

/* The token at `position` from its logits. */
static int32_t pick(struct engine *g, const struct request *r, float *logits, size_t position, size_t worker)
{
    const struct sampling *p = &r->s.sampling;
    struct sampler *sampler = g->samplers[worker];

    sampler_penalise(sampler, logits, r->ids, position, p);
    if (!r->s.constraint) return sampler_pick(sampler, logits, NULL, 0, p, position);
    return choose_token(sampler, g->m->tok, r->s.constraint, &r->state, tokens_after(r, position), logits, p, position,
                        g->allowed[worker]);
}

/* The tokens of one request: each as if there were no draft, until one is not what was drafted. */
static void pick_tokens(void *ctx, size_t i, size_t worker)
{
    struct engine *g = ctx;
    struct request *r = g->asking[i];

    r->stuck = false;
    for (r->n_picked = 0; r->n_picked <= r->n_draft;) {
        size_t position = r->s.n_ids + r->n_out + r->n_picked;
        int32_t id = pick(g, r, forward_logits(g->forward, r->first_row + r->n_picked), position, worker);

        r->stuck = id < 0;
        if (id < 0) return;
        if (r->s.constraint) /* it was chosen because it may come */
            (void)constraint_advance(r->s.constraint, g->m->tok, &r->state, id, tokens_after(r, position));
        r->ids[position] = id;
        r->n_picked++;
        if (tokenizer_is_end(g->m->tok, id) && !r->s.ignore_end) return;
        if (r->n_picked > r->n_draft || id != r->draft[r->n_picked - 1]) return;
    }
}

/* Hand out the next token of a request. True if it goes on. */
static bool hand_out(struct engine *g, struct request *r)
{
    size_t n;
    int32_t id = r->ids[r->s.n_ids + r->n_out++];
    const char *bytes = tokenizer_bytes(g->m->tok, id, &n);

    if (r->s.on_token) r->s.on_token(r->s.ctx, id, bytes, n);
    if (tokenizer_is_end(g->m->tok, id) && !r->s.ignore_end)
        engine_finish(g, r, FINISH_END, NULL);
    else if (r->n_out == r->limit)
        engine_finish(g, r, FINISH_LENGTH, NULL);
    else
        return true;
    return false;
}

/* All tokens of this step. True if the request goes on. */
static bool hand_out_all(struct engine *g, struct request *r)
{
    if (!r->first_ms) r->first_ms = clock_mono_ms();
    if (writes(r)) r->n_cached = r->s.n_ids + r->n_out; /* its last token's row */
    for (size_t i = 0; i < r->n_picked; i++) {
        if (i > 0) r->n_cached++; /* the row of the draft that was right */
        if (!hand_out(g, r)) return false;
    }
    if (!r->stuck) return true;
    if (r->s.constraint && constraint_accepts(r->s.constraint, &r->state)) {
        engine_finish(g, r, FINISH_END, NULL); /* nothing may follow, and the vocabulary has no end token */
        return false;
    }
    engine_finish(g, r, FINISH_ERROR,
                  r->s.constraint ? "no token fits the constraint" : "the logits are no numbers");
    return false;
}

/* ---- the step ------------------------------------------------------------------------------------------ */

static void note_draft(struct engine *g, struct request *r, size_t *drafted, size_t *right)
{
    const struct draft d = {.own = &r->acceptance, .match = r->match, .n = r->n_draft};
    size_t n = 0;

    if (d.n == 0) return;
    while (n < d.n && n < r->n_picked && r->ids[r->s.n_ids + r->n_out + n] == r->draft[n])
        n++;
    speculation_note_draft(g->speculation, &d, n);
    *drafted += d.n;
    *right += n;
}

static void note_time(struct engine *g, size_t n_written, size_t n_prompt, int64_t us)
{
    double rest;

    if (n_prompt == 0) {
        speculation_note_step(g->speculation, n_written, us);
        return;
    }
    rest = (double)us - (n_written ? speculation_step_us(g->speculation, n_written) : 0);
    if (n_prompt < LEAST_CHUNK || rest <= 0) return;
    rest /= (double)n_prompt;
    g->us_of_prompt_row += (rest - g->us_of_prompt_row) / (g->us_of_prompt_row > 0 ? 4 : 1);
}

static void forget(struct engine *g, const struct request *r)
{
    size_t i = 0;

    while (g->running[i] != r)
        i++;
    memmove(g->running + i, g->running + i + 1, (--g->n_running - i) * sizeof(*g->running));
}

void engine_step(struct engine *g)
{
    int64_t begin = clock_mono_us(), us;
    size_t n = 0, n_asking = 0, n_logits = 0, n_prompt, drafted = 0, right = 0;

    plan_drafts(g);
    for (size_t i = 0; i < g->n_running; i++) {
        if (!writes(g->running[i])) continue;
        n += add_written(g, g->running[i], n);
        ask(g, g->running[i], &n_asking, &n_logits);
    }
    n_prompt = add_prompts(g, n, &n_asking, &n_logits);
    forward_run(g->forward, g->rows, n + n_prompt);
    pool_run(g->pool, pick_tokens, g, n_asking);
    us = clock_mono_us() - begin;
    note_time(g, n, n_prompt, us);
    for (size_t i = 0; i < n_asking; i++)
        note_draft(g, g->asking[i], &drafted, &right);
    pthread_mutex_lock(&g->lock);
    g->stats.steps++; /* before anybody is told, as in engine_finish() */
    g->stats.prompt_tokens += n_prompt;
    g->stats.drafted_tokens += drafted;
    g->stats.accepted_tokens += right;
    g->busy_us += us;
    pthread_mutex_unlock(&g->lock);
    for (size_t i = 0; i < n_asking; i++) {
        struct request *r = g->asking[i];

        if (!hand_out_all(g, r)) forget(g, r);
    }
}
