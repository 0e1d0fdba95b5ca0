/* The engine: streams, ends, order, limits, and the same text whatever else is in flight. On a tiny model with random
 * weights (tests/data/gguf). */
#include "suite.h"
#include "../../inference/inference.h"

#include <pthread.h>
#include "../../base/clock.h"

#define COUNT_OF_ARRAY(a) (sizeof(a) / sizeof((a)[0]))

static struct model *open_model(void)
{
    static char path[4096];
    const char *source = getenv("BRIEFD_TEST_SOURCE");
    struct model *m = NULL;
    struct err e;
    snprintf(path, sizeof(path), "%s/tests/data/gguf/granitemoe.gguf", source ? source : ".");
    ck_assert_msg(model_open(path, NULL, &m, &e) == RC_OK, "%s", e.msg);
    return m;
}

static struct engine *open_engine(const struct model *m, struct engine_options opt)
{
    struct engine *g = NULL;
    struct err e;
    ck_assert_msg(engine_open(m, &opt, &g, &e) == RC_OK, "%s", e.msg);
    return g;
}

/* A prompt of n tokens that depends on `which`. */
static void make_prompt(int32_t *ids, size_t n, size_t which)
{
    for (size_t i = 0; i < n; i++)
        ids[i] = (int32_t)(10 + (which * 131 + i * 37) % 300);
}

/* ---- what a request does ------------------------------------------------------------------------------- */

struct seen {
    struct engine *g;
    struct request *request;
    size_t cancel_after;      /* tokens; 0: never */
    struct seen *victim;      /* who is cancelled then; NULL: itself */
    int32_t ids[256];
    size_t n;
    struct buf text;
    struct finish finish;
    int finished;
    int *order, place;        /* *order counts the ends; place: which end this was, from 1 */
    struct seen *then[9];     /* submitted at the first token */
    struct submission sub[9];
    uint32_t most_in_flight;  /* seen at its tokens */
};

static void on_token(void *ctx, int32_t id, const char *bytes, size_t n)
{
    struct seen *s = ctx;
    struct engine_stats stats;
    struct err e;
    engine_stats(s->g, &stats);
    s->most_in_flight = stats.in_flight > s->most_in_flight ? stats.in_flight : s->most_in_flight;
    ck_assert_int_eq(s->finished, 0);
    ck_assert_uint_lt(s->n, COUNT_OF_ARRAY(s->ids));
    s->ids[s->n++] = id;
    buf_add(&s->text, bytes, n);
    for (size_t i = 0; s->n == 1 && i < COUNT_OF_ARRAY(s->then) && s->then[i]; i++)
        ck_assert(engine_submit(s->g, &s->sub[i], &s->then[i]->request, &e) == RC_OK);
    if (s->cancel_after && s->n == s->cancel_after)
        engine_cancel(s->g, s->victim ? s->victim->request : s->request);
}

static void on_finish(void *ctx, const struct finish *f)
{
    struct seen *s = ctx;
    s->finish = *f;
    s->finished++;
    if (s->order)
        s->place = ++*s->order;
}

static struct seen *seen_make(struct engine *g)
{
    struct seen *s = calloc(1, sizeof(*s));
    ck_assert_ptr_nonnull(s);
    s->g = g;
    buf_init(&s->text, 1 << 20);
    return s;
}

static void seen_free(struct seen *s)
{
    buf_clear(&s->text);
    free(s);
}

static struct submission submission_of(struct seen *s, const int32_t *ids, size_t n, size_t max_tokens)
{
    return (struct submission){.ids = ids, .n_ids = n, .max_tokens = max_tokens, .ignore_end = true, .on_token = on_token,
                               .on_finish = on_finish, .ctx = s};
}

static void submit(struct engine *g, const struct submission *s, struct request **r)
{
    struct err e;
    ck_assert_msg(engine_submit(g, s, r, &e) == RC_OK, "%s", e.msg);
}

/* ---- tests --------------------------------------------------------------------------------------------- */

