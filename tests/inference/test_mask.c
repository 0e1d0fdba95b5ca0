/* Masks over a vocabulary: a token is allowed exactly if its bytes are. test_constraint.c tests what bytes are. */
#include "suite.h"
#include "../../inference/constraint.h"
#include "../../inference/gguf.h"

#include "../../base/str.h"

static struct constraint *open_lock(void)
{
    static const char *const slots[] = {"[PERSON_1]", "[DATE_2]"}, *const words[] = {"Anna", "Budget"};
    static const char *const literals[] = {"net 30"};
    const struct fact_lock f = {slots, 2, words, 2, literals, 1, 0, true};
    struct constraint *c = NULL;
    struct err e;
    ck_assert_msg(constraint_fact_lock(&f, &c, &e) == RC_OK, "%s", e.msg);
    return c;
}

/* A vocabulary with all 256 bytes, merges, control tokens and one user-defined token. */
static struct tokenizer *open_tiny(void)
{
    const char *source = getenv("BRIEFD_TEST_SOURCE");
    char path[4096];
    struct gguf *g = NULL;
    struct tokenizer *t = NULL;
    struct err e;
    snprintf(path, sizeof(path), "%s/tests/data/gguf/llama.gguf", source ? source : ".");
    FILE *f = fopen(path, "rb");
    if (!f) {
        snprintf(path, sizeof(path), "%s/../shared/vectors/gguf/llama.gguf", source ? source : ".");
        f = fopen(path, "rb");
    }
    if (!f) {
        ck_assert_msg(!getenv("BRIEFD_REQUIRE_SHARED"), "no %s", path);
        fprintf(stderr, "skipped: no %s\n", path);
        return NULL;
    }
    fclose(f);
    ck_assert_msg(gguf_open(path, &g, &e) == RC_OK, "%s", e.msg);
    ck_assert_msg(tokenizer_open(g, &t, &e) == RC_OK, "%s", e.msg);
    gguf_close(g);
    return t;
}

/* Texts made of random allowed tokens: the mask says of each token what its bytes say, there is always one, and what
 * ends with an end token is fine. */
START_TEST(masks_agree_with_bytes)
{
    uint64_t seed = suite_seed("masks_agree_with_bytes");
    struct tokenizer *t = open_tiny();
    if (!t) return;
    struct constraint *c = open_lock();
    size_t n_vocab = tokenizer_size(t), n_merged = 0;
    uint8_t *allowed = malloc(n_vocab);
    ck_assert_ptr_nonnull(allowed);
    for (unsigned long round = 0; round < suite_count(30, 2000); round++) {
        struct buf text;
        struct constraint_state state;
        constraint_start(c, &state);
        buf_init(&text, 1 << 16);
        for (size_t step = 0;; step++) {
            size_t n_allowed = 0;
            int32_t pick = -1;
            constraint_mask(c, t, &state, 1000, allowed);
            for (size_t i = 0; i < n_vocab; i++) {
                size_t n;
                ck_assert_int_eq(allowed[i], constraint_allows(c, t, &state, (int32_t)i, 1000));
                tokenizer_bytes(t, (int32_t)i, &n);
                n_merged += allowed[i] && n > 1;
                if (tokenizer_type(t, (int32_t)i) == TOKEN_CONTROL && !tokenizer_is_end(t, (int32_t)i)) ck_assert(!allowed[i]);
                if (allowed[i] && suite_random(&seed) % ++n_allowed == 0) pick = (int32_t)i;
            }
            ck_assert_msg(n_allowed > 0, "no token after '%s'", text.data);
            ck_assert_int_eq(allowed[tokenizer_eos(t)], constraint_accepts(c, &state));
            if (step > 40 && constraint_accepts(c, &state)) break;
            if (tokenizer_is_end(t, pick)) continue;
            size_t n;
            const char *bytes = tokenizer_bytes(t, pick, &n);
            buf_add(&text, bytes, n);
            ck_assert(constraint_advance(c, t, &state, pick, 1000));
        }
        ck_assert_uint_eq(utf8_valid_prefix(text.data, text.len), text.len);
        ck_assert(constraint_accepts(c, &state));
        buf_clear(&text);
    }
    ck_assert_uint_gt(n_merged, 0);
    free(allowed);
    constraint_close(c);
    tokenizer_close(t);
}
END_TEST

SUITE_MAIN("mask", masks_agree_with_bytes)
