/* adapt_pass_products.h: rows times matrices that may have an adapter, forward and backward.
 *
 * Weights become floats a tile of rows at a time, and a tile serves many rows of activations. Every value is made by
 * the same operations in the same order whatever the number of threads. */

typedef real lanes __attribute__((vector_size(ADAPT_VECTOR), aligned(sizeof(real)), may_alias));
typedef real narrow __attribute__((vector_size(4 * sizeof(real)), aligned(sizeof(real)), may_alias));
#define WIDE_COLUMNS   (2 * ADAPT_VECTOR / sizeof(real)) /* of a block of products */
#define NARROW_COLUMNS 8                                 /* ranks are that small */
#define ROWS           4

/* c [rows][two vectors] += a [rows][depth] * b [depth][two vectors]; row and column steps of a, row steps of b and c */
#define BLOCK(name, vector)                                                                                            \
    static inline __attribute__((always_inline)) void name(size_t rows, real *c, size_t ldc, const real *a,            \
                                                           size_t a_row, size_t a_col, const real *b, size_t ldb,      \
                                                           size_t depth)                                               \
    {                                                                                                                  \
        vector sum[ROWS][2] = {0};                                                                                     \
                                                                                                                       \
        for (size_t k = 0; k < depth; k++) {                                                                           \
            const vector *from = (const vector *)(b + k * ldb);                                                        \
            vector left = from[0], right = from[1];                                                                    \
                                                                                                                       \
            for (size_t i = 0; i < rows; i++) {                                                                        \
                real f = a[i * a_row + k * a_col];                                                                     \
                                                                                                                       \
                sum[i][0] += f * left;                                                                                 \
                sum[i][1] += f * right;                                                                                \
            }                                                                                                          \
        }                                                                                                              \
        for (size_t i = 0; i < rows; i++) {                                                                            \
            vector *to = (vector *)(c + i * ldc);                                                                      \
                                                                                                                       \
            to[0] += sum[i][0];                                                                                        \
            to[1] += sum[i][1];                                                                                        \
        }                                                                                                              \
    }
BLOCK(wide_block, lanes)
BLOCK(narrow_block, narrow)

/* One column of c. */
static void gemm_column(real *c, size_t ldc, const real *a, size_t a_row, size_t a_col, const real *b, size_t ldb,
                        size_t m, size_t depth)
{
    for (size_t i = 0; i < m; i++) {
        real sum = 0;

        for (size_t k = 0; k < depth; k++)
            sum += a[i * a_row + k * a_col] * b[k * ldb];
        c[i * ldc] += sum;
    }
}

/* c [m][n] += a [m][depth] * b [depth][n] */
static void gemm(real *c, size_t ldc, const real *a, size_t a_row, size_t a_col, const real *b, size_t ldb, size_t m,
                 size_t depth, size_t n)
{
    size_t j = 0, i;

    for (; j + WIDE_COLUMNS <= n; j += WIDE_COLUMNS) {
        for (i = 0; i + ROWS <= m; i += ROWS)
            wide_block(ROWS, c + i * ldc + j, ldc, a + i * a_row, a_row, a_col, b + j, ldb, depth);
        for (; i < m; i++)
            wide_block(1, c + i * ldc + j, ldc, a + i * a_row, a_row, a_col, b + j, ldb, depth);
    }
    for (; j + NARROW_COLUMNS <= n; j += NARROW_COLUMNS) {
        for (i = 0; i + ROWS <= m; i += ROWS)
            narrow_block(ROWS, c + i * ldc + j, ldc, a + i * a_row, a_row, a_col, b + j, ldb, depth);
        for (; i < m; i++)
            narrow_block(1, c + i * ldc + j, ldc, a + i * a_row, a_row, a_col, b + j, ldb, depth);
    }
    for (; j < n; j++)
        gemm_column(c + j, ldc, a, a_row, a_col, b + j, ldb, m, depth);
}

static struct product product_of(const struct weight *w, const struct adapt_target *t, size_t n, const real *x,
                                 real *y, real *h)
{
    return (struct product){.w = w, .t = t, .n = n, .x = x, .y = y, .h = h};
}

static const real *factor_a(const struct adapt_pass *p, const struct product *d)
{
    return p->params + d->t->a + d->adapter * p->plan->rank * d->w->n_in;
}

static const real *factor_b(const struct adapt_pass *p, const struct product *d)
{
    return p->params + d->t->b + d->adapter * p->plan->rank * d->w->n_out;
}

