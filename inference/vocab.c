/* vocab.c: reading and checking the tokens of a file. */
#include "vocab.h"

#include <stdlib.h>
#include <string.h>
#include "../base/str.h"
#include "gguf.h"

#define KEY(name) "tokenizer.ggml." name

/* ---- bytes of a token --------------------------------------------------------------------------------------------- */

/* GPT-2 writes a byte that prints as itself and the other 68, in order, as U+0100 and on. */
static int alphabet_byte(uint32_t cp)
{
    int hidden;

    if ((cp >= 0x21 && cp <= 0x7E) || (cp >= 0xA1 && cp <= 0xAC) || (cp >= 0xAE && cp <= 0xFF)) return (int)cp;
    if (cp < 0x100 || cp > 0x143) return -1;
    hidden = (int)cp - 0x100;
    return hidden <= 0x20 ? hidden : hidden <= 0x42 ? hidden - 0x21 + 0x7F : 0xAD;
}

size_t vocab_undo_alphabet(const char *s, size_t n, char *out)
{
    size_t len = 0;

    for (size_t i = 0, step; i < n; i += step) {
        uint32_t cp;
        int b;

        step = utf8_decode(s + i, n - i, &cp);
        b = alphabet_byte(cp);
        if (b >= 0) {
            out[len++] = (char)b;
        } else {
            memcpy(out + len, s + i, step);
            len += step;
        }
    }
    return len;
}

size_t vocab_undo_space(const char *s, size_t n, char *out)
{
    size_t len = 0;

    for (size_t i = 0; i < n;) {
        if (n - i >= 3 && memcmp(s + i, "\xE2\x96\x81", 3) == 0) {
            out[len++] = ' ';
            i += 3;
        } else {
            out[len++] = s[i++];
        }
    }
    return len;
}

/* The bytes that token text s[n] of `type` stands for, into out[n]. */
static size_t token_bytes(enum token_type type, bool byte_level, const char *s, size_t n, char *out)
{
    uint8_t byte;
    char digits[3] = "";

    if (type == TOKEN_CONTROL || type == TOKEN_USER_DEFINED || type == TOKEN_UNKNOWN) {
        memcpy(out, s, n);
        return n;
    }
    if (type == TOKEN_BYTE) { /* <0x0A> */
        if (n != 6 || memcmp(s, "<0x", 3) != 0 || s[5] != '>') return SIZE_MAX;
        for (int i = 0; i < 2; i++) digits[i] = s[3 + i] >= 'A' && s[3 + i] <= 'F' ? (char)(s[3 + i] + 32) : s[3 + i];
        if (!str_unhex(digits, &byte, 1)) return SIZE_MAX;
        out[0] = (char)byte;
        return 1;
    }
    return byte_level ? vocab_undo_alphabet(s, n, out) : vocab_undo_space(s, n, out);
}

const char *vocab_text(const struct vocab *v, int32_t id, size_t *n)
{
    *n = v->at[id + 1] - v->at[id];
    return v->text + v->at[id];
}


/* ---- reading ------------------------------------------------------------------------------------------------------ */

static enum rc out_of_memory(struct err *e)
{
    return err_set(e, RC_NOMEM, "tokenizer: out of memory");
}

static enum rc read_types(struct vocab *v, const struct gguf *g, struct err *e)
{
    const struct gguf_value *types = gguf_array(g, KEY("token_type"), GGUF_I32);

    v->type = malloc(v->n);
    if (!v->type) return out_of_memory(e);
    memset(v->type, TOKEN_NORMAL, v->n);
    if (!gguf_find(g, KEY("token_type"))) return RC_OK;
    if (!types || types->n != v->n)
        return gguf_bad_key(g, e, KEY("token_type"), "not one number for each of %zu tokens", v->n);
    for (size_t i = 0; i < v->n; i++) {
        int32_t type;

        memcpy(&type, types->data + 4 * i, sizeof(type));
        if (type < TOKEN_NORMAL || type > TOKEN_BYTE)
            return gguf_bad_key(g, e, KEY("token_type"), "entry %zu is %d, not 1 to 6", i, (int)type);
        v->type[i] = (uint8_t)type;
    }
    return RC_OK;
}