START_TEST(streams_what_it_returns)
{
    struct model *m = open_model();
    struct engine *g = open_engine(m, (struct engine_options){.context = 128});
    struct seen *s = seen_make(g);
    struct submission sub;
    struct buf text, bytes;
    struct finish f;
    struct engine_stats stats;
    struct err e;
    int32_t prompt[20], *ids = NULL;
    size_t n = 0;
    make_prompt(prompt, 20, 1);
    sub = submission_of(s, prompt, 20, 12);
    submit(g, &sub, &s->request);
    memset(prompt, 0, sizeof(prompt)); /* the engine has its own copy */
    request_close(s->request);
    ck_assert_int_eq(s->finished, 1);
    ck_assert_int_eq(s->finish.reason, FINISH_LENGTH);
    ck_assert_uint_eq(s->finish.prompt_tokens, 20);
    ck_assert_uint_eq(s->finish.output_tokens, 12);
    ck_assert_uint_eq(s->n, 12);
    make_prompt(prompt, 20, 1);
    buf_init(&text, 1 << 20);
    ck_assert_msg(engine_run(g, &sub, &text, &ids, &n, &f, &e) == RC_OK, "%s", e.msg);
    ck_assert_uint_eq(n, 12);
    ck_assert(memcmp(ids, s->ids, n * sizeof(*ids)) == 0);
    ck_assert_uint_eq(text.len, s->text.len);
    ck_assert(memcmp(text.data, s->text.data, text.len) == 0);
    buf_init(&bytes, 1 << 20);
    for (size_t i = 0; i < n; i++)
        model_token_bytes(m, ids[i], &bytes);
    ck_assert(bytes.len == text.len && memcmp(bytes.data, text.data, text.len) == 0);
    engine_stats(g, &stats);
    ck_assert_uint_eq(stats.requests, 2);
    ck_assert_uint_eq(stats.prompt_tokens, 40);
    ck_assert_uint_eq(stats.output_tokens, 24);
    free(ids);
    buf_clear(&text);
    buf_clear(&bytes);
    seen_free(s);
    engine_close(g);
    model_close(m);
}
END_TEST

/* 12 prompts of different lengths, greedy and by chance, alone and all at once in small chunks. */
START_TEST(neighbours_change_nothing)
{
    enum { N = 12 };
    struct model *m = open_model();
    struct engine *alone = open_engine(m, (struct engine_options){.context = 128, .sequences = 1, .threads = 1});
    struct engine *crowd = open_engine(m, (struct engine_options){.context = 128, .sequences = 5, .chunk = 7});
    int32_t prompts[N][40];
    struct seen *one[N], *many[N];
    struct submission sub;
    for (size_t i = 0; i < N; i++) {
        make_prompt(prompts[i], 40, i);
        one[i] = seen_make(alone);
        many[i] = seen_make(crowd);
        sub = submission_of(one[i], prompts[i], 1 + i * 3, 20 + i);
        sub.sampling = (struct sampling){.temperature = i % 2 ? 0.9F : 0, .top_k = i % 3 ? 0 : 40, .top_p = 0.95F, .seed = i};
        submit(alone, &sub, &one[i]->request);
        request_close(one[i]->request);
        sub.ctx = many[i];
        submit(crowd, &sub, &many[i]->request);
    }
    for (size_t i = 0; i < N; i++) {
        request_close(many[i]->request);
        ck_assert_uint_eq(many[i]->n, 20 + i);
        ck_assert_msg(memcmp(one[i]->ids, many[i]->ids, many[i]->n * sizeof(int32_t)) == 0, "sequence %zu", i);
        seen_free(one[i]);
        seen_free(many[i]);
    }
    engine_close(alone);
    engine_close(crowd);
    model_close(m);
}
END_TEST