/* The transpose of from [rows][cols]. */
static void transpose(const real *from, size_t rows, size_t cols, real *to)
{
    for (size_t i = 0; i < rows; i++)
        for (size_t k = 0; k < cols; k++)
            to[k * rows + i] = from[i * cols + k];
}

/* Rows first to first + n of a matrix as real, turned (input by input) or not. */
static void load_tile(const struct weight *w, size_t mat, size_t first, size_t n, bool turned, struct worker *s)
{
    for (size_t o = 0; o < n; o++) {
        w->format->row(w, mat, first + o, s->row);
        for (size_t i = 0; i < w->n_in; i++)
            s->tile[turned ? i * TILE + o : o * w->n_in + i] = (real)s->row[i];
    }
}

static size_t tile_rows(const struct weight *w, size_t first)
{
    return w->n_out - first < TILE ? w->n_out - first : TILE;
}

/* y [n][n_out] = x * matrix */
static void multiply_frozen(const struct weight *w, size_t mat, size_t n, const real *x, real *y, struct worker *s)
{
    memset(y, 0, n * w->n_out * sizeof(*y));
    for (size_t o = 0; o < w->n_out; o += TILE) {
        load_tile(w, mat, o, tile_rows(w, o), true, s);
        gemm(y + o, w->n_out, x, w->n_in, 1, s->tile, TILE, n, w->n_in, tile_rows(w, o));
    }
}

/* dx [n][n_in] += dy * the matrix's transpose */
static void multiply_frozen_back(const struct weight *w, size_t mat, size_t n, const real *dy, real *dx,
                                 struct worker *s)
{
    for (size_t o = 0; o < w->n_out; o += TILE) {
        load_tile(w, mat, o, tile_rows(w, o), false, s);
        gemm(dx, w->n_in, dy + o, w->n_out, 1, s->tile, w->n_in, n, tile_rows(w, o), w->n_in);
    }
}

/* Rows `first` and following of a product. */
static void multiply_rows(const struct adapt_pass *p, const struct product *d, size_t first, size_t n,
                          struct worker *s)
{
    size_t n_in = d->w->n_in, n_out = d->w->n_out, rank = p->plan->rank;
    const real *x = d->x + first * n_in;
    real *y = d->y + first * n_out, *h = d->h ? d->h + first * rank : NULL;

    multiply_frozen(d->w, d->mat, n, x, y, s);
    if (!d->t) return;
    memset(h, 0, n * rank * sizeof(*h));
    transpose(factor_a(p, d), rank, n_in, s->low);
    gemm(h, rank, x, n_in, 1, s->low, rank, n, n_in, rank);
    for (size_t i = 0; i < n * rank; i++)
        h[i] *= p->scale;
    transpose(factor_b(p, d), n_out, rank, s->low);
    gemm(y, n_out, h, rank, 1, s->low, n_out, n, rank, n_out);
}

static void multiply_rows_back(const struct adapt_pass *p, const struct product *d, size_t first, size_t n,
                               struct worker *s)
{
    size_t n_in = d->w->n_in, n_out = d->w->n_out, rank = p->plan->rank;
    const real *dy = d->y + first * n_out;
    real *dx = d->dx + first * n_in, *d_h = d->d_h ? d->d_h + first * rank : NULL;

    multiply_frozen_back(d->w, d->mat, n, dy, dx, s);
    if (!d->t) return;
    memset(d_h, 0, n * rank * sizeof(*d_h));
    gemm(d_h, rank, dy, n_out, 1, factor_b(p, d), rank, n, n_out, rank);
    for (size_t i = 0; i < n * rank; i++)
        d_h[i] *= p->scale;
    gemm(dx, n_in, d_h, rank, 1, factor_a(p, d), n_in, n, rank, n_in);
}

/* ---- shared among the threads ----------------------------------------------------------------------------------- */

static void add_product(struct adapt_pass *p, struct product d)
{
    if (d.n > 0) p->products[p->n_products++] = d;
}

/* Cut all products into pieces of rows; how many there are. At least two of each that has enough rows to be worth it. */
static size_t cut_products(struct adapt_pass *p)
{
    size_t n = 0;

    for (size_t i = 0; i < p->n_products; i++) {
        struct product *d = &p->products[i];
        size_t half = (d->n / 2 + ROWS) / ROWS * ROWS;

        d->rows = half < ROWS * 2 ? d->n : half < CHUNK ? half : CHUNK;
        d->first_piece = n;
        n += (d->n + d->rows - 1) / d->rows;
    }
    return n;
}

