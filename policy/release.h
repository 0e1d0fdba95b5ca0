/* release.h: inside policy out: what was released, and what its files share. */
#ifndef POLICY_RELEASE_H
#define POLICY_RELEASE_H

#include "../base/arena.h"
#include "policy.h"
#include "seal.h"
#include "tokens.h"

struct policy_released { /* all strings and arrays lie in the arena; all texts in slots */
    struct arena arena;
    const char *subject, *body, *to, *language;
    const char **bullets, **flags, **reasons;
    struct policy_sentence *sentences;
    struct policy_value *values;
    size_t n_bullets, cap_bullets, n_flags, cap_flags, n_reasons, cap_reasons, n_sentences, cap_sentences, n_values, cap_values;
    int64_t valid_until;
    size_t n_dropped;
    struct hash_set stored; /* slots that have their value */
};

MUST_USE enum rc released_open(const char *language, struct policy_released **out, struct err *e);
enum rc released_no_memory(const struct policy_released *r, struct err *e); /* RC_NOMEM or, arena full, RC_LIMIT */
/* Each copies. A flag that is there already is not added again. */
MUST_USE enum rc released_flag(struct policy_released *r, const char *flag, struct err *e);
MUST_USE enum rc released_reason(struct policy_released *r, const char *reason, struct err *e);
MUST_USE enum rc released_bullet(struct policy_released *r, const char *text, struct err *e);
MUST_USE enum rc released_sentence(struct policy_released *r, const char *s, size_t n, const char *const *rests_on,
                                   size_t n_rests_on, bool by_code, struct err *e);
/* A value sealed elsewhere, or sealed now. A slot that has its value already is passed over. */
MUST_USE enum rc released_keep(struct policy_released *r, const struct policy_value *v, struct err *e);
MUST_USE enum rc released_seal(struct policy_released *r, const struct policy_keys *keys, const struct seal_input *in,
                               struct err *e);
/* Calls `each` for every slot ("PERSON_1") of subject, body, bullets and to. */
MUST_USE enum rc released_slots(const struct policy_released *r,
                                enum rc (*each)(void *ctx, const char *name, size_t n, struct err *e), void *ctx,
                                struct err *e);

/* Days before text[at] stand in the dative: behind "in", "seit", "vor" ... (German; false in others). */
bool rehydrate_dative(const char *text, size_t at, const char *language);

/* ---- greeting.c ------------------------------------------------------------------------------------------------- */

struct greeting_person {
    const char *slot;  /* "[PERSON_1]", or NULL: nobody by name */
    bool first, last, title; /* these parts of the name are known */
    char gender;       /* 'f', 'm', 0 */
};
/* "Sehr geehrte Frau [PERSON_1:formal]," appended. */
void greeting_put(const struct greeting_person *p, const char *language, bool informal, struct buf *out);
/* "Mit freundlichen Grüßen\n[STAFF_1]\nAccount Executive"; sender and title may be NULL. */
void greeting_sign_off(const char *sender, const char *title, const char *language, bool informal, struct buf *out);
/* In German the text goes on behind the greeting's comma, with a small letter: does this word take one? */
bool greeting_lowers(const char *word, size_t n, const char *language);

#endif