START_TEST(seeds_differ)
{
    struct model *m = open_model();
    struct engine *g = open_engine(m, (struct engine_options){.context = 64});
    struct seen *a = seen_make(g), *b = seen_make(g);
    int32_t prompt[4];
    struct submission sub;
    make_prompt(prompt, 4, 3);
    sub = submission_of(a, prompt, 4, 20);
    sub.sampling = (struct sampling){.temperature = 1, .top_p = 1, .seed = 1};
    submit(g, &sub, &a->request);
    sub.ctx = b;
    sub.sampling.seed = 2;
    submit(g, &sub, &b->request);
    request_close(a->request);
    request_close(b->request);
    ck_assert(memcmp(a->ids, b->ids, 20 * sizeof(int32_t)) != 0);
    seen_free(a);
    seen_free(b);
    engine_close(g);
    model_close(m);
}
END_TEST

START_TEST(cancel_and_deadline)
{
    struct model *m = open_model();
    struct engine *g = open_engine(m, (struct engine_options){.context = 128, .sequences = 1});
    struct seen *s = seen_make(g), *late = seen_make(g);
    struct submission sub;
    struct err e;
    int32_t prompt[8], *ids = NULL;
    size_t n;
    make_prompt(prompt, 8, 2);
    s->cancel_after = 3;
    s->then[0] = late; /* waits behind s, and its time has passed already */
    s->sub[0] = submission_of(late, prompt, 8, 100);
    s->sub[0].deadline_ms = clock_mono_ms();
    sub = submission_of(s, prompt, 8, 100);
    /* the callback cancels s->request: it must be set before the first token */
    submit(g, &sub, &s->request);
    request_close(s->request);
    ck_assert_int_eq(s->finish.reason, FINISH_CANCELLED);
    ck_assert_uint_eq(s->finish.output_tokens, 3);
    ck_assert_uint_eq(s->n, 3);
    request_close(late->request);
    ck_assert_int_eq(late->finish.reason, FINISH_DEADLINE);
    ck_assert_uint_eq(late->n, 0);
    sub.deadline_ms = clock_mono_ms() - 1;
    ck_assert_int_eq(engine_run(g, &sub, NULL, &ids, &n, NULL, &e), RC_RETRY);
    ck_assert_ptr_nonnull(strstr(e.msg, "deadline"));
    seen_free(s);
    seen_free(late);
    engine_close(g);
    model_close(m);
}
END_TEST

/* While one runs, a batch request and then a person's are queued: the person's comes first. */
START_TEST(priority)
{
    struct model *m = open_model();
    struct engine *g = open_engine(m, (struct engine_options){.context = 128, .sequences = 1});
    struct seen *first = seen_make(g), *batch = seen_make(g), *person = seen_make(g);
    struct submission sub;
    int32_t prompt[8];
    int order = 0;
    make_prompt(prompt, 8, 5);
    first->order = batch->order = person->order = &order;
    first->then[0] = batch;
    first->then[1] = person;
    first->sub[0] = submission_of(batch, prompt, 8, 4);
    first->sub[1] = submission_of(person, prompt, 8, 4);
    first->sub[1].priority = 1;
    sub = submission_of(first, prompt, 8, 4);
    submit(g, &sub, &first->request);
    request_close(first->request);
    request_close(batch->request);
    request_close(person->request);
    ck_assert_int_eq(first->place, 1);
    ck_assert_int_eq(person->place, 2);
    ck_assert_int_eq(batch->place, 3);
    seen_free(first);
    seen_free(batch);
    seen_free(person);
    engine_close(g);
    model_close(m);
}
END_TEST

