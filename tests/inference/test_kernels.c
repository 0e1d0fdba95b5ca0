/* Every instruction set's kernels against the scalar ones on random values, also at sizes that are no multiple of any
 * register; the scalar ones against formulas in double; half floats over all their values. */
#include "suite.h"
#include "../../inference/weights.h"

#include <math.h>
#include <unistd.h>
#include "gguf_make.h"

static float random_float(uint64_t *state)
{
    return (float)((double)(suite_random(state) >> 11) * 0x1p-52 - 1);
}

static void fill(float *x, size_t n, uint64_t *state)
{
    for (size_t i = 0; i < n; i++)
        x[i] = random_float(state) * 3;
}

static void check_close(const float *a, const float *b, size_t n, double bound, const char *what)
{
    for (size_t i = 0; i < n; i++)
        ck_assert_msg(fabs((double)a[i] - (double)b[i]) <= bound * (1 + fabs((double)b[i])), "%s: value %zu is %g, not %g",
                      what, i, (double)a[i], (double)b[i]);
}

/* ---- small functions ----------------------------------------------------------------------------------- */

START_TEST(halves)
{
    for (uint32_t h = 0; h < 65536; h++) { /* IEEE 754: back and forth is the identity but for NaN's payload */
        float f = half_to_float((uint16_t)h);
        if (isnan(f))
            ck_assert((h & 0x7C00) == 0x7C00 && (h & 0x3FF) != 0);
        else
            ck_assert_uint_eq(float_to_half(f), h);
    }
    ck_assert(half_to_float(0x3C00) == 1.0F && half_to_float(0xC000) == -2.0F && half_to_float(0x0001) == 0x1p-24F);
    ck_assert_uint_eq(float_to_half(65519.0F), 0x7BFF);
    ck_assert_uint_eq(float_to_half(65520.0F), 0x7C00);
    ck_assert_uint_eq(float_to_half(1.0F + 0x1p-11F), 0x3C00);          /* halfway: to even */
    ck_assert_uint_eq(float_to_half(1.0F + 3 * 0x1p-11F), 0x3C02);
    ck_assert_uint_eq(float_to_half(0x1p-25F), 0);
    ck_assert(bfloat_to_float(0x3F80) == 1.0F && bfloat_to_float(0xC040) == -3.0F);
}
END_TEST

/* Values to bytes: half a step from each, and the same on all instruction sets. */
static void check_bytes(const struct kernels *k, float *x, size_t n)
{
    int8_t a[33], b[33];
    a[n] = 7;
    for (int broken = 0; broken < 2; broken++) {
        float most = 0, d;
        if (broken) x[0] = NAN;
        if (broken && n > 1) x[n - 1] = -INFINITY;
        d = half_to_float(k->to_bytes(x, n, a));
        ck_assert(kernels_scalar.to_bytes(x, n, b) == float_to_half(d) && memcmp(a, b, n) == 0 && a[n] == 7);
        for (size_t i = 0; i < n; i++) {
            float v = isfinite(x[i]) ? x[i] : 0;
            most = fmaxf(most, fabsf(v));
            ck_assert_msg(fabs((double)d * a[i] - (double)v) <= 0.501 * (double)d + 0.001 * fabs((double)v), "%zu of %zu", i, n);
        }
        ck_assert(fabs((double)d * 127 - (double)most) <= 0.001 * (double)most);
    }
}

