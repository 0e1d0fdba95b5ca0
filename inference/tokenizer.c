/* tokenizer.c: the two families, and the way from segments to ids. */
#include "tokenizer.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>
#include "../base/str.h"
#include "gguf.h"
#include "merge.h"
#include "nfc.h"
#include "pretokenize.h"

#define KEY(name) "tokenizer.ggml." name
#define MAX_MERGES (1 << 22)

struct merge_rule { /* byte-level BPE: two tokens that become a third */
    int32_t left, right, id; /* id + 1, so that 0 is an empty place */
    uint32_t rank;
};

struct tokenizer {
    struct vocab vocab;
    const struct pretokenizer *pre; /* NULL: SentencePiece */
    struct merge_rule *rules;       /* hash table */
    size_t rules_mask;
    bool add_bos, space_prefix;
    bool cut_at_spaces; /* SentencePiece: no token has a space behind another character, so no merge crosses one */
    size_t longest;     /* bytes of the longest normal token */
    float *scores;      /* SentencePiece: of each token */
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

static size_t rule_place(const struct tokenizer *t, int32_t left, int32_t right)
{
    uint64_t h = ((uint64_t)(uint32_t)left << 32 | (uint32_t)right) * UINT64_C(0x9E3779B97F4A7C15);

    return (h ^ h >> 32) & t->rules_mask;
}

static const struct merge_rule *find_rule(const struct tokenizer *t, int32_t left, int32_t right)
{
    const struct merge_rule *r;

    for (size_t i = rule_place(t, left, right);; i = (i + 1) & t->rules_mask) {
        r = &t->rules[i];
        if (r->id == 0 || (r->left == left && r->right == right)) return r;
    }
}

/* "left right" in GPT-2's alphabet. A merge that makes or takes a special token is left out: text must not reach one. */
static enum rc read_merge(struct tokenizer *t, const struct gguf *g, size_t rank, const char *s, size_t n, struct err *e)
{
    const char *space = n > 1 ? memchr(s + 1, ' ', n - 1) : NULL;
    char both[2 * TOKEN_MAX_BYTES];
    size_t n_left, n_both;
    int32_t left, right, id;
    struct merge_rule *r;

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
    r = (struct merge_rule *)find_rule(t, left, right);
    if (r->id == 0) *r = (struct merge_rule){left, right, id + 1, (uint32_t)rank};
    return RC_OK;
}

static enum rc read_merges(struct tokenizer *t, const struct gguf *g, struct err *e)
{
    const struct gguf_value *merges = gguf_array(g, KEY("merges"), GGUF_STRING);
    const uint8_t *next;
    size_t size = 16, n;

    if (!merges) return gguf_bad_key(g, e, KEY("merges"), "no list of texts");
    if (merges->n > MAX_MERGES) return gguf_bad_key(g, e, KEY("merges"), "more than %d", MAX_MERGES);
    next = merges->data;
    while (size < 2 * merges->n) size *= 2;
    t->rules = calloc(size, sizeof(*t->rules));
    if (!t->rules) return err_set(e, RC_NOMEM, "tokenizer: out of memory");
    t->rules_mask = size - 1;
    for (size_t i = 0; i < merges->n; i++) {
        const char *s = gguf_next_string(&next, &n);
        enum rc rc = read_merge(t, g, i, s, n, e);

        if (rc != RC_OK) return rc;
    }
    return RC_OK;
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

static enum rc open_sentencepiece(struct tokenizer *t, const struct gguf *g, struct err *e)
{
    const struct gguf_value *scores = gguf_array(g, KEY("scores"), GGUF_F32);