START_TEST(limits)
{
    struct model *m = open_model();
    struct engine *g = open_engine(m, (struct engine_options){.context = 40, .sequences = 2}), *none = NULL;
    struct seen *s = seen_make(g);
    struct request *r = NULL;
    struct submission sub;
    struct err e;
    const struct engine_options little = {.context = 4096, .kv_bytes = 1000};
    int32_t prompt[41];
    make_prompt(prompt, 41, 1);
    sub = submission_of(s, prompt, 41, 1);
    ck_assert_int_eq(engine_submit(g, &sub, &r, &e), RC_LIMIT);
    ck_assert_msg(strstr(e.msg, "41") && strstr(e.msg, "40"), "%s", e.msg);
    sub.n_ids = 0;
    ck_assert_int_eq(engine_submit(g, &sub, &r, &e), RC_BAD);
    sub.n_ids = 2;
    prompt[1] = 1 << 20;
    ck_assert_int_eq(engine_submit(g, &sub, &r, &e), RC_BAD);
    prompt[1] = -1;
    ck_assert_int_eq(engine_submit(g, &sub, &r, &e), RC_BAD);
    ck_assert_ptr_null(r);
    make_prompt(prompt, 41, 1);
    sub = submission_of(s, prompt, 30, 1000); /* until the context is full */
    submit(g, &sub, &s->request);
    request_close(s->request);
    ck_assert_int_eq(s->finish.reason, FINISH_LENGTH);
    ck_assert_uint_eq(s->finish.output_tokens, 10);
    for (size_t n = 0; n < 2; n++) { /* no room, or nothing wanted */
        s->finished = 0;
        s->n = 0;
        sub = submission_of(s, prompt, n ? 40 : 5, n ? 10 : 0);
        submit(g, &sub, &s->request);
        request_close(s->request);
        ck_assert_int_eq(s->finish.reason, FINISH_LENGTH);
        ck_assert_uint_eq(s->finish.output_tokens, 0);
    }
    ck_assert_int_eq(engine_open(m, &little, &none, &e), RC_LIMIT);
    ck_assert_msg(strstr(e.msg, "4096"), "%s", e.msg);
    seen_free(s);
    engine_close(g);
    model_close(m);
}
END_TEST

/* KV memory for one sequence of the full context, and more requests than that: they wait for each other. */
START_TEST(little_memory)
{
    enum { N = 6 };
    struct model *m = open_model();
    struct model_info info;
    model_info(m, &info);
    /* 64 tokens: keys and values of all layers as halves */
    size_t bytes = (size_t)64 * info.n_layers * 2 * info.n_heads_kv * (info.n_embd / info.n_heads) * 2;
    struct engine *g = open_engine(m, (struct engine_options){.context = 64, .sequences = 4, .kv_bytes = bytes});
    struct seen *s[N];
    int32_t prompt[20];
    for (size_t i = 0; i < N; i++) {
        struct submission sub;
        make_prompt(prompt, 20, i);
        s[i] = seen_make(g);
        sub = submission_of(s[i], prompt, 20, i % 2 ? 40 : 5);
        submit(g, &sub, &s[i]->request);
    }
    for (size_t i = 0; i < N; i++) {
        request_close(s[i]->request);
        ck_assert_uint_eq(s[i]->n, i % 2 ? 40 : 5);
        seen_free(s[i]);
    }
    engine_close(g);
    model_close(m);
}
END_TEST

START_TEST(close_cancels)
{
    enum { N = 5 };
    struct model *m = open_model();
    struct engine *g = open_engine(m, (struct engine_options){.context = 256, .sequences = 2});
    struct seen *s[N];
    int32_t prompt[8];
    make_prompt(prompt, 8, 1);
    for (size_t i = 0; i < N; i++) {
        struct submission sub;
        s[i] = seen_make(g);
        sub = submission_of(s[i], prompt, 8, 240);
        submit(g, &sub, &s[i]->request);
    }
    engine_close(g);
    for (size_t i = 0; i < N; i++) {
        ck_assert_int_eq(s[i]->finished, 1);
        ck_assert(s[i]->finish.reason == FINISH_CANCELLED || s[i]->finish.reason == FINISH_LENGTH);
        request_close(s[i]->request);
        seen_free(s[i]);
    }
    model_close(m);
}
END_TEST

struct caller {
    struct engine *g;
    size_t which;
    int32_t ids[16];
};

static void *call(void *arg)
{
    struct caller *c = arg;
    int32_t prompt[10], *ids = NULL;
    struct submission sub = {.ids = prompt, .n_ids = 10, .max_tokens = 16, .ignore_end = true};
    struct err e;
    size_t n = 0;
    make_prompt(prompt, 10, c->which);
    if (engine_run(c->g, &sub, NULL, &ids, &n, NULL, &e) == RC_OK && n == 16)
        memcpy(c->ids, ids, sizeof(c->ids));
    free(ids);
    return NULL;
}