static void check_rows(const struct kernels *k, size_t n, uint64_t *state)
{
    float x[512] = {0}, gain[512] = {0}, a[512] = {0}, b[512] = {0}, c[512] = {0};
    uint16_t ha[512] = {0}, hb[512] = {0};
    double squares = 0;
    fill(x, n, state);
    fill(gain, n, state);
    for (size_t i = 0; i < n; i++)
        squares += (double)x[i] * (double)x[i];
    for (size_t i = 0; i < n; i++)
        b[i] = (float)((double)x[i] / sqrt(squares / (double)n + 1e-5) * (double)gain[i]);
    k->rms_norm(x, gain, n, 1e-5F, a);
    check_close(a, b, n, 1e-5, "rms_norm");
    for (size_t i = 0; i < n; i++) {
        double g = (double)x[i] * 20;
        a[i] = (float)g;
        b[i] = (float)(g / (1 + exp(-g)) * (double)gain[i]);
    }
    k->silu_mul(a, gain, n);
    check_close(a, b, n, 1e-5, "silu_mul");
    for (size_t i = 0; i < n; i++) {
        double g = (double)x[i] * 4, u = (double)gain[i] * 4;
        a[i] = (float)g;
        c[i] = (float)u;
        g = fmin(g, 7);
        u = fmin(fmax(u, -7), 7);
        b[i] = (float)(g / (1 + exp(-1.702 * g)) * (u + 1));
    }
    k->swiglu_clamped(a, c, n);
    check_close(a, b, n, 1e-5, "swiglu_clamped");
    memcpy(a, x, sizeof(a));
    k->add_scaled(a, gain, n, 0.37F);
    for (size_t i = 0; i < n; i++)
        b[i] = (float)((double)x[i] + (double)0.37F * (double)gain[i]);
    check_close(a, b, n, 1e-6, "add_scaled");
    k->to_half(x, n, ha);
    kernels_scalar.to_half(x, n, hb);
    ck_assert(memcmp(ha, hb, n * sizeof(*ha)) == 0);
    check_bytes(k, x, n < 32 ? n : 32);
}

/* Three blocks of which each query sees positions from somewhere in the first to somewhere in the last; keys and values of a position are
 * `stride` halves apart and turned or not. What none sees is NaN, and must not matter. The result is compared with
 * softmax in double. */
struct cache {
    enum kv_type type;
    uint16_t k[3][96 * KV_BLOCK], v[3][96 * KV_BLOCK];
};

/* Where the number and its scale lie in a block of rows of `head` values; bytes: as kernels.h says. */
static size_t place_of(size_t head, size_t j, size_t d, bool turned)
{
    return turned ? d * KV_BLOCK + j % KV_BLOCK : j % KV_BLOCK * head + d;
}

static uint16_t *scale_of(uint16_t *block, size_t head, size_t j, size_t d)
{
    return block + KV_BLOCK * head / 2 + d / 32 * KV_BLOCK + j % KV_BLOCK;
}

static void put(enum kv_type type, uint16_t *block, size_t head, size_t j, size_t d, bool turned, bool seen, uint64_t *state)
{
    float v = random_float(state);
    if (type == KV_F16)
        block[place_of(head, j, d, turned)] = seen ? float_to_half(v) : 0x7C01;
    else
        ((int8_t *)block)[place_of(head, j, d, turned)] = (int8_t)(127 * v);
    if (type == KV_Q8 && d % 32 == 0) *scale_of(block, head, j, d) = seen ? float_to_half((1 + random_float(state)) / 127) : 0x7C01;
}

static double get(enum kv_type type, uint16_t *block, size_t head, size_t j, size_t d, bool turned)
{
    if (type == KV_F16) return (double)half_to_float(block[place_of(head, j, d, turned)]);
    return (double)half_to_float(*scale_of(block, head, j, d)) * ((int8_t *)block)[place_of(head, j, d, turned)];
}

static void check_softmax(struct cache *c, size_t head, size_t n_value, bool latent, size_t from, size_t to,
                          const float *q, double sink, const float *acc, float sum)
{
    double total = exp(sink), p[3 * KV_BLOCK], out;
    for (size_t j = from; j < to; j++) {
        double score = 0;
        for (size_t d = 0; d < head; d++)
            score += (double)q[d] * get(c->type, c->k[j / KV_BLOCK], head, j, d, !latent);
        total += p[j] = exp(score);
    }
    for (size_t d = 0; d < n_value; d++) {
        out = 0;
        for (size_t j = from; j < to; j++)
            out += p[j] * get(c->type, latent ? c->k[j / KV_BLOCK] : c->v[j / KV_BLOCK], head, j, d, false);
        out /= total;
        ck_assert_msg(fabs((double)acc[d] / (double)sum - out) <= 2e-5 * (1 + fabs(out)), "value %zu is %g, not %g", d,
                      (double)(acc[d] / sum), out);
    }
}

