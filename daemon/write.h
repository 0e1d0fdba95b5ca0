/* write.h: the steps of one template, run through the engine: from an admitted record to a draft in slots.
 *
 * The items of an each= step are submitted together and batched by the engine. With `facts: slots` every answer is
 * held to a fact lock made from its own prompt. An answer that policy finds fault with is asked for once more with a
 * little temperature, and the better of the two is taken: the one with more sentences that pass; of a document of
 * enrichment the first, with the second's strings in the places of those that fail. What fails then, policy_release()
 * takes out. */
#ifndef DAEMON_WRITE_H
#define DAEMON_WRITE_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include "../base/err.h"
#include "../inference/inference.h"
#include "../policy/policy.h"
#include "template.h"

struct writer { /* what every brief is written with; read-only, shared by the workers */
    const struct policy *policy;
    const struct model *model;
    struct engine *engine;
    const struct lora *adapter; /* or NULL */
    const char *house;          /* sentences of the house, as struct draft has them; or NULL */
    size_t context;        /* tokens of a prompt and its answer; longer texts are cut down to it. 0: the engine says no itself */
    bool chat;             /* wrap prompts in the model's chat template */
    float temperature;     /* 0: greedy */
    int64_t step_timeout_ms;
    int priority;          /* a person waiting comes before a batch */
    const atomic_bool *cancel; /* once true, what waits for the engine gives up with RC_RETRY; or NULL */
};

#define ASKED_FOR_SIZE 200
struct written {
    struct composition text;  /* subject, body, bullets: all in slots */
    char *prompts;            /* exactly what the engine got, step after step */
    char *instructions;       /* the system parts of them */
    char *shown;              /* the user parts and what schemas offered: all that there was to write about */
    size_t prompt_tokens, output_tokens;
    unsigned asked_again, left_out; /* answers: asked for twice; still at fault then */
    char asked_for[ASKED_FOR_SIZE]; /* the checks that were the reason, "grounding,names"; "": none */
    double model_share;       /* words that the model wrote / words of subject, body and bullets */
};
void written_clear(struct written *w);

/* One call of the engine that write_draft() would make: what training learns an answer to. Borrowed by the callback. */
struct write_call {
    size_t step;
    const struct template_step *about;
    const int32_t *ids; /* the prompt's tokens */
    size_t n_ids;
    const char *system, *user;     /* its parts, in slots */
    const char *lead;              /* with copy=: what the answer begins with; else "" */
    const struct constraint *lock; /* what may be written; NULL: anything */
};
typedef enum rc (*write_call_fn)(void *ctx, const struct write_call *call, struct err *e);
/* Every call of the template over `a` whose prompt does not show what an earlier step wrote. */
MUST_USE enum rc write_calls(const struct writer *w, const struct template *t, const struct policy_admitted *a,
                             write_call_fn on_call, void *ctx, struct err *e);

/* on_step, if not NULL, is told before each step: for progress. RC_RETRY the engine gave up in time; RC_LIMIT a
 * prompt over the context (names both sizes); RC_NOMEM. */
MUST_USE enum rc write_draft(const struct writer *w, const struct template *t, const struct policy_admitted *a,
                             void (*on_step)(void *ctx, const char *step, size_t n), void *ctx, struct written *out,
                             struct err *e);

/* struct draft's fields_fit; ctx: the schema as a constraint. */
bool write_fields_fit(void *constraint, const char *json, size_t n);

/* The exact bytes of every prompt of the template's first run over `a`, special tokens of the chat template included,
 * as write_draft() would send them; steps that need earlier output get an empty one. For `template render`. */
MUST_USE enum rc write_prompts(const struct writer *w, const struct template *t, const struct policy_admitted *a,
                               struct buf *out, struct err *e);

#endif