START_TEST(many_threads)
{
    enum { N = 8 };
    struct model *m = open_model();
    struct engine *g = open_engine(m, (struct engine_options){.context = 64, .sequences = 3});
    struct caller callers[N], check;
    pthread_t threads[N];
    for (size_t i = 0; i < N; i++) {
        callers[i] = (struct caller){.g = g, .which = i};
        ck_assert_int_eq(pthread_create(&threads[i], NULL, call, &callers[i]), 0);
    }
    for (size_t i = 0; i < N; i++)
        pthread_join(threads[i], NULL);
    for (size_t i = 0; i < N; i++) {
        check = (struct caller){.g = g, .which = i};
        call(&check);
        ck_assert(check.ids[0] != 0 && memcmp(check.ids, callers[i].ids, sizeof(check.ids)) == 0);
    }
    engine_close(g);
    model_close(m);
}
END_TEST

/* Text under a fact lock is text that its automaton takes, by the most probable token and by chance. */
START_TEST(constraint_holds)
{
    static const char *const slots[] = {"[PERSON_1]", "[DATE_1]"}, *const words[] = {"Order"};
    const struct fact_lock lock = {.slots = slots, .n_slots = 2, .words = words, .n_words = 1, .max_sentences = 2,
                                   .allow_newlines = true};
    struct model *m = open_model();
    struct engine *g = open_engine(m, (struct engine_options){.context = 128});
    struct constraint *c = NULL;
    struct err e;
    ck_assert_msg(constraint_fact_lock(&lock, &c, &e) == RC_OK, "%s", e.msg);
    for (size_t i = 0; i < 12; i++) {
        int32_t prompt[6];
        struct buf text;
        struct finish f;
        struct submission sub = {.ids = prompt, .n_ids = 6, .max_tokens = 60, .constraint = c,
                                 .sampling = {.temperature = i % 2 ? 1.5F : 0, .top_p = 1, .seed = i}};
        struct constraint_state state;
        bool alive = true;
        constraint_start(c, &state);
        make_prompt(prompt, 6, i);
        buf_init(&text, 1 << 16);
        ck_assert_msg(engine_run(g, &sub, &text, NULL, NULL, &f, &e) == RC_OK, "%s", e.msg);
        for (size_t k = 0; k < text.len && alive; k++)
            alive = constraint_step(c, &state, (uint8_t)text.data[k]);
        ck_assert_msg(alive, "'%s'", text.data);
        if (f.reason == FINISH_END)
            ck_assert(constraint_accepts(c, &state));
        buf_clear(&text);
    }
    constraint_close(c);
    engine_close(g);
    model_close(m);
}
END_TEST

/* Documents by a schema, several in flight, at every limit from the shortest on: all are closed, and the automaton takes
 * them. Too few tokens are refused with both numbers. */