static void check_attention(const struct kernels *k, enum kv_type type, size_t head, size_t heads, bool latent,
                            uint64_t *state)
{
    static struct cache c;
    enum { MOST = 15 };
    static float q[MOST * 96], acc[MOST * 96];
    size_t from = suite_random(state) % KV_BLOCK, to = 2 * KV_BLOCK + 1 + suite_random(state) % KV_BLOCK;
    size_t n_value = latent ? head / 2 + 1 : head;
    size_t froms[MOST], tos[MOST];
    float max[MOST], sum[MOST], sinks[MOST];
    struct query queries[MOST];
    fill(q, heads * head, state);
    for (size_t i = 0; i < heads; i++) { /* as if a position with values of 0 had been seen, or none */
        sinks[i] = max[i] = i % 2 ? random_float(state) : -INFINITY;
        sum[i] = i % 2 ? 1 : 0;
        queries[i] = (struct query){.q = q + i * head, .max = &max[i], .sum = &sum[i], .acc = acc + i * n_value};
        froms[i] = i == 0 ? from : from + suite_random(state) % (KV_BLOCK - from);
        tos[i] = i + 1 == heads ? to : 2 * KV_BLOCK + 1 + suite_random(state) % (to - 2 * KV_BLOCK);
    }
    memset(acc, 0, sizeof(acc));
    c.type = type;
    for (size_t j = 0; j < 3 * KV_BLOCK; j++) {
        for (size_t d = 0; d < head; d++) {
            bool seen = j >= from && j < to;
            put(type, c.k[j / KV_BLOCK], head, j, d, !latent, seen, state);
            put(type, c.v[j / KV_BLOCK], head, j, d, false, seen, state);
        }
    }
    for (size_t b = 0; b < 3; b++) {
        for (size_t i = 0; i < heads; i++) {
            queries[i].first = b == 0 ? froms[i] : 0;
            queries[i].last = b == 2 ? tos[i] - 2 * KV_BLOCK : KV_BLOCK;
        }
        if (latent)
            k->attend_latent(type, head, n_value, queries, heads, (const uint8_t *)c.k[b]);
        else
            k->attend(type, head, queries, heads, (const uint8_t *)c.k[b], (const uint8_t *)c.v[b]);
    }
    for (size_t i = 0; i < heads; i++)
        check_softmax(&c, head, n_value, latent, froms[i], tos[i], q + i * head, (double)sinks[i], acc + i * n_value, sum[i]);
}

static void check_quantise(const struct kernels *k, size_t blocks, uint64_t *state)
{
    enum { N = 2 * ACT_SHARED };
    float x[N * 32];
    const double top = k->wide || k == &kernels_scalar ? 127 : ACT_MOST_WIDE;
    struct act_block q[N];
    int8_t low[N * 32] = {0};
    fill(x, N * 32, state);
    memset(x + 32, 0, 32 * sizeof(float));
    k->quantise(x, N * 32, blocks, q, low);
    for (size_t b = 0; b < N; b++) {
        double most = 0, total[2] = {0};
        for (size_t i = b / blocks * blocks * 32; i < (b / blocks + 1) * blocks * 32; i++)
            most = fmax(most, fabs((double)x[i]));
        for (size_t i = 0; i < 32; i++) {
            const double v = (double)x[b * 32 + i];
            const double rounded = (double)q[b].d * (top > 127 ? 254 * q[b].q[i] + low[b * 32 + i] : q[b].q[i]);
            total[i / 16] += rounded;
            ck_assert(fabs(rounded - v) <= (double)q[b].d * 0.501 + 1e-6 * fabs(v));
        }
        ck_assert(fabs((double)q[b].d - most / top) <= 1e-6 * most);
        for (size_t h = 0; h < 2; h++)
            ck_assert(fabs(-(double)q[b].minus_half[h] * (double)q[b].d - total[h]) <= 1e-5 * most);
        ck_assert(fabs((double)q[b].sum - total[0] - total[1]) <= 1e-5 * most);
        ck_assert_int_eq(q[b].minus_sum, q[b].minus_half[0] + q[b].minus_half[1]);
    }
    for (size_t i = 0; i < N * 32; i++) /* a broken model's values become some number */
        x[i] = i % 3 == 0 ? NAN : i % 3 == 1 ? INFINITY : 1;
    k->quantise(x, N * 32, blocks, q, low);
    for (size_t b = 0; b < N; b++)
        ck_assert(isfinite(q[b].d) && isfinite(q[b].sum));
}