static enum rc read_texts(struct vocab *v, const struct gguf *g, bool byte_level, struct err *e)
{
    const struct gguf_value *texts = gguf_array(g, KEY("tokens"), GGUF_STRING);
    const uint8_t *next;
    enum rc rc;
    size_t len = 0, n;
    const char *s;

    if (!texts || texts->n == 0) return gguf_bad_key(g, e, KEY("tokens"), "no list of texts");
    if (texts->n > VOCAB_MAX_TOKENS) return gguf_bad_key(g, e, KEY("tokens"), "more than %d", VOCAB_MAX_TOKENS);
    next = texts->data;
    v->n = texts->n;
    rc = read_types(v, g, e);
    if (rc != RC_OK) return rc;
    v->at = calloc(v->n + 1, sizeof(*v->at));
    v->text = malloc(texts->size + 1);
    if (!v->at || !v->text) return out_of_memory(e);
    for (size_t i = 0; i < v->n; i++) {
        s = gguf_next_string(&next, &n);
        if (n > TOKEN_MAX_BYTES) return gguf_bad_key(g, e, KEY("tokens"), "token %zu has %zu bytes", i, n);
        n = token_bytes(v->type[i], byte_level, s, n, v->text + len);
        if (n == SIZE_MAX) return gguf_bad_key(g, e, KEY("tokens"), "token %zu is a byte but not <0x00> to <0xFF>", i);
        len += n;
        v->at[i + 1] = (uint32_t)len;
    }
    return RC_OK;
}

/* ---- finding ------------------------------------------------------------------------------------------------------ */

uint64_t vocab_hash(const char *s, size_t n)
{
    uint64_t h = n * UINT64_C(0x9E3779B97F4A7C15), w;

    for (; n >= 8; n -= 8, s += 8) {
        memcpy(&w, s, 8);
        h = (h ^ w) * UINT64_C(0xFF51AFD7ED558CCD);
        h ^= h >> 32;
    }
    w = 0;
    memcpy(&w, s, n);
    h = (h ^ w) * UINT64_C(0xFF51AFD7ED558CCD);
    return h ^ h >> 29;
}

/* The place of the normal token of these bytes, or the empty one where it would be. */
static struct vocab_place *find_place(const struct vocab *v, const char *bytes, size_t n)
{
    uint64_t hash = vocab_hash(bytes, n);

    for (size_t i = hash & v->index_mask;; i = (i + 1) & v->index_mask) {
        struct vocab_place *p = &v->index[i];
        const char *text;
        size_t len;

        if (p->id == 0) return p;
        if (p->tag != hash >> 32) continue;
        text = vocab_text(v, (int32_t)p->id - 1, &len);
        if (len == n && memcmp(text, bytes, n) == 0) return p;
    }
}

int32_t vocab_find(const struct vocab *v, const char *bytes, size_t n)
{
    return (int32_t)find_place(v, bytes, n)->id - 1;
}

static enum rc index_tokens(struct vocab *v, const struct gguf *g, struct err *e)
{
    size_t size = 16;

    while (size < 2 * v->n) size *= 2;
    v->index = calloc(size, sizeof(*v->index));
    if (!v->index) return out_of_memory(e);
    v->index_mask = size - 1;
    memset(v->byte_id, 0xFF, sizeof(v->byte_id));
    for (size_t id = 0; id < v->n; id++) {
        size_t n;
        const char *text = vocab_text(v, (int32_t)id, &n);
        struct vocab_place *p;

        if (v->type[id] == TOKEN_BYTE) v->byte_id[(uint8_t)text[0]] = (int32_t)id;
        if (v->type[id] != TOKEN_NORMAL || n == 0) continue;
        p = find_place(v, text, n);
        if (p->id) return gguf_bad_key(g, e, KEY("tokens"), "tokens %d and %zu are the same", (int)p->id - 1, id);
        *p = (struct vocab_place){(uint32_t)(vocab_hash(text, n) >> 32), (uint32_t)id + 1};
        if (n == 1 && v->byte_id[(uint8_t)text[0]] < 0) v->byte_id[(uint8_t)text[0]] = (int32_t)id;
    }
    return RC_OK;
}

