/* tokenizer.c: the two families, and the way from segments to ids. */
#include "tokenizer.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <unicode/uchar.h>
#include "../base/str.h"
#include "gguf.h"
#include "merge.h"
#include "nfc.h"
#include "pretokenize.h"

#define KEY(name) "tokenizer.ggml." name
#define MAX_MERGES (1 << 22)

struct tokenizer {
    struct vocab vocab;
    const struct pretokenizer *pre; /* NULL: SentencePiece */
    struct merge_rules rules;       /* over token ids; SentencePiece: and over lone characters, from vocab.n on */
    bool add_bos, space_prefix;
    bool cut_at_spaces; /* SentencePiece: no token has a space behind another character, so no merge crosses one */
    bool special_takes_white; /* Phi-3: special tokens swallow the white space behind them */
    int32_t end_of_text;      /* but this one does not; -1: none */
    int32_t ascii[128]; /* SentencePiece: symbols of these characters */
    uint32_t *lone;     /* SentencePiece: characters that are in tokens and no token themselves, packed, sorted */
    size_t n_lone;
};

/* ---- opening ------------------------------------------------------------------------------------------------------ */

/* A short string of the file into name[cap]. */
static enum rc read_name(const struct gguf *g, const char *key, char *name, size_t cap, struct err *e)
{
    const char *s;
    size_t n;
    enum rc rc = gguf_string(g, key, &s, &n, e);

    if (rc != RC_OK) return rc;
    if (n >= cap || memchr(s, 0, n)) return gguf_bad_key(g, e, key, "not a name");
    memcpy(name, s, n);
    name[n] = 0;
    return RC_OK;
}

/* A flag of the file, if it is there. */
static enum rc read_flag(const struct gguf *g, const char *key, bool *flag, struct err *e)
{
    return gguf_find(g, key) ? gguf_bool(g, key, flag, e) : RC_OK;
}

/* "left right" in GPT-2's alphabet. A merge that makes or takes a special token is left out: text must not reach one. */
static enum rc read_merge(struct tokenizer *t, const struct gguf *g, size_t rank, const char *s, size_t n, struct err *e)
{
    const char *space = n > 1 ? memchr(s + 1, ' ', n - 1) : NULL;
    char both[2 * TOKEN_MAX_BYTES];
    size_t n_left, n_both;
    int32_t left, right, id;

    if (!space || n > sizeof(both)) return gguf_bad_key(g, e, KEY("merges"), "merge %zu is not two tokens", rank);
    n_left = vocab_undo_alphabet(s, (size_t)(space - s), both);
    n_both = n_left + vocab_undo_alphabet(space + 1, n - (size_t)(space + 1 - s), both + n_left);
    left = vocab_find(&t->vocab, both, n_left);
    right = vocab_find(&t->vocab, both + n_left, n_both - n_left);
    id = vocab_find(&t->vocab, both, n_both);
    if (left < 0 || right < 0 || id < 0) {
        if ((left >= 0 || vocab_special_exact(&t->vocab, s, (size_t)(space - s)) >= 0) &&
            (right >= 0 || vocab_special_exact(&t->vocab, space + 1, n - (size_t)(space + 1 - s)) >= 0) &&
            (id >= 0 || vocab_special_exact(&t->vocab, both, n_both) >= 0))
            return RC_OK;
        return gguf_bad_key(g, e, KEY("merges"), "merge %zu names a token that is not there", rank);
    }
    merge_rules_add(&t->rules, left, right, (uint32_t)rank, id);
    return RC_OK;
}

static enum rc read_merges(struct tokenizer *t, const struct gguf *g, struct err *e)
{
    const struct gguf_value *merges = gguf_array(g, KEY("merges"), GGUF_STRING);
    const uint8_t *next;
    size_t n;
    enum rc rc;

    if (!merges) return gguf_bad_key(g, e, KEY("merges"), "no list of texts");
    if (merges->n > MAX_MERGES) return gguf_bad_key(g, e, KEY("merges"), "more than %d", MAX_MERGES);
    rc = merge_rules_init(&t->rules, merges->n, e);
    next = merges->data;
    for (size_t i = 0; i < merges->n && rc == RC_OK; i++) {
        const char *s = gguf_next_string(&next, &n);

        rc = read_merge(t, g, i, s, n, e);
    }
    return rc;
}

static enum rc open_byte_level(struct tokenizer *t, const struct gguf *g, struct err *e)
{
    char name[64] = "default";
    enum rc rc = gguf_find(g, KEY("pre")) ? read_name(g, KEY("pre"), name, sizeof(name), e) : RC_OK;