/* ---- products ------------------------------------------------------------------------------------------ */

/* Rows times matrices of `type` by way of a file, as the model gets them. */
static void check_product(const struct kernels *k, uint32_t type, size_t n_in, size_t n_out, size_t n, uint64_t *state)
{
    enum { MATS = 2, MOST_IN = 512, MOST_OUT = 80, MOST_ROWS = 20 };
    static float f[MOST_ROWS * MOST_IN], row[MOST_IN], y[MOST_ROWS * MOST_OUT];
    static struct act_block q[MOST_ROWS * MOST_IN / ACT_BLOCK];
    static int8_t low[MOST_ROWS * MOST_IN];
    struct acts x = {.width = n_in, .f = f, .q = q, .low = low};
    const uint64_t dims[3] = {n_in, n_out, MATS};
    static struct gguf_make make;
    struct gguf *g = NULL;
    struct weight w;
    struct err e;
    uint32_t pick[MOST_ROWS];
    char path[] = "/tmp/briefd-kernels-XXXXXX";
    int fd = mkstemp(path);
    ck_assert_int_ge(fd, 0);
    close(fd);
    make_begin(&make, 1, 0);
    make_tensor(&make, "w", type, 3, dims);
    make_data_random(&make, state);
    make_write(&make, path);
    ck_assert_msg(gguf_open(path, &g, &e) == RC_OK, "%s", e.msg);
    unlink(path);
    ck_assert_msg(weight_prepare(g, gguf_tensor(g, "w"), k, &w, &e) == RC_OK, "%s", e.msg);
    fill(f, MOST_ROWS * n_in, state);
    for (size_t i = 0; i < MOST_ROWS && w.format->packed; i++) { /* the values that the product is to be exact for */
        k->quantise(f + i * n_in, n_in, w.format->shared ? ACT_SHARED : 1, q + i * (n_in / ACT_BLOCK), low + i * n_in);
        for (size_t j = 0; j < n_in; j++) {
            const struct act_block *b = &q[(i * n_in + j) / ACT_BLOCK];
            f[i * n_in + j] = b->d * (float)(k->wide ? b->q[j % ACT_BLOCK] : 254 * b->q[j % ACT_BLOCK] + low[i * n_in + j]);
        }
    }
    for (size_t i = 0; i < n; i++)
        pick[i] = (uint32_t)(suite_random(state) % MOST_ROWS);
    for (size_t mat = 0; mat < MATS; mat++) {
        w.format->matmul(&w, mat, 0, n_out, &x, pick, n, y, n_out);
        for (size_t o = 0; o < n_out; o++) {
            w.format->row(&w, mat, o, row);
            for (size_t i = 0; i < n; i++) {
                double want = 0, size = 0;
                for (size_t j = 0; j < n_in; j++) {
                    want += (double)row[j] * (double)f[pick[i] * n_in + j];
                    size += fabs((double)row[j] * (double)f[pick[i] * n_in + j]);
                }
                ck_assert_msg(fabs((double)y[i * n_out + o] - want) <= 1e-5 * size + 1e-30, "%s, type %u: %g, not %g", k->name,
                              type, (double)y[i * n_out + o], want);
            }
        }
    }
    weight_clear(&w);
    gguf_close(g);
}

