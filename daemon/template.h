/* template.h: prompt templates (syntax: etc/templates/README.md) and their rendering.
 *
 * A template is a list of steps, none where code writes the whole text, and one output; one of enrichment has a JSON schema
 * instead, which its last step follows. prompt_render() takes a struct policy_admitted and nothing else of a record: what
 * policy did not admit cannot get into a prompt. Rendering never fails for a field that is absent. */
#ifndef DAEMON_TEMPLATE_H
#define DAEMON_TEMPLATE_H

#include <stdbool.h>
#include <stddef.h>
#include "../base/crypto.h"
#include "../base/err.h"
#include "../inference/inference.h"
#include "../policy/policy.h"

#define TEMPLATE_MAX_STEPS 8
#define TEMPLATE_MAX_TOKENS 100000
#define TEMPLATE_MAX_BYTES ((size_t)256 << 10)
#define PROMPT_MAX_BYTES ((size_t)1 << 20)

struct template_step {
    const char *name;
    const char *each;      /* list to run it for, or NULL: once */
    unsigned newest;       /* of that list */
    unsigned tokens;       /* each=salient: of all that is chosen */
    unsigned max_tokens;
    unsigned max_sentences;
    bool lines;            /* may write line breaks */
    const char *copy;      /* value whose sentences it chooses from and writes as they are; or NULL */
    const char *lead;      /* value that comes before them; or NULL */
};

struct template;
/* Read and check one file. RC_BAD "path:line: ..."; RC_LIMIT; RC_NOMEM. Read-only after; share between threads. */
MUST_USE enum rc template_open(const char *path, struct template **out, struct err *e);
MUST_USE enum rc template_parse(const char *name, const char *text, size_t n, struct template **out, struct err *e);
void template_close(struct template *t);
const char *template_hash(const struct template *t); /* SHA-256 of the file, hex */
const char *template_name(const struct template *t); /* of its file, without the folder */
const char *template_source(const struct template *t, size_t *n); /* the file's bytes, borrowed */
/* The schema that the last step's output follows, checked; NULL for templates with an output. */
const char *template_schema(const struct template *t);
size_t template_steps(const struct template *t, const struct template_step **steps);

/* The part of the output that is this step's words and nothing else; PART_NONE: none, or mixed with others'. With a schema
 * the last step writes the body. */
enum template_part { PART_NONE, PART_SUBJECT, PART_BODY, PART_BULLETS };
enum template_part template_step_part(const struct template *t, size_t step);
/* Does the step's prompt show what earlier steps wrote? */
bool template_step_reads_steps(const struct template *t, size_t step);

/* What the steps so far wrote: text in slots; each= steps have one text an item, "" where nothing usable came. */
struct step_output {
    const char *const *texts;
    size_t n;
};

/* How much of long texts a prompt shows: what a record has too much of is chosen by weight (policy_salient_open()), never cut
 * at its end. */
struct reading {
    size_t text_bytes; /* of one value; 0: TEMPLATE_TEXT_BYTES. A longer one is cut down to its salient sentences */
    unsigned percent;  /* of that and of the budgets that the template gives; 0: 100. Less where the context is small */
    size_t (*tokens)(void *ctx, const char *text, size_t n); /* counts them; NULL: three bytes each */
    void *ctx;
};
#define TEMPLATE_TEXT_BYTES 1500

/* One rendered part, as segments that borrow from bytes. Free with prompt_clear(). */
struct prompt {
    char *bytes; /* NUL-terminated */
    size_t n;
    struct segment *segments;
    size_t n_segments;
};
void prompt_clear(struct prompt *p);

/* System and user part of step i; item is the list item of an each= step (NULL for others). how NULL: the defaults.
 * RC_LIMIT, RC_NOMEM. */
MUST_USE enum rc prompt_render(const struct template *t, size_t step, const struct policy_admitted *a,
                               const struct policy_node *item, const struct step_output *outputs, const struct reading *how,
                               struct prompt *system, struct prompt *user, struct err *e);

/* The output block, or with a schema what the last step wrote as the body: subject ("" if the template has none), body and bullets (one a line, "" if none). */
struct composition {
    struct prompt subject, body, bullets;
    char *by_code; /* what the template wrote of them by itself, a line break where a step's words stand; NULL with a schema */
};
MUST_USE enum rc output_render(const struct template *t, const struct policy_admitted *a,
                               const struct step_output *outputs, struct composition *out, struct err *e);
void composition_clear(struct composition *c);

/* What a path of a step means: the item's, else the record's; NULL if there is none. */
const struct policy_node *template_value(const struct policy_admitted *a, const struct policy_node *item, const char *path);

/* The template for (object, purpose) in a folder: OBJECT.KIND.tmpl, else default.KIND.tmpl. RC_BAD names both;
 * enrichment without a schema, or a schema in another kind. */
MUST_USE enum rc template_find(const char *folder, const char *object, enum purpose purpose, struct template **out,
                               struct err *e);

/* Items of the list that an each= step runs over, newest first. template_items_close() when the step is done. */
struct template_items {
    const struct policy_node *first; /* NULL: the record has none, or the step has no list */
    size_t n;
    struct policy_salient *salient; /* what they live in, for each=salient */
};
MUST_USE enum rc template_items_open(const struct template_step *s, const struct policy_admitted *a, const struct reading *how,
                                     struct template_items *out, struct err *e);
void template_items_close(struct template_items *items);

#endif