struct sort_key {
    uint64_t head; /* the first 8 bytes, big-endian, so that most comparisons end here */
    int32_t id;
};

static int by_bytes(const void *pa, const void *pb, void *ctx)
{
    const struct sort_key *a = pa, *b = pb;
    size_t na, nb;
    const char *ta, *tb;
    int order;

    if (a->head != b->head) return a->head < b->head ? -1 : 1;
    ta = vocab_text(ctx, a->id, &na);
    tb = vocab_text(ctx, b->id, &nb);
    order = memcmp(ta, tb, na < nb ? na : nb);
    return order ? order : na != nb ? (na > nb) - (na < nb) : (a->id > b->id) - (a->id < b->id);
}

/* Sort by head alone, a byte at a time from the last on, with `spare` as large as keys. */
static void sort_heads(struct sort_key *keys, struct sort_key *spare, size_t n)
{
    for (unsigned shift = 0; shift < 64; shift += 8) { /* an even number of passes ends where it began */
        size_t at[257] = {0};
        struct sort_key *swap = keys;

        for (size_t i = 0; i < n; i++) at[(keys[i].head >> shift & 255) + 1]++;
        for (size_t i = 0; i < 256; i++) at[i + 1] += at[i];
        for (size_t i = 0; i < n; i++) spare[at[keys[i].head >> shift & 255]++] = keys[i];
        keys = spare;
        spare = swap;
    }
}

/* Ids of the tokens with bytes whose type is in `types` (a bit each), sorted by bytes. */
static enum rc sort_tokens(struct vocab *v, unsigned types, int32_t **ids, size_t *n_ids, struct err *e)
{
    struct sort_key *keys = malloc(2 * (v->n + 1) * sizeof(*keys));
    int32_t *sorted = malloc((v->n + 1) * sizeof(*sorted));
    size_t n = 0;

    if (!keys || !sorted) {
        free(keys);
        free(sorted);
        return out_of_memory(e);
    }
    for (size_t id = 0; id < v->n; id++) {
        size_t len;
        const char *text = vocab_text(v, (int32_t)id, &len);
        uint64_t head = 0;

        if (len == 0 || !(types >> v->type[id] & 1)) continue;
        for (size_t i = 0; i < 8; i++) head = head << 8 | (i < len ? (uint8_t)text[i] : 0);
        keys[n++] = (struct sort_key){head, (int32_t)id};
    }
    sort_heads(keys, keys + v->n + 1, n);
    for (size_t i = 0, same; i < n; i += same) { /* the few that are alike so far */
        for (same = 1; i + same < n && keys[i + same].head == keys[i].head; same++) {}
        if (same > 1) qsort_r(keys + i, same, sizeof(*keys), by_bytes, v);
    }
    for (size_t i = 0; i < n; i++) sorted[i] = keys[i].id;
    free(keys);
    *ids = sorted;
    *n_ids = n;
    return RC_OK;
}

static enum rc order_tokens(struct vocab *v, struct err *e)
{
    unsigned with_bytes = 1U << TOKEN_NORMAL | 1U << TOKEN_USER_DEFINED | 1U << TOKEN_UNUSED | 1U << TOKEN_BYTE;
    enum rc rc = sort_tokens(v, with_bytes, &v->order.ids, &v->order.n, e);

    if (rc != RC_OK) return rc;
    v->order.shared = calloc(v->order.n + 1, sizeof(*v->order.shared));
    if (!v->order.shared) return out_of_memory(e);
    for (size_t i = 1; i < v->order.n; i++) {
        size_t na, nb, same = 0;
        const char *a = vocab_text(v, v->order.ids[i - 1], &na), *b = vocab_text(v, v->order.ids[i], &nb);

        while (same < na && same < nb && a[same] == b[same]) same++;
        v->order.shared[i] = (uint16_t)same;
    }
    v->order.skip = calloc(v->order.n + 1, sizeof(*v->order.skip));
    if (!v->order.skip) return out_of_memory(e);
    for (size_t i = v->order.n; i-- > 0;) {
        size_t next = i + 1;

        while (next < v->order.n && v->order.shared[next] > v->order.shared[i]) next = v->order.skip[next];
        v->order.skip[i] = (uint32_t)next;
    }
    return RC_OK;
}