static void check_kernels(const struct kernels *k, uint64_t state)
{
    static const uint32_t types[] = {TYPE_F32, TYPE_F16, TYPE_BF16, TYPE_Q8_0, TYPE_Q4_0, TYPE_Q4_1,
                                     TYPE_Q5_0, TYPE_Q5_1, TYPE_Q4_K, TYPE_Q5_K, TYPE_Q6_K, TYPE_MXFP4};
    static const size_t widths[] = {1, 7, 8, 15, 16, 17, 31, 32, 33, 100, 512};
    for (size_t i = 0; i < sizeof(widths) / sizeof(widths[0]); i++)
        check_rows(k, widths[i], &state);
    for (size_t head = 2; head <= 96; head += head < 20 ? 2 : 19)
        for (size_t heads = 1; heads <= 15; heads++)
            for (int latent = 0; latent < 2; latent++)
                for (enum kv_type type = KV_F16; type <= KV_Q8; type++)
                    check_attention(k, type, head, heads, latent, &state);
    check_quantise(k, 1, &state);
    check_quantise(k, ACT_SHARED, &state);
    for (size_t t = 0; t < sizeof(types) / sizeof(types[0]); t++) {
        for (unsigned long i = 0; i < suite_count(40, 1000); i++) {
            size_t values = type_find(types[t])->values, most = values == 256 ? 2 : values == 32 ? 7 : 160;
            size_t n_in = values * (1 + suite_random(&state) % most);
            check_product(k, types[t], n_in, 1 + suite_random(&state) % 80, 1 + suite_random(&state) % 20, &state);
        }
    }
}

static void check_path(enum cpu_path cpu)
{
    uint64_t state = suite_seed("kernels");
    const struct kernels *k;
    struct err e;
    if (kernels_choose(cpu, &k, &e) != RC_OK) {
        printf("skipped: %s\n", e.msg);
        return;
    }
    check_kernels(k, state);
    if (k->wide)
        check_kernels(k->wide, state);
}

START_TEST(scalar_is_right) { check_path(CPU_SCALAR); } END_TEST
START_TEST(avx2_is_right) { check_path(CPU_AVX2); } END_TEST
START_TEST(avx512_is_right) { check_path(CPU_AVX512); } END_TEST

/* Rows of packed weights are the file's values: against those that the scalar kernels hold, which do not pack. */
static void check_packing(uint32_t type)
{
    enum { IN = 512, OUT = 37 };
    const struct kernels *k = kernels_avx512() ? kernels_avx512() : kernels_avx2() ? kernels_avx2() : &kernels_scalar;
    const uint64_t dims[2] = {IN, OUT};
    static struct gguf_make make;
    struct gguf *g = NULL;
    struct weight a, b;
    struct err e;
    float ra[IN], rb[IN];
    uint64_t state = suite_seed("packing");
    char path[] = "/tmp/briefd-kernels-XXXXXX";
    int fd = mkstemp(path);
    ck_assert_int_ge(fd, 0);
    close(fd);
    make_begin(&make, 1, 0);
    make_tensor(&make, "w", type, 2, dims);
    make_data_random(&make, &state);
    make_write(&make, path);
    ck_assert_msg(gguf_open(path, &g, &e) == RC_OK, "%s", e.msg);
    unlink(path);
    ck_assert(weight_prepare(g, gguf_tensor(g, "w"), k, &a, &e) == RC_OK);
    ck_assert(weight_prepare(g, gguf_tensor(g, "w"), &kernels_scalar, &b, &e) == RC_OK);
    for (size_t r = 0; r < OUT; r++) {
        a.format->row(&a, 0, r, ra);
        b.format->row(&b, 0, r, rb);
        ck_assert_msg(memcmp(ra, rb, sizeof(ra)) == 0, "type %u, row %zu", type, r);
    }
    weight_clear(&a);
    weight_clear(&b);
    gguf_close(g);
}

START_TEST(packing_keeps_values)
{
    static const uint32_t types[] = {TYPE_Q8_0, TYPE_Q4_0, TYPE_Q4_1, TYPE_Q5_0, TYPE_Q5_1,
                                     TYPE_Q4_K, TYPE_Q5_K, TYPE_Q6_K, TYPE_MXFP4};
    for (size_t i = 0; i < COUNT_OF(types); i++)
        check_packing(types[i]);
}
END_TEST

SUITE_MAIN("kernels", halves, scalar_is_right, avx2_is_right, avx512_is_right, packing_keeps_values)
