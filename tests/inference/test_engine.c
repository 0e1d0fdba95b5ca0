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
    int32_t ids[256];
    size_t n;
    struct buf text;
    struct finish finish;
    int finished;
    int *order, place;        /* *order counts the ends; place: which end this was, from 1 */
    struct seen *then[2];     /* submitted at the first token */
    struct submission sub[2];
};

static void on_token(void *ctx, int32_t id, const char *bytes, size_t n)
{
    struct seen *s = ctx;
    struct err e;
    ck_assert_int_eq(s->finished, 0);
    ck_assert_uint_lt(s->n, COUNT_OF_ARRAY(s->ids));
    s->ids[s->n++] = id;
    buf_add(&s->text, bytes, n);
    for (size_t i = 0; s->n == 1 && i < 2 && s->then[i]; i++)
        ck_assert(engine_submit(s->g, &s->sub[i], &s->then[i]->request, &e) == RC_OK);
    if (s->cancel_after && s->n == s->cancel_after)
        engine_cancel(s->g, s->request);
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

SUITE_MAIN("engine", streams_what_it_returns, neighbours_change_nothing, seeds_differ, cancel_and_deadline, priority, limits,
           little_memory, close_cancels, many_threads, constraint_holds,
           json_is_closed_in_time)
