/* released.c: struct policy_released: made bit by bit, read by the store. */
#include <stdlib.h>
#include <string.h>

#include "../base/str.h"
#include "release.h"
#include "slot_text.h"

#define ARENA_LIMIT ((size_t)256 << 20)

enum rc released_open(const char *language, struct policy_released **out, struct err *e)
{
    struct policy_released *r = calloc(1, sizeof(*r));

    if (!r) return err_set(e, RC_NOMEM, "policy: out of memory");
    arena_init(&r->arena, ARENA_LIMIT);
    r->language = arena_dup(&r->arena, language ? language : "en");
    if (!r->language) {
        policy_released_close(r);
        return err_set(e, RC_NOMEM, "policy: out of memory");
    }
    *out = r;
    return RC_OK;
}

void policy_released_close(struct policy_released *r)
{
    if (!r) return;
    hash_set_clear(&r->stored);
    arena_wipe(&r->arena);
    free(r);
}

enum rc released_no_memory(const struct policy_released *r, struct err *e)
{
    if (r->arena.used > r->arena.limit / 2) return err_set(e, RC_LIMIT, "policy: a brief of more than %zu MiB", ARENA_LIMIT >> 20);
    return err_set(e, RC_NOMEM, "policy: out of memory");
}

/* Room for one more entry; false when out of memory. */
static bool grow(struct policy_released *r, void *array, size_t n, size_t *cap, size_t size)
{
    void **old = array, *bigger;

    if (n < *cap) return true;
    bigger = arena_array(&r->arena, *cap ? 2 * *cap : 16, size);
    if (!bigger) return false;
    if (n) memcpy(bigger, *old, n * size);
    *old = bigger;
    *cap = *cap ? 2 * *cap : 16;
    return true;
}

static enum rc add_string(struct policy_released *r, const char ***array, size_t *n, size_t *cap, const char *s,
                          struct err *e)
{
    const char *copy = arena_dup(&r->arena, s);

    if (!copy || !grow(r, array, *n, cap, sizeof(**array))) return released_no_memory(r, e);
    (*array)[(*n)++] = copy;
    return RC_OK;
}

enum rc released_flag(struct policy_released *r, const char *flag, struct err *e)
{
    for (size_t i = 0; i < r->n_flags; i++)
        if (str_eq(r->flags[i], flag)) return RC_OK;
    return add_string(r, &r->flags, &r->n_flags, &r->cap_flags, flag, e);
}

enum rc released_reason(struct policy_released *r, const char *reason, struct err *e)
{
    return add_string(r, &r->reasons, &r->n_reasons, &r->cap_reasons, reason, e);
}

enum rc released_bullet(struct policy_released *r, const char *text, struct err *e)
{
    return add_string(r, &r->bullets, &r->n_bullets, &r->cap_bullets, text, e);
}

enum rc released_sentence(struct policy_released *r, const char *s, size_t n, const char *const *rests_on,
                          size_t n_rests_on, bool by_code, struct err *e)
{
    struct policy_sentence *x;
    const char **paths = arena_array(&r->arena, n_rests_on + 1, sizeof(*paths));

    if (!paths || !grow(r, &r->sentences, r->n_sentences, &r->cap_sentences, sizeof(*r->sentences)))
        return released_no_memory(r, e);
    x = &r->sentences[r->n_sentences];
    *x = (struct policy_sentence){arena_ndup(&r->arena, s, n), paths, n_rests_on, by_code};
    if (!x->text) return released_no_memory(r, e);
    for (size_t i = 0; i < n_rests_on; i++)
        if (!(paths[i] = arena_dup(&r->arena, rests_on[i]))) return released_no_memory(r, e);
    r->n_sentences++;
    return RC_OK;
}

static bool is_stored(const struct policy_released *r, const char *slot)
{
    return hash_set_has(&r->stored, token_hash(slot, strlen(slot)));
}

static enum rc add_value(struct policy_released *r, const struct policy_value *v, struct err *e)
{
    if (!grow(r, &r->values, r->n_values, &r->cap_values, sizeof(*r->values))) return released_no_memory(r, e);
    r->values[r->n_values++] = *v;
    return hash_set_add(&r->stored, token_hash(v->slot, strlen(v->slot)), e);
}

enum rc released_keep(struct policy_released *r, const struct policy_value *v, struct err *e)
{
    struct policy_value copy = *v;
    uint8_t *sealed;

    if (is_stored(r, v->slot)) return RC_OK;
    copy.slot = arena_dup(&r->arena, v->slot);
    copy.subject = arena_dup(&r->arena, v->subject);
    copy.sealed = sealed = arena_alloc(&r->arena, v->n_sealed ? v->n_sealed : 1);
    if (!copy.slot || !copy.subject || !sealed) return released_no_memory(r, e);
    memcpy(sealed, v->sealed, v->n_sealed);
    return add_value(r, &copy, e);
}

enum rc released_seal(struct policy_released *r, const struct policy_keys *keys, const struct seal_input *in,
                      struct err *e)
{
    struct policy_value v;
    enum rc rc;

    if (is_stored(r, in->slot)) return RC_OK;
    rc = seal_value(keys, in, &r->arena, &v, e);
    return rc == RC_OK ? add_value(r, &v, e) : rc;
}

static enum rc slots_of(const char *text, enum rc (*each)(void *ctx, const char *name, size_t n, struct err *e),
                        void *ctx, struct err *e)
{
    struct slot_ref slot;
    size_t n = text ? strlen(text) : 0;
    enum rc rc = RC_OK;

    for (size_t pos = 0; rc == RC_OK && n && slot_find(text, n, &pos, &slot);)
        rc = each(ctx, text + slot.name, slot.n_name, e);
    return rc;
}

enum rc released_slots(const struct policy_released *r,
                       enum rc (*each)(void *ctx, const char *name, size_t n, struct err *e), void *ctx, struct err *e)
{
    enum rc rc = slots_of(r->subject, each, ctx, e);

    if (rc == RC_OK) rc = slots_of(r->body, each, ctx, e);
    for (size_t i = 0; rc == RC_OK && i < r->n_bullets; i++) rc = slots_of(r->bullets[i], each, ctx, e);
    return rc == RC_OK ? slots_of(r->to, each, ctx, e) : rc;
}

/* ---- reading ---------------------------------------------------------------------------------------------------- */

const char *policy_released_subject(const struct policy_released *r)
{
    return r->subject;
}

const char *policy_released_body(const struct policy_released *r)
{
    return r->body;
}

void policy_released_bullets(const struct policy_released *r, const char *const **bullets, size_t *n)
{
    *bullets = r->bullets;
    *n = r->n_bullets;
}

void policy_released_sentences(const struct policy_released *r, const struct policy_sentence **s, size_t *n)
{
    *s = r->sentences;
    *n = r->n_sentences;
}

void policy_released_flags(const struct policy_released *r, const char *const **flags, size_t *n)
{
    *flags = r->flags;
    *n = r->n_flags;
}

void policy_released_reasons(const struct policy_released *r, const char *const **reasons, size_t *n)
{
    *reasons = r->reasons;
    *n = r->n_reasons;
}

void policy_released_values(const struct policy_released *r, const struct policy_value **v, size_t *n)
{
    *v = r->values;
    *n = r->n_values;
}

const char *policy_released_to(const struct policy_released *r)
{
    return r->to;
}

const char *policy_released_language(const struct policy_released *r)
{
    return r->language;
}

size_t policy_released_dropped(const struct policy_released *r)
{
    return r->n_dropped;
}

int64_t policy_released_valid_until(const struct policy_released *r)
{
    return r->valid_until;
}
