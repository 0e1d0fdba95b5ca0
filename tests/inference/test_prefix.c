/* Shared blocks of the KV cache: what is shared, for how long, what is given up first. */
#include "suite.h"
#include "../../inference/kernels.h"
#include "../../inference/prefix.h"

#define MOST 64 /* blocks */

struct cache {
    struct kv *kv;
    struct prefix *p;
};

static const struct shape tiny = {.n_layers = 1, .n_embd = 32, .n_heads = 1, .n_heads_kv = 1, .n_head = 32};

static struct cache open_cache(size_t n_blocks)
{
    struct cache c = {0};
    struct err e;
    ck_assert_msg(kv_open(&tiny, KV_F16, n_blocks, &c.kv, &e) == RC_OK, "%s", e.msg);
    ck_assert_msg(prefix_open(c.kv, n_blocks, &c.p, &e) == RC_OK, "%s", e.msg);
    return c;
}

static void close_cache(struct cache *c)
{
    prefix_close(c->p);
    kv_close(c->kv);
}

/* n tokens, the first `same` of them the same for all `which`. */
static void make_ids(int32_t *ids, size_t n, size_t same, size_t which)
{
    for (size_t i = 0; i < n; i++)
        ids[i] = (int32_t)(i < same ? i : 1000 * (which + 1) + i);
}

static void fill(struct cache *c, const uint32_t *table, size_t n_ids)
{
    for (size_t i = 0; i < prefix_blocks(n_ids); i++)
        prefix_fill(c->p, table[i], KV_BLOCK);
}

START_TEST(whole_blocks_but_the_last)
{
    ck_assert_uint_eq(prefix_blocks(0), 0);
    ck_assert_uint_eq(prefix_blocks(1), 0);
    ck_assert_uint_eq(prefix_blocks(KV_BLOCK), 0);
    ck_assert_uint_eq(prefix_blocks(KV_BLOCK + 1), 1);
    ck_assert_uint_eq(prefix_blocks(3 * KV_BLOCK), 2);
}
END_TEST

/* Before anything is computed a second one shares the blocks; a third differs in one token of the second block. */
START_TEST(shares_what_is_the_same)
{
    struct cache c = open_cache(20);
    int32_t ids[4 * KV_BLOCK + 1];
    uint32_t a[6], b[6], d[6];
    make_ids(ids, 4 * KV_BLOCK + 1, 4 * KV_BLOCK + 1, 0);
    ck_assert(prefix_admit(c.p, 0, ids, 4 * KV_BLOCK + 1, a, 6));
    ck_assert_uint_eq(prefix_room(c.p), 14);
    ck_assert(prefix_admit(c.p, 0, ids, 4 * KV_BLOCK + 1, b, 6));
    ck_assert_uint_eq(prefix_room(c.p), 12);
    for (size_t i = 0; i < 6; i++)
        ck_assert((a[i] == b[i]) == (i < 4));
    prefix_fill(c.p, a[0], 7);
    ck_assert_uint_eq(prefix_filled(c.p, b[0]), 7);
    ids[KV_BLOCK + 3]++;
    ck_assert(prefix_admit(c.p, 0, ids, 4 * KV_BLOCK + 1, d, 6));
    ck_assert_uint_eq(prefix_room(c.p), 7);
    ck_assert(d[0] == a[0] && d[1] != a[1] && d[2] != a[2]); /* the third block has the same tokens after others */
    prefix_release(c.p, 0, ids, 0, a, 6);
    ck_assert_uint_eq(prefix_filled(c.p, b[0]), 7);
    prefix_release(c.p, 0, ids, 0, b, 6);
    prefix_release(c.p, 0, ids, 0, d, 6);
    ck_assert_uint_eq(prefix_room(c.p), 20);
    ck_assert_uint_eq(kv_free_blocks(c.kv), 20); /* nothing that was not computed is kept */
    close_cache(&c);
}
END_TEST

START_TEST(keeps_what_is_finished)
{
    struct cache c = open_cache(10);
    int32_t ids[200];
    uint32_t a[6], b[6];
    make_ids(ids, 200, 200, 0);
    ck_assert(prefix_admit(c.p, 0, ids, 100, a, 6));
    fill(&c, a, 100);
    prefix_release(c.p, 0, ids, 170, a, 6); /* 70 tokens were written: five whole blocks in all */
    ck_assert_uint_eq(prefix_room(c.p), 10);
    ck_assert_uint_eq(kv_free_blocks(c.kv), 5);
    ck_assert(prefix_admit(c.p, 0, ids, 170, b, 6));
    for (size_t i = 0; i < 5; i++) {
        ck_assert_uint_eq(a[i], b[i]);
        ck_assert_uint_eq(prefix_filled(c.p, b[i]), KV_BLOCK);
    }
    ck_assert(!prefix_admit(c.p, 0, ids, 33, a, 6)); /* one shared, five of its own: there are four */
    ck_assert(prefix_admit(c.p, 0, ids, 33, a, 5));
    ck_assert_uint_eq(prefix_room(c.p), 0);
    prefix_release(c.p, 0, ids, 33, a, 5);
    prefix_release(c.p, 0, ids, 170, b, 6);
    ck_assert_uint_eq(prefix_room(c.p), 10);
    close_cache(&c);
}
END_TEST

