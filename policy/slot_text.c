/* slot_text.c: see slot_text.h. */
#include "slot_text.h"

#include <string.h>

#include "../base/arena.h"
#include "../base/err.h"
#include "policy.h"

static bool is_digit(char c)
{
    return c >= '0' && c <= '9';
}

static bool is_letter(char c)
{
    return (c | 0x20) >= 'a' && (c | 0x20) <= 'z';
}

/* ---- as they must be written ------------------------------------------------------------------------------------ */

/* text[at] is '['. */
static bool read_slot(const char *text, size_t n, size_t at, struct slot_ref *r)
{
    size_t i = at + 1, digits;

    *r = (struct slot_ref){.start = at, .name = i};
    if (i >= n || !is_letter(text[i])) return false;
    while (i < n && (is_letter(text[i]) || is_digit(text[i]) || text[i] == '_') && i - r->name <= SLOT_MAX_NAME) i++;
    r->n_name = i - r->name;
    for (digits = i; digits > r->name && is_digit(text[digits - 1]);) digits--;
    if (r->n_name > SLOT_MAX_NAME || digits == i || text[digits - 1] != '_' || text[digits] == '0') return false;
    if (i < n && text[i] == ':') {
        r->form = ++i;
        while (i < n && text[i] >= 'a' && text[i] <= 'z' && i - r->form <= SLOT_MAX_FORM) i++;
        r->n_form = i - r->form;
        if (!r->n_form || r->n_form > SLOT_MAX_FORM) return false;
    }
    if (i >= n || text[i] != ']') return false;
    r->end = i + 1;
    return true;
}

bool slot_find(const char *text, size_t n, size_t *pos, struct slot_ref *out)
{
    const char *at;

    while (*pos < n && (at = memchr(text + *pos, '[', n - *pos))) {
        *pos = (size_t)(at - text);
        if (read_slot(text, n, *pos, out)) {
            *pos = out->end;
            return true;
        }
        (*pos)++;
    }
    *pos = n;
    return false;
}

/* The next piece of text[*at, n): a slot, or what stands before the next one. */
static struct policy_piece next_piece(const char *text, size_t n, size_t *at)
{
    struct slot_ref r;
    size_t from = *at, pos = from;

    if (!slot_find(text, n, &pos, &r)) r.start = n;
    *at = r.start > from ? r.start : r.end;
    return (struct policy_piece){.slot = r.start == from, .bytes = text + from, .n = *at - from};
}

bool slot_pieces(struct arena *a, const char *text, size_t n, const struct policy_piece **out, size_t *n_out)
{
    struct policy_piece *pieces;
    size_t count = 0;

    for (size_t at = 0; at < n; count++) next_piece(text, n, &at);
    pieces = arena_array(a, count + 1, sizeof(*pieces));
    for (size_t at = 0, i = 0; pieces && at < n; i++) {
        pieces[i] = next_piece(text, n, &at);
        pieces[i].bytes = arena_ndup(a, pieces[i].bytes, pieces[i].n);
        if (!pieces[i].bytes) return false;
    }
    *out = pieces;
    *n_out = count;
    return pieces != NULL;
}

size_t slot_stem(const char *text, const struct slot_ref *r, char *out)
{
    out[0] = '[';
    memcpy(out + 1, text + r->name, r->n_name);
    memcpy(out + 1 + r->n_name, "]", 2);
    return r->n_name + 2;
}

bool slot_form_known(const char *form, size_t n)
{
    static const char *const forms[] = {"first", "last", "formal", "greeting", "full"};

    for (size_t i = 0; i < COUNT_OF(forms); i++)
        if (strlen(forms[i]) == n && memcmp(forms[i], form, n) == 0) return true;
    return false;
}

/* ---- as models write them --------------------------------------------------------------------------------------- */

static bool is_noise(char c) /* Markdown */
{
    return c && strchr("*`~\\", c);
}

struct loose { /* a slot as it may have been meant */
    size_t end;
    bool shouted; /* all capitals */
    char name[SLOT_MAX_NAME + 1];
    size_t n_name;
    char form[SLOT_MAX_FORM + 1];
    size_t n_form;
};

static size_t skip(const char *text, size_t n, size_t i, bool noise_too)
{
    while (i < n && (text[i] == ' ' || (noise_too && is_noise(text[i])))) i++;
    return i;
}