    if (!scores || scores->n != t->vocab.n)
        return gguf_bad_key(g, e, KEY("scores"), "not one number for each of %zu tokens", t->vocab.n);
    t->scores = malloc(t->vocab.n * sizeof(*t->scores));
    if (!t->scores) return err_set(e, RC_NOMEM, "tokenizer: out of memory");
    memcpy(t->scores, scores->data, t->vocab.n * sizeof(*t->scores));
    t->add_bos = t->space_prefix = t->cut_at_spaces = true;
    for (size_t id = 0; id < t->vocab.n; id++) {
        size_t n;
        const char *text = vocab_text(&t->vocab, (int32_t)id, &n);

        if (t->vocab.type[id] != TOKEN_NORMAL) continue;
        if (isnan(t->scores[id])) return gguf_bad_key(g, e, KEY("scores"), "entry %zu is not a number", id);
        if (n > t->longest) t->longest = n;
        for (size_t i = 1; i < n; i++)
            if (text[i] == ' ' && text[i - 1] != ' ') t->cut_at_spaces = false;
    }
    return RC_OK;
}

/* ---- pieces to ids ------------------------------------------------------------------------------------------------ */

#define CACHED_BYTES 22
#define CACHED_IDS 10
#define CACHE_SIZE 4096 /* a power of two; text repeats itself: nine pieces of ten are found here */
#define CACHE_FROM 4096 /* bytes of text below which a cache does not pay */

struct cached {
    uint8_t n, n_ids;
    char bytes[CACHED_BYTES];
    int32_t ids[CACHED_IDS];
};

struct encoder { /* one call's working memory */
    const struct tokenizer *t;
    struct merge merge;
    struct cached *cache; /* or NULL */
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

static bool look_up_rule(const void *ctx, const char *text, const struct symbol *left, const struct symbol *right,
                         uint32_t *rank, int32_t *id)
{
    const struct merge_rule *r = find_rule(ctx, left->id, right->id);

    (void)text;
    *rank = r->rank;
    *id = r->id - 1;
    return r->id != 0;
}

/* SentencePiece: two symbols merge if their bytes together are a token; the highest score goes first. */
static bool look_up_score(const void *ctx, const char *text, const struct symbol *left, const struct symbol *right,
                          uint32_t *rank, int32_t *id)
{
    const struct tokenizer *t = ctx;
    uint32_t bits;

    if ((size_t)left->n + right->n > t->longest) return false;
    *id = vocab_find(&t->vocab, text + left->begin, (size_t)left->n + right->n);
    if (*id < 0) return false;
    memcpy(&bits, &t->scores[*id], sizeof(bits)); /* IEEE 754: order of floats to order of integers */
    *rank = bits & 0x80000000 ? bits : 0x7FFFFFFF - bits;
    return true;
}

static void byte_symbols(struct encoder *c, const char *s, size_t n)
{
    for (size_t i = 0; i < n; i++)
        c->merge.symbols[i] = (struct symbol){.begin = (uint32_t)i, .n = 1, .id = c->t->vocab.byte_id[(uint8_t)s[i]]};
}

static void char_symbols(struct encoder *c, const char *s, size_t n)
{
    uint32_t cp;

    c->merge.n_symbols = 0;
    for (size_t i = 0, len; i < n; i += len) {
        len = utf8_decode(s + i, n - i, &cp);
        c->merge.symbols[c->merge.n_symbols++] =
            (struct symbol){.begin = (uint32_t)i, .n = (uint32_t)len, .id = vocab_find(&c->t->vocab, s + i, len)};
    }
}

/* A symbol that is no token is written byte by byte; a byte that is none either is the unknown token, or nothing. */
static enum rc add_symbol(struct encoder *c, const char *s, const struct symbol *sym, struct err *e)
{
    const struct vocab *v = &c->t->vocab;

    if (sym->id >= 0) return add_ids(c, &sym->id, 1, e);
    for (uint32_t i = 0; i < sym->n; i++) {
        int32_t id = v->byte_id[(uint8_t)s[sym->begin + i]];
        enum rc rc;

        if (id < 0) id = v->unknown;
        rc = id < 0 ? RC_OK : add_ids(c, &id, 1, e);
        if (rc != RC_OK) return rc;
    }
    return RC_OK;
}

static enum rc merge_piece(struct encoder *c, const char *s, size_t n, struct err *e)
{
    enum rc rc = merge_reserve(&c->merge, n, e);