/* Ends go before beginnings, and what was used last goes last. */
START_TEST(gives_up_the_oldest)
{
    struct cache c = open_cache(8);
    int32_t ids[3][97];
    uint32_t t[3][8];
    for (size_t k = 0; k < 3; k++) {
        make_ids(ids[k], 97, 0, k);
        if (k == 2) { /* the first is used again: now the second is the oldest */
            ck_assert(prefix_admit(c.p, 0, ids[0], 97, t[0], 4));
            prefix_release(c.p, 0, ids[0], 97, t[0], 4);
        }
        ck_assert(prefix_admit(c.p, 0, ids[k], 97, t[k], 4));
        fill(&c, t[k], 97);
        prefix_release(c.p, 0, ids[k], 97, t[k], 4);
    }
    /* 3 blocks of the first, 3 of the third, and 2 were taken from the second's end for that */
    ck_assert(prefix_admit(c.p, 0, ids[0], 97, t[0], 4));
    for (size_t i = 0; i < 3; i++)
        ck_assert_uint_eq(prefix_filled(c.p, t[0][i]), KV_BLOCK);
    ck_assert(prefix_admit(c.p, 0, ids[2], 97, t[2], 4));
    for (size_t i = 0; i < 3; i++)
        ck_assert_uint_eq(prefix_filled(c.p, t[2][i]), KV_BLOCK);
    ck_assert_uint_eq(prefix_room(c.p), 0);
    close_cache(&c);
}
END_TEST

/* Sequences of random beginnings come and go in a small cache: blocks in use are never given to another, what is
 * shared has the same tokens before it, and all comes back. */
START_TEST(random_work)
{
    enum { N = 12, LONGEST = 9 * KV_BLOCK };
    struct cache c = open_cache(MOST);
    static int32_t ids[N][LONGEST], holds[MOST][LONGEST];
    static size_t held[MOST]; /* tokens up to the end of the block; 0: not known to hold any */
    uint32_t t[N][LONGEST / KV_BLOCK];
    size_t n[N] = {0}, n_blocks[N] = {0}, admitted = 0, shared = 0;
    uint64_t random = suite_seed("prefix");
    for (size_t step = 0; step < suite_count(20000, 1000000); step++) {
        size_t i = suite_random(&random) % N;
        if (n[i] == 0) {
            n[i] = 1 + suite_random(&random) % (LONGEST - 1);
            n_blocks[i] = kv_blocks(n[i]);
            for (size_t k = 0; k < n[i]; k++) /* a tree of texts that branches at few places */
                ids[i][k] = k % (2 * KV_BLOCK) ? k > 0 ? ids[i][k - 1] : 0 : (int32_t)(suite_random(&random) % 3);
            if (!prefix_admit(c.p, 0, ids[i], n[i], t[i], n_blocks[i])) {
                n[i] = 0;
                continue;
            }
            admitted++;
            for (size_t b = 0; b < n_blocks[i]; b++) {
                uint32_t block = t[i][b];
                bool others = false;
                for (size_t k = 0; k < N; k++)
                    for (size_t d = 0; d < n_blocks[k] && k != i && n[k]; d++)
                        others |= t[k][d] == block;
                if (b < prefix_blocks(n[i]) && (others || prefix_filled(c.p, block) > 0)) {
                    shared++;
                    if (held[block] != (b + 1) * KV_BLOCK || memcmp(holds[block], ids[i], held[block] * sizeof(int32_t)) != 0)
                        ck_abort_msg("step %zu: block %u does not hold these tokens", step, block);
                } else if (others) {
                    ck_abort_msg("step %zu: block %u is another's", step, block);
                }
                held[block] = (b + 1) * KV_BLOCK <= n[i] ? (b + 1) * KV_BLOCK : 0;
                memcpy(holds[block], ids[i], held[block] * sizeof(int32_t));
            }
            if (suite_random(&random) % 4)
                fill(&c, t[i], n[i]);
        } else {
            size_t computed = 0;
            while (computed < prefix_blocks(n[i]) && prefix_filled(c.p, t[i][computed]) == KV_BLOCK)
                computed++;
            prefix_release(c.p, 0, ids[i], computed < prefix_blocks(n[i]) ? computed * KV_BLOCK : n[i], t[i], n_blocks[i]);
            n[i] = 0;
        }
    }
    printf("%zu sequences, %zu blocks shared\n", admitted, shared);
    ck_assert_uint_gt(shared, admitted / 4);
    for (size_t i = 0; i < N; i++)
        if (n[i])
            prefix_release(c.p, 0, ids[i], 0, t[i], n_blocks[i]);
    ck_assert_uint_eq(prefix_room(c.p), MOST);
    close_cache(&c);
}
END_TEST

SUITE_MAIN("prefix", whole_blocks_but_the_last, shares_what_is_the_same, keeps_what_is_finished, gives_up_the_oldest, random_work)