/* "credit-card 1" to "CREDIT_CARD_1"; returns where it ends, or 0. */
static size_t read_name(const char *text, size_t n, size_t i, struct loose *x)
{
    bool gap = false;

    x->shouted = true;
    x->n_name = 0;
    for (; i < n && (is_letter(text[i]) || strchr("_- \\", text[i])) && text[i]; i++) {
        if (!is_letter(text[i])) {
            gap = true;
            continue;
        }
        if (x->n_name + 14 > SLOT_MAX_NAME) return 0;
        if (gap && x->n_name) x->name[x->n_name++] = '_';
        gap = false;
        if (text[i] >= 'a') x->shouted = false;
        x->name[x->n_name++] = (char)(text[i] & ~0x20);
    }
    if (!x->n_name) return 0;
    x->name[x->n_name++] = '_';
    while (i + 1 < n && text[i] == '0' && is_digit(text[i + 1])) i++;
    if (i >= n || !is_digit(text[i])) return 0;
    for (size_t digits = 0; i < n && is_digit(text[i]); i++) {
        if (++digits > 9) return 0;
        x->name[x->n_name++] = text[i];
    }
    x->name[x->n_name] = '\0';
    return i;
}

static size_t read_form(const char *text, size_t n, size_t i, struct loose *x)
{
    size_t at = skip(text, n, i, false);

    x->n_form = 0;
    if (at >= n || text[at] != ':') return i;
    at = skip(text, n, at + 1, false);
    while (at < n && is_letter(text[at]) && x->n_form < SLOT_MAX_FORM) x->form[x->n_form++] = (char)(text[at++] | 0x20);
    x->form[x->n_form] = '\0';
    return at;
}

/* What begins at `at`, Markdown around it included. */
static bool read_loose(const char *text, size_t n, size_t at, struct loose *x)
{
    static const char opening[] = "[({<", closing[] = "])}>";
    size_t i = at, noise = 0;
    const char *open;

    while (i < n && is_noise(text[i])) i++, noise++;
    if (i >= n || !text[i]) return false;
    open = strchr(opening, text[i]);
    if (!open && !is_letter(text[i])) return false;
    if (open) i = skip(text, n, i + 1, true);
    i = read_name(text, n, i, x);
    if (!i) return false;
    if (open) {
        i = skip(text, n, i, true);
        i = skip(text, n, read_form(text, n, i, x), true);
        if (i >= n || text[i] != closing[open - opening]) return false;
        i++;
    } else {
        x->n_form = 0;
        if (!x->shouted || (i < n && (is_letter(text[i]) || is_digit(text[i]) || text[i] == '_'))) return false;
    }
    while (noise > 0 && i < n && is_noise(text[i])) i++, noise--;
    x->end = i;
    return noise == 0;
}

static void put_slot(struct buf *out, const char *name, size_t n_name, const char *form, size_t n_form)
{
    buf_char(out, '[');
    buf_add(out, name, n_name);
    if (n_form && slot_form_known(form, n_form)) {
        buf_char(out, ':');
        buf_add(out, form, n_form);
    }
    buf_char(out, ']');
}

bool slot_mend(const char *text, size_t n, slot_known known, void *ctx, struct buf *out)
{
    bool mended = false, inside = false; /* inside: the byte before belongs to a word */
    struct slot_ref r;
    struct loose x;

    for (size_t i = 0; i < n;) {
        if (text[i] == '[' && read_slot(text, n, i, &r) && known(ctx, text + r.name, r.n_name)) {
            mended = mended || (r.n_form && !slot_form_known(text + r.form, r.n_form));
            put_slot(out, text + r.name, r.n_name, text + r.form, r.n_form);
            i = r.end;
            inside = false;
        } else if (!(inside && is_letter(text[i])) && read_loose(text, n, i, &x) && known(ctx, x.name, x.n_name)) {
            mended = true;
            put_slot(out, x.name, x.n_name, x.form, x.n_form);
            i = x.end;
            inside = false;
        } else {
            inside = is_letter(text[i]) || is_digit(text[i]) || text[i] == '_' || (text[i] & 0x80);
            buf_char(out, text[i++]);
        }
    }
    return mended;
}