static const struct product *product_of_piece(const struct adapt_pass *p, size_t piece, size_t *first, size_t *n)
{
    size_t i = p->n_products - 1;
    const struct product *d;

    while (p->products[i].first_piece > piece)
        i--;
    d = &p->products[i];
    *first = (piece - d->first_piece) * d->rows;
    *n = d->n - *first < d->rows ? d->n - *first : d->rows;
    return d;
}

static void multiply_piece(void *ctx, size_t piece, size_t worker)
{
    struct adapt_pass *p = ctx;
    size_t first, n;
    const struct product *d = product_of_piece(p, piece, &first, &n);

    multiply_rows(p, d, first, n, &p->workers[worker]);
}

static void multiply_piece_back(void *ctx, size_t piece, size_t worker)
{
    struct adapt_pass *p = ctx;
    size_t first, n;
    const struct product *d = product_of_piece(p, piece, &first, &n);

    multiply_rows_back(p, d, first, n, &p->workers[worker]);
}

/* Derivatives by the values of product i's adapter, over all its rows in order. */
static void derive_adapter(void *ctx, size_t i, size_t worker)
{
    struct adapt_pass *p = ctx;
    const struct product *d = &p->products[i];
    size_t n_in = d->w->n_in, n_out = d->w->n_out, rank = p->plan->rank;

    (void)worker;
    if (!d->t) return;
    gemm(p->grad + d->t->a + d->adapter * rank * n_in, n_in, d->d_h, 1, rank, d->x, n_in, rank, d->n, n_in);
    gemm(p->grad + d->t->b + d->adapter * rank * n_out, rank, d->y, 1, n_out, d->h, rank, n_out, d->n, rank);
}

static void multiply_all(struct adapt_pass *p)
{
    pool_run(p->pool, multiply_piece, p, cut_products(p));
    p->n_products = 0;
}

/* The products of a stage add to rows of dx that no other of them adds to. */
static void multiply_all_back(struct adapt_pass *p)
{
    pool_run(p->pool, multiply_piece_back, p, cut_products(p));
    pool_run(p->pool, derive_adapter, p, p->n_products);
    p->n_products = 0;
}

static void multiply_one(struct adapt_pass *p, struct product d)
{
    add_product(p, d);
    multiply_all(p);
}

static void multiply_one_back(struct adapt_pass *p, struct product d, real *dx)
{
    d.dx = dx;
    d.d_h = p->d_h;
    add_product(p, d);
    multiply_all_back(p);
}

/* ---- rows --------------------------------------------------------------------------------------------------------- */

static void add(real *x, const real *y, size_t n, real scale)
{
    for (size_t i = 0; i < n; i++)
        x[i] += scale * y[i];
}

static void add_bias(real *x, const float *bias, size_t n)
{
    for (size_t i = 0; bias && i < n; i++)
        x[i] += (real)bias[i];
}

/* 1 / the root of the mean square. */
static real inverse_size(const real *x, size_t n, real eps)
{
    real sum = 0;

    for (size_t i = 0; i < n; i++)
        sum += x[i] * x[i];
    return 1 / sqrt(sum / (real)n + eps);
}

/* out may be x. */
static void norm(const struct adapt_pass *p, const real *x, const float *gain, const float *bias, size_t n, real *out)
{
    real inverse = inverse_size(x, n, (real)p->m->shape.norm_eps);

    for (size_t i = 0; i < n; i++)
        out[i] = x[i] * inverse * (real)gain[i];
    add_bias(out, bias, n);
}

/* dx += by x of norm(x), from dy; dx may not be dy. */
static void norm_back(const struct adapt_pass *p, const real *x, const float *gain, size_t n, const real *dy, real *dx)
{
    real inverse = inverse_size(x, n, (real)p->m->shape.norm_eps), dot = 0;

    for (size_t i = 0; i < n; i++)
        dot += x[i] * dy[i] * (real)gain[i];
    dot *= inverse * inverse * inverse / (real)n;
    for (size_t i = 0; i < n; i++)
        dx[i] += dy[i] * (real)gain[i] * inverse - x[i] * dot;
}

static real sigmoid(real x)
{
    return 1 / (1 + exp(-x));
}