static enum rc find_specials(struct vocab *v, const struct gguf *g, struct err *e)
{
    enum rc rc = sort_tokens(v, 1U << TOKEN_CONTROL | 1U << TOKEN_USER_DEFINED, &v->special, &v->n_special, e);
    size_t n, before = 0;
    const char *last = "";

    if (rc != RC_OK) return rc;
    for (size_t i = 0; i < v->n_special; i++) {
        const char *text = vocab_text(v, v->special[i], &n);

        if (n == before && memcmp(text, last, n) == 0)
            return gguf_bad_key(g, e, KEY("tokens"), "special tokens %d and %d are the same", (int)v->special[i - 1],
                       (int)v->special[i]);
        v->begins_special[(uint8_t)text[0]] = true;
        last = text;
        before = n;
    }
    return RC_OK;
}

int32_t vocab_special(const struct vocab *v, const char *s, size_t n, bool control, size_t *len)
{
    size_t lo = 0, hi = v->n_special;
    int32_t found = -1;

    if (n == 0 || !v->begins_special[(uint8_t)s[0]]) return -1;
    for (size_t d = 0; lo < hi; d++) { /* [lo, hi): those that begin with s[0..d) */
        size_t k, a = lo, b = hi, mid;
        const char *text = vocab_text(v, v->special[lo], &k);

        if (k == d) { /* the shortest comes first */
            if (control || v->type[v->special[lo]] == TOKEN_USER_DEFINED) {
                found = v->special[lo];
                *len = d;
            }
            a = ++lo;
        }
        if (d == n) break;
        while (a < b) { /* first whose byte d is at least s[d] */
            mid = a + (b - a) / 2;
            text = vocab_text(v, v->special[mid], &k);
            if ((uint8_t)text[d] < (uint8_t)s[d]) a = mid + 1;
            else b = mid;
        }
        lo = a;
        for (b = hi; a < b;) { /* first whose byte d is greater */
            mid = a + (b - a) / 2;
            text = vocab_text(v, v->special[mid], &k);
            if ((uint8_t)text[d] <= (uint8_t)s[d]) a = mid + 1;
            else b = mid;
        }
        hi = a;
    }
    return found;
}

int32_t vocab_special_exact(const struct vocab *v, const char *s, size_t n)
{
    size_t lo = 0, hi = v->n_special;

    while (lo < hi) {
        size_t mid = lo + (hi - lo) / 2, k;
        const char *text = vocab_text(v, v->special[mid], &k);
        int order = memcmp(text, s, k < n ? k : n);

        if (order == 0 && k == n) return v->special[mid];
        if (order < 0 || (order == 0 && k < n)) lo = mid + 1;
        else hi = mid;
    }
    return -1;
}

/* ---- roles -------------------------------------------------------------------------------------------------------- */

static enum rc read_role(const struct vocab *v, const struct gguf *g, const char *key, int32_t *id, struct err *e)
{
    uint32_t value;

    *id = -1;
    if (!gguf_find(g, key)) return RC_OK;
    if (gguf_u32(g, key, &value, e) != RC_OK) return RC_BAD;
    if (value >= v->n) return gguf_bad_key(g, e, key, "token %lu of %zu", (unsigned long)value, v->n);
    *id = (int32_t)value;
    return RC_OK;
}

/* Control tokens that end an answer in one family or another, whatever the file calls eos: instruction-tuned files
 * often name the end of text there and not the end of a turn. */
#define DEEPSEEK_END "<\xEF\xBD\x9C" "end\xE2\x96\x81of\xE2\x96\x81sentence\xEF\xBD\x9C>"
static const char *const end_names[] = {
    "<|eot_id|>", "<|im_end|>", "<|end|>", "<end_of_turn>", "<|endoftext|>", "<|end_of_text|>", "<EOT>", "_<EOT>",
    "<|eom_id|>", "<|return|>", "<|call|>", "</s>", "<end_of_utterance>",
    DEEPSEEK_END,
};