START_TEST(json_is_closed_in_time)
{
    static const char schema[] = "{\"type\":\"object\",\"properties\":{\"step\":{\"type\":\"string\"},\"risk\":{\"enum\":[\"low\",\"high\"]},"
                                 "\"score\":{\"type\":\"integer\",\"minimum\":1,\"maximum\":5},\"topics\":{\"type\":\"array\",\"items\":"
                                 "{\"type\":\"string\",\"minLength\":1},\"maxItems\":3}},\"required\":[\"step\",\"risk\",\"score\"]}";
    enum { N = 24 };
    struct model *m = open_model();
    struct engine *g = open_engine(m, (struct engine_options){.context = 256, .sequences = 5});
    struct constraint *c = NULL;
    struct constraint_state state;
    struct seen *seen[N];
    struct err e;
    int32_t prompt[6];
    make_prompt(prompt, 6, 3);
    ck_assert_msg(constraint_json_schema(schema, sizeof(schema) - 1, NULL, &c, &e) == RC_OK, "%s", e.msg);
    constraint_start(c, &state);
    size_t least = constraint_least(c, &state);
    for (size_t i = 0; i < N; i++) {
        seen[i] = seen_make(g);
        struct submission sub = submission_of(seen[i], prompt, 6, least + 3 * i);
        sub.ignore_end = false;
        sub.constraint = c;
        sub.sampling = (struct sampling){.temperature = i % 3 ? 1.2F : 0, .top_p = i % 3 == 1 ? 0.9F : 1, .seed = i};
        submit(g, &sub, &seen[i]->request);
    }
    for (size_t i = 0; i < N; i++) {
        request_close(seen[i]->request);
        ck_assert_msg(seen[i]->finish.reason == FINISH_END || seen[i]->finish.reason == FINISH_LENGTH, "%s", seen[i]->text.data);
        constraint_start(c, &state);
        for (size_t k = 0; k < seen[i]->text.len; k++)
            ck_assert(constraint_step(c, &state, (uint8_t)seen[i]->text.data[k]));
        ck_assert_msg(constraint_accepts(c, &state), "'%s' with %zu tokens", seen[i]->text.data, least + 3 * i);
        seen_free(seen[i]);
    }
    struct submission few = {.ids = prompt, .n_ids = 6, .max_tokens = least - 1, .constraint = c};
    char both[128];
    snprintf(both, sizeof(both), "max_tokens is %zu; the shortest output that fits the constraint may need %zu", least - 1, least);
    ck_assert_int_eq(engine_run(g, &few, NULL, NULL, NULL, NULL, &e), RC_LIMIT);
    ck_assert_msg(strncmp(e.msg, both, 60) == 0, "%s", e.msg);
    constraint_close(c);
    engine_close(g);
    model_close(m);
}
END_TEST

/* ---- shared beginnings ---------------------------------------------------------------------------------- */

/* 64 prompts at once that share their first 384 tokens: these are computed once; then once more for none at all. */
START_TEST(a_common_beginning_is_computed_once)
{
    enum { N = 64, SHARED = 384, OWN = 40 };
    struct model *m = open_model();
    struct engine *g = open_engine(m, (struct engine_options){.context = 512, .sequences = N, .chunk = 100});
    struct seen *s[N];
    struct engine_stats stats;
    int32_t prompt[SHARED + OWN];
    for (int round = 0; round < 2; round++) {
        for (size_t i = 0; i < N; i++) {
            struct submission sub;
            make_prompt(prompt, SHARED, 0);
            make_prompt(prompt + SHARED, OWN, 1 + i + 100 * (size_t)round);
            s[i] = seen_make(g);
            sub = submission_of(s[i], prompt, SHARED + OWN, 4);
            submit(g, &sub, &s[i]->request);
        }
        for (size_t i = 0; i < N; i++) {
            request_close(s[i]->request);
            ck_assert_uint_eq(s[i]->finish.output_tokens, 4);
            ck_assert_uint_eq(s[i]->finish.prompt_tokens, SHARED + OWN);
            ck_assert_uint_le(s[i]->finish.cached_tokens, SHARED);
            seen_free(s[i]);
        }
        engine_stats(g, &stats);
        ck_assert_uint_eq(stats.prompt_tokens, SHARED + (1 + round) * N * OWN);
        ck_assert_uint_eq(stats.cached_tokens, (N - 1 + round * N) * SHARED);
    }
    engine_close(g);
    model_close(m);
}
END_TEST

