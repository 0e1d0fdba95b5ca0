/* Drafts: what followed before, and how many of them are worth it. */
#include "suite.h"
#include "../../inference/speculate.h"

/* ---- lookup -------------------------------------------------------------------------------------------- */

START_TEST(the_longest_occurrence)
{
    /* "1 2" was followed by 5 first, then by 7; "9 1 2" by 5 only */
    static const int32_t ids[] = {9, 1, 2, 5, 6, 1, 2, 7, 8, 9, 1, 2};
    struct lookup *l = lookup_open(64);
    int32_t draft[DRAFT_MOST];
    size_t match;
    ck_assert_ptr_nonnull(l);
    ck_assert_uint_eq(lookup_draft(l, ids, 6, draft, &match), 0);
    ck_assert_uint_eq(lookup_draft(l, ids, 7, draft, &match), DRAFT_MOST);
    ck_assert_uint_eq(match, 2);
    ck_assert(draft[0] == 5 && draft[1] == 6 && draft[2] == 1);
    ck_assert_uint_eq(lookup_draft(l, ids, 12, draft, &match), DRAFT_MOST);
    ck_assert_uint_eq(match, 3);
    ck_assert(draft[0] == 5 && draft[1] == 6);
    lookup_close(l);
    l = lookup_open(64); /* of equal ones the newest */
    ck_assert_ptr_nonnull(l);
    ck_assert_uint_gt(lookup_draft(l, (const int32_t[]){1, 2, 5, 1, 2, 7, 4, 1, 2}, 9, draft, &match), 0);
    ck_assert(match == 2 && draft[0] == 7);
    lookup_close(l);
}
END_TEST

START_TEST(short_and_repeated)
{
    struct lookup *l = lookup_open(1);
    int32_t draft[DRAFT_MOST], ids[100];
    size_t match;
    ck_assert_ptr_nonnull(l);
    ids[0] = 3;
    ck_assert_uint_eq(lookup_draft(l, ids, 0, draft, &match), 0);
    ck_assert_uint_eq(lookup_draft(l, ids, 1, draft, &match), 0);
    lookup_close(l);
    l = lookup_open(100);
    ck_assert_ptr_nonnull(l);
    for (size_t i = 0; i < 100; i++) {
        ids[i] = (int32_t)(i % 3);
        ck_assert_uint_eq(lookup_draft(l, ids, i + 1, draft, &match), i < 4 ? 0 : DRAFT_MOST);
        for (size_t k = 0; k < DRAFT_MOST && i >= 4; k++) /* the repetition goes on beyond its end */
            ck_assert_int_eq(draft[k], (int32_t)((i + 1 + k) % 3));
        ck_assert_uint_eq(match, i < 4 ? 0 : i - 2 < MATCH_MOST ? i - 2 : MATCH_MOST);
    }
    lookup_close(l);
}
END_TEST

/* Against a search of the whole text; the index may miss what lies behind its longest chain, never be wrong. */
START_TEST(as_a_search_finds)
{
    enum { N = 3000 };
    static int32_t ids[N];
    struct lookup *l = lookup_open(N);
    uint64_t random = suite_seed("lookup");
    size_t found = 0;
    ck_assert_ptr_nonnull(l);
    for (size_t n = 1; n <= N; n++) {
        int32_t draft[DRAFT_MOST];
        size_t match, best = 0;
        bool follows = false;
        ids[n - 1] = (int32_t)(suite_random(&random) % 40);
        if (n > 200 && n % 100 > 60) /* copies */
            ids[n - 1] = ids[n - 151];
        if (lookup_draft(l, ids, n, draft, &match) == 0)
            match = 0;
        for (size_t at = 0; at + 1 < n; at++) {
            size_t k = 0;
            while (k < MATCH_MOST && k <= at && ids[at - k] == ids[n - 1 - k])
                k++;
            best = k > best ? k : best;
            follows |= match > 0 && k >= match && draft[0] == ids[at + 1];
        }
        ck_assert_uint_eq(match, best < MATCH_LEAST ? 0 : best);
        ck_assert(match == 0 || follows);
        found += match > 0;
    }
    ck_assert_uint_gt(found, N / 4);
    lookup_close(l);
}
END_TEST

/* ---- plans --------------------------------------------------------------------------------------------- */

/* One sequence whose drafted tokens are right with the chance `right_share`, on a machine where a step takes us_of_step
 * and us_of_row for each row. */
struct course {
    size_t steps;
    double right_share, us_of_row, us_of_step;
    /* out: the last draft's length, drafts in the second half, time a token as a share of what it takes without */
    size_t last, late;
    double ratio;
};

