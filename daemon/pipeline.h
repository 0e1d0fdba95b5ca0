/* pipeline.h: one brief, from a record to the store, and one approved brief back into its source.
 *
 *   record --policy_admit--> admitted --write_draft--> draft --policy_release--> released --store_put--> brief
 *   brief --rehydrate--> text --write_back--> source          only for what is approved
 *
 * Both functions may be repeated at any point: after a crash the same brief is not made twice and a write whose answer
 * was lost is looked up first. Threads: a struct pipeline belongs to one thread. */
#ifndef DAEMON_PIPELINE_H
#define DAEMON_PIPELINE_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include "../connectors/connector.h"
#include "app.h"
#include "store.h"
#include "write.h"

struct pipeline {
    struct app *app;
    struct rules *rules;
    struct store *store;
    const char *actor;  /* for the audit: "system" or who asked */
    int priority;       /* STORE_PRIORITY_* */
    const atomic_bool *cancel; /* once true, what waits for the model gives up with RC_RETRY; or NULL */
    bool (*may_write)(void *ctx, const struct record *r, enum purpose kind); /* may who acts write this back? NULL: yes */
    void *may_write_ctx;
    void (*on_step)(void *ctx, const char *step, size_t n); /* progress; or NULL */
    void *ctx;
};

struct brief_wish { /* what is asked for; NULL: the defaults */
    enum purpose kind;
    const char *intent, *tone, *language, *to_contact;
    const char *hint;             /* a person's words: passes policy like a field, is never stored */
    const struct store_done *job; /* completed with the brief; or NULL */
};

enum pipeline_outcome {
    PIPELINE_MADE,
    PIPELINE_UNCHANGED /* input, policy, template and model are those of a brief that is there */
};
struct pipeline_result { /* clear with pipeline_result_clear() */
    enum pipeline_outcome outcome;
    char id[BRIEF_ID_SIZE];
    char *prompts;         /* exactly what the engine got; of an unchanged brief, what it would get now */
    size_t prompt_tokens, output_tokens;
    int64_t ms;
    double model_share;    /* words that the model wrote / all words; 0 for an unchanged brief */
    unsigned asked_again, left_out;
    size_t dropped;        /* sentences that the output checks took out; 0 for an unchanged brief */
    bool beside_edit;
};
void pipeline_result_clear(struct pipeline_result *r);

/* Once before the first brief of a handle: what it works by is kept by its hash, and audited when it changed. */
MUST_USE enum rc pipeline_begin(const struct pipeline *p, struct err *e);

/* One record (borrowed; what it holds of erased people is taken out of it), one kind. RC_OK *out; RC_REFUSED policy said no, and why; RC_RETRY try again later;
 * RC_BAD a template or prompt that cannot work; RC_LIMIT. Refusals are audited by the caller that settles the job. */
MUST_USE enum rc pipeline_run_one(const struct pipeline *p, struct record *r, const struct brief_wish *wish,
                                  struct pipeline_result *out, struct err *e);

/* A record as the model gets it, borrowed by the callback: for training on what came of it. */
struct pipeline_view {
    const struct template *template;
    const struct policy_admitted *admitted;
    const struct writer *writer;
    const char *input_hash; /* hex */
};
typedef enum rc (*pipeline_view_fn)(void *ctx, const struct pipeline_view *view, struct err *e);
/* Policy in and no more, on the day `as_of`. RC_* as pipeline_run_one(), and what on_view returns. */
MUST_USE enum rc pipeline_view(const struct pipeline *p, struct record *r, const struct brief_wish *wish, int32_t as_of,
                               pipeline_view_fn on_view, void *ctx, struct err *e);

/* The prompts that pipeline_run_one() would send, one after another, without running the model. */
MUST_USE enum rc pipeline_prompts(const struct pipeline *p, struct record *r, const struct brief_wish *wish,
                                  struct buf *out, struct err *e);

/* Write an approved or edited brief back: the record is fetched again and policy asked again (consent, existence), the
 * intent is stored, then the source called with the version that the text rests on. *state: written, conflict (the
 * record says something else now), or approved as before (dry run; the source is down: RC_RETRY).
 * RC_REFUSED the source takes no write-back, the brief's state does not allow it, or policy says no by now. */
MUST_USE enum rc pipeline_write_back_one(const struct pipeline *p, struct connector *c, const char *brief_id,
                                         enum brief_state *state, struct err *e);

/* Take the text of a brief out of its source again, if it still stands there as it was written: for erasing somebody whom
 * it names. *cleared; why not, else: somebody edited it, write_back is not on, the source is down. RC_* only of the store. */
MUST_USE enum rc pipeline_clear_written(const struct pipeline *p, struct connector *c, const char *brief_id, bool *cleared,
                                        char why[200], struct err *e);

/* What policy is asked for a wish on the day of `clock`: the same for a brief and for writing it back. Borrows all. */
struct policy_request pipeline_request(const struct pipeline *p, const struct brief_wish *w, const struct clock *clock);

/* RC_REFUSED, in the words of pipeline_fetch_one(). */
enum rc pipeline_no_such_record(const struct connector *c, const char *object, const char *id, struct err *e);

/* One record by id, for commands: RC_REFUSED it does not exist; RC_BAD and *quarantined it cannot be read. */
MUST_USE enum rc pipeline_fetch_one(struct connector *c, const char *object, const char *id, struct record **out,
                                    bool *quarantined, struct err *e);

#endif
