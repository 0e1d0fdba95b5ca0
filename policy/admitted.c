/* admitted.c: the result of policy in, as others read it: its hash, its slots. */
#include <stdlib.h>
#include <string.h>

#include "../base/str.h"
#include "admit.h"

void policy_admitted_close(struct policy_admitted *a)
{
    if (!a) return;
    vault_close(a->vault);
    arena_wipe(&a->arena);
    free(a);
}

const struct policy_node *policy_admitted_root(const struct policy_admitted *a)
{
    return a->root;
}

const char *policy_admitted_language(const struct policy_admitted *a)
{
    return a->language;
}

const char *policy_admitted_owner(const struct policy_admitted *a)
{
    return a->owner;
}

const char *policy_admitted_team(const struct policy_admitted *a)
{
    return a->team;
}

void policy_admitted_hash(const struct policy_admitted *a, uint8_t out[SHA256_SIZE])
{
    memcpy(out, a->hash, SHA256_SIZE);
}

void policy_admitted_slots(const struct policy_admitted *a, const char *const **slots, size_t *n)
{
    *slots = a->slots;
    *n = a->n_slots;
}

bool policy_admitted_suspicious(const struct policy_admitted *a)
{
    return a->suspicious;
}

/* ---- the input hash --------------------------------------------------------------------------------------------- */

static void hash_text(struct sha256 *h, const char *s)
{
    sha256_add_field(h, s ? s : "", s ? strlen(s) : 0);
}

/* A slot counts by its value and form, not by its number. Counted days count by being there: they change every night,
 * and a brief is looked at again when its dates say so; a date that passes turns one fact into another. */
static void hash_slot(struct sha256 *h, const struct policy_admitted *a, const struct policy_piece *piece)
{
    const char *form = memchr(piece->bytes, ':', piece->n);
    size_t n = (form ? (size_t)(form - piece->bytes) : piece->n - 1) - 1;
    const struct vault_value *v = vault_find(a->vault, piece->bytes + 1, n);
    int64_t days;

    hash_text(h, v ? v->kind : "");
    hash_text(h, v && !stored_read_days(v->value, &days) ? v->value : "");
    hash_text(h, form);
}

static void hash_node(struct sha256 *h, const struct policy_admitted *a, const struct policy_node *n)
{
    hash_text(h, n->kind == ADMITTED_VALUE ? "value" : n->kind == ADMITTED_MAP ? "map" : "list");
    hash_text(h, n->name);
    hash_text(h, n->path);
    hash_text(h, n->outside ? "outside" : "");
    for (size_t i = 0; i < n->n_pieces; i++) {
        hash_text(h, n->pieces[i].slot ? "slot" : "data");
        if (n->pieces[i].slot)
            hash_slot(h, a, &n->pieces[i]);
        else
            sha256_add_field(h, n->pieces[i].bytes, n->pieces[i].n);
    }
    for (const struct policy_node *x = n->first; x; x = x->next)
        if (!str_eq(x->path, "brief.today")) hash_node(h, a, x);
    hash_text(h, "end");
}

static enum rc make_hash(struct admit *a, struct err *e)
{
    struct sha256 *h;
    uint8_t digest[SHA256_SIZE];
    enum rc rc = sha256_open(&h, e);

    if (rc != RC_OK) return rc;
    hash_text(h, a->out->source);
    hash_text(h, a->out->object);
    hash_text(h, a->out->id);
    hash_text(h, a->recipient ? a->recipient->id : NULL);
    hash_node(h, a->out, a->out->root);
    sha256_close(h, digest);
    hmac_sha256(a->q->hash_key, digest, sizeof(digest), a->out->hash);
    return RC_OK;
}

/* ---- slots ------------------------------------------------------------------------------------------------------ */

static const char *const forms[] = {"first", "last", "formal", "greeting"};

enum rc admitted_list_slots(struct admit *a, struct err *e)
{
    struct policy_admitted *o = a->out;
    size_t n = vault_count(o->vault), at = 0;
    const char **slots = arena_array(&o->arena, n ? n * (1 + COUNT_OF(forms)) : 1, sizeof(*slots));

    if (!slots) return admit_no_memory(a, e);
    for (size_t i = 0; i < n; i++) {
        const struct vault_value *v = vault_at(o->vault, i);

        slots[at++] = v->slot;
        for (size_t k = 0; stored_is_person(v->value) && k < COUNT_OF(forms); k++) {
            slots[at] = arena_printf(&o->arena, "[%s_%u:%s]", v->kind, v->number, forms[k]);
            if (!slots[at++]) return admit_no_memory(a, e);
        }
    }
    o->slots = slots;
    o->n_slots = at;
    return RC_OK;
}

enum rc admitted_seal(struct admit *a, struct err *e)
{
    return make_hash(a, e);
}