static void run_course(struct course *c)
{
    struct speculation *s = speculation_open();
    struct acceptance own = {0};
    struct draft d = {.own = &own, .match = 12, .most = DRAFT_MOST};
    uint64_t random = 1;
    double time = 0, tokens = 0;
    ck_assert_ptr_nonnull(s);
    c->late = 0;
    for (size_t i = 0; i < c->steps; i++) {
        size_t right = 0;
        double us;
        speculation_plan(s, 1, &d, 1);
        us = c->us_of_step + c->us_of_row * (double)(1 + d.n);
        while (right < d.n && (double)(suite_random(&random) % 1000) < c->right_share * 1000)
            right++;
        if (d.n > 0)
            speculation_note_draft(s, &d, right);
        c->late += i >= c->steps / 2 && d.n > 0;
        time += us;
        tokens += 1 + (double)right;
        speculation_note_step(s, 1 + d.n, (int64_t)(us * (0.9 + (double)(suite_random(&random) % 200) / 1000)));
    }
    c->last = d.n;
    c->ratio = time / tokens / (c->us_of_step + c->us_of_row);
    speculation_close(s);
}

START_TEST(drafts_what_pays)
{
    struct course good = {.steps = 2000, .right_share = 0.95, .us_of_row = 10, .us_of_step = 1000},
                  bad = {.steps = 2000, .right_share = 0.05, .us_of_row = 1000, .us_of_step = 100},
                  dear = {.steps = 2000, .right_share = 0.5, .us_of_row = 1000, .us_of_step = 100};
    run_course(&good); /* rows are nearly free */
    ck_assert_uint_gt(good.last, 5);
    ck_assert(good.ratio < 0.2);
    run_course(&bad); /* rows cost, and are wrong: that is tried again seldom */
    ck_assert(bad.late >= 1 && bad.late <= 10);
    run_course(&dear); /* half of them right for the full price */
    ck_assert_uint_le(dear.late, 20);
}
END_TEST

/* Whatever drafts are worth and steps take, they cost at most a fiftieth where they do not pay. */
START_TEST(never_much_slower)
{
    double worst = 0, worst_short = 0;
    for (int share = 0; share <= 10; share++) {
        for (int row = 1; row <= 10; row++) {
            struct course c = {.steps = 3000, .right_share = share / 10.0, .us_of_row = row * 100.0, .us_of_step = 1000 - row * 100.0};
            run_course(&c);
            worst = c.ratio > worst ? c.ratio : worst;
            c.steps = 300;
            run_course(&c);
            worst_short = c.ratio > worst_short ? c.ratio : worst_short;
        }
    }
    printf("time a token beside none without drafts: at most %.4f, %.4f in the first 300 steps\n", worst, worst_short);
    ck_assert(worst <= 1 / 0.98);
    ck_assert(worst_short <= 1 / 0.95);
}
END_TEST

START_TEST(estimates_of_steps)
{
    struct speculation *s = speculation_open();
    ck_assert_ptr_nonnull(s);
    ck_assert(!(speculation_step_us(s, 5) > 0));
    for (size_t i = 0; i < 20; i++) {
        speculation_note_step(s, 1, 100);
        speculation_note_step(s, 9, i == 10 ? 100000 : 500); /* one step in which a thread lost its processor */
    }
    ck_assert_double_eq_tol(speculation_step_us(s, 1), 100, 1e-9);
    ck_assert_double_eq_tol(speculation_step_us(s, 5), 300, 15);
    ck_assert_double_eq_tol(speculation_step_us(s, 9), 500, 25);
    for (size_t n = 1; n < 5000; n++) {
        double a = speculation_step_us(s, n), b = speculation_step_us(s, n + 1);
        ck_assert(b >= a && b <= a * (double)(n + 1) / (double)n * 1.001);
    }
    speculation_close(s);
}
END_TEST

/* Rows go to the sequence whose drafts are the likeliest, and never beyond the bounds. */
START_TEST(shares_rows)
{
    struct speculation *s = speculation_open();
    struct acceptance good = {.tried = {100, 100, 100, 100, 100}, .right = {99, 99, 99, 99, 99}},
                      bad = {.tried = {100, 100, 100, 100, 100}};
    struct draft d[8];
    size_t n = 0;
    ck_assert_ptr_nonnull(s);
    speculation_note_step(s, 8, 1000);
    for (size_t i = 0; i < 8; i++)
        d[i] = (struct draft){.own = i < 4 ? &good : &bad, .match = 5, .most = i == 0 ? 2 : DRAFT_MOST};
    for (size_t k = 8; k < 64; k++)
        for (size_t i = 0; i < 8; i++)
            speculation_note_step(s, k, 1000 + (int64_t)k);
    speculation_plan(s, 8, d, 8);
    for (size_t i = 0; i < 8; i++) {
        ck_assert_uint_le(d[i].n, d[i].most);
        ck_assert(i < 4 ? d[i].n >= 2 : d[i].n <= 1);
        n += d[i].n;
    }
    ck_assert_uint_le(n, DRAFT_MOST_ROWS);
    ck_assert_uint_ge(n, DRAFT_MOST_ROWS - 4);
    speculation_close(s);
}
END_TEST

SUITE_MAIN("speculate", the_longest_occurrence, short_and_repeated, as_a_search_finds, drafts_what_pays, never_much_slower, estimates_of_steps,
           shares_rows)