    if (rc != RC_OK) return rc;
    t->pre = pretokenizer_find(name);
    if (!t->pre) return gguf_bad_key(g, e, KEY("pre"), "unknown pre-tokeniser '%.40s'", name);
    t->add_bos = t->pre->add_bos;
    return read_merges(t, g, e);
}

/* ---- SentencePiece's merges -----------------------------------------------------------------------------------------
 * The file has no list of merges: any two symbols merge whose bytes together are a token, the highest score first. A
 * symbol is a token or one character, so all merges are found by cutting each token in two. */

/* The bytes of one character in a number; UTF-8 keeps lengths apart. */
static uint32_t pack(const char *s, size_t n)
{
    uint32_t packed = 0;

    memcpy(&packed, s, n);
    return packed;
}

static int by_number(const void *a, const void *b)
{
    uint32_t x = *(const uint32_t *)a, y = *(const uint32_t *)b;

    return (x > y) - (x < y);
}

/* The symbol of the character s[n]: a token, or a number from vocab.n on if it only occurs inside tokens, or -1. */
static int32_t char_symbol(const struct tokenizer *t, const char *s, size_t n)
{
    int32_t id = vocab_find(&t->vocab, s, n);
    uint32_t packed = pack(s, n), *lone;

    if (id >= 0 || t->n_lone == 0) return id;
    lone = bsearch(&packed, t->lone, t->n_lone, sizeof(*lone), by_number);
    return lone ? (int32_t)(t->vocab.n + (size_t)(lone - t->lone)) : -1;
}

/* Count, and write to out if not NULL, the characters in normal tokens that are no tokens. */
static size_t each_lone(const struct tokenizer *t, uint32_t *out)
{
    size_t count = 0;

    for (size_t id = 0; id < t->vocab.n; id++) {
        size_t n;
        const char *s = vocab_text(&t->vocab, (int32_t)id, &n);
        uint32_t cp;

        if (t->vocab.type[id] != TOKEN_NORMAL) continue;
        for (size_t i = 0, len; i < n; i += len) {
            len = utf8_decode(s + i, n - i, &cp);
            if (len == n || vocab_find(&t->vocab, s + i, len) >= 0) continue;
            if (out) out[count] = pack(s + i, len);
            count++;
        }
    }
    return count;
}

static enum rc find_lone(struct tokenizer *t, struct err *e)
{
    size_t n = each_lone(t, NULL);

    if (n > 0) {
        t->lone = malloc(n * sizeof(*t->lone));
        if (!t->lone) return err_set(e, RC_NOMEM, "tokenizer: out of memory");
        each_lone(t, t->lone);
        qsort(t->lone, n, sizeof(*t->lone), by_number);
        for (size_t i = 0; i < n; i++)
            if (i == 0 || t->lone[i] != t->lone[i - 1]) t->lone[t->n_lone++] = t->lone[i];
    }
    for (int c = 0; c < 128; c++) t->ascii[c] = char_symbol(t, &(const char){(char)c}, 1);
    return RC_OK;
}

/* The symbol of s[n], or -1. */
static int32_t symbol_of(const struct tokenizer *t, const char *s, size_t n)
{
    uint32_t cp;

    return utf8_decode(s, n, &cp) == n ? char_symbol(t, s, n) : vocab_find(&t->vocab, s, n);
}

struct splits {
    struct merge_rule *v;
    size_t n, cap, tried;
};

/* Add the merge of s[0..cut) and s[cut..n), token `id`, if both are symbols. */
static enum rc add_split(const struct tokenizer *t, struct splits *p, const char *s, size_t cut, size_t n, uint32_t rank,
                         int32_t id, struct err *e)
{
    int32_t left = symbol_of(t, s, cut), right = left < 0 ? -1 : symbol_of(t, s + cut, n - cut);

    p->tried++;
    if (right < 0) return RC_OK;
    if (p->n == p->cap) {
        struct merge_rule *more = realloc(p->v, (p->cap ? 2 * p->cap : 4096) * sizeof(*more));

        if (!more) return err_set(e, RC_NOMEM, "tokenizer: out of memory");
        p->v = more;
        p->cap = p->cap ? 2 * p->cap : 4096;
    }
    p->v[p->n++] = (struct merge_rule){left, right, rank, id};
    return RC_OK;
}