static enum rc find_roles(struct vocab *v, const struct gguf *g, struct err *e)
{
    int32_t eom, harmony_end;
    enum rc rc = read_role(v, g, KEY("bos_token_id"), &v->bos, e);

    if (rc == RC_OK) rc = read_role(v, g, KEY("eos_token_id"), &v->eos, e);
    if (rc == RC_OK) rc = read_role(v, g, KEY("eot_token_id"), &v->eot, e);
    if (rc == RC_OK) rc = read_role(v, g, KEY("eom_token_id"), &eom, e);
    if (rc == RC_OK) rc = read_role(v, g, KEY("unknown_token_id"), &v->unknown, e);
    if (rc != RC_OK) return rc;
    v->is_end = calloc(v->n, 1);
    if (!v->is_end) return out_of_memory(e);
    if (v->eos >= 0) v->is_end[v->eos] = 1;
    if (v->eot >= 0) v->is_end[v->eot] = 1;
    if (eom >= 0) v->is_end[eom] = 1;
    for (size_t i = 0; i < COUNT_OF(end_names); i++) {
        int32_t id = vocab_special_exact(v, end_names[i], strlen(end_names[i]));

        if (id >= 0 && v->type[id] == TOKEN_CONTROL) v->is_end[id] = 1;
    }
    /* In gpt-oss's harmony format <|end|> closes a message (the reasoning, say) and the answer goes on. */
    harmony_end = vocab_special_exact(v, "<|end|>", 7);
    if (harmony_end >= 0 && vocab_special_exact(v, "<|return|>", 10) >= 0 && vocab_special_exact(v, "<|call|>", 8) >= 0)
        v->is_end[harmony_end] = 0;
    return RC_OK;
}

static uint8_t plain_characters(const char *s, size_t n)
{
    size_t count = 0;

    for (size_t i = 0; i < n; i++)
        if ((unsigned char)s[i] < ' ') return TOKEN_HOLDS_CONTROL;
    if (memchr(s, '"', n) || memchr(s, '\\', n) || utf8_valid_prefix(s, n) != n) return 0;
    for (size_t i = 0; i < n; i++) count += ((unsigned char)s[i] & 0xC0) != 0x80;
    return count < TOKEN_HOLDS_CONTROL ? (uint8_t)count : 0;
}

static enum rc find_plain(struct vocab *v, struct err *e)
{
    v->order.plain = calloc(v->n + 1, 1);
    if (!v->order.plain) return out_of_memory(e);
    for (size_t i = 0; i < v->order.n; i++) {
        size_t n;
        const char *s = vocab_text(v, v->order.ids[i], &n);

        v->order.plain[v->order.ids[i]] = plain_characters(s, n);
    }
    return RC_OK;
}

static enum rc list_ends(struct vocab *v, struct err *e)
{
    size_t n = 0;

    for (size_t i = 0; i < v->n; i++) n += v->is_end[i];
    v->order.ends = calloc(n + 1, sizeof(*v->order.ends));
    if (!v->order.ends) return out_of_memory(e);
    for (size_t i = 0; i < v->n; i++)
        if (v->is_end[i]) v->order.ends[v->order.n_ends++] = (int32_t)i;
    return RC_OK;
}

enum rc vocab_init(struct vocab *v, const struct gguf *g, bool byte_level, struct err *e)
{
    enum rc rc;

    *v = (struct vocab){0};
    rc = read_texts(v, g, byte_level, e);
    if (rc == RC_OK) rc = index_tokens(v, g, e);
    if (rc == RC_OK) rc = order_tokens(v, e);
    if (rc == RC_OK) rc = find_specials(v, g, e);
    if (rc == RC_OK) rc = find_roles(v, g, e);
    if (rc == RC_OK) rc = list_ends(v, e);
    if (rc == RC_OK) rc = find_plain(v, e);
    return rc;
}

void vocab_clear(struct vocab *v)
{
    free(v->text);
    free(v->at);
    free(v->type);
    free(v->is_end);
    free(v->index);
    free(v->order.ids);
    free(v->order.shared);
    free(v->order.skip);
    free(v->order.ends);
    free(v->order.plain);
    free(v->special);
    *v = (struct vocab){0};
}