/* KV memory for 21 blocks: one sequence of 1, and 9 of 4, which fit only because they share 2. */
START_TEST(shared_blocks_count_once)
{
    enum { N = 9 };
    struct model *m = open_model();
    struct model_info info;
    model_info(m, &info);
    size_t block = (size_t)32 * info.n_layers * 2 * info.n_heads_kv * (info.n_embd / info.n_heads) * 2;
    struct engine *g = open_engine(m, (struct engine_options){.context = 128, .sequences = 16, .kv_bytes = 21 * block});
    struct seen *s[N], *first = seen_make(g);
    struct submission sub;
    int32_t prompts[N][70];
    for (size_t i = 0; i < N; i++) {
        make_prompt(prompts[i], 64, 0);
        make_prompt(prompts[i] + 64, 6, i);
        s[i] = first->then[i] = seen_make(g);
        first->sub[i] = submission_of(s[i], prompts[i], 70, 58);
    }
    sub = submission_of(first, prompts[0], 3, 20);
    submit(g, &sub, &first->request);
    request_close(first->request);
    ck_assert_uint_eq(first->most_in_flight, N + 1);
    for (size_t i = 0; i < N; i++) {
        request_close(s[i]->request);
        ck_assert_uint_eq(s[i]->n, 58);
        seen_free(s[i]);
    }
    seen_free(first);
    engine_close(g);
    model_close(m);
}
END_TEST

/* The one that computes a common beginning is cancelled in the middle: the other goes on with what is there. */
START_TEST(cancelled_in_the_middle)
{
    struct model *m = open_model();
    struct engine *g = open_engine(m, (struct engine_options){.context = 512, .sequences = 4, .chunk = 3, .draft = DRAFT_OFF});
    struct seen *writer = seen_make(g), *first = seen_make(g), *second = seen_make(g), *plain = seen_make(g);
    struct engine_stats stats;
    struct submission sub;
    int32_t prompt[402], other[1] = {7};
    make_prompt(prompt, 402, 1);
    writer->then[0] = first;
    writer->then[1] = second;
    writer->sub[0] = submission_of(first, prompt, 401, 8);
    writer->sub[1] = submission_of(second, prompt, 402, 8);
    writer->cancel_after = 30;
    writer->victim = first;
    sub = submission_of(writer, other, 1, 40);
    submit(g, &sub, &writer->request);
    request_close(writer->request);
    request_close(first->request);
    request_close(second->request);
    ck_assert_int_eq(first->finish.reason, FINISH_CANCELLED);
    ck_assert_int_eq(second->finish.reason, FINISH_LENGTH);
    engine_stats(g, &stats);
    ck_assert_uint_eq(stats.prompt_tokens, 1 + 402); /* the first one's share of it was not lost */
    engine_close(g);
    g = open_engine(m, (struct engine_options){.context = 512});
    sub = submission_of(plain, prompt, 402, 8);
    plain->g = g;
    submit(g, &sub, &plain->request);
    request_close(plain->request);
    ck_assert(memcmp(plain->ids, second->ids, 8 * sizeof(int32_t)) == 0);
    seen_free(writer);
    seen_free(first);
    seen_free(second);
    seen_free(plain);
    engine_close(g);
    model_close(m);
}
END_TEST

/* ---- a long prompt -------------------------------------------------------------------------------------- */

/* A long prompt that is followed by a short one, while a third writes: the short one does not wait for the long one's
 * end, and the writer writes in every step. */
START_TEST(a_long_prompt_stalls_nobody)
{
    struct model *m = open_model();
    struct engine *g = open_engine(m, (struct engine_options){.context = 512, .sequences = 4, .chunk = 8});
    struct seen *writer = seen_make(g), *far = seen_make(g), *near = seen_make(g);
    struct submission sub;
    struct engine_stats stats;
    int32_t prompt[8], other[20];
    int32_t all[400];
    int order = 0;
    make_prompt(prompt, 8, 1);
    make_prompt(all, 400, 2);
    make_prompt(other, 20, 3);
    writer->order = far->order = near->order = &order;
    writer->then[0] = far;
    writer->then[1] = near;
    writer->sub[0] = submission_of(far, all, 400, 1);
    writer->sub[1] = submission_of(near, other, 20, 1);
    sub = submission_of(writer, prompt, 8, 60);
    submit(g, &sub, &writer->request);
    request_close(writer->request);
    request_close(far->request);
    request_close(near->request);
    ck_assert_int_eq(near->place, 1); /* 5 steps */
    ck_assert_int_eq(far->place, writer->place == 2 ? 3 : 2);
    engine_stats(g, &stats);
    ck_assert_uint_le(stats.steps, 1 + 60 + 5); /* 420 tokens at 8 a step beside 59 of the writer, fewer with drafts */
    seen_free(writer);
    seen_free(far);
    seen_free(near);
    engine_close(g);
    model_close(m);
}
END_TEST