/* IEEE 754: the order of scores, highest first, as an order of integers. */
static uint32_t score_rank(float score)
{
    uint32_t bits;

    score += 0.0F; /* -0 is 0 */
    memcpy(&bits, &score, sizeof(bits));
    return bits & 0x80000000 ? bits : 0x7FFFFFFF - bits;
}

/* All merges of normal tokens. Tokens in the order of their bytes have those that they begin with just before them, so
 * a stack of those knows where to cut. */
static enum rc find_splits(const struct tokenizer *t, const struct gguf *g, const float *scores, struct splits *p,
                           struct err *e)
{
    const struct byte_order *order = &t->vocab.order;
    size_t ends[TOKEN_MAX_BYTES + 1], n_ends = 0, n;
    enum rc rc = RC_OK;

    for (size_t i = 0; i < order->n && rc == RC_OK; i++) {
        int32_t id = order->ids[i];
        const char *s = vocab_text(&t->vocab, id, &n);
        uint32_t rank = score_rank(scores[id]), cp;
        size_t first = utf8_decode(s, n, &cp);

        while (n_ends > 0 && ends[n_ends - 1] > order->shared[i]) n_ends--;
        if (t->vocab.type[id] != TOKEN_NORMAL) continue;
        if (first < n && (n_ends == 0 || ends[0] != first)) rc = add_split(t, p, s, first, n, rank, id, e);
        for (size_t k = 0; k < n_ends && rc == RC_OK; k++)
            if (ends[k] < n) rc = add_split(t, p, s, ends[k], n, rank, id, e);
        if (p->tried > MAX_MERGES) return gguf_bad_key(g, e, KEY("tokens"), "more than %d ways to merge", MAX_MERGES);
        if (n_ends == 0 || ends[n_ends - 1] < n) ends[n_ends++] = n;
    }
    return rc;
}

/* Files do not say which tokens have the attribute "rstrip". Source: added_tokens of Phi-3's tokenizer.json; of the models
 * in SentencePiece's format none but Phi-3 and Phi-3.5-MoE have such tokens. */
static void find_phi(struct tokenizer *t)
{
    t->special_takes_white = vocab_special_exact(&t->vocab, "<|end|>", 7) >= 0 &&
                             vocab_special_exact(&t->vocab, "<|assistant|>", 13) >= 0;
    t->end_of_text = vocab_special_exact(&t->vocab, "<|endoftext|>", 13);
}

static enum rc open_sentencepiece(struct tokenizer *t, const struct gguf *g, struct err *e)
{
    const struct gguf_value *values = gguf_array(g, KEY("scores"), GGUF_F32);
    struct splits p = {0};
    float *scores;
    enum rc rc;

    if (!values || values->n != t->vocab.n)
        return gguf_bad_key(g, e, KEY("scores"), "not one number for each of %zu tokens", t->vocab.n);
    scores = malloc(t->vocab.n * sizeof(*scores)); /* the file's are not aligned */
    if (!scores) return err_set(e, RC_NOMEM, "tokenizer: out of memory");
    memcpy(scores, values->data, t->vocab.n * sizeof(*scores));
    t->add_bos = t->space_prefix = t->cut_at_spaces = true;
    find_phi(t);
    rc = find_lone(t, e);
    for (size_t id = 0; id < t->vocab.n && rc == RC_OK; id++) {
        size_t n;
        const char *text = vocab_text(&t->vocab, (int32_t)id, &n);

        if (t->vocab.type[id] != TOKEN_NORMAL) continue;
        if (isnan(scores[id])) rc = gguf_bad_key(g, e, KEY("scores"), "entry %zu is not a number", id);
        for (size_t i = 1; i < n; i++)
            if (text[i] == ' ' && text[i - 1] != ' ') t->cut_at_spaces = false;
    }
    if (rc == RC_OK) rc = find_splits(t, g, scores, &p, e);
    if (rc == RC_OK) rc = merge_rules_init(&t->rules, p.n, e);
    for (size_t i = 0; i < p.n && rc == RC_OK; i++)
        merge_rules_add(&t->rules, p.v[i].left, p.v[i].right, p.v[i].rank, p.v[i].id);
    free(p.v);
    free(scores);
    return rc;
}

/* ---- pieces to ids ------------------------------------------------------------------------------------------------ */

#define CACHED_BYTES 22
#define CACHED_IDS 10
#define CACHE_MIN 256 /* entries, a power of two as CACHE_MAX */
#define CACHE_MAX 16384
#define CACHE_FROM 4096 /* bytes of text */
#define TEXT_MAX INT32_MAX

