/* The sampler on small vocabularies where every probability is known. */
#include "suite.h"
#include "../../inference/sampler.h"

#include <math.h>

static const float logits[6] = {0.6931472F, 2.0794415F, 1.3862944F, 0, 2.0794415F, 0}; /* ln of 2, 8, 4, 1, 8, 1 */
static const double weights[6] = {2, 8, 4, 1, 8, 1};

static struct sampler *open_sampler(size_t n)
{
    struct sampler *s = NULL;
    struct err e;
    ck_assert(sampler_open(n, &s, &e) == RC_OK);
    return s;
}

/* Draw often; every token's share must be its weight in `kept` (0: never), within five standard deviations. */
static void check_shares(const struct sampling *p, const double kept[6])
{
    enum { N = 20000 };
    struct sampler *s = open_sampler(6);
    double total = 0;
    int counts[6] = {0};
    for (size_t i = 0; i < 6; i++)
        total += kept[i];
    for (uint64_t i = 0; i < N; i++) {
        int32_t id = sampler_pick(s, logits, NULL, 0, p, i);
        ck_assert(id >= 0 && id < 6);
        counts[id]++;
    }
    for (size_t i = 0; i < 6; i++) {
        double share = kept[i] / total, bound = 5 * sqrt(share * (1 - share) / N);
        ck_assert_msg(fabs((double)counts[i] / N - share) <= bound, "token %zu: %d of %d", i, counts[i], N);
    }
    sampler_close(s);
}

START_TEST(shares)
{
    struct sampling p = {.temperature = 1, .top_p = 1, .seed = 7};
    double squared[6];
    check_shares(&p, weights);
    p.temperature = 0.5F;
    for (size_t i = 0; i < 6; i++)
        squared[i] = weights[i] * weights[i];
    check_shares(&p, squared);
    p = (struct sampling){.temperature = 1, .top_p = 1, .top_k = 3, .seed = 8};
    check_shares(&p, (const double[6]){0, 8, 4, 0, 8, 0});
    p.top_k = 5; /* of the two tokens of weight 1 the lower id stays */
    check_shares(&p, (const double[6]){2, 8, 4, 1, 8, 0});
    p = (struct sampling){.temperature = 1, .top_p = 0.6F, .seed = 9}; /* 16 of 24 */
    check_shares(&p, (const double[6]){0, 8, 0, 0, 8, 0});
    p.top_p = 0.7F;
    check_shares(&p, (const double[6]){0, 8, 4, 0, 8, 0});
    p = (struct sampling){.temperature = 1, .top_p = 1, .min_p = 0.4F, .seed = 10};
    check_shares(&p, (const double[6]){0, 8, 4, 0, 8, 0});
}
END_TEST

START_TEST(greedy_and_ties)
{
    struct sampler *s = open_sampler(6);
    const struct sampling greedy = {0}, one = {.temperature = 1, .top_p = 1, .top_k = 1},
                          tiny = {.temperature = 1, .top_p = 1e-6F}, most = {.temperature = 1, .top_p = 0};
    const uint8_t allowed[6] = {1, 0, 0, 1, 0, 0}, none[6] = {0};
    float broken[6] = {NAN, INFINITY, NAN, NAN, NAN, NAN};
    for (uint64_t i = 0; i < 50; i++) {
        ck_assert_int_eq(sampler_pick(s, logits, NULL, 0, &greedy, i), 1);
        ck_assert_int_eq(sampler_pick(s, logits, NULL, 0, &one, i), 1);
        ck_assert_int_eq(sampler_pick(s, logits, NULL, 0, &tiny, i), 1);
        ck_assert_int_eq(sampler_pick(s, logits, NULL, 0, &most, i), 1);
        ck_assert_int_eq(sampler_pick(s, logits, allowed, 6, &greedy, i), 0);
        ck_assert_int_eq(sampler_pick(s, logits, allowed + 3, 3, &one, i), 0);
    }
    ck_assert_int_eq(sampler_pick(s, logits, none, 6, &greedy, 0), -1);
    ck_assert_int_eq(sampler_pick(s, broken, NULL, 0, &one, 0), -1);
    broken[4] = -3;
    ck_assert_int_eq(sampler_pick(s, broken, NULL, 0, &greedy, 0), 4);
    sampler_close(s);
}
END_TEST

/* The cuts keep the most probable ones of many, in any order of logits. */
START_TEST(cuts_of_many)
{
    enum { N = 1000, K = 10 };
    struct sampler *s = open_sampler(N);
    float many[N];
    bool drawn[N] = {false};
    for (size_t i = 0; i < N; i++)
        many[(i * 373) % N] = (float)i * 0.001F; /* 373 and 1000 have no common factor */
    for (uint64_t i = 0; i < 2000; i++) {
        const struct sampling p = {.temperature = 5, .top_p = 1, .top_k = K, .seed = 1};
        drawn[sampler_pick(s, many, NULL, 0, &p, i)] = true;
    }
    for (size_t i = 0; i < N; i++)
        ck_assert(drawn[i] == (many[i] >= (float)(N - K) * 0.001F));
    sampler_close(s);
}
END_TEST

/* By hand: 2.0794415 / 2, 0.6931472 / 2, -3 * 2, 0 stays; each once; only what is in the window. */
START_TEST(penalty)
{
    static const int32_t ids[] = {2, 1, 1, 0, 5, 3};
    struct sampler *s = open_sampler(6);
    struct sampling p = {.repeat_penalty = 2, .repeat_window = 5};
    float x[6];
    for (int round = 0; round < 2; round++) {
        memcpy(x, logits, sizeof(x));
        x[5] = -3;
        sampler_penalise(s, x, ids, 6, &p);
        ck_assert(x[0] == logits[0] / 2 && x[1] == logits[1] / 2 && x[2] == logits[2] && !(x[3] < 0) && !(x[3] > 0));
        ck_assert(x[4] == logits[4] && x[5] == -6);
    }
    memcpy(x, logits, sizeof(x));
    p.repeat_window = 1000;
    sampler_penalise(s, x, ids, 6, &p);
    ck_assert(x[2] == logits[2] / 2);
    memcpy(x, logits, sizeof(x));
    p.repeat_penalty = 1;
    sampler_penalise(s, x, ids, 6, &p);
    p.repeat_penalty = 0;
    sampler_penalise(s, x, ids, 6, &p);
    ck_assert(memcmp(x, logits, sizeof(x)) == 0);
    p = (struct sampling){.repeat_penalty = 0.5F}; /* below 1 repetition is liked; 64 tokens by default */
    int32_t many[65] = {2};
    sampler_penalise(s, x, many, 65, &p);
    ck_assert(x[0] == logits[0] * 2 && x[2] == logits[2]);
    sampler_close(s);
}
END_TEST

START_TEST(noise)
{
    double mean = 0, square = 0;
    enum { N = 100000 };
    for (uint64_t i = 0; i < N; i++) {
        double u = sampler_noise(i / 1000, i % 1000);
        ck_assert(u >= 0 && u < 1);
        mean += u / N;
        square += u * u / N;
    }
    ck_assert(fabs(mean - 1.0 / 2) < 0.005 && fabs(square - 1.0 / 3) < 0.005);
    ck_assert(sampler_noise(1, 2) == sampler_noise(1, 2));
    ck_assert(sampler_noise(1, 2) != sampler_noise(2, 1));
}
END_TEST

SUITE_MAIN("sampler", shares, greedy_and_ties, cuts_of_many, penalty, noise)