    if (rc != RC_OK) return rc;
    if (c->t->pre) byte_symbols(c, s, n);
    else char_symbols(c, s, n);
    merge_run(&c->merge, s, c->t->pre ? look_up_rule : look_up_score, c->t);
    for (uint32_t i = 0; i != MERGE_END && rc == RC_OK; i = c->merge.symbols[i].next)
        rc = add_symbol(c, s, &c->merge.symbols[i], e);
    return rc;
}

static enum rc encode_piece(void *ctx, const char *s, size_t n, struct err *e)
{
    struct encoder *c = ctx;
    struct cached *slot = NULL;
    size_t before = c->n_ids;
    enum rc rc;

    if (c->t->pre && c->t->pre->ignore_merges) {
        int32_t id = vocab_find(&c->t->vocab, s, n);

        if (id >= 0) return add_ids(c, &id, 1, e);
    }
    if (c->cache && n <= CACHED_BYTES) {
        slot = &c->cache[vocab_hash(s, n) & (CACHE_SIZE - 1)];
        if (slot->n == n && memcmp(slot->bytes, s, n) == 0) return add_ids(c, slot->ids, slot->n_ids, e);
    }
    rc = merge_piece(c, s, n, e);
    if (rc == RC_OK && slot && c->n_ids - before <= CACHED_IDS) {
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

/* `text` is all segments in a row. Segments of a kind that stand together are one, so that a special token is found
 * wherever a template happens to be cut. */
static enum rc encode_segments(struct encoder *c, const char *text, const struct segment *segments, size_t n,
                               enum token_parse parse, struct err *e)
{
    size_t stretch = 0, at = 0, len;
    enum rc rc = RC_OK;

    for (size_t i = 0; i < n && rc == RC_OK;) {
        bool ours = segments[i].kind == SEGMENT_TEMPLATE && parse != TOKENS_LITERAL;
        size_t end = at;

        for (; i < n && (segments[i].kind == SEGMENT_TEMPLATE && parse != TOKENS_LITERAL) == ours; i++)
            end += segments[i].n;
        for (; ours && at < end && rc == RC_OK; at++) {
            int32_t id = vocab_special(&c->t->vocab, text + at, end - at, parse == TOKENS_SPECIAL, &len);

            if (id < 0) continue;
            rc = encode_stretch(c, text + stretch, at - stretch, e);
            if (rc == RC_OK) rc = add_ids(c, &id, 1, e);
            stretch = at + len;
            at = stretch - 1;
        }
        at = end;
    }
    return rc == RC_OK ? encode_stretch(c, text + stretch, at - stretch, e) : rc;
}

enum rc tokenizer_encode(const struct tokenizer *t, const struct segment *segments, size_t n, enum token_parse parse,
                         bool add_bos, int32_t **ids, size_t *n_ids, struct err *e)
{
    struct encoder c = {.t = t};
    struct buf text;
    bool bos = add_bos && t->add_bos && t->vocab.bos >= 0;
    enum rc rc = RC_OK;

    buf_init(&text, INT32_MAX);
    for (size_t i = 0; i < n; i++) buf_add(&text, segments[i].bytes, segments[i].n);
    rc = buf_check(&text, "tokenize", e);
    if (rc == RC_OK && text.len >= CACHE_FROM) c.cache = calloc(CACHE_SIZE, sizeof(*c.cache));
    if (rc == RC_OK) rc = add_ids(&c, &t->vocab.bos, bos, e);
    if (rc == RC_OK) rc = encode_segments(&c, text.data, segments, n, parse, e);
    if (rc != RC_OK) goto out;
    if (bos && c.n_ids > 1 && c.ids[1] == t->vocab.bos) /* the template writes it itself */
        memmove(c.ids, c.ids + 1, --c.n_ids * sizeof(*c.ids));
    *ids = c.ids;
    *n_ids = c.n_ids;
    c.ids = NULL;
out:
    buf_clear(&text);
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
    free(t->rules);
    free(t->scores);
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