struct cached {
    uint8_t n, n_ids;
    char bytes[CACHED_BYTES];
    int32_t ids[CACHED_IDS];
};

struct encoder { /* one call's working memory */
    const struct tokenizer *t;
    struct merge merge;
    struct cached *cache; /* or NULL */
    size_t cache_mask;
    int32_t *ids;
    size_t n_ids, cap;
};

static enum rc add_ids(struct encoder *c, const int32_t *ids, size_t n, struct err *e)
{
    if (!c->ids || c->cap - c->n_ids < n) { /* no ids at all are still a block to free */
        size_t cap = c->cap * 2 > c->n_ids + n ? c->cap * 2 : c->n_ids + n + 64;
        int32_t *more = realloc(c->ids, cap * sizeof(*more));

        if (!more) return err_set(e, RC_NOMEM, "tokenize: out of memory");
        c->ids = more;
        c->cap = cap;
    }
    memcpy(c->ids + c->n_ids, ids, n * sizeof(*ids));
    c->n_ids += n;
    return RC_OK;
}

static void byte_symbols(struct encoder *c, const char *s, size_t n)
{
    for (size_t i = 0; i < n; i++)
        c->merge.symbols[i] = (struct symbol){.begin = (uint32_t)i, .id = c->t->vocab.byte_id[(uint8_t)s[i]]};
}

static void char_symbols(struct encoder *c, const char *s, size_t n)
{
    const struct tokenizer *t = c->t;
    uint32_t cp;

    c->merge.n_symbols = 0;
    for (size_t i = 0, len = 1; i < n; i += len) {
        uint8_t b = (uint8_t)s[i];

        len = b < 128 ? 1 : utf8_decode(s + i, n - i, &cp);
        c->merge.symbols[c->merge.n_symbols++] =
            (struct symbol){.begin = (uint32_t)i, .id = b < 128 ? t->ascii[b] : char_symbol(t, s + i, len)};
    }
}

/* A symbol that is no token is written byte by byte; a byte that is none either is the unknown token, or nothing. */
static enum rc add_bytes(struct encoder *c, const char *s, size_t n, struct err *e)
{
    const struct vocab *v = &c->t->vocab;
    enum rc rc = RC_OK;

    for (size_t i = 0; i < n && rc == RC_OK; i++) {
        int32_t id = v->byte_id[(uint8_t)s[i]];

        if (id < 0) id = v->unknown;
        if (id >= 0) rc = add_ids(c, &id, 1, e);
    }
    return rc;
}

static enum rc merge_piece(struct encoder *c, const char *s, size_t n, struct err *e)
{
    const struct symbol *v;
    size_t n_left;
    enum rc rc = merge_reserve(&c->merge, n, e);

    if (rc != RC_OK) return rc;
    if (c->t->pre) byte_symbols(c, s, n);
    else char_symbols(c, s, n);
    rc = merge_run(&c->merge, &c->t->rules, e);
    v = c->merge.symbols;
    n_left = c->merge.n_symbols;
    for (size_t i = 0; i < n_left && rc == RC_OK; i++) {
        size_t end = i + 1 < n_left ? v[i + 1].begin : n;

        if (v[i].id >= 0 && (size_t)v[i].id < c->t->vocab.n) rc = add_ids(c, &v[i].id, 1, e);
        else rc = add_bytes(c, s + v[i].begin, end - v[i].begin, e);
    }
    return rc;
}

static enum rc merge_or_find(struct encoder *c, const char *s, size_t n, struct err *e)
{
    int32_t id = c->t->pre && c->t->pre->ignore_merges ? vocab_find(&c->t->vocab, s, n) : -1;

    return id >= 0 ? add_ids(c, &id, 1, e) : merge_piece(c, s, n, e);
}

static enum rc encode_piece(void *ctx, const char *s, size_t n, struct err *e)
{
    struct encoder *c = ctx;
    size_t before = c->n_ids;
    struct cached *slot;
    enum rc rc;

    if (n == 1 && c->t->pre) return add_bytes(c, s, 1, e);
    if (!c->cache || n > CACHED_BYTES) return merge_or_find(c, s, n, e);
    slot = &c->cache[vocab_hash(s, n) & c->cache_mask];
    if (slot->n == n && memcmp(slot->bytes, s, n) == 0) return add_ids(c, slot->ids, slot->n_ids, e);
    rc = merge_or_find(c, s, n, e);
    if (rc == RC_OK && c->n_ids - before <= CACHED_IDS) {
        slot->n = (uint8_t)n;
        slot->n_ids = (uint8_t)(c->n_ids - before);
        memcpy(slot->bytes, s, n);
        memcpy(slot->ids, c->ids + before, slot->n_ids * sizeof(*slot->ids));
    }
    return rc;
}