/* ---- drafts and penalties ------------------------------------------------------------------------------- */

START_TEST(drafts_save_steps)
{
    struct model *m = open_model();
    struct engine_stats off, on;
    int32_t prompt[60], *ids[2] = {NULL, NULL};
    for (size_t i = 0; i < 60; i++)
        prompt[i] = (int32_t)(50 + i % 4);
    for (int k = 0; k < 2; k++) {
        struct engine *g = open_engine(m, (struct engine_options){.context = 256, .draft = k ? 6 : DRAFT_OFF});
        struct submission sub = {.ids = prompt, .n_ids = 60, .max_tokens = 150, .ignore_end = true};
        struct err e;
        size_t n;
        ck_assert_msg(engine_run(g, &sub, NULL, &ids[k], &n, NULL, &e) == RC_OK, "%s", e.msg);
        ck_assert_uint_eq(n, 150);
        engine_stats(g, k ? &on : &off);
        engine_close(g);
    }
    ck_assert(memcmp(ids[0], ids[1], 150 * sizeof(int32_t)) == 0);
    ck_assert_uint_eq(off.steps, 150);
    ck_assert_uint_eq(off.drafted_tokens, 0);
    ck_assert_uint_eq(on.steps + on.accepted_tokens, 150);
    printf("150 tokens in %llu steps, %llu drafted\n", (unsigned long long)on.steps, (unsigned long long)on.drafted_tokens);
    free(ids[0]);
    free(ids[1]);
    model_close(m);
}
END_TEST

/* A penalty that leaves no token a chance to come twice within the window. */
START_TEST(penalty_of_all_repetition)
{
    struct model *m = open_model();
    struct engine *g = open_engine(m, (struct engine_options){.context = 256});
    struct submission sub = {.max_tokens = 100, .ignore_end = true,
                             .sampling = {.repeat_penalty = 1e30F, .repeat_window = 50}};
    int32_t prompt[6], *ids = NULL;
    struct err e;
    size_t n;
    make_prompt(prompt, 6, 4);
    sub.ids = prompt;
    sub.n_ids = 6;
    ck_assert_msg(engine_run(g, &sub, NULL, &ids, &n, NULL, &e) == RC_OK, "%s", e.msg);
    ck_assert_uint_eq(n, 100);
    for (size_t i = 0; i < n; i++)
        for (size_t k = 1; k <= 50 && k <= i + 6; k++)
            ck_assert_msg(ids[i] != (k <= i ? ids[i - k] : prompt[6 + i - k]), "token %zu is token %zu again", i, i - k);
    free(ids);
    engine_close(g);
    model_close(m);
}
END_TEST

/* More than any machine has: the model's context is the bound, so it is asked for in bytes. */
START_TEST(memory_that_is_not_there)
{
    struct model *m = open_model();
    struct engine *g = NULL;
    struct err e;
    struct engine_options opt = {.context = 512, .kv_bytes = 4096};
    ck_assert_int_eq(engine_open(m, &opt, &g, &e), RC_LIMIT);
    ck_assert_msg(strstr(e.msg, "512 tokens") && strstr(e.msg, "16 blocks"), "%s", e.msg);
    opt = (struct engine_options){.draft = 16};
    ck_assert_int_eq(engine_open(m, &opt, &g, &e), RC_LIMIT);
    model_close(m);
}
END_TEST

SUITE_MAIN("engine", streams_what_it_returns, neighbours_change_nothing, seeds_differ, cancel_and_deadline, priority, limits,
           little_memory, close_cancels, many_threads, constraint_holds, json_is_closed_in_time, a_common_beginning_is_computed_once,
           shared_blocks_count_once, cancelled_in_the_middle, a_long_prompt_stalls_nobody, drafts_save_steps,
           penalty_of_all_repetition, memory_that_is_not_there)