/* ---- text to pieces ----------------------------------------------------------------------------------------------- */

static enum rc encode_byte_level(struct encoder *c, const char *s, size_t n, struct err *e)
{
    char *normal = NULL;
    enum rc rc = c->t->pre->nfc ? nfc(s, n, &normal, &n, e) : RC_OK;

    if (rc == RC_OK) rc = pretokenize(c->t->pre, normal ? normal : s, n, encode_piece, c, e);
    free(normal);
    return rc;
}

static enum rc encode_sentencepiece(struct encoder *c, const char *s, size_t n, struct err *e)
{
    char *text = malloc(n + 1); /* U+2581 is how this family writes a space, in text as in tokens */
    size_t len = 0, begin = 0;
    enum rc rc = RC_OK;

    if (!text) return err_set(e, RC_NOMEM, "tokenize: out of memory");
    if (c->t->space_prefix) text[len++] = ' ';
    len += vocab_undo_space(s, n, text + len);
    for (size_t i = 1; i <= len && rc == RC_OK; i++) {
        if (i < len && !(c->t->cut_at_spaces && text[i] == ' ' && text[i - 1] != ' ')) continue;
        rc = encode_piece(c, text + begin, i - begin, e);
        begin = i;
    }
    free(text);
    return rc;
}

/* Text without special tokens: what lies between two of them, or all of it. */
static enum rc encode_stretch(struct encoder *c, const char *s, size_t n, struct err *e)
{
    if (n == 0) return RC_OK;
    return c->t->pre ? encode_byte_level(c, s, n, e) : encode_sentencepiece(c, s, n, e);
}

/* Bytes of white space at the start of s[n] that belong to the special token before it. */
static size_t taken_white(const struct tokenizer *t, int32_t special, const char *s, size_t n)
{
    size_t len = 0, step;
    uint32_t cp;

    if (!t->special_takes_white || special == t->vocab.bos || special == t->end_of_text) return 0;
    for (; len < n; len += step) {
        step = utf8_decode(s + len, n - len, &cp);
        if (!u_isUWhiteSpace((UChar32)cp)) break;
    }
    return len;
}

/* `text` is all segments in a row. Segments of a kind that stand together are one, so that a special token is found
 * wherever a template happens to be cut. */
static enum rc encode_segments(struct encoder *c, const char *text, size_t n_text, const struct segment *segments,
                               size_t n, enum token_parse parse, struct err *e)
{
    size_t stretch = 0, at, end = 0, len; /* text[0..stretch) is done, a run of segments is text[at..end) */
    enum rc rc = RC_OK;

    for (size_t i = 0; i < n && rc == RC_OK;) {
        bool ours = segments[i].kind == SEGMENT_TEMPLATE && parse != TOKENS_LITERAL;

        at = end > stretch ? end : stretch; /* the last special token may have taken white space of this segment */
        for (; i < n && (segments[i].kind == SEGMENT_TEMPLATE && parse != TOKENS_LITERAL) == ours; i++)
            end += segments[i].n;
        while (ours && at < end && rc == RC_OK) {
            int32_t id = vocab_special(&c->t->vocab, text + at, end - at, parse == TOKENS_SPECIAL, &len);

            if (id < 0) {
                at++;
                continue;
            }
            rc = encode_stretch(c, text + stretch, at - stretch, e);
            if (rc == RC_OK) rc = add_ids(c, &id, 1, e);
            stretch = at + len;
            stretch += taken_white(c->t, id, text + stretch, n_text - stretch);
            at = stretch;
        }
    }
    return rc == RC_OK ? encode_stretch(c, text + stretch, n_text - stretch, e) : rc;
}

/* A working memory for words that come again: nine of ten are found there, but a short text does not pay for it. */
static void open_cache(struct encoder *c, size_t n_text)
{
    size_t size = CACHE_MIN;

    if (n_text < CACHE_FROM) return;
    while (size < CACHE_MAX && size < n_text / 64) size *= 2;
    c->cache = calloc(size, sizeof(*c->cache)); /* without it all is the same, only slower */
    c->cache_mask = size - 1;
}

enum rc tokenizer_encode(const struct tokenizer *t, const struct segment *segments, size_t n, enum token_parse parse,
                         bool add_bos, int32_t **ids, size_t *n_ids, struct err *e)
{
    struct encoder c = {.t = t};
    struct buf all;
    struct segment text = {.bytes = "", .n = 0};
    bool bos = add_bos && t->add_bos && t->vocab.bos >= 0;
    enum rc rc = RC_OK;

    buf_init(&all, TEXT_MAX);
    if (n == 1 && segments[0].n <= TEXT_MAX) {
        text = segments[0];
    } else {
        for (size_t i = 0; i < n; i++) buf_add(&all, segments[i].bytes, segments[i].n);
        rc = buf_check(&all, "tokenize", e);
        text.bytes = all.data;
        text.n = all.len;
    }
    if (rc == RC_OK) open_cache(&c, text.n);
    if (rc == RC_OK) rc = add_ids(&c, &t->vocab.bos, bos, e);
    if (rc == RC_OK) rc = encode_segments(&c, text.bytes, text.n, segments, n, parse, e);
    if (rc != RC_OK) goto out;
    if (bos && c.n_ids > 1 && c.ids[1] == t->vocab.bos) /* the template writes it itself */
        memmove(c.ids, c.ids + 1, --c.n_ids * sizeof(*c.ids));
    *ids = c.ids;
    *n_ids = c.n_ids;
    c.ids = NULL;
out:
    buf_clear(&all);
    merge_clear(&c.merge);
    free(c.cache);
    free(c.ids);
    return rc;
}

/* ---- handle ------------------------------------------------------------------------------------------------------- */

enum rc tokenizer_open(const struct gguf *g, struct tokenizer **out, struct err *e)
{
    struct tokenizer *t = calloc(1, sizeof(*t));
    char family[64];
    bool byte_level;
    enum rc rc;

    if (!t) return err_set(e, RC_NOMEM, "tokenizer: out of memory");
    rc = read_name(g, KEY("model"), family, sizeof(family), e);
    byte_level = rc == RC_OK && str_eq(family, "gpt2");
    if (rc == RC_OK && !byte_level && !str_eq(family, "llama"))
        rc = gguf_bad_key(g, e, KEY("model"), "'%s' is neither gpt2 nor llama", family);
    if (rc == RC_OK) rc = vocab_init(&t->vocab, g, byte_level, e);
    if (rc == RC_OK) rc = byte_level ? open_byte_level(t, g, e) : open_sentencepiece(t, g, e);
    if (rc == RC_OK) rc = read_flag(g, KEY("add_bos_token"), &t->add_bos, e);
    if (rc == RC_OK) rc = read_flag(g, KEY("add_space_prefix"), &t->space_prefix, e);
    if (rc != RC_OK) {
        tokenizer_close(t);
        return rc;
    }
    *out = t;
    return RC_OK;
}

void tokenizer_close(struct tokenizer *t)
{
    if (!t) return;
    vocab_clear(&t->vocab);
    merge_rules_clear(&t->rules);
    free(t->lone);
    free(t);
}

size_t tokenizer_size(const struct tokenizer *t)
{
    return t->vocab.n;
}

enum token_type tokenizer_type(const struct tokenizer *t, int32_t id)
{
    return id < 0 || (size_t)id >= t->vocab.n ? TOKEN_UNKNOWN : (enum token_type)t->vocab.type[id];
}

const char *tokenizer_bytes(const struct tokenizer *t, int32_t id, size_t *n)
{
    enum token_type type = tokenizer_type(t, id);

    *n = 0;
    return type == TOKEN_UNKNOWN || type == TOKEN_CONTROL ? "" : vocab_text(&t->vocab, id, n);
}

const char *tokenizer_name(const struct tokenizer *t, int32_t id, size_t *n)
{
    *n = 0;
    return id < 0 || (size_t)id >= t->vocab.n ? "" : vocab_text(&t->vocab, id, n);
}

bool tokenizer_is_end(const struct tokenizer *t, int32_t id)
{
    return id >= 0 && (size_t)id < t->vocab.n && t->vocab.is_end[id];
}

int32_t tokenizer_bos(const struct tokenizer *t)
{
    return t->vocab.bos;
}

int32_t tokenizer_eos(const struct tokenizer *t)
{
    return t->vocab.eos;
}

int32_t tokenizer_eot(const struct tokenizer *t)
{
    return t->vocab.eot;
}

bool tokenizer_add_bos(const struct tokenizer *t)
{
    return t->add_bos && t->vocab.bos >= 0;
}

const struct byte_order *tokenizer_order(const struct tokenizer *t)
{
    return &t->vocab.order;
}
